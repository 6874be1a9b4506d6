//! The closing of what can be closed: decided and numbered in one transaction of the ledger.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::closing::{OpenMonth, Step};
use super::correct::Withheld;
use super::guards::is_approved;
use super::setup::Setup;
use super::state::{State, ledger_failure, put};
use super::timings::Timings;
use super::{billable, files, workers};
use crate::close::check::{self, Finding};
use crate::close::{self, ClosedMonth, Issue};
use crate::domain::correction::Earlier;
use crate::domain::prepaid::Taken;
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
        let unseen: BTreeSet<(&BusinessId, Month)> = self.unseen.iter().map(|(id, month)| (id, *month)).collect();
        for open in open {
            let is_unseen = unseen.contains(&(&open.business.id, open.month));
            if let (Step::Close(closed), true) = (&open.step, is_unseen) {
                open.step = Step::Approve(closed.clone());
            }
        }
    }
}

/// A month that can be closed.
type Closable<'c> = (&'c OpenMonth<'c>, &'c ClosedMonth);

/// What becomes of a month, but for what only the transaction can give: its number and its place in the chain.
enum Draft {
    /// It was approved as it was, and is another now.
    Unseen,
    /// There is nothing to bill, or too little.
    Closed(MonthClosed),
    /// With the rows of the table of rates that prove its own, where it has one.
    Billed(MonthClosed, Box<Invoice>, Option<Vec<u8>>),
    /// What a self-check found.
    Failed(String),
}

/// Closes what can be closed: charge files first, then one transaction that gives the numbers, in the order of
/// businesses and months. What does not hang on a number is made before it, on all processors.
pub fn close_months(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    open: &[OpenMonth],
    withheld: &Withheld,
    (run_at, timings): (Instant, &Timings),
) -> Result<Closings, Failure> {
    let begun = timings.now();
    let closable: Vec<Closable> = open
        .iter()
        .filter_map(|month| if let Step::Close(closed) = &month.step { Some((month, closed.as_ref())) } else { None })
        .collect();
    let mut closings = Closings::default();
    if closable.is_empty() {
        return Ok(closings);
    }
    let path = ledger.path().to_owned();
    let history = ledger.shared().map_err(|error| ledger_failure(error, &path))?;
    let by_business: Vec<&[Closable]> = closable.chunk_by(|(one, _), (other, _)| same_business(one, other)).collect();
    let mut drafts = Vec::with_capacity(closable.len());
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    let work = |months: &&[Closable]| {
        let drafts = drafted(setup, &history, months, withheld, run_at);
        let folders = file_charges(setup, state, &history, months, &drafts)?;
        Ok::<_, Failure>((folders, drafts))
    };
    workers::in_order(&by_business, work, |_, (of_months, of_business)| {
        folders.extend(of_months);
        drafts.extend(of_business);
        Ok(())
    })?;
    // The charges are on disk under their names before the ledger names them.
    folders.iter().try_for_each(|folder| files::sync(folder))?;
    timings.part("drafts, charge files", begun, Some(closable.len() as u64));
    let begun = timings.now();
    let decide = |known: &History| -> Result<Additions, LedgerError> {
        // This run holds the lock: nobody has added to the ledger since.
        let drafts = if known.head == history.head {
            drafts
        } else {
            by_business.iter().flat_map(|months| drafted(setup, known, months, withheld, run_at)).collect()
        };
        let decided = numbered(setup, known, &closable, drafts);
        closings = decided.1;
        Ok(decided.0)
    };
    ledger.append(decide).map_err(|error| ledger_failure(error, &path))?;
    timings.part("transaction", begun, Some(closings.months.len() as u64));
    Ok(closings)
}

fn same_business(one: &OpenMonth, other: &OpenMonth) -> bool {
    one.business.id == other.business.id
}

/// Writes the charges of some months of a business. The folders that are to be synced.
fn file_charges(
    setup: &Setup,
    state: &State,
    history: &History,
    months: &[Closable],
    drafts: &[Draft],
) -> Result<Vec<PathBuf>, Failure> {
    let currency = setup.tariff.currency;
    let mut folders = Vec::new();
    for ((month, closed), draft) in months.iter().zip(drafts) {
        // A month without charges has a file of its own where its invoice bills earlier ones.
        let is_billed = matches!(draft, Draft::Billed(..));
        if closed.has_charges() || is_billed || !history.unbilled(&month.business.id, currency).is_empty() {
            let path = state.charges(&month.business.id, month.month);
            put(&path, &closed.line_file)?;
            folders.extend(path.parent().map(Path::to_owned));
        }
    }
    Ok(folders)
}

/// What becomes of some months of one business, in their order: each knows what those before it leave open.
fn drafted(setup: &Setup, history: &History, months: &[Closable], withheld: &Withheld, run_at: Instant) -> Vec<Draft> {
    let Some((first, _)) = months.first() else { return Vec::new() };
    let mut known = history.of_business(&first.business.id);
    let draft = |(place, (month, closed)): (u32, &Closable)| {
        if !is_approved(setup, &known, month, closed, withheld, run_at) {
            return Draft::Unseen;
        }
        let mut recorded = closing(setup, month, closed, history.last, run_at);
        let due = Due::of(setup, &known, month, closed, withheld);
        if !due.is_worth_an_invoice {
            recorded.carried = closed.has_charges().then_some(closed.net);
            known.close(recorded.clone());
            return Draft::Closed(recorded);
        }
        let issuer = setup.config.issuer_of(month.business);
        // No document has the year 0: the number is one that only these drafts have among themselves.
        let number = InvoiceNumber { series: issuer.series.clone(), year: 0, count: place };
        let (date, previous) = (issuer.zone.date_of(run_at), String::new());
        let is_taxed = billable::is_taxed(month.business, closed, &due.earlier);
        let (rates, table) = match billable::frozen(setup, month.business, month.month, is_taxed) {
            Err(why) => return Draft::Failed(why),
            Ok(frozen) => frozen.unzip(),
        };
        recorded.exchange_sha256 = table.as_deref().map(check::sha256);
        let rates = rates.unwrap_or_default();
        let available = billable::available(&known, month.business, date, None);
        match invoice(setup, month, closed, Issue { number, date, previous, earlier: due.earlier, rates, available }) {
            Err(finding) => Draft::Failed(finding),
            Ok(invoice) => {
                known.close(recorded.clone());
                known.issue(issued(&invoice, &[]));
                Draft::Billed(recorded, Box::new(invoice), table)
            }
        }
    };
    (0..).zip(months).map(draft).collect()
}

/// What the transaction adds: every draft in its order, with its number and its place in the chain.
fn numbered(setup: &Setup, history: &History, closable: &[Closable], drafts: Vec<Draft>) -> (Additions, Closings) {
    let mut additions = Additions { entries: Vec::new(), contents: setup.contents() };
    let (mut closings, mut numbers, mut head) = (Closings::default(), history.numbers.clone(), history.document_head());
    for ((month, _), draft) in closable.iter().zip(drafts) {
        match draft {
            Draft::Unseen => closings.unseen.push((month.business.id.clone(), month.month)),
            Draft::Failed(finding) => {
                closings.failed.push((month.business.id.to_string(), month.month, finding));
            }
            Draft::Closed(recorded) => {
                additions.entries.push(Entry::MonthClosed(recorded.clone()));
                closings.months.push((recorded, None));
            }
            Draft::Billed(recorded, mut invoice, table) => {
                let issuer = setup.config.issuer_of(month.business);
                invoice.number = numbers.next(&issuer.series, invoice.issue_date.year(), issuer.first_number);
                numbers.give(&invoice.number);
                invoice.chain.previous = head;
                let canonical = invoice.canonical();
                let issued = issued(&invoice, &canonical);
                head = issued.document_sha256.clone();
                additions.entries.extend([Entry::MonthClosed(recorded.clone()), Entry::Invoice(issued)]);
                additions.contents.push(canonical);
                additions.contents.extend(table);
                closings.months.push((recorded, Some(*invoice)));
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
        let by_receipt = setup.tariff.reading.is_by_receipt();
        let anew = |row| close::decided_anew(&month.business.vat, row, by_receipt);
        let mut earlier: Vec<Earlier> = history.unbilled(id, currency).into_iter().map(anew).collect();
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
        vat: closed.vat_shares(),
        exchange_sha256: None,
        looks_sha256: setup.texts().looks_sha256,
    }
}

/// Adds a month to what is known, as its closing will. `draft` is its invoice, where it is worth one.
pub fn foresee(
    setup: &Setup,
    known: &mut History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    draft: Option<&Invoice>,
    run_at: Instant,
) {
    let mut recorded = closing(setup, month, closed, known.last, run_at);
    recorded.carried = (draft.is_none() && closed.has_charges()).then_some(closed.net);
    known.close(recorded);
    if let Some(draft) = draft {
        known.issue(issued(draft, &[]));
    }
}

/// The invoice, after every total was derived once more: none of them hangs on its number, its date or its place in the
/// chain. The error is the first finding.
pub fn invoice(setup: &Setup, month: &OpenMonth, closed: &ClosedMonth, issue: Issue) -> Result<Invoice, String> {
    checked(setup, month, closed, issue, true)
}

/// What the invoice of a month would say that has none of its own: its VAT is asked for when a later one bills it.
pub fn outline(setup: &Setup, month: &OpenMonth, closed: &ClosedMonth, issue: Issue) -> Result<Invoice, String> {
    checked(setup, month, closed, issue, false)
}

fn checked(
    setup: &Setup,
    month: &OpenMonth,
    closed: &ClosedMonth,
    issue: Issue,
    is_billed: bool,
) -> Result<Invoice, String> {
    let issuer = setup.config.issuer_of(month.business);
    let invoice = close::invoice(issuer, month.business, closed, &setup.tariff_name(), issue);
    let invoice = invoice.ok_or("a sum is too large to be exact")?;
    let is_of_vat = |finding: &Finding| matches!(finding, Finding::Untaxed { .. } | Finding::Scope);
    let findings = check::findings(&invoice, &closed.line_file, &invoice.computation.data_sha256);
    match findings.into_iter().find(|finding| is_billed || !is_of_vat(finding)) {
        Some(finding) => Err(finding.to_string()),
        None => Ok(invoice),
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
        exchange_sha256: None,
        prepaid: taken_by(invoice),
        released: Vec::new(),
    }
}

/// What the invoice of a closing takes of payments in advance; nothing of other documents.
pub fn taken_by(invoice: &Invoice) -> Vec<Taken> {
    let prepaid = invoice.prepaid.iter().filter(|_| invoice.kind.is_invoice() && invoice.corrects.is_none());
    prepaid.flat_map(|prepaid| prepaid.payments.clone()).collect()
}
