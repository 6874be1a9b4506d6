//! The credit notes of a correction: one for each invoice that bills more of the month than stands.

use std::collections::BTreeSet;

use super::super::closing::{filed_charges, stored_invoice};
use super::super::decide::issued;
use super::super::{recorded, retaxed};
use super::{Bench, Corrected, Refused, read};
use crate::close::credit::{self, Credit, Stands};
use crate::close::{ClosedMonth, Filed, FrozenRates, Issue, change_file, check, credit_file};
use crate::domain::business::Issuer;
use crate::domain::correction::{Amounts, Correction, CreditLine};
use crate::domain::{Business, Date, Invoice, InvoiceNumber, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued, MonthCorrected, Texts};
use crate::ledger::{Additions, Billed, History, Ledger};

/// What a transaction is to add.
pub struct Notes {
    pub additions: Additions,
    pub notes: Vec<Noted>,
}

/// A credit note with the file that goes with it, where it is about messages.
pub struct Noted {
    pub note: Invoice,
    pub changes: Option<Vec<u8>>,
}

/// An invoice that bills the month, with what it billed of it.
pub struct Base {
    pub invoice: Invoice,
    /// Its credit notes so far.
    pub notes: Vec<Invoice>,
    /// Whether it was written with the VAT that its month was closed with.
    pub as_then: bool,
    pub number: InvoiceNumber,
    /// The charges of the month as this invoice, with its credit notes, billed them.
    pub charges: Vec<u8>,
    /// Their digest as it was recorded.
    pub was_sha256: String,
    /// Who issued it, with what is known of that issuer today: an issuer corrects its own documents.
    pub issuer: Issuer,
    /// What the invoice was decided with.
    pub texts: Texts,
    /// The month that is corrected.
    pub month: Month,
}

/// The invoice `issued`, with its charges of a month as it bills them now. `again` is that month, closed again by its own book.
pub fn base_of(
    bench: &Bench,
    ledger: &Ledger,
    issued: &Issued,
    again: &ClosedMonth,
    charges: Vec<u8>,
    was_sha256: String,
) -> Result<Base, Failure> {
    let texts = texts_of(ledger, bench.history, issued)?;
    let recorded = recorded::setup_of(ledger, &texts)?;
    let business = recorded.business(issued.business.as_str()).ok_or_else(|| {
        Failure::new(Kind::Differences, format!("the recorded book of {} lacks its business", issued.number))
    })?;
    let then = recorded.config.issuer_of(business);
    let today = bench.setup.config.issuers.iter().find(|issuer| issuer.id == then.id);
    let issuer = today.unwrap_or(then).clone();
    let notes = bench.history.credits_of(&issued.number).map(|note| stored_invoice(ledger, note));
    Ok(Base {
        invoice: stored_invoice(ledger, issued)?,
        notes: notes.collect::<Result<_, Failure>>()?,
        as_then: is_as_then(ledger, bench.history, (&texts, business), issued.month, &retaxed::days(again))?,
        number: issued.number.clone(),
        charges,
        was_sha256,
        issuer,
        texts,
        month: again.month,
    })
}

/// Whether the book that an invoice was decided with says of the days that decide what the one says that its month was closed
/// with. A charge may be of a day of another month.
fn is_as_then(
    ledger: &Ledger,
    history: &History,
    (texts, business): (&Texts, &Business),
    month: Month,
    days: &BTreeSet<Date>,
) -> Result<bool, Failure> {
    let Some(closed) = history.closed.get(&(business.id.clone(), month)) else { return Ok(false) };
    if recorded::texts(closed) == *texts {
        return Ok(true);
    }
    let then = recorded::setup(ledger, closed)?;
    let says_the_same = |then: &Business| {
        let is_same = |day: &Date| then.vat.key_of(*day, month) == business.vat.key_of(*day, month);
        days.iter().all(is_same)
    };
    Ok(then.business(business.id.as_str()).is_some_and(says_the_same))
}

/// The invoices that bill the month, in the order of issue.
pub fn bases(bench: &Bench, ledger: &Ledger, corrected: &Corrected) -> Result<Vec<Base>, Failure> {
    let MonthCorrected { business, month, .. } = &corrected.entry;
    let of = |billed: &Billed| {
        let charges = filed_charges(bench.state, bench.history, business, *month, billed.data_sha256)?;
        base_of(bench, ledger, billed.issued, &corrected.closed, charges, billed.data_sha256.to_owned())
    };
    bench.history.billed(business, *month).iter().map(of).collect()
}

/// The correction, and the credit notes that follow from it: the invoice that billed last gives back first, none more
/// than it billed.
pub fn credit_notes(
    bench: &Bench,
    history: &History,
    corrected: &Corrected,
    bases: &[Base],
    reason: Option<&str>,
) -> Result<Notes, Refused> {
    let MonthCorrected { business, month, net, .. } = &corrected.entry;
    let setup = bench.setup;
    let entries = vec![Entry::Corrected(corrected.entry.clone())];
    let mut additions = Additions { entries, contents: setup.contents() };
    let (mut history, mut notes) = (history.clone(), Vec::new());
    let billed = history.billed(business, *month);
    let billed_net = Money::sum(net.currency(), billed.iter().map(|billed| billed.rest)).ok_or_else(too_large)?;
    let mut credit =
        billed_net.checked_sub(*net).filter(|credit| credit.minor() > 0).unwrap_or(Money::zero(net.currency()));
    let parts: Vec<(InvoiceNumber, Money)> =
        billed.iter().map(|billed| (billed.issued.number.clone(), billed.rest)).collect();
    for (place, (number, rest)) in parts.iter().enumerate().rev() {
        if credit.minor() <= 0 {
            break;
        }
        let find = |number: &InvoiceNumber| bases.iter().find(|base| base.number == *number);
        let base = find(number).ok_or_else(|| Refused::Check(format!("{number} has no document")))?;
        let now = rest.checked_sub(credit).filter(|now| now.minor() >= 0).unwrap_or(Money::zero(net.currency()));
        let part = rest.checked_sub(now).ok_or_else(too_large)?;
        // Where an invoice before it gives back, too, what that one bills is left of this one.
        let before: Vec<&Base> = parts.iter().take(place).filter_map(|(number, _)| find(number)).collect();
        let target = before.last().copied().filter(|_| part < credit);
        let target = target.map_or_else(|| Target::of(corrected), Target::before);
        let change = change(base, &target, *rest, left_to_bill(corrected, &before, now)?)?;
        let correction = correction(base, corrected, reason, change.messages);
        let credited = Credit {
            lines: change.lines,
            stands: change.stands,
            month: *month,
            counts: corrected.entry.counts,
            data_sha256: target.sha256.to_owned(),
        };
        let note = note(bench, &history, base, &correction, credited)?;
        if note.net != part {
            return Err(Refused::Check(format!(
                "the rows of {} sum to {}, {part} is to be given back",
                note.number, note.net
            )));
        }
        let canonical = note.canonical();
        let row = row(bench, base, &note, &canonical);
        additions.entries.push(Entry::CreditNote(row.clone()));
        additions.contents.push(canonical);
        history.issue(row);
        notes.push(Noted { note, changes: change.file });
        credit = credit.checked_sub(part).ok_or_else(too_large)?;
    }
    Ok(Notes { additions, notes })
}

/// What an invoice is to bill of the month from now on: so much, under what those `before` it leave of each category and rate.
fn left_to_bill(corrected: &Corrected, before: &[&Base], now: Money) -> Result<Stands<'static>, Refused> {
    let before = before.iter().map(|base| (&base.invoice, base.notes.as_slice()));
    let groups = credit::groups_left(&corrected.closed, before).ok_or_else(too_large)?;
    Ok(Stands::Month { month: corrected.entry.month, net: now, groups })
}

fn too_large() -> Refused {
    Refused::Check("a sum is too large to be exact".to_owned())
}

/// The charges that an invoice is to bill from now on.
struct Target<'t> {
    charges: &'t [u8],
    sha256: &'t str,
    /// The month closed again, where these are all of its charges.
    closed: Option<&'t ClosedMonth>,
}

impl<'t> Target<'t> {
    fn of(corrected: &'t Corrected) -> Self {
        let closed = &corrected.closed;
        Self { charges: &closed.line_file, sha256: &corrected.entry.data_sha256, closed: Some(closed) }
    }

    fn before(base: &'t Base) -> Self {
        Self { charges: &base.charges, sha256: &base.was_sha256, closed: None }
    }
}

/// What a credit note says of the charges.
struct Change<'c> {
    lines: Vec<CreditLine>,
    stands: Stands<'c>,
    messages: u64,
    /// The file that goes with the note, where there are any messages.
    file: Option<Vec<u8>>,
}

/// Rows of the charges where the invoice is of the month itself, else one for the month as a whole, of which `stands` tells
/// what is left.
fn change<'c>(base: &Base, target: &Target<'c>, rest: Money, stands: Stands<'c>) -> Result<Change<'c>, Refused> {
    let (currency, month) = (rest.currency(), base.month);
    let now = match &stands {
        Stands::Month { net, .. } => *net,
        Stands::Nothing | Stands::Charges { .. } => Money::zero(currency),
    };
    let unreadable = |_| Refused::Check("a file of charges cannot be read".to_owned());
    let billed = read(&base.charges).map_err(unreadable)?;
    let left = read(target.charges).map_err(unreadable)?;
    let messages = change_file(&billed, &left, currency).map_or(0, |(_, messages)| messages);
    let credit = rest.checked_sub(now).filter(|_| messages > 0);
    let file = credit.and_then(|credit| credit_file(credit, &billed, &left));
    let comes_to = |filed: &Filed, net: Money| filed.net() == Some(net.exact());
    let fits = comes_to(&billed, rest) && comes_to(&left, now);
    let is_told_by_row = base.invoice.month == month && fits && credit::is_by_row(&base.invoice, &base.notes);
    if let Some(closed) = target.closed.filter(|_| is_told_by_row) {
        let lines = credit::of_charges(&billed, &left, currency).ok_or_else(too_large)?;
        return Ok(Change { lines, stands: Stands::Charges { closed, as_then: base.as_then }, messages, file });
    }
    let (was, is) =
        (Amounts { quantity: billed.quantity(), amount: rest }, Amounts { quantity: left.quantity(), amount: now });
    let line = credit::of_earlier(month, was, is).ok_or_else(too_large)?;
    Ok(Change { lines: vec![line], stands, messages, file })
}

fn correction(base: &Base, corrected: &Corrected, reason: Option<&str>, messages: u64) -> Correction {
    Correction {
        number: base.number.clone(),
        issue_date: base.invoice.issue_date,
        cause: corrected.entry.cause,
        reason: reason.map(str::to_owned),
        messages,
        was_sha256: base.was_sha256.clone(),
    }
}

/// A credit note with the next number, checked by another road.
pub fn note(
    bench: &Bench,
    history: &History,
    base: &Base,
    correction: &Correction,
    credit: Credit,
) -> Result<Invoice, Refused> {
    let issuer = &base.issuer;
    let date = issuer.zone.date_of(bench.run_at);
    let number = history.next_number(&issuer.credit_series, date.year(), 1);
    let (previous, rates) = (history.document_head(), FrozenRates::default());
    let issue = Issue { number, date, previous, earlier: Vec::new(), rates, available: Vec::new() };
    let corrected = credit::Corrected { invoice: &base.invoice, notes: &base.notes, correction: correction.clone() };
    let note = credit::credit_note(corrected, credit, issue)
        .ok_or_else(|| Refused::Check(format!("{} cannot give back what it did not bill", base.number)))?;
    match check::credit_findings(&note, &base.invoice, &base.notes).first() {
        Some(finding) => Err(Refused::Check(finding.to_string())),
        None => Ok(note),
    }
}

/// The row of the ledger for a document that is issued after the closing, in correction of another.
pub fn row(bench: &Bench, base: &Base, invoice: &Invoice, canonical: &[u8]) -> Issued {
    let is_in_the_book = bench.setup.business(invoice.business.as_str()).is_some();
    let today = bench.setup.texts();
    // Who is in the book no more hears of it where the invoice went to.
    let texts = if is_in_the_book { today } else { base.texts.clone() };
    Issued { issued_at: Some(bench.run_at), texts: Some(texts), ..issued(invoice, canonical) }
}

/// The texts that a document was issued with: its own, or those of the closing of its month.
pub fn texts_of(ledger: &Ledger, history: &History, issued: &Issued) -> Result<Texts, Failure> {
    let closed = || history.closed.get(&(issued.business.clone(), issued.month)).map(recorded::texts);
    issued.texts.clone().or_else(closed).ok_or_else(|| {
        Failure::new(Kind::Differences, format!("{} has no closed month", issued.number)).at(ledger.path())
    })
}
