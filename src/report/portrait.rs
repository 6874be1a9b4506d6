//! What the waits of a month tell beside their verdicts, counted once: how soon the answers came, when the late messages
//! were written, what a sooner answer would have saved, markets and entry points.

use std::collections::BTreeMap;

use super::tally::{Day, LENGTHS, Tally, length_range};
use crate::domain::charge::{Market, RatedWait};
use crate::domain::{Decimal, Elapsed, EntryPoint, Month, Verdict, Wait, Zone};

/// Ends of the fine ranges of lengths, in minutes; those of [`length_range`] are among them.
const ENDS_MINUTES: [i64; 29] = [
    5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720, 900, 1080, 1260, 1440, 1500, 1560, 1800,
    2160, 2880, 4320, 5760, 7200, 10_080,
];

/// The ends of the ranges of lengths that are told apart, rising.
pub fn length_ends() -> impl Iterator<Item = Elapsed> {
    ENDS_MINUTES.into_iter().map(|minutes| Elapsed::from_seconds(minutes * 60))
}

/// The fine ranges: those with an end, a longer one, and one for waits without an answer.
const RANGES: usize = ENDS_MINUTES.len() + 2;

/// The percentiles that are told.
pub const PERCENTILES: [u64; 4] = [50, 90, 95, 99];

/// Ends of the ranges of time after the deadline, in hours.
const LATE_HOURS: [i64; 3] = [1, 2, 6];

/// The ranges of time after the deadline: those with an end, a longer one, and one for waits without an answer.
pub const LATENESS: usize = LATE_HOURS.len() + 2;

/// Up to which percentile and to which length so many waits were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// There is no decided wait.
    Nothing,
    /// Up to so many minutes.
    Minutes(i64),
    /// Longer than the longest end.
    Longer,
    /// Never, as far as the logs tell.
    Never,
}

/// What is told of some waits. Those of several businesses can be put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    pub tally: Tally,
    pub verdicts: BTreeMap<Verdict, Tally>,
    pub markets: BTreeMap<Market, Tally>,
    pub entry_points: BTreeMap<EntryPoint, Tally>,
    pub days: BTreeMap<Day, Tally>,
    /// By [`LENGTHS`].
    pub coarse: [Tally; LENGTHS.len()],
    /// Late and unanswered waits by the time from the deadline to the answer.
    pub lateness: [Tally; LATENESS],
    /// The same by weekday (0: Monday) and hour of the clock at which they began, in the zone of the business.
    pub heat: [[u64; 24]; 7],
    /// Decided waits by the fine ranges of their lengths.
    lengths: [u64; RANGES],
}

impl Default for Portrait {
    fn default() -> Self {
        Self {
            tally: Tally::default(),
            verdicts: BTreeMap::new(),
            markets: BTreeMap::new(),
            entry_points: BTreeMap::new(),
            days: BTreeMap::new(),
            coarse: [Tally::default(); LENGTHS.len()],
            lateness: [Tally::default(); LATENESS],
            heat: [[0; 24]; 7],
            lengths: [0; RANGES],
        }
    }
}

/// All of a decided wait that a portrait tells and that is finer than the page around it: two waits that agree in it, in
/// day, market, entry point, verdict and charge are told alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traits {
    length: usize,
    coarse: usize,
    /// Of waits that are late or unanswered: range of the time after the deadline, and hour of the clock.
    missed: Option<(usize, u8)>,
}

impl Traits {
    pub fn of(wait: &Wait, zone: Zone) -> Self {
        let length = wait.length();
        let missed = lateness(wait).map(|range| (range, zone.clock_of(wait.received_at).0));
        Self { length: range(length), coarse: length_range(length), missed }
    }
}

impl Portrait {
    /// Of the waits of one business in a month, each with how many of its like there are.
    pub fn of<'w>(month: Month, zone: Zone, waits: impl IntoIterator<Item = (&'w RatedWait, u64)>) -> Self {
        let mut portrait = Self::default();
        for (rated, times) in waits {
            portrait.add(month, zone, rated, times);
        }
        portrait
    }

    fn add(&mut self, month: Month, zone: Zone, rated: &RatedWait, times: u64) {
        let wait = &rated.wait;
        self.tally.add(rated, times);
        self.verdicts.entry(wait.verdict).or_default().add(rated, times);
        match self.markets.get_mut(&rated.market) {
            Some(known) => known.add(rated, times),
            None => self.markets.entry(rated.market.clone()).or_default().add(rated, times),
        }
        self.entry_points.entry(wait.entry_point).or_default().add(rated, times);
        self.days.entry(Day::of(month, zone, wait.received_at)).or_default().add(rated, times);
        if let Some(tally) = self.coarse.get_mut(length_range(wait.length())) {
            tally.add(rated, times);
        }
        let is_decided = !matches!(wait.verdict, Verdict::Pending | Verdict::Held);
        if let Some(count) = self.lengths.get_mut(range(wait.length())).filter(|_| is_decided) {
            *count += times;
        }
        if let Some(tally) = lateness(wait).and_then(|range| self.lateness.get_mut(range)) {
            tally.add(rated, times);
            let (weekday, (hour, _)) = (zone.date_of(wait.received_at).weekday(), zone.clock_of(wait.received_at));
            let hours = self.heat.get_mut(usize::from(weekday));
            if let Some(count) = hours.and_then(|hours| hours.get_mut(usize::from(hour))) {
                *count += times;
            }
        }
    }

    /// Together with the waits of another portrait.
    pub fn join(&mut self, other: &Self) {
        self.tally.plus(&other.tally);
        join(&mut self.verdicts, &other.verdicts);
        join(&mut self.markets, &other.markets);
        join(&mut self.entry_points, &other.entry_points);
        join(&mut self.days, &other.days);
        self.coarse.iter_mut().zip(&other.coarse).for_each(|(own, other)| own.plus(other));
        self.lateness.iter_mut().zip(&other.lateness).for_each(|(own, other)| own.plus(other));
        self.lengths.iter_mut().zip(&other.lengths).for_each(|(own, other)| *own += other);
        let hours = self.heat.iter_mut().flatten().zip(other.heat.iter().flatten());
        hours.for_each(|(own, other)| *own += other);
    }

    /// The same without what it costs: amounts of another currency are not to be added to those of a page.
    pub fn without_amounts(mut self) -> Self {
        let of_keys = self.verdicts.values_mut().chain(self.markets.values_mut()).chain(self.entry_points.values_mut());
        let of_keys = of_keys.chain(self.days.values_mut()).chain(&mut self.coarse).chain(&mut self.lateness);
        of_keys.chain([&mut self.tally]).for_each(|tally| tally.amount = Some(Decimal::ZERO));
        self
    }

    /// How soon so many of a hundred decided waits had their answer: the end of the range in which the last of them lies.
    pub fn percentile(&self, percent: u64) -> Within {
        let decided: u64 = self.lengths.iter().sum();
        if decided == 0 {
            return Within::Nothing;
        }
        let rank = (u128::from(decided) * u128::from(percent)).div_ceil(100).max(1);
        let mut below = 0_u128;
        for (range, count) in self.lengths.iter().enumerate() {
            below += u128::from(*count);
            if below >= rank {
                return within(range);
            }
        }
        Within::Never
    }

    /// Late waits that were answered up to so many ranges after the deadline, together.
    pub fn answered_within(&self, ranges: usize) -> Tally {
        let mut tally = Tally::default();
        self.lateness.iter().take(ranges).for_each(|range| tally.plus(range));
        tally
    }

    /// Late and unanswered waits.
    pub fn missed(&self) -> u64 {
        self.heat.iter().flatten().sum()
    }
}

fn join<K: Ord + Clone>(own: &mut BTreeMap<K, Tally>, others: &BTreeMap<K, Tally>) {
    for (key, tally) in others {
        own.entry(key.clone()).or_default().plus(tally);
    }
}

/// The fine range of a length.
fn range(length: Option<Elapsed>) -> usize {
    let fits = |length: Elapsed| ENDS_MINUTES.partition_point(|minutes| Elapsed::from_seconds(minutes * 60) < length);
    length.map_or(RANGES - 1, fits)
}

fn within(range: usize) -> Within {
    match ENDS_MINUTES.get(range) {
        Some(minutes) => Within::Minutes(*minutes),
        None if range == ENDS_MINUTES.len() => Within::Longer,
        None => Within::Never,
    }
}

/// The range of the time from the deadline to the answer; `None` of a wait that is neither late nor unanswered.
fn lateness(wait: &Wait) -> Option<usize> {
    match (wait.verdict, wait.answered_at) {
        (Verdict::Late, Some(answered_at)) => {
            let late = answered_at.since(wait.deadline);
            Some(LATE_HOURS.partition_point(|hours| Elapsed::from_seconds(hours * 3600) < late))
        }
        (Verdict::Late | Verdict::Unanswered, _) => Some(LATENESS - 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_range_belongs_to_it() {
        let of = |text: &str| within(range(Some(text.parse().unwrap())));
        assert_eq!(of("0s"), Within::Minutes(5));
        assert_eq!(of("5m"), Within::Minutes(5));
        assert_eq!(of("300001ms"), Within::Minutes(10));
        assert_eq!(of("24h"), Within::Minutes(1440));
        assert_eq!(of("86400001ms"), Within::Minutes(1500));
        assert_eq!((of("168h"), of("169h")), (Within::Minutes(10_080), Within::Longer));
        assert_eq!(within(range(None)), Within::Never);
    }

    #[test]
    fn the_coarse_ranges_are_made_of_fine_ones() {
        let coarse = |minutes: i64| length_range(Some(Elapsed::from_seconds(minutes * 60)));
        for pair in ENDS_MINUTES.windows(2) {
            let first = length_range(Some(Elapsed::from_seconds(pair[0] * 60 + 1)));
            assert_eq!(first, coarse(pair[1]), "{pair:?}: a fine range lies in two coarse ones");
        }
    }

    #[test]
    fn a_percentile_is_the_range_of_the_wait_at_its_rank() {
        let mut portrait = Portrait::default();
        assert_eq!(portrait.percentile(50), Within::Nothing);
        portrait.lengths[range(Some(Elapsed::from_seconds(60)))] = 90;
        portrait.lengths[range(Some(Elapsed::from_seconds(7200)))] = 9;
        portrait.lengths[RANGES - 1] = 1;
        let found = [50, 90, 91, 99, 100].map(|percent| portrait.percentile(percent));
        let (soon, later) = (Within::Minutes(5), Within::Minutes(120));
        assert_eq!(found, [soon, soon, later, later, Within::Never]);
        let mut twice = portrait.clone();
        twice.join(&portrait);
        assert_eq!(twice.percentile(91), later);
    }
}
