//! What rejected rows leave open when no source says what its files prove: for `rate`, whose logs count as complete.

use std::collections::BTreeSet;

use crate::domain::evidence::united;
use crate::domain::{ChannelEvidence, Elapsed, Instant, Span};
use crate::read::LogFile;

/// More of them than this in one file are taken together: nothing outbound of its time is then certain.
const MOST: usize = 10_000;

/// Rejected rows that may be outbound messages: channel and conversation where they can be read, and when.
#[derive(Debug, Default)]
pub struct Suspects(BTreeSet<(Option<String>, Option<String>, Span)>);

impl Suspects {
    pub fn add(&mut self, log: &LogFile) {
        let whole = match log.first_and_last {
            Some((first, last)) => Span { from: first, to: last.plus(Elapsed::from_micros(1)) },
            None => Span { from: Instant::MIN, to: Instant::MAX },
        };
        let moment = |at: Instant| Span { from: at, to: at.plus(Elapsed::from_micros(1)) };
        let of_file: BTreeSet<_> = log
            .rejects
            .iter()
            .filter_map(|reject| reject.suspect.as_ref())
            .map(|row| (row.channel.clone(), row.conversation.clone(), row.at.map_or(whole, moment)))
            .collect();
        if of_file.len() > MOST {
            self.0.insert((None, None, whole));
        } else {
            self.0.extend(of_file);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Logs of a channel that are complete up to `through`, but for these rows.
    pub fn evidence(&self, channel: &str, through: Instant) -> ChannelEvidence {
        let mut evidence = ChannelEvidence::complete_through(through);
        let of_channel = self.0.iter().filter(|(of, ..)| of.as_deref().is_none_or(|of| of == channel));
        for (_, conversation, span) in of_channel {
            match conversation {
                Some(conversation) => evidence.doubts.entry(conversation.clone()).or_default().push(*span),
                None => evidence.gaps.push(*span),
            }
        }
        evidence.gaps = united(evidence.gaps);
        evidence.doubts.values_mut().for_each(|spans| *spans = united(std::mem::take(spans)));
        evidence.cut_at(through)
    }
}
