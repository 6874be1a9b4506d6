//! `rate` over columns gives, byte for byte, what it gives row by row: from every form of log, in memory and out of it.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use common::{ritardo, scratch};

/// Makes a month as one Parquet file for each seed, in `shop-SEED`.
fn made(folder: &Path, seeds: &[u32], traps: &str) {
    seeds.iter().for_each(|seed| made_as(folder, &format!("shop-{seed}"), *seed, "parquet", traps));
}

fn made_as(folder: &Path, name: &str, seed: u32, form: &str, traps: &str) {
    let seed = seed.to_string();
    let made = ["generate", name, "--messages", "4k", "--businesses", "12", "--by", "month", "--seed", &seed];
    let more = ["--month", "2018-10", "--form", form, "--traps", traps];
    let more = if traps.is_empty() { &more[..4] } else { &more[..] };
    ritardo(folder, &[&made[..], more].concat()).expect(0);
}

/// Whether the log is judged as columns: the stages that `--timings` names tell.
fn is_quick(folder: &Path, inputs: &[&str]) -> bool {
    let words = ["--tariff", "tariff.toml", "--as-of", "2018-11-14T00:00:00Z", "--summary", "s.json", "--timings"];
    let told = ritardo(folder, &[&["rate"][..], inputs, &words].concat());
    !told.err.contains("pairing and rating")
}

/// Rates `inputs` both ways, and compares what is written and said.
#[track_caller]
fn check(folder: &Path, inputs: &[&str], tariff: &str, more: &[&str], code: Option<i32>) {
    fs::write(folder.join("tariff.toml"), tariff).unwrap();
    let mut said = Vec::new();
    for way in ["columns", "rows"] {
        let (summary, charges) = (format!("{way}.json"), format!("{way}.parquet"));
        let mut words =
            [&["rate"][..], inputs, &["--tariff", "tariff.toml", "--as-of", "2018-11-14T00:00:00Z"]].concat();
        words.extend(more);
        words.extend(if way == "rows" { &["--by-rows"][..] } else { &[] });
        let summed = ritardo(folder, &[&words[..], &["--summary", &summary]].concat());
        words.extend(["--only", "charges", "--out", &charges]);
        let written = ritardo(folder, &words);
        said.push((summed, written, fs::read(folder.join(summary)).ok(), fs::read(folder.join(charges)).ok()));
    }
    assert!(code.is_none_or(|code| said[0].0.code == code), "{:?}", said[0].0);
    assert_eq!(said[0].0, said[1].0);
    assert_eq!(said[0].1, said[1].1);
    assert!(said[0].2 == said[1].2, "the summaries differ");
    assert!(said[0].3 == said[1].3, "the files of charges differ");
}

#[test]
fn both_ways_give_the_same() {
    let folder = scratch("quick");
    made(&folder, &[1, 2], "edge,dst,bots");
    let tariff = fs::read_to_string(folder.join("shop-1/tariff.toml")).unwrap();
    let one = &["shop-1/messages.parquet"][..];
    let cases: [(&str, &[&str]); 6] = [
        ("", &[]),
        // Some waits are pending, and some messages are no evidence yet.
        ("", &["--complete-through", "2018-10-20T00:00:00Z"]),
        ("[reading]\nboundary = \"exclusive\"\n", &[]),
        ("[reading]\nwindow = \"6h\"\n", &[]),
        ("[reading]\nprice_date = \"deadline\"\nmonth_of = \"deadline\"\n", &[]),
        // What the long way is for.
        ("[reading]\nclock = \"first_unanswered\"\ncharge_per = \"wait_run\"\n", &[]),
    ];
    for (reading, more) in cases {
        check(&folder, one, &tariff.replacen("\n[[rate]]", &format!("\n{reading}\n[[rate]]"), 1), more, Some(0));
    }
    let stepped = "steps = [{ after = \"24h\", price = \"0.05\" }, { after = \"48h\", price = \"0.09\" }]";
    check(&folder, one, &tariff.replacen("price = \"0.05\"", stepped, 1), &[], Some(0));
    check(
        &folder,
        one,
        &tariff.replacen("price = \"0.05\"", stepped, 1),
        &["--complete-through", "2018-10-20T00:00:00Z"],
        Some(0),
    );
    let dated =
        "price = \"0.05\"\nto = \"2018-10-15\"\n\n[[rate]]\nmarket = \"39\"\nprice = \"0.06\"\nfrom = \"2018-10-15\"";
    check(&folder, one, &tariff.replacen("price = \"0.05\"", dated, 1), &[], Some(0));
    let tiered = "tiers = [{ above = 0, price = \"0.05\" }, { above = 100, price = \"0.04\" }]";
    let counting = tariff.replacen("currency", "tiers = \"graduated\"\ncurrency", 1);
    check(&folder, one, &counting.replacen("price = \"0.05\"", tiered, 1), &[], Some(0));
    check(&folder, one, &tariff.replacen("currency", "free = 10\ncurrency", 1), &[], Some(0));
    check(&folder, one, &tariff.replacen("market = \"other\"", "market = \"81\"", 1), &[], Some(78));
    // Two files are one log: their ids differ, and in the second copy of a file all are equal.
    check(&folder, &["shop-1/messages.parquet", "shop-2/messages.parquet"], &tariff, &[], Some(0));
    check(&folder, &["shop-2/messages.parquet", "shop-1/messages.parquet"], &tariff, &[], Some(0));
    fs::copy(folder.join("shop-1/messages.parquet"), folder.join("copy.parquet")).unwrap();
    check(&folder, &["shop-1/messages.parquet", "copy.parquet"], &tariff, &[], Some(0));
}

/// Writes a log again, as other writers do: its schema says of texts only the converted type.
fn rewritten(from: &Path, to: &Path, repetition: &str, compression: Compression) {
    let reader = SerializedFileReader::new(fs::File::open(from).unwrap()).unwrap();
    let old = reader.metadata().file_metadata().schema_descr();
    let kinds = old.columns().iter().map(|column| match column.physical_type() {
        parquet::basic::Type::INT64 => format!("{repetition} int64 {} (TIMESTAMP(MICROS,true));", column.name()),
        _ => format!("{repetition} binary {} (UTF8);", column.name()),
    });
    let schema = parse_message_type(&format!("message log {{ {} }}", kinds.collect::<String>())).unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = fs::File::create(to).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).unwrap();
    for group in 0..reader.num_row_groups() {
        let (group, mut into) = (reader.get_row_group(group).unwrap(), writer.next_row_group().unwrap());
        let rows = usize::try_from(group.metadata().num_rows()).unwrap();
        for place in 0..group.num_columns() {
            let mut column = into.next_column().unwrap().unwrap();
            match group.get_column_reader(place).unwrap() {
                ColumnReader::Int64ColumnReader(mut values) => {
                    let (levels, read) = values_of(&mut values, rows, repetition);
                    column.typed::<Int64Type>().write_batch(&read, levels.as_deref(), None).unwrap();
                }
                ColumnReader::ByteArrayColumnReader(mut values) => {
                    let (levels, read) = values_of(&mut values, rows, repetition);
                    column.typed::<ByteArrayType>().write_batch(&read, levels.as_deref(), None).unwrap();
                }
                _ => unreachable!("logs have texts and instants"),
            }
            column.close().unwrap();
        }
        into.close().unwrap();
    }
    writer.close().unwrap();
}

/// The values of a column of a row group, and the levels that say that none of them is a null.
fn values_of<T: DataType>(
    values: &mut ColumnReaderImpl<T>,
    rows: usize,
    repetition: &str,
) -> (Option<Vec<i16>>, Vec<T::T>) {
    let (mut levels, mut read) = (Vec::new(), Vec::new());
    values.read_records(rows, Some(&mut levels), None, &mut read).unwrap();
    assert_eq!(read.len(), rows, "the generator writes no nulls");
    ((repetition == "optional").then(|| vec![1; rows]), read)
}

#[test]
fn logs_of_other_writers_are_judged_as_columns() {
    let folder = scratch("quick-writers");
    made(&folder, &[5], "edge,dst,bots");
    let tariff = fs::read_to_string(folder.join("shop-5/tariff.toml")).unwrap();
    fs::write(folder.join("tariff.toml"), &tariff).unwrap();
    let original = ritardo(&folder, &RATED.map(|word| if word == "LOG" { "shop-5/messages.parquet" } else { word }));
    for (repetition, compression) in [
        ("required", Compression::SNAPPY),
        ("optional", Compression::SNAPPY),
        ("optional", Compression::UNCOMPRESSED),
        ("optional", Compression::ZSTD(ZstdLevel::default())),
    ] {
        rewritten(&folder.join("shop-5/messages.parquet"), &folder.join("other.parquet"), repetition, compression);
        assert!(is_quick(&folder, &["other.parquet"]), "{repetition} {compression:?}");
        check(&folder, &["other.parquet"], &tariff, &[], Some(0));
        let again = ritardo(&folder, &RATED.map(|word| if word == "LOG" { "other.parquet" } else { word }));
        assert_eq!(original.out, again.out);
    }
}

const RATED: [&str; 6] = ["rate", "LOG", "--tariff", "tariff.toml", "--as-of", "2018-11-14T00:00:00Z"];

#[test]
fn every_form_of_log_is_judged_as_columns() {
    let folder = scratch("quick-forms");
    let mut all = Vec::new();
    for (seed, form) in (11..).zip(["csv", "ndjson", "parquet"]) {
        for traps in ["", "edge,dst,bots,duplicates"] {
            let name = format!("{form}-{}", traps.len());
            made_as(&folder, &name, seed, form, traps);
            let log = format!("{name}/messages.{form}");
            let tariff = fs::read_to_string(folder.join(&name).join("tariff.toml")).unwrap();
            fs::write(folder.join("tariff.toml"), &tariff).unwrap();
            assert!(is_quick(&folder, &[&log]), "{name}");
            check(&folder, &[&log], &tariff, &[], Some(0));
            check(&folder, &[&log], &tariff, &["--complete-through", "2018-10-20T00:00:00Z"], Some(0));
            check(&folder, &[&log], &tariff, &["--memory", "0"], Some(0));
            all.push((log, tariff));
        }
    }
    // Logs of several forms are one: the same month of every form, and each of them twice.
    let (logs, tariffs): (Vec<&str>, Vec<&String>) = all.iter().map(|(log, tariff)| (log.as_str(), tariff)).unzip();
    check(&folder, &logs, tariffs[0], &[], Some(0));
    check(&folder, &[logs[1], logs[3], logs[1]], tariffs[0], &["--memory", "0"], Some(0));
    // Copies of one month in two forms are the same messages.
    for form in ["csv", "parquet"] {
        made_as(&folder, &format!("one-{form}"), 20, form, "");
    }
    check(&folder, &["one-csv/messages.csv", "one-parquet/messages.parquet"], tariffs[0], &[], Some(0));
}

/// Some rows of a log are changed, one by one: unknown kinds, other ids, other people, nonsense.
#[test]
fn slips_in_a_text_log_are_judged_alike() {
    let folder = scratch("quick-slips");
    made_as(&folder, "shop", 31, "csv", "");
    let tariff = fs::read_to_string(folder.join("shop/tariff.toml")).unwrap();
    let log = fs::read_to_string(folder.join("shop/messages.csv")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let columns: Vec<&str> = lines[0].split(',').collect();
    let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let first = |name: &str| lines[1].split(',').nth(place(name)).unwrap().to_owned();
    let slips = [
        ("kind", "poll".to_owned()),
        ("kind", String::new()),
        ("kind", "reaction".to_owned()),
        ("status", "unheard".to_owned()),
        ("status", "failed".to_owned()),
        ("entry_point", "somewhere".to_owned()),
        ("message_id", first("message_id")),
        ("customer", first("customer")),
        ("customer", "anna".to_owned()),
        ("channel", first("channel")),
        ("direction", "outbound".to_owned()),
        ("sent_at", "2018-10-05T10:00:00+02:00".to_owned()),
        ("sent_at", "2018-10-05".to_owned()),
        ("message_id", "1234567890123456".to_owned()),
    ];
    for (slip, (name, text)) in slips.into_iter().enumerate() {
        // Each slip on a few rows, far from one another.
        let changed = |(number, line): (usize, &&str)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if number > 0 && number % 700 == 13 * slip {
                cells[place(name)] = &text;
            }
            cells.join(",")
        };
        let slipped: Vec<String> = lines.iter().enumerate().map(changed).collect();
        fs::write(folder.join("slipped.csv"), slipped.join("\n") + "\n").unwrap();
        check(&folder, &["slipped.csv"], &tariff, &[], None);
    }
}

#[test]
fn copies_and_damage_are_judged_alike() {
    let folder = scratch("quick-odd");
    made(&folder, &[3], "duplicates");
    let tariff = fs::read_to_string(folder.join("shop-3/tariff.toml")).unwrap();
    check(&folder, &["shop-3/messages.parquet"], &tariff, &[], None);
    assert!(is_quick(&folder, &["shop-3/messages.parquet"]), "only the conversations of copies go row by row");
    let whole = fs::read(folder.join("shop-3/messages.parquet")).unwrap();
    // A bit of every few hundred bytes is turned: each file is refused, or read, by both ways alike.
    for place in (4..whole.len()).step_by(whole.len() / 24) {
        let mut damaged = whole.clone();
        damaged[place] ^= 16;
        fs::write(folder.join("damaged.parquet"), damaged).unwrap();
        check(&folder, &["damaged.parquet"], &tariff, &[], None);
    }
    fs::write(folder.join("damaged.parquet"), &whole[..whole.len() / 2]).unwrap();
    check(&folder, &["damaged.parquet"], &tariff, &[], None);
}
