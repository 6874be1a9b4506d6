//! The facts of a night as its summary states them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Closed, Invoiced, Mails, Read, Reader, Reason, Rejected, Trouble, Unknown, billed_total, both, counted};
use crate::close::guards::{Found, on_page};
use crate::commands::approve::advice;
use crate::commands::closing::{Step, texts};
use crate::commands::correct::{Late, Outcome};
use crate::commands::outbox::Sent;
use crate::commands::run::Night;
use crate::domain::Money;
use crate::domain::settings::form_told;
use crate::ledger::entry::{Entry, SetAside};
use crate::pair::Conflict;

/// A log that was read, and as what.
#[derive(Serialize)]
pub(super) struct Log {
    file: String,
    format: String,
    messages: u64,
    rejected: u64,
}

/// The logs of the night in the order in which they were read.
fn logs(night: &Night) -> Vec<Log> {
    let files = night.intake.entries.iter().filter_map(|entry| match entry {
        Entry::File(file) => Some(file),
        _ => None,
    });
    let log = files.map(|file| Log {
        file: file.name.clone(),
        format: form_told(&file.format),
        messages: file.rows,
        rejected: file.rejected,
    });
    log.collect()
}

pub(super) fn rows_read(night: &Night) -> Read {
    let read = &night.intake;
    let rejected = |(file, reject): &(String, crate::read::Reject)| Rejected {
        file: file.clone(),
        row: reject.row,
        reason: reject.reason.clone(),
    };
    let logs = logs(night);
    let mut formats: BTreeMap<String, u64> = BTreeMap::new();
    for log in &logs {
        *formats.entry(log.format.clone()).or_default() += 1;
    }
    Read {
        formats,
        logs,
        files: read.files,
        messages: read.rows,
        rejected: read.rejected,
        passed_over: read.rows_passed_over,
        first_rejects: read.first_rejects.iter().map(rejected).collect(),
    }
}

pub(super) fn strangers(night: &Night) -> Vec<Unknown> {
    let told = night.strangers.iter().map(|((business, channel), rows)| Unknown {
        business: business.clone(),
        channel: channel.clone(),
        rows: *rows,
    });
    told.collect()
}

pub(super) fn reason(file: &SetAside) -> Reason {
    Reason { file: file.name.clone(), reason: file.reason.clone() }
}

pub(super) fn mails(mail: &Sent) -> Mails {
    let told = mail.troubles.iter().map(|trouble| Trouble {
        number: trouble.number.clone(),
        name: trouble.name.clone(),
        to: trouble.to.clone(),
        outcome: trouble.state.name(),
        reason: trouble.reason.clone(),
    });
    Mails {
        sent: mail.sent,
        deferred: mail.deferred,
        refused: mail.refused,
        unknown: mail.unknown,
        failed: mail.failed,
        left: mail.left,
        left_because: mail.left_because.clone(),
        waiting: mail.waiting,
        next: mail.next,
        troubles: told.collect(),
    }
}

pub(super) fn conflicts(night: &Night) -> Vec<Conflict> {
    let mut conflicts: BTreeMap<(&str, &str, &str), &Conflict> = BTreeMap::new();
    // Months come in order: the last one knows the most versions.
    for conflict in night.open.iter().flat_map(|open| &open.conflicts) {
        conflicts.insert((&conflict.business, &conflict.channel, &conflict.message_id), conflict);
    }
    conflicts.into_values().cloned().collect()
}

pub(super) fn closed(night: &Night) -> Vec<Closed> {
    let closings = &night.closings;
    let decided = night.open.iter().filter_map(|open| match &open.step {
        Step::Close(closed) => Some((open.business.id.to_string(), closed.as_ref())),
        _ => None,
    });
    let rehearsed = decided.map(|(business, closed)| {
        let invoice = Invoiced { number: None, net: closed.net, tax: closed.tax, total: closed.total, billed: None };
        let charges = closed.charges();
        let is_small = closed.net.exact() < night.setup.config.issue.smallest;
        let carried = Some(closed.net).filter(|_| is_small && closed.has_charges());
        let invoice = Some(invoice).filter(|_| !is_small && closed.has_charges());
        let (month, verdicts, exact) = (closed.month, closed.counts, closed.exact);
        Closed { month, business, verdicts, charges, exact, invoice, carried }
    });
    let carried_out = closings.months.iter().map(|(recorded, invoice)| Closed {
        month: recorded.month,
        business: recorded.business.to_string(),
        verdicts: recorded.counts,
        charges: recorded.charges,
        exact: recorded.exact,
        invoice: invoice.as_ref().map(|invoice| Invoiced {
            number: Some(invoice.number.to_string()),
            net: invoice.net,
            tax: invoice.tax,
            total: invoice.total,
            billed: billed_total(invoice),
        }),
        carried: recorded.carried,
    });
    carried_out.chain(rehearsed).collect()
}

impl Invoiced {
    /// Its number, and what it comes to.
    pub(super) fn told(&self) -> String {
        format!("{}  {}", self.number.as_deref().unwrap_or("to be invoiced"), both(self.billed, &self.total))
    }
}

/// What became of a closed month to which something came late: a label and a sentence.
pub(super) fn corrected(late: &Late, is_dry_run: bool, reader: Reader) -> (&'static str, String) {
    let (label, said) = match reader {
        Reader::Person => late_words(late, is_dry_run),
        Reader::Page => late_on_page(late, is_dry_run),
    };
    (label, format!("{}  {}: {said}", late.month, late.business))
}

/// The same without the month and its business, as a page may tell it: no message, no other business, no folder is named.
pub fn late_on_page(late: &Late, is_dry_run: bool) -> (&'static str, String) {
    match &late.outcome {
        Outcome::Parked { adds, found } => parked(late, *adds, found, &on_page(found)),
        Outcome::Failed { .. } => {
            ("parked", "not compared: what is kept of the month does not fit together; see `ritardo verify`".to_owned())
        }
        _ => late_words(late, is_dry_run),
    }
}

fn parked(late: &Late, adds: Money, found: &[Found], said: &[String]) -> (&'static str, String) {
    let may_be_released = found.iter().all(|found| found.guard.may_be_released());
    let (changed, advice) = (changed(late.messages), advice(late.month, &late.business, may_be_released));
    ("parked", format!("{changed}; it would cost {adds} more: {}; {advice}", said.join("; ")))
}

/// The same without the month and its business.
pub fn late_words(late: &Late, is_dry_run: bool) -> (&'static str, String) {
    let Late { month, standing, messages, .. } = late;
    let changed = changed(*messages);
    match &late.outcome {
        Outcome::Same => ("late", format!("what came late changes no charge; {standing} stands")),
        Outcome::NotBilled { adds } => {
            ("late", format!("{changed}; it would cost {adds} more, which is not billed (late_logs = \"credit-only\")"))
        }
        Outcome::TooSmall { difference } => {
            ("late", format!("{changed}; {} is less than the smallest correction", unsigned(*difference)))
        }
        Outcome::Undecided { reasons } => ("late", format!("not compared yet: {}", reasons.join("; "))),
        Outcome::ToApprove { difference } => {
            let what = if difference.minor() < 0 { "to be credited" } else { "to be billed" };
            let difference = unsigned(*difference);
            ("approve", format!("{changed}; {difference} is {what}; `ritardo approve {month}` lets it be issued"))
        }
        Outcome::Credited { numbers, credit, .. } if numbers.is_empty() => {
            let what = if is_dry_run { "is to be credited" } else { "less is to be billed" };
            ("credit", format!("{changed}; {credit} {what}"))
        }
        Outcome::Credited { numbers, credit, billed } => {
            let numbers = numbers.join(", ");
            let given_back = match billed.as_slice() {
                [] => credit.to_string(),
                billed => {
                    let billed: Vec<String> = billed.iter().map(Money::to_string).collect();
                    format!("{} ({credit})", billed.join(", "))
                }
            };
            ("credit", format!("{changed}; {given_back} given back by {numbers}"))
        }
        Outcome::Parked { adds, found } => parked(late, *adds, found, &texts(found)),
        Outcome::Failed { why } => ("parked", format!("not compared: {why}")),
        Outcome::Debited { adds } => ("debit", format!("{changed}; the next invoice bills {adds} more")),
    }
}

/// `2 messages have another charge`.
pub fn changed(messages: u64) -> String {
    match messages {
        1 => "1 message has another charge".to_owned(),
        count => format!("{} have another charge", counted(count, "message")),
    }
}

pub fn unsigned(amount: Money) -> Money {
    if amount.minor() < 0 { amount.negated() } else { amount }
}
