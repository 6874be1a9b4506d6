//! The charges of a closed month as they were filed, one by one.

use serde::Deserialize;

use crate::close::bare;
use crate::domain::{Decimal, EntryPoint, Instant, Market};
use crate::error::{Failure, Kind};

/// A charge of a file of charges.
pub(super) struct Row {
    pub channel: String,
    /// Plain; of a customer who is forgotten, what stands in its place.
    pub message_id: String,
    pub received_at: Instant,
    pub market: Market,
    pub entry_point: EntryPoint,
    pub amount: Decimal,
}

/// What stands in the file; of its other columns nothing is asked here.
#[derive(Deserialize)]
struct Cells {
    message_id: String,
    channel: String,
    received_at: String,
    market: String,
    entry_point: String,
    amount: String,
}

/// The charges; rows of rounding, minimum and cap have no day and are left out.
pub(super) fn rows(line_file: &[u8]) -> Result<Vec<Row>, Failure> {
    if line_file.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |why: String| {
        let failure = Failure::new(Kind::Differences, format!("a file of charges cannot be read: {why}"));
        failure.hint("see `ritardo verify`")
    };
    let mut rows = Vec::new();
    for cells in csv::Reader::from_reader(line_file).deserialize() {
        let cells: Cells = cells.map_err(|error| wrong(error.to_string()))?;
        if !cells.message_id.is_empty() {
            rows.push(row(&cells).map_err(wrong)?);
        }
    }
    Ok(rows)
}

fn row(cells: &Cells) -> Result<Row, String> {
    Ok(Row {
        channel: bare(&cells.channel).to_owned(),
        message_id: bare(&cells.message_id).to_owned(),
        received_at: cells.received_at.parse()?,
        market: cells.market.parse()?,
        entry_point: cells.entry_point.parse()?,
        amount: cells.amount.parse()?,
    })
}
