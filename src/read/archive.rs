//! The archive: each file's messages in the canonical form as Parquet, named by what it holds.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use polars::prelude::{DataFrame, PolarsError};

use super::frame::Builder;
use super::{ReadError, bytes};
use crate::domain::columns;

/// Written into each file, whatever the version of the library: the bytes depend on the messages alone.
const CREATED_BY: &str = "ritardo archive 1";

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("the messages could not be written as Parquet")]
    Parquet(#[from] ParquetError),
    #[error("the frame of messages could not be read")]
    Frame(#[from] PolarsError),
}

/// The frame as a Parquet file, and its SHA-256, which is its name in the archive.
pub fn encode(frame: &DataFrame) -> Result<(Vec<u8>, String), ArchiveError> {
    let fields = columns::ALL.into_iter().map(|name| field(name).map(Arc::new)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("messages").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for name in columns::ALL {
        let Some(mut column) = group.next_column()? else { break };
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(writer) => {
                let values: Vec<i64> = frame.column(name)?.i64()?.iter().flatten().collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let texts = frame.column(name)?.str()?;
                let values: Vec<ByteArray> = texts.iter().flatten().map(ByteArray::from).collect();
                writer.write_batch(&values, None, None)?;
            }
            _ => unreachable!("the schema has texts and instants only"),
        }
        column.close()?;
    }
    group.close()?;
    let bytes = writer.into_inner()?;
    let sha256 = bytes::sha256(&bytes);
    Ok((bytes, sha256))
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
    #[error("{0} of its rows cannot be read")]
    Rejected(usize),
}

/// The frame of an archived file, after its bytes were compared with the digest that the ledger names.
pub fn decode(bytes: &[u8], recorded: &str) -> Result<DataFrame, DecodeError> {
    let found = bytes::sha256(bytes);
    if found != recorded {
        return Err(DecodeError::Changed { found, recorded: recorded.to_owned() });
    }
    let mut builder = Builder::of_archive();
    super::parquet::read(bytes, &mut builder)?;
    let (frame, rejects) = builder.finish().map_err(ReadError::Frame)?;
    if rejects.is_empty() { Ok(frame) } else { Err(DecodeError::Rejected(rejects.len())) }
}
