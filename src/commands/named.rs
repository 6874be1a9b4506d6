//! Plain names of charged messages, for many months at once: a part of the archive is read once for all of them, and
//! only where its file carries a channel of theirs.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};

use super::archived::{Archive, Kept, plain};
use super::evidence::{Evidence, broken};
use super::workers;
use crate::domain::charge::RatedWait;
use crate::domain::reading::RunClock;
use crate::domain::{Elapsed, Instant, Span, Wait, columns};
use crate::error::Failure;
use crate::read::archive::{Named, OfMessage};
use crate::read::frame;

/// Plain message ids and customers of messages.
pub type Names = BTreeMap<OfMessage, Named>;

/// What is looked for, for one month.
struct Wanted<'w> {
    /// Channel and keyed id of its charged messages.
    messages: BTreeSet<(&'w str, &'w str)>,
    /// Hashes of these, sorted: most messages are told from them by their hash.
    hashes: Vec<u64>,
    /// When they were sent.
    within: Span,
}

impl<'w> Wanted<'w> {
    /// A charged message is never earlier than `received_at`, unless the last of a run gives its clock.
    fn of(rated: &'w [RatedWait], clock: RunClock) -> Self {
        let messages: BTreeSet<(&str, &str)> = charged(rated).map(|wait| (&*wait.channel, &*wait.message_id)).collect();
        let mut hashes: Vec<u64> = messages.iter().map(|message| frame::hash_of(*message)).collect();
        hashes.sort_unstable();
        let first = charged(rated).map(|wait| wait.received_at).min().unwrap_or(Instant::MAX);
        let from = if clock == RunClock::LastInbound { Instant::MIN } else { first };
        // A charged message is never later than the end of its wait: others of a run, and outbound ones, are later
        // than `received_at`.
        let end = |wait: &Wait| wait.answered_at.unwrap_or(wait.watermark).max(wait.received_at);
        let last = charged(rated).map(end).max().unwrap_or(Instant::MIN);
        Self { messages, hashes, within: Span { from, to: last.plus(Elapsed::from_micros(1)) } }
    }

    fn has(&self, hash: u64, message: (&str, &str)) -> bool {
        self.hashes.binary_search(&hash).is_ok() && self.messages.contains(&message)
    }

    fn may_be_in(&self, kept: Kept) -> bool {
        match kept {
            Kept::Part(part) => part.first < self.within.to && self.within.from <= part.last,
            Kept::Whole(_) => true,
        }
    }
}

fn charged(rated: &[RatedWait]) -> impl Iterator<Item = &Wait> {
    rated.iter().filter(|rated| rated.charge.is_some()).map(|rated| &rated.wait)
}

/// A part of the archive, with the months of which it may hold messages, by channel.
struct Part<'p> {
    kept: Kept<'p>,
    months: BTreeMap<&'p str, Vec<usize>>,
}

/// The names of the charged messages of each of `months`.
pub fn names(
    archive: &Archive,
    evidence: &Evidence,
    months: &[&[RatedWait]],
    clock: RunClock,
) -> Result<Vec<Names>, Failure> {
    let wanted: Vec<Wanted> = months.iter().map(|rated| Wanted::of(rated, clock)).collect();
    let mut names: Vec<Names> = wanted.iter().map(|_| Names::new()).collect();
    let parts = parts(archive, evidence, &wanted);
    let work = |part: &Part| {
        let Some(plain) = archive.names(part.kept)? else { return Ok(Vec::new()) };
        let keyed = archive.messages(part.kept)?;
        found(&keyed, &plain, &part.months, &wanted).map_err(broken)
    };
    workers::in_order(&parts, work, |_, found| {
        for (month, key, named) in found {
            if let Some(names) = names.get_mut(month) {
                names.insert(key, named);
            }
        }
        Ok(())
    })?;
    Ok(names)
}

/// The parts that may hold a wanted message, each once, in the order of their files.
fn parts<'p>(archive: &Archive, evidence: &'p Evidence, wanted: &[Wanted]) -> Vec<Part<'p>> {
    let mut of_channel: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (month, wanted) in wanted.iter().enumerate() {
        let channels: BTreeSet<&str> = wanted.messages.iter().map(|(channel, _)| *channel).collect();
        channels.into_iter().for_each(|channel| of_channel.entry(channel).or_default().push(month));
    }
    let (mut parts, mut seen) = (Vec::new(), BTreeSet::new());
    for file in evidence.carrying(of_channel.keys().copied()) {
        for kept in archive.kept(file) {
            let of = |channel: &'p String| {
                let months = of_channel.get(channel.as_str())?.iter().copied();
                let months = months.filter(|month| wanted.get(*month).is_some_and(|wanted| wanted.may_be_in(kept)));
                Some((channel.as_str(), months.collect::<Vec<usize>>())).filter(|(_, months)| !months.is_empty())
            };
            let months: BTreeMap<&str, Vec<usize>> = file.channels.iter().filter_map(of).collect();
            if !months.is_empty() && seen.insert(kept.sha256()) {
                parts.push(Part { kept, months });
            }
        }
    }
    parts
}

type OfMonth = (usize, OfMessage, Named);

/// Month, keyed names and plain names of the wanted messages of a part. A blank name is that of somebody who is forgotten.
fn found(
    keyed: &DataFrame,
    plain: &DataFrame,
    months: &BTreeMap<&str, Vec<usize>>,
    wanted: &[Wanted],
) -> PolarsResult<Vec<OfMonth>> {
    let of = |name: &str| keyed.column(name)?.str();
    let named = |name: &str| plain.column(name)?.str();
    let customers = of(columns::CUSTOMER)?;
    let (plain_ids, plain_customers) = (named(columns::MESSAGE_ID)?, named(columns::CUSTOMER)?);
    let mut found = Vec::new();
    let hashes = frame::hashes(keyed, [columns::CHANNEL, columns::MESSAGE_ID])?;
    let rows = of(columns::CHANNEL)?.iter().zip(of(columns::MESSAGE_ID)?.iter()).zip(hashes).enumerate();
    for (row, ((channel, id), hash)) in rows.take(plain.height()) {
        let (Some(channel), Some(id)) = (channel, id) else { continue };
        for month in months.get(channel).into_iter().flatten() {
            if !wanted.get(*month).is_some_and(|wanted| wanted.has(hash, (channel, id))) {
                continue;
            }
            let named = (plain_ids.get(row).unwrap_or_default(), plain_customers.get(row).unwrap_or_default());
            if !named.0.is_empty() {
                let customer = customers.get(row).unwrap_or_default().to_owned();
                let key = (channel.to_owned(), id.to_owned(), customer);
                found.push((*month, key, (named.0.to_owned(), named.1.to_owned())));
            }
        }
    }
    Ok(found)
}

/// The same waits, the charged ones with their plain message ids and customers, in the order of plain names.
/// Somebody who is forgotten has neither.
pub fn named(rated: &[RatedWait], names: &Names) -> Vec<RatedWait> {
    let mut named: Vec<RatedWait> = rated.iter().map(|rated| plain(rated, names)).collect();
    named.sort_by(|a, b| a.wait.compare(&b.wait));
    named
}
