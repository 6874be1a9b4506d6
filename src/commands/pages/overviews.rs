//! The pages over all months, of everybody and of each business, and the page of the run. They are told by the ledger, but
//! for months that are open.

use std::collections::{BTreeMap, BTreeSet};

use super::super::closing::OpenMonth;
use super::super::setup::Setup;
use super::super::workers;
use super::site::{self, Site};
use super::{Known, tariff_of};
use crate::domain::{BusinessId, Month};
use crate::error::Failure;
use crate::ledger::History;
use crate::ledger::entry::MonthClosed;
use crate::report::Link;
use crate::report::number::Amounts;
use crate::report::overview::{OverviewFacts, Stand, overview};
use crate::report::page::{OverviewPage, RunPage, RunRow, SubjectRow};
use crate::report::paged;
use crate::report::tally::Tally;

/// Draws what a night changes: the page of all, and those of businesses that are in months that were drawn, or that have no
/// page yet. `months` are those that have pages.
pub(super) fn write(known: &Known, months: &BTreeSet<Month>, drawn: &BTreeSet<Month>) -> Result<(), Failure> {
    let stands = stands(known, months);
    let mut by_business: BTreeMap<&BusinessId, Vec<&Stand>> = BTreeMap::new();
    for stand in &stands {
        by_business.entry(&stand.business).or_default().push(stand);
    }
    let site = known.site;
    if site.only.is_none() {
        write_all(known, months, &stands, &by_business)?;
    }
    let is_due = |(id, stands): &(&BusinessId, Vec<&Stand>)| {
        let is_drawn = stands.iter().any(|stand| drawn.contains(&stand.month));
        site.is_wanted(id) && (is_drawn || !site.has(&site::over_months(id)))
    };
    let due: Vec<(&BusinessId, Vec<&Stand>)> = by_business.into_iter().filter(is_due).collect();
    let setup = known.setup;
    workers::in_order(
        &due,
        |(id, stands)| one((setup, site), id, stands),
        |(id, _), page| site.leave(&site::over_months(id), &page).map(drop),
    )
}

/// The page of one business.
fn one((setup, site): (&Setup, &Site), id: &BusinessId, stands: &[&Stand]) -> Result<String, Failure> {
    let business = setup.business(id.as_str());
    // Who bills a business that the book has no more is told by its documents.
    let issuer = business.map_or("", |business| &setup.config.issuer_of(business).party.legal_name);
    let tongue = business.map_or(site.tongue, |business| site.tongue_of(business));
    let has = |month: &Month| site.has(&site::of_business(*month, id));
    let months = stands.iter().map(|stand| stand.month).filter(has);
    let facts = OverviewFacts {
        tongue,
        title: business.map_or_else(|| id.to_string(), |business| business.party.legal_name.clone()),
        issuer,
        nav: site.nav(tongue, "../", Vec::new()),
        currency: setup.tariff.currency,
        stands: stands.to_vec(),
        months: months.map(|month| (month, format!("../{}", site::of_business(month, id)))).collect(),
        businesses: BTreeMap::new(),
        chain_head: "",
    };
    let (page, _) = overview(&facts);
    site.draw(tongue, "report_index.html", &page)
}

/// The page of all, and those of the businesses that do not fit on it.
fn write_all(
    known: &Known,
    months: &BTreeSet<Month>,
    stands: &[Stand],
    by_business: &BTreeMap<&BusinessId, Vec<&Stand>>,
) -> Result<(), Failure> {
    let Known { setup, history, site, .. } = *known;
    let link = |id: &BusinessId| {
        let name = setup.business(id.as_str()).map_or_else(|| id.to_string(), |of| of.party.legal_name.clone());
        Link { text: name, href: if site.is_wanted(id) { site::over_months(id) } else { String::new() } }
    };
    let with_page = months.iter().filter(|month| site.has(&site::of_month(**month)));
    let (issuers, head) = (known.issuers(), history.document_head());
    let facts = OverviewFacts {
        tongue: site.tongue,
        title: site.tongue.say("All months").to_owned(),
        issuer: &issuers,
        nav: site.nav(site.tongue, "", Vec::new()),
        currency: setup.tariff.currency,
        stands: stands.iter().collect(),
        months: with_page.map(|month| (*month, site::of_month(*month))).collect(),
        businesses: by_business.keys().map(|id| (*id, link(id))).collect(),
        chain_head: &head,
    };
    let (mut page, more) = overview(&facts);
    let amounts = Amounts::fitting(facts.currency, std::iter::empty()).spoken(facts.tongue);
    for (number, rows) in (2_usize..).zip(more) {
        let name = format!("businesses_{number}.html");
        // By ids, in whose order they are parted.
        let first = rows.first().map(|row| row.id.clone()).unwrap_or_default();
        page.more_businesses.push(Link { text: format!("{number}: {first} …"), href: name.clone() });
        let part = paged::part(amounts, number, by_business.len());
        let further = OverviewPage { part, ..further(&page, number, rows) };
        site.leave(&name, &site.draw(site.tongue, "report_index.html", &further)?)?;
    }
    site.keep("index.html", &site.draw(site.tongue, "report_index.html", &page)?).map(drop)
}

/// A page with businesses alone.
fn further(page: &OverviewPage, number: usize, businesses: Vec<SubjectRow>) -> OverviewPage {
    OverviewPage {
        title: format!("{} · {number}", page.title),
        trend_chart: String::new(),
        net_chart: String::new(),
        months: Vec::new(),
        more_businesses: Vec::new(),
        businesses,
        ..page.clone()
    }
}

/// Every month of every business that has a page, in the order of business and month.
fn stands(known: &Known, months: &BTreeSet<Month>) -> Vec<Stand> {
    let Known { setup, history, seen, .. } = *known;
    let closed = history.closed.values().map(|closed| of_closed(setup, history, closed));
    let has_page = |open: &&OpenMonth| months.contains(&open.month);
    let open = seen.open.iter().filter(has_page).map(of_open);
    let mut stands: Vec<Stand> = closed.chain(open).collect();
    stands.sort_by(|a, b| (&a.business, a.month).cmp(&(&b.business, b.month)));
    stands
}

/// Waits as the closing counted them, and the net amount that stands after the last correction.
fn of_closed(setup: &Setup, history: &History, closed: &MonthClosed) -> Stand {
    let (business, month) = (&closed.business, closed.month);
    let standing = history.standing(business, month);
    let net = standing.as_ref().and_then(|standing| history.standing_net(standing, setup.tariff.currency));
    let corrected = standing.as_ref().and_then(|standing| standing.corrected);
    let documents = || history.issued_to(business).filter(|issued| issued.month == month);
    let invoices = documents().filter(|issued| issued.kind.is_invoice()).count() as u64;
    Stand {
        month,
        business: business.clone(),
        is_closed: true,
        counts: closed.counts,
        charged: closed.charges,
        charged_now: corrected.map(|corrected| corrected.charges),
        net,
        invoices,
        notes: documents().count() as u64 - invoices,
    }
}

fn of_open(open: &OpenMonth) -> Stand {
    let Tally { counts, charged, .. } = Tally::of(open.weighed());
    let (month, business) = (open.month, open.business.id.clone());
    Stand { month, business, is_closed: false, counts, charged, charged_now: None, net: None, invoices: 0, notes: 0 }
}

/// The page of a run, of the lines of its summary: what the program says of each kind of fact.
pub fn of_run(
    setup: &Setup,
    chain_head: &str,
    site: &Site,
    as_of: crate::domain::Instant,
    rows: Vec<RunRow>,
) -> Result<(), Failure> {
    let tongue = site.tongue;
    let issuers: Vec<&str> = setup.config.issuers.iter().map(|issuer| issuer.party.legal_name.as_str()).collect();
    let page = RunPage {
        title: tongue.say("The last run").to_owned(),
        lang: tongue.code(),
        issuer: issuers.join(", "),
        nav: site.nav(tongue, "", Vec::new()),
        summary: tongue
            .fill("The last run in which something happened, as of {instant}.", &[("instant", &as_of.to_string())]),
        rows,
        tariff: tariff_of(setup),
        chain_head: chain_head.to_owned(),
    };
    site.keep(site::RUN, &site.draw(tongue, "report_run.html", &page)?).map(drop)
}
