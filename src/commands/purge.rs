//! `ritardo purge`: removes raw files whose time is over. What was read from them stays.

use std::collections::BTreeSet;

use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::Purge;
use crate::error::Failure;
use crate::ledger::entry::{Entry, LogRead, Purged};
use crate::ledger::{Additions, Ledger, LedgerError};

pub fn purge(args: &Purge, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let _lock = state.lock()?;
    state.read_ledger()?;
    let path = state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    let at = args.as_of.unwrap_or(world.now);
    let is_over = |file: &LogRead| match args.before {
        Some(before) => file.read_at.is_some_and(|read_at| read_at < before),
        None => file.raw_until.is_some_and(|until| until <= at),
    };
    // One raw file may have been read for two sources: the longer time counts.
    let (over, kept): (Vec<&LogRead>, Vec<&LogRead>) = history
        .files
        .iter()
        .map(|(_, file)| file)
        .filter(|file| file.raw_until.is_some() && state.raw(&file.sha256).exists())
        .partition(|file| is_over(file));
    let digests: BTreeSet<&str> = kept.iter().map(|file| file.sha256.as_str()).collect();
    let over = over.iter().map(|file| file.sha256.as_str()).filter(|sha256| !digests.contains(sha256));
    let mut raw: Vec<String> = over.map(str::to_owned).collect();
    raw.sort();
    raw.dedup();
    if raw.is_empty() {
        let files = counted(kept.len() as u64, "raw file");
        say(world.out, &format!("nothing   to purge; {files} kept for longer"))?;
        return Ok(Outcome::Done);
    }
    for sha256 in &raw {
        match std::fs::remove_file(state.raw(sha256)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::io("remove", &state.raw(sha256), error));
            }
            _ => {}
        }
    }
    let files = counted(raw.len() as u64, "raw file");
    let entries = vec![Entry::Purged(Purged { at, raw })];
    let added = ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
    added.map_err(|error| ledger_failure(error, &path))?;
    say(world.out, &format!("purged    {files}; what was read from them stays"))?;
    Ok(Outcome::Done)
}
