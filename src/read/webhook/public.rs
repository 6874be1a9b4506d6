//! The reader against bodies that others published.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::{file, looks_like};

/// Messages, statuses and echoes of a body, counted without the reader; statuses of calls apart.
fn counted(value: &Value, field: &str) -> usize {
    match value {
        Value::Array(values) => values.iter().map(|value| counted(value, field)).sum(),
        Value::Object(members) => {
            let is_message = match field {
                "messages" | "message_echoes" => true,
                "statuses" => members.get("type").and_then(Value::as_str) != Some("call"),
                _ => false,
            };
            usize::from(is_message) + members.iter().map(|(key, value)| counted(value, key)).sum::<usize>()
        }
        _ => 0,
    }
}

/// The bodies of public repositories that lie beside the project; none where it was taken alone.
pub(super) fn public_bodies() -> Vec<(String, Vec<u8>)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folders = ["webhooks_messages", "webhooks_other"].map(|folder| data.join(folder));
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut bodies: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect();
    bodies.sort();
    if bodies.is_empty() {
        // Said past the capture of the test runner, and not by a printing macro, which `src` never uses.
        let _ = writeln!(std::io::stderr(), "skipped: there are no public bodies beside the project");
    }
    bodies
}

#[test]
fn public_bodies_lose_no_message() {
    for (name, bytes) in public_bodies() {
        assert!(looks_like(&bytes), "{name}");
        let found = file(&bytes);
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let expected = counted(&json, "");
        assert_eq!(found.rows.len() + found.rejects.len(), expected, "{name}");
        assert!(expected > 0 || !found.others.is_empty(), "{name} is not accounted for");
    }
}

#[test]
fn a_body_cut_anywhere_is_refused_and_never_a_panic() {
    for (name, bytes) in public_bodies() {
        let whole = bytes.trim_ascii_end().len();
        for cut in 0..whole {
            let part = &bytes[..cut];
            looks_like(part);
            let found = file(part);
            assert!(
                found.rows.is_empty() && found.rejects.len() == usize::from(!part.trim_ascii().is_empty()),
                "{name} {cut}"
            );
        }
    }
}
