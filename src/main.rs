//! Reads clock and arguments once; turns the outcome into an exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use ritardo::cli::Cli;
use ritardo::commands::{World, run};
use ritardo::domain::Instant;

fn main() -> ExitCode {
    // The first look starts it.
    clock();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A help text that nobody can read any more is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    quiet_reader_panics();
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr());
    let watched = err.is_terminal();
    let columns = out.is_terminal().then(columns);
    let mut world = World { out: &mut out, err: &mut err, now: now(), clock, watched, columns };
    let code = match run(cli, &mut world) {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            // Where standard error is closed too, the exit code is all that is left to say.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.kind.exit_code()
        }
    };
    let flushed = std::io::stdout().flush();
    if code == 0 && flushed.is_err() { ExitCode::from(74) } else { ExitCode::from(code) }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The width of a terminal; that of all of them once, where it says none.
fn columns() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

/// The time since it was first asked for.
#[expect(clippy::disallowed_methods, reason = "the one stopwatch; it decides how long a run sends, and else is told")]
fn clock() -> Duration {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// A panic inside the readers of Parquet and of mails is caught and becomes a refusal of the file; its own text would
/// only confuse. Every other panic is a defect and is printed.
fn quiet_reader_panics() {
    static FIRST: AtomicBool = AtomicBool::new(true);
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let in_reader = info.location().is_some_and(|location| {
            // Of the libraries that read it, and mails.
            ["polars", "/parquet-", "/mailparse-"].iter().any(|name| location.file().contains(name))
        });
        if !in_reader && FIRST.swap(false, Ordering::Relaxed) {
            default(info);
        }
    }));
}
