//! Many tasks, several at once; what comes out does not depend on how many.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::error::{Failure, Kind};

/// What the drawing of a document may need; a thread has less unless it asks.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Does every task and gives the results in the order of the tasks, or the failure of the first task that failed:
/// tasks are begun in their order, so that all before it are done. Each thread prepares its own `bench`.
pub fn all<T: Sync, B, R: Send>(
    jobs: NonZeroUsize,
    tasks: &[T],
    bench: impl Fn() -> Result<B, Failure> + Sync,
    work: impl Fn(&B, &T) -> Result<R, Failure> + Sync,
    mut done: impl FnMut(),
) -> Result<Vec<R>, Failure> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let take = || {
        let is_on = !stopped.load(Ordering::Relaxed);
        let place = is_on.then(|| next.fetch_add(1, Ordering::Relaxed))?;
        tasks.get(place).map(|task| (place, task))
    };
    let mut results: Vec<(usize, Result<R, Failure>)> = Vec::with_capacity(tasks.len());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.get().min(tasks.len()) {
            let (sender, take, bench, work, stopped) = (sender.clone(), &take, &bench, &work, &stopped);
            let worker = move || {
                let mut own: Option<B> = None;
                while let Some((place, task)) = take() {
                    let result = prepared(&mut own, bench).and_then(|bench| work(bench, task));
                    stopped.fetch_or(result.is_err(), Ordering::Relaxed);
                    if sender.send((place, result)).is_err() {
                        return;
                    }
                }
            };
            let started = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
            started.map_err(|error| {
                stopped.store(true, Ordering::Relaxed);
                Failure::new(Kind::InputOutput, "cannot start a thread").because(error).hint("ask for fewer --jobs")
            })?;
        }
        drop(sender);
        for result in receiver {
            results.push(result);
            done();
        }
        Ok::<_, Failure>(())
    })?;
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

fn prepared<'b, B>(own: &'b mut Option<B>, bench: &impl Fn() -> Result<B, Failure>) -> Result<&'b B, Failure> {
    match own {
        Some(bench) => Ok(bench),
        None => Ok(own.insert(bench()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_the_tasks_and_the_first_failure_counts() {
        let tasks: Vec<u32> = (0..200).collect();
        for jobs in [1, 4] {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            let mut steps = 0;
            let squares = all(jobs, &tasks, || Ok(2), |two, task| Ok(task * two), || steps += 1).unwrap();
            assert_eq!((squares.len(), squares[77], steps), (200, 154, 200));
            let refuse = |_: &(), task: &u32| {
                let failure = || Failure::new(Kind::SelfCheck, format!("task {task}"));
                if task % 50 == 30 { Err(failure()) } else { Ok(()) }
            };
            let failed = all(jobs, &tasks, || Ok(()), refuse, || ()).unwrap_err();
            assert_eq!(failed.message, "task 30");
        }
        let no_bench = || Err::<(), _>(Failure::new(Kind::SelfCheck, "no bench"));
        let failed = all(NonZeroUsize::MIN, &tasks, no_bench, |(), _| Ok(()), || ()).unwrap_err();
        assert_eq!(failed.message, "no bench");
    }
}
