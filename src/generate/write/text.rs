//! The canonical log as CSV and NDJSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::domain::{Instant, columns};
use crate::generate::{Business, Message};

const HEADER: [&str; 9] = [
    columns::MESSAGE_ID,
    columns::BUSINESS,
    columns::CHANNEL,
    columns::CUSTOMER,
    columns::DIRECTION,
    columns::SENT_AT,
    columns::KIND,
    columns::STATUS,
    columns::ENTRY_POINT,
];

pub(super) fn csv<W: Write>(to: W) -> io::Result<csv::Writer<W>> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(HEADER)?;
    Ok(writer)
}

pub(super) fn row<W: Write>(writer: &mut csv::Writer<W>, message: &Message, business: &Business) -> io::Result<()> {
    let Message { message_id, customer, direction, sent_at, kind, status, entry_point, .. } = message;
    writer.write_record([
        message_id,
        &business.id,
        &business.channel,
        customer,
        direction.name(),
        &sent_at.to_string(),
        kind.name(),
        status.name(),
        entry_point.name(),
    ])?;
    Ok(())
}

#[derive(Serialize)]
struct Line<'l> {
    message_id: &'l str,
    business: &'l str,
    channel: &'l str,
    customer: &'l str,
    direction: &'static str,
    sent_at: Instant,
    kind: &'static str,
    status: &'static str,
    entry_point: &'static str,
}

pub(super) fn line<W: Write>(to: &mut W, message: &Message, business: &Business) -> io::Result<()> {
    let line = Line {
        message_id: &message.message_id,
        business: &business.id,
        channel: &business.channel,
        customer: &message.customer,
        direction: message.direction.name(),
        sent_at: message.sent_at,
        kind: message.kind.name(),
        status: message.status.name(),
        entry_point: message.entry_point.name(),
    };
    serde_json::to_writer(&mut *to, &line)?;
    to.write_all(b"\n")
}
