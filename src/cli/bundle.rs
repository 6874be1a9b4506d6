//! The command that writes a closed month as one file.

use std::path::PathBuf;

use clap::Args;

use super::Configured;
use crate::domain::Month;

/// How the name of a bundle ends.
pub const BUNDLE_SUFFIX: &str = ".tar.zst";

#[derive(Args, Debug)]
pub struct ExportMonth {
    /// Closed month, such as 2018-08
    pub month: Month,
    /// File to write, such as 2018-08.tar.zst
    pub out: PathBuf,
    #[command(flatten)]
    pub configured: Configured,
    /// Sign the manifest with this Ed25519 key (PKCS#8 in PEM)
    #[arg(long, value_name = "KEY.pem")]
    pub sign: Option<PathBuf>,
}
