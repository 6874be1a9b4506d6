//! Synthetic months: the answers that are known beforehand are those that the program finds.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{files, ritardo, rows, scratch};
use serde_json::Value;

const TRAPS: &str = "dst,edge,duplicates,bots";

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What is said of each wait, by business and message.
fn waits(path: &Path) -> BTreeMap<(String, String), [String; 3]> {
    let row = |mut row: BTreeMap<String, String>| {
        let mut take = |name: &str| row.remove(name).unwrap();
        ((take("business"), take("message_id")), [take("received_at"), take("answered_at"), take("verdict")])
    };
    rows(&fs::read(path).unwrap()).into_iter().map(row).collect()
}

/// A month of this form, rated: every wait and the sum are those that were known.
fn check(form: &str, by: &str, traps: &str, month: &str) {
    let folder = scratch(&format!("generate-{form}-{by}-{month}"));
    let made = ["generate", "shop", "--messages", "6k", "--month", month, "--form", form, "--by", by, "--traps", traps];
    let made = ritardo(&folder, &made).expect(0);
    let through = made.out.split("--as-of ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap().to_owned();
    let shop = folder.join("shop");
    let inputs = fs::read_dir(&shop).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let inputs: Vec<String> =
        inputs.filter(|name| name.starts_with("messages.") || ["inbox", "late"].contains(&name.as_str())).collect();
    let mut rate: Vec<&str> = vec!["rate"];
    rate.extend(inputs.iter().map(String::as_str));
    rate.extend(["--tariff", "tariff.toml", "--as-of", &through, "--out", "waits.csv", "--summary", "summary.json"]);
    ritardo(&shop, &rate).expect(0);
    let (known, found) = (waits(&shop.join("expected.csv")), waits(&shop.join("waits.csv")));
    assert_eq!(known.len(), found.len(), "{form} by {by}");
    for (place, expected) in &known {
        assert_eq!(found.get(place), Some(expected), "{form} by {by}: {place:?}");
    }
    let (known, found) = (json(&shop.join("expected.json")), json(&shop.join("summary.json")));
    assert_eq!(known["total"], found["total"]);
    for verdict in ["waits", "on_time", "late", "unanswered"] {
        assert_eq!(known[verdict], found["verdicts"][verdict], "{verdict}");
    }
    assert!(known["late"].as_u64().unwrap() > 100, "it has something to find: {known}");
}

#[test]
fn every_form_has_the_answers_that_were_known() {
    for form in ["parquet", "csv", "ndjson", "webhook"] {
        check(form, "month", TRAPS, "2018-10");
        check(form, "day", &format!("{TRAPS},late-files"), "2018-08");
    }
}

#[test]
fn a_run_holds_what_a_missing_day_hides_and_bills_the_rest() {
    let folder = scratch("generate-run");
    ritardo(
        &folder,
        &["generate", "shop", "--messages", "6k", "--traps", "edge,duplicates,bots,gaps", "--form", "csv"],
    )
    .expect(0);
    let shop = folder.join("shop");
    let night = ritardo(&shop, &["run", "--as-of", "2018-09-14T00:00:00Z"]).expect(0);
    let known = json(&shop.join("expected.json"));
    for (business, known) in known["businesses"].as_object().unwrap() {
        let held = known["held"].as_u64().unwrap();
        assert!(held > 0 && night.out.contains(&format!("{business}: {held} waits are held")), "{held}\n{}", night.out);
    }
    // Without gaps the month is closed, and comes to what was known; all of its waits are of August in their zones.
    ritardo(&folder, &["generate", "whole", "--messages", "6k", "--seed", "7", "--form", "ndjson"]).expect(0);
    let whole = folder.join("whole");
    let night = ritardo(&whole, &["run", "--as-of", "2018-09-14T00:00:00Z"]).expect(0);
    assert_eq!(night.out.matches("closed    2018-08").count(), 3, "{}", night.out);
    ritardo(&whole, &["audit", "--all"]).expect(0);
}

#[test]
fn the_same_order_gives_the_same_bytes() {
    let folder = scratch("generate-same");
    for (name, seed) in [("one", "1"), ("again", "1"), ("other", "2")] {
        ritardo(&folder, &["generate", name, "--messages", "2k", "--seed", seed, "--traps", "all"]).expect(0);
    }
    let bytes = |name: &str| {
        let shop = folder.join(name);
        files(&shop)
            .into_iter()
            .map(|file| (file.clone(), fs::read(shop.join(file)).unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let (one, again, other) = (bytes("one"), bytes("again"), bytes("other"));
    assert!(one.keys().any(|name| name.starts_with("late/")) && one.len() > 100);
    assert!(one == again && one != other);
    let refused = ritardo(&folder, &["generate", "one"]).expect(2);
    assert!(refused.err.contains("the folder is not empty"), "{}", refused.err);
    ritardo(&folder, &["generate", "none", "--by", "month", "--traps", "gaps"]).expect(2);
}
