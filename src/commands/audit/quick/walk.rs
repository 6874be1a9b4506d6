//! The parts of the archive, cut between workers, and how these go over them.

use std::collections::BTreeSet;

use super::Task;
use super::places::Places;
use crate::commands::archived::Kept;
use crate::commands::columns::{Stop, workers};
use crate::commands::loaded::is_webhook;
use crate::domain::Instant;
use crate::ledger::entry::Part;
use crate::read::project::{KeptBatch, KeptPart, Names, Unusual};

/// A part, as one of the files gave it.
pub(super) struct Share<'t> {
    pub part: &'t Part,
    /// Its messages are of whoever owns their channels.
    pub is_webhook: bool,
    /// The place of the first file that has it.
    pub file: i64,
}

/// A run of parts for each worker.
///
/// # Errors
/// When the archive has files that were not cut into parts.
pub(super) fn shares<'t>(task: &Task<'t>) -> Result<Vec<Vec<Share<'t>>>, Unusual> {
    let (mut all, mut loaded) = (Vec::new(), BTreeSet::new());
    for (file, log) in (0..).zip(task.evidence.files.iter()) {
        let is_webhook = is_webhook(log);
        for kept in task.archive.kept(log) {
            let Kept::Part(part) = kept else { return Err(Unusual) };
            if loaded.insert((part.sha256.as_str(), is_webhook)) {
                all.push(Share { part, is_webhook, file });
            }
        }
    }
    let workers = workers();
    let each = all.iter().map(|share| share.part.rows).sum::<u64>().div_ceil(workers as u64).max(1);
    let mut shares: Vec<Vec<Share>> = (0..workers).map(|_| Vec::new()).collect();
    let mut before = 0;
    for share in all {
        let worker = usize::try_from(before / each).map_err(|_| Unusual)?.min(workers - 1);
        before += share.part.rows;
        shares[worker].push(share);
    }
    Ok(shares)
}

/// A part, read.
pub(super) struct Open<'o, 't> {
    pub share: &'o Share<'t>,
    pub part: &'o KeptPart,
    pub batch: &'o KeptBatch,
    /// By row: the place of its channel.
    pub places: &'o [u32],
}

/// Opens a part whose bytes are those that the ledger names.
pub(super) fn open(task: &Task, share: &Share) -> Result<KeptPart, Unusual> {
    // Why a part is not here, the long way tells.
    let path = task.archive.here(Kept::Part(share.part)).map_err(|_| Unusual)?;
    KeptPart::open(&path, &share.part.sha256)
}

/// Reads the parts of one worker, one after the other; each is given with its place among them.
pub(super) fn walk<'t>(
    task: &Task<'t>,
    places: &Places,
    shares: &[Share<'t>],
    mut each: impl FnMut(usize, &Open<'_, 't>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for (number, share) in shares.iter().enumerate() {
        let mut part = open(task, share)?;
        let batch = part.batch()?;
        if batch.ids.len() as u64 != share.part.rows {
            return Err(Stop::Unusual);
        }
        let of_rows = places_of(places, share, part.names(), &batch)?;
        each(number, &Open { share, part: &part, batch: &batch, places: &of_rows })?;
    }
    Ok(())
}

fn places_of(places: &Places, share: &Share, names: &Names, batch: &KeptBatch) -> Result<Vec<u32>, Unusual> {
    let find = |(business, channel): &(String, String)| places.find(business, channel, share.is_webhook);
    let known = names.channels.iter().map(find).collect::<Result<Vec<_>, Unusual>>()?;
    let of_row = |(channel, at): (&u32, &i64)| {
        let channel = usize::try_from(*channel).map_err(|_| Unusual)?;
        let (place, is_while_owned) = *known.get(channel).ok_or(Unusual)?;
        if is_while_owned && !places.get(place)?.is_owned(Instant::from_micros(*at)) {
            return Err(Unusual);
        }
        Ok(place)
    };
    batch.channels.iter().zip(&batch.sent_at).map(of_row).collect()
}
