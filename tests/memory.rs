//! A night says the same with any memory: whether all messages are read at once, business by business, or a large business in
//! slices of its conversations.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Ran, copy, give_key, ledger, ritardo, scratch, tree};

/// So much that all is read at once, and so little that the largest business is cut into slices.
const MUCH: &str = "1024";
const LITTLE: &str = "3";
const NIGHTS: [&str; 4] =
    ["2018-08-20T06:00:00Z", "2018-09-03T06:00:00Z", "2018-09-04T06:00:00Z", "2018-09-14T06:00:00Z"];

/// Two folders with the same generated month, day by day, and the same key of names.
fn twins(name: &str) -> [PathBuf; 2] {
    let one = scratch(&format!("memory-{name}-much"));
    let folder = one.join("shop");
    let made = ["generate", "shop", "--messages", "20k", "--businesses", "3", "--by", "day", "--form", "csv"];
    let traps = ["--traps", "edge,duplicates,bots,late-files"];
    ritardo(&one, &[&made[..], &traps[..]].concat()).expect(0);
    give_key(&folder.join("state"), '7');
    let other = scratch(&format!("memory-{name}-little"));
    copy(&folder, &other);
    [folder, other]
}

fn night(folder: &Path, as_of: &str, memory: &str) -> Ran {
    ritardo(folder, &["run", "--format", "json", "--timings", "--as-of", as_of, "--memory", memory])
}

/// How many of a thing a stage of `--timings` tells.
fn told(ran: &Ran, stage: &str) -> u64 {
    let line = ran.err.lines().find(|line| line.trim_start().starts_with(stage));
    let count = line.and_then(|line| line.trim_start()[stage.len()..].split_whitespace().next().map(str::to_owned));
    count.map_or(0, |count| count.replace(',', "").parse().unwrap())
}

/// All that a person or a later night can see: documents, mails, pages, charges, and the hash of the ledger's last entry.
fn seen(folder: &Path) -> (BTreeMap<String, Vec<u8>>, String) {
    let state = folder.join("state");
    let mut all = BTreeMap::new();
    for name in ["charges", "issued", "outbox", "reports", "previews"] {
        let folder = state.join(name);
        if folder.exists() {
            all.extend(tree(&folder).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        }
    }
    let last = "SELECT hash FROM entry ORDER BY seq DESC LIMIT 1";
    (all, ledger(&state).query_row(last, [], |row| row.get(0)).unwrap())
}

#[track_caller]
fn assert_alike([much, little]: &[PathBuf; 2]) {
    let (one, other) = (seen(much), seen(little));
    let differing: Vec<&String> = one.0.keys().filter(|path| one.0.get(*path) != other.0.get(*path)).collect();
    assert!(one.0.len() == other.0.len() && differing.is_empty(), "{differing:?}");
    assert_eq!(one.1, other.1);
}

#[test]
fn a_month_is_judged_and_closed_alike_with_much_memory_and_with_little() {
    let twins = twins("closed");
    let (mut slices, mut portions) = (0, 0);
    for as_of in NIGHTS {
        let (much, little) = (night(&twins[0], as_of, MUCH), night(&twins[1], as_of, LITTLE));
        assert_eq!((much.code, &much.out), (little.code, &little.out), "{as_of}");
        assert_eq!((told(&much, "in slices"), told(&much, "in portions")), (0, 0), "{as_of}");
        slices += told(&little, "in slices");
        portions += told(&little, "in portions");
        assert_alike(&twins);
    }
    assert!(slices >= 4 && portions >= 2, "{slices} slices, {portions} businesses in portions");
    for folder in &twins {
        ritardo(folder, &["verify"]).expect(0);
        let audited = ritardo(folder, &["audit", "--all"]).expect(0);
        assert!(audited.out.contains("3 of 3 business months identical"), "{audited:?}");
    }
}

/// What is said of one conversation hangs on another one where both have the same id: exports disagree.
#[test]
fn an_id_that_stands_in_two_conversations_is_told_with_little_memory_too() {
    let twins = twins("conflict");
    for folder in &twins {
        let path = folder.join("inbox/business-00001/2018-08-10.csv");
        let log = fs::read_to_string(&path).unwrap();
        let columns: Vec<&str> = log.lines().next().unwrap().split(',').collect();
        let customer = columns.iter().position(|column| *column == "customer").unwrap();
        let row = log.lines().find(|line| line.contains(",inbound,")).unwrap();
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[customer] = "+393999999999";
        fs::write(&path, format!("{log}{}\n", cells.join(","))).unwrap();
    }
    for as_of in NIGHTS {
        let (much, little) = (night(&twins[0], as_of, MUCH), night(&twins[1], as_of, LITTLE));
        assert_eq!((much.code, &much.out), (little.code, &little.out), "{as_of}");
        assert_alike(&twins);
    }
    let shown = ritardo(&twins[1], &["conflicts"]);
    assert!(shown.out.contains("business-00001"), "{shown:?}");
}

/// What is counted for the next night cannot be written: this night closes its months all the same.
#[test]
fn a_night_with_little_memory_closes_though_nothing_can_be_kept() {
    let [much, little] = twins("unkept");
    let (as_of, state) = (NIGHTS[3], little.join("state"));
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("settled"), "no folder").unwrap();
    let (told, other) = (night(&much, as_of, MUCH), night(&little, as_of, LITTLE));
    assert_eq!((told.code, &told.out), (0, &other.out), "{other:?}");
    assert!(other.err.contains("warning: the next night begins from the archive"), "{}", other.err);
    assert_alike(&[much, little]);
}
