//! What single cells look like after a spreadsheet had them.

pub(super) fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn are_few_digits(text: &str) -> bool {
    text.len() <= 2 && are_digits(text)
}

/// `1.23457E+18`, `3,93331E+11`, `4E+11`.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_mantissa = whole.len() == 1 && are_digits(whole) && fraction.is_none_or(are_digits);
    is_mantissa && exponent.strip_prefix('+').is_some_and(|exponent| exponent.len() <= 3 && are_digits(exponent))
}

/// `270,271`, and as in India `2,70,271`.
pub(super) fn is_grouped(text: &str) -> bool {
    let Some((head, last)) = text.rsplit_once(',') else { return false };
    let groups: Vec<&str> = head.split(',').collect();
    let first_fits = |most| groups.first().is_some_and(|first| are_digits(first) && first.len() <= most);
    let others_have = |length| groups.iter().skip(1).all(|group| are_digits(group) && group.len() == length);
    last.len() == 3 && are_digits(last) && ((first_fits(3) && others_have(3)) || (first_fits(2) && others_have(2)))
}

/// `'+393331234567`, `="42"`, `=+39…`: how a cell says that its number is a text. `'t Hooft` is a name.
pub(super) fn is_marked_as_text(text: &str) -> bool {
    let begins = |rest: &str, with: &[char]| rest.starts_with(|c: char| c.is_ascii_digit() || with.contains(&c));
    text.strip_prefix('\'').is_some_and(|rest| begins(rest, &['+', '=']))
        || text.strip_prefix('=').is_some_and(|rest| begins(rest, &['+', '"']))
}

/// `10/08/2018 10:00`, `8/10/18 10:00 AM`, `10.8.2018, 10:00`, `10-Aug-18`, `2018/8/10 10:00`, `43322.41667`.
pub(super) fn is_local_date(text: &str) -> bool {
    // A year and a hyphen begin no date of a spreadsheet, and nearly every stamp of a log.
    if let [y1, y2, y3, y4, b'-', ..] = text.as_bytes()
        && [y1, y2, y3, y4].into_iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let text = text.trim();
    let (days, part_of_day) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_serial = days.len() == 5 && are_digits(days) && are_digits(part_of_day);
    let is_blank = |c: char| c == ',' || c.is_whitespace();
    let (date, time) = text.split_at(text.find(is_blank).unwrap_or(text.len()));
    let is_of_time = |c: char| is_blank(c) || c.is_ascii_digit() || c.is_alphabetic() || matches!(c, ':' | '.');
    is_serial || (is_shown_date(date) && time.chars().all(is_of_time))
}

/// A day, a month and a year in any order but the one of ISO 8601.
fn is_shown_date(date: &str) -> bool {
    let mark = date.chars().find(|c| matches!(c, '/' | '.' | '-')).unwrap_or('/');
    let mut parts = date.split(mark);
    let (Some(first), Some(month), Some(last), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_year = |text: &str| matches!(text.len(), 2 | 4) && are_digits(text);
    let is_month = are_few_digits(month) || (month.chars().count() >= 3 && month.chars().all(char::is_alphabetic));
    let is_year_first = mark == '/' && first.len() == 4 && are_digits(first) && are_few_digits(last);
    is_month && (is_year_first || (are_few_digits(first) && is_year(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_spreadsheets_are_recognised() {
        for text in ["1.23457E+18", "3,93331E+11", "4E+11", "1e+5"] {
            assert!(is_scientific(text), "{text}");
        }
        let ids = ["", "E+1", "12.3E+18", "1.E+18", "1.2E18", "1.2E-18", "1E+", "1E+1234", "wamid.1E+2", "+39E+11"];
        for text in ids {
            assert!(!is_scientific(text), "{text}");
        }
        for text in ["2,70,271", "270,271", "12,345", "1,234,567", "12,34,567", "393,331,000,001"] {
            assert!(is_grouped(text), "{text}");
        }
        for text in ["270271", ",271", "1,", "1,23", "1234,567", "1,2345", "123,45,678", "a,123", "1,23a", "1,,123"] {
            assert!(!is_grouped(text), "{text}");
        }
    }

    #[test]
    fn marks_of_text_are_recognised() {
        for text in ["'+393331234567", "'42", "'=1", "=\"+393331234567\"", "=+393331234567", "=\"42\""] {
            assert!(is_marked_as_text(text), "{text}");
        }
        for text in ["", "'", "=", "'t Hooft", "'n", "=A", "+39'", "42=", "'\"42\""] {
            assert!(!is_marked_as_text(text), "{text}");
        }
    }

    #[test]
    fn dates_as_spreadsheets_show_them_are_recognised() {
        for text in [
            "10/08/2018 10:00",
            "8/10/18 10:00",
            "8/10/2018 10:00:00 AM",
            "10/08/2018, 10:00",
            "10/08/2018",
            "10.8.2018 10:00",
            "10.08.2018 10.00",
            "10-08-2018 10:00",
            "10-Aug-18 10:00",
            "2018/8/10 10:00",
            " 10/08/2018\u{202f}10:00\u{202f}p.m.",
            "43322.41667",
            "43322,41667",
            "43322",
        ] {
            assert!(is_local_date(text), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2018-08-10T10:00:00Z",
            "2018-08-10 10:00:00",
            "2018-08-10 10:00",
            "1533081600",
            "1533081600.5",
            "10:00",
            "2018-08",
            "2018-08-10",
            "2018-08-10,",
            "2018-10/08/2018",
            "10/08",
            "10/08/2018 at <noon>",
            "10//2018",
            "123/08/2018",
            "4332.5",
        ] {
            assert!(!is_local_date(text), "{text}");
        }
    }
}
