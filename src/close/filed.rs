//! The charges of a month as they were filed, and what differs between two files of them.

use std::collections::{BTreeMap, BTreeSet};

use super::line_file::{COLUMNS, NO_CHARGE, bare, written};
use crate::domain::correction::CreditOf;
use crate::domain::{Currency, Decimal, EntryPoint, Market};

/// What makes rows of a credit note: market, entry point, price.
pub type Group = (Market, EntryPoint, Decimal);

/// A file of charges, read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// How many charges, and what they come to with what rounding adds.
    pub groups: BTreeMap<Group, (u64, Decimal)>,
    /// Minimum and cap.
    pub adjustments: BTreeMap<CreditOf, Decimal>,
    /// Charges by channel and message id.
    charges: BTreeMap<(String, String), Row>,
}

/// Cells of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    customer: String,
    received_at: String,
    answered_at: String,
    verdict: String,
    rate: String,
    amount: Decimal,
    currency: String,
}

/// Columns of a file of changed charges.
pub const CHANGE_COLUMNS: [&str; 13] = [
    "message_id",
    "channel",
    "customer",
    "received_at",
    "answered_at",
    "verdict_billed",
    "verdict_now",
    "rate_billed",
    "rate_now",
    "billed",
    "now",
    "credit",
    "currency",
];

impl Filed {
    /// Reads a file of charges; an empty text is a month without any.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read(line_file: &[u8]) -> Result<Self, String> {
        let mut filed = Self::default();
        if line_file.is_empty() {
            return Ok(filed);
        }
        let mut reader = csv::Reader::from_reader(line_file);
        if !reader.headers().map_err(|error| error.to_string())?.iter().eq(COLUMNS) {
            return Err("its columns are others".to_owned());
        }
        for record in reader.records() {
            filed.add(&record.map_err(|error| error.to_string())?)?;
        }
        Ok(filed)
    }

    fn add(&mut self, record: &csv::StringRecord) -> Result<(), String> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let (verdict, amount): (&str, Decimal) = (cell(6), cell(12).parse()?);
        let kinds = [(NO_CHARGE[1], CreditOf::Minimum), (NO_CHARGE[2], CreditOf::Cap)];
        if let Some((_, kind)) = kinds.into_iter().find(|(name, _)| *name == verdict) {
            self.adjustments.insert(kind, amount);
            return Ok(());
        }
        let entry_point: EntryPoint = cell(9).parse()?;
        let group = (cell(8).parse()?, entry_point, cell(11).parse()?);
        let (quantity, sum) = self.groups.entry(group).or_default();
        *sum = sum.checked_add(amount).ok_or("a sum is too large")?;
        if verdict != NO_CHARGE[0] {
            *quantity += 1;
            let row = Row {
                customer: cell(2).to_owned(),
                received_at: cell(3).to_owned(),
                answered_at: cell(4).to_owned(),
                verdict: verdict.to_owned(),
                rate: cell(11).to_owned(),
                amount,
                currency: cell(13).to_owned(),
            };
            self.charges.insert((cell(1).to_owned(), cell(0).to_owned()), row);
        }
        Ok(())
    }

    /// How many charges.
    pub fn quantity(&self) -> u64 {
        self.groups.values().map(|(quantity, _)| quantity).sum()
    }

    /// What the month comes to: charges, rounding, minimum and cap. `None` when it does not fit.
    pub fn net(&self) -> Option<Decimal> {
        let amounts = self.groups.values().map(|(_, sum)| *sum);
        Decimal::sum(amounts.chain(self.adjustments.values().copied()))
    }

    /// Channel and id of every charged message, as the cells have them.
    pub fn messages(&self) -> impl Iterator<Item = &(String, String)> {
        self.charges.keys()
    }

    /// Messages whose charge is another in `other`.
    pub fn differing<'f>(&'f self, other: &'f Filed) -> Vec<(String, String)> {
        let price = |filed: &'f Filed, key| filed.charges.get(key).map(|row| (&row.rate, row.amount));
        let keys: BTreeSet<_> = self.charges.keys().chain(other.charges.keys()).collect();
        keys.into_iter().filter(|key| price(self, key) != price(other, key)).cloned().collect()
    }

    /// The charge of a message by its plain channel and id, as no cell guards them.
    pub fn charge_of(&self, channel: &str, message_id: &str) -> Option<Decimal> {
        let is_it = |(of, id): &(String, String)| bare(of) == channel && bare(id) == message_id;
        self.charges.iter().find(|(key, _)| is_it(key)).map(|(_, row)| row.amount)
    }

    /// The charge of a message.
    pub fn charge(&self, channel: &str, message_id: &str) -> Option<Decimal> {
        let charge = self.charges.get(&(channel.to_owned(), message_id.to_owned()));
        charge.map(|row| row.amount)
    }
}

/// The messages whose charge is another in `now` than in `billed`, as CSV sorted by time, with their number. What is
/// given back is positive.
pub fn change_file(billed: &Filed, now: &Filed, currency: Currency) -> Option<(Vec<u8>, u64)> {
    let mut rows = Vec::new();
    let keys: BTreeSet<_> = billed.charges.keys().chain(now.charges.keys()).collect();
    for key in keys {
        let (was, is) = (billed.charges.get(key), now.charges.get(key));
        let price = |row: Option<&Row>| row.map(|row| (row.rate.clone(), row.amount));
        let Some(either) = was.or(is).filter(|_| price(was) != price(is)) else { continue };
        let amount = |row: Option<&Row>| row.map_or(Decimal::ZERO, |row| row.amount);
        let text = |row: Option<&Row>, of: fn(&Row) -> &String| row.map(|row| of(row).clone()).unwrap_or_default();
        rows.push([
            key.1.clone(),
            key.0.clone(),
            either.customer.clone(),
            either.received_at.clone(),
            text(is.or(was), |row| &row.answered_at),
            text(was, |row| &row.verdict),
            text(is, |row| &row.verdict),
            text(was, |row| &row.rate),
            text(is, |row| &row.rate),
            amount(was).to_string(),
            amount(is).to_string(),
            amount(was).checked_sub(amount(is))?.to_string(),
            currency.to_string(),
        ]);
    }
    rows.sort_by(|a, b| (&a[3], &a[0], &a[1]).cmp(&(&b[3], &b[0], &b[1])));
    let count = rows.len() as u64;
    let head = CHANGE_COLUMNS.map(str::to_owned);
    Some((written(&[vec![head], rows].concat()), count))
}
