use std::sync::Arc;

use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::*;
use crate::read::options::Options;

/// A file of `rows` equal rows: the fields of a message, and the value of all columns of integers.
fn file(fields: &str, number: i64, rows: usize) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message log {{ {fields} }}")).unwrap());
    let properties = WriterProperties::builder().set_max_row_group_row_count(None).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut columns = fields.split(';').map(|field| field.split_whitespace().nth(2).unwrap_or_default());
    while let Some(mut column) = group.next_column().unwrap() {
        let text = match columns.next().unwrap() {
            "direction" => "outbound",
            "customer" => "+391",
            name => &name[..1],
        };
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                writer.write_batch(&vec![ByteArray::from(text); rows], None, None).unwrap();
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                writer.write_batch(&vec![number; rows], None, None).unwrap();
            }
            ColumnWriter::Int32ColumnWriter(writer) => {
                writer.write_batch(&vec![i32::try_from(number).unwrap_or(7); rows], None, None).unwrap();
            }
            _ => panic!("no such column"),
        };
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// The fields of a log with an id and a stamp of these types.
fn fields(id: &str, sent_at: &str) -> String {
    let text = |name: &str| format!("required binary {name} (UTF8);");
    let (id, sent_at) = (id.replace("NAME", "message_id"), sent_at.replace("NAME", "sent_at"));
    format!("{id} {} {} {} {} {sent_at}", text("business"), text("channel"), text("customer"), text("direction"))
}

const TEXT: &str = "required binary NAME (UTF8);";
const INTEGER: &str = "required int64 NAME;";
const LOCAL: &str = "required int64 NAME (TIMESTAMP(MICROS,false));";
const UTC: &str = "required int64 NAME (TIMESTAMP(MICROS,true));";

/// The id, the stamp and the fold of the first row; its reason; or why the file is refused.
fn told(file: &[u8], options: &Options) -> String {
    let mut builder = Builder::new(options);
    if let Err(error) = read(file, &mut builder) {
        return error.to_string();
    }
    if let Some(reject) = builder.rejects.first() {
        return reject.reason.clone();
    }
    let (frame, _) = builder.finish().unwrap();
    let text = |name: &str| frame.column(name).unwrap().str().unwrap().get(0).unwrap().to_owned();
    let stamp = Instant::from_micros(frame.column(columns::SENT_AT).unwrap().i64().unwrap().get(0).unwrap());
    format!("{} {stamp} {}", text(columns::MESSAGE_ID), text(columns::FOLD)).trim_end().to_owned()
}

#[test]
fn stamps_are_timestamps_or_numbers_of_a_declared_unit() {
    let micros = |text: &str| text.parse::<Instant>().unwrap().micros();
    let august = micros("2018-08-01T00:00:00Z");
    let rome = Options { zone: Some("Europe/Rome".parse().unwrap()), ..Options::default() };
    let of = |stamps| Options { stamps, ..Options::default() };
    let usual = Options::default();
    for (sent_at, number, options, expected) in [
        (UTC, august, &usual, "m 2018-08-01T00:00:00.000Z"),
        (UTC, august, &of(Stamps::Seconds), "m 2018-08-01T00:00:00.000Z"),
        (UTC, 0, &usual, "sent_at lies before 2009"),
        (UTC, micros("2100-01-01T00:00:00Z"), &usual, "sent_at lies after 2099"),
        (LOCAL, august, &usual, &ReadError::NoZone.to_string()),
        (LOCAL, august, &rome, "m 2018-07-31T22:00:00.000Z"),
        (LOCAL, micros("2018-10-28T02:30:00Z"), &rome, "m 2018-10-28T00:30:00.000Z 3600"),
        (
            LOCAL,
            micros("2018-03-25T02:30:00Z"),
            &rome,
            "sent_at does not exist: the clocks of the zone were put forward over it",
        ),
        (INTEGER, 1_533_081_600, &usual, &ReadError::NoUnit.to_string()),
        (INTEGER, 1_533_081_600, &of(Stamps::Seconds), "m 2018-08-01T00:00:00.000Z"),
        (INTEGER, 1_533_081_600_001, &of(Stamps::Milliseconds), "m 2018-08-01T00:00:00.001Z"),
        (INTEGER, august, &of(Stamps::Microseconds), "m 2018-08-01T00:00:00.000Z"),
        (INTEGER, august, &of(Stamps::Seconds), "sent_at lies after 2099: is the log in microseconds?"),
        (INTEGER, -1, &of(Stamps::Seconds), "sent_at is not a whole number, as `stamps` of the source declares it"),
        ("required int32 NAME;", 1_533_081_600, &of(Stamps::Seconds), "m 2018-08-01T00:00:00.000Z"),
        ("required int64 NAME (INTEGER(64,false));", 1_533_081_600, &of(Stamps::Seconds), "m 2018-08-01T00:00:00.000Z"),
        (TEXT, 0, &usual, "sent_at is not an instant in RFC 3339 with an offset"),
    ] {
        let file = file(&fields(TEXT, sent_at), number, 1);
        assert_eq!(told(&file, options), expected, "{sent_at} {number}");
    }
}

#[test]
fn an_id_may_be_any_whole_number() {
    let options = Options { stamps: Stamps::Seconds, ..Options::default() };
    for (id, expected) in [
        ("required int64 NAME;", "1533081600"),
        ("required int64 NAME (INTEGER(64,false));", "1533081600"),
        ("required int32 NAME;", "1533081600"),
        ("required int32 NAME (INTEGER(32,false));", "1533081600"),
    ] {
        let file = file(&fields(id, INTEGER), 1_533_081_600, 1);
        assert_eq!(told(&file, &options), format!("{expected} 2018-08-01T00:00:00.000Z"), "{id}");
    }
    for (bits, name) in [("8,true", "Int8"), ("16,true", "Int16"), ("8,false", "UInt8"), ("16,false", "UInt16")] {
        let file = file(&fields(&format!("required int32 NAME (INTEGER({bits}));"), INTEGER), 99_000_000_000, 1);
        let refused = format!("the column `message_id` has the type {name}, which cannot be read as text or a number");
        assert!(told(&file, &options).starts_with(&refused), "{}", told(&file, &options));
    }
}

#[test]
fn the_columns_of_the_archive_are_unknown_ones_in_a_log() {
    let august = "2018-08-01T00:00:00Z".parse::<Instant>().unwrap().micros();
    for field in ["required int64 fold (TIMESTAMP(MICROS,true));", "required int32 sighting (INTEGER(8,true));"] {
        let file = file(&format!("{}{field}", fields(TEXT, UTC)), august, 1);
        assert_eq!(told(&file, &Options::default()), "m 2018-08-01T00:00:00.000Z");
    }
}

#[test]
fn the_footer_is_asked_before_anything_is_unpacked() {
    let usual = Limits::default();
    let options = |limits| Options { limits, ..Options::default() };
    let august = "2018-08-01T00:00:00Z".parse::<Instant>().unwrap().micros();
    let three = file(&fields(TEXT, UTC), august, 3);
    assert_eq!(told(&three, &options(Limits { rows: 3, ..usual })), "m 2018-08-01T00:00:00.000Z");
    let refused = told(&three, &options(Limits { rows: 2, ..usual }));
    assert_eq!(refused, ReadError::TooManyRows(2).to_string());
    let mut without_pages = three;
    without_pages[4..200].fill(0xff);
    assert!(told(&without_pages, &options(usual)).contains("damaged"));
    assert_eq!(told(&without_pages, &options(Limits { rows: 2, ..usual })), refused);

    let wide = (0..40).map(|column| format!("required int64 x{column};")).collect::<String>();
    let wide = file(&format!("{}{wide}", fields(TEXT, UTC)), august, 1);
    assert_eq!(told(&wide, &options(Limits { columns: 5, ..usual })), "m 2018-08-01T00:00:00.000Z");
    let refused = told(&wide, &options(Limits { columns: 4, ..usual }));
    assert_eq!(refused, ReadError::TooManyColumns { found: 46, limit: 40 }.to_string());

    // A million equal rows take a few bytes on disk and a hundred million in memory.
    let bomb = file(&fields(TEXT, UTC), august, 1_000_000);
    let refused = told(&bomb, &options(usual));
    assert!(refused.starts_with("the file is a bomb"), "{refused}, {} bytes", bomb.len());
}
