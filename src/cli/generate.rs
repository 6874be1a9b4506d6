//! `ritardo generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::Month;

#[derive(Args, Debug)]
pub struct Generate {
    /// Folder to write into; it must be empty or missing
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// About how many messages: 5000, 20k, 3M
    #[arg(long, value_name = "N", default_value = "100k", value_parser = count)]
    pub messages: u64,
    /// Month in which the conversations begin
    #[arg(long, value_name = "MONTH", default_value = "2018-08")]
    pub month: Month,
    /// Businesses that they are with
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub businesses: u32,
    /// Another seed, another month; the same seed, the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Form of the logs
    #[arg(long, value_name = "FORM", default_value = "parquet")]
    pub form: LogForm,
    /// One file a business and day, or one file in all
    #[arg(long, value_name = "WHICH", default_value = "day")]
    pub by: By,
    /// What is to make it hard, parted by commas
    #[arg(long, value_name = "TRAPS", value_delimiter = ',')]
    pub traps: Vec<TrapName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    Parquet,
    Csv,
    Ndjson,
    Webhook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    Day,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrapName {
    /// Waits across a change of the clocks
    Dst,
    /// Waits at the edges of the month and of the 24 hours
    Edge,
    /// Messages that stand twice
    Duplicates,
    /// Automatic greetings, and one customer who writes hundreds of messages
    Bots,
    /// Messages that come later, in files of their own
    LateFiles,
    /// A day of each business that is missing
    Gaps,
    /// All of these
    All,
}

/// A number of messages; `k` stands for a thousand, `M` for a million.
fn count(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let count = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(factor));
    let fits = count.filter(|count| (1..=4_000_000_000).contains(count));
    fits.ok_or_else(|| "a number of messages from 1 to 4000M".to_owned())
}
