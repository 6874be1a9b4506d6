//! Files that appear whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::Failure;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// As the process's umask says.
    Usual,
    /// The owner alone (0600).
    Private,
    /// Everybody, whatever the umask says (0644).
    Everybody,
}

/// Writes `bytes` under `path`: into a new file beside it, synced, then renamed over it, and the folder
/// synced. Killed at any point, the old content or the new is there, never a part.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    put(path, bytes, access)?;
    sync_folder(path)
}

/// The same but for the folder, which is to be synced before anything names the file: once for many of them.
fn put(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    place(path, bytes, access, File::sync_all)
}

/// Writes the file beside its place, does what is to be done with it there, and renames it.
fn place(
    path: &Path,
    bytes: &[u8],
    access: Access,
    then: impl FnOnce(&File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let partial = partial_of(path);
    let mode = if access == Access::Private { 0o600 } else { 0o666 };
    let mut file = created(&partial, mode).map_err(|error| Failure::io("create the file", path, error))?;
    // Before it has its name, so that nobody finds it closed.
    let opened = if access == Access::Everybody { file.set_permissions(Permissions::from_mode(0o644)) } else { Ok(()) };
    let written = opened.and_then(|()| file.write_all(bytes)).and_then(|()| then(&file));
    let renamed = written.and_then(|()| fs::rename(&partial, path));
    if let Err(error) = renamed {
        // The partial file is of no use; that it may be impossible to remove changes nothing.
        let _ = fs::remove_file(&partial);
        return Err(Failure::io("write the file", path, error));
    }
    Ok(())
}

/// A new file in place of one that an earlier try may have left.
fn created(path: &Path, mode: u32) -> std::io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).mode(mode).open(path),
    }
}

/// A new file of its owner alone, for what is too large to be written at once.
pub fn private_file(path: &Path) -> Result<File, Failure> {
    created(path, 0o600).map_err(|error| Failure::io("create the file", path, error))
}

/// Writes the file unless it already holds these bytes. Says whether it wrote.
pub fn write_if_changed(path: &Path, bytes: &[u8], access: Access) -> Result<bool, Failure> {
    let is_written = put_if_changed(path, bytes, access)?;
    // Also of a file that was there: a run that was killed may have ended between its name and this.
    sync_folder(path)?;
    Ok(is_written)
}

/// The same but for the folder, which is to be synced before anything names the file, whether or not it was written.
pub fn put_if_changed(path: &Path, bytes: &[u8], access: Access) -> Result<bool, Failure> {
    match fs::read(path) {
        Ok(present) if present == bytes => Ok(false),
        _ => put(path, bytes, access).map(|()| true),
    }
}

/// The same without any sync: of a file that can be made again and that nothing names. After a loss of power it may be old,
/// or empty.
pub fn leave_if_changed(path: &Path, bytes: &[u8], access: Access) -> Result<bool, Failure> {
    match fs::read(path) {
        Ok(present) if present == bytes => Ok(false),
        _ => place(path, bytes, access, |_| Ok(())).map(|()| true),
    }
}

/// Where a file is while it is being written: beside its place.
pub fn partial_of(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.partial"))
}

/// Syncs the folder of a file, so that its name stays.
pub fn sync_folder(path: &Path) -> Result<(), Failure> {
    sync(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Syncs a folder, so that the names in it stay.
pub fn sync(folder: &Path) -> Result<(), Failure> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Failure::io("sync the folder", folder, error))
}

/// Makes a folder that its owner alone can enter (0700), with its parents.
pub fn private_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Failure::io("create the folder", path, error))
}

/// The text of a file that a person wrote.
pub fn text(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path);
    text.map_err(|error| {
        let failure = Failure::io("read the file", path, error);
        Failure { kind: crate::error::Kind::Configuration, ..failure }
    })
}
