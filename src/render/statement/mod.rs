//! The statement of account of a business, and the reminder of what is overdue, in its language: text, HTML, PDF.

mod reminder;
#[cfg(test)]
mod tests;
mod words;

use std::fmt::Write as _;

use serde::Serialize;

use self::words::{Words, words};
use super::texts::{fill, of as texts, written_date};
use super::view::{clean, party};
use super::{DateView, PartyView, numbers};
use crate::domain::business::{Language, Party};
use crate::domain::receivable::{Account, AccountRow, AccountWhat, OpenItem};
use crate::domain::{Date, Money};

pub use reminder::{Reminding, reminder};

/// Name of its template among those of Tera.
pub(super) const HTML: (&str, &str) = ("statement.html", include_str!("../../../templates/statement.html"));
/// And of that of the PDF.
pub(super) const TYPST: (&str, &str) = ("statement.typ", include_str!("../../../templates/statement.typ"));

/// Everything that a template of a statement sees.
#[derive(Debug, Serialize)]
pub struct StatementView {
    pub language: &'static str,
    pub title: &'static str,
    pub as_of: String,
    pub day: DateView,
    pub seller: PartyView,
    pub buyer: PartyView,
    /// One a currency.
    pub accounts: Vec<AccountView>,
    /// Says that there is nothing; empty where there is something.
    pub nothing: &'static str,
    words: &'static Words,
}

/// The account in one currency.
#[derive(Debug, Serialize)]
pub struct AccountView {
    pub currency: String,
    pub rows: Vec<AccountRowView>,
    /// What is to be paid, or in favour of the business.
    pub headline: String,
    /// Empty where nothing is overdue.
    pub overdue: String,
    /// What is left of payments; empty where nothing is.
    pub left: String,
    pub has_open: bool,
    pub open: Vec<OpenView>,
}

#[derive(Debug, Serialize)]
pub struct AccountRowView {
    pub date: String,
    pub what: String,
    pub amount: String,
    pub balance: String,
}

#[derive(Debug, Serialize)]
pub struct OpenView {
    pub number: String,
    pub due: String,
    /// Empty where it is not overdue.
    pub days: String,
    pub open: String,
}

impl StatementView {
    /// The accounts of a business on a day.
    pub fn of(language: Language, seller: &Party, buyer: &Party, accounts: &[Account], today: Date) -> Self {
        let (words, texts) = (words(language), texts(language));
        Self {
            language: language.code(),
            title: words.title,
            as_of: fill(words.as_of, &[("date", &written_date(today, language))]),
            day: DateView { year: today.year(), month: today.month(), day: today.day() },
            seller: party(texts.seller, seller, texts, language),
            buyer: party(texts.bill_to, buyer, texts, language),
            accounts: accounts.iter().map(|account| account_view(account, words, today, language)).collect(),
            nothing: if accounts.is_empty() { words.nothing } else { "" },
            words,
        }
    }

    /// As plain text of lines, for a terminal or a mail.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n\n", self.title, self.buyer.name, self.as_of);
        if self.accounts.is_empty() {
            let _ = writeln!(text, "{}", self.words.nothing);
        }
        for account in &self.accounts {
            let head = [self.words.date, self.words.what, self.words.amount, self.words.balance];
            let rows = account.rows.iter().map(|row| [&row.date, &row.what, &row.amount, &row.balance]);
            text.push_str(&columns(head, rows.map(|row| row.map(String::as_str)), &account.currency));
            // Writing to a text cannot fail.
            let _ = writeln!(text, "\n{}", account.headline);
            if !account.overdue.is_empty() {
                let _ = writeln!(text, "{}", account.overdue);
            }
            if !account.left.is_empty() {
                let _ = writeln!(text, "{}", account.left);
            }
            if !account.open.is_empty() {
                let _ = writeln!(text, "\n{}", self.words.open_items);
                text.push_str(&open_items(self.words, &account.open, &account.currency));
            }
            text.push('\n');
        }
        text
    }
}

fn account_view(account: &Account, words: &Words, today: Date, language: Language) -> AccountView {
    let money = |amount: Money| numbers::money(amount, language);
    let headline = match account.balance.minor() {
        0 => words.settled.to_owned(),
        1.. => fill(words.to_pay, &[("amount", &money(account.balance))]),
        _ => fill(words.in_favour, &[("amount", &money(account.balance.negated()))]),
    };
    let overdue = if account.overdue.is_zero() {
        String::new()
    } else {
        fill(words.overdue, &[("amount", &money(account.overdue))])
    };
    let left =
        if account.left.is_zero() { String::new() } else { fill(words.left, &[("amount", &money(account.left))]) };
    AccountView {
        currency: account.balance.currency().to_string(),
        rows: account.rows.iter().map(|row| row_view(row, words, language)).collect(),
        headline,
        overdue,
        left,
        has_open: !account.open.is_empty(),
        open: account.open.iter().map(|item| open_view(item, today, language)).collect(),
    }
}

fn row_view(row: &AccountRow, words: &Words, language: Language) -> AccountRowView {
    let what = match &row.what {
        AccountWhat::Invoice(number) => fill(words.invoice, &[("number", &number.to_string())]),
        AccountWhat::Prepaid(number, reference) => {
            fill(words.prepaid, &[("number", &number.to_string()), ("reference", reference)])
        }
        AccountWhat::Released(number, reference) => {
            fill(words.released, &[("number", &number.to_string()), ("reference", reference)])
        }
        AccountWhat::CreditNote(number) => fill(words.credit_note, &[("number", &number.to_string())]),
        AccountWhat::Payment(_, text) => fill(words.payment, &[("text", text)]),
        AccountWhat::Reversed(_) => words.returned.to_owned(),
        AccountWhat::Unmatched(_) => words.unmatched.to_owned(),
    };
    AccountRowView {
        date: row.date.to_string(),
        what: clean(&what),
        amount: numbers::amount_digits(row.amount, language),
        balance: numbers::amount_digits(row.balance, language),
    }
}

fn open_view(item: &OpenItem, today: Date, language: Language) -> OpenView {
    OpenView {
        number: item.number.to_string(),
        due: item.due.to_string(),
        days: item.overdue_by(today).map(|days| days.to_string()).unwrap_or_default(),
        open: numbers::amount_digits(item.balance, language),
    }
}

/// The table of open items.
fn open_items(words: &Words, items: &[OpenView], currency: &str) -> String {
    let head = [words.number, words.due, words.days_overdue, words.open];
    let rows = items.iter().map(|item| [&item.number, &item.due, &item.days, &item.open]);
    columns(head, rows.map(|row| row.map(String::as_str)), currency)
}

/// A table in text: two columns to the left, two to the right, the last of them amounts of a currency.
fn columns<'t>(head: [&'t str; 4], rows: impl Iterator<Item = [&'t str; 4]>, currency: &str) -> String {
    let last = format!("{} ({currency})", head[3]);
    let mut all: Vec<[&str; 4]> = vec![[head[0], head[1], head[2], &last]];
    // Not `extend`: the head has a shorter life than the rows.
    for row in rows {
        all.push(row);
    }
    let width = |column: usize| {
        all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [first, second, third, fourth] in &all {
        let [a, b, c, d] = widths;
        let line = format!("{first:<a$}  {second:<b$}  {third:>c$}  {fourth:>d$}");
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
