//! What finance adds up.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{Configured, JournalBy};
use crate::domain::Month;

/// A month, or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Month(Month),
    Year(i32),
}

impl Period {
    pub fn contains(self, month: Month) -> bool {
        match self {
            Self::Month(own) => month == own,
            Self::Year(year) => month.year() == year,
        }
    }

    pub const fn year(self) -> i32 {
        match self {
            Self::Month(month) => month.year(),
            Self::Year(year) => year,
        }
    }

    /// Whether a month of its year lies in it or before it.
    pub fn reaches(self, month: Month) -> bool {
        let is_reached = match self {
            Self::Month(own) => month <= own,
            Self::Year(_) => true,
        };
        is_reached && month.year() == self.year()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => write!(f, "{month}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('-') {
            return text.parse().map(Self::Month);
        }
        let january: Month = format!("{text}-01")
            .parse()
            .map_err(|_| format!("`{text}` is neither a month like 2018-08 nor a year like 2018"))?;
        Ok(Self::Year(january.year()))
    }
}

#[derive(Args, Debug)]
pub struct Workbook {
    /// Month, such as 2018-08, or year, such as 2018
    #[arg(value_name = "MONTH|YEAR")]
    pub period: Period,
    #[command(flatten)]
    pub configured: Configured,
    /// What puts a document into a month
    #[arg(long, value_name = "WHAT", default_value = "month")]
    pub by: JournalBy,
    /// Folder to write into; made if it is missing [default: the folder `workbooks` of the state]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
