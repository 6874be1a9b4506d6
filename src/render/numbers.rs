//! Numbers as documents print them: always grouped, in the separators of the language.

use crate::domain::business::Language;
use crate::domain::{Currency, Decimal, Money};

/// Thousands separator and decimal sign.
const fn signs(language: Language) -> (char, char) {
    match language {
        Language::English => (',', '.'),
        Language::Italian | Language::Portuguese | Language::Spanish | Language::German => ('.', ','),
        // Neither is ever the end of a line.
        Language::French => ('\u{a0}', ','),
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

/// With its currency: `USD 1,342.75`; `1.342,75 USD` in the languages that write it behind, never on two lines.
pub fn money(amount: Money, language: Language) -> String {
    with_currency(amount.currency(), &amount_digits(amount, language), language)
}

/// A number of a currency, which is printed already.
pub fn with_currency(currency: Currency, number: &str, language: Language) -> String {
    match language {
        Language::English | Language::Italian => format!("{currency} {number}"),
        Language::Portuguese | Language::Spanish | Language::German | Language::French => {
            format!("{number}\u{a0}{currency}")
        }
    }
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

/// A place counted from 1: `101st`, `101.`, `101e`; in Italian its number alone.
pub fn ordinal(place: u64, language: Language) -> String {
    let suffix = match (language, place % 100, place % 10) {
        (Language::Italian, ..) => "",
        // Of the word for a charge: feminine in Portuguese, masculine in Spanish and French.
        (Language::Portuguese, ..) => ".ª",
        (Language::Spanish, ..) => ".º",
        (Language::German, ..) => ".",
        (Language::French, ..) if place == 1 => "er",
        (Language::French, ..) => "e",
        (Language::English, 11..=13, _) => "th",
        (Language::English, _, 1) => "st",
        (Language::English, _, 2) => "nd",
        (Language::English, _, 3) => "rd",
        (Language::English, ..) => "th",
    };
    format!("{}{suffix}", count(place, language))
}

/// A rate in percent without needless places: `22%`, `5.5%`, `5,5 %`.
pub fn percent(rate: Decimal, language: Language) -> String {
    let text = rate.to_string();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text.as_str() };
    format!("{}{}", grouped(short, language), percent_sign(language))
}

/// A part of a whole in percent, to one decimal, rounded half up: `36.8%`. Of nothing everything is nothing.
pub fn share(part: u64, whole: u64, language: Language) -> String {
    let thousandths =
        (u128::from(part) * 2000 + u128::from(whole)).checked_div(u128::from(whole) * 2).unwrap_or_default();
    let digits = format!("{}.{}", thousandths / 10, thousandths % 10);
    format!("{}{}", grouped(&digits, language), percent_sign(language))
}

/// The same where a part is never printed as nothing, nor as all. Nothing of nothing is `–`.
pub fn share_told(part: u64, whole: u64, language: Language) -> String {
    let (twice, all) = (u128::from(part) * 2000, u128::from(whole));
    let sign = percent_sign(language);
    if whole == 0 {
        return "–".to_owned();
    }
    if part > 0 && twice < all {
        return format!("<\u{a0}{}{sign}", grouped("0.1", language));
    }
    if part < whole && twice + all >= all * 2000 {
        return format!(">\u{a0}{}{sign}", grouped("99.9", language));
    }
    share(part, whole, language)
}

const fn percent_sign(language: Language) -> &'static str {
    match language {
        Language::English | Language::Italian | Language::Portuguese => "%",
        Language::Spanish | Language::German | Language::French => "\u{a0}%",
    }
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
        assert_eq!([1, 2].map(|place| ordinal(place, Language::French)), ["1er", "2e"]);
        assert_eq!(ordinal(101, Language::German), "101.");
    }

    #[test]
    fn other_languages_write_the_currency_behind() {
        let amount: Money = "EUR -1342.75".parse().unwrap();
        for (language, expected, rate) in [
            (Language::Portuguese, "-1.342,75\u{a0}EUR", "5,5%"),
            (Language::Spanish, "-1.342,75\u{a0}EUR", "5,5\u{a0}%"),
            (Language::German, "-1.342,75\u{a0}EUR", "5,5\u{a0}%"),
            (Language::French, "-1\u{a0}342,75\u{a0}EUR", "5,5\u{a0}%"),
        ] {
            assert_eq!(money(amount, language), expected);
            assert_eq!(percent("5.50".parse().unwrap(), language), rate);
        }
    }

    #[test]
    fn shares_have_one_decimal() {
        for (part, whole, said) in
            [(1, 3, "33.3%"), (2, 3, "66.7%"), (0, 0, "0.0%"), (5, 5, "100.0%"), (1, 2000, "0.1%")]
        {
            assert_eq!(share(part, whole, Language::English), said);
        }
        assert_eq!(share(1, 3, Language::German), "33,3\u{a0}%");
        for (part, whole, said) in [
            (0, 0, "–"),
            (0, 9, "0.0%"),
            (9, 9, "100.0%"),
            (1, 3, "33.3%"),
            (9_996, 10_000, "> 99.9%"),
            (9_994, 10_000, "99.9%"),
            (1, 2_001, "< 0.1%"),
            (1, 2_000, "0.1%"),
        ] {
            assert_eq!(share_told(part, whole, Language::English).replace('\u{a0}', " "), said, "{part} of {whole}");
        }
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
