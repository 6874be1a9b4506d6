//! The price of one wait.
//!
//! The order of pricing is that of the rule: the rate in force at `received_at` for the customer's market
//! and the entry point, then the lateness step.

use super::NoRate;
use super::tariff::{Price, Rate, Step, Tariff};
use crate::domain::charge::{Charge, Place, RateRow, RatedWait};
use crate::domain::wait::HeldFor;
use crate::domain::{Elapsed, Verdict, Wait};

/// Finds the market of every wait, and the charge of the late and unanswered ones.
pub(super) fn price(wait: Wait, tariff: &Tariff) -> Result<RatedWait, NoRate> {
    let market = tariff.market_of(&wait.customer);
    if !wait.verdict.is_charged(tariff.reading.charge_for) {
        return Ok(RatedWait { wait, market, charge: None });
    }
    let priced_at = wait.dated(tariff.reading.price_date).unwrap_or(wait.received_at);
    let Some(rate) = tariff.rate_at(&market, wait.entry_point, priced_at) else {
        return Err(NoRate {
            tariff: tariff.name(),
            business: wait.business.to_string(),
            message_id: wait.message_id.to_string(),
            market,
            priced_at,
        });
    };
    Ok(match &rate.price {
        Price::Flat(price) => {
            let rate = RateRow { line: rate.line, tier: None, step: None, price: *price };
            RatedWait { wait, market, charge: Some(Charge { amount: rate.price, place: Place::Uncounted, rate }) }
        }
        Price::Steps(steps) => {
            let (verdict, step) = step_of(&wait, steps, tariff);
            let (verdict, held_for, excluded) = match verdict {
                Settled::As(verdict) => (verdict, wait.held_for, false),
                Settled::Held => (Verdict::Held, wait.doubt_at, false),
                Settled::Excluded => (Verdict::Held, wait.accepted_at, true),
            };
            let charge = step.map(|step| charge_of(rate, step));
            RatedWait { wait: Wait { verdict, held_for, excluded, ..wait }, market, charge }
        }
    })
}

/// What the lateness steps make of a charged wait.
enum Settled {
    As(Verdict),
    /// By a doubt that logs may still end.
    Held,
    /// By one that the operator accepted.
    Excluded,
}

fn charge_of(rate: &Rate, step: &Step) -> Charge {
    let rate = RateRow { line: rate.line, tier: None, step: Some(step.after), price: step.price };
    Charge { amount: rate.price, place: Place::Uncounted, rate }
}

/// The verdict of a charged wait under lateness steps, and its step where that is settled.
///
/// The wait's end is its answer, or for a message never answered the instant in which the last step is
/// reached. A gap before that end, or a watermark that has not passed it, leaves the step open. Where the first
/// such gap was accepted, the wait is excluded; behind an earlier one an earlier answer may still appear, which
/// would end the wait before what was accepted.
fn step_of<'s>(wait: &Wait, steps: &'s [Step], tariff: &Tariff) -> (Settled, Option<&'s Step>) {
    let Some(last) = steps.last() else { return (Settled::As(wait.verdict), None) };
    let last_reached = wait.received_at.plus(last.after).plus(wait.tolerance);
    let settled_at = wait.answered_at.map_or(last_reached, |answered_at| answered_at.min(last_reached));
    let before_end = |doubt: Option<HeldFor>| doubt.and_then(HeldFor::from).filter(|at| *at <= settled_at);
    // Before the watermark has passed it, an earlier answer may still become known.
    let accepted_at = before_end(wait.accepted_at).filter(|at| *at < wait.watermark);
    match (accepted_at, before_end(wait.doubt_at)) {
        (Some(accepted_at), doubt_at) if doubt_at.is_none_or(|doubt_at| accepted_at <= doubt_at) => {
            return (Settled::Excluded, None);
        }
        (_, Some(_)) => return (Settled::Held, None),
        (_, None) => {}
    }
    match wait.length() {
        Some(length) => {
            let reached = |step: &&Step| !tariff.reading.is_within(length, step.after.plus(wait.tolerance));
            (Settled::As(wait.verdict), steps.iter().rev().find(reached))
        }
        None if wait.watermark > last_reached => (Settled::As(wait.verdict), Some(last)),
        None => (Settled::As(Verdict::Pending), None),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryPoint, Instant};

    const TARIFF: &str = r#"
id = "t"
version = "1"
currency = "USD"
zone = "UTC"
source = "a test"
rate = [{ market = "other", steps = [{ after = "24h", price = "0.01" }, { after = "48h", price = "0.02" },
                                     { after = "72h", price = "0.03" }] }]"#;

    fn hour(hour: i64) -> Instant {
        Instant::from_unix_seconds(1_533_081_600 + hour * 3600).unwrap()
    }

    /// A late or unanswered wait received at hour 0, with a doubt and an accepted doubt at these hours.
    #[track_caller]
    fn check(answered: Option<i64>, doubt: Option<i64>, accepted: Option<i64>, expected: &str) {
        check_known(200, answered, doubt, accepted, expected);
    }

    /// The same with logs that are known up to an hour.
    #[track_caller]
    fn check_known(known: i64, answered: Option<i64>, doubt: Option<i64>, accepted: Option<i64>, expected: &str) {
        let tariff = Tariff::parse(std::path::Path::new("t.toml"), TARIFF).unwrap();
        let wait = Wait {
            business: "b".into(),
            channel: "c".into(),
            conversation: "v".into(),
            customer: "+391".into(),
            message_id: "1".into(),
            run: Vec::new(),
            entry_point: EntryPoint::Unknown,
            received_at: hour(0),
            answered_at: answered.map(hour),
            deadline: hour(24),
            verdict: if answered.is_some() { Verdict::Late } else { Verdict::Unanswered },
            held_for: None,
            doubt_at: doubt.map(|at| HeldFor::Gap(hour(at))),
            accepted_at: accepted.map(|at| HeldFor::Gap(hour(at))),
            excluded: false,
            watermark: hour(known),
            tolerance: Elapsed::ZERO,
        };
        let rated = price(wait, &tariff).unwrap();
        let found = match (&rated.charge, rated.wait.excluded) {
            (Some(charge), false) => charge.amount.to_string(),
            (None, true) => format!("excluded {}", rated.wait.verdict),
            (None, false) => rated.wait.verdict.to_string(),
            (Some(_), true) => "charged and excluded".to_owned(),
        };
        assert_eq!(found, expected, "answered {answered:?}, doubt {doubt:?}, accepted {accepted:?}");
    }

    #[test]
    fn an_accepted_doubt_excludes_a_wait_whose_step_hangs_on_it() {
        check(Some(50), None, None, "0.02");
        check(None, None, None, "0.03");
        check(Some(50), Some(40), None, "held");
        check(Some(50), Some(40), Some(40), "excluded held");
        check(Some(50), None, Some(40), "excluded held"); // logs arrived since
        check(None, None, Some(72), "excluded held");
        check(None, None, Some(73), "0.03"); // the last step is reached
        check(Some(50), None, Some(51), "0.02"); // answered before
        check(Some(50), Some(60), Some(40), "excluded held");
        check_known(40, None, None, Some(50), "pending"); // an answer before it may still become known
        check_known(51, None, None, Some(50), "excluded held");
        check(Some(50), Some(30), Some(40), "held"); // an earlier answer may appear, and would end it before
    }
}
