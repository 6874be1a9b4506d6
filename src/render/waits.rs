//! Rated waits as CSV and Parquet: the result of `ritardo rate`.
//!
//! Both forms hold the same rows in the same order: `message_id, business, channel, conversation` (text),
//! `received_at, answered_at, deadline` (UTC instants), `verdict` (text), `wait_ms` (integer), `market,
//! entry_point, tariff` (text), `rate, amount` (exact decimals), `currency` (text), `tier` (integer: how many charges
//! of the market lie below it), `place` (text: `101` for the 101st charge of the market in the month, `free 3` for
//! the third free unit), `run` (integer: messages that are charged together).

use std::borrow::Cow;
use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};

use crate::domain::charge::{Place, RatedWait};
use crate::domain::{Currency, Decimal, Elapsed, Instant};

/// Columns of the file of waits, in order.
pub const COLUMNS: [&str; 18] = [
    "message_id",
    "business",
    "channel",
    "conversation",
    "received_at",
    "answered_at",
    "deadline",
    "verdict",
    "wait_ms",
    "market",
    "entry_point",
    "tariff",
    "rate",
    "amount",
    "currency",
    "tier",
    "place",
    "run",
];

const CREATED_BY: &str = "ritardo waits 3";
/// What the metadata of the file says of its columns.
const FORM: &str = "ritardo-waits/3";
/// Rows of a row group.
const GROUP: usize = 131_072;

/// What stands in the file, row by row.
pub trait Rows: Sync {
    fn count(&self) -> usize;

    /// The cell of a column (a place in [`COLUMNS`]); `row` is below [`Rows::count`].
    fn cell(&self, column: usize, row: usize) -> Cell<'_>;
}

/// A cell of the file.
pub enum Cell<'r> {
    Text(Cow<'r, str>),
    /// A number in E.164 by its digits, which a text shows behind a `+`.
    Phone(u64),
    Instant(Option<Instant>),
    Decimal(Option<Decimal>),
    Number(Option<u64>),
}

impl<'r> Cell<'r> {
    pub const fn text(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Whole milliseconds of a wait.
    pub fn millis(length: Option<Elapsed>) -> Self {
        Self::Number(length.and_then(|length| u64::try_from(length.millis()).ok()))
    }

    fn told(self) -> Cow<'r, str> {
        match self {
            Self::Text(text) => text,
            Self::Phone(digits) => format!("+{digits}").into(),
            Self::Instant(at) => at.map(|at| at.to_string()).unwrap_or_default().into(),
            Self::Decimal(amount) => amount.map(|amount| amount.to_string()).unwrap_or_default().into(),
            Self::Number(number) => number.map(|number| number.to_string()).unwrap_or_default().into(),
        }
    }
}

/// Waits that are rated, in their order.
pub struct Rated<'r> {
    pub rows: &'r [&'r RatedWait],
    pub tariff: &'r str,
    pub currency: Currency,
}

impl Rows for Rated<'_> {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        let rated = self.rows[row];
        let (wait, charge) = (&rated.wait, rated.charge.as_ref());
        match column {
            0 => Cell::text(&wait.message_id),
            1 => Cell::text(&wait.business),
            2 => Cell::text(&wait.channel),
            3 => Cell::text(&wait.conversation),
            4 => Cell::Instant(Some(wait.received_at)),
            5 => Cell::Instant(wait.answered_at),
            6 => Cell::Instant(Some(wait.deadline)),
            7 => Cell::text(wait.verdict.name()),
            8 => Cell::millis(wait.length()),
            9 => Cell::text(rated.market.name()),
            10 => Cell::text(wait.entry_point.name()),
            11 => Cell::text(self.tariff),
            12 => Cell::Decimal(charge.map(|charge| charge.rate.price)),
            13 => Cell::Decimal(charge.map(|charge| charge.amount)),
            14 => Cell::text(self.currency.code()),
            15 => Cell::Number(charge.and_then(|charge| charge.rate.tier)),
            16 => Cell::Text(place(rated).into()),
            _ => Cell::Number(run(rated)),
        }
    }
}

/// The waits as CSV (RFC 4180 quoting, line feeds, no comment lines). Cells are exact, not guarded against
/// spreadsheets: the file is for programs.
pub fn csv(rows: &impl Rows) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Invariant: rows have one length and memory takes every byte.
    writer.write_record(COLUMNS).unwrap_or_else(|error| unreachable!("{error}"));
    for row in 0..rows.count() {
        for column in 0..COLUMNS.len() {
            let cell = rows.cell(column, row).told();
            writer.write_field(cell.as_bytes()).unwrap_or_else(|error| unreachable!("{error}"));
        }
        writer.write_record(None::<&[u8]>).unwrap_or_else(|error| unreachable!("{error}"));
    }
    writer.into_inner().unwrap_or_else(|error| unreachable!("{error}"))
}

/// Place of a charge; empty where the tariff counts none.
fn place(rated: &RatedWait) -> String {
    match rated.charge.as_ref().map(|charge| charge.place) {
        Some(Place::Free(number)) => format!("free {number}"),
        Some(Place::InMarket(number)) => number.to_string(),
        Some(Place::Uncounted) | None => String::new(),
    }
}

/// Messages that are charged together; `None` where each is charged alone.
fn run(rated: &RatedWait) -> Option<u64> {
    u64::try_from(rated.wait.run.len()).ok().filter(|messages| *messages > 0)
}

/// The waits as Parquet: instants in microseconds of UTC, `rate` and `amount` as DECIMAL(18, 9).
///
/// Row groups are encoded on all processors and put together in their order: the bytes do not tell how many there were.
pub fn parquet(rows: &impl Rows) -> Result<Vec<u8>, ParquetError> {
    let form = Form::new()?;
    let groups = rows.count().div_ceil(GROUP);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut encoded = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= groups {
                return Ok::<_, ParquetError>(encoded);
            }
            let begin = place * GROUP;
            encoded.push((place, group(&form, rows, begin..rows.count().min(begin + GROUP))?));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(groups);
    let encoded = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect::<Result<Vec<_>, _>>()
    })?;
    let mut encoded: Vec<(usize, Vec<u8>)> = encoded.into_iter().flatten().collect();
    encoded.sort_by_key(|(place, _)| *place);
    let mut writer = form.writer()?;
    for (_, group) in encoded {
        append(&mut writer, &Bytes::from(group))?;
    }
    writer.into_inner()
}

/// Schema and properties of the file.
struct Form {
    schema: Arc<Type>,
    properties: Arc<WriterProperties>,
}

impl Form {
    fn new() -> Result<Self, ParquetError> {
        let fields = COLUMNS.into_iter().map(|name| field(name).map(Arc::new)).collect::<Result<_, _>>()?;
        let schema = Arc::new(Type::group_type_builder("waits").with_fields(fields).build()?);
        // Ids and numbers do not get smaller by more of it.
        let compression = Compression::ZSTD(ZstdLevel::try_new(1)?);
        let properties = WriterProperties::builder().set_created_by(CREATED_BY.to_owned()).set_compression(compression);
        let form = KeyValue::new("ritardo.format".to_owned(), FORM.to_owned());
        let properties = properties.set_key_value_metadata(Some(vec![form]));
        // Extremes of what the rows are sorted by let a reader pass over row groups; of the others they tell nothing.
        let properties = properties.set_statistics_enabled(EnabledStatistics::None);
        let properties = ["business", "received_at"].into_iter().fold(properties, |properties, name| {
            properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Chunk)
        });
        // Hardly two values of these columns are alike.
        let unlike = ["message_id", "conversation", "received_at", "answered_at", "deadline", "wait_ms"];
        let properties = unlike.into_iter().fold(properties, |properties, name| {
            properties.set_column_dictionary_enabled(ColumnPath::from(name), false)
        });
        Ok(Self { schema, properties: Arc::new(properties.build()) })
    }

    fn writer(&self) -> Result<SerializedFileWriter<Vec<u8>>, ParquetError> {
        SerializedFileWriter::new(Vec::new(), Arc::clone(&self.schema), Arc::clone(&self.properties))
    }
}

/// A file of one row group.
fn group(form: &Form, rows: &impl Rows, of: Range<usize>) -> Result<Vec<u8>, ParquetError> {
    let mut columns: Vec<Cells> = COLUMNS.iter().map(|_| Cells::default()).collect();
    // Each wait is met once, with all of its cells.
    for row in of {
        columns.iter_mut().enumerate().for_each(|(column, cells)| cells.push(rows.cell(column, row)));
    }
    let mut writer = form.writer()?;
    let mut group = writer.next_row_group()?;
    let mut columns = COLUMNS.into_iter().zip(columns);
    while let (Some(mut column), Some((name, cells))) = (group.next_column()?, columns.next()) {
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(writer) => {
                let levels = is_optional(name).then_some(cells.levels.as_slice());
                writer.write_batch(&cells.numbers, levels, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                writer.write_batch(&cells.shared(), None, None)?;
            }
            _ => unreachable!("the schema has texts and 64-bit numbers only"),
        }
        column.close()?;
    }
    group.close()?;
    writer.into_inner()
}

/// Adds the row group of a file to another, as it is.
fn append(writer: &mut SerializedFileWriter<Vec<u8>>, part: &Bytes) -> Result<(), ParquetError> {
    let reader = SerializedFileReader::new(part.clone())?;
    for group in reader.metadata().row_groups() {
        let mut to = writer.next_row_group()?;
        for column in group.columns() {
            let close = ColumnCloseResult {
                bytes_written: column.compressed_size().unsigned_abs(),
                rows_written: group.num_rows().unsigned_abs(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            to.append_column(part, close)?;
        }
        to.close()?;
    }
    Ok(())
}

/// The cells of one column of a row group.
#[derive(Default)]
struct Cells {
    /// All different texts, one behind the other.
    texts: Vec<u8>,
    /// Where in them the text of each row lies.
    places: Vec<Range<usize>>,
    /// Address and length of the last text, where it outlives the cells.
    lay: Option<(usize, usize)>,
    numbers: Vec<i64>,
    /// Of each number: 1 where there is one.
    levels: Vec<i16>,
}

impl Cells {
    fn push(&mut self, cell: Cell) {
        match cell {
            Cell::Instant(at) => self.number(at.map(Instant::micros)),
            Cell::Decimal(amount) => self.number(amount.and_then(|amount| i64::try_from(amount.units()).ok())),
            Cell::Number(number) => self.number(number.and_then(|number| i64::try_from(number).ok())),
            Cell::Text(Cow::Borrowed(text)) => self.lasting(text),
            Cell::Text(Cow::Owned(text)) => {
                self.lay = None;
                self.text(text.as_bytes());
            }
            Cell::Phone(digits) => {
                self.lay = None;
                // Invariant: memory takes every byte.
                let begin = self.texts.len();
                write!(self.texts, "+{digits}").unwrap_or_else(|error| unreachable!("{error}"));
                self.places.push(begin..self.texts.len());
            }
        }
    }

    /// A text that outlives the cells: where it lies as it did in the row before, it is the same without a look at it.
    fn lasting(&mut self, text: &str) {
        let lies = (text.as_ptr().addr(), text.len());
        match self.places.last().filter(|_| self.lay == Some(lies)).cloned() {
            Some(last) => self.places.push(last),
            None => self.text(text.as_bytes()),
        }
        self.lay = Some(lies);
    }

    /// Most texts are those of the row before, and share their place with it.
    fn text(&mut self, text: &[u8]) {
        let last = self.places.last().filter(|last| self.texts.get((*last).clone()) == Some(text)).cloned();
        self.places.push(last.unwrap_or_else(|| {
            let begin = self.texts.len();
            self.texts.extend_from_slice(text);
            begin..self.texts.len()
        }));
    }

    fn number(&mut self, number: Option<i64>) {
        self.levels.push(i16::from(number.is_some()));
        self.numbers.extend(number);
    }

    fn shared(self) -> Vec<ByteArray> {
        let texts = Bytes::from(self.texts);
        self.places.into_iter().map(|place| texts.slice(place).into()).collect()
    }
}

fn is_optional(name: &str) -> bool {
    ["answered_at", "wait_ms", "rate", "amount", "tier", "run"].contains(&name)
}

fn field(name: &str) -> Result<Type, ParquetError> {
    let repetition = if is_optional(name) { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let (physical, logical) = match name {
        "received_at" | "answered_at" | "deadline" => {
            (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
        }
        "rate" | "amount" => (PhysicalType::INT64, Some(LogicalType::decimal(9, 18))),
        "wait_ms" | "tier" | "run" => (PhysicalType::INT64, None),
        _ => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical);
    if name == "rate" || name == "amount" { builder.with_precision(18).with_scale(9).build() } else { builder.build() }
}
