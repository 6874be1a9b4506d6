//! Months that are not closed, judged as a run would, from what the archive holds.

use super::archived::Archive;
use super::cases::Desk;
use super::closing::{OpenMonth, open_months};
use super::correct::{self, Bench};
use super::evidence::Evidence;
use super::guards::{self, Watch};
use super::intake::Writing;
use super::run::renderer;
use super::setup::Setup;
use crate::error::Failure;
use crate::ledger::entry::LogRead;

/// Every open month with the step that the next run takes, in order of business and month.
pub fn review<'d>(desk: &'d Desk, archive: &Archive) -> Result<Vec<OpenMonth<'d>>, Failure> {
    let Desk { setup, state, ledger, history, as_of } = desk;
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let evidence = Evidence::gather(files.iter().copied(), setup, archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let renderer = renderer()?;
    let bench = Bench { setup, state, history, archive, run_at: *as_of };
    let withheld = correct::withheld(&correct::correct_late(&bench, &mut state.read_ledger()?, Writing::No)?);
    let (ledger, evidence, renderer, withheld) = (Some(ledger), &evidence, &renderer, &withheld);
    months(setup, &Watch { setup, state, ledger, history, evidence, renderer, withheld, as_of: *as_of }, archive)
}

/// The months of a setup that are not closed, after the guards have looked at them.
pub fn months<'s>(setup: &'s Setup, watch: &Watch, archive: &Archive) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let mut open = open_months(setup, watch.history, watch.evidence, archive, watch.as_of)?;
    guards::park(watch, &mut open)?;
    guards::hold(setup, watch.history, watch.withheld, &mut open);
    Ok(open)
}
