//! Pairing and rating on a cluster: `rated.sql` over Spark Connect. The logs stay where the cluster reads them, the
//! tariff goes along as a small table, and what comes back is counts and digests; the charges lie in a new folder.
//!
//! What a cluster cannot judge to the same cent is refused here, by name, before any work. Only `job` talks to a server,
//! and `watch` looks whether it is there: these are built with the feature `spark` alone.

#[cfg(feature = "spark")]
mod job;
#[cfg(any(feature = "spark", test))]
mod statement;
#[cfg(any(feature = "spark", test))]
mod tables;
#[cfg(feature = "spark")]
mod watch;

use std::collections::BTreeMap;

use crate::domain::invoice::Counts;
use crate::domain::reading::RunClock;
use crate::domain::{Decimal, Instant, Month};
use crate::rate::Tariff;

#[cfg(feature = "spark")]
pub use watch::rated;

/// The port of Spark Connect where a URL names none.
const PORT: u16 = 15_002;

/// What a cluster is to do.
#[derive(Clone, Copy, Debug)]
pub struct Task<'t> {
    /// `sc://host:port`, with the parameters of Spark Connect.
    pub remote: &'t str,
    /// Paths and URLs of logs in Parquet, as the workers read them.
    pub logs: &'t [String],
    /// The folder to make, as the workers write it. It must not be there.
    pub folder: &'t str,
    pub tariff: &'t Tariff,
    /// Messages after it are refused.
    pub as_of: Instant,
    /// The logs are complete up to here.
    pub complete_through: Instant,
    pub wanted: Wanted,
}

/// Which waits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    Charges,
}

/// How far a stage of the cluster is: tasks that are done, of how many.
pub type Progress = Box<dyn Fn(u64, u64) + Send + Sync>;

/// What the cluster has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rated {
    /// Rows of the logs, copies included.
    pub rows: u64,
    /// By business, then month: read back from what was written.
    pub parts: BTreeMap<(String, Month), Part>,
}

/// What was written of a business and month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub verdicts: Counts,
    pub charges: u64,
    pub free_units: u64,
    /// Exact sum of the charges.
    pub total: Decimal,
    /// Four sums, each of sixty bits of the SHA-256 of each row: the order of the rows has no say.
    pub digest: [u128; 4],
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    #[error("nobody answers at {0}")]
    Unreachable(String),
    /// While the cluster did this; what it said.
    #[error("the cluster failed while {doing}: {said}")]
    Failed { doing: &'static str, said: String },
    /// It was there, and went away.
    #[error("the cluster went away while {0}")]
    Gone(&'static str),
    #[error("the logs hold no message")]
    NoRows,
    #[error("the log has no column {column}")]
    NoColumn { log: String, column: &'static str },
    #[error("the stamps of the log are no instants")]
    NoInstants { log: String },
    #[error("{0} rows of the logs cannot be read: an id, a party, a direction, a time, a status or an entry point")]
    Unsound(u64),
    #[error("{0} rows of the logs lie before 2009 or after the instant of judgement")]
    OutOfTime(u64),
    #[error("{0} rows of the logs have a local time that the clocks showed twice")]
    Ambiguous(u64),
    #[error("{0} conversations are named like customers who write in others, where answers may stand apart")]
    Mistakable(u64),
    #[error("the tariff has no rate for market {market} (message {message_id} of {business})")]
    NoRate { business: String, message_id: String, market: String },
    #[error("the answer of the cluster is not understood: {0}")]
    Odd(&'static str),
}

/// What of a tariff a cluster cannot do, as the tariff writes it; `None`: nothing.
///
/// A run that is given up by the clock of its first question has no end that can be seen without going through all questions
/// one after the other. A minimum and a cap are of the rounded lines of a month, which a closing makes.
pub fn refused(tariff: &Tariff) -> Option<&'static str> {
    if tariff.reading.clock == RunClock::FirstUnanswered && tariff.reading.give_up.is_some() {
        return Some("give_up beside clock = \"first_unanswered\"");
    }
    let minimum = tariff.minimum.map(|_| "minimum");
    minimum.or(tariff.cap.map(|_| "cap"))
}

/// Host and port of a URL of Spark Connect; `None` where it is none.
pub fn address(remote: &str) -> Option<(&str, u16)> {
    let rest = remote.strip_prefix("sc://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, PORT),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some((host, port))
}

/// Without the feature there is no client.
#[cfg(not(feature = "spark"))]
pub fn rated(_: &Task, _: Progress, _: &mut dyn FnMut(&'static str, Option<u64>)) -> Result<Rated, ClusterError> {
    Err(ClusterError::Odd("this program was built without the feature `spark`"))
}

/// Whether there is a client.
pub const fn is_built() -> bool {
    cfg!(feature = "spark")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_host_and_port() {
        for (url, expected) in [
            ("sc://localhost", Some(("localhost", 15_002))),
            ("sc://10.0.0.1:50152/;user_id=a;x=b:c", Some(("10.0.0.1", 50_152))),
            ("sc://[::1]:7", Some(("::1", 7))),
            ("sc://[::1]", Some(("::1", 15_002))),
            ("sc://host:port", None),
            ("sc://:7", None),
            ("sc://", None),
            ("http://host", None),
        ] {
            assert_eq!(address(url), expected, "{url}");
        }
    }

    #[test]
    fn what_a_cluster_cannot_do_is_named() {
        let head = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";
        let rates = "rate = [{ market = \"other\", price = \"0.01\" }]\n";
        for (top, reading, expected) in [
            ("", "", None),
            ("free = 3\n", "charge_for = \"late_reply\"\ngive_up = \"72h\"", None),
            ("minimum = \"5.00\"\n", "", Some("minimum")),
            ("cap = \"5.00\"\n", "", Some("cap")),
            ("", "charge_for = \"late_outbound\"", None),
            ("", "clock = \"first_unanswered\"\ncharge_per = \"wait_run\"", None),
            ("", "clock = \"last_inbound\"\ngive_up = \"72h\"", None),
            (
                "",
                "clock = \"first_unanswered\"\ngive_up = \"72h\"",
                Some("give_up beside clock = \"first_unanswered\""),
            ),
        ] {
            let text = format!("{head}{top}{rates}[reading]\n{reading}\n");
            let tariff = Tariff::parse(std::path::Path::new("t.toml"), &text).unwrap();
            assert_eq!(refused(&tariff), expected, "{text}");
        }
    }
}
