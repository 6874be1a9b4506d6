//! What a line file comes to: the last sheet of its workbook, which is made before the others are written.

use std::collections::BTreeMap;
use std::io::Write;

use super::LineTable;
use super::exchanged::Exchanged;
use super::parts::style;
use super::sheet::{Cell, SheetName, is_held, letter, row};
use super::xlsx::{SHEET_END, SHEET_HEAD, put};
use crate::close::ELSEWHERE;
use crate::close::check::sha256;
use crate::domain::{Decimal, Money};

/// What its rows stand for, market, entry point, price.
type Group = (What, String, String, Decimal);

/// What a row of the line file stands for, in the order of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Charges,
    Changes,
    Minimum,
    Cap,
    /// Of a credit note: what other documents bill of the changes.
    Elsewhere,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Changes => "changed charges",
            Self::Minimum => "minimum",
            Self::Cap => "cap",
            Self::Elsewhere => "billed elsewhere",
        }
    }
}

/// The text of the sheet so far, and how many rows it has.
struct Page {
    text: String,
    rows: u64,
}

impl Page {
    /// Adds a row, and gives its number.
    fn add(&mut self, cells: &[Cell]) -> u64 {
        self.rows = self.rows.saturating_add(1);
        row(&mut self.text, self.rows, cells);
        self.rows
    }
}

/// Rows, groups and sum of a line file.
pub(super) struct Summary {
    name: String,
    sha256: String,
    pub rows: u64,
    groups: BTreeMap<Group, (u64, Decimal)>,
    sum: Decimal,
    quantity: u64,
    /// The column that is added up.
    column: usize,
    /// Whether a spreadsheet holds each of its numbers exactly.
    is_held: bool,
    currency: String,
    /// The amounts before the sums, where the document is billed in another currency: of each its label, digits and currency.
    exchanged: Vec<(&'static str, String, String)>,
    rate: Option<String>,
}

impl Summary {
    /// Reads a line file once.
    ///
    /// # Errors
    /// Says what cannot be read, or that a sum does not fit.
    pub fn of(table: &LineTable) -> Result<Self, String> {
        let amount = table.place("amount").or_else(|| table.place("credit")).ok_or("it has no column of amounts")?;
        let mut summary = Self {
            name: table.name.to_owned(),
            sha256: sha256(table.csv),
            rows: 0,
            groups: BTreeMap::new(),
            sum: Decimal::ZERO,
            quantity: 0,
            column: amount,
            is_held: true,
            currency: String::new(),
            exchanged: table.exchanged.iter().flat_map(amounts).collect(),
            rate: table.exchanged.as_ref().map(|exchanged| exchanged.rate.clone()),
        };
        for row in table.rows() {
            summary.add(table, &row?)?;
        }
        Ok(summary)
    }

    fn add(&mut self, table: &LineTable, row: &csv::StringRecord) -> Result<(), String> {
        let cell = |column: &str| table.place(column).and_then(|place| row.get(place)).unwrap_or_default();
        let digits = row.get(self.column).unwrap_or_default();
        let amount: Decimal = digits.parse()?;
        let is_of_charges = table.place("verdict").is_some();
        let usual = if is_of_charges { What::Charges } else { What::Changes };
        let (what, counts) = match cell(if is_of_charges { "verdict" } else { "verdict_billed" }) {
            "minimum" => (What::Minimum, false),
            "cap" => (What::Cap, false),
            ELSEWHERE => (What::Elsewhere, false),
            "rounding" => (usual, false),
            _ => (usual, true),
        };
        let rate =
            Some(cell("rate")).filter(|rate| !rate.is_empty()).map_or(Ok(Decimal::ZERO), str::parse::<Decimal>)?;
        let group =
            self.groups.entry((what, cell("market").to_owned(), cell("entry_point").to_owned(), rate)).or_default();
        let too_large = || "a sum is too large".to_owned();
        group.0 = group.0.saturating_add(u64::from(counts));
        group.1 = group.1.checked_add(amount).ok_or_else(too_large)?;
        self.sum = self.sum.checked_add(amount).ok_or_else(too_large)?;
        self.quantity = self.quantity.saturating_add(u64::from(counts));
        self.rows = self.rows.saturating_add(1);
        self.is_held &= is_held(digits);
        if self.currency.is_empty() {
            cell("currency").clone_into(&mut self.currency);
        }
        Ok(())
    }

    /// Writes the sheet. `sheets` are those of the lines.
    ///
    /// # Errors
    /// What the package says.
    pub fn write(&self, sheets: &[(SheetName, u64)], out: &mut dyn Write) -> Result<(), String> {
        let mut page = Page { text: SHEET_HEAD.to_owned(), rows: 0 };
        page.text.push_str(
            "<sheetViews><sheetView workbookViewId=\"0\"/></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/><cols>",
        );
        for (place, width) in (1..).zip([24, 12, 22, 12, 12, 18, 10]) {
            page.text.push_str(&format!("<col min=\"{place}\" max=\"{place}\" width=\"{width}\" customWidth=\"1\"/>"));
        }
        page.text.push_str("</cols><sheetData>\n");
        let rows = self.rows.to_string();
        page.add(&[Cell::Text(style::BOLD, "line file"), Cell::Text(style::TEXT, &self.name)]);
        page.add(&[Cell::Text(style::BOLD, "its SHA-256"), Cell::Text(style::TEXT, &self.sha256)]);
        page.add(&[Cell::Text(style::BOLD, "rows"), Cell::Whole(&rows)]);
        for (label, digits, currency) in &self.exchanged {
            page.add(&[Cell::Text(style::BOLD, label), Cell::Decimal(digits), Cell::Text(style::TEXT, currency)]);
        }
        if let Some(rate) = &self.rate {
            page.add(&[Cell::Text(style::BOLD, "exchange rate"), Cell::Text(style::TEXT, rate)]);
        }
        page.add(&[]);
        let head = ["what", "market", "entry_point", "rate", "quantity", "amount", "currency"];
        let first = page.add(&head.map(|head| Cell::Text(style::HEAD, head))).saturating_add(1);
        let mut last = first;
        for ((what, market, entry_point, rate), (quantity, amount)) in &self.groups {
            let [rate, quantity, amount] = [rate.to_string(), quantity.to_string(), amount.to_string()];
            last = page.add(&[
                Cell::Text(style::TEXT, what.name()),
                Cell::Text(style::TEXT, market),
                Cell::Text(style::TEXT, entry_point),
                Cell::Decimal(&rate),
                Cell::Whole(&quantity),
                Cell::Decimal(&amount),
                Cell::Text(style::TEXT, &self.currency),
            ]);
        }
        let (sum, quantity) = (self.sum.to_string(), self.quantity.to_string());
        let formula = self.formula(sheets);
        let counted = format!("SUM(E{first}:E{last})");
        let mut total: [Cell; 7] = std::array::from_fn(|_| Cell::Empty);
        total[0] = Cell::Text(style::BOLD, "total");
        let has_sum = self.rows > 0 && self.is_held;
        total[4] =
            if self.rows > 0 { Cell::Sum { formula: &counted, cached: &quantity } } else { Cell::Whole(&quantity) };
        total[5] = if has_sum { Cell::Sum { formula: &formula, cached: &sum } } else { Cell::Decimal(&sum) };
        total[6] = Cell::Text(style::TEXT, &self.currency);
        page.add(&total);
        page.text.push_str("</sheetData>");
        page.text.push_str(SHEET_END);
        put(out, &page.text)
    }

    /// The sum over all sheets of lines.
    fn formula(&self, sheets: &[(SheetName, u64)]) -> String {
        let column = letter(self.column);
        let of = |(sheet, rows): &(SheetName, u64)| {
            format!("SUM({}!{column}2:{column}{})", sheet.quoted(), rows.saturating_add(1))
        };
        sheets.iter().map(of).collect::<Vec<_>>().join("+")
    }
}

/// The net amounts in both currencies, as rows before the sums.
fn amounts(exchanged: &Exchanged) -> [(&'static str, String, String); 2] {
    let row = |label, money: Money| (label, money.digits(), money.currency().to_string());
    [row("net", exchanged.tariff), row("net as billed", exchanged.billed)]
}
