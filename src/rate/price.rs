//! The price of one wait.
//!
//! The order of pricing is that of the rule: the rate in force at `received_at` for the customer's market
//! and the entry point, then the lateness step.

use super::NoRate;
use super::tariff::{Price, Rate, Step, Tariff};
use crate::domain::charge::{Charge, RateRow, RatedWait};
use crate::domain::{Elapsed, Verdict, Wait};

/// Finds the market of every wait, and the charge of the late and unanswered ones.
pub(super) fn price(wait: Wait, tariff: &Tariff) -> Result<RatedWait, NoRate> {
    let market = tariff.market_of(&wait.customer);
    if !wait.verdict.is_charged() {
        return Ok(RatedWait { wait, market, charge: None });
    }
    let Some(rate) = tariff.rate_at(&market, wait.entry_point, wait.received_at) else {
        return Err(NoRate {
            tariff: tariff.name(),
            business: wait.business.to_string(),
            message_id: wait.message_id.to_string(),
            market,
            received_at: wait.received_at,
        });
    };
    Ok(match &rate.price {
        Price::Flat(price) => {
            let rate = RateRow { line: rate.line, step: None, price: *price };
            RatedWait { wait, market, charge: Some(Charge { amount: rate.price, rate }) }
        }
        Price::Steps(steps) => {
            let (verdict, step) = step_of(&wait, steps, tariff);
            let held_for = if verdict == Verdict::Held { wait.doubt_at } else { wait.held_for };
            let charge = step.map(|step| charge_of(rate, step));
            RatedWait { wait: Wait { verdict, held_for, ..wait }, market, charge }
        }
    })
}

fn charge_of(rate: &Rate, step: &Step) -> Charge {
    let rate = RateRow { line: rate.line, step: Some(step.after), price: step.price };
    Charge { amount: rate.price, rate }
}

/// The verdict of a charged wait under lateness steps, and its step where that is settled.
///
/// The wait's end is its answer, or for a message never answered the instant in which the last step is
/// reached. A gap before that end, or a watermark that has not passed it, leaves the step open.
fn step_of<'s>(wait: &Wait, steps: &'s [Step], tariff: &Tariff) -> (Verdict, Option<&'s Step>) {
    let Some(last) = steps.last() else { return (wait.verdict, None) };
    let last_reached = wait.received_at.plus(last.after).plus(wait.tolerance);
    let settled_at = wait.answered_at.map_or(last_reached, |answered_at| answered_at.min(last_reached));
    let doubt_at = wait.doubt_at.and_then(|doubt| doubt.from());
    if doubt_at.is_some_and(|doubt_at| doubt_at <= settled_at) {
        return (Verdict::Held, None);
    }
    match wait.length() {
        Some(length) => {
            let reached = |step: &&Step| !tariff.reading.is_within(length, step.after.plus(wait.tolerance));
            (wait.verdict, steps.iter().rev().find(reached))
        }
        None if wait.watermark > last_reached => (wait.verdict, Some(last)),
        None => (Verdict::Pending, None),
    }
}

/// The longest time after `received_at` at which a price can still change.
pub(super) fn last_step(tariff: &Tariff) -> Elapsed {
    let steps = tariff.rates().filter_map(|rate| match &rate.price {
        Price::Steps(steps) => steps.last().map(|step| step.after),
        Price::Flat(_) => None,
    });
    steps.max().unwrap_or(Elapsed::ZERO)
}
