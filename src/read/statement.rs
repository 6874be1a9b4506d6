//! The statement of a partner: what it charges for each day, market and entry point, through the mapping of its columns.
//!
//! It is CSV, or JSON: an object a line, or one document with the list of its rows. A row that cannot be read is rejected
//! with its reason; what is none of the mapping's rows is passed over and counted.

mod bounds;

use std::collections::BTreeMap;

use serde_json::{Deserializer, Value};

use crate::domain::mapping::{Field, meant};
use crate::domain::statement::Stated;
use crate::domain::{Currency, Date, Decimal, EntryPoint, Market, StatementMapping, Zone};

/// A statement that is longer is none.
pub const BYTES_MAX: u64 = 64 << 20;
pub const ROWS_MAX: u64 = 1_000_000;

/// So many rejected rows are kept with their reasons; the others are counted. The comparison is recorded with them.
const REJECTED_MAX: usize = 1000;

/// What a statement says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub rows: Vec<StatementRow>,
    /// The first of them.
    pub rejected: Vec<RejectedRow>,
    /// How many there are.
    pub rejected_rows: u64,
    /// Rows that `only` takes for others.
    pub passed_over: u64,
    /// In which it cuts its days, where it or the mapping says so.
    pub zone: Option<Zone>,
}

/// One row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    pub day: Date,
    /// `None` where the mapping names no market; so with the entry point.
    pub market: Option<Market>,
    pub entry_point: Option<EntryPoint>,
    pub count: Option<u64>,
    pub amount: Option<Decimal>,
}

/// A row that cannot be read. Rows are counted from 1; in CSV the header is the first.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RejectedRow {
    pub row: u64,
    pub reason: String,
}

/// The cells of a row that the mapping names, by column.
type Cells = BTreeMap<String, String>;

/// Reads a statement whose amounts are in `currency`.
///
/// # Errors
/// A sentence that says why it cannot be read as a whole.
pub fn statement(bytes: &[u8], mapping: &StatementMapping, currency: Currency) -> Result<Statement, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading { mapping, currency, statement: Statement::default() };
    if let Some(Field::Value(zone)) = &mapping.zone {
        reading.statement.zone = Some(zone.parse()?);
    }
    match text.trim_start().chars().next() {
        None => return Err("the file is empty".to_owned()),
        Some('{' | '[') => reading.json(text)?,
        Some(_) => reading.csv(text)?,
    }
    Ok(reading.statement)
}

struct Reading<'m> {
    mapping: &'m StatementMapping,
    currency: Currency,
    statement: Statement,
}

impl Reading<'_> {
    fn csv(&mut self, text: &str) -> Result<(), String> {
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.delimiter(self.mapping.separator).flexible(true).from_reader(text.as_bytes());
        let head = reader.headers().map_err(|error| error.to_string())?.clone();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mapping = self.mapping;
        for column in mapping.columns() {
            let mut found = head.iter().enumerate().filter(|(_, name)| name.trim() == column);
            let Some((place, _)) = found.next() else {
                let names: Vec<&str> = head.iter().take(NAMES_TOLD).collect();
                return Err(format!(
                    "it has no column `{}`: {}",
                    column.escape_debug(),
                    names.join(", ").escape_debug()
                ));
            };
            if found.next().is_some() {
                return Err(format!("the column `{}` stands twice", column.escape_debug()));
            }
            places.insert(column, place);
        }
        for (row, record) in (2..).zip(reader.records()) {
            check_rows(row)?;
            match record {
                Ok(record) if record.len() == head.len() => {
                    let cell = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
                    let cells = places.iter().map(|(column, place)| ((*column).to_owned(), cell(*place))).collect();
                    self.row(row, &cells);
                }
                Ok(record) => {
                    let reason = format!("it has {} fields, the header has {}", record.len(), head.len());
                    self.reject(row, reason);
                }
                Err(error) => self.reject(row, error.to_string()),
            }
        }
        Ok(())
    }

    fn json(&mut self, text: &str) -> Result<(), String> {
        let columns: Vec<String> = self.mapping.columns().into_iter().map(str::to_owned).collect();
        bounds::check(text)?;
        let mut row = 0;
        for value in Deserializer::from_str(text).into_iter::<Value>() {
            let value = value.map_err(|error| format!("this is not JSON: {error}"))?;
            let mut rows = Vec::new();
            match self.mapping.rows.as_deref() {
                Some(path) => descend(&value, path, &mut rows),
                None => elements(&value, &mut rows),
            }
            for object in rows {
                row += 1;
                check_rows(row)?;
                if !object.is_object() {
                    self.reject(row, "it is not an object".to_owned());
                    continue;
                }
                let cells = columns.iter().map(|column| (column.clone(), cell_of(object, column))).collect();
                self.row(row, &cells);
            }
        }
        match (row, self.mapping.rows.as_deref()) {
            (0, Some(path)) => Err(format!("it has no rows under `{}`", path.escape_debug())),
            _ => Ok(()),
        }
    }

    fn row(&mut self, row: u64, cells: &Cells) {
        let mapping = self.mapping;
        let is_wanted = mapping.only.iter().all(|only| cells.get(&only.column).is_some_and(|text| only.fits(text)));
        if !is_wanted {
            self.statement.passed_over += 1;
            return;
        }
        match self.read(cells) {
            Ok(read) => self.statement.rows.push(read),
            Err(reason) => self.reject(row, reason),
        }
    }

    fn reject(&mut self, row: u64, reason: String) {
        self.statement.rejected_rows = self.statement.rejected_rows.saturating_add(1);
        if self.statement.rejected.len() < REJECTED_MAX {
            self.statement.rejected.push(RejectedRow { row, reason });
        }
    }

    fn read(&mut self, cells: &Cells) -> Result<StatementRow, String> {
        let mapping = self.mapping;
        let zone = self.zone(cells)?;
        let day = first(cells, &mapping.day).ok_or("it has no day")?;
        let stated = mapping.day_form.read(day);
        let stated = stated.ok_or_else(|| format!("`{}` is not a day as {}", shown(day), mapping.day_form))?;
        let day = match (stated, zone) {
            (Stated::Day(day), _) => day,
            (at, Some(zone)) => at.day(zone),
            (Stated::At(_), None) => return Err("its day hangs on a zone, and it has none".to_owned()),
        };
        if let Some(field) = &mapping.currency {
            let text = valued(cells, field).ok_or("it has no currency")?;
            if text != self.currency.code() {
                return Err(format!("its currency is {}, the tariff's is {}", shown(text), self.currency));
            }
        }
        let market = mapping.market.as_ref().map(|field| {
            let text = valued(cells, field).ok_or("it has no market")?;
            let name = meant(&mapping.markets, text).unwrap_or_else(|| text.strip_prefix('+').unwrap_or(text));
            Market::parse(name).ok_or_else(|| format!("`{}` is no market: name it in `markets`", shown(text)))
        });
        let entry_point = mapping.category.as_ref().map(|field| {
            let text = valued(cells, field).ok_or("it has no category")?;
            let name = meant(&mapping.categories, text).unwrap_or(text);
            let unknown = |_| format!("`{}` is no category: name it in `categories`", shown(text));
            name.parse::<EntryPoint>().map_err(unknown)
        });
        let count = mapping.count.as_ref().map(|columns| {
            let text = first(cells, columns).ok_or("it has no count")?;
            text.parse::<u64>().map_err(|_| format!("`{}` is not a count", shown(text)))
        });
        let amount = mapping.amount.as_ref().map(|columns| {
            let text = first(cells, columns).ok_or("it has no amount")?;
            let plain = if mapping.decimal_comma { with_point(text) } else { Some(text.to_owned()) };
            let amount = plain.and_then(|plain| plain.parse::<Decimal>().ok());
            amount.ok_or_else(|| format!("`{}` is not an amount", shown(text)))
        });
        Ok(StatementRow {
            day,
            market: market.transpose()?,
            entry_point: entry_point.transpose()?,
            count: count.transpose()?,
            amount: amount.transpose()?,
        })
    }

    /// The zone of the row, which is that of all others.
    fn zone(&mut self, cells: &Cells) -> Result<Option<Zone>, String> {
        let Some(field @ Field::Columns(_)) = &self.mapping.zone else { return Ok(self.statement.zone) };
        let zone: Zone = valued(cells, field).ok_or("it has no zone")?.parse()?;
        match self.statement.zone {
            Some(other) if other != zone => Err(format!("its zone is {zone}, that of rows before it is {other}")),
            _ => {
                self.statement.zone = Some(zone);
                Ok(Some(zone))
            }
        }
    }
}

/// Names of columns that a refusal tells.
const NAMES_TOLD: usize = 30;
/// Characters of a cell that a reason tells.
const SHOWN: usize = 40;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

fn check_rows(row: u64) -> Result<(), String> {
    if row <= ROWS_MAX { Ok(()) } else { Err(format!("it has more than {ROWS_MAX} rows")) }
}

/// `1.234,50` as `1234.50`. `None` where its dots part no thousands: `1.5` would be fifteen.
fn with_point(text: &str) -> Option<String> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, decimals) = text.split_once(',').unwrap_or((text, ""));
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or_default();
    let is_parted = whole.contains('.');
    let begins = !is_parted || ((1..=3).contains(&first.len()) && !first.starts_with('0'));
    let is_plain = begins && groups.all(|group| group.len() == 3) && !decimals.contains(['.', ',']);
    let point = if decimals.is_empty() { "" } else { "." };
    is_plain.then(|| format!("{sign}{}{point}{decimals}", whole.replace('.', "")))
}

/// The first of the columns that is not empty.
fn first<'c>(cells: &'c Cells, columns: &[String]) -> Option<&'c str> {
    columns.iter().filter_map(|column| cells.get(column)).map(String::as_str).find(|text| !text.is_empty())
}

/// What a field says of a row.
fn valued<'c>(cells: &'c Cells, field: &'c Field) -> Option<&'c str> {
    match field {
        Field::Columns(columns) => first(cells, columns),
        Field::Value(value) => Some(value),
    }
}

/// A value, or the elements of a list.
fn elements<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => found.extend(items),
        Value::Null => {}
        one => found.push(one),
    }
}

/// The values at the end of a path, through all elements of lists on the way.
fn descend<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v Value>) {
    let mut level = Vec::new();
    elements(value, &mut level);
    for key in path.split('.') {
        let mut next = Vec::new();
        level.into_iter().filter_map(|value| value.get(key)).for_each(|value| elements(value, &mut next));
        level = next;
    }
    found.extend(level);
}

/// A text, a number, true or false at the end of a path; empty for everything else.
fn cell_of(object: &Value, path: &str) -> String {
    // A column may have dots in its own name.
    let own = object.get(path);
    let below = || path.split('.').try_fold(object, |value, key| value.get(key));
    match own.or_else(below) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(is)) => is.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
