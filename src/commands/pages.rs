//! The month pages for finance.

use std::collections::{BTreeMap, BTreeSet};

use super::archived::Archive;
use super::closing::{OpenMonth, Step, counted, stored_invoice, texts, tolerance};
use super::coverage::{Look, of_business};
use super::evidence::Evidence;
use super::recorded;
use super::setup::Setup;
use super::standing;
use super::state::{State, keep, ledger_failure};
use crate::close::readiness::cut;
use crate::domain::charge::RatedWait;
use crate::domain::{BusinessId, Instant, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{MonthClosed, SetAside};
use crate::ledger::{History, Ledger, MailState};
use crate::render::Renderer;
use crate::report::alarms::Alarm;
use crate::report::coverage::ChannelCoverage;
use crate::report::{BusinessMonth, MonthFacts, State as MonthState, month_page};

/// What a night knows of the months that are still open.
pub struct Seen<'s> {
    pub open: &'s [OpenMonth<'s>],
    pub evidence: &'s Evidence,
    pub as_of: Instant,
    pub alarms: &'s [Alarm],
}

/// Draws the page of every month that has a business in it, and writes those that changed.
pub fn write_pages(
    setup: &Setup,
    state: &State,
    ledger: &Ledger,
    seen: &Seen,
    renderer: &Renderer,
) -> Result<Vec<Month>, Failure> {
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let standing = standing::standing(setup, &history, &[]);
    let (open, known) = (seen.open, Known { setup, state, ledger, history: &history, seen, standing: &standing });
    let mut written = Vec::new();
    let mut replays = Replays::default();
    // A month in which nothing is known yet has no page.
    let known_of = open.iter().filter(|open| !open.waits.is_empty() || matches!(open.step, Step::Park(_)));
    let months: BTreeSet<Month> = history.months().into_iter().chain(known_of.map(|open| open.month)).collect();
    for month in months {
        let page = page(&known, month, &mut replays, renderer)?;
        if keep(&state.report(month), page.as_bytes())? {
            written.push(month);
        }
    }
    Ok(written)
}

/// What the pages are drawn from.
struct Known<'k> {
    setup: &'k Setup,
    state: &'k State,
    ledger: &'k Ledger,
    history: &'k History,
    seen: &'k Seen<'k>,
    standing: &'k [SetAside],
}

fn page(known: &Known, month: Month, replays: &mut Replays, renderer: &Renderer) -> Result<String, Failure> {
    let Known { setup, state, ledger, history, seen, standing } = *known;
    let mut coverage = Vec::new();
    let mut months: Vec<(&crate::domain::Business, MonthState, Vec<RatedWait>)> = Vec::new();
    for business in &setup.businesses {
        if let Some(closed) = history.closed.get(&(business.id.clone(), month)) {
            let waits = replays.waits(state, ledger, closed)?;
            coverage.extend(replays.coverage(state, ledger, closed)?);
            months.push((business, closed_state(ledger, history, &business.id, month)?, waits));
        } else if let Some(open) = seen.open.iter().find(|open| open.business.id == business.id && open.month == month)
        {
            let cut = cut(business, month, setup.tariff.horizon(), tolerance(setup, business));
            let look = Look { month, cut, through: seen.as_of, waits: &open.waits };
            coverage.extend(of_business(setup, seen.evidence, business, &look)?);
            months.push((business, open_state(&open.step), open.waits.clone()));
        }
    }
    let businesses = months.iter().map(|(business, state, waits)| BusinessMonth {
        id: &business.id,
        legal_name: &business.party.legal_name,
        zone: business.zone,
        state: state.clone(),
        waits,
    });
    let head = history.issued.iter().rfind(|issued| issued.month == month).map(|issued| issued.document_sha256.clone());
    let issuers: Vec<&str> = setup.config.issuers.iter().map(|issuer| issuer.party.legal_name.as_str()).collect();
    let issuers = issuers.join(", ");
    let facts = MonthFacts {
        month,
        issuer: &issuers,
        businesses: businesses.collect(),
        tariff_id: &setup.tariff.id,
        tariff_version: &setup.tariff.version,
        tariff_sha256: &setup.tariff_text.sha256,
        reading: &setup.tariff.reading_text(),
        chain_head: &head.unwrap_or_else(|| history.document_head()),
        rejected_rows: history.files.iter().map(|(_, file)| file.rejected).sum(),
        quarantined_files: standing.iter().map(|file| (file.name.clone(), file.reason.clone())).collect(),
        currency: setup.tariff.currency,
        alarms: alarms(seen, month),
        coverage,
    };
    renderer
        .page("report_month.html", &month_page(&facts))
        .map_err(|error| Failure::new(Kind::SelfCheck, format!("the page of {month} cannot be drawn")).because(error))
}

/// The alarms of a month that is still open: a page of closed months does not change with the nights.
fn alarms(seen: &Seen, month: Month) -> Vec<String> {
    let is_open = seen.open.iter().any(|open| open.month == month);
    let of_month = seen.alarms.iter().filter(|alarm| is_open && alarm.months.contains(&month));
    of_month.map(|alarm| alarm.text.clone()).collect()
}

fn closed_state(
    ledger: &Ledger,
    history: &History,
    business: &BusinessId,
    month: Month,
) -> Result<MonthState, Failure> {
    let Some(issued) = history.invoice_of(business, month) else { return Ok(MonthState::ClosedWithoutCharges) };
    let mails: Vec<_> = history.mails_of(&issued.number).map(|mail| history.mail_state(mail)).collect();
    let sent = mails.iter().filter(|state| **state == MailState::Sent).count();
    let plural = if mails.len() == 1 { "mail" } else { "mails" };
    Ok(MonthState::Issued {
        number: issued.number.clone(),
        net: issued.net,
        tax: issued.tax,
        total: issued.total,
        adjustments: stored_invoice(ledger, issued)?.adjustments,
        sent: format!("{sent} of {} {plural} sent", mails.len()),
    })
}

fn open_state(step: &Step) -> MonthState {
    match step {
        // Only a dry run meets one, and it writes no page.
        Step::Close(_) => MonthState::Waiting { reasons: vec!["it can be closed now".to_owned()] },
        Step::Wait(reasons) => MonthState::Waiting { reasons: texts(reasons) },
        Step::Park(parked) => MonthState::Parked { reason: parked.to_string() },
        Step::Approve(_) => {
            MonthState::Waiting { reasons: vec!["it can be closed, and waits for approval".to_owned()] }
        }
    }
}

/// What earlier closings were decided with, loaded once for each.
#[derive(Default)]
pub struct Replays {
    /// `None`: the ledger's own.
    history: Option<History>,
    by_inputs: BTreeMap<(u64, [String; 3]), (Setup, Evidence)>,
}

impl Replays {
    /// Replays by a history that the ledger may not have yet.
    pub fn with(history: History) -> Self {
        Self { history: Some(history), ..Self::default() }
    }

    /// The waits of a closed month, from the files and the setup that were recorded at its closing, judged
    /// at its cut.
    pub fn waits(&mut self, state: &State, ledger: &Ledger, closed: &MonthClosed) -> Result<Vec<RatedWait>, Failure> {
        let (setup, evidence) = self.inputs(state, ledger, closed)?;
        let business = setup.businesses.iter().find(|business| business.id == closed.business).ok_or_else(|| {
            Failure::new(Kind::Differences, format!("the recorded book has no business {}", closed.business))
        })?;
        let rated = evidence.waits(business, closed.month, closed.cut, setup)?.rated;
        let rated = rated.map_err(|no_rate| Failure::new(Kind::Differences, no_rate.to_string()))?;
        if !setup.tariff.counts() {
            return Ok(rated);
        }
        let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
        counted(&Archive::open(state, &history)?, evidence, rated, &setup.tariff, closed.month)
    }

    /// What the logs proved at the closing of a month.
    pub fn coverage(
        &mut self,
        state: &State,
        ledger: &Ledger,
        closed: &MonthClosed,
    ) -> Result<Vec<ChannelCoverage>, Failure> {
        let (setup, evidence) = self.inputs(state, ledger, closed)?;
        let look = Look { month: closed.month, cut: closed.cut, through: closed.cut, waits: &[] };
        let business = setup.businesses.iter().find(|business| business.id == closed.business);
        business.map_or(Ok(Vec::new()), |business| of_business(setup, evidence, business, &look))
    }

    /// The recorded setup and the evidence of a closing.
    pub fn inputs(
        &mut self,
        state: &State,
        ledger: &Ledger,
        closed: &MonthClosed,
    ) -> Result<&(Setup, Evidence), Failure> {
        self.inputs_at(state, ledger, closed, closed.evidence_through)
    }

    /// The recorded setup of a closing, and what the files and accepted holds recorded up to an entry prove.
    pub fn inputs_at(
        &mut self,
        state: &State,
        ledger: &Ledger,
        closed: &MonthClosed,
        evidence_through: u64,
    ) -> Result<&(Setup, Evidence), Failure> {
        let texts = [&closed.config_sha256, &closed.businesses_sha256, &closed.tariff_sha256].map(String::clone);
        match self.by_inputs.entry((evidence_through, texts)) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                let own = || ledger.history().map_err(|error| ledger_failure(error, ledger.path()));
                let history = self.history.take().map_or_else(own, Ok)?;
                let setup = recorded::setup(ledger, closed)?;
                let files: Vec<_> = history.files_through(evidence_through).collect();
                let evidence = Evidence::gather(files.iter().copied(), &setup, &Archive::open(state, &history)?)?;
                let evidence = evidence.with_accepted(history.accepted_through(evidence_through));
                self.history = Some(history);
                Ok(vacant.insert((setup, evidence)))
            }
        }
    }
}
