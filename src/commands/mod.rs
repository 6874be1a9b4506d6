//! One file per subcommand: the only place where the stages meet.

mod alarms;
mod approve;
mod archived;
mod audit;
mod billable;
mod bounces;
mod bundle;
mod cases;
mod check;
mod claims;
mod clocks;
mod closing;
mod cluster;
mod columns;
mod conflicts;
mod convert;
mod correct;
mod coverage;
mod decide;
mod derived;
mod digest;
mod dispute;
mod documents_shown;
mod due;
mod ending;
mod evidence;
mod explain;
pub mod files;
mod forget;
mod gap;
mod generate;
mod guards;
mod held;
mod history;
mod init;
mod inspect;
mod intake;
mod invoice;
mod issue;
mod journal;
mod keyfile;
mod letters;
mod line_forms;
mod loaded;
mod looks;
mod mail;
mod mapped;
mod metrics;
mod mirror;
mod named;
mod open;
mod outbox;
mod pages;
mod parked;
mod patience;
mod payments;
mod portions;
mod previews;
mod progress;
mod proving;
mod purge;
mod quarantine;
mod rate;
mod reader;
mod readings;
mod reconcile;
mod recorded;
mod reissue;
mod rejects;
mod remote;
mod report;
mod retaxed;
mod review;
mod run;
mod scratch;
mod second_opinion;
mod settled;
mod setup;
mod standing;
mod state;
mod status;
mod strays;
mod summary;
mod supervised;
mod suspects;
mod table;
mod tariff;
mod timings;
mod traffic;
mod verify;
mod what_if;
mod workbook;
mod workers;

use std::io::Write;
use std::time::Duration;

use crate::cli::{Cli, Command};
use crate::domain::Instant;
use crate::error::Failure;

/// What the outside world gives a command: its outputs, the time, a stopwatch, and whether someone watches.
pub struct World<'w> {
    pub out: &'w mut dyn Write,
    pub err: &'w mut dyn Write,
    /// The time of the run, read once.
    pub now: Instant,
    /// How long the program runs already. It decides how long a run goes on sending, and nothing else; `--timings` is told
    /// by it.
    pub clock: fn() -> Duration,
    /// Whether standard error is a terminal.
    pub watched: bool,
    /// Characters in a line of standard output, where that is a terminal.
    pub columns: Option<usize>,
    /// Whether a signal to stop is only noted from now on, so that the mail in hand comes to its end. The second one ends
    /// the program at once all the same.
    pub hold_signals: fn(bool),
    /// Whether a signal to stop was noted.
    pub is_stopped: fn() -> bool,
}

/// How a command ended when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Files, businesses or mails were set aside, the rest is done.
    SetAside,
    /// Mails have waited for too long, the rest is done.
    Waits,
    /// An audit or verification found differences.
    Differences,
    /// As a child ended that has said why.
    Code(u8),
}

impl Outcome {
    /// The code that the program ends with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SetAside => 65,
            Self::Waits => 75,
            Self::Differences => 1,
            Self::Code(code) => code,
        }
    }
}

/// Carries out one command.
pub fn run(cli: Cli, world: &mut World) -> Result<Outcome, Failure> {
    match cli.command {
        Command::Init(args) => init::init(&args, world),
        Command::Check(args) => check::check(&args, world),
        Command::Rate(args) => rate::rate(&args, world),
        Command::Convert(args) => convert::convert(&args, world),
        Command::Generate(args) => generate::generate(&args, world),
        Command::Run(args) => run::run(&args, world),
        Command::Inspect(args) => inspect::inspect(&args, world),
        Command::Conflicts(args) => conflicts::conflicts(&args, world),
        Command::Rejects(args) => rejects::rejects(&args, world),
        Command::Quarantine(args) => quarantine::quarantine(&args, world),
        Command::Forget(args) => forget::forget(&args, world),
        Command::Purge(args) => purge::purge(&args, world),
        Command::ReadFiles => reader::child::serve(world),
        Command::ProveTemplates => proving::serve(world),
        Command::Status(args) => status::status(&args, world),
        Command::Approve(args) => approve::approve(&args, world),
        Command::Parked(args) => approve::parked(&args, world),
        Command::Unpark(args) => approve::unpark(&args, world),
        Command::Invoice(args) => invoice::invoice(&args, world),
        Command::Mail(args) => mail::mail(&args, world),
        Command::Reissue(args) => reissue::reissue(&args, world),
        Command::Dispute(args) => dispute::dispute(&args, world),
        Command::Coverage(args) => coverage::coverage(&args, world),
        Command::Bounces(args) => bounces::bounces(&args, world),
        Command::Verify(args) => verify::verify(&args, world),
        Command::Audit(args) => audit::audit(&args, world),
        Command::ExportMonth(args) => bundle::export_month(&args, world),
        Command::Explain(args) => explain::explain(&args, world),
        Command::Journal(args) => journal::journal(&args, world),
        Command::Report(args) => report::report(&args, world),
        Command::Payments(args) => payments::payments(&args, world),
        Command::Workbook(args) => workbook::workbook(&args, world),
        Command::Reconcile(args) => reconcile::reconcile(&args, world),
        Command::History(args) => history::history(&args, world),
        Command::Tariff(args) => tariff::tariff(&args, world),
        Command::Readings(args) => readings::readings(&args, world),
        Command::WhatIf(args) => what_if::what_if(&args, world),
        Command::Due(args) => due::due(&args, world),
        Command::Gap(args) => gap::gap(&args, world),
    }
}

/// Writes a line; a reader that has gone away or a full disk is an error like any other, never a panic.
pub fn say(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::new(crate::error::Kind::InputOutput, "cannot write the output").because(error);
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(failed)
}
