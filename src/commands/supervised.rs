//! `ritardo rate` works in a child of itself: a log whose damage ends the process is named, and nothing else.
//!
//! No row passes between the two. The child tells over the socket at its standard input which file it reads.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::cli::{Only, Rate};
use crate::error::{Failure, Kind};

/// How the child ended.
pub enum Ended {
    /// With this exit code, after saying what there was to say.
    Code(u8),
    /// While it read this file.
    In(String),
}

/// Runs `rate` in a child.
pub fn supervised(args: &Rate) -> Result<Ended, Failure> {
    in_child(arguments(args))
}

/// The allocator of the C library keeps what was freed instead of giving it back to the kernel and asking for it again:
/// a tenth of the time of rating is saved. Another C library passes it over.
const KEEP_MEMORY: &str = "glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=4294967296";

/// Runs this program with these words in a child.
pub fn in_child(words: Vec<OsString>) -> Result<Ended, Failure> {
    let failed = |error| Failure::new(Kind::InputOutput, "cannot start the reader").because(error);
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::from(OwnedFd::from(theirs)));
    command.env("GLIBC_TUNABLES", KEEP_MEMORY);
    let mut child = command.spawn().map_err(failed)?;
    // The command holds the child's end of the socket; without it the lines end when the child does.
    drop(command);
    let last = BufReader::new(ours).lines().map_while(Result::ok).last();
    let status = child.wait().map_err(failed)?;
    Ok(ended(status, last.unwrap_or_default()))
}

fn ended(status: ExitStatus, last: String) -> Ended {
    match (status.code().and_then(|code| u8::try_from(code).ok()), status.signal()) {
        (Some(code), _) if code != 101 => Ended::Code(code),
        // A stop that somebody asked for is no finding about a file.
        (None, Some(signal @ (1 | 2 | 13 | 15))) => Ended::Code(128 + u8::try_from(signal).unwrap_or_default()),
        _ => Ended::In(last),
    }
}

fn arguments(args: &Rate) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["rate".into(), "--in-child".into()];
    let mut option = |name: &str, value: OsString| words.extend([name.into(), value]);
    option("--tariff", args.tariff.clone().into());
    option("--as-of", args.as_of.to_string().into());
    if let Some(through) = args.complete_through {
        option("--complete-through", through.to_string().into());
    }
    if let Some(zone) = args.zone {
        option("--zone", zone.to_string().into());
    }
    if let Some(stamps) = args.stamps {
        option("--stamps", stamps.name().into());
    }
    if let Some(mapping) = &args.mapping {
        option("--mapping", mapping.clone().into());
    }
    if let Some(out) = &args.out {
        option("--out", out.clone().into());
    }
    if args.only == Some(Only::Charges) {
        option("--only", "charges".into());
    }
    if let Some(summary) = &args.summary {
        option("--summary", summary.clone().into());
    }
    words.extend(["--memory".into(), args.memory.to_string().into()]);
    if args.by_rows {
        words.push("--by-rows".into());
    }
    if args.timings {
        words.push("--timings".into());
    }
    words.push("--".into());
    words.extend(args.inputs.iter().map(|input| input.clone().into()));
    words
}

/// Tells the parent, where there is one, which file is read; an empty path: none any more.
pub fn announce(path: &Path) {
    let told = std::io::stdin().as_fd().try_clone_to_owned();
    // A parent that has gone away needs no news.
    let _ = told.and_then(|socket| writeln!(File::from(socket), "{}", path.display().to_string().replace('\n', " ")));
}
