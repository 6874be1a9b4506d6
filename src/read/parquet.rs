//! The canonical log as Parquet, and the archive, which is the same form.

use std::borrow::Cow;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{
    ArrowDataType, Column, DataFrame, DataType, Int64Chunked, ParquetReader, PolarsError, PolarsResult, SerReader,
    StringChunked, TimeUnit,
};

use super::ReadError;
use super::canonical::{Texts, column};
use super::frame::Builder;
use super::header::columns_of;
use super::options::Limits;
use super::stamp::Given;
use crate::domain::settings::Stamps;
use crate::domain::{Instant, columns};

pub(super) fn read(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    // Polars panics on some damaged files, while it decodes or when a value is fetched: a refusal like any other.
    let stopped = |_| Err(ReadError::Parquet("its parts contradict each other".to_owned()));
    catch_unwind(AssertUnwindSafe(|| rows(plain, builder))).unwrap_or_else(stopped)
}

/// The stamps of a file that stores them as timestamps.
struct Timestamps {
    micros: Int64Chunked,
    are_local: bool,
}

impl Timestamps {
    /// Row by row.
    fn given(&self) -> impl Iterator<Item = Option<Given>> {
        let are_local = self.are_local;
        let of =
            move |micros| if are_local { Given::Local(micros) } else { Given::Instant(Instant::from_micros(micros)) };
        self.micros.iter().map(move |micros| micros.map(of))
    }
}

fn rows(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    let frame = decoded(plain, builder)?;
    let mut texts: Vec<(usize, StringChunked)> = Vec::new();
    let mut stamps = None;
    for (column, name) in columns::ALL.into_iter().enumerate() {
        let Ok(values) = frame.column(name) else { continue };
        match values.dtype() {
            DataType::Datetime(_, zone) if name == columns::SENT_AT => {
                let are_local = zone.is_none();
                if are_local && !builder.clock.has_zone() {
                    return Err(ReadError::NoZone);
                }
                stamps = Some(Timestamps { micros: micros(values)?, are_local });
            }
            dtype if name == columns::SENT_AT && dtype.is_integer() && builder.clock.stamps == Stamps::Text => {
                return Err(ReadError::NoUnit);
            }
            _ => texts.push((column, text(name, values)?)),
        }
    }
    // All columns are walked side by side: to find a value by its row takes longer than to read it.
    let mut texts: Vec<_> = texts.iter().map(|(column, values)| (*column, values.iter())).collect();
    let mut stamps = stamps.as_ref().map(Timestamps::given);
    for row in 1..=frame.height() as u64 {
        let mut fields = Texts::default();
        for (column, values) in &mut texts {
            fields.set(*column, Cow::Borrowed(values.next().flatten().unwrap_or_default()));
        }
        let given = stamps.as_mut().and_then(|stamps| stamps.next().flatten());
        builder.take(&fields, given, row);
    }
    Ok(())
}

/// Some columns of a file that this program wrote, as they are.
pub(super) fn whole(plain: &[u8], wanted: &[&str]) -> Result<DataFrame, ReadError> {
    let read = || {
        let mut reader = ParquetReader::new(Cursor::new(plain));
        let schema = reader.schema()?;
        let known = wanted.iter().filter(|name| schema.contains(name)).map(|name| (*name).to_owned()).collect();
        reader.with_columns(Some(known)).set_rechunk(true).finish()
    };
    let stopped = |_| Err(ReadError::Parquet("its parts contradict each other".to_owned()));
    let read = catch_unwind(AssertUnwindSafe(|| read().map_err(ReadError::Frame)));
    read.unwrap_or_else(stopped)
}

/// Whether the footer of a file is one that this reader takes.
pub(super) fn has_sound_footer(file: std::fs::File) -> bool {
    let read = || ParquetReader::new(file).get_metadata().is_ok();
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(false)
}

fn damaged(error: &PolarsError) -> ReadError {
    ReadError::Parquet(first_line(&error.to_string()))
}

/// The known columns of the file, after its own counts of rows were compared with each other.
fn decoded(plain: &[u8], builder: &Builder) -> Result<DataFrame, ReadError> {
    use ArrowDataType::{Int8, Int16, UInt8, UInt16};
    let mut reader = ParquetReader::new(Cursor::new(plain));
    check_limits(&mut reader, plain.len() as u64, &builder.limits)?;
    let schema = reader.schema().map_err(|error| damaged(&error))?;
    columns_of(schema.iter_names().map(|name| name.as_str()))?;
    let is_read = |name: &&str| column(name).is_some() && schema.contains(name);
    for name in columns::ALL.into_iter().filter(is_read) {
        // Polars could read them, with more of it built in than numbers of ids and stamps are worth.
        if let Some(small @ (Int8 | Int16 | UInt8 | UInt16)) = schema.get(name).map(|field| &field.dtype) {
            return Err(ReadError::ColumnType(name, format!("{small:?}"), "text or a number of 32 or 64 bits"));
        }
    }
    let known = columns::ALL.into_iter().filter(is_read).map(str::to_owned).collect();
    let metadata = reader.get_metadata().map_err(|error| damaged(&error))?;
    let groups = metadata.row_groups.iter();
    let agree = groups.clone().all(|group| {
        let rows = i64::try_from(group.num_rows()).ok();
        group.parquet_columns().iter().all(|column| Some(column.num_values()) == rows)
    });
    let (rows, sum) = (metadata.num_rows, groups.map(|group| group.num_rows()).sum::<usize>());
    if !agree || rows != sum {
        return Err(contradiction());
    }
    let frame = reader.with_columns(Some(known)).set_rechunk(true).finish().map_err(|error| damaged(&error))?;
    let whole = frame.columns().iter().all(|column| column.len() == rows);
    if whole && frame.height() == rows { Ok(frame) } else { Err(contradiction()) }
}

fn contradiction() -> ReadError {
    ReadError::Parquet("its counts of rows contradict each other".to_owned())
}

/// What the footer says of the size of the file, before a page of it is unpacked.
fn check_limits(reader: &mut ParquetReader<Cursor<&[u8]>>, packed: u64, limits: &Limits) -> Result<(), ReadError> {
    let metadata = reader.get_metadata().map_err(|error| damaged(&error))?;
    let found = metadata.schema_descr.columns().len();
    let limit = limits.columns.saturating_mul(10);
    if found > limit {
        return Err(ReadError::TooManyColumns { found, limit });
    }
    let declared = metadata.row_groups.iter().map(|group| group.num_rows());
    let rows = declared.fold(metadata.num_rows, usize::max) as u64;
    if rows > limits.rows {
        return Err(ReadError::TooManyRows(limits.rows));
    }
    let chunks = metadata.row_groups.iter().flat_map(|group| group.parquet_columns());
    let pages = chunks.map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX));
    let pages = pages.fold(0, u64::saturating_add);
    // One value in a dictionary can stand for any number of rows: each takes its place in memory.
    let unpacked = pages.max(rows.saturating_mul(8 * columns::ALL.len() as u64));
    if limits.are_passed(packed, unpacked) { Err(ReadError::Bomb { packed, unpacked }) } else { Ok(()) }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect()
}

fn micros(values: &Column) -> PolarsResult<Int64Chunked> {
    let zone = match values.dtype() {
        DataType::Datetime(_, zone) => zone.clone(),
        _ => None,
    };
    let cast = values.cast(&DataType::Datetime(TimeUnit::Microseconds, zone))?;
    Ok(cast.to_physical_repr().i64()?.clone())
}

/// A column as text: texts and categories as they are, whole numbers as their digits.
fn text(name: &'static str, values: &Column) -> Result<StringChunked, ReadError> {
    let dtype = values.dtype();
    let readable =
        dtype.is_string() || dtype.is_integer() || dtype.is_null() || matches!(dtype, DataType::Categorical(..));
    if !readable || (name == columns::SENT_AT && !dtype.is_string() && !dtype.is_integer()) {
        let wanted = if name == columns::SENT_AT { "a timestamp with a zone" } else { "text" };
        return Err(ReadError::ColumnType(name, dtype.to_string(), wanted));
    }
    Ok(values.cast(&DataType::String)?.str()?.clone())
}

#[cfg(test)]
mod tests;
