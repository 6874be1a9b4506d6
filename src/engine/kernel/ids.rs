//! Whether two messages have one id: told by hashes, of which equal ones name rows to look at.

use super::{Conversation, Gathered};
use crate::engine::scratch::ScratchError;

/// Parts of the hashes: the table of each is small enough for the second cache.
pub const PARTS: usize = 1024;

/// The part of a hash.
pub fn part(id: u64) -> usize {
    usize::try_from(id >> 54).unwrap_or_default()
}

/// The same id on two channels is two messages.
pub const fn on_channel(id: u64, channel: u32) -> u64 {
    id ^ (channel as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// What one worker needs to look at one part after the other.
#[derive(Default)]
pub struct Table {
    all: Vec<u64>,
    places: Vec<u64>,
}

impl Table {
    /// Hashes of a part that stand there more than once, each once, in no order.
    ///
    /// # Errors
    /// When a scratch file cannot be read.
    pub fn twice<K: Conversation>(&mut self, gathered: &[Gathered<K>], part: usize) -> Result<Vec<u64>, ScratchError> {
        self.all.clear();
        gathered.iter().try_for_each(|worker| worker.ids.read(part, &mut self.all))?;
        let size = (self.all.len() * 2).next_power_of_two();
        self.places.clear();
        self.places.resize(size, 0);
        let (mut twice, mut zeros) = (Vec::new(), 0);
        for id in &self.all {
            if *id == 0 {
                zeros += 1;
                continue;
            }
            // The upper bits chose the part.
            let mut place = usize::try_from(*id).unwrap_or_default() & (size - 1);
            while self.places[place] != 0 && self.places[place] != *id {
                place = (place + 1) & (size - 1);
            }
            if self.places[place] == *id {
                twice.push(*id);
            }
            self.places[place] = *id;
        }
        if zeros > 1 {
            twice.push(0);
        }
        twice.sort_unstable();
        twice.dedup();
        Ok(twice)
    }
}
