//! Headers of logs: columns are found by their names, in any order.

use super::ReadError;
use super::canonical::column;
use crate::domain::columns;

/// What spreadsheets of some countries write instead of commas.
const SEPARATORS: [(u8, &str); 2] = [(b';', "semicolons"), (b'\t', "tabs")];

/// For each column of the message log its place in the header.
pub(super) fn columns_of<'h>(header: impl Iterator<Item = &'h str>) -> Result<Vec<(usize, usize)>, ReadError> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (place, name) in header.enumerate() {
        let Some(column) = column(name) else { continue };
        if found.iter().any(|(known, _)| *known == column) {
            return Err(ReadError::DuplicateColumn(columns::ALL[column].to_owned()));
        }
        found.push((column, place));
    }
    let has = |name: &&str| found.iter().any(|(column, _)| columns::ALL[*column] == *name);
    let missing: Vec<&'static str> = columns::REQUIRED.into_iter().filter(|name| !has(name)).collect();
    if missing.is_empty() { Ok(found) } else { Err(ReadError::MissingColumns(missing)) }
}

/// The names in a line of CSV, without their quotes, as if `separator` stood between them.
fn names(line: &str, separator: u8) -> impl Iterator<Item = &str> {
    line.split(char::from(separator)).map(|name| name.trim().trim_matches('"'))
}

/// Whether the line is a header of the message log, however it is separated.
pub(super) fn is_header(line: &str) -> bool {
    let separators = SEPARATORS.into_iter().map(|(separator, _)| separator).chain([b',']);
    separators.into_iter().any(|separator| names(line, separator).any(|name| name == columns::MESSAGE_ID))
}

/// What separates the fields of a header that has the columns, but not between commas.
pub(super) fn other_separator(line: &str) -> Option<&'static str> {
    let has_all = |separator| columns::REQUIRED.iter().all(|wanted| names(line, separator).any(|name| name == *wanted));
    SEPARATORS.into_iter().find(|(separator, _)| has_all(*separator)).map(|(_, name)| name)
}
