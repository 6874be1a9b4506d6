//! The canonical log as CSV (RFC 4180, UTF-8, header by name).

mod record;

use std::borrow::Cow;
use std::cell::Cell;

use memchr::{memchr, memchr_iter, memchr2, memchr3, memmem};

use self::record::{Cells, Record};
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

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Whether the first line is a header of the message log.
pub(super) fn looks_like(plain: &[u8], longest: usize) -> bool {
    is_header(&String::from_utf8_lossy(lines::first(plain, longest)))
}

pub(super) fn read(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    // A second reader would take away a mark of byte order where it begins: where one stands, there is one reader.
    let plain = plain.strip_prefix(BYTE_ORDER_MARK).unwrap_or(plain);
    read_as(plain, builder, memmem::find(plain, BYTE_ORDER_MARK).is_none())
}

/// Reads a log without its mark. `may_part` says whether its first rows may be taken without a reader of CSV, and the
/// others by a second one.
fn read_as(plain: &[u8], builder: &mut Builder, may_part: bool) -> Result<(), ReadError> {
    if plain.iter().all(u8::is_ascii_whitespace) {
        return Ok(()); // A quiet day may be a file without even a header.
    }
    let limits = builder.limits;
    let allowed = Cell::new(limits.line.saturating_add(1));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(Metered::new(plain, &allowed));
    let header = reader.headers().map_err(|error| of_header(&error))?.clone();
    let columns = columns_in(&header, plain, &limits)?;
    let (begin, line) = (usize::try_from(reader.position().byte()).unwrap_or(plain.len()), reader.position().line());
    let mut log = Log { fields: header.len(), columns, builder, damage: Damage::default(), last: (line, false) };
    if may_part {
        let (rest, line) = log.plain(plain.get(begin..).unwrap_or_default(), line)?;
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Metered::new(rest, &allowed));
        let before = line - reader.position().line();
        log.quoted(&mut reader, &allowed, before)?;
    } else {
        log.quoted(&mut reader, &allowed, 0)?;
    }
    // A log that ends inside a quote has an odd number of them, and its last record spans lines.
    if log.last.1 && memchr_iter(b'"', plain).count() % 2 == 1 {
        return Err(ReadError::UnclosedQuote(log.last.0));
    }
    log.damage.check()
}

/// A log on its way into the frame.
struct Log<'b> {
    /// Fields of the header.
    fields: usize,
    columns: Vec<(usize, usize)>,
    builder: &'b mut Builder,
    damage: Damage,
    /// Where the last record starts, and whether it spans lines.
    last: (u64, bool),
}

impl Log<'_> {
    /// Takes records up to the first that has a quote or is very long, which only a reader of CSV can tell from what
    /// stands around it. Gives what is left, and the number of its first line.
    ///
    /// Without quotes a record is what stands between ends of lines, of whatever kind, and a field what stands
    /// between commas. Lines are counted by their line feeds.
    fn plain<'p>(&mut self, mut rest: &'p [u8], mut line: u64) -> Result<(&'p [u8], u64), ReadError> {
        let mut ends = Vec::with_capacity(self.fields);
        loop {
            let blank = rest.iter().take_while(|byte| is_end(byte)).count();
            let (blank, text) = rest.split_at(blank);
            let stop = memchr3(b'\n', b'\r', b'"', text);
            let (bytes, after) = text.split_at(stop.unwrap_or(text.len()));
            let is_hard = after.first() == Some(&b'"') || blank.len() + bytes.len() > self.builder.limits.line;
            if bytes.is_empty() || is_hard {
                return Ok((rest, line));
            }
            let starts = line;
            line += line_feeds(blank) + u64::from(after.first() == Some(&b'\n'));
            ends.clear();
            ends.extend(memchr_iter(b',', bytes));
            ends.push(bytes.len());
            self.take(&Cells { bytes, ends: &ends }, starts, line)?;
            rest = after.get(1..).unwrap_or_default();
        }
    }

    /// Takes the records that are left to a reader. `before` it began there were so many lines.
    fn quoted(
        &mut self,
        reader: &mut csv::Reader<Metered>,
        allowed: &Cell<usize>,
        before: u64,
    ) -> Result<(), ReadError> {
        let longest = self.builder.limits.line;
        let mut record = csv::ByteRecord::new();
        loop {
            allowed.set(longest.saturating_add(1));
            let starts = before + reader.position().line();
            // The bytes are in memory and the reader is flexible: only a record that is too long is an error.
            if !reader.read_byte_record(&mut record).map_err(|_| ReadError::LongLine(starts))? {
                return Ok(());
            }
            self.take(&record, starts, before + reader.position().line())?;
        }
    }

    /// A record to a message or a reject. It starts in the line `starts`, and the next one in the line `ends`.
    fn take(&mut self, record: &impl Record, starts: u64, ends: u64) -> Result<(), ReadError> {
        check_extent(record, starts, ends, self.fields, self.builder.limits.line)?;
        // Hardly a record has a field of several lines.
        let spans = memchr2(b'\n', b'\r', record.bytes()).is_some();
        if spans {
            check_swallowed(record, starts, self.fields, &self.builder.clock)?;
        }
        self.last = (starts, spans && memchr(b'\n', record.bytes()).is_some());
        self.judge(record, starts)?;
        self.builder.check_rows()
    }

    fn judge(&mut self, record: &impl Record, row: u64) -> Result<(), ReadError> {
        let Self { fields, columns, builder, damage, .. } = self;
        if record.fields().all(|field| field.trim_ascii().is_empty()) {
            damage.count_empty_row();
            builder.reject(row, "every field is empty", None);
        } else if record.count() == *fields {
            let (texts, is_whole) = texts(record, columns);
            damage.look(&texts, row)?;
            if is_whole {
                builder.take(&texts, None, row);
            } else {
                builder.reject_texts(&texts, row, "a field is not UTF-8");
            }
        } else {
            // Nobody knows which of its fields are where they belong.
            let reason = format!("the row has {} fields, the header {fields}", record.count());
            builder.reject(row, reason, Some(Suspect::default()));
        }
        Ok(())
    }
}

const fn is_end(byte: &u8) -> bool {
    matches!(*byte, b'\n' | b'\r')
}

fn line_feeds(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

pub(super) fn of_header(error: &csv::Error) -> ReadError {
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

/// A field of several lines that has swallowed the end of one row and the begin of another holds their direction
/// and their stamp, wherever its column stands; where that stamp is none, it holds as many commas as a row.
fn check_swallowed(record: &impl Record, starts: u64, fields: usize, clock: &Clock) -> Result<(), ReadError> {
    let swallowed = record.fields().filter(|field| field.iter().any(is_end)).any(|field| {
        let cells = field.split(|byte| *byte == b',' || is_end(byte));
        let mut cells = cells.map(|cell| std::str::from_utf8(cell).unwrap_or_default().trim_matches('"'));
        let is_direction =
            |cell: &str| Direction::BOTH.iter().any(|direction| cell.eq_ignore_ascii_case(direction.name()));
        let commas = memchr_iter(b',', field).count();
        cells.clone().any(is_direction) && (commas + 1 >= fields || cells.any(|cell| clock.knows(cell.trim())))
    });
    if swallowed { Err(ReadError::UnclosedQuote(starts)) } else { Ok(()) }
}

/// A quote that is never closed swallows the rows after it: the file is refused, since they would be lost.
fn check_extent(record: &impl Record, starts: u64, ends: u64, fields: usize, longest: usize) -> Result<(), ReadError> {
    let lines = ends.saturating_sub(starts);
    if lines > 1 && record.count() != fields {
        return Err(ReadError::UnclosedQuote(starts));
    }
    // Only what stands in the fields counts.
    if record.size() > longest { Err(ReadError::LongLine(starts)) } else { Ok(()) }
}

/// The fields that are read, and whether all of them are UTF-8; the others may hold anything.
fn texts<'r>(record: &'r impl Record, columns: &[(usize, usize)]) -> (Texts<'r>, bool) {
    let mut texts = Texts::default();
    let mut is_whole = true;
    // To look at all fields at once takes less time than to look at each.
    let whole = std::str::from_utf8(record.bytes()).ok();
    for (column, place) in columns {
        let range = record.range(*place);
        let field = match whole.and_then(|whole| whole.get(range.clone())) {
            Some(field) => Ok(field),
            None => std::str::from_utf8(record.bytes().get(range).unwrap_or_default()),
        };
        match field {
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

    /// The rows and the rejects of a log, or why it is refused.
    fn outcome(text: &[u8], may_part: bool) -> String {
        let mut builder = Builder::default();
        builder.limits.line = 200;
        if let Err(error) = read_as(text, &mut builder, may_part) {
            return error.to_string();
        }
        let (frame, rejects) = builder.finish().unwrap();
        let ids: Vec<_> = frame.column("message_id").unwrap().str().unwrap().iter().map(Option::unwrap).collect();
        format!("{ids:?} {rejects:?}")
    }

    #[test]
    fn a_log_without_quotes_is_read_as_the_reader_of_csv_reads_it() {
        let at = "2018-08-01T00:00:00Z";
        let [good, other] = ["1", "2"].map(|id| format!("{id},b,c,+391,outbound,{at}"));
        let long = format!("3,b,c,{},outbound,{at}", "x".repeat(200));
        let quoted = format!("4,b,\"c\",+391,outbound,{at}");
        let lines = format!("5,b,c,\"+391\n{at},\n\",outbound,{at}");
        for header in [HEADER.to_owned(), HEADER.replace("message_id", "\"message_id\"")] {
            for end in ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r", "\r\r\n"] {
                for row in
                    ["1,b,c", " ", ",,,,,", "7,b\u{e8},c,+391,outbound,x", &other, &long, &quoted, &lines, "\"", "a\"b"]
                {
                    for last in [end, ""] {
                        let text = [header.as_str(), end, &good, end, row, end, &other, last].concat();
                        assert_eq!(outcome(text.as_bytes(), true), outcome(text.as_bytes(), false), "{text:?}");
                        let spoiled: Vec<u8> =
                            text.bytes().map(|byte| if byte == b'+' { 0xff } else { byte }).collect();
                        assert_eq!(outcome(&spoiled, true), outcome(&spoiled, false), "{text:?}");
                    }
                }
            }
        }
        let two = format!("{HEADER}\n{good}\n{quoted}\n{other}\n{quoted}\n");
        assert_eq!(outcome(two.as_bytes(), true), "[\"1\", \"4\", \"2\", \"4\"] []");
    }

    #[test]
    fn a_mark_of_byte_order_before_a_row_is_not_taken_away() {
        let row = "1,b,c,+391,outbound,2018-08-01T00:00:00Z";
        let reason = "message_id has characters other than visible ASCII".to_owned();
        let (marked, quoted) = (format!("\u{feff}{row}"), format!("\"1\"{}", &row[1..]));
        for (rows, place) in [([&marked, &quoted], 2), ([&quoted, &marked], 3)] {
            let text = format!("{HEADER}\n{}\n{}\n", rows[0], rows[1]);
            assert_eq!(rejects(&text), [(place, reason.clone())], "{text}");
        }
    }

    #[test]
    fn an_empty_file_is_a_quiet_day() {
        for text in ["", "\n", "\u{feff}", HEADER] {
            assert_eq!(rejects(text), [], "{text:?}");
        }
    }
}
