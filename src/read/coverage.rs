//! Which spans of time the logs prove for each channel and direction: watermark and gaps follow from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::settings::{Coverage, Source};
use crate::domain::{ChannelEvidence, Date, Direction, Elapsed, Instant, Span, Zone};

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
    pub tolerance: Elapsed,
    /// Names of the sources that speak for the channel.
    pub sources: BTreeSet<String>,
}

impl Known {
    /// The proof as of `as_of`; `None` when one direction was never covered.
    pub fn evidence(&self, as_of: Instant) -> Option<ChannelEvidence> {
        let (inbound, outbound) = (self.inbound.last()?.to, self.outbound.last()?.to);
        let watermark = inbound.min(outbound).min(as_of);
        Some(ChannelEvidence { watermark, gaps: gaps(&self.outbound, watermark), tolerance: self.tolerance })
    }

    /// What the inbound logs leave open before `through`.
    pub fn inbound_gaps(&self, through: Instant) -> Vec<Span> {
        gaps(&self.inbound, through)
    }

    fn add(&mut self, direction: Direction, span: Span) {
        match direction {
            Direction::Inbound => self.inbound.push(span),
            Direction::Outbound => self.outbound.push(span),
        }
    }
}

/// What the files of all sources prove, by channel.
pub fn known<'p>(sources: &[Source], proofs: impl Iterator<Item = (&'p str, &'p Proof)>) -> BTreeMap<String, Known> {
    let mut by_source: BTreeMap<&str, Vec<&Proof>> = BTreeMap::new();
    for (source, proof) in proofs {
        by_source.entry(source).or_default().push(proof);
    }
    let mut channels: BTreeMap<String, Known> = BTreeMap::new();
    for source in sources {
        let proofs = by_source.get(source.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        for (channel, direction, span) in spans(source, proofs) {
            let known = channels.entry(channel).or_default();
            known.add(direction, span);
            known.tolerance = known.tolerance.max(source.tolerance);
            known.sources.insert(source.name.clone());
        }
    }
    for known in channels.values_mut() {
        known.inbound = united(std::mem::take(&mut known.inbound));
        known.outbound = united(std::mem::take(&mut known.outbound));
    }
    channels
}

fn spans(source: &Source, proofs: &[&Proof]) -> Vec<(String, Direction, Span)> {
    let carried: BTreeSet<&str> = match &source.channels {
        Some(channels) => channels.iter().map(|channel| channel.as_str()).collect(),
        None => proofs.iter().flat_map(|proof| proof.channels.iter().map(String::as_str)).collect(),
    };
    let whole = extent(proofs.iter().copied());
    let mut spans = Vec::new();
    for proof in proofs {
        let span = match source.coverage {
            Coverage::Manifest | Coverage::Daily => proof.declared,
            Coverage::Continuous => whole,
            Coverage::Span => extent(std::iter::once(*proof)),
        };
        let Some(span) = span else { continue };
        let speaks_for: Vec<&str> = match &proof.speaks_for {
            Some(channels) => channels.iter().map(String::as_str).collect(),
            None => carried.iter().copied().collect(),
        };
        let directions = proof.directions.as_ref().unwrap_or(&source.directions);
        for channel in speaks_for {
            spans.extend(directions.iter().map(|direction| (channel.to_owned(), *direction, span)));
        }
    }
    spans
}

/// From the first to the last message of some files, both included.
fn extent<'p>(proofs: impl Iterator<Item = &'p Proof> + Clone) -> Option<Span> {
    let from = proofs.clone().filter_map(|proof| proof.first).min()?;
    let last = proofs.filter_map(|proof| proof.last).max()?;
    Some(Span { from, to: last.plus(Elapsed::from_micros(1)) })
}

/// The same time as few spans as possible, in order.
fn united(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut united: Vec<Span> = Vec::new();
    for span in spans {
        match united.last_mut().filter(|last| span.from <= last.to) {
            Some(last) => last.to = last.to.max(span.to),
            None => united.push(span),
        }
    }
    united
}

/// What `spans` leave open before `watermark`.
fn gaps(spans: &[Span], watermark: Instant) -> Vec<Span> {
    let starts = std::iter::once(Instant::MIN).chain(spans.iter().map(|span| span.to));
    let ends = spans.iter().map(|span| span.from).chain(std::iter::once(watermark));
    let open = starts.zip(ends).map(|(from, to)| Span { from, to: to.min(watermark) });
    open.filter(|gap| gap.from < gap.to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Instant {
        Instant::from_unix_seconds(1_533_081_600 + day * 86_400).unwrap()
    }

    fn source(coverage: Coverage) -> Source {
        Source {
            name: "s".to_owned(),
            files: "**".to_owned(),
            format: None,
            zone: None,
            stamps: crate::domain::settings::Stamps::Text,
            from: None,
            to: None,
            expected_by: None,
            keep_raw: None,
            channels: None,
            directions: Direction::BOTH.to_vec(),
            coverage,
            tolerance: Elapsed::ZERO,
        }
    }

    fn proof(first: i64, last: i64, channels: &[&str]) -> Proof {
        let channels = channels.iter().map(|name| (*name).to_owned()).collect();
        let declared = Some(Span { from: day(first), to: day(last + 1) });
        Proof { declared, first: Some(day(first)), last: Some(day(last)), channels, speaks_for: None, directions: None }
    }

    #[track_caller]
    fn check(source: Source, proofs: &[Proof], as_of: i64, watermark: Option<Instant>, gaps: &[(Instant, Instant)]) {
        let known = known(&[source], proofs.iter().map(|proof| ("s", proof)));
        let evidence = known.get("c").and_then(|known| known.evidence(day(as_of)));
        assert_eq!(evidence.as_ref().map(|evidence| evidence.watermark), watermark);
        let found: Vec<_> = evidence.iter().flat_map(|e| &e.gaps).map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(found, gaps);
    }

    #[test]
    fn each_coverage_proves_its_spans() {
        let files = [proof(0, 1, &["c"]), proof(4, 5, &[])];
        let micro = Elapsed::from_micros(1);
        let before = |at| (Instant::MIN, at);
        check(source(Coverage::Daily), &files, 9, Some(day(6)), &[before(day(0)), (day(2), day(4))]);
        check(source(Coverage::Continuous), &files, 9, Some(day(5).plus(micro)), &[before(day(0))]);
        check(
            source(Coverage::Span),
            &files,
            9,
            Some(day(5).plus(micro)),
            &[before(day(0)), (day(1).plus(micro), day(4))],
        );
        check(source(Coverage::Daily), &files, 5, Some(day(5)), &[before(day(0)), (day(2), day(4))]);
        check(source(Coverage::Daily), &files, 3, Some(day(3)), &[before(day(0)), (day(2), day(3))]);
    }

    #[test]
    fn a_direction_that_was_never_covered_proves_nothing() {
        let inbound_only = Source { directions: vec![Direction::Inbound], ..source(Coverage::Daily) };
        check(inbound_only, &[proof(0, 1, &["c"])], 9, None, &[]);
    }

    #[test]
    fn quiet_channels_are_proven_by_the_files_of_the_others() {
        let quiet = Source { channels: Some(vec!["c".parse().unwrap()]), ..source(Coverage::Daily) };
        check(quiet, &[proof(0, 1, &[])], 9, Some(day(2)), &[(Instant::MIN, day(0))]);
    }

    #[test]
    fn the_day_is_found_in_the_name() {
        let rome: Zone = "Europe/Rome".parse().unwrap();
        let span = day_in_name("bakery_2018-08-31.csv.gz", rome).unwrap();
        assert_eq!(span.from.to_string(), "2018-08-30T22:00:00.000Z");
        assert_eq!(span.to.to_string(), "2018-08-31T22:00:00.000Z");
        for name in ["x 2018-08-31.csv", "bakery-2018-08-31.csv", "2018-08-31"] {
            assert_eq!(day_in_name(name, rome).unwrap(), span, "{name}");
        }
        for name in ["2018-02-30.csv", "12018-08-31.csv", "2018-08-311.csv", "2018-8-31.csv"] {
            assert!(day_in_name(name, rome).is_err(), "{name}");
        }
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_refused() {
        let text = br#"{"from":"2018-08-01T00:00:00Z","to":"2018-08-08T00:00:00Z","rows":3,"sha256":"ab"}"#;
        let manifest = Manifest::parse(text).unwrap();
        assert!(manifest.check_sha256("AB").is_ok());
        assert!(manifest.check_sha256("ac").is_err());
        assert!(manifest.check_rows(3).is_ok());
        assert!(manifest.check_rows(4).is_err());
        assert!(Manifest::parse(b"{}").is_err());
    }
}
