//! A journal as hledger reads it, also under `--strict`.

use super::receipts::{Receipt, ReceiptPosting};
use super::{Booked, Journal, Scope, Transaction, one_line};
use crate::domain::Currency;

pub(super) fn text(journal: &Journal, scope: Scope) -> String {
    let mut lines = vec![format!("; {}", one_line(&journal.title)), "decimal-mark .".to_owned()];
    if scope == Scope::Whole {
        lines.extend(journal.currencies().into_iter().map(commodity));
        lines.extend(journal.accounts().into_iter().map(|account| format!("account {account}")));
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

/// The decimal mark stands there even where no place follows it: the reader insists.
fn commodity(currency: Currency) -> String {
    format!("commodity 1000.{} {currency}", "0".repeat(usize::from(currency.places())))
}

fn written(transaction: &Transaction) -> Vec<String> {
    let invoice = &transaction.document.invoice;
    let payee = description(&invoice.buyer.legal_name);
    let mut lines = vec![format!("{} * ({}) {payee} | {}", invoice.issue_date, invoice.number, transaction.what())];
    let facts = transaction.facts().into_iter().chain([("due", invoice.due_date.to_string())]);
    lines.extend(facts.map(|(name, value)| format!("    ; {name}: {}", one_line(&value))));
    let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
    let account_width = widest(&mut transaction.postings.iter().map(|posting| posting.account.len()));
    let amount_width = widest(&mut transaction.postings.iter().map(|posting| posting.amount.digits().len()));
    for posting in &transaction.postings {
        let (amount, currency) = (posting.amount.digits(), posting.amount.currency());
        let earlier = transaction.earlier(posting).map(|month| format!("  ; earlier: {month}")).unwrap_or_default();
        let account = &posting.account;
        lines.push(format!("    {account:<account_width$}  {amount:>amount_width$} {currency}{earlier}"));
    }
    lines
}

fn received(receipt: &Receipt, postings: &[ReceiptPosting]) -> Vec<String> {
    let payee = description(&receipt.payer);
    let mut lines = vec![format!("{} * ({}) {payee} | {}", receipt.date, receipt.code(), receipt.what())];
    lines.extend(receipt.facts().into_iter().map(|(name, value)| format!("    ; {name}: {}", one_line(&value))));
    let account_width = postings.iter().map(|posting| posting.account.len()).max().unwrap_or_default();
    let amount_width = postings.iter().map(|posting| posting.amount.digits().len()).max().unwrap_or_default();
    for ReceiptPosting { account, amount, number } in postings {
        let number = number.as_ref().map(|number| format!("  ; number: {number}")).unwrap_or_default();
        let (digits, currency) = (amount.digits(), amount.currency());
        lines.push(format!("    {account:<account_width$}  {digits:>amount_width$} {currency}{number}"));
    }
    lines
}

/// A payee: a semicolon would begin a comment, and a bar ends the payee.
fn description(name: &str) -> String {
    one_line(name).replace(';', ",").replace('|', "/")
}
