//! Free units, tiers, steps, minimum and cap, and other readings, from logs to invoices: amounts computed by hand.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{NIGHT, Ran, bodies, content, copy, give_key, night, ritardo, root, rows, scratch, text};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

const HEAD: &str =
    "id = \"late-reply\"\nversion = \"2018-08\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"by hand\"\n";
const CSV: &str = "message_id,business,channel,customer,direction,sent_at,kind\n";

/// A row of the log: id, customer, direction, instant.
type Row<'r> = (&'r str, &'r str, &'r str, &'r str);

/// What proves the whole of August.
const EDGES: [Row; 2] = [
    ("z-first", "nobody", "outbound", "2018-07-31T10:00:00Z"),
    ("z-last", "nobody", "outbound", "2018-09-04T10:00:00Z"),
];

fn log(rows: &[Row]) -> String {
    EDGES.iter().chain(rows).fold(CSV.to_owned(), |log, (id, customer, direction, at)| {
        log + &format!("{id},bologna-bakery,+390510000417,{customer},{direction},{at},text\n")
    })
}

/// A bakery with this tariff and these messages.
fn bakery(name: &str, tariff: &str, rows: &[Row]) -> PathBuf {
    let folder = scratch(&format!("pricing-{name}"));
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    fs::write(folder.join("tariff.toml"), format!("{HEAD}{tariff}")).unwrap();
    fs::write(folder.join("inbox/desk/2018-08.csv"), log(rows)).unwrap();
    folder
}

/// The night that closes August, then `verify` and `audit`.
#[track_caller]
fn closed(folder: &Path, waits: u64, charges: u64) {
    night(folder).expect(0);
    let verified = ritardo(folder, &["verify"]).expect(0);
    assert!(verified.out.contains("verified"), "{}", verified.out);
    let audited = ritardo(folder, &["audit", "2018-08"]).expect(0).out;
    let plural = if charges == 1 { "" } else { "s" };
    let all = format!("1 of 1 business month identical: {waits} waits, {charges} charge{plural}");
    assert!(audited.contains(&all), "{audited}");
    assert!(!audited.contains("would look otherwise"), "{audited}");
}

fn invoice(folder: &Path) -> Value {
    let state = folder.join("state");
    let issued = bodies(&state, "invoice");
    assert_eq!(issued.len(), 1);
    content(&state, &text(&issued[0], "document_sha256"))
}

/// Market, free units, tier, step, quantity, price and amount of each line.
fn lines(invoice: &Value) -> Vec<String> {
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |line: &Value| {
        ["market", "free", "tier", "step", "quantity", "unit_price", "amount"].map(|field| said(&line[field])).join(" ")
    };
    invoice["lines"].as_array().unwrap().iter().map(line).collect()
}

fn document(folder: &Path, ending: &str) -> String {
    fs::read_to_string(folder.join(format!("state/issued/LR-2018-000001/LR-2018-000001_2018-08.{ending}"))).unwrap()
}

#[track_caller]
fn explained(folder: &Path, id: &str, says: &[&str]) {
    let told = ritardo(folder, &["explain", id, "--as-of", NIGHT]).expect(0).out;
    for says in says {
        assert!(told.contains(says), "{id} does not say `{says}`:\n{told}");
    }
    assert!(told.lines().count() <= 24, "one screen: {told}");
}

/// Rates the log of a bakery.
fn rated(folder: &Path, more: &[&str]) -> Ran {
    let arguments = ["rate", "inbox/desk/2018-08.csv", "--tariff", "tariff.toml", "--as-of", NIGHT];
    ritardo(folder, &[&arguments, more].concat()).expect(0)
}

const GRADUATED: &str = r#"
free = 2
cap = "0.50"
tiers = "graduated"
rate = [{ market = "39", tiers = [{ above = 0, price = "0.05" }, { above = 3, price = "0.035" }] },
        { market = "other", price = "0.09" }]
"#;

/// No message is ever answered. Four come at the same instant: their ids part them.
const UNANSWERED: [Row; 11] = [
    ("a-1", "+391", "inbound", "2018-08-02T10:00:00Z"),
    ("b-1", "+441", "inbound", "2018-08-03T10:00:00Z"),
    ("a-2", "+392", "inbound", "2018-08-04T10:00:00Z"),
    ("a-3", "+393", "inbound", "2018-08-05T10:00:00Z"),
    ("t-2", "+394", "inbound", "2018-08-06T10:00:00Z"),
    ("t-4", "+395", "inbound", "2018-08-06T10:00:00Z"),
    ("t-1", "+396", "inbound", "2018-08-06T10:00:00Z"),
    ("t-3", "+397", "inbound", "2018-08-06T10:00:00Z"),
    ("b-2", "+442", "inbound", "2018-08-07T10:00:00Z"),
    ("b-3", "+443", "inbound", "2018-08-08T10:00:00Z"),
    ("b-4", "+444", "inbound", "2018-08-09T10:00:00Z"),
];

/// `a-1` and `b-1` are free. Market 39: `a-2`, `a-3`, `t-1` at 0.05 = 0.15; `t-2`, `t-3`, `t-4` at 0.035 = 0.105, which
/// is 0.11. Other: `b-2` to `b-4` at 0.09 = 0.27. Together 0.53; the cap takes 0.03.
#[test]
fn a_month_with_free_units_graduated_tiers_and_a_cap() {
    let folder = bakery("graduated", GRADUATED, &UNANSWERED);
    closed(&folder, 11, 11);
    let invoice = invoice(&folder);
    let expected = [
        "39 true null null 1 0.00 USD 0.00",
        "39 null 0 null 3 0.05 USD 0.15",
        "39 null 3 null 3 0.035 USD 0.11",
        "other true null null 1 0.00 USD 0.00",
        "other null null null 3 0.09 USD 0.27",
    ];
    assert_eq!(lines(&invoice), expected);
    assert_eq!(invoice["adjustments"], json!([{ "kind": "cap", "limit": "USD 0.50", "amount": "USD -0.03" }]));
    assert_eq!((text(&invoice, "net"), text(&invoice, "total")), ("USD 0.50".to_owned(), "USD 0.50".to_owned()));
    assert_eq!((&invoice["computation"]["tiers"], &invoice["computation"]["free"]), (&json!("graduated"), &json!(2)));
    check_line_file(&folder);

    let place = "place     the 4th charge of market 39 in the month, free units left out, tier above 3";
    let line = "charged   USD 0.035 on LR-2018-000001, line 3: 3 × 0.035 = USD 0.11";
    let cap = "cap       the charges of the month come to USD 0.53; the cap of USD 0.50 takes USD 0.03";
    explained(&folder, "t-2", &["line 10, market 39, tier above 3", place, line, cap]);
    explained(&folder, "t-1", &["the 3rd charge of market 39", "tier above 0", "charged   USD 0.05 on"]);
    explained(&folder, "b-1", &["place     free unit 2 of 2", "charged   USD 0.00 on LR-2018-000001, line 4"]);

    let html = document(&folder, "html");
    for says in ["Free units: Italy (+39)", "from the 4th charge", "Cap of the month (USD 0.50)", "USD -0.03"] {
        assert!(html.contains(says), "{says}");
    }
    let page = fs::read_to_string(folder.join("state/reports/2018-08.html")).unwrap();
    for says in ["tier above 3<", "free units<", "<td>cap</td>", "11 unanswered; 2 free"] {
        assert!(page.contains(says), "{says}");
    }
}

fn check_line_file(folder: &Path) {
    let charges = folder.join("state/charges/2018-08/bologna-bakery.csv");
    let bytes = fs::read(&charges).unwrap();
    let rows = rows(&bytes);
    let price = |id: &str| rows.iter().find(|row| row["message_id"] == id).map(|row| row["amount"].clone());
    for (id, amount) in [("a-1", "0.00"), ("b-1", "0.00"), ("t-1", "0.05"), ("t-2", "0.035"), ("b-4", "0.09")] {
        assert_eq!(price(id).as_deref(), Some(amount), "{id}");
    }
    let last: Vec<_> = rows[11..].iter().map(|row| (&*row["verdict"], &*row["amount"])).collect();
    assert_eq!(last, [("rounding", "0.005"), ("cap", "-0.03")]);
    fs::write(&charges, String::from_utf8(bytes.clone()).unwrap().replace("-0.03", "-0.02")).unwrap();
    let verified = ritardo(folder, &["verify"]).expect(1);
    assert!(format!("{}{}", verified.out, verified.err).contains("the cap makes"), "{}{}", verified.out, verified.err);
    fs::write(&charges, bytes).unwrap();
}

const ALL_UNITS: &str = r#"
minimum = "1.00"
tiers = "all_units"
rate = [{ market = "39", tiers = [
            { above = 0, steps = [{ after = "24h", price = "0.05" }, { after = "48h", price = "0.07" }] },
            { above = 3, steps = [{ after = "24h", price = "0.03" }, { after = "48h", price = "0.06" }] }] },
        { market = "other", steps = [{ after = "24h", price = "0.08" }, { after = "48h", price = "0.09" }] }]
"#;

const LATE: [Row; 11] = [
    ("a-1", "+391", "inbound", "2018-08-02T10:00:00Z"),
    ("a-1-answer", "+391", "outbound", "2018-08-03T16:00:00Z"),
    ("a-2", "+392", "inbound", "2018-08-02T10:00:00Z"),
    ("a-2-answer", "+392", "outbound", "2018-08-04T10:00:00Z"),
    ("a-3", "+393", "inbound", "2018-08-02T10:00:00Z"),
    ("a-3-answer", "+393", "outbound", "2018-08-04T22:00:00Z"),
    ("a-4", "+394", "inbound", "2018-08-05T10:00:00Z"),
    ("b-1", "+441", "inbound", "2018-08-02T10:00:00Z"),
    ("b-1-answer", "+441", "outbound", "2018-08-03T16:00:00Z"),
    ("a-5", "+395", "inbound", "2018-08-02T10:00:00Z"),
    ("a-5-answer", "+395", "outbound", "2018-08-03T10:00:00Z"),
];

/// Market 39 has four charges, more than three: all have the prices of the second tier. `a-1` waited 30 h and `a-2`
/// exactly 48 h: 0.03 each; `a-3` waited 60 h and `a-4` had no answer: 0.06 each. Other: `b-1` waited 30 h: 0.08.
/// `a-5` is on time. Together 0.06 + 0.12 + 0.08 = 0.26; the minimum adds 0.74.
#[test]
fn a_month_with_tiers_of_all_units_steps_and_a_minimum() {
    let folder = bakery("all-units", ALL_UNITS, &LATE);
    closed(&folder, 6, 5);
    let invoice = invoice(&folder);
    let expected =
        ["39 null 3 24h 2 0.03 USD 0.06", "39 null 3 48h 2 0.06 USD 0.12", "other null null 24h 1 0.08 USD 0.08"];
    assert_eq!(lines(&invoice), expected);
    assert_eq!(invoice["adjustments"], json!([{ "kind": "minimum", "limit": "USD 1.00", "amount": "USD 0.74" }]));
    assert_eq!(text(&invoice, "total"), "USD 1.00");

    let place = "place     the 3rd charge of market 39 in the month; the number of all gives the tier above 3";
    let minimum = "minimum   the charges of the month come to USD 0.26; the minimum of USD 1.00 adds USD 0.74";
    explained(&folder, "a-3", &["USD 0.06: ", "tier above 3, step after 48h", place, minimum]);
    explained(&folder, "a-5", &["verdict   on_time", "rate      none", "charged   no"]);
    let html = document(&folder, "html");
    for says in ["tier above 3 charges, waited more than 48\u{a0}h", "Minimum of the month (USD 1.00)", "USD 0.74"] {
        assert!(html.contains(says), "{says}");
    }
}

#[test]
fn a_month_of_free_units_alone_has_no_invoice_and_no_minimum() {
    let tariff = GRADUATED.replace("free = 2\ncap = \"0.50\"", "free = 20\nminimum = \"5.00\"");
    let folder = bakery("free", &tariff, &UNANSWERED);
    closed(&folder, 11, 11);
    assert!(bodies(&folder.join("state"), "invoice").is_empty());
    explained(&folder, "t-4", &["place     free unit 8 of 20", "charged   no: it is a free unit"]);
    let page = fs::read_to_string(folder.join("state/reports/2018-08.html")).unwrap();
    assert!(page.contains("free units only") && page.contains("None of 1 business is invoiced"));
}

#[test]
fn rate_gives_places_and_says_what_a_cap_takes() {
    let folder = bakery("rate", GRADUATED, &UNANSWERED);
    let said = rated(&folder, &["--out", "waits.csv", "--summary", "summary.json"]).out;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].ends_with("11 charges (2 free), USD 0.525"), "{said}");
    assert_eq!(lines[1], "bologna-bakery, 2018-08: the cap of USD 0.50 takes USD 0.03; net USD 0.50");
    assert_eq!(lines[2], "net, rounded as on invoices: USD 0.50");
    let rows: BTreeMap<String, BTreeMap<String, String>> = rows(&fs::read(folder.join("waits.csv")).unwrap())
        .into_iter()
        .map(|row| (row["message_id"].clone(), row))
        .collect();
    for (id, tier, place, rate) in [
        ("a-1", "", "free 1", "0.00"),
        ("a-2", "0", "1", "0.05"),
        ("t-1", "0", "3", "0.05"),
        ("t-4", "3", "6", "0.035"),
        ("b-4", "", "3", "0.09"),
    ] {
        let row = &rows[id];
        assert_eq!((&*row["tier"], &*row["place"], &*row["rate"], &*row["run"]), (tier, place, rate, ""), "{id}");
    }
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let adjusted = json!([{ "business": "bologna-bakery", "month": "2018-08", "kind": "cap", "limit": "USD 0.50",
                            "amount": "USD -0.03", "net": "USD 0.50" }]);
    for sums in [&summary, &summary["businesses"]["bologna-bakery"]] {
        assert_eq!(
            (&sums["free_units"], &sums["net"], &sums["adjustments"]),
            (&json!(2), &json!("USD 0.50"), &adjusted)
        );
    }
    rated(&folder, &["--out", "waits.parquet"]);
    let file = SerializedFileReader::new(fs::File::open(folder.join("waits.parquet")).unwrap()).unwrap();
    let cells: Vec<String> = file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert!(cells.iter().any(|row| row.contains("tier: 3, place: \"6\", run: null")), "{cells:?}");
}

const RUN: [Row; 4] = [
    ("a-july", "+391", "inbound", "2018-07-31T20:00:00Z"),
    ("a-august", "+391", "inbound", "2018-08-01T10:00:00Z"),
    ("b-august", "+392", "inbound", "2018-08-02T10:00:00Z"),
    ("b-answer", "+392", "outbound", "2018-08-02T11:00:00Z"),
];
const PLAIN: &str = "rate = [{ market = \"39\", price = \"0.05\" }, { market = \"other\", price = \"0.09\" }]\n";

/// The messages of a run have the month of its last one, and their own names.
#[test]
fn a_run_is_dated_by_its_last_message() {
    let reading = "[reading]\nclock = \"last_inbound\"\ngive_up = \"72h\"\n";
    let folder = bakery("run", &format!("{PLAIN}{reading}"), &RUN);
    closed(&folder, 3, 2);
    let ids: Vec<String> = common::charges(&folder.join("state")).into_iter().map(|charge| charge.2).collect();
    assert_eq!(ids, ["a-august", "a-july"]);
    let received = "received  2018-08-01T10:00:00.000Z   2018-08-01 12:00:00.000 +02:00   the last message of its run";
    explained(&folder, "a-july", &["reading   clock = last_inbound, give_up = 72h", received, "charged   USD 0.05 on"]);
}

#[test]
fn a_message_of_a_run_that_is_charged_once_names_the_one_that_is() {
    let reading = "[reading]\ncharge_per = \"wait_run\"\nclock = \"last_inbound\"\ngive_up = \"72h\"\n";
    let folder = bakery("once", &format!("{PLAIN}{reading}"), &RUN);
    closed(&folder, 2, 1);
    let through = "run       2 messages charged once, through a-august, which gives the clock: a-july, a-august";
    explained(&folder, "a-july", &["message   a-july", through, "charged   USD 0.05 on"]);
    explained(&folder, "a-august", &["run       2 messages charged once; this one gives the clock: a-july, a-august"]);
    explained(&folder, "b-august", &["run       this message alone", "verdict   on_time"]);
    let html = document(&folder, "html");
    let once = "Messages in a row with no answer between them are charged once together, by the time of the last.";
    assert!(html.contains(once) && html.contains("charge_per = wait_run, clock = last_inbound, give_up = 72h"));
    rated(&folder, &["--out", "waits.csv"]);
    let runs: Vec<String> =
        rows(&fs::read(folder.join("waits.csv")).unwrap()).into_iter().map(|row| row["run"].clone()).collect();
    assert_eq!(runs, ["2", "1"]);
}

#[test]
fn other_dates_are_named() {
    let reading = "[reading]\ncharge_for = \"late_reply\"\ngive_up = \"72h\"\nprice_date = \"answered\"\nmonth_of = \"deadline\"\n";
    let folder = bakery("dates", &format!("{PLAIN}{reading}"), &LATE);
    closed(&folder, 6, 4);
    let priced = "priced    2018-08-03T16:00:00.000Z   2018-08-03 18:00:00.000 +02:00   by its answer";
    explained(&folder, "a-1", &[priced, "month     2018-08, by its deadline at 2018-08-03 12:00:00.000 +02:00"]);
    explained(&folder, "a-4", &["rate      none: under late_reply a message never answered is free", "charged   no"]);
}

#[test]
fn late_outbound_messages_explain_themselves() {
    let reading = "[reading]\ncharge_for = \"late_outbound\"\n";
    let folder = bakery("outbound", &format!("{PLAIN}{reading}"), &LATE);
    closed(&folder, 5, 4);
    let received =
        "received  2018-08-02T10:00:00.000Z   2018-08-02 12:00:00.000 +02:00   the customer's last message before it";
    let sent = "sent      2018-08-03T16:00:00.000Z   2018-08-03 18:00:00.000 +02:00   after";
    explained(&folder, "a-1-answer", &[received, sent, "verdict   late: sent after the window", "USD 0.05 on"]);
    explained(&folder, "a-1", &["under charge_for = late_outbound those of the business are charged"]);
    explained(&folder, "z-first", &["a message with none of the customer before it"]);
    let html = document(&folder, "html");
    assert!(html.contains("A message to a customer is charged when it was sent later than 24\u{a0}h after"));
}
