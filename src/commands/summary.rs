//! What a night did, for a person and for a program.

mod facts;
mod lines;
mod page;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use self::facts::{Log, closed, conflicts, mails, reason, rows_read, strangers};
pub use self::facts::{changed, late_on_page, late_words, unsigned};
use self::lines::Reader;
use self::words::to_approve;
pub use self::words::{billed_total, both, counted, grouped, links, mail_lines, told};

use super::closing::{Step, texts};
use super::correct;
use super::run::Night;
use crate::close::guards::on_page;
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Money, Month};
use crate::pair::Conflict;
use crate::report::alarms::Alarm;

/// The summary of a run; its JSON form is versioned by `format`.
#[derive(Serialize)]
pub struct Summary {
    format: &'static str,
    as_of: Instant,
    dry_run: bool,
    nothing_to_do: bool,
    read: Read,
    set_aside: Vec<Reason>,
    /// By earlier nights, and still not read.
    still_set_aside: Vec<Reason>,
    /// Files whose declared time is not over yet.
    early: Vec<String>,
    /// Files without declared time whose last message lies after the instant of the run.
    ahead: Vec<Ahead>,
    /// Files that were written to while they were read: for the next night.
    changed: Vec<String>,
    /// Links, pipes, sockets and devices of the inbox.
    passed_over: Vec<String>,
    /// Objects of an inbox in object storage that cannot be files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfit: Vec<String>,
    closed: Vec<Closed>,
    unseen: Vec<Unseen>,
    waiting: Vec<Waiting>,
    /// Closable, and to be approved by a person first.
    to_approve: Vec<Waiting>,
    parked: Vec<Waiting>,
    not_in_the_book: Vec<Unknown>,
    conflicts: Vec<Conflict>,
    after_closing: Vec<Late>,
    /// What became of closed months to which something came late.
    corrected: Vec<correct::Late>,
    alarms: Vec<Alarm>,
    documents: u64,
    mail: Mails,
    reports: Vec<Month>,
    previews: Vec<String>,
    #[serde(skip)]
    state: String,
}

#[derive(Serialize)]
struct Read {
    files: u64,
    messages: u64,
    rejected: u64,
    /// Rows that mappings take for no messages.
    passed_over: u64,
    /// How many files of each form were read.
    formats: BTreeMap<String, u64>,
    /// Each file with its form; the text has their counts alone.
    logs: Vec<Log>,
    first_rejects: Vec<Rejected>,
}

#[derive(Serialize)]
struct Rejected {
    file: String,
    row: u64,
    reason: String,
}

#[derive(Serialize)]
struct Reason {
    file: String,
    reason: String,
}

#[derive(Serialize)]
struct Closed {
    month: Month,
    business: String,
    verdicts: Counts,
    charges: u64,
    /// Exact sum of the charges.
    exact: Decimal,
    invoice: Option<Invoiced>,
    /// Net amount that was too small for an invoice of its own.
    carried: Option<Money>,
}

#[derive(Serialize)]
struct Invoiced {
    /// `null` in a dry run: numbers are given at the closing.
    number: Option<String>,
    net: Money,
    tax: Money,
    total: Money,
    /// What is to be paid, where that is in another currency than the tariff's.
    #[serde(skip_serializing_if = "Option::is_none")]
    billed: Option<Money>,
}

#[derive(Serialize)]
struct Waiting {
    month: Month,
    business: String,
    reasons: Vec<String>,
    /// The same as the page of the run may tell it.
    #[serde(skip)]
    on_page: Vec<String>,
}

impl Waiting {
    /// With reasons that a page may tell.
    fn plain(month: Month, business: String, reasons: Vec<String>) -> Self {
        Self { month, business, on_page: reasons.clone(), reasons }
    }
}

#[derive(Serialize)]
struct Unknown {
    business: String,
    channel: String,
    rows: u64,
}

#[derive(Serialize)]
struct Mails {
    sent: u64,
    deferred: u64,
    refused: u64,
    unknown: u64,
    failed: u64,
    /// Due, and left for a later run; and why.
    left: u64,
    left_because: Option<String>,
    /// Mails whose time has not come, and when that of the first one comes.
    waiting: u64,
    next: Option<Instant>,
    troubles: Vec<Trouble>,
}

/// A mail that was not sent.
#[derive(Serialize)]
struct Trouble {
    number: String,
    name: String,
    to: String,
    outcome: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Ahead {
    file: String,
    last: Instant,
}

/// What of a closed month was never seen.
#[derive(Serialize)]
struct Unseen {
    month: Month,
    business: String,
    missing: String,
}

/// Rows that arrived after their month was closed.
#[derive(Serialize)]
struct Late {
    month: Month,
    business: String,
    rows: u64,
}

impl Summary {
    pub fn of(night: &Night) -> Self {
        let read = &night.intake;
        let mut summary = Self {
            format: "ritardo-run/1",
            as_of: night.as_of,
            dry_run: night.dry_run,
            nothing_to_do: false,
            read: rows_read(night),
            set_aside: read.newly_set_aside().map(reason).collect(),
            still_set_aside: night.standing.iter().map(reason).collect(),
            early: read.early.clone(),
            ahead: (read.ahead.iter()).map(|(file, last)| Ahead { file: file.clone(), last: *last }).collect(),
            changed: read.changed.clone(),
            passed_over: read.passed_over.clone(),
            unfit: read.unfit.clone(),
            closed: closed(night),
            unseen: (night.unseen.iter())
                .map(|(business, month, text)| Unseen {
                    month: *month,
                    business: business.clone(),
                    missing: text.clone(),
                })
                .collect(),
            waiting: Vec::new(),
            to_approve: Vec::new(),
            parked: Vec::new(),
            not_in_the_book: strangers(night),
            conflicts: conflicts(night),
            after_closing: (night.after_closing.iter())
                .map(|(business, month, rows)| Late { month: *month, business: business.clone(), rows: *rows })
                .collect(),
            corrected: night.late.clone(),
            alarms: night.alarms.clone(),
            documents: night.written.documents,
            mail: mails(&night.mail),
            reports: night.derived.pages.clone(),
            previews: night.previews.iter().map(|folder| folder.display().to_string()).collect(),
            state: night.setup.config.state.display().to_string(),
        };
        summary.add_open_months(night);
        let notes = night.late.iter().filter(|late| late.issues()).count() as u64;
        let did = read.entries.len() as u64
            + night.written.documents
            + night.mail.attempts()
            + summary.closed.len() as u64
            + notes
            + night.previews.len() as u64;
        summary.nothing_to_do = did == 0 && night.mail.stopped.is_none();
        summary
    }

    fn add_open_months(&mut self, night: &Night) {
        for open in &night.open {
            let (month, business) = (open.month, open.business.id.to_string());
            match &open.step {
                Step::Wait(missing) => self.waiting.push(Waiting::plain(month, business, texts(missing))),
                Step::Approve(closed) => {
                    let reasons = vec![to_approve(month, closed.net)];
                    self.to_approve.push(Waiting::plain(month, business, reasons));
                }
                Step::Park(parked) => {
                    let (reasons, on_page) = (texts(&parked.found), on_page(&parked.found));
                    self.parked.push(Waiting { month, business, reasons, on_page });
                }
                Step::Close(_) => {}
            }
        }
        for (business, month, finding) in &night.closings.failed {
            let failed = "a self-check failed, nothing was written for it";
            let (reasons, on_page) = (vec![format!("{failed}: {finding}")], vec![failed.to_owned()]);
            self.parked.push(Waiting { month: *month, business: business.clone(), reasons, on_page });
        }
    }

    /// One line a fact, the kind of fact first.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (label, rest) in self.lines(Reader::Person) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{label:<9} {rest}");
        }
        text
    }
}
