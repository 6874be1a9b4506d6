//! What a cluster says of messages that are judged here all the same, compared with what is found of them here.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::charge::RatedWait;
use crate::domain::{Direction, EntryPoint, Instant, Span, Verdict};
use crate::error::{Failure, Kind};
use crate::read::sieved::{Claim, Free, Messages};

/// Of a business. Conversations that come back for a sample are there as a whole: so an answer that the cluster would have
/// kept is found out, too.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// By channel and id: what is said of questions.
    questions: BTreeMap<(String, String), Question>,
    /// Channel, conversation and instant of answers that are given back because a question wants them.
    answers: BTreeSet<(String, String, Instant)>,
}

#[derive(Clone, Debug)]
struct Question {
    is_certain: bool,
    is_wanted: bool,
    free: Option<Free>,
}

impl Claims {
    /// Takes a row of a channel along.
    pub(super) fn add(&mut self, channel: &str, messages: &Messages, row: usize, claim: &Claim) {
        let key = (channel.to_owned(), messages.id(row).to_owned());
        if messages.direction(row) == Direction::Inbound.name() {
            let new = Question { is_certain: true, is_wanted: false, free: None };
            let question = self.questions.entry(key).or_insert(new);
            question.is_certain &= claim.is_certain;
            question.is_wanted |= claim.is_wanted;
            question.free = question.free.take().or_else(|| claim.free.clone());
        } else if claim.is_wanted {
            let at = Instant::from_micros(messages.sent_at(row));
            self.answers.insert((key.0, messages.conversation(row).to_owned(), at));
        }
    }

    /// Compares them with the waits of a month.
    ///
    /// # Errors
    /// One of them is not so: then nothing that the cluster has counted is to be believed.
    pub fn compare<'w>(&self, month: Span, waits: impl Iterator<Item = &'w RatedWait>) -> Result<(), Failure> {
        let mut found = BTreeSet::new();
        for rated in waits {
            let key = (rated.wait.channel.to_string(), rated.wait.message_id.to_string());
            if let Some(question) = self.questions.get(&key).filter(|question| question.is_certain)
                && !self.is_so(question, rated)
            {
                return Err(wrong(&key));
            }
            found.insert(key);
        }
        let is_of_month = |free: &Free| month.contains(Instant::from_micros(free.received_at));
        let mut free = self.questions.iter().filter(|(_, question)| question.free.as_ref().is_some_and(is_of_month));
        free.find(|(key, _)| !found.contains(*key)).map_or(Ok(()), |(key, _)| Err(wrong(key)))
    }

    /// Whether what is said of a question is what was found: it is free and counted there, or given back with its answer.
    fn is_so(&self, question: &Question, RatedWait { wait, market, .. }: &RatedWait) -> bool {
        let Some(free) = &question.free else {
            let answer = |at| (wait.channel.to_string(), wait.conversation.to_string(), at);
            return question.is_wanted && wait.answered_at.is_none_or(|at| self.answers.contains(&answer(at)));
        };
        let length = wait.answered_at.map(|at| at.micros().saturating_sub(wait.received_at.micros()));
        let entry_point = usize::try_from(free.entry_point).ok().and_then(|place| EntryPoint::ALL.get(place));
        wait.verdict == Verdict::OnTime
            && !question.is_wanted
            && free.received_at == wait.received_at.micros()
            && length == Some(free.length)
            && entry_point == Some(&wait.entry_point)
            && free.market == market.name()
    }
}

fn wrong((channel, id): &(String, String)) -> Failure {
    let message = format!("what the cluster says of message {id} on {channel} is not so");
    Failure::new(Kind::SelfCheck, message).hint("leave the cluster out with --engine local, and report it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Elapsed, Wait};

    const RECEIVED: i64 = 1_533_000_000_000_000;
    const MINUTE: i64 = 60_000_000;

    fn free() -> Free {
        Free { received_at: RECEIVED, length: MINUTE, entry_point: 3, market: "39".to_owned() }
    }

    fn claims(free: Option<Free>, is_wanted: bool, answers: &[i64]) -> Claims {
        let question = Question { is_certain: true, is_wanted, free };
        let answer = |at: &i64| ("c".to_owned(), "k".to_owned(), Instant::from_micros(*at));
        Claims {
            questions: [(("c".to_owned(), "q".to_owned()), question)].into(),
            answers: answers.iter().map(answer).collect(),
        }
    }

    fn wait(verdict: Verdict, answered_at: Option<i64>) -> RatedWait {
        let received_at = Instant::from_micros(RECEIVED);
        let wait = Wait {
            business: "b".into(),
            channel: "c".into(),
            conversation: "k".into(),
            customer: "k".into(),
            message_id: "q".into(),
            run: Vec::new(),
            entry_point: EntryPoint::Unknown,
            received_at,
            answered_at: answered_at.map(Instant::from_micros),
            deadline: received_at.plus(Elapsed::DAY),
            verdict,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: Instant::MAX,
            tolerance: Elapsed::ZERO,
        };
        RatedWait { wait, market: "39".parse().unwrap(), charge: None }
    }

    fn is_believed(claims: &Claims, waits: &[RatedWait]) -> bool {
        let all = Span { from: Instant::from_micros(0), to: Instant::from_micros(2 * RECEIVED) };
        claims.compare(all, waits.iter()).is_ok()
    }

    #[test]
    fn what_is_said_of_a_question_has_to_be_so() {
        let on_time = wait(Verdict::OnTime, Some(RECEIVED + MINUTE));
        assert!(is_believed(&claims(Some(free()), false, &[]), std::slice::from_ref(&on_time)));
        for other in [
            Free { received_at: RECEIVED + 1, ..free() },
            Free { length: MINUTE + 1, ..free() },
            Free { entry_point: 0, ..free() },
            Free { market: "44".to_owned(), ..free() },
        ] {
            assert!(!is_believed(&claims(Some(other), false, &[]), std::slice::from_ref(&on_time)));
        }
        let late = [wait(Verdict::Late, Some(RECEIVED + 2 * MINUTE))];
        assert!(!is_believed(&claims(Some(free()), false, &[]), &late), "free, and late");
        assert!(!is_believed(&claims(None, false, &[]), &late), "neither free nor given back");
        assert!(!is_believed(&claims(None, true, &[]), &late), "without its answer");
        assert!(is_believed(&claims(None, true, &[RECEIVED + 2 * MINUTE]), &late));
        assert!(is_believed(&claims(None, true, &[]), &[wait(Verdict::Unanswered, None)]));
        assert!(!is_believed(&claims(Some(free()), false, &[]), &[]), "free, and no question");
        assert!(!is_believed(&claims(None, false, &[]), &[on_time]), "in time, and counted nowhere");
    }

    #[test]
    fn of_what_is_not_certain_and_of_other_months_nothing_is_said() {
        let mut claims = claims(None, false, &[]);
        claims.questions.values_mut().for_each(|question| question.is_certain = false);
        assert!(is_believed(&claims, &[wait(Verdict::Late, Some(RECEIVED + MINUTE))]));
        let later = Span { from: Instant::from_micros(RECEIVED + 1), to: Instant::MAX };
        assert!(self::claims(Some(free()), false, &[]).compare(later, std::iter::empty()).is_ok());
    }
}
