//! Recorded and replayed invoice: lines, totals, then everything else that their canonical bytes say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Difference, Road};
use crate::close::check::sha256;
use crate::domain::Invoice;
use crate::domain::invoice::{AdjustmentKind, Line};

/// Fields of the canonical invoice that are compared under their own names.
const NAMED: [&str; 5] = ["lines", "adjustments", "net", "tax", "total"];

/// All differences; empty when the canonical bytes are those that have the digest.
pub(super) fn differences(recorded: &Invoice, recorded_sha256: &str, replayed: &Invoice) -> Vec<Difference> {
    let (was, is) = (recorded.canonical(), replayed.canonical());
    let replayed_sha256 = sha256(&is);
    if replayed_sha256 == recorded_sha256 {
        return Vec::new();
    }
    let mut found = named(&lines(recorded), &lines(replayed));
    for (what, recorded, replayed) in [
        ("net amount of the invoice", recorded.net, replayed.net),
        ("tax of the invoice", recorded.tax, replayed.tax),
        ("total of the invoice", recorded.total, replayed.total),
    ] {
        found.extend(difference(what.to_owned(), &recorded.to_string(), &replayed.to_string()));
    }
    let tree = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
    if let (Value::Object(mut was), Value::Object(mut is)) = (tree(&was), tree(&is)) {
        NAMED.iter().for_each(|name| {
            was.remove(*name);
            is.remove(*name);
        });
        walk("", &Value::Object(was), &Value::Object(is), &mut found);
    }
    if found.is_empty() {
        found.extend(difference("bytes of the canonical invoice".to_owned(), recorded_sha256, &replayed_sha256));
    }
    found
}

fn difference(what: String, recorded: &str, replayed: &str) -> Option<Difference> {
    let (recorded, replayed) = (recorded.to_owned(), replayed.to_owned());
    (recorded != replayed).then_some(Difference { what, recorded, replayed, road: Road::Replayed })
}

/// What stands under a name on one side or on both.
fn named(recorded: &BTreeMap<String, String>, replayed: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = recorded.keys().chain(replayed.keys()).collect();
    let said =
        |side: &BTreeMap<String, String>, name: &String| side.get(name).map_or("nothing".to_owned(), Clone::clone);
    names
        .into_iter()
        .filter_map(|name| difference(name.clone(), &said(recorded, name), &said(replayed, name)))
        .collect()
}

/// Lines and adjustments, each by what makes it one of its own.
fn lines(invoice: &Invoice) -> BTreeMap<String, String> {
    let lines = invoice.lines.iter().map(|line| {
        let charges = if line.quantity == 1 { "charge" } else { "charges" };
        let Line { quantity, exact, amount, .. } = line;
        (name(line), format!("{quantity} {charges}, {exact}, rounded {amount}"))
    });
    let adjustments = invoice.adjustments.iter().map(|adjustment| {
        let kind = match adjustment.kind {
            AdjustmentKind::Minimum => "minimum",
            AdjustmentKind::Cap => "cap",
        };
        (format!("{kind} of the invoice"), format!("{} to {}", adjustment.amount, adjustment.limit))
    });
    lines.chain(adjustments).collect()
}

fn name(line: &Line) -> String {
    let free = if line.free { ", free" } else { "" };
    let tier = line.tier.map(|tier| format!(", above {tier}")).unwrap_or_default();
    let step = line.step.map(|step| format!(", after {step}")).unwrap_or_default();
    let entry_point = line.entry_point.name();
    format!("invoice line {} {entry_point} at {}{tier}{step}{free}", line.market, line.unit_price)
}

/// Differing leaves, each by its path.
fn walk(path: &str, recorded: &Value, replayed: &Value, found: &mut Vec<Difference>) {
    match (recorded, replayed) {
        (Value::Object(was), Value::Object(is)) => {
            let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
                walk(&path, &of(was), &of(is), found);
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            for place in 0..was.len().max(is.len()) {
                let of = |side: &[Value]| side.get(place).cloned().unwrap_or(Value::Null);
                walk(&format!("{path}[{place}]"), &of(was), &of(is), found);
            }
        }
        _ => found.extend(difference(format!("{path} of the canonical invoice"), &said(recorded), &said(replayed))),
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_leaves_are_named_by_their_path() {
        let tree = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut found = Vec::new();
        let was = tree(r#"{"a": {"b": "x", "c": 1}, "l": [1, 2], "same": true}"#);
        let is = tree(r#"{"a": {"b": "y"}, "l": [1, 3, 4], "same": true}"#);
        walk("", &was, &is, &mut found);
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "a.b of the canonical invoice: recorded `x`, replayed `y`",
                "a.c of the canonical invoice: recorded 1, replayed nothing",
                "l[1] of the canonical invoice: recorded 2, replayed 3",
                "l[2] of the canonical invoice: recorded nothing, replayed 4",
            ]
        );
    }
}
