//! The client asks a server that went away for a quarter of an hour: so the work has a thread of its own, and this one
//! looks whether anybody is there.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{ClusterError, Progress, Rated, Task, Wanted, address, job};
use crate::domain::Instant;
use crate::rate::Tariff;

/// A server that is there takes a connection sooner.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a server that works.
const PULSE: Duration = Duration::from_secs(5);
/// So many looks in a row that find nobody are the end: half a minute, in which a server may be started anew.
const ABSENT_MAX: u32 = 6;

/// What the thread that works tells.
enum Said {
    Lap(&'static str, Option<u64>),
    End(Result<Rated, ClusterError>),
}

/// A task that outlives who asked for it.
struct Owned {
    remote: String,
    logs: Vec<String>,
    folder: String,
    tariff: Tariff,
    as_of: Instant,
    complete_through: Instant,
    wanted: Wanted,
}

/// Pairs and rates on the cluster. `lap` is told of each stage that is over, with its rows.
///
/// # Errors
/// When the cluster cannot be reached or fails, and for what it cannot judge. The folder of the task is then not to be
/// used.
pub fn rated(
    task: &Task,
    progress: Progress,
    lap: &mut dyn FnMut(&'static str, Option<u64>),
) -> Result<Rated, ClusterError> {
    reach(task.remote)?;
    let (tell, said) = channel();
    let owned = Owned::of(task);
    // It is left behind where the server is: it ends with the program.
    std::thread::spawn(move || {
        // Nobody listens any more where the server was given up.
        let mut lap = |name, rows| tell.send(Said::Lap(name, rows)).unwrap_or_default();
        let end = job::rated(&owned.task(), progress, &mut lap);
        let _ = tell.send(Said::End(end));
    });
    listen(task.remote, &said, lap)
}

fn listen(
    remote: &str,
    said: &Receiver<Said>,
    lap: &mut dyn FnMut(&'static str, Option<u64>),
) -> Result<Rated, ClusterError> {
    let mut absent = 0;
    loop {
        match said.recv_timeout(PULSE) {
            Ok(Said::Lap(name, rows)) => lap(name, rows),
            Ok(Said::End(end)) => return end,
            Err(RecvTimeoutError::Disconnected) => return Err(ClusterError::Odd("its client broke down")),
            Err(RecvTimeoutError::Timeout) if reach(remote).is_ok() => absent = 0,
            Err(RecvTimeoutError::Timeout) => absent += 1,
        }
        if absent >= ABSENT_MAX {
            return Err(ClusterError::Gone("it was at work"));
        }
    }
}

fn reach(remote: &str) -> Result<(), ClusterError> {
    let unreachable = || ClusterError::Unreachable(remote.split([';', '?']).next().unwrap_or_default().to_owned());
    let mut addresses = address(remote).and_then(|address| address.to_socket_addrs().ok()).ok_or_else(unreachable)?;
    let is_there = addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok());
    if is_there { Ok(()) } else { Err(unreachable()) }
}

impl Owned {
    fn of(task: &Task) -> Self {
        Self {
            remote: task.remote.to_owned(),
            logs: task.logs.to_vec(),
            folder: task.folder.to_owned(),
            tariff: task.tariff.clone(),
            as_of: task.as_of,
            complete_through: task.complete_through,
            wanted: task.wanted,
        }
    }

    fn task(&self) -> Task<'_> {
        Task {
            remote: &self.remote,
            logs: &self.logs,
            folder: &self.folder,
            tariff: &self.tariff,
            as_of: self.as_of,
            complete_through: self.complete_through,
            wanted: self.wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_at_home_is_told_at_once() {
        let error = reach("sc://127.0.0.1:1/;token=secret").unwrap_err();
        assert_eq!(error, ClusterError::Unreachable("sc://127.0.0.1:1/".to_owned()));
    }

    #[test]
    fn what_the_work_says_is_passed_on_until_its_end() {
        let (tell, said) = channel();
        tell.send(Said::Lap("a stage", Some(3))).unwrap();
        tell.send(Said::End(Err(ClusterError::NoRows))).unwrap();
        let mut laps = Vec::new();
        let end = listen("sc://127.0.0.1:1", &said, &mut |name, rows| laps.push((name, rows)));
        assert_eq!((end, laps), (Err(ClusterError::NoRows), vec![("a stage", Some(3))]));
        drop(tell);
        let end = listen("sc://127.0.0.1:1", &said, &mut |_, _| {});
        assert_eq!(end, Err(ClusterError::Odd("its client broke down")));
    }
}
