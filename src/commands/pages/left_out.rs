//! What the page of a month was not made of: rows that could not be read, and files that were set aside.

use std::collections::{BTreeMap, BTreeSet};

use super::super::rejects;
use super::Known;
use crate::domain::{Elapsed, Month, Span, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{LogRead, SetAside};
use crate::report::RejectedRows;

/// Rejected rows, and names and reasons of files.
pub type LeftOut = (Vec<RejectedRows>, Vec<(String, String)>);

/// Rejected rows by file and reason, and names and reasons of files set aside, among those that the month was judged by. Where
/// every business is closed that ends with the last entry of their evidence, so that files of later months leave the page as
/// it is.
pub fn of(known: &Known, month: Month) -> Result<LeftOut, Failure> {
    let Known { history, seen, standing, .. } = *known;
    let is_open = seen.open.iter().any(|open| open.month == month);
    let of_month = history.closed.keys().filter(|(_, of)| *of == month);
    let evidence = of_month.filter_map(|(business, of)| Some(history.standing(business, *of)?.evidence_through()));
    let through = if is_open { history.last } else { evidence.max().unwrap_or(history.last) };
    let mut rejected = Vec::new();
    for file in history.files_through(through).filter(|file| file.rejected > 0 && reaches(file, month)) {
        rejected.extend(reasons(known, file)?);
    }
    rejected.sort_by(|a, b| (&a.file, &a.reason).cmp(&(&b.file, &b.reason)));
    let told = |file: &SetAside| (file.name.clone(), file.reason.clone());
    let aside = if is_open { standing.iter().map(told).collect() } else { set_aside_by(history, through) };
    Ok((rejected, aside))
}

/// Whether a file speaks of the month, by the clocks of any zone; one that says nothing of its time may.
fn reaches(file: &LogRead, month: Month) -> bool {
    let Span { from, to } = month.span(Zone::UTC);
    let month = Span { from: from.minus(Elapsed::DAY), to: to.plus(Elapsed::DAY) };
    let read = file.first.zip(file.last).map(|(from, last)| Span { from, to: last.plus(Elapsed::from_micros(1)) });
    let spans = [file.declared, read];
    let mut known = spans.iter().flatten().peekable();
    known.peek().is_none() || known.any(|span| span.overlaps(&month))
}

/// How many rows of a file were rejected for which reason. What was forgotten, or is lost, is told by its number alone.
fn reasons(known: &Known, file: &LogRead) -> Result<Vec<RejectedRows>, Failure> {
    let row = |reason: String, rows: u64| RejectedRows { file: file.name.clone(), reason, rows };
    match rejects::reasons(known.state, file) {
        Ok(reasons) => Ok(reasons.into_iter().map(|(reason, rows)| row(reason, rows)).collect()),
        Err(failure) if matches!(failure.kind, Kind::InputOutput | Kind::Differences) => {
            Ok(vec![row("the list of its rejected rows cannot be read".to_owned(), file.rejected)])
        }
        Err(failure) => Err(failure),
    }
}

/// The files that stood aside when the ledger ended at an entry: by name the last, unless its name or its bytes had been
/// read.
fn set_aside_by(history: &History, through: u64) -> Vec<(String, String)> {
    let mut last: BTreeMap<&str, (u64, &SetAside)> = BTreeMap::new();
    let by_then = history.set_aside.iter().filter(|(place, _)| *place <= through);
    last.extend(by_then.map(|(place, aside)| (aside.name.as_str(), (*place, aside))));
    if last.is_empty() {
        return Vec::new();
    }
    // Every digest that was read by then, and of each name the last place.
    let (mut digests, mut names): (BTreeSet<&str>, BTreeMap<&str, u64>) = (BTreeSet::new(), BTreeMap::new());
    for (place, file) in history.files.iter().filter(|(place, _)| *place <= through) {
        digests.insert(&file.sha256);
        let last = names.entry(&file.name).or_insert(*place);
        *last = (*last).max(*place);
    }
    let is_read = |place: u64, aside: &SetAside| {
        let is_newer = names.get(aside.name.as_str()).is_some_and(|read| place < *read);
        is_newer || digests.contains(aside.sha256.as_str())
    };
    let left = last.into_values().filter(|(place, aside)| !is_read(*place, aside));
    left.map(|(_, aside)| (aside.name.clone(), aside.reason.clone())).collect()
}
