//! What a template may see of an invoice or credit note: finished texts. Templates compute nothing.

use serde::Serialize;

use super::credit::{self, CreditView};
use super::einvoice::{self, Attached};
use super::preview::{self, PreviewView};
use super::qr::{self, QrView};
use super::sheet::SheetView;
use super::texts::{self, Texts, fill};
use super::{computed, corrections, countries, exchange, lines, mail, numbers, payment, together};
use crate::domain::business::{Language, Party};
use crate::domain::{Date, Elapsed, Invoice, LineForm};

pub use super::lines::{LineView, TotalView};

/// A label with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// A party as an address block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartyView {
    pub role: &'static str,
    pub name: String,
    /// Address, country, VAT id, registration.
    pub lines: Vec<String>,
}

/// The date of issue in numbers, for the metadata of the PDF, which take no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DateView {
    pub year: i32,
    pub month: u8,
    pub day: u8,
}

/// The subject of the mail and the sentences that only the mail has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailView {
    /// ASCII, the number first.
    pub subject: String,
    pub intro: String,
    pub attached: String,
}

/// One invoice or credit note, ready to be set in type: every value is the text that is printed.
#[derive(Clone, Debug, Serialize)]
pub struct InvoiceView {
    /// BCP 47.
    pub language: &'static str,
    pub words: &'static Texts,
    pub number: String,
    /// `Invoice LR-2018-000123`.
    pub title: String,
    pub issued: DateView,
    pub currency: String,
    /// The box at the top.
    pub facts: Vec<Fact>,
    pub seller: PartyView,
    pub buyer: PartyView,
    /// `USD 342.75 due 1 December 2026`.
    pub headline: String,
    /// What it corrects or replaces, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    pub lines: Vec<LineView>,
    /// Below the lines, where some of them stand together.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub together: String,
    /// Of a credit note: its table, in place of lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditView>,
    /// Net, then one for each group of VAT; then the total, and each payment in advance, where there is one.
    pub totals: Vec<TotalView>,
    pub total: TotalView,
    /// Why no VAT is charged, where none is.
    pub notes: Vec<String>,
    /// Heading of what follows, where it is not how to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settling: Option<&'static str>,
    pub please_pay: String,
    /// Bank account, reference, term.
    pub payment: Vec<Fact>,
    /// A picture that the app of a bank reads the payment from, where there can be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr: Option<QrView>,
    pub questions: String,
    /// What an auditor needs, in prose and numbers.
    pub computation: Vec<Fact>,
    /// Digests, in hexadecimal.
    pub digests: Vec<Fact>,
    /// Whether they may stand on two pages: those of plain tariffs always could, and keep their bytes.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub digests_may_part: bool,
    pub mail: MailView,
    /// Of a preview: what marks each of its pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<PreviewView>,
    /// The same for programs, which the PDF carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub einvoice: Option<Attached>,
    /// Of a document of the second edition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<SheetView>,
}

impl InvoiceView {
    /// The view of an invoice or credit note, in the currency that it is billed in. `head` is the SHA-256 (hexadecimal) of its canonical bytes: the head of the
    /// chain of issued documents once this one is part of it.
    pub fn of(invoice: &Invoice, head: &str) -> Self {
        let billed = invoice.as_billed();
        let mut view = Self::of_invoice(&billed, head);
        view.computation.extend(exchange::facts(invoice));
        let view = if billed.is_credit_note() { credit::credited(&billed, view) } else { view };
        let einvoice = einvoice::attached(invoice, &view);
        let view = together::shown(&billed, view);
        mail::with_e_invoice(invoice, Self { einvoice, ..view })
    }

    /// The same, of a document whose mail has its line file in another form.
    pub fn with_lines_as(self, form: LineForm, invoice: &Invoice) -> Self {
        mail::with_lines_as(form, invoice, self)
    }

    /// The same, of a document whose mail carries no line file.
    pub fn without_lines(self, invoice: &Invoice) -> Self {
        mail::without_lines(invoice, self)
    }

    /// The same, of a document whose mail carries no e-invoice beside the PDF.
    pub fn without_e_invoice(self, invoice: &Invoice) -> Self {
        mail::without_e_invoice(invoice, self)
    }

    /// The same, of a document whose mail carries nothing, because it would be too large: it says that the documents are to be
    /// asked for.
    pub fn without_documents(self, invoice: &Invoice) -> Self {
        mail::without_documents(invoice, self)
    }

    /// The same, of a document whose mail a person had made once more: its subject says that it is a copy.
    pub fn copied(self, invoice: &Invoice) -> Self {
        mail::copied(invoice, self)
    }

    /// The view of what would be issued: marked on every page, with nothing that only an issued document has. What
    /// `invoice` has as its number, date of issue, due date and place in the chain is not shown.
    pub fn preview(invoice: &Invoice) -> Self {
        preview::preview(&invoice.as_billed(), Self::of(invoice, ""))
    }

    fn of_invoice(invoice: &Invoice, head: &str) -> Self {
        let (language, words) = (invoice.language, texts::of(invoice.language));
        Self {
            language: language.code(),
            words,
            number: clean(&invoice.number.to_string()),
            title: clean(&format!("{} {}", words.invoice, invoice.number)),
            issued: parts(invoice.issue_date),
            currency: invoice.currency.to_string(),
            facts: facts(invoice, words),
            seller: party(words.seller, &invoice.seller, words, invoice.language),
            buyer: party(words.bill_to, &billed(invoice), words, invoice.language),
            headline: headline(invoice, words),
            why: credit::why(invoice),
            lines: lines::lines(invoice),
            together: String::new(),
            credit: None,
            totals: lines::totals(invoice),
            total: lines::total(invoice),
            notes: lines::notes(invoice),
            settling: None,
            please_pay: payment::please_pay(invoice, words),
            payment: payment::facts(invoice, words),
            // Documents of before there were e-invoices keep their bytes.
            qr: if invoice.electronic { qr::qr(invoice) } else { None },
            questions: clean(&fill(words.questions, &[("email", &invoice.seller_email)])),
            computation: computed::computation(invoice, words),
            digests: computed::digests(invoice, head, words),
            digests_may_part: computed::is_plain(invoice),
            mail: mail::letter(invoice),
            preview: None,
            einvoice: None,
            sheet: None,
        }
    }
}

/// Name of the file with one row a charge that goes with the invoice: `LR-2018-000123_2018-08.csv`.
pub fn line_file(invoice: &Invoice) -> String {
    format!("{}.csv", invoice.file_stem())
}

/// Name of the PDF: `LR-2018-000123_2018-08.pdf`.
pub fn pdf_file(invoice: &Invoice) -> String {
    format!("{}.pdf", invoice.file_stem())
}

/// Name of the PDF of a preview: `preview_bologna-bakery_2018-08.pdf`.
pub fn preview_pdf_file(invoice: &Invoice) -> String {
    format!("{}.pdf", preview::file_stem(invoice))
}

/// Name of the page of a preview: `preview_bologna-bakery_2018-08.html`.
pub fn preview_html_file(invoice: &Invoice) -> String {
    format!("{}.html", preview::file_stem(invoice))
}

/// Name of the file with one row a charge, or a message, that a preview has: `preview_bologna-bakery_2018-08.csv`.
pub fn preview_line_file(invoice: &Invoice) -> String {
    format!("{}.csv", preview::file_stem(invoice))
}

/// A value on one line: control characters and line separators are blanks, so that no name can begin a
/// line of its own; marks that turn the direction of the text around are dropped.
pub(super) fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    text.chars().filter(|c| !turns(*c)).map(blank).collect::<String>().trim().to_owned()
}

/// `24 h`, `90 min`: exact, in the largest unit that divides it, and on one line but in documents of before there were
/// e-invoices, which keep their bytes.
pub(super) fn length(elapsed: Elapsed, invoice: &Invoice) -> String {
    let blank = if invoice.electronic { '\u{a0}' } else { ' ' };
    let text = elapsed.to_string();
    let cut = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
    let (number, unit) = text.split_at(cut);
    format!("{number}{blank}{}", if unit == "m" { "min" } else { unit })
}

fn parts(date: Date) -> DateView {
    DateView { year: date.year(), month: date.month(), day: date.day() }
}

pub(super) fn fact(label: &'static str, value: impl AsRef<str>) -> Fact {
    Fact { label, value: clean(value.as_ref()) }
}

fn facts(invoice: &Invoice, words: &'static Texts) -> Vec<Fact> {
    let period = format!("{} – {}", invoice.month.first_day(), invoice.month.last_day());
    let credit_number = corrections::of(invoice.language).credit_number;
    let mut facts = vec![
        fact(if invoice.is_credit_note() { credit_number } else { words.number }, invoice.number.to_string()),
        fact(words.issue_date, invoice.issue_date.to_string()),
    ];
    facts.push(credit::cause(invoice).unwrap_or_else(|| fact(words.due_date, invoice.due_date.to_string())));
    facts.push(fact(words.service_period, period));
    facts.push(fact(words.currency, invoice.currency.code()));
    facts.push(fact(words.customer_number, invoice.business.as_str()));
    facts.extend(invoice.reference.as_deref().map(|reference| fact(words.reference, reference)));
    facts.extend(credit::corrected(invoice));
    facts
}

pub(super) fn party(role: &'static str, party: &Party, words: &Texts, language: Language) -> PartyView {
    let country = countries::name(&party.country, language);
    let mut lines: Vec<_> = party.address.iter().chain([&country]).map(|line| clean(line)).collect();
    lines.extend(party.vat_id.as_deref().map(|id| clean(&format!("{} {id}", words.vat_id))));
    lines.extend(party.registration.as_deref().map(|id| clean(&format!("{} {id}", words.registration))));
    lines.retain(|line| !line.is_empty());
    PartyView { role, name: clean(&party.legal_name), lines }
}

/// The buyer as printed: an invoice outside the scope of VAT names no VAT id of the buyer (EN 16931, BR-O-03).
fn billed(invoice: &Invoice) -> Party {
    let out_of_scope = invoice.vat.iter().any(|vat| vat.category == "O");
    let vat_id = invoice.buyer.vat_id.clone().filter(|_| !out_of_scope);
    Party { vat_id, ..invoice.buyer.clone() }
}

pub(super) fn is_payable(invoice: &Invoice) -> bool {
    invoice.due().minor() > 0
}

fn headline(invoice: &Invoice, words: &Texts) -> String {
    let language = invoice.language;
    let sentence = if is_payable(invoice) { words.headline } else { words.nothing_due };
    let (amount, date) = (numbers::money(invoice.due(), language), texts::written_date(invoice.due_date, language));
    fill(sentence, &[("amount", &amount), ("date", &date), ("until", &texts::until(invoice.due_date, language))])
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::business::Language;

    fn value<'a>(facts: &'a [Fact], label: &str) -> &'a str {
        facts.iter().find(|fact| fact.label == label).map_or("absent", |fact| fact.value.as_str())
    }

    #[test]
    fn the_view_says_what_the_invoice_says() {
        let view = InvoiceView::of(&sample::invoice(Language::English), &"c".repeat(64));
        assert_eq!(view.headline, "USD 1,342.75 due 1 December 2026");
        assert_eq!(value(&view.facts, "Service period"), "2026-10-01 – 2026-10-31");
        assert_eq!(value(&view.facts, "Customer number"), "bologna-bakery");
        assert_eq!(value(&view.payment, "IBAN"), "IT60 X054 2811 1010 0000 0123 456");
        assert_eq!(value(&view.payment, "Reference"), "LR-2026-000123");
        assert_eq!(
            value(&view.computation, "Messages counted"),
            "41,206 in all: 16,441 answered in time, 24,005 answered late, 760 never answered"
        );
        assert_eq!(value(&view.digests, "Chain head"), "c".repeat(64));
        assert_eq!(view.mail.subject, "LR-2026-000123 Invoice for October 2026: USD 1,342.75 due 2026-12-01");
    }

    #[test]
    fn the_italian_view_is_italian() {
        let view = InvoiceView::of(&sample::invoice(Language::Italian), "c");
        assert_eq!(view.headline, "USD 1.342,75 da pagare entro il 1º dicembre 2026");
        assert_eq!(view.title, "Fattura LR-2026-000123");
        assert_eq!(view.mail.subject, "LR-2026-000123 Fattura di ottobre 2026: USD 1.342,75, scadenza 2026-12-01");
        assert!(view.mail.subject.is_ascii());
    }

    #[test]
    fn another_reading_is_named() {
        let view = InvoiceView::of(&sample::capped(Language::English), "c");
        assert_eq!(value(&view.computation, "Reading of the rule"), "charge_for = late_reply, give_up = 168h");
        assert!(value(&view.computation, "Rule").contains("when its answer was sent later than 24 h"));
        assert_eq!(value(&view.computation, "Free units"), "the first 100 charges of the month");
        assert!(value(&view.computation, "Tiers").starts_with("graduated"));
        let plain = InvoiceView::of(&sample::invoice(Language::English), "c");
        for label in ["Reading of the rule", "Free units", "Tiers"] {
            assert_eq!(value(&plain.computation, label), "absent");
        }
        let mut invoice = sample::invoice(Language::English);
        invoice.computation.reading = "charge_for = late_outbound".to_owned();
        let view = InvoiceView::of(&invoice, "c");
        assert_eq!(
            value(&view.computation, "Messages counted"),
            "41,206 in all: 16,441 sent in time, 24,005 sent late"
        );
        assert!(view.mail.intro.ends_with("for messages that you sent to customers too late."));
    }

    #[test]
    fn an_invoice_of_nothing_asks_for_no_payment() {
        let mut invoice = sample::invoice(Language::English);
        invoice.total = crate::domain::Money::zero(invoice.currency);
        let view = InvoiceView::of(&invoice, "c");
        assert_eq!(view.headline, "USD 0.00: nothing to pay");
        assert_eq!((view.please_pay.as_str(), view.payment.len()), ("No payment is needed.", 0));
    }

    #[test]
    fn values_stay_on_their_line() {
        for (text, cleaned) in [("a\r\nBcc: x", "a  Bcc: x"), ("\u{202e}gnp.exe", "gnp.exe"), ("a\u{2028}b\0", "a b")] {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn lengths_are_exact_and_stay_on_their_line() {
        let before = sample::invoice(Language::English);
        let invoice = Invoice { electronic: true, ..before.clone() };
        for (text, said) in [("24h", "24 h"), ("2d", "48 h"), ("90m", "90 min"), ("86401s", "86401 s"), ("5ms", "5 ms")]
        {
            assert_eq!(length(text.parse().unwrap(), &before), said);
            assert_eq!(length(text.parse().unwrap(), &invoice), said.replace(' ', "\u{a0}"));
        }
    }
}
