//! The month pages: how far each month has come, what was issued and corrected, and what their sums and heads say.
#![cfg(test)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::shop::{SHOP, Shop, edit};
use common::{bodies, files, sha256, text};

/// The page of a month as it lies in the state folder.
#[track_caller]
fn html(shop: &Shop, month: &str) -> String {
    let page = shop.state().join(format!("reports/{month}.html"));
    fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The words of a page, without its style and its tags; cells that are not empty are parted by a bar.
fn words(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    let mut words = String::new();
    for piece in body.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        let is_inline = ["bdi", "/bdi", "a ", "/a", "span", "/span", "code", "/code"].iter();
        words.push_str(if is_inline.clone().any(|name| tag.starts_with(name)) { " " } else { "|" });
        words.push_str(text);
    }
    let words = words.replace("&#x2F;", "/").replace("&quot;", "\"").replace('\u{a0}', " ").replace("&#x27;", "'");
    let cells = words.split('|').map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "));
    let cells: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
    format!("| {} |", cells.join(" | "))
}

#[track_caller]
fn says(shop: &Shop, month: &str, all: &[&str]) {
    let words = words(&html(shop, month));
    for said in all {
        assert!(words.contains(said), "{month} does not say: {said}\n{}", words.split("Waits by day").next().unwrap());
    }
}

#[track_caller]
fn is_silent(shop: &Shop, month: &str, none: &[&str]) {
    let words = words(&html(shop, month));
    for said in none {
        assert!(!words.contains(said), "{month} says: {said}\n{words}");
    }
}

/// The head that a page prints.
fn head(html: &str) -> String {
    let rest = html.split_once(HEAD).unwrap().1;
    rest[..64].to_owned()
}

/// Stands before the head.
const HEAD: &str = "Head of the chain of documents</dt><dd class=\"hash\">";

/// Every page prints a head that the ledger holds, and every address on it is that of a file.
#[track_caller]
fn points_right(shop: &Shop) {
    let reports = shop.state().join("reports");
    let mut heads = BTreeSet::new();
    for name in files(&reports) {
        let path = reports.join(&name);
        let page = fs::read_to_string(&path).unwrap();
        heads.extend(page.contains(HEAD).then(|| head(&page)));
        for address in page.split("href=\"").skip(1) {
            let address = address.split('"').next().unwrap().replace("&#x2F;", "/");
            let is_here = address.starts_with('#') || path.parent().unwrap().join(&address).is_file();
            assert!(is_here, "{name}: {address} is no file");
        }
    }
    for head in heads {
        shop.ritardo(&["verify", "--head", &head]).expect(0);
    }
}

/// The same, and the ledger verifies and audits.
#[track_caller]
fn holds(shop: &Shop) {
    points_right(shop);
    shop.holds();
}

fn document(shop: &Shop, number: &str) -> String {
    let all = ["invoice", "credit_note", "replacement"].map(|kind| bodies(&shop.state(), kind)).concat();
    let body = all.into_iter().find(|body| text(body, "number") == number).unwrap();
    text(&body, "document_sha256")
}

#[test]
fn a_page_is_drawn_again_for_what_corrects_its_month_and_for_nothing_else() {
    let shop = Shop::new("pages-late", "");
    shop.log("2018-09-03", &["q0 inbound 2018-09-03T10:00:00Z 54"]);
    shop.run("2018-09-05T00:00:00Z").expect(0);
    says(
        &shop,
        "2018-08",
        &[
            "1 of 1 business is invoiced for USD 0.15 in all",
            "closed LR-2018-000001 | 3 | 0 | 0 | 3 | 0 | 3 | 0.15 | 0.15 | – | 0.15 |",
            "| invoice | 0.15 | 0.15 | 0.00 | 0.15 | 1 of 1 mail sent |",
        ],
    );
    says(&shop, "2018-09", &["open | – | it is over at 2018-10-01T00:00:00.000Z |"]);
    is_silent(&shop, "2018-08", &["What is still open", "is given back", "What came after"]);
    assert_eq!(head(&html(&shop, "2018-08")), document(&shop, "LR-2018-000001"));
    let august = html(&shop, "2018-08");
    // Later months, their invoices, their rejected rows and their files that cannot be read.
    shop.log("2018-09-20", &["q1 inbound 2018-09-20T10:00:00Z 55", "q2 inbound nonsense 56"]);
    fs::write(shop.folder.join("inbox/desk/2018-09-21-broken.csv"), "no,such,columns\n1,2,3\n").unwrap();
    let night = shop.run("2018-10-05T00:00:00Z");
    assert!(night.out.contains("LR-2018-000002"), "{}\n{}", night.out, night.err);
    assert_eq!(html(&shop, "2018-08"), august, "nothing is new about August");
    says(&shop, "2018-09", &["Rejected rows: 1.", "2018-09-21-broken.csv"]);
    // A question and no answer: it would cost more, and that is not billed.
    shop.log("2018-08-06-late", &["q9 inbound 2018-08-06T09:00:00Z 99"]);
    shop.run("2018-10-06T00:00:00Z");
    let would_be = "with what came late it would be USD 0.20, USD 0.05 more than stands; 1 message has another charge";
    says(&shop, "2018-08", &["What came after the closing", would_be, "| 0.15 | – | 0.15 |"]);
    assert_eq!(head(&html(&shop, "2018-08")), document(&shop, "LR-2018-000001"), "nothing was issued");
    // Answers: the month comes to less than was billed.
    let answers = ["a2 outbound 2018-08-05T12:00:00Z 82", "a3 outbound 2018-08-05T12:00:00Z 83"];
    let september = html(&shop, "2018-09");
    shop.log("2018-08-05-late", &answers);
    shop.run("2018-10-07T00:00:00Z");
    says(
        &shop,
        "2018-08",
        &[
            "invoiced for USD 0.15 in all, of which USD 0.05 is given back",
            "closed LR-2018-000001 LRC-2018-000001 2 charged after corrections |",
            "late, 3 unanswered; 2 after corrections |",
            "| 0.15 | 0.05 | 0.10 |",
            "LRC-2018-000001 2018-10-07 |",
            "| credit note for LR-2018-000001 late logs | -0.05 | -0.05 | 0.00 | -0.05 | 1 of 1 mail sent |",
            "| Together | 1 invoice, 1 credit note | 0.10 | 0.10 | 0.00 | 0.10 |",
            "| correction 1 | late logs, 2018-10-07: the month comes to USD 0.10 | LRC-2018-000001 |",
            "Net that stands of the month | USD 0.10 | USD 0.15 issued, USD 0.05 given back |",
        ],
    );
    is_silent(&shop, "2018-08", &["it would be"]);
    assert!(shop.status("2018-08", "2018-10-07T00:00:00Z")["would_be"].is_null(), "it was corrected since");
    assert_eq!(head(&html(&shop, "2018-08")), document(&shop, "LRC-2018-000001"));
    assert_eq!(html(&shop, "2018-09"), september, "nothing is new about September");
    // The page of all months counts August as its own page does.
    let index = words(&html(&shop, "index"));
    assert!(index.contains("| 3 2 after corrections | 0.10 |"), "{index}");
    holds(&shop);
}

#[test]
fn what_is_carried_over_stands_on_both_pages_and_counts_once() {
    let shop = Shop::new("pages-carry", "smallest = \"0.25\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    says(
        &shop,
        "2018-08",
        &[
            "None of 1 business is invoiced",
            "closed USD 0.15 is billed with a later month |",
            "| – | – | – |",
            "| 0 invoices |",
        ],
    );
    is_silent(&shop, "2018-08", &["| Documents |", "no charges"]);
    assert_eq!(head(&html(&shop, "2018-08")), sha256(b""), "no document was issued yet");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let (august, september) = (html(&shop, "2018-08"), html(&shop, "2018-09"));
    shop.run("2018-11-05T00:00:00Z").expect(0);
    says(
        &shop,
        "2018-10",
        &[
            "| invoice USD 0.15 of August 2018, carried over USD 0.05 of September 2018, carried over |",
            "| 0.10 | 0.30 | 0.00 | 0.30 |",
            "| Net invoiced | USD 0.30 | 1 invoice; USD 0.20 of it of earlier months |",
            "| 0.10 | – | 0.10 |",
        ],
    );
    assert!(html(&shop, "2018-08") != august && html(&shop, "2018-09") != september);
    says(
        &shop,
        "2018-08",
        &[
            "closed LR-2018-000001 |",
            "| invoice with October 2018 | 0.15 | – | – | – |",
            "| Net invoiced | USD 0.00 | 0 invoices; USD 0.15 more with other months |",
        ],
    );
    is_silent(&shop, "2018-08", &["is billed with a later month"]);
    for month in ["2018-08", "2018-09", "2018-10"] {
        assert_eq!(head(&html(&shop, month)), document(&shop, "LR-2018-000001"));
    }
    shop.run("2018-12-03T00:00:00Z").expect(0);
    says(&shop, "2018-11", &["closed no charges nothing to bill |", "No customer waited"]);
    // Another month is closed without a document: the page of November keeps the head that it had.
    holds(&shop);
}

#[test]
fn months_that_wait_for_somebody_say_what_goes_on() {
    let shop = Shop::new("pages-waiting", "issue = \"after-approval\"");
    let night = "2018-09-05T00:00:00Z";
    shop.run(night).expect(0);
    says(&shop, "2018-08", &["to approve preview | 0.15 | `ritardo approve 2018-08` lets it be issued |"]);
    points_right(&shop);
    shop.ritardo(&["approve", "2018-08", "--as-of", night]).expect(0);
    shop.run(night).expect(0);
    is_silent(&shop, "2018-08", &["preview", "still open"]);
    // A correction is approved, too.
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    let waits = "1 message has another charge; USD 0.05 is to be credited; `ritardo approve 2018-08` lets it be issued";
    says(&shop, "2018-08", &[waits, "| preview |"]);
    holds(&shop);
    let waiting = html(&shop, "2018-08");
    shop.run("2018-09-07T00:00:00Z").expect(0);
    assert_eq!(html(&shop, "2018-08"), waiting, "it still waits");
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    fs::write(shop.folder.join("ritardo.toml"), config + "\n[guards]\nlargest = \"0.04\"\n").unwrap();
    shop.run("2018-10-05T00:00:00Z").expect(65);
    let advice = format!("if it is right: `ritardo unpark 2018-09 --business {SHOP} --reason TEXT`");
    says(&shop, "2018-09", &["| parked | 0.05 | largest: USD 0.05 is more than 0.04 |", &advice]);
    holds(&shop);
}

#[test]
fn what_the_logs_no_longer_prove_is_said_until_they_do() {
    let shop = Shop::new("pages-undecided", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.log("2018-08-05-late", &["2018-08-05-1 inbound 2018-08-05T11:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    says(&shop, "2018-08", &["| late logs | not compared yet: "]);
    let page = html(&shop, "2018-08");
    assert!(!page.contains("2018-08-05-1"), "no message is named");
    shop.run("2018-09-07T00:00:00Z").expect(0);
    assert_eq!(html(&shop, "2018-08"), page);
    holds(&shop);
}

#[test]
fn wrong_words_leave_the_sums_as_they_were() {
    let shop = Shop::new("pages-reissue", "smallest = \"0.18\"");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    edit(&shop.folder, "businesses.toml", "Via degli Esempi 12", "Via Nuova 1");
    let reissue = ["reissue", "LR-2018-000001", "--reason", "the address was the old one", "--as-of"];
    shop.ritardo(&[&reissue[..], &["2018-10-06T00:00:00Z"]].concat()).expect(0);
    shop.run("2018-10-06T00:00:00Z").expect(0);
    says(
        &shop,
        "2018-09",
        &[
            "| credit note for LR-2018-000001 reissue: the address was the old one USD 0.15 of August 2018, carried over |",
            "| invoice in place of LR-2018-000001 reissue: the address was the old one USD 0.15 of August",
            "| 0.10 | 0.05 | 0.05 |",
            "| Together | 2 invoices, 1 credit note | 0.05 | 0.20 | 0.00 | 0.20 |",
        ],
    );
    says(&shop, "2018-08", &["| 0.30 | 0.15 | 0.15 |", "reissue: the address was the old one with September 2018 |"]);
    for month in ["2018-08", "2018-09"] {
        assert_eq!(head(&html(&shop, month)), document(&shop, "LR-2018-000002"));
    }
    holds(&shop);
}

#[test]
fn a_dispute_is_told_without_its_messages() {
    let shop = Shop::new("pages-dispute", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let claims = "message_id,reason,decision\n2018-08-05-2,it was answered,\n2018-08-05-3,a test message,accept\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    let now = "2018-09-07T00:00:00Z";
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", now]).expect(0);
    shop.run(now).expect(0);
    says(
        &shop,
        "2018-08",
        &["| dispute 1 | 1 of 2 messages accepted, 2018-09-07; open: `ritardo dispute settle 1 --issue` issues it |"],
    );
    shop.ritardo(&["dispute", "settle", "1", "--as-of", now]).expect(0);
    shop.run(now).expect(0);
    says(&shop, "2018-08", &["issues it | preview |"]);
    holds(&shop);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", now]).expect(0);
    shop.run(now).expect(0);
    says(
        &shop,
        "2018-08",
        &[
            "| credit note for LR-2018-000001 dispute: a test message | -0.05 |",
            "1 of 2 messages accepted, 2018-09-07; settled 2018-09-07 | LRC-2018-000001 |",
            "| correction 1 | dispute, 2018-09-07: the month comes to USD 0.10 | LRC-2018-000001 |",
            "| 0.15 | 0.05 | 0.10 |",
        ],
    );
    assert!(!html(&shop, "2018-08").contains("2018-08-05-"), "no message is named");
    holds(&shop);
}
