//! What happens to a month around its closing: approvals, releases, comparisons, corrections, disputes.

use serde::{Deserialize, Serialize};

use crate::domain::invoice::Counts;
use crate::domain::vat::VatShare;
use crate::domain::{BusinessId, ChannelId, CorrectionCause, Decimal, Instant, Money, Month};

/// The texts that a decision was made with, by SHA-256; each is stored as content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub config_sha256: String,
    pub businesses_sha256: String,
    pub tariff_sha256: String,
    /// Templates and logos; absent where they were not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_sha256: Option<String>,
}

/// A tariff became known: from then on it was the one that months were judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffKnown {
    pub at: Instant,
    /// Name and version.
    pub tariff: String,
    pub sha256: String,
}

/// A person has seen what a month comes to, and lets it be issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    pub business: BusinessId,
    pub month: Month,
    pub at: Instant,
    /// Of the charges that were seen: with other charges the month is to be approved again.
    pub data_sha256: String,
    /// Of the invoice that was seen, and of whom it goes to: with other words, taxes, recipients or earlier months it is
    /// to be approved again, too. Absent for a correction, and where an older version recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft_sha256: Option<String>,
    pub net: Money,
}

/// A person has looked at what a guard found, and lets the month be closed all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unparked {
    pub business: BusinessId,
    pub month: Month,
    pub at: Instant,
    /// Of the charges that were seen: with other charges the guard looks again.
    pub data_sha256: String,
    /// Names of the guards.
    pub guards: Vec<String>,
    /// What they found, as it was shown.
    pub findings: Vec<String>,
    /// In the operator's own words.
    pub reason: String,
}

/// A closed month was rated again with what is known by now, and nothing was issued: it comes to the same, or to more
/// than was billed, or to so little less that it is not worth a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    pub business: BusinessId,
    pub month: Month,
    pub at: Instant,
    /// Entries up to this one were known.
    pub known_through: u64,
    /// What stands, and what the month would come to.
    pub standing: Money,
    pub net: Money,
    /// Messages whose charge would be another.
    pub messages: u64,
    pub data_sha256: String,
}

/// The charges of a closed month are others from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthCorrected {
    pub business: BusinessId,
    pub month: Month,
    /// Counted from 1 for each month of a business.
    pub correction: u32,
    pub cause: CorrectionCause,
    /// When it was decided.
    pub at: Instant,
    /// The evidence ends here, as at the closing.
    pub cut: Instant,
    /// Files and accepted holds recorded up to this entry are the evidence.
    pub evidence_through: u64,
    /// Messages of disputes that were settled up to this entry are not charged.
    pub disputes_through: u64,
    pub counts: Counts,
    pub charges: u64,
    pub exact: Decimal,
    pub net: Money,
    pub data_sha256: String,
    /// Version of the program that decided, and of its time zone data.
    pub version: String,
    pub zones: String,
    /// Where the day of each charge decides its VAT: what of the net amount falls under which category and rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vat: Vec<VatShare>,
}

/// Messages whose charges a business disputes, with what the evidence says about each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// Counted from 1 over the ledger.
    pub dispute: u32,
    pub business: BusinessId,
    pub month: Month,
    pub at: Instant,
    /// SHA-256 of the file that was handed in.
    pub file_sha256: String,
    pub claims: Vec<Claim>,
}

/// One disputed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub channel: ChannelId,
    /// As the archive names it.
    pub message_id: String,
    /// In the words of the business.
    pub reason: String,
    pub accepted: bool,
    /// The rule by which it was decided, and what it saw.
    pub ruling: String,
}

/// A dispute was settled: from now on its accepted messages are not charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeSettled {
    pub dispute: u32,
    pub at: Instant,
}
