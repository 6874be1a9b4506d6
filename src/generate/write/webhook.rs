//! Bodies as the Cloud API sends them: a message of the customer, or the statuses of one of the business.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::domain::{Direction, Instant, Kind, Status};
use crate::generate::{Business, Message};

pub(super) fn bodies<W: Write>(to: &mut W, message: &Message, business: &Business) -> io::Result<()> {
    let change = match message.direction {
        Direction::Inbound => inbound(message),
        // Statuses do not tell what a message was: of what is no answer, nothing is sent.
        Direction::Outbound if matches!(message.kind, Kind::Reaction | Kind::Note) => return Ok(()),
        Direction::Outbound => outbound(message),
    };
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": business.channel, "phone_number_id": business.channel},
    });
    if let (Some(value), Value::Object(change)) = (value.as_object_mut(), change) {
        value.extend(change);
    }
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": business.id, "changes": [{"field": "messages", "value": value}]}],
    });
    serde_json::to_writer(&mut *to, &body)?;
    to.write_all(b"\n")
}

fn digits(message: &Message) -> &str {
    message.customer.trim_start_matches('+')
}

fn seconds(at: Instant) -> String {
    (at.micros() / 1_000_000).to_string()
}

fn inbound(message: &Message) -> Value {
    let kind = message.kind.name();
    let content = match message.kind {
        Kind::Text => json!({"body": "-"}),
        Kind::Reaction => json!({"message_id": "wamid.0", "emoji": "+"}),
        _ => json!({"id": "0"}),
    };
    json!({
        "contacts": [{"profile": {"name": "-"}, "wa_id": digits(message)}],
        "messages": [{
            "from": digits(message),
            "id": message.message_id,
            "timestamp": seconds(message.sent_at),
            "type": kind,
            kind: content,
        }],
    })
}

fn outbound(message: &Message) -> Value {
    let status = match message.status {
        Status::Unstated => Status::Sent,
        stated => stated,
    };
    // What was delivered was sent before; both at the same second here.
    let steps: &[Status] = match status {
        Status::Read => &[Status::Sent, Status::Delivered, Status::Read],
        Status::Delivered => &[Status::Sent, Status::Delivered],
        Status::Failed => &[Status::Failed],
        Status::Sent | Status::Unstated => &[Status::Sent],
    };
    let statuses = steps.iter().map(|status| {
        json!({
            "id": message.message_id,
            "status": status.name(),
            "timestamp": seconds(message.sent_at),
            "recipient_id": digits(message),
        })
    });
    json!({"statuses": statuses.collect::<Vec<_>>()})
}
