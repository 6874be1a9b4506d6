//! Commands about mails.

use clap::{Args, Subcommand, ValueEnum};

use super::{Configured, Months, TableForm};
use crate::domain::{BusinessId, Instant};

#[derive(Args, Debug)]
pub struct MailCommand {
    #[command(subcommand)]
    pub action: MailAction,
}

#[derive(Subcommand, Debug)]
pub enum MailAction {
    /// All mails in the order in which they were made, with what became of each
    List(MailList),
    /// One mail: its headers, and everything that happened to it
    Show(MailShow),
    /// Send what is due now
    Send(MailSend),
    /// Make a mail once more, of the same documents, and send it
    Resend(MailResend),
    /// Take back a mail that was not sent
    Cancel(MailCancel),
    /// Try mails again at once that were not taken
    Retry(MailRetry),
}

/// Which mails are meant.
#[derive(Args, Debug, Default)]
pub struct MailFilter {
    /// Only mails in this state
    #[arg(long, value_name = "STATE")]
    pub state: Option<MailStateName>,
    /// Only of this month, such as 2018-08, or of months with the first and the last, such as 2018-08..2018-10
    #[arg(long, value_name = "MONTHS")]
    pub month: Option<Months>,
    /// Only of this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Only to addresses that contain this text
    #[arg(long, value_name = "TEXT")]
    pub recipient: Option<String>,
}

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MailStateName {
    /// To be sent
    Queued,
    /// An attempt is being made
    Sending,
    /// The server, or the folder, has taken it
    Sent,
    /// Not taken; a later run tries again
    Deferred,
    /// The server will not take it
    Refused,
    /// Nobody knows whether it arrived
    Unknown,
    /// Tried for five days, and never taken
    Failed,
    /// Taken back by a person
    Cancelled,
    /// It came back
    Bounced,
    /// Destroyed, because it named a customer who is forgotten
    Destroyed,
}

impl MailStateName {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Bounced => "bounced",
            Self::Destroyed => "destroyed",
        }
    }
}

#[derive(Args, Debug)]
pub struct MailList {
    #[command(flatten)]
    pub configured: Configured,
    #[command(flatten)]
    pub filter: MailFilter,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

#[derive(Args, Debug)]
pub struct MailShow {
    /// Name of the mail, such as LR-2018-000001_1
    pub name: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Write the mail itself to standard output, byte for byte
    #[arg(long)]
    pub eml: bool,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct MailSend {
    /// Only these mails [default: all that are due]
    pub names: Vec<String>,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant of sending [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct MailResend {
    /// Name of the mail, such as LR-2018-000001_1
    pub name: String,
    /// Address that it goes to [default: the one that it went to]
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// Why it is made once more; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant of sending [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct MailCancel {
    /// Name of the mail, such as LR-2018-000001_1
    pub name: String,
    /// Why it is taken back; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant at which it is taken back [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct MailRetry {
    /// Names of mails, such as LR-2018-000001_1
    #[arg(required_unless_present_any = ["state", "month", "business", "recipient"])]
    pub names: Vec<String>,
    #[command(flatten)]
    pub filter: MailFilter,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant of sending [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
