//! `ritardo verify`: the chain of the ledger, every artefact, every total.

mod head;

use std::collections::BTreeSet;
use std::path::Path;

use super::archived::{Archive, Kept};
use super::audit::{state_of, stated_otherwise, sums_of_correction};
use super::closing::stored_invoice;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::Verify;
use crate::close::{Filed, check};
use crate::domain::Money;
use crate::error::Failure;
use crate::ledger::entry::Issued;
use crate::ledger::{Bytes, Contradiction, History, Ledger, LedgerError, contradictions, sum_of};
use crate::read::sha256;

pub fn verify(args: &Verify, world: &mut World) -> Result<Outcome, Failure> {
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let recorded = match ledger.entries() {
        Ok(recorded) => recorded,
        Err(error @ (LedgerError::Busy(_) | LedgerError::Sqlite(_) | LedgerError::Newer(_))) => {
            return Err(ledger_failure(error, ledger.path()));
        }
        Err(error) => {
            say(world.out, &format!("DIFFERS   {}: {error}", ledger.path().display()))?;
            return Ok(Outcome::Differences);
        }
    };
    let mut findings = Vec::new();
    let pinned = match &args.head {
        Some(digest) => head::prove(digest, &ledger, &recorded, &mut findings)?,
        None => None,
    };
    findings.extend(contradictions(recorded.iter().map(|recorded| &recorded.entry)).iter().map(in_the_books));
    let history = History::of(recorded);
    findings.extend(history.payment_contradictions());
    let note = file(&ledger, &mut findings)?;
    contents(&ledger, &mut findings)?;
    archive(&state, &history, &mut findings)?;
    let unknown = state.unknown_documents(&history)?.into_iter();
    findings.extend(
        unknown.map(|folder| format!("{}: the ledger knows no such invoice; is it an older copy?", folder.display())),
    );
    numbers(&history, &mut findings);
    charges(&state, &history, &mut findings);
    digests(&state, &history, &mut findings);
    for issued in &history.issued {
        invoice(&state, &ledger, &history, issued, &mut findings);
    }
    for finding in &findings {
        say(world.out, &format!("DIFFERS   {finding}"))?;
    }
    if findings.is_empty() {
        say(world.out, &format!("verified  {}", counts(&history)))?;
    }
    note.iter().try_for_each(|note| say(world.out, &format!("note      {note}")))?;
    pinned.iter().try_for_each(|pinned| say(world.out, &format!("pinned    {pinned}")))?;
    if history.last > 0 {
        say(world.out, &format!("ledger    sha256:{}", history.head))?;
    }
    say(world.out, &format!("documents sha256:{}", history.document_head()))?;
    Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Differences })
}

fn counts(history: &History) -> String {
    let is_invoice = |issued: &&Issued| issued.kind.is_invoice();
    let invoices = history.issued.iter().filter(is_invoice).count();
    let corrections: usize = history.corrected.values().map(Vec::len).sum();
    let always = [
        counted(history.last, "ledger row"),
        counted(history.files.len() as u64, "archived log"),
        counted(history.closed.len() as u64, "closed month"),
        counted(invoices as u64, "invoice"),
        counted(history.mails.len() as u64, "mail"),
    ];
    let seldom = [
        (corrections, "correction"),
        (history.issued.len() - invoices, "credit note"),
        (history.payments.len(), "payment"),
    ];
    let seldom = seldom.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(count as u64, noun));
    always.into_iter().chain(seldom).collect::<Vec<_>>().join(", ")
}

/// The bytes of the ledger file itself; gives what is to be known about its sum.
fn file(ledger: &Ledger, findings: &mut Vec<String>) -> Result<Option<String>, Failure> {
    let failed = |error| ledger_failure(error, ledger.path());
    let path = ledger.path().display();
    findings.extend(ledger.defects().map_err(failed)?.iter().map(|defect| format!("{path}: {defect}")));
    let sum = sum_of(ledger.path());
    Ok(match ledger.bytes().map_err(failed)? {
        Bytes::AsWritten => None,
        Bytes::Changed => {
            let told = format!("{path}: its bytes are not those that {} sums up; restore both", sum.display());
            findings.push(told);
            None
        }
        Bytes::Unsummed => {
            let why = "a command was killed, or another version wrote last; the next entry makes it again";
            Some(format!("{} is not of this state of the ledger: {why}", sum.display()))
        }
    })
}

fn contents(ledger: &Ledger, findings: &mut Vec<String>) -> Result<(), Failure> {
    let names = ledger.contents().map_err(|error| ledger_failure(error, ledger.path()))?;
    let broken = names.iter().filter_map(|name| ledger.content(name).err());
    findings.extend(broken.map(|error| error.to_string()));
    Ok(())
}

/// A file with the digest that the ledger names, or what is wrong with it.
fn compare(path: &Path, recorded: &str, findings: &mut Vec<String>) {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.push(format!("{}: missing; the next `ritardo run` makes documents again", path.display()));
        }
        Err(error) => findings.push(format!("{}: {error}", path.display())),
        Ok(bytes) if sha256(&bytes) != recorded => {
            findings.push(format!("{}: its SHA-256 is {}, the ledger says {recorded}", path.display(), sha256(&bytes)));
        }
        Ok(_) => {}
    }
}

/// The archived messages have their digests, and the plain names beside them are those that they were keyed from.
fn archive(state: &State, history: &History, findings: &mut Vec<String>) -> Result<(), Failure> {
    let archive = match Archive::open(state, history) {
        Ok(archive) => archive,
        Err(failure) => {
            findings.push(failure.in_a_line());
            return Ok(());
        }
    };
    let mut seen = BTreeSet::new();
    let kept = history.files.iter().flat_map(|(_, file)| archive.kept(file));
    for kept in kept.filter(|kept| seen.insert(kept.sha256())) {
        let before = findings.len();
        match archive.here(kept) {
            Ok(path) => compare(&path, kept.sha256(), findings),
            Err(failure) => findings.push(failure.in_a_line()),
        }
        let Kept::Part(part) = kept else { continue };
        if findings.len() > before {
            continue;
        }
        let path = state.names(part);
        match archive.names(kept) {
            Ok(Some(names)) => match archive.strangers(kept, &names)? {
                0 if archive.is_as_written(kept, &names)? => {}
                0 => findings.push(format!("{}: its bytes were changed; restore it from a backup", path.display())),
                rows => findings.push(format!("{}: {rows} names are not those of the archive", path.display())),
            },
            Ok(None) => findings.push(format!("{}: missing; restore it from a backup", path.display())),
            Err(failure) => findings.push(failure.in_a_line()),
        }
    }
    bucket(state, history, findings)
}

/// The bucket of the archive, where it has one, holds every part that the ledger names. What it holds beside them was put
/// there by runs that were killed, and is told of as little as in a folder.
fn bucket(state: &State, history: &History, findings: &mut Vec<String>) -> Result<(), Failure> {
    let Some(remote) = state.remote() else { return Ok(()) };
    let sizes = remote.sizes()?;
    let parts = history.files.iter().flat_map(|(_, file)| &file.parts).map(|part| state.archived(part));
    let wholes = history.files.iter().filter_map(|(_, file)| file.archive_sha256.as_deref());
    let named: BTreeSet<_> = parts.chain(wholes.map(|sha256| state.archived_whole(sha256))).collect();
    for path in named {
        let Some(name) = state.archived_name(&path) else { continue };
        let here = std::fs::metadata(&path).ok().map(|metadata| metadata.len());
        match (sizes.get(&name), here) {
            (None, _) => findings.push(format!("{}: missing; put {} there", remote.url(&name), path.display())),
            (Some(there), Some(here)) if *there != here => {
                findings.push(format!("{}: it has {there} bytes, {} has {here}", remote.url(&name), path.display()));
            }
            (Some(_), _) => {}
        }
    }
    Ok(())
}

/// Numbers run on within their year, documents are bound to the one before, and every invoice has its month.
fn numbers(history: &History, findings: &mut Vec<String>) {
    let mut before = History::default();
    for issued in &history.issued {
        let number = &issued.number;
        let first = before.next_number(&number.series, number.year, number.count);
        if first != *number {
            findings.push(format!("{number} stands where {first} was due"));
        }
        if issued.previous != before.document_head() {
            findings.push(format!("{number} is not bound to the document before it"));
        }
        let of_corrections =
            history.corrections(&issued.business, issued.month).map(|corrected| &corrected.data_sha256);
        match history.closed.get(&(issued.business.clone(), issued.month)) {
            Some(closed) if closed.data_sha256 == issued.data_sha256 => {}
            Some(_) if !is_first(issued) && of_corrections.into_iter().any(|sha256| *sha256 == issued.data_sha256) => {}
            Some(_) => findings.push(format!("{number} and the closing of its month name different charges")),
            None => findings.push(format!("{number} has no closed month")),
        }
        let base = issued.corrects.as_ref().and_then(|number| before.document(number));
        let of_series = before.issued.iter().rev().find(|earlier| earlier.number.series == number.series);
        let later = of_series.into_iter().chain(base).find(|earlier| earlier.issue_date > issued.issue_date);
        findings
            .extend(later.map(|later| format!("{number} is dated before {}, which was issued first", later.number)));
        before.issue(issued.clone());
    }
    for ((business, month), closed) in &history.closed {
        // Free units alone make no invoice; a small amount is carried over to a later one.
        let is_billed = || closed.carried.is_some() || history.invoice_of(business, *month).is_some();
        if !closed.exact.is_zero() && !is_billed() {
            findings.push(format!("{month} of {business} has charges and no invoice"));
        }
    }
}

/// What the entries before contradict.
fn in_the_books(found: &Contradiction) -> String {
    format!("{} of {}: {}", found.month, found.business, found.text)
}

/// The invoice of a closing, not one in place of another, and no credit note.
const fn is_first(issued: &Issued) -> bool {
    issued.kind.is_invoice() && issued.corrects.is_none()
}

/// Charges that no invoice of a closing is compared with: of corrections, and of months that are carried over.
fn charges(state: &State, history: &History, findings: &mut Vec<String>) {
    for corrected in history.corrected.values().flatten().map(|(_, corrected)| corrected) {
        let path = state.corrected_charges(&corrected.business, corrected.month, corrected.correction);
        compare(&path, history.sha256_now(&corrected.data_sha256), findings);
        sums(&path, corrected.net, findings);
    }
    for closed in history.closed.values() {
        let Some(carried) = closed.carried else { continue };
        let path = state.charges(&closed.business, closed.month);
        compare(&path, history.sha256_now(&closed.data_sha256), findings);
        sums(&path, carried, findings);
    }
}

/// Whether a file of charges comes to a net amount; one that cannot be read was told of already.
fn sums(path: &Path, net: Money, findings: &mut Vec<String>) {
    let Ok(Ok(filed)) = std::fs::read(path).map(|bytes| Filed::read(&bytes)) else { return };
    if filed.net() != Some(net.exact()) {
        findings.push(format!("{}: it does not come to {net}, as the ledger says", path.display()));
    }
}

/// The mails of digests and reminders, where they are kept: they are no evidence, and may be removed once they were sent.
fn digests(state: &State, history: &History, findings: &mut Vec<String>) {
    for mail in history.digests.iter().filter_map(|digest| digest.mail.as_ref()) {
        let path = state.digests().join(&mail.name);
        if path.exists() {
            compare(&path, &mail.sha256, findings);
        }
    }
    for mail in history.reminders.iter().flat_map(|reminder| &reminder.mails) {
        let path = state.reminders().join(&mail.name);
        if path.exists() {
            compare(&path, &mail.sha256, findings);
        }
    }
}

fn invoice(state: &State, ledger: &Ledger, history: &History, issued: &Issued, findings: &mut Vec<String>) {
    let number = &issued.number;
    match stored_invoice(ledger, issued) {
        Err(failure) => findings.push(failure.in_a_line()),
        Ok(invoice) => {
            findings.extend(stated_otherwise(issued, &invoice));
            if is_first(issued) {
                let path = state.charges(&issued.business, issued.month);
                match std::fs::read(&path).map_err(|error| Failure::io("read the charge file", &path, error)) {
                    Ok(line_file) => {
                        let found = check::findings(&invoice, &line_file, history.sha256_now(&issued.data_sha256));
                        findings.extend(found.iter().map(|finding| format!("{number}: {finding}")));
                    }
                    Err(failure) => findings.push(failure.in_a_line()),
                }
            } else {
                match sums_of_correction(state, ledger, history, issued, &invoice) {
                    Ok(found) => findings.extend(found),
                    Err(failure) => findings.push(failure.in_a_line()),
                }
            }
        }
    }
    let folder = state.documents(number);
    match history.documents.get(number) {
        Some(documents) => {
            for file in &documents.files {
                compare(&folder.join(&file.name), history.sha256_now(&file.sha256), findings);
            }
        }
        None => findings.push(format!("{number} has no documents yet; the next `ritardo run` makes them")),
    }
    let kept = history.mails_of(number).filter(|mail| !history.is_destroyed(mail));
    kept.for_each(|mail| compare(&folder.join(&mail.name), &mail.sha256, findings));
}
