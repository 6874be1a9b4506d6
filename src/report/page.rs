//! What the template of the month page may see: texts, in the order of the page.

mod insight;
mod overview;

use serde::Serialize;

use super::coverage::SourceKind;
use super::facts::{Link, TariffUsed};
pub use insight::{HeatPart, HeatRow, HeldRow, InsightPart, MarketRow, PercentileRow, PlainSums, SoonerRow, StackPart};
pub use overview::{MonthLine, OverviewPage, RowsPage, RunPage, RunRow, SubjectRow};

/// The month page. All numbers are already formatted; the charts are SVG elements, the only markup here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthPage {
    pub title: String,
    /// BCP 47.
    pub lang: &'static str,
    /// It is for the business itself, and leaves out what is for who works with the program.
    pub for_business: bool,
    /// `August 2018`
    pub month: String,
    pub issuer: String,
    /// Addresses of the other pages.
    pub nav: Vec<Link>,
    /// The month in one sentence.
    pub summary: String,
    pub figures: Vec<Figure>,
    /// Code of the charges' currency.
    pub currency: String,
    pub businesses: Vec<BusinessRow>,
    pub total: TotalRow,
    /// Sums in further currencies.
    pub other_totals: Vec<MonthSums>,
    pub documents: DocumentsPart,
    /// What came to closed months after their closing.
    pub after: Vec<AfterRow>,
    /// Empty when there is no wait; the same holds for the following lists of waits.
    pub verdicts: Vec<VerdictRow>,
    pub held: Vec<HeldRow>,
    pub entry_points: Vec<EntryPointRow>,
    pub entry_points_total: EntryPointRow,
    /// How charges were counted; empty where the tariff counts none.
    pub pricing: PricingPart,
    #[serde(flatten)]
    pub stacks: StackPart,
    pub insight: InsightPart,
    /// The rows of `businesses`, `open` and `documents` that are on further pages; empty where there are none.
    pub more_businesses: Vec<Link>,
    /// `Rows 1 to 200 of 5,000 …`, where a table is parted.
    pub part_of_businesses: String,
    pub part_of_documents: String,
    pub more_alarms: String,
    pub more_after: String,
    pub more_open: String,
    pub more_adjustments: String,
    pub more_files: String,
    pub more_documents: Vec<Link>,
    /// `20 of 5,000 channels, those with gaps first`, or empty.
    pub more_channels: String,
    pub open: Vec<OpenRow>,
    pub alarms: Vec<String>,
    pub coverage: CoveragePart,
    pub rejected_rows: String,
    pub rejected: Vec<RejectRow>,
    pub more_rejected: String,
    pub quarantined_files: Vec<FileRow>,
    pub tariffs: Vec<TariffUsed>,
    pub chain_head: String,
    /// Zones that cut the days, sorted.
    pub zones: String,
}

/// What the logs of the channels prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoveragePart {
    /// SVG elements, to be printed as they are; none without channels.
    pub pictures: Vec<String>,
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
    /// Address of its own page; empty where it has none.
    pub href: String,
    pub name: String,
    /// In the word of `ritardo status`.
    pub state: &'static str,
    pub class: &'static str,
    /// In the order of issue.
    pub documents: Vec<Link>,
    /// `no charges`, `free units only`, and what becomes of charges that no document bills.
    pub said: Vec<String>,
    pub counts: CountCells,
    pub sums: MonthSums,
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

/// Net amounts of the month in one currency, with its code unless it is that of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthSums {
    pub issued: String,
    pub credited: String,
    /// Issued less credited.
    pub standing: String,
}

/// The documents of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentsPart {
    pub rows: Vec<DocumentRow>,
    /// Sums in the currency of the page, then in further ones.
    pub total: DocumentSums,
    pub others: Vec<DocumentSums>,
}

/// A document; amounts of a credit note are below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentRow {
    pub id: String,
    pub name: String,
    pub link: Link,
    /// Of issue.
    pub date: String,
    /// `credit note for LR-2018-000001`
    pub what: String,
    /// Cause and reason; the other months that it is of.
    pub lines: Vec<String>,
    /// Of this month, without tax.
    pub part: String,
    /// Whole, where the document is of this month.
    pub net: String,
    pub tax: String,
    pub total: String,
    /// What became of the mails.
    pub sent: String,
}

/// What documents come to, credit notes taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentSums {
    /// `2 invoices, 1 credit note`
    pub documents: String,
    pub part: String,
    pub net: String,
    pub tax: String,
    pub total: String,
}

/// Something that came to a closed month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AfterRow {
    pub id: String,
    pub name: String,
    pub what: String,
    pub text: String,
    pub links: Vec<Link>,
}

/// The last row of the table of businesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalRow {
    /// `3 businesses`
    pub label: String,
    /// `2 invoices, 1 credit note`
    pub documents: String,
    pub counts: CountCells,
    /// Sums in the currency of the page.
    pub sums: MonthSums,
    pub plain: PlainSums,
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
    /// Exact sum of the charges.
    pub amount: String,
}

/// A business whose month is not closed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenRow {
    pub id: String,
    /// Address of its own page; empty where it has none.
    pub href: String,
    pub name: String,
    pub state: &'static str,
    pub class: &'static str,
    /// What it would come to, without tax.
    pub net: String,
    pub reasons: Vec<String>,
    /// How it goes on; empty where nobody has to act, or the reasons say it.
    pub next: String,
    pub preview: Option<Link>,
}

/// Rows of a file that could not be read, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectRow {
    pub file: String,
    pub reason: String,
    pub rows: String,
}

/// A file that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileRow {
    pub name: String,
    pub reason: String,
}
