//! What the run and its reading child say to each other: one JSON value a line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::Instant;
use crate::ledger::entry::Part;
use crate::read::Reject;

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
    /// Folder that receives `archive/MONTH/SHA256.parquet`, `names/…`, `rejects/SHA256.csv` and `raw/SHA256.zst`.
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
    /// What was made of the file cannot be written: why.
    Failed(String),
    /// The file was written to while it was read.
    Changed,
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
}

/// What is known of a rejected row that may be an outbound message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Suspected {
    pub channel: Option<String>,
    /// Keyed.
    pub conversation: Option<String>,
    pub at: Option<Instant>,
}
