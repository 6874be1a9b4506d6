//! Copies of one message: what the rows of exports say of it, whether they agree, and what they say together.

use super::event::Event;
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};

/// A customer, or a conversation. Parties of one name have one code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Party<'f> {
    pub name: &'f str,
    pub code: u32,
}

/// What one row of the frame says of its message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Copy<'f> {
    pub customer: Party<'f>,
    pub direction: Direction,
    pub sent_at: Instant,
    pub fold: Elapsed,
    pub conversation: Party<'f>,
    pub kind: &'f str,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
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
pub(super) fn merged<'f>(message_id: &'f str, copies: &[Copy]) -> Event<'f> {
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
        customer: copies[0].customer.code,
        message_id,
    }
}
