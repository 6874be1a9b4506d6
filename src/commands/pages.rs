//! The pages: of the months, of each business in them, over all months, of the run.

mod left_out;
mod overviews;
mod replays;
pub mod site;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use super::closing::{OpenMonth, Step, tolerance};
use super::correct::Late;
use super::coverage::{Look, of_business};
use super::evidence::Evidence;
use super::settled::{Drawn, is_as_left};
use super::setup::Setup;
use super::standing;
use super::state::{State, ledger_failure};
use super::workers;
use crate::close::readiness::cut;
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{Business, BusinessId, Currency, Instant, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{MonthClosed, SetAside};
use crate::ledger::{History, Ledger};
use crate::report::alarms::Alarm;
use crate::report::coverage::ChannelCoverage;
use crate::report::month::amounts;
use crate::report::number::Amounts;
use crate::report::paged::paged;
use crate::report::tally::Tally;
use crate::report::{
    BusinessMonth, Link, MonthFacts, State as MonthState, TariffUsed, business_page, joined, month_of,
};

use site::Site;

pub use overviews::of_run;
pub use replays::Replays;

/// What a night knows of the months that are still open.
pub struct Seen<'s> {
    pub open: &'s [OpenMonth<'s>],
    pub evidence: &'s Evidence,
    pub as_of: Instant,
    pub alarms: &'s [Alarm],
    /// Closed months to which something came late.
    pub late: &'s [Late],
    /// Pages of closed months that nothing new is known of.
    pub drawn: &'s Drawn,
    /// Months that were closed tonight and whose messages were let go.
    pub closed: &'s ClosedTonight,
    /// So many messages are in memory at once, where closed months are judged again.
    pub rows_at_once: u64,
}

/// What is told of months that were closed tonight, by business and month.
pub type ClosedTonight = BTreeMap<(BusinessId, Month), replays::Told>;

/// What is told of the months that are closed tonight, where it is only counted by now: it need not be judged again.
pub fn closed_tonight(setup: &Setup, evidence: &Evidence, open: &[OpenMonth]) -> Result<ClosedTonight, Failure> {
    let mut told = ClosedTonight::new();
    for open in open.iter().filter(|open| evidence.settled.contains_key(open.business.id.as_str())) {
        let Step::Close(closed) = &open.step else { continue };
        let (month, cut) = (open.month, closed.cut);
        let coverage = of_business(setup, evidence, open.business, &Look { month, cut, through: cut, waits: &[] })?;
        let (waits, settled) = (open.waits.clone(), open.settled.clone());
        told.insert((open.business.id.clone(), month), replays::Told { waits, settled, coverage });
    }
    Ok(told)
}

/// Draws the page of every month that has a business in it, those of its businesses, and those over all months, and writes
/// what changed. The months whose page did.
pub fn write_pages(
    setup: &Setup,
    state: &State,
    ledger: &Ledger,
    seen: &Seen,
    site: &Site,
) -> Result<Vec<Month>, Failure> {
    let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
    let standing = standing::standing(setup, &history, &[]);
    let mut late: BTreeMap<(&BusinessId, Month), Vec<&Late>> = BTreeMap::new();
    for of in seen.late {
        late.entry((&of.business, of.month)).or_default().push(of);
    }
    let known = Known { setup, state, ledger, history: &history, seen, standing: &standing, late: &late, site };
    let open = seen.open;
    let mut written = Vec::new();
    // A month in which nothing is known yet has no page.
    let has_waits = |open: &OpenMonth| !open.waits.is_empty() || !open.settled.is_empty();
    let known_of = open.iter().filter(|open| has_waits(open) || matches!(open.step, Step::Park(_)));
    let months: BTreeSet<Month> = history.months().into_iter().chain(known_of.map(|open| open.month)).collect();
    let is_wanted = |month: &&Month| site.months.is_none_or(|wanted| wanted.contains(**month));
    let is_due = |month: &&Month| is_wanted(month) && !is_as_left(seen.drawn, state, **month, open, seen.late);
    let drawn: BTreeSet<Month> = months.iter().filter(is_due).copied().collect();
    let due = history.closed.values().filter(|closed| drawn.contains(&closed.month) && site.draws(&closed.business));
    let mut replays = Replays::of_rows(seen.rows_at_once, due);
    for month in &drawn {
        if draw(&known, *month, &mut replays)? {
            written.push(*month);
        }
    }
    overviews::write(&known, &months, &drawn)?;
    let ids = setup.businesses.iter().map(|business| &business.id);
    let ids: BTreeSet<&BusinessId> = ids.chain(history.closed.keys().map(|(business, _)| business)).collect();
    site.settle(|page| {
        let is_of_month = |month| months.contains(&month) && !drawn.contains(&month);
        let is_of_business = |id: &BusinessId| ids.contains(id) && site.is_wanted(id);
        match (site::month_in(page), site::business_of(page)) {
            (Some(month), business) => is_of_month(month) && business.as_ref().is_none_or(is_of_business),
            (None, business) => business.as_ref().is_some_and(is_of_business),
        }
    })?;
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
    /// By business and month, what came late to closed months.
    late: &'k BTreeMap<(&'k BusinessId, Month), Vec<&'k Late>>,
    site: &'k Site,
}

impl Known<'_> {
    /// Legal names of all issuers.
    fn issuers(&self) -> String {
        let issuers = self.setup.config.issuers.iter();
        issuers.map(|issuer| issuer.party.legal_name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Draws a month, and says whether its page changed.
fn draw(known: &Known, month: Month, replays: &mut Replays) -> Result<bool, Failure> {
    let Known { setup, history, seen, site, .. } = *known;
    let months = told_of(known, month, replays)?;
    let businesses = months.iter().map(|of| BusinessMonth {
        id: &of.business.id,
        legal_name: &of.business.party.legal_name,
        issuer: &of.issuer,
        page: if site.is_wanted(&of.business.id) { site::of_business(month, &of.business.id) } else { String::new() },
        tongue: site.tongue_of(&of.business),
        zone: of.business.zone,
        tariff: of.tariff.clone(),
        currency: of.currency,
        state: of.state.clone(),
        waits: &of.waits,
        settled: &of.settled,
    });
    let issuers = known.issuers();
    let tariffs: BTreeSet<TariffUsed> = months.iter().map(|of| of.tariff.clone()).collect();
    let head = history.heads.get(&month).cloned().unwrap_or_else(|| history.document_head());
    let (rejected, quarantined_files) = left_out::of(known, month)?;
    let facts = MonthFacts {
        month,
        issuer: &issuers,
        tongue: site.tongue,
        nav: site.nav(site.tongue, "", Vec::new()),
        businesses: businesses.collect(),
        tariffs: if tariffs.is_empty() { vec![tariff_of(setup)] } else { tariffs.into_iter().collect() },
        chain_head: &head,
        rejected,
        quarantined_files,
        currency: most_used(&months).unwrap_or(setup.tariff.currency),
        alarms: alarms(seen, month).into_iter().chain(differing(&months, month)).collect(),
        coverage: months.iter().flat_map(|of| of.coverage.iter().cloned()).collect(),
    };
    let is_changed = draw_businesses(known, &facts)?;
    if site.only.is_some() {
        return Ok(is_changed);
    }
    let all = amounts(&facts, site.tongue);
    let folder = month.to_string();
    let back = vec![Link { text: all.month(month), href: format!("../{}", site::of_month(month)) }];
    let (page, further) = paged(month_of(&facts, &joined(&facts)), &folder, &site.nav(site.tongue, "../", back), all);
    for (name, rows) in further {
        site.leave(&format!("{folder}/{name}"), &site.draw(site.tongue, "report_rows.html", &rows)?)?;
    }
    // Last: as long as it is the old one, the next night draws the month again.
    site.keep(&site::of_month(month), &site.draw(site.tongue, "report_month.html", &page)?)
}

/// The currency that most businesses of a month are priced in: of several the first by its code.
fn most_used(months: &[Told]) -> Option<Currency> {
    let mut uses: BTreeMap<Currency, usize> = BTreeMap::new();
    for of in months {
        *uses.entry(of.currency).or_default() += 1;
    }
    uses.into_iter()
        .max_by_key(|(currency, count)| (*count, std::cmp::Reverse(*currency)))
        .map(|(currency, _)| currency)
}

/// Draws the page of each business in a month, on all processors. Whether one changed.
fn draw_businesses(known: &Known, facts: &MonthFacts) -> Result<bool, Failure> {
    let site = known.site;
    let wanted: Vec<&BusinessMonth> = facts.businesses.iter().filter(|of| site.is_wanted(of.id)).collect();
    let mut is_changed = false;
    // No amount is printed with it: there is none to be looked at.
    let plain = Amounts::fitting(facts.currency, std::iter::empty());
    let draw = |of: &&BusinessMonth| {
        let up = |path: String| format!("../{path}");
        let name = plain.spoken(of.tongue).month(facts.month);
        let of_month = Link { text: name, href: up(site::of_month(facts.month)) };
        let own = up(site::over_months(of.id));
        let over = Link { text: of.legal_name.to_owned(), href: own.clone() };
        let more = if site.only.is_some() && !site.is_beside { vec![over] } else { vec![of_month, over] };
        let page = business_page(facts, of, site.nav(of.tongue, "../", more), &own);
        site.draw(of.tongue, "report_business.html", &page)
    };
    workers::in_order(&wanted, draw, |of, page| {
        let path = site::of_business(facts.month, of.id);
        is_changed |= site.leave(&path, &page)?;
        Ok(())
    })?;
    Ok(is_changed)
}

/// The month of one business.
struct Told {
    business: Business,
    /// Legal name of who bills it.
    issuer: String,
    state: MonthState,
    waits: Vec<RatedWait>,
    settled: Vec<Weighed>,
    coverage: Vec<ChannelCoverage>,
    tariff: TariffUsed,
    currency: Currency,
    /// Of a closed month: its waits are not those that the ledger recorded.
    differs: bool,
}

/// The month of every business, in the order of their ids; those that are closed are judged again, on all processors.
fn told_of(known: &Known, month: Month, replays: &mut Replays) -> Result<Vec<Told>, Failure> {
    let Known { setup, state, ledger, history, seen, .. } = *known;
    let closed = history.closed.keys().filter(|(_, of)| *of == month).map(|(business, _)| business);
    let ids = setup.businesses.iter().map(|business| &business.id).chain(closed);
    // Who asks for the pages of one business need not wait for those of all others.
    let ids: BTreeSet<&BusinessId> = ids.filter(|id| known.site.draws(id)).collect();
    let open = seen.open.iter().filter(|open| open.month == month);
    let open: BTreeMap<&BusinessId, &OpenMonth> = open.map(|open| (&open.business.id, open)).collect();
    let closings = ids.iter().filter_map(|id| history.closed.get(&((*id).clone(), month)));
    let closings: Vec<&MonthClosed> = closings.collect();
    let tonight = |closed: &MonthClosed| seen.closed.get(&(closed.business.clone(), month)).cloned();
    let (here, earlier): (Vec<_>, Vec<_>) =
        closings.into_iter().map(|of| (of, tonight(of))).partition(|(_, told)| told.is_some());
    let earlier: Vec<&MonthClosed> = earlier.into_iter().map(|(of, _)| of).collect();
    let judged = replays.told(state, ledger, &earlier)?;
    let here = here.into_iter().filter_map(|(of, told)| Some((of, told?)));
    let mut closed = BTreeMap::new();
    for (of, judged) in earlier.into_iter().zip(judged).chain(here) {
        closed.insert(&of.business, closed_month(known, of, replays, judged)?);
    }
    let mut months = Vec::new();
    for id in ids {
        if let Some(told) = closed.remove(id) {
            months.push(told);
        } else if let Some(open) = open.get(id) {
            months.push(open_month(known, open)?);
        }
    }
    Ok(months)
}

/// Of a closed month everything is as it was recorded, but for the name, which is that of today's book where it has one.
fn closed_month(
    known: &Known,
    closed: &MonthClosed,
    replays: &mut Replays,
    replays::Told { waits, settled, coverage }: replays::Told,
) -> Result<Told, Failure> {
    let Known { setup, ledger, .. } = *known;
    let recorded = replays.setup(ledger, closed)?;
    let of = |setup: &Setup| setup.business(closed.business.as_str()).cloned();
    let mut business = of(recorded).ok_or_else(|| no_business(closed))?;
    if let Some(today) = of(setup) {
        business.party.legal_name = today.party.legal_name;
    }
    let (tariff, currency) = (tariff_of(recorded), recorded.tariff.currency);
    let issuer = recorded.config.issuer_of(&business).party.legal_name.clone();
    let state = MonthState::Closed(states::closed(known, closed, &business, currency)?);
    let counted = settled.iter().map(|weighed| (&weighed.rated, weighed.times));
    let tally = Tally::of(waits.iter().map(|rated| (rated, 1)).chain(counted));
    let differs = (tally.counts, tally.charged, tally.amount) != (closed.counts, closed.charges, Some(closed.exact));
    Ok(Told { business, issuer, state, waits, settled, coverage, tariff, currency, differs })
}

fn open_month(known: &Known, open: &OpenMonth) -> Result<Told, Failure> {
    let Known { setup, seen, .. } = *known;
    let (business, month) = (open.business.clone(), open.month);
    let cut = cut(&business, month, setup.tariff.horizon(), tolerance(setup, &business));
    let look = Look { month, cut, through: seen.as_of, waits: &open.waits };
    let coverage = of_business(setup, seen.evidence, &business, &look)?;
    let state = MonthState::Open(states::open(known, open));
    let (tariff, currency) = (tariff_of(setup), setup.tariff.currency);
    let (waits, settled) = (open.waits.clone(), open.settled.clone());
    let issuer = setup.config.issuer_of(&business).party.legal_name.clone();
    Ok(Told { business, issuer, state, waits, settled, coverage, tariff, currency, differs: false })
}

fn tariff_of(setup: &Setup) -> TariffUsed {
    let (tariff, sha256) = (&setup.tariff, setup.tariff_text.sha256.clone());
    TariffUsed { name: tariff.name(), sha256, reading: tariff.reading_text() }
}

/// The alarms of a month that is still open: a page of closed months does not change with the nights.
fn alarms(seen: &Seen, month: Month) -> Vec<String> {
    let is_open = seen.open.iter().any(|open| open.month == month);
    let of_month = seen.alarms.iter().filter(|alarm| is_open && alarm.months.contains(&month));
    of_month.map(|alarm| alarm.text.clone()).collect()
}

/// Closed months of which the pages would tell something else than the ledger.
fn differing(months: &[Told], month: Month) -> Vec<String> {
    let said = |of: &Told| {
        let id = &of.business.id;
        format!(
            "{month} of {id}: judged again it has other waits or charges than were recorded; see `ritardo audit {month}`"
        )
    };
    months.iter().filter(|of| of.differs).map(said).collect()
}

fn no_business(closed: &MonthClosed) -> Failure {
    Failure::new(Kind::Differences, format!("the recorded book has no business {}", closed.business))
}
