//! Groups of VAT and amounts in another currency, compared with the rows that they are made of.
//!
//! Invariant: nothing is taken from what made them. Groups are summed from the rows anew; an amount in another currency is
//! compared with its exact one by an inequality, without a division.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::check::{Finding, compare_totals};
use crate::domain::correction::Earlier;
use crate::domain::invoice::{Adjustment, AdjustmentKind, Vat};
use crate::domain::{Exchange, Invoice, Money, Rate, Rounding, VatAccounting, VatKey};

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
    // EN 16931, BR-O-11 to 14.
    let is_out = |vat: &&Vat| vat.category == "O";
    let outside = invoice.vat.iter().filter(is_out).count();
    if outside > 0 && outside < invoice.vat.len() {
        findings.push(Finding::Scope);
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
    let earlier = invoice.earlier.iter().flat_map(Earlier::by_key);
    rows.extend(earlier.map(|(key, amount)| (key.cloned(), amount)));
    rows.extend(invoice.lines.iter().rev().map(|line| (line.vat.clone(), line.amount)));
    for row in &invoice.adjustments {
        match row.shares.as_slice() {
            [] => rows.push((None, row.amount)),
            shares => rows.extend(shares.iter().map(|share| (Some(share.vat.clone()), share.amount))),
        }
    }
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

/// The tax in the currency of the seller's VAT return, which is another than that of the document.
pub(super) fn compare_accounting(invoice: &Invoice, findings: &mut Vec<Finding>) {
    let Some(accounting) = &invoice.vat_accounting else { return };
    let billed = invoice.as_billed();
    let fits = accounting.rate(billed.currency).fits(billed.tax.exact(), accounting.tax);
    if !fits || accounting.currency == billed.currency || !invoice.charges_vat() {
        findings.push(unaccounted(accounting, billed.tax));
    }
}

fn unaccounted(accounting: &VatAccounting, tax: Money) -> Finding {
    let (currency, stated) = (accounting.currency.to_string(), accounting.tax.to_string());
    Finding::Accounting { currency, tax: tax.to_string(), stated }
}

/// A credit note accounts for its tax as the invoice that it corrects does, by the same rate. `earlier` are all notes before it.
pub(super) fn compare_accounted_note(
    note: &Invoice,
    invoice: &Invoice,
    earlier: &[Invoice],
    findings: &mut Vec<Finding>,
) {
    let billed = note.as_billed();
    match (&note.vat_accounting, &invoice.vat_accounting) {
        (None, None) => {}
        (Some(accounting), Some(of_invoice)) => {
            let frozen = |of: &VatAccounting| (of.rate(billed.currency), of.table_sha256.clone());
            let notes: Vec<&Invoice> = earlier.iter().chain([note]).collect();
            if frozen(accounting) != frozen(of_invoice) || !is_rest_accounted(invoice, of_invoice, &notes) {
                findings.push(unaccounted(accounting, billed.tax));
            }
        }
        (Some(accounting), None) => findings.push(unaccounted(accounting, billed.tax)),
        // Nothing of what is given back was taxed.
        (None, Some(accounting)) if note.charges_vat() => findings.push(unaccounted(accounting, billed.tax)),
        (None, Some(_)) => {}
    }
}

/// Whether what all `notes` leave of the accounted tax is what the tax that they leave comes to, and not below zero.
fn is_rest_accounted(invoice: &Invoice, accounting: &VatAccounting, notes: &[&Invoice]) -> bool {
    let billed = invoice.as_billed();
    let tax = notes.iter().map(|note| note.as_billed().tax).try_fold(billed.tax, Money::checked_sub);
    let given_back = notes.iter().filter_map(|note| note.vat_accounting.as_ref()).map(|of| of.tax);
    let left = given_back.into_iter().try_fold(accounting.tax, Money::checked_sub);
    let due = tax.and_then(|tax| accounting.rate(billed.currency).convert(tax.exact()));
    left.is_some_and(|left| left.minor() >= 0 && Some(left) == due)
}
