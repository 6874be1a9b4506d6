//! Waits counted by what the page asks for: verdict, day, length.

use std::collections::BTreeMap;

use super::facts::{BusinessMonth, MonthFacts};
use crate::domain::charge::RatedWait;
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Elapsed, Instant, Month, Verdict, Zone};

/// Waits with their charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    pub counts: Counts,
    /// Waits with a charge.
    pub charged: u64,
    /// Of these, free units.
    pub free: u64,
    /// Exact sum of the charges; `None` when it does not fit.
    pub amount: Option<Decimal>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { counts: Counts::default(), charged: 0, free: 0, amount: Some(Decimal::ZERO) }
    }
}

impl Tally {
    /// Of waits with how many of their like there are.
    pub fn of<'a>(waits: impl IntoIterator<Item = (&'a RatedWait, u64)>) -> Self {
        let mut tally = Self::default();
        waits.into_iter().for_each(|(rated, times)| tally.add(rated, times));
        tally
    }

    /// Waits for which the logs have proven an answer, or that there is none.
    pub const fn decided(&self) -> u64 {
        self.counts.on_time + self.missed()
    }

    /// Waits that were late or never answered.
    pub const fn missed(&self) -> u64 {
        self.counts.late + self.counts.unanswered
    }

    /// Waits that are not decided.
    pub const fn open(&self) -> u64 {
        self.counts.pending + self.counts.held
    }

    /// On time, late, unanswered, open: the order of the charts and their tables.
    pub const fn parts(&self) -> [u64; 4] {
        [self.counts.on_time, self.counts.late, self.counts.unanswered, self.open()]
    }

    /// Together with the waits of another tally.
    pub fn plus(&mut self, other: &Self) {
        self.counts.waits += other.counts.waits;
        self.counts.on_time += other.counts.on_time;
        self.counts.late += other.counts.late;
        self.counts.unanswered += other.counts.unanswered;
        self.counts.pending += other.counts.pending;
        self.counts.held += other.counts.held;
        self.charged += other.charged;
        self.free += other.free;
        self.amount = self.amount.zip(other.amount).and_then(|(sum, amount)| sum.checked_add(amount));
    }

    pub(super) fn add(&mut self, rated: &RatedWait, times: u64) {
        self.counts.waits += times;
        *match rated.wait.verdict {
            Verdict::OnTime => &mut self.counts.on_time,
            Verdict::Late => &mut self.counts.late,
            Verdict::Unanswered => &mut self.counts.unanswered,
            Verdict::Pending => &mut self.counts.pending,
            Verdict::Held => &mut self.counts.held,
        } += times;
        if let Some(charge) = &rated.charge {
            self.charged += times;
            self.free += if charge.is_free() { times } else { 0 };
            self.amount = self.amount.and_then(|sum| sum.checked_add(charge.amount.times(times)?));
        }
    }
}

/// The waits of all businesses that are priced in the currency of the page, each counted once, under its key.
pub fn by<K: Ord>(facts: &MonthFacts, key: impl Fn(&BusinessMonth, &RatedWait) -> K) -> BTreeMap<K, Tally> {
    let mut tallies: BTreeMap<K, Tally> = BTreeMap::new();
    for business in facts.businesses.iter().filter(|business| business.currency == facts.currency) {
        for (rated, times) in business.weighed() {
            tallies.entry(key(business, rated)).or_default().add(rated, times);
        }
    }
    tallies
}

/// Where a wait begins, seen from the month it is billed in.
///
/// Under the default reading every wait begins within its month; a tariff may bill by deadline or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Day {
    Before,
    /// Day of the month, from 1.
    On(u8),
    After,
}

impl Day {
    pub fn of(month: Month, zone: Zone, received_at: Instant) -> Self {
        match Month::of(received_at, zone).cmp(&month) {
            std::cmp::Ordering::Less => Self::Before,
            std::cmp::Ordering::Equal => Self::On(zone.date_of(received_at).day()),
            std::cmp::Ordering::Greater => Self::After,
        }
    }
}

/// Ends of the ranges of lengths, in hours. An end belongs to its range, as exactly 24 h are on time.
const RANGE_ENDS_HOURS: [i64; 5] = [1, 6, 12, 24, 48];

/// Names of the ranges of lengths; the last holds the waits for which no answer was seen.
pub const LENGTHS: [&str; 7] = ["≤ 1 h", "1–6 h", "6–12 h", "12–24 h", "24–48 h", "> 48 h", "no answer"];

/// How many of [`LENGTHS`] lie within 24 h.
pub const LENGTHS_WITHIN_24_HOURS: usize = 4;

/// The index in [`LENGTHS`] of a wait's length.
pub fn length_range(length: Option<Elapsed>) -> usize {
    let fits =
        |length: Elapsed| RANGE_ENDS_HOURS.iter().position(|hours| length <= Elapsed::from_seconds(hours * 3600));
    length.map_or(LENGTHS.len() - 1, |length| fits(length).unwrap_or(RANGE_ENDS_HOURS.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_range_belongs_to_it() {
        for (length, range) in [
            ("0s", "≤ 1 h"),
            ("1h", "≤ 1 h"),
            ("3600001ms", "1–6 h"),
            ("6h", "1–6 h"),
            ("12h", "6–12 h"),
            ("24h", "12–24 h"),
            ("86400001ms", "24–48 h"),
            ("48h", "24–48 h"),
            ("172800001ms", "> 48 h"),
            ("900d", "> 48 h"),
        ] {
            assert_eq!(LENGTHS[length_range(Some(length.parse().unwrap()))], range, "{length}");
        }
        assert_eq!(LENGTHS[length_range(None)], "no answer");
        assert_eq!(LENGTHS[LENGTHS_WITHIN_24_HOURS - 1], "12–24 h");
    }

    #[test]
    fn a_day_is_cut_in_the_zone_of_the_business() {
        let (month, rome): (Month, Zone) = ("2018-08".parse().unwrap(), "Europe/Rome".parse().unwrap());
        for (received_at, zone, day) in [
            ("2018-07-31T22:00:00Z", rome, Day::On(1)),
            ("2018-07-31T22:00:00Z", Zone::UTC, Day::Before),
            ("2018-08-31T21:59:59Z", rome, Day::On(31)),
            ("2018-08-31T22:00:00Z", rome, Day::After),
            ("2018-08-31T22:00:00Z", Zone::UTC, Day::On(31)),
        ] {
            assert_eq!(Day::of(month, zone, received_at.parse().unwrap()), day, "{received_at} {zone}");
        }
    }
}
