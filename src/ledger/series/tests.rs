//! Series that are killed, read and looked at meanwhile: what is told of a log that is gone.

use std::path::{Path, PathBuf};

use super::{log_of, mark_of};
use crate::ledger::entry::Key;
use crate::ledger::sum::{Bytes, sum_of};
use crate::ledger::{Additions, Entry, Ledger, LedgerError};

fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ritardo-series-{}-{name}.db", std::process::id()));
    for path in [path.clone(), sum_of(&path), log_of(&path), mark_of(&path)] {
        let _ = std::fs::remove_file(path);
    }
    path
}

fn add(ledger: &mut Ledger) {
    let key = || Additions { entries: vec![Entry::Key(Key { fingerprint: "a".into() })], contents: Vec::new() };
    ledger.append(|_| Ok::<_, LedgerError>(key())).unwrap();
}

fn entries(path: &Path) -> usize {
    Ledger::open_read_only(path).unwrap().entries().unwrap().len()
}

#[test]
fn a_series_leaves_one_file_and_its_sum() {
    let path = path("whole");
    add(&mut Ledger::open(&path).unwrap());
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.begin_series();
    assert!(!ledger.has_log(), "nothing was added yet");
    add(&mut ledger);
    ledger.begin_series();
    assert!(ledger.has_log() && !mark_of(&path).exists(), "it has no entry yet");
    for _ in 0..5 {
        add(&mut ledger);
        assert_eq!(std::fs::read_to_string(mark_of(&path)).unwrap(), "past 2\n");
    }
    assert_eq!(entries(&path), 7, "who reads meanwhile sees every commit");
    ledger.end_series();
    add(&mut ledger);
    drop(ledger);
    assert!(!log_of(&path).exists() && !mark_of(&path).exists());
    let ledger = Ledger::open_read_only(&path).unwrap();
    assert_eq!((ledger.entries().unwrap().len(), ledger.bytes().unwrap()), (8, Bytes::AsWritten));
}

#[test]
fn a_series_that_was_killed_or_read_at_its_end_is_put_into_the_file_by_the_next_writer() {
    for is_killed in [true, false] {
        let path = path(&format!("killed-{is_killed}"));
        add(&mut Ledger::open(&path).unwrap());
        let mut ledger = Ledger::open(&path).unwrap();
        add(&mut ledger);
        ledger.begin_series();
        add(&mut ledger);
        if is_killed {
            // Its connection stays, as those of a killed process do until the kernel has closed its files.
            let copy = path.with_extension("copy.db");
            copy_of(&path, &copy);
            drop(ledger);
            check(&copy);
        } else {
            let reader = rusqlite::Connection::open(&path).unwrap();
            reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
            ledger.connection.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
            ledger.end_series();
            drop(ledger);
            drop(reader);
            check(&path);
        }
    }
}

/// The files of a ledger as they lie there.
fn copy_of(path: &Path, copy: &Path) {
    let beside = [log_of, mark_of, sum_of].map(|of| (of(path), of(copy)));
    for (from, to) in beside.into_iter().chain([(path.to_owned(), copy.to_owned())]) {
        std::fs::copy(from, to).unwrap();
    }
}

#[test]
fn a_log_that_was_taken_away_after_a_kill_is_missed() {
    let path = path("lost");
    add(&mut Ledger::open(&path).unwrap());
    let mut ledger = Ledger::open(&path).unwrap();
    add(&mut ledger);
    ledger.begin_series();
    // Killed later, and later still; and with an empty log, as one who only reads leaves it there.
    for (name, adds, cut) in [("later", 1, false), ("empty", 0, true), ("last", 1, false)] {
        (0..adds).for_each(|_| add(&mut ledger));
        let copy = path.with_extension(format!("{name}.db"));
        copy_of(&path, &copy);
        let log = std::fs::read(log_of(&copy)).unwrap();
        assert!(!log.is_empty());
        std::fs::remove_file(log_of(&copy)).unwrap();
        if cut {
            std::fs::write(log_of(&copy), "").unwrap();
        }
        for _ in 0..2 {
            let opened = Ledger::open_read_only(&copy);
            assert!(matches!(opened, Err(LedgerError::LogLost(_))), "{name}");
            assert!(matches!(Ledger::open(&copy), Err(LedgerError::LogLost(_))), "{name}");
        }
        // Put back, it is a ledger again.
        std::fs::write(log_of(&copy), log).unwrap();
        let count = entries(&copy);
        drop(Ledger::open(&copy).unwrap());
        assert_eq!((entries(&copy), mark_of(&copy).exists()), (count, false), "{name}");
    }
}

#[test]
fn a_long_log_is_put_into_the_file_and_begun_anew() {
    let path = path("long");
    add(&mut Ledger::open(&path).unwrap());
    let mut ledger = Ledger::open(&path).unwrap();
    add(&mut ledger);
    ledger.begin_series();
    add(&mut ledger);
    let mark = || std::fs::read_to_string(mark_of(&path)).unwrap();
    let first = mark();
    let content = vec![7; 1 + usize::try_from(super::LOG_MOST).unwrap()];
    let key = Entry::Key(Key { fingerprint: "a".into() });
    ledger.append(|_| Ok::<_, LedgerError>(Additions { entries: vec![key], contents: vec![content] })).unwrap();
    assert_eq!((first.as_str(), mark()), ("past 2\n", first.clone()));
    ledger.begin_series();
    let length = std::fs::metadata(log_of(&path)).unwrap().len();
    assert!(mark() == "past 3\n" && (1..1_000_000).contains(&length), "{length}");
    add(&mut ledger);
    assert_eq!(mark(), "past 4\n");
    ledger.end_series();
    drop(ledger);
    assert_eq!((entries(&path), mark_of(&path).exists()), (5, false));
}

/// Killed in the dialogue of the first mail, and then looked at with another program, which puts the log into the file.
#[test]
fn a_log_without_entries_that_is_gone_is_not_missed() {
    for is_looked_at in [true, false] {
        let path = path(&format!("looked-at-{is_looked_at}"));
        add(&mut Ledger::open(&path).unwrap());
        let mut ledger = Ledger::open(&path).unwrap();
        add(&mut ledger);
        ledger.begin_series();
        let copy = path.with_extension("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        if is_looked_at {
            std::fs::copy(log_of(&path), log_of(&copy)).unwrap();
            let other = rusqlite::Connection::open(&copy).unwrap();
            let count: i64 = other.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
            assert_eq!(count, 2);
        }
        assert_eq!(entries(&copy), 2);
        add(&mut Ledger::open(&copy).unwrap());
        assert_eq!(entries(&copy), 3);
    }
}

/// Somebody reads for long, so that only a part of the log comes into the file.
#[test]
fn a_log_of_which_a_part_is_in_the_file_is_missed() {
    let path = path("part");
    add(&mut Ledger::open(&path).unwrap());
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.connection.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
    add(&mut ledger);
    ledger.begin_series();
    add(&mut ledger);
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
    let content = vec![7; 1 + usize::try_from(super::LOG_MOST).unwrap()];
    let key = Entry::Key(Key { fingerprint: "a".into() });
    ledger.append(|_| Ok::<_, LedgerError>(Additions { entries: vec![key], contents: vec![content] })).unwrap();
    ledger.begin_series();
    // At once, and with one more entry.
    for adds in 0..2 {
        (0..adds).for_each(|_| add(&mut ledger));
        let copy = path.with_extension("copy.db");
        copy_of(&path, &copy);
        std::fs::remove_file(log_of(&copy)).unwrap();
        assert!(matches!(Ledger::open_read_only(&copy), Err(LedgerError::LogLost(_))));
    }
    drop(reader);
    ledger.end_series();
    drop(ledger);
    assert_eq!((entries(&path), mark_of(&path).exists()), (5, false));
}

#[track_caller]
fn check(path: &Path) {
    assert_eq!(entries(path), 3);
    let mut ledger = Ledger::open(path).unwrap();
    assert!(!ledger.has_log());
    add(&mut ledger);
    drop(ledger);
    assert_eq!(Ledger::open_read_only(path).unwrap().bytes().unwrap(), Bytes::AsWritten);
    assert_eq!(entries(path), 4);
    assert!(!log_of(path).exists());
}
