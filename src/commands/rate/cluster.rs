//! `rate` on a cluster: what it cannot judge is refused first, then it does the work, and what it made is told here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::sums::Totals;
use super::{TariffUsed, expanded, write_summary};
use crate::cli::{Only, Rate};
use crate::commands::cluster::{plain, refuse_unbuilt, token, url_of, without_url};
use crate::commands::timings::Timings;
use crate::commands::{Outcome, World, progress, say};
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Month};
use crate::engine::spark::{self, ClusterError, Part, Rated, Remote, Task, Wanted};
use crate::error::{Failure, Kind};
use crate::rate::Tariff;
use crate::read::sha256;

/// What `--summary` writes of a cluster's work.
#[derive(Serialize)]
struct Summary<'s> {
    format: &'static str,
    as_of: Instant,
    complete_through: Instant,
    tariff: TariffUsed,
    logs: &'s [String],
    /// Where the waits lie.
    folder: &'s str,
    /// Rows of the logs, copies included.
    rows: u64,
    #[serde(flatten)]
    overall: Totals,
    businesses: BTreeMap<&'s str, BTreeMap<Month, OfMonth>>,
}

/// What lies in the folder of a business and month.
#[derive(Serialize)]
struct OfMonth {
    #[serde(flatten)]
    totals: Totals,
    digest: String,
}

/// Rates on the cluster that `--remote` names.
pub(super) fn rate_there(args: &Rate, world: &mut World, timings: &Timings) -> Result<Outcome, Failure> {
    let complete_through = super::complete_through(args)?;
    // The command line asks for it.
    let Some(remote) = &args.engine.remote else { return Err(without_url()) };
    let url = url_of(remote)?;
    refuse_options(args)?;
    let (written, tariff) = super::tariff(args)?;
    if let Some(what) = spark::refused(&tariff) {
        let failure = Failure::new(Kind::CommandLine, format!("a cluster cannot judge by {what}")).at(&args.tariff);
        return Err(failure.hint("leave --engine out: this machine can"));
    }
    let (logs, folder) = (logs(args)?, folder(args)?);
    for (what, name) in logs.iter().map(|log| ("log", log)).chain([("folder", &folder)]) {
        plain(Kind::CommandLine, what, name)?;
    }
    let token = args.engine.token_file.as_deref().map(|path| token(path, &url)).transpose()?;
    refuse_unbuilt(Kind::CommandLine)?;
    let (bar, progress) = progress::of_tasks(world.watched);
    let wanted = if args.only == Some(Only::Charges) { Wanted::Charges } else { Wanted::All };
    let as_of = args.as_of;
    let task = Task {
        remote: Remote { url, token },
        logs: logs.clone(),
        folder: folder.clone(),
        tariff: tariff.clone(),
        as_of,
        complete_through,
        wanted,
    };
    let mut lap = |name, rows| timings.lap(name, rows, None);
    let rated = spark::rated(task, progress, &mut lap);
    bar.finish_and_clear();
    let rated = rated.map_err(|error| failure(&error, &args.tariff))?;
    let overall = totals(rated.parts.values(), &tariff)?;
    overall.say(world)?;
    say(world.out, &format!("written to {folder}"))?;
    let summary = Summary {
        format: "ritardo-cluster-summary/1",
        as_of,
        complete_through,
        tariff: TariffUsed { id: tariff.id.clone(), version: tariff.version.clone(), sha256: written.sha256 },
        logs: &logs,
        folder: &folder,
        rows: rated.rows,
        overall,
        businesses: businesses(&rated, &tariff)?,
    };
    write_summary(args, &summary)?;
    Ok(Outcome::Done)
}

/// Options that change how a log is read are for logs that are read here.
fn refuse_options(args: &Rate) -> Result<(), Failure> {
    let given = [
        ("--mapping", args.mapping.is_some()),
        ("--stamps", args.stamps.is_some()),
        ("--zone", args.zone.is_some()),
        ("--by-rows", args.by_rows),
    ];
    let Some((option, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
    let failure = Failure::new(Kind::CommandLine, format!("{option} does not go together with --engine spark"));
    Err(failure.hint("`ritardo convert` writes any logs as one canonical log in Parquet, which a cluster reads"))
}

/// The logs as the workers read them: URLs as they are, files and folders of this machine by their whole path.
fn logs(args: &Rate) -> Result<Vec<String>, Failure> {
    args.inputs.iter().map(|input| log(input)).collect()
}

fn log(input: &Path) -> Result<String, Failure> {
    if let Some(url) = url(input) {
        return Ok(url.to_owned());
    }
    let (files, passed_over) = expanded(&[input.to_owned()])?;
    if let Some(other) = passed_over.first() {
        let failure = Failure::new(Kind::CommandLine, "a cluster would read what this machine passes over: no file");
        return Err(failure.at(Path::new(other)).hint("take it out of the folder, or put the file in its place"));
    }
    let is_other = |path: &&PathBuf| path.extension().is_none_or(|extension| extension != "parquet");
    if let Some(other) = files.iter().find(is_other) {
        let failure = Failure::new(Kind::CommandLine, "a cluster reads logs in Parquet only").at(other);
        return Err(failure.hint("`ritardo convert` writes any logs as one canonical log in Parquet"));
    }
    if let Some(hidden) = files.iter().find(|path| is_passed_over(input, path)) {
        let failure = Failure::new(Kind::CommandLine, "a cluster passes over names that begin with _").at(hidden);
        return Err(failure.hint("rename it: without this log an answer may be missing, and its wait would be charged"));
    }
    whole(input)
}

/// Whether a cluster takes the file for one that is not finished, by its name or that of a folder between.
fn is_passed_over(input: &Path, file: &Path) -> bool {
    let below = file.strip_prefix(input).ok().filter(|below| !below.as_os_str().is_empty());
    let names = below.unwrap_or_else(|| Path::new(file.file_name().unwrap_or_default()));
    names.iter().any(|name| name.as_encoded_bytes().starts_with(b"_"))
}

/// The folder to write.
fn folder(args: &Rate) -> Result<String, Failure> {
    let Some(out) = &args.out else {
        let failure = Failure::new(Kind::CommandLine, "--engine spark needs --out, the folder to write");
        return Err(failure.hint("what is counted is counted from what was written"));
    };
    if let Some(url) = url(out) {
        return Ok(url.to_owned());
    }
    if out.exists() {
        let failure = Failure::new(Kind::CannotCreate, "the folder to write is there already").at(out);
        return Err(
            failure.hint("name another: it may be of a try that was not finished, of which nothing may be used")
        );
    }
    whole(out)
}

/// `s3://bucket/…`, `file:///…`.
fn url(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| text.contains("://"))
}

fn whole(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path).map_err(|error| Failure::io("find the file", path, error))?;
    let text = whole.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(Kind::CommandLine, "the name is not UTF-8, and a cluster knows no other").at(path))
}

/// Sums over business and months.
fn totals<'p>(parts: impl Iterator<Item = &'p Part>, tariff: &Tariff) -> Result<Totals, Failure> {
    let (mut verdicts, mut charges, mut free, mut total) = (Counts::default(), 0_u64, 0_u64, Decimal::ZERO);
    for part in parts {
        verdicts.join(&part.verdicts);
        charges = charges.saturating_add(part.charges);
        free = free.saturating_add(part.free_units);
        let sum = total.checked_add(part.total);
        total = sum.ok_or_else(|| Failure::new(Kind::SelfCheck, "the sum of the charges is too large"))?;
    }
    let free = (tariff.free > 0).then_some(free);
    Ok(Totals::told(verdicts, (charges, free), total, tariff.currency))
}

fn businesses<'r>(rated: &'r Rated, tariff: &Tariff) -> Result<BTreeMap<&'r str, BTreeMap<Month, OfMonth>>, Failure> {
    let mut businesses: BTreeMap<&str, BTreeMap<Month, OfMonth>> = BTreeMap::new();
    for ((business, month), part) in &rated.parts {
        let of_month = OfMonth { totals: totals(std::iter::once(part), tariff)?, digest: digest(part) };
        businesses.entry(business).or_default().insert(*month, of_month);
    }
    Ok(businesses)
}

/// The SHA-256 of the four sums, written in digits with blanks between.
fn digest(part: &Part) -> String {
    let sums = part.digest.map(|sum| sum.to_string());
    sha256(sums.join(" ").as_bytes())
}

/// What went wrong, and what to do.
fn failure(error: &ClusterError, tariff: &Path) -> Failure {
    let unused = "the folder of this try is not to be used: remove it, and name another";
    let canonical = "`ritardo convert` writes logs that a cluster can judge, and says what is wrong with others";
    let (kind, hint) = match error {
        ClusterError::Unreachable(_) => (Kind::InputOutput, "start it, or leave --engine out; nothing was written"),
        ClusterError::Gone(_) | ClusterError::Failed { .. } => (Kind::InputOutput, unused),
        ClusterError::NoRate { .. } => (Kind::Configuration, unused),
        ClusterError::Odd(_)
        // These are of an archive.
        | ClusterError::OtherRows { .. }
        | ClusterError::OtherParts { .. }
        | ClusterError::Damaged(..) => (Kind::SelfCheck, unused),
        ClusterError::NoRows => (Kind::SetAside, "nothing was written"),
        ClusterError::NoColumn { .. }
        | ClusterError::NoInstants { .. }
        | ClusterError::Unsound(_)
        | ClusterError::OutOfTime(_) => (Kind::SetAside, canonical),
        ClusterError::Mistakable(_) => (Kind::SetAside, "leave --engine out: this machine holds what may be mistaken"),
    };
    let place = match error {
        ClusterError::NoRate { .. } => Some(tariff.display().to_string()),
        ClusterError::NoColumn { log, .. } | ClusterError::NoInstants { log } => Some(log.clone()),
        _ => None,
    };
    Failure { place, ..Failure::new(kind, error.to_string()).hint(hint) }
}
