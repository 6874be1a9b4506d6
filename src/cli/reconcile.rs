//! `ritardo reconcile`.

use std::path::PathBuf;

use clap::Args;

use super::{Configured, TableForm};
use crate::domain::{BusinessId, Instant, Month};

#[derive(Args, Debug)]
pub struct Reconcile {
    /// Month, such as 2018-08
    pub month: Month,
    /// The partner's invoice, or a saved export of its analytics: CSV or JSON
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub configured: Configured,
    /// Read it through this [[reconcile]] of the configuration [default: the only one]
    #[arg(long = "as", value_name = "NAME")]
    pub mapping: Option<String>,
    /// The statement is of this business only
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Judge open months as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Compare, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}
