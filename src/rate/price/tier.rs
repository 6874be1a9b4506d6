//! Tiers: the price of a charge hangs on how many of its business and market there are in the month, across steps,
//! entry points and changes of rates.

use std::collections::BTreeMap;

use crate::domain::Market;
use crate::domain::charge::RatedWait;
use crate::rate::tariff::TierMode;

/// The place of each charge in its market, counted from 1 in the order of `charges`, and the number that decides its
/// tier: with graduated tiers its place, with tiers of all units the number of charges of the market.
pub(super) fn places(charges: &[usize], rated: &[RatedWait], mode: Option<TierMode>) -> Vec<(usize, u64, u64)> {
    let mut counts: BTreeMap<&Market, u64> = BTreeMap::new();
    let mut places: Vec<(usize, &Market, u64)> = Vec::new();
    for index in charges {
        let market = &rated[*index].market;
        let count = counts.entry(market).or_default();
        *count += 1;
        places.push((*index, market, *count));
    }
    let reached = |market: &Market, number: u64| match mode {
        Some(TierMode::AllUnits) => counts.get(market).copied().unwrap_or(number),
        Some(TierMode::Graduated) | None => number,
    };
    places.iter().map(|(index, market, number)| (*index, *number, reached(market, *number))).collect()
}
