//! What an audit found, as JSON and as text.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::summary::{both, counted};
use super::super::{World, say};
use super::two_clocks::{Clocked, totals};
use crate::domain::{CorrectionCause, DocumentKind, Money, Month, RuleVersion};
use crate::error::Failure;
use crate::ledger::entry::{Issued, MonthClosed, MonthCorrected};

/// The result for one business month; its JSON form is that of `--format json`. New fields come at the end.
#[derive(Serialize)]
pub struct Audited {
    pub month: Month,
    pub business: String,
    /// The closing, every correction and every document.
    pub identical: bool,
    pub waits: u64,
    pub charges: u64,
    pub data_sha256: String,
    pub invoice: Option<String>,
    pub document_sha256: Option<String>,
    pub total: Option<String>,
    pub version: String,
    pub differences: Vec<String>,
    /// Documents that this version would draw otherwise; the amounts are not concerned.
    pub looks: Vec<String>,
    /// The rule that closed the month, and by which it is replayed.
    pub rule: u32,
    /// Version of the time zone data at the closing.
    pub zones: String,
    /// What may explain the differences.
    pub suspects: Vec<String>,
    pub corrections: Vec<Corrected>,
    /// But for the invoice of the closing.
    pub documents: Vec<Documented>,
    /// Under `--as-known` and `--tariff-as-of`.
    pub clocks: Option<Clocked>,
    /// What the invoice comes to in the currency that it is billed in, where that is not the tariff's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<Money>,
}

#[derive(Serialize)]
pub struct Corrected {
    pub correction: u32,
    pub cause: CorrectionCause,
    pub identical: bool,
    pub charges: u64,
    pub net: Money,
    pub data_sha256: String,
    pub differences: Vec<String>,
}

#[derive(Serialize)]
pub struct Documented {
    pub number: String,
    pub kind: DocumentKind,
    pub corrects: Option<String>,
    pub identical: bool,
    pub total: Money,
    pub document_sha256: String,
    pub differences: Vec<String>,
    pub looks: Vec<String>,
    /// As that of a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<Money>,
}

impl Audited {
    pub fn of(closed: &MonthClosed, issued: Option<&Issued>) -> Self {
        Self {
            month: closed.month,
            business: closed.business.to_string(),
            identical: false,
            waits: closed.counts.waits,
            charges: closed.charges,
            data_sha256: closed.data_sha256.clone(),
            invoice: issued.map(|issued| issued.number.to_string()),
            document_sha256: issued.map(|issued| issued.document_sha256.clone()),
            total: issued.map(|issued| issued.total.to_string()),
            version: closed.version.clone(),
            differences: Vec::new(),
            looks: Vec::new(),
            // Months of unknown rules were refused.
            rule: RuleVersion::of(&closed.version).unwrap_or(RuleVersion::CURRENT).number(),
            zones: closed.zones.clone(),
            suspects: Vec::new(),
            corrections: Vec::new(),
            documents: Vec::new(),
            clocks: None,
            billed: None,
        }
    }

    pub fn judge(&mut self) {
        let corrections = self.corrections.iter().all(|corrected| corrected.identical);
        let documents = self.documents.iter().all(|document| document.identical);
        self.identical = self.differences.is_empty() && corrections && documents;
    }
}

impl Corrected {
    pub fn of(corrected: &MonthCorrected) -> Self {
        Self {
            correction: corrected.correction,
            cause: corrected.cause,
            identical: false,
            charges: corrected.charges,
            net: corrected.net,
            data_sha256: corrected.data_sha256.clone(),
            differences: Vec::new(),
        }
    }
}

impl Documented {
    pub fn of(issued: &Issued) -> Self {
        Self {
            number: issued.number.to_string(),
            kind: issued.kind,
            corrects: issued.corrects.as_ref().map(ToString::to_string),
            identical: false,
            total: issued.total,
            document_sha256: issued.document_sha256.clone(),
            differences: Vec::new(),
            looks: Vec::new(),
            billed: None,
        }
    }
}

const fn verdict(identical: bool) -> &'static str {
    if identical { "identical" } else { "DIFFERS" }
}

pub fn print(audited: &[Audited], world: &mut World) -> Result<(), Failure> {
    let width = audited.iter().map(|audited| audited.business.len()).max().unwrap_or_default();
    let months: BTreeSet<Month> = audited.iter().map(|audited| audited.month).collect();
    for audited in audited {
        // Over many months the digests would hide the lines; those of a month that differs are needed.
        let with_digests = months.len() == 1 || !audited.identical;
        audited.lines(width, with_digests).iter().try_for_each(|line| say(world.out, line))?;
    }
    let identical = audited.iter().filter(|audited| audited.identical).count() as u64;
    let (waits, charges) = audited.iter().fold((0, 0), |sum, one| (sum.0 + one.waits, sum.1 + one.charges));
    let months = counted(audited.len() as u64, "business month");
    say(
        world.out,
        &format!("{identical} of {months} identical: {}, {}", counted(waits, "wait"), counted(charges, "charge")),
    )?;
    let clocked: Vec<&Clocked> = audited.iter().filter_map(|audited| audited.clocks.as_ref()).collect();
    totals(&clocked).iter().try_for_each(|line| say(world.out, line))
}

impl Audited {
    fn lines(&self, width: usize, with_digests: bool) -> Vec<String> {
        let (waits, charges) = (counted(self.waits, "wait"), counted(self.charges, "charge"));
        let billed = match (&self.invoice, &self.total) {
            (Some(number), Some(total)) => format!("{number}  {}", both(self.billed, total)),
            _ => "no invoice".to_owned(),
        };
        let Self { month, business, .. } = self;
        let mut lines =
            vec![format!("{:<9} {month}  {business:<width$}  {waits}, {charges}  {billed}", verdict(self.identical))];
        let mut add = |text: String| lines.push(format!("          {text}"));
        if with_digests {
            add(format!("data     sha256:{}", self.data_sha256));
            self.document_sha256.iter().for_each(|document| add(format!("document sha256:{document}")));
        }
        if self.rule != RuleVersion::CURRENT.number() {
            add(format!("replayed by rule {}, as version {} closed it", self.rule, self.version));
        }
        self.differences.iter().cloned().for_each(&mut add);
        self.corrections.iter().flat_map(Corrected::lines).for_each(&mut add);
        self.documents.iter().flat_map(Documented::lines).for_each(&mut add);
        self.suspects.iter().for_each(|suspect| add(format!("suspect: {suspect}")));
        let looks = self.looks.iter().chain(self.documents.iter().flat_map(|document| &document.looks));
        let made = &self.version;
        looks.for_each(|name| {
            add(format!("{name} would look otherwise today (made by {made}); its amounts are the same"));
        });
        self.clocks.iter().flat_map(Clocked::lines).for_each(&mut add);
        lines
    }
}

impl Corrected {
    fn lines(&self) -> Vec<String> {
        let Self { correction, charges, net, .. } = self;
        let (charges, cause) = (counted(*charges, "charge"), self.cause.name());
        let told = format!("{} correction {correction} ({cause})  {charges}  {net}", verdict(self.identical));
        std::iter::once(told).chain(self.differences.iter().cloned()).collect()
    }
}

impl Documented {
    fn lines(&self) -> Vec<String> {
        let (number, total) = (&self.number, both(self.billed, &self.total));
        let corrects = match (&self.corrects, self.kind) {
            (None, _) => String::new(),
            (Some(of), DocumentKind::CreditNote) => format!(" on {of}"),
            (Some(of), DocumentKind::Invoice) => format!(" in place of {of}"),
        };
        let told = format!("{} {} {number}{corrects}  {total}", verdict(self.identical), self.kind.name());
        std::iter::once(told).chain(self.differences.iter().cloned()).collect()
    }
}
