//! Tables that an accountant can read: messages on the left, verdicts on the right.

use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};

use super::pair;
use crate::domain::{ChannelEvidence, Elapsed, Instant, Reading, Span, columns};

mod fold;
mod holds;
mod rows;
mod skew;

/// `in` and `out` with an id and a time on 1 August 2018 or later: `in 1 00:00`, `out 9 +1d 00:00:00.001 kind=note`.
/// A time with its own date stands for itself: `in 1 2018-10-28T00:30Z`. The facts of a row are columns.
fn frame(script: &str) -> DataFrame {
    let mut table: Vec<[String; columns::ALL.len()]> = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let direction = if words.next() == Some("in") { "inbound" } else { "outbound" };
        let id = words.next().unwrap().to_owned();
        let mut row: [String; columns::ALL.len()] = Default::default();
        let (mut day, mut time) = (1, "");
        let mut facts = vec![("business", "b"), ("channel", "c"), ("customer", "+391"), ("conversation", "v")];
        for word in words {
            match (word.strip_prefix('+').and_then(|d| d.strip_suffix('d')), word.split_once('=')) {
                (Some(days), _) => day += days.parse::<u32>().unwrap(),
                (_, Some(fact)) => facts.push(fact),
                _ => time = word,
            }
        }
        let seconds = if time.len() == 5 { ":00" } else { "" };
        let at: Instant = match time.strip_suffix('Z') {
            Some(whole) => instant(whole),
            None => format!("2018-08-{day:02}T{time}{seconds}Z").parse().unwrap(),
        };
        let at = at.micros().to_string();
        facts.extend([("message_id", id.as_str()), ("direction", direction), ("sent_at", at.as_str())]);
        for (name, value) in facts {
            row[columns::ALL.iter().position(|column| *column == name).unwrap()] = value.to_owned();
        }
        table.push(row);
    }
    let column = |(index, name): (usize, &&str)| -> Column {
        let values: Vec<&str> = table.iter().map(|row| row[index].as_str()).collect();
        if *name == columns::SENT_AT {
            let micros: Vec<i64> = values.iter().map(|text| text.parse().unwrap()).collect();
            Series::new((*name).into(), micros).into_column()
        } else {
            Series::new((*name).into(), values).into_column()
        }
    };
    let height = table.len();
    DataFrame::new(height, columns::ALL.iter().enumerate().map(column).collect()).unwrap()
}

/// `2018-10-28T00:30`, or finer.
fn instant(text: &str) -> Instant {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{text}{seconds}Z").parse().unwrap()
}

fn august(day_and_time: &str) -> Instant {
    format!("2018-08-{day_and_time}:00Z").parse().unwrap()
}

fn verdicts(script: &str, evidence: &ChannelEvidence) -> String {
    let paired = pair(&frame(script), &|_, _| Some(evidence.clone()), Reading::default()).unwrap();
    let said = |wait: &crate::domain::Wait| format!("{} {}", wait.message_id, wait.verdict);
    paired.waits.iter().map(said).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(script: &str, expected: &str) {
    assert_eq!(verdicts(script, &ChannelEvidence::complete_through(august("20T00:00"))), expected);
}

#[test]
fn exactly_the_window_is_on_time_and_a_millisecond_more_is_late() {
    check("in 1 00:00\n out 9 +1d 00:00", "1 on_time");
    check("in 1 00:00\n out 9 +1d 00:00:00.001", "1 late");
    check("in 1 00:00", "1 unanswered");
}

#[test]
fn an_answer_at_the_same_instant_counts_and_one_before_does_not() {
    check("in 1 10:00\n out 9 10:00", "1 on_time");
    check("in 1 10:00\n out 9 09:59:59.999", "1 unanswered");
}

#[test]
fn one_answer_ends_all_waits_that_are_open() {
    check(
        "in 1 00:00\n in 2 12:00\n in 3 +1d 01:00\n out 9 +1d 06:00\n in 4 +1d 06:00:00.001",
        "1 late, 2 on_time, 3 on_time, 4 unanswered",
    );
}

#[test]
fn conversations_do_not_answer_each_other() {
    check("in 1 00:00 conversation=a\n out 9 01:00 conversation=b", "1 unanswered");
    check("in 1 00:00 channel=x\n out 9 01:00 channel=y", "1 unanswered");
    check("in 1 00:00 business=x\n out 9 01:00 business=y", "1 unanswered");
}

#[test]
fn kinds_that_neither_ask_nor_answer() {
    for kind in ["reaction", "edit", "revoke", "system", "note", "call"] {
        check(&format!("in 1 00:00\n out 9 01:00 kind={kind}"), "1 unanswered");
        check(&format!("in 1 00:00 kind={kind}"), "");
    }
    for kind in ["text", "image", "template", "automatic", "order"] {
        check(&format!("in 1 00:00 kind={kind}\n out 9 01:00 kind={kind}"), "1 on_time");
    }
}

#[test]
fn what_is_unknown_is_held() {
    check("in 1 00:00 kind=poll", "1 held");
    check("in 1 00:00\n out 9 01:00 kind=poll", "1 held");
    check("in 1 00:00\n out 9 +1d 00:00:00.001 kind=poll", "1 unanswered");
    check("in 1 00:00\n out 8 01:00 kind=poll\n out 9 02:00", "1 on_time");
    check("in 1 00:00\n out 9 01:00 kind=other sighting=read", "1 held"); // a status of unknown name
    check("in 1 00:00\n out 9 01:00 kind=other sighting=read\n out 9 01:00 status=sent sighting=sent", "1 on_time");
}

#[test]
fn a_failed_send_is_no_answer() {
    check("in 1 00:00\n out 9 01:00 status=failed", "1 unanswered");
    check(
        "in 1 00:00\n out 9 01:00 status=sent sighting=sent\n out 9 05:00 status=failed sighting=failed",
        "1 unanswered",
    );
    check("in 1 00:00\n out 9 01:00 status=read", "1 on_time");
}

#[test]
fn a_message_seen_through_statuses_has_the_instant_of_its_first_sign() {
    check(
        "in 1 00:00\n out 9 +1d 00:00 status=sent sighting=sent\n out 9 +2d 01:00 status=read sighting=read",
        "1 on_time",
    );
    check(
        "in 1 00:00\n out 9 +1d 01:00 status=delivered sighting=delivered\n out 9 +1d 02:00 status=read sighting=read",
        "1 late",
    );
    // `read` was stamped before `sent`: the instant is that of `sent`.
    check("in 1 12:00\n out 9 13:00 status=sent sighting=sent\n out 9 11:00 status=read sighting=read", "1 on_time");
}

#[test]
fn copies_collapse_and_contradictions_hold() {
    check("in 1 00:00\n in 1 00:00\n out 9 +2d 00:00\n out 9 +2d 00:00", "1 late");
    check("in 1 00:00\n out 9 +1d 00:00:00.001\n out 9 +1d 00:00", "1 late"); // cut to the second
    check("in 1 00:00\n in 2 05:00\n out 9 +2d 00:00\n out 9 +3d 00:00", "1 held, 2 held");
    check("in 1 00:00\n in 1 00:00 customer=+392\n in 2 00:00 conversation=w", "1 held, 1 held, 2 unanswered");
    check("in 1 00:00\n in 1 00:00 kind=image", "1 unanswered"); // the first copy states no kind
    check("in 1 00:00 kind=text\n in 1 00:00 kind=image", "1 held, 1 held");
}

#[test]
fn nothing_is_unanswered_before_the_watermark_has_passed_the_deadline() {
    for (watermark, verdict) in [("02T00:00", "1 pending"), ("02T00:01", "1 unanswered"), ("01T00:00", "")] {
        let evidence = ChannelEvidence::complete_through(august(watermark));
        assert_eq!(verdicts("in 1 00:00\n out 9 +5d 00:00", &evidence), verdict, "{watermark}");
    }
}

#[test]
fn a_gap_in_which_an_answer_may_hide_holds_the_wait() {
    let gap = |from, to| ChannelEvidence {
        gaps: vec![Span { from: august(from), to: august(to) }],
        ..ChannelEvidence::complete_through(august("20T00:00"))
    };
    let late = "in 1 00:00\n out 9 +2d 00:00";
    assert_eq!(verdicts(late, &gap("01T10:00", "01T11:00")), "1 held");
    assert_eq!(verdicts(late, &gap("02T00:00", "02T01:00")), "1 held", "an answer at the deadline may hide");
    assert_eq!(verdicts(late, &gap("02T00:01", "02T01:00")), "1 late", "the gap begins after the deadline");
    assert_eq!(verdicts("in 1 12:00\n out 9 +3d 00:00", &gap("01T10:00", "01T12:00")), "1 late", "before the question");
    assert_eq!(verdicts("in 1 00:00\n out 9 05:00", &gap("01T01:00", "01T02:00")), "1 on_time", "seen on time");
}

#[test]
fn tolerance_is_kind_to_the_payer() {
    let evidence = ChannelEvidence {
        tolerance: Elapsed::from_seconds(60),
        ..ChannelEvidence::complete_through(august("20T00:00"))
    };
    for (script, verdict) in [
        ("in 1 10:00\n out 9 09:59", "1 on_time"),
        ("in 1 10:00\n out 9 09:58:59.999", "1 unanswered"),
        ("in 1 10:00\n out 9 +1d 10:01", "1 on_time"),
        ("in 1 10:00\n out 9 +1d 10:01:00.001", "1 late"),
    ] {
        assert_eq!(verdicts(script, &evidence), verdict, "{script}");
    }
}
