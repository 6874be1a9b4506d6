//! Numbers as documents print them: always grouped, in the separators of the language.

use crate::domain::business::Language;
use crate::domain::{Decimal, Money};

/// Thousands separator and decimal sign.
const fn signs(language: Language) -> (char, char) {
    match language {
        Language::English => (',', '.'),
        Language::Italian => ('.', ','),
    }
}

/// Plain digits (`-1342.75`) grouped: `-1,342.75` in English, `-1.342,75` in Italian. No digit is changed.
pub fn grouped(digits: &str, language: Language) -> String {
    let (thousands, decimal) = signs(language);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let count = whole.chars().count();
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (count - index).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(decimal);
        text.push_str(fraction);
    }
    text
}

/// With its currency: `USD 1,342.75`.
pub fn money(amount: Money, language: Language) -> String {
    format!("{} {}", amount.currency(), amount_digits(amount, language))
}

/// Without its currency, for columns whose heading names it: `1,342.75`.
pub fn amount_digits(amount: Money, language: Language) -> String {
    grouped(&amount.digits(), language)
}

/// An exact decimal with every place it has, and at least two: `0.0475`.
pub fn decimal(value: Decimal, language: Language) -> String {
    grouped(&value.to_string(), language)
}

/// A count: `10,412`.
pub fn count(value: u64, language: Language) -> String {
    grouped(&value.to_string(), language)
}

/// A place counted from 1: `101st`; in Italian its number alone.
pub fn ordinal(place: u64, language: Language) -> String {
    let suffix = match (language, place % 100, place % 10) {
        (Language::Italian, ..) => "",
        (Language::English, 11..=13, _) => "th",
        (Language::English, _, 1) => "st",
        (Language::English, _, 2) => "nd",
        (Language::English, _, 3) => "rd",
        (Language::English, ..) => "th",
    };
    format!("{}{suffix}", count(place, language))
}

/// A rate in percent without needless places: `22%`, `5.5%`.
pub fn percent(rate: Decimal, language: Language) -> String {
    let text = rate.to_string();
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}%", grouped(short, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_always_grouped() {
        for (digits, english, italian) in [
            ("0", "0", "0"),
            ("999", "999", "999"),
            ("1000", "1,000", "1.000"),
            ("1342.75", "1,342.75", "1.342,75"),
            ("-1234567.05", "-1,234,567.05", "-1.234.567,05"),
            ("-100.00", "-100.00", "-100,00"),
            ("0.000001", "0.000001", "0,000001"),
        ] {
            assert_eq!(grouped(digits, Language::English), english);
            assert_eq!(grouped(digits, Language::Italian), italian);
        }
    }

    #[test]
    fn money_names_its_currency() {
        for (amount, english, italian) in [
            ("USD 1342.75", "USD 1,342.75", "USD 1.342,75"),
            ("JPY 1000", "JPY 1,000", "JPY 1.000"),
            ("EUR -0.05", "EUR -0.05", "EUR -0,05"),
        ] {
            let amount: Money = amount.parse().unwrap();
            assert_eq!(money(amount, Language::English), english);
            assert_eq!(money(amount, Language::Italian), italian);
        }
    }

    #[test]
    fn places_have_the_endings_of_english() {
        for (place, english) in [
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (4, "4th"),
            (11, "11th"),
            (12, "12th"),
            (13, "13th"),
            (21, "21st"),
            (101, "101st"),
            (111, "111th"),
            (1_002, "1,002nd"),
        ] {
            assert_eq!(ordinal(place, Language::English), english);
        }
        assert_eq!(ordinal(1_001, Language::Italian), "1.001");
    }

    #[test]
    fn unit_prices_keep_their_decimals_and_percentages_drop_zeros() {
        assert_eq!(decimal("0.0475".parse().unwrap(), Language::Italian), "0,0475");
        for (rate, english, italian) in
            [("22", "22%", "22%"), ("5.50", "5.5%", "5,5%"), ("100", "100%", "100%"), ("0", "0%", "0%")]
        {
            assert_eq!(percent(rate.parse().unwrap(), Language::English), english);
            assert_eq!(percent(rate.parse().unwrap(), Language::Italian), italian);
        }
    }
}
