//! Runs: consecutive questions with no answer between, and the message that gives their clock.

use super::event::Event;
use super::sent::Sent;
use crate::domain::message::Counts;
use crate::domain::reading::RunClock;
use crate::domain::{Elapsed, Instant, Reading};

/// Questions that wait together. Where each has its own clock, one question.
pub(super) struct Run<'e> {
    /// In the order of time, then id; not empty. Questions of unknown kind are among them.
    pub questions: &'e [&'e Event<'e>],
    /// The question that gives `received_at`, customer and entry point.
    pub clock: &'e Event<'e>,
    /// The first answer, when it came before it was given up.
    pub answered_at: Option<Instant>,
    /// A question of unknown kind may be the one that gives the clock.
    pub is_doubtful: bool,
}

/// From when on an answer counts for a question.
pub(super) fn answerable_from(question: &Event, tolerance: Elapsed) -> Instant {
    question.at.minus(question.fold).minus(tolerance)
}

/// All runs of a conversation; `questions` are sorted by time, then id.
pub(super) fn runs<'e>(
    questions: &'e [&'e Event<'e>],
    sent: &Sent,
    reading: &Reading,
    tolerance: Elapsed,
) -> Vec<Run<'e>> {
    let mut runs: Vec<Run> = Vec::with_capacity(questions.len());
    // Where the open run begins, and the answer of its first question.
    let mut open: (usize, Option<Instant>) = (0, None);
    for (place, question) in questions.iter().enumerate() {
        let answer = sent.answer(answerable_from(question, tolerance));
        let run = &questions[open.0..place];
        if !joins(question, answer, (run, open.1), reading) {
            runs.extend(Run::of(run, open.1, reading, tolerance));
            open = (place, answer);
        }
    }
    runs.extend(Run::of(&questions[open.0..], open.1, reading, tolerance));
    runs
}

/// Whether a question belongs to the run before it, whose first question has the answer `earlier`: no answer lies
/// between, and that run was not given up yet.
fn joins(
    question: &Event,
    answer: Option<Instant>,
    (run, earlier): (&[&Event], Option<Instant>),
    reading: &Reading,
) -> bool {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
    let clock = match reading.clock {
        RunClock::EachInbound => return false,
        RunClock::FirstUnanswered => first,
        RunClock::LastInbound => last,
    };
    let waited_for = |give_up| reading.is_within(question.at.since(clock.at), give_up);
    earlier == answer && reading.give_up.is_none_or(waited_for)
}

impl<'e> Run<'e> {
    /// The run of these questions, of which the first has the answer; `None` where there is none.
    fn of(
        questions: &'e [&'e Event<'e>],
        answer: Option<Instant>,
        reading: &Reading,
        tolerance: Elapsed,
    ) -> Option<Self> {
        let is_certain = |question: &&&Event| question.kind.counts() == Counts::Yes;
        let (certain, end) = match reading.clock {
            RunClock::LastInbound => (questions.iter().rfind(is_certain), questions.last()),
            RunClock::EachInbound | RunClock::FirstUnanswered => (questions.iter().find(is_certain), questions.first()),
        };
        let clock = certain.or(end).copied()?;
        let is_doubtful = end.is_some_and(|end| end.kind.counts() == Counts::Unknown);
        let in_time = |at: &Instant| {
            let length = at.since(clock.at).max(Elapsed::ZERO);
            reading.give_up.is_none_or(|give_up| reading.is_within(length, give_up.plus(tolerance)))
        };
        Some(Self { clock, answered_at: answer.filter(in_time), is_doubtful, questions })
    }
}
