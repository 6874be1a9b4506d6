//! Closed months as they were judged at their closing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::archived::Archive;
use super::super::closing::counted;
use super::super::coverage::{Look, of_business};
use super::super::evidence::Evidence;
use super::super::recorded;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::no_business;
use crate::domain::charge::RatedWait;
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Ledger};
use crate::report::coverage::ChannelCoverage;

/// What earlier closings were decided with, loaded once for each.
#[derive(Default)]
pub struct Replays {
    /// `None`: the ledger's own.
    history: Option<History>,
    by_inputs: BTreeMap<(u64, [String; 3]), (Setup, Evidence)>,
}

impl Replays {
    /// Replays by a history that the ledger may not have yet.
    pub fn with(history: History) -> Self {
        Self { history: Some(history), ..Self::default() }
    }

    /// The waits of a closed month, from the files and the setup that were recorded at its closing, judged
    /// at its cut.
    pub fn waits(&mut self, state: &State, ledger: &Ledger, closed: &MonthClosed) -> Result<Vec<RatedWait>, Failure> {
        let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
        let (setup, evidence) = self.inputs(state, ledger, closed)?;
        waits(state, &history, (setup, evidence), closed)
    }

    /// The waits of a closed month, and what the logs proved at its closing, from inputs that were loaded before.
    pub fn told(
        &self,
        state: &State,
        history: &History,
        closed: &MonthClosed,
    ) -> Result<(Vec<RatedWait>, Vec<ChannelCoverage>), Failure> {
        let (setup, evidence) = self
            .by_inputs
            .get(&(closed.evidence_through, texts(closed)))
            .ok_or_else(|| Failure::new(Kind::SelfCheck, "the settings of a closing were not read"))?;
        let look = Look { month: closed.month, cut: closed.cut, through: closed.cut, waits: &[] };
        let business = setup.business(closed.business.as_str());
        let coverage = business.map_or(Ok(Vec::new()), |business| of_business(setup, evidence, business, &look))?;
        Ok((waits(state, history, (setup, evidence), closed)?, coverage))
    }

    /// The recorded setup and the evidence of a closing.
    pub fn inputs(
        &mut self,
        state: &State,
        ledger: &Ledger,
        closed: &MonthClosed,
    ) -> Result<&(Setup, Evidence), Failure> {
        self.inputs_at(state, ledger, closed, closed.evidence_through)
    }

    /// The recorded setup of a closing, and what the files and accepted holds recorded up to an entry prove.
    pub fn inputs_at(
        &mut self,
        state: &State,
        ledger: &Ledger,
        closed: &MonthClosed,
        evidence_through: u64,
    ) -> Result<&(Setup, Evidence), Failure> {
        match self.by_inputs.entry((evidence_through, texts(closed))) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let own = || {
                    let shared = ledger.shared().map(Arc::unwrap_or_clone);
                    shared.map_err(|error| ledger_failure(error, ledger.path()))
                };
                let history = self.history.take().map_or_else(own, Ok)?;
                let setup = recorded::setup(ledger, closed)?;
                let files: Vec<_> = history.files_through(evidence_through).collect();
                let evidence = Evidence::gather(files.iter().copied(), &setup, &Archive::open(state, &history)?)?;
                let evidence = evidence.with_accepted(history.accepted_through(evidence_through));
                self.history = Some(history);
                Ok(vacant.insert((setup, evidence)))
            }
        }
    }
}

fn texts(closed: &MonthClosed) -> [String; 3] {
    [&closed.config_sha256, &closed.businesses_sha256, &closed.tariff_sha256].map(String::clone)
}

fn waits(
    state: &State,
    history: &History,
    (setup, evidence): (&Setup, &Evidence),
    closed: &MonthClosed,
) -> Result<Vec<RatedWait>, Failure> {
    let business = setup.business(closed.business.as_str());
    let business = business.ok_or_else(|| no_business(closed))?;
    let rated = evidence.waits(business, closed.month, closed.cut, setup)?.rated;
    let rated = rated.map_err(|no_rate| Failure::new(Kind::Differences, no_rate.to_string()))?;
    if !setup.tariff.counts() {
        return Ok(rated);
    }
    counted(&Archive::open(state, history)?, evidence, rated, &setup.tariff, closed.month)
}
