//! The forms in which a business gets the file with its charges, one row each.

use std::fmt;
use std::str::FromStr;

/// A form of the line file. All forms of one line file hold the same rows in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineForm {
    /// The evidence: its digest is the one that the invoice prints.
    Csv,
    Xlsx,
    Parquet,
}

impl LineForm {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Parquet];

    /// As the book of businesses writes it, and as the names of its files end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// As a mail names it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The form of a file, by the ending of its name; `None` for a file that is no line file.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        Self::ALL.into_iter().find(|form| form.name() == ending)
    }
}

impl FromStr for LineForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|form| form.name() == text);
        known.ok_or_else(|| format!("`{text}` is not a form of line files (csv, xlsx, parquet)"))
    }
}

impl fmt::Display for LineForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_its_name_and_by_the_ending_of_a_file() {
        for form in LineForm::ALL {
            assert_eq!(form.name().parse(), Ok(form));
            assert_eq!(LineForm::of_file(&format!("LR-2018-000001_2018-08.{form}")), Some(form));
        }
        assert_eq!((LineForm::of_file("LR-2018-000001_2018-08.pdf"), LineForm::of_file("csv")), (None, None));
        assert!("ods".parse::<LineForm>().is_err());
    }
}
