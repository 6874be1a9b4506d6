//! The state folder: ledger, archive, charges, documents, reports; one run at a time.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::remote::Remote;
use super::{World, files, say};
use crate::config::Config;
use crate::domain::{BusinessId, InvoiceNumber, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;
use crate::ledger::{History, Ledger, LedgerError};

/// The folder in which a run keeps everything.
#[derive(Debug)]
pub struct State {
    root: PathBuf,
    key: PathBuf,
    /// In a rehearsal, the folder that holds what a run would have added to the archive.
    rehearsed: Option<PathBuf>,
    /// The bucket of the archive, where it has one.
    remote: Option<Arc<Remote>>,
}

/// How long a run that waits for the lock sleeps between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Held while a run works; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl State {
    pub fn new(config: &Config) -> Self {
        let root = config.state.clone();
        let key = config.key_file.clone().unwrap_or_else(|| root.join("names.key"));
        Self { root, key, rehearsed: None, remote: Remote::of(config) }
    }

    /// What was unpacked below a folder, as the state folder that it is a part of. It has no key.
    pub fn unpacked(root: &Path) -> Self {
        Self { root: root.to_owned(), key: root.join("names.key"), rehearsed: None, remote: None }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same state, as if the archive had the files below `folder` too.
    pub fn rehearsing(&self, folder: &Path) -> Self {
        let (root, key, remote) = (self.root.clone(), self.key.clone(), self.remote.clone());
        Self { root, key, rehearsed: Some(folder.to_owned()), remote }
    }

    /// Makes the folder and takes its lock.
    pub fn lock(&self) -> Result<Lock, Failure> {
        files::private_folder(&self.root)?;
        let path = self.root.join("lock");
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = opened.map_err(|error| Failure::io("open the lock", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(Kind::TryLater, "another run holds the lock")
                .at(&path)
                .hint("wait for it to end; the lock goes with its process")),
            Err(TryLockError::Error(error)) => Err(Failure::io("lock", &path, error)),
        }
    }

    /// The same for a nightly run, which is not to be lost because a few mails were on their way when it began: it waits up to
    /// `patience`, and says so once. Gives how long it waited, too.
    pub fn lock_in_turn(&self, patience: Duration, world: &mut World) -> Result<(Lock, Duration), Failure> {
        let begun = (world.clock)();
        let mut waited = Duration::ZERO;
        loop {
            match self.lock() {
                Err(failure) if failure.kind == Kind::TryLater && waited < patience => {}
                taken => return Ok((taken?, waited)),
            }
            if waited.is_zero() {
                say(world.err, "another command is at work: this run waits for it to end")?;
            }
            sleep(LOOK_AGAIN);
            waited = (world.clock)().saturating_sub(begun);
        }
    }

    /// When the mail server last turned this side away, and by which settings.
    pub fn turned_away(&self) -> PathBuf {
        self.root.join("mail.stopped")
    }

    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.db")
    }

    /// Opens the ledger of an earlier run for reading.
    pub fn read_ledger(&self) -> Result<Ledger, Failure> {
        let path = self.ledger();
        if !path.exists() {
            let failure = Failure::new(Kind::Configuration, "there is no ledger yet").at(&path);
            return Err(failure.hint("the first `ritardo run` makes it"));
        }
        Ledger::open_read_only(&path).map_err(|error| ledger_failure(error, &path))
    }

    /// The file of the key of names.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// A folder for what is being made. Nothing in it counts; it is cleared under the lock.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Through which a cluster gives back what it found. An audit holds no lock, so it is apart from the scratch folder.
    pub fn exchange(&self) -> PathBuf {
        self.root.join("exchange")
    }

    /// The folder of the archive.
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    /// A part of the archive, as `archive/2018-08/SHA256.parquet`.
    pub fn archived(&self, part: &Part) -> PathBuf {
        self.kept("archive", part.month, &part.sha256)
    }

    /// A whole file of the archive, as version 0.1.0 kept it.
    pub fn archived_whole(&self, sha256: &str) -> PathBuf {
        self.root.join("archive").join(format!("{sha256}.parquet"))
    }

    /// The bucket of the archive, where it has one.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_deref()
    }

    /// The name of a file of the archive in its bucket: as below the folder `archive`.
    pub fn archived_name(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.root.join("archive")).ok()?;
        below.to_str().map(str::to_owned)
    }

    /// Brings a file of the archive that is missing here from the bucket, where the archive has one.
    pub fn bring(&self, path: &Path, sha256: &str) -> Result<(), Failure> {
        match (&self.remote, self.archived_name(path)) {
            (Some(remote), Some(name)) if !path.exists() => remote.bring(&name, sha256, path),
            _ => Ok(()),
        }
    }

    /// Puts a file of the archive into the bucket, where the archive has one.
    pub fn put_archived(&self, path: &Path) -> Result<(), Failure> {
        match (&self.remote, self.archived_name(path)) {
            (Some(remote), Some(name)) => remote.put(&name, path),
            _ => Ok(()),
        }
    }

    /// What lies in the inbox, where it comes from a bucket.
    pub fn inbox_index(&self) -> PathBuf {
        self.root.join("inbox.json")
    }

    /// Where an object of the inbox is until it is whole.
    pub fn inbox_partial(&self) -> PathBuf {
        self.root.join("inbox.partial")
    }

    /// The plain names beside a part of the archive.
    pub fn names(&self, part: &Part) -> PathBuf {
        self.kept("names", part.month, &part.sha256)
    }

    fn kept(&self, what: &str, month: Month, sha256: &str) -> PathBuf {
        let inside = Path::new(what).join(month.to_string()).join(format!("{sha256}.parquet"));
        let rehearsed = self.rehearsed.as_ref().map(|folder| folder.join(&inside)).filter(|path| path.exists());
        rehearsed.unwrap_or_else(|| self.root.join(&inside))
    }

    /// A raw file that is kept, compressed.
    pub fn raw(&self, sha256: &str) -> PathBuf {
        self.root.join("raw").join(format!("{sha256}.zst"))
    }

    pub fn rejects(&self, sha256: &str) -> PathBuf {
        self.root.join("rejects").join(format!("{sha256}.csv"))
    }

    pub fn charges(&self, business: &BusinessId, month: Month) -> PathBuf {
        self.root.join("charges").join(month.to_string()).join(format!("{business}.csv"))
    }

    /// The charges of a month after a correction, counted from 1; 0 gives those of its closing.
    pub fn corrected_charges(&self, business: &BusinessId, month: Month, correction: u32) -> PathBuf {
        match correction {
            0 => self.charges(business, month),
            correction => {
                self.root.join("charges").join(month.to_string()).join(format!("{business}.{correction}.csv"))
            }
        }
    }

    /// What a night has counted of open months. Nothing names it, and it may be removed at any time.
    pub fn settled(&self) -> PathBuf {
        self.root.join("settled")
    }

    /// The folder in which a document can be looked at before it is issued.
    pub fn previews(&self) -> PathBuf {
        self.root.join("previews")
    }

    /// The folder of an invoice's documents.
    pub fn documents(&self, number: &InvoiceNumber) -> PathBuf {
        self.root.join("issued").join(number.to_string())
    }

    /// Folders of documents whose invoice the ledger does not know, sorted.
    pub fn unknown_documents(&self, history: &History) -> Result<Vec<PathBuf>, Failure> {
        let issued = self.root.join("issued");
        let entries = match std::fs::read_dir(&issued) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Failure::io("list the folder", &issued, error))?,
        };
        let known: BTreeSet<String> = history.issued.iter().map(|issued| issued.number.to_string()).collect();
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let unknown: BTreeSet<String> = names.filter(|name| !known.contains(name)).collect();
        Ok(unknown.into_iter().map(|name| issued.join(name)).collect())
    }

    /// The folder of what the issuer was told after runs.
    pub fn digests(&self) -> PathBuf {
        self.root.join("digests")
    }

    /// The folder of the pages.
    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// The folder of reminders.
    pub fn reminders(&self) -> PathBuf {
        self.root.join("reminders")
    }

    /// The folder of the workbooks for finance.
    pub fn workbooks(&self) -> PathBuf {
        self.root.join("workbooks")
    }

    pub fn report(&self, month: Month) -> PathBuf {
        self.reports().join(format!("{month}.html"))
    }
}

#[expect(clippy::disallowed_methods, reason = "a lock that another process holds is waited for by looking again")]
fn sleep(time: Duration) {
    thread::sleep(time);
}

/// A private file below the state folder, with its folders.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    if let Some(folder) = path.parent() {
        files::private_folder(folder)?;
    }
    files::write_if_changed(path, bytes, files::Access::Private)
}

/// The same but for the sync of the folder of the file, which is to follow before anything names it.
pub fn put(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    if let Some(folder) = path.parent() {
        files::private_folder(folder)?;
    }
    files::put_if_changed(path, bytes, files::Access::Private)
}

/// What a ledger error means to a user.
pub fn ledger_failure(error: LedgerError, path: &Path) -> Failure {
    let (kind, hint) = match &error {
        LedgerError::Busy(_) => (Kind::TryLater, "close the program that has it open, or wait for the backup to end"),
        LedgerError::Sqlite(_) => (Kind::InputOutput, "see whether the disk is full and the folder can be written"),
        LedgerError::File(_) => (Kind::Permission, "the run needs to read and write the state folder"),
        LedgerError::Newer(_) => (Kind::Configuration, "use the version of ritardo that wrote it, or a newer one"),
        LedgerError::Foreign => (Kind::Configuration, "name another state folder in ritardo.toml"),
        LedgerError::Changed => (
            Kind::Differences,
            "nothing was written; restore the ledger and ledger.sum from a backup, or, if you changed it on purpose \
             (VACUUM), remove ledger.sum",
        ),
        LedgerError::LogLost(_) => (
            Kind::Differences,
            "nothing was written; put the log back beside the ledger. Where it is gone for good, compare with the log of the \
             mail server, and remove ledger.series: the mails that were sent last are sent once more then",
        ),
        _ => (Kind::Differences, "nothing was written; restore the ledger from a backup, then run `ritardo verify`"),
    };
    Failure::new(kind, "the ledger cannot be used").at(path).because(error).hint(hint)
}
