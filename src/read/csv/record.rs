//! One record of CSV, however it was cut into fields.

use std::ops::Range;

/// The fields of a row, and the bytes that they lie in.
pub(super) trait Record {
    /// How many fields there are.
    fn count(&self) -> usize;

    /// All fields, one after the other; what stands between them may be missing.
    fn bytes(&self) -> &[u8];

    /// Where a field lies in the bytes; empty where there is none.
    fn range(&self, field: usize) -> Range<usize>;

    /// Bytes of all fields together.
    fn size(&self) -> usize;

    /// The fields in their order.
    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count()).map(|field| self.bytes().get(self.range(field)).unwrap_or_default())
    }
}

impl Record for csv::ByteRecord {
    fn count(&self) -> usize {
        self.len()
    }

    fn bytes(&self) -> &[u8] {
        self.as_slice()
    }

    fn range(&self, field: usize) -> Range<usize> {
        csv::ByteRecord::range(self, field).unwrap_or_default()
    }

    fn size(&self) -> usize {
        self.as_slice().len()
    }
}

/// A record without quotes: what stands between commas.
pub(super) struct Cells<'l> {
    pub bytes: &'l [u8],
    /// Where each field ends.
    pub ends: &'l [usize],
}

impl Record for Cells<'_> {
    fn count(&self) -> usize {
        self.ends.len()
    }

    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn range(&self, field: usize) -> Range<usize> {
        let begin = field.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |comma| comma + 1);
        self.ends.get(field).map_or(0..0, |end| begin..*end)
    }

    fn size(&self) -> usize {
        self.bytes.len() + 1 - self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_plain_line_are_those_of_the_reader() {
        for line in ["a", "a,b", ",", ",,", "a,,b", "abc,de,", " ,x y"] {
            let mut ends: Vec<usize> = memchr::memchr_iter(b',', line.as_bytes()).collect();
            ends.push(line.len());
            let cells = Cells { bytes: line.as_bytes(), ends: &ends };
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let mut record = csv::ByteRecord::new();
            assert!(reader.read_byte_record(&mut record).unwrap());
            assert_eq!(cells.fields().collect::<Vec<_>>(), Record::fields(&record).collect::<Vec<_>>(), "{line}");
            assert_eq!((cells.count(), cells.size()), (record.count(), record.size()), "{line}");
            assert_eq!(cells.fields().collect::<Vec<_>>(), record.iter().collect::<Vec<_>>(), "{line}");
            assert!(cells.range(cells.count()).is_empty() && Record::range(&record, record.count()).is_empty());
        }
    }
}
