//! The statement of a partner against what the ledger bills: by day, market and entry point, each difference explained by
//! what is known of the month, or named unexplained.

mod explain;
mod facts;
mod picked;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use explain::{Part, Prices};
pub use facts::{Cause, Fact, FactKind, Facts};

use self::explain::{Explained, Room};
use crate::domain::statement::Tolerance;
use crate::domain::{Date, Decimal, EntryPoint, Market, Month, Zone};

/// What both sides are counted by. `None` where the statement does not tell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell {
    pub day: Date,
    pub market: Option<Market>,
    pub entry_point: Option<EntryPoint>,
}

/// Charges, and what they come to exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub count: u64,
    pub amount: Decimal,
}

impl Sums {
    /// `None` where a sum does not fit.
    pub fn plus(self, other: Sums) -> Option<Sums> {
        Some(Sums { count: self.count.checked_add(other.count)?, amount: self.amount.checked_add(other.amount)? })
    }
}

/// What the statement tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    pub market: bool,
    pub entry_point: bool,
    pub count: bool,
    pub amount: bool,
}

/// The other side.
#[derive(Clone, Debug)]
pub struct Theirs {
    pub cells: BTreeMap<Cell, Sums>,
    pub measures: Measures,
    /// In which it says that it cuts its days; `None`: as each business does.
    pub zone: Option<Zone>,
    pub tolerance: Tolerance,
}

/// Rows of logs that could not be read; each may be a charge on one of these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    pub first: Date,
    pub last: Date,
    pub rows: u64,
}

/// What is known here.
pub struct Ours<'o> {
    pub facts: &'o Facts,
    pub unread: Vec<Unread>,
    /// Prices that a charge may have, with the words for each.
    pub prices: Prices,
    /// Zones in which the days may be cut, the most likely first.
    pub zones: Vec<Zone>,
}

/// A cell in which the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    #[serde(flatten)]
    pub cell: Cell,
    pub ours: Sums,
    pub theirs: Sums,
    pub parts: Vec<Part>,
    /// What is left of it: charges and amount that they have more. `None` where nothing is.
    pub unexplained: Option<Rest>,
}

/// A part of a difference that nothing explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rest {
    pub count: i64,
    pub amount: Decimal,
}

impl Rest {
    const fn is_nothing(self) -> bool {
        self.count == 0 && self.amount.is_zero()
    }

    /// `None` where a sum does not fit.
    fn plus(self, other: Self) -> Option<Self> {
        Some(Self { count: self.count.checked_add(other.count)?, amount: self.amount.checked_add(other.amount)? })
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    pub cells: u64,
    pub equal: u64,
    /// They differ, by no more than the tolerance.
    pub within_tolerance: u64,
    /// What these come to together: charges and amount that they have more.
    pub tolerated: Rest,
    /// Whether that is more than is tolerated in all.
    pub beyond_tolerance: bool,
    pub ours: Sums,
    pub theirs: Sums,
    /// In which the partner cuts its days, where that is another zone than it says.
    pub counts_days_of: Option<Zone>,
    pub differences: Vec<Difference>,
}

impl Reconciled {
    /// Differences of which something is left.
    pub fn unexplained(&self) -> usize {
        self.differences.iter().filter(|difference| difference.unexplained.is_some()).count()
    }

    /// Whether every difference is accounted for, and what was tolerated is little.
    pub fn is_settled(&self) -> bool {
        self.unexplained() == 0 && !self.beyond_tolerance && self.causes().keys().all(|cause| cause.settles())
    }

    /// How many differences each cause has a part in.
    pub fn causes(&self) -> BTreeMap<Cause, u64> {
        let mut causes = BTreeMap::new();
        for difference in &self.differences {
            let of_one: BTreeSet<Cause> = difference.parts.iter().map(|part| part.cause).collect();
            of_one.into_iter().for_each(|cause| *causes.entry(cause).or_default() += 1);
        }
        causes
    }
}

/// How days are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    /// In the zone of each business.
    Own,
    Of(Zone),
}

/// Compares a month. `None` where a sum does not fit.
pub fn reconcile(month: Month, theirs: &Theirs, ours: &Ours) -> Option<Reconciled> {
    let stated = theirs.zone.map_or(Days::Own, Days::Of);
    let by = |days: Days| ours.facts.billed(month, days, theirs.measures);
    let declared = by(stated)?;
    let found = other_zone(theirs, &declared, ours, &by)?;
    // One way of cutting days for all cells: in another a message of one day would explain what differs on the next.
    let shifted = match found {
        None => None,
        Some(zone) => Some(by(Days::Of(zone))?),
    };
    let cut = shifted.as_ref().unwrap_or(&declared);
    let room = Room::of(ours, month, found.map_or(stated, Days::Of), theirs.measures);
    let mut explained = Explained::new(theirs, ours, room);
    let cells: BTreeSet<&Cell> = theirs.cells.keys().chain(declared.keys()).chain(cut.keys()).collect();
    let (mut equal, mut within_tolerance, mut differences) = (0, 0, Vec::new());
    let mut tolerated = Rest { count: 0, amount: Decimal::ZERO };
    for cell in &cells {
        let of = |sums: &BTreeMap<Cell, Sums>| sums.get(*cell).copied().unwrap_or_default();
        let (own, as_cut, their) = (of(&declared), of(cut), of(&theirs.cells));
        let (whole, left) = (rest(theirs.measures, own, their)?, rest(theirs.measures, as_cut, their)?);
        if whole.is_nothing() && left.is_nothing() {
            equal += 1;
        } else if is_within(theirs.tolerance, whole) && is_within(theirs.tolerance, left) {
            within_tolerance += 1;
            tolerated = tolerated.plus(left)?;
        } else {
            differences.push(explained.difference(cell, own, as_cut, their)?);
        }
    }
    let in_all =
        Tolerance { count: theirs.tolerance.in_all_count, amount: theirs.tolerance.in_all, ..theirs.tolerance };
    Some(Reconciled {
        cells: cells.len() as u64,
        equal,
        within_tolerance,
        tolerated,
        beyond_tolerance: !is_within(in_all, tolerated),
        ours: total(declared.values())?,
        theirs: total(theirs.cells.values())?,
        counts_days_of: found,
        differences,
    })
}

fn total<'s>(mut sums: impl Iterator<Item = &'s Sums>) -> Option<Sums> {
    sums.try_fold(Sums::default(), |total, one| total.plus(*one))
}

/// What the other side has more, of what it tells. `None` where it does not fit.
fn rest(measures: Measures, ours: Sums, theirs: Sums) -> Option<Rest> {
    let count = i64::try_from(theirs.count).ok()?.checked_sub(i64::try_from(ours.count).ok()?)?;
    let amount = theirs.amount.checked_sub(ours.amount)?;
    Some(Rest {
        count: if measures.count { count } else { 0 },
        amount: if measures.amount { amount } else { Decimal::ZERO },
    })
}

fn is_within(tolerance: Tolerance, rest: Rest) -> bool {
    rest.count.unsigned_abs() <= tolerance.count && size(rest.amount) <= tolerance.amount
}

/// An amount without its sign.
fn size(amount: Decimal) -> Decimal {
    if amount.is_negative() { Decimal::ZERO.checked_sub(amount).unwrap_or(amount) } else { amount }
}

/// A zone under which at most half of what differs is left, where there is one: the best, of equal ones the first.
/// A shift takes from one day what it gives to another, so that a single charge proves none.
fn other_zone(
    theirs: &Theirs,
    declared: &BTreeMap<Cell, Sums>,
    ours: &Ours,
    by: &dyn Fn(Days) -> Option<BTreeMap<Cell, Sums>>,
) -> Option<Option<Zone>> {
    let was = distance(theirs, declared)?;
    let mut best: Option<(i128, Zone)> = None;
    for zone in ours.zones.iter().copied().filter(|zone| theirs.zone != Some(*zone)) {
        let left = distance(theirs, &by(Days::Of(zone))?)?;
        if best.is_none_or(|(least, _)| left < least) {
            best = Some((left, zone));
        }
    }
    // Amounts count by their smallest part; two charges are more than two of these.
    let proves = |left: i128| was >= 2 && left.checked_mul(2).is_some_and(|twice| twice <= was);
    Some(best.filter(|(left, _)| proves(*left)).map(|(_, zone)| zone))
}

/// How far the two sides are apart: in charges, or in amounts where it tells no charges.
fn distance(theirs: &Theirs, ours: &BTreeMap<Cell, Sums>) -> Option<i128> {
    let cells: BTreeSet<&Cell> = theirs.cells.keys().chain(ours.keys()).collect();
    let of = |sums: &BTreeMap<Cell, Sums>, cell: &Cell| sums.get(cell).copied().unwrap_or_default();
    cells.into_iter().try_fold(0_i128, |sum, cell| {
        let rest = rest(theirs.measures, of(ours, cell), of(&theirs.cells, cell))?;
        let far = if theirs.measures.count { i128::from(rest.count) } else { rest.amount.units() };
        sum.checked_add(far.checked_abs()?)
    })
}
