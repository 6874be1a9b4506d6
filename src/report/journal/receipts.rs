//! Payments as bookkeeping: money at the bank is what businesses no longer owe, was paid in advance, or is of nobody yet.

use super::{Booked, Unbalanced, receivable};
use crate::domain::receivable::PaidPart;
use crate::domain::{BusinessId, Date, InvoiceNumber, Money};

/// Money that came in.
pub(super) const BANK: &str = "Assets:Bank";
/// Of payments that no invoice took: they are owed to whoever paid.
const UNASSIGNED: &str = "Liabilities:Payments:Unassigned";
/// What was paid in advance, an account a business.
const PREPAID: &str = "Liabilities:Prepaid";

/// What happened to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The bank booked it.
    Received,
    /// A person said for which invoices it is.
    Matched,
    /// The bank, or a person, took it back.
    Returned,
    /// A person took back what it was for.
    Released,
}

impl Happened {
    const fn name(self) -> &'static str {
        match self {
            Self::Received => "payment",
            Self::Matched => "matched payment",
            Self::Returned => "returned payment",
            Self::Released => "released payment",
        }
    }
}

/// Something that happened to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub payment: u32,
    pub happened: Happened,
    pub date: Date,
    /// All of the payment; above zero.
    pub amount: Money,
    pub payer: String,
    /// What the bank calls it.
    pub reference: String,
    /// What invoices take by it, or give back, with whose they are.
    pub parts: Vec<(PaidPart, BusinessId)>,
    /// Of a payment in advance: whose it is.
    pub advance: Option<BusinessId>,
}

/// What a receipt does to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReceiptPosting {
    pub account: String,
    pub amount: Money,
    pub number: Option<InvoiceNumber>,
}

/// The account of what a business paid in advance.
pub(super) fn prepaid(business: &BusinessId) -> String {
    receivable(business).replacen(super::RECEIVABLE, PREPAID, 1)
}

impl Receipt {
    /// What of it is of one business: its own parts, and no more of the money than these. A payment in advance is whole.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn only(mut self, business: &BusinessId) -> Result<Self, Unbalanced> {
        if self.advance.as_ref() == Some(business) {
            return Ok(self);
        }
        self.parts.retain(|(_, whose)| whose == business);
        let parts = self.parts.iter().map(|(part, _)| part.amount);
        let amount = Money::sum(self.amount.currency(), parts).ok_or_else(|| Unbalanced(self.what()))?;
        Ok(Self { amount, ..self })
    }

    /// What it is, in a word.
    pub(super) fn what(&self) -> String {
        format!("{} {}", self.happened.name(), self.payment)
    }

    /// Its name among the documents.
    pub(super) fn code(&self) -> String {
        format!("P-{:06}", self.payment)
    }

    /// In words, name by name.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let reference = (!self.reference.is_empty()).then(|| ("reference", self.reference.clone()));
        let for_these: Vec<String> = self.parts.iter().map(|(part, _)| part.number.to_string()).collect();
        let numbers = (!for_these.is_empty()).then(|| ("for", for_these.join(" ")));
        [("payment", self.payment.to_string())].into_iter().chain(reference).chain(numbers).collect()
    }

    /// Its postings, which add up to nothing. `None` when a sum does not fit.
    pub(super) fn postings(&self) -> Option<Vec<ReceiptPosting>> {
        let plain = |account: String, amount: Money| ReceiptPosting { account, amount, number: None };
        let currency = self.amount.currency();
        let taken = Money::sum(currency, self.parts.iter().map(|(part, _)| part.amount))?;
        let rest = self.amount.checked_sub(taken)?;
        let other = self.advance.as_ref().map_or_else(|| UNASSIGNED.to_owned(), prepaid);
        let gives_back = matches!(self.happened, Happened::Returned | Happened::Released);
        let signed = |amount: Money| if gives_back { amount.negated() } else { amount };
        let mut postings = match self.happened {
            Happened::Received | Happened::Returned => vec![plain(BANK.to_owned(), signed(self.amount))],
            Happened::Matched | Happened::Released => vec![plain(other.clone(), signed(taken))],
        };
        postings.extend(self.parts.iter().map(|(part, business)| ReceiptPosting {
            account: receivable(business),
            amount: signed(part.amount).negated(),
            number: Some(part.number.clone()),
        }));
        let has_rest = matches!(self.happened, Happened::Received | Happened::Returned) && !rest.is_zero();
        postings.extend(has_rest.then(|| plain(other, signed(rest).negated())));
        Money::sum(currency, postings.iter().map(|posting| posting.amount))?.is_zero().then_some(postings)
    }
}

impl Booked<'_> {
    pub fn date(&self) -> Date {
        match self {
            Self::Document(transaction) => transaction.document.invoice.issue_date,
            Self::Receipt(receipt, _) => receipt.date,
        }
    }
}
