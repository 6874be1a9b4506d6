//! The answer of every question in one conversation, and the verdict that the evidence allows.

use std::sync::Arc;

use super::event::{Conversation, Event};
use crate::domain::evidence::first_in;
use crate::domain::message::Counts;
use crate::domain::wait::HeldFor;
use crate::domain::{ChannelEvidence, Direction, Elapsed, Instant, Reading, Status, Verdict, Wait};

/// Where a conversation takes place.
pub(super) struct Place {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    pub conversation: Arc<str>,
}

/// What the business sent, as far as it is evidence: instants in rising order. A message whose local time the
/// clocks repeat stands under both readings.
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
        let from = question.at.minus(question.fold).minus(evidence.tolerance);
        let wait = Wait {
            business: Arc::clone(&place.business),
            channel: Arc::clone(&place.channel),
            conversation: Arc::clone(&place.conversation),
            customer: Arc::clone(&question.customer),
            message_id: question.message_id.clone(),
            run: Vec::new(),
            entry_point: question.entry_point,
            received_at: question.at,
            answered_at: first_from(&sent.answers, from),
            deadline: question.at.plus(reading.window),
            verdict: Verdict::Pending,
            held_for: None,
            doubt_at: doubt(&place.conversation, from, &sent, evidence),
            accepted_at: accepted(&place.conversation, from, &sent, evidence),
            excluded: false,
            watermark: evidence.watermark,
            tolerance: evidence.tolerance,
        };
        let (verdict, held_for, excluded) = match whole_doubt(question, conversation, evidence) {
            Some((why, Final::Yes)) => (Verdict::Held, Some(why), true),
            Some((why, Final::No)) => excluded(&wait).unwrap_or((Verdict::Held, Some(why), false)),
            None => verdict(&wait, reading),
        };
        waits.push(Wait { verdict, held_for, excluded, ..wait });
    }
}

impl Sent {
    fn of<'e>(events: impl Iterator<Item = &'e Event>) -> Self {
        let sent = events.filter(|event| event.direction == Direction::Outbound && event.status != Status::Failed);
        let (mut answers, mut doubtful) = (Vec::new(), Vec::new());
        for event in sent {
            let readings = [event.at, event.at.plus(event.fold)];
            match event.counts {
                Counts::Yes => answers.extend(readings),
                Counts::Unknown => doubtful.extend(readings),
                Counts::No => {}
            }
        }
        answers.sort_unstable();
        doubtful.sort_unstable();
        Self { answers, doubtful }
    }
}

fn first_from(sorted: &[Instant], from: Instant) -> Option<Instant> {
    sorted.get(sorted.partition_point(|at| *at < from)).copied()
}

/// The first instant, from the question on, at which an answer may have gone unseen.
fn doubt(conversation: &str, from: Instant, sent: &Sent, evidence: &ChannelEvidence) -> Option<HeldFor> {
    let gap = evidence.first_gap_from(from).map(|at| (at, HeldFor::Gap(at)));
    let unread = evidence.first_unread_from(conversation, from).map(|at| (at, HeldFor::Unread(at)));
    let unknown = first_from(&sent.doubtful, from).map(|at| (at, HeldFor::UnknownAnswer(at)));
    [gap, unread, unknown].into_iter().flatten().min().map(|(_, why)| why)
}

/// The first instant, from the question on, of which the operator accepted that it is not proven. It stays so
/// when later logs prove it: what was excluded is never billed.
fn accepted(conversation: &str, from: Instant, sent: &Sent, evidence: &ChannelEvidence) -> Option<HeldFor> {
    let accepted = &evidence.accepted;
    let gap = first_in(&accepted.spans, from).map(|at| (at, HeldFor::Gap(at)));
    let own = accepted.conversations.get(conversation).and_then(|spans| first_in(spans, from));
    let own = own.map(|at| {
        let is_message = sent.doubtful.binary_search(&at).is_ok();
        (at, if is_message { HeldFor::UnknownAnswer(at) } else { HeldFor::Unread(at) })
    });
    gap.into_iter().chain(own).min().map(|(_, why)| why)
}

/// Whether a doubt was accepted, which ends it.
enum Final {
    Yes,
    No,
}

/// Why the wait as a whole cannot be judged, whatever was seen.
fn whole_doubt(question: &Event, conversation: &Conversation, evidence: &ChannelEvidence) -> Option<(HeldFor, Final)> {
    if conversation.excluded_before.is_some_and(|before| question.at < before) {
        Some((HeldFor::Conflict, Final::Yes))
    } else if evidence.accepted.questions.contains(&*question.message_id) {
        Some((HeldFor::UnknownKind, Final::Yes))
    } else if conversation.disputed {
        Some((HeldFor::Conflict, Final::No))
    } else {
        (question.counts == Counts::Unknown).then_some((HeldFor::UnknownKind, Final::No))
    }
}

/// What is said of a wait: its verdict, why it is held, and whether that is final.
type Said = (Verdict, Option<HeldFor>, bool);

/// The verdict under the default reading: a seen answer on time is on time whatever else is missing;
/// lateness needs proof up to the deadline.
fn verdict(wait: &Wait, reading: Reading) -> Said {
    let limit = reading.window.plus(wait.tolerance);
    if wait.length().is_some_and(|length: Elapsed| reading.is_within(length, limit)) {
        return (Verdict::OnTime, None, false);
    }
    if let Some(excluded) = excluded(wait) {
        return excluded;
    }
    match (within_its_time(wait, wait.doubt_at), wait.answered_at) {
        (Some(why), _) => (Verdict::Held, Some(why), false),
        (None, Some(_)) => (Verdict::Late, None, false),
        (None, None) if wait.watermark > last_chance(wait) => (Verdict::Unanswered, None, false),
        (None, None) => (Verdict::Pending, None, false),
    }
}

/// The last instant at which an answer is on time.
fn last_chance(wait: &Wait) -> Instant {
    wait.deadline.plus(wait.tolerance)
}

fn within_its_time(wait: &Wait, doubt: Option<HeldFor>) -> Option<HeldFor> {
    doubt.filter(|doubt| doubt.from().is_some_and(|from| from <= last_chance(wait)))
}

/// A wait in whose time the operator accepted a hole is excluded, whatever else is known of it by now.
fn excluded(wait: &Wait) -> Option<Said> {
    within_its_time(wait, wait.accepted_at).map(|why| (Verdict::Held, Some(why), true))
}
