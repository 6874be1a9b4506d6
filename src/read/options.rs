//! How a log is to be read: what its source declares, and how much of it is read at all.

use crate::domain::chat::ChatSource;
use crate::domain::settings::{LogFormat, Source, Stamps};
use crate::domain::{Instant, Mapping, Zone};

/// What is known of a log before it is read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Options {
    /// `None`: seen from the name and the first bytes.
    pub format: Option<LogFormat>,
    /// How the columns of a vendor are read.
    pub mapping: Option<Box<Mapping>>,
    /// The zone of local times; without it they are refused.
    pub zone: Option<Zone>,
    pub stamps: Stamps,
    /// Messages before this instant are rejects.
    pub from: Option<Instant>,
    /// Messages at or after this instant are rejects.
    pub to: Option<Instant>,
    /// Messages after this instant are rejects.
    pub latest: Instant,
    pub latest_is: Latest,
    pub limits: Limits,
    /// Whose the chats are; without it no exported chat is read.
    pub chat: Option<ChatSource>,
}

/// Where the latest instant of a file comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Latest {
    /// As of it everything is judged.
    #[default]
    Judgement,
    /// A year after the run: the file declares no time.
    YearAhead,
    /// A day after the end of the time that the file declares.
    Declared,
}

impl Latest {
    /// Why a message after it is rejected.
    pub const fn passed(self) -> &'static str {
        match self {
            Self::Judgement => "sent_at lies after the instant of judgement",
            Self::YearAhead => "sent_at lies more than a year after the instant of the run",
            Self::Declared => "sent_at lies more than a day after the time that its file declares",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: None,
            mapping: None,
            zone: None,
            stamps: Stamps::Text,
            from: None,
            to: None,
            latest: Instant::MAX,
            latest_is: Latest::default(),
            limits: Limits::default(),
            chat: None,
        }
    }
}

impl Options {
    /// What `source` declares. Messages of any later instant are taken.
    pub fn of(source: &Source) -> Self {
        let Source { format, zone, stamps, from, to, .. } = *source;
        let (mapping, chat) = (source.mapping.clone(), source.chat.clone());
        Self { format, mapping, chat, zone, stamps, from, to, ..Self::default() }
    }
}

/// Beyond these a file is no log but a bomb or a mistake. They lie far above every honest day of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Bytes of a compressed file when it is unpacked; of an archive, all its members together.
    pub unpacked: u64,
    /// How many times its size a compressed file may unpack to, once it has [`Limits::RATIO_FROM`] bytes.
    pub ratio: u64,
    pub rows: u64,
    /// Bytes of a line of CSV (a record, with the lines inside its quotes) or of NDJSON.
    pub line: usize,
    /// Columns of a CSV header; Parquet, where they cost less, may have ten times as many.
    pub columns: usize,
    /// Members of an archive.
    pub members: u64,
}

impl Limits {
    /// A small file may be packed well: a header and a few equal rows.
    pub const RATIO_FROM: u64 = 64 << 20;

    /// Whether what has grown to `unpacked` bytes out of `packed` is to be refused.
    pub fn are_passed(&self, packed: u64, unpacked: u64) -> bool {
        unpacked > self.unpacked || (unpacked > Self::RATIO_FROM && unpacked > packed.saturating_mul(self.ratio))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 8 << 30, ratio: 250, rows: 200_000_000, line: 1 << 20, columns: 1_000, members: 1_000_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::Coverage;
    use crate::domain::{Direction, Elapsed};

    #[test]
    fn what_the_source_declares_reaches_the_reader() {
        let [from, to] = ["2018-08-01T00:00:00Z", "2018-09-01T00:00:00Z"].map(|text| Some(text.parse().unwrap()));
        let zone = Some("Europe/Rome".parse().unwrap());
        let source = Source {
            name: "s".to_owned(),
            files: "**".to_owned(),
            format: Some(LogFormat::Csv),
            mapping: None,
            zone,
            stamps: Stamps::Seconds,
            from,
            to,
            expected_by: None,
            keep_raw: None,
            channels: None,
            directions: Direction::BOTH.to_vec(),
            coverage: Coverage::Span,
            tolerance: Elapsed::ZERO,
            chat: None,
        };
        let format = Some(LogFormat::Csv);
        let expected = Options { format, zone, stamps: Stamps::Seconds, from, to, ..Options::default() };
        assert_eq!(Options::of(&source), expected);
        assert_eq!(expected.latest, Instant::MAX);
    }
}
