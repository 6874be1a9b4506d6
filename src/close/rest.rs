//! What an invoice bills, by row and by category and rate of VAT, in the currency of the tariff and in that of the document; and
//! what is left of it after its credit notes.
//!
//! A credit note says what was left before it less what is left after it, in every row, every group and both currencies. So all
//! credit notes of an invoice together give back exactly what it billed, and never more. What is left after one is:
//!
//! - of charges of the invoice's own month: the month closed again, by its own lines, converted as they were billed;
//! - of another month, or of one that several invoices bill: the amount that the ledger leaves to the invoice, by the groups
//!   that the invoice bills it under, in the proportion of what the month closed again leaves to them.
//!
//! No note asks for money. In the currency of the document more may be left than before, as rounding has it: then all stays as it
//! was there. And where more stands under a higher rate, as where a cap falls away, so that the tax would become more: then what
//! a group has more stays under what gives back. In both cases a later note makes up for it.

use std::collections::{BTreeMap, BTreeSet};

use super::ClosedMonth;
use super::document::rows_at;
use super::vat::Rows;
use crate::domain::correction::{CreditLine, CreditOf};
use crate::domain::invoice::{AdjustmentKind, Line, Vat};
use crate::domain::vat::{VatShare, apportioned};
use crate::domain::{Currency, Decimal, EntryPoint, Exchange, Invoice, Market, Money, Month, Rounding, VatKey};

/// What stands of what an invoice bills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands<'c> {
    /// Nothing: the invoice is given back whole.
    Nothing,
    /// Of its own month the charges of this closing.
    Charges {
        closed: &'c ClosedMonth,
        /// Whether the closing cut VAT by the book that the invoice was written with. Else all its charges fall under what the
        /// invoice says of its own.
        as_then: bool,
    },
    /// Of a month as a whole this net amount, in the proportion of `groups` as far as the invoice bills them.
    Month { month: Month, net: Money, groups: BTreeMap<VatKey, Money> },
}

/// What makes a row of a credit note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId {
    of: CreditOf,
    market: Option<Market>,
    entry_point: Option<EntryPoint>,
    unit_price: Option<Decimal>,
    month: Option<Month>,
}

impl RowId {
    pub fn of(line: &CreditLine) -> Self {
        let CreditLine { of, market, entry_point, unit_price, month, .. } = line;
        Self { of: *of, market: market.clone(), entry_point: *entry_point, unit_price: *unit_price, month: *month }
    }

    fn of_line(line: &Line) -> Self {
        let (market, unit_price) = (Some(line.market.clone()), Some(line.unit_price));
        Self { market, entry_point: Some(line.entry_point), unit_price, ..Self::bare(CreditOf::Charges) }
    }

    const fn of_adjustment(kind: AdjustmentKind) -> Self {
        match kind {
            AdjustmentKind::Minimum => Self::bare(CreditOf::Minimum),
            AdjustmentKind::Cap => Self::bare(CreditOf::Cap),
        }
    }

    fn of_month(month: Month) -> Self {
        Self { month: Some(month), ..Self::bare(CreditOf::EarlierMonth) }
    }

    const fn bare(of: CreditOf) -> Self {
        Self { of, market: None, entry_point: None, unit_price: None, month: None }
    }

    /// Whether the row is of the invoice's own month, told by its charges.
    fn is_own(&self) -> bool {
        self.of != CreditOf::EarlierMonth
    }
}

/// Amounts by category and rate.
type Groups = BTreeMap<VatKey, Money>;

/// Amounts in one currency, by row and by category and rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub currency: Currency,
    rows: BTreeMap<RowId, Groups>,
}

impl Side {
    const fn none(currency: Currency) -> Self {
        Self { currency, rows: BTreeMap::new() }
    }

    /// `main` is of rows that say nothing.
    fn of(rows: &Rows, main: Option<&VatKey>, currency: Currency) -> Option<Self> {
        let mut side = Self::none(currency);
        for line in &rows.lines {
            side.add(RowId::of_line(line), line.vat.as_ref().or(main)?, line.amount)?;
        }
        for row in &rows.adjustments {
            side.add_shared(&RowId::of_adjustment(row.kind), &row.shares, main, row.amount)?;
        }
        for row in &rows.earlier {
            side.add_shared(&RowId::of_month(row.month), &row.shares, row.vat.as_ref().or(main), row.amount)?;
        }
        Some(side)
    }

    fn add(&mut self, row: RowId, vat: &VatKey, amount: Money) -> Option<()> {
        let zero = Money::zero(self.currency);
        let sum = self.rows.entry(row).or_default().entry(vat.clone()).or_insert(zero);
        *sum = sum.checked_add(amount)?;
        Some(())
    }

    fn add_shared(&mut self, row: &RowId, shares: &[VatShare], whole: Option<&VatKey>, amount: Money) -> Option<()> {
        if !shares.is_empty() {
            return shares.iter().try_for_each(|share| self.add(row.clone(), &share.vat, share.amount));
        }
        match whole {
            Some(vat) => self.add(row.clone(), vat, amount),
            None => amount.is_zero().then_some(()),
        }
    }

    fn take(&mut self, row: &RowId, shares: &[VatShare], whole: Option<&VatKey>, amount: Money) -> Option<()> {
        let negated = |share: &VatShare| VatShare { amount: share.amount.negated(), ..share.clone() };
        let shares: Vec<VatShare> = shares.iter().map(negated).collect();
        self.add_shared(row, &shares, whole, amount.negated())
    }

    /// The same, the rows of the own month `month` being one.
    fn by_month(&self, month: Month) -> Option<Self> {
        let mut side = Self::none(self.currency);
        for (row, groups) in &self.rows {
            let row = if row.is_own() { RowId::of_month(month) } else { row.clone() };
            groups.iter().try_for_each(|(vat, amount)| side.add(row.clone(), vat, *amount))?;
        }
        Some(side)
    }

    /// Takes the rows of the own month from another one.
    fn replace_own(&mut self, own: Self) {
        self.rows.retain(|row, _| !row.is_own());
        self.rows.extend(own.rows);
    }

    /// Puts what a category and rate has more than `before` under those that have less, within its row, so that none has more.
    /// All of it together has no more than before. `None` when a sum does not fit.
    fn hold_back(&mut self, before: &Self) -> Option<()> {
        let zero = Money::zero(self.currency);
        let rows: BTreeSet<RowId> = self.rows.keys().chain(before.rows.keys()).cloned().collect();
        for (vat, row) in self.keys().iter().flat_map(|vat| rows.iter().map(move |row| (vat, row))) {
            let was = before.rows.get(row).and_then(|groups| groups.get(vat)).copied().unwrap_or(zero);
            let is = self.rows.get(row).and_then(|groups| groups.get(vat)).copied().unwrap_or(zero);
            let mut more = is.checked_sub(was)?.min(self.group(vat)?.checked_sub(before.group(vat)?)?);
            for less in before.keys() {
                let room = before.group(&less)?.checked_sub(self.group(&less)?)?;
                let moved = more.min(room);
                if moved.minor() > 0 {
                    self.add(row.clone(), vat, moved.negated())?;
                    self.add(row.clone(), &less, moved)?;
                    more = more.checked_sub(moved)?;
                }
            }
        }
        Some(())
    }

    /// The sum of a row. `None` when it does not fit.
    pub fn row(&self, row: &RowId) -> Option<Money> {
        Money::sum(self.currency, self.rows.get(row).into_iter().flatten().map(|(_, amount)| *amount))
    }

    /// The sum of a category and rate. `None` when it does not fit.
    pub fn group(&self, vat: &VatKey) -> Option<Money> {
        Money::sum(self.currency, self.rows.values().filter_map(|groups| groups.get(vat)).copied())
    }

    /// The sum of everything. `None` when it does not fit.
    pub fn net(&self) -> Option<Money> {
        Money::sum(self.currency, self.rows.values().flatten().map(|(_, amount)| *amount))
    }

    /// The tax of everything, rounded once a group. `None` when it does not fit.
    pub fn tax(&self) -> Option<Money> {
        let taxes = self.keys().into_iter().map(|vat| self.group(&vat)?.percent(vat.rate, Rounding::HalfAwayFromZero));
        taxes.into_iter().try_fold(Money::zero(self.currency), |sum, tax| sum.checked_add(tax?))
    }

    pub fn keys(&self) -> BTreeSet<VatKey> {
        self.rows.values().flat_map(BTreeMap::keys).cloned().collect()
    }

    /// Whether a row has another amount of some category and rate in `after`.
    pub fn differs(&self, after: &Self, row: &RowId) -> bool {
        self.less(after, row).is_none_or(|shares| shares.iter().any(|share| !share.amount.is_zero()))
    }

    /// What a row has less in `after`, by each category and rate that it has in either. `None` when it does not fit.
    pub fn less(&self, after: &Self, row: &RowId) -> Option<Vec<VatShare>> {
        let (was, is) = (self.rows.get(row), after.rows.get(row));
        let keys: BTreeSet<&VatKey> = was.into_iter().chain(is).flat_map(BTreeMap::keys).collect();
        let of = |groups: Option<&Groups>, vat: &VatKey| {
            groups.and_then(|groups| groups.get(vat)).copied().unwrap_or(Money::zero(self.currency))
        };
        let share = |vat: &VatKey| Some(VatShare { vat: vat.clone(), amount: of(was, vat).checked_sub(of(is, vat))? });
        keys.into_iter().map(share).collect()
    }
}

/// What is left of an invoice.
#[derive(Clone, Debug)]
pub(super) struct Rest<'i> {
    invoice: &'i Invoice,
    /// In the currency of the tariff, and in that which the document is billed in: the same, where that is the tariff's.
    pub tariff: Side,
    pub billed: Side,
    /// The two before any credit note.
    invoiced: (Side, Side),
}

impl<'i> Rest<'i> {
    /// What `notes`, which are all so far, leave of an invoice. `None` where they are not of it, or a sum does not fit.
    pub fn of(invoice: &'i Invoice, notes: &[Invoice]) -> Option<Self> {
        let main = only_key(&invoice.vat);
        let (lines, adjustments) = (invoice.lines.clone(), invoice.adjustments.clone());
        let rows = Rows { lines, adjustments, earlier: invoice.earlier.clone(), days: BTreeSet::new() };
        let tariff = Side::of(&rows, main.as_ref(), invoice.currency)?;
        let billed = match &invoice.exchange {
            Some(exchange) => Side::of(&as_billed(rows, exchange), main.as_ref(), exchange.currency)?,
            None => tariff.clone(),
        };
        let mut rest = Self { invoice, invoiced: (tariff.clone(), billed.clone()), tariff, billed };
        notes.iter().try_for_each(|note| rest.give(note, main.as_ref()))?;
        if rest.is_by_row() { Some(rest) } else { rest.by_month() }
    }

    fn give(&mut self, note: &Invoice, main: Option<&VatKey>) -> Option<()> {
        for (place, line) in note.credited.iter().enumerate() {
            let row = RowId::of(line);
            self.tariff.take(&row, &line.shares, main, line.credit)?;
            let (shares, credit) = match &note.exchange {
                Some(exchange) => exchange.credited.get(place).map(|row| (&row.shares, row.credit))?,
                None => (&line.shares, line.credit),
            };
            self.billed.take(&row, shares, main, credit)?;
        }
        Some(())
    }

    /// Whether every credit note told the own month of the invoice by its rows.
    fn is_by_row(&self) -> bool {
        !self.tariff.rows.contains_key(&RowId::of_month(self.invoice.month))
    }

    /// The same, with one row for the own month of the invoice.
    fn by_month(self) -> Option<Self> {
        let month = self.invoice.month;
        let invoiced = (self.invoiced.0.by_month(month)?, self.invoiced.1.by_month(month)?);
        Some(Self { tariff: self.tariff.by_month(month)?, billed: self.billed.by_month(month)?, invoiced, ..self })
    }

    /// What is left of a month in the currency of the tariff, by category and rate.
    pub fn of_month(&self, month: Month) -> Option<Groups> {
        let side = if month == self.invoice.month { self.tariff.by_month(month)? } else { self.tariff.clone() };
        Some(side.rows.get(&RowId::of_month(month)).cloned().unwrap_or_default())
    }

    /// What is left before and after a credit note, told by the same rows. `None` where the invoice does not bill what is to
    /// stand, or an amount does not fit.
    pub fn after(self, stands: &Stands) -> Option<(Self, Self)> {
        let before = match stands {
            Stands::Month { month, .. } if *month == self.invoice.month => self.by_month()?,
            _ => self,
        };
        let mut after = before.clone();
        match stands {
            Stands::Nothing => {
                after.tariff.rows.clear();
                after.billed.rows.clear();
            }
            Stands::Charges { closed, as_then } => {
                let (tariff, billed) = before.is_by_row().then(|| before.standing(closed, *as_then))??;
                after.tariff.replace_own(tariff);
                after.billed.replace_own(billed);
            }
            Stands::Month { month, net, groups } => {
                let (tariff, billed) = before.parted(*month, *net, groups)?;
                after.tariff.rows.insert(RowId::of_month(*month), tariff);
                after.billed.rows.insert(RowId::of_month(*month), billed);
            }
        }
        if after.billed.net()? > before.billed.net()? {
            after.billed = before.billed.clone();
        }
        if after.tariff.tax()? > before.tariff.tax()? || after.billed.tax()? > before.billed.tax()? {
            after.tariff.hold_back(&before.tariff)?;
            after.billed.hold_back(&before.billed)?;
        }
        Some((before, after))
    }

    /// The rows of a month that was closed again, in both currencies.
    fn standing(&self, closed: &ClosedMonth, as_then: bool) -> Option<(Side, Side)> {
        let (only, own) = (closed.vat_main.clone(), self.own_key());
        let mut rows = Rows::of(closed, Vec::new());
        if !as_then && own.is_some() {
            rows.lines.iter_mut().for_each(|line| line.vat = None);
            rows.adjustments.iter_mut().for_each(|row| row.shares.clear());
        }
        let main = if as_then { only.or(own) } else { own.or(only) };
        let tariff = Side::of(&rows, main.as_ref(), self.invoice.currency)?;
        let billed = match &self.invoice.exchange {
            Some(exchange) => {
                let billed = rows_at(&exchange.rate(self.invoice.currency), &rows)?;
                Side::of(&billed, main.as_ref(), exchange.currency)?
            }
            None => tariff.clone(),
        };
        Some((tariff, billed))
    }

    /// What the invoice says of its own month, where that is one category and rate.
    fn own_key(&self) -> Option<VatKey> {
        let own = RowId::of_month(self.invoice.month);
        let rows = self.invoiced.0.rows.iter().filter(|(row, _)| row.is_own() || **row == own);
        let mut keys = rows.flat_map(|(_, groups)| groups.keys());
        let first = keys.next()?;
        keys.all(|key| key == first).then(|| first.clone())
    }

    /// A net amount of a month by what the invoice bills it under, in both currencies. Parts of one category and rate are
    /// converted as they were billed, those of several in the proportion of what was billed of each.
    fn parted(&self, month: Month, net: Money, groups: &Groups) -> Option<(Groups, Groups)> {
        let row = RowId::of_month(month);
        let left = self.tariff.rows.get(&row)?;
        let zero = Money::zero(self.tariff.currency);
        let weights = |of: &Groups| -> Vec<Money> {
            left.keys().map(|vat| of.get(vat).copied().unwrap_or(zero).max(zero)).collect()
        };
        let wanted = weights(groups);
        let wanted = if wanted.iter().all(|weight| weight.is_zero()) { weights(left) } else { wanted };
        let tariff: Groups = left.keys().cloned().zip(apportioned(net, &wanted)?).collect();
        let Some(exchange) = &self.invoice.exchange else { return Some((tariff.clone(), tariff)) };
        let rate = exchange.rate(self.invoice.currency);
        let is_parted = left.len() > 1 || month == self.invoice.month;
        let of = |side: &Side, vat: &VatKey| side.rows.get(&row)?.get(vat).copied();
        let billed = |(vat, amount): (&VatKey, &Money)| {
            let invoiced = of(&self.invoiced.0, vat).zip(of(&self.invoiced.1, vat));
            let amount = match invoiced.filter(|(whole, _)| is_parted && !whole.is_zero()) {
                Some((whole, billed)) => billed.share(*amount, whole)?,
                None => rate.convert(amount.exact())?,
            };
            Some((vat.clone(), amount))
        };
        let billed = tariff.iter().map(billed).collect::<Option<Groups>>()?;
        Some((tariff, billed))
    }
}

/// The category and rate of a document that has one alone.
fn only_key(vat: &[Vat]) -> Option<VatKey> {
    vat.first().filter(|_| vat.len() == 1).map(Vat::key)
}

/// The rows with the amounts that were frozen in another currency. Their prices stay, which tell one from another.
fn as_billed(mut rows: Rows, exchange: &Exchange) -> Rows {
    for (line, amount) in rows.lines.iter_mut().zip(&exchange.lines) {
        line.amount = *amount;
    }
    for (row, billed) in rows.adjustments.iter_mut().zip(&exchange.adjustments) {
        (row.amount, row.shares) = (billed.amount, billed.shares.clone());
    }
    for (row, billed) in rows.earlier.iter_mut().zip(&exchange.earlier) {
        (row.amount, row.shares) = (billed.amount, billed.shares.clone());
    }
    rows
}
