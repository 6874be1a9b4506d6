//! `ritardo payments`: money that comes in. What is recorded is only ever added to.

mod act;
mod import;
mod list;
mod open;
mod remind;
mod statement;

use std::path::Path;

use super::closing::stored_invoice;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::{Outcome, World};
use crate::cli::{PaymentsAction, PaymentsCommand};
use crate::domain::prepaid::Released;
use crate::domain::receivable::Brief;
use crate::domain::{BusinessId, Date, Instant, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger, Payment, returned_advances};
use crate::report::receivables::{Items, Unsummed};

pub fn payments(args: &PaymentsCommand, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        PaymentsAction::Import(args) => import::import(args, world),
        PaymentsAction::List(args) => list::list(args, world),
        PaymentsAction::Open(args) => open::open(args, world),
        PaymentsAction::Match(args) => act::match_by_hand(args, world),
        PaymentsAction::Reverse(args) => act::reverse(args, world),
        PaymentsAction::Statement(args) => statement::statement(args, world),
        PaymentsAction::Remind(args) => remind::remind(args, world),
    }
}

/// What the commands read that record nothing.
struct Books {
    setup: Setup,
    history: History,
    briefs: Vec<Brief>,
    payments: Vec<Payment>,
    items: Items,
}

impl Books {
    /// Everything that the ledger tells.
    fn open(config: &Path) -> Result<Self, Failure> {
        Self::cut(Setup::load(config)?, None)
    }

    /// What stood at the end of the day of an instant: documents by their day of issue, payments by the day on which the bank
    /// booked them, and what was said of them by its own.
    fn as_of(config: &Path, at: Instant) -> Result<Self, Failure> {
        Self::cut(Setup::load(config)?, Some(at))
    }

    fn cut(setup: Setup, at: Option<Instant>) -> Result<Self, Failure> {
        let ledger = State::new(&setup.config).read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        let is_there =
            |issued: &&Issued| at.is_none_or(|at| issued.issue_date <= day(&setup, Some(&issued.business), at));
        let payments = match at {
            Some(at) => history.payments_on(day(&setup, None, at)),
            None => history.payments.clone(),
        };
        let briefs = briefs(&ledger, history.issued.iter().filter(is_there), &payments)?;
        let items = items(&briefs, &payments)?;
        Ok(Self { setup, history, briefs, payments, items })
    }

    /// The civil day of an instant, where the issuer of a business is.
    fn day(&self, business: &BusinessId, at: Instant) -> Date {
        day(&self.setup, Some(business), at)
    }

    /// A business that has no document at all is a slip of the pen.
    fn refuse_unknown(&self, business: Option<&BusinessId>) -> Result<(), Failure> {
        match business {
            Some(id) if self.history.issued_to(id).next().is_none() => {
                let failure = Failure::new(Kind::CommandLine, format!("the ledger has no document of business `{id}`"));
                Err(failure.hint("`ritardo invoice list` shows all that it has"))
            }
            _ => Ok(()),
        }
    }
}

/// Documents, as far as what is owed for them goes, in the order of issue. What one took of a payment in advance that was taken
/// back was never paid.
fn briefs<'h>(
    ledger: &Ledger,
    issued: impl Iterator<Item = &'h Issued>,
    payments: &[Payment],
) -> Result<Vec<Brief>, Failure> {
    let returned = returned_advances(payments);
    let brief = |issued: &Issued| {
        let is_returned = |reference: &str| returned.contains(&(&issued.business, reference));
        let released: Vec<Released> =
            issued.released.iter().filter(|released| !is_returned(&released.reference)).cloned().collect();
        let mut brief = Brief::of(&stored_invoice(ledger, issued)?.as_billed(), &released);
        for taken in issued.prepaid.iter().filter(|taken| is_returned(&taken.reference)) {
            let unsummed = || unsummed(Unsummed(issued.number.clone()));
            brief.prepaid = brief.prepaid.checked_sub(taken.taken).ok_or_else(unsummed)?;
        }
        Ok(brief)
    };
    issued.map(brief).collect()
}

/// The open items of these documents.
fn items(briefs: &[Brief], payments: &[Payment]) -> Result<Items, Failure> {
    Items::of(briefs, payments.iter().flat_map(|payment| &payment.parts)).map_err(unsummed)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn unsummed(error: Unsummed) -> Failure {
    Failure::new(Kind::SelfCheck, error.to_string())
}

/// The civil day of an instant, where the issuer of a business is; without a business that is in the book, where the first
/// issuer is.
fn day(setup: &Setup, business: Option<&BusinessId>, at: Instant) -> Date {
    let business = business.and_then(|id| setup.business(id.as_str()));
    let issuer = business.map(|business| setup.config.issuer_of(business)).or(setup.config.issuers.first());
    issuer.map_or(Zone::UTC, |issuer| issuer.zone).date_of(at)
}
