//! Sums of the month, one per currency: amounts of two currencies are never added.
//!
//! There are two: what is billed of the month, whichever document bills it, and what the documents of the month ask for,
//! parts of earlier months included. Only the second has a tax.

use std::collections::BTreeMap;

use super::facts::{Document, MonthFacts};
use super::number::{Amounts, NONE};
use super::page::{DocumentSums, MonthSums};
use crate::domain::{Currency, Money, Month};

/// A sum is `None` when it does not fit.
type Sum = Option<Money>;

/// The amounts of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub net: Sum,
    pub tax: Sum,
    pub total: Sum,
}

/// What is billed in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyTotal {
    /// Invoices of the month, those in place of others included.
    pub invoices: u64,
    /// Credit notes of the month.
    pub notes: u64,
    /// Of the month, without tax: by all invoices, and given back by all credit notes.
    pub issued: Sum,
    pub credited: Sum,
    /// Of the month, without tax: by invoices of other months.
    pub elsewhere: Sum,
    /// Of earlier months, without tax: by invoices of this one.
    pub earlier: Sum,
    /// By the invoices of the month, and given back by its credit notes.
    pub billed: Asked,
    pub back: Asked,
}

/// The month's sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Of the page's own currency; zero without any.
    pub own: CurrencyTotal,
    others: BTreeMap<Currency, CurrencyTotal>,
}

fn plus(sum: Sum, amount: Sum) -> Sum {
    sum?.checked_add(amount?)
}

fn less(sum: Sum, amount: Sum) -> Sum {
    sum?.checked_sub(amount?)
}

impl Asked {
    fn add(&mut self, document: &Document) {
        self.net = plus(self.net, Some(document.net));
        self.tax = plus(self.tax, Some(document.tax));
        self.total = plus(self.total, Some(document.total));
    }

    fn less(self, other: Self) -> Self {
        let (net, tax) = (less(self.net, other.net), less(self.tax, other.tax));
        Self { net, tax, total: less(self.total, other.total) }
    }
}

impl CurrencyTotal {
    fn zero(currency: Currency) -> Self {
        let zero = Some(Money::zero(currency));
        let asked = Asked { net: zero, tax: zero, total: zero };
        Self {
            invoices: 0,
            notes: 0,
            issued: zero,
            credited: zero,
            elsewhere: zero,
            earlier: zero,
            billed: asked,
            back: asked,
        }
    }

    fn add(&mut self, document: &Document, month: Month) {
        let (is_invoice, is_own) = (document.kind.is_invoice(), document.month == month);
        let of_month = if is_invoice { &mut self.issued } else { &mut self.credited };
        *of_month = plus(*of_month, Some(document.part));
        match (is_own, is_invoice) {
            (true, true) => {
                self.invoices += 1;
                self.billed.add(document);
                let earlier = document.earlier.iter().map(|earlier| earlier.amount);
                self.earlier = earlier.fold(self.earlier, |sum, amount| plus(sum, Some(amount)));
            }
            (true, false) => {
                self.notes += 1;
                self.back.add(document);
            }
            (false, true) => self.elsewhere = plus(self.elsewhere, Some(document.part)),
            (false, false) => {}
        }
    }

    /// What stands of the month, as far as documents bill it.
    pub fn standing(&self) -> Sum {
        less(self.issued, self.credited)
    }

    /// Whether anything was given back of the month.
    pub fn has_credit(&self) -> bool {
        !self.credited.is_some_and(Money::is_zero)
    }

    /// What the documents of the month ask for in the end.
    pub fn asked(&self) -> Asked {
        self.billed.less(self.back)
    }

    /// `2 invoices`, `1 invoice, 1 credit note`
    pub fn documents(&self, amounts: Amounts) -> String {
        documents(amounts, self.invoices, self.notes)
    }

    pub fn cells(&self, amounts: Amounts) -> MonthSums {
        MonthSums {
            issued: amounts.money(self.issued),
            credited: amounts.money(self.credited),
            standing: amounts.money(self.standing()),
        }
    }

    pub fn asked_cells(&self, amounts: Amounts) -> DocumentSums {
        let Asked { net, tax, total } = self.asked();
        DocumentSums {
            documents: self.documents(amounts),
            part: amounts.money(self.standing()),
            net: amounts.money(net),
            tax: amounts.money(tax),
            total: amounts.money(total),
        }
    }

    fn is_empty(&self) -> bool {
        let is_zero = |sum: Sum| sum.is_some_and(Money::is_zero);
        self.invoices + self.notes == 0 && is_zero(self.issued) && is_zero(self.credited)
    }
}

/// The same of one business: nothing without documents, nothing given back without a credit note.
pub fn of_business(amounts: Amounts, documents: &[Document]) -> MonthSums {
    let none = || NONE.to_owned();
    let mut sums: BTreeMap<Currency, CurrencyTotal> = BTreeMap::new();
    for document in documents {
        let currency = document.part.currency();
        sums.entry(currency).or_insert_with(|| CurrencyTotal::zero(currency)).add(document, document.month);
    }
    if sums.is_empty() {
        return MonthSums { issued: none(), credited: none(), standing: none() };
    }
    let has_credit = documents.iter().any(|document| !document.kind.is_invoice());
    let told = |of: fn(&CurrencyTotal) -> Sum| {
        sums.values().map(|sums| amounts.money(of(sums))).collect::<Vec<_>>().join(&amounts.and())
    };
    MonthSums {
        issued: told(|sums| sums.issued),
        credited: if has_credit { told(|sums| sums.credited) } else { none() },
        standing: told(CurrencyTotal::standing),
    }
}

fn documents(amounts: Amounts, invoices: u64, notes: u64) -> String {
    let said = amounts.counted(invoices, "invoice", "invoices");
    if notes == 0 { said } else { format!("{said}, {}", amounts.counted(notes, "credit note", "credit notes")) }
}

impl Totals {
    pub fn of(facts: &MonthFacts) -> Self {
        let mut totals = Self { own: CurrencyTotal::zero(facts.currency), others: BTreeMap::new() };
        for document in facts.businesses.iter().flat_map(|business| business.state.documents()) {
            totals.entry(facts.currency, document.total.currency()).add(document, facts.month);
        }
        totals
    }

    /// `2 invoices, 1 credit note`
    pub fn documents(&self, amounts: Amounts) -> String {
        let sum = |of: fn(&CurrencyTotal) -> u64| of(&self.own) + self.others.values().map(of).sum::<u64>();
        documents(amounts, sum(|sums| sums.invoices), sum(|sums| sums.notes))
    }

    /// The page's own currency first; left out where all documents have another one.
    pub fn all(&self) -> impl Iterator<Item = &CurrencyTotal> {
        let own = (!self.own.is_empty() || self.others.is_empty()).then_some(&self.own);
        own.into_iter().chain(self.others.values())
    }

    /// Sums in other currencies than that of the page.
    pub fn others(&self) -> impl Iterator<Item = &CurrencyTotal> {
        self.others.values()
    }

    /// `USD 1,234.56 and EUR 2.00`: what all invoices of the month together ask for.
    pub fn payable(&self, amounts: Amounts) -> String {
        let billed = self.all().filter(|sums| sums.invoices > 0);
        billed.map(|sums| amounts.coded(sums.billed.total)).collect::<Vec<_>>().join(&amounts.and())
    }

    /// `USD 1.00`: what the credit notes of the month together give back; empty without any.
    pub fn given_back(&self, amounts: Amounts) -> String {
        let back = self.all().filter(|sums| sums.notes > 0);
        back.map(|sums| amounts.coded(sums.back.total)).collect::<Vec<_>>().join(&amounts.and())
    }

    fn entry(&mut self, own: Currency, currency: Currency) -> &mut CurrencyTotal {
        if currency == own {
            return &mut self.own;
        }
        self.others.entry(currency).or_insert_with(|| CurrencyTotal::zero(currency))
    }
}
