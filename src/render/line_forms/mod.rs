//! A line file in its other forms: XLSX for people, Parquet for programs; and tables for finance in the same (`book.rs`).
//!
//! Both forms of a line file are drawn from the CSV, which is the evidence, and hold the same rows in the same order. Of the document itself they
//! say only what its rows come to in the currency that it is billed in, where that is not the tariff's.

mod book;
mod exchanged;
mod package;
mod parquet;
mod parts;
mod sheet;
mod summary;
mod xlsx;

pub use self::book::{grid_as_csv, grid_as_parquet, workbook_of};
use self::exchanged::Exchanged;
use super::RenderError;
use crate::close::bare;
use crate::domain::{Invoice, LineForm};

/// Columns have a letter each.
const COLUMNS_MAX: usize = 26;

/// A line file, or a file of changed charges, in another form. `name`: that of the CSV; `invoice`: the document that it goes
/// with. The same bytes always give the same bytes.
///
/// # Errors
/// [`RenderError::Lines`]: the CSV is none, or a number in it does not fit.
pub fn line_file_as(form: LineForm, name: &str, csv: &[u8], invoice: &Invoice) -> Result<Vec<u8>, RenderError> {
    let table = || Ok::<_, String>(LineTable { exchanged: Exchanged::of(invoice, name), ..LineTable::of(name, csv)? });
    let made = match form {
        LineForm::Csv => Ok(csv.to_vec()),
        LineForm::Xlsx => table().and_then(|table| xlsx::xlsx(&table)),
        LineForm::Parquet => table().and_then(|table| parquet::parquet(&table)),
    };
    made.map_err(|detail| RenderError::Lines { name: name.to_owned(), detail })
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Guarded in the CSV against being read as a formula, and plain here.
    Text,
    Instant,
    Whole,
    Decimal,
}

impl Kind {
    fn of(column: &str) -> Self {
        match column {
            "received_at" | "answered_at" | "deadline" => Self::Instant,
            "wait_ms" => Self::Whole,
            "rate" | "amount" | "rate_billed" | "rate_now" | "billed" | "now" | "credit" => Self::Decimal,
            _ => Self::Text,
        }
    }

    /// The content of a cell of the CSV.
    fn bare(self, cell: &str) -> &str {
        if self == Self::Text { bare(cell) } else { cell }
    }
}

/// A CSV of charges, to be read row by row.
struct LineTable<'c> {
    /// File name of the CSV.
    name: &'c str,
    csv: &'c [u8],
    columns: Vec<(String, Kind)>,
    /// `None` where the document is billed in the currency of the tariff.
    exchanged: Option<Exchanged>,
}

impl<'c> LineTable<'c> {
    fn of(name: &'c str, csv: &'c [u8]) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(csv);
        let head = reader.headers().map_err(|error| error.to_string())?;
        let columns: Vec<(String, Kind)> = head.iter().map(|name| (name.to_owned(), Kind::of(name))).collect();
        if columns.is_empty() || columns.len() > COLUMNS_MAX {
            return Err(format!("it has {} columns", columns.len()));
        }
        Ok(Self { name, csv, columns, exchanged: None })
    }

    /// Rows from the first on. Each has as many cells as there are columns, or is an error.
    fn rows(&self) -> impl Iterator<Item = Result<csv::StringRecord, String>> + use<'c> {
        let reader = csv::Reader::from_reader(self.csv);
        reader.into_records().map(|row| row.map_err(|error| error.to_string()))
    }

    /// The place of a column.
    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| name == column)
    }
}

#[cfg(test)]
mod tests;
