//! VAT ids: the form and the check digits that each member state of the EU and the United Kingdom give them.
//!
//! Whether an id was given to anybody is asked of nobody here: that takes a network.

use super::check_digits;

/// `9` is a digit, `A` a letter, `*` either, any other character itself.
const FORMS: [(&str, &[&str]); 29] = [
    ("AT", &["U99999999"]),
    ("BE", &["0999999999", "1999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CY", &["99999999A"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["A99999999", "99999999A", "A9999999A"]),
    ("FI", &["99999999"]),
    ("FR", &["**999999999"]),
    ("GB", &["999999999", "999999999999", "GD999", "HA999"]),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    ("IE", &["9999999A", "9999999AA", "9A99999A", "9+99999A"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["*********B99"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    ("RO", &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"]),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", &["999999999", "999999999999", "GD999", "HA999"]),
];

/// The VAT id of a party in `country` (alpha-2), without its spaces. Outside the EU and the United Kingdom the form is free.
///
/// `is_recorded`: it stands in a text that the ledger holds, which was accepted when less was checked.
pub(super) fn vat_id(text: &str, country: Option<&str>, is_recorded: bool) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let Some((prefix, number)) = compact.split_at_checked(2) else { return Err(no_vat_id(text)) };
    let is_lenient = is_recorded && !check_digits::were_always_held(prefix);
    match FORMS.into_iter().find(|(state, _)| *state == prefix) {
        Some(("GB", _)) if is_lenient => foreign(text, compact, country, is_recorded),
        Some((_, forms)) if !forms.iter().any(|form| fits(number, form)) => {
            Err(format!("`{text}` is not a VAT id: after {prefix} comes {}", forms.join(" or ")))
        }
        Some(_) if !is_lenient && !check_digits::hold(prefix, number) => {
            Err(format!("`{text}` is not a VAT id: its check digits do not fit; a digit is mistyped"))
        }
        Some(_) => Ok(compact),
        None => foreign(text, compact, country, is_recorded),
    }
}

fn foreign(text: &str, compact: String, country: Option<&str>, is_recorded: bool) -> Result<String, String> {
    let state = country.map(|country| if country == "GR" { "EL" } else { country });
    let is_known = |known: &str| Some(known) == state && (known != "GB" || !is_recorded);
    if let Some((state, _)) = FORMS.into_iter().find(|(known, _)| is_known(known)) {
        return Err(format!("`{text}` is not a VAT id of that country: it must begin with {state}"));
    }
    let free = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b".-/".contains(&byte);
    let good = (4..=20).contains(&compact.len()) && compact.bytes().all(free);
    if good { Ok(compact) } else { Err(no_vat_id(text)) }
}

fn no_vat_id(text: &str) -> String {
    format!("`{text}` is not a VAT id: capital letters and digits, in the EU with the country before them")
}

fn fits(number: &str, form: &str) -> bool {
    let letter = |(byte, wanted): (u8, u8)| match wanted {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_uppercase(),
        b'*' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        wanted => byte == wanted,
    };
    number.len() == form.len() && number.bytes().zip(form.bytes()).all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::vat::is_of_the_union;

    #[test]
    fn a_vat_id_has_the_form_of_its_state() {
        for (text, country) in [
            ("IT12345678903", "IT"),
            ("IT 123 456 789 03", "IT"),
            ("IE1234567FA", "IE"),
            ("DE136695976", "DE"),
            ("EL726225865", "GR"),
            ("DE136695976", "IT"), // registered in another state
            ("ATU46779534", "AT"),
            ("CHE-123.456.789", "CH"),
            ("GB285557950", "GB"),
            ("XI285557950", "GB"),
        ] {
            assert_eq!(vat_id(text, Some(country), false), Ok(text.replace(' ', "")));
            assert_eq!(vat_id(text, Some(country), true), Ok(text.replace(' ', "")));
        }
        for (text, country) in [
            ("", "US"),
            ("IT", "IT"),
            ("12345678903", "IT"),
            ("IT1234567890", "IT"),
            ("IT12345678904", "IT"),
            ("GR123456789", "GR"),
            ("AT12345678", "AT"),
            ("it12345678903", "IT"),
            ("ÎT12345678903", "IT"),
            ("CHE<1>", "CH"),
            ("GB285557951", "GB"),
            ("285557950", "GB"),
            ("ATU46779535", "AT"),
        ] {
            assert!(vat_id(text, Some(country), false).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_recorded_when_less_was_checked_is_read_again() {
        for (text, country) in
            [("ATU46779535", "AT"), ("GB123456789", "GB"), ("123456789", "GB"), ("EL123456789", "GR")]
        {
            assert!(vat_id(text, Some(country), false).is_err(), "{text}");
            assert_eq!(vat_id(text, Some(country), true), Ok(text.to_owned()));
        }
        // These were always checked.
        assert!(vat_id("IT12345678904", Some("IT"), true).is_err());
        assert!(vat_id("ATU123", Some("AT"), true).is_err());
    }

    #[test]
    fn ids_of_the_union_are_told_from_others() {
        // That of Northern Ireland counts for goods alone.
        let outside = ["GB", "XI"];
        for (state, _) in FORMS {
            assert_eq!(is_of_the_union(&format!("{state}123")), !outside.contains(&state), "{state}");
        }
        assert!(!is_of_the_union("CHE123456789") && !is_of_the_union(""));
    }

    #[test]
    fn the_states_are_sorted_and_once() {
        assert!(FORMS.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
