//! Which months can be closed, and their closing: decided here, carried out in the ledger's transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::archived::{Archive, forgotten_id};
use super::audit::line_file_of;
use super::evidence::{Evidence, Waits};
use super::setup::Setup;
use super::standing::standing;
use super::state::{State, keep, ledger_failure};
use crate::close::readiness::{Missing, cut, missing_logs, undecided};
use crate::close::{self, CloseError, ClosedMonth, Issue, Pricing, check};
use crate::domain::charge::{Charge, RatedWait};
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Business, Elapsed, Instant, Invoice, InvoiceNumber, Month, Ownership, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued, MonthClosed};
use crate::ledger::{Additions, History, Ledger, LedgerError};
use crate::pair::Conflict;
use crate::rate::{self, Tariff};
use crate::read::{coverage, inbox};

/// A month of a business that is not closed yet.
pub struct OpenMonth<'s> {
    pub business: &'s Business,
    pub month: Month,
    pub step: Step,
    /// For the report: judged as of now.
    pub waits: Vec<RatedWait>,
    /// Messages of the business of which exports disagree, whatever their month.
    pub conflicts: Vec<Conflict>,
}

/// What the run can do with it.
pub enum Step {
    Close(Box<ClosedMonth>),
    Wait(Vec<String>),
    /// Set aside, until somebody acts.
    Park(String),
}

/// All months from each business's first one to the one that `as_of` lies in, without the closed ones;
/// in order of business, then month.
pub fn open_months<'s>(
    setup: &'s Setup,
    history: &History,
    evidence: &Evidence,
    archive: &Archive,
    as_of: Instant,
) -> Result<Vec<OpenMonth<'s>>, Failure> {
    let broken_vows = broken_vows(setup, history);
    let judging = Judging { setup, evidence, archive, as_of, broken_vows };
    let mut open = Vec::new();
    for business in &setup.businesses {
        let months = std::iter::successors(Some(business.first_month), |month| Some(month.next()));
        for month in months.take_while(|month| month.span(business.zone).from <= as_of) {
            if !history.closed.contains_key(&(business.id.clone(), month)) {
                open.push(judge(&judging, business, month)?);
            }
        }
    }
    Ok(open)
}

/// What months are judged by.
struct Judging<'j> {
    setup: &'j Setup,
    evidence: &'j Evidence,
    archive: &'j Archive<'j>,
    as_of: Instant,
    broken_vows: Vec<BrokenVow<'j>>,
}

/// A file of a `continuous` source that stands aside: the operator vouches that none of its files is missing, and
/// what the others prove together is not certain without it.
struct BrokenVow<'j> {
    source: &'j Source,
    file: String,
}

fn broken_vows<'j>(setup: &'j Setup, history: &History) -> Vec<BrokenVow<'j>> {
    let aside = standing(setup, history, &[]).into_iter().filter_map(|aside| {
        let source = inbox::claimed(&setup.config.sources, &aside.name)?;
        (source.coverage == Coverage::Continuous).then_some(BrokenVow { source, file: aside.name })
    });
    aside.collect()
}

impl BrokenVow<'_> {
    fn concerns(&self, business: &Business, month: Month) -> bool {
        let may_carry = |owned: &Ownership| coverage::may_carry(self.source, owned.channel.as_str());
        business.channels_in(month.span(business.zone)).any(may_carry)
    }
}

fn judge<'s>(judging: &Judging<'_>, business: &'s Business, month: Month) -> Result<OpenMonth<'s>, Failure> {
    let Judging { setup, evidence, archive, as_of, .. } = *judging;
    let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
    let of_channel = |channel: &str| evidence.of_channel(channel, as_of);
    let missing = missing_logs(business, month, cut, as_of, &of_channel);
    // A month that waits for logs is still shown as far as it is known.
    let through = if missing.is_empty() { cut } else { cut.min(as_of) };
    let Waits { rated, conflicts } = evidence.waits(business, month, through, setup)?;
    let open = |step, waits| OpenMonth { business, month, step, waits, conflicts: conflicts.clone() };
    let rated = match rated {
        Ok(rated) => rated,
        Err(no_rate) => return Ok(open(Step::Park(no_rate.without_message()), Vec::new())),
    };
    let missing = if missing.is_empty() { undecided(&rated) } else { missing };
    let vow = judging.broken_vows.iter().find(|vow| missing.is_empty() && vow.concerns(business, month));
    if let Some(BrokenVow { source, file }) = vow {
        let reason = format!("{file} was set aside, and source `{}` vouches that no file is missing", source.name);
        return Ok(open(Step::Wait(vec![reason]), rated));
    }
    if !missing.is_empty() {
        let note = span_note(setup, business, evidence).filter(|_| !matches!(missing[..], [Missing::Horizon(_)]));
        let reasons = missing.iter().map(ToString::to_string).chain(note).collect();
        return Ok(open(Step::Wait(reasons), rated));
    }
    let named = with_names(archive, evidence, &rated, &setup.tariff, month)?;
    let closed = close_with(&setup.tariff, business, month, cut, &named).map_err(|error| {
        Failure::new(Kind::SelfCheck, format!("{month} of {} cannot be closed", business.id)).because(error)
    })?;
    Ok(open(Step::Close(Box::new(closed)), rated))
}

/// The waits with plain names, and their charges counted in the order of those: of one instant the id decides.
pub fn with_names(
    archive: &Archive,
    evidence: &Evidence,
    rated: &[RatedWait],
    tariff: &Tariff,
    month: Month,
) -> Result<Vec<RatedWait>, Failure> {
    let mut named = archive.with_names(evidence.files.iter(), rated, tariff.reading.clock)?;
    rate::count(&mut named, tariff, &|_, _| month);
    Ok(named)
}

/// The same waits, keyed, with the charges that [`with_names`] gives them: what a line file and an invoice say.
pub fn counted(
    archive: &Archive,
    evidence: &Evidence,
    mut rated: Vec<RatedWait>,
    tariff: &Tariff,
    month: Month,
) -> Result<Vec<RatedWait>, Failure> {
    if !tariff.counts() {
        return Ok(rated);
    }
    let named = with_names(archive, evidence, &rated, tariff, month)?;
    let charges: BTreeMap<(String, &str), &Charge> = named
        .iter()
        .filter_map(|rated| Some((&rated.wait, rated.charge.as_ref()?)))
        .flat_map(|(wait, charge)| {
            let ids = [archive.key.message(&wait.message_id), wait.message_id.to_string()];
            ids.map(|id| ((id, &*wait.channel), charge))
        })
        .collect();
    for rated in rated.iter_mut().filter(|rated| rated.charge.is_some()) {
        let wait = &rated.wait;
        let of = |id: String| charges.get(&(id, &*wait.channel)).copied().cloned();
        let charge = of(wait.message_id.to_string()).or_else(|| of(forgotten_id(&wait.message_id)));
        rated.charge = charge.or_else(|| rated.charge.take());
    }
    Ok(rated)
}

/// Closes a month under a tariff.
pub fn close_with(
    tariff: &Tariff,
    business: &Business,
    month: Month,
    cut: Instant,
    rated: &[RatedWait],
) -> Result<ClosedMonth, CloseError> {
    let adjustments = |net, has_paid_charge| rate::adjustments(net, has_paid_charge, tariff);
    let pricing = Pricing { tariff: &tariff.name(), currency: tariff.currency, adjustments: &adjustments };
    close::close(business, month, cut, rated, &pricing)
}

/// The greatest tolerance of the channels that the business ever owns: by the configuration, so that the evidence
/// of a month ends at the same instant whichever files have come.
pub fn tolerance(setup: &Setup, business: &Business) -> Elapsed {
    let of_channel = |owned: &Ownership| coverage::tolerance(&setup.config.sources, owned.channel.as_str());
    business.channels.iter().map(of_channel).max().unwrap_or(Elapsed::ZERO)
}

/// Sources under whose coverage most months wait, by name and setting.
fn span_note(setup: &Setup, business: &Business, evidence: &Evidence) -> Option<String> {
    let known = business.channels.iter().filter_map(|owned| evidence.known.get(owned.channel.as_str()));
    let names: BTreeSet<&String> = known.flat_map(|known| &known.sources).collect();
    let is_span = |name: &&&String| {
        setup.config.sources.iter().any(|source| source.name == ***name && source.coverage == Coverage::Span)
    };
    let source = names.iter().find(is_span)?;
    Some(format!("source `{source}` has coverage = \"span\": a file proves only its own first to last message"))
}

/// Gaps in the inbound logs of a month that can be closed: messages that were never seen are not billed.
pub fn unseen(open: &OpenMonth, evidence: &Evidence) -> Vec<String> {
    let Step::Close(closed) = &open.step else { return Vec::new() };
    let month = open.month.span(open.business.zone);
    let mut unseen = Vec::new();
    for owned in open.business.channels_in(month) {
        let Some(known) = evidence.known.get(owned.channel.as_str()) else { continue };
        for gap in known.inbound_gaps(closed.cut) {
            let (from, to) = (gap.from.max(month.from).max(owned.span.from), gap.to.min(month.to).min(owned.span.to));
            if from < to {
                unseen.push(format!("inbound logs of channel {} are missing from {from} to {to}", owned.channel));
            }
        }
    }
    unseen
}

/// What the closing of a night issued.
#[derive(Debug, Default)]
pub struct Closings {
    /// Each with its invoice; `None` where there was nothing to bill.
    pub months: Vec<(MonthClosed, Option<Invoice>)>,
    /// Business, month and finding: what a self-check kept from being closed.
    pub failed: Vec<(String, Month, String)>,
}

/// Closes what can be closed: charge files first, then one transaction that gives the numbers.
pub fn close_months(
    setup: &Setup,
    state: &State,
    ledger: &mut Ledger,
    open: &[OpenMonth],
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
    for (month, closed) in closable.iter().filter(|(_, closed)| closed.has_charges()) {
        keep(&state.charges(&month.business.id, month.month), &closed.line_file)?;
    }
    let path = ledger.path().to_owned();
    let decide = |history: &History| -> Result<Additions, LedgerError> {
        let decided = decide(setup, history, &closable, run_at);
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
    run_at: Instant,
) -> (Additions, Closings) {
    let contents = [&setup.config_text, &setup.businesses_text, &setup.tariff_text];
    let contents = contents.map(|written| written.text.clone().into_bytes()).to_vec();
    let mut additions = Additions { entries: Vec::new(), contents };
    let (mut closings, mut history) = (Closings::default(), history.clone());
    let evidence_through = history.last;
    for (month, closed) in closable {
        let recorded = closing(setup, month, closed, evidence_through, run_at);
        let (invoice, issued, canonical) = issue(setup, &history, month, closed, run_at);
        if let Some(finding) = check::findings(&invoice, &closed.line_file, &invoice.computation.data_sha256).first() {
            closings.failed.push((month.business.id.to_string(), month.month, finding.to_string()));
            continue;
        }
        additions.entries.push(Entry::MonthClosed(recorded.clone()));
        if !closed.has_charges() {
            closings.months.push((recorded, None));
            continue;
        }
        additions.entries.push(Entry::Invoice(issued.clone()));
        additions.contents.push(canonical);
        history.issued.push(issued);
        closings.months.push((recorded, Some(invoice)));
    }
    (additions, closings)
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

fn issue(
    setup: &Setup,
    history: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    run_at: Instant,
) -> (Invoice, Issued, Vec<u8>) {
    let issuer = &setup.config.issuer;
    let date = issuer.zone.date_of(run_at);
    let number: InvoiceNumber = history.next_number(&issuer.series, date.year(), issuer.first_number);
    let issue = Issue { number, date, previous: history.document_head() };
    let invoice = close::invoice(issuer, month.business, closed, &setup.tariff_name(), issue);
    let canonical = invoice.canonical();
    let issued = Issued {
        number: invoice.number.clone(),
        business: month.business.id.clone(),
        month: month.month,
        issue_date: date,
        net: invoice.net,
        tax: invoice.tax,
        total: invoice.total,
        data_sha256: closed.data_sha256.clone(),
        document_sha256: check::sha256(&canonical),
        previous: invoice.chain.previous.clone(),
        kind: invoice.kind,
        corrects: None,
        cause: None,
        reason: None,
        issued_at: None,
        texts: None,
        earlier: invoice.earlier.clone(),
    };
    (invoice, issued, canonical)
}

/// The canonical invoice that the ledger holds for an issued one.
pub fn stored_invoice(ledger: &Ledger, issued: &Issued) -> Result<Invoice, Failure> {
    let bytes = ledger.content(&issued.document_sha256).map_err(|error| ledger_failure(error, ledger.path()))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("the canonical invoice {} cannot be read", issued.number);
        Failure::new(Kind::Differences, message).at(ledger.path()).because(error)
    })
}

/// The charge file of an issued invoice. The same bytes lie beside its documents; where one of the two was
/// lost, the other is taken.
pub fn charge_file(state: &State, history: &History, issued: &Issued) -> Result<Vec<u8>, Failure> {
    let path = state.charges(&issued.business, issued.month);
    let filed = std::fs::read(&path);
    let attached = || std::fs::read(state.documents(&issued.number).join(line_file_of(issued))).ok();
    match filed {
        Ok(bytes) => Ok(bytes),
        Err(error) => attached()
            .filter(|bytes| check::sha256(bytes) == history.sha256_now(&issued.data_sha256))
            .ok_or_else(|| Failure::io("read the charge file", &path, error)),
    }
}
