//! The credit note: what an invoice billed, less what stands.

use std::collections::BTreeSet;

use super::document::Issue;
use super::filed::Filed;
use super::rest::{self, Rest};
use crate::domain::correction::{Amounts, Correction, CreditLine, CreditOf, DocumentKind};
use crate::domain::invoice::{Chain, Counts, Vat};
use crate::domain::{Currency, Date, Decimal, Invoice, InvoiceNumber, Money, Month, Rounding};

/// What of an invoice is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub lines: Vec<CreditLine>,
    pub month: Month,
    /// Of the month as it stands now.
    pub counts: Counts,
    pub data_sha256: String,
}

impl Credit {
    /// What is given back, without tax. `None` when it does not fit.
    pub fn net(&self, currency: Currency) -> Option<Money> {
        Money::sum(currency, self.lines.iter().map(|line| line.credit))
    }
}

/// Rows for the charges of the invoice's own month; only those that differ. `None` when an amount does not fit.
pub fn of_charges(billed: &Filed, now: &Filed, currency: Currency) -> Option<Vec<CreditLine>> {
    let mut lines = Vec::new();
    let groups: BTreeSet<_> = billed.groups.keys().chain(now.groups.keys()).collect();
    for group in groups {
        let amounts = |filed: &Filed| {
            let (quantity, sum) = filed.groups.get(group).copied().unwrap_or_default();
            Some(Amounts { quantity, amount: exactly(sum, currency)? })
        };
        let (market, entry_point, price) = group.clone();
        let line = line(CreditOf::Charges, amounts(billed)?, amounts(now)?)?;
        let line = CreditLine {
            free: price.is_zero(),
            market: Some(market),
            entry_point: Some(entry_point),
            unit_price: Some(price),
            ..line
        };
        lines.extend((line.billed != line.now).then_some(line));
    }
    for of in [CreditOf::Minimum, CreditOf::Cap] {
        let amounts = |filed: &Filed| {
            let amount = filed.adjustments.get(&of).copied().unwrap_or_default();
            Some(Amounts { quantity: 0, amount: exactly(amount, currency)? })
        };
        let line = line(of, amounts(billed)?, amounts(now)?)?;
        lines.extend((line.billed != line.now).then_some(line));
    }
    Some(lines)
}

/// The row for an earlier month that was billed with the invoice.
pub fn of_earlier(month: Month, billed: Amounts, now: Amounts) -> Option<CreditLine> {
    Some(CreditLine { month: Some(month), ..line(CreditOf::EarlierMonth, billed, now)? })
}

fn line(of: CreditOf, billed: Amounts, now: Amounts) -> Option<CreditLine> {
    let credit = billed.amount.checked_sub(now.amount)?;
    Some(CreditLine {
        of,
        market: None,
        entry_point: None,
        free: false,
        unit_price: None,
        month: None,
        billed,
        now,
        credit,
        shares: Vec::new(),
    })
}

/// Invariant: with its rounding rows, every group of a file of charges is a whole amount.
fn exactly(amount: Decimal, currency: Currency) -> Option<Money> {
    let rounded = amount.rounded(currency, Rounding::HalfAwayFromZero)?;
    (rounded.exact() == amount).then_some(rounded)
}

/// What a credit note says of the invoice that it corrects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected<'i> {
    pub invoice: &'i Invoice,
    /// Net amount that earlier credit notes gave back.
    pub given_back: Money,
    pub correction: Correction,
}

/// The credit note for an invoice. The tax is what the tax of the rest becomes less, so that all credit notes of an
/// invoice together never give back more tax than it charged. `None` when an amount does not fit, or more would be
/// given back than is left.
pub fn credit_note(corrected: Corrected, credit: Credit, issue: Issue) -> Option<Invoice> {
    let Corrected { invoice, given_back, correction } = corrected;
    let net = credit.net(invoice.currency)?;
    let before = invoice.net.checked_sub(given_back)?;
    let after = before.checked_sub(net)?;
    if net.minor() <= 0 || after.minor() < 0 {
        return None;
    }
    let rest = Rest { vat: &invoice.vat };
    let vat = rest.groups(before, after)?;
    let tax = Money::sum(invoice.currency, vat.iter().map(|vat| vat.tax))?;
    let credited = rest.shared(credit.lines, before)?;
    let exchange = match &invoice.exchange {
        Some(exchange) => Some(rest::exchange(exchange, invoice.net, before, &credited)?),
        None => None,
    };
    let vat_accounting = match invoice.vat_accounting.as_ref().filter(|_| vat.iter().any(Vat::is_charged)) {
        Some(accounting) => Some(rest::accounted(accounting, invoice, before, after)?),
        None => None,
    };
    let mut note = Invoice {
        kind: DocumentKind::CreditNote,
        number: issue.number,
        corrects: Some(correction),
        month: credit.month,
        issue_date: issue.date,
        due_date: issue.date,
        lines: Vec::new(),
        adjustments: Vec::new(),
        earlier: Vec::new(),
        credited,
        net,
        vat,
        tax,
        total: net.checked_add(tax)?,
        exchange,
        vat_accounting,
        // So is a note on an invoice of before there were e-invoices.
        electronic: true,
        chain: Chain { previous: issue.previous },
        ..invoice.clone()
    };
    note.computation.counts = credit.counts;
    note.computation.data_sha256 = credit.data_sha256;
    Some(note)
}

/// The invoice with other words in place of `base`, which is given back whole: it takes over what that one took of payments in
/// advance.
pub fn replacement(
    base: &Invoice,
    invoice: Invoice,
    number: InvoiceNumber,
    date: Date,
    correction: Correction,
) -> Invoice {
    let total = invoice.as_billed().total;
    let prepaid = base.prepaid.as_ref().and_then(|prepaid| prepaid.again(total));
    let mut invoice = Invoice { number, issue_date: date, corrects: Some(correction), prepaid, ..invoice };
    invoice.format = invoice.fitting_format();
    invoice
}
