//! The autumn night of Rome: on 28 October 2018 the clocks go from 03:00 back to 02:00, and 02:30 is 00:30Z or
//! 01:30Z. A log with local times stores the later one of a question and the earlier one of an answer.

use super::{instant, verdicts};
use crate::domain::{ChannelEvidence, Elapsed, Reading, Span};
use crate::pair::pair;

#[track_caller]
fn check(script: &str, expected: &str) {
    assert_eq!(verdicts(script, &ChannelEvidence::complete_through(instant("2018-11-20T00:00"))), expected, "{script}");
}

#[test]
fn question_and_answer_in_the_repeated_hour_in_both_orders() {
    // 02:30 asked, 02:45 answered.
    check("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-28T00:45Z fold=3600", "1 on_time");
    // 02:45 asked, 02:30 answered: in the second pass of the clocks that is an answer.
    check("in 1 2018-10-28T01:45Z fold=3600\n out 9 2018-10-28T00:30Z fold=3600", "1 on_time");
    // The same with stamps that say which pass they mean.
    check("in 1 2018-10-28T01:45Z\n out 9 2018-10-28T01:30Z", "1 unanswered");
    // Only one of both is ambiguous.
    check("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-28T00:30Z", "1 on_time");
    check("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-28T00:29:59.999Z", "1 unanswered");
    check("in 1 2018-10-28T01:29Z\n out 9 2018-10-28T00:30Z fold=3600", "1 on_time");
    check("in 1 2018-10-28T01:30:00.001Z\n out 9 2018-10-28T00:30Z fold=3600", "1 unanswered");
}

#[test]
fn a_deadline_in_the_repeated_hour() {
    // 02:10 of the next night is before the deadline in one of its readings.
    check("in 1 2018-10-27T00:20Z\n out 9 2018-10-28T00:10Z fold=3600", "1 on_time");
    check("in 1 2018-10-27T00:20Z\n out 9 2018-10-28T01:10Z", "1 late");
    check("in 1 2018-10-27T00:05Z\n out 9 2018-10-28T00:10Z fold=3600", "1 late");
    // The window of an ambiguous question begins at its later reading.
    check("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-29T01:30Z", "1 on_time");
    check("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-29T01:30:00.001Z", "1 late");
}

#[test]
fn a_wait_is_never_shorter_than_nothing() {
    let frame = super::frame("in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-28T00:45Z fold=3600");
    let evidence = ChannelEvidence::complete_through(instant("2018-11-20T00:00"));
    let paired = pair(&frame, &|_, _| Some(evidence.clone()), Reading::default()).unwrap();
    let wait = &paired.waits[0];
    assert_eq!((wait.received_at, wait.answered_at), (instant("2018-10-28T01:30"), Some(instant("2018-10-28T00:45"))));
    assert_eq!(wait.length(), Some(Elapsed::ZERO));
}

#[test]
fn a_copy_that_names_its_offset_tells_which_reading_is_right() {
    let twice = |offset: &str, answer: &str| {
        format!("in 1 2018-10-28T01:30Z fold=3600\n in 1 2018-10-28T{offset}Z\n out 9 2018-10-29T{answer}Z")
    };
    check(&twice("00:30", "00:30"), "1 on_time");
    check(&twice("00:30", "00:30:00.001"), "1 late");
    check(&twice("00:30:20", "00:30:20"), "1 on_time"); // the local time is cut to the minute
    check(&twice("00:30:20", "00:30:20.001"), "1 late");
    check(&twice("01:30", "01:30"), "1 on_time");
    check(&twice("01:10", "00:00"), "1 held, 1 held");
    check("in 1 2018-10-27T00:40Z\n out 9 2018-10-28T00:30Z fold=3600\n out 9 2018-10-28T01:30Z", "1 late");
    // Copies that are ambiguous alike stay so, and two that are not leave what both allow.
    check("in 1 2018-10-28T01:30Z fold=3600\n in 1 2018-10-28T01:30Z fold=3600\n out 9 2018-10-28T00:30Z", "1 on_time");
    check("in 1 2018-10-28T01:30Z fold=3600\n in 1 2018-10-28T00:30Z fold=1800\n out 9 2018-10-29T00:30:01Z", "1 late");
}

#[test]
fn doubts_are_searched_from_the_earlier_reading_on() {
    let gap = |from: &str, to: &str| ChannelEvidence {
        gaps: vec![Span { from: instant(from), to: instant(to) }],
        ..ChannelEvidence::complete_through(instant("2018-11-20T00:00"))
    };
    let script = "in 1 2018-10-28T01:30Z fold=3600";
    assert_eq!(verdicts(script, &gap("2018-10-28T00:00", "2018-10-28T00:31")), "1 held");
    assert_eq!(verdicts(script, &gap("2018-10-28T00:00", "2018-10-28T00:30")), "1 unanswered");
    // An unknown answer may have come at its later reading.
    check("in 1 2018-10-28T01:00Z\n out 9 2018-10-28T00:30Z fold=3600 kind=poll", "1 held");
    check("in 1 2018-10-28T01:00Z\n out 9 2018-10-28T00:30Z kind=poll", "1 unanswered");
}
