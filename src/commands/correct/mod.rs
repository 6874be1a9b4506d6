//! Corrections of closed months: rated again under their stored cut, and documents for what differs.

mod concerned;
mod issued;
mod late;
mod rated;

use std::collections::BTreeMap;

use super::archived::Archive;
use super::closing::{charges_of, filed_charges};
use super::pages::Replays;
use super::setup::Setup;
use super::state::{State, keep, ledger_failure};
use crate::close::{ClosedMonth, Filed, change_file};
use crate::domain::{BusinessId, CorrectionCause, Instant, Invoice, Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, MonthClosed, MonthCorrected};
use crate::ledger::{Additions, History, Ledger, LedgerError, Standing};

pub use issued::{Base, Noted, Notes, base_of, credit_notes, note, row, texts_of};
pub use late::{Late, Outcome, Withheld, correct_late, withheld};
pub use rated::{rated_again, rated_now};

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
}

/// The correction of a month, with everything that is known now.
pub fn corrected(bench: &Bench, standing: &Standing, cause: CorrectionCause, closed: ClosedMonth) -> Corrected {
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
        vat: closed.vat_shares(),
    };
    Corrected { entry, closed }
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
    // With the notes of this very night: another month of the same invoice may have given something back before this one.
    let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
    let now = Bench { history: &history, ..*bench };
    let base = issued::bases(&now, ledger, corrected)?;
    let mut notes = Vec::new();
    append(ledger, |history| {
        let decided = credit_notes(bench, history, corrected, &base, reason)?;
        let Notes { mut additions, notes: made } = decided;
        notes = made.into_iter().map(|made| made.note).collect();
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
) -> Result<Vec<Noted>, Failure> {
    let base = issued::bases(bench, ledger, corrected)?;
    credit_notes(bench, bench.history, corrected, &base, reason)
        .map(|decided| decided.notes)
        .map_err(|refused| failed(refused, ledger.path()))
}

/// The credit notes that a late month would get. `replays` are by the history of the bench.
pub fn drafts_of(bench: &Bench, ledger: &Ledger, replays: &mut Replays, late: &Late) -> Result<Vec<Noted>, Failure> {
    let Some(standing) = bench.history.standing(&late.business, late.month) else { return Ok(Vec::new()) };
    let known = bench.history.last;
    let again = rated_again(bench, ledger, replays, &standing, known, known)?;
    let Ok(closed) = again.closed else { return Ok(Vec::new()) };
    let corrected = corrected(bench, &standing, CorrectionCause::LateLogs, closed);
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
