//! The archive: each file's messages in the canonical form as Parquet, cut by month, named by what it holds.
//!
//! A part has keyed names in place of ids and numbers ([`super::identity`]). The plain texts lie beside it in a
//! file of names, row by row: the erasable half. A blank row there is a person who was forgotten.

mod cells;
mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use ::parquet::column::writer::ColumnWriter;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use polars::prelude::{BooleanChunked, Column, DataFrame, IntoColumn, NamedFrom, PolarsError, PolarsResult, Series};

pub use self::names::keyed;
use super::identity::IdKey;
use super::{ReadError, bytes};
use crate::domain::{Instant, Month, Span, Zone, columns};

/// Written into each file, whatever the version of the library: the bytes depend on the messages alone.
const CREATED_BY: &str = "ritardo archive 1";

/// The columns that name a message or a person: keyed in the archive, plain in the file of names.
pub const NAMES: [&str; 3] = [columns::MESSAGE_ID, columns::CUSTOMER, columns::CONVERSATION];

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("the messages could not be written as Parquet")]
    Parquet(#[from] ParquetError),
    #[error("the frame of messages could not be read")]
    Frame(#[from] PolarsError),
}

/// What is kept of a file's messages of one month (in UTC).
pub struct Part {
    pub month: Month,
    pub rows: u64,
    pub first: Instant,
    pub last: Instant,
    /// Parquet with the columns of [`columns::ALL`], ids and parties keyed; rows as in the file.
    pub keyed: Vec<u8>,
    /// SHA-256 of `keyed`: its name.
    pub sha256: String,
    /// Parquet with the columns of [`NAMES`], plain, row by row as in `keyed`.
    pub names: Vec<u8>,
}

/// The parts of a file, by month. `forgotten` says of whom (keyed) and until when nothing plain is kept.
pub fn parts(
    frame: &DataFrame,
    key: &IdKey,
    forgotten: &dyn Fn(&str, Instant) -> bool,
) -> Result<Vec<Part>, ArchiveError> {
    let of_month = |(month, frame): (Month, DataFrame)| {
        let stamps = frame.column(columns::SENT_AT)?.i64()?;
        let first = stamps.iter().flatten().min().map(Instant::from_micros).unwrap_or(Instant::MIN);
        let last = stamps.iter().flatten().max().map(Instant::from_micros).unwrap_or(Instant::MAX);
        let keyed = keyed(&frame, key)?;
        let names = blanked(&frame, &keyed, forgotten)?;
        let (bytes, sha256) = encode(&keyed)?;
        let names = written(&names, &NAMES)?;
        Ok(Part { month, rows: frame.height() as u64, first, last, keyed: bytes, sha256, names })
    };
    by_month(frame)?.into_iter().map(of_month).collect()
}

fn by_month(frame: &DataFrame) -> PolarsResult<BTreeMap<Month, DataFrame>> {
    if let Some(month) = only_month(frame)? {
        return Ok(BTreeMap::from([(month, frame.clone())]));
    }
    let mut spans: Vec<(Month, Span)> = Vec::new();
    let mut month_of = |at: Instant| {
        if let Some((month, _)) = spans.iter().find(|(_, span)| span.contains(at)) {
            return *month;
        }
        let month = Month::of(at, Zone::UTC);
        spans.push((month, month.span(Zone::UTC)));
        month
    };
    let stamps = frame.column(columns::SENT_AT)?.i64()?;
    let months: Vec<Month> = stamps.iter().flatten().map(|at| month_of(Instant::from_micros(at))).collect();
    let mut parts = BTreeMap::new();
    for (month, _) in spans {
        let mask: BooleanChunked = months.iter().map(|of| Some(*of == month)).collect();
        parts.insert(month, frame.filter(&mask)?);
    }
    Ok(parts)
}

/// The month of all messages, where there is one such.
fn only_month(frame: &DataFrame) -> PolarsResult<Option<Month>> {
    let stamps = frame.column(columns::SENT_AT)?.i64()?;
    let mut stamps = stamps.iter().map(|at| at.map(Instant::from_micros));
    let Some(first) = stamps.next().flatten() else { return Ok(None) };
    let month = Month::of(first, Zone::UTC);
    let span = month.span(Zone::UTC);
    Ok(stamps.all(|at| at.is_some_and(|at| span.contains(at))).then_some(month))
}

/// The plain names of `frame`, blank where the customer is forgotten.
fn blanked(frame: &DataFrame, keyed: &DataFrame, forgotten: &dyn Fn(&str, Instant) -> bool) -> PolarsResult<DataFrame> {
    let persons = keyed.column(columns::CUSTOMER)?.str()?.iter().map(Option::unwrap_or_default);
    let stamps = frame.column(columns::SENT_AT)?.i64()?.iter().flatten().map(Instant::from_micros);
    let blank: Vec<bool> = persons.zip(stamps).map(|(person, at)| forgotten(person, at)).collect();
    let columns: Vec<Column> = NAMES.iter().map(|name| frame.column(name).cloned()).collect::<PolarsResult<_>>()?;
    // Hardly anybody was forgotten.
    if !blank.contains(&true) && columns.iter().all(|column| column.null_count() == 0) {
        return DataFrame::new(frame.height(), columns);
    }
    let mut names = Vec::new();
    for name in NAMES {
        let texts = frame.column(name)?.str()?.iter().zip(&blank);
        let texts: Vec<&str> = texts.map(|(text, blank)| if *blank { "" } else { text.unwrap_or_default() }).collect();
        names.push(Series::new(name.into(), texts).into_column());
    }
    DataFrame::new(frame.height(), names)
}

/// A file of names without those of one person, of whom `keyed` (the part beside it) tells the rows; `None` when
/// it holds nothing plain of that person. `until` spares later messages.
pub fn names_without(
    names: &[u8],
    keyed: &DataFrame,
    person: &str,
    until: Instant,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    let names = read_names(names).map_err(|error| match error {
        ReadError::Frame(error) => ArchiveError::Frame(error),
        other => ArchiveError::Parquet(ParquetError::General(other.to_string())),
    })?;
    let with = |frame: &DataFrame| -> PolarsResult<bool> {
        let customers = keyed.column(columns::CUSTOMER)?.str()?.iter();
        let stamps = keyed.column(columns::SENT_AT)?.i64()?.iter();
        let ids = frame.column(columns::MESSAGE_ID)?.str()?.iter();
        let mut rows = customers.zip(stamps).zip(ids);
        Ok(rows.any(|((customer, at), id)| customer == Some(person) && at < Some(until.micros()) && id != Some("")))
    };
    if !with(&names)? {
        return Ok(None);
    }
    let mut plain = names.clone();
    plain.with_column(keyed.column(columns::SENT_AT)?.clone())?;
    let blank = blanked(&plain, keyed, &|of, at| of == person && at < until)?;
    written(&blank, &NAMES).map(Some)
}

/// The bytes of a file of names.
///
/// # Errors
/// When the names cannot be written.
pub fn write_names(names: &DataFrame) -> Result<Vec<u8>, ArchiveError> {
    written(names, &NAMES)
}

/// A file of names with those of the wanted messages only, of which `keyed` (the part beside it) tells the rows.
///
/// # Errors
/// When the names cannot be read or written.
pub fn names_of(names: &DataFrame, keyed: &DataFrame, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<u8>, ArchiveError> {
    let ids = keyed.column(columns::MESSAGE_ID)?.str()?;
    let kept: Vec<bool> = ids.iter().map(|id| id.is_some_and(wanted)).collect();
    let mut wanted = Vec::new();
    for name in NAMES {
        let texts = names.column(name)?.str()?.iter().zip(&kept);
        let texts: Vec<&str> = texts.map(|(text, kept)| text.filter(|_| *kept).unwrap_or_default()).collect();
        wanted.push(Series::new(name.into(), texts).into_column());
    }
    written(&DataFrame::new(keyed.height(), wanted)?, &NAMES)
}

/// The frame as a Parquet file, and its SHA-256, which is its name in the archive.
pub fn encode(frame: &DataFrame) -> Result<(Vec<u8>, String), ArchiveError> {
    let bytes = written(frame, &columns::ALL)?;
    let sha256 = bytes::sha256(&bytes);
    Ok((bytes, sha256))
}

/// Columns of a canonical log: what the archive has of itself is none.
pub const CANONICAL: [&str; 10] = [
    columns::MESSAGE_ID,
    columns::BUSINESS,
    columns::CHANNEL,
    columns::CUSTOMER,
    columns::DIRECTION,
    columns::SENT_AT,
    columns::CONVERSATION,
    columns::KIND,
    columns::STATUS,
    columns::ENTRY_POINT,
];

/// The frame as a canonical log in Parquet.
pub fn canonical(frame: &DataFrame) -> Result<Vec<u8>, ArchiveError> {
    written(frame, &CANONICAL)
}

/// Some columns of a frame as Parquet: texts, and instants.
fn written(frame: &DataFrame, names: &[&str]) -> Result<Vec<u8>, ArchiveError> {
    let fields = names.iter().map(|name| field(name).map(Arc::new)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("messages").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for name in names {
        let Some(mut column) = group.next_column()? else { break };
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(writer) => {
                let values: Vec<i64> = frame.column(name)?.i64()?.iter().flatten().collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let texts = frame.column(name)?.str()?;
                writer.write_batch(&cells::of(texts.iter().flatten()), None, None)?;
            }
            _ => unreachable!("the schema has texts and instants only"),
        }
        column.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

fn field(name: &str) -> Result<Type, ParquetError> {
    let (physical, logical) = if name == columns::SENT_AT {
        (PhysicalType::INT64, LogicalType::timestamp(true, TimeUnit::MICROS))
    } else {
        (PhysicalType::BYTE_ARRAY, LogicalType::String)
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
    builder.with_logical_type(Some(logical)).build()
}

/// Why an archived file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("its SHA-256 is {found}, the ledger says {recorded}")]
    Changed { found: String, recorded: String },
    #[error("it is no file of the archive")]
    Foreign,
}

/// The frame of an archived file, after its bytes were compared with the digest that the ledger names. A
/// column that an older version did not write is blank.
pub fn decode(bytes: &[u8], recorded: &str) -> Result<DataFrame, DecodeError> {
    let found = bytes::sha256(bytes);
    if found != recorded {
        return Err(DecodeError::Changed { found, recorded: recorded.to_owned() });
    }
    let mut read = super::parquet::whole(bytes, &columns::ALL)?;
    let blank = vec![""; read.height()];
    for name in columns::OPTIONAL {
        if read.column(name).is_err() {
            read.with_column(Series::new(name.into(), &blank).into_column()).map_err(ReadError::Frame)?;
        }
    }
    let physical = read.column(columns::SENT_AT).map_err(ReadError::Frame)?.to_physical_repr();
    read.replace(columns::SENT_AT, physical).map_err(ReadError::Frame)?;
    let ordered = read.select(columns::ALL).map_err(ReadError::Frame)?;
    let as_written = ordered.columns().iter().all(|column| match column.name().as_str() {
        columns::SENT_AT => column.dtype().is_integer() && column.null_count() == 0,
        _ => column.dtype().is_string() && column.null_count() == 0,
    });
    if as_written { Ok(ordered) } else { Err(DecodeError::Foreign) }
}

/// The plain names of a part: the columns of [`NAMES`].
pub fn read_names(bytes: &[u8]) -> Result<DataFrame, ReadError> {
    let names = super::parquet::whole(bytes, &NAMES)?;
    // Where bytes were changed, what can be read may still be columns of other names or types.
    NAMES.iter().try_for_each(|name| names.column(name)?.str().map(drop))?;
    Ok(names)
}

/// A plain message id and customer, as the log had them.
pub type Named = (String, String);

/// Which message of which customer it is: its channel, keyed id and keyed customer. An id is unique on its channel only.
pub type OfMessage = (String, String, String);

/// Plain names of the wanted messages of one part.
pub fn find(
    keyed: &DataFrame,
    names: &DataFrame,
    wanted: &dyn Fn(&str) -> bool,
) -> PolarsResult<BTreeMap<OfMessage, Named>> {
    let text = |frame: &DataFrame, name: &str, row: usize| -> PolarsResult<String> {
        Ok(frame.column(name)?.str()?.get(row).unwrap_or_default().to_owned())
    };
    let mut found = BTreeMap::new();
    for (row, id) in keyed.column(columns::MESSAGE_ID)?.str()?.iter().enumerate() {
        let Some(id) = id.filter(|id| wanted(id)) else { continue };
        let named = (text(names, columns::MESSAGE_ID, row)?, text(names, columns::CUSTOMER, row)?);
        if !named.0.is_empty() {
            let (channel, customer) = (text(keyed, columns::CHANNEL, row)?, text(keyed, columns::CUSTOMER, row)?);
            found.insert((channel, id.to_owned(), customer), named);
        }
    }
    Ok(found)
}

/// Rows whose plain names do not hash to the keyed ones beside them: somebody changed the file of names.
pub fn strangers(keyed: &DataFrame, names: &DataFrame, key: &IdKey) -> PolarsResult<usize> {
    if names.height() != keyed.height() {
        return Ok(keyed.height().max(1));
    }
    let mut strange = 0;
    for name in NAMES {
        let plain = names.column(name)?.str()?.iter().map(Option::unwrap_or_default);
        let named = keyed.column(name)?.str()?.iter().map(Option::unwrap_or_default);
        let hashed = |text: &str| if name == columns::MESSAGE_ID { key.message(text) } else { key.party(text) };
        strange += plain.zip(named).filter(|(plain, named)| !plain.is_empty() && hashed(plain) != *named).count();
    }
    Ok(strange)
}
