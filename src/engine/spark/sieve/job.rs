//! The dialogue with the cluster: look at the archive, sieve it into files, and count what was written.

use std::collections::{BTreeMap, BTreeSet};

use super::super::session::{Session, bytes_of, only, sql, written};
use super::super::{ClusterError, Lap, Progress, tables};
use super::statement::{COUNTS, DAYS, INTACT, SEEN, SIEVED, SILENCES, filled, places, segments};
use super::{Parts, Place, Sieved, Task, Written};
use crate::domain::{Instant, Span};

/// Does the task; see [`super::sieved`].
pub(super) fn sieved(task: &Task, progress: Progress, lap: Lap) -> Result<Sieved, ClusterError> {
    let session = Session::open(&task.remote.connection(), progress)?;
    let told = in_session(&session, task, lap);
    // Nothing of it is of use any more, nor is work that still goes on.
    session.close();
    told
}

fn in_session(session: &Session, task: &Task, lap: Lap) -> Result<Sieved, ClusterError> {
    look_at_bytes(session, task)?;
    look_at_archive(session, &task.parts)?;
    let named = seen(session, task)?;
    lap("looking at the archive", Some(task.rows));
    for (name, query) in [
        ("places", places(&task.places, &named)),
        ("segments", segments(&task.segments)),
        ("markets", tables::markets(&task.tariff)),
    ] {
        session.view(sql(&query), name, "taking the channels")?;
    }
    write(session, SIEVED, task, ("sieved", &["of_needed", "of_portion"]))?;
    session.view(written(format!("{}/sieved", task.folder), None), "sieved", "reading the sieved messages")?;
    lap("sieving", Some(task.rows));
    let statements = [(COUNTS, "counts"), (DAYS, "days"), (SILENCES, "silences")];
    for (statement, name) in statements.into_iter().take(if task.is_of_a_night { 3 } else { 1 }) {
        write(session, statement, task, (name, &["of_portion"]))?;
    }
    let told = tally(session, task)?;
    session.look_back()?;
    lap("counting", None);
    Ok(told)
}

/// Compares the bytes of parts with their digests, where that was not done.
fn look_at_bytes(session: &Session, task: &Task) -> Result<(), ClusterError> {
    if task.unseen.is_empty() {
        return Ok(());
    }
    let what = "comparing the archive with its digests";
    session.view(bytes_of(task.unseen.clone()), "bytes", what)?;
    let row = only(session.collect(&filled(INTACT, task), what)?)?;
    let (seen, known, damaged) = (row.count("parts")?, task.unseen.len() as u64, row.count("damaged")?);
    if damaged > 0 {
        return Err(ClusterError::Damaged(damaged, row.text("first_damaged")?.to_owned()));
    }
    if seen == known { Ok(()) } else { Err(ClusterError::OtherParts { seen, known }) }
}

/// Makes the view of the archive.
fn look_at_archive(session: &Session, parts: &[Parts]) -> Result<(), ClusterError> {
    let mut queries = Vec::with_capacity(parts.len());
    for (number, Parts { paths, are_of_owners }) in parts.iter().enumerate() {
        let query = session.messages_of((paths.clone(), true), "the archive", &format!("parts_{number}"))?;
        queries.push(format!("select *, {are_of_owners} as is_of_owner from ({query}) as part_{number}"));
    }
    session.view(sql(&queries.join(" union all ")), "archived", "opening the archive")
}

/// Compares what the cluster sees with what the client knows. Gives the channels with conversations that are not their
/// customers.
fn seen(session: &Session, task: &Task) -> Result<BTreeSet<String>, ClusterError> {
    let known: BTreeMap<&str, &Place> = task.places.iter().map(|place| (place.channel.as_str(), place)).collect();
    let (mut rows, mut named) = (0_u64, BTreeSet::new());
    for row in session.collect(&filled(SEEN, task), "looking at the archive")? {
        let (channel, business) = (row.text("channel")?, row.text("business")?);
        let at = |column| row.number(column).map(Instant::from_micros);
        let within = Span { from: at("first_at")?, to: at("last_at")? };
        let is_of_owner = row.truth("is_of_owner")?;
        let is_owners = known.get(channel).is_some_and(|place| match is_of_owner {
            true => place.owned.contains(within.from) && place.owned.contains(within.to),
            false => place.business == business,
        });
        if !is_owners {
            return Err(ClusterError::Stray { channel: channel.to_owned(), business: business.to_owned() });
        }
        rows = rows.saturating_add(row.count("all_rows")?);
        if row.count("named_rows")? > 0 {
            named.insert(channel.to_owned());
        }
    }
    if rows == task.rows { Ok(named) } else { Err(ClusterError::OtherRows { seen: rows, known: task.rows }) }
}

/// Writes the rows of a statement below the folder of the task, parted by some columns.
fn write(
    session: &Session,
    statement: &str,
    task: &Task,
    (name, parted_by): (&'static str, &[&str]),
) -> Result<(), ClusterError> {
    let what = if name == "sieved" { "sieving" } else { "counting" };
    session.write(sql(&filled(statement, task)), &format!("{}/{name}", task.folder), parted_by, what)
}

/// How many rows of each kind were written, by portion: read back from the files.
fn tally(session: &Session, task: &Task) -> Result<Sieved, ClusterError> {
    let mut told = Sieved::default();
    // Every row of the archive is one of what was sieved, and every counted one is in a count.
    let (mut sieved, mut counted, mut in_counts) = (0, 0, 0);
    for kind in Written::ALL.into_iter().take(if task.is_of_a_night { 4 } else { 2 }) {
        let what = "counting what was written";
        let (name, columns) = match kind {
            Written::Needed => ("sieved", "is_counted boolean, of_needed int, of_portion int"),
            Written::Counts => ("counts", "times bigint, of_portion int"),
            Written::Days => ("days", "inbound bigint, of_portion int"),
            Written::Silences => ("silences", "asked bigint, of_portion int"),
        };
        // Where there is no row there is no file that tells the columns.
        let files = written(format!("{}/{name}", task.folder), Some(columns));
        session.view(files, &format!("written_{name}"), what)?;
        let (needed, times) = match kind {
            Written::Needed => ("of_needed = 1", "count_if(is_counted)"),
            Written::Counts => ("true", "sum(times)"),
            Written::Days | Written::Silences => ("true", "0L"),
        };
        let query = format!(
            "select cast(of_portion as bigint) as portion, count(*) as all_rows, count_if({needed}) as needed_rows, \
             {times} as times from written_{name} group by of_portion"
        );
        let mut portions = BTreeMap::new();
        for row in session.collect(&query, what)? {
            match kind {
                Written::Needed => {
                    sieved += row.count("all_rows")?;
                    counted += row.count("times")?;
                }
                Written::Counts => in_counts += row.count("times")?,
                Written::Days | Written::Silences => {}
            }
            // Of channels that nobody asks about there is nothing to read.
            if let Ok(portion) = u32::try_from(row.number("portion")?) {
                portions.insert(portion, row.count("needed_rows")?);
            }
        }
        told.rows.insert(kind, portions);
    }
    if sieved != task.rows {
        return Err(ClusterError::OtherRows { seen: sieved, known: task.rows });
    }
    if counted == in_counts { Ok(told) } else { Err(ClusterError::Odd("its counts")) }
}
