//! With many sources each channel is asked of those that may speak of it, and everything is as if all were asked.

use std::collections::{BTreeMap, BTreeSet};

use super::super::claims::{Claim, Voice};
use super::super::{Known, Proof, Tolerances, known, may_carry};
use super::{named, proof, source, unread};
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Direction, Elapsed};

const CHANNELS: [&str; 6] = ["c", "d", "e", "f", "g", "h"];
const SIDES: [&[Direction]; 4] =
    [&Direction::BOTH, &[Direction::Inbound], &[Direction::Outbound], &[Direction::Outbound, Direction::Inbound]];

/// Numbers without a pattern, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn day(&mut self, limit: usize) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }

    fn one<'o, T>(&mut self, of: &'o [T]) -> &'o T {
        &of[self.below(of.len())]
    }

    /// Some channels, different ones.
    fn channels(&mut self, most: usize) -> Vec<&'static str> {
        let count = self.below(most + 1);
        let channels: BTreeSet<&str> = (0..count).map(|_| *self.one(&CHANNELS)).collect();
        channels.into_iter().collect()
    }

    fn directions(&mut self) -> Vec<Direction> {
        self.one(&SIDES).to_vec()
    }

    fn source(&mut self, name: &str) -> Source {
        let (directions, channels) = (self.directions(), self.channels(3));
        // Some name no channels, and some the same ones twice.
        let twice = [channels.clone(), channels.clone()].concat();
        let channels = *self.one(&[None, Some(&channels[..]), Some(&channels[..]), Some(&twice[..])]);
        let seconds = self.day(3) * 30;
        let coverage = *self.one(&Coverage::ALL);
        Source { coverage, ..named(name, &directions, channels, seconds) }
    }

    fn proof(&mut self) -> Proof {
        let (first, length) = (self.day(12), self.day(4));
        let channels = self.channels(3);
        let mut found = proof(first, first + length, &channels);
        if self.below(4) == 0 {
            found.speaks_for = Some(self.channels(4).into_iter().map(str::to_owned).collect());
        }
        if self.below(4) == 0 {
            found.directions = Some(self.directions());
        }
        if self.below(6) == 0 {
            (found.first, found.last) = (None, None);
        }
        for _ in 0..self.below(3).saturating_sub(1) {
            let channel = *self.one(&[None, Some("c"), Some("d"), Some("h")]);
            let conversation = *self.one(&[None, Some("v"), Some("w")]);
            found.unread.push(unread(channel, conversation, first, first + 1));
        }
        found
    }
}

/// By going through all sources.
fn plain_tolerance(sources: &[Source], channel: &str) -> Elapsed {
    let tolerances = sources.iter().filter(|source| may_carry(source, channel)).map(|source| source.tolerance);
    tolerances.max().unwrap_or(Elapsed::ZERO)
}

/// One clock does not differ from itself.
fn plain_drift(sources: &[Source], channel: &str) -> Elapsed {
    let speaks = |source: &&Source| source.directions.contains(&Direction::Outbound) && may_carry(source, channel);
    if sources.iter().filter(speaks).count() < 2 { Elapsed::ZERO } else { plain_tolerance(sources, channel) }
}

/// By asking every source of every channel.
fn plain_known(sources: &[Source], proofs: &[(&str, &Proof)]) -> BTreeMap<String, Known> {
    let own = |source: &Source| {
        let own = proofs.iter().filter(|(name, _)| *name == source.name);
        own.map(|(_, proof)| *proof).collect::<Vec<&Proof>>()
    };
    let voices: Vec<Voice> = sources.iter().map(|source| Voice::new(source, own(source))).collect();
    let channels: BTreeSet<&str> = voices.iter().flat_map(Voice::channels).collect();
    let of_channel = |channel: &str| {
        let claims: Vec<Claim> = voices.iter().flat_map(|voice| voice.claims(channel)).collect();
        let (tolerance, drift) = (plain_tolerance(sources, channel), plain_drift(sources, channel));
        Known { tolerance, ..Known::of(&claims, drift) }
    };
    channels.into_iter().map(|channel| (channel.to_owned(), of_channel(channel))).collect()
}

#[test]
fn each_channel_is_known_as_by_asking_every_source() {
    let mut numbers = Numbers(2);
    let (mut channels, mut doubts) = (0, 0);
    for round in 0..400 {
        let names: Vec<String> = (0..numbers.below(7)).map(|place| format!("s{place}")).collect();
        let sources: Vec<Source> = names.iter().map(|name| numbers.source(name)).collect();
        let mut files: Vec<(&str, Proof)> = Vec::new();
        for name in &names {
            let count = numbers.below(5);
            files.extend((0..count).map(|_| (name.as_str(), numbers.proof())));
        }
        // A file of a source that the configuration does not have any more.
        files.push(("gone", numbers.proof()));
        let proofs: Vec<(&str, &Proof)> = files.iter().map(|(name, proof)| (*name, proof)).collect();
        let found = known(&sources, proofs.iter().copied());
        assert_eq!(found, plain_known(&sources, &proofs), "{round} {sources:?} {proofs:?}");
        channels += found.len();
        doubts += found.values().filter(|known| !known.doubts.is_empty()).count();
        let tolerances = Tolerances::of(&sources);
        for channel in CHANNELS.into_iter().chain(["other"]) {
            assert_eq!(tolerances.tolerance(channel), plain_tolerance(&sources, channel), "{round} {channel}");
            assert_eq!(tolerances.drift(channel), plain_drift(&sources, channel), "{round} {channel}");
        }
    }
    assert!(channels > 400 && doubts > 10, "{channels} {doubts}");
}

#[test]
fn without_a_source_nothing_is_tolerated() {
    assert_eq!(Tolerances::of(&[]).tolerance("c"), Elapsed::ZERO);
    let one = [Source { tolerance: Elapsed::from_seconds(60), ..source(Coverage::Daily) }];
    assert_eq!(Tolerances::of(&one).tolerance("c"), Elapsed::from_seconds(60));
    assert_eq!(Tolerances::of(&one).drift("c"), Elapsed::ZERO, "one clock");
}
