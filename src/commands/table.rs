//! Tables on standard output: columns as wide as their widest cell, numbers to the right.

use crate::error::{Failure, Kind};

/// A table of texts; every row has as many cells as the head.
pub struct Table {
    head: Vec<String>,
    /// Columns with their numbers to the right.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Heads of columns; one that begins with `>` has its cells to the right.
    pub fn new(head: &[&str]) -> Self {
        let right = head.iter().map(|name| name.starts_with('>')).collect();
        let head = head.iter().map(|name| name.trim_start_matches('>').to_owned()).collect();
        Self { head, right, rows: Vec::new() }
    }

    pub fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One line a row, the head first.
    pub fn lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let widest = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..self.head.len()).map(|column| widest(column).unwrap_or_default()).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).zip(&self.right);
            let cells = cells.map(
                |((cell, width), right)| if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") },
            );
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        all().map(line).collect()
    }

    /// RFC 4180, UTF-8; cells that a spreadsheet would take for a formula get a leading apostrophe.
    pub fn csv(&self) -> Result<String, Failure> {
        let failed = |why: String| Failure::new(Kind::SelfCheck, format!("the table cannot be written: {why}"));
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let name = |head: &String| head.replace(' ', "_");
        writer.write_record(self.head.iter().map(name)).map_err(|error| failed(error.to_string()))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| guarded(cell))).map_err(|error| failed(error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
    }
}

/// A number stays one; any other text that begins like a formula does not.
fn guarded(cell: &str) -> String {
    // `+1.50` is a difference, `+391` a phone number.
    let number = if cell.contains('.') { cell.strip_prefix('+').unwrap_or(cell) } else { cell };
    let is_number = number.parse::<crate::domain::Decimal>().is_ok();
    if !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_formulas_are_texts() {
        let mut table = Table::new(&["business", ">amount"]);
        table.add(vec!["bäcker".to_owned(), "-1.20".to_owned()]);
        table.add(vec!["=x".to_owned(), "+100.00".to_owned()]);
        table.add(vec!["+391".to_owned(), "0.00".to_owned()]);
        assert_eq!(table.lines(), ["business   amount", "bäcker      -1.20", "=x        +100.00", "+391         0.00"]);
        assert_eq!(table.csv().unwrap(), "business,amount\r\nbäcker,-1.20\r\n'=x,+100.00\r\n'+391,0.00\r\n");
    }
}
