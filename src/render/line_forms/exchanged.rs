//! What a line file comes to in the currency that its document is billed in. Its rows are in that of the tariff.

use super::super::view::line_file;
use crate::domain::{Invoice, Money, Month};

/// Net amounts in both currencies, and the rate between them.
pub(super) struct Exchanged {
    /// In the currency of the tariff.
    pub tariff: Money,
    pub billed: Money,
    /// `1 EUR = 1.1651 USD, published on 2018-08-31`.
    pub rate: String,
}

impl Exchanged {
    /// Of the file `name` that goes with a document: of its own month, or of an earlier one that it bills. `None` where the
    /// document is in the currency of the tariff, or has no such file.
    pub fn of(invoice: &Invoice, name: &str) -> Option<Self> {
        let exchange = invoice.exchange.as_ref()?;
        let (tariff, billed) = if invoice.is_credit_note() {
            (invoice.net, exchange.net)
        } else if name == line_file(invoice) {
            let of_earlier = invoice.earlier.iter().map(|earlier| earlier.amount);
            (less(invoice.net, of_earlier)?, less(exchange.net, exchange.earlier.iter().map(|row| row.amount))?)
        } else {
            let is_it = |month: Month| name == format!("{}_{month}.csv", invoice.number);
            let earlier = invoice.earlier.iter().zip(&exchange.earlier).filter(|(earlier, _)| is_it(earlier.month));
            let (tariff, billed): (Vec<Money>, Vec<Money>) =
                earlier.map(|(earlier, billed)| (earlier.amount, billed.amount)).unzip();
            (Money::sum(tariff.first()?.currency(), tariff)?, Money::sum(exchange.currency, billed)?)
        };
        let legs = [(invoice.currency, exchange.tariff_per_euro), (exchange.currency, exchange.billed_per_euro)];
        let legs = legs.into_iter().filter(|(currency, _)| currency.code() != "EUR");
        let legs: Vec<String> = legs.map(|(currency, per_euro)| format!("{per_euro} {currency}")).collect();
        let rate = format!("1 EUR = {}, published on {}", legs.join(" = "), exchange.rate_date);
        Some(Self { tariff, billed, rate })
    }
}

fn less(net: Money, mut parts: impl Iterator<Item = Money>) -> Option<Money> {
    parts.try_fold(net, Money::checked_sub)
}
