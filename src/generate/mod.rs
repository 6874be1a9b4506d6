//! A synthetic month with known answers: for tests, for a demonstration, and to measure by.
//!
//! The answers are known from the plan of each conversation, not found in its messages: what `pair` finds is
//! compared with them. Everything follows from the [`Order`]; the same order gives the same bytes on every machine.

mod dice;
mod judge;
mod people;
mod plan;
mod shop;
mod stream;
mod traps;
mod write;

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Month, Status, Verdict, Zone};

pub use people::{Business, businesses};
pub use shop::{book, config, price, tariff};
pub use stream::Stream;
pub use traps::day as day_of;
pub use write::{Form, Sink};

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// About how many messages.
    pub messages: u64,
    /// In UTC: conversations begin within it.
    pub month: Month,
    /// At least 1.
    pub businesses: u32,
    pub seed: u64,
    pub traps: BTreeSet<Trap>,
    /// Stamps are whole multiples of it: a millisecond, or a second where the form has no finer ones.
    pub unit: Elapsed,
}

/// What makes a month harder than it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trap {
    /// Waits across a change of the clocks, where the month has one in the business's zone.
    Dst,
    /// Questions at the first and last instant of the billing month; answers at exactly 24 h and just after.
    Edge,
    /// Messages that stand twice, also cut to seconds, or with another status.
    Duplicates,
    /// Automatic greetings, and one customer who writes hundreds of messages.
    Bots,
    /// Of one day of each business some messages come in a file of their own, later.
    Late,
    /// One day of each business is missing.
    Gaps,
}

impl Trap {
    pub const ALL: [Trap; 6] = [Trap::Dst, Trap::Edge, Trap::Duplicates, Trap::Bots, Trap::Late, Trap::Gaps];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dst => "dst",
            Self::Edge => "edge",
            Self::Duplicates => "duplicates",
            Self::Bots => "bots",
            Self::Late => "late-files",
            Self::Gaps => "gaps",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a message is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The logs of its day.
    InTime,
    /// A file that comes later.
    Late,
    /// Nowhere: its day is missing.
    Missing,
}

/// A message as it is written.
#[derive(Clone, Debug)]
pub struct Message {
    /// Index of its business.
    pub business: u32,
    pub message_id: String,
    pub customer: String,
    pub direction: Direction,
    pub sent_at: Instant,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub place: Place,
    /// What is known of it, where it asks for an answer and is no copy.
    pub expected: Option<Expected>,
}

/// The answer that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub answered_at: Option<Instant>,
    pub verdict: Verdict,
}

impl Order {
    /// Days after the month's end up to which there are logs: conversations go on.
    pub const DAYS_AFTER: u32 = 13;

    /// The instant from which on there may be messages: some waits begin on the day before the month.
    pub fn begin(&self) -> Instant {
        self.month.first_day().previous().start(Zone::UTC)
    }

    /// The instant from which nothing more is known: the logs are complete up to it.
    pub fn complete_through(&self) -> Instant {
        self.month.last_day().plus_days(1 + Self::DAYS_AFTER).start(Zone::UTC)
    }

    pub fn has(&self, trap: Trap) -> bool {
        self.traps.contains(&trap)
    }
}
