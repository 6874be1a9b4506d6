//! A journal as Beancount reads it.

use super::{Journal, Scope, Transaction, one_line};

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
    for transaction in &journal.transactions {
        lines.push(String::new());
        lines.extend(written(transaction));
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

fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}
