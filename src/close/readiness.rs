//! Whether a month can be closed, and what is missing when it cannot.

use std::fmt;

use crate::domain::charge::RatedWait;
use crate::domain::{Business, ChannelEvidence, ChannelId, Elapsed, Instant, Month, Verdict};

/// What a month still waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The last charge of the month can still change until then.
    Horizon(Instant),
    /// The logs of a channel are not known far enough.
    Logs {
        channel: ChannelId,
        known_through: Option<Instant>,
        needed_through: Instant,
    },
    /// Waits that the logs cannot prove, and why the first of them cannot.
    Held {
        waits: usize,
        first: String,
    },
    Pending {
        waits: usize,
    },
    /// What else there is to say.
    Other(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = |count: &usize| if *count == 1 { "1 wait is".to_owned() } else { format!("{count} waits are") };
        match self {
            Self::Horizon(cut) => write!(f, "its last charge can change until {cut}"),
            Self::Logs { channel, known_through: None, needed_through } => {
                write!(f, "channel {channel} has no logs of both directions; needed through {needed_through}")
            }
            Self::Logs { channel, known_through: Some(known), needed_through } => {
                write!(f, "logs of channel {channel} are known through {known}, needed through {needed_through}")
            }
            Self::Held { waits: count, first } => write!(f, "{} held: {first}", waits(count)),
            Self::Other(text) => f.write_str(text),
            Self::Pending { waits: count } => write!(f, "{} pending", waits(count)),
        }
    }
}

/// Where the evidence of a month ends: month end + horizon + the tolerance of its channels.
pub fn cut(business: &Business, month: Month, horizon: Elapsed, tolerance: Elapsed) -> Instant {
    month.span(business.zone).to.plus(horizon).plus(tolerance)
}

/// What the logs still owe to a month; empty when every channel that the business owned in it is known
/// through `cut`. Judged before the waits, so that a month without logs is not taken for a quiet one.
pub fn missing_logs(
    business: &Business,
    month: Month,
    cut: Instant,
    as_of: Instant,
    evidence: &dyn Fn(&str) -> Option<ChannelEvidence>,
) -> Vec<Missing> {
    if as_of < cut {
        return vec![Missing::Horizon(cut)];
    }
    let mut channels: Vec<_> = business.channels_in(month.span(business.zone)).map(|owned| &owned.channel).collect();
    channels.sort();
    channels.dedup();
    let lacking = channels.into_iter().filter_map(|channel| {
        let known_through = evidence(channel.as_str()).map(|evidence| evidence.watermark);
        let enough = known_through.is_some_and(|known| known >= cut);
        (!enough).then(|| Missing::Logs { channel: channel.clone(), known_through, needed_through: cut })
    });
    lacking.collect()
}

/// What the waits of a month, judged at its cut, still lack. Excluded waits lack nothing: they are never billed.
pub fn undecided<'r>(rated: impl IntoIterator<Item = &'r RatedWait>) -> Vec<Missing> {
    let (mut held, mut pending, mut first) = (0, 0, None);
    for rated in rated.into_iter().filter(|rated| rated.wait.is_open()) {
        match rated.wait.verdict {
            Verdict::Held => {
                held += 1;
                first = first.or(rated.wait.held_for.map(|why| why.to_string()));
            }
            Verdict::Pending => pending += 1,
            _ => {}
        }
    }
    let held = (held > 0).then(|| Missing::Held { waits: held, first: first.unwrap_or_default() });
    held.into_iter().chain((pending > 0).then_some(Missing::Pending { waits: pending })).collect()
}
