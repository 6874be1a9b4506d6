//! The files of the inbox, and the source that claims each.

use std::fs;
use std::path::{Path, PathBuf};

use super::coverage::{Manifest, Proof, day_in_name};
use super::{LogFile, ReadError, frame};
use crate::domain::Span;
use crate::domain::settings::{Coverage, Source};

/// Ending of a sidecar.
const MANIFEST: &str = ".manifest.json";
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

/// The regular files below `inbox`, sorted by name. Sidecars, hidden files and links are left out.
pub fn files(inbox: &Path) -> Result<Vec<Found>, InboxError> {
    let mut found = Vec::new();
    walk(inbox, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<Found>) -> Result<(), InboxError> {
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
            found.push(Found { name, path: entry.path() });
        }
        if found.len() > FILES_MAX {
            return Err(InboxError::TooMany);
        }
    }
    Ok(())
}

/// The first source whose pattern fits.
pub fn claimed<'s>(sources: &'s [Source], name: &str) -> Option<&'s Source> {
    sources.iter().find(|source| fits(&source.files, name))
}

/// Whether a pattern fits a name: `*` is any text within one folder name, `**` any folders. A pattern that
/// names a folder takes everything below it.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_start_matches("./");
    let below = pattern.strip_suffix('/').unwrap_or(pattern);
    let (parts, names): (Vec<&str>, Vec<&str>) = (below.split('/').collect(), name.split('/').collect());
    folders_fit(&parts, &names) || folders_fit(&[parts.as_slice(), &["**"]].concat(), &names)
}

fn folders_fit(parts: &[&str], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=names.len()).any(|skipped| folders_fit(rest, &names[skipped..])),
        (Some((part, parts)), Some((name, names))) => name_fits(part, name) && folders_fit(parts, names),
        _ => false,
    }
}

fn name_fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').collect::<Vec<_>>();
    let Some(tail) = pieces.pop() else { return true };
    for piece in pieces {
        let Some(found) = name.find(piece) else { return false };
        name = &name[found + piece.len()..];
    }
    name.ends_with(tail)
}

/// What is declared for a file before it is read: by its manifest, or by the day in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    pub span: Option<Span>,
    manifest: Option<Manifest>,
}

/// The declaration of a file, or a sentence that says why the file is set aside. The sidecar of a `manifest`
/// source is read from disk, beside the file.
pub fn declared(source: &Source, found: &Found) -> Result<Declared, String> {
    match source.coverage {
        Coverage::Daily => {
            let zone = source.zone.ok_or("its source is daily and has no zone")?;
            let name = found.name.rsplit('/').next().unwrap_or_default();
            Ok(Declared { span: Some(day_in_name(name, zone)?), manifest: None })
        }
        Coverage::Manifest => {
            let manifest = manifest(found)?;
            Ok(Declared { span: Some(Span { from: manifest.from, to: manifest.to }), manifest: Some(manifest) })
        }
        Coverage::Continuous | Coverage::Span => Ok(Declared::default()),
    }
}

/// What a read file proves, or a sentence that says why it is set aside.
pub fn proof(declared: &Declared, log: &LogFile) -> Result<Proof, String> {
    let carried = frame::channels(&log.frame).map_err(|error| ReadError::Frame(error).to_string())?;
    let mut proof = Proof {
        declared: declared.span,
        first: log.first_and_last.map(|(first, _)| first),
        last: log.first_and_last.map(|(_, last)| last),
        channels: carried.into_keys().map(|(_, channel)| channel).collect(),
        speaks_for: None,
        directions: None,
    };
    if let Some(manifest) = &declared.manifest {
        manifest.check(&log.sha256, (log.frame.height() + log.rejects.len()) as u64)?;
        proof.directions.clone_from(&manifest.directions);
        proof.speaks_for.clone_from(&manifest.channels);
    }
    proof.channels.sort();
    proof.channels.dedup();
    Ok(proof)
}

fn manifest(found: &Found) -> Result<Manifest, String> {
    let mut path = found.path.clone().into_os_string();
    path.push(MANIFEST);
    let text = fs::read(PathBuf::from(path)).map_err(|_| {
        format!("it has no manifest: {}{MANIFEST} is missing", found.name.rsplit('/').next().unwrap_or_default())
    })?;
    Manifest::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, expected) in [
            ("**", "a/b/c.csv", true),
            ("bakery", "bakery/2018-08-01.csv", true),
            ("bakery/", "bakery/x/2018-08-01.csv", true),
            ("bakery/*.csv", "bakery/2018-08-01.csv", true),
            ("bakery/*.csv", "bakery/x/2018-08-01.csv", false),
            ("bakery/**/*.csv", "bakery/x/y/2018-08-01.csv", true),
            ("bakery/**/*.csv", "bakery/2018-08-01.csv", true),
            ("*/2018-*-01.csv*", "bakery/2018-08-01.csv.gz", true),
            ("*.csv", "bakery/2018-08-01.csv", false),
            ("bakery", "bakery2/x.csv", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
