//! The quick way through a body: of the usual form, all of it sound.
//!
//! Nearly all bodies are such, and from them the rows are cut in one pass, without a tree and without a text of their
//! own. Whatever is in the least unusual (escapes in a text that is kept, a key that stands twice, a list that is none,
//! a change without a message, the history, anything that is to be rejected) makes the whole body one for the long
//! way, which alone judges what is wrong and words it. So nothing is given before the body was read to its end.

mod json;
mod known;
mod words;

use std::borrow::Cow;

use self::json::{kept, list, object, unused};
use self::known::Known;
use self::words::{What, Words, first_of, lacks_plus};
use super::message::is_id;
use crate::read::row::RowRef;

/// Rows of the body that was read last. What they lie in is used for all bodies of a file.
#[derive(Default)]
pub(super) struct Quick<'b> {
    found: Vec<Found<'b>>,
    /// The customer of the row that is being given, where it had to be written.
    customer: String,
}

/// A row, and whether the `+` of a number has yet to go before its customer.
struct Found<'b> {
    row: RowRef<'b>,
    lacks_plus: bool,
}

impl<'b> Quick<'b> {
    /// Reads the body that the bytes begin with, and tells its length. `None` leaves it to the long way.
    pub fn read(&mut self, bytes: &'b [u8]) -> Option<usize> {
        self.found.clear();
        let rest = object(bytes, |key, value| match key {
            Known::Entry => list(value, |entry| self.entry(entry)),
            _ => None,
        })?;
        let has_rows = !self.found.is_empty();
        has_rows.then(|| bytes.len() - rest.len())
    }

    /// Gives the rows of the body, and tells how many there were.
    pub fn give(&mut self, take: &mut dyn FnMut(RowRef)) -> usize {
        let count = self.found.len();
        for Found { row, lacks_plus } in self.found.drain(..) {
            if lacks_plus {
                self.customer.clear();
                self.customer.push('+');
                self.customer.push_str(&row.customer);
                take(RowRef { customer: Cow::Borrowed(&self.customer), ..row });
            } else {
                take(row);
            }
        }
        count
    }

    fn entry(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let begin = self.found.len();
        let mut id = "";
        let rest = object(bytes, |key, value| match key {
            Known::Id => kept(value, &mut id),
            Known::Changes => list(value, |change| self.change(change)),
            _ => None,
        })?;
        let of_entry = self.found.get_mut(begin..)?;
        if of_entry.is_empty() || !is_id(id) {
            return None;
        }
        for found in of_entry {
            found.row.business = Cow::Borrowed(id);
        }
        Some(rest)
    }

    fn change(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let begin = self.found.len();
        let mut field = "";
        let rest = object(bytes, |key, value| match key {
            Known::Field => kept(value, &mut field),
            Known::Value => self.value(value),
            _ => None,
        })?;
        // A change without a message is counted, and these two fields are read in ways of their own.
        let is_usual = self.found.len() > begin && !matches!(field, "history" | "calls");
        is_usual.then_some(rest)
    }

    fn value(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let begin = self.found.len();
        let (mut channel, mut contacts, mut last) = ("", Contacts::default(), What::Message);
        let rest = object(bytes, |key, value| {
            let what = match key {
                Known::Metadata => return metadata(value, &mut channel),
                Known::Contacts => return list(value, |contact| contacts.take(contact)),
                Known::Messages => What::Message,
                Known::MessageEchoes => What::Echo,
                Known::Statuses => What::Status,
                _ => return None,
            };
            // Rows are given as they stand, so the lists must stand in the order in which the long way asks for them.
            if what < last {
                return None;
            }
            last = what;
            list(value, |part| self.part(what, part))
        })?;
        if !is_id(channel) {
            return None;
        }
        for found in self.found.get_mut(begin..)? {
            found.row.channel = Cow::Borrowed(channel);
            if found.row.customer.is_empty() {
                found.row.customer = Cow::Borrowed(contacts.only());
            }
            found.lacks_plus = lacks_plus(&found.row.customer)?;
        }
        Some(rest)
    }

    fn part(&mut self, what: What, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let mut words = Words::default();
        let rest = object(bytes, |key, value| words.take(key, value))?;
        self.found.push(Found { row: words.row(what)?, lacks_plus: false });
        Some(rest)
    }
}

fn metadata<'b>(bytes: &'b [u8], channel: &mut &'b str) -> Option<&'b [u8]> {
    object(bytes, |key, value| match key {
        Known::PhoneNumberId => kept(value, channel),
        // The number tells directions apart in the history alone.
        Known::DisplayPhoneNumber => unused(value),
        _ => None,
    })
}

/// The contacts of a change.
#[derive(Default)]
struct Contacts<'b> {
    count: usize,
    last: &'b str,
}

impl<'b> Contacts<'b> {
    fn take(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (mut number, mut user) = ("", "");
        let rest = object(bytes, |key, value| match key {
            Known::WaId => kept(value, &mut number),
            Known::UserId => kept(value, &mut user),
            _ => None,
        })?;
        self.count += 1;
        self.last = first_of([number, user]);
        Some(rest)
    }

    /// Whom the change is about where a message leaves that out; empty where there is not exactly one.
    fn only(&self) -> &'b str {
        if self.count == 1 { self.last } else { "" }
    }
}
