//! Damage done by spreadsheets. A spreadsheet that opens a log takes ids for numbers: it rounds them to 15
//! digits, writes them as `1.23457E+18` or groups their digits. What is lost cannot be had back, and rounded ids
//! make one message of many: the file is refused.

use std::collections::BTreeSet;

use super::ReadError;
use super::canonical::Texts;
use crate::domain::columns;

/// Columns in which a number would be an id.
const IDS: [&str; 5] =
    [columns::MESSAGE_ID, columns::BUSINESS, columns::CHANNEL, columns::CUSTOMER, columns::CONVERSATION];
/// A spreadsheet keeps so many digits of a number, and writes zeros for the others.
const DIGITS_KEPT: usize = 15;
/// So many zeros where any digit could stand are no chance: one in a million.
const ZEROS_MIN: usize = 6;
/// A person may leave some empty rows; only a program writes so many.
const EMPTY_ROWS_MIN: u64 = 1_000;

/// What was seen of a file so far.
#[derive(Default)]
pub(super) struct Damage {
    rounded: [Rounded; IDS.len()],
    empty_rows: u64,
}

/// The long numbers of one column.
#[derive(Default)]
struct Rounded {
    /// One of them was not rounded.
    is_sound: bool,
    /// Different ones, as many as it takes to be sure.
    seen: BTreeSet<String>,
    zeros: usize,
}

impl Damage {
    /// Looks at the row, and refuses the file when a field of it is no id any more.
    pub fn look(&mut self, texts: &Texts, row: u64) -> Result<(), ReadError> {
        for (column, rounded) in IDS.into_iter().zip(&mut self.rounded) {
            let text = texts.get(column);
            if is_scientific(text) {
                let told = format!("row {row}: {column} is a rounded number with an exponent, as 1.2E+11 would be");
                return Err(ReadError::Spreadsheet(told));
            }
            if is_grouped(text) {
                let told = format!("row {row}: the digits of {column} are grouped by commas, as 12,345 would be");
                return Err(ReadError::Spreadsheet(told));
            }
            rounded.look(text);
        }
        Ok(())
    }

    /// Counts a row in which every field is empty.
    pub fn count_empty_row(&mut self) {
        self.empty_rows += 1;
    }

    /// What only the whole file can tell.
    pub fn check(&self) -> Result<(), ReadError> {
        if self.empty_rows >= EMPTY_ROWS_MIN {
            return Err(ReadError::Spreadsheet(format!("a spreadsheet wrote {} empty rows", self.empty_rows)));
        }
        let rounded = IDS.into_iter().zip(&self.rounded).find(|(_, rounded)| rounded.is_certain());
        rounded.map_or(Ok(()), |(column, _)| {
            let told = format!("every {column} of more than {DIGITS_KEPT} digits ends in zeros: they were rounded");
            Err(ReadError::Spreadsheet(told))
        })
    }
}

impl Rounded {
    fn look(&mut self, text: &str) {
        if self.is_sound || text.len() <= DIGITS_KEPT || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        let forced = &text.as_bytes()[DIGITS_KEPT..];
        if forced.iter().any(|digit| *digit != b'0') {
            self.is_sound = true;
            self.seen.clear();
        } else if self.zeros < ZEROS_MIN && self.seen.insert(text.to_owned()) {
            self.zeros += forced.len();
        }
    }

    fn is_certain(&self) -> bool {
        !self.is_sound && self.zeros >= ZEROS_MIN
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.23457E+18`, `3,93331E+11`, `4E+11`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_mantissa = whole.len() == 1 && are_digits(whole) && fraction.is_none_or(are_digits);
    is_mantissa && exponent.strip_prefix('+').is_some_and(|exponent| exponent.len() <= 3 && are_digits(exponent))
}

/// `270,271`, and as in India `2,70,271`.
fn is_grouped(text: &str) -> bool {
    let Some((head, last)) = text.rsplit_once(',') else { return false };
    let groups: Vec<&str> = head.split(',').collect();
    let first_fits = |most| groups.first().is_some_and(|first| are_digits(first) && first.len() <= most);
    let others_have = |length| groups.iter().skip(1).all(|group| are_digits(group) && group.len() == length);
    last.len() == 3 && are_digits(last) && ((first_fits(3) && others_have(3)) || (first_fits(2) && others_have(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_spreadsheets_are_recognised() {
        for text in ["1.23457E+18", "3,93331E+11", "4E+11", "1e+5"] {
            assert!(is_scientific(text), "{text}");
        }
        let ids = ["", "E+1", "12.3E+18", "1.E+18", "1.2E18", "1.2E-18", "1E+", "1E+1234", "wamid.1E+2", "+39E+11"];
        for text in ids {
            assert!(!is_scientific(text), "{text}");
        }
        for text in ["2,70,271", "270,271", "12,345", "1,234,567", "12,34,567", "393,331,000,001"] {
            assert!(is_grouped(text), "{text}");
        }
        for text in ["270271", ",271", "1,", "1,23", "1234,567", "1,2345", "123,45,678", "a,123", "1,23a", "1,,123"] {
            assert!(!is_grouped(text), "{text}");
        }
    }

    #[track_caller]
    fn check(ids: &[&str], is_refused: bool) {
        let mut damage = Damage::default();
        for (row, id) in (2..).zip(ids) {
            let mut texts = Texts::default();
            texts.set(0, (*id).into());
            damage.look(&texts, row).unwrap();
        }
        assert_eq!(damage.check().is_err(), is_refused, "{ids:?}");
    }

    #[test]
    fn rounded_ids_are_no_chance() {
        check(&["123456789012345000", "123456789012346000"], true); // six zeros
        check(&["123456789012345000", "12345678901234600"], false); // five
        check(&["123456789012345000", "123456789012345000", "123456789012345000"], false); // one id thrice
        check(&["123456789012345000", "123456789012346000", "123456789012347001"], false); // one is whole
        check(&["123456789012347001", "123456789012345000", "123456789012346000"], false);
        check(&["123456789012345000000"], true);
        check(&["123456789012000", "123456789013000"], false); // fifteen digits are kept
        check(&["wamid.1000000000000000000000", "+39100000000000000000"], false);
    }

    #[test]
    fn a_thousand_empty_rows_are_no_slip() {
        let mut damage = Damage::default();
        (1..EMPTY_ROWS_MIN).for_each(|_| damage.count_empty_row());
        assert!(damage.check().is_ok());
        damage.count_empty_row();
        let told = damage.check().unwrap_err().to_string();
        assert!(told.contains("a spreadsheet wrote 1000 empty rows"), "{told}");
    }
}
