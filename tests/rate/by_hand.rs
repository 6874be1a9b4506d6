//! The second reading of the rule: by hand, over every pair of messages, in whole microseconds.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::common::{ritardo, rows, scratch};
use crate::printed;

const BASE: i64 = 1_533_081_600_000_000; // 2018-08-01T00:00:00Z
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

const RANDOM_TARIFF: &str = r#"
id = "random"
version = "1"
currency = "USD"
zone = "UTC"
source = "made for the test"

[[rate]]
market = "39"
price = "0.05"
[[rate]]
market = "39"
entry_point = "click_to_chat"
to = "2018-08-02"
price = "0.04"
[[rate]]
market = "39"
entry_point = "click_to_chat"
from = "2018-08-02"
price = "0.045"
[[rate]]
market = "1"
price = "0.02"
[[rate]]
market = "1 809"
price = "0.06"
[[rate]]
market = "44"
steps = [{ after = "24h", price = "0.01" }, { after = "48h", price = "0.03" }]
[[rate]]
market = "other"
price = "0.09"
"#;

/// Steps of a market: from when, and the price in thousandths.
fn steps(customer: &str, entry_point: &str, at: i64) -> (&'static str, Vec<(i64, &'static str)>) {
    let flat = |price| vec![(DAY, price)];
    match customer {
        c if c.starts_with("+1809") => ("1809", flat("0.06")),
        c if c.starts_with("+1") => ("1", flat("0.02")),
        c if c.starts_with("+39") && entry_point == "click_to_chat" => {
            ("39", flat(if at < BASE + DAY { "0.04" } else { "0.045" }))
        }
        c if c.starts_with("+39") => ("39", flat("0.05")),
        c if c.starts_with("+44") => ("44", vec![(DAY, "0.01"), (2 * DAY, "0.03")]),
        _ => ("other", flat("0.09")),
    }
}

#[derive(Clone, Debug)]
struct Message {
    business: &'static str,
    channel: &'static str,
    conversation: &'static str,
    customer: &'static str,
    inbound: bool,
    at: i64,
    kind: &'static str,
    status: &'static str,
    entry_point: &'static str,
    /// What else the log holds of it.
    copy: Copy,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Copy {
    None,
    Equal,
    CutToSeconds,
    Contradicting,
}

const ASKS: [&str; 13] = [
    "text",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "order",
    "button",
    "interactive",
    "template",
    "automatic",
];
const SILENT: [&str; 6] = ["reaction", "edit", "revoke", "system", "note", "call"];

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let kind = prop_oneof![
        6 => Just(""),
        6 => prop::sample::select(&ASKS[..]),
        3 => prop::sample::select(&SILENT[..]),
        1 => prop::sample::select(&["unknown", "hologram"][..]),
    ];
    let status = prop_oneof![
        4 => prop::sample::select(&["", "sent", "delivered", "read"][..]),
        1 => Just("failed"),
    ];
    // Few instants, so that the same ones and the edges of windows and steps are met often.
    let at = (0..13_i64, prop::sample::select(&[-HOUR, -1000, -1, 0, 0, 0, 1, 1000, 400_000, HOUR][..]));
    let copy = prop_oneof![
        12 => Just(Copy::None),
        3 => Just(Copy::Equal),
        3 => Just(Copy::CutToSeconds),
        1 => Just(Copy::Contradicting),
    ];
    let place = (
        prop::sample::select(&["anna", "bert"][..]),
        prop::sample::select(&["+390001", "+390002"][..]),
        prop::sample::select(&["x", "x", "y"][..]),
    );
    let customer = prop::sample::select(&["+39055501", "+12125550100", "+18095550100", "+44770090", "guest-4"][..]);
    let entry_point =
        prop::sample::select(&["", "unknown", "click_to_chat", "information_request", "live_support"][..]);
    let message = (place, customer, any::<bool>(), at, kind, status, entry_point, copy).prop_map(
        |((business, channel, conversation), customer, inbound, (quarter, jitter), kind, status, entry_point, copy)| {
            Message {
                business,
                channel,
                conversation,
                customer,
                inbound,
                at: BASE + 6 * HOUR * quarter + jitter,
                kind,
                status: if inbound { "" } else { status },
                entry_point,
                copy,
            }
        },
    );
    prop::collection::vec(message, 1..40)
}

fn has_copy(message: &Message, copy: Copy) -> bool {
    // A stamp of whole seconds has no finer form, and before 2018 a cut one would be another day.
    message.copy == copy && (copy != Copy::CutToSeconds || message.at % 1_000_000 != 0)
}

/// The log as rows of text; ids count up, and are those of another business or channel again.
fn log(messages: &[Message]) -> Vec<[String; 10]> {
    let mut lines = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let row = |at: i64, conversation: &str| {
            let id = format!("m{:02}", index);
            let direction = if message.inbound { "inbound" } else { "outbound" };
            let Message { business, channel, customer, kind, status, entry_point, .. } = message;
            let stamp = printed(at);
            let fields: [&str; 10] =
                [&id, business, channel, conversation, customer, direction, &stamp, kind, status, entry_point];
            fields.map(str::to_owned)
        };
        lines.push(row(message.at, message.conversation));
        if has_copy(message, Copy::Equal) {
            lines.push(row(message.at, message.conversation));
        }
        if has_copy(message, Copy::CutToSeconds) {
            lines.push(row(message.at.div_euclid(1_000_000) * 1_000_000, message.conversation));
        }
        if has_copy(message, Copy::Contradicting) {
            lines.push(row(message.at + 7 * HOUR + 7, message.conversation));
        }
    }
    lines
}

/// One wait by hand: `None` where nothing is waited for.
fn judge(messages: &[Message], index: usize, through: i64, as_of: i64) -> Option<[String; 12]> {
    let question = &messages[index];
    let known = |message: &Message| message.at < through && message.at <= as_of;
    if !question.inbound || !known(question) || SILENT.contains(&question.kind) {
        return None;
    }
    let is_known_kind = |kind: &str| kind.is_empty() || ASKS.contains(&kind);
    let (mut answer, mut doubt): (Option<i64>, Option<i64>) = (None, None);
    for other in messages {
        let here = (other.business, other.channel, other.conversation)
            == (question.business, question.channel, question.conversation);
        if !here || other.inbound || !known(other) || other.status == "failed" || other.at < question.at {
            continue;
        }
        let first = |found: Option<i64>| Some(found.map_or(other.at, |at| at.min(other.at)));
        if is_known_kind(other.kind) {
            answer = first(answer);
        } else if !SILENT.contains(&other.kind) {
            doubt = first(doubt);
        }
    }
    let wait = answer.map(|at| at - question.at);
    let (market, steps) = steps(question.customer, question.entry_point, question.at);
    let last_step = steps.last().unwrap().0;
    let doubted_until = |end: i64| doubt.is_some_and(|at| at - question.at <= end);
    let (verdict, price) = if !is_known_kind(question.kind) {
        ("held", None)
    } else if wait.is_some_and(|wait| wait <= DAY) {
        ("on_time", None)
    } else if doubted_until(DAY)
        || (through > question.at + DAY && doubted_until(last_step.min(wait.unwrap_or(last_step))))
    {
        ("held", None)
    } else if let Some(wait) = wait {
        ("late", steps.iter().rev().find(|(after, _)| wait > *after))
    } else if through > question.at + last_step {
        ("unanswered", steps.last())
    } else {
        ("pending", None)
    };
    let price = price.map_or("", |(_, price)| price);
    Some([
        format!("m{index:02}"),
        question.business.into(),
        question.channel.into(),
        question.conversation.into(),
        printed(question.at),
        answer.map(printed).unwrap_or_default(),
        printed(question.at + DAY),
        verdict.into(),
        wait.map(|wait| (wait / 1000).to_string()).unwrap_or_default(),
        market.into(),
        price.into(),
        price.into(),
    ])
}

const COMPARED: [&str; 12] = [
    "message_id",
    "business",
    "channel",
    "conversation",
    "received_at",
    "answered_at",
    "deadline",
    "verdict",
    "wait_ms",
    "market",
    "rate",
    "amount",
];

type Place = (String, String, String);

/// The conversations about which the log contradicts itself, and all other waits, in order.
fn by_hand(messages: &[Message], through: i64, as_of: i64) -> (BTreeSet<Place>, Vec<[String; 12]>) {
    // Where the exact stamp lies after the instant of judgement it is a reject, and the cut one is all there is.
    let seen_at = |message: &Message| match message.at {
        at if at > as_of && has_copy(message, Copy::CutToSeconds) => at.div_euclid(1_000_000) * 1_000_000,
        at => at,
    };
    let messages: Vec<Message> =
        messages.iter().map(|message| Message { at: seen_at(message), ..message.clone() }).collect();
    let place = |m: &Message| (m.business.to_owned(), m.channel.to_owned(), m.conversation.to_owned());
    // A copy after the instant of judgement is a reject: it contradicts nothing.
    let disputed: BTreeSet<Place> = (messages.iter())
        .filter(|message| has_copy(message, Copy::Contradicting) && message.at + 7 * HOUR + 7 <= as_of)
        .map(place)
        .collect();
    let mut waits: Vec<(String, i64, [String; 12])> = (0..messages.len())
        .filter(|index| !disputed.contains(&place(&messages[*index])))
        .filter_map(|index| {
            Some((messages[index].business.into(), messages[index].at, judge(&messages, index, through, as_of)?))
        })
        .collect();
    waits.sort();
    (disputed, waits.into_iter().map(|(_, _, wait)| wait).collect())
}

#[test]
fn random_logs_are_judged_as_by_hand() {
    let folder = scratch("rate-random");
    fs::write(folder.join("tariff.toml"), RANDOM_TARIFF).unwrap();
    let seen: [AtomicUsize; 6] = Default::default();
    let mut runner =
        TestRunner::new(Config { cases: 1000, failure_persistence: None, max_shrink_iters: 400, ..Config::default() });
    let strategy = (messages(), 2..14_i64, prop::sample::select(&[-1, 0, 1, HOUR][..]), 0..3_i64, any::<bool>());
    let checked = runner.run(&strategy, |(messages, quarter, jitter, days, as_ndjson)| {
        let through = BASE + 6 * HOUR * quarter + jitter;
        let as_of = through + days * 9 * HOUR;
        write_log(&folder, &log(&messages), as_ndjson);
        let instants = [printed(as_of), printed(through)];
        let logs = if as_ndjson { "log.ndjson" } else { "log.csv" };
        let arguments =
            ["rate", logs, "--tariff", "tariff.toml", "--as-of", &instants[0], "--complete-through", &instants[1]];
        ritardo(&folder, &[&arguments[..], &["--out", "waits.csv"]].concat()).expect(0);
        let found = rows(&fs::read(folder.join("waits.csv")).unwrap());
        let (disputed, expected) = by_hand(&messages, through, as_of);
        let mut clear = Vec::new();
        for row in found {
            let place = (row["business"].clone(), row["channel"].clone(), row["conversation"].clone());
            if disputed.contains(&place) {
                prop_assert_eq!((row["verdict"].as_str(), row["amount"].as_str()), ("held", ""), "{:?}", row);
                seen[5].fetch_add(1, Ordering::Relaxed);
            } else {
                clear.push(COMPARED.map(|name| row[name].clone()));
            }
        }
        for row in &clear {
            let verdict = ["on_time", "late", "unanswered", "pending", "held"].iter().position(|name| *name == row[7]);
            seen[verdict.unwrap()].fetch_add(1, Ordering::Relaxed);
        }
        prop_assert_eq!(clear, expected, "complete through {}", instants[1]);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
    let seen = seen.map(AtomicUsize::into_inner);
    assert!(seen.iter().all(|count| *count > 50), "some verdicts were hardly met: {seen:?}");
}

const COLUMNS: &str = "message_id,business,channel,conversation,customer,direction,sent_at,kind,status,entry_point";

fn write_log(folder: &Path, rows: &[[String; 10]], as_ndjson: bool) {
    let mut text = String::new();
    if as_ndjson {
        for row in rows {
            let object: serde_json::Map<String, Value> =
                COLUMNS.split(',').zip(row).map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            writeln!(text, "{}", Value::Object(object)).unwrap();
        }
        fs::write(folder.join("log.ndjson"), text).unwrap();
    } else {
        writeln!(text, "{COLUMNS}").unwrap();
        rows.iter().for_each(|row| writeln!(text, "{}", row.join(",")).unwrap());
        fs::write(folder.join("log.csv"), text).unwrap();
    }
}
