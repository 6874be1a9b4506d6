//! Corrections of closed months: rated again under their stored cut, and documents for what differs.

mod issued;
mod rated;

use std::collections::BTreeMap;

use serde::Serialize;

use super::archived::Archive;
use super::closing::{charges_of, filed_charges};
use super::intake::Writing;
use super::pages::Replays;
use super::setup::Setup;
use super::state::{State, keep, ledger_failure};
use crate::close::{ClosedMonth, Filed, change_file};
use crate::domain::settings::LateLogs;
use crate::domain::{BusinessId, CorrectionCause, Decimal, Elapsed, Instant, Invoice, Money, Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Compared, Entry, LogRead, MonthClosed, MonthCorrected};
use crate::ledger::{Additions, History, Ledger, LedgerError, Standing};

pub use issued::{Base, Notes, credit_notes, note, row, setup_of};
pub use rated::{rated_again, rated_now};

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
    Credited { numbers: Vec<String>, credit: Money },
    /// The next invoice has a line for it.
    Debited { adds: Money },
}

impl Late {
    /// Whether something was, or is to be, issued.
    pub const fn issues(&self) -> bool {
        matches!(self.outcome, Outcome::Credited { .. } | Outcome::Debited { .. })
    }
}

/// What a correction is made from.
pub struct Bench<'b> {
    pub setup: &'b Setup,
    pub state: &'b State,
    pub history: &'b History,
    pub archive: &'b Archive<'b>,
    pub run_at: Instant,
}

/// A month that is to be corrected.
pub struct Corrected {
    pub entry: MonthCorrected,
    pub closed: ClosedMonth,
    pub messages: u64,
}

/// Closed months that something known since may concern: late files whose messages lie in their reach, holds that were
/// accepted since, and differences that were left under other settings.
pub fn concerned<'h>(bench: &Bench<'h>) -> Vec<Standing<'h>> {
    let Bench { history, .. } = *bench;
    let is_concerned = |standing: &Standing| {
        let MonthClosed { business, month, .. } = standing.closed;
        let compared = history.compared.get(&(business.clone(), *month));
        let known = compared.map_or(0, |compared| compared.known_through).max(standing.evidence_through());
        let is_left = compared.is_some_and(|compared| {
            compared.data_sha256 != standing.data_sha256() && is_worth(bench.setup, compared.standing, compared.net)
        });
        let reach = reach(standing.closed, bench);
        let is_late = |file: &LogRead| spans(file).any(|(first, last)| first < reach.1 && reach.0 <= last);
        let holds = history.accepted.iter().filter(|(place, _)| *place > known);
        let files = history.files.iter().filter(|(place, _)| *place > known);
        is_left
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

fn is_worth(setup: &Setup, standing: Money, net: Money) -> bool {
    let rules = &setup.config.issue;
    let difference = net.exact().checked_sub(standing.exact()).unwrap_or(Decimal::ZERO);
    let is_large = absolute(difference) >= rules.smallest_correction && !difference.is_zero();
    is_large && (difference.is_negative() || rules.late_logs == LateLogs::CreditAndDebit)
}

fn absolute(amount: Decimal) -> Decimal {
    if amount.is_negative() { Decimal::ZERO.checked_sub(amount).unwrap_or(amount) } else { amount }
}

/// Compares every concerned month with what is known by now, and issues what follows.
pub fn correct_late(bench: &Bench, ledger: &mut Ledger, writing: Writing) -> Result<Vec<Late>, Failure> {
    let mut replays = Replays::with(bench.history.clone());
    let mut late = Vec::new();
    // Credit notes of one month change nothing about another: each is a transaction of its own, so that a night that is
    // killed between two has issued one of them and finds the other again.
    for standing in concerned(bench) {
        let again = rated_again(bench, ledger, &mut replays, &standing, bench.history.last, bench.history.last)?;
        let standing_net = bench.history.standing_net(&standing, again.currency).unwrap_or(Money::zero(again.currency));
        let of = |net, messages, outcome| {
            let (business, month) = (standing.closed.business.clone(), standing.closed.month);
            Late { business, month, standing: standing_net, net, messages, data_sha256: String::new(), outcome }
        };
        let closed = match again.closed {
            Ok(closed) => closed,
            Err(reasons) => {
                late.push(of(standing_net, 0, Outcome::Undecided { reasons }));
                continue;
            }
        };
        let was = standing_charges(bench, &standing)?;
        let messages = changed(&was, &closed.line_file, again.currency)?;
        let (net, sha256) = (closed.net, closed.data_sha256.clone());
        let difference = net.checked_sub(standing_net).unwrap_or(Money::zero(again.currency));
        let is_approved = || {
            let key = (standing.closed.business.clone(), standing.closed.month);
            let approved = bench.history.approved.get(&key);
            bench.setup.config.issue.mode == crate::domain::settings::IssueMode::Automatic
                || approved.is_some_and(|approved| approved.data_sha256 == sha256)
        };
        let rules = &bench.setup.config.issue;
        let outcome = match difference.minor() {
            0 => Outcome::Same,
            1.. if rules.late_logs == LateLogs::CreditOnly => Outcome::NotBilled { adds: difference },
            _ if !is_worth(bench.setup, standing_net, net) => Outcome::TooSmall { difference },
            _ if !is_approved() => Outcome::ToApprove { difference },
            1.. => Outcome::Debited { adds: difference },
            _ => Outcome::Credited { numbers: Vec::new(), credit: difference.negated() },
        };
        let mut told = Late { data_sha256: sha256.clone(), ..of(net, messages, outcome) };
        if writing == Writing::Yes {
            write_one(bench, ledger, &mut told, &standing, closed)?;
        }
        late.push(told);
    }
    Ok(late)
}

fn write_one(
    bench: &Bench,
    ledger: &mut Ledger,
    late: &mut Late,
    standing: &Standing,
    closed: ClosedMonth,
) -> Result<(), Failure> {
    match &mut late.outcome {
        Outcome::Undecided { .. } | Outcome::ToApprove { .. } => Ok(()),
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
        Outcome::Credited { numbers, credit } => {
            let corrected = corrected(bench, standing, CorrectionCause::LateLogs, closed, late.messages);
            let notes = issue(bench, ledger, &corrected, None, Vec::new())?;
            *numbers = notes.iter().map(|note| note.number.to_string()).collect();
            // With tax, and without what no document has billed yet.
            let given_back = Money::sum(credit.currency(), notes.iter().map(|note| note.total));
            *credit = given_back.filter(|_| !notes.is_empty()).unwrap_or(*credit);
            Ok(())
        }
        Outcome::Debited { .. } => {
            let corrected = corrected(bench, standing, CorrectionCause::LateLogs, closed, late.messages);
            issue(bench, ledger, &corrected, None, Vec::new()).map(drop)
        }
    }
}

/// The correction of a month, with everything that is known now.
pub fn corrected(
    bench: &Bench,
    standing: &Standing,
    cause: CorrectionCause,
    closed: ClosedMonth,
    messages: u64,
) -> Corrected {
    let known = bench.history.last;
    let entry = MonthCorrected {
        business: standing.closed.business.clone(),
        month: standing.closed.month,
        correction: standing.correction() + 1,
        cause,
        at: bench.run_at,
        cut: standing.closed.cut,
        // A dispute takes its messages out of what stood; it does not look at new logs.
        evidence_through: if cause == CorrectionCause::LateLogs { known } else { standing.evidence_through() },
        disputes_through: known,
        counts: closed.counts,
        charges: closed.charges(),
        exact: closed.exact,
        net: closed.net,
        data_sha256: closed.data_sha256.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        zones: Zone::DATA_VERSION.to_owned(),
    };
    Corrected { entry, closed, messages }
}

/// Files the charges, then the correction and its credit notes in one transaction that gives the numbers.
pub fn issue(
    bench: &Bench,
    ledger: &mut Ledger,
    corrected: &Corrected,
    reason: Option<&str>,
    first: Vec<Entry>,
) -> Result<Vec<Invoice>, Failure> {
    let MonthCorrected { business, month, correction, .. } = &corrected.entry;
    keep(&bench.state.corrected_charges(business, *month, *correction), &corrected.closed.line_file)?;
    let base = issued::bases(bench, ledger, corrected)?;
    let mut notes = Vec::new();
    append(ledger, |history| {
        let decided = credit_notes(bench, history, corrected, &base, reason)?;
        let Notes { mut additions, notes: made } = decided;
        notes = made;
        additions.entries.splice(0..0, first);
        Ok(additions)
    })?;
    Ok(notes)
}

/// The credit notes that a correction would issue; nothing is written.
pub fn drafts(
    bench: &Bench,
    ledger: &Ledger,
    corrected: &Corrected,
    reason: Option<&str>,
) -> Result<Vec<Invoice>, Failure> {
    let base = issued::bases(bench, ledger, corrected)?;
    credit_notes(bench, bench.history, corrected, &base, reason)
        .map(|decided| decided.notes)
        .map_err(|refused| failed(refused, ledger.path()))
}

/// The credit notes that a late month would get.
pub fn drafts_of(bench: &Bench, ledger: &Ledger, late: &Late) -> Result<Vec<Invoice>, Failure> {
    let Some(standing) = bench.history.standing(&late.business, late.month) else { return Ok(Vec::new()) };
    let mut replays = Replays::with(bench.history.clone());
    let known = bench.history.last;
    let again = rated_again(bench, ledger, &mut replays, &standing, known, known)?;
    let Ok(closed) = again.closed else { return Ok(Vec::new()) };
    let corrected = corrected(bench, &standing, CorrectionCause::LateLogs, closed, late.messages);
    drafts(bench, ledger, &corrected, None)
}

/// Adds what is decided, in one transaction.
pub fn append(ledger: &mut Ledger, decide: impl FnOnce(&History) -> Result<Additions, Refused>) -> Result<(), Failure> {
    let path = ledger.path().to_owned();
    ledger.append(decide).map_err(|refused| failed(refused, &path))
}

fn failed(refused: Refused, path: &std::path::Path) -> Failure {
    match refused {
        Refused::Ledger(error) => ledger_failure(error, path),
        Refused::Check(finding) => {
            let failure = Failure::new(Kind::SelfCheck, format!("a self-check failed, nothing was written: {finding}"));
            failure.at(path).hint("this is a fault of the program; the month stays as it was issued")
        }
    }
}

/// Why a transaction added nothing.
pub enum Refused {
    Ledger(LedgerError),
    Check(String),
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// The charges that stand; nothing for a month that was closed without any.
pub fn standing_charges(bench: &Bench, standing: &Standing) -> Result<Vec<u8>, Failure> {
    let has_file = standing.charges() > 0 || standing.corrected.is_some();
    if has_file { charges_of(bench.state, bench.history, standing) } else { Ok(Vec::new()) }
}

/// How many messages have another charge.
pub fn changed(was: &[u8], now: &[u8], currency: crate::domain::Currency) -> Result<u64, Failure> {
    let (was, now) = (read(was)?, read(now)?);
    Ok(change_file(&was, &now, currency).map_or(0, |(_, messages)| messages))
}

pub fn read(charges: &[u8]) -> Result<Filed, Failure> {
    Filed::read(charges).map_err(|why| {
        Failure::new(Kind::Differences, format!("a file of charges cannot be read: {why}")).hint("see `ritardo verify`")
    })
}

/// Accepted claims of settled disputes of a month: reasons by channel and keyed message id.
pub fn accepted(
    history: &History,
    business: &BusinessId,
    month: Month,
    through: u64,
) -> BTreeMap<(String, String), String> {
    let of_month =
        history.settled_through(through).filter(|dispute| (&dispute.business, dispute.month) == (business, month));
    let claims = of_month.flat_map(|dispute| &dispute.claims).filter(|claim| claim.accepted);
    claims.map(|claim| ((claim.channel.to_string(), claim.message_id.clone()), claim.ruling.clone())).collect()
}

/// One correction of a month: its charges before and after, and the credit notes that it made.
pub struct Step {
    pub at: Instant,
    pub cause: &'static str,
    pub was: Filed,
    pub now: Filed,
    pub notes: Vec<String>,
}

/// The corrections of a closed month, in order.
pub fn steps(state: &State, history: &History, closed: &MonthClosed) -> Result<Vec<Step>, Failure> {
    let (business, month) = (&closed.business, closed.month);
    let (mut steps, mut was): (Vec<Step>, _) = (Vec::new(), closed.data_sha256.as_str());
    for corrected in history.corrections(business, month) {
        let had_charges = steps.last().is_some() || closed.charges > 0;
        let before = if had_charges { filed_charges(state, history, business, month, was)? } else { Vec::new() };
        let now = filed_charges(state, history, business, month, &corrected.data_sha256)?;
        let made = |issued: &&crate::ledger::entry::Issued| {
            !issued.kind.is_invoice() && issued.month == month && issued.data_sha256 == corrected.data_sha256
        };
        let notes = history.issued_to(business).filter(made).map(|issued| issued.number.to_string()).collect();
        let (at, cause) = (corrected.at, corrected.cause.name());
        steps.push(Step { at, cause, was: read(&before)?, now: read(&now)?, notes });
        was = &corrected.data_sha256;
    }
    Ok(steps)
}
