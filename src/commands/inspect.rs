//! `ritardo inspect`: what a file is, and what a run would do with it. Nothing is stored.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::intake::{Which, Writing};
use super::loaded::owners;
use super::rate::refuse_object;
use super::reader::wire::{FileRead, Hello, Job};
use super::reader::{self, Reading};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, intake, say};
use crate::cli::{Format, Inspect};
use crate::domain::settings::{Coverage, Limits, Source, form_told, is_of_owners};
use crate::domain::{Instant, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::read::coverage::day_in_name;
use crate::read::inbox::{self, Found};

/// Channels that the text shows; the JSON form has all.
const CHANNELS_SHOWN: usize = 12;
/// What a run would do with what is no file.
const PASSED_OVER: &str = "pass it over: links, pipes and devices are never opened";

#[derive(Serialize)]
struct Inspected {
    file: String,
    #[serde(flatten)]
    read: Option<FileRead>,
    /// Why it cannot be used.
    refused: Option<String>,
    /// What the file would prove, by the coverage that its source declares.
    proves: Vec<(&'static str, String)>,
    /// What a run would do, in a sentence; only with a configuration.
    would: Option<String>,
}

/// What is known of the run that would read the file.
struct Run {
    setup: Setup,
    state: State,
    history: History,
}

pub fn inspect(args: &Inspect, world: &mut World) -> Result<Outcome, Failure> {
    let run = args.config.as_deref().map(run).transpose()?;
    let as_of = args.as_of.unwrap_or(world.now);
    let mut inspected = Vec::new();
    for path in &args.files {
        inspected.push(inspect_one(path, args, run.as_ref(), as_of)?);
    }
    match args.format {
        Format::Text => {
            for (index, inspected) in inspected.iter().enumerate() {
                if index > 0 {
                    say(world.out, "")?;
                }
                print(inspected, world)?;
            }
        }
        Format::Json => {
            let text = serde_json::to_string_pretty(&inspected)
                .map_err(|error| Failure::new(Kind::SelfCheck, "the facts cannot be written").because(error))?;
            say(world.out, &text)?;
        }
    }
    let refused = inspected.iter().any(|inspected| inspected.refused.is_some());
    Ok(if refused { Outcome::SetAside } else { Outcome::Done })
}

fn run(config: &Path) -> Result<Run, Failure> {
    let setup = Setup::load(config)?;
    let state = State::new(&setup.config);
    let history = if state.ledger().exists() {
        let ledger = state.read_ledger()?;
        ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?
    } else {
        History::default()
    };
    Ok(Run { setup, state, history })
}

fn inspect_one(path: &Path, args: &Inspect, run: Option<&Run>, as_of: Instant) -> Result<Inspected, Failure> {
    refuse_object(path)?;
    let found = found(path, run);
    if let Some(refused) = no_file(path)? {
        let file = path.display().to_string();
        let would = run.map(|_| PASSED_OVER.to_owned());
        let would = would.map(|would| if path.is_dir() { "read the files inside it".to_owned() } else { would });
        return Ok(Inspected { file, read: None, refused: Some(refused), proves: Vec::new(), would });
    }
    let source = run.and_then(|run| inbox::claimed(&run.setup.config.sources, &found.name));
    let limits = run.map_or_else(Limits::default, |run| run.setup.config.limits);
    let hello = Hello { key: None, forgotten: Vec::new(), memory: limits.memory, cpu: limits.cpu_seconds };
    let mut options = intake::options(source, &inbox::Declared::default(), as_of, &limits);
    if run.is_none() {
        (options.zone, options.stamps) = (args.zone, args.stamps.unwrap_or_default());
    }
    let job = Job { path: path.to_owned(), options, into: std::path::PathBuf::new(), keep_raw: false };
    let mut readings = reader::read_all(&[job], &hello, &limits, &|| ())?;
    let (mut read, refused) = match readings.pop() {
        Some(Reading::Read(read)) => (Some(*read), None),
        Some(Reading::Refused(why)) => (None, Some(why)),
        Some(Reading::Changed) if !path.exists() => {
            return Err(Failure::new(Kind::InputOutput, "there is no such file").at(path));
        }
        _ => (None, Some("it was written to while it was read".to_owned())),
    };
    if let (Some(read), Some(run)) = (&mut read, run) {
        name_owners(read, run);
    }
    let proves = read.as_ref().map_or_else(Vec::new, |read| proves(&found, read, source));
    let would = match run {
        Some(run) if is_linked(path, run) => Some(PASSED_OVER.to_owned()),
        run => run.map(|run| would(run, &found, as_of)).transpose()?,
    };
    Ok(Inspected { file: path.display().to_string(), read, refused, proves, would })
}

/// The businesses of the book for the channels of a log that names none.
fn name_owners(read: &mut FileRead, run: &Run) {
    if !is_of_owners(&read.format) {
        return;
    }
    let (owners, first, last) = (owners(&run.setup), read.first, read.last);
    for (business, channel, ..) in &mut read.channels {
        let of_channel = owners.get(channel.as_str()).into_iter().flatten();
        let then = of_channel
            .filter(|(_, span)| first.is_none_or(|first| span.to > first) && last.is_none_or(|last| span.from <= last));
        let names: BTreeSet<String> = then.map(|(owner, _)| owner.id.to_string()).collect();
        if !names.is_empty() {
            *business = Vec::from_iter(names).join(" or ");
        }
    }
}

/// Why there is nothing to read at a path: what lies there, or leads there, is no regular file.
fn no_file(path: &Path) -> Result<Option<String>, Failure> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(None),
        Ok(metadata) if metadata.is_dir() => Ok(Some("it is a folder: name the files inside it".to_owned())),
        Ok(_) => Ok(Some("not a regular file".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::new(Kind::InputOutput, "there is no such file").at(path))
        }
        Err(error) => Err(Failure::io("read the file", path, error)),
    }
}

/// Whether the path is a link, or leads through one inside the inbox: a run opens none.
fn is_linked(path: &Path, run: &Run) -> bool {
    let (inbox, path) = (std::path::absolute(&run.setup.config.inbox), std::path::absolute(path));
    let (Ok(inbox), Ok(path)) = (inbox, path) else { return false };
    let inside = |ancestor: &&Path| ancestor.starts_with(&inbox) && **ancestor != *inbox;
    path.is_symlink() || path.ancestors().filter(inside).any(Path::is_symlink)
}

/// The file under its name inside the inbox, where it lies there.
fn found(path: &Path, run: Option<&Run>) -> Found {
    let inside = run.and_then(|run| {
        let inbox = run.setup.config.inbox.canonicalize().ok()?;
        Some(path.canonicalize().ok()?.strip_prefix(inbox).ok()?.display().to_string())
    });
    let bare = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Found { name: inside.unwrap_or_else(bare), path: path.to_owned() }
}

fn proves(found: &Found, read: &FileRead, source: Option<&Source>) -> Vec<(&'static str, String)> {
    let zone = source.and_then(|source| source.zone).unwrap_or(Zone::UTC);
    let name = found.name.rsplit('/').next().unwrap_or_default();
    let extent = match (read.first, read.last) {
        (Some(first), Some(last)) => format!("from {first} to {last}"),
        _ => "nothing: it has no message".to_owned(),
    };
    let daily = match day_in_name(name, zone) {
        Ok(span) => format!("from {} to {} (the day in its name, in {zone})", span.from, span.to),
        Err(_) => "nothing: its name has no day such as 2018-08-31".to_owned(),
    };
    let manifest = match inbox::sidecar_sha256(found) {
        Some(_) => "what its manifest says".to_owned(),
        None => "nothing: it has no manifest".to_owned(),
    };
    let of = |coverage: Coverage| match coverage {
        Coverage::Manifest => manifest.clone(),
        Coverage::Daily => daily.clone(),
        Coverage::Continuous => format!("with the other files of its source, {extent}"),
        Coverage::Span => extent.clone(),
    };
    let kinds: Vec<Coverage> = source.map_or_else(|| Coverage::ALL.to_vec(), |source| vec![source.coverage]);
    kinds.into_iter().map(|kind| (kind.name(), of(kind))).collect()
}

/// What a run would do with the file now.
fn would(run: &Run, found: &Found, as_of: Instant) -> Result<String, Failure> {
    let Some(source) = inbox::claimed(&run.setup.config.sources, &found.name) else {
        return Ok(format!("set it aside: no source claims the name `{}`", found.name.escape_debug()));
    };
    let name = &source.name;
    let Run { setup, state, history } = run;
    let night = intake::Night::new(setup, state, history, as_of, Writing::No, Which::New);
    Ok(match intake::fate(found, &night)? {
        intake::Fate::SetAside(reason) => format!("set it aside: {reason}"),
        intake::Fate::Early => "read it later: the time that it speaks of is not over".to_owned(),
        intake::Fate::Known => format!("do nothing: source `{name}` has read it, or one with the same bytes, before"),
        intake::Fate::Tried => "do nothing: it was set aside before, and nothing has changed since".to_owned(),
        intake::Fate::Gone => "do nothing: it is gone".to_owned(),
        intake::Fate::Read(_) => format!("read it for source `{name}`, coverage \"{}\"", source.coverage.name()),
    })
}

fn print(inspected: &Inspected, world: &mut World) -> Result<(), Failure> {
    let mut line = |label: &str, text: &str| say(world.out, &format!("{label:<9} {text}"));
    line("file", &inspected.file)?;
    if let Some(why) = &inspected.refused {
        line("refused", why)?;
    }
    if let Some(read) = &inspected.read {
        let (rows, rejected) = (counted(read.rows, "message"), counted(read.rejected, "row"));
        line("format", &format!("{}, {rows}, {rejected} rejected", form_told(&read.format)))?;
        line("sha256", &read.sha256)?;
        if let (Some(first), Some(last)) = (read.first, read.last) {
            line("span", &format!("{first} to {last}"))?;
        }
        for (business, channel, inbound, outbound) in read.channels.iter().take(CHANNELS_SHOWN) {
            // Where no book says whose it is, the channel stands for its owner.
            let of = if business == channel { String::new() } else { format!(" of {business}") };
            line("channel", &format!("{channel}{of}: {inbound} inbound, {outbound} outbound"))?;
        }
        if let Some(more) = read.channels.len().checked_sub(CHANNELS_SHOWN).filter(|more| *more > 0) {
            line("channel", &format!("and {}", counted(more as u64, "more channel")))?;
        }
        for (field, count) in &read.others {
            line("other", &format!("{} without a message: {field}", counted(*count, "change")))?;
        }
        for reject in &read.first_rejects {
            line("rejected", &format!("row {}: {}", reject.row, reject.reason))?;
        }
        if read.more_suspects || !read.suspects.is_empty() {
            line("holds", "a rejected row may be an answer: the waits that it could end are held")?;
        }
    }
    for (coverage, what) in &inspected.proves {
        line("proves", &format!("as \"{coverage}\": {what}"))?;
    }
    inspected.would.as_ref().map_or(Ok(()), |would| line("a run", &format!("would {would}")))
}
