//! What finance adds up.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{Configured, JournalBy};
use crate::domain::Month;

/// A month, a year, or months in a row, such as a fiscal year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Month(Month),
    Year(i32),
    /// The first and the last.
    Months(Month, Month),
}

impl Period {
    pub fn contains(self, month: Month) -> bool {
        match self {
            Self::Month(own) => month == own,
            Self::Year(year) => month.year() == year,
            Self::Months(first, last) => (first..=last).contains(&month),
        }
    }

    /// In which it ends.
    pub const fn year(self) -> i32 {
        match self {
            Self::Month(month) | Self::Months(_, month) => month.year(),
            Self::Year(year) => year,
        }
    }

    /// Whether a month of its year lies in it or before it; months in a row are a year of their own.
    pub fn reaches(self, month: Month) -> bool {
        match self {
            Self::Month(own) => month <= own && month.year() == own.year(),
            Self::Year(_) | Self::Months(..) => self.contains(month),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => write!(f, "{month}"),
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Months(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((first, last)) = text.split_once("..") {
            let (first, last): (Month, Month) = (first.parse()?, last.parse()?);
            let is_ordered = first <= last;
            return is_ordered
                .then_some(Self::Months(first, last))
                .ok_or_else(|| format!("{last} lies before {first}: the earlier month comes first"));
        }
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
    /// Month, such as 2018-08, year, such as 2018, or months with the first and the last, such as 2018-07..2019-06
    #[arg(value_name = "MONTH|YEAR|MONTHS")]
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
