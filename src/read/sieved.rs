//! What a cluster wrote of a sieved archive: files of Parquet in no order, whose rows are put into theirs here.

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, PolarsError, PolarsResult, Series};

use super::{ReadError, parquet};
use crate::domain::columns;

/// The messages that are still needed.
pub struct Messages {
    /// The columns of [`columns::ALL`], keyed, without business and channel.
    texts: Vec<Vec<String>>,
    sent_at: Vec<i64>,
    /// By row: the number of its channel.
    pub channels: Vec<i64>,
    /// By row: whether copies of its message contradict each other.
    pub disputed: Vec<bool>,
    /// By row: what the cluster says of it.
    pub claims: Vec<Claim>,
}

/// What a cluster says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whether nothing but its conversation decides about it.
    pub is_certain: bool,
    /// Whether it is a question that was not answered in time, or an answer to one.
    pub is_wanted: bool,
    /// Where it is a question that was answered in time, in one of its rows.
    pub free: Option<Free>,
}

/// A question that was answered in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// In microseconds.
    pub received_at: i64,
    pub length: i64,
    /// Place among [`crate::domain::EntryPoint::ALL`].
    pub entry_point: i64,
    pub market: String,
}

/// The columns of messages that are read as they are: their names in the file, and in a frame.
const TEXTS: [(&str, &str); 9] = [
    ("message_id", columns::MESSAGE_ID),
    ("customer", columns::CUSTOMER),
    ("direction", columns::DIRECTION),
    ("conversation", columns::CONVERSATION),
    ("kind", columns::KIND),
    ("status", columns::STATUS),
    ("own_entry_point", columns::ENTRY_POINT),
    ("sighting", columns::SIGHTING),
    ("fold", columns::FOLD),
];

/// The messages of some files.
///
/// # Errors
/// When a file is damaged, or is none that the statement of the sieve gives.
pub fn messages(files: &[Vec<u8>]) -> Result<Messages, ReadError> {
    let claimed = ["is_certain", "is_wanted", "is_free", "received_at", "length", "entry_point", "market"];
    let names: Vec<&str> =
        TEXTS.iter().map(|(name, _)| *name).chain(["number", "at", "is_disputed"]).chain(claimed).collect();
    let mut all = Messages {
        texts: vec![Vec::new(); TEXTS.len()],
        sent_at: Vec::new(),
        channels: Vec::new(),
        disputed: Vec::new(),
        claims: Vec::new(),
    };
    for file in files {
        let frame = parquet::whole(file, &names)?;
        all.add(&frame).map_err(ReadError::Frame)?;
    }
    Ok(all)
}

impl Messages {
    pub fn height(&self) -> usize {
        self.sent_at.len()
    }

    fn add(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        for (texts, (name, _)) in self.texts.iter_mut().zip(TEXTS) {
            texts.extend(texts_of(frame, name)?);
        }
        self.sent_at.extend(numbers(frame, "at")?);
        self.channels.extend(numbers(frame, "number")?);
        self.disputed.extend(truths(frame, "is_disputed")?);
        self.claims.extend(claims(frame)?);
        Ok(())
    }

    /// The id of a message.
    pub fn id(&self, row: usize) -> &str {
        self.text(row, columns::MESSAGE_ID)
    }

    /// `inbound` or `outbound`.
    pub fn direction(&self, row: usize) -> &str {
        self.text(row, columns::DIRECTION)
    }

    /// The keyed name of its conversation.
    pub fn conversation(&self, row: usize) -> &str {
        self.text(row, columns::CONVERSATION)
    }

    fn text(&self, row: usize, name: &str) -> &str {
        let place = TEXTS.iter().position(|(_, column)| *column == name);
        place.and_then(|place| self.texts.get(place)?.get(row)).map(String::as_str).unwrap_or_default()
    }

    pub fn sent_at(&self, row: usize) -> i64 {
        self.sent_at.get(row).copied().unwrap_or_default()
    }

    /// Some rows as a frame of messages, in an order of their own: `names` gives business and channel of a channel's number.
    ///
    /// # Errors
    /// Never, as long as the columns are of one length.
    pub fn frame<'n>(
        &self,
        mut rows: Vec<usize>,
        names: &dyn Fn(i64) -> (&'n str, &'n str),
    ) -> PolarsResult<DataFrame> {
        let key = |row: usize| {
            let texts: Vec<&str> = self.texts.iter().map(|texts| texts.get(row).map_or("", String::as_str)).collect();
            (self.channels.get(row), self.sent_at(row), texts)
        };
        rows.sort_by_cached_key(|row| key(*row));
        let of_channel = |row: &usize| names(self.channels.get(*row).copied().unwrap_or(-1));
        let texts = |name: &'static str, values: Vec<&str>| Series::new(name.into(), values).into_column();
        let columns = columns::ALL.into_iter().map(|name| match name {
            columns::SENT_AT => {
                let sent_at: Vec<i64> = rows.iter().map(|row| self.sent_at(*row)).collect();
                Series::new(name.into(), sent_at).into_column()
            }
            columns::BUSINESS => texts(name, rows.iter().map(|row| of_channel(row).0).collect()),
            columns::CHANNEL => texts(name, rows.iter().map(|row| of_channel(row).1).collect()),
            _ => texts(name, rows.iter().map(|row| self.text(*row, name)).collect()),
        });
        DataFrame::new(rows.len(), columns.collect())
    }
}

/// A message that is to be read from the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub channel: String,
    pub id: String,
    /// When the first and the last of its rows were sent, in microseconds.
    pub first_at: i64,
    pub last_at: i64,
}

/// The messages that some files name.
///
/// # Errors
/// As of [`messages`].
pub fn wanted(files: &[Vec<u8>]) -> Result<Vec<Named>, ReadError> {
    let mut all = Vec::new();
    for file in files {
        let frame = parquet::whole(file, &["channel", "message_id", "first_at", "last_at"])?;
        let rows = || -> PolarsResult<Vec<Named>> {
            let (channels, ids) = (texts_of(&frame, "channel")?, texts_of(&frame, "message_id")?);
            let (first, last) = (numbers(&frame, "first_at")?, numbers(&frame, "last_at")?);
            let rows = channels.into_iter().zip(ids).zip(first).zip(last);
            Ok(rows.map(|(((channel, id), first_at), last_at)| Named { channel, id, first_at, last_at }).collect())
        };
        all.extend(rows().map_err(ReadError::Frame)?);
    }
    Ok(all)
}

/// Questions that were answered in time, which pages tell alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// Number of the channel.
    pub channel: i64,
    pub segment: i64,
    /// Place among [`crate::domain::EntryPoint::ALL`].
    pub entry_point: i64,
    pub market: String,
    /// Of one of them, in microseconds.
    pub received_at: i64,
    pub length: i64,
    pub times: u64,
}

/// The counts of some files, sorted.
///
/// # Errors
/// As of [`messages`].
pub fn counts(files: &[Vec<u8>]) -> Result<Vec<Count>, ReadError> {
    let names = ["number", "question_segment", "entry_point", "market", "received_at", "length", "times"];
    let mut all = Vec::new();
    for file in files {
        let frame = parquet::whole(file, &names)?;
        let rows = || -> PolarsResult<Vec<Count>> {
            let [channel, segment, entry_point, received_at, length, times] =
                ["number", "question_segment", "entry_point", "received_at", "length", "times"]
                    .map(|name| numbers(&frame, name));
            let (channel, segment, entry_point) = (channel?, segment?, entry_point?);
            let (received_at, length, times) = (received_at?, length?, times?);
            let row = |(row, market): (usize, String)| {
                let of = |values: &[i64]| values.get(row).copied().ok_or_else(|| missing("a count"));
                Ok(Count {
                    channel: of(&channel)?,
                    segment: of(&segment)?,
                    entry_point: of(&entry_point)?,
                    market,
                    received_at: of(&received_at)?,
                    length: of(&length)?,
                    times: u64::try_from(of(&times)?).map_err(|_| missing("times"))?,
                })
            };
            texts_of(&frame, "market")?.into_iter().enumerate().map(row).collect()
        };
        all.extend(rows().map_err(ReadError::Frame)?);
    }
    all.sort();
    Ok(all)
}

/// The rows of numbers of some files, each with these columns, sorted; where there is none, `None`.
///
/// # Errors
/// As of [`messages`].
pub fn rows<const N: usize>(files: &[Vec<u8>], names: [&str; N]) -> Result<Vec<[Option<i64>; N]>, ReadError> {
    let mut all = Vec::new();
    for file in files {
        let frame = parquet::whole(file, &names)?;
        let mut of_file = vec![[None; N]; frame.height()];
        for (place, name) in names.into_iter().enumerate() {
            let column = whole_numbers(&frame, name).map_err(ReadError::Frame)?;
            let values = column.i64().map_err(ReadError::Frame)?;
            for (row, value) in of_file.iter_mut().zip(values.iter()) {
                if let Some(cell) = row.get_mut(place) {
                    *cell = value;
                }
            }
        }
        all.extend(of_file);
    }
    all.sort_unstable();
    Ok(all)
}

fn whole_numbers(frame: &DataFrame, name: &str) -> PolarsResult<Column> {
    frame.column(name)?.cast(&DataType::Int64)
}

fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    whole_numbers(frame, name)?.i64()?.iter().map(|number| number.ok_or_else(|| missing(name))).collect()
}

fn truths(frame: &DataFrame, name: &str) -> PolarsResult<Vec<bool>> {
    frame.column(name)?.bool()?.iter().map(|is| is.ok_or_else(|| missing(name))).collect()
}

fn texts_of(frame: &DataFrame, name: &str) -> PolarsResult<Vec<String>> {
    let texts = frame.column(name)?.str()?.iter();
    texts.map(|text| text.map(str::to_owned).ok_or_else(|| missing(name))).collect()
}

fn claims(frame: &DataFrame) -> PolarsResult<Vec<Claim>> {
    let (certain, wanted, free) =
        (truths(frame, "is_certain")?, truths(frame, "is_wanted")?, truths(frame, "is_free")?);
    let [received_at, length, entry_point] =
        ["received_at", "length", "entry_point"].map(|name| whole_numbers(frame, name));
    let (received_at, length, entry_point) = (received_at?, length?, entry_point?);
    let (received_at, length, entry_point) = (received_at.i64()?, length.i64()?, entry_point.i64()?);
    let market = frame.column("market")?.str()?;
    let claim = |(row, ((is_certain, is_wanted), is_free)): (usize, ((bool, bool), bool))| {
        let of_free = || {
            Some(Free {
                received_at: received_at.get(row)?,
                length: length.get(row)?,
                entry_point: entry_point.get(row)?,
                market: market.get(row)?.to_owned(),
            })
        };
        let free = if is_free { Some(of_free().ok_or_else(|| missing("a free question"))?) } else { None };
        Ok(Claim { is_certain, is_wanted, free })
    };
    certain.into_iter().zip(wanted).zip(free).enumerate().map(claim).collect()
}

fn missing(what: &str) -> PolarsError {
    PolarsError::ComputeError(format!("{what} is missing").into())
}
