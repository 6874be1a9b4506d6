//! The statement of a bank: camt.053 of ISO 20022, or CSV by a mapping. What cannot be read is rejected with its reason, and
//! what is no payment is counted.

mod camt;
mod node;
mod table;
#[cfg(test)]
mod tests;
mod western;

use std::collections::BTreeMap;

use crate::domain::receivable::{StatementEntry, StatementTable, TextEncoding};
use crate::domain::{Date, Money};

/// Bytes of a statement; a year of a large account is a tenth of it.
pub const BYTES_MAX: u64 = 64 << 20;
/// Payments of a statement.
const ENTRIES_MAX: usize = 1_000_000;
/// The greatest amount of a payment, in minor units: with more of them no sum of honest payments would fit.
const MINOR_MAX: i64 = 10_000_000_000_000;
/// No payment is booked before this year: a day that is was misread.
const FIRST_YEAR: i32 = 2009;
/// What banks write where an entry has no reference.
const NO_NAMES: [&str; 4] = ["NOTPROVIDED", "NOT PROVIDED", "NONREF", "N/A"];
/// Characters of a name, and of a text, that are kept.
const TEXT_CHARS: usize = 1_000;

/// A statement, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// In the order of the file.
    pub entries: Vec<StatementEntry>,
    /// Place and reason of what cannot be read.
    pub rejected: Vec<(String, String)>,
    /// Entries that are announced and not booked yet.
    pub pending: u64,
}

/// Why a file is refused as a whole.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("the statement has more than {} MiB", BYTES_MAX >> 20)]
    TooLarge,
    #[error("the statement is not written in UTF-8")]
    NotUtf8,
    #[error("the statement declares a document type (DTD), which no bank needs and no reader should follow")]
    DocumentType,
    #[error("the statement is damaged or cut off: {0}")]
    Damaged(String),
    #[error("the file is XML, and no statement of camt.053 in version 02, 04 or 08: {0}")]
    Version(String),
    #[error("elements of the statement lie inside one another more than {0} times")]
    Deep(usize),
    #[error("an entry of the statement has more than {0} elements, or one of them too long a text")]
    TooMuch(usize),
    #[error("the statement has more than {ENTRIES_MAX} payments")]
    TooMany,
    #[error("the file is no XML, and the configuration maps no CSV of a bank")]
    NoTable,
    #[error("the file lacks the columns of its mapping `{table}`: {missing}; it has {present}")]
    Columns { table: String, missing: String, present: String },
    #[error("a quote in the statement is never closed, from line {0} on: what follows it would be lost")]
    OpenQuote(u64),
    #[error("the column `{0}` stands twice in the header")]
    DoubleColumn(String),
}

/// Whether the bytes of a file look like XML.
pub fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

/// Reads a statement: XML as camt.053, everything else as CSV by `table`.
///
/// # Errors
/// The file is none, is damaged, or is more than anything honest. A single entry that cannot be read is rejected, not an error.
pub fn read_statement(bytes: &[u8], table: Option<&StatementTable>) -> Result<Statement, StatementError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(StatementError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let as_utf8 = || std::str::from_utf8(bytes).map_err(|_| StatementError::NotUtf8);
    if is_xml(bytes) {
        return camt::read(as_utf8()?);
    }
    let table = table.ok_or(StatementError::NoTable)?;
    match table.encoding {
        TextEncoding::Utf8 => table::read(as_utf8()?, table),
        TextEncoding::Windows1252 => table::read(&western::text(bytes), table),
    }
}

impl Statement {
    /// Adds an entry, or what is wrong with it.
    fn add(&mut self, place: String, entry: Result<StatementEntry, String>) -> Result<(), StatementError> {
        match entry {
            Ok(entry) => self.entries.push(entry),
            Err(reason) => self.rejected.push((place, reason)),
        }
        let all = self.entries.len().saturating_add(self.rejected.len());
        if all > ENTRIES_MAX { Err(StatementError::TooMany) } else { Ok(()) }
    }
}

/// An amount without a sign, as digits with a dot.
fn money(currency: &str, digits: &str) -> Result<Money, String> {
    let amount: Money = format!("{currency} {digits}").parse()?;
    match amount.minor() {
        1..=MINOR_MAX => Ok(amount),
        ..=0 => Err(format!("an amount of {amount} is no payment")),
        _ => Err(format!("an amount of {amount} is more than any payment")),
    }
}

/// A day on which a payment may be booked.
fn booked(day: Date) -> Result<Date, String> {
    if day.year() >= FIRST_YEAR { Ok(day) } else { Err(format!("it is booked on {day}, before {FIRST_YEAR}")) }
}

/// What a bank calls an entry: empty where it only says that it has no name.
fn name(text: &str) -> String {
    let name = tidy(text);
    if NO_NAMES.iter().any(|none| name.eq_ignore_ascii_case(none)) { String::new() } else { name }
}

/// Counts how many entries before it have the same identity.
fn count(entry: &mut StatementEntry, seen: &mut BTreeMap<String, u32>) {
    let before = seen.entry(entry.identity()).or_default();
    entry.like = *before;
    *before = before.saturating_add(1);
}

/// A text in one line, without what hides or breaks lines, cut where it is too long.
fn tidy(text: &str) -> String {
    let visible = |sign: char| {
        let is_hidden = sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if is_hidden { ' ' } else { sign }
    };
    let words: String = text.chars().map(visible).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(TEXT_CHARS).collect()
}
