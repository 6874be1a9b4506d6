//! Which of the messages of a cell explain so many charges that come to an amount.

use super::Cause;
use crate::domain::Decimal;

/// Messages of a cell with one cause and one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alike {
    pub cause: Cause,
    /// `None` where nothing decides what one costs.
    pub price: Option<Decimal>,
    pub times: u64,
}

/// A cell with more kinds of messages is not searched for those that fit.
const KINDS_MAX: usize = 200;

/// How many to take of each: as many as are wanted, or all. They are taken in their order, which is that of certainty, unless
/// others of one price or two come to the amount and these do not. `None` where a sum does not fit.
pub(super) fn picked(all: &[Alike], wanted: u64, amount: Option<Decimal>) -> Option<Vec<u64>> {
    let mut left = wanted;
    let take = |alike: &Alike| {
        let take = alike.times.min(left);
        left -= take;
        take
    };
    let in_order: Vec<u64> = all.iter().map(take).collect();
    let Some(amount) = amount.filter(|_| left == 0 && all.len() <= KINDS_MAX) else { return Some(in_order) };
    let mut sum = Decimal::ZERO;
    for (alike, take) in all.iter().zip(&in_order).filter(|(_, take)| **take > 0) {
        // What has no price may come to anything.
        let Some(price) = alike.price else { return Some(in_order) };
        sum = sum.checked_add(price.times(*take)?)?;
    }
    if sum == amount {
        return Some(in_order);
    }
    for (first, one) in all.iter().enumerate() {
        for (second, other) in all.iter().enumerate().skip(first) {
            if let Some(of_first) = parted(one, other, wanted, amount) {
                let mut taken = vec![0; all.len()];
                *taken.get_mut(first)? = of_first;
                let rest = taken.get_mut(second)?;
                *rest = rest.checked_add(wanted.checked_sub(of_first)?)?;
                return Some(taken);
            }
        }
    }
    Some(in_order)
}

/// How many of `one`, where the rest of so many charges are of `other`, come to an amount. `None` where none do, or there are
/// not enough of either.
fn parted(one: &Alike, other: &Alike, wanted: u64, amount: Decimal) -> Option<u64> {
    let (price, other_price) = (one.price?.units(), other.price?.units());
    let all_of_other = i128::from(wanted).checked_mul(other_price)?;
    let (more, each) = (amount.units().checked_sub(all_of_other)?, price.checked_sub(other_price)?);
    let of_one = match each {
        0 if more == 0 => one.times.min(wanted),
        0 => return None,
        each if more.checked_rem(each)? == 0 => u64::try_from(more.checked_div(each)?).ok()?,
        _ => return None,
    };
    let of_other = wanted.checked_sub(of_one)?;
    let is_same = std::ptr::eq(one, other);
    let is_enough = if is_same { wanted <= one.times } else { of_one <= one.times && of_other <= other.times };
    is_enough.then_some(of_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(price: Option<&str>, times: u64) -> Alike {
        Alike { cause: Cause::LateLog, price: price.map(|price| price.parse().unwrap()), times }
    }

    #[test]
    fn those_that_come_to_the_amount_are_taken() {
        let all = [alike(Some("0.01"), 3), alike(Some("0.05"), 2), alike(Some("0.09"), 1)];
        let of = |wanted: u64, amount: &str| picked(&all, wanted, Some(amount.parse().unwrap())).unwrap();
        assert_eq!(of(1, "0.01"), [1, 0, 0]);
        assert_eq!(of(1, "0.09"), [0, 0, 1]);
        assert_eq!(of(2, "0.10"), [0, 2, 0]);
        assert_eq!(of(3, "0.11"), [1, 2, 0]);
        // Nothing comes to it, and more are wanted than there are: those in order.
        assert_eq!(of(1, "0.02"), [1, 0, 0]);
        assert_eq!(of(9, "0.22"), [3, 2, 1]);
        assert_eq!(picked(&all, 4, None).unwrap(), [3, 1, 0]);
        // Of one price there must be enough, too.
        assert_eq!(of(2, "0.18"), [2, 0, 0]);
        assert_eq!(picked(&[alike(None, 2), all[2]], 1, Some("0.09".parse().unwrap())).unwrap(), [1, 0]);
    }
}
