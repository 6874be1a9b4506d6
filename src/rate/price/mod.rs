//! The price of a wait, and the order in which the ways of pricing follow one another.
//!
//! 1. **Rate**: the row in force at the instant of `price_date` for the customer's market and the entry point. It is
//!    found first, since a charge without a rate is never guessed.
//! 2. **Steps, whether settled**: a wait whose price is still open is no charge yet, and must not take the place of
//!    one among those that are counted.
//! 3. **Free units**: the earliest charges of the business and month. They go before tiers, because a unit that costs
//!    nothing is not bought and counts for no discount.
//! 4. **Tier**: the place among the other charges of the business, market and month.
//! 5. **Step price**: within the tier, by the length of the wait.
//! 6. **Minimum**, then 7. **cap**: on the rounded sum of the month, so that a cap is never exceeded.
//!
//! 1 to 5 are exact; 6 and 7 are whole minor units, and see what the invoice shows.

mod cap;
mod free;
mod minimum;
mod step;
mod tier;

use std::collections::BTreeMap;

use super::NoRate;
use super::tariff::{Price, Rate, Tariff};
use crate::domain::charge::{Charge, Place, RateRow, RatedWait};
use crate::domain::invoice::Adjustment;
use crate::domain::{Decimal, Elapsed, Instant, Market, Money, Month, Verdict, Wait};

/// Whether a late or unanswered wait of a customer in `market` is charged. The charge has the price of the first tier
/// until [`count`] has seen all of its month.
pub(super) fn price_in(wait: Wait, market: Market, tariff: &Tariff) -> Result<RatedWait, NoRate> {
    if !wait.verdict.is_charged(tariff.reading.charge_for) {
        return Ok(RatedWait { wait, market, charge: None });
    }
    let Some(rate) = rate_of(&wait, &market, tariff) else {
        return Err(NoRate {
            tariff: tariff.name(),
            business: wait.business.to_string(),
            message_id: wait.message_id.to_string(),
            market,
            priced_at: priced_at(&wait, tariff),
        });
    };
    let (verdict, held_for, excluded) = match step::settled(&wait, rate.last_step()) {
        step::Settled::Yes => {
            let charge = charge(&wait, rate, Place::Uncounted, 1, tariff);
            return Ok(RatedWait { wait, market, charge });
        }
        step::Settled::Pending => (Verdict::Pending, wait.held_for, false),
        step::Settled::Held => (Verdict::Held, wait.doubt_at, false),
        step::Settled::Excluded => (Verdict::Held, wait.accepted_at, true),
    };
    Ok(RatedWait { wait: Wait { verdict, held_for, excluded, ..wait }, market, charge: None })
}

fn priced_at(wait: &Wait, tariff: &Tariff) -> Instant {
    wait.dated(tariff.reading.price_date).unwrap_or(wait.received_at)
}

fn rate_of<'t>(wait: &Wait, market: &Market, tariff: &'t Tariff) -> Option<&'t Rate> {
    tariff.rate_at(market, wait.entry_point, priced_at(wait, tariff))
}

/// The charge of a settled wait; `reached` is the number of charges that decides its tier.
fn charge(wait: &Wait, rate: &Rate, place: Place, reached: u64, tariff: &Tariff) -> Option<Charge> {
    let tier = rate.tier(reached)?;
    let above = rate.is_tiered().then_some(tier.above);
    let (step, price) = match &tier.price {
        Price::Flat(price) => (None, *price),
        Price::Steps(_) => {
            let step = step::step(wait, &tier.price, &tariff.reading)?;
            (Some(step.after), step.price)
        }
    };
    Some(Charge { rate: RateRow { line: rate.line, tier: above, step, price }, place, amount: price })
}

/// A charge that costs nothing.
fn nothing(rate: &Rate, number: u64) -> Charge {
    let rate = RateRow { line: rate.line, tier: None, step: None, price: Decimal::ZERO };
    Charge { rate, place: Place::Free(number), amount: Decimal::ZERO }
}

/// Gives each charge its place among those of its business and month, and the price that goes with it. The order of
/// `rated` does not matter; done twice it gives the same.
pub(super) fn count(rated: &mut [RatedWait], tariff: &Tariff, month_of: &dyn Fn(&str, Instant) -> Month) {
    if !tariff.counts() {
        return;
    }
    let mut months: BTreeMap<(&str, Month), Vec<usize>> = BTreeMap::new();
    for (index, rated) in rated.iter().enumerate().filter(|(_, rated)| rated.charge.is_some()) {
        let wait = &rated.wait;
        let at = wait.dated(tariff.reading.month_of).unwrap_or(wait.received_at);
        months.entry((&*wait.business, month_of(&wait.business, at))).or_default().push(index);
    }
    let months: Vec<Vec<usize>> = months.into_values().collect();
    for mut charges in months {
        charges.sort_by(|a, b| order(&rated[*a].wait, tariff).cmp(&order(&rated[*b].wait, tariff)));
        let (given, counted) = free::given(&charges, tariff.free);
        for (number, index) in (1..).zip(given) {
            set(&mut rated[*index], tariff, &|_, rate| Some(nothing(rate, number)));
        }
        for (index, number, reached) in tier::places(counted, rated, tariff.tiers) {
            set(&mut rated[index], tariff, &|wait, rate| charge(wait, rate, Place::InMarket(number), reached, tariff));
        }
    }
}

/// The order of counting: the instant, then the id as bytes; then the channel, on which ids may be the same.
fn order<'w>(wait: &'w Wait, tariff: &Tariff) -> (Instant, &'w str, &'w str) {
    (wait.counted_at(&tariff.reading), &wait.message_id, &wait.channel)
}

fn set(rated: &mut RatedWait, tariff: &Tariff, charge: &dyn Fn(&Wait, &Rate) -> Option<Charge>) {
    let rate = rate_of(&rated.wait, &rated.market, tariff);
    if let Some(charge) = rate.and_then(|rate| charge(&rated.wait, rate)) {
        rated.charge = Some(charge);
    }
}

/// What a minimum or a cap makes of the rounded sum of a month's lines. `has_paid_charge`: not all of its charges are
/// free units, for a month without charges costs nothing. `None` when a sum does not fit.
pub(super) fn adjustments(net: Money, has_paid_charge: bool, tariff: &Tariff) -> Option<Vec<Adjustment>> {
    let mut adjustments = Vec::new();
    if has_paid_charge {
        adjustments.extend(minimum::adjustment(net, tariff.minimum)?);
        let raised = adjustments.iter().try_fold(net, |net, raise: &Adjustment| net.checked_add(raise.amount))?;
        adjustments.extend(cap::adjustment(raised, tariff.cap)?);
    }
    Some(adjustments)
}

/// The longest time after `received_at` at which a price can still change.
pub(super) fn last_step(tariff: &Tariff) -> Elapsed {
    tariff.rates().filter_map(Rate::last_step).max().unwrap_or(Elapsed::ZERO)
}
