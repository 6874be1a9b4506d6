//! An older ledger becomes one of this version: a copy first, then everything in one transaction.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::{LedgerError, VERSION};

/// What a version adds to the schema of the one before. Entries are never touched: the chain stays what it was.
const STEPS: [(i64, &str); 2] = [
    // Version 2 had more kinds of entries, and no other table.
    (2, ""),
    (3, include_str!("to_3.sql")),
];

/// Name of the copy that is left beside a ledger of `version`.
pub(super) fn copy_of(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".version-{version}"));
    PathBuf::from(name)
}

/// Brings a ledger of `version` to [`VERSION`]. Whatever happens on the way, the file is of one of the two.
pub(super) fn migrate(connection: &mut Connection, path: &Path, version: i64) -> Result<(), LedgerError> {
    // Nobody else writes from here on, so that the copy is the state before.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let copy = copy_of(path, version);
    copied(path, &copy).map_err(|error| LedgerError::Copy(copy, error))?;
    for (_, step) in STEPS.iter().filter(|(to, _)| version < *to) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Copies a file for its owner alone. A copy of an earlier try is written anew.
fn copied(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()?;
    match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Ledger, sha256};

    #[test]
    fn an_older_ledger_is_copied_and_brought_up() {
        let path = std::env::temp_dir().join(format!("ritardo-migration-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        drop(Ledger::open(&path).unwrap());
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch("DROP INDEX one_number; DROP INDEX one_correction; DROP INDEX one_replacement;").unwrap();
        raw.execute_batch("DROP INDEX one_settling; DROP VIEW invoice; CREATE VIEW invoice AS SELECT 1;").unwrap();
        raw.pragma_update(None, "user_version", 1).unwrap();
        drop(raw);
        // Version 1 had no sum.
        let _ = std::fs::remove_file(path.with_extension("sum"));
        let before = std::fs::read(&path).unwrap();
        assert!(Ledger::open_read_only(&path).is_ok(), "an older one can be read");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        drop(Ledger::open(&path).unwrap());
        assert_eq!(sha256(&std::fs::read(copy_of(&path, 1)).unwrap()), sha256(&before));
        let version: i64 =
            Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, VERSION);
    }
}
