//! What a part of a body that was rejected may have been: an answer of whose conversation something is known.

use super::envelope::Node;
use super::message::{Place, id, party, past_status, recipient, stamp};
use crate::domain::{Direction, Status};
use crate::read::canonical::check_party;
use crate::read::row::Suspect;

impl Place<'_> {
    /// Some outbound message of this channel.
    pub fn suspect(&self) -> Suspect {
        Suspect { channel: id("", self.metadata.at("phone_number_id")).ok(), ..Suspect::default() }
    }

    fn lost(&self, message: &Node, customer: Option<String>) -> Suspect {
        let conversation = message.at("group_id").text().map(String::from).or(customer);
        Suspect {
            conversation: conversation.filter(|party| check_party("", party).is_ok()),
            at: stamp(message.at("timestamp")).ok(),
            ..self.suspect()
        }
    }

    pub fn lost_echo(&self, echo: &Node) -> Suspect {
        self.lost(echo, self.echoed_to(echo))
    }

    /// Only the status `sent` has the stamp of its message; the others came at any time after it. A failed
    /// message was no answer.
    pub fn lost_status(&self, status: &Node) -> Option<Suspect> {
        let is = |name: &str| status.at("status").text().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let lost = self.lost(status, self.told_of(status));
        let at = lost.at.filter(|_| is("sent"));
        (!is("failed")).then_some(Suspect { at, ..lost })
    }

    pub fn lost_past(&self, thread: &Node, message: &Node) -> Option<Suspect> {
        let failed = past_status(message.at("history_context").at("status")) == Ok(Status::Failed);
        match self.past_direction(thread, message) {
            Ok(Direction::Inbound) => None,
            Ok(Direction::Outbound) if failed => None,
            _ => Some(self.lost(message, party(thread.at("id")).or_else(|| recipient(message)))),
        }
    }
}
