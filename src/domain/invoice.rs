//! The canonical invoice: every document is drawn from it, and its bytes are what an auditor compares.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::business::{EInvoice, Language, Party};
use super::correction::{Correction, CreditLine, DocumentKind, Earlier};
use super::exchange::{Exchange, VatAccounting};
use super::prepaid::Prepaid;
use super::vat::{VatKey, VatShare};
use super::{BusinessId, Currency, Date, Decimal, Elapsed, EntryPoint, Instant, Market, Money, Month, Verdict, Zone};

/// Number of an invoice: series, year of issue, count within it. `LR-2018-000123`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceNumber {
    pub series: String,
    pub year: i32,
    pub count: u32,
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:04}-{:06}", self.series, self.year, self.count)
    }
}

impl FromStr for InvoiceNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an invoice number like LR-2018-000123");
        let mut parts = text.rsplitn(3, '-');
        let (count, year) = (parts.next().ok_or_else(wrong)?, parts.next().ok_or_else(wrong)?);
        let series = parts.next().ok_or_else(wrong)?.to_owned();
        let count = count.parse().map_err(|_| wrong())?;
        let number = Self { series, year: year.parse().map_err(|_| wrong())?, count };
        if number.to_string() == text { Ok(number) } else { Err(wrong()) }
    }
}

/// The version of the written form. A newer one is refused.
///
/// An invoice has the first form as long as it says nothing that the first cannot say: what was issued keeps its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// One category and rate of VAT, in the currency of the tariff.
    #[default]
    First,
    /// With several rates of VAT, with the code of an exemption, in another currency, with VAT in that of a VAT return, or paid in
    /// advance.
    Second,
}

const FORMATS: [(&str, Format); 2] = [("ritardo-invoice/1", Format::First), ("ritardo-invoice/2", Format::Second)];

impl Format {
    const fn text(self) -> &'static str {
        match self {
            Self::First => FORMATS[0].0,
            Self::Second => FORMATS[1].0,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = FORMATS.into_iter().find(|(name, _)| *name == text).map(|(_, format)| format);
        let newest = Self::Second.text();
        found.ok_or_else(|| format!("`{text}` is not a form of invoice that this version reads (up to {newest})"))
    }
}

crate::written_as_text!(InvoiceNumber, Format);

/// One invoice or credit note, complete: what every document shows is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub format: Format,
    #[serde(default, skip_serializing_if = "DocumentKind::is_invoice")]
    pub kind: DocumentKind,
    pub number: InvoiceNumber,
    /// Of a credit note: what it corrects. Of an invoice: in place of which one it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Correction>,
    pub business: BusinessId,
    pub month: Month,
    pub issue_date: Date,
    pub due_date: Date,
    pub language: Language,
    pub currency: Currency,
    pub seller: Party,
    pub seller_email: String,
    pub buyer: Party,
    pub reference: Option<String>,
    /// What the business wants beside what everybody gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e_invoice: Option<EInvoice>,
    /// Sorted by market, entry point, free units first, tier, step, price.
    pub lines: Vec<Line>,
    /// What a minimum adds to the lines, or a cap takes from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Amounts of earlier months that are billed here, sorted by month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// Of a credit note, which has no lines, adjustments and earlier amounts of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credited: Vec<CreditLine>,
    /// Sum of lines, adjustments and earlier amounts; of a credit note, of what is credited.
    pub net: Money,
    /// One entry per category and rate.
    pub vat: Vec<Vat>,
    pub tax: Money,
    /// `net` + `tax`: what is to be paid, less what was paid in advance.
    pub total: Money,
    /// The same amounts in the currency that the document is billed and paid in, where that is not the tariff's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// Where tax is charged and the seller accounts for it in another currency than that of the document: the tax in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_accounting: Option<VatAccounting>,
    /// Where something was paid in advance. Of a credit note: what the invoice that it corrects took, which it leaves alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepaid: Option<Prepaid>,
    pub payment: Payment,
    /// An e-invoice goes with it. Those of versions that wrote none stay without, and keep their bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub electronic: bool,
    pub computation: Computation,
    pub chain: Chain,
}

/// Charges of one market, entry point and price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub market: Market,
    pub entry_point: EntryPoint,
    /// Units that the tariff gives for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// How many charges of the market lie below the tier, where the tariff has tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u64>,
    /// Length of the wait after which the price holds, where the tariff has steps.
    pub step: Option<Elapsed>,
    pub quantity: u64,
    pub unit_price: Decimal,
    /// Exact sum of the charges.
    pub exact: Decimal,
    /// The same, rounded once to the minor unit.
    pub amount: Money,
    /// Where the invoice has several categories or rates: which is that of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<VatKey>,
}

/// What the whole month costs more, or less, than its charges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    pub kind: AdjustmentKind,
    /// The smallest or greatest net amount of a month, in the tariff's currency.
    pub limit: Money,
    /// Positive for a minimum, negative for a cap.
    pub amount: Money,
    /// Where the lines have several categories or rates: its parts, in the proportion of theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<VatShare>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    Minimum,
    Cap,
}

/// Tax of one category and rate over the lines that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vat {
    /// `S`, `Z`, `AE`, `O`, `E`, `G` (UNCL 5305).
    pub category: String,
    /// Percent.
    pub rate: Decimal,
    /// Why no tax is charged, where none is.
    pub reason: Option<String>,
    /// Code of the reason in the list VATEX, where the accountant gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub net: Money,
    pub tax: Money,
}

impl Vat {
    pub fn key(&self) -> VatKey {
        VatKey { category: self.category.clone(), rate: self.rate }
    }

    /// Whether the seller charges tax on it.
    pub fn is_charged(&self) -> bool {
        self.category == "S"
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub iban: Option<String>,
    pub bic: Option<String>,
    pub days: u32,
}

/// How the amounts came about: what an auditor needs to come to the same ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computation {
    pub window: Elapsed,
    /// What differs from the default reading, as the tariff writes it; empty for the default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reading: String,
    /// How tiers are read, as the tariff writes it; empty without any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tiers: String,
    /// So many of the first charges of the month cost nothing.
    #[serde(default, skip_serializing_if = "is_none")]
    pub free: u64,
    pub zone: Zone,
    pub tariff_id: String,
    pub tariff_version: String,
    pub tariff_sha256: String,
    /// Where the rates come from, in the tariff's own words.
    pub tariff_source: String,
    /// The evidence ends here: month end + horizon.
    pub cut: Instant,
    pub counts: Counts,
    /// SHA-256 of the line file: the sorted charges. It does not depend on when the month was closed.
    pub data_sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Waits of the month by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub waits: u64,
    pub on_time: u64,
    pub late: u64,
    pub unanswered: u64,
    pub pending: u64,
    /// In a closed month these are the waits that the operator excluded: they are never billed.
    pub held: u64,
}

impl Counts {
    /// One wait more.
    pub const fn add(&mut self, verdict: Verdict) {
        self.add_times(verdict, 1);
    }

    /// So many waits more.
    pub const fn add_times(&mut self, verdict: Verdict, times: u64) {
        self.waits += times;
        *match verdict {
            Verdict::OnTime => &mut self.on_time,
            Verdict::Late => &mut self.late,
            Verdict::Unanswered => &mut self.unanswered,
            Verdict::Pending => &mut self.pending,
            Verdict::Held => &mut self.held,
        } += times;
    }

    /// All of `other` more.
    pub const fn join(&mut self, other: &Self) {
        self.waits += other.waits;
        self.on_time += other.on_time;
        self.late += other.late;
        self.unanswered += other.unanswered;
        self.pending += other.pending;
        self.held += other.held;
    }
}

/// Place of the document in the chain of issued documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Head of the chain before this document: SHA-256 of the canonical bytes of the one before, or of
    /// nothing for the first. The head after it is the SHA-256 of this document's own bytes.
    pub previous: String,
}

impl Invoice {
    /// The canonical bytes: JSON, fields in the order of their declaration, one line end.
    pub fn canonical(&self) -> Vec<u8> {
        // Invariant: every field is text, a number or a list of them; writing to memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_else(|error| unreachable!("{error}"));
        bytes.push(b'\n');
        bytes
    }

    /// The oldest form that says everything that the document says.
    pub fn fitting_format(&self) -> Format {
        let has_one_rate = self.vat.len() == 1 && self.vat.iter().all(|vat| vat.code.is_none()) && !self.says_keys();
        let is_in_one_currency = self.exchange.is_none() && self.vat_accounting.is_none();
        let is_plain = has_one_rate && is_in_one_currency && self.prepaid.is_none();
        if is_plain { Format::First } else { Format::Second }
    }

    /// Whether rows say their own category and rate of VAT.
    fn says_keys(&self) -> bool {
        self.lines.iter().any(|line| line.vat.is_some())
            || self.adjustments.iter().any(|row| !row.shares.is_empty())
            || self.earlier.iter().any(Earlier::is_keyed)
            || self.credited.iter().any(|row| !row.shares.is_empty())
    }

    /// A document whose amount is given back.
    pub const fn is_credit_note(&self) -> bool {
        !self.kind.is_invoice()
    }

    /// What is left to pay (BT-115), of a document as it is billed; of a credit note, all that it gives back.
    pub fn due(&self) -> Money {
        let prepaid = self.prepaid.as_ref().filter(|_| !self.is_credit_note());
        prepaid.map_or(self.total, |prepaid| prepaid.due)
    }

    /// Whether tax is charged, at whatever amount it comes to.
    pub fn charges_vat(&self) -> bool {
        self.vat.iter().any(Vat::is_charged)
    }

    /// Name of the line file that goes with the invoice.
    pub fn file_stem(&self) -> String {
        format!("{}_{}", self.number, self.month)
    }
}
