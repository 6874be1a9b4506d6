//! `ritardo reconcile`: differences that were planted, each found and named.
#![cfg(test)]

mod common;

use std::fs;

use common::shop::{HEADER, SHOP, Shop};
use common::{Ran, bodies, content, sha256, text};
use serde_json::Value;

/// How the partner writes its invoice.
const MAPPING: &str = "\n[[reconcile]]\nname = \"partner\"\nday = \"date\"\nmarket = \"country\"\nmarkets = { 39 = [\"IT\"] }\n\
                       count = \"volume\"\namount = \"cost\"\ncurrency = \"currency\"\n";

/// A shop whose configuration can read the invoice of the partner.
fn shop(name: &str) -> Shop {
    let shop = Shop::new(name, "");
    let path = shop.folder.join("ritardo.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config + MAPPING).unwrap();
    shop
}

/// Writes an invoice: day, charges, amount.
fn invoice(shop: &Shop, rows: &[(&str, u32, &str)]) {
    let rows: String = rows.iter().map(|(day, volume, cost)| format!("{day},IT,{volume},{cost},USD\n")).collect();
    fs::write(shop.folder.join("partner.csv"), format!("date,country,volume,cost,currency\n{rows}")).unwrap();
}

fn reconcile(shop: &Shop, month: &str, as_of: &str, more: &[&str]) -> Ran {
    shop.ritardo(&[&["reconcile", month, "partner.csv", "--as-of", as_of], more].concat())
}

/// Each difference as `DAY: cause count, …`.
fn told(result: &Value) -> Vec<String> {
    let one = |difference: &Value| {
        let part = |part: &Value| format!("{} {:+}", text(part, "cause"), part["count"].as_i64().unwrap());
        let parts = difference["parts"].as_array().unwrap().iter().map(part);
        let rest = &difference["unexplained"];
        let count = || rest["count"].as_i64().unwrap();
        let rest = rest.is_object().then(|| format!("unexplained {:+} {}", count(), text(rest, "amount")));
        format!("{}: {}", text(difference, "day"), parts.chain(rest).collect::<Vec<_>>().join(", "))
    };
    result["differences"].as_array().unwrap().iter().map(one).collect()
}

/// August with a row that cannot be read, a message of an unknown kind, a disputed one, and one whose log came late.
fn planted(name: &str) -> Shop {
    let shop = shop(name);
    shop.log(
        "2018-08-08",
        &[
            "fine inbound 2018-08-08T10:00:00Z 50",
            "answer outbound 2018-08-08T10:05:00Z 50",
            "broken inbound 2018-08-08T99:00:00Z 51",
        ],
    );
    let poll = format!("poll,{SHOP},+390510000417,+390000000052,inbound,2018-08-09T10:00:00Z,poll\n");
    let kinds = format!("{},kind\n{poll}", HEADER.trim_end());
    fs::write(shop.folder.join("inbox/desk/2018-08-09.csv"), kinds).unwrap();
    shop.log("2018-08-13", &["dear inbound 2018-08-13T10:00:00Z 53"]);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let gaps = shop.ritardo(&["gap", "list", "--as-of", "2018-09-05T00:00:00Z", "--format", "json"]).expect(0).json();
    let id = text(&gaps["held"][0], "id");
    let accepted =
        ["gap", "accept", id.as_str(), "--reason", "polls ask for nothing", "--as-of", "2018-09-05T00:00:00Z"];
    shop.ritardo(&accepted).expect(0);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason\n2018-08-05-1,we answered\n").unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    shop.log("2018-08-12-again", &["late inbound 2018-08-12T10:00:00Z 61"]);
    shop.run("2018-09-07T00:00:00Z").expect(0);
    shop
}

const PLANTED: [(&str, u32, &str); 6] = [
    ("2018-08-05", 2, "0.10"),
    ("2018-08-08", 1, "0.05"),
    ("2018-08-09", 1, "0.05"),
    ("2018-08-12", 1, "0.05"),
    // The price of other markets.
    ("2018-08-13", 1, "0.09"),
    ("2018-08-20", 2, "0.10"),
];

const AS_OF: &str = "2018-09-08T00:00:00Z";

#[test]
fn each_planted_difference_is_found_and_named() {
    let shop = planted("reconcile-planted");
    invoice(&shop, &PLANTED);
    let result = reconcile(&shop, "2018-08", AS_OF, &["--format", "json"]).expect(1).json();
    assert_eq!(
        told(&result),
        [
            "2018-08-05: disputed -1",
            "2018-08-08: rejected +1",
            "2018-08-09: held +1",
            "2018-08-12: late_log +1",
            "2018-08-13: rate +0",
            "2018-08-20: unexplained +2 0.10",
        ],
        "{result:#}"
    );
    assert_eq!((text(&result, "format"), result["unexplained"].clone()), ("ritardo-reconcile/1".to_owned(), 1.into()));
    assert_eq!(result["ours"]["count"], 4);
    assert_eq!(text(&result["theirs"], "amount"), "0.44");

    // It is recorded once, with the file and the result.
    let recorded = bodies(&shop.state(), "reconciled");
    let [entry] = recorded.as_slice() else { panic!("{recorded:?}") };
    let file = fs::read(shop.folder.join("partner.csv")).unwrap();
    assert_eq!((text(entry, "file_sha256"), text(entry, "file")), (sha256(&file), "partner.csv".to_owned()));
    assert_eq!((entry["unexplained"].clone(), entry["causes"]["held"].clone()), (1.into(), 1.into()));
    let stored = content(&shop.state(), &text(entry, "result_sha256"));
    assert_eq!(stored["differences"], result["differences"]);
    let again = reconcile(&shop, "2018-08", "2018-09-09T00:00:00Z", &[]).expect(1);
    assert!(!again.out.contains("recorded") && again.out.contains("unexplained 1 difference"), "{}", again.out);
    assert_eq!(bodies(&shop.state(), "reconciled").len(), 1);

    // Without the one that nothing explains, there is what is to be settled with the partner, and nobody agreed to.
    invoice(&shop, &PLANTED[..5]);
    let ran = reconcile(&shop, "2018-08", AS_OF, &["--dry-run"]).expect(1);
    assert!(ran.out.contains("explained   1 late log, 1 disputed, 1 held\n"), "{}", ran.out);
    assert!(ran.out.contains("to settle   1 rejected, 1 rate\n"), "{}", ran.out);
    assert!(ran.out.contains("0.09 each in market 39: the price of market other"), "{}", ran.out);
    assert_eq!(bodies(&shop.state(), "reconciled").len(), 1, "a dry run records nothing");
    // Without these, too, the two sides are reconciled.
    let reconciled = [PLANTED[0], PLANTED[2], PLANTED[3], ("2018-08-13", 1, "0.05")];
    invoice(&shop, &reconciled);
    reconcile(&shop, "2018-08", AS_OF, &["--dry-run"]).expect(0);
    shop.holds();
}

#[test]
fn a_claim_that_was_settled_as_rejected_explains_nothing() {
    let shop = shop("reconcile-settled");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let claims = "message_id,reason,decision\n2018-08-05-1,we answered,accept\n2018-08-05-2,we answered,reject\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    invoice(&shop, &[("2018-08-05", 1, "0.05")]);
    let result = reconcile(&shop, "2018-08", AS_OF, &["--format", "json", "--dry-run"]).expect(0).json();
    assert_eq!(told(&result), ["2018-08-05: disputed -2"], "{result:#}");
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", "2018-09-07T00:00:00Z"]).expect(0);
    let result = reconcile(&shop, "2018-08", AS_OF, &["--format", "json"]).expect(1).json();
    assert_eq!(told(&result), ["2018-08-05: unexplained -1 -0.05"], "{result:#}");
}

#[test]
fn many_small_differences_are_told_together() {
    let shop = shop("reconcile-tolerance");
    shop.setting("count = \"volume\"", "count = \"volume\"\namount_tolerance = \"0.05\"");
    shop.log("2018-08-12", &["more inbound 2018-08-12T10:00:00Z 61"]);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    invoice(&shop, &[("2018-08-05", 3, "0.18"), ("2018-08-12", 1, "0.08")]);
    let ran = reconcile(&shop, "2018-08", AS_OF, &[]).expect(1);
    assert!(ran.out.contains("0 equal, 2 within the tolerance, 0 different"), "{}", ran.out);
    assert!(ran.out.contains("tolerated   +0 (0.06) together: more than is tolerated in all"), "{}", ran.out);
    shop.setting("amount_tolerance = \"0.05\"", "amount_tolerance = \"0.05\"\namount_tolerance_in_all = \"0.06\"");
    reconcile(&shop, "2018-08", AS_OF, &[]).expect(0);
}

/// A night that works is told of where it comes to recording, and before that nothing waits for anybody.
#[test]
fn a_night_that_works_keeps_a_comparison_from_being_recorded_only() {
    let shop = shop("reconcile-locked");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    invoice(&shop, &[("2018-08-05", 3, "0.15")]);
    let lock = fs::File::options().append(true).open(shop.state().join("lock")).unwrap();
    lock.lock().unwrap();
    reconcile(&shop, "2018-08", AS_OF, &["--dry-run"]).expect(0);
    reconcile(&shop, "2018-08", AS_OF, &[]).expect(75);
    drop(lock);
    reconcile(&shop, "2018-08", AS_OF, &[]).expect(0);
}

#[test]
fn days_of_another_zone_are_told_by_recounting() {
    let shop = shop("reconcile-zone");
    for day in ["14", "15", "31"] {
        let row = format!("night{day} inbound 2018-08-{day}T22:30:00Z {day}");
        shop.log(&format!("2018-08-{day}"), &[row.as_str()]);
    }
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let right = [("2018-08-05", 3, "0.15"), ("2018-08-14", 1, "0.05"), ("2018-08-15", 1, "0.05")];
    invoice(&shop, &[&right[..], &[("2018-08-31", 1, "0.05")]].concat());
    let same = reconcile(&shop, "2018-08", AS_OF, &["--format", "json"]).expect(0).json();
    assert!(told(&same).is_empty() && same["counts_days_of"].is_null(), "{same:#}");
    // Two hours ahead the last one is of September.
    let ahead = [("2018-08-05", 3, "0.15"), ("2018-08-15", 1, "0.05"), ("2018-08-16", 1, "0.05")];
    invoice(&shop, &ahead);
    let ran = reconcile(&shop, "2018-08", AS_OF, &[]).expect(0);
    assert!(ran.out.contains("the file counts days of UTC+2, not of each business's zone"), "{}", ran.out);
    let shifted = reconcile(&shop, "2018-08", AS_OF, &["--format", "json"]).expect(0).json();
    assert_eq!(
        told(&shifted),
        ["2018-08-14: time_zone -1", "2018-08-16: time_zone +1", "2018-08-31: time_zone -1"],
        "{shifted:#}"
    );
}

#[test]
fn months_that_are_not_closed_explain_what_is_not_billed() {
    let shop = shop("reconcile-open");
    shop.setting("[invoice]\n", "[guards]\ncharges_per_day = 2\n\n[invoice]\n");
    shop.run("2018-09-12T00:00:00Z").expect(65);
    invoice(&shop, &[("2018-08-05", 3, "0.15")]);
    let parked = reconcile(&shop, "2018-08", "2018-09-12T00:00:00Z", &["--format", "json"]).expect(0).json();
    assert_eq!(told(&parked), ["2018-08-05: parked +3"], "{parked:#}");
    invoice(&shop, &[("2018-09-10", 1, "0.05")]);
    let open =
        |as_of: &str| told(&reconcile(&shop, "2018-09", as_of, &["--dry-run", "--format", "json"]).expect(0).json());
    assert_eq!(open("2018-09-12T00:00:00Z"), ["2018-09-10: not_closed +1"]);
    assert_eq!(open("2018-09-10T20:00:00Z"), ["2018-09-10: pending +1"]);
}

#[test]
fn a_row_that_cannot_be_read_leaves_the_statement_open() {
    let shop = shop("reconcile-rejected");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let text = "date,country,volume,cost,currency\n2018-08-05,IT,3,0.15,USD\n2018-08-06,XX,1,0.05,USD\n2018-07-31,IT,1,0.05,USD\n";
    fs::write(shop.folder.join("partner.csv"), text).unwrap();
    let ran = reconcile(&shop, "2018-08", AS_OF, &[]).expect(1);
    assert!(ran.out.contains("rejected    row 3: `XX` is no market: name it in `markets`"), "{}", ran.out);
    assert!(ran.out.contains("other month 1 row") && ran.out.contains("1 cell by day, market: 1 equal"), "{}", ran.out);
    let table = reconcile(&shop, "2018-08", AS_OF, &["--format", "csv", "--dry-run"]).expect(1).out;
    assert!(table.starts_with("day,market,entry_point,ours,theirs,difference,"), "{table}");
}

#[test]
fn objects_a_line_are_read_through_paths() {
    let shop = shop("reconcile-json");
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    let nested = MAPPING
        .replace("\"date\"", "\"at.start\"")
        .replace("count =", "time = \"seconds\"\nzone = { value = \"UTC\" }\ncount =");
    fs::write(shop.folder.join("ritardo.toml"), config.replace(MAPPING, &nested)).unwrap();
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let line = r#"{"at":{"start":1533427200},"country":"IT","volume":3,"cost":0.15,"currency":"USD"}"#;
    fs::write(shop.folder.join("partner.csv"), format!("{line}\n")).unwrap();
    let ran = reconcile(&shop, "2018-08", AS_OF, &[]).expect(0);
    assert!(ran.out.contains("1 equal, 0 different"), "{}", ran.out);
}
