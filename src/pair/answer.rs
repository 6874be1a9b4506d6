//! The answer of every question in one conversation, and the verdict that the evidence allows.

use std::sync::Arc;

use super::event::{Conversation, Event};
use super::intern::index;
use super::run::{Run, answerable_from, runs};
use super::sent::Sent;
use crate::domain::evidence::first_in;
use crate::domain::message::Counts;
use crate::domain::reading::{ChargeFor, ChargePer, DateOf, RunClock};
use crate::domain::wait::HeldFor;
use crate::domain::{ChannelEvidence, Direction, Elapsed, Instant, Reading, Verdict, Wait};

/// Where a conversation takes place.
pub(super) struct Place {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    pub conversation: Arc<str>,
}

/// A conversation with what it is judged by.
pub(super) struct Talk<'t> {
    pub place: &'t Place,
    pub conversation: &'t Conversation<'t>,
    pub evidence: &'t ChannelEvidence,
    pub reading: &'t Reading,
    /// Customers by their codes.
    pub parties: &'t [Arc<str>],
}

/// Adds the waits of the inbound messages to `waits`.
pub(super) fn answer(talk: &Talk, waits: &mut Vec<Wait>) {
    let Talk { place, conversation, evidence, reading, .. } = talk;
    let is_question = |event: &&Event| event.direction == Direction::Inbound && event.kind.counts() != Counts::No;
    let known = conversation.events().filter(|event| event.at < evidence.watermark);
    let mut questions: Vec<&Event> = known.filter(is_question).collect();
    if questions.is_empty() {
        return;
    }
    // Versions of one message keep their order.
    questions.sort_by(|a, b| (a.at, a.message_id).cmp(&(b.at, b.message_id)));
    let sent = Sent::of(&place.conversation, conversation, evidence, reading);
    for run in runs(&questions, &sent, reading, evidence.tolerance) {
        match reading.charge_per {
            ChargePer::Message => {
                waits.extend(run.questions.iter().map(|question| talk.wait(question, &run, &sent, Vec::new())));
            }
            ChargePer::WaitRun => {
                let ids = run.questions.iter().map(|question| question.message_id.into()).collect();
                waits.push(talk.wait(run.clock, &run, &sent, ids));
            }
        }
    }
}

impl Talk<'_> {
    /// The wait of a question in its run.
    fn wait(&self, question: &Event, run: &Run, sent: &Sent, ids: Vec<Box<str>>) -> Wait {
        let Talk { place, conversation, evidence, reading, .. } = self;
        // A question of unknown kind is a wait of its own, which is held.
        let clock = if question.kind.counts() == Counts::Unknown { question } else { run.clock };
        let from = answerable_from(self.first_in_doubt(question, run), evidence.tolerance);
        let name = &place.conversation;
        let mut wait = Wait {
            business: Arc::clone(&place.business),
            channel: Arc::clone(&place.channel),
            conversation: Arc::clone(name),
            customer: self.customer(clock),
            message_id: question.message_id.into(),
            run: ids,
            entry_point: clock.entry_point,
            received_at: clock.at,
            answered_at: run.answered_at,
            deadline: clock.at.plus(reading.window),
            verdict: Verdict::Pending,
            held_for: None,
            doubt_at: sent.doubt(name, from, evidence),
            accepted_at: sent.accepted(name, from, evidence),
            excluded: false,
            watermark: evidence.watermark,
            tolerance: evidence.tolerance,
        };
        let until = self.decisive_until(&wait, question);
        (wait.verdict, wait.held_for, wait.excluded) = match whole_doubt(question, run, conversation, evidence) {
            Some((why, Final::Yes)) => (Verdict::Held, Some(why), true),
            Some((why, Final::No)) => excluded(&wait, until).unwrap_or((Verdict::Held, Some(why), false)),
            None => self.verdict(&wait, until),
        };
        wait
    }

    /// The name of an event's customer.
    pub fn customer(&self, event: &Event) -> Arc<str> {
        Arc::clone(&self.parties[index(event.customer)])
    }

    /// The question from which on a hidden answer would change the wait: it would end the wait itself, or part its
    /// question from the one that gives the clock.
    fn first_in_doubt<'e>(&self, question: &'e Event<'e>, run: &Run<'e>) -> &'e Event<'e> {
        match (self.reading.clock, self.reading.charge_per) {
            (RunClock::FirstUnanswered, _) => run.questions.first().copied().unwrap_or(question),
            (RunClock::LastInbound, ChargePer::WaitRun) => run.clock,
            (RunClock::LastInbound, ChargePer::Message) | (RunClock::EachInbound, _) => question,
        }
    }

    /// Up to here a hidden answer, or question, would change the wait.
    fn decisive_until(&self, wait: &Wait, question: &Event) -> Instant {
        let reading = self.reading;
        let given_up = reading.give_up.map(|give_up| wait.received_at.plus(give_up).plus(wait.tolerance));
        let by_answer = reading.price_date == DateOf::Answered || reading.month_of == DateOf::Answered;
        let end = match (wait.answered_at, reading.charge_for, reading.clock) {
            // An earlier one would give the charge another date; under `last_inbound` a later question another clock.
            (Some(answered_at), ..) if by_answer || reading.clock == RunClock::LastInbound => Some(answered_at),
            (Some(_), ..) => None,
            (None, ChargeFor::LateReply, _) | (None, _, RunClock::LastInbound) => given_up,
            (None, ..) => None,
        };
        // A question after the deadline of its run would be in time if an answer had parted it from the run.
        let own = if reading.charge_per == ChargePer::Message { question.at } else { wait.received_at };
        last_chance(wait).max(own).max(end.unwrap_or(Instant::MIN))
    }

    /// A seen answer on time is on time whatever else is missing; lateness needs proof.
    fn verdict(&self, wait: &Wait, until: Instant) -> Said {
        let limit = self.reading.window.plus(wait.tolerance);
        if wait.length().is_some_and(|length: Elapsed| self.reading.is_within(length, limit)) {
            return (Verdict::OnTime, None, false);
        }
        if let Some(excluded) = excluded(wait, until) {
            return excluded;
        }
        if let Some(why) = within(wait.doubt_at, until).or_else(|| self.hidden_question(wait, until)) {
            return (Verdict::Held, Some(why), false);
        }
        match wait.answered_at {
            Some(_) => (Verdict::Late, None, false),
            None if wait.watermark > self.settled_after(wait) => (Verdict::Unanswered, None, false),
            None => (Verdict::Pending, None, false),
        }
    }

    /// Under `last_inbound` a question that was never seen gives the run a later clock.
    fn hidden_question(&self, wait: &Wait, until: Instant) -> Option<HeldFor> {
        let after = wait.received_at.plus(Elapsed::from_micros(1));
        let gaps = (self.reading.clock == RunClock::LastInbound).then_some(&self.evidence.inbound_gaps);
        gaps.and_then(|gaps| first_in(gaps, after)).filter(|at| *at <= until).map(HeldFor::InboundGap)
    }

    /// When the logs are known beyond this instant, a message without an answer has none.
    fn settled_after(&self, wait: &Wait) -> Instant {
        let given_up = self.reading.give_up.map(|give_up| wait.received_at.plus(give_up).plus(wait.tolerance));
        // Until it is given up an answer may come that is charged, or a question that gives another clock.
        let waits = self.reading.charge_for == ChargeFor::LateReply || self.reading.clock == RunClock::LastInbound;
        last_chance(wait).max(given_up.filter(|_| waits).unwrap_or(Instant::MIN))
    }
}

/// Whether a doubt was accepted, which ends it.
enum Final {
    Yes,
    No,
}

/// Why the wait as a whole cannot be judged, whatever was seen.
fn whole_doubt(
    question: &Event,
    run: &Run,
    conversation: &Conversation,
    evidence: &ChannelEvidence,
) -> Option<(HeldFor, Final)> {
    if conversation.excluded_before.is_some_and(|before| question.at < before) {
        Some((HeldFor::Conflict, Final::Yes))
    } else if evidence.accepted.questions.contains(question.message_id) {
        Some((HeldFor::UnknownKind, Final::Yes))
    } else if conversation.disputed {
        Some((HeldFor::Conflict, Final::No))
    } else {
        let is_unknown = question.kind.counts() == Counts::Unknown || run.is_doubtful;
        is_unknown.then_some((HeldFor::UnknownKind, Final::No))
    }
}

/// What is said of a wait: its verdict, why it is held, and whether that is final.
type Said = (Verdict, Option<HeldFor>, bool);

/// The last instant at which an answer is on time.
fn last_chance(wait: &Wait) -> Instant {
    wait.deadline.plus(wait.tolerance)
}

fn within(doubt: Option<HeldFor>, until: Instant) -> Option<HeldFor> {
    doubt.filter(|doubt| doubt.from().is_some_and(|from| from <= until))
}

/// A wait in whose time the operator accepted a hole is excluded, whatever else is known of it by now.
fn excluded(wait: &Wait, until: Instant) -> Option<Said> {
    within(wait.accepted_at, until).map(|why| (Verdict::Held, Some(why), true))
}
