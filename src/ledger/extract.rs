//! Rows of the ledger as they are stored: to take them elsewhere, and to make a ledger of them again.

use std::path::Path;

use rusqlite::TransactionBehavior;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, hash, sha256};

/// A row of the table of entries. Whoever has the rows before it can work out its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub seq: u64,
    pub kind: String,
    /// Hash of the row before; empty for the first.
    pub previous: String,
    /// SHA-256 of `previous`, `seq`, `kind` and `body`, each followed by a line feed.
    pub hash: String,
    /// The entry as JSON, byte for byte as it was hashed.
    pub body: String,
}

impl Row {
    /// Whether its hash follows from what it says.
    pub fn is_bound(&self) -> bool {
        hash(self.seq, &self.kind, &self.body, &self.previous) == self.hash
    }
}

impl Ledger {
    /// The first rows, up to `through`, as they are stored.
    pub fn rows(&self, through: u64) -> Result<Vec<Row>, LedgerError> {
        let wanted = "SELECT seq, kind, body, previous, hash FROM entry WHERE seq <= ?1 ORDER BY seq";
        let mut statement = self.connection.prepare(wanted)?;
        let rows = statement.query_map([through.cast_signed()], |row| {
            let seq: i64 = row.get(0)?;
            let (kind, body, previous, hash) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(Row { seq: seq.unsigned_abs(), kind, previous, hash, body })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes a ledger of rows and contents in a new file.
    ///
    /// # Errors
    /// When the rows do not chain from the first on: nothing is made of them.
    pub fn rebuilt(path: &Path, rows: &[Row], contents: &[Vec<u8>]) -> Result<Self, LedgerError> {
        let mut previous = "";
        for (seq, row) in (1..).zip(rows) {
            if row.seq != seq || row.previous != previous || !row.is_bound() {
                return Err(LedgerError::Chain(row.seq));
            }
            previous = &row.hash;
        }
        let mut ledger = Self::open(path)?;
        let transaction = ledger.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for Row { seq, kind, previous, hash, body } in rows {
            transaction.execute(
                "INSERT INTO entry (seq, kind, body, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
                (seq.cast_signed(), kind, body, previous, hash),
            )?;
        }
        for bytes in contents {
            let name = sha256(bytes);
            transaction.execute("INSERT OR IGNORE INTO content (sha256, bytes) VALUES (?1, ?2)", (name, bytes))?;
        }
        transaction.commit()?;
        ledger.unsummed = true;
        Ok(ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Key;
    use crate::ledger::{Additions, Entry};

    fn scratch(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ritardo-extract-{name}-{}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn rows_make_the_same_ledger_again_and_no_other() {
        let (first, second) = (scratch("first"), scratch("second"));
        let mut ledger = Ledger::open(&first).unwrap();
        let key = |text: &str| Entry::Key(Key { fingerprint: text.to_owned() });
        let additions = || Additions { entries: vec![key("a"), key("b"), key("c")], contents: vec![b"text".to_vec()] };
        ledger.append(|_| Ok::<_, LedgerError>(additions())).unwrap();
        let rows = ledger.rows(2).unwrap();
        let again = Ledger::rebuilt(&second, &rows, &[b"text".to_vec()]).unwrap();
        assert_eq!(again.entries().unwrap(), ledger.entries().unwrap()[..2]);
        assert_eq!(again.content(&sha256(b"text")).unwrap(), b"text");
        let mut changed = rows.clone();
        changed[1].body = changed[1].body.replace('b', "x");
        let skipped = rows[1..].to_vec();
        for wrong in [changed, skipped] {
            assert!(matches!(Ledger::rebuilt(&scratch("third"), &wrong, &[]), Err(LedgerError::Chain(2))));
        }
    }
}
