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
pub(super) mod ndjson;
mod rows;
pub(super) mod stamp;
mod text;

use std::fs::File;
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
use crate::domain::{Direction, EntryPoint, Instant, Kind, Status, columns};

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

impl Batch {
    /// Empties it; its room stays.
    fn clear(&mut self) {
        let Self { channels, customers, sent_at, facts, ids } = self;
        channels.clear();
        customers.clear();
        sent_at.clear();
        facts.clear();
        ids.clear();
    }
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
    columns: Columns,
}

impl Projection {
    /// # Errors
    /// When the file is no Parquet with the columns of a message log, or has a column of conversations, which need not
    /// be the customers.
    pub fn open(path: &Path, latest: Instant) -> Result<Self, Unusual> {
        // What the long way refuses is left to it: the two libraries do not stumble over the same damage.
        if !super::parquet::has_sound_footer(File::open(path).map_err(|_| Unusual)?) {
            return Err(Unusual);
        }
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
        Ok(Self {
            pages,
            wanted,
            groups,
            latest,
            names: Names::default(),
            hash: FixedState::with_seed(0),
            columns: Columns::default(),
        })
    }

    /// The businesses and channels that were met so far.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// A log with more rows is refused by the long way.
    pub fn rows_max(&self) -> u64 {
        Limits::default().rows
    }

    /// Reads a row group into a batch, which is emptied.
    pub fn batch(&mut self, group: usize, batch: &mut Batch) -> Result<(), Unusual> {
        let rows = *self.groups.get(group).ok_or(Unusual)?;
        let Self { pages, wanted, names, latest, hash, columns, .. } = self;
        pages.values(group, rows, wanted.customer, &mut batch.customers, number)?;
        pages.values(group, rows, wanted.business, &mut columns.businesses, |bytes| names.text(bytes))?;
        pages.values(group, rows, wanted.channel, &mut columns.channels, |bytes| names.text(bytes))?;
        batch.channels.clear();
        // Mostly many rows have the channels of a few.
        for (business, channel) in columns.businesses.iter().zip(&columns.channels) {
            batch.channels.push(names.channel(*business, *channel).ok_or(Unusual)?);
        }
        let factor = if wanted.sent_at.stored == Stored::Millis { 1000 } else { 1 };
        let taken = stamp::taken(*latest);
        pages.values(group, rows, wanted.sent_at, &mut batch.sent_at, |bytes| {
            let micros = i64::from_le_bytes(bytes.try_into().ok()?).checked_mul(factor)?;
            taken.contains(&micros).then_some(micros)
        })?;
        columns.facts(pages, wanted, (group, rows), &mut batch.facts)?;
        let hashed = |bytes: &[u8]| Some(hash.hash_one(id_bytes(bytes)?));
        pages.values(group, rows, wanted.message_id, &mut batch.ids, hashed)
    }

    /// The message ids of the rows `wanted` of a row group, in rising order: each is given to `take`.
    pub fn ids_of(&self, group: usize, wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
        self.pages.picked(group, self.wanted.message_id, wanted, |bytes| {
            take(id(bytes)?);
            Some(())
        })
    }
}

/// Columns that only make others, kept so that each row group finds their room.
#[derive(Default)]
struct Columns {
    businesses: Vec<u32>,
    channels: Vec<u32>,
    directions: Vec<Direction>,
    kinds: Vec<Option<Kind>>,
    statuses: Vec<Option<Status>>,
    points: Vec<Option<EntryPoint>>,
}

impl Columns {
    /// Makes the facts of all rows; `of` is a row group with its rows.
    fn facts(
        &mut self,
        pages: &Pages,
        wanted: &Wanted,
        (group, rows): (usize, usize),
        made: &mut Vec<Facts>,
    ) -> Result<(), Unusual> {
        let Self { directions, kinds, statuses, points, .. } = self;
        pages.values(group, rows, wanted.direction, directions, facts::direction)?;
        match wanted.kind {
            Some(place) => pages.values(group, rows, place, kinds, facts::kind)?,
            None => filled(kinds, rows, None),
        }
        match wanted.status {
            Some(place) => pages.values(group, rows, place, statuses, facts::status)?,
            None => filled(statuses, rows, Some(Status::Unstated)),
        }
        match wanted.entry_point {
            Some(place) => pages.values(group, rows, place, points, facts::point)?,
            None => filled(points, rows, Some(EntryPoint::Unknown)),
        }
        made.clear();
        made.reserve(rows);
        for (((direction, kind), status), point) in directions.iter().zip(kinds).zip(statuses).zip(points) {
            made.push(facts::facts(*direction, *kind, *status, *point).ok_or(Unusual)?);
        }
        Ok(())
    }
}

fn filled<T: Clone>(column: &mut Vec<T>, rows: usize, value: T) {
    column.clear();
    column.resize(rows, value);
}
