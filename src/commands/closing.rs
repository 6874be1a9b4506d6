//! Which months can be closed, and their closing: decided here, carried out in the ledger's transaction.

use std::collections::BTreeMap;

use super::archived::{Archive, forgotten_id};
use super::audit::line_file_of;
use super::evidence::Evidence;
use super::named;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use crate::close::guards::Found;
use crate::close::readiness::Missing;
use crate::close::{self, CloseError, ClosedMonth, Pricing, check};
use crate::domain::charge::{Charge, RatedWait, Weighed};
use crate::domain::{Business, BusinessId, Elapsed, Instant, Invoice, Month, Ownership};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger, Standing};
use crate::pair::Conflict;
use crate::rate::{self, Tariff};

/// A month of a business that is not closed yet.
pub struct OpenMonth<'s> {
    pub business: &'s Business,
    pub month: Month,
    pub step: Step,
    /// For the report: judged as of now.
    pub waits: Vec<RatedWait>,
    /// Decided waits beside them, which are only counted: by an earlier night, of months that cannot be closed yet; or
    /// tonight, of a business whose messages were let go.
    pub settled: Vec<Weighed>,
    /// Messages of the business of which exports disagree, whatever their month.
    pub conflicts: Vec<Conflict>,
    /// What the second opinion found, where the messages that it needs are no longer there.
    pub opinion: Option<Vec<String>>,
}

impl OpenMonth<'_> {
    /// All waits, each with how many of its like there are.
    pub fn weighed(&self) -> impl Iterator<Item = (&RatedWait, u64)> {
        let settled = self.settled.iter().map(|weighed| (&weighed.rated, weighed.times));
        self.waits.iter().map(|rated| (rated, 1)).chain(settled)
    }
}

/// What the run can do with it.
pub enum Step {
    Close(Box<ClosedMonth>),
    /// It can be closed, and a person is to approve it first.
    Approve(Box<ClosedMonth>),
    Wait(Vec<Missing>),
    /// Set aside, until somebody acts.
    Park(Parked),
}

/// Why a month is set aside.
pub struct Parked {
    pub found: Vec<Found>,
    /// The month as it would be closed; `None` where a charge has no rate.
    pub closed: Option<Box<ClosedMonth>>,
}

impl std::fmt::Display for Parked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said: Vec<String> = self.found.iter().map(ToString::to_string).collect();
        f.write_str(&said.join("; "))
    }
}

/// Each thing in words.
pub fn texts(things: &[impl std::fmt::Display]) -> Vec<String> {
    things.iter().map(ToString::to_string).collect()
}

/// The waits with plain names, and their charges counted in the order of those: of one instant the id decides.
pub fn with_names(
    archive: &Archive,
    evidence: &Evidence,
    rated: &[RatedWait],
    tariff: &Tariff,
    month: Month,
) -> Result<Vec<RatedWait>, Failure> {
    let names = named::names(archive, evidence, &[rated], tariff.reading.clock)?;
    Ok(counted_by_name(rated, &names.into_iter().next().unwrap_or_default(), tariff, month))
}

/// The same waits with their plain names, which are known, counted in their order.
pub fn counted_by_name(rated: &[RatedWait], names: &named::Names, tariff: &Tariff, month: Month) -> Vec<RatedWait> {
    let mut named = named::named(rated, names);
    rate::count(&mut named, tariff, &|_, _| month);
    named
}

/// The same waits, keyed, with the charges that [`with_names`] gives them: what a line file and an invoice say.
pub fn counted(
    archive: &Archive,
    evidence: &Evidence,
    mut rated: Vec<RatedWait>,
    tariff: &Tariff,
    month: Month,
) -> Result<Vec<RatedWait>, Failure> {
    if !tariff.counts() {
        return Ok(rated);
    }
    let named = with_names(archive, evidence, &rated, tariff, month)?;
    let charges: BTreeMap<(String, &str), &Charge> = named
        .iter()
        .filter_map(|rated| Some((&rated.wait, rated.charge.as_ref()?)))
        .flat_map(|(wait, charge)| {
            let ids = [archive.key.message(&wait.message_id), wait.message_id.to_string()];
            ids.map(|id| ((id, &*wait.channel), charge))
        })
        .collect();
    for rated in rated.iter_mut().filter(|rated| rated.charge.is_some()) {
        let wait = &rated.wait;
        let of = |id: String| charges.get(&(id, &*wait.channel)).copied().cloned();
        let charge = of(wait.message_id.to_string()).or_else(|| of(forgotten_id(&wait.message_id)));
        rated.charge = charge.or_else(|| rated.charge.take());
    }
    Ok(rated)
}

/// Closes a month under a tariff.
pub fn close_with(
    tariff: &Tariff,
    business: &Business,
    month: Month,
    cut: Instant,
    rated: &[RatedWait],
) -> Result<ClosedMonth, CloseError> {
    let adjustments = |net, has_paid_charge| rate::adjustments(net, has_paid_charge, tariff);
    let pricing = Pricing { tariff: &tariff.name(), currency: tariff.currency, adjustments: &adjustments };
    close::close(business, month, cut, rated, &pricing)
}

/// The greatest tolerance of the channels that the business ever owns: by the configuration, so that the evidence
/// of a month ends at the same instant whichever files have come.
pub fn tolerance(setup: &Setup, business: &Business) -> Elapsed {
    let of_channel = |owned: &Ownership| setup.tolerance(owned.channel.as_str());
    business.channels.iter().map(of_channel).max().unwrap_or(Elapsed::ZERO)
}

/// Gaps in the inbound logs of a month that can be closed: messages that were never seen are not billed.
pub fn unseen(open: &OpenMonth, evidence: &Evidence) -> Vec<String> {
    let Step::Close(closed) = &open.step else { return Vec::new() };
    let month = open.month.span(open.business.zone);
    let mut unseen = Vec::new();
    for owned in open.business.channels_in(month) {
        let Some(known) = evidence.known.get(owned.channel.as_str()) else { continue };
        for gap in known.inbound_gaps(closed.cut) {
            let (from, to) = (gap.from.max(month.from).max(owned.span.from), gap.to.min(month.to).min(owned.span.to));
            if from < to {
                unseen.push(format!("inbound logs of channel {} are missing from {from} to {to}", owned.channel));
            }
        }
    }
    unseen
}

/// The canonical invoice that the ledger holds for an issued one.
pub fn stored_invoice(ledger: &Ledger, issued: &Issued) -> Result<Invoice, Failure> {
    let bytes = ledger.content(&issued.document_sha256).map_err(|error| ledger_failure(error, ledger.path()))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("the canonical invoice {} cannot be read", issued.number);
        Failure::new(Kind::Differences, message).at(ledger.path()).because(error)
    })
}

/// A file of charges by its digest: that of a closing, or of a correction. The same bytes lie beside the documents of
/// an invoice; where one of the two was lost, the other is taken.
pub fn filed_charges(
    state: &State,
    history: &History,
    business: &BusinessId,
    month: Month,
    data_sha256: &str,
) -> Result<Vec<u8>, Failure> {
    let mut corrections = history.corrections(business, month);
    let correction = corrections.find(|corrected| corrected.data_sha256 == data_sha256);
    let path = state.corrected_charges(business, month, correction.map_or(0, |corrected| corrected.correction));
    let error = match std::fs::read(&path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    let same =
        history.issued_to(business).filter(|issued| issued.kind.is_invoice() && issued.data_sha256 == data_sha256);
    let mut attached =
        same.filter_map(|issued| std::fs::read(state.documents(&issued.number).join(line_file_of(issued))).ok());
    let attached = attached.find(|bytes| check::sha256(bytes) == history.sha256_now(data_sha256));
    attached.ok_or_else(|| Failure::io("read the charge file", &path, error))
}

/// The charges that an invoice bills of its own month.
pub fn charge_file(state: &State, history: &History, issued: &Issued) -> Result<Vec<u8>, Failure> {
    filed_charges(state, history, &issued.business, issued.month, &issued.data_sha256)
}

/// The charges of a closed month as they stand, compared with their digest.
pub fn charges_of(state: &State, history: &History, standing: &Standing) -> Result<Vec<u8>, Failure> {
    let (business, month) = (&standing.closed.business, standing.closed.month);
    let bytes = filed_charges(state, history, business, month, standing.data_sha256())?;
    if check::sha256(&bytes) == history.sha256_now(standing.data_sha256()) {
        return Ok(bytes);
    }
    let failure = Failure::new(Kind::Differences, format!("the charges of {month} of {business} were changed"));
    Err(failure.at(&state.corrected_charges(business, month, standing.correction())).hint("see `ritardo verify`"))
}
