//! What the logs prove about a channel.

use super::{Elapsed, Instant, Span};

/// What a rejected row leaves open: an outbound message may be in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// `None`: any channel of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Keyed; `None`: any conversation of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Within which it was sent.
    pub span: Span,
}

/// The proof that the logs give about one channel of one business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelEvidence {
    /// Up to here the logs are known, in both directions; evidence is every message before it.
    pub watermark: Instant,
    /// Spans before the watermark in which outbound messages may be missing: sorted, disjoint.
    pub gaps: Vec<Span>,
    /// By how much the clocks of the channel's sources may be wrong.
    pub tolerance: Elapsed,
}

impl ChannelEvidence {
    /// Logs that are complete up to `watermark`, by declaration.
    pub fn complete_through(watermark: Instant) -> Self {
        Self { watermark, gaps: Vec::new(), tolerance: Elapsed::ZERO }
    }

    /// The same proof as it stood when nothing from `cut` on was known.
    pub fn cut_at(&self, cut: Instant) -> Self {
        let gaps = self.gaps.iter().filter(|gap| gap.from < cut);
        let gaps = gaps.map(|gap| Span { from: gap.from, to: gap.to.min(cut) }).collect();
        Self { watermark: self.watermark.min(cut), gaps, tolerance: self.tolerance }
    }

    /// The first instant at or after `from` at which an outbound message may be missing because of a gap.
    pub fn first_gap_from(&self, from: Instant) -> Option<Instant> {
        self.gaps.iter().find(|gap| from < gap.to).map(|gap| gap.from.max(from))
    }
}
