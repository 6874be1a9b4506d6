//! `ritardo audit`: closed months again, from the archive and the recorded texts.

mod documents;
mod month;
mod quick;
mod replay;
mod select;
mod told;
mod two_clocks;
mod work;

use std::num::NonZeroUsize;
use std::path::Path;

use super::bundle::Opened;
use super::cluster::Cluster;
use super::run::renderer;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::timings::Timings;
use super::{Outcome, World, files, progress, say};
use crate::cli::{Audit, Format, Months, Replayable};
use crate::config::{Config, parse_config};
use crate::domain::BusinessId;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Issued, MonthClosed};
use crate::ledger::{Contradiction, Ledger, contradictions};
use crate::render::Renderer;
use month::audited;
use replay::Replayed;
use told::{Audited, print};
use two_clocks::Clocks;

pub use documents::{stated_otherwise, sums_of_correction};
pub use replay::{Basis, Replays, Way};
pub use select::{closed_months, refuse_unknown_rules};

/// What the audit of every month uses.
struct Auditing<'a> {
    replays: Replays<'a>,
    renderer: Renderer,
    clocks: Clocks,
    contradictions: Vec<Contradiction>,
    timings: &'a Timings,
}

pub fn audit(args: &Audit, world: &mut World) -> Result<Outcome, Failure> {
    let timings = Timings::new(world.clock, args.timings);
    let outcome = timed(args, world, &timings)?;
    timings.say(world.err)?;
    Ok(outcome)
}

fn timed(args: &Audit, world: &mut World, timings: &Timings) -> Result<Outcome, Failure> {
    match &args.what {
        Some(Replayable::Bundle(path)) => {
            if let Some(option) = args.engine.asked() {
                let failure = Failure::new(Kind::CommandLine, "a bundle is judged on this machine").at(path);
                return Err(failure.hint(format!("leave {option} out: no cluster sees what a bundle holds")));
            }
            if let Some(option) = select::of_the_whole_ledger(args) {
                let failure = Failure::new(Kind::CommandLine, format!("{option} cannot be asked of a bundle")).at(path);
                return Err(failure.hint(
                    "it holds what the month was judged by and nothing later; ask the ledger that it was made of",
                ));
            }
            let opened = Opened::of(path, args.signed_by.as_deref())?;
            timings.lap("opening the bundle", None, None);
            let way = if args.by_rows { Way::Rows } else { Way::Columns };
            let audited = audit_opened(&opened, args.business.as_ref(), args.jobs, (way, world.watched), timings)?;
            told(&audited, args.format, world)?;
            if args.format == Format::Text {
                of_bundle(&opened, world)?;
            }
            let holds = opened.findings.is_empty() && audited.iter().all(|audited| audited.identical);
            opened.findings.iter().try_for_each(|finding| say(world.err, &format!("DIFFERS   {finding}")))?;
            Ok(if holds { Outcome::Done } else { Outcome::Differences })
        }
        months => {
            let months = months.as_ref().and_then(|months| match months {
                Replayable::Months(months) => Some(*months),
                Replayable::Bundle(_) => None,
            });
            audit_state(args, months, world, timings)
        }
    }
}

/// Closed months of a state folder.
fn audit_state(args: &Audit, months: Option<Months>, world: &mut World, timings: &Timings) -> Result<Outcome, Failure> {
    if args.signed_by.is_some() {
        let failure = Failure::new(Kind::CommandLine, "--signed-by is of bundles");
        return Err(
            failure.hint("the ledger of a state folder is not signed; `ritardo verify --head` proves what it holds")
        );
    }
    let config = config_of(&args.configured.config)?;
    let cluster = cluster(args, &config, world.watched)?;
    let state = State::new(&config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let months = select::months(months, args.business.as_ref(), &history, ledger.path())?;
    select::refuse_unknown_rules(&months, &history, ledger.path())?;
    let clocks = Clocks { as_known: args.as_known, tariff_as_of: args.tariff_as_of };
    let contradictions = books(&ledger)?;
    let way = if args.by_rows || cluster.is_some() { Way::Rows } else { Way::Columns };
    let replays = Replays::new(&state, &history)?.by(way).on(cluster);
    let auditing = Auditing { replays, renderer: renderer()?, clocks, contradictions, timings };
    timings.lap("opening the ledger", None, None);
    let audited = auditing.all(&months, args.jobs, world.watched)?;
    told(&audited, args.format, world)?;
    Ok(if audited.iter().all(|audited| audited.identical) { Outcome::Done } else { Outcome::Differences })
}

/// The month of a bundle, with nothing but the bundle.
pub fn audit_opened(
    opened: &Opened,
    business: Option<&BusinessId>,
    jobs: Option<NonZeroUsize>,
    (way, watched): (Way, bool),
    timings: &Timings,
) -> Result<Vec<Audited>, Failure> {
    let (state, history) = (&opened.state, &opened.history);
    let months = select::months(Some(Months::One(opened.manifest.month)), business, history, &opened.path)?;
    select::refuse_unknown_rules(&months, history, &opened.path)?;
    let clocks = Clocks { as_known: None, tariff_as_of: None };
    let told = |failure| opened.told(failure);
    let replays = Replays::with(state, history, opened.archive().map_err(told)?).by(way);
    let contradictions = books(&state.read_ledger()?).map_err(told)?;
    let auditing = Auditing { replays, renderer: renderer()?, clocks, contradictions, timings };
    timings.lap("opening the ledger", None, None);
    auditing.all(&months, jobs, watched).map_err(told)
}

/// What the entries of the ledger say, and the entries before them contradict.
fn books(ledger: &Ledger) -> Result<Vec<Contradiction>, Failure> {
    let recorded = ledger.entries().map_err(|error| ledger_failure(error, ledger.path()))?;
    Ok(contradictions(recorded.iter().map(|recorded| &recorded.entry)))
}

impl Auditing<'_> {
    fn all(&self, months: &[&MonthClosed], jobs: Option<NonZeroUsize>, watched: bool) -> Result<Vec<Audited>, Failure> {
        let bar = progress::bar(watched, "audit", months.len());
        let jobs = jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let one = |ledger: &Ledger, closed: &&MonthClosed| audited(self, ledger, closed);
        let state = self.replays.state;
        let audited = work::all(jobs, months, || state.read_ledger(), one, || bar.inc(1))?;
        bar.finish_and_clear();
        self.timings.lap("months", Some(audited.iter().map(|audited| audited.waits).sum()), None);
        Ok(audited)
    }

    /// A closing or correction judged again. The inner error is a difference.
    fn replay(&self, ledger: &Ledger, basis: &Basis) -> Result<Result<Replayed, String>, Failure> {
        let begun = self.timings.now();
        let replayed = self.replays.replay(ledger, basis)?;
        let on_time = replayed.as_ref().ok().and_then(|replayed| replayed.on_time);
        let waits = replayed.as_ref().map_or(0, |replayed| replayed.rated.len() as u64) + on_time.unwrap_or_default();
        let part = if on_time.is_some() { "replays by columns" } else { "replays" };
        self.timings.part(part, begun, Some(waits));
        Ok(replayed)
    }
}

fn told(audited: &[Audited], format: Format, world: &mut World) -> Result<(), Failure> {
    match format {
        Format::Text => print(audited, world),
        Format::Json => {
            let text = serde_json::to_string_pretty(audited);
            let broken = |error| Failure::new(Kind::SelfCheck, "the result cannot be written").because(error);
            say(world.out, &text.map_err(broken)?)
        }
    }
}

/// What the bundle is, after its month.
fn of_bundle(opened: &Opened, world: &mut World) -> Result<(), Failure> {
    let (manifest, out) = (&opened.manifest, &mut *world.out);
    let files = counted(manifest.files.len() as u64, "file");
    say(out, &format!("bundle    {files}, each with its SHA-256; {}", opened.signed))?;
    let rows = counted(manifest.ledger.entries, "row");
    say(out, &format!("ledger    sha256:{} ({rows}, bound from the first to the last)", manifest.ledger.head))?;
    say(out, &format!("documents sha256:{}", manifest.ledger.documents))
}

/// The state folder; businesses and tariff of today are of no concern to an audit.
pub fn state_of(config: &Path) -> Result<State, Failure> {
    Ok(State::new(&config_of(config)?))
}

fn config_of(config: &Path) -> Result<Config, Failure> {
    let text = files::text(config)
        .map_err(|failure| failure.hint("--config names the configuration file, whose state folder is read"))?;
    parse_config(config, &text).map_err(Failure::of_mistakes)
}

/// The cluster that sieves the archive, where there is one.
fn cluster(args: &Audit, config: &Config, watched: bool) -> Result<Option<Cluster>, Failure> {
    if let (Some(option), true) = (args.engine.asked(), args.by_rows) {
        let failure = Failure::new(Kind::CommandLine, format!("--by-rows does not go together with {option}"));
        return Err(failure.hint("leave one of them out: a cluster sieves first, and what is left goes row by row"));
    }
    // Where nobody asks for the cluster, row by row means here.
    if args.by_rows { Ok(None) } else { Cluster::of(&args.engine, config, watched) }
}

/// Name of the line file beside the documents of an invoice.
pub fn line_file_of(issued: &Issued) -> String {
    format!("{}_{}.csv", issued.number, issued.month)
}
