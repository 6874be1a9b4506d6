//! The sieve of a cluster, for `run` and `audit`: which questions of an archive were answered in time beyond doubt, and which
//! messages are still needed to judge the others.
//!
//! A question that was answered in time is free whatever else is missing, was accepted or is not certain. So these are
//! counted there, and every wait that may cost something is judged here, by what this program alone knows: gaps, holds,
//! tolerances, prices. What a cluster sees are keyed names; no ledger, no name goes there, and of the tariff its calling codes alone.

#[cfg(feature = "spark")]
mod job;
#[cfg(any(feature = "spark", test))]
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use super::{ClusterError, Lap, Progress, Remote};
use crate::domain::{Elapsed, Instant, Span};
use crate::rate::Tariff;

/// What a cluster is to look at, before it sieves.
#[derive(Clone, Debug)]
pub struct Look {
    pub remote: Remote,
    pub parts: Vec<Parts>,
    /// Those of them of which nobody has compared the bytes with the digest that they are named by.
    pub unseen: Vec<String>,
    /// So many rows stand in them.
    pub rows: u64,
    /// The folder to make, as the workers write it. It must not be there.
    pub folder: String,
    /// The channels of the book, each once, with the business that alone owns it, and when.
    pub owners: Vec<(String, String, Span)>,
}

/// What stands in the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Channels with conversations that are not their customers.
    pub named: BTreeSet<String>,
    /// Rows under a name that is not their channel's owner's. Where there are any, `strays` below the folder has channel and id
    /// of their messages, and of those of owners with the same ids.
    pub strays: u64,
    /// So many messages are named there.
    pub named_strays: u64,
}

/// What a cluster is to sieve.
#[derive(Clone, Debug)]
pub struct Task {
    /// Whose reading is the default one, but for window and boundary; it counts nothing, and a message lies in the month in
    /// which it was received.
    pub tariff: Tariff,
    /// Every message from here on is needed.
    pub as_of: Instant,
    /// The channels that messages stand on, each once.
    pub places: Vec<Place>,
    /// What counts are parted by; each has its place as its number.
    pub segments: Vec<Segment>,
    /// Whether days and silences are told, too.
    pub is_of_a_night: bool,
    /// Ends of the ranges of lengths that pages tell apart, rising.
    pub length_ends: Vec<Elapsed>,
}

/// An archive that was looked at, in a session that is still open.
pub struct Looked {
    #[cfg(feature = "spark")]
    session: super::session::Session,
    #[cfg(feature = "spark")]
    look: Look,
    seen: Seen,
}

/// Parts of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Their paths or URLs.
    pub paths: Vec<String>,
    /// Whether their messages are of the owners of their channels, whatever business they name.
    pub are_of_owners: bool,
}

/// A channel with its only owner, and what its messages are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub channel: String,
    pub business: String,
    /// What is said of businesses with one number is read together; `None`: nobody asks about them.
    pub portion: Option<u32>,
    pub calendar: u32,
    /// Whether its questions can be judged by their answers alone.
    pub is_plain: bool,
    /// Evidence is every message before it.
    pub through: Instant,
    /// Questions of this time are asked about.
    pub judged: Span,
    /// Up to here silences are looked for.
    pub heard_until: Instant,
}

/// A piece of time of a calendar. Those of one calendar lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub calendar: u32,
    pub span: Span,
}

/// What was written, below the folder of the task: for each kind of row and portion, how many rows. The files of the rows of
/// `KIND` and portion 3 lie in `KIND/of_portion=3`, the needed messages in `sieved/of_needed=1/of_portion=3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sieved {
    pub rows: BTreeMap<Written, BTreeMap<u32, u64>>,
}

/// The kinds of rows that are read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    Needed,
    Counts,
    Days,
    Silences,
}

impl Written {
    pub const ALL: [Written; 4] = [Written::Needed, Written::Counts, Written::Days, Written::Silences];

    /// Folder of the rows of a portion.
    pub fn folder(self, portion: u32) -> String {
        let kind = match self {
            Written::Needed => "sieved/of_needed=1",
            Written::Counts => "counts",
            Written::Days => "days",
            Written::Silences => "silences",
        };
        format!("{kind}/of_portion={portion}")
    }
}

/// Looks at the archive. `lap` is told of each stage that is over, with its rows.
///
/// # Errors
/// When the cluster cannot be reached or fails, and where it sees something else than the ledger knows.
#[cfg(feature = "spark")]
pub fn look(look: Look, progress: Progress, lap: Lap) -> Result<Looked, ClusterError> {
    let remote = look.remote.clone();
    super::watch::watched(&remote.url, lap, move |lap| job::look(look, progress, lap))
}

impl Looked {
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Sieves on the cluster.
    ///
    /// # Errors
    /// When the cluster fails. Nothing of the folder is then to be used.
    #[cfg(feature = "spark")]
    pub fn sieved(self, task: Task, lap: Lap) -> Result<Sieved, ClusterError> {
        let remote = self.look.remote.clone();
        super::watch::watched(&remote.url, lap, move |lap| job::sieved(self, &task, lap))
    }
}

/// Without the feature there is no client.
#[cfg(not(feature = "spark"))]
pub fn look(_: Look, _: Progress, _: Lap) -> Result<Looked, ClusterError> {
    Err(super::NOT_BUILT)
}

#[cfg(not(feature = "spark"))]
impl Looked {
    /// Never: there is nothing that was looked at.
    pub fn sieved(self, _: Task, _: Lap) -> Result<Sieved, ClusterError> {
        Err(super::NOT_BUILT)
    }
}
