//! The members of a zip, by its central directory. No other list counts: bytes that it does not lead to are no member.

use std::borrow::Cow;

use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use super::member::Member;
use super::names::shown;
use super::{Limits, Refused};

/// Bits of a mode that say what a file is, and those of a file and of a folder.
const TYPE: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
/// Writers of old zips count their members so far, and then from zero again.
const COUNT: u64 = 1 << 16;

/// Finds the central directory.
///
/// # Errors
/// When there is none, or something stands after it: two zips one after the other would be read as one of them.
pub(super) fn archive(bytes: &[u8]) -> Result<ZipSliceArchive<&[u8]>, Refused> {
    let archive = ZipArchive::from_slice(bytes).map_err(|error| damaged(&error))?;
    if archive.end_offset() != bytes.len() as u64 {
        return Err(Refused::Damaged("something stands after its end".to_owned()));
    }
    Ok(archive)
}

/// The members in the order of the directory.
///
/// # Errors
/// When the directory is damaged, or a member cannot be read or is not to be read.
pub(super) fn members<'c>(archive: &'c ZipSliceArchive<&[u8]>, limits: &Limits) -> Result<Vec<Member<'c>>, Refused> {
    let (mut members, mut places, mut entries) = (Vec::new(), Vec::new(), archive.entries());
    while let Some(record) = entries.next_entry().map_err(|error| damaged(&error))? {
        if members.len() as u64 >= limits.members {
            return Err(Refused::members(limits));
        }
        let (member, place) = member(archive, &record)?;
        places.push((place, members.len()));
        members.push(member);
    }
    let (found, told) = (members.len() as u64, archive.entries_hint());
    if told != found && told != found % COUNT {
        return Err(Refused::Damaged(format!("it says that it has {told} members, and {found} are there")));
    }
    check_places(places, &members)?;
    Ok(members)
}

/// A member, and from where to where it lies in the archive.
fn member<'c>(
    archive: &'c ZipSliceArchive<&[u8]>,
    record: &ZipFileHeaderRecord<'c>,
) -> Result<(Member<'c>, (u64, u64)), Refused> {
    let name = record.file_path().as_bytes();
    let (flags, method, mode) = (record.flags(), record.compression_method(), record.mode().value() & TYPE);
    if flags.is_encrypted() || flags.is_masked() || flags.has_strong_encryption() {
        return Err(Refused::Encrypted(shown(name)));
    }
    if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
        return Err(Refused::Method(shown(name), method.to_string()));
    }
    let is_folder = record.is_dir();
    // A name that ends in a slash makes a folder of whatever the mode says.
    if !is_folder && !matches!(mode, 0 | FILE) {
        return Err(Refused::NotAFile(shown(name)));
    }
    if is_folder && (mode & !FOLDER & !FILE != 0 || record.uncompressed_size_hint() > 0) {
        return Err(Refused::NotAFile(shown(name)));
    }
    let entry = archive.get_entry(record.wayfinder()).map_err(|error| damaged(&error))?;
    let (_, end) = entry.compressed_data_range();
    let member = Member {
        name: Cow::Borrowed(name),
        is_folder,
        packed: entry.data(),
        is_deflated: method == CompressionMethod::DEFLATE,
        claim: Some(entry.claim_verifier()),
    };
    Ok((member, (record.local_header_offset(), end)))
}

/// Refuses members that share bytes, and a zip that does not begin with one: another would lie before it.
fn check_places(mut places: Vec<((u64, u64), usize)>, members: &[Member]) -> Result<(), Refused> {
    places.sort_unstable();
    if places.first().is_some_and(|((begin, _), _)| *begin != 0) {
        return Err(Refused::Damaged("something stands before its first member".to_owned()));
    }
    let shared = places.windows(2).find_map(|pair| match pair {
        [((_, end), _), ((begin, _), place)] if end > begin => members.get(*place),
        _ => None,
    });
    shared.map_or(Ok(()), |member| Err(Refused::Overlap(shown(&member.name))))
}

fn damaged(error: &rawzip::Error) -> Refused {
    Refused::Damaged(error.to_string())
}
