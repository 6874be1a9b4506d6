//! Details of small files, followed by hand.

use super::*;
use crate::domain::correction::CorrectionCause;
use crate::render::sample;

const HEAD: &str = "message_id,channel,customer,received_at,answered_at,deadline,verdict,wait_ms,market,entry_point,tariff,rate,amount,currency\n";

fn row(id: &str, received_at: &str, verdict: &str, hours: Option<u64>, market: &str, amount: &str) -> String {
    let wait = hours.map(|hours| (hours * 3_600_000).to_string()).unwrap_or_default();
    format!(
        "{id},c,'+39 ••• ••• 4567,{received_at},,,{verdict},{wait},{market},click_to_chat,t@1,{amount},{amount},USD\n"
    )
}

fn file(rows: &[String]) -> String {
    format!("{HEAD}{}", rows.concat())
}

fn details(rows: &[String]) -> AnnexView {
    annex(&sample::invoice(Language::English), file(rows).as_bytes(), "#123456").unwrap()
}

#[test]
fn charges_are_told_by_day_market_and_length() {
    let annex = details(&[
        // In Rome it is the first of October already.
        row("a", "2026-09-30T22:30:00.000Z", "late", Some(30), "39", "0.05"),
        row("b", "2026-10-02T08:00:00.000Z", "late", Some(36), "39", "0.05"),
        row("c", "2026-10-02T08:00:00.000Z", "late", Some(200), "1809", "0.0475"),
        row("d", "2026-10-03T08:00:00.000Z", "unanswered", None, "other", "0.05"),
        ",,,,,,rounding,,39,unknown,t@1,0.05,-0.0075,USD\n".to_owned(),
    ]);
    let rows = |table: &TableView| {
        let all = table.rows.iter().chain([&table.total]);
        all.map(|row| row.join(" | ")).collect::<Vec<_>>()
    };
    assert_eq!(
        rows(&annex.by_day),
        ["2026-10-01 | 1 | 0.05", "2026-10-02 | 2 | 0.0975", "2026-10-03 | 1 | 0.05", "Total | 4 | 0.1975"]
    );
    assert_eq!(
        rows(&annex.by_market.clone().unwrap()),
        [
            "Italy (+39) | 2 | 0.10",
            "Dominican Republic (+1\u{a0}809) | 1 | 0.0475",
            "Other countries | 1 | 0.05",
            "Total | 4 | 0.1975"
        ]
    );
    assert_eq!(rows(&annex.by_entry_point.clone().unwrap()), ["click to chat | 4 | 0.1975", "Total | 4 | 0.1975"]);
    let waits = annex.waits.clone().unwrap();
    assert_eq!(
        rows(&waits.table),
        [
            "24–36\u{a0}h | 2 | 50.0%",
            "36–48\u{a0}h | 0 | 0.0%",
            "48–72\u{a0}h | 0 | 0.0%",
            "72–96\u{a0}h | 0 | 0.0%",
            "96–168\u{a0}h | 0 | 0.0%",
            "over 168\u{a0}h | 1 | 25.0%",
            "no answer | 1 | 25.0%",
            "Total | 4 | 100.0%"
        ]
    );
    assert!(waits.alt.contains("24–36\u{a0}h 2; 36–48\u{a0}h 0") && waits.chart.starts_with("<svg "));
    assert!(waits.chart.contains("fill=\"#123456\"") && !waits.chart.contains("#0b5e55"));
    let longest = annex.longest.unwrap();
    assert_eq!(
        longest.rows[1].join(" | "),
        "2026-10-02 10:00 | +1809 ••• ••• | Dominican Republic (+1\u{a0}809) | click to chat | 200 h 00 min | 0.0475"
    );
    assert_eq!(longest.rows[0][4], "no answer", "it waits still");
    assert_eq!(annex.notes.len(), 2, "the sums are not those of page one");
}

#[test]
fn names_are_not_in_the_details() {
    let at = "2026-10-02T08:00:00.000Z";
    let before = [row("a", at, "late", Some(30), "39", "0.05"), row("b", at, "late", Some(30), "39", "0.05")];
    // What a forgotten customer leaves: another id, no number, and so another order of the rows.
    let after = [
        row("b", at, "late", Some(30), "39", "0.05"),
        row("forgotten-1", at, "late", Some(30), "39", "0.05").replace("'+39 ••• ••• 4567", "••• •••"),
    ];
    assert_eq!(details(&before), details(&after));
    let text = serde_json::to_string(&details(&before)).unwrap();
    assert!(!text.contains("4567"), "{text}");
}

#[test]
fn only_the_longest_are_told_and_many_markets_are_one_row() {
    let rows: Vec<String> = (0..40_u64)
        .map(|place| {
            let market = if place < 30 { (20 + place).to_string() } else { "39".to_owned() };
            row(&format!("m{place}"), "2026-10-02T08:00:00.000Z", "late", Some(25 + place), &market, "0.05")
        })
        .collect();
    let annex = details(&rows);
    let longest = annex.longest.unwrap();
    assert_eq!((longest.rows.len(), longest.rows[0][4].as_str()), (10, "64 h 00 min"));
    let markets = annex.by_market.unwrap();
    assert_eq!((markets.rows.len(), markets.rows[0][0].as_str()), (21, "Italy (+39)"));
    assert_eq!(markets.rows[20].join(" | "), "10 other markets | 10 | 0.50");
}

#[test]
fn who_waits_still_is_among_the_longest() {
    let at = |day: u64| format!("2026-10-{day:02}T08:00:00.000Z");
    let answered = (1..=12_u64).map(|day| row(&format!("a{day}"), &at(day), "late", Some(100 + day), "39", "0.05"));
    let open = [20, 15].map(|day| row(&format!("o{day}"), &at(day), "unanswered", None, "39", "0.05"));
    let rows: Vec<String> = answered.chain(open).collect();
    let longest = details(&rows).longest.unwrap();
    let said: Vec<String> = longest.rows.iter().take(3).map(|row| format!("{} {}", row[0], row[4])).collect();
    assert_eq!(said, ["2026-10-15 10:00 no answer", "2026-10-20 10:00 no answer", "2026-10-12 10:00 112 h 00 min"]);
    assert_eq!(longest.rows.len(), 10);
}

#[test]
fn a_credit_note_tells_what_became_of_its_messages() {
    let note = sample::credit_note(Language::German, CorrectionCause::LateLogs);
    let head = "message_id,channel,customer,received_at,answered_at,verdict_billed,verdict_now,rate_billed,rate_now,billed,now,credit,currency\n";
    let row = |was: &str, now: &str, credit: &str| {
        format!("m,c,x,2026-10-02T08:00:00.000Z,,{was},{now},0.05,,0.05,0.00,{credit},USD\n")
    };
    let file =
        format!("{head}{}{}{}", row("late", "", "0.05"), row("unanswered", "", "0.05"), row("", "late", "-0.05"));
    let annex = annex(&note, file.as_bytes(), "#123456").unwrap();
    let rows: Vec<String> = annex.by_change.unwrap().rows.iter().map(|row| row.join(" | ")).collect();
    assert_eq!(
        rows,
        [
            "nicht berechnet → verspätet | 1 | -0,05",
            "verspätet → nicht berechnet | 1 | 0,05",
            "nie beantwortet → nicht berechnet | 1 | 0,05"
        ]
    );
    assert_eq!(annex.by_day.total.join(" | "), "Summe | 3 | 0,05");
    assert!(annex.waits.is_none() && annex.longest.is_none());
    // Three times five cents less one charge more are not the net amount of the note, and a cap is no message.
    assert_eq!(annex.notes.len(), 2, "{:?}", annex.notes);
    let whole = format!("{head}{}", row("late", "", &note.net.digits()));
    let cap = ",,,,,cap,cap,,,-0.05,-0.04,-0.01,USD\n";
    for (file, notes) in [(whole.clone(), 1), (format!("{whole}{cap}"), 1)] {
        let annex = super::annex(&note, file.as_bytes(), "#123456").unwrap();
        assert_eq!((annex.by_day.rows.len(), annex.notes.len()), (1, notes), "{file}");
    }
}

#[test]
fn what_is_no_file_of_charges_has_no_details() {
    let invoice = sample::invoice(Language::English);
    for bad in ["", HEAD, "a,b\n1,2\n", &file(&["short\n".to_owned()])] {
        assert_eq!(annex(&invoice, bad.as_bytes(), "#123456"), None);
    }
    let bad = row("a", "yesterday", "late", Some(30), "39", "0.05");
    assert_eq!(annex(&invoice, file(&[bad]).as_bytes(), "#123456"), None);
}
