//! `ritardo rejects`: the rows that could not be read, with their reasons.

use std::collections::BTreeMap;

use serde::Serialize;

use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Format, Rejects};
use crate::error::{Failure, Kind};
use crate::ledger::entry::LogRead;

/// Rows of one file that the text shows; the JSON form and the file of rejects have all.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct File {
    file: String,
    source: String,
    sha256: String,
    rejected: u64,
    /// Some of the rows may be outbound messages: what they could answer is held.
    holds: bool,
    rows: Vec<Row>,
}

#[derive(Serialize, serde::Deserialize)]
struct Row {
    row: u64,
    reason: String,
}

pub fn rejects(args: &Rejects, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let wanted = |file: &&LogRead| {
        file.rejected > 0 && args.file.as_ref().is_none_or(|name| file.name == *name || file.sha256.starts_with(name))
    };
    let files = history.files.iter().map(|(_, file)| file).filter(wanted);
    let files: Vec<File> = files.map(|file| of(file, &state)).collect::<Result<_, Failure>>()?;
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&files)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the rejects cannot be written").because(error))?;
        say(world.out, &text)?;
        return Ok(Outcome::Done);
    }
    for file in &files {
        let (rows, holds) = (counted(file.rejected, "row"), if file.holds { "; waits are held for it" } else { "" });
        say(world.out, &format!("{}  {rows} rejected{holds}", file.file))?;
        for Row { row, reason } in file.rows.iter().take(SHOWN) {
            say(world.out, &format!("  row {row:<8} {reason}"))?;
        }
        if file.rows.len() > SHOWN {
            let path = state.rejects(&file.sha256);
            let more = counted((file.rows.len() - SHOWN) as u64, "more row");
            say(world.out, &format!("  and {more} in {}", path.display()))?;
        }
    }
    if files.is_empty() {
        say(world.out, "no row of a file that was read is rejected")?;
    }
    Ok(Outcome::Done)
}

/// How many rows of a file were rejected for which reason.
pub fn reasons(state: &State, file: &LogRead) -> Result<BTreeMap<String, u64>, Failure> {
    let mut reasons = BTreeMap::new();
    for Row { reason, .. } in of(file, state)?.rows {
        *reasons.entry(reason).or_insert(0) += 1;
    }
    Ok(reasons)
}

fn of(file: &LogRead, state: &State) -> Result<File, Failure> {
    let path = state.rejects(&file.sha256);
    let mut reader = csv::Reader::from_path(&path)
        .map_err(|error| Failure::new(Kind::InputOutput, "the rejects cannot be read").at(&path).because(error))?;
    let rows = reader.deserialize().collect::<Result<_, _>>();
    let rows =
        rows.map_err(|error| Failure::new(Kind::Differences, "the rejects are damaged").at(&path).because(error))?;
    Ok(File {
        file: file.name.clone(),
        source: file.source.clone(),
        sha256: file.sha256.clone(),
        rejected: file.rejected,
        holds: !file.unread.is_empty(),
        rows,
    })
}
