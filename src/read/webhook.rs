//! Bodies of WhatsApp Cloud API webhooks.
//!
//! Every message, status, echo and message of the history becomes a [`Row`], or a [`Reject`] with its reason;
//! one that is broken spoils no other. Changes that hold none of them (templates, accounts, calls) are
//! counted by their field. Calls are no messages, whether they stand in `calls` or are statuses of type
//! `call`: as rows they would contradict one another, since each step of a call has a time of its own.

mod envelope;
mod message;
mod quick;
mod suspect;

use std::collections::BTreeMap;

use self::envelope::{NULL, Node};
use self::message::Place;
use self::quick::Quick;
use super::row::{Reject, Row, RowRef, Suspect};

/// What bodies say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// In the order of the file.
    pub rejects: Vec<Reject>,
    /// Changes without a message, by field; `-` where the field has no name.
    pub others: BTreeMap<String, u64>,
}

const NOT_A_BODY: &str = "not a webhook body";
/// What is not read at all may hold any answer.
const UNREAD: Option<Suspect> = Some(Suspect { business: None, channel: None, conversation: None, at: None });

/// Reads one body, a JSON document by itself, into `read`. `row` is its number in the file.
pub fn body(json: &[u8], row: u64, read: &mut Read) {
    let Read { rows, rejects, others } = read;
    let push: &mut dyn FnMut(RowRef) = &mut |found| rows.push(found.into_row());
    let mut reading = Reading::new(push);
    match serde_json::from_slice::<Node>(json) {
        Ok(node) => reading.body(&node, row),
        Err(error) => reading.reject(row, json_reason(&error), UNREAD),
    }
    let told = reading.told;
    rejects.extend(told.rejects);
    for (field, count) in told.others {
        *others.entry(field).or_default() += count;
    }
}

/// Reads a file of bodies, with its rows.
pub fn file(bytes: &[u8]) -> Read {
    let mut rows = Vec::new();
    let Told { rejects, others } = stream(bytes, &mut |row| rows.push(row.into_row()));
    Read { rows, rejects, others }
}

/// Reads a file of bodies: one body, a JSON array of them, or any number one after the other, each in one
/// line or spread over several.
///
/// The row of a body is the line in which it begins; in an array its place, counted from the line in which
/// the array begins. What is not JSON is one reject, and
/// reading goes on at the next line that begins with a brace.
///
/// Each row is given to `take` in the order of the file, with its texts where they lie; no two documents are held
/// at once. Bodies of the usual form go a quick way, which gives the same rows.
pub(super) fn stream(bytes: &[u8], take: &mut dyn FnMut(RowRef)) -> Told {
    documents(bytes, Some(Quick::default()), take)
}

/// The same; what the quick way leaves, and all where there is none, is read by the long way.
fn documents<'b>(bytes: &'b [u8], mut quick: Option<Quick<'b>>, take: &mut dyn FnMut(RowRef)) -> Told {
    let mut read = Reading::new(take);
    let mut rest = without_mark(bytes);
    let mut line = 1;
    loop {
        // Commas are what an array that was cut off leaves between its bodies.
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b',');
        let (blank, unread) = rest.split_at(start.unwrap_or(rest.len()));
        if unread.is_empty() {
            return read.told;
        }
        line += line_ends(blank);
        let quickly = quick.as_mut().and_then(|quick| read.quickly(quick, unread));
        let length = quickly.unwrap_or_else(|| read.document(unread, line));
        let (document, after) = unread.split_at(length);
        line += line_ends(document);
        rest = after;
    }
}

/// Whether the bytes begin like webhook bodies: an object, perhaps the first of a list, of which a key tells
/// that it is a body or a part of one before any key tells that it is a row of the canonical log.
pub fn looks_like(bytes: &[u8]) -> bool {
    let bytes = without_mark(bytes);
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'[');
    let object = start.and_then(|start| bytes.get(start..)).and_then(|object| object.strip_prefix(b"{"));
    let telling = |key: &[u8]| match key {
        b"object" | b"entry" | b"changes" | b"field" | b"messaging_product" => Some(true),
        b"message_id" | b"sent_at" | b"direction" => Some(false),
        _ => None,
    };
    object.and_then(|object| first_of_keys(object, telling)).unwrap_or(false)
}

/// The first answer that `telling` gives to a key of the object whose inside this is. The bytes may end
/// anywhere: they need not be JSON.
fn first_of_keys(inside: &[u8], telling: impl Fn(&[u8]) -> Option<bool>) -> Option<bool> {
    let (mut depth, mut text_from, mut escaped) = (0_usize, None, false);
    let mut text: &[u8] = b"";
    for (at, byte) in inside.iter().enumerate() {
        match (text_from, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(from), b'"') => (text, text_from) = (inside.get(from..at)?, None),
            (Some(_), _) => {}
            (None, b'"') => text_from = Some(at + 1),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth = depth.checked_sub(1)?,
            (None, b':') if depth == 0 => match telling(text) {
                None => {}
                told => return told,
            },
            (None, _) => {}
        }
    }
    None
}

/// What bodies say beside their rows.
#[derive(Default)]
pub(super) struct Told {
    /// In the order of the file.
    pub rejects: Vec<Reject>,
    /// As in [`Read`].
    pub others: BTreeMap<String, u64>,
}

/// Bodies while they are read.
struct Reading<'t> {
    take: &'t mut dyn FnMut(RowRef),
    told: Told,
    /// Rows that were taken.
    rows: usize,
}

impl<'t> Reading<'t> {
    fn new(take: &'t mut dyn FnMut(RowRef)) -> Self {
        Self { take, told: Told::default(), rows: 0 }
    }

    fn reject(&mut self, row: u64, reason: impl Into<String>, suspect: Option<Suspect>) {
        self.told.rejects.push(Reject { row, reason: reason.into(), suspect });
    }

    /// Takes the rows of the body that the bytes begin with, and tells its length; `None` where nothing was taken.
    fn quickly<'b>(&mut self, quick: &mut Quick<'b>, bytes: &'b [u8]) -> Option<usize> {
        let length = quick.read(bytes)?;
        self.rows += quick.give(self.take);
        Some(length)
    }

    /// Reads the document that the bytes begin with, and tells its length; that of the lines up to the next document
    /// where they begin with none.
    fn document(&mut self, bytes: &[u8], line: u64) -> usize {
        match first_document(bytes) {
            Ok((node, length)) => {
                self.bodies(&node, line);
                length
            }
            Err(reason) => {
                self.reject(line, reason, UNREAD);
                next_candidate(bytes)
            }
        }
    }

    fn bodies(&mut self, node: &Node, row: u64) {
        match node {
            Node::List(bodies) => {
                for (node, row) in bodies.iter().zip(row..) {
                    self.body(node, row);
                }
            }
            node => self.body(node, row),
        }
    }

    /// A body, or a part of one that was stored by itself: an entry, a change, the value of a change.
    fn body(&mut self, node: &Node, row: u64) {
        let parts = ["metadata", "messages", "statuses", "message_echoes", "history"];
        if !node.at("entry").is_null() {
            let entries = self.list("entry", node.at("entry"), row, UNREAD);
            if node.at("entry").is_empty_list() {
                self.count(NULL);
            }
            for entry in entries {
                self.entry(entry, row);
            }
        } else if !node.at("changes").is_null() {
            self.entry(node, row);
        } else if !node.at("value").is_null() {
            self.change(NULL, node.at("field"), node.at("value"), row);
        } else if parts.into_iter().any(|part| !node.at(part).is_null()) {
            self.change(NULL, NULL, node, row);
        } else {
            self.reject(row, NOT_A_BODY, UNREAD);
        }
    }

    fn entry(&mut self, entry: &Node, row: u64) {
        if entry.at("changes").is_null() {
            return self.reject(row, "an entry has no changes", UNREAD);
        }
        let changes = self.list("changes", entry.at("changes"), row, UNREAD);
        if entry.at("changes").is_empty_list() {
            self.count(NULL);
        }
        for change in changes {
            self.change(entry, change.at("field"), change.at("value"), row);
        }
    }

    fn change<'n>(&mut self, entry: &'n Node<'n>, field: &Node, value: &'n Node<'n>, row: u64) {
        if !value.is_object() {
            return self.reject(row, "the value of a change is not an object with each key once", UNREAD);
        }
        let read_before = self.rows + self.told.rejects.len();
        let place = Place::of(entry, value);
        let field_is = |name: &str| field.text().as_deref() == Some(name);
        if field_is("history") {
            let messages = self.list("messages", value.at("messages"), row, Some(place.suspect()));
            let lost = |message| place.lost_past(NULL, message);
            self.take("message", messages, row, |message| place.past(NULL, message), lost);
        } else {
            let messages = self.list("messages", value.at("messages"), row, None);
            self.take("message", messages, row, |message| place.inbound(message), |_| None);
        }
        let echoes = self.list("message_echoes", value.at("message_echoes"), row, Some(place.suspect()));
        self.take("echo", echoes, row, |echo| place.echo(echo), |echo| Some(place.lost_echo(echo)));
        if !field_is("calls") {
            let statuses = self.list("statuses", value.at("statuses"), row, Some(place.suspect()));
            let of_messages = statuses.iter().filter(|status| status.at("type").text().as_deref() != Some("call"));
            self.take("status", of_messages, row, |status| place.status(status), |status| place.lost_status(status));
        }
        self.history(&place, value.at("history"), row);
        if self.rows + self.told.rejects.len() == read_before {
            self.count(field);
        }
    }

    fn history<'n>(&mut self, place: &Place<'n>, history: &'n Node<'n>, row: u64) {
        for chunk in self.list("history", history, row, Some(place.suspect())) {
            let threads = self.list("threads", chunk.at("threads"), row, Some(place.suspect()));
            if [chunk].into_iter().chain(threads).any(|node| !node.is_object()) {
                let reason = "a chunk or a thread of the history is not an object with each key once";
                self.reject(row, reason, Some(place.suspect()));
            }
            for thread in threads {
                let messages = self.list("messages", thread.at("messages"), row, Some(place.suspect()));
                let lost = |message| place.lost_past(thread, message);
                self.take("message", messages, row, |message| place.past(thread, message), lost);
            }
        }
    }

    /// The elements of a list; none where it is missing. Anything else in its place is rejected,
    /// and is as suspect as what it should have held.
    fn list<'n>(&mut self, what: &str, node: &'n Node<'n>, row: u64, suspect: Option<Suspect>) -> &'n [Node<'n>] {
        match node {
            Node::List(nodes) => nodes,
            Node::Null => &[],
            _ => {
                self.reject(row, format!("{what} is not a list"), suspect);
                &[]
            }
        }
    }

    fn take<'n>(
        &mut self,
        what: &str,
        nodes: impl IntoIterator<Item = &'n Node<'n>>,
        row: u64,
        read: impl Fn(&'n Node<'n>) -> Result<RowRef<'n>, String>,
        lost: impl Fn(&'n Node<'n>) -> Option<Suspect>,
    ) {
        for node in nodes {
            let found = if node.is_object() { read(node) } else { Err("not an object with each key once".to_owned()) };
            match found {
                Ok(found) => {
                    self.rows += 1;
                    (self.take)(found);
                }
                Err(reason) => self.reject(row, format!("{what}: {reason}"), lost(node)),
            }
        }
    }

    /// Counts a change without a message. Its field is a word of the API, but only a plain word is repeated.
    fn count(&mut self, field: &Node) {
        let name = field.text().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '?' };
        let name: String = name.chars().take(40).map(plain).collect();
        *self.told.others.entry(if name.is_empty() { "-".to_owned() } else { name }).or_default() += 1;
    }
}

/// The JSON document that the bytes begin with, and its length in bytes.
fn first_document(bytes: &[u8]) -> Result<(Node<'_>, usize), &'static str> {
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter();
    match documents.next() {
        Some(Ok(node @ (Node::Object(_) | Node::List(_) | Node::Odd))) => Ok((node, documents.byte_offset())),
        Some(Err(error)) => Err(json_reason(&error)),
        _ => Err(NOT_A_BODY),
    }
}

/// The kind of error without its text, which may quote the body.
fn json_reason(error: &serde_json::Error) -> &'static str {
    if error.is_eof() { "the JSON is cut off" } else { "not valid JSON" }
}

/// How many bytes to pass over to reach the next line that may begin a body.
fn next_candidate(bytes: &[u8]) -> usize {
    let begins = |pair: &[u8]| matches!(pair, [b'\n', b'{' | b'[']);
    bytes.windows(2).position(begins).map_or(bytes.len(), |at| at + 1)
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Without the byte order mark that some programs write.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

#[cfg(test)]
mod both;
#[cfg(test)]
mod public;
#[cfg(test)]
mod tests;
