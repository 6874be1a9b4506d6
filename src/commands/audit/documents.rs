//! Issued documents: whether what the ledger holds of each adds up, and whether this version would draw it the same.

use std::collections::BTreeMap;

use super::super::billable::unproved;
use super::super::closing::{charge_file, stored_invoice};
use super::super::decide::taken_by;
use super::super::issue::{charges_with, documents};
use super::super::letters::Post;
use super::super::line_forms;
use super::super::recorded::texts;
use super::super::state::State;
use super::super::summary::billed_total;
use super::Auditing;
use super::told::Documented;
use crate::close::check;
use crate::domain::{CorrectionCause, Invoice, Money, Month};
use crate::error::Failure;
use crate::ledger::entry::{Issued, MonthClosed};
use crate::ledger::{History, Ledger};
use crate::read::sha256;
use crate::render;

/// The documents of a month but the invoice of its closing: credit notes, and invoices in place of others.
pub fn others(auditing: &Auditing, ledger: &Ledger, closed: &MonthClosed) -> Result<Vec<Documented>, Failure> {
    let history = auditing.replays.history;
    let first = history.invoice_of(&closed.business, closed.month).map(|first| &first.number);
    let of_month = history.issued_to(&closed.business).filter(|issued| issued.month == closed.month);
    let others = of_month.filter(|issued| Some(&issued.number) != first);
    others.map(|issued| other(auditing, ledger, issued)).collect()
}

fn other(auditing: &Auditing, ledger: &Ledger, issued: &Issued) -> Result<Documented, Failure> {
    let (state, history) = (auditing.replays.state, auditing.replays.history);
    let mut told = Documented::of(issued);
    // Its bytes are compared with their SHA-256 as they are read.
    let invoice = stored_invoice(ledger, issued)?;
    told.billed = billed_total(&invoice);
    told.differences.extend(stated_otherwise(issued, &invoice));
    told.differences.extend(sums_of_correction(state, ledger, history, issued, &invoice)?);
    if issued.kind.is_invoice() {
        told.differences.extend(unproved(ledger, &invoice)?);
        told.differences.extend(taken_otherwise(ledger, history, issued, &invoice)?);
    }
    told.looks = looks(auditing, ledger, issued, &invoice, None)?;
    told.identical = told.differences.is_empty();
    Ok(told)
}

/// An invoice in place of another takes over what that one took of payments in advance.
fn taken_otherwise(
    ledger: &Ledger,
    history: &History,
    issued: &Issued,
    invoice: &Invoice,
) -> Result<Option<String>, Failure> {
    let Some(base) = issued.corrects.as_ref().and_then(|number| history.document(number)) else { return Ok(None) };
    let (prepaid, released) = match stored_invoice(ledger, base)?.prepaid {
        Some(prepaid) => prepaid.again(invoice.as_billed().total, given_back(ledger, history, base, invoice)?),
        None => (None, Vec::new()),
    };
    let why =
        "it does not take over the payments in advance of the invoice before it, or releases another part of them";
    let is_same = prepaid == invoice.prepaid && released == issued.released;
    Ok((!is_same).then(|| format!("{}: {why}", issued.number)))
}

/// What the note gives back that an invoice was given back whole by, as it is billed; nothing where there is none.
fn given_back(ledger: &Ledger, history: &History, base: &Issued, invoice: &Invoice) -> Result<Money, Failure> {
    let is_whole = |note: &&Issued| note.cause == Some(CorrectionCause::Reissue);
    match history.credits_of(&base.number).find(is_whole) {
        Some(note) => Ok(stored_invoice(ledger, note)?.as_billed().total),
        None => Ok(Money::zero(invoice.as_billed().total.currency())),
    }
}

/// The row of the ledger and the canonical document say the same.
pub fn stated_otherwise(issued: &Issued, invoice: &Invoice) -> Option<String> {
    let recorded = (&issued.number, &issued.business, issued.month, issued.net, issued.tax, issued.total);
    let stated = (&invoice.number, &invoice.business, invoice.month, invoice.net, invoice.tax, invoice.total);
    let parts: Vec<(Month, Money)> = issued.earlier.iter().map(|earlier| (earlier.month, earlier.amount)).collect();
    let bound = (&issued.data_sha256, &issued.previous, issued.kind, issued.issue_date, parts);
    let computation = &invoice.computation;
    let stated_bound =
        (&computation.data_sha256, &invoice.chain.previous, invoice.kind, invoice.issue_date, parts_of(invoice));
    let corrects = invoice.corrects.as_ref().map(|corrects| &corrects.number);
    let is_same = recorded == stated
        && bound == stated_bound
        && issued.corrects.as_ref() == corrects
        && issued.prepaid == taken_by(invoice)
        && (issued.released.is_empty() || (issued.kind.is_invoice() && corrects.is_some()));
    (!is_same).then(|| format!("{}: the ledger row and the canonical invoice differ", issued.number))
}

/// What of a document is of other months than its own: an invoice bills it, a credit note gives it back.
fn parts_of(invoice: &Invoice) -> Vec<(Month, Money)> {
    let billed = invoice.earlier.iter().map(|earlier| (earlier.month, earlier.amount));
    let given_back = invoice.credited.iter().filter_map(|line| Some((line.month?, line.credit)));
    billed.chain(given_back.filter(|(month, _)| *month != invoice.month)).collect()
}

/// Whether the sums of a document that is not the invoice of a closing add up: of a credit note by what it corrects, of
/// an invoice in place of another by its charges.
pub fn sums_of_correction(
    state: &State,
    ledger: &Ledger,
    history: &History,
    issued: &Issued,
    invoice: &Invoice,
) -> Result<Vec<String>, Failure> {
    let corrected = issued.corrects.as_ref().and_then(|number| history.document(number));
    let found = if issued.kind.is_invoice() {
        let line_file = charge_file(state, history, issued)?;
        let mut found = check::findings(invoice, &line_file, history.sha256_now(&issued.data_sha256));
        if let Some(replaced) = corrected {
            found.extend(check::replacement_findings(invoice, &stored_invoice(ledger, replaced)?));
        }
        found
    } else {
        let Some(corrected) = corrected else {
            return Ok(vec![format!("{} corrects no document that the ledger knows", issued.number)]);
        };
        let earlier = history.credits_of(&corrected.number).take_while(|credit| credit.number != issued.number);
        let earlier = earlier.map(|credit| stored_invoice(ledger, credit)).collect::<Result<Vec<_>, Failure>>()?;
        check::credit_findings(invoice, &stored_invoice(ledger, corrected)?, &earlier)
    };
    Ok(found.iter().map(|finding| format!("{}: {finding}", issued.number)).collect())
}

/// Names of the files that this version would draw otherwise; the amounts are not concerned. `line_file`: the charges of
/// its month with their SHA-256, where they were made again.
pub fn looks(
    auditing: &Auditing,
    ledger: &Ledger,
    issued: &Issued,
    invoice: &Invoice,
    line_file: Option<(Vec<u8>, String)>,
) -> Result<Vec<String>, Failure> {
    let Auditing { replays, renderer, .. } = auditing;
    let recorded = recorded(replays.history, issued);
    if recorded.is_empty() {
        return Ok(Vec::new());
    }
    let closed = || replays.history.closed.get(&(issued.business.clone(), issued.month)).map(texts);
    // With the templates that it was decided with.
    let Some(texts) = issued.texts.clone().or_else(closed) else { return Ok(Vec::new()) };
    let setup = replays.setup(ledger, &texts)?;
    let name_of_own = render::line_file(invoice);
    let (own, known) = line_file.filter(|_| !invoice.is_credit_note()).unzip();
    let files = charges_with(replays.state, replays.history, (issued, invoice), own)?;
    let mut drawn = documents(&setup, renderer, invoice, &issued.document_sha256, files)?;
    line_forms::add(&setup, issued, invoice, &mut drawn)?;
    let digest =
        |name: &str, bytes: &[u8]| known.clone().filter(|_| name == name_of_own).unwrap_or_else(|| sha256(bytes));
    let is_other = |name: &str, bytes: &[u8]| recorded.get(name) != Some(&digest(name, bytes).as_str());
    let mut other: Vec<String> =
        drawn.iter().filter(|(name, bytes)| is_other(name, bytes)).map(|(name, _)| name.clone()).collect();
    // The ledger holds their signatures, too, and which are too large: an audit needs no key and no settings of today.
    let (history, files) = (replays.history, &drawn);
    let post = Post { setup: &setup, renderer, invoice, issued, files, history, signer: None, max_size: None };
    let mails = post.mails()?;
    let kept = mails.into_iter().filter(|(mail, _)| recorded.contains_key(mail.name.as_str()));
    other.extend(kept.filter(|(mail, bytes)| is_other(&mail.name, bytes)).map(|(mail, _)| mail.name));
    Ok(other)
}

/// The files of a document with the digests that they have now; mails that were destroyed are none.
fn recorded<'h>(history: &'h History, issued: &'h Issued) -> BTreeMap<&'h str, &'h str> {
    let documents = history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    let documents = documents.map(|file| (file.name.as_str(), history.sha256_now(&file.sha256)));
    let mails = history.mails_of(&issued.number).filter(|mail| !history.is_destroyed(mail));
    documents.chain(mails.map(|mail| (mail.name.as_str(), mail.sha256.as_str()))).collect()
}
