//! A table of exact cells with its sums, as finance gets it: drawn as a sheet of a workbook, as CSV and as Parquet.

use super::Decimal;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Text,
    Whole,
    /// An exact decimal, by its digits.
    Decimal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: CellKind,
    /// Whether it is added up.
    pub is_summed: bool,
}

impl Column {
    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: CellKind::Text, is_summed: false }
    }

    /// A whole number that is added up.
    pub const fn count(name: &'static str) -> Self {
        Self { name, kind: CellKind::Whole, is_summed: true }
    }

    /// A whole number that is not added up, because a row may count what another counts too.
    pub const fn number(name: &'static str) -> Self {
        Self { name, kind: CellKind::Whole, is_summed: false }
    }

    /// An amount that is added up.
    pub const fn amount(name: &'static str) -> Self {
        Self { name, kind: CellKind::Decimal, is_summed: true }
    }

    /// A decimal that is not added up, such as a rate.
    pub const fn rate(name: &'static str) -> Self {
        Self { name, kind: CellKind::Decimal, is_summed: false }
    }
}

/// The sums of the rows of one group, which stand one below the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridTotal {
    /// What the group has in common, such as the currency.
    pub label: String,
    /// Places of its first and its last row, counted from 0.
    pub first: usize,
    pub last: usize,
    /// By column; empty where the column is not added up.
    pub sums: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// As the sheet is called, and the files.
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// Every row has as many cells as there are columns; an empty cell has no value.
    pub rows: Vec<Vec<String>>,
    pub totals: Vec<GridTotal>,
}

impl Grid {
    /// A table of these rows, with a total for each group of rows that have the same text in column `by`; the rows of a group
    /// must stand together. `None` when a row has another length, a cell is no number where one is added up, or a sum does not
    /// fit.
    pub fn of(name: &'static str, columns: Vec<Column>, rows: Vec<Vec<String>>, by: usize) -> Option<Self> {
        let mut totals: Vec<GridTotal> = Vec::new();
        let mut sums: Vec<Decimal> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let label = row.get(by).filter(|_| row.len() == columns.len())?;
            if totals.last().is_none_or(|total| total.label != *label) {
                totals.push(GridTotal { label: label.clone(), first: place, last: place, sums: Vec::new() });
                sums = vec![Decimal::ZERO; columns.len()];
            }
            for ((column, cell), sum) in columns.iter().zip(row).zip(&mut sums) {
                if column.is_summed && !cell.is_empty() {
                    *sum = sum.checked_add(cell.parse().ok()?)?;
                }
            }
            let total = totals.last_mut()?;
            total.last = place;
            total.sums = columns.iter().zip(&sums).map(|(column, sum)| written(column, *sum)).collect();
        }
        Some(Self { name, columns, rows, totals })
    }

    /// A table without sums. `None` when a row has another length.
    pub fn plain(name: &'static str, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Option<Self> {
        let is_whole = rows.iter().all(|row| row.len() == columns.len());
        is_whole.then_some(Self { name, columns, rows, totals: Vec::new() })
    }
}

/// A sum as the cells of its column are written.
fn written(column: &Column, sum: Decimal) -> String {
    let text = sum.to_string();
    match column.kind {
        _ if !column.is_summed => String::new(),
        CellKind::Whole => text.split('.').next().unwrap_or_default().to_owned(),
        CellKind::Text | CellKind::Decimal => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[[&str; 3]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn each_group_has_its_total() {
        let columns = || vec![Column::text("currency"), Column::count("documents"), Column::amount("net")];
        let all = rows(&[["EUR", "1", "0.10"], ["EUR", "2", "-0.30"], ["USD", "3", "5"]]);
        let grid = Grid::of("Documents", columns(), all, 0).unwrap();
        let told: Vec<(&str, usize, usize, Vec<&str>)> = grid
            .totals
            .iter()
            .map(|total| (&*total.label, total.first, total.last, total.sums.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(told, [("EUR", 0, 1, vec!["", "3", "-0.20"]), ("USD", 2, 2, vec!["", "3", "5.00"])]);
        assert_eq!(Grid::of("x", columns(), rows(&[["EUR", "one", "1"]]), 0), None);
        assert_eq!(Grid::of("x", columns(), vec![vec!["EUR".to_owned()]], 0), None);
        assert!(Grid::of("x", columns(), Vec::new(), 0).unwrap().totals.is_empty());
        let plain = Grid::plain("x", columns(), rows(&[["EUR", "1", "0.10"]])).unwrap();
        assert!(plain.totals.is_empty() && Grid::plain("x", columns(), vec![vec!["EUR".to_owned()]]).is_none());
    }
}
