//! What the waits of `rate` come to: verdicts, charges, and what a minimum or a cap makes of each month.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::close::{self, Pricing, Sums};
use crate::commands::summary::counted;
use crate::commands::{World, say};
use crate::domain::charge::{Charge, RatedWait};
use crate::domain::invoice::{Adjustment, AdjustmentKind, Counts};
use crate::domain::{Currency, Decimal, Money, Month};
use crate::error::{Failure, Kind};
use crate::rate::{self, Tariff};

/// How many adjustments the text names.
const NAMED: usize = 10;

/// Sums of all waits, or of those of a business.
#[derive(Serialize)]
pub(super) struct Totals {
    pub verdicts: Counts,
    /// Charged waits, free units included.
    pub charges: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_units: Option<u64>,
    /// Exact sum of the charges.
    pub total: Decimal,
    currency: Currency,
    /// What a minimum or a cap makes of the months, cut in the tariff's zone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adjustments: Vec<Adjusted>,
    /// Rounded as invoices are, with the adjustments; where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<Money>,
}

/// What became of the charges of a business and month.
#[derive(Clone, Serialize)]
struct Adjusted {
    business: String,
    month: Month,
    #[serde(flatten)]
    adjustment: Adjustment,
    /// With all adjustments of the month.
    net: Money,
}

/// Sums of all waits and, by name, of each business. `rated` is sorted by business.
pub(super) fn totals(rated: &[RatedWait], tariff: &Tariff) -> Result<(Totals, BTreeMap<String, Totals>), Failure> {
    let mut businesses = BTreeMap::new();
    let mut all = Months { adjustments: Vec::new(), net: Money::zero(tariff.currency) };
    for of_business in rated.chunk_by(|a, b| a.wait.business == b.wait.business) {
        let months = Months::of(of_business, tariff).ok_or_else(too_large)?;
        all.adjustments.extend(months.adjustments.iter().cloned());
        all.net = all.net.checked_add(months.net).ok_or_else(too_large)?;
        businesses.insert(of_business[0].wait.business.to_string(), sum(of_business, tariff, months)?);
    }
    Ok((sum(rated, tariff, all)?, businesses))
}

impl Totals {
    /// Of waits that were counted, where the tariff neither gives units away nor changes the sum of a month.
    pub(super) const fn counted(verdicts: Counts, total: Decimal, currency: Currency) -> Self {
        let charges = verdicts.late + verdicts.unanswered;
        Self { verdicts, charges, free_units: None, total, currency, adjustments: Vec::new(), net: None }
    }

    /// Of waits that were counted elsewhere, where the tariff does not change the sum of a month; `free_units` where it
    /// gives any away.
    pub(super) const fn told(
        verdicts: Counts,
        (charges, free_units): (u64, Option<u64>),
        total: Decimal,
        currency: Currency,
    ) -> Self {
        Self { verdicts, charges, free_units, total, currency, adjustments: Vec::new(), net: None }
    }
}

/// The months of a business, or of all.
struct Months {
    adjustments: Vec<Adjusted>,
    net: Money,
}

impl Months {
    /// Nothing where the tariff has neither minimum nor cap. `None` when a sum does not fit.
    fn of(rated: &[RatedWait], tariff: &Tariff) -> Option<Self> {
        let mut found = Self { adjustments: Vec::new(), net: Money::zero(tariff.currency) };
        if tariff.minimum.is_none() && tariff.cap.is_none() {
            return Some(found);
        }
        let mut months: BTreeMap<Month, Vec<RatedWait>> = BTreeMap::new();
        for rated in rated.iter().filter(|rated| rated.charge.is_some()) {
            let at = rated.wait.dated(tariff.reading.month_of).unwrap_or(rated.wait.received_at);
            months.entry(Month::of(at, tariff.zone)).or_default().push(rated.clone());
        }
        let adjust = |net, has_paid_charge| rate::adjustments(net, has_paid_charge, tariff);
        let pricing = Pricing { tariff: &tariff.name(), currency: tariff.currency, adjustments: &adjust };
        for (month, rated) in months {
            let Sums { adjustments, net, .. } = close::sums(&rated, &pricing)?;
            let business = &rated.first()?.wait.business;
            found.adjustments.extend(adjustments.into_iter().map(|adjustment| Adjusted {
                business: business.to_string(),
                month,
                adjustment,
                net,
            }));
            found.net = found.net.checked_add(net)?;
        }
        Some(found)
    }
}

fn too_large() -> Failure {
    Failure::new(Kind::SelfCheck, "the sum of the charges is too large")
}

fn sum(rated: &[RatedWait], tariff: &Tariff, Months { adjustments, net }: Months) -> Result<Totals, Failure> {
    let charges: Vec<&Charge> = rated.iter().filter_map(|rated| rated.charge.as_ref()).collect();
    let total = Decimal::sum(charges.iter().map(|charge| charge.amount)).ok_or_else(too_large)?;
    let free = charges.iter().filter(|charge| charge.is_free()).count() as u64;
    Ok(Totals {
        verdicts: close::counts(rated),
        charges: charges.len() as u64,
        free_units: (tariff.free > 0).then_some(free),
        total,
        currency: tariff.currency,
        net: (!adjustments.is_empty()).then_some(net),
        adjustments,
    })
}

impl Totals {
    /// The last lines of `rate`.
    pub(super) fn say(&self, world: &mut World) -> Result<(), Failure> {
        let Counts { waits, on_time, late, unanswered, pending, held } = self.verdicts;
        let (waits, charges) = (counted(waits, "wait"), counted(self.charges, "charge"));
        let verdicts =
            format!("{on_time} on time, {late} late, {unanswered} unanswered, {pending} pending, {held} held");
        let free = self.free_units.map(|free| format!(" ({free} free)")).unwrap_or_default();
        say(world.out, &format!("{waits}: {verdicts}; {charges}{free}, {} {}", self.currency, self.total))?;
        for adjusted in self.adjustments.iter().take(NAMED) {
            say(world.out, &adjusted.text())?;
        }
        let more = self.adjustments.len().saturating_sub(NAMED);
        if more > 0 {
            say(world.out, &format!("and {more} more, which --summary lists"))?;
        }
        self.net.iter().try_for_each(|net| say(world.out, &format!("net, rounded as on invoices: {net}")))
    }
}

impl Adjusted {
    fn text(&self) -> String {
        let Self { business, month, adjustment: Adjustment { kind, limit, amount, .. }, net } = self;
        let (name, does) = match kind {
            AdjustmentKind::Minimum => ("minimum", "adds"),
            AdjustmentKind::Cap => ("cap", "takes"),
        };
        let amount = if amount.minor() < 0 { amount.negated() } else { *amount };
        format!("{business}, {month}: the {name} of {limit} {does} {amount}; net {net}")
    }
}
