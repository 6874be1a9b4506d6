//! Nothing is charged without evidence, under any reading: what a missing log could change is held.
#![cfg(test)]

mod common;

use std::path::Path;

use ritardo::domain::message::Sighting;
use ritardo::domain::{ChannelEvidence, Direction, Elapsed, EntryPoint, Instant, Kind, Month, Span, Status, Zone};
use ritardo::engine::decide;
use ritardo::rate::Tariff;
use ritardo::read::frame::Builder;
use ritardo::read::row::Row;

/// 1 August 2018 and so many hours.
fn hour(hours: i64) -> Instant {
    Instant::from_unix_seconds(1_533_081_600 + hours * 3600).unwrap_or_else(|| panic!("{hours} hours are no instant"))
}

fn span((from, to): (i64, i64)) -> Span {
    Span { from: hour(from), to: hour(to) }
}

/// Logs known through hour 600, with gaps of either direction.
fn known(outbound: &[(i64, i64)], inbound: &[(i64, i64)]) -> ChannelEvidence {
    ChannelEvidence {
        gaps: outbound.iter().copied().map(span).collect(),
        inbound_gaps: inbound.iter().copied().map(span).collect(),
        ..ChannelEvidence::complete_through(hour(600))
    }
}

/// `in 1 0`, `out 9 30 automatic`, `out 9 30 =sent`: direction, id, hour, kind or status.
fn row(words: &str) -> Row {
    let words: Vec<&str> = words.split(' ').collect();
    let more = words.get(3).copied().unwrap_or("text");
    let inbound = words[0] == "in";
    let status = more.strip_prefix('=').map_or(Status::Delivered, |status| Status::named(status).unwrap());
    Row {
        business: "b".to_owned(),
        channel: "c".to_owned(),
        conversation: "v".to_owned(),
        customer: "+393330000001".to_owned(),
        message_id: words[1].to_owned(),
        direction: if inbound { Direction::Inbound } else { Direction::Outbound },
        sent_at: hour(words[2].parse().unwrap()),
        kind: if more.starts_with('=') { Kind::Text } else { Kind::named(more) },
        status: if inbound { Status::Unstated } else { status },
        entry_point: EntryPoint::Unknown,
        sighting: Sighting::Stamped,
        fold: Elapsed::ZERO,
    }
}

/// `id verdict amount` of each wait, in order.
fn judged(reading: &str, messages: &str, evidence: &ChannelEvidence) -> String {
    let text = format!(
        "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n\
         rate = [{{ market = \"other\", price = \"0.05\" }}]\n[reading]\n{}\n",
        reading.replace(", ", "\n")
    );
    let tariff = Tariff::parse(Path::new("t.toml"), &text).unwrap_or_else(|mistakes| panic!("{}", mistakes[0]));
    let mut builder = Builder::default();
    (1..).zip(messages.split(", ")).for_each(|(number, words)| builder.push(&row(words).borrowed(), number));
    let (frame, _) = builder.finish().unwrap();
    let month_of = |_: &str, at: Instant| Month::of(at, Zone::UTC);
    let decided = decide(&frame, &|_, _| Some(evidence.clone()), &tariff, &|_| true, &month_of).unwrap();
    let said = decided.rated.unwrap().into_iter().map(|rated| {
        let run = if rated.wait.run.is_empty() { String::new() } else { format!(" of {}", rated.wait.run.join("+")) };
        let amount = rated.charge.map(|charge| format!(" {}", charge.amount)).unwrap_or_default();
        format!("{}{run} {}{amount}", rated.wait.message_id, rated.wait.verdict)
    });
    said.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(reading: &str, messages: &str, evidence: &ChannelEvidence, expected: &str) {
    assert_eq!(judged(reading, messages, evidence), expected, "{reading}: {messages}");
}

#[test]
fn runs_share_a_clock_and_may_be_charged_once() {
    let all = known(&[], &[]);
    let talk = "in 1 0, in 2 20, out 9 30, in 3 40, out 8 41";
    check("clock = \"first_unanswered\"", talk, &all, "1 late 0.05, 2 late 0.05, 3 on_time");
    check("clock = \"last_inbound\", give_up = \"7d\"", talk, &all, "1 on_time, 2 on_time, 3 on_time");
    check("clock = \"first_unanswered\", charge_per = \"wait_run\"", talk, &all, "1 of 1+2 late 0.05, 3 of 3 on_time");
    // The second of the run comes after what the first is waited for.
    check(
        "clock = \"first_unanswered\", give_up = \"30h\"",
        "in 1 0, in 2 31",
        &all,
        "1 unanswered 0.05, 2 unanswered 0.05",
    );
    check(
        "charge_for = \"late_reply\", give_up = \"48h\"",
        "in 1 0, in 2 100, out 9 130",
        &all,
        "1 unanswered, 2 late 0.05",
    );
}

#[test]
fn a_hidden_answer_may_part_a_run() {
    let first = "clock = \"first_unanswered\"";
    // Seen whole, the second is late by the clock of the first; an answer at hour 27 would make it a run of its own.
    check(first, "in 1 0, in 2 30, out 9 31", &known(&[], &[]), "1 late 0.05, 2 late 0.05");
    check(first, "in 1 0, in 2 30, out 9 31", &known(&[(27, 28)], &[]), "1 late 0.05, 2 held");
    check(first, "in 1 0, in 2 30, out 9 31", &known(&[(32, 33)], &[]), "1 late 0.05, 2 late 0.05");
    let last = "clock = \"last_inbound\", give_up = \"7d\"";
    check(last, "in 1 0, in 2 20, out 9 50", &known(&[(10, 11)], &[]), "1 held, 2 late 0.05");
}

#[test]
fn a_hidden_question_may_give_another_clock() {
    let last = "clock = \"last_inbound\", give_up = \"7d\"";
    check(last, "in 1 0, out 9 50", &known(&[], &[]), "1 late 0.05");
    check(last, "in 1 0, out 9 50", &known(&[], &[(30, 31)]), "1 held");
    check(last, "in 1 0, out 9 50", &known(&[], &[(51, 60)]), "1 late 0.05");
    let outbound = "charge_for = \"late_outbound\"";
    check(outbound, "in 1 0, out 9 24, out 8 25", &known(&[], &[]), "8 late 0.05, 9 on_time");
    check(outbound, "in 1 0, out 9 25", &known(&[], &[(10, 11)]), "9 held");
    check(outbound, "in 1 0, out 9 25", &known(&[], &[(26, 90)]), "9 late 0.05");
    check(outbound, "in 1 0, in 2 10 poll, out 9 25", &known(&[], &[]), "9 held");
    check(outbound, "out 9 25", &known(&[], &[]), "");
    check(outbound, "in 1 0, out 9 25 =failed, out 8 26 reaction", &known(&[], &[]), "");
    // The default hangs on no inbound log.
    check("boundary = \"inclusive\"", "in 1 0, out 9 50", &known(&[], &[(30, 31)]), "1 late 0.05");
}

#[test]
fn who_answers_is_told_by_kind_and_by_delivery() {
    let all = known(&[], &[]);
    check("answered_by = \"human\"", "in 1 0, out 9 1 automatic", &all, "1 unanswered 0.05");
    check("answered_by = \"human\"", "in 1 0 automatic, out 9 1", &all, "1 on_time");
    let delivered = "answered_by = \"delivered\"";
    check(delivered, "in 1 0, out 9 1 =read", &all, "1 on_time");
    check(delivered, "in 1 0, out 9 1 =sent", &all, "1 unanswered 0.05");
    check(delivered, "in 1 0, out 9 1 =failed", &all, "1 unanswered 0.05");
    // A log without statuses, and one in which the delivery may be missing, prove nothing.
    check(delivered, "in 1 0, out 9 1 =", &all, "1 held");
    check(delivered, "in 1 0, out 9 1 =sent", &known(&[(300, 301)], &[]), "1 held");
}

#[test]
fn a_date_that_hangs_on_the_answer_hangs_on_all_before_it() {
    let dated = "charge_for = \"late_reply\", give_up = \"7d\", month_of = \"answered\"";
    check(dated, "in 1 0, out 9 90", &known(&[], &[]), "1 late 0.05");
    check(dated, "in 1 0, out 9 90", &known(&[(60, 61)], &[]), "1 held");
    check(dated, "in 1 0, out 9 90", &known(&[(91, 92)], &[]), "1 late 0.05");
    let plain = "charge_for = \"late_reply\", give_up = \"7d\"";
    check(plain, "in 1 0, out 9 90", &known(&[(60, 61)], &[]), "1 late 0.05");
    // Without an answer a late one may be hidden until it is given up.
    check(plain, "in 1 0", &known(&[(100, 101)], &[]), "1 held");
    check(plain, "in 1 0", &known(&[(169, 170)], &[]), "1 unanswered");
    check(plain, "in 1 500", &known(&[], &[]), "1 pending");
}
