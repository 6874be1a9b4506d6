//! Many tasks on all processors. The results are taken in the order of the tasks, and only so many wait for their turn
//! that memory stays flat: nothing tells how many processors there were.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Failure, Kind};

/// What the drawing of a document may need; a thread has less unless it asks.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

/// So many tasks for each thread may be begun before the first of them is taken.
const AHEAD: usize = 4;

/// Does every task, several at once, and hands each result to `take` on this thread, in the order of the tasks. The
/// failure is that of the first task that failed; all before it are taken, none after it.
pub fn in_order<T: Sync, R: Send>(
    tasks: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
    take: impl FnMut(&T, R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    on(processors.min(tasks.len()), tasks, work, take)
}

/// The same with so many tasks at once at most.
pub fn in_order_by<T: Sync, R: Send>(
    at_once: usize,
    tasks: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
    take: impl FnMut(&T, R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    on(at_once.min(tasks.len()), tasks, work, take)
}

/// Does every task, several at once; the results are in the order of the tasks.
pub fn all<T: Sync, R: Send>(tasks: &[T], work: impl Fn(&T) -> Result<R, Failure> + Sync) -> Result<Vec<R>, Failure> {
    let mut results = Vec::with_capacity(tasks.len());
    in_order(tasks, work, |_, result| {
        results.push(result);
        Ok(())
    })?;
    Ok(results)
}

fn on<T: Sync, R: Send>(
    workers: usize,
    tasks: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
    mut take: impl FnMut(&T, R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if workers < 2 {
        return tasks.iter().try_for_each(|task| take(task, work(task)?));
    }
    let (give, given) = channel();
    let (sender, results) = channel();
    let (given, stopped) = (&Mutex::new(given), &AtomicBool::new(false));
    let work = &work;
    thread::scope(move |scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let worker = move || serve(tasks, given, &sender, stopped, work);
            let started = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, worker);
            started.map_err(|error| Failure::new(Kind::InputOutput, "cannot start a thread").because(error))?;
        }
        // Only the workers have it now: when all of them are gone, nobody waits for them.
        drop(sender);
        let taken = taken(tasks, workers.saturating_mul(AHEAD), &give, &results, &mut take);
        stopped.store(taken.is_err(), Ordering::Relaxed);
        taken
    })
}

/// The place of a task with its result; without one where the work on it broke down.
type Told<R> = (usize, Option<Result<R, Failure>>);

/// Gives tasks to the workers, never more than `ahead` of the one that is taken, and takes what they did.
fn taken<T, R>(
    tasks: &[T],
    ahead: usize,
    give: &Sender<usize>,
    results: &Receiver<Told<R>>,
    take: &mut impl FnMut(&T, R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let begin = |place: usize| {
        if place < tasks.len() {
            // That a worker is there to receive it shows when its result comes, or does not.
            let _ = give.send(place);
        }
    };
    (0..ahead).for_each(begin);
    let mut ready: BTreeMap<usize, Result<R, Failure>> = BTreeMap::new();
    for (place, task) in tasks.iter().enumerate() {
        let result = loop {
            if let Some(result) = ready.remove(&place) {
                break result?;
            }
            match results.recv() {
                Ok((done, Some(result))) => drop(ready.insert(done, result)),
                // The panic of the worker goes on as soon as all of them have ended.
                _ => return Err(Failure::new(Kind::SelfCheck, "a thread broke down")),
            }
        };
        begin(place + ahead);
        take(task, result)?;
    }
    Ok(())
}

/// Works on tasks until there are no more.
fn serve<T, R>(
    tasks: &[T],
    given: &Mutex<Receiver<usize>>,
    sender: &Sender<Told<R>>,
    stopped: &AtomicBool,
    work: &impl Fn(&T) -> Result<R, Failure>,
) {
    while let Some(place) = next(given) {
        let Some(task) = tasks.get(place).filter(|_| !stopped.load(Ordering::Relaxed)) else { return };
        let mut unwinding = Unwinding { place, sender, is_over: false };
        let result = work(task);
        unwinding.is_over = true;
        if sender.send((place, Some(result))).is_err() {
            return;
        }
    }
}

fn next(given: &Mutex<Receiver<usize>>) -> Option<usize> {
    given.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Tells of a task whose work broke down, so that nobody waits for it.
struct Unwinding<'s, R> {
    place: usize,
    sender: &'s Sender<Told<R>>,
    is_over: bool,
}

impl<R> Drop for Unwinding<'_, R> {
    fn drop(&mut self) {
        if !self.is_over {
            // Where nobody listens any more, nobody waits either.
            let _ = self.sender.send((self.place, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn refused(task: u32) -> Failure {
        Failure::new(Kind::SelfCheck, format!("task {task}"))
    }

    #[test]
    fn results_are_taken_in_the_order_of_the_tasks() {
        let tasks: Vec<u32> = (0..500).collect();
        for workers in [1, 2, 5] {
            let mut taken = Vec::new();
            // Later tasks are the quicker ones.
            let work = |task: &u32| {
                let steps = (0..u64::from(500 - task) * 200).fold(0_u64, |sum, step| sum ^ step);
                Ok((task * 2, steps))
            };
            on(workers, &tasks, work, |task, (double, _)| {
                taken.push((*task, double));
                Ok(())
            })
            .unwrap();
            assert!(taken.into_iter().eq((0..500).map(|task| (task, task * 2))), "{workers}");
        }
        assert_eq!(all(&tasks, |task| Ok(task + 1)).unwrap().last(), Some(&500));
        assert_eq!(all(&[], |task: &u32| Ok(*task)).unwrap(), Vec::<u32>::new());
    }

    #[test]
    fn the_first_failure_counts_and_what_came_before_it_is_taken() {
        let tasks: Vec<u32> = (0..300).collect();
        for workers in [1, 4] {
            let mut taken = Vec::new();
            let work = |task: &u32| if task % 50 == 30 { Err(refused(*task)) } else { Ok(*task) };
            let failed = on(workers, &tasks, work, |_, task| {
                taken.push(task);
                Ok(())
            });
            assert_eq!(failed.unwrap_err().message, "task 30");
            assert!(taken.into_iter().eq(0..30));
            let failed =
                on(workers, &tasks, |task| Ok(*task), |_, task| if task == 7 { Err(refused(task)) } else { Ok(()) });
            assert_eq!(failed.unwrap_err().message, "task 7");
        }
    }

    #[test]
    fn no_more_results_wait_than_the_window_has_room_for() {
        let tasks: Vec<usize> = (0..400).collect();
        let (begun, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |task: &usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            Ok(*task)
        };
        on(3, &tasks, work, |_, task| {
            most.fetch_max(begun.load(Ordering::SeqCst).saturating_sub(task), Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert_eq!(begun.into_inner(), 400);
        // The one that is taken has made room for one more.
        assert!(most.into_inner() <= 3 * AHEAD + 1);
    }

    #[test]
    fn a_panic_of_a_worker_is_one_of_the_program() {
        let tasks: Vec<u32> = (0..100).collect();
        let broken = std::panic::catch_unwind(|| {
            on(3, &tasks, |task| if *task == 40 { panic!("a test") } else { Ok(*task) }, |_, _| Ok(()))
        });
        assert!(broken.is_err());
    }
}
