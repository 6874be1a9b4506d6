//! Buckets of numbers, in memory up to a budget and beyond it in a file without a name: whatever ends the process, nothing
//! of it stays behind, and nobody else can open it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A scratch file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    #[error("the scratch file {0} cannot be written or read")]
    File(PathBuf, #[source] io::Error),
    #[error("one worker cannot take more than four thousand million rows")]
    TooManyRows,
    #[error("a row has a channel that nobody knows")]
    NoChannel,
}

/// A number, or several, of a fixed number of bytes.
pub trait Packed: Copy {
    fn write(self, to: &mut Vec<u8>);
    /// What the first of `bytes` say, and the rest.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])>;
}

impl Packed for u32 {
    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = bytes.split_first_chunk::<4>()?;
        Some((u32::from_le_bytes(*first), rest))
    }
}

impl Packed for u64 {
    fn write(self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*first), rest))
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn write(self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (one, rest) = A::read(bytes)?;
        let (other, rest) = B::read(rest)?;
        Some(((one, other), rest))
    }
}

/// Numbers in the order in which they came, by bucket.
pub struct Buckets<T> {
    held: Vec<Vec<T>>,
    /// Where in the file the numbers of each bucket lie, and how many bytes they are.
    filed: Vec<Vec<(u64, usize)>>,
    file: Option<File>,
    /// Of the file.
    length: u64,
    left: usize,
    budget: usize,
    folder: PathBuf,
    name: String,
}

impl<T: Packed> Buckets<T> {
    /// `expected`: how many numbers will come in all; `budget`: how many bytes of them are held in memory. A file begins
    /// in `folder`, with a name that begins with `name`.
    pub fn new(count: usize, expected: usize, folder: &Path, name: &str, budget: usize) -> Self {
        // To write less at once would take longer than it is worth.
        let budget = (budget / size_of::<T>()).max(count * 2);
        // Room for a little more than each will have, so that none is moved while it grows.
        let each = expected.min(budget) / count;
        let held = (0..count).map(|_| Vec::with_capacity(each + each / 8 + 16)).collect();
        let (folder, name) = (folder.to_owned(), name.to_owned());
        let filed = (0..count).map(|_| Vec::new()).collect();
        Self { held, filed, file: None, length: 0, left: budget, budget, folder, name }
    }

    #[inline]
    pub fn push_in(&mut self, bucket: usize, number: T) -> Result<(), ScratchError> {
        if self.left == 0 {
            self.file()?;
        }
        self.left -= 1;
        self.held[bucket].push(number);
        Ok(())
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.held.iter_mut().for_each(|held| *held = Vec::new());
        self.filed.iter_mut().for_each(Vec::clear);
        (self.file, self.length, self.left) = (None, 0, self.budget);
    }

    /// Puts what is held behind what is in the file.
    fn file(&mut self) -> Result<(), ScratchError> {
        let failed = |error| ScratchError::File(self.folder.join(&self.name), error);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(unnamed(&self.folder, &self.name).map_err(failed)?),
        };
        let mut bytes = Vec::new();
        for (held, filed) in self.held.iter_mut().zip(&mut self.filed).filter(|(held, _)| !held.is_empty()) {
            bytes.clear();
            held.drain(..).for_each(|number| number.write(&mut bytes));
            file.write_all_at(&bytes, self.length).map_err(failed)?;
            filed.push((self.length, bytes.len()));
            self.length += bytes.len() as u64;
        }
        self.left = self.budget;
        Ok(())
    }

    /// Adds a bucket to `all`.
    pub fn read(&self, bucket: usize, all: &mut Vec<T>) -> Result<(), ScratchError> {
        let failed = |error| ScratchError::File(self.folder.join(&self.name), error);
        let mut bytes = Vec::new();
        for (begin, length) in self.filed.get(bucket).into_iter().flatten() {
            bytes.resize(*length, 0);
            let file = self.file.as_ref().ok_or_else(|| failed(io::Error::from(io::ErrorKind::NotFound)))?;
            file.read_exact_at(&mut bytes, *begin).map_err(failed)?;
            let mut rest = &bytes[..];
            while let Some((number, after)) = T::read(rest) {
                all.push(number);
                rest = after;
            }
        }
        all.extend(self.held.get(bucket).into_iter().flatten());
        Ok(())
    }
}

/// A new file that nobody else can open: its name is gone as soon as it is there.
fn unnamed(folder: &Path, name: &str) -> io::Result<File> {
    for number in 0..NAMES_MAX {
        let path = folder.join(format!("{name}-{number}"));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return fs::remove_file(&path).map(|()| file),
            // What somebody else left there is not touched.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// So many names are tried.
const NAMES_MAX: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_lies_in_a_file_without_a_name() {
        let folder = std::env::temp_dir().join(format!("ritardo-buckets-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // What a killed process may have left.
        fs::write(folder.join("t-0"), [7; 64]).unwrap();
        let mut buckets: Buckets<(u64, u64)> = Buckets::new(3, 100, &folder, "t", 10 * 16);
        (0..100)
            .for_each(|number| buckets.push_in(usize::try_from(number % 3).unwrap(), (number, number * 7)).unwrap());
        assert!(buckets.length > 0, "some of it is in the file");
        for bucket in 0..3 {
            let mut all = Vec::new();
            buckets.read(bucket, &mut all).unwrap();
            let expected = (0..100).filter(|number| number % 3 == bucket as u64).map(|number| (number, number * 7));
            assert_eq!(all, expected.collect::<Vec<_>>());
        }
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["t-0"]);
        assert_eq!(fs::read(folder.join("t-0")).unwrap(), [7; 64]);
        buckets.clear();
        (0..20).for_each(|number| buckets.push_in(1, (number, 0)).unwrap());
        let mut all = Vec::new();
        buckets.read(1, &mut all).unwrap();
        let expected: Vec<(u64, u64)> = (0..20).map(|number| (number, 0)).collect();
        assert_eq!(all, expected, "buckets that were cleared are used again");
        fs::remove_dir_all(&folder).unwrap();
        let gone = Buckets::<u64>::new(1, 1, &folder, "t", 0);
        let mut gone = Buckets { left: 0, ..gone };
        assert!(gone.push_in(0, 1).is_err(), "the folder is missing");
    }
}
