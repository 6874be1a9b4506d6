//! Commands about what keeps open months waiting.

use clap::{Args, Subcommand};

use super::{Configured, Format};
use crate::domain::Instant;

#[derive(Args, Debug)]
pub struct Gap {
    #[command(subcommand)]
    pub action: GapAction,
}

#[derive(Subcommand, Debug)]
pub enum GapAction {
    /// Every hold that keeps an open month waiting, and those that were accepted
    List(GapList),
    /// Exclude the waits of a hold for good: they are never billed, whatever arrives later
    Accept(GapAccept),
}

#[derive(Args, Debug)]
pub struct GapList {
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
pub struct GapAccept {
    /// Id of the hold, as `gap list` shows it
    pub id: String,
    /// Why the logs will never prove it; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
