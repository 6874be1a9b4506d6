//! `ritardo gap`: a month that waits for ever, until the operator accepts why.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Ran, bodies, charges, copy, ritardo, root, scratch};
use serde_json::Value;

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at,kind\n";
const NIGHT: &str = "2018-09-05T00:00:00Z";

/// One shop with a log for each day from 31 July to 3 September, but for 7 August.
fn shop(name: &str, rows: &[&str]) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let daily = "coverage = \"daily\"\nzone = \"Europe/Rome\"\nchannels = [\"+390510000417\"]";
    fs::write(folder.join("ritardo.toml"), config.replace("coverage = \"continuous\"", daily)).unwrap();
    fs::remove_file(folder.join("inbox/desk/2018-08.csv")).unwrap();
    let august = (1..=31).map(|day| format!("2018-08-{day:02}"));
    let days = std::iter::once("2018-07-31".to_owned()).chain(august);
    for day in days.chain((1..=3).map(|day| format!("2018-09-{day:02}"))).filter(|day| day != "2018-08-07") {
        write_day(&folder, &day, rows);
    }
    folder
}

/// `id direction sent_at kind` of each row of that day.
fn write_day(folder: &Path, day: &str, rows: &[&str]) {
    let row = |row: &&&str| {
        let cells: Vec<&str> = row.split(' ').collect();
        let customer = format!("+39000000000{}", &cells[0][..1]);
        format!("{},bologna-bakery,+390510000417,{customer},{},{},{}\n", cells[0], cells[1], cells[2], cells[3])
    };
    let of_day = rows.iter().filter(|row| row.contains(day)).map(|text| row(&text));
    let text = HEADER.to_owned() + &of_day.collect::<String>();
    fs::write(folder.join(format!("inbox/desk/{day}.csv")), text).unwrap();
}

fn run(folder: &Path) -> Ran {
    ritardo(folder, &["run", "--as-of", NIGHT])
}

fn held(folder: &Path) -> Vec<Value> {
    let list = ritardo(folder, &["gap", "list", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    list["held"].as_array().unwrap().clone()
}

fn accept(folder: &Path, id: &str, reason: &str) -> Ran {
    ritardo(folder, &["gap", "accept", id, "--reason", reason, "--as-of", NIGHT])
}

const LATE: [&str; 3] = [
    "1-gap inbound 2018-08-06T12:00:00Z text",
    "2-late inbound 2018-08-20T08:00:00Z text",
    "2-answer outbound 2018-08-22T08:00:00Z text",
];

#[test]
fn an_accepted_gap_closes_the_month_without_its_waits_and_for_good() {
    let folder = shop("gap-accepted", &LATE);
    let state = folder.join("state");
    let waits = run(&folder).expect(0).out;
    assert!(waits.contains("1 wait is held: outbound logs are missing from 2018-08-06T22:00:00.000Z"), "{waits}");
    let holds = held(&folder);
    assert_eq!(holds.len(), 1, "{holds:?}");
    assert_eq!((&holds[0]["cause"], &holds[0]["waits"]), (&"gap".into(), &1.into()));
    assert_eq!(holds[0]["decided_by"], "send the outbound log of 2018-08-07");
    assert_eq!(holds[0]["local"], "from 2018-08-07 00:00 to 2018-08-08 00:00 (Europe/Rome)");
    let id = holds[0]["id"].as_str().unwrap();
    let text = ritardo(&folder, &["gap", "list", "--as-of", NIGHT]).expect(0).out;
    assert!(text.contains(&format!("held      {id}  gap  bologna-bakery  +390510000417  1 wait")), "{text}");

    let said = accept(&folder, id, "the till was off").expect(0).out;
    assert!(said.contains(&format!("accepted  {id}: 1 wait is excluded")), "{said}");
    assert_eq!(bodies(&state, "hold_accepted").len(), 1);
    // The log of the day comes after all, and shows a late answer: the wait stays excluded.
    write_day(&folder, "2018-08-07", &[]);
    let closed = run(&folder).expect(0).out;
    assert!(closed.contains("closed    2018-08  bologna-bakery"), "{closed}");
    assert!(closed.contains("1 excluded"), "{closed}");
    let billed: Vec<String> = charges(&state).into_iter().map(|(_, _, message, _)| message).collect();
    assert_eq!(billed, ["2-late"]);
    let audit = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(audit.contains("identical: 2 waits, 1 charge"), "{audit}");
    let why = ritardo(&folder, &["explain", "1-gap", "--as-of", NIGHT]).expect(0).out;
    assert!(why.contains("the operator accepted this") && why.contains("no, and never"), "{why}");
    let text = ritardo(&folder, &["gap", "list", "--as-of", NIGHT]).expect(0).out;
    assert!(text.contains("nothing   is held") && text.contains("the till was off"), "{text}");
    ritardo(&folder, &["verify"]).expect(0);
}

#[test]
fn what_is_accepted_is_known_and_has_a_reason() {
    let folder = shop("gap-refused", &LATE);
    let missing = accept(&folder, "g-00000000", "why not").expect(78);
    assert!(missing.err.contains("there is no ledger yet"), "{}", missing.err);
    run(&folder).expect(0);
    let unknown = accept(&folder, "g-00000000", "why not").expect(2);
    assert!(unknown.err.contains("keeps no open month waiting") && unknown.err.contains("ritardo gap list"));
    let id = held(&folder)[0]["id"].as_str().unwrap().to_owned();
    for reason in ["", "  ", "a\nb"] {
        accept(&folder, &id, reason).expect(2);
    }
    accept(&folder, &id, "ticket 12").expect(0);
    let again = accept(&folder, &id, "ticket 12").expect(2);
    assert!(again.err.contains("is accepted already"), "{}", again.err);
    assert_eq!(bodies(&folder.join("state"), "hold_accepted").len(), 1);
}

/// Unknown kinds and contradictions are accepted one list entry each, and each excludes its own waits only.
#[test]
fn every_cause_is_listed_and_accepted_by_itself() {
    let rows = [
        "1-poll inbound 2018-08-10T12:00:00Z poll",
        "2-asked inbound 2018-08-11T12:00:00Z text",
        "2-unknown outbound 2018-08-11T13:00:00Z poll",
        "3-asked inbound 2018-08-12T12:00:00Z text",
        "3-twice outbound 2018-08-14T12:00:00Z text",
        "3-twice outbound 2018-08-15T12:00:00Z text",
        "4-late inbound 2018-08-11T12:30:00Z text",
    ];
    let folder = shop("gap-causes", &rows);
    write_day(&folder, "2018-08-07", &[]);
    run(&folder).expect(0);
    let causes = |folder: &Path| held(folder).iter().map(|h| common::text(h, "cause")).collect::<Vec<_>>();
    assert_eq!(causes(&folder), ["unknown_answer", "unknown_kind", "conflict"]);
    for (left, hold) in held(&folder).iter().enumerate() {
        assert_eq!(hold["waits"], 1, "{hold}");
        accept(&folder, &common::text(hold, "id"), "as told").expect(0);
        assert_eq!(causes(&folder).len(), 2 - left);
    }
    let closed = run(&folder).expect(0).out;
    assert!(closed.contains("3 excluded"), "{closed}");
    let billed: Vec<String> = charges(&folder.join("state")).into_iter().map(|(_, _, message, _)| message).collect();
    assert_eq!(billed, ["4-late"], "an accepted moment of one conversation concerns no other");
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}
