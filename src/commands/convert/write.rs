//! The canonical log as CSV, NDJSON or Parquet.

use std::path::Path;

use serde::Serialize;

use super::rows::Message;
use crate::domain::message::Sighting;
use crate::domain::{Elapsed, Instant, Kind};
use crate::error::{Failure, Kind as FailureKind};
use crate::read::archive;
use crate::read::frame::{Builder, KindStated};
use crate::read::row::RowRef;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Ndjson,
    Parquet,
}

impl Form {
    /// By the ending of the name.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("ndjson") => Ok(Self::Ndjson),
            Some("parquet") => Ok(Self::Parquet),
            _ => {
                let failure = Failure::new(FailureKind::CommandLine, "the form of the output is not known").at(path);
                Err(failure.hint("name a file that ends in .parquet, .csv or .ndjson"))
            }
        }
    }
}

/// One message, its columns in the order of the header.
#[derive(Serialize)]
struct Line<'m> {
    message_id: &'m str,
    business: &'m str,
    channel: &'m str,
    customer: &'m str,
    direction: &'static str,
    sent_at: Instant,
    conversation: &'m str,
    kind: &'m str,
    status: &'static str,
    entry_point: &'static str,
}

impl<'m> Line<'m> {
    fn of(message: &'m Message) -> Self {
        Self {
            message_id: &message.message_id,
            business: &message.business,
            channel: &message.channel,
            customer: &message.customer,
            direction: message.direction.name(),
            sent_at: message.sent_at,
            conversation: &message.conversation,
            kind: &message.kind,
            status: message.status.name(),
            entry_point: message.entry_point.name(),
        }
    }
}

/// The bytes of a log of these messages.
pub(super) fn log(form: Form, messages: &[Message]) -> Result<Vec<u8>, Failure> {
    match form {
        Form::Csv => as_csv(messages),
        Form::Ndjson => as_ndjson(messages),
        Form::Parquet => as_parquet(messages),
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(FailureKind::SelfCheck, "the log could not be made").because(error)
}

fn as_csv(messages: &[Message]) -> Result<Vec<u8>, Failure> {
    // A log without a message has its header too.
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(archive::CANONICAL).map_err(broken)?;
    for message in messages {
        writer.serialize(Line::of(message)).map_err(broken)?;
    }
    writer.into_inner().map_err(|error| broken(error.into_error()))
}

fn as_ndjson(messages: &[Message]) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for message in messages {
        serde_json::to_writer(&mut bytes, &Line::of(message)).map_err(broken)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn as_parquet(messages: &[Message]) -> Result<Vec<u8>, Failure> {
    let mut builder = Builder::default();
    for (number, message) in (1..).zip(messages) {
        let stated = if message.kind.is_empty() { KindStated::No } else { KindStated::Yes };
        builder.push_stating(&row(message), stated, number);
    }
    let (frame, _) = builder.finish().map_err(broken)?;
    archive::canonical(&frame).map_err(broken)
}

fn row(message: &Message) -> RowRef<'_> {
    RowRef {
        business: message.business.as_str().into(),
        channel: message.channel.as_str().into(),
        conversation: Some(message.conversation.as_str().into()),
        customer: message.customer.as_str().into(),
        message_id: message.message_id.as_str().into(),
        direction: message.direction,
        sent_at: message.sent_at,
        kind: if message.kind.is_empty() { Kind::Text } else { Kind::named(&message.kind) },
        status: message.status,
        entry_point: message.entry_point,
        sighting: Sighting::Stamped,
        fold: Elapsed::ZERO,
    }
}
