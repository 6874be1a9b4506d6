//! The tariff: parsed once into a form that has no gap, no overlap and no price out of bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{price, written};
use crate::domain::text::leading_digits;
use crate::domain::{Currency, Decimal, Elapsed, EntryPoint, Instant, Market, Mistake, Reading, Span, Zone};

/// Prices for late replies, with the reading of the rule that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    pub id: String,
    pub version: String,
    pub currency: Currency,
    /// Of the dates in the file.
    pub zone: Zone,
    /// Where the rates come from, in the file's own words.
    pub source: String,
    pub reading: Reading,
    pub(super) markets: BTreeMap<Market, MarketRates>,
}

/// The rates of one market.
///
/// Invariant: `general` is not empty; each list is sorted, its spans neither overlap nor leave a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MarketRates {
    pub general: Vec<Rate>,
    pub by_entry_point: BTreeMap<EntryPoint, Vec<Rate>>,
}

/// One row of the rate table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Line in the file, from 1.
    pub line: u32,
    pub span: Span,
    pub price: Price,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Price {
    Flat(Decimal),
    /// Not empty, rising; the first begins at the window.
    Steps(Vec<Step>),
}

/// The price of a wait longer than `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub after: Elapsed,
    pub price: Decimal,
}

impl Tariff {
    /// Reads the TOML form. All mistakes of the file are listed, not only the first.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Mistake>> {
        written::parse(path, text)
    }

    /// The same rates under another reading. An error says why they do not go together.
    pub fn with_reading(&self, reading: Reading) -> Result<Self, String> {
        if let Some(clash) = reading.clash() {
            return Err(format!("{}: {}", clash.field, clash.message));
        }
        let has_steps = price::last_step(self) > Elapsed::ZERO;
        if has_steps && reading.window != self.reading.window {
            return Err("the lateness steps begin at another window".to_owned());
        }
        if has_steps && reading.give_up.is_some_and(|give_up| give_up <= price::last_step(self)) {
            return Err("the last lateness step begins after give_up".to_owned());
        }
        Ok(Self { reading, ..self.clone() })
    }

    /// Lengths of a wait after which some price begins: the window and the lateness steps.
    pub fn price_changes(&self) -> BTreeSet<Elapsed> {
        let steps = self.rates().filter_map(|rate| match &rate.price {
            Price::Steps(steps) => Some(steps.iter().map(|step| step.after)),
            Price::Flat(_) => None,
        });
        steps.flatten().chain([self.reading.window]).collect()
    }

    /// `late-reply@2018-08`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// How long after a message its charge can still change: the window, the last lateness step, or `give_up`.
    /// The tolerance of a source comes on top.
    pub fn horizon(&self) -> Elapsed {
        self.reading.horizon().max(price::last_step(self))
    }

    /// The market of a customer: the longest calling code of the tariff that begins its E.164 number.
    pub fn market_of(&self, customer: &str) -> Market {
        let digits = leading_digits(customer);
        let prefixes = (1..=digits.len()).rev().filter_map(|length| Market::parse(&digits[..length]));
        prefixes.into_iter().find(|market| self.markets.contains_key(market)).unwrap_or_else(Market::other)
    }

    /// The row in force at `instant`: the market's row for the entry point, else its general one.
    pub(super) fn rate_at(&self, market: &Market, entry_point: EntryPoint, instant: Instant) -> Option<&Rate> {
        let rates = self.markets.get(market)?;
        let specific = rates.by_entry_point.get(&entry_point).into_iter().flatten();
        specific.chain(&rates.general).find(|rate| rate.span.contains(instant))
    }

    pub(super) fn rates(&self) -> impl Iterator<Item = &Rate> {
        self.markets.values().flat_map(|market| market.general.iter().chain(market.by_entry_point.values().flatten()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";

    fn tariff(rates: &str) -> Tariff {
        Tariff::parse(Path::new("t.toml"), &format!("{HEAD}{rates}")).unwrap()
    }

    #[track_caller]
    fn check(tariff: &Tariff, customer: &str, entry_point: EntryPoint, at: &str, price: Option<&str>) {
        let market = tariff.market_of(customer);
        let rate = tariff.rate_at(&market, entry_point, at.parse().unwrap());
        let found = rate.map(|rate| match &rate.price {
            Price::Flat(price) => price.to_string(),
            Price::Steps(steps) => format!("{} steps", steps.len()),
        });
        assert_eq!(found.as_deref(), price, "{customer} {entry_point} {at}");
    }

    #[test]
    fn the_longest_calling_code_wins() {
        let tariff = tariff(
            r#"
rate = [{ market = "1", price = "0.02" }, { market = "1 809", price = "0.04" }, { market = "39", price = "0.05" },
        { market = "39", entry_point = "live_support", price = "0.06" }, { market = "other", price = "0.01" }]"#,
        );
        let now = "2018-08-01T00:00:00Z";
        check(&tariff, "+12125550100", EntryPoint::Unknown, now, Some("0.02"));
        check(&tariff, "+18095550100", EntryPoint::Unknown, now, Some("0.04"));
        check(&tariff, "+393335550100", EntryPoint::ClickToChat, now, Some("0.05"));
        check(&tariff, "+393335550100", EntryPoint::LiveSupport, now, Some("0.06"));
        check(&tariff, "393335550100", EntryPoint::LiveSupport, now, Some("0.01"));
        check(&tariff, "+39 333", EntryPoint::LiveSupport, now, Some("0.01"));
        check(&tariff, "someone", EntryPoint::LiveSupport, now, Some("0.01"));
        check(&tariff, "+", EntryPoint::LiveSupport, now, Some("0.01"));
    }

    #[test]
    fn a_rate_holds_from_its_first_day_to_the_day_before_its_end() {
        let tariff = tariff(
            r#"
rate = [{ market = "other", to = "2018-08-01", price = "0.01" },
        { market = "other", from = "2018-08-01", to = "2018-09-01", price = "0.02" }]"#,
        );
        check(&tariff, "x", EntryPoint::Unknown, "2018-07-31T23:59:59.999999Z", Some("0.01"));
        check(&tariff, "x", EntryPoint::Unknown, "2018-08-01T00:00:00Z", Some("0.02"));
        check(&tariff, "x", EntryPoint::Unknown, "2018-09-01T00:00:00Z", None);
    }
}
