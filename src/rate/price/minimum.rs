//! The minimum: a month with at least one charge that is not free comes to so much at least.

use crate::domain::Money;
use crate::domain::invoice::{Adjustment, AdjustmentKind};

/// What lifts `net` to the minimum. The outer `None`: it does not fit.
pub(super) fn adjustment(net: Money, minimum: Option<Money>) -> Option<Option<Adjustment>> {
    let Some(limit) = minimum else { return Some(None) };
    let amount = limit.checked_add(net.negated())?;
    Some((amount.minor() > 0).then_some(Adjustment {
        kind: AdjustmentKind::Minimum,
        limit,
        amount,
        shares: Vec::new(),
    }))
}
