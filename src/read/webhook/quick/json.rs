//! JSON as nearly all bodies write it, cut where it lies.
//!
//! Each function is given the bytes from where a value begins, and answers what stands after it. `None` says that only
//! the long way can judge it: it may be broken, or right and only unusual. What is read here is JSON to the long way
//! too.

use super::known::Known;
use crate::read::project::ndjson::number;

/// So deep may be what nobody asks for.
const DEPTH: u8 = 32;
/// Longer numbers may be none that the long way keeps as whole ones.
const DIGITS_MAX: usize = 18;
/// A one in each byte.
const ONES: u64 = u64::MAX / 255;

/// An object of an envelope, whose known members `member` reads from the begin of their values. All others are passed
/// over. Where a known key stands twice the object is spoiled, which is left to the long way.
pub(super) fn object<'b>(
    bytes: &'b [u8],
    mut member: impl FnMut(Known, &'b [u8]) -> Option<&'b [u8]>,
) -> Option<&'b [u8]> {
    let mut seen = 0_u64;
    each(bytes, [b'{', b'}'], |part| {
        let (name, rest) = text(part)?;
        let value = behind_colon(rest)?;
        let Some(key) = Known::named(name) else {
            // A key must be UTF-8, even where nobody knows it.
            return if name.is_ascii() { passed(value, DEPTH) } else { None };
        };
        let flag = 1_u64 << (key as u32);
        if seen & flag != 0 {
            return None;
        }
        seen |= flag;
        member(key, value)
    })
}

/// A list, each element of which `element` reads.
pub(super) fn list<'b>(bytes: &'b [u8], element: impl FnMut(&'b [u8]) -> Option<&'b [u8]>) -> Option<&'b [u8]> {
    each(bytes, [b'[', b']'], element)
}

/// A text without escapes, the digits of a number, or `null` as the empty text. The long way takes an empty text as
/// one that is missing, too.
pub(super) fn kept<'b>(bytes: &'b [u8], to: &mut &'b str) -> Option<&'b [u8]> {
    let (word, rest) = match bytes.first()? {
        b'"' => text(bytes)?,
        b'n' => (b"".as_slice(), bytes.strip_prefix(b"null")?),
        _ => digits(bytes)?,
    };
    *to = std::str::from_utf8(word).ok()?;
    Some(rest)
}

/// The same where nobody asks what it is, only whether it is there.
pub(super) fn unused(bytes: &[u8]) -> Option<&[u8]> {
    let mut word = "";
    kept(bytes, &mut word)
}

/// Any value of which only the presence counts: `null` is none.
pub(super) fn mark<'b>(bytes: &'b [u8], is_there: &mut bool) -> Option<&'b [u8]> {
    *is_there = !bytes.starts_with(b"n");
    passed(bytes, DEPTH)
}

/// What stands between two signs, parted by commas.
fn each<'b>(
    bytes: &'b [u8],
    [open, close]: [u8; 2],
    mut part: impl FnMut(&'b [u8]) -> Option<&'b [u8]>,
) -> Option<&'b [u8]> {
    let (first, inside) = bytes.split_first()?;
    if *first != open {
        return None;
    }
    let mut rest = unblanked(inside);
    if let Some((first, after)) = rest.split_first()
        && *first == close
    {
        return Some(after);
    }
    loop {
        let (sign, after) = unblanked(part(rest)?).split_first()?;
        match *sign {
            b',' => rest = unblanked(after),
            sign if sign == close => return Some(after),
            _ => return None,
        }
    }
}

/// A text without escapes, and what stands after it. It need not be UTF-8.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = bytes.strip_prefix(b"\"")?;
    let (text, rest) = inside.split_at_checked(stop(inside)?)?;
    Some((text, rest.strip_prefix(b"\"")?))
}

/// The digits of a whole number that is not negative, and what stands after them.
fn digits(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(length)?;
    let is_whole = matches!(length, 1..=DIGITS_MAX) && (length == 1 || !digits.starts_with(b"0"));
    is_whole.then_some((digits, rest))
}

/// What stands after a value that is not decoded, as the long way does not: its texts may have escapes.
fn passed(bytes: &[u8], depth: u8) -> Option<&[u8]> {
    let deeper = depth.checked_sub(1)?;
    match bytes.first()? {
        b'"' => passed_text(bytes),
        b'{' => each(bytes, [b'{', b'}'], |part| passed(behind_colon(passed_text(part)?)?, deeper)),
        b'[' => each(bytes, [b'[', b']'], |part| passed(part, deeper)),
        b't' => bytes.strip_prefix(b"true"),
        b'f' => bytes.strip_prefix(b"false"),
        b'n' => bytes.strip_prefix(b"null"),
        _ => number(bytes),
    }
}

fn passed_text(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest.get(stop(rest)?..)? {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => after,
            [b'\\', b'u', a, b, c, d, after @ ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => {
                after
            }
            _ => return None,
        };
    }
}

/// The begin of a value, from what stands after its key.
fn behind_colon(bytes: &[u8]) -> Option<&[u8]> {
    unblanked(bytes).strip_prefix(b":").map(unblanked)
}

fn unblanked(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ' | b'\n' | b'\r' | b'\t', after @ ..] = rest {
        rest = after;
    }
    rest
}

/// The place of the first byte at which a text ends or is unusual: a quote, a backslash or a control character.
fn stop(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let mut before = 0;
    // Most of a body is texts: eight of their bytes are looked at in one.
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let found = stops(u64::from_le_bytes(*eight));
        if found != 0 {
            return Some(before + usize::try_from(found.trailing_zeros() / 8).ok()?);
        }
        before += 8;
        rest = after;
    }
    let place = rest.iter().position(|byte| matches!(*byte, 0..b' ' | b'"' | b'\\'))?;
    Some(before + place)
}

/// The highest bit of each byte at which a text stops. A borrow may set that of a byte that stands after such a one,
/// so only the first counts.
fn stops(eight: u64) -> u64 {
    let zeros = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let controls = eight.wrapping_sub(ONES * 0x20) & !eight;
    let quotes = zeros(eight ^ (ONES * u64::from(b'"')));
    let backslashes = zeros(eight ^ (ONES * u64::from(b'\\')));
    (controls | quotes | backslashes) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stops_at_the_first_byte_that_is_not_plain() {
        for first in 0..=255_u8 {
            for second in [b'x', b'"', b'\\', 0, 0x1f, 0x20, 0x7f, 0x80, 0xff] {
                for at in 0..20 {
                    let mut bytes = [b'x'; 21];
                    (bytes[at], bytes[at + 1]) = (first, second);
                    let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < b' ');
                    assert_eq!(stop(&bytes), expected, "{first} {second} at {at}");
                }
            }
        }
        assert_eq!((stop(b""), stop(b"\"")), (None, Some(0)));
    }

    /// What is passed over is JSON, and ends where it ends.
    #[test]
    fn only_json_is_passed_over() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for json in [
            "\"\"",
            "\"è, {\\\"\\\\ \\u00e8 \\ud83d\"",
            "0",
            "-0",
            "12.50",
            "true",
            "false",
            "null",
            "{}",
            "[ ]",
            "{ \"a\" : [ 1 , { } , \"b\" ] , \"a\" : null }",
            &deep(31),
        ] {
            for after in ["", ",", "}", " x"] {
                assert_eq!(passed(format!("{json}{after}").as_bytes(), DEPTH), Some(after.as_bytes()), "{json}{after}");
            }
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok(), "{json}");
        }
        for json in [
            "",
            " 1",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u00g0\"",
            "\"\\u12\"",
            "\"\n\"",
            "-",
            "01",
            ".5",
            "+1",
            "1.",
            "nul",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "}",
            &deep(33),
        ] {
            assert_eq!(passed(json.as_bytes(), DEPTH), None, "{json}");
        }
    }

    #[test]
    fn a_word_is_a_text_or_the_digits_of_a_number() {
        let word = |json: &str| {
            let mut word = "";
            let rest = kept(json.as_bytes(), &mut word)?;
            Some((word.to_owned(), rest.len()))
        };
        for (json, expected) in [
            ("\"39\",", "39"),
            ("\"è\",", "è"),
            ("\"\",", ""),
            ("null,", ""),
            ("0,", "0"),
            ("123456789012345678,", "123456789012345678"),
        ] {
            assert_eq!(word(json), Some((expected.to_owned(), 1)), "{json}");
        }
        for json in ["", "\"\\n\"", "\"\t\"", "\"x", "1234567890123456789", "01", "-1", "true", "[]", "{}", "nul"] {
            assert_eq!(word(json), None, "{json}");
        }
        // What stands after a number is judged where the object goes on.
        assert_eq!(object(b"{\"id\":1.5}", |_, value| unused(value)), None);
        assert_eq!(unused(b"\"\xff\""), None);
    }

    #[test]
    fn an_object_gives_its_known_members() {
        let found = |json: &str| {
            let mut ids = 0;
            object(json.as_bytes(), |key, value| {
                ids += u32::from(key == Known::Id);
                unused(value)
            })
            .map(|rest| (ids, rest.len()))
        };
        for (json, expected) in [
            ("{}", Some((0, 0))),
            ("{ \"a\":{\"id\":1,\"id\":[]}, \"id\" :\n1,\"a\":2 } ", Some((1, 1))),
            ("{\"id\":1,\"to\":2,\"id\":1}", None),
            ("{\"è\":1}", None),
            ("{\"\\u0069d\":1}", None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(found(json), expected, "{json}");
        }
    }
}
