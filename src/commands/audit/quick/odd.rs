//! Conversations of the archive that numbers cannot judge: all rows of theirs, and no others, go row by row.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::places::{Places, Trust};
use super::walk::{Open, Share, open, walk};
use super::{Task, keyed};
use crate::commands::columns::{Stop, in_parallel};
use crate::commands::evidence::broken;
use crate::commands::loaded::{owned, owners};
use crate::domain::charge::RatedWait;
use crate::domain::columns;
use crate::engine::kernel::{Keyed, Odd};
use crate::ledger::entry::Part;
use crate::read::archive::{Named, OfMessage};
use crate::read::frame;
use crate::read::project::{PlainNames, Unusual};

/// The conversations of messages whose ids may stand in the archive more than once.
pub(super) fn concerned(
    task: &Task,
    places: &Places,
    shares: &[Vec<Share>],
    twice: &[u64],
) -> Result<Vec<Keyed>, Stop> {
    let found = in_parallel(shares, |_, shares| {
        let mut found = Vec::new();
        walk(task, places, shares, |_, open| {
            let rows = open.batch.ids.iter().zip(&open.batch.customers).zip(open.places);
            for ((_, customer), place) in rows.filter(|((id, _), _)| twice.binary_search(id).is_ok()) {
                if places.get(*place)?.trust != Trust::Unasked {
                    found.push(keyed(*place, *customer)?);
                }
            }
            Ok(())
        })?;
        Ok::<_, Stop>(found)
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// Rows of a part that go row by row.
struct OfPart {
    /// The place of the part among those of its worker.
    share: usize,
    rows: Vec<u32>,
    /// Halves of their message ids.
    ids: Vec<u64>,
}

/// The rows of odd conversations and of channels that numbers cannot judge at all.
pub(super) struct OddRows {
    /// With the owners of channels as businesses, and the files.
    pub frame: DataFrame,
    /// By worker.
    parts: Vec<Vec<OfPart>>,
}

impl OddRows {
    pub fn of(
        task: &Task,
        places: &Places,
        shares: &[Vec<Share>],
        by_rows: &[bool],
        odd: &Odd<Keyed>,
    ) -> Result<Self, Stop> {
        let read = in_parallel(shares, |_, shares| {
            let mut all = frame::with_file(frame::empty().map_err(|_| Unusual)?, 0).map_err(|_| Unusual)?;
            let mut parts = Vec::new();
            walk(task, places, shares, |share, open| {
                let (rows, ids) = wanted(open, places, by_rows, odd)?;
                if !rows.is_empty() {
                    all.vstack_mut(&rows_of(task, open, &rows)?).map_err(|error| Stop::Failed(broken(error)))?;
                    parts.push(OfPart { share, rows, ids });
                }
                Ok(())
            })?;
            Ok::<_, Stop>((all, parts))
        })?;
        let mut all = frame::with_file(frame::empty().map_err(|_| Unusual)?, 0).map_err(|_| Unusual)?;
        let mut parts = Vec::with_capacity(read.len());
        for (frame, of_worker) in read {
            all.vstack_mut(&frame).map_err(|error| Stop::Failed(broken(error)))?;
            parts.push(of_worker);
        }
        Ok(Self { frame: all, parts })
    }

    /// Plain names of the charged messages among `rated`, in the order of the parts.
    pub fn names<'t>(
        &self,
        task: &Task<'t>,
        shares: &[Vec<Share<'t>>],
        rated: &BTreeMap<String, Vec<RatedWait>>,
    ) -> Result<Vec<Plain<'t>>, Unusual> {
        let charged = rated.values().flatten().filter(|rated| rated.charge.is_some());
        let ids: BTreeSet<&str> = charged.map(|rated| &*rated.wait.message_id).collect();
        let halves = ids.iter().filter_map(|id| u64::from_str_radix(id.get(..16)?, 16).ok());
        let halves: BTreeSet<u64> = halves.collect();
        let mut found = Vec::new();
        for (shares, parts) in shares.iter().zip(&self.parts) {
            for OfPart { share, rows, ids: of_rows } in parts {
                let share = shares.get(*share).ok_or(Unusual)?;
                let rows = rows.iter().zip(of_rows).filter(|(_, half)| halves.contains(*half));
                let rows: Vec<u32> = rows.map(|(row, _)| *row).collect();
                if !rows.is_empty() {
                    add_names(task, share, &rows, &ids, &mut found)?;
                }
            }
        }
        Ok(found)
    }
}

/// Plain names with the message that they are of, and the part that they lie beside.
pub(super) type Plain<'t> = (&'t Part, OfMessage, Named);

fn add_names<'t>(
    task: &Task<'t>,
    share: &Share<'t>,
    rows: &[u32],
    wanted: &BTreeSet<&str>,
    found: &mut Vec<Plain<'t>>,
) -> Result<(), Unusual> {
    let height = usize::try_from(share.part.rows).map_err(|_| Unusual)?;
    let Some(names) = PlainNames::open(&task.archive.state.names(share.part), height)? else { return Ok(()) };
    let part = open(task, share)?;
    let [channels, ids, customers] =
        [columns::CHANNEL, columns::MESSAGE_ID, columns::CUSTOMER].map(|name| part.texts(name, rows));
    for (((channel, id), customer), named) in channels?.into_iter().zip(ids?).zip(customers?).zip(names.of(rows)?) {
        if wanted.contains(id.as_str()) && !named.0.is_empty() {
            found.push((share.part, (channel, id, customer), (named.0.to_owned(), named.1.to_owned())));
        }
    }
    Ok(())
}

/// The rows that go row by row, with the halves of their ids.
fn wanted(open: &Open, places: &Places, by_rows: &[bool], odd: &Odd<Keyed>) -> Result<(Vec<u32>, Vec<u64>), Unusual> {
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    let all = open.places.iter().zip(&open.batch.customers).zip(&open.batch.ids);
    for (row, ((place, customer), id)) in (0_u32..).zip(all) {
        let is_whole = usize::try_from(*place).ok().and_then(|place| by_rows.get(place).copied()).ok_or(Unusual)?;
        let is_asked = places.get(*place)?.trust != Trust::Unasked;
        if is_asked && (is_whole || odd.has(keyed(*place, *customer)?)) {
            rows.push(row);
            ids.push(*id);
        }
    }
    Ok((rows, ids))
}

fn rows_of(task: &Task, open: &Open, rows: &[u32]) -> Result<DataFrame, Stop> {
    let mut messages = open.part.rows(rows)?;
    if open.share.is_webhook {
        messages = owned(&messages, &owners(task.setup)).map_err(Stop::Failed)?;
    }
    frame::with_file(messages, open.share.file).map_err(|error| Stop::Failed(broken(error)))
}
