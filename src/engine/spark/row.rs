//! Rows of an answer: Arrow, as a server sends it, as numbers and texts by the names of their columns.

use std::collections::BTreeMap;
use std::io::Cursor;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;

use super::ClusterError;

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(BTreeMap<String, Cell>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Number(i64),
    Text(String),
}

impl Row {
    pub fn number(&self, name: &str) -> Result<i64, ClusterError> {
        if let Some(Cell::Number(number)) = self.0.get(name) { Ok(*number) } else { Err(ClusterError::Odd("a number")) }
    }

    pub fn count(&self, name: &str) -> Result<u64, ClusterError> {
        u64::try_from(self.number(name)?).map_err(|_| ClusterError::Odd("a count below zero"))
    }

    pub fn text(&self, name: &str) -> Result<&str, ClusterError> {
        if let Some(Cell::Text(text)) = self.0.get(name) { Ok(text) } else { Err(ClusterError::Odd("a text")) }
    }
}

/// The rows of a batch, a stream of Arrow. A value that is none is left out.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, ClusterError> {
    decoded(bytes).map_err(|_| ClusterError::Odd("rows"))
}

fn decoded(bytes: &[u8]) -> Result<Vec<Row>, ArrowError> {
    let mut rows = Vec::new();
    for batch in StreamReader::try_new(Cursor::new(bytes), None)? {
        rows.extend(of_batch(&batch?)?);
    }
    Ok(rows)
}

fn of_batch(batch: &RecordBatch) -> Result<Vec<Row>, ArrowError> {
    let mut rows = vec![Row::default(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        for (row, cell) in rows.iter_mut().zip(cells(column)?) {
            if let Some(cell) = cell {
                row.0.insert(field.name().clone(), cell);
            }
        }
    }
    Ok(rows)
}

fn cells(column: &ArrayRef) -> Result<Vec<Option<Cell>>, ArrowError> {
    if column.data_type().is_integer() {
        let numbers = cast(column, &DataType::Int64)?;
        return Ok(numbers.as_primitive::<Int64Type>().iter().map(|number| number.map(Cell::Number)).collect());
    }
    let texts = cast(column, &DataType::Utf8)?;
    Ok(texts.as_string::<i32>().iter().map(|text| text.map(|text| Cell::Text(text.to_owned()))).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, StringArray};
    use arrow::ipc::writer::StreamWriter;

    use super::*;

    #[test]
    fn an_answer_is_read_by_the_names_of_its_columns() {
        let columns: [(&str, ArrayRef); 2] = [
            ("number", Arc::new(Int32Array::from(vec![Some(-7), None]))),
            ("text", Arc::new(StringArray::from(vec!["a", "b"]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let rows = super::rows(&bytes).unwrap();
        assert_eq!((rows[0].number("number"), rows[0].text("text")), (Ok(-7), Ok("a")));
        assert!(
            rows[0].count("number").is_err() && rows[1].number("number").is_err() && rows[1].text("number").is_err()
        );
        assert!(super::rows(b"no rows").is_err());
    }
}
