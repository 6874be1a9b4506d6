//! A workbook of several tables, and the same tables as CSV and Parquet. Sums are formulas with what they come to, so that they
//! are right before anything computes them.

use std::io::Write;

use super::package::Package;
use super::parts::{parts, sheet_part, style};
use super::sheet::{Cell, SheetName, is_held, letter, row};
use super::xlsx::{SHEET_END, SHEET_HEAD, put};
use super::{COLUMNS_MAX, RenderError, parquet};
use crate::close::guarded;
use crate::domain::grid::{CellKind, Column, Grid, GridTotal};

/// Rows of a sheet, with its head and its totals.
const ROWS_MAX: usize = 1_048_576;

/// The tables as a workbook, a sheet each. The same tables always give the same bytes.
///
/// # Errors
/// [`RenderError::Lines`]: a table is larger than a sheet.
pub fn workbook_of(title: &str, grids: &[Grid]) -> Result<Vec<u8>, RenderError> {
    workbook(title, grids).map_err(|detail| RenderError::Lines { name: title.to_owned(), detail })
}

/// A table as Parquet: amounts as DECIMAL(38, 9), whole numbers as INT64. Its sums are not in it.
///
/// # Errors
/// [`RenderError::Lines`]: a cell is not what its column says.
pub fn grid_as_parquet(grid: &Grid) -> Result<Vec<u8>, RenderError> {
    parquet::of_grid(grid).map_err(|detail| RenderError::Lines { name: grid.name.to_owned(), detail })
}

/// A table as CSV (RFC 4180, UTF-8). Its sums are not in it.
pub fn grid_as_csv(grid: &Grid) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let head: Vec<String> = grid.columns.iter().map(|column| column.name.to_owned()).collect();
    let cell = |(column, cell): (&Column, &String)| match column.kind {
        CellKind::Text => guarded(cell),
        CellKind::Whole | CellKind::Decimal => cell.clone(),
    };
    let rows = grid.rows.iter().map(|row| grid.columns.iter().zip(row).map(cell).collect::<Vec<String>>());
    for row in std::iter::once(head).chain(rows) {
        // Invariant: rows have one length and memory takes every byte.
        writer.write_record(row).unwrap_or_else(|error| unreachable!("{error}"));
    }
    writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"))
}

fn workbook(title: &str, grids: &[Grid]) -> Result<Vec<u8>, String> {
    let names: Vec<SheetName> = grids.iter().map(sheet_name).collect::<Result<_, _>>()?;
    let mut package = Package::new();
    for (name, text) in parts(title, &names) {
        package.add_text(name, &text)?;
    }
    for (place, grid) in (1..).zip(grids) {
        package.add(&sheet_part(place), |out| sheet(grid, place == 1, out))?;
    }
    package.finish()
}

/// The sheet of a table. Only its rows are filtered, not its sums.
fn sheet_name(grid: &Grid) -> Result<SheetName, String> {
    let rows = grid.rows.len().saturating_add(grid.totals.len()).saturating_add(2);
    if grid.columns.is_empty() || grid.columns.len() > COLUMNS_MAX || rows > ROWS_MAX {
        return Err(format!("{} has {} columns and {rows} rows", grid.name, grid.columns.len()));
    }
    let last = letter(grid.columns.len().saturating_sub(1));
    let area = format!("$A$1:${last}${}", grid.rows.len().saturating_add(1));
    Ok(SheetName { name: grid.name.to_owned(), area: Some(area) })
}

fn sheet(grid: &Grid, is_first: bool, out: &mut dyn Write) -> Result<(), String> {
    let last = letter(grid.columns.len().saturating_sub(1));
    let area = format!("A1:{last}{}", grid.rows.len().saturating_add(1));
    let selected = if is_first { " tabSelected=\"1\"" } else { "" };
    let mut text = format!(
        "{SHEET_HEAD}<sheetViews><sheetView{selected} workbookViewId=\"0\">\
         <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         <selection pane=\"bottomLeft\" activeCell=\"A2\" sqref=\"A2\"/></sheetView></sheetViews>\
         <sheetFormatPr defaultRowHeight=\"15\"/><cols>"
    );
    for (place, column) in (1..).zip(&grid.columns) {
        let width = if column.kind == CellKind::Text { 20 } else { 13 };
        text.push_str(&format!("<col min=\"{place}\" max=\"{place}\" width=\"{width}\" customWidth=\"1\"/>"));
    }
    text.push_str("</cols><sheetData>\n");
    let head: Vec<Cell> = grid.columns.iter().map(|column| Cell::Text(style::HEAD, column.name)).collect();
    row(&mut text, 1, &head);
    put(out, &text)?;
    let mut number = 1_u64;
    for cells in &grid.rows {
        number = number.saturating_add(1);
        let cells: Vec<Cell> = grid.columns.iter().zip(cells).map(|(column, said)| cell(column.kind, said)).collect();
        text.clear();
        row(&mut text, number, &cells);
        put(out, &text)?;
    }
    // An empty row, so that nobody sorts the sums among the rows.
    number = number.saturating_add(1);
    for total in &grid.totals {
        number = number.saturating_add(1);
        text.clear();
        sums(&mut text, number, grid, total);
        put(out, &text)?;
    }
    put(out, &format!("</sheetData><autoFilter ref=\"{area}\"/>{SHEET_END}"))
}

fn cell(kind: CellKind, said: &str) -> Cell<'_> {
    match kind {
        _ if said.is_empty() => Cell::Empty,
        CellKind::Text => Cell::Text(style::TEXT, said),
        CellKind::Whole => Cell::Whole(said),
        CellKind::Decimal => Cell::Decimal(said),
    }
}

/// The row of a total. Where a spreadsheet does not hold each number exactly, the sum is a number and no formula.
fn sums(text: &mut String, number: u64, grid: &Grid, total: &GridTotal) {
    // The head is row 1.
    let (first, last) = (total.first.saturating_add(2), total.last.saturating_add(2));
    let formula = |column: usize| format!("SUM({0}{first}:{0}{last})", letter(column));
    let formulas: Vec<String> = (0..grid.columns.len()).map(formula).collect();
    let rows = || grid.rows.iter().take(total.last.saturating_add(1)).skip(total.first);
    let is_exact = |place: usize| rows().filter_map(|row| row.get(place)).all(|said| said.is_empty() || is_held(said));
    let label = format!("total {}", total.label);
    let cells = grid.columns.iter().zip(&total.sums).zip(&formulas).enumerate();
    let cells = cells.map(|(place, ((column, sum), formula))| match column.kind {
        _ if place == 0 && !column.is_summed => Cell::Text(style::BOLD, &label),
        _ if !column.is_summed => Cell::Empty,
        _ if is_exact(place) => Cell::Sum { formula, cached: sum },
        kind => cell(kind, sum),
    });
    let cells: Vec<Cell> = cells.collect();
    row(text, number, &cells);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::RowAccessor;

    use super::*;

    fn grid() -> Grid {
        let columns =
            vec![Column::text("currency"), Column::text("name"), Column::count("documents"), Column::amount("net")];
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows =
            vec![row(["EUR", "=1+1", "1", "0.10"]), row(["EUR", "b", "2", "0.20"]), row(["USD", "c", "3", "5.00"])];
        Grid::of("Documents", columns, rows, 0).unwrap()
    }

    #[test]
    fn a_workbook_has_its_sums_as_formulas_with_what_they_come_to() {
        let parts: BTreeMap<String, String> =
            super::super::tests::members(&workbook_of("t", &[grid(), grid()]).unwrap());
        let sheet = &parts["xl/worksheets/sheet2.xml"];
        for said in [
            "<c r=\"C6\" s=\"3\"><f>SUM(C2:C3)</f><v>3</v></c>",
            "<c r=\"D6\" s=\"5\"><f>SUM(D2:D3)</f><v>0.30</v></c>",
            "<c r=\"D7\" s=\"5\"><f>SUM(D4:D4)</f><v>5.00</v></c>",
            ">total EUR</t>",
            "<autoFilter ref=\"A1:D4\"/>",
            ">=1+1</t>",
        ] {
            assert!(sheet.contains(said), "{said}\n{sheet}");
        }
        assert!(!parts["xl/worksheets/sheet2.xml"].contains("tabSelected"));
    }

    #[test]
    fn the_same_table_is_csv_and_parquet() {
        let csv = String::from_utf8(grid_as_csv(&grid())).unwrap();
        assert_eq!(csv.lines().nth(1), Some("EUR,'=1+1,1,0.10"));
        let bytes = bytes::Bytes::from(grid_as_parquet(&grid()).unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows.len(), rows[0].get_string(1).unwrap().as_str(), rows[2].get_long(2).unwrap()), (3, "=1+1", 3));
    }
}
