//! Reads clock and arguments once; turns the outcome into an exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use ritardo::cli::Cli;
use ritardo::commands::{World, run};
use ritardo::domain::Instant;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

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
    let (out, err) = (&mut out, &mut err);
    let mut world = World { out, err, now: now(), clock, watched, columns, hold_signals, is_stopped };
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

/// Whether a signal ends the program at once.
static AT_ONCE: AtomicBool = AtomicBool::new(true);
/// Whether one came while it did not.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// From now on the first signal to stop is only noted, or all of them end the program at once, as they do by themselves.
fn hold_signals(hold: bool) {
    static TAKEN: Once = Once::new();
    if hold {
        TAKEN.call_once(take_signals);
    }
    AT_ONCE.store(!hold, Ordering::SeqCst);
}

fn is_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// What was ignored when the program began, as under `nohup`, stays so.
fn take_signals() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for signal in [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(&status, *signal)) {
        let taken = flag::register_conditional_default(signal, &AT_ONCE);
        let taken = taken.and_then(|_| flag::register(signal, &STOPPED));
        // One that cannot be taken ends the program at once, and one more does so always.
        let _ = taken.and_then(|_| flag::register(signal, &AT_ONCE));
    }
}

/// Whether a process of this status ignores a signal: a mask in hexadecimal digits says it.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| (mask >> (signal - 1)) & 1 == 1)
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

#[test]
fn what_is_ignored_is_told_by_the_mask() {
    let status = "SigBlk:\t0000000000000003\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
    assert_eq!([SIGHUP, SIGINT, SIGTERM].map(|signal| is_ignored(status, signal)), [true, false, false]);
    assert!(!is_ignored("", SIGHUP) && !is_ignored("SigIgn:\tx\n", SIGHUP));
}
