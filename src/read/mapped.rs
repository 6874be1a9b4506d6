//! Logs of vendors: their rows become the texts of canonical rows through a mapping, so that every check is the same.
//!
//! What the mapping does not know is a rejected row, whose reason names the column and never what stands in it.

mod objects;
mod party;
mod row;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::row::Values;
use super::ReadError;
use super::frame::Builder;
use super::spreadsheet::Damage;
use crate::domain::Mapping;
use crate::domain::mapping::Condition;
use crate::domain::settings::LogFormat;

/// So many columns of a file are named where one is missing.
const SHOWN: usize = 40;

/// The form of a vendor's log, where its source does not say it.
pub(super) fn form(plain: &[u8]) -> LogFormat {
    let text = plain.strip_prefix(super::csv::BYTE_ORDER_MARK).unwrap_or(plain);
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => LogFormat::Ndjson,
        _ => LogFormat::Csv,
    }
}

/// Reads a log through its mapping. Gives how many rows were passed over, by the column that said so.
pub(super) fn read(
    plain: &[u8],
    format: LogFormat,
    mapping: &Mapping,
    builder: &mut Builder,
) -> Result<BTreeMap<String, u64>, ReadError> {
    let plain = plain.strip_prefix(super::csv::BYTE_ORDER_MARK).unwrap_or(plain);
    let names = mapping.columns();
    let (names, met) = (names.as_slice(), vec![false; names.len()]);
    let (damage, passed_over, others) = (Damage::default(), BTreeMap::new(), BTreeSet::new());
    let rejected = builder.rejects.len();
    let mut log = Log { mapping, names, builder, damage, passed_over, taken: 0, foreign: None, met, others };
    match format {
        LogFormat::Csv => table::read(plain, &mut log)?,
        LogFormat::Ndjson => objects::read(plain, &mut log)?,
        // The parser of the configuration refuses a mapping of these.
        LogFormat::Parquet | LogFormat::Webhook | LogFormat::Chat => return Err(ReadError::UnknownFormat),
    }
    log.damage.check()?;
    match log.foreign {
        // It is of another channel, or says otherwise than its mapping what a message is: nothing of it would be billed.
        Some(column) if log.taken == 0 && log.builder.rejects.len() == rejected => {
            Err(ReadError::AllPassedOver(column.to_owned()))
        }
        _ => Ok(log.passed_over),
    }
}

/// A log on its way into the frame.
struct Log<'l> {
    mapping: &'l Mapping,
    /// The columns that the mapping names, sorted.
    names: &'l [&'l str],
    builder: &'l mut Builder,
    damage: Damage,
    passed_over: BTreeMap<String, u64>,
    /// Rows that are messages or rejects.
    taken: u64,
    /// The column by which `only` passed over the first row.
    foreign: Option<&'l str>,
    /// Which of the names stand in the file.
    met: Vec<bool>,
    /// Names in the file that the mapping does not need; not all of them.
    others: BTreeSet<String>,
}

/// What a row is, before it is read.
enum Is<'c> {
    Message,
    /// No message, as this column says.
    PassedOver(&'c str),
    /// Not one of those that `only` names, as this column says.
    Foreign(&'c str),
    /// Nobody knows, since this column is empty.
    Open(&'c str),
}

impl<'l> Log<'l> {
    /// The place of a column among the names.
    fn place(&self, name: &str) -> Option<usize> {
        self.names.binary_search(&name).ok()
    }

    /// Remembers a name of the file that the mapping does not need, where it may be shown.
    fn note_other(&mut self, name: &str) {
        if self.others.len() < SHOWN && is_name(name) {
            self.others.insert(name.to_owned());
        }
    }

    /// Takes a row: a message, a reject, or what is passed over.
    fn take(&mut self, values: &Values, number: u64) -> Result<(), ReadError> {
        match self.is(values) {
            Is::PassedOver(column) => self.pass_over(column),
            Is::Foreign(column) => {
                self.foreign.get_or_insert(column);
                self.pass_over(column);
            }
            is => {
                self.taken += 1;
                let mut read = row::read(self.mapping, values);
                if let Is::Open(column) = is {
                    read.problem = Some(format!("`{column}` is empty, so nobody knows whether the row is a message"));
                }
                self.damage.look(&read.texts, number)?;
                read.add_to(self.mapping, self.builder, number);
            }
        }
        self.builder.check_rows()
    }

    fn pass_over(&mut self, column: &str) {
        *self.passed_over.entry(column.to_owned()).or_default() += 1;
    }

    fn is(&self, values: &Values) -> Is<'l> {
        let Mapping { only, only_any, skip, .. } = self.mapping;
        let text = |condition: &Condition| values.get(&condition.column);
        if let Some(condition) = skip.iter().find(|condition| condition.fits(text(condition))) {
            return Is::PassedOver(&condition.column);
        }
        let is_silent = |condition: &Condition| text(condition).is_empty();
        let may_be_silent = |condition: &Condition| is_silent(condition) && self.mapping.may_lack(&condition.column);
        let mut unfit = only.iter().filter(|condition| !condition.fits(text(condition)) && !may_be_silent(condition));
        if let Some(condition) = unfit.next() {
            return if is_silent(condition) { Is::Open(&condition.column) } else { Is::Foreign(&condition.column) };
        }
        let Some(first) = only_any.first() else { return Is::Message };
        if only_any.iter().any(|condition| condition.fits(text(condition))) {
            return Is::Message;
        }
        // What an empty column would say, nobody knows.
        let open = only_any.iter().find(|condition| is_silent(condition));
        open.map_or(Is::Foreign(&first.column), |condition| Is::Open(&condition.column))
    }

    /// Refuses a file that lacks columns of the mapping. `needs_all` also wants those that may say nothing.
    fn check_columns(&self, needs_all: bool) -> Result<(), ReadError> {
        let is_met = |name: &&str| self.place(name).is_some_and(|place| self.met.get(place) == Some(&true));
        let wanted = self.mapping.wanted().into_iter().filter(|wanted| wanted.is_required || needs_all);
        let wanted = wanted.filter(|wanted| !wanted.columns.iter().any(|column| self.mapping.may_lack(column)));
        let lacking = wanted.filter(|wanted| !wanted.columns.iter().any(is_met));
        let missing: Vec<String> = lacking.map(|wanted| told(wanted.columns.into_iter())).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let met: Vec<&str> = self.names.iter().copied().filter(|name| is_met(name)).collect();
        // The first line of a file without a header names people.
        if met.is_empty() {
            return Err(ReadError::NotOfMapping(told_all(self.names)));
        }
        let present: BTreeSet<&str> = met.into_iter().chain(self.others.iter().map(String::as_str)).collect();
        Err(ReadError::Unmapped { missing: missing.join(", "), present: told_all(&Vec::from_iter(present)) })
    }
}

/// Columns of which one is enough.
fn told<'c>(columns: impl Iterator<Item = &'c str>) -> String {
    let quoted: BTreeSet<String> = columns.map(|column| format!("`{column}`")).collect();
    Vec::from_iter(quoted).join(" or ")
}

fn told_all(columns: &[&str]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    quoted.join(", ")
}

/// Whether a text looks like the name of a column and not like what stands in one.
fn is_name(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=60).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && digits < 5
        && text.chars().all(is_of_name)
}

#[cfg(test)]
mod tests;
