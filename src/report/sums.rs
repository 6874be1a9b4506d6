//! Sums of the month's invoices, one per currency: amounts of two currencies are never added.

use std::collections::BTreeMap;

use super::facts::{MonthFacts, State};
use super::number::{Amounts, money};
use super::page::InvoiceSums;
use crate::domain::{Currency, Money};

/// The invoices in one currency. A sum is `None` when it does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyTotal {
    pub invoices: u64,
    pub net: Option<Money>,
    pub tax: Option<Money>,
    pub total: Option<Money>,
}

/// The month's invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTotals {
    /// Of the page's own currency; zero without any.
    pub own: CurrencyTotal,
    others: BTreeMap<Currency, CurrencyTotal>,
}

impl CurrencyTotal {
    fn zero(currency: Currency) -> Self {
        let zero = Some(Money::zero(currency));
        Self { invoices: 0, net: zero, tax: zero, total: zero }
    }

    fn add(&mut self, net: Money, tax: Money, total: Money) {
        let plus = |sum: Option<Money>, amount: Money| sum.and_then(|sum| sum.checked_add(amount));
        self.invoices += 1;
        (self.net, self.tax, self.total) = (plus(self.net, net), plus(self.tax, tax), plus(self.total, total));
    }

    pub fn cells(&self, amounts: Amounts) -> InvoiceSums {
        let digits = |amount| amounts.money(amount);
        InvoiceSums { net: digits(self.net), tax: digits(self.tax), total: digits(self.total) }
    }
}

impl InvoiceTotals {
    pub fn of(facts: &MonthFacts) -> Self {
        let mut totals = Self { own: CurrencyTotal::zero(facts.currency), others: BTreeMap::new() };
        for business in &facts.businesses {
            if let State::Issued { net, tax, total, .. } = business.state {
                totals.entry(facts.currency, total.currency()).add(net, tax, total);
            }
        }
        totals
    }

    /// How many invoices there are.
    pub fn count(&self) -> u64 {
        self.own.invoices + self.others.values().map(|sums| sums.invoices).sum::<u64>()
    }

    /// The page's own currency first; left out where all invoices have another one.
    pub fn all(&self) -> impl Iterator<Item = &CurrencyTotal> {
        let own = (self.own.invoices > 0 || self.others.is_empty()).then_some(&self.own);
        own.into_iter().chain(self.others.values())
    }

    /// Sums in other currencies than that of the page.
    pub fn others(&self, amounts: Amounts) -> Vec<InvoiceSums> {
        self.others.values().map(|sums| sums.cells(amounts)).collect()
    }

    /// `USD 1,234.56 and EUR 2.00`: what all invoices together ask for.
    pub fn payable(&self) -> String {
        self.all().map(|sums| money(sums.total)).collect::<Vec<_>>().join(" and ")
    }

    fn entry(&mut self, own: Currency, currency: Currency) -> &mut CurrencyTotal {
        if currency == own {
            return &mut self.own;
        }
        self.others.entry(currency).or_insert_with(|| CurrencyTotal::zero(currency))
    }
}
