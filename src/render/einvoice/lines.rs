//! The lines of an e-invoice (BG-25). Their amounts are those of the document; where no quantity times a price gives one,
//! it is one unit at that price.

use super::fill::plain;
use super::terms::LineTerms;
use crate::domain::correction::{CreditLine, CreditOf};
use crate::domain::invoice::Vat;
use crate::domain::{Decimal, Invoice, Money, Rounding};
use crate::render::lines::adjustment_label;
use crate::render::view::InvoiceView;

/// All lines of a document with one treatment of VAT. `None` when a quantity does not fit.
pub(super) fn of(invoice: &Invoice, view: &InvoiceView, vat: &Vat) -> Option<Vec<LineTerms>> {
    if invoice.is_credit_note() {
        let rows = view.credit.iter().flat_map(|credit| &credit.rows);
        let credited = invoice.credited.iter().zip(rows);
        return credited.map(|(line, row)| Some(named(credit(line)?, vat, &row.description, &row.detail))).collect();
    }
    let counted = invoice.lines.iter().map(|line| Counted {
        quantity: i128::from(line.quantity),
        price: line.unit_price,
        net: line.amount,
    });
    let earlier = invoice.earlier.iter().map(|earlier| whole(earlier.amount));
    let counted = counted.map(|counted| counted.or_whole()).chain(earlier).zip(&view.lines);
    let lines = counted.map(|(counted, said)| named(counted, vat, &said.description, &said.detail));
    let adjusted = invoice
        .adjustments
        .iter()
        .map(|adjustment| named(whole(adjustment.amount), vat, &adjustment_label(adjustment, invoice.language), ""));
    Some(lines.chain(adjusted).collect())
}

/// So many units at a price, and what they come to.
#[derive(Clone, Copy)]
struct Counted {
    quantity: i128,
    price: Decimal,
    net: Money,
}

impl Counted {
    /// The same as one unit where quantity and price do not come to the amount.
    fn or_whole(self) -> Self {
        let units = u64::try_from(self.quantity.unsigned_abs()).ok();
        let product = units.and_then(|units| self.price.times(units));
        let rounded = product.and_then(|sum| sum.rounded(self.net.currency(), Rounding::HalfAwayFromZero));
        let signed = rounded.map(|sum| if self.quantity < 0 { sum.negated() } else { sum });
        if signed == Some(self.net) && !self.price.is_negative() { self } else { whole(self.net) }
    }
}

/// An amount without a quantity: one unit, taken away where the amount is below zero. A price never is.
fn whole(net: Money) -> Counted {
    let (quantity, price) = if net.minor() < 0 { (-1, net.negated()) } else { (1, net) };
    Counted { quantity, price: price.exact(), net }
}

/// What a row of a credit note gives back. `None` when it does not fit.
fn credit(line: &CreditLine) -> Option<Counted> {
    let quantity = i128::from(line.billed.quantity).checked_sub(i128::from(line.now.quantity))?;
    let price = if line.free { Some(Decimal::ZERO) } else { line.unit_price };
    let counted = match (line.of, price) {
        (CreditOf::Charges, Some(price)) if quantity != 0 => Counted { quantity, price, net: line.credit }.or_whole(),
        _ => whole(line.credit),
    };
    Some(counted)
}

fn named(counted: Counted, vat: &Vat, name: &str, description: &str) -> LineTerms {
    LineTerms {
        quantity: counted.quantity,
        net: counted.net,
        price: counted.price,
        priced_units: None,
        category: vat.category.clone(),
        rate: (vat.category != "O").then_some(vat.rate),
        name: plain(name),
        description: plain(description),
    }
}
