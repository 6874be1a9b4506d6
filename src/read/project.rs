//! A Parquet log, projected to what pairing needs of it while it is read: no text leaves the page that it lies in.
//!
//! Each row becomes a few numbers ([`Batch`]). Where a file has anything that numbers cannot say (a customer who is no
//! phone number, a row that the long way would reject), it is [`Unusual`] and nothing of it is used.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::Path;

use foldhash::quality::FixedState;

pub use super::pages::Unusual;
use super::pages::{Pages, Place, Stored};
use crate::domain::message::Facts;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};

/// The rows of a row group, column by column.
#[derive(Debug, Default)]
pub struct Batch {
    /// Places in [`Names::channels`].
    pub channels: Vec<u32>,
    /// The digits of the customer's number, which are also the conversation.
    pub customers: Vec<u64>,
    /// Microseconds since 1970.
    pub sent_at: Vec<i64>,
    pub facts: Vec<Facts>,
    /// Hashes of the message ids: equal ids have equal hashes.
    pub ids: Vec<u64>,
}

/// The columns of a log that are read.
#[derive(Clone, Copy)]
struct Wanted {
    message_id: Place,
    business: Place,
    channel: Place,
    customer: Place,
    direction: Place,
    sent_at: Place,
    kind: Option<Place>,
    status: Option<Place>,
    entry_point: Option<Place>,
}

/// A log that one worker reads.
pub struct Projection {
    pages: Pages,
    wanted: Wanted,
    /// Rows of each row group.
    pub groups: Vec<usize>,
    /// Later messages would be rejected.
    latest: Instant,
    names: Names,
    hash: FixedState,
}

/// Businesses and channels, in the order in which they were met.
#[derive(Debug, Default)]
pub struct Names {
    texts: BTreeMap<String, u32>,
    /// By the places of both texts: the place of the channel above 0.
    pairs: Vec<Vec<u32>>,
    /// Business and channel of each place.
    pub channels: Vec<(String, String)>,
}

impl Names {
    fn text(&mut self, bytes: &[u8]) -> Option<u32> {
        let text = id(bytes)?;
        if let Some(place) = self.texts.get(text) {
            return Some(*place);
        }
        let place = u32::try_from(self.texts.len()).ok()?;
        self.texts.insert(text.to_owned(), place);
        Some(place)
    }

    fn channel(&mut self, business: u32, channel: u32) -> Option<u32> {
        let (row, column) = (usize::try_from(business).ok()?, usize::try_from(channel).ok()?);
        let known = self.pairs.get(row).and_then(|row| row.get(column)).filter(|place| **place > 0);
        if let Some(place) = known {
            return Some(place - 1);
        }
        let place = u32::try_from(self.channels.len()).ok()?;
        let name = |wanted: u32| self.texts.iter().find(|(_, place)| **place == wanted).map(|(name, _)| name.clone());
        self.channels.push((name(business)?, name(channel)?));
        self.pairs.resize_with(self.pairs.len().max(row + 1), Vec::new);
        let row = self.pairs.get_mut(row)?;
        row.resize(row.len().max(column + 1), 0);
        row[column] = place + 1;
        Some(place)
    }
}

impl Projection {
    /// # Errors
    /// When the file is no Parquet with the columns of a message log, or has a column of conversations, which need not
    /// be the customers.
    pub fn open(path: &Path, latest: Instant) -> Result<Self, Unusual> {
        let pages = Pages::open(path)?;
        if pages.column(columns::CONVERSATION)?.is_some() {
            return Err(Unusual);
        }
        let text = |name: &str| match pages.column(name)? {
            Some(place) if place.stored != Stored::Text => Err(Unusual),
            found => Ok(found),
        };
        let needed = |name: &str| text(name)?.ok_or(Unusual);
        let sent_at = pages.column(columns::SENT_AT)?.filter(|place| place.stored != Stored::Text);
        let wanted = Wanted {
            message_id: needed(columns::MESSAGE_ID)?,
            business: needed(columns::BUSINESS)?,
            channel: needed(columns::CHANNEL)?,
            customer: needed(columns::CUSTOMER)?,
            direction: needed(columns::DIRECTION)?,
            sent_at: sent_at.ok_or(Unusual)?,
            kind: text(columns::KIND)?,
            status: text(columns::STATUS)?,
            entry_point: text(columns::ENTRY_POINT)?,
        };
        let groups = pages.groups()?;
        let latest = latest.min(Instant::STAMPS_END.minus(Elapsed::from_micros(1)));
        Ok(Self { pages, wanted, groups, latest, names: Names::default(), hash: FixedState::with_seed(0) })
    }

    /// The businesses and channels that were met so far.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Reads a row group.
    pub fn batch(&mut self, group: usize) -> Result<Batch, Unusual> {
        let rows = *self.groups.get(group).ok_or(Unusual)?;
        let Self { pages, wanted, names, latest, hash, .. } = self;
        let customers = pages.values(group, rows, wanted.customer, number)?;
        let channels = {
            let businesses = pages.values(group, rows, wanted.business, |bytes| names.text(bytes))?;
            let channels = pages.values(group, rows, wanted.channel, |bytes| names.text(bytes))?;
            let place = |(business, channel): (u32, u32)| names.channel(business, channel);
            let places: Option<Vec<u32>> = businesses.into_iter().zip(channels).map(place).collect();
            places.ok_or(Unusual)?
        };
        let factor = if wanted.sent_at.stored == Stored::Millis { 1000 } else { 1 };
        let (earliest, latest) = (Instant::EARLIEST_STAMP.micros(), latest.micros());
        let sent_at = pages.values(group, rows, wanted.sent_at, |bytes| {
            let micros = i64::from_le_bytes(bytes.try_into().ok()?).checked_mul(factor)?;
            (earliest..=latest).contains(&micros).then_some(micros)
        })?;
        let facts = Self::facts(pages, wanted, group, rows)?;
        let hashed = |bytes: &[u8]| Some(hash.hash_one(id_bytes(bytes)?));
        let ids = pages.values(group, rows, wanted.message_id, hashed)?;
        Ok(Batch { channels, customers, sent_at, facts, ids })
    }

    /// The message ids of the rows `wanted` of a row group, in rising order: each is given to `take`.
    pub fn ids_of(&self, group: usize, wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
        self.pages.picked(group, self.wanted.message_id, wanted, |bytes| {
            take(id(bytes)?);
            Some(())
        })
    }

    fn facts(pages: &Pages, wanted: &Wanted, group: usize, rows: usize) -> Result<Vec<Facts>, Unusual> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
        let direction = |bytes: &[u8]| Direction::named(&text(bytes)?);
        let mut directions = pages.values(group, rows, wanted.direction, direction)?.into_iter();
        let kind = |bytes: &[u8]| if bytes.is_empty() { Some(None) } else { Some(Some(Kind::named(&text(bytes)?))) };
        let kinds = wanted.kind.map(|place| pages.values(group, rows, place, kind)).transpose()?;
        let status = |bytes: &[u8]| Some(Status::named(&text(bytes)?));
        let statuses = wanted.status.map(|place| pages.values(group, rows, place, status)).transpose()?;
        let point = |bytes: &[u8]| {
            Some(if bytes.is_empty() { Some(EntryPoint::Unknown) } else { text(bytes)?.parse::<EntryPoint>().ok() })
        };
        let points = wanted.entry_point.map(|place| pages.values(group, rows, place, point)).transpose()?;
        let facts = |row: usize| {
            let kind = kinds.as_ref().map_or(None, |kinds| kinds[row]);
            let status = statuses.as_ref().map_or(Some(Status::Unstated), |statuses| statuses[row]);
            let point = points.as_ref().map_or(Some(EntryPoint::Unknown), |points| points[row]);
            facts_of(directions.next()?, kind, status, point)
        };
        let facts: Option<Vec<Facts>> = (0..rows).map(facts).collect();
        facts.ok_or(Unusual)
    }
}

/// What a row states, as the long way takes it; `None` where that would reject the row. A status or an entry point that is
/// `None` is not one of the known ones.
fn facts_of(
    direction: Direction,
    kind: Option<Kind>,
    status: Option<Status>,
    point: Option<EntryPoint>,
) -> Option<Facts> {
    // Of the customer's messages an unknown status means nothing; of the business's it may be that of an answer.
    let (status, kind) = match (status, direction) {
        (Some(status), _) => (status, kind),
        (None, Direction::Inbound) => (Status::Unstated, kind),
        (None, Direction::Outbound) => (Status::Unstated, Some(Kind::Other)),
    };
    let point = if direction == Direction::Outbound { EntryPoint::Unknown } else { point? };
    Some(Facts::of(direction, kind, status, point))
}

/// An id as the long way takes it: visible ASCII.
fn id(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(id_bytes(bytes)?).ok()
}

fn id_bytes(bytes: &[u8]) -> Option<&[u8]> {
    ((1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)).then_some(bytes)
}

/// The digits of a number in E.164, which no other text has: `+`, then up to fifteen digits that begin with none of
/// zero.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.strip_prefix(b"+")?;
    if !(1..=15).contains(&digits.len()) || digits[0] == b'0' {
        return None;
    }
    let digit = |number: u64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits_and_nothing_else_is() {
        assert_eq!(number(b"+393331234567"), Some(393_331_234_567));
        assert_eq!(number(b"+999999999999999"), Some(999_999_999_999_999));
        for other in ["393331234567", "+", "+0393331234567", "+39 333", "+1234567890123456", "anna", ""] {
            assert_eq!(number(other.as_bytes()), None, "{other}");
        }
    }
}
