//! The outbox: a folder that receives finished mails, each whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};

use super::secret_file::{self, OTHERS};
use super::{DeliverError, Outcome};

/// In a folder of this mode only its owner can remove a file.
const STICKY: u32 = 0o1000;

/// Puts a mail into the folder under `name`, a safe file name; the folder is made when it is missing.
///
/// What leads to the folder `door`, where the outbox lies inside it, is not looked at: ledger and keys lie there, too.
///
/// The same mail again is [`Outcome::Sent`] again. After that, power may fail: file and name are on the disk.
///
/// # Errors
/// A folder that every user can write, or replace; another mail under this name; or an I/O error.
pub(super) fn put(folder: &Path, door: Option<&Path>, name: &str, eml: &[u8]) -> Result<Outcome, DeliverError> {
    prepare(folder, door)?;
    let path = folder.join(name);
    let failed = |source| DeliverError::OutboxFile { path: path.clone(), source };
    let was_there =
        there(&path, eml).map_err(failed)?.ok_or_else(|| DeliverError::OutboxTaken { path: path.clone() })?;
    if !was_there {
        let unfinished = folder.join(format!(".{name}.part"));
        write(&unfinished, &path, eml).map_err(failed)?;
    }
    // Also for a mail that was there: the run that wrote it may have ended before this.
    match sync(folder) {
        Ok(()) if was_there => Ok(Outcome::Sent { reply: "was in the outbox".to_owned() }),
        Ok(()) => Ok(Outcome::Sent { reply: "in the outbox".to_owned() }),
        Err(error) if was_there => Err(failed(error)),
        // Somebody may have taken it already.
        Err(error) => {
            let reason = super::reply::bounded(&format!("in the outbox, until power fails: {error}"));
            Ok(Outcome::Unknown { reason })
        }
    }
}

fn prepare(folder: &Path, door: Option<&Path>) -> Result<(), DeliverError> {
    let failed = |source| DeliverError::Outbox { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mode = fs::metadata(folder).map_err(failed)?.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(DeliverError::OutboxOpen { path: folder.to_owned() });
    }
    let as_written: fn(&Path) -> io::Result<PathBuf> = |place| path::absolute(place);
    let as_is: fn(&Path) -> io::Result<PathBuf> = |place| fs::canonicalize(place);
    for real in [as_written, as_is] {
        let door = door.and_then(|door| real(door).ok());
        if let Some(way) = real(folder).and_then(|place| open_way(&place, door.as_deref())).map_err(failed)? {
            return Err(DeliverError::OutboxWay { path: folder.to_owned(), way });
        }
    }
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync).map_err(failed)
}

/// The folder on the way to `place` in which every user could put another one, or a link, in the place of what leads there. In
/// one like `/tmp` only its owner can do so.
fn open_way(place: &Path, door: Option<&Path>) -> io::Result<Option<PathBuf>> {
    let mut below = fs::symlink_metadata(place)?;
    let door = door.filter(|door| place.starts_with(door));
    for way in place.ancestors().skip(1).take_while(|way| door.is_none_or(|door| *way != door)) {
        let meta = fs::symlink_metadata(way)?;
        let mode = meta.permissions().mode();
        let is_kept = mode & STICKY != 0 && secret_file::is_own(&below);
        if mode & OTHERS != 0 && !meta.is_symlink() && !is_kept {
            return Ok(Some(way.to_owned()));
        }
        below = meta;
    }
    Ok(None)
}

/// Whether the folder has this mail, and keeps it.
pub(super) fn holds(folder: &Path, name: &str, eml: &[u8]) -> bool {
    there(&folder.join(name), eml).is_ok_and(|there| there == Some(true)) && sync(folder).is_ok()
}

/// Whether this mail is there already; `None` when something else has its name.
fn there(path: &Path, eml: &[u8]) -> io::Result<Option<bool>> {
    let meta = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(false)),
        other => other?,
    };
    if !meta.is_file() || meta.len() != eml.len() as u64 {
        return Ok(None);
    }
    let mut found = Vec::new();
    File::open(path)?.take(meta.len() + 1).read_to_end(&mut found)?;
    Ok((found == eml).then_some(true))
}

fn write(unfinished: &Path, path: &Path, eml: &[u8]) -> io::Result<()> {
    // Left by a run that was stopped; removing it follows no link.
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
    let written = file.write_all(eml).and_then(|()| file.sync_all()).and_then(|()| fs::rename(unfinished, path));
    if written.is_err() {
        // Best effort: the error that counts is the one before.
        let _ = fs::remove_file(unfinished);
    }
    written
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"Subject: x\r\n\r\nx\r\n";

    #[track_caller]
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names.into_iter().map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_mail_is_put_once_and_never_changed() {
        let folder = super::super::script::folder("outbox").join("mails/out");
        assert_eq!(put(&folder, "a.eml", MAIL).unwrap(), Outcome::Sent { reply: "in the outbox".to_owned() });
        assert_eq!(put(&folder, "a.eml", MAIL).unwrap(), Outcome::Sent { reply: "was in the outbox".to_owned() });
        assert!(matches!(put(&folder, "a.eml", b"Subject: y\r\n\r\nx\r\n"), Err(DeliverError::OutboxTaken { .. })));
        assert!(matches!(put(&folder, "a.eml", b"\r\n"), Err(DeliverError::OutboxTaken { .. })));
        assert_eq!(fs::read(folder.join("a.eml")).unwrap(), MAIL);
        assert_eq!(names(&folder), ["a.eml"]);
        assert!(holds(&folder, "a.eml", MAIL) && !holds(&folder, "b.eml", MAIL) && !holds(&folder, "a.eml", b"\r\n"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("a.eml"))), (0o700, 0o600));
    }

    #[test]
    fn a_stopped_run_leaves_nothing_in_the_way() {
        let folder = super::super::script::folder("outbox-stopped");
        fs::write(folder.join(".a.eml.part"), "half").unwrap();
        put(&folder, "a.eml", MAIL).unwrap();
        assert_eq!(names(&folder), ["a.eml"]);
    }

    #[test]
    fn links_and_open_folders_are_refused() {
        let folder = super::super::script::folder("outbox-links");
        let target = folder.join("target");
        fs::write(&target, MAIL).unwrap();
        std::os::unix::fs::symlink(&target, folder.join("a.eml")).unwrap();
        assert!(matches!(put(&folder, "a.eml", MAIL), Err(DeliverError::OutboxTaken { .. })));
        std::os::unix::fs::symlink(&target, folder.join(".b.eml.part")).unwrap();
        put(&folder, "b.eml", b"Subject: y\r\n\r\n").unwrap();
        assert_eq!(fs::read(&target).unwrap(), MAIL, "a planted link is not written through");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(put(&folder, "c.eml", MAIL), Err(DeliverError::OutboxOpen { .. })));
    }

    fn put(folder: &Path, name: &str, eml: &[u8]) -> Result<Outcome, DeliverError> {
        super::put(folder, None, name, eml)
    }

    /// The root of a volume may be open, as those of containers are: the state folder and all in it are not judged by it.
    #[test]
    fn what_leads_to_the_state_folder_is_not_judged() {
        let folder = super::super::script::folder("outbox-door");
        let (volume, state) = (folder.join("volume"), folder.join("volume/state"));
        let outbox = state.join("mails/outbox");
        fs::create_dir_all(&outbox).unwrap();
        fs::set_permissions(&outbox, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&volume, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(put(&outbox, "a.eml", MAIL), Err(DeliverError::OutboxWay { .. })));
        super::put(&outbox, Some(&state), "a.eml", MAIL).unwrap();
        // What lies inside it is, and so is an outbox elsewhere.
        fs::set_permissions(state.join("mails"), fs::Permissions::from_mode(0o777)).unwrap();
        let elsewhere = volume.join("outbox");
        for outbox in [&outbox, &elsewhere] {
            let refused = super::put(outbox, Some(&state), "b.eml", MAIL);
            assert!(matches!(refused, Err(DeliverError::OutboxWay { .. })), "{refused:?}");
        }
    }

    /// Who can put another folder in its place gets the mails.
    #[test]
    fn an_outbox_below_an_open_folder_is_refused() {
        let folder = super::super::script::folder("outbox-way");
        let (open, outbox) = (folder.join("open"), folder.join("open/mails/outbox"));
        put(&outbox, "a.eml", MAIL).unwrap();
        std::os::unix::fs::symlink(&outbox, folder.join("link")).unwrap();
        put(&folder.join("link"), "a.eml", MAIL).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        for way_in in [&outbox, &folder.join("link")] {
            let refused = put(way_in, "b.eml", MAIL);
            assert!(
                matches!(&refused, Err(DeliverError::OutboxWay { way, .. }) if way.ends_with("open")),
                "{refused:?}"
            );
        }
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        put(&outbox, "b.eml", MAIL).unwrap();
        // A link in an open folder, to one that is safe.
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let safe = folder.join("safe");
        put(&safe, "a.eml", MAIL).unwrap();
        std::os::unix::fs::symlink(&safe, open.join("link")).unwrap();
        assert!(matches!(put(&open.join("link"), "b.eml", MAIL), Err(DeliverError::OutboxWay { .. })));
    }
}
