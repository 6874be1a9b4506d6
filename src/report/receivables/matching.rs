//! What a payment is for: by the invoice numbers that stand in it, its amount and its currency. Without a number nothing is
//! guessed: a person is told which invoices have that amount.

use std::collections::{BTreeMap, BTreeSet};

use super::Items;
use super::references::{Found, Index, NAMES_MAX};
use crate::domain::receivable::{AdvancePaid, OpenItem, PaidPart, StatementEntry};
use crate::domain::{Advance, BusinessId, InvoiceNumber, Money};

/// Invoices of the same amount that are named to a person.
const NAMED: usize = 3;
/// A shorter reference of a payment in advance may stand in any text.
const REFERENCE_MIN: usize = 4;

/// How a payment fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It pays the invoices that it names, whole.
    Paid,
    /// It pays less than is open of them.
    Partial,
    /// It pays them whole, and something is left.
    Over,
    /// It is a payment in advance that the book states.
    Advance,
    /// It is several payments that the bank does not tell apart.
    Batch,
    /// No open invoice is found for it.
    Unknown,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Partial => "partial",
            Self::Over => "over",
            Self::Advance => "advance",
            Self::Batch => "batch",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a person should look at it.
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Over | Self::Batch | Self::Unknown)
    }
}

/// What a payment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    pub verdict: Verdict,
    pub parts: Vec<PaidPart>,
    pub advance: Option<AdvancePaid>,
    /// What a person is told, a sentence each.
    pub said: Vec<String>,
}

/// Finds what payments are for, one after the other: what one pays is no longer open for the next.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    pub items: Items,
    index: Index,
    by_amount: BTreeMap<Money, BTreeSet<InvoiceNumber>>,
    /// Payments in advance of the book that no statement has told of yet.
    advances: Vec<(BusinessId, Advance)>,
}

impl Matcher {
    pub fn new(items: Items, advances: Vec<(BusinessId, Advance)>) -> Self {
        let mut by_amount: BTreeMap<Money, BTreeSet<InvoiceNumber>> = BTreeMap::new();
        for item in items.iter().filter(|item| item.is_open()) {
            by_amount.entry(item.balance).or_default().insert(item.number.clone());
        }
        let index = Index::of(items.iter().map(|item| &item.number));
        Self { items, index, by_amount, advances }
    }

    /// The invoices that an entry names.
    pub fn named(&self, entry: &StatementEntry) -> Vec<InvoiceNumber> {
        self.found(entry).numbers
    }

    fn found(&self, entry: &StatementEntry) -> Found {
        let mut found = Found::default();
        entry.said().for_each(|text| self.index.look(text, &mut found));
        found
    }

    /// Decides about one payment.
    pub fn decide(&mut self, entry: &StatementEntry) -> Matched {
        let found = self.found(entry);
        if let Some(why) = &entry.batch {
            return batch(why, &found.numbers);
        }
        if found.numbers.len() >= NAMES_MAX {
            return batch("a payment that names very many invoices", &found.numbers);
        }
        let mut said: Vec<String> = Vec::new();
        said.extend(
            found
                .mistyped
                .iter()
                .map(|written| format!("the check digits of {written} do not fit: a digit is mistyped")),
        );
        if found.numbers.is_empty() {
            return self.without_number(entry, said);
        }
        let open = self.open(&found.numbers, entry.amount, &mut said);
        let (mut left, mut parts, mut is_partial) = (entry.amount, Vec::new(), false);
        for (number, balance) in open {
            let amount = if left.minor() < balance.minor() { left } else { balance };
            let rest = left.checked_sub(amount);
            let Some(rest) = rest.filter(|_| amount.minor() > 0 && self.items.take(&number, amount)) else { continue };
            if amount != balance {
                is_partial = true;
                let open =
                    balance.checked_sub(amount).map(|open| format!("; {open} is left to pay")).unwrap_or_default();
                said.push(format!("{number} is paid in part, by {amount}{open}"));
            }
            left = rest;
            parts.push(PaidPart { number, amount });
        }
        let verdict = match (parts.is_empty(), left.is_zero(), is_partial) {
            (true, ..) => Verdict::Unknown,
            (_, false, _) => Verdict::Over,
            (_, true, true) => Verdict::Partial,
            (_, true, false) => Verdict::Paid,
        };
        if verdict == Verdict::Over {
            said.push(format!("{left} is more than was open, and left over"));
        }
        Matched { verdict, parts, advance: None, said }
    }

    /// The open ones of the invoices that a payment names, the one that is due first before the others, each with its balance.
    /// Why one is not among them is said.
    fn open(&self, numbers: &[InvoiceNumber], amount: Money, said: &mut Vec<String>) -> Vec<(InvoiceNumber, Money)> {
        let mut open: Vec<&OpenItem> = Vec::new();
        for number in numbers {
            let Some(item) = self.items.standing(number) else { continue };
            if item.number != *number {
                said.push(format!("{} stands in place of {number}", item.number));
            }
            if item.total.currency() != amount.currency() {
                said.push(format!(
                    "{} is billed in {}, the payment is in {}",
                    item.number,
                    item.total.currency(),
                    amount.currency()
                ));
            } else if !item.is_open() {
                said.push(settled(item));
            } else if open.iter().all(|known| known.number != item.number) {
                open.push(item);
            }
        }
        open.sort_by(|one, other| (one.due, &one.number).cmp(&(other.due, &other.number)));
        open.into_iter().map(|item| (item.number.clone(), item.balance)).collect()
    }

    /// A payment in advance of its amount and no other day or reference may be it: a person says so.
    fn advance_of(&self, entry: &StatementEntry) -> Option<String> {
        let of = |(_, advance): &&(BusinessId, Advance)| advance.amount == entry.amount && !is_advance(entry, advance);
        let (business, advance) = self.advances.iter().find(of)?;
        Some(format!("{business} has a payment in advance of this amount in the book (`{}`)", advance.reference))
    }

    fn without_number(&mut self, entry: &StatementEntry, mut said: Vec<String>) -> Matched {
        let found: Vec<usize> = self
            .advances
            .iter()
            .enumerate()
            .filter(|(_, (_, advance))| is_advance(entry, advance))
            .map(|(place, _)| place)
            .collect();
        if let [place] = *found.as_slice() {
            let (business, advance) = self.advances.remove(place);
            said.push(format!("{business} paid it in advance (`{}`)", advance.reference));
            let advance = Some(AdvancePaid { business, reference: advance.reference });
            return Matched { verdict: Verdict::Advance, parts: Vec::new(), advance, said };
        }
        if !found.is_empty() {
            said.push("several payments in advance of the book have its amount, day and reference".to_owned());
        }
        said.extend(self.advance_of(entry));
        let is_still =
            |number: &&InvoiceNumber| self.items.get(number).is_some_and(|item| item.balance == entry.amount);
        let alike = self.by_amount.get(&entry.amount).into_iter().flatten().filter(is_still);
        let alike: Vec<String> = alike.take(NAMED).map(ToString::to_string).collect();
        said.push(if alike.is_empty() {
            "it names no invoice, and no open one has its amount".to_owned()
        } else {
            format!("it names no invoice; of its amount there is {}", alike.join(", "))
        });
        Matched { verdict: Verdict::Unknown, parts: Vec::new(), advance: None, said }
    }
}

/// Why nothing is open of an invoice.
fn settled(item: &OpenItem) -> String {
    let number = &item.number;
    match &item.replaced_by {
        Some(other) => format!("nothing is open of {number}: {other} stands in its place, in another currency"),
        None if item.paid.is_zero() && item.credited.minor() > 0 => {
            format!("nothing is open of {number}: a credit note gave it back")
        }
        None => format!("nothing is open of {number}: it may have been paid twice"),
    }
}

/// Several payments in one: what is due first would be paid by the money of others.
fn batch(why: &str, numbers: &[InvoiceNumber]) -> Matched {
    let numbers: Vec<String> = numbers.iter().take(NAMED).map(ToString::to_string).collect();
    let named = if numbers.is_empty() { String::new() } else { format!("; it names {}", numbers.join(", ")) };
    let said = vec![format!("it is {why}{named}: see at the bank what each pays")];
    Matched { verdict: Verdict::Batch, parts: Vec::new(), advance: None, said }
}

/// Whether a payment is one in advance of the book: its reference, its amount and its day.
fn is_advance(entry: &StatementEntry, advance: &Advance) -> bool {
    let reference = advance.reference.to_lowercase();
    reference.len() >= REFERENCE_MIN
        && advance.amount == entry.amount
        && advance.received == entry.booked
        && entry.said().chain([entry.reference.as_str()]).any(|text| text.to_lowercase().contains(&reference))
}
