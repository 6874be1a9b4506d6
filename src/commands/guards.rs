//! The guards: what every month that can be closed goes through before anything of it is written.

use std::collections::BTreeMap;

use super::closing::{OpenMonth, Parked, Step, charges_of};
use super::evidence::Evidence;
use super::second_opinion::second_opinion;
use super::setup::Setup;
use super::state::State;
use super::{documents_shown, previews, recorded};
use crate::close::guards::{Found, Guard, improbable};
use crate::close::{ClosedMonth, Filed};
use crate::domain::settings::IssueMode;
use crate::domain::{Business, Instant, Money, Month};
use crate::error::{Failure, Kind};
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
    pub as_of: Instant,
}

/// Parks the months that a guard finds something about, unless a person released them.
pub fn park(watch: &Watch, open: &mut [OpenMonth]) -> Result<(), Failure> {
    let billed_before = billed_before(watch, open)?;
    for month in open.iter_mut() {
        let Step::Close(closed) = &month.step else { continue };
        let mut found = found(watch, month, closed)?;
        found.extend(billed_before.get(&(month.business.id.to_string(), month.month)).cloned());
        found.retain(|found| !is_released(watch.history, month, closed, found.guard));
        found.sort();
        if !found.is_empty() {
            let closed = Some(closed.clone());
            month.step = Step::Park(Parked { found, closed });
        }
    }
    Ok(())
}

/// Keeps what a person is to approve, and has not, from being closed.
pub fn hold(setup: &Setup, history: &History, open: &mut [OpenMonth]) {
    if setup.config.issue.mode == IssueMode::Automatic {
        return;
    }
    for month in open.iter_mut() {
        let Step::Close(closed) = &month.step else { continue };
        let approved = history.approved.get(&(month.business.id.clone(), month.month));
        if approved.is_none_or(|approved| approved.data_sha256 != closed.data_sha256) {
            month.step = Step::Approve(closed.clone());
        }
    }
}

/// Whether a person let the month be closed with these charges in spite of a guard.
fn is_released(history: &History, month: &OpenMonth, closed: &ClosedMonth, guard: Guard) -> bool {
    guard.may_be_released()
        && history.unparked.iter().any(|unparked| {
            (&unparked.business, unparked.month) == (&month.business.id, month.month)
                && unparked.data_sha256 == closed.data_sha256
                && unparked.guards.iter().any(|name| name == guard.name())
        })
}

fn found(watch: &Watch, month: &OpenMonth, closed: &ClosedMonth) -> Result<Vec<Found>, Failure> {
    let Watch { setup, history, .. } = *watch;
    let Business { zone, .. } = month.business;
    let all = |guard| move |text| Found { guard, text };
    let mut found = improbable(closed, &month.waits, *zone, &before(history, month), &setup.config.guards);
    found.extend(overlap(watch, month)?);
    let (business, cut) = (month.business, closed.cut);
    let differing = second_opinion(watch.evidence, business, month.month, cut, setup, &month.waits)?;
    found.extend(differing.into_iter().map(all(Guard::SecondOpinion)));
    match previews::invoice(setup, history, month, closed, watch.as_of) {
        Err(finding) => found.push(Found { guard: Guard::Sums, text: finding }),
        Ok(invoice) => {
            let differing = documents_shown::differing(watch.renderer, &invoice, &closed.line_file)?;
            found.extend(differing.into_iter().map(all(Guard::Documents)));
        }
    }
    Ok(found)
}

/// Net amounts of the closed months of a business, in order.
fn before(history: &History, month: &OpenMonth) -> Vec<Money> {
    let id = &month.business.id;
    let closed = history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
    let currency = history.issued_to(id).last().map(|issued| issued.net.currency());
    let net = |month: Month| history.standing_net(&history.standing(id, month)?, currency?);
    closed.filter_map(|((_, month), _)| net(*month)).collect()
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
fn billed_before(watch: &Watch, open: &[OpenMonth]) -> Result<BTreeMap<(String, Month), Found>, Failure> {
    let mut found = BTreeMap::new();
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
        return Ok(found);
    }
    for (business, month) in watch.history.closed.keys() {
        let Some(standing) = watch.history.standing(business, *month) else { continue };
        if standing.charges() == 0 {
            continue;
        }
        for message in read(&charges_of(watch.state, watch.history, &standing)?)?.messages() {
            if let Some(place) = messages.get(message) {
                found.entry(place.clone()).or_insert_with(|| billed(&message.1, business.as_str(), *month));
            }
        }
    }
    Ok(found)
}

fn billed(message: &str, business: &str, month: Month) -> Found {
    let text = format!("message {message} is billed with {month} of {business} already");
    Found { guard: Guard::BilledBefore, text }
}

fn read(line_file: &[u8]) -> Result<Filed, Failure> {
    Filed::read(line_file).map_err(|why| {
        Failure::new(Kind::Differences, format!("a file of charges cannot be read: {why}")).hint("see `ritardo verify`")
    })
}
