//! Files on the left, what they prove on the right.

mod many;

use super::*;
use crate::domain::settings::Coverage;

fn day(day: i64) -> Instant {
    Instant::from_unix_seconds(1_533_081_600 + day * 86_400).unwrap()
}

fn source(coverage: Coverage) -> Source {
    Source {
        name: "s".to_owned(),
        files: "**".to_owned(),
        format: None,
        mapping: None,
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
        chat: None,
    }
}

fn proof(first: i64, last: i64, channels: &[&str]) -> Proof {
    let channels = channels.iter().map(|name| (*name).to_owned()).collect();
    let declared = Some(Span { from: day(first), to: day(last + 1) });
    Proof {
        declared,
        first: Some(day(first)),
        last: Some(day(last)),
        channels,
        speaks_for: None,
        directions: None,
        unread: Vec::new(),
    }
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
    check(source(Coverage::Span), &files, 9, Some(day(5).plus(micro)), &[before(day(0)), (day(1).plus(micro), day(4))]);
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

/// A source of its own name, direction and tolerance.
fn named(name: &str, directions: &[Direction], channels: Option<&[&str]>, seconds: i64) -> Source {
    Source {
        name: name.to_owned(),
        directions: directions.to_vec(),
        channels: channels.map(|names| names.iter().map(|name| name.parse().unwrap()).collect()),
        tolerance: Elapsed::from_seconds(seconds),
        ..source(Coverage::Daily)
    }
}

/// What the files of several sources prove about the channel `c`: days as `0-2 4-5`, inbound, then outbound.
fn spoken(sources: &[Source], files: &[(&str, i64, i64)]) -> (String, String) {
    let proofs: Vec<(&str, Proof)> =
        files.iter().map(|(name, first, last)| (*name, proof(*first, *last, &["c"]))).collect();
    let known = known(sources, proofs.iter().map(|(name, proof)| (*name, proof)));
    let known = known.get("c").cloned().unwrap_or_default();
    let days = |at: Instant| at.since(day(0)).micros() / Elapsed::DAY.micros();
    let said = |spans: &[Span]| {
        let said = spans.iter().map(|span| format!("{}-{}", days(span.from), days(span.to)));
        said.collect::<Vec<_>>().join(" ")
    };
    (said(&known.inbound), said(&known.outbound))
}

#[test]
fn sources_are_united_for_each_direction() {
    use Direction::{Inbound, Outbound};
    let both = || named("both", &Direction::BOTH, None, 0);
    let (asks, answers) = (|| named("asks", &[Inbound], None, 0), || named("answers", &[Outbound], None, 0));
    /// What it shows, sources, files, then what is proven inbound and outbound.
    type Case<'c> = (&'c str, Vec<Source>, &'c [(&'c str, i64, i64)], &'c str, &'c str);
    let rows: [Case; 6] = [
        (
            "overlap",
            vec![both(), named("too", &Direction::BOTH, None, 0)],
            &[("both", 0, 4), ("too", 3, 6)],
            "0-7",
            "0-7",
        ),
        (
            "apart",
            vec![both(), named("too", &Direction::BOTH, None, 0)],
            &[("both", 0, 1), ("too", 4, 4)],
            "0-2 4-5",
            "0-2 4-5",
        ),
        ("one direction each", vec![asks(), answers()], &[("asks", 0, 5), ("answers", 2, 8)], "0-6", "2-9"),
        (
            "one helps out",
            vec![both(), answers()],
            &[("both", 0, 1), ("both", 4, 5), ("answers", 1, 4)],
            "0-2 4-6",
            "0-6",
        ),
        (
            "followed by another",
            vec![both(), asks(), answers()],
            &[("both", 0, 2), ("asks", 3, 5), ("answers", 3, 4)],
            "0-6",
            "0-5",
        ),
        ("never outbound", vec![asks()], &[("asks", 0, 1)], "0-2", ""),
    ];
    for (what, sources, files, inbound, outbound) in rows {
        assert_eq!(spoken(&sources, files), (inbound.to_owned(), outbound.to_owned()), "{what}");
    }
}

#[test]
fn a_tolerance_does_not_hang_on_the_files_that_came() {
    let sources = [
        named("exact", &Direction::BOTH, Some(&["c"]), 0),
        named("coarse", &Direction::BOTH, Some(&["c", "d"]), 60),
        named("others", &Direction::BOTH, Some(&["d"]), 90),
    ];
    let seconds = |channel: &str| Tolerances::of(&sources).tolerance(channel).micros() / 1_000_000;
    assert_eq!(["c", "d", "e"].map(seconds), [60, 90, 0]);
    let any = [named("any", &Direction::BOTH, None, 30), named("c", &Direction::BOTH, Some(&["c"]), 10)];
    let tolerance = Tolerances::of(&any).tolerance("c");
    assert_eq!(tolerance, Elapsed::from_seconds(30), "a source without channels may carry each");
    let one_file = proof(0, 1, &["c"]);
    let known = known(&sources, std::iter::once(("exact", &one_file)));
    assert_eq!(known["c"].tolerance, Elapsed::from_seconds(60), "no file of the coarse source is there");
}

#[test]
fn a_manifest_speaks_for_channels_of_its_source_only() {
    let spoken = Proof { speaks_for: Some(vec!["c".to_owned(), "d".to_owned()]), ..proof(0, 1, &["c"]) };
    let channels = |source: Source| known(&[source], std::iter::once(("s", &spoken))).into_keys().collect::<Vec<_>>();
    let declared = Source { channels: Some(vec!["c".parse().unwrap()]), ..source(Coverage::Manifest) };
    assert_eq!(channels(declared), ["c"]);
    assert_eq!(channels(source(Coverage::Manifest)), ["c", "d"]);
}

#[test]
fn a_manifest_speaks_for_directions_of_its_source_only() {
    let both = Proof { directions: Some(Direction::BOTH.to_vec()), ..proof(0, 1, &["c"]) };
    let asks = Source { directions: vec![Direction::Inbound], ..source(Coverage::Manifest) };
    let known = known(&[asks], std::iter::once(("s", &both)));
    assert_eq!((known["c"].inbound.len(), known["c"].outbound.len()), (1, 0));
}

/// The same message stands at other instants by other clocks: where two sources meet, or have each lost it, neither
/// speaks for the other.
#[test]
fn edges_of_sources_give_way_by_the_tolerance() {
    let two = |seconds| [named("one", &Direction::BOTH, None, seconds), named("two", &[Direction::Outbound], None, 0)];
    let open = |sources: &[Source], files: &[(&str, &Proof)]| {
        let known = known(sources, files.iter().copied());
        let within = Span { from: day(1), to: day(5) };
        let doubts = known["c"].doubts.get("v").cloned().unwrap_or_default();
        let said = |span: &Span| (span.from.since(day(0)).micros(), span.to.since(day(0)).micros());
        let covered = known["c"].covered_within(Direction::Outbound, within);
        (covered.gaps.iter().map(said).collect::<Vec<_>>(), doubts.iter().map(said).collect::<Vec<_>>())
    };
    let (early, late) = (proof(0, 2, &["c"]), proof(3, 6, &["c"]));
    let (second, micros) = (1_000_000, 86_400_000_000);
    let meeting = [("one", &early), ("two", &late)];
    assert_eq!(open(&two(0), &meeting), (vec![], vec![]));
    assert_eq!(open(&two(60), &meeting), (vec![(3 * micros - 60 * second, 3 * micros + 60 * second)], vec![]));
    assert_eq!(open(&two(60), &[("one", &early), ("one", &late)]), (vec![], vec![]), "files of one clock");
    assert_eq!(open(&two(60)[..1], &[("one", &early), ("one", &late)]), (vec![], vec![]), "one source");
    // Each of them has lost the row, which they stamp half a minute apart.
    let lost = |at: i64| {
        let at = day(2).plus(Elapsed::from_seconds(at));
        let span = Span { from: at, to: at.plus(Elapsed::from_micros(1)) };
        Proof { unread: vec![Unread { span, ..unread(Some("c"), Some("v"), 0, 0) }], ..proof(0, 6, &["c"]) }
    };
    let (one, other) = (lost(0), lost(30));
    let expected = vec![(2 * micros - 30 * second, 2 * micros + 60 * second + 1)];
    assert_eq!(open(&two(60), &[("one", &one), ("two", &other)]), (vec![], expected));
    let sound = proof(0, 6, &["c"]);
    assert_eq!(open(&two(60), &[("one", &one), ("two", &sound)]), (vec![], vec![]), "the other has it");
}

#[test]
fn a_window_of_time_is_split_into_what_is_proven_and_what_is_not() {
    let span = |(from, to): (i64, i64)| Span { from: day(from), to: day(to) };
    let known = Known { outbound: vec![span((2, 4)), span((6, 9))], ..Known::default() };
    /// What is asked for, what is proven of it, what is not.
    type Case<'c> = ((i64, i64), &'c [(i64, i64)], &'c [(i64, i64)]);
    let rows: [Case; 6] = [
        ((0, 10), &[(2, 4), (6, 9)], &[(0, 2), (4, 6), (9, 10)]),
        ((3, 7), &[(3, 4), (6, 7)], &[(4, 6)]),
        ((2, 4), &[(2, 4)], &[]),
        ((4, 6), &[], &[(4, 6)]),
        ((7, 8), &[(7, 8)], &[]),
        ((9, 12), &[], &[(9, 12)]),
    ];
    for (within, spans, gaps) in rows {
        let spans = spans.iter().copied().map(span).collect();
        let gaps = gaps.iter().copied().map(span).collect();
        assert_eq!(known.covered_within(Direction::Outbound, span(within)), Covered { spans, gaps }, "{within:?}");
    }
    let inbound = known.covered_within(Direction::Inbound, span((0, 1)));
    assert_eq!(inbound, Covered { spans: Vec::new(), gaps: vec![span((0, 1))] });
}

fn unread(channel: Option<&str>, conversation: Option<&str>, from: i64, to: i64) -> Unread {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let span = Span { from: day(from), to: day(to) };
    Unread { channel: owned(channel), conversation: owned(conversation), span }
}

/// What a rejected row leaves open is open until another file proves it: then the row is not needed.
#[test]
fn a_rejected_row_takes_back_what_its_file_claims() {
    let of = |rows: Vec<Unread>| Proof { unread: rows, ..proof(0, 9, &["c"]) };
    let known_of = |coverage, proofs: &[Proof]| {
        let known = known(&[source(coverage)], proofs.iter().map(|proof| ("s", proof)));
        let known = known["c"].clone();
        let evidence = known.evidence(day(20)).unwrap();
        let spans = |spans: &[Span]| {
            let days = |at: Instant| at.since(day(0)).micros() / 86_400_000_000;
            let inside = spans.iter().filter(|span| span.from >= day(0));
            inside.map(|span| (days(span.from), days(span.to))).collect::<Vec<_>>()
        };
        let doubts: Vec<_> = evidence.doubts.iter().map(|(name, doubts)| (name.clone(), spans(doubts))).collect();
        (spans(&evidence.gaps), doubts)
    };
    let named = |name: &str, from, to| vec![(name.to_owned(), vec![(from, to)])];
    let row = || unread(Some("c"), Some("v"), 3, 4);
    assert_eq!(known_of(Coverage::Daily, &[of(vec![row()])]), (vec![], named("v", 3, 4)));
    assert_eq!(known_of(Coverage::Daily, &[of(vec![unread(None, Some("v"), 3, 4)])]), (vec![], named("v", 3, 4)));
    assert_eq!(known_of(Coverage::Daily, &[of(vec![unread(Some("c"), None, 3, 4)])]), (vec![(3, 4)], vec![]));
    assert_eq!(known_of(Coverage::Daily, &[of(vec![unread(None, None, 3, 4)])]), (vec![(3, 4)], vec![]));
    assert_eq!(known_of(Coverage::Daily, &[of(vec![unread(Some("d"), None, 3, 4)])]), (vec![], vec![]));
    // The same bad row in a second copy proves nothing; a sound export of the time does.
    let (twice, mended) = ([of(vec![row()]), of(vec![row()])], [of(vec![row()]), of(vec![])]);
    assert_eq!(known_of(Coverage::Daily, &twice), (vec![], named("v", 3, 4)));
    assert_eq!(known_of(Coverage::Daily, &mended), (vec![], vec![]));
    // With `continuous` the files claim the time together: another of them mends nothing.
    assert_eq!(known_of(Coverage::Continuous, &mended), (vec![], named("v", 3, 4)));
    let none_mended = [of(vec![unread(None, None, 3, 4)]), of(vec![])];
    assert_eq!(known_of(Coverage::Continuous, &none_mended), (vec![(3, 4)], vec![]));
}
