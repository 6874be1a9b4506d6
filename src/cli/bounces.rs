//! What came back of the mails.

use std::path::PathBuf;

use clap::Args;

use super::{Configured, Format};
use crate::domain::Instant;

#[derive(Args, Debug)]
pub struct Bounces {
    /// Where reports lie: mails as files, mboxes, maildirs. Nothing in them is moved or changed
    #[arg(required = true, value_name = "FILE|MAILDIR")]
    pub mailboxes: Vec<PathBuf>,
    #[command(flatten)]
    pub configured: Configured,
    /// When what came back was heard of [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}
