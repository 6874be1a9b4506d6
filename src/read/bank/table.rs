//! The statement of a bank as CSV, by a mapping of the configuration.

use std::collections::BTreeMap;

use super::{Statement, StatementError, booked, count, money, name, tidy};
use crate::domain::mapping::Field;
use crate::domain::receivable::{MoneySide, StatementEntry, StatementTable};

/// Columns of a table.
const COLUMNS_MAX: usize = 1_000;

/// Reads a table.
pub(super) fn read(text: &str, table: &StatementTable) -> Result<Statement, StatementError> {
    let skipped = usize::try_from(table.skip_lines).unwrap_or(usize::MAX);
    let ends = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
    let from = std::iter::once(0).chain(ends).nth(skipped).unwrap_or(text.len());
    let rest = text.get(from..).unwrap_or_default();
    if let Some(line) = open_quote(rest, table.separator) {
        return Err(StatementError::OpenQuote(line.saturating_add(u64::from(table.skip_lines))));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(table.separator).flexible(true).from_reader(rest.as_bytes());
    let head = reader.headers().map_err(|error| StatementError::Damaged(error.to_string()))?.clone();
    let columns = Columns::of(&head, table)?;
    let (mut statement, mut seen) = (Statement::default(), BTreeMap::<String, u32>::new());
    let mut lines = Lines { text: rest.as_bytes(), at: 0, line: u64::from(table.skip_lines).saturating_add(1) };
    for row in reader.records() {
        let row = row.map_err(|error| StatementError::Damaged(error.to_string()))?;
        let line = lines.of(row.position().map_or(0, csv::Position::byte));
        let place = format!("line {line}");
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        // Many banks end each row with a separator, and not the header.
        let is_whole = row.len() >= head.len() && row.iter().skip(head.len()).all(|cell| cell.trim().is_empty());
        let mut entry = if is_whole {
            columns.entry(&row, table, &place)
        } else {
            Err(format!("it has {} cells, and the header {}", row.len(), head.len()))
        };
        if let Ok(entry) = &mut entry {
            count(entry, &mut seen);
        }
        statement.add(place, entry)?;
    }
    Ok(statement)
}

/// Counts lines, row after row.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the row that begins at this byte, or after the line breaks there: the reader of tables leaves the second half
    /// of CRLF, and empty lines, to the next row.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).max(self.at);
        let breaks = self.text.get(byte..).unwrap_or_default().iter();
        let end = byte.saturating_add(breaks.take_while(|byte| b"\r\n".contains(byte)).count());
        let passed = self.text.get(self.at..end).unwrap_or_default();
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u64::try_from(breaks).unwrap_or(u64::MAX));
        self.at = end;
        self.line
    }
}

/// The places of the columns that the mapping names.
struct Columns(BTreeMap<String, usize>);

impl Columns {
    fn of(head: &csv::StringRecord, table: &StatementTable) -> Result<Self, StatementError> {
        let mut places = BTreeMap::new();
        let wanted = wanted(table);
        for (place, name) in head.iter().enumerate().take(COLUMNS_MAX) {
            let name = name.trim();
            let is_double = places.insert(name.to_owned(), place).is_some();
            if is_double && wanted.contains(&name) {
                return Err(StatementError::DoubleColumn(tidy(name)));
            }
        }
        let missing: Vec<&str> = wanted.into_iter().filter(|name| !places.contains_key(*name)).collect();
        if missing.is_empty() {
            return Ok(Self(places));
        }
        let present: Vec<&str> = head.iter().take(COLUMNS_MAX).collect();
        let (missing, present) = (missing.join(", "), tidy(&present.join(", ")));
        Err(StatementError::Columns { table: table.name.clone(), missing, present })
    }

    /// The text of a column, without blanks around it.
    fn cell<'r>(&self, row: &'r csv::StringRecord, column: &str) -> &'r str {
        self.0.get(column).and_then(|place| row.get(*place)).unwrap_or_default().trim()
    }

    /// The first text of a field that is not empty.
    fn field<'r>(&self, row: &'r csv::StringRecord, field: &'r Field) -> &'r str {
        match field {
            Field::Value(value) => value,
            Field::Columns(columns) => {
                let mut cells = columns.iter().map(|column| self.cell(row, column));
                cells.find(|cell| !cell.is_empty()).unwrap_or_default()
            }
        }
    }

    /// Whether the amount is below zero, and its digits. What stands in the column of what went out is, with a sign or without.
    fn amount(&self, row: &csv::StringRecord, table: &StatementTable) -> Result<(bool, String), String> {
        let (own, out) =
            (self.cell(row, &table.amount), table.amount_out.as_ref().map(|column| self.cell(row, column)));
        match out.filter(|out| !out.is_empty()) {
            Some(_) if !own.is_empty() => Err("it has an amount that came in, and one that went out".to_owned()),
            Some(out) => Ok((true, number(out, table.decimal)?.1)),
            None => number(own, table.decimal),
        }
    }

    fn entry(&self, row: &csv::StringRecord, table: &StatementTable, place: &str) -> Result<StatementEntry, String> {
        if row.iter().any(|cell| cell.trim().contains(['\n', '\r'])) {
            return Err("a cell of it goes over several lines: a quote may have swallowed other rows".to_owned());
        }
        let of = |field: &Option<Field>| field.as_ref().map(|field| tidy(self.field(row, field))).unwrap_or_default();
        let account: String = self.field(row, &table.account).split_whitespace().collect();
        if account.is_empty() {
            return Err("it names no account".to_owned());
        }
        let day = self.cell(row, &table.booked);
        let on = table.days.read(day).ok_or_else(|| format!("`{}` is no day like {}", tidy(day), table.days))?;
        let (is_negative, digits) = self.amount(row, table)?;
        let told = || table.credit.iter().any(|told| told.fits(self.cell(row, &told.column)));
        // What the sign and the column say together: a row of money that came in, below zero, takes a payment back.
        let came_in = table.credit.is_empty() || told();
        let texts = table.text.iter().map(|column| tidy(self.cell(row, column)));
        Ok(StatementEntry {
            place: place.to_owned(),
            account: tidy(&account),
            reference: name(&of(&table.reference)),
            booked: booked(on)?,
            amount: money(self.field(row, &table.currency), &digits)?,
            side: if came_in && !is_negative { MoneySide::Credit } else { MoneySide::Debit },
            is_reversal: came_in && is_negative && !table.credit.is_empty(),
            batch: None,
            payer: of(&table.payer),
            references: Vec::new(),
            texts: texts.filter(|text| !text.is_empty()).collect(),
            like: 0,
        })
    }
}

/// Every column that a mapping names.
fn wanted(table: &StatementTable) -> Vec<&str> {
    let fields = [Some(&table.account), Some(&table.currency), table.reference.as_ref(), table.payer.as_ref()];
    let of_fields = fields.into_iter().flatten().flat_map(Field::columns).chain(&table.text);
    let told = table.credit.iter().map(|told| &told.column);
    let all = of_fields.chain([&table.booked, &table.amount]).chain(&table.amount_out).chain(told);
    let mut names: Vec<&str> = all.map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a number is below zero, and its digits with a dot. The sign may stand before or behind.
fn number(text: &str, decimal: char) -> Result<(bool, String), String> {
    let wrong = || format!("`{}` is no amount with a decimal `{decimal}`", tidy(text));
    let thousands = if decimal == ',' { '.' } else { ',' };
    let is_sign = |sign: char| matches!(sign, '-' | '+' | '\u{2212}');
    let is_blank = |sign: char| matches!(sign, ' ' | '\u{a0}');
    let before = text.strip_prefix(is_sign);
    let bare = before.or_else(|| text.strip_suffix(is_sign)).unwrap_or(text);
    let is_negative = bare.len() < text.len() && text.contains(['-', '\u{2212}']);
    let bare = bare.trim_matches(is_blank);
    let (whole, fraction) = bare.split_once(decimal).unwrap_or((bare, ""));
    let is_parted = |sign: char| sign == thousands || matches!(sign, ' ' | '\u{a0}' | '\u{202f}' | '\'');
    // Thousands are parted in threes, or not at all: else the decimal may be meant.
    let groups: Vec<&str> = whole.split(is_parted).collect();
    let begins = groups.first().is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'));
    let is_grouped = groups.len() <= 1 || (begins && groups.iter().skip(1).all(|group| group.len() == 3));
    let digits: String = groups.concat();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_grouped || !all_digits(&digits) || !all_digits(fraction) {
        return Err(wrong());
    }
    let digits = if fraction.is_empty() { digits } else { format!("{digits}.{fraction}") };
    Ok((is_negative, digits))
}

/// The line on which a quote begins that is never closed: a reader of CSV would take all that follows for one cell.
fn open_quote(text: &str, separator: u8) -> Option<u64> {
    let (mut line, mut opened, mut begins) = (1_u64, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\n' {
            line = line.saturating_add(1);
        }
        if byte == b'"' && opened.is_some() && bytes.peek() == Some(&b'"') {
            bytes.next();
        } else if byte == b'"' && opened.is_some() {
            opened = None;
        } else if byte == b'"' && begins {
            opened = Some(line);
        }
        begins = opened.is_none() && (byte == separator || matches!(byte, b'\n' | b'\r'));
    }
    opened
}
