//! `--timings`: a table on standard error, and not a byte elsewhere.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;

use common::{NIGHT, Ran, assert_same_tree, bodies, night, ritardo, rows, sample, scratch, text};

/// One line of the table: its name, its rows and its bytes.
type Stage = (String, Option<u64>, Option<u64>);

/// The number of a cell that groups it by commas; `None` for a dash.
#[track_caller]
fn number(cell: &str) -> Option<u64> {
    (cell != "-").then(|| cell.replace(',', "").parse::<u64>().unwrap_or_else(|error| panic!("{error}: {cell}")))
}

/// Thousandths of the seconds of a cell.
#[track_caller]
fn millis(cell: &str) -> u64 {
    let (whole, fraction) = cell.split_once('.').unwrap_or_else(|| panic!("no seconds: {cell}"));
    assert_eq!(fraction.len(), 3, "{cell}");
    whole.parse::<u64>().unwrap() * 1000 + fraction.parse::<u64>().unwrap()
}

/// What else stands on standard error, and the stages of the table at its end, whose numbers fit together.
#[track_caller]
fn stages(ran: &Ran) -> (String, Vec<Stage>) {
    let lines: Vec<&str> = ran.err.lines().collect();
    let head = lines.iter().position(|line| line.starts_with("stage ")).unwrap_or_else(|| panic!("{}", ran.err));
    assert_eq!(
        lines[head].split_whitespace().collect::<Vec<_>>().join(" "),
        "stage rows bytes seconds rows/s peak MiB"
    );
    let (mut stages, mut sum, mut total) = (Vec::new(), 0, None);
    for line in &lines[head + 1..] {
        assert_eq!(line.len(), lines[head].len(), "the columns end where the head does: {line}");
        let cells: Vec<&str> = line.split_whitespace().collect();
        let (name, cells) = cells.split_at(cells.len() - 5);
        let (rows, bytes, took, speed) = (number(cells[0]), number(cells[1]), millis(cells[2]), number(cells[3]));
        assert_eq!(speed.is_some(), rows.is_some() && took > 0, "{line}");
        assert!((1..1_000_000).contains(&number(cells[4]).unwrap()), "Linux tells the memory: {line}");
        match (name.join(" ").as_str(), line.starts_with(' ')) {
            ("total", _) => total = Some(took),
            (_, true) => {}
            (_, false) => sum += took,
        }
        stages.push((name.join(" "), rows, bytes));
    }
    assert!(total.is_some_and(|total| sum <= total), "the stages take longer than the whole:\n{}", ran.err);
    assert_eq!(stages.last().map(|(name, ..)| name.as_str()), Some("total"));
    (lines[..head].iter().map(|line| format!("{line}\n")).collect(), stages)
}

fn names(stages: &[Stage]) -> Vec<&str> {
    stages.iter().map(|(name, ..)| name.as_str()).collect()
}

/// Rows and bytes of a stage.
#[track_caller]
fn of(stages: &[Stage], name: &str) -> (Option<u64>, Option<u64>) {
    let found = stages.iter().find(|(found, ..)| found == name);
    found.map(|(_, rows, bytes)| (*rows, *bytes)).unwrap_or_else(|| panic!("no stage {name}: {stages:?}"))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The lines of a file of waits.
fn lines_of(path: &Path) -> u64 {
    rows(&fs::read(path).unwrap()).len() as u64
}

/// Runs a command without and with the flag: it says the same, and a table at the end. Both write the same file.
#[track_caller]
fn rated(folder: &Path, words: &[&str], out: &str) -> Vec<Stage> {
    let plain = ritardo(folder, &[words, &["--out", &format!("plain.{out}")]].concat()).expect(0);
    let timed = ritardo(folder, &[words, &["--out", &format!("timed.{out}"), "--timings"]].concat()).expect(0);
    assert_eq!(plain.out, timed.out);
    let (said, stages) = stages(&timed);
    assert_eq!(plain.err, said);
    let written = [format!("plain.{out}"), format!("timed.{out}")].map(|name| fs::read(folder.join(name)).unwrap());
    assert!(written[0] == written[1], "the files differ");
    assert!(!written[0].is_empty());
    stages
}

#[test]
fn rate_tells_its_stages_row_by_row() {
    let folder = sample("timings-rate");
    let words = ["rate", "inbox/bakery", "--tariff", "tariff.toml", "--as-of", "2018-09-03T22:00:00Z"];
    let stages = rated(&folder, &words, "csv");
    assert_eq!(names(&stages), ["reading", "pairing and rating", "writing", "total"]);
    let logs = fs::read_dir(folder.join("inbox/bakery")).unwrap();
    let bytes: u64 = logs.map(|log| size(&log.unwrap().path())).sum();
    // Every row of the logs, the two broken ones too, and every wait.
    let logs = fs::read_dir(folder.join("inbox/bakery")).unwrap();
    let texts = logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap());
    let rows: u64 = texts.map(|text| text.lines().skip(1).count() as u64).sum();
    assert_eq!(of(&stages, "reading"), (Some(rows), Some(bytes)));
    assert_eq!(of(&stages, "writing"), (Some(lines_of(&folder.join("timed.csv"))), None));
    let (messages, _) = of(&stages, "pairing and rating");
    assert!(messages.is_some_and(|messages| (600..=rows).contains(&messages)), "{messages:?}");
}

#[test]
fn rate_tells_its_stages_over_columns() {
    let folder = scratch("timings-columns");
    let made = ["generate", "shop", "--messages", "4k", "--businesses", "5", "--by", "month", "--month", "2018-10"];
    ritardo(&folder, &made).expect(0);
    let shop = folder.join("shop");
    let words = ["rate", "messages.parquet", "--tariff", "tariff.toml", "--as-of", "2018-11-14T00:00:00Z"];
    let quick = rated(&shop, &[&words[..], &["--only", "charges"]].concat(), "csv");
    // The stages of the quick way are its own; the long way has others.
    assert!(names(&quick).contains(&"writing") && !names(&quick).contains(&"pairing and rating"), "{quick:?}");
    assert_eq!(of(&quick, "writing").0, Some(lines_of(&shop.join("timed.csv"))));
    let slow = rated(&shop, &[&words[..], &["--only", "charges", "--by-rows"]].concat(), "parquet");
    assert_eq!(names(&slow), ["reading", "pairing and rating", "writing", "total"]);
    assert_eq!(of(&slow, "reading").1, Some(size(&shop.join("messages.parquet"))));
}

#[test]
fn run_tells_its_stages_and_changes_nothing_by_it() {
    let (plain, timed) = (sample("timings-run-plain"), sample("timings-run"));
    let quiet = night(&plain).expect(0);
    let dry = ritardo(&timed, &["run", "--as-of", NIGHT, "--timings", "--dry-run"]).expect(0);
    let told = ritardo(&timed, &["run", "--as-of", NIGHT, "--timings"]).expect(0);
    assert_eq!(quiet.out, told.out);
    assert_same_tree(&plain.join("state"), &timed.join("state"));
    let (said, stages_of_run) = stages(&told);
    assert_eq!(quiet.err, said);
    let first = ["taking the ledger", "reading", "gathering evidence", "late logs", "judging open months"];
    let looked = ["guards", "alarms"];
    let last = [
        "closing",
        "drafts, charge files",
        "transaction",
        "previews",
        "documents",
        "mail",
        "pages",
        "settling",
        "total",
    ];
    assert_eq!(names(&stages_of_run), [&first[..], &looked[..], &last[..]].concat());
    let files = bodies(&timed.join("state"), "file");
    let count = |name: &str| files.iter().map(|file| file[name].as_u64().unwrap()).sum::<u64>();
    let bytes: u64 = files.iter().map(|file| size(&timed.join("inbox").join(text(file, "name")))).sum();
    let read = (Some(count("rows") + count("rejected")), Some(bytes));
    assert_eq!(of(&stages_of_run, "reading"), read);
    assert!(of(&stages_of_run, "gathering evidence").0.is_some_and(|rows| (2000..=count("rows")).contains(&rows)));
    // The waits of August, and those of September as far as they are known.
    assert!(of(&stages_of_run, "judging open months").0.is_some_and(|waits| waits >= 2095));
    for (name, rows) in [("late logs", 0), ("closing", 3), ("previews", 0), ("documents", 3), ("mail", 4), ("pages", 2)]
    {
        assert_eq!(of(&stages_of_run, name), (Some(rows), None), "{name}");
    }

    let (_, stages_of_rehearsal) = stages(&dry);
    assert_eq!(names(&stages_of_rehearsal), [&first[..], &looked[..], &["total"]].concat());
    assert_eq!(of(&stages_of_rehearsal, "reading"), read);
}

#[test]
fn audit_tells_its_stages() {
    let folder = sample("timings-audit");
    night(&folder).expect(0);
    for jobs in ["1", "4"] {
        let words = ["audit", "2018-08", "--jobs", jobs, "--timings"];
        let plain = ritardo(&folder, &words[..4]).expect(0);
        let timed = ritardo(&folder, &words).expect(0);
        assert_eq!(plain.out, timed.out);
        let (said, stages) = stages(&timed);
        assert_eq!(plain.err, said);
        // The sample is judged as columns, or row by row.
        let replays = names(&stages)[2];
        assert!(["replays", "replays by columns"].contains(&replays), "{replays}");
        let (head, parts) = (["opening the ledger", "months"], [replays, "comparing"]);
        assert_eq!(names(&stages), [&head[..], &parts[..], &["total"]].concat());
        assert_eq!([of(&stages, "months").0, of(&stages, replays).0], [Some(2095); 2]);
    }
    let twice = ["audit", "2018-08", "--timings", "--as-known", "2018-10-05"];
    let (_, stages) = stages(&ritardo(&folder, &twice).expect(0));
    assert!(names(&stages).contains(&"by other clocks"), "{stages:?}");

    ritardo(&folder, &["export-month", "2018-08", "2018-08.tar.zst"]).expect(0);
    let (_, stages) = self::stages(&ritardo(&folder, &["audit", "2018-08.tar.zst", "--timings"]).expect(0));
    assert_eq!(names(&stages)[..2], ["opening the bundle", "opening the ledger"]);
    assert_eq!(of(&stages, "months").0, Some(2095));
}
