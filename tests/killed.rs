//! Commands that correct what was issued: killed at any moment, started twice, beside one another.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a command is killed after real time")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::shop::{Shop, edit};
use common::{Ran, bodies, copy, program, ritardo, scratch, text};
use serde_json::Value;

const AT: &str = "2018-10-06T00:00:00Z";

/// Two closed months, late answers in the inbox, a dispute that is not settled yet, and a book with another address.
fn base(name: &str) -> Shop {
    let shop = Shop::new(name, "");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason,decision\n2018-08-05-2,a test,accept\n").unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-10-05T01:00:00Z"]).expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.log("2018-09-10-late", &["a2 outbound 2018-09-10T12:00:00Z 91"]);
    edit(&shop.folder, "businesses.toml", "Via degli Esempi 12", "Via Nuova 1");
    shop
}

/// What was decided, in order: nothing of it hangs on when a command was killed. Up to which entry something was known
/// does: what a killed command had recorded already comes before what the next one decides.
fn decided(state: &Path) -> BTreeMap<&'static str, Vec<Value>> {
    let kinds = ["month_closed", "invoice", "credit_note", "replacement", "corrected", "compared", "dispute_settled"];
    let without_places = |mut body: Value| {
        for place in ["evidence_through", "disputes_through", "known_through"] {
            body.as_object_mut().unwrap().remove(place);
        }
        body
    };
    kinds.map(|kind| (kind, bodies(state, kind).into_iter().map(without_places).collect())).into()
}

/// Numbers of each series run on from 1, and every document has its files and its mail once.
fn assert_in_order(state: &Path) {
    let all = || ["invoice", "credit_note", "replacement"].into_iter().flat_map(|kind| bodies(state, kind));
    for series in ["LR-2018-", "LRC-2018-"] {
        let numbers: BTreeSet<String> =
            all().map(|body| text(&body, "number")).filter(|number| number.starts_with(series)).collect();
        let expected = (1..=numbers.len()).map(|count| format!("{series}{count:06}")).collect();
        assert_eq!(numbers, expected);
    }
    for kind in ["documents", "mail"] {
        let mut numbers: Vec<String> = bodies(state, kind).iter().map(|body| text(body, "number")).collect();
        let (made, count) = (numbers.iter().cloned().collect::<BTreeSet<_>>(), all().count());
        numbers.dedup();
        assert_eq!((made.len(), numbers.len()), (count, count), "{kind} are made once: {numbers:?}");
    }
}

/// The command, and how it ends when its work was done already.
const COMMANDS: [(&str, &[&str], &[i32]); 3] = [
    ("run", &["run", "--as-of", AT], &[0]),
    ("reissue", &["reissue", "LR-2018-000001", "--reason", "the street was wrong", "--as-of", AT], &[0, 2]),
    ("settle", &["dispute", "settle", "1", "--issue", "--as-of", AT], &[0, 2]),
];

/// The command, and a night that finishes what is left.
fn finish(folder: &Path, arguments: &[&str], codes: &[i32]) {
    let ran = ritardo(folder, arguments);
    assert!(codes.contains(&ran.code), "{arguments:?}: {ran:?}");
    ritardo(folder, &["run", "--as-of", "2018-10-07T00:00:00Z"]).expect(0);
    ritardo(folder, &["verify"]).expect(0);
    assert_in_order(&folder.join("state"));
}

#[test]
fn a_killed_correction_is_finished_by_the_next() {
    for (name, arguments, codes) in COMMANDS {
        let base = base(&format!("killed-{name}"));
        let undisturbed = scratch(&format!("killed-{name}-undisturbed"));
        copy(&base.folder, &undisturbed);
        let begun = Instant::now();
        ritardo(&undisturbed, arguments).expect(0);
        let length = begun.elapsed().as_micros();
        finish(&undisturbed, arguments, codes);
        let expected = decided(&undisturbed.join("state"));
        let steps: Vec<u128> = (0..16).map(|step| length * step / 10).collect();
        let killed = AtomicUsize::new(0);
        common::in_parallel(&steps, |index, after| {
            let folder = scratch(&format!("killed-{name}-{index}"));
            copy(&base.folder, &folder);
            let mut child = program(&folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(u64::try_from(*after).unwrap()));
            child.kill().unwrap();
            let ended = Ran::of(&child.wait_with_output().unwrap());
            killed.fetch_add(usize::from(ended.code == -1), Ordering::Relaxed);
            finish(&folder, arguments, codes);
            assert!(decided(&folder.join("state")) == expected, "{name} killed after {after} µs: another decision");
            fs::remove_dir_all(&folder).unwrap();
        });
        assert!(killed.load(Ordering::Relaxed) > 3, "{name}: hardly any was killed");
        ritardo(&undisturbed, &["audit", "--all"]).expect(0);
    }
}

#[test]
fn ten_starts_at_once_correct_once() {
    for (name, arguments, _) in COMMANDS {
        let shop = base(&format!("killed-crons-{name}"));
        let start = || program(&shop.folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let children: Vec<_> = (0..10).map(|_| start()).collect();
        let ran: Vec<Ran> = children.into_iter().map(|child| Ran::of(&child.wait_with_output().unwrap())).collect();
        let codes: Vec<i32> = ran.iter().map(|ran| ran.code).collect();
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 2, 75].contains(code)), "{name}: {codes:?}");
        finish(&shop.folder, arguments, &[0, 2]);
        let counts = ["credit_note", "replacement", "dispute_settled"].map(|kind| bodies(&shop.state(), kind).len());
        let expected = match name {
            "run" => [2, 0, 0],
            // The late answers are given back by the night after.
            "reissue" => [3, 1, 0],
            _ => [3, 0, 1],
        };
        assert_eq!(counts, expected, "{name}");
        shop.holds();
    }
}
