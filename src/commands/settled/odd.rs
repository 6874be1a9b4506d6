//! Which conversations are not ordinary: all rows of theirs are carried on.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, Int64Chunked, StringChunked};

use super::ids;
use crate::commands::evidence::broken;
use crate::domain::message::Counts;
use crate::domain::{Instant, Kind, Verdict, Wait, columns};
use crate::error::Failure;

/// Channel and name of a conversation.
pub type Place<'f> = (&'f str, &'f str);

/// The messages of a business, each conversation named as its customer.
pub struct Rows<'f> {
    channels: &'f StringChunked,
    conversations: &'f StringChunked,
    sent_at: &'f Int64Chunked,
    kinds: &'f StringChunked,
    sightings: &'f StringChunked,
    folds: &'f StringChunked,
    /// By row, what stands for its id.
    pub halves: Vec<u64>,
}

impl<'f> Rows<'f> {
    /// `None` where a conversation has a name of its own: what it has to do with others is not told by one of them. Nor can
    /// ids be compared that the archive does not write.
    pub fn of(messages: &'f DataFrame) -> Result<Option<Self>, Failure> {
        let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(broken);
        let (channels, conversations) = (text(columns::CHANNEL)?, text(columns::CONVERSATION)?);
        let mut parties = conversations.iter().zip(text(columns::CUSTOMER)?.iter());
        if parties.any(|(conversation, customer)| conversation != customer) {
            return Ok(None);
        }
        let mut salts: BTreeMap<&str, u64> = BTreeMap::new();
        let ids = channels.iter().zip(text(columns::MESSAGE_ID)?.iter());
        let halves = ids.map(|(channel, id)| {
            let channel = channel.unwrap_or_default();
            ids::half(*salts.entry(channel).or_insert_with(|| ids::salt(channel)), id.unwrap_or_default())
        });
        let Some(halves) = halves.collect::<Option<Vec<u64>>>() else { return Ok(None) };
        let sent_at = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(broken)?;
        let (kinds, sightings, folds) = (text(columns::KIND)?, text(columns::SIGHTING)?, text(columns::FOLD)?);
        Ok(Some(Self { channels, conversations, sent_at, kinds, sightings, folds, halves }))
    }

    pub fn sent_at(&self, row: usize) -> Instant {
        Instant::from_micros(self.sent_at.get(row).unwrap_or_default())
    }

    pub fn place(&self, row: usize) -> Place<'f> {
        (self.channels.get(row).unwrap_or_default(), self.conversations.get(row).unwrap_or_default())
    }

    /// Whether a message may have been sent before its stamp: it is that of a status, or of an hour that the clocks repeat.
    pub fn may_be_earlier(&self, row: usize) -> bool {
        let states = |column: &StringChunked| column.get(row).is_some_and(|text| !text.is_empty());
        states(self.sightings) || states(self.folds)
    }

    /// Whether what a message is, or when it was sent, is not certain.
    fn is_uncertain(&self, row: usize) -> bool {
        let kind = self.kinds.get(row).filter(|kind| !kind.is_empty());
        kind.is_some_and(|kind| Kind::named(kind).counts() == Counts::Unknown) || self.may_be_earlier(row)
    }

    /// Halves that several rows have, sorted.
    fn repeated(&self) -> Vec<u64> {
        let mut sorted = self.halves.clone();
        sorted.sort_unstable();
        let mut repeated: Vec<u64> = sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        repeated
    }
}

/// The conversations that are not ordinary: by their messages, or by what was said of their waits.
pub fn odd<'w>(rows: &Rows<'w>, waits: impl Iterator<Item = &'w Wait>) -> BTreeSet<Place<'w>> {
    let held = waits.filter(|wait| wait.verdict == Verdict::Held || wait.excluded);
    let mut odd: BTreeSet<Place> = held.map(|wait| (&*wait.channel, &*wait.conversation)).collect();
    let repeated = rows.repeated();
    for (row, half) in rows.halves.iter().enumerate() {
        if rows.is_uncertain(row) || repeated.binary_search(half).is_ok() {
            odd.insert(rows.place(row));
        }
    }
    odd
}
