//! Where pairing and rating run: this machine, or a cluster that somebody has anyway (`spark`).

pub mod kernel;
pub mod scratch;
pub mod spark;

use polars::prelude::DataFrame;

use crate::domain::charge::RatedWait;
use crate::domain::{ChannelEvidence, Instant, Month, Wait};
use crate::pair::{Conflict, PairError, pair};
use crate::rate::{NoRate, Tariff, rate};

/// Waits with their charges, and what was seen on the way.
#[derive(Debug)]
pub struct Decided {
    /// Sorted by [`crate::domain::Wait::order`]; the error names the first charge without a rate.
    pub rated: Result<Vec<RatedWait>, NoRate>,
    pub conflicts: Vec<Conflict>,
    /// Distinct messages.
    pub messages: u64,
    /// Of these, known but at or after the watermark of their channel.
    pub after_watermark: u64,
}

/// Pairs all messages of `frame` (columns of [`crate::domain::columns::ALL`]) and rates the waits that are
/// `wanted`. `month_of` gives the billing month of a business's instant.
pub fn decide(
    frame: &DataFrame,
    evidence: &dyn Fn(&str, &str) -> Option<ChannelEvidence>,
    tariff: &Tariff,
    wanted: &dyn Fn(&Wait) -> bool,
    month_of: &dyn Fn(&str, Instant) -> Month,
) -> Result<Decided, PairError> {
    let mut paired = pair(frame, evidence, tariff.reading)?;
    paired.waits.retain(wanted);
    Ok(Decided {
        rated: rate(paired.waits, tariff, month_of),
        conflicts: paired.conflicts,
        messages: paired.messages,
        after_watermark: paired.after_watermark,
    })
}
