//! Exports to messages: one file per form of log, and the archive that keeps them normalised.
//!
//! Bad data is a value: a row that cannot be read becomes a [`Reject`], a file that cannot be read a
//! [`ReadError`] that the caller sets aside. Message text is never decoded.

pub mod archive;
pub mod bank;
mod bytes;
mod canonical;
mod chat;
mod container;
pub mod coverage;
mod csv;
pub mod dsn;
pub mod frame;
mod header;
pub mod identity;
pub mod inbox;
mod lines;
mod mapped;
pub mod mention;
mod ndjson;
mod options;
mod pages;
mod parquet;
mod party;
pub mod project;
pub mod row;
pub mod sieved;
mod spreadsheet;
mod stamp;
pub mod statement;
pub mod webhook;

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::DataFrame;

use crate::domain::settings::{LogFormat, MAPPED, OF_OWNERS};
use crate::domain::{Instant, Mapping};

pub use bytes::{sha256, sha256_of};
pub use options::{Latest, Limits, Options};
pub use row::{Reject, Suspect};

/// One log file, read.
#[derive(Debug)]
pub struct LogFile {
    pub format: LogFormat,
    /// SHA-256 of the file as it lies on disk, in hexadecimal.
    pub sha256: String,
    /// Columns of [`crate::domain::columns::ALL`], rows as in the file.
    pub frame: DataFrame,
    pub rejects: Vec<Reject>,
    /// What carries no message: changes of webhooks by their field, rows of vendors by the column that says so; in a chat,
    /// sentences of the app, and the files beside it in its archive.
    pub others: BTreeMap<String, u64>,
    /// What is recorded as the form of the file.
    pub recorded: String,
    /// First and last `sent_at` of the frame; `None` when it has no row.
    pub first_and_last: Option<(Instant, Instant)>,
}

/// Why a file is set aside as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the file cannot be read")]
    Io(#[source] std::io::Error),
    #[error("not a regular file")]
    NotAFile,
    #[error("the compressed data is damaged or cut off")]
    Compression(#[source] std::io::Error),
    #[error("the file is a bomb, or should be cut into days: its {packed} bytes unpack to {unpacked} and more")]
    Bomb { packed: u64, unpacked: u64 },
    #[error("the file has more than {0} rows; cut it into days")]
    TooManyRows(u64),
    #[error("the file has {found} columns, more than {limit}")]
    TooManyColumns { found: usize, limit: usize },
    #[error("the file is compressed twice: unpack it once")]
    CompressedTwice,
    #[error("the file has nothing but zero bytes, as after a crash or on a full disk; take the export again")]
    Zeros,
    #[error("the file is written in UTF-16; write it in UTF-8")]
    Utf16,
    #[error("a spreadsheet has damaged the log: {0}; take the export as it was before a spreadsheet opened it")]
    Spreadsheet(String),
    #[error("the fields are separated by {0}, as some spreadsheets do; export them separated by commas")]
    Separator(&'static str),
    #[error(
        "the form of the log is not known: neither CSV with the columns of the message log, NDJSON, Parquet, webhook bodies nor an exported chat"
    )]
    UnknownFormat,
    #[error("the file is one JSON array: write one object a line, without brackets and commas around them")]
    JsonArray,
    #[error("no line is a JSON object: write one whole object a line")]
    NoObjects,
    #[error("required columns are missing: {}", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    #[error("the file lacks columns of its mapping: {missing}; it has {present}")]
    Unmapped { missing: String, present: String },
    #[error("the file has none of the columns that its mapping names: {0}")]
    NotOfMapping(String),
    #[error("every row of the file is passed over, since `{0}` has nothing that the mapping takes for a message")]
    AllPassedOver(String),
    #[error("document {0} of the file is cut off, not valid JSON, or has no list of rows where its mapping says")]
    Document(u64),
    #[error("the column `{0}` stands twice in the header")]
    DuplicateColumn(String),
    #[error("the header cannot be read")]
    Header,
    #[error("line {0}: a quote is opened and never closed, so the rows after it cannot be told apart")]
    UnclosedQuote(u64),
    #[error("line {0} is longer than a line may be, or a quote in it is never closed")]
    LongLine(u64),
    #[error("the Parquet file is damaged: {0}")]
    Parquet(String),
    #[error("the column `{0}` has the type {1}, which cannot be read as {2}")]
    ColumnType(&'static str, String, &'static str),
    #[error("the column `sent_at` has times without a zone: declare the `zone` of the source, or write them in UTC")]
    NoZone,
    #[error("the column `sent_at` has numbers: declare their unit as `stamps` of the source")]
    NoUnit,
    #[error(transparent)]
    Chat(#[from] chat::Refused),
    #[error(transparent)]
    Container(#[from] container::Refused),
    #[error("in its member {name}")]
    Member {
        name: String,
        #[source]
        error: Box<ReadError>,
    },
    #[error("a frame could not be built")]
    Frame(#[from] polars::prelude::PolarsError),
}

/// Reads one log file.
pub fn read_file(path: &Path, options: &Options) -> Result<LogFile, ReadError> {
    read_bytes(&raw_bytes(path)?, path, options)
}

/// The bytes of a regular file.
pub fn raw_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    bytes::raw(path)
}

/// Reads a log that is already in memory; `path` tells only how it may be formed.
pub fn read_bytes(raw: &[u8], path: &Path, options: &Options) -> Result<LogFile, ReadError> {
    let sha256 = bytes::sha256(raw);
    let plain = bytes::unpacked(raw, path, &options.limits)?;
    let mut builder = frame::Builder::new(options);
    let (format, others) = match container::kind(&plain) {
        // What is packed by its members is not packed again as a whole.
        Some(container::Kind::Zip) if bytes::is_packed(raw) => return Err(ReadError::CompressedTwice),
        Some(kind) => container::read(&plain, kind, raw.len(), options, &mut builder)?,
        None => {
            check_text(&plain)?;
            if container::is_named(path) {
                return Err(container::Refused::NotAnArchive.into());
            }
            let format = form(&plain, path, options)?;
            (format, rows(&plain, format, options, &mut builder)?)
        }
    };
    let recorded = recorded(format, options.mapping.as_deref());
    let first_and_last = builder.first_and_last();
    let (frame, mut rejects) = builder.finish()?;
    rejects.sort();
    Ok(LogFile { format, sha256, frame, rejects, others, recorded, first_and_last })
}

/// Refuses what is no log of any form, by its bytes.
fn check_text(plain: &[u8]) -> Result<(), ReadError> {
    if bytes::is_packed(plain) {
        return Err(ReadError::CompressedTwice);
    }
    if !plain.is_empty() && plain.iter().all(|byte| *byte == 0) {
        return Err(ReadError::Zeros);
    }
    if bytes::is_utf16(plain) { Err(ReadError::Utf16) } else { Ok(()) }
}

/// The form that is declared, or seen.
fn form(plain: &[u8], path: &Path, options: &Options) -> Result<LogFormat, ReadError> {
    match (options.format, &options.mapping) {
        (Some(format), _) => Ok(format),
        (None, Some(_)) => Ok(mapped::form(plain)),
        (None, None) => detect(path, plain, options.limits.line),
    }
}

/// Reads the rows of one text. Gives what carries no message.
fn rows(
    plain: &[u8],
    format: LogFormat,
    options: &Options,
    builder: &mut frame::Builder,
) -> Result<BTreeMap<String, u64>, ReadError> {
    match &options.mapping {
        Some(mapping) => mapped::read(plain, format, mapping, builder),
        None => canonical_rows(plain, format, options, builder),
    }
}

/// Reads rows that are canonical, or say the same in a form of their own. Gives what carries no message.
fn canonical_rows(
    plain: &[u8],
    format: LogFormat,
    options: &Options,
    builder: &mut frame::Builder,
) -> Result<BTreeMap<String, u64>, ReadError> {
    match format {
        LogFormat::Csv => csv::read(plain, builder)?,
        LogFormat::Ndjson => ndjson::read(plain, builder)?,
        LogFormat::Parquet => parquet::read(plain, builder)?,
        LogFormat::Webhook => {
            let mut number = 0;
            let told = webhook::stream(plain, &mut |row| {
                number += 1;
                builder.push(&row, number);
            });
            builder.rejects.extend(told.rejects);
            builder.check_rows()?;
            return Ok(told.others);
        }
        LogFormat::Chat => return chat::read(plain, options, builder),
    }
    Ok(BTreeMap::new())
}

/// What is recorded as the form of a file: also whether the book is to say whose its channels are.
fn recorded(format: LogFormat, mapping: Option<&Mapping>) -> String {
    match mapping {
        None => format.name().to_owned(),
        Some(Mapping { business: Some(_), .. }) => format!("{MAPPED}{format}"),
        Some(Mapping { business: None, .. }) => format!("{MAPPED}{format}{OF_OWNERS}"),
    }
}

/// An error with everything that caused it, in one line.
pub fn described(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", described(source)),
        None => error.to_string(),
    }
}

fn detect(path: &Path, plain: &[u8], longest: usize) -> Result<LogFormat, ReadError> {
    if plain.starts_with(b"PAR1") {
        return Ok(LogFormat::Parquet);
    }
    if ndjson::looks_like(plain, longest) {
        return Ok(LogFormat::Ndjson);
    }
    if webhook::looks_like(plain) {
        return Ok(LogFormat::Webhook);
    }
    if chat::looks_like(plain, longest) {
        return Ok(LogFormat::Chat);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let extension = name.rsplit('.').next().unwrap_or_default();
    match (extension, plain.iter().find(|byte| !byte.is_ascii_whitespace())) {
        ("csv", _) => Ok(LogFormat::Csv),
        ("ndjson" | "jsonl", _) | (_, Some(b'{')) => Ok(LogFormat::Ndjson),
        // A quiet day of bodies.
        ("json", None) => Ok(LogFormat::Webhook),
        _ if csv::looks_like(plain, longest) => Ok(LogFormat::Csv),
        _ => Err(ReadError::UnknownFormat),
    }
}

#[cfg(test)]
mod tests;
