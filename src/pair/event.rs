//! One event, once: what all copies and sightings of a message together say happened.

use super::rows::{Row, Rows};
use crate::domain::message::{Counts, Sighting};
use crate::domain::{ChannelEvidence, Direction, Elapsed, EntryPoint, Instant, Kind, Status};

/// A channel of a business, with what is proven about it.
pub(super) struct Channel<'f> {
    pub business: &'f str,
    pub channel: &'f str,
    /// `None` where nothing is proven.
    pub evidence: Option<ChannelEvidence>,
    /// Statuses at or after the watermark are not evidence yet, whatever they would say of an earlier message, so
    /// that a month closed late equals one closed on time.
    through: Instant,
}

/// What happened with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event<'f> {
    pub at: Instant,
    /// How much earlier a question, how much later an answer may really have been, where its local time is one
    /// that the clocks repeat.
    pub fold: Elapsed,
    pub message_id: &'f str,
    /// Its code.
    pub customer: u32,
    pub direction: Direction,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
}

/// An event with where it belongs, and what its message does to its conversation.
#[derive(Clone, Copy)]
pub(super) struct Told<'f> {
    pub event: Event<'f>,
    /// Code of the conversation.
    pub conversation: u32,
    pub place: u32,
    /// Exports disagree about the message, and nobody has accepted it.
    pub disputed: bool,
    /// An accepted disagreement excludes the waits received before this instant.
    pub excluded_before: Option<Instant>,
}

/// The events of one conversation, and what is said of it as a whole.
pub(super) struct Conversation<'t> {
    /// In no order; but versions of one message stand in theirs.
    told: &'t [Told<'t>],
    /// Exports disagree about one of its messages, and nobody has accepted it.
    pub disputed: bool,
    /// Outbound messages to the same customer that stand in another conversation; see [`super::elsewhere`].
    pub elsewhere: Vec<Instant>,
    /// An accepted disagreement excludes the waits received before this instant.
    pub excluded_before: Option<Instant>,
}

impl<'f> Channel<'f> {
    pub fn new((business, channel): (&'f str, &'f str), evidence: Option<ChannelEvidence>) -> Self {
        let through = evidence.as_ref().map_or(Instant::MIN, |evidence| evidence.watermark);
        Self { business, channel, evidence, through }
    }

    /// Whether a row of the channel is evidence already, or a message of its own.
    pub fn knows(&self, sighting: Sighting, sent_at: Instant) -> bool {
        sighting == Sighting::Stamped || sent_at < self.through
    }

    /// The instant through which an accepted disagreement about a message excludes waits.
    pub fn accepted(&self, message_id: &str) -> Option<Instant> {
        self.evidence.as_ref().and_then(|known| known.accepted.disputes.get(message_id)).copied()
    }
}

impl<'f> Told<'f> {
    /// Of a message that one row tells of: nothing disagrees with it.
    pub fn of(row: &Row<'f>, rows: &Rows<'f>, channel: &Channel) -> Self {
        Self {
            event: rows.event(row),
            conversation: row.conversation,
            place: row.place,
            disputed: false,
            excluded_before: channel.accepted(row.message_id),
        }
    }
}

impl<'t> Conversation<'t> {
    pub fn of(told: &'t [Told<'t>], elsewhere: Vec<Instant>) -> Self {
        let disputed = told.iter().any(|told| told.disputed);
        let excluded_before = told.iter().filter_map(|told| told.excluded_before).max();
        Self { told, disputed, elsewhere, excluded_before }
    }

    pub fn events(&self) -> impl Iterator<Item = &'t Event<'t>> {
        self.told.iter().map(|told| &told.event)
    }
}

impl Event<'_> {
    /// The same event, of which neither kind nor fate is certain.
    pub fn in_doubt(self) -> Self {
        Self { kind: Kind::Other, status: Status::Unstated, ..self }
    }

    /// Whether the business wrote it in a way that may be an answer.
    pub fn may_answer(&self) -> bool {
        let is_outbound = self.direction == Direction::Outbound;
        is_outbound && self.status != Status::Failed && self.kind.counts() != Counts::No
    }
}
