//! What the quick ways of `rate` and `audit` share: how their workers go on, and why they end early.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::kernel::{Conversation, Gathered, ids};
use crate::engine::scratch::ScratchError;
use crate::error::{Failure, Kind};
use crate::read::project::Unusual;

/// More workers than this would only wait for memory.
const WORKERS_MAX: usize = 64;

/// Why the quick way ended early.
pub enum Stop {
    /// The long way is to judge.
    Unusual,
    Failed(Failure),
}

impl From<Unusual> for Stop {
    fn from(Unusual: Unusual) -> Self {
        Self::Unusual
    }
}

impl From<ScratchError> for Stop {
    fn from(error: ScratchError) -> Self {
        match error {
            ScratchError::File(..) => {
                Self::Failed(Failure::new(Kind::InputOutput, "the scratch files cannot be used").because(error))
            }
            ScratchError::TooManyRows | ScratchError::NoChannel => Self::Unusual,
        }
    }
}

/// How many workers go over the messages.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(WORKERS_MAX)
}

/// Runs `work` for each share on a thread of its own.
pub fn in_parallel<S: Sync, T: Send, E: Send>(
    shares: &[S],
    work: impl Fn(usize, &S) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> =
            shares.iter().enumerate().map(|(worker, share)| scope.spawn(move || work(worker, share))).collect();
        let done = handles.into_iter().map(|handle| handle.join());
        // A panic of a worker is one of the program.
        done.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Runs `work` for all numbers below `count`, and gives the results in their order.
pub fn numbered<S, T: Send>(
    count: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<T, Stop> + Sync,
) -> Result<Vec<T>, Stop> {
    let next = AtomicUsize::new(0);
    let all = in_parallel(&vec![(); workers()], |_, ()| {
        let (mut state, mut done) = (begin(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok::<_, Stop>(done);
            }
            done.push((number, work(&mut state, number)?));
        }
    })?;
    let mut all: Vec<(usize, T)> = all.into_iter().flatten().collect();
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// Hashes of ids that may stand among the messages more than once, sorted.
pub fn twice<K: Conversation + Sync>(gathered: &[Gathered<K>]) -> Result<Vec<u64>, Stop> {
    let found = numbered(ids::PARTS, ids::Table::default, |table, part| Ok(table.twice(gathered, part)?))?;
    let mut all: Vec<u64> = found.into_iter().flatten().collect();
    all.sort_unstable();
    Ok(all)
}
