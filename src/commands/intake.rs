//! New files of the inbox into the archive, each once.

use super::evidence::Fresh;
use super::setup::Setup;
use super::state::{State, keep};
use super::{World, progress};
use crate::domain::settings::Source;
use crate::domain::{Instant, Span};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{Entry, LogRead, SetAside};
use crate::read::inbox::{self, Found};
use crate::read::{LogFile, Reject, archive, raw_bytes, read_bytes, sha256};

/// What the inbox held that was not known.
#[derive(Default)]
pub struct Intake {
    pub entries: Vec<Entry>,
    /// Messages of the new files, so that they need not be read back.
    pub fresh: Fresh,
    pub files: u64,
    pub rows: u64,
    pub rejected: u64,
    /// Files whose declared time is not over yet: they are read when it is.
    pub early: Vec<String>,
    /// The first rejects, with their files.
    pub first_rejects: Vec<(String, Reject)>,
}

/// Whether the intake may write into the state folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    Yes,
    No,
}

/// Reads what is new. Archive and rejects are written before the ledger names them.
pub fn intake(
    setup: &Setup,
    state: &State,
    history: &History,
    as_of: Instant,
    writing: Writing,
    world: &World,
) -> Result<Intake, Failure> {
    let inbox = &setup.config.inbox;
    let found = inbox::files(inbox).map_err(|error| {
        let failure = Failure::new(Kind::Configuration, "the inbox cannot be read").at(inbox).because(error);
        failure.hint("make the folder, or name another one as `inbox` in ritardo.toml")
    })?;
    let bar = progress::bar(world.watched, "reading logs", found.len());
    let mut intake = Intake::default();
    for file in found {
        take(&file, &Night { setup, state, history, as_of, writing }, &mut intake)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(intake)
}

/// What the night knows before it reads.
struct Night<'n> {
    setup: &'n Setup,
    state: &'n State,
    history: &'n History,
    as_of: Instant,
    writing: Writing,
}

fn take(found: &Found, night: &Night, intake: &mut Intake) -> Result<(), Failure> {
    let Night { setup, state, history, as_of, writing } = *night;
    let raw = match raw_bytes(&found.path) {
        Ok(raw) => raw,
        Err(error) => {
            return Err(Failure::new(Kind::InputOutput, "a log cannot be read").at(&found.path).because(error));
        }
    };
    let digest = sha256(&raw);
    let Some(source) = inbox::claimed(&setup.config.sources, &found.name) else {
        intake.set_aside(
            history,
            found,
            digest,
            "no source claims it: no `files` pattern of ritardo.toml fits its name",
        );
        return Ok(());
    };
    let declared = match inbox::declared(source, found) {
        Ok(declared) => declared,
        Err(reason) => {
            intake.set_aside(history, found, digest, &reason);
            return Ok(());
        }
    };
    // A file of a day that is not over may still grow: read now, it would prove what it cannot know yet.
    if declared.span.is_some_and(|span| span.to > as_of) {
        intake.early.push(found.name.clone());
        return Ok(());
    }
    if intake.knows(history, source, &digest, declared.span) {
        return Ok(());
    }
    // Messages after the instant of judgement are kept: a later night will judge by them.
    let read = read_bytes(&raw, &found.path, source.format, Instant::MAX);
    let proven = read.map_err(|error| described(&error)).and_then(|log| Ok((inbox::proof(&declared, &log)?, log)));
    match proven {
        Err(reason) => intake.set_aside(history, found, digest, &reason),
        Ok((proof, log)) => {
            let archived = archived(&log, state, writing)?;
            intake.add(found, source, proof, archived, log);
        }
    }
    Ok(())
}

fn described(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", described(source)),
        None => error.to_string(),
    }
}

fn archived(log: &LogFile, state: &State, writing: Writing) -> Result<String, Failure> {
    let encoded = archive::encode(&log.frame);
    let (bytes, archive_sha256) =
        encoded.map_err(|error| Failure::new(Kind::SelfCheck, "the archive could not be made").because(error))?;
    if writing == Writing::Yes {
        keep(&state.archived(&archive_sha256), &bytes)?;
        if !log.rejects.is_empty() {
            keep(&state.rejects(&log.sha256), &rejects_file(&log.rejects))?;
        }
    }
    Ok(archive_sha256)
}

fn rejects_file(rejects: &[Reject]) -> Vec<u8> {
    let quoted = |reason: &str| format!("\"{}\"", reason.replace('"', "\"\""));
    let rows = rejects.iter().map(|reject| format!("{},{}\r\n", reject.row, quoted(&reject.reason)));
    std::iter::once("row,reason\r\n".to_owned()).chain(rows).collect::<String>().into_bytes()
}

impl Intake {
    fn knows(&self, history: &History, source: &Source, sha256: &str, declared: Option<Span>) -> bool {
        let same = |file: &LogRead| file.source == source.name && file.sha256 == sha256 && file.declared == declared;
        let new = self.entries.iter().filter_map(|entry| if let Entry::File(file) = entry { Some(file) } else { None });
        history.files.iter().map(|(_, file)| file).chain(new).any(same)
    }

    fn set_aside(&mut self, history: &History, found: &Found, sha256: String, reason: &str) {
        let entry = SetAside { name: found.name.clone(), sha256, reason: reason.to_owned() };
        if !history.set_aside.contains(&entry) {
            self.entries.push(Entry::SetAside(entry));
        }
    }

    fn add(
        &mut self,
        found: &Found,
        source: &Source,
        proof: crate::read::coverage::Proof,
        archive_sha256: String,
        log: LogFile,
    ) {
        let (rows, rejected) = (log.frame.height() as u64, log.rejects.len() as u64);
        self.files += 1;
        self.rows += rows;
        self.rejected += rejected;
        self.first_rejects.extend(log.rejects.into_iter().take(3).map(|reject| (found.name.clone(), reject)));
        self.fresh.insert(archive_sha256.clone(), log.frame);
        let entry = LogRead {
            name: found.name.clone(),
            source: source.name.clone(),
            format: log.format.name().to_owned(),
            sha256: log.sha256,
            rows,
            rejected,
            archive_sha256,
            declared: proof.declared,
            first: proof.first,
            last: proof.last,
            channels: proof.channels,
            speaks_for: proof.speaks_for,
            directions: proof.directions,
        };
        self.entries.push(Entry::File(entry));
    }

    /// New files that were set aside.
    pub fn newly_set_aside(&self) -> impl Iterator<Item = &SetAside> {
        self.entries.iter().filter_map(|entry| if let Entry::SetAside(file) = entry { Some(file) } else { None })
    }
}
