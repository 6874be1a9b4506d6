//! What a part of a body that was rejected may have been: an answer of whose conversation something is known.

use std::borrow::Cow;

use super::envelope::Node;
use super::message::{Place, id, party, past_status, recipient, stamp};
use crate::domain::{Direction, Status, columns};
use crate::read::party::check_party;
use crate::read::row::Suspect;

impl<'n> Place<'n> {
    /// Some outbound message of this channel.
    pub fn suspect(&self) -> Suspect {
        let channel = id("", self.metadata.at("phone_number_id")).ok();
        Suspect { channel: channel.map(Cow::into_owned), ..Suspect::default() }
    }

    fn lost(&self, message: &'n Node<'n>, customer: Option<Cow<'n, str>>) -> Suspect {
        let group = message.at("group_id").text();
        let name = if group.is_some() { columns::CONVERSATION } else { columns::CUSTOMER };
        Suspect {
            conversation: group.or(customer).filter(|party| check_party(name, party).is_ok()).map(Cow::into_owned),
            at: stamp(message.at("timestamp")).ok(),
            ..self.suspect()
        }
    }

    pub fn lost_echo(&self, echo: &'n Node<'n>) -> Suspect {
        self.lost(echo, self.echoed_to(echo))
    }

    /// Only the status `sent` has the stamp of its message; the others came at any time after it. A failed
    /// message was no answer.
    pub fn lost_status(&self, status: &'n Node<'n>) -> Option<Suspect> {
        let is = |name: &str| status.at("status").text().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let lost = self.lost(status, self.told_of(status));
        let at = lost.at.filter(|_| is("sent"));
        (!is("failed")).then_some(Suspect { at, ..lost })
    }

    pub fn lost_past(&self, thread: &'n Node<'n>, message: &'n Node<'n>) -> Option<Suspect> {
        let failed = past_status(message.at("history_context").at("status")) == Ok(Status::Failed);
        match self.past_direction(thread, message) {
            Ok(Direction::Inbound) => None,
            Ok(Direction::Outbound) if failed => None,
            _ => Some(self.lost(message, party(thread.at("id")).or_else(|| recipient(message)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::read::Suspect;
    use crate::read::webhook::both::check_both_ways;
    use crate::read::webhook::{Read, body};

    /// The suspects of a body with one change: channel, conversation and instant, each `?` where it is not known.
    fn suspects(field: &str, inside: &str) -> Vec<String> {
        let metadata = r#""metadata":{"display_phone_number":"+39 02-1000","phone_number_id":"800"}"#;
        let value = format!(r#"{{"field":"{field}","value":{{{metadata},{inside}}}}}"#);
        suspects_of(&format!(r#"{{"entry":[{{"id":"900","changes":[{value}]}}]}}"#))
    }

    fn suspects_of(json: &str) -> Vec<String> {
        let mut read = Read::default();
        body(json.as_bytes(), 1, &mut read);
        check_both_ways(json.as_bytes());
        let told = |Suspect { business, channel, conversation, at }: &Suspect| {
            assert_eq!(*business, None, "the business is found by the channel");
            let at = at.map(|at| (at.micros() / 1_000_000).to_string());
            [channel, conversation, &at].map(|part| part.as_deref().unwrap_or("?")).join(" ")
        };
        let rejects = read.rejects.iter();
        rejects.map(|reject| reject.suspect.as_ref().map_or("none".to_owned(), told)).collect()
    }

    #[test]
    fn a_broken_status_or_echo_may_have_been_an_answer() {
        for (status, suspect) in [
            (r#""status":"sent","recipient_id":"39333","timestamp":"1533081600""#, "800 +39333 1533081600"),
            (r#""status":"READ","recipient_id":"39333","timestamp":"1533081600""#, "800 +39333 ?"),
            (r#""recipient_id":"39333","timestamp":"1533081600""#, "800 +39333 ?"),
            (r#""status":"sent","timestamp":"1533081600""#, "800 ? 1533081600"),
            (r#""status":"sent","recipient_id":"39\u202e333","timestamp":"1533081600""#, "800 ? 1533081600"),
            (r#""status":"sent","recipient_id":"39.333.1234567","timestamp":"1533081600""#, "800 ? 1533081600"),
            (r#""status":"sent","recipient_id":"39333","timestamp":"1533081600000""#, "800 +39333 ?"),
            (r#""status":"sent","recipient_id":"G1","recipient_type":"group","timestamp":1"#, "800 G1 ?"),
            (r#""status":"Failed","recipient_id":"39333","timestamp":"1533081600""#, "none"),
            (r#""status":"sent","status":"sent","recipient_id":"39333""#, "800 ? ?"),
        ] {
            // None of them has an id.
            assert_eq!(suspects("messages", &format!(r#""statuses":[{{{status}}}]"#)), [suspect], "{status}");
        }
        let echo = r#""message_echoes":[{"to":"39333","timestamp":"1533081600"}, 5]"#;
        assert_eq!(suspects("smb_message_echoes", echo), ["800 +39333 1533081600", "800 ? ?"]);
        assert_eq!(suspects("messages", r#""statuses":{}"#), ["800 ? ?"]);
        assert_eq!(suspects("messages", r#""message_echoes":"x""#), ["800 ? ?"]);
    }

    #[test]
    fn a_broken_message_of_a_customer_was_no_answer() {
        assert_eq!(suspects("messages", r#""messages":[{"from":"39333","timestamp":"1533081600"}, 5]"#), ["none"; 2]);
        assert_eq!(suspects("messages", r#""messages":5"#), ["none"]);
    }

    #[test]
    fn the_past_has_both_directions() {
        let thread =
            |message: &str| format!(r#""history":[{{"threads":[{{"id":"39333","messages":[{{{message}}}]}}]}}]"#);
        for (message, suspect) in [
            (r#""from":"39333","timestamp":"1533081600""#, "none"),
            (r#""from":"39021000","timestamp":"1533081600""#, "800 +39333 1533081600"),
            (r#""from":"39021000","timestamp":"1533081600","history_context":{"status":"ERROR"}"#, "none"),
            (r#""from":"39021000","history_context":{"status":"of tomorrow"}"#, "800 +39333 ?"),
            (r#""timestamp":"1533081600""#, "800 +39333 1533081600"),
        ] {
            assert_eq!(suspects("history", &thread(message)), [suspect], "{message}");
        }
        assert_eq!(suspects("history", r#""history":[5]"#), ["800 ? ?"]);
        assert_eq!(suspects("history", r#""messages":5"#), ["800 ? ?"]);
    }

    #[test]
    fn what_is_no_body_may_have_held_anything() {
        for json in [
            "no JSON",
            "{\"entry\":[",
            "{\"hello\":1}",
            r#"{"entry":5}"#,
            r#"{"entry":[{"id":"9"}]}"#,
            r#"{"entry":[{"id":"9","changes":5}]}"#,
            r#"{"entry":[{"id":"9","changes":[{"field":"messages","value":5}]}]}"#,
        ] {
            assert_eq!(suspects_of(json), ["? ? ?"], "{json}");
        }
        let read = crate::read::webhook::file(b"no JSON\n{\"entry\":[]}\n");
        assert!(read.rejects.iter().all(|reject| reject.suspect == Some(Suspect::default())));
        assert_eq!(read.rejects.len(), 1);
    }
}
