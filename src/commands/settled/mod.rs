//! What a night has counted of an open month, so that the next one need not judge it again.
//!
//! Nothing is billed from it: only months that cannot be closed yet are told by it, and every other is judged from the
//! archive.

use std::collections::BTreeMap;

use crate::domain::charge::Weighed;
use crate::domain::{Date, Instant, Month};
use crate::report::alarms::Past;

/// Messages by civil day.
pub type Days = BTreeMap<Date, u64>;

/// What is counted of the messages of a business that were sent before an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Every message from here on is in the frame of the business.
    pub before: Instant,
    /// By month, the decided waits whose messages are in no frame.
    pub months: BTreeMap<Month, Vec<Weighed>>,
    /// By channel.
    pub past: BTreeMap<String, Past>,
    /// Inbound and outbound messages, by month, channel and the beginning of its ownership.
    pub days: BTreeMap<(Month, String, Instant), [Days; 2]>,
}
