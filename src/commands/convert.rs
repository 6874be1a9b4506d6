//! `ritardo convert`: any logs to one canonical log, sorted, which says the same to whoever reads it.
//!
//! What a canonical log cannot say is refused with a reason. What was written is read back and compared before it gets
//! its name.

mod join;
mod rows;
mod write;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::join::Unsayable;
use self::rows::{Message, messages};
use self::write::Form;
use super::files::{self, Access};
use super::loaded::{owned, owners};
use super::mapped::mapping;
use super::rate::{self, expanded, unreadable};
use super::setup::Setup;
use super::summary::{counted, links};
use super::supervised::{announce, in_child};
use super::{Outcome, World, intake, progress, say};
use crate::cli;
use crate::domain::settings::{MAPPED, is_of_owners};
use crate::domain::{Instant, Mapping};
use crate::error::{Failure, Kind};
use crate::read::inbox::{self, Declared, Found};
use crate::read::{self, LogFile, Options, Reject};

/// Rejected rows that are named.
const SHOWN: usize = 20;

/// Works in a child, so that a log whose damage ends the process is named.
pub fn convert(args: &cli::Convert, world: &mut World) -> Result<Outcome, Failure> {
    if args.in_child { convert_here(args, world) } else { rate::outcome(in_child(words(args))?) }
}

fn words(args: &cli::Convert) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["convert".into(), "--in-child".into()];
    let mut option = |name: &str, value: OsString| words.extend([name.into(), value]);
    option("--out", args.out.clone().into());
    for (name, path) in [("--config", &args.config), ("--mapping", &args.mapping)] {
        if let Some(path) = path {
            option(name, path.clone().into());
        }
    }
    if let Some(zone) = args.zone {
        option("--zone", zone.to_string().into());
    }
    if let Some(stamps) = args.stamps {
        option("--stamps", stamps.name().into());
    }
    if let Some(as_of) = args.as_of {
        option("--as-of", as_of.to_string().into());
    }
    if args.leave_out_rejected {
        words.push("--leave-out-rejected".into());
    }
    words.push("--".into());
    words.extend(args.inputs.iter().map(|input| input.clone().into()));
    words
}

/// What is known of the logs before they are read.
struct Reader<'a> {
    args: &'a cli::Convert,
    setup: Option<Setup>,
    mapping: Option<Box<Mapping>>,
}

/// All inputs, read.
#[derive(Default)]
struct Logs {
    /// Each with the place of its file.
    messages: Vec<(usize, Message)>,
    files: Vec<String>,
    /// Rows that mappings take for no messages.
    passed_over: u64,
    rejects: Vec<(String, Reject)>,
}

fn convert_here(args: &cli::Convert, world: &mut World) -> Result<Outcome, Failure> {
    let form = Form::of(&args.out)?;
    let setup = args.config.as_deref().map(Setup::load).transpose()?;
    let mapping = args.mapping.as_deref().map(mapping).transpose()?.map(Box::new);
    let logs = Reader { args, setup, mapping }.logs(world)?;
    tell_rejects(&logs.rejects, world)?;
    if logs.passed_over > 0 {
        let rows = counted(logs.passed_over, "row");
        say(world.err, &format!("warning: {rows} passed over, which the mapping takes for no messages"))?;
    }
    let has_suspects = logs.rejects.iter().any(|(_, reject)| reject.suspect.is_some());
    if has_suspects && !args.leave_out_rejected {
        let told = "a rejected row may be an answer, which a canonical log cannot say: its waits would be charged";
        let hint = "nothing was written; mend the rows, or leave them out with --leave-out-rejected";
        return Err(Failure::new(Kind::SetAside, told).hint(hint));
    }
    let messages = join::joined(logs.messages).map_err(|why| unsayable(&why, &logs.files))?;
    let bytes = write::log(form, &messages)?;
    check_back(&args.out, &bytes, &messages)?;
    files::write(&args.out, &bytes, Access::Usual)?;
    let (count, files) = (counted(messages.len() as u64, "message"), counted(logs.files.len() as u64, "file"));
    let (path, sha256) = (args.out.display(), read::sha256(&bytes));
    say(world.out, &format!("converted {files} to {path}: {count}, sha256 {sha256}"))?;
    Ok(Outcome::Done)
}

fn cannot_say(told: String) -> Failure {
    Failure::new(Kind::SetAside, told).hint("nothing was written: what is read from the log would not be the same")
}

/// What cannot be said of one message, with some of the files that speak of it.
fn unsayable(why: &Unsayable, files: &[String]) -> Failure {
    let files: Vec<&str> = why.files.iter().filter_map(|place| files.get(*place)).map(String::as_str).take(3).collect();
    cannot_say(format!("{} (in {})", why.told, files.join(", ")))
}

/// A log that would not be used by a run either.
fn set_aside(path: &Path, why: &str) -> Failure {
    let failure = Failure::new(Kind::SetAside, format!("a run would set the log aside: {why}")).at(path);
    failure.hint("nothing was written: without this log an answer may be missing")
}

/// Refuses to write over a log that is read.
fn check_out(out: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    let Ok(there) = out.canonicalize() else { return Ok(()) };
    if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == there)) {
        let failure = Failure::new(Kind::CommandLine, "the output is one of the inputs").at(out);
        return Err(failure.hint("nothing was written; name another file, outside of the folders that are read"));
    }
    Ok(())
}

fn tell_rejects(rejects: &[(String, Reject)], world: &mut World) -> Result<(), Failure> {
    for (file, Reject { row, reason, .. }) in rejects.iter().take(SHOWN) {
        say(world.err, &format!("warning: rejected {file}, row {row}: {reason}"))?;
    }
    match rejects.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => say(world.err, &format!("warning: rejected {} more", counted(more as u64, "row"))),
        None => Ok(()),
    }
}

/// Reads what would be written, and compares it with what it was made of.
fn check_back(path: &Path, bytes: &[u8], written: &[Message]) -> Result<(), Failure> {
    let log = read::read_bytes(bytes, path, &Options::default()).map_err(|error| {
        let failure = Failure::new(Kind::SetAside, "the log cannot say the same as those it was made of");
        failure.because(error)
    })?;
    if let Some(reject) = log.rejects.first() {
        return Err(cannot_say(format!("a canonical log cannot have one of the messages: {}", reject.reason)));
    }
    let mut back = messages(&log.frame)?;
    back.sort();
    if back == written { Ok(()) } else { Err(cannot_say("what would be written is read otherwise".to_owned())) }
}

/// Rows that a mapping takes for no messages; what else carries none is no row.
fn passed_over_in(log: &LogFile) -> u64 {
    if log.recorded.starts_with(MAPPED) { log.others.values().sum() } else { 0 }
}

impl Reader<'_> {
    /// Reads all inputs. One that cannot be read stops the command: without it an answer may be missing.
    fn logs(&self, world: &mut World) -> Result<Logs, Failure> {
        let (paths, passed_over) = expanded(&self.args.inputs)?;
        check_out(&self.args.out, &paths)?;
        for folder in self.args.inputs.iter().filter(|input| input.is_dir()) {
            if !paths.iter().any(|path| path.starts_with(folder)) {
                say(world.err, &format!("warning: the folder {} has no log", folder.display()))?;
            }
        }
        let bar = progress::bar(world.watched, "reading", paths.len());
        let mut logs = Logs::default();
        for path in paths {
            announce(&path);
            let (options, declared) = self.options(&path)?;
            let log = read::read_file(&path, &options).map_err(|error| unreadable(&path, error))?;
            let passed_over = passed_over_in(&log);
            let rows = (log.frame.height() as u64) + (log.rejects.len() as u64) + passed_over;
            let is_declared = declared.check_sha256(&log.sha256).and_then(|()| declared.check_rows(rows));
            is_declared.map_err(|why| set_aside(&path, &why))?;
            logs.passed_over += passed_over;
            let place = logs.files.len();
            logs.messages.extend(self.messages(&log)?.into_iter().map(|message| (place, message)));
            let file = path.display().to_string();
            logs.files.push(file.clone());
            logs.rejects.extend(log.rejects.into_iter().map(|reject| (file.clone(), reject)));
            bar.inc(1);
        }
        announce(Path::new(""));
        bar.finish_and_clear();
        if !passed_over.is_empty() {
            let (links, names) = links(&passed_over);
            say(world.err, &format!("warning: {links} passed over, never opened: {names}"))?;
        }
        Ok(logs)
    }

    /// As its source says, where there is one, and what is declared for the file.
    fn options(&self, path: &Path) -> Result<(Options, Declared), Failure> {
        // Without it the same file gives the same log on any day.
        let as_of = self.args.as_of.unwrap_or(Instant::MAX);
        let Some(Setup { config, .. }) = &self.setup else {
            let (zone, stamps) = (self.args.zone, self.args.stamps.unwrap_or_default());
            let options = Options { latest: as_of, zone, stamps, mapping: self.mapping.clone(), ..Options::default() };
            return Ok((options, Declared::default()));
        };
        let inside = || {
            let inbox = config.inbox.canonicalize().ok()?;
            Some(path.canonicalize().ok()?.strip_prefix(inbox).ok()?.display().to_string())
        };
        let bare = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let found = Found { name: inside().unwrap_or_else(bare), path: path.to_owned() };
        let source = inbox::claimed(&config.sources, &found.name);
        let declared = source.map(|source| inbox::declared(source, &found)).transpose();
        let declared = declared.map_err(|why| set_aside(path, &why))?.unwrap_or_default();
        Ok((intake::options(source, &declared, as_of, &config.limits), declared))
    }

    /// The messages of a log, those of webhooks under the owners of their channels.
    fn messages(&self, log: &LogFile) -> Result<Vec<Message>, Failure> {
        match &self.setup {
            Some(setup) if is_of_owners(&log.recorded) => messages(&owned(&log.frame, &owners(setup))?),
            _ => messages(&log.frame),
        }
    }
}
