//! Payments in advance: what invoices take of them, in their order and never twice, and what corrections leave alone.
#![cfg(test)]

mod common;

use std::fs;
use std::path::Path;

use common::shop::{Shop, edit};
use common::{bodies, content, text};
use serde_json::Value;

const PAYMENTS: &str = "\n[[business.prepaid]]\nreceived = \"2018-09-30\"\namount = \"0.04\"\ncurrency = \"USD\"\n\
    reference = \"TRX 2\"\n\n[[business.prepaid]]\nreceived = \"2018-08-03\"\namount = \"0.18\"\ncurrency = \"USD\"\n\
    reference = \"TRX 1\"\n\n[[business.prepaid]]\nreceived = 2019-06-01\namount = \"9.00\"\ncurrency = \"USD\"\n\
    reference = \"TRX 3\"\n";

const STANDARD: &str = "{ treatment = \"standard\", rate = \"22\" }";

/// A shop that paid before it was billed, or is to have paid next year.
fn shop(name: &str, invoice: &str) -> Shop {
    let shop = Shop::new(name, invoice);
    let book = shop.folder.join("businesses.toml");
    let words = fs::read_to_string(&book).unwrap();
    fs::write(&book, words + PAYMENTS).unwrap();
    shop
}

/// The canonical document of each entry of a kind.
fn documents(state: &Path, kind: &str) -> Vec<Value> {
    bodies(state, kind).iter().map(|body| content(state, &text(body, "document_sha256"))).collect()
}

/// What a document takes of each payment and leaves of it, and what is due then.
fn taken(document: &Value) -> (Vec<String>, String) {
    let payments = document["prepaid"]["payments"].as_array().into_iter().flatten();
    let said = |payment: &Value| {
        let [reference, taken, left] = ["reference", "taken", "left"].map(|key| text(payment, key));
        format!("{reference}: {taken}, {left} left")
    };
    (payments.map(said).collect(), document["prepaid"]["due"].as_str().unwrap_or_default().to_owned())
}

fn page(shop: &Shop, number: &str, month: &str) -> String {
    fs::read_to_string(shop.state().join(format!("issued/{number}/{number}_{month}.html"))).unwrap()
}

#[test]
fn invoices_take_what_was_paid_in_the_order_of_issue_and_nothing_twice() {
    let shop = shop("prepaid", "");
    // Two months in one night: the second knows what the first took.
    shop.run("2018-10-05T00:00:00Z").expect(0);
    shop.run("2018-12-05T00:00:00Z").expect(0);
    let invoices = documents(&shop.state(), "invoice");
    let found: Vec<(Vec<String>, String)> = invoices.iter().map(taken).collect();
    let expected = [
        (vec!["TRX 1: USD 0.15, USD 0.03 left"], "USD 0.00"),
        (vec!["TRX 1: USD 0.03, USD 0.00 left", "TRX 2: USD 0.02, USD 0.02 left"], "USD 0.00"),
        (vec!["TRX 2: USD 0.02, USD 0.00 left"], "USD 0.08"),
    ];
    for ((taken, due), (lines, rest)) in found.iter().zip(&expected) {
        assert_eq!((taken.iter().map(String::as_str).collect::<Vec<_>>(), due.as_str()), (lines.clone(), *rest));
    }
    assert_eq!((found.len(), text(&invoices[2], "total")), (3, "USD 0.10".to_owned()));
    assert_eq!(text(&invoices[2], "format"), "ritardo-invoice/2");
    // The ledger says it without the documents.
    assert_eq!(text(&bodies(&shop.state(), "invoice")[2]["prepaid"][0], "reference"), "TRX 2");
    let first = page(&shop, "LR-2018-000001", "2018-08");
    for said in ["USD 0.00: nothing to pay", "Paid in advance on 2018-08-03 (TRX 1)", "USD -0.15", "Amount due"] {
        assert!(first.contains(said), "{said}");
    }
    assert!(page(&shop, "LR-2018-000003", "2018-10").contains("USD 0.08 due"));
    shop.holds();
    // What was issued is audited by the book of then.
    let book = shop.folder.join("businesses.toml");
    let words = fs::read_to_string(&book).unwrap();
    fs::write(&book, words.replace(PAYMENTS, "")).unwrap();
    shop.holds();
}

#[test]
fn corrections_leave_payments_where_they_are() {
    let shop = shop("prepaid-corrected", "");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-10-06T00:00:00Z").expect(0);
    let (invoices, notes) = (documents(&shop.state(), "invoice"), documents(&shop.state(), "credit_note"));
    assert_eq!((notes.len(), text(&notes[0], "total")), (1, "USD 0.05".to_owned()));
    assert_eq!(notes[0]["prepaid"], invoices[0]["prepaid"]);
    let said = page(&shop, "LRC-2018-000001", "2018-08");
    assert!(said.contains("Invoice LR-2018-000001 took USD 0.15 of payments in advance, and keeps them."), "{said}");
    // What stands in place of an invoice takes its payments over, as far as it needs them; nothing is free for others.
    edit(&shop.folder, "businesses.toml", "Via degli Esempi 12", "Via Nuova 1");
    let reissue = ["reissue", "LR-2018-000001", "--reason", "the street", "--as-of", "2018-10-07T00:00:00Z"];
    shop.ritardo(&reissue).expect(0);
    let replacements = documents(&shop.state(), "replacement");
    assert_eq!(taken(&replacements[0]), (vec!["TRX 1: USD 0.10, USD 0.03 left".to_owned()], "USD 0.00".to_owned()));
    assert!(!page(&shop, "LRC-2018-000002", "2018-08").contains("payments in advance"));
    shop.run("2018-12-05T00:00:00Z").expect(0);
    let last = documents(&shop.state(), "invoice").pop().unwrap();
    assert_eq!(taken(&last), (vec!["TRX 2: USD 0.02, USD 0.00 left".to_owned()], "USD 0.08".to_owned()));
    shop.holds();
}

#[test]
fn an_approval_is_of_what_is_due_too() {
    let shop = shop("prepaid-approved", "issue = \"after-approval\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let preview = shop.state().join("previews/2018-08/bologna-bakery/preview_bologna-bakery_2018-08.html");
    assert!(fs::read_to_string(&preview).unwrap().contains("Paid in advance on 2018-08-03 (TRX 1)"));
    shop.ritardo(&["approve", "2018-08", "--as-of", "2018-09-05T01:00:00Z"]).expect(0);
    // Another payment than the one that was seen; one that is not received yet is none.
    edit(&shop.folder, "businesses.toml", "amount = \"0.18\"", "amount = \"0.10\"");
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(bodies(&shop.state(), "invoice").is_empty());
    let page = fs::read_to_string(&preview).unwrap();
    assert!(page.contains("TRX 1") && !page.contains("TRX 2") && page.contains("USD 0.05"), "{page}");
    shop.ritardo(&["approve", "2018-08", "--as-of", "2018-09-06T01:00:00Z"]).expect(0);
    shop.run("2018-09-07T00:00:00Z").expect(0);
    let invoices = documents(&shop.state(), "invoice");
    assert_eq!(taken(&invoices[0]), (vec!["TRX 1: USD 0.10, USD 0.00 left".to_owned()], "USD 0.05".to_owned()));
    shop.holds();
}

/// Two months of USD 10.00 a message with 22 % of VAT, where the first, of USD 24.40, is paid in advance whole, and issued.
fn paid_whole(name: &str) -> Shop {
    let shop = Shop::new(name, "");
    shop.log("2018-08-05", &["m1 inbound 2018-08-05T10:00:00Z 81", "m2 inbound 2018-08-05T10:00:00Z 82"]);
    edit(&shop.folder, "tariff.toml", "[[rate]]", "bounds = [\"0.01\", \"50.00\"]\n\n[[rate]]");
    edit(&shop.folder, "tariff.toml", "price = \"0.05\"", "price = \"10.00\"");
    edit(&shop.folder, "businesses.toml", "{ treatment = \"reverse-charge\" }", STANDARD);
    let book = shop.folder.join("businesses.toml");
    let payment = "\n[[business.prepaid]]\nreceived = \"2018-08-03\"\namount = \"24.40\"\ncurrency = \"USD\"\n\
        reference = \"p1\"\n";
    fs::write(&book, fs::read_to_string(&book).unwrap() + payment).unwrap();
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let first = documents(&shop.state(), "invoice").pop().unwrap();
    assert_eq!(taken(&first), (vec!["p1: USD 24.40, USD 0.00 left".to_owned()], "USD 0.00".to_owned()));
    shop
}

/// With a book that was changed so, the second month is parked, and says why; with that of before it is billed whole.
#[track_caller]
fn check_parked(name: &str, old: &str, new: &str, why: &str) {
    let shop = paid_whole(name);
    edit(&shop.folder, "businesses.toml", old, new);
    let ran = shop.run("2018-10-05T00:00:00Z").expect(65);
    assert!(ran.out.contains("prepaid: ") && ran.out.contains(why), "{}", ran.out);
    assert_eq!(documents(&shop.state(), "invoice").len(), 1);
    edit(&shop.folder, "businesses.toml", new, old);
    shop.run("2018-10-05T01:00:00Z").expect(0);
    let second = documents(&shop.state(), "invoice").pop().unwrap();
    assert_eq!((text(&second, "total"), taken(&second)), ("USD 12.20".to_owned(), (Vec::new(), String::new())));
    shop.holds();
}

#[test]
fn a_payment_under_another_reference_is_not_taken_twice() {
    let (old, new) = ("reference = \"p1\"", "reference = \"transfer p1\"");
    check_parked(
        "prepaid-renamed",
        old,
        new,
        "LR-2018-000001 took of USD 24.40, paid in advance on 2018-08-03, as `p1`",
    );
    // A second payment that is alike is one, where the book has both.
    let shop = paid_whole("prepaid-alike");
    let book = shop.folder.join("businesses.toml");
    let second = "\n[[business.prepaid]]\nreceived = \"2018-08-03\"\namount = \"24.40\"\ncurrency = \"USD\"\n\
        reference = \"p2\"\n";
    fs::write(&book, fs::read_to_string(&book).unwrap() + second).unwrap();
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let last = documents(&shop.state(), "invoice").pop().unwrap();
    assert_eq!(taken(&last), (vec!["p2: USD 12.20, USD 12.20 left".to_owned()], "USD 0.00".to_owned()));
    shop.holds();
}

#[test]
fn a_payment_with_another_day_or_amount_is_not_lost() {
    let (payment, p1) =
        ("received = \"2018-08-03\"\namount = \"24.40\"", "`p1` as USD 24.40 paid in advance on 2018-08-03");
    let (again, said) = ("received = \"2018-09-20\"\namount = \"12.20\"", "has it as USD 12.20 on 2018-09-20");
    check_parked("prepaid-again", payment, again, &format!("LR-2018-000001 took of {p1}, and the book {said}"));
    let (less, said) = ("received = \"2018-08-03\"\namount = \"20.00\"", "has it as USD 20.00 on 2018-08-03");
    check_parked("prepaid-lessened", payment, less, &format!("LR-2018-000001 took of {p1}, and the book {said}"));
}

#[test]
fn what_an_invoice_in_place_of_another_needs_less_is_there_for_later_ones() {
    let shop = paid_whole("prepaid-released");
    edit(&shop.folder, "businesses.toml", STANDARD, "{ treatment = \"reverse-charge\" }");
    let reissue = ["reissue", "LR-2018-000001", "--reason", "no VAT", "--as-of", "2018-09-06T00:00:00Z"];
    let told = shop.ritardo(&reissue).expect(0).out;
    assert!(told.contains("released  USD 4.40 of `p1`, which later invoices take"), "{told}");
    let replacement = documents(&shop.state(), "replacement").pop().unwrap();
    assert_eq!(taken(&replacement), (vec!["p1: USD 20.00, USD 4.40 left".to_owned()], "USD 0.00".to_owned()));
    let released = &bodies(&shop.state(), "replacement")[0]["released"];
    assert_eq!(
        (text(&released[0], "reference"), text(&released[0], "amount")),
        ("p1".to_owned(), "USD 4.40".to_owned())
    );
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let last = documents(&shop.state(), "invoice").pop().unwrap();
    assert_eq!(taken(&last), (vec!["p1: USD 4.40, USD 0.00 left".to_owned()], "USD 5.60".to_owned()));
    shop.holds();
}
