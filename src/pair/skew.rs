//! By how much clocks differ: estimated from messages that more than one of them stamped.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::PairError;
use super::intern::index;
use super::rows::Rows;
use crate::domain::message::Sighting;
use crate::domain::{Elapsed, Instant};

/// Which clock a stamp was taken from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Clock {
    /// `None` where the frame does not say from which file a row came.
    pub source: Option<String>,
    pub stamp: Stamp,
}

/// What a clock stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// The message, by the log itself.
    Own,
    /// Its status `sent`.
    SentStatus,
}

/// How much later (negative: earlier) `other` stamps the same messages than `one`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Skew {
    pub channel: String,
    pub one: Clock,
    pub other: Clock,
    /// Messages that both stamped.
    pub messages: u64,
    pub median: Elapsed,
    pub min: Elapsed,
    pub max: Elapsed,
}

/// The differences between every two clocks of a channel, sorted by channel and clocks. `source` names the source
/// of a file by its index in the column `file`.
pub fn skew(frame: &DataFrame, source: &dyn Fn(u32) -> Option<String>) -> Result<Vec<Skew>, PairError> {
    let rows = Rows::read(frame)?;
    let files = rows.files();
    let file = |number: u32| files.as_ref().and_then(|files| files[index(number)]);
    let mut differences: BTreeMap<(&str, Clock, Clock), Vec<i64>> = BTreeMap::new();
    // A message of one row was stamped by one clock.
    for message in (0..rows.repeated.len()).map(|number| rows.repeated.message(number)) {
        let Some(first) = message.first() else { continue };
        let (_, channel) = rows.places[index(rows.all[index(*first)].place)];
        let stamps = stamps(&rows, message, &|number| file(number).and_then(source));
        let stamps: Vec<_> = stamps.into_iter().collect();
        for (place, (one, early)) in stamps.iter().enumerate() {
            for (other, late) in &stamps[place + 1..] {
                let found = differences.entry((channel, one.clone(), other.clone())).or_default();
                found.push(late.since(*early).micros());
            }
        }
    }
    Ok(differences.into_iter().filter_map(summed_up).collect())
}

/// The first stamp of one message by each clock. A local time that the clocks repeat tells nothing.
fn stamps(rows: &Rows, message: &[u32], source: &dyn Fn(u32) -> Option<String>) -> BTreeMap<Clock, Instant> {
    let mut stamps: BTreeMap<Clock, Instant> = BTreeMap::new();
    for number in message {
        let copy = rows.copy(*number);
        let stamp = match copy.sighting {
            Sighting::Stamped if copy.fold == Elapsed::ZERO => Stamp::Own,
            Sighting::OnSent => Stamp::SentStatus,
            _ => continue,
        };
        let clock = Clock { source: source(*number), stamp };
        let first = stamps.entry(clock).or_insert(copy.sent_at);
        *first = copy.sent_at.min(*first);
    }
    stamps
}

fn summed_up(((channel, one, other), mut found): ((&str, Clock, Clock), Vec<i64>)) -> Option<Skew> {
    found.sort_unstable();
    let (min, max) = (*found.first()?, *found.last()?);
    let (low, high) = (*found.get((found.len() - 1) / 2)?, *found.get(found.len() / 2)?);
    // Of an even number the middle between both, towards the smaller one.
    let median = low.saturating_add(high.saturating_sub(low) / 2);
    let [median, min, max] = [median, min, max].map(Elapsed::from_micros);
    Some(Skew { channel: channel.to_owned(), one, other, messages: found.len() as u64, median, min, max })
}
