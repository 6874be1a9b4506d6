//! `ritardo history`: what runs and commands did, told by the entries of the ledger. A night that found nothing to do left
//! no entry, and is not told.

mod parted;

use std::collections::BTreeMap;

use serde::Serialize;

use self::parted::{Doing, parted};
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::{counted, grouped};
use super::table::Table;
use super::{Outcome, World, say};
use crate::cli::{self, TableForm};
use crate::domain::{BusinessId, DocumentKind, Instant, InvoiceNumber, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::Entry;
use crate::ledger::entry::{MailOutcome, MonthParked, MonthReconciled};

/// Documents, months or words that a line of the text names; the JSON form has all.
const NAMED: usize = 4;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told {
    format: &'static str,
    /// Hash of the last entry.
    head: String,
    runs: Vec<Done>,
}

/// What one run, or one command, did.
#[derive(Default, Serialize)]
struct Done {
    first_entry: u64,
    last_entry: u64,
    /// The instant that it judged as of; `null` where its entries name none.
    at: Option<Instant>,
    command: &'static str,
    files: u64,
    rows: u64,
    rejected: u64,
    set_aside: u64,
    closed: Vec<Closed>,
    issued: Vec<Issued>,
    /// What else was decided, in words.
    decided: Vec<String>,
    documents: u64,
    /// Attempts by their outcome.
    mails: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Closed {
    month: Month,
    business: BusinessId,
    charges: u64,
}

#[derive(Serialize)]
struct Issued {
    number: InvoiceNumber,
    kind: DocumentKind,
    month: Month,
    business: BusinessId,
    total: Money,
}

pub fn history(args: &cli::History, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let ledger = State::new(&setup.config).read_ledger()?;
    let recorded = ledger.entries().map_err(|error| ledger_failure(error, ledger.path()))?;
    let head = recorded.last().map(|last| last.hash.clone()).unwrap_or_default();
    let mut runs: Vec<Done> = parted(&recorded).into_iter().map(done).collect();
    runs.retain(|run| args.since.is_none_or(|since| run.at.is_some_and(|at| since <= at)));
    let wanted = args.last.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
    runs.drain(..runs.len().saturating_sub(wanted));
    match args.format {
        TableForm::Json => {
            let told = Told { format: "ritardo-history/1", head, runs };
            let text = serde_json::to_string_pretty(&told);
            let failed = |error| Failure::new(Kind::SelfCheck, "the history cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        TableForm::Csv => say(world.out, table(&runs).csv()?.trim_end_matches("\r\n"))?,
        TableForm::Text if runs.is_empty() => say(world.out, "nothing was recorded")?,
        TableForm::Text => table(&runs).lines().iter().try_for_each(|line| say(world.out, line))?,
    }
    Ok(Outcome::Done)
}

fn done(doing: Doing) -> Done {
    let Doing { at, command, entries } = doing;
    let place = |recorded: Option<&&crate::ledger::Recorded>| recorded.map(|recorded| recorded.seq).unwrap_or_default();
    let (first_entry, last_entry) = (place(entries.first()), place(entries.last()));
    let mut done = Done { first_entry, last_entry, at, command: command.name(), ..Done::default() };
    entries.into_iter().for_each(|recorded| done.add(&recorded.entry));
    done
}

impl Done {
    fn add(&mut self, entry: &Entry) {
        match entry {
            Entry::File(file) => {
                self.files += 1;
                self.rows = self.rows.saturating_add(file.rows);
                self.rejected = self.rejected.saturating_add(file.rejected);
            }
            Entry::SetAside(_) => self.set_aside += 1,
            Entry::MonthClosed(closed) => {
                let (month, business, charges) = (closed.month, closed.business.clone(), closed.charges);
                self.closed.push(Closed { month, business, charges });
            }
            Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => {
                self.issued.push(Issued {
                    number: issued.number.clone(),
                    kind: issued.kind,
                    month: issued.month,
                    business: issued.business.clone(),
                    total: issued.total,
                });
            }
            Entry::Documents(_) => self.documents += 1,
            Entry::MailAttempt(attempt) => *self.mails.entry(outcome(attempt.outcome)).or_default() += 1,
            Entry::Parked(of) if of.months.is_empty() => self.decided.push("nothing is parked any more".to_owned()),
            Entry::Parked(of) => self.decided.extend(of.months.iter().map(parked)),
            entry => self.decided.extend(decided(entry)),
        }
    }

    fn what(&self) -> String {
        let some = |count: u64, text: String| (count > 0).then_some(text);
        let rejected = some(self.rejected, format!(", {} rejected", grouped(self.rejected))).unwrap_or_default();
        let read = format!("{} read, {}{rejected}", counted(self.files, "file"), counted(self.rows, "row"));
        let closed: Vec<String> = self.closed.iter().map(|of| format!("{} {}", of.month, of.business)).collect();
        let issued: Vec<String> = self.issued.iter().map(|of| format!("{} {}", of.number, of.total)).collect();
        let mails: Vec<String> = self.mails.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let parts = [
            some(self.files, read),
            some(self.set_aside, format!("{} set aside", counted(self.set_aside, "file"))),
            named("closed ", &closed),
            named("issued ", &issued),
            named("", &self.decided),
            named("mails: ", &mails),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "kept the books".to_owned() } else { parts.join("; ") }
    }
}

/// The first of them, and how many more there are; `None` of nothing.
fn named(label: &str, all: &[String]) -> Option<String> {
    let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    (!all.is_empty()).then(|| format!("{label}{shown}{more}"))
}

const fn outcome(outcome: MailOutcome) -> &'static str {
    match outcome {
        MailOutcome::Sent => "sent",
        MailOutcome::Deferred => "deferred",
        MailOutcome::Refused => "refused",
        MailOutcome::Unknown => "unknown",
        MailOutcome::Untried => "untried",
    }
}

/// A decision that is neither a month nor a document, in words without a name of a customer.
fn decided(entry: &Entry) -> Option<String> {
    Some(match entry {
        Entry::Approved(of) => format!("approved {} of {}, {}", of.month, of.business, of.net),
        Entry::Unparked(of) => {
            format!("released {} of {} ({}): {}", of.month, of.business, of.guards.join(", "), of.reason)
        }
        Entry::Compared(of) => {
            format!("compared {} of {}: {} stands, {} now", of.month, of.business, of.standing, of.net)
        }
        Entry::Corrected(of) => {
            format!("corrected {} of {} for {}: {}", of.month, of.business, of.cause.name(), of.net)
        }
        Entry::Dispute(of) => {
            let claims = counted(of.claims.len() as u64, "message");
            format!("dispute {} of {claims} of {} of {}", of.dispute, of.month, of.business)
        }
        Entry::DisputeSettled(of) => format!("settled dispute {}", of.dispute),
        Entry::HoldAccepted(of) => format!("accepted a {} of {}: {}", of.cause.name(), of.business, of.reason),
        Entry::Tariff(of) => format!("from now on by the tariff {}", of.tariff),
        Entry::MailCancelled(of) => format!("took a mail back: {}", of.reason),
        Entry::MailRetried(_) => "let a mail be tried again".to_owned(),
        Entry::Mail(of) => format!("repeated a mail: {}", of.copy.as_ref()?.reason),
        Entry::MailBounced(of) => format!("{} came back: {}", of.mail, of.status),
        Entry::Digest(of) => match &of.mail {
            Some(mail) => format!("told the issuer what happened and what stands, by {}", mail.name),
            None => "told the issuer what happened and what stands".to_owned(),
        },
        Entry::Forgotten(of) => format!("forgot a customer in {}", counted(of.line_files.len() as u64, "line file")),
        Entry::Purged(of) => format!("removed {}", counted(of.raw.len() as u64, "raw file")),
        Entry::Payment(of) => format!("recorded payment {} of {}", of.payment, of.amount),
        Entry::PaymentMatched(of) => format!("matched payment {}: {}", of.payment, of.reason),
        Entry::PaymentReversed(of) => format!("reversed payment {}: {}", of.payment, of.reason),
        Entry::Reminder(of) => {
            format!("reminded {} of {}, level {}", of.business, counted(of.numbers.len() as u64, "invoice"), of.level)
        }
        Entry::Reconciled(of) => reconciled(of),
        _ => return None,
    })
}

fn parked(of: &MonthParked) -> String {
    format!("parked {} of {} ({})", of.month, of.business, of.guards.join(", "))
}

fn reconciled(of: &MonthReconciled) -> String {
    let differences = counted(of.differences, "difference");
    format!("reconciled {} with {}: {differences}, {} unexplained", of.month, of.file, of.unexplained)
}

fn table(runs: &[Done]) -> Table {
    let mut table = Table::new(&["entries", "as of", "command", "what it did"]);
    for run in runs {
        let entries = match (run.first_entry, run.last_entry) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        let at = run.at.map(|at| at.to_string()).unwrap_or_default();
        table.add(vec![entries, at, run.command.to_owned(), run.what()]);
    }
    table
}
