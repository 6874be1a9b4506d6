//! What a night did, for a person and for a program.

mod facts;
mod page;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use self::facts::{Log, closed, conflicts, mails, reason, rows_read, strangers};
pub use self::facts::{changed, late_words, unsigned};
use self::words::to_approve;
pub use self::words::{billed_total, both, counted, grouped, links, mail_lines, told};

use super::closing::{Step, texts};
use super::correct;
use super::run::Night;
use crate::domain::invoice::Counts;
use crate::domain::{Decimal, Instant, Money, Month};
use crate::pair::Conflict;
use crate::report::alarms::Alarm;

/// Waiting months of one business that the text shows one by one; the JSON form has all.
const MONTHS_SHOWN: usize = 3;

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
            reports: night.pages.clone(),
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
                Step::Wait(missing) => self.waiting.push(Waiting { month, business, reasons: texts(missing) }),
                Step::Approve(closed) => {
                    let reasons = vec![to_approve(month, closed.net)];
                    self.to_approve.push(Waiting { month, business, reasons });
                }
                Step::Park(parked) => self.parked.push(Waiting { month, business, reasons: texts(&parked.found) }),
                Step::Close(_) => {}
            }
        }
        for (business, month, finding) in &night.closings.failed {
            let reasons = vec![format!("a self-check failed, nothing was written for it: {finding}")];
            self.parked.push(Waiting { month: *month, business: business.clone(), reasons });
        }
    }

    /// One line a fact, the kind of fact first.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (label, rest) in self.lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{label:<9} {rest}");
        }
        text
    }

    /// Every fact with its kind, which comes first.
    fn lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut line = |label: &str, rest: String| lines.push((label.to_owned(), rest));
        let dry = if self.dry_run { ", dry run: nothing is written" } else { "" };
        line("run", format!("as of {}{dry}", self.as_of));
        self.say_files(&mut line);
        self.say_read(&mut line);
        self.say_months(&mut line);
        for Alarm { text, .. } in &self.alarms {
            line("alarm", text.clone());
        }
        if self.nothing_to_do {
            line("nothing", "to do: no new file, no month to close, no mail to send".to_owned());
        }
        words::mails(&self.mail, &mut line);
        for folder in &self.previews {
            line("preview", folder.clone());
        }
        for month in &self.reports {
            line("report", format!("{}/reports/{month}.html", self.state));
        }
        if self.documents > 0 {
            line("documents", format!("{}/issued", self.state));
        }
        lines
    }

    /// What was read, and in which forms.
    fn say_files(&self, line: &mut dyn FnMut(&str, String)) {
        let Read { files, messages, rejected, passed_over, formats, first_rejects, .. } = &self.read;
        if *files > 0 {
            let (files, messages) = (counted(*files, "file"), counted(*messages, "message"));
            let passed_over = match passed_over {
                0 => String::new(),
                rows => format!(", {} passed over", grouped(*rows)),
            };
            line("read", format!("{files}, {messages}, {} rejected{passed_over}", counted(*rejected, "row")));
            let formats: Vec<String> =
                formats.iter().map(|(form, count)| format!("{} {form}", grouped(*count))).collect();
            line("formats", formats.join(", "));
        }
        for reject in first_rejects.iter().take(3) {
            line("rejected", format!("{} row {}: {}", reject.file, reject.row, reject.reason));
        }
    }

    fn say_read(&self, line: &mut dyn FnMut(&str, String)) {
        for file in &self.set_aside {
            line("set aside", format!("{}: {}", file.file, file.reason));
        }
        let holding = || self.conflicts.iter().filter(|conflict| !conflict.accepted);
        if let Some(first) = holding().next() {
            let (messages, differs_in) = (counted(holding().count() as u64, "message"), first.differs_in.join(", "));
            let example = format!("{} of {}, in {differs_in}", first.message_id, first.business);
            line(
                "conflict",
                format!(
                    "exports disagree about {messages}, whose conversations are held (see `ritardo conflicts`); the first: {example}"
                ),
            );
        }
        for file in &self.still_set_aside {
            line("set aside", format!("{} (by an earlier run): {}", file.file, file.reason));
        }
        for file in &self.early {
            line("not yet", format!("{file}: the time that it speaks of is not over"));
        }
        for Ahead { file, last } in &self.ahead {
            line("not yet", format!("{file}: its last message is of {last}, after the instant of this run"));
        }
        for file in &self.changed {
            line("not yet", format!("{file}: it was written to while it was read; the next run reads it"));
        }
        if !self.passed_over.is_empty() {
            let (links, names) = links(&self.passed_over);
            line("warning", format!("the inbox has {links}, which are never opened: {names}"));
        }
        words::unfit(&self.unfit, line);
        for Unseen { month, business, missing } in &self.unseen {
            line("warning", format!("{month} of {business}: {missing}; what was never seen is not billed"));
        }
        for Late { month, business, rows } in &self.after_closing {
            let rows = counted(*rows, "row");
            line(
                "warning",
                format!("{rows} of {business} arrived after {month} was closed; the closed month does not change"),
            );
        }
        for late in &self.corrected {
            let (label, text) = facts::corrected(late, self.dry_run);
            line(label, text);
        }
        for Unknown { business, channel, rows } in &self.not_in_the_book {
            let rows = counted(*rows, "row");
            line(
                "warning",
                format!("{rows} of `{business}` on channel {channel}: the book gives that business no such channel"),
            );
        }
    }

    fn say_months(&self, line: &mut dyn FnMut(&str, String)) {
        let width = self.closed.iter().map(|closed| closed.business.len()).max().unwrap_or_default();
        for Closed { month, business, verdicts, invoice, carried, .. } in &self.closed {
            let Counts { waits, late, unanswered, held, .. } = verdicts;
            let excluded = if *held > 0 { format!(", {held} excluded") } else { String::new() };
            let billed = match invoice {
                Some(invoiced) => invoiced.told(),
                None => match carried {
                    Some(amount) => format!("{amount} carried over to a later invoice"),
                    None => "no charges, no invoice".to_owned(),
                },
            };
            let label = if self.dry_run { "closable" } else { "closed" };
            let waits = format!("{waits:>5} waits, {late:>3} late, {unanswered:>3} unanswered{excluded}");
            line(label, format!("{month}  {business:<width$}  {waits}  {billed}"));
        }
        for (label, months) in [("parked", &self.parked), ("approve", &self.to_approve), ("waiting", &self.waiting)] {
            for of_business in months.chunk_by(|a, b| a.business == b.business) {
                let shown = of_business.iter().take(MONTHS_SHOWN);
                shown.for_each(|Waiting { month, business, reasons }| {
                    line(label, format!("{month}  {business}: {}", reasons.join("; ")));
                });
                if let Some(last) = of_business.last().filter(|_| of_business.len() > MONTHS_SHOWN) {
                    let more = counted((of_business.len() - MONTHS_SHOWN) as u64, "more month");
                    line(label, format!("{}  {}: and {more} up to this one", last.month, last.business));
                }
            }
        }
    }
}
