//! A real log of 2017 against its expected waits, however it was cut, shuffled, doubled and converted: through
//! `ritardo rate`, and through the whole nightly run.
#![cfg(test)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::{
    Dice, bodies, charge_files, charges, copy, give_key, gzip, parquet_of, ritardo, root, rows, scratch, sha256,
    shared, text, zstd,
};
use serde_json::{Value, json};

type Row = Vec<String>;

/// How a piece of the log is written: ending of the file, and its bytes.
type Form = (&'static str, fn(&Log, &[Row]) -> Vec<u8>);

const FORMS: [Form; 8] = [
    ("csv", |log, rows| log.csv(rows).into_bytes()),
    ("ndjson", |log, rows| log.ndjson(rows).into_bytes()),
    ("parquet", |log, rows| parquet_of(&log.header, rows)),
    ("csv.gz", |log, rows| gzip(log.csv(rows).as_bytes())),
    ("csv.zst", |log, rows| zstd(log.csv(rows).as_bytes())),
    ("ndjson.gz", |log, rows| gzip(log.ndjson(rows).as_bytes())),
    ("ndjson.zst", |log, rows| zstd(log.ndjson(rows).as_bytes())),
    ("parquet.gz", |log, rows| gzip(&parquet_of(&log.header, rows))),
];

/// The log and what must come of it.
struct Log {
    header: Vec<String>,
    rows: Vec<Row>,
    /// Message, received at, answered at, verdict.
    expected: BTreeSet<[String; 4]>,
}

impl Log {
    /// `None` where the data does not lie beside the repository; that it skips was said then.
    fn open() -> Option<Self> {
        let path = shared("data/support_2017/messages.csv")?;
        let log = fs::read_to_string(&path).unwrap();
        let mut lines = log.lines().map(|line| line.split(',').map(str::to_owned).collect::<Row>());
        let header = lines.next().unwrap();
        let rows = lines.collect();
        let expected = waits(&fs::read(path.with_file_name("expected_waits.csv")).unwrap());
        assert_eq!(expected.len(), 1679);
        Some(Self { header, rows, expected })
    }

    fn csv(&self, rows: &[Row]) -> String {
        std::iter::once(&self.header).chain(rows).fold(String::new(), |text, row| text + &row.join(",") + "\n")
    }

    fn ndjson(&self, rows: &[Row]) -> String {
        let object = |row: &Row| {
            let fields = self.header.iter().cloned().zip(row.iter().map(|cell| json!(cell)));
            Value::Object(fields.collect()).to_string() + "\n"
        };
        rows.iter().map(object).collect()
    }

    fn cell<'r>(&self, row: &'r Row, name: &str) -> &'r str {
        &row[self.header.iter().position(|column| column == name).unwrap()]
    }
}

/// The waits of a file, to the second.
fn waits(bytes: &[u8]) -> BTreeSet<[String; 4]> {
    let short = |row: &BTreeMap<String, String>, name: &str| row[name].replace(".000Z", "Z");
    let wait = |row: &BTreeMap<String, String>| {
        [row["message_id"].clone(), short(row, "received_at"), short(row, "answered_at"), row["verdict"].clone()]
    };
    rows(bytes).iter().map(wait).collect()
}

#[track_caller]
fn check_rated(log: &Log, folder: &Path, logs: &str) {
    let tariff = root().join("sample_data/tariff.toml");
    let arguments =
        ["rate", logs, "--tariff", tariff.to_str().unwrap(), "--as-of", "2018-01-01T00:00:00Z", "--out", "waits.csv"];
    let ran = ritardo(folder, &arguments).expect(0);
    assert_eq!(ran.err, "", "{logs}: no row is rejected, and no two contradict each other");
    let found = waits(&fs::read(folder.join("waits.csv")).unwrap());
    assert_eq!(found.difference(&log.expected).collect::<Vec<_>>(), Vec::<&[String; 4]>::new(), "{logs}");
    assert_eq!(log.expected.difference(&found).collect::<Vec<_>>(), Vec::<&[String; 4]>::new(), "{logs}");
}

#[test]
fn fifty_files_of_every_form_in_any_order_give_the_expected_waits() {
    let Some(log) = Log::open() else { return };
    let folder = scratch("support-forms");
    for seed in 1..=3 {
        let mut dice = Dice::new(seed);
        let mut shuffled = log.rows.clone();
        dice.shuffle(&mut shuffled);
        let mixed = format!("mixed-{seed}");
        fs::create_dir(folder.join(&mixed)).unwrap();
        let pieces: Vec<&[Row]> = shuffled.chunks(shuffled.len().div_ceil(50)).collect();
        assert_eq!(pieces.len(), 50);
        for (index, piece) in pieces.into_iter().enumerate() {
            // The last time each piece comes twice, in two forms and two orders.
            for time in 0..=usize::from(seed == 3) {
                let (ending, write) = FORMS[(index + time * 3) % FORMS.len()];
                let mut piece = piece.to_vec();
                dice.shuffle(&mut piece);
                let name = format!("{mixed}/{:05}-{index}.{ending}", dice.roll(99_999));
                fs::write(folder.join(name), write(&log, &piece)).unwrap();
            }
        }
        check_rated(&log, &folder, &mixed);
    }
    for (ending, write) in FORMS {
        let name = format!("whole.{ending}");
        fs::write(folder.join(&name), write(&log, &log.rows)).unwrap();
        check_rated(&log, &folder, &name);
    }
    // Half of it is another log: the comparison can fail.
    fs::write(folder.join("half.parquet"), parquet_of(&log.header, &log.rows[..log.rows.len() / 2])).unwrap();
    let half = std::panic::catch_unwind(|| check_rated(&log, &folder, "half.parquet"));
    assert!(half.is_err());
}

/// One business that has all the accounts, and a source whose files have manifests.
fn support_house(log: &Log, name: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    fs::remove_dir_all(folder.join("inbox")).unwrap();
    fs::create_dir_all(folder.join("inbox/desk")).unwrap();
    give_key(&folder.join("state"), '5');
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let source = config
        .replace("\"continuous\"", "\"manifest\"")
        .replace("desk/*.csv", "desk/*")
        .replace("format = \"csv\"\n", "");
    fs::write(folder.join("ritardo.toml"), source + "\n[limits]\nreaders = 1\n").unwrap();
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    let (head, _) = book.split_once("[[business.channel]]").unwrap();
    let head = head.replace("Europe/Rome", "UTC").replace("2018-08", "2011-08");
    let channels: BTreeSet<&str> = log.rows.iter().map(|row| log.cell(row, "channel")).collect();
    let channels: String = channels.iter().map(|id| format!("[[business.channel]]\nid = \"{id}\"\n")).collect();
    fs::write(folder.join("businesses.toml"), head + &channels).unwrap();
    folder
}

/// The log in the order of time, cut where the second changes: each piece with the span that it speaks for.
fn pieces(log: &Log) -> Vec<(String, String, Vec<Row>)> {
    let business = log.header.iter().position(|column| column == "business").unwrap();
    let mut sorted = log.rows.clone();
    sorted.iter_mut().for_each(|row| row[business] = "bologna-bakery".to_owned());
    sorted.sort_by(|one, other| log.cell(one, "sent_at").cmp(log.cell(other, "sent_at")));
    let mut pieces: Vec<Vec<Row>> = vec![Vec::new()];
    for row in sorted {
        let last = pieces.last().unwrap();
        let changes = last.last().is_some_and(|before| log.cell(before, "sent_at") != log.cell(&row, "sent_at"));
        if changes && last.len() >= log.rows.len() / 50 {
            pieces.push(Vec::new());
        }
        pieces.last_mut().unwrap().push(row);
    }
    let first = |piece: &Vec<Row>| log.cell(&piece[0], "sent_at").to_owned();
    let mut from = "2011-07-01T00:00:00Z".to_owned();
    let ends: Vec<String> = pieces.iter().skip(1).map(first).chain(["2018-01-02T00:00:00Z".to_owned()]).collect();
    let span = |(piece, to): (Vec<Row>, String)| (std::mem::replace(&mut from, to.clone()), to, piece);
    pieces.into_iter().zip(ends).map(span).collect()
}

fn put(folder: &Path, name: &str, bytes: &[u8], from: &str, to: &str, rows: usize) {
    let manifest = json!({"from": from, "to": to, "rows": rows, "sha256": sha256(bytes)});
    let path = folder.join("inbox/desk").join(name);
    fs::write(folder.join(format!("inbox/desk/{name}.manifest.json")), manifest.to_string()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_nightly_run_charges_the_expected_waits_from_files_with_manifests() {
    let Some(log) = Log::open() else { return };
    let folder = support_house(&log, "support-run");
    let mut dice = Dice::new(2017);
    let pieces = pieces(&log);
    assert!((45..=50).contains(&pieces.len()), "{}", pieces.len());
    for (index, (from, to, rows)) in pieces.iter().enumerate() {
        for time in 0..2 {
            let (ending, write) = FORMS[(index + time * 3) % FORMS.len()];
            let mut rows = rows.clone();
            dice.shuffle(&mut rows);
            put(
                &folder,
                &format!("{:04}-{index}.{ending}", dice.roll(9999)),
                &write(&log, &rows),
                from,
                to,
                rows.len(),
            );
        }
    }
    let state = folder.join("state");
    ritardo(&folder, &["run", "--as-of", "2018-01-02T00:00:00Z"]).expect(0);
    let expected: BTreeSet<String> = log
        .expected
        .iter()
        .filter(|wait| ["late", "unanswered"].contains(&wait[3].as_str()))
        .map(|wait| wait[0].clone())
        .collect();
    assert_eq!(expected.len(), 302);
    let billed: BTreeSet<String> = charges(&state).into_iter().map(|(_, _, message, _)| message).collect();
    assert_eq!(billed, expected);
    let closings = bodies(&state, "month_closed");
    assert_eq!(closings.len(), 77, "from August 2011 to December 2017");
    assert_eq!(text(&closings[76], "month"), "2017-12");
    let count = |verdict: &str| closings.iter().map(|body| body["counts"][verdict].as_u64().unwrap()).sum::<u64>();
    assert_eq!((count("on_time"), count("late") + count("unanswered")), (1377, 302));
    check_charge_files(&log, &state);
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2017-10"]).expect(0);
}

/// Each charge is that of its wait. An answer after the evidence of a month ends, a day after the month, is not known to
/// it: the wait is charged as one without answer.
fn check_charge_files(log: &Log, state: &Path) {
    let charged: BTreeSet<[String; 4]> = charge_files(state).values().flat_map(|file| waits(file)).collect();
    let mut after_the_month = 0;
    for charge in charged.iter().filter(|charge| charge[3] != "rounding") {
        let wait = log.expected.iter().find(|wait| wait[0] == charge[0]).unwrap();
        if wait == charge {
            continue;
        }
        assert_eq!((charge[3].as_str(), charge[2].as_str(), &charge[1]), ("unanswered", "", &wait[1]), "{wait:?}");
        let next_month = |at: &str| at[..7] != wait[1][..7] && &at[8..10] != "01";
        assert!(wait[3] == "late" && next_month(&wait[2]), "{wait:?}");
        after_the_month += 1;
    }
    assert_eq!(after_the_month, 5);
}
