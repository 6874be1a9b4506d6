//! Months of businesses taken from the archive to be looked at in another way: under another reading or tariff, or
//! as they might have been. Nothing here is written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::rc::Rc;

use polars::prelude::DataFrame;

use super::archived::Archive;
use super::closing::tolerance;
use super::evidence::Evidence;
use super::recorded;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use crate::close::readiness;
use crate::domain::charge::RatedWait;
use crate::domain::{Business, BusinessId, Instant, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;
use crate::ledger::{History, Ledger};
use crate::rate::{NoRate, Tariff};

/// What the ledger and the archive hold, opened for reading.
pub struct Desk {
    pub setup: Rc<Setup>,
    pub state: State,
    pub ledger: Ledger,
    pub history: History,
    pub as_of: Instant,
}

impl Desk {
    pub fn open(config: &Path, as_of: Instant) -> Result<Self, Failure> {
        let setup = Rc::new(Setup::load(config)?);
        let state = State::new(&setup.config);
        let ledger = state.read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        Ok(Self { setup, state, ledger, history, as_of })
    }

    /// The month of each business, or of one: a closed one with the setup of its closing, an open one with that of
    /// today. Messages are those that are known now. In the order of ids.
    pub fn cases(&self, month: Month, business: Option<&BusinessId>) -> Result<Vec<Case>, Failure> {
        let is_wanted = |id: &BusinessId| business.is_none_or(|wanted| wanted == id);
        let known = |id: &BusinessId| self.setup.businesses.iter().any(|business| business.id == *id);
        if let Some(id) = business.filter(|id| !known(id)) {
            let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
            return Err(failure.hint("ids are those of businesses.toml"));
        }
        let (mut cases, mut frozen): (Vec<Case>, BTreeMap<[String; 3], Rc<Setup>>) = (Vec::new(), BTreeMap::new());
        for found in self.setup.businesses.iter().filter(|found| is_wanted(&found.id) && found.first_month <= month) {
            let closed = self.history.closed.get(&(found.id.clone(), month));
            let setup = match closed {
                None => Rc::clone(&self.setup),
                Some(closed) => {
                    let texts = [&closed.config_sha256, &closed.businesses_sha256, &closed.tariff_sha256];
                    match frozen.entry(texts.map(String::clone)) {
                        Entry::Occupied(known) => Rc::clone(known.get()),
                        Entry::Vacant(new) => Rc::clone(new.insert(Rc::new(recorded::setup(&self.ledger, closed)?))),
                    }
                }
            };
            let Some(business) = setup.business(found.id.as_str()).cloned() else { continue };
            let billed = closed.map(|_| self.history.invoice_of(&found.id, month).map(|issued| issued.net));
            cases.push(Case { business, month, setup, billed, as_of: self.as_of });
        }
        if cases.is_empty() {
            let failure = Failure::new(Kind::CommandLine, format!("no business is billed for {month}"));
            return Err(failure.hint("`first_month` in businesses.toml says from when on each one is"));
        }
        Ok(cases)
    }

    pub fn archive(&self) -> Result<Archive<'_>, Failure> {
        Archive::open(&self.state, &self.history)
    }
}

/// All archived messages, with the channels of a setup's book: loaded once for each.
pub struct Gathered<'d> {
    desk: &'d Desk,
    archive: &'d Archive<'d>,
    known: Vec<(Rc<Setup>, Evidence)>,
}

impl<'d> Gathered<'d> {
    pub fn new(desk: &'d Desk, archive: &'d Archive<'d>) -> Self {
        Self { desk, archive, known: Vec::new() }
    }

    pub fn of(&mut self, setup: &Rc<Setup>) -> Result<&Evidence, Failure> {
        let place = match self.known.iter().position(|(known, _)| Rc::ptr_eq(known, setup)) {
            Some(place) => place,
            None => {
                let history = &self.desk.history;
                let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
                let evidence = Evidence::gather(files.iter().copied(), setup, self.archive)?;
                self.known.push((Rc::clone(setup), evidence.with_accepted(history.accepted_through(history.last))));
                self.known.len() - 1
            }
        };
        Ok(&self.known[place].1)
    }
}

/// A month of a business.
pub struct Case {
    pub business: Business,
    pub month: Month,
    pub setup: Rc<Setup>,
    /// Of a closed month: what its invoice says, `None` within where there was nothing to bill.
    pub billed: Option<Option<crate::domain::Money>>,
    pub as_of: Instant,
}

impl Case {
    /// Where the evidence ends under a tariff.
    pub fn through(&self, tariff: &Tariff) -> Instant {
        let tolerance = tolerance(&self.setup, &self.business);
        readiness::cut(&self.business, self.month, tariff.horizon(), tolerance).min(self.as_of)
    }

    /// The waits of the month under a tariff, with messages that were never sent.
    pub fn waits(
        &self,
        evidence: &Evidence,
        tariff: &Tariff,
        more: Option<&DataFrame>,
    ) -> Result<Result<Vec<RatedWait>, NoRate>, Failure> {
        let through = self.through(tariff);
        Ok(evidence.waits_under(&self.business, self.month, through, tariff, more)?.rated)
    }
}
