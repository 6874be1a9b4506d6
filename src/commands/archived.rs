//! What is kept of the files that were read: keyed messages, and the plain names beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use polars::prelude::DataFrame;

use super::keyfile;
use super::reader::child::sha256_of;
use super::state::State;
use crate::domain::Span;
use crate::domain::charge::RatedWait;
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{LogRead, Part};
use crate::read::archive::{self, Named, OfMessage};
use crate::read::identity::{IdKey, Naming};

const RESTORE: &str = "restore it from a backup; its name is its SHA-256";
const REMOVE: &str = "remove it: it is brought from the bucket again";

/// The archive with the key of its names, or what stands for it.
pub struct Archive<'s> {
    pub state: &'s State,
    pub key: Naming,
}

/// A file of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<'f> {
    /// Messages of a month, keyed.
    Part(&'f Part),
    /// All messages of a file in plain, as version 0.1.0 wrote them; by SHA-256.
    Whole(&'f str),
}

impl<'f> Kept<'f> {
    pub fn sha256(self) -> &'f str {
        match self {
            Self::Part(part) => &part.sha256,
            Self::Whole(sha256) => sha256,
        }
    }
}

impl<'s> Archive<'s> {
    /// Opens it with the key that its ledger knows.
    pub fn open(state: &'s State, history: &History) -> Result<Self, Failure> {
        Ok(Self { state, key: Naming::Key(keyfile::existing(state, history)?) })
    }

    /// The archive's files of a log.
    pub fn kept<'f>(&self, file: &'f LogRead) -> Vec<Kept<'f>> {
        let whole = file.archive_sha256.as_deref().map(Kept::Whole);
        whole.into_iter().chain(file.parts.iter().map(Kept::Part)).collect()
    }

    pub fn path(&self, kept: Kept) -> PathBuf {
        match kept {
            Kept::Part(part) => self.state.archived(part),
            Kept::Whole(sha256) => self.state.archived_whole(sha256),
        }
    }

    /// Where a file of the archive lies, after it was brought there if it lies in a bucket alone.
    pub fn here(&self, kept: Kept) -> Result<PathBuf, Failure> {
        let path = self.path(kept);
        self.state.bring(&path, kept.sha256())?;
        Ok(path)
    }

    /// The messages of a file, with keyed names, after its bytes were compared with the recorded digest.
    pub fn messages(&self, kept: Kept) -> Result<DataFrame, Failure> {
        let messages = self.as_written(kept)?;
        match kept {
            Kept::Part(_) => Ok(messages),
            Kept::Whole(_) => archive::keyed(&messages, self.needed_key()?).map_err(unfit),
        }
    }

    /// Compares a file with its recorded digest, and reads nothing of it.
    ///
    /// # Errors
    /// When it is not there, or damaged.
    pub fn check(&self, kept: Kept) -> Result<(), Failure> {
        let path = self.here(kept)?;
        let found = sha256_of(&path).map_err(|error| Failure::io("read the archive", &path, error).hint(RESTORE))?;
        if found == kept.sha256() {
            return Ok(());
        }
        Err(Failure::new(Kind::Differences, "an archived file is damaged").at(&path).hint(self.mended()))
    }

    /// What helps where a file is damaged.
    fn mended(&self) -> &'static str {
        if self.state.remote().is_some() { REMOVE } else { RESTORE }
    }

    fn as_written(&self, kept: Kept) -> Result<DataFrame, Failure> {
        let path = self.here(kept)?;
        let bytes =
            std::fs::read(&path).map_err(|error| Failure::io("read the archive", &path, error).hint(RESTORE))?;
        archive::decode(&bytes, kept.sha256()).map_err(|error| {
            Failure::new(Kind::Differences, "an archived file is damaged").at(&path).because(error).hint(self.mended())
        })
    }

    /// The plain names beside a file; `None` where they are gone.
    pub fn names(&self, kept: Kept) -> Result<Option<DataFrame>, Failure> {
        let Kept::Part(part) = kept else { return self.as_written(kept).map(Some) };
        let path = self.state.names(part);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|error| Failure::io("read the names", &path, error))?,
        };
        archive::read_names(&bytes).map(Some).map_err(|error| {
            let failure = Failure::new(Kind::Differences, "a file of names is damaged").at(&path).because(error);
            failure.hint("restore it from a backup")
        })
    }

    /// Names of a file that are not those that it was keyed from.
    pub fn strangers(&self, kept: Kept, names: &DataFrame) -> Result<usize, Failure> {
        archive::strangers(&self.messages(kept)?, names, self.needed_key()?).map_err(unfit)
    }

    /// Whether a file of names has the bytes that its names are written with. It has no digest of its own: somebody may
    /// be taken out of it.
    pub fn is_as_written(&self, kept: Kept, names: &DataFrame) -> Result<bool, Failure> {
        let Kept::Part(part) = kept else { return Ok(true) };
        let path = self.state.names(part);
        let bytes = std::fs::read(&path).map_err(|error| Failure::io("read the names", &path, error))?;
        let failed = |error| Failure::new(Kind::SelfCheck, "the names cannot be written").because(error);
        archive::write_names(names).map(|written| written == bytes).map_err(failed)
    }

    /// The key, for what cannot be done without it.
    pub fn needed_key(&self) -> Result<&IdKey, Failure> {
        self.key
            .key()
            .ok_or_else(|| Failure::new(Kind::SelfCheck, "this needs the key of the names, which is not here"))
    }

    /// Plain message ids and customers of the messages with a wanted keyed id, which were sent `within` a span.
    pub fn find<'f>(
        &self,
        files: impl Iterator<Item = &'f LogRead>,
        wanted: &BTreeSet<&str>,
        within: Span,
    ) -> Result<BTreeMap<OfMessage, Named>, Failure> {
        let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::new());
        let may_hold = |kept: &Kept| match kept {
            Kept::Part(part) => part.first < within.to && within.from <= part.last,
            Kept::Whole(_) => true,
        };
        let kept = files.flat_map(|file| self.kept(file)).filter(may_hold);
        for kept in kept.filter(|kept| !wanted.is_empty() && seen.insert(kept.sha256())) {
            let Some(names) = self.names(kept)? else { continue };
            let messages = self.messages(kept)?;
            found.extend(archive::find(&messages, &names, &|id| wanted.contains(id)).map_err(unfit)?);
        }
        Ok(found)
    }
}

/// The same wait with its plain names, where it is charged.
pub fn plain(rated: &RatedWait, found: &BTreeMap<OfMessage, Named>) -> RatedWait {
    let mut named = rated.clone();
    if rated.charge.is_some() {
        let wait = &rated.wait;
        let key = (wait.channel.to_string(), wait.message_id.to_string(), wait.customer.to_string());
        // Another customer than the message's own gives the clock of a run in a conversation of several.
        let from = (key.0.clone(), key.1.clone(), String::new());
        let is_it = |of: &&OfMessage| (&of.0, &of.1) == (&key.0, &key.1);
        let of_message = || found.range(from..).next().filter(|(of, _)| is_it(of)).map(|(_, named)| named);
        let known = found.get(&key).or_else(of_message).cloned();
        let (id, customer) = known.unwrap_or_else(|| (forgotten_id(&key.1), String::new()));
        named.wait.message_id = id.into();
        named.wait.customer = customer.into();
    }
    named
}

/// How such a name begins.
pub const FORGOTTEN: &str = "forgotten-";

/// What stands in a line file in place of the id of a message whose customer was forgotten.
pub fn forgotten_id(keyed: &str) -> String {
    format!("{FORGOTTEN}{}", keyed.get(..16).unwrap_or(keyed))
}

fn unfit(error: polars::prelude::PolarsError) -> Failure {
    Failure::new(Kind::SelfCheck, "the frames of the archive do not fit together").because(error)
}
