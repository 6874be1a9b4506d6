//! The guards: what every month that can be closed goes through before anything of it is written.

use std::collections::BTreeMap;

use super::closing::{OpenMonth, Parked, Step, charges_of};
use super::correct::Withheld;
use super::evidence::Evidence;
use super::second_opinion::second_opinion;
use super::setup::Setup;
use super::state::State;
use super::{documents_shown, previews, recorded};
use crate::close::guards::{Found, Guard, improbable};
use crate::close::{ClosedMonth, Filed};
use crate::domain::settings::IssueMode;
use crate::domain::{Business, BusinessId, Currency, Instant, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Approved;
use crate::ledger::{History, Ledger};
use crate::render::Renderer;

/// What the guards look at.
pub struct Watch<'w> {
    pub setup: &'w Setup,
    pub state: &'w State,
    /// `None` before the first run.
    pub ledger: Option<&'w Ledger>,
    pub history: &'w History,
    pub evidence: &'w Evidence,
    pub renderer: &'w Renderer,
    pub withheld: &'w Withheld,
    pub as_of: Instant,
}

/// Parks the months that a guard finds something about, unless a person released them.
pub fn park(watch: &Watch, open: &mut [OpenMonth]) -> Result<(), Failure> {
    let (billed_before, unreadable) = billed_before(watch, open)?;
    for month in open.iter_mut() {
        if let Some(found) = unreadable.get(&month.business.id) {
            month.step = Step::Park(Parked { found: vec![found.clone()], closed: None });
        }
    }
    // Months that are closed together are compared with one another as if each had its night.
    let mut tonight: BTreeMap<BusinessId, Vec<Money>> = BTreeMap::new();
    for month in open.iter_mut() {
        let Step::Close(closed) = &month.step else { continue };
        let tonight = tonight.entry(month.business.id.clone()).or_default();
        let mut found = found(watch, month, closed, tonight)?;
        found.extend(billed_before.get(&(month.business.id.to_string(), month.month)).cloned());
        let (id, sha256) = (&month.business.id, &closed.data_sha256);
        found.retain(|found| !is_released(watch.history, id, month.month, sha256, found.guard));
        found.sort();
        if found.is_empty() {
            tonight.push(closed.net);
        } else {
            let closed = Some(closed.clone());
            month.step = Step::Park(Parked { found, closed });
        }
    }
    Ok(())
}

/// Keeps what a person is to approve, and has not, from being closed.
pub fn hold(setup: &Setup, history: &History, withheld: &Withheld, open: &mut [OpenMonth]) {
    for month in open.iter_mut() {
        let Step::Close(closed) = &month.step else { continue };
        if !is_approved(setup, history, month, closed, withheld) {
            month.step = Step::Approve(closed.clone());
        }
    }
}

/// Whether the month may be issued: a person has seen the invoice as it would be now, or nobody has to.
pub fn is_approved(
    setup: &Setup,
    history: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
    withheld: &Withheld,
) -> bool {
    let draft = || previews::invoice(setup, history, month, closed, withheld).ok();
    let is_same = |seen: &String| draft().is_some_and(|draft| previews::draft_sha256(&draft, month.business) == *seen);
    let is_seen = |approved: &Approved| {
        approved.data_sha256 == closed.data_sha256 && approved.draft_sha256.as_ref().is_none_or(is_same)
    };
    let approved = history.approved.get(&(month.business.id.clone(), month.month));
    setup.config.issue.mode == IssueMode::Automatic || approved.is_some_and(is_seen)
}

/// Whether a person let the month be closed with these charges in spite of a guard.
pub fn is_released(history: &History, id: &BusinessId, month: Month, data_sha256: &str, guard: Guard) -> bool {
    guard.may_be_released()
        && history.unparked.iter().any(|unparked| {
            (&unparked.business, unparked.month) == (id, month)
                && unparked.data_sha256 == data_sha256
                && unparked.guards.iter().any(|name| name == guard.name())
        })
}

fn found(watch: &Watch, month: &OpenMonth, closed: &ClosedMonth, tonight: &[Money]) -> Result<Vec<Found>, Failure> {
    let Watch { setup, history, .. } = *watch;
    let Business { zone, .. } = month.business;
    let all = |guard| move |text| Found { guard, text };
    let invoice = previews::invoice(setup, history, month, closed, watch.withheld);
    // With what it bills of earlier months.
    let net = invoice.as_ref().map_or(closed.net, |invoice| invoice.net);
    let mut before = before(history, month, net.currency());
    before.extend(tonight);
    let mut found = improbable(net, &month.waits, *zone, &before, &setup.config.guards);
    found.extend(overlap(watch, month)?);
    let (business, cut) = (month.business, closed.cut);
    let differing = second_opinion(watch.evidence, business, month.month, cut, setup, &month.waits)?;
    found.extend(differing.into_iter().map(all(Guard::SecondOpinion)));
    match invoice {
        Err(finding) => found.push(Found { guard: Guard::Sums, text: finding }),
        Ok(invoice) => {
            let differing = documents_shown::differing(watch.renderer, &invoice, &closed.line_file)?;
            found.extend(differing.into_iter().map(all(Guard::Documents)));
        }
    }
    Ok(found)
}

/// Net amounts of the closed months of a business, in order; those in another currency cannot be compared.
fn before(history: &History, month: &OpenMonth, currency: Currency) -> Vec<Money> {
    let id = &month.business.id;
    let closed = history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
    let net = |month: Month| history.standing_net(&history.standing(id, month)?, currency);
    closed.filter_map(|((_, month), _)| net(*month)).filter(|net| net.currency() == currency).collect()
}

/// Instants that lie in the month and in another that is closed: the zone of a business that changed may do that.
fn overlap(watch: &Watch, month: &OpenMonth) -> Result<Option<Found>, Failure> {
    let Some(ledger) = watch.ledger else { return Ok(None) };
    let (id, span) = (&month.business.id, month.month.span(month.business.zone));
    let neighbours = watch.history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
    let same_book = &watch.setup.businesses_text.sha256;
    for (_, closed) in neighbours.filter(|(_, closed)| closed.businesses_sha256 != *same_book) {
        let recorded = recorded::setup(ledger, closed)?;
        let business = recorded.businesses.iter().find(|business| business.id == *id);
        let other = business.map(|business| closed.month.span(business.zone));
        if other.is_some_and(|other| other.overlaps(&span)) {
            let text = format!("it has instants in common with {}, which is closed: its zone is another", closed.month);
            return Ok(Some(Found { guard: Guard::Overlap, text }));
        }
    }
    Ok(None)
}

/// Months that would bill a message which another month bills, closed or about to be: by business and month.
/// And of each business whose charges cannot be read, why.
fn billed_before(watch: &Watch, open: &[OpenMonth]) -> Result<(BilledBefore, BTreeMap<BusinessId, Found>), Failure> {
    let (mut found, mut unreadable) = (BilledBefore::new(), BTreeMap::new());
    let mut messages: BTreeMap<(String, String), (String, Month)> = BTreeMap::new();
    for month in open {
        let Step::Close(closed) = &month.step else { continue };
        let place = (month.business.id.to_string(), month.month);
        for message in read(&closed.line_file)?.messages() {
            if let Some((business, other)) = messages.insert(message.clone(), place.clone()) {
                found.entry(place.clone()).or_insert_with(|| billed(&message.1, &business, other));
            }
        }
    }
    if messages.is_empty() {
        return Ok((found, unreadable));
    }
    for (business, month) in watch.history.closed.keys() {
        let Some(standing) = watch.history.standing(business, *month) else { continue };
        if standing.charges() == 0 {
            continue;
        }
        let charges = charges_of(watch.state, watch.history, &standing).and_then(|charges| read(&charges));
        let charges = match charges {
            // It concerns this business, and keeps no other from being billed.
            Err(failure) if failure.kind == Kind::Differences => {
                let text = format!("what {month} bills cannot be told: {}", failure.in_a_line());
                unreadable.entry(business.clone()).or_insert(Found { guard: Guard::BilledBefore, text });
                continue;
            }
            charges => charges?,
        };
        for message in charges.messages() {
            if let Some(place) = messages.get(message) {
                found.entry(place.clone()).or_insert_with(|| billed(&message.1, business.as_str(), *month));
            }
        }
    }
    Ok((found, unreadable))
}

/// By business and month.
type BilledBefore = BTreeMap<(String, Month), Found>;

fn billed(message: &str, business: &str, month: Month) -> Found {
    let text = format!("message {message} is billed with {month} of {business} already");
    Found { guard: Guard::BilledBefore, text }
}

fn read(line_file: &[u8]) -> Result<Filed, Failure> {
    Filed::read(line_file).map_err(|why| {
        Failure::new(Kind::Differences, format!("a file of charges cannot be read: {why}")).hint("see `ritardo verify`")
    })
}
