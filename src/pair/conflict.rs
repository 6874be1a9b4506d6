//! Messages with several copies: together they are one event, or a conflict.

use std::collections::BTreeMap;

use super::copies::{Copy, differences, merged};
use super::event::{Channel, Told};
use super::intern::index;
use super::rows::Rows;
use super::threads::{gathered, share, workers};
use crate::domain::{Direction, EntryPoint, Instant};

/// A message of which exports disagree: same id, other time, direction or party.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Conflict {
    pub business: String,
    pub channel: String,
    pub message_id: String,
    /// The facts in which the copies differ, by column name.
    pub differs_in: Vec<&'static str>,
    /// Whether the operator accepted it: it holds nothing any more.
    pub accepted: bool,
    /// What the copies say, each once, sorted; at least two.
    pub versions: Vec<Version>,
}

/// One version of a message. Parties are as the frame has them, and are never written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Version {
    pub sent_at: Instant,
    pub direction: Direction,
    /// Empty where the log does not state it.
    pub kind: String,
    pub status: &'static str,
    pub entry_point: EntryPoint,
    #[serde(skip)]
    pub customer: String,
    #[serde(skip)]
    pub conversation: String,
    /// How many rows say so.
    pub rows: u64,
    /// The first file that says so, where the frame names files.
    pub file: Option<u32>,
}

/// What comes of the messages that more than one row tells of.
#[derive(Default)]
pub(super) struct Joined<'f> {
    /// In no order; but versions of one message stand together, in theirs.
    pub told: Vec<Told<'f>>,
    /// Sorted by business, channel and message.
    pub conflicts: Vec<Conflict>,
    /// Messages known only from the watermark of their channel on.
    pub after_watermark: u64,
}

/// Joins the copies of every message that has several.
pub(super) fn joined<'f>(rows: &Rows<'f>, channels: &[Channel<'f>]) -> Joined<'f> {
    let repeated = &rows.repeated;
    let files = if repeated.len() > 0 { rows.files() } else { None };
    let workers = workers(repeated.rows().len());
    let shares = workers * 16;
    let join = |joined: &mut Joined<'f>, number: usize| {
        for message in share(repeated.len(), number, shares) {
            joined.add(repeated.message(message), rows, channels, files.as_deref());
        }
    };
    let mut joined = Joined::default();
    for part in gathered(workers, shares, Joined::default, join, |part| part) {
        joined.told.extend(part.told);
        joined.conflicts.extend(part.conflicts);
        joined.after_watermark += part.after_watermark;
    }
    joined.conflicts.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    joined
}

impl<'f> Joined<'f> {
    /// Adds the message of these rows.
    fn add(&mut self, numbers: &[u32], rows: &Rows<'f>, channels: &[Channel<'f>], files: Option<&[Option<u32>]>) {
        let Some(first) = numbers.first().map(|number| &rows.all[index(*number)]) else { return };
        let (message_id, place) = (first.message_id, first.place);
        let channel = &channels[index(place)];
        let copies = numbers.iter().map(|number| (rows.copy(*number), *number));
        let copies = copies.filter(|(copy, _)| channel.knows(copy.sighting, copy.sent_at));
        let (said, numbers): (Vec<Copy<'f>>, Vec<u32>) = copies.unzip();
        if said.is_empty() {
            self.after_watermark += 1;
            return;
        }
        let differs_in = differences(&said);
        let accepted = channel.accepted(message_id);
        if differs_in.is_empty() {
            let (event, conversation) = (merged(message_id, &said), said[0].conversation.code);
            self.told.push(Told { event, conversation, place, disputed: false, excluded_before: accepted });
            return;
        }
        let file = |number: &u32| files.and_then(|files| files[index(*number)]);
        let versions = versions(said.iter().copied().zip(numbers.iter().map(file)));
        for copy in versions.keys() {
            // Each version is kept as an event of its own conversation, which is held as a whole.
            let event = merged(message_id, &[*copy]);
            // What was accepted holds no conversation any more, but it proves nothing either.
            let event = if accepted.is_none() { event } else { event.in_doubt() };
            let (conversation, disputed) = (copy.conversation.code, accepted.is_none());
            self.told.push(Told { event, conversation, place, disputed, excluded_before: accepted });
        }
        self.conflicts.push(Conflict {
            business: channel.business.to_owned(),
            channel: channel.channel.to_owned(),
            message_id: message_id.to_owned(),
            differs_in,
            accepted: accepted.is_some(),
            versions: versions.into_iter().map(version).collect(),
        });
    }
}

impl Conflict {
    /// Of each message there is one conflict.
    fn key(&self) -> (&str, &str, &str) {
        (&self.business, &self.channel, &self.message_id)
    }
}

/// Distinct copies with the number of their rows and the first of their files.
fn versions<'f>(copies: impl Iterator<Item = (Copy<'f>, Option<u32>)>) -> BTreeMap<Copy<'f>, (u64, Option<u32>)> {
    let mut versions: BTreeMap<Copy, (u64, Option<u32>)> = BTreeMap::new();
    for (copy, file) in copies {
        let (rows, first) = versions.entry(copy).or_default();
        *rows += 1;
        *first = first.iter().chain(&file).min().copied();
    }
    versions
}

fn version((copy, (rows, file)): (Copy, (u64, Option<u32>))) -> Version {
    Version {
        sent_at: copy.sent_at,
        direction: copy.direction,
        kind: copy.kind.to_owned(),
        status: copy.status.name(),
        entry_point: copy.entry_point,
        customer: copy.customer.name.to_owned(),
        conversation: copy.conversation.name.to_owned(),
        rows,
        file,
    }
}
