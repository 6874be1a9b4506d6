//! A closed month rated again: with its recorded setup and cut, and other evidence.

use std::collections::BTreeSet;

use super::super::archived::{Archive, forgotten_id};
use super::super::closing::{close_with, with_names};
use super::super::evidence::Evidence;
use super::super::pages::Replays;
use super::super::second_opinion::second_opinion;
use super::super::setup::Setup;
use super::{Bench, accepted};
use crate::close::ClosedMonth;
use crate::close::readiness::undecided;
use crate::domain::charge::RatedWait;
use crate::domain::{Business, Currency, Verdict, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Ledger, Standing};

/// What a closed month comes to, rated again.
pub struct Again {
    pub currency: Currency,
    /// Why it cannot be told, where the logs do not prove every wait.
    pub closed: Result<ClosedMonth, Vec<String>>,
    /// Its waits, keyed, and the zone that its days are cut in.
    pub rated: Vec<RatedWait>,
    pub zone: Zone,
    /// What plain loops find to be wrong with it.
    pub doubts: Vec<String>,
}

/// Rates a month again with the files and accepted holds that were recorded up to `evidence_through`, and without the
/// messages of disputes that were settled up to `disputes_through`.
pub fn rated_again(
    bench: &Bench,
    ledger: &Ledger,
    replays: &mut Replays,
    standing: &Standing,
    evidence_through: u64,
    disputes_through: u64,
) -> Result<Again, Failure> {
    let (setup, evidence) = replays.inputs_at(bench.state, ledger, standing.closed, evidence_through)?;
    let inputs = Inputs { history: bench.history, archive: bench.archive, setup, evidence };
    let again = inputs.month(standing.closed, disputes_through)?;
    let doubts = inputs.doubts(standing.closed, &again)?;
    Ok(Again { doubts, ..again })
}

/// The waits of a closed month, keyed, by everything that is known now.
pub fn rated_now(
    bench: &Bench,
    ledger: &Ledger,
    replays: &mut Replays,
    standing: &Standing,
) -> Result<Vec<RatedWait>, Failure> {
    let closed = standing.closed;
    let (setup, evidence) = replays.inputs_at(bench.state, ledger, closed, bench.history.last)?;
    let business = setup.business(closed.business.as_str()).ok_or_else(|| {
        Failure::new(Kind::Differences, format!("the recorded book has no business {}", closed.business))
    })?;
    let rated = evidence.waits(business, closed.month, closed.cut, setup)?.rated;
    rated.map_err(|no_rate| Failure::new(Kind::Differences, no_rate.without_message()))
}

/// What a month is rated from.
pub struct Inputs<'i> {
    pub history: &'i History,
    pub archive: &'i Archive<'i>,
    /// As at the closing.
    pub setup: &'i Setup,
    pub evidence: &'i Evidence,
}

impl Inputs<'_> {
    /// The month of a business, closed once more.
    pub fn month(&self, closed: &MonthClosed, disputes_through: u64) -> Result<Again, Failure> {
        let Self { setup, evidence, .. } = *self;
        let business = setup.business(closed.business.as_str()).ok_or_else(|| {
            Failure::new(Kind::Differences, format!("the recorded book has no business {}", closed.business))
        })?;
        let currency = setup.tariff.currency;
        let rated = match evidence.waits(business, closed.month, closed.cut, setup)?.rated {
            Ok(rated) => rated,
            Err(no_rate) => return Ok(again(currency, business, Vec::new(), Err(vec![no_rate.without_message()]))),
        };
        let missing = undecided(&rated);
        if !missing.is_empty() {
            let reasons = missing.iter().map(ToString::to_string).collect();
            return Ok(again(currency, business, rated, Err(reasons)));
        }
        // Counted with everything, so that a disputed message leaves the places of the others as they were.
        let named = with_names(self.archive, evidence, &rated, &setup.tariff, closed.month)?;
        let taken_out = accepted(self.history, &closed.business, closed.month, disputes_through);
        let named = if taken_out.is_empty() {
            named
        } else {
            // Charged waits have plain names here, unless their customer was forgotten; the others have keyed ones.
            let forgotten: BTreeSet<(String, String)> =
                taken_out.keys().map(|(channel, keyed)| (channel.clone(), forgotten_id(keyed))).collect();
            let is_out = |rated: &RatedWait| {
                let (channel, id) = key(rated);
                let keyed = (channel.clone(), self.archive.key.message(&id));
                taken_out.contains_key(&keyed) || forgotten.contains(&(channel, id))
            };
            let expected = rated.iter().filter(|rated| rated.charge.is_some() && taken_out.contains_key(&key(rated)));
            without(named, &is_out, expected.count())?
        };
        let closed_again = close_with(&setup.tariff, business, closed.month, closed.cut, &named).map_err(|error| {
            Failure::new(Kind::SelfCheck, format!("{} of {} cannot be closed again", closed.month, business.id))
                .because(error)
        })?;
        Ok(again(currency, business, rated, Ok(closed_again)))
    }

    /// The second opinion, where the month would be billed by it.
    fn doubts(&self, closed: &MonthClosed, again: &Again) -> Result<Vec<String>, Failure> {
        let business = self.setup.business(closed.business.as_str());
        match (business, &again.closed) {
            (Some(business), Ok(_)) => {
                second_opinion(self.evidence, business, closed.month, closed.cut, self.setup, &again.rated)
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn again(
    currency: Currency,
    business: &Business,
    rated: Vec<RatedWait>,
    closed: Result<ClosedMonth, Vec<String>>,
) -> Again {
    Again { currency, closed, rated, zone: business.zone, doubts: Vec::new() }
}

fn key(rated: &RatedWait) -> (String, String) {
    (rated.wait.channel.to_string(), rated.wait.message_id.to_string())
}

/// Takes the charges of disputed messages away: they are excluded, as those of an accepted hold are.
fn without(
    mut rated: Vec<RatedWait>,
    is_out: &dyn Fn(&RatedWait) -> bool,
    expected: usize,
) -> Result<Vec<RatedWait>, Failure> {
    let mut taken = 0;
    for rated in rated.iter_mut().filter(|rated| rated.charge.is_some() && is_out(rated)) {
        taken += 1;
        rated.charge = None;
        rated.wait.verdict = Verdict::Held;
        rated.wait.excluded = true;
    }
    if taken == expected {
        Ok(rated)
    } else {
        Err(Failure::new(
            Kind::SelfCheck,
            format!("{expected} disputed messages are in the month, {taken} were taken out"),
        ))
    }
}
