//! I7, I8, I10 and I13 to I16: messages that come twice, in another order, late, elsewhere, or not at all.

use std::fs;

use crate::common::{Dice, NIGHT, facts, gzip, parquet_of, text, tree, zstd};
use crate::shop::{AUGUST, DAILY, DESK, HEADER, Shop, days, log, row, sheet};

/// August as the desk tells it in other forms: names and bytes.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let plain = log(&AUGUST);
    let header: Vec<String> = HEADER.split(',').map(str::to_owned).collect();
    let cells: Vec<Vec<String>> =
        plain.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let object = |row: &Vec<String>| {
        let fields = header.iter().cloned().zip(row.iter().map(|cell| serde_json::Value::from(cell.clone())));
        serde_json::Value::Object(fields.collect()).to_string() + "\n"
    };
    let ndjson: String = cells.iter().map(object).collect();
    vec![
        ("desk/a.csv", plain.clone().into_bytes()),
        ("desk/a.csv.gz", gzip(plain.as_bytes())),
        ("desk/a.csv.zst", zstd(plain.as_bytes())),
        ("desk/a.ndjson.gz", gzip(ndjson.as_bytes())),
        ("desk/a.ndjson", ndjson.into_bytes()),
        ("desk/a.parquet", parquet_of(&header, &cells)),
    ]
}

/// The same message in six exports is one message, and is charged once, as it is from each of them alone.
#[test]
fn i07_one_message_in_many_exports_is_charged_once() {
    let all = Shop::new("i07", &format!("{DESK}[limits]\nreaders = 1\n"));
    let forms = forms();
    forms.iter().for_each(|(name, bytes)| all.put(name, bytes));
    all.night(0);
    assert_eq!(all.billed(), ["a-late"]);
    assert_eq!(all.read().len(), forms.len(), "each was read");
    for (index, (name, bytes)) in forms.iter().enumerate() {
        let one = Shop::new(&format!("i07-{index}"), DESK);
        one.put(name, bytes);
        one.night(0);
        assert!(facts(&one.state()) == facts(&all.state()), "{name} by itself is another month");
    }
    all.put("desk/again.csv", sheet(&[row("a-late", "inbound", "2018-08-10T10:00:00Z")]));
    all.run("2018-09-06T00:00:00Z").expect(0);
    assert_eq!(all.billed(), ["a-late"], "the second export of a night later changes nothing");
}

/// Two exports that contradict each other about one message: nobody is charged for who is wrong.
#[test]
fn i08_exports_that_contradict_each_other_hold_the_conversation() {
    let other = [("2018-08-10T10:00:00Z", "2018-08-09T10:00:00Z"), ("inbound", "outbound"), ("097", "099")];
    for (index, (old, new)) in other.into_iter().enumerate() {
        let shop = Shop::with_lab(&format!("i08-{index}"));
        let known = row("a-late", "inbound", "2018-08-10T10:00:00Z");
        shop.put("lab/other.csv", sheet(&[known.replace(old, new)]));
        let ran = shop.night(0);
        assert!(shop.billed().is_empty() && shop.closed().is_empty(), "{new}: {}", ran.out);
        assert!(ran.out.contains("conflict  exports disagree about 1 message"), "{}", ran.out);
        let versions = versions(&shop);
        assert!(versions.len() == 2 && versions[0] != versions[1], "{versions:?}");
        let held = shop.held();
        assert!(held.iter().any(|hold| hold["cause"] == "conflict"), "{held:?}");
    }
}

/// What the exports say of the one message about which they disagree.
fn versions(shop: &Shop) -> Vec<serde_json::Value> {
    let summary = shop.ritardo(&["run", "--dry-run", "--as-of", NIGHT, "--format", "json"]).expect(0).json();
    let conflicts = summary["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    conflicts[0]["versions"].as_array().unwrap().clone()
}

/// Rows and files in any order are the same month.
#[test]
fn i10_rows_and_files_in_any_order_are_the_same_month() {
    let mut rows: Vec<String> = AUGUST.iter().map(|(id, direction, at)| row(id, direction, at)).collect();
    for day in 1..30 {
        rows.push(row(&format!("c-ask-{day}"), "inbound", &format!("2018-08-{day:02}T09:00:00Z")));
        rows.push(row(&format!("c-say-{day}"), "outbound", &format!("2018-08-{:02}T08:59:59Z", day + 1 + day % 2)));
    }
    let in_order = Shop::new("i10-order", DESK);
    in_order.put("desk/all.csv", sheet(&rows));
    in_order.night(0);
    let billed = in_order.billed().len();
    assert!((5..30).contains(&billed), "{billed} are charged");
    for seed in 1..=6 {
        let shop = Shop::new(&format!("i10-{seed}"), DESK);
        let mut dice = Dice::new(seed);
        dice.shuffle(&mut rows);
        for (index, piece) in rows.chunks(4 + dice.roll(20)).enumerate() {
            shop.put(&format!("desk/{:03}-{index}.csv", dice.roll(999)), sheet(piece));
        }
        shop.night(0);
        assert!(facts(&shop.state()) == facts(&in_order.state()), "seed {seed}");
    }
}

/// The answer stands in another file, many days on, and in the next month: the month waits for it.
#[test]
fn i13_an_answer_in_a_later_file_and_month_is_found() {
    let rows = [
        ("a-eve", "inbound", "2018-08-31T20:00:00Z"),
        ("a-morning", "outbound", "2018-09-01T19:59:59Z"),
        ("b-eve", "inbound", "2018-08-31T20:00:00Z"),
        ("b-day-after", "outbound", "2018-09-01T20:00:00.001Z"),
        ("c-early", "inbound", "2018-08-02T08:00:00Z"),
        ("c-weeks-later", "outbound", "2018-08-29T08:00:00Z"),
        // In Bologna this is September.
        ("d-night", "inbound", "2018-08-31T22:00:00Z"),
    ];
    let shop = Shop::new("i13", DAILY);
    let days = days();
    let (august, september) = days.split_at(days.len() - 3);
    shop.put_days(august.iter().map(String::as_str), &rows);
    let waits = shop.run("2018-09-01T12:00:00Z").expect(0);
    assert!(waits.out.contains("waiting   2018-08") && shop.closed().is_empty(), "{}", waits.out);
    shop.put_days(september.iter().map(String::as_str), &rows);
    shop.night(0);
    assert_eq!(shop.closed(), ["2018-08"]);
    assert_eq!(shop.billed(), ["b-eve", "c-early"]);
    let told = shop.ritardo(&["explain", "a-eve"]).expect(0).out;
    assert!(told.contains("2018-09-01T19:59:59.000Z"), "{told}");
}

/// The worst fault: a day of outbound logs is missing, which looks as if nobody had answered.
#[test]
fn i14_a_missing_day_holds_until_it_arrives() {
    let rows = [
        ("a-asks", "inbound", "2018-08-14T09:00:00Z"),
        ("a-answer", "outbound", "2018-08-15T08:00:00Z"),
        ("b-asks", "inbound", "2018-08-15T05:00:00Z"),
        ("b-answer", "outbound", "2018-08-20T05:00:00Z"),
        ("c-asks", "inbound", "2018-08-21T05:00:00Z"),
    ];
    let (gap, whole) = (Shop::new("i14", DAILY), Shop::new("i14-whole", DAILY));
    let days = days();
    for shop in [&gap, &whole] {
        shop.put_days(days.iter().map(String::as_str), &rows);
    }
    let day = gap.folder.join("inbox/desk/2018-08-15.csv");
    let missing = fs::read(&day).unwrap();
    fs::remove_file(&day).unwrap();
    let waits = gap.night(0);
    assert!(
        waits.out.contains("waiting   2018-08  bologna-bakery: 1 wait is held: outbound logs are missing"),
        "{}",
        waits.out
    );
    assert!(gap.billed().is_empty() && gap.closed().is_empty(), "nothing is charged meanwhile");
    assert_eq!(text(&gap.held()[0], "decided_by"), "send the outbound log of 2018-08-15");
    fs::write(&day, missing).unwrap();
    gap.night(0);
    whole.night(0);
    assert_eq!(whole.billed(), ["b-asks", "c-asks"], "the answer of the missing day counts");
    assert!(facts(&gap.state()) == facts(&whole.state()), "as if the day had always been there");
}

/// A file that came out empty, and an export without a single answer for a busy shop, are no proof of silence.
#[test]
fn i15_empty_files_and_missing_answers_are_told_of() {
    // A compressed file that was cut to nothing, and a manifest that counts rows which are not there.
    let manifest = "[[source]]\nname = \"sent\"\nfiles = \"sent/*\"\ncoverage = \"manifest\"\n";
    let shop = Shop::new("i15", &format!("{DESK}{manifest}"));
    shop.put("desk/start.csv", log(&AUGUST[..2]));
    shop.put("desk/empty.csv.gz", "");
    shop.put("sent/empty.csv", "");
    shop.put(
        "sent/empty.csv.manifest.json",
        r#"{"from":"2018-07-30T00:00:00Z","to":"2018-09-05T00:00:00Z","rows":40,
        "sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#,
    );
    // An empty plain file of a source that proves by its messages proves nothing.
    shop.put("desk/empty.csv", "\n");
    shop.night(65);
    let aside: Vec<String> = shop.aside().into_keys().collect();
    assert_eq!(aside, ["desk/empty.csv.gz", "sent/empty.csv"]);
    assert!(shop.billed().is_empty() && shop.closed().is_empty());
    // Whole days, by their names, in which a busy shop answers nobody.
    let shop = Shop::new("i15-silent", DAILY);
    let asked: Vec<(String, String)> = (0..14)
        .map(|hour| (format!("{}-asks", char::from(b'a' + hour)), format!("2018-08-15T{:02}:00:00Z", hour + 6)))
        .collect();
    let mut rows: Vec<(&str, &str, &str)> =
        asked.iter().map(|(id, at)| (id.as_str(), "inbound", at.as_str())).collect();
    rows.extend([("z-before", "outbound", "2018-08-14T10:00:00Z"), ("z-after", "outbound", "2018-08-25T10:00:00Z")]);
    shop.put_days(days().iter().map(String::as_str), &rows);
    let ran = shop.night(0);
    assert!(
        ran.err.contains("alarm: channel +390510000417 of bologna-bakery: no outbound message from 2018-08-1"),
        "{}",
        ran.err
    );
}

/// Logs that arrive after their month was closed change nothing that was issued, and are named.
#[test]
fn i16_logs_that_come_after_the_closing_change_nothing_and_are_named() {
    let shop = Shop::with_lab("i16");
    shop.night(0);
    let issued = |shop: &Shop| {
        let keeps = |name: &String| ["charges/", "issued/", "outbox/"].iter().any(|part| name.starts_with(part));
        tree(&shop.state()).into_iter().filter(|(name, _)| keeps(name)).collect::<Vec<_>>()
    };
    let (before, month) = (issued(&shop), facts(&shop.state()));
    assert!(before.len() >= 5, "{} files", before.len());
    // An answer in time to what was charged, and a question that nobody answered.
    shop.put(
        "lab/late.csv",
        log(&[("a-in-time", "outbound", "2018-08-10T11:00:00Z"), ("e-unheard", "inbound", "2018-08-20T10:00:00Z")]),
    );
    let ran = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(ran.out.contains("2 rows") && ran.out.contains("arrived after 2018-08 was closed"), "{}", ran.out);
    assert!(issued(&shop) == before && facts(&shop.state()) == month, "what was issued has changed");
    assert_eq!(shop.billed(), ["a-late"]);
    shop.ritardo(&["verify"]).expect(0);
    let audit = shop.ritardo(&["audit", "2018-08"]).expect(0).out;
    assert!(audit.contains("identical: 2 waits, 1 charge"), "{audit}");
}
