//! What the waits of a page say beside their verdicts.

use serde::Serialize;

use super::{CountCells, LegendEntry, StackRow};

/// The charts of days and lengths with their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackPart {
    pub legend: Vec<LegendEntry>,
    /// An SVG element, to be printed as it is.
    pub days_chart: String,
    pub days: Vec<StackRow>,
    /// An SVG element, to be printed as it is.
    pub lengths_chart: String,
    pub lengths: Vec<StackRow>,
    /// The sum of `days`, and of `lengths`.
    pub stack_total: StackRow,
}

/// What the waits say beside their verdicts. Charts are SVG elements, to be printed as they are; those without anything to
/// show are empty, as their rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsightPart {
    /// Share of the decided waits that were answered within the window.
    pub answered: String,
    pub percentiles: Vec<PercentileRow>,
    pub heat: HeatPart,
    pub lateness_chart: String,
    pub lateness: Vec<StackRow>,
    /// The sum of `lateness`.
    pub missed_total: StackRow,
    pub sooner: Vec<SoonerRow>,
    /// Why it has no amounts; empty where it has.
    pub sooner_note: String,
    pub markets_chart: String,
    pub markets: Vec<MarketRow>,
    pub markets_total: MarketRow,
}

/// So many of a hundred customers had their answer within this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PercentileRow {
    /// `P90`
    pub name: String,
    /// `≤ 8 h`
    pub text: String,
}

/// Late messages by weekday and hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeatPart {
    /// An SVG element, to be printed as it is.
    pub chart: String,
    pub hours: Vec<String>,
    pub rows: Vec<HeatRow>,
    pub total: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeatRow {
    pub name: &'static str,
    pub hours: Vec<String>,
    pub total: String,
}

/// What answers that came so much sooner would have saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SoonerRow {
    pub name: &'static str,
    /// Charges that would not be.
    pub waits: String,
    /// Of all charges.
    pub share: String,
    pub amount: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarketRow {
    /// `+39`
    pub name: String,
    pub counts: CountCells,
    /// Late or unanswered, of the decided waits.
    pub share_missed: String,
}

/// Waits that are not decided for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRow {
    pub reason: &'static str,
    pub waits: String,
    /// What to do.
    pub next: &'static str,
}

/// Sums without commas and currency, for a program that compares them with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlainSums {
    pub waits: u64,
    pub on_time: u64,
    pub late: u64,
    pub unanswered: u64,
    pub open: u64,
    pub charged: u64,
    pub amount: String,
    pub issued: String,
    pub credited: String,
    pub standing: String,
}
