//! Numbers that look like chance and follow from a seed: SplitMix64 (Steele, Lea and Flood, 2014), which is the same
//! on every machine and in every version.

use crate::domain::Elapsed;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The permutation of SplitMix64: different numbers stay different.
pub const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// A sequence of numbers.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self(mixed(seed ^ mixed(stream.wrapping_add(GOLDEN))))
    }

    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mixed(self.0)
    }

    /// Below `end`, which is not 0. Some numbers are more likely than others by less than one in 2^32.
    pub fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.roll() >> 32).wrapping_mul(u64::from(end)) >> 32).unwrap_or(end.saturating_sub(1))
    }

    /// Whether one of so many in a thousand was met.
    pub fn hits(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// The place of a weight.
    pub fn pick(&mut self, weights: &[u32]) -> usize {
        let mut rolled = self.below(weights.iter().sum::<u32>().max(1));
        for (place, weight) in weights.iter().enumerate() {
            match rolled.checked_sub(*weight) {
                Some(rest) => rolled = rest,
                None => return place,
            }
        }
        weights.len().saturating_sub(1)
    }

    /// A length, by a table of quantiles: (share in a thousand, seconds), rising; between two of them all are alike.
    pub fn length(&mut self, quantiles: &[(u32, u32)]) -> Elapsed {
        const THOUSANDTH: u64 = 1 << 22;
        let at = self.roll() % (1000 * THOUSANDTH);
        let mut low = (0, 0);
        for (share, seconds) in quantiles {
            let high = (u64::from(*share) * THOUSANDTH, u64::from(*seconds) * 1000);
            if at < high.0 {
                let millis = low.1 + (high.1 - low.1) * (at - low.0) / (high.0 - low.0).max(1);
                return Elapsed::from_micros(i64::try_from(millis * 1000).unwrap_or(i64::MAX));
            }
            low = high;
        }
        Elapsed::from_micros(i64::try_from(low.1 * 1000).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_paper() {
        // Seed 0 of the reference implementation.
        let mut dice = Dice(0);
        assert_eq!([dice.roll(), dice.roll()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn weights_and_quantiles_are_met() {
        let mut dice = Dice::new(1, 2);
        let mut picked = [0u32; 3];
        (0..9000).for_each(|_| picked[dice.pick(&[1, 0, 2])] += 1);
        assert!(picked[0].abs_diff(3000) < 200 && picked[1] == 0, "{picked:?}");
        let lengths = (0..9000).map(|_| dice.length(&[(500, 10), (1000, 20)]).millis());
        let short = lengths.filter(|millis| *millis < 10_000).count();
        assert!(short.abs_diff(4500) < 200, "{short}");
    }
}
