//! What the logs prove about a channel, and which of their holes the operator has accepted.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The same of inbound messages. Only readings hang on them under which a message more can spare a charge.
    pub inbound_gaps: Vec<Span>,
    /// By conversation, spans in which an outbound row of it could not be read: sorted, disjoint.
    pub doubts: BTreeMap<String, Vec<Span>>,
    /// What will never be proven, by decision of the operator.
    pub accepted: Accepted,
    /// By how much the clocks of the channel's sources may be wrong.
    pub tolerance: Elapsed,
}

/// Holds that the operator accepted: the waits that they concern are excluded for good, and never billed, also
/// when logs arrive that would decide them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Of the whole channel: sorted, disjoint.
    pub spans: Vec<Span>,
    /// By conversation: sorted, disjoint.
    pub conversations: BTreeMap<String, Vec<Span>>,
    /// Ids of inbound messages of unknown kind.
    pub questions: BTreeSet<String>,
    /// Ids of messages of which exports disagree: waits of their conversations that were received before the
    /// instant are excluded.
    pub disputes: BTreeMap<String, Instant>,
}

impl ChannelEvidence {
    /// Logs that are complete up to `watermark`, by declaration.
    pub fn complete_through(watermark: Instant) -> Self {
        Self {
            watermark,
            gaps: Vec::new(),
            inbound_gaps: Vec::new(),
            doubts: BTreeMap::new(),
            accepted: Accepted::default(),
            tolerance: Elapsed::ZERO,
        }
    }

    /// The same proof as it stood when nothing from `cut` on was known. What was accepted stays accepted.
    pub fn cut_at(&self, cut: Instant) -> Self {
        let doubts = self.doubts.iter().map(|(conversation, spans)| (conversation.clone(), cut_spans(spans, cut)));
        Self {
            watermark: self.watermark.min(cut),
            gaps: cut_spans(&self.gaps, cut),
            inbound_gaps: cut_spans(&self.inbound_gaps, cut),
            doubts: doubts.filter(|(_, spans)| !spans.is_empty()).collect(),
            accepted: self.accepted.clone(),
            tolerance: self.tolerance,
        }
    }

    /// The first instant at or after `from` at which an outbound message may be missing because of a gap.
    pub fn first_gap_from(&self, from: Instant) -> Option<Instant> {
        first_in(&self.gaps, from)
    }

    /// The first instant at or after `from` at which an outbound row of the conversation could not be read.
    pub fn first_unread_from(&self, conversation: &str, from: Instant) -> Option<Instant> {
        first_in(self.doubts.get(conversation)?, from)
    }
}

impl Accepted {
    /// Puts the spans in the order that they are promised in.
    pub fn tidy(&mut self) {
        self.spans = united(std::mem::take(&mut self.spans));
        for spans in self.conversations.values_mut() {
            *spans = united(std::mem::take(spans));
        }
    }
}

/// The same time as few spans as possible: sorted, disjoint, not touching.
pub fn united(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut united: Vec<Span> = Vec::new();
    for span in spans.into_iter().filter(|span| span.from < span.to) {
        match united.last_mut().filter(|last| span.from <= last.to) {
            Some(last) => last.to = last.to.max(span.to),
            None => united.push(span),
        }
    }
    united
}

/// The first instant at or after `from` that lies in one of the spans, which are sorted.
pub fn first_in(spans: &[Span], from: Instant) -> Option<Instant> {
    spans.iter().find(|span| from < span.to).map(|span| span.from.max(from))
}

fn cut_spans(spans: &[Span], cut: Instant) -> Vec<Span> {
    let before = spans.iter().filter(|span| span.from < cut);
    before.map(|span| Span { from: span.from, to: span.to.min(cut) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(i64, i64)]) -> Vec<Span> {
        let at = Instant::from_micros;
        list.iter().map(|(from, to)| Span { from: at(*from), to: at(*to) }).collect()
    }

    #[test]
    fn spans_are_united_and_searched() {
        assert_eq!(united(spans(&[(5, 7), (1, 3), (3, 4), (6, 9), (8, 8)])), spans(&[(1, 4), (5, 9)]));
        let held = spans(&[(1, 4), (5, 9)]);
        let first = |from| first_in(&held, Instant::from_micros(from)).map(Instant::micros);
        assert_eq!([0, 2, 4, 8, 9].map(first), [Some(1), Some(2), Some(5), Some(8), None]);
    }

    #[test]
    fn a_cut_leaves_gaps_and_doubts_before_it_and_all_that_was_accepted() {
        let evidence = ChannelEvidence {
            gaps: spans(&[(1, 4), (5, 9)]),
            doubts: [("v".to_owned(), spans(&[(2, 8)])), ("w".to_owned(), spans(&[(6, 8)]))].into(),
            accepted: Accepted { spans: spans(&[(1, 9)]), ..Accepted::default() },
            ..ChannelEvidence::complete_through(Instant::from_micros(20))
        };
        let cut = evidence.cut_at(Instant::from_micros(6));
        assert_eq!((cut.watermark.micros(), cut.gaps), (6, spans(&[(1, 4), (5, 6)])));
        assert_eq!(cut.doubts, [("v".to_owned(), spans(&[(2, 6)]))].into());
        assert_eq!(cut.accepted, evidence.accepted);
    }
}
