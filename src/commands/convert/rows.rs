//! Messages of a frame as values that can be sorted.

use polars::prelude::{DataFrame, PolarsError, PolarsResult};

use crate::domain::message::Sighting;
use crate::domain::{Direction, EntryPoint, Instant, Status, columns};
use crate::error::{Failure, Kind};

/// What one row says. The order is that of a canonical log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    pub business: String,
    pub channel: String,
    pub sent_at: Instant,
    pub message_id: String,
    pub customer: String,
    pub conversation: String,
    pub direction: Direction,
    /// Empty where the log does not state it.
    pub kind: String,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
    /// As the frame has it.
    pub fold: String,
}

/// The rows of a frame, in their order.
pub(super) fn messages(frame: &DataFrame) -> Result<Vec<Message>, Failure> {
    let broken = |error: PolarsError| Failure::new(Kind::SelfCheck, "the messages cannot be read").because(error);
    rows(frame).map_err(broken)?.ok_or_else(|| Failure::new(Kind::SelfCheck, "a message has a word that is none"))
}

/// `None` where a column has what no reader writes.
fn rows(frame: &DataFrame) -> PolarsResult<Option<Vec<Message>>> {
    let column = |name: &str| frame.column(name)?.str();
    let texts = [
        column(columns::BUSINESS)?,
        column(columns::CHANNEL)?,
        column(columns::MESSAGE_ID)?,
        column(columns::CUSTOMER)?,
        column(columns::CONVERSATION)?,
        column(columns::DIRECTION)?,
        column(columns::KIND)?,
        column(columns::STATUS)?,
        column(columns::ENTRY_POINT)?,
        column(columns::SIGHTING)?,
        column(columns::FOLD)?,
    ];
    let mut texts = texts.map(|values| values.iter());
    let stamps = frame.column(columns::SENT_AT)?.i64()?.iter();
    let rows = stamps.map(|micros| {
        let fields = texts.each_mut().map(|values| values.next().flatten().unwrap_or_default());
        message(Instant::from_micros(micros?), fields)
    });
    Ok(rows.collect())
}

fn message(sent_at: Instant, fields: [&str; 11]) -> Option<Message> {
    let [business, channel, message_id, customer, conversation, direction, kind, status, entry_point, sighting, fold] =
        fields;
    Some(Message {
        business: business.to_owned(),
        channel: channel.to_owned(),
        sent_at,
        message_id: message_id.to_owned(),
        customer: customer.to_owned(),
        conversation: conversation.to_owned(),
        direction: Direction::named(direction)?,
        kind: kind.to_owned(),
        status: Status::named(status)?,
        entry_point: entry_point.parse().ok()?,
        sighting: Sighting::named(sighting)?,
        fold: fold.to_owned(),
    })
}
