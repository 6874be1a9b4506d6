//! Delivery status reports (RFC 3464, RFC 6533): what a mail server says became of a mail that it took or passed on.
//!
//! Nothing is guessed: a mail that is no such report is told with what it is instead. Only what a report says about its
//! recipients and the headers of the mail that it gives back are looked at, never the text for people.

mod fields;
mod mailbox;
mod other;
mod parts;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use fields::{is_address, line};
pub use mailbox::{MailboxError, mails};

/// One delivery status report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// SHA-256 of its body with LF as line ends and without blanks at its end: a copy of it in another mailbox, whose headers
    /// and line ends may be others, is the same report.
    pub sha256: String,
    /// The envelope id that the sender of the mail gave (RFC 3461), where the report has it.
    pub envelope_id: Option<String>,
    /// Of the mail that the report is about; empty where the report gives nothing of it back.
    pub original: Original,
    /// In the order of the report; at least one.
    pub recipients: Vec<Recipient>,
}

/// What a report gives back of the headers of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// Without its angle brackets.
    pub message_id: Option<String>,
    /// The first address of the header.
    pub from: Option<String>,
    /// All addresses of the headers To and Cc.
    pub to: Vec<String>,
    /// One line.
    pub subject: Option<String>,
}

/// What a report says of one recipient. Texts are one line of at most 200 characters each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub action: Action,
    /// The address to which the mail was to go in the end.
    pub address: String,
    /// The address that the sender wrote, where the report has it.
    pub original: Option<String>,
    /// Such as `5.1.1` (RFC 3463).
    pub status: String,
    /// The words of the server that refused the mail; empty where there are none.
    pub diagnostic: String,
}

impl Recipient {
    /// Whether it is about this address, as the sender wrote it or as the mail was to go in the end.
    pub fn is(&self, address: &str) -> bool {
        self.original.iter().chain([&self.address]).any(|named| is_address(named, address))
    }
}

/// What became of a mail (RFC 3464, 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It will not be delivered.
    Failed,
    /// It is tried on.
    Delayed,
    /// It lies in the mailbox.
    Delivered,
    /// It was passed on to a server that sends no reports.
    Relayed,
    /// It was delivered, and from there sent on to several others.
    Expanded,
}

impl Action {
    pub const ALL: [Self; 5] = [Self::Failed, Self::Delayed, Self::Delivered, Self::Relayed, Self::Expanded];

    /// As a report writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }
}

/// What a mail is that is no delivery status report, or why one cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReport {
    #[error("no report")]
    Ordinary,
    #[error("an automatic reply")]
    AutomaticReply,
    #[error("a report of another kind ({0})")]
    OtherReport(String),
    #[error(
        "it looks like a bounce, but not like a delivery status report of RFC 3464: read it, it is not guessed what it says"
    )]
    Unformed,
    #[error("the report is damaged: {0}")]
    Damaged(&'static str),
    #[error("the mail is larger than {} MiB", mailbox::LONGEST >> 20)]
    TooLarge,
    #[error("not a regular file")]
    NotAFile,
    #[error("moved while the maildir was read: the next call reads it")]
    Gone,
}

impl NoReport {
    /// Whether it may be about one of our mails all the same, so that somebody should look at it.
    pub const fn is_doubtful(&self) -> bool {
        match self {
            Self::Unformed | Self::Damaged(_) | Self::TooLarge | Self::NotAFile => true,
            Self::Ordinary | Self::AutomaticReply | Self::OtherReport(_) | Self::Gone => false,
        }
    }
}

/// Reads one mail as a delivery status report.
///
/// # Errors
/// What the mail is instead, or what is wrong with it.
pub fn report(mail: &[u8]) -> Result<Report, NoReport> {
    // A fault of the library is one of this mail: the others are read.
    catch_unwind(AssertUnwindSafe(|| read(mail))).unwrap_or(Err(NoReport::Damaged("its form cannot be read")))
}

fn read(mail: &[u8]) -> Result<Report, NoReport> {
    let head = parts::Part::of(mail)?;
    if head.kind() != "multipart/report" {
        return Err(other::kind(&head));
    }
    if let Some(kind) = head.parameter("report-type").filter(|kind| !kind.eq_ignore_ascii_case("delivery-status")) {
        return Err(NoReport::OtherReport(fields::line(kind.as_bytes())));
    }
    let boundary = head.parameter("boundary").ok_or(NoReport::Damaged("it names no boundary of its parts"))?;
    let mut rest = parts::split(head.body, boundary)?.into_iter().map(parts::Part::of);
    let status = loop {
        match rest.next().ok_or(NoReport::Damaged("it has no part with a delivery status"))? {
            Ok(part) if is_status(part.kind()) => break part,
            // What stands before is for people.
            _ => {}
        }
    };
    let (message, recipients) = fields::groups(&status.decoded()?)?;
    let returned = rest.filter_map(Result::ok).find(|part| is_returned(part.kind()));
    let original = returned.and_then(|part| fields::original(&part.decoded().ok()?).ok()).unwrap_or_default();
    let original = Original { message_id: original.message_id.or(message.message_id), ..original };
    Ok(Report { sha256: parts::digest(head.body), envelope_id: message.envelope_id, original, recipients })
}

fn is_status(kind: &str) -> bool {
    matches!(kind, "message/delivery-status" | "message/global-delivery-status")
}

/// Parts that give the mail back, or its headers.
fn is_returned(kind: &str) -> bool {
    matches!(
        kind,
        "message/rfc822"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global"
            | "message/global-headers"
    )
}
