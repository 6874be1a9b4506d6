//! `[metrics]`: what a run leaves for Prometheus, however it ended.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::evidence::Evidence;
use super::run::Night;
use super::setup::Setup;
use super::timings::Timings;
use super::{Outcome, World, files, mail, say, status};
use crate::cli::Run;
use crate::config::parse_config;
use crate::domain::{Elapsed, Instant, Verdict};
use crate::error::Failure;
use crate::ledger::History;
use crate::report::metrics::{NightFacts, RunFacts, textfile};

/// What a night sees of the ledger and the logs when it ends.
#[derive(Debug, Default)]
pub struct Seen {
    closed: u64,
    mails: BTreeMap<&'static str, u64>,
    sources: Vec<(String, Option<Elapsed>)>,
}

impl Seen {
    pub fn of(setup: &Setup, history: &History, evidence: &Evidence, as_of: Instant) -> Self {
        let mut mails: BTreeMap<&'static str, u64> = BTreeMap::new();
        for row in mail::rows(history, &setup.config.mail, as_of) {
            *mails.entry(row.state).or_default() += 1;
        }
        // The channel of a source that is known the least.
        let age = |name: &String| {
            let channels = evidence.by_source.get(name)?.values();
            let watermarks = channels.filter_map(|known| known.evidence(as_of)).map(|known| known.watermark);
            Some(as_of.since(watermarks.min()?))
        };
        let sources = setup.config.sources.iter().map(|source| (source.name.clone(), age(&source.name))).collect();
        Self { closed: history.closed.len() as u64, mails, sources }
    }
}

/// The numbers of a night that did its work.
pub fn facts(night: &Night, timings: &Timings) -> NightFacts {
    let mut months: BTreeMap<String, u64> = BTreeMap::from([("closed".to_owned(), night.seen.closed)]);
    let mut count = |state: String, more: u64| *months.entry(state).or_default() += more;
    count("parked".to_owned(), night.closings.failed.len() as u64);
    for open in &night.open {
        count(status::of_open(open, night.as_of).state.name().replace(' ', "_"), 1);
    }
    let of = |verdict: Verdict| {
        let waits = night.open.iter().flat_map(super::closing::OpenMonth::weighed);
        let waits = waits.filter(|(rated, _)| rated.wait.verdict == verdict && rated.wait.is_open());
        waits.map(|(_, times)| times).sum::<u64>()
    };
    let took = |took: std::time::Duration| Elapsed::from_micros(i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    NightFacts {
        as_of: night.as_of.micros(),
        stages: timings.stages().into_iter().map(|(stage, elapsed)| (stage, took(elapsed))).collect(),
        files: night.intake.files,
        rows: night.intake.rows,
        rejected: night.intake.rejected,
        set_aside: night.standing.len() as u64 + night.intake.newly_set_aside().count() as u64,
        held: of(Verdict::Held),
        pending: of(Verdict::Pending),
        alarms: night.alarms.len() as u64,
        months,
        mails: night.seen.mails.clone(),
        sources: night.seen.sources.clone(),
    }
}

/// Writes the file where the configuration names one. That it cannot be written stops nothing, and is told.
pub fn write(args: &Run, night: Option<&NightFacts>, ended: &Result<Outcome, Failure>, world: &mut World) {
    // Also of a run that failed before it had read the other files.
    let Some(path) = named(&args.configured.config) else { return };
    let exit_code = match ended {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => failure.kind.exit_code(),
    };
    let took = i64::try_from((world.clock)().as_micros()).unwrap_or(i64::MAX);
    let run = RunFacts {
        exit_code,
        started_at: world.now,
        took: Elapsed::from_micros(took),
        version: env!("CARGO_PKG_VERSION"),
        night,
    };
    let text = textfile(&run, &before(&path));
    // The collector is another user.
    if let Err(failure) = files::write(&path, text.as_bytes(), files::Access::Everybody) {
        // Where standard error is closed too, nobody can be told.
        let _ = say(world.err, &format!("warning: the metrics were not written: {}", failure.in_a_line()));
    }
}

fn named(config: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(config).ok()?;
    parse_config(config, &text).ok()?.metrics
}

/// Bytes of a file that a run left; what is longer is none.
const LONGEST: u64 = 1 << 20;

/// What the run before left; nothing where there is none.
fn before(path: &Path) -> String {
    let is_short = fs::metadata(path).is_ok_and(|known| known.is_file() && known.len() <= LONGEST);
    if is_short { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}
