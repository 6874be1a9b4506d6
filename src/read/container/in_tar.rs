//! The members of a tar, which lies in memory as it is.

use std::borrow::Cow;
use std::io::Error;

use super::member::Member;
use super::names::shown;
use super::{Limits, Refused};

/// Everything in a tar begins at a multiple of this.
const BLOCK: u64 = 512;
/// Where the first header says that it is one.
pub(super) const MAGIC_AT: usize = 257;
/// Bytes of what it says.
pub(super) const MAGIC: usize = 8;

/// Whether a header says that it is one of a tar: of POSIX, or of GNU before it.
pub(super) fn is_magic(bytes: &[u8]) -> bool {
    matches!(bytes, b"ustar\x0000" | b"ustar  \0")
}

/// The members in the order of the archive.
///
/// # Errors
/// When the archive is damaged or cut off, or a member is neither file nor folder.
pub(super) fn members<'c>(bytes: &'c [u8], limits: &Limits) -> Result<Vec<Member<'c>>, Refused> {
    let mut members = Vec::new();
    let mut end = 0;
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let kind = entry.header().entry_type();
        let name = entry.path_bytes().into_owned();
        let is_file = kind.is_file() || kind.is_contiguous();
        if !is_file && !kind.is_dir() && !kind.is_pax_global_extensions() {
            return Err(Refused::NotAFile(shown(&name)));
        }
        let (begin, size) = (entry.raw_file_position(), entry.size());
        let until = begin.checked_add(size);
        let content = until.and_then(|until| bytes.get(usize::try_from(begin).ok()?..usize::try_from(until).ok()?));
        let content = content.ok_or_else(cut_off)?;
        end = until.and_then(|until| until.checked_next_multiple_of(BLOCK)).ok_or_else(cut_off)?;
        if kind.is_pax_global_extensions() {
            continue;
        }
        let is_folder = kind.is_dir() || name.ends_with(b"/");
        if has_holes(&mut entry)? || (is_folder && size > 0) {
            return Err(Refused::NotAFile(shown(&name)));
        }
        if members.len() as u64 >= limits.members {
            return Err(Refused::members(limits));
        }
        members.push(Member { name: Cow::Owned(name), is_folder, packed: content, is_deflated: false, claim: None });
    }
    check_end(bytes, end)?;
    Ok(members)
}

/// Whether a header of the extended kind says that parts of the file were left out.
fn has_holes(entry: &mut tar::Entry<'_, &[u8]>) -> Result<bool, Refused> {
    let Some(extensions) = entry.pax_extensions().map_err(|error| damaged(&error))? else { return Ok(false) };
    for extension in extensions {
        if extension.map_err(|error| damaged(&error))?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// After its last member a tar has zeros, and nothing else: one that was cut between two members has none, and of two
/// one after the other the second would not be read.
fn check_end(bytes: &[u8], end: u64) -> Result<(), Refused> {
    let rest = usize::try_from(end).ok().and_then(|end| bytes.get(end..)).unwrap_or_default();
    if (rest.len() as u64) < BLOCK {
        return Err(cut_off());
    }
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Refused::Damaged("something stands after its end".to_owned()));
    }
    Ok(())
}

fn cut_off() -> Refused {
    Refused::Damaged("its end is missing".to_owned())
}

fn damaged(error: &Error) -> Refused {
    Refused::Damaged(error.to_string())
}
