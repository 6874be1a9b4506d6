//! The canonical message log: what a row must say, whatever the file's form.

use std::borrow::Cow;

use super::frame::KindStated;
use super::party::{check_party, is_whole_number};
use super::row::{Row, Suspect};
use super::stamp::{Clock, Given};
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Kind, Status, columns};

/// The index in [`columns::ALL`] of a column that is read. What only the archive has, a log's column of that
/// name, is one more unknown one.
pub(super) fn column(name: &str) -> Option<usize> {
    columns::ALL.iter().position(|known| *known == name && !columns::ARCHIVED.contains(known))
}

/// The texts of one row, by column; `None` where the row or the file has none.
#[derive(Default)]
pub(super) struct Texts<'a> {
    values: [Option<Cow<'a, str>>; columns::ALL.len()],
}

impl<'a> Texts<'a> {
    /// `column` is an index into [`columns::ALL`].
    pub fn set(&mut self, column: usize, value: Cow<'a, str>) {
        self.values[column] = Some(value);
    }

    pub fn get(&self, name: &str) -> &str {
        let column = columns::ALL.iter().position(|known| *known == name);
        column.and_then(|column| self.values[column].as_deref()).unwrap_or_default()
    }

    /// The row and whether it states its kind, or why it is rejected. `given` is the stamp where the file
    /// stores no text.
    pub fn row(&self, given: Option<Given>, clock: &Clock) -> Result<(Row, KindStated), String> {
        let customer = self.party(columns::CUSTOMER)?;
        let conversation = self.conversation()?;
        let direction =
            Direction::named(self.get(columns::DIRECTION)).ok_or("direction is neither inbound nor outbound")?;
        let (status, kind) = self.status_and_kind(direction);
        let entry_point = match self.get(columns::ENTRY_POINT) {
            // It means nothing on a message of the business, and must not cost an answer.
            _ if direction == Direction::Outbound => EntryPoint::Unknown,
            "" => EntryPoint::Unknown,
            name => name.parse().map_err(|_| "entry_point is not one of the known ones")?,
        };
        let stated = if kind.is_some() { KindStated::Yes } else { KindStated::No };
        let (business, channel) = (self.id(columns::BUSINESS)?, self.id(columns::CHANNEL)?);
        let message_id = self.id(columns::MESSAGE_ID)?;
        let stamp = clock.stamp(given, self.get(columns::SENT_AT), direction)?;
        let row = Row {
            business,
            channel,
            conversation,
            customer,
            message_id,
            direction,
            sent_at: stamp.at,
            kind: kind.unwrap_or(Kind::Text),
            status,
            entry_point,
            sighting: Sighting::Stamped,
            fold: stamp.fold,
        };
        Ok((row, stated))
    }

    /// What can be read of a row that was rejected, when it may have been an answer.
    pub fn suspect(&self, given: Option<Given>, clock: &Clock) -> Option<Suspect> {
        let failed = || Status::named(self.get(columns::STATUS)) == Some(Status::Failed);
        match Direction::named(self.get(columns::DIRECTION)) {
            Some(Direction::Inbound) => return None,
            Some(Direction::Outbound) if failed() => return None,
            _ => {}
        }
        let stamp = clock.stamp(given, self.get(columns::SENT_AT), Direction::Outbound).ok();
        Some(Suspect {
            business: self.id(columns::BUSINESS).ok(),
            channel: self.id(columns::CHANNEL).ok(),
            conversation: self.conversation().ok(),
            at: stamp.filter(|stamp| stamp.fold == Elapsed::ZERO).map(|stamp| stamp.at),
        })
    }

    fn conversation(&self) -> Result<String, String> {
        let is_derived = self.get(columns::CONVERSATION).is_empty();
        let party = self.party(if is_derived { columns::CUSTOMER } else { columns::CONVERSATION })?;
        // Some logs leave the plus out: the conversation is the same.
        Ok(if is_derived && is_whole_number(&party) { format!("+{party}") } else { party })
    }

    /// An id: visible ASCII, so that it is compared as bytes and cannot hide marks.
    fn id(&self, name: &str) -> Result<String, String> {
        let text = self.get(name);
        match text.len() {
            0 => Err(format!("{name} is empty")),
            1..=255 if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
            1..=255 => Err(format!("{name} has characters other than visible ASCII")),
            _ => Err(format!("{name} is longer than 255 bytes")),
        }
    }

    /// A customer or a conversation.
    fn party(&self, name: &str) -> Result<String, String> {
        match self.get(name) {
            "" => Err(format!("{name} is empty")),
            text => check_party(name, text).map(|()| text.to_owned()),
        }
    }

    /// A status that is not known may be that of an answer: the outbound message is kept as one of unknown
    /// kind, which holds the waits that it could end. A rejected row would have charged them.
    fn status_and_kind(&self, direction: Direction) -> (Status, Option<Kind>) {
        let kind = self.get(columns::KIND);
        let kind = (!kind.is_empty()).then(|| Kind::named(kind));
        match (Status::named(self.get(columns::STATUS)), direction) {
            (Some(status), _) => (status, kind),
            (None, Direction::Inbound) => (Status::Unstated, kind),
            (None, Direction::Outbound) => (Status::Unstated, Some(Kind::Other)),
        }
    }
}
