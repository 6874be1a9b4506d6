//! A series of small transactions, each of which must be on disk before anything follows from it.
//!
//! With the rollback journal a commit is five syncs: the journal twice, its folder twice, the file. With a log beside the ledger
//! (`ledger.db-wal`) it is one, and just as durable. The log is there only while the series lasts, or after a kill until the
//! next command opens the ledger for writing, which puts it into the file first.
//!
//! A file without its log is a whole ledger of an earlier state, and mails would be sent again that the log tells of. So a mark
//! beside the ledger says, while there is a log, how the file ends. Invariants: there is a mark only where there is a log that
//! is not empty, or where all of the log is in the file; between two marks nothing of the log comes into the file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::sum::put;
use super::{Ledger, LedgerError, VERSION, head};

/// A longer log is put into the file before the series goes on.
const LOG_MOST: u64 = 16 << 20;

/// Kinds of file systems that are of this machine alone, as `statfs` tells them. On others a reader on another machine would
/// see no log, and what a lock means is not certain.
const LOCAL: [i128; 12] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0x794c_7630, // overlayfs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0xca45_1a4e, // bcachefs
    0x3153_464a, // jfs
    0x5265_4973, // reiserfs
    0x3434,      // nilfs
];

/// Where the mark of a ledger lies.
fn mark_of(path: &Path) -> PathBuf {
    path.with_extension("series")
}

/// Where the log of a ledger lies.
fn log_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

fn mark(head: &str) -> String {
    format!("head {head}\n")
}

fn is_local(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| LOCAL.contains(&i128::from(found.f_type)))
}

impl Ledger {
    /// From now on each commit is one sync, until [`Ledger::end_series`]. Where the file system cannot do this, or may be of
    /// another machine, commits stay as they were.
    ///
    /// Nothing changes before this process has added something. From then on the sum of the file is that of an earlier state,
    /// so that the header of the file, which tells of the log, is not taken for damage after a kill.
    pub fn begin_series(&self) {
        // Best effort: without it everything is right, and slower.
        let begun = match self.has_log() {
            true => self.shorten_log(),
            false if self.unsummed && is_local(&self.path) => self.begin_log(),
            false => return,
        };
        if begun.is_err() {
            self.end_series();
        }
    }

    fn begin_log(&self) -> Result<(), LedgerError> {
        if self.journal("PRAGMA journal_mode = WAL")? != "wal" {
            return Ok(());
        }
        // A part of the log in the file, and the file would not end as the mark says.
        self.connection.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
        self.mark_log()
    }

    /// Puts the log into the file. Where somebody reads the ledger just now, the next command that writes does it.
    pub fn end_series(&self) {
        if self.journal("PRAGMA journal_mode = DELETE").is_ok() {
            self.unmark();
        }
    }

    /// Puts a long log into the file, and begins it anew.
    fn shorten_log(&self) -> Result<(), LedgerError> {
        if fs::metadata(log_of(&self.path)).is_ok_and(|log| log.len() <= LOG_MOST) {
            return Ok(());
        }
        let was_read: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        // Somebody who reads keeps the log as it is; the next commit tries again.
        if was_read == 0 { self.mark_log() } else { Ok(()) }
    }

    /// Says how the file ends whose log begins here.
    fn mark_log(&self) -> Result<(), LedgerError> {
        // A log that is not empty, and on the disk: an empty one is as good as none.
        self.connection.pragma_update(None, "user_version", VERSION)?;
        let marked = put(&mark_of(&self.path), &mark(&head(&self.connection)?));
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = marked.and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all());
        synced.map_err(LedgerError::File)
    }

    /// Takes the mark away, where there is no log any more.
    pub(super) fn unmark(&self) {
        if !self.has_log() {
            // Where it stays, the file ends otherwise than it says.
            let _ = fs::remove_file(mark_of(&self.path));
        }
    }

    /// Refuses a ledger whose log was taken away after a kill.
    pub(super) fn refuse_without_log(&self) -> Result<(), LedgerError> {
        let marked = match fs::read_to_string(mark_of(&self.path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            marked => marked.map_err(LedgerError::File)?,
        };
        let log = log_of(&self.path);
        let is_there = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
        let is_of_before = head(&self.connection).is_ok_and(|head| mark(&head) == marked);
        if is_of_before && !is_there { Err(LedgerError::LogLost(log)) } else { Ok(()) }
    }

    /// Whether there is a log beside the file, so that its bytes are not all that the ledger holds.
    pub(super) fn has_log(&self) -> bool {
        self.journal("PRAGMA journal_mode").is_ok_and(|mode| mode == "wal")
    }

    /// What a pragma that is set, or asked for, comes to.
    fn journal(&self, pragma: &str) -> Result<String, LedgerError> {
        Ok(self.connection.query_row(pragma, [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
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
        assert!(ledger.has_log() && mark_of(&path).exists());
        for _ in 0..5 {
            add(&mut ledger);
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
        // Killed at once, and later; and with an empty log, as one who only reads leaves it there.
        for (name, adds, cut) in [("at-once", 0, false), ("later", 1, false), ("empty", 0, true)] {
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
        let mark = || std::fs::read_to_string(mark_of(&path)).unwrap();
        let first = mark();
        let content = vec![7; 1 + usize::try_from(super::LOG_MOST).unwrap()];
        let key = Entry::Key(Key { fingerprint: "a".into() });
        ledger.append(|_| Ok::<_, LedgerError>(Additions { entries: vec![key], contents: vec![content] })).unwrap();
        assert_eq!(mark(), first);
        ledger.begin_series();
        let length = std::fs::metadata(log_of(&path)).unwrap().len();
        assert!(mark() != first && (1..1_000_000).contains(&length), "{length}");
        ledger.end_series();
        drop(ledger);
        assert_eq!((entries(&path), mark_of(&path).exists()), (3, false));
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
