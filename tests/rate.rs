//! `ritardo rate`: real logs against their expected waits, the same logs in other forms, all public webhook
//! bodies, and random logs against a second reading of the rule that shares no code with the program.
#![cfg(test)]

mod common;

#[path = "rate/by_hand.rs"]
mod by_hand;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use common::{Dice, Ran, ritardo, root, rows, scratch, shared, text};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

const AS_OF: &str = "2018-01-01T00:00:00Z";

fn tariff() -> String {
    root().join("sample_data/tariff.toml").to_str().unwrap().to_owned()
}

/// Rates logs of the year 2017.
fn rate(folder: &Path, logs: &[&str], more: &[&str]) -> Ran {
    let tariff = tariff();
    let arguments = [&["rate"], logs, &["--tariff", &tariff, "--as-of", AS_OF], more].concat();
    ritardo(folder, &arguments)
}

/// The log of 2017 as its header and its rows, none of which has a quote.
fn support() -> Option<(PathBuf, Vec<String>, Vec<Vec<String>>)> {
    let path = shared("data/support_2017/messages.csv")?;
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains('"'));
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut lines = text.lines();
    let header = split(lines.next().unwrap());
    Some((path, header, lines.map(split).collect()))
}

/// Names and contents of log files.
type Files = Vec<(String, Vec<u8>)>;

fn count(value: &serde_json::Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[test]
fn every_wait_of_2017_is_judged_as_expected() {
    let Some((path, ..)) = support() else { return };
    let folder = scratch("rate-2017");
    rate(&folder, &[path.to_str().unwrap()], &["--out", "waits.csv", "--summary", "summary.json"]).expect(0);
    let seconds = |row: &BTreeMap<String, String>| {
        let short = |name: &str| row[name].replace(".000Z", "Z");
        (
            row["message_id"].clone(),
            row["business"].clone(),
            short("received_at"),
            short("answered_at"),
            row["verdict"].clone(),
        )
    };
    let sorted = |path: &Path| rows(&fs::read(path).unwrap()).iter().map(seconds).collect::<BTreeSet<_>>();
    let expected = sorted(&path.with_file_name("expected_waits.csv"));
    let found = sorted(&folder.join("waits.csv"));
    assert_eq!(expected.len(), 1679);
    assert_eq!(found.difference(&expected).collect::<Vec<_>>(), Vec::<&_>::new());
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&_>::new());
    check_summary(&folder, &found.iter().map(|wait| wait.4.as_str()).collect::<Vec<_>>());

    rate(&folder, &[path.to_str().unwrap()], &["--out", "charges.csv", "--only", "charges"]).expect(0);
    let charges = rows(&fs::read(folder.join("charges.csv")).unwrap());
    assert_eq!(charges.len(), 302);
    let all = rows(&fs::read(folder.join("waits.csv")).unwrap());
    let charged: Vec<_> = all.into_iter().filter(|row| !row["amount"].is_empty()).collect();
    assert_eq!(charges, charged);
    assert!(charges.iter().all(|row| ["late", "unanswered"].contains(&row["verdict"].as_str())));
}

fn check_summary(folder: &Path, verdicts: &[&str]) {
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["verdicts"]["waits"], 1679);
    for verdict in ["on_time", "late", "unanswered", "pending", "held"] {
        let count = verdicts.iter().filter(|found| **found == verdict).count();
        assert_eq!(summary["verdicts"][verdict], count, "{verdict}");
    }
    assert_eq!(summary["charges"], 302);
    let charges: u64 =
        summary["businesses"].as_object().unwrap().values().map(|b| b["charges"].as_u64().unwrap()).sum();
    assert_eq!(charges, 302);
    let amounts = rows(&fs::read(folder.join("waits.csv")).unwrap());
    let cents: u64 = amounts.iter().filter_map(|row| row["amount"].strip_prefix("0.0")?.parse::<u64>().ok()).sum();
    assert_eq!(text(&summary, "total"), format!("{}.{:02}", cents / 100, cents % 100), "nine cents each: market other");
}

fn csv_text(header: &[String], rows: &[Vec<String>]) -> String {
    let lines = std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    lines.fold(String::new(), |text, row| text + &row.join(",") + "\n")
}

fn ndjson_text(header: &[String], rows: &[Vec<String>]) -> String {
    let object = |row: &Vec<String>| {
        let fields = header.iter().zip(row).map(|(name, value)| (name.clone(), json!(value)));
        Value::Object(fields.collect()).to_string() + "\n"
    };
    rows.iter().map(object).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn the_same_log_in_other_forms_gives_the_same_bytes() {
    let Some((path, header, log)) = support() else { return };
    let folder = scratch("rate-forms");
    let mut dice = Dice::new(2017);
    let mut shuffled = log.clone();
    dice.shuffle(&mut shuffled);
    let order: Vec<usize> = vec![6, 3, 0, 5, 2, 1, 4];
    let reordered = |row: &[String]| -> Vec<String> {
        let picked = order.iter().map(|place| row[*place].clone());
        std::iter::once("?".to_owned()).chain(picked).collect()
    };
    let mut other_header = reordered(&header);
    other_header[0] = "text".to_owned();
    let other_rows: Vec<Vec<String>> = shuffled.iter().map(|row| reordered(row)).collect();
    let quoted = csv_text(&header, &log)
        .lines()
        .fold(String::new(), |text, line| text + "\"" + &line.replace(',', "\",\"") + "\"\r\n");

    let mut forms: Vec<(&str, Files)> = vec![
        ("shuffled", vec![("a.csv".into(), csv_text(&header, &shuffled).into_bytes())]),
        ("columns", vec![("a.csv".into(), csv_text(&other_header, &other_rows).into_bytes())]),
        ("quoted", vec![("a.csv".into(), [b"\xEF\xBB\xBF", quoted.as_bytes()].concat())]),
        ("ndjson", vec![("a.ndjson".into(), ndjson_text(&header, &shuffled).into_bytes())]),
        ("csv-gz", vec![("a.csv.gz".into(), gzip(&csv_text(&header, &shuffled)))]),
        ("ndjson-gz", vec![("a.ndjson.gz".into(), gzip(&ndjson_text(&header, &log)))]),
        ("csv-zst", vec![("a.csv.zst".into(), zstd::encode_all(csv_text(&header, &log).as_bytes(), 3).unwrap())]),
        ("doubled", vec![("a.csv".into(), csv_text(&header, &[log.clone(), shuffled.clone()].concat()).into_bytes())]),
    ];
    let pieces: Vec<(String, Vec<u8>)> = (shuffled.chunks(shuffled.len() / 7).enumerate())
        .map(|(index, piece)| match index % 3 {
            0 => (format!("{}.csv", 90 - index), csv_text(&header, piece).into_bytes()),
            1 => (format!("{}.ndjson", 90 - index), ndjson_text(&header, piece).into_bytes()),
            _ => (format!("{}.csv.gz", 90 - index), gzip(&csv_text(&header, piece))),
        })
        .collect();
    assert!(pieces.len() >= 7);
    forms.push((
        "pieces-twice",
        pieces.iter().cloned().chain(pieces.iter().map(|(n, b)| (format!("x{n}"), b.clone()))).collect(),
    ));
    forms.push(("pieces", pieces));

    rate(&folder, &[path.to_str().unwrap()], &["--out", "expected.csv"]).expect(0);
    let expected = fs::read(folder.join("expected.csv")).unwrap();
    for (name, logs) in forms {
        for (file, bytes) in logs {
            fs::create_dir_all(folder.join(name)).unwrap();
            fs::write(folder.join(name).join(file), bytes).unwrap();
        }
        let out = format!("{name}.csv");
        let ran = rate(&folder, &[name], &["--out", &out]).expect(0);
        assert_eq!(ran.err, "", "{name}");
        assert!(fs::read(folder.join(&out)).unwrap() == expected, "{name} gives other bytes");
    }
    let twice = path.to_str().unwrap();
    rate(&folder, &[twice, "ndjson", twice], &["--out", "mixed.csv"]).expect(0);
    assert!(fs::read(folder.join("mixed.csv")).unwrap() == expected, "several inputs that say the same");
    fs::write(folder.join("short.csv"), csv_text(&header, &log[..log.len() / 2])).unwrap();
    rate(&folder, &["short.csv"], &["--out", "short-waits.csv"]).expect(0);
    assert!(fs::read(folder.join("short-waits.csv")).unwrap() != expected, "half a log is another log");
}

#[test]
fn parquet_says_what_csv_says() {
    let Some((path, ..)) = support() else { return };
    let folder = scratch("rate-parquet");
    for out in ["waits.csv", "waits.parquet", "again.parquet"] {
        rate(&folder, &[path.to_str().unwrap()], &["--out", out]).expect(0);
    }
    assert!(fs::read(folder.join("waits.parquet")).unwrap() == fs::read(folder.join("again.parquet")).unwrap());
    let reader = SerializedFileReader::new(fs::File::open(folder.join("waits.parquet")).unwrap()).unwrap();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, reader.metadata().file_metadata().schema());
    let schema = String::from_utf8(schema).unwrap();
    for column in
        ["INT64 rate (DECIMAL(18,9))", "INT64 amount (DECIMAL(18,9))", "INT64 received_at (TIMESTAMP(MICROS,true))"]
    {
        assert!(schema.contains(column), "{column}:\n{schema}");
    }
    let found: Vec<BTreeMap<String, String>> = (reader.get_row_iter(None).unwrap())
        .map(|row| row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), cell(field))).collect())
        .collect();
    let expected = rows(&fs::read(folder.join("waits.csv")).unwrap());
    assert_eq!(found.len(), 1679);
    assert_eq!(found, expected);
}

/// The cell as the CSV file writes it.
fn cell(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::TimestampMicros(micros) => printed(*micros),
        Field::Decimal(decimal) => {
            assert_eq!((decimal.precision(), decimal.scale()), (18, 9));
            let units = i64::from_be_bytes(decimal.data().try_into().unwrap());
            let digits = format!("{}.{:09}", units / 1_000_000_000, units % 1_000_000_000);
            let short = digits.trim_end_matches('0');
            let cents = short.split_once('.').unwrap().1.len().max(2);
            digits[..digits.len() - 9 + cents].to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// An instant as the rule prints it.
fn printed(micros: i64) -> String {
    let instant = DateTime::from_timestamp_micros(micros).unwrap();
    let form = if micros % 1000 == 0 { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    instant.format(form).to_string()
}

/// How many messages, statuses and echoes a body holds, by its plain JSON.
fn events(body: &Value) -> usize {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let of_value = |field: &Value, value: &Value| {
        let statuses =
            list(&value["statuses"]).iter().filter(|status| field != "calls" && status["type"] != "call").count();
        let history: usize = (list(&value["history"]).iter())
            .flat_map(|chunk| list(&chunk["threads"]))
            .map(|thread| list(&thread["messages"]).len())
            .sum();
        list(&value["messages"]).len() + list(&value["message_echoes"]).len() + statuses + history
    };
    let entries = list(&body["entry"]);
    let changes = entries.iter().flat_map(|entry| list(&entry["changes"]));
    changes.map(|change| of_value(&change["field"], &change["value"])).sum()
}

#[test]
fn every_public_webhook_body_is_read() {
    let Some(folders) = shared("data/webhooks_messages").zip(shared("data/webhooks_other")) else { return };
    let folder = scratch("rate-webhooks");
    let tariff = tariff();
    let inputs = [folders.0.to_str().unwrap(), folders.1.to_str().unwrap()];
    let as_of =
        ["--tariff", &tariff, "--as-of", "2030-01-01T00:00:00Z", "--summary", "summary.json", "--out", "waits.csv"];
    let ran = ritardo(&folder, &[&["rate"], &inputs[..], &as_of].concat()).expect(0);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let read = summary["inputs"].as_array().unwrap();
    assert_eq!(read.len(), 169);
    let mut total = (0, 0);
    for input in read {
        assert_eq!(input["format"], "webhook", "{input}");
        let (rows, rejected) = (count(&input["rows"]), count(&input["rejected"]));
        let body = fs::read(text(input, "file")).unwrap();
        match serde_json::from_slice::<Value>(&body) {
            Ok(body) if !body["entry"].is_null() => assert_eq!(rows + rejected, events(&body), "{input}"),
            _ => assert!(rows + rejected > 0, "{input}"),
        }
        total = (total.0 + rows, total.1 + rejected);
    }
    let rejects = summary["rejects"].as_array().unwrap();
    assert_eq!(rejects.len(), total.1);
    assert!(rejects.iter().all(|reject| !text(reject, "reason").is_empty() && reject["row"].as_u64().unwrap() > 0));
    assert!(total.0 > 100, "{total:?}");
    // Each body by itself is read as it is among the others.
    for input in read.iter().step_by(24) {
        let file = text(input, "file");
        ritardo(&folder, &[&["rate", &file], &as_of[..]].concat()).expect(0);
        let alone: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
        assert_eq!(&alone["inputs"][0], input);
    }
}
