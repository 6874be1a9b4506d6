//! Under `late_outbound` each message of the business is judged by the last question before it.

use std::sync::Arc;

use super::answer::Talk;
use super::event::Event;
use crate::domain::evidence::first_in;
use crate::domain::message::Counts;
use crate::domain::wait::HeldFor;
use crate::domain::{Direction, Elapsed, Instant, Verdict, Wait};

/// Adds a wait for each outbound message that answers, and has a question before it.
pub(super) fn outbound(talk: &Talk, waits: &mut Vec<Wait>) {
    let known = || talk.conversation.events().filter(|event| event.at < talk.evidence.watermark);
    let inbound = |counts| {
        let mut events: Vec<&Event> =
            known().filter(|event| event.direction == Direction::Inbound && event.kind.counts() == counts).collect();
        // Versions of one message keep their order.
        events.sort_by(|a, b| (a.at, a.message_id).cmp(&(b.at, b.message_id)));
        events
    };
    let (questions, doubtful) = (inbound(Counts::Yes), inbound(Counts::Unknown));
    for message in known().filter(|event| event.may_answer()) {
        // A question stamped up to the tolerance after the message came before it.
        let end = message.at.plus(message.fold).plus(talk.evidence.tolerance);
        let before = questions.partition_point(|question| question.at <= end);
        let Some(question) = before.checked_sub(1).and_then(|place| questions.get(place)) else { continue };
        waits.push(wait(talk, message, question, &doubtful));
    }
}

fn wait(talk: &Talk, message: &Event, question: &Event, doubtful: &[&Event]) -> Wait {
    let Talk { place, evidence, reading, .. } = talk;
    let wait = Wait {
        business: Arc::clone(&place.business),
        channel: Arc::clone(&place.channel),
        conversation: Arc::clone(&place.conversation),
        customer: talk.customer(message),
        message_id: message.message_id.into(),
        run: Vec::new(),
        entry_point: question.entry_point,
        received_at: question.at,
        answered_at: Some(message.at),
        deadline: question.at.plus(reading.window),
        verdict: Verdict::Pending,
        held_for: None,
        doubt_at: None,
        accepted_at: None,
        excluded: false,
        watermark: evidence.watermark,
        tolerance: evidence.tolerance,
    };
    let limit = reading.window.plus(wait.tolerance);
    let is_on_time = wait.length().is_some_and(|length| reading.is_within(length, limit));
    let (verdict, held_for, excluded) = match doubt(talk, message, question, doubtful) {
        Some((why, true)) => (Verdict::Held, Some(why), true),
        _ if is_on_time && !talk.conversation.disputed => (Verdict::OnTime, None, false),
        Some((why, false)) => (Verdict::Held, Some(why), false),
        None => (Verdict::Late, None, false),
    };
    Wait { verdict, held_for, excluded, ..wait }
}

/// Why the message may not be late, and whether the operator has accepted that for good. A question between the last
/// one that is seen and the message would give it another clock.
fn doubt(talk: &Talk, message: &Event, question: &Event, doubtful: &[&Event]) -> Option<(HeldFor, bool)> {
    let Talk { place, conversation, evidence, .. } = talk;
    let accepted = &evidence.accepted;
    if conversation.excluded_before.is_some_and(|before| question.at < before) {
        return Some((HeldFor::Conflict, true));
    }
    if accepted.questions.contains(message.message_id) {
        return Some((HeldFor::UnknownKind, true));
    }
    let after = question.at.plus(Elapsed::from_micros(1));
    let before = |at: &Instant| *at <= message.at;
    let own = accepted.conversations.get(&*place.conversation).and_then(|spans| first_in(spans, after));
    if let Some(at) = first_in(&accepted.spans, after).into_iter().chain(own).min().filter(before) {
        return Some((HeldFor::InboundGap(at), true));
    }
    if conversation.disputed {
        return Some((HeldFor::Conflict, false));
    }
    let is_between = |event: &&&Event| question.at <= event.at && event.at <= message.at;
    if message.kind.counts() == Counts::Unknown || doubtful.iter().any(|event| is_between(&event)) {
        return Some((HeldFor::UnknownKind, false));
    }
    first_in(&evidence.inbound_gaps, after).filter(before).map(|at| (HeldFor::InboundGap(at), false))
}
