//! `ritardo history`.

use clap::Args;

use super::{Configured, TableForm};
use crate::domain::Instant;

#[derive(Args, Debug)]
pub struct History {
    #[command(flatten)]
    pub configured: Configured,
    /// Only what was done at or after this instant
    #[arg(long, value_name = "INSTANT")]
    pub since: Option<Instant>,
    /// Only the last so many
    #[arg(long, value_name = "NUMBER")]
    pub last: Option<u32>,
    /// Form on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}
