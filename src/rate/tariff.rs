//! The tariff: parsed once into a form that has no gap, no overlap and no price out of bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{price, written};
use crate::domain::text::leading_digits;
use crate::domain::{Currency, Decimal, Elapsed, EntryPoint, Instant, Market, Mistake, Money, Reading, Span, Zone};

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
    /// Every price lies within these.
    pub bounds: (Decimal, Decimal),
    /// How the tiers of its rates are read; `None`: no rate has any.
    pub tiers: Option<TierMode>,
    /// So many of the first charges of a business and month cost nothing.
    pub free: u64,
    /// The least and the most that the charges of a business and month come to.
    pub minimum: Option<Money>,
    pub cap: Option<Money>,
    pub(super) markets: BTreeMap<Market, MarketRates>,
}

/// Which charges have the price of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierMode {
    /// Those beyond the tier's beginning.
    Graduated,
    /// All of the market, when their number goes beyond it.
    AllUnits,
}

impl TierMode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Graduated => "graduated",
            Self::AllUnits => "all_units",
        }
    }
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
pub struct Rate {
    /// Line in the file, from 1.
    pub line: u32,
    /// When it is in force.
    pub span: Span,
    /// Not empty, rising; the first begins above 0. A row without tiers has one.
    pub tiers: Vec<Tier>,
}

/// The prices of the charges beyond a number of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// So many charges of the business and market lie below it in the month.
    pub above: u64,
    pub price: Price,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Price {
    Flat(Decimal),
    /// Not empty, rising; the first begins at the window.
    Steps(Vec<Step>),
}

/// The price of a wait longer than `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub after: Elapsed,
    pub price: Decimal,
}

/// A row of the rate table with what it is for.
#[derive(Clone, Copy, Debug)]
pub struct RateOf<'t> {
    pub market: &'t Market,
    /// `None`: every entry point that has no row of its own.
    pub entry_point: Option<EntryPoint>,
    pub rate: &'t Rate,
}

impl Price {
    /// The lateness steps; none for a flat price.
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Flat(_) => &[],
            Self::Steps(steps) => steps,
        }
    }
}

impl Rate {
    /// Whether the row has tiers.
    pub fn is_tiered(&self) -> bool {
        self.tiers.len() > 1
    }

    /// The tier that a number of charges reaches, itself included.
    pub(super) fn tier(&self, number: u64) -> Option<&Tier> {
        self.tiers.iter().rfind(|tier| tier.above < number)
    }

    /// The last instant, as length of a wait, at which its price can change in any tier.
    pub(super) fn last_step(&self) -> Option<Elapsed> {
        self.tiers.iter().filter_map(|tier| tier.price.steps().last()).map(|step| step.after).max()
    }
}

impl Tariff {
    /// Reads the written form: TOML, with the table of rates where it names one ([`Tariff::with_table`]). All mistakes of the file are listed, not only the first.
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
        let tiers = self.rates().flat_map(|rate| &rate.tiers);
        let steps = tiers.flat_map(|tier| tier.price.steps()).map(|step| step.after);
        steps.chain([self.reading.window]).collect()
    }

    /// The name of the table of rates that a tariff's TOML asks for; `None` where it has none.
    pub fn table_name(toml: &str) -> Option<String> {
        written::table_name(toml)
    }

    /// TOML and table as the one text that [`Tariff::parse`] reads and the ledger keeps. An error says why not.
    pub fn with_table(toml: &str, name: &str, table: &str) -> Result<String, String> {
        written::joined(toml, name, table)
    }

    /// What differs from the default reading, as the file writes it; empty for the default.
    pub fn reading_text(&self) -> String {
        if self.reading.stated().is_empty() { String::new() } else { self.reading.to_string() }
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

    /// What a charge costs whatever the length of its wait and its place in the month; `None` where these matter, or no
    /// rate is in force.
    pub fn flat_price(&self, market: &Market, entry_point: EntryPoint, instant: Instant) -> Option<Decimal> {
        let rate = self.rate_at(market, entry_point, instant)?;
        match &rate.tiers[..] {
            [Tier { price: Price::Flat(price), .. }] if !self.counts() => Some(*price),
            _ => None,
        }
    }

    /// The rate table, in the order of market, entry point (the general rows first) and time.
    pub fn rows(&self) -> impl Iterator<Item = RateOf<'_>> {
        self.markets.iter().flat_map(|(market, rates)| {
            let general = rates.general.iter().map(move |rate| RateOf { market, entry_point: None, rate });
            let own = rates.by_entry_point.iter().flat_map(move |(entry_point, rates)| {
                rates.iter().map(move |rate| RateOf { market, entry_point: Some(*entry_point), rate })
            });
            general.chain(own)
        })
    }

    /// Whether charges are counted: for tiers or free units.
    pub fn counts(&self) -> bool {
        self.free > 0 || self.tiers.is_some()
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
        let found = rate.map(|rate| match &rate.tiers[0].price {
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
