//! Where a run makes what it will keep: beside the archive, so that a finished file is only renamed.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::files;
use super::intake::Writing;
use super::reader::wire::{FileRead, made};
use super::state::State;
use crate::error::Failure;

/// Where the scratch files of this process begin, and with what their names begin. They have none for long.
pub fn unnamed() -> (PathBuf, String) {
    (std::env::temp_dir(), format!("ritardo-{}", std::process::id()))
}

/// A name for a folder of temporary files that nobody has yet.
fn free(name: &str) -> PathBuf {
    let named = |number: u32| std::env::temp_dir().join(format!("ritardo-{name}-{number}"));
    (0..).map(named).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| named(0))
}

/// A private folder that is removed with everything in it.
#[derive(Debug)]
pub struct Scratch {
    pub path: PathBuf,
    /// The folder of all of them, in a state folder.
    shared: Option<PathBuf>,
}

impl Scratch {
    /// One in the state folder, or for a rehearsal in the folder of temporary files.
    pub fn of(state: &State, writing: Writing) -> Self {
        let name = std::process::id().to_string();
        match writing {
            Writing::Yes => Self { path: state.scratch().join(name), shared: Some(state.scratch()) },
            Writing::No => Self { path: free(&name), shared: None },
        }
    }

    pub fn make(&self) -> Result<(), Failure> {
        // The lock is held: what lies here was left by a run that was killed.
        if self.shared.as_ref().map(fs::remove_dir_all).is_some() {
            return files::private_folder(&self.path);
        }
        // A rehearsal takes no folder that somebody made before.
        let made = fs::DirBuilder::new().mode(0o700).create(&self.path);
        made.map_err(|error| Failure::io("create the folder", &self.path, error))
    }

    /// The folder of one job: what two readers make at the same time never meets.
    pub fn of_job(&self, number: usize) -> PathBuf {
        self.path.join(format!("job-{number}"))
    }

    /// Moves what a job made of a file to its place, in a rehearsal to that inside this folder. What is there
    /// already stays: it was made of the same bytes, but for names that were forgotten since.
    pub fn settle(&self, state: &State, read: &FileRead) -> Result<(), Failure> {
        let job = &read.made_in;
        for part in &read.parts {
            let places = [
                ("names", made::names(part), state.names(part)),
                ("archive", made::archived(part), state.archived(part)),
            ];
            for (what, name, kept) in places {
                let rehearsed =
                    || self.path.join(what).join(part.month.to_string()).join(format!("{}.parquet", part.sha256));
                let to = if self.shared.is_some() { kept } else { rehearsed() };
                move_to(&job.join(name), &to)?;
            }
            // Before the ledger names it: what cannot be put ends the run, as a full disk does.
            if self.shared.is_some() {
                state.put_archived(&state.archived(part))?;
            }
        }
        if self.shared.is_some() {
            move_to(&job.join(made::REJECTS), &state.rejects(&read.sha256))?;
            move_to(&job.join(made::RAW), &state.raw(&read.sha256))?;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Where it cannot be removed, the next run tries again.
        let folder = self.shared.as_ref().unwrap_or(&self.path);
        if folder.exists() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Renames a file that was written and synced, and syncs the folder that it comes to.
fn move_to(from: &Path, to: &Path) -> Result<(), Failure> {
    if !from.exists() || to.exists() {
        return Ok(());
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    files::private_folder(folder)?;
    let renamed = fs::rename(from, to).and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all());
    renamed.map_err(|error| Failure::io("create the file", to, error))
}
