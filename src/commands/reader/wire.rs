//! What the run and its reading child say to each other: one JSON value a line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::Instant;
use crate::domain::settings::MAPPED;
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;
use crate::read::{Reject, described};

/// The first line: what holds for all files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Of names, in hexadecimal. Without it nothing is stored, the files are only read.
    pub key: Option<String>,
    /// Keyed customers of whom nothing plain is kept before an instant.
    pub forgotten: Vec<(String, Instant)>,
    /// Bytes of data memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub cpu: u64,
}

/// A file to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub path: PathBuf,
    /// What its source says of it.
    pub options: crate::read::Options,
    /// Folder of this job alone, which receives what [`made`] names.
    pub into: PathBuf,
    pub keep_raw: bool,
}

/// The answer to a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    Read(Box<FileRead>),
    /// The file cannot be used, and why.
    Refused(String),
    /// The file cannot be read now.
    Io(String),
    /// The file was written to while it was read.
    Changed,
    /// What was made of the file could not be written: no fault of the file.
    Unwritten(Unwritten),
}

/// Why a child could not write: the parts of a [`Failure`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unwritten {
    exit_code: u8,
    message: String,
    place: Option<String>,
}

impl Unwritten {
    pub fn of(failure: Failure) -> Self {
        let cause = failure.source.as_ref().map(|source| format!(": {}", described(source.as_ref())));
        let message = format!("{}{}", failure.message, cause.unwrap_or_default());
        Self { exit_code: failure.kind.exit_code(), message, place: failure.place }
    }

    pub fn failure(self) -> Failure {
        let kinds = [Kind::CannotCreate, Kind::Permission];
        let kind = kinds.into_iter().find(|kind| kind.exit_code() == self.exit_code).unwrap_or(Kind::InputOutput);
        let failure = Failure { place: self.place, ..Failure::new(kind, self.message) };
        failure.hint("nothing was recorded; see whether the disk is full and the state folder can be written")
    }
}

/// Names inside the folder of a job.
pub mod made {
    use crate::ledger::entry::Part;

    pub const REJECTS: &str = "rejects.csv";
    pub const RAW: &str = "raw.zst";

    /// Messages of a month, keyed.
    pub fn archived(part: &Part) -> String {
        format!("archive-{}-{}.parquet", part.month, part.sha256)
    }

    /// The plain names beside them.
    pub fn names(part: &Part) -> String {
        format!("names-{}-{}.parquet", part.month, part.sha256)
    }
}

/// A file that was read and stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileRead {
    pub format: String,
    pub sha256: String,
    pub rows: u64,
    pub rejected: u64,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// Business, channel, inbound rows, outbound rows; sorted.
    pub channels: Vec<(String, String, u64, u64)>,
    /// Webhook changes that carry no message, by field.
    pub others: BTreeMap<String, u64>,
    pub parts: Vec<Part>,
    pub first_rejects: Vec<Reject>,
    /// Rejected rows that may be outbound messages.
    pub suspects: Vec<Suspected>,
    /// There are more of them than are listed.
    pub more_suspects: bool,
    /// The folder that holds what was made of it.
    #[serde(skip)]
    pub made_in: PathBuf,
}

impl FileRead {
    /// Rows that a mapping takes for no messages; what else carries none, as changes of webhooks do, is no row.
    pub fn passed_over(&self) -> u64 {
        if self.format.starts_with(MAPPED) { self.others.values().sum() } else { 0 }
    }
}

/// What is known of a rejected row that may be an outbound message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Suspected {
    pub channel: Option<String>,
    /// Keyed.
    pub conversation: Option<String>,
    pub at: Option<Instant>,
}
