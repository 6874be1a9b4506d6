//! The letter of a month: on one page, how a business did, when it was late, and what sooner answers would have saved. It is
//! made of the invoice and of the line file that goes with it, so that it can be drawn again as they can.
//!
//! It has no word of a customer: hours, counts and amounts alone.

mod hours;
mod tally;

use serde::Serialize;

use self::tally::Told;
use super::sheet::LogoView;
use super::view::{DateView, PartyView};
use super::{InvoiceView, numbers, rule};
use crate::domain::business::Language;
use crate::domain::invoice::Line;
use crate::domain::{Decimal, Invoice, Tongue};

/// The end of the name of its page and of its PDF.
const HTML: &str = "_letter.html";
const PDF: &str = "_letter.pdf";

/// All that the templates of the letter may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterView {
    /// Of the invoice that it goes with.
    pub number: String,
    pub language: &'static str,
    pub title: String,
    pub seller: PartyView,
    pub buyer: PartyView,
    pub issued: DateView,
    pub date: String,
    pub accent: String,
    pub accent_dark: String,
    pub paper: &'static str,
    pub page_size: &'static str,
    pub logo: Option<LogoView>,
    /// The month in two sentences.
    pub intro: String,
    pub figures: Vec<LetterFigure>,
    pub words: LetterWords,
    /// SVG with a title and a description of its own.
    pub chart: String,
    /// The chart in a sentence.
    pub alt: String,
    /// Late messages by weekday and part of the day.
    pub hours: LetterTable,
    pub sooner: LetterTable,
    /// What it comes to, in a sentence.
    pub advice: String,
}

/// A key figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterFigure {
    pub label: String,
    pub value: String,
}

/// A table; the first column is a text, the others are numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterTable {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub total: Vec<String>,
}

/// The words of the templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterWords {
    pub how: String,
    pub when: String,
    pub sooner: String,
    pub with_invoice: String,
    pub note: String,
}

/// Name of the page of the letter that goes with an invoice.
pub fn letter_page_file(invoice: &Invoice) -> String {
    format!("{}{HTML}", invoice.file_stem())
}

/// Name of its PDF.
pub fn letter_pdf_file(invoice: &Invoice) -> String {
    format!("{}{PDF}", invoice.file_stem())
}

/// Whether a file is the PDF of a letter.
pub fn is_letter_pdf(name: &str) -> bool {
    name.ends_with(PDF)
}

/// The letter that goes with an invoice, by the line file of its own month; `view` is the invoice in its looks. `None` where
/// there is none: of a credit note, of charges for late messages of the business itself, of a month without charges.
pub fn letter(invoice: &Invoice, line_file: &[u8], view: &InvoiceView) -> Option<LetterView> {
    if invoice.is_credit_note() || rule::is_outbound(invoice) {
        return None;
    }
    let told = Told::read(invoice, line_file).filter(|told| told.all.count > 0)?;
    let sheet = view.sheet.as_ref()?;
    let tongue = Tongue::of(invoice.language);
    // English where the documents are in a language that the letter is not.
    let language = if tongue == Tongue::Italian { Language::Italian } else { Language::English };
    let print = Print { tongue, language };
    let month = super::texts::written_month(invoice.month, language);
    let counts = &invoice.computation.counts;
    let decided = counts.on_time + counts.late + counts.unanswered;
    let (share, window) =
        (numbers::share_told(counts.on_time, decided, language), invoice.computation.window.to_string());
    let intro =
        [("name", view.buyer.name.clone()), ("share", share), ("decided", print.count(decided)), ("window", window)];
    let intro: Vec<(&str, &str)> = intro.iter().map(|(place, value)| (*place, value.as_str())).collect();
    let number = invoice.number.to_string();
    Some(LetterView {
        title: tongue.fill("Your answers in {month}", &[("month", &month)]),
        intro: tongue.fill(
            "{name} answered {share} of {decided} messages of customers within {window}. This page says when it was late, and what sooner answers would have saved.",
            &intro,
        ),
        language: tongue.code(),
        seller: view.seller.clone(),
        buyer: view.buyer.clone(),
        issued: view.issued,
        date: super::texts::written_date(invoice.issue_date, language),
        accent: sheet.accent.clone(),
        accent_dark: sheet.accent_dark.clone(),
        paper: sheet.paper,
        page_size: sheet.page_size,
        logo: sheet.logo.clone(),
        figures: figures(invoice, &told, &print),
        words: words(tongue, &number),
        chart: hours::chart(&told, tongue, &sheet.accent),
        alt: hours::alt(&told, &print),
        hours: hours::table(&told, &print),
        sooner: sooner(invoice, &told, &print),
        advice: advice(invoice, &told, &print),
        number,
    })
}

/// How numbers are printed.
struct Print {
    tongue: Tongue,
    language: Language,
}

impl Print {
    fn count(&self, count: u64) -> String {
        numbers::count(count, self.language)
    }

    /// `USD 1.05`
    fn amount(&self, invoice: &Invoice, amount: Decimal) -> String {
        format!("{}\u{a0}{}", invoice.currency, numbers::decimal(amount, self.language))
    }

    fn say(&self, english: &str) -> String {
        self.tongue.say(english).to_owned()
    }
}

fn words(tongue: Tongue, number: &str) -> LetterWords {
    let say = |english: &str| tongue.say(english).to_owned();
    LetterWords {
        how: say("How you did"),
        when: say("When you were late"),
        sooner: say("What sooner answers would have saved"),
        with_invoice: tongue.fill("With invoice {number}", &[("number", number)]),
        note: say(
            "Made from the times of messages alone; no customer and no message is named. Charges are those of the line file, before rounding, tax, and what a tariff says of a minimum.",
        ),
    }
}

fn figures(invoice: &Invoice, told: &Told, print: &Print) -> Vec<LetterFigure> {
    let counts = &invoice.computation.counts;
    let decided = counts.on_time + counts.late + counts.unanswered;
    let figure = |label: &str, value: String| LetterFigure { label: print.say(label), value };
    vec![
        figure("Messages of customers", print.count(counts.waits)),
        figure("Answered in time", numbers::share_told(counts.on_time, decided, print.language)),
        figure("Answered late", print.count(counts.late)),
        figure("Never answered", print.count(counts.unanswered)),
        figure("Charges", print.amount(invoice, told.all.amount)),
    ]
}

/// Whether each message has its price whatever the others are: then what some of them cost is what the month would have
/// cost less, but for rounding, and for a minimum that it did not come down to.
fn is_priced_one_by_one(invoice: &Invoice) -> bool {
    let is_plain = |line: &Line| !line.free && line.tier.is_none() && line.step.is_none();
    let is_counted = invoice.computation.free > 0 || !invoice.computation.tiers.is_empty();
    invoice.adjustments.is_empty() && !is_counted && invoice.lines.iter().all(is_plain)
}

/// With amounts where they are what sooner answers would have saved.
fn sooner(invoice: &Invoice, told: &Told, print: &Print) -> LetterTable {
    let has_amounts = is_priced_one_by_one(invoice);
    let row = |name: &str, sum: tally::Sum| {
        let share = numbers::share_told(sum.count, told.all.count, print.language);
        let mut cells = vec![print.say(name), print.count(sum.count), share];
        cells.extend(has_amounts.then(|| numbers::decimal(sum.amount, print.language)));
        cells
    };
    let mut head = vec![print.say("If every answer had come"), print.say("Messages"), print.say("Of all charges")];
    head.extend(has_amounts.then(|| format!("{} ({})", print.tongue.say("Charges"), invoice.currency)));
    let [one, two, six] = told.within;
    LetterTable {
        head,
        rows: vec![
            row("1 hour sooner", one),
            row("2 hours sooner", two),
            row("6 hours sooner", six),
            row("in time, for those without one", told.never),
        ],
        total: row("All charges of the month", told.all),
    }
}

/// What the first step would be worth.
fn advice(invoice: &Invoice, told: &Told, print: &Print) -> String {
    let [.., six] = told.within;
    let is_alone = told.never.count == told.all.count;
    let (count, never) = (print.count(six.count), print.count(told.never.count));
    let said = match (six.count, told.never.count) {
        (0, _) if is_alone => print.say("None of the charged messages has an answer: it is these that cost."),
        (0, 0) => print.say("No late answer came within six hours of its deadline: each took longer than that."),
        (0, _) => print.tongue.fill(
            "No late answer came within six hours of its deadline; {never} of the charged messages have none at all.",
            &[("never", &never)],
        ),
        _ if is_priced_one_by_one(invoice) => print.tongue.fill(
            "{count} of the charged messages had their answer within six hours of the deadline. With answers six hours sooner they would not have been charged: {amount}, before rounding and tax.",
            &[("count", &count), ("amount", &print.amount(invoice, six.amount))],
        ),
        _ => print.tongue.fill(
            "{count} of the charged messages had their answer within six hours of the deadline.",
            &[("count", &count)],
        ),
    };
    if is_priced_one_by_one(invoice) {
        return said;
    }
    let counted = "Under this tariff the price of a message depends on the whole month (free units, tiers, steps, a minimum or a cap): the table counts messages, and says nothing of the amount of the invoice.";
    format!("{said} {}", print.tongue.say(counted))
}

#[cfg(test)]
mod tests;
