//! One message as a log states it, on its way into a frame.

use std::borrow::Cow;
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
    /// The same facts, with the texts where they lie.
    pub fn borrowed(&self) -> RowRef<'_> {
        let Self { direction, sent_at, kind, status, entry_point, sighting, fold, .. } = *self;
        RowRef {
            business: Cow::Borrowed(&self.business),
            channel: Cow::Borrowed(&self.channel),
            conversation: Some(Cow::Borrowed(&self.conversation)),
            customer: Cow::Borrowed(&self.customer),
            message_id: Cow::Borrowed(&self.message_id),
            direction,
            sent_at,
            kind,
            status,
            entry_point,
            sighting,
            fold,
        }
    }
}

/// A [`Row`] whose texts lie in the log still, but for those that had to be written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRef<'t> {
    pub business: Cow<'t, str>,
    pub channel: Cow<'t, str>,
    /// `None` where it is that of the customer, under the same name.
    pub conversation: Option<Cow<'t, str>>,
    pub customer: Cow<'t, str>,
    pub message_id: Cow<'t, str>,
    pub direction: Direction,
    pub sent_at: Instant,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
    /// As in [`Row`].
    pub fold: Elapsed,
}

impl RowRef<'_> {
    /// The name of the conversation.
    pub fn conversation(&self) -> &str {
        self.conversation.as_ref().unwrap_or(&self.customer)
    }

    /// What is lost when this row is refused for its instant alone.
    pub fn suspect(&self) -> Option<Suspect> {
        let is_harmless = self.direction == Direction::Inbound || self.status == Status::Failed;
        (!is_harmless).then(|| Suspect {
            business: Some(self.business.to_string()),
            channel: Some(self.channel.to_string()),
            conversation: Some(self.conversation().to_owned()),
            at: (self.fold == Elapsed::ZERO).then_some(self.sent_at),
        })
    }

    /// The same facts with texts of their own.
    pub fn into_row(self) -> Row {
        let Self { direction, sent_at, kind, status, entry_point, sighting, fold, .. } = self;
        Row {
            business: self.business.into_owned(),
            channel: self.channel.into_owned(),
            conversation: self.conversation.unwrap_or_else(|| self.customer.clone()).into_owned(),
            customer: self.customer.into_owned(),
            message_id: self.message_id.into_owned(),
            direction,
            sent_at,
            kind,
            status,
            entry_point,
            sighting,
            fold,
        }
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
