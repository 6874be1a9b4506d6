//! What the logs prove, as people see it: the table, the picture, the page, and the alarms.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;

use common::{NIGHT, night, ritardo, sample, text, tree};

/// Long after the sample month: what is held is held for long.
const LATER: &str = "2018-09-20T00:00:00Z";

fn coverage(folder: &Path, arguments: &[&str]) -> common::Ran {
    ritardo(folder, &[&["coverage", "--as-of", LATER], arguments].concat())
}

#[test]
fn a_complete_month_has_no_gap_and_no_alarm() {
    let folder = sample("coverage-complete");
    let refused = coverage(&folder, &[]).expect(78);
    assert!(refused.err.contains("there is no ledger yet"), "{}", refused.err);
    let ran = night(&folder).expect(0);
    assert_eq!((ran.err.as_str(), ran.out.contains("alarm")), ("", false), "{}", ran.out);
    let before = tree(&folder);
    let told = coverage(&folder, &["--month", "2018-08"]).expect(0);
    assert!(told.out.contains("bologna-bakery  channel +390510000417  times of Europe/Rome"), "{}", told.out);
    assert!(!told.out.contains("  gap ") && !told.out.contains("alarm"), "{}", told.out);
    assert_eq!(told.out.matches("  in        ").count(), 5, "{}", told.out);
    // Without a month: the open one of which something is known.
    assert!(coverage(&folder, &[]).expect(0).out.starts_with("coverage  2018-09, as of 2018-09-20"));
    assert!(coverage(&folder, &["--month", "2017-01"]).expect(2).err.contains("no business of the book"));
    assert_eq!(tree(&folder), before, "it writes nothing");
}

#[test]
fn a_missing_day_is_seen_everywhere_and_told_of_when_it_is_old() {
    let folder = sample("coverage-gap");
    fs::remove_file(folder.join("inbox/bakery/2018-08-14.csv")).unwrap();
    assert_eq!(night(&folder).expect(0).err, alarm_lines(&folder, NIGHT), "the alarms of the night");
    let told = coverage(&folder, &["--month", "2018-08"]).expect(0).out;
    for line in [
        "  gap       outbound 2018-08-14 00:00 to 2018-08-15 00:00\n",
        "  out       █████████████·█████████████████ █\n",
        "\nalarm     channel +390510000417 of bologna-bakery: 12 waits are held more than 7 days after the deadline",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let ran = ritardo(&folder, &["run", "--as-of", LATER, "--format", "json"]).expect(0);
    let summary = ran.json();
    assert_eq!(summary["nothing_to_do"], true);
    let alarm = &summary["alarms"][0];
    assert_eq!((text(alarm, "kind").as_str(), alarm["waits"].as_u64()), ("held", Some(12)));
    assert_eq!(ran.err, format!("alarm: {}\n", text(alarm, "text")));
    let page = fs::read_to_string(folder.join("state/reports/2018-08.html")).unwrap();
    assert!(page.contains(&format!("<li lang=\"en\"><bdi>{}</bdi></li>", text(alarm, "text"))), "{page}");
    let hint = "<title>outbound logs are missing: 2018-08-14 00:00 to 2018-08-15 00:00</title>";
    assert!(page.contains(hint), "{page}");
    let picture = coverage(&folder, &["--month", "2018-08", "--format", "svg"]).expect(0).out;
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n") && picture.contains(hint), "{picture}");
    let several = coverage(&folder, &["--format", "svg"]).expect(2);
    assert!(several.err.contains("open are 2018-08, 2018-09"), "{}", several.err);
}

/// What standard error has of the alarms that a rehearsal finds.
fn alarm_lines(folder: &Path, as_of: &str) -> String {
    let summary = ritardo(folder, &["run", "--dry-run", "--as-of", as_of, "--format", "json"]).expect(0).json();
    summary["alarms"].as_array().unwrap().iter().map(|alarm| format!("alarm: {}\n", text(alarm, "text"))).collect()
}

/// An export that lost its outbound rows looks like a shop that answers nobody, and no coverage shows it.
#[test]
fn an_export_without_its_answers_is_told_of_once() {
    let folder = sample("coverage-silence");
    for day in 6..=16 {
        let path = folder.join(format!("inbox/bakery/2018-08-{day:02}.csv"));
        let log = fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = log.lines().filter(|line| !line.contains(",outbound,")).collect();
        fs::write(&path, kept.join("\n") + "\n").unwrap();
    }
    let ran = night(&folder).expect(0);
    let alarm = "alarm: channel +390510000417 of bologna-bakery: no outbound message from 2018-08-0";
    assert!(ran.err.starts_with(alarm) && ran.err.ends_with("logs may be missing\n"), "{}", ran.err);
    assert!(ran.out.contains("\nclosed    2018-08  bologna-bakery "), "it holds nothing: {}", ran.out);
    let again = night(&folder).expect(0);
    assert!(again.err.is_empty() && again.out.contains("nothing   to do"), "{}\n{}", again.err, again.out);
    let quiet = fs::read_to_string(folder.join("ritardo.toml")).unwrap() + "[alarms]\nsilence_messages = 0\n";
    fs::write(folder.join("ritardo.toml"), quiet).unwrap();
    fs::remove_dir_all(folder.join("state")).unwrap();
    assert_eq!(night(&folder).expect(0).err, "");
}
