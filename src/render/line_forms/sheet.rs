//! Cells and rows of a sheet, as a workbook writes them.
//!
//! A text is an inline string of a form that stays text: nothing in it is ever read as a formula. A number stands there by
//! the digits of the line file; one that a spreadsheet could not hold exactly is a text.

use std::borrow::Cow;

use super::parts::style;

/// A spreadsheet keeps so many significant digits of a number.
const DIGITS_MAX: usize = 15;
/// And so many characters of a text, in UTF-16.
const TEXT_MAX: usize = 32_767;

/// Name of a sheet, and the area of its table where it has one that can be filtered: `$A$1:$N$222`.
pub(super) struct SheetName {
    pub name: String,
    pub area: Option<String>,
}

impl SheetName {
    /// As formulas name it.
    pub fn quoted(&self) -> String {
        format!("'{}'", self.name)
    }
}

/// What stands in a cell.
pub(super) enum Cell<'c> {
    Empty,
    /// A text in this form.
    Text(usize, &'c str),
    /// A whole number.
    Whole(&'c str),
    /// An exact decimal, by its digits.
    Decimal(&'c str),
    /// A formula with what it comes to, a whole number or a decimal.
    Sum {
        formula: &'c str,
        cached: &'c str,
    },
}

/// Adds a row to the text of a sheet. `number` counts from 1; cells stand one beside the other from the first column on.
pub(super) fn row(out: &mut String, number: u64, cells: &[Cell]) {
    out.push_str(&format!("<row r=\"{number}\">"));
    for (column, cell) in cells.iter().enumerate() {
        let place = format!("{}{number}", letter(column));
        match cell {
            Cell::Empty | Cell::Text(_, "") => {}
            Cell::Text(form, said) => text(out, &place, *form, said),
            Cell::Whole(digits) if is_held(digits) => value(out, &place, style::WHOLE, "", digits),
            Cell::Decimal(digits) if is_held(digits) => value(out, &place, decimal_style(digits), "", digits),
            Cell::Whole(digits) | Cell::Decimal(digits) => text(out, &place, style::TEXT, digits),
            Cell::Sum { formula, cached } if is_held(cached) => {
                let form = if cached.contains('.') { decimal_style(cached) } else { style::WHOLE };
                value(out, &place, form, &format!("<f>{}</f>", escaped(formula)), cached);
            }
            Cell::Sum { cached, .. } => text(out, &place, style::TEXT, cached),
        }
    }
    out.push_str("</row>\n");
}

fn text(out: &mut String, place: &str, form: usize, said: &str) {
    out.push_str(&format!("<c r=\"{place}\" s=\"{form}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"));
    out.push_str(&escaped(&fitting(said)));
    out.push_str("</t></is></c>");
}

fn value(out: &mut String, place: &str, form: usize, formula: &str, digits: &str) {
    out.push_str(&format!("<c r=\"{place}\" s=\"{form}\">{formula}<v>{digits}</v></c>"));
}

/// The letter of a column, which are at most 26.
pub(super) fn letter(column: usize) -> char {
    ('A'..='Z').nth(column).unwrap_or('Z')
}

/// Whether a spreadsheet holds a number to its last digit.
pub(super) fn is_held(digits: &str) -> bool {
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    let is_number = bare.starts_with(|sign: char| sign.is_ascii_digit())
        && bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && bare.matches('.').count() <= 1;
    let significant = bare.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
    is_number && significant <= DIGITS_MAX
}

fn decimal_style(digits: &str) -> usize {
    let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
    style::DECIMAL.saturating_add(places.clamp(2, style::PLACES_MAX)).saturating_sub(2)
}

/// As much of a text as a cell holds: of one that is longer, the line file has all.
fn fitting(text: &str) -> Cow<'_, str> {
    // No text has more units of UTF-16 than bytes.
    if text.len() <= TEXT_MAX || text.encode_utf16().count() <= TEXT_MAX {
        return Cow::Borrowed(text);
    }
    let mut units = 1_usize;
    let kept = text.chars().take_while(|sign| {
        units = units.saturating_add(sign.len_utf16());
        units <= TEXT_MAX
    });
    Cow::Owned(kept.chain(['…']).collect())
}

/// A text as XML has it. Characters that XML cannot say, and what would be taken for one of them, are escaped as workbooks do
/// it: `_x0007_`.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let is_plain = |sign: char| !is_control(sign) && !matches!(sign, '&' | '<' | '>' | '"');
    if text.chars().all(is_plain) && !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(16));
    for (at, sign) in text.char_indices() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '_' if is_escape(text.get(at..).unwrap_or_default()) => out.push_str("_x005F_"),
            sign if is_control(sign) => out.push_str(&format!("_x{:04X}_", u32::from(sign))),
            sign => out.push(sign),
        }
    }
    Cow::Owned(out)
}

fn is_control(sign: char) -> bool {
    sign < ' ' || matches!(sign, '\u{fffe}' | '\u{ffff}')
}

/// Whether a text begins with `_xHHHH_`.
fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    text.starts_with("_x") && digits && bytes.get(6) == Some(&b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_it_said() {
        for (text, xml) in [
            ("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"),
            ("bell\u{7}tab\tline\n", "bell_x0007_tab_x0009_line_x000A_"),
            ("_x0041_ _x41_", "_x005F_x0041_ _x41_"),
            ("🥐 مطعم 株式会社", "🥐 مطعم 株式会社"),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(escaped(text), xml);
        }
    }

    #[test]
    fn a_number_that_is_not_held_exactly_is_a_text() {
        for (digits, held) in [
            ("0.05", true),
            ("-0.005", true),
            ("0.000000001", true),
            ("9999999999999.99", true),
            ("99999999999999.99", false),
            ("1234567890123456", false),
            ("", false),
            ("-", false),
            ("1e5", false),
            ("1.2.3", false),
        ] {
            assert_eq!(is_held(digits), held, "{digits}");
            let mut out = String::new();
            row(&mut out, 7, &[Cell::Decimal(digits)]);
            assert_eq!(out.contains("<v>"), held, "{out}");
        }
    }

    #[test]
    fn cells_have_their_place_and_form() {
        let mut out = String::new();
        let sum = Cell::Sum { formula: "SUM('Lines'!M2:M3)", cached: "2.030" };
        row(&mut out, 2, &[Cell::Text(style::TEXT, "=1+1"), Cell::Empty, Cell::Whole("9"), sum]);
        let text = "<c r=\"A2\" s=\"2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">=1+1</t></is></c>";
        let numbers = "<c r=\"C2\" s=\"3\"><v>9</v></c><c r=\"D2\" s=\"6\"><f>SUM('Lines'!M2:M3)</f><v>2.030</v></c>";
        assert_eq!(out, format!("<row r=\"2\">{text}{numbers}</row>\n"));
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let (long, fits) = ("🥐".repeat(20_000), "é".repeat(TEXT_MAX));
        assert_eq!(fitting(&long).encode_utf16().count(), TEXT_MAX);
        assert!(fitting(&long).ends_with("🥐…"));
        assert_eq!(fitting(&fits), fits);
    }
}
