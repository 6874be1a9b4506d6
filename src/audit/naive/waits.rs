//! The waits of one conversation, once more: for each message a walk over all others.

use super::copies::Message;
use crate::domain::reading::{AnsweredBy, Boundary, ChargeFor, ChargePer, RunClock};
use crate::domain::{ChannelEvidence, EntryPoint, Kind, Reading, Span, Status, Verdict};

/// A wait as it is found here; instants in microseconds.
pub(super) struct Found<'q> {
    pub message_id: &'q str,
    pub run: Vec<&'q str>,
    pub customer: &'q str,
    pub entry_point: EntryPoint,
    pub received_at: i64,
    pub answered_at: Option<i64>,
    pub deadline: i64,
    pub verdict: Verdict,
    pub tolerance: i64,
    /// From here on an answer counts.
    pub answerable_from: i64,
    /// Where the logs lack what would make it on time.
    pub unseen_at: Option<i64>,
}

/// A conversation with what it is judged by.
struct Talk<'t, 'q> {
    messages: &'t [Message<'q>],
    /// The instants of the answers, under either reading of their time.
    answers: Vec<i64>,
    reading: &'t Reading,
    window: i64,
    give_up: Option<i64>,
    tolerance: i64,
    known: i64,
    /// In which an answer, or under `late_outbound` a question, may have gone unseen.
    unseen: Vec<&'t Span>,
}

/// All waits of a conversation whose messages are in order.
pub(super) fn waits<'q>(
    messages: &[Message<'q>],
    conversation: &str,
    reading: &Reading,
    evidence: &ChannelEvidence,
) -> Vec<Found<'q>> {
    let doubts = evidence.doubts.get(conversation);
    let unseen = match reading.charge_for {
        ChargeFor::LateOutbound => evidence.inbound_gaps.iter().collect(),
        _ => evidence.gaps.iter().chain(doubts.into_iter().flatten()).collect(),
    };
    let mut answers_at = Vec::new();
    for message in messages.iter().filter(|message| answers(message, reading)) {
        answers_at.push(message.at);
        answers_at.push(message.at + message.fold);
    }
    let talk = Talk {
        unseen,
        messages,
        answers: answers_at,
        reading,
        window: reading.window.micros(),
        give_up: reading.give_up.map(|give_up| give_up.micros()),
        tolerance: evidence.tolerance.micros(),
        known: evidence.watermark.micros(),
    };
    if reading.charge_for == ChargeFor::LateOutbound { talk.late_outbound() } else { talk.unanswered() }
}

/// The table of kinds, once more: inbound they ask for an answer, outbound they are one.
fn counts(kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Image | Kind::Audio | Kind::Video | Kind::Document | Kind::Sticker => true,
        Kind::Location | Kind::Contacts | Kind::Order | Kind::Button | Kind::Interactive | Kind::Template => true,
        Kind::Automatic => true,
        Kind::Reaction | Kind::Edit | Kind::Revoke | Kind::System | Kind::Note | Kind::Call | Kind::Other => false,
    }
}

fn asks(message: &Message) -> bool {
    message.is_inbound && counts(message.kind)
}

/// Whether a message was sent by the business, and counts.
fn was_sent(message: &Message) -> bool {
    !message.is_inbound && counts(message.kind) && message.status != Status::Failed
}

fn answers(message: &Message, reading: &Reading) -> bool {
    was_sent(message)
        && match reading.answered_by {
            AnsweredBy::Any => true,
            AnsweredBy::Human => message.kind != Kind::Automatic,
            AnsweredBy::Delivered => message.status == Status::Delivered || message.status == Status::Read,
        }
}

impl<'q> Talk<'_, 'q> {
    fn late_outbound(&self) -> Vec<Found<'q>> {
        let mut waits = Vec::new();
        for message in self.messages.iter().filter(|message| was_sent(message)) {
            let mut last = None;
            for question in self.messages.iter().filter(|question| asks(question)) {
                if question.at <= message.at + message.fold + self.tolerance {
                    last = Some(question);
                }
            }
            let Some(question) = last else { continue };
            let is_on_time = self.within(message.at - question.at, self.window.saturating_add(self.tolerance));
            waits.push(Found {
                message_id: message.id,
                run: Vec::new(),
                customer: message.customer,
                entry_point: question.entry_point,
                received_at: question.at,
                answered_at: Some(message.at),
                deadline: question.at.saturating_add(self.window),
                verdict: if is_on_time { Verdict::OnTime } else { Verdict::Late },
                tolerance: self.tolerance,
                answerable_from: self.answerable_from(question),
                unseen_at: self.unseen(question.at + 1, message.at),
            });
        }
        waits
    }

    fn unanswered(&self) -> Vec<Found<'q>> {
        let mut runs: Vec<Vec<&Message>> = Vec::new();
        for question in self.messages.iter().filter(|message| asks(message)) {
            match runs.last_mut() {
                Some(run) if self.belongs(question, run) => run.push(question),
                _ => runs.push(vec![question]),
            }
        }
        let mut waits = Vec::new();
        for run in &runs {
            for question in run {
                let clock = if self.reading.clock == RunClock::LastInbound { run[run.len() - 1] } else { run[0] };
                match self.reading.charge_per {
                    ChargePer::Message => waits.push(self.wait(question, clock, run, Vec::new())),
                    ChargePer::WaitRun if question.id == clock.id => {
                        waits.push(self.wait(question, clock, run, run.iter().map(|message| message.id).collect()));
                    }
                    ChargePer::WaitRun => {}
                }
            }
        }
        waits
    }

    fn wait(&self, question: &Message<'q>, clock: &Message<'q>, run: &[&Message], ids: Vec<&'q str>) -> Found<'q> {
        let answer = self.answer(self.answerable_from(run[0])).filter(|at| {
            self.give_up.is_none_or(|give_up| self.within(at - clock.at, give_up.saturating_add(self.tolerance)))
        });
        let after = |length: i64| clock.at.saturating_add(length).saturating_add(self.tolerance);
        let last_chance = after(self.window);
        let waits_on = self.reading.charge_for == ChargeFor::LateReply || self.reading.clock == RunClock::LastInbound;
        let settled = self.give_up.filter(|_| waits_on).map_or(last_chance, after);
        let verdict = match answer {
            Some(at) if self.within(at - clock.at, self.window.saturating_add(self.tolerance)) => Verdict::OnTime,
            Some(_) => Verdict::Late,
            None if self.known > settled => Verdict::Unanswered,
            None => Verdict::Pending,
        };
        Found {
            message_id: question.id,
            run: ids,
            customer: clock.customer,
            entry_point: clock.entry_point,
            received_at: clock.at,
            answered_at: answer,
            deadline: clock.at.saturating_add(self.window),
            verdict,
            tolerance: self.tolerance,
            answerable_from: self.answerable_from(run[0]),
            unseen_at: self.unseen(self.answerable_from(question).max(self.answerable_from(clock)), last_chance),
        }
    }

    /// Whether a question goes on with a run: it has no answer between, and was not given up.
    fn belongs(&self, question: &Message, run: &[&Message]) -> bool {
        let clock = match self.reading.clock {
            RunClock::EachInbound => return false,
            RunClock::FirstUnanswered => run[0],
            RunClock::LastInbound => run[run.len() - 1],
        };
        let (one, other) = (self.answerable_from(run[0]), self.answerable_from(question));
        let between = one.min(other)..one.max(other);
        let is_parted = self.answers.iter().any(|at| between.contains(at));
        !is_parted && self.give_up.is_none_or(|give_up| self.within(question.at - clock.at, give_up))
    }

    /// The first answer from an instant on.
    fn answer(&self, from: i64) -> Option<i64> {
        let mut first: Option<i64> = None;
        for at in &self.answers {
            if from <= *at && first.is_none_or(|first| *at < first) {
                first = Some(*at);
            }
        }
        first
    }

    /// The first instant of a stretch of time, both ends included, of which the logs are missing.
    fn unseen(&self, from: i64, through: i64) -> Option<i64> {
        let mut first: Option<i64> = None;
        for span in &self.unseen {
            let at = span.from.micros().max(from);
            if from < span.to.micros() && at <= through && first.is_none_or(|first| at < first) {
                first = Some(at);
            }
        }
        first
    }

    const fn answerable_from(&self, question: &Message) -> i64 {
        question.at - question.fold - self.tolerance
    }

    /// An answer that is stamped before its question took no time.
    fn within(&self, length: i64, limit: i64) -> bool {
        match self.reading.boundary {
            Boundary::Inclusive => length.max(0) <= limit,
            Boundary::Exclusive => length.max(0) < limit,
        }
    }
}
