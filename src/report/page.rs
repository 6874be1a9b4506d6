//! What the template of the month page may see: texts, in the order of the page.

use serde::Serialize;

use super::coverage::SourceKind;

/// The month page. All numbers are already formatted; the charts are SVG elements, the only markup here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthPage {
    pub title: String,
    /// `August 2018`
    pub month: String,
    pub issuer: String,
    /// The month in one sentence.
    pub summary: String,
    pub figures: Vec<Figure>,
    /// Code of the charges' currency.
    pub currency: String,
    pub businesses: Vec<BusinessRow>,
    pub total: TotalRow,
    /// Sums of the invoices in further currencies.
    pub other_totals: Vec<InvoiceSums>,
    /// Empty when there is no wait; the same holds for the following lists of waits.
    pub verdicts: Vec<VerdictRow>,
    pub entry_points: Vec<EntryPointRow>,
    pub entry_points_total: EntryPointRow,
    /// How charges were counted; empty where the tariff counts none.
    pub pricing: PricingPart,
    pub legend: Vec<LegendEntry>,
    /// An SVG element, to be printed as it is.
    pub days_chart: String,
    pub days: Vec<StackRow>,
    /// An SVG element, to be printed as it is.
    pub lengths_chart: String,
    pub lengths: Vec<StackRow>,
    /// The sum of `days`, and of `lengths`.
    pub stack_total: StackRow,
    pub open: Vec<OpenRow>,
    pub alarms: Vec<String>,
    pub coverage: CoveragePart,
    pub rejected_rows: String,
    pub quarantined_files: Vec<FileRow>,
    /// `late-reply@2018-08`
    pub tariff: String,
    pub tariff_sha256: String,
    pub chain_head: String,
    /// What differs from the default reading; empty for the default.
    pub reading: String,
    /// Zones that cut the days, sorted.
    pub zones: String,
}

/// What the logs of the channels prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoveragePart {
    /// SVG elements, to be printed as they are; none without channels.
    pub pictures: Vec<String>,
    /// Rules of their classes, for the page's own style sheet.
    pub style: &'static str,
    pub legend: Vec<LegendEntry>,
    pub rows: Vec<ChannelRow>,
}

/// A channel and what its logs prove. Times are local to the business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelRow {
    pub business: String,
    pub channel: String,
    pub zone: String,
    /// `known through 2018-09-03 00:00`
    pub known: String,
    pub lanes: Vec<LaneRow>,
    pub sources: Vec<SourceKind>,
    pub held: String,
}

/// One direction of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneRow {
    pub direction: &'static str,
    /// Start of the first proof.
    pub from: String,
    /// End of the last proof.
    pub through: String,
    /// The first ones.
    pub gaps: Vec<GapRow>,
    /// `and 21 more`, or empty.
    pub more: String,
    pub messages: String,
}

/// A gap of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapRow {
    pub from: String,
    pub to: String,
    /// `accepted`, or empty.
    pub note: &'static str,
}

/// A key figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    pub label: String,
    pub value: String,
    pub note: String,
}

/// A business in the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusinessRow {
    pub id: String,
    pub name: String,
    /// `invoiced`, `no charges`, `free units only`, `waiting`, `set aside`
    pub state: &'static str,
    pub class: &'static str,
    /// Number of the invoice; empty without one.
    pub number: String,
    pub counts: CountCells,
    pub invoice: InvoiceSums,
    /// What became of the mails.
    pub sent: String,
}

/// The counts of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountCells {
    pub waits: String,
    pub on_time: String,
    pub late: String,
    pub unanswered: String,
    pub open: String,
    pub charged: String,
    /// Exact sum of the charges, in the currency of the page.
    pub amount: String,
}

/// Amounts of invoices in one currency, with its code unless it is that of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvoiceSums {
    pub net: String,
    pub tax: String,
    pub total: String,
}

/// The last row of the table of businesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalRow {
    /// `3 businesses`
    pub label: String,
    /// `2 invoices`
    pub invoices: String,
    pub counts: CountCells,
    /// Sums in the currency of the page.
    pub invoice: InvoiceSums,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictRow {
    pub class: &'static str,
    pub name: &'static str,
    /// What the verdict means.
    pub meaning: &'static str,
    pub waits: String,
    /// Of all waits.
    pub share: String,
    pub charged: String,
    pub amount: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryPointRow {
    pub name: &'static str,
    pub counts: CountCells,
    /// Late or unanswered, of the decided waits.
    pub share_missed: String,
}

/// Free units, tiers, minimum and cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PricingPart {
    pub tiers: Vec<TierRow>,
    pub adjustments: Vec<AdjustmentRow>,
}

/// Charges of all businesses in one market and tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierRow {
    pub market: String,
    /// `free units`, `first tier`, `tier above 100`, `no tiers`
    pub tier: String,
    pub charges: String,
    pub amount: String,
}

/// What a minimum or a cap made of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdjustmentRow {
    pub name: String,
    pub id: String,
    pub number: String,
    pub kind: &'static str,
    pub limit: String,
    pub amount: String,
}

/// A part of the bars and the colour that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LegendEntry {
    pub class: &'static str,
    pub name: &'static str,
}

/// The numbers of one bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackRow {
    pub name: String,
    pub waits: String,
    /// Counts in the order of the legend.
    pub parts: Vec<String>,
}

/// A business whose month is not closed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenRow {
    pub id: String,
    pub name: String,
    pub state: &'static str,
    pub class: &'static str,
    pub reasons: Vec<String>,
}

/// A file that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileRow {
    pub name: String,
    pub reason: String,
}
