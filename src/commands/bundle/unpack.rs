//! A bundle into a folder of its own. Nobody vouches for what is in it: every file is one that the list names, in its
//! order, of its size and with its SHA-256, and has a name that stays inside.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::super::files;
use super::manifest::{Listed, Manifest};
use super::{FORM, MANIFEST, SIGNATURE, SUMS};
use crate::domain::text::hex;
use crate::error::{Failure, Kind};
use crate::read::{Limits, sha256};

/// What is read into memory: the list of sums, the manifest, a signature.
const SMALL_MAX: u64 = 256 << 20;

/// A memory of this size (2^27) is all that the decoder may ask for.
const WINDOW_LOG_MAX: u32 = 27;

/// Files of a bundle lie in these folders, beside the few that have a name of their own.
const FOLDERS: [&str; 5] = ["archive", "charges", "issued", "ledger", "names"];

/// A private folder that goes with the value.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one among the temporary files.
    pub fn new() -> Result<Self, Failure> {
        let base = std::env::temp_dir();
        let names = (0..1000).map(|count| base.join(format!("ritardo-bundle-{}-{count}", std::process::id())));
        let mut last = None;
        for path in names {
            // Never one that is there already: it would be somebody else's.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => return Err(Failure::io("create the folder", &path, error)),
            }
        }
        let error = last.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into());
        Err(Failure::io("create a folder", &base, error).hint("remove what earlier audits left there"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Where it cannot be removed, it stays private.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A bundle whose files are what its list says.
pub struct Unpacked {
    pub folder: Folder,
    pub manifest: Manifest,
    /// As it was signed.
    pub manifest_bytes: Vec<u8>,
    pub signature: Option<Vec<u8>>,
}

type Entries<'r, R> = tar::Entries<'r, R>;

/// Reads a bundle from its first byte to its last.
pub fn unpack(path: &Path) -> Result<Unpacked, Failure> {
    let file = File::open(path).map_err(|error| Failure::io("read the bundle", path, error))?;
    let packed = file.metadata().map_err(|error| Failure::io("read the bundle", path, error))?.len();
    let folder = Folder::new()?;
    let reader = Reader { path };
    let mut decoder = zstd::Decoder::new(file).map_err(|error| reader.foreign(error))?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|error| reader.foreign(error))?;
    let mut tar = tar::Archive::new(decoder);
    let mut entries = tar.entries().map_err(|error| reader.foreign(error))?.raw(true);
    let sums = reader.small(&mut entries, SUMS)?;
    let sums = sums_of(&sums).ok_or_else(|| reader.differs(&format!("{SUMS} is no list of sums")))?;
    let manifest_bytes = reader.small(&mut entries, MANIFEST)?;
    reader.compare(&sums, MANIFEST, &sha256(&manifest_bytes))?;
    let manifest = reader.manifest(&manifest_bytes)?;
    let unpacked = manifest.files.iter().fold(0, |sum: u64, listed| sum.saturating_add(listed.bytes));
    let limits = Limits { unpacked: u64::MAX, ..Limits::default() };
    if limits.are_passed(packed, unpacked) {
        return Err(reader.differs(&format!("it is a bomb: its {packed} bytes would unpack to {unpacked}")));
    }
    let signature = if sums.contains_key(SIGNATURE) { Some(reader.small(&mut entries, SIGNATURE)?) } else { None };
    if let Some(signature) = &signature {
        reader.compare(&sums, SIGNATURE, &sha256(signature))?;
    }
    let own = 1 + usize::from(signature.is_some());
    let is_sorted = manifest.files.is_sorted_by(|one, next| one.name < next.name);
    if !is_sorted || sums.len() != manifest.files.len() + own {
        return Err(reader.differs(&format!("{SUMS} and {MANIFEST} name different files")));
    }
    for listed in &manifest.files {
        reader.compare(&sums, &listed.name, &listed.sha256)?;
        reader.file(&mut entries, listed, folder.path())?;
    }
    match entries.next() {
        None => reader.end(tar.into_inner())?,
        Some(Ok(more)) => return Err(reader.differs(&format!("{} is in no list", shown(&more)))),
        Some(Err(error)) => return Err(reader.broken(error)),
    }
    Ok(Unpacked { folder, manifest, manifest_bytes, signature })
}

/// Lines of a list of sums: digests by name.
fn sums_of(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut sums = BTreeMap::new();
    for line in std::str::from_utf8(bytes).ok()?.lines() {
        let (sha256, name) = line.split_once("  ")?;
        let before = sums.insert(name.to_owned(), sha256.to_owned());
        if before.is_some() {
            return None;
        }
    }
    Some(sums)
}

fn shown<R: Read>(entry: &tar::Entry<R>) -> String {
    format!("`{}`", String::from_utf8_lossy(&entry.path_bytes()).escape_debug())
}

/// Whether a name stays inside the folder and is one that a bundle has.
fn is_safe(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let is_plain = |part: &&str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.len() <= 128 && part.chars().all(is_word)
    };
    let is_below = parts.first().is_some_and(|first| FOLDERS.contains(first)) && (2..=3).contains(&parts.len());
    parts.iter().all(is_plain) && (is_below || name == super::README)
}

struct Reader<'p> {
    path: &'p Path,
}

impl Reader<'_> {
    /// The whole of one of the first files.
    fn small<R: Read>(&self, entries: &mut Entries<R>, name: &str) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let (entry, size) = self.next(entries, name)?;
        if size > SMALL_MAX {
            return Err(self.differs(&format!("{name} is larger than any")));
        }
        entry.take(size).read_to_end(&mut bytes).map_err(|error| self.broken(error))?;
        Ok(bytes)
    }

    /// The next file, which has this name, and its size.
    fn next<'r, R: Read>(&self, entries: &mut Entries<'r, R>, name: &str) -> Result<(tar::Entry<'r, R>, u64), Failure> {
        let entry = match entries.next() {
            Some(Ok(entry)) => entry,
            Some(Err(error)) if name == SUMS && error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(self.foreign(error));
            }
            Some(Err(error)) => return Err(self.broken(error)),
            None if name == SUMS => return Err(self.foreign(io::ErrorKind::UnexpectedEof.into())),
            None => return Err(self.differs(&format!("{name} is missing"))),
        };
        if entry.path_bytes() != name.as_bytes() {
            let failure = self.differs(&format!("{} stands where {name} is due", shown(&entry)));
            return Err(if name == SUMS { Failure { kind: Kind::Configuration, ..failure } } else { failure });
        }
        if !entry.header().entry_type().is_file() {
            return Err(self.differs(&format!("{name} is no plain file")));
        }
        let size = entry.header().entry_size().map_err(|error| self.broken(error))?;
        Ok((entry, size))
    }

    fn manifest(&self, bytes: &[u8]) -> Result<Manifest, Failure> {
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| self.unread(error))?;
        let form = value.get("form").and_then(|form| form.as_str()).unwrap_or_default();
        if form != FORM {
            let message = format!("the bundle has the form `{}`, this program reads {FORM}", form.escape_debug());
            let failure = Failure::new(Kind::Configuration, message).at(self.path);
            return Err(failure.hint("use the version of ritardo that made it, or a newer one"));
        }
        let manifest: Manifest = serde_json::from_value(value).map_err(|error| self.unread(error))?;
        match manifest.files.iter().find(|file| !is_safe(&file.name)) {
            Some(file) => Err(self.differs(&format!("`{}` is no name of a bundle's file", file.name.escape_debug()))),
            None => Ok(manifest),
        }
    }

    /// Writes a file to its place, when it is the one that the manifest names.
    fn file<R: Read>(&self, entries: &mut Entries<R>, listed: &Listed, folder: &Path) -> Result<(), Failure> {
        let (entry, size) = self.next(entries, &listed.name)?;
        if size != listed.bytes {
            let Listed { name, bytes, .. } = listed;
            return Err(self.differs(&format!("{name} has {size} bytes, the manifest says {bytes}")));
        }
        let path = folder.join(&listed.name);
        if let Some(folder) = path.parent() {
            files::private_folder(folder)?;
        }
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = opened.map_err(|error| Failure::io("create the file", &path, error))?;
        let sha256 = self.copy(entry, &mut file, size)?;
        if sha256 == listed.sha256 {
            return Ok(());
        }
        Err(self.differs(&format!("{}: its SHA-256 is {sha256}, the list says {}", listed.name, listed.sha256)))
    }

    /// Copies so many bytes, and gives their SHA-256.
    fn copy(&self, from: impl Read, to: &mut File, size: u64) -> Result<String, Failure> {
        use sha2::Digest;
        let (mut digest, mut left, mut from) = (sha2::Sha256::new(), size, from.take(size));
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let read = from.read(&mut buffer).map_err(|error| self.broken(error))?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                return Err(self.broken(io::ErrorKind::UnexpectedEof.into()));
            };
            digest.update(part);
            to.write_all(part)
                .map_err(|error| Failure::new(Kind::InputOutput, "the bundle cannot be unpacked").because(error))?;
            left -= read as u64;
        }
        Ok(hex(&digest.finalize()))
    }

    /// After the last file come zeros alone, and the checksum of the stream, which is compared at its end.
    fn end(&self, mut from: impl Read) -> Result<(), Failure> {
        let mut buffer = vec![0; 1 << 14];
        loop {
            match from.read(&mut buffer).map_err(|error| self.broken(error))? {
                0 => return Ok(()),
                read if buffer.iter().take(read).all(|byte| *byte == 0) => {}
                _ => return Err(self.differs("there is something after its end")),
            }
        }
    }

    fn compare(&self, sums: &BTreeMap<String, String>, name: &str, sha256: &str) -> Result<(), Failure> {
        match sums.get(name) {
            Some(listed) if listed == sha256 => Ok(()),
            Some(listed) => Err(self.differs(&format!("{name}: its SHA-256 is {sha256}, {SUMS} says {listed}"))),
            None => Err(self.differs(&format!("{name} is not in {SUMS}"))),
        }
    }

    fn differs(&self, what: &str) -> Failure {
        let failure = Failure::new(Kind::Differences, format!("the bundle was changed or is damaged: {what}"));
        failure.at(self.path).hint("ask for another copy; `ritardo export-month` makes the same bytes again")
    }

    fn broken(&self, error: io::Error) -> Failure {
        self.differs("it cannot be read to its end").because(error)
    }

    fn unread(&self, error: serde_json::Error) -> Failure {
        self.differs(&format!("{MANIFEST} cannot be read")).because(error)
    }

    fn foreign(&self, error: io::Error) -> Failure {
        let failure = Failure::new(Kind::Configuration, "this is no bundle of ritardo").at(self.path).because(error);
        failure.hint("`ritardo export-month` makes bundles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_inside_and_is_known() {
        for safe in ["README.txt", "ledger/entries.ndjson", "ledger/content/abc", "issued/LR-2018-000001/a_b.pdf"] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_name in [
            "",
            "/etc/passwd",
            "../x",
            "archive/../../x",
            "archive//x",
            "archive/",
            "archive",
            "other/x",
            "archive/.x",
            "archive/a/b/c",
            "archive/a b",
            "names.key",
            "ledger.db",
            "archive/a\\b",
            "archive/\u{e9}",
            "SHA256SUMS",
        ] {
            assert!(!is_safe(unsafe_name), "{unsafe_name}");
        }
    }

    #[test]
    fn a_list_names_each_file_once() {
        assert_eq!(sums_of(b"a1  x\nb2  y\n").map(|sums| sums.len()), Some(2));
        assert_eq!(sums_of(b"a1  x\nb2  x\n"), None);
        assert_eq!(sums_of(b"a1 x\n"), None);
    }

    #[test]
    fn a_folder_goes_with_its_value() {
        let (one, other) = (Folder::new().unwrap(), Folder::new().unwrap());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }
}
