//! The written form of a tariff (TOML), and every way in which it can be wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::tariff::{MarketRates, Price, Rate, Step, Tariff};
use crate::domain::mistake::line_of;
use crate::domain::reading::Boundary;
use crate::domain::{Currency, Date, Decimal, Elapsed, EntryPoint, Instant, Market, Mistake, Reading, Span, Zone};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Spanned<String>,
    version: Spanned<String>,
    currency: Spanned<String>,
    zone: Spanned<String>,
    source: String,
    bounds: Option<Spanned<[String; 2]>>,
    reading: Option<ReadingTable>,
    #[serde(default)]
    rate: Vec<Spanned<Row>>,
    // Known to the rule, not priced yet: refused by name, never ignored.
    tiers: Option<Spanned<toml::Value>>,
    free: Option<Spanned<toml::Value>>,
    minimum: Option<Spanned<toml::Value>>,
    cap: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingTable {
    charge_for: Option<Spanned<String>>,
    charge_per: Option<Spanned<String>>,
    clock: Option<Spanned<String>>,
    window: Option<Spanned<String>>,
    boundary: Option<Spanned<String>>,
    price_date: Option<Spanned<String>>,
    month_of: Option<Spanned<String>>,
    answered_by: Option<Spanned<String>>,
    give_up: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    market: Spanned<String>,
    from: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    entry_point: Option<Spanned<String>>,
    price: Option<Spanned<String>>,
    steps: Option<Spanned<Vec<StepRow>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRow {
    after: Spanned<String>,
    price: Spanned<String>,
}

/// No bound may lie above: a file of waits holds amounts of nine digits before the point at most.
const PRICE_MAX: Decimal = Decimal::whole(1_000_000);

/// Collects mistakes while the file is walked: a value that is wrong is noted and replaced by `None`.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Tariff, Vec<Mistake>> {
    let file: File = toml::from_str(text).map_err(|error| vec![syntax(path, text, &error)])?;
    let mut reader = Reader { path, text, mistakes: Vec::new() };
    let tariff = reader.tariff(file);
    match tariff {
        Some(tariff) if reader.mistakes.is_empty() => Ok(tariff),
        _ => Err(reader.mistakes),
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Mistake {
    let hint = "a tariff has id, version, currency, zone, source and [[rate]] rows with market and price; \
                every price is text, as in price = \"0.05\"";
    Mistake::at(path, text, error.span().unwrap_or(0..0), error.message(), hint)
}

impl Reader<'_> {
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Mistake::at(self.path, self.text, span, message, hint));
    }

    fn value<T: std::str::FromStr<Err = String>>(&mut self, text: &Spanned<String>, hint: &str) -> Option<T> {
        let parsed = text.get_ref().parse();
        parsed.map_err(|message: String| self.wrong(text.span(), message, hint)).ok()
    }

    fn tariff(&mut self, file: File) -> Option<Tariff> {
        self.refuse_unpriced(&file);
        let id = self.name(&file.id);
        let version = self.name(&file.version);
        let currency: Option<Currency> = self.value(&file.currency, "the default tariff is in USD");
        let zone: Option<Zone> = self.value(&file.zone, "the zone cuts the dates of the rates; \"UTC\" is usual");
        let bounds = self.bounds(file.bounds.as_ref());
        let reading = self.reading(file.reading.as_ref());
        let (zone, bounds, reading) = (zone?, bounds?, reading?);
        let markets = self.markets(&file.rate, zone, bounds, reading);
        let source = file.source;
        Some(Tariff { id: id?, version: version?, currency: currency?, zone, source, reading, markets })
    }

    fn refuse_unpriced(&mut self, file: &File) {
        let found = [("tiers", &file.tiers), ("free", &file.free), ("minimum", &file.minimum), ("cap", &file.cap)];
        for (key, value) in found {
            if let Some(value) = value {
                self.wrong(value.span(), format!("`{key}` is not priced by this version"), "remove it");
            }
        }
    }

    fn name(&mut self, text: &Spanned<String>) -> Option<String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let good = (1..=40).contains(&text.get_ref().len()) && text.get_ref().chars().all(allowed);
        if !good {
            self.wrong(
                text.span(),
                "an id or version has 1 to 40 letters, digits and -._",
                "write it as \"late-reply\"",
            );
        }
        good.then(|| text.get_ref().clone())
    }

    fn bounds(&mut self, bounds: Option<&Spanned<[String; 2]>>) -> Option<(Decimal, Decimal)> {
        let default = ["0.01".to_owned(), "0.09".to_owned()];
        let (texts, span) = bounds.map_or((&default, 0..0), |bounds| (bounds.get_ref(), bounds.span()));
        let hint = "the announced rates are 1 to 9 cents: bounds = [\"0.01\", \"0.09\"]";
        match (texts[0].parse::<Decimal>(), texts[1].parse::<Decimal>()) {
            (Ok(low), Ok(high)) if low > Decimal::ZERO && low <= high && high <= PRICE_MAX => Some((low, high)),
            (Ok(_), Ok(_)) => {
                self.wrong(span, "the bounds must rise from a positive price to at most a million", hint);
                None
            }
            (Err(message), _) | (_, Err(message)) => {
                self.wrong(span, message, hint);
                None
            }
        }
    }

    fn reading(&mut self, table: Option<&ReadingTable>) -> Option<Reading> {
        let mut reading = Reading::default();
        let Some(table) = table else { return Some(reading) };
        self.refuse_other_readings(table);
        if let Some(window) = &table.window {
            reading.window = self.value(window, "the announced window is 24h")?;
            if reading.window == Elapsed::ZERO {
                self.wrong(window.span(), "the window must be longer than nothing", "the announced window is 24h");
            }
        }
        match table.boundary.as_ref().map(|text| (text.get_ref().as_str(), text.span())) {
            None | Some(("inclusive", _)) => {}
            Some(("exclusive", _)) => reading.boundary = Boundary::Exclusive,
            Some((_, span)) => self.wrong(span, "unknown boundary", "boundary is \"inclusive\" or \"exclusive\""),
        }
        Some(reading)
    }

    fn refuse_other_readings(&mut self, table: &ReadingTable) {
        let defaults = [
            (&table.charge_for, "charge_for", "unanswered_inbound"),
            (&table.charge_per, "charge_per", "message"),
            (&table.clock, "clock", "each_inbound"),
            (&table.price_date, "price_date", "received"),
            (&table.month_of, "month_of", "received"),
            (&table.answered_by, "answered_by", "any"),
            (&table.give_up, "give_up", "(none)"),
        ];
        for (value, key, default) in defaults {
            if let Some(value) = value.as_ref().filter(|value| value.get_ref() != default) {
                let message = format!("this version bills the default reading only: {key} = \"{default}\"");
                self.wrong(value.span(), message, "remove the line, or keep the default");
            }
        }
    }

    fn markets(
        &mut self,
        rows: &[Spanned<Row>],
        zone: Zone,
        bounds: (Decimal, Decimal),
        reading: Reading,
    ) -> BTreeMap<Market, MarketRates> {
        let mut markets: BTreeMap<Market, MarketRates> = BTreeMap::new();
        for row in rows {
            let Some((market, entry_point, rate)) = self.rate(row, zone, bounds, reading) else { continue };
            let rates = markets.entry(market).or_default();
            match entry_point {
                Some(entry_point) => rates.by_entry_point.entry(entry_point).or_default().push(rate),
                None => rates.general.push(rate),
            }
        }
        if !markets.contains_key(&Market::other()) && self.mistakes.is_empty() {
            let message = "the tariff has no rate for customers of other markets";
            let hint = "add [[rate]] with market = \"other\" and a price";
            self.mistakes.push(Mistake::of_file(self.path, message, hint));
        }
        for (market, rates) in &mut markets {
            self.check_tiling(market, rates);
        }
        markets
    }

    fn rate(
        &mut self,
        row: &Spanned<Row>,
        zone: Zone,
        bounds: (Decimal, Decimal),
        reading: Reading,
    ) -> Option<(Market, Option<EntryPoint>, Rate)> {
        let (span, row) = (row.span(), row.get_ref());
        let market = self.value(&row.market, "digits such as \"39\" or \"1 809\", or \"other\"");
        let entry_point = match &row.entry_point {
            Some(text) => Some(self.value(text, "leave it out for a rate that holds for every entry point")?),
            None => None,
        };
        let validity = self.validity(row, zone);
        let price = self.price(&span, row, bounds, reading);
        let line = line_of(self.text, span.start);
        Some((market?, entry_point, Rate { line, span: validity?, price: price? }))
    }

    fn validity(&mut self, row: &Row, zone: Zone) -> Option<Span> {
        let mut day = |text: &Option<Spanned<String>>, absent: Instant| match text {
            Some(text) => self.value::<Date>(text, "write the day as 2018-08-01").map(|date| date.start(zone)),
            None => Some(absent),
        };
        let span = Span { from: day(&row.from, Instant::MIN)?, to: day(&row.to, Instant::MAX)? };
        if span.from >= span.to {
            let at = row.to.as_ref().map_or(0..0, Spanned::span);
            self.wrong(at, "the rate ends before it begins", "`to` is the first day on which it no longer holds");
            return None;
        }
        Some(span)
    }

    fn price(&mut self, span: &Range<usize>, row: &Row, bounds: (Decimal, Decimal), reading: Reading) -> Option<Price> {
        match (&row.price, &row.steps) {
            (Some(price), None) => self.amount(price, bounds).map(Price::Flat),
            (None, Some(steps)) => self.steps(steps, bounds, reading),
            (None, None) => {
                self.wrong(span.clone(), "the rate has no price", "add price = \"0.05\" or steps = [...]");
                None
            }
            (Some(_), Some(steps)) => {
                self.wrong(steps.span(), "the rate has both a price and steps", "keep one of them");
                None
            }
        }
    }

    fn amount(&mut self, text: &Spanned<String>, (low, high): (Decimal, Decimal)) -> Option<Decimal> {
        let price: Decimal = self.value(text, "prices are exact decimals in the tariff's currency: \"0.05\"")?;
        if (low..=high).contains(&price) {
            return Some(price);
        }
        let hundredth =
            low.times(100).is_some_and(|low| low <= price) && high.times(100).is_some_and(|high| price <= high);
        let hint = if hundredth {
            format!("{price} looks like cents: write {} as a hundredth of it", text.get_ref())
        } else {
            "correct the price, or state other bounds = [\"…\", \"…\"] at the top".to_owned()
        };
        self.wrong(text.span(), format!("the price {price} lies outside the bounds {low} to {high}"), hint);
        None
    }

    fn steps(&mut self, rows: &Spanned<Vec<StepRow>>, bounds: (Decimal, Decimal), reading: Reading) -> Option<Price> {
        let mut steps: Vec<Step> = Vec::new();
        for row in rows.get_ref() {
            let after: Elapsed = self.value(&row.after, "write the start of the step as \"24h\"")?;
            let price = self.amount(&row.price, bounds)?;
            if steps.last().is_some_and(|last| last.after >= after) {
                self.wrong(row.after.span(), "the steps must rise", "sort them by `after`, each once");
                return None;
            }
            steps.push(Step { after, price });
        }
        if steps.first().map(|first| first.after) != Some(reading.window) {
            let message = format!("the first step must begin at the window, {}", reading.window);
            self.wrong(rows.span(), message, format!("begin with after = \"{}\"", reading.window));
            return None;
        }
        Some(Price::Steps(steps))
    }

    /// Sorts the rates of a market and notes every overlap and hole between them.
    fn check_tiling(&mut self, market: &Market, rates: &mut MarketRates) {
        if rates.general.is_empty() {
            let line = rates.by_entry_point.values().flatten().map(|rate| rate.line).min().unwrap_or(1);
            let message = format!("market {market} has rates for some entry points only");
            self.wrong_line(line, message, "add a rate for the market without entry_point");
        }
        for list in std::iter::once(&mut rates.general).chain(rates.by_entry_point.values_mut()) {
            list.sort_by_key(|rate| (rate.span, rate.line));
            for pair in list.windows(2) {
                let [earlier, later] = pair else { continue };
                if earlier.span.to > later.span.from {
                    let message = format!("the rate of market {market} overlaps the one of line {}", earlier.line);
                    self.wrong_line(later.line, message, "let the earlier end on the day the later begins");
                } else if earlier.span.to < later.span.from {
                    let (from, to) = (earlier.span.to, later.span.from);
                    let message = format!("market {market} has no rate between {from} and {to}");
                    let hint = format!("let the rate of line {} end on the day this one begins", earlier.line);
                    self.wrong_line(later.line, message, hint);
                }
            }
        }
    }

    fn wrong_line(&mut self, line: u32, message: String, hint: impl Into<String>) {
        let start = self.text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        self.wrong(start..start, message, hint);
    }
}
