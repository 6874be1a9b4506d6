//! Money that comes in: what the statement of a bank says, what invoices take of it, and what is open.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::mapping::{Condition, Field};
use super::prepaid::Released;
use super::{BusinessId, Date, DocumentKind, Invoice, InvoiceNumber, Money, Month};

/// What invoices take of a payment is told in such parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidPart {
    pub number: InvoiceNumber,
    /// Above zero, in the currency of the payment and of the invoice.
    pub amount: Money,
}

/// Which payment in advance of the book a payment is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvancePaid {
    pub business: BusinessId,
    /// That of `[[business.prepaid]]`.
    pub reference: String,
}

/// Whether money came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneySide {
    Credit,
    Debit,
}

/// One payment on the statement of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEntry {
    /// Where it stands, for people.
    pub place: String,
    /// The account that the money came to.
    pub account: String,
    /// What the bank calls the entry; empty where it does not name it.
    pub reference: String,
    pub booked: Date,
    /// Above zero.
    pub amount: Money,
    pub side: MoneySide,
    /// It takes an earlier entry back, or returns one.
    pub is_reversal: bool,
    /// Why it is several payments in one that cannot be told apart; `None` of a single one.
    pub batch: Option<String>,
    pub payer: String,
    /// References in fields of their own.
    pub references: Vec<String>,
    /// Free text, where references may stand as well.
    pub texts: Vec<String>,
    /// How many entries before it, of the same statement, have the same identity.
    pub like: u32,
}

impl StatementEntry {
    /// What tells the entry from all others, whichever file it stands in; its digest is its key, which ledgers hold: its form
    /// never changes. Words count only where the bank gives the entry no name: another file, or another mapping, may have more
    /// of them.
    pub fn identity(&self) -> String {
        let mut text = format!(
            "{}\n{}\n{}\n{}\n{}\n{:?}\n",
            self.account, self.reference, self.amount, self.booked, self.like, self.side
        );
        if !self.reference.is_empty() {
            return text;
        }
        for part in std::iter::once(&self.payer).chain(&self.references).chain(&self.texts) {
            // Length first, so that no two lists of texts are the same text. Writing to a text cannot fail.
            let _ = writeln!(text, "{}:{part}", part.len());
        }
        text
    }

    /// What parts those that may be the same from those that cannot.
    pub fn like_others(&self) -> (String, Date, Money) {
        (self.account.clone(), self.booked, self.amount)
    }

    /// Everything that a reference may stand in.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        self.references.iter().chain(&self.texts).map(String::as_str)
    }
}

/// How a bank writes its days, in the letters of `strftime`: `%d.%m.%Y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateForm(String);

impl DateForm {
    /// The day that a text says; `None` where it has another form.
    pub fn read(&self, text: &str) -> Option<Date> {
        NaiveDate::parse_from_str(text, &self.0).ok().map(Date)
    }
}

/// A day that is no month: a form that gives it back tells the whole day.
const SAMPLE: (i32, u32, u32) = (2018, 10, 21);

impl FromStr for DateForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = Self(text.to_owned());
        let wrong = || format!("`{text}` is not a form of days: it must tell day, month and year, as in %d.%m.%Y");
        let sample = NaiveDate::from_ymd_opt(SAMPLE.0, SAMPLE.1, SAMPLE.2).ok_or_else(wrong)?;
        let mut written = String::new();
        // A form with an hour in it, or with what means nothing, cannot be written.
        write!(written, "{}", sample.format(text)).map_err(|_| wrong())?;
        if form.read(&written) == Some(Date(sample)) { Ok(form) } else { Err(wrong()) }
    }
}

impl fmt::Display for DateForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How the letters of a table are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextEncoding {
    #[default]
    Utf8,
    /// That of older programs in Western Europe, which holds ISO 8859-1 but for signs that nobody sees.
    Windows1252,
}

/// How the CSV of a bank is read: which of its columns says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementTable {
    /// Unique, `[a-z0-9-]{1,40}`.
    pub name: String,
    pub encoding: TextEncoding,
    pub separator: u8,
    /// So many lines stand before the header.
    pub skip_lines: u32,
    pub account: Field,
    pub currency: Field,
    /// The column of the day of booking.
    pub booked: String,
    pub days: DateForm,
    /// The column of the amount. Below zero money went out.
    pub amount: String,
    /// The column of amounts that went out, where the bank has one for each side: it counts where `amount` is empty.
    pub amount_out: Option<String>,
    /// `.` or `,`; the other one parts thousands.
    pub decimal: char,
    /// One of them holds where money came in: below zero, such a row takes a payment back. Without any the sign tells.
    pub credit: Vec<Condition>,
    /// What the bank calls the entry.
    pub reference: Option<Field>,
    pub payer: Option<Field>,
    /// Where references may stand: all of these columns.
    pub text: Vec<String>,
}

/// What the configuration settles about money that comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentRules {
    /// Days after the due date from which on each level of reminders is due; they rise.
    pub reminders: Vec<u32>,
    pub tables: Vec<StatementTable>,
}

/// A document as far as what is owed for it goes: amounts are in the currency that it is billed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    pub number: InvoiceNumber,
    pub kind: DocumentKind,
    pub business: BusinessId,
    pub month: Month,
    pub issued: Date,
    pub due: Date,
    pub total: Money,
    /// What it says was paid of it in advance.
    pub prepaid: Money,
    /// What it needs less of payments in advance than the invoice in whose place it stands: later invoices take that.
    pub released: Vec<Released>,
    /// What a credit note corrects, or in place of what an invoice stands.
    pub corrects: Option<InvoiceNumber>,
}

impl Brief {
    /// Of a document in the currency that it is billed in, with what it released of payments in advance.
    pub fn of(billed: &Invoice, released: &[Released]) -> Self {
        let prepaid = billed.prepaid.as_ref().filter(|_| !billed.is_credit_note()).map(|prepaid| prepaid.paid);
        Self {
            number: billed.number.clone(),
            kind: billed.kind,
            business: billed.business.clone(),
            month: billed.month,
            issued: billed.issue_date,
            due: billed.due_date,
            total: billed.total,
            prepaid: prepaid.unwrap_or_else(|| Money::zero(billed.total.currency())),
            released: released.to_vec(),
            corrects: billed.corrects.as_ref().map(|corrected| corrected.number.clone()),
        }
    }
}

/// An invoice with what became of its amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenItem {
    pub number: InvoiceNumber,
    pub business: BusinessId,
    pub month: Month,
    pub issued: Date,
    pub due: Date,
    pub total: Money,
    /// Paid in advance.
    pub prepaid: Money,
    /// What of it the invoice in its place left to later ones.
    pub released: Money,
    /// Given back by credit notes.
    pub credited: Money,
    /// Received since it was issued.
    pub paid: Money,
    /// What another invoice left that stood here before: below zero where more had been paid of that one than stands.
    pub taken_over: Money,
    /// What is left to pay; below zero where the business has something to its credit.
    pub balance: Money,
    /// The invoice that stands in its place, which has taken its balance over.
    pub replaced_by: Option<InvoiceNumber>,
}

impl OpenItem {
    /// Whether something is left to pay.
    pub const fn is_open(&self) -> bool {
        self.balance.minor() > 0
    }

    /// Days by which it is overdue; `None` where nothing is to be paid, or it is not due yet. On the due date itself it is
    /// not overdue.
    pub fn overdue_by(&self, today: Date) -> Option<u32> {
        (self.is_open() && self.due < today).then(|| self.due.days_until(today))
    }
}

/// A row of a statement of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    pub date: Date,
    pub what: AccountWhat,
    /// Above zero the business owes more by it, below zero less.
    pub amount: Money,
    /// What it owes after it.
    pub balance: Money,
}

/// What a row of a statement of account is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountWhat {
    Invoice(InvoiceNumber),
    /// Taken by this invoice of a payment of this reference.
    Prepaid(InvoiceNumber, String),
    /// Taken by an invoice before this one of a payment of this reference, and left by this one to later ones.
    Released(InvoiceNumber, String),
    CreditNote(InvoiceNumber),
    /// A payment, by its number and the words of the bank.
    Payment(u32, String),
    /// A payment that was taken back.
    Reversed(u32),
    /// A payment that stays, and is no longer for invoices of this business.
    Unmatched(u32),
}

/// The account of a business in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub rows: Vec<AccountRow>,
    pub balance: Money,
    /// Invoices with something left to pay, or to its credit.
    pub open: Vec<OpenItem>,
    /// What of `balance` is overdue.
    pub overdue: Money,
    /// What is left of payments that are for invoices of this business alone; no part of `balance`.
    pub left: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ledgers hold digests of this: another form would record every payment again.
    #[test]
    fn the_identity_of_an_entry_keeps_its_form() {
        let entry = StatementEntry {
            place: "line 2".to_owned(),
            account: "IE89RTRD".to_owned(),
            reference: String::new(),
            booked: "2018-10-09".parse().unwrap(),
            amount: "EUR 12.00".parse().unwrap(),
            side: MoneySide::Credit,
            is_reversal: false,
            batch: None,
            payer: "Forno".to_owned(),
            references: vec!["RF1".to_owned()],
            texts: vec!["thank you".to_owned()],
            like: 1,
        };
        let words = "5:Forno\n3:RF1\n9:thank you\n";
        assert_eq!(entry.identity(), format!("IE89RTRD\n\nEUR 12.00\n2018-10-09\n1\nCredit\n{words}"));
        let named = StatementEntry { reference: "B-77".to_owned(), ..entry };
        assert_eq!(named.identity(), "IE89RTRD\nB-77\nEUR 12.00\n2018-10-09\n1\nCredit\n");
    }

    #[test]
    fn a_form_of_days_tells_one_day() {
        for (form, text, day) in [
            ("%d.%m.%Y", "03.09.2018", Some("2018-09-03")),
            ("%m/%d/%Y", "09/03/2018", Some("2018-09-03")),
            ("%Y-%m-%d", "2018-09-03", Some("2018-09-03")),
            ("%d.%m.%Y", "2018-09-03", None),
            ("%d.%m.%Y", "31.02.2018", None),
        ] {
            let read = form.parse::<DateForm>().unwrap().read(text);
            assert_eq!(read.map(|day| day.to_string()).as_deref(), day, "{form} {text}");
        }
        for wrong in ["%d.%m", "%Y-%m", "%d.%m.%Y %H:%M", "%", "day", ""] {
            assert!(wrong.parse::<DateForm>().is_err(), "{wrong}");
        }
    }
}
