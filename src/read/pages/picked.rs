//! Some texts of a column, by their rows; the others are passed over.

use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::runs::runs;
use super::{Pages, Place, Unusual, count, guarded, parted};

impl Pages {
    /// Gives the texts of the rows `wanted` of a row group, which are in rising order, to `take`, one after the other.
    ///
    /// # Errors
    /// When the column is stored in another way, has a null, or `take` gives nothing for one of its values.
    pub fn picked(
        &self,
        group: usize,
        place: Place,
        wanted: &[u32],
        take: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<(), Unusual> {
        guarded(|| self.pick(group, place, wanted, take))
    }

    fn pick(
        &self,
        group: usize,
        place: Place,
        wanted: &[u32],
        mut take: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<(), Unusual> {
        let group = self.reader.get_row_group(group).map_err(|_| Unusual)?;
        let mut pages = group.get_column_page_reader(place.column).map_err(|_| Unusual)?;
        let (mut dictionary, mut begin, mut rest) = (Dictionary::default(), 0_usize, wanted);
        while let Some(page) = pages.get_next_page().map_err(|_| Unusual)? {
            let (levels, data) = parted(&page, place.has_nulls)?;
            let (rows, encoding) = (count(page.num_values())?, page.encoding());
            if matches!(page, Page::DictionaryPage { .. }) {
                dictionary = Dictionary::of(page.buffer(), rows)?;
                continue;
            }
            let end = begin.checked_add(rows).ok_or(Unusual)?;
            let here = rest.partition_point(|row| usize::try_from(*row).is_ok_and(|row| row < end));
            let (of_page, after) = rest.split_at(here);
            if !of_page.is_empty() {
                if levels.is_some_and(|levels| !is_full(levels, rows)) {
                    return Err(Unusual);
                }
                let places = of_page.iter().filter_map(|row| usize::try_from(*row).ok()?.checked_sub(begin));
                match encoding {
                    Encoding::PLAIN => plain_texts(data, places, &mut take)?,
                    Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                        dictionary.texts(data, rows, places, &mut take)?;
                    }
                    _ => return Err(Unusual),
                }
            }
            (begin, rest) = (end, after);
        }
        if rest.is_empty() { Ok(()) } else { Err(Unusual) }
    }
}

/// Whether every one of `rows` rows has a value.
fn is_full(levels: &[u8], rows: usize) -> bool {
    let mut present = 0;
    let told = runs(levels, 1, rows, |level, times| present += if level == 1 { times } else { 0 });
    told.is_ok() && present == rows
}

/// The texts at rising places of a page of plain values.
fn plain_texts(
    data: &[u8],
    places: impl Iterator<Item = usize>,
    take: &mut impl FnMut(&[u8]) -> Option<()>,
) -> Result<(), Unusual> {
    let (mut rest, mut at) = (data, 0);
    for place in places {
        loop {
            let (length, after) = rest.split_first_chunk::<4>().ok_or(Unusual)?;
            let (value, after) = after.split_at_checked(count(u32::from_le_bytes(*length))?).ok_or(Unusual)?;
            rest = after;
            at += 1;
            if at > place {
                take(value).ok_or(Unusual)?;
                break;
            }
        }
    }
    Ok(())
}

/// A dictionary of texts.
#[derive(Default)]
struct Dictionary {
    texts: Vec<u8>,
    ends: Vec<usize>,
}

impl Dictionary {
    fn of(data: &[u8], values: usize) -> Result<Self, Unusual> {
        let mut dictionary = Self::default();
        plain_texts(data, 0..values, &mut |text| {
            dictionary.texts.extend_from_slice(text);
            dictionary.ends.push(dictionary.texts.len());
            Some(())
        })?;
        Ok(dictionary)
    }

    fn text(&self, index: usize) -> Option<&[u8]> {
        let begin = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.texts.get(begin..*self.ends.get(index)?)
    }

    fn texts(
        &self,
        data: &[u8],
        rows: usize,
        places: impl Iterator<Item = usize>,
        take: &mut impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<(), Unusual> {
        let (width, data) = data.split_first().ok_or(Unusual)?;
        let mut indices = Vec::new();
        runs(data, u32::from(*width), rows, |index, times| indices.extend(std::iter::repeat_n(index, times)))?;
        for place in places {
            let index = indices.get(place).and_then(|index| usize::try_from(*index).ok()).ok_or(Unusual)?;
            self.text(index).and_then(&mut *take).ok_or(Unusual)?;
        }
        Ok(())
    }
}
