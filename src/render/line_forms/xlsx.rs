//! A line file as a workbook: its rows on sheets with a frozen head and a filter, and a sheet of sums behind them.
//!
//! The CSV is read twice, once for the sums and once for the sheets, which are packed while they are written: memory holds
//! one row, the groups of the summary and the packed bytes.

use std::io::Write;

use super::package::Package;
use super::parts::{parts, sheet_part, style};
use super::sheet::{Cell, SheetName, letter, row};
use super::summary::Summary;
use super::{Kind, LineTable};

/// Rows of a sheet, beside its head. What is more stands on further sheets.
const SHEET_ROWS: u64 = 1_048_575;

/// Up to the description of the view.
pub(super) const SHEET_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr>";
/// From the margins on. It does not say that numbers stand there as texts: they are no numbers, but ids.
pub(super) const SHEET_END: &str = "<pageMargins left=\"0.5\" right=\"0.5\" top=\"0.6\" bottom=\"0.6\" header=\"0.3\" footer=\"0.3\"/>\
    <pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>\n";

/// The workbook of a line file.
pub(super) fn xlsx(table: &LineTable) -> Result<Vec<u8>, String> {
    workbook(table, SHEET_ROWS)
}

/// The same with so many rows on a sheet; at least one.
pub(super) fn workbook(table: &LineTable, sheet_rows: u64) -> Result<Vec<u8>, String> {
    let summary = Summary::of(table)?;
    let sheets = sheets(table, summary.rows, sheet_rows.max(1));
    let mut names: Vec<SheetName> =
        sheets.iter().map(|(sheet, _)| SheetName { name: sheet.name.clone(), area: sheet.area.clone() }).collect();
    names.push(SheetName { name: "Summary".to_owned(), area: None });
    let title = table.name.rsplit_once('.').map_or(table.name, |(stem, _)| stem);
    let mut package = Package::new();
    for (name, text) in parts(title, &names) {
        package.add_text(name, &text)?;
    }
    let mut rows = table.rows();
    for (place, (sheet, count)) in (1..).zip(&sheets) {
        package.add(&sheet_part(place), |out| lines(table, sheet, *count, place == 1, &mut rows, out))?;
    }
    package.add(&sheet_part(names.len()), |out| summary.write(&sheets, out))?;
    package.finish()
}

/// The sheets of so many rows, each with how many it has. There is one even of none.
fn sheets(table: &LineTable, rows: u64, sheet_rows: u64) -> Vec<(SheetName, u64)> {
    let last = letter(table.columns.len().saturating_sub(1));
    let count = rows.div_ceil(sheet_rows).max(1);
    let sheet = |place: u64| {
        let own = rows.saturating_sub(place.saturating_mul(sheet_rows)).min(sheet_rows);
        let name = if place == 0 { "Lines".to_owned() } else { format!("Lines {}", place.saturating_add(1)) };
        (SheetName { name, area: Some(format!("$A$1:${last}${}", own.saturating_add(1))) }, own)
    };
    (0..count).map(sheet).collect()
}

/// Writes a sheet of lines: its head, and the next rows.
fn lines(
    table: &LineTable,
    sheet: &SheetName,
    count: u64,
    is_first: bool,
    rows: &mut dyn Iterator<Item = Result<csv::StringRecord, String>>,
    out: &mut dyn Write,
) -> Result<(), String> {
    let area = sheet.area.as_deref().unwrap_or_default().replace('$', "");
    let mut text = SHEET_HEAD.to_owned();
    let selected = if is_first { " tabSelected=\"1\"" } else { "" };
    text.push_str(&format!(
        "<dimension ref=\"{area}\"/><sheetViews><sheetView{selected} workbookViewId=\"0\">\
         <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         <selection pane=\"bottomLeft\" activeCell=\"A2\" sqref=\"A2\"/></sheetView></sheetViews>\
         <sheetFormatPr defaultRowHeight=\"15\"/><cols>"
    ));
    for ((name, kind), place) in table.columns.iter().zip(1..) {
        let width = width(name, *kind);
        text.push_str(&format!("<col min=\"{place}\" max=\"{place}\" width=\"{width}\" customWidth=\"1\"/>"));
    }
    text.push_str("</cols><sheetData>\n");
    let head: Vec<Cell> = table.columns.iter().map(|(name, _)| Cell::Text(style::HEAD, name)).collect();
    row(&mut text, 1, &head);
    put(out, &text)?;
    for number in 2..count.saturating_add(2) {
        // Invariant: the summary has counted them.
        let record = rows.next().ok_or("it has fewer rows than before")??;
        let cells: Vec<Cell> = table.columns.iter().zip(&record).map(|((_, kind), said)| cell(*kind, said)).collect();
        text.clear();
        row(&mut text, number, &cells);
        put(out, &text)?;
    }
    let end = format!("</sheetData><autoFilter ref=\"{area}\"/>{SHEET_END}");
    put(out, &end)
}

/// Instants are texts as everywhere else: a spreadsheet would round them, and shift them by nobody knows which zone.
fn cell(kind: Kind, said: &str) -> Cell<'_> {
    match kind {
        _ if said.is_empty() => Cell::Empty,
        Kind::Text | Kind::Instant => Cell::Text(style::TEXT, kind.bare(said)),
        Kind::Whole => Cell::Whole(said),
        Kind::Decimal => Cell::Decimal(said),
    }
}

fn width(name: &str, kind: Kind) -> u8 {
    match (name, kind) {
        ("message_id", _) => 28,
        (_, Kind::Instant) => 26,
        ("channel" | "customer" | "entry_point" | "tariff", _) => 20,
        _ => 13,
    }
}

/// Packs a part of a sheet.
pub(super) fn put(out: &mut dyn Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes()).map_err(|error| error.to_string())
}
