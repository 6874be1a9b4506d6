//! The dialogue with the cluster: look at the logs, refuse or rate, and count what was written.

use std::collections::BTreeMap;

use super::relation::{sql, written};
use super::row::Row;
use super::session::{Session, only};

use super::statement::{CHECK, DIGESTS, NAMES, RATED, UNPRICED, filled};
use super::{ClusterError, Lap, Part, Progress, Rated, Task, tables};
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Month};

/// Does the task; see [`super::rated`].
pub(super) fn rated(task: &Task, progress: Progress, lap: Lap) -> Result<Rated, ClusterError> {
    let session = Session::open(&task.remote.connection(), progress)?;
    let rated = in_session(&session, task, lap);
    // Nothing of it is of use any more, nor is work that still goes on.
    session.close();
    rated
}

fn in_session(session: &Session, task: &Task, lap: Lap) -> Result<Rated, ClusterError> {
    look_at_logs(session, task)?;
    let (rows, first, last) = checked(session, task)?;
    lap("looking at the logs", Some(rows));
    for (name, query) in [
        ("markets", tables::markets(&task.tariff)),
        ("rates", tables::rates(&task.tariff)),
        ("months", tables::months(&task.tariff, first, last)),
    ] {
        session.view(sql(&query), name, "taking the tariff")?;
    }
    let what = "pairing and rating";
    session.write(sql(&filled(RATED, task)), &task.folder, &["of_month", "of_business"], what)?;
    lap(what, Some(rows));
    // Where no wait was written, no file tells the columns.
    session.view(written(task.folder.clone(), Some("verdict string")), "verdicts", "reading the result")?;
    let waits =
        only(session.collect("select count(*) as waits from verdicts", "counting the result")?)?.count("waits")?;
    let parts = if waits == 0 { BTreeMap::new() } else { parts(session, task)? };
    let counted = parts.values().map(|part| part.verdicts.waits).fold(0, u64::saturating_add);
    if counted != waits {
        return Err(ClusterError::Odd("its counts"));
    }
    session.look_back()?;
    lap("counting the result", None);
    Ok(Rated { rows, parts })
}

/// Makes the view of all messages: every log with the columns that it has, the others empty.
fn look_at_logs(session: &Session, task: &Task) -> Result<(), ClusterError> {
    let what = "opening the logs";
    let mut queries = Vec::with_capacity(task.logs.len());
    for (number, log) in task.logs.iter().enumerate() {
        queries.push(session.messages_of((vec![log.clone()], false), log, &format!("log_{number}"))?);
    }
    session.view(sql(&queries.join(" union all ")), "messages", what)
}

/// What is said of so many rows.
type Refusal = fn(u64) -> ClusterError;

/// Rows, first and last stamp of logs that can be judged.
fn checked(session: &Session, task: &Task) -> Result<(u64, Instant, Instant), ClusterError> {
    let what = "looking at the logs";
    let row = only(session.collect(&filled(CHECK, task), what)?)?;
    let rows = row.count("all_rows")?;
    if rows == 0 {
        return Err(ClusterError::NoRows);
    }
    let refusals: [(&str, Refusal); 2] =
        [("unsound_rows", ClusterError::Unsound), ("rows_out_of_time", ClusterError::OutOfTime)];
    for (column, error) in refusals {
        let rows = row.count(column)?;
        if rows > 0 {
            return Err(error(rows));
        }
    }
    if row.count("named_rows")? > 0 {
        let mistakable = only(session.collect(&filled(NAMES, task), what)?)?.count("mistakable")?;
        if mistakable > 0 {
            return Err(ClusterError::Mistakable(mistakable));
        }
    }
    let at = |column| row.number(column).map(Instant::from_micros);
    Ok((rows, at("first_at")?, at("last_at")?))
}

/// What was written, by business and month.
fn parts(session: &Session, task: &Task) -> Result<BTreeMap<(String, Month), Part>, ClusterError> {
    let what = "counting the result";
    session.view(written(task.folder.clone(), None), "rated", "reading the result")?;
    let mut parts = BTreeMap::new();
    for row in session.collect(&filled(DIGESTS, task), what)? {
        if row.count("unpriced")? > 0 {
            let first = only(session.collect(UNPRICED, what)?)?;
            let of = |name| first.text(name).map(str::to_owned);
            let (business, message_id, market) = (of("business")?, of("message_id")?, of("market")?);
            return Err(ClusterError::NoRate { business, message_id, market });
        }
        // What a task wrote that was taken for dead would stand there twice.
        if row.count("messages")? != row.count("charges")? {
            return Err(ClusterError::Odd("a charge stands there twice"));
        }
        let month = row.text("month")?.parse().map_err(|_| ClusterError::Odd("a month"))?;
        let before = parts.insert((row.text("business")?.to_owned(), month), part(&row)?);
        if before.is_some() {
            return Err(ClusterError::Odd("a month stands there twice"));
        }
    }
    Ok(parts)
}

fn part(row: &Row) -> Result<Part, ClusterError> {
    let verdicts = Counts {
        waits: row.count("waits")?,
        on_time: row.count("on_time")?,
        late: row.count("late")?,
        unanswered: row.count("unanswered")?,
        pending: row.count("pending")?,
        held: row.count("held")?,
    };
    let lane = |name| row.text(name)?.parse::<u128>().map_err(|_| ClusterError::Odd("a digest"));
    Ok(Part {
        verdicts,
        charges: row.count("charges")?,
        free_units: row.count("free_units")?,
        total: billionths(row.text("billionths")?)?,
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
