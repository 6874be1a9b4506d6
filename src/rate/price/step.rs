//! Lateness steps: the price of a wait hangs on its length, and is open while that is.

use crate::domain::wait::HeldFor;
use crate::domain::{Elapsed, Reading, Verdict, Wait};
use crate::rate::tariff::{Price, Step};

/// What the lateness steps make of a charged wait.
pub(super) enum Settled {
    /// Its price will not change any more.
    Yes,
    /// The step that it is in is not over.
    Pending,
    /// By a doubt that logs may still end.
    Held,
    /// By one that the operator accepted.
    Excluded,
}

/// Whether the step of a charged wait is settled; `last` is the beginning of the last step that it may come to.
///
/// The wait's end is its answer, or for a message never answered the instant in which the last step is
/// reached. A gap before that end, or a watermark that has not passed it, leaves the step open. Where the first
/// such gap was accepted, the wait is excluded; behind an earlier one an earlier answer may still appear, which
/// would end the wait before what was accepted.
pub(super) fn settled(wait: &Wait, last: Option<Elapsed>) -> Settled {
    let Some(last) = last else { return Settled::Yes };
    let last_reached = wait.received_at.plus(last).plus(wait.tolerance);
    let settled_at = wait.answered_at.map_or(last_reached, |answered_at| answered_at.min(last_reached));
    let before_end = |doubt: Option<HeldFor>| doubt.and_then(HeldFor::from).filter(|at| *at <= settled_at);
    // Before the watermark has passed it, an earlier answer may still become known.
    let accepted_at = before_end(wait.accepted_at).filter(|at| *at < wait.watermark);
    match (accepted_at, before_end(wait.doubt_at)) {
        (Some(accepted_at), doubt_at) if doubt_at.is_none_or(|doubt_at| accepted_at <= doubt_at) => Settled::Excluded,
        (_, Some(_)) => Settled::Held,
        (_, None) if wait.answered_at.is_some() || wait.watermark > last_reached => Settled::Yes,
        (_, None) => Settled::Pending,
    }
}

/// The step that a settled wait has come to; `None` for a flat price. A message never answered comes to the last.
pub(super) fn step<'p>(wait: &Wait, price: &'p Price, reading: &Reading) -> Option<&'p Step> {
    let reached = |step: &&Step| match wait.length() {
        Some(length) => !reading.is_within(length, step.after.plus(wait.tolerance)),
        None => wait.verdict == Verdict::Unanswered,
    };
    price.steps().iter().rfind(reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryPoint, Instant, Month, Zone};
    use crate::rate::{Tariff, rate};

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
        let rated = rate(vec![wait], &tariff, &|_, at| Month::of(at, Zone::UTC)).unwrap().remove(0);
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
