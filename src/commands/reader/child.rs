//! The child: reads untrusted bytes under limits, writes what the parent reads, and answers with facts.
//!
//! A file that makes it panic, run out of memory or out of time takes nobody else down.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::BufRead;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rlimit::Resource;

use super::wire::{Answer, FileRead, Hello, Job, Suspected, Unwritten, made};
use crate::commands::files::{self, Access};
use crate::commands::{Outcome, World, say};
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;
use crate::read::identity::IdKey;
use crate::read::mention::{Mention, mentions};
use crate::read::{LogFile, ReadError, Reject, archive, described, frame, raw_bytes, read_bytes};

/// Suspects beyond this many are taken together.
const SUSPECTS_MAX: usize = 256;
const REJECTS_SHOWN: usize = 5;

/// Answers the jobs on standard input until it ends.
pub fn serve(world: &mut World) -> Result<Outcome, Failure> {
    let mut lines = std::io::stdin().lock().lines();
    let unreadable = |error: std::io::Error| Failure::new(Kind::InputOutput, "cannot read the jobs").because(error);
    let broken = |error: serde_json::Error| Failure::new(Kind::SelfCheck, "a job cannot be read").because(error);
    let Some(first) = lines.next() else { return Ok(Outcome::Done) };
    let hello: Hello = serde_json::from_str(&first.map_err(unreadable)?).map_err(broken)?;
    limit(hello.memory, hello.cpu)?;
    let key = hello.key.as_deref().and_then(IdKey::parse);
    for line in lines {
        let job: Job = serde_json::from_str(&line.map_err(unreadable)?).map_err(broken)?;
        let answer = match answer(&job, key.as_ref(), &hello.forgotten) {
            // What this machine does not let a child write is no fault of the file.
            Err(failure) if is_of_machine(failure.kind) => Answer::Unwritten(Unwritten::of(failure)),
            answer => answer?,
        };
        let text = serde_json::to_string(&answer).map_err(broken)?;
        say(world.out, &text)?;
        world.out.flush().map_err(|error| Failure::new(Kind::InputOutput, "cannot answer").because(error))?;
    }
    Ok(Outcome::Done)
}

/// Whether a failure is one of writing.
const fn is_of_machine(kind: Kind) -> bool {
    matches!(kind, Kind::InputOutput | Kind::CannotCreate | Kind::Permission)
}

/// Limits this process to so many bytes of data memory and seconds of processor time.
pub fn limit(memory: u64, cpu: u64) -> Result<(), Failure> {
    let limits = [
        (Resource::DATA, memory, memory),
        // The soft limit ends it with a signal that tells why.
        (Resource::CPU, cpu, cpu.saturating_add(5)),
        (Resource::CORE, 0, 0),
    ];
    for (resource, soft, hard) in limits {
        let most = rlimit::getrlimit(resource).map_or(hard, |(_, most)| most);
        rlimit::setrlimit(resource, soft.min(most), hard.min(most))
            .map_err(|error| Failure::new(Kind::InputOutput, "cannot limit the reader").because(error))?;
    }
    Ok(())
}

fn answer(job: &Job, key: Option<&IdKey>, forgotten: &[(String, Instant)]) -> Result<Answer, Failure> {
    let before = print_of(&job.path);
    let raw = match raw_bytes(&job.path) {
        Ok(raw) => raw,
        Err(ReadError::NotAFile) => return Ok(Answer::Refused(ReadError::NotAFile.to_string())),
        Err(error) => return Ok(Answer::Io(described(&error))),
    };
    if before.is_none() || before != print_of(&job.path) {
        return Ok(Answer::Changed);
    }
    let log = match read_bytes(&raw, &job.path, &job.options) {
        Ok(log) => log,
        Err(error) => return Ok(Answer::Refused(described(&error))),
    };
    let mut parts = Vec::new();
    if let Some(key) = key {
        let names_forgotten = Cell::new(false);
        let forgets = |person: &str, at: Instant| {
            let forgets = forgotten.iter().any(|(who, until)| who == person && at < *until);
            names_forgotten.set(names_forgotten.get() || forgets);
            forgets
        };
        let made = archive::parts(&log.frame, key, &forgets)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the archive could not be made").because(error))?;
        for part in made {
            parts.push(store(&part, &job.into)?);
        }
        if !log.rejects.is_empty() {
            write(&job.into, made::REJECTS, &rejects_file(&log.rejects))?;
        }
        // Nobody can take a forgotten customer out of raw bytes.
        if job.keep_raw && !names_forgotten.get() && !may_name(&log, &raw, key, forgotten) {
            let failed = |error| Failure::new(Kind::SelfCheck, "the raw bytes could not be packed").because(error);
            write(&job.into, made::RAW, &zstd::encode_all(raw.as_slice(), 3).map_err(failed)?)?;
        }
    }
    Ok(Answer::Read(Box::new(facts(log, parts, key)?)))
}

/// What changes when a file is written to.
fn print_of(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

fn store(part: &archive::Part, into: &Path) -> Result<Part, Failure> {
    let archive::Part { month, rows, first, last, .. } = *part;
    let kept = Part { month, sha256: part.sha256.clone(), rows, first, last };
    write(into, &made::names(&kept), &part.names)?;
    write(into, &made::archived(&kept), &part.keyed)?;
    Ok(kept)
}

/// Whether the rows that could not be read may name somebody who is forgotten.
fn may_name(log: &LogFile, raw: &[u8], key: &IdKey, forgotten: &[(String, Instant)]) -> bool {
    let is_forgotten = |word: &str| forgotten.iter().any(|(person, _)| key.is_party(person, word));
    let is_open = !log.rejects.is_empty() && !forgotten.is_empty();
    is_open && !matches!(mentions(raw, &is_forgotten), Ok(Mention::No))
}

/// Writes a file of the folder `into`, which is this job's alone. The folder that it lies in is not made here: where
/// that is gone, the run that asked is gone too.
fn write(into: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    match DirBuilder::new().mode(0o700).create(into) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Failure::io("create the folder", into, error));
        }
        _ => {}
    }
    files::write(&into.join(name), bytes, Access::Private)
}

fn rejects_file(rejects: &[Reject]) -> Vec<u8> {
    let quoted = |reason: &str| format!("\"{}\"", reason.replace('"', "\"\""));
    let rows = rejects.iter().map(|reject| format!("{},{}\r\n", reject.row, quoted(&reject.reason)));
    std::iter::once("row,reason\r\n".to_owned()).chain(rows).collect::<String>().into_bytes()
}

fn facts(log: LogFile, parts: Vec<Part>, key: Option<&IdKey>) -> Result<FileRead, Failure> {
    let channels = frame::directions(&log.frame)
        .map_err(|error| Failure::new(Kind::SelfCheck, "the messages could not be counted").because(error))?;
    let suspects: BTreeSet<Suspected> = log.rejects.iter().filter_map(|reject| suspected(reject, key)).collect();
    Ok(FileRead {
        format: log.recorded,
        rows: log.frame.height() as u64,
        rejected: log.rejects.len() as u64,
        first: log.first_and_last.map(|(first, _)| first),
        last: log.first_and_last.map(|(_, last)| last),
        channels,
        others: log.others,
        parts,
        first_rejects: log.rejects.into_iter().take(REJECTS_SHOWN).collect(),
        more_suspects: suspects.len() > SUSPECTS_MAX,
        suspects: suspects.into_iter().take(SUSPECTS_MAX).collect(),
        sha256: log.sha256,
        made_in: PathBuf::new(),
    })
}

fn suspected(reject: &Reject, key: Option<&IdKey>) -> Option<Suspected> {
    let suspect = reject.suspect.as_ref()?;
    let name = |text: &String| key.map_or_else(|| text.clone(), |key| key.party(text));
    Some(Suspected {
        channel: suspect.channel.clone(),
        conversation: suspect.conversation.as_ref().map(name),
        at: suspect.at,
    })
}

/// SHA-256 of a file, read piece by piece.
pub fn sha256_of(path: &Path) -> std::io::Result<String> {
    crate::read::sha256_of(&mut File::open(path)?)
}
