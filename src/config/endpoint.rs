//! Electronic addresses: the schemes that the Peppol network knows, and the check digits of some.

use super::vat_id::vat_id;

/// Of the list of electronic address schemes (EAS), those that Peppol BIS Billing 3 takes.
const SCHEMES: &str = "0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191 0192 \
                       0193 0195 0196 0198 0199 0200 0201 0202 0204 0208 0209 0210 0211 0212 0213 0215 0216 0218 0221 \
                       0230 9901 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 \
                       9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 \
                       9951 9952 9953 9957 9959";

/// An electronic address such as `0088:9520000004170`: four digits of its scheme, a colon, the address.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("`{}` is not an electronic address: {why}", text.escape_debug()));
    let (scheme, id) = text.split_once(':').unwrap_or_default();
    if !(1..=50).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("four digits of its scheme, a colon, the address");
    }
    if !SCHEMES.split(' ').any(|known| known == scheme) {
        return wrong("Peppol knows no such scheme");
    }
    let holds = match scheme {
        "0007" => digits(id, 10).is_some(),
        "0088" => global_location(id),
        "0151" => australian(id),
        "0184" => id.strip_prefix("DK").is_some_and(|number| digits(number, 8).is_some()),
        "0192" => norwegian(id),
        "0208" => belgian(id),
        "0211" => vat_id(id, Some("IT"), false).is_ok(),
        _ => true,
    };
    if holds { Ok(text.to_owned()) } else { wrong("its check digits do not fit; a digit is mistyped") }
}

fn digits(text: &str, count: usize) -> Option<Vec<u32>> {
    let digits: Vec<u32> = text.chars().map(|sign| sign.to_digit(10)).collect::<Option<_>>()?;
    (digits.len() == count).then_some(digits)
}

/// GS1: from the right, every second digit counts three times.
fn global_location(id: &str) -> bool {
    let weighted = |(place, digit): (usize, u32)| if place % 2 == 0 { digit } else { 3 * digit };
    let sum = |digits: Vec<u32>| digits.into_iter().rev().enumerate().map(weighted).sum::<u32>();
    digits(id, 13).is_some_and(|digits| sum(digits) % 10 == 0)
}

/// The last two digits are 97 less the remainder of the others by 97.
fn belgian(id: &str) -> bool {
    let number = |digits: &[u32]| digits.iter().fold(0, |number, digit| number * 10 + digit);
    let holds = |digits: Vec<u32>| {
        digits.split_at_checked(8).is_some_and(|(front, check)| 97 - number(front) % 97 == number(check))
    };
    digits(id, 10).is_some_and(holds)
}

/// Weighted by 10, 1, 3, 5 and so on, with one taken from the first digit, the sum is a multiple of 89.
fn australian(id: &str) -> bool {
    const WEIGHTS: [u32; 11] = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
    let sum = |digits: Vec<u32>| digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum::<u32>();
    // One less of the first digit is ten less of the sum; a first digit of nothing has none to take away.
    digits(id, 11).filter(|_| !id.starts_with('0')).is_some_and(|digits| (sum(digits) - 10) % 89 == 0)
}

/// From the right, digits before the last count 2 to 7 and begin again; with the last one itself the sum is a multiple of 11.
fn norwegian(id: &str) -> bool {
    let weighted = |(place, digit): (u32, u32)| digit * if place == 0 { 1 } else { (place - 1) % 6 + 2 };
    let sum = |digits: Vec<u32>| (0..).zip(digits.into_iter().rev()).map(weighted).sum::<u32>();
    digits(id, 9).is_some_and(|digits| digits.iter().any(|digit| *digit > 0) && sum(digits) % 11 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_of_the_list_and_the_check_digits_hold() {
        for good in [
            "0088:9520000004170",
            "0208:0202239951",
            "0211:IT12345678903",
            "9930:DE136695976",
            "0204:991-1234-5",
            "0192:991825827",
            "0151:51824753556",
            "0184:DK12345674",
            "0007:2021005489",
        ] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "9520000004170",
            "1234:9520000004170",
            "0088:9520000004179",
            "0088:952000000417",
            "0088:952000000417x",
            "0208:0202239950",
            "0211:IT12345678904",
            "0088:9520000 004170",
            "0192:123456789",
            "0192:99182582",
            "0192:000000000",
            "0151:51824753557",
            "0151:05182475355",
            "0151:5182475355",
            "0184:12345674",
            "0007:202100-5489",
        ] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }
}
