//! One event, once: copies and sightings of a message become one event, or a conflict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use polars::prelude::{DataFrame, PolarsResult, SortMultipleOptions};

use super::copies::{Columns, Copy, differences, merged};
use crate::domain::message::Counts;
use crate::domain::{ChannelEvidence, Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};

/// All messages, each once, by channel and conversation.
pub(super) struct Events {
    pub channels: Vec<Channel>,
    pub conflicts: Vec<Conflict>,
    pub count: u64,
    /// Of these, known only from the watermark of their channel on.
    pub after_watermark: u64,
}

pub(super) struct Channel {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    /// `None` where nothing is proven.
    pub evidence: Option<ChannelEvidence>,
    pub conversations: BTreeMap<Arc<str>, Conversation>,
}

#[derive(Default)]
pub(super) struct Conversation {
    /// In no order.
    pub events: Vec<Event>,
    /// Exports disagree about one of its messages, and nobody has accepted it.
    pub disputed: bool,
    /// Outbound messages to the same customer that stand in another conversation; see [`Channel::look_elsewhere`].
    pub elsewhere: Vec<Instant>,
    /// An accepted disagreement excludes the waits received before this instant.
    pub excluded_before: Option<Instant>,
}

pub(super) struct Event {
    pub at: Instant,
    /// How much earlier a question, how much later an answer may really have been, where its local time is one
    /// that the clocks repeat.
    pub fold: Elapsed,
    pub direction: Direction,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub customer: Arc<str>,
    pub message_id: Box<str>,
}

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

/// Statuses at or after the watermark of their channel are not evidence yet, whatever they would say of an
/// earlier message, so that a month closed late equals one closed on time.
pub(super) fn events(
    frame: &DataFrame,
    evidence: &dyn Fn(&str, &str) -> Option<ChannelEvidence>,
) -> PolarsResult<Events> {
    let sorted = by_message(frame)?;
    let columns = Columns::of(&sorted)?;
    let mut events = Events { channels: Vec::new(), conflicts: Vec::new(), count: 0, after_watermark: 0 };
    for rows in messages(&columns, sorted.height()) {
        let key @ (business, channel, _) = columns.key(rows.start);
        let through = events.enter(business, channel, evidence);
        let copies = rows.map(|row| (columns.copy(row), columns.file(row)));
        let copies = copies.filter(|(copy, _)| copy.is_stamped() || copy.sent_at < through);
        events.add(key, &copies.collect::<Vec<_>>());
    }
    events.channels.iter_mut().for_each(Channel::look_elsewhere);
    Ok(events)
}

/// The rows in order of business, channel and message; one chunk a column, so that rows are reached without a
/// search.
pub(super) fn by_message(frame: &DataFrame) -> PolarsResult<DataFrame> {
    let mut sorted =
        frame.sort([columns::BUSINESS, columns::CHANNEL, columns::MESSAGE_ID], SortMultipleOptions::default())?;
    sorted.rechunk_mut_par();
    Ok(sorted)
}

/// The rows of each message in a frame of [`by_message`].
pub(super) fn messages<'f>(
    columns: &'f Columns<'f>,
    height: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> + 'f {
    let mut start = 0;
    std::iter::from_fn(move || {
        let key = (start < height).then(|| columns.key(start))?;
        let end = (start + 1..height).find(|row| columns.key(*row) != key).unwrap_or(height);
        let rows = start..end;
        start = end;
        Some(rows)
    })
}

impl Events {
    /// Makes the channel the last one, and gives its watermark.
    fn enter(
        &mut self,
        business: &str,
        channel: &str,
        evidence: &dyn Fn(&str, &str) -> Option<ChannelEvidence>,
    ) -> Instant {
        let same = |last: &Channel| &*last.business == business && &*last.channel == channel;
        if !self.channels.last().is_some_and(same) {
            self.channels.push(Channel {
                business: business.into(),
                channel: channel.into(),
                evidence: evidence(business, channel),
                conversations: BTreeMap::new(),
            });
        }
        let known = self.channels.last().and_then(|last| last.evidence.as_ref());
        known.map_or(Instant::MIN, |evidence| evidence.watermark)
    }

    fn add(&mut self, (business, channel, message_id): (&str, &str, &str), copies: &[(Copy, Option<u32>)]) {
        self.count += 1;
        let Some(place) = self.channels.last_mut().filter(|_| !copies.is_empty()) else {
            self.after_watermark += 1;
            return;
        };
        let said: Vec<Copy> = copies.iter().map(|(copy, _)| *copy).collect();
        let differs_in = differences(&said);
        let accepted = place.evidence.as_ref().and_then(|known| known.accepted.disputes.get(message_id)).copied();
        if let Some(through) = accepted {
            for copy in &said {
                let conversation = place.conversation(copy.conversation);
                conversation.excluded_before = conversation.excluded_before.max(Some(through));
            }
        }
        if differs_in.is_empty() {
            place.conversation(said[0].conversation).events.push(merged(message_id, &said));
            return;
        }
        let versions = versions(copies);
        for copy in versions.keys() {
            // Each version is kept as an event of its own conversation, which is held as a whole.
            let conversation = place.conversation(copy.conversation);
            conversation.disputed |= accepted.is_none();
            let event = merged(message_id, &[*copy]);
            // What was accepted holds no conversation any more, but it proves nothing either.
            conversation.events.push(if accepted.is_none() { event } else { event.in_doubt() });
        }
        self.conflicts.push(Conflict {
            business: business.to_owned(),
            channel: channel.to_owned(),
            message_id: message_id.to_owned(),
            differs_in,
            accepted: accepted.is_some(),
            versions: versions.into_iter().map(version).collect(),
        });
    }
}

/// Distinct copies with the number of their rows and the first of their files.
fn versions<'f>(copies: &[(Copy<'f>, Option<u32>)]) -> BTreeMap<Copy<'f>, (u64, Option<u32>)> {
    let mut versions: BTreeMap<Copy, (u64, Option<u32>)> = BTreeMap::new();
    for (copy, file) in copies {
        let (rows, first) = versions.entry(*copy).or_default();
        *rows += 1;
        *first = first.iter().chain(file).min().copied();
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
        customer: copy.customer.to_owned(),
        conversation: copy.conversation.to_owned(),
        rows,
        file,
    }
}

impl Conversation {
    /// When the business wrote to a customer, in a way that may be an answer.
    fn sent_to(&self, customer: &str) -> Vec<Instant> {
        let may_answer = |event: &&Event| {
            let fits = event.direction == Direction::Outbound && &*event.customer == customer;
            fits && event.status != Status::Failed && event.kind.counts() != Counts::No
        };
        self.events.iter().filter(may_answer).map(|event| event.at).collect()
    }
}

impl Event {
    /// The same event, of which neither kind nor fate is certain.
    fn in_doubt(self) -> Self {
        Self { kind: Kind::Other, status: Status::Unstated, ..self }
    }
}

impl Channel {
    /// Where one log names the conversations and another does not, a question and its answer can stand apart: each
    /// then knows of the other's outbound messages to the same customer. A log without conversations has the
    /// customer in their place.
    fn look_elsewhere(&mut self) {
        let mut named: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for (name, conversation) in &self.conversations {
            for event in conversation.events.iter().filter(|event| event.customer != *name) {
                if self.conversations.contains_key(&event.customer) {
                    named.entry(Arc::clone(&event.customer)).or_default().insert(Arc::clone(name));
                }
            }
        }
        for (customer, others) in named {
            let Some(unnamed) = self.conversations.get(&customer) else { continue };
            let here = unnamed.sent_to(&customer);
            let mut there = Vec::new();
            for name in others {
                let Some(other) = self.conversations.get_mut(&name) else { continue };
                there.extend(other.sent_to(&customer));
                other.elsewhere.extend(&here);
            }
            self.conversation(&customer).elsewhere.extend(there);
        }
    }

    fn conversation(&mut self, name: &str) -> &mut Conversation {
        if !self.conversations.contains_key(name) {
            self.conversations.insert(name.into(), Conversation::default());
        }
        self.conversations.entry(name.into()).or_default()
    }
}
