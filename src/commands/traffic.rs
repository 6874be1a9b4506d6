//! When the messages of a business were sent: for the picture and the alarms. No verdict hangs on it.

use std::collections::BTreeMap;

use super::evidence::{Evidence, broken};
use crate::domain::message::{Counts, Sighting};
use crate::domain::{BusinessId, Direction, Instant, Kind, Span, columns};
use crate::error::Failure;
use crate::read::frame;
use crate::report::alarms::Traffic;

impl Evidence {
    /// The messages of a business that were sent in `span`, each once, by channel. Those before what is settled are left
    /// out: they are counted there.
    pub fn traffic(&self, business: &BusinessId, span: Span) -> Result<BTreeMap<String, Traffic>, Failure> {
        let Some(messages) = self.by_business.get(business.as_str()) else { return Ok(BTreeMap::new()) };
        let text = |name: &str| messages.column(name).and_then(|column| column.str()).map_err(broken);
        let (channel, id) = (text(columns::CHANNEL)?, text(columns::MESSAGE_ID)?);
        let (direction, kind, sighting) = (text(columns::DIRECTION)?, text(columns::KIND)?, text(columns::SIGHTING)?);
        let sent_at = messages.column(columns::SENT_AT).and_then(|column| column.i64()).map_err(broken)?;
        let at = |row: usize| Instant::from_micros(sent_at.get(row).unwrap_or_default());
        let hashes = frame::hashes(messages, [columns::CHANNEL, columns::MESSAGE_ID]).map_err(broken)?;
        let mut hashes: Vec<(u64, usize)> = hashes.into_iter().enumerate().map(|(row, hash)| (hash, row)).collect();
        hashes.sort_unstable();
        let mut rows: Vec<(&str, Instant, usize)> = Vec::with_capacity(hashes.len());
        // Most messages stand once, which their hash tells.
        for alike in hashes.chunk_by(|(one, _), (other, _)| one == other) {
            let told = |(_, row): &(u64, usize)| {
                let sighting = Sighting::named(sighting.get(*row).unwrap_or_default()).unwrap_or(Sighting::Stamped);
                let key = (channel.get(*row).unwrap_or_default(), id.get(*row).unwrap_or_default());
                let stated = kind.get(*row).filter(|kind| !kind.is_empty()).map_or("", |kind| Kind::named(kind).name());
                (key, sighting, at(*row), direction.get(*row).unwrap_or_default(), stated, *row)
            };
            let mut copies: Vec<_> = alike.iter().map(told).collect();
            // Of the copies of a message the first stamp counts, or where none has one, the first sign.
            // Where two of one instant contradict each other, it must not hang on which file was read first.
            copies.sort_unstable();
            copies.dedup_by_key(|(key, ..)| *key);
            rows.extend(copies.into_iter().map(|((channel, _), _, sent_at, .., row)| (channel, sent_at, row)));
        }
        // A status that was seen in the span is no message of it.
        rows.retain(|(_, sent_at, _)| span.contains(*sent_at));
        if let Some(settled) = self.settled.get(business.as_str()) {
            rows.retain(|(_, sent_at, _)| *sent_at >= settled.before);
        }
        rows.sort_unstable_by_key(|(_, sent_at, row)| (*sent_at, *row));
        let mut traffic: BTreeMap<String, Traffic> = BTreeMap::new();
        for (channel, sent_at, row) in rows {
            let traffic = match traffic.get_mut(channel) {
                Some(traffic) => traffic,
                None => traffic.entry(channel.to_owned()).or_default(),
            };
            if Direction::named(direction.get(row).unwrap_or_default()) == Some(Direction::Inbound) {
                traffic.inbound.push(sent_at);
                // A log that states no kind leaves it to the default: a text.
                let kind = kind.get(row).filter(|kind| !kind.is_empty()).map_or(Kind::Text, Kind::named);
                traffic.asking.extend((kind.counts() == Counts::Yes).then_some(sent_at));
            } else {
                traffic.outbound.push(sent_at);
            }
        }
        Ok(traffic)
    }
}
