//! What a file of charges, or of changed charges, adds up to: read once, row by row, with no more in memory than what is
//! told.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use csv::StringRecord;

use super::bands::Bands;
use crate::domain::{Date, Decimal, Elapsed, EntryPoint, Instant, Invoice, Market};

/// Lengths of waits with an end; the last band of the answered has none, and one is for those without an answer.
pub(super) const BANDS: usize = 5;

/// So many of the longest waits are told one by one.
const LONGEST: usize = 10;

/// How many, and what they come to, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub count: u64,
    pub amount: Decimal,
}

impl Sum {
    /// A sum that does not fit stays as it is: the totals of the document itself are checked elsewhere.
    pub fn with(self, other: Sum) -> Sum {
        let amount = self.amount.checked_add(other.amount).unwrap_or(self.amount);
        Sum { count: self.count.saturating_add(other.count), amount }
    }

    fn add(&mut self, amount: Decimal) {
        *self = self.with(Sum { count: 1, amount });
    }
}

/// A wait among the longest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Longest {
    /// `None`: there was no answer.
    pub waited: Option<Elapsed>,
    pub received_at: Instant,
    pub market: Market,
    pub entry_point: EntryPoint,
    pub amount: Decimal,
}

impl Longest {
    /// Those without an answer first, as they wait still: the longest that was received first. Then the longest before the
    /// others. Nothing of a name: rows that are alike in all of it are printed alike.
    fn key(&self) -> (bool, Reverse<Option<Elapsed>>, Instant, &Market, EntryPoint, Decimal) {
        let waited = self.waited;
        (waited.is_some(), Reverse(waited), self.received_at, &self.market, self.entry_point, self.amount)
    }
}

/// The charges of a month.
#[derive(Debug, Default)]
pub(super) struct Charged {
    pub total: Sum,
    /// In the zone of the month, by receipt.
    pub by_day: BTreeMap<Date, Sum>,
    pub by_market: BTreeMap<Market, Sum>,
    pub by_entry_point: BTreeMap<EntryPoint, Sum>,
    /// The bands of [`Bands`], longer ones, and those without an answer.
    pub by_length: [u64; BANDS + 2],
    /// In the order in which they are told.
    pub longest: Vec<Longest>,
}

impl Charged {
    /// `None` when the file is no file of charges.
    pub fn read(invoice: &Invoice, file: &[u8]) -> Option<Self> {
        let mut charged = Self::default();
        let limits = Bands::of(invoice.computation.window).limits();
        let columns = ["received_at", "verdict", "wait_ms", "market", "entry_point", "amount"];
        each(file, columns, |[received_at, verdict, wait_ms, market, entry_point, amount]| {
            // Rounding, minimum and cap are no messages.
            if received_at.is_empty() {
                return Some(());
            }
            let is_answered = verdict != "unanswered" && !wait_ms.is_empty();
            let millis: Option<i64> = if is_answered { Some(wait_ms.parse().ok()?) } else { None };
            let wait = Longest {
                waited: millis.map(|millis| Elapsed::from_micros(millis.saturating_mul(1000))),
                received_at: received_at.parse().ok()?,
                market: market.parse().ok()?,
                entry_point: entry_point.parse().ok()?,
                amount: amount.parse().ok()?,
            };
            let band = wait.waited.map_or(BANDS + 1, |waited| limits.partition_point(|limit| *limit < waited));
            if let Some(count) = charged.by_length.get_mut(band) {
                *count += 1;
            }
            let day = invoice.computation.zone.date_of(wait.received_at);
            charged.by_day.entry(day).or_default().add(wait.amount);
            charged.by_market.entry(wait.market.clone()).or_default().add(wait.amount);
            charged.by_entry_point.entry(wait.entry_point).or_default().add(wait.amount);
            charged.total.add(wait.amount);
            charged.note(wait);
            Some(())
        })?;
        Some(charged)
    }

    /// Keeps it where it is among the longest so far.
    fn note(&mut self, wait: Longest) {
        let place = self.longest.partition_point(|known| known.key() <= wait.key());
        if place < LONGEST {
            self.longest.insert(place, wait);
            self.longest.truncate(LONGEST);
        }
    }
}

/// The messages that a credit note corrects.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub total: Sum,
    pub by_day: BTreeMap<Date, Sum>,
    /// By the verdict as it was billed and as it is now.
    pub by_change: BTreeMap<(String, String), Sum>,
}

impl Changed {
    /// `None` when the file is no file of changes.
    pub fn read(invoice: &Invoice, file: &[u8]) -> Option<Self> {
        let mut changed = Self::default();
        let columns = ["received_at", "verdict_billed", "verdict_now", "credit"];
        each(file, columns, |[received_at, was, now, credit]| {
            // Rounding, minimum, cap and what is billed elsewhere are no messages.
            if received_at.is_empty() {
                return Some(());
            }
            let credit: Decimal = credit.parse().ok()?;
            let day = invoice.computation.zone.date_of(received_at.parse().ok()?);
            changed.by_day.entry(day).or_default().add(credit);
            changed.by_change.entry((was.to_owned(), now.to_owned())).or_default().add(credit);
            changed.total.add(credit);
            Some(())
        })?;
        Some(changed)
    }
}

/// Gives the cells of some columns of every row to `take`. `None` when the file cannot be read, lacks a column, or `take`
/// cannot use a row.
pub(in crate::render) fn each<const COLUMNS: usize>(
    file: &[u8],
    columns: [&str; COLUMNS],
    mut take: impl FnMut([&str; COLUMNS]) -> Option<()>,
) -> Option<()> {
    let mut reader = csv::Reader::from_reader(file);
    let head = reader.headers().ok()?.clone();
    let place = |name: &str| head.iter().position(|column| column == name);
    let mut places = [0_usize; COLUMNS];
    for (slot, name) in places.iter_mut().zip(columns) {
        *slot = place(name)?;
    }
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).ok()? {
        take(places.map(|place| record.get(place).unwrap_or_default()))?;
    }
    Some(())
}
