//! A series of small transactions, each of which must be on disk before anything follows from it.
//!
//! With the rollback journal a commit is five syncs: the journal twice, its folder twice, the file. With a log beside the ledger
//! (`ledger.db-wal`) it is one, and just as durable. The log is there only while the series lasts, or after a kill until the
//! next command opens the ledger for writing, which puts it into the file first.
//!
//! A file without its log is a whole ledger of an earlier state, and mails would be sent again that the log tells of. So a mark
//! beside the ledger says, while there is a log with entries, past which of them the file ends when all of the log is in it: a
//! file without a log that ends no later has lost entries. Invariants: before an entry comes into a log the mark names the last
//! one before it, unless an earlier mark holds still, between which and now nothing of the log came into the file; before
//! something of the log comes into the file the mark asks for all of it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::sum::put;
use super::{Ledger, LedgerError, VERSION, last};

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

fn mark(last: u64) -> String {
    format!("past {last}\n")
}

/// The series of a ledger.
#[derive(Debug)]
pub(super) struct Series {
    /// Whether the mark does not tell of what is added from now on.
    is_unmarked: Cell<bool>,
    /// A longer log is put into the file.
    log_most: Cell<u64>,
}

impl Default for Series {
    fn default() -> Self {
        Self { is_unmarked: Cell::new(false), log_most: Cell::new(LOG_MOST) }
    }
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
        // What comes into the file comes there by one of the marks.
        self.connection.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
        self.fill_log()
    }

    /// A log that is not empty, and on the disk: an empty one is as good as none.
    fn fill_log(&self) -> Result<(), LedgerError> {
        self.series.is_unmarked.set(true);
        self.connection.pragma_update(None, "user_version", VERSION)?;
        Ok(())
    }

    /// Puts the log into the file. Where somebody reads the ledger just now, the next command that writes does it.
    pub fn end_series(&self) {
        // Where it cannot be done, everything is right, and the log stays.
        let _ = self.take_log();
    }

    /// Puts the log into the file where there is one, and takes it away, and the mark.
    pub(super) fn take_log(&self) -> Result<(), LedgerError> {
        let marked = if self.has_log() { self.mark_all() } else { Ok(()) };
        // Also without the mark: where there is no room for it, a log that is gone leaves some.
        self.journal("PRAGMA journal_mode = DELETE")?;
        if self.has_log() {
            return marked;
        }
        self.series.is_unmarked.set(false);
        // Where it stays, the file goes beyond it.
        let _ = fs::remove_file(mark_of(&self.path));
        Ok(())
    }

    /// Puts a long log into the file, and begins it anew.
    fn shorten_log(&self) -> Result<(), LedgerError> {
        let length = fs::metadata(log_of(&self.path)).map_or(0, |log| log.len());
        if length <= self.series.log_most.get() {
            return Ok(());
        }
        self.mark_all()?;
        let was_read: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if was_read == 0 {
            self.series.log_most.set(LOG_MOST);
            self.fill_log()
        } else {
            // Somebody who reads keeps the log as it is, and would keep each commit waiting.
            self.series.log_most.set(length.saturating_mul(2));
            Ok(())
        }
    }

    /// Before something of the log comes into the file: without a log, that is whole with all of its entries alone.
    fn mark_all(&self) -> Result<(), LedgerError> {
        // From now on the mark does not tell of further entries.
        self.series.is_unmarked.set(true);
        self.put_mark(last(&self.connection)?.saturating_sub(1))
    }

    /// Before an entry comes into the log: without a log, the file is to have it.
    pub(super) fn mark_series(&self) -> Result<(), LedgerError> {
        if !self.series.is_unmarked.get() {
            return Ok(());
        }
        let marked = last(&self.connection).map_err(LedgerError::from).and_then(|last| self.put_mark(last));
        match marked {
            Ok(()) => self.series.is_unmarked.set(false),
            Err(error) => {
                // Nothing comes into a log of which nothing tells.
                self.end_series();
                if self.has_log() {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn put_mark(&self, last: u64) -> Result<(), LedgerError> {
        let marked = put(&mark_of(&self.path), &mark(last));
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = marked.and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all());
        synced.map_err(LedgerError::File)
    }

    /// Refuses a ledger whose log was taken away after a kill.
    pub(super) fn refuse_without_log(&self) -> Result<(), LedgerError> {
        let marked = match fs::read_to_string(mark_of(&self.path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            marked => marked.map_err(LedgerError::File)?,
        };
        let log = log_of(&self.path);
        let is_there = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
        let past = marked.trim_end().strip_prefix("past ").and_then(|last| last.parse::<u64>().ok());
        // Looked at after the log: who ends a series at this moment puts it into the file before it goes.
        let is_short = last(&self.connection).is_ok_and(|last| past.is_none_or(|past| last <= past));
        if is_short && !is_there { Err(LedgerError::LogLost(log)) } else { Ok(()) }
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
mod tests;
