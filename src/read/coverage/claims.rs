//! What each file, or with `continuous` coverage each source, claims to prove about a channel and a direction.

use std::collections::{BTreeMap, BTreeSet};

use super::{Proof, gaps};
use crate::domain::evidence::{Unread, united};
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Direction, Elapsed, Instant, Span};

/// A span of time in which a source claims to have every message of one direction on the channel at hand.
pub struct Claim<'p> {
    pub source: &'p str,
    pub direction: Direction,
    pub span: Span,
    /// What its rejected rows leave open on the channel where they name no conversation: sorted, disjoint.
    general: Vec<Span>,
    /// The same by conversation.
    named: BTreeMap<&'p str, Vec<Span>>,
}

impl<'p> Claim<'p> {
    /// What its rejected rows leave open of single conversations.
    pub fn named(&self) -> impl Iterator<Item = (&'p str, &[Span])> {
        self.named.iter().map(|(conversation, holes)| (*conversation, holes.as_slice()))
    }

    /// Where it holds within a span, for one conversation or for those that no rejected row names.
    fn without(&self, conversation: Option<&str>, within: Span) -> Vec<Span> {
        let span = Span { from: self.span.from.max(within.from), to: self.span.to.min(within.to) };
        let near = |holes: &[Span]| {
            let (first, end) = (first_after(holes, span.from), holes.partition_point(|hole| hole.from < span.to));
            holes.get(first..end).unwrap_or_default().to_vec()
        };
        let own = conversation.and_then(|conversation| self.named.get(conversation));
        let holes = [near(&self.general), own.map(|own| near(own)).unwrap_or_default()].concat();
        gaps(&united(holes), span)
    }
}

/// The place of the first span that ends after an instant; the spans are sorted and disjoint.
fn first_after(spans: &[Span], at: Instant) -> usize {
    spans.partition_point(|span| span.to <= at)
}

/// What the outbound claims prove together within a span, for one conversation or for those that no rejected row
/// names.
///
/// What a source proves it proves by its own clock. What another clock puts just inside may lie just outside, so
/// that two sources which meet, or which have each lost the same row, could claim between them a message that
/// neither has: the edges of each give way by `drift`, those of the span as well.
pub fn proven(claims: &[&Claim], conversation: Option<&str>, within: Span, drift: Elapsed) -> Vec<Span> {
    let mut by_source: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.span.overlaps(&within)) {
        by_source.entry(claim.source).or_default().extend(claim.without(conversation, within));
    }
    let narrowed = |span: Span| Span { from: span.from.plus(drift), to: span.to.minus(drift) };
    united(by_source.into_values().flat_map(united).map(narrowed).collect())
}

pub fn widened(span: Span, by: Elapsed) -> Span {
    Span { from: span.from.minus(by), to: span.to.plus(by) }
}

/// A source and its files, ready to be asked about one channel after the other: there may be many of both.
pub struct Voice<'p> {
    source: &'p Source,
    /// Channels of which the files speak that do not name any.
    carried: BTreeSet<&'p str>,
    /// The files that speak for `carried`.
    general: Vec<&'p Proof>,
    /// The files whose manifest names channels, by channel.
    speaking: BTreeMap<&'p str, Vec<&'p Proof>>,
    /// Channels that a rejected row names.
    doubted: BTreeSet<&'p str>,
    /// From the first to the last message of all files.
    whole: Option<Span>,
    /// What the rejected rows of all files leave open.
    unread: Vec<&'p Unread>,
}

impl<'p> Voice<'p> {
    pub fn new(source: &'p Source, proofs: Vec<&'p Proof>) -> Self {
        let carried: BTreeSet<&str> = match &source.channels {
            Some(channels) => channels.iter().map(|channel| channel.as_str()).collect(),
            None => proofs.iter().flat_map(|proof| proof.channels.iter().map(String::as_str)).collect(),
        };
        let unread: Vec<&Unread> = proofs.iter().flat_map(|proof| &proof.unread).collect();
        let mut speaking: BTreeMap<&str, Vec<&Proof>> = BTreeMap::new();
        for proof in &proofs {
            let named = proof.speaks_for.iter().flatten().map(String::as_str);
            // A manifest cannot speak for channels that the configuration does not give to its source.
            let may_carry = |channel: &&str| source.channels.is_none() || carried.contains(*channel);
            for channel in named.filter(may_carry).collect::<BTreeSet<_>>() {
                speaking.entry(channel).or_default().push(proof);
            }
        }
        Self {
            source,
            carried,
            whole: extent(proofs.iter().copied()),
            doubted: unread.iter().filter_map(|unread| unread.channel.as_deref()).collect(),
            unread,
            speaking,
            general: proofs.into_iter().filter(|proof| proof.speaks_for.is_none()).collect(),
        }
    }

    /// The channels that it may say something of.
    pub fn channels(&self) -> impl Iterator<Item = &'p str> {
        let general = if self.general.is_empty() { None } else { Some(self.carried.iter().copied()) };
        general.into_iter().flatten().chain(self.speaking.keys().copied())
    }

    fn carries(&self, channel: &str) -> bool {
        self.carried.contains(channel)
    }

    /// The channels of which it says what it does not say of all.
    fn singled_out(&self) -> impl Iterator<Item = &'p str> {
        self.speaking.keys().copied().chain(self.doubted.iter().copied())
    }

    pub fn claims(&self, channel: &str) -> Vec<Claim<'p>> {
        let concerns = |unread: &&Unread| unread.channel.as_deref().is_none_or(|named| named == channel);
        let general = self.carries(channel).then_some(&self.general);
        let proofs = general.into_iter().chain(self.speaking.get(channel)).flatten().copied();
        if self.source.coverage == Coverage::Continuous {
            // The files claim the whole together.
            let Some(span) = self.whole else { return Vec::new() };
            let directions: BTreeSet<Direction> = proofs.flat_map(|proof| self.directions(proof)).collect();
            let unread: Vec<&Unread> = self.unread.iter().copied().filter(concerns).collect();
            return directions.into_iter().map(|direction| self.claim(direction, span, &unread)).collect();
        }
        let mut claims = Vec::new();
        for proof in proofs {
            let span = match self.source.coverage {
                Coverage::Manifest | Coverage::Daily => proof.declared,
                Coverage::Continuous | Coverage::Span => extent(std::iter::once(proof)),
            };
            let Some(span) = span else { continue };
            let unread: Vec<&Unread> = proof.unread.iter().filter(concerns).collect();
            claims.extend(self.directions(proof).map(|direction| self.claim(direction, span, &unread)));
        }
        claims
    }

    /// Those of its manifest; nor can that speak for directions that the configuration does not give to its source.
    fn directions(&self, proof: &'p Proof) -> impl Iterator<Item = Direction> {
        let meant = proof.directions.as_ref().unwrap_or(&self.source.directions);
        self.source.directions.iter().copied().filter(|direction| meant.contains(direction))
    }

    fn claim(&self, direction: Direction, span: Span, unread: &[&'p Unread]) -> Claim<'p> {
        let mut claim =
            Claim { source: &self.source.name, direction, span, general: Vec::new(), named: BTreeMap::new() };
        for unread in unread.iter().filter(|_| direction == Direction::Outbound) {
            let holes = match unread.conversation.as_deref() {
                Some(conversation) => claim.named.entry(conversation).or_default(),
                None => &mut claim.general,
            };
            holes.push(unread.span);
        }
        claim.general = united(claim.general);
        claim.named.values_mut().for_each(|holes| *holes = united(std::mem::take(holes)));
        claim
    }
}

/// Who may say something of a channel: of many sources, most speak for few.
#[derive(Default)]
pub struct Heard {
    /// Places of the voices, sorted.
    pub places: Vec<usize>,
    /// Whether one of them says of this channel what it does not say of all.
    pub is_singled_out: bool,
}

/// All channels that voices say something of.
pub fn heard<'p>(voices: &[Voice<'p>]) -> BTreeMap<&'p str, Heard> {
    let mut heard: BTreeMap<&str, Heard> = BTreeMap::new();
    for (place, voice) in voices.iter().enumerate() {
        for channel in voice.channels().collect::<BTreeSet<_>>() {
            heard.entry(channel).or_default().places.push(place);
        }
    }
    for channel in voices.iter().flat_map(Voice::singled_out) {
        if let Some(heard) = heard.get_mut(channel) {
            heard.is_singled_out = true;
        }
    }
    heard
}

/// From the first to the last message of some files, both included.
fn extent<'p>(proofs: impl Iterator<Item = &'p Proof> + Clone) -> Option<Span> {
    let from = proofs.clone().filter_map(|proof| proof.first).min()?;
    let last = proofs.filter_map(|proof| proof.last).max()?;
    Some(Span { from, to: last.plus(Elapsed::from_micros(1)) })
}
