//! The reading of the rule that a tariff states.

use super::Elapsed;

/// Whether a wait of exactly the window is on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Exactly at the window is on time.
    Inclusive,
    /// Exactly at the window is late.
    Exclusive,
}

/// How the rule is read. `Default` is the default reading: every unanswered message, each with its own
/// clock of 24 hours, any answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub window: Elapsed,
    pub boundary: Boundary,
}

impl Default for Reading {
    fn default() -> Self {
        Self { window: Elapsed::DAY, boundary: Boundary::Inclusive }
    }
}

impl Reading {
    /// Whether a wait of this length is within `limit` (the window, or the start of a lateness step).
    pub fn is_within(&self, wait: Elapsed, limit: Elapsed) -> bool {
        match self.boundary {
            Boundary::Inclusive => wait <= limit,
            Boundary::Exclusive => wait < limit,
        }
    }
}
