//! The lines of an e-invoice (BG-25). Their amounts are those of the document. Where no quantity times a price gives one,
//! the amount is the price of all units together, or of one unit where nothing is counted.

use super::fill::{OUT_OF_SCOPE, plain};
use super::terms::LineTerms;
use crate::domain::correction::{CreditLine, CreditOf};
use crate::domain::vat::{VatKey, VatShare};
use crate::domain::{Decimal, Invoice, Money, Rounding};
use crate::render::lines::{adjustment_label, lines as drawn};
use crate::render::view::InvoiceView;

/// All lines of a document. `None` where one does not say its category of VAT, and the document has not one alone.
pub(super) fn of(invoice: &Invoice, view: &InvoiceView) -> Option<Vec<LineTerms>> {
    let main = invoice.vat.first().filter(|_| invoice.vat.len() == 1).map(|vat| vat.key());
    let rows = if invoice.is_credit_note() { credited(invoice, view) } else { billed(invoice) };
    rows.into_iter().map(|row| row.terms(main.as_ref())).collect()
}

/// A row of the document, with the words that its view has for it.
struct Row {
    counted: Counted,
    vat: Option<VatKey>,
    name: String,
    description: String,
}

impl Row {
    fn terms(self, main: Option<&VatKey>) -> Option<LineTerms> {
        let VatKey { category, rate } = self.vat.or_else(|| main.cloned())?;
        let Counted { quantity, price, priced_units, net } = self.counted;
        let rate = (category != OUT_OF_SCOPE).then_some(rate);
        let (name, description) = (plain(&self.name), plain(&self.description));
        Some(LineTerms { quantity, net, price, priced_units, category, rate, name, description })
    }
}

fn billed(invoice: &Invoice) -> Vec<Row> {
    let lines = invoice.lines.iter().map(|line| {
        let counted = Counted::of(i128::from(line.quantity), line.unit_price, line.amount);
        vec![(counted, line.vat.clone())]
    });
    let earlier = invoice.earlier.iter().map(|earlier| {
        let parts = earlier.by_key().into_iter();
        parts.map(|(key, amount)| (Counted::whole(amount), key.cloned())).collect::<Vec<_>>()
    });
    // Every line, whatever the page puts together.
    let rows = lines.chain(earlier).zip(drawn(invoice)).flat_map(|(parts, said)| {
        let row = |(counted, vat)| {
            let (name, description) = (said.description.clone(), said.detail.clone());
            Row { counted, vat, name, description }
        };
        parts.into_iter().map(row).collect::<Vec<_>>()
    });
    let adjusted = invoice.adjustments.iter().flat_map(|adjustment| {
        let name = adjustment_label(adjustment, invoice.language);
        parts(Counted::whole(adjustment.amount), &adjustment.shares, &name, "")
    });
    rows.chain(adjusted).collect()
}

fn credited(invoice: &Invoice, view: &InvoiceView) -> Vec<Row> {
    let said = view.credit.iter().flat_map(|credit| &credit.rows);
    let rows = invoice.credited.iter().zip(said);
    rows.flat_map(|(line, said)| parts(credit(line), &line.shares, &said.description, &said.detail)).collect()
}

/// The row by the categories of VAT that it has a share of: as it is where that is one at most.
fn parts(counted: Counted, shares: &[VatShare], name: &str, description: &str) -> Vec<Row> {
    let row = |counted, vat| Row { counted, vat, name: name.to_owned(), description: description.to_owned() };
    match shares {
        [] => vec![row(counted, None)],
        [only] => vec![row(counted, Some(only.vat.clone()))],
        several => several.iter().map(|share| row(Counted::whole(share.amount), Some(share.vat.clone()))).collect(),
    }
}

/// So many units at a price, and what they come to.
#[derive(Clone, Copy)]
struct Counted {
    quantity: i128,
    price: Decimal,
    /// So many units have the price together, where that is not one.
    priced_units: Option<u64>,
    net: Money,
}

impl Counted {
    /// Units at their price, or at the price of all of them where their own does not give the amount.
    fn of(quantity: i128, price: Decimal, net: Money) -> Self {
        let Ok(units) = u64::try_from(quantity.unsigned_abs()) else { return Self::whole(net) };
        let is_taken = quantity < 0;
        let product = price.times(units).and_then(|sum| sum.rounded(net.currency(), Rounding::HalfAwayFromZero));
        let product = product.map(|sum| if is_taken { sum.negated() } else { sum });
        if product == Some(net) && !price.is_negative() {
            return Self { quantity, price, priced_units: None, net };
        }
        let together = if is_taken { net.negated() } else { net };
        if units == 0 || together.minor() < 0 {
            return Self::whole(net);
        }
        Self { quantity, price: together.exact(), priced_units: Some(units), net }
    }

    /// An amount without a quantity: one unit, taken away where the amount is below zero. A price never is.
    fn whole(net: Money) -> Self {
        let (quantity, price) = if net.minor() < 0 { (-1, net.negated()) } else { (1, net) };
        Self { quantity, price: price.exact(), priced_units: None, net }
    }
}

/// What a row of a credit note gives back.
fn credit(line: &CreditLine) -> Counted {
    let quantity = i128::from(line.billed.quantity) - i128::from(line.now.quantity);
    let price = if line.free { Some(Decimal::ZERO) } else { line.unit_price };
    match (line.of, price) {
        (CreditOf::Charges, Some(price)) if quantity != 0 => Counted::of(quantity, price, line.credit),
        _ => Counted::whole(line.credit),
    }
}
