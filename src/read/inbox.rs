//! The files of the inbox, and the source that claims each.

mod patterns;

use std::fs;
use std::path::{Path, PathBuf};

pub use self::patterns::{Patterns, claimed};
use super::coverage::{Manifest, day_in_name};
use super::sha256;
use crate::domain::settings::{Coverage, Source};
use crate::domain::{Direction, Span};

/// Ending of a sidecar.
const MANIFEST: &str = ".manifest.json";
/// A sidecar is small.
const MANIFEST_MAX: u64 = 1 << 20;
/// More files than this in one inbox are taken for a mistake.
const FILES_MAX: usize = 1_000_000;

/// A file of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Inside the inbox, `/` between folders.
    pub name: String,
    pub path: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    #[error("the folder {} cannot be read", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    #[error("the inbox has more than {FILES_MAX} files")]
    TooMany,
}

/// What lies below a folder; both lists are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The regular files, without sidecars and hidden files.
    pub files: Vec<Found>,
    /// Names of links, pipes, sockets and devices: they are never opened.
    pub passed_over: Vec<String>,
}

/// The files below `inbox`.
pub fn files(inbox: &Path) -> Result<Listing, InboxError> {
    let mut found = Listing::default();
    walk(inbox, "", &mut found)?;
    found.files.sort();
    found.passed_over.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Listing) -> Result<(), InboxError> {
    let failed = |error| InboxError::Folder(folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with(MANIFEST) {
            continue;
        }
        let (kind, name) = (entry.file_type().map_err(failed)?, format!("{prefix}{name}"));
        if kind.is_dir() {
            walk(&entry.path(), &format!("{name}/"), found)?;
        } else if kind.is_file() {
            found.files.push(Found { name, path: entry.path() });
        } else {
            found.passed_over.push(name);
        }
        if found.files.len() + found.passed_over.len() > FILES_MAX {
            return Err(InboxError::TooMany);
        }
    }
    Ok(())
}

/// What is declared for a file before it is read: by its manifest, or by the day in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    pub span: Option<Span>,
    manifest: Option<Manifest>,
    /// SHA-256 of the sidecar, where the source has them and it could be read.
    pub sidecar_sha256: Option<String>,
}

/// The declaration of a file, or a sentence that says why the file is set aside. The sidecar of a `manifest`
/// source is read from disk, beside the file.
pub fn declared(source: &Source, found: &Found) -> Result<Declared, String> {
    match source.coverage {
        Coverage::Daily => {
            let zone = source.zone.ok_or("its source is daily and has no zone")?;
            let name = found.name.rsplit('/').next().unwrap_or_default();
            Ok(Declared { span: Some(day_in_name(name, zone)?), ..Declared::default() })
        }
        Coverage::Manifest => {
            let text = sidecar(found).ok_or_else(|| {
                let name = found.name.rsplit('/').next().unwrap_or_default();
                format!("it has no manifest: {name}{MANIFEST} is missing")
            })?;
            let manifest = Manifest::parse(&text)?;
            let span = Some(Span { from: manifest.from, to: manifest.to });
            Ok(Declared { span, manifest: Some(manifest), sidecar_sha256: Some(sha256(&text)) })
        }
        Coverage::Continuous | Coverage::Span => Ok(Declared::default()),
    }
}

/// SHA-256 of the sidecar of a file, where there is one.
pub fn sidecar_sha256(found: &Found) -> Option<String> {
    sidecar(found).map(|text| sha256(&text))
}

fn sidecar(found: &Found) -> Option<Vec<u8>> {
    let mut path = found.path.clone().into_os_string();
    path.push(MANIFEST);
    let path = PathBuf::from(path);
    let is_small_file = fs::symlink_metadata(&path).is_ok_and(|it| it.is_file() && it.len() <= MANIFEST_MAX);
    if is_small_file { fs::read(path).ok() } else { None }
}

impl Declared {
    /// Compares the file with the digest in its manifest: before a byte of it is parsed.
    pub fn check_sha256(&self, sha256: &str) -> Result<(), String> {
        self.manifest.as_ref().map_or(Ok(()), |manifest| manifest.check_sha256(sha256))
    }

    /// Compares the rows of the file, rejected ones included, with its manifest.
    pub fn check_rows(&self, rows: u64) -> Result<(), String> {
        self.manifest.as_ref().map_or(Ok(()), |manifest| manifest.check_rows(rows))
    }

    /// Channels and directions that the manifest speaks for; `None`: those of the source.
    pub fn speaks_for(&self) -> (Option<Vec<String>>, Option<Vec<Direction>>) {
        let manifest = self.manifest.as_ref();
        (manifest.and_then(|m| m.channels.clone()), manifest.and_then(|m| m.directions.clone()))
    }
}
