//! The line file: every charge of the month, and what rounding adds to them.
//!
//! RFC 4180, UTF-8, dot decimals, sorted. Texts that a spreadsheet would take for a formula get a leading
//! apostrophe; customers are masked.

use crate::domain::charge::RatedWait;
use crate::domain::invoice::Line;
use crate::domain::text::masked;
use crate::domain::{Currency, Decimal};

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

/// `None` when a rounding does not fit.
pub(super) fn line_file(rated: &[RatedWait], lines: &[Line], tariff: &str, currency: Currency) -> Option<Vec<u8>> {
    let mut rows: Vec<[String; 14]> = vec![COLUMNS.map(str::to_owned)];
    rows.extend(rated.iter().filter_map(|rated| charge_row(rated, tariff, currency)));
    for line in lines {
        let rounding = line.amount.exact().checked_sub(line.exact)?;
        if !rounding.is_zero() {
            rows.push(rounding_row(line, rounding, tariff, currency));
        }
    }
    Some(written(&rows))
}

fn charge_row(rated: &RatedWait, tariff: &str, currency: Currency) -> Option<[String; 14]> {
    let (wait, charge) = (&rated.wait, rated.charge.as_ref()?);
    Some([
        guarded(&wait.message_id),
        guarded(&wait.channel),
        guarded(&masked(&wait.customer, rated.market.calling_code())),
        wait.received_at.to_string(),
        wait.answered_at.map(|at| at.to_string()).unwrap_or_default(),
        wait.deadline.to_string(),
        wait.verdict.name().to_owned(),
        wait.length().map(|length| length.millis().to_string()).unwrap_or_default(),
        rated.market.to_string(),
        wait.entry_point.name().to_owned(),
        tariff.to_owned(),
        charge.rate.price.to_string(),
        charge.amount.to_string(),
        currency.to_string(),
    ])
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
fn guarded(text: &str) -> String {
    let first = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').chars().next();
    let is_formula = matches!(first, Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'));
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn written(rows: &[[String; 14]]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Invariant: rows have one length and memory takes every byte.
        writer.write_record(row).unwrap_or_else(|error| unreachable!("{error}"));
    }
    writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn formulas_are_texts() {
        for (text, cell) in
            [("=1+1", "'=1+1"), ("+39", "'+39"), (" @x", "' @x"), ("\u{a0}-1", "'\u{a0}-1"), ("wamid.A=", "wamid.A=")]
        {
            assert_eq!(guarded(text), cell);
        }
    }
}
