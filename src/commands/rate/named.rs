//! The charged questions by name: the logs are read once more, and of each question that the kernel found the id is taken.
//!
//! A question is known by its bucket and its place there. The same workers read the same row groups in the same order,
//! so counting the messages of each bucket finds it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::charges::{Asked, Charges};
use super::quick::{Channels, Found, Share, Task, in_parallel};
use crate::domain::Instant;
use crate::domain::charge::RatedWait;
use crate::engine::kernel::{self, Late};
use crate::read::project::{Projection, Unusual};

/// All charged waits, in no order; see [`sorted`].
pub(super) fn charged(task: &Task, found: &Found) -> Result<Vec<RatedWait>, Unusual> {
    let channels = Channels::of(&found.channels)?;
    let parts = in_parallel(&found.shares, |worker, shares| named(task, found, &channels, worker, shares))?;
    Ok(parts.into_iter().flatten().collect())
}

/// The waits in [`crate::domain::Wait::order`]: most are told apart by business and time, without a look at their texts.
pub(super) fn sorted(rated: &[RatedWait]) -> Vec<&RatedWait> {
    let names: BTreeSet<&str> = rated.iter().map(|rated| &*rated.wait.business).collect();
    let ranks: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let rank = |rated: &RatedWait| ranks.get(&*rated.wait.business).copied();
    let mut keys: Vec<(Option<usize>, Instant, &RatedWait)> =
        rated.iter().map(|rated| (rank(rated), rated.wait.received_at, rated)).collect();
    keys.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| a.2.wait.order().cmp(&b.2.wait.order())));
    keys.into_iter().map(|(.., rated)| rated).collect()
}

/// Where a worker is in each bucket: how many messages lie before, and which late question comes next.
struct Places<'f> {
    late: &'f [Vec<Late>],
    before: Vec<usize>,
    next: Vec<usize>,
}

impl<'f> Places<'f> {
    fn of(found: &'f Found, worker: usize) -> Self {
        let before = |bucket: usize| found.lengths[..worker].iter().map(|lengths| lengths[bucket]).sum();
        let before: Vec<usize> = (0..kernel::BUCKETS).map(before).collect();
        let next = |(late, before): (&Vec<Late>, &usize)| late.partition_point(|late| late.place < *before);
        let next = found.by_bucket.iter().zip(&before).map(next).collect();
        Self { late: &found.by_bucket, before, next }
    }

    /// The late question that the next message of a bucket is, if it is one.
    fn step(&mut self, bucket: usize) -> Option<&'f Late> {
        let place = self.before[bucket];
        self.before[bucket] += 1;
        let late = self.late[bucket].get(self.next[bucket]).filter(|late| late.place == place)?;
        self.next[bucket] += 1;
        Some(late)
    }
}

fn named(
    task: &Task,
    found: &Found,
    channels: &Channels,
    worker: usize,
    shares: &[Share],
) -> Result<Vec<RatedWait>, Unusual> {
    let names: Vec<(Arc<str>, Arc<str>)> =
        found.channels.iter().map(|(business, channel)| (business.as_str().into(), channel.as_str().into())).collect();
    let (mut at, mut charges, mut all) = (Places::of(found, worker), Charges::new(task), Vec::new());
    let (mut open, mut known): (Option<(usize, Projection)>, Vec<u32>) = (None, Vec::new());
    for share in shares {
        if open.as_ref().is_none_or(|(file, _)| *file != share.file) {
            open = Some((share.file, Projection::open(&task.paths[share.file], task.as_of)?));
            known.clear();
        }
        let Some((_, log)) = &mut open else { return Err(Unusual) };
        let batch = log.batch(share.group)?;
        channels.places(&log.names().channels, &mut known)?;
        let mut late: Vec<(usize, &Late)> = Vec::new();
        let rows = batch.channels.into_iter().zip(batch.customers).zip(batch.sent_at).zip(batch.roles);
        for (row, (((channel, customer), sent_at), role)) in rows.enumerate() {
            let channel = usize::try_from(channel).ok().and_then(|channel| known.get(channel)).ok_or(Unusual)?;
            let bucket = kernel::place_of(*channel, customer, sent_at, role, task.complete_through);
            late.extend(bucket.and_then(|bucket| at.step(bucket)).map(|late| (row, late)));
        }
        let (texts, places) = log.ids(share.group)?;
        for (row, late) in late {
            let (from, to) = places.get(row).copied().ok_or(Unusual)?;
            let place = |at: u32| usize::try_from(at).map_err(|_| Unusual);
            let message_id = texts.get(place(from)?..place(to)?).ok_or(Unusual)?.into();
            let (business, channel) = names.get(kernel::parties(late.conversation).0).cloned().ok_or(Unusual)?;
            all.push(charges.rated(late, Asked { business, channel, message_id })?);
        }
    }
    Ok(all)
}
