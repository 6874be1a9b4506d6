//! Recorded month and replayed month to named differences.
#![deny(clippy::float_arithmetic)]

pub mod changes;
mod invoice;
pub mod naive;
pub mod reconcile;

use std::collections::BTreeMap;
use std::fmt;

use crate::close::ClosedMonth;
use crate::close::check::sha256;
use crate::domain::invoice::Counts;
use crate::domain::vat::VatShare;
use crate::domain::{Decimal, Invoice, Money};

/// What was recorded when the month was closed, or corrected.
#[derive(Clone, Debug)]
pub struct RecordedMonth<'a> {
    pub counts: Counts,
    pub charges: u64,
    pub exact: Decimal,
    /// Where no invoice states it.
    pub net: Option<Money>,
    /// What of it falls under which category and rate of VAT, where the day of each charge decides.
    pub vat: &'a [VatShare],
    pub data_sha256: &'a str,
    /// The charges as they were filed; `None` for a month without charges.
    pub line_file: Option<&'a [u8]>,
    /// The digest that it has now: another than the data digest only where a customer in it was forgotten since.
    pub line_file_sha256: &'a str,
    /// The invoice with the digest of its canonical bytes; `None` where there is none.
    pub document: Option<(&'a Invoice, &'a str)>,
}

/// What the replay came to.
#[derive(Clone, Debug)]
pub struct ReplayedMonth<'a> {
    pub closed: &'a ClosedMonth,
    /// SHA-256 of its line file; its data digest is another only where a customer in it was forgotten since.
    pub line_file_sha256: &'a str,
    /// Made from the replayed month with the recorded number, date and place in the chain.
    pub invoice: Option<&'a Invoice>,
}

/// One difference, down to the message where it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs: `late waits`, `charge of message X`.
    pub what: String,
    pub recorded: String,
    pub replayed: String,
    /// What `replayed` is the result of.
    pub road: Road,
}

/// How the other value was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    Replayed,
    /// As it lies on disk now.
    Found,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let road = if self.road == Road::Found { "found" } else { "replayed" };
        write!(f, "{}: recorded {}, {road} {}", self.what, self.recorded, self.replayed)
    }
}

/// All differences; empty when the months are identical.
pub fn differences(recorded: &RecordedMonth, replayed: &ReplayedMonth) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, recorded: &dyn fmt::Display, replayed: &dyn fmt::Display| {
        let (recorded, replayed) = (recorded.to_string(), replayed.to_string());
        if recorded != replayed {
            differences.push(Difference { what: what.to_owned(), recorded, replayed, road: Road::Replayed });
        }
    };
    let (was, is) = (recorded.counts, replayed.closed.counts);
    compare("waits", &was.waits, &is.waits);
    compare("waits on time", &was.on_time, &is.on_time);
    compare("late waits", &was.late, &is.late);
    compare("unanswered waits", &was.unanswered, &is.unanswered);
    compare("pending waits", &was.pending, &is.pending);
    compare("excluded waits", &was.held, &is.held);
    compare("charges", &recorded.charges, &replayed.closed.charges());
    compare("sum of the charges", &recorded.exact, &replayed.closed.exact);
    if let Some(net) = recorded.net {
        compare("net amount", &net, &replayed.closed.net);
    }
    compare("VAT of the charges", &by_key(recorded.vat), &by_key(&replayed.closed.vat_shares()));
    compare("data digest", &recorded.data_sha256, &replayed.closed.data_sha256);
    if let Some(line_file) = recorded.line_file {
        // The filed charges are compared as bytes too: a row that cannot be read is no row of `charges`.
        let is_same = line_file == replayed.closed.line_file;
        let found = if is_same { replayed.line_file_sha256.to_owned() } else { sha256(line_file) };
        if found != recorded.line_file_sha256 {
            let (what, recorded) = ("charge file".to_owned(), recorded.line_file_sha256.to_owned());
            differences.push(Difference { what, recorded, replayed: found, road: Road::Found });
        }
        // Equal bytes are equal rows: only where they differ are there rows to be told apart.
        if !is_same {
            differences.extend(charges(line_file, &replayed.closed.line_file));
        }
    }
    if let (Some((recorded, sha256)), Some(replayed)) = (recorded.document, replayed.invoice) {
        differences.extend(invoice::differences(recorded, sha256, replayed));
    }
    differences
}

fn by_key(shares: &[VatShare]) -> String {
    let said: Vec<String> = shares.iter().map(|share| format!("{} of {}", share.amount, share.vat)).collect();
    if said.is_empty() { "that of its last day".to_owned() } else { said.join(", ") }
}

/// Charges by message that differ between two line files.
fn charges(recorded: &[u8], replayed: &[u8]) -> Vec<Difference> {
    let (recorded, replayed) = (rows(recorded), rows(replayed));
    let keys: std::collections::BTreeSet<_> = recorded.keys().chain(replayed.keys()).collect();
    let said = |row: Option<&String>| row.cloned().unwrap_or_else(|| "no charge".to_owned());
    let differing = keys.into_iter().filter(|key| recorded.get(*key) != replayed.get(*key));
    let difference = |key: &(String, String)| Difference {
        what: format!("charge of message {} on {}", key.1, key.0),
        recorded: said(recorded.get(key)),
        replayed: said(replayed.get(key)),
        road: Road::Replayed,
    };
    differing.map(difference).collect()
}

/// Rows of a line file by channel and message; rounding rows follow from them.
fn rows(line_file: &[u8]) -> BTreeMap<(String, String), String> {
    let mut reader = csv::Reader::from_reader(line_file);
    let records = reader.records().filter_map(Result::ok).filter(|record| record.get(0) != Some(""));
    let cell = |record: &csv::StringRecord, place| record.get(place).unwrap_or_default().to_owned();
    records
        .map(|record| {
            let rest = record.iter().skip(2).collect::<Vec<_>>().join(" ");
            ((cell(&record, 1), cell(&record, 0)), rest)
        })
        .collect()
}
