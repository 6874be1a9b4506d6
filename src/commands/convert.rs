//! `ritardo convert`: any logs to one canonical log, sorted, which says the same to whoever reads it.
//!
//! What a canonical log cannot say is refused with a reason. What was written is read back and compared before it gets
//! its name.

mod join;
mod rows;
mod write;

use std::ffi::OsString;
use std::path::Path;

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
use crate::domain::settings::is_of_owners;
use crate::domain::{Instant, Mapping};
use crate::error::{Failure, Kind};
use crate::read::{self, LogFile, Options, Reject, inbox};

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
    messages: Vec<Message>,
    files: u64,
    rejects: Vec<(String, Reject)>,
}

fn convert_here(args: &cli::Convert, world: &mut World) -> Result<Outcome, Failure> {
    let form = Form::of(&args.out)?;
    let setup = args.config.as_deref().map(Setup::load).transpose()?;
    let mapping = args.mapping.as_deref().map(mapping).transpose()?.map(Box::new);
    let logs = Reader { args, setup, mapping }.logs(world)?;
    tell_rejects(&logs.rejects, world)?;
    let has_suspects = logs.rejects.iter().any(|(_, reject)| reject.suspect.is_some());
    if has_suspects && !args.leave_out_rejected {
        let told = "a rejected row may be an answer, which a canonical log cannot say: its waits would be charged";
        let hint = "nothing was written; mend the rows, or leave them out with --leave-out-rejected";
        return Err(Failure::new(Kind::SetAside, told).hint(hint));
    }
    let messages = join::joined(logs.messages).map_err(cannot_say)?;
    let bytes = write::log(form, &messages)?;
    check_back(&args.out, &bytes, &messages)?;
    files::write(&args.out, &bytes, Access::Usual)?;
    let (count, files) = (counted(messages.len() as u64, "message"), counted(logs.files, "file"));
    let (path, sha256) = (args.out.display(), read::sha256(&bytes));
    say(world.out, &format!("converted {files} to {path}: {count}, sha256 {sha256}"))?;
    Ok(Outcome::Done)
}

fn cannot_say(told: String) -> Failure {
    Failure::new(Kind::SetAside, told).hint("nothing was written: what is read from the log would not be the same")
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

impl Reader<'_> {
    /// Reads all inputs. One that cannot be read stops the command: without it an answer may be missing.
    fn logs(&self, world: &mut World) -> Result<Logs, Failure> {
        let (paths, passed_over) = expanded(&self.args.inputs)?;
        let bar = progress::bar(world.watched, "reading", paths.len());
        let mut logs = Logs::default();
        for path in paths {
            announce(&path);
            let log = read::read_file(&path, &self.options(&path)).map_err(|error| unreadable(&path, error))?;
            logs.messages.extend(self.messages(&log)?);
            logs.files += 1;
            let file = path.display().to_string();
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

    /// As its source says, where there is one.
    fn options(&self, path: &Path) -> Options {
        let Some(Setup { config, .. }) = &self.setup else {
            let (zone, stamps) = (self.args.zone, self.args.stamps.unwrap_or_default());
            return Options { zone, stamps, mapping: self.mapping.clone(), ..Options::default() };
        };
        let inside = || {
            let inbox = config.inbox.canonicalize().ok()?;
            Some(path.canonicalize().ok()?.strip_prefix(inbox).ok()?.display().to_string())
        };
        let bare = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let source = inbox::claimed(&config.sources, &inside().unwrap_or_else(bare));
        // The same file gives the same log on any day.
        intake::options(source, &inbox::Declared::default(), Instant::MAX, &config.limits)
    }

    /// The messages of a log, those of webhooks under the owners of their channels.
    fn messages(&self, log: &LogFile) -> Result<Vec<Message>, Failure> {
        match &self.setup {
            Some(setup) if is_of_owners(&log.recorded) => messages(&owned(&log.frame, &owners(setup))?),
            _ => messages(&log.frame),
        }
    }
}
