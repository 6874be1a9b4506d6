//! Commands that correct what was issued.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Configured, Format};
use crate::domain::{Instant, InvoiceNumber};

#[derive(Args, Debug)]
pub struct Reissue {
    /// Number of the invoice, such as LR-2018-000001
    pub number: InvoiceNumber,
    /// What is wrong with it; printed on both documents
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant of the issue [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct Dispute {
    #[command(subcommand)]
    pub action: DisputeAction,
}

#[derive(Subcommand, Debug)]
pub enum DisputeAction {
    /// Look up disputed messages, and say which claims the evidence supports
    Open(DisputeOpen),
    /// Draft the credit note for the accepted messages of a dispute, or issue it
    Settle(DisputeSettle),
    /// All disputes, with every message
    List(DisputeList),
}

#[derive(Args, Debug)]
pub struct DisputeOpen {
    /// CSV with the columns message_id and reason; channel and decision may be added
    pub file: PathBuf,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant at which the dispute is opened [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct DisputeSettle {
    /// Number of the dispute, as `dispute open` and `dispute list` show it
    pub dispute: u32,
    /// Issue the credit note; without it a preview is drawn and nothing is recorded
    #[arg(long)]
    pub issue: bool,
    #[command(flatten)]
    pub configured: Configured,
    /// Instant of the issue [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}

#[derive(Args, Debug)]
pub struct DisputeList {
    #[command(flatten)]
    pub configured: Configured,
    /// Form of the list on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}
