//! Money that comes in, through the program: statements of banks, what they are for, what is open and overdue, what is taken
//! back, reminders, and the books.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::bank::{LATER, entry, import, item, open, shop, statement, verdicts};
use common::shop::{SHOP, Shop, edit};
use common::{bodies, files, rows, text, tree};
use ritardo::domain::payment::creditor_reference;

#[test]
fn payments_are_matched_once_and_what_is_open_follows() {
    let shop = shop("payments-matched", "");
    assert_eq!(
        open(&shop, LATER),
        [
            item("LR-2018-000001", "USD 0.15", Some(36)),
            item("LR-2018-000002", "USD 0.05", Some(6)),
            item("LR-2018-000003", "USD 0.10", None),
        ]
    );
    let entries = [
        entry("B1", "0.10", "2018-10-09", "LR-2018-000001 first part"),
        entry("B2", "0.10", "2018-10-10", "RF-REFERENCE, LR 2018 000002"),
        entry("B3", "0.25", "2018-10-10", "invoice LR2018000003"),
        entry("B4", "0.07", "2018-10-10", "thank you"),
    ];
    let reference = creditor_reference(&"LR-2018-000001".parse().unwrap()).unwrap();
    let entries = entries.map(|entry| entry.replace("RF-REFERENCE", &reference));
    statement(&shop.folder, "one.xml", &entries);
    let before = tree(&shop.state());
    shop.ritardo(&["payments", "import", "one.xml", "--as-of", LATER, "--dry-run"]).expect(65);
    assert!(tree(&shop.state()) == before, "a rehearsal writes nothing");
    let told = import(&shop, "one.xml", LATER).expect(65).json();
    assert_eq!(verdicts(&told), ["partial", "paid", "over", "unknown"]);
    assert!(open(&shop, LATER).is_empty());
    // The same statement again, and another that overlaps with it, add nothing.
    let recorded = tree(&shop.state());
    let told = import(&shop, "one.xml", LATER).expect(0).json();
    assert_eq!((told["known"].as_u64(), verdicts(&told).len()), (Some(4), 0));
    assert!(tree(&shop.state()) == recorded);
    statement(&shop.folder, "two.xml", &[entries[2].clone(), entry("B5", "0.01", "2018-10-11", "LR-2018-000001")]);
    let told = import(&shop, "two.xml", LATER).expect(65).json();
    assert_eq!((told["known"].as_u64(), verdicts(&told)), (Some(1), vec!["unknown".to_owned()]));
    assert!(told["rows"][0]["said"][0].as_str().unwrap().contains("paid twice"), "{told}");
    let list = shop.ritardo(&["payments", "list", "--format", "json"]).expect(0).json();
    let states: Vec<(u64, String, String)> = list["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["payment"].as_u64().unwrap(), text(row, "state"), text(row, "left")))
        .collect();
    let state = |number: u64, state: &str, left: &str| (number, state.to_owned(), left.to_owned());
    assert_eq!(
        states,
        [
            state(1, "matched", "USD 0.00"),
            state(2, "matched", "USD 0.00"),
            state(3, "left", "USD 0.15"),
            state(4, "left", "USD 0.07"),
            state(5, "left", "USD 0.01"),
        ]
    );
    shop.holds();
}

#[test]
fn a_person_matches_and_takes_back_by_new_entries_alone() {
    let shop = shop("payments-by-hand", "");
    statement(&shop.folder, "s.xml", &[entry("B1", "0.17", "2018-10-10", "thank you")]);
    import(&shop, "s.xml", LATER).expect(65);
    let act = |arguments: &[&str]| shop.ritardo(&[&["payments"][..], arguments, &["--as-of", LATER]].concat());
    act(&["match", "1", "LR-2018-000002", "LR-2018-000001=0.11", "--reason", "they called"]).expect(0);
    assert_eq!(open(&shop, LATER)[0], item("LR-2018-000001", "USD 0.04", Some(36)));
    for (arguments, part) in [
        (&["match", "1", "LR-2018-000001=0.04", "--reason", "x"][..], "cannot take 0.04"),
        (&["match", "1", "LR-2018-000002", "--reason", "x"], "nothing is open of LR-2018-000002"),
        (&["match", "7", "LR-2018-000001", "--reason", "x"], "no payment 7"),
        (&["match", "1", "LR-2018-000009", "--reason", "x"], "no invoice LR-2018-000009"),
    ] {
        let told = act(arguments).expect(2);
        assert!(told.err.contains(part), "{}", told.err);
    }
    let before = bodies(&shop.state(), "payment");
    act(&["reverse", "1", "--keep", "--reason", "the wrong invoices"]).expect(0);
    assert_eq!(open(&shop, LATER).len(), 3);
    act(&["match", "1", "LR-2018-000001", "--reason", "the right one"]).expect(0);
    assert_eq!(open(&shop, LATER).len(), 2);
    act(&["reverse", "1", "--reason", "returned by the bank"]).expect(0);
    assert_eq!(open(&shop, LATER).len(), 3);
    act(&["reverse", "1", "--reason", "again"]).expect(2);
    assert_eq!(bodies(&shop.state(), "payment"), before, "no entry is changed");
    assert_eq!(
        (bodies(&shop.state(), "payment_matched").len(), bodies(&shop.state(), "payment_reversed").len()),
        (2, 2)
    );
    // What was taken back is not taken again.
    assert_eq!(import(&shop, "s.xml", LATER).expect(0).json()["known"], 1);
    // The books come to nothing at the bank, and to what is owed.
    let journal = shop.ritardo(&["journal", "2018-08..2018-12", "--format", "csv"]).expect(0).out;
    let minor = |amount: &str| amount.replace('.', "").parse::<i64>().unwrap_or_default();
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(journal.as_bytes()) {
        *sums.entry(row["account"].clone()).or_default() += minor(&row["debit"]) - minor(&row["credit"]);
    }
    assert_eq!(sums.values().sum::<i64>(), 0, "{sums:?}");
    assert_eq!((sums["Assets:Bank"], sums["Assets:Receivable:Bologna-bakery"]), (0, 30), "{sums:?}");
    assert_eq!(sums["Liabilities:Payments:Unassigned"], 0, "{sums:?}");
    shop.holds();
}

#[test]
fn payments_follow_an_invoice_that_is_issued_again() {
    let shop = shop("payments-reissued", "");
    statement(&shop.folder, "s.xml", &[entry("B1", "0.15", "2018-10-10", "LR-2018-000001")]);
    import(&shop, "s.xml", LATER).expect(0);
    edit(&shop.folder, "businesses.toml", "Via degli Esempi 12", "Via Nuova 1");
    shop.ritardo(&["reissue", "LR-2018-000001", "--reason", "the street", "--as-of", "2018-11-11T00:00:00Z"]).expect(0);
    let numbers: Vec<String> = open(&shop, "2018-11-12T00:00:00Z").into_iter().map(|(number, ..)| number).collect();
    assert_eq!(numbers, ["LR-2018-000002", "LR-2018-000003"], "what was paid of the first is paid of the second");
    shop.holds();
}

#[test]
fn what_was_paid_in_advance_is_shown_as_such() {
    let shop = Shop::new("payments-prepaid", "");
    let book = shop.folder.join("businesses.toml");
    let words = fs::read_to_string(&book).unwrap();
    let advance = "\n[[business.prepaid]]\nreceived = \"2018-08-03\"\namount = \"0.18\"\ncurrency = \"USD\"\nreference = \"TRX 1\"\n";
    fs::write(&book, words + advance).unwrap();
    shop.run("2018-10-05T00:00:00Z").expect(0);
    statement(&shop.folder, "s.xml", &[entry("B0", "0.18", "2018-08-03", "advance trx 1")]);
    let told = import(&shop, "s.xml", "2018-10-06T00:00:00Z").expect(0).json();
    assert_eq!(verdicts(&told), ["advance"]);
    assert_eq!(open(&shop, "2018-10-06T00:00:00Z"), [item("LR-2018-000002", "USD 0.02", None)]);
    let statement = ["payments", "statement", SHOP, "--as-of", "2018-10-06T00:00:00Z"];
    let told = shop.ritardo(&statement).expect(0).out;
    assert!(told.contains("Paid in advance (TRX 1), taken by invoice LR-2018-000001"), "{told}");
    assert!(told.contains("To be paid: USD 0.02"), "{told}");
    shop.ritardo(&[&statement[..], &["--out", "papers"]].concat()).expect(0);
    let names = files(&shop.folder.join("papers"));
    let stem = format!("statement_{SHOP}_2018-10-06");
    assert_eq!(names, [format!("{stem}.html"), format!("{stem}.pdf"), format!("{stem}.txt")]);
    shop.holds();
}

#[test]
fn reminders_are_drafts_or_mails_and_each_level_comes_once() {
    let levels = "[[payments.reminder]]\ndays = 7\n\n[[payments.reminder]]\ndays = 21\n";
    let shop = shop("payments-reminders", levels);
    let remind = |arguments: &[&str], as_of: &str| {
        shop.ritardo(&[&["payments", "remind"][..], arguments, &["--as-of", as_of]].concat()).expect(0).out
    };
    assert_eq!(remind(&["--out", "drafts"], "2018-10-11T00:00:00Z"), "nobody is to be reminded\n");
    let before = tree(&shop.state());
    let told = remind(&["--out", "drafts"], "2018-10-20T00:00:00Z");
    assert!(told.contains("level 1: USD 0.15  LR-2018-000001"), "{told}");
    assert!(tree(&shop.state()) == before, "a draft is not recorded");
    let names = files(&shop.folder.join("drafts"));
    let draft = fs::read_to_string(shop.folder.join("drafts").join(&names[0])).unwrap();
    assert!(
        draft.contains("Subject: Payment reminder: USD 0.15 overdue") && draft.contains("LR-2018-000001"),
        "{draft}"
    );
    remind(&["--send"], LATER);
    assert_eq!(remind(&["--send"], "2018-11-10T01:00:00Z"), "nobody is to be reminded\n");
    let sent = shop.ritardo(&["mail", "send", "--as-of", "2018-11-10T02:00:00Z"]).expect(0);
    assert!(sent.out.contains("sent"), "{}", sent.out);
    let outbox: Vec<String> =
        files(&shop.state().join("outbox")).into_iter().filter(|name| name.starts_with("reminder-")).collect();
    assert_eq!(outbox.len(), 1, "{outbox:?}");
    let listed = shop.ritardo(&["mail", "list", "--as-of", "2018-11-11T00:00:00Z"]).expect(0).out;
    assert!(listed.contains("reminder-bologna-bakery-USD-2-2018-11-10_1"), "{listed}");
    shop.holds();
}

#[test]
fn a_table_of_a_bank_is_read_by_its_mapping() {
    let mapping = "[[payments.statement]]\nname = \"house-bank\"\nseparator = \";\"\naccount = { value = \"IE89 RTRD 9990 0012 3456 78\" }\n\
        currency = \"Ccy\"\nbooked = \"Day\"\ndays = \"%d.%m.%Y\"\namount = \"Amount\"\ndecimal = \",\"\npayer = \"Name\"\ntext = [\"Purpose\"]\n";
    let shop = shop("payments-table", mapping);
    let table = "Day;Amount;Ccy;Name;Purpose\n10.10.2018;0,15;USD;Forno;LR-2018-000001\n10.10.2018;-9,00;USD;Rent;\n";
    fs::write(shop.folder.join("bank.csv"), table).unwrap();
    let told = import(&shop, "bank.csv", LATER).expect(0);
    assert_eq!(
        (verdicts(&told.json()), told.json()["debits"].as_u64(), told.err.as_str()),
        (vec!["paid".to_owned()], Some(1), "")
    );
    assert_eq!(import(&shop, "bank.csv", LATER).expect(0).json()["known"], 1);
    let text = shop.ritardo(&["payments", "import", "bank.csv", "--as-of", LATER]).expect(0).out;
    assert_eq!(text, "read      1 statement; 0 payments recorded, 1 known before, 1 outgoing\n");
    shop.holds();
}
