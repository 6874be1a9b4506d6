//! The pairing kernel: the default reading over numbers instead of texts, for logs of any size.
//!
//! A message is held in sixteen bytes: its conversation, and its instant with what it is. Messages lie in buckets by
//! conversation, in the order in which they were read, and the answer of each question is found in one pass over its
//! bucket from the end ([`pair`]): what answers next stands in a small table. No row is joined with a row, and nothing
//! is sorted where a log is in the order of time. Data beyond a budget of memory lies in scratch files.
//!
//! A conversation is the exact number of a customer on a channel, never a hash. Ids of messages are held as hashes
//! ([`ids`]): while no two are equal, no two ids are; where two are equal, the caller looks at the ids themselves.
//! Conversations that numbers cannot judge are odd: they are left out here, and go row by row.

mod backwards;
pub mod ids;
mod keyed;

use super::scratch::{Buckets, Packed, ScratchError};
use crate::domain::message::{Facts, Role};
use crate::domain::{Instant, Reading};

pub use backwards::{Late, Paired, is_settled, pair};
pub use keyed::Keyed;

/// Buckets of messages: each is small enough for the second cache.
pub const BUCKETS: usize = 512;
/// Bits of a customer's number: fifteen decimal digits.
const NUMBER_BITS: u32 = 50;
/// So many channels have a place above the number.
pub const CHANNELS_MAX: u32 = 1 << (64 - NUMBER_BITS);
/// What a message is, in the lowest four bits of what is held: a question has its entry point.
const ANSWERS: u64 = 15;
/// It is not held.
const NEITHER: u64 = 14;
/// It makes its conversation odd.
const UNCLEAR: u64 = 13;

/// Whether the kernel can judge by a reading: what hangs on runs of questions, on deliveries or on another date cannot be
/// told from a table of next answers.
pub fn supports(reading: &Reading) -> bool {
    let Reading { window, boundary, price_date, month_of, .. } = *reading;
    *reading == Reading { window, boundary, price_date, month_of, ..Reading::default() }
}

/// A message, as it is held: conversation; instant and what it is.
pub type Held<K = u64> = (K, u64);

/// What stands for a conversation, exactly: two have one key when they are one. None is the default value.
pub trait Conversation: Copy + Ord + Default + Send + Sync + Packed {
    /// Its bits, mixed: the upper ones choose the bucket.
    fn mixed(self) -> u64;
    /// The place of its channel.
    fn channel(self) -> usize;
}

/// The digits of a number below those of its channel.
impl Conversation for u64 {
    fn mixed(self) -> u64 {
        self.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn channel(self) -> usize {
        parties(self).0
    }
}

/// The conversation of a customer on a channel, both given as numbers.
pub const fn conversation(channel: u32, customer: u64) -> u64 {
    ((channel as u64) << NUMBER_BITS) | customer
}

/// Channel and customer of a conversation.
pub fn parties(conversation: u64) -> (usize, u64) {
    let channel = usize::try_from(conversation >> NUMBER_BITS).unwrap_or(usize::MAX);
    (channel, conversation & ((1 << NUMBER_BITS) - 1))
}

/// The bucket of a conversation.
pub fn bucket<K: Conversation>(conversation: K) -> usize {
    usize::try_from(conversation.mixed() >> 55).unwrap_or_default()
}

/// Whether the caller will ask which row of the logs a message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Kept,
    Forgotten,
}

/// Where a worker may put what does not fit into memory.
#[derive(Clone, Copy)]
pub struct Room<'r> {
    /// For files whose names begin with `name`.
    pub folder: &'r std::path::Path,
    pub name: &'r str,
    /// Bytes that may be held in memory.
    pub budget: usize,
}

/// One message on its way into a bucket.
#[derive(Clone, Copy)]
pub struct Arrived {
    /// Hash of its id.
    pub id: u64,
    pub channel: u32,
    /// The digits of the customer's number.
    pub customer: u64,
    /// Microseconds since 1970.
    pub at: i64,
    pub facts: Facts,
}

/// Many of them, column by column.
#[derive(Clone, Copy)]
pub struct Columns<'c> {
    pub ids: &'c [u64],
    /// Of each row a place in `places`, where the number of its channel stands.
    pub channels: &'c [u32],
    pub places: &'c [u32],
    pub customers: &'c [u64],
    pub sent_at: &'c [i64],
    pub facts: &'c [Facts],
}

/// The same, of whatever conversations.
#[derive(Clone, Copy)]
pub struct Told<K> {
    /// Hash of its id, by which messages are told apart.
    pub id: u64,
    pub conversation: K,
    /// Microseconds since 1970.
    pub at: i64,
    pub facts: Facts,
    pub use_as: Use,
}

/// What a message is taken for beside its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Evidence,
    /// It is a question that nobody asks about, or an answer to none that is asked about.
    Aside,
    /// It is known, and no evidence yet.
    TooLate,
}

/// What one worker has gathered.
pub struct Gathered<K = u64> {
    messages: Buckets<Held<K>>,
    /// Of each message its row, counted over all that the worker took.
    places: Option<Buckets<u32>>,
    ids: Buckets<u64>,
    /// Conversations with a message of an unknown kind, in no order.
    odd: Vec<K>,
    /// Rows, whatever they are.
    pub rows: u64,
    /// Of these, at or after the watermark.
    pub after: u64,
    watermark: u64,
    /// By the code of its facts: what a message is.
    what: Vec<u64>,
}

impl Gathered {
    /// Takes messages in their order.
    ///
    /// # Errors
    /// As [`Gathered::take`]; and when a row has a channel without a place.
    pub fn take_all(&mut self, columns: &Columns) -> Result<(), ScratchError> {
        let Columns { ids, channels, places, customers, sent_at, facts } = *columns;
        let rows = ids.iter().zip(channels).zip(customers).zip(sent_at).zip(facts);
        for ((((id, channel), customer), at), facts) in rows {
            let place = usize::try_from(*channel).ok().and_then(|channel| places.get(channel));
            let channel = *place.ok_or(ScratchError::NoChannel)?;
            self.take(Arrived { id: *id, channel, customer: *customer, at: *at, facts: *facts })?;
        }
        Ok(())
    }

    /// Takes a message.
    ///
    /// # Errors
    /// When a scratch file cannot be written, or there are too many rows for one worker.
    #[inline]
    pub fn take(&mut self, message: Arrived) -> Result<(), ScratchError> {
        let Arrived { id, channel, customer, at, facts } = message;
        let use_as = if stamped(at) >= self.watermark { Use::TooLate } else { Use::Evidence };
        let (id, conversation) = (ids::on_channel(id, channel), conversation(channel, customer));
        self.take_told(Told { id, conversation, at, facts, use_as })
    }
}

impl<K: Conversation> Gathered<K> {
    /// For about `expected` messages, of which those before `watermark` are evidence.
    pub fn new(expected: usize, watermark: Instant, rows: Rows, room: Room) -> Self {
        // A row takes 8 bytes for its id, 16 or more for itself and 4 for its place.
        let row = 12 + size_of::<Held<K>>();
        let share = |bytes: usize| room.budget / row * bytes;
        let of = |name: &str| format!("{}-{name}", room.name);
        let ids = Buckets::new(ids::PARTS, expected, room.folder, &of("ids"), share(8));
        let messages = Buckets::new(BUCKETS, expected, room.folder, &of("messages"), share(size_of::<Held<K>>()));
        let places = || Buckets::new(BUCKETS, expected, room.folder, &of("places"), share(4));
        Self {
            messages,
            places: (rows == Rows::Kept).then(places),
            ids,
            odd: Vec::new(),
            rows: 0,
            after: 0,
            watermark: stamped(watermark.micros()),
            what: (0..Facts::COUNT).map(|code| Facts::of_code(code).map_or(NEITHER, what)).collect(),
        }
    }

    /// Takes a message of whatever conversation.
    ///
    /// # Errors
    /// When a scratch file cannot be written, or there are too many rows for one worker.
    #[inline]
    pub fn take_told(&mut self, message: Told<K>) -> Result<(), ScratchError> {
        let Told { id, conversation, at, facts, use_as } = message;
        let row = self.rows;
        self.rows += 1;
        self.ids.push_in(ids::part(id), id)?;
        if use_as == Use::TooLate {
            self.after += 1;
            return Ok(());
        }
        let what = self.what[usize::from(facts.code())];
        if what == NEITHER || (use_as == Use::Aside && what != UNCLEAR) {
            return Ok(());
        }
        if what == UNCLEAR {
            self.odd.push(conversation);
            return Ok(());
        }
        let bucket = bucket(conversation);
        if let Some(places) = &mut self.places {
            places.push_in(bucket, u32::try_from(row).map_err(|_| ScratchError::TooManyRows)?)?;
        }
        self.messages.push_in(bucket, (conversation, stamped(at) | what))
    }

    /// A conversation that goes row by row.
    pub fn set_apart(&mut self, conversation: K) {
        self.odd.push(conversation);
    }

    /// Lets go of what only [`ids::twice`] needs.
    pub fn forget_ids(&mut self) {
        self.ids.clear();
    }
}

const fn entry(point: crate::domain::EntryPoint) -> u64 {
    point as u64
}

fn what(facts: Facts) -> u64 {
    match facts.role() {
        Role::Neither => NEITHER,
        Role::Answers => ANSWERS,
        Role::Unclear => UNCLEAR,
        Role::Asks(point) => entry(point),
    }
}

/// An instant of the years of stamps above the four bits of what a message is.
const fn stamped(micros: i64) -> u64 {
    if micros < 0 { 0 } else { micros.cast_unsigned() << 4 }
}

/// Conversations that go row by row, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Odd<K = u64>(Vec<K>);

impl<K: Conversation> Odd<K> {
    /// Those with messages of unknown kinds, and `others`.
    pub fn of(gathered: &[Gathered<K>], others: Vec<K>) -> Self {
        let mut all = others;
        all.extend(gathered.iter().flat_map(|worker| &worker.odd));
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    pub fn has(&self, conversation: K) -> bool {
        !self.0.is_empty() && self.0.binary_search(&conversation).is_ok()
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// All messages of a bucket but those of odd conversations, in the order of the workers, into `all`, which is emptied.
///
/// # Errors
/// When a scratch file cannot be read.
pub fn messages<K: Conversation>(
    gathered: &[Gathered<K>],
    bucket: usize,
    odd: &Odd<K>,
    all: &mut Vec<Held<K>>,
) -> Result<(), ScratchError> {
    all.clear();
    gathered.iter().try_for_each(|worker| worker.messages.read(bucket, all))?;
    if !odd.is_empty() {
        // They keep their places, as something that neither asks nor answers.
        all.iter_mut().filter(|held| odd.has(held.0)).for_each(|held| held.1 = held.1 & !15 | NEITHER);
    }
    Ok(())
}

/// Worker and row of the messages of a bucket, as [`messages`] gives them.
///
/// # Errors
/// When a scratch file cannot be read.
pub struct Places {
    rows: Vec<u32>,
    /// How many messages lie before those of each worker.
    begins: Vec<usize>,
}

impl Places {
    /// # Errors
    /// When a scratch file cannot be read.
    pub fn of<K: Conversation>(gathered: &[Gathered<K>], bucket: usize) -> Result<Self, ScratchError> {
        let (mut rows, mut begins) = (Vec::new(), Vec::with_capacity(gathered.len()));
        for worker in gathered {
            begins.push(rows.len());
            worker.places.iter().try_for_each(|places| places.read(bucket, &mut rows))?;
        }
        Ok(Self { rows, begins })
    }

    /// The worker that took the message at a place of the bucket, and its row there.
    pub fn get(&self, place: usize) -> Option<(usize, u32)> {
        let worker = self.begins.partition_point(|begin| *begin <= place).checked_sub(1)?;
        Some((worker, *self.rows.get(place)?))
    }
}

#[cfg(test)]
mod tests;
