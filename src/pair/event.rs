//! One event, once: copies and sightings of a message become one event, or a conflict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use polars::prelude::{DataFrame, Int64Chunked, PolarsResult, SortMultipleOptions, StringChunked};

use crate::domain::message::{Counts, Sighting};
use crate::domain::{Direction, EntryPoint, Instant, Kind, Status, columns};

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
    pub conversations: BTreeMap<Arc<str>, Conversation>,
}

#[derive(Default)]
pub(super) struct Conversation {
    /// In no order.
    pub events: Vec<Event>,
    /// Exports disagree about one of its messages.
    pub disputed: bool,
}

pub(super) struct Event {
    pub at: Instant,
    pub direction: Direction,
    pub counts: Counts,
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
}

/// The columns of a frame, read side by side.
struct Columns<'f> {
    message_id: &'f StringChunked,
    business: &'f StringChunked,
    channel: &'f StringChunked,
    customer: &'f StringChunked,
    direction: &'f StringChunked,
    sent_at: &'f Int64Chunked,
    conversation: &'f StringChunked,
    kind: &'f StringChunked,
    status: &'f StringChunked,
    entry_point: &'f StringChunked,
    sighting: &'f StringChunked,
}

/// One row of the frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Copy<'f> {
    customer: &'f str,
    direction: Direction,
    sent_at: Instant,
    conversation: &'f str,
    kind: &'f str,
    status: Status,
    entry_point: EntryPoint,
    sighting: Sighting,
}

/// `watermark` is that of a (business, channel): statuses at or after it are not evidence yet, whatever they
/// would say of an earlier message, so that a month closed late equals one closed on time.
pub(super) fn events(frame: &DataFrame, watermark: &dyn Fn(&str, &str) -> Option<Instant>) -> PolarsResult<Events> {
    // One chunk a column, so that rows are reached without a search.
    let mut sorted =
        frame.sort([columns::BUSINESS, columns::CHANNEL, columns::MESSAGE_ID], SortMultipleOptions::default())?;
    sorted.rechunk_mut_par();
    let columns = Columns::of(&sorted)?;
    let mut events = Events { channels: Vec::new(), conflicts: Vec::new(), count: 0, after_watermark: 0 };
    let (mut start, mut of_channel) = (0, None);
    while start < sorted.height() {
        let key = columns.key(start);
        let end = (start + 1..sorted.height()).find(|row| columns.key(*row) != key).unwrap_or(sorted.height());
        let (business, channel, _) = key;
        if of_channel.is_none_or(|(known, _)| known != (business, channel)) {
            of_channel = Some(((business, channel), watermark(business, channel)));
        }
        let through = of_channel.and_then(|(_, through)| through).unwrap_or(Instant::MIN);
        let copies = (start..end)
            .map(|row| columns.copy(row))
            .filter(|copy| copy.sighting == Sighting::Stamped || copy.sent_at < through);
        events.add(key, &copies.collect::<Vec<_>>());
        start = end;
    }
    Ok(events)
}

impl<'f> Columns<'f> {
    fn of(frame: &'f DataFrame) -> PolarsResult<Self> {
        let text = |name: &str| frame.column(name)?.str();
        Ok(Self {
            message_id: text(columns::MESSAGE_ID)?,
            business: text(columns::BUSINESS)?,
            channel: text(columns::CHANNEL)?,
            customer: text(columns::CUSTOMER)?,
            direction: text(columns::DIRECTION)?,
            sent_at: frame.column(columns::SENT_AT)?.i64()?,
            conversation: text(columns::CONVERSATION)?,
            kind: text(columns::KIND)?,
            status: text(columns::STATUS)?,
            entry_point: text(columns::ENTRY_POINT)?,
            sighting: text(columns::SIGHTING)?,
        })
    }

    fn key(&self, row: usize) -> (&'f str, &'f str, &'f str) {
        let at = |column: &'f StringChunked| column.get(row).unwrap_or_default();
        (at(self.business), at(self.channel), at(self.message_id))
    }

    fn copy(&self, row: usize) -> Copy<'f> {
        let at = |column: &'f StringChunked| column.get(row).unwrap_or_default();
        Copy {
            customer: at(self.customer),
            // Invariant: `read` stores only names that parse; the fallbacks are the ones that charge nothing.
            direction: Direction::named(at(self.direction)).unwrap_or(Direction::Outbound),
            sent_at: Instant::from_micros(self.sent_at.get(row).unwrap_or_default()),
            conversation: at(self.conversation),
            kind: at(self.kind),
            status: Status::named(at(self.status)).unwrap_or(Status::Unstated),
            entry_point: at(self.entry_point).parse().unwrap_or(EntryPoint::Unknown),
            sighting: Sighting::named(at(self.sighting)).unwrap_or(Sighting::Stamped),
        }
    }
}

impl Events {
    fn add(&mut self, (business, channel, message_id): (&str, &str, &str), copies: &[Copy]) {
        self.count += 1;
        if copies.is_empty() {
            self.after_watermark += 1;
            return;
        }
        let differs_in = differences(copies);
        let same = |known: &&mut Channel| &*known.business == business && &*known.channel == channel;
        if self.channels.last_mut().as_mut().is_none_or(|last| !same(last)) {
            let (business, channel) = (business.into(), channel.into());
            self.channels.push(Channel { business, channel, conversations: BTreeMap::new() });
        }
        let Some(place) = self.channels.last_mut() else { return };
        if differs_in.is_empty() {
            place.conversation(copies[0].conversation).events.push(merged(message_id, copies));
            return;
        }
        let versions: BTreeSet<&Copy> = copies.iter().collect();
        for copy in versions {
            // Each version is kept as an event of its own conversation, which is held as a whole.
            let conversation = place.conversation(copy.conversation);
            conversation.disputed = true;
            conversation.events.push(merged(message_id, &[*copy]));
        }
        let (business, channel) = (business.to_owned(), channel.to_owned());
        self.conflicts.push(Conflict { business, channel, message_id: message_id.to_owned(), differs_in });
    }
}

impl Channel {
    fn conversation(&mut self, name: &str) -> &mut Conversation {
        if !self.conversations.contains_key(name) {
            self.conversations.insert(name.into(), Conversation::default());
        }
        self.conversations.entry(name.into()).or_default()
    }
}

/// The columns in which copies of one message contradict each other. Statuses never do: they follow one
/// another. A fact that one copy leaves out contradicts nothing.
fn differences(copies: &[Copy]) -> Vec<&'static str> {
    fn differ<T: PartialEq>(values: impl Iterator<Item = T>) -> bool {
        let mut values = values;
        let first = values.next();
        values.any(|value| first.as_ref().is_some_and(|first| *first != value))
    }
    let stamped = || copies.iter().filter(|copy| copy.sighting == Sighting::Stamped);
    let stated_kinds = stamped().map(|copy| copy.kind).filter(|kind| !kind.is_empty());
    let stated_entry_points = copies.iter().map(|copy| copy.entry_point).filter(|point| *point != EntryPoint::Unknown);
    let found = [
        (columns::CUSTOMER, differ(copies.iter().map(|copy| copy.customer))),
        (columns::CONVERSATION, differ(copies.iter().map(|copy| copy.conversation))),
        (columns::DIRECTION, differ(copies.iter().map(|copy| copy.direction))),
        (columns::SENT_AT, !agree(&stamped().map(|copy| copy.sent_at).collect::<Vec<_>>())),
        (columns::KIND, differ(stated_kinds)),
        (columns::ENTRY_POINT, differ(stated_entry_points)),
    ];
    found.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// Units to which exports cut the time of a message: a millisecond, a second, a minute.
const PRECISIONS: [i64; 3] = [1000, 1_000_000, 60_000_000];

/// Whether all stamps are the same instant, or cuts of the finest of them.
fn agree(stamps: &[Instant]) -> bool {
    let Some(finest) = finest(stamps) else { return true };
    stamps.iter().all(|stamp| {
        let cut = |unit: &i64| finest.micros().div_euclid(*unit) * unit == stamp.micros();
        *stamp == finest || PRECISIONS.iter().any(cut)
    })
}

/// The stamp with the most precision; of equals the latest.
fn finest(stamps: &[Instant]) -> Option<Instant> {
    let coarseness = |stamp: &Instant| PRECISIONS.iter().filter(|unit| stamp.micros() % **unit == 0).count();
    stamps.iter().copied().min_by_key(|stamp| (coarseness(stamp), std::cmp::Reverse(*stamp)))
}

/// One event of copies that do not contradict each other.
fn merged(message_id: &str, copies: &[Copy]) -> Event {
    let stamped: Vec<Instant> = copies.iter().filter(|c| c.sighting == Sighting::Stamped).map(|c| c.sent_at).collect();
    let first_sign = copies.iter().map(|copy| (copy.sighting, copy.sent_at)).min();
    let at = finest(&stamped).or(first_sign.map(|(_, at)| at)).unwrap_or(Instant::MAX);
    // An unknown status beside a known one adds no doubt: the message was sent.
    let known_sign = copies.iter().any(|copy| copy.sighting != Sighting::Stamped && copy.status != Status::Unstated);
    let tells = |copy: &&Copy| copy.sighting == Sighting::Stamped || !known_sign;
    let kind = copies.iter().filter(tells).map(|copy| copy.kind).filter(|kind| !kind.is_empty()).max();
    Event {
        at,
        direction: copies[0].direction,
        counts: kind.map_or(Kind::Text, Kind::named).counts(),
        status: copies.iter().map(|copy| copy.status).max().unwrap_or(Status::Unstated),
        entry_point: copies.iter().map(|copy| copy.entry_point).min().unwrap_or(EntryPoint::Unknown),
        customer: copies[0].customer.into(),
        message_id: message_id.into(),
    }
}
