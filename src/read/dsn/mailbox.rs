//! Where mails lie: one in a file or a pipe, many in an mbox, and in the folders `new` and `cur` of a maildir. They are read one after
//! the other; nothing is moved, locked or changed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::NoReport;

/// Bytes of a mail. A report may give back the whole mail with its invoice.
pub(super) const LONGEST: usize = 64 << 20;
/// An mbox is read in lines, and in pieces of this size where it has longer ones.
const PIECE: u64 = 64 << 10;

/// Why no mail can be read from a place at all.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error("cannot read {path}")]
    Io { path: PathBuf, source: io::Error },
    /// Neither a file, nor a pipe, nor a maildir.
    #[error("{path} is neither a file nor a maildir")]
    NoMailbox { path: PathBuf },
}

/// What takes the mails: the place of each, and its bytes.
pub type Take<'t> = dyn FnMut(&str, Result<&[u8], NoReport>) + 't;

/// Gives every mail of a file, an mbox or a maildir to `take`, in the order of their names and places.
///
/// # Errors
/// A place that is none of these, or that cannot be read to its end. What is wrong with one mail is given to `take`.
pub fn mails(path: &Path, take: &mut Take) -> Result<(), MailboxError> {
    let failed = |source| MailboxError::Io { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    // What a pipe brings is read as a file is, once.
    if metadata.is_file() || metadata.file_type().is_fifo() {
        return file(path, take).map_err(failed);
    }
    let is_maildir = metadata.is_dir() && ["cur", "new"].iter().all(|part| path.join(part).is_dir());
    if is_maildir { maildir(path, take) } else { Err(MailboxError::NoMailbox { path: path.to_owned() }) }
}

/// A mail or an mbox, as its first letters say.
fn file(path: &Path, take: &mut Take) -> io::Result<()> {
    let mut source = BufReader::new(File::open(path)?);
    if source.fill_buf()?.starts_with(b"From ") {
        return Mbox::new(path, take).read(source);
    }
    one(&path.display().to_string(), source, take)
}

fn one(place: &str, source: impl Read, take: &mut Take) -> io::Result<()> {
    let mut mail = Vec::new();
    source.take(LONGEST as u64 + 1).read_to_end(&mut mail)?;
    take(place, if mail.len() > LONGEST { Err(NoReport::TooLarge) } else { Ok(mail.as_slice()) });
    Ok(())
}

fn maildir(folder: &Path, take: &mut Take) -> Result<(), MailboxError> {
    let mut found = Vec::new();
    for part in ["cur", "new"] {
        let part = folder.join(part);
        let failed = |source| MailboxError::Io { path: part.clone(), source };
        for entry in fs::read_dir(&part).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    for path in found {
        let place = path.display().to_string();
        // No link is followed: it may lead to what never ends.
        let is_file = fs::symlink_metadata(&path).map(|metadata| metadata.is_file());
        let read = match is_file {
            Ok(true) => File::open(&path).and_then(|file| one(&place, file, take)),
            Ok(false) => {
                take(&place, Err(NoReport::NotAFile));
                Ok(())
            }
            Err(error) => Err(error),
        };
        match read {
            // Somebody has opened the maildir and put its new mails among the seen ones.
            Err(error) if error.kind() == io::ErrorKind::NotFound => take(&place, Err(NoReport::Gone)),
            read => read.map_err(|source| MailboxError::Io { path, source })?,
        }
    }
    Ok(())
}

/// An mbox while it is read: mails begin with a line `From ` at its start or after an empty line, and lines inside them that
/// would look like that have a `>` before it.
struct Mbox<'m, 't> {
    path: &'m Path,
    take: &'m mut Take<'t>,
    mail: Vec<u8>,
    number: u64,
    is_too_large: bool,
}

impl<'m, 't> Mbox<'m, 't> {
    fn new(path: &'m Path, take: &'m mut Take<'t>) -> Self {
        Self { path, take, mail: Vec::new(), number: 0, is_too_large: false }
    }

    fn read(mut self, mut source: impl BufRead) -> io::Result<()> {
        let (mut is_after_empty, mut begins_a_line, mut line) = (true, true, Vec::new());
        loop {
            line.clear();
            if source.by_ref().take(PIECE).read_until(b'\n', &mut line)? == 0 {
                self.give();
                return Ok(());
            }
            if begins_a_line && is_after_empty && line.starts_with(b"From ") {
                self.give();
                self.number += 1;
            } else {
                self.add(if begins_a_line { unquoted(&line) } else { &line });
            }
            is_after_empty = begins_a_line && line.trim_ascii().is_empty();
            begins_a_line = line.ends_with(b"\n");
        }
    }

    fn add(&mut self, line: &[u8]) {
        self.is_too_large |= self.mail.len() + line.len() > LONGEST;
        if !self.is_too_large {
            self.mail.extend_from_slice(line);
        }
    }

    /// Gives the mail that has come to its end, where there is one.
    fn give(&mut self) {
        if self.number > 0 {
            let place = format!("{}, mail {}", self.path.display(), self.number);
            (self.take)(&place, if self.is_too_large { Err(NoReport::TooLarge) } else { Ok(self.mail.as_slice()) });
        }
        self.mail.clear();
        self.is_too_large = false;
    }
}

/// A line as it was before `>` was put before its `From `.
fn unquoted(line: &[u8]) -> &[u8] {
    match line.strip_prefix(b">") {
        Some(inner) if is_from(inner) => inner,
        _ => line,
    }
}

/// `From ` with any number of `>` before it.
fn is_from(line: &[u8]) -> bool {
    let letters = line.iter().position(|byte| *byte != b'>').and_then(|at| line.get(at..));
    letters.is_some_and(|letters| letters.starts_with(b"From "))
}
