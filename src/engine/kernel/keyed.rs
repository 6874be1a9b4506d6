//! Conversations of the archive, whose customers have keyed names.

use super::Conversation;
use crate::engine::scratch::Packed;

/// A keyed customer on a channel: the hash in two halves, and below the place of the channel what the name begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keyed {
    pub high: u64,
    pub low: u64,
    /// Above 0, so that no conversation is the default one.
    channel: u32,
    pub begins: u32,
}

impl Keyed {
    /// `None` where there are too many channels.
    pub fn of(channel: u32, (high, low, begins): (u64, u64, u32)) -> Option<Self> {
        Some(Self { high, low, channel: channel.checked_add(1)?, begins })
    }
}

impl Conversation for Keyed {
    fn mixed(self) -> u64 {
        // The name is a hash already; people of several channels lie in several buckets.
        let on_channel = u64::from(self.channel).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (self.low ^ on_channel).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn channel(self) -> usize {
        self.channel.checked_sub(1).and_then(|channel| usize::try_from(channel).ok()).unwrap_or(usize::MAX)
    }
}

impl Packed for Keyed {
    fn write(self, to: &mut Vec<u8>) {
        let Self { high, low, channel, begins } = self;
        ((high, low), (channel, begins)).write(to);
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (((high, low), (channel, begins)), rest) = <((u64, u64), (u32, u32))>::read(bytes)?;
        Some((Self { high, low, channel, begins }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_conversation_is_written_and_read_and_is_never_the_default() {
        let none = Keyed::of(0, (0, 0, 0)).unwrap();
        assert_ne!(none, Keyed::default());
        for keyed in [none, Keyed::of(7, (u64::MAX, 3, 13_933_312)).unwrap()] {
            let mut bytes = Vec::new();
            keyed.write(&mut bytes);
            bytes.push(9);
            assert_eq!(Keyed::read(&bytes), Some((keyed, &[9][..])));
            assert_eq!(bytes.len(), size_of::<Keyed>() + 1);
        }
        assert_eq!(Keyed::of(7, (1, 2, 3)).unwrap().channel(), 7);
        assert_eq!(Keyed::of(u32::MAX, (1, 2, 3)), None);
    }
}
