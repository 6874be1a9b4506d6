//! The account of a business: everything that it owes and paid, in the order of days, with what it owed after each.

use std::collections::BTreeMap;

use crate::domain::receivable::{Account, AccountRow, AccountWhat, OpenItem};
use crate::domain::{Currency, Date, Money};

/// Something that changes what a business owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub date: Date,
    pub what: AccountWhat,
    /// Above zero it owes more.
    pub amount: Money,
}

/// The accounts of a business, one a currency, sorted by it. `items` are its own, in the order of issue, `left` is what its
/// payments have left. `None` when a sum does not fit.
pub fn accounts(
    mut movements: Vec<Movement>,
    items: &[&OpenItem],
    left: &[Money],
    today: Date,
) -> Option<Vec<Account>> {
    movements.sort_by(|one, other| (one.date, &one.what).cmp(&(other.date, &other.what)));
    let mut by_currency: BTreeMap<Currency, Vec<Movement>> = BTreeMap::new();
    for movement in movements {
        by_currency.entry(movement.amount.currency()).or_default().push(movement);
    }
    let account = |(currency, movements): (Currency, Vec<Movement>)| {
        let (mut rows, mut balance) = (Vec::new(), Money::zero(currency));
        for Movement { date, what, amount } in movements {
            balance = balance.checked_add(amount)?;
            rows.push(AccountRow { date, what, amount, balance });
        }
        let own = items.iter().filter(|item| item.total.currency() == currency && !item.balance.is_zero());
        let open: Vec<OpenItem> = own.map(|item| (*item).clone()).collect();
        let overdue = open.iter().filter(|item| item.overdue_by(today).is_some()).map(|item| item.balance);
        let overdue = Money::sum(currency, overdue)?;
        let left = Money::sum(currency, left.iter().copied().filter(|left| left.currency() == currency))?;
        Some(Account { rows, balance, open, overdue, left })
    };
    by_currency.into_iter().map(account).collect()
}
