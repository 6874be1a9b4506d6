//! What was found, with plain names: the questions of each business that were not answered in time, and its waits that
//! went row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::judged::{Judged, Named, OfBusiness, Within};
use super::odd::{OddRows, Plain};
use super::places::Places;
use super::prices::{Prices, channels};
use super::walk::{Share, open};
use super::{Found, Task};
use crate::commands::archived::{forgotten_id, plain};
use crate::commands::columns::{Stop, in_parallel};
use crate::commands::workers;
use crate::domain::charge::RatedWait;
use crate::domain::{Business, Instant, Span, columns};
use crate::engine::kernel::Conversation;
use crate::ledger::entry::Part;
use crate::read::archive;
use crate::read::project::{PlainNames, Unusual};

/// What was found of every business that is asked about.
pub(super) fn named<'t>(
    task: &Task<'t>,
    places: &Places<'t>,
    shares: &[Vec<Share<'t>>],
    found: Vec<Vec<Found>>,
    odd: Option<OddRows>,
) -> Result<Judged, Stop> {
    let all = task.cuts.keys().map(|id| (id.to_string(), OfBusiness::default())).collect();
    let mut judged = Judged { channels: channels(places), all };
    let work: Vec<(&Vec<Share>, Vec<Found>)> = shares.iter().zip(found).collect();
    let read = in_parallel(&work, |_, (shares, found)| {
        of_worker(task, &mut Prices::new(&judged.channels, &task.setup.tariff), shares, found)
    })?;
    drop(work);
    let mut opened = BTreeSet::new();
    for OfWorker { by_place, opened: of_worker } in read {
        opened.extend(of_worker);
        for (place, named) in by_place {
            let business = &places.all.get(place).ok_or(Unusual)?.business.id;
            judged.all.entry(business.to_string()).or_default().found.push(named);
        }
    }
    let (odd_rated, names) = match odd {
        None => (BTreeMap::new(), Vec::new()),
        Some(rows) => of_odd(task, shares, &rows)?,
    };
    check_names(task, shares, &judged, &odd_rated, &opened)?;
    let by_rows = plainly(&judged, &odd_rated, &names)?;
    judged.all.values_mut().zip(by_rows).for_each(|(of_business, by_rows)| of_business.by_rows = by_rows);
    Ok(judged)
}

/// What went row by row of each business, with plain names.
fn plainly(judged: &Judged, odd: &ByBusiness, names: &[Plain]) -> Result<Vec<Vec<RatedWait>>, Stop> {
    let tasks: Vec<(&String, &OfBusiness)> = judged.all.iter().collect();
    let named = workers::all(&tasks, |(business, of_business)| {
        let odd = odd.get(*business).map(Vec::as_slice).unwrap_or_default();
        let within = of_business.within().and(Within::of(odd.iter())).span();
        // The last copy names a message, as in `Archive::find`.
        let names = names.iter().filter(|(part, ..)| may_hold(part, within));
        let found: BTreeMap<archive::OfMessage, archive::Named> =
            names.map(|(_, keyed, named)| (keyed.clone(), named.clone())).collect();
        Ok(odd.iter().map(|rated| plain(rated, &found)).collect())
    });
    named.map_err(Stop::Failed)
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

/// Reads all names that the long way would look through, so that damage does not go unnoticed; but for those beside the
/// parts `opened`, which were read.
fn check_names(
    task: &Task,
    shares: &[Vec<Share>],
    judged: &Judged,
    odd: &ByBusiness,
    opened: &BTreeSet<&str>,
) -> Result<(), Stop> {
    let found = judged.all.values().map(OfBusiness::within);
    let within = found.fold(Within::of(odd.values().flatten()), Within::and).span();
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

/// What one worker found.
#[derive(Default)]
struct OfWorker<'t> {
    /// By the places of their channels.
    by_place: BTreeMap<usize, Named>,
    /// The parts beside which it read the names.
    opened: Vec<&'t str>,
}

/// Names what one worker found, in the rising order of its rows.
fn of_worker<'t>(
    task: &Task<'t>,
    prices: &mut Prices,
    shares: &[Share<'t>],
    found: &[Found],
) -> Result<OfWorker<'t>, Stop> {
    let mut named = OfWorker::default();
    let (mut begin, mut rest) = (0_u64, found);
    for share in shares {
        let end = begin + share.part.rows;
        let (here, after) = rest.split_at(rest.partition_point(|found| u64::from(found.row) < end));
        // Names are read for what is charged.
        if !here.is_empty() && of_part(task, share, (begin, here), prices, &mut named.by_place)? {
            named.opened.push(share.part.sha256.as_str());
        }
        (begin, rest) = (end, after);
    }
    if rest.is_empty() { Ok(named) } else { Err(Stop::Unusual) }
}

/// Names what was found in a part, whose first row is number `begin` of its worker; says whether any of it is charged.
fn of_part(
    task: &Task,
    share: &Share,
    (begin, found): (u64, &[Found]),
    prices: &mut Prices,
    by_place: &mut BTreeMap<usize, Named>,
) -> Result<bool, Unusual> {
    let nobody: Arc<str> = Arc::from("");
    let mut rows = Vec::with_capacity(found.len());
    for found in found {
        let row = u64::from(found.row).checked_sub(begin).and_then(|row| u32::try_from(row).ok()).ok_or(Unusual)?;
        let rated = prices.rated(&found.question, &nobody)?;
        if rated.charge.is_some() {
            by_place.entry(found.question.conversation.channel()).or_default().within.add(&rated.wait);
        }
        rows.push((row, rated.charge.is_some()));
    }
    let charged: Vec<u32> = rows.iter().filter(|(_, is_charged)| *is_charged).map(|(row, _)| *row).collect();
    let height = usize::try_from(share.part.rows).map_err(|_| Unusual)?;
    let path = task.archive.state.names(share.part);
    let names = if charged.is_empty() { None } else { PlainNames::open(&path, height)? };
    let mut plain = names.as_ref().map(|names| names.of(&charged)).transpose()?.unwrap_or_default().into_iter();
    let plain = rows.iter().map(|(_, is_charged)| if *is_charged { plain.next() } else { None });
    let plain: Vec<Option<(&str, &str)>> = plain.map(|name| name.filter(|(id, _)| !id.is_empty())).collect();
    // Those who have no plain name keep something of their keyed one.
    let unnamed: Vec<u32> =
        rows.iter().zip(&plain).filter(|(_, plain)| plain.is_none()).map(|((row, _), _)| *row).collect();
    let keyed =
        if unnamed.is_empty() { Vec::new() } else { open(task, share)?.texts(columns::MESSAGE_ID, &unnamed)? };
    let mut keyed = keyed.into_iter();
    for ((found, (_, is_charged)), plain) in found.iter().zip(&rows).zip(plain) {
        let named = by_place.entry(found.question.conversation.channel()).or_default();
        match plain {
            Some((id, customer)) => named.push(found.question, id, customer)?,
            None => {
                let id = keyed.next().ok_or(Unusual)?;
                let id = if *is_charged { forgotten_id(&id) } else { id };
                named.push(found.question, &id, "")?;
            }
        }
    }
    Ok(!charged.is_empty())
}
