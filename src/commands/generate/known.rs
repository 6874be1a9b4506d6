//! The known answers of a synthetic month: every wait in `expected.csv`, their sums in `expected.json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::commands::files::{self, Access};
use crate::domain::{Decimal, Verdict};
use crate::error::{Failure, Kind};
use crate::generate::{self, Business, Message};

const HEADER: [&str; 6] = ["message_id", "business", "customer", "received_at", "answered_at", "verdict"];

/// What is known of all waits, or of those of a business.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Known {
    pub waits: u64,
    pub on_time: u64,
    pub late: u64,
    pub unanswered: u64,
    /// A day is missing in which their answer may hide.
    pub held: u64,
    /// In USD, by the tariff that lies beside it.
    pub total: Decimal,
}

#[derive(Debug, Serialize)]
pub struct Sums {
    format: &'static str,
    /// Rows of all logs, copies included.
    pub rows: u64,
    #[serde(flatten)]
    pub all: Known,
    businesses: BTreeMap<String, Known>,
}

/// Writes the waits in the order in which they began, and sums them.
pub struct Answers<'b> {
    folder: &'b Path,
    path: PathBuf,
    waits: csv::Writer<BufWriter<File>>,
    names: &'b [Business],
    rows: u64,
    /// By business: waits by verdict, and charges by price.
    businesses: Vec<Known>,
}

impl<'b> Answers<'b> {
    pub fn new(folder: &'b Path, names: &'b [Business]) -> Result<Self, Failure> {
        let path = folder.join("expected.csv");
        let file = File::create(&path).map_err(|error| Failure::io("create the file", &path, error))?;
        let mut waits = csv::Writer::from_writer(BufWriter::with_capacity(1 << 20, file));
        let header = waits.write_record(HEADER);
        header.map_err(|error| Failure::io("write the file", &path, error.into()))?;
        Ok(Self { folder, path, waits, names, rows: 0, businesses: vec![Known::default(); names.len()] })
    }

    pub fn write(&mut self, message: &Message) -> Result<(), Failure> {
        self.rows += 1;
        let place = usize::try_from(message.business).unwrap_or(usize::MAX);
        let (Some(known), Some(expected)) = (self.businesses.get_mut(place), message.expected) else { return Ok(()) };
        let price = generate::price(&message.customer);
        known.add(expected.verdict, price).ok_or_else(too_large)?;
        let answered_at = expected.answered_at.map(|at| at.to_string()).unwrap_or_default();
        let business = self.names.get(place).map_or("", |business| business.id.as_str());
        let received_at = message.sent_at.to_string();
        let row: [&str; 6] =
            [&message.message_id, business, &message.customer, &received_at, &answered_at, expected.verdict.name()];
        self.waits.write_record(row).map_err(|error| Failure::io("write the file", &self.path, error.into()))
    }

    pub fn finish(self) -> Result<Sums, Failure> {
        let Self { folder, path, waits, names, rows, businesses } = self;
        let written = waits.into_inner().map_err(|error| error.into_error());
        let written = written.and_then(|to| to.into_inner().map_err(io::Error::from)).and_then(|file| file.sync_all());
        written.map_err(|error| Failure::io("write the file", &path, error))?;
        let all = businesses.iter().try_fold(Known::default(), Known::plus).ok_or_else(too_large)?;
        let businesses = names.iter().map(|business| business.id.clone()).zip(businesses).collect();
        let sums = Sums { format: "ritardo-generated/1", rows, all, businesses };
        let mut bytes = serde_json::to_vec_pretty(&sums)
            .map_err(|error| Failure::new(Kind::SelfCheck, "the sums cannot be written").because(error))?;
        bytes.push(b'\n');
        files::write(&folder.join("expected.json"), &bytes, Access::Usual)?;
        Ok(sums)
    }
}

fn too_large() -> Failure {
    Failure::new(Kind::SelfCheck, "the sum of the charges is too large")
}

impl Known {
    fn add(&mut self, verdict: Verdict, price: Decimal) -> Option<()> {
        self.waits += 1;
        match verdict {
            Verdict::OnTime => self.on_time += 1,
            Verdict::Late => self.late += 1,
            Verdict::Unanswered => self.unanswered += 1,
            Verdict::Held | Verdict::Pending => self.held += 1,
        }
        if matches!(verdict, Verdict::Late | Verdict::Unanswered) {
            self.total = Decimal::sum([self.total, price])?;
        }
        Some(())
    }

    fn plus(self, other: &Known) -> Option<Known> {
        Some(Known {
            waits: self.waits + other.waits,
            on_time: self.on_time + other.on_time,
            late: self.late + other.late,
            unanswered: self.unanswered + other.unanswered,
            held: self.held + other.held,
            total: Decimal::sum([self.total, other.total])?,
        })
    }
}
