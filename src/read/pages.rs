//! Columns of a Parquet file, page by page: a value of a dictionary is looked at once, the others where they lie in the
//! page.
//!
//! Only what logs are usually written with is decoded here: plain values and dictionaries, in pages of either version.
//! Everything else is [`Unusual`], and is read by Polars instead.

mod picked;
mod runs;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::bytes::Bytes;
use parquet::basic::{ConvertedType, Encoding, LogicalType, TimeUnit, Type as PhysicalType};
use parquet::column::page::{Page, PageReader};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;

use self::runs::runs;
use super::options::Limits;

/// The file, or a value in it, is not of the usual kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusual;

/// A Parquet file that is read by one worker.
pub struct Pages {
    reader: Box<dyn FileReader>,
    /// Of the file.
    bytes: u64,
    /// The file, where it lies in memory.
    file: Option<Bytes>,
}

/// Rows of a row group: more would take too much memory at once.
const GROUP_MAX: i64 = 16 << 20;

/// How the values of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// `BYTE_ARRAY` with UTF-8.
    Text,
    /// `INT64`: microseconds since 1970 in UTC.
    Micros,
    /// `INT64`: milliseconds since 1970 in UTC.
    Millis,
}

/// A column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    column: usize,
    pub stored: Stored,
    has_nulls: bool,
}

impl Pages {
    /// # Errors
    /// When it cannot be opened, or is no Parquet.
    pub fn open(path: &Path) -> Result<Self, Unusual> {
        let file = File::open(path).map_err(|_| Unusual)?;
        let bytes = file.metadata().map_err(|_| Unusual)?.len();
        let reader = guarded(|| SerializedFileReader::new(file).map_err(|_| Unusual))?;
        Ok(Self { reader: Box::new(reader), bytes, file: None })
    }

    /// A file that lies in memory.
    ///
    /// # Errors
    /// When it is no Parquet.
    pub fn of(file: Vec<u8>) -> Result<Self, Unusual> {
        let bytes = u64::try_from(file.len()).map_err(|_| Unusual)?;
        let file = Bytes::from(file);
        let reader = guarded(|| SerializedFileReader::new(file.clone()).map_err(|_| Unusual))?;
        Ok(Self { reader: Box::new(reader), bytes, file: Some(file) })
    }

    /// Whether two columns of a row group of a file in memory are stored by the same bytes in the same way, so that they have
    /// the same values. Where it cannot be told this is false.
    pub fn are_same(&self, group: usize, one: Place, other: Place) -> bool {
        let chunk = |place: Place| {
            let chunk = self.reader.metadata().row_groups().get(group)?.columns().get(place.column)?;
            let begin = chunk.dictionary_page_offset();
            let form = (chunk.compression(), chunk.num_values(), begin.is_some(), place.stored, place.has_nulls);
            let begin = usize::try_from(begin.unwrap_or_else(|| chunk.data_page_offset())).ok()?;
            let end = begin.checked_add(usize::try_from(chunk.compressed_size()).ok()?)?;
            Some((form, self.file.as_ref()?.get(begin..end)?))
        };
        chunk(one).is_some_and(|one| Some(one) == chunk(other))
    }

    /// The column of a name; `None` where the file has none.
    pub fn column(&self, name: &str) -> Result<Option<Place>, Unusual> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let mut found = (0..schema.num_columns()).filter(|place| schema.column(*place).name() == name);
        let Some(place) = found.next() else { return Ok(None) };
        let column = schema.column(place);
        let is_flat = column.path().parts().len() == 1 && column.max_rep_level() == 0 && column.max_def_level() <= 1;
        if found.next().is_some() || !is_flat {
            return Err(Unusual);
        }
        let stored = stored(&column).ok_or(Unusual)?;
        Ok(Some(Place { column: place, stored, has_nulls: column.max_def_level() > 0 }))
    }

    /// Rows of each row group.
    ///
    /// # Errors
    /// When they are not those that its columns have.
    pub fn groups(&self) -> Result<Vec<usize>, Unusual> {
        let metadata = self.reader.metadata();
        let mut groups = Vec::with_capacity(metadata.num_row_groups());
        for group in metadata.row_groups() {
            if group.columns().iter().any(|column| column.num_values() != group.num_rows()) {
                return Err(Unusual);
            }
            groups.push(usize::try_from(group.num_rows()).map_err(|_| Unusual)?);
        }
        let sum = groups.iter().try_fold(0, |sum: usize, rows| sum.checked_add(*rows));
        let whole = usize::try_from(metadata.file_metadata().num_rows()).ok();
        if sum == whole && sum.is_some() { Ok(groups) } else { Err(Unusual) }
    }

    /// Whether the file can be unpacked piece by piece: a bomb is left to the long way, which refuses it, and so is a row
    /// group that no writer makes. Its whole size does not matter here, since it is never held as a whole.
    ///
    /// # Errors
    /// When the limits are passed.
    pub fn check_limits(&self, limits: &Limits) -> Result<(), Unusual> {
        let metadata = self.reader.metadata();
        let rows = u64::try_from(metadata.file_metadata().num_rows()).map_err(|_| Unusual)?;
        let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
        let pages = chunks.map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX));
        let unpacked = pages.fold(0, u64::saturating_add);
        let limits = Limits { unpacked: u64::MAX, ..*limits };
        let is_large = metadata.row_groups().iter().any(|group| group.num_rows() > GROUP_MAX);
        let found = metadata.file_metadata().schema_descr().num_columns();
        let has_many = found > limits.columns.saturating_mul(10);
        if is_large || has_many || rows > limits.rows || limits.are_passed(self.bytes, unpacked) {
            return Err(Unusual);
        }
        Ok(())
    }

    /// The same as [`Pages::values`], in room of its own.
    ///
    /// # Errors
    /// As there.
    pub fn collected<T: Copy>(
        &self,
        group: usize,
        rows: usize,
        place: Place,
        make: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Unusual> {
        let mut made = Vec::new();
        self.values(group, rows, place, &mut made, make)?;
        Ok(made)
    }

    /// What `make` makes of the values of a column, in the order of the rows, into `made`, which is emptied; of a null it
    /// is given no bytes.
    ///
    /// # Errors
    /// When the column is stored in another way, or `make` gives nothing for one of its values.
    pub fn values<T: Copy>(
        &self,
        group: usize,
        rows: usize,
        place: Place,
        made: &mut Vec<T>,
        make: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<(), Unusual> {
        made.clear();
        made.reserve(rows);
        let mut values = Values { made: std::mem::take(made), dictionary: Vec::new(), place, rows, make };
        guarded(|| {
            let group = self.reader.get_row_group(group).map_err(|_| Unusual)?;
            values.read(group.get_column_page_reader(place.column).map_err(|_| Unusual)?)?;
            *made = values.made;
            Ok(())
        })
    }
}

/// How the values of a column are stored. Older writers, and DuckDB, say of texts only the converted type; of an instant
/// that does not say whether it is in UTC, and is left to the long way, which asks for the zone.
fn stored(column: &ColumnDescriptor) -> Option<Stored> {
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (PhysicalType::BYTE_ARRAY, Some(LogicalType::String), _)
        | (PhysicalType::BYTE_ARRAY, None, ConvertedType::UTF8) => Some(Stored::Text),
        (PhysicalType::INT64, Some(LogicalType::Timestamp(stamp)), _) if stamp.is_adjusted_to_u_t_c => {
            match stamp.unit {
                TimeUnit::MICROS => Some(Stored::Micros),
                TimeUnit::MILLIS => Some(Stored::Millis),
                TimeUnit::NANOS => None,
            }
        }
        _ => None,
    }
}

/// The library panics on some damaged files: what it panics on is unusual like any other damage.
fn guarded<T>(work: impl FnOnce() -> Result<T, Unusual>) -> Result<T, Unusual> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Unusual))
}

/// The levels of a page, where it has any, and its values.
fn parted(page: &Page, has_nulls: bool) -> Result<(Option<&[u8]>, &[u8]), Unusual> {
    match page {
        Page::DictionaryPage { buf, .. } => Ok((None, buf)),
        Page::DataPage { buf, .. } if !has_nulls => Ok((None, buf)),
        Page::DataPage { buf, def_level_encoding: Encoding::RLE, .. } => {
            let (length, rest) = buf.split_first_chunk::<4>().ok_or(Unusual)?;
            let (levels, data) = rest.split_at_checked(count(u32::from_le_bytes(*length))?).ok_or(Unusual)?;
            Ok((Some(levels), data))
        }
        Page::DataPage { .. } => Err(Unusual),
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let (_, rest) = buf.split_at_checked(count(*rep_levels_byte_len)?).ok_or(Unusual)?;
            let (levels, data) = rest.split_at_checked(count(*def_levels_byte_len)?).ok_or(Unusual)?;
            Ok((has_nulls.then_some(levels), data))
        }
    }
}

/// The values of a column chunk, while they are read.
struct Values<T, M> {
    made: Vec<T>,
    dictionary: Vec<T>,
    place: Place,
    rows: usize,
    make: M,
}

impl<T: Copy, M: FnMut(&[u8]) -> Option<T>> Values<T, M> {
    fn read(&mut self, mut pages: Box<dyn PageReader>) -> Result<(), Unusual> {
        while let Some(page) = pages.get_next_page().map_err(|_| Unusual)? {
            match page {
                Page::DictionaryPage { ref buf, num_values, encoding, .. } => {
                    let is_plain = matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY);
                    if !is_plain || !self.dictionary.is_empty() {
                        return Err(Unusual);
                    }
                    let made = std::mem::take(&mut self.made);
                    self.plain(buf, count(num_values)?)?;
                    self.dictionary = std::mem::replace(&mut self.made, made);
                }
                Page::DataPage { num_values, encoding, .. } | Page::DataPageV2 { num_values, encoding, .. } => {
                    let (levels, data) = parted(&page, self.place.has_nulls)?;
                    self.page(levels, data, count(num_values)?, encoding)?;
                }
            }
        }
        if self.made.len() == self.rows { Ok(()) } else { Err(Unusual) }
    }

    /// A page of `count` rows; `levels` say which of them have a value.
    fn page(&mut self, levels: Option<&[u8]>, data: &[u8], count: usize, encoding: Encoding) -> Result<(), Unusual> {
        if count > self.rows.saturating_sub(self.made.len()) {
            return Err(Unusual);
        }
        let mut present = Vec::new();
        if let Some(levels) = levels {
            runs(levels, 1, count, |level, times| present.extend(std::iter::repeat_n(level == 1, times)))?;
        }
        let begin = self.made.len();
        let values = if levels.is_some() { present.iter().filter(|present| **present).count() } else { count };
        match encoding {
            Encoding::PLAIN => self.plain(data, values)?,
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => self.indexed(data, values)?,
            _ => return Err(Unusual),
        }
        if values < count {
            let nothing = (self.make)(b"").ok_or(Unusual)?;
            let mut found = self.made.split_off(begin).into_iter();
            let spread = present.into_iter().map(|is_present| if is_present { found.next() } else { Some(nothing) });
            let spread: Option<Vec<T>> = spread.collect();
            self.made.extend(spread.ok_or(Unusual)?);
        }
        Ok(())
    }

    fn plain(&mut self, data: &[u8], count: usize) -> Result<(), Unusual> {
        let mut rest = data;
        for _ in 0..count {
            let length = if self.place.stored == Stored::Text {
                let (length, after) = rest.split_first_chunk::<4>().ok_or(Unusual)?;
                rest = after;
                usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Unusual)?
            } else {
                8
            };
            let (value, after) = rest.split_at_checked(length).ok_or(Unusual)?;
            rest = after;
            self.made.push((self.make)(value).ok_or(Unusual)?);
        }
        Ok(())
    }

    fn indexed(&mut self, data: &[u8], count: usize) -> Result<(), Unusual> {
        let (width, data) = data.split_first().ok_or(Unusual)?;
        let (dictionary, made) = (&self.dictionary, &mut self.made);
        let mut is_known = true;
        runs(data, u32::from(*width), count, |index, times| {
            match usize::try_from(index).ok().and_then(|index| dictionary.get(index)) {
                Some(value) if times == 1 => made.push(*value),
                Some(value) => made.extend(std::iter::repeat_n(*value, times)),
                None => is_known = false,
            }
        })?;
        if is_known { Ok(()) } else { Err(Unusual) }
    }
}

fn count(number: u32) -> Result<usize, Unusual> {
    usize::try_from(number).map_err(|_| Unusual)
}
