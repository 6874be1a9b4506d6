//! What happens in one conversation.

use super::dice::Dice;
use crate::domain::{Direction, Elapsed, Instant, Kind, Status};

/// One message of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Instant,
    pub direction: Direction,
    pub kind: Kind,
    pub status: Status,
}

/// How long after a question its answer comes: (share in a thousand, seconds).
const DELAYS: [(u32, u32); 10] = [
    (100, 60),
    (300, 300),
    (500, 1_800),
    (650, 7_200),
    (750, 21_600),
    (820, 50_400),
    (880, 86_400),
    (950, 144_000),
    (990, 252_000),
    (1000, 345_600),
];
/// Between the questions of one burst.
const BETWEEN_QUESTIONS: [(u32, u32); 3] = [(500, 15), (900, 90), (1000, 600)];
/// From an answer to what the business adds.
const ADDITIONS: [(u32, u32); 2] = [(800, 60), (1000, 600)];
/// From one matter to the next.
const PAUSES: [(u32, u32); 3] = [(300, 3_600), (700, 28_800), (1000, 108_000)];
const EPISODES: [u32; 5] = [50, 25, 13, 8, 4];
const QUESTIONS: [u32; 5] = [55, 25, 12, 5, 3];
/// In a thousand.
const NEVER_ANSWERED: u32 = 40;
/// About how many messages a plan has, in hundredths: measured, so that a month gets as many as were ordered.
pub const MESSAGES_PER_HUNDRED: u64 = 582;
/// No matter begins later in a conversation, and none lasts longer than the longest delay: see `Order::DAYS_AFTER`.
const LAST_BEGIN: Elapsed = Elapsed::from_seconds(6 * 86_400);

const INBOUND: [Kind; 4] = [Kind::Text, Kind::Image, Kind::Audio, Kind::Document];
const OUTBOUND: [Kind; 4] = [Kind::Text, Kind::Interactive, Kind::Image, Kind::Document];
const KINDS: [u32; 4] = [80, 10, 7, 3];
const FATES: [Status; 4] = [Status::Read, Status::Delivered, Status::Sent, Status::Unstated];

/// The conversation that begins at `start`, in the order of time.
pub fn plan(dice: &mut Dice, start: Instant, has_greeting: bool) -> Vec<Step> {
    let mut steps = Vec::with_capacity(8);
    let mut at = start;
    for episode in 0..=dice.pick(&EPISODES) {
        if episode > 0 {
            at = at.plus(dice.length(&PAUSES)).plus(SECOND);
        }
        if at.since(start) > LAST_BEGIN {
            break;
        }
        at = questions(dice, at, &mut steps);
        if episode == 0 && has_greeting {
            at = at.plus(SECOND);
            steps.push(Step { kind: Kind::Automatic, ..sent(dice, at) });
        }
        at = answered(dice, at, &mut steps);
    }
    steps
}

const SECOND: Elapsed = Elapsed::from_seconds(1);

fn questions(dice: &mut Dice, from: Instant, steps: &mut Vec<Step>) -> Instant {
    let mut at = from;
    for question in 0..=dice.pick(&QUESTIONS) {
        if question > 0 {
            at = at.plus(dice.length(&BETWEEN_QUESTIONS)).plus(SECOND);
        }
        let kind = INBOUND[dice.pick(&KINDS)];
        steps.push(Step { at, direction: Direction::Inbound, kind, status: Status::Unstated });
    }
    if dice.hits(30) {
        at = at.plus(SECOND);
        steps.push(Step { at, direction: Direction::Inbound, kind: Kind::Reaction, status: Status::Unstated });
    }
    at
}

/// The answer to the last question, with what goes before and after it; or nothing.
fn answered(dice: &mut Dice, from: Instant, steps: &mut Vec<Step>) -> Instant {
    if dice.hits(NEVER_ANSWERED) {
        return from;
    }
    let mut at = from.plus(SECOND);
    if dice.hits(20) {
        // A note among colleagues, or a thumb: no answer.
        let kind = if dice.hits(500) { Kind::Note } else { Kind::Reaction };
        steps.push(Step { kind, ..sent(dice, at) });
    }
    at = at.plus(dice.length(&DELAYS));
    if dice.hits(15) {
        steps.push(Step { status: Status::Failed, ..sent(dice, at) });
        at = at.plus(dice.length(&ADDITIONS)).plus(SECOND);
    }
    steps.push(sent(dice, at));
    if dice.hits(300) {
        at = at.plus(dice.length(&ADDITIONS)).plus(SECOND);
        steps.push(sent(dice, at));
    }
    at
}

fn sent(dice: &mut Dice, at: Instant) -> Step {
    let status = FATES[dice.pick(&[70, 20, 8, 2])];
    Step { at, direction: Direction::Outbound, kind: OUTBOUND[dice.pick(&KINDS)], status }
}
