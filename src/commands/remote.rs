//! The archive in object storage: parts are put there before the ledger names them, and brought back when they are missing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::files;
use super::reader::child::sha256_of;
use crate::config::Config;
use crate::domain::objects::{ObjectPlace, ObjectStorage};
use crate::error::{Failure, Kind};
use crate::store::{Fetched, Store};

/// More objects than this in one archive are taken for a mistake.
const OBJECTS_MAX: usize = 10_000_000;

/// The bucket of the archive, asked only when it is needed.
#[derive(Debug)]
pub struct Remote {
    place: ObjectPlace,
    settings: ObjectStorage,
    store: OnceLock<Store>,
    /// Held while a part is brought: two workers that need the same one bring it once.
    bringing: Mutex<()>,
}

impl Remote {
    /// The bucket of the archive, where the configuration names one.
    pub fn of(config: &Config) -> Option<Arc<Self>> {
        let (place, settings) = (config.archive_objects.clone()?, config.object_storage.clone());
        Some(Arc::new(Self { place, settings, store: OnceLock::new(), bringing: Mutex::new(()) }))
    }

    fn store(&self) -> Result<&Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let opened = Store::open(&self.place, &self.settings)?;
        Ok(self.store.get_or_init(|| opened))
    }

    /// The folder of the archive, as people write it.
    pub fn folder(&self) -> String {
        self.place.to_string()
    }

    /// Where a part lies, as people write it.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.place)
    }

    /// Puts a part of the archive there, from its file here. One that is there already stays.
    pub fn put(&self, name: &str, path: &Path) -> Result<(), Failure> {
        let bytes = fs::read(path).map_err(|error| Failure::io("read the archive", path, error))?;
        self.store()?.put_new(name, bytes)
    }

    /// Brings a part to its place here, unless it is there by now. Its bytes have the SHA-256 that the ledger names.
    pub fn bring(&self, name: &str, sha256: &str, to: &Path) -> Result<(), Failure> {
        let _one = self.bringing.lock().unwrap_or_else(PoisonError::into_inner);
        if to.exists() {
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            files::private_folder(folder)?;
        }
        // Of this process alone: another one may be bringing the same part.
        let partial = to.with_file_name(format!(".{sha256}.{}.partial", std::process::id()));
        let brought = self.bring_to(&partial, name, sha256).and_then(|()| {
            fs::rename(&partial, to).map_err(|error| Failure::io("create the file", to, error))?;
            files::sync_folder(to)
        });
        if brought.is_err() {
            // It is of no use; that it may be impossible to remove changes nothing.
            let _ = fs::remove_file(&partial);
        }
        brought
    }

    fn bring_to(&self, partial: &Path, name: &str, sha256: &str) -> Result<(), Failure> {
        const RESTORE: &str = "restore it from a backup; its name is its SHA-256";
        let (store, url) = (self.store()?, self.url(name));
        let told = |kind, message: &str| Failure::new(kind, message).at(Path::new(&url)).hint(RESTORE);
        let missing = || told(Kind::InputOutput, "an archived file is missing");
        let object = store.find(name)?.ok_or_else(missing)?;
        let mut file = files::private_file(partial)?;
        let failed = |error| Failure::io("write the file", partial, error);
        let fetched = store.fetch(&object, &mut |bytes| file.write_all(bytes).map_err(failed))?;
        file.sync_all().map_err(failed)?;
        drop(file);
        match fetched {
            Fetched::Gone => return Err(missing()),
            Fetched::Changed => return Err(told(Kind::Differences, "an archived file was replaced while it was read")),
            Fetched::Whole => {}
        }
        let found = sha256_of(partial).map_err(|error| Failure::io("read the archive", partial, error))?;
        if found == sha256 { Ok(()) } else { Err(told(Kind::Differences, "an archived file is damaged")) }
    }

    /// Sizes of all objects of the archive, by name.
    pub fn sizes(&self) -> Result<BTreeMap<String, u64>, Failure> {
        let objects = self.store()?.list(OBJECTS_MAX)?;
        Ok(objects.into_iter().map(|object| (object.name, object.size)).collect())
    }
}
