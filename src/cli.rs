//! The command line as typed values; every word of `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::{Instant, Month};
use crate::error::exit_codes;

/// Late-reply billing for WhatsApp message logs: exports in, invoices mailed, every month auditable.
#[derive(Parser, Debug)]
#[command(name = "ritardo", version, after_help = exit_codes(), arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Write a commented starter set: ritardo.toml, businesses.toml, tariff.toml
    Init(Init),
    /// Validate configuration, businesses and tariff without touching any state
    Check(Configured),
    /// Rate logs without state or configuration: one row a wait
    Rate(Rate),
    /// The nightly run: read, pair, rate, close what can be closed, issue, mail, report
    Run(Run),
    /// Check the ledger's chain, every artefact and every total
    Verify(Configured),
    /// Re-run a closed month from the archive and compare
    Audit(Audit),
    /// Say why one message was or was not charged
    Explain(Explain),
    /// Answer jobs on standard input: what a run starts to read untrusted files
    #[command(hide = true)]
    ReadFiles,
}

#[derive(Args, Debug)]
pub struct Init {
    /// Folder to write into; made if it is missing
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct Configured {
    /// Configuration file
    #[arg(long, default_value = "ritardo.toml", value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Args, Debug)]
pub struct Rate {
    /// Message logs (CSV, NDJSON, Parquet, webhook bodies; .gz and .zst too), or folders of them
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Tariff (TOML)
    #[arg(long, value_name = "FILE")]
    pub tariff: PathBuf,
    /// Judge as of this instant; later messages are rejects
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Instant,
    /// The logs are complete up to here [default: --as-of]
    #[arg(long, value_name = "INSTANT")]
    pub complete_through: Option<Instant>,
    /// File of waits to write: .csv or .parquet
    #[arg(long, value_name = "FILE", required_unless_present = "summary")]
    pub out: Option<PathBuf>,
    /// Write only these waits
    #[arg(long, value_name = "WHICH")]
    pub only: Option<Only>,
    /// Summary to write (JSON)
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Charges,
}

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
    /// Form of the summary on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Audit {
    /// Closed month, such as 2018-08
    pub month: Month,
    #[command(flatten)]
    pub configured: Configured,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// Id of an inbound message
    #[arg(allow_hyphen_values = true)]
    pub message_id: String,
    #[command(flatten)]
    pub configured: Configured,
    /// Judge a message that is in no closed month as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
}
