//! `ritardo bounces`: reads delivery status reports where they lie, and records which mails came back.

mod judge;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use self::judge::{Named, NotOurs, Sent};
use super::held::Held;
use super::keyfile;
use super::setup::Setup;
use super::state::{State, ledger_failure};
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Bounces, Format};
use crate::domain::{Instant, InvoiceNumber};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, MailBounced};
use crate::ledger::{Additions, LedgerError, Recorded};
use crate::read::dsn::{Action, MailboxError, NoReport, Recipient, Report, mails, report};

/// What `--format json` writes.
#[derive(Debug, Serialize)]
struct Told {
    format: &'static str,
    at: Instant,
    /// Mails that were read.
    mails: u64,
    /// Mails that are delivery status reports.
    reports: u64,
    /// What they say of mails of ours, in the order in which they were read.
    recipients: Vec<Row>,
    /// Reports about other mails, and mails that are no such reports; ordinary ones are only counted.
    others: Vec<Other>,
}

/// What a report says of one mail of ours.
#[derive(Debug, Serialize)]
struct Row {
    said: Said,
    number: InvoiceNumber,
    /// Its file beside the documents of the invoice.
    mail: String,
    to: String,
    status: String,
    diagnostic: String,
    report_sha256: String,
    place: String,
    /// Anybody could have written the report: it does not give the name of the envelope back.
    unproved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// It came back, and is recorded now.
    Bounced,
    /// The report was heard before.
    HeardBefore,
    Delayed,
    Delivered,
    Relayed,
    Expanded,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Other {
    place: String,
    /// Somebody should look at it: it may be about a mail of ours.
    doubtful: bool,
    reason: String,
}

/// A mail that was read, before it is known whose it is.
type Found = (String, Result<Report, NoReport>);

pub fn bounces(args: &Bounces, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let at = args.as_of.unwrap_or(world.now);
    let mut found: Vec<Found> = Vec::new();
    let mut read = 0;
    for place in &args.mailboxes {
        each(place, &mut read, &mut found)?;
    }
    let mut held = Held::of(&setup, &state, at)?;
    let failed = |error| ledger_failure(error, &state.ledger());
    let recorded = held.ledger.entries().map_err(failed)?;
    // Without the key nothing is proved.
    let key = keyfile::known(&state, &held.history);
    let told = judged(found, read, &Sent::of(&recorded, key), heard(&recorded), at);
    let entries: Vec<Entry> = told.recipients.iter().filter_map(|row| row.entry(at)).collect();
    let has_bounced = !entries.is_empty();
    if has_bounced {
        let added = held.ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
        added.map_err(failed)?;
    }
    match args.format {
        Format::Json => {
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &serde_json::to_string_pretty(&told).map_err(failed)?)?;
        }
        Format::Text => print(&told, world)?,
    }
    let is_to_be_seen = has_bounced || told.others.iter().any(|other| other.doubtful);
    Ok(if is_to_be_seen { Outcome::SetAside } else { Outcome::Done })
}

/// The mails of one place; of ordinary ones nothing is kept.
fn each(place: &Path, read: &mut u64, found: &mut Vec<Found>) -> Result<(), Failure> {
    let taken = mails(place, &mut |place, mail| {
        *read += 1;
        let report = mail.and_then(report);
        if report != Err(NoReport::Ordinary) {
            found.push((place.to_owned(), report));
        }
    });
    taken.map_err(|error| match error {
        MailboxError::Io { path, source } => Failure::io("read the mails", &path, source),
        MailboxError::NoMailbox { path } => {
            let failure = Failure::new(Kind::CommandLine, "this is neither a file nor a maildir").at(&path);
            failure.hint("name mails, mboxes, or folders with `new` and `cur` in them")
        }
    })
}

/// What was heard before: reports, with the mail that each says it of.
fn heard(recorded: &[Recorded]) -> BTreeSet<(String, String)> {
    let of = |recorded: &Recorded| match &recorded.entry {
        Entry::MailBounced(bounced) => Some((bounced.report_sha256.clone(), bounced.mail.clone())),
        _ => None,
    };
    recorded.iter().filter_map(of).collect()
}

fn judged(found: Vec<Found>, read: u64, sent: &Sent, mut heard: BTreeSet<(String, String)>, at: Instant) -> Told {
    let mut told =
        Told { format: "ritardo-bounces/1", at, mails: read, reports: 0, recipients: Vec::new(), others: Vec::new() };
    for (place, report) in found {
        let report = match report {
            Ok(report) => report,
            Err(why) => {
                told.others.push(Other { place, doubtful: why.is_doubtful(), reason: why.to_string() });
                continue;
            }
        };
        told.reports += 1;
        let mut others = BTreeSet::new();
        for recipient in &report.recipients {
            match sent.mail(&report, recipient) {
                Ok(Named { mail, is_proved }) => {
                    let is_new =
                        recipient.action != Action::Failed || heard.insert((report.sha256.clone(), mail.name.clone()));
                    told.recipients.push(Row {
                        said: said(recipient, is_new),
                        number: mail.number.clone(),
                        mail: mail.name.clone(),
                        to: mail.to.clone(),
                        status: recipient.status.clone(),
                        diagnostic: recipient.diagnostic.clone(),
                        report_sha256: report.sha256.clone(),
                        place: place.clone(),
                        unproved: !is_proved,
                    });
                }
                // What is about another address and no failure is of no consequence.
                Err(NotOurs::Doubtful(reason)) => {
                    let doubtful = recipient.action == Action::Failed;
                    others.insert(Other { place: place.clone(), doubtful, reason });
                }
                Err(NotOurs::Foreign(reason)) => {
                    others.insert(Other { place: place.clone(), doubtful: false, reason });
                }
            }
        }
        told.others.extend(others);
    }
    told
}

fn said(recipient: &Recipient, is_new: bool) -> Said {
    match recipient.action {
        Action::Failed if is_new => Said::Bounced,
        Action::Failed => Said::HeardBefore,
        Action::Delayed => Said::Delayed,
        Action::Delivered => Said::Delivered,
        Action::Relayed => Said::Relayed,
        Action::Expanded => Said::Expanded,
    }
}

impl Row {
    /// What the ledger records of it.
    fn entry(&self, at: Instant) -> Option<Entry> {
        let bounced = || MailBounced {
            mail: self.mail.clone(),
            status: self.status.clone(),
            diagnostic: self.diagnostic.clone(),
            action: Action::Failed.name().to_owned(),
            report_sha256: self.report_sha256.clone(),
            at,
            unproved: self.unproved,
        };
        (self.said == Said::Bounced).then(|| Entry::MailBounced(bounced()))
    }
}

impl Said {
    /// As a line begins; nothing where it needs none.
    const fn label(self) -> Option<&'static str> {
        match self {
            Self::Bounced => Some("bounced"),
            Self::HeardBefore => None,
            Self::Delayed => Some("delayed"),
            Self::Delivered => Some("delivered"),
            Self::Relayed => Some("relayed"),
            Self::Expanded => Some("expanded"),
        }
    }
}

fn print(told: &Told, world: &mut World) -> Result<(), Failure> {
    for row in &told.recipients {
        let Some(label) = row.said.label() else { continue };
        let unproved = if row.unproved && row.said == Said::Bounced { "unproved" } else { "" };
        let diagnostic = row.diagnostic.clone();
        let words = [row.number.to_string(), row.to.clone(), row.status.clone(), unproved.to_owned(), diagnostic];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        say(world.out, &format!("{label:<9} {}", words.join("  ")))?;
    }
    for Other { place, doubtful, reason } in &told.others {
        say(world.out, &format!("{:<9} {place}: {reason}", if *doubtful { "set aside" } else { "other" }))?;
    }
    let before = told.recipients.iter().filter(|row| row.said == Said::HeardBefore).count() as u64;
    let before = if before > 0 { format!("; {} heard before", counted(before, "bounce")) } else { String::new() };
    let (mails, reports) = (counted(told.mails, "mail"), counted(told.reports, "delivery status report"));
    say(world.out, &format!("read      {mails}, {reports}{before}"))
}
