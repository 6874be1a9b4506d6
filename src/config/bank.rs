//! Bank accounts on an invoice: a wrong one sends money astray, so its check digits are checked.

/// An IBAN without its spaces: ISO 13616, the remainder by 97 must be 1.
pub(super) fn iban(text: &str) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let wrong = |why: &str| Err(format!("`{text}` is not an IBAN: {why}"));
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let (head, rest) = compact.split_at_checked(4).unwrap_or((compact.as_str(), ""));
    let country_and_digits = head.bytes().enumerate().all(|(i, byte)| match i {
        0 | 1 => byte.is_ascii_uppercase(),
        _ => byte.is_ascii_digit(),
    });
    if !(15..=34).contains(&compact.len()) || !country_and_digits || !compact.bytes().all(capital) {
        return wrong("two capital letters, two digits, then 11 to 30 letters and digits");
    }
    if remainder_by_97(rest.bytes().chain(head.bytes())) != 1 {
        return wrong("its check digits do not fit; a digit is mistyped");
    }
    Ok(compact)
}

/// Letters count as two digits: A is 10, Z is 35.
fn remainder_by_97(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0, |rest, letter| {
        let value = char::from(letter).to_digit(36).unwrap_or(0);
        (if value > 9 { rest * 100 + value } else { rest * 10 + value }) % 97
    })
}

/// A BIC of 8 or 11 characters: ISO 9362.
pub(super) fn bic(text: &str) -> Result<String, String> {
    let fits = |(i, byte): (usize, u8)| match i {
        4 | 5 => byte.is_ascii_uppercase(),
        _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
    };
    let good = [8, 11].contains(&text.len()) && text.bytes().enumerate().all(fits);
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a BIC: 8 or 11 capital letters and digits")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_proves_its_digits() {
        for good in ["IE29AIBK93115212345678", "DE89 3704 0044 0532 0130 00", "NO9386011117947"] {
            assert_eq!(iban(good), Ok(good.replace(' ', "")));
        }
        for bad in [
            "",
            "IE",
            "IE29AIBK93115212345679",
            "IE28AIBK93115212345678",
            "IE29AIBK93115212435678",
            "ie29aibk93115212345678",
            "IÉ29AIBK9311521",
        ] {
            assert!(iban(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bic_has_8_or_11_characters() {
        for (text, good) in [("AIBKIE2D", true), ("AIBKIE2DXXX", true), ("AIBKIE2", false), ("AIBK1E2D", false)] {
            assert_eq!(bic(text).is_ok(), good, "{text}");
        }
    }
}
