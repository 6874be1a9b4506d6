//! Which spans of time the logs prove for each channel and direction: watermark and gaps follow from it.

mod claims;
mod tolerances;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::claims::{Claim, Heard, Voice, heard, proven, widened};
pub use self::tolerances::Tolerances;
use crate::domain::evidence::{Unread, united};
use crate::domain::settings::Source;
use crate::domain::{ChannelEvidence, ChannelId, Date, Direction, Elapsed, Instant, Span, Zone};

/// What one read file says about time, before the other files of its source are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proof {
    /// The span that is declared for the file: by its manifest, or by the day in its name.
    pub declared: Option<Span>,
    /// First and last `sent_at`; `None` for a file without messages.
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// Channels of its messages; sorted.
    pub channels: Vec<String>,
    /// Channels that its manifest speaks for; `None`: those of the source.
    pub speaks_for: Option<Vec<String>>,
    /// Directions that the manifest speaks for; `None`: those of the source.
    pub directions: Option<Vec<Direction>>,
    /// What its rejected rows leave open, within what it proves of the outbound direction.
    pub unread: Vec<Unread>,
}

/// The sidecar of a file, `FILE.manifest.json`. Keys that are not named here are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    pub from: Instant,
    pub to: Instant,
    /// Rows of the file, rejected ones included.
    pub rows: u64,
    /// Of the file as it lies on disk.
    pub sha256: String,
    pub channels: Option<Vec<String>>,
    pub directions: Option<Vec<Direction>>,
}

impl Manifest {
    /// The manifest, or a sentence that says what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let manifest: Self =
            serde_json::from_slice(text).map_err(|error| format!("its manifest cannot be read: {error}"))?;
        if manifest.from >= manifest.to {
            return Err("its manifest ends before it begins".to_owned());
        }
        Ok(manifest)
    }

    /// Compares the file's digest with the manifest's.
    pub fn check_sha256(&self, sha256: &str) -> Result<(), String> {
        if self.sha256.eq_ignore_ascii_case(sha256) {
            Ok(())
        } else {
            Err(format!("its SHA-256 is {sha256}, its manifest says {}", self.sha256))
        }
    }

    /// Compares the number of rows with the manifest's.
    pub fn check_rows(&self, rows: u64) -> Result<(), String> {
        if self.rows == rows { Ok(()) } else { Err(format!("it has {rows} rows, its manifest says {}", self.rows)) }
    }
}

/// The civil day in a file's name, as a span in the source's zone.
pub fn day_in_name(name: &str, zone: Zone) -> Result<Span, String> {
    let is_digit =
        |place: Option<usize>| place.and_then(|place| name.as_bytes().get(place)).is_some_and(u8::is_ascii_digit);
    let alone = |start: &usize| !is_digit(start.checked_sub(1)) && !is_digit(Some(start + 10));
    let candidates = (0..name.len()).filter(alone).filter_map(|start| name.get(start..start + 10));
    let days: BTreeSet<Date> = candidates.filter_map(|text| text.parse().ok()).collect();
    let day = days.first().ok_or("its name has no day such as 2018-08-31, which `coverage = \"daily\"` needs")?;
    if days.len() > 1 {
        return Err("its name has several days: which one it speaks of is not certain".to_owned());
    }
    Ok(Span { from: day.start(zone), to: day.plus_days(1).start(zone) })
}

/// The proven spans of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Sorted, disjoint, not touching.
    pub inbound: Vec<Span>,
    pub outbound: Vec<Span>,
    /// By conversation: where an outbound row was rejected, and no other file proves the time.
    pub doubts: BTreeMap<String, Vec<Span>>,
    pub tolerance: Elapsed,
    /// Names of the sources that speak for the channel.
    pub sources: BTreeSet<String>,
}

impl Known {
    /// The proof as of `as_of`; `None` when one direction was never covered.
    pub fn evidence(&self, as_of: Instant) -> Option<ChannelEvidence> {
        let (inbound, outbound) = (self.inbound.last()?.to, self.outbound.last()?.to);
        let watermark = inbound.min(outbound).min(as_of);
        Some(ChannelEvidence {
            gaps: gaps(&self.outbound, before(watermark)),
            inbound_gaps: gaps(&self.inbound, before(watermark)),
            tolerance: self.tolerance,
            doubts: self.doubts.clone(),
            ..ChannelEvidence::complete_through(watermark)
        })
    }

    /// What the inbound logs leave open before `through`.
    pub fn inbound_gaps(&self, through: Instant) -> Vec<Span> {
        gaps(&self.inbound, before(through))
    }

    /// What is proven of one direction in a span of time, and what is not.
    pub fn covered_within(&self, direction: Direction, within: Span) -> Covered {
        let spans = match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        };
        let cut = spans.iter().map(|span| Span { from: span.from.max(within.from), to: span.to.min(within.to) });
        Covered { spans: cut.filter(|span| span.from < span.to).collect(), gaps: gaps(spans, within) }
    }

    /// Takes back spans of outbound logs, of one conversation or of all.
    pub fn take_back(&mut self, holes: &[(Option<String>, Span)]) {
        for (conversation, hole) in holes {
            if let Some(conversation) = conversation {
                self.doubts.entry(conversation.clone()).or_default().push(*hole);
            }
        }
        self.doubts.values_mut().for_each(|spans| *spans = united(std::mem::take(spans)));
        let general = holes.iter().filter(|(conversation, _)| conversation.is_none()).map(|(_, hole)| *hole);
        let general = united(general.collect());
        self.outbound = self.outbound.iter().flat_map(|span| gaps(&general, *span)).collect();
    }

    /// What the claims of a channel come to. A claim does not hold where a rejected row of its own files may be an
    /// outbound message: there another must. `drift` is by how much the clocks of its sources may differ.
    fn of(claims: &[Claim], drift: Elapsed) -> Self {
        let inbound = claims.iter().filter(|claim| claim.direction == Direction::Inbound);
        let inbound = united(inbound.map(|claim| claim.span).collect());
        let outbound: Vec<&Claim> = claims.iter().filter(|claim| claim.direction == Direction::Outbound).collect();
        let mut holes: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for (conversation, own) in outbound.iter().flat_map(|claim| claim.named()) {
            holes.entry(conversation).or_default().extend(own.iter().map(|hole| widened(*hole, drift)));
        }
        let doubts = holes.into_iter().map(|(conversation, holes)| {
            let open = |hole: Span| gaps(&proven(&outbound, Some(conversation), widened(hole, drift), drift), hole);
            (conversation.to_owned(), united(holes).into_iter().flat_map(open).collect::<Vec<_>>())
        });
        let doubts = doubts.filter(|(_, spans)| !spans.is_empty()).collect();
        let sources = claims.iter().map(|claim| claim.source.to_owned()).collect();
        let outbound = proven(&outbound, None, Span::ALWAYS, drift);
        Self { inbound, outbound, doubts, tolerance: Elapsed::ZERO, sources }
    }
}

/// What is proven of a direction, and what is not: together the whole time that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    pub spans: Vec<Span>,
    pub gaps: Vec<Span>,
}

/// Whether a source may carry a channel, by its configuration alone.
pub fn may_carry(source: &Source, channel: &str) -> bool {
    let declared = |channels: &Vec<ChannelId>| channels.iter().any(|known| known.as_str() == channel);
    source.channels.as_ref().is_none_or(declared)
}

/// What the files of all sources prove, by channel.
pub fn known<'p>(sources: &[Source], proofs: impl Iterator<Item = (&'p str, &'p Proof)>) -> BTreeMap<String, Known> {
    let mut by_source: BTreeMap<&str, Vec<&Proof>> = BTreeMap::new();
    for (source, proof) in proofs {
        by_source.entry(source).or_default().push(proof);
    }
    let voice = |source| Voice::new(source, by_source.remove(source.name.as_str()).unwrap_or_default());
    let voices: Vec<Voice> = sources.iter().map(voice).collect();
    let tolerances = Tolerances::of(sources);
    // Most channels are told of by the same files, which say the same of each.
    let mut alike: BTreeMap<(Vec<usize>, Elapsed, Elapsed), Known> = BTreeMap::new();
    let known = |(channel, heard): (&str, Heard)| {
        let Heard { places, is_singled_out } = heard;
        let (tolerance, drift) = (tolerances.tolerance(channel), tolerances.drift(channel));
        let judged = || {
            let heard = places.iter().filter_map(|place| voices.get(*place));
            let claims: Vec<Claim> = heard.flat_map(|voice| voice.claims(channel)).collect();
            Known { tolerance, ..Known::of(&claims, drift) }
        };
        let known = if is_singled_out {
            judged()
        } else {
            alike.entry((places.clone(), tolerance, drift)).or_insert_with(judged).clone()
        };
        (channel.to_owned(), known)
    };
    heard(&voices).into_iter().map(known).collect()
}

/// What `spans`, sorted and disjoint, leave open of a span.
fn gaps(spans: &[Span], of: Span) -> Vec<Span> {
    let starts = std::iter::once(of.from).chain(spans.iter().map(|span| span.to));
    let ends = spans.iter().map(|span| span.from).chain(std::iter::once(of.to));
    let open = starts.zip(ends).map(|(from, to)| Span { from: from.max(of.from), to: to.min(of.to) });
    open.filter(|gap| gap.from < gap.to).collect()
}

fn before(watermark: Instant) -> Span {
    Span { from: Instant::MIN, to: watermark }
}

#[cfg(test)]
mod tests;
