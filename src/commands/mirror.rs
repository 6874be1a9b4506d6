//! An inbox in object storage: its objects are brought to a folder, which is read like any other inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::io::Write;
use std::path::Path;

use super::files::{self, Access};
use super::state::State;
use crate::config::Config;
use crate::error::{Failure, Kind};
use crate::store::{Fetched, Object, Store};

/// As many as the files of a local inbox.
const OBJECTS_MAX: usize = 1_000_000;
/// What a file system takes as one name, in bytes.
const LONGEST_PART: usize = 255;
/// The longest key of an object, in bytes.
const LONGEST_KEY: usize = 1024;
/// An object that is replaced again and again is left to the next run.
const TRIES: usize = 3;

/// What could not be brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Names that no file can have, or that are those of folders too; sorted. They are never fetched.
    pub refused: Vec<String>,
    /// Objects that were replaced while they were fetched.
    pub changed: Vec<String>,
}

/// Makes the folder of the inbox hold what the bucket holds. A local inbox is left as it is. The lock is held.
///
/// # Errors
/// What the server or the disk says. Files that were brought by then stay, whole.
pub fn refresh(config: &Config, state: &State) -> Result<Left, Failure> {
    let Some(place) = &config.inbox_objects else { return Ok(Left::default()) };
    let store = Store::open(place, &config.object_storage)?;
    let (objects, refused) = fit(store.list(OBJECTS_MAX)?);
    let mirror = &config.inbox;
    files::private_folder(mirror)?;
    remove_others(mirror, "", &objects)?;
    let index = state.inbox_index();
    let mut known = read_index(&index);
    known.retain(|name, object| objects.get(name) == Some(&*object) && has_size(&mirror.join(name), object.size));
    let wanted: Vec<&Object> = objects.values().filter(|object| !known.contains_key(&object.name)).collect();
    // What is about to be fetched is unknown from here on: killed in between, it is fetched again.
    write_index(&index, &known)?;
    let (mut changed, mut failure) = (Vec::new(), None);
    for object in wanted {
        match bring(&store, object, mirror, state) {
            Ok(Some(brought)) => drop(known.insert(brought.name.clone(), brought)),
            // An empty object that is not there under its own name is the mark of a folder.
            Ok(None) if object.size == 0 => {}
            Ok(None) => changed.push(object.name.clone()),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    write_index(&index, &known)?;
    failure.map_or(Ok(Left { refused, changed }), Err)
}

/// The objects that can be files, by name, and the names of the others.
fn fit(objects: Vec<Object>) -> (BTreeMap<String, Object>, Vec<String>) {
    let (mut fit, mut refused) = (BTreeMap::new(), BTreeSet::new());
    for object in objects {
        if is_hidden(&object.name) {
            continue;
        }
        if is_path(&object.name) {
            fit.insert(object.name.clone(), object);
        } else {
            refused.insert(object.name.escape_debug().to_string());
        }
    }
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for name in fit.keys() {
        folders.extend(name.match_indices('/').filter_map(|(at, _)| name.get(..at)).map(str::to_owned));
    }
    fit.retain(|name, object: &mut Object| {
        let is_folder = folders.contains(name);
        // The mark of a folder is nothing to tell of.
        if is_folder && object.size > 0 {
            refused.insert(name.escape_debug().to_string());
        }
        !is_folder
    });
    (fit, refused.into_iter().collect())
}

/// Whether a local inbox would pass over it without a word.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
}

/// Whether the name of an object is a path below a folder.
fn is_path(name: &str) -> bool {
    let is_part = |part: &str| !["", ".", ".."].contains(&part) && part.len() <= LONGEST_PART;
    name.len() <= LONGEST_KEY && !name.contains(char::is_control) && name.split('/').all(is_part)
}

/// Fetches an object and gives it as it was then; `None` where it has gone, or is replaced again and again.
fn bring(store: &Store, object: &Object, mirror: &Path, state: &State) -> Result<Option<Object>, Failure> {
    let (to, partial) = (mirror.join(&object.name), state.inbox_partial());
    let mut now = object.clone();
    for _ in 0..TRIES {
        let mut file = files::private_file(&partial)?;
        let failed = |error| Failure::io("write the file", &partial, error);
        let fetched = store.fetch(&now, &mut |bytes| file.write_all(bytes).map_err(failed))?;
        file.sync_all().map_err(failed)?;
        match fetched {
            Fetched::Whole => {
                if let Some(folder) = to.parent() {
                    files::private_folder(folder)?;
                }
                fs::rename(&partial, &to).map_err(|error| Failure::io("create the file", &to, error))?;
                files::sync_folder(&to)?;
                return Ok(Some(now));
            }
            Fetched::Gone => break,
            Fetched::Changed => match store.find(&object.name)? {
                Some(found) => now = found,
                None => break,
            },
        }
    }
    // What lay here under the name is of an object that is no more.
    for path in [&partial, &to] {
        absent(fs::remove_file(path)).map_err(|error| Failure::io("remove", path, error))?;
    }
    Ok(None)
}

/// What is not there need not be removed.
fn absent(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes what no object is, and folders that are empty then. `prefix` is the folder's name with its slash.
fn remove_others(folder: &Path, prefix: &str, objects: &BTreeMap<String, Object>) -> Result<bool, Failure> {
    let failed = |error| Failure::io("list the folder", folder, error);
    let mut is_empty = true;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        is_empty &= remove_other(&entry, prefix, objects)?;
    }
    Ok(is_empty)
}

/// Whether the entry is gone now.
fn remove_other(entry: &DirEntry, prefix: &str, objects: &BTreeMap<String, Object>) -> Result<bool, Failure> {
    let path = entry.path();
    let failed = |error| Failure::io("remove", &path, error);
    let kind = entry.file_type().map_err(failed)?;
    let name = entry.file_name().to_str().map(|name| format!("{prefix}{name}"));
    if kind.is_dir() {
        let prefix = format!("{prefix}{}/", entry.file_name().to_string_lossy());
        let is_empty = remove_others(&path, &prefix, objects)?;
        if is_empty {
            fs::remove_dir(&path).map_err(failed)?;
        }
        return Ok(is_empty);
    }
    if kind.is_file() && name.is_some_and(|name| objects.contains_key(&name)) {
        return Ok(false);
    }
    fs::remove_file(&path).map_err(failed)?;
    Ok(true)
}

fn has_size(path: &Path, size: u64) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
}

/// What was brought, by name. An index that is gone or damaged costs fetching, nothing else.
fn read_index(path: &Path) -> BTreeMap<String, Object> {
    let read = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Vec<Object>>(&bytes).ok());
    read.unwrap_or_default().into_iter().map(|object| (object.name.clone(), object)).collect()
}

fn write_index(path: &Path, known: &BTreeMap<String, Object>) -> Result<(), Failure> {
    let objects: Vec<&Object> = known.values().collect();
    let bytes = serde_json::to_vec(&objects)
        .map_err(|error| Failure::new(Kind::SelfCheck, "the index of the inbox cannot be written").because(error))?;
    files::write_if_changed(path, &bytes, Access::Private).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, size: u64) -> Object {
        Object { name: name.to_owned(), size, modified: 0, tag: None }
    }

    #[test]
    fn names_that_leave_the_folder_or_meet_in_it_are_refused() {
        let long = "x".repeat(256);
        let names = [
            "a.csv", "b", "b/c.csv", "b/d/e", "../f", "g/../h", "i//j", "/k", "l\nm", "n\0", ".hidden", "o/.p/q", &long,
        ];
        let (fit, refused) = fit(names.iter().map(|name| object(name, 1)).collect());
        assert_eq!(fit.keys().collect::<Vec<_>>(), ["a.csv", "b/c.csv", "b/d/e"]);
        let mut expected = vec!["../f", "/k", "b", "g/../h", "i//j", "l\\nm", "n\\0", long.as_str()];
        expected.sort_unstable();
        assert_eq!(refused, expected);
    }

    #[test]
    fn the_mark_of_a_folder_is_no_file() {
        let (fit, refused) = fit(vec![object("a", 0), object("a/b.csv", 3), object("c.csv", 0)]);
        assert_eq!(fit.keys().collect::<Vec<_>>(), ["a/b.csv", "c.csv"]);
        assert_eq!(refused, [""; 0]);
    }

    #[test]
    fn what_no_object_is_leaves_the_folder() {
        let folder = std::env::temp_dir().join(format!("ritardo-mirror-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for name in ["a/b/c.csv", "a/d.csv", "e/f.csv", "g.csv"] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
        }
        let (objects, _) = fit(vec![object("a/d.csv", 1), object("e", 1)]);
        assert!(!remove_others(&folder, "", &objects).unwrap());
        assert!(folder.join("a/d.csv").exists() && !folder.join("a/b").exists() && !folder.join("e").exists());
        assert!(!folder.join("g.csv").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
