//! The answer of every question in one conversation, and the verdict that the evidence allows.

use std::sync::Arc;

use super::event::{Conversation, Event};
use crate::domain::message::Counts;
use crate::domain::wait::HeldFor;
use crate::domain::{ChannelEvidence, Direction, Elapsed, Instant, Reading, Status, Verdict, Wait};

/// Where a conversation takes place.
pub(super) struct Place {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    pub conversation: Arc<str>,
}

/// What the business sent, as far as it is evidence: instants in rising order.
struct Sent {
    answers: Vec<Instant>,
    /// Of unknown kinds: each could be an answer.
    doubtful: Vec<Instant>,
}

/// Adds the waits of one conversation to `waits`.
pub(super) fn answer(
    place: &Place,
    conversation: &Conversation,
    evidence: &ChannelEvidence,
    reading: Reading,
    waits: &mut Vec<Wait>,
) {
    let known = || conversation.events.iter().filter(|event| event.at < evidence.watermark);
    let sent = Sent::of(known());
    let questions = known().filter(|event| event.direction == Direction::Inbound && event.counts != Counts::No);
    for question in questions {
        let answered_at = sent.answer_from(question.at.minus(evidence.tolerance));
        let doubt_at = doubt(question, &sent, evidence);
        let wait = Wait {
            business: Arc::clone(&place.business),
            channel: Arc::clone(&place.channel),
            conversation: Arc::clone(&place.conversation),
            customer: Arc::clone(&question.customer),
            message_id: question.message_id.clone(),
            entry_point: question.entry_point,
            received_at: question.at,
            answered_at,
            deadline: question.at.plus(reading.window),
            verdict: Verdict::Pending,
            held_for: None,
            doubt_at,
            watermark: evidence.watermark,
            tolerance: evidence.tolerance,
        };
        let whole = whole_doubt(question, conversation);
        let (verdict, held_for) = whole.map_or_else(|| verdict(&wait, reading), |why| (Verdict::Held, Some(why)));
        waits.push(Wait { verdict, held_for, ..wait });
    }
}

impl Sent {
    fn of<'e>(events: impl Iterator<Item = &'e Event>) -> Self {
        let sent = events.filter(|event| event.direction == Direction::Outbound && event.status != Status::Failed);
        let (mut answers, mut doubtful) = (Vec::new(), Vec::new());
        for event in sent {
            match event.counts {
                Counts::Yes => answers.push(event.at),
                Counts::Unknown => doubtful.push(event.at),
                Counts::No => {}
            }
        }
        answers.sort_unstable();
        doubtful.sort_unstable();
        Self { answers, doubtful }
    }

    fn answer_from(&self, from: Instant) -> Option<Instant> {
        first_from(&self.answers, from)
    }
}

fn first_from(sorted: &[Instant], from: Instant) -> Option<Instant> {
    sorted.get(sorted.partition_point(|at| *at < from)).copied()
}

/// The first instant, from the question on, at which an answer may have gone unseen.
fn doubt(question: &Event, sent: &Sent, evidence: &ChannelEvidence) -> Option<HeldFor> {
    let from = question.at.minus(evidence.tolerance);
    let gap = evidence.first_gap_from(from).map(|at| (at, HeldFor::Gap(at)));
    let unknown = first_from(&sent.doubtful, from).map(|at| (at, HeldFor::UnknownAnswer(at)));
    gap.into_iter().chain(unknown).min().map(|(_, why)| why)
}

/// Why the wait as a whole cannot be judged, whatever was seen.
fn whole_doubt(question: &Event, conversation: &Conversation) -> Option<HeldFor> {
    if conversation.disputed {
        Some(HeldFor::Conflict)
    } else {
        (question.counts == Counts::Unknown).then_some(HeldFor::UnknownKind)
    }
}

/// The verdict under the default reading: a seen answer on time is on time whatever else is missing;
/// lateness needs proof up to the deadline.
fn verdict(wait: &Wait, reading: Reading) -> (Verdict, Option<HeldFor>) {
    let limit = reading.window.plus(wait.tolerance);
    if wait.length().is_some_and(|length: Elapsed| reading.is_within(length, limit)) {
        return (Verdict::OnTime, None);
    }
    let last_chance = wait.deadline.plus(wait.tolerance);
    let in_doubt = wait.doubt_at.filter(|doubt| doubt.from().is_some_and(|from| from <= last_chance));
    match (in_doubt, wait.answered_at) {
        (Some(why), _) => (Verdict::Held, Some(why)),
        (None, Some(_)) => (Verdict::Late, None),
        (None, None) if wait.watermark > last_chance => (Verdict::Unanswered, None),
        (None, None) => (Verdict::Pending, None),
    }
}
