//! `ritardo tariff show`: a tariff as a table.

use serde::Serialize;

use super::read;
use crate::cli::{TableForm, TariffShow};
use crate::commands::setup::Setup;
use crate::commands::table::Table;
use crate::commands::{Outcome, World, say};
use crate::domain::business::Language;
use crate::domain::{Currency, Date, Decimal, Elapsed, EntryPoint, Instant, Market, Money};
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use crate::rate::tariff::{Price, RateOf};
use crate::render::market_named;

/// One price of a tariff: a row of its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceRow {
    pub market: Market,
    pub name: String,
    /// `None`: every entry point without rows of its own.
    pub entry_point: Option<EntryPoint>,
    /// First day and first day after, in the tariff's zone; `None` where it has no such end.
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub above: Option<u64>,
    pub after: Option<Elapsed>,
    pub price: Decimal,
}

/// What `--format json` writes.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    id: String,
    version: String,
    currency: Currency,
    zone: String,
    source: String,
    reading: String,
    tiers: Option<&'static str>,
    free: u64,
    minimum: Option<Money>,
    cap: Option<Money>,
    sha256: String,
    rates: Vec<PriceRow>,
}

pub fn show(args: &TariffShow, world: &mut World) -> Result<Outcome, Failure> {
    let (tariff, written) = match &args.file {
        Some(path) => read(path)?,
        None => read(&Setup::load(&args.config)?.config.tariff)?,
    };
    let rates: Vec<PriceRow> = prices(&tariff, args.at);
    let told = Told {
        format: "ritardo-tariff/1",
        id: tariff.id.clone(),
        version: tariff.version.clone(),
        currency: tariff.currency,
        zone: tariff.zone.to_string(),
        source: tariff.source.clone(),
        reading: tariff.reading.to_string(),
        tiers: tariff.tiers.map(crate::rate::tariff::TierMode::name),
        free: tariff.free,
        minimum: tariff.minimum,
        cap: tariff.cap,
        sha256: written.sha256,
        rates,
    };
    match args.format {
        TableForm::Json => {
            let broken = |error| Failure::new(Kind::SelfCheck, "the tariff cannot be written").because(error);
            say(world.out, &serde_json::to_string_pretty(&told).map_err(broken)?)?;
        }
        TableForm::Csv => {
            let mut table = Table::new(&["market", "from", "to", "entry point", "above", "after", "price"]);
            told.rates.iter().for_each(|row| table.add(row.cells(false)));
            let text = table.csv()?;
            say(world.out, text.trim_end_matches("\r\n"))?;
        }
        TableForm::Text => print(&told, world)?,
    }
    Ok(Outcome::Done)
}

/// All prices, or those that are in force at some instant of a day.
pub fn prices(tariff: &Tariff, at: Option<Date>) -> Vec<PriceRow> {
    let span =
        at.map(|day| crate::domain::Span { from: day.start(tariff.zone), to: day.plus_days(1).start(tariff.zone) });
    let is_wanted = |row: &RateOf| span.is_none_or(|span| row.rate.span.overlaps(&span));
    tariff.rows().filter(is_wanted).flat_map(|row| of_rate(tariff, &row)).collect()
}

fn of_rate(tariff: &Tariff, row: &RateOf) -> Vec<PriceRow> {
    let span = row.rate.span;
    let day = |at: Instant| (at != Instant::MIN && at != Instant::MAX).then(|| tariff.zone.date_of(at));
    let name = market_named(row.market, Language::English).unwrap_or_else(|| "all others".to_owned());
    let price = |above: Option<u64>, after: Option<Elapsed>, price: Decimal| PriceRow {
        market: row.market.clone(),
        name: name.replace('\u{a0}', " "),
        entry_point: row.entry_point,
        from: day(span.from),
        to: day(span.to),
        above,
        after,
        price,
    };
    let mut rows = Vec::new();
    for tier in &row.rate.tiers {
        let above = row.rate.is_tiered().then_some(tier.above);
        match &tier.price {
            Price::Flat(flat) => rows.push(price(above, None, *flat)),
            Price::Steps(steps) => rows.extend(steps.iter().map(|step| price(above, Some(step.after), step.price))),
        }
    }
    rows
}

impl PriceRow {
    /// In the columns of a table of rates; with the market's name before them where a person reads it.
    pub fn cells(&self, named: bool) -> Vec<String> {
        fn text<T: ToString>(value: Option<&T>) -> String {
            value.map(T::to_string).unwrap_or_default()
        }
        let (from, to) = (text(self.from.as_ref()), text(self.to.as_ref()));
        let entry_point = self.entry_point.map(|entry_point| entry_point.name().to_owned()).unwrap_or_default();
        let (above, after) = (text(self.above.as_ref()), text(self.after.as_ref()));
        let market = if named { self.name.clone() } else { self.market.to_string() };
        vec![market, from, to, entry_point, above, after, self.price.to_string()]
    }
}

fn print(told: &Told, world: &mut World) -> Result<(), Failure> {
    let Told { id, version, currency, zone, source, reading, .. } = told;
    say(world.out, &format!("{id}@{version}, prices in {currency}, days of {zone}"))?;
    let limit = |name: &str, limit: Option<Money>| limit.map(|limit| format!("{name} {limit}"));
    let free = (told.free > 0).then(|| format!("{} free charges", told.free));
    let tiers = told.tiers.map(|tiers| format!("tiers {}", tiers.replace('_', " ")));
    let terms: Vec<String> =
        [free, tiers, limit("minimum", told.minimum), limit("cap", told.cap)].into_iter().flatten().collect();
    let terms = if terms.is_empty() { "none".to_owned() } else { format!("{} a business and month", terms.join(", ")) };
    for (label, text) in [("source", source), ("reading", reading), ("terms", &terms), ("sha256", &told.sha256)] {
        say(world.out, &format!("  {label:<9} {text}"))?;
    }
    let mut table = Table::new(&["market", "from", "until before", "entry point", ">above", ">after", ">price"]);
    told.rates.iter().for_each(|row| table.add(row.cells(true)));
    table.lines().iter().try_for_each(|line| say(world.out, &format!("  {line}")))
}
