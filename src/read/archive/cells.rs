//! The texts of a column as the Parquet writer takes them.

use ::bytes::BytesMut;
use ::parquet::data_type::ByteArray;

/// So many bytes of texts share one allocation.
const BLOCK: usize = 1 << 16;

/// The texts one by one, in blocks of memory; a text that is that of the row before is shared with it.
pub(super) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<ByteArray> {
    let mut cells: Vec<ByteArray> = Vec::with_capacity(texts.size_hint().0);
    let mut block = BytesMut::new();
    for text in texts {
        let cell = match cells.last().filter(|last| last.data() == text.as_bytes()) {
            Some(last) => last.clone(),
            None => {
                if block.capacity() < text.len() {
                    block = BytesMut::with_capacity(BLOCK.max(text.len()));
                }
                block.extend_from_slice(text.as_bytes());
                // What is left of the block stays with it.
                block.split().freeze().into()
            }
        };
        cells.push(cell);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_the_texts() {
        let (long, longer) = ("x".repeat(BLOCK - 1), "y".repeat(BLOCK + 1));
        let short: Vec<String> = (0..20_000).map(|number| format!("wamid.{}", number / 3)).collect();
        let mut texts = vec!["", "", "a", "a", "", &long, "b", &longer, "c", &long, &long];
        texts.extend(short.iter().map(String::as_str));
        let cells = of(texts.iter().copied());
        assert_eq!(cells.len(), texts.len());
        assert!(cells.iter().zip(&texts).all(|(cell, text)| cell.data() == text.as_bytes()));
    }
}
