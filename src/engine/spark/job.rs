//! The dialogue with the cluster: look at the logs, refuse or rate, and count what was written.

use std::collections::BTreeMap;

use spark_connect::SparkSession;
use spark_connect::row::Row;

use super::session::{collect, count, failed, messages_of, number, only, open, text, view};
use super::statement::{CHECK, DIGESTS, NAMES, RATED, UNPRICED, filled};
use super::{ClusterError, Part, Progress, Rated, Task, tables};
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Month};

/// Does the task; see [`super::watch::rated`].
pub(super) fn rated(
    task: &Task,
    progress: Progress,
    lap: &mut dyn FnMut(&'static str, Option<u64>),
) -> Result<Rated, ClusterError> {
    let session = open(&task.remote.connection(), progress)?;
    look_at_logs(&session, task)?;
    let (rows, first, last) = checked(&session, task)?;
    lap("looking at the logs", Some(rows));
    for (name, query) in [
        ("markets", tables::markets(&task.tariff)),
        ("rates", tables::rates(&task.tariff)),
        ("months", tables::months(&task.tariff, first, last)),
    ] {
        view(&session.sql(&query), name, "taking the tariff")?;
    }
    let what = "pairing and rating";
    let waits = session.sql(&filled(RATED, task)).map_err(failed(what))?;
    let writer = waits.write().mode("errorifexists").partition_by(["of_month", "of_business"]);
    writer.option("compression", "zstd").parquet(&task.folder).map_err(failed(what))?;
    lap(what, Some(rows));
    let written = Ok(session.read().parquet(&task.folder));
    view(&written, "rated", "reading the result")?;
    let parts = parts(&session, task)?;
    lap("counting the result", None);
    // The result is whole: what the server keeps of the session is of no use any more.
    let _ = session.stop();
    Ok(Rated { rows, parts })
}

/// Makes the view of all messages: every log with the columns that it has, the others empty.
fn look_at_logs(session: &SparkSession, task: &Task) -> Result<(), ClusterError> {
    let what = "opening the logs";
    let mut queries = Vec::with_capacity(task.logs.len());
    for (number, log) in task.logs.iter().enumerate() {
        queries.push(messages_of(session, log, &format!("log_{number}"))?);
    }
    view(&session.sql(&queries.join(" union all ")), "messages", what)
}

/// What is said of so many rows.
type Refusal = fn(u64) -> ClusterError;

/// Rows, first and last stamp of logs that can be judged.
fn checked(session: &SparkSession, task: &Task) -> Result<(u64, Instant, Instant), ClusterError> {
    let what = "looking at the logs";
    let row = only(collect(session, &filled(CHECK, task), what)?)?;
    let rows = count(&row, "all_rows")?;
    if rows == 0 {
        return Err(ClusterError::NoRows);
    }
    let refusals: [(&str, Refusal); 3] = [
        ("unsound_rows", ClusterError::Unsound),
        ("rows_out_of_time", ClusterError::OutOfTime),
        ("ambiguous_rows", ClusterError::Ambiguous),
    ];
    for (column, error) in refusals {
        let rows = count(&row, column)?;
        if rows > 0 {
            return Err(error(rows));
        }
    }
    if count(&row, "named_rows")? > 0 {
        let mistakable = count(&only(collect(session, &filled(NAMES, task), what)?)?, "mistakable")?;
        if mistakable > 0 {
            return Err(ClusterError::Mistakable(mistakable));
        }
    }
    let at = |column| number(&row, column).map(Instant::from_micros);
    Ok((rows, at("first_at")?, at("last_at")?))
}

/// What was written, by business and month.
fn parts(session: &SparkSession, task: &Task) -> Result<BTreeMap<(String, Month), Part>, ClusterError> {
    let what = "counting the result";
    let mut parts = BTreeMap::new();
    for row in collect(session, &filled(DIGESTS, task), what)? {
        if count(&row, "unpriced")? > 0 {
            let first = only(collect(session, UNPRICED, what)?)?;
            let of = |name| text(&first, name).map(str::to_owned);
            let (business, message_id, market) = (of("business")?, of("message_id")?, of("market")?);
            return Err(ClusterError::NoRate { business, message_id, market });
        }
        let month = text(&row, "month")?.parse().map_err(|_| ClusterError::Odd("a month"))?;
        parts.insert((text(&row, "business")?.to_owned(), month), part(&row)?);
    }
    Ok(parts)
}

fn part(row: &Row) -> Result<Part, ClusterError> {
    let verdicts = Counts {
        waits: count(row, "waits")?,
        on_time: count(row, "on_time")?,
        late: count(row, "late")?,
        unanswered: count(row, "unanswered")?,
        pending: count(row, "pending")?,
        held: count(row, "held")?,
    };
    let lane = |name| text(row, name)?.parse::<u128>().map_err(|_| ClusterError::Odd("a digest"));
    Ok(Part {
        verdicts,
        charges: count(row, "charges")?,
        free_units: count(row, "free_units")?,
        total: billionths(text(row, "billionths")?)?,
        digest: [lane("digest_1")?, lane("digest_2")?, lane("digest_3")?, lane("digest_4")?],
    })
}

/// A sum that comes in billionths: so no cluster writes it with an exponent.
fn billionths(digits: &str) -> Result<Decimal, ClusterError> {
    let padded = format!("{digits:0>10}");
    let exact = padded.len().checked_sub(9).and_then(|point| padded.split_at_checked(point));
    let (whole, rest) = exact.ok_or(ClusterError::Odd("a sum"))?;
    format!("{whole}.{rest}").parse().map_err(|_| ClusterError::Odd("a sum"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billionths_are_exact() {
        for (digits, expected) in [("0", "0"), ("1", "0.000000001"), ("12340000000", "12.34"), ("123", "0.000000123")] {
            assert_eq!(billionths(digits).unwrap(), expected.parse::<Decimal>().unwrap(), "{digits}");
        }
        assert!(billionths("0E-9").is_err() && billionths("").is_ok_and(Decimal::is_zero));
    }
}
