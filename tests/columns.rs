//! `audit` over columns says, byte for byte, what it says row by row.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{night, ritardo, sample, scratch};

const AS_OF: &str = "2018-11-14T00:00:00Z";

/// A month of twelve businesses that was closed under a tariff.
fn closed(name: &str, seed: &str, form: &str, traps: &str, tariff: &dyn Fn(&str) -> String) -> PathBuf {
    let folder = scratch(name);
    let words = ["generate", "shop", "--messages", "4k", "--businesses", "12", "--month", "2018-10", "--seed", seed];
    let words = [&words[..], &["--form", form]].concat();
    let words = if traps.is_empty() { words } else { [&words[..], &["--traps", traps]].concat() };
    ritardo(&folder, &words).expect(0);
    let shop = folder.join("shop");
    let plain = fs::read_to_string(shop.join("tariff.toml")).unwrap();
    fs::write(shop.join("tariff.toml"), tariff(&plain)).unwrap();
    ritardo(&shop, &["run", "--as-of", AS_OF]);
    shop
}

/// Audits both ways, as text and as JSON, and says whether columns were enough for the replays of all months.
#[track_caller]
fn check(folder: &Path) -> bool {
    let told = ritardo(folder, &["audit", "--all"]).expect(0).out;
    assert!(told.contains("identical") && !told.contains("DIFFERS"), "{told}");
    for more in [&["--format", "json"][..], &["--jobs", "1"], &["--as-known", "2018-12-01"]] {
        ritardo(folder, &[&["audit", "--all"], more].concat()).expect(0);
    }
    let ways = |more: &[&str]| {
        let said = ritardo(folder, &[&["audit", "--all", "--timings"], more].concat()).expect(0).err;
        let is_part = |name: &str| said.lines().any(|line| line.trim_start().starts_with(name));
        (is_part("replays by columns"), said.lines().any(|line| line.trim_start().starts_with("replays  ")))
    };
    assert_eq!(ways(&["--by-rows"]), (false, true));
    ways(&[]) == (true, false)
}

#[test]
fn both_ways_say_the_same_of_generated_months() {
    for (seed, form, traps) in [("1", "parquet", ""), ("2", "csv", "edge,dst"), ("3", "ndjson", "edge,dst,duplicates")]
    {
        let shop = closed(&format!("columns-{form}"), seed, form, traps, &str::to_owned);
        assert!(check(&shop), "{form}: columns are enough");
    }
    // Statuses are sightings, of which copies are joined.
    check(&closed("columns-webhook", "4", "webhook", "edge", &str::to_owned));
}

#[test]
fn both_ways_say_the_same_under_other_tariffs() {
    let with = |name: &str, old: &'static str, new: &'static str| {
        closed(&format!("columns-{name}"), "5", "csv", "edge,duplicates", &|tariff| tariff.replacen(old, new, 1))
    };
    let reading = |name: &str, reading: &'static str| with(name, "\n[[rate]]", reading);
    assert!(check(&with("free", "currency", "free = 10\ncurrency")));
    let stepped = "steps = [{ after = \"24h\", price = \"0.05\" }, { after = \"48h\", price = \"0.09\" }]";
    assert!(check(&with("steps", "price = \"0.05\"", stepped)));
    assert!(check(&reading("exclusive", "\n[reading]\nboundary = \"exclusive\"\n\n[[rate]]")));
    assert!(check(&reading("deadline", "\n[reading]\nprice_date = \"deadline\"\nmonth_of = \"deadline\"\n\n[[rate]]")));
    let runs = "\n[reading]\nclock = \"first_unanswered\"\ncharge_per = \"wait_run\"\n\n[[rate]]";
    assert!(!check(&reading("runs", runs)), "runs go row by row");
}

#[test]
fn both_ways_say_the_same_of_the_sample_and_after_somebody_was_forgotten() {
    let folder = sample("columns-sample");
    night(&folder).expect(0);
    check(&folder);
    let shop = closed("columns-forgotten", "6", "csv", "", &str::to_owned);
    check(&shop);
    let charged = common::charge_files(&shop.join("state")).into_values().flat_map(|file| common::rows(&file));
    let ids: Vec<String> = charged.map(|row| row["message_id"].clone()).filter(|id| !id.is_empty()).collect();
    let customer = customer_of(&shop, &ids[0]);
    ritardo(&shop, &["forget", &customer, "--as-of", "2018-11-15T00:00:00Z"]).expect(0);
    check(&shop);
}

/// The customer of a message, as the logs of a generated shop have it.
fn customer_of(shop: &Path, id: &str) -> String {
    let mut logs: Vec<PathBuf> = vec![shop.join("inbox")];
    while let Some(path) = logs.pop() {
        if path.is_dir() {
            logs.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "csv") {
            let rows = common::rows(&fs::read(&path).unwrap());
            if let Some(row) = rows.iter().find(|row| row["message_id"] == id) {
                return row["customer"].clone();
            }
        }
    }
    panic!("no log has the message {id}");
}
