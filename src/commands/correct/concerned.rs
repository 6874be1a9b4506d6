//! Which closed months something that became known since may concern.

use std::collections::BTreeMap;

use super::Bench;
use crate::domain::settings::LateLogs;
use crate::domain::{Decimal, Elapsed, Instant, Money, Zone};
use crate::ledger::entry::{LogRead, MonthClosed};
use crate::ledger::{History, Standing};

/// Closed months that something known since may concern: late files whose messages lie in their reach, holds that were
/// accepted since, and differences that were left under other settings.
pub fn concerned<'h>(bench: &Bench<'h>) -> Vec<Standing<'h>> {
    let Bench { history, .. } = *bench;
    if history.closed.is_empty() {
        return Vec::new();
    }
    let seen = SeenByDay::of(history);
    let is_concerned = |standing: &Standing| {
        let MonthClosed { business, month, .. } = standing.closed;
        let compared = history.compared.get(&(business.clone(), *month));
        let known = compared.map_or(0, |compared| compared.known_through).max(standing.evidence_through());
        let is_left = compared.is_some_and(|compared| {
            compared.data_sha256 != standing.data_sha256() && is_worth(bench, standing, compared.standing, compared.net)
        });
        // What a dispute took out since was still in the comparison.
        let key = (business.clone(), *month);
        let corrected = history.corrected.get(&key).and_then(|all| all.last()).map(|(place, _)| *place);
        let is_stale = compared.is_some_and(|compared| {
            compared.data_sha256 != standing.data_sha256() && corrected > Some(compared.known_through)
        });
        let (from, to) = reach(standing.closed, bench);
        let holds = history.accepted.iter().filter(|(place, _)| *place > known);
        is_left
            || is_stale
            || holds.into_iter().any(|(_, hold)| hold.business == *business)
            || seen.any_after(known, from, to)
    };
    let standing = history.closed.keys().filter_map(|(business, month)| history.standing(business, *month));
    standing.filter(is_concerned).collect()
}

/// Instants from which a message can decide a wait of the month, by the book and the horizon of today.
fn reach(closed: &MonthClosed, bench: &Bench) -> (Instant, Instant) {
    let business = bench.setup.business(closed.business.as_str());
    let zone = business.map_or(Zone::UTC, |business| business.zone);
    let horizon = closed.cut.since(closed.month.span(zone).to);
    let from = [horizon, horizon, Elapsed::DAY].into_iter().fold(closed.month.span(zone).from, Instant::minus);
    (from, closed.cut.plus(Elapsed::DAY))
}

/// The times of a file's messages, and those that its rejected rows speak of. A row that may be of any time concerns no
/// closed month by itself.
fn spans(file: &LogRead) -> impl Iterator<Item = (Instant, Instant)> + '_ {
    let whole = file.first.zip(file.last).filter(|_| file.parts.is_empty());
    let unread = file.unread.iter().map(|unread| unread.span);
    let unread = unread.filter(|span| Instant::MIN < span.from && span.to < Instant::MAX);
    let parts = file.parts.iter().map(|part| (part.first, part.last));
    whole.into_iter().chain(parts).chain(unread.map(|span| (span.from, span.to)))
}

/// A time that a file speaks of, with the place of its entry.
#[derive(Clone, Copy)]
struct SeenSpan {
    place: u64,
    first: Instant,
    last: Instant,
}

/// The times that files speak of, by day: a closed month is asked about its own days, not about every file since.
#[derive(Default)]
struct SeenByDay {
    /// By day in UTC, in the order of the entries.
    days: BTreeMap<i64, Vec<SeenSpan>>,
    /// Those of more days than are worth a list each.
    long: Vec<SeenSpan>,
}

/// Longer times are kept once.
const DAYS_MAX: i64 = 62;

fn day(at: Instant) -> i64 {
    const MICROS_A_DAY: i64 = 86_400_000_000;
    at.micros().div_euclid(MICROS_A_DAY)
}

impl SeenByDay {
    fn of(history: &History) -> Self {
        let mut seen = Self::default();
        for (place, file) in &history.files {
            for (first, last) in spans(file) {
                seen.add(SeenSpan { place: *place, first, last });
            }
        }
        seen
    }

    fn add(&mut self, span: SeenSpan) {
        let (first, last) = (day(span.first), day(span.last));
        if !(0..=DAYS_MAX).contains(&(last - first)) {
            self.long.push(span);
            return;
        }
        for day in first..=last {
            self.days.entry(day).or_default().push(span);
        }
    }

    /// Whether a file that was recorded after the entry `known` speaks of a time from an instant to before another.
    fn any_after(&self, known: u64, from: Instant, to: Instant) -> bool {
        let is_met = |seen: &SeenSpan| seen.first < to && from <= seen.last;
        let any = |all: &[SeenSpan]| all.iter().rev().take_while(|seen| seen.place > known).any(is_met);
        let (one, other) = (day(from), day(to));
        any(&self.long) || self.days.range(one.min(other)..=one.max(other)).any(|(_, all)| any(all))
    }
}

/// Whether a difference is settled. What no document bills yet is nobody's money: there less is always taken over, so
/// that nothing is billed that is known to be wrong.
pub(super) fn is_worth(bench: &Bench, standing: &Standing, was: Money, net: Money) -> bool {
    let rules = &bench.setup.config.issue;
    let difference = net.exact().checked_sub(was.exact()).unwrap_or(Decimal::ZERO);
    if difference.is_negative() && is_unbilled(bench, standing) {
        return true;
    }
    let is_large = absolute(difference) >= rules.smallest_correction && !difference.is_zero();
    is_large && (difference.is_negative() || rules.late_logs == LateLogs::CreditAndDebit)
}

/// Whether no document bills the month.
pub(super) fn is_unbilled(bench: &Bench, standing: &Standing) -> bool {
    bench.history.billed(&standing.closed.business, standing.closed.month).is_empty()
}

fn absolute(amount: Decimal) -> Decimal {
    if amount.is_negative() { Decimal::ZERO.checked_sub(amount).unwrap_or(amount) } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_by_its_days_as_by_going_through_all() {
        let hour = |hours: i64| Instant::from_micros(hours * 3_600_000_000);
        let mut all = Vec::new();
        // Hours, days and years; before 1970 too, and one that ends before it begins.
        for (place, (first, hours)) in
            (1..).zip([(-30, 5), (0, 24), (20, 0), (23, 26), (47, 1), (100, 24 * 90), (4000, 3), (90, -2)])
        {
            all.push(SeenSpan { place, first: hour(first), last: hour(first + hours) });
        }
        let mut seen = SeenByDay::default();
        all.iter().for_each(|span| seen.add(*span));
        for known in 0..=9 {
            for from in -40..130 {
                for length in [1, 7, 24, 49, 5000] {
                    let (from, to) = (hour(from), hour(from + length));
                    let is_met = |span: &SeenSpan| span.place > known && span.first < to && from <= span.last;
                    assert_eq!(seen.any_after(known, from, to), all.iter().any(is_met), "{known} {from} {to}");
                }
            }
        }
    }
}
