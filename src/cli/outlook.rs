//! Commands that show the same messages otherwise: under other readings, as they might have been, and what is due.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Configured, stamps};
use crate::domain::settings::Stamps;
use crate::domain::{BusinessId, Elapsed, Instant, Month, OpeningHours, Zone};

/// Form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableForm {
    Text,
    Json,
    Csv,
}

impl TableForm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

#[derive(Args, Debug)]
pub struct Readings {
    /// A month of archived messages, such as 2018-08; with --tariff message logs, or folders of them
    #[arg(required = true, value_name = "MONTH|INPUT")]
    pub what: Vec<String>,
    /// Configuration file
    #[arg(long, default_value = "ritardo.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Tariff (TOML) for logs without a configuration
    #[arg(long, value_name = "FILE")]
    pub tariff: Option<PathBuf>,
    /// Judge as of this instant; later messages are rejects [default: now; logs need it]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// The logs are complete up to here [default: --as-of]
    #[arg(long, value_name = "INSTANT", requires = "tariff")]
    pub complete_through: Option<Instant>,
    /// Zone of local times in logs, which are refused without it
    #[arg(long, value_name = "ZONE", requires = "tariff")]
    pub zone: Option<Zone>,
    /// How the logs write `sent_at` [default: text] [possible values: text, seconds, milliseconds, microseconds]
    #[arg(long, value_name = "UNIT", value_parser = stamps, requires = "tariff")]
    pub stamps: Option<Stamps>,
    /// How long an answer is waited for where a reading needs a limit and the tariff states none
    #[arg(long, value_name = "LENGTH", default_value_t = GIVE_UP)]
    pub give_up: Elapsed,
    /// Every combination of the fields, not only each field in turn
    #[arg(long)]
    pub all: bool,
    /// Form on standard output; json names every message on which readings differ
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
    /// This is the child that the command works in
    #[arg(long, hide = true)]
    pub in_child: bool,
}

/// How long an answer is waited for where a reading needs a limit and the tariff states none.
const GIVE_UP: Elapsed = Elapsed::from_seconds(7 * 86_400);

#[derive(Args, Debug)]
pub struct WhatIf {
    /// Month, such as 2018-08
    pub month: Month,
    #[command(flatten)]
    pub configured: Configured,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Under this tariff (TOML) [default: the one of the month]
    #[arg(long, value_name = "FILE")]
    pub tariff: Option<PathBuf>,
    /// Had every message been answered at the latest so long after it was received, such as 12h
    #[arg(long, value_name = "LENGTH")]
    pub answer_within: Option<Elapsed>,
    /// Had they been answered in these hours, such as "mon-sat 09:00-20:00": at once when open, else at the next
    /// opening; with --answer-within so long after they were received, or at the next opening then
    #[arg(long, value_name = "HOURS")]
    pub if_open: Option<OpeningHours>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

#[derive(Args, Debug)]
pub struct Due {
    #[command(flatten)]
    pub configured: Configured,
    /// Only messages that become late within this length of time
    #[arg(long, value_name = "LENGTH")]
    pub within: Option<Elapsed>,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Form on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
    /// Send each business its list, to the addresses that its invoices go to
    #[arg(long)]
    pub mail: bool,
}
