//! What an import says: a line a payment, or JSON.

use serde::Serialize;

use super::super::super::summary::counted;
use super::super::super::{World, say};
use super::is_odd;
use crate::cli::{Format, PaymentsImport};
use crate::domain::receivable::{AdvancePaid, PaidPart, StatementEntry};
use crate::domain::{Date, Instant, Money};
use crate::error::{Failure, Kind};
use crate::report::receivables::{Matched, Verdict};

/// What `--format json` writes.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    format: &'static str,
    at: Instant,
    files: u64,
    /// New payments, and payments that the bank took back, in the order of the files.
    pub rows: Vec<Row>,
    /// Place and reason of entries that cannot be read.
    pub rejected: Vec<(String, String)>,
    /// Entries that were recorded before.
    pub known: u64,
    /// Entries by which money went out.
    pub debits: u64,
    /// Entries that are not booked yet.
    pub pending: u64,
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
        let (rows, rejected) = (Vec::new(), Vec::new());
        Self { format: "ritardo-payments-import/1", at, files, rows, rejected, known: 0, debits: 0, pending: 0 }
    }

    /// Whether somebody should look at something.
    pub fn needs_a_person(&self) -> bool {
        !self.rejected.is_empty() || self.rows.iter().any(|row| is_odd(row.verdict))
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
        for (place, reason) in &self.rejected {
            say(world.out, &format!("{:<9} {place}: {reason}", "rejected"))?;
        }
        let new = self.rows.iter().filter(|row| row.payment.is_some()).count() as u64;
        let verb = if args.dry_run { "would be recorded" } else { "recorded" };
        let mut words = vec![format!("{} {verb}", counted(new, "payment"))];
        let others = [(self.known, "known before"), (self.debits, "outgoing"), (self.pending, "not booked yet")];
        words.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        say(world.out, &format!("{:<9} {}; {}", "read", counted(self.files, "statement"), words.join(", ")))
    }
}
