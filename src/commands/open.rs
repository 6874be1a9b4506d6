//! The months that are not closed, judged; and those that can be closed as they would be.

mod sieved;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::sieved::on_cluster;
use super::archived::Archive;
use super::closing::{OpenMonth, Parked, Step, close_with, counted_by_name, tolerance};
use super::cluster::Cluster;
use super::evidence::{Evidence, Waits};
use super::setup::Setup;
use super::standing::standing;
use super::timings::Timings;
use super::{named, settled, workers};
use crate::close::ClosedMonth;
use crate::close::guards::{Found, Guard};
use crate::close::readiness::{Missing, cut, missing_logs, undecided};
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Business, BusinessId, Instant, Month, Ownership, Span};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::read::{coverage, inbox};

/// What open months are judged by, beside the evidence.
pub struct Tonight<'s, 't> {
    pub setup: &'s Setup,
    pub history: &'t History,
    pub archive: &'t Archive<'t>,
    pub as_of: Instant,
    /// Whether what is counted tonight is kept for the next night.
    pub is_kept: bool,
    pub timings: Option<&'t Timings>,
}

impl Tonight<'_, '_> {
    fn part(&self, name: &'static str, begun: Option<Duration>, rows: u64) {
        if let (Some(timings), Some(begun)) = (self.timings, begun) {
            timings.part(name, begun, Some(rows));
        }
    }
}

/// All months from each business's first one to the one that `as_of` lies in, without the closed ones;
/// in order of business, then month. The evidence has all messages.
pub fn open_months<'s>(tonight: &Tonight<'s, '_>, evidence: &Evidence) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let all: Vec<&Business> = tonight.setup.businesses.iter().collect();
    judged_and_closed(tonight, &broken_vows(tonight.setup, tonight.history), evidence, &all)
}

/// The same, whatever the evidence has.
///
/// Unread businesses are read and judged a few at a time, or sieved by a cluster where there is one. Of each of them the
/// evidence has afterwards what is counted of its messages, and those that may still matter.
pub fn open_in_portions<'s>(
    tonight: &Tonight<'s, '_>,
    evidence: &mut Evidence,
    cluster: Option<&Cluster>,
) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let Tonight { setup, history, archive, .. } = *tonight;
    let broken_vows = broken_vows(setup, history);
    let portions = evidence.portions(setup);
    let is_read = |business: &&Business| !evidence.unread.businesses.contains(business.id.as_str());
    let read: Vec<&Business> = setup.businesses.iter().filter(is_read).collect();
    let mut open = Vec::new();
    let portions = match cluster {
        // What it finds may take back what is known of any channel.
        Some(cluster) if !portions.is_empty() => {
            open.extend(on_cluster(tonight, &broken_vows, evidence, &portions, cluster)?);
            Vec::new()
        }
        _ => portions,
    };
    open.extend(judged_and_closed(tonight, &broken_vows, evidence, &read)?);
    for portion in portions {
        if let [business] = portion.as_slice()
            && let Some(judged) = in_slices(tonight, &broken_vows, evidence, business)?
        {
            open.extend(judged);
            continue;
        }
        let begun = tonight.timings.map(Timings::now);
        if !evidence.read_portion(&portion, setup, archive)? {
            evidence.read_all(setup, archive)?;
            let all: Vec<&Business> = setup.businesses.iter().collect();
            return judged_and_closed(tonight, &broken_vows, evidence, &all);
        }
        let (mut judged, decided) = judged(tonight, &broken_vows, evidence, &portion)?;
        settled::abridge(tonight, evidence, &portion, &mut judged)?;
        close_decided(tonight, evidence, &mut judged, &decided)?;
        settled::weigh_closed(evidence, &mut judged);
        tonight.part("in portions", begun, portion.len() as u64);
        open.extend(judged);
    }
    let places: BTreeMap<&BusinessId, usize> =
        setup.businesses.iter().enumerate().map(|(place, business)| (&business.id, place)).collect();
    open.sort_by_key(|open| (places.get(&open.business.id).copied(), open.month));
    Ok(open)
}

/// The open months of a business with more messages than are in memory at once; `None` where it has fewer, or cannot be
/// judged but as a whole.
fn in_slices<'s>(
    tonight: &Tonight<'s, '_>,
    broken_vows: &[BrokenVow],
    evidence: &mut Evidence,
    business: &'s Business,
) -> Result<Option<Vec<OpenMonth<'s>>>, Failure> {
    // That a wait is held or pending may show in the last slice only: then everything is read once more, and every message
    // kept that may still matter.
    for is_sure in [true, false] {
        let months = asked(tonight, evidence, business);
        let closable = months.iter().filter(|asked| asked.has_its_logs()).count();
        let begun = tonight.timings.map(Timings::now);
        let Some(sliced) = settled::sliced(tonight, evidence, business, &months, is_sure)? else { return Ok(None) };
        let judging = Judging { tonight, evidence, broken_vows };
        let (mut open, mut cuts) = (Vec::new(), Vec::new());
        for (asked, of_month) in months.into_iter().zip(sliced.months) {
            let waits = Waits { rated: Ok(of_month.waits), conflicts: of_month.conflicts };
            let Judged { mut month, cut } = decided(&judging, asked, waits)?;
            (month.settled, month.opinion) = (of_month.counted, cut.map(|_| of_month.opinion));
            cuts.extend(cut.map(|cut| (open.len(), cut)));
            open.push(month);
        }
        tonight.part("in slices", begun, evidence.slices(business));
        if is_sure && cuts.len() < closable {
            continue;
        }
        evidence.let_go(business, sliced.settled, sliced.carried);
        close_decided(tonight, evidence, &mut open, &cuts)?;
        settled::weigh_closed(evidence, &mut open);
        return Ok(Some(open));
    }
    Ok(None)
}

/// What the months of some businesses are judged by.
struct Judging<'j> {
    tonight: &'j Tonight<'j, 'j>,
    evidence: &'j Evidence,
    broken_vows: &'j [BrokenVow<'j>],
}

fn judged_and_closed<'s>(
    tonight: &Tonight<'s, '_>,
    broken_vows: &[BrokenVow],
    evidence: &Evidence,
    businesses: &[&'s Business],
) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let (mut open, decided) = judged(tonight, broken_vows, evidence, businesses)?;
    close_decided(tonight, evidence, &mut open, &decided)?;
    Ok(open)
}

/// Place and cut of months of which everything is decided.
type Decided = Vec<(usize, Instant)>;

/// The open months of some businesses, and place and cut of those of which everything is decided.
fn judged<'s>(
    tonight: &Tonight<'s, '_>,
    broken_vows: &[BrokenVow],
    evidence: &Evidence,
    businesses: &[&'s Business],
) -> Result<(Vec<OpenMonth<'s>>, Decided), Failure> {
    let judging = Judging { tonight, evidence, broken_vows };
    // The months of one business are one task: each builds upon what was found for the one before.
    let work = |business: &&'s Business| {
        let months = asked(tonight, evidence, business).into_iter();
        months.map(|asked| judge(&judging, asked)).collect::<Result<Vec<_>, Failure>>()
    };
    let (mut open, mut decided) = (Vec::new(), Vec::new());
    workers::in_order(businesses, work, |_, judged| {
        for Judged { month, cut } in judged {
            decided.extend(cut.map(|cut| (open.len(), cut)));
            open.push(month);
        }
        Ok(())
    })?;
    Ok((open, decided))
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
    tonight: &Tonight,
    evidence: &Evidence,
    open: &mut [OpenMonth],
    decided: &[(usize, Instant)],
) -> Result<(), Failure> {
    let mut rest = decided;
    while !rest.is_empty() {
        let (mut sum, mut count) = (0, 0);
        while let Some(next) = rest.get(count).filter(|_| count == 0 || sum < CHARGES_AT_ONCE) {
            sum += charges(open, next.0);
            count += 1;
        }
        let (batch, left) = rest.split_at(count);
        rest = left;
        let closed = close_batch(tonight, evidence, open, batch)?;
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
    tonight: &Tonight,
    evidence: &Evidence,
    open: &[OpenMonth],
    batch: &[(usize, Instant)],
) -> Result<Vec<ClosedMonth>, Failure> {
    let Tonight { setup, archive, .. } = *tonight;
    let months: Vec<(&OpenMonth, Instant)> =
        batch.iter().filter_map(|(place, cut)| Some((open.get(*place)?, *cut))).collect();
    let waits: Vec<&[RatedWait]> = months.iter().map(|(month, _)| month.waits.as_slice()).collect();
    let names = named::names(archive, evidence, &waits, setup.tariff.reading.clock)?;
    let tasks: Vec<_> = months.into_iter().zip(names).collect();
    workers::all(&tasks, |((open, cut), names)| {
        let OpenMonth { business, month, waits, settled, .. } = open;
        let named = counted_by_name(waits, names, &setup.tariff, *month);
        let mut closed = close_with(&setup.tariff, business, *month, *cut, &named).map_err(|error| {
            Failure::new(Kind::SelfCheck, format!("{month} of {} cannot be closed", business.id)).because(error)
        })?;
        // Those that were answered in time are counted only: nothing is billed of them.
        for Weighed { rated, times } in settled {
            closed.counts.add_times(rated.wait.verdict, *times);
        }
        Ok(closed)
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

/// A month that is to be judged.
pub struct Asked<'s> {
    pub business: &'s Business,
    pub month: Month,
    /// Where its evidence ends.
    cut: Instant,
    /// Up to where it is judged tonight.
    pub through: Instant,
    missing: Vec<Missing>,
}

impl<'s> Asked<'s> {
    pub fn of(tonight: &Tonight, evidence: &Evidence, business: &'s Business, month: Month) -> Self {
        let Tonight { setup, as_of, .. } = *tonight;
        let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
        let of_channel = |channel: &str| evidence.of_channel(channel, as_of);
        let missing = missing_logs(business, month, cut, as_of, &of_channel);
        // A month that waits for logs is still shown as far as it is known.
        let through = if missing.is_empty() { cut } else { cut.min(as_of) };
        Self { business, month, cut, through, missing }
    }

    /// The month, by the clock of its business.
    fn span(&self) -> Span {
        self.month.span(self.business.zone)
    }

    /// A month that was closed, as it was then.
    pub const fn again(business: &'s Business, month: Month, cut: Instant) -> Self {
        Self { business, month, cut, through: cut, missing: Vec::new() }
    }

    /// Whether no log of it is missing, so that it can be closed if every wait is decided.
    pub const fn has_its_logs(&self) -> bool {
        self.missing.is_empty()
    }
}

/// The months of a business that are not closed.
fn asked<'s>(tonight: &Tonight, evidence: &Evidence, business: &'s Business) -> Vec<Asked<'s>> {
    let Tonight { history, as_of, .. } = *tonight;
    let months = std::iter::successors(Some(business.first_month), |month| Some(month.next()));
    let months = months.take_while(|month| month.span(business.zone).from <= as_of);
    let open = months.filter(|month| !history.closed.contains_key(&(business.id.clone(), *month)));
    open.map(|month| Asked::of(tonight, evidence, business, month)).collect()
}

fn judge<'s>(judging: &Judging, asked: Asked<'s>) -> Result<Judged<'s>, Failure> {
    let Judging { tonight, evidence, .. } = *judging;
    let waits = evidence.waits(asked.business, asked.month, asked.through, tonight.setup)?;
    decided(judging, asked, waits)
}

/// What becomes of a month with these waits.
fn decided<'s>(judging: &Judging, asked: Asked<'s>, waits: Waits) -> Result<Judged<'s>, Failure> {
    let Judging { tonight: Tonight { setup, .. }, evidence, .. } = *judging;
    let Asked { business, month, cut, missing, .. } = asked;
    let Waits { rated, conflicts } = waits;
    let settled = || evidence.settled.get(business.id.as_str()).and_then(|settled| settled.months.get(&month)).cloned();
    let open = |step, waits| {
        // Where a charge has no rate, nothing is told.
        let settled = settled().filter(|_| !matches!(step, Step::Park(_))).unwrap_or_default();
        let conflicts = conflicts.clone();
        let month = OpenMonth { business, month, step, waits, settled, conflicts, opinion: None };
        Judged { month, cut: None }
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
    if evidence.settled.get(business.id.as_str()).is_some_and(|settled| !settled.is_of_tonight) {
        let text = format!("{month} of {} would be closed by what earlier nights have counted", business.id);
        return Err(Failure::new(Kind::SelfCheck, text).hint("run with --from-scratch, and report it"));
    }
    Ok(Judged { cut: Some(cut), ..open(Step::Wait(Vec::new()), rated) })
}

/// Sources under whose coverage most months wait, by name and setting.
fn span_note(setup: &Setup, business: &Business, evidence: &Evidence) -> Option<String> {
    let known = business.channels.iter().filter_map(|owned| evidence.known.get(owned.channel.as_str()));
    let names: BTreeSet<&String> = known.flat_map(|known| &known.sources).collect();
    let is_span = |name: &&&String| setup.source(name).is_some_and(|source| source.coverage == Coverage::Span);
    let source = names.iter().find(is_span)?;
    Some(format!("source `{source}` has coverage = \"span\": a file proves only its own first to last message"))
}
