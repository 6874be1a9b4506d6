//! The ids of the messages before the frontier: halves of their hashes, sorted, in files that are named by their SHA-256.
//!
//! A file is read from its beginning to its end and compared with what is sought on the way, so that memory is flat however
//! many there are.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::read::{sha256, sha256_of};

/// A file of halves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub sha256: String,
    pub count: u64,
}

/// So many halves at most are put together into one file, in memory.
const TOGETHER_MAX: usize = 1 << 22;

/// What stands for a channel in the halves of its ids.
pub fn salt(channel: &str) -> u64 {
    half_of(&sha256(channel.as_bytes())).unwrap_or_default()
}

/// What stands for a keyed id: equal ids of a channel have equal halves. `None` for what the archive does not write.
pub fn half(salt: u64, id: &str) -> Option<u64> {
    if id.len() == 32 { half_of(id).map(|half| half ^ salt) } else { None }
}

fn half_of(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits.get(..16)?, 16).ok()
}

/// The name of the file.
pub fn name(sha256: &str) -> String {
    format!("{sha256}.ids")
}

/// Whether the file has one of the wanted halves, which are sorted; `None` where it is not what was written.
pub fn has_any(folder: &Path, run: &Run, wanted: &[u64]) -> Option<bool> {
    let source = BufReader::new(File::open(folder.join(name(&run.sha256))).ok()?);
    let mut search = Search { source, wanted, half: 0, filled: 0, found: false };
    let sha256 = sha256_of(&mut search).ok()?;
    (sha256 == run.sha256).then_some(search.found)
}

/// A file that is compared while it is read.
struct Search<'w> {
    source: BufReader<File>,
    /// Those that are not less than what was read so far.
    wanted: &'w [u64],
    half: u64,
    /// So many bytes of the half were read.
    filled: u8,
    found: bool,
}

impl Read for Search<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        for byte in buffer.get(..length).unwrap_or_default() {
            self.half = self.half << 8 | u64::from(*byte);
            self.filled += 1;
            if self.filled == 8 {
                let half = std::mem::take(&mut self.half);
                self.filled = 0;
                let less = self.wanted.iter().take_while(|wanted| **wanted < half).count();
                self.wanted = self.wanted.get(less..).unwrap_or_default();
                self.found |= self.wanted.first() == Some(&half);
            }
        }
        Ok(length)
    }
}

/// The files with more halves, and what is to be written for it, by its name. Small files are put together, so that there
/// are few of them.
pub fn with(folder: &Path, runs: &[Run], more: Vec<u64>) -> (Vec<Run>, Option<(String, Vec<u8>)>) {
    let (mut runs, mut halves) = (runs.to_vec(), more);
    if halves.is_empty() {
        return (runs, None);
    }
    while let Some(last) = runs.last() {
        let count = usize::try_from(last.count).unwrap_or(usize::MAX);
        let is_small = count <= halves.len().saturating_mul(2) && count.saturating_add(halves.len()) <= TOGETHER_MAX;
        let Some(read) = Some(last).filter(|_| is_small).and_then(|last| whole(folder, last)) else { break };
        halves.extend(read);
        runs.pop();
    }
    halves.sort_unstable();
    halves.dedup();
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_be_bytes()).collect();
    let run = Run { sha256: sha256(&bytes), count: halves.len() as u64 };
    let written = (name(&run.sha256), bytes);
    runs.push(run);
    (runs, Some(written))
}

fn whole(folder: &Path, run: &Run) -> Option<Vec<u64>> {
    let bytes = std::fs::read(folder.join(name(&run.sha256))).ok()?;
    let halves = bytes.as_chunks::<8>().0.iter().map(|half| u64::from_be_bytes(*half)).collect();
    (sha256(&bytes) == run.sha256).then_some(halves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_found_in_files_that_are_what_they_were() {
        let folder = std::env::temp_dir().join(format!("ritardo-ids-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut runs = Vec::new();
        for part in 0..20_u64 {
            let more = (0..100).map(|number| (number * 20 + part) * 3).collect();
            let (with_more, file) = with(&folder, &runs, more);
            runs = with_more;
            if let Some((name, bytes)) = file {
                std::fs::write(folder.join(name), bytes).unwrap();
            }
        }
        assert!(runs.len() < 8, "{}", runs.len());
        assert_eq!(runs.iter().map(|run| run.count).sum::<u64>(), 2000);
        let any = |wanted: &[u64]| runs.iter().any(|run| has_any(&folder, run, wanted).unwrap());
        for number in 0..2000 {
            assert!(any(&[number * 3]) && any(&[number * 3, u64::MAX]), "{number}");
            assert!(!any(&[number * 3 + 1, number * 3 + 2]), "{number}");
        }
        let first = folder.join(name(&runs[0].sha256));
        let mut bytes = std::fs::read(&first).unwrap();
        bytes[5] ^= 1;
        std::fs::write(&first, bytes).unwrap();
        assert_eq!(has_any(&folder, &runs[0], &[1]), None);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_id_is_told_from_that_of_another_channel() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_ne!(half(salt("a"), id), half(salt("b"), id));
        assert_eq!(half(salt("a"), id), half(salt("a"), id));
        assert_eq!(half(0, "0123456789abcdef"), None);
    }
}
