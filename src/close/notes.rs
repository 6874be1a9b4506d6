//! What the credit notes of an invoice give back, compared with what it billed: by row, and by category and rate of VAT, in the
//! currency of the tariff and in that of the document.
//!
//! Invariant: nothing is taken from what made a note. What all of them say is summed anew from their own words, and leaves of
//! every row and every group no less than nothing, and of each tax what the tax of that rest is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::check::{Finding, compare_totals};
use crate::domain::correction::{CreditLine, CreditOf};
use crate::domain::invoice::{AdjustmentKind, Vat};
use crate::domain::{EntryPoint, Invoice, Market, Money, Month, Rate, Rounding, VatKey};

/// A document in one currency: its rows have the words of `words` and the amounts of `amounts`.
struct Told<'t> {
    words: &'t Invoice,
    amounts: Cow<'t, Invoice>,
}

/// A note and the invoice that it corrects, of which `notes` gave something back before.
pub(super) fn compare(note: &Invoice, invoice: &Invoice, notes: &[Invoice], findings: &mut Vec<Finding>) {
    compare_rates(note, invoice, findings);
    let all = || notes.iter().chain([note]);
    let of = |words| Told { words, amounts: Cow::Borrowed(words) };
    compare_sides(&of(invoice), &all().map(of).collect::<Vec<_>>(), findings);
    if invoice.exchange.is_some() && note.exchange.is_some() {
        let of = |words| Told { words, amounts: Invoice::as_billed(words) };
        compare_totals(&note.as_billed(), findings);
        compare_sides(&of(invoice), &all().map(of).collect::<Vec<_>>(), findings);
    }
}

/// A credit note is in the currency, and by the rate, of the invoice that it corrects, and has an amount for each of its rows.
fn compare_rates(note: &Invoice, invoice: &Invoice, findings: &mut Vec<Finding>) {
    if frozen(note) != frozen(invoice) {
        findings.push(Finding::Frozen { number: invoice.number.to_string() });
    }
    let rows = note.exchange.as_ref().map_or(note.credited.len(), |exchange| exchange.credited.len());
    if rows != note.credited.len() {
        let currency = invoice.exchange.as_ref().map_or(invoice.currency, |exchange| exchange.currency);
        findings.push(Finding::Rows { currency: currency.to_string() });
    }
}

/// An invoice in place of another has the rate of that one, where it is billed in the same currency.
pub(super) fn compare_replaced(invoice: &Invoice, replaced: &Invoice, findings: &mut Vec<Finding>) {
    let currency = |of: &Invoice| of.exchange.as_ref().map(|exchange| exchange.currency);
    if currency(invoice) == currency(replaced) && frozen(invoice) != frozen(replaced) {
        findings.push(Finding::Frozen { number: replaced.number.to_string() });
    }
}

/// The rate of a document with the digest of what proves it.
fn frozen(of: &Invoice) -> Option<(Rate, &str)> {
    of.exchange.as_ref().map(|exchange| (exchange.rate(of.currency), exchange.table_sha256.as_str()))
}

/// All notes of an invoice, the last of which is looked at.
fn compare_sides(invoice: &Told, notes: &[Told], findings: &mut Vec<Finding>) {
    let Some((note, before)) = notes.split_last() else { return };
    let own = invoice.words.month;
    let is_whole = |line: &CreditLine| line.of == CreditOf::EarlierMonth && line.month == Some(own);
    let is_whole = notes.iter().flat_map(|note| &note.words.credited).any(is_whole);
    let mut rest = rows(invoice, is_whole);
    for (row, line) in before.iter().flat_map(credited) {
        take(&mut rest, &name_of(row, is_whole.then_some(own)), line.credit);
    }
    for (row, line) in credited(note) {
        let name = name_of(row, is_whole.then_some(own));
        let found = rest.get(&name).copied().unwrap_or(Some(Money::zero(note.amounts.currency)));
        take(&mut rest, &name, line.credit);
        let left = rest.get(&name).copied().flatten();
        // A cap takes away.
        let sign = if line.of == CreditOf::Cap { -1 } else { 1 };
        let is_below = left.is_none_or(|left| left.minor().signum() == -sign);
        if found != Some(line.billed.amount) || left != Some(line.now.amount) || is_below {
            let stated = format!("{} billed, {} now", line.billed.amount, line.now.amount);
            findings.push(Finding::Row { row: name, found: said(found), stated });
        }
    }
    compare_groups(invoice, notes, findings);
}

/// What each category and rate gives back, and its tax.
fn compare_groups(invoice: &Told, notes: &[Told], findings: &mut Vec<Finding>) {
    let currency = invoice.amounts.currency;
    let Some(note) = notes.last() else { return };
    let of_rows = by_group(note, &invoice.amounts);
    let keys: BTreeSet<VatKey> = notes.iter().flat_map(|told| told.amounts.vat.iter().map(Vat::key)).collect();
    for key in keys {
        let of = |told: &Told| {
            let vat = told.amounts.vat.iter().find(|vat| vat.key() == key);
            vat.map_or((Money::zero(currency), Money::zero(currency)), |vat| (vat.net, vat.tax))
        };
        let given = notes.iter().map(of).try_fold(of(invoice), |(net, tax), (given, given_tax)| {
            Some((net.checked_sub(given)?, tax.checked_sub(given_tax)?))
        });
        let (stated, stated_tax) = of(note);
        let is_below = given.is_none_or(|(net, _)| net.minor() < 0);
        let tax = given.and_then(|(net, _)| net.percent(key.rate, Rounding::HalfAwayFromZero));
        let is_of_rows = of_rows.get(&key).copied().unwrap_or(Some(Money::zero(currency))) == Some(stated);
        if is_below {
            let number = invoice.words.number.to_string();
            findings.push(Finding::TooMuch { number, stated: format!("{stated} of {key}") });
        }
        if !is_of_rows || tax.is_none() || tax != given.map(|(_, tax)| tax) {
            let found = of_rows.get(&key).copied().flatten();
            let found = format!("{}, which leaves a tax of {}", said(found), said(tax));
            findings.push(Finding::Vat { group: key.to_string(), found, stated: format!("{stated} and {stated_tax}") });
        }
    }
    for (key, found) in of_rows {
        let is_told = note.amounts.vat.iter().any(|vat| vat.key() == key) || found.is_some_and(Money::is_zero);
        if !is_told {
            findings.push(Finding::Vat { group: key.to_string(), found: said(found), stated: "nothing".to_owned() });
        }
    }
}

/// The rows of a note with the words of the tariff's currency, and with their amounts.
fn credited<'t>(told: &'t Told) -> impl Iterator<Item = (&'t CreditLine, &'t CreditLine)> {
    told.words.credited.iter().zip(&told.amounts.credited)
}

/// What the rows of a note come to, by what they say; those that say nothing are of the only group of the invoice.
fn by_group(note: &Told, invoice: &Invoice) -> BTreeMap<VatKey, Option<Money>> {
    let only = invoice.vat.first().filter(|_| invoice.vat.len() == 1).map(Vat::key);
    let mut sums = BTreeMap::new();
    for line in &note.amounts.credited {
        for share in &line.shares {
            add(&mut sums, share.vat.clone(), share.amount);
        }
        if let ([], Some(vat)) = (line.shares.as_slice(), &only) {
            add(&mut sums, vat.clone(), line.credit);
        }
    }
    sums
}

/// The rows of an invoice by their names; those of its own month are one where a note says no more of them.
fn rows(invoice: &Told, is_whole: bool) -> BTreeMap<String, Option<Money>> {
    let (words, mut rows) = (invoice.words, BTreeMap::new());
    let own = |name: String| if is_whole { name_of_month(words.month) } else { name };
    for (line, billed) in words.lines.iter().zip(&invoice.amounts.lines) {
        let name = format!("{} {} at {}", line.market, line.entry_point, line.unit_price);
        add(&mut rows, own(name), billed.amount);
    }
    for (row, billed) in words.adjustments.iter().zip(&invoice.amounts.adjustments) {
        let name = if row.kind == AdjustmentKind::Minimum { "the minimum" } else { "the cap" };
        add(&mut rows, own(name.to_owned()), billed.amount);
    }
    for (row, billed) in words.earlier.iter().zip(&invoice.amounts.earlier) {
        add(&mut rows, name_of_month(row.month), billed.amount);
    }
    rows
}

/// The name of the row that a credit note speaks of. `whole`: the month whose rows are one.
fn name_of(line: &CreditLine, whole: Option<Month>) -> String {
    match (line.of, whole) {
        (CreditOf::EarlierMonth, _) => line.month.map(name_of_month).unwrap_or_default(),
        (_, Some(month)) => name_of_month(month),
        (CreditOf::Minimum, None) => "the minimum".to_owned(),
        (CreditOf::Cap, None) => "the cap".to_owned(),
        (CreditOf::Charges, None) => {
            let market = line.market.clone().unwrap_or_else(Market::other);
            let entry_point = line.entry_point.unwrap_or(EntryPoint::Unknown);
            format!("{market} {entry_point} at {}", line.unit_price.unwrap_or_default())
        }
    }
}

fn name_of_month(month: Month) -> String {
    format!("the charges of {month}")
}

fn add<K: Ord>(sums: &mut BTreeMap<K, Option<Money>>, key: K, amount: Money) {
    let sum = sums.entry(key).or_insert(Some(Money::zero(amount.currency())));
    *sum = sum.and_then(|sum| sum.checked_add(amount));
}

fn take(rest: &mut BTreeMap<String, Option<Money>>, row: &str, amount: Money) {
    add(rest, row.to_owned(), amount.negated());
}

fn said(sum: Option<Money>) -> String {
    sum.map_or_else(|| "nothing exact".to_owned(), |sum| sum.to_string())
}
