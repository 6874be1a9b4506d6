//! The command that draws the pages.

use std::path::PathBuf;

use clap::Args;

use super::{Configured, Months};
use crate::domain::{BusinessId, Instant};

#[derive(Args, Debug)]
pub struct Report {
    /// Month, such as 2018-08, or months with the first and the last, such as 2018-08..2018-10 [default: all]
    #[arg(value_name = "MONTH|RANGE")]
    pub months: Option<Months>,
    #[command(flatten)]
    pub configured: Configured,
    /// Only the pages of this business: with --out, what can be given to it
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Folder to draw into, whose pages lead to no documents [default: `reports` in the state folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Judge open months as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
