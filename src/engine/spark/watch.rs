//! The client asks a server that went away for a quarter of an hour: so the work has a thread of its own, and this one
//! looks whether anybody is there.

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{ClusterError, Lap};
use crate::domain::cluster::ClusterUrl;

/// A server that is there takes a connection sooner.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a server that works.
const PULSE: Duration = Duration::from_secs(5);
/// So many looks in a row that find nobody are the end: half a minute, in which a server may be started anew.
const ABSENT_MAX: u32 = 6;

/// What the thread that works tells.
enum Said<T> {
    Lap(&'static str, Option<u64>),
    End(Result<T, ClusterError>),
}

/// Does some work on a cluster, as long as that is there.
///
/// # Errors
/// When the cluster cannot be reached or goes away, and those of the work.
pub(super) fn watched<T: Send + 'static>(
    remote: &ClusterUrl,
    lap: Lap,
    work: impl FnOnce(Lap) -> Result<T, ClusterError> + Send + 'static,
) -> Result<T, ClusterError> {
    reach(remote)?;
    let (tell, said) = channel();
    // It is left behind where the server is: it ends with the program.
    std::thread::spawn(move || {
        // Nobody listens any more where the server was given up.
        let mut lap = |name, rows| tell.send(Said::Lap(name, rows)).unwrap_or_default();
        let end = work(&mut lap);
        let _ = tell.send(Said::End(end));
    });
    listen(remote, &said, lap)
}

fn listen<T>(remote: &ClusterUrl, said: &Receiver<Said<T>>, lap: Lap) -> Result<T, ClusterError> {
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

fn reach(remote: &ClusterUrl) -> Result<(), ClusterError> {
    // Its parameters are of no use to who reads it.
    let unreachable = || ClusterError::Unreachable(format!("{}:{}", remote.host(), remote.port()));
    let mut addresses = (remote.host(), remote.port()).to_socket_addrs().map_err(|_| unreachable())?;
    let is_there = addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok());
    if is_there { Ok(()) } else { Err(unreachable()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_at_home_is_told_at_once() {
        let error = reach(&"sc://127.0.0.1:1/;user_id=a".parse().unwrap()).unwrap_err();
        assert_eq!(error, ClusterError::Unreachable("127.0.0.1:1".to_owned()));
    }

    #[test]
    fn what_the_work_says_is_passed_on_until_its_end() {
        let (tell, said) = channel();
        tell.send(Said::Lap("a stage", Some(3))).unwrap();
        tell.send(Said::<()>::End(Err(ClusterError::NoRows))).unwrap();
        let mut laps = Vec::new();
        let end = listen(&"sc://127.0.0.1:1".parse().unwrap(), &said, &mut |name, rows| laps.push((name, rows)));
        assert_eq!((end, laps), (Err(ClusterError::NoRows), vec![("a stage", Some(3))]));
        drop(tell);
        let end = listen(&"sc://127.0.0.1:1".parse().unwrap(), &said, &mut |_, _| {});
        assert_eq!(end, Err(ClusterError::Odd("its client broke down")));
    }
}
