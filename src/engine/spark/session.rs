//! A session of the cluster, and what is asked of it in the same way everywhere.

use spark_connect::row::Row;
use spark_connect::{DataFrame, DataType, SparkError, SparkSession};

use super::{ClusterError, Progress};
use crate::domain::columns;

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

/// Opens a session whose settings leave nothing to the cluster.
pub(super) fn open(remote: &str, progress: Progress) -> Result<SparkSession, ClusterError> {
    let what = "opening a session";
    let session = SparkSession::builder().remote(remote).get_or_create().map_err(failed(what))?;
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

/// A query that gives the messages of a log, or of several with one pattern: columns that the log has not are empty.
pub(super) fn messages_of(session: &SparkSession, log: &str, name: &str) -> Result<String, ClusterError> {
    let what = "opening the logs";
    // Files of one folder may differ in their columns: a column that only some have is no reason to drop it.
    let reader = session.read().option("recursiveFileLookup", "true").option("mergeSchema", "true");
    let frame = reader.parquet(log);
    let known = texts_of(&frame, log, what)?;
    view(&Ok(frame), name, what)?;
    let optional = columns::OPTIONAL.map(|column| {
        let value = if known.iter().any(|name| name == column) { column } else { "''" };
        format!("coalesce(cast({value} as string), '') as {column}")
    });
    let required = columns::REQUIRED.map(str::to_owned);
    Ok(format!("select {}, {} from {name}", required.join(", "), optional.join(", ")))
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

/// Gives a query a name.
pub(super) fn view(frame: &Result<DataFrame, SparkError>, name: &str, what: &'static str) -> Result<(), ClusterError> {
    match frame {
        Ok(frame) => frame.create_or_replace_temp_view(name).map_err(failed(what)),
        Err(error) => Err(told(what, error)),
    }
}

pub(super) fn collect(session: &SparkSession, query: &str, what: &'static str) -> Result<Vec<Row>, ClusterError> {
    let frame = session.sql(query).map_err(failed(what))?;
    frame.collect().map_err(failed(what))
}

pub(super) fn only(rows: Vec<Row>) -> Result<Row, ClusterError> {
    rows.into_iter().next().ok_or(ClusterError::Odd("no row"))
}

pub(super) fn number(row: &Row, name: &str) -> Result<i64, ClusterError> {
    row.get_by_name(name).and_then(|value| value.as_i64()).ok_or(ClusterError::Odd("a number"))
}

pub(super) fn count(row: &Row, name: &str) -> Result<u64, ClusterError> {
    u64::try_from(number(row, name)?).map_err(|_| ClusterError::Odd("a count below zero"))
}

pub(super) fn truth(row: &Row, name: &str) -> Result<bool, ClusterError> {
    row.get_by_name(name).and_then(|value| value.as_bool()).ok_or(ClusterError::Odd("a truth"))
}

pub(super) fn text<'r>(row: &'r Row, name: &str) -> Result<&'r str, ClusterError> {
    row.get_by_name(name).and_then(|value| value.as_str()).ok_or(ClusterError::Odd("a text"))
}

pub(super) fn failed(what: &'static str) -> impl Fn(SparkError) -> ClusterError {
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
