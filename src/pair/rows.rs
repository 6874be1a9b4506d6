//! The rows of a frame, read once: texts have become numbers, and names what they stand for.

use std::sync::Arc;

use polars::prelude::{DataFrame, Int64Chunked, PolarsResult, StringChunked};

use super::copies::{Copy, Party};
use super::event::Event;
use super::intern::{Interner, index};
use super::repeated::Repeated;
use super::threads::{both, workers};
use crate::domain::message::Sighting;
use crate::domain::{Direction, Elapsed, EntryPoint, Instant, Kind, Status, columns};

/// What one row of the frame says.
pub(super) struct Row<'f> {
    pub message_id: &'f str,
    pub sent_at: Instant,
    /// In seconds.
    pub fold: u32,
    /// Codes of one list, so that a customer equals the conversation that has its name.
    pub customer: u32,
    pub conversation: u32,
    /// Of business and channel.
    pub place: u32,
    pub kind: u32,
    pub direction: Direction,
    pub status: Status,
    pub entry_point: EntryPoint,
    pub sighting: Sighting,
}

/// A frame, row by row.
pub(super) struct Rows<'f> {
    pub all: Vec<Row<'f>>,
    /// The rows of messages that more than one row tells of.
    pub repeated: Repeated,
    /// Business and channel of each place, sorted.
    pub places: Vec<(&'f str, &'f str)>,
    /// Customers and conversations by their codes.
    pub parties: Vec<Arc<str>>,
    /// The texts that these are made of.
    names: Vec<&'f str>,
    /// Whether some row has a conversation that is not named as its customer.
    pub has_named: bool,
    /// As the log names them, and what that means.
    kinds: Vec<(&'f str, Kind)>,
    file: Option<&'f Int64Chunked>,
}

/// The columns of a frame.
struct Columns<'f> {
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

/// The parties of all rows.
struct Parties<'f> {
    customers: Vec<u32>,
    conversations: Vec<u32>,
    names: Vec<&'f str>,
    shared: Vec<Arc<str>>,
}

/// What is read beside the parties.
struct Facts<'f> {
    rows: Vec<Row<'f>>,
    repeated: Repeated,
    places: Vec<(&'f str, &'f str)>,
    kinds: Vec<&'f str>,
}

impl<'f> Columns<'f> {
    fn of(frame: &'f DataFrame) -> PolarsResult<Self> {
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

    fn parties(&self) -> Parties<'f> {
        let mut interner = Interner::new();
        let customers = interner.codes(texts(self.customer));
        // Where a log names no conversations, the customer stands in their place.
        let names = texts(self.conversation).zip(texts(self.customer)).zip(&customers);
        let code = |((name, customer), code): ((&'f str, &'f str), &u32)| {
            if name == customer { *code } else { interner.code(name) }
        };
        let conversations = names.map(code).collect();
        let names = interner.texts().to_vec();
        let shared = names.iter().map(|name| Arc::from(*name)).collect();
        Parties { customers, conversations, names, shared }
    }

    /// All but the parties, whose codes are still 0.
    fn facts(&self) -> Facts<'f> {
        let mut kinds = Interner::new();
        let kind = kinds.codes(texts(self.kind));
        let (place, places) = places(self.business, self.channel);
        // Invariant: `read` stores only names that parse; the fallbacks are the ones that charge nothing.
        let direction = parsed(self.direction, |name| Direction::named(name).unwrap_or(Direction::Outbound));
        let status = parsed(self.status, |name| Status::named(name).unwrap_or(Status::Unstated));
        let entry_point = parsed(self.entry_point, |name| name.parse().unwrap_or(EntryPoint::Unknown));
        let sighting = parsed(self.sighting, |name| Sighting::named(name).unwrap_or(Sighting::Stamped));
        let fold = parsed(self.fold, |seconds| seconds.parse::<u32>().unwrap_or_default());
        let mut rows = Vec::with_capacity(kind.len());
        for (row, (message_id, sent_at)) in texts(self.message_id).zip(numbers(self.sent_at)).enumerate() {
            rows.push(Row {
                message_id,
                sent_at: Instant::from_micros(sent_at.unwrap_or_default()),
                fold: fold[row],
                customer: 0,
                conversation: 0,
                place: place[row],
                kind: kind[row],
                direction: direction[row],
                status: status[row],
                entry_point: entry_point[row],
                sighting: sighting[row],
            });
        }
        let repeated = Repeated::of(&rows);
        Facts { rows, repeated, places, kinds: kinds.texts().to_vec() }
    }
}

impl<'f> Rows<'f> {
    pub fn read(frame: &'f DataFrame) -> PolarsResult<Self> {
        let columns = Columns::of(frame)?;
        // Parties are as much work as everything else together: there are many of them, far apart in memory.
        let (parties, facts) = both(workers(frame.height()), || columns.parties(), || columns.facts());
        let (mut all, mut has_named) = (facts.rows, false);
        let codes = parties.customers.into_iter().zip(parties.conversations);
        for (row, (customer, conversation)) in all.iter_mut().zip(codes) {
            (row.customer, row.conversation) = (customer, conversation);
            has_named |= customer != conversation;
        }
        let meant = |kind: &'f str| (kind, if kind.is_empty() { Kind::Text } else { Kind::named(kind) });
        Ok(Self {
            all,
            repeated: facts.repeated,
            places: facts.places,
            parties: parties.shared,
            names: parties.names,
            has_named,
            kinds: facts.kinds.into_iter().map(meant).collect(),
            file: columns.file,
        })
    }

    /// The files that the rows came from, where the frame says so.
    pub fn files(&self) -> Option<Vec<Option<u32>>> {
        let file = |file: Option<i64>| file.and_then(|file| u32::try_from(file).ok());
        self.file.map(|column| numbers(column).map(file).collect())
    }

    /// The row with a number, as one copy of a message.
    pub fn copy(&self, number: u32) -> Copy<'f> {
        let row = &self.all[index(number)];
        Copy {
            customer: self.party(row.customer),
            direction: row.direction,
            sent_at: row.sent_at,
            fold: row.fold(),
            conversation: self.party(row.conversation),
            kind: self.kinds[index(row.kind)].0,
            status: row.status,
            entry_point: row.entry_point,
            sighting: row.sighting,
        }
    }

    /// The event of a message that one row tells of: what [`super::copies::merged`] makes of a single copy.
    pub fn event(&self, row: &Row<'f>) -> Event<'f> {
        let tells = row.sighting == Sighting::Stamped || row.status == Status::Unstated;
        Event {
            at: row.sent_at,
            fold: row.fold(),
            direction: row.direction,
            kind: if tells { self.kinds[index(row.kind)].1 } else { Kind::Text },
            status: row.status,
            entry_point: row.entry_point,
            customer: row.customer,
            message_id: row.message_id,
        }
    }

    fn party(&self, code: u32) -> Party<'f> {
        Party { name: self.names[index(code)], code }
    }
}

impl Row<'_> {
    fn fold(&self) -> Elapsed {
        Elapsed::from_seconds(i64::from(self.fold))
    }
}

/// The texts of a column, chunk by chunk.
fn texts(column: &StringChunked) -> impl Iterator<Item = &str> {
    column.downcast_iter().flat_map(|chunk| chunk.iter()).map(Option::unwrap_or_default)
}

fn numbers(column: &Int64Chunked) -> impl Iterator<Item = Option<i64>> {
    column.downcast_iter().flat_map(|chunk| chunk.iter()).map(|number| number.copied())
}

/// What the texts of a column stand for, each distinct one parsed once.
fn parsed<T: std::marker::Copy>(column: &StringChunked, parse: impl Fn(&str) -> T) -> Vec<T> {
    let mut interner = Interner::new();
    let codes = interner.codes(texts(column));
    let values: Vec<T> = interner.texts().iter().map(|text| parse(text)).collect();
    codes.into_iter().map(|code| values[index(code)]).collect()
}

/// The place of each row, and the businesses and channels of all places, sorted.
fn places<'f>(business: &'f StringChunked, channel: &'f StringChunked) -> (Vec<u32>, Vec<(&'f str, &'f str)>) {
    let (mut businesses, mut channels) = (Interner::new(), Interner::new());
    let of_rows = businesses.codes(texts(business)).into_iter().zip(channels.codes(texts(channel)));
    // By business: its channels, sorted by code, with the place that the two have in the order of the rows.
    let mut known: Vec<Vec<(u32, u32)>> = vec![Vec::new(); businesses.texts().len()];
    let mut names: Vec<(&'f str, &'f str)> = Vec::new();
    let mut of_row: Vec<u32> = Vec::with_capacity(business.len());
    for (business, channel) in of_rows {
        let own = &mut known[index(business)];
        let place = match own.binary_search_by_key(&channel, |(channel, _)| *channel) {
            Ok(found) => own[found].1,
            Err(free) => {
                // Invariant: there are no more places than rows.
                let place = u32::try_from(names.len()).unwrap_or_else(|_| unreachable!("more places than rows"));
                own.insert(free, (channel, place));
                names.push((businesses.texts()[index(business)], channels.texts()[index(channel)]));
                place
            }
        };
        of_row.push(place);
    }
    let mut sorted: Vec<(&'f str, &'f str, usize)> =
        names.iter().enumerate().map(|(place, (business, channel))| (*business, *channel, place)).collect();
    sorted.sort_unstable();
    let mut ranks = vec![0; names.len()];
    for (rank, (_, _, place)) in (0_u32..).zip(&sorted) {
        ranks[*place] = rank;
    }
    of_row.iter_mut().for_each(|place| *place = ranks[index(*place)]);
    (of_row, sorted.into_iter().map(|(business, channel, _)| (business, channel)).collect())
}
