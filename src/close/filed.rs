//! The charges of a month as they were filed, and what differs between two files of them.

use std::collections::{BTreeMap, BTreeSet};

use super::line_file::{COLUMNS, NO_CHARGE, bare, guarded, written};
use crate::domain::correction::CreditOf;
use crate::domain::text::masked;
use crate::domain::{Currency, Decimal, EntryPoint, Market, Money};

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

/// What stands in the columns of the verdicts where a row is what other documents bill of the changes.
pub const ELSEWHERE: &str = "elsewhere";

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

    /// What rounding adds to the exact charges. `None` when it does not fit.
    fn rounding(&self) -> Option<Decimal> {
        let sums = Decimal::sum(self.groups.values().map(|(_, sum)| *sum))?;
        sums.checked_sub(Decimal::sum(self.charges.values().map(|row| row.amount))?)
    }

    fn adjustment(&self, of: CreditOf) -> Decimal {
        self.adjustments.get(&of).copied().unwrap_or_default()
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
    let rows = changed_messages(billed, now, currency)?;
    let count = rows.len() as u64;
    Some((written(with_head(rows)), count))
}

/// The file that goes with a credit note, as CSV: the messages of [`change_file`], and after them a row each for what rounding,
/// minimum, cap and other documents make of them. Its credits come to the net amount of the note, which is in the currency of
/// the tariff. `None` when an amount does not fit.
pub fn credit_file(net: Money, billed: &Filed, now: &Filed) -> Option<Vec<u8>> {
    let mut rows = changed_messages(billed, now, net.currency())?;
    let of_month = billed.net()?.checked_sub(now.net()?)?;
    let parts = [
        (NO_CHARGE[0], billed.rounding()?, now.rounding()?),
        (NO_CHARGE[1], billed.adjustment(CreditOf::Minimum), now.adjustment(CreditOf::Minimum)),
        (NO_CHARGE[2], billed.adjustment(CreditOf::Cap), now.adjustment(CreditOf::Cap)),
        (ELSEWHERE, net.exact().checked_sub(of_month)?, Decimal::ZERO),
    ];
    for (name, was, is) in parts.into_iter().filter(|(_, was, is)| was != is) {
        let mut row: [String; 13] = Default::default();
        row[5] = name.to_owned();
        row[6] = name.to_owned();
        row[9] = was.to_string();
        row[10] = is.to_string();
        row[11] = was.checked_sub(is)?.to_string();
        row[12] = net.currency().to_string();
        rows.push(row);
    }
    Some(written(with_head(rows)))
}

fn with_head(rows: Vec<[String; 13]>) -> impl Iterator<Item = [String; 13]> {
    std::iter::once(CHANGE_COLUMNS.map(str::to_owned)).chain(rows)
}

/// A row for each message whose charge is another.
fn changed_messages(billed: &Filed, now: &Filed, currency: Currency) -> Option<Vec<[String; 13]>> {
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
    Some(rows)
}

/// A file of changed charges without the ids and customers of some messages, as [`super::without_names`] does it with a
/// file of charges.
pub fn changes_without_names(
    changes: &[u8],
    named: &dyn Fn(&str, &str) -> Option<String>,
) -> Result<Option<Vec<u8>>, String> {
    let mut reader = csv::Reader::from_reader(changes);
    if !reader.headers().map_err(|error| error.to_string())?.iter().eq(CHANGE_COLUMNS) {
        return Err("its columns are others".to_owned());
    }
    let (mut rows, mut after, mut found) = (Vec::<[String; 13]>::new(), Vec::new(), false);
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let mut row: [String; 13] = std::array::from_fn(|place| record.get(place).unwrap_or_default().to_owned());
        // What was not received is no message, and stays behind them.
        if row[3].is_empty() {
            after.push(row);
            continue;
        }
        if let Some(id) = named(bare(&row[1]), bare(&row[0])) {
            (row[0], row[2], found) = (guarded(&id), masked("", None), true);
        }
        rows.push(row);
    }
    sort(&mut rows);
    rows.extend(after);
    Ok(found.then(|| written(with_head(rows))))
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
        let named = |_: &str, id: &str| (id == "a").then(|| "forgotten-1".to_owned());
        let redacted = changes_without_names(&changes, &named).unwrap().unwrap();
        assert!(!String::from_utf8(redacted.clone()).unwrap().contains("\r\na,"));
        assert_eq!(changes_without_names(&redacted, &named), Ok(None));
    }

    #[test]
    fn the_file_of_a_credit_note_comes_to_its_net_amount() {
        let beside = |kind: &str, amount: &str| {
            let group = if kind == "rounding" { "39,unknown,t@1,0.05" } else { ",,t@1,0.10" };
            format!(",,,,,,{kind},,{group},{amount},USD\r\n")
        };
        let with = |rows: &[(&str, &str)], beside: &[String]| {
            Filed::read(&[file(rows), beside.concat().into_bytes()].concat()).unwrap()
        };
        // Three messages of 0.05 with a cap of 0.10, of which one is left with a minimum of 0.07 and something rounded.
        let was = with(&[("a", "0.05"), ("b", "0.05"), ("c", "0.05")], &[beside("cap", "-0.05")]);
        let now = with(&[("c", "0.05")], &[beside("rounding", "0.01"), beside("minimum", "0.01")]);
        let credits = |net: &str| {
            let net: Money = net.parse().unwrap();
            let file = credit_file(net, &was, &now).unwrap();
            let mut reader = csv::Reader::from_reader(file.as_slice());
            let row = |row: Result<csv::StringRecord, csv::Error>| {
                let row = row.unwrap();
                let [billed, now, credit] = [9, 10, 11].map(|place| row[place].parse::<Decimal>().unwrap());
                assert_eq!(billed.checked_sub(now), Some(credit), "{row:?}");
                (row[5].to_owned(), credit)
            };
            let rows: Vec<(String, Decimal)> = reader.records().map(row).collect();
            assert_eq!(Decimal::sum(rows.iter().map(|(_, credit)| *credit)), Some(net.exact()), "{rows:?}");
            let beside = rows.into_iter().filter(|(name, _)| !name.is_empty() && name != "unanswered");
            beside.map(|(name, credit)| format!("{name} {credit}")).collect::<Vec<_>>()
        };
        assert_eq!(credits("USD 0.03"), ["rounding -0.01", "minimum -0.01", "cap -0.05"]);
        // Another document bills two cents of what changed.
        assert_eq!(credits("USD 0.01"), ["rounding -0.01", "minimum -0.01", "cap -0.05", "elsewhere -0.02"]);
        let (net, plain): (Money, _) = ("USD 0.05".parse().unwrap(), read(&[("a", "0.05")]));
        let changes = change_file(&plain, &read(&[]), net.currency()).unwrap().0;
        assert_eq!(credit_file(net, &plain, &read(&[])).unwrap(), changes, "nothing but messages: as it always was");
        // Whoever is forgotten goes out, and what is no message stays behind.
        let named = |_: &str, id: &str| (id == "b").then(|| "forgotten-1".to_owned());
        let redacted = changes_without_names(&credit_file(net, &was, &now).unwrap(), &named).unwrap().unwrap();
        let text = String::from_utf8(redacted).unwrap();
        let verdicts: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(5).unwrap()).collect();
        assert_eq!(verdicts, ["unanswered", "unanswered", "rounding", "minimum", "cap", "elsewhere"], "{text}");
    }

    #[test]
    fn an_empty_month_comes_to_nothing() {
        let nothing = Filed::read(b"").unwrap();
        assert_eq!((nothing.quantity(), nothing.net()), (0, Some(Decimal::ZERO)));
        assert_eq!(nothing, Filed::read(HEAD.as_bytes()).unwrap());
        assert!(Filed::read(b"a,b\r\n").is_err());
    }
}
