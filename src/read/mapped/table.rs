//! CSV of a vendor: a header by name, whatever separates the fields.

use std::borrow::Cow;
use std::cell::Cell;

use memchr::memchr_iter;

use super::Log;
use super::row::Values;
use crate::read::ReadError;
use crate::read::csv::of_header;
use crate::read::lines::Metered;
use crate::read::row::Suspect;
use crate::read::stamp;

/// How the rows of a file lie.
struct Layout {
    /// Fields of the header.
    fields: usize,
    /// For each name of the mapping its place in the header.
    places: Vec<Option<usize>>,
}

pub(super) fn read(plain: &[u8], log: &mut Log) -> Result<(), ReadError> {
    if plain.iter().all(u8::is_ascii_whitespace) {
        return Ok(()); // A quiet day may be a file without even a header.
    }
    let longest = log.builder.limits.line;
    let allowed = Cell::new(longest.saturating_add(1));
    let mut settings = csv::ReaderBuilder::new();
    let settings = settings.delimiter(log.mapping.separator).has_headers(true).flexible(true);
    let mut reader = settings.from_reader(Metered::new(plain, &allowed));
    let header = reader.headers().map_err(|error| of_header(&error))?.clone();
    let layout = layout(&header, log)?;
    let mut record = csv::ByteRecord::new();
    let mut last = (1, false);
    loop {
        allowed.set(longest.saturating_add(1));
        let starts = reader.position().line();
        // The bytes are in memory and the reader is flexible: only a record that is too long is an error.
        if !reader.read_byte_record(&mut record).map_err(|_| ReadError::LongLine(starts))? {
            break;
        }
        let lines = reader.position().line().saturating_sub(starts);
        last = (starts, record.as_slice().contains(&b'\n'));
        check_extent(&record, starts, lines, &layout, log)?;
        take(&record, starts, &layout, log)?;
    }
    // A log that ends inside a quote has an odd number of them, and its last record spans lines.
    if last.1 && memchr_iter(b'"', plain).count() % 2 == 1 {
        return Err(ReadError::UnclosedQuote(last.0));
    }
    Ok(())
}

fn layout(header: &csv::StringRecord, log: &mut Log) -> Result<Layout, ReadError> {
    let limit = log.builder.limits.columns;
    if header.len() > limit {
        return Err(ReadError::TooManyColumns { found: header.len(), limit });
    }
    let mut places = vec![None; log.names.len()];
    for (place, name) in header.iter().map(str::trim).enumerate() {
        let Some(wanted) = log.place(name) else {
            log.note_other(name);
            continue;
        };
        if let Some(Some(_)) = places.get(wanted) {
            return Err(ReadError::DuplicateColumn(name.to_owned()));
        }
        if let (Some(found), Some(met)) = (places.get_mut(wanted), log.met.get_mut(wanted)) {
            *found = Some(place);
            *met = true;
        }
    }
    log.check_columns(true)?;
    Ok(Layout { fields: header.len(), places })
}

/// A quote that is never closed swallows the rows after it: the file is refused, since they would be lost.
fn check_extent(
    record: &csv::ByteRecord,
    starts: u64,
    lines: u64,
    layout: &Layout,
    log: &Log,
) -> Result<(), ReadError> {
    if lines > 1 && record.len() != layout.fields {
        return Err(ReadError::UnclosedQuote(starts));
    }
    if record.as_slice().len() > log.builder.limits.line {
        return Err(ReadError::LongLine(starts));
    }
    // What it has swallowed has as many separators as a row, and the time of one.
    let separator = log.mapping.separator;
    let is_end = |byte: &u8| matches!(*byte, b'\n' | b'\r');
    let has_swallowed = record.iter().filter(|field| field.iter().any(is_end)).any(|field| {
        let cells = field.split(|byte| *byte == separator || is_end(byte));
        let mut cells = cells.map(|cell| std::str::from_utf8(cell).unwrap_or_default().trim().trim_matches('"'));
        let is_time = |cell: &str| !cell.is_empty() && stamp::given(cell, &log.mapping.times).is_ok();
        memchr_iter(separator, field).count() + 1 >= layout.fields && cells.any(is_time)
    });
    if has_swallowed { Err(ReadError::UnclosedQuote(starts)) } else { Ok(()) }
}

fn take(record: &csv::ByteRecord, row: u64, layout: &Layout, log: &mut Log) -> Result<(), ReadError> {
    if record.iter().all(|field| field.trim_ascii().is_empty()) {
        log.damage.count_empty_row();
        log.builder.reject(row, "every field is empty", None);
        return log.builder.check_rows();
    }
    if record.len() != layout.fields {
        // Nobody knows which of its fields are where they belong.
        let reason = format!("the row has {} fields, the header {}", record.len(), layout.fields);
        log.builder.reject(row, reason, Some(Suspect::default()));
        return log.builder.check_rows();
    }
    let mut values = Values { names: log.names, texts: Vec::with_capacity(layout.places.len()), odd: None };
    for (wanted, place) in layout.places.iter().enumerate() {
        let field = place.and_then(|place| record.get(place)).map(std::str::from_utf8);
        if let Some(Err(_)) = field {
            values.odd.get_or_insert(wanted);
        }
        values.texts.push(field.and_then(Result::ok).map(Cow::Borrowed));
    }
    log.take(&values, row)
}
