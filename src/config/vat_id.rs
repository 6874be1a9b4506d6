//! VAT ids: the form that each member state of the EU gives them, and the check digits of some.

use super::check_digits;

/// `9` is a digit, `A` a letter, `*` either, any other character itself.
const FORMS: [(&str, &[&str]); 28] = [
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

/// The VAT id of a party in `country` (alpha-2), without its spaces. Outside the EU the form is free.
pub(super) fn vat_id(text: &str, country: Option<&str>) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let Some((prefix, number)) = compact.split_at_checked(2) else { return Err(no_vat_id(text)) };
    match FORMS.into_iter().find(|(state, _)| *state == prefix) {
        Some((_, forms)) if !forms.iter().any(|form| fits(number, form)) => {
            Err(format!("`{text}` is not a VAT id: after {prefix} comes {}", forms.join(" or ")))
        }
        Some(_) if !check_digits::hold(prefix, number) => {
            Err(format!("`{text}` is not a VAT id: its check digits do not fit; a digit is mistyped"))
        }
        Some(_) => Ok(compact),
        None => foreign(text, compact, country),
    }
}

fn foreign(text: &str, compact: String, country: Option<&str>) -> Result<String, String> {
    let state = country.map(|country| if country == "GR" { "EL" } else { country });
    if let Some((state, _)) = FORMS.into_iter().find(|(known, _)| Some(*known) == state) {
        return Err(format!("`{text}` is not a VAT id of the EU: it must begin with a country, as in {state}"));
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

    #[test]
    fn a_vat_id_has_the_form_of_its_state() {
        for (text, country) in [
            ("IT12345678903", "IT"),
            ("IT 123 456 789 03", "IT"),
            ("IE1234567FA", "IE"),
            ("DE136695976", "DE"),
            ("EL123456789", "GR"),
            ("DE136695976", "IT"), // registered in another state
            ("ATU12345678", "AT"),
            ("CHE-123.456.789", "CH"),
            ("GB123456789", "GB"),
            ("XI123456789", "GB"),
        ] {
            assert_eq!(vat_id(text, Some(country)), Ok(text.replace(' ', "")));
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
        ] {
            assert!(vat_id(text, Some(country)).is_err(), "{text}");
        }
    }

    #[test]
    fn the_states_are_sorted_and_once() {
        assert!(FORMS.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
