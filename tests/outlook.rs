//! What might have been, and what is about to come: `what-if` and `due` on a month that can be followed by hand.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{daily_shop, days_of_august, ritardo, rows, text, tree};
use serde_json::Value;

const NIGHT: &str = "2018-09-05T00:00:00Z";
const HEAD: &str = "message_id,business,channel,customer,direction,sent_at\n";

/// Three questions of August: 26 hours from Monday evening to its answer, 46 hours over a weekend, and one that is
/// never answered. Each costs 0.05; the shop is in Rome, two hours ahead of UTC.
const MONTH: [&str; 5] = [
    "monday +390000000001 inbound 2018-08-06T18:00:00Z",
    "monday-answer +390000000001 outbound 2018-08-07T20:00:00Z",
    "saturday +390000000002 inbound 2018-08-11T10:00:00Z",
    "saturday-answer +390000000002 outbound 2018-08-13T08:00:00Z",
    "never +390000000003 inbound 2018-08-20T08:00:00Z",
];

fn tariff(version: &str, rates: &str) -> String {
    let head = "id = \"late-reply\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n";
    format!("{head}version = \"{version}\"\n{rates}\n")
}

/// A shop whose logs of each day are complete, up to the day before `until`.
fn shop(name: &str, messages: &[&str], rates: &str, until: &str) -> PathBuf {
    let folder = daily_shop(name);
    fs::write(folder.join("tariff.toml"), tariff("1", rates)).unwrap();
    for day in days_of_august().filter(|day| day.as_str() < until) {
        let row = |message: &&&str| {
            let cells: Vec<&str> = message.split(' ').collect();
            format!("{},bologna-bakery,+390510000417,{},{},{}\n", cells[0], cells[1], cells[2], cells[3])
        };
        let of_day: String = messages.iter().filter(|message| message.contains(&day)).map(|m| row(&m)).collect();
        fs::write(folder.join(format!("inbox/desk/{day}.csv")), format!("{HEAD}{of_day}")).unwrap();
    }
    folder
}

const FLAT: &str = "rate = [{ market = \"other\", price = \"0.05\" }]";

/// Charges and net amounts, as they were and as they might have been.
fn supposed(folder: &Path, arguments: &[&str]) -> (u64, String, u64, String, String) {
    let all = [&["what-if", "2018-08", "--as-of", NIGHT, "--format", "json"], arguments].concat();
    let told = ritardo(folder, &all).expect(0).json();
    let of = &told["businesses"][0];
    let charges = |key: &str| of[key]["charges"].as_u64().unwrap();
    let net = |key: &str| text(&of[key], "net");
    (charges("was"), net("was"), charges("what_if"), net("what_if"), text(of, "difference"))
}

#[test]
fn a_month_is_supposed_to_have_gone_otherwise() {
    let folder = shop("outlook-what-if", &MONTH, FLAT, "2018-09-04");
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(0);
    let before = tree(&folder.join("state"));
    let was = |charges: u64, net: &str, difference: &str| {
        (3, "USD 0.15".to_owned(), charges, net.to_owned(), difference.to_owned())
    };
    assert_eq!(supposed(&folder, &["--answer-within", "12h"]), was(0, "USD 0.00", "USD -0.15"));
    assert_eq!(supposed(&folder, &["--answer-within", "24h"]), was(0, "USD 0.00", "USD -0.15"));
    // Nobody is answered later than before, and 30 hours are late as well.
    assert_eq!(supposed(&folder, &["--answer-within", "30h"]), was(3, "USD 0.15", "USD 0.00"));
    // Monday 20:00 waits until Tuesday 09:00; Saturday 12:00 until Monday 09:00, which is late; Monday 10:00 is open.
    assert_eq!(supposed(&folder, &["--if-open", "mon-fri 09:00-18:00"]), was(1, "USD 0.05", "USD -0.10"));
    assert_eq!(supposed(&folder, &["--if-open", "mon-sat 09:00-18:00"]), was(0, "USD 0.00", "USD -0.15"));
    // 20 hours later it is Tuesday 16:00, Sunday 08:00, which waits until Monday and is late, and Tuesday 06:00, which
    // waits three hours.
    let hours = ["--answer-within", "20h", "--if-open", "mon-fri 09:00-18:00"];
    assert_eq!(supposed(&folder, &hours), was(1, "USD 0.05", "USD -0.10"));
    fs::write(folder.join("dear.toml"), tariff("2", &FLAT.replace("0.05", "0.09"))).unwrap();
    assert_eq!(supposed(&folder, &["--tariff", "dear.toml"]), was(3, "USD 0.27", "USD 0.12"));
    assert_eq!(tree(&folder.join("state")), before, "nothing is written");
    let nothing = ritardo(&folder, &["what-if", "2018-08"]).expect(2);
    assert!(nothing.err.contains("nothing is supposed"), "{}", nothing.err);
    let table =
        ritardo(&folder, &["what-if", "2018-08", "--as-of", NIGHT, "--answer-within", "12h", "--format", "csv"]);
    let table = rows(table.expect(0).out.as_bytes());
    assert_eq!((table.len(), table[0]["difference"].as_str(), table[0]["what-if_net"].as_str()), (1, "-0.15", "0.00"));
}

/// Prices rise after 48 hours.
const STEPS: &str = "rate = [{ market = \"other\", steps = [{ after = \"24h\", price = \"0.01\" }, \
    { after = \"48h\", price = \"0.04\" }] }]";

fn due(folder: &Path, as_of: &str, arguments: &[&str]) -> Value {
    let all = [&["due", "--as-of", as_of, "--format", "json"], arguments].concat();
    ritardo(folder, &all).expect(0).json()["businesses"][0].clone()
}

fn open(of: &Value) -> Vec<(String, String, String, String)> {
    let due = of["due"].as_array().unwrap().iter();
    due.map(|one| (text(one, "message_id"), text(one, "late_after"), text(one, "state"), text(one, "cost"))).collect()
}

#[test]
fn what_is_not_answered_yet_is_listed_with_its_price() {
    let more = ["soon +390000000004 inbound 2018-08-20T20:00:00Z", "early +390000000005 inbound 2018-08-19T06:00:00Z"];
    let messages: Vec<&str> = MONTH.into_iter().chain(more).collect();
    // The logs end with 20 August.
    let folder = shop("outlook-due", &messages, STEPS, "2018-08-21");
    ritardo(&folder, &["run", "--as-of", "2018-08-21T03:00:00Z"]).expect(0);
    let before = tree(&folder.join("state"));
    let row = |id: &str, at: &str, state: &str, cost: &str| (id.into(), at.into(), state.into(), cost.into());
    let of = due(&folder, "2018-08-21T10:00:00Z", &[]);
    let expected = [
        // Late beyond doubt since the 20th, 06:00; its price rises on the 21st, 06:00, which has passed by now.
        row("early", "2018-08-20T06:00:00.000Z", "late", "0.04"),
        row("never", "2018-08-21T08:00:00.000Z", "late_unless_answered", "0.01"),
        row("soon", "2018-08-21T20:00:00.000Z", "in_time", "0.01"),
    ];
    assert_eq!(open(&of), expected);
    assert_eq!(of["due"][1]["next"], serde_json::json!(["2018-08-22T08:00:00.000Z", "0.04"]));
    assert_eq!(of["due"][1]["known_through"], "2018-08-21T00:00:00.000Z");
    assert_eq!(open(&due(&folder, "2018-08-21T10:00:00Z", &["--within", "9h"]))[..], expected[..2]);
    // 0.01 and 0.01 for the answers after 26 and 46 hours; two days of 20 are not decided yet: 0.02 × 31 / 18 days,
    // of which the month in Rome is two hours ahead.
    let month = &of["months"][0];
    assert_eq!((&month["charges"], text(month, "to_date")), (&2.into(), "0.02".to_owned()));
    assert_eq!((&month["open"], text(month, "open_cost")), (&3.into(), "0.06".to_owned()));
    assert_eq!(text(month, "decided_through"), "2018-08-19T00:00:00.000Z");
    assert_eq!(text(month, "forecast"), "USD 0.03");
    assert_eq!(tree(&folder.join("state")), before, "nothing is written");
}

#[test]
fn a_business_is_told_by_mail_when_asked_for() {
    let folder = shop("outlook-mail", &MONTH, FLAT, "2018-08-21");
    ritardo(&folder, &["run", "--as-of", "2018-08-21T03:00:00Z"]).expect(0);
    let said = ritardo(&folder, &["due", "--as-of", "2018-08-21T03:00:00Z", "--mail"]).expect(0);
    assert!(said.err.contains(": sent"), "{}", said.err);
    let outbox = tree(&folder.join("state/outbox"));
    assert_eq!(outbox.len(), 1, "{:?}", outbox.keys());
    let mail = String::from_utf8(outbox.into_values().next().unwrap()).unwrap();
    assert!(mail.contains("never"), "{mail}");
    assert!(!mail.contains("390000000003"), "no customer is named: {mail}");
}
