//! Files that hold a secret: regular, of their owner alone, and not endless.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What the mode of a secret's file may not have.
pub(super) const OWNER_ALONE: u32 = 0o077;
/// Of a credential of systemd: its reader is a named user, whose right to read it shows as that of the group.
pub(super) const SERVICE_ALONE: u32 = 0o037;

/// Why a secret was not read.
pub(super) enum Unread {
    Failed(io::Error),
    /// Others may read it; its mode.
    Open(u32),
}

/// Reads at most `limit` bytes of a file whose mode has none of `refused`.
pub(super) fn read(path: &Path, refused: u32, limit: u64) -> Result<Vec<u8>, Unread> {
    // Looked at before it is opened, because opening a pipe would wait; and again on the open file.
    let regular = |meta: fs::Metadata| if meta.is_file() { Ok(meta) } else { Err(io::ErrorKind::InvalidInput.into()) };
    fs::metadata(path).and_then(regular).map_err(Unread::Failed)?;
    let file = File::open(path).map_err(Unread::Failed)?;
    let mode = file.metadata().and_then(regular).map_err(Unread::Failed)?.permissions().mode() & 0o7777;
    if mode & refused != 0 {
        return Err(Unread::Open(mode));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(Unread::Failed)?;
    Ok(bytes)
}
