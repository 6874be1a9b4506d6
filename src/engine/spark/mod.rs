//! Pairing and rating on a cluster: `rated.sql` over Spark Connect. The logs stay where the cluster reads them, the
//! tariff goes along as a small table, and what comes back is counts and digests; the charges lie in a new folder.
//!
//! What a cluster cannot judge to the same cent is refused here, by name, before any work. Only `job` talks to a server,
//! and `watch` looks whether it is there: these are built with the feature `spark` alone.

#[cfg(feature = "spark")]
mod job;
#[cfg(feature = "spark")]
mod relation;
#[cfg(feature = "spark")]
mod row;
#[cfg(feature = "spark")]
mod said;
#[cfg(feature = "spark")]
mod session;
pub mod sieve;
#[cfg(any(feature = "spark", test))]
mod statement;
#[cfg(any(feature = "spark", test))]
mod tables;
#[cfg(feature = "spark")]
mod watch;

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::cluster::ClusterUrl;
use crate::domain::invoice::Counts;
use crate::domain::reading::RunClock;
use crate::domain::{Decimal, Instant, Month};
use crate::rate::Tariff;

/// Where a cluster is.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    pub url: ClusterUrl,
    /// Shown by nothing.
    pub token: Option<String>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.url)
    }
}

impl Remote {
    /// What a client is given.
    #[cfg(feature = "spark")]
    fn connection(&self) -> String {
        self.token.as_ref().map_or_else(|| self.url.to_string(), |token| self.url.with_token(token))
    }
}

/// What a cluster is to do.
#[derive(Clone, Debug)]
pub struct Task {
    pub remote: Remote,
    /// Paths and URLs of logs in Parquet, as the workers read them.
    pub logs: Vec<String>,
    /// The folder to make, as the workers write it. It must not be there.
    pub folder: String,
    pub tariff: Tariff,
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

/// Is told of each stage that is over, with its rows.
pub type Lap<'l> = &'l mut dyn FnMut(&'static str, Option<u64>);

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
    #[error("{0} conversations are named like customers who write in others, where answers may stand apart")]
    Mistakable(u64),
    #[error("the tariff has no rate for market {market} (message {message_id} of {business})")]
    NoRate { business: String, message_id: String, market: String },
    #[error("the cluster sees {seen} rows of the archive, of which the ledger knows {known}")]
    OtherRows { seen: u64, known: u64 },
    /// How many, and one of them.
    #[error("the cluster reads {0} parts of the archive that are damaged, one of them {1}")]
    Damaged(u64, String),
    #[error("the cluster sees {seen} parts of the archive, of which the ledger knows {known}")]
    OtherParts { seen: u64, known: u64 },
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

/// Pairs and rates on the cluster. `lap` is told of each stage that is over, with its rows.
///
/// # Errors
/// When the cluster cannot be reached or fails, and for what it cannot judge. The folder of the task is then not to be
/// used.
#[cfg(feature = "spark")]
pub fn rated(task: Task, progress: Progress, lap: Lap) -> Result<Rated, ClusterError> {
    let remote = task.remote.clone();
    watch::watched(&remote.url, lap, move |lap| job::rated(&task, progress, lap))
}

/// Without the feature there is no client.
#[cfg(not(feature = "spark"))]
pub fn rated(_: Task, _: Progress, _: Lap) -> Result<Rated, ClusterError> {
    Err(NOT_BUILT)
}

#[cfg(not(feature = "spark"))]
const NOT_BUILT: ClusterError = ClusterError::Odd("this program was built without the feature `spark`");

/// Whether there is a client.
pub const fn is_built() -> bool {
    cfg!(feature = "spark")
}

#[cfg(test)]
mod tests {
    use super::*;

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
