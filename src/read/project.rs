//! A log, projected to what pairing needs of it while it is read: no text leaves the page or the chunk that it lies in.
//! Here Parquet logs ([`Projection`]), in `text` those of CSV and NDJSON ([`TextLog`]).
//!
//! Each row becomes a few numbers ([`Batch`]). Where a file has anything that numbers cannot say (a customer who is no
//! phone number, a row that the long way would reject), it is [`Unusual`] and nothing of it is used.

mod csv;
mod facts;
mod kept;
mod log;
mod names;
mod ndjson;
mod rows;
mod stamp;
mod text;

use std::hash::BuildHasher;
use std::path::Path;

use foldhash::quality::FixedState;

pub use self::kept::{KeptBatch, KeptPart, Party, PlainNames};
pub use self::log::{Chunk, Log};
pub use self::names::Names;
use self::names::{id, id_bytes, number};
pub use self::text::TextLog;
use super::options::Limits;
pub use super::pages::Unusual;
use super::pages::{Pages, Place, Stored};
use crate::domain::message::Facts;
use crate::domain::{EntryPoint, Instant, Status, columns};

/// The rows of a row group or of a chunk, column by column.
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
        pages.check_limits(&Limits::default())?;
        Ok(Self { pages, wanted, groups, latest, names: Names::default(), hash: FixedState::with_seed(0) })
    }

    /// The businesses and channels that were met so far.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// A log with more rows is refused by the long way.
    pub fn rows_max(&self) -> u64 {
        Limits::default().rows
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
        let taken = stamp::taken(*latest);
        let sent_at = pages.values(group, rows, wanted.sent_at, |bytes| {
            let micros = i64::from_le_bytes(bytes.try_into().ok()?).checked_mul(factor)?;
            taken.contains(&micros).then_some(micros)
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
        let mut directions = pages.values(group, rows, wanted.direction, facts::direction)?.into_iter();
        let kinds = wanted.kind.map(|place| pages.values(group, rows, place, facts::kind)).transpose()?;
        let statuses = wanted.status.map(|place| pages.values(group, rows, place, facts::status)).transpose()?;
        let points = wanted.entry_point.map(|place| pages.values(group, rows, place, facts::point)).transpose()?;
        let facts = |row: usize| {
            let kind = kinds.as_ref().map_or(None, |kinds| kinds[row]);
            let status = statuses.as_ref().map_or(Some(Status::Unstated), |statuses| statuses[row]);
            let point = points.as_ref().map_or(Some(EntryPoint::Unknown), |points| points[row]);
            facts::facts(directions.next()?, kind, status, point)
        };
        let facts: Option<Vec<Facts>> = (0..rows).map(facts).collect();
        facts.ok_or(Unusual)
    }
}
