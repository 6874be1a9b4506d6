//! Work on all processors, whose results do not tell how many there are.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

/// Fewer rows than this for each thread are not worth its start.
const ROWS_PER_WORKER: usize = 16_384;

/// How many threads are worth it for so many rows; at least one.
pub(super) fn workers(rows: usize) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    processors.min(rows / ROWS_PER_WORKER).max(1)
}

/// Does two pieces of work, side by side where there are workers for both.
pub(super) fn both<A: Send, B>(workers: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if workers < 2 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let handle = scope.spawn(one);
        let other = other();
        (joined(handle), other)
    })
}

/// Runs `work` for every number below `count`, each once. A worker gathers in a state that begins with `begin` and
/// that `end` closes; which worker has which numbers is chance, so what is made of all states must not depend on it.
pub(super) fn gathered<S, T: Send>(
    workers: usize,
    count: usize,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) + Sync,
    end: impl Fn(S) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = begin();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return end(state);
            }
            work(&mut state, number);
        }
    };
    if workers < 2 {
        return vec![run()];
    }
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(run)).collect();
        handles.into_iter().map(joined).collect()
    })
}

/// The share of `all` that has the number `number` of `count` shares.
pub(super) fn share(all: usize, number: usize, count: usize) -> std::ops::Range<usize> {
    let cut = |number: usize| all / count * number + all % count * number / count;
    cut(number)..cut(number + 1)
}

fn joined<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    // A panic of a worker is one of the program.
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_worked_on_once() {
        for workers in [1, 2, 5] {
            let parts =
                gathered(workers, 1000, Vec::new, |done: &mut Vec<usize>, number| done.push(number), |done| done);
            assert_eq!(parts.len(), workers);
            let mut all: Vec<usize> = parts.into_iter().flatten().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..1000));
            assert_eq!(both(workers, || 1, || 2), (1, 2));
        }
    }

    #[test]
    fn shares_are_all_and_do_not_overlap() {
        for (all, count) in [(0, 3), (2, 5), (10, 3), (1001, 64)] {
            let shares: Vec<usize> = (0..count).flat_map(|number| share(all, number, count)).collect();
            assert!(shares.into_iter().eq(0..all), "{all} in {count}");
        }
    }
}
