//! The frame of messages: what every reader makes and `pair` takes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, IdxCa, IdxSize, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray,
    PolarsResult, Series, StringChunked, StringChunkedBuilder,
};

use super::ReadError;
use super::canonical::Texts;
use super::options::{Limits, Options};
use super::row::{Reject, RowRef, Suspect};
use super::stamp::{Clock, Given};
use crate::domain::message::Sighting;
use crate::domain::{Direction, Instant, Kind, columns};

/// So many channels are counted without a search, unless two of them have the same slot.
const SLOTS: usize = 1 << 10;

/// Whether a log says of what kind a message is, or leaves it to the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindStated {
    Yes,
    No,
}

/// Collects rows into the columns of a frame, and the rejects beside them.
pub struct Builder {
    texts: Vec<StringChunkedBuilder>,
    sent_at: Vec<i64>,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    pub rejects: Vec<Reject>,
}

/// Columns of text, in the order of the frame: all but `sent_at`.
fn text_columns() -> impl Iterator<Item = &'static str> {
    columns::ALL.into_iter().filter(|name| *name != columns::SENT_AT)
}

impl Default for Builder {
    fn default() -> Self {
        Self::new(&Options::default())
    }
}

impl Builder {
    pub fn new(options: &Options) -> Self {
        let texts = text_columns().map(|name| StringChunkedBuilder::new(name.into(), 0)).collect();
        let (clock, limits) = (Clock::of(options), options.limits);
        Self { texts, sent_at: Vec::new(), clock, limits, rejects: Vec::new() }
    }

    /// Refuses the file when it has more rows than the limit.
    pub(super) fn check_rows(&self) -> Result<(), ReadError> {
        let rows = (self.sent_at.len() + self.rejects.len()) as u64;
        if rows > self.limits.rows { Err(ReadError::TooManyRows(self.limits.rows)) } else { Ok(()) }
    }

    /// Takes the message number `number` of a file. A message seen through its statuses
    /// does not tell its kind, unless the status is an unknown one; every other does.
    pub fn push(&mut self, row: &RowRef, number: u64) {
        let tells = row.sighting == Sighting::Stamped || row.kind == Kind::Other;
        let stated = if tells { KindStated::Yes } else { KindStated::No };
        self.push_stating(row, stated, number);
    }

    /// Takes the message number `number` of a file, whose log states its kind or not.
    pub fn push_stating(&mut self, row: &RowRef, kind: KindStated, number: u64) {
        if let Err(reason) = self.clock.admit(row.sent_at) {
            return self.reject(number, reason, row.suspect());
        }
        let seconds = row.fold.millis() / 1000;
        let fold = if seconds == 0 { String::new() } else { seconds.to_string() };
        let values: [&str; 11] = [
            &row.message_id,
            &row.business,
            &row.channel,
            &row.customer,
            row.direction.name(),
            row.conversation(),
            if kind == KindStated::Yes { row.kind.name() } else { "" },
            row.status.name(),
            row.entry_point.name(),
            row.sighting.name(),
            &fold,
        ];
        self.sent_at.push(row.sent_at.micros());
        for (builder, value) in self.texts.iter_mut().zip(values) {
            builder.append_value(value);
        }
    }

    /// Takes a row of a canonical log: a message, or a reject under the number `row`.
    pub(super) fn take(&mut self, texts: &Texts, given: Option<Given>, row: u64) {
        match texts.row(given, &self.clock) {
            Ok((message, kind)) => self.push_stating(&message, kind, row),
            Err(reason) => self.reject(row, reason, texts.suspect(given, &self.clock)),
        }
    }

    /// Rejects a row that has texts, for a reason that is not in them.
    pub(super) fn reject_texts(&mut self, texts: &Texts, row: u64, reason: &str) {
        self.reject(row, reason, texts.suspect(None, &self.clock));
    }

    pub(super) fn reject(&mut self, row: u64, reason: impl Into<String>, suspect: Option<Suspect>) {
        self.rejects.push(Reject { row, reason: reason.into(), suspect });
    }

    pub fn first_and_last(&self) -> Option<(Instant, Instant)> {
        let (first, last) = (self.sent_at.iter().min()?, self.sent_at.iter().max()?);
        Some((Instant::from_micros(*first), Instant::from_micros(*last)))
    }

    pub fn finish(self) -> PolarsResult<(DataFrame, Vec<Reject>)> {
        let height = self.sent_at.len();
        let mut texts = self.texts.into_iter().map(|builder| builder.finish().into_series().into_column());
        let mut sent_at = Some(Series::new(columns::SENT_AT.into(), self.sent_at).into_column());
        let of_name = |name: &str| if name == columns::SENT_AT { sent_at.take() } else { texts.next() };
        let columns: Vec<Column> = columns::ALL.into_iter().filter_map(of_name).collect();
        Ok((DataFrame::new(height, columns)?, self.rejects))
    }
}

/// A frame without rows.
pub fn empty() -> PolarsResult<DataFrame> {
    Builder::default().finish().map(|(frame, _)| frame)
}

/// The same frame with a column `file` (`Int64`): the place of the file that its rows came from.
pub fn with_file(frame: DataFrame, place: i64) -> PolarsResult<DataFrame> {
    let places = vec![place; frame.height()];
    with_files(frame, places)
}

/// The same frame with a column `file` that has these places.
pub fn with_files(frame: DataFrame, places: Vec<i64>) -> PolarsResult<DataFrame> {
    let mut frame = frame;
    frame.with_column(Series::new(columns::FILE.into(), places).into_column())?;
    Ok(frame)
}

/// The same frame with other businesses: `of` gives the new one for (channel, `sent_at`, business), `None`
/// leaves the row as it is.
pub fn with_businesses(
    frame: &DataFrame,
    of: &dyn Fn(&str, Instant, &str) -> Option<String>,
) -> PolarsResult<DataFrame> {
    let (business, channel) = (frame.column(columns::BUSINESS)?.str()?, frame.column(columns::CHANNEL)?.str()?);
    let sent_at = frame.column(columns::SENT_AT)?.i64()?;
    let named = business.iter().zip(channel.iter()).zip(sent_at.iter()).map(|((business, channel), sent_at)| {
        let (business, channel) = (business.unwrap_or_default(), channel.unwrap_or_default());
        let other = of(channel, Instant::from_micros(sent_at.unwrap_or_default()), business);
        other.map_or(Cow::Borrowed(business), Cow::Owned)
    });
    let names: Vec<Cow<str>> = named.collect();
    let mut changed = frame.clone();
    changed.replace(columns::BUSINESS, Series::new(columns::BUSINESS.into(), names).into_column())?;
    Ok(changed)
}

/// By row, a hash of two texts together: what has another hash is something else.
pub fn hashes(frame: &DataFrame, [one, other]: [&str; 2]) -> PolarsResult<Vec<u64>> {
    let hash = FixedState::with_seed(2);
    let rows = frame.column(one)?.str()?.iter().zip(frame.column(other)?.str()?.iter());
    Ok(rows.map(|(one, other)| hash.hash_one((one.unwrap_or_default(), other.unwrap_or_default()))).collect())
}

/// The hash that [`hashes`] gives two texts.
pub fn hash_of(texts: (&str, &str)) -> u64 {
    FixedState::with_seed(2).hash_one(texts)
}

/// Some of the rows, in their order. The texts of the others are let go: without that the smallest part of a frame keeps the
/// memory of all of it.
pub fn filtered(frame: &DataFrame, mask: &[bool]) -> PolarsResult<DataFrame> {
    with_own_texts(&frame.filter(&BooleanChunked::from_slice("wanted".into(), mask))?)
}

/// The same frame, whose texts are no part of those of another one.
pub fn with_own_texts(part: &DataFrame) -> PolarsResult<DataFrame> {
    let height = part.height();
    let own = |column: &Column| match column.str() {
        Ok(texts) => {
            let chunks = texts.downcast_iter().map(|chunk| chunk.clone().gc());
            StringChunked::from_chunk_iter(texts.name().clone(), chunks).into_column()
        }
        Err(_) => column.clone(),
    };
    DataFrame::new(height, part.columns().iter().map(own).collect())
}

/// The rows on some channels, in their order.
pub fn on_channels(frame: DataFrame, channels: &BTreeSet<&str>) -> PolarsResult<DataFrame> {
    let channel = frame.column(columns::CHANNEL)?.str()?;
    let mut met: Option<(&str, bool)> = None;
    let mut mask = Vec::with_capacity(frame.height());
    for channel in channel.iter() {
        let channel = channel.unwrap_or_default();
        // Rows of one channel often follow one another.
        let is_wanted = match met {
            Some((last, is_wanted)) if last == channel => is_wanted,
            _ => met.insert((channel, channels.contains(channel))).1,
        };
        mask.push(is_wanted);
    }
    if mask.iter().all(|is_wanted| *is_wanted) { Ok(frame) } else { filtered(&frame, &mask) }
}

/// The rows of one of `count` slices: which one a conversation is in follows from its name alone.
pub fn in_slice(frame: &DataFrame, number: u64, count: u64) -> PolarsResult<DataFrame> {
    let hash = FixedState::with_seed(1);
    let conversations = frame.column(columns::CONVERSATION)?.str()?.iter();
    let mask: Vec<bool> =
        conversations.map(|name| hash.hash_one(name.unwrap_or_default()) % count.max(1) == number).collect();
    filtered(frame, &mask)
}

/// The businesses and channels of a frame with the number of their rows.
pub fn channels(frame: &DataFrame) -> PolarsResult<BTreeMap<(String, String), u64>> {
    let (business, channel) = (frame.column(columns::BUSINESS)?.str()?, frame.column(columns::CHANNEL)?.str()?);
    let mut rows: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (business, channel) in business.iter().zip(channel.iter()) {
        *rows.entry((business.unwrap_or_default(), channel.unwrap_or_default())).or_default() += 1;
    }
    Ok(rows.into_iter().map(|((business, channel), rows)| ((business.to_owned(), channel.to_owned()), rows)).collect())
}

/// The businesses and channels of a frame with the number of their inbound and outbound rows.
pub fn directions(frame: &DataFrame) -> PolarsResult<Vec<(String, String, u64, u64)>> {
    let text = |name: &str| frame.column(name)?.str();
    let (business, channel) = (text(columns::BUSINESS)?, text(columns::CHANNEL)?);
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut counts: Vec<(u64, u64)> = Vec::new();
    // By the hash of a channel: the business and the channel that were met last, and their place.
    let hash = FixedState::with_seed(0);
    let mut slots: Vec<Option<((&str, &str), usize)>> = vec![None; SLOTS];
    for ((business, channel), direction) in business.iter().zip(channel.iter()).zip(text(columns::DIRECTION)?.iter()) {
        let of = (business.unwrap_or_default(), channel.unwrap_or_default());
        let slot = &mut slots[usize::try_from(hash.hash_one(of.1) % SLOTS as u64).unwrap_or_default()];
        let place = match *slot {
            Some((met, place)) if met == of => place,
            _ => *places.entry(of).or_insert_with(|| {
                counts.push((0, 0));
                counts.len() - 1
            }),
        };
        *slot = Some((of, place));
        let (inbound, outbound) = &mut counts[place];
        *(if direction == Some(Direction::Inbound.name()) { inbound } else { outbound }) += 1;
    }
    let counted = |((business, channel), place): ((&str, &str), usize)| {
        let (inbound, outbound) = counts[place];
        (business.to_owned(), channel.to_owned(), inbound, outbound)
    };
    Ok(places.into_iter().map(counted).collect())
}

/// The rows of each business, in their order; each column in one chunk.
pub fn by_business(mut frame: DataFrame) -> PolarsResult<BTreeMap<String, DataFrame>> {
    // With a chunk for each of many files, every step costs as much as there are files.
    frame.rechunk_mut_par();
    let mut rows: BTreeMap<&str, Vec<IdxSize>> = BTreeMap::new();
    for (row, business) in (0..).zip(frame.column(columns::BUSINESS)?.str()?.iter()) {
        rows.entry(business.unwrap_or_default()).or_default().push(row);
    }
    let of = |(name, rows): (&str, _)| Ok((name.to_owned(), frame.take(&IdxCa::from_vec("rows".into(), rows))?));
    rows.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Options, read_bytes};

    /// More channels than there are slots, which alternate, of two businesses that share some of them.
    #[test]
    fn messages_are_counted_by_channel_and_direction() {
        let mut text = "message_id,business,channel,customer,direction,sent_at\n".to_owned();
        let mut expected: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for number in 0..4_000_u64 {
            let (business, channel) = (format!("b{}", number % 2), format!("c{}", number / 2 % 1_500));
            let (inbound, outbound) = expected.entry((business.clone(), channel.clone())).or_default();
            let direction = if number % 3 == 0 { "inbound" } else { "outbound" };
            *(if number % 3 == 0 { inbound } else { outbound }) += 1;
            text += &format!("m{number},{business},{channel},+391,{direction},2018-08-01T00:00:00Z\n");
        }
        let log = read_bytes(text.as_bytes(), std::path::Path::new("log.csv"), &Options::default()).unwrap();
        let counted = |((business, channel), (inbound, outbound))| (business, channel, inbound, outbound);
        let expected: Vec<_> = expected.into_iter().map(counted).collect();
        assert_eq!(directions(&log.frame).unwrap(), expected);
        assert_eq!(directions(&empty().unwrap()).unwrap(), []);
    }
}
