//! Waits: inbound messages with their answers, or without.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::reading::{ChargeFor, DateOf};
use super::{Elapsed, EntryPoint, Instant, Reading};

/// What the logs say about a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Answered within the window.
    OnTime,
    /// Answered after it.
    Late,
    /// Never answered, and the watermark is later than the deadline.
    Unanswered,
    /// The deadline, or the end of an open lateness step, is not before the watermark.
    Pending,
    /// The logs cannot prove it.
    Held,
}

impl Verdict {
    pub const ALL: [Verdict; 5] =
        [Verdict::OnTime, Verdict::Late, Verdict::Unanswered, Verdict::Pending, Verdict::Held];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::Unanswered => "unanswered",
            Self::Pending => "pending",
            Self::Held => "held",
        }
    }

    /// Whether a reading charges for it.
    pub const fn is_charged(self, charge_for: ChargeFor) -> bool {
        match self {
            Self::Late => true,
            Self::Unanswered => matches!(charge_for, ChargeFor::UnansweredInbound),
            Self::OnTime | Self::Pending | Self::Held => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|verdict| verdict.name() == name);
        found.ok_or_else(|| format!("`{name}` is not a verdict"))
    }
}

crate::written_as_text!(Verdict);

/// Why the logs cannot prove a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldFor {
    /// Outbound logs are missing from this instant on.
    Gap(Instant),
    /// An outbound row of the conversation at or after this instant could not be read.
    Unread(Instant),
    /// An outbound message of an unknown kind at this instant may be the answer.
    UnknownAnswer(Instant),
    /// Whether the outbound message of this instant was delivered is not known, and only then it is the answer.
    UnknownDelivery(Instant),
    /// The outbound message of this instant went to the same customer in another conversation, where logs differ in
    /// whether they name conversations.
    OtherConversation(Instant),
    /// Inbound logs are missing from this instant on, and an inbound message would change the wait.
    InboundGap(Instant),
    /// The inbound message is of an unknown kind and may not ask for an answer.
    UnknownKind,
    /// Exports disagree about a message of the conversation.
    Conflict,
}

impl fmt::Display for HeldFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap(from) => write!(f, "outbound logs are missing from {from}"),
            Self::Unread(at) => write!(f, "an outbound row at {at} that could not be read may be the answer"),
            Self::UnknownAnswer(at) => write!(f, "an outbound message of unknown kind at {at} may be the answer"),
            Self::UnknownDelivery(at) => {
                write!(f, "whether the outbound message at {at} was delivered is not known, and it may be the answer")
            }
            Self::OtherConversation(at) => {
                write!(f, "a log without conversations parts this message from one to the same customer at {at}, ")?;
                f.write_str("which may be the answer")
            }
            Self::InboundGap(from) => {
                write!(f, "inbound logs are missing from {from}, and a message in them would change this wait")
            }
            Self::UnknownKind => write!(f, "the message is of an unknown kind and may not ask for an answer"),
            Self::Conflict => write!(f, "exports disagree about a message of this conversation"),
        }
    }
}

/// One inbound message that asks for an answer; under other readings a run of them, or an outbound message with the
/// last inbound one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    pub conversation: Arc<str>,
    /// Gives the market; never printed whole.
    pub customer: Arc<str>,
    /// Of the message that is charged: under `charge_per = "wait_run"` the one that gives the clock, under
    /// `late_outbound` the outbound one.
    pub message_id: Box<str>,
    /// The messages of the run, in their order; empty where each is charged alone.
    pub run: Vec<Box<str>>,
    pub entry_point: EntryPoint,
    /// By the reading's clock: of the message itself, or of the first or last of its run. Under `late_outbound` that
    /// of the last inbound message before it.
    pub received_at: Instant,
    /// Under `late_outbound` the instant of the outbound message itself.
    pub answered_at: Option<Instant>,
    /// `received_at` + window, without tolerance.
    pub deadline: Instant,
    pub verdict: Verdict,
    pub held_for: Option<HeldFor>,
    /// The first instant from `received_at` on at which an answer may have gone unseen, before the
    /// watermark. Lateness steps longer than the window hang on it.
    pub doubt_at: Option<HeldFor>,
    /// The first such instant that the operator has accepted. Final where it lies in the time of the wait.
    pub accepted_at: Option<HeldFor>,
    /// Held for good: the operator accepted that the logs will never prove it, so it is never billed, whatever
    /// arrives later.
    ///
    /// Invariant: only a held wait is excluded.
    pub excluded: bool,
    /// The watermark of the channel when the verdict was given.
    pub watermark: Instant,
    pub tolerance: Elapsed,
}

impl Wait {
    /// Whether logs, or the operator, may still decide it.
    pub const fn is_open(&self) -> bool {
        matches!(self.verdict, Verdict::Pending) || (matches!(self.verdict, Verdict::Held) && !self.excluded)
    }

    /// One of its instants; `None` for the answer of a message that has none.
    pub fn dated(&self, date: DateOf) -> Option<Instant> {
        match date {
            DateOf::Received => Some(self.received_at),
            DateOf::Deadline => Some(self.deadline),
            DateOf::Answered => self.answered_at,
        }
    }

    /// The instant that the charges of a month are counted by, before the message id.
    pub fn counted_at(&self, reading: &Reading) -> Instant {
        match (reading.charge_for, self.answered_at) {
            (ChargeFor::LateOutbound, Some(sent_at)) => sent_at,
            _ => self.received_at,
        }
    }

    /// Time from question to answer; an answer stamped up to the tolerance before its question took none.
    pub fn length(&self) -> Option<Elapsed> {
        self.answered_at.map(|answered_at| answered_at.since(self.received_at).max(Elapsed::ZERO))
    }

    /// The order of every list of waits: business, then time, then id (as bytes), then channel, conversation and
    /// customer, in which copies that contradict each other may differ.
    pub fn order(&self) -> (&str, Instant, &str, &str, &str, &str) {
        let Self { business, received_at, message_id, channel, conversation, customer, .. } = self;
        (business, *received_at, message_id, channel, conversation, customer)
    }

    /// The same order, with a look at the texts only where the instants are equal: most waits that are compared are of one
    /// business.
    pub fn compare(&self, other: &Self) -> Ordering {
        let is_same = Arc::ptr_eq(&self.business, &other.business);
        let by_business = if is_same { Ordering::Equal } else { self.business.cmp(&other.business) };
        let by_time = by_business.then(self.received_at.cmp(&other.received_at));
        by_time.then_with(|| self.order().cmp(&other.order()))
    }
}

impl HeldFor {
    /// The instant from which on nothing is proven; `None` when the wait as a whole is in doubt.
    pub const fn from(self) -> Option<Instant> {
        match self {
            Self::Gap(at)
            | Self::Unread(at)
            | Self::UnknownAnswer(at)
            | Self::UnknownDelivery(at)
            | Self::OtherConversation(at)
            | Self::InboundGap(at) => Some(at),
            Self::UnknownKind | Self::Conflict => None,
        }
    }
}
