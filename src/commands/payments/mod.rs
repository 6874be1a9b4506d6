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
use crate::domain::receivable::Brief;
use crate::domain::{BusinessId, Date, Instant, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger};
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
    items: Items,
}

impl Books {
    fn open(config: &Path) -> Result<Self, Failure> {
        let setup = Setup::load(config)?;
        let ledger = State::new(&setup.config).read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        let briefs = briefs(&ledger, &history)?;
        let items = items(&briefs, &history)?;
        Ok(Self { setup, history, briefs, items })
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

/// Every document, as far as what is owed for it goes, in the order of issue.
fn briefs(ledger: &Ledger, history: &History) -> Result<Vec<Brief>, Failure> {
    let brief = |issued: &Issued| Ok(Brief::of(&stored_invoice(ledger, issued)?.as_billed(), &issued.released));
    history.issued.iter().map(brief).collect()
}

/// The open items of these documents.
fn items(briefs: &[Brief], history: &History) -> Result<Items, Failure> {
    Items::of(briefs, history.paid_parts()).map_err(unsummed)
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
