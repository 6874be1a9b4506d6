//! A series of small transactions, each of which must be on disk before anything follows from it.
//!
//! With the rollback journal a commit is five syncs: the journal twice, its folder twice, the file. With a log beside the ledger
//! (`ledger.db-wal`) it is one, and just as durable. The log is there only while the series lasts, or after a kill until the
//! next command opens the ledger for writing, which puts it into the file first.

use super::{Ledger, LedgerError};

impl Ledger {
    /// From now on each commit is one sync, until [`Ledger::end_series`]. Where the file system cannot do this, commits stay as
    /// they were.
    ///
    /// Nothing changes before this process has added something. From then on the sum of the file is that of an earlier state,
    /// so that the header of the file, which tells of the log, is not taken for damage after a kill.
    pub fn begin_series(&self) {
        if self.unsummed && !self.has_log() {
            // Best effort: without it everything is right, and slower.
            let _ = self.journal("PRAGMA journal_mode = WAL");
        }
    }

    /// Puts the log into the file. Where somebody reads the ledger just now, the next command that writes does it.
    pub fn end_series(&self) {
        let _ = self.journal("PRAGMA journal_mode = DELETE");
    }

    /// Whether there is a log beside the file, so that its bytes are not all that the ledger holds.
    pub(super) fn has_log(&self) -> bool {
        self.journal("PRAGMA journal_mode").is_ok_and(|mode| mode == "wal")
    }

    fn journal(&self, pragma: &str) -> Result<String, LedgerError> {
        Ok(self.connection.query_row(pragma, [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use crate::ledger::entry::Key;
    use crate::ledger::sum::{Bytes, sum_of};
    use crate::ledger::{Additions, Entry, Ledger, LedgerError};

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ritardo-series-{}-{name}.db", std::process::id()));
        for path in [path.clone(), sum_of(&path), log_of(&path)] {
            let _ = std::fs::remove_file(path);
        }
        path
    }

    fn log_of(path: &Path) -> PathBuf {
        PathBuf::from(format!("{}-wal", path.display()))
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
        assert!(ledger.has_log());
        for _ in 0..5 {
            add(&mut ledger);
        }
        assert_eq!(entries(&path), 7, "who reads meanwhile sees every commit");
        ledger.end_series();
        add(&mut ledger);
        drop(ledger);
        assert!(!log_of(&path).exists());
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
                for (from, to) in [(path.clone(), copy.clone()), (log_of(&path), log_of(&copy))] {
                    std::fs::copy(from, to).unwrap();
                }
                std::fs::copy(sum_of(&path), sum_of(&copy)).unwrap();
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
}
