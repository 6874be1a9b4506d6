//! Mails: what was frozen, and everything that happened to it since.

use serde::{Deserialize, Serialize};

use crate::domain::{Instant, InvoiceNumber};

/// A mail of a document to one recipient. From now on these are its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub number: InvoiceNumber,
    pub message_id: String,
    pub from: String,
    /// The one recipient of the envelope.
    pub to: String,
    /// Its file beside the documents of the invoice.
    pub name: String,
    pub sha256: String,
    /// Of a mail that a person had made once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<MailCopy>,
    /// The field `DKIM-Signature` that the bytes begin with, where they were signed: without the key nobody could make it
    /// again, and with it everybody can make the mail again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dkim: String,
    /// What its header says, in whole seconds. Absent of mails that were made before dates were recorded, which say noon of the
    /// day of their document, and of copies of before, which say when they were made; they have long names of files in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Instant>,
    /// Bytes of the mail with its documents, where that was larger than the settings let a mail be: then it is frozen without
    /// them, and says that they are to be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_big: Option<u64>,
}

/// Why a mail was made once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailCopy {
    /// Name of the mail that the run made.
    pub of: String,
    /// Counted from 1 for each of these.
    pub copy: u32,
    pub at: Instant,
    /// In the operator's own words.
    pub reason: String,
}

/// An attempt begins: the next thing is a connection, or that it is put into a folder, as some others are before it. Without an outcome after it nobody knows how far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailBegun {
    pub message_id: String,
    pub at: Instant,
    /// Absent of those that were recorded before it was told, as of attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_by: Option<TriedBy>,
}

/// Which run or command tries mails. Each mail has instants of its own, so that nothing else tells what was tried together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriedBy {
    /// The instant of its other entries.
    pub at: Instant,
    pub command: Trying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trying {
    Run,
    /// `ritardo mail send`, `retry` and `resend`.
    Mail,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailAttempt {
    pub message_id: String,
    pub at: Instant,
    pub outcome: MailOutcome,
    /// The server's reply, or why there is none.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_by: Option<TriedBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailOutcome {
    Sent,
    Deferred,
    Refused,
    /// It may have arrived: the connection was lost after the last byte.
    Unknown,
    /// What is wrong lies on this side, and no byte of the mail was offered: the attempt counts for nothing.
    Untried,
}

/// A person lets a mail be tried again at once, as if it were new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailRetried {
    pub message_id: String,
    pub at: Instant,
}

/// A person takes a mail back that was not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailCancelled {
    pub message_id: String,
    pub at: Instant,
    /// In the operator's own words.
    pub reason: String,
}

/// A report of delivery status names a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailBounced {
    /// Name of the mail.
    pub mail: String,
    /// Such as `5.1.1` (RFC 3463).
    pub status: String,
    pub diagnostic: String,
    /// Such as `failed`, which alone says that it came back (RFC 3464).
    pub action: String,
    pub report_sha256: String,
    pub at: Instant,
    /// The report does not give back the name of the envelope, which only the server knows: anybody could have written it.
    /// Absent of reports that prove themselves, and of all that were heard before such names were given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unproved: bool,
}

impl MailBounced {
    /// Whether the mail came back for good; others tell of a delay, or of success.
    pub fn is_final(&self) -> bool {
        self.action.eq_ignore_ascii_case("failed")
    }
}

/// The issuer was told what happened since the last time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestMade {
    /// Entries up to this one are told of.
    pub through: u64,
    /// The hash of that entry: nothing is told twice.
    pub head: String,
    pub at: Instant,
    /// SHA-256 of what stands: months that are parked or held. Where it changes, there is something to tell.
    pub standing_sha256: String,
    /// Its mail, where one goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<DigestMail>,
}

/// The frozen mail of a digest, in the folder of digests. The ledger has its bytes, under their SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestMail {
    pub message_id: String,
    pub from: String,
    pub to: String,
    pub name: String,
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chain of the ledger is over these bytes.
    #[test]
    fn entries_of_before_keep_their_bytes() {
        let mail = r#"{"number":"LR-2018-000001","message_id":"1@a.example","from":"a@a.example","to":"b@b.example","name":"LR-2018-000001_1.eml","sha256":"00"}"#;
        let read: Mail = serde_json::from_str(mail).unwrap();
        assert_eq!((read.date, read.too_big), (None, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), mail);
        let attempt = r#"{"message_id":"1@a.example","at":"2018-09-06T00:00:00.000Z","outcome":"sent","detail":""}"#;
        let read: MailAttempt = serde_json::from_str(attempt).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), attempt);
        let bounced = r#"{"mail":"LR-2018-000001_1.eml","status":"5.1.1","diagnostic":"","action":"failed","report_sha256":"00","at":"2018-09-06T00:00:00.000Z"}"#;
        let read: MailBounced = serde_json::from_str(bounced).unwrap();
        assert!(!read.unproved);
        assert_eq!(serde_json::to_string(&read).unwrap(), bounced);
    }
}
