//! The line file: every charge of the month, and what rounding, a minimum and a cap add to them.
//!
//! RFC 4180, UTF-8, dot decimals, sorted. Texts that a spreadsheet would take for a formula get a leading
//! apostrophe; customers are masked.

use std::fmt::{self, Write};

use super::Pricing;
use crate::domain::charge::{Charge, RatedWait};
use crate::domain::invoice::{Adjustment, AdjustmentKind, Line};
use crate::domain::text::masked;
use crate::domain::{Currency, Decimal, Elapsed, Instant, Market, Wait};

/// Columns of the line file.
pub const COLUMNS: [&str; 14] = [
    "message_id",
    "channel",
    "customer",
    "received_at",
    "answered_at",
    "deadline",
    "verdict",
    "wait_ms",
    "market",
    "entry_point",
    "tariff",
    "rate",
    "amount",
    "currency",
];

/// What stands in the column of the verdict in rows that are no charges.
pub(super) const NO_CHARGE: [&str; 3] = ["rounding", "minimum", "cap"];

/// `None` when a rounding does not fit.
pub(super) fn line_file(
    rated: &[RatedWait],
    lines: &[Line],
    adjustments: &[Adjustment],
    pricing: &Pricing,
) -> Option<Vec<u8>> {
    let Pricing { tariff, currency, .. } = *pricing;
    let mut after: Vec<[String; 14]> = Vec::new();
    for line in lines {
        let rounding = line.amount.exact().checked_sub(line.exact)?;
        if !rounding.is_zero() {
            after.push(rounding_row(line, rounding, tariff, currency));
        }
    }
    after.extend(adjustments.iter().map(|adjustment| adjustment_row(adjustment, tariff)));
    let mut writer = writer();
    record(&mut writer, &COLUMNS);
    // There may be millions of charges: all are told by the same cells.
    let mut row = ChargeRow::of(tariff, currency);
    for rated in rated {
        if let Some(charge) = &rated.charge {
            row.tell(&rated.wait, &rated.market, charge);
            record(&mut writer, &row.cells);
        }
    }
    after.iter().for_each(|row| record(&mut writer, row));
    Some(finished(writer))
}

/// How an adjustment is called.
pub(super) const fn name(kind: AdjustmentKind) -> &'static str {
    match kind {
        AdjustmentKind::Minimum => NO_CHARGE[1],
        AdjustmentKind::Cap => NO_CHARGE[2],
    }
}

fn adjustment_row(adjustment: &Adjustment, tariff: &str) -> [String; 14] {
    let mut row: [String; 14] = Default::default();
    row[6] = name(adjustment.kind).to_owned();
    row[10] = tariff.to_owned();
    row[11] = adjustment.limit.exact().to_string();
    row[12] = adjustment.amount.exact().to_string();
    row[13] = adjustment.amount.currency().to_string();
    row
}

/// The cells of a charge, which those of the next take the room of.
struct ChargeRow {
    cells: [String; 14],
    /// What the cells of rate and amount say: most charges cost what the one before cost.
    priced: Option<(Decimal, Decimal)>,
}

impl ChargeRow {
    fn of(tariff: &str, currency: Currency) -> Self {
        let mut cells: [String; 14] = Default::default();
        tariff.clone_into(&mut cells[10]);
        cells[13] = currency.to_string();
        Self { cells, priced: None }
    }

    fn tell(&mut self, wait: &Wait, market: &Market, charge: &Charge) {
        let [id, channel, customer, received, answered, deadline, verdict, length, code, point, _, rate, amount, _] =
            &mut self.cells;
        guard(id, &wait.message_id);
        guard(channel, &wait.channel);
        guard(customer, &masked(&wait.customer, market.calling_code()));
        say(received, Some(wait.received_at));
        say(answered, wait.answered_at);
        say(deadline, Some(wait.deadline));
        say(verdict, Some(wait.verdict.name()));
        say(length, wait.length().map(Elapsed::millis));
        say(code, Some(market.name()));
        say(point, Some(wait.entry_point.name()));
        let priced = (charge.rate.price, charge.amount);
        if self.priced != Some(priced) {
            say(rate, Some(priced.0));
            say(amount, Some(priced.1));
            self.priced = Some(priced);
        }
    }
}

/// Puts a value into a cell, in place of what stood there.
fn say(cell: &mut String, value: Option<impl fmt::Display>) {
    cell.clear();
    if let Some(value) = value {
        // Invariant: memory takes every text.
        write!(cell, "{value}").unwrap_or_else(|error| unreachable!("{error}"));
    }
}

fn rounding_row(line: &Line, rounding: Decimal, tariff: &str, currency: Currency) -> [String; 14] {
    let mut row: [String; 14] = Default::default();
    row[6] = "rounding".to_owned();
    row[8] = line.market.to_string();
    row[9] = line.entry_point.name().to_owned();
    row[10] = tariff.to_owned();
    row[11] = line.unit_price.to_string();
    row[12] = rounding.to_string();
    row[13] = currency.to_string();
    row
}

/// A text cell that no spreadsheet reads as a formula.
pub fn guarded(text: &str) -> String {
    let mut cell = String::new();
    guard(&mut cell, text);
    cell
}

/// Puts a text into a cell as [`guarded`] gives it, in place of what stood there.
fn guard(cell: &mut String, text: &str) {
    let first = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').chars().next();
    let is_formula = matches!(first, Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'));
    cell.clear();
    if is_formula {
        cell.push('\'');
    }
    cell.push_str(text);
}

/// The line file without the ids and customers of some messages: `named` gives what stands in place of an id,
/// `None` for the messages of others. `None` when it names none of them; an error when it cannot be read.
pub fn without_names(
    line_file: &[u8],
    named: &dyn Fn(&str, &str) -> Option<String>,
) -> Result<Option<Vec<u8>>, String> {
    let mut reader = csv::Reader::from_reader(line_file);
    if !reader.headers().map_err(|error| error.to_string())?.iter().eq(COLUMNS) {
        return Err("its columns are others".to_owned());
    }
    let (mut charges, mut roundings, mut found) = (Vec::new(), Vec::new(), false);
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |place: usize| record.get(place).unwrap_or_default().to_owned();
        let mut row: [String; 14] = std::array::from_fn(cell);
        if NO_CHARGE.contains(&row[6].as_str()) {
            roundings.push(row);
            continue;
        }
        if let Some(id) = named(bare(&row[1]), bare(&row[0])) {
            (row[0], row[2], found) = (guarded(&id), masked("", None), true);
        }
        let received_at: Instant = row[3].parse().map_err(|_| "a time cannot be read")?;
        charges.push((received_at, bare(&row[0]).to_owned(), bare(&row[1]).to_owned(), row));
    }
    charges.sort();
    let rows = [COLUMNS.map(str::to_owned)].into_iter().chain(charges.into_iter().map(|(.., row)| row));
    Ok(found.then(|| written(rows.chain(roundings))))
}

/// The text of a cell without the apostrophe that [`guarded`] put before it.
pub fn bare(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| guarded(text) == cell).unwrap_or(cell)
}

pub(super) fn written<const COLUMNS: usize>(rows: impl IntoIterator<Item = [String; COLUMNS]>) -> Vec<u8> {
    let mut writer = writer();
    rows.into_iter().for_each(|row| record(&mut writer, &row));
    finished(writer)
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

fn record<T: AsRef<[u8]>>(writer: &mut csv::Writer<Vec<u8>>, row: &[T]) {
    // Invariant: rows have one length and memory takes every byte.
    writer.write_record(row).unwrap_or_else(|error| unreachable!("{error}"));
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Vec<u8> {
    writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_and_nothing_else_changes() {
        let head = COLUMNS.join(",");
        let row = |id: &str, customer: &str, at: &str| {
            format!(
                "{id},'+390510000417,{customer},{at},,2018-08-02T00:00:00.000Z,unanswered,,39,unknown,t@1,0.05,0.05,USD"
            )
        };
        let (one, two) = ("2018-08-01T00:00:00.000Z", "2018-08-01T00:00:00.000500Z");
        let rounding = ",,,,,,rounding,,39,unknown,t@1,0.05,-0.005,USD";
        let file = |rows: &[String]| format!("{head}\r\n{}\r\n{rounding}\r\n", rows.join("\r\n")).into_bytes();
        let before =
            file(&[row("'=m", "'+39 ••• ••• 0001", one), row("b", "'+39 ••• ••• 0002", one), row("a", "x", two)]);
        let named =
            |channel: &str, id: &str| (channel == "+390510000417" && id == "=m").then(|| "forgotten-1".to_owned());
        let after = file(&[row("b", "'+39 ••• ••• 0002", one), row("forgotten-1", "••• •••", one), row("a", "x", two)]);
        let redacted = without_names(&before, &named).unwrap().unwrap();
        assert_eq!(String::from_utf8(redacted), String::from_utf8(after.clone()));
        assert_eq!(without_names(&after, &named), Ok(None));
        assert!(without_names(b"a,b\r\n", &named).is_err());
        let elsewhere = |channel: &str, id: &str| (channel == "+390510000418").then(|| id.to_owned());
        assert_eq!(without_names(&before, &elsewhere), Ok(None), "on another channel an id is another message's");
    }

    #[test]
    fn formulas_are_texts() {
        for (text, cell) in
            [("=1+1", "'=1+1"), ("+39", "'+39"), (" @x", "' @x"), ("\u{a0}-1", "'\u{a0}-1"), ("wamid.A=", "wamid.A=")]
        {
            assert_eq!(guarded(text), cell);
        }
    }
}
