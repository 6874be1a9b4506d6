//! The cap: the charges of a month come to so much at most.

use crate::domain::Money;
use crate::domain::invoice::{Adjustment, AdjustmentKind};

/// What brings `net` down to the cap, as a negative amount. The outer `None`: it does not fit.
pub(super) fn adjustment(net: Money, cap: Option<Money>) -> Option<Option<Adjustment>> {
    let Some(limit) = cap else { return Some(None) };
    let amount = limit.checked_add(net.negated())?;
    Some((amount.minor() < 0).then_some(Adjustment { kind: AdjustmentKind::Cap, limit, amount, shares: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::price::minimum;

    fn money(cents: i64) -> Money {
        Money::new(cents, "USD".parse().unwrap())
    }

    #[test]
    fn a_month_comes_to_no_less_than_its_minimum_and_no_more_than_its_cap() {
        let (least, most) = (Some(money(500)), Some(money(1000)));
        for (net, raised, lowered) in [(0, 500, 0), (499, 1, 0), (500, 0, 0), (1000, 0, 0), (1001, 0, -1)] {
            let amount = |found: Option<Option<Adjustment>>| found.unwrap().map_or(0, |found| found.amount.minor());
            assert_eq!(amount(minimum::adjustment(money(net), least)), raised, "{net}");
            assert_eq!(amount(adjustment(money(net), most)), lowered, "{net}");
        }
        assert_eq!((minimum::adjustment(money(0), None), adjustment(money(0), None)), (Some(None), Some(None)));
    }
}
