//! The canonical log as Parquet, and the archive, which is the same form.

use std::borrow::Cow;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{
    Column, DataFrame, DataType, Int64Chunked, ParquetReader, PolarsResult, SerReader, StringChunked, TimeUnit,
};

use super::ReadError;
use super::canonical::Texts;
use super::csv::columns_of;
use super::frame::Builder;
use crate::domain::{Instant, columns};

pub(super) fn read(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    // Polars panics on some damaged files, while it decodes or when a value is fetched: a refusal like any other.
    let stopped = |_| Err(ReadError::Parquet("its parts contradict each other".to_owned()));
    catch_unwind(AssertUnwindSafe(|| rows(plain, builder))).unwrap_or_else(stopped)
}

fn rows(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    let frame = decoded(plain)?;
    let mut texts: Vec<(usize, StringChunked)> = Vec::new();
    let mut stamps = None;
    for (column, name) in columns::ALL.into_iter().enumerate() {
        let Ok(values) = frame.column(name) else { continue };
        match values.dtype() {
            DataType::Datetime(_, None) if name == columns::SENT_AT => return Err(ReadError::NoZone),
            DataType::Datetime(_, Some(_)) if name == columns::SENT_AT => stamps = Some(micros(values)?),
            _ => texts.push((column, text(name, values)?)),
        }
    }
    for row in 0..frame.height() {
        let mut fields = Texts::default();
        for (column, values) in &texts {
            fields.set(*column, Cow::Borrowed(values.get(row).unwrap_or_default()));
        }
        let stamp = stamps.as_ref().and_then(|stamps| stamps.get(row)).map(Instant::from_micros);
        builder.take(&fields, stamp, row as u64 + 1);
    }
    Ok(())
}

/// Some columns of a file that this program wrote, as they are.
pub(super) fn whole(plain: &[u8], wanted: &[&str]) -> Result<DataFrame, ReadError> {
    let read = || {
        let mut reader = ParquetReader::new(Cursor::new(plain.to_vec()));
        let schema = reader.schema()?;
        let known = wanted.iter().filter(|name| schema.contains(name)).map(|name| (*name).to_owned()).collect();
        reader.with_columns(Some(known)).set_rechunk(true).finish()
    };
    let stopped = |_| Err(ReadError::Parquet("its parts contradict each other".to_owned()));
    let read = catch_unwind(AssertUnwindSafe(|| read().map_err(ReadError::Frame)));
    read.unwrap_or_else(stopped)
}

/// The known columns of the file, after its own counts of rows were compared with each other.
fn decoded(plain: &[u8]) -> Result<DataFrame, ReadError> {
    let damaged = |error: polars::prelude::PolarsError| ReadError::Parquet(first_line(&error.to_string()));
    let mut reader = ParquetReader::new(Cursor::new(plain.to_vec()));
    let schema = reader.schema().map_err(damaged)?;
    columns_of(schema.iter_names().map(|name| name.as_str()))?;
    let known = columns::ALL.into_iter().filter(|name| schema.contains(name)).map(str::to_owned).collect();
    let metadata = reader.get_metadata().map_err(damaged)?;
    let groups = metadata.row_groups.iter();
    let agree = groups.clone().all(|group| {
        let rows = i64::try_from(group.num_rows()).ok();
        group.parquet_columns().iter().all(|column| Some(column.num_values()) == rows)
    });
    let (rows, sum) = (metadata.num_rows, groups.map(|group| group.num_rows()).sum::<usize>());
    let frame = reader.with_columns(Some(known)).set_rechunk(true).finish().map_err(damaged)?;
    let whole = frame.columns().iter().all(|column| column.len() == rows);
    if agree && whole && rows == sum && frame.height() == rows {
        Ok(frame)
    } else {
        Err(ReadError::Parquet("its counts of rows contradict each other".to_owned()))
    }
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
    if !readable || (name == columns::SENT_AT && !dtype.is_string()) {
        let wanted = if name == columns::SENT_AT { "a timestamp with a zone" } else { "text" };
        return Err(ReadError::ColumnType(name, dtype.to_string(), wanted));
    }
    Ok(values.cast(&DataType::String)?.str()?.clone())
}
