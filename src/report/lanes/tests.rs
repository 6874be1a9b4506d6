//! The pictures of coverage: what is drawn, and how little of it where there is much.

use super::super::coverage::tests::{channel, spans};
use super::*;
use crate::domain::{Elapsed, Zone};

fn days(channels: &[ChannelCoverage]) -> Days {
    Days::of("2018-08".parse().unwrap(), channels)
}

#[test]
fn a_picture_has_a_lane_a_direction_and_says_what_is_missing() {
    let channels = [channel()];
    let svg = pictures(&channels, &days(&channels)).concat();
    assert_eq!(svg, pictures(&channels.clone(), &days(&channels)).concat());
    let drawn = |class: &str| svg.matches(&format!("<rect class=\"{class}\"")).count();
    let classes = ["track", "proven", "early", "gap", "accepted", "volume"];
    assert_eq!(classes.map(drawn), [2, 1 + 4, 1, 2, 1, 1], "{svg}");
    assert!(svg.contains("<title>outbound logs are missing: 2018-08-05 00:00 to 2018-08-06 00:00</title>"), "{svg}");
    assert!(svg.contains("+39&lt;0510") && !svg.contains("+39<0510"), "{svg}");
    assert!(svg.contains("known through 2018-08-25 00:00, 2 gaps"), "{svg}");
    assert!(!svg.contains("=\"-") && !svg.contains("url("), "{svg}");
    let alone = picture(&channels, &days(&channels));
    assert!(alone.contains("<style>") && alone.contains("gap: logs are missing</text>"), "{alone}");
}

#[test]
fn many_channels_are_several_pictures() {
    let channels = vec![channel(); 8];
    let pictures = pictures(&channels, &days(&channels));
    assert_eq!(pictures.iter().map(|svg| svg.matches("class=\"row\"").count()).collect::<Vec<_>>(), [6, 2]);
    assert!(pictures[1].contains("id=\"coverage-2-title\"") && !pictures[1].contains("<style>"));
    assert!(super::pictures(&[], &days(&[])).is_empty());
}

#[test]
fn many_short_gaps_are_drawn_together() {
    let mut channel = channel();
    let hours = (0..1_200).map(|hour| channel.looked_at.from.plus(Elapsed::from_seconds(hour * 2_160)));
    channel.outbound.gaps = hours.map(|from| Span { from, to: from.plus(Elapsed::from_seconds(600)) }).collect();
    let channels = [channel];
    let svg = pictures(&channels, &days(&channels)).concat();
    assert!(svg.len() < 60_000, "{}", svg.len());
    assert!(svg.contains("outbound logs are missing in "), "{svg}");
}

#[test]
fn a_hatch_stays_in_its_part_of_the_lane() {
    assert_eq!(diagonals(100, 50, 9), "M100 57L107 50M100 64L109 55M103 68L109 62");
    assert_eq!(diagonals(100, 50, LEAST), "M100 57L103 54M100 64L103 61M103 68L103 68");
    assert_eq!(horizontals(100, 50, 9), "M100 53h9M100 57h9M100 61h9M100 65h9");
}

#[test]
fn every_civil_day_is_as_wide_and_a_short_gap_is_seen() {
    let mut channel = channel();
    channel.zone = "Europe/Rome".parse::<Zone>().unwrap();
    let october = Days::of("2018-10".parse().unwrap(), &[]);
    let row = Row { channel: &channel, days: october.spans(channel.zone), top: 0, slot: 20 };
    for (from_to, x, width) in [
        ("09-30T22 10-01T22", 0, 20),
        ("10-01T10 10-01T22", 10, 10),
        ("10-27T22 10-28T23", 540, 20), // 25 hours
        ("10-28T23 10-29T23", 560, 20),
        ("10-30T22 10-30T23", 599, LEAST),
        ("01-01T00 12-31T00", 0, 620),
        ("10-31T22 10-31T23", 617, LEAST),
    ] {
        let (found, wide) = row.extent(&spans(from_to)[0]);
        assert_eq!((found - LEFT, wide), (x, width), "{from_to}");
    }
}
