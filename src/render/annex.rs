//! The pages of details: what the charges of an invoice, or the messages that a credit note corrects, are made of. They are
//! read from the file that goes with the document.
//!
//! Nothing of a customer but the calling code is shown, and no id: whoever is forgotten later is not in them.

mod bands;
mod tally;

use serde::Serialize;

use self::bands::Bands;
pub(super) use self::tally::each as each_row;
use self::tally::{BANDS, Changed, Charged, Longest, Sum};
use super::texts::{self, fill};
use super::view::{InvoiceView, line_file};
use super::{chart, corrections, exchange, labels, markets, numbers, rule};
use crate::domain::business::Language;
use crate::domain::{Elapsed, EntryPoint, Instant, Invoice, Market};

/// More markets than these are one row.
const MARKETS_SHOWN: usize = 20;

/// A table of details: every cell is the text that is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableView {
    /// Empty where the heading stands elsewhere.
    pub title: String,
    /// So many columns, from the first, are texts; the others are numbers.
    pub texts: usize,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// The sums, where there are any.
    pub total: Vec<String>,
}

/// How long customers waited: a chart, and the table with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitsView {
    pub title: &'static str,
    /// SVG, with a title and a description of its own.
    pub chart: String,
    /// The numbers of the chart in a sentence.
    pub alt: String,
    pub table: TableView,
}

/// The pages of details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnnexView {
    pub title: String,
    /// Empty for a preview.
    pub intro: String,
    pub by_day: TableView,
    pub by_market: Option<TableView>,
    pub by_entry_point: Option<TableView>,
    /// Of a credit note: what became of the messages.
    pub by_change: Option<TableView>,
    pub waits: Option<WaitsView>,
    pub longest: Option<TableView>,
    pub notes: Vec<String>,
}

/// The details of a document by the file that goes with it, with a chart in a colour like `#0b5e55`. `None` where there is
/// nothing to tell, or the file is none.
pub(super) fn annex(invoice: &Invoice, file: &[u8], accent: &str) -> Option<AnnexView> {
    if invoice.is_credit_note() {
        let changed = Changed::read(invoice, file).filter(|changed| changed.total.count > 0)?;
        return Some(of_changes(invoice, &changed));
    }
    let charged = Charged::read(invoice, file).filter(|charged| charged.total.count > 0)?;
    Some(of_charges(invoice, &charged, accent))
}

fn of_charges(invoice: &Invoice, charged: &Charged, accent: &str) -> AnnexView {
    let (language, words) = (invoice.language, labels::of(invoice.language));
    let amount = format!("{} ({})", texts::of(language).amount, invoice.currency);
    let head = |first: &str| vec![first.to_owned(), words.charges.to_owned(), amount.clone()];
    let table = |title: &str, first: &str, rows: Vec<(String, Sum)>| TableView {
        title: title.to_owned(),
        texts: 1,
        head: head(first),
        rows: rows.into_iter().map(|(name, sum)| row(name, sum, language)).collect(),
        total: row(words.total.to_owned(), charged.total, language),
    };
    let days = charged.by_day.iter().map(|(day, sum)| (day.to_string(), *sum)).collect();
    let says_entry_points = charged.by_entry_point.keys().any(|entry_point| *entry_point != EntryPoint::Unknown);
    let entry_points = charged.by_entry_point.iter().map(|(entry_point, sum)| (entry(*entry_point, language), *sum));
    let entry_points = says_entry_points.then(|| entry_points.collect());
    AnnexView {
        title: title(invoice),
        intro: fill(words.details_intro, &[("file", &line_file(invoice))]),
        by_day: table(words.by_day, words.day, days),
        by_market: Some(table(words.by_market, words.market, markets_of(charged, language))),
        by_entry_point: entry_points.map(|rows| table(words.by_entry_point, words.entry_point, rows)),
        by_change: None,
        waits: Some(waits(invoice, charged, accent)),
        longest: Some(longest(invoice, &charged.longest, amount.clone())),
        notes: notes(invoice, charged),
    }
}

fn title(invoice: &Invoice) -> String {
    let month = texts::written_month(invoice.month, invoice.language);
    fill(labels::of(invoice.language).details, &[("month", &month)])
}

fn row(name: String, sum: Sum, language: Language) -> Vec<String> {
    vec![name, numbers::count(sum.count, language), numbers::decimal(sum.amount, language)]
}

fn entry(entry_point: EntryPoint, language: Language) -> String {
    texts::of(language).entry_point(entry_point).unwrap_or(labels::of(language).entry_unknown).to_owned()
}

fn market(market: &Market, language: Language) -> String {
    markets::named(market, language).unwrap_or_else(|| labels::of(language).elsewhere.to_owned())
}

/// The markets with most charges first; of as many, in the order of their codes.
fn markets_of(charged: &Charged, language: Language) -> Vec<(String, Sum)> {
    let mut sums: Vec<(&Market, Sum)> = charged.by_market.iter().map(|(market, sum)| (market, *sum)).collect();
    sums.sort_by(|(one, of_one), (other, of_other)| of_other.count.cmp(&of_one.count).then(one.cmp(other)));
    // One row for a single other market would say less than its name.
    let shown = if sums.len() > MARKETS_SHOWN + 1 { MARKETS_SHOWN } else { sums.len() };
    let (shown, others) = sums.split_at(shown);
    let mut rows: Vec<(String, Sum)> = shown.iter().map(|(code, sum)| (market(code, language), *sum)).collect();
    if !others.is_empty() {
        let count = numbers::count(u64::try_from(others.len()).unwrap_or(u64::MAX), language);
        let sum = others.iter().fold(Sum::default(), |sum, (_, other)| sum.with(*other));
        rows.push((fill(labels::of(language).other_markets, &[("count", &count)]), sum));
    }
    rows
}

fn waits(invoice: &Invoice, charged: &Charged, accent: &str) -> WaitsView {
    let (language, words) = (invoice.language, labels::of(invoice.language));
    let bands = Bands::of(invoice.computation.window);
    let over = bands.longest(language);
    let last = [fill(words.over, &[("length", &over)]), words.no_answer.to_owned()];
    let names: Vec<String> = bands.names(language).into_iter().chain(last).collect();
    let short = format!(">\u{a0}{over}");
    let rows: Vec<(&String, u64)> = names.iter().zip(charged.by_length).collect();
    let title = if rule::is_outbound(invoice) { words.waits_outbound } else { words.waits };
    let said: Vec<String> =
        rows.iter().map(|(name, count)| format!("{name} {}", numbers::count(*count, language))).collect();
    let alt = fill(words.chart, &[("numbers", &said.join("; "))]);
    let bars: Vec<chart::Bar> = rows
        .iter()
        .enumerate()
        .map(|(place, (name, count))| chart::Bar {
            label: if place == BANDS { short.clone() } else { (*name).clone() },
            count: *count,
            number: numbers::count(*count, language),
            is_never: place == BANDS + 1,
        })
        .collect();
    let total = charged.total.count;
    let cells = |name: &str, count: u64| {
        vec![name.to_owned(), numbers::count(count, language), numbers::share(count, total, language)]
    };
    let table = TableView {
        title: String::new(),
        texts: 1,
        head: [words.wait, words.charges, words.share].map(str::to_owned).to_vec(),
        rows: rows.iter().map(|(name, count)| cells(name, *count)).collect(),
        total: cells(words.total, total),
    };
    WaitsView { title, chart: chart::columns(title, &alt, &bars, accent), alt, table }
}

fn longest(invoice: &Invoice, longest: &[Longest], amount: String) -> TableView {
    let (language, words) = (invoice.language, labels::of(invoice.language));
    let cells = |wait: &Longest| {
        let waited = wait.waited.map_or_else(|| words.no_answer.to_owned(), hours);
        vec![
            clock(invoice, wait.received_at),
            masked(&wait.market),
            market(&wait.market, language),
            entry(wait.entry_point, language),
            waited,
            numbers::decimal(wait.amount, language),
        ]
    };
    let head = [words.received, words.customer, words.market, words.entry_point, words.waited];
    TableView {
        title: words.longest.to_owned(),
        texts: 4,
        head: head.map(str::to_owned).into_iter().chain([amount]).collect(),
        rows: longest.iter().map(cells).collect(),
        total: Vec::new(),
    }
}

/// The number of a customer with nothing but its calling code.
fn masked(market: &Market) -> String {
    market.calling_code().map_or_else(|| "••• •••".to_owned(), |code| format!("+{code} ••• •••"))
}

/// `2018-08-10 09:12` in the zone of the month.
fn clock(invoice: &Invoice, at: Instant) -> String {
    let zone = invoice.computation.zone;
    let (hour, minute) = zone.clock_of(at);
    format!("{} {hour:02}:{minute:02}", zone.date_of(at))
}

/// `76 h 05 min`, without what is less than a minute.
fn hours(waited: Elapsed) -> String {
    let minutes = waited.micros() / 60_000_000;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

fn notes(invoice: &Invoice, charged: &Charged) -> Vec<String> {
    let words = labels::of(invoice.language);
    let zone = invoice.computation.zone.to_string();
    let is_other = charged.total.amount != invoice.net.exact();
    let masked = fill(words.masked, &[("zone", &zone)]);
    let exact = is_other.then(|| words.exact.to_owned());
    [masked].into_iter().chain(exact).chain(exchange::in_details(invoice)).collect()
}

fn of_changes(invoice: &Invoice, changed: &Changed) -> AnnexView {
    let (language, words) = (invoice.language, labels::of(invoice.language));
    let credit = format!("{} ({})", corrections::of(language).credit, invoice.currency);
    let table = |title: &str, first: &str, rows: Vec<(String, Sum)>| TableView {
        title: title.to_owned(),
        texts: 1,
        head: vec![first.to_owned(), words.messages.to_owned(), credit.clone()],
        rows: rows.into_iter().map(|(name, sum)| row(name, sum, language)).collect(),
        total: row(words.total.to_owned(), changed.total, language),
    };
    let verdict = |name: &str| match name {
        "late" => words.late,
        "unanswered" => words.unanswered,
        _ => words.not_charged,
    };
    let days = changed.by_day.iter().map(|(day, sum)| (day.to_string(), *sum)).collect();
    let changes = changed.by_change.iter();
    let changes = changes.map(|((was, now), sum)| (format!("{} → {}", verdict(was), verdict(now)), *sum)).collect();
    AnnexView {
        title: title(invoice),
        intro: fill(words.details_intro_credit, &[("file", &line_file(invoice))]),
        by_day: table(words.by_day, words.day, days),
        by_market: None,
        by_entry_point: None,
        by_change: Some(table(words.by_change, words.change, changes)),
        waits: None,
        longest: None,
        notes: notes_of_changes(invoice, changed),
    }
}

fn notes_of_changes(invoice: &Invoice, changed: &Changed) -> Vec<String> {
    let words = labels::of(invoice.language);
    let masked = fill(words.masked_alone, &[("zone", &invoice.computation.zone.to_string())]);
    let exact = (changed.total.amount != invoice.net.exact()).then(|| words.exact.to_owned());
    [masked].into_iter().chain(exact).chain(exchange::in_details(invoice)).collect()
}

/// A preview has no file that goes with it.
pub(super) fn of_preview(view: &mut InvoiceView) {
    if let Some(annex) = view.sheet.as_mut().and_then(|sheet| sheet.annex.as_mut()) {
        annex.intro.clear();
    }
}

#[cfg(test)]
mod tests;
