//! `ritardo payments import`: statements of banks to payments in the ledger. Every file is read before anything is recorded, and
//! what is recorded once is never recorded again.

mod decided;
mod returned;
mod told;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::decided::Decided;
use self::told::{Told, Waiting};
use super::super::held::Held;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::super::{Outcome, World};
use super::{briefs, items};
use crate::cli::PaymentsImport;
use crate::domain::receivable::StatementTable;
use crate::domain::{Instant, InvoiceNumber};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, PaymentReceived};
use crate::ledger::{Additions, History, LedgerError, MailState};
use crate::read::bank::{BYTES_MAX, Statement, StatementError, is_xml, read_statement};
use crate::read::sha256;
use crate::report::receivables::{Items, Verdict};

/// A file, read.
struct Read {
    path: PathBuf,
    name: String,
    sha256: String,
    statement: Statement,
}

pub fn import(args: &PaymentsImport, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let files: Vec<Read> = args.files.iter().map(|path| read(path, &setup, args)).collect::<Result<_, _>>()?;
    foreign_accounts(&setup, &files, args)?;
    let told = if args.dry_run {
        let ledger = state.read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        let items = items(&briefs(&ledger, history.issued.iter(), &history.payments)?, &history.payments)?;
        decide(&setup, &history, items, files, args, at)?.0
    } else {
        let mut held = Held::of(&setup, &state, at)?;
        let history = Arc::clone(&held.history);
        let items = items(&briefs(&held.ledger, history.issued.iter(), &history.payments)?, &history.payments)?;
        let (told, entries) = decide(&setup, &history, items, files, args, at)?;
        if !entries.is_empty() {
            let added = held.ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
            added.map_err(|error| ledger_failure(error, &state.ledger()))?;
        }
        told
    };
    told.print(args, world)?;
    Ok(if told.needs_a_person() { Outcome::SetAside } else { Outcome::Done })
}

/// What each entry of the files is, and what the ledger is to record of it.
fn decide(
    setup: &Setup,
    history: &History,
    items: Items,
    files: Vec<Read>,
    args: &PaymentsImport,
    at: Instant,
) -> Result<(Told, Vec<Entry>), Failure> {
    let told = Told::new(at, files.len() as u64);
    let mut decided = Decided::new(setup, history, items, &args.new, told, at);
    for file in files {
        decided.file(file);
    }
    let (mut told, received, unknown) = decided.ended();
    if let Some(place) = unknown.first() {
        let failure = Failure::new(Kind::CommandLine, format!("no payment of the statements stands at `{place}`"));
        return Err(
            failure.hint("nothing was recorded; --new takes the place of a doubtful payment, as the import says it")
        );
    }
    told.waiting = waiting(setup, history, &received, at);
    Ok((told, received.into_iter().map(Entry::Payment).collect()))
}

/// Reminders that were not sent yet of invoices for which money came in now: name, and numbers.
fn waiting(setup: &Setup, history: &History, received: &[PaymentReceived], at: Instant) -> Vec<Waiting> {
    let paid: BTreeSet<&InvoiceNumber> =
        received.iter().flat_map(|received| &received.parts).map(|part| &part.number).collect();
    let mut found = Vec::new();
    for reminder in &history.reminders {
        let numbers: Vec<InvoiceNumber> =
            reminder.numbers.iter().filter(|number| paid.contains(number)).cloned().collect();
        let mails = reminder.mails.iter().filter(|_| !numbers.is_empty());
        let waits = mails.filter(|mail| {
            let state = history.mail_standing(&mail.message_id, &setup.config.mail, at).state;
            matches!(state, MailState::Queued | MailState::Deferred)
        });
        found.extend(waits.map(|mail| Waiting { mail: mail.name.clone(), numbers: numbers.clone() }));
    }
    found
}

/// Reads a file, which is refused as a whole where it is no statement.
fn read(path: &Path, setup: &Setup, args: &PaymentsImport) -> Result<Read, Failure> {
    let failed = |error| Failure::io("read the statement", path, error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Failure::new(Kind::CommandLine, "this is no file").at(path).hint("name the statements one by one"));
    }
    if metadata.len() > BYTES_MAX {
        return Err(refused(&StatementError::TooLarge, path));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let table = if is_xml(&bytes) { None } else { table(setup, args, path)? };
    let statement = read_statement(&bytes, table).map_err(|error| refused(&error, path))?;
    Ok(Read { path: path.to_owned(), name: path.display().to_string(), sha256: sha256(&bytes), statement })
}

fn refused(error: &StatementError, path: &Path) -> Failure {
    let hint = match error {
        StatementError::TooLarge | StatementError::TooMany => "nothing was recorded; ask the bank for one file a month",
        StatementError::Version(_) => {
            "nothing was recorded; ask the bank for camt.053.001.02 or camt.053.001.08, or for CSV"
        }
        StatementError::NoTable => "nothing was recorded; add [[payments.statement]] to the configuration",
        StatementError::Columns { .. } | StatementError::DoubleColumn(_) => {
            "nothing was recorded; correct [[payments.statement]], or choose another one by --mapping"
        }
        StatementError::NotUtf8 => {
            "nothing was recorded; where a table of the bank is older, [[payments.statement]] says encoding = \"windows-1252\""
        }
        StatementError::OpenQuote(_) => "nothing was recorded; look at this line, or download the statement again",
        _ => "nothing was recorded; download the statement again",
    };
    Failure::new(Kind::SetAside, format!("the statement is set aside: {error}")).at(path).hint(hint)
}

/// The mapping of a CSV: the one that is named, or the only one.
fn table<'s>(setup: &'s Setup, args: &PaymentsImport, path: &Path) -> Result<Option<&'s StatementTable>, Failure> {
    let tables = &setup.config.payments.tables;
    let names = || tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
    match (&args.mapping, tables.as_slice()) {
        (Some(name), _) => match tables.iter().find(|table| table.name == *name) {
            Some(table) => Ok(Some(table)),
            None => {
                let failure = Failure::new(Kind::CommandLine, format!("there is no mapping `{name}` of statements"));
                let known = if tables.is_empty() { "none".to_owned() } else { names() };
                Err(failure.hint(format!("those of [[payments.statement]] are: {known}")))
            }
        },
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only)),
        (None, _) => {
            let failure = Failure::new(Kind::CommandLine, "several mappings could read this statement").at(path);
            Err(failure.hint(format!("name one by --mapping: {}", names())))
        }
    }
}

/// A statement of an account that is none of the issuers' has names and words of people that are none of the ledger's business,
/// which keeps them for good.
fn foreign_accounts(setup: &Setup, files: &[Read], args: &PaymentsImport) -> Result<(), Failure> {
    let own: BTreeSet<String> =
        setup.config.issuers.iter().filter_map(|issuer| issuer.iban.as_deref()).map(bare).collect();
    if own.is_empty() || args.any_account {
        return Ok(());
    }
    for file in files {
        let foreign = file.statement.entries.iter().find(|entry| !own.contains(&bare(&entry.account)));
        if let Some(entry) = foreign {
            let message = format!("the account {} is that of no issuer", entry.account);
            let failure = Failure::new(Kind::SetAside, message).at(&file.path);
            return Err(failure.hint("nothing was recorded; --any-account takes it, where it is one of yours"));
        }
    }
    Ok(())
}

fn bare(account: &str) -> String {
    account.split_whitespace().collect()
}

/// Whether somebody should look at what became of a payment.
const fn is_odd(verdict: Option<Verdict>) -> bool {
    match verdict {
        Some(verdict) => verdict.needs_a_person(),
        None => true,
    }
}
