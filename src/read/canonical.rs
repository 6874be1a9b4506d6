//! The canonical message log: what a row must say, whatever the file's form.

use std::borrow::Cow;

use super::frame::KindStated;
use super::row::Row;
use crate::domain::message::Sighting;
use crate::domain::{Direction, EntryPoint, Instant, Kind, Status, columns};

/// Where a row comes from: only the archive's own column `sighting` is obeyed, a log's is one more unknown one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Log,
    Archive,
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

    fn get(&self, name: &str) -> &str {
        let column = columns::ALL.iter().position(|known| *known == name);
        column.and_then(|column| self.values[column].as_deref()).unwrap_or_default()
    }

    /// The row and whether it states its kind, or why it is rejected. `sent_at` is given where the file
    /// stores instants, not texts.
    pub fn row(&self, sent_at: Option<Instant>, form: Form) -> Result<(Row, KindStated), String> {
        let customer = self.party(columns::CUSTOMER)?;
        let conversation = match self.get(columns::CONVERSATION) {
            "" => customer.clone(),
            _ => self.party(columns::CONVERSATION)?,
        };
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
        let row = Row {
            business: self.id(columns::BUSINESS)?,
            channel: self.id(columns::CHANNEL)?,
            conversation,
            customer,
            message_id: self.id(columns::MESSAGE_ID)?,
            direction,
            sent_at: self.stamp(sent_at)?,
            kind: kind.unwrap_or(Kind::Text),
            status,
            entry_point,
            sighting: match form {
                Form::Archive => Sighting::named(self.get(columns::SIGHTING)).ok_or("sighting is not a status")?,
                Form::Log => Sighting::Stamped,
            },
        };
        Ok((row, stated))
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

    /// A customer or a conversation: any text without control characters.
    fn party(&self, name: &str) -> Result<String, String> {
        let text = self.get(name);
        match text.len() {
            0 => Err(format!("{name} is empty")),
            1..=255 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
            1..=255 => Err(format!("{name} has control characters")),
            _ => Err(format!("{name} is longer than 255 bytes")),
        }
    }

    fn stamp(&self, given: Option<Instant>) -> Result<Instant, String> {
        let stamp = match (given, self.get(columns::SENT_AT)) {
            (Some(instant), _) => instant,
            (None, "") => return Err("sent_at is empty".to_owned()),
            // The reason does not quote the field: a shifted row may have a number here.
            (None, text) => text.parse().map_err(|_| "sent_at is not an instant in RFC 3339 with an offset")?,
        };
        if stamp < Instant::EARLIEST_STAMP { Err("sent_at lies before 2009".to_owned()) } else { Ok(stamp) }
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
