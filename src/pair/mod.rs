//! Messages to waits. Polars ends here: what leaves this folder is plain values.
#![deny(clippy::float_arithmetic)]

mod answer;
mod copies;
mod event;
mod outbound;
mod run;
mod sent;
mod skew;

use std::sync::Arc;

use polars::prelude::{DataFrame, PolarsError};

use crate::domain::reading::ChargeFor;
use crate::domain::{ChannelEvidence, Reading, Wait};

pub use event::{Conflict, Version};
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
    let events = event::events(frame, evidence)?;
    let (messages, after_watermark, conflicts) = (events.count, events.after_watermark, events.conflicts);
    let mut paired = Paired { waits: Vec::new(), messages, after_watermark, conflicts };
    for channel in &events.channels {
        let Some(evidence) = &channel.evidence else { continue };
        for (name, conversation) in &channel.conversations {
            let place = answer::Place {
                business: Arc::clone(&channel.business),
                channel: Arc::clone(&channel.channel),
                conversation: Arc::clone(name),
            };
            let later = conversation.events.iter().filter(|event| event.at >= evidence.watermark).count();
            paired.after_watermark += later as u64;
            let talk = answer::Talk { place: &place, conversation, evidence, reading: &reading };
            match reading.charge_for {
                ChargeFor::LateOutbound => outbound::outbound(&talk, &mut paired.waits),
                ChargeFor::UnansweredInbound | ChargeFor::LateReply => answer::answer(&talk, &mut paired.waits),
            }
        }
    }
    paired.waits.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(paired)
}

#[cfg(test)]
mod tests;
