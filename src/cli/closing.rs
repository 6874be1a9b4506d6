//! Commands around the closing of months: where they stand, what is parked, what a person lets pass.

use clap::{Args, ValueEnum};

use super::{Configured, Format, TableForm};
use crate::domain::{BusinessId, Instant, Month};

#[derive(Args, Debug)]
pub struct Status {
    #[command(flatten)]
    pub configured: Configured,
    /// Only this month
    #[arg(long, value_name = "MONTH")]
    pub month: Option<Month>,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Only months in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<MonthState>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

/// Where the month of a business stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthState {
    /// It is not over
    Open,
    /// For its horizon, for logs, or for waits that the logs do not prove
    Waiting,
    /// The next run closes it
    Closable,
    /// It can be closed once a person has approved it
    ToApprove,
    /// A guard found something
    Parked,
    Closed,
}

impl MonthState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Closable => "closable",
            Self::ToApprove => "to approve",
            Self::Parked => "parked",
            Self::Closed => "closed",
        }
    }
}

#[derive(Args, Debug)]
pub struct Approve {
    /// Month, such as 2018-08
    pub month: Month,
    /// Only this business [default: all whose month can be issued]
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct ParkedList {
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Unpark {
    /// Month, such as 2018-08
    pub month: Month,
    /// The business whose month is parked
    #[arg(long, value_name = "ID")]
    pub business: BusinessId,
    /// Why the month is right as it is; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
