//! The sum of the ledger file. The chain binds what the entries say; the file has other bytes too (indexes, guards,
//! pages that are free), and this finds those of them that were changed by no command.
//!
//! It lies beside the ledger and is written after it, so that a command that is killed leaves the sum of an earlier
//! state. That is told from damage by the head and the version in it: while they are those of the ledger, its bytes
//! must be, too.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Ledger, LedgerError, head};
use crate::domain::text::hex;

/// What the bytes of the ledger file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// Those that the last command left.
    AsWritten,
    /// Of an earlier or later state than the sum, or there is none.
    Unsummed,
    /// Others than those that the last command left.
    Changed,
}

/// Where the sum of a ledger lies.
pub fn sum_of(path: &Path) -> PathBuf {
    path.with_extension("sum")
}

/// A file beside the ledger, whole or not at all.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    // Named as every file that is not finished: what a kill leaves of it is written over by the next one.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial"));
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&partial);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&partial, path))
}

impl Ledger {
    /// Compares the bytes of the file with its sum.
    pub fn bytes(&self) -> Result<Bytes, LedgerError> {
        let recorded = match fs::read_to_string(sum_of(&self.path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Bytes::Unsummed),
            // A sum that is no text is none of this ledger's: its bytes were changed, or nobody knows.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Bytes::Changed),
            recorded => recorded.map_err(LedgerError::File)?,
        };
        // No other process commits while this transaction reads.
        let transaction = self.connection.unchecked_transaction()?;
        let state = self.state()?;
        let text = format!("{state}{}", self.digest()?);
        transaction.commit()?;
        // A migration adds no entry; it never goes back.
        let version = |text: &str| text.split_whitespace().nth(1).and_then(|version| version.parse::<i64>().ok());
        let head = |text: &str| text.lines().nth(1).map(str::to_owned);
        let is_migrated = version(&recorded) < version(&state);
        Ok(match () {
            () if recorded == text => Bytes::AsWritten,
            () if head(&recorded) == head(&state) && !is_migrated => Bytes::Changed,
            () => Bytes::Unsummed,
        })
    }

    /// Writes the sum of the file as it is now.
    pub(super) fn write_sum(&self) -> Result<(), LedgerError> {
        let text = format!("{}{}", self.state()?, self.digest()?);
        put(&sum_of(&self.path), &text).map_err(LedgerError::File)
    }

    /// What tells one state of the ledger from another.
    fn state(&self) -> Result<String, LedgerError> {
        Ok(format!("version {}\nhead {}\n", self.pragma("user_version")?, head(&self.connection)?))
    }

    fn digest(&self) -> Result<String, LedgerError> {
        let mut file = fs::File::open(&self.path).map_err(LedgerError::File)?;
        let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer).map_err(LedgerError::File)? {
                0 => return Ok(format!("sha256 {}\n", hex(&digest.finalize()))),
                read => digest.update(buffer.get(..read).unwrap_or_default()),
            }
        }
    }

    /// What the database itself finds wrong with its pages, tables and indexes.
    pub fn defects(&self) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(10)")?;
        let told: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(told.into_iter().filter(|line| line != "ok").collect())
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // With a log beside it the file is of an earlier state than its head.
        if self.unsummed && !self.has_log() {
            // Where it cannot be written, the sum is of an earlier state, and is taken for that.
            let _ = self.write_sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Key;
    use crate::ledger::{Additions, Entry};

    #[test]
    fn bytes_that_no_command_wrote_are_seen() {
        let path = std::env::temp_dir().join(format!("ritardo-sum-{}.db", std::process::id()));
        let remove = || [path.clone(), sum_of(&path)].into_iter().for_each(|path| drop(fs::remove_file(path)));
        remove();
        let key = || Additions { entries: vec![Entry::Key(Key { fingerprint: "a".into() })], contents: Vec::new() };
        let add = |ledger: &mut Ledger| ledger.append(|_| Ok::<_, LedgerError>(key())).unwrap();
        let bytes = || Ledger::open_read_only(&path).unwrap().bytes().unwrap();
        add(&mut Ledger::open(&path).unwrap());
        assert_eq!(bytes(), Bytes::AsWritten);
        // A byte in a page that holds nothing.
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let free = changed.windows(64).rposition(|bytes| bytes.iter().all(|byte| *byte == 0)).unwrap();
        changed[free] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert_eq!(bytes(), Bytes::Changed);
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Changed)), "it is not built upon");
        fs::write(&path, &whole).unwrap();
        // Killed after its commit.
        let mut ledger = Ledger::open(&path).unwrap();
        add(&mut ledger);
        std::mem::forget(ledger);
        assert_eq!(bytes(), Bytes::Unsummed);
        drop(Ledger::open(&path).unwrap());
        assert_eq!(bytes(), Bytes::Unsummed, "nobody vouches for what was not written");
        add(&mut Ledger::open(&path).unwrap());
        assert_eq!(bytes(), Bytes::AsWritten);
        // The version is in the head of the file, where no entry binds it.
        let mut older = fs::read(&path).unwrap();
        assert_eq!(older[63], 3, "user_version");
        older[63] = 2;
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &older).unwrap();
        assert_eq!(bytes(), Bytes::Changed);
        fs::write(&path, &whole).unwrap();
        fs::remove_file(sum_of(&path)).unwrap();
        assert_eq!(bytes(), Bytes::Unsummed);
        assert_eq!(Ledger::open_read_only(&path).unwrap().defects().unwrap(), Vec::<String>::new());
        remove();
    }
}
