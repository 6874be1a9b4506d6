//! Months that are not closed, judged as a run would, from what the archive holds.

use super::archived::Archive;
use super::cases::Desk;
use super::closing::OpenMonth;
use super::correct::{self, Bench, Late};
use super::evidence::Evidence;
use super::guards::{self, Watch};
use super::intake::Writing;
use super::open::{Tonight, open_in_portions};
use super::portions::{MEMORY, rows_in};
use super::run::renderer;
use crate::error::Failure;
use crate::ledger::entry::LogRead;

/// What a run would see.
pub struct Reviewed<'d> {
    /// Every open month with the step that the next run takes, in order of business and month.
    pub open: Vec<OpenMonth<'d>>,
    pub evidence: Evidence,
    /// Closed months to which something came late.
    pub late: Vec<Late>,
}

/// Every open month with the step that the next run takes, in order of business and month.
pub fn review<'d>(desk: &'d Desk, archive: &Archive) -> Result<Vec<OpenMonth<'d>>, Failure> {
    reviewed(desk, archive).map(|reviewed| reviewed.open)
}

/// The same with what it is judged by.
pub fn reviewed<'d>(desk: &'d Desk, archive: &Archive) -> Result<Reviewed<'d>, Failure> {
    let Desk { setup, state, ledger, history, as_of } = desk;
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let evidence = Evidence::gather_or_leave(&files, setup, archive, rows_in(MEMORY))?;
    let mut evidence = evidence.with_accepted(history.accepted_through(history.last));
    let renderer = renderer()?;
    let bench = Bench { setup, state, history, archive, run_at: *as_of };
    let late = correct::correct_late(&bench, &mut state.read_ledger()?, Writing::No)?;
    let withheld = &correct::withheld(&late);
    let tonight = Tonight { setup, history, archive, as_of: *as_of, is_kept: false, timings: None };
    let open = open_in_portions(&tonight, &mut evidence, None)?;
    let watch = Watch {
        setup,
        state,
        ledger: Some(ledger),
        history,
        evidence: &evidence,
        renderer: &renderer,
        withheld,
        as_of: *as_of,
    };
    let open = guarded(&watch, open)?;
    Ok(Reviewed { open, evidence, late })
}

/// The months that are not closed, after the guards have looked at them.
pub fn guarded<'s>(watch: &Watch, mut open: Vec<OpenMonth<'s>>) -> Result<Vec<OpenMonth<'s>>, Failure> {
    guards::park(watch, &mut open)?;
    guards::hold(watch, &mut open);
    Ok(open)
}
