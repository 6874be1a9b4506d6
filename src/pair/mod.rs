//! Messages to waits. Polars ends here: what leaves this folder is plain values.
#![deny(clippy::float_arithmetic)]

mod answer;
mod event;

use std::sync::Arc;

use polars::prelude::{DataFrame, PolarsError};

use crate::domain::{ChannelEvidence, Reading, Wait};

pub use event::Conflict;

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

/// Finds the answer of every inbound message.
///
/// `frame` has the columns of [`crate::domain::columns::ALL`], in any order of rows; `evidence` says what
/// is proven about a (business, channel), `None` where nothing is: its messages give no wait.
pub fn pair(
    frame: &DataFrame,
    evidence: &dyn Fn(&str, &str) -> Option<ChannelEvidence>,
    reading: Reading,
) -> Result<Paired, PairError> {
    let events = event::events(frame)?;
    let mut paired = Paired { messages: events.count, conflicts: events.conflicts, ..Paired::default() };
    for channel in &events.channels {
        let Some(evidence) = evidence(&channel.business, &channel.channel) else {
            paired.after_watermark += channel.conversations.values().map(|c| c.events.len() as u64).sum::<u64>();
            continue;
        };
        for (name, conversation) in &channel.conversations {
            let place = answer::Place {
                business: Arc::clone(&channel.business),
                channel: Arc::clone(&channel.channel),
                conversation: Arc::clone(name),
            };
            let known = conversation.events.iter().filter(|event| event.at < evidence.watermark).count();
            paired.after_watermark += (conversation.events.len() - known) as u64;
            answer::answer(&place, conversation, &evidence, reading, &mut paired.waits);
        }
    }
    paired.waits.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(paired)
}

#[cfg(test)]
mod tests;
