//! The same logs the short way and the long one.

use std::fs;
use std::hash::BuildHasher;
use std::path::PathBuf;

use foldhash::quality::FixedState;
use polars::prelude::DataFrame;

use super::*;
use crate::domain::message::{Counts, Role};
use crate::domain::{Kind, columns};
use crate::read::{Options, read_file};

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at";
const ASKED: &str = "q1,b,c,+391,inbound,2018-08-10T10:00:00Z";
const ANSWERED: &str = "a1,b,c,+391,outbound,2018-08-10T11:00:00.5+02:00";

/// A log that is removed with this.
struct Log(PathBuf);

impl Log {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("ritardo-text-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn latest() -> Instant {
    "2018-12-01T00:00:00Z".parse().unwrap()
}

/// The form and the rows of a log the short way, in chunks of that size.
fn short(path: &Path, size: usize) -> Result<(LogFormat, Vec<String>), Unusual> {
    let mut log = TextLog::in_chunks(path, latest(), size)?;
    let mut told = Vec::new();
    for chunk in 0..log.chunks().len() {
        let mut batch = Batch::default();
        log.batch(chunk, &mut batch)?;
        let rows: Vec<u32> = (0..).take(batch.ids.len()).collect();
        let ids = ids_of(&mut log, chunk, &rows)?;
        for (row, id) in ids.iter().enumerate() {
            assert_eq!(batch.ids[row], FixedState::with_seed(0).hash_one(id.as_bytes()));
            let (business, channel) = &log.names().channels[usize::try_from(batch.channels[row]).unwrap()];
            let (customer, at, role) = (batch.customers[row], batch.sent_at[row], batch.facts[row].role());
            told.push(format!("{id} {business} {channel} +{customer} {at} {role:?}"));
        }
        let lengths = [batch.channels.len(), batch.customers.len(), batch.sent_at.len(), batch.facts.len()];
        assert_eq!(lengths, [ids.len(); 4]);
    }
    Ok((log.format(), told))
}

fn ids_of(log: &mut TextLog, chunk: usize, wanted: &[u32]) -> Result<Vec<String>, Unusual> {
    let mut ids = Vec::new();
    log.ids_of(chunk, wanted, &mut |id| ids.push(id.to_owned()))?;
    Ok(ids)
}

fn column(frame: &DataFrame, name: &str) -> Vec<String> {
    frame.column(name).unwrap().str().unwrap().iter().map(|text| text.unwrap().to_owned()).collect()
}

/// What a message is, from the columns of the frame.
fn role(direction: &str, kind: &str, status: &str, point: &str) -> String {
    let kind = if kind.is_empty() { Kind::Text } else { Kind::named(kind) };
    match (direction, kind.counts()) {
        ("outbound", _) if status == "failed" => format!("{:?}", Role::Neither),
        (_, Counts::Unknown) => format!("{:?}", Role::Unclear),
        ("inbound", Counts::Yes) => format!("{:?}", Role::Asks(point.parse().unwrap())),
        ("outbound", Counts::Yes) => format!("{:?}", Role::Answers),
        _ => format!("{:?}", Role::Neither),
    }
}

/// The same the long way; `None` when it refuses the log, or rejects some of it.
fn long(path: &Path) -> Option<(LogFormat, Vec<String>)> {
    let log = read_file(path, &Options { latest: latest(), ..Options::default() }).ok()?;
    if !log.rejects.is_empty() || !log.others.is_empty() {
        return None;
    }
    let of = |name: &str| column(&log.frame, name);
    let [ids, businesses, channels] = [columns::MESSAGE_ID, columns::BUSINESS, columns::CHANNEL].map(of);
    let [directions, kinds, statuses, points] =
        [columns::DIRECTION, columns::KIND, columns::STATUS, columns::ENTRY_POINT].map(of);
    let customers = of(columns::CUSTOMER);
    assert_eq!(customers, of(columns::CONVERSATION));
    let stamps = log.frame.column(columns::SENT_AT).unwrap().i64().unwrap();
    let mut told = Vec::new();
    for (row, at) in stamps.iter().enumerate() {
        let role = role(&directions[row], &kinds[row], &statuses[row], &points[row]);
        let (id, business, channel, customer) = (&ids[row], &businesses[row], &channels[row], &customers[row]);
        told.push(format!("{id} {business} {channel} {customer} {} {role}", at.unwrap()));
    }
    Some((log.format, told))
}

/// Whether the log goes the short way. Where it does, the long one finds the same rows, and has nothing to say.
#[track_caller]
fn is_short(name: &str, bytes: &[u8]) -> bool {
    let log = Log::new(name, bytes);
    let Ok(short) = short(&log.0, CHUNK) else { return false };
    assert_eq!(Some(short), long(&log.0), "{name}: {}", String::from_utf8_lossy(bytes));
    true
}

#[track_caller]
fn check(name: &str, cases: &[(String, bool)]) {
    for (text, expected) in cases {
        assert_eq!(is_short(name, text.as_bytes()), *expected, "{name}: {}", text.get(..400).unwrap_or(text));
    }
}

/// A row of CSV as an object.
fn object(row: &str) -> String {
    let pairs: Vec<String> =
        HEADER.split(',').zip(row.split(',')).map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    format!("{{{}}}", pairs.join(","))
}

#[test]
fn a_csv_log_goes_the_short_way_only_if_the_long_one_takes_all_of_it() {
    let csv = |rows: &str| format!("{HEADER}\n{rows}");
    let more = |names: &str, row: &str, cells: &str| format!("{HEADER},{names}\n{row},{cells}\n");
    let both = csv(&format!("{ASKED}\n{ANSWERED}\n"));
    let cases = [
        (both.clone(), true),
        (both.trim_end().to_owned(), true),
        (both.replace('\n', "\r\n"), true),
        (format!("{HEADER}\r\n{ASKED}\n{ANSWERED}\r\n"), true),
        (HEADER.to_owned(), true),
        (csv(""), true),
        (more("kind,status,entry_point,text", ASKED, ",,live_support,hi"), true),
        (more("kind,status,entry_point,text", ANSWERED, "template,failed,,"), true),
        (more("text", ASKED, "perché? 'no'"), true),
        (more("", ASKED, ""), true),
        (more("fold,sighting", ASKED, "x,y"), true),
        (more("status", ASKED, "unheard"), true),
        (more("status", ANSWERED, "unheard"), true),
        (more("entry_point", ANSWERED, "somewhere"), true),
        (more("entry_point", ASKED, "somewhere"), false),
        (more("kind", ASKED, "reaction"), true),
        (more("kind", ASKED, "poll"), true),
        (more("kind", ASKED, " text"), true),
        (more("conversation", ASKED, ""), false),
        (more("conversation", ASKED, "+392"), false),
        (more("channel", ASKED, "c"), false),
        (more(" kind", ASKED, "call"), false),
        (more("text", ASKED, &"x".repeat(1 << 19)), true),
        (more("text", ASKED, &"x".repeat(1 << 20)), false),
        (format!("{HEADER}{}", ",x".repeat(994)), true),
        (format!("{HEADER}{}", ",x".repeat(995)), false),
        (format!("\u{feff}{both}"), false),
        (format!("\n{both}"), false),
        (both.replace(',', ";"), false),
        (String::new(), false),
        ("\n".to_owned(), false),
        ("PAR1".to_owned(), false),
        (csv(&format!("{ASKED}\n\n{ANSWERED}\n")), false),
        (csv(&format!("{ASKED}\n\n")), false),
        (csv(&format!("{ASKED}\r\n\r\n")), false),
        (csv(&format!("{ASKED}\n,,,,,\n")), false),
        (csv(&format!("{ASKED},\n")), false),
        (csv("q1,b,c,+391,inbound\n"), false),
        (csv(&format!("{ASKED}\r{ANSWERED}\n")), false),
        (csv(&format!("{ASKED}\r\r\n")), false),
        (csv(&format!("{ASKED}\r")), false),
        (more("text", ASKED, "\"hi\""), false),
        (more("text", ASKED, "6\" long"), false),
    ];
    check("cases.csv", &cases);
}

#[test]
fn a_cell_that_the_long_way_might_not_take_as_it_stands_is_unusual() {
    let mut cases = Vec::new();
    for (cell, other, expected) in [
        ("q1", "123456789012345", true),
        ("q1", "1234567890123456", false),
        ("q1", "1.2E+18", false),
        ("q1", "'42", false),
        ("q1", "=+42", false),
        ("q1", " q1", false),
        ("q1", "", false),
        ("q1", "è", false),
        ("+391", "+999999999999999", true),
        ("+391", "391", false),
        ("+391", "Anna", false),
        ("+391", "+391 ", false),
        ("+391", "+0391", false),
        ("inbound", "Inbound", false),
        ("inbound", "in", false),
        ("2018-08-10T10:00:00Z", "2018-12-01T00:00:00.000000Z", true),
        ("2018-08-10T10:00:00Z", "2018-12-01T00:00:00.000001Z", false),
        ("2018-08-10T10:00:00Z", "2018-08-10 10:00:00.1234567z", true),
        ("2018-08-10T10:00:00Z", "2016-12-31T23:59:60Z", true),
        ("2018-08-10T10:00:00Z", "2018-08-10T10:00:00", false),
        ("2018-08-10T10:00:00Z", "10/08/2018 10:00", false),
        ("2018-08-10T10:00:00Z", "1533895200", false),
        ("2018-08-10T10:00:00Z", "2008-12-31T23:59:59Z", false),
        ("2018-08-10T10:00:00Z", "2018-02-29T00:00:00Z", false),
    ] {
        cases.push((ASKED.replace(cell, other), expected));
    }
    let csv: Vec<(String, bool)> =
        cases.iter().map(|(row, expected)| (format!("{HEADER}\n{ANSWERED}\n{row}\n"), *expected)).collect();
    check("cells.csv", &csv);
    let objects: Vec<(String, bool)> =
        cases.iter().map(|(row, expected)| (format!("{}\n{}\n", object(ANSWERED), object(row)), *expected)).collect();
    check("cells.ndjson", &objects);
}

#[test]
fn an_ndjson_log_goes_the_short_way_only_if_the_long_one_takes_all_of_it() {
    let (asked, answered) = (object(ASKED), object(ANSWERED));
    let both = format!("{asked}\n{answered}\n");
    let with = |more: &str| asked.replace('}', &format!(",{more}}}\n"));
    let cases = [
        (both.clone(), true),
        (both.trim_end().to_owned(), true),
        (both.replace('\n', "\r\n"), true),
        (both.replace("\",\"", "\" , \"").replace("\":\"", "\" :  \"").replace('}', " } "), true),
        (with("\"text\":\"perché, {x}: [y]\""), true),
        (with("\"n\":-12.50,\"ok\":true,\"no\":null"), true),
        (with("\"kind\":\"\",\"status\":\"\",\"entry_point\":\"live_support\",\"conversation\":\"\""), true),
        (with("\"sighting\":\"sent\",\"fold\":\"3600\""), true),
        (with("\"status\":\"unheard\""), true),
        (with(&format!("\"text\":\"{}\"", "x".repeat(1 << 19))), true),
        (with(&format!("\"text\":\"{}\"", "x".repeat(1 << 20))), false),
        (with("\"n\":1e5"), false),
        (with("\"n\":01"), false),
        (with("\"text\":\"a\\nb\""), false),
        (with("\"text\":\"a\tb\""), false),
        (with("\"te\\u0078t\":\"\""), false),
        (with("\"text\":{\"a\":[1]}"), false),
        (with("\"conversation\":\"+392\""), false),
        (with("\"kind\":null"), false),
        (with("\"kind\":\"poll\""), true),
        (with("\"entry_point\":\"somewhere\""), false),
        (with("\"message_id\":\"q2\""), false),
        (asked.replace("\"q1\"", "1"), false),
        (asked.replace("q1", "12,345"), false),
        (asked.replace("\"business\":\"b\",", ""), false),
        (format!("{both}\n"), false),
        (format!("{both} \n"), false),
        (format!("{asked}\n\n{answered}\n"), false),
        (format!(" {both}"), false),
        (format!("\u{feff}{both}"), false),
        (format!("[{asked}]\n"), false),
        (format!("{asked},\n{answered}\n"), false),
        (format!("{asked}{answered}\n"), false),
        (format!("{{\"hello\":1}}\n{both}"), false),
        ("{\"object\":\"whatsapp_business_account\",\"entry\":[]}\n".to_owned(), false),
        ("{}\n".to_owned(), false),
        (String::new(), false),
    ];
    check("cases.ndjson", &cases);
}

#[test]
fn a_name_tells_as_much_as_it_tells_the_long_way() {
    let csv = format!("{HEADER}\n{ASKED}\n");
    let utf16: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, expected) in [
        ("name.txt", csv.as_bytes(), true),
        ("name.json", csv.as_bytes(), true),
        ("name.ndjson", csv.as_bytes(), false),
        ("name.csv.gz", csv.as_bytes(), false),
        ("name.csv.zst", csv.as_bytes(), false),
        ("utf16.csv", &utf16, false),
        ("object.csv", object(ASKED).as_bytes(), true),
        ("object.json", object(ASKED).as_bytes(), true),
    ] {
        assert_eq!(is_short(name, bytes), expected, "{name}");
    }
    assert!(TextLog::open(&std::env::temp_dir(), latest()).is_err());
}

/// Whatever one byte is put in, put over another or left out: what goes the short way, the long one takes.
#[test]
fn no_slip_of_one_byte_makes_a_difference() {
    let csv = format!("{HEADER},status,text\n{ASKED},sent,hi\n{ANSWERED},,\n");
    let with = |row: &str| object(row).replace('}', ", \"status\":\"sent\",\"x\":10,\"text\":\"hi\"}\n");
    for (name, text) in [("slips.csv", csv), ("slips.ndjson", with(ASKED) + &with(ANSWERED))] {
        let bytes = text.as_bytes();
        let (mut short, mut all) = (0, 0);
        for at in 0..bytes.len() {
            let (before, after) = bytes.split_at(at);
            for byte in b"\"\\\r\n, \t09E'={}:+-.\0\x80Z" {
                for rest in [after, &after[1..]] {
                    short += u32::from(is_short(name, &[before, &[*byte], rest].concat()));
                    all += 1;
                }
            }
            is_short(name, &[before, &after[1..]].concat());
        }
        assert!((100..all / 2).contains(&short), "{name}: {short} of {all}");
    }
}

#[test]
fn every_row_is_read_once_whatever_the_chunks() {
    let row = |number: usize| {
        let (fill, direction) =
            ("x".repeat(number * number), if number.is_multiple_of(2) { "inbound" } else { "outbound" });
        format!("m{number}{fill},b{},c,+39{number},{direction},2018-08-10T10:00:{number:02}Z", number % 3)
    };
    let rows: Vec<String> = (0..13).map(row).collect();
    let csv = format!("{HEADER}\n{}\n", rows.join("\n"));
    let objects: Vec<String> = rows.iter().map(|row| object(row)).collect();
    for (name, text, begin) in [
        ("chunks.csv", csv.clone(), HEADER.len() + 1),
        ("open.csv", csv.trim_end().to_owned(), HEADER.len() + 1),
        ("returns.csv", csv.replace('\n', "\r\n"), HEADER.len() + 2),
        ("chunks.ndjson", objects.join("\n") + "\n", 0),
        ("open.ndjson", objects.join("\n"), 0),
    ] {
        let log = Log::new(name, text.as_bytes());
        let whole = short(&log.0, CHUNK).unwrap();
        assert_eq!(Some(&whole), long(&log.0).as_ref());
        assert_eq!(whole.1.len(), rows.len());
        for size in 1..=200 {
            assert_eq!(short(&log.0, size).unwrap(), whole, "{name} {size}");
            let chunks = TextLog::in_chunks(&log.0, latest(), size).unwrap().chunks;
            assert_eq!(chunks.iter().sum::<usize>(), text.len() - begin, "{name} {size}");
            assert!(chunks.iter().all(|bytes| (1..=size).contains(bytes)), "{name} {size}");
        }
    }
}

#[test]
fn ids_are_those_of_the_rows_that_are_wanted() {
    let rows: Vec<String> = (0..6).map(|number| ASKED.replace("q1", &format!("q{number}"))).collect();
    let log = Log::new("ids.csv", format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes());
    let mut open = TextLog::open(&log.0, latest()).unwrap();
    for (wanted, expected) in [
        (&[0, 2, 5][..], Ok("q0 q2 q5")),
        (&[3], Ok("q3")),
        (&[3, 3], Ok("q3 q3")),
        (&[], Ok("")),
        (&[6], Err(Unusual)),
        (&[2, 1], Err(Unusual)),
    ] {
        assert_eq!(ids_of(&mut open, 0, wanted).map(|ids| ids.join(" ")), expected.map(str::to_owned), "{wanted:?}");
    }
    assert_eq!(ids_of(&mut open, 1, &[]), Err(Unusual), "there is one chunk");
}

#[test]
fn a_log_that_grows_while_it_is_read_is_unusual() {
    let log = Log::new("grows.csv", format!("{HEADER}\n{ASKED}\n").as_bytes());
    let mut open = TextLog::open(&log.0, latest()).unwrap();
    assert!(open.batch(0, &mut Batch::default()).is_ok());
    fs::write(&log.0, format!("{HEADER}\n{ASKED}\n{ANSWERED}\n")).unwrap();
    assert!(open.batch(0, &mut Batch::default()).is_err());
    assert_eq!(ids_of(&mut open, 0, &[0]), Err(Unusual));
}

/// A log that is stored in an archive as it is may begin with a line that could be a header.
#[test]
fn an_archive_goes_the_long_way() {
    use std::io::Write as _;
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let name = rawzip::path::EntryPath::verbatim(b"x,".as_slice());
    let (mut entry, config) = archive.new_file(name).start().unwrap();
    let mut writer = config.wrap(&mut entry);
    let header = "message_id,business,channel,customer,direction,sent_at";
    write!(writer, "{header}\n1,b,+390510000417,+393330000001,inbound,2018-08-01T00:00:00Z\n").unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    assert!(!is_short("archive.csv", &archive.finish().unwrap()));
}
