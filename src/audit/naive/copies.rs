//! Rows of the archive to messages, once more: copies collapse, and what contradicts itself is no message.

use std::collections::BTreeMap;

use super::{Key, Question, Row};
use crate::domain::message::Sighting;
use crate::domain::reading::{ChargeFor, RunClock};
use crate::domain::{ChannelEvidence, Direction, EntryPoint, Kind, Status};

const DAY: i64 = 86_400_000_000;
/// Units to which exports cut a time.
const CUTS: [i64; 3] = [1_000, 1_000_000, 60_000_000];

/// A message of a conversation; instants and lengths in microseconds.
pub(super) struct Message<'q> {
    pub id: &'q str,
    pub customer: &'q str,
    pub is_inbound: bool,
    pub at: i64,
    /// An inbound message may be so much earlier, an outbound one so much later.
    pub fold: i64,
    pub kind: Kind,
    pub status: Status,
    pub entry_point: EntryPoint,
}

/// The messages of a conversation in order of time, then id; `None` where a message of it cannot be told.
type Talk<'q> = Option<Vec<Message<'q>>>;

/// The conversations with what was known of them when the evidence ended, as far back as they matter.
pub(super) fn talks<'q>(question: &Question<'q>) -> BTreeMap<Key<'q>, Talk<'q>> {
    let mut messages: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
    for row in question.rows {
        messages.entry((row.channel.as_str(), row.message_id.as_str())).or_default().push(row);
    }
    let since = matters_since(question);
    let mut talks: BTreeMap<Key, Talk> = BTreeMap::new();
    for ((channel, id), rows) in messages {
        let Some(evidence) = question.evidence.get(channel) else { continue };
        let known = evidence.watermark.micros();
        // A status of later time is not known yet, whatever it would say of an earlier message.
        let mut told = rows.clone();
        told.retain(|row| row.sighting == Sighting::Stamped || row.sent_at.micros() < known);
        if told.is_empty() {
            continue;
        }
        let message = message(id, &told, evidence);
        for row in &told {
            let talk = talks.entry((channel, row.conversation.as_str())).or_insert_with(|| Some(Vec::new()));
            if message.is_none() {
                *talk = None;
            }
        }
        if let Some(message) = message
            && let Some(Some(talk)) = talks.get_mut(&(channel, told[0].conversation.as_str()))
            && since <= message.at
            && message.at < known
        {
            talk.push(message);
        }
    }
    for talk in talks.values_mut().flatten() {
        talk.sort_by_key(|message| (message.at, message.id));
    }
    talks
}

/// Nothing earlier reaches into the month. Where a wait hangs on the messages before it, everything may.
fn matters_since(question: &Question) -> i64 {
    let reading = &question.reading;
    if reading.charge_for == ChargeFor::LateOutbound || reading.clock != RunClock::EachInbound {
        return i64::MIN;
    }
    let longest = reading.window.micros().max(reading.give_up.map_or(0, |give_up| give_up.micros()));
    let tolerance = question.evidence.values().map(|evidence| evidence.tolerance.micros()).max().unwrap_or(0);
    question.month.from.micros().saturating_sub(longest).saturating_sub(3 * tolerance).saturating_sub(3 * DAY)
}

/// What the rows say together; `None` when they contradict each other, when one is of an unknown kind or status, or
/// when the operator had to decide about them.
fn message<'q>(id: &'q str, rows: &[&'q Row], evidence: &ChannelEvidence) -> Option<Message<'q>> {
    let first = rows.first()?;
    let is_stamped = |row: &Row| row.sighting == Sighting::Stamped;
    // Where a status shows that it was sent, a status of an unknown name says nothing of its kind.
    let was_seen = rows.iter().any(|row| !is_stamped(row) && row.status != Some(Status::Unstated));
    let (mut kind, mut status, mut entry_point) = (None, Status::Unstated, EntryPoint::Unknown);
    for row in rows {
        let same_talk = row.conversation == first.conversation && row.customer == first.customer;
        if !same_talk || row.direction != first.direction {
            return None;
        }
        if let Some(stated) = row.kind.filter(|_| is_stamped(row) || !was_seen) {
            if kind.is_some_and(|kind| kind != stated) {
                return None;
            }
            kind = Some(stated);
        }
        if row.entry_point != EntryPoint::Unknown {
            if entry_point != EntryPoint::Unknown && entry_point != row.entry_point {
                return None;
            }
            entry_point = row.entry_point;
        }
        status = status.max(row.status?);
    }
    let kind = kind.unwrap_or(Kind::Text);
    let (at, fold) = instant(rows)?;
    if kind == Kind::Other || evidence.accepted.disputes.contains_key(id) {
        return None;
    }
    let is_inbound = first.direction == Direction::Inbound;
    Some(Message { id, customer: &first.customer, is_inbound, at, fold, kind, status, entry_point })
}

/// When it was sent, with what is left of its fold: the finest stamp that all others are cuts of, else its first sign
/// of life.
fn instant(rows: &[&Row]) -> Option<(i64, i64)> {
    let mut stamped = rows.to_vec();
    stamped.retain(|row| row.sighting == Sighting::Stamped);
    if stamped.is_empty() {
        let mut signs = rows.to_vec();
        signs.sort_by_key(|row| (row.sighting, row.sent_at));
        return signs.first().map(|row| (row.sent_at.micros(), row.fold.micros()));
    }
    let fineness = |row: &Row| CUTS.iter().filter(|unit| row.sent_at.micros() % **unit != 0).count();
    let finest = stamped.iter().map(|row| fineness(row)).max()?;
    let (mut earliest, mut latest) = (None, None);
    for row in stamped.iter().filter(|row| fineness(row) == finest) {
        for at in readings(row) {
            if stamped.iter().all(|other| allows(other, at)) {
                earliest = Some(earliest.map_or(at, |known: i64| known.min(at)));
                latest = Some(latest.map_or(at, |known: i64| known.max(at)));
            }
        }
    }
    let (earliest, latest) = (earliest?, latest?);
    let is_inbound = stamped.first()?.direction == Direction::Inbound;
    Some((if is_inbound { latest } else { earliest }, latest - earliest))
}

/// Both instants that a local time may mean: stored is the one kinder to the payer.
fn readings(row: &Row) -> [i64; 2] {
    let (at, fold) = (row.sent_at.micros(), row.fold.micros());
    [at, if row.direction == Direction::Inbound { at - fold } else { at + fold }]
}

/// Whether a stamp is that instant, or cut from it.
fn allows(row: &Row, at: i64) -> bool {
    readings(row).into_iter().any(|stamp| stamp == at || CUTS.iter().any(|unit| at - at.rem_euclid(*unit) == stamp))
}
