//! Runs: consecutive questions with no answer between, and the message that gives their clock.

use super::event::Event;
use super::sent::Sent;
use crate::domain::message::Counts;
use crate::domain::reading::RunClock;
use crate::domain::{Elapsed, Instant, Reading};

/// Questions that wait together. Where each has its own clock, one question.
pub(super) struct Run<'e> {
    /// In the order of time, then id; not empty. Questions of unknown kind are among them.
    pub questions: Vec<&'e Event>,
    /// The question that gives `received_at`, customer and entry point.
    pub clock: &'e Event,
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
pub(super) fn runs<'e>(questions: &[&'e Event], sent: &Sent, reading: &Reading, tolerance: Elapsed) -> Vec<Run<'e>> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Vec<(&'e Event, Option<Instant>)> = Vec::new();
    for question in questions {
        let answer = sent.answer(answerable_from(question, tolerance));
        if open.last().is_some_and(|_| !joins(question, answer, &open, reading)) {
            runs.push(Run::of(std::mem::take(&mut open), reading, tolerance));
        }
        open.push((question, answer));
    }
    if !open.is_empty() {
        runs.push(Run::of(open, reading, tolerance));
    }
    runs
}

/// Whether a question belongs to the run before it: no answer lies between, and that run was not given up yet.
fn joins(question: &Event, answer: Option<Instant>, run: &[(&Event, Option<Instant>)], reading: &Reading) -> bool {
    let (Some((first, earlier)), Some((last, _))) = (run.first(), run.last()) else { return false };
    let clock = match reading.clock {
        RunClock::EachInbound => return false,
        RunClock::FirstUnanswered => first,
        RunClock::LastInbound => last,
    };
    let waited_for = |give_up| reading.is_within(question.at.since(clock.at), give_up);
    *earlier == answer && reading.give_up.is_none_or(waited_for)
}

impl<'e> Run<'e> {
    fn of(run: Vec<(&'e Event, Option<Instant>)>, reading: &Reading, tolerance: Elapsed) -> Self {
        let answer = run.first().and_then(|(_, answer)| *answer);
        let questions: Vec<&Event> = run.into_iter().map(|(question, _)| question).collect();
        let is_certain = |question: &&&Event| question.kind.counts() == Counts::Yes;
        let (certain, end) = match reading.clock {
            RunClock::LastInbound => (questions.iter().rfind(is_certain), questions.last()),
            RunClock::EachInbound | RunClock::FirstUnanswered => (questions.iter().find(is_certain), questions.first()),
        };
        // Invariant: a run is not empty.
        let clock = certain.or(end).copied().unwrap_or_else(|| unreachable!("a run has a question"));
        let is_doubtful = end.is_some_and(|end| end.kind.counts() == Counts::Unknown);
        let in_time = |at: &Instant| {
            let length = at.since(clock.at).max(Elapsed::ZERO);
            reading.give_up.is_none_or(|give_up| reading.is_within(length, give_up.plus(tolerance)))
        };
        Self { clock, answered_at: answer.filter(in_time), is_doubtful, questions }
    }
}
