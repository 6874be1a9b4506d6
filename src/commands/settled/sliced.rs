//! A business with more messages than are in memory at once: its conversations are read and judged in slices.
//!
//! Nothing that is said of a conversation hangs on another one, but for an id that stands in two of them: then the
//! business is judged as a whole. The rest adds up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use polars::prelude::DataFrame;

use super::Settled;
use super::abridge::{is_decided, written_ids};
use super::make::{Closing, DaysOf, Night, Parted, weighed};
use super::odd::Rows;
use crate::close::readiness::{Missing, cut};
use crate::commands::closing::{OpenMonth, Step, tolerance};
use crate::commands::coverage::add_days;
use crate::commands::evidence::{Evidence, Waits, broken};
use crate::commands::loaded::{Owners, owners};
use crate::commands::open::{Asked, Tonight};
use crate::commands::portions::SLICES_AT_ONCE;
use crate::commands::second_opinion::second_opinion;
use crate::commands::workers;
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, Instant, Span};
use crate::error::Failure;
use crate::pair::Conflict;
use crate::read::frame;
use crate::report::alarms::Traffic;

/// A business as its slices make it.
pub struct Sliced {
    /// As they were asked for.
    pub months: Vec<OfMonth>,
    pub settled: Settled,
    /// The messages that may still matter.
    pub carried: DataFrame,
}

/// An open month.
#[derive(Default)]
pub struct OfMonth {
    /// Sorted.
    pub waits: Vec<RatedWait>,
    pub counted: Vec<Weighed>,
    pub conflicts: Vec<Conflict>,
    /// What the second opinion found, where no log of the month is missing. It takes its sample of each slice.
    pub opinion: Vec<String>,
}

/// What one slice adds.
struct Slice {
    months: Vec<OfMonth>,
    carried: DataFrame,
    /// Halves of all ids, and of those before the frontier.
    halves: Vec<u64>,
    more: Vec<u64>,
    traffic: BTreeMap<String, Traffic>,
    days: DaysOf,
}

/// What all slices are judged by.
struct Slicing<'s> {
    tonight: &'s Tonight<'s, 's>,
    evidence: &'s Evidence,
    business: &'s Business,
    asked: &'s [Asked<'s>],
    owners: &'s Owners<'s>,
    before: Instant,
    count: u64,
    /// Whether a month with all its logs is taken for decided.
    is_sure: bool,
}

/// Judges the open months of an unread business in slices. `is_sure`: of a month with all its logs every wait is taken to be
/// decided, so that none of its messages is needed any more; where one is not, it is to be judged again without. `None` where it fits into memory, or must be judged as a
/// whole: what is said of its waits may change by more than their answers, a charge has no rate, an id stands in several
/// conversations, or a message is another's.
pub fn sliced(
    tonight: &Tonight,
    evidence: &Evidence,
    business: &Business,
    asked: &[Asked],
    is_sure: bool,
) -> Result<Option<Sliced>, Failure> {
    let count = evidence.slices(business);
    if count < 2 {
        return Ok(None);
    }
    let months: Vec<OpenMonth> = asked.iter().map(|asked| open(asked, Vec::new(), Vec::new())).collect();
    let months: Vec<&OpenMonth> = months.iter().collect();
    let night = night(tonight, evidence, business, &months);
    let Some(before) = night.frontier(&|month| !(is_sure && is_decided(month))) else { return Ok(None) };
    let owners = owners(tonight.setup);
    let slicing = Slicing { tonight, evidence, business, asked, owners: &owners, before, count, is_sure };
    let numbers: Vec<u64> = (0..count).collect();
    let (mut sum, is_whole) = (Sum::of(asked.len()), AtomicBool::new(false));
    let work = |number: &u64| {
        let slice = if is_whole.load(Ordering::Relaxed) { None } else { slicing.slice(*number)? };
        is_whole.fetch_or(slice.is_none(), Ordering::Relaxed);
        Ok(slice)
    };
    workers::in_order_by(SLICES_AT_ONCE, &numbers, work, |_, slice| slice.map_or(Ok(()), |slice| sum.add(slice)))?;
    if is_whole.load(Ordering::Relaxed) || !sum.has_each_id_in_one_slice() {
        return Ok(None);
    }
    sum.sliced(&night, before, tonight.is_kept).map(Some)
}

/// The month with waits that were found.
fn open<'s>(asked: &Asked<'s>, waits: Vec<RatedWait>, conflicts: Vec<Conflict>) -> OpenMonth<'s> {
    let missing = if asked.has_its_logs() { Vec::new() } else { vec![Missing::Other(String::new())] };
    let (business, month, step) = (asked.business, asked.month, Step::Wait(missing));
    OpenMonth { business, month, step, waits, settled: Vec::new(), conflicts, opinion: None }
}

fn night<'n>(
    tonight: &Tonight<'n, 'n>,
    evidence: &'n Evidence,
    business: &'n Business,
    months: &'n [&'n OpenMonth<'n>],
) -> Night<'n> {
    let Tonight { setup, history, archive, as_of, .. } = *tonight;
    Night { setup, state: archive.state, history, as_of, evidence, business, months }
}

impl Slicing<'_> {
    /// `None` where the business must be judged as a whole.
    fn slice(&self, number: u64) -> Result<Option<Slice>, Failure> {
        let Self { tonight, evidence, business, asked, owners, before, count, is_sure } = *self;
        let Tonight { setup, archive, .. } = *tonight;
        let Some(messages) = evidence.slice(business, (number, count), owners, archive)? else { return Ok(None) };
        let evidence = evidence.over(messages)?;
        let mut months = Vec::with_capacity(asked.len());
        for asked in asked {
            let Waits { rated, conflicts } = evidence.waits(business, asked.month, asked.through, setup)?;
            let Ok(rated) = rated else { return Ok(None) };
            months.push(open(asked, rated, conflicts));
        }
        let opinions =
            months.iter().map(|month| self.opinion(&evidence, month)).collect::<Result<Vec<_>, Failure>>()?;
        let none = frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken)?;
        let messages = evidence.by_business.get(business.id.as_str()).unwrap_or(&none);
        let (parted, days) = {
            let months: Vec<&OpenMonth> = months.iter().collect();
            let night = night(tonight, &evidence, business, &months);
            let is_over = |month: &OpenMonth| is_sure && is_decided(month);
            let closing = Closing { is_told: &is_decided, is_over: &is_over };
            let Some(parted) = night.parted(messages, before, &closing)? else { return Ok(None) };
            (parted, night.days(before)?)
        };
        let Some(Rows { mut halves, .. }) = Rows::of(messages)? else { return Ok(None) };
        halves.sort_unstable();
        halves.dedup();
        let traffic = evidence.traffic(&business.id, Span::ALWAYS)?;
        let Parted { carried, more, is_counted, counted } = parted;
        let of_months = months.into_iter().zip(is_counted).zip(counted).zip(opinions);
        let of_months = of_months.map(|(((mut month, is_counted), (_, counted)), opinion)| {
            let mut is_counted = is_counted.into_iter();
            month.waits.retain(|_| !is_counted.next().unwrap_or(false));
            OfMonth { waits: month.waits, counted, conflicts: month.conflicts, opinion }
        });
        Ok(Some(Slice { months: of_months.collect(), carried, halves, more, traffic, days }))
    }

    fn opinion(&self, evidence: &Evidence, open: &OpenMonth) -> Result<Vec<String>, Failure> {
        let (setup, business) = (self.tonight.setup, self.business);
        if !is_decided(open) {
            return Ok(Vec::new());
        }
        let cut = cut(business, open.month, setup.tariff.horizon(), tolerance(setup, business));
        second_opinion(evidence, business, open.month, cut, setup, &open.waits)
    }
}

/// What the slices so far come to.
struct Sum {
    months: Vec<OfMonth>,
    carried: Option<DataFrame>,
    halves: Vec<u64>,
    more: Vec<u64>,
    traffic: BTreeMap<String, Traffic>,
    days: DaysOf,
}

impl Sum {
    fn of(months: usize) -> Self {
        Self {
            months: (0..months).map(|_| OfMonth::default()).collect(),
            carried: None,
            halves: Vec::new(),
            more: Vec::new(),
            traffic: BTreeMap::new(),
            days: DaysOf::new(),
        }
    }

    fn add(&mut self, slice: Slice) -> Result<(), Failure> {
        for (month, more) in self.months.iter_mut().zip(slice.months) {
            month.waits.extend(more.waits);
            month.counted.extend(more.counted);
            month.conflicts.extend(more.conflicts);
            month.opinion.extend(more.opinion);
        }
        match &mut self.carried {
            Some(carried) => {
                carried.vstack_mut(&slice.carried).map_err(broken)?;
            }
            None => self.carried = Some(slice.carried),
        }
        self.halves.extend(slice.halves);
        self.more.extend(slice.more);
        for (channel, more) in slice.traffic {
            let traffic = self.traffic.entry(channel).or_default();
            traffic.asking.extend(more.asking);
            traffic.inbound.extend(more.inbound);
            traffic.outbound.extend(more.outbound);
        }
        for (place, [inbound, outbound]) in slice.days {
            let [received, sent] = self.days.entry(place).or_default();
            add_days(received, &inbound);
            add_days(sent, &outbound);
        }
        Ok(())
    }

    /// Of each slice every id counts once.
    fn has_each_id_in_one_slice(&mut self) -> bool {
        self.halves.sort_unstable();
        let is_once = self.halves.windows(2).all(|pair| pair[0] != pair[1]);
        self.halves = Vec::new();
        is_once
    }

    fn sliced(mut self, night: &Night, before: Instant, is_kept: bool) -> Result<Sliced, Failure> {
        for traffic in self.traffic.values_mut() {
            for sent in [&mut traffic.asking, &mut traffic.inbound, &mut traffic.outbound] {
                sent.sort_unstable();
            }
        }
        let past = night.past(before, &self.traffic);
        for month in &mut self.months {
            month.waits.sort_unstable_by(|a, b| a.wait.compare(&b.wait));
            month.conflicts.sort_by(|a, b| (&a.channel, &a.message_id).cmp(&(&b.channel, &b.message_id)));
            let counted = month.counted.iter().map(|weighed| (&weighed.rated, weighed.times));
            month.counted = weighed(counted, night.business.zone);
        }
        let ids = if is_kept { written_ids(&night.state.settled(), self.more) } else { Vec::new() };
        let none = || frame::empty().and_then(|none| frame::with_file(none, 0));
        let mut carried = self.carried.map_or_else(none, Ok).map_err(broken)?;
        carried.rechunk_mut_par();
        let settled = Settled { before, ids, months: BTreeMap::new(), past, days: self.days, is_of_tonight: false };
        Ok(Sliced { months: self.months, settled, carried })
    }
}
