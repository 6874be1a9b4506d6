//! VAT of a month: the category and rate of each of its amounts, and the tax of each group, rounded once.

use std::collections::BTreeMap;

use crate::domain::charge::RatedWait;
use crate::domain::correction::Earlier;
use crate::domain::invoice::{Adjustment, Line, Vat};
use crate::domain::vat::{TaxPoint, VatShare, apportioned};
use crate::domain::{Business, Currency, Money, Month, Rounding, VatBook, VatKey, VatTreatment};

/// Whether the charges of a month fall under different categories or rates.
#[derive(Clone, Copy)]
pub(super) struct Parting<'b> {
    business: &'b Business,
    parts: bool,
}

impl<'b> Parting<'b> {
    pub fn of(business: &'b Business, rated: &[RatedWait]) -> Self {
        let mut keys = rated.iter().filter(|rated| rated.charge.is_some()).map(|rated| key_of(business, rated));
        let parts = business.vat.may_part() && keys.next().is_some_and(|first| keys.any(|key| key != first));
        Self { business, parts }
    }

    pub const fn book(&self) -> &'b VatBook {
        &self.business.vat
    }

    /// The category and rate of a charge, where the month has several.
    pub fn key(&self, rated: &RatedWait) -> Option<VatKey> {
        if self.parts { key_of(self.business, rated) } else { None }
    }

    /// What the month as a whole falls under: its charges where they all fall under the same, else its last day.
    pub fn main(&self, month: Month, rated: &[RatedWait]) -> Option<VatKey> {
        let mut charged = rated.iter().filter(|rated| rated.charge.is_some());
        let of_charges = || charged.next().and_then(|rated| key_of(self.business, rated));
        let by_charge = self.business.vat.may_part() && !self.parts;
        by_charge.then(of_charges).flatten().or_else(|| of_month(&self.business.vat, month))
    }
}

fn key_of(business: &Business, rated: &RatedWait) -> Option<VatKey> {
    let day = business.zone.date_of(rated.wait.received_at);
    business.vat.at(day).map(VatTreatment::key)
}

fn of_month(book: &VatBook, month: Month) -> Option<VatKey> {
    book.of_month(month).map(VatTreatment::key)
}

/// Gives each adjustment its parts, where the lines have several categories or rates. `None` when a sum does not fit.
pub(super) fn share_adjustments(lines: &[Line], adjustments: &mut [Adjustment]) -> Option<()> {
    let mut nets: BTreeMap<&VatKey, Money> = BTreeMap::new();
    for line in lines {
        let Some(key) = &line.vat else { continue };
        let net = nets.entry(key).or_insert(Money::zero(line.amount.currency()));
        *net = net.checked_add(line.amount)?;
    }
    let parts: Vec<Money> = nets.values().copied().collect();
    for adjustment in adjustments.iter_mut().filter(|_| !parts.is_empty()) {
        let amounts = apportioned(adjustment.amount, &parts)?;
        let shares = nets.keys().zip(amounts).filter(|(_, amount)| !amount.is_zero());
        adjustment.shares = shares.map(|(key, amount)| VatShare { vat: (*key).clone(), amount }).collect();
    }
    Some(())
}

/// The rows of an invoice, each with its category and rate where there are several.
#[derive(Clone)]
pub(super) struct Rows {
    pub lines: Vec<Line>,
    pub adjustments: Vec<Adjustment>,
    pub earlier: Vec<Earlier>,
}

impl Rows {
    /// Amounts of earlier months fall under what was in force at the end of theirs; the rows say so where that, or the lines
    /// among themselves, differ. `main` is of rows that say nothing.
    pub fn keyed(mut self, book: &VatBook, main: Option<&VatKey>) -> Self {
        let key = |earlier: &Earlier| of_month(book, earlier.month).or_else(|| main.cloned());
        let is_parted = self.lines.iter().any(|line| line.vat.is_some())
            || self.earlier.iter().any(|row| key(row).as_ref() != main);
        for row in &mut self.earlier {
            row.vat = if is_parted { key(row) } else { None };
        }
        if let Some(main) = main.filter(|_| is_parted) {
            for line in &mut self.lines {
                line.vat.get_or_insert_with(|| main.clone());
            }
            for row in self.adjustments.iter_mut().filter(|row| row.shares.is_empty()) {
                row.shares = vec![VatShare { vat: main.clone(), amount: row.amount }];
            }
        }
        self
    }

    /// The net amount of all rows. `None` when it does not fit.
    pub fn net(&self, currency: Currency) -> Option<Money> {
        let lines = self.lines.iter().map(|line| line.amount);
        let adjustments = self.adjustments.iter().map(|adjustment| adjustment.amount);
        let earlier = self.earlier.iter().map(|earlier| earlier.amount);
        Money::sum(currency, lines.chain(adjustments).chain(earlier))
    }

    /// The groups of the rows, by category and rate, each with its tax. Nothing where the book names no treatment. `None`
    /// when a sum does not fit.
    pub fn groups(&self, book: &VatBook, main: Option<&VatKey>, currency: Currency) -> Option<Vec<Vat>> {
        let Some(main) = main else { return Some(Vec::new()) };
        let mut nets: BTreeMap<&VatKey, Money> = BTreeMap::new();
        let lines = self.lines.iter().map(|line| (line.vat.as_ref(), line.amount));
        let shares = self.adjustments.iter().flat_map(|adjustment| &adjustment.shares);
        let shares = shares.map(|share| (Some(&share.vat), share.amount));
        let whole = self.adjustments.iter().filter(|adjustment| adjustment.shares.is_empty());
        let whole = whole.map(|adjustment| (None, adjustment.amount));
        let earlier = self.earlier.iter().map(|earlier| (earlier.vat.as_ref(), earlier.amount));
        for (key, amount) in lines.chain(shares).chain(whole).chain(earlier) {
            let net = nets.entry(key.unwrap_or(main)).or_insert(Money::zero(currency));
            *net = net.checked_add(amount)?;
        }
        if nets.is_empty() {
            nets.insert(main, Money::zero(currency));
        }
        nets.into_iter().map(|(key, net)| group(book, key, net)).collect()
    }
}

fn group(book: &VatBook, key: &VatKey, net: Money) -> Option<Vat> {
    let tax = net.percent(key.rate, Rounding::HalfAwayFromZero)?;
    let VatKey { category, rate } = key.clone();
    Some(Vat { category, rate, reason: book.reason(key), code: book.code(key), net, tax })
}

/// What a month as a whole falls under by a book that may be another than that of its closing, which came to `closed`.
pub(super) fn main_again(book: &VatBook, month: Month, closed: &[Vat]) -> Option<VatKey> {
    let stated = closed.first().filter(|_| closed.len() == 1).map(Vat::key);
    let is_in_book = |key: &VatKey| book.spans.iter().any(|span| span.treatment.key() == *key);
    stated.filter(|key| book.may_part() && is_in_book(key)).or_else(|| of_month(book, month))
}

/// What keeps the tax of a month from being computed, in a sentence that says what to do: a day without a treatment, or
/// what is out of scope beside what is not (EN 16931, BR-O-11 to 14).
pub fn wanting(business: &Business, month: Month, earlier: &[Earlier]) -> Option<String> {
    let book = &business.vat;
    let mut days = std::iter::successors(Some(month.first_day()), |day| Some(day.plus_days(1)))
        .take_while(|day| *day <= month.last_day());
    let uncovered = match book.tax_point {
        TaxPoint::Charge => days.find(|day| book.at(*day).is_none()),
        TaxPoint::MonthEnd => Some(month.last_day()).filter(|day| book.at(*day).is_none()),
    };
    let uncovered = uncovered.or_else(|| {
        let mut ends = earlier.iter().map(|earlier| earlier.month.last_day());
        ends.find(|day| book.at(*day).is_none())
    });
    if let Some(day) = uncovered {
        return Some(format!("the book names no VAT treatment for {day}: add the one of that day to `vat`"));
    }
    let own = of_month(book, month)?;
    let is_mixed = |key: VatKey| (key.category == "O") != (own.category == "O");
    let mixed = earlier.iter().find(|earlier| of_month(book, earlier.month).is_some_and(is_mixed))?;
    Some(format!(
        "{} is billed with it, and only one of the two is out of scope of VAT: one invoice cannot say both; give both one \
         treatment in `vat`",
        mixed.month
    ))
}
