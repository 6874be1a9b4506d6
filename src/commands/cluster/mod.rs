//! A cluster in the place of this machine's memory: it sieves the archive, and what is left of a business is judged here as
//! if an earlier night had counted the rest.

mod ask;
mod claims;
mod files;
mod here;
mod told;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::{ConfiguredEngine, EngineName};
use crate::config::Config;
use crate::deliver::secret;
use crate::domain::cluster::{ClusterUrl, FarPlace};
use crate::domain::objects::ObjectStorage;
use crate::engine::spark::{self, ClusterError, Remote};
use crate::error::{Failure, Kind};
use crate::ledger::entry::Part;

pub use ask::{OfBusiness, Question, refuse};
pub use files::plain;
pub use told::Told;

/// A cluster that `run` and `audit` use.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub remote: Remote,
    /// The folder of the archive, as the workers name it; `None`: as this machine does.
    pub archive: Option<FarPlace>,
    /// Through which results come back; `None`: a folder of the state.
    pub exchange: Option<FarPlace>,
    pub storage: ObjectStorage,
    /// Whether somebody looks at a terminal.
    pub watched: bool,
    /// SHA-256 of the parts that were compared with it.
    checked: Arc<Mutex<BTreeSet<String>>>,
}

impl Cluster {
    /// What command line and configuration name together; `None`: this machine.
    ///
    /// # Errors
    /// When they contradict each other, a token cannot be read, or the program has no client.
    pub fn of(args: &ConfiguredEngine, config: &Config, watched: bool) -> Result<Option<Self>, Failure> {
        let rules = config.cluster.as_ref();
        let is_local = match args.engine {
            Some(engine) => engine == EngineName::Local,
            None => rules.is_none(),
        };
        if is_local {
            let message = "--remote names a cluster, which is used with --engine spark only";
            let refused = args.remote.as_ref().map(|_| Failure::new(Kind::CommandLine, message));
            return refused.map_or(Ok(None), |failure| Err(failure.hint("add --engine spark, or leave --remote out")));
        }
        let given = args.remote.as_deref().map(url_of).transpose()?;
        let Some(url) = given.as_ref().or(rules.map(|rules| &rules.remote)) else { return Err(without_url()) };
        // A token is of the cluster of the configuration: it is given to no other.
        let is_configured = rules.is_some_and(|rules| rules.remote == *url);
        let token_file = rules.filter(|_| is_configured).and_then(|rules| rules.token_file.as_deref());
        let token = token_file.map(|path| token(path, url)).transpose()?;
        refuse_unbuilt(if args.engine.is_some() { Kind::CommandLine } else { Kind::Configuration })?;
        Ok(Some(Self {
            remote: Remote { url: url.clone(), token },
            archive: rules.and_then(|rules| rules.archive.clone()),
            exchange: rules.and_then(|rules| rules.exchange.clone()),
            storage: config.object_storage.clone(),
            watched,
            checked: Arc::default(),
        }))
    }

    /// Those of the parts that nobody has compared with their digests yet.
    fn unseen<'p>(&self, parts: impl Iterator<Item = &'p Part>) -> Vec<&'p Part> {
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        parts.filter(|part| !checked.contains(&part.sha256)).collect()
    }

    /// Remembers what was compared with its digest.
    fn have_seen(&self, digests: Vec<String>) {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).extend(digests);
    }
}

/// The token of a cluster, from its file.
///
/// # Errors
/// When it cannot be read, others may read it, it is none, or it would travel in plain.
pub fn token(path: &Path, url: &ClusterUrl) -> Result<String, Failure> {
    if !url.is_safe() {
        let message = format!("the token in {} would travel to {url} as plain text", path.display());
        return Err(Failure::new(Kind::Configuration, message).hint("write use_ssl=true into the URL"));
    }
    let token = secret(path).map_err(|why| {
        let failure = Failure::new(Kind::Configuration, why).at(path);
        failure.hint("write the token into a file that its owner alone can read: chmod 600")
    })?;
    let is_sound = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
    let failure = || Failure::new(Kind::Configuration, "the token of the cluster has a sign that no URL has").at(path);
    if is_sound { Ok(token) } else { Err(failure().hint("write the token alone into the file")) }
}

/// The URL of `--remote`. What is wrong with it is told without it: it may have a token.
///
/// # Errors
/// It is none, or has a token.
pub fn url_of(remote: &str) -> Result<ClusterUrl, Failure> {
    remote.parse().map_err(|why: String| {
        let failure = Failure::new(Kind::CommandLine, format!("--remote: {why}"));
        failure.hint("write it like sc://host:15002; a token is named by --token-file, or by token_file in [engine]")
    })
}

/// Why there is no cluster to ask.
pub fn without_url() -> Failure {
    let failure = Failure::new(Kind::CommandLine, "--engine spark needs a cluster");
    failure.hint("add --remote sc://host:15002, or write `remote` into [engine] of the configuration")
}

/// Refuses to go on without a client, of which the command line or the configuration (`kind`) speaks.
///
/// # Errors
/// The program has none.
pub fn refuse_unbuilt(kind: Kind) -> Result<(), Failure> {
    if spark::is_built() {
        return Ok(());
    }
    let failure = Failure::new(kind, "this program was built without the client of a cluster");
    Err(failure.hint("build it with `cargo build --release --locked --features spark`, which needs protoc"))
}

/// What went wrong, and what to do.
fn failure(error: &ClusterError) -> Failure {
    let here = "leave the cluster out with --engine local: this machine judges it";
    let (kind, hint) = match error {
        ClusterError::Unreachable(_) => (Kind::InputOutput, "start it, or leave it out with --engine local"),
        ClusterError::Gone(_) | ClusterError::Failed { .. } => {
            (Kind::InputOutput, "run it again: nothing of this try is used")
        }
        ClusterError::Damaged(..) => (
            Kind::Differences,
            "bring back what the workers read from a copy: `ritardo verify` looks at what lies here",
        ),
        ClusterError::OtherRows { .. } | ClusterError::OtherParts { .. } => (
            Kind::InputOutput,
            "the workers must see the archive of this ledger: look at `archive` in [engine], then run `ritardo verify`",
        ),
        _ => (Kind::SelfCheck, here),
    };
    Failure::new(kind, error.to_string()).hint(hint)
}
