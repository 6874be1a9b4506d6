//! Invoice numbers in what a payer wrote: as they are printed, without their hyphens, with blanks in them, or as the creditor
//! reference of ISO 11649.

use std::collections::BTreeMap;

use crate::domain::InvoiceNumber;
use crate::domain::payment::creditor_reference;

/// Letters of a series.
const SERIES_MAX: usize = 8;
/// Digits of a year, and the fewest and most of a count.
const YEAR: usize = 4;
const COUNT: std::ops::RangeInclusive<usize> = 6..=10;
/// Letters and digits that a reference may have, with `RF` and its check digits.
const REFERENCE_MAX: usize = 4 + SERIES_MAX + YEAR + 10;
/// Invoices that one payment names: more of them is a list of something else.
pub(super) const NAMES_MAX: usize = 100;
/// Signs that are looked at for one reference: each letter and digit may have a few signs behind it.
const LOOKED_AT: usize = 80;

/// The numbers that may be found.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// By letters and digits alone.
    numbers: BTreeMap<String, InvoiceNumber>,
}

/// What a text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Each once, in the order of the text.
    pub numbers: Vec<InvoiceNumber>,
    /// References of which a digit is mistyped.
    pub mistyped: Vec<String>,
}

impl Index {
    pub fn of<'n>(numbers: impl Iterator<Item = &'n InvoiceNumber>) -> Self {
        Self { numbers: numbers.map(|number| (compact(&number.to_string()), number.clone())).collect() }
    }

    /// Looks through a text for numbers.
    pub fn look(&self, text: &str, found: &mut Found) {
        let signs: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < signs.len() && found.numbers.len().max(found.mistyped.len()) < NAMES_MAX {
            let begins = signs.get(at).is_some_and(char::is_ascii_alphabetic)
                && at.checked_sub(1).and_then(|before| signs.get(before)).is_none_or(|sign| !sign.is_alphanumeric());
            let end = if begins { self.at(signs.get(at..).unwrap_or_default(), found) } else { None };
            at = at.saturating_add(end.unwrap_or(1));
        }
    }

    /// The reference that begins here; gives how many signs it takes. A series may be `RF` itself.
    fn at(&self, signs: &[char], found: &mut Found) -> Option<usize> {
        let (letters, ends) = letters(signs);
        let is_reference = letters.starts_with("RF") && letters.get(2..4).is_some_and(all_digits);
        let as_reference = if is_reference { self.number_at(signs, &letters, &ends, true, found) } else { None };
        as_reference.or_else(|| self.number_at(signs, &letters, &ends, false, found))
    }

    fn number_at(
        &self,
        signs: &[char],
        letters: &str,
        ends: &[usize],
        is_reference: bool,
        found: &mut Found,
    ) -> Option<usize> {
        let own = if is_reference { letters.get(4..)? } else { letters };
        let series = own.bytes().take_while(u8::is_ascii_alphabetic).count();
        if !(1..=SERIES_MAX).contains(&series) {
            return None;
        }
        let before = if is_reference { 4 } else { 0 };
        // The longest that there is, and that no digit follows.
        for length in COUNT.rev() {
            let whole = series + YEAR + length;
            let Some(candidate) = own.get(..whole) else { continue };
            let Some(end) = ends.get(before + whole - 1).copied() else { continue };
            let Some(number) = self.numbers.get(candidate) else { continue };
            if signs.get(end).is_some_and(char::is_ascii_digit) {
                continue;
            }
            let written = letters.get(..before + whole).unwrap_or_default();
            if is_reference && creditor_reference(number).as_deref() != Some(written) {
                found.mistyped.push(written.to_owned());
            } else if !found.numbers.contains(number) {
                found.numbers.push(number.clone());
            }
            return Some(end);
        }
        None
    }
}

/// The letters and digits from the beginning on, as capitals, and of each where the sign behind it is. What parts them is what
/// people write in a number; anything else ends them.
fn letters(signs: &[char]) -> (String, Vec<usize>) {
    let (mut letters, mut ends) = (String::new(), Vec::new());
    for (place, sign) in signs.iter().enumerate().take(LOOKED_AT) {
        if sign.is_ascii_alphanumeric() {
            letters.push(sign.to_ascii_uppercase());
            ends.push(place + 1);
        } else if !matches!(sign, ' ' | '\u{a0}' | '-' | '/' | '.' | '_' | ':' | '\u{2010}'..='\u{2014}') {
            break;
        }
        if letters.len() >= REFERENCE_MAX {
            break;
        }
    }
    (letters, ends)
}

fn compact(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<String>, Vec<String>) {
        let numbers: Vec<InvoiceNumber> =
            ["LR-2018-000001", "LR-2018-000012", "LR-2018-1234567", "R-2018-000001", "LR-2018-123456"]
                .iter()
                .map(|number| number.parse().unwrap())
                .collect();
        let mut found = Found::default();
        Index::of(numbers.iter()).look(text, &mut found);
        (found.numbers.iter().map(ToString::to_string).collect(), found.mistyped)
    }

    #[test]
    fn numbers_are_found_as_people_write_them() {
        let reference = creditor_reference(&"LR-2018-000001".parse().unwrap()).unwrap();
        let grouped: Vec<String> =
            reference.as_bytes().chunks(4).map(|four| String::from_utf8(four.to_vec()).unwrap()).collect();
        for text in [
            "LR-2018-000001",
            "invoice lr-2018-000001, thank you",
            "LR2018000001",
            "Fattura LR 2018 000001 del 05/09/2018",
            "LR-2018-000001 2018-10-05",
            "/RFB/LR2018000001/",
            "LR-2018- 000001",
            "LR–2018–000001",
            reference.as_str(),
            &reference.to_lowercase(),
            &grouped.join(" "),
            "saldo fattura: LR-2018-000001",
        ] {
            assert_eq!(found(text).0, ["LR-2018-000001"], "{text}");
        }
        assert_eq!(found("LR-2018-000001 + LR-2018-000012").0, ["LR-2018-000001", "LR-2018-000012"]);
        assert_eq!(found("LR-2018-000012 and LR2018000012").0, ["LR-2018-000012"]);
        assert_eq!(found("LR-2018-1234567").0, ["LR-2018-1234567"]);
        assert_eq!(found("LR-2018-123456").0, ["LR-2018-123456"]);
    }

    #[test]
    fn a_series_may_be_the_letters_of_references() {
        let number: InvoiceNumber = "RF-2018-000001".parse().unwrap();
        let mut found = Found::default();
        Index::of(std::iter::once(&number)).look("invoice RF-2018-000001", &mut found);
        assert_eq!(found.numbers, [number]);
    }

    #[test]
    fn a_list_of_many_numbers_is_read_to_a_bound() {
        let numbers: Vec<InvoiceNumber> =
            (1..=300).map(|count| format!("LR-2018-{count:06}").parse().unwrap()).collect();
        let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut found = Found::default();
        Index::of(numbers.iter()).look(&text, &mut found);
        assert_eq!(found.numbers.len(), NAMES_MAX);
    }

    #[test]
    fn what_is_no_number_is_not_found() {
        for text in
            ["", "LR-2018-000002", "XLR-2018-000001", "LR-2018-0000019", "2018-000001", "LR-18-000001", "RF", "€ LR"]
        {
            assert_eq!(found(text), (Vec::new(), Vec::new()), "{text}");
        }
        let reference = creditor_reference(&"LR-2018-000001".parse().unwrap()).unwrap();
        let wrong = format!("RF00{}", &reference[4..]);
        assert_eq!(found(&wrong), (Vec::new(), vec![wrong.clone()]));
    }
}
