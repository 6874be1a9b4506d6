//! Chats as the app on a phone exports them: `_chat.txt`, `WhatsApp Chat with ….txt`.
//!
//! Such a file has local times, names in place of numbers, and no ids. What it means is settled by its source
//! ([`ChatSource`]) or proved from the whole file, and never guessed. The ids of its messages are derived from what
//! does not change between two exports of one chat; they begin with `weak-`.

mod body;
mod calendar;
mod date;
mod digits;
mod header;
mod names;
mod order;
mod refused;
mod split;
mod token;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::body::Body;
use self::date::{Written, Wrong};
use self::names::Sides;
use self::order::Unproved;
use self::split::Entry;
use super::ReadError;
use super::bytes::sha256;
use super::canonical::{Texts, at};
use super::frame::Builder;
use super::lines;
use super::options::{Latest, Options};
use super::row::Suspect;
use super::stamp::Given;
use crate::domain::Direction;
use crate::domain::chat::{ChatSource, DateOrder};

pub use refused::Refused;

/// Where a count of sentences of the app stands among what carries no message.
const NOTICES: &str = "notice of the app";
const NO_TIME: &str = "sent_at has a time of day that does not exist";
const FOREIGN: &str = "the line begins as a message does, in another shape than the others: it may be part of the text before it, \
                       or a message of another export";
const BACK: &str =
    "the message is more than a day before the one above it: it may be part of that text, or of another export";
/// Phones without a net export what they get where it arrives.
const STEP_BACK_SECONDS: i64 = 86_400;
const BEFORE: &str = "the line stands before the first message";

/// Whether the first line is that of an exported chat.
pub(super) fn looks_like(plain: &[u8], longest: usize) -> bool {
    let line = lines::first(plain, longest);
    std::str::from_utf8(line).is_ok_and(|line| header::header(line).is_some())
}

/// Reads a chat, and counts what carries no message.
pub(super) fn read(plain: &[u8], options: &Options, builder: &mut Builder) -> Result<BTreeMap<String, u64>, ReadError> {
    let source = options.chat.as_ref().ok_or(Refused::Undeclared)?;
    let text = std::str::from_utf8(plain).map_err(|_| Refused::NotUtf8)?;
    if text.chars().all(|sign| sign.is_whitespace() || token::is_unseen(sign)) {
        return Ok(BTreeMap::new());
    }
    let parts = split::parts(text, builder.limits.line)?;
    let first = parts.entries.first().ok_or(Refused::NoHeader)?;
    if first.date == Written::Yearless {
        return Err(Refused::NoYear.into());
    }
    let order = order_of(&parts.entries, source, options)?;
    let (messages, notices) = messages(&parts.entries, order, &names::senders(source));
    let mut writers: BTreeMap<String, u64> = BTreeMap::new();
    for message in &messages {
        *writers.entry(message.name.clone()).or_default() += 1;
    }
    let sides = Sides::of(&writers, source)?;
    // What cannot be placed may have been an answer to any question of the chat.
    let lost = || Suspect {
        business: Some(source.business.clone()),
        channel: Some(source.channel.clone()),
        conversation: Some(sides.conversation().to_owned()).filter(|name| !name.is_empty()),
        at: None,
    };
    if let Some(row) = parts.before {
        builder.reject(row, BEFORE, Some(lost()));
    }
    for row in &parts.foreign {
        builder.reject(*row, FOREIGN, Some(lost()));
    }
    let (mut ids, mut before) = (Ids::default(), i64::MIN);
    for message in &messages {
        let goes_back = message.local.is_ok_and(|local| local < before.saturating_sub(STEP_BACK_SECONDS));
        before = message.local.unwrap_or(before);
        if goes_back {
            builder.reject(message.row, BACK, Some(lost()));
            continue;
        }
        push(message, source, &sides, &mut ids, builder);
        builder.check_rows()?;
    }
    Ok(if notices == 0 { BTreeMap::new() } else { BTreeMap::from([(NOTICES.to_owned(), notices)]) })
}

/// The order that the source declares, or that the chat proves.
fn order_of(entries: &[Entry], source: &ChatSource, options: &Options) -> Result<DateOrder, Refused> {
    if let Some(order) = source.date_order {
        return Ok(order);
    }
    let senders = names::senders(source);
    // Sentences of the app may stand at another place than their time has.
    let said = |entry: &&Entry| split::speaker(entry.rest, &senders).is_some();
    let said: Vec<Written> = entries.iter().filter(said).map(|entry| entry.date).collect();
    let dates = if said.is_empty() { entries.iter().map(|entry| entry.date).collect() } else { said };
    // A chat that was exported after the time that its file declares, or after the instant of judgement, has later
    // messages: that they are later must not disprove the order that they are written in.
    let days_after = if options.latest_is == Latest::YearAhead { 0 } else { 366 };
    order::proved(&dates, order::last_day(options.latest) + days_after).map_err(|unproved| match unproved {
        Unproved::Several => Refused::Order,
        Unproved::Nowhere => Refused::NoOrder,
    })
}

/// A message of a person.
struct Message<'t> {
    row: u64,
    /// Seconds since 1970 of the local time, or why there is none.
    local: Result<i64, &'static str>,
    name: String,
    body: Body,
    text: &'t str,
}

/// The messages of persons, and how many sentences of the app stand between them.
fn messages<'t>(entries: &[Entry<'t>], order: DateOrder, senders: &[String]) -> (Vec<Message<'t>>, u64) {
    let (mut messages, mut notices) = (Vec::new(), 0);
    for entry in entries {
        let Some((name, text)) = split::speaker(entry.rest, senders) else {
            notices += 1;
            continue;
        };
        let body = body::body(text);
        if body == Body::Notice {
            notices += 1;
            continue;
        }
        let day = entry.date.day(order).map_err(Wrong::reason);
        let local = day.and_then(|day| entry.second.map(|second| day * 86_400 + i64::from(second)).ok_or(NO_TIME));
        messages.push(Message { row: entry.row, local, name, body, text });
    }
    (messages, notices)
}

/// What was met of a chat so far, by which equal messages are told apart.
#[derive(Default)]
struct Ids {
    /// Messages of one minute, or second where the export has them.
    at: BTreeMap<i64, i64>,
    /// Messages of one minute, direction, and digest of the text.
    equal: BTreeMap<(i64, Direction, String), u64>,
}

impl Ids {
    /// The microseconds by which a message comes after the first of its time.
    ///
    /// An export that shows minutes only has its messages in order: so have they here.
    fn micros_after(&mut self, local: i64) -> i64 {
        let place = self.at.entry(local).or_default();
        let micros = (*place).min(999_999);
        *place += 1;
        micros
    }

    /// The id of a message. It hangs on nothing that changes when the chat is exported again later: of the time on the
    /// minute alone, since one phone shows seconds and another does not; of the text, not on how its lines end.
    fn message(&mut self, source: &ChatSource, sides: &Sides, local: i64, direction: Direction, text: &str) -> String {
        let (minute, digest) = (local.div_euclid(60), sha256(text.replace("\r\n", "\n").as_bytes()));
        let ordinal = self.equal.entry((minute, direction, digest.clone())).or_default();
        let (channel, conversation, direction) = (&source.channel, sides.conversation(), direction.name());
        let told = format!("{channel}\0{conversation}\0{minute}\0{direction}\0{ordinal}\0{digest}");
        *ordinal += 1;
        let hash = sha256(told.as_bytes());
        format!("weak-{}", hash.get(..32).unwrap_or_default())
    }
}

/// A message into the frame, or among the rejects.
fn push(message: &Message, source: &ChatSource, sides: &Sides, ids: &mut Ids, builder: &mut Builder) {
    let direction = if sides.is_business(&message.name) { Direction::Outbound } else { Direction::Inbound };
    let mut texts = Texts::default();
    let mut set = |column, value: &str| texts.set(column, Cow::Owned(value.to_owned()));
    set(at::BUSINESS, &source.business);
    set(at::CHANNEL, &source.channel);
    set(at::CUSTOMER, sides.customer(&message.name));
    set(at::CONVERSATION, sides.conversation());
    set(at::DIRECTION, direction.name());
    set(at::KIND, message.body.kind(direction, source.weak_ids).name());
    let local = match message.local {
        Ok(local) => local,
        Err(reason) => return builder.reject_texts(&texts, message.row, reason),
    };
    let text = message.body.told(message.text);
    texts.set(at::MESSAGE_ID, Cow::Owned(ids.message(source, sides, local, direction, text)));
    let micros = local.saturating_mul(1_000_000).saturating_add(ids.micros_after(local));
    builder.take(&texts, Some(Given::Local(micros)), message.row);
}

#[cfg(test)]
mod tests;
