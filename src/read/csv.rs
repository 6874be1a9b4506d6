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
use super::stamp::Clock;
use crate::domain::Direction;

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
        check_swallowed(&record, starts, header.len(), &builder.clock)?;
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

/// A field of several lines that has swallowed the end of one row and the begin of another holds their direction
/// and their stamp, wherever its column stands; where that stamp is none, it holds as many commas as a row.
fn check_swallowed(record: &csv::ByteRecord, starts: u64, fields: usize, clock: &Clock) -> Result<(), ReadError> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let swallowed = record.iter().filter(|field| field.iter().any(is_end)).any(|field| {
        let cells = field.split(|byte| *byte == b',' || is_end(byte));
        let mut cells = cells.map(|cell| std::str::from_utf8(cell).unwrap_or_default().trim_matches('"'));
        let is_direction =
            |cell: &str| Direction::BOTH.iter().any(|direction| cell.eq_ignore_ascii_case(direction.name()));
        let commas = field.iter().filter(|byte| **byte == b',').count();
        cells.clone().any(is_direction) && (commas + 1 >= fields || cells.any(|cell| clock.knows(cell.trim())))
    });
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

    /// The rows of `cells` with a text in the column `place`, and what is read of them.
    fn with_text(place: usize, rows: &[(&str, &str)]) -> Result<(), ReadError> {
        let row = |cells: &str, text: &str| {
            let mut cells: Vec<&str> = cells.split(',').collect();
            cells.insert(place, text);
            cells.join(",") + "\n"
        };
        let sheet = rows.iter().fold(row(HEADER, "text"), |sheet, (cells, text)| sheet + &row(cells, text));
        read(sheet.as_bytes(), &mut Builder::default())
    }

    /// What a quote swallows up to the next one is an end of a row and the begin of another: no answer may be in it.
    #[test]
    fn a_quote_that_swallows_rows_is_seen_wherever_the_text_stands() {
        let asked = "q1,b,c,+391,inbound,2018-08-10T10:00:00Z";
        let answered = "a1,b,c,+391,outbound,2018-08-10T11:00:00Z";
        let other = "z1,b,c,+392,inbound,2018-08-10T12:00:00Z";
        for place in 0..=6 {
            for (text, end) in [("\"hi", "so\""), ("\"hi", "so \"fine"), ("\"a, b, c", "d, e\""), ("\"", "\"")] {
                let read = with_text(place, &[(asked, "x"), (answered, text), (other, end), (other, "ok")]);
                assert!(matches!(read, Err(ReadError::UnclosedQuote(3))), "{place} {text} {end}: {read:?}");
            }
            let local = answered.replace("T11:00:00Z", " 11:00:00");
            let nonsense = answered.replace("2018-08-10T11:00:00Z", "noon");
            for answered in [&local, &nonsense] {
                let read = with_text(place, &[(asked, "x"), (answered, "\"hi"), (answered, "so\"")]);
                assert!(matches!(read, Err(ReadError::UnclosedQuote(3))), "{place} {answered}: {read:?}");
            }
            for text in [
                "\"two\nlines\"",
                "\"a, b,\r\n\r\nc,d,e,f,g,h\"",
                "\"outbound\nyes, inbound, or not\"",
                "\"of\n2018-08-10T10:00:00Z\"",
            ] {
                let read = with_text(place, &[(asked, text), (answered, "x")]);
                assert!(read.is_ok(), "{place} {text}: {read:?}");
            }
        }
    }

    #[test]
    fn an_empty_file_is_a_quiet_day() {
        for text in ["", "\n", "\u{feff}", HEADER] {
            assert_eq!(rejects(text), [], "{text:?}");
        }
    }
}
