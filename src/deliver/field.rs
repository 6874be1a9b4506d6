//! What may stand in a header, an envelope or a file name: everything else is refused, never cleaned.

use lettre::Address;
use lettre::message::header::{Header, HeaderName, HeaderValue};

use super::DeliverError;
use crate::domain::header;

const LONGEST_NAME: usize = 120;
/// Longer header lines are folded where they can be (RFC 5322, 2.1.1).
const LINE: usize = 78;
/// Without its line break (RFC 5322, 2.1.1).
const LONGEST_LINE: usize = 998;

fn wrong(field: &'static str, text: &str, why: &'static str) -> DeliverError {
    DeliverError::Field { field, text: text.chars().take(80).collect::<String>().escape_debug().to_string(), why }
}

/// A text for a header, see [`header::text`].
pub(super) fn text(field: &'static str, text: &str) -> Result<String, DeliverError> {
    header::text(text).map_err(|why| wrong(field, text, why))
}

/// A mail address, as it stands in headers and envelopes.
///
/// Only ASCII: an international domain in its `xn--` form, no quoted local parts. A server without SMTPUTF8
/// could not take anything else.
pub(super) fn address(field: &'static str, text: &str) -> Result<Address, DeliverError> {
    header::address(text).map_err(|why| wrong(field, text, why))?;
    text.parse().map_err(|_| wrong(field, text, "it is not an address like name@example.com"))
}

/// A Message-ID without its angle brackets.
pub(super) fn message_id(text: &str) -> Result<&str, DeliverError> {
    address("Message-ID", text).map(|_| text)
}

/// A language tag, such as `en`.
pub(super) fn language(text: &str) -> Result<&str, DeliverError> {
    let fits = (2..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(text) } else { Err(wrong("language", text, "it is not a language tag like en")) }
}

/// A file name that is safe in a folder and in a header: 1 to 120 of letters, digits, `.`, `_`, `-`.
pub(super) fn file_name(text: &str) -> Result<&str, DeliverError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(allowed);
    if fits && !text.starts_with(['.', '-']) {
        Ok(text)
    } else {
        Err(wrong("file name", text, "a file name is 1 to 120 of a-z, A-Z, 0-9, `.`, `_` and `-`"))
    }
}

/// `Content-Disposition` of an attachment of this name, which [`file_name`] allows.
///
/// lettre's own writes a long name as `filename*0=`, which some mail programs do not read. Mails of before have it.
#[derive(Clone, Debug)]
pub(super) struct Disposition(pub String);

impl Header for Disposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err("mails are only written".into())
    }

    fn display(&self) -> HeaderValue {
        let raw = format!("attachment; filename=\"{}\"", self.0);
        let is_short = "Content-Disposition: ".len() + raw.len() <= LINE;
        let written = if is_short { raw.clone() } else { raw.replacen("; ", ";\r\n ", 1) };
        HeaderValue::dangerous_new_pre_encoded(Self::name(), raw, written)
    }
}

/// Checks that the bytes mean the same to every server on the way: ASCII in CRLF lines of at most 998 characters.
///
/// With this, the only line that can end a mail is the one that the sender writes.
pub(super) fn travels(eml: &[u8]) -> Result<(), DeliverError> {
    let form = |why| Err(DeliverError::Form { why });
    let Some(inner) = eml.strip_suffix(b"\r\n") else {
        return form("it does not end with a line break");
    };
    // All bytes are looked at, which takes less time than to stop at the first that does not travel.
    if !inner.iter().fold(true, |all, byte| all & (1..=126).contains(byte)) {
        return form("it holds characters other than ASCII");
    }
    let mut lines = inner.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let last = lines.peek().is_none();
        let Some(line) = (if last { Some(line) } else { line.strip_suffix(b"\r") }) else {
            return form("it holds a line feed without a carriage return");
        };
        if line.contains(&b'\r') {
            return form("it holds a carriage return without a line feed");
        }
        if line.len() > LONGEST_LINE {
            return form("it holds a line of more than 998 characters");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the settings let through can be written: see `an_address_is_ascii_with_one_at` there.
    #[test]
    fn an_address_of_the_settings_is_one_of_a_mail() {
        let local = "a".repeat(64);
        for good in [
            format!("{local}@{}", ["b"; 95].join(".")),
            format!("{local}@{0}.{0}", "c".repeat(63)),
            "!#$%&'*+/=?^_`{|}~-@localhost".to_owned(),
        ] {
            assert!(address("to", &good).is_ok(), "{good}");
        }
        assert!(address("to", &format!("{local}@{}", ["b"; 96].join("."))).is_err());
    }

    #[test]
    fn a_header_never_takes_a_second_line() {
        for bad in ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0", "a\u{85}b", "\u{7f}", "=?utf-8?q?=0A?="] {
            assert!(text("subject", bad).is_err(), "{bad:?}");
        }
        assert_eq!(text("subject", " LR-2018-000001:  Caffè ").unwrap(), "LR-2018-000001: Caffè");
        assert!(text("subject", &"x".repeat(401)).is_err());
    }

    #[test]
    fn an_address_is_plain_ascii() {
        for good in ["a@example.com", "a.b+c@xn--caff-8oa.example", "o'neil@example.com", "a@[192.0.2.1]"] {
            assert_eq!(address("to", good).unwrap().to_string(), good);
        }
        let bad = ["", "a", "a@", "@b", "a@b@c", "a b@c.example", "a@caffè.example", "è@c.example", "<a@c.example>"];
        let worse =
            ["a@c.example\r\nRCPT TO:<b@c.example>", "\"a\"@c.example", "a@c.example,b@c.example", "a@c.example\0"];
        for bad in bad.into_iter().chain(worse) {
            assert!(address("to", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_name_stays_in_its_folder() {
        assert!(file_name("LR-2018-000001_1.eml").is_ok());
        for bad in ["", ".", "..", "../a", "a/b", "a\\b", "a\0", "-a", ".hidden", "è", "a b", "a\"b", &"a".repeat(121)]
        {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_crlf_lines_of_ascii_travel() {
        let long = format!("a\r\n{}\r\n", "x".repeat(998));
        for good in ["\r\n", "a\r\n", "a\r\n\r\nb\r\n.\r\nc\r\n", &long] {
            assert!(travels(good.as_bytes()).is_ok(), "{good:?}");
        }
        let longer = format!("a\r\n{}\r\n", "x".repeat(999));
        let smuggled = ["a\n.\r\nb\r\n", "a\r\n.\nb\r\n", "a\r.\r\nb\r\n", "a\r\r\nb\r\n", "a\n\r\n", "a\r", "\r\r\n"];
        for bad in ["", "a", "a\n", "è\r\n", "a\0\r\n", &longer].into_iter().chain(smuggled) {
            assert!(travels(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
