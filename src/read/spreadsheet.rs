//! Damage done by spreadsheets. A spreadsheet that opens a log takes ids for numbers: it rounds them to 15
//! digits, writes them as `1.23457E+18` or groups their digits. What is lost cannot be had back, and rounded ids
//! make one message of many: the file is refused. It takes stamps for dates and shows them in a form of its
//! country, without a zone and without seconds: such a file is refused too.

mod cells;

use std::collections::BTreeSet;

use cells::{are_digits, is_grouped, is_local_date, is_marked_as_text, is_scientific};

use super::ReadError;
use super::canonical::{Texts, at};
use crate::domain::columns;

/// Columns in which a number would be an id, by their places.
const IDS: [usize; 5] = [at::MESSAGE_ID, at::BUSINESS, at::CHANNEL, at::CUSTOMER, at::CONVERSATION];
/// A spreadsheet keeps so many digits of a number, and writes zeros for the others.
const DIGITS_KEPT: usize = 15;
/// So many zeros where any digit could stand are no chance: one in a million.
const ZEROS_MIN: usize = 6;
/// Of so many stamps one that is no date is a slip of a pen.
const STAMPS_TO_ONE: u64 = 10;
/// A person may leave some empty rows; only a program writes so many.
const EMPTY_ROWS_MIN: u64 = 1_000;

/// Whether an id says by itself that a spreadsheet may have damaged its log: it does so, or has more digits than a
/// spreadsheet keeps.
pub(super) fn may_be_damaged(id: &str) -> bool {
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return id.len() > DIGITS_KEPT;
    }
    is_scientific(id) || is_grouped(id) || is_marked_as_text(id)
}

/// What was seen of a file so far.
#[derive(Default)]
pub(super) struct Damage {
    rounded: [Rounded; IDS.len()],
    empty_rows: u64,
    stamps: u64,
    /// Stamps that are dates as a spreadsheet shows them.
    dates: u64,
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
        for (place, rounded) in IDS.into_iter().zip(&mut self.rounded) {
            let text = texts.get(place);
            // A number begins with a digit, and a mark of a text is one of these; most ids begin with neither.
            if !matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'\'' | b'=')) {
                continue;
            }
            if are_digits(text) {
                rounded.look(text);
            } else {
                check_cell(text, columns::ALL[place], row)?;
            }
        }
        let stamp = texts.get(at::SENT_AT);
        self.stamps += u64::from(!stamp.is_empty());
        self.dates += u64::from(is_local_date(stamp));
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
        let others = self.stamps - self.dates;
        if self.dates > 0 && others.saturating_mul(STAMPS_TO_ONE) <= self.stamps {
            let told = "sent_at has dates as spreadsheets show them, such as 31/12/2018 10:00 or 43465.41667";
            return Err(ReadError::Spreadsheet(told.to_owned()));
        }
        let rounded = IDS.into_iter().zip(&self.rounded).find(|(_, rounded)| rounded.is_certain());
        rounded.map_or(Ok(()), |(place, _)| {
            let column = columns::ALL[place];
            let told = format!("every {column} of more than {DIGITS_KEPT} digits ends in zeros: they were rounded");
            Err(ReadError::Spreadsheet(told))
        })
    }
}

/// Refuses the file when an id that is not digits alone is no id any more.
fn check_cell(text: &str, column: &str, row: u64) -> Result<(), ReadError> {
    let told = if is_scientific(text) {
        format!("row {row}: {column} is a rounded number with an exponent, as 1.2E+11 would be")
    } else if is_grouped(text) {
        format!("row {row}: the digits of {column} are grouped by commas, as 12,345 would be")
    } else if is_marked_as_text(text) {
        format!("row {row}: {column} begins with a mark of spreadsheets, as '42 or =\"42\" would")
    } else {
        return Ok(());
    };
    Err(ReadError::Spreadsheet(told))
}

impl Rounded {
    /// Looks at an id of digits alone.
    fn look(&mut self, text: &str) {
        if self.is_sound || text.len() <= DIGITS_KEPT {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_id_is_above_suspicion_or_it_is_not() {
        for text in ["1234567890123456", "1234567890120000", "1.2E+18", "270,271", "'42", "=\"42\""] {
            assert!(may_be_damaged(text), "{text}");
        }
        for text in ["123456789012345", "wamid.12345678901234567890", "1E18", "270,27", "'t", "+1234567890123456", "x"]
        {
            assert!(!may_be_damaged(text), "{text}");
        }
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

    #[test]
    fn every_column_of_ids_is_looked_at() {
        for (place, name) in IDS.into_iter().zip(["message_id", "business", "channel", "customer", "conversation"]) {
            for (text, what) in [("1.2E+18", "exponent"), ("270,271", "grouped"), ("=\"42\"", "a mark")] {
                let mut texts = Texts::default();
                texts.set(place, text.into());
                let told = Damage::default().look(&texts, 7).unwrap_err().to_string();
                assert!(told.contains(name) && told.contains(what) && told.contains("row 7"), "{told}");
            }
            let mut damage = Damage::default();
            for text in ["123456789012345000", "123456789012346000"] {
                let mut texts = Texts::default();
                texts.set(place, text.into());
                damage.look(&texts, 7).unwrap();
            }
            assert!(damage.check().unwrap_err().to_string().contains(name), "{name}");
        }
    }

    /// So many stamps that are dates, and so many that are none.
    #[track_caller]
    fn check_stamps(dates: u64, others: u64, is_refused: bool) {
        let (date, other) = ("10/08/2018 10:00", "2018-08-10T10:00:00Z");
        let mut damage = Damage::default();
        for (count, stamp) in [(dates, date), (others, other)] {
            let mut texts = Texts::default();
            texts.set(columns::ALL.iter().position(|name| *name == columns::SENT_AT).unwrap(), stamp.into());
            (0..count).for_each(|_| damage.look(&texts, 2).unwrap());
        }
        assert_eq!(damage.check().is_err(), is_refused, "{dates} {others}");
    }

    #[test]
    fn one_odd_stamp_is_no_damage_and_nearly_all_are() {
        check_stamps(0, 0, false);
        check_stamps(0, 5, false);
        check_stamps(1, 1, false);
        check_stamps(1, 0, true);
        check_stamps(9, 1, true);
        check_stamps(8, 1, false);
    }

    #[test]
    fn a_mark_of_text_is_damage() {
        let mut texts = Texts::default();
        texts.set(columns::ALL.iter().position(|name| *name == columns::CUSTOMER).unwrap(), "'+393331234567".into());
        let told = Damage::default().look(&texts, 7).unwrap_err().to_string();
        assert!(told.contains("row 7: customer begins with a mark of spreadsheets"), "{told}");
    }
}
