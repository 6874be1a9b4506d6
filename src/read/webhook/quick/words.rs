//! What the quick way keeps of a message, an echo or a status, and its row.

use std::borrow::Cow;

use super::json::{kept, mark, object, unused};
use super::known::Known;
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};
use crate::read::party::check_party;
use crate::read::row::RowRef;
use crate::read::webhook::message::{is_blank, is_id, is_number, kind_named, shown};

/// What the lists of a change hold, in the order in which a change tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Message,
    Echo,
    Status,
}

/// The words of one message, echo or status. An empty one is missing.
#[derive(Default)]
pub(super) struct Words<'b> {
    id: &'b str,
    from: &'b str,
    from_user_id: &'b str,
    to: &'b str,
    to_user_id: &'b str,
    group_id: &'b str,
    recipient_id: &'b str,
    recipient_type: &'b str,
    recipient_user_id: &'b str,
    status: &'b str,
    timestamp: &'b str,
    kind: &'b str,
    is_referred: bool,
    has_product: bool,
}

impl<'b> Words<'b> {
    /// The value of one key, and what stands after it.
    pub fn take(&mut self, key: Known, value: &'b [u8]) -> Option<&'b [u8]> {
        let word = match key {
            Known::Id => &mut self.id,
            Known::From => &mut self.from,
            Known::FromUserId => &mut self.from_user_id,
            Known::To => &mut self.to,
            Known::ToUserId => &mut self.to_user_id,
            Known::GroupId => &mut self.group_id,
            Known::RecipientId => &mut self.recipient_id,
            Known::RecipientType => &mut self.recipient_type,
            Known::RecipientUserId => &mut self.recipient_user_id,
            Known::Status => &mut self.status,
            Known::Timestamp => &mut self.timestamp,
            Known::Type => &mut self.kind,
            Known::Referral => return mark(value, &mut self.is_referred),
            Known::Context => {
                return object(value, |key, value| match key {
                    Known::ReferredProduct => mark(value, &mut self.has_product),
                    _ => unused(value),
                });
            }
            // Whom it names is asked only where the message has no sender, which is left to the long way.
            Known::System => return object(value, |_, value| unused(value)),
            _ => return unused(value),
        };
        kept(value, word)
    }

    /// The row without what the change and its entry say. Its customer is as the message writes it, or empty.
    pub fn row(&self, what: What) -> Option<RowRef<'b>> {
        match what {
            What::Message => {
                let row = self.common(Direction::Inbound, first_of([self.from, self.from_user_id]))?;
                Some(RowRef { kind: kind_named(self.kind), entry_point: self.entry_point(), ..row })
            }
            What::Echo => {
                let row = self.common(Direction::Outbound, first_of([self.to, self.to_user_id]))?;
                Some(RowRef { kind: kind_named(self.kind), ..row })
            }
            What::Status => {
                // Steps of a call are no messages, and a group is written as it stands.
                if self.kind == "call" || self.recipient_type == "group" {
                    return None;
                }
                let (status, sighting) = shown(self.status)?;
                let row = self.common(Direction::Outbound, first_of([self.recipient_id, self.recipient_user_id]))?;
                Some(RowRef { kind: Kind::Text, status, sighting, ..row })
            }
        }
    }

    fn common(&self, direction: Direction, customer: &'b str) -> Option<RowRef<'b>> {
        let group = Some(self.group_id).filter(|group| !group.is_empty());
        if group.is_some_and(|group| check_party(columns::CONVERSATION, group).is_err()) || !is_id(self.id) {
            return None;
        }
        Some(RowRef {
            business: Cow::Borrowed(""),
            channel: Cow::Borrowed(""),
            conversation: group.map(Cow::Borrowed),
            customer: Cow::Borrowed(customer),
            message_id: Cow::Borrowed(self.id),
            direction,
            sent_at: stamp(self.timestamp)?,
            kind: Kind::Other,
            status: Status::Unstated,
            entry_point: EntryPoint::Unknown,
            sighting: Sighting::Stamped,
            fold: Elapsed::ZERO,
        })
    }

    fn entry_point(&self) -> EntryPoint {
        match (self.is_referred, self.has_product) {
            (true, _) => EntryPoint::ClickToChat,
            (false, true) => EntryPoint::InformationRequest,
            (false, false) => EntryPoint::Unknown,
        }
    }
}

/// The first of two names that is not missing.
pub(super) fn first_of([first, second]: [&str; 2]) -> &str {
    if first.is_empty() { second } else { first }
}

/// Whether the `+` of its number has to go before a customer, who is written as it stands otherwise. `None` where it
/// has blanks, or marks that are refused.
pub(super) fn lacks_plus(customer: &str) -> Option<bool> {
    let digits = customer.strip_prefix('+').unwrap_or(customer);
    if is_number(digits) {
        // Of those with the `00` of an international call only some are refused.
        return (!digits.starts_with("00")).then_some(digits.len() == customer.len());
    }
    let is_plain = !customer.contains(is_blank) && check_party(columns::CUSTOMER, customer).is_ok();
    is_plain.then_some(false)
}

/// All stamps of the years that a log may have are of ten digits.
fn stamp(digits: &str) -> Option<Instant> {
    if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let stamp = Instant::from_unix_seconds(digits.parse().ok()?)?;
    (Instant::EARLIEST_STAMP..Instant::STAMPS_END).contains(&stamp).then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::webhook::envelope::Node;
    use crate::read::webhook::message;

    #[test]
    fn a_customer_is_written_as_the_long_way_writes_it() {
        for (name, is_quick) in [
            ("39333", true),
            ("+39333", true),
            ("0", true),
            ("123456789012345", true),
            ("1234567890123456", true),
            ("IT.77", true),
            ("Anna", true),
            ("\u{e8}", true),
            ("+", true),
            ("++39333", false),
            ("39 333", false),
            ("39-333", false),
            ("(39)333", false),
            ("0039", false),
            ("+00393331234567", false),
            ("39.333.1234567", false),
            ("Anna Bianchi", false),
            ("39\u{202e}333", false),
            ("\u{7}", false),
            ("", false),
            (&"x".repeat(256), false),
        ] {
            let quick = lacks_plus(name).map(|lacks| format!("{}{name}", if lacks { "+" } else { "" }));
            assert_eq!(quick.is_some(), is_quick, "{name}");
            let node = Node::Text(Cow::Borrowed(name));
            let long = message::party(&node).filter(|party| check_party(columns::CUSTOMER, party).is_ok());
            assert!(quick.is_none() || quick.as_deref() == long.as_deref(), "{name} {quick:?} {long:?}");
        }
    }

    #[test]
    fn a_stamp_is_that_of_the_long_way() {
        for (digits, is_quick) in [
            ("1230767999", false),
            ("1230768000", true),
            ("1533081600", true),
            ("4102444799", true),
            ("4102444800", false),
            ("9999999999", false),
            ("01533081600", false),
            ("0999999999", false),
            ("153308160", false),
            ("-153308160", false),
            ("+153308160", false),
            ("153308160x", false),
            ("", false),
        ] {
            let quick = stamp(digits);
            assert_eq!(quick.is_some(), is_quick, "{digits}");
            let long = message::stamp(&Node::Text(Cow::Borrowed(digits))).ok();
            assert!(quick.is_none() || quick == long, "{digits}");
        }
    }
}
