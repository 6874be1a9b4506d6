//! Two clocks that stamped the same messages.

use polars::prelude::{IntoColumn, NamedFrom, Series};

use super::frame;
use crate::pair::{Clock, Skew, Stamp, skew};

fn said(skews: &[Skew]) -> Vec<String> {
    let clock = |clock: &Clock| {
        let stamp = if clock.stamp == Stamp::Own { "own" } else { "sent" };
        format!("{} {stamp}", clock.source.as_deref().unwrap_or("-"))
    };
    let said = |skew: &Skew| {
        let (one, other) = (clock(&skew.one), clock(&skew.other));
        let range = format!("{} to {}", skew.min, skew.max);
        format!("{}: {one}, {other}: {} of {range}, {} messages", skew.channel, skew.median, skew.messages)
    };
    skews.iter().map(said).collect()
}

#[test]
fn a_log_and_the_statuses_of_its_messages() {
    let own_and_sent =
        |id: u32, seconds: u32| format!("out {id} 10:00\n out {id} 10:00:{seconds:02} status=sent sighting=sent\n");
    let odd = own_and_sent(1, 2) + &own_and_sent(2, 9) + &own_and_sent(3, 3);
    assert_eq!(said(&skew(&frame(&odd), &|_| None).unwrap()), ["c: - own, - sent: 3s of 2s to 9s, 3 messages"]);
    let even = odd + "out 4 10:00:10\n out 4 10:00:02 status=sent sighting=sent";
    let expected = ["c: - own, - sent: 2500ms of -8s to 9s, 4 messages"];
    assert_eq!(said(&skew(&frame(&even), &|_| None).unwrap()), expected);
}

#[test]
fn clocks_that_share_no_message_tell_nothing() {
    let script = "out 1 10:00\n out 2 10:00 status=sent sighting=sent\n out 3 10:00\n out 3 11:00 sighting=read";
    assert!(skew(&frame(script), &|_| None).unwrap().is_empty());
    let ambiguous = "out 1 10:00 fold=3600\n out 1 10:00 status=sent sighting=sent";
    assert!(skew(&frame(ambiguous), &|_| None).unwrap().is_empty());
}

#[test]
fn two_sources_are_compared_by_their_files() {
    let mut frame = frame("in 1 10:00\n in 1 10:00:05\n in 1 10:00\n out 2 10:00\n out 2 10:00:03 channel=d");
    let files = Series::new("file".into(), vec![0_i64, 1, 2, 0, 1]).into_column();
    frame.with_column(files).unwrap();
    let source = |file: u32| Some(if file == 1 { "cloud" } else { "desk" }.to_owned());
    let expected = ["c: cloud own, desk own: -5s of -5s to -5s, 1 messages"];
    assert_eq!(said(&skew(&frame, &source).unwrap()), expected, "the two files of the desk are one clock");
}
