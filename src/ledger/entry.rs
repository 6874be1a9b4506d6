//! What the ledger records: one closed list of facts.

mod documents;
mod mails;
mod months;
mod parked;
mod payments;
mod reconciled;

use serde::{Deserialize, Serialize};

use crate::domain::correction::Earlier;
use crate::domain::invoice::Counts;
use crate::domain::prepaid::{Released, Taken};
use crate::domain::vat::VatShare;
use crate::domain::{
    BusinessId, ChannelId, CorrectionCause, Date, Decimal, DocumentKind, Instant, InvoiceNumber, Money, Month, Span,
};

pub use documents::{Artefact, Documents};
pub use mails::{
    DigestMade, DigestMail, Mail, MailAttempt, MailBegun, MailBounced, MailCancelled, MailCopy, MailOutcome,
    MailRetried, TriedBy, Trying,
};
pub use months::{Approved, Claim, Compared, Dispute, DisputeSettled, MonthCorrected, TariffKnown, Texts, Unparked};
pub use parked::{MonthParked, MonthsParked};
pub use payments::{PaymentMatched, PaymentReceived, PaymentReversed, Reminder};
pub use reconciled::MonthReconciled;

/// One fact. The written form is JSON with the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A file of the inbox was read into the archive.
    File(LogRead),
    /// A file of the inbox cannot be used.
    SetAside(SetAside),
    /// A month of a business was closed.
    MonthClosed(MonthClosed),
    /// An invoice was issued for a closed month.
    Invoice(Issued),
    /// The documents of an invoice were written.
    Documents(Documents),
    /// A mail was made; from now on these are its bytes.
    Mail(Mail),
    /// A mail is about to be given to a server.
    MailBegun(MailBegun),
    /// A mail was given to the transport.
    MailAttempt(MailAttempt),
    /// A person lets a mail be tried again.
    MailRetried(MailRetried),
    /// A person took a mail back.
    MailCancelled(MailCancelled),
    /// A report names a mail.
    MailBounced(MailBounced),
    /// The issuer was told what happened.
    Digest(DigestMade),
    /// The key of the archive's names was made.
    Key(Key),
    /// Somebody is to be forgotten. What follows from it is carried out, and done when it is `Erased`.
    Forgotten(Forgotten),
    /// A forgetting was carried out.
    Erased(Erased),
    /// Raw files whose time was over were removed.
    Purged(Purged),
    /// The operator accepted a hold: the waits that it concerns are never billed.
    HoldAccepted(HoldAccepted),
    /// A tariff became known.
    Tariff(TariffKnown),
    /// A person let a month be issued.
    Approved(Approved),
    /// A person let a month be closed that a guard had parked.
    Unparked(Unparked),
    /// A closed month was rated again, and nothing was issued.
    Compared(Compared),
    /// The charges of a closed month are others from now on.
    Corrected(MonthCorrected),
    /// A credit note was issued.
    CreditNote(Issued),
    /// An invoice was issued in place of another.
    Replacement(Issued),
    /// A business disputes messages.
    Dispute(Dispute),
    /// A dispute was settled.
    DisputeSettled(DisputeSettled),
    /// Money came in.
    Payment(PaymentReceived),
    /// A person said what a payment is for.
    PaymentMatched(PaymentMatched),
    /// A payment was taken back.
    PaymentReversed(PaymentReversed),
    /// A business is reminded of what is overdue.
    Reminder(Reminder),
    /// A partner's statement of a month was compared with what is billed.
    Reconciled(MonthReconciled),
    /// A night parked others than before.
    Parked(MonthsParked),
}

impl Entry {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::SetAside(_) => "set_aside",
            Self::MonthClosed(_) => "month_closed",
            Self::Invoice(_) => "invoice",
            Self::Documents(_) => "documents",
            Self::Mail(_) => "mail",
            Self::MailBegun(_) => "mail_begun",
            Self::MailAttempt(_) => "mail_attempt",
            Self::MailRetried(_) => "mail_retried",
            Self::MailCancelled(_) => "mail_cancelled",
            Self::MailBounced(_) => "mail_bounced",
            Self::Digest(_) => "digest",
            Self::Key(_) => "key",
            Self::Forgotten(_) => "forgotten",
            Self::Erased(_) => "erased",
            Self::Purged(_) => "purged",
            Self::HoldAccepted(_) => "hold_accepted",
            Self::Tariff(_) => "tariff",
            Self::Approved(_) => "approved",
            Self::Unparked(_) => "unparked",
            Self::Compared(_) => "compared",
            Self::Corrected(_) => "corrected",
            Self::CreditNote(_) => "credit_note",
            Self::Replacement(_) => "replacement",
            Self::Dispute(_) => "dispute",
            Self::DisputeSettled(_) => "dispute_settled",
            Self::Payment(_) => "payment",
            Self::PaymentMatched(_) => "payment_matched",
            Self::PaymentReversed(_) => "payment_reversed",
            Self::Reminder(_) => "reminder",
            Self::Reconciled(_) => "reconciled",
            Self::Parked(_) => "parked",
        }
    }
}

/// A log file with what it holds and proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRead {
    /// Inside the inbox.
    pub name: String,
    pub source: String,
    pub format: String,
    /// SHA-256 of the file as it lay in the inbox.
    pub sha256: String,
    pub rows: u64,
    pub rejected: u64,
    /// SHA-256 of its messages in the archive, in plain: only version 0.1.0 wrote such files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_sha256: Option<String>,
    /// Its messages in the archive, by month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// When it was read; unknown of files that 0.1.0 read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Instant>,
    /// How long its raw bytes are kept; absent when they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_until: Option<Instant>,
    /// What its rejected rows leave open: outbound messages that may be in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<crate::domain::evidence::Unread>,
    /// The span that its manifest or its name declares.
    pub declared: Option<crate::domain::Span>,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// Channels of its messages.
    pub channels: Vec<String>,
    /// Channels and directions that its manifest speaks for; `None`: those of the source.
    pub speaks_for: Option<Vec<String>>,
    pub directions: Option<Vec<crate::domain::Direction>>,
}

/// A file of the archive: messages of one month, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub month: Month,
    pub sha256: String,
    pub rows: u64,
    pub first: Instant,
    pub last: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    pub name: String,
    pub sha256: String,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// The time that it declares, where that was found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Span>,
    /// Digest of what the reading depended on beside the file (version, settings of its source, manifest): while
    /// it is the same, the file is not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_with: Option<String>,
}

/// The key itself lies in a file of its own; this tells it from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub fingerprint: String,
}

/// What identifies one customer is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// The customer's keyed name.
    pub person: String,
    /// Messages sent before are concerned.
    pub at: Instant,
    /// Line files that named the customer, with the digest that they have from now on.
    pub line_files: Vec<Redacted>,
    /// Mails that carried such a line file and are destroyed, by Message-ID.
    pub mails: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redacted {
    /// Of a file beside the documents; absent where the charges of the month have no document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<InvoiceNumber>,
    pub business: BusinessId,
    pub month: Month,
    /// Of the charges after a correction: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<u32>,
    pub was_sha256: String,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    pub person: String,
    pub at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    pub at: Instant,
    /// SHA-256 of the raw files that were removed.
    pub raw: Vec<String>,
}

/// A closed month, with everything that is needed to come to the same result again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthClosed {
    pub business: BusinessId,
    pub month: Month,
    /// The evidence ends here.
    pub cut: Instant,
    /// When it was decided.
    pub closed_at: Instant,
    /// Files recorded up to this entry are the evidence.
    pub evidence_through: u64,
    pub counts: Counts,
    pub charges: u64,
    pub exact: Decimal,
    pub data_sha256: String,
    pub tariff: String,
    pub tariff_sha256: String,
    pub config_sha256: String,
    pub businesses_sha256: String,
    /// Version of the program that decided, and of its time zone data.
    pub version: String,
    pub zones: String,
    /// Of a month with charges too small for an invoice of their own: what a later invoice is to bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Money>,
    /// Where the day of each charge decides its VAT: what of the net amount falls under which category and rate. The book may
    /// be another when a later invoice bills it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vat: Vec<VatShare>,
    /// Of a month that is billed in another currency: SHA-256 of the rows of the table of rates that prove its own, which
    /// are stored as content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_sha256: Option<String>,
    /// Templates and logos of its documents; absent where it was closed before they were recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_sha256: Option<String>,
}

/// A document that was issued: an invoice, a credit note, or an invoice in place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    pub number: InvoiceNumber,
    pub business: BusinessId,
    pub month: Month,
    pub issue_date: Date,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    pub data_sha256: String,
    /// SHA-256 of the canonical invoice, stored as content: the head of the chain of issued documents.
    pub document_sha256: String,
    /// The head before it.
    pub previous: String,
    #[serde(default, skip_serializing_if = "DocumentKind::is_invoice")]
    pub kind: DocumentKind,
    /// The invoice that a credit note corrects, or in whose place an invoice stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<InvoiceNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CorrectionCause>,
    /// In the operator's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was decided; of an invoice without it, at the closing of its month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Instant>,
    /// What it was decided with; of an invoice without it, as at the closing of its month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// Parts of the net amount that are of earlier months: billed by an invoice, given back by a credit note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// Of an invoice in place of one in other currencies: SHA-256 of the rows of the table of rates that prove its own, which
    /// are stored as content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_sha256: Option<String>,
    /// What the invoice of a closing took of payments in advance. One in place of it has taken that over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepaid: Vec<Taken>,
    /// What an invoice in place of another needs less of them than that one did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<Released>,
}

/// A hold that the operator accepted, for one conversation or for the whole channel. What was accepted together
/// has the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldAccepted {
    pub id: String,
    pub business: BusinessId,
    pub channel: ChannelId,
    pub cause: Cause,
    /// In which answers may be missing for good; unknown answers are spans of a microsecond.
    pub spans: Vec<Span>,
    /// As the archive names it; `None`: the spans concern the whole channel.
    pub conversation: Option<String>,
    /// Ids of questions of unknown kind, or of the message of which exports disagree.
    pub messages: Vec<String>,
    /// A disagreement excludes the waits received before; otherwise the end of what was accepted.
    pub through: Instant,
    /// In the operator's own words.
    pub reason: String,
    /// The instant of judgement by which the hold was listed.
    pub at: Instant,
}

/// Why waits are held that the operator can accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Outbound logs are missing.
    Gap,
    /// Outbound rows could not be read.
    Unread,
    /// Outbound messages are of unknown kinds.
    UnknownAnswer,
    /// Inbound messages are of unknown kinds.
    UnknownKind,
    /// Exports disagree about a message.
    Conflict,
}

impl Cause {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Unread => "unread",
            Self::UnknownAnswer => "unknown_answer",
            Self::UnknownKind => "unknown_kind",
            Self::Conflict => "conflict",
        }
    }
}
