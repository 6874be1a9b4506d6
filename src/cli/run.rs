//! The nightly run.

use clap::Args;

use super::{Configured, ConfiguredEngine, Format};
use crate::domain::Instant;

#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    pub configured: Configured,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Say what would be done, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Judge every open month from the archive, as if it were the first night
    ///
    /// The result is the same. Without it a month that cannot be closed yet is told by what earlier nights have counted of
    /// it, so that a night costs as much as its new files, and not as much as the month.
    #[arg(long)]
    pub from_scratch: bool,
    /// Memory for messages of businesses that are judged from the archive
    ///
    /// A message takes about 1 KiB while it is judged. Where there are more than fit, they are read as many businesses at a
    /// time as fit, and of a large one as many of its conversations. The result is the same with any memory. Under tariffs
    /// that count charges, under other readings than the default one, and where a channel has several owners or none, all
    /// messages are read at once.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub memory: u32,
    /// How long to wait for another command that is at work, such as `mail send`
    ///
    /// With 0, or when it is over, the run ends with 75.
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    pub wait: u32,
    #[command(flatten)]
    pub engine: ConfiguredEngine,
    /// Form of the summary on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// Say on standard error how long each stage took, and how much memory
    #[arg(long)]
    pub timings: bool,
}
