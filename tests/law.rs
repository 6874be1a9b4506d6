//! The law of missing logs: taking files away never adds a charge, nor raises one.
//!
//! Months are generated: what really happened, and what overlapping, truthful sources wrote of it into files that
//! prove their time. `RITARDO_SEEDS=10000` takes more months than the usual thousand; a failure names its seed.
//!
//! Clocks differ by less than half of the tolerance, and no answer is so near to a limit that only this
//! difference decides it: there the stamp at hand decides, and with another file it is another one.
//!
//! Months with lateness steps have no statuses. A message whose `sent` status is lost stands at its delivery, also
//! where it was sent before the question: a wait that is late beyond doubt then has the price of a lower step at
//! once, where the whole logs would hold it by a gap before the next one.
//!
//! Nor is there a message of which the whole logs know a later status and not when it was sent: the rule takes its
//! first sign for the instant of an answer, also where it was sent before the question. There the fuller logs are
//! the kinder ones.
#![cfg(test)]
#![expect(clippy::cast_possible_wrap, reason = "throws of dice are small")]
#![expect(clippy::disallowed_methods, reason = "how many months are taken is told by the environment")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::Dice;
use polars::prelude::DataFrame;
use ritardo::domain::charge::RatedWait;
use ritardo::domain::evidence::Unread;
use ritardo::domain::message::Sighting;
use ritardo::domain::settings::{Coverage, Source, Stamps};
use ritardo::domain::{
    Accepted, ChannelEvidence, Decimal, Direction, Elapsed, EntryPoint, Instant, Kind, Month, Span, Status, Zone,
};
use ritardo::engine::decide;
use ritardo::rate::Tariff;
use ritardo::read::coverage::{Proof, known};
use ritardo::read::frame::Builder;
use ritardo::read::row::Row;

const CHANNELS: [&str; 3] = ["c1", "c2", "c3"];
const DAYS: i64 = 9;
const HEAD: &str = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";
const FLAT: &str = "rate = [{ market = \"39\", price = \"0.05\" }, { market = \"other\", price = \"0.02\" }]";
const STEPS: &str = "rate = [{ market = \"39\", price = \"0.05\" }, { market = \"other\", \
    steps = [{ after = \"24h\", price = \"0.01\" }, { after = \"36h\", price = \"0.02\" }, { after = \"48h\", price = \"0.04\" }] }]";

/// A file of a source: what it proves, and its rows.
struct File {
    source: String,
    proof: Proof,
    rows: Vec<Row>,
}

/// A month as it can be read.
struct Logs {
    sources: Vec<Source>,
    files: Vec<File>,
    tariff: Tariff,
    as_of: Instant,
}

/// What really happened.
struct Message {
    row: Row,
    /// When its statuses were seen: delivered, read, failed.
    later: Vec<(Instant, Sighting, Status)>,
}

fn minute(minute: i64) -> Instant {
    Instant::from_unix_seconds(1_533_081_600 + minute * 60).unwrap()
}

fn seeds() -> u64 {
    std::env::var("RITARDO_SEEDS").ok().map_or(1000, |seeds| seeds.parse().expect("RITARDO_SEEDS is a number"))
}

fn chance(dice: &mut Dice, percent: usize) -> bool {
    dice.roll(100) < percent
}

/// The one place that knows all fields of a row.
fn row(channel: &str, conversation: usize, id: String, direction: Direction, sent_at: Instant) -> Row {
    let customer = if conversation.is_multiple_of(2) { "+393330000001" } else { "someone" };
    Row {
        business: "b".to_owned(),
        channel: channel.to_owned(),
        conversation: format!("v{conversation}"),
        customer: customer.to_owned(),
        message_id: id,
        direction,
        sent_at,
        kind: Kind::Text,
        status: Status::Unstated,
        entry_point: EntryPoint::Unknown,
        sighting: Sighting::Stamped,
        fold: Elapsed::ZERO,
    }
}

/// Conversations with runs of questions, answers of every length, failed sends and retries. Times lie on a grid of
/// ten minutes, with some seconds on top where the tolerance allows.
fn happened(dice: &mut Dice, seconds: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    for channel in CHANNELS {
        for conversation in 0..2 + dice.roll(3) {
            let mut at = dice.roll(12 * 6) as i64 * 10;
            for count in 0..3 + dice.roll(8) {
                let steps = [0, 1, 6, 36, 144, 145, 200, 300][dice.roll(8)];
                at += steps * 10;
                let inbound = chance(dice, 55);
                let direction = if inbound { Direction::Inbound } else { Direction::Outbound };
                let sent_at = minute(at).plus(Elapsed::from_seconds(dice.roll(seconds + 1) as i64));
                let id = format!("{channel}-{conversation}-{count}");
                let mut row = row(channel, conversation, id, direction, sent_at);
                row.kind = match dice.roll(20) {
                    0 => Kind::Other,
                    1 if inbound => Kind::Reaction,
                    _ => Kind::Text,
                };
                let later = |hours: usize, sighting, status| {
                    (sent_at.plus(Elapsed::from_seconds(hours as i64 * 3600 + 60)), sighting, status)
                };
                let mut seen = Vec::new();
                if chance(dice, 60) {
                    seen.push(later(dice.roll(40), Sighting::OnDelivered, Status::Delivered));
                }
                if chance(dice, 30) {
                    seen.push(later(dice.roll(60), Sighting::OnRead, Status::Read));
                }
                if chance(dice, 10) {
                    seen.push(later(dice.roll(40), Sighting::OnFailed, Status::Failed));
                }
                messages.push(Message { row, later: seen });
            }
        }
    }
    messages
}

/// How a source writes what it saw.
struct Hand {
    /// Outbound messages are seen through their statuses only.
    by_status: bool,
    /// Its statuses are stamped by so much off.
    skew: Elapsed,
    /// Its stamps are cut to the minute.
    to_minute: bool,
}

impl Hand {
    fn rows(&self, message: &Message) -> Vec<Row> {
        let mut own = message.row.clone();
        if self.to_minute {
            own.sent_at = Instant::from_micros(own.sent_at.micros() / 60_000_000 * 60_000_000);
        }
        if own.direction == Direction::Inbound || !self.by_status {
            return vec![own];
        }
        let first = (message.row.sent_at, Sighting::OnSent, Status::Sent);
        let seen = std::iter::once(&first).chain(&message.later);
        let row = |(at, sighting, status): &(Instant, Sighting, Status)| Row {
            sent_at: at.plus(self.skew),
            sighting: *sighting,
            status: *status,
            ..own.clone()
        };
        seen.map(row).collect()
    }
}

fn some<'a>(dice: &mut Dice, all: &[&'a str]) -> Vec<&'a str> {
    let kept: Vec<&str> = all.iter().copied().filter(|_| chance(dice, 60)).collect();
    if kept.is_empty() { vec![all[dice.roll(all.len())]] } else { kept }
}

fn directions(dice: &mut Dice) -> Vec<Direction> {
    match dice.roll(4) {
        0 => vec![Direction::Inbound],
        1 => vec![Direction::Outbound],
        _ => Direction::BOTH.to_vec(),
    }
}

/// The spans of a source's files: the days, or spans of whole hours that may overlap and leave holes.
fn spans(dice: &mut Dice, coverage: Coverage) -> Vec<Span> {
    let hours = |from: i64, to: i64| Span { from: minute(from * 60), to: minute(to * 60) };
    if coverage == Coverage::Daily {
        return (0..DAYS + 5).map(|day| hours(day * 24, day * 24 + 24)).collect();
    }
    let (mut from, mut spans) = (-24, Vec::new());
    while from < (DAYS + 5) * 24 {
        let to = from + 1 + dice.roll(60) as i64;
        spans.push(hours(from, to));
        from = if chance(dice, 90) { to - dice.roll(3) as i64 } else { to + dice.roll(10) as i64 };
        from = from.max(spans.last().map_or(from, |last| last.from.since(minute(0)).micros() / 3_600_000_000 + 1));
    }
    spans
}

fn source(dice: &mut Dice, name: String, tolerance: Elapsed) -> Source {
    let coverage = if chance(dice, 50) { Coverage::Daily } else { Coverage::Manifest };
    let channels = chance(dice, 50).then(|| some(dice, &CHANNELS));
    Source {
        name,
        files: "**".to_owned(),
        format: None,
        mapping: None,
        zone: None,
        stamps: Stamps::Text,
        from: None,
        to: None,
        expected_by: None,
        keep_raw: None,
        channels: channels.map(|names| names.iter().map(|name| name.parse().unwrap()).collect()),
        directions: directions(dice),
        coverage,
        tolerance,
        chat: None,
    }
}

/// What a rejected row leaves open: as much of it as could be read.
fn unread(dice: &mut Dice, row: &Row, file: Span) -> Unread {
    let at = Span { from: row.sent_at, to: row.sent_at.plus(Elapsed::from_micros(1)) };
    Unread {
        channel: chance(dice, 70).then(|| row.channel.clone()),
        conversation: chance(dice, 70).then(|| row.conversation.clone()),
        span: if chance(dice, 50) { at } else { file },
    }
}

/// The files of one source: each has every message of its time, channels and directions.
fn files(dice: &mut Dice, source: &Source, hand: &Hand, messages: &[Message]) -> Vec<File> {
    let declared = source.channels.as_ref().map(|own| own.iter().map(|c| c.as_str()).collect::<Vec<_>>());
    let carried = declared.unwrap_or_else(|| some(dice, &CHANNELS));
    let said: Vec<Row> = messages.iter().flat_map(|message| hand.rows(message)).collect();
    let mut files = Vec::new();
    for span in spans(dice, source.coverage) {
        let is_manifest = source.coverage == Coverage::Manifest;
        let speaks_for = (is_manifest && chance(dice, 20)).then(|| some(dice, &carried));
        let own = (is_manifest && chance(dice, 20)).then(|| directions(dice));
        let has = |row: &&Row| {
            span.contains(row.sent_at)
                && speaks_for.as_ref().unwrap_or(&carried).contains(&row.channel.as_str())
                && own.as_ref().unwrap_or(&source.directions).contains(&row.direction)
        };
        let broken = if chance(dice, 30) { 10 } else { 0 };
        let (rejected, rows): (Vec<Row>, Vec<Row>) = said
            .iter()
            .filter(has)
            .cloned()
            .partition(|row| row.direction == Direction::Outbound && chance(dice, broken));
        let channels: BTreeSet<String> = rows.iter().map(|row| row.channel.clone()).collect();
        let proof = Proof {
            declared: Some(span),
            first: rows.iter().map(|row| row.sent_at).min(),
            last: rows.iter().map(|row| row.sent_at).max(),
            channels: channels.into_iter().collect(),
            speaks_for: speaks_for.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            directions: own,
            unread: rejected.iter().map(|row| unread(dice, row, span)).collect(),
        };
        files.push(File { source: source.name.clone(), proof, rows });
    }
    files
}

fn generated(dice: &mut Dice) -> Logs {
    let weak_clocks = chance(dice, 50);
    let tolerance = if weak_clocks { Elapsed::from_seconds(120) } else { Elapsed::ZERO };
    let by_status = chance(dice, 60);
    let messages = happened(dice, if weak_clocks { 20 } else { 0 });
    let (mut sources, mut all) = (Vec::new(), Vec::new());
    for count in 0..1 + dice.roll(4) {
        let mut source = source(dice, format!("s{count}"), tolerance);
        if count == 0 {
            // Something is proven in most months.
            (source.channels, source.directions) = (None, Direction::BOTH.to_vec());
        }
        let skew = if weak_clocks { dice.roll(61) as i64 - 30 } else { 0 };
        let hand = Hand {
            by_status: by_status && chance(dice, 60),
            skew: Elapsed::from_seconds(skew),
            to_minute: weak_clocks && chance(dice, 30),
        };
        all.extend(files(dice, &source, &hand, &messages));
        sources.push(source);
    }
    let is_sent = |row: &&Row| matches!(row.sighting, Sighting::Stamped | Sighting::OnSent);
    let sent: BTreeSet<String> =
        all.iter().flat_map(|file: &File| &file.rows).filter(is_sent).map(|row| row.message_id.clone()).collect();
    for file in &mut all {
        file.rows.retain(|row| sent.contains(&row.message_id));
    }
    let rates = if by_status || chance(dice, 25) { FLAT } else { STEPS };
    let tariff = Tariff::parse(Path::new("t.toml"), &format!("{HEAD}{rates}")).unwrap();
    Logs { sources, files: all, tariff, as_of: minute((DAYS + 4) * 1440) }
}

fn frame<'r>(rows: impl Iterator<Item = &'r Row>) -> DataFrame {
    let mut builder = Builder::default();
    (1..).zip(rows).for_each(|(number, row)| builder.push(&row.borrowed(), number));
    builder.finish().unwrap().0
}

type Evidence = BTreeMap<String, ChannelEvidence>;

fn evidence<'f>(logs: &Logs, files: impl Iterator<Item = &'f File>, accepted: &Accepted) -> Evidence {
    let known = known(&logs.sources, files.map(|file| (file.source.as_str(), &file.proof)));
    let proven = known.into_iter().filter_map(|(channel, known)| Some((channel, known.evidence(logs.as_of)?)));
    proven.map(|(channel, proven)| (channel, ChannelEvidence { accepted: accepted.clone(), ..proven })).collect()
}

fn rated(logs: &Logs, frame: &DataFrame, evidence: &Evidence) -> Vec<RatedWait> {
    let of_channel = |_: &str, channel: &str| evidence.get(channel).cloned();
    decide(frame, &of_channel, &logs.tariff, &|_| true, &|_, at| Month::of(at, Zone::UTC)).unwrap().rated.unwrap()
}

fn judged(logs: &Logs, kept: &[bool], accepted: &Accepted) -> Vec<RatedWait> {
    let files = || logs.files.iter().zip(kept).filter(|(_, kept)| **kept).map(|(file, _)| file);
    rated(logs, &frame(files().flat_map(|file| &file.rows)), &evidence(logs, files(), accepted))
}

/// Channel and message.
type Key = (String, String);

fn key(rated: &RatedWait) -> Key {
    (rated.wait.channel.to_string(), rated.wait.message_id.to_string())
}

fn charges(rated: &[RatedWait]) -> BTreeMap<Key, Decimal> {
    rated.iter().filter_map(|rated| Some((key(rated), rated.charge.as_ref()?.amount))).collect()
}

/// Charges of `fewer` that `more` does not have, or has at a lower amount.
fn added(fewer: &BTreeMap<Key, Decimal>, more: &BTreeMap<Key, Decimal>) -> Vec<(Key, Decimal)> {
    let is_added = |(key, amount): &(&Key, &Decimal)| more.get(*key).is_none_or(|known| known < *amount);
    fewer.iter().filter(is_added).map(|(key, amount)| (key.clone(), *amount)).collect()
}

/// Leaves out one file, some, or most of them.
fn dropped(dice: &mut Dice, count: usize) -> Vec<bool> {
    match dice.roll(4) {
        0 => {
            let without = dice.roll(count);
            (0..count).map(|file| file != without).collect()
        }
        times => (0..count).map(|_| !chance(dice, [0, 5, 25, 60][times])).collect(),
    }
}

#[test]
fn taking_files_away_never_adds_a_charge() {
    let (mut charged, mut lost, mut held) = (0, 0, 0);
    for seed in 0..seeds() {
        let mut dice = Dice::new(seed);
        let logs = generated(&mut dice);
        let full = judged(&logs, &vec![true; logs.files.len()], &Accepted::default());
        let full = charges(&full);
        charged += full.len();
        for _ in 0..4 {
            let kept = dropped(&mut dice, logs.files.len());
            let part = judged(&logs, &kept, &Accepted::default());
            held += part.iter().filter(|rated| rated.wait.held_for.is_some()).count();
            let part = charges(&part);
            lost += full.len().saturating_sub(part.len());
            let added = added(&part, &full);
            assert!(added.is_empty(), "seed {seed}: without {:?} added {added:?}", names(&logs, &kept));
        }
    }
    assert!(charged > 1000 && lost > 1000 && held > 1000, "{charged} charges, {lost} lost, {held} held: too few");
}

/// The files that were left out.
fn names(logs: &Logs, kept: &[bool]) -> Vec<String> {
    let out = logs.files.iter().zip(kept).filter(|(_, kept)| !**kept);
    out.map(|(file, _)| format!("{} {:?}", file.source, file.proof.declared)).collect()
}

fn accepted(dice: &mut Dice, rated: &[RatedWait]) -> Accepted {
    let mut accepted = Accepted::default();
    let span = |dice: &mut Dice| {
        let from = dice.roll(9 * 24) as i64 * 60;
        Span { from: minute(from), to: minute(from + 1 + dice.roll(2000) as i64) }
    };
    for rated in rated.iter().filter(|_| chance(dice, 15)).collect::<Vec<_>>() {
        let wait = &rated.wait;
        match dice.roll(5) {
            0 => accepted.questions.extend([wait.message_id.to_string()]),
            1 => accepted.disputes.extend([(wait.message_id.to_string(), Instant::MAX)]),
            2 => accepted.spans.push(span(dice)),
            _ => accepted.conversations.entry(wait.conversation.to_string()).or_default().push(span(dice)),
        }
    }
    accepted.tidy();
    accepted
}

/// What was accepted is never billed: not at once, and not when the missing files arrive after all.
#[test]
fn accepting_never_adds_a_charge_and_is_for_good() {
    let (mut excluded, mut spared) = (0, 0);
    for seed in 0..seeds() / 2 {
        let mut dice = Dice::new(seed + 1_000_000);
        let logs = generated(&mut dice);
        let (all, kept) = (vec![true; logs.files.len()], dropped(&mut dice, logs.files.len()));
        let before = judged(&logs, &kept, &Accepted::default());
        let accepted = accepted(&mut dice, &before);
        let after = judged(&logs, &kept, &accepted);
        let added = added(&charges(&after), &charges(&before));
        assert!(added.is_empty(), "seed {seed}: {accepted:?} added {added:?}");
        let final_ones: BTreeSet<Key> = after.iter().filter(|rated| rated.wait.excluded).map(key).collect();
        excluded += final_ones.len();
        let (complete, plain) = (judged(&logs, &all, &accepted), judged(&logs, &all, &Accepted::default()));
        let billed: Vec<Key> = charges(&complete).into_keys().filter(|key| final_ones.contains(key)).collect();
        assert!(billed.is_empty(), "seed {seed}: {accepted:?} was excluded and then billed: {billed:?}");
        let open = complete.iter().filter(|rated| final_ones.contains(&key(rated)) && rated.wait.is_open());
        let open: Vec<Key> = open.map(key).collect();
        assert!(open.is_empty(), "seed {seed}: {accepted:?} was excluded and then open again: {open:?}");
        spared += charges(&plain).keys().filter(|key| final_ones.contains(key)).count();
    }
    assert!(excluded > 500 && spared > 100, "{excluded} excluded, {spared} spared: too few");
}

/// A row that contradicts another one of the same message.
fn contradiction(dice: &mut Dice, rows: &[Row]) -> Option<Row> {
    let row = rows.iter().filter(|row| row.sighting == Sighting::Stamped).nth(dice.roll(rows.len()))?;
    let mut other = row.clone();
    match dice.roll(4) {
        0 => other.sent_at = row.sent_at.plus(Elapsed::from_seconds(3601 + dice.roll(200_000) as i64)),
        1 => other.sent_at = row.sent_at.minus(Elapsed::from_seconds(3601 + dice.roll(200_000) as i64)),
        2 => {
            let turned = if row.direction == Direction::Inbound { Direction::Outbound } else { Direction::Inbound };
            other.direction = turned;
        }
        _ => other.conversation = format!("v{}", dice.roll(5)),
    }
    (other != *row).then_some(other)
}

#[test]
fn a_conflict_charges_nothing_of_its_conversation() {
    let (mut spared, mut conflicts) = (0, 0);
    for seed in 0..seeds() / 4 {
        let mut dice = Dice::new(seed + 2_000_000);
        let logs = generated(&mut dice);
        let proven = evidence(&logs, logs.files.iter(), &Accepted::default());
        let mut rows: Vec<Row> = logs.files.iter().flat_map(|file| file.rows.iter().cloned()).collect();
        let plain = charges(&rated(&logs, &frame(rows.iter()), &proven));
        let Some(other) = contradiction(&mut dice, &rows) else { continue };
        let of_message = |row: &&Row| (&row.channel, &row.message_id) == (&other.channel, &other.message_id);
        let mut disputed: BTreeSet<(String, String)> =
            rows.iter().filter(of_message).map(|row| (row.channel.clone(), row.conversation.clone())).collect();
        disputed.insert((other.channel.clone(), other.conversation.clone()));
        let is_disputed = |row: &Row| disputed.contains(&(row.channel.clone(), row.conversation.clone()));
        let without = charges(&rated(&logs, &frame(rows.iter().filter(|row| !is_disputed(row))), &proven));
        rows.push(other);
        let with = charges(&rated(&logs, &frame(rows.iter()), &proven));
        let added = added(&with, &without);
        assert!(added.is_empty(), "seed {seed}: in {disputed:?} charged {added:?}");
        conflicts += 1;
        spared += plain.len() - with.len();
    }
    assert!(conflicts > 20 && spared > 20, "{conflicts} conflicts, {spared} charges spared: too few");
}

#[test]
fn order_and_copies_of_rows_change_nothing() {
    for seed in 0..seeds() / 4 {
        let mut dice = Dice::new(seed + 3_000_000);
        let logs = generated(&mut dice);
        let proven = evidence(&logs, logs.files.iter(), &Accepted::default());
        let mut rows: Vec<Row> = logs.files.iter().flat_map(|file| file.rows.iter().cloned()).collect();
        let expected = rated(&logs, &frame(rows.iter()), &proven);
        let copies: Vec<Row> = rows.iter().filter(|_| chance(&mut dice, 20)).cloned().collect();
        rows.extend(copies);
        dice.shuffle(&mut rows);
        assert_eq!(rated(&logs, &frame(rows.iter()), &proven), expected, "seed {seed}");
    }
}
