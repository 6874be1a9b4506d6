//! The child: reads untrusted bytes under limits, writes what the parent reads, and answers with facts.
//!
//! A file that makes it panic, run out of memory or out of time takes nobody else down.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::BufRead;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use rlimit::Resource;

use super::wire::{Answer, FileRead, Hello, Job, Suspected};
use crate::commands::files::{self, Access};
use crate::commands::{Outcome, World, say};
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;
use crate::read::identity::IdKey;
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
    limit(&hello)?;
    let key = hello.key.as_deref().and_then(IdKey::parse);
    for line in lines {
        let job: Job = serde_json::from_str(&line.map_err(unreadable)?).map_err(broken)?;
        // What this side cannot write is no fault of the file.
        let answer = answer(&job, key.as_ref(), &hello.forgotten);
        let answer = answer.unwrap_or_else(|failure| Answer::Failed(failure.to_string()));
        let text = serde_json::to_string(&answer).map_err(broken)?;
        say(world.out, &text)?;
        world.out.flush().map_err(|error| Failure::new(Kind::InputOutput, "cannot answer").because(error))?;
    }
    Ok(Outcome::Done)
}

fn limit(hello: &Hello) -> Result<(), Failure> {
    let limits = [
        (Resource::DATA, hello.memory, hello.memory),
        // The soft limit ends it with a signal that tells why.
        (Resource::CPU, hello.cpu, hello.cpu.saturating_add(5)),
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
        let forgets = |person: &str, at: Instant| forgotten.iter().any(|(who, until)| who == person && at < *until);
        let made = archive::parts(&log.frame, key, &forgets)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the archive could not be made").because(error))?;
        for part in made {
            parts.push(store(&part, &job.into)?);
        }
        store_beside(job, &log, &raw)?;
    }
    Ok(Answer::Read(Box::new(facts(log, parts, key)?)))
}

/// What changes when a file is written to.
fn print_of(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

fn store(part: &archive::Part, into: &Path) -> Result<Part, Failure> {
    let name = format!("{}.parquet", part.sha256);
    let month = part.month.to_string();
    for (what, bytes) in [("names", &part.names), ("archive", &part.keyed)] {
        write(into, &[what, &month], &name, bytes)?;
    }
    let archive::Part { month, rows, first, last, .. } = *part;
    Ok(Part { month, sha256: part.sha256.clone(), rows, first, last })
}

fn store_beside(job: &Job, log: &LogFile, raw: &[u8]) -> Result<(), Failure> {
    if !log.rejects.is_empty() {
        write(&job.into, &["rejects"], &format!("{}.csv", log.sha256), &rejects_file(&log.rejects))?;
    }
    if job.keep_raw {
        let packed = zstd::encode_all(raw, 3).map_err(|error| Failure::io("compress", &job.path, error))?;
        write(&job.into, &["raw"], &format!("{}.zst", log.sha256), &packed)?;
    }
    Ok(())
}

/// Writes a file below `into`, which is not made here: where it is gone, the run that asked is gone too.
fn write(into: &Path, below: &[&str], name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut folder = into.to_owned();
    for step in below {
        folder.push(step);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Failure::io("create the folder", &folder, error));
            }
            _ => {}
        }
    }
    // Another child may make the same file of a file with the same messages.
    files::write_beside_others(&folder.join(name), bytes, Access::Private)
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
        format: log.format.name().to_owned(),
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
