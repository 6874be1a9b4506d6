//! The logs of the quick way, cut into row groups: which worker reads which, and how they go over them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::quick::Task;
use crate::commands::columns::{Stop, workers};
use crate::domain::settings::LogFormat;
use crate::engine::kernel;
use crate::read::project::{Batch, Chunk, Log, Unusual};

/// A chunk of a file.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub file: usize,
    chunk: usize,
    bytes: usize,
    /// Once it was read, exactly.
    pub rows: usize,
}

/// What the logs are.
pub(super) struct Cut {
    /// A run of chunks for each worker.
    pub shares: Vec<Vec<Share>>,
    /// By file.
    pub formats: Vec<LogFormat>,
    /// By file: with more rows it would be refused.
    rows_max: Vec<u64>,
}

impl Cut {
    /// # Errors
    /// When one of them cannot be projected.
    pub fn of(task: &Task) -> Result<Self, Unusual> {
        let (mut all, mut formats, mut rows_max) = (Vec::new(), Vec::new(), Vec::new());
        for (file, path) in task.paths.iter().enumerate() {
            let log = Log::open(path, task.as_of)?;
            let of = |(chunk, of): (usize, Chunk)| Share { file, chunk, bytes: of.bytes, rows: of.rows };
            all.extend(log.chunks().into_iter().enumerate().map(of));
            formats.push(log.format());
            rows_max.push(log.rows_max());
        }
        let workers = workers();
        let bytes: usize = all.iter().map(|share| share.bytes).sum();
        let mut shares = vec![Vec::new(); workers];
        let mut before = 0;
        for share in all {
            shares[(before * workers / bytes.max(1)).min(workers - 1)].push(share);
            before += share.bytes;
        }
        Ok(Self { shares, formats, rows_max })
    }

    /// Takes over how many rows the chunks of each worker have, and gives those of each file.
    ///
    /// # Errors
    /// When a file has more than it may.
    pub fn count(&mut self, rows: Vec<Vec<usize>>) -> Result<Vec<u64>, Unusual> {
        let mut files = vec![0; self.formats.len()];
        for (shares, rows) in self.shares.iter_mut().zip(rows) {
            for (share, rows) in shares.iter_mut().zip(rows) {
                share.rows = rows;
                files[share.file] += rows as u64;
            }
        }
        if files.iter().zip(&self.rows_max).any(|(rows, most)| rows > most) { Err(Unusual) } else { Ok(files) }
    }
}

/// Channels by the place that all workers know them under.
#[derive(Default)]
pub(super) struct Channels(Mutex<BTreeMap<(String, String), u32>>);

impl Channels {
    /// The places of the channels that a worker has met; `known` are those that it knew.
    fn places(&self, met: &[(String, String)], known: &mut Vec<u32>) -> Result<(), Unusual> {
        if met.len() == known.len() {
            return Ok(());
        }
        let mut all = self.0.lock().map_err(|_| Unusual)?;
        for channel in &met[known.len()..] {
            let next = u32::try_from(all.len()).map_err(|_| Unusual)?;
            known.push(*all.entry(channel.clone()).or_insert(next));
        }
        if all.len() > usize::try_from(kernel::CHANNELS_MAX).map_err(|_| Unusual)? { Err(Unusual) } else { Ok(()) }
    }

    /// Business and channel of each place.
    pub fn named(&self) -> Vec<(String, String)> {
        let known = self.0.lock().map(|known| known.clone()).unwrap_or_default();
        let mut named: Vec<_> = known.into_iter().collect();
        named.sort_by_key(|(_, place)| *place);
        named.into_iter().map(|(channel, _)| channel).collect()
    }
}

/// A chunk, read.
pub(super) struct Open<'o> {
    log: &'o mut Log,
    pub batch: &'o Batch,
    chunk: usize,
    /// By the channels of the batch: the place that all workers know.
    places: &'o [u32],
}

impl Open<'_> {
    /// The place that all workers know each channel of the batch under.
    pub const fn places(&self) -> &[u32] {
        self.places
    }

    /// The place that all workers know a row's channel under.
    pub fn channel(&self, row: usize) -> Result<u32, Unusual> {
        let channel = usize::try_from(*self.batch.channels.get(row).ok_or(Unusual)?).map_err(|_| Unusual)?;
        self.places.get(channel).copied().ok_or(Unusual)
    }

    /// Gives the message ids of some rows, in rising order, to `take`.
    pub fn ids_of(&mut self, wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
        self.log.ids_of(self.chunk, wanted, take)
    }
}

/// Reads the chunks of one worker, one after the other.
pub(super) fn walk(
    task: &Task,
    shares: &[Share],
    channels: &Channels,
    mut each: impl FnMut(&mut Open) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (mut open, mut places): (Option<(usize, Log)>, Vec<u32>) = (None, Vec::new());
    let mut batch = Batch::default();
    for share in shares {
        if open.as_ref().is_none_or(|(file, _)| *file != share.file) {
            open = Some((share.file, Log::open(&task.paths[share.file], task.as_of)?));
            places.clear();
        }
        let Some((_, log)) = &mut open else { return Err(Stop::Unusual) };
        log.batch(share.chunk, &mut batch)?;
        channels.places(&log.names().channels, &mut places)?;
        each(&mut Open { log, batch: &batch, chunk: share.chunk, places: &places })?;
    }
    Ok(())
}

/// Gives the message ids of the rows `wanted` of one worker, in rising order, to `take`; nothing else is read.
pub(super) fn ids_of(task: &Task, shares: &[Share], wanted: &[u32], take: &mut dyn FnMut(&str)) -> Result<(), Unusual> {
    let (mut open, mut begin, mut rest): (Option<(usize, Log)>, u64, _) = (None, 0, wanted);
    for share in shares {
        let end = begin + share.rows as u64;
        let (here, after) = rest.split_at(rest.partition_point(|row| u64::from(*row) < end));
        if !here.is_empty() {
            if open.as_ref().is_none_or(|(file, _)| *file != share.file) {
                open = Some((share.file, Log::open(&task.paths[share.file], task.as_of)?));
            }
            let Some((_, log)) = &mut open else { return Err(Unusual) };
            let here: Vec<u32> =
                here.iter().filter_map(|row| u32::try_from(u64::from(*row).checked_sub(begin)?).ok()).collect();
            log.ids_of(share.chunk, &here, take)?;
        }
        (begin, rest) = (end, after);
    }
    if rest.is_empty() { Ok(()) } else { Err(Unusual) }
}
