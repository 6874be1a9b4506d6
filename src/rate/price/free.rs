//! Free units: the earliest charges of a business and month, over all markets.

/// Parts the charges, which are in the order of counting, into those that cost nothing and the others.
pub(super) fn given(charges: &[usize], free: u64) -> (&[usize], &[usize]) {
    let given = usize::try_from(free).unwrap_or(usize::MAX).min(charges.len());
    charges.split_at(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_units_are_free() {
        for (charges, free, given_ones) in [(3, 0, 0), (3, 1, 1), (3, 3, 3), (3, 4, 3), (0, 4, 0)] {
            let charges: Vec<usize> = (0..charges).collect();
            let (given, others) = given(&charges, free);
            assert_eq!((given.len(), [given, others].concat()), (given_ones, charges.clone()));
        }
    }
}
