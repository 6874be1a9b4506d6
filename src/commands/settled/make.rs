//! What a night leaves for the next one: what it has counted, and the messages that it did not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use polars::prelude::DataFrame;

use super::drawn::left;
use super::odd::{Rows, odd};
use super::store::{Files, OfBusiness, Written};
use super::{Days, Settled, Task, can_settle, ids, proof};
use crate::close::readiness::cut;
use crate::commands::alarms::owned_until;
use crate::commands::closing::{OpenMonth, Step, tolerance};
use crate::commands::correct::Late;
use crate::commands::coverage::{add_days, by_day, looked_at};
use crate::commands::evidence::{Evidence, broken};
use crate::commands::loaded::{are_owned, owners};
use crate::commands::setup::Setup;
use crate::commands::state::State;
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, Elapsed, Instant, Month, Span, Verdict, Zone};
use crate::error::Failure;
use crate::ledger::History;
use crate::read::frame;
use crate::report::alarms::{Past, Traffic};
use crate::report::portrait::Traits;

/// Writes what this night has counted of the months that are still open, and which pages of the others it leaves.
pub fn keep(task: &Task, evidence: &Evidence, open: &[OpenMonth], late: &[Late]) -> Result<(), Failure> {
    let Task { setup, history, state, as_of, .. } = *task;
    let (mut list, mut files) = (Written::of(task), Files::new());
    list.pages = left(task, open, late);
    let is_cut = history.files.iter().all(|(_, file)| file.archive_sha256.is_none());
    if can_settle(setup) && is_cut && are_owned(&owners(setup), &evidence.by_business)? {
        let none = frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken)?;
        let mut of_businesses: BTreeMap<&str, Vec<&OpenMonth>> = BTreeMap::new();
        for open in open {
            of_businesses.entry(open.business.id.as_str()).or_default().push(open);
        }
        for business in &setup.businesses {
            let id = business.id.as_str();
            let is_settled = evidence.settled.contains_key(id);
            let messages = evidence.by_business.get(id).or_else(|| is_settled.then_some(&none));
            let Some(messages) = messages else { continue };
            let months = of_businesses.get(id).map(Vec::as_slice).unwrap_or_default();
            let night = Night { setup, state, history, as_of, evidence, business, months };
            if let Some(of) = night.kept(messages, &mut files)? {
                list.businesses.insert(id.to_owned(), of);
            }
        }
    }
    list.write(&state.settled(), &files)
}

/// A business after its months were judged, with those that are still open.
pub struct Night<'n> {
    pub setup: &'n Setup,
    pub state: &'n State,
    pub history: &'n History,
    pub as_of: Instant,
    pub evidence: &'n Evidence,
    pub business: &'n Business,
    pub months: &'n [&'n OpenMonth<'n>],
}

/// What of a business is counted, and what is carried on.
pub struct Parted {
    pub carried: DataFrame,
    /// Halves of the ids of messages before the frontier that no earlier night has counted.
    pub more: Vec<u64>,
    /// By open month: which of its waits are counted, and all that are, with those of earlier nights.
    pub is_counted: Vec<Vec<bool>>,
    pub counted: Vec<(Month, Vec<Weighed>)>,
}

/// What becomes of the waits of a month that may be closed tonight.
pub struct Closing<'c> {
    /// What costs something is told one by one until it is billed.
    pub is_told: &'c dyn Fn(&OpenMonth) -> bool,
    /// No message is needed for it any more.
    pub is_over: &'c dyn Fn(&OpenMonth) -> bool,
}

impl Night<'_> {
    /// `None` where the next night is to begin from the archive.
    fn kept(&self, messages: &DataFrame, files: &mut Files) -> Result<Option<OfBusiness>, Failure> {
        let Self { evidence, business, .. } = *self;
        let old = evidence.settled.get(business.id.as_str());
        if old.is_some_and(|old| old.is_of_tonight) {
            return Ok(None);
        }
        let Some(before) = self.frontier(&|_| true) else { return Ok(None) };
        let never = |_: &OpenMonth| false;
        let closing = Closing { is_told: &never, is_over: &never };
        let Some(Parted { carried, more, counted, .. }) = self.parted(messages, before, &closing)? else {
            return Ok(None);
        };
        let Some(proof) = proof(evidence, business, before, self.as_of) else { return Ok(None) };
        let runs = old.map(|old| old.ids.as_slice()).unwrap_or_default();
        let (ids, file) = ids::with(&self.state.settled(), runs, more);
        files.extend(file);
        let traffic = evidence.traffic(&business.id, Span::ALWAYS)?;
        let (past, days) = (self.past(before, &traffic), self.days(before)?);
        let months = counted.into_iter().collect();
        let settled = Settled { before, ids, months, past, days, is_of_tonight: false };
        OfBusiness::of(&settled, proof, &carried, files).map(Some)
    }

    /// Counts what is decided before the frontier and finds what is carried on. `None` where all messages are still needed.
    pub fn parted(&self, messages: &DataFrame, before: Instant, closing: &Closing) -> Result<Option<Parted>, Failure> {
        let old = self.evidence.settled.get(self.business.id.as_str());
        let Some(rows) = Rows::of(messages)? else { return Ok(None) };
        let odd = odd(&rows, self.months.iter().flat_map(|month| &month.waits).map(|rated| &rated.wait));
        let is_odd = |rated: &RatedWait| odd.contains(&(&*rated.wait.channel, &*rated.wait.conversation));
        let is_settled = |rated: &RatedWait| is_answered(rated, before) && !is_odd(rated);
        let is_counted = |month: &OpenMonth| {
            let (is_told, is_over) = ((closing.is_told)(month), (closing.is_over)(month));
            let is_free = |rated: &RatedWait| rated.wait.verdict == Verdict::OnTime;
            let counts = |rated: &RatedWait| match is_over {
                true => is_free(rated) && !is_odd(rated),
                false => is_settled(rated) && (!is_told || is_free(rated)),
            };
            month.waits.iter().map(counts).collect::<Vec<bool>>()
        };
        let is_counted: Vec<Vec<bool>> = self.months.iter().copied().map(is_counted).collect();
        let waiting = self.months.iter().filter(|month| !(closing.is_over)(month)).flat_map(|month| &month.waits);
        let asked = asked(waiting.filter(|rated| !is_settled(rated)));
        let known = old.map_or(Instant::MIN, |old| old.before);
        let mut more = Vec::new();
        let mut is_carried = |row: usize| {
            let (sent_at, half) = (rows.sent_at(row), rows.halves[row]);
            if (known..before).contains(&sent_at) {
                more.push(half);
            }
            sent_at >= before || asked.binary_search(&half).is_ok() || odd.contains(&rows.place(row))
        };
        let mask: Vec<bool> = (0..messages.height()).map(&mut is_carried).collect();
        let carried = frame::filtered(messages, &mask).map_err(broken)?;
        let counted = self.counted(&is_counted);
        Ok(Some(Parted { carried, more, is_counted, counted }))
    }

    /// Everything before it is known, and is evidence in every month that `needs` it. `None` where what is said of a
    /// wait may change by more than its answer.
    pub fn frontier(&self, needs: &dyn Fn(&OpenMonth) -> bool) -> Option<Instant> {
        let Self { setup, history, as_of, evidence, business, months, .. } = *self;
        let old = evidence.settled.get(business.id.as_str());
        let tolerance = tolerance(setup, business);
        let is_accepted = history.accepted.iter().any(|(_, hold)| hold.business == business.id);
        let waits = months.iter().all(|month| matches!(month.step, Step::Wait(_)));
        if tolerance != Elapsed::ZERO || is_accepted || !waits {
            return None;
        }
        let mut before = as_of;
        for owned in &business.channels {
            let known = evidence.of_channel(owned.channel.as_str(), as_of)?;
            if known.tolerance != Elapsed::ZERO {
                return None;
            }
            before = before.min(known.watermark);
        }
        let months = months.iter().filter(|month| needs(month));
        let cuts = months.map(|month| cut(business, month.month, setup.tariff.horizon(), tolerance));
        Some(cuts.fold(before, Instant::min)).filter(|before| old.is_none_or(|old| old.before <= *before))
    }

    /// The waits that are counted now, with those that were before.
    fn counted(&self, is_counted: &[Vec<bool>]) -> Vec<(Month, Vec<Weighed>)> {
        let of_month = |(month, is_counted): (&&OpenMonth, &Vec<bool>)| {
            let earlier = month.settled.iter().map(|weighed| (&weighed.rated, weighed.times));
            let now = month.waits.iter().zip(is_counted).filter(|(_, is_counted)| **is_counted);
            let all = earlier.chain(now.map(|(rated, _)| (rated, 1)));
            (month.month, weighed(all, self.business.zone))
        };
        self.months.iter().zip(is_counted).map(of_month).collect()
    }

    /// What the silences of its channels hang on before the frontier, with what earlier nights have counted.
    pub fn past(&self, before: Instant, traffic: &BTreeMap<String, Traffic>) -> BTreeMap<String, Past> {
        let Self { evidence, business, .. } = *self;
        let old = evidence.settled.get(business.id.as_str());
        let messages = self.setup.config.alarms.silence_messages;
        let of_channel = |(channel, until): (&str, Instant)| {
            let past = old.and_then(|old| old.past.get(channel)).cloned().unwrap_or_default();
            let next = traffic.get(channel).map(|traffic| traffic.before(before.min(until))).unwrap_or_default();
            (channel.to_owned(), past.and(&next, messages))
        };
        owned_until(business).into_iter().map(of_channel).collect()
    }

    /// Messages a day before the frontier, with what earlier nights have counted.
    pub fn days(&self, before: Instant) -> Result<DaysOf, Failure> {
        let Self { setup, as_of, evidence, business, months, .. } = *self;
        let old = evidence.settled.get(business.id.as_str());
        let mut all = DaysOf::new();
        for month in months.iter().map(|open| open.month) {
            let span = month.span(business.zone);
            let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
            let traffic = evidence.traffic(&business.id, Span { to: cut.min(as_of), ..span })?;
            for owned in business.channels_in(span) {
                let place = (month, owned.channel.to_string(), owned.span.from);
                let [mut inbound, mut outbound] = old.and_then(|old| old.days.get(&place)).cloned().unwrap_or_default();
                let looked_at = looked_at(owned, span, cut);
                let looked_at = Span { to: looked_at.to.min(before), ..looked_at };
                if let Some(traffic) = traffic.get(owned.channel.as_str()) {
                    add_days(&mut inbound, &by_day(&traffic.inbound, looked_at, business.zone));
                    add_days(&mut outbound, &by_day(&traffic.outbound, looked_at, business.zone));
                }
                all.insert(place, [inbound, outbound]);
            }
        }
        Ok(all)
    }
}

/// By month, channel and the beginning of its ownership.
pub type DaysOf = BTreeMap<(Month, String, Instant), [Days; 2]>;

/// Whether it was answered before an instant, so that no later message changes it.
fn is_answered(rated: &RatedWait, before: Instant) -> bool {
    let wait = &rated.wait;
    matches!(wait.verdict, Verdict::OnTime | Verdict::Late) && wait.answered_at.is_some_and(|at| at < before)
}

/// Halves of the ids of waits, sorted.
fn asked<'w>(waits: impl Iterator<Item = &'w RatedWait>) -> Vec<u64> {
    let mut salts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut halves: Vec<u64> = Vec::new();
    for RatedWait { wait, .. } in waits {
        let salt = *salts.entry(&wait.channel).or_insert_with(|| ids::salt(&wait.channel));
        halves.extend(ids::half(salt, &wait.message_id));
    }
    halves.sort_unstable();
    halves
}

/// Waits that agree in all that a page tells of them, together.
pub fn weighed<'w>(waits: impl Iterator<Item = (&'w RatedWait, u64)>, zone: Zone) -> Vec<Weighed> {
    let mut groups = BTreeMap::new();
    for (rated, times) in waits {
        match groups.entry(likeness(rated, zone)) {
            Slot::Vacant(new) => {
                new.insert(Weighed { rated: rated.clone(), times });
            }
            Slot::Occupied(mut known) => known.get_mut().times += times,
        }
    }
    groups.into_values().collect()
}

/// All that a page asks of a decided wait.
fn likeness(rated: &RatedWait, zone: Zone) -> impl Ord + use<> {
    let RatedWait { wait, market, charge } = rated;
    let charge = charge.as_ref().map(|charge| (charge.amount, charge.rate.clone()));
    let (day, traits) = (zone.date_of(wait.received_at), Traits::of(wait, zone));
    (day, traits, market.clone(), wait.entry_point, wait.verdict, charge)
}
