//! The credit notes of a correction: one for each invoice that bills more of the month than stands.

use super::super::closing::{filed_charges, stored_invoice};
use super::super::decide::issued;
use super::super::recorded;
use super::{Bench, Corrected, Refused, read};
use crate::close::credit::{self, Credit};
use crate::close::{Issue, check};
use crate::domain::correction::{Amounts, Correction, CreditLine};
use crate::domain::{Instant, Invoice, InvoiceNumber, Money, Month};
use crate::error::Failure;
use crate::ledger::entry::{Entry, Issued, MonthCorrected, Texts};
use crate::ledger::{Additions, Billed, History, Ledger};

/// What a transaction is to add.
pub struct Notes {
    pub additions: Additions,
    pub notes: Vec<Invoice>,
}

/// An invoice that bills the month, with what it billed of it.
pub struct Base {
    pub invoice: Invoice,
    pub number: InvoiceNumber,
    /// The charges of the month as this invoice, with its credit notes, billed them.
    pub charges: Vec<u8>,
    /// Their digest as it was recorded.
    pub was_sha256: String,
}

/// The invoices that bill the month, in the order of issue.
pub fn bases(bench: &Bench, ledger: &Ledger, corrected: &Corrected) -> Result<Vec<Base>, Failure> {
    let MonthCorrected { business, month, .. } = &corrected.entry;
    let of = |billed: &Billed| {
        let charges = filed_charges(bench.state, bench.history, business, *month, billed.data_sha256)?;
        let (number, was_sha256) = (billed.issued.number.clone(), billed.data_sha256.to_owned());
        Ok(Base { invoice: stored_invoice(ledger, billed.issued)?, number, charges, was_sha256 })
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
    let contents = [&setup.config_text, &setup.businesses_text, &setup.tariff_text];
    let contents = contents.map(|written| written.text.clone().into_bytes()).to_vec();
    let mut additions = Additions { entries: vec![Entry::Corrected(corrected.entry.clone())], contents };
    let (mut history, mut notes) = (history.clone(), Vec::new());
    let billed = history.billed(business, *month);
    let billed_net = Money::sum(net.currency(), billed.iter().map(|billed| billed.rest)).ok_or_else(too_large)?;
    let mut credit =
        billed_net.checked_sub(*net).filter(|credit| credit.minor() > 0).unwrap_or(Money::zero(net.currency()));
    let parts: Vec<(InvoiceNumber, Money)> =
        billed.iter().map(|billed| (billed.issued.number.clone(), billed.rest)).collect();
    for (number, rest) in parts.into_iter().rev() {
        if credit.minor() <= 0 {
            break;
        }
        let base = bases
            .iter()
            .find(|base| base.number == number)
            .ok_or_else(|| Refused::Check(format!("{number} has no document")))?;
        let now = rest.checked_sub(credit).filter(|now| now.minor() >= 0).unwrap_or(Money::zero(net.currency()));
        let part = rest.checked_sub(now).ok_or_else(too_large)?;
        let lines = lines(base, corrected, rest, now).ok_or_else(too_large)?;
        let correction = correction(base, corrected, reason);
        let note = note(
            bench,
            &history,
            base,
            &correction,
            Credit {
                lines,
                month: *month,
                counts: corrected.entry.counts,
                data_sha256: corrected.entry.data_sha256.clone(),
            },
        )?;
        if note.net != part {
            return Err(Refused::Check(format!(
                "the rows of {} sum to {}, {part} is to be given back",
                note.number, note.net
            )));
        }
        let canonical = note.canonical();
        let row = row(bench, &note, &canonical, bench.run_at);
        additions.entries.push(Entry::CreditNote(row.clone()));
        additions.contents.push(canonical);
        history.issue(row);
        notes.push(note);
        credit = credit.checked_sub(part).ok_or_else(too_large)?;
    }
    Ok(Notes { additions, notes })
}

fn too_large() -> Refused {
    Refused::Check("a sum is too large to be exact".to_owned())
}

/// Rows of the charges where the invoice is of the month itself, else one for the month as a whole.
fn lines(base: &Base, corrected: &Corrected, rest: Money, now: Money) -> Option<Vec<CreditLine>> {
    let currency = rest.currency();
    let month: Month = corrected.entry.month;
    let (billed, stands) = (read(&base.charges).ok()?, read(&corrected.closed.line_file).ok()?);
    let is_own = base.invoice.month == month && billed.net()? == rest.exact() && stands.net()? == now.exact();
    if is_own {
        return credit::of_charges(&billed, &stands, currency);
    }
    let (was, is) =
        (Amounts { quantity: billed.quantity(), amount: rest }, Amounts { quantity: stands.quantity(), amount: now });
    Some(vec![credit::of_earlier(month, was, is)?])
}

fn correction(base: &Base, corrected: &Corrected, reason: Option<&str>) -> Correction {
    Correction {
        number: base.number.clone(),
        issue_date: base.invoice.issue_date,
        cause: corrected.entry.cause,
        reason: reason.map(str::to_owned),
        messages: corrected.messages,
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
    let currency = base.invoice.currency;
    let credits = history.credits_of(&base.number).map(|credit| credit.net);
    let given_back = Money::sum(currency, credits).ok_or_else(too_large)?;
    let business = bench.setup.businesses.iter().find(|business| business.id == base.invoice.business);
    let issuer = business.map_or(&bench.setup.config.issuers[0], |business| bench.setup.config.issuer_of(business));
    let date = issuer.zone.date_of(bench.run_at);
    let number = history.next_number(&issuer.credit_series, date.year(), 1);
    let issue = Issue { number, date, previous: history.document_head(), earlier: Vec::new() };
    let corrected = credit::Corrected { invoice: &base.invoice, given_back, correction: correction.clone() };
    let note = credit::credit_note(corrected, credit, issue)
        .ok_or_else(|| Refused::Check(format!("{} cannot give back what it did not bill", base.number)))?;
    match check::credit_findings(&note, &base.invoice, given_back).first() {
        Some(finding) => Err(Refused::Check(finding.to_string())),
        None => Ok(note),
    }
}

/// The row of the ledger for a document that is issued after the closing.
pub fn row(bench: &Bench, invoice: &Invoice, canonical: &[u8], at: Instant) -> Issued {
    let texts = Texts {
        config_sha256: bench.setup.config_text.sha256.clone(),
        businesses_sha256: bench.setup.businesses_text.sha256.clone(),
        tariff_sha256: bench.setup.tariff_text.sha256.clone(),
    };
    Issued { issued_at: Some(at), texts: Some(texts), ..issued(invoice, canonical) }
}

/// The setup that a document was issued with: its own, or that of the closing of its month.
pub fn setup_of(ledger: &Ledger, history: &History, issued: &Issued) -> Result<super::super::setup::Setup, Failure> {
    use crate::error::Kind;
    match &issued.texts {
        Some(texts) => recorded::setup_of(ledger, texts),
        None => {
            let closed = history.closed.get(&(issued.business.clone(), issued.month)).ok_or_else(|| {
                Failure::new(Kind::Differences, format!("{} has no closed month", issued.number)).at(ledger.path())
            })?;
            recorded::setup(ledger, closed)
        }
    }
}
