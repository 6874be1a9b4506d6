//! The reader against bodies that others published.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Read, file, looks_like};
use crate::domain::Status;

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
fn public_bodies() -> Vec<(String, Vec<u8>)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folders = ["webhooks_messages", "webhooks_other"].map(|folder| data.join(folder));
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut bodies: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect();
    bodies.sort();
    if bodies.is_empty() {
        println!("skipped: no public bodies beside the project");
    }
    bodies
}

#[test]
fn public_bodies_lose_no_message() {
    let (mut all, mut total) = (Read::default(), 0);
    for (name, bytes) in public_bodies() {
        assert!(looks_like(&bytes), "{name}");
        let found = file(&bytes);
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let expected = counted(&json, "");
        assert_eq!(found.rows.len() + found.rejects.len(), expected, "{name}");
        assert!(expected > 0 || !found.others.is_empty(), "{name} is not accounted for");
        total += expected;
        found.rejects.iter().for_each(|reject| println!("{name}: {}", reject.reason));
        all.rows.extend(found.rows);
        all.rejects.extend(found.rejects);
        found.others.into_iter().for_each(|(field, count)| *all.others.entry(field).or_default() += count);
    }
    let mut kinds: BTreeMap<(&str, &str, Status), u64> = BTreeMap::new();
    for row in &all.rows {
        *kinds.entry((row.direction.name(), row.kind.name(), row.status)).or_default() += 1;
    }
    println!("{total} messages: {} rows, {} rejects\n{kinds:#?}\n{:#?}", all.rows.len(), all.rejects.len(), all.others);
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
