//! What an import says: a line a payment, or JSON.

use serde::Serialize;

use super::super::super::summary::counted;
use super::super::super::{World, say};
use super::is_odd;
use crate::cli::{Format, PaymentsImport};
use crate::domain::receivable::{AdvancePaid, PaidPart, StatementEntry};
use crate::domain::{Date, Instant, InvoiceNumber, Money};
use crate::error::{Failure, Kind};
use crate::report::receivables::{Matched, Verdict};

/// What `--format json` writes.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    format: &'static str,
    at: Instant,
    files: u64,
    /// New payments in the order of the files, then payments that the bank may have taken back.
    pub rows: Vec<Row>,
    /// Entries that may be payments that were recorded before. They are not recorded.
    pub doubtful: Vec<Doubt>,
    /// Place and reason of entries that cannot be read.
    pub rejected: Vec<(String, String)>,
    /// Entries that were recorded before.
    pub known: u64,
    /// Which they are.
    pub known_rows: Vec<Known>,
    /// Reminders that were not sent yet, of invoices that these payments are for.
    pub waiting: Vec<Waiting>,
    /// Entries by which money went out.
    pub debits: u64,
    /// Entries that are not booked yet.
    pub pending: u64,
}

/// An entry that may be a payment that was recorded before.
#[derive(Debug, Serialize)]
pub(super) struct Doubt {
    /// The recorded one.
    payment: u32,
    place: String,
    booked: Date,
    amount: Money,
    payer: String,
    said: String,
}

impl Doubt {
    pub fn of(payment: u32, entry: &StatementEntry, place: String, said: String) -> Self {
        let StatementEntry { booked, amount, ref payer, .. } = *entry;
        Self { payment, place, booked, amount, payer: payer.clone(), said }
    }

    fn line(&self) -> String {
        let words = [self.place.clone(), self.booked.to_string(), self.amount.to_string(), self.payer.clone()];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{:<9} {}", "doubtful", words.join("  "))
    }
}

/// An entry that was recorded before.
#[derive(Debug, Serialize)]
pub(super) struct Known {
    pub place: String,
    pub payment: u32,
}

/// A reminder that is still to be sent.
#[derive(Debug, Serialize)]
pub(super) struct Waiting {
    pub mail: String,
    pub numbers: Vec<InvoiceNumber>,
}

/// A payment, or one that was taken back.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// `null` of one that the bank took back.
    verdict: Option<Verdict>,
    /// Its number in the ledger.
    payment: Option<u32>,
    place: String,
    booked: Date,
    amount: Money,
    payer: String,
    parts: Vec<PaidPart>,
    advance: Option<AdvancePaid>,
    said: Vec<String>,
}

impl Row {
    pub fn of(payment: u32, entry: &StatementEntry, place: String, matched: Matched) -> Self {
        let Matched { verdict, parts, advance, said } = matched;
        let StatementEntry { booked, amount, ref payer, .. } = *entry;
        let payer = payer.clone();
        Self { verdict: Some(verdict), payment: Some(payment), place, booked, amount, payer, parts, advance, said }
    }

    pub fn returned(entry: &StatementEntry, place: String, said: String) -> Self {
        let StatementEntry { booked, amount, ref payer, .. } = *entry;
        let (payer, said) = (payer.clone(), vec![said]);
        Self { verdict: None, payment: None, place, booked, amount, payer, parts: Vec::new(), advance: None, said }
    }

    fn line(&self) -> String {
        let label = self.verdict.map_or("returned", Verdict::name);
        let number = self.payment.map(|number| format!("payment {number}")).unwrap_or_default();
        let parts = self.parts.iter().map(|part| part.number.to_string()).collect::<Vec<_>>().join(", ");
        let words = [number, self.booked.to_string(), self.amount.to_string(), self.payer.clone(), parts];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{label:<9} {}", words.join("  "))
    }
}

impl Told {
    pub fn new(at: Instant, files: u64) -> Self {
        Self {
            format: "ritardo-payments-import/1",
            at,
            files,
            rows: Vec::new(),
            doubtful: Vec::new(),
            rejected: Vec::new(),
            known: 0,
            known_rows: Vec::new(),
            waiting: Vec::new(),
            debits: 0,
            pending: 0,
        }
    }

    /// Whether somebody should look at something.
    pub fn needs_a_person(&self) -> bool {
        let is_empty = self.rejected.is_empty() && self.doubtful.is_empty() && self.waiting.is_empty();
        !is_empty || self.rows.iter().any(|row| is_odd(row.verdict))
    }

    pub fn print(&self, args: &PaymentsImport, world: &mut World) -> Result<(), Failure> {
        if args.format == Format::Json {
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            return say(world.out, &serde_json::to_string_pretty(self).map_err(failed)?);
        }
        for row in &self.rows {
            say(world.out, &row.line())?;
            row.said.iter().try_for_each(|said| say(world.out, &format!("          {said}")))?;
        }
        for doubt in &self.doubtful {
            say(world.out, &doubt.line())?;
            say(world.out, &format!("          {}; --new \"PLACE\" records it as another one", doubt.said))?;
        }
        for Waiting { mail, numbers } in &self.waiting {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let what = format!("the reminder {mail} names {}, and is not sent yet", numbers.join(", "));
            say(world.out, &format!("{:<9} {what}: `ritardo mail cancel` keeps it back", "waits"))?;
        }
        for (place, reason) in &self.rejected {
            say(world.out, &format!("{:<9} {place}: {reason}", "rejected"))?;
        }
        let new = self.rows.iter().filter(|row| row.payment.is_some()).count() as u64;
        let verb = if args.dry_run { "would be recorded" } else { "recorded" };
        let mut words = vec![format!("{} {verb}", counted(new, "payment"))];
        let doubtful = self.doubtful.len() as u64;
        let others = [
            (self.known, "known before"),
            (doubtful, "doubtful"),
            (self.debits, "outgoing"),
            (self.pending, "not booked yet"),
        ];
        words.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        say(world.out, &format!("{:<9} {}; {}", "read", counted(self.files, "statement"), words.join(", ")))
    }
}
