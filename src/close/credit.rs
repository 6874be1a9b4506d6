//! The credit note: what an invoice billed, less what stands.

use std::collections::{BTreeMap, BTreeSet};

use super::ClosedMonth;
use super::document::Issue;
use super::filed::Filed;
use super::given::{Given, GivenRow, Known};
use super::rest::{Rest, RowId, Side};
use crate::domain::correction::{Amounts, Correction, CreditLine, CreditOf, DocumentKind};
use crate::domain::exchange::ExchangedCredit;
use crate::domain::invoice::{Chain, Counts, Vat};
use crate::domain::prepaid::Released;
use crate::domain::{
    Currency, Date, Decimal, Exchange, Invoice, InvoiceNumber, Money, Month, Rounding, VatAccounting, VatKey,
};

pub use super::rest::Stands;

/// What of an invoice is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit<'c> {
    /// In the currency of the tariff. Rows that nothing differs in are left out of the note.
    pub lines: Vec<CreditLine>,
    /// What they leave.
    pub stands: Stands<'c>,
    pub month: Month,
    /// Of the month as it stands now.
    pub counts: Counts,
    pub data_sha256: String,
}

impl Credit<'_> {
    /// What is given back, without tax. `None` when it does not fit.
    pub fn net(&self, currency: Currency) -> Option<Money> {
        Money::sum(currency, self.lines.iter().map(|line| line.credit))
    }
}

/// Rows for the charges of the invoice's own month, and for a minimum and a cap. `None` when an amount does not fit.
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
        lines.push(line);
    }
    for of in [CreditOf::Minimum, CreditOf::Cap] {
        let amounts = |filed: &Filed| {
            let amount = filed.adjustments.get(&of).copied().unwrap_or_default();
            Some(Amounts { quantity: 0, amount: exactly(amount, currency)? })
        };
        lines.push(line(of, amounts(billed)?, amounts(now)?)?);
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

/// Whether what is left of an invoice after its credit notes can be told by the rows of its own month.
pub fn is_by_row(invoice: &Invoice, notes: &[Invoice]) -> bool {
    let is_whole = |line: &CreditLine| line.of == CreditOf::EarlierMonth && line.month == Some(invoice.month);
    !notes.iter().flat_map(|note| &note.credited).any(is_whole)
}

/// What the credit notes of an invoice leave of a month, in the currency of the tariff by category and rate. `None` where they are
/// not of the invoice, or a sum does not fit.
pub fn left_of_month(invoice: &Invoice, notes: &[Invoice], month: Month) -> Option<BTreeMap<VatKey, Money>> {
    Rest::of(invoice, notes)?.of_month(month)
}

/// What of a month that was closed again, by category and rate, no invoice `before` another bills. It is below zero where they
/// bill more under one. `None` when a sum does not fit.
pub fn groups_left<'b>(
    closed: &ClosedMonth,
    before: impl IntoIterator<Item = (&'b Invoice, &'b [Invoice])>,
) -> Option<BTreeMap<VatKey, Money>> {
    let mut left: BTreeMap<VatKey, Money> = closed.vat.iter().map(|vat| (vat.key(), vat.net)).collect();
    for (invoice, notes) in before {
        for (vat, amount) in left_of_month(invoice, notes, closed.month)? {
            let rest = left.entry(vat).or_insert(Money::zero(amount.currency()));
            *rest = rest.checked_sub(amount)?;
        }
    }
    Some(left)
}

/// What a credit note says of the invoice that it corrects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected<'i> {
    pub invoice: &'i Invoice,
    /// Its credit notes so far, all of them.
    pub notes: &'i [Invoice],
    pub correction: Correction,
}

/// The credit note for an invoice: what was left of it less what stands, in every row, group and currency. The tax is what the
/// tax of the rest becomes less, so that all credit notes of an invoice together never give back more tax than it charged.
/// `None` when an amount does not fit, the rows are not what the invoice loses, or more would be given back than is left.
pub fn credit_note(corrected: Corrected, credit: Credit, issue: Issue) -> Option<Invoice> {
    let Corrected { invoice, notes, correction } = corrected;
    let net = credit.net(invoice.currency)?;
    let (before, after) = Rest::of(invoice, notes)?.after(&credit.stands)?;
    if net.minor() <= 0 || after.tariff.net()?.minor() < 0 {
        return None;
    }
    let known = Known::of(invoice, &credit.stands, &[&before.tariff, &after.tariff, &before.billed, &after.billed]);
    let mut credited = Vec::new();
    for line in credit.lines {
        let row = RowId::of(&line);
        let differs = before.tariff.differs(&after.tariff, &row) || before.billed.differs(&after.billed, &row);
        credited.extend((line.billed != line.now || differs).then_some(line));
    }
    let rows: Vec<RowId> = credited.iter().map(RowId::of).collect();
    let given = Given::of(&before.tariff, &after.tariff, &rows, &known)?;
    for (line, row) in credited.iter_mut().zip(given.rows) {
        if line.credit != row.credit {
            return None;
        }
        line.shares = row.shares;
    }
    let exchange = match &invoice.exchange {
        Some(exchange) => Some(exchanged(exchange, Given::of(&before.billed, &after.billed, &rows, &known)?)),
        None => None,
    };
    let in_other = exchange.as_ref().map(|exchange| &exchange.vat);
    let is_taxed = given.vat.iter().chain(in_other.into_iter().flatten()).any(Vat::is_charged);
    let vat_accounting = match invoice.vat_accounting.as_ref().filter(|_| is_taxed) {
        Some(accounting) => Some(accounted(accounting, &before.billed, &after.billed)?),
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
        net: given.net,
        vat: given.vat,
        tax: given.tax,
        total: given.total,
        exchange,
        vat_accounting,
        // So is a note on an invoice of before there were e-invoices.
        electronic: true,
        chain: Chain { previous: issue.previous },
        ..invoice.clone()
    };
    note.format = note.format.max(note.fitting_format());
    note.computation.counts = credit.counts;
    note.computation.data_sha256 = credit.data_sha256;
    Some(note)
}

/// The tax in the currency of a VAT return: what that of the rest becomes less, by the rate of the invoice.
fn accounted(accounting: &VatAccounting, before: &Side, after: &Side) -> Option<VatAccounting> {
    let rate = accounting.rate(before.currency);
    let left = |side: &Side| rate.convert(side.tax()?.exact());
    Some(VatAccounting { tax: left(before)?.checked_sub(left(after)?)?, ..accounting.clone() })
}

/// The same in the currency of the invoice, by its rate.
fn exchanged(exchange: &Exchange, given: Given) -> Exchange {
    let row = |GivenRow { billed, now, credit, shares }| ExchangedCredit { billed, now, credit, shares };
    Exchange {
        lines: Vec::new(),
        adjustments: Vec::new(),
        earlier: Vec::new(),
        credited: given.rows.into_iter().map(row).collect(),
        net: given.net,
        vat: given.vat,
        tax: given.tax,
        total: given.total,
        ..exchange.clone()
    }
}

/// The invoice with other words in place of `base`, which `note` gives back whole: it takes over what that one took of payments
/// in advance, and releases what it needs less.
pub fn replacement(
    (base, note): (&Invoice, &Invoice),
    invoice: Invoice,
    number: InvoiceNumber,
    date: Date,
    correction: Correction,
) -> (Invoice, Vec<Released>) {
    let (total, rest) = (invoice.as_billed().total, note.as_billed().total);
    let again = base.prepaid.as_ref().map(|prepaid| prepaid.again(total, rest));
    let (prepaid, released) = again.unwrap_or_default();
    let mut invoice = Invoice { number, issue_date: date, corrects: Some(correction), prepaid, ..invoice };
    invoice.format = invoice.fitting_format();
    (invoice, released)
}
