//! Waits to charges: the tariff, and the one place where a price is found.
#![deny(clippy::float_arithmetic)]

mod codes;
mod price;
pub mod tariff;
mod written;

use crate::domain::charge::RatedWait;
use crate::domain::invoice::Adjustment;
use crate::domain::{Instant, Market, Money, Month, Wait};

pub use tariff::Tariff;

/// A charge whose instant has no rate. It is never guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tariff `{tariff}` has no rate for market {market} at {priced_at} (message {message_id} of {business})")]
pub struct NoRate {
    pub tariff: String,
    pub business: String,
    pub message_id: String,
    pub market: Market,
    /// The instant that the reading prices by.
    pub priced_at: Instant,
}

impl NoRate {
    /// The same without the message, for pages and logs that name none.
    pub fn without_message(&self) -> String {
        let Self { tariff, market, priced_at, .. } = self;
        format!("the tariff `{tariff}` has no rate for market {market} at {priced_at}")
    }
}

/// Rates every wait; where the tariff has lateness steps a verdict may turn to pending or held, because a
/// step that is still open, or in doubt, has no price yet.
///
/// `month_of` gives the billing month of a business's instant: tiers and free units are counted within it.
/// The result is sorted by [`Wait::order`] and does not depend on the order of `waits`.
pub fn rate(
    waits: Vec<Wait>,
    tariff: &Tariff,
    month_of: &dyn Fn(&str, Instant) -> Month,
) -> Result<Vec<RatedWait>, NoRate> {
    let mut waits = waits;
    // Waits are large, and mostly come in their order.
    if !waits.is_sorted_by(|a, b| a.compare(b).is_le()) {
        waits.sort_by(Wait::compare);
    }
    let codes = codes::Codes::of(tariff);
    let mut rated = Vec::with_capacity(waits.len());
    for wait in waits {
        let market = codes.market_of(&wait.customer);
        rated.push(price::price_in(wait, market, tariff)?);
    }
    count(&mut rated, tariff, month_of);
    Ok(rated)
}

/// Rates one wait of a customer in `market`, by a tariff that counts nothing: neither tiers nor free units.
pub fn rate_one(wait: Wait, market: Market, tariff: &Tariff) -> Result<RatedWait, NoRate> {
    price::price_in(wait, market, tariff)
}

/// Gives free units and tiers anew, after ids of messages were changed: they decide between charges of one instant.
pub fn count(rated: &mut [RatedWait], tariff: &Tariff, month_of: &dyn Fn(&str, Instant) -> Month) {
    price::count(rated, tariff, month_of);
}

/// What a minimum or a cap makes of the rounded sum of a month's lines; see the order of pricing. `has_paid_charge`:
/// not all charges of the month are free units. `None` when a sum does not fit.
pub fn adjustments(net: Money, has_paid_charge: bool, tariff: &Tariff) -> Option<Vec<Adjustment>> {
    price::adjustments(net, has_paid_charge, tariff)
}
