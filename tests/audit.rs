//! `ritardo audit` over many months and by two clocks, `ritardo verify --head`, and what each says of a record that was
//! changed.
#![cfg(test)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::{
    NIGHT, bodies, copy, daily_shop, files, give_key, ledger, night, ritardo, root, sample, scratch, sha256, text,
};
use serde_json::{Value, json};

const HEADER: &str = "message_id,business,channel,customer,direction,sent_at,kind\n";

/// `id direction sent_at`; the customer is told by the first letter of the id.
fn log(rows: &[&str]) -> String {
    let mut log = HEADER.to_owned();
    for row in rows {
        let cells: Vec<&str> = row.split(' ').collect();
        let customer = row.bytes().next().unwrap();
        writeln!(
            log,
            "{},bologna-bakery,+390510000417,+390000000{customer:03},{},{},text",
            cells[0], cells[1], cells[2]
        )
        .unwrap();
    }
    log
}

/// A shop whose August was closed with two charges, and for whose first message an answer comes to light afterwards.
fn shop(name: &str) -> PathBuf {
    let folder = scratch(name);
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '5');
    let august = [
        "z-first outbound 2018-07-31T10:00:00Z",
        "a-asked inbound 2018-08-10T10:00:00Z",
        "a-answer outbound 2018-08-12T10:00:00Z",
        "b-asked inbound 2018-08-14T10:00:00Z",
        "b-answer outbound 2018-08-16T10:00:00Z",
        "z-last outbound 2018-09-04T10:00:00Z",
    ];
    fs::write(folder.join("inbox/desk/2018-08.csv"), log(&august)).unwrap();
    night(&folder).expect(0);
    folder
}

fn late_log(folder: &Path) {
    fs::write(folder.join("inbox/desk/late.csv"), log(&["a-early outbound 2018-08-10T12:00:00Z"])).unwrap();
    ritardo(folder, &["run", "--as-of", "2018-09-20T00:00:00Z"]).expect(0);
}

fn without_guards(state: &Path) -> rusqlite::Connection {
    let ledger = ledger(state);
    let mut statement = ledger.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
    let triggers: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    drop(statement);
    for trigger in triggers {
        ledger.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    ledger
}

/// What somebody with the whole state folder in their hands can do: change entries, and bind all after them anew.
fn forge(state: &Path, change: &dyn Fn(&str, &mut Value)) {
    let ledger = without_guards(state);
    let mut statement = ledger.prepare("SELECT seq, kind, body FROM entry ORDER BY seq").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(i64, String, String)> = rows.map(Result::unwrap).collect();
    drop(statement);
    let mut previous = String::new();
    for (seq, kind, before) in rows {
        let mut body: Value = serde_json::from_str(&before).unwrap();
        change(&kind, &mut body);
        let is_same = body == serde_json::from_str::<Value>(&before).unwrap();
        let body = if is_same { before } else { body.to_string() };
        let hash = sha256(format!("{previous}\n{seq}\n{kind}\n{body}\n").as_bytes());
        let update = "UPDATE entry SET body = ?2, previous = ?3, hash = ?4 WHERE seq = ?1";
        ledger.execute(update, (seq, &body, &previous, &hash)).unwrap();
        previous = hash;
    }
}

/// Adds an entry as the program would.
fn append(state: &Path, kind: &str, body: &Value) {
    let ledger = ledger(state);
    let last = "SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1";
    let (seq, previous): (i64, String) = ledger.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let (seq, body) = (seq + 1, body.to_string());
    let hash = sha256(format!("{previous}\n{seq}\n{kind}\n{body}\n").as_bytes());
    let insert = "INSERT INTO entry (seq, kind, body, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5)";
    ledger.execute(insert, (seq, kind, &body, &previous, &hash)).unwrap();
}

/// Stores a text under its SHA-256.
fn store(state: &Path, text: &str) -> String {
    let name = sha256(text.as_bytes());
    let insert = "INSERT OR IGNORE INTO content (sha256, bytes) VALUES (?1, ?2)";
    ledger(state).execute(insert, (&name, text.as_bytes())).unwrap();
    name
}

/// A shop with a file a day whose months August to October are closed, the second without charges.
fn three_months(name: &str) -> PathBuf {
    let folder = daily_shop(name);
    let rows = [
        "a-asked inbound 2018-08-10T10:00:00Z",
        "a-answer outbound 2018-08-12T10:00:00Z",
        "b-asked inbound 2018-09-10T10:00:00Z",
        "b-answer outbound 2018-09-10T12:00:00Z",
        "c-asked inbound 2018-10-10T10:00:00Z",
        "d-asked inbound 2018-10-11T10:00:00Z",
    ];
    let last_days = [(7, 31..=31), (8, 1..=31), (9, 1..=30), (10, 1..=31), (11, 1..=3)];
    for day in last_days.into_iter().flat_map(|(month, days)| days.map(move |day| format!("2018-{month:02}-{day:02}")))
    {
        let of_day: Vec<&str> = rows.iter().filter(|row| row.contains(&day)).copied().collect();
        fs::write(folder.join(format!("inbox/desk/{day}.csv")), log(&of_day)).unwrap();
    }
    ritardo(&folder, &["run", "--as-of", "2018-11-05T00:00:00Z"]).expect(0);
    folder
}

#[test]
fn a_range_takes_the_closed_months_between_its_ends() {
    let folder = three_months("audit-range");
    let all = ritardo(&folder, &["audit", "--all"]).expect(0).out;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 4, "one line a month, and their sum: {all}");
    assert!(
        lines[0].starts_with("identical 2018-08  bologna-bakery  1 wait, 1 charge  LR-2018-000001  USD 0.05"),
        "{all}"
    );
    assert!(lines[1].starts_with("identical 2018-09  bologna-bakery  1 wait, 0 charges  no invoice"), "{all}");
    assert_eq!(lines[3], "3 of 3 business months identical: 4 waits, 3 charges");
    for (months, sum) in [
        ("2018-08..2018-09", "2 of 2 business months identical: 2 waits, 1 charge"),
        ("2018-09..2019-12", "2 of 2 business months identical: 3 waits, 2 charges"),
        ("2018-10..2018-10", "1 of 1 business month identical: 2 waits, 2 charges"),
    ] {
        let told = ritardo(&folder, &["audit", months]).expect(0).out;
        assert_eq!(told.lines().last(), Some(sum), "{months}");
    }
    let one = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(one.contains("          document sha256:"), "of one month the digests are shown: {one}");
}

/// A year of a shop with a log each day: on every third day a customer is answered too late, or never, or in time.
fn year(name: &str) -> PathBuf {
    let folder = daily_shop(name);
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    fs::write(folder.join("businesses.toml"), book.replace("Europe/Rome", "UTC")).unwrap();
    let days = [("2018", 8..=12, 31), ("2019", 1..=8, 31)];
    let is_day = |month: u32, day: u32| day <= [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    fs::write(folder.join("inbox/desk/2018-07-31.csv"), log(&[])).unwrap();
    let mut count = 0;
    for (year, months, last) in days {
        for month in months {
            for day in (1..=last).filter(|day| is_day(month, *day) && (year, month) < ("2019", 8) || *day <= 3) {
                let date = format!("{year}-{month:02}-{day:02}");
                count += 1;
                let mut rows =
                    vec![format!("a{count} inbound {date}T10:00:00Z"), format!("a{count}r outbound {date}T11:00:00Z")];
                if count % 3 == 0 {
                    rows.push(format!("b{count} inbound {date}T12:00:00Z"));
                }
                if count % 9 == 1 {
                    rows.push(format!("b{count}r outbound {date}T23:00:00Z"));
                }
                fs::write(
                    folder.join(format!("inbox/desk/{date}.csv")),
                    log(&rows.iter().map(String::as_str).collect::<Vec<_>>()),
                )
                .unwrap();
            }
        }
    }
    ritardo(&folder, &["run", "--as-of", "2019-08-04T00:00:00Z"]).expect(0);
    folder
}

#[test]
fn twelve_months_are_audited_in_one_command_and_what_was_changed_is_named() {
    let folder = year("audit-year");
    let state = folder.join("state");
    let numbers: Vec<String> = bodies(&state, "invoice").iter().map(|invoice| text(invoice, "number")).collect();
    assert_eq!((numbers.len(), numbers[0].as_str(), numbers[11].as_str()), (12, "LR-2019-000001", "LR-2019-000012"));
    let told = ritardo(&folder, &["audit", "--all"]).expect(0).out;
    assert!(told.contains("12 of 12 business months identical: "), "{told}");
    ritardo(&folder, &["audit", "2018-08..2019-07", "--jobs", "1"]).expect(0);
    // A recorded digest of another tariff: months of the one that prices a message otherwise differ, down to it.
    let dearer =
        fs::read_to_string(folder.join("tariff.toml")).unwrap().replacen("price = \"0.05\"", "price = \"0.06\"", 1);
    let other = store(&state, &dearer);
    forge(&state, &|kind, body| {
        if kind == "month_closed" && body["month"] == "2019-02" {
            body["tariff_sha256"] = json!(other);
        }
    });
    let told = ritardo(&folder, &["audit", "--all"]).expect(1).out;
    assert!(told.contains("11 of 12 business months identical") && told.contains("DIFFERS   2019-02"), "{told}");
    let february = told.split("DIFFERS   2019-02").nth(1).unwrap();
    assert!(february.contains("0.06") && february.lines().any(|line| line.contains("message b")), "{february}");
    // A changed message is a changed file of the archive, which is named before anything is judged by it.
    let part = files(&state.join("archive/2019-05")).remove(0);
    let path = state.join("archive/2019-05").join(&part);
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let told = ritardo(&folder, &["audit", "2019-05"]).expect(1).err;
    assert!(told.contains("an archived file is damaged") && told.contains(&part), "{told}");
}

#[test]
fn what_is_told_does_not_depend_on_the_number_of_jobs() {
    for folder in [three_months("audit-jobs-months"), {
        let folder = sample("audit-jobs-sample");
        night(&folder).expect(0);
        folder
    }] {
        for form in ["text", "json"] {
            let told = |jobs: &str| {
                let clocks = ["--as-known", "2018-09-03", "--tariff-as-of", "2018-12-01T00:00:00Z"];
                ritardo(&folder, &[&["audit", "--all", "--jobs", jobs, "--format", form][..], &clocks].concat())
                    .expect(0)
                    .out
            };
            assert_eq!(told("1"), told("4"), "{form}");
        }
    }
}

#[test]
fn one_business_is_audited_alone() {
    let folder = sample("audit-business");
    night(&folder).expect(0);
    let told = ritardo(&folder, &["audit", "--all", "--business", "lisbon-hotel"]).expect(0).out;
    assert!(told.contains("1 of 1 business month identical: 620 waits, 70 charges"), "{told}");
    assert!(!told.contains("bologna-bakery"), "{told}");
}

#[test]
fn a_correction_and_its_credit_note_are_audited_with_their_month() {
    let folder = shop("audit-correction");
    late_log(&folder);
    let told = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(told.contains("identical 2018-08  bologna-bakery  2 waits, 2 charges  LR-2018-000001  USD 0.10"), "{told}");
    assert!(told.contains("          identical correction 1 (late logs)  1 charge  USD 0.05"), "{told}");
    assert!(told.contains("          identical credit note LRC-2018-000001 on LR-2018-000001  USD 0.05"), "{told}");
    assert!(!told.contains("would look otherwise"), "{told}");
    let verified = ritardo(&folder, &["verify"]).expect(0).out;
    assert!(verified.contains("1 correction, 1 credit note"), "{verified}");
    // The charges after the correction are evidence like those before it.
    let charges = folder.join("state/charges/2018-08/bologna-bakery.1.csv");
    let before = fs::read_to_string(&charges).unwrap();
    fs::write(&charges, before.replace("0.05,0.05", "0.05,0.04")).unwrap();
    let told = ritardo(&folder, &["audit", "--all"]).expect(1).out;
    assert!(told.contains("DIFFERS correction 1 (late logs)"), "{told}");
    assert!(told.contains("charge of message b-asked on '+390510000417: recorded"), "{told}");
    assert!(ritardo(&folder, &["verify"]).expect(1).out.contains("bologna-bakery.1.csv"));
}

#[test]
fn a_settled_dispute_and_a_new_invoice_are_audited_with_their_month() {
    let folder = shop("audit-dispute");
    fs::write(folder.join("claims.csv"), "message_id,reason,decision\nb-asked,the till was offline,accept\n").unwrap();
    let at = ["--as-of", "2018-09-10T00:00:00Z"];
    ritardo(&folder, &[&["dispute", "open", "claims.csv"][..], &at].concat()).expect(0);
    ritardo(&folder, &[&["dispute", "settle", "1", "--issue"][..], &at].concat()).expect(0);
    let told = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(told.contains("identical correction 1 (dispute)  1 charge  USD 0.05"), "{told}");
    assert!(told.contains("identical credit note LRC-2018-000001 on LR-2018-000001  USD 0.05"), "{told}");
    // What the dispute took out is no change of the logs.
    let told = ritardo(&folder, &["audit", "2018-08", "--as-known", "2018-10-05"]).expect(0).out;
    assert!(told.contains("late logs changed: 0 messages, USD 0.00"), "{told}");
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    fs::write(folder.join("businesses.toml"), book.replace("Via degli Esempi 12", "Via Nuova 1")).unwrap();
    let reissue = ["reissue", "LR-2018-000001", "--reason", "the street was wrong"];
    ritardo(&folder, &[&reissue[..], &["--as-of", "2018-09-12T00:00:00Z"]].concat()).expect(0);
    let told = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(told.contains("identical credit note LRC-2018-000002 on LR-2018-000001  USD 0.05"), "{told}");
    assert!(told.contains("identical invoice LR-2018-000002 in place of LR-2018-000001  USD 0.05"), "{told}");
    assert!(!told.contains("would look otherwise"), "{told}");
    ritardo(&folder, &["verify"]).expect(0);
    // Somebody who is forgotten keeps the month what it was.
    ritardo(&folder, &["run", "--as-of", "2018-09-13T00:00:00Z"]).expect(0);
    ritardo(&folder, &["forget", "+390000000098", "--as-of", "2018-09-14T00:00:00Z"]).expect(0);
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
}

#[test]
fn late_logs_and_a_tariff_correction_are_told_apart() {
    let folder = shop("audit-clocks");
    let state = folder.join("state");
    late_log(&folder);
    // From 25 September on another tariff was known.
    let tariff = fs::read_to_string(folder.join("tariff.toml")).unwrap();
    let other = tariff.replace("\"2018-08\"", "\"2018-09\"").replace("price = \"0.05\"", "price = \"0.04\"");
    let other = store(&state, &other);
    let known =
        json!({"entry": "tariff", "at": "2018-09-25T00:00:00.000Z", "tariff": "late-reply@2018-09", "sha256": other});
    append(&state, "tariff", &known);

    let audit = |more: &[&str]| ritardo(&folder, &[&["audit", "2018-08"], more].concat()).expect(0);
    let told = audit(&["--as-known", "2018-10-05"]).out;
    assert!(told.contains("          as closed at 2018-09-05T00:00:00.000Z: 2 charges, USD 0.10\n"), "{told}");
    assert!(
        told.contains("          as known before 2018-10-05T23:00:00.000Z, 2 logs: 1 charge, USD 0.05\n"),
        "{told}"
    );
    assert!(told.contains("          late logs changed: 1 message, USD -0.05\n"), "{told}");
    assert!(told.contains("            a-asked on +390510000417: 0.05, then nothing\n"), "{told}");
    assert!(!told.contains("tariff"), "what was not asked is not told: {told}");
    // Before the late log came, the month was what it was closed as.
    let told = audit(&["--as-known", "2018-09-19T23:59:59Z"]).out;
    assert!(told.contains("late logs changed: 0 messages, USD 0.00"), "{told}");
    let told = audit(&["--as-known", "2018-09-01"]).out;
    assert!(told.contains("no log was known: 0 charges, USD 0.00"), "{told}");
    assert!(told.contains("what was not known yet: 2 messages, USD -0.10"), "{told}");

    let told = audit(&["--tariff-as-of", "2018-10-05"]).out;
    assert!(
        told.contains("tariff known before 2018-10-05T23:00:00.000Z: late-reply@2018-09: 2 charges, USD 0.08\n"),
        "{told}"
    );
    assert!(told.contains("          a tariff correction changed: 2 messages, USD -0.02\n"), "{told}");
    assert!(told.contains("            b-asked on +390510000417: 0.05, then 0.04\n"), "{told}");
    let told = audit(&["--tariff-as-of", "2018-09-24"]).out;
    assert!(told.contains("late-reply@2018-08: 2 charges, USD 0.10"), "{told}");
    let told = audit(&["--tariff-as-of", "2018-09-01"]).out;
    assert!(told.contains("(no tariff was known then; the month keeps its own)"), "{told}");

    let both = audit(&["--as-known", "2018-10-05", "--tariff-as-of", "2018-10-05", "--format", "json"]).json();
    let clocks = &both[0]["clocks"];
    assert_eq!((&clocks["net"], &clocks["difference"]), (&json!("USD 0.10"), &json!("USD -0.06")), "{clocks}");
    assert_eq!(clocks["as_known"]["difference"], "USD -0.05");
    assert_eq!(
        clocks["as_known"]["messages"][0],
        json!({"channel": "+390510000417", "message_id": "a-asked", "was": "0.05", "now": null})
    );
    assert_eq!(clocks["tariff_as_of"]["difference"], "USD -0.01");
    assert_eq!(clocks["tariff_as_of"]["tariff_sha256"], json!(other));
    let told = audit(&["--as-known", "2018-10-05", "--tariff-as-of", "2018-10-05"]).out;
    assert!(told.contains("          together: USD -0.06\n"), "{told}");
    assert!(
        told.ends_with("as known then: 1 message, USD -0.05\nunder the tariff known then: 1 message, USD -0.01\n"),
        "{told}"
    );
}

#[test]
fn a_tariff_that_does_not_price_the_month_is_passed_over() {
    let folder = shop("audit-tariff-later");
    let state = folder.join("state");
    let tariff = fs::read_to_string(folder.join("tariff.toml")).unwrap();
    for (version, old, new) in [
        ("2018-10", "price = \"0.05\"", "price = \"0.04\"\nfrom = \"2018-10-01\""),
        ("2018-11", "currency = \"USD\"", "currency = \"EUR\""),
    ] {
        let sha256 = store(&state, &tariff.replace("\"2018-08\"", &format!("\"{version}\"")).replace(old, new));
        let at = "2018-09-25T00:00:00.000Z";
        append(
            &state,
            "tariff",
            &json!({"entry": "tariff", "at": at, "tariff": format!("late-reply@{version}"), "sha256": sha256}),
        );
    }
    let told = ritardo(&folder, &["audit", "--all", "--tariff-as-of", "2018-10-05"]).expect(0).out;
    let passed_over =
        "late-reply@2018-08 (a later one that was known then does not price the month): 2 charges, USD 0.10";
    assert!(told.contains(passed_over), "{told}");
}

#[test]
fn a_month_closed_by_an_unknown_rule_is_refused_by_name() {
    let folder = three_months("audit-rule");
    forge(&folder.join("state"), &|kind, body| {
        if kind == "month_closed" && body["month"] == "2018-09" {
            body["version"] = json!("7.1.0");
        }
    });
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
    let told = ritardo(&folder, &["audit", "--all"]).expect(78);
    let named = "2018-09 of bologna-bakery was closed by version 7.1.0, whose rule this program does not know";
    assert!(told.err.contains(named) && told.err.contains("hint: "), "{}", told.err);
    assert_eq!(told.out, "");
}

/// Whoever changes the record so that it is whole in itself is found by what it comes to.
#[test]
fn a_forged_record_differs_down_to_the_message() {
    let folder = shop("audit-forged");
    let pristine = folder.join("pristine");
    copy(&folder.join("state"), &pristine);
    let forged = |change: &dyn Fn(&str, &mut Value)| {
        fs::remove_dir_all(folder.join("state")).unwrap();
        copy(&pristine, &folder.join("state"));
        forge(&folder.join("state"), change);
        ritardo(&folder, &["audit", "--all"])
    };
    // A part of the archive with the answers is no longer named.
    let told = forged(&|kind, body| {
        if kind == "file" {
            body["parts"].as_array_mut().unwrap().retain(|part| part["month"] != "2018-08");
        }
    });
    let told = told.expect(1).out;
    assert!(told.contains("waits: recorded 2, replayed 0"), "{told}");
    assert!(told.contains("charge of message a-asked on '+390510000417: recorded"), "{told}");
    assert!(
        told.contains("invoice line 39 unknown at 0.05: recorded 2 charges, 0.10, rounded USD 0.10, replayed nothing"),
        "{told}"
    );
    assert!(told.contains("total of the invoice: recorded USD 0.10, replayed USD 0.00"), "{told}");
    assert!(!told.contains("suspect"), "the time zone data are the same: {told}");

    // Another tariff stands in the place of the recorded one, and the zone data were others.
    let tariff =
        fs::read_to_string(folder.join("tariff.toml")).unwrap().replace("price = \"0.05\"", "price = \"0.06\"");
    let other = sha256(tariff.as_bytes());
    let change = |kind: &str, body: &mut Value| {
        if kind == "month_closed" {
            (body["tariff_sha256"], body["zones"]) = (json!(other), json!("2018e"));
        }
    };
    forged(&change);
    store(&folder.join("state"), &tariff);
    let told = ritardo(&folder, &["audit", "--all"]).expect(1).out;
    assert!(told.contains("sum of the charges: recorded 0.10, replayed 0.12"), "{told}");
    assert!(told.contains("invoice line 39 unknown at 0.06: recorded nothing, replayed 2 charges"), "{told}");
    assert!(told.contains("net amount of the invoice: recorded USD 0.10, replayed USD 0.12"), "{told}");
    assert!(
        told.contains(&format!(
            "computation.tariff_sha256 of the canonical invoice: recorded `{}`",
            sha_of_tariff(&pristine)
        )),
        "{told}"
    );
    assert!(told.contains("suspect: closed with time zone data 2018e, replayed with "), "{told}");
}

#[test]
fn other_looks_and_other_zone_data_are_no_difference() {
    let folder = shop("audit-looks");
    forge(&folder.join("state"), &|kind, body| {
        if kind == "month_closed" {
            body["zones"] = json!("2018e");
        }
        if kind == "documents" {
            body["files"].as_array_mut().unwrap().iter_mut().for_each(|file| file["sha256"] = json!("0".repeat(64)));
        }
        if kind == "mail" {
            body["sha256"] = json!("0".repeat(64));
        }
    });
    let told = ritardo(&folder, &["audit", "--all"]).expect(0).out;
    assert!(!told.contains("suspect") && told.contains("1 of 1 business month identical"), "{told}");
    for name in ["LR-2018-000001_2018-08.html", "LR-2018-000001_2018-08.pdf", "LR-2018-000001_1.eml"] {
        let looks = format!("{name} would look otherwise today (made by 0.1.0); its amounts are the same");
        assert!(told.contains(&looks), "{name}: {told}");
    }
}

fn sha_of_tariff(state: &Path) -> String {
    text(&bodies(state, "month_closed")[0], "tariff_sha256")
}

#[test]
fn damaged_evidence_is_named() {
    let folder = shop("audit-damaged");
    let state = folder.join("state");
    let archived = files(&state.join("archive")).into_iter().find(|name| name.starts_with("2018-08/")).unwrap();
    let path = state.join("archive").join(&archived);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let told = ritardo(&folder, &["audit", "2018-08"]).expect(1).err;
    assert!(told.contains("an archived file is damaged") && told.contains(&archived), "{told}");
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
    let tariff = sha_of_tariff(&state);
    without_guards(&state)
        .execute("UPDATE content SET bytes = CAST(bytes || ' ' AS BLOB) WHERE sha256 = ?1", [&tariff])
        .unwrap();
    let told = ritardo(&folder, &["audit", "2018-08"]).expect(1).err;
    assert!(told.contains("the recorded tariff.toml cannot be used") && told.contains(&tariff), "{told}");
}

#[test]
fn a_printed_head_is_proven_and_an_older_ledger_does_not_hold_it() {
    let folder = three_months("verify-head");
    let state = folder.join("state");
    let heads: Vec<String> = bodies(&state, "invoice").iter().map(|issued| text(issued, "document_sha256")).collect();
    assert_eq!(heads.len(), 2);
    // What the HTML page of the invoice prints.
    let page = fs::read_to_string(state.join("issued/LR-2018-000001/LR-2018-000001_2018-08.html")).unwrap();
    assert!(page.contains(&heads[0]), "the invoice prints the head of the chain");
    let prove = |head: &str, code: i32| ritardo(&folder, &["verify", "--head", head]).expect(code).out;
    let told = prove(&heads[0], 0);
    assert!(told.starts_with("verified"), "{told}");
    let named = format!("pinned    sha256:{} is invoice LR-2018-000001 (entry ", heads[0]);
    assert!(told.contains(&named) && told.contains("all up to it is held and chains; 1 document and "), "{told}");
    let told = prove(&heads[1][..12].to_uppercase(), 0);
    assert!(told.contains("is invoice LR-2018-000002") && told.contains("; 0 documents and "), "{told}");
    let ledger_head = told.lines().find_map(|line| line.strip_prefix("ledger    ")).unwrap().to_owned();
    let told = prove(&ledger_head, 0);
    assert!(told.contains(" of the ledger (") && told.contains("0 documents and 0 entries came after"), "{told}");

    // A whole ledger of another past: its chain holds, and it does not hold what the invoice pinned.
    forge(&state, &|kind, body| {
        if kind == "month_closed" {
            body["closed_at"] = json!("2018-11-06T00:00:00.000Z");
        }
    });
    let told = prove(&ledger_head, 1);
    let sentence = "the ledger no longer holds what pinned it: it is an older copy, or was rewritten";
    assert!(told.starts_with(&format!("DIFFERS   no head of this ledger is {ledger_head}: {sentence}")), "{told}");
    assert!(!told.contains("verified") && !told.contains("pinned    "), "{told}");
    prove(&heads[1], 0);
}

#[test]
fn an_older_copy_does_not_hold_the_newest_invoice() {
    let folder = shop("verify-head-older");
    let state = folder.join("state");
    let older = fs::read(state.join("ledger.db")).unwrap();
    late_log(&folder);
    let note = text(&bodies(&state, "credit_note")[0], "document_sha256");
    let told = ritardo(&folder, &["verify", "--head", &note]).expect(0).out;
    assert!(told.contains("is credit note LRC-2018-000001 (entry "), "{told}");
    fs::write(state.join("ledger.db"), older).unwrap();
    let told = ritardo(&folder, &["verify", "--head", &note]).expect(1).out;
    assert!(told.contains("it is an older copy, or was rewritten"), "{told}");
    ritardo(&folder, &["run", "--as-of", NIGHT]).expect(1);
}
