//! The canonical log as CSV (RFC 4180, UTF-8, header by name).

use std::borrow::Cow;
use std::cell::Cell;

use super::ReadError;
use super::canonical::Texts;
use super::frame::Builder;
use super::header::{columns_of, is_header, other_separator};
use super::lines::{self, Metered};
use super::options::Limits;
use super::row::Suspect;
use super::spreadsheet::Damage;
use crate::domain::{Direction, columns};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Whether the first line is a header of the message log.
pub(super) fn looks_like(plain: &[u8], longest: usize) -> bool {
    is_header(&String::from_utf8_lossy(lines::first(plain, longest)))
}

pub(super) fn read(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    let plain = plain.strip_prefix(BYTE_ORDER_MARK).unwrap_or(plain);
    if plain.iter().all(u8::is_ascii_whitespace) {
        return Ok(()); // A quiet day may be a file without even a header.
    }
    let longest = builder.limits.line;
    let allowed = Cell::new(longest.saturating_add(1));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(Metered::new(plain, &allowed));
    let header = reader.headers().map_err(|error| of_header(&error))?.clone();
    let columns = columns_in(&header, plain, &builder.limits)?;
    let mut record = csv::ByteRecord::new();
    let mut damage = Damage::default();
    let mut line = reader.position().line();
    let mut last = (line, false);
    loop {
        allowed.set(longest.saturating_add(1));
        // The bytes are in memory and the reader is flexible: only a record that is too long is an error.
        if !reader.read_byte_record(&mut record).map_err(|_| ReadError::LongLine(line))? {
            break;
        }
        let starts = record.position().map_or(line, csv::Position::line);
        line = reader.position().line();
        check_extent(&record, starts, line, header.len(), longest)?;
        check_swallowed(&record, starts, &columns, header.len())?;
        last = (starts, record.iter().any(|field| field.contains(&b'\n')));
        take(&record, &columns, header.len(), starts, builder, &mut damage)?;
        builder.check_rows()?;
    }
    // A log that ends inside a quote has an odd number of them, and its last record spans lines.
    let quotes = plain.iter().filter(|byte| **byte == b'"').count();
    if last.1 && quotes % 2 == 1 {
        return Err(ReadError::UnclosedQuote(last.0));
    }
    damage.check()
}

fn of_header(error: &csv::Error) -> ReadError {
    if error.is_io_error() { ReadError::LongLine(1) } else { ReadError::Header }
}

fn columns_in(header: &csv::StringRecord, plain: &[u8], limits: &Limits) -> Result<Vec<(usize, usize)>, ReadError> {
    if header.len() > limits.columns {
        return Err(ReadError::TooManyColumns { found: header.len(), limit: limits.columns });
    }
    let separator = || other_separator(&String::from_utf8_lossy(lines::first(plain, limits.line)));
    columns_of(header.iter().map(str::trim)).map_err(|error| match (error, separator()) {
        (ReadError::MissingColumns(_), Some(separator)) => ReadError::Separator(separator),
        (error, _) => error,
    })
}

/// A record to a message or a reject.
fn take(
    record: &csv::ByteRecord,
    columns: &[(usize, usize)],
    fields: usize,
    row: u64,
    builder: &mut Builder,
    damage: &mut Damage,
) -> Result<(), ReadError> {
    if record.iter().all(|field| field.trim_ascii().is_empty()) {
        damage.count_empty_row();
        builder.reject(row, "every field is empty", None);
    } else if record.len() == fields {
        let (texts, is_whole) = texts(record, columns);
        damage.look(&texts, row)?;
        if is_whole {
            builder.take(&texts, None, row);
        } else {
            builder.reject_texts(&texts, row, "a field is not UTF-8");
        }
    } else {
        // Nobody knows which of its fields are where they belong.
        let reason = format!("the row has {} fields, the header {fields}", record.len());
        builder.reject(row, reason, Some(Suspect::default()));
    }
    Ok(())
}

/// A field of several lines, one of which is a whole row with its direction in its place, has swallowed it.
fn check_swallowed(
    record: &csv::ByteRecord,
    starts: u64,
    columns: &[(usize, usize)],
    fields: usize,
) -> Result<(), ReadError> {
    let direction = columns.iter().find(|(column, _)| columns::ALL[*column] == columns::DIRECTION);
    let Some((_, place)) = direction else { return Ok(()) };
    let is_row = |line: &[u8]| {
        let cells: Vec<&[u8]> = line.trim_ascii().split(|byte| *byte == b',').collect();
        let cell = cells.get(*place).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default();
        cells.len() >= fields && Direction::named(cell.trim_matches('"')).is_some()
    };
    let swallowed = record.iter().any(|field| field.split(|byte| *byte == b'\n').skip(1).any(is_row));
    if swallowed { Err(ReadError::UnclosedQuote(starts)) } else { Ok(()) }
}

/// A quote that is never closed swallows the rows after it: the file is refused, since they would be lost.
fn check_extent(
    record: &csv::ByteRecord,
    starts: u64,
    ends: u64,
    fields: usize,
    longest: usize,
) -> Result<(), ReadError> {
    let lines = ends.saturating_sub(starts);
    if lines > 1 && record.len() != fields {
        return Err(ReadError::UnclosedQuote(starts));
    }
    if record.as_slice().len() > longest { Err(ReadError::LongLine(starts)) } else { Ok(()) }
}

/// The fields that are read, and whether all of them are UTF-8; the others may hold anything.
fn texts<'r>(record: &'r csv::ByteRecord, columns: &[(usize, usize)]) -> (Texts<'r>, bool) {
    let mut texts = Texts::default();
    let mut is_whole = true;
    for (column, place) in columns {
        match std::str::from_utf8(record.get(*place).unwrap_or_default()) {
            Ok(field) => texts.set(*column, Cow::Borrowed(field)),
            Err(_) => is_whole = false,
        }
    }
    (texts, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "message_id,business,channel,customer,direction,sent_at";

    fn rejects(text: &str) -> Vec<(u64, String)> {
        let mut builder = Builder::default();
        read(text.as_bytes(), &mut builder).unwrap();
        builder.rejects.into_iter().map(|reject| (reject.row, reject.reason)).collect()
    }

    #[track_caller]
    fn check(row: &str, reason: Option<&str>) {
        let found = rejects(&format!("{HEADER}\n{row}\n"));
        assert_eq!(
            found.first().map(|(line, reason)| (*line, reason.as_str())),
            reason.map(|reason| (2, reason)),
            "{row}"
        );
    }

    #[test]
    fn a_bad_row_is_rejected_with_its_reason() {
        check("1,b,c,+391,inbound,2018-08-01T00:00:00Z", None);
        check("1,b,c,+391,inbound,yesterday", Some("sent_at is not an instant in RFC 3339 with an offset"));
        check("1,b,c,+391,inbound,2008-12-31T23:59:59Z", Some("sent_at lies before 2009"));
        check(",b,c,+391,inbound,2018-08-01T00:00:00Z", Some("message_id is empty"));
        check("è,b,c,+391,inbound,2018-08-01T00:00:00Z", Some("message_id has characters other than visible ASCII"));
        check("1,b,c,,inbound,2018-08-01T00:00:00Z", Some("customer is empty"));
        check("1,b,c,+391,in,2018-08-01T00:00:00Z", Some("direction is neither inbound nor outbound"));
        check("1,b,c,+391,inbound", Some("the row has 5 fields, the header 6"));
    }

    #[test]
    fn columns_are_found_by_name_and_unknown_ones_ignored() {
        let mut builder = Builder::default();
        let text = "sent_at,text,direction,customer,channel,business,message_id\n2018-08-01T00:00:00Z,\"a\nb\",inbound,x,c,b,1\n";
        read(text.as_bytes(), &mut builder).unwrap();
        assert_eq!(builder.finish().unwrap().0.height(), 1);
        let missing = read(b"message_id,business,text\n", &mut Builder::default()).unwrap_err();
        assert_eq!(missing.to_string(), "required columns are missing: channel, customer, direction, sent_at");
        let twice = read(format!("{HEADER},channel\n").as_bytes(), &mut Builder::default()).unwrap_err();
        assert_eq!(twice.to_string(), "the column `channel` stands twice in the header");
    }

    #[test]
    fn an_unclosed_quote_refuses_the_file() {
        let row = "1,b,c,+391,inbound,2018-08-01T00:00:00Z\n";
        let text = format!("{HEADER}\n{row}\"2,b,c,+391,inbound,2018-08-01T00:00:00Z\n{row}{row}");
        assert!(matches!(read(text.as_bytes(), &mut Builder::default()), Err(ReadError::UnclosedQuote(3))));
        let row = "1,b,c,+391,outbound,2018-08-01T00:00:00Z";
        for text in [
            format!("{HEADER},text\n{row},\"hello\n{row},x\n{row},y\n"),
            format!("{HEADER},text\n{row},\"he said hi\n{row},\"ok\"\n"),
            format!("{HEADER},text\n{row},\"to the end\nof the file"),
        ] {
            let read = read(text.as_bytes(), &mut Builder::default());
            assert!(matches!(read, Err(ReadError::UnclosedQuote(2))), "{text}: {read:?}");
        }
        let two_lines = format!("{HEADER},text\n{row},\"two lines,\nand a comma\"\n");
        assert!(read(two_lines.as_bytes(), &mut Builder::default()).is_ok());
    }

    #[test]
    fn an_empty_file_is_a_quiet_day() {
        for text in ["", "\n", "\u{feff}", HEADER] {
            assert_eq!(rejects(text), [], "{text:?}");
        }
    }
}
