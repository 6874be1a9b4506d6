//! What a night has counted of an open month, so that the next one need not judge it again.
//!
//! Nothing is billed from it: of earlier nights only months that cannot be closed yet are told by it, and every other is
//! judged from the archive. What it tells of those must be the same all the same. So it is used only where that is certain:
//!
//! - a message before the *frontier* (the earliest watermark of the channels of a business) is let go where its
//!   conversation is ordinary and nothing that may still come changes what was said of it: each question has an answer
//!   before the frontier, and no other copy of a message is known ([`odd`]);
//! - all other messages are carried on, and judged each night with the new ones ([`store`], [`make`]);
//! - a new log that reaches behind the frontier, or has an id again, or proves something else of that time, or anything
//!   that a person decided since, puts the business back to the archive ([`fit`]).

mod abridge;
mod drawn;
mod fit;
mod ids;
mod make;
mod odd;
mod sliced;
mod store;

use std::collections::BTreeMap;

use super::archived::Archive;
use super::evidence::Evidence;
use super::portions::Room;
use super::setup::Setup;
use super::state::State;
use crate::close::check::sha256;
use crate::domain::charge::Weighed;
use crate::domain::reading::DateOf;
use crate::domain::{Business, Date, Instant, Month};
use crate::engine::kernel;
use crate::ledger::{History, Ledger};
use crate::report::alarms::Past;

pub use abridge::{abridge, count_decided, weigh_closed};
pub use drawn::{Drawn, drawn, is_as_left};
pub use fit::evidence;
pub use make::{DaysOf, keep, weighed};
pub use sliced::{OfMonth, sliced};
pub use store::Group;

/// Messages by civil day.
pub type Days = BTreeMap<Date, u64>;

/// What is counted of the messages of a business that were sent before an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Every message from here on is in the frame of the business.
    pub before: Instant,
    /// The ids of all messages before it.
    pub ids: Vec<ids::Run>,
    /// By month, the decided waits whose messages are in no frame.
    pub months: BTreeMap<Month, Vec<Weighed>>,
    /// By channel.
    pub past: BTreeMap<String, Past>,
    /// Inbound and outbound messages, by month, channel and the beginning of its ownership.
    pub days: BTreeMap<(Month, String, Instant), [Days; 2]>,
    /// A cluster has counted it, which tells no ids: the next night begins from the archive.
    pub is_of_tonight: bool,
}

/// What a night is judged by.
pub struct Task<'t> {
    pub setup: &'t Setup,
    pub state: &'t State,
    pub ledger: &'t Ledger,
    pub history: &'t History,
    pub archive: &'t Archive<'t>,
    pub as_of: Instant,
    pub room: Room,
}

impl Task<'_> {
    /// The open months of a business.
    fn open_months(&self, business: &Business) -> impl Iterator<Item = Month> {
        let months = std::iter::successors(Some(business.first_month), |month| Some(month.next()));
        let months = months.take_while(move |month| month.span(business.zone).from <= self.as_of);
        months.filter(move |month| !self.history.closed.contains_key(&(business.id.clone(), *month)))
    }
}

/// Whether what is said of a wait that was answered can be kept: under readings in which each question is on its own, and
/// tariffs in which no charge hangs on another.
pub fn can_settle(setup: &Setup) -> bool {
    let Setup { tariff, .. } = setup;
    kernel::supports(&tariff.reading) && tariff.reading.month_of == DateOf::Received && !tariff.counts()
}

/// A digest of what the logs prove of the channels of a business before an instant; `None` where they do not reach that
/// far.
fn proof(evidence: &Evidence, business: &Business, before: Instant, as_of: Instant) -> Option<String> {
    let mut channels: Vec<&str> = business.channels.iter().map(|owned| owned.channel.as_str()).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut text = String::new();
    for channel in channels {
        let known = evidence.of_channel(channel, as_of).filter(|known| known.watermark >= before)?;
        text += &format!("{channel} {:?}\n", known.cut_at(before));
    }
    Some(sha256(text.as_bytes()))
}
