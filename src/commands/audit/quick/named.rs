//! What was found, priced and with plain names: the waits of each business that were not answered in time, and those of
//! conversations that went row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::odd::{OddRows, Plain};
use super::places::{Place, Places};
use super::walk::{Share, open};
use super::{Found, Judged, OfBusiness, Task};
use crate::commands::archived::{forgotten_id, plain};
use crate::commands::columns::{Stop, in_parallel};
use crate::commands::workers;
use crate::domain::charge::{Market, RatedWait};
use crate::domain::{Business, Elapsed, Instant, Span, Verdict, Wait, columns};
use crate::engine::kernel::Conversation;
use crate::ledger::entry::Part;
use crate::rate::{self, rate_one};
use crate::read::archive::Named;
use crate::read::project::{Party, PlainNames, Unusual};

/// The waits of every business that is asked about, in their order.
pub(super) fn named<'t>(
    task: &Task<'t>,
    places: &Places<'t>,
    shares: &[Vec<Share<'t>>],
    found: Vec<Vec<Found>>,
    odd: Option<OddRows>,
) -> Result<Judged, Stop> {
    let mut judged: Judged = task.cuts.keys().map(|id| (id.to_string(), OfBusiness::default())).collect();
    let work: Vec<(&Vec<Share>, Vec<Found>)> = shares.iter().zip(found).collect();
    let read = in_parallel(&work, |_, (shares, found)| of_worker(task, places, shares, found))?;
    drop(work);
    let mut opened = BTreeSet::new();
    for (rated, of_worker) in read {
        opened.extend(of_worker);
        for rated in rated {
            judged.entry(rated.wait.business.to_string()).or_default().rated.push(rated);
        }
    }
    let (odd_rated, names) = match odd {
        None => (BTreeMap::new(), Vec::new()),
        Some(rows) => of_odd(task, shares, &rows)?,
    };
    check_names(task, shares, &judged, &odd_rated, &opened)?;
    let tasks: Vec<(String, Mutex<OfBusiness>)> =
        judged.into_iter().map(|(business, judged)| (business, Mutex::new(judged))).collect();
    let sorted = workers::all(&tasks, |(business, judged)| {
        let mut of_business = std::mem::take(&mut *judged.lock().unwrap_or_else(PoisonError::into_inner));
        let odd = odd_rated.get(business).map(Vec::as_slice).unwrap_or_default();
        let within = charged_within(of_business.rated.iter().chain(odd));
        // The last copy names a message, as in `Archive::find`.
        let names = names.iter().filter(|(part, ..)| may_hold(part, within));
        let found: BTreeMap<(String, String), Named> =
            names.map(|(_, keyed, named)| (keyed.clone(), named.clone())).collect();
        of_business.rated.extend(odd.iter().map(|rated| plain(rated, &found)));
        of_business.rated.sort_by(|a, b| a.wait.compare(&b.wait));
        rate::count(&mut of_business.rated, &task.setup.tariff, &|_, _| task.month);
        Ok((business.clone(), of_business))
    });
    Ok(sorted.map_err(Stop::Failed)?.into_iter().collect())
}

type ByBusiness = BTreeMap<String, Vec<RatedWait>>;

/// Judges what goes row by row; gives the waits by business, and plain names of the charged ones.
fn of_odd<'t>(
    task: &Task<'t>,
    shares: &[Vec<Share<'t>>],
    rows: &OddRows,
) -> Result<(ByBusiness, Vec<Plain<'t>>), Stop> {
    let evidence = task.evidence.over(rows.frame.clone()).map_err(Stop::Failed)?;
    let mut all = BTreeMap::new();
    for (business, cut) in asked(task) {
        let waits = evidence.waits_under(business, task.month, cut, &task.setup.tariff, None).map_err(Stop::Failed)?;
        // The long way names the first charge without a rate.
        all.insert(business.id.to_string(), waits.rated.map_err(|_| Unusual)?);
    }
    let names = rows.names(task, shares, &all)?;
    Ok((all, names))
}

fn asked<'t>(task: &Task<'t>) -> impl Iterator<Item = (&'t Business, Instant)> {
    let (setup, cuts) = (task.setup, task.cuts);
    setup.businesses.iter().filter_map(move |business| Some((business, *cuts.get(&business.id)?)))
}

/// When messages of charged waits can have been sent, as `Archive::with_names` tells it where each question has its own
/// clock.
fn charged_within<'r>(rated: impl Iterator<Item = &'r RatedWait>) -> Span {
    let (mut from, mut last) = (Instant::MAX, Instant::MIN);
    for wait in rated.filter(|rated| rated.charge.is_some()).map(|rated| &rated.wait) {
        from = from.min(wait.received_at);
        last = last.max(wait.answered_at.unwrap_or(wait.watermark).max(wait.received_at));
    }
    Span { from, to: last.plus(Elapsed::from_micros(1)) }
}

/// Reads all names that the long way would look through, so that damage does not go unnoticed; but for those beside the
/// parts `opened`, which were read.
fn check_names(
    task: &Task,
    shares: &[Vec<Share>],
    judged: &Judged,
    odd: &BTreeMap<String, Vec<RatedWait>>,
    opened: &BTreeSet<&str>,
) -> Result<(), Stop> {
    let all = judged.values().flat_map(|of| &of.rated).chain(odd.values().flatten());
    let within = charged_within(all);
    in_parallel(shares, |_, shares| {
        for Share { part, .. } in shares.iter().filter(|share| may_hold(share.part, within)) {
            if opened.contains(part.sha256.as_str()) {
                continue;
            }
            let rows = usize::try_from(part.rows).map_err(|_| Unusual)?;
            PlainNames::open(&task.archive.state.names(part), rows)?;
        }
        Ok::<_, Stop>(())
    })?;
    Ok(())
}

fn may_hold(part: &Part, within: Span) -> bool {
    part.first < within.to && within.from <= part.last
}

/// The waits of one worker's rows, which are in rising order; and the parts beside which it read the names.
fn of_worker<'t>(
    task: &Task<'t>,
    places: &Places<'t>,
    shares: &[Share<'t>],
    found: &[Found],
) -> Result<(Vec<RatedWait>, Vec<&'t str>), Stop> {
    let mut opened = Vec::new();
    let mut prices = Prices::new(task, places);
    let mut all = Vec::with_capacity(found.len());
    let (mut begin, mut rest) = (0_u64, found);
    for share in shares {
        let end = begin + share.part.rows;
        let (here, after) = rest.split_at(rest.partition_point(|found| u64::from(found.row) < end));
        if !here.is_empty() {
            let of_part = of_part(task, share, begin, here, &mut prices)?;
            // Names are read for what is charged.
            let has_charges = of_part.iter().any(|rated| rated.charge.is_some());
            opened.extend(has_charges.then_some(share.part.sha256.as_str()));
            all.extend(of_part);
        }
        (begin, rest) = (end, after);
    }
    if rest.is_empty() { Ok((all, opened)) } else { Err(Stop::Unusual) }
}

/// The waits of a part's rows, of which the first is number `begin` of its worker.
fn of_part(
    task: &Task,
    share: &Share,
    begin: u64,
    found: &[Found],
    prices: &mut Prices,
) -> Result<Vec<RatedWait>, Unusual> {
    let mut all = Vec::with_capacity(found.len());
    for found in found {
        let row = u64::from(found.row).checked_sub(begin).and_then(|row| u32::try_from(row).ok());
        all.push((row.ok_or(Unusual)?, prices.rated(found)?));
    }
    let charged: Vec<u32> = all.iter().filter(|(_, rated)| rated.charge.is_some()).map(|(row, _)| *row).collect();
    let rows = usize::try_from(share.part.rows).map_err(|_| Unusual)?;
    let path = task.archive.state.names(share.part);
    let names = if charged.is_empty() { None } else { PlainNames::open(&path, rows)? };
    let mut named = names.map(|names| names.of(&charged)).transpose()?.unwrap_or_default().into_iter();
    // Those who have no plain name keep something of their keyed one.
    let mut unnamed = Vec::new();
    for (row, rated) in &mut all {
        let name = if rated.charge.is_some() { named.next() } else { None };
        match name.filter(|(id, _)| !id.is_empty()) {
            Some((id, customer)) => (rated.wait.message_id, rated.wait.customer) = (id.into(), customer.into()),
            None => unnamed.push(*row),
        }
    }
    let keyed =
        if unnamed.is_empty() { Vec::new() } else { open(task, share)?.texts(columns::MESSAGE_ID, &unnamed)? };
    let mut keyed = unnamed.into_iter().zip(keyed).peekable();
    for (row, rated) in &mut all {
        let Some((_, id)) = keyed.next_if(|(unnamed, _)| *unnamed == *row) else { continue };
        if rated.charge.is_some() {
            (rated.wait.message_id, rated.wait.customer) = (forgotten_id(&id).into(), "".into());
        } else {
            rated.wait.message_id = id.into();
        }
    }
    Ok(all.into_iter().map(|(_, rated)| rated).collect())
}

/// Prices waits one by one.
struct Prices<'p, 't> {
    task: &'p Task<'t>,
    places: &'p Places<'t>,
    /// Business and channel of each place.
    names: Vec<(Arc<str>, Arc<str>)>,
    /// By what the name of a customer begins with.
    markets: BTreeMap<u32, Market>,
}

impl<'p, 't> Prices<'p, 't> {
    fn new(task: &'p Task<'t>, places: &'p Places<'t>) -> Self {
        let name = |place: &Place| -> (Arc<str>, Arc<str>) {
            (Arc::from(place.business.id.as_str()), Arc::from(place.channel))
        };
        Self { task, places, names: places.all.iter().map(name).collect(), markets: BTreeMap::new() }
    }

    /// The wait with the keyed name of its customer and without its id.
    ///
    /// # Errors
    /// When the tariff has no rate for it: the long way names the message.
    fn rated(&mut self, found: &Found) -> Result<RatedWait, Unusual> {
        let Found { conversation, received_at, answered_at, entry_point, .. } = *found;
        let tariff = &self.task.setup.tariff;
        let place = self.places.all.get(conversation.channel()).ok_or(Unusual)?;
        let (business, channel) = self.names.get(conversation.channel()).cloned().ok_or(Unusual)?;
        let party = Party { high: conversation.high, low: conversation.low, begins: conversation.begins };
        let name: Arc<str> = party.text().into();
        let market = self.markets.entry(party.begins).or_insert_with(|| tariff.market_of(&name)).clone();
        let deadline = received_at.plus(tariff.reading.window);
        // As `pair` judges where nothing is missing and no clock may be wrong.
        let verdict = match answered_at {
            Some(_) => Verdict::Late,
            None if place.watermark > deadline => Verdict::Unanswered,
            None => Verdict::Pending,
        };
        let wait = Wait {
            business,
            channel,
            conversation: Arc::clone(&name),
            customer: name,
            message_id: Box::default(),
            run: Vec::new(),
            entry_point,
            received_at,
            answered_at,
            deadline,
            verdict,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: place.watermark,
            tolerance: Elapsed::ZERO,
        };
        rate_one(wait, market, tariff).map_err(|_| Unusual)
    }
}
