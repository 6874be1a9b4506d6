//! The ledger: append, replay, verify. One SQLite file in the state folder; history only grows.

mod books;
pub mod entry;
mod extract;
pub mod history;
mod mails;
mod migration;
mod numbers;
mod payments;
mod series;
mod standing;
mod sum;
mod waiting;

use std::cell::Cell;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::close::check::sha256;
pub use books::{Contradiction, contradictions};
pub use entry::Entry;
pub use extract::Row;
pub use history::History;
pub use mails::{MailEvent, MailStanding, MailState, Outgoing};
pub use numbers::Numbers;
pub use payments::{Payment, PaymentEvent, returned_advances};
pub use standing::{Billed, Standing};
pub use sum::{Bytes, sum_of};

/// The version of the stored form. A newer ledger is refused; an older one can be read as it is, and is brought to
/// this version as soon as it is opened for writing.
const VERSION: i64 = 3;
const SCHEMA: &str = include_str!("schema.sql");
/// "rita" in ASCII: marks the file as a ledger of this program.
const APPLICATION_ID: i64 = 0x7269_7461;

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub seq: u64,
    pub hash: String,
    pub entry: Entry,
}

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("another process has the ledger open")]
    Busy(#[source] rusqlite::Error),
    #[error("the ledger file cannot be opened")]
    File(#[source] std::io::Error),
    #[error("the ledger cannot be read or written")]
    Sqlite(#[source] rusqlite::Error),
    #[error("the file is not a ledger of ritardo")]
    Foreign,
    #[error("the ledger has version {0}, this program reads up to {VERSION}")]
    Newer(i64),
    #[error("the ledger could not be copied to {} before its form is changed", .0.display())]
    Copy(PathBuf, #[source] std::io::Error),
    #[error("the file has other bytes than the last command left in it")]
    Changed,
    #[error("its newest entries are gone: they were in {}, which is no longer there", .0.display())]
    LogLost(PathBuf),
    #[error("the chain is broken at entry {0}: its hash does not follow from the one before")]
    Chain(u64),
    #[error("entry {0} cannot be read")]
    Body(u64, #[source] serde_json::Error),
    #[error("entry {0} is of kind `{1}` and says something else")]
    Kind(u64, String),
    #[error("content {0} has other bytes than its SHA-256 says")]
    Content(String),
    #[error("content {0} is missing")]
    Missing(String),
    #[error("an entry cannot be written")]
    Encode(#[source] serde_json::Error),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::Sqlite(error),
        }
    }
}

/// Whether a journal of a killed command lies beside the ledger, which somebody who only reads cannot take back.
fn is_half_written(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

/// What a transaction decided to add.
#[derive(Debug, Default)]
pub struct Additions {
    pub entries: Vec<Entry>,
    /// Stored under their SHA-256; those already there are left as they are.
    pub contents: Vec<Vec<u8>>,
}

/// An open ledger.
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// The history as this process last saw it; used again only while its head is still that of the file.
    known: Cell<Option<Arc<History>>>,
    /// Whether the sum of the file is to be written when this is dropped.
    unsummed: bool,
    series: series::Series,
}

impl Ledger {
    fn of(connection: Connection, path: &Path) -> Self {
        let (path, series) = (path.to_owned(), series::Series::default());
        Self { connection, path, known: Cell::default(), unsummed: false, series }
    }

    /// Opens the ledger for writing; a missing one is made.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        // Made here, since SQLite would follow the umask: the ledger is its owner's alone.
        OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(LedgerError::File)?;
        let connection = Connection::open(path)?;
        let mut ledger = Self::of(connection, path);
        ledger.set_up()?;
        Ok(ledger)
    }

    /// Opens an existing ledger for reading. What a killed command left half-written in it is taken back first.
    pub fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        match Self::open_as_it_is(path) {
            Err(LedgerError::Sqlite(error)) if is_half_written(&error) => {
                // Reading it for writing is what takes it back.
                let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                connection.busy_timeout(Duration::from_secs(5))?;
                connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
                drop(connection);
                Self::open_as_it_is(path)
            }
            opened => opened,
        }
    }

    fn open_as_it_is(path: &Path) -> Result<Self, LedgerError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let ledger = Self::of(connection, path);
        ledger.connection.busy_timeout(Duration::from_secs(5))?;
        ledger.check_version(ledger.pragma("application_id")?, ledger.pragma("user_version")?)?;
        ledger.refuse_without_log()?;
        Ok(ledger)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn set_up(&mut self) -> Result<(), LedgerError> {
        self.connection.busy_timeout(Duration::from_secs(5))?;
        self.refuse_without_log()?;
        // A rollback journal leaves no second file behind; EXTRA also syncs the folder at a commit.
        self.take_log()?;
        self.connection.execute_batch("PRAGMA synchronous = EXTRA;")?;
        // 64 MiB: the pages of a large closing wait for its commit, instead of being written and synced bit by bit.
        self.connection.execute_batch("PRAGMA cache_size = -65536;")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.commit()?;
            self.unsummed = true;
            return Ok(());
        }
        drop(transaction);
        let version = self.pragma("user_version")?;
        self.check_version(self.pragma("application_id")?, version)?;
        if self.bytes()? == Bytes::Changed {
            // What the entries say of it tells more.
            self.entries()?;
            return Err(LedgerError::Changed);
        }
        if version < VERSION {
            self.unsummed = true;
            migration::migrate(&mut self.connection, &self.path, version)?;
        }
        Ok(())
    }

    fn pragma(&self, name: &str) -> Result<i64, LedgerError> {
        Ok(self.connection.pragma_query_value(None, name, |row| row.get(0))?)
    }

    fn check_version(&self, application: i64, version: i64) -> Result<(), LedgerError> {
        match version {
            _ if application != APPLICATION_ID => Err(LedgerError::Foreign),
            ..=VERSION => Ok(()),
            newer => Err(LedgerError::Newer(newer)),
        }
    }

    /// All entries, after the whole chain was checked.
    pub fn entries(&self) -> Result<Vec<Recorded>, LedgerError> {
        entries(&self.connection)
    }

    /// The entries after a place; their chain was checked when the history was read.
    pub fn entries_since(&self, seq: u64) -> Result<Vec<Recorded>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT seq, body, hash FROM entry WHERE seq > ?1 ORDER BY seq")?;
        let (mut rows, mut recorded) = (statement.query([seq.cast_signed()])?, Vec::new());
        while let Some(row) = rows.next()? {
            let (seq, body): (i64, String) = (row.get(0)?, row.get(1)?);
            let seq = seq.unsigned_abs();
            let entry = serde_json::from_str(&body).map_err(|error| LedgerError::Body(seq, error))?;
            recorded.push(Recorded { seq, hash: row.get(2)?, entry });
        }
        Ok(recorded)
    }

    /// The history that the entries tell.
    pub fn history(&self) -> Result<History, LedgerError> {
        Ok(History::of(self.entries()?))
    }

    /// The same history, read anew only where another process has added to the ledger since it was last read: a night
    /// asks for it often.
    pub fn shared(&self) -> Result<Arc<History>, LedgerError> {
        let known = self.known.take().filter(|known| head(&self.connection).is_ok_and(|head| head == known.head));
        let history = match known {
            Some(history) => history,
            None => Arc::new(self.history()?),
        };
        self.known.set(Some(Arc::clone(&history)));
        Ok(history)
    }

    /// Adds what `decide` makes of the history, in one transaction that no other writer can enter: numbers
    /// are given here. An error of `decide` adds nothing.
    pub fn append<E: From<LedgerError>>(
        &mut self,
        decide: impl FnOnce(&History) -> Result<Additions, E>,
    ) -> Result<(), E> {
        self.mark_series()?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(LedgerError::from)?;
        let known = self.known.take().filter(|known| head(&transaction).is_ok_and(|head| head == known.head));
        let mut history = match known {
            Some(history) => history,
            None => Arc::new(History::of(entries(&transaction)?)),
        };
        let additions = decide(history.as_ref())?;
        let recorded = insert(&transaction, &history, additions)?;
        transaction.commit().map_err(LedgerError::from)?;
        self.unsummed = true;
        // Who still holds the history keeps it as it was.
        let grown = Arc::make_mut(&mut history);
        recorded.into_iter().for_each(|recorded| grown.add(recorded));
        self.known.set(Some(history));
        Ok(())
    }

    /// The kinds of the entries after one of this place and hash; `None` where there is no such entry.
    pub fn kinds_since(&self, seq: u64, hash: &str) -> Result<Option<Vec<String>>, LedgerError> {
        let found: Option<String> = self
            .connection
            .query_row("SELECT hash FROM entry WHERE seq = ?1", [seq.cast_signed()], |row| row.get(0))
            .optional()?;
        if found.as_deref() != Some(hash) {
            return Ok(None);
        }
        let mut statement = self.connection.prepare("SELECT DISTINCT kind FROM entry WHERE seq > ?1 ORDER BY kind")?;
        let kinds = statement.query_map([seq.cast_signed()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Some(kinds))
    }

    /// The bytes stored under a SHA-256, compared with it.
    pub fn content(&self, wanted: &str) -> Result<Vec<u8>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT bytes FROM content WHERE sha256 = ?1")?;
        let bytes: Option<Vec<u8>> = statement.query_row([wanted], |row| row.get(0)).optional()?;
        let bytes = bytes.ok_or_else(|| LedgerError::Missing(wanted.to_owned()))?;
        if sha256(&bytes) == wanted { Ok(bytes) } else { Err(LedgerError::Content(wanted.to_owned())) }
    }

    /// SHA-256 of every content in the ledger, sorted.
    pub fn contents(&self) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT sha256 FROM content ORDER BY sha256")?;
        let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
    }
}

/// The hash that binds an entry to the one before.
fn hash(seq: u64, kind: &str, body: &str, previous: &str) -> String {
    sha256(format!("{previous}\n{seq}\n{kind}\n{body}\n").as_bytes())
}

fn entries(connection: &Connection) -> Result<Vec<Recorded>, LedgerError> {
    let mut statement = connection.prepare("SELECT seq, kind, body, previous, hash FROM entry ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let (mut recorded, mut head): (Vec<Recorded>, String) = (Vec::new(), String::new());
    while let Some(row) = rows.next()? {
        let (seq, kind, body): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let seq = seq.unsigned_abs(); // Invariant: the schema takes positive places only.
        let (previous, stated): (String, String) = (row.get(3)?, row.get(4)?);
        let in_order = seq == recorded.len() as u64 + 1 && previous == head;
        if !in_order || hash(seq, &kind, &body, &previous) != stated {
            return Err(LedgerError::Chain(seq));
        }
        let entry: Entry = serde_json::from_str(&body).map_err(|error| LedgerError::Body(seq, error))?;
        if entry.kind() != kind {
            return Err(LedgerError::Kind(seq, kind));
        }
        head.clone_from(&stated);
        recorded.push(Recorded { seq, hash: stated, entry });
    }
    Ok(recorded)
}

/// Place of the last entry; 0 for an empty ledger.
fn last(connection: &Connection) -> rusqlite::Result<u64> {
    let last = "SELECT coalesce(max(seq), 0) FROM entry";
    connection.query_row(last, [], |row| row.get(0)).map(i64::unsigned_abs)
}

/// Hash of the last entry; empty for an empty ledger.
fn head(connection: &Connection) -> rusqlite::Result<String> {
    let last = "SELECT hash FROM entry ORDER BY seq DESC LIMIT 1";
    Ok(connection.query_row(last, [], |row| row.get(0)).optional()?.unwrap_or_default())
}

fn insert(transaction: &Transaction, history: &History, additions: Additions) -> Result<Vec<Recorded>, LedgerError> {
    let mut content = transaction.prepare_cached("INSERT OR IGNORE INTO content (sha256, bytes) VALUES (?1, ?2)")?;
    for bytes in &additions.contents {
        content.execute((sha256(bytes), bytes))?;
    }
    let mut row = transaction
        .prepare_cached("INSERT INTO entry (seq, kind, body, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (mut seq, mut previous) = (history.last, history.head.clone());
    let mut recorded = Vec::with_capacity(additions.entries.len());
    for entry in additions.entries {
        seq += 1;
        let body = serde_json::to_string(&entry).map_err(LedgerError::Encode)?;
        let hash = hash(seq, entry.kind(), &body, &previous);
        row.execute((seq.cast_signed(), entry.kind(), &body, &previous, &hash))?;
        previous.clone_from(&hash);
        recorded.push(Recorded { seq, hash, entry });
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests;
