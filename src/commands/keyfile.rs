//! The file of the key of names: 64 hexadecimal digits, its owner's alone.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::state::{State, keep};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::read::identity::IdKey;

/// The key that the ledger's files were archived under. Before the first one there is none: any does, since
/// nothing was named by it.
pub fn existing(state: &State, history: &History) -> Result<IdKey, Failure> {
    match (read(state.key())?, &history.key) {
        (Some(key), Some(fingerprint)) if key.fingerprint() == *fingerprint => Ok(key),
        (Some(key), None) => Ok(key),
        (None, None) => Ok(IdKey::of([0; 32])),
        (Some(_), Some(_)) => Err(lost(state.key(), "the key of the names is not the one of this ledger")),
        (None, Some(_)) => Err(lost(state.key(), "the key of the names is missing")),
    }
}

/// The key, made now if there is none yet.
pub fn made(state: &State, history: &History) -> Result<IdKey, Failure> {
    if history.key.is_some() || state.key().exists() {
        return existing(state, history);
    }
    let key = random()?;
    keep(state.key(), format!("{}\n", key.reveal()).as_bytes())?;
    Ok(key)
}

/// A key for a rehearsal, of which nothing is kept.
pub fn passing(state: &State, history: &History) -> Result<IdKey, Failure> {
    if history.key.is_some() || state.key().exists() { existing(state, history) } else { random() }
}

/// The key, where the ledger has one and it is here: for what can be done without it, only not as well.
pub fn known(state: &State, history: &History) -> Option<IdKey> {
    history.key.as_ref().and_then(|_| existing(state, history).ok())
}

fn lost(path: &Path, message: &str) -> Failure {
    let failure = Failure::new(Kind::Configuration, message).at(path);
    failure.hint("restore it from a backup: without it no message can be told from another; nothing was written")
}

fn random() -> Result<IdKey, Failure> {
    let mut bytes = [0; 32];
    let source = Path::new("/dev/urandom");
    let read = File::open(source).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| Failure::io("read random bytes from", source, error))?;
    Ok(IdKey::of(bytes))
}

fn read(path: &Path) -> Result<Option<IdKey>, Failure> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(|error| Failure::io("read the key of the names", path, error))?,
    };
    let wrong = |message: &str, hint: &str| Err(Failure::new(Kind::Configuration, message).at(path).hint(hint));
    if !metadata.is_file() || metadata.len() > 1024 {
        return wrong("the key of the names is no file of 64 hexadecimal digits", "restore it from a backup");
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return wrong("the key of the names is open to others", "let its owner alone read it: chmod 600");
    }
    let text = fs::read_to_string(path).map_err(|error| Failure::io("read the key of the names", path, error))?;
    match IdKey::parse(&text) {
        Some(key) => Ok(Some(key)),
        None => wrong("the key of the names is not 64 hexadecimal digits", "restore it from a backup"),
    }
}
