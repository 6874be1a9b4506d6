//! `ritardo rate`: logs and tariff in, one row a wait out; no state, no configuration.

mod charges;
mod cluster;
mod inputs;
mod named;
mod odd;
mod quick;
mod shares;
mod sums;
mod told;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use serde::Serialize;

use self::quick::{Quick, Task};
use self::sums::Totals;
use self::told::warn_of_conflicts;
use super::files::{self, Access};
use super::mapped::mapping;
use super::setup::Written;
use super::supervised::{Ended, announce, supervised};
use super::suspects::Suspects;
use super::timings::Timings;
use super::{Outcome, World, progress};
use crate::cli::{EngineName, Only, Rate};
use crate::domain::charge::RatedWait;
use crate::domain::settings::Stamps;
use crate::domain::{Instant, Month};
use crate::engine;
use crate::engine::kernel::Rows;
use crate::error::{Failure, Kind};
use crate::pair::Conflict;
use crate::rate::Tariff;
use crate::read::{self, Options};
use crate::render::waits::{self, Rated, Rows as _};

pub(super) use self::inputs::{expanded, refuse_object, unreadable};
pub(super) use self::told::warn;

/// What `--summary` writes.
#[derive(Serialize)]
struct Summary {
    format: &'static str,
    as_of: Instant,
    complete_through: Instant,
    tariff: TariffUsed,
    inputs: Vec<Input>,
    /// Distinct messages.
    messages: u64,
    /// Of these, at or after `complete_through`: not yet evidence.
    after_complete_through: u64,
    #[serde(flatten)]
    overall: Totals,
    businesses: BTreeMap<String, Totals>,
    conflicts: Vec<Conflict>,
    rejects: Vec<RejectRow>,
}

#[derive(Serialize)]
struct TariffUsed {
    id: String,
    version: String,
    sha256: String,
}

#[derive(Serialize)]
struct Input {
    file: String,
    format: &'static str,
    sha256: String,
    rows: u64,
    rejected: u64,
    /// Rows that a mapping takes for no messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<u64>,
}

#[derive(Serialize)]
struct RejectRow {
    file: String,
    row: u64,
    reason: String,
}

/// All inputs, read.
pub(super) struct Logs {
    pub frame: DataFrame,
    inputs: Vec<Input>,
    /// Of the inputs, as they lie on the disk.
    bytes: u64,
    rejects: Vec<RejectRow>,
    passed_over: Vec<String>,
    pub suspects: Suspects,
}

impl Logs {
    /// Those that were read, and those that were rejected.
    fn rows(&self) -> u64 {
        self.inputs.iter().map(|input| input.rows.saturating_add(input.rejected)).sum()
    }
}

/// Works in a child, so that a log whose damage ends the process is named; or on a cluster, which reads the logs itself.
pub fn rate(args: &Rate, world: &mut World) -> Result<Outcome, Failure> {
    let there = args.engine.engine == EngineName::Spark;
    if !there && !args.in_child {
        return outcome(supervised(args)?);
    }
    let timings = Timings::new(world.clock, args.timings);
    let rate = if there { cluster::rate_there } else { rate_here };
    let outcome = rate(args, world, &timings)?;
    timings.say(world.err)?;
    Ok(outcome)
}

/// What the end of the child means.
pub(super) fn outcome(ended: Ended) -> Result<Outcome, Failure> {
    match ended {
        Ended::Code(code) => Ok(Outcome::Code(code)),
        Ended::In(file) => {
            let failure = if file.is_empty() {
                Failure::new(Kind::SelfCheck, "the rating broke down")
            } else {
                let message = "a log cannot be read: its reader broke down, as it does on damage or beyond the memory";
                Failure::new(Kind::SetAside, message).at(Path::new(&file))
            };
            Err(failure.hint(NOTHING_WRITTEN))
        }
    }
}

const NOTHING_WRITTEN: &str =
    "nothing was written: without this log an answer may be missing, and its wait would be charged";

fn rate_here(args: &Rate, world: &mut World, timings: &Timings) -> Result<Outcome, Failure> {
    let complete_through = complete_through(args)?;
    let form = args.out.as_deref().map(form_of).transpose()?;
    let (written, tariff) = tariff(args)?;
    let wants_all = args.out.is_some() && args.only != Some(Only::Charges);
    if let Some((quick, inputs)) = if wants_all { None } else { quickly(args, &tariff, complete_through, timings)? } {
        if let (Some(path), Some(form), Some(charged)) = (&args.out, form, &quick.charged) {
            write_waits(path, form, charged)?;
            timings.lap("writing", Some(charged.count() as u64), None);
        }
        return quick_summary(args, quick, inputs, &tariff, written.sha256, world);
    }
    let logs = logs(args, world)?;
    timings.lap("reading", Some(logs.rows()), Some(logs.bytes));

    let evidence = |_: &str, channel: &str| Some(logs.suspects.evidence(channel, complete_through));
    // Businesses have no zone here: their months are cut in that of the tariff.
    let month_of = |_: &str, at: Instant| Month::of(at, tariff.zone);
    let decided = engine::decide(&logs.frame, &evidence, &tariff, &|_| true, &month_of).map_err(self_check)?;
    let rated = decided.rated.map_err(|no_rate| {
        let failure = Failure::new(Kind::Configuration, no_rate.to_string()).at(&args.tariff);
        failure.hint("nothing was written; add a rate that is in force at that instant")
    })?;
    timings.lap("pairing and rating", Some(decided.messages), None);

    if let (Some(path), Some(form)) = (&args.out, form) {
        let wanted = |rated: &&RatedWait| args.only != Some(Only::Charges) || rated.charge.is_some();
        let rows: Vec<&RatedWait> = rated.iter().filter(wanted).collect();
        write_waits(path, form, &Rated { rows: &rows, tariff: &tariff.name(), currency: tariff.currency })?;
        timings.lap("writing", Some(rows.len() as u64), None);
    }
    warn(&logs, &decided.conflicts, world)?;
    let (overall, businesses) = sums::totals(&rated, &tariff)?;
    overall.say(world)?;
    if args.summary.is_some() {
        let summary = Summary {
            format: "ritardo-rate-summary/1",
            as_of: args.as_of,
            complete_through,
            tariff: TariffUsed { id: tariff.id.clone(), version: tariff.version.clone(), sha256: written.sha256 },
            inputs: logs.inputs,
            messages: decided.messages,
            after_complete_through: decided.after_watermark,
            overall,
            businesses,
            conflicts: decided.conflicts,
            rejects: logs.rejects,
        };
        write_summary(args, &summary)?;
    }
    Ok(Outcome::Done)
}

fn complete_through(args: &Rate) -> Result<Instant, Failure> {
    let complete_through = args.complete_through.unwrap_or(args.as_of);
    if complete_through > args.as_of {
        let failure = Failure::new(Kind::CommandLine, "--complete-through lies after --as-of");
        return Err(failure.hint("logs cannot be known beyond the instant of judgement"));
    }
    Ok(complete_through)
}

fn tariff(args: &Rate) -> Result<(Written, Tariff), Failure> {
    let written = Written::tariff(&args.tariff).map_err(|failure| {
        if failure.hint.is_some() {
            return failure;
        }
        failure.hint("--tariff names a TOML file; `ritardo init` writes a commented one")
    })?;
    let tariff = Tariff::parse(&written.path, &written.text).map_err(Failure::of_mistakes)?;
    Ok((written, tariff))
}

fn write_waits(path: &Path, form: Form, rows: &impl waits::Rows) -> Result<(), Failure> {
    let bytes = match form {
        Form::Csv => waits::csv(rows),
        Form::Parquet => waits::parquet(rows).map_err(self_check)?,
    };
    files::write(path, &bytes, Access::Usual)
}

/// The quick way, where every input is a file that it can take.
fn quickly(
    args: &Rate,
    tariff: &Tariff,
    complete_through: Instant,
    timings: &Timings,
) -> Result<Option<(Quick, Vec<Input>)>, Failure> {
    let (paths, passed_over) = expanded(&args.inputs)?;
    // Stamps that are numbers are for the long way, and so are the columns of a vendor.
    let has_texts = args.stamps.unwrap_or_default() == Stamps::default();
    if args.by_rows || !passed_over.is_empty() || !has_texts || args.mapping.is_some() {
        return Ok(None);
    }
    let rows = if args.out.is_some() { Rows::Kept } else { Rows::Forgotten };
    let memory = usize::try_from(args.memory).unwrap_or(usize::MAX).saturating_mul(1 << 20);
    let task = Task { paths: &paths, tariff, as_of: args.as_of, complete_through, rows, memory };
    let before = identities(&paths);
    let Some(cut) = quick::cut(&task) else { return Ok(None) };
    let wanted = || if args.summary.is_some() { &paths[..] } else { &[] };
    let digests = || wanted().iter().map(|path| digest(path)).collect::<Result<Vec<String>, Failure>>();
    let (quick, digests) = std::thread::scope(|scope| {
        let digests = scope.spawn(digests);
        let quick = quick::quick(&task, cut);
        (quick, digests.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    // Logs that were changed or replaced meanwhile may have been read in two states: the long way reads each once.
    let quick = quick?.filter(|_| before.is_some() && before == identities(&paths));
    timings.lap("columns", quick.as_ref().map(|quick| quick.messages), None);
    let Some(quick) = quick else { return Ok(None) };
    let inputs = paths.iter().zip(digests?).zip(quick.rows.iter().zip(&quick.formats));
    let inputs = inputs.map(|((path, sha256), (rows, format))| Input {
        file: path.display().to_string(),
        format: format.name(),
        sha256,
        rows: *rows,
        rejected: 0,
        passed_over: None,
    });
    let inputs = inputs.collect();
    Ok(Some((quick, inputs)))
}

/// What changes when a file is written to, or another takes its name; `None` where one is missing.
fn identities(paths: &[PathBuf]) -> Option<Vec<[i128; 7]>> {
    let of = |path: &PathBuf| {
        let file = std::fs::metadata(path).ok()?;
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()].map(i128::from);
        let [mtime, mtime_nsec, ctime, ctime_nsec] = times;
        let [dev, ino, size] = [file.dev(), file.ino(), file.size()].map(i128::from);
        Some([dev, ino, size, mtime, mtime_nsec, ctime, ctime_nsec])
    };
    paths.iter().map(of).collect()
}

fn digest(path: &Path) -> Result<String, Failure> {
    std::fs::File::open(path)
        .and_then(|mut file| read::sha256_of(&mut file))
        .map_err(|error| Failure::io("read the log", path, error))
}

fn quick_summary(
    args: &Rate,
    quick: Quick,
    inputs: Vec<Input>,
    tariff: &Tariff,
    tariff_sha256: String,
    world: &mut World,
) -> Result<Outcome, Failure> {
    warn_of_conflicts(&quick.conflicts, world)?;
    quick.overall.say(world)?;
    let summary = Summary {
        format: "ritardo-rate-summary/1",
        as_of: args.as_of,
        complete_through: args.complete_through.unwrap_or(args.as_of),
        tariff: TariffUsed { id: tariff.id.clone(), version: tariff.version.clone(), sha256: tariff_sha256 },
        inputs,
        messages: quick.messages,
        after_complete_through: quick.after,
        overall: quick.overall,
        businesses: quick.businesses,
        conflicts: quick.conflicts,
        rejects: Vec::new(),
    };
    write_summary(args, &summary)?;
    Ok(Outcome::Done)
}

fn write_summary(args: &Rate, summary: &impl Serialize) -> Result<(), Failure> {
    let Some(path) = &args.summary else { return Ok(()) };
    let mut bytes = serde_json::to_vec_pretty(summary).map_err(self_check)?;
    bytes.push(b'\n');
    files::write(path, &bytes, Access::Usual)
}

fn self_check(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(Kind::SelfCheck, "the waits could not be made").because(error)
}

#[derive(Clone, Copy)]
enum Form {
    Csv,
    Parquet,
}

fn form_of(path: &Path) -> Result<Form, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(Form::Csv),
        Some("parquet") => Ok(Form::Parquet),
        _ => {
            let failure = Failure::new(Kind::CommandLine, "the form of the output is not known").at(path);
            Err(failure.hint("name a file that ends in .csv or .parquet"))
        }
    }
}

/// Reads all inputs. One that cannot be read stops the command: without it an answer may be missing, and
/// the logs were declared complete.
pub(super) fn logs(args: &Rate, world: &mut World) -> Result<Logs, Failure> {
    let (paths, passed_over) = expanded(&args.inputs)?;
    let bar = progress::bar(world.watched, "reading", paths.len());
    let frame = read::frame::empty().map_err(self_check)?;
    let (inputs, rejects, suspects) = (Vec::new(), Vec::new(), Suspects::default());
    let mapping = args.mapping.as_deref().map(mapping).transpose()?.map(Box::new);
    let mut logs = Logs { frame, inputs, bytes: 0, rejects, passed_over, suspects };
    for path in paths {
        announce(&path);
        let stamps = args.stamps.unwrap_or_default();
        let mapping = mapping.clone();
        let options = Options { latest: args.as_of, zone: args.zone, stamps, mapping, ..Options::default() };
        let log = read::read_file(&path, &options).map_err(|error| unreadable(&path, error))?;
        // It is told, and nothing hangs on it.
        logs.bytes += std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let file = path.display().to_string();
        let (rows, rejected) = (log.frame.height() as u64, log.rejects.len() as u64);
        logs.suspects.add(&log);
        logs.frame.vstack_mut(&log.frame).map_err(self_check)?;
        // What else carries no message has no rows.
        let passed_over = args.mapping.as_ref().map(|_| log.others.values().sum());
        let (format, sha256) = (log.format.name(), log.sha256);
        logs.inputs.push(Input { file: file.clone(), format, sha256, rows, rejected, passed_over });
        let rejects = log.rejects.into_iter();
        logs.rejects.extend(rejects.map(|reject| RejectRow {
            file: file.clone(),
            row: reject.row,
            reason: reject.reason,
        }));
        bar.inc(1);
    }
    announce(Path::new(""));
    bar.finish_and_clear();
    Ok(logs)
}
