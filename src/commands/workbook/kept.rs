//! The workbooks that a run keeps: of each closed month and each month in which something was issued, and of their years. What
//! is as the ledger has it, to the bytes of its files, is not drawn again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{FORM, Files, Shelf, entries, month_of};
use crate::cli::{JournalBy, Period};
use crate::commands::state::{State, keep};
use crate::domain::Month;
use crate::error::{Failure, Kind};
use crate::ledger::{History, Ledger};
use crate::read::sha256;

/// What is kept of one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    /// Digest of the documents that it was made of.
    of: String,
    /// By name: SHA-256 of each file.
    files: BTreeMap<String, String>,
}

/// What is kept, by folder.
type Known = BTreeMap<String, Made>;

/// Keeps the workbooks that are not those of the ledger any more, or not as they were made.
pub fn keep_closed(state: &State, ledger: &Ledger, history: &History) -> Result<(), Failure> {
    let root = state.workbooks();
    let path = root.join("made.json");
    let read = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
    let mut known = read.unwrap_or_default();
    let mut stale: BTreeMap<i32, Vec<(Shelf, String)>> = BTreeMap::new();
    for (shelf, of) in wanted(history) {
        let folder = root.join(shelf.name());
        let is_current = known.get(&shelf.name()).is_some_and(|made| made.of == of && is_whole(&folder, made));
        if !is_current {
            stale.entry(shelf.period.year()).or_default().push((shelf, of));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    for (year, shelves) in stale {
        let is_of = |month: Month, issued: i32| month.year() == year || issued == year;
        let entries = entries(ledger, history, &|issued| is_of(issued.month, issued.issue_date.year()))?;
        for (shelf, of) in shelves {
            let files = kept(&root.join(shelf.name()), shelf.files(&entries)?)?;
            known.insert(shelf.name(), Made { of, files });
        }
    }
    let failed = |error| Failure::new(Kind::SelfCheck, "the list of workbooks cannot be written").because(error);
    keep(&path, &serde_json::to_vec_pretty(&known).map_err(failed)?)?;
    Ok(())
}

/// Writes the files, and gives their digests.
fn kept(folder: &Path, files: Files) -> Result<BTreeMap<String, String>, Failure> {
    let mut digests = BTreeMap::new();
    for (name, bytes) in files {
        keep(&folder.join(&name), &bytes)?;
        digests.insert(name, sha256(&bytes));
    }
    Ok(digests)
}

/// Whether every file is there with the bytes that it was made with.
fn is_whole(folder: &Path, made: &Made) -> bool {
    made.files.iter().all(|(name, digest)| fs::read(folder.join(name)).is_ok_and(|bytes| sha256(&bytes) == *digest))
}

/// The months and years that are kept, on both bases, with the digest of what each is made of: the documents of its year up to
/// its end.
fn wanted(history: &History) -> Vec<(Shelf, String)> {
    let mut wanted = Vec::new();
    for by in [JournalBy::Month, JournalBy::IssueDate] {
        let mut months: BTreeMap<Month, String> = BTreeMap::new();
        if by == JournalBy::Month {
            months.extend(history.months().into_iter().map(|month| (month, String::new())));
        }
        for issued in &history.issued {
            let line = format!("{} {}\n", issued.number, issued.document_sha256);
            months.entry(month_of(issued.month, issued.issue_date, by)).or_default().push_str(&line);
        }
        let mut years: BTreeMap<i32, String> = BTreeMap::new();
        for (month, lines) in months {
            let before = years.entry(month.year()).or_insert_with(|| FORM.to_owned());
            *before = sha256(format!("{before}\n{month}\n{lines}").as_bytes());
            wanted.push((Shelf { period: Period::Month(month), by }, before.clone()));
        }
        wanted.extend(years.into_iter().map(|(year, of)| (Shelf { period: Period::Year(year), by }, of)));
    }
    wanted
}
