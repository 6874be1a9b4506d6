//! A journal as a table: RFC 4180, UTF-8, dot decimals, one row a posting.

use super::receipts::{Receipt, ReceiptPosting};
use super::{Booked, Journal, Posting, Transaction};
use crate::close::guarded;
use crate::domain::Money;

const COLUMNS: [&str; 15] = [
    "number",
    "kind",
    "corrects",
    "date",
    "business",
    "name",
    "account",
    "debit",
    "credit",
    "currency",
    "month",
    "due",
    "vat_category",
    "vat_rate",
    "document_sha256",
];

pub(super) fn text(journal: &Journal) -> String {
    let of = |booked: Booked| -> Vec<[String; 15]> {
        match booked {
            Booked::Document(of) => of.postings.iter().map(|posting| row(of, posting)).collect(),
            Booked::Receipt(of, postings) => postings.iter().map(|posting| received(of, posting)).collect(),
        }
    };
    let rows = journal.booked().into_iter().flat_map(of);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in std::iter::once(COLUMNS.map(str::to_owned)).chain(rows) {
        // Invariant: rows have one length and memory takes every byte.
        writer.write_record(row).unwrap_or_else(|error| unreachable!("{error}"));
    }
    let bytes = writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"));
    // Invariant: every cell is text.
    String::from_utf8(bytes).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The amount of one side; the other has none.
fn side(amount: Money) -> String {
    if amount.minor() > 0 { amount.digits() } else { String::new() }
}

/// A posting of a payment: it has no month, no due date and no tax, and the invoice of a posting is what it `corrects`.
fn received(receipt: &Receipt, posting: &ReceiptPosting) -> [String; 15] {
    let business = posting.number.as_ref().and_then(|number| {
        receipt.parts.iter().find(|(part, _)| part.number == *number).map(|(_, business)| business.to_string())
    });
    let advance = || receipt.advance.as_ref().map(ToString::to_string);
    [
        receipt.code(),
        receipt.what().trim_end_matches(|sign: char| sign.is_ascii_digit()).trim_end().to_owned(),
        posting.number.as_ref().map(|number| guarded(&number.to_string())).unwrap_or_default(),
        receipt.date.to_string(),
        business.or_else(advance).unwrap_or_default(),
        guarded(&receipt.payer),
        posting.account.clone(),
        side(posting.amount),
        side(posting.amount.negated()),
        posting.amount.currency().to_string(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn row(transaction: &Transaction, posting: &Posting) -> [String; 15] {
    let invoice = &transaction.document.invoice;
    let is_nothing = posting.amount.is_zero();
    [
        guarded(&invoice.number.to_string()),
        invoice.kind.name().to_owned(),
        invoice.corrects.as_ref().map(|corrected| guarded(&corrected.number.to_string())).unwrap_or_default(),
        invoice.issue_date.to_string(),
        invoice.business.to_string(),
        guarded(&invoice.buyer.legal_name),
        posting.account.clone(),
        if is_nothing { posting.amount.digits() } else { side(posting.amount) },
        side(posting.amount.negated()),
        posting.amount.currency().to_string(),
        posting.month.to_string(),
        invoice.due_date.to_string(),
        posting.vat.as_ref().map(|vat| guarded(&vat.category)).unwrap_or_default(),
        posting.vat.as_ref().map(|vat| vat.rate.to_string()).unwrap_or_default(),
        transaction.document.sha256.clone(),
    ]
}
