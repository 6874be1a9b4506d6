//! Buckets of numbers, in memory up to a budget and beyond it in files. A file is removed with its bucket.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
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
    /// How many of each bucket are in its file.
    filed: Vec<usize>,
    left: usize,
    budget: usize,
    folder: PathBuf,
    name: String,
}

impl<T: Packed> Buckets<T> {
    /// `expected`: how many numbers will come in all; `budget`: how many bytes of them are held in memory.
    pub fn new(count: usize, expected: usize, folder: &Path, name: &str, budget: usize) -> Self {
        let budget = budget / size_of::<T>();
        // Room for a little more than each will have, so that none is moved while it grows.
        let each = expected.min(budget) / count;
        let held = (0..count).map(|_| Vec::with_capacity(each + each / 8 + 16)).collect();
        let (folder, name) = (folder.to_owned(), name.to_owned());
        Self { held, filed: vec![0; count], left: budget, budget, folder, name }
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
        self.remove();
        self.held.iter_mut().for_each(|held| *held = Vec::new());
        self.filed.fill(0);
        self.left = self.budget;
    }

    /// Puts what is held behind what is in the files.
    fn file(&mut self) -> Result<(), ScratchError> {
        let mut bytes = Vec::new();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| ScratchError::File(self.folder.clone(), error))?;
        for bucket in 0..self.held.len() {
            if self.held[bucket].is_empty() {
                continue;
            }
            bytes.clear();
            self.held[bucket].iter().for_each(|number| number.write(&mut bytes));
            let path = self.path(bucket);
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
            let written = file.and_then(|mut file| file.write_all(&bytes));
            written.map_err(|error| ScratchError::File(path, error))?;
            self.filed[bucket] += self.held[bucket].len();
            self.held[bucket].clear();
        }
        self.left = self.budget.max(1);
        Ok(())
    }

    /// Adds a bucket to `all`.
    pub fn read(&self, bucket: usize, all: &mut Vec<T>) -> Result<(), ScratchError> {
        if self.filed.get(bucket).is_some_and(|filed| *filed > 0) {
            let path = self.path(bucket);
            let mut bytes = Vec::new();
            let read = File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes));
            read.map_err(|error| ScratchError::File(path, error))?;
            let mut rest = &bytes[..];
            while let Some((number, after)) = T::read(rest) {
                all.push(number);
                rest = after;
            }
        }
        all.extend(self.held.get(bucket).into_iter().flatten());
        Ok(())
    }

    fn path(&self, bucket: usize) -> PathBuf {
        self.folder.join(format!("{}-{bucket:04}", self.name))
    }
}

impl<T> Buckets<T> {
    fn remove(&self) {
        for bucket in (0..self.filed.len()).filter(|bucket| self.filed[*bucket] > 0) {
            // The folder goes as a whole; what stays behind here is removed with it.
            let _ = fs::remove_file(self.folder.join(format!("{}-{bucket:04}", self.name)));
        }
    }
}

impl<T> Drop for Buckets<T> {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_lies_in_files_in_its_order() {
        let folder = std::env::temp_dir().join(format!("ritardo-buckets-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut buckets: Buckets<(u64, u64)> = Buckets::new(3, 100, &folder, "t", 10 * 16);
        (0..100)
            .for_each(|number| buckets.push_in(usize::try_from(number % 3).unwrap(), (number, number * 7)).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        for bucket in 0..3 {
            let mut all = Vec::new();
            buckets.read(bucket, &mut all).unwrap();
            let expected = (0..100).filter(|number| number % 3 == bucket as u64).map(|number| (number, number * 7));
            assert_eq!(all, expected.collect::<Vec<_>>());
        }
        buckets.clear();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        (0..20).for_each(|number| buckets.push_in(1, (number, 0)).unwrap());
        let mut all = Vec::new();
        buckets.read(1, &mut all).unwrap();
        assert_eq!(
            all,
            (0..20).map(|number| (number, 0)).collect::<Vec<_>>(),
            "a bucket that was cleared is used again"
        );
        drop(buckets);
        fs::remove_dir(&folder).unwrap();
    }
}
