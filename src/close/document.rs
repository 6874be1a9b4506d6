//! The canonical invoice of a closed month.

use super::ClosedMonth;
use crate::domain::business::{Issuer, VatTreatment};
use crate::domain::correction::{DocumentKind, Earlier};
use crate::domain::invoice::{Chain, Computation, Format, Payment};
use crate::domain::{Business, Currency, Date, Elapsed, Electronic, Invoice, InvoiceNumber, Money};

/// What the issue adds to the closed month: given in the ledger's transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub number: InvoiceNumber,
    pub date: Date,
    /// Head of the chain of issued documents before this one.
    pub previous: String,
    /// Amounts of earlier months that the invoice bills too.
    pub earlier: Vec<Earlier>,
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
    let net = issue.earlier.iter().map(|earlier| earlier.amount).try_fold(closed.net, Money::checked_add)?;
    let vat = super::vat(business, net)?;
    let tax = Money::sum(net.currency(), vat.iter().map(|vat| vat.tax))?;
    Some(Invoice {
        format: Format,
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
        lines: closed.lines.clone(),
        adjustments: closed.adjustments.clone(),
        earlier: issue.earlier,
        credited: Vec::new(),
        net,
        vat,
        tax,
        total: net.checked_add(tax)?,
        payment: Payment { iban: issuer.iban.clone(), bic: issuer.bic.clone(), days: issuer.payment_days },
        electronic: Some(Electronic {
            seller: issuer.endpoint.clone(),
            buyer: business.endpoint.clone(),
            ubl: business.ubl,
        }),
        computation: Computation {
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
        },
        chain: Chain { previous: issue.previous },
    })
}

/// What is made again of an issued document says no more than the version that issued it could say: a document without
/// an e-invoice stays without.
pub fn in_form_of(issued: &Invoice, invoice: Invoice) -> Invoice {
    let electronic = invoice.electronic.filter(|_| issued.electronic.is_some());
    Invoice { electronic, ..invoice }
}

/// Why no tax is charged, in the words that the law asks for; `None` where tax is charged.
pub(super) fn reason(treatment: &VatTreatment) -> Option<String> {
    match treatment {
        VatTreatment::Standard { .. } => None,
        VatTreatment::ReverseCharge => Some("Reverse charge / Inversione contabile".to_owned()),
        VatTreatment::OutOfScope => Some("Not subject to VAT".to_owned()),
        VatTreatment::Exempt { reason } => Some(reason.clone()),
    }
}
