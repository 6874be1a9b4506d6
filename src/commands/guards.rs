//! The guards: what every month that can be closed goes through before anything of it is written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::closing::{OpenMonth, Parked, Step, charges_of};
use super::correct::Withheld;
use super::decide::{self, Due};
use super::evidence::Evidence;
use super::second_opinion::second_opinion;
use super::setup::Setup;
use super::state::State;
use super::{billable, documents_shown, previews, recorded, workers};
use crate::close::guards::{Found, Guard, improbable};
use crate::close::{ClosedMonth, Filed};
use crate::domain::settings::IssueMode;
use crate::domain::{Business, BusinessId, Currency, Instant, Invoice, Money, Month, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Approved, Texts};
use crate::ledger::{History, Ledger};
use crate::read::frame;
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
    let overlaps = overlaps(watch, open)?;
    let Watch { setup, history, evidence, renderer, withheld, as_of, .. } = *watch;
    let look = Look { setup, history, evidence, renderer, withheld, as_of, billed_before, overlaps };
    // The months of one business are one task: each is compared with those before it.
    let by_business: Vec<&[OpenMonth]> = open.chunk_by(|one, other| one.business.id == other.business.id).collect();
    let found = workers::all(&by_business, |months| found_of_business(&look, months))?;
    for (month, found) in open.iter_mut().zip(found.into_iter().flatten()) {
        let Step::Close(closed) = &month.step else { continue };
        if !found.is_empty() {
            let closed = Some(closed.clone());
            month.step = Step::Park(Parked { found, closed });
        }
    }
    Ok(())
}

/// What the guards look at that look at one business alone.
struct Look<'l> {
    setup: &'l Setup,
    history: &'l History,
    evidence: &'l Evidence,
    renderer: &'l Renderer,
    withheld: &'l Withheld,
    as_of: Instant,
    billed_before: BilledBefore,
    overlaps: BTreeMap<(BusinessId, Month), Found>,
}

/// What is found about each of the months of a business; nothing about those that are not to be closed.
fn found_of_business(look: &Look, months: &[OpenMonth]) -> Result<Vec<Vec<Found>>, Failure> {
    let Some(first) = months.iter().find(|month| matches!(month.step, Step::Close(_))) else {
        return Ok(vec![Vec::new(); months.len()]);
    };
    // Months that are closed together are judged as if each had its night: by what those before it leave behind, as they
    // are drafted.
    let mut known = look.history.of_business(&first.business.id);
    let mut found_of = Vec::with_capacity(months.len());
    for month in months {
        let Step::Close(closed) = &month.step else {
            found_of.push(Vec::new());
            continue;
        };
        let (mut found, draft) = found(look, &known, month, closed)?;
        found.extend(look.billed_before.get(&(month.business.id.to_string(), month.month)).cloned());
        let (id, sha256) = (&month.business.id, &closed.data_sha256);
        found.retain(|found| !is_released(look.history, id, month.month, sha256, found.guard));
        found.sort();
        if found.is_empty() && found_of.len() + 1 < months.len() && is_closed_tonight(look, &known, month, closed) {
            let due = Due::of(look.setup, &known, month, closed, look.withheld);
            let draft = draft.as_ref().filter(|_| due.is_worth_an_invoice);
            decide::foresee(look.setup, &mut known, month, closed, draft, look.as_of);
        }
        found_of.push(found);
    }
    Ok(found_of)
}

/// Whether nobody has to see a month first: what [`hold`] asks before the night, and the draft after the months before it.
fn is_closed_tonight(look: &Look, known: &History, month: &OpenMonth, closed: &ClosedMonth) -> bool {
    let is_seen = |history: &History| is_approved(look.setup, history, month, closed, look.withheld, look.as_of);
    is_seen(look.history) && is_seen(known)
}

/// Keeps what a person is to approve, and has not, from being closed.
pub fn hold(watch: &Watch, open: &mut [OpenMonth]) {
    let Watch { setup, history, withheld, as_of, .. } = *watch;
    for month in open.iter_mut() {
        let Step::Close(closed) = &month.step else { continue };
        if !is_approved(setup, history, month, closed, withheld, as_of) {
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
    at: Instant,
) -> bool {
    let draft = || previews::invoice(setup, history, month, closed, withheld, at).ok();
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

/// What is found about a month by what is `known` when it is closed, and its invoice as it would be.
fn found(
    look: &Look,
    known: &History,
    month: &OpenMonth,
    closed: &ClosedMonth,
) -> Result<(Vec<Found>, Option<Invoice>), Failure> {
    let setup = look.setup;
    let Business { zone, .. } = month.business;
    let all = |guard| move |text| Found { guard, text };
    let wanting = billable::wanting(setup, known, month, closed, look.withheld);
    let invoice = previews::invoice(setup, known, month, closed, look.withheld, look.as_of);
    // With what it bills of earlier months.
    let net = invoice.as_ref().map_or(closed.net, |invoice| invoice.net);
    let before = before(known, month, net.currency());
    let mut found = improbable(net, month.weighed(), *zone, &before, &setup.config.guards);
    found.extend(look.overlaps.get(&(month.business.id.clone(), month.month)).cloned());
    let (business, cut) = (month.business, closed.cut);
    let differing = match &month.opinion {
        Some(opinion) => opinion.clone(),
        None => second_opinion(look.evidence, business, month.month, cut, setup, &month.waits)?,
    };
    found.extend(differing.into_iter().map(all(Guard::SecondOpinion)));
    let draft = match invoice {
        // What is wanting is why there is no right invoice.
        _ if !wanting.is_empty() => {
            found.extend(wanting);
            None
        }
        Err(finding) => {
            found.push(Found { guard: Guard::Sums, text: finding });
            None
        }
        Ok(invoice) => {
            let differing = documents_shown::differing(setup, look.renderer, &invoice, &closed.line_file)?;
            found.extend(differing.into_iter().map(all(Guard::Documents)));
            Some(invoice)
        }
    };
    Ok((found, draft))
}

/// Net amounts of the closed months of a business, in order; those in another currency cannot be compared.
fn before(history: &History, month: &OpenMonth, currency: Currency) -> Vec<Money> {
    let id = &month.business.id;
    let closed = history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
    let net = |month: Month| history.standing_net(&history.standing(id, month)?, currency);
    closed.filter_map(|((_, month), _)| net(*month)).filter(|net| net.currency() == currency).collect()
}

/// Instants that lie in a month and in another that is closed: the zone of a business that changed may do that. A book
/// that was recorded is read once for all its businesses.
fn overlaps(watch: &Watch, open: &[OpenMonth]) -> Result<BTreeMap<(BusinessId, Month), Found>, Failure> {
    let mut overlaps = BTreeMap::new();
    let Some(ledger) = watch.ledger else { return Ok(overlaps) };
    let mut books: BTreeMap<Texts, BTreeMap<BusinessId, Zone>> = BTreeMap::new();
    let same_book = &watch.setup.businesses_text.sha256;
    for month in open.iter().filter(|month| matches!(month.step, Step::Close(_))) {
        let (id, span) = (&month.business.id, month.month.span(month.business.zone));
        let neighbours = watch.history.closed.range((id.clone(), Month::MIN)..).take_while(|((of, _), _)| of == id);
        for (_, closed) in neighbours.filter(|(_, closed)| closed.businesses_sha256 != *same_book) {
            let book = match books.entry(recorded::texts(closed)) {
                Slot::Occupied(known) => known.into_mut(),
                Slot::Vacant(new) => {
                    let recorded = recorded::setup(ledger, closed)?.businesses.into_iter();
                    new.insert(recorded.map(|business| (business.id, business.zone)).collect())
                }
            };
            if book.get(id).is_some_and(|zone| closed.month.span(*zone).overlaps(&span)) {
                let text =
                    format!("it has instants in common with {}, which is closed: its zone is another", closed.month);
                overlaps.insert((id.clone(), month.month), Found { guard: Guard::Overlap, text });
                break;
            }
        }
    }
    Ok(overlaps)
}

/// Months that would bill a message which another month bills, closed or about to be: by business and month.
/// And of each business whose charges cannot be read, why.
fn billed_before(watch: &Watch, open: &[OpenMonth]) -> Result<(BilledBefore, BTreeMap<BusinessId, Found>), Failure> {
    let (mut found, mut unreadable) = (BilledBefore::new(), BTreeMap::new());
    let suspects = suspects(watch, open)?;
    let is_suspect = |(channel, id): &(String, String)| {
        let hash = || frame::hash_of((channel, id));
        suspects.as_ref().is_none_or(|suspects| suspects.binary_search(&hash()).is_ok())
    };
    let mut messages = Billing::new();
    for month in open {
        let Step::Close(closed) = &month.step else { continue };
        let place = (month.business.id.to_string(), month.month);
        for message in read(&closed.line_file)?.messages().filter(|message| is_suspect(message)) {
            if let Some((business, other)) = messages.insert(message.clone(), place.clone()) {
                found.entry(place.clone()).or_insert_with(|| billed(&message.1, &business, other));
            }
        }
    }
    if messages.is_empty() {
        return Ok((found, unreadable));
    }
    let Watch { state, history, .. } = *watch;
    let closed: Vec<_> = history.closed.keys().collect();
    let work = |(business, month): &&(BusinessId, Month)| billed_by(state, history, business, *month, &messages);
    workers::in_order(&closed, work, |(business, month), billed_too| {
        match billed_too {
            // It concerns this business, and keeps no other from being billed.
            Err(failure) => {
                let text = format!("what {month} bills cannot be told: {}", failure.in_a_line());
                unreadable.entry(business.clone()).or_insert(Found { guard: Guard::BilledBefore, text });
            }
            Ok(messages_too) => {
                for (message, place) in messages_too {
                    found.entry(place).or_insert_with(|| billed(&message, business.as_str(), *month));
                }
            }
        }
        Ok(())
    })?;
    Ok((found, unreadable))
}

/// Hashes of the messages that may be billed twice, sorted: of millions of charges there is usually none, and their names
/// need not be in memory together. `None` where charges of a closed month cannot be read: then every message may be.
fn suspects(watch: &Watch, open: &[OpenMonth]) -> Result<Option<Vec<u64>>, Failure> {
    let Watch { state, history, .. } = *watch;
    let hashes =
        |filed: &Filed| filed.messages().map(|(channel, id)| frame::hash_of((channel, id))).collect::<Vec<u64>>();
    let closing =
        open.iter().filter_map(|month| if let Step::Close(closed) = &month.step { Some(closed) } else { None });
    let closing: Vec<&ClosedMonth> = closing.map(AsRef::as_ref).collect();
    let mut tonight: Vec<u64> = Vec::new();
    let work = |closed: &&ClosedMonth| read(&closed.line_file).map(|filed| hashes(&filed));
    workers::in_order(&closing, work, |_, hashes| {
        tonight.extend(hashes);
        Ok(())
    })?;
    tonight.sort_unstable();
    let mut suspects: Vec<u64> = tonight.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    let closed: Vec<_> = if tonight.is_empty() { Vec::new() } else { history.closed.keys().collect() };
    let work = |(business, month): &&(BusinessId, Month)| {
        let standing = history.standing(business, *month).filter(|standing| standing.charges() > 0);
        let Some(standing) = standing else { return Ok(Some(Vec::new())) };
        let filed = charges_of(state, history, &standing).and_then(|charges| read(&charges));
        let Ok(filed) = filed else { return Ok(None) };
        let again = hashes(&filed).into_iter().filter(|hash| tonight.binary_search(hash).is_ok());
        Ok(Some(again.collect::<Vec<u64>>()))
    };
    let mut is_whole = true;
    workers::in_order(&closed, work, |_, again| {
        is_whole &= again.is_some();
        suspects.extend(again.into_iter().flatten());
        Ok(())
    })?;
    suspects.sort_unstable();
    Ok(is_whole.then_some(suspects))
}

/// Channel and id of the messages that are to be billed, with the business and month that bills them.
type Billing = BTreeMap<(String, String), (String, Month)>;

/// The id of a message, and the business and month that are to bill it.
type Billed = (String, (String, Month));

/// Ids and places of the messages that a closed month bills, too. The inner failure is that its charges cannot be read.
fn billed_by(
    state: &State,
    history: &History,
    business: &BusinessId,
    month: Month,
    messages: &Billing,
) -> Result<Result<Vec<Billed>, Failure>, Failure> {
    let Some(standing) = history.standing(business, month).filter(|standing| standing.charges() > 0) else {
        return Ok(Ok(Vec::new()));
    };
    match charges_of(state, history, &standing).and_then(|charges| read(&charges)) {
        Err(failure) if failure.kind == Kind::Differences => Ok(Err(failure)),
        charges => {
            let charges = charges?;
            let found =
                charges.messages().filter_map(|message| Some((message.1.clone(), messages.get(message)?.clone())));
            Ok(Ok(found.collect()))
        }
    }
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
