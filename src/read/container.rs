//! Archives of logs: zip and tar, known by what they hold. Nothing of them is ever written to disk.
//!
//! An archive is one log: its members, in the order of their names, are read one after the other into one frame, with
//! at most one of them unpacked. All are of one form, and what nobody can read keeps the whole archive from being used.
//! The archive that a phone makes of a chat is read for its chat alone.

mod beside;
mod in_tar;
mod in_zip;
mod member;
mod names;
mod refused;
mod walk;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use self::member::{Budget, Member};
use super::frame::Builder;
use super::options::{Limits, Options};
use super::{ReadError, chat, csv, ndjson, webhook};
use crate::domain::settings::LogFormat;

pub use self::refused::Refused;

/// So many bytes tell what a member is.
const HEAD: usize = 64 << 10;

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Tar,
}

/// What the bytes are an archive of; `None` for anything else. A zip begins with a member, or with its end where it has
/// none.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        // A page of Parquet may hold anything.
        [b'P', b'A', b'R', b'1', ..] => None,
        _ => {
            let magic = bytes.get(in_tar::MAGIC_AT..in_tar::MAGIC_AT + in_tar::MAGIC);
            magic.is_some_and(in_tar::is_magic).then_some(Kind::Tar)
        }
    }
}

/// Whether a file is to be an archive by its name. One that was cut to nothing is no quiet day.
pub(super) fn is_named(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    [".zip", ".tar", ".tgz"].into_iter().any(|ending| name.ends_with(ending))
}

/// Whether a file is an archive by its bytes at these places, or is to be one by its name: what reads logs line by line
/// leaves it alone. `at` gives so many bytes from a place on, where the file has them.
pub(super) fn may_be(path: &Path, head: &[u8], at: impl Fn(u64, &mut [u8]) -> bool) -> bool {
    let mut magic = [0_u8; in_tar::MAGIC];
    let is_tar = at(in_tar::MAGIC_AT as u64, &mut magic) && in_tar::is_magic(&magic);
    is_tar || is_named(path) || kind(head).is_some()
}

/// Reads an archive, which is `packed` bytes long on disk. Gives the form of its members, and what carries no message.
///
/// # Errors
/// When it is damaged, a member cannot be read, or not all of them are logs of one form.
pub(super) fn read(
    bytes: &[u8],
    kind: Kind,
    packed: usize,
    options: &Options,
    builder: &mut Builder,
) -> Result<(LogFormat, BTreeMap<String, u64>), ReadError> {
    let limits = &options.limits;
    match kind {
        Kind::Tar => members(in_tar::members(bytes, limits)?, packed, options, builder),
        Kind::Zip => members(in_zip::members(&in_zip::archive(bytes)?, limits)?, packed, options, builder),
    }
}

fn members(
    members: Vec<Member>,
    packed: usize,
    options: &Options,
    builder: &mut Builder,
) -> Result<(LogFormat, BTreeMap<String, u64>), ReadError> {
    let mut budget = Budget::new(packed, options.limits);
    let members = sorted(members, options)?;
    match options.format {
        Some(LogFormat::Chat) => beside::read(members, options, &mut budget, builder),
        _ => walk::read(&members, options, &mut budget, builder),
    }
}

/// The files that may hold something, by their names.
fn sorted<'c>(mut members: Vec<Member<'c>>, options: &Options) -> Result<Vec<Member<'c>>, Refused> {
    if let Some(member) = members.iter().find(|member| names::is_absurd(&member.name)) {
        return Err(Refused::Name(names::shown(&member.name)));
    }
    members.retain(|member| !member.is_folder);
    let mut members = without_litter(members, options)?;
    members.sort_by(|one, other| one.name.cmp(&other.name));
    let same = members.windows(2).find_map(|pair| match pair {
        [one, other] if one.name == other.name => Some(one),
        _ => None,
    });
    match same {
        Some(member) => Err(Refused::SameName(names::shown(&member.name))),
        None => Ok(members),
    }
}

/// The members without what a desktop leaves: a log under such a name is not lost.
fn without_litter<'c>(members: Vec<Member<'c>>, options: &Options) -> Result<Vec<Member<'c>>, Refused> {
    let (litter, members): (Vec<Member>, Vec<Member>) =
        members.into_iter().partition(|member| names::is_litter(&member.name));
    let is_log = |member: &&Member| {
        let mut budget = Budget::new(member.packed.len(), options.limits);
        let is_log = |head: &[u8]| log_of(head).is_some() || chat::looks_like(head, HEAD);
        // What is damaged is nothing that anybody reads.
        member.open().head(HEAD, &mut budget).is_ok_and(is_log)
    };
    match litter.iter().find(is_log) {
        Some(member) => Err(Refused::Litter(names::shown(&member.name))),
        None => Ok(members),
    }
}

/// Looks through the members of a zip and their names, until `look` finds something; `None` where it cannot be read.
///
/// # Errors
/// When a member is damaged.
pub(super) fn find_in_zip(
    bytes: &[u8],
    look: &mut dyn FnMut(&mut dyn BufRead) -> std::io::Result<bool>,
) -> std::io::Result<Option<bool>> {
    let Ok(archive) = in_zip::archive(bytes) else { return Ok(None) };
    let Ok(members) = in_zip::members(&archive, &Limits::default()) else { return Ok(None) };
    for member in members {
        let (mut name, mut stored) = (&*member.name, member.packed);
        let is_found = if member.is_deflated {
            look(&mut BufReader::new(flate2::bufread::DeflateDecoder::new(stored)))?
        } else {
            look(&mut stored)?
        };
        if is_found || look(&mut name)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// The form of a log that is no chat, where its first bytes say it and not its name.
fn log_of(head: &[u8]) -> Option<LogFormat> {
    if csv::looks_like(head, HEAD) {
        Some(LogFormat::Csv)
    } else if ndjson::looks_like(head, HEAD) {
        Some(LogFormat::Ndjson)
    } else if webhook::looks_like(head) {
        Some(LogFormat::Webhook)
    } else {
        None
    }
}

/// What went wrong in a member, with its name where it is not of the whole archive.
fn of_member(name: &str, error: ReadError) -> ReadError {
    match error {
        ReadError::Bomb { .. } | ReadError::TooManyRows(_) => error,
        error => ReadError::Member { name: name.to_owned(), error: Box::new(error) },
    }
}

#[cfg(test)]
mod tests;
