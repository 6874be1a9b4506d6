//! Commands about closed months and their documents.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Configured, Months};
use crate::domain::BusinessId;

/// What puts a document into a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JournalBy {
    /// The month that it bills, whenever it was issued; with all credit notes of that month
    Month,
    /// The date on which it was issued
    IssueDate,
}

/// Form of bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JournalForm {
    Hledger,
    Beancount,
    /// One row a posting
    Csv,
}

#[derive(Args, Debug)]
pub struct Journal {
    /// Month, such as 2018-08, or months with the first and the last, such as 2018-08..2018-10
    #[arg(value_name = "MONTHS")]
    pub months: Months,
    #[command(flatten)]
    pub configured: Configured,
    /// What puts a document into a month; payments are in that in which they are booked
    #[arg(long, value_name = "WHAT", default_value = "month")]
    pub by: JournalBy,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Form of the journal
    #[arg(long, value_name = "FORM", default_value = "hledger")]
    pub format: JournalForm,
    /// Only the transactions, for a book that declares its accounts and commodities itself
    #[arg(long)]
    pub bare: bool,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
