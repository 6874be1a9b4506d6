//! Messages, statuses and echoes of a change to rows.

use std::borrow::Cow;

use super::envelope::Node;
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status};
use crate::read::party::check_party;
use crate::read::row::RowRef;

/// Where a change happened: the parts that its messages share.
pub(super) struct Place<'n> {
    entry: &'n Node<'n>,
    pub(super) metadata: &'n Node<'n>,
    /// The business's own number.
    number: Option<Cow<'n, str>>,
    /// The only contact of the change: who it is about where a message leaves that out.
    contact: Option<Cow<'n, str>>,
}

impl<'n> Place<'n> {
    pub fn of(entry: &'n Node<'n>, value: &'n Node<'n>) -> Self {
        let metadata = value.at("metadata");
        let contact = match value.at("contacts") {
            Node::List(contacts) if contacts.len() == 1 => contacts.first(),
            _ => None,
        };
        Self {
            entry,
            metadata,
            number: party(metadata.at("display_phone_number")),
            contact: contact.and_then(|contact| party(contact.at("wa_id")).or_else(|| party(contact.at("user_id")))),
        }
    }

    /// A message of a customer, an element of `messages`.
    pub fn inbound(&self, message: &'n Node<'n>) -> Result<RowRef<'n>, String> {
        let customer = party(message.at("from"))
            .or_else(|| party(message.at("from_user_id")))
            .or_else(|| self.contact.clone())
            .or_else(|| party(message.at("system").at("user_id")));
        self.inbound_of(message, customer)
    }

    /// A message that the business wrote in its own app, an element of `message_echoes`.
    pub fn echo(&self, message: &'n Node<'n>) -> Result<RowRef<'n>, String> {
        self.outbound_to(message, self.echoed_to(message))
    }

    pub(super) fn echoed_to(&self, message: &'n Node<'n>) -> Option<Cow<'n, str>> {
        recipient(message).or_else(|| self.contact.clone())
    }

    /// An outbound message as one of its statuses shows it, an element of `statuses`. A status does not tell
    /// the kind of its message, so the kind is that of a text.
    ///
    /// A message to a group has one status for each of its readers: its customer is the group, so that they
    /// speak of one message.
    pub fn status(&self, message: &'n Node<'n>) -> Result<RowRef<'n>, String> {
        let name = lowered(message.at("status"));
        if name.is_empty() {
            return Err("status is missing".to_owned());
        }
        // A status of another name may be that of an answer: the message is kept as one of unknown kind, which
        // holds the waits that it could end. A reject would have charged them.
        let unknown = (Kind::Other, Status::Unstated, Sighting::OnRead);
        let (kind, status, sighting) =
            shown(&name).map_or(unknown, |(status, sighting)| (Kind::Text, status, sighting));
        let row = self.row(message, Direction::Outbound, self.told_of(message))?;
        Ok(RowRef { kind, status, sighting, ..row })
    }

    /// The customer, or the group, of whose message a status tells.
    pub(super) fn told_of(&self, message: &'n Node<'n>) -> Option<Cow<'n, str>> {
        let recipient = message.at("recipient_id");
        if message.at("recipient_type").text().as_deref() == Some("group") {
            recipient.text()
        } else {
            party(recipient).or_else(|| party(message.at("recipient_user_id"))).or_else(|| self.contact.clone())
        }
    }

    /// A message of the time before the business came to the API. `thread` is that of the conversation; the
    /// messages that tell of media later have none.
    pub fn past(&self, thread: &'n Node<'n>, message: &'n Node<'n>) -> Result<RowRef<'n>, String> {
        match self.past_direction(thread, message)? {
            Direction::Inbound => self.inbound_of(message, writer(message)),
            Direction::Outbound => {
                let status = past_status(message.at("history_context").at("status"))?;
                let customer = party(thread.at("id")).or_else(|| recipient(message));
                Ok(RowRef { status, ..self.outbound_to(message, customer)? })
            }
        }
    }

    pub(super) fn past_direction(&self, thread: &'n Node<'n>, message: &'n Node<'n>) -> Result<Direction, String> {
        let from = writer(message).ok_or("from is missing")?;
        match (&self.number, party(thread.at("id"))) {
            (Some(number), _) if *number == from => Ok(Direction::Outbound),
            (_, Some(customer)) if customer == from => Ok(Direction::Inbound),
            (Some(_), None) => Ok(Direction::Inbound),
            (None, Some(_)) => Ok(Direction::Outbound),
            _ => Err("from is neither the business nor the customer of the thread".to_owned()),
        }
    }

    fn inbound_of(&self, message: &'n Node<'n>, customer: Option<Cow<'n, str>>) -> Result<RowRef<'n>, String> {
        let row = self.row(message, Direction::Inbound, customer)?;
        Ok(RowRef { kind: kind(message), entry_point: entry_point(message), ..row })
    }

    fn outbound_to(&self, message: &'n Node<'n>, customer: Option<Cow<'n, str>>) -> Result<RowRef<'n>, String> {
        Ok(RowRef { kind: kind(message), ..self.row(message, Direction::Outbound, customer)? })
    }

    /// What all messages have in common.
    fn row(
        &self,
        message: &'n Node<'n>,
        direction: Direction,
        customer: Option<Cow<'n, str>>,
    ) -> Result<RowRef<'n>, String> {
        let customer = checked_party("customer", customer)?;
        // What is a customer is a conversation too: as one it may be written in more ways.
        let group = message.at("group_id").text();
        let conversation = group.map(|group| checked_party("conversation", Some(group))).transpose()?;
        Ok(RowRef {
            business: id("entry id", self.entry.at("id"))?,
            channel: id("phone_number_id", self.metadata.at("phone_number_id"))?,
            conversation,
            customer,
            message_id: id("message id", message.at("id"))?,
            direction,
            sent_at: stamp(message.at("timestamp"))?,
            kind: Kind::Other,
            status: Status::Unstated,
            entry_point: EntryPoint::Unknown,
            sighting: Sighting::Stamped,
            fold: Elapsed::ZERO,
        })
    }
}

fn writer<'n>(message: &'n Node<'n>) -> Option<Cow<'n, str>> {
    party(message.at("from")).or_else(|| party(message.at("from_user_id")))
}

pub(super) fn recipient<'n>(message: &'n Node<'n>) -> Option<Cow<'n, str>> {
    party(message.at("to")).or_else(|| party(message.at("to_user_id")))
}

/// The one written form of a party: a phone number as `+` and digits, an id as it stands.
pub(super) fn party<'n>(node: &'n Node<'n>) -> Option<Cow<'n, str>> {
    let name = node.text()?;
    // Nearly all numbers are written without blanks.
    let unspaced = if name.contains(is_blank) { Cow::Owned(name.replace(is_blank, "")) } else { name.clone() };
    let digits = unspaced.strip_prefix('+').unwrap_or(&unspaced);
    Some(if is_number(digits) { Cow::Owned(format!("+{digits}")) } else { name })
}

/// What people write between the digits of a number.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')')
}

/// Whether the text is a phone number without its plus.
pub(super) fn is_number(digits: &str) -> bool {
    matches!(digits.len(), 1..=15) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a status of that name tells of its message; `None` where the name is not known.
pub(super) fn shown(name: &str) -> Option<(Status, Sighting)> {
    match name {
        "sent" => Some((Status::Sent, Sighting::OnSent)),
        "delivered" => Some((Status::Delivered, Sighting::OnDelivered)),
        "read" | "played" => Some((Status::Read, Sighting::OnRead)),
        "failed" => Some((Status::Failed, Sighting::OnFailed)),
        _ => None,
    }
}

/// The text of a word in small letters; empty where there is none.
fn lowered<'n>(node: &'n Node<'n>) -> Cow<'n, str> {
    let word = node.text().unwrap_or_default();
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(word.to_ascii_lowercase()) } else { word }
}

fn checked_party<'n>(what: &str, party: Option<Cow<'n, str>>) -> Result<Cow<'n, str>, String> {
    let party = party.ok_or_else(|| format!("{what} is missing"))?;
    check_party(what, &party).map(|()| party)
}

/// An id: visible ASCII, so that it is compared as bytes and cannot hide marks.
pub(super) fn id<'n>(what: &str, node: &'n Node<'n>) -> Result<Cow<'n, str>, String> {
    let text = node.text().ok_or_else(|| format!("{what} is missing"))?;
    match text.len() {
        _ if is_id(&text) => Ok(text),
        1..=255 => Err(format!("{what} has characters other than visible ASCII")),
        _ => Err(format!("{what} is longer than 255 bytes")),
    }
}

/// Whether the text may be an id.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 1..=255) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Unix seconds, as a number or as its digits.
pub(super) fn stamp(node: &Node) -> Result<Instant, String> {
    let seconds = match node {
        Node::Null => return Err("timestamp is missing".to_owned()),
        Node::Number(seconds) => Some(*seconds),
        Node::Text(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds >= 0).ok_or("timestamp is not a count of seconds")?;
    let stamp = Instant::from_unix_seconds(seconds).filter(|stamp| *stamp < Instant::STAMPS_END);
    let stamp = stamp.ok_or("timestamp lies after 2099: it must be in seconds")?;
    if stamp < Instant::EARLIEST_STAMP { Err("timestamp lies before 2009".to_owned()) } else { Ok(stamp) }
}

fn kind(message: &Node) -> Kind {
    kind_named(message.at("type").text().as_deref().unwrap_or_default())
}

/// The kind of a message by its `type`. Types of other logs (`note`, `automatic`) are not types of webhooks:
/// like every type not known here they may mean anything.
pub(super) fn kind_named(name: &str) -> Kind {
    match name {
        "voice" => Kind::Audio,
        // The customer opened the chat for the first time and has not written yet.
        "request_welcome" => Kind::System,
        "note" | "automatic" => Kind::Other,
        name => Kind::named(name),
    }
}

fn entry_point(message: &Node) -> EntryPoint {
    if !message.at("referral").is_null() {
        EntryPoint::ClickToChat
    } else if !message.at("context").at("referred_product").is_null() {
        EntryPoint::InformationRequest
    } else {
        EntryPoint::Unknown
    }
}

/// The status that `history` states of an outbound message. A pending one was written and is on its way.
pub(super) fn past_status(node: &Node) -> Result<Status, String> {
    if node.is_null() {
        return Ok(Status::Unstated);
    }
    match &*lowered(node) {
        "pending" => Ok(Status::Unstated),
        "sent" => Ok(Status::Sent),
        "delivered" => Ok(Status::Delivered),
        "read" | "played" => Ok(Status::Read),
        "error" | "failed" => Ok(Status::Failed),
        _ => Err("status is not known".to_owned()),
    }
}
