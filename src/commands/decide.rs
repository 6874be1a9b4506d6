//! The closing of what can be closed: decided and numbered in one transaction of the ledger.

use super::closing::{OpenMonth, Step};
use super::correct::Withheld;
use super::guards::is_approved;
use super::setup::Setup;
use super::state::{State, keep, ledger_failure};
use crate::close::{self, ClosedMonth, Issue, check};
use crate::domain::correction::Earlier;
use crate::domain::{BusinessId, Currency, Decimal, Instant, Invoice, InvoiceNumber, Money, Month, Zone};
use crate::error::Failure;
use crate::ledger::entry::{Entry, Issued, MonthClosed};
use crate::ledger::{Additions, History, Ledger, LedgerError};

/// What the closing of a night issued.
#[derive(Debug, Default)]
pub struct Closings {
    /// Each with its invoice; `None` where there was nothing to bill, or too little.
    pub months: Vec<(MonthClosed, Option<Invoice>)>,
    /// Approved as they were, and others now: what was closed with them is carried over to their invoice.
    pub unseen: Vec<(BusinessId, Month)>,
    /// Business, month and finding: what a self-check kept from being closed.
    pub failed: Vec<(String, Month, String)>,
}

impl Closings {
    /// What was not closed, because nobody has seen it as it would be now, is to be approved.
    pub fn hold(&self, open: &mut [OpenMonth]) {
        for open in open {
            let is_unseen = self.unseen.contains(&(open.business.id.clone(), open.month));
            if let (Step::Close(closed), true) = (&open.step, is_unseen) {
                open.step = Step::Approve(closed.clone());
            }
        }
    }
}

/// Closes what can be closed: charge files first, then one transaction that gives the numbers, in the order of
/// businesses and months.
pub fn close_months(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    open: &[OpenMonth],
    withheld: &Withheld,
    run_at: Instant,
) -> Result<Closings, Failure> {
    let closable: Vec<(&OpenMonth, &ClosedMonth)> = open
        .iter()
        .filter_map(|month| if let Step::Close(closed) = &month.step { Some((month, closed.as_ref())) } else { None })
        .collect();
    let mut closings = Closings::default();
    if closable.is_empty() {
        return Ok(closings);
    }
    let currency = setup.tariff.currency;
    let path = ledger.path().to_owned();
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    for (month, closed) in &closable {
        // A month without charges has a file of its own where its invoice bills earlier ones.
        if closed.has_charges() || !history.unbilled(&month.business.id, currency).is_empty() {
            keep(&state.charges(&month.business.id, month.month), &closed.line_file)?;
        }
    }
    let decide = |history: &History| -> Result<Additions, LedgerError> {
        let decided = decide(setup, history, &closable, withheld, run_at);
        closings = decided.1;
        Ok(decided.0)
    };
    ledger.append(decide).map_err(|error| ledger_failure(error, &path))?;
    Ok(closings)
}

fn decide(
    setup: &Setup,
    history: &History,
    closable: &[(&OpenMonth, &ClosedMonth)],
    withheld: &Withheld,
    run_at: Instant,
) -> (Additions, Closings) {
    let contents = [&setup.config_text, &setup.businesses_text, &setup.tariff_text];
    let contents = contents.map(|written| written.text.clone().into_bytes()).to_vec();
    let mut additions = Additions { entries: Vec::new(), contents };
    let (mut closings, mut history) = (Closings::default(), history.clone());
    let evidence_through = history.last;
    for (month, closed) in closable {
        if !is_approved(setup, &history, month, closed, withheld) {
            closings.unseen.push((month.business.id.clone(), month.month));
            continue;
        }
        let mut recorded = closing(setup, month, closed, evidence_through, run_at);
        let due = Due::of(setup, &history, month, closed, withheld);
        if !due.is_worth_an_invoice {
            recorded.carried = closed.has_charges().then_some(closed.net);
            additions.entries.push(Entry::MonthClosed(recorded.clone()));
            history.close(recorded.clone());
            closings.months.push((recorded, None));
            continue;
        }
        let issue = Issue {
            number: next_number(setup, &history, month, run_at),
            date: setup.config.issuer_of(month.business).zone.date_of(run_at),
            previous: history.document_head(),
            earlier: due.earlier,
        };
        match invoice(setup, month, closed, issue) {
            Err(finding) => closings.failed.push((month.business.id.to_string(), month.month, finding)),
            Ok((invoice, canonical)) => {
                let issued = issued(&invoice, &canonical);
                additions.entries.extend([Entry::MonthClosed(recorded.clone()), Entry::Invoice(issued.clone())]);
                additions.contents.push(canonical);
                history.close(recorded.clone());
                history.issue(issued);
                closings.months.push((recorded, Some(invoice)));
            }
        }
    }
    (additions, closings)
}

/// What the closing of a month is to bill.
pub struct Due {
    pub earlier: Vec<Earlier>,
    pub is_worth_an_invoice: bool,
}

impl Due {
    /// Earlier months that are `withheld` stay for a later invoice.
    pub fn of(setup: &Setup, history: &History, month: &OpenMonth, closed: &ClosedMonth, withheld: &Withheld) -> Self {
        let (currency, id): (Currency, _) = (setup.tariff.currency, &month.business.id);
        let mut earlier = history.unbilled(id, currency);
        earlier.retain(|earlier| !withheld.contains(&(id.clone(), earlier.month)));
        let sum = |earlier: &[Earlier]| {
            let amounts = earlier.iter().map(|earlier| earlier.amount);
            amounts.into_iter().try_fold(closed.net, Money::checked_add)
        };
        // What does not fit into one invoice stays for the next.
        let net = sum(&earlier).unwrap_or_else(|| {
            earlier.clear();
            closed.net
        });
        let has_charges = closed.has_charges() || !earlier.is_empty();
        let is_large: bool = net.exact() >= setup.config.issue.smallest.max(Decimal::ZERO);
        // A tariff may make a charge of nothing; that is billed, so that the business hears of it.
        Self { is_worth_an_invoice: has_charges && is_large, earlier }
    }
}

fn next_number(setup: &Setup, history: &History, month: &OpenMonth, run_at: Instant) -> InvoiceNumber {
    let issuer = setup.config.issuer_of(month.business);
    history.next_number(&issuer.series, issuer.zone.date_of(run_at).year(), issuer.first_number)
}

fn closing(
    setup: &Setup,
    month: &OpenMonth,
    closed: &ClosedMonth,
    evidence_through: u64,
    run_at: Instant,
) -> MonthClosed {
    MonthClosed {
        business: month.business.id.clone(),
        month: month.month,
        cut: closed.cut,
        closed_at: run_at,
        evidence_through,
        counts: closed.counts,
        charges: closed.charges(),
        exact: closed.exact,
        data_sha256: closed.data_sha256.clone(),
        tariff: setup.tariff.name(),
        tariff_sha256: setup.tariff_text.sha256.clone(),
        config_sha256: setup.config_text.sha256.clone(),
        businesses_sha256: setup.businesses_text.sha256.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        zones: Zone::DATA_VERSION.to_owned(),
        carried: None,
    }
}

/// The invoice with its canonical bytes, after every total was derived once more. The error is the first finding.
pub fn invoice(
    setup: &Setup,
    month: &OpenMonth,
    closed: &ClosedMonth,
    issue: Issue,
) -> Result<(Invoice, Vec<u8>), String> {
    let issuer = setup.config.issuer_of(month.business);
    let invoice = close::invoice(issuer, month.business, closed, &setup.tariff_name(), issue);
    let invoice = invoice.ok_or("a sum is too large to be exact")?;
    match check::findings(&invoice, &closed.line_file, &invoice.computation.data_sha256).first() {
        Some(finding) => Err(finding.to_string()),
        None => {
            let canonical = invoice.canonical();
            Ok((invoice, canonical))
        }
    }
}

/// The row of the ledger for a document.
pub fn issued(invoice: &Invoice, canonical: &[u8]) -> Issued {
    Issued {
        number: invoice.number.clone(),
        business: invoice.business.clone(),
        month: invoice.month,
        issue_date: invoice.issue_date,
        net: invoice.net,
        tax: invoice.tax,
        total: invoice.total,
        data_sha256: invoice.computation.data_sha256.clone(),
        document_sha256: check::sha256(canonical),
        previous: invoice.chain.previous.clone(),
        kind: invoice.kind,
        corrects: invoice.corrects.as_ref().map(|correction| correction.number.clone()),
        cause: invoice.corrects.as_ref().map(|correction| correction.cause),
        reason: invoice.corrects.as_ref().and_then(|correction| correction.reason.clone()),
        issued_at: None,
        texts: None,
        earlier: invoice.earlier.clone(),
    }
}
