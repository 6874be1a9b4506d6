//! The canonical log as Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};

use crate::domain::columns;
use crate::generate::{Business, Message};

const CREATED_BY: &str = "ritardo generate 1";
/// Rows of a row group, as DuckDB has them about.
const GROUP: usize = 131_072;
const TEXTS: [&str; 8] = [
    columns::MESSAGE_ID,
    columns::BUSINESS,
    columns::CHANNEL,
    columns::CUSTOMER,
    columns::DIRECTION,
    columns::KIND,
    columns::STATUS,
    columns::ENTRY_POINT,
];

/// Collects a row group, and writes it when it is full.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    texts: [Vec<ByteArray>; TEXTS.len()],
    sent_at: Vec<i64>,
}

impl<W: Write + Send> Writer<W> {
    pub(super) fn new(to: W) -> io::Result<Self> {
        let file = file(to).map_err(io::Error::other)?;
        Ok(Self { file, texts: Default::default(), sent_at: Vec::with_capacity(GROUP) })
    }

    pub(super) fn write(&mut self, message: &Message, business: &Business) -> io::Result<()> {
        let Message { message_id, customer, direction, kind, status, entry_point, .. } = message;
        let (id, channel) = (business.id.as_str(), business.channel.as_str());
        let values =
            [message_id, id, channel, customer, direction.name(), kind.name(), status.name(), entry_point.name()];
        for (texts, value) in self.texts.iter_mut().zip(values) {
            texts.push(ByteArray::from(value));
        }
        self.sent_at.push(message.sent_at.micros());
        if self.sent_at.len() < GROUP { Ok(()) } else { self.flush().map_err(io::Error::other) }
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        let mut texts = self.texts.iter();
        while let Some(mut column) = group.next_column()? {
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(writer) => {
                    writer.write_batch(&self.sent_at, None, None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    writer.write_batch(texts.next().map(Vec::as_slice).unwrap_or_default(), None, None)?;
                }
                _ => unreachable!("the schema has texts and instants only"),
            }
            column.close()?;
        }
        group.close()?;
        self.texts.iter_mut().for_each(Vec::clear);
        self.sent_at.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.sent_at.is_empty() {
            self.flush().map_err(io::Error::other)?;
        }
        self.file.into_inner().map_err(io::Error::other)
    }
}

fn file<W: Write + Send>(to: W) -> Result<SerializedFileWriter<W>, ParquetError> {
    let text = |name: &&str| field(name, PhysicalType::BYTE_ARRAY, LogicalType::String);
    let mut fields: Vec<Type> = TEXTS.iter().map(text).collect::<Result<_, _>>()?;
    fields.push(field(columns::SENT_AT, PhysicalType::INT64, LogicalType::timestamp(true, TimeUnit::MICROS))?);
    let fields = fields.into_iter().map(Arc::new).collect();
    let schema = Type::group_type_builder("messages").with_fields(fields).build()?;
    // No two values of these columns are alike.
    let unlike = [columns::MESSAGE_ID, columns::SENT_AT];
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    let properties = unlike
        .into_iter()
        .fold(properties, |properties, name| properties.set_column_dictionary_enabled(ColumnPath::from(name), false));
    SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties.build()))
}

fn field(name: &str, physical: PhysicalType, logical: LogicalType) -> Result<Type, ParquetError> {
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
    builder.with_logical_type(Some(logical)).build()
}
