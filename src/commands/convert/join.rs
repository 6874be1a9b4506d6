//! What a canonical log can say of messages: each once, with its own stamp.
//!
//! A message that is seen through its statuses alone becomes one with the stamp of its first sign of life. Copies that
//! contradict one another stay as they are, and hold their conversation wherever they are read.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Message;
use crate::domain::message::Sighting;
use crate::domain::{Direction, EntryPoint, Status};

/// What a canonical log cannot say, and the places of the files that say it.
#[derive(Debug)]
pub(super) struct Unsayable {
    pub told: String,
    pub files: BTreeSet<usize>,
}

/// The messages, sorted. They come with the places of their files.
///
/// # Errors
/// Why a canonical log cannot say the same.
pub(super) fn joined(messages: Vec<(usize, Message)>) -> Result<Vec<Message>, Unsayable> {
    if let Some((file, Message { message_id, .. })) = messages.iter().find(|(_, message)| !message.fold.is_empty()) {
        let told = format!(
            "the local time of message `{message_id}` was shown twice by the clocks: it has two readings, and a canonical log has one"
        );
        return Err(Unsayable { told, files: BTreeSet::from([*file]) });
    }
    let mut copies: BTreeMap<(String, String, String), Vec<(usize, Message)>> = BTreeMap::new();
    for (file, mut message) in messages {
        if message.direction == Direction::Outbound {
            // How the customer came to write means nothing on a message of the business.
            message.entry_point = EntryPoint::Unknown;
        }
        let key = (message.business.clone(), message.channel.clone(), message.message_id.clone());
        copies.entry(key).or_default().push((file, message));
    }
    // Equal copies count once.
    let mut all: BTreeSet<Message> = BTreeSet::new();
    for ((business, channel, id), copies) in copies {
        let (files, copies): (BTreeSet<usize>, Vec<Message>) = copies.into_iter().unzip();
        let one = told(copies).map_err(|why| Unsayable {
            told: format!("the statuses of message `{id}` of {business} on channel {channel} {why}"),
            files,
        })?;
        all.extend(one);
    }
    Ok(all.into_iter().collect())
}

/// What is written of one message.
fn told(copies: Vec<Message>) -> Result<Vec<Message>, &'static str> {
    let (stamped, seen): (Vec<Message>, Vec<Message>) =
        copies.into_iter().partition(|copy| copy.sighting == Sighting::Stamped);
    if seen.is_empty() {
        return Ok(stamped);
    }
    let all = || stamped.iter().chain(&seen);
    let entry_points: BTreeSet<EntryPoint> =
        all().map(|copy| copy.entry_point).filter(|point| *point != EntryPoint::Unknown).collect();
    let parties = |copy: &Message| (copy.customer.clone(), copy.conversation.clone(), copy.direction);
    let is_known = seen.iter().any(|copy| copy.status != Status::Unstated);
    // An unknown status may be of another kind than its message.
    let is_unclear = !is_known && !stamped.is_empty();
    if is_unclear || all().map(parties).collect::<BTreeSet<_>>().len() > 1 || entry_points.len() > 1 {
        return Err("contradict one another, and a canonical log has no statuses");
    }
    let status = all().map(|copy| copy.status).max().unwrap_or(Status::Unstated);
    if !stamped.is_empty() {
        // The log of the message has its time and its kind, its statuses what became of it.
        return Ok(stamped.into_iter().map(|copy| Message { status, ..copy }).collect());
    }
    // An unknown status beside a known one adds no doubt: the message was sent.
    let kind = seen.iter().map(|copy| copy.kind.as_str()).max().filter(|_| !is_known).unwrap_or_default().to_owned();
    let entry_point = entry_points.first().copied().unwrap_or(EntryPoint::Unknown);
    let first = seen.into_iter().min_by_key(|copy| (copy.sighting, copy.sent_at));
    let one = first.map(|copy| Message { kind, status, entry_point, sighting: Sighting::Stamped, ..copy });
    Ok(one.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    /// Time, kind, status and sighting of a copy of one message.
    fn copy(at: i64, kind: &str, status: Status, sighting: Sighting) -> Message {
        let [business, channel, message_id, customer] = ["b", "c", "m", "+391"].map(str::to_owned);
        Message {
            business,
            channel,
            sent_at: Instant::from_micros(at),
            message_id,
            conversation: customer.clone(),
            customer,
            direction: Direction::Outbound,
            kind: kind.to_owned(),
            status,
            entry_point: EntryPoint::Unknown,
            sighting,
            fold: String::new(),
        }
    }

    /// All copies are of one file.
    fn joined(copies: Vec<Message>) -> Result<Vec<Message>, Unsayable> {
        super::joined(copies.into_iter().map(|copy| (0, copy)).collect())
    }

    #[test]
    fn statuses_become_the_message_that_they_tell_of() {
        let seen = [
            copy(5, "", Status::Read, Sighting::OnRead),
            copy(3, "", Status::Delivered, Sighting::OnDelivered),
            copy(4, "", Status::Sent, Sighting::OnSent),
        ];
        assert_eq!(joined(seen.to_vec()).unwrap(), [copy(4, "", Status::Read, Sighting::Stamped)]);
        let stamped = copy(2, "image", Status::Unstated, Sighting::Stamped);
        let with_stamp = [&seen[..], &[stamped]].concat();
        assert_eq!(joined(with_stamp).unwrap(), [copy(2, "image", Status::Read, Sighting::Stamped)]);
        let unknown = copy(1, "other", Status::Unstated, Sighting::OnRead);
        assert_eq!(joined(vec![unknown.clone()]).unwrap(), [copy(1, "other", Status::Unstated, Sighting::Stamped)]);
        let beside = vec![unknown, seen[2].clone()];
        assert_eq!(joined(beside).unwrap(), [copy(4, "", Status::Sent, Sighting::Stamped)]);
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let seen = copy(5, "", Status::Read, Sighting::OnRead);
        let other = Message { customer: "+392".to_owned(), ..seen.clone() };
        let why = super::joined(vec![(3, seen.clone()), (1, other)]).unwrap_err();
        assert!(why.told.contains("`m` of b on channel c"), "{}", why.told);
        assert_eq!(Vec::from_iter(why.files), [1, 3]);
        assert!(joined(vec![Message { fold: "3600".to_owned(), ..seen }]).is_err());
    }

    #[test]
    fn equal_copies_count_once_and_contradictions_stay() {
        let (one, other) =
            (copy(1, "text", Status::Sent, Sighting::Stamped), copy(2, "text", Status::Sent, Sighting::Stamped));
        assert_eq!(joined(vec![other.clone(), one.clone(), other.clone()]).unwrap(), [one, other]);
    }
}
