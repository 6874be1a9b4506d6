//! Closed months as they were judged at their closing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::archived::Archive;
use super::super::closing::counted;
use super::super::coverage::{Look, of_business};
use super::super::evidence::Evidence;
use super::super::open::{Asked, Tonight};
use super::super::settled::OfMonth;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::super::{recorded, settled, workers};
use super::no_business;
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Ledger};
use crate::report::coverage::ChannelCoverage;

/// What earlier closings were decided with, loaded once for each.
#[derive(Default)]
pub struct Replays {
    /// `None`: the ledger's own.
    history: Option<History>,
    by_inputs: BTreeMap<Inputs, (Setup, Evidence)>,
    /// Recorded setups without evidence, by their texts.
    setups: BTreeMap<[String; 3], Setup>,
    /// Of pages that are drawn one month after the other: the last month that each evidence is asked for.
    last_use: BTreeMap<Inputs, Month>,
    /// More messages than these are read business by business: by [`Self::told`] alone. `None`: all are read at once.
    rows_at_once: Option<u64>,
}

/// Entry up to which something was known, and the digests of the texts.
type Inputs = (u64, [String; 3]);

/// What was found of a closed month.
#[derive(Clone)]
pub struct Told {
    /// Told one by one.
    pub waits: Vec<RatedWait>,
    /// The others, where there are many messages.
    pub settled: Vec<Weighed>,
    pub coverage: Vec<ChannelCoverage>,
}

impl Replays {
    /// Replays by a history that the ledger may not have yet.
    pub fn with(history: History) -> Self {
        Self { history: Some(history), ..Self::default() }
    }

    /// Replays for [`Self::told`], which hold so many messages at once. `due` are the closings that will be asked for: what
    /// none of a later month needs is let go as soon as it was told, or months that were closed night by night would have
    /// all their logs in memory together.
    pub fn of_rows<'c>(rows_at_once: u64, due: impl Iterator<Item = &'c MonthClosed>) -> Self {
        let mut last_use: BTreeMap<Inputs, Month> = BTreeMap::new();
        for closed in due {
            let last = last_use.entry((closed.evidence_through, texts(closed))).or_insert(closed.month);
            *last = (*last).max(closed.month);
        }
        Self { rows_at_once: Some(rows_at_once), last_use, ..Self::default() }
    }

    /// The recorded setup of a closing, without its evidence.
    pub fn setup(&mut self, ledger: &Ledger, closed: &MonthClosed) -> Result<&Setup, Failure> {
        match self.setups.entry(texts(closed)) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => Ok(vacant.insert(recorded::setup(ledger, closed)?)),
        }
    }

    /// The waits of a closed month, from the files and the setup that were recorded at its closing, judged
    /// at its cut.
    pub fn waits(&mut self, state: &State, ledger: &Ledger, closed: &MonthClosed) -> Result<Vec<RatedWait>, Failure> {
        let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
        let archive = Archive::open(state, &history)?;
        let (setup, evidence) = self.inputs(state, ledger, closed)?;
        waits(&archive, (setup, evidence), closed)
    }

    /// Closed businesses of a month, each judged again by what was recorded at its closing, on all processors; a few at a time
    /// where there are many messages. Evidence that no later month needs is let go.
    pub fn told(&mut self, state: &State, ledger: &Ledger, closings: &[&MonthClosed]) -> Result<Vec<Told>, Failure> {
        let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
        let archive = Archive::open(state, &history)?;
        let mut by_inputs: BTreeMap<Inputs, Vec<(usize, &MonthClosed)>> = BTreeMap::new();
        for (place, closed) in closings.iter().enumerate() {
            by_inputs.entry((closed.evidence_through, texts(closed))).or_default().push((place, closed));
        }
        let mut told: Vec<(usize, Told)> = Vec::with_capacity(closings.len());
        for (inputs, months) in by_inputs {
            if let Some((_, first)) = months.first() {
                self.inputs(state, ledger, first)?;
            }
            if let Some((setup, evidence)) = self.by_inputs.get_mut(&inputs) {
                told.extend(told_by(&history, &archive, setup, evidence, &months)?);
            }
            let is_needed = |month: Month| self.last_use.get(&inputs).is_some_and(|last| month < *last);
            if !months.iter().any(|(_, closed)| is_needed(closed.month)) {
                self.by_inputs.remove(&inputs);
            }
        }
        told.sort_by_key(|(place, _)| *place);
        Ok(told.into_iter().map(|(_, told)| told).collect())
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
                let archive = Archive::open(state, &history)?;
                let evidence = match self.rows_at_once {
                    None => Evidence::gather(files.iter().copied(), &setup, &archive)?,
                    Some(rows_at_once) => Evidence::gather_or_leave(&files, &setup, &archive, rows_at_once)?,
                };
                let evidence = evidence.with_accepted(history.accepted_through(evidence_through));
                self.history = Some(history);
                Ok(vacant.insert((setup, evidence)))
            }
        }
    }
}

/// Months that were closed by the same, each with its place.
fn told_by(
    history: &History,
    archive: &Archive,
    setup: &Setup,
    evidence: &mut Evidence,
    months: &[(usize, &MonthClosed)],
) -> Result<Vec<(usize, Told)>, Failure> {
    let unread = evidence.unread.clone();
    let (of_unread, of_read): (Vec<_>, Vec<_>) =
        months.iter().copied().partition(|(_, closed)| unread.businesses.contains(closed.business.as_str()));
    let mut told = judged(archive, setup, evidence, &of_read)?;
    let zone = |closed: &MonthClosed| setup.business(closed.business.as_str()).map(|business| business.zone);
    let zones: BTreeMap<usize, Zone> =
        of_unread.iter().filter_map(|(place, closed)| Some((*place, zone(closed)?))).collect();
    let wanted: BTreeSet<&str> = of_unread.iter().map(|(_, closed)| closed.business.as_str()).collect();
    for mut portion in evidence.portions(setup) {
        portion.retain(|business| wanted.contains(business.id.as_str()));
        let ids: BTreeSet<&str> = portion.iter().map(|business| business.id.as_str()).collect();
        let is_of_portion = |closed: &MonthClosed| ids.contains(closed.business.as_str());
        let of_portion: Vec<_> = of_unread.iter().copied().filter(|(_, closed)| is_of_portion(closed)).collect();
        if of_portion.is_empty() {
            continue;
        }
        if let [business] = portion.as_slice()
            && let Some(found) = in_slices(history, archive, setup, evidence, business, &of_portion)?
        {
            told.extend(found);
            continue;
        }
        if !evidence.read_portion(&portion, setup, archive)? {
            evidence.read_all(setup, archive)?;
            return judged(archive, setup, evidence, months);
        }
        for (place, mut found) in judged(archive, setup, evidence, &of_portion)? {
            if let Some(zone) = zones.get(&place) {
                settled::count_decided(&mut found.waits, &mut found.settled, *zone);
            }
            told.push((place, found));
        }
        portion.iter().for_each(|business| evidence.take_up(business));
    }
    Ok(told)
}

/// Months of a business with more messages than are in memory at once.
fn in_slices(
    history: &History,
    archive: &Archive,
    setup: &Setup,
    evidence: &mut Evidence,
    business: &Business,
    months: &[(usize, &MonthClosed)],
) -> Result<Option<Vec<(usize, Told)>>, Failure> {
    let mut told = Vec::new();
    for (place, closed) in months {
        let (month, cut) = (closed.month, closed.cut);
        let tonight = Tonight { setup, history, archive, as_of: cut, is_kept: false, timings: None };
        let asked = [Asked::again(business, month, cut)];
        let Some(sliced) = settled::sliced(&tonight, evidence, business, &asked, true)? else { return Ok(None) };
        let Some(OfMonth { mut waits, counted: mut settled, .. }) = sliced.months.into_iter().next() else {
            return Ok(None);
        };
        settled::count_decided(&mut waits, &mut settled, business.zone);
        evidence.let_go(business, sliced.settled, sliced.carried);
        let coverage = of_business(setup, evidence, business, &Look { month, cut, through: cut, waits: &[] })?;
        evidence.take_up(business);
        told.push((*place, Told { waits, settled, coverage }));
    }
    Ok(Some(told))
}

/// Months of businesses of which all messages are there.
fn judged(
    archive: &Archive,
    setup: &Setup,
    evidence: &Evidence,
    months: &[(usize, &MonthClosed)],
) -> Result<Vec<(usize, Told)>, Failure> {
    workers::all(months, |(place, closed)| {
        let look = Look { month: closed.month, cut: closed.cut, through: closed.cut, waits: &[] };
        let business = setup.business(closed.business.as_str());
        let coverage = business.map_or(Ok(Vec::new()), |business| of_business(setup, evidence, business, &look))?;
        let waits = waits(archive, (setup, evidence), closed)?;
        Ok((*place, Told { waits, settled: Vec::new(), coverage }))
    })
}

fn texts(closed: &MonthClosed) -> [String; 3] {
    [&closed.config_sha256, &closed.businesses_sha256, &closed.tariff_sha256].map(String::clone)
}

fn waits(
    archive: &Archive,
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
    counted(archive, evidence, rated, &setup.tariff, closed.month)
}
