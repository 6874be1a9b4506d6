//! Conversations that numbers cannot judge: all rows of theirs, and no others, go the long way.
//!
//! A conversation is odd where it has a message of an unknown kind, or one whose id may stand in the logs more than once:
//! copies are compared by all that they say.

use polars::prelude::DataFrame;

use super::quick::Task;
use super::shares::{Channels, Open, Share, walk};
use crate::commands::columns::{Stop, in_parallel};
use crate::commands::suspects::Suspects;
use crate::domain::message::Sighting;
use crate::domain::{Elapsed, Instant, Kind, Month};
use crate::engine::kernel::{self, Odd, ids};
use crate::engine::{self, Decided};
use crate::read::frame::{Builder, KindStated};
use crate::read::project::Unusual;
use crate::read::row::Row;
use crate::read::{self, Options};

/// The conversations of messages whose ids have one of these hashes.
pub(super) fn concerned(
    task: &Task,
    shares: &[Vec<Share>],
    channels: &Channels,
    twice: &[u64],
) -> Result<Vec<u64>, Stop> {
    let found = in_parallel(shares, |_, shares| {
        let mut found = Vec::new();
        walk(task, shares, channels, |open| {
            for (row, (id, customer)) in open.batch.ids.iter().zip(&open.batch.customers).enumerate() {
                let channel = open.channel(row)?;
                if twice.binary_search(&ids::on_channel(*id, channel)).is_ok() {
                    found.push(kernel::conversation(channel, *customer));
                }
            }
            Ok(())
        })?;
        Ok::<_, Stop>(found)
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// What the long way says of odd conversations.
pub(super) struct OddRows {
    pub decided: Decided,
    pub rows: u64,
    /// Of these, at or after the watermark.
    pub after: u64,
}

/// Judges odd conversations row by row.
///
/// # Errors
/// `Unusual` when a charge has no rate: the long way over everything names it.
pub(super) fn judged(task: &Task, shares: &[Vec<Share>], channels: &Channels, odd: &Odd) -> Result<OddRows, Stop> {
    let names = channels.named();
    let parts = in_parallel(shares, |_, shares| {
        let options = Options { latest: task.as_of, ..Options::default() };
        let (mut builder, mut after) = (Builder::new(&options), 0);
        walk(task, shares, channels, |open| {
            after += add(task, open, odd, &names, &mut builder)?;
            Ok(())
        })?;
        let (frame, rejects) = builder.finish().map_err(|_| Unusual)?;
        // Invariant: a row that numbers can say is one that the long way takes.
        if rejects.is_empty() { Ok::<_, Stop>((frame, after)) } else { Err(Stop::Unusual) }
    })?;
    let mut frame: DataFrame = read::frame::empty().map_err(|_| Unusual)?;
    let mut after = 0;
    for (part, of_part) in parts {
        frame.vstack_mut(&part).map_err(|_| Unusual)?;
        after += of_part;
    }
    let (suspects, through) = (Suspects::default(), task.complete_through);
    let evidence = |_: &str, channel: &str| Some(suspects.evidence(channel, through));
    let month_of = |_: &str, at: Instant| Month::of(at, task.tariff.zone);
    let decided = engine::decide(&frame, &evidence, task.tariff, &|_| true, &month_of).map_err(|_| Unusual)?;
    Ok(OddRows { decided, rows: frame.height() as u64, after })
}

/// Adds the rows of odd conversations of a row group; says how many of them are no evidence yet.
fn add(
    task: &Task,
    open: &mut Open,
    odd: &Odd,
    names: &[(String, String)],
    builder: &mut Builder,
) -> Result<u64, Stop> {
    let mut wanted = Vec::new();
    for (row, customer) in (0_u32..).zip(&open.batch.customers) {
        let channel = open.channel(usize::try_from(row).map_err(|_| Unusual)?)?;
        if odd.has(kernel::conversation(channel, *customer)) {
            wanted.push(row);
        }
    }
    let mut ids: Vec<String> = Vec::with_capacity(wanted.len());
    open.ids_of(&wanted, &mut |id| ids.push(id.to_owned()))?;
    let mut after = 0;
    for (row, message_id) in wanted.into_iter().zip(ids) {
        let place = usize::try_from(row).map_err(|_| Unusual)?;
        let channel = usize::try_from(open.channel(place)?).map_err(|_| Unusual)?;
        let (business, channel) = names.get(channel).cloned().ok_or(Unusual)?;
        let of = |column: &[u64]| column.get(place).copied().ok_or(Unusual);
        let customer = format!("+{}", of(&open.batch.customers)?);
        let sent_at = Instant::from_micros(*open.batch.sent_at.get(place).ok_or(Unusual)?);
        let facts = *open.batch.facts.get(place).ok_or(Unusual)?;
        after += u64::from(sent_at >= task.complete_through);
        let stated = if facts.kind().is_some() { KindStated::Yes } else { KindStated::No };
        let row_of_log = Row {
            business,
            channel,
            conversation: customer.clone(),
            customer,
            message_id,
            direction: facts.direction(),
            sent_at,
            kind: facts.kind().unwrap_or(Kind::Text),
            status: facts.status(),
            entry_point: facts.entry_point(),
            sighting: Sighting::Stamped,
            fold: Elapsed::ZERO,
        };
        builder.push_stating(&row_of_log.borrowed(), stated, u64::from(row));
    }
    Ok(after)
}
