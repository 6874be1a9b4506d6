//! What businesses owe: open items, what a payment is for, and statements of account. Pure: documents and payments are given.

mod account;
mod matching;
mod references;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::domain::receivable::{Brief, OpenItem, PaidPart};
use crate::domain::{InvoiceNumber, Money};

pub use account::{Movement, accounts};
pub use matching::{Matched, Matcher, Verdict};

/// Amounts that do not fit, or that are in two currencies where one is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amounts of {0} do not add up")]
pub struct Unsummed(pub InvoiceNumber);

/// Every invoice with what is left to pay of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    by_number: BTreeMap<InvoiceNumber, OpenItem>,
    /// In the order of issue.
    order: Vec<InvoiceNumber>,
}

impl Items {
    /// The items of documents in the order of issue, and of what was received for them.
    ///
    /// What an invoice that another one stands in place of has left, or has to its credit, is of that other one: payments
    /// follow the debt. Only where the two are in different currencies it stays where it is.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn of<'p>(briefs: &[Brief], paid: impl Iterator<Item = &'p PaidPart>) -> Result<Self, Unsummed> {
        let mut items = Self::default();
        for brief in briefs {
            items.add(brief)?;
        }
        for part in paid {
            items.pay(part)?;
        }
        items.follow(briefs)?;
        Ok(items)
    }

    fn add(&mut self, brief: &Brief) -> Result<(), Unsummed> {
        let unsummed = || Unsummed(brief.number.clone());
        if !brief.kind.is_invoice() {
            let Some(base) = &brief.corrects else { return Ok(()) };
            let Some(item) = self.by_number.get_mut(base) else { return Ok(()) };
            item.credited = item.credited.checked_add(brief.total).ok_or_else(unsummed)?;
            item.balance = item.balance.checked_sub(brief.total).ok_or_else(unsummed)?;
            return Ok(());
        }
        if let Some(base) = brief.corrects.as_ref().and_then(|base| self.by_number.get_mut(base)) {
            // It is there for later invoices, and pays nothing here.
            for released in brief.released.iter().filter(|of| of.amount.currency() == base.total.currency()) {
                base.released = base.released.checked_add(released.amount).ok_or_else(unsummed)?;
                base.balance = base.balance.checked_add(released.amount).ok_or_else(unsummed)?;
            }
        }
        let base = brief.corrects.as_ref().and_then(|base| self.by_number.get(base));
        let is_same = base.is_some_and(|base| base.total.currency() == brief.total.currency());
        let nothing = Money::zero(brief.total.currency());
        // What it says was paid in advance was paid of the one before it, and comes with that one's balance.
        let prepaid = if is_same { nothing } else { brief.prepaid };
        let item = OpenItem {
            number: brief.number.clone(),
            business: brief.business.clone(),
            month: brief.month,
            issued: brief.issued,
            due: brief.due,
            total: brief.total,
            prepaid,
            released: nothing,
            credited: nothing,
            paid: nothing,
            taken_over: nothing,
            balance: brief.total.checked_sub(prepaid).ok_or_else(unsummed)?,
            replaced_by: None,
        };
        self.order.push(brief.number.clone());
        self.by_number.insert(brief.number.clone(), item);
        Ok(())
    }

    /// A payment for an invoice that there is not counts for nothing; `verify` tells of it.
    fn pay(&mut self, part: &PaidPart) -> Result<(), Unsummed> {
        let Some(item) = self.by_number.get_mut(&part.number) else { return Ok(()) };
        let unsummed = || Unsummed(part.number.clone());
        item.paid = item.paid.checked_add(part.amount).ok_or_else(unsummed)?;
        item.balance = item.balance.checked_sub(part.amount).ok_or_else(unsummed)?;
        Ok(())
    }

    /// Takes the balance of each invoice to the one in its place, the first of a chain first.
    fn follow(&mut self, briefs: &[Brief]) -> Result<(), Unsummed> {
        for brief in briefs.iter().filter(|brief| brief.kind.is_invoice()) {
            let Some(base) = &brief.corrects else { continue };
            let Some(base) = self.by_number.get_mut(base) else { continue };
            base.replaced_by = Some(brief.number.clone());
            if base.total.currency() != brief.total.currency() {
                continue;
            }
            let taken = std::mem::replace(&mut base.balance, Money::zero(brief.total.currency()));
            if let Some(item) = self.by_number.get_mut(&brief.number) {
                item.taken_over = taken;
                item.balance = item.balance.checked_add(taken).ok_or_else(|| Unsummed(brief.number.clone()))?;
            }
        }
        Ok(())
    }

    /// All of them, in the order of issue.
    pub fn iter(&self) -> impl Iterator<Item = &OpenItem> {
        self.order.iter().filter_map(|number| self.by_number.get(number))
    }

    pub fn get(&self, number: &InvoiceNumber) -> Option<&OpenItem> {
        self.by_number.get(number)
    }

    /// The invoice that stands for this one now: itself, or the last one in its place.
    pub fn standing(&self, number: &InvoiceNumber) -> Option<&OpenItem> {
        let mut item = self.by_number.get(number)?;
        // A chain is no longer than there are invoices.
        for _ in 0..self.order.len() {
            match item.replaced_by.as_ref().and_then(|next| self.by_number.get(next)) {
                Some(next) if next.total.currency() == item.total.currency() => item = next,
                _ => break,
            }
        }
        Some(item)
    }

    /// Takes an amount off an item that is open: what a payment of now is for.
    fn take(&mut self, number: &InvoiceNumber, amount: Money) -> bool {
        let Some(item) = self.by_number.get_mut(number) else { return false };
        let (paid, balance) = (item.paid.checked_add(amount), item.balance.checked_sub(amount));
        let (Some(paid), Some(balance)) = (paid, balance) else { return false };
        (item.paid, item.balance) = (paid, balance);
        true
    }
}
