//! A journal as a table: RFC 4180, UTF-8, dot decimals, one row a posting.

use super::{Journal, Posting, Transaction};
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
    let rows = journal.transactions.iter().flat_map(|of| of.postings.iter().map(|posting| row(of, posting)));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in std::iter::once(COLUMNS.map(str::to_owned)).chain(rows) {
        // Invariant: rows have one length and memory takes every byte.
        writer.write_record(row).unwrap_or_else(|error| unreachable!("{error}"));
    }
    let bytes = writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"));
    // Invariant: every cell is text.
    String::from_utf8(bytes).unwrap_or_else(|error| unreachable!("{error}"))
}

fn row(transaction: &Transaction, posting: &Posting) -> [String; 15] {
    let invoice = &transaction.document.invoice;
    let amount = |side: Money| if side.minor() > 0 { side.digits() } else { String::new() };
    let is_nothing = posting.amount.is_zero();
    [
        guarded(&invoice.number.to_string()),
        invoice.kind.name().to_owned(),
        invoice.corrects.as_ref().map(|corrected| guarded(&corrected.number.to_string())).unwrap_or_default(),
        invoice.issue_date.to_string(),
        invoice.business.to_string(),
        guarded(&invoice.buyer.legal_name),
        posting.account.clone(),
        if is_nothing { posting.amount.digits() } else { amount(posting.amount) },
        amount(posting.amount.negated()),
        posting.amount.currency().to_string(),
        posting.month.to_string(),
        invoice.due_date.to_string(),
        posting.vat.as_ref().map(|vat| guarded(&vat.category)).unwrap_or_default(),
        posting.vat.as_ref().map(|vat| vat.rate.to_string()).unwrap_or_default(),
        transaction.document.sha256.clone(),
    ]
}
