//! The texts of a row to numbers.

use std::hash::BuildHasher;
use std::ops::RangeInclusive;

use foldhash::quality::FixedState;

use super::names::{Names, id_bytes, number};
use super::{Batch, facts, stamp};
use crate::domain::Instant;
use crate::read::spreadsheet::may_be_damaged;

/// The texts of a row: those of the first columns of [`crate::domain::columns::ALL`], which a log may have. One that
/// it has not is empty.
pub(super) type Fields<'l> = [&'l [u8]; 10];

/// So many channels are found again without a search, unless two of them have the same slot.
const SLOTS: usize = 1 << 14;

/// Makes rows of a batch out of texts.
pub(super) struct Rows {
    pub names: Names,
    /// By the hash of a channel: the place, above 0, of the one that was met last.
    slots: Vec<u32>,
    hash: FixedState,
    /// Microseconds since 1970 of the messages that are taken.
    taken: RangeInclusive<i64>,
}

impl Rows {
    /// Messages after `latest` would be rejected.
    pub fn new(latest: Instant) -> Self {
        let hash = FixedState::with_seed(0);
        Self { names: Names::default(), slots: vec![0; SLOTS], hash, taken: stamp::taken(latest) }
    }

    /// Adds a row to the batch; `None` where the long way could say anything else than
    /// that it is a message of just these numbers.
    pub fn take(&mut self, fields: &Fields, batch: &mut Batch) -> Option<()> {
        let [id, business, channel, customer, direction, sent_at, conversation, kind, status, point] = *fields;
        let sent_at = stamp::micros(sent_at)?;
        if !conversation.is_empty() || !self.taken.contains(&sent_at) {
            return None;
        }
        let id = self.hash.hash_one(sound_id(id)?);
        let customer = number(customer)?;
        let direction = facts::direction(direction)?;
        let facts = facts::facts(direction, facts::kind(kind)?, facts::status(status)?, facts::point(point)?)?;
        let channel = self.channel(business, channel)?;
        batch.channels.push(channel);
        batch.customers.push(customer);
        batch.sent_at.push(sent_at);
        batch.facts.push(facts);
        batch.ids.push(id);
        Some(())
    }

    /// The place of a channel. Both texts are compared with those of the place, so equal hashes do no harm.
    fn channel(&mut self, business: &[u8], channel: &[u8]) -> Option<u32> {
        let slot = usize::try_from(self.hash.hash_one(channel) % SLOTS as u64).ok()?;
        let met = self.slots.get(slot)?.checked_sub(1);
        if let Some(place) = met.filter(|place| self.names.are(*place, business, channel)) {
            return Some(place);
        }
        let business = self.names.text(sound_id(business)?)?;
        let channel = self.names.text(sound_id(channel)?)?;
        let place = self.names.channel(business, channel)?;
        *self.slots.get_mut(slot)? = place.checked_add(1)?;
        Some(place)
    }
}

/// The id of a message, a business or a channel, in which no spreadsheet can have changed anything.
pub(super) fn sound_id(bytes: &[u8]) -> Option<&[u8]> {
    let id = id_bytes(bytes)?;
    // Only what begins with one of these can be a number, or marked as a text.
    let is_asked = matches!(id.first()?, b'0'..=b'9' | b'\'' | b'=');
    let is_sound = !is_asked || !may_be_damaged(std::str::from_utf8(id).ok()?);
    is_sound.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::columns;
    use crate::domain::message::Role;

    #[test]
    fn fields_are_the_first_columns() {
        use columns::{
            BUSINESS, CHANNEL, CONVERSATION, CUSTOMER, DIRECTION, ENTRY_POINT, KIND, MESSAGE_ID, SENT_AT, STATUS,
        };
        let order =
            [MESSAGE_ID, BUSINESS, CHANNEL, CUSTOMER, DIRECTION, SENT_AT, CONVERSATION, KIND, STATUS, ENTRY_POINT];
        assert_eq!(order.len(), Fields::default().len());
        assert_eq!(columns::ALL[..order.len()], order);
        assert!(columns::ALL[order.len()..].iter().all(|name| columns::ARCHIVED.contains(name)));
    }

    #[test]
    fn a_row_is_its_numbers() {
        let mut rows = Rows::new(Instant::MAX);
        let mut batch = Batch::default();
        let at = "2018-08-01T00:00:00.001Z";
        for texts in [
            ["m1", "b", "c", "+391", "outbound", at, "", "", "sent", ""],
            ["m2", "b", "d", "+392", "inbound", at, "", "reaction", "", ""],
            ["m1", "b", "c", "+391", "outbound", at, "", "", "failed", ""],
        ] {
            assert!(rows.take(&texts.map(str::as_bytes), &mut batch).is_some(), "{texts:?}");
        }
        assert_eq!(batch.channels, [0, 1, 0]);
        assert_eq!(batch.customers, [391, 392, 391]);
        assert_eq!(batch.sent_at, [1_533_081_600_001_000; 3]);
        let roles: Vec<Role> = batch.facts.iter().map(|facts| facts.role()).collect();
        assert_eq!(roles, [Role::Answers, Role::Neither, Role::Neither]);
        let hash = |id: &str| FixedState::with_seed(0).hash_one(id.as_bytes());
        let row = ["m3", "c", "b", "+391", "outbound", at, "", "", "", ""].map(str::as_bytes);
        assert_eq!(rows.take(&row, &mut batch), Some(()));
        assert_eq!(batch.ids.last(), Some(&hash("m3")));
        assert_eq!(batch.channels, [0, 1, 0, 2]);
        assert_ne!(hash("m3"), hash("m4"));
    }

    /// Two businesses with one channel take the slot from each other, and are told apart all the same.
    #[test]
    fn a_slot_that_is_taken_tells_nothing() {
        let mut rows = Rows::new(Instant::MAX);
        let mut found = Vec::new();
        for (business, channel) in [("a", "c"), ("b", "c"), ("a", "c"), ("c", "a"), ("b", "c")] {
            found.push(rows.channel(business.as_bytes(), channel.as_bytes()).unwrap());
        }
        // More channels than slots: some share theirs.
        let mut places = Vec::new();
        for _ in 0..2 {
            for number in 0..SLOTS * 2 {
                places.push(rows.channel(b"many", format!("x{number}").as_bytes()).unwrap());
            }
        }
        let (first, second) = places.split_at(places.len() / 2);
        assert_eq!(found, [0, 1, 0, 2, 1]);
        assert_eq!(first, second);
        assert!(first.is_sorted());
    }

    #[test]
    fn what_is_unusual_leaves_no_row() {
        let mut rows = Rows::new("2018-09-01T00:00:00Z".parse().unwrap());
        let usual = ["m", "b", "c", "+391", "inbound", "2018-08-01T00:00:00Z", "", "", "", ""];
        let mut batch = Batch::default();
        for (column, text) in [
            (0, ""),
            (0, "m 1"),
            (0, "1234567890123456"),
            (0, "1.2E+18"),
            (0, "'42"),
            (1, ""),
            (1, "12,345"),
            (1, "bè"),
            (2, ""),
            (2, "1234567890123456"),
            (3, ""),
            (3, "391"),
            (3, "+0391"),
            (4, ""),
            (4, "both"),
            (5, ""),
            (5, "2008-12-31T23:59:59Z"),
            (5, "2018-09-01T00:00:00.000001Z"),
            (5, "1533081600"),
            (5, "2018-08-01T00:00:00"),
            (6, "+391"),
            (9, "somewhere"),
        ] {
            let mut texts = usual;
            texts[column] = text;
            assert_eq!(rows.take(&texts.map(str::as_bytes), &mut batch), None, "{column} {text}");
        }
        assert!(batch.facts.is_empty() && batch.channels.is_empty());
        for (column, text) in [(0, "123456789012345"), (5, "2018-09-01T02:00:00+02:00"), (8, "unheard"), (7, "poll")] {
            let mut texts = usual;
            texts[column] = text;
            assert!(rows.take(&texts.map(str::as_bytes), &mut batch).is_some(), "{column} {text}");
        }
    }
}
