//! A journal as Beancount reads it.

use super::receipts::{Receipt, ReceiptPosting};
use super::{Booked, Journal, Scope, Transaction, one_line};

pub(super) fn text(journal: &Journal, scope: Scope) -> String {
    let mut lines = vec![format!("; {}", one_line(&journal.title))];
    if scope == Scope::Whole {
        lines.push(format!("option \"title\" {}", quoted(&journal.title)));
        lines.extend(journal.currencies().iter().map(|code| format!("option \"operating_currency\" \"{code}\"")));
        if let Some(day) = journal.first_day() {
            lines.push(String::new());
            lines.extend(journal.accounts().into_iter().map(|account| format!("{day} open {account}")));
        }
    }
    for booked in journal.booked() {
        lines.push(String::new());
        lines.extend(match booked {
            Booked::Document(transaction) => written(transaction),
            Booked::Receipt(receipt, postings) => received(receipt, postings),
        });
    }
    lines.join("\n") + "\n"
}

fn written(transaction: &Transaction) -> Vec<String> {
    let invoice = &transaction.document.invoice;
    let (payee, what) = (quoted(&invoice.buyer.legal_name), quoted(&transaction.what()));
    let corrected = invoice.corrects.as_ref().map(|corrected| format!(" ^{}", corrected.number)).unwrap_or_default();
    let mut lines = vec![format!("{} * {payee} {what} ^{}{corrected}", invoice.issue_date, invoice.number)];
    lines.extend(transaction.facts().iter().map(|(name, value)| format!("  {name}: {}", quoted(value))));
    lines.push(format!("  due: {}", invoice.due_date));
    for posting in &transaction.postings {
        let (account, amount, currency) = (&posting.account, posting.amount.digits(), posting.amount.currency());
        lines.push(format!("  {account}  {amount} {currency}"));
        lines.extend(transaction.earlier(posting).map(|month| format!("    earlier: \"{month}\"")));
    }
    lines
}

fn received(receipt: &Receipt, postings: &[ReceiptPosting]) -> Vec<String> {
    let links: String = receipt.parts.iter().map(|(part, _)| format!(" ^{}", part.number)).collect();
    let (payee, what) = (quoted(&receipt.payer), quoted(&receipt.what()));
    let mut lines = vec![format!("{} * {payee} {what} ^{}{links}", receipt.date, receipt.code())];
    lines.extend(receipt.facts().iter().map(|(name, value)| format!("  {name}: {}", quoted(value))));
    for ReceiptPosting { account, amount, number } in postings {
        lines.push(format!("  {account}  {} {}", amount.digits(), amount.currency()));
        lines.extend(number.as_ref().map(|number| format!("    number: \"{number}\"")));
    }
    lines
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}
