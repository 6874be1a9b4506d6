//! Which months can be closed, and their closing: decided here, carried out in the ledger's transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::archived::{Archive, forgotten_id};
use super::audit::line_file_of;
use super::evidence::{Evidence, Waits};
use super::setup::Setup;
use super::standing::standing;
use super::state::{State, ledger_failure};
use super::{named, workers};
use crate::close::guards::{Found, Guard};
use crate::close::readiness::{Missing, cut, missing_logs, undecided};
use crate::close::{self, CloseError, ClosedMonth, Pricing, check};
use crate::domain::charge::{Charge, RatedWait, Weighed};
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Business, BusinessId, Elapsed, Instant, Invoice, Month, Ownership};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger, Standing};
use crate::pair::Conflict;
use crate::rate::{self, Tariff};
use crate::read::{coverage, inbox};

/// A month of a business that is not closed yet.
pub struct OpenMonth<'s> {
    pub business: &'s Business,
    pub month: Month,
    pub step: Step,
    /// For the report: judged as of now.
    pub waits: Vec<RatedWait>,
    /// Decided waits beside them, which an earlier night has counted: only of months that cannot be closed yet.
    pub settled: Vec<Weighed>,
    /// Messages of the business of which exports disagree, whatever their month.
    pub conflicts: Vec<Conflict>,
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

/// All months from each business's first one to the one that `as_of` lies in, without the closed ones;
/// in order of business, then month.
pub fn open_months<'s>(
    setup: &'s Setup,
    history: &History,
    evidence: &Evidence,
    archive: &Archive,
    as_of: Instant,
) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let broken_vows = broken_vows(setup, history);
    let judging = Judging { setup, evidence, as_of, broken_vows };
    // The months of one business are one task: each builds upon what was found for the one before.
    let work = |business: &&'s Business| {
        let business: &'s Business = business;
        let months = std::iter::successors(Some(business.first_month), |month| Some(month.next()));
        let months = months.take_while(|month| month.span(business.zone).from <= as_of);
        let open = months.filter(|month| !history.closed.contains_key(&(business.id.clone(), *month)));
        open.map(|month| judge(&judging, business, month)).collect::<Result<Vec<_>, Failure>>()
    };
    let businesses: Vec<&'s Business> = setup.businesses.iter().collect();
    let (mut open, mut decided) = (Vec::new(), Vec::new());
    workers::in_order(&businesses, work, |_, judged| {
        for Judged { month, cut } in judged {
            decided.extend(cut.map(|cut| (open.len(), cut)));
            open.push(month);
        }
        Ok(())
    })?;
    close_decided(&judging, archive, &mut open, &decided)?;
    Ok(open)
}

/// What months are judged by.
struct Judging<'j> {
    setup: &'j Setup,
    evidence: &'j Evidence,
    as_of: Instant,
    broken_vows: Vec<BrokenVow<'j>>,
}

/// A month with the step that is taken, unless everything about it is decided: then it has a cut, and is closed as soon as
/// its charges have their plain names.
struct Judged<'s> {
    month: OpenMonth<'s>,
    cut: Option<Instant>,
}

/// So many charges have their plain names in memory at a time.
const CHARGES_AT_ONCE: usize = 200_000;

/// Closes what is decided, by place and cut: names first, for so many months at once as fit into memory, so that the
/// archive is read once for all of them.
fn close_decided(
    judging: &Judging,
    archive: &Archive,
    open: &mut [OpenMonth],
    decided: &[(usize, Instant)],
) -> Result<(), Failure> {
    let Judging { setup, evidence, .. } = *judging;
    let mut rest = decided;
    while !rest.is_empty() {
        let (mut sum, mut count) = (0, 0);
        while let Some(next) = rest.get(count).filter(|_| count == 0 || sum < CHARGES_AT_ONCE) {
            sum += charges(open, next.0);
            count += 1;
        }
        let (batch, left) = rest.split_at(count);
        rest = left;
        let closed = close_batch(setup, evidence, archive, open, batch)?;
        for ((place, _), closed) in batch.iter().zip(closed) {
            if let Some(month) = open.get_mut(*place) {
                month.step = Step::Close(Box::new(closed));
            }
        }
    }
    Ok(())
}

fn charges(open: &[OpenMonth], place: usize) -> usize {
    let waits = open.get(place).map(|month| month.waits.as_slice()).unwrap_or_default();
    waits.iter().filter(|rated| rated.charge.is_some()).count()
}

fn close_batch(
    setup: &Setup,
    evidence: &Evidence,
    archive: &Archive,
    open: &[OpenMonth],
    batch: &[(usize, Instant)],
) -> Result<Vec<ClosedMonth>, Failure> {
    let months: Vec<(&OpenMonth, Instant)> =
        batch.iter().filter_map(|(place, cut)| Some((open.get(*place)?, *cut))).collect();
    let waits: Vec<&[RatedWait]> = months.iter().map(|(month, _)| month.waits.as_slice()).collect();
    let names = named::names(archive, evidence, &waits, setup.tariff.reading.clock)?;
    let tasks: Vec<_> = months.into_iter().zip(names).collect();
    workers::all(&tasks, |((open, cut), names)| {
        let OpenMonth { business, month, waits, .. } = open;
        let named = counted_by_name(waits, names, &setup.tariff, *month);
        close_with(&setup.tariff, business, *month, *cut, &named).map_err(|error| {
            Failure::new(Kind::SelfCheck, format!("{month} of {} cannot be closed", business.id)).because(error)
        })
    })
}

/// A file of a `continuous` source that stands aside: the operator vouches that none of its files is missing, and
/// what the others prove together is not certain without it.
struct BrokenVow<'j> {
    source: &'j Source,
    file: String,
}

/// The first such file of each source: another one of it concerns the same months.
fn broken_vows<'j>(setup: &'j Setup, history: &History) -> Vec<BrokenVow<'j>> {
    let patterns = inbox::Patterns::of(&setup.config.sources);
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    let aside = standing(setup, history, &[]).into_iter().filter_map(|aside| {
        let source = patterns.claimed(&aside.name)?;
        let is_first = source.coverage == Coverage::Continuous && broken.insert(&source.name);
        is_first.then_some(BrokenVow { source, file: aside.name })
    });
    aside.collect()
}

impl BrokenVow<'_> {
    fn concerns(&self, business: &Business, month: Month) -> bool {
        let may_carry = |owned: &Ownership| coverage::may_carry(self.source, owned.channel.as_str());
        business.channels_in(month.span(business.zone)).any(may_carry)
    }
}

fn judge<'s>(judging: &Judging<'_>, business: &'s Business, month: Month) -> Result<Judged<'s>, Failure> {
    let Judging { setup, evidence, as_of, .. } = *judging;
    let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
    let of_channel = |channel: &str| evidence.of_channel(channel, as_of);
    let missing = missing_logs(business, month, cut, as_of, &of_channel);
    // A month that waits for logs is still shown as far as it is known.
    let through = if missing.is_empty() { cut } else { cut.min(as_of) };
    let Waits { rated, conflicts } = evidence.waits(business, month, through, setup)?;
    let settled = || evidence.settled.get(business.id.as_str()).and_then(|settled| settled.months.get(&month)).cloned();
    let open = |step, waits| {
        // Where a charge has no rate, nothing is told.
        let settled = settled().filter(|_| !matches!(step, Step::Park(_))).unwrap_or_default();
        Judged { month: OpenMonth { business, month, step, waits, settled, conflicts: conflicts.clone() }, cut: None }
    };
    let rated = match rated {
        Ok(rated) => rated,
        Err(no_rate) => {
            let found = vec![Found { guard: Guard::Rates, text: no_rate.without_message() }];
            return Ok(open(Step::Park(Parked { found, closed: None }), Vec::new()));
        }
    };
    let missing = if missing.is_empty() { undecided(&rated) } else { missing };
    let vow = judging.broken_vows.iter().find(|vow| missing.is_empty() && vow.concerns(business, month));
    if let Some(BrokenVow { source, file }) = vow {
        let reason = format!("{file} was set aside, and source `{}` vouches that no file is missing", source.name);
        return Ok(open(Step::Wait(vec![Missing::Other(reason)]), rated));
    }
    if !missing.is_empty() {
        let note = span_note(setup, business, evidence).filter(|_| !matches!(missing[..], [Missing::Horizon(_)]));
        let missing = missing.into_iter().chain(note.map(Missing::Other)).collect();
        return Ok(open(Step::Wait(missing), rated));
    }
    // Invariant: what is billed is judged from the archive, never from what an earlier night has counted.
    if evidence.settled.contains_key(business.id.as_str()) {
        let text = format!("{month} of {} would be closed by what earlier nights have counted", business.id);
        return Err(Failure::new(Kind::SelfCheck, text).hint("run with --from-scratch, and report it"));
    }
    Ok(Judged { cut: Some(cut), ..open(Step::Wait(Vec::new()), rated) })
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
fn counted_by_name(rated: &[RatedWait], names: &named::Names, tariff: &Tariff, month: Month) -> Vec<RatedWait> {
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

/// Sources under whose coverage most months wait, by name and setting.
fn span_note(setup: &Setup, business: &Business, evidence: &Evidence) -> Option<String> {
    let known = business.channels.iter().filter_map(|owned| evidence.known.get(owned.channel.as_str()));
    let names: BTreeSet<&String> = known.flat_map(|known| &known.sources).collect();
    let is_span = |name: &&&String| setup.source(name).is_some_and(|source| source.coverage == Coverage::Span);
    let source = names.iter().find(is_span)?;
    Some(format!("source `{source}` has coverage = \"span\": a file proves only its own first to last message"))
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
