//! The rows of the rate table.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Reader;
use crate::domain::mistake::line_of;
use crate::domain::{Date, Decimal, Elapsed, EntryPoint, Instant, Market, Mistake, Reading, Span, Zone};
use crate::rate::tariff::{MarketRates, Price, Rate, Step, Tier};

pub(super) type Markets = BTreeMap<Market, MarketRates>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub market: Spanned<String>,
    pub from: Option<Spanned<String>>,
    pub to: Option<Spanned<String>>,
    pub entry_point: Option<Spanned<String>>,
    pub price: Option<Spanned<String>>,
    pub steps: Option<Spanned<Vec<StepRow>>>,
    pub tiers: Option<Spanned<Vec<Spanned<TierRow>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepRow {
    pub after: Spanned<String>,
    pub price: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierRow {
    pub above: Spanned<u64>,
    pub price: Option<Spanned<String>>,
    pub steps: Option<Spanned<Vec<StepRow>>>,
}

/// What holds for all rows.
pub(super) struct Terms {
    pub zone: Zone,
    pub bounds: (Decimal, Decimal),
    pub reading: Reading,
}

impl Reader<'_> {
    pub(super) fn markets(&mut self, rows: &[Spanned<Row>], terms: &Terms) -> Markets {
        let mut markets = Markets::new();
        for row in rows {
            let Some((market, entry_point, rate)) = self.rate(row, terms) else { continue };
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

    fn rate(&mut self, row: &Spanned<Row>, terms: &Terms) -> Option<(Market, Option<EntryPoint>, Rate)> {
        let (span, row) = (row.span(), row.get_ref());
        let is_name = row.market.get_ref().chars().any(char::is_alphabetic);
        let hint = if is_name {
            "a market is a calling code: 39 for Italy"
        } else {
            "digits such as \"39\" or \"1 809\", or \"other\""
        };
        let market = self.value(&row.market, hint);
        let entry_point = match &row.entry_point {
            Some(text) => Some(self.value(text, "leave it out for a rate that holds for every entry point")?),
            None => None,
        };
        let validity = self.validity(row, terms.zone);
        let tiers = self.tiers(&span, row, terms);
        let line = line_of(self.text, span.start);
        Some((market?, entry_point, Rate { line, span: validity?, tiers: tiers? }))
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

    /// The tiers of a row; a row without has one that begins above 0.
    fn tiers(&mut self, span: &Range<usize>, row: &Row, terms: &Terms) -> Option<Vec<Tier>> {
        let Some(rows) = &row.tiers else {
            let price = self.price(span, row.price.as_ref(), row.steps.as_ref(), terms)?;
            return Some(vec![Tier { above: 0, price }]);
        };
        if row.price.is_some() || row.steps.is_some() {
            self.wrong(rows.span(), "the rate has tiers and a price of its own", "give each tier its price");
            return None;
        }
        let mut tiers: Vec<Tier> = Vec::new();
        for row in rows.get_ref() {
            let (span, row) = (row.span(), row.get_ref());
            let above = *row.above.get_ref();
            let price = self.price(&span, row.price.as_ref(), row.steps.as_ref(), terms)?;
            if tiers.last().is_some_and(|last| last.above >= above) {
                self.wrong(row.above.span(), "the tiers must rise", "sort them by `above`, each once");
                return None;
            }
            tiers.push(Tier { above, price });
        }
        if tiers.first().map(|first| first.above) != Some(0) {
            self.wrong(rows.span(), "the first tier must begin with the first charge", "begin with above = 0");
            return None;
        }
        Some(tiers)
    }

    fn price(
        &mut self,
        span: &Range<usize>,
        price: Option<&Spanned<String>>,
        steps: Option<&Spanned<Vec<StepRow>>>,
        terms: &Terms,
    ) -> Option<Price> {
        match (price, steps) {
            (Some(price), None) => self.amount(price, terms.bounds).map(Price::Flat),
            (None, Some(steps)) => self.steps(steps, terms),
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

    fn steps(&mut self, rows: &Spanned<Vec<StepRow>>, terms: &Terms) -> Option<Price> {
        let (window, give_up) = (terms.reading.window, terms.reading.give_up);
        let mut steps: Vec<Step> = Vec::new();
        for row in rows.get_ref() {
            let after: Elapsed = self.value(&row.after, "write the start of the step as \"24h\"")?;
            let price = self.amount(&row.price, terms.bounds)?;
            if steps.last().is_some_and(|last| last.after >= after) {
                self.wrong(row.after.span(), "the steps must rise", "sort them by `after`, each once");
                return None;
            }
            if let Some(give_up) = give_up.filter(|give_up| after >= *give_up) {
                let message = format!("no wait comes to this step: an answer is given up after {give_up}");
                self.wrong(row.after.span(), message, "remove the step, or let give_up be longer");
                return None;
            }
            steps.push(Step { after, price });
        }
        if steps.first().map(|first| first.after) != Some(window) {
            let message = format!("the first step must begin at the window, {window}");
            self.wrong(rows.span(), message, format!("begin with after = \"{window}\""));
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
