//! What came late to closed months, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::guards::is_released;
use super::super::intake::Writing;
use super::super::pages::Replays;
use super::concerned::{concerned, is_unbilled, is_worth};
use super::rated::{Again, rated_again};
use super::{Bench, append, changed, corrected, issue, read, standing_charges};
use crate::close::guards::{Found, Guard, improbable};
use crate::close::{self, ClosedMonth};
use crate::domain::settings::{IssueMode, LateLogs};
use crate::domain::{BusinessId, CorrectionCause, Currency, Invoice, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Compared, Entry};
use crate::ledger::{Additions, Ledger, Standing};

/// A closed month to which logs, or accepted holds, came late.
#[derive(Clone, Debug, Serialize)]
pub struct Late {
    pub business: BusinessId,
    pub month: Month,
    /// What stands, and what the month comes to with what is known by now.
    pub standing: Money,
    pub net: Money,
    /// Messages whose charge is another.
    pub messages: u64,
    /// Of the charges as they would be.
    pub data_sha256: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The charges are the same.
    Same,
    /// It would cost more, and the setting says that this is not billed.
    NotBilled { adds: Money },
    /// Smaller than the smallest correction.
    TooSmall { difference: Money },
    /// The logs cannot prove it: nothing is decided.
    Undecided { reasons: Vec<String> },
    /// A person is to approve it first.
    ToApprove { difference: Money },
    /// Credit notes were issued, with so much in all; in a dry run, and of a month that no document bills yet, there are
    /// no numbers, and `credit` is the net difference.
    Credited {
        numbers: Vec<String>,
        credit: Money,
        /// What is given back in each currency that the invoices are billed in, where one is not the tariff's.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        billed: Vec<Money>,
    },
    /// The next invoice has a line for it.
    Debited { adds: Money },
    /// A guard keeps what it adds from being billed.
    Parked { adds: Money, found: Vec<Found> },
    /// What is kept of the month does not fit together: nothing is decided.
    Failed { why: String },
}

impl Outcome {
    /// Whether what stands of the month is certain. Until then no document bills more of it.
    pub const fn is_decided(&self) -> bool {
        !matches!(self, Self::Undecided { .. } | Self::ToApprove { .. } | Self::Parked { .. } | Self::Failed { .. })
    }
}

impl Late {
    /// Whether something was, or is to be, issued.
    pub const fn issues(&self) -> bool {
        matches!(self.outcome, Outcome::Credited { .. } | Outcome::Debited { .. })
    }

    /// Whether somebody has to act.
    pub const fn is_set_aside(&self) -> bool {
        matches!(self.outcome, Outcome::Parked { .. } | Outcome::Failed { .. })
    }
}

/// Months of which nothing more is billed for now.
pub type Withheld = BTreeSet<(BusinessId, Month)>;

/// Months of which what stands may be wrong.
pub fn withheld(late: &[Late]) -> Withheld {
    late.iter().filter(|late| !late.outcome.is_decided()).map(|late| (late.business.clone(), late.month)).collect()
}

/// Compares every concerned month with what is known by now, and issues what follows.
pub fn correct_late(bench: &Bench, ledger: &mut Ledger, writing: Writing) -> Result<Vec<Late>, Failure> {
    let concerned = concerned(bench);
    let mut late = Vec::new();
    if concerned.is_empty() {
        return Ok(late);
    }
    let mut replays = Replays::with(bench.history.clone());
    // Credit notes of one month change nothing about another: each is a transaction of its own, so that a night that is
    // killed between two has issued one of them and finds the other again.
    for standing in concerned {
        let told = match compared(bench, ledger, &mut replays, &standing, writing) {
            // What is wrong with one business keeps no other from being billed.
            Err(failure) if matches!(failure.kind, Kind::Differences | Kind::SelfCheck) => {
                let currency = bench.setup.tariff.currency;
                let net = bench.history.standing_net(&standing, currency).unwrap_or(Money::zero(currency));
                Late::of(&standing, net, net, 0, Outcome::Failed { why: failure.in_a_line() })
            }
            told => told?,
        };
        late.push(told);
    }
    Ok(late)
}

impl Late {
    fn of(standing: &Standing, was: Money, net: Money, messages: u64, outcome: Outcome) -> Self {
        let (business, month) = (standing.closed.business.clone(), standing.closed.month);
        Self { business, month, standing: was, net, messages, data_sha256: String::new(), outcome }
    }
}

/// One month, with what follows for it.
fn compared(
    bench: &Bench,
    ledger: &mut Ledger,
    replays: &mut Replays,
    standing: &Standing,
    writing: Writing,
) -> Result<Late, Failure> {
    let again = rated_again(bench, ledger, replays, standing, bench.history.last, bench.history.last)?;
    let was = bench.history.standing_net(standing, again.currency).unwrap_or(Money::zero(again.currency));
    let closed = match &again.closed {
        Ok(closed) => closed,
        Err(reasons) => {
            return Ok(Late::of(standing, was, was, 0, Outcome::Undecided { reasons: reasons.clone() }));
        }
    };
    let charges = standing_charges(bench, standing)?;
    let messages = changed(&charges, &closed.line_file, again.currency)?;
    let outcome = outcome(bench, standing, was, &again, closed, &charges)?;
    let sha256 = closed.data_sha256.clone();
    let mut told = Late { data_sha256: sha256, ..Late::of(standing, was, closed.net, messages, outcome) };
    if let (Writing::Yes, Ok(closed)) = (writing, again.closed) {
        write_one(bench, ledger, &mut told, standing, closed)?;
    }
    Ok(told)
}

fn outcome(
    bench: &Bench,
    standing: &Standing,
    was: Money,
    again: &Again,
    closed: &ClosedMonth,
    charges: &[u8],
) -> Result<Outcome, Failure> {
    let difference = closed.net.checked_sub(was).unwrap_or(Money::zero(again.currency));
    let key = (standing.closed.business.clone(), standing.closed.month);
    let is_approved = || {
        let approved = bench.history.approved.get(&key);
        bench.setup.config.issue.mode == IssueMode::Automatic
            || (difference.minor() < 0 && is_unbilled(bench, standing))
            || approved.is_some_and(|approved| approved.data_sha256 == closed.data_sha256)
    };
    Ok(match difference.minor() {
        0 => Outcome::Same,
        1.. if bench.setup.config.issue.late_logs == LateLogs::CreditOnly => Outcome::NotBilled { adds: difference },
        _ if !is_worth(bench, standing, was, closed.net) => Outcome::TooSmall { difference },
        1.. => match found(bench, standing, again, closed, charges)? {
            found if !found.is_empty() => Outcome::Parked { adds: difference, found },
            _ if !is_approved() => Outcome::ToApprove { difference },
            _ => Outcome::Debited { adds: difference },
        },
        _ if !is_approved() => Outcome::ToApprove { difference },
        _ => Outcome::Credited { numbers: Vec::new(), credit: difference.negated(), billed: Vec::new() },
    })
}

/// What the guards find about a month that would cost more, as they do before a closing.
fn found(
    bench: &Bench,
    standing: &Standing,
    again: &Again,
    closed: &ClosedMonth,
    charges: &[u8],
) -> Result<Vec<Found>, Failure> {
    let (history, id, month) = (bench.history, &standing.closed.business, standing.closed.month);
    let others = history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
    let others = others.filter(|((_, other), _)| *other != month);
    let net = |other: Month| history.standing_net(&history.standing(id, other)?, closed.net.currency());
    let nets = others.filter_map(|((_, other), _)| net(*other));
    let nets: Vec<Money> = nets.filter(|net| net.currency() == closed.net.currency()).collect();
    let mut found = improbable(
        closed.net,
        again.rated.iter().map(|rated| (rated, 1)),
        again.zone,
        &nets,
        &bench.setup.config.guards,
    );
    found.extend(again.doubts.iter().map(|text| Found { guard: Guard::SecondOpinion, text: text.clone() }));
    found.extend(billed_before(bench, standing, charges, closed)?);
    found.extend(close::untreated(closed).map(|text| Found { guard: Guard::Vat, text }));
    found.retain(|found| !is_released(history, id, month, &closed.data_sha256, found.guard));
    found.sort();
    Ok(found)
}

/// A message that the month would bill from now on, and another closed month bills.
fn billed_before(
    bench: &Bench,
    standing: &Standing,
    charges: &[u8],
    closed: &ClosedMonth,
) -> Result<Option<Found>, Failure> {
    let (was, now) = (read(charges)?, read(&closed.line_file)?);
    let known: BTreeSet<&(String, String)> = was.messages().collect();
    let new: BTreeSet<&(String, String)> = now.messages().filter(|message| !known.contains(message)).collect();
    for (business, month) in bench.history.closed.keys() {
        let Some(other) = bench.history.standing(business, *month) else { continue };
        if other.closed == standing.closed || other.charges() == 0 {
            continue;
        }
        let other = read(&standing_charges(bench, &other)?)?;
        if let Some((_, message)) = other.messages().find(|message| new.contains(message)) {
            let text = format!("message {message} is billed with {month} of {business} already");
            return Ok(Some(Found { guard: Guard::BilledBefore, text }));
        }
    }
    Ok(None)
}

fn write_one(
    bench: &Bench,
    ledger: &mut Ledger,
    late: &mut Late,
    standing: &Standing,
    closed: ClosedMonth,
) -> Result<(), Failure> {
    match &mut late.outcome {
        Outcome::Undecided { .. } | Outcome::ToApprove { .. } | Outcome::Parked { .. } | Outcome::Failed { .. } => {
            Ok(())
        }
        Outcome::Same | Outcome::NotBilled { .. } | Outcome::TooSmall { .. } => {
            let compared = Compared {
                business: late.business.clone(),
                month: late.month,
                at: bench.run_at,
                known_through: bench.history.last,
                standing: late.standing,
                net: late.net,
                messages: late.messages,
                data_sha256: closed.data_sha256,
            };
            append(ledger, |_| Ok(Additions { entries: vec![Entry::Compared(compared)], contents: Vec::new() }))
        }
        Outcome::Credited { numbers, credit, billed } => {
            let corrected = corrected(bench, standing, CorrectionCause::LateLogs, closed);
            let notes = issue(bench, ledger, &corrected, None, Vec::new())?;
            *numbers = notes.iter().map(|note| note.number.to_string()).collect();
            // With tax, and without what no document has billed yet.
            let given_back = Money::sum(credit.currency(), notes.iter().map(|note| note.total));
            *credit = given_back.filter(|_| !notes.is_empty()).unwrap_or(*credit);
            *billed = billed_of(&notes);
            Ok(())
        }
        Outcome::Debited { .. } => {
            let corrected = corrected(bench, standing, CorrectionCause::LateLogs, closed);
            issue(bench, ledger, &corrected, None, Vec::new()).map(drop)
        }
    }
}

/// The totals of credit notes by the currency that they are billed in; nothing where that is the tariff's for all of them.
fn billed_of(notes: &[Invoice]) -> Vec<Money> {
    let mut totals: BTreeMap<Currency, Money> = BTreeMap::new();
    for note in notes {
        let total = note.as_billed().total;
        let sum = totals.entry(total.currency()).or_insert(Money::zero(total.currency()));
        *sum = sum.checked_add(total).unwrap_or(*sum);
    }
    if notes.iter().all(|note| note.exchange.is_none()) { Vec::new() } else { totals.into_values().collect() }
}
