//! `ritardo payments import`: statements of banks to payments in the ledger. Every file is read before anything is recorded, and
//! what is recorded once is never recorded again.

mod told;

use std::collections::BTreeSet;
use std::path::Path;

use self::told::{Row, Told};
use super::super::held::Held;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::super::{Outcome, World, say};
use super::{briefs, items};
use crate::cli::PaymentsImport;
use crate::domain::receivable::{AdvancePaid, MoneySide, PaidPart, StatementEntry, StatementTable};
use crate::domain::{Advance, BusinessId, Instant};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, PaymentReceived};
use crate::ledger::{Additions, History, LedgerError, Payment};
use crate::read::bank::{BYTES_MAX, Statement, StatementError, is_xml, read_statement};
use crate::read::sha256;
use crate::report::receivables::{Matcher, Verdict};

/// Characters of what a payer wrote that the ledger keeps.
const TEXT_CHARS: usize = 300;
/// Payments that are named to a person as those that may have been returned.
const NAMED: usize = 3;

/// A file, read.
struct Read {
    name: String,
    sha256: String,
    statement: Statement,
}

pub fn import(args: &PaymentsImport, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let files: Vec<Read> = args.files.iter().map(|path| read(path, &setup, args)).collect::<Result<_, _>>()?;
    foreign_accounts(&setup, &files, world)?;
    let told = if args.dry_run {
        let ledger = state.read_ledger()?;
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        let items = items(&briefs(&ledger, &history)?, &history)?;
        decided(&history, Matcher::new(items, advances(&setup, &history)), files, at).0
    } else {
        let mut held = Held::of(&setup, &state, at)?;
        let items = items(&briefs(&held.ledger, &held.history)?, &held.history)?;
        let matcher = Matcher::new(items, advances(&setup, &held.history));
        let (told, entries) = decided(&held.history, matcher, files, at);
        if !entries.is_empty() {
            let added = held.ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
            added.map_err(|error| ledger_failure(error, &state.ledger()))?;
        }
        told
    };
    told.print(args, world)?;
    Ok(if told.needs_a_person() { Outcome::SetAside } else { Outcome::Done })
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
    Ok(Read { name: path.display().to_string(), sha256: sha256(&bytes), statement })
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

/// A statement of an account that is none of the issuers' is taken, and told of.
fn foreign_accounts(setup: &Setup, files: &[Read], world: &mut World) -> Result<(), Failure> {
    let own: BTreeSet<String> =
        setup.config.issuers.iter().filter_map(|issuer| issuer.iban.as_deref()).map(bare).collect();
    if own.is_empty() {
        return Ok(());
    }
    let accounts: BTreeSet<&str> =
        files.iter().flat_map(|file| &file.statement.entries).map(|entry| entry.account.as_str()).collect();
    for account in accounts.into_iter().filter(|account| !own.contains(&bare(account))) {
        say(world.err, &format!("warning: the account {account} is that of no issuer"))?;
    }
    Ok(())
}

fn bare(account: &str) -> String {
    account.split_whitespace().collect()
}

/// The payments in advance of the book that no statement has told of yet.
fn advances(setup: &Setup, history: &History) -> Vec<(BusinessId, Advance)> {
    let told: BTreeSet<(&BusinessId, &str)> = history
        .payments
        .iter()
        .filter_map(|payment| payment.received.advance.as_ref())
        .map(|advance| (&advance.business, advance.reference.as_str()))
        .collect();
    let all = setup
        .businesses
        .iter()
        .flat_map(|business| business.prepaid.iter().map(move |advance| (&business.id, advance)));
    let new = all.filter(|(business, advance)| !told.contains(&(*business, advance.reference.as_str())));
    new.map(|(business, advance)| (business.clone(), advance.clone())).collect()
}

/// What each entry of the files is, and what the ledger is to record of it.
fn decided(history: &History, mut matcher: Matcher, files: Vec<Read>, at: Instant) -> (Told, Vec<Entry>) {
    let mut told = Told::new(at, files.len() as u64);
    let (mut entries, mut keys) = (Vec::new(), BTreeSet::new());
    let mut next = history.next_payment();
    for Read { name, sha256: file_sha256, statement } in files {
        told.pending += statement.pending;
        told.rejected
            .extend(statement.rejected.into_iter().map(|(place, reason)| (format!("{name}: {place}"), reason)));
        for entry in statement.entries {
            let place = format!("{name}: {}", entry.place);
            if entry.is_reversal || entry.side == MoneySide::Debit {
                told.debits += 1;
                told.rows.extend(returned(history, &entry, place));
                continue;
            }
            let key = sha256(entry.identity().as_bytes());
            if history.knows_payment(&key) || !keys.insert(key.clone()) {
                told.known += 1;
                continue;
            }
            let matched = matcher.decide(&entry);
            let (parts, advance) = (matched.parts.clone(), matched.advance.clone());
            told.rows.push(Row::of(next, &entry, place, matched));
            entries.push(Entry::Payment(received(next, key, &file_sha256, at, entry, (parts, advance))));
            next = next.saturating_add(1);
        }
    }
    (told, entries)
}

/// What a payment is for.
type For = (Vec<PaidPart>, Option<AdvancePaid>);

fn received(
    payment: u32,
    key: String,
    file_sha256: &str,
    at: Instant,
    entry: StatementEntry,
    (parts, advance): For,
) -> PaymentReceived {
    let text = entry.said().collect::<Vec<_>>().join(" | ").chars().take(TEXT_CHARS).collect();
    let file_sha256 = file_sha256.to_owned();
    let StatementEntry { account, reference, booked, amount, payer, .. } = entry;
    PaymentReceived { payment, key, file_sha256, at, account, reference, booked, amount, payer, text, parts, advance }
}

/// An entry that takes money away may return a payment: those of its amount are named. One that cannot is of no interest.
fn returned(history: &History, entry: &StatementEntry, place: String) -> Option<Row> {
    let is_it = |payment: &&Payment| !payment.is_reversed && payment.received.amount == entry.amount;
    if !entry.is_reversal || entry.side != MoneySide::Debit {
        return None;
    }
    let alike = history.payments.iter().filter(is_it).map(|payment| payment.received.payment.to_string());
    let alike: Vec<String> = alike.take(NAMED).collect();
    let said = format!(
        "the bank took a payment back; `ritardo payments reverse` does it here: payment {}",
        alike.join(" or ")
    );
    (!alike.is_empty()).then(|| Row::returned(entry, place, said))
}

/// Whether somebody should look at what became of a payment.
const fn is_odd(verdict: Option<Verdict>) -> bool {
    match verdict {
        Some(verdict) => verdict.needs_a_person(),
        None => true,
    }
}
