//! A line file as Parquet: texts, instants in microseconds of UTC, amounts as DECIMAL(38, 9). An empty cell is no value.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::exchanged::Exchanged;
use super::{Kind, LineTable};
use crate::close::check::sha256;
use crate::close::guarded;
use crate::domain::grid::{CellKind, Grid};
use crate::domain::{Decimal, Instant};

const CREATED_BY: &str = "ritardo lines 1";
/// What the metadata says of the columns.
const FORM: &str = "ritardo-lines/1";
/// The same of a table for finance.
const FINANCE_FORM: &str = "ritardo-finance/1";
/// Rows of a row group: so many are in memory at a time.
const GROUP: usize = 131_072;
/// Decimals: 38 digits, 9 of them behind the point, in 16 bytes.
const PRECISION: i32 = 38;
const SCALE: i32 = 9;
const BYTES: i32 = 16;

/// The line file as Parquet.
pub(super) fn parquet(table: &LineTable) -> Result<Vec<u8>, String> {
    let mut writer = writer(table).map_err(told)?;
    let mut columns = empty(table);
    let mut held = 0_usize;
    for row in table.rows() {
        for (column, cell) in columns.iter_mut().zip(&row?) {
            column.add(cell)?;
        }
        held = held.saturating_add(1);
        if held == GROUP {
            write(&mut writer, &columns).map_err(told)?;
            (columns, held) = (empty(table), 0);
        }
    }
    if held > 0 {
        write(&mut writer, &columns).map_err(told)?;
    }
    writer.into_inner().map_err(told)
}

fn writer(table: &LineTable) -> Result<SerializedFileWriter<Vec<u8>>, ParquetError> {
    let fields = table.columns.iter().map(|(name, kind)| field(name, *kind).map(Arc::new)).collect::<Result<_, _>>()?;
    let digest = sha256(table.csv);
    let facts = [("ritardo.format", FORM), ("ritardo.csv", table.name), ("ritardo.csv_sha256", digest.as_str())];
    let facts = facts.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let facts = facts.into_iter().chain(table.exchanged.iter().flat_map(exchange));
    started("lines", fields, facts.collect())
}

/// A file of these columns that says these facts.
fn started(
    name: &str,
    fields: Vec<Arc<Type>>,
    facts: Vec<KeyValue>,
) -> Result<SerializedFileWriter<Vec<u8>>, ParquetError> {
    let schema = Arc::new(Type::group_type_builder(name).with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_key_value_metadata(Some(facts));
    SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))
}

/// A table for finance as Parquet, in one row group.
pub(super) fn of_grid(grid: &Grid) -> Result<Vec<u8>, String> {
    let kinds: Vec<Kind> = grid.columns.iter().map(|column| kind_of(column.kind)).collect();
    let named = grid.columns.iter().zip(&kinds);
    let fields: Result<Vec<Arc<Type>>, ParquetError> =
        named.map(|(column, kind)| field(column.name, *kind).map(Arc::new)).collect();
    let facts = [("ritardo.format", FINANCE_FORM), ("ritardo.table", grid.name)];
    let facts = facts.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let mut writer = started("finance", fields.map_err(told)?, facts.to_vec()).map_err(told)?;
    let mut columns: Vec<Column> = kinds.into_iter().map(Column::of).collect();
    for row in &grid.rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            // Texts of a CSV are guarded, and so are these, to be bare again.
            let cell = if column.kind == Kind::Text { guarded(cell) } else { cell.clone() };
            column.add(&cell)?;
        }
    }
    if !grid.rows.is_empty() {
        write(&mut writer, &columns).map_err(told)?;
    }
    writer.into_inner().map_err(told)
}

const fn kind_of(kind: CellKind) -> Kind {
    match kind {
        CellKind::Text => Kind::Text,
        CellKind::Whole => Kind::Whole,
        CellKind::Decimal => Kind::Decimal,
    }
}

/// What the metadata says where the document is billed in another currency.
fn exchange(exchanged: &Exchanged) -> [KeyValue; 3] {
    let Exchanged { tariff, billed, rate } = exchanged;
    [
        ("ritardo.net", tariff.to_string()),
        ("ritardo.net_billed", billed.to_string()),
        ("ritardo.exchange_rate", rate.clone()),
    ]
    .map(|(key, value)| KeyValue::new(key.to_owned(), value))
}

fn field(name: &str, kind: Kind) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Instant => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Whole => (PhysicalType::INT64, None),
        Kind::Decimal => (PhysicalType::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(SCALE, PRECISION))),
    };
    let builder =
        Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL).with_logical_type(logical);
    if kind == Kind::Decimal {
        return builder.with_length(BYTES).with_precision(PRECISION).with_scale(SCALE).build();
    }
    builder.build()
}

/// The cells of a column of a row group: of each whether there is a value, and the values.
struct Column {
    kind: Kind,
    levels: Vec<i16>,
    texts: Vec<ByteArray>,
    numbers: Vec<i64>,
    decimals: Vec<FixedLenByteArray>,
}

fn empty(table: &LineTable) -> Vec<Column> {
    table.columns.iter().map(|(_, kind)| Column::of(*kind)).collect()
}

impl Column {
    const fn of(kind: Kind) -> Self {
        Self { kind, levels: Vec::new(), texts: Vec::new(), numbers: Vec::new(), decimals: Vec::new() }
    }

    fn add(&mut self, cell: &str) -> Result<(), String> {
        self.levels.push(i16::from(!cell.is_empty()));
        if cell.is_empty() {
            return Ok(());
        }
        match self.kind {
            Kind::Text => self.texts.push(self.kind.bare(cell).as_bytes().to_vec().into()),
            Kind::Instant => self.numbers.push(cell.parse::<Instant>()?.micros()),
            Kind::Whole => {
                let number = cell.parse().map_err(|_| format!("`{cell}` is no whole number"))?;
                self.numbers.push(number);
            }
            Kind::Decimal => self.decimals.push(cell.parse::<Decimal>()?.units().to_be_bytes().to_vec().into()),
        }
        Ok(())
    }
}

/// Writes a row group.
fn write(writer: &mut SerializedFileWriter<Vec<u8>>, columns: &[Column]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let mut columns = columns.iter();
    while let (Some(mut to), Some(column)) = (group.next_column()?, columns.next()) {
        let levels = Some(column.levels.as_slice());
        match to.untyped() {
            ColumnWriter::ByteArrayColumnWriter(to) => to.write_batch(&column.texts, levels, None)?,
            ColumnWriter::Int64ColumnWriter(to) => to.write_batch(&column.numbers, levels, None)?,
            ColumnWriter::FixedLenByteArrayColumnWriter(to) => to.write_batch(&column.decimals, levels, None)?,
            _ => unreachable!("the schema has texts, 64-bit numbers and decimals only"),
        };
        to.close()?;
    }
    group.close()?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn told(error: ParquetError) -> String {
    error.to_string()
}
