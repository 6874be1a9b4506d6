//! A log of any form that can be projected to numbers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Batch, Names, Projection, TextLog, Unusual};
use crate::domain::Instant;
use crate::domain::settings::LogFormat;

/// A log that one worker reads, chunk by chunk.
pub enum Log {
    /// A chunk is a row group.
    Parquet(Box<Projection>),
    Text(Box<TextLog>),
}

/// The weight of a chunk beside the others, and about how many rows it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub bytes: usize,
    pub rows: usize,
}

/// A row of a text log has about so many bytes at least.
const ROW: usize = 96;

impl Log {
    /// Opens a log by what it begins with; messages after `latest` would be rejected.
    ///
    /// # Errors
    /// When it is of no form that can be projected.
    pub fn open(path: &Path, latest: Instant) -> Result<Self, Unusual> {
        let mut magic = [0; 4];
        // A pipe is not even opened: the long way is to find it as it was.
        let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let is_read = is_file && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok();
        match is_read && magic == *b"PAR1" {
            true => Projection::open(path, latest).map(Box::new).map(Self::Parquet),
            false => TextLog::open(path, latest).map(Box::new).map(Self::Text),
        }
    }

    /// The form of the log.
    pub const fn format(&self) -> LogFormat {
        match self {
            Self::Parquet(_) => LogFormat::Parquet,
            Self::Text(log) => log.format(),
        }
    }

    /// The chunks, in the order of the rows.
    pub fn chunks(&self) -> Vec<Chunk> {
        match self {
            Self::Parquet(log) => log.groups.iter().map(|rows| Chunk { bytes: rows * ROW / 4, rows: *rows }).collect(),
            Self::Text(log) => log.chunks().iter().map(|bytes| Chunk { bytes: *bytes, rows: bytes / ROW }).collect(),
        }
    }

    /// A log with more rows is refused by the long way.
    pub fn rows_max(&self) -> u64 {
        match self {
            Self::Parquet(log) => log.rows_max(),
            Self::Text(log) => log.rows_max(),
        }
    }

    /// The businesses and channels that were met so far.
    pub const fn names(&self) -> &Names {
        match self {
            Self::Parquet(log) => log.names(),
            Self::Text(log) => log.names(),
        }
    }

    /// Reads a chunk into a batch, which is emptied.
    ///
    /// # Errors
    /// When a row of it is not usual.
    pub fn batch(&mut self, chunk: usize, batch: &mut Batch) -> Result<(), Unusual> {
        match self {
            Self::Parquet(log) => log.batch(chunk, batch),
            Self::Text(log) => log.batch(chunk, batch),
        }
    }

    /// Gives the message ids of some rows of a chunk, in rising order, to `take`.
    ///
    /// # Errors
    /// When the chunk has no such row.
    pub fn ids_of(&mut self, chunk: usize, wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
        match self {
            Self::Parquet(log) => log.ids_of(chunk, wanted, take),
            Self::Text(log) => log.ids_of(chunk, wanted, take),
        }
    }
}
