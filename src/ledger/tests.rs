use std::path::PathBuf;

use super::entry::SetAside;
use super::*;
use crate::domain::{DocumentKind, InvoiceNumber};

fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ritardo-ledger-{}-{name}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

fn fact(name: &str) -> Entry {
    let (name, sha256, reason) = (name.to_owned(), "00".to_owned(), "a test".to_owned());
    Entry::SetAside(SetAside { name, sha256, reason, at: None, tried_with: None, declared: None })
}

fn append(ledger: &mut Ledger, names: &[&str]) -> Result<(), LedgerError> {
    let entries = names.iter().map(|name| fact(name)).collect();
    ledger.append(|_| Ok(Additions { entries, contents: vec![b"content".to_vec()] }))
}

#[test]
fn what_was_appended_is_told_again_and_never_changed() {
    let path = path("grows");
    let mut ledger = Ledger::open(&path).unwrap();
    append(&mut ledger, &["a", "b"]).unwrap();
    append(&mut ledger, &["c"]).unwrap();
    drop(ledger);
    let ledger = Ledger::open_read_only(&path).unwrap();
    let names: Vec<_> = ledger.history().unwrap().set_aside.into_iter().map(|(_, file)| file.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(ledger.content(&sha256(b"content")).unwrap(), b"content");

    let raw = Connection::open(&path).unwrap();
    for forbidden in [
        "UPDATE entry SET kind = 'x'",
        "DELETE FROM entry WHERE seq = 3",
        "UPDATE content SET bytes = x'00'",
        "DELETE FROM content",
        "INSERT INTO entry VALUES (9, 'x', '{}', '', 'y')",
        "INSERT INTO entry VALUES (4, 'x', '{}', '', 'y')",
    ] {
        assert!(raw.execute(forbidden, []).is_err(), "{forbidden}");
    }
}

#[test]
fn what_a_killed_command_left_half_written_is_taken_back_by_a_reader_too() {
    let (path, copy) = (path("written"), path("half-written"));
    let journal = |path: &PathBuf| PathBuf::from(format!("{}-journal", path.display()));
    append(&mut Ledger::open(&path).unwrap(), &["a"]).unwrap();
    // A transaction that is larger than the cache has pages in the file before its commit.
    let mut raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 1").unwrap();
    let transaction = raw.transaction().unwrap();
    for name in 0..50 {
        transaction.execute("INSERT INTO content VALUES (?1, zeroblob(4000))", [name.to_string()]).unwrap();
    }
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(journal(&path), journal(&copy)).unwrap();
    drop(transaction);
    let as_it_is = Ledger::open_as_it_is(&copy).err();
    assert!(matches!(as_it_is, Some(LedgerError::Sqlite(error)) if is_half_written(&error)));
    let ledger = Ledger::open_read_only(&copy).unwrap();
    assert_eq!(ledger.entries().unwrap().len(), 1);
    assert_eq!(ledger.defects().unwrap(), Vec::<String>::new());
    assert!(!journal(&copy).exists());
}

#[test]
fn a_change_by_hand_breaks_the_chain() {
    for (change, seq) in [
        ("UPDATE entry SET body = replace(body, 'a test', 'another') WHERE seq = 2", 2),
        ("UPDATE entry SET kind = 'file' WHERE seq = 3", 3),
        ("DELETE FROM entry WHERE seq = 1", 2),
        ("UPDATE entry SET previous = '' WHERE seq = 2", 2),
    ] {
        let path = path("tampered");
        append(&mut Ledger::open(&path).unwrap(), &["a", "b", "c"]).unwrap();
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch("DROP TRIGGER entry_is_never_updated; DROP TRIGGER entry_is_never_deleted;").unwrap();
        raw.execute(change, []).unwrap();
        drop(raw);
        let found = Ledger::open_read_only(&path).unwrap().entries().unwrap_err();
        assert!(matches!(found, LedgerError::Chain(at) if at == seq), "{change}: {found}");
    }
}

#[test]
fn a_newer_or_foreign_file_is_refused() {
    let newer = path("newer");
    append(&mut Ledger::open(&newer).unwrap(), &["a"]).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 4).unwrap();
    assert!(matches!(Ledger::open(&newer), Err(LedgerError::Newer(4))));
    let foreign = path("foreign");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Ledger::open(&foreign), Err(LedgerError::Foreign)));
    let text = path("text");
    std::fs::write(&text, "not a database at all, but long enough to be taken for one by its size".repeat(99)).unwrap();
    assert!(matches!(Ledger::open(&text), Err(LedgerError::Foreign)));
}

#[test]
fn numbers_go_on_within_a_year_and_begin_again_with_the_next() {
    let mut history = History::default();
    let issued = |number: InvoiceNumber| entry::Issued {
        number,
        business: "b".parse().unwrap(),
        month: "2018-08".parse().unwrap(),
        issue_date: "2018-09-05".parse().unwrap(),
        net: "USD 1.00".parse().unwrap(),
        tax: "USD 0.00".parse().unwrap(),
        total: "USD 1.00".parse().unwrap(),
        data_sha256: String::new(),
        document_sha256: String::new(),
        previous: String::new(),
        kind: DocumentKind::Invoice,
        corrects: None,
        cause: None,
        reason: None,
        issued_at: None,
        texts: None,
        earlier: Vec::new(),
        exchange_sha256: None,
        prepaid: Vec::new(),
        released: Vec::new(),
    };
    for (year, expected) in [(2018, "LR-2018-000041"), (2018, "LR-2018-000042"), (2019, "LR-2019-000001")] {
        let number = history.next_number("LR", year, 41);
        assert_eq!(number.to_string(), expected);
        history.issue(issued(number));
    }
    assert_eq!(history.next_number("LR", 2018, 41).to_string(), "LR-2018-000043");
}
