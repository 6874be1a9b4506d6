//! Answers that stand under a wrong name, in the file of a wrong day, or in a conversation of another log: what they
//! may answer is held, and not charged.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{bodies, charges, daily_shop, days_of_august, ritardo, text};

const NIGHT: &str = "2018-09-05T00:00:00Z";
const HEAD: &str = "message_id,business,channel,customer,direction,sent_at,conversation\n";
const QUESTION: &str = "q1,bologna-bakery,+390510000417,+393330000001,inbound,2018-08-10T10:00:00Z,\n";

/// A shop with a file for each day from 31 July to 3 September; the rows are those of 10 August.
fn shop(name: &str, rows: &str) -> PathBuf {
    let folder = daily_shop(name);
    for day in days_of_august() {
        put(&folder, &day, if day == "2018-08-10" { rows } else { "" });
    }
    folder
}

fn put(folder: &Path, day: &str, rows: &str) {
    fs::write(folder.join(format!("inbox/desk/{day}.csv")), format!("{HEAD}{rows}")).unwrap();
}

/// Charges and held waits of a night.
fn night(folder: &Path) -> (usize, u64) {
    ritardo(folder, &["run", "--as-of", NIGHT]);
    let list = ritardo(folder, &["gap", "list", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    let held = list["held"].as_array().unwrap().iter().map(|hold| hold["waits"].as_u64().unwrap()).sum();
    (charges(&folder.join("state")).len(), held)
}

#[track_caller]
fn check(name: &str, rows: &str, expected: (usize, u64)) {
    let folder = shop(&format!("strays-{name}"), &format!("{QUESTION}{rows}"));
    assert_eq!(night(&folder), expected, "{name}");
    ritardo(&folder, &["verify"]).expect(0);
}

const ANSWER: &str = "a1,bologna-bakery,+390510000417,+393330000001,outbound,2018-08-10T11:00:00Z,\n";

#[test]
fn an_answer_under_a_wrong_name_holds_what_it_may_answer() {
    check("sound", ANSWER, (0, 0));
    check("none", "", (1, 0));
    check("business", &ANSWER.replace("bologna-bakery", "Bologna-Bakery"), (0, 1));
    check("spelling", &ANSWER.replace("+390510000417", "390510000417"), (0, 1));
    check("spaces", &ANSWER.replace("+390510000417", "0039 051 0000417"), (0, 1));
    check("sides", "a1,bologna-bakery,+393330000001,+390510000417,outbound,2018-08-10T11:00:00Z,\n", (0, 1));
    check("names", "a1,+390510000417,bologna-bakery,+393330000001,outbound,2018-08-10T11:00:00Z,\n", (0, 1));
    // It answers nobody else, nothing that was answered already, and nothing earlier.
    let other = ANSWER.replace("+393330000001", "+393330000002").replace("bologna-bakery", "Bologna-Bakery");
    check("other-customer", &other, (1, 0));
    check("earlier", &ANSWER.replace("bologna-bakery", "B").replace("T11", "T09"), (1, 0));
    check("failed-kind", &ANSWER.replace("+390510000417", "+390510009999"), (1, 0));
    // The owner's log has the same message.
    check("twice", &format!("{}{ANSWER}", ANSWER.replace("bologna-bakery", "B")), (0, 0));
}

#[test]
fn a_log_without_conversations_parts_no_answer_from_its_question() {
    check("question-named", &format!("{}{ANSWER}", "").replace("Z,\n", "Z,T1\n"), (0, 1));
    check("other-talk", &ANSWER.replace("Z,\n", "Z,T1\n").replace("+393330000001", "+393330000002"), (1, 0));
}

#[test]
fn a_file_of_another_day_than_its_name_says_proves_nothing() {
    let folder = shop("strays-day", QUESTION);
    put(&folder, "2018-08-11", QUESTION);
    assert_eq!(night(&folder), (0, 1));
    let aside = bodies(&folder.join("state"), "set_aside");
    let reason = text(&aside[0], "reason");
    assert!(reason.contains("and it declares 2018-08-11T00:00:00.000Z"), "{reason}");
    // The true file of the day mends it.
    put(&folder, "2018-08-11", "");
    assert_eq!(night(&folder), (1, 0));
    let folder = shop("strays-two-days", QUESTION);
    fs::rename(folder.join("inbox/desk/2018-08-11.csv"), folder.join("inbox/desk/2018-08-11_2018-08-12.csv")).unwrap();
    assert_eq!(night(&folder), (0, 1));
}

#[test]
fn a_file_of_which_no_row_can_be_read_proves_nothing() {
    let folder = shop("strays-nothing", QUESTION);
    let bad: String = (0..10).map(|row| format!("x{row},b,c,d,sideways,2018-08-11T10:00:00Z,\n")).collect();
    put(&folder, "2018-08-11", &bad);
    assert_eq!(night(&folder), (0, 1));
    let reason = text(&bodies(&folder.join("state"), "set_aside")[0], "reason");
    assert!(reason.starts_with("none of its 10 rows can be read; row 2: "), "{reason}");
}

#[test]
fn a_source_that_never_delivered_is_an_alarm() {
    let folder = shop("strays-never", QUESTION);
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let source = "[[source]]\nname = \"till\"\nfiles = \"tlil/*.csv\"\ncoverage = \"daily\"\nzone = \"UTC\"\n\
                  expected_by = \"06:00\"\n\n[mail]";
    fs::write(folder.join("ritardo.toml"), config.replace("[mail]", source)).unwrap();
    let ran = ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    assert!(ran.err.contains("alarm: source till: the files of"), "{}{}", ran.out, ran.err);
}

/// Two children that make the same of two files do not get in each other's way.
#[test]
fn files_alike_are_read_side_by_side() {
    for round in 0..4 {
        let folder = shop(&format!("strays-alike-{round}"), QUESTION);
        let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
        let kept = config.replace("coverage = \"daily\"", "coverage = \"daily\"\nkeep_raw = \"30d\"");
        fs::write(folder.join("ritardo.toml"), kept).unwrap();
        ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
        assert_eq!(bodies(&folder.join("state"), "file").len(), 35);
    }
}

/// A file that stands aside stays in the list until it, or another of its time, is read: others with the same bytes
/// say nothing of its time.
#[test]
fn a_file_stands_aside_until_its_own_time_is_read() {
    let folder = shop("strays-standing", QUESTION);
    // The bytes are those of every quiet day; the name says two days.
    fs::rename(folder.join("inbox/desk/2018-08-11.csv"), folder.join("inbox/desk/2018-08-11-of-2018-09.csv")).unwrap();
    let broken = format!("{HEAD}x,");
    fs::write(folder.join("inbox/desk/2018-08-11.csv"), &broken).unwrap();
    ritardo(&folder, &["run", "--as-of", NIGHT]);
    let listed = || ritardo(&folder, &["quarantine", "list", "--format", "json"]).expect(0).json();
    let names = || listed().as_array().unwrap().iter().map(|file| text(file, "file")).collect::<Vec<_>>();
    assert_eq!(bodies(&folder.join("state"), "set_aside").len(), 0, "one rejected row is no reason: {:?}", names());
    // A manifest of another length refuses the bytes of a quiet day for one day only.
    put(&folder, "2018-08-12", QUESTION);
    ritardo(&folder, &["run", "--as-of", "2018-09-06T00:00:00Z"]);
    assert_eq!(names(), ["desk/2018-08-12.csv"]);
    let again = ritardo(&folder, &["run", "--as-of", "2018-09-07T00:00:00Z"]);
    assert!(again.out.contains("set aside desk/2018-08-12.csv"), "{}", again.out);
    put(&folder, "2018-08-12", "");
    let mended = ritardo(&folder, &["run", "--as-of", "2018-09-08T00:00:00Z"]).expect(0);
    assert!(!mended.out.contains("set aside"), "its name has the bytes again that were read: {}", mended.out);
}
