//! The canonical invoice of a closed month.

use super::ClosedMonth;
use super::vat::{self, Rows};
use crate::domain::billed::shares;
use crate::domain::business::Issuer;
use crate::domain::correction::{DocumentKind, Earlier};
use crate::domain::exchange::ExchangedRow;
use crate::domain::invoice::{AdjustmentKind, Chain, Computation, Format, Payment, Vat};
use crate::domain::vat::VatShare;
use crate::domain::{
    Available, Business, Currency, Date, Elapsed, Exchange, Invoice, InvoiceNumber, Money, Prepaid, Rate,
    VatAccounting, VatBook, VatKey,
};

/// What the issue adds to the closed month: given in the ledger's transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub number: InvoiceNumber,
    pub date: Date,
    /// Head of the chain of issued documents before this one.
    pub previous: String,
    /// Amounts of earlier months that the invoice bills too.
    pub earlier: Vec<Earlier>,
    pub rates: FrozenRates,
    /// What is left of payments in advance, in the order in which they were received.
    pub available: Vec<Available>,
}

/// The rates of exchange of an invoice, as they were when the month was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrozenRates {
    /// Where it is billed in another currency than that of the tariff.
    pub exchange: Option<Frozen>,
    /// From the currency that it is billed in to that of the seller's VAT return, where they differ. It says nothing where no
    /// tax is charged.
    pub vat: Option<Frozen>,
}

/// A rate of exchange, as it was when the month was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub rate: Rate,
    /// SHA-256 of the rows of the table that prove it.
    pub table_sha256: String,
}

/// The tariff as the invoice names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TariffName {
    pub id: String,
    pub version: String,
    pub sha256: String,
    pub source: String,
    pub window: Elapsed,
    /// What differs from the default reading; empty for the default.
    pub reading: String,
    /// How tiers are read; empty without any.
    pub tiers: String,
    /// So many of the first charges of a month cost nothing.
    pub free: u64,
    pub currency: Currency,
}

/// The invoice of a closed month with charges, or with amounts of earlier months. `None` when a sum does not fit.
pub fn invoice(
    issuer: &Issuer,
    business: &Business,
    closed: &ClosedMonth,
    tariff: &TariffName,
    issue: Issue,
) -> Option<Invoice> {
    let main = closed.vat_main.clone();
    let rows = Rows::of(closed, issue.earlier).keyed(&business.vat, main.as_ref());
    let net = rows.net(closed.net.currency())?;
    let vat = rows.groups(&business.vat, main.as_ref(), net.currency())?;
    let tax = Money::sum(net.currency(), vat.iter().map(|vat| vat.tax))?;
    let exchange = match issue.rates.exchange {
        Some(frozen) => Some(exchange(frozen, &rows, &business.vat, main.as_ref())?),
        None => None,
    };
    let total = net.checked_add(tax)?;
    let (billed_tax, billed) = exchange.as_ref().map_or((tax, total), |exchange| (exchange.tax, exchange.total));
    let vat_accounting = match issue.rates.vat.filter(|_| vat.iter().any(Vat::is_charged)) {
        Some(frozen) => Some(accounted(frozen, billed_tax)?),
        None => None,
    };
    let prepaid = Prepaid::of(billed, &issue.available);
    let Rows { lines, adjustments, earlier, .. } = rows;
    let mut invoice = Invoice {
        format: Format::First,
        kind: DocumentKind::Invoice,
        number: issue.number,
        corrects: None,
        business: business.id.clone(),
        month: closed.month,
        issue_date: issue.date,
        due_date: issue.date.plus_days(issuer.payment_days),
        language: business.language,
        currency: tariff.currency,
        seller: issuer.party.clone(),
        seller_email: issuer.email.clone(),
        buyer: business.party.clone(),
        reference: business.reference.clone(),
        e_invoice: business.e_invoice,
        lines,
        adjustments,
        earlier,
        credited: Vec::new(),
        net,
        vat,
        tax,
        total,
        exchange,
        vat_accounting,
        prepaid,
        payment: Payment { iban: issuer.iban.clone(), bic: issuer.bic.clone(), days: issuer.payment_days },
        electronic: true,
        computation: computation(business, closed, tariff),
        chain: Chain { previous: issue.previous },
    };
    invoice.format = invoice.fitting_format();
    Some(invoice)
}

fn computation(business: &Business, closed: &ClosedMonth, tariff: &TariffName) -> Computation {
    Computation {
        window: tariff.window,
        reading: tariff.reading.clone(),
        tiers: tariff.tiers.clone(),
        free: tariff.free,
        zone: business.zone,
        tariff_id: tariff.id.clone(),
        tariff_version: tariff.version.clone(),
        tariff_sha256: tariff.sha256.clone(),
        tariff_source: tariff.source.clone(),
        cut: closed.cut,
        counts: closed.counts,
        data_sha256: closed.data_sha256.clone(),
    }
}

/// What is made again of an issued document says no more than the version that issued it could say: a document without
/// an e-invoice stays without.
pub fn in_form_of(issued: &Invoice, invoice: Invoice) -> Invoice {
    Invoice { electronic: invoice.electronic && issued.electronic, ..invoice }
}

/// All tax of a document, in the currency of a VAT return, rounded once. `None` when it does not fit.
fn accounted(frozen: Frozen, tax: Money) -> Option<VatAccounting> {
    let Frozen { rate, table_sha256 } = frozen;
    Some(VatAccounting {
        currency: rate.to,
        rate_date: rate.date,
        billed_per_euro: rate.from_per_euro,
        accounted_per_euro: rate.to_per_euro,
        table_sha256,
        tax: rate.convert(tax.exact())?,
    })
}

/// Rows in another currency. A line is rounded once from its exact sum. A minimum or a cap is what is missing to its limit in
/// that currency, or lies above it there, so that no cap takes more than there is; what it comes to has the parts of the lines.
/// `None` when an amount does not fit.
pub(super) fn rows_at(rate: &Rate, rows: &Rows) -> Option<Rows> {
    let (mut billed, zero) = (rows.clone(), Money::zero(rate.to));
    for line in &mut billed.lines {
        line.amount = rate.convert(line.exact)?;
    }
    let mut sum = Money::sum(rate.to, billed.lines.iter().map(|line| line.amount))?;
    for row in &mut billed.adjustments {
        let to_limit = rate.convert(row.limit.exact())?.checked_sub(sum)?;
        row.amount = match row.kind {
            AdjustmentKind::Minimum => to_limit.max(zero),
            AdjustmentKind::Cap => to_limit.min(zero),
        };
        sum = sum.checked_add(row.amount)?;
        row.shares.clear();
    }
    vat::share_adjustments(&billed.lines, &mut billed.adjustments)?;
    for (row, was) in billed.adjustments.iter_mut().zip(&rows.adjustments).filter(|(row, _)| row.shares.is_empty()) {
        // Nothing has no parts, and yet says under what it falls.
        row.shares = shares(&was.shares, row.amount);
    }
    for row in &mut billed.earlier {
        row.amount = rate.convert(row.amount.exact())?;
        row.shares = shares(&row.shares, row.amount);
    }
    Some(billed)
}

/// Every row in another currency, their sum, and the tax on that, rounded once a group. `None` when an amount does not fit.
fn exchange(frozen: Frozen, rows: &Rows, book: &VatBook, main: Option<&VatKey>) -> Option<Exchange> {
    let Frozen { rate, table_sha256 } = frozen;
    let billed = rows_at(&rate, rows)?;
    let net = billed.net(rate.to)?;
    let vat = billed.groups(book, main, rate.to)?;
    let tax = Money::sum(rate.to, vat.iter().map(|vat| vat.tax))?;
    Some(Exchange {
        currency: rate.to,
        rate_date: rate.date,
        tariff_per_euro: rate.from_per_euro,
        billed_per_euro: rate.to_per_euro,
        table_sha256,
        lines: billed.lines.iter().map(|line| line.amount).collect(),
        adjustments: billed.adjustments.into_iter().map(|row| exchanged(row.amount, row.shares)).collect(),
        earlier: billed.earlier.into_iter().map(|row| exchanged(row.amount, row.shares)).collect(),
        credited: Vec::new(),
        net,
        vat,
        tax,
        total: net.checked_add(tax)?,
    })
}

const fn exchanged(amount: Money, shares: Vec<VatShare>) -> ExchangedRow {
    ExchangedRow { amount, shares }
}
