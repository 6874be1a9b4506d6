//! Charges to a closed month: lines, totals, digests. What is decided here is only carried out afterwards.
#![deny(clippy::float_arithmetic)]

pub mod check;
pub mod credit;
mod document;
mod filed;
mod given;
pub mod guards;
mod line_file;
mod notes;
pub mod readiness;
mod rest;
mod taxes;
mod vat;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::charge::{RateRow, RatedWait};
use crate::domain::invoice::{Adjustment, Counts, Line, Vat};
use crate::domain::reading::{ChargeFor, DateOf};
use crate::domain::vat::VatShare;
use crate::domain::{
    Business, Currency, Date, Decimal, Elapsed, EntryPoint, Instant, Market, Money, Month, Ownership, Reading,
    Rounding, Span, VatKey, Verdict, Wait,
};

use vat::{Parting, Rows};

pub use document::{Frozen, FrozenRates, Issue, TariffName, in_form_of, invoice};
pub use filed::{ELSEWHERE, Filed, change_file, changes_without_names, credit_file};
pub use line_file::{bare, guarded, without_names};
pub use vat::{decided_anew, keys, untreated, wanting};

/// A month of a business, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedMonth {
    pub month: Month,
    /// The evidence ends here.
    pub cut: Instant,
    pub counts: Counts,
    /// Sorted by market, entry point, free units first, tier, step, price, category and rate of VAT.
    pub lines: Vec<Line>,
    /// What a minimum adds, or a cap takes away.
    pub adjustments: Vec<Adjustment>,
    /// Lines and adjustments.
    pub net: Money,
    pub vat: Vec<Vat>,
    /// What the month as a whole falls under; `None` where no treatment covers it.
    pub vat_main: Option<VatKey>,
    /// The days of its charges, in the zone of the business, where they decide its VAT.
    pub vat_days: BTreeSet<Date>,
    /// The first of them that no treatment covers.
    pub untreated: Option<Date>,
    pub tax: Money,
    pub total: Money,
    /// Exact sum of the charges.
    pub exact: Decimal,
    /// The sorted charges as CSV: evidence of the amounts and attachment of the invoice.
    pub line_file: Vec<u8>,
    /// SHA-256 of `line_file`.
    pub data_sha256: String,
}

impl ClosedMonth {
    /// A month without charges is closed without an invoice; so is one of free units alone.
    pub fn has_charges(&self) -> bool {
        self.lines.iter().any(|line| !line.free)
    }

    /// What of the net amount falls under which category and rate of VAT, where the day of each charge decides: it is
    /// recorded, since the book may be another when a later invoice bills it.
    pub fn vat_shares(&self) -> Vec<VatShare> {
        let groups = self.vat.iter().filter(|_| !self.vat_days.is_empty());
        groups.map(|vat| VatShare { vat: vat.key(), amount: vat.net }).collect()
    }

    /// Charged waits, free ones included.
    pub fn charges(&self) -> u64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    #[error("a sum of charges is too large to be exact")]
    Overflow,
    #[error("a wait of the month is still {0}")]
    Undecided(Verdict),
}

/// What the closing needs of the tariff.
#[derive(Clone, Copy)]
pub struct Pricing<'p> {
    /// Its name and version, as the line file states them.
    pub tariff: &'p str,
    pub currency: Currency,
    /// What a minimum or cap makes of the sum of the lines; the second argument says whether a charge is not free.
    /// `None` when a sum does not fit.
    pub adjustments: &'p dyn Fn(Money, bool) -> Option<Vec<Adjustment>>,
}

/// Closes the month from its waits, which belong to it, are decided, and are sorted. Waits that the operator
/// excluded are decided: they stay held for good and are not billed.
pub fn close(
    business: &Business,
    month: Month,
    cut: Instant,
    rated: &[RatedWait],
    pricing: &Pricing,
) -> Result<ClosedMonth, CloseError> {
    let counts = counts(rated);
    if let Some(open) = rated.iter().find(|rated| rated.wait.is_open()) {
        return Err(CloseError::Undecided(open.wait.verdict));
    }
    let parting = Parting::of(business, rated);
    let (summed, vat) = taxed(&parting, month, rated, pricing).ok_or(CloseError::Overflow)?;
    let Sums { lines, adjustments, net } = summed;
    let tax = Money::sum(net.currency(), vat.iter().map(|vat| vat.tax)).ok_or(CloseError::Overflow)?;
    let total = net.checked_add(tax).ok_or(CloseError::Overflow)?;
    let exact = Decimal::sum(lines.iter().map(|line| line.exact)).ok_or(CloseError::Overflow)?;
    let line_file = line_file::line_file(rated, &lines, &adjustments, pricing).ok_or(CloseError::Overflow)?;
    let data_sha256 = check::sha256(&line_file);
    let (vat_main, untreated, vat_days) = (parting.main(month), parting.untreated(), parting.into_days());
    Ok(ClosedMonth {
        month,
        cut,
        counts,
        lines,
        adjustments,
        net,
        vat,
        vat_main,
        vat_days,
        untreated,
        tax,
        total,
        exact,
        line_file,
        data_sha256,
    })
}

/// What the charges of a month come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Sorted by market, entry point, free units first, tier, step, price, category and rate of VAT.
    pub lines: Vec<Line>,
    pub adjustments: Vec<Adjustment>,
    /// Lines and adjustments.
    pub net: Money,
}

/// Sums the charges of a month of a business; waits without a charge add nothing. `None` when a sum does not fit.
pub fn sums(rated: &[RatedWait], pricing: &Pricing) -> Option<Sums> {
    summed(rated, pricing, &|_| None)
}

/// The sums of a month with the categories and rates of its charges, and the groups that these make.
fn taxed(parting: &Parting, month: Month, rated: &[RatedWait], pricing: &Pricing) -> Option<(Sums, Vec<Vat>)> {
    let mut sums = summed(rated, pricing, &|rated| parting.key(rated))?;
    vat::share_adjustments(&sums.lines, &mut sums.adjustments)?;
    let (lines, adjustments) = (sums.lines.clone(), sums.adjustments.clone());
    // Of a month that is not billed yet nobody asks for the reason of an exemption.
    let rows = Rows { lines, adjustments, earlier: Vec::new(), days: BTreeSet::new() };
    let groups = rows.groups(parting.book(), parting.main(month).as_ref(), pricing.currency)?;
    Some((sums, groups))
}

fn summed(rated: &[RatedWait], pricing: &Pricing, vat: &dyn Fn(&RatedWait) -> Option<VatKey>) -> Option<Sums> {
    let currency = pricing.currency;
    let lines = lines(rated, currency, vat)?;
    let net = Money::sum(currency, lines.iter().map(|line| line.amount))?;
    let adjustments = (pricing.adjustments)(net, lines.iter().any(|line| !line.free))?;
    let net = adjustments.iter().try_fold(net, |net, adjustment| net.checked_add(adjustment.amount))?;
    Some(Sums { lines, adjustments, net })
}

/// Whether a wait is one of the business's in `month`, on a channel that it owned when the message was received.
///
/// A charge belongs to the month of one instant. Where that instant is the answer and none is known yet, or another
/// may be found, the wait keeps every month waiting in which it could lie; one that is decided without an answer
/// belongs to the month in which it was received.
pub fn is_of_month(wait: &Wait, business: &Business, month: Span, reading: &Reading) -> bool {
    let owns = |owned: &Ownership| owned.channel.as_str() == &*wait.channel && owned.span.contains(wait.received_at);
    *wait.business == *business.id.as_str() && falls_in(wait, month, reading) && business.channels.iter().any(owns)
}

fn falls_in(wait: &Wait, month: Span, reading: &Reading) -> bool {
    let by_answer = reading.month_of == DateOf::Answered && reading.charge_for != ChargeFor::LateOutbound;
    if by_answer && wait.is_open() {
        let last = reading.give_up.map_or(Instant::MAX, |give_up| wait.received_at.plus(give_up).plus(wait.tolerance));
        let through = wait.answered_at.unwrap_or(last).max(wait.received_at);
        return wait.received_at < month.to && month.from <= through;
    }
    let at = if wait.excluded { None } else { wait.dated(reading.month_of) };
    month.contains(at.unwrap_or(wait.received_at))
}

/// Waits by verdict.
pub fn counts<'r>(rated: impl IntoIterator<Item = &'r RatedWait>) -> Counts {
    rated.into_iter().fold(Counts::default(), |mut counts, rated| {
        counts.add(rated.wait.verdict);
        counts
    })
}

/// What makes charges one line of the invoice: market, entry point, whether they cost something, tier, step, price; and
/// category and rate of VAT, where the month has several.
type LineKey = (Market, EntryPoint, bool, Option<u64>, Option<Elapsed>, Decimal, Option<VatKey>);

fn key(rated: &RatedWait, vat: &dyn Fn(&RatedWait) -> Option<VatKey>) -> Option<(LineKey, Decimal)> {
    let charge = rated.charge.as_ref()?;
    let RateRow { tier, step, price, .. } = charge.rate;
    let key = (rated.market.clone(), rated.wait.entry_point, !charge.is_free(), tier, step, price, vat(rated));
    Some((key, charge.amount))
}

fn lines(rated: &[RatedWait], currency: Currency, vat: &dyn Fn(&RatedWait) -> Option<VatKey>) -> Option<Vec<Line>> {
    let mut sums: BTreeMap<LineKey, (u64, Decimal)> = BTreeMap::new();
    for (key, amount) in rated.iter().filter_map(|rated| key(rated, vat)) {
        let (quantity, exact) = sums.entry(key).or_default();
        *quantity += 1;
        *exact = exact.checked_add(amount)?;
    }
    let line = |(key, (quantity, exact)): (LineKey, (u64, Decimal))| {
        let (market, entry_point, paid, tier, step, unit_price, vat) = key;
        let amount = exact.rounded(currency, Rounding::HalfAwayFromZero)?;
        Some(Line { market, entry_point, free: !paid, tier, step, quantity, unit_price, exact, amount, vat })
    };
    sums.into_iter().map(line).collect()
}
