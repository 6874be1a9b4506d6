//! Lines of NDJSON without escapes: one flat object each.

use super::rows::Fields;
use crate::domain::columns;

/// Whether every text of these lines ends at its next quote, and has nothing in it that JSON refuses.
pub(in crate::read) fn are_plain(lines: &[u8]) -> bool {
    let is_control = |byte: u8| byte < b' ' && byte != b'\n' && byte != b'\r';
    let has_controls = lines.iter().fold(0_u8, |found, byte| found | u8::from(is_control(*byte))) > 0;
    !has_controls && memchr::memchr(b'\\', lines).is_none() && std::str::from_utf8(lines).is_ok()
}

/// The known keys of an object; `None` where it is not of the usual kind. The line is one of those that are plain.
pub(super) fn fields(line: &[u8]) -> Option<Fields<'_>> {
    flat(line).map(|(fields, _)| fields)
}

/// The same, with a bit for each column that the object has: that of its place in [`columns::ALL`].
pub(in crate::read) fn flat(line: &[u8]) -> Option<(Fields<'_>, u16)> {
    let mut fields = Fields::default();
    let mut seen = 0_u16;
    let mut rest = line.strip_prefix(b"{")?;
    loop {
        let (key, after) = text(unblanked(rest))?;
        rest = unblanked(unblanked(after).strip_prefix(b":")?);
        // What is not known to the log is no field: the archive's columns are unknown keys here.
        match columns::ALL.iter().take(fields.len()).position(|name| name.as_bytes() == key) {
            Some(column) => {
                let flag = 1_u16 << column;
                if seen & flag != 0 {
                    return None;
                }
                seen |= flag;
                let (value, after) = text(rest)?;
                *fields.get_mut(column)? = value;
                rest = after;
            }
            None => rest = passed(rest)?,
        }
        match unblanked(rest).split_first()? {
            (b',', after) => rest = after,
            (b'}', after) => return unblanked(after).is_empty().then_some((fields, seen)),
            _ => return None,
        }
    }
}

/// A text between quotes, and what stands after it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = bytes.strip_prefix(b"\"")?;
    let (text, rest) = inside.split_at(memchr::memchr(b'"', inside)?);
    Some((text, rest.get(1..)?))
}

fn unblanked(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ', after @ ..] = rest {
        rest = after;
    }
    rest
}

/// What stands after the value of an unknown key: a text, a plain number or a word of JSON.
fn passed(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.first()? {
        b'"' => text(bytes).map(|(_, rest)| rest),
        b't' => bytes.strip_prefix(b"true"),
        b'f' => bytes.strip_prefix(b"false"),
        b'n' => bytes.strip_prefix(b"null"),
        _ => number(bytes),
    }
}

/// What stands after a plain number: one without an exponent.
pub(in crate::read) fn number(bytes: &[u8]) -> Option<&[u8]> {
    let (whole, rest) = digits(bytes.strip_prefix(b"-").unwrap_or(bytes));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with(b"0")) {
        return None;
    }
    let Some(after) = rest.strip_prefix(b".") else { return Some(rest) };
    let (decimals, rest) = digits(after);
    (!decimals.is_empty()).then_some(rest)
}

fn digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_its_known_keys() {
        let line = br#"{"sent_at":"now", "text" : "a, {b}" ,"message_id":"1","fold":"7","kind":"" } "#;
        let [id, _, _, _, _, at, _, kind, _, _] = fields(line).unwrap();
        assert_eq!([id, at, kind], [b"1".as_slice(), b"now", b""]);
        for value in ["\"\"", "0", "-0", "10", "-12.50", "0.0", "true", "false", "null"] {
            let line = format!("{{\"x\":{value},\"status\":\"sent\"}}");
            assert_eq!(fields(line.as_bytes()).unwrap()[8], b"sent", "{value}");
        }
    }

    #[test]
    fn what_is_not_flat_or_not_json_is_unusual() {
        for line in [
            "",
            "{}",
            "{",
            "[]",
            " {\"x\":1}",
            "{\"x\":1",
            "{\"x\":1,}",
            "{\"x\":1}{\"x\":1}",
            "{\"x\":1},",
            "{\"x\" 1}",
            "{\"x\"}",
            "{x:1}",
            "{\"x\":[1]}",
            "{\"x\":{}}",
            "{\"x\":01}",
            "{\"x\":+1}",
            "{\"x\":-}",
            "{\"x\":1.}",
            "{\"x\":.5}",
            "{\"x\":1e5}",
            "{\"x\":truer}",
            "{\"x\":nul}",
            "{\"x\":\"y}",
            "{\"kind\":null}",
            "{\"message_id\":1}",
            "{\"kind\":\"a\",\"kind\":\"a\"}",
            "{\"x\":1\u{a0}}",
        ] {
            assert_eq!(fields(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn lines_are_plain_without_escapes_and_controls() {
        assert!(are_plain("{\"x\":\"è\u{7f}\"}\r\n{}\n".as_bytes()));
        for lines in [b"\"\\n\"".as_slice(), b"\"\t\"", b"\"\0\"", b"\"\x1f\"", b"\"\xff\""] {
            assert!(!are_plain(lines), "{lines:?}");
        }
    }
}
