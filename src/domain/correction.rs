//! What corrects an issued document: history only grows, so a correction is a document of its own that names the
//! one before.

use serde::{Deserialize, Serialize};

use super::vat::{VatKey, VatShare};
use super::{Date, Decimal, EntryPoint, InvoiceNumber, Market, Money, Month};

/// What a document is. The first of each is of the type code that EN 16931 gives it: 380 and 381.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    #[default]
    Invoice,
    /// Its amounts are positive: what is given back.
    CreditNote,
}

impl DocumentKind {
    pub const fn is_invoice(&self) -> bool {
        matches!(self, Self::Invoice)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit note",
        }
    }
}

/// Why an issued invoice is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionCause {
    /// Logs that arrived after the closing, or holds that were accepted after it.
    LateLogs,
    /// Messages that the business disputed, rightly.
    Dispute,
    /// Wrong words on the invoice, such as an address; its charges stay.
    Reissue,
}

impl CorrectionCause {
    pub const fn name(self) -> &'static str {
        match self {
            Self::LateLogs => "late logs",
            Self::Dispute => "dispute",
            Self::Reissue => "reissue",
        }
    }
}

/// What a credit note corrects, or what an invoice stands in place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub number: InvoiceNumber,
    pub issue_date: Date,
    pub cause: CorrectionCause,
    /// In the operator's own words; absent for late logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many messages have another charge now.
    pub messages: u64,
    /// SHA-256 of the charges as they were billed; `computation.data_sha256` is of those that stand now.
    pub was_sha256: String,
}

/// One row of a credit note: what was billed, what stands now, and the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditLine {
    pub of: CreditOf,
    /// Market, entry point and price are of charges; free ones have the price zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<EntryPoint>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
    /// Of an earlier month that was billed with the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Month>,
    pub billed: Amounts,
    pub now: Amounts,
    /// `billed` less `now`: below zero where more stands now than was billed.
    pub credit: Money,
    /// Where the invoice has several categories or rates: its parts. They sum to `credit`; one of them may be below zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<VatShare>,
}

/// What a row of a credit note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditOf {
    /// Charges of one market, entry point and price.
    Charges,
    Minimum,
    Cap,
    /// An earlier month that was billed with the invoice, as a whole.
    EarlierMonth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Charges; 0 for a minimum or a cap.
    pub quantity: u64,
    pub amount: Money,
}

/// What an invoice bills of a month before its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub month: Month,
    pub cause: EarlierCause,
    /// Charges of that month as they stand now.
    pub charges: u64,
    /// What no document has billed yet.
    pub amount: Money,
    /// SHA-256 of the charges of that month.
    pub data_sha256: String,
    /// On an invoice with several categories or rates, or of a month whose charges decided it one by one: which is that of
    /// the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<VatKey>,
    /// Where the amount has several categories or rates: its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<VatShare>,
}

impl Earlier {
    /// Whether its month was closed with the VAT of its charges, which a later book only corrects.
    pub const fn is_keyed(&self) -> bool {
        self.vat.is_some() || !self.shares.is_empty()
    }

    /// The amount by category and rate; a row that says none has none.
    pub fn by_key(&self) -> Vec<(Option<&VatKey>, Money)> {
        if self.shares.is_empty() {
            return vec![(self.vat.as_ref(), self.amount)];
        }
        self.shares.iter().map(|share| (Some(&share.vat), share.amount)).collect()
    }

    /// The same amount with these parts: of one category and rate, or of several. Nothing is to be billed under none.
    pub fn with_shares(mut self, shares: Vec<VatShare>) -> Self {
        (self.vat, self.shares) = match shares.as_slice() {
            [only] => (Some(only.vat.clone()), Vec::new()),
            _ => (None, shares),
        };
        self
    }
}

/// Why an amount of an earlier month is billed with a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlierCause {
    /// It was smaller than the smallest invoice.
    CarriedOver,
    /// Logs that arrived after the closing made it more than was billed.
    LateLogs,
}
