//! `ritardo journal`: the issued documents as double-entry bookkeeping. It reads the ledger and writes nothing there.

use super::audit::{closed_months, state_of};
use super::closing::stored_invoice;
use super::files::{self, Access};
use super::state::ledger_failure;
use super::{Outcome, World, say};
use crate::cli::{Journal as Args, JournalBy, JournalForm};
use crate::domain::receivable::PaidPart;
use crate::error::{Failure, Kind};
use crate::ledger::entry::Issued;
use crate::ledger::{History, Ledger, Payment, PaymentEvent};
use crate::report::journal::{Document, Form, Happened, Journal, Receipt, Scope, Unbalanced};

pub fn journal(args: &Args, world: &mut World) -> Result<Outcome, Failure> {
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    refuse_unknown(args, &history, &ledger)?;
    let mut documents = Vec::new();
    for issued in history.issued.iter().filter(|issued| is_wanted(args, issued)) {
        // As it is owed: in the currency that it is billed in.
        let invoice = stored_invoice(&ledger, issued)?.as_billed().into_owned();
        let (sha256, released) = (issued.document_sha256.clone(), issued.released.clone());
        documents.push(Document { invoice, sha256, released });
    }
    let selection = selection(args);
    let receipts: Vec<Receipt> = history.payments.iter().flat_map(|payment| receipts(&history, payment)).collect();
    let receipts = receipts.into_iter().filter(|receipt| is_booked(args, receipt));
    let only = |receipt: Receipt| match &args.business {
        Some(wanted) => receipt.only(wanted),
        None => Ok(receipt),
    };
    let receipts = receipts.map(only).collect::<Result<Vec<Receipt>, _>>().map_err(unmade)?;
    if documents.is_empty() && receipts.is_empty() {
        say(world.err, &format!("warning: there are no {selection}"))?;
    }
    let journal = Journal::of(format!("Late replies: {selection}"), documents)
        .and_then(|journal| journal.with_receipts(receipts))
        .map_err(unmade)?;
    let form = match args.format {
        JournalForm::Hledger => Form::Hledger,
        JournalForm::Beancount => Form::Beancount,
        JournalForm::Csv => Form::Csv,
    };
    let text = journal.text(form, if args.bare { Scope::Transactions } else { Scope::Whole });
    match &args.out {
        Some(path) => files::write(path, text.as_bytes(), Access::Usual)?,
        // The line end that `say` adds is the one that is taken here.
        None => say(world.out, text.strip_suffix('\n').unwrap_or(&text))?,
    }
    Ok(Outcome::Done)
}

fn unmade(error: Unbalanced) -> Failure {
    Failure::new(Kind::SelfCheck, "the journal cannot be made").because(error)
}

/// A month that was closed without a document is an empty journal; one that was never closed is a mistake.
fn refuse_unknown(args: &Args, history: &History, ledger: &Ledger) -> Result<(), Failure> {
    let mut closed = history.closed.keys().filter(|(id, _)| args.business.as_ref().is_none_or(|wanted| wanted == id));
    if closed.any(|(_, month)| args.by == JournalBy::IssueDate || args.months.contains(*month)) {
        return Ok(());
    }
    if history.payments.iter().flat_map(|payment| receipts(history, payment)).any(|receipt| is_booked(args, &receipt)) {
        return Ok(());
    }
    let what = if args.by == JournalBy::IssueDate { "any month".to_owned() } else { args.months.to_string() };
    let message = match &args.business {
        Some(id) => format!("business `{id}` has not closed {what}"),
        None => format!("no business has closed {what}"),
    };
    Err(Failure::new(Kind::CommandLine, message).at(ledger.path()).hint(closed_months(history)))
}

fn is_wanted(args: &Args, issued: &Issued) -> bool {
    let months = args.months;
    let in_months = match args.by {
        JournalBy::Month => months.contains(issued.month),
        JournalBy::IssueDate => {
            let date = issued.issue_date;
            crate::domain::Month::new(date.year(), date.month()).is_some_and(|month| months.contains(month))
        }
    };
    in_months && args.business.as_ref().is_none_or(|wanted| *wanted == issued.business)
}

/// Payments are in the months in which they are booked, whatever puts a document into one.
fn is_booked(args: &Args, receipt: &Receipt) -> bool {
    let month = crate::domain::Month::new(receipt.date.year(), receipt.date.month());
    let is_of = |wanted: &crate::domain::BusinessId| {
        receipt.advance.as_ref() == Some(wanted) || receipt.parts.iter().any(|(_, business)| business == wanted)
    };
    month.is_some_and(|month| args.months.contains(month)) && args.business.as_ref().is_none_or(is_of)
}

/// Everything that happened to a payment, in order.
fn receipts(history: &History, payment: &Payment) -> Vec<Receipt> {
    let received = &payment.received;
    let whose = |part: &PaidPart| Some((part.clone(), history.document(&part.number)?.business.clone()));
    let receipt = |happened, date, parts: &[PaidPart]| Receipt {
        payment: received.payment,
        happened,
        date,
        amount: received.amount,
        payer: received.payer.clone(),
        reference: received.reference.clone(),
        parts: parts.iter().filter_map(whose).collect(),
        advance: received.advance.as_ref().map(|advance| advance.business.clone()),
    };
    let mut all = vec![receipt(Happened::Received, received.booked, &received.parts)];
    let mut taken = received.parts.clone();
    for event in &payment.events {
        all.push(match event {
            PaymentEvent::Matched(matched) => {
                taken.extend(matched.parts.iter().cloned());
                receipt(Happened::Matched, matched.on, &matched.parts)
            }
            PaymentEvent::Reversed(reversed) => {
                let parts = std::mem::take(&mut taken);
                let happened = if reversed.keeps { Happened::Released } else { Happened::Returned };
                receipt(happened, reversed.on, &parts)
            }
        });
    }
    all
}

/// The documents that were asked for, in words.
fn selection(args: &Args) -> String {
    let by = if args.by == JournalBy::IssueDate { "issued in" } else { "of" };
    let business = args.business.as_ref().map(|id| format!(" for {id}")).unwrap_or_default();
    format!("documents {by} {}{business}", args.months)
}
