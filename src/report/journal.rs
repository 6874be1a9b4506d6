//! Issued documents as double-entry bookkeeping: one transaction a document, whose postings add up to nothing.
//!
//! An invoice is owed by its business, and is revenue and tax to be handed on; a credit note is the same the other way
//! round. A payment is money at the bank that is no longer owed, and so is what an invoice takes of a payment in advance.

mod beancount;
mod hledger;
mod receipts;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::receipts::ReceiptPosting;
use crate::domain::correction::CreditOf;
use crate::domain::invoice::Vat;
use crate::domain::prepaid::Released;
use crate::domain::{BusinessId, Currency, Date, Decimal, Invoice, Money, Month};

pub use self::receipts::{Happened, Receipt};

/// What businesses owe, an account each.
const RECEIVABLE: &str = "Assets:Receivable";
const INCOME: &str = "Income:LateReply";
/// Tax that was charged, an account for each country and rate.
const VAT: &str = "Liabilities:VAT";

/// A canonical document with the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub invoice: Invoice,
    pub sha256: String,
    /// What it needs less of payments in advance than the invoice in whose place it stands.
    pub released: Vec<Released>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Hledger,
    Beancount,
    /// RFC 4180, one row a posting.
    Csv,
}

/// How much of a journal is written; the table has no declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// With the declarations of accounts and commodities that a strict reader asks for.
    Whole,
    Transactions,
}

/// The amounts of a document contradict one another.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amounts of {0} do not add up")]
pub struct Unbalanced(pub String);

/// Documents with their postings, in the order of date, then of issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    title: String,
    transactions: Vec<Transaction>,
    /// In the order of date, then of the ledger.
    receipts: Vec<(Receipt, Vec<ReceiptPosting>)>,
}

/// One transaction of a journal.
enum Booked<'j> {
    Document(&'j Transaction),
    Receipt(&'j Receipt, &'j [ReceiptPosting]),
}

/// A document as bookkeeping.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Transaction {
    document: Document,
    /// Their amounts add up to zero.
    postings: Vec<Posting>,
}

/// What a document does to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Posting {
    account: String,
    /// Above zero a debit, below a credit.
    amount: Money,
    /// For which month.
    month: Month,
    /// The tax that it is, or by which it is taxed where the document has one only.
    vat: Option<Vat>,
}

impl Journal {
    /// The documents as bookkeeping. `title` says in one line which ones they are.
    pub fn of(title: String, documents: Vec<Document>) -> Result<Self, Unbalanced> {
        let mut transactions = documents.into_iter().map(Transaction::of).collect::<Result<Vec<_>, _>>()?;
        transactions.sort_by_key(|transaction| transaction.document.invoice.issue_date);
        Ok(Self { title, transactions, receipts: Vec::new() })
    }

    /// The same with what happened to payments.
    pub fn with_receipts(self, receipts: Vec<Receipt>) -> Result<Self, Unbalanced> {
        let posted = |receipt: Receipt| match receipt.postings() {
            Some(postings) => Ok((receipt, postings)),
            None => Err(Unbalanced(receipt.what())),
        };
        let mut receipts = receipts.into_iter().map(posted).collect::<Result<Vec<_>, _>>()?;
        receipts.sort_by_key(|(receipt, _)| receipt.date);
        Ok(Self { receipts, ..self })
    }

    /// Everything in the order of date; of one day documents come first.
    fn booked(&self) -> Vec<Booked<'_>> {
        let receipts = self.receipts.iter().map(|(receipt, postings)| Booked::Receipt(receipt, postings));
        let mut booked: Vec<Booked> = self.transactions.iter().map(Booked::Document).chain(receipts).collect();
        booked.sort_by_key(Booked::date);
        booked
    }

    pub fn text(&self, form: Form, scope: Scope) -> String {
        match form {
            Form::Hledger => hledger::text(self, scope),
            Form::Beancount => beancount::text(self, scope),
            Form::Csv => sheet::text(self),
        }
    }

    fn accounts(&self) -> BTreeSet<&str> {
        let of_documents = self.transactions.iter().flat_map(|transaction| &transaction.postings);
        let of_receipts = self.receipts.iter().flat_map(|(_, postings)| postings).map(|posting| &*posting.account);
        of_documents.map(|posting| &*posting.account).chain(of_receipts).collect()
    }

    fn currencies(&self) -> BTreeSet<Currency> {
        let of_receipts = self.receipts.iter().map(|(receipt, _)| receipt.amount.currency());
        let of_documents = self.transactions.iter().flat_map(|transaction| &transaction.postings);
        of_documents.map(|posting| posting.amount.currency()).chain(of_receipts).collect()
    }

    /// A day before which nothing happens: the first of the first month that is billed.
    fn first_day(&self) -> Option<Date> {
        let invoices = self.transactions.iter().map(|transaction| &transaction.document.invoice);
        let of_documents = invoices.map(|invoice| invoice.month.first_day().min(invoice.issue_date));
        of_documents.chain(self.receipts.iter().map(|(receipt, _)| receipt.date)).min()
    }
}

impl Transaction {
    fn of(document: Document) -> Result<Self, Unbalanced> {
        match postings(&document.invoice, &document.released) {
            Some(postings) => Ok(Self { document, postings }),
            None => Err(Unbalanced(document.invoice.number.to_string())),
        }
    }

    /// What the document is and for which month.
    fn what(&self) -> String {
        format!("{} of {}", self.document.invoice.kind.name(), self.document.invoice.month)
    }

    /// The document in words, name by name; the same in both forms of text.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Document { invoice, sha256, .. } = &self.document;
        let corrects = invoice.corrects.as_ref().map(|corrected| ("corrects", corrected.number.to_string()));
        let categories: BTreeSet<&str> = invoice.vat.iter().map(|vat| vat.category.as_str()).collect();
        let mut facts = vec![("number", invoice.number.to_string()), ("kind", invoice.kind.name().to_owned())];
        facts.extend(corrects);
        facts.push(("business", invoice.business.to_string()));
        facts.push(("month", invoice.month.to_string()));
        facts.push(("vat", categories.into_iter().collect::<Vec<_>>().join(" ")));
        facts.push(("sha256", sha256.clone()));
        facts
    }

    /// The month of a posting for an earlier month than the document's.
    fn earlier(&self, posting: &Posting) -> Option<Month> {
        (posting.month != self.document.invoice.month).then_some(posting.month)
    }
}

/// `None` when they do not add up to zero.
fn postings(invoice: &Invoice, released: &[Released]) -> Option<Vec<Posting>> {
    let given = |amount: Money| if invoice.is_credit_note() { amount } else { amount.negated() };
    let taxed = if let [only] = invoice.vat.as_slice() { Some(only) } else { None };
    let posting =
        |account: String, amount, month, vat: Option<&Vat>| Posting { account, amount, month, vat: vat.cloned() };
    let income = |month, amount| posting(INCOME.to_owned(), given(amount), month, taxed);
    let earlier = earlier(invoice)?;
    let own = earlier.values().try_fold(invoice.net, |own, part| own.checked_sub(*part))?;
    let owed = given(invoice.total).negated();
    let mut postings = vec![posting(receivable(&invoice.business), owed, invoice.month, None)];
    if !own.is_zero() || earlier.is_empty() {
        postings.push(income(invoice.month, own));
    }
    postings.extend(earlier.into_iter().map(|(month, part)| income(month, part)));
    for vat in invoice.vat.iter().filter(|vat| !vat.tax.is_zero()) {
        let account = tax_account(&invoice.seller.country, vat.rate);
        postings.push(posting(account, given(vat.tax), invoice.month, Some(vat)));
    }
    // One in place of another says again what that one took.
    let taken = invoice.prepaid.as_ref().filter(|_| !invoice.is_credit_note() && invoice.corrects.is_none());
    if let Some(taken) = taken {
        postings.push(posting(receipts::prepaid(&invoice.business), taken.paid, invoice.month, None));
        postings.push(posting(receivable(&invoice.business), taken.paid.negated(), invoice.month, None));
    }
    let sum = Money::sum(invoice.currency, postings.iter().map(|posting| posting.amount))?;
    // It may be in another currency, that of the invoice before it: each pair comes to nothing by itself.
    for Released { amount, .. } in released {
        postings.push(posting(receipts::prepaid(&invoice.business), amount.negated(), invoice.month, None));
        postings.push(posting(receivable(&invoice.business), *amount, invoice.month, None));
    }
    sum.is_zero().then_some(postings)
}

/// What the document bills, or gives back, of months before its own.
fn earlier(invoice: &Invoice) -> Option<BTreeMap<Month, Money>> {
    let billed = invoice.earlier.iter().map(|earlier| (earlier.month, earlier.amount));
    let whole_month = invoice.credited.iter().filter(|line| line.of == CreditOf::EarlierMonth);
    let credited = whole_month.filter_map(|line| Some((line.month?, line.credit)));
    let mut parts = BTreeMap::new();
    for (month, amount) in billed.chain(credited).filter(|(month, _)| *month != invoice.month) {
        let part = parts.entry(month).or_insert(Money::zero(invoice.currency));
        *part = part.checked_add(amount)?;
    }
    parts.retain(|_, part| !part.is_zero());
    Some(parts)
}

/// The id with its first letter as a capital, which accounts begin with: ids have no capitals, so that no two
/// businesses share an account.
fn receivable(business: &BusinessId) -> String {
    let id = business.as_str();
    let (first, rest) = id.split_at(1);
    format!("{RECEIVABLE}:{}{rest}", first.to_ascii_uppercase())
}

/// The rate as a part of a name, in which no dot may stand: `22`, `5-5`.
fn tax_account(country: &str, rate: Decimal) -> String {
    let rate = rate.to_string();
    let rate = rate.trim_end_matches('0').trim_end_matches('.').replace('.', "-");
    format!("{VAT}:{country}:{rate}")
}

/// A text in one line: whatever breaks lines, or hides or reorders what stands around it, is a blank.
fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}
