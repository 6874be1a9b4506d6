//! Which spans of time the logs prove for each channel and direction: watermark and gaps follow from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::evidence::Unread;
use crate::domain::evidence::united;
use crate::domain::settings::{Coverage, Source};
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
    let day = candidates.filter_map(|text| text.parse::<Date>().ok()).next();
    let day = day.ok_or("its name has no day such as 2018-08-31, which `coverage = \"daily\"` needs")?;
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

    /// What the claims of a channel come to. A claim does not hold where a rejected row of its own files may be an
    /// outbound message: there another must.
    fn of(claims: &[Claim]) -> Self {
        let of = |direction| claims.iter().filter(move |claim| claim.direction == direction);
        let inbound = united(of(Direction::Inbound).map(|claim| claim.span).collect());
        let outbound = united(of(Direction::Outbound).flat_map(|claim| claim.without(None)).collect());
        let mut holes: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for unread in claims.iter().flat_map(|claim| &claim.unread) {
            let Some(conversation) = unread.conversation.as_deref() else { continue };
            holes.entry(conversation).or_default().push(unread.span);
        }
        let doubts = holes.into_iter().map(|(conversation, holes)| {
            let holes = united(holes);
            let near = |claim: &&Claim| holes.iter().any(|hole| hole.overlaps(&claim.span));
            let others = of(Direction::Outbound).filter(near).flat_map(|claim| claim.without(Some(conversation)));
            let proven = united(others.collect());
            (conversation.to_owned(), holes.iter().flat_map(|hole| gaps(&proven, *hole)).collect::<Vec<_>>())
        });
        let doubts = doubts.filter(|(_, spans)| !spans.is_empty()).collect();
        let sources = claims.iter().map(|claim| claim.source.to_owned()).collect();
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
fn may_carry(source: &Source, channel: &str) -> bool {
    let declared = |channels: &Vec<ChannelId>| channels.iter().any(|known| known.as_str() == channel);
    source.channels.as_ref().is_none_or(declared)
}

/// The tolerance of a channel: the greatest of the sources that may carry it, whichever files are there. Were it
/// that of the files, taking one away could add a charge.
pub fn tolerance(sources: &[Source], channel: &str) -> Elapsed {
    let tolerances = sources.iter().filter(|source| may_carry(source, channel)).map(|source| source.tolerance);
    tolerances.max().unwrap_or(Elapsed::ZERO)
}

/// What the files of all sources prove, by channel.
pub fn known<'p>(sources: &[Source], proofs: impl Iterator<Item = (&'p str, &'p Proof)>) -> BTreeMap<String, Known> {
    let mut by_source: BTreeMap<&str, Vec<&Proof>> = BTreeMap::new();
    for (source, proof) in proofs {
        by_source.entry(source).or_default().push(proof);
    }
    let mut claims: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
    for source in sources {
        let proofs = by_source.get(source.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        for (channel, claim) in claimed(source, proofs) {
            claims.entry(channel).or_default().push(claim);
        }
    }
    let known = |(channel, claims): (String, Vec<Claim>)| {
        let known = Known { tolerance: tolerance(sources, &channel), ..Known::of(&claims) };
        (channel, known)
    };
    claims.into_iter().map(known).collect()
}

/// What a file, or with `continuous` coverage a source, claims to prove about a channel and a direction.
struct Claim<'p> {
    source: &'p str,
    direction: Direction,
    span: Span,
    /// What its rejected rows leave open on the channel.
    unread: Vec<&'p Unread>,
}

impl<'p> Claim<'p> {
    /// Where it holds, for one conversation or for those that no rejected row names.
    fn without(&self, conversation: Option<&str>) -> Vec<Span> {
        if self.unread.is_empty() {
            return vec![self.span];
        }
        let concerns = |unread: &&&Unread| {
            unread.conversation.is_none() || (conversation.is_some() && unread.conversation.as_deref() == conversation)
        };
        let holes = united(self.unread.iter().filter(concerns).map(|unread| unread.span).collect());
        gaps(&holes, self.span)
    }
}

fn claimed<'p>(source: &'p Source, proofs: &[&'p Proof]) -> Vec<(String, Claim<'p>)> {
    let carried: BTreeSet<&str> = match &source.channels {
        Some(channels) => channels.iter().map(|channel| channel.as_str()).collect(),
        None => proofs.iter().flat_map(|proof| proof.channels.iter().map(String::as_str)).collect(),
    };
    let whole = extent(proofs.iter().copied());
    let all_unread = || proofs.iter().flat_map(|proof| &proof.unread);
    let mut claims = Vec::new();
    for proof in proofs {
        let span = match source.coverage {
            Coverage::Manifest | Coverage::Daily => proof.declared,
            Coverage::Continuous => whole,
            Coverage::Span => extent(std::iter::once(*proof)),
        };
        let Some(span) = span else { continue };
        let speaks_for: Vec<&str> = match &proof.speaks_for {
            // A manifest cannot speak for channels that the configuration does not give to its source.
            Some(channels) => channels.iter().map(String::as_str).filter(|name| may_carry(source, name)).collect(),
            None => carried.iter().copied().collect(),
        };
        let directions = proof.directions.as_ref().unwrap_or(&source.directions);
        for channel in speaks_for {
            let concerns = |unread: &&Unread| unread.channel.as_deref().is_none_or(|named| named == channel);
            let unread: Vec<&Unread> = match source.coverage {
                // The files of the source claim the whole together.
                Coverage::Continuous => all_unread().filter(concerns).collect(),
                _ => proof.unread.iter().filter(concerns).collect(),
            };
            let claim = |direction: &Direction| Claim {
                source: &source.name,
                direction: *direction,
                span,
                unread: if *direction == Direction::Outbound { unread.clone() } else { Vec::new() },
            };
            claims.extend(directions.iter().map(|direction| (channel.to_owned(), claim(direction))));
        }
    }
    claims
}

/// From the first to the last message of some files, both included.
fn extent<'p>(proofs: impl Iterator<Item = &'p Proof> + Clone) -> Option<Span> {
    let from = proofs.clone().filter_map(|proof| proof.first).min()?;
    let last = proofs.filter_map(|proof| proof.last).max()?;
    Some(Span { from, to: last.plus(Elapsed::from_micros(1)) })
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
