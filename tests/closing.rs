//! One closing of many businesses: numbers without gaps, in the order of the book, and the same bytes whatever the number
//! of processors.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{NIGHT, Ran, assert_same_tree, bodies, charge_files, daily_shop, days_of_august, ritardo, rows, text};

const HEAD: &str = "message_id,business,channel,customer,direction,sent_at\n";
const BUSINESSES: usize = 300;

fn id(number: usize) -> String {
    format!("shop-{number:03}")
}

fn channel(number: usize) -> String {
    format!("+39051000{number:04}")
}

/// How many questions nobody answers: every third business has none.
fn questions(number: usize) -> usize {
    number % 3
}

/// A town of businesses with one log a day for all of them. Their messages have the same ids: what tells them apart is the
/// channel.
fn town(name: &str) -> PathBuf {
    let folder = daily_shop(name);
    let (mut book, mut channels) = (String::new(), Vec::new());
    for number in 1..=BUSINESSES {
        let (id, channel) = (id(number), channel(number));
        write!(
            book,
            "[[business]]\nid = \"{id}\"\nlegal_name = \"Negozio {number} S.n.c.\"\naddress = [\"Via degli Esempi {number}\"]\n\
             country = \"IT\"\nvat_id = \"IT99999990379\"\nemails = [\"{id}@town.example\"]\nlanguage = \"en\"\n\
             zone = \"Europe/Rome\"\nfirst_month = \"2018-08\"\nvat = {{ treatment = \"reverse-charge\" }}\n\n\
             [[business.channel]]\nid = \"{channel}\"\n\n"
        )
        .unwrap();
        channels.push(format!("\"{channel}\""));
    }
    fs::write(folder.join("businesses.toml"), book).unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let one = "channels = [\"+390510000417\"]";
    assert!(config.contains(one), "{config}");
    let config = config.replace(one, &format!("channels = [{}]", channels.join(", ")));
    fs::write(folder.join("ritardo.toml"), config).unwrap();
    for day in days_of_august() {
        let mut log = HEAD.to_owned();
        for number in (1..=BUSINESSES).filter(|_| day == "2018-08-08") {
            for question in 1..=questions(number) {
                let (id, channel) = (id(number), channel(number));
                let customer = format!("+3900{number:04}{question:04}");
                writeln!(log, "q-{question},{id},{channel},{customer},inbound,{day}T10:00:00Z").unwrap();
            }
        }
        fs::write(folder.join(format!("inbox/desk/{day}.csv")), log).unwrap();
    }
    folder
}

/// The night on one processor; nothing where the system cannot do that.
fn night_on_one_processor(folder: &Path) -> Option<Ran> {
    let words = ["-c", "0", env!("CARGO_BIN_EXE_ritardo"), "run", "--as-of", NIGHT];
    let output = Command::new("taskset").args(words).current_dir(folder).stdin(Stdio::null()).output();
    let ran = output.map(|output| Ran::of(&output));
    match ran {
        Ok(ran) if !ran.err.starts_with("taskset") => Some(ran),
        other => {
            eprintln!("skipped: taskset cannot give the night one processor: {other:?}");
            None
        }
    }
}

#[test]
fn many_businesses_are_numbered_without_gaps_and_alike_on_any_number_of_processors() {
    let folder = town("closing-town");
    let told = ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    let state = folder.join("state");
    let billed: Vec<usize> = (1..=BUSINESSES).filter(|number| questions(*number) > 0).collect();
    let invoices = bodies(&state, "invoice");
    let numbers: Vec<String> = invoices.iter().map(|invoice| text(invoice, "number")).collect();
    let expected: Vec<String> = (1..=billed.len()).map(|count| format!("LR-2018-{count:06}")).collect();
    assert_eq!(numbers, expected);
    let of = |kind: &str, key: &str| bodies(&state, kind).iter().map(|body| text(body, key)).collect::<Vec<_>>();
    assert_eq!(of("invoice", "business"), billed.iter().map(|number| id(*number)).collect::<Vec<_>>());
    assert_eq!(of("month_closed", "business"), (1..=BUSINESSES).map(id).collect::<Vec<_>>());
    // Each document names the one before it, and they are drawn and mailed in the order of their numbers.
    for pair in invoices.windows(2) {
        assert_eq!(text(&pair[1], "previous"), text(&pair[0], "document_sha256"));
    }
    assert_eq!(of("documents", "number"), numbers);
    assert_eq!(of("mail", "number"), numbers);
    for (name, bytes) in charge_files(&state) {
        let charged = rows(&bytes);
        let number: usize = name.trim_end_matches(".csv").rsplit('-').next().unwrap().parse().unwrap();
        assert_eq!(charged.len(), questions(number), "{name}");
        for (row, question) in charged.iter().zip(1..) {
            assert_eq!(row["message_id"], format!("q-{question}"), "{name}");
            assert_eq!(row["channel"], format!("'{}", channel(number)), "{name}");
        }
    }
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "--all"]).expect(0);

    // With hardly any memory it is read business by business.
    let little = town("closing-town-little");
    let run = ["run", "--memory", "0", "--as-of", NIGHT];
    assert_eq!(ritardo(&little, &run).expect(0), told);
    assert_same_tree(&state, &little.join("state"));

    let alone = town("closing-town-alone");
    if let Some(ran) = night_on_one_processor(&alone) {
        assert_eq!(ran.expect(0), told);
        assert_same_tree(&state, &alone.join("state"));
    }
}
