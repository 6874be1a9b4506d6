//! The books kept once more, by another road: what each document may bill or give back follows from the entries before
//! it, and from nothing that it says itself.

use std::collections::BTreeMap;

use super::entry::{Entry, Issued};
use crate::domain::{BusinessId, CorrectionCause, InvoiceNumber, Money, Month};

/// What an entry says of a month, and the entries before it contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    pub business: BusinessId,
    pub month: Month,
    /// The month of the document that says so, where it is another.
    pub told_in: Month,
    pub text: String,
}

/// A closed month of a business.
#[derive(Default)]
struct Account {
    /// What it comes to; `None` before a document or an entry says so.
    stands: Option<Money>,
    /// What each invoice bills of it, less what credit notes gave back.
    billed: BTreeMap<InvoiceNumber, Money>,
    /// What credit notes are still to give back after a correction.
    due: Option<Money>,
}

impl Account {
    fn billed(&self) -> Option<Money> {
        let mut amounts = self.billed.values().copied();
        let first = amounts.next()?;
        amounts.try_fold(first, Money::checked_add)
    }

    /// What stands less what is billed.
    fn open(&self) -> Option<Money> {
        let stands = self.stands?;
        self.billed().map_or(Some(stands), |billed| stands.checked_sub(billed))
    }
}

/// The books of all businesses.
#[derive(Default)]
struct Books {
    accounts: BTreeMap<(BusinessId, Month), Account>,
    /// By invoice: what a reissue gave back of each month.
    given_back: BTreeMap<InvoiceNumber, BTreeMap<Month, Money>>,
    found: Vec<Contradiction>,
}

/// Everything in the entries that does not add up; they are in their order, from the first on.
pub fn contradictions<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Contradiction> {
    let mut books = Books::default();
    for entry in entries {
        match entry {
            Entry::CreditNote(issued) => books.credit_note(issued),
            Entry::Replacement(issued) => books.replacement(issued),
            Entry::Invoice(issued) => {
                books.nothing_is_due();
                books.invoice(issued);
            }
            Entry::MonthClosed(closed) => {
                books.nothing_is_due();
                let stands = closed.carried;
                books
                    .accounts
                    .insert((closed.business.clone(), closed.month), Account { stands, ..Account::default() });
            }
            Entry::Corrected(corrected) => {
                books.nothing_is_due();
                let account = books.accounts.entry((corrected.business.clone(), corrected.month)).or_default();
                account.stands = Some(corrected.net);
                account.due = account.open().filter(|open| open.minor() < 0).map(Money::negated);
            }
            _ => {}
        }
    }
    books.nothing_is_due();
    books.nothing_is_billed_in_excess();
    books.found
}

/// The months of a document with their parts of its net amount.
fn parts(issued: &Issued) -> BTreeMap<Month, Money> {
    let months = issued.earlier.iter().map(|earlier| earlier.month).chain([issued.month]);
    let parts = months.filter_map(|month| Some((month, issued.part_of(month)?)));
    parts.filter(|(_, part)| part.minor() != 0).collect()
}

impl Books {
    fn find(&mut self, issued: &Issued, month: Month, text: String) {
        self.found.push(Contradiction { business: issued.business.clone(), month, told_in: issued.month, text });
    }

    fn account(&mut self, business: &BusinessId, month: Month) -> &mut Account {
        self.accounts.entry((business.clone(), month)).or_default()
    }

    /// An invoice bills its own month whole, and of earlier ones exactly what nothing bills yet.
    fn invoice(&mut self, issued: &Issued) {
        let Issued { number, business, .. } = issued;
        for (month, part) in parts(issued) {
            let account = self.account(business, month);
            if month == issued.month {
                account.stands = Some(part);
                account.billed.insert(number.clone(), part);
                continue;
            }
            let open = account.open();
            account.billed.insert(number.clone(), part);
            if open != Some(part) {
                let open = open.map_or_else(|| "nothing".to_owned(), |open| open.to_string());
                self.find(
                    issued,
                    month,
                    format!("{number} bills {part} of {month}, of which {open} was not billed yet"),
                );
            }
        }
    }

    fn credit_note(&mut self, note: &Issued) {
        let (Some(base), business) = (&note.corrects, &note.business) else { return };
        let is_whole = note.cause == Some(CorrectionCause::Reissue);
        for (month, part) in parts(note) {
            let account = self.account(business, month);
            let left = account.billed.get(base).and_then(|billed| billed.checked_sub(part));
            let due = account.due.and_then(|due| due.checked_sub(part));
            if let Some(left) = left {
                account.billed.insert(base.clone(), left);
            }
            if !is_whole {
                account.due = due.filter(|due| due.minor() != 0);
            }
            let number = &note.number;
            if left.is_none_or(|left| left.minor() < 0) {
                self.find(note, month, format!("{number} gives back {part} of {month}, more than {base} bills"));
            }
            if !is_whole && due.is_none_or(|due| due.minor() < 0) {
                self.find(note, month, format!("{number} gives back {part} of {month}, more than its correction"));
            }
        }
        if is_whole {
            self.given_back.insert(base.clone(), parts(note));
            let rest = |account: &Account| account.billed.get(base).is_some_and(|rest| rest.minor() != 0);
            let left = self.accounts.iter().find(|(_, account)| rest(account)).map(|((_, month), _)| *month);
            if let Some(month) = left {
                self.find(note, month, format!("{} does not give {base} back whole", note.number));
            }
        }
    }

    /// What stands in place of an invoice bills what was given back of it.
    fn replacement(&mut self, issued: &Issued) {
        let base = issued.corrects.as_ref();
        let given_back = base.and_then(|base| self.given_back.remove(base)).unwrap_or_default();
        let parts = parts(issued);
        if parts != given_back {
            let text = format!("{} bills other amounts than were given back before it", issued.number);
            self.find(issued, issued.month, text);
        }
        for (month, part) in parts {
            self.account(&issued.business, month).billed.insert(issued.number.clone(), part);
        }
    }

    /// A correction and its credit notes are one transaction.
    fn nothing_is_due(&mut self) {
        let mut found = Vec::new();
        for ((business, month), account) in &mut self.accounts {
            if let Some(due) = account.due.take() {
                let text = format!("its correction gives {due} back, and no credit note does");
                found.push(Contradiction { business: business.clone(), month: *month, told_in: *month, text });
            }
        }
        self.found.append(&mut found);
    }

    fn nothing_is_billed_in_excess(&mut self) {
        let is_excess = |account: &Account| account.open().is_some_and(|open| open.minor() < 0);
        let excess = self.accounts.iter().filter(|(_, account)| is_excess(account));
        let text = "more of it is billed than stands".to_owned();
        let told: Vec<Contradiction> = excess
            .map(|((business, month), _)| Contradiction {
                business: business.clone(),
                month: *month,
                told_in: *month,
                text: text.clone(),
            })
            .collect();
        self.found.extend(told);
    }
}
