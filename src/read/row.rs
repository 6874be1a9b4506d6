//! One message as a log states it, on its way into a frame.

use std::fmt;

use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status};

/// Envelope facts of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub business: String,
    pub channel: String,
    pub conversation: String,
    pub customer: String,
    pub message_id: String,
    pub direction: Direction,
    pub sent_at: Instant,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
    /// How far the other reading of an ambiguous local time lies away; zero where there is one reading.
    pub fold: Elapsed,
}

impl Row {
    /// What is lost when this row is refused for its instant alone.
    pub fn suspect(&self) -> Option<Suspect> {
        let is_harmless = self.direction == Direction::Inbound || self.status == Status::Failed;
        (!is_harmless).then(|| Suspect {
            business: Some(self.business.clone()),
            channel: Some(self.channel.clone()),
            conversation: Some(self.conversation.clone()),
            at: (self.fold == Elapsed::ZERO).then_some(self.sent_at),
        })
    }
}

/// A row that could not be read, with its reason. Bad data is a value: the run goes on.
///
/// Invariant: the reason never quotes the content of the row, which may name a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Reject {
    /// Line, record or element of the file, counted from 1.
    pub row: u64,
    pub reason: String,
    /// The answer that the row may have been; `None` when it certainly was none.
    #[serde(skip)]
    pub suspect: Option<Suspect>,
}

/// What could be read of a rejected row that may have been an answer. `None` is what could not be read, and may
/// be anything: the waits that fit are not to be charged.
///
/// Invariant: data for pairing, never printed.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    /// Always `None` for webhooks, whose business is found by the channel.
    pub business: Option<String>,
    pub channel: Option<String>,
    pub conversation: Option<String>,
    /// `None` as well where a local time has two readings.
    pub at: Option<Instant>,
}

impl fmt::Debug for Suspect {
    /// Which of its parts are known, and not what they are: they may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |name: &'static str, is_some: bool| is_some.then_some(name);
        let names = [
            known("business", self.business.is_some()),
            known("channel", self.channel.is_some()),
            known("conversation", self.conversation.is_some()),
            known("at", self.at.is_some()),
        ];
        f.debug_set().entries(names.into_iter().flatten()).finish()
    }
}
