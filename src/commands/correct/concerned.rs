//! Which closed months something that became known since may concern.

use super::Bench;
use crate::domain::settings::LateLogs;
use crate::domain::{Decimal, Elapsed, Instant, Money, Zone};
use crate::ledger::Standing;
use crate::ledger::entry::{LogRead, MonthClosed};

/// Closed months that something known since may concern: late files whose messages lie in their reach, holds that were
/// accepted since, and differences that were left under other settings.
pub fn concerned<'h>(bench: &Bench<'h>) -> Vec<Standing<'h>> {
    let Bench { history, .. } = *bench;
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
        let reach = reach(standing.closed, bench);
        let is_late = |file: &LogRead| spans(file).any(|(first, last)| first < reach.1 && reach.0 <= last);
        let holds = history.accepted.iter().filter(|(place, _)| *place > known);
        let files = history.files.iter().filter(|(place, _)| *place > known);
        is_left
            || is_stale
            || holds.into_iter().any(|(_, hold)| hold.business == *business)
            || files.into_iter().any(|(_, file)| is_late(file))
    };
    let standing = history.closed.keys().filter_map(|(business, month)| history.standing(business, *month));
    standing.filter(is_concerned).collect()
}

/// Instants from which a message can decide a wait of the month, by the book and the horizon of today.
fn reach(closed: &MonthClosed, bench: &Bench) -> (Instant, Instant) {
    let business = bench.setup.businesses.iter().find(|business| business.id == closed.business);
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
