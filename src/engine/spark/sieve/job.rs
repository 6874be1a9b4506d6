//! The dialogue with the cluster: look at the archive, sieve it into files, and count what was written.

use std::collections::BTreeMap;

use super::super::relation::{bytes_of, sql, written};
use super::super::session::{Session, only};
use super::super::{ClusterError, Lap, Progress, tables};
use super::statement::{
    ARCHIVED, COUNTS, DAYS, INTACT, SEEN, SIEVED, SILENCES, STRAYS, filled, owners, places, plain, segments,
};
use super::{Look, Looked, Parts, Seen, Sieved, Task, Written};

/// Opens a session and looks at the archive; see [`super::look`].
pub(super) fn look(look: Look, progress: Progress, lap: Lap) -> Result<Looked, ClusterError> {
    let session = Session::open(&look.remote.connection(), progress)?;
    match looked_at(&session, &look) {
        Ok(seen) => {
            lap("looking at the archive", Some(look.rows));
            Ok(Looked { session, look, seen })
        }
        Err(error) => {
            session.close();
            Err(error)
        }
    }
}

/// Does the task; see [`Looked::sieved`].
pub(super) fn sieved(looked: Looked, task: &Task, lap: Lap) -> Result<Sieved, ClusterError> {
    let Looked { session, look, seen } = looked;
    let told = in_session(&session, (&look, &seen), task, lap);
    // Nothing of it is of use any more, nor is work that still goes on.
    session.close();
    told
}

fn in_session(session: &Session, (look, seen): (&Look, &Seen), task: &Task, lap: Lap) -> Result<Sieved, ClusterError> {
    let rows = look.rows.saturating_sub(seen.strays);
    // Of no rows no file is written that would tell their columns.
    if rows == 0 {
        return session.look_back().map(|()| Sieved::default());
    }
    for (name, query) in [
        ("places", places(&task.places, &seen.named)),
        ("segments", segments(&task.segments)),
        ("markets", tables::markets(&task.tariff)),
    ] {
        session.view(sql(&query), name, "taking the channels")?;
    }
    let write = |name, statement, parted_by: &[&str]| {
        let what = if name == "sieved" { "sieving" } else { "counting" };
        session.write(sql(&filled(statement, task)), &format!("{}/{name}", look.folder), parted_by, what)
    };
    write("sieved", SIEVED, &["of_needed", "of_portion"])?;
    session.view(written(format!("{}/sieved", look.folder), None), "sieved", "reading the sieved messages")?;
    lap("sieving", Some(rows));
    for (name, statement) in [("counts", COUNTS), ("days", DAYS), ("silences", SILENCES)]
        .into_iter()
        .take(if task.is_of_a_night { 3 } else { 1 })
    {
        write(name, statement, &["of_portion"])?;
    }
    let told = tally(session, look, rows, task.is_of_a_night)?;
    session.look_back()?;
    lap("counting", None);
    Ok(told)
}

/// Compares what the cluster sees with what the client knows, and finds out what strays.
fn looked_at(session: &Session, look: &Look) -> Result<Seen, ClusterError> {
    look_at_bytes(session, look)?;
    view_archive(session, look)?;
    let (mut rows, mut seen) = (0_u64, Seen::default());
    for row in session.collect(&plain(SEEN), "looking at the archive")? {
        rows = rows.saturating_add(row.count("all_rows")?);
        seen.strays = seen.strays.saturating_add(row.count("strays")?);
        if row.count("named_rows")? > 0 {
            seen.named.insert(row.text("channel")?.to_owned());
        }
    }
    if rows != look.rows {
        return Err(ClusterError::OtherRows { seen: rows, known: look.rows });
    }
    if seen.strays > 0 {
        let what = "looking at messages of strangers";
        let folder = format!("{}/strays", look.folder);
        session.write(sql(&plain(STRAYS)), &folder, &[], what)?;
        session.view(written(folder, None), "strays", what)?;
        seen.named_strays = only(session.collect("select count(*) as named from strays", what)?)?.count("named")?;
    }
    Ok(seen)
}

/// Compares the bytes of parts with their digests, where that was not done.
fn look_at_bytes(session: &Session, look: &Look) -> Result<(), ClusterError> {
    if look.unseen.is_empty() {
        return Ok(());
    }
    let what = "comparing the archive with its digests";
    session.view(bytes_of(look.unseen.clone()), "bytes", what)?;
    let row = only(session.collect(&plain(INTACT), what)?)?;
    let (seen, known, damaged) = (row.count("parts")?, look.unseen.len() as u64, row.count("damaged")?);
    if damaged > 0 {
        return Err(ClusterError::Damaged(damaged, row.text("first_damaged")?.to_owned()));
    }
    if seen == known { Ok(()) } else { Err(ClusterError::OtherParts { seen, known }) }
}

/// Makes the view of the archive.
fn view_archive(session: &Session, look: &Look) -> Result<(), ClusterError> {
    let mut queries = Vec::with_capacity(look.parts.len());
    for (number, Parts { paths, are_of_owners }) in look.parts.iter().enumerate() {
        let query = session.messages_of((paths.clone(), true), "the archive", &format!("parts_{number}"))?;
        queries.push(format!("select *, {are_of_owners} as is_of_owner from ({query}) as part_{number}"));
    }
    let what = "opening the archive";
    session.view(sql(&queries.join(" union all ")), "parts", what)?;
    session.view(sql(&owners(&look.owners)), "owners", what)?;
    session.view(sql(&plain(ARCHIVED)), "archived", what)
}

/// How many rows of each kind were written, by portion: read back from the files.
fn tally(session: &Session, look: &Look, rows: u64, is_of_a_night: bool) -> Result<Sieved, ClusterError> {
    let mut told = Sieved::default();
    // Every row of an owner is one of what was sieved, and every counted one is in a count.
    let (mut sieved, mut counted, mut in_counts) = (0, 0, 0);
    for kind in Written::ALL.into_iter().take(if is_of_a_night { 4 } else { 2 }) {
        let what = "counting what was written";
        let (name, columns) = match kind {
            Written::Needed => ("sieved", "is_counted boolean, of_needed int, of_portion int"),
            Written::Counts => ("counts", "times bigint, of_portion int"),
            Written::Days => ("days", "inbound bigint, of_portion int"),
            Written::Silences => ("silences", "asked bigint, of_portion int"),
        };
        // Where there is no row there is no file that tells the columns.
        let files = written(format!("{}/{name}", look.folder), Some(columns));
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
    if sieved != rows {
        return Err(ClusterError::OtherRows { seen: sieved, known: rows });
    }
    if counted == in_counts { Ok(told) } else { Err(ClusterError::Odd("its counts")) }
}
