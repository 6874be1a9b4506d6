//! `ritardo workbook`: what finance adds up, as XLSX, CSV and Parquet. A run keeps those of closed months in the state folder;
//! they are derived from the ledger alone, and may be removed at any time.

mod kept;

use super::audit::state_of;
use super::closing::stored_invoice;
use super::files::{self, Access};
use super::state::{keep, ledger_failure};
use super::{Outcome, World, say};
use crate::cli::{JournalBy, Period, Workbook};
use crate::domain::grid::Grid;
use crate::domain::{Date, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger};
use crate::render::{RenderError, grid_as_csv, grid_as_parquet, workbook_of};
use crate::report::finance::{Entry, Scope, tables};

pub use self::kept::keep_closed;

/// A change of what the files say makes all of them anew.
const FORM: &str = "ritardo-finance/1";

/// Names of files and their bytes.
type Files = Vec<(String, Vec<u8>)>;

pub fn workbook(args: &Workbook, world: &mut World) -> Result<Outcome, Failure> {
    if args.out.is_none() && matches!(args.period, Period::Months(..)) {
        let failure = Failure::new(Kind::CommandLine, format!("no run keeps a workbook of {}", args.period));
        return Err(failure.hint("say where it goes with --out FOLDER"));
    }
    let state = state_of(&args.configured.config)?;
    state.read_ledger()?;
    // What lies in the state folder is written by one command at a time.
    let _lock = if args.out.is_none() { Some(state.lock()?) } else { None };
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let shelf = Shelf { period: args.period, by: args.by };
    let entries = entries(&ledger, &history, &|_| true)?;
    let is_known = entries.iter().any(|entry| args.period.contains(shelf.month_of(entry)))
        || history.months().iter().any(|month| args.period.contains(*month));
    if !is_known {
        let months: Vec<String> = history.months().iter().map(ToString::to_string).collect();
        let failure = Failure::new(Kind::CommandLine, format!("no business has closed {}", args.period));
        let known = if months.is_empty() { "no month is closed yet".to_owned() } else { months.join(", ") };
        return Err(failure.at(ledger.path()).hint(format!("closed months: {known}")));
    }
    let folder = args.out.clone().unwrap_or_else(|| state.workbooks().join(shelf.name()));
    let is_own = args.out.is_none();
    if !is_own {
        std::fs::create_dir_all(&folder).map_err(|error| Failure::io("create the folder", &folder, error))?;
    }
    for (name, bytes) in shelf.files(&entries)? {
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

/// The documents that are wanted, in the order of issue, in the currencies that they are billed in.
fn entries(ledger: &Ledger, history: &History, is_wanted: &dyn Fn(&Issued) -> bool) -> Result<Vec<Entry>, Failure> {
    let wanted = history.issued.iter().filter(|issued| is_wanted(issued));
    let entry = |issued: &Issued| {
        let unsummed = || Failure::new(Kind::SelfCheck, format!("the amounts of {} do not add up", issued.number));
        let invoice = stored_invoice(ledger, issued)?;
        Entry::of(&invoice.as_billed(), &issued.document_sha256, &issued.released).ok_or_else(unsummed)
    };
    wanted.map(entry).collect()
}

/// The month of a document.
fn month_of(billed: Month, issued: Date, by: JournalBy) -> Month {
    match by {
        JournalBy::Month => billed,
        // A date of an invoice lies within the years that months have.
        JournalBy::IssueDate => Month::new(issued.year(), issued.month()).unwrap_or(billed),
    }
}

/// Which documents a workbook is of. Each has a folder and files of its own, so that none is taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shelf {
    period: Period,
    by: JournalBy,
}

impl Shelf {
    /// `2018-08`, `2018-07_2019-06`; `2018-08_issued` by the date of issue.
    fn name(&self) -> String {
        let period = self.period.to_string().replace("..", "_");
        match self.by {
            JournalBy::Month => period,
            JournalBy::IssueDate => format!("{period}_issued"),
        }
    }

    fn month_of(&self, entry: &Entry) -> Month {
        month_of(entry.month, entry.issued, self.by)
    }

    /// The workbook, and each of its tables as CSV and Parquet.
    fn files(&self, entries: &[Entry]) -> Result<Files, Failure> {
        let basis = match self.by {
            JournalBy::Month => "the month that is billed, with all of its credit notes",
            JournalBy::IssueDate => "the date of issue",
        };
        let own = entries.iter().filter(|entry| self.period.contains(self.month_of(entry))).collect();
        let year = entries.iter().filter(|entry| self.period.reaches(self.month_of(entry))).collect();
        let scope = Scope { period: self.period.to_string(), basis, own, year };
        let unsummed = || Failure::new(Kind::SelfCheck, format!("a sum of {} does not fit", self.period));
        let grids: Vec<Grid> = tables(&scope).ok_or_else(unsummed)?;
        let stem = format!("finance_{}", self.name());
        let mut files = vec![(format!("{stem}.xlsx"), workbook_of(&stem, &grids).map_err(undrawn)?)];
        for grid in &grids {
            let table = format!("{stem}_{}", grid.name.to_lowercase().replace(' ', "-"));
            files.push((format!("{table}.csv"), grid_as_csv(grid)));
            files.push((format!("{table}.parquet"), grid_as_parquet(grid).map_err(undrawn)?));
        }
        Ok(files)
    }
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
        let fiscal: Period = "2018-07..2019-06".parse().unwrap();
        assert!(fiscal.contains(of("2018-07")) && fiscal.reaches(of("2019-06")) && !fiscal.reaches(of("2019-07")));
        assert_eq!(Shelf { period: fiscal, by: JournalBy::IssueDate }.name(), "2018-07_2019-06_issued");
        for wrong in ["18", "2018-13", "", "august", "2018-08..2018-07", "2018-08..", "2018..2019"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
