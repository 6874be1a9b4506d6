//! The check digits of VAT ids: every member state of the EU, and the United Kingdom with Northern Ireland.
//!
//! A digit that no public arithmetic covers is taken as it is: to refuse a right id is worse than to miss a slip.

/// Whether the check digits of `number` hold; of a state that is not known here they do.
///
/// `number` has one of the forms of its state.
pub(super) fn hold(state: &str, number: &str) -> bool {
    let held = match state {
        "ES" => spanish(number),
        "FR" => french(number),
        "IE" => irish(number),
        "NL" => dutch(number),
        "CY" => cypriot(number),
        "GB" | "XI" => british(number),
        _ => of_digits(state, &digits(number)),
    };
    held.unwrap_or(false)
}

/// Whether the check digits of a state were looked at from the first version on: a book that the ledger recorded may
/// have others of the rest.
pub(super) fn were_always_held(state: &str) -> bool {
    ["DE", "ES", "IE", "IT", "PT"].contains(&state)
}

/// The states whose ids are digits, but for a letter before them.
fn of_digits(state: &str, digits: &[u32]) -> Option<bool> {
    match state {
        "AT" => Some((luhn_sum(digits.get(..7)?) + 4 + digits.last()?).is_multiple_of(10)),
        "BE" => two_digits(digits, 97, |rest| 97 - rest),
        "BG" => bulgarian(digits),
        "CZ" => czech(digits),
        "DE" | "HR" => mod_11_10(digits),
        "DK" => Some(weighted(digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)),
        "EE" => Some(weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)),
        "EL" => last_is(digits, weighted(digits, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10),
        "FI" => Some(weighted(digits, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11)),
        "HU" => Some(weighted(digits, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)),
        "IT" => Some(luhn(digits)),
        "LT" => lithuanian(digits),
        "LU" => two_digits(digits, 89, |rest| rest),
        "LV" => latvian(digits),
        "MT" => Some(weighted(digits, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37)),
        "PL" => last_is(digits, weighted(digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11),
        "PT" => last_is(digits, eleven_less(weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]), 0)),
        "RO" => romanian(digits),
        // Ten digits of the organisation; the last two count its branches.
        "SE" => digits.get(..10).map(luhn),
        "SI" => last_is(digits, (11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10),
        "SK" => by_eleven(digits),
        _ => Some(true),
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// The digits as one number; at most twelve of them.
fn number(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// The sum of the first digits, each times its weight.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn last_is(digits: &[u32], expected: u32) -> Option<bool> {
    digits.last().map(|last| *last == expected)
}

/// What the remainder by 11 lacks to 11; `instead` where that has two digits.
const fn eleven_less(sum: u32, instead: u32) -> u32 {
    if sum % 11 < 2 { instead } else { 11 - sum % 11 }
}

/// The last two digits follow from the remainder of those before them.
fn two_digits(digits: &[u32], divisor: u64, expected: impl Fn(u64) -> u64) -> Option<bool> {
    let (front, last) = digits.split_at_checked(digits.len().checked_sub(2)?)?;
    Some(expected(number(front) % divisor) == number(last))
}

/// ISO 7064, MOD 11,10.
fn mod_11_10(digits: &[u32]) -> Option<bool> {
    let (last, front) = digits.split_last()?;
    let product = front.iter().fold(10, |product, digit| match (product + digit) % 10 {
        0 => 9,
        sum => sum * 2 % 11,
    });
    Some((11 - product) % 10 == *last)
}

/// The formula of Luhn: every second digit counts twice, by the sum of its digits.
fn luhn(digits: &[u32]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let value = |(i, digit): (usize, &u32)| if i % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 };
    digits.iter().rev().enumerate().map(value).sum()
}

/// Companies have nine digits; ten are a person, a foreigner, or something else, each with weights of its own.
fn bulgarian(digits: &[u32]) -> Option<bool> {
    if digits.len() == 9 {
        let first = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
        let second = weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10;
        return last_is(digits, if first == 10 { second } else { first });
    }
    let last = *digits.last()?;
    let person = weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    let foreigner = weighted(digits, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10;
    let other = (11 - weighted(digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    Some([person, foreigner, other].contains(&last))
}

/// Companies have eight digits, persons nine or ten; nine are without a check digit unless a 6 begins them.
fn czech(digits: &[u32]) -> Option<bool> {
    match (digits.len(), digits.first()?) {
        (8, _) => {
            let check = (11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            last_is(digits, if check == 0 { 1 } else { check % 10 })
        }
        (9, 6) => {
            let check = weighted(digits.get(1..)?, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            last_is(digits, (check + 8) % 10)
        }
        (9, _) => Some(true),
        _ => by_eleven(digits),
    }
}

/// The whole is a multiple of 11, or ends with 0 where that would need two digits.
fn by_eleven(digits: &[u32]) -> Option<bool> {
    let (last, front) = digits.split_last()?;
    Some(number(front) % 11 % 10 == u64::from(*last))
}

/// Odd places count by a table; the remainder by 26 is the letter.
fn cypriot(number: &str) -> Option<bool> {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let value = |(place, digit): (usize, &u32)| match place % 2 {
        0 => ODD.get(usize::try_from(*digit).unwrap_or(usize::MAX)).copied().unwrap_or_default(),
        _ => *digit,
    };
    let sum: u32 = digits(number).iter().enumerate().map(value).sum();
    letter(sum % 26).map(|letter| number.ends_with(letter))
}

fn letter(place: u32) -> Option<char> {
    char::from_digit(place + 10, 36).map(|letter| letter.to_ascii_uppercase()).filter(char::is_ascii_uppercase)
}

/// Two signs over the nine digits of the company, which have Luhn's formula unless they are of Monaco.
fn french(number_text: &str) -> Option<bool> {
    const SIGNS: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let (key, company) = number_text.split_at_checked(2)?;
    let company_digits = digits(company);
    let is_company = company.starts_with("000") || luhn(&company_digits);
    let company = number(&company_digits);
    if key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(is_company && (company * 100 + 12) % 97 == number(&digits(key)));
    }
    let value = |sign: char| (0_u64..).zip(SIGNS.chars()).find(|(_, known)| *known == sign).map(|(value, _)| value);
    let (first, second) = (key.chars().next()?, key.chars().nth(1)?);
    let (high, low) = (value(first)?, value(second)?);
    let check =
        if first.is_ascii_digit() { (high * 24 + low).checked_sub(10)? } else { (high * 34 + low).checked_sub(100)? };
    Some(is_company && (company + 1 + check / 11) % 11 == check % 11)
}

/// Two rounds of weights, as those of Estonia's registers; the digit before the last is 1.
fn lithuanian(digits: &[u32]) -> Option<bool> {
    let (last, front) = digits.split_last()?;
    let sum = |from: u32| (from..).zip(front).map(|(place, digit)| (1 + place % 9) * digit).sum::<u32>() % 11;
    let check = if sum(0) == 10 { sum(2) % 10 } else { sum(0) };
    Some(front.last() == Some(&1) && check == *last)
}

/// Companies begin with a digit above 3. Persons have no public arithmetic since 2017.
fn latvian(digits: &[u32]) -> Option<bool> {
    let is_company = *digits.first()? > 3;
    Some(!is_company || weighted(digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3)
}

/// The digits of a company, or since 2020, of a person who trades, the remainder by 97 of the whole id.
fn dutch(number: &str) -> Option<bool> {
    let front = number.get(..9)?;
    let all_digits = front.bytes().all(|byte| byte.is_ascii_digit());
    let front = digits(front);
    let (last, weights) = (*front.last()?, [9, 8, 7, 6, 5, 4, 3, 2]);
    let is_company = all_digits && weighted(&front, &weights) % 11 == last;
    let whole = "NL".chars().chain(number.chars()).try_fold(0, |rest, sign| {
        let value = sign.to_digit(36)?;
        Some((if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97)
    });
    Some(is_company || whole == Some(1))
}

/// Nine digits, or twelve with a branch: the remainder by 97 in one of three ways. Authorities have three digits.
fn british(number: &str) -> Option<bool> {
    let digits = digits(number);
    let authority = self::number(&digits);
    match number.get(..2)? {
        "GD" => return Some(authority < 500),
        "HA" => return Some(authority >= 500),
        _ => {}
    }
    let rest = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
    Some([0, 42, 55].contains(&rest))
}

/// Up to nine digits behind noughts that nobody writes, and the check digit.
fn romanian(digits: &[u32]) -> Option<bool> {
    const WEIGHTS: [u32; 9] = [2, 3, 5, 7, 1, 2, 3, 5, 7];
    let (last, front) = digits.split_last()?;
    let sum: u32 = front.iter().rev().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    Some(sum * 10 % 11 % 10 == *last)
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
    let sum = weighted(&digits(body), &[8, 7, 6, 5, 4, 3, 2]);
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
    let check = (10 - luhn_sum(&digits) % 10) % 10;
    let letter = "JABCDEFGHI".chars().nth(check as usize)?;
    Some(last == letter || last.to_digit(10) == Some(check))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of every state one id or more; none was given to anybody on purpose.
    const RIGHT: [(&str, &str); 43] = [
        ("AT", "U46779534"),
        ("BE", "0182817878"),
        ("BG", "765746549"),
        ("BG", "4964854144"),
        ("CY", "69835223R"),
        ("CZ", "66144396"),
        ("CZ", "622007402"),
        ("CZ", "9991259707"),
        ("DE", "136695976"),
        ("DK", "50741427"),
        ("EE", "800864543"),
        ("EL", "726225865"),
        ("ES", "A58818501"),
        ("ES", "P1234567D"),
        ("ES", "12345678Z"),
        ("ES", "X1234567L"),
        ("FI", "69148468"),
        ("FR", "96948996327"),
        ("FR", "15000518466"),
        ("FR", "M8558420790"),
        ("FR", "7Y599306693"),
        ("GB", "285557950"),
        ("GB", "637066880739"),
        ("HR", "35760045613"),
        ("HU", "84452201"),
        ("IE", "1234567FA"),
        ("IE", "1234567T"),
        ("IT", "12345678903"),
        ("IT", "32482660894"),
        ("LT", "961251710"),
        ("LT", "545476194415"),
        ("LU", "98045127"),
        ("LV", "47312350292"),
        ("MT", "33510673"),
        ("NL", "115604182B35"),
        ("NL", "880098057B14"),
        ("PL", "2121315241"),
        ("PT", "123456789"),
        ("RO", "34822723"),
        ("RO", "7076"),
        ("SE", "468814865101"),
        ("SI", "30622310"),
        ("SK", "7776937883"),
    ];

    #[test]
    fn a_right_id_holds_in_every_state() {
        for (state, number) in RIGHT {
            assert!(hold(state, number), "{state}{number}");
        }
        assert!(hold("XI", "GD499") && hold("GB", "HA500") && !hold("XI", "GD500") && !hold("XI", "HA499"));
        assert!(hold("??", "anything"));
    }

    /// Another last digit does not fit, but where the last ones count branches.
    #[test]
    fn every_slip_of_the_last_digit_is_seen() {
        for (state, number) in RIGHT {
            let end = match state {
                "SE" => 10,
                "GB" | "NL" => 9,
                _ => number.len(),
            };
            let (place, digit) = number[..end].char_indices().rev().find(|(_, sign)| sign.is_ascii_digit()).unwrap();
            let other = if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
            let slipped = format!("{}{other}{}", &number[..place], &number[place + 1..]);
            assert!(!hold(state, &slipped), "{state}{slipped}");
        }
    }

    #[test]
    fn every_single_slip_is_seen() {
        let strict = ["DE", "ES", "IE", "IT", "PT", "AT", "EE", "HU", "PL", "FI", "SK"];
        for (state, number) in RIGHT.into_iter().filter(|(state, _)| strict.contains(state)) {
            for (i, digit) in number.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
                let other = if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
                let slipped = format!("{}{other}{}", &number[..i], &number[i + 1..]);
                assert!(!hold(state, &slipped), "{state}{slipped}");
            }
        }
    }
}
