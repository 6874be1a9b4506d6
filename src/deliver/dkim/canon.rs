//! What a signature is of: the relaxed forms of header and body (RFC 6376, 3.4). Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A mail taken apart.
pub(super) struct Parts<'a> {
    /// Each field of the header whole, without the line break at its end.
    pub fields: Vec<&'a str>,
    pub body: &'a str,
}

/// `None` where it is no mail.
pub(super) fn parted(eml: &[u8]) -> Option<Parts<'_>> {
    let (head, body) = std::str::from_utf8(eml).ok()?.split_once("\r\n\r\n")?;
    let mut fields = Vec::new();
    let (mut start, mut at) = (0, 0);
    // A line that begins with a blank belongs to the field before it.
    for line in head.split_inclusive("\r\n") {
        if at > start && !line.starts_with([' ', '\t']) {
            fields.push(head.get(start..at)?.strip_suffix("\r\n")?);
            start = at;
        }
        at += line.len();
    }
    fields.push(head.get(start..)?);
    Some(Parts { fields, body })
}

/// The name of a field, in small letters.
pub(super) fn name(field: &str) -> String {
    let name = field.split_once(':').map_or(field, |(name, _)| name);
    name.trim_end_matches([' ', '\t']).to_ascii_lowercase()
}

/// A field in its relaxed form, without a line break at its end.
pub(super) fn relaxed(field: &str) -> String {
    let value = field.split_once(':').map_or("", |(_, value)| value);
    let words = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
    format!("{}:{}", name(field), words.collect::<Vec<_>>().join(" "))
}

/// SHA-256 of the body in its relaxed form.
pub(super) fn body_hash(body: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut empty = 0_usize;
    for line in body.split("\r\n") {
        let line = compressed(line);
        if line.is_empty() {
            // Those at the end of the body do not count.
            empty = empty.saturating_add(1);
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            digest.update(b"\r\n");
        }
        digest.update(line.as_bytes());
        digest.update(b"\r\n");
    }
    digest.finalize().to_vec()
}

/// A line with one space for each run of blanks, and none at its end.
fn compressed(line: &str) -> Cow<'_, str> {
    if !line.contains([' ', '\t']) {
        return Cow::Borrowed(line);
    }
    let (mut text, mut blank) = (String::with_capacity(line.len()), false);
    for c in line.chars() {
        if c == ' ' || c == '\t' {
            blank = true;
        } else {
            if blank {
                text.push(' ');
            }
            blank = false;
            text.push(c);
        }
    }
    Cow::Owned(text)
}

/// What is signed: the named fields in this order, each name's last field first, and `own`, the signature's own field up
/// to its empty `b=`. A name without a field stands for the fact that there is none.
pub(super) fn signed(fields: &[&str], names: &[String], own: &str) -> String {
    let mut left: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for &field in fields {
        left.entry(name(field)).or_default().push(field);
    }
    let mut text = String::new();
    for field in names.iter().filter_map(|name| left.get_mut(name)?.pop()) {
        text += &relaxed(field);
        text += "\r\n";
    }
    text += &relaxed(own);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha256(text: &str) -> Vec<u8> {
        Sha256::digest(text.as_bytes()).to_vec()
    }

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn the_relaxed_form_is_that_of_the_standard() {
        let parts = parted(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n").unwrap();
        assert_eq!(parts.fields, ["A: X", "B : Y\t\r\n\tZ  "]);
        assert_eq!(parts.fields.iter().map(|field| relaxed(field)).collect::<Vec<_>>(), ["a:X", "b:Y Z"]);
        assert_eq!(body_hash(parts.body), sha256(" C\r\nD E\r\n"));
    }

    #[test]
    fn a_body_of_nothing_is_nothing() {
        for body in ["", "\r\n", "\r\n\r\n", " \t \r\n \r\n"] {
            assert_eq!(body_hash(body), sha256(""), "{body:?}");
        }
        for body in ["a", "a\r\n", "a \r\n\r\n"] {
            assert_eq!(body_hash(body), sha256("a\r\n"), "{body:?}");
        }
        assert_eq!(body_hash("a\r\n \r\n\r\nb"), sha256("a\r\n\r\n\r\nb\r\n"));
    }

    #[test]
    fn the_last_field_of_a_name_is_signed_first() {
        let names: Vec<String> = ["to", "from", "to", "to", "cc"].map(str::to_owned).into();
        let fields = ["To: 1", "From: 2", "TO: 3"];
        assert_eq!(
            signed(&fields, &names, "DKIM-Signature: v=1; b="),
            "to:3\r\nfrom:2\r\nto:1\r\ndkim-signature:v=1; b="
        );
    }

    #[test]
    fn what_is_no_mail_has_no_parts() {
        assert!(parted(b"A: b\r\n").is_none());
        assert!(parted(b"A: \xff\r\n\r\n").is_none());
        assert_eq!(parted(b"A: b\r\n\r\n").unwrap().body, "");
    }
}
