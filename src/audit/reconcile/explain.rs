//! A difference taken apart by what is known of its cell. Each message explains one charge, and none twice.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::Causes;
use super::picked::{Alike, picked};
use super::{Cause, Cell, Days, Difference, Measures, Ours, Rest, Sums, Theirs, Unread, is_within, rest, size};
use crate::domain::{Decimal, Month};

/// A part of a difference with its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub cause: Cause,
    /// Charges that they have more for it, or less.
    pub count: i64,
    /// What these come to; `None` where nothing decides what they cost.
    pub amount: Option<Decimal>,
    /// What is to be known beside the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a charge may cost, and the words for each price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<Decimal, String>);

impl Prices {
    /// Adds a price; the words of the first one stand.
    pub fn add(&mut self, price: Decimal, words: impl FnOnce() -> String) {
        self.0.entry(price).or_insert_with(words);
    }

    /// Whether so many charges can come to an amount, each at one of the prices.
    fn can_come_to(&self, count: u64, amount: Decimal, tolerance: Decimal) -> bool {
        let bound = |price: Option<&Decimal>| price.and_then(|price| price.times(count));
        let Some((least, most)) = bound(self.0.keys().next()).zip(bound(self.0.keys().next_back())) else {
            return false;
        };
        let above = amount.checked_add(tolerance).is_some_and(|amount| amount >= least);
        above && amount.checked_sub(tolerance).is_some_and(|amount| amount <= most)
    }
}

/// Why they may charge what is not billed here, the most certain first.
const MISSING: [Cause; 6] =
    [Cause::LateLog, Cause::Disputed, Cause::Parked, Cause::NotClosed, Cause::Held, Cause::Pending];
/// Why they may not charge what is billed here.
const DOUBTED: [Cause; 2] = [Cause::Disputed, Cause::LateLog];

/// What is left to explain with, under one way of cutting days.
pub(super) struct Room {
    missing: Causes,
    doubted: Causes,
}

impl Room {
    pub fn of(ours: &Ours, month: Month, days: Days, measures: Measures) -> Self {
        let (missing, doubted) = ours.facts.causes(month, days, measures);
        Self { missing, doubted }
    }
}

pub(super) struct Explained<'e> {
    theirs: &'e Theirs,
    prices: &'e Prices,
    unread: Vec<Unread>,
    /// As they really cut their days.
    room: Room,
}

impl<'e> Explained<'e> {
    pub fn new(theirs: &'e Theirs, ours: &'e Ours, room: Room) -> Self {
        Self { theirs, prices: &ours.prices, unread: ours.unread.clone(), room }
    }

    /// One difference; `cut` is what is billed in the cell where days are cut as they really cut them. `None` where a sum does
    /// not fit.
    pub fn difference(&mut self, cell: &Cell, ours: Sums, cut: Sums, theirs: Sums) -> Option<Difference> {
        let measures = self.theirs.measures;
        let shift = rest(measures, ours, cut)?;
        let (mut parts, mut left) = (Vec::new(), rest(measures, cut, theirs)?);
        if !shift.is_nothing() {
            let (count, amount) = (shift.count, self.told(shift.amount));
            parts.push(Part { cause: Cause::TimeZone, count, amount, text: None });
        }
        let room = &mut self.room;
        let unpriced = if measures.count {
            let (known, causes) =
                if left.count > 0 { (&mut room.missing, &MISSING[..]) } else { (&mut room.doubted, &DOUBTED[..]) };
            by_count(cell, known, causes, measures, &mut left, &mut parts)?
        } else {
            by_amount(cell, room, &mut left, &mut parts)?;
            0
        };
        let unpriced = unpriced.checked_add(self.unread_rows(cell, &mut left, &mut parts))?;
        self.settle(cell, (cut, theirs), unpriced, &mut left, &mut parts);
        let is_explained = is_within(self.theirs.tolerance, left);
        let unexplained = (!is_explained).then_some(left);
        Some(Difference { cell: cell.clone(), ours, theirs, parts, unexplained })
    }

    /// An amount, where the statement tells any.
    fn told(&self, amount: Decimal) -> Option<Decimal> {
        self.theirs.measures.amount.then_some(amount)
    }

    /// Rows of logs that could not be read, of this day. Each explains one charge.
    fn unread_rows(&mut self, cell: &Cell, left: &mut Rest, parts: &mut Vec<Part>) -> u64 {
        let mut taken: u64 = 0;
        for unread in self.unread.iter_mut().filter(|unread| (unread.first..=unread.last).contains(&cell.day)) {
            let wanted = u64::try_from(left.count).unwrap_or_default();
            let take = unread.rows.min(wanted);
            unread.rows -= take;
            left.count -= take.cast_signed();
            taken += take;
        }
        if taken > 0 {
            parts.push(Part { cause: Cause::Rejected, count: taken.cast_signed(), amount: None, text: None });
        }
        taken
    }

    /// What is left of the amount: messages whose price nothing decides, or another price for all of them.
    fn settle(&self, cell: &Cell, (ours, theirs): (Sums, Sums), unpriced: u64, left: &mut Rest, parts: &mut Vec<Part>) {
        let tolerance = self.theirs.tolerance.amount;
        if !self.theirs.measures.amount || left.count.unsigned_abs() > self.theirs.tolerance.count {
            return;
        }
        if unpriced > 0 && self.prices.can_come_to(unpriced, left.amount, tolerance) {
            left.amount = Decimal::ZERO;
        }
        if size(left.amount) <= tolerance {
            return;
        }
        let count = if self.theirs.measures.count { theirs.count } else { ours.count };
        if let Some((price, words)) = self.price_of(theirs.amount, count) {
            let market = cell.market.as_ref().map(|market| format!(" in market {market}")).unwrap_or_default();
            let text = format!("they charge {price} each{market}: {words}");
            parts.push(Part { cause: Cause::Rate, count: 0, amount: Some(left.amount), text: Some(text) });
            left.amount = Decimal::ZERO;
        }
    }

    /// The one known price at which so many charges come to an amount exactly.
    fn price_of(&self, amount: Decimal, count: u64) -> Option<(&Decimal, &String)> {
        self.prices.0.iter().find(|(price, _)| count > 0 && price.times(count) == Some(amount))
    }
}

/// Takes as many messages as the count differs by, of several sets of them those that come to the amount; gives how many of
/// them have no price. `None` where a sum does not fit.
fn by_count(
    cell: &Cell,
    known: &mut Causes,
    causes: &[Cause],
    measures: Measures,
    left: &mut Rest,
    parts: &mut Vec<Part>,
) -> Option<u64> {
    let sign = left.count.signum();
    let signed = |amount: Decimal| if sign < 0 { Decimal::ZERO.checked_sub(amount) } else { Some(amount) };
    let mut all: Vec<Alike> = Vec::new();
    for cause in causes {
        let of_cell = known.get(&(cell.clone(), *cause)).into_iter().flatten();
        all.extend(of_cell.map(|(price, times)| Alike { cause: *cause, price: *price, times: *times }));
    }
    let amount = if measures.amount { Some(signed(left.amount)?) } else { None };
    let taken = picked(&all, left.count.unsigned_abs(), amount)?;
    let mut unpriced: u64 = 0;
    for cause in causes {
        let (mut count, mut amount, mut is_priced): (u64, _, _) = (0, Decimal::ZERO, true);
        for (alike, take) in all.iter().zip(&taken).filter(|(alike, take)| alike.cause == *cause && **take > 0) {
            let of_cell = known.get_mut(&(cell.clone(), *cause));
            if let Some(times) = of_cell.and_then(|of_cell| of_cell.get_mut(&alike.price)) {
                *times = times.saturating_sub(*take);
            }
            count = count.checked_add(*take)?;
            match alike.price {
                Some(price) => amount = amount.checked_add(price.times(*take)?)?,
                None => {
                    is_priced = false;
                    unpriced = unpriced.checked_add(*take)?;
                }
            }
        }
        if count == 0 {
            continue;
        }
        let count = sign.checked_mul(count.cast_signed())?;
        let amount = signed(amount)?;
        left.count = left.count.checked_sub(count)?;
        if measures.amount {
            left.amount = left.amount.checked_sub(amount)?;
        }
        let told = (measures.amount && is_priced).then_some(amount);
        parts.push(Part { cause: *cause, count, amount: told, text: None });
    }
    Some(unpriced)
}

/// The same for a statement that tells amounts alone: messages with a price, as long as they fit into what is left.
fn by_amount(cell: &Cell, room: &mut Room, left: &mut Rest, parts: &mut Vec<Part>) -> Option<()> {
    let is_less = left.amount.is_negative();
    let (known, causes) = if is_less { (&mut room.doubted, &DOUBTED[..]) } else { (&mut room.missing, &MISSING[..]) };
    let mut open = size(left.amount);
    for cause in causes {
        let Some(of_cell) = known.get_mut(&(cell.clone(), *cause)) else { continue };
        let (mut count, mut amount): (u64, _) = (0, Decimal::ZERO);
        // The dearest first: what is left then is filled by cheaper ones.
        for (price, times) in of_cell.iter_mut().rev() {
            let Some(price) = price.filter(|price| !price.is_zero()) else { continue };
            let fitting = open.units().checked_div(price.units()).and_then(|fitting| u64::try_from(fitting).ok());
            let take = (*times).min(fitting.unwrap_or_default());
            *times -= take;
            let taken = price.times(take)?;
            (open, amount, count) = (open.checked_sub(taken)?, amount.checked_add(taken)?, count.checked_add(take)?);
        }
        if count == 0 {
            continue;
        }
        let (count, amount) = if is_less {
            (count.cast_signed().checked_neg()?, Decimal::ZERO.checked_sub(amount)?)
        } else {
            (count.cast_signed(), amount)
        };
        left.amount = left.amount.checked_sub(amount)?;
        parts.push(Part { cause: *cause, count, amount: Some(amount), text: None });
    }
    Some(())
}
