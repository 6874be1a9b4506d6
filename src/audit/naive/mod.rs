//! A second opinion on a month: its waits and its prices once more, by plain loops, before anything of it is written.
//!
//! Nothing here is shared with `pair` and `rate` but the words of `domain`: not the collapsing of copies, not the
//! pairing, not the parser of tariffs. It is slow on purpose, a loop within a loop over one conversation, so that a
//! reader can follow it with `rule.md` in hand; a month is asked about a sample of its conversations.
//!
//! What hangs on decisions of the operator, or on what logs leave open, is left out and counted: there is no second
//! opinion on a doubt.

mod copies;
mod prices;
mod tariff_text;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use crate::close::check::sha256;
use crate::domain::charge::RatedWait;
use crate::domain::message::Sighting;
use crate::domain::reading::{ChargeFor, DateOf};
use crate::domain::{
    ChannelEvidence, Direction, Elapsed, EntryPoint, Instant, Kind, Ownership, Reading, Span, Status, Verdict, Wait,
};
use waits::Found;

pub use prices::price_findings;

/// One row of the archive: a copy, or a sighting, of a message. Names are keyed, as in the waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub message_id: String,
    pub channel: String,
    pub conversation: String,
    pub customer: String,
    pub direction: Direction,
    pub sent_at: Instant,
    /// Between the two readings of a local time that the clocks repeat.
    pub fold: Elapsed,
    /// `None` where the log does not state it.
    pub kind: Option<Kind>,
    /// `None` for a status that is not known.
    pub status: Option<Status>,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
}

/// What the second opinion is asked about.
pub struct Question<'q> {
    /// All rows of the sampled conversations, in any order, whatever their time.
    pub rows: &'q [Row],
    /// All waits of the month in those conversations.
    pub judged: &'q [RatedWait],
    pub reading: Reading,
    /// What is known of each channel, cut where the evidence of the month ends.
    pub evidence: &'q BTreeMap<String, ChannelEvidence>,
    /// The channels of the business, with the time in which it owns them.
    pub channels: &'q [Ownership],
    pub month: Span,
}

/// What it comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    /// Sentences; empty where it agrees.
    pub findings: Vec<String>,
    /// Waits that were judged a second time.
    pub compared: u64,
    /// Waits of which it has none: excluded by the operator, or in a conversation whose messages contradict each
    /// other or are of unknown kind.
    pub skipped: u64,
}

/// Channel and conversation, or channel and message.
type Key<'q> = (&'q str, &'q str);

/// Judges the conversations a second time and compares wait by wait.
pub fn opinion(question: &Question) -> Opinion {
    let talks = copies::talks(question);
    let mut expected: BTreeMap<Key, (Key, Found)> = BTreeMap::new();
    for (place @ (channel, conversation), talk) in &talks {
        let (Some(evidence), Some(messages)) = (question.evidence.get(*channel), talk) else { continue };
        for found in waits::waits(messages, conversation, &question.reading, evidence) {
            if is_of_month(&found, channel, question) {
                expected.insert((*channel, found.message_id), (*place, found));
            }
        }
    }
    let mut opinion = Opinion::default();
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    for rated in question.judged {
        let wait = &rated.wait;
        let key: Key = (&*wait.channel, &*wait.message_id);
        let is_told = talks.get(&(&*wait.channel, &*wait.conversation)).is_none_or(Option::is_some);
        let found = expected.remove(&key);
        if wait.excluded || !is_told {
            // Copies that contradict each other are a wait each.
            opinion.skipped += 1;
        } else if !seen.insert(key) {
            opinion.findings.push(said(key, "stands twice among the waits of the month"));
        } else {
            opinion.compared += 1;
            let text = match found {
                None => "is no wait of this month by the second opinion".to_owned(),
                Some((_, found)) => differing(&rated.wait, &found),
            };
            if !text.is_empty() {
                opinion.findings.push(said(key, &text));
            }
        }
    }
    for (key, (place, found)) in expected {
        if may_be_excluded(&found, place, question) {
            opinion.skipped += 1;
        } else {
            let text = format!("is {} by the second opinion, and missing among the waits of the month", found.verdict);
            opinion.findings.push(said(key, &text));
        }
    }
    opinion
}

/// So many of the conversations as told, the same whatever their order: those with the smallest SHA-256 of seed and
/// name. All of them when there are fewer.
pub fn sample<'c>(conversations: impl Iterator<Item = &'c str>, seed: &str, size: usize) -> BTreeSet<String> {
    let mut drawn: BTreeSet<(String, &str)> = BTreeSet::new();
    for name in conversations {
        let entry = (sha256(format!("{seed} {name}").as_bytes()), name);
        // There may be millions of them.
        if drawn.len() < size || drawn.last().is_some_and(|last| entry < *last) {
            drawn.insert(entry);
        }
        if drawn.len() > size {
            drawn.pop_last();
        }
    }
    drawn.into_iter().map(|(_, name)| name.to_owned()).collect()
}

fn said((channel, message_id): Key, text: &str) -> String {
    format!("message {message_id} on {channel} {text}")
}

/// What differs between the wait as it was judged and as it was found here; empty where nothing does.
fn differing(wait: &Wait, found: &Found) -> String {
    let answered = |at: Option<Instant>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let instant = Instant::from_micros;
    let facts = [
        ("verdict", wait.verdict.to_string(), found.verdict.to_string()),
        ("received_at", wait.received_at.to_string(), instant(found.received_at).to_string()),
        ("answered_at", answered(wait.answered_at), answered(found.answered_at.map(instant))),
        ("deadline", wait.deadline.to_string(), instant(found.deadline).to_string()),
        ("entry_point", wait.entry_point.to_string(), found.entry_point.to_string()),
        ("run", wait.run.join(" "), found.run.join(" ")),
        ("tolerance", wait.tolerance.micros().to_string(), found.tolerance.to_string()),
    ];
    let differ = facts.into_iter().filter(|(_, judged, found)| judged != found);
    let texts = differ.map(|(name, judged, found)| format!("has {name} {judged}, by the second opinion {found}"));
    let unproven = found
        .unseen_at
        .filter(|_| matches!(wait.verdict, Verdict::Late | Verdict::Unanswered))
        .map(|at| format!("is {}, and logs that could spare it are missing from {}", wait.verdict, instant(at)));
    // Whose number it is, no report says.
    let stranger = (*wait.customer != *found.customer).then(|| "has another customer by the second opinion".to_owned());
    texts.chain(stranger).chain(unproven).collect::<Vec<_>>().join("; ")
}

/// Whether the wait lies in the month, by the instant that the reading names, on a channel that the business owned
/// when it was received.
fn is_of_month(found: &Found, channel: &str, question: &Question) -> bool {
    let at = match question.reading.month_of {
        _ if question.reading.charge_for == ChargeFor::LateOutbound => found.answered_at,
        DateOf::Received => Some(found.received_at),
        DateOf::Deadline => Some(found.deadline),
        DateOf::Answered => found.answered_at,
    };
    let at = at.unwrap_or(found.received_at);
    let Span { from, to } = question.month;
    let mut owned = false;
    for own in question.channels {
        let (begins, ends) = (own.span.from.micros(), own.span.to.micros());
        owned |= own.channel.as_str() == channel && begins <= found.received_at && found.received_at < ends;
    }
    owned && from.micros() <= at && at < to.micros()
}

/// Whether the operator accepted something that may have excluded the wait. What is excluded belongs to the month in
/// which it was received, so that one of another month is not missed here.
fn may_be_excluded(found: &Found, (channel, conversation): Key, question: &Question) -> bool {
    let Span { from, to } = question.month;
    let received_here = from.micros() <= found.received_at && found.received_at < to.micros();
    let Some(evidence) = question.evidence.get(channel).filter(|_| !received_here) else { return false };
    let accepted = &evidence.accepted;
    let of_talk = accepted.conversations.get(conversation).into_iter().flatten();
    accepted.questions.contains(found.message_id)
        || accepted.spans.iter().chain(of_talk).any(|span| found.answerable_from < span.to.micros())
}
