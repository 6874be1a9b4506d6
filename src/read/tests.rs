//! Files as they come, whole: what is refused, what is rejected, and what a rejected row may have been.

use polars::prelude::DataFrame;

use super::*;
use crate::domain::columns;
use crate::domain::settings::Stamps;

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at";

fn read(bytes: &[u8], name: &str, options: &Options) -> Result<LogFile, ReadError> {
    read_bytes(bytes, Path::new(name), options)
}

fn read_csv(text: &str) -> Result<LogFile, ReadError> {
    read(text.as_bytes(), "log.csv", &Options::default())
}

/// What stands in one column of the frame.
fn column(frame: &DataFrame, name: &str) -> Vec<String> {
    let values = frame.column(name).unwrap();
    match values.str() {
        Ok(texts) => texts.iter().map(|text| text.unwrap().to_owned()).collect(),
        Err(_) => {
            values.i64().unwrap().iter().map(|micros| Instant::from_micros(micros.unwrap()).to_string()).collect()
        }
    }
}

/// The suspect as `business channel conversation at`, each `?` where it is not known; `none` without one.
fn told(reject: &Reject) -> String {
    let Some(Suspect { business, channel, conversation, at }) = &reject.suspect else { return "none".to_owned() };
    let at = at.map(|at| at.to_string());
    [business, channel, conversation, &at].map(|part| part.as_deref().unwrap_or("?")).join(" ")
}

/// What the rejected rows may have been, for rows under `header`.
#[track_caller]
fn check_suspects(header: &str, rows: &[(&str, &str)]) {
    let lines: Vec<&str> = rows.iter().map(|(row, _)| *row).collect();
    let log = read_csv(&format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    let expected: Vec<&str> = rows.iter().map(|(_, suspect)| *suspect).collect();
    assert_eq!(log.rejects.iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn a_rejected_row_may_have_been_an_answer() {
    let at = "2018-08-01T00:00:00.000Z";
    check_suspects(
        HEADER,
        &[
            (",b,c,+391,inbound,2018-08-01T00:00:00Z", "none"),
            ("1,b,c,,inbound,x", "none"),
            (",b,c,+391,outbound,2018-08-01T00:00:00Z", &format!("b c +391 {at}")),
            ("1,b,c,+391,outbound,2018-08-01", "b c +391 ?"),
            ("1,b,c,+391,outbound,1533081600", "b c +391 ?"),
            ("1,b,c,+391,outbound,2008-08-01T00:00:00Z", "b c +391 ?"),
            ("1,b,c,+391,out,2018-08-01T00:00:00Z", &format!("b c +391 {at}")),
            ("1,è,c,+391,outbound,2018-08-01T00:00:00Z", &format!("? c +391 {at}")),
            ("1,b,,+391,outbound,2018-08-01T00:00:00Z", &format!("b ? +391 {at}")),
            ("1,b,c,,outbound,2018-08-01T00:00:00Z", &format!("b c ? {at}")),
            ("1,b,c,\u{200e}+391,outbound,2018-08-01T00:00:00Z", &format!("b c ? {at}")),
            ("1,b,c,+391,outbound", "? ? ? ?"),
            ("1,b,c,+391,inbound,2018-08-01T00:00:00Z,x", "? ? ? ?"),
            (",,,,,", "none"),
            (" , ,,,,", "none"),
            (",,,,", "none"),
        ],
    );
    check_suspects(
        &format!("{HEADER},conversation,status"),
        &[
            (",b,c,+391,outbound,2018-08-01T00:00:00Z,v,", &format!("b c v {at}")),
            (",b,c,+391,outbound,2018-08-01T00:00:00Z,,", &format!("b c +391 {at}")),
            (",b,c,,outbound,2018-08-01T00:00:00Z,v,read", &format!("b c v {at}")),
            (",b,c,+391,outbound,2018-08-01T00:00:00Z,v,failed", "none"),
            (",b,c,+391,sideways,2018-08-01T00:00:00Z,v,failed", &format!("b c v {at}")),
        ],
    );
}

#[test]
fn bytes_that_are_no_text_spoil_their_field_only() {
    let row = |customer: &[u8], direction: &[u8]| {
        [HEADER.as_bytes(), b"\n1,b,c,", customer, b",", direction, b",2018-08-01T00:00:00Z\n"].concat()
    };
    for (customer, direction, suspect) in [
        (b"caff\xe8".as_slice(), b"outbound".as_slice(), "b c ? 2018-08-01T00:00:00.000Z"),
        (b"caff\xe8", b"inbound", "none"),
        (b"+391", b"outbo\xffnd", "b c +391 2018-08-01T00:00:00.000Z"),
    ] {
        let log = read(&row(customer, direction), "log.csv", &Options::default()).unwrap();
        assert_eq!(log.rejects.iter().map(told).collect::<Vec<_>>(), [suspect]);
        assert_eq!(log.rejects[0].reason, "a field is not UTF-8");
    }
}

#[test]
fn a_broken_line_of_json_is_suspect() {
    let good = r#"{"message_id":1,"business":"b","channel":"c","customer":"x","direction":"outbound","sent_at":"2018-08-01T00:00:00Z"}"#;
    for (bad, suspect) in [
        ("{\"message_id\":1".to_owned(), "? ? ? ?"),
        (good.replace("\"outbound\"", "\"inbound\",\"direction\":\"outbound\""), "b c x 2018-08-01T00:00:00.000Z"),
        (good.replace(":1,", ":1.5,"), "b c x 2018-08-01T00:00:00.000Z"),
        (good.replace("\"x\"", "[\"x\",{}]"), "b c ? 2018-08-01T00:00:00.000Z"),
        (good.replace("\"x\"", "{\"x\":[]}"), "b c ? 2018-08-01T00:00:00.000Z"),
        (good.replace("\"c\"", "true"), "b ? x 2018-08-01T00:00:00.000Z"),
        (good.replace("outbound", "inbound").replace(":1,", ":1.5,"), "none"),
        ("[1]".to_owned(), "? ? ? ?"),
        ("{}".to_owned(), "? ? ? ?"),
        (good.replace("\"x\"", "null"), "b c ? 2018-08-01T00:00:00.000Z"),
        (good.replace("\"x\"", "\"x\\u202ey\""), "b c ? 2018-08-01T00:00:00.000Z"),
        (good.replace("outbound", "inbound").replace("\"x\"", "null"), "none"),
    ] {
        let log = read(format!("{good}\n{bad}\n").as_bytes(), "log.ndjson", &Options::default()).unwrap();
        assert_eq!(log.rejects.iter().map(told).collect::<Vec<_>>(), [suspect], "{bad}");
    }
}

/// A reason, or the way in which a suspect is shown, names nobody.
#[test]
fn nothing_of_a_rejected_row_is_printed() {
    let canary = "canary391";
    for row in [
        format!("1,b,c,{canary},{canary},2018-08-01T00:00:00Z"),
        format!("1,b,c,{canary},outbound,{canary}"),
        format!("1,b,c,\u{202e}{canary},outbound,2018-08-01T00:00:00Z"),
        format!("1,b,{canary},{canary},outbound"),
        format!("{canary}\u{e8},b,c,x,outbound,2018-08-01T00:00:00Z"),
    ] {
        let log = read_csv(&format!("{HEADER}\n{row}\n")).unwrap();
        assert_eq!(log.rejects.len(), 1, "{row}");
        assert!(!format!("{:?}", log.rejects).contains(canary), "{:?}", log.rejects);
    }
}

#[test]
fn marks_and_zeros_in_a_party_reject_the_row() {
    for mark in ['\0', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
        for (customer, conversation) in
            [(format!("+391{mark}"), "v".to_owned()), ("+391".to_owned(), format!("{mark}v"))]
        {
            let row = format!("1,b,c,{customer},inbound,2018-08-01T00:00:00Z,{conversation}");
            let log = read_csv(&format!("{HEADER},conversation\n{row}\n")).unwrap();
            assert_eq!((log.frame.height(), log.rejects.len()), (0, 1), "{mark:?}");
        }
    }
    let log = read_csv(&format!("{HEADER}\n1,b,c,Caff\u{e8} \u{645}\u{631},inbound,2018-08-01T00:00:00Z\n")).unwrap();
    assert_eq!(log.frame.height(), 1, "letters of any script are no marks");
}

#[test]
fn another_encoding_is_refused_with_its_name() {
    let text = format!("{HEADER}\n1,b,c,x,inbound,2018-08-01T00:00:00Z\n");
    let wide = |mark: &[u16], of: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16()).flat_map(of).collect()
    };
    for bytes in [
        wide(&[0xfeff], u16::to_le_bytes),
        wide(&[0xfeff], u16::to_be_bytes),
        wide(&[], u16::to_le_bytes),
        wide(&[], u16::to_be_bytes),
    ] {
        for name in ["log.csv", "log.ndjson", "log"] {
            assert!(matches!(read(&bytes, name, &Options::default()), Err(ReadError::Utf16)), "{name}");
        }
    }
    let with_mark = format!("\u{feff}{text}");
    assert_eq!(read_csv(&with_mark).unwrap().frame.height(), 1, "UTF-8 may have its mark");
}

#[test]
fn what_a_spreadsheet_damaged_is_refused() {
    let empty = |count: usize| format!("{HEADER}\n{}", ",,,,,\n".repeat(count));
    let rounded = ["1", "2", "3"].map(|digit| format!("27027112345678{digit}000,b,c,x,inbound,2018-08-01T00:00:00Z\n"));
    let tabs = HEADER.replace(',', "\t");
    for (text, told) in [
        (
            format!("{HEADER}\n2.70271E+17,b,c,x,inbound,2018-08-01T00:00:00Z\n"),
            "row 2: message_id is a rounded number",
        ),
        (
            format!("{HEADER}\n1,b,c,\"3,93331E+11\",inbound,2018-08-01T00:00:00Z\n"),
            "row 2: customer is a rounded number",
        ),
        (
            format!("{HEADER}\n1,b,\"2,70,271\",x,inbound,2018-08-01T00:00:00Z\n"),
            "row 2: the digits of channel are grouped",
        ),
        (format!("{HEADER}\n{}", rounded.concat()), "every message_id of more than 15 digits ends in zeros"),
        (empty(1000), "a spreadsheet wrote 1000 empty rows"),
        (empty(1001), "a spreadsheet wrote 1001 empty rows"),
        (HEADER.replace(',', ";"), "separated by semicolons"),
        (format!("{tabs}\n1\tb\tc\tx\tinbound\t2018-08-01T00:00:00Z\n"), "separated by tabs"),
    ] {
        for name in ["log.csv", "export"] {
            let error = read(text.as_bytes(), name, &Options::default()).unwrap_err().to_string();
            assert!(error.contains(told), "{told}: {error}");
        }
    }
    let line = r#"{"message_id":"1","business":"b","channel":"c","customer":"x","direction":"inbound","sent_at":"2018-08-01T00:00:00Z"}"#;
    let damaged = line.replace("\"x\"", "\"3.93331E+11\"");
    let error = read(damaged.as_bytes(), "log.ndjson", &Options::default()).unwrap_err().to_string();
    assert!(error.contains("row 1: customer is a rounded number"), "{error}");
    let few = read_csv(&empty(999)).unwrap();
    assert_eq!((few.frame.height(), few.rejects.len()), (0, 999), "fewer are rejects");
}

#[test]
fn limits_of_rows_columns_and_lines() {
    let row = "1,b,c,x,inbound,2018-08-01T00:00:00Z\n";
    let limited = |text: &str, name: &str, limits: Limits| {
        let options = Options { limits, ..Options::default() };
        read(text.as_bytes(), name, &options).map(|log| log.frame.height()).map_err(|error| error.to_string())
    };
    let rows = |rows| Limits { rows, ..Limits::default() };
    let three = format!("{HEADER}\n{}", row.repeat(3));
    assert_eq!(limited(&three, "log.csv", rows(3)), Ok(3));
    assert_eq!(limited(&three, "log.csv", rows(2)), Err("the file has more than 2 rows; cut it into days".to_owned()));
    let json = r#"{"message_id":1,"business":"b","channel":"c","customer":"x","direction":"inbound","sent_at":"2018-08-01T00:00:00Z"}"#;
    assert_eq!(limited(&format!("{json}\n{json}"), "log.ndjson", rows(2)), Ok(2));
    assert!(limited(&format!("{json}\n{json}"), "log.ndjson", rows(1)).unwrap_err().contains("more than 1 rows"));

    let wide = |columns: usize| {
        let names = (6..columns).map(|column| format!(",c{column}")).collect::<String>();
        format!("{HEADER}{names}\n{}{}\n", row.trim_end(), ",".repeat(columns - 6))
    };
    assert_eq!(limited(&wide(1_000), "log.csv", Limits::default()), Ok(1));
    let refused = "the file has 1001 columns, more than 1000".to_owned();
    assert_eq!(limited(&wide(1_001), "log.csv", Limits::default()), Err(refused));
    assert!(limited(&wide(100_000), "log.csv", Limits::default()).unwrap_err().contains("100000 columns"));
    assert!(limited(&wide(1_000_000), "log.csv", Limits::default()).unwrap_err().starts_with("line 1 "));

    let long = |length: usize| format!("{HEADER},text\n{},{}\n{}", row.trim_end(), "x".repeat(length), row);
    assert_eq!(limited(&long(1_000_000), "log.csv", Limits::default()), Ok(1));
    assert!(limited(&long(1 << 20), "log.csv", Limits::default()).unwrap_err().starts_with("line 2 is longer"));
    let json_with = |length: usize| json.replace('}', &format!(",\"text\":\"{}\"}}", "x".repeat(length)));
    assert_eq!(limited(&json_with(1_000_000), "log.ndjson", Limits::default()), Ok(1));
    assert!(limited(&json_with(1 << 20), "log.ndjson", Limits::default()).unwrap_err().starts_with("line 1 is longer"));
}

/// A quote that is never closed makes one record of all that follows. Read to its end, it would be refused for
/// the fields that it lacks; it is refused at the limit.
#[test]
fn a_record_without_an_end_is_not_read_to_the_end() {
    let endless = |lines| format!("{HEADER},text\n1,b,c,x,\"inbound,2018-08-01T00:00:00Z,{}", "a line\n".repeat(lines));
    assert!(matches!(read_csv(&endless(1 << 10)), Err(ReadError::UnclosedQuote(2))));
    assert!(matches!(read_csv(&endless(1 << 20)), Err(ReadError::LongLine(2))));
}

#[test]
fn the_source_says_what_its_stamps_are() {
    let of = |sent_at: &str| format!("{HEADER}\n1,b,c,x,outbound,{sent_at}\n");
    let text = of("1533081600000");
    assert_eq!(read_csv(&text).unwrap().rejects.len(), 1, "a number is never guessed");
    let options = Options { stamps: Stamps::Milliseconds, ..Options::default() };
    let log = read(text.as_bytes(), "log.csv", &options).unwrap();
    assert_eq!(column(&log.frame, columns::SENT_AT), ["2018-08-01T00:00:00.000Z"]);

    let [from, to] = ["2018-08-01T00:00:00Z", "2018-09-01T00:00:00Z"].map(|text| Some(text.parse().unwrap()));
    let options = Options { from, to, ..Options::default() };
    for (sent_at, told_reject) in [
        ("2018-07-31T23:59:59Z", Some("b c x 2018-07-31T23:59:59.000Z")),
        ("2018-08-01T00:00:00Z", None),
        ("2018-09-01T00:00:00Z", Some("b c x 2018-09-01T00:00:00.000Z")),
    ] {
        let log = read(of(sent_at).as_bytes(), "log.csv", &options).unwrap();
        assert_eq!(log.rejects.first().map(told).as_deref(), told_reject);
        let failed =
            of(sent_at).replace("sent_at", "sent_at,status").replace("00Z", "00Z,failed").replace("59Z", "59Z,failed");
        let log = read(failed.as_bytes(), "log.csv", &options).unwrap();
        assert_eq!(log.rejects.first().map(told).as_deref(), told_reject.map(|_| "none"));
    }
    let body = r#"{"statuses":[{"id":"m","status":"sent","recipient_id":"39333","timestamp":"1533081599"}],"metadata":{"phone_number_id":"800"}}"#;
    let body = format!(r#"{{"entry":[{{"id":"9","changes":[{{"field":"messages","value":{body}}}]}}]}}"#);
    let log = read(body.as_bytes(), "log.json", &options).unwrap();
    assert_eq!(log.rejects[0].reason, "sent_at lies before the start of its source", "webhooks too");
}

#[test]
fn a_time_that_the_clocks_show_twice_keeps_its_fold_in_the_archive() {
    let zone = Some("Europe/Rome".parse().unwrap());
    let rows = "1,b,c,x,inbound,2018-10-28T02:30:00,7,read\n2,b,c,x,outbound,2018-10-28 02:30:00,7,read\n\
                3,b,c,x,outbound,2018-10-28T03:30:00,7,read\n4,b,c,x,outbound,2018-03-25T02:30:00,7,read\n";
    let text = format!("{HEADER},fold,sighting\n{rows}");
    let json = r#"{"message_id":1,"business":"b","channel":"c","customer":"x","direction":"outbound","sent_at":"2018-08-01T00:00:00Z","fold":{},"sighting":1.5}"#;
    assert_eq!(read(json.as_bytes(), "log.ndjson", &Options::default()).unwrap().frame.height(), 1);
    let log = read(text.as_bytes(), "log.csv", &Options { zone, ..Options::default() }).unwrap();
    let stamps = ["2018-10-28T01:30:00.000Z", "2018-10-28T00:30:00.000Z", "2018-10-28T02:30:00.000Z"];
    assert_eq!(column(&log.frame, columns::SENT_AT), stamps);
    assert_eq!(column(&log.frame, columns::FOLD), ["3600", "3600", ""], "a log's own column is not obeyed");
    assert_eq!(column(&log.frame, columns::SIGHTING), ["", "", ""]);
    assert_eq!(log.rejects.iter().map(told).collect::<Vec<_>>(), ["b c x ?"]);
    let (bytes, sha256) = archive::encode(&log.frame).unwrap();
    assert!(archive::decode(&bytes, &sha256).unwrap().equals(&log.frame));
}

/// An archive keeps what an earlier version let in, and has no column `fold`.
#[test]
fn the_archive_of_an_earlier_version_is_still_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/0.1.0/archive");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let frame = archive::decode(&bytes, path.file_stem().unwrap().to_str().unwrap()).unwrap();
        assert!(column(&frame, columns::FOLD).iter().all(String::is_empty));
        files += 1;
    }
    assert!(files > 10, "{files}");
}
