//! `ritardo gap`: what keeps open months waiting, and the operator's word that it will never be proven.

mod holds;

use std::collections::BTreeMap;

use serde::Serialize;

use super::archived::Archive;
use super::closing::OpenMonth;
use super::evidence::Evidence;
use super::held::check_clock;
use super::open::{Tonight, open_months};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Format, Gap, GapAccept, GapAction, GapList};
use crate::domain::{Business, Instant, Month, Span};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Cause, HoldAccepted, LogRead};
use crate::ledger::{Additions, Entry, History, Ledger, LedgerError};
use holds::{Hold, holds};

/// What `list` writes; its JSON form is versioned by `format`.
#[derive(Serialize)]
struct Listed {
    format: &'static str,
    as_of: Instant,
    held: Vec<Held>,
    accepted: Vec<Accepted>,
}

/// A hold that keeps an open month waiting.
#[derive(Serialize)]
struct Held {
    id: String,
    cause: Cause,
    business: String,
    channel: String,
    month: Option<Month>,
    span: Option<Span>,
    /// The same in the business's zone.
    local: String,
    /// Ids of the messages that it is about, where it names some.
    messages: Vec<String>,
    waits: u64,
    decided_by: String,
}

/// A hold that was accepted.
#[derive(Serialize)]
struct Accepted {
    id: String,
    cause: Cause,
    business: String,
    channel: String,
    span: Option<Span>,
    local: String,
    messages: Vec<String>,
    reason: String,
    at: Instant,
}

pub fn gap(args: &Gap, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        GapAction::List(args) => list(args, world),
        GapAction::Accept(args) => accept(args, world),
    }
}

fn list(args: &GapList, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let as_of = args.as_of.unwrap_or(world.now);
    let (evidence, open) = judged(&setup, &state, &history, as_of)?;
    let held = holds(&open, &evidence, as_of);
    let listed = Listed {
        format: "ritardo-gaps/1",
        as_of,
        held: held.iter().map(Held::of).collect(),
        accepted: accepted(&history, &setup),
    };
    match args.format {
        Format::Text => listed.text().iter().try_for_each(|line| say(world.out, line))?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&listed);
            let broken = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(broken)?)?;
        }
    }
    Ok(Outcome::Done)
}

fn judged<'s>(
    setup: &'s Setup,
    state: &State,
    history: &History,
    as_of: Instant,
) -> Result<(Evidence, Vec<OpenMonth<'s>>), Failure> {
    let files: Vec<&LogRead> = history.files.iter().map(|(_, file)| file).collect();
    let archive = Archive::open(state, history)?;
    let evidence = Evidence::gather(files.iter().copied(), setup, &archive)?;
    let evidence = evidence.with_accepted(history.accepted_through(history.last));
    let tonight = Tonight { setup, history, archive: &archive, as_of, is_kept: false, timings: None };
    let open = open_months(&tonight, &evidence)?;
    Ok((evidence, open))
}

fn accept(args: &GapAccept, world: &mut World) -> Result<Outcome, Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        let failure = Failure::new(Kind::CommandLine, "the reason is empty, or not a plain line of text");
        return Err(failure.hint("say why the logs will never come: --reason \"the till was off, see ticket 12\""));
    }
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    // Without a ledger there is nothing to accept, and no folder is made.
    drop(state.read_ledger()?);
    let _lock = state.lock()?;
    let path = state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let history = ledger.history().map_err(|error| ledger_failure(error, &path))?;
    let as_of = args.as_of.unwrap_or(world.now);
    check_clock(&history, as_of)?;

    let (evidence, open) = judged(&setup, &state, &history, as_of)?;
    let held = holds(&open, &evidence, as_of);
    let Some(hold) = held.iter().find(|hold| hold.id == args.id) else { return Err(unknown(&args.id, &history)) };
    let owned = hold.business.channels.iter().find(|owned| owned.channel.as_str() == hold.channel);
    let Some(owned) = owned else { return Err(unknown(&args.id, &history)) };
    let entries = hold.entries(&owned.channel, reason, as_of);

    let evidence = evidence.with_accepted(history.accepted_through(history.last).chain(&entries));
    let archive = Archive::open(&state, &history)?;
    let tonight = Tonight { setup: &setup, history: &history, archive: &archive, as_of, is_kept: false, timings: None };
    let excluded = excluded(&open_months(&tonight, &evidence)?) - excluded(&open);
    let additions = Additions { entries: entries.into_iter().map(Entry::HoldAccepted).collect(), contents: Vec::new() };
    let added = ledger.append(|_| Ok::<_, LedgerError>(additions));
    added.map_err(|error| ledger_failure(error, &path))?;
    let waits = if excluded == 1 { "1 wait is".to_owned() } else { format!("{} are", counted(excluded, "wait")) };
    say(world.out, &format!("accepted  {}: {waits} excluded for good and never billed", hold.id))?;
    say(world.out, "next      `ritardo run` closes the month, if nothing else is missing")?;
    Ok(Outcome::Done)
}

fn excluded(open: &[OpenMonth]) -> u64 {
    open.iter().flat_map(|month| &month.waits).filter(|rated| rated.wait.excluded).count() as u64
}

fn unknown(id: &str, history: &History) -> Failure {
    let id = id.escape_debug();
    let known = history.accepted.iter().any(|(_, hold)| hold.id == *id.to_string());
    let why = if known { "is accepted already" } else { "keeps no open month waiting" };
    Failure::new(Kind::CommandLine, format!("the hold `{id}` {why}")).hint("`ritardo gap list` shows the ids")
}

/// Accepted holds in the order of the ledger; what was accepted together is one.
fn accepted(history: &History, setup: &Setup) -> Vec<Accepted> {
    let of_one = history.accepted.chunk_by(|(_, a), (_, b)| (&a.id, a.at) == (&b.id, b.at));
    let told = of_one.filter_map(|entries| {
        let (_, HoldAccepted { id, business, channel, cause, messages, reason, at, .. }) = entries.first()?;
        let spans = || entries.iter().flat_map(|(_, hold)| &hold.spans);
        let span = spans().map(|span| span.from).min().zip(spans().map(|span| span.to).max());
        let span = span.map(|(from, to)| Span { from, to });
        let known = setup.business(business.as_str());
        Some(Accepted {
            id: id.clone(),
            cause: *cause,
            business: business.to_string(),
            channel: channel.to_string(),
            span,
            local: span.zip(known).map(|(span, business)| local(span, business)).unwrap_or_default(),
            messages: messages.clone(),
            reason: reason.clone(),
            at: *at,
        })
    });
    told.collect()
}

impl Held {
    fn of(hold: &Hold) -> Self {
        Self {
            id: hold.id.clone(),
            cause: hold.cause,
            business: hold.business.id.to_string(),
            channel: hold.channel.clone(),
            month: hold.month,
            span: hold.span(),
            local: hold.span().map(|span| local(span, hold.business)).unwrap_or_default(),
            messages: hold.messages.iter().cloned().collect(),
            waits: hold.waits,
            decided_by: hold.decided_by(),
        }
    }

    /// What it is about, in one line.
    fn about(&self) -> String {
        let messages = counted(self.messages.len() as u64, "message");
        match self.cause {
            Cause::Gap => format!("outbound logs are missing, {}", self.local),
            Cause::Unread => format!("outbound rows could not be read, {}", self.local),
            Cause::UnknownAnswer => format!("outbound messages of unknown kind, {}", self.local),
            Cause::UnknownKind => {
                let month = self.month.map(|month| month.to_string()).unwrap_or_default();
                format!(
                    "{messages} of unknown kind in {month}, the first: {}",
                    self.messages.first().map(String::as_str).unwrap_or_default()
                )
            }
            Cause::Conflict => format!("exports disagree about message {}", self.messages.join(", ")),
        }
    }
}

/// `2018-08-07 00:00 to 2018-08-08 00:00 (Europe/Rome)`.
fn local(span: Span, business: &Business) -> String {
    let print = |instant: Instant| {
        let printed = business.zone.print(instant);
        let time = printed.rsplit_once(' ').map_or(printed.as_str(), |(time, _)| time);
        let time = time.strip_suffix(".000").unwrap_or(time);
        time.strip_suffix(":00").unwrap_or(time).to_owned()
    };
    // A single moment needs no end.
    match span.to.since(span.from).micros() {
        ..=1 => format!("at {} ({})", print(span.from), business.zone),
        _ => format!("from {} to {} ({})", print(span.from), print(span.to), business.zone),
    }
}

impl Listed {
    fn text(&self) -> Vec<String> {
        let mut lines = vec![format!("{:<9} {}", "as of", self.as_of)];
        let rows = self.held.iter().map(|held| {
            let waits = counted(held.waits, "wait");
            [held.id.clone(), held.cause.name().to_owned(), held.business.clone(), held.channel.clone(), waits]
        });
        let rows = aligned(&rows.collect::<Vec<_>>());
        for (held, row) in self.held.iter().zip(rows) {
            lines.push(format!("{:<9} {row}", "held"));
            lines.push(format!("{:<9} {}", "", held.about()));
            lines.push(format!("{:<9} {}", "", held.decided_by));
        }
        if self.held.is_empty() {
            lines.push(format!("{:<9} is held: no open month waits for a decision", "nothing"));
        }
        let rows = self.accepted.iter().map(|hold| {
            let about = if hold.messages.is_empty() {
                hold.local.clone()
            } else {
                counted(hold.messages.len() as u64, "message")
            };
            [hold.id.clone(), hold.cause.name().to_owned(), hold.business.clone(), hold.channel.clone(), about]
        });
        let rows = aligned(&rows.collect::<Vec<_>>());
        for (hold, row) in self.accepted.iter().zip(rows) {
            lines.push(format!("{:<9} {row}", "accepted"));
            lines.push(format!("{:<9} as of {}: {}", "", hold.at, hold.reason));
        }
        lines
    }
}

/// Cells side by side, each column as wide as its widest cell.
fn aligned(rows: &[[String; 5]]) -> Vec<String> {
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for (column, cell) in rows.iter().flat_map(|row| row.iter().enumerate()) {
        let width = widths.entry(column).or_default();
        *width = cell.chars().count().max(*width);
    }
    let padded = |row: &[String; 5]| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = widths.get(&column).copied().unwrap_or_default();
            format!("{cell:<width$}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(padded).collect()
}
