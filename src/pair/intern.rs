//! Texts as numbers: equal texts have one code, and what is compared or parsed is the code.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

const BEGINNING: usize = 16;

/// Gives codes from 0 on, in the order in which texts are first met.
///
/// A hash only says where to look: the texts themselves are compared, so that two that hash alike stay two.
pub(super) struct Interner<'f> {
    texts: Vec<&'f str>,
    /// A power of two, at most half of them taken.
    slots: Vec<Slot>,
    hash: fn(&str) -> u64,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// The upper half of the hash.
    tag: u32,
    /// One more than the code; 0: free.
    code: u32,
}

/// The hash of a text, the same in every run of the program.
pub(super) fn hashed(text: &str) -> u64 {
    FixedState::with_seed(0).hash_one(text.as_bytes())
}

/// A code, or the number of a row, as a place in a list.
pub(super) fn index(code: u32) -> usize {
    usize::try_from(code).unwrap_or(usize::MAX)
}

impl<'f> Interner<'f> {
    pub fn new() -> Self {
        Self::hashing_with(hashed)
    }

    fn hashing_with(hash: fn(&str) -> u64) -> Self {
        Self { texts: Vec::new(), slots: vec![Slot::default(); BEGINNING], hash }
    }

    /// All texts, by their code.
    pub fn texts(&self) -> &[&'f str] {
        &self.texts
    }

    /// The codes of a column. Neighbours often say the same.
    pub fn codes(&mut self, texts: impl Iterator<Item = &'f str>) -> Vec<u32> {
        let mut last: Option<(&str, u32)> = None;
        let code = |text: &'f str| match last {
            Some((same, code)) if same == text => code,
            _ => {
                let code = self.code(text);
                last = Some((text, code));
                code
            }
        };
        texts.map(code).collect()
    }

    pub fn code(&mut self, text: &'f str) -> u32 {
        let hash = (self.hash)(text);
        let (tag, mask) = (upper(hash), self.slots.len() - 1);
        let mut place = self.place(hash);
        loop {
            let Slot { tag: found, code } = self.slots[place];
            if code == 0 {
                break;
            }
            if found == tag && self.texts[index(code - 1)] == text {
                return code - 1;
            }
            place = (place + 1) & mask;
        }
        self.texts.push(text);
        // Invariant: a frame has fewer rows than there are numbers of rows, and memory ends long before.
        let code = u32::try_from(self.texts.len()).unwrap_or_else(|_| unreachable!("more texts than rows"));
        self.slots[place] = Slot { tag, code };
        if self.texts.len() * 2 > self.slots.len() {
            self.grow();
        }
        code - 1
    }

    fn grow(&mut self) {
        self.slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = self.slots.len() - 1;
        for (code, text) in (1..).zip(&self.texts) {
            let hash = (self.hash)(text);
            let mut place = self.place(hash);
            while self.slots[place].code != 0 {
                place = (place + 1) & mask;
            }
            self.slots[place] = Slot { tag: upper(hash), code };
        }
    }

    /// Where the search for a text begins.
    fn place(&self, hash: u64) -> usize {
        usize::try_from(hash & 0xFFFF_FFFF).unwrap_or_default() & (self.slots.len() - 1)
    }
}

fn upper(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of the same length hashes alike, or all of them do.
    fn by_length(text: &str) -> u64 {
        text.len() as u64
    }

    #[test]
    fn texts_that_hash_alike_stay_apart() {
        let texts: Vec<String> = (0..500).map(|number| format!("id-{}", number % 250)).collect();
        let hashes: [fn(&str) -> u64; 4] = [hashed, by_length, |_| 7, |_| u64::MAX];
        for hash in hashes {
            let mut interner = Interner::hashing_with(hash);
            let codes = interner.codes(texts.iter().map(String::as_str));
            assert!(codes.iter().copied().eq((0_u32..250).chain(0..250)));
            assert!(codes.iter().zip(&texts).all(|(code, text)| interner.texts()[index(*code)] == text));
            assert_eq!(interner.texts().len(), 250);
        }
    }

    #[test]
    fn the_empty_text_is_a_text() {
        let mut interner = Interner::new();
        assert_eq!(interner.codes(["", "a", "a", "", "a\0", "a"].into_iter()), [0, 1, 1, 0, 2, 1]);
    }
}
