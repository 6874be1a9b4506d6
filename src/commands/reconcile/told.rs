//! What came of a reconciliation, for people, spreadsheets and programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::summary::{counted, grouped};
use super::super::table::Table;
use super::super::{World, say};
use crate::audit::reconcile::{Cause, Difference, Measures, Part, Reconciled, Rest, Sums};
use crate::cli::TableForm;
use crate::domain::{BusinessId, Currency, Instant, Month, Zone};
use crate::error::{Failure, Kind};
use crate::read::statement::RejectedRow;

/// Rejected rows of the statement that the text shows; the JSON form has more.
const SHOWN: usize = 10;

/// All of it, as it is recorded: it hangs on the statement and on what is known, and on no clock.
#[derive(Serialize)]
pub(super) struct Findings {
    pub month: Month,
    pub business: Option<BusinessId>,
    pub file: String,
    pub file_sha256: String,
    pub mapping: String,
    pub currency: Currency,
    /// In which the statement says that it cuts its days; `null`: as each business does.
    pub zone: Option<Zone>,
    pub compared_by: Vec<&'static str>,
    #[serde(skip)]
    pub measures: Measures,
    #[serde(flatten)]
    pub reconciled: Reconciled,
    pub causes: BTreeMap<Cause, u64>,
    pub unexplained: u64,
    /// The first rows of the statement that could not be read.
    pub rejected: Vec<RejectedRow>,
    /// How many there are.
    pub rejected_rows: u64,
    pub passed_over: u64,
    pub of_other_months: u64,
}

#[derive(Serialize)]
struct Told<'t> {
    format: &'static str,
    as_of: Instant,
    #[serde(flatten)]
    findings: &'t Findings,
}

impl Findings {
    /// Whether nothing is left open: a row that could not be read may say anything.
    pub fn is_explained(&self) -> bool {
        self.reconciled.is_settled() && self.rejected_rows == 0
    }

    pub fn json(&self) -> Result<String, Failure> {
        serde_json::to_string_pretty(self).map_err(unwritten)
    }
}

fn unwritten(error: serde_json::Error) -> Failure {
    Failure::new(Kind::SelfCheck, "the comparison cannot be written").because(error)
}

/// What is compared.
pub(super) fn names(measures: Measures) -> Vec<&'static str> {
    let parts = [("market", measures.market), ("entry_point", measures.entry_point)];
    let parts = parts.into_iter().filter(|(_, is_told)| *is_told).map(|(name, _)| name);
    std::iter::once("day").chain(parts).collect()
}

pub(super) fn tell(
    findings: &Findings,
    as_of: Instant,
    form: TableForm,
    is_recorded: bool,
    world: &mut World,
) -> Result<(), Failure> {
    match form {
        TableForm::Json => {
            let told = Told { format: "ritardo-reconcile/1", as_of, findings };
            say(world.out, &serde_json::to_string_pretty(&told).map_err(unwritten)?)
        }
        TableForm::Csv => say(world.out, table(findings).csv()?.trim_end_matches("\r\n")),
        TableForm::Text => text(findings, is_recorded, world),
    }
}

fn text(findings: &Findings, is_recorded: bool, world: &mut World) -> Result<(), Failure> {
    let Findings { month, file, mapping, file_sha256, reconciled, currency, .. } = findings;
    let mut line = |label: &str, rest: &str| say(world.out, format!("{label:<11} {rest}").trim_end());
    let of = findings.business.as_ref().map(|business| format!(" of {business}")).unwrap_or_default();
    line("reconcile", &format!("{month}{of} with {file} ({mapping}), sha256:{file_sha256}"))?;
    let sums = |sums: Sums| {
        let count = findings.measures.count.then(|| counted(sums.count, "charge"));
        let amount = findings.measures.amount.then(|| format!("{currency} {}", sums.amount));
        count.into_iter().chain(amount).collect::<Vec<_>>().join(", ")
    };
    line("ours", &sums(reconciled.ours))?;
    line("theirs", &sums(reconciled.theirs))?;
    let within = match reconciled.within_tolerance {
        0 => String::new(),
        cells => format!(", {} within the tolerance", grouped(cells)),
    };
    let (cells, by) = (counted(reconciled.cells, "cell"), findings.compared_by.join(", "));
    let (equal, differ) = (grouped(reconciled.equal), grouped(reconciled.differences.len() as u64));
    line("compared", &format!("{cells} by {by}: {equal} equal{within}, {differ} different"))?;
    for (label, rows) in [("passed over", findings.passed_over), ("other month", findings.of_other_months)] {
        if rows > 0 {
            line(label, &counted(rows, "row"))?;
        }
    }
    for RejectedRow { row, reason } in findings.rejected.iter().take(SHOWN) {
        line("rejected", &format!("row {row}: {reason}"))?;
    }
    let more = findings.rejected_rows.saturating_sub(SHOWN as u64);
    if more > 0 {
        line("rejected", &counted(more, "more row"))?;
    }
    if reconciled.beyond_tolerance {
        let Rest { count, amount } = reconciled.tolerated;
        line("tolerated", &format!("{count:+} ({amount}) together: more than is tolerated in all"))?;
    }
    if let Some(zone) = reconciled.counts_days_of {
        let stated = findings.zone.map_or("of each business's zone".to_owned(), |stated| format!("of {stated}"));
        line("time zone", &format!("the file counts days of {}, not {stated}", spoken(zone)))?;
    }
    if !reconciled.differences.is_empty() {
        table(findings).lines().iter().try_for_each(|row| line("", row))?;
    }
    for (label, settles) in [("explained", true), ("to settle", false)] {
        let causes = findings.causes.iter().filter(|(cause, _)| cause.settles() == settles);
        let causes: Vec<String> = causes.map(|(cause, count)| format!("{count} {}", cause.words())).collect();
        if !causes.is_empty() {
            line(label, &causes.join(", "))?;
        }
    }
    if findings.unexplained > 0 {
        line("unexplained", &counted(findings.unexplained, "difference"))?;
    }
    if is_recorded {
        line("recorded", "in the ledger, with the comparison in full")?;
    }
    Ok(())
}

/// A zone as people know it: the database writes whole hours with the sign turned round.
fn spoken(zone: Zone) -> String {
    let name = zone.to_string();
    let turned = name.strip_prefix("Etc/GMT").and_then(|hours| match hours.split_at_checked(1)? {
        ("+", hours) => Some(format!("UTC-{hours}")),
        ("-", hours) => Some(format!("UTC+{hours}")),
        _ => None,
    });
    turned.unwrap_or(name)
}

fn table(findings: &Findings) -> Table {
    let head = [">ours", ">theirs", ">difference", ">our amount", ">their amount", ">more", "why"];
    let mut table = Table::new(&[&["day", "market", "entry point"][..], &head[..]].concat());
    for Difference { cell, ours, theirs, parts, unexplained } in &findings.reconciled.differences {
        // What the statement does not tell is left open.
        let Measures { count, amount, .. } = findings.measures;
        let cell_of = |is_told: bool, text: String| if is_told { text } else { "-".to_owned() };
        let more = i128::from(theirs.count).saturating_sub(i128::from(ours.count));
        let more_amount = theirs.amount.checked_sub(ours.amount).unwrap_or_default();
        let rest = unexplained.map(|rest| format!("unexplained {:+} ({})", rest.count, rest.amount));
        table.add(vec![
            cell.day.to_string(),
            cell.market.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string),
            cell.entry_point.map_or("all", |entry_point| entry_point.name()).to_owned(),
            ours.count.to_string(),
            cell_of(count, theirs.count.to_string()),
            cell_of(count, more.to_string()),
            ours.amount.to_string(),
            cell_of(amount, theirs.amount.to_string()),
            cell_of(amount, more_amount.to_string()),
            parts.iter().map(part).chain(rest).collect::<Vec<_>>().join("; "),
        ]);
    }
    table
}

/// `held +1`, `rate: they charge 0.02 each …`.
fn part(part: &Part) -> String {
    let count = if part.count == 0 { String::new() } else { format!(" {:+}", part.count) };
    let text = part.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{}{count}{text}", part.cause.words())
}
