//! The answers that are known, read off the plan.

use super::plan::Step;
use super::{Expected, Place};
use crate::domain::{Direction, Elapsed, Instant, Kind, Span, Status, Verdict};

/// What is known of each step of a plan; `places` says where each is written, `gap` of which time there are no logs.
pub fn judged(steps: &[Step], places: &[Place], gap: Option<Span>) -> Vec<Option<Expected>> {
    let mut known = vec![None; steps.len()];
    // A plan is in the order of time: what was answered last, seen from the end, answers.
    let mut answer = None;
    for (index, step) in steps.iter().enumerate().rev() {
        if places.get(index) == Some(&Place::Missing) {
            continue;
        }
        match step.direction {
            Direction::Outbound if answers(step) => answer = Some(step.at),
            Direction::Inbound if asks(step) => known[index] = Some(expected(step.at, answer, gap)),
            Direction::Inbound | Direction::Outbound => {}
        }
    }
    known
}

fn answers(step: &Step) -> bool {
    step.status != Status::Failed && asks(step)
}

fn asks(step: &Step) -> bool {
    !matches!(step.kind, Kind::Reaction | Kind::Note)
}

fn expected(received_at: Instant, answered_at: Option<Instant>, gap: Option<Span>) -> Expected {
    let deadline = received_at.plus(Elapsed::DAY);
    let may_hide = gap.is_some_and(|gap| gap.from <= deadline && received_at < gap.to);
    let verdict = match answered_at {
        Some(at) if at <= deadline => Verdict::OnTime,
        _ if may_hide => Verdict::Held,
        Some(_) => Verdict::Late,
        None => Verdict::Unanswered,
    };
    Expected { answered_at, verdict }
}
