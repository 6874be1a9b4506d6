//! One message as a log states it, on its way into a frame.

use crate::domain::message::Sighting;
use crate::domain::{Direction, EntryPoint, Instant, Kind, Status};

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
}

/// A row that could not be read, with its reason. Bad data is a value: the run goes on.
///
/// Invariant: the reason never quotes the content of the row, which may name a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Reject {
    /// Line, record or element of the file, counted from 1.
    pub row: u64,
    pub reason: String,
    #[serde(skip)]
    pub suspect: Option<Suspect>,
}

/// What could be read of a rejected row that may be an outbound message.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    pub business: Option<String>,
    pub channel: Option<String>,
    pub conversation: Option<String>,
    pub at: Option<Instant>,
}
