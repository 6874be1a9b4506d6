//! Messages that more than one row tells of. Nearly all have one row, so that those with several are searched for.

use super::intern::{hashed, index};
use super::rows::Row;

/// The rows of each message that has several, in the order of the frame; messages in an order of their own.
pub(super) struct Repeated {
    rows: Vec<u32>,
    /// Where the rows of each message end.
    ends: Vec<usize>,
}

impl Repeated {
    pub fn of(rows: &[Row]) -> Self {
        Self::hashing_with(rows, hashed)
    }

    fn hashing_with(rows: &[Row], hash: fn(&str) -> u64) -> Self {
        // The same id on two channels is two messages.
        let mixed = |row: &Row| hash(row.message_id) ^ u64::from(row.place).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let mut hashes: Vec<(u64, u32)> = (0..).zip(rows).map(|(number, row)| (mixed(row), number)).collect();
        hashes.sort_unstable();
        let mut repeated = Self { rows: Vec::new(), ends: Vec::new() };
        for alike in hashes.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
            repeated.add(rows, alike);
        }
        repeated
    }

    /// Adds the messages among rows of one hash: the ids themselves are compared.
    fn add(&mut self, rows: &[Row], alike: &[(u64, u32)]) {
        let key = |number: u32| (rows[index(number)].place, rows[index(number)].message_id);
        let mut numbers: Vec<u32> = alike.iter().map(|(_, number)| *number).collect();
        numbers.sort_by(|a, b| key(*a).cmp(&key(*b)));
        for message in numbers.chunk_by(|a, b| key(*a) == key(*b)).filter(|message| message.len() > 1) {
            self.rows.extend(message);
            self.ends.push(self.rows.len());
        }
    }

    /// How many messages have several rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of the rows of a message; at least two.
    pub fn message(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[start..self.ends[number]]
    }

    /// All rows of messages that have several.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// How many messages `rows` rows tell of.
    pub fn distinct(&self, rows: usize) -> u64 {
        (rows - self.rows.len() + self.ends.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Sighting;
    use crate::domain::{Direction, EntryPoint, Instant, Status};

    fn row(message_id: &str, place: u32) -> Row<'_> {
        Row {
            message_id,
            sent_at: Instant::from_micros(0),
            fold: 0,
            customer: 0,
            conversation: 0,
            place,
            kind: 0,
            direction: Direction::Inbound,
            status: Status::Unstated,
            entry_point: EntryPoint::Unknown,
            sighting: Sighting::Stamped,
        }
    }

    #[test]
    fn copies_are_found_whatever_hashes_alike() {
        let rows = [("b", 0), ("a", 0), ("b", 1), ("c", 0), ("b", 0), ("c", 1), ("a", 0), ("b", 0), ("", 2), ("", 2)];
        let rows: Vec<Row> = rows.into_iter().map(|(id, place)| row(id, place)).collect();
        let hashes: [fn(&str) -> u64; 4] = [hashed, |_| 0, |_| u64::MAX, |id| u64::from(id == "b")];
        for hash in hashes {
            let repeated = Repeated::hashing_with(&rows, hash);
            let mut found: Vec<&[u32]> = (0..repeated.len()).map(|number| repeated.message(number)).collect();
            found.sort_unstable();
            assert_eq!(found, [&[0_u32, 4, 7][..], &[1, 6], &[8, 9]]);
            assert_eq!((repeated.rows().len(), repeated.distinct(rows.len())), (7, 6));
        }
    }

    #[test]
    fn a_frame_without_copies_has_none() {
        for rows in [vec![], vec![row("a", 0)], vec![row("a", 0), row("a", 1)]] {
            let repeated = Repeated::of(&rows);
            assert_eq!((repeated.len(), repeated.distinct(rows.len())), (0, rows.len() as u64));
        }
    }
}
