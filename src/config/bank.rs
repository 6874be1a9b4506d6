//! Bank accounts on an invoice: a wrong one sends money astray, so its length and check digits are checked.

use crate::domain::payment::remainder_by_97;

/// The length of the IBANs of a country, sorted: the registry of ISO 13616. Of others the length is free.
const LENGTHS: [(&str, usize); 86] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
];

/// An IBAN without its spaces: ISO 13616, the length of its country, the remainder by 97 must be 1.
///
/// `is_recorded`: it stands in a text that the ledger holds, which was accepted before lengths were looked at.
pub(super) fn iban(text: &str, is_recorded: bool) -> Result<String, String> {
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
    let length = LENGTHS.into_iter().find(|(country, _)| !is_recorded && head.starts_with(country));
    if let Some((country, length)) = length.filter(|(_, length)| *length != compact.len()) {
        return wrong(&format!("those of {country} have {length} letters and digits, not {}", compact.len()));
    }
    if remainder_by_97(rest.bytes().chain(head.bytes())) != 1 {
        return wrong("its check digits do not fit; a digit is mistyped");
    }
    Ok(compact)
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
            assert_eq!(iban(good, false), Ok(good.replace(' ', "")));
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
            assert!(iban(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_iban_has_the_length_of_its_country() {
        assert!(LENGTHS.is_sorted_by(|(one, _), (other, _)| one < other));
        // The check digits of it fit, and it is one digit short.
        let short = (0..97).map(|check| format!("DE{check:02}37040044053201300"));
        let short = short.filter(|text| remainder_by_97(text[4..].bytes().chain(text[..4].bytes())) == 1);
        let short: Vec<String> = short.collect();
        assert_eq!(short.len(), 1);
        assert!(iban(&short[0], false).unwrap_err().contains("those of DE have 22"));
        assert_eq!(iban(&short[0], true).as_ref(), Ok(&short[0]));
    }

    #[test]
    fn a_bic_has_8_or_11_characters() {
        for (text, good) in [("AIBKIE2D", true), ("AIBKIE2DXXX", true), ("AIBKIE2", false), ("AIBK1E2D", false)] {
            assert_eq!(bic(text).is_ok(), good, "{text}");
        }
    }
}
