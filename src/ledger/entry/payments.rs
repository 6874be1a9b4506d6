//! Money that came in: payments, what is said of them later, and reminders of what did not come.

use serde::{Deserialize, Serialize};

use super::DigestMail;
use crate::domain::receivable::{AdvancePaid, PaidPart};
use crate::domain::{BusinessId, Date, Instant, InvoiceNumber, Money};

/// A payment that the statement of a bank tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReceived {
    /// Counted from 1 over the ledger.
    pub payment: u32,
    /// Digest of account, reference, amount and day of the entry, and of its words where it has no reference: none is taken
    /// twice.
    pub key: String,
    /// SHA-256 of the file that it stands in.
    pub file_sha256: String,
    pub at: Instant,
    /// The account that the money came to.
    pub account: String,
    /// What the bank calls the entry.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    pub booked: Date,
    /// Above zero.
    pub amount: Money,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub payer: String,
    /// What the payer wrote, cut to a few hundred characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What invoices take of it, by its references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PaidPart>,
    /// It is a payment in advance that the book states, which invoices take by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance: Option<AdvancePaid>,
    /// It is the money of this payment again, which was taken back by mistake, or is another kind of payment: a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<u32>,
    /// Why, in the operator's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A person says for which invoices a payment is, or a part of it that was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMatched {
    pub payment: u32,
    pub at: Instant,
    /// The day on which it is booked.
    pub on: Date,
    pub parts: Vec<PaidPart>,
    /// In the operator's own words.
    pub reason: String,
}

/// What invoices took of a payment is open again: the payment was returned, or it was taken for the wrong invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReversed {
    pub payment: u32,
    pub at: Instant,
    /// The day on which it is booked.
    pub on: Date,
    /// The money stays: only what it is for was wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps: bool,
    /// In the operator's own words.
    pub reason: String,
}

/// A reminder was frozen as a mail; from now on these are its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    pub business: BusinessId,
    /// Counted from 1.
    pub level: u32,
    pub at: Instant,
    /// The invoices that it reminds of.
    pub numbers: Vec<InvoiceNumber>,
    /// One a recipient, in the folder of reminders.
    pub mails: Vec<DigestMail>,
}
