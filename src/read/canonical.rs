//! The canonical message log: what a row must say, whatever the file's form.

use std::borrow::Cow;

use super::frame::KindStated;
use super::party::{check_party, is_whole_number};
use super::row::{RowRef, Suspect};
use super::stamp::{Clock, Given};
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Kind, Status, columns};

/// The index in [`columns::ALL`] of a column that is read. What only the archive has, a log's column of that
/// name, is one more unknown one.
pub(super) fn column(name: &str) -> Option<usize> {
    columns::ALL.iter().position(|known| *known == name && !columns::ARCHIVED.contains(known))
}

/// Places in [`columns::ALL`] of the columns that a log may have.
pub(super) mod at {
    pub const MESSAGE_ID: usize = 0;
    pub const BUSINESS: usize = 1;
    pub const CHANNEL: usize = 2;
    pub const CUSTOMER: usize = 3;
    pub const DIRECTION: usize = 4;
    pub const SENT_AT: usize = 5;
    pub const CONVERSATION: usize = 6;
    pub const KIND: usize = 7;
    pub const STATUS: usize = 8;
    pub const ENTRY_POINT: usize = 9;
    /// How many there are; those of the archive alone stand behind them.
    pub const COUNT: usize = 10;
}

/// The texts of one row, by column; empty where the row or the file has none.
#[derive(Default)]
pub(super) struct Texts<'a> {
    values: [Cow<'a, str>; at::COUNT],
}

impl<'a> Texts<'a> {
    /// `column` is one that [`column`] gives.
    pub fn set(&mut self, column: usize, value: Cow<'a, str>) {
        self.values[column] = value;
    }

    /// The text of a column, by its place.
    pub fn get(&self, column: usize) -> &str {
        &self.values[column]
    }

    /// The row and whether it states its kind, or why it is rejected. `given` is the stamp where the file
    /// stores no text.
    pub fn row(&self, given: Option<Given>, clock: &Clock) -> Result<(RowRef<'_>, KindStated), String> {
        let customer = self.party(at::CUSTOMER)?;
        let conversation = match self.get(at::CONVERSATION) {
            "" => signed(customer),
            _ => Some(Cow::Borrowed(self.party(at::CONVERSATION)?)),
        };
        let direction = Direction::named(self.get(at::DIRECTION)).ok_or("direction is neither inbound nor outbound")?;
        let (status, kind) = self.status_and_kind(direction);
        let entry_point = match self.get(at::ENTRY_POINT) {
            // It means nothing on a message of the business, and must not cost an answer.
            _ if direction == Direction::Outbound => EntryPoint::Unknown,
            "" => EntryPoint::Unknown,
            name => name.parse().map_err(|_| "entry_point is not one of the known ones")?,
        };
        let stated = if kind.is_some() { KindStated::Yes } else { KindStated::No };
        let (business, channel) = (self.id(at::BUSINESS)?, self.id(at::CHANNEL)?);
        let message_id = self.id(at::MESSAGE_ID)?;
        let stamp = clock.stamp(given, self.get(at::SENT_AT), direction)?;
        let row = RowRef {
            business: Cow::Borrowed(business),
            channel: Cow::Borrowed(channel),
            conversation,
            customer: Cow::Borrowed(customer),
            message_id: Cow::Borrowed(message_id),
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
        let failed = || Status::named(self.get(at::STATUS)) == Some(Status::Failed);
        match Direction::named(self.get(at::DIRECTION)) {
            Some(Direction::Inbound) => return None,
            Some(Direction::Outbound) if failed() => return None,
            _ => {}
        }
        let stamp = clock.stamp(given, self.get(at::SENT_AT), Direction::Outbound).ok();
        Some(Suspect {
            business: self.id(at::BUSINESS).ok().map(str::to_owned),
            channel: self.id(at::CHANNEL).ok().map(str::to_owned),
            conversation: self.conversation(),
            at: stamp.filter(|stamp| stamp.fold == Elapsed::ZERO).map(|stamp| stamp.at),
        })
    }

    /// The name of the conversation, where one can be read.
    fn conversation(&self) -> Option<String> {
        if !self.get(at::CONVERSATION).is_empty() {
            return self.party(at::CONVERSATION).ok().map(str::to_owned);
        }
        let customer = self.party(at::CUSTOMER).ok()?;
        Some(signed(customer).unwrap_or(Cow::Borrowed(customer)).into_owned())
    }

    /// An id: visible ASCII, so that it is compared as bytes and cannot hide marks.
    fn id(&self, column: usize) -> Result<&str, String> {
        let (text, name) = (self.get(column), columns::ALL[column]);
        // All bytes are looked at, which takes less time than to stop at the first that is none of an id.
        let is_visible = || text.bytes().fold(true, |is, byte| is & byte.is_ascii_graphic());
        match text.len() {
            0 => Err(format!("{name} is empty")),
            1..=255 if is_visible() => Ok(text),
            1..=255 => Err(format!("{name} has characters other than visible ASCII")),
            _ => Err(format!("{name} is longer than 255 bytes")),
        }
    }

    /// A customer or a conversation.
    fn party(&self, column: usize) -> Result<&str, String> {
        let (text, name) = (self.get(column), columns::ALL[column]);
        check_party(name, text).map(|()| text)
    }

    /// A status that is not known may be that of an answer: the outbound message is kept as one of unknown
    /// kind, which holds the waits that it could end. A rejected row would have charged them.
    fn status_and_kind(&self, direction: Direction) -> (Status, Option<Kind>) {
        let kind = self.get(at::KIND);
        let kind = (!kind.is_empty()).then(|| Kind::named(kind));
        match (Status::named(self.get(at::STATUS)), direction) {
            (Some(status), _) => (status, kind),
            (None, Direction::Inbound) => (Status::Unstated, kind),
            (None, Direction::Outbound) => (Status::Unstated, Some(Kind::Other)),
        }
    }
}

/// What the customer's conversation is called where no column names it, and the customer's own name is another: some
/// logs leave the plus of numbers out, and the conversation is the same.
fn signed(customer: &str) -> Option<Cow<'static, str>> {
    is_whole_number(customer).then(|| Cow::Owned(format!("+{customer}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_a_log_has_its_place() {
        let places = [
            (at::MESSAGE_ID, columns::MESSAGE_ID),
            (at::BUSINESS, columns::BUSINESS),
            (at::CHANNEL, columns::CHANNEL),
            (at::CUSTOMER, columns::CUSTOMER),
            (at::DIRECTION, columns::DIRECTION),
            (at::SENT_AT, columns::SENT_AT),
            (at::CONVERSATION, columns::CONVERSATION),
            (at::KIND, columns::KIND),
            (at::STATUS, columns::STATUS),
            (at::ENTRY_POINT, columns::ENTRY_POINT),
        ];
        assert_eq!(places.len(), at::COUNT);
        for (place, name) in places {
            assert_eq!(column(name), Some(place), "{name}");
        }
        assert!(columns::ALL[at::COUNT..].iter().all(|name| column(name).is_none()));
    }

    /// The conversation of a row with this customer and this conversation, and whether it is the customer's own name.
    fn conversation(customer: &'static str, conversation: &'static str) -> (String, bool) {
        let mut texts = Texts::default();
        let cells = [
            (at::MESSAGE_ID, "1"),
            (at::BUSINESS, "b"),
            (at::CHANNEL, "c"),
            (at::CUSTOMER, customer),
            (at::DIRECTION, "inbound"),
            (at::SENT_AT, "2018-08-01T00:00:00Z"),
            (at::CONVERSATION, conversation),
        ];
        cells.into_iter().for_each(|(column, text)| texts.set(column, text.into()));
        let clock = Clock::of(&crate::read::Options::default());
        let (row, _) = texts.row(None, &clock).unwrap();
        assert_eq!(texts.conversation().as_deref(), Some(row.conversation()));
        (row.conversation().to_owned(), row.conversation.is_none())
    }

    #[test]
    fn a_conversation_is_named_or_the_customer() {
        assert_eq!(conversation("+393331234567", ""), ("+393331234567".to_owned(), true));
        assert_eq!(conversation("393331234567", ""), ("+393331234567".to_owned(), false));
        assert_eq!(conversation("IT.77", ""), ("IT.77".to_owned(), true));
        assert_eq!(conversation("IT.77", "IT.77"), ("IT.77".to_owned(), false));
        assert_eq!(conversation("+391", "2018-08-10-0042"), ("2018-08-10-0042".to_owned(), false));
    }
}
