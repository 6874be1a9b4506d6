//! The folder through which a cluster gives back what it found: made anew for each question, removed after it.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::Cluster;
use crate::commands::files;
use crate::commands::state::State;
use crate::domain::cluster::FarPlace;
use crate::domain::objects::{ObjectPlace, ObjectStorage};
use crate::error::{Failure, Kind};
use crate::store::{Fetched, Store};

/// More files of one portion than this are taken for a mistake.
const FILES_MAX: usize = 1_000_000;
/// What has a meaning in a pattern.
const SIGNS: [char; 8] = ['*', '?', '[', ']', '{', '}', ',', '\\'];

/// The folder of one question.
pub struct Exchange {
    url: String,
    place: Lies,
}

enum Lies {
    /// With a file that is locked while it is in use, where that is told.
    Here(PathBuf, Option<(PathBuf, File)>),
    Far(ObjectPlace, ObjectStorage),
}

impl Exchange {
    /// A folder that is not there yet.
    ///
    /// # Errors
    /// When it cannot be made, or has a name that a cluster does not take as it is.
    pub fn new(cluster: &Cluster, state: &State) -> Result<Self, Failure> {
        let exchange = match &cluster.exchange {
            Some(FarPlace::Objects(place)) => Self::far(place, &cluster.storage),
            Some(FarPlace::Folder(folder)) => {
                let failed = |error| Failure::io("create the folder", folder, error);
                fs::create_dir_all(folder).map_err(failed)?;
                let path = made(folder, &name())?;
                Self { url: text_of(&path)?, place: Lies::Here(path, None) }
            }
            None => Self::of_state(&state.exchange())?,
        };
        plain(Kind::Configuration, "exchange", &exchange.url)?;
        Ok(exchange)
    }

    /// One below a folder that this machine alone uses: what a killed run has left in it goes first.
    fn of_state(folder: &Path) -> Result<Self, Failure> {
        files::private_folder(folder)?;
        sweep(folder);
        let name = name();
        let path = folder.join(format!("{name}.lock"));
        let opened = OpenOptions::new().create_new(true).write(true).open(&path);
        let lock = opened.map_err(|error| Failure::io("create the file", &path, error))?;
        // Where locks are not known the next run sweeps nothing, either.
        let _ = lock.try_lock();
        let made = made(folder, &name)?;
        Ok(Self { url: text_of(&made)?, place: Lies::Here(made, Some((path, lock))) })
    }

    fn far(folder: &ObjectPlace, storage: &ObjectStorage) -> Self {
        let slash = if folder.prefix.is_empty() { "" } else { "/" };
        let place = ObjectPlace { prefix: format!("{}{slash}{}", folder.prefix, name()), ..folder.clone() };
        Self { url: place.to_string(), place: Lies::Far(place, storage.clone()) }
    }

    /// As the workers write it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Compares rows that the cluster has counted with those that are there.
    ///
    /// # Errors
    /// There are more of them, or fewer.
    pub fn compare(&self, counted: u64, found: usize) -> Result<(), Failure> {
        if counted == found as u64 {
            return Ok(());
        }
        let message = format!("the cluster has written {counted} rows, of which this machine sees {found}");
        let failure = Failure::new(Kind::InputOutput, message).at(Path::new(&self.url));
        Err(failure.hint("workers and this machine must see one folder: look at `exchange` in [engine]"))
    }

    /// The bytes of all files of Parquet in a folder below it, in the order of their names; none where it is not there.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self, folder: &str) -> Result<Vec<Vec<u8>>, Failure> {
        match &self.place {
            Lies::Here(path, _) => here(&path.join(folder)),
            Lies::Far(place, storage) => far(place, storage, folder),
        }
    }
}

/// A name that no other question has, whoever asks: work that somebody gave up may still be writing.
fn name() -> String {
    format!("sieved-{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// What is left behind would do no harm: each question has a folder of its own.
impl Drop for Exchange {
    fn drop(&mut self) {
        match &self.place {
            Lies::Here(path, Some((lock, _))) => remove(path, lock),
            Lies::Here(path, None) => drop(fs::remove_dir_all(path)),
            Lies::Far(place, storage) => drop(removed(place, storage)),
        }
    }
}

fn made(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    fs::create_dir(&path).map_err(|error| Failure::io("create the folder", &path, error))?;
    Ok(path)
}

/// Removes the folders whose locks nobody holds, and then the locks. What cannot be removed is left to the next run.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        let Some(lock) = OpenOptions::new().write(true).open(&path).ok().filter(|_| is_lock) else { continue };
        if lock.try_lock().is_ok() {
            remove(&path.with_extension(""), &path);
        }
    }
}

/// Removes a folder and then its lock, by which it is found again as long as it is there.
fn remove(folder: &Path, lock: &Path) {
    let _ = fs::remove_dir_all(folder);
    if !folder.exists() {
        let _ = fs::remove_file(lock);
    }
}

fn removed(place: &ObjectPlace, storage: &ObjectStorage) -> Result<(), Failure> {
    let store = Store::open(place, storage)?;
    store.remove(&store.list(FILES_MAX)?)
}

fn here(folder: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let failed = |error| Failure::io("read what the cluster wrote", folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            paths.push(path);
        }
    }
    paths.sort();
    let read =
        |path: PathBuf| fs::read(&path).map_err(|error| Failure::io("read what the cluster wrote", &path, error));
    paths.into_iter().map(read).collect()
}

fn far(place: &ObjectPlace, storage: &ObjectStorage, folder: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let place = ObjectPlace { prefix: format!("{}/{folder}", place.prefix), ..place.clone() };
    let store = Store::open(&place, storage)?;
    let mut objects = store.list(FILES_MAX)?;
    objects.retain(|object| object.name.ends_with(".parquet"));
    objects.sort();
    let mut files = Vec::with_capacity(objects.len());
    for object in objects {
        let mut bytes = Vec::new();
        let fetched = store.fetch(&object, &mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        if fetched != Fetched::Whole {
            let failure = Failure::new(Kind::InputOutput, "what the cluster wrote went away while it was read");
            return Err(failure.at(Path::new(&store.url(&object.name))).hint("run it again"));
        }
        files.push(bytes);
    }
    Ok(files)
}

/// A path as workers are told it.
///
/// # Errors
/// When it is not UTF-8.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path).map_err(|error| Failure::io("find the folder", path, error))?;
    let text = whole.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        Failure::new(Kind::Configuration, "the name is not UTF-8, and a cluster knows no other").at(path)
    })
}

/// Refuses a place whose name would be taken for a pattern.
///
/// # Errors
/// It is one.
pub fn plain(kind: Kind, what: &str, folder: &str) -> Result<(), Failure> {
    let Some(sign) = folder.chars().find(|sign| SIGNS.contains(sign)) else { return Ok(()) };
    let message = format!("a cluster takes `{sign}` in the name of the {what} for a pattern");
    Err(Failure::new(kind, message).at(Path::new(folder)).hint("name it without such signs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_in_use_stays() {
        let folder = std::env::temp_dir().join(name());
        let mut held = None;
        for of in ["killed", "used"] {
            fs::create_dir_all(folder.join(of).join("sieved")).unwrap();
            let lock = File::create(folder.join(format!("{of}.lock"))).unwrap();
            if of == "used" {
                lock.lock().unwrap();
                held = Some(lock);
            }
        }
        // One was killed before its folder was made.
        File::create(folder.join("begun.lock")).unwrap();
        sweep(&folder);
        let left = || {
            let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(left(), ["used", "used.lock"]);
        drop(held);
        sweep(&folder);
        assert_eq!(left().len(), 0);
        fs::remove_dir(&folder).unwrap();
    }
}
