//! What may hide an answer, what the operator accepted of it, and what copies that disagree say.

use super::{august, frame, instant, verdicts};
use crate::domain::wait::HeldFor;
use crate::domain::{Accepted, ChannelEvidence, Elapsed, Instant, Reading, Span, Wait};
use crate::pair::{Conflict, pair};

fn complete() -> ChannelEvidence {
    ChannelEvidence::complete_through(august("20T00:00"))
}

fn span(from: &str, to: &str) -> Span {
    Span { from: august(from), to: august(to) }
}

/// One microsecond, as an unknown answer is accepted.
fn moment(at: &str) -> Span {
    Span { from: august(at), to: august(at).plus(Elapsed::from_micros(1)) }
}

fn waits(script: &str, evidence: &ChannelEvidence) -> Vec<Wait> {
    pair(&frame(script), &|_, _| Some(evidence.clone()), Reading::default()).unwrap().waits
}

/// Verdicts as in `verdicts`, with `excluded` in place of `held` where the hold is final.
fn said(script: &str, evidence: &ChannelEvidence) -> String {
    let said = |wait: &Wait| {
        let verdict = if wait.excluded { "excluded" } else { wait.verdict.name() };
        format!("{} {verdict}", wait.message_id)
    };
    waits(script, evidence).iter().map(said).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(accepted: &Accepted, script: &str, expected: &str) {
    let evidence = ChannelEvidence { accepted: accepted.clone(), ..complete() };
    assert_eq!(said(script, &evidence), expected, "{script}");
}

#[test]
fn an_outbound_row_that_could_not_be_read_holds_its_conversation() {
    let unread = |from, to| ChannelEvidence { doubts: [("v".to_owned(), vec![span(from, to)])].into(), ..complete() };
    let late = "in 1 00:00\n out 9 +2d 00:00";
    assert_eq!(verdicts(late, &unread("01T10:00", "01T11:00")), "1 held");
    assert_eq!(verdicts(late, &unread("02T00:00", "02T01:00")), "1 held", "at the deadline");
    assert_eq!(verdicts(late, &unread("02T00:01", "02T01:00")), "1 late", "after it");
    assert_eq!(verdicts("in 1 12:00\n out 9 +3d 00:00", &unread("01T10:00", "01T12:00")), "1 late", "before it");
    assert_eq!(verdicts("in 1 00:00\n out 9 05:00", &unread("01T01:00", "01T02:00")), "1 on_time", "seen on time");
    assert_eq!(verdicts("in 1 00:00 conversation=w", &unread("01T01:00", "01T02:00")), "1 unanswered", "another's");
    let wait = &waits(late, &unread("01T10:00", "01T11:00"))[0];
    assert_eq!(wait.held_for, Some(HeldFor::Unread(august("01T10:00"))));
}

#[test]
fn an_accepted_span_excludes_the_waits_in_whose_time_it_lies() {
    let accepted = |from, to| Accepted { spans: vec![span(from, to)], ..Accepted::default() };
    let late = "in 1 00:00\n out 9 +2d 00:00";
    check(&accepted("01T10:00", "01T11:00"), late, "1 excluded"); // the logs are whole by now: it stays excluded
    check(&accepted("01T10:00", "01T11:00"), "in 1 00:00", "1 excluded");
    check(&accepted("02T00:00", "02T01:00"), late, "1 excluded");
    check(&accepted("02T00:01", "02T01:00"), late, "1 late");
    check(&accepted("01T00:00", "01T12:00"), "in 1 12:00", "1 unanswered");
    check(&accepted("01T00:00", "01T12:01"), "in 1 12:00", "1 excluded");
    check(&accepted("01T01:00", "01T02:00"), "in 1 00:00\n out 9 05:00", "1 on_time");
    let wait = &waits(late, &ChannelEvidence { accepted: accepted("01T10:00", "01T11:00"), ..complete() })[0];
    assert_eq!(wait.held_for, Some(HeldFor::Gap(august("01T10:00"))));
    assert!(!wait.is_open());
}

#[test]
fn an_accepted_span_of_a_conversation_concerns_no_other() {
    let spans = vec![moment("01T01:00")];
    let accepted = Accepted { conversations: [("v".to_owned(), spans)].into(), ..Accepted::default() };
    check(&accepted, "in 1 00:00\n in 2 00:00 conversation=w", "1 excluded, 2 unanswered");
    // An unknown answer, accepted; the kind became known later.
    check(&accepted, "in 1 00:00\n out 9 01:00 kind=poll", "1 excluded");
    check(&accepted, "in 1 00:00\n out 9 01:00 kind=note", "1 excluded");
    check(&accepted, "in 1 00:00\n out 9 01:00 kind=text", "1 on_time");
    let evidence = ChannelEvidence { accepted, ..complete() };
    let held_for = |script| waits(script, &evidence)[0].held_for;
    assert_eq!(held_for("in 1 00:00\n out 9 01:00 kind=poll"), Some(HeldFor::UnknownAnswer(august("01T01:00"))));
    assert_eq!(held_for("in 1 00:00"), Some(HeldFor::Unread(august("01T01:00"))));
}

#[test]
fn what_was_accepted_stays_excluded_when_other_doubts_come_up() {
    let accepted = Accepted { spans: vec![span("01T10:00", "01T11:00")], ..Accepted::default() };
    check(&accepted, "in 1 00:00\n out 9 05:00 kind=poll", "1 excluded");
    check(&accepted, "in 1 00:00 kind=poll", "1 excluded");
    check(&accepted, "in 1 00:00\n out 9 +2d 00:00\n out 9 +3d 00:00", "1 excluded");
    let gap = ChannelEvidence { gaps: vec![span("01T05:00", "01T06:00")], accepted, ..complete() };
    assert_eq!(said("in 1 00:00\n out 9 +2d 00:00", &gap), "1 excluded");
}

#[test]
fn an_accepted_question_is_excluded_whatever_it_turns_out_to_be() {
    let accepted = Accepted { questions: ["1".to_owned()].into(), ..Accepted::default() };
    check(&accepted, "in 1 00:00 kind=poll\n in 2 00:00 kind=poll", "1 excluded, 2 held");
    check(&accepted, "in 1 00:00 kind=text", "1 excluded");
    check(&accepted, "in 1 00:00 kind=note", "");
}

#[test]
fn an_accepted_dispute_excludes_what_came_before_it() {
    let accepted = |through| Accepted { disputes: [("9".to_owned(), august(through))].into(), ..Accepted::default() };
    let disputed = "out 9 +2d 00:00\n out 9 +3d 00:00";
    check(&accepted("10T00:00"), &format!("in 1 00:00\n{disputed}\n in 2 +9d 00:00"), "1 excluded, 2 unanswered");
    check(
        &accepted("10T00:00"),
        &format!("in 1 00:00\n{disputed}\n in 2 00:00 conversation=w"),
        "1 excluded, 2 unanswered",
    );
    // Received after: judged, but no version of the message is an answer for certain.
    check(&accepted("02T00:00"), &format!("{disputed}\n in 1 +1d 12:00"), "1 held");
    check(&accepted("02T00:00"), &format!("{disputed}\n in 1 +1d 12:00\n out 8 +1d 13:00"), "1 on_time");
    check(&accepted("02T00:00"), &format!("{disputed}\n in 1 +2d 00:00:01"), "1 held");
    check(&accepted("02T00:00"), &format!("{disputed}\n in 1 +4d 00:00"), "1 unanswered");
    check(&accepted("02T00:00"), "out 9 +2d 00:00 status=failed\n out 9 +3d 00:00\n in 1 +1d 12:00", "1 held");
    // A disputed question is one of unknown kind.
    check(&accepted("01T00:00"), "in 9 00:00\n in 9 05:00\n in 2 06:00", "9 held, 9 held, 2 unanswered");
    // Another message of the conversation is disputed too: what came after the acceptance is held by it.
    let other = "out 8 +4d 00:00\n out 8 +5d 00:00";
    check(&accepted("10T00:00"), &format!("in 1 00:00\n{disputed}\n{other}\n in 2 +9d 00:00"), "1 excluded, 2 held");
    // The exports agree again.
    check(&accepted("10T00:00"), "in 1 00:00\n out 9 +2d 00:00\n in 2 +9d 00:00", "1 excluded, 2 unanswered");
    // Versions in two conversations, and a message that nobody disputes.
    check(
        &accepted("10T00:00"),
        "in 1 00:00\n in 2 00:00 conversation=w\n out 9 +2d 00:00\n out 9 +2d 00:00 conversation=w",
        "1 excluded, 2 excluded",
    );
}

fn conflicts(script: &str, accepted: Accepted) -> Vec<Conflict> {
    let evidence = ChannelEvidence { accepted, ..complete() };
    pair(&frame(script), &|_, _| Some(evidence.clone()), Reading::default()).unwrap().conflicts
}

#[test]
fn a_conflict_has_every_version_once() {
    let script = "in 1 05:00 customer=+392\n in 1 00:00\n in 1 00:00\n in 1 00:00 kind=text\n in 2 00:00";
    let found = conflicts(script, Accepted::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].differs_in, ["customer", "sent_at"]);
    assert!(!found[0].accepted);
    let versions: Vec<(Instant, &str, &str, u64)> =
        found[0].versions.iter().map(|v| (v.sent_at, v.customer.as_str(), v.kind.as_str(), v.rows)).collect();
    let (first, second) = (august("01T00:00"), august("01T05:00"));
    assert_eq!(versions, [(first, "+391", "", 2), (first, "+391", "text", 1), (second, "+392", "", 1)]);
    assert!(found[0].versions.iter().all(|version| version.file.is_none()));
    let written = serde_json::to_string(&found).unwrap();
    assert!(!written.contains("+39"), "no party is written: {written}");
    let disputes = [("1".to_owned(), august("10T00:00"))].into();
    assert!(conflicts(script, Accepted { disputes, ..Accepted::default() })[0].accepted);
}

#[test]
fn a_version_names_the_first_file_that_has_it() {
    use polars::prelude::{IntoColumn, NamedFrom, Series};
    let mut frame = frame("in 1 00:00\n in 1 05:00\n in 1 00:00\n in 1 05:00");
    let files = Series::new("file".into(), vec![7_i64, 5, 3, 6]).into_column();
    frame.with_column(files).unwrap();
    let paired = pair(&frame, &|_, _| Some(complete()), Reading::default()).unwrap();
    let files: Vec<_> = paired.conflicts[0].versions.iter().map(|version| (version.sent_at, version.file)).collect();
    assert_eq!(files, [(august("01T00:00"), Some(3)), (august("01T05:00"), Some(5))]);
}

#[test]
fn a_cut_hides_what_could_not_be_read_after_it() {
    let doubts = [("v".to_owned(), vec![span("01T10:00", "01T11:00")])].into();
    let evidence = ChannelEvidence { doubts, ..complete() };
    let held = |cut| verdicts("in 1 00:00", &evidence.cut_at(cut));
    assert_eq!(held(instant("2018-08-01T10:01")), "1 held");
    assert_eq!(held(instant("2018-08-01T10:00")), "1 pending");
}
