//! Conversations that are made for one purpose.

use super::dice::Dice;
use super::people::Business;
use super::plan::Step;
use super::{Order, Trap};
use crate::domain::{Direction, Elapsed, Instant, Kind, Span, Status, Zone};

/// Of how many businesses there are traps, at most.
const BUSINESSES: usize = 50;
/// Messages of the customer who floods.
const FLOOD: i64 = 400;

/// A conversation of a business that no dice planned.
pub struct Made {
    pub business: u32,
    pub steps: Vec<Step>,
}

/// The day (in UTC) of a business that a trap is about; `None` where the order does not have it.
pub fn day(order: &Order, trap: Trap, business: u32) -> Option<Span> {
    let mut dice = Dice::new(order.seed ^ 11, u64::from(business) * 16 + trap as u64);
    let date = order.month.first_day().plus_days(5 + dice.below(15));
    order.has(trap).then(|| Span { from: date.start(Zone::UTC), to: date.plus_days(1).start(Zone::UTC) })
}

/// All of them, in the order of businesses.
pub fn made(order: &Order, businesses: &[Business]) -> Vec<Made> {
    let mut made = Vec::new();
    for (number, business) in (0..).zip(businesses).take(BUSINESSES) {
        let mut plans = Vec::new();
        if order.has(Trap::Edge) {
            let span = order.month.span(business.zone);
            plans
                .extend([span.from, span.from.minus(order.unit), span.to.minus(order.unit), span.to].map(|at| (at, 0)));
        }
        if order.has(Trap::Dst) {
            plans.extend(changes(order.month.span(business.zone), business.zone).map(|at| (at, 12)));
        }
        let around = |(at, hours): (Instant, i64)| {
            let at = at.minus(Elapsed::from_seconds(hours * 3600));
            [Some(Elapsed::ZERO), Some(Elapsed::DAY), Some(Elapsed::DAY.plus(order.unit)), None]
                .map(|wait| pair(at, wait))
        };
        let around = plans.into_iter().flat_map(around);
        made.extend(around.map(|steps| Made { business: number, steps }));
    }
    if order.has(Trap::Bots) {
        made.push(Made { business: 0, steps: flood(order.month.first_day().plus_days(9).start(Zone::UTC)) });
    }
    made
}

/// A question, and its answer so much later.
fn pair(at: Instant, wait: Option<Elapsed>) -> Vec<Step> {
    let question = Step { at, direction: Direction::Inbound, kind: Kind::Text, status: Status::Unstated };
    let answer =
        |wait| Step { at: at.plus(wait), direction: Direction::Outbound, status: Status::Delivered, ..question };
    std::iter::once(question).chain(wait.map(answer)).collect()
}

/// A message every two seconds; one answer to all of them, 24 hours after the hundredth.
fn flood(from: Instant) -> Vec<Step> {
    let at = |seconds: i64| from.plus(Elapsed::from_seconds(seconds));
    let question = |number: i64| pair(at(2 * number), None);
    let answer = pair(at(200), Some(Elapsed::DAY));
    (0..FLOOD).flat_map(question).chain(answer.into_iter().skip(1)).collect()
}

/// The instants at which the clocks of a zone change.
fn changes(span: Span, zone: Zone) -> impl Iterator<Item = Instant> {
    const HOUR: Elapsed = Elapsed::from_seconds(3600);
    let hours = std::iter::successors(Some(span.from), |at| Some(at.plus(HOUR)));
    let is_odd = move |at: &Instant| {
        let minutes = |at| {
            let (hour, minute) = zone.clock_of(at);
            i32::from(hour) * 60 + i32::from(minute)
        };
        (minutes(*at) - minutes(at.minus(HOUR))).rem_euclid(24 * 60) != 60
    };
    hours.take_while(move |at| *at < span.to).filter(is_odd)
}
