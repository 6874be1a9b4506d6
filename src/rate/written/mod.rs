//! The written form of a tariff, and every way in which it can be wrong.
//!
//! It is a TOML file; its table of rates may be a CSV file beside it. Together they are one text: the TOML, a line
//! that names the table ([`MARKER`]), and the CSV. That text is what the ledger keeps, and what the digest is of.

mod rates;
mod reading;
mod table;

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::tariff::{Tariff, TierMode};
use crate::domain::{Currency, Decimal, Mistake, Money, Rounding, Zone};
use rates::Row;
use reading::ReadingTable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Spanned<String>,
    version: Spanned<String>,
    currency: Spanned<String>,
    zone: Spanned<String>,
    source: String,
    bounds: Option<Spanned<[String; 2]>>,
    tiers: Option<Spanned<String>>,
    free: Option<u64>,
    minimum: Option<Spanned<String>>,
    cap: Option<Spanned<String>>,
    rates: Option<Spanned<String>>,
    reading: Option<ReadingTable>,
    #[serde(default)]
    rate: Vec<Spanned<Row>>,
}

/// The line between the TOML and its table begins and ends with these; the table's name stands between.
const MARKER: (&str, &str) = ("# ---- rates: ", " ----");

/// No bound may lie above: a file of waits holds amounts of nine digits before the point at most.
const PRICE_MAX: Decimal = Decimal::whole(1_000_000);

/// Collects mistakes while a file is walked: a value that is wrong is noted and replaced by `None`.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

/// The name of the table of rates that a tariff's TOML asks for; `None` where it has none, or cannot be read.
pub(super) fn table_name(toml: &str) -> Option<String> {
    toml::from_str::<File>(toml).ok()?.rates.map(Spanned::into_inner)
}

/// TOML and table as one text. An error where the TOML has such a line of its own.
pub(super) fn joined(toml: &str, name: &str, table: &str) -> Result<String, String> {
    if toml.lines().any(|line| line.starts_with(MARKER.0)) {
        return Err(format!("a line of the tariff begins with `{}`, which marks its table", MARKER.0.trim_end()));
    }
    let end = if toml.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{toml}{end}{}{name}{}\n{table}", MARKER.0, MARKER.1))
}

/// The TOML, and the name and text of the table.
fn parted(text: &str) -> (&str, Option<(&str, &str)>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let name = line.trim_end().strip_prefix(MARKER.0).and_then(|rest| rest.strip_suffix(MARKER.1));
        if let Some(name) = name {
            return (&text[..start], Some((name, &text[start + line.len()..])));
        }
        start += line.len();
    }
    (text, None)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Tariff, Vec<Mistake>> {
    let (toml, table) = parted(text);
    let file: File = toml::from_str(toml).map_err(|error| vec![syntax(path, toml, &error)])?;
    let mut reader = Reader { path, text: toml, mistakes: Vec::new() };
    let tariff = reader.tariff(file, table);
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

    fn tariff(&mut self, file: File, table: Option<(&str, &str)>) -> Option<Tariff> {
        let id = self.name(&file.id);
        let version = self.name(&file.version);
        let currency: Option<Currency> = self.value(&file.currency, "the default tariff is in USD");
        let zone: Option<Zone> = self.value(&file.zone, "the zone cuts the dates of the rates; \"UTC\" is usual");
        let bounds = self.bounds(file.bounds.as_ref());
        let reading = self.reading(file.reading.as_ref());
        let limits = currency.and_then(|currency| self.limits(&file, currency));
        let (zone, bounds, reading) = (zone?, bounds?, reading?);
        let terms = rates::Terms { zone, bounds, reading };
        let markets = match self.table(&file, table) {
            Some((path, text)) => {
                let mut reader = Reader { path: &path, text, mistakes: Vec::new() };
                let rows = reader.rows_of_table();
                let markets = reader.markets(&rows, &terms);
                self.mistakes.append(&mut reader.mistakes);
                markets
            }
            None => self.markets(&file.rate, &terms),
        };
        let tiers = self.mode(file.tiers.as_ref(), &markets);
        let (minimum, cap) = limits?;
        let (free, source) = (file.free.unwrap_or_default(), file.source);
        let (id, version, currency) = (id?, version?, currency?);
        Some(Tariff { id, version, currency, zone, source, reading, bounds, tiers, free, minimum, cap, markets })
    }

    /// Path and text of the table, where the tariff has one.
    fn table<'t>(&mut self, file: &File, table: Option<(&str, &'t str)>) -> Option<(std::path::PathBuf, &'t str)> {
        let named = file.rates.as_ref()?;
        if let Some(row) = file.rate.first() {
            self.wrong(row.span(), "the tariff has both [[rate]] rows and a table of rates", "keep one of them");
        }
        let name = named.get_ref();
        if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
            self.wrong(named.span(), "the table of rates lies beside its tariff", "write rates = \"rates.csv\"");
            return None;
        }
        let Some((_, text)) = table.filter(|(found, _)| found == name) else {
            self.wrong(named.span(), format!("the table `{name}` is missing"), "it lies beside the tariff");
            return None;
        };
        Some((self.path.with_file_name(name), text))
    }

    /// How tiers are read: said exactly where a rate has some.
    fn mode(&mut self, text: Option<&Spanned<String>>, markets: &rates::Markets) -> Option<TierMode> {
        let rates =
            markets.values().flat_map(|market| market.general.iter().chain(market.by_entry_point.values().flatten()));
        let tiered = rates.filter(|rate| rate.is_tiered()).map(|rate| rate.line).min();
        let hint = "tiers = \"graduated\" (each charge by its own place) or \"all_units\" (all by their number)";
        let mode = match text.map(|text| (text.get_ref().as_str(), text.span())) {
            Some(("graduated", _)) => Some(TierMode::Graduated),
            Some(("all_units", _)) => Some(TierMode::AllUnits),
            Some((_, span)) => {
                self.wrong(span, "unknown way of reading tiers", hint);
                return None;
            }
            None => None,
        };
        match (mode, tiered, text) {
            (None, Some(line), _) => {
                let message =
                    format!("the rate of line {line} has tiers, and the tariff does not say how they are read");
                self.mistakes.push(Mistake::of_file(self.path, message, hint));
            }
            (Some(_), None, Some(text)) => self.wrong(text.span(), "no rate has tiers", "remove the line"),
            _ => {}
        }
        mode
    }

    fn limits(&mut self, file: &File, currency: Currency) -> Option<(Option<Money>, Option<Money>)> {
        let minimum = self.limit(file.minimum.as_ref(), currency)?;
        let cap = self.limit(file.cap.as_ref(), currency)?;
        if let (Some(least), Some(most), Some(text)) = (minimum, cap, &file.minimum)
            && least > most
        {
            self.wrong(text.span(), format!("the minimum {least} exceeds the cap {most}"), "correct one of them");
            return None;
        }
        Some((minimum, cap))
    }

    /// A limit in whole minor units. The outer `None`: it is wrong, and noted.
    fn limit(&mut self, text: Option<&Spanned<String>>, currency: Currency) -> Option<Option<Money>> {
        let Some(text) = text else { return Some(None) };
        let hint = "a limit is an amount of the tariff's currency, as in cap = \"250.00\"";
        let amount: Decimal = self.value(text, hint)?;
        let money = amount.rounded(currency, Rounding::HalfAwayFromZero).filter(|money| money.exact() == amount);
        match money.filter(|money| money.minor() > 0 && amount <= PRICE_MAX) {
            Some(money) => Some(Some(money)),
            None => {
                let message = format!("{amount} is no amount of {currency} between its smallest unit and a million");
                self.wrong(text.span(), message, hint);
                None
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
}
