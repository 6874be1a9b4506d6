//! The charges of a month as they were filed, and what differs between two files of them.

use std::collections::{BTreeMap, BTreeSet};

use super::line_file::{COLUMNS, NO_CHARGE, bare, guarded, written};
use crate::domain::correction::CreditOf;
use crate::domain::text::masked;
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
    let mut rows: Vec<[String; 13]> = Vec::new();
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
    sort(&mut rows);
    let count = rows.len() as u64;
    let head = CHANGE_COLUMNS.map(str::to_owned);
    Some((written([vec![head], rows].concat()), count))
}

/// A file of changed charges without the ids and customers of some messages, as [`super::without_names`] does it with a
/// file of charges.
pub fn changes_without_names(
    changes: &[u8],
    named: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Vec<u8>>, String> {
    let mut reader = csv::Reader::from_reader(changes);
    if !reader.headers().map_err(|error| error.to_string())?.iter().eq(CHANGE_COLUMNS) {
        return Err("its columns are others".to_owned());
    }
    let (mut rows, mut found): (Vec<[String; 13]>, bool) = (Vec::new(), false);
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let mut row: [String; 13] = std::array::from_fn(|place| record.get(place).unwrap_or_default().to_owned());
        if let Some(id) = named(bare(&row[0])) {
            (row[0], row[2], found) = (guarded(&id), masked("", None), true);
        }
        rows.push(row);
    }
    sort(&mut rows);
    let head = CHANGE_COLUMNS.map(str::to_owned);
    Ok(found.then(|| written([vec![head], rows].concat())))
}

/// By time, then by message.
fn sort(rows: &mut [[String; 13]]) {
    rows.sort_by(|a, b| (&a[3], &a[0], &a[1]).cmp(&(&b[3], &b[0], &b[1])));
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "message_id,channel,customer,received_at,answered_at,deadline,verdict,wait_ms,market,\
                        entry_point,tariff,rate,amount,currency\r\n";

    fn file(rows: &[(&str, &str)]) -> Vec<u8> {
        let row = |(id, price): &(&str, &str)| {
            format!(
                "{id},c,'+39 1,2018-08-01T00:00:00.000Z,,2018-08-02T00:00:00.000Z,unanswered,,39,unknown,t@1,{price},{price},USD\r\n"
            )
        };
        (HEAD.to_owned() + &rows.iter().map(row).collect::<String>()).into_bytes()
    }

    fn read(rows: &[(&str, &str)]) -> Filed {
        Filed::read(&file(rows)).unwrap()
    }

    #[test]
    fn changes_name_every_message_with_another_charge() {
        let usd = "USD".parse().unwrap();
        let (was, now) = (
            read(&[("a", "0.05"), ("b", "0.05"), ("c", "0.05")]),
            read(&[("b", "0.05"), ("c", "0.04"), ("d", "0.09")]),
        );
        let (changes, messages) = change_file(&was, &now, usd).unwrap();
        assert_eq!(messages, 3);
        let text = String::from_utf8(changes.clone()).unwrap();
        let credits: Vec<&str> = text.lines().skip(1).map(|line| line.rsplit(',').nth(1).unwrap()).collect();
        assert_eq!(credits, ["0.05", "0.01", "-0.09"], "{text}");
        assert_eq!(was.net().unwrap().to_string(), "0.15");
        assert_eq!(change_file(&was, &was, usd).unwrap().1, 0);
        // A customer who is forgotten goes out of it, as if the files had never named them.
        let named = |id: &str| (id == "a").then(|| "forgotten-1".to_owned());
        let redacted = changes_without_names(&changes, &named).unwrap().unwrap();
        assert!(!String::from_utf8(redacted.clone()).unwrap().contains("\r\na,"));
        assert_eq!(changes_without_names(&redacted, &named), Ok(None));
    }

    #[test]
    fn an_empty_month_comes_to_nothing() {
        let nothing = Filed::read(b"").unwrap();
        assert_eq!((nothing.quantity(), nothing.net()), (0, Some(Decimal::ZERO)));
        assert_eq!(nothing, Filed::read(HEAD.as_bytes()).unwrap());
        assert!(Filed::read(b"a,b\r\n").is_err());
    }
}
