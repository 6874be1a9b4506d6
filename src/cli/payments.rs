//! Commands about money that comes in.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use super::{Configured, Format, TableForm};
use crate::domain::{BusinessId, Date, Decimal, Instant, InvoiceNumber};

#[derive(Args, Debug)]
pub struct PaymentsCommand {
    #[command(subcommand)]
    pub action: PaymentsAction,
}

#[derive(Subcommand, Debug)]
pub enum PaymentsAction {
    /// Read statements of banks, and record the payments in them with the invoices that they are for
    Import(PaymentsImport),
    /// All payments in the order in which they were recorded
    List(PaymentsList),
    /// What is left to pay, invoice by invoice, and what payments have left
    Open(PaymentsOpen),
    /// Say for which invoices a payment is, or what is left of one
    Match(PaymentsMatch),
    /// Take a payment back that was returned, or what invoices took of it
    Reverse(PaymentsReverse),
    /// The account of a business, in its language
    Statement(PaymentsStatement),
    /// Draft reminders of what is overdue
    Remind(PaymentsRemind),
}

#[derive(Args, Debug)]
pub struct PaymentsImport {
    /// Statements: camt.053 in version 02, 04 or 08, or CSV by a mapping of the configuration
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub configured: Configured,
    /// Which [[payments.statement]] of the configuration reads CSV [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// Say what would be recorded, record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Record this payment though it looks like one that was recorded before; its place as the import says it, such as "line 7"
    #[arg(long, value_name = "PLACE")]
    pub new: Vec<String>,
    /// Take statements of accounts that are of no issuer, too
    #[arg(long)]
    pub any_account: bool,
    /// When the payments were heard of [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Invoices took all of it
    Matched,
    /// Something is left that no invoice took
    Left,
    /// It is a payment in advance that the book states
    Advance,
    /// It was taken back
    Reversed,
}

impl PaymentState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Left => "left",
            Self::Advance => "advance",
            Self::Reversed => "reversed",
        }
    }
}

#[derive(Args, Debug)]
pub struct PaymentsList {
    #[command(flatten)]
    pub configured: Configured,
    /// Only payments for invoices of this business, or in advance by it
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Only payments in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<PaymentState>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

#[derive(Args, Debug)]
pub struct PaymentsOpen {
    #[command(flatten)]
    pub configured: Configured,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Only what is overdue
    #[arg(long)]
    pub overdue: bool,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

/// An invoice, and how much of a payment is for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchPart {
    pub number: InvoiceNumber,
    /// `None`: as much as is open of it and left of the payment.
    pub amount: Option<Decimal>,
}

impl FromStr for MatchPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, amount) = text.split_once('=').map_or((text, None), |(number, amount)| (number, Some(amount)));
        Ok(Self { number: number.parse()?, amount: amount.map(str::parse).transpose()? })
    }
}

/// A payment in advance of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchAdvance {
    pub business: BusinessId,
    pub reference: String,
}

impl FromStr for MatchAdvance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a business and the reference of a payment in advance, parted by a colon");
        let (business, reference) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self { business: business.parse().map_err(|_| wrong())?, reference: reference.to_owned() })
    }
}

#[derive(Args, Debug)]
pub struct PaymentsMatch {
    /// Number of the payment
    pub payment: u32,
    /// Invoices that it is for, such as LR-2018-000001, or with how much of it, such as LR-2018-000001=12.50
    #[arg(required_unless_present = "advance", conflicts_with = "advance", value_name = "NUMBER[=AMOUNT]")]
    pub parts: Vec<MatchPart>,
    /// It is this payment in advance of the book, which invoices take by themselves
    #[arg(long, value_name = "BUSINESS:REFERENCE")]
    pub advance: Option<MatchAdvance>,
    /// The day on which it is booked [default: the day of the instant]
    #[arg(long, value_name = "DAY")]
    pub on: Option<Date>,
    /// Why; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant at which it is said [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct PaymentsReverse {
    /// Number of the payment
    pub payment: u32,
    /// The money stays: only take back what invoices took of it
    #[arg(long)]
    pub keep: bool,
    /// It was taken back by mistake: record its money again, as another payment
    #[arg(long, conflicts_with = "keep")]
    pub undo: bool,
    /// The day on which the bank booked it [default: the day of the instant]
    #[arg(long, value_name = "DAY")]
    pub on: Option<Date>,
    /// Why; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant at which it is said [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct PaymentsStatement {
    /// Id of the business
    pub business: BusinessId,
    #[command(flatten)]
    pub configured: Configured,
    /// Write it as text, HTML and PDF into this folder; made if it is missing [default: text on standard output]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// As of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct PaymentsRemind {
    #[command(flatten)]
    pub configured: Configured,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Folder for the drafts; made if it is missing
    #[arg(long, value_name = "FOLDER", required_unless_present = "send", conflicts_with = "send")]
    pub out: Option<PathBuf>,
    /// Freeze the reminders as mails of the ledger: `mail send`, or the next run, sends them
    #[arg(long)]
    pub send: bool,
    /// As of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
