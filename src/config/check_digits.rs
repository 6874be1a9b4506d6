//! The check digits of VAT ids, for the states whose arithmetic is public and simple: DE, ES, IE, IT, PT.

/// Whether the check digits of `number` hold; of a state that is not known here they do.
///
/// `number` has one of the forms of its state.
pub(super) fn hold(state: &str, number: &str) -> bool {
    let held = match state {
        "DE" => german(&digits(number)),
        "ES" => spanish(number),
        "IE" => irish(number),
        "IT" => italian(&digits(number)),
        "PT" => portuguese(&digits(number)),
        _ => Some(true),
    };
    held.unwrap_or(false)
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// ISO 7064, MOD 11,10.
fn german(digits: &[u32]) -> Option<bool> {
    let (last, front) = digits.split_last()?;
    let product = front.iter().fold(10, |product, digit| match (product + digit) % 10 {
        0 => 9,
        sum => sum * 2 % 11,
    });
    Some((11 - product) % 10 == *last)
}

/// The formula of Luhn: every second digit counts twice, by the sum of its digits.
fn italian(digits: &[u32]) -> Option<bool> {
    Some(luhn(digits).is_multiple_of(10))
}

fn luhn(digits: &[u32]) -> u32 {
    let value = |(i, digit): (usize, &u32)| if i % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 };
    digits.iter().rev().enumerate().map(value).sum()
}

/// Weights 9 to 2; the remainder by 11 of their sum, taken from 11, is the last digit.
fn portuguese(digits: &[u32]) -> Option<bool> {
    let (last, front) = digits.split_last()?;
    let sum: u32 = front.iter().zip((2..=9).rev()).map(|(digit, weight)| digit * weight).sum();
    let expected = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    Some(expected == *last)
}

/// Weights 8 to 2, a letter after the check letter with weight 9; the remainder by 23 is the check letter.
fn irish(number: &str) -> Option<bool> {
    const LETTERS: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    let (body, tail) = number.split_at_checked(7)?;
    if !body.bytes().all(|byte| byte.is_ascii_digit()) {
        // The form before 2013 with a letter or + in second place: kept as it is.
        return Some(true);
    }
    let (check, second) = (tail.chars().next()?, tail.chars().nth(1));
    let value = |letter| (0_u32..).zip(LETTERS.chars()).find(|(_, known)| *known == letter).map(|(value, _)| value);
    let ninth = second.and_then(value).unwrap_or(0) * 9;
    let sum: u32 = digits(body).iter().zip((2..=8).rev()).map(|(digit, weight)| digit * weight).sum();
    LETTERS.chars().nth((sum + ninth) as usize % 23).map(|letter| letter == check)
}

/// Persons (DNI, NIE) have a letter by the remainder by 23; companies a digit or letter by Luhn's formula.
fn spanish(number: &str) -> Option<bool> {
    let (first, last) = (number.chars().next()?, number.chars().next_back()?);
    let middle = number.get(1..number.len() - 1)?;
    match first {
        '0'..='9' => person(first, middle, last),
        'X' => person('0', middle, last),
        'Y' => person('1', middle, last),
        'Z' => person('2', middle, last),
        'K' | 'L' | 'M' => Some(true), // persons without a DNI: no public arithmetic
        _ => company(middle, last),
    }
}

fn person(first: char, middle: &str, last: char) -> Option<bool> {
    let number: usize = format!("{first}{middle}").parse().ok()?;
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23).map(|letter| letter == last)
}

fn company(middle: &str, last: char) -> Option<bool> {
    let mut digits = digits(middle);
    digits.push(0);
    let check = (10 - luhn(&digits) % 10) % 10;
    let letter = "JABCDEFGHI".chars().nth(check as usize)?;
    Some(last == letter || last.to_digit(10) == Some(check))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_slip_is_seen() {
        for (state, number) in [
            ("DE", "136695976"),
            ("ES", "A58818501"),
            ("ES", "P1234567D"),
            ("ES", "12345678Z"),
            ("ES", "X1234567L"),
            ("IE", "1234567FA"),
            ("IE", "1234567T"),
            ("IT", "12345678903"),
            ("PT", "123456789"),
        ] {
            assert!(hold(state, number), "{state}{number}");
            for (i, digit) in number.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
                let other = if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
                let slipped = format!("{}{other}{}", &number[..i], &number[i + 1..]);
                assert!(!hold(state, &slipped), "{state}{slipped}");
            }
        }
        assert!(hold("FR", "anything"));
    }
}
