//! `ritardo journal`: by its own sums, and as hledger and Beancount themselves read it, where they are installed.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use common::{Ran, bodies, content, night, ritardo, rows, sample, scratch, text};
use ritardo::report::journal::{Document, Form, Journal, Scope};
use serde_json::{Value, json};

/// The sample with its month closed; nothing here changes it.
static CLOSED: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = sample("journal");
    night(&folder).expect(0);
    folder
});

fn journal(arguments: &[&str]) -> Ran {
    ritardo(&CLOSED, &[&["journal"], arguments].concat())
}

/// Each transaction of a text, in order: account, currency and minor units of its postings.
fn transactions(text: &str) -> Vec<Vec<(String, String, i64)>> {
    let mut found: Vec<Vec<_>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("20") && line.contains(" * ") {
            found.push(Vec::new());
        } else if line.trim_start().starts_with(|c: char| c.is_ascii_uppercase()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (account, amount, currency) = (words[0].to_owned(), words[1].replace('.', ""), words[2].to_owned());
            found.last_mut().unwrap().push((account, currency, amount.parse().unwrap()));
        }
    }
    found
}

#[track_caller]
fn assert_balanced(text: &str, documents: usize) {
    let found = transactions(text);
    assert_eq!(found.len(), documents, "{text}");
    for postings in found {
        assert!(postings.len() >= 2, "{text}");
        assert_eq!(postings.iter().map(|(.., amount)| amount).sum::<i64>(), 0, "{postings:?}");
    }
}

/// What another program says; `None` where it is not installed, which is said.
fn asked(program: &str, folder: &Path, arguments: &[&str]) -> Option<Ran> {
    match Command::new(program).args(arguments).current_dir(folder).env("LC_ALL", "C.UTF-8").output() {
        Ok(output) => Some(Ran::of(&output)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// What hledger and Beancount say to the two texts, strictly.
fn judged(folder: &Path, hledger: &str, beancount: &str) -> [Option<Ran>; 2] {
    fs::write(folder.join("books.journal"), hledger).unwrap();
    fs::write(folder.join("books.beancount"), beancount).unwrap();
    [
        asked("hledger", folder, &["-f", "books.journal", "check", "--strict"]),
        asked("bean-check", folder, &["--no-cache", "books.beancount"]),
    ]
}

#[test]
fn the_sample_month_is_booked_in_every_form() {
    let invoices = bodies(&CLOSED.join("state"), "invoice");
    let forms = ["hledger", "beancount", "csv"].map(|form| journal(&["2018-08", "--format", form]).expect(0).out);
    for (form, told) in ["hledger", "beancount", "csv"].iter().zip(&forms) {
        journal(&["2018-08", "--format", form, "--out", "written"]).expect(0);
        assert_eq!(fs::read_to_string(CLOSED.join("written")).unwrap(), *told, "{form}");
        for issued in &invoices {
            assert!(told.contains(&text(issued, "number")), "{form}");
            assert!(told.contains(&text(issued, "document_sha256")), "{form}");
        }
    }
    let [hledger, beancount, table] = &forms;
    assert_balanced(hledger, 3);
    assert_balanced(beancount, 3);
    assert_eq!(transactions(hledger), transactions(beancount));
    assert!(table.lines().count() == 7 && table.ends_with("\r\n") && !table.ends_with("\r\n\r\n"), "{table:?}");

    let minor = |amount: &str| amount.replace('.', "").parse::<i64>().unwrap_or_default();
    let mut sides: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in rows(table.as_bytes()) {
        let sides = sides.entry(row["number"].clone()).or_default();
        *sides = (sides.0 + minor(&row["debit"]), sides.1 + minor(&row["credit"]));
    }
    for issued in &invoices {
        let total = minor(text(issued, "total").strip_prefix("USD ").unwrap());
        assert_eq!(sides[&text(issued, "number")], (total, total), "{issued}");
    }
    for ran in judged(&scratch("journal-sample"), hledger, beancount).into_iter().flatten() {
        ran.expect(0);
    }
}

#[test]
fn hledger_sums_what_the_invoices_say() {
    let folder = scratch("journal-sums");
    journal(&["2018-08", "--out", folder.join("books.journal").to_str().unwrap()]).expect(0);
    let balance = ["-f", "books.journal", "balance", "Assets", "-O", "csv", "-N"];
    let Some(told) = asked("hledger", &folder, &balance) else { return };
    let told = told.expect(0).out;
    let mut found: Vec<String> = rows(told.as_bytes()).iter().map(|row| row["balance"].clone()).collect();
    let of_invoice = |issued: &Value| text(issued, "total").strip_prefix("USD ").unwrap().to_owned() + " USD";
    let mut expected: Vec<String> = bodies(&CLOSED.join("state"), "invoice").iter().map(of_invoice).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn documents_are_chosen_by_month_date_and_business() {
    let numbers = |arguments: &[&str]| {
        let told = journal(&[arguments, &["--format", "csv"]].concat()).expect(0);
        let mut numbers: Vec<String> = rows(told.out.as_bytes()).iter().map(|row| row["number"].clone()).collect();
        numbers.dedup();
        (numbers.len(), told.err)
    };
    let nothing = |what: &str| (0, format!("warning: there are no documents {what}\n"));
    for all in [&["2018-08"][..], &["2018-07..2018-09"], &["2018-09", "--by", "issue-date"]] {
        assert_eq!(numbers(all), (3, String::new()), "{all:?}");
    }
    assert_eq!(numbers(&["2018-08", "--business", "lisbon-hotel"]), (1, String::new()));
    assert_eq!(numbers(&["2018-08", "--by", "issue-date"]), nothing("issued in 2018-08"));
    let october = ["2018-10..2018-11", "--by", "issue-date", "--business", "lisbon-hotel"];
    assert_eq!(numbers(&october), nothing("issued in 2018-10..2018-11 for lisbon-hotel"));
    for form in ["hledger", "beancount"] {
        let bare = journal(&["2018-08", "--bare", "--format", form]).expect(0).out;
        assert_balanced(&bare, 3);
        assert!(!bare.contains("open ") && !bare.contains("account ") && !bare.contains("option "), "{bare}");
        let empty = journal(&["2018-08", "--by", "issue-date", "--format", form]).expect(0).out;
        assert_balanced(&empty, 0);
    }
}

/// An invoice of the sample, made into another.
fn altered(change: impl Fn(&mut Value)) -> Document {
    let state = CLOSED.join("state");
    let mut invoice = content(&state, &text(&bodies(&state, "invoice")[0], "document_sha256"));
    change(&mut invoice);
    let sha256 = common::sha256(invoice.to_string().as_bytes());
    Document { invoice: serde_json::from_value(invoice).unwrap(), sha256, released: Vec::new() }
}

/// Domestic tax at a rate with a fraction, in a currency.
fn taxed(invoice: &mut Value, [net, tax, total]: [&str; 3]) {
    invoice["currency"] = json!(net[..3]);
    for (name, amount) in [("net", net), ("tax", tax), ("total", total)] {
        invoice[name] = json!(amount);
    }
    invoice["vat"] = json!([{ "category": "S", "rate": "5.5", "reason": null, "net": net, "tax": tax }]);
}

const HOSTILE: [&str; 9] = [
    "a\n2018-01-01 * x\n    Income:Other  1 USD\n    Assets:Other",
    "a\r\n; comment ; more | payee | \"quoted\" \\\" \\",
    "\"",
    "\\",
    "a\\",
    ";",
    "* ! (code) = 2018-01-01 @ {1 USD} [date:2018-01-01] date:2001-01-01, #tag ^link",
    "a\u{0}\u{1b}[31m\u{85}\u{2028}option \"title\" \"x\"\u{202e}\u{feff}",
    "2018-01-01 open Assets:Other é 漢字 🥐",
];

/// Documents of every kind, with the names that are most likely to leave their place.
fn made_by_hand() -> Vec<Document> {
    let name = |invoice: &mut Value, number: usize, name: &str| {
        invoice["number"] = json!(format!("LR-2018-{number:06}"));
        invoice["buyer"]["legal_name"] = json!(name);
    };
    let mut documents: Vec<Document> = (10..).zip(HOSTILE).map(|(n, text)| altered(|of| name(of, n, text))).collect();
    documents.push(altered(|of| {
        name(of, 30, "Forno");
        taxed(of, ["USD 1000.00", "USD 55.00", "USD 1055.00"]);
    }));
    documents.push(altered(|of| {
        name(of, 31, "Forno");
        taxed(of, ["JPY 1000", "JPY 55", "JPY 1055"]);
    }));
    documents.push(altered(|of| {
        name(of, 32, "Forno");
        taxed(of, ["USD 1000.00", "USD 55.00", "USD 1055.00"]);
        of["kind"] = json!("credit_note");
        of["issue_date"] = json!("2018-10-07");
        of["corrects"] = json!({
            "number": "LR-2018-000030", "issue_date": "2018-09-05", "cause": "reissue", "reason": "a new name",
            "messages": 0, "was_sha256": "",
        });
    }));
    documents
}

#[test]
fn documents_of_every_kind_are_read_by_the_programs() {
    let documents = made_by_hand();
    let count = documents.len();
    let journal = Journal::of("Late replies \"\\\n;".to_owned(), documents).unwrap();
    let [hledger, beancount] = [Form::Hledger, Form::Beancount].map(|form| journal.text(form, Scope::Whole));
    assert_balanced(&hledger, count);
    assert_balanced(&beancount, count);
    let folder = scratch("journal-by-hand");
    for ran in judged(&folder, &hledger, &beancount).into_iter().flatten() {
        ran.expect(0);
    }
    // Nothing of a name became a transaction, an account or a date: the bakery's account is the only one that is owed.
    let accounts = ["Assets:Receivable:Bologna-bakery", "Income:LateReply", "Liabilities:VAT:IE:5-5"];
    if let Some(told) = asked("hledger", &folder, &["-f", "books.journal", "accounts", "--used"]) {
        assert_eq!(told.expect(0).out.lines().collect::<Vec<_>>(), accounts);
        let told = asked("hledger", &folder, &["-f", "books.journal", "print", "-O", "csv"]).unwrap().expect(0).out;
        let days = rows(told.as_bytes()).into_iter().map(|row| row["date"].clone());
        assert!(days.clone().count() > 2 * count && days.into_iter().all(|day| day.as_str() >= "2018-09-05"));
        // The credit note gives back all of its invoice: what is left in the account of tax is the other currency's.
        let balance = ["-f", "books.journal", "balance", "VAT", "-O", "csv", "-N"];
        let told = asked("hledger", &folder, &balance).unwrap().expect(0).out;
        assert_eq!(rows(told.as_bytes())[0]["balance"], "-55 JPY");
    }
}

#[test]
fn the_programs_see_a_wrong_amount_and_an_unknown_account() {
    let [hledger, beancount] =
        ["hledger", "beancount"].map(|form| journal(&["2018-08", "--format", form]).expect(0).out);
    let folder = scratch("journal-wrong");
    for (right, wrong) in [("-2.03 USD", "-2.04 USD"), ("Income:LateReply ", "Income:Other ")] {
        for ran in
            judged(&folder, &hledger.replace(right, wrong), &beancount.replace(right, wrong)).into_iter().flatten()
        {
            ran.expect(1);
        }
    }
}
