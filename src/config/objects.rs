//! `s3://…` as `inbox` and `archive`, and `[object_storage]`: how buckets are reached. No key holds a credential.

use super::table::{Form, OBJECT_STORAGE, Table};
use super::words;
use crate::domain::objects::{Credentials, ObjectPlace, ObjectStorage};

const FORM: Form = Form {
    name: OBJECT_STORAGE,
    needs: &[],
    allows: &[
        "region = \"eu-south-1\"",
        "endpoint = \"https://s3.example.com\"",
        "allow_http = false",
        "path_style = true",
        "credentials = \"environment\"",
    ],
};

/// The longest key of an object, in bytes.
const LONGEST_KEY: usize = 1024;
/// What a key has to leave for the names below a prefix.
const LONGEST_PREFIX: usize = LONGEST_KEY / 2;

/// The bucket that `inbox` names; `None` where it is a folder.
pub(super) fn inbox(root: &Table<'_>) -> Option<ObjectPlace> {
    // A wrong text is told where the folder is read.
    let is_url = root.quiet_text("inbox").is_some_and(|text| text.contains("://"));
    if is_url { root.parsed("inbox", |text| place(text, " or a folder")) } else { None }
}

/// The bucket of `archive`; without the key the archive lies in the state folder.
pub(super) fn archive(root: &Table<'_>) -> Option<ObjectPlace> {
    let archive = root.parsed("archive", |text| place(text, "; without the key it lies in the state folder"))?;
    if let Some(inbox) = inbox_place(root).filter(|inbox| lie_in_one_another(inbox, &archive)) {
        let message = format!("the inbox {inbox} and the archive {archive} lie in one another");
        root.wrong("archive", message, "give each a bucket or a prefix of its own");
    }
    Some(archive)
}

fn inbox_place(root: &Table<'_>) -> Option<ObjectPlace> {
    place(&root.quiet_text("inbox")?, "").ok()
}

pub(super) fn lie_in_one_another(one: &ObjectPlace, other: &ObjectPlace) -> bool {
    let within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    let (first, second) = (one.prefix.as_str(), other.prefix.as_str());
    one.bucket == other.bucket && (within(first, second) || within(second, first))
}

/// How buckets are reached; as Amazon's are where the file at `root` says nothing.
pub(super) fn storage(root: &Table<'_>) -> ObjectStorage {
    let usual = ObjectStorage::default();
    let Some(table) = root.table("object_storage", &FORM) else { return usual };
    let is_used = ["inbox", "archive"].iter().any(|key| root.quiet_text(key).is_some_and(|text| text.contains("://")))
        || root.has("engine");
    if !is_used {
        let hint = "take the table out, or write inbox = \"s3://bucket/inbox\"";
        root.wrong("object_storage", "[object_storage] only has a meaning with an inbox or archive on s3://", hint);
    }
    let allow_http = table.truth("allow_http").unwrap_or(usual.allow_http);
    let endpoint = table.parsed("endpoint", endpoint);
    let is_plain = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    if is_plain && !allow_http {
        let hint = "write https://, or allow_http = true where nobody else is on the way";
        table.wrong("endpoint", "the endpoint is not encrypted: messages and numbers would travel as plain text", hint);
    }
    ObjectStorage {
        region: table.parsed("region", region),
        endpoint,
        allow_http,
        path_style: table.truth("path_style").unwrap_or(usual.path_style),
        credentials: table.choice("credentials", &Credentials::ALL).unwrap_or(usual.credentials),
    }
}

/// `s3://bucket/prefix`.
pub(super) fn place(text: &str, instead: &str) -> Result<ObjectPlace, String> {
    let wrong = |why: &str| Err(format!("`{text}` is not a place in object storage: {why}"));
    let Some(rest) = text.strip_prefix("s3://") else {
        return match text.split_once("://") {
            Some((scheme, _)) => wrong(&format!("`{scheme}` is not known, it is s3://bucket/prefix{instead}")),
            None => wrong(&format!("it is s3://bucket/prefix{instead}")),
        };
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = bucket.as_bytes();
    let is_bucket = (3..=63).contains(&bytes.len()) && bytes.iter().copied().all(letter);
    if !is_bucket || !edge(bytes.first()) || !edge(bytes.last()) || bucket.contains("..") {
        return wrong("a bucket has 3 to 63 of a-z, 0-9, - and .");
    }
    if !prefix.is_empty() && prefix.split('/').any(|part| ["", ".", ".."].contains(&part)) {
        return wrong("a prefix has no empty parts, . and ..");
    }
    if prefix.contains(['?', '#']) {
        return wrong("a prefix has no ? and #: settings stand in [object_storage]");
    }
    if prefix.len() > LONGEST_PREFIX {
        return wrong("its prefix is too long");
    }
    Ok(ObjectPlace { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

/// `https://HOST[:PORT]`.
fn endpoint(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("`{}` is not an endpoint: {why}", without_user(text)));
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(host) = host else { return wrong("it begins with https://") };
    if host.contains('@') {
        return wrong("no user and no password stand in it");
    }
    let host = host.strip_suffix('/').unwrap_or(host);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if words::host(name).is_err() {
        return wrong("a host and perhaps a port follow, and no path");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return wrong("its port is none");
    }
    Ok(text.strip_suffix('/').unwrap_or(text).to_owned())
}

/// What may be a password is not repeated.
fn without_user(text: &str) -> &str {
    if text.contains('@') { "…" } else { text }
}

fn region(text: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let good = (1..=64).contains(&text.len()) && text.bytes().all(letter);
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` is not a region such as eu-south-1")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_buckets_with_tidy_prefixes() {
        for (text, bucket, prefix) in
            [("s3://logs", "logs", ""), ("s3://logs/", "logs", ""), ("s3://my.logs-1/in/desk/", "my.logs-1", "in/desk")]
        {
            let expected = ObjectPlace { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(place(text, ""), Ok(expected), "{text}");
        }
        for text in [
            "s3:/logs",
            "gs://logs",
            "logs",
            "s3://",
            "s3://ab",
            "s3://Logs",
            "s3://-ab",
            "s3://a..b",
            "s3://logs//a",
            "s3://logs/../a",
            "s3://logs/./a",
            "s3://logs/a?b=c",
            "s3://user:pw@host/a",
            "s3://logs/a#b",
        ] {
            assert!(place(text, "").is_err(), "{text}");
        }
    }

    #[test]
    fn endpoints_are_hosts_alone() {
        for text in ["https://s3.example.com", "http://127.0.0.1:9000", "https://[::1]:9000", "https://[::1]"] {
            assert_eq!(endpoint(text).as_deref(), Ok(text));
        }
        for text in [
            "s3.example.com",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://u:canary@a",
            "https://a:x",
            "https://a:99999",
        ] {
            let refused = endpoint(text).unwrap_err();
            assert!(!refused.contains("canary"), "{refused}");
        }
    }

    #[test]
    fn inbox_and_archive_are_apart() {
        let lie = |one: &str, other: &str| lie_in_one_another(&place(one, "").unwrap(), &place(other, "").unwrap());
        assert!(lie("s3://logs", "s3://logs/archive") && lie("s3://logs/a", "s3://logs/a"));
        assert!(lie("s3://logs/a/b", "s3://logs/a"));
        assert!(!lie("s3://logs/a", "s3://logs/ab") && !lie("s3://logs/a", "s3://logs2/a"));
    }
}
