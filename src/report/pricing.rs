//! How the charges of the month were counted: free units, tiers, and what a minimum or a cap made of the invoices.

use super::facts::{Document, MonthFacts};
use super::number::Amounts;
use super::page::{AdjustmentRow, PricingPart, TierRow};
use super::tally::{Tally, by};
use crate::domain::Market;
use crate::domain::charge::{Charge, Place};
use crate::domain::invoice::AdjustmentKind;

/// Nothing where no charge was counted and no invoice adjusted.
pub fn part(amounts: Amounts, facts: &MonthFacts) -> PricingPart {
    PricingPart { tiers: tiers(amounts, facts), adjustments: adjustments(amounts, facts) }
}

/// Whether each wait of the page has its price whatever the others are: no free unit, tier or step, and no minimum or cap
/// that made an invoice another.
pub fn is_one_by_one(facts: &MonthFacts) -> bool {
    let is_plain =
        |charge: &Charge| charge.place == Place::Uncounted && charge.rate.tier.is_none() && charge.rate.step.is_none();
    facts.businesses.iter().all(|business| {
        let mut charges = business.weighed().filter_map(|(rated, _)| rated.charge.as_ref());
        let is_adjusted = business.state.documents().iter().any(|document| !document.adjustments.is_empty());
        !is_adjusted && charges.all(is_plain)
    })
}

/// By market: free units first, then the tiers, then charges of rates without tiers.
fn tiers(amounts: Amounts, facts: &MonthFacts) -> Vec<TierRow> {
    let group = |place: Place, above: Option<u64>| match (place, above) {
        (Place::Free(_), _) => Group::Free,
        (_, Some(above)) => Group::Tier(above),
        (_, None) => Group::Flat,
    };
    let of_charge = by(facts, |_, rated| {
        let charge = rated.charge.as_ref()?;
        Some((rated.market.clone(), group(charge.place, charge.rate.tier)))
    });
    let charged: Vec<_> = of_charge.iter().filter_map(|(key, tally)| Some((key.as_ref()?, tally))).collect();
    if charged.iter().all(|((_, group), _)| *group == Group::Flat) {
        return Vec::new();
    }
    let row = |((market, group), tally): (&(Market, Group), &Tally)| TierRow {
        market: market.to_string(),
        tier: group.text(amounts),
        charges: amounts.count(tally.charged),
        amount: amounts.exact(tally.amount),
    };
    charged.into_iter().map(row).collect()
}

/// What has one price within a market.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Free,
    Tier(u64),
    Flat,
}

impl Group {
    fn text(self, amounts: Amounts) -> String {
        match self {
            Self::Free => amounts.say("free units").to_owned(),
            Self::Tier(0) => amounts.say("first tier").to_owned(),
            Self::Tier(above) => format!("{} {}", amounts.say("tier above"), amounts.count(above)),
            Self::Flat => amounts.say("no tiers").to_owned(),
        }
    }
}

fn adjustments(amounts: Amounts, facts: &MonthFacts) -> Vec<AdjustmentRow> {
    let mut rows = Vec::new();
    for business in &facts.businesses {
        let adjusted = |document: &Document| {
            document
                .adjustments
                .iter()
                .map(|adjustment| (document.number.to_string(), adjustment.clone()))
                .collect::<Vec<_>>()
        };
        let adjusted = business.state.documents().iter().flat_map(adjusted);
        rows.extend(adjusted.map(|(number, adjustment)| AdjustmentRow {
            name: business.legal_name.to_owned(),
            id: business.id.to_string(),
            number,
            kind: match adjustment.kind {
                AdjustmentKind::Minimum => amounts.say("minimum"),
                AdjustmentKind::Cap => amounts.say("cap"),
            },
            limit: amounts.money(Some(adjustment.limit)),
            amount: amounts.money(Some(adjustment.amount)),
        }));
    }
    rows
}
