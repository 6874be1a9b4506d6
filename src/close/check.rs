//! Every total of a month by another road than the one that made it.
//!
//! Invariant: nothing here is taken from the lines' own sums. The charges are read back from the line
//! file, grouped anew, rounded, and compared with what the invoice says.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{notes, taxes};
use crate::domain::invoice::AdjustmentKind;
use crate::domain::prepaid::Taken;
use crate::domain::text::hex;
use crate::domain::{Decimal, Invoice, Money};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What does not add up. The sentences name the document's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Finding {
    #[error("the line file cannot be read back: {0}")]
    Unreadable(String),
    #[error("the line file has SHA-256 {found}, the invoice says {stated}")]
    Digest { found: String, stated: String },
    #[error("the charges of {line} sum to {found}, the invoice line says {stated}")]
    Line { line: String, found: String, stated: String },
    #[error("the line file has {found} charges, the invoice lines {stated}")]
    Quantity { found: u64, stated: u64 },
    #[error("the late and unanswered waits are {found}, the charges {stated}")]
    Verdicts { found: u64, stated: u64 },
    #[error("the {name} makes {found} of the charges, the invoice says {stated}")]
    Adjustment { name: String, found: String, stated: String },
    #[error("the lines sum to {found}, the invoice says {stated}")]
    Net { found: String, stated: String },
    #[error("the groups of VAT sum to {found}, the invoice says {stated}")]
    Groups { found: String, stated: String },
    #[error("no VAT treatment covers the month, and {stated} falls under none")]
    Untaxed { stated: String },
    #[error("some of the invoice is out of scope of VAT, and some is not")]
    Scope,
    #[error("net and tax sum to {found}, the invoice says {stated}")]
    Total { found: String, stated: String },
    #[error("the rows with VAT {group} come to {found}, the invoice says {stated}")]
    Vat { group: String, found: String, stated: String },
    #[error("the {row} of {exact} does not come to {stated} at the frozen rate")]
    Rate { row: &'static str, exact: String, stated: String },
    #[error("the amounts in {currency} are not those of the rows of the invoice")]
    Rows { currency: String },
    #[error("the rate of exchange is not that of {number}")]
    Frozen { number: String },
    #[error("the invoice comes to {stated}, which is below zero")]
    Below { stated: String },
    #[error("of {row} {found} is left to be given back, the credit note says {stated}")]
    Row { row: String, found: String, stated: String },
    #[error("the VAT of {tax} does not come to {stated} in {currency}")]
    Accounting { currency: String, tax: String, stated: String },
    #[error("the payments in advance leave {found} to pay, the invoice says {stated}")]
    Prepaid { found: String, stated: String },
    #[error("{stated} is more than is left of {number}")]
    TooMuch { number: String, stated: String },
    #[error("a charge stands twice in the line file: message {0}")]
    Twice(String),
}

/// Compares an invoice with its line file, which has the digest `stated`. Empty: everything adds up.
pub fn findings(invoice: &Invoice, line_file: &[u8], stated: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (found, stated) = (sha256(line_file), stated.to_owned());
    if found != stated {
        findings.push(Finding::Digest { found, stated });
    }
    match Charges::read(line_file) {
        Ok(charges) => charges.compare(invoice, &mut findings),
        Err(why) => findings.push(Finding::Unreadable(why)),
    }
    compare_totals(invoice, &mut findings);
    taxes::compare_groups(invoice, &mut findings);
    taxes::compare_exchange(invoice, &mut findings);
    taxes::compare_accounting(invoice, &mut findings);
    compare_prepaid(invoice, &mut findings);
    findings
}

/// The line file, summed in its own way: rounding rows included, so that each group is a whole amount.
#[derive(Default)]
struct Charges {
    /// By market, entry point and price.
    groups: BTreeMap<(String, String, String), Decimal>,
    quantity: u64,
    /// Minimum and cap, as the file names them.
    adjustments: BTreeMap<String, Decimal>,
    /// Messages by channel and id, each once.
    messages: BTreeMap<(String, String), u64>,
}

impl Charges {
    fn read(line_file: &[u8]) -> Result<Self, String> {
        let mut charges = Charges::default();
        let mut reader = csv::Reader::from_reader(line_file);
        let header = reader.headers().map_err(|error| error.to_string())?.clone();
        let place = |name: &str| header.iter().position(|column| column == name).ok_or(format!("no column {name}"));
        let (message, channel, verdict) = (place("message_id")?, place("channel")?, place("verdict")?);
        let (market, entry_point, rate, amount) =
            (place("market")?, place("entry_point")?, place("rate")?, place("amount")?);
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let cell = |column: usize| record.get(column).unwrap_or_default().to_owned();
            let amount: Decimal = cell(amount).parse()?;
            if ["minimum", "cap"].contains(&cell(verdict).as_str()) {
                charges.adjustments.insert(cell(verdict), amount);
                continue;
            }
            let sum = charges.groups.entry((cell(market), cell(entry_point), cell(rate))).or_default();
            *sum = sum.checked_add(amount).ok_or("a sum is too large")?;
            if cell(verdict) != "rounding" {
                charges.quantity += 1;
                *charges.messages.entry((cell(channel), cell(message))).or_default() += 1;
            }
        }
        Ok(charges)
    }

    fn compare(self, invoice: &Invoice, findings: &mut Vec<Finding>) {
        let twice = self.messages.iter().filter(|(_, count)| **count > 1);
        findings.extend(twice.map(|((_, message), _)| Finding::Twice(message.clone())));
        let mut stated: BTreeMap<_, Decimal> = BTreeMap::new();
        for line in &invoice.lines {
            // Lines that differ only in their step share a group.
            let key = (line.market.to_string(), line.entry_point.to_string(), line.unit_price.to_string());
            let sum = stated.entry(key).or_default();
            *sum = sum.checked_add(line.amount.exact()).unwrap_or_default();
        }
        let keys: BTreeSet<_> = stated.keys().chain(self.groups.keys()).collect();
        for key in keys {
            let (found, stated) = (self.groups.get(key), stated.get(key));
            if found != stated {
                let said = |sum: Option<&Decimal>| sum.map_or("nothing".to_owned(), Decimal::to_string);
                let line = format!("{} {} at {}", key.0, key.1, key.2);
                findings.push(Finding::Line { line, found: said(found), stated: said(stated) });
            }
        }
        let stated = invoice.lines.iter().map(|line| line.quantity).sum();
        if self.quantity != stated {
            findings.push(Finding::Quantity { found: self.quantity, stated });
        }
        let counts = invoice.computation.counts;
        // Under `late_reply` a message never answered is free.
        let free = if invoice.computation.reading.contains("late_reply") { counts.unanswered } else { 0 };
        let found = counts.late + counts.unanswered - free;
        if found != self.quantity {
            findings.push(Finding::Verdicts { found, stated: self.quantity });
        }
        self.compare_adjustments(invoice, findings);
    }

    /// Lifts the sum of the file's rows to the minimum, then brings it down to the cap.
    fn compare_adjustments(&self, invoice: &Invoice, findings: &mut Vec<Finding>) {
        let mut sum = Decimal::sum(self.groups.values().copied());
        let mut stated: BTreeSet<&str> = BTreeSet::new();
        for adjustment in &invoice.adjustments {
            let name = super::line_file::name(adjustment.kind);
            let expected = sum.and_then(|sum| adjustment.limit.exact().checked_sub(sum));
            let found = self.adjustments.get(name).copied();
            let has_right_sign = (adjustment.amount.minor() < 0) == (adjustment.kind == AdjustmentKind::Cap);
            if expected != Some(adjustment.amount.exact()) || found != expected || !has_right_sign {
                let said = |amount: Option<Decimal>| amount.map_or("nothing".to_owned(), |amount| amount.to_string());
                let stated = adjustment.amount.digits();
                findings.push(Finding::Adjustment { name: name.to_owned(), found: said(expected), stated });
            }
            stated.insert(name);
            sum = expected.and_then(|expected| sum?.checked_add(expected));
        }
        for name in self.adjustments.keys().filter(|name| !stated.contains(name.as_str())) {
            let (found, stated) = ("an amount".to_owned(), "nothing".to_owned());
            findings.push(Finding::Adjustment { name: name.clone(), found, stated });
        }
    }
}

/// Compares a credit note with the invoice that it corrects, and with `earlier`, which are all credit notes before it.
/// Empty: everything adds up.
pub fn credit_findings(note: &Invoice, invoice: &Invoice, earlier: &[Invoice]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows = note.credited.iter().map(|line| line.billed.amount.exact().checked_sub(line.now.amount.exact()));
    let sum = rows.into_iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row?));
    if sum != Some(note.net.exact()) {
        let found = sum.map_or("nothing exact".to_owned(), |sum| sum.to_string());
        findings.push(Finding::Net { found, stated: note.net.to_string() });
    }
    let given_back = Money::sum(invoice.currency, earlier.iter().chain([note]).map(|note| note.net));
    if note.net.minor() <= 0 || given_back.is_none_or(|given_back| given_back.minor() > invoice.net.minor()) {
        findings.push(Finding::TooMuch { number: invoice.number.to_string(), stated: note.net.to_string() });
    }
    compare_totals(note, &mut findings);
    notes::compare(note, invoice, earlier, &mut findings);
    taxes::compare_accounted_note(note, invoice, earlier, &mut findings);
    if note.prepaid != invoice.prepaid {
        let due = |of: &Invoice| of.prepaid.as_ref().map_or("nothing".to_owned(), |prepaid| prepaid.due.to_string());
        findings.push(Finding::Prepaid { found: due(invoice), stated: due(note) });
    }
    findings
}

/// Compares an invoice with the one in whose place it stands. Empty: it is billed by the same rate.
pub fn replacement_findings(invoice: &Invoice, replaced: &Invoice) -> Vec<Finding> {
    let mut findings = Vec::new();
    notes::compare_replaced(invoice, replaced, &mut findings);
    findings
}

/// What was paid in advance: no payment gives more than it is, and none is taken beyond the total.
fn compare_prepaid(invoice: &Invoice, findings: &mut Vec<Finding>) {
    let Some(prepaid) = &invoice.prepaid else { return };
    let total = invoice.as_billed().total;
    let due = prepaid.payments.iter().rev().try_fold(total, |due, payment| due.checked_sub(payment.taken));
    let is_within = |payment: &Taken| {
        let used = payment.taken.checked_add(payment.left).and_then(|used| payment.amount.checked_sub(used));
        payment.taken.minor() > 0 && payment.left.minor() >= 0 && used.is_some_and(|rest| rest.minor() >= 0)
    };
    let references: BTreeSet<&str> = prepaid.payments.iter().map(|payment| payment.reference.as_str()).collect();
    let is_right = due == Some(prepaid.due)
        && prepaid.due.minor() >= 0
        && prepaid.due.checked_add(prepaid.paid) == Some(total)
        && references.len() == prepaid.payments.len()
        && prepaid.payments.iter().all(is_within);
    if !is_right {
        let found = due.map_or("nothing exact".to_owned(), |due| due.to_string());
        findings.push(Finding::Prepaid { found, stated: prepaid.due.to_string() });
    }
}

pub(super) fn compare_totals(invoice: &Invoice, findings: &mut Vec<Finding>) {
    let said = |sum: Option<Money>| sum.map_or("nothing exact".to_owned(), |sum| sum.to_string());
    let adjustments = invoice.adjustments.iter().map(|adjustment| adjustment.amount);
    let earlier = invoice.earlier.iter().map(|earlier| earlier.amount);
    let credited = invoice.credited.iter().map(|line| line.credit);
    let net = Money::sum(
        invoice.currency,
        adjustments.chain(earlier).chain(credited).chain(invoice.lines.iter().rev().map(|line| line.amount)),
    );
    let stated = invoice.net.to_string();
    if net != Some(invoice.net) {
        findings.push(Finding::Net { found: said(net), stated: stated.clone() });
    }
    let groups = Money::sum(invoice.currency, invoice.vat.iter().map(|vat| vat.net));
    match groups {
        groups if groups == Some(invoice.net) => {}
        _ if invoice.vat.is_empty() => findings.push(Finding::Untaxed { stated }),
        groups => findings.push(Finding::Groups { found: said(groups), stated }),
    }
    let taxes = Money::sum(invoice.currency, invoice.vat.iter().map(|vat| vat.tax));
    let total = net.and_then(|net| net.checked_add(taxes?));
    if total != Some(invoice.total) || taxes != Some(invoice.tax) {
        findings.push(Finding::Total { found: said(total), stated: invoice.total.to_string() });
    }
}
