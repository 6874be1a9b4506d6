//! Messages to waits. Polars ends here: what leaves this folder is plain values.
#![deny(clippy::float_arithmetic)]

mod answer;
mod conflict;
mod copies;
mod elsewhere;
mod event;
mod intern;
mod order;
mod outbound;
mod repeated;
mod rows;
mod run;
mod sent;
mod skew;
mod talks;
mod threads;

use polars::prelude::{DataFrame, PolarsError};

use crate::domain::{ChannelEvidence, Reading, Wait};

pub use conflict::{Conflict, Version};
pub use skew::{Clock, Skew, Stamp, skew};

/// What the messages say, taken together.
#[derive(Debug, Default)]
pub struct Paired {
    /// Sorted by [`Wait::order`].
    pub waits: Vec<Wait>,
    /// Messages of which exports disagree, sorted. Their conversations are held.
    pub conflicts: Vec<Conflict>,
    /// Distinct messages.
    pub messages: u64,
    /// Distinct messages at or after the watermark of their channel: known, but not yet evidence.
    pub after_watermark: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the frame of messages could not be read")]
pub struct PairError(#[from] PolarsError);

/// Finds the answer of every inbound message, or what else the reading charges for.
///
/// `frame` has the columns of [`crate::domain::columns::ALL`], in any order of rows; `evidence` says what
/// is proven about a (business, channel), `None` where nothing is: its messages give no wait.
pub fn pair(
    frame: &DataFrame,
    evidence: &dyn Fn(&str, &str) -> Option<ChannelEvidence>,
    reading: Reading,
) -> Result<Paired, PairError> {
    let rows = rows::Rows::read(frame)?;
    let proven = rows.places.iter().map(|place| event::Channel::new(*place, evidence(place.0, place.1)));
    let channels: Vec<event::Channel> = proven.collect();
    let joined = conflict::joined(&rows, &channels);
    let (waits, later) = talks::Talks::of(&rows, &channels, joined.told).judged(&reading);
    Ok(Paired {
        waits,
        conflicts: joined.conflicts,
        messages: rows.repeated.distinct(rows.all.len()),
        after_watermark: joined.after_watermark + later,
    })
}

#[cfg(test)]
mod tests;
