//! VAT of a month: the category and rate of each of its amounts, and the tax of each group, rounded once.

use std::collections::{BTreeMap, BTreeSet};

use super::ClosedMonth;
use crate::domain::charge::RatedWait;
use crate::domain::correction::Earlier;
use crate::domain::invoice::{Adjustment, AdjustmentKind, Line, Vat};
use crate::domain::vat::{TaxPoint, VatShare, weighed};
use crate::domain::{Business, Currency, Date, Money, Month, Rounding, VatBook, VatKey, VatTreatment};

/// Whether the charges of a month fall under different categories or rates.
pub(super) struct Parting<'b> {
    business: &'b Business,
    /// The days of the charges, where they decide.
    days: BTreeSet<Date>,
    parts: bool,
}

impl<'b> Parting<'b> {
    pub fn of(business: &'b Business, rated: &[RatedWait]) -> Self {
        let book = &business.vat;
        let charged = rated.iter().filter(|rated| rated.charge.is_some() && book.tax_point == TaxPoint::Charge);
        let days: BTreeSet<Date> = charged.map(|rated| day_of(business, rated)).collect();
        let mut keys = days.iter().map(|day| key_at(book, *day));
        let parts = keys.next().is_some_and(|first| keys.any(|key| key != first));
        Self { business, days, parts }
    }

    pub const fn book(&self) -> &'b VatBook {
        &self.business.vat
    }

    /// The category and rate of a charge, where the month has several.
    pub fn key(&self, rated: &RatedWait) -> Option<VatKey> {
        if self.parts { key_at(self.book(), day_of(self.business, rated)) } else { None }
    }

    /// What the month as a whole falls under: its charges where they all fall under the same, else its last day.
    pub fn main(&self, month: Month) -> Option<VatKey> {
        match self.days.first() {
            Some(day) if !self.parts => key_at(self.book(), *day),
            _ => of_month(self.book(), month),
        }
    }

    /// The first day of a charge that no treatment covers.
    pub fn untreated(&self) -> Option<Date> {
        self.days.iter().copied().find(|day| self.book().at(*day).is_none())
    }

    pub fn into_days(self) -> BTreeSet<Date> {
        self.days
    }
}

fn day_of(business: &Business, rated: &RatedWait) -> Date {
    business.zone.date_of(rated.wait.received_at)
}

fn key_at(book: &VatBook, day: Date) -> Option<VatKey> {
    book.at(day).map(VatTreatment::key)
}

fn of_month(book: &VatBook, month: Month) -> Option<VatKey> {
    book.of_month(month).map(VatTreatment::key)
}

/// Gives each adjustment its parts, where the lines have several categories or rates. A minimum is in the proportion of their
/// exact sums, since all of them may be rounded to nothing, or of how many charges they have where these cost nothing; a cap in
/// that of their amounts, so that it takes from none more than it has. `None` when a sum does not fit.
pub(super) fn share_adjustments(lines: &[Line], adjustments: &mut [Adjustment]) -> Option<()> {
    let mut weights: BTreeMap<&VatKey, [i128; 3]> = BTreeMap::new();
    for line in lines {
        let Some(key) = &line.vat else { continue };
        let more = [i128::from(line.amount.minor()), line.exact.units(), i128::from(line.quantity)];
        for (weight, more) in weights.entry(key).or_default().iter_mut().zip(more) {
            *weight = weight.checked_add(more)?;
        }
    }
    let by = |place: usize| -> Vec<i128> { weights.values().filter_map(|of| of.get(place)).copied().collect() };
    for adjustment in adjustments.iter_mut().filter(|_| !weights.is_empty()) {
        let first = if adjustment.kind == AdjustmentKind::Cap { 0 } else { 1 };
        let parts = (first..3).map(by).find(|parts| parts.iter().any(|part| *part != 0)).unwrap_or_else(|| by(2));
        let amounts = weighed(adjustment.amount, &parts)?;
        let shares = weights.keys().zip(amounts).filter(|(_, amount)| !amount.is_zero());
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
    /// The days that decide about lines and adjustments.
    pub days: BTreeSet<Date>,
}

impl Rows {
    /// Those of a closed month with what is billed of earlier ones.
    pub fn of(closed: &ClosedMonth, earlier: Vec<Earlier>) -> Self {
        let days = if closed.vat_days.is_empty() {
            BTreeSet::from([closed.month.last_day()])
        } else {
            closed.vat_days.clone()
        };
        Self { lines: closed.lines.clone(), adjustments: closed.adjustments.clone(), earlier, days }
    }

    /// Amounts of earlier months fall under what they were closed with, or else under what was in force at the end of theirs;
    /// the rows say so where that, or the lines among themselves, differ. `main` is of rows that say nothing.
    pub fn keyed(mut self, book: &VatBook, main: Option<&VatKey>) -> Self {
        let key = |row: &Earlier| {
            let of_row = row.vat.clone().or_else(|| of_month(book, row.month));
            of_row.or_else(|| main.cloned())
        };
        let is_other = |row: &Earlier| row.is_keyed() || key(row).as_ref() != main;
        let is_parted = self.lines.iter().any(|line| line.vat.is_some()) || self.earlier.iter().any(is_other);
        for row in self.earlier.iter_mut().filter(|row| row.shares.is_empty()) {
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

    /// Every amount with its category and rate; without where the row says none.
    fn amounts(&self) -> Vec<(Option<&VatKey>, Money)> {
        let mut amounts: Vec<(Option<&VatKey>, Money)> = Vec::new();
        amounts.extend(self.lines.iter().map(|line| (line.vat.as_ref(), line.amount)));
        for row in &self.adjustments {
            match row.shares.as_slice() {
                [] => amounts.push((None, row.amount)),
                shares => amounts.extend(shares.iter().map(|share| (Some(&share.vat), share.amount))),
            }
        }
        amounts.extend(self.earlier.iter().flat_map(Earlier::by_key));
        amounts
    }

    /// The days that the treatments of the rows are of. Of an earlier month whose charges decided it is known no more which
    /// of its days they were of.
    fn all_days(&self, book: &VatBook) -> BTreeSet<Date> {
        let is_of_own = !self.lines.is_empty() || self.earlier.is_empty();
        let mut days = if is_of_own { self.days.clone() } else { BTreeSet::new() };
        for row in &self.earlier {
            match book.tax_point {
                TaxPoint::Charge => days.extend(row.month.days()),
                TaxPoint::MonthEnd => days.extend([row.month.last_day()]),
            }
        }
        days
    }

    /// The groups of the rows, by category and rate, each with its tax. Nothing where the book names no treatment. `None`
    /// when a sum does not fit.
    pub fn groups(&self, book: &VatBook, main: Option<&VatKey>, currency: Currency) -> Option<Vec<Vat>> {
        let Some(main) = main else { return Some(Vec::new()) };
        let mut nets: BTreeMap<&VatKey, Money> = BTreeMap::new();
        for (key, amount) in self.amounts() {
            let net = nets.entry(key.unwrap_or(main)).or_insert(Money::zero(currency));
            *net = net.checked_add(amount)?;
        }
        if nets.is_empty() {
            nets.insert(main, Money::zero(currency));
        }
        let days = self.all_days(book);
        nets.into_iter().map(|(key, net)| group(book, &days, key, net)).collect()
    }
}

fn group(book: &VatBook, days: &BTreeSet<Date>, key: &VatKey, net: Money) -> Option<Vat> {
    let tax = net.percent(key.rate, Rounding::HalfAwayFromZero)?;
    let VatKey { category, rate } = key.clone();
    Some(Vat { category, rate, reason: book.reason(key, days), code: book.code(key, days), net, tax })
}

/// The categories and rates that an invoice of a month would have.
pub fn keys(business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> BTreeSet<VatKey> {
    let main = closed.vat_main.as_ref();
    let rows = Rows::of(closed, earlier.to_vec()).keyed(&business.vat, main);
    rows.amounts().into_iter().filter_map(|(key, _)| key.or(main).cloned()).collect()
}

/// What keeps the tax of a month from being computed, in a sentence that says what to do: a day without a treatment, or
/// what is out of scope beside what is not (EN 16931, BR-O-11 to 14).
pub fn wanting(business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> Option<String> {
    let (book, month) = (&business.vat, closed.month);
    let own: BTreeSet<Date> = match book.tax_point {
        // A charge may be of a month in which its message was not received.
        TaxPoint::Charge => month.days().chain(closed.vat_days.iter().copied()).collect(),
        TaxPoint::MonthEnd => BTreeSet::from([month.last_day()]),
    };
    let ends = earlier.iter().filter(|row| !row.is_keyed()).map(|row| row.month.last_day());
    if let Some(day) = own.into_iter().chain(ends).find(|day| book.at(*day).is_none()) {
        return Some(without_treatment(day));
    }
    gone(book, earlier).or_else(|| mixed(business, closed, earlier))
}

/// What keeps a month from being carried over: the VAT of its charges is frozen then.
pub fn untreated(closed: &ClosedMonth) -> Option<String> {
    closed.untreated.map(without_treatment)
}

fn without_treatment(day: Date) -> String {
    format!("the book names no VAT treatment for {day}: add the one of that day to `vat`")
}

/// A category and rate that an earlier month was closed with, and that the book has no more: nothing says why tax is
/// charged, or why not.
fn gone(book: &VatBook, earlier: &[Earlier]) -> Option<String> {
    let is_gone = |key: &VatKey| book.spans.iter().all(|span| span.treatment.key() != *key);
    let rows = earlier.iter().flat_map(|row| row.by_key().into_iter().map(move |(key, _)| (row.month, key)));
    let mut keyed = rows.filter_map(|(month, key)| Some((month, key?)));
    let (month, key) = keyed.find(|row| is_gone(row.1))?;
    Some(format!(
        "{month}, which is billed with it, was closed under {key}, which the book does not name any more: give `vat` that \
         treatment with its days"
    ))
}

fn mixed(business: &Business, closed: &ClosedMonth, earlier: &[Earlier]) -> Option<String> {
    let is_out = |key: &VatKey| key.category == "O";
    let keys = keys(business, closed, earlier);
    if keys.iter().all(is_out) || !keys.iter().any(is_out) {
        return None;
    }
    let own = closed.vat_main.as_ref().filter(|_| !closed.lines.is_empty());
    let is_other = |row: &&Earlier| {
        let of_row = row.vat.clone().or_else(|| of_month(&business.vat, row.month));
        own.zip(of_row).is_some_and(|(own, of_row)| is_out(own) != is_out(&of_row))
    };
    let then = "one invoice cannot say both; give both one treatment in `vat`";
    Some(match earlier.iter().find(is_other) {
        Some(row) => {
            format!("{} is billed with it, and only one of the two is out of scope of VAT: {then}", row.month)
        }
        None => format!("some of what it bills is out of scope of VAT, and some is not: {then}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rate: &str, exact: &str, quantity: u64) -> Line {
        let usd: Currency = "USD".parse().unwrap();
        let exact: crate::domain::Decimal = exact.parse().unwrap();
        Line {
            market: "other".parse().unwrap(),
            entry_point: crate::domain::EntryPoint::Unknown,
            free: false,
            tier: None,
            step: None,
            quantity,
            unit_price: "0.004".parse().unwrap(),
            exact,
            amount: exact.rounded(usd, Rounding::HalfAwayFromZero).unwrap(),
            vat: Some(VatKey { category: "S".to_owned(), rate: rate.parse().unwrap() }),
        }
    }

    #[test]
    fn a_cap_takes_from_none_more_than_it_has() {
        let usd = |minor| Money::new(minor, "USD".parse().unwrap());
        // Ten markets of 0.004, which are nothing each, and one line that the cap falls on.
        let lines: Vec<Line> = std::iter::repeat_n(line("10", "0.004", 1), 10).chain([line("24", "0.10", 1)]).collect();
        let (kind, limit) = (AdjustmentKind::Cap, usd(5));
        let mut adjustments = [Adjustment { kind, limit, amount: usd(-5), shares: Vec::new() }];
        share_adjustments(&lines, &mut adjustments).unwrap();
        let shares: Vec<_> =
            adjustments[0].shares.iter().map(|share| (share.vat.rate.to_string(), share.amount)).collect();
        assert_eq!(shares, [("24.00".to_owned(), usd(-5))]);
    }

    #[test]
    fn a_minimum_over_lines_of_nothing_is_shared_by_what_they_are_made_of() {
        let shared = |lines: &[Line]| -> Vec<(String, i64)> {
            let amount: Money = "USD 5.00".parse().unwrap();
            let kind = AdjustmentKind::Minimum;
            let mut adjustments = [Adjustment { kind, limit: amount, amount, shares: Vec::new() }];
            share_adjustments(lines, &mut adjustments).unwrap();
            adjustments[0].shares.iter().map(|share| (share.vat.rate.to_string(), share.amount.minor())).collect()
        };
        let of = |parts: &[(&str, i64)]| -> Vec<(String, i64)> {
            parts.iter().map(|(rate, minor)| ((*rate).to_owned(), *minor)).collect()
        };
        // Lines, and what each rate has of a minimum of USD 5.00.
        type Case<'c> = (&'c [Line], &'c [(&'c str, i64)]);
        let cases: [Case<'_>; 4] = [
            (&[line("10", "0.004", 1), line("24", "0.004", 1)], &[("10.00", 250), ("24.00", 250)]),
            (&[line("10", "0.001", 1), line("24", "0.004", 1)], &[("10.00", 100), ("24.00", 400)]),
            (&[line("10", "0.00", 3), line("24", "0.00", 1)], &[("10.00", 375), ("24.00", 125)]),
            (&[line("10", "1.00", 1), line("24", "0.004", 1)], &[("10.00", 498), ("24.00", 2)]),
        ];
        for (lines, expected) in cases {
            assert_eq!(shared(lines), of(expected));
        }
    }
}
