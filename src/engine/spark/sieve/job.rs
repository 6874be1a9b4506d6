//! The dialogue with the cluster: look at the archive, sieve it into files, and count what was written.

use std::collections::{BTreeMap, BTreeSet};

use spark_connect::SparkSession;

use super::super::session::{collect, count, failed, messages_of, number, open, text, truth, view};
use super::super::{ClusterError, Lap, Progress, tables};
use super::statement::{COUNTS, DAYS, SEEN, SIEVED, SILENCES, filled, places, segments};
use super::{Parts, Place, Sieved, Task, Written};
use crate::domain::{Instant, Span};

/// Does the task; see [`super::sieved`].
pub(super) fn sieved(task: &Task, progress: Progress, lap: Lap) -> Result<Sieved, ClusterError> {
    let session = open(&task.remote.connection(), progress)?;
    look_at_archive(&session, &task.parts)?;
    let named = seen(&session, task)?;
    lap("looking at the archive", Some(task.rows));
    for (name, query) in [
        ("places", places(&task.places, &named)),
        ("segments", segments(&task.segments)),
        ("markets", tables::markets(&task.tariff)),
    ] {
        view(&session.sql(&query), name, "taking the channels")?;
    }
    write(&session, SIEVED, task, ("sieved", &["of_needed", "of_portion"]))?;
    view(&Ok(session.read().parquet(&format!("{}/sieved", task.folder))), "sieved", "reading the sieved messages")?;
    lap("sieving", Some(task.rows));
    for (statement, name) in [(COUNTS, "counts"), (DAYS, "days"), (SILENCES, "silences")] {
        write(&session, statement, task, (name, &["of_portion"]))?;
    }
    let told = tally(&session, task)?;
    lap("counting", None);
    // What was written is whole: what the server keeps of the session is of no use any more.
    let _ = session.stop();
    Ok(told)
}

/// Makes the view of the archive.
fn look_at_archive(session: &SparkSession, parts: &[Parts]) -> Result<(), ClusterError> {
    let mut queries = Vec::with_capacity(parts.len());
    for (number, Parts { pattern, are_of_owners }) in parts.iter().enumerate() {
        let query = messages_of(session, pattern, &format!("parts_{number}"))?;
        queries.push(format!("select *, {are_of_owners} as is_of_owner from ({query}) as part_{number}"));
    }
    view(&session.sql(&queries.join(" union all ")), "archived", "opening the archive")
}

/// Compares what the cluster sees with what the client knows. Gives the channels with conversations that are not their
/// customers.
fn seen(session: &SparkSession, task: &Task) -> Result<BTreeSet<String>, ClusterError> {
    let known: BTreeMap<&str, &Place> = task.places.iter().map(|place| (place.channel.as_str(), place)).collect();
    let (mut rows, mut named) = (0_u64, BTreeSet::new());
    for row in collect(session, &filled(SEEN, task), "looking at the archive")? {
        let (channel, business) = (text(&row, "channel")?, text(&row, "business")?);
        let at = |column| number(&row, column).map(Instant::from_micros);
        let within = Span { from: at("first_at")?, to: at("last_at")? };
        let is_of_owner = truth(&row, "is_of_owner")?;
        let is_owners = known.get(channel).is_some_and(|place| match is_of_owner {
            true => place.owned.contains(within.from) && place.owned.contains(within.to),
            false => place.business == business,
        });
        if !is_owners {
            return Err(ClusterError::Stray { channel: channel.to_owned(), business: business.to_owned() });
        }
        rows = rows.saturating_add(count(&row, "all_rows")?);
        if count(&row, "named_rows")? > 0 {
            named.insert(channel.to_owned());
        }
    }
    if rows == task.rows { Ok(named) } else { Err(ClusterError::OtherRows { seen: rows, known: task.rows }) }
}

/// Writes the rows of a statement below the folder of the task, parted by some columns.
fn write(
    session: &SparkSession,
    statement: &str,
    task: &Task,
    (name, parted_by): (&'static str, &[&str]),
) -> Result<(), ClusterError> {
    let what = if name == "sieved" { "sieving" } else { "counting" };
    let rows = session.sql(&filled(statement, task)).map_err(failed(what))?;
    let writer = rows.write().mode("errorifexists").partition_by(parted_by.iter().copied());
    writer.option("compression", "zstd").parquet(&format!("{}/{name}", task.folder)).map_err(failed(what))
}

/// How many rows of each kind were written, by portion: read back from the files.
fn tally(session: &SparkSession, task: &Task) -> Result<Sieved, ClusterError> {
    let mut told = Sieved::default();
    for kind in Written::ALL {
        let what = "counting what was written";
        let (name, columns) = match kind {
            Written::Needed => ("sieved", "at bigint, of_needed int, of_portion int"),
            Written::Counts => ("counts", "times bigint, of_portion int"),
            Written::Days => ("days", "inbound bigint, of_portion int"),
            Written::Silences => ("silences", "asked bigint, of_portion int"),
        };
        // Where there is no row there is no file that tells the columns.
        let reader = session.read().schema(columns.to_owned());
        view(&Ok(reader.parquet(&format!("{}/{name}", task.folder))), &format!("written_{name}"), what)?;
        let only = if kind == Written::Needed { "where of_needed = 1 " } else { "" };
        let query = format!(
            "select cast(of_portion as bigint) as portion, count(*) as all_rows from written_{name} {only}group by of_portion"
        );
        let mut portions = BTreeMap::new();
        for row in collect(session, &query, what)? {
            let portion = u32::try_from(count(&row, "portion")?).map_err(|_| ClusterError::Odd("a portion"))?;
            portions.insert(portion, count(&row, "all_rows")?);
        }
        told.rows.insert(kind, portions);
    }
    Ok(told)
}
