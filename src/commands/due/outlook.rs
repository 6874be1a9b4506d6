//! The open waits of a month with what they will cost, and what the month has come to.

use std::fmt;

use serde::Serialize;

use crate::commands::cases::Case;
use crate::commands::closing::tolerance;
use crate::commands::evidence::Evidence;
use crate::domain::charge::RatedWait;
use crate::domain::{Currency, Decimal, Elapsed, EntryPoint, Instant, Market, Money, Month, Rounding, Verdict, Wait};
use crate::error::{Failure, Kind};
use crate::rate::{self, Tariff};

/// A message to which no answer was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Open {
    /// The last instant at which an answer is on time.
    pub late_after: Instant,
    pub channel: String,
    pub message_id: String,
    /// As the archive has it.
    #[serde(skip)]
    pub keyed: String,
    /// Masked.
    pub customer: String,
    pub market: Market,
    pub entry_point: EntryPoint,
    pub received_at: Instant,
    /// Up to here it is known that there is no answer.
    pub known_through: Instant,
    pub state: State,
    /// When it is answered late, so soon.
    pub cost: Decimal,
    /// What it costs from a later instant on, where the tariff has lateness steps.
    pub next: Option<(Instant, Decimal)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is time to answer.
    InTime,
    /// It is late unless it was answered after the logs end.
    LateUnlessAnswered,
    /// Late for certain; only its price is open.
    Late,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InTime => "in time",
            Self::LateUnlessAnswered => "late unless answered since",
            Self::Late => "late",
        })
    }
}

/// What an open month has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outlook {
    pub month: Month,
    /// Charges that the logs prove, exact.
    pub charges: u64,
    pub to_date: Decimal,
    /// Waits of the month without an answer that is seen, and what they cost once they are late.
    pub open: u64,
    pub open_cost: Decimal,
    /// Waits that the logs cannot prove.
    pub held: u64,
    /// Before this instant every message is decided.
    pub decided_through: Instant,
    /// What the whole month comes to if it goes on like the decided part, in whole minor units; `null` where no part
    /// is decided, or all of it.
    pub forecast: Option<Money>,
}

impl Open {
    pub fn order(&self) -> (Instant, &str, &str) {
        (self.late_after, &self.channel, &self.message_id)
    }

    pub fn row(&self, business: &str) -> Vec<String> {
        let next = |text: &dyn Fn(&(Instant, Decimal)) -> String| self.next.as_ref().map(text).unwrap_or_default();
        vec![
            self.late_after.to_string(),
            business.to_owned(),
            self.channel.clone(),
            self.message_id.clone(),
            self.customer.clone(),
            self.market.to_string(),
            self.entry_point.to_string(),
            self.received_at.to_string(),
            self.known_through.to_string(),
            self.state.to_string(),
            self.cost.to_string(),
            next(&|(at, _)| at.to_string()),
            next(&|(_, cost)| cost.to_string()),
        ]
    }

    /// `0.09 after 2018-08-03T00:00:00.000Z`, or nothing.
    pub fn then(&self) -> String {
        self.next.as_ref().map(|(at, cost)| format!("{cost} after {at}")).unwrap_or_default()
    }
}

impl Outlook {
    pub fn sentence(&self, currency: Currency) -> String {
        let Self { month, charges, to_date, open, open_cost, held, .. } = self;
        let charges = crate::commands::summary::counted(*charges, "charge");
        let open = crate::commands::summary::counted(*open, "open message");
        let forecast = match self.forecast {
            Some(forecast) => {
                format!("; {forecast} by the end of the month, if it goes on as before {}", self.decided_through)
            }
            None => String::new(),
        };
        let held = if *held > 0 { format!(", {held} held") } else { String::new() };
        format!("{month}: {charges} to date, {currency} {to_date}; {open} worth {open_cost}{held}{forecast}")
    }
}

/// The open waits of a month, and its outlook; `None` where it has no waits.
pub fn outlook(case: &Case, evidence: &Evidence) -> Result<(Vec<Open>, Option<Outlook>), Failure> {
    let tariff = &case.setup.tariff;
    let no_rate = |no_rate: rate::NoRate| {
        let failure = Failure::new(Kind::Configuration, no_rate.without_message());
        failure.hint("add a rate that is in force at that instant")
    };
    let rated = case.waits(evidence, tariff, None)?.map_err(no_rate)?;
    if rated.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut open: Vec<Open> =
        rated.iter().filter(|rated| is_open(&rated.wait)).map(|rated| of(rated, case.as_of)).collect();
    for after in tariff.price_changes() {
        let late = rate::rate(late_by(&rated, after), tariff, &|_, _| case.month).map_err(no_rate)?;
        let late = late.iter().filter(|late| is_open_of(&rated, &late.wait));
        for (open, late) in open.iter_mut().zip(late) {
            let Some(charge) = &late.charge else { continue };
            let at = late.wait.received_at.plus(after).plus(late.wait.tolerance);
            open.note(at, charge.amount, after == tariff.reading.window, case.as_of);
        }
    }
    let outlook = of_month(case, evidence, tariff, &rated, &open)?;
    Ok((open, Some(outlook)))
}

/// No answer was seen, and the charge is not settled.
fn is_open(wait: &Wait) -> bool {
    wait.verdict == Verdict::Pending && wait.answered_at.is_none()
}

fn is_open_of(rated: &[RatedWait], wait: &Wait) -> bool {
    // Both lists are in the order of waits.
    rated.binary_search_by(|known| known.wait.order().cmp(&wait.order())).is_ok_and(|place| is_open(&rated[place].wait))
}

fn of(rated: &RatedWait, as_of: Instant) -> Open {
    let wait = &rated.wait;
    let late_after = wait.deadline.plus(wait.tolerance);
    let state = match () {
        () if wait.watermark > late_after => State::Late,
        () if as_of > late_after => State::LateUnlessAnswered,
        () => State::InTime,
    };
    Open {
        late_after,
        channel: wait.channel.to_string(),
        message_id: wait.message_id.to_string(),
        keyed: wait.message_id.to_string(),
        customer: wait.customer.to_string(),
        market: rated.market.clone(),
        entry_point: wait.entry_point,
        received_at: wait.received_at,
        known_through: wait.watermark,
        state,
        cost: Decimal::ZERO,
        next: None,
    }
}

impl Open {
    /// Takes note of a price that holds from an instant on: the first that is reached by now, and the one after it.
    fn note(&mut self, at: Instant, amount: Decimal, is_first: bool, as_of: Instant) {
        if is_first || at < as_of {
            self.cost = amount;
        } else if self.next.is_none() && amount != self.cost {
            self.next = Some((at, amount));
        }
    }
}

/// The waits, the open ones answered just after a length of time: what the charges would then be, with the place of
/// each among the others.
fn late_by(rated: &[RatedWait], after: Elapsed) -> Vec<Wait> {
    let late = |wait: &Wait| {
        let answered_at = wait.received_at.plus(after).plus(wait.tolerance).plus(Elapsed::from_micros(1));
        Wait {
            answered_at: Some(answered_at),
            verdict: Verdict::Late,
            doubt_at: None,
            accepted_at: None,
            watermark: Instant::MAX,
            ..wait.clone()
        }
    };
    rated.iter().map(|rated| if is_open(&rated.wait) { late(&rated.wait) } else { rated.wait.clone() }).collect()
}

fn of_month(
    case: &Case,
    evidence: &Evidence,
    tariff: &Tariff,
    rated: &[RatedWait],
    open: &[Open],
) -> Result<Outlook, Failure> {
    let too_large = || Failure::new(Kind::SelfCheck, "a sum of charges is too large");
    let charges = || rated.iter().filter_map(|rated| Some((&rated.wait, rated.charge.as_ref()?.amount)));
    let month = case.month.span(case.business.zone);
    let known = |channel: &str| evidence.of_channel(channel, case.as_of).map_or(Instant::MIN, |known| known.watermark);
    let known = case.business.channels_in(month).map(|owned| known(owned.channel.as_str())).min();
    let horizon = tariff.horizon().plus(tolerance(&case.setup, &case.business));
    let decided_through = known.unwrap_or(Instant::MIN).minus(horizon).max(month.from).min(month.to);
    let decided = charges().filter(|(wait, _)| wait.received_at < decided_through).map(|(_, amount)| amount);
    let decided = Decimal::sum(decided).ok_or_else(too_large)?;
    let (part, whole) = (decided_through.since(month.from), month.to.since(month.from));
    let is_part = part > Elapsed::ZERO && part < whole;
    let forecast = if is_part { decided.extrapolated(part, whole) } else { None };
    Ok(Outlook {
        month: case.month,
        charges: charges().count() as u64,
        to_date: Decimal::sum(charges().map(|(_, amount)| amount)).ok_or_else(too_large)?,
        open: open.len() as u64,
        open_cost: Decimal::sum(open.iter().map(|open| open.cost)).ok_or_else(too_large)?,
        held: rated.iter().filter(|rated| rated.wait.verdict == Verdict::Held && !rated.wait.excluded).count() as u64,
        decided_through,
        forecast: forecast.and_then(|forecast| forecast.rounded(tariff.currency, Rounding::HalfAwayFromZero)),
    })
}
