//! `convert`: any logs to one canonical log.

use std::path::PathBuf;

use clap::Args;

use super::stamps;
use crate::domain::settings::Stamps;
use crate::domain::{Instant, Zone};

#[derive(Args, Debug)]
pub struct Convert {
    /// Message logs of any form that is read, or folders of them
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Log to write: .parquet, .csv or .ndjson
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Configuration file: its sources say how files are read, its book whose the channels of webhooks are
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Without a configuration: read the logs through the mapping of a vendor, or one in a file
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["config", "stamps"])]
    pub mapping: Option<PathBuf>,
    /// Without a configuration: zone of local times, which are refused without it
    #[arg(long, value_name = "ZONE", conflicts_with = "config")]
    pub zone: Option<Zone>,
    /// Without a configuration: how the logs write `sent_at` [possible values: text, seconds, milliseconds, microseconds]
    #[arg(long, value_name = "UNIT", value_parser = stamps, conflicts_with = "config")]
    pub stamps: Option<Stamps>,
    /// Read as of this instant: later messages are rejects [default: any time]
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Instant>,
    /// Write the log also where rejected rows may be answers: what they hold is then charged by who reads it
    #[arg(long)]
    pub leave_out_rejected: bool,
    /// This is the child that the command works in
    #[arg(long, hide = true)]
    pub in_child: bool,
}
