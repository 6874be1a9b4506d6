//! `ritardo tariff`: check, show, compare and import rate tables.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::TableForm;
use crate::domain::{BusinessId, Date, Instant, Month};

#[derive(Args, Debug)]
pub struct Tariff {
    #[command(subcommand)]
    pub action: TariffAction,
}

#[derive(Subcommand, Debug)]
pub enum TariffAction {
    /// List the mistakes of tariffs, or say that they are sound
    Check {
        /// Tariffs (TOML)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show a tariff as a table
    Show(TariffShow),
    /// Show in which rates two tariffs differ, or who pays more in a month
    Diff(TariffDiff),
    /// Write a tariff from a rate card (CSV)
    Import(TariffImport),
}

#[derive(Args, Debug)]
pub struct TariffShow {
    /// Tariff (TOML) [default: the one of the configuration]
    pub file: Option<PathBuf>,
    /// Configuration file
    #[arg(long, default_value = "ritardo.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Only the rates that are in force on this day, such as 2018-08-31
    #[arg(long, value_name = "DATE")]
    pub at: Option<Date>,
    /// Form on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: TableForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffForm {
    Text,
    Csv,
    /// A page with the table and a chart
    Html,
}

#[derive(Args, Debug)]
pub struct TariffDiff {
    /// Tariff (TOML)
    pub old: PathBuf,
    /// Tariff (TOML) that is compared with it
    pub new: PathBuf,
    /// Rate the archived messages of this month under both: who pays more, by business and market
    #[arg(long, value_name = "MONTH")]
    pub over: Option<Month>,
    /// Configuration file
    #[arg(long, default_value = "ritardo.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Only this business
    #[arg(long, value_name = "ID", requires = "over")]
    pub business: Option<BusinessId>,
    /// Judge as of this instant [default: now]
    #[arg(long, value_name = "INSTANT", requires = "over")]
    pub as_of: Option<Instant>,
    /// Form of the result
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: DiffForm,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct TariffImport {
    /// Rate card (CSV)
    pub card: PathBuf,
    /// Id of the tariff
    #[arg(long)]
    pub id: String,
    /// Version of the tariff
    #[arg(long)]
    pub version: String,
    /// First day on which the rates hold, such as 2018-08-01 [default: they always held]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Column of the card that has the prices
    #[arg(long, value_name = "NAME", default_value = "Service")]
    pub column: String,
    /// Calling codes of a market of the card, such as "Rest of Africa=234,27"; may be given again
    #[arg(long, value_name = "NAME=CODES")]
    pub map: Vec<String>,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
