//! What a night leaves for the next one: what it has counted, and the messages that it did not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use polars::prelude::{BooleanChunked, DataFrame};

use super::drawn::left;
use super::fit::are_owned;
use super::odd::{Rows, odd};
use super::store::{Files, OfBusiness, Written};
use super::{Days, Settled, Task, ids, proof};
use crate::close::readiness::cut;
use crate::commands::alarms::owned_until;
use crate::commands::closing::{OpenMonth, Step, tolerance};
use crate::commands::correct::Late;
use crate::commands::coverage::{add_days, by_day, looked_at};
use crate::commands::evidence::{Evidence, broken, owners};
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, Elapsed, Instant, Month, Span, Verdict, Zone};
use crate::error::Failure;
use crate::read::frame;
use crate::report::alarms::Past;
use crate::report::tally::length_range;

/// Writes what this night has counted of the months that are still open, and which pages of the others it leaves.
pub fn keep(task: &Task, evidence: &Evidence, open: &[OpenMonth], late: &[Late]) -> Result<(), Failure> {
    let Task { setup, history, state, .. } = *task;
    let (mut list, mut files) = (Written::of(task), Files::new());
    list.pages = left(task, open, late);
    let is_cut = history.files.iter().all(|(_, file)| file.archive_sha256.is_none());
    if task.can_settle() && is_cut && are_owned(&owners(setup), &evidence.by_business)? {
        let none = frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken)?;
        for business in &setup.businesses {
            let id = business.id.as_str();
            let is_settled = evidence.settled.contains_key(id);
            let messages = evidence.by_business.get(id).or_else(|| is_settled.then_some(&none));
            let Some(messages) = messages else { continue };
            let months: Vec<&OpenMonth> = open.iter().filter(|open| open.business.id == business.id).collect();
            let night = Night { task, evidence, business, months: &months };
            if let Some(of) = night.kept(messages, &mut files)? {
                list.businesses.insert(id.to_owned(), of);
            }
        }
    }
    list.write(&state.settled(), &files)
}

/// A business after a night, with its months that are still open.
struct Night<'n> {
    task: &'n Task<'n>,
    evidence: &'n Evidence,
    business: &'n Business,
    months: &'n [&'n OpenMonth<'n>],
}

impl Night<'_> {
    /// `None` where the next night is to begin from the archive.
    fn kept(&self, messages: &DataFrame, files: &mut Files) -> Result<Option<OfBusiness>, Failure> {
        let Self { task, evidence, business, .. } = *self;
        let old = evidence.settled.get(business.id.as_str());
        let Some(before) = self.frontier().filter(|before| old.is_none_or(|old| old.before <= *before)) else {
            return Ok(None);
        };
        let Some(proof) = proof(evidence, business, before, task.as_of) else { return Ok(None) };
        let Some(rows) = Rows::of(messages)? else { return Ok(None) };
        let waits = || self.months.iter().flat_map(|month| &month.waits);
        let odd = odd(&rows, waits().map(|rated| &rated.wait));
        let is_odd = |rated: &RatedWait| odd.contains(&(&*rated.wait.channel, &*rated.wait.conversation));
        let is_settled = |rated: &RatedWait| is_answered(rated, before) && !is_odd(rated);
        let asked = asked(waits().filter(|rated| !is_settled(rated)));
        let known = old.map_or(Instant::MIN, |old| old.before);
        let mut more = Vec::new();
        let mut is_carried = |row: usize| {
            let (sent_at, half) = (rows.sent_at(row), rows.halves[row]);
            if (known..before).contains(&sent_at) {
                more.push(half);
            }
            sent_at >= before || asked.binary_search(&half).is_ok() || odd.contains(&rows.place(row))
        };
        let mask: BooleanChunked = (0..messages.height()).map(|row| Some(is_carried(row))).collect();
        let carried = messages.filter(&mask).map_err(broken)?;
        let runs = old.map(|old| old.ids.as_slice()).unwrap_or_default();
        let (ids, file) = ids::with(&task.state.settled(), runs, more);
        files.extend(file);
        let (past, days) = (self.past(before, old)?, self.days(before, old)?);
        let settled = Settled { before, ids, months: self.settled(&is_settled), past, days };
        OfBusiness::of(&settled, proof, &carried, files).map(Some)
    }

    /// Everything before it is known, and is evidence in every open month. `None` where what is said of a wait may change
    /// by more than its answer.
    fn frontier(&self) -> Option<Instant> {
        let Self { task, evidence, business, months } = *self;
        let Task { setup, history, as_of, .. } = *task;
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
        let cuts = months.iter().map(|month| cut(business, month.month, setup.tariff.horizon(), tolerance));
        Some(cuts.fold(before, Instant::min))
    }

    /// The waits that are settled now, with those that were before.
    fn settled(&self, is_settled: &dyn Fn(&RatedWait) -> bool) -> BTreeMap<Month, Vec<Weighed>> {
        let mut months = BTreeMap::new();
        for month in self.months {
            let mut groups = BTreeMap::new();
            let earlier = month.settled.iter().map(|weighed| (&weighed.rated, weighed.times));
            let now = month.waits.iter().filter(|rated| is_settled(rated)).map(|rated| (rated, 1));
            for (rated, times) in earlier.chain(now) {
                match groups.entry(likeness(rated, self.business.zone)) {
                    Slot::Vacant(new) => {
                        new.insert(Weighed { rated: rated.clone(), times });
                    }
                    Slot::Occupied(mut known) => known.get_mut().times += times,
                }
            }
            months.insert(month.month, groups.into_values().collect());
        }
        months
    }

    fn past(&self, before: Instant, old: Option<&Settled>) -> Result<BTreeMap<String, Past>, Failure> {
        let Self { task, evidence, business, .. } = *self;
        let traffic = evidence.traffic(&business.id, Span::ALWAYS)?;
        let messages = task.setup.config.alarms.silence_messages;
        let of_channel = |(channel, until): (&str, Instant)| {
            let past = old.and_then(|old| old.past.get(channel)).cloned().unwrap_or_default();
            let next = traffic.get(channel).map(|traffic| traffic.before(before.min(until))).unwrap_or_default();
            (channel.to_owned(), past.and(&next, messages))
        };
        Ok(owned_until(business).into_iter().map(of_channel).collect())
    }

    fn days(&self, before: Instant, old: Option<&Settled>) -> Result<DaysOf, Failure> {
        let Self { task, evidence, business, months } = *self;
        let Task { setup, as_of, .. } = *task;
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

type DaysOf = BTreeMap<(Month, String, Instant), [Days; 2]>;

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

/// All that a page asks of a decided wait.
fn likeness(rated: &RatedWait, zone: Zone) -> impl Ord + use<> {
    let RatedWait { wait, market, charge } = rated;
    let charge = charge.as_ref().map(|charge| (charge.amount, charge.rate.clone()));
    let (day, length) = (zone.date_of(wait.received_at), length_range(wait.length()));
    (day, length, market.clone(), wait.entry_point, wait.verdict, charge)
}
