//! The canonical log as NDJSON: one object a line, keys by name.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::canonical::{Texts, column};
use super::frame::Builder;
use super::project::ndjson::{are_plain, flat};
use super::row::Suspect;
use super::spreadsheet::Damage;
use super::{ReadError, lines};
use crate::domain::columns;

const ODD: &str = "a value has the wrong type, or a key stands twice";

/// Whether the first line is an object with a column of the message log.
pub(super) fn looks_like(plain: &[u8], longest: usize) -> bool {
    let blank = plain.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let line = serde_json::from_slice::<Line>(lines::first(&plain[blank..], longest)).ok();
    line.is_some_and(|line| columns::REQUIRED.iter().any(|name| has(line.keys, name)))
}

pub(super) fn read(plain: &[u8], builder: &mut Builder) -> Result<(), ReadError> {
    let plain = plain.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(plain);
    if plain.trim_ascii_start().starts_with(b"[") {
        return Err(ReadError::JsonArray);
    }
    let mut keys = 0;
    let mut damage = Damage::default();
    let (mut is_quiet, mut has_object) = (true, false);
    for line in lines::lines(plain, builder.limits.line) {
        let (number, line) = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        is_quiet = false;
        match Line::flat(line).map_or_else(|| serde_json::from_slice::<Line>(line), Ok) {
            Ok(line) => {
                has_object = true;
                keys |= line.keys;
                damage.look(&line.texts, number)?;
                if line.is_odd {
                    builder.reject_texts(&line.texts, number, ODD);
                } else {
                    builder.take(&line.texts, None, number);
                }
            }
            Err(error) => builder.reject(number, reason(&error), Some(Suspect::default())),
        }
        builder.check_rows()?;
    }
    if !is_quiet {
        check_keys(keys, has_object)?;
    }
    damage.check()
}

/// A required key that no row has is a missing column, as in a CSV header.
fn check_keys(keys: Keys, has_object: bool) -> Result<(), ReadError> {
    if !has_object {
        return Err(ReadError::NoObjects);
    }
    let missing: Vec<&'static str> = columns::REQUIRED.into_iter().filter(|name| !has(keys, name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(ReadError::MissingColumns(missing)) }
}

/// The kind of error without its text, which may quote the line.
fn reason(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => ODD,
        serde_json::error::Category::Eof => "the JSON is cut off: a line must hold one whole object",
        _ => "not valid JSON: a line must hold one object",
    }
}

/// The known keys of one object; the values of unknown keys are passed over without being decoded.
struct Line<'a> {
    /// Without those that are odd.
    texts: Texts<'a>,
    keys: Keys,
    /// A value has the wrong type, or a key stands twice.
    is_odd: bool,
}

/// Columns of [`columns::ALL`], each as the bit of its place.
type Keys = u16;

fn has(keys: Keys, name: &str) -> bool {
    column(name).is_some_and(|column| keys & (1 << column) != 0)
}

impl<'a> Line<'a> {
    /// A line of the plainest form, as nearly all are: no escapes, and no value but texts where a column is known.
    /// `None` where only a reader of JSON can tell what the line is.
    fn flat(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !are_plain(line) || memchr::memchr(b'\r', line).is_some() {
            return None;
        }
        let (fields, keys) = flat(line)?;
        let mut texts = Texts::default();
        for (column, field) in fields.into_iter().enumerate() {
            texts.set(column, Cow::Borrowed(std::str::from_utf8(field).ok()?));
        }
        Some(Self { texts, keys, is_odd: false })
    }
}

impl<'de> Deserialize<'de> for Line<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with the columns of the message log")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Line<'de>, M::Error> {
        let mut line = Line { texts: Texts::default(), keys: 0, is_odd: false };
        while let Some(Key(key)) = map.next_key()? {
            let Some(column) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let Scalar(value) = map.next_value()?;
            let is_second = line.keys & (1 << column) != 0;
            line.is_odd |= is_second || value.is_none();
            line.texts.set(column, value.filter(|_| !is_second).unwrap_or_default());
            line.keys |= 1 << column;
        }
        Ok(line)
    }
}

/// The place of the column that a key names; the key itself is not kept.
struct Key(Option<usize>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
        Ok(Key(column(name)))
    }
}

/// A text, a whole number as its digits, null as the empty text; `None` for anything else.
struct Scalar<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Scalar(None))
    }

    #[expect(clippy::disallowed_types, reason = "serde hands over a fraction so; it is dropped")]
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(""))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejects(text: &str) -> Vec<(u64, String)> {
        let mut builder = Builder::default();
        read(text.as_bytes(), &mut builder).unwrap();
        builder.rejects.into_iter().map(|reject| (reject.row, reject.reason)).collect()
    }

    #[test]
    fn a_bad_line_is_rejected_and_the_next_is_read() {
        let good = r#"{"message_id":1,"business":"b","channel":"c","customer":"x","direction":"inbound","sent_at":"2018-08-01T00:00:00Z","text":{"a":[1]},"kind":null}"#;
        assert_eq!(rejects(&format!("{good}\n\n{good}\r\n")), []);
        for (bad, reason) in [
            ("{\"message_id\":1", "the JSON is cut off: a line must hold one whole object"),
            (&format!("{good}{good}"), "not valid JSON: a line must hold one object"),
            ("nonsense", "not valid JSON: a line must hold one object"),
            (r#"{"message_id":1.5}"#, "a value has the wrong type, or a key stands twice"),
            (r#"{"message_id":"1","message_id":"2"}"#, "a value has the wrong type, or a key stands twice"),
            (r#"{"message_id":"1","customer":"x\ny"}"#, "customer has control characters"),
        ] {
            assert_eq!(rejects(&format!("{good}\n{bad}\n{good}\n")), [(2, reason.to_owned())], "{bad}");
        }
    }

    /// Where the short way reads a line, it reads what the long way reads.
    #[track_caller]
    fn check_flat(line: &str, is_flat: bool) {
        let told = |line: &Line| {
            let texts: Vec<String> = (0..10).map(|column| line.texts.get(column).to_owned()).collect();
            (texts, line.keys, line.is_odd)
        };
        let flat = Line::flat(line.as_bytes());
        assert_eq!(flat.is_some(), is_flat, "{line}");
        let long = serde_json::from_slice::<Line>(line.as_bytes());
        if let Some(flat) = flat {
            assert_eq!(told(&flat), told(&long.unwrap()), "{line}");
        }
    }

    #[test]
    fn a_plain_line_is_read_as_the_reader_of_json_reads_it() {
        let good = r#"{"message_id":"1","business":"b","channel":"c","customer":"è","direction":"inbound","sent_at":"2018-08-01T00:00:00Z","text":"a, {b}","n":-1.50,"kind":""}"#;
        check_flat(good, true);
        check_flat(&format!("{good}\r"), true);
        check_flat(&good.replace(',', " , "), true);
        for line in [
            good.replace("\"1\"", "1"),
            good.replace("\"\"", "null"),
            good.replace("\"b\"", "\"b\\u0062\""),
            good.replace("{b}", "\r"),
            good.replace("{b}", "\t"),
            good.replace("kind", "business"),
            good.replace("-1.50", "[1]"),
            format!("{good}{good}"),
            format!("\u{feff}{good}"),
            "{}".to_owned(),
            String::new(),
        ] {
            check_flat(&line, false);
        }
        assert!(Line::flat(b"{\"kind\":\"\xff\"}").is_none());
    }

    #[test]
    fn another_kind_of_file_is_refused() {
        let refused = |text: &str| read(text.as_bytes(), &mut Builder::default()).unwrap_err();
        assert!(matches!(refused("{\"hello\":1}\n"), ReadError::MissingColumns(_)));
        let good = r#"{"message_id":1,"business":"b","channel":"c","customer":"x","direction":"inbound","sent_at":"2018-08-01T00:00:00Z"}"#;
        // Of the lines of an array the last has no comma after it, and would be read alone.
        for array in [format!("[\n{good},\n{good}\n]\n"), format!(" [{good}]"), "[]".to_owned()] {
            assert!(matches!(refused(&array), ReadError::JsonArray), "{array}");
        }
        for broken in [good.replace(',', ",\n"), "nonsense\n".to_owned()] {
            assert!(matches!(refused(&broken), ReadError::NoObjects), "{broken}");
        }
    }
}
