//! What the business sent in a conversation: which of it answers, which may, and where an answer may have gone unseen.

use super::event::{Conversation, Event};
use crate::domain::evidence::first_in;
use crate::domain::message::Counts;
use crate::domain::reading::AnsweredBy;
use crate::domain::wait::HeldFor;
use crate::domain::{ChannelEvidence, Direction, Instant, Kind, Reading, Status};

/// What the business sent, as far as it is evidence: instants in rising order. A message whose local time the
/// clocks repeat stands under both readings.
pub(super) struct Sent {
    answers: Vec<Instant>,
    /// Of unknown kinds: each could be an answer.
    doubtful: Vec<Instant>,
    /// Of which only a delivery that is not known would make an answer.
    undelivered: Vec<Instant>,
    /// To the same customer in another conversation, where logs differ in whether they name conversations.
    elsewhere: Vec<Instant>,
}

/// Whether an outbound message answers.
enum Answers {
    Yes,
    /// Its kind is not known.
    Perhaps,
    /// Its delivery is not known.
    IfDelivered,
    No,
}

impl Sent {
    pub fn of(name: &str, conversation: &Conversation, evidence: &ChannelEvidence, reading: &Reading) -> Self {
        let known = conversation.events().filter(|event| event.at < evidence.watermark);
        let elsewhere = conversation.elsewhere.iter().copied().filter(|at| *at < evidence.watermark).collect();
        let mut sent = Self { answers: Vec::new(), doubtful: Vec::new(), undelivered: Vec::new(), elsewhere };
        for event in known.filter(|event| event.direction == Direction::Outbound) {
            let list = match answers(event, name, evidence, reading) {
                Answers::Yes => &mut sent.answers,
                Answers::Perhaps => &mut sent.doubtful,
                Answers::IfDelivered => &mut sent.undelivered,
                Answers::No => continue,
            };
            list.extend([event.at, event.at.plus(event.fold)]);
        }
        for list in [&mut sent.answers, &mut sent.doubtful, &mut sent.undelivered, &mut sent.elsewhere] {
            list.sort_unstable();
        }
        sent
    }

    /// The first answer at or after an instant.
    pub fn answer(&self, from: Instant) -> Option<Instant> {
        first_from(&self.answers, from)
    }

    /// The first instant, from the question on, at which an answer may have gone unseen.
    pub fn doubt(&self, conversation: &str, from: Instant, evidence: &ChannelEvidence) -> Option<HeldFor> {
        let gap = evidence.first_gap_from(from).map(|at| (at, HeldFor::Gap(at)));
        let unread = evidence.first_unread_from(conversation, from).map(|at| (at, HeldFor::Unread(at)));
        let unknown = first_from(&self.doubtful, from).map(|at| (at, HeldFor::UnknownAnswer(at)));
        let undelivered = first_from(&self.undelivered, from).map(|at| (at, HeldFor::UnknownDelivery(at)));
        let elsewhere = first_from(&self.elsewhere, from).map(|at| (at, HeldFor::OtherConversation(at)));
        let all = [gap, unread, unknown, undelivered, elsewhere];
        all.into_iter().flatten().min().map(|(_, why)| why)
    }

    /// The first instant, from the question on, of which the operator accepted that it is not proven. It stays so
    /// when later logs prove it: what was excluded is never billed.
    pub fn accepted(&self, conversation: &str, from: Instant, evidence: &ChannelEvidence) -> Option<HeldFor> {
        let accepted = &evidence.accepted;
        let gap = first_in(&accepted.spans, from).map(|at| (at, HeldFor::Gap(at)));
        let own = accepted.conversations.get(conversation).and_then(|spans| first_in(spans, from));
        let own = own.map(|at| (at, self.why(at)));
        gap.into_iter().chain(own).min().map(|(_, why)| why)
    }

    /// Why an accepted instant was in doubt.
    fn why(&self, at: Instant) -> HeldFor {
        let is_in = |list: &Vec<Instant>| list.binary_search(&at).is_ok();
        if is_in(&self.doubtful) {
            HeldFor::UnknownAnswer(at)
        } else if is_in(&self.undelivered) {
            HeldFor::UnknownDelivery(at)
        } else if is_in(&self.elsewhere) {
            HeldFor::OtherConversation(at)
        } else {
            HeldFor::Unread(at)
        }
    }
}

fn answers(event: &Event, conversation: &str, evidence: &ChannelEvidence, reading: &Reading) -> Answers {
    let by_nobody = reading.answered_by == AnsweredBy::Human && event.kind == Kind::Automatic;
    let counts = event.kind.counts();
    if event.status == Status::Failed || counts == Counts::No || by_nobody {
        return Answers::No;
    }
    let is_delivered = match (reading.answered_by, event.status) {
        (AnsweredBy::Delivered, Status::Unstated) => None,
        // Its delivery may be what the logs lack.
        (AnsweredBy::Delivered, Status::Sent) => {
            let hidden = evidence.first_gap_from(event.at).is_some()
                || evidence.first_unread_from(conversation, event.at).is_some();
            if hidden { None } else { Some(false) }
        }
        _ => Some(true),
    };
    match (is_delivered, counts) {
        (Some(false), _) => Answers::No,
        (_, Counts::Unknown) => Answers::Perhaps,
        (None, _) => Answers::IfDelivered,
        (Some(true), _) => Answers::Yes,
    }
}

fn first_from(sorted: &[Instant], from: Instant) -> Option<Instant> {
    sorted.get(sorted.partition_point(|at| *at < from)).copied()
}
