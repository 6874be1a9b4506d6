//! Copies of one message: what the rows of exports say of it, whether they agree, and what they say together.

use polars::prelude::{DataFrame, Int64Chunked, PolarsResult, StringChunked};

use super::event::Event;
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};

/// The columns of a frame, read side by side.
pub(super) struct Columns<'f> {
    message_id: &'f StringChunked,
    business: &'f StringChunked,
    channel: &'f StringChunked,
    customer: &'f StringChunked,
    direction: &'f StringChunked,
    sent_at: &'f Int64Chunked,
    conversation: &'f StringChunked,
    kind: &'f StringChunked,
    status: &'f StringChunked,
    entry_point: &'f StringChunked,
    sighting: &'f StringChunked,
    fold: &'f StringChunked,
    file: Option<&'f Int64Chunked>,
}

/// What one row of the frame says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Copy<'f> {
    pub customer: &'f str,
    pub direction: Direction,
    pub sent_at: Instant,
    pub fold: Elapsed,
    pub conversation: &'f str,
    pub kind: &'f str,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
}

impl<'f> Columns<'f> {
    pub fn of(frame: &'f DataFrame) -> PolarsResult<Self> {
        let text = |name: &str| frame.column(name)?.str();
        Ok(Self {
            message_id: text(columns::MESSAGE_ID)?,
            business: text(columns::BUSINESS)?,
            channel: text(columns::CHANNEL)?,
            customer: text(columns::CUSTOMER)?,
            direction: text(columns::DIRECTION)?,
            sent_at: frame.column(columns::SENT_AT)?.i64()?,
            conversation: text(columns::CONVERSATION)?,
            kind: text(columns::KIND)?,
            status: text(columns::STATUS)?,
            entry_point: text(columns::ENTRY_POINT)?,
            sighting: text(columns::SIGHTING)?,
            fold: text(columns::FOLD)?,
            file: frame.column(columns::FILE).ok().map(|column| column.i64()).transpose()?,
        })
    }

    /// Business, channel and message id.
    pub fn key(&self, row: usize) -> (&'f str, &'f str, &'f str) {
        let at = |column: &'f StringChunked| column.get(row).unwrap_or_default();
        (at(self.business), at(self.channel), at(self.message_id))
    }

    pub fn copy(&self, row: usize) -> Copy<'f> {
        let at = |column: &'f StringChunked| column.get(row).unwrap_or_default();
        Copy {
            customer: at(self.customer),
            // Invariant: `read` stores only names that parse; the fallbacks are the ones that charge nothing.
            direction: Direction::named(at(self.direction)).unwrap_or(Direction::Outbound),
            sent_at: Instant::from_micros(self.sent_at.get(row).unwrap_or_default()),
            fold: fold(at(self.fold)),
            conversation: at(self.conversation),
            kind: at(self.kind),
            status: Status::named(at(self.status)).unwrap_or(Status::Unstated),
            entry_point: at(self.entry_point).parse().unwrap_or(EntryPoint::Unknown),
            sighting: Sighting::named(at(self.sighting)).unwrap_or(Sighting::Stamped),
        }
    }

    /// The file that the row came from, where the frame says so.
    pub fn file(&self, row: usize) -> Option<u32> {
        self.file?.get(row).and_then(|file| u32::try_from(file).ok())
    }
}

fn fold(text: &str) -> Elapsed {
    let seconds: u32 = text.parse().unwrap_or_default();
    Elapsed::from_seconds(i64::from(seconds))
}

impl Copy<'_> {
    pub fn is_stamped(&self) -> bool {
        self.sighting == Sighting::Stamped
    }

    /// The stored reading of its time and, where the clocks repeat it, the other one: a question may have come
    /// earlier, an answer later.
    fn readings(&self) -> [Instant; 2] {
        match self.direction {
            Direction::Inbound => [self.sent_at, self.sent_at.minus(self.fold)],
            Direction::Outbound => [self.sent_at, self.sent_at.plus(self.fold)],
        }
    }

    fn coarseness(&self) -> usize {
        PRECISIONS.iter().filter(|unit| self.sent_at.micros() % **unit == 0).count()
    }

    /// Whether the message can have been sent at `instant`, as far as this copy tells.
    fn allows(&self, instant: Instant) -> bool {
        let cut = |unit: &i64| Instant::from_micros(instant.micros().div_euclid(*unit) * unit);
        let cuts: [Instant; 3] = [cut(&PRECISIONS[0]), cut(&PRECISIONS[1]), cut(&PRECISIONS[2])];
        self.readings().iter().any(|reading| *reading == instant || cuts.contains(reading))
    }
}

/// The columns in which copies of one message contradict each other. Statuses never do: they follow one
/// another. A fact that one copy leaves out contradicts nothing.
pub(super) fn differences(copies: &[Copy]) -> Vec<&'static str> {
    fn differ<T: PartialEq>(values: impl Iterator<Item = T>) -> bool {
        let mut values = values;
        let first = values.next();
        values.any(|value| first.as_ref().is_some_and(|first| *first != value))
    }
    let stamped = || copies.iter().filter(|copy| copy.is_stamped());
    let stated_kinds = stamped().map(|copy| copy.kind).filter(|kind| !kind.is_empty());
    let stated_entry_points = copies.iter().map(|copy| copy.entry_point).filter(|point| *point != EntryPoint::Unknown);
    let found = [
        (columns::CUSTOMER, differ(copies.iter().map(|copy| copy.customer))),
        (columns::CONVERSATION, differ(copies.iter().map(|copy| copy.conversation))),
        (columns::DIRECTION, differ(copies.iter().map(|copy| copy.direction))),
        (columns::SENT_AT, stamped().next().is_some() && stamp(copies).is_none()),
        (columns::KIND, differ(stated_kinds)),
        (columns::ENTRY_POINT, differ(stated_entry_points)),
    ];
    found.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// Units to which exports cut the time of a message: a millisecond, a second, a minute.
const PRECISIONS: [i64; 3] = [1000, 1_000_000, 60_000_000];

/// The instant that all stamps of a message allow, with what is left of its fold: the finest stamp gives it (of
/// equals the latest), the others are its cuts. A stamp that names its offset tells which reading of an
/// ambiguous one is right. `None` when there is no such instant.
fn stamp(copies: &[Copy]) -> Option<(Instant, Elapsed)> {
    let stamped = || copies.iter().filter(|copy| copy.is_stamped());
    let finest = stamped().min_by_key(|copy| (copy.coarseness(), std::cmp::Reverse((copy.sent_at, copy.fold))))?;
    let [stored, other] = finest.readings().map(|reading| stamped().all(|copy| copy.allows(reading)));
    match (stored, other) {
        (true, true) => Some((finest.sent_at, finest.fold)),
        (true, false) => Some((finest.sent_at, Elapsed::ZERO)),
        (false, true) => Some((finest.readings()[1], Elapsed::ZERO)),
        (false, false) => None,
    }
}

/// One event of copies that do not contradict each other.
pub(super) fn merged(message_id: &str, copies: &[Copy]) -> Event {
    let first_sign = copies.iter().min_by_key(|copy| (copy.sighting, copy.sent_at));
    let first_sign = first_sign.map(|copy| (copy.sent_at, copy.fold));
    let (at, fold) = stamp(copies).or(first_sign).unwrap_or((Instant::MAX, Elapsed::ZERO));
    // An unknown status beside a known one adds no doubt: the message was sent.
    let known_sign = copies.iter().any(|copy| !copy.is_stamped() && copy.status != Status::Unstated);
    let tells = |copy: &&Copy| copy.is_stamped() || !known_sign;
    let kind = copies.iter().filter(tells).map(|copy| copy.kind).filter(|kind| !kind.is_empty()).max();
    Event {
        at,
        fold,
        direction: copies[0].direction,
        kind: kind.map_or(Kind::Text, Kind::named),
        status: copies.iter().map(|copy| copy.status).max().unwrap_or(Status::Unstated),
        entry_point: copies.iter().map(|copy| copy.entry_point).min().unwrap_or(EntryPoint::Unknown),
        customer: copies[0].customer.into(),
        message_id: message_id.into(),
    }
}
