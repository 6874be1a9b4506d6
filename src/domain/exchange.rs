//! Exchange rates: a table of what one euro was worth on the days on which its bank said so, and what an invoice freezes of
//! it.
//!
//! A rate between two other currencies is a fraction of two rows of the table: it is never written as one number, which would
//! have to be rounded.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::bank_days::is_bank_day;
use super::invoice::Vat;
use super::vat::VatShare;
use super::{Currency, Date, Decimal, Money};

/// Units of some currencies for one euro, by the day of publication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    days: BTreeMap<Date, BTreeMap<Currency, Decimal>>,
}

/// Why a day has no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRate {
    #[error("the table of rates ends before {0}")]
    Ends(Date),
    #[error("the table of rates begins after {0}")]
    Begins(Date),
    #[error("the table of rates has no row of {0}, a day on which the bank publishes them")]
    Gap(Date),
    #[error(
        "the rates of {currency} of {published} and of {other} differ by more than a factor of two: one is mistyped"
    )]
    Leap { currency: Currency, published: Date, other: Date },
    #[error("the rates of {published} lack {currency}")]
    Currency { published: Date, currency: Currency },
}

/// Rows before and after that are looked through for a rate to compare with.
const NEIGHBOURS: usize = 10;

impl Rates {
    /// Adds a rate; `false` where the day has one for the currency.
    pub fn add(&mut self, day: Date, currency: Currency, per_euro: Decimal) -> bool {
        let rates = self.days.entry(day).or_default();
        let is_new = !rates.contains_key(&currency);
        rates.entry(currency).or_insert(per_euro);
        is_new
    }

    /// Adds a day of publication, which may be without any rate that is looked for; `false` where it is there.
    pub fn add_day(&mut self, day: Date) -> bool {
        let is_new = !self.days.contains_key(&day);
        self.days.entry(day).or_default();
        is_new
    }

    /// The last day with rates.
    pub fn last_day(&self) -> Option<Date> {
        self.days.last_key_value().map(|(day, _)| *day)
    }

    /// The rate of a day: the last that was published on it or before it.
    ///
    /// # Errors
    /// Where the table does not reach the day: then another may have been published by then. Where a row is missing in which
    /// one was published, the rates lack a currency, or one of them cannot be right beside those of the days about it.
    pub fn on(&self, day: Date, from: Currency, to: Currency) -> Result<Rate, NoRate> {
        if self.last_day().is_none_or(|last| last < day) {
            return Err(NoRate::Ends(day));
        }
        let (published, rates) = self.days.range(..=day).next_back().ok_or(NoRate::Begins(day))?;
        let after = std::iter::successors(Some(published.plus_days(1)), |day| Some(day.plus_days(1)));
        if let Some(missing) = after.take_while(|missing| *missing <= day).find(|missing| is_bank_day(*missing)) {
            return Err(NoRate::Gap(missing));
        }
        let leg = |currency: Currency| {
            if currency.code() == EURO {
                return Ok(Decimal::whole(1));
            }
            let rate = *rates.get(&currency).ok_or(NoRate::Currency { published: *published, currency })?;
            match self.leap(*published, currency, rate) {
                Some(other) => Err(NoRate::Leap { currency, published: *published, other }),
                None => Ok(rate),
            }
        };
        Ok(Rate { from, to, date: *published, from_per_euro: leg(from)?, to_per_euro: leg(to)? })
    }

    /// The day before or after with another rate of a currency than that of `day` can be: a dot in a wrong place.
    fn leap(&self, day: Date, currency: Currency, rate: Decimal) -> Option<Date> {
        let of = |(day, rates): (&Date, &BTreeMap<Currency, Decimal>)| Some((*day, *rates.get(&currency)?));
        let before = self.days.range(..day).rev().take(NEIGHBOURS).find_map(of);
        let after = self.days.range((Bound::Excluded(day), Bound::Unbounded)).take(NEIGHBOURS).find_map(of);
        let is_leap = |other: Decimal| rate.times(2) < Some(other) || other.times(2) < Some(rate);
        before.into_iter().chain(after).find(|(_, other)| is_leap(*other)).map(|(day, _)| day)
    }

    /// The rows that prove the rate of a day, as a table of the same form: the last one published until then, and the first
    /// after it where that one is not of the day itself. Empty where there is no rate.
    pub fn proof(&self, day: Date, currencies: &[Currency]) -> String {
        let Some((published, _)) = self.days.range(..=day).next_back() else { return String::new() };
        let after = self.days.range(day..).next().map(|(day, _)| *day);
        let columns: Vec<Currency> = currencies.iter().copied().filter(|currency| currency.code() != EURO).collect();
        let mut text = String::from("Date");
        for currency in &columns {
            text.push(',');
            text.push_str(currency.code());
        }
        text.push('\n');
        for day in after.into_iter().filter(|after| after != published).chain([*published]) {
            text.push_str(&day.to_string());
            for currency in &columns {
                let rate = self.days.get(&day).and_then(|rates| rates.get(currency));
                text.push(',');
                text.push_str(&rate.map_or_else(|| "N/A".to_owned(), Decimal::to_string));
            }
            text.push('\n');
        }
        text
    }
}

/// The currency that the table is written in.
const EURO: &str = "EUR";

/// A rate between two currencies, as the fraction that it was published as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub from: Currency,
    pub to: Currency,
    /// When it was published.
    pub date: Date,
    pub from_per_euro: Decimal,
    pub to_per_euro: Decimal,
}

impl Rate {
    /// An exact amount of `from` in `to`, rounded once.
    pub fn convert(&self, exact: Decimal) -> Option<Money> {
        exact.converted(self.to_per_euro, self.from_per_euro, self.to)
    }

    /// A price of `from` in `to`, at nine places: for documents to show.
    pub fn price(&self, price: Decimal) -> Option<Decimal> {
        price.scaled(self.to_per_euro, self.from_per_euro)
    }

    /// Whether an amount is what an exact one comes to.
    pub fn fits(&self, exact: Decimal, amount: Money) -> bool {
        amount.currency() == self.to && exact.converts_to(self.to_per_euro, self.from_per_euro, amount)
    }

    /// What an exact amount comes to, beside an amount of `to`; `None` when a product does not fit.
    pub fn compare(&self, exact: Decimal, amount: Money) -> Option<Ordering> {
        let product = |of: Decimal, per_euro: Decimal| of.units().checked_mul(per_euro.units());
        Some(product(exact, self.to_per_euro)?.cmp(&product(amount.exact(), self.from_per_euro)?))
    }
}

/// A row of an invoice in another currency, with the parts that the row has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangedRow {
    pub amount: Money,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<VatShare>,
}

/// A row of a credit note in another currency: what was billed in it and not given back yet, and what stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangedCredit {
    pub billed: Money,
    pub now: Money,
    pub credit: Money,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<VatShare>,
}

/// What an invoice says in another currency than that of its tariff: the rate, frozen, and every amount by it.
///
/// Each list has one entry for each row of the document, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The document is billed and paid in it.
    pub currency: Currency,
    /// When the rate was published.
    pub rate_date: Date,
    /// Units of the tariff's currency for one euro.
    pub tariff_per_euro: Decimal,
    /// Units of `currency` for one euro.
    pub billed_per_euro: Decimal,
    /// SHA-256 of the rows of the table that prove the rate; the ledger holds them.
    pub table_sha256: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Money>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<ExchangedRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<ExchangedRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credited: Vec<ExchangedCredit>,
    pub net: Money,
    pub vat: Vec<Vat>,
    pub tax: Money,
    /// What is to be paid, or is given back.
    pub total: Money,
}

impl Exchange {
    /// The frozen rate, of amounts in the tariff's currency.
    pub fn rate(&self, tariff: Currency) -> Rate {
        Rate {
            from: tariff,
            to: self.currency,
            date: self.rate_date,
            from_per_euro: self.tariff_per_euro,
            to_per_euro: self.billed_per_euro,
        }
    }
}

/// VAT in the currency of the seller's VAT return (BT-6), where the document is billed in another: the rate, frozen, and the tax
/// by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatAccounting {
    pub currency: Currency,
    /// When the rate was published.
    pub rate_date: Date,
    /// Units of the currency that the document is billed in for one euro.
    pub billed_per_euro: Decimal,
    /// Units of `currency` for one euro.
    pub accounted_per_euro: Decimal,
    /// SHA-256 of the rows of the table that prove the rate; the ledger holds them.
    pub table_sha256: String,
    /// All tax of the document (BT-111), or what is given back of it.
    pub tax: Money,
}

impl VatAccounting {
    /// The frozen rate, of amounts in the currency that the document is billed in.
    pub fn rate(&self, billed: Currency) -> Rate {
        Rate {
            from: billed,
            to: self.currency,
            date: self.rate_date,
            from_per_euro: self.billed_per_euro,
            to_per_euro: self.accounted_per_euro,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn currency(text: &str) -> Currency {
        text.parse().unwrap()
    }

    fn rates() -> Rates {
        let mut rates = Rates::default();
        for (date, usd, gbp) in [
            ("2018-08-30", "1.1692", Some("0.89668")),
            ("2018-08-31", "1.1651", Some("0.89745")),
            ("2018-09-03", "1.1604", None),
        ] {
            assert!(rates.add_day(day(date)));
            assert!(rates.add(day(date), currency("USD"), usd.parse().unwrap()));
            assert!(gbp.is_none_or(|gbp| rates.add(day(date), currency("GBP"), gbp.parse().unwrap())));
        }
        assert!(!rates.add_day(day("2018-08-31")));
        assert!(!rates.add(day("2018-08-31"), currency("USD"), Decimal::whole(1)));
        rates
    }

    #[track_caller]
    fn check(of: &str, to: &str, found: Result<&str, &str>) {
        let rate = rates().on(day(of), currency("USD"), currency(to));
        let rate = rate.map(|rate| format!("{} {}/{}", rate.date, rate.to_per_euro, rate.from_per_euro));
        assert_eq!(rate.map_err(|error| error.to_string()).as_deref().map_err(String::as_str), found);
    }

    #[test]
    fn the_rate_of_a_day_is_the_last_that_was_published_until_then() {
        check("2018-08-31", "EUR", Ok("2018-08-31 1.00/1.1651"));
        // A Sunday has the rate of its Friday once Monday's is there to prove that it is the last.
        check("2018-09-02", "GBP", Ok("2018-08-31 0.89745/1.1651"));
        check("2018-09-04", "EUR", Err("the table of rates ends before 2018-09-04"));
        check("2018-08-29", "EUR", Err("the table of rates begins after 2018-08-29"));
        check("2018-09-03", "GBP", Err("the rates of 2018-09-03 lack GBP"));
    }

    #[test]
    fn a_missing_row_is_a_gap_and_a_holiday_is_none() {
        let of = |rows: &[&str], of: &str| {
            let mut rates = Rates::default();
            for row in rows {
                rates.add_day(day(row));
                rates.add(day(row), currency("USD"), Decimal::whole(1));
            }
            rates.on(day(of), currency("USD"), currency("EUR")).map(|rate| rate.date)
        };
        // A Friday without a row, ten days before the next one.
        assert_eq!(of(&["2018-08-24", "2018-09-10"], "2018-08-31"), Err(NoRate::Gap(day("2018-08-27"))));
        assert_eq!(of(&["2018-08-30", "2018-09-03"], "2018-08-31"), Err(NoRate::Gap(day("2018-08-31"))));
        // Easter, from Thursday to Tuesday; and Christmas, which was a Tuesday.
        assert_eq!(of(&["2018-03-29", "2018-04-03"], "2018-04-02"), Ok(day("2018-03-29")));
        assert_eq!(of(&["2018-12-24", "2018-12-27"], "2018-12-26"), Ok(day("2018-12-24")));
        assert_eq!(of(&["2018-12-31", "2019-01-02"], "2019-01-01"), Ok(day("2018-12-31")));
    }

    #[test]
    fn a_dot_in_a_wrong_place_is_no_rate() {
        let of = |usd: [&str; 3], of: &str| {
            let mut rates = Rates::default();
            for (row, usd) in ["2018-08-30", "2018-08-31", "2018-09-03"].iter().zip(usd) {
                rates.add_day(day(row));
                rates.add(day(row), currency("USD"), usd.parse().unwrap());
            }
            rates.on(day(of), currency("EUR"), currency("USD"))
        };
        let leap = |published: &str, other: &str| {
            let (published, other) = (day(published), day(other));
            Err(NoRate::Leap { currency: currency("USD"), published, other })
        };
        assert_eq!(of(["1.1692", "11.651", "1.1604"], "2018-08-31"), leap("2018-08-31", "2018-08-30"));
        // Which of two is mistyped cannot be told.
        assert_eq!(of(["1.1692", "1.1651", "0.11604"], "2018-08-31"), leap("2018-08-31", "2018-09-03"));
        assert!(of(["1", "2", "4"], "2018-08-31").is_ok());
    }

    #[test]
    fn the_proof_of_a_rate_gives_the_same_rate() {
        let of = |date: &str| rates().proof(day(date), &[currency("USD"), currency("EUR")]);
        assert_eq!(of("2018-08-31"), "Date,USD\n2018-08-31,1.1651\n");
        assert_eq!(of("2018-09-01"), "Date,USD\n2018-09-03,1.1604\n2018-08-31,1.1651\n");
        assert_eq!(of("2018-08-01"), "");
        assert_eq!(rates().proof(day("2018-09-03"), &[currency("GBP")]), "Date,GBP\n2018-09-03,N/A\n");
    }
}
