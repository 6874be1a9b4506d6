//! The dialogue with the cluster: look at the logs, refuse or rate, and count what was written.

use std::collections::BTreeMap;

use spark_connect::row::Row;
use spark_connect::{DataFrame, DataType, SparkError, SparkSession};

use super::statement::{CHECK, DIGESTS, NAMES, RATED, UNPRICED, filled};
use super::{ClusterError, Part, Progress, Rated, Task, tables};
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Month, columns};

/// More of what a server says is of no use.
const SAID_MAX: usize = 600;
/// gRPC's `UNAVAILABLE`.
const UNAVAILABLE: i32 = 14;

/// What the result has in the place of texts and zones of a cluster.
const SETTINGS: [(&str, &str); 3] = [
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
    // Text is compared byte by byte, and a number that does not fit stops the job.
    ("spark.sql.ansi.enabled", "true"),
];

/// Does the task; see [`super::watch::rated`].
pub(super) fn rated(
    task: &Task,
    progress: Progress,
    lap: &mut dyn FnMut(&'static str, Option<u64>),
) -> Result<Rated, ClusterError> {
    let session = open(task, progress)?;
    look_at_logs(&session, task)?;
    let (rows, first, last) = checked(&session, task)?;
    lap("looking at the logs", Some(rows));
    for (name, query) in [
        ("markets", tables::markets(task.tariff)),
        ("rates", tables::rates(task.tariff)),
        ("months", tables::months(task.tariff, first, last)),
    ] {
        view(&session.sql(&query), name, "taking the tariff")?;
    }
    let what = "pairing and rating";
    let waits = session.sql(&filled(RATED, task)).map_err(failed(what))?;
    let writer = waits.write().mode("errorifexists").partition_by(["of_month", "of_business"]);
    writer.option("compression", "zstd").parquet(task.folder).map_err(failed(what))?;
    lap(what, Some(rows));
    let written = Ok(session.read().parquet(task.folder));
    view(&written, "rated", "reading the result")?;
    let parts = parts(&session, task)?;
    lap("counting the result", None);
    // The result is whole: what the server keeps of the session is of no use any more.
    let _ = session.stop();
    Ok(Rated { rows, parts })
}

fn open(task: &Task, progress: Progress) -> Result<SparkSession, ClusterError> {
    let what = "opening a session";
    let session = SparkSession::builder().remote(task.remote).get_or_create().map_err(failed(what))?;
    for (key, value) in SETTINGS {
        session.conf().set(key, value).map_err(failed(what))?;
    }
    session.register_progress_handler(move |told| {
        let all = told.stages.iter().map(|stage| stage.num_tasks).fold(0, i64::saturating_add);
        let done = told.stages.iter().map(|stage| stage.num_completed_tasks).fold(0, i64::saturating_add);
        progress(u64::try_from(done).unwrap_or_default(), u64::try_from(all).unwrap_or_default());
    });
    Ok(session)
}

/// Makes the view of all messages: every log with the columns that it has, the others empty.
fn look_at_logs(session: &SparkSession, task: &Task) -> Result<(), ClusterError> {
    let what = "opening the logs";
    let mut queries = Vec::with_capacity(task.logs.len());
    for (number, log) in task.logs.iter().enumerate() {
        // Files of one folder may differ in their columns: a column that only some have is no reason to drop it.
        let reader = session.read().option("recursiveFileLookup", "true").option("mergeSchema", "true");
        let frame = reader.parquet(log);
        let known = texts_of(&frame, log, what)?;
        let name = format!("log_{number}");
        view(&Ok(frame), &name, what)?;
        let optional = columns::OPTIONAL.map(|column| {
            let value = if known.iter().any(|name| name == column) { column } else { "''" };
            format!("coalesce(cast({value} as string), '') as {column}")
        });
        let required = columns::REQUIRED.map(str::to_owned);
        queries.push(format!("select {}, {} from {name}", required.join(", "), optional.join(", ")));
    }
    view(&session.sql(&queries.join(" union all ")), "messages", what)
}

/// The names of the columns, where all that must be there are, and stamps are instants.
fn texts_of(frame: &DataFrame, log: &str, what: &'static str) -> Result<Vec<String>, ClusterError> {
    let DataType::Struct { fields } = frame.schema().map_err(failed(what))? else {
        return Err(ClusterError::Odd("the log has no columns"));
    };
    let of = |name: &str| fields.iter().find(|field| field.name == name);
    if let Some(column) = columns::REQUIRED.into_iter().find(|name| of(name).is_none()) {
        return Err(ClusterError::NoColumn { log: log.to_owned(), column });
    }
    if of(columns::SENT_AT).is_some_and(|field| field.data_type != DataType::Timestamp) {
        return Err(ClusterError::NoInstants { log: log.to_owned() });
    }
    Ok(fields.into_iter().map(|field| field.name).collect())
}

/// Rows, first and last stamp of logs that can be judged.
fn checked(session: &SparkSession, task: &Task) -> Result<(u64, Instant, Instant), ClusterError> {
    let what = "looking at the logs";
    let row = only(collect(session, &filled(CHECK, task), what)?)?;
    let rows = count(&row, "all_rows")?;
    if rows == 0 {
        return Err(ClusterError::NoRows);
    }
    let refusals: [(&str, fn(u64) -> ClusterError); 3] = [
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

/// Gives a query a name.
fn view(frame: &Result<DataFrame, SparkError>, name: &str, what: &'static str) -> Result<(), ClusterError> {
    match frame {
        Ok(frame) => frame.create_or_replace_temp_view(name).map_err(failed(what)),
        Err(error) => Err(told(what, error)),
    }
}

fn collect(session: &SparkSession, query: &str, what: &'static str) -> Result<Vec<Row>, ClusterError> {
    session.sql(query).and_then(|frame| frame.collect()).map_err(failed(what))
}

fn only(rows: Vec<Row>) -> Result<Row, ClusterError> {
    rows.into_iter().next().ok_or(ClusterError::Odd("no row"))
}

fn number(row: &Row, name: &str) -> Result<i64, ClusterError> {
    row.get_by_name(name).and_then(|value| value.as_i64()).ok_or(ClusterError::Odd("a number"))
}

fn count(row: &Row, name: &str) -> Result<u64, ClusterError> {
    u64::try_from(number(row, name)?).map_err(|_| ClusterError::Odd("a count below zero"))
}

fn text<'r>(row: &'r Row, name: &str) -> Result<&'r str, ClusterError> {
    row.get_by_name(name).and_then(|value| value.as_str()).ok_or(ClusterError::Odd("a text"))
}

fn failed(what: &'static str) -> impl Fn(SparkError) -> ClusterError {
    move |error| told(what, &error)
}

/// What a server says can be pages long, with the whole plan.
fn told(what: &'static str, error: &SparkError) -> ClusterError {
    if error.grpc_code() == Some(UNAVAILABLE) {
        return ClusterError::Gone(what);
    }
    let message = error.message();
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
    ClusterError::Failed { doing: what, said: line.chars().take(SAID_MAX).collect() }
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
