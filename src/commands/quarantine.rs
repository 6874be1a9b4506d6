//! `ritardo quarantine`: files that were set aside as a whole. No row of them is used; they stay where they lie.

use std::collections::BTreeSet;

use serde::Serialize;

use super::intake::{self, Intake, Which, Writing};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say, standing};
use crate::cli::{Format, Quarantine, QuarantineAction};
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, SetAside};
use crate::ledger::{Additions, History, Ledger, LedgerError};

/// Letters of the digest that name a file on the command line.
const ID: usize = 8;

#[derive(Serialize)]
struct File {
    id: String,
    file: String,
    sha256: String,
    since: Option<Instant>,
    reason: String,
    in_inbox: bool,
}

pub fn quarantine(args: &Quarantine, world: &mut World) -> Result<Outcome, Failure> {
    let (QuarantineAction::List { configured, .. }
    | QuarantineAction::Show { configured, .. }
    | QuarantineAction::Retry { configured, .. }) = &args.action;
    let setup = Setup::load(&configured.config)?;
    let state = State::new(&setup.config);
    match &args.action {
        QuarantineAction::List { format, .. } => list(&setup, &state, *format, world),
        QuarantineAction::Show { id, .. } => show(&setup, &state, id, world),
        QuarantineAction::Retry { ids, as_of, .. } => retry(&setup, &state, ids, as_of.unwrap_or(world.now), world),
    }
}

/// The files that still stand aside, by name, the latest reason of each.
fn standing(setup: &Setup, history: &History) -> Vec<File> {
    let of = |aside: SetAside| {
        let SetAside { name, sha256, reason, at, .. } = aside;
        let in_inbox = setup.config.inbox.join(&name).exists();
        let id = sha256.chars().take(ID).collect();
        File { id, file: name, sha256, since: at, reason, in_inbox }
    };
    standing::standing(setup, history, &[]).into_iter().map(of).collect()
}

fn history_of(state: &State) -> Result<History, Failure> {
    let ledger = state.read_ledger()?;
    ledger.history().map_err(|error| ledger_failure(error, ledger.path()))
}

fn list(setup: &Setup, state: &State, format: Format, world: &mut World) -> Result<Outcome, Failure> {
    let files = standing(setup, &history_of(state)?);
    if format == Format::Json {
        let text = serde_json::to_string_pretty(&files)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error))?;
        say(world.out, &text)?;
        return Ok(Outcome::Done);
    }
    let width = files.iter().map(|file| file.file.chars().count()).max().unwrap_or_default();
    for file in &files {
        let gone = if file.in_inbox { "" } else { " (no longer in the inbox)" };
        say(world.out, &format!("{}  {:<width$}  {}{gone}", file.id, file.file, file.reason))?;
    }
    if files.is_empty() {
        say(world.out, "no file is set aside")?;
    }
    Ok(Outcome::Done)
}

/// The files of a name, or with a digest: files of the same bytes have the same one.
fn found<'f>(files: &'f [File], id: &str) -> Result<Vec<&'f File>, Failure> {
    let fits = |file: &&File| file.file == id || !id.is_empty() && file.sha256.starts_with(id);
    let found: Vec<&File> = files.iter().filter(fits).collect();
    if found.is_empty() {
        let unknown = Failure::new(Kind::CommandLine, format!("no file `{}` is set aside", id.escape_debug()));
        return Err(unknown.hint("`ritardo quarantine list` names them"));
    }
    Ok(found)
}

fn show(setup: &Setup, state: &State, id: &str, world: &mut World) -> Result<Outcome, Failure> {
    let files = standing(setup, &history_of(state)?);
    for (index, file) in found(&files, id)?.into_iter().enumerate() {
        if index > 0 {
            say(world.out, "")?;
        }
        show_one(setup, file, world)?;
    }
    Ok(Outcome::Done)
}

fn show_one(setup: &Setup, file: &File, world: &mut World) -> Result<(), Failure> {
    let place = setup.config.inbox.join(&file.file);
    let since = file.since.map_or_else(|| "an earlier version".to_owned(), |at| at.to_string());
    let todo = if file.in_inbox {
        format!("mend its cause, then `ritardo quarantine retry {}`; or replace it and run as usual", file.id)
    } else {
        "it has left the inbox: put it, or a sound export of the same time, back".to_owned()
    };
    let rows = [
        ("file", file.file.clone()),
        ("at", place.display().to_string()),
        ("sha256", file.sha256.clone()),
        ("since", since),
        ("reason", file.reason.clone()),
        ("used", "no row of it: what it may prove is unproven, and waits that need it are held or pending".to_owned()),
        ("to do", todo),
    ];
    rows.iter().try_for_each(|(label, text)| say(world.out, &format!("{label:<9} {text}")))
}

/// Reads files again now; the next run judges by them.
fn retry(setup: &Setup, state: &State, ids: &[String], as_of: Instant, world: &mut World) -> Result<Outcome, Failure> {
    let _lock = state.lock()?;
    state.read_ledger()?;
    let path = state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    let before = standing(setup, &history);
    let mut asked: Vec<&File> = before.iter().collect();
    if !ids.is_empty() {
        asked = ids.iter().map(|id| found(&before, id)).collect::<Result<Vec<_>, Failure>>()?.concat();
        asked.sort_by_key(|file| &file.file);
        asked.dedup_by_key(|file| &file.file);
    }
    let wanted: BTreeSet<String> = asked.iter().flat_map(|file| [file.file.clone(), file.sha256.clone()]).collect();
    let night = intake::Night::new(setup, state, &history, as_of, Writing::Yes, Which::Again(wanted));
    let intake = intake::intake(&night, world)?;
    let entries = intake.entries.clone();
    if !entries.is_empty() {
        let added = ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
        added.map_err(|error| ledger_failure(error, &path))?;
    }
    let read = |entry: &Entry| if let Entry::File(file) = entry { Some(file.clone()) } else { None };
    for file in intake.entries.iter().filter_map(read) {
        say(world.out, &format!("read      {}: {}", file.name, counted(file.rows, "message")))?;
    }
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    let after = standing(setup, &history);
    let names: BTreeSet<&str> = asked.iter().map(|asked| asked.file.as_str()).collect();
    let (left, others): (Vec<&File>, Vec<&File>) = after.iter().partition(|file| names.contains(file.file.as_str()));
    for file in &left {
        say(world.out, &format!("set aside {}: {}", file.file, why(file, &intake)))?;
    }
    let others = match others.len() as u64 {
        0 => String::new(),
        count => format!("; {} not asked for", counted(count, "other")),
    };
    say(world.out, &format!("left      {} set aside{others}", counted(left.len() as u64, "file")))?;
    Ok(if left.is_empty() { Outcome::Done } else { Outcome::SetAside })
}

/// Why a file that was asked for stands aside as before.
fn why(file: &File, intake: &Intake) -> String {
    let is_named = |names: &[String]| names.contains(&file.file);
    match () {
        () if !file.in_inbox => format!("{} (no longer in the inbox)", file.reason),
        () if is_named(&intake.changed) => format!("{} (it is being written to)", file.reason),
        () if is_named(&intake.early) || intake.ahead.iter().any(|(name, _)| *name == file.file) => {
            format!("{} (what lies there now is for a later night)", file.reason)
        }
        () => file.reason.clone(),
    }
}
