//! Groups of VAT and amounts in another currency, compared with the rows that they are made of.
//!
//! Invariant: nothing is taken from what made them. Groups are summed from the rows anew; an amount in another currency is
//! compared with its exact one by an inequality, without a division.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::check::{Finding, compare_totals};
use crate::domain::invoice::{Adjustment, AdjustmentKind, Vat};
use crate::domain::vat::VatShare;
use crate::domain::{Exchange, Invoice, Money, Rate, Rounding, VatKey};

/// Net amount and tax of each group of an invoice.
pub(super) fn compare_groups(invoice: &Invoice, findings: &mut Vec<Finding>) {
    let sums = sums(invoice);
    for vat in &invoice.vat {
        let found = sums.get(&vat.key()).copied().unwrap_or(Some(Money::zero(invoice.currency)));
        let tax = vat.net.percent(vat.rate, Rounding::HalfAwayFromZero);
        if found != Some(vat.net) || tax != Some(vat.tax) {
            findings.push(Finding::Vat {
                group: vat.key().to_string(),
                found: format!("{} and {}", said(found), said(tax)),
                stated: format!("{} and {}", vat.net, vat.tax),
            });
        }
    }
    let is_told = |key: &VatKey| invoice.vat.iter().any(|vat| vat.key() == *key);
    for (key, found) in sums.into_iter().filter(|(key, _)| !is_told(key)) {
        findings.push(Finding::Vat { group: key.to_string(), found: said(found), stated: "nothing".to_owned() });
    }
}

/// The rows of an invoice by their own words; those without are of its only group.
fn sums(invoice: &Invoice) -> BTreeMap<VatKey, Option<Money>> {
    let only = invoice.vat.first().filter(|_| invoice.vat.len() == 1).map(Vat::key);
    let mut rows: Vec<(Option<VatKey>, Money)> = Vec::new();
    let mut add = |shares: &[VatShare], whole: Option<VatKey>, amount: Money| match shares {
        [] => rows.push((whole, amount)),
        shares => rows.extend(shares.iter().map(|share| (Some(share.vat.clone()), share.amount))),
    };
    invoice.earlier.iter().for_each(|row| add(&row.shares, row.vat.clone(), row.amount));
    invoice.lines.iter().rev().for_each(|line| add(&[], line.vat.clone(), line.amount));
    invoice.adjustments.iter().for_each(|row| add(&row.shares, None, row.amount));
    let mut sums: BTreeMap<VatKey, Option<Money>> = BTreeMap::new();
    for (key, amount) in rows {
        let Some(key) = key.or_else(|| only.clone()) else { continue };
        let sum = sums.entry(key).or_insert(Some(Money::zero(invoice.currency)));
        *sum = sum.and_then(|sum| sum.checked_add(amount));
    }
    sums
}

fn said(sum: Option<Money>) -> String {
    sum.map_or_else(|| "nothing exact".to_owned(), |sum| sum.to_string())
}

/// Every amount of an invoice in another currency, and their sums.
pub(super) fn compare_exchange(invoice: &Invoice, findings: &mut Vec<Finding>) {
    let Some(exchange) = &invoice.exchange else { return };
    let rate = exchange.rate(invoice.currency);
    let lines = invoice.lines.iter().map(|line| ("line", line.exact)).zip(exchange.lines.iter().copied());
    let earlier = invoice.earlier.iter().map(|row| ("amount of an earlier month", row.amount.exact()));
    let earlier = earlier.zip(exchange.earlier.iter().map(|row| row.amount));
    for ((row, exact), stated) in lines.chain(earlier).filter(|((_, exact), stated)| !rate.fits(*exact, *stated)) {
        findings.push(Finding::Rate { row, exact: exact.to_string(), stated: stated.to_string() });
    }
    compare_limits(invoice, exchange, &rate, findings);
    let rows = [&exchange.adjustments, &exchange.earlier].map(Vec::len);
    let has_all_rows = exchange.lines.len() == invoice.lines.len()
        && rows == [invoice.adjustments.len(), invoice.earlier.len()]
        && exchange.credited.is_empty();
    let parts = exchange.adjustments.iter().chain(&exchange.earlier).filter(|row| !row.shares.is_empty());
    let are_whole = parts.into_iter().all(|row| {
        let shares = row.shares.iter().map(|share| share.amount);
        Money::sum(exchange.currency, shares) == Some(row.amount)
    });
    if !has_all_rows || !are_whole {
        findings.push(Finding::Rows { currency: exchange.currency.to_string() });
    }
    if exchange.net.minor() < 0 {
        findings.push(Finding::Below { stated: exchange.net.to_string() });
    }
    let billed = invoice.as_billed();
    compare_totals(&billed, findings);
    compare_groups(&billed, findings);
}

/// A minimum or a cap lifts the rows before it to its limit, or brings them down to it; or it is nothing, where they are beyond
/// the limit, or below it, in this currency.
fn compare_limits(invoice: &Invoice, exchange: &Exchange, rate: &Rate, findings: &mut Vec<Finding>) {
    let mut sum = Money::sum(exchange.currency, exchange.lines.iter().copied());
    for (row, billed) in invoice.adjustments.iter().zip(&exchange.adjustments) {
        let reached = sum.and_then(|sum| sum.checked_add(billed.amount));
        if !reached.is_some_and(|reached| fits_limit(row, billed.amount, reached, rate)) {
            let (exact, stated) = (row.limit.to_string(), billed.amount.to_string());
            findings.push(Finding::Rate { row: "minimum or cap", exact, stated });
        }
        sum = reached;
    }
}

fn fits_limit(row: &Adjustment, amount: Money, reached: Money, rate: &Rate) -> bool {
    let limit = row.limit.exact();
    let (sign, beyond) = match row.kind {
        AdjustmentKind::Minimum => (1, Ordering::Less),
        AdjustmentKind::Cap => (-1, Ordering::Greater),
    };
    let is_idle = amount.is_zero() && rate.compare(limit, reached) == Some(beyond);
    (rate.fits(limit, reached) || is_idle) && amount.minor().signum() != -sign
}
