//! Businesses whose messages are read from the archive a few at a time, so that memory hangs on the largest business
//! and not on the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::archived::Archive;
use super::evidence::{Evidence, broken};
use super::loaded::{Owners, are_owned, loaded, owners};
use super::settled::{Settled, can_settle};
use super::setup::Setup;
use crate::domain::Business;
use crate::error::Failure;
use crate::ledger::entry::LogRead;
use crate::read::frame;

/// What a message takes in memory while it is judged, with the waits that are made of it.
const BYTES_A_ROW: u64 = 1024;

/// So many slices are judged at once, on any number of processors: what is read for them takes more threads.
pub const SLICES_AT_ONCE: usize = 2;

/// So many MiB where nobody says how much memory there is.
pub const MEMORY: u32 = 2048;

/// Fewer would be read too often.
const ROWS_MIN: u64 = 128;

/// Where businesses are judged from the archive.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// So many messages are in memory at once.
    pub rows_at_once: u64,
    /// Whether a cluster sieves the archive, so that none of it is read here.
    pub is_on_cluster: bool,
}

/// How many messages fit into so many MiB.
pub fn rows_in(mebibytes: u32) -> u64 {
    (u64::from(mebibytes) * (1 << 20) / BYTES_A_ROW).max(ROWS_MIN)
}

/// Businesses that are judged from the archive and of which no message is in memory yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// By id.
    pub businesses: BTreeSet<String>,
    pub rows_at_once: u64,
}

/// Whether the messages of these files can be read business by business: there are more than fit into memory at once, each
/// stands on a channel that one business alone ever owned, and what was said of a wait can be counted and let go.
pub fn is_for_portions(files: &[&LogRead], setup: &Setup, rows_at_once: u64) -> bool {
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    if rows <= rows_at_once || !can_settle(setup) || files.iter().any(|file| file.archive_sha256.is_some()) {
        return false;
    }
    let owners = owners(setup);
    let has_one_owner = |channel: &&str| {
        let of_channel = owners.get(channel).map(Vec::as_slice).unwrap_or_default();
        of_channel.first().is_some_and(|(first, _)| of_channel.iter().all(|(owner, _)| owner.id == first.id))
    };
    let channels: BTreeSet<&str> = files.iter().flat_map(|file| &file.channels).map(String::as_str).collect();
    channels.iter().all(has_one_owner)
}

impl Evidence {
    /// All messages of the files; or none of them yet, where they can be read business by business.
    pub fn gather_or_leave(
        files: &[&LogRead],
        setup: &Setup,
        archive: &Archive,
        rows_at_once: u64,
    ) -> Result<Self, Failure> {
        if !is_for_portions(files, setup, rows_at_once) {
            return Self::gather(files.iter().copied(), setup, archive);
        }
        Ok(Self::left(files, setup, rows_at_once))
    }

    /// None of the messages of the files yet.
    pub fn left(files: &[&LogRead], setup: &Setup, rows_at_once: u64) -> Self {
        let mut evidence = Self::of_files(files.iter().copied(), setup);
        let businesses = setup.businesses.iter().map(|business| business.id.to_string()).collect();
        evidence.unread = Unread { businesses, rows_at_once };
        evidence
    }

    /// The unread businesses in their order, as many at a time as fit into memory together. How many messages each of
    /// them has is estimated: a file has about as many on each of its channels.
    pub fn portions<'s>(&self, setup: &'s Setup) -> Vec<Vec<&'s Business>> {
        let mut portions: Vec<Vec<&Business>> = Vec::new();
        let mut sum = 0;
        for business in setup.businesses.iter().filter(|business| self.unread.businesses.contains(business.id.as_str()))
        {
            let rows = self.rows_about(business);
            match portions.last_mut().filter(|_| sum + rows <= self.unread.rows_at_once) {
                Some(last) => last.push(business),
                None => {
                    portions.push(vec![business]);
                    sum = 0;
                }
            }
            sum += rows;
        }
        portions
    }

    /// Puts what is counted of a business, and the messages that may still matter, in place of all of them.
    pub fn let_go(&mut self, business: &Business, settled: Settled, carried: DataFrame) {
        let id = business.id.to_string();
        self.unread.businesses.remove(&id);
        self.forget_paired(&id);
        // A business without messages has no frame.
        if carried.height() > 0 {
            self.by_business.insert(id.clone(), carried);
        } else {
            self.by_business.remove(&id);
        }
        self.settled.insert(id, settled);
    }

    /// Lets go of all of a business: it is unread again.
    pub fn take_up(&mut self, business: &Business) {
        let id = business.id.as_str();
        self.forget_paired(id);
        self.by_business.remove(id);
        self.settled.remove(id);
        self.unread.businesses.insert(id.to_owned());
    }

    /// In how many slices a business is to be read, so that [`SLICES_AT_ONCE`] fit into memory.
    pub fn slices(&self, business: &Business) -> u64 {
        let rows = self.rows_about(business);
        let at_once = self.unread.rows_at_once.max(1);
        if rows <= at_once { 1 } else { rows.saturating_mul(SLICES_AT_ONCE as u64).div_ceil(at_once) }
    }

    /// The messages of one of `count` slices of an unread business: each conversation is whole in one of them. `None` where
    /// a message on one of its channels is another's.
    pub fn slice(
        &self,
        business: &Business,
        (number, count): (u64, u64),
        owners: &Owners,
        archive: &Archive,
    ) -> Result<Option<DataFrame>, Failure> {
        let of_slice = |messages: DataFrame| frame::in_slice(&messages, number, count).map_err(broken);
        let frames = self.messages_of(&[business], owners, archive, &of_slice)?;
        let Some(mut frames) = frames else { return Ok(None) };
        let none = || frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken);
        frames.remove(business.id.as_str()).map_or_else(none, Ok).map(Some)
    }

    fn rows_about(&self, business: &Business) -> u64 {
        let channels: BTreeSet<&str> = business.channels.iter().map(|owned| owned.channel.as_str()).collect();
        let of_channel = |channel: &str| {
            let rows = self.carrying([channel].into_iter()).into_iter().map(|file| {
                let channels = file.channels.len().max(1) as u64;
                file.rows.div_ceil(channels)
            });
            rows.sum::<u64>()
        };
        channels.into_iter().map(of_channel).sum()
    }

    /// Reads the messages of some unread businesses. `false`, and nothing is read, where a message on one of their channels
    /// is another's.
    pub fn read_portion(&mut self, portion: &[&Business], setup: &Setup, archive: &Archive) -> Result<bool, Failure> {
        let owners = owners(setup);
        let Some(frames) = self.messages_of(portion, &owners, archive, &Ok)? else { return Ok(false) };
        for business in portion {
            self.unread.businesses.remove(business.id.as_str());
        }
        for (name, messages) in frames {
            // Whoever stays does not keep the texts of the others.
            self.by_business.insert(name, frame::with_own_texts(&messages).map_err(broken)?);
        }
        Ok(true)
    }

    fn messages_of(
        &self,
        portion: &[&Business],
        owners: &Owners,
        archive: &Archive,
        only: &(dyn Fn(DataFrame) -> Result<DataFrame, Failure> + Sync),
    ) -> Result<Option<BTreeMap<String, DataFrame>>, Failure> {
        let channels = portion.iter().flat_map(|business| &business.channels);
        let channels: BTreeSet<&str> = channels.map(|owned| owned.channel.as_str()).collect();
        let files = self.carrying_places(channels.iter().copied());
        let on_channels = |messages: DataFrame| only(frame::on_channels(messages, &channels).map_err(broken)?);
        let messages = loaded(files.into_iter(), BTreeSet::new(), owners, archive, &on_channels)?;
        let by_business = frame::by_business(messages).map_err(broken)?;
        Ok(are_owned(owners, &by_business)?.then_some(by_business))
    }

    /// All messages after all, where one of them is not what it was taken for.
    pub fn read_all(&mut self, setup: &Setup, archive: &Archive) -> Result<(), Failure> {
        let files = Arc::clone(&self.files);
        let accepted = std::mem::take(&mut self.accepted);
        *self = Self::gather(files.iter(), setup, archive)?;
        self.accepted = accepted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gibibyte_holds_a_million_messages() {
        assert_eq!([0, 1, 1024, MEMORY].map(rows_in), [128, 1024, 1 << 20, 2 << 20]);
    }
}
