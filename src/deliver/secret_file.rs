//! Files that hold a secret: regular, of their owner alone, and not endless; and what is asked of files and folders that
//! others must not change.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What the mode of a secret's file may not have.
pub(super) const OWNER_ALONE: u32 = 0o077;
/// Of a credential of systemd: its reader is a named user, whose right to read it shows as that of the group.
pub(super) const SERVICE_ALONE: u32 = 0o037;
/// Of what is no secret: every user of the machine could write it.
pub(super) const OTHERS: u32 = 0o002;

/// What opens a pipe without waiting for its other end (`O_NONBLOCK`), where its number is known for certain.
const WITHOUT_WAITING: i32 =
    if cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))) { 0o4000 } else { 0 };

/// Why a secret was not read.
pub(super) enum Unread {
    Failed(io::Error),
    /// Others may read it; its mode.
    Open(u32),
    /// It is another user's, who could give or take what is in it; the number of that user.
    Foreign(u32),
}

/// Reads at most `limit` bytes of a file of this user, or of root, whose mode has none of `refused`. Root reads those of every
/// user, as where a container has a folder of its host, or an administrator does by hand what a service does at night.
///
/// Links are followed: in containers secrets are links to what is mounted. What counts is the file that was opened.
pub(super) fn read(path: &Path, refused: u32, limit: u64) -> Result<Vec<u8>, Unread> {
    let (file, meta) = regular(path).map_err(Unread::Failed)?;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & refused != 0 {
        return Err(Unread::Open(mode));
    }
    if !may_hold_secret(meta.uid(), user()) {
        return Err(Unread::Foreign(meta.uid()));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(Unread::Failed)?;
    Ok(bytes)
}

/// An open file, which is no pipe, no folder and no device.
pub(super) fn regular(path: &Path) -> io::Result<(File, Metadata)> {
    // Looked at before it is opened, because opening a pipe may wait, and a device may do anything; and again on the open file.
    let check = |meta: Metadata| if meta.is_file() { Ok(meta) } else { Err(io::ErrorKind::InvalidInput.into()) };
    fs::metadata(path).and_then(check)?;
    let file = OpenOptions::new().read(true).custom_flags(WITHOUT_WAITING).open(path)?;
    let meta = file.metadata().and_then(check)?;
    Ok((file, meta))
}

/// Whether something belongs to the user of this process, or to root. Where the system does not tell who that is, everything
/// does: its mode was looked at.
pub(super) fn is_own(meta: &Metadata) -> bool {
    belongs(meta.uid(), user())
}

/// The effective user of this process, to whom its folder belongs.
fn user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

fn may_hold_secret(owner: u32, user: Option<u32>) -> bool {
    user == Some(0) || belongs(owner, user)
}

fn belongs(owner: u32, user: Option<u32>) -> bool {
    owner == 0 || user.is_none_or(|user| user == owner)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_secret_is_of_this_user_or_of_root() {
        for (owner, user, fits) in
            [(1000, Some(1000), true), (0, Some(1000), true), (1001, Some(1000), false), (1000, Some(0), false)]
        {
            assert_eq!(belongs(owner, user), fits, "{owner} {user:?}");
            // Root may read what its owner alone may read, and goes into no folder of a stranger.
            assert_eq!(may_hold_secret(owner, user), fits || user == Some(0), "{owner} {user:?}");
        }
        let path = super::super::script::folder("secret-owner").join("secret");
        fs::write(&path, "canary").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path, OWNER_ALONE, 10).is_ok());
        // Only root can give a file away, and then still reads it; but none that others may read.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            assert!(read(&path, OWNER_ALONE, 10).is_ok());
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(read(&path, OWNER_ALONE, 10), Err(Unread::Open(0o640))));
        }
    }

    #[test]
    fn a_pipe_is_no_secret_and_holds_nothing_up() {
        let folder = super::super::script::folder("secret-pipe");
        let pipe = folder.join("pipe");
        if !Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().is_ok_and(|status| status.success()) {
            return;
        }
        assert!(matches!(read(&pipe, OWNER_ALONE, 10), Err(Unread::Failed(_))));
        std::os::unix::fs::symlink(&pipe, folder.join("link")).unwrap();
        assert!(matches!(read(&folder.join("link"), OWNER_ALONE, 10), Err(Unread::Failed(_))));
    }
}
