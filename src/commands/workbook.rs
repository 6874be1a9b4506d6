//! `ritardo workbook`: what finance adds up, as XLSX, CSV and Parquet. A run keeps those of closed months in the state folder;
//! they are derived from the ledger alone, and may be removed at any time.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::state_of;
use super::closing::stored_invoice;
use super::files::{self, Access};
use super::state::{State, keep, ledger_failure};
use super::{Outcome, World, say};
use crate::cli::{JournalBy, Period, Workbook};
use crate::domain::Month;
use crate::domain::grid::Grid;
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger};
use crate::read::sha256;
use crate::render::{RenderError, grid_as_csv, grid_as_parquet, workbook_of};
use crate::report::finance::{Entry, tables};

/// A change of what the files say makes all of them anew.
const FORM: &str = "ritardo-finance/1";

/// Names of files and their bytes.
type Files = Vec<(String, Vec<u8>)>;

pub fn workbook(args: &Workbook, world: &mut World) -> Result<Outcome, Failure> {
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let month_of = |entry: &Entry| month_of(entry, args.by);
    let entries = entries(&ledger, &history, &|_| true)?;
    let is_known = entries.iter().any(|entry| args.period.contains(month_of(entry)))
        || history.months().iter().any(|month| args.period.contains(*month));
    if !is_known {
        let months: Vec<String> = history.months().iter().map(ToString::to_string).collect();
        let failure = Failure::new(Kind::CommandLine, format!("no business has closed {}", args.period));
        let known = if months.is_empty() { "no month is closed yet".to_owned() } else { months.join(", ") };
        return Err(failure.at(ledger.path()).hint(format!("closed months: {known}")));
    }
    let folder = args.out.clone().unwrap_or_else(|| state.workbooks().join(args.period.to_string()));
    let is_own = args.out.is_none();
    if !is_own {
        std::fs::create_dir_all(&folder).map_err(|error| Failure::io("create the folder", &folder, error))?;
    }
    for (name, bytes) in files_of(args.period, &entries, &month_of)? {
        let path = folder.join(name);
        if is_own {
            keep(&path, &bytes)?;
        } else {
            files::write(&path, &bytes, Access::Usual)?;
        }
        say(world.out, &format!("wrote     {}", path.display()))?;
    }
    Ok(Outcome::Done)
}

/// Keeps the workbooks of the closed months and their years that are not those of the ledger any more.
pub fn keep_closed(state: &State, ledger: &Ledger, history: &History) -> Result<(), Failure> {
    let path = state.workbooks().join("made.json");
    let known: BTreeMap<String, String> =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let months = history.months();
    let years: BTreeSet<i32> = months.iter().map(|month| month.year()).collect();
    let made: BTreeMap<String, String> =
        years.iter().map(|year| (format!("{year:04}"), digest(history, *year))).collect();
    let is_there = |period: &Period| state.workbooks().join(period.to_string()).is_dir();
    let mut is_new = false;
    for year in years {
        let periods = months.iter().filter(|month| month.year() == year).map(|month| Period::Month(*month));
        let periods: Vec<Period> = periods.chain([Period::Year(year)]).collect();
        let name = format!("{year:04}");
        if known.get(&name) == made.get(&name) && periods.iter().all(is_there) {
            continue;
        }
        is_new = true;
        let entries = entries(ledger, history, &|issued| issued.month.year() == year)?;
        for period in periods {
            for (name, bytes) in files_of(period, &entries, &|entry| entry.month)? {
                keep(&state.workbooks().join(period.to_string()).join(name), &bytes)?;
            }
        }
    }
    if is_new {
        let failed = |error| Failure::new(Kind::SelfCheck, "the list of workbooks cannot be written").because(error);
        keep(&path, &serde_json::to_vec_pretty(&made).map_err(failed)?)?;
    }
    Ok(())
}

/// What the workbooks of a year are made of: its documents and its closed months.
fn digest(history: &History, year: i32) -> String {
    let mut text = format!("{FORM}\n");
    for month in history.months().iter().filter(|month| month.year() == year) {
        text.push_str(&format!("{month}\n"));
    }
    for issued in history.issued.iter().filter(|issued| issued.month.year() == year) {
        text.push_str(&format!("{} {}\n", issued.number, issued.document_sha256));
    }
    sha256(text.as_bytes())
}

/// The documents that are wanted, in the order of issue, in the currencies that they are billed in.
fn entries(ledger: &Ledger, history: &History, is_wanted: &dyn Fn(&Issued) -> bool) -> Result<Vec<Entry>, Failure> {
    let wanted = history.issued.iter().filter(|issued| is_wanted(issued));
    let entry = |issued: &Issued| {
        let unsummed = || Failure::new(Kind::SelfCheck, format!("the amounts of {} do not add up", issued.number));
        Entry::of(&stored_invoice(ledger, issued)?.as_billed()).ok_or_else(unsummed)
    };
    wanted.map(entry).collect()
}

fn month_of(entry: &Entry, by: JournalBy) -> Month {
    match by {
        JournalBy::Month => entry.month,
        // A date of an invoice lies within the years that months have.
        JournalBy::IssueDate => Month::new(entry.issued.year(), entry.issued.month()).unwrap_or(entry.month),
    }
}

/// The workbook of a period, and each of its tables as CSV and Parquet.
fn files_of(period: Period, entries: &[Entry], month_of: &dyn Fn(&Entry) -> Month) -> Result<Files, Failure> {
    let own: Vec<&Entry> = entries.iter().filter(|entry| period.contains(month_of(entry))).collect();
    let year: Vec<&Entry> = entries.iter().filter(|entry| period.reaches(month_of(entry))).collect();
    let unsummed = || Failure::new(Kind::SelfCheck, format!("a sum of {period} does not fit"));
    let grids: Vec<Grid> = tables(&own, &year).ok_or_else(unsummed)?;
    let stem = format!("finance_{period}");
    let mut files = vec![(format!("{stem}.xlsx"), workbook_of(&stem, &grids).map_err(undrawn)?)];
    for grid in &grids {
        let table = format!("{stem}_{}", grid.name.to_lowercase().replace(' ', "-"));
        files.push((format!("{table}.csv"), grid_as_csv(grid)));
        files.push((format!("{table}.parquet"), grid_as_parquet(grid).map_err(undrawn)?));
    }
    Ok(files)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn undrawn(error: RenderError) -> Failure {
    Failure::new(Kind::SelfCheck, format!("the workbook cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_or_a_year() {
        let month: Period = "2018-08".parse().unwrap();
        let year: Period = "2018".parse().unwrap();
        let of = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!([month.to_string(), year.to_string()], ["2018-08", "2018"]);
        assert!(month.contains(of("2018-08")) && !month.contains(of("2018-07")) && year.contains(of("2018-12")));
        assert!(month.reaches(of("2018-01")) && !month.reaches(of("2018-09")) && !month.reaches(of("2017-08")));
        for wrong in ["18", "2018-13", "", "august"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
