//! An invoice in the currency that it is billed and paid in.

use std::borrow::Cow;

use super::correction::{Amounts, CreditLine};
use super::exchange::{Exchange, ExchangedCredit, Rate};
use super::invoice::Line;
use super::vat::{VatShare, apportioned};
use super::{Invoice, Money};

impl Invoice {
    /// The document with every amount in the currency that it is billed and paid in: itself, where that is the tariff's.
    ///
    /// Sums, taxes and rows are those that were frozen. Prices are shown by the frozen rate. The limit of a minimum or a cap
    /// stays in the currency of the tariff.
    pub fn as_billed(&self) -> Cow<'_, Invoice> {
        let Some(exchange) = &self.exchange else { return Cow::Borrowed(self) };
        Cow::Owned(self.exchanged(exchange))
    }

    fn exchanged(&self, exchange: &Exchange) -> Invoice {
        let rate = exchange.rate(self.currency);
        let mut billed = self.clone();
        billed.currency = exchange.currency;
        for (line, amount) in billed.lines.iter_mut().zip(&exchange.lines) {
            let unit_price = rate.price(line.unit_price).unwrap_or(line.unit_price);
            *line = Line { unit_price, exact: amount.exact(), amount: *amount, ..line.clone() };
        }
        for (adjustment, row) in billed.adjustments.iter_mut().zip(&exchange.adjustments) {
            (adjustment.amount, adjustment.shares) = (row.amount, row.shares.clone());
        }
        for (earlier, row) in billed.earlier.iter_mut().zip(&exchange.earlier) {
            (earlier.amount, earlier.shares) = (row.amount, row.shares.clone());
        }
        for (line, row) in billed.credited.iter_mut().zip(&exchange.credited) {
            *line = credited(line, row, &rate);
        }
        (billed.net, billed.tax, billed.total) = (exchange.net, exchange.tax, exchange.total);
        billed.vat.clone_from(&exchange.vat);
        billed
    }
}

/// The same parts of another amount.
pub fn shares(of: &[VatShare], amount: Money) -> Vec<VatShare> {
    let parts: Vec<Money> = of.iter().map(|share| share.amount).collect();
    let amounts = apportioned(amount, &parts).unwrap_or_default();
    of.iter().zip(amounts).map(|(share, amount)| VatShare { amount, ..share.clone() }).collect()
}

fn credited(line: &CreditLine, row: &ExchangedCredit, rate: &Rate) -> CreditLine {
    CreditLine {
        unit_price: line.unit_price.and_then(|price| rate.price(price)),
        billed: Amounts { amount: row.billed, ..line.billed },
        now: Amounts { amount: row.now, ..line.now },
        credit: row.credit,
        shares: row.shares.clone(),
        ..line.clone()
    }
}
