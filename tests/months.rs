//! Months from open to closed, and what happens to them afterwards: guards, approvals, small amounts, late logs,
//! disputes, wrong words.
#![cfg(test)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::shop::{HEADER, SHOP, Shop, edit};
use common::{bodies, content, files, rows, text};
use serde_json::Value;

fn triple(number: &str, corrects: &str, net: &str) -> (String, String, String) {
    (number.to_owned(), corrects.to_owned(), net.to_owned())
}

#[test]
fn a_month_is_open_then_waiting_then_closable_then_closed() {
    let shop = Shop::new("months-states", "");
    // Of August only the first days have come: answers may be in what is missing.
    let late: Vec<PathBuf> = (6..=31).map(|day| shop.folder.join(format!("inbox/desk/2018-08-{day:02}.csv"))).collect();
    let aside = shop.folder.join("aside");
    fs::create_dir(&aside).unwrap();
    late.iter().for_each(|file| fs::rename(file, aside.join(file.file_name().unwrap())).unwrap());
    shop.run("2018-08-20T00:00:00Z").expect(0);
    let row = shop.status("2018-08", "2018-08-20T00:00:00Z");
    assert_eq!(row["state"], "open", "{row:#}");
    assert_eq!(row["missing"][0], "it is over at 2018-09-01T00:00:00.000Z");
    let row = shop.status("2018-08", "2018-09-01T12:00:00Z");
    assert_eq!(row["state"], "waiting");
    assert_eq!(row["missing"][0], "its last charge can change until 2018-09-02T00:00:00.000Z");
    shop.run("2018-09-03T00:00:00Z").expect(0);
    let row = shop.status("2018-08", "2018-09-03T00:00:00Z");
    assert_eq!(row["state"], "waiting");
    late.iter().for_each(|file| fs::rename(aside.join(file.file_name().unwrap()), file).unwrap());
    let dry = shop.ritardo(&["run", "--dry-run", "--as-of", "2018-09-03T00:00:00Z"]).expect(0);
    assert!(dry.out.contains("closable  2018-08"), "{}", dry.out);
    shop.run("2018-09-03T00:00:00Z").expect(0);
    shop.stands("2018-08", "2018-09-03T00:00:00Z", "closed", "USD 0.15");
    let text = shop.ritardo(&["status", "--as-of", "2018-09-03T00:00:00Z"]).expect(0).out;
    assert!(text.contains("2 business months: 1 open, 1 closed"), "{text}");
    let csv =
        shop.ritardo(&["status", "--as-of", "2018-09-03T00:00:00Z", "--format", "csv", "--state", "closed"]).expect(0);
    assert_eq!(rows(csv.out.as_bytes()).len(), 1);
    shop.holds();
}

#[test]
fn a_month_is_issued_after_approval_of_exactly_what_was_seen() {
    let shop = Shop::new("months-approval", "issue = \"after-approval\"");
    let night = "2018-09-05T00:00:00Z";
    let first = shop.run(night).expect(0);
    assert!(first.out.contains("approve   2018-08"), "{}", first.out);
    shop.stands("2018-08", night, "to_approve", "USD 0.15");
    let folder = shop.state().join("previews/2018-08").join(SHOP);
    let html = fs::read_to_string(folder.join("preview_bologna-bakery_2018-08.html")).unwrap();
    assert!(html.contains("PREVIEW") && html.contains("0.15") && !html.contains("LR-2018"), "{html}");
    assert!(fs::read(folder.join("preview_bologna-bakery_2018-08.pdf")).unwrap().starts_with(b"%PDF"));
    assert!(bodies(&shop.state(), "invoice").is_empty());
    shop.ritardo(&["approve", "2018-08", "--as-of", night]).expect(0);
    // What comes before the run that issues it is to be seen first.
    shop.log("2018-08-07-more", &["more inbound 2018-08-07T09:00:00Z 99"]);
    let again = shop.run(night).expect(0);
    assert!(again.out.contains("approve   2018-08  bologna-bakery: USD 0.20"), "{}", again.out);
    shop.ritardo(&["approve", "2018-08", "--business", SHOP, "--as-of", night]).expect(0);
    shop.run(night).expect(0);
    assert_eq!(shop.documents(), [triple("LR-2018-000001", "", "USD 0.20")]);
    assert!(!folder.exists(), "the preview of an issued month is gone");
    shop.ritardo(&["approve", "2018-08", "--as-of", night]).expect(2);
    shop.holds();
}

#[test]
fn a_guard_parks_a_month_until_it_is_released() {
    let shop = Shop::new("months-guard", "");
    let night = "2018-09-05T00:00:00Z";
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    fs::write(shop.folder.join("ritardo.toml"), config + "\n[guards]\ncharges_per_day = 2\nlargest = \"0.10\"\n")
        .unwrap();
    let parked = shop.run(night).expect(65);
    assert!(parked.out.contains("charges-per-day: 3 charges of 2018-08-05, more than 2"), "{}", parked.out);
    assert!(parked.out.contains("largest: USD 0.15 is more than 0.1"), "{}", parked.out);
    shop.stands("2018-08", night, "parked", "USD 0.15");
    let told = shop.ritardo(&["parked", "--format", "json", "--as-of", night]).expect(0).json();
    assert_eq!(told[0]["found"][0]["may_be_released"], true, "{told:#}");
    let release = ["unpark", "2018-08", "--business", SHOP, "--as-of", night, "--reason"];
    shop.ritardo(&[&release[..], &[" "]].concat()).expect(2);
    shop.ritardo(&[&release[..], &["a strike at the bakery"]].concat()).expect(0);
    // With other charges the guards look again.
    shop.log("2018-08-05-more", &["more inbound 2018-08-05T09:00:00Z 99"]);
    shop.run(night).expect(65);
    shop.ritardo(&[&release[..], &["a strike at the bakery, and one more"]].concat()).expect(0);
    shop.run(night).expect(0);
    assert_eq!(shop.documents(), [triple("LR-2018-000001", "", "USD 0.20")]);
    assert_eq!(bodies(&shop.state(), "unparked")[1]["reason"], "a strike at the bakery, and one more");
    shop.holds();
}

#[test]
fn a_message_that_is_billed_already_parks_the_month_and_nobody_can_release_it() {
    let shop = Shop::new("months-twice", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    // The same message, exported once more with another time: by its id it is billed with August.
    shop.log("2018-09-12", &["2018-08-05-2 inbound 2018-09-12T10:00:00Z 82"]);
    let night = shop.run("2018-10-05T00:00:00Z").expect(0);
    assert!(
        night.out.contains("waiting   2018-09") && night.out.contains("held"),
        "copies that differ hold: {}",
        night.out
    );
    shop.holds();
}

#[test]
fn small_months_are_carried_over_to_one_invoice() {
    let shop = Shop::new("months-carry", "smallest = \"0.25\"");
    let night = shop.run("2018-09-05T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.15 carried over to a later invoice"), "{}", night.out);
    assert!(bodies(&shop.state(), "invoice").is_empty(), "a month that is carried over takes no number");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    assert_eq!(shop.status("2018-09", "2018-10-05T00:00:00Z")["carried"], "USD 0.05");
    shop.run("2018-11-05T00:00:00Z").expect(0);
    assert_eq!(shop.documents(), [triple("LR-2018-000001", "", "USD 0.30")]);
    let issued = &bodies(&shop.state(), "invoice")[0];
    let invoice = content(&shop.state(), &text(issued, "document_sha256"));
    let earlier: Vec<(String, String)> =
        invoice["earlier"].as_array().unwrap().iter().map(|e| (text(e, "month"), text(e, "amount"))).collect();
    assert_eq!(earlier, [("2018-08".to_owned(), "USD 0.15".to_owned()), ("2018-09".to_owned(), "USD 0.05".to_owned())]);
    let beside = files(&shop.state().join("issued/LR-2018-000001"));
    assert!(beside.contains(&"LR-2018-000001_2018-08.csv".to_owned()), "{beside:?}");
    assert_eq!(shop.status("2018-08", "2018-11-05T00:00:00Z")["carried"], Value::Null);
    // November has nothing: nothing is issued, and the line about it says so.
    let quiet = shop.run("2018-12-03T00:00:00Z").expect(0);
    assert!(quiet.out.contains("no charges, no invoice"), "{}", quiet.out);
    shop.holds();
}

#[test]
fn late_answers_give_back_and_late_questions_are_shown() {
    let shop = Shop::new("months-late", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81", "q9 inbound 2018-08-06T09:00:00Z 99"]);
    // One charge less and one more: the month comes to the same.
    let night = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(night.out.contains("late      2018-08  bologna-bakery: what came late changes no charge"), "{}", night.out);
    shop.log("2018-08-06-late2", &["q8 inbound 2018-08-06T09:30:00Z 98"]);
    let night = shop.run("2018-09-07T00:00:00Z").expect(0);
    assert!(night.out.contains("it would cost USD 0.05 more, which is not billed"), "{}", night.out);
    assert_eq!(shop.status("2018-08", "2018-09-07T00:00:00Z")["would_be"], "USD 0.20");
    shop.log("2018-08-05-late3", &["a2 outbound 2018-08-05T12:00:00Z 82", "a3 outbound 2018-08-05T12:00:00Z 83"]);
    let dry = shop.ritardo(&["run", "--dry-run", "--as-of", "2018-09-08T00:00:00Z"]).expect(0);
    assert!(dry.out.contains("USD 0.05 is to be credited"), "{}", dry.out);
    let night = shop.run("2018-09-08T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.05 given back by LRC-2018-000001"), "{}", night.out);
    assert_eq!(
        shop.documents(),
        [triple("LR-2018-000001", "", "USD 0.15"), triple("LRC-2018-000001", "LR-2018-000001", "USD 0.05")]
    );
    let changes = fs::read(shop.state().join("issued/LRC-2018-000001/LRC-2018-000001_2018-08.csv")).unwrap();
    let named: Vec<(String, String)> =
        rows(&changes).iter().map(|row| (row["message_id"].clone(), row["credit"].clone())).collect();
    assert_eq!(
        named.iter().map(|(id, credit)| (id.as_str(), credit.as_str())).collect::<Vec<_>>(),
        [
            ("2018-08-05-1", "0.05"),
            ("2018-08-05-2", "0.05"),
            ("2018-08-05-3", "0.05"),
            ("q9", "-0.05"),
            ("q8", "-0.05")
        ]
    );
    let again = shop.run("2018-09-08T00:00:00Z").expect(0);
    assert!(again.out.contains("nothing   to do"), "{}", again.out);
    let explained = shop.ritardo(&["explain", "2018-08-05-1", "--as-of", "2018-09-08T00:00:00Z"]).expect(0);
    assert!(explained.out.contains("LRC-2018-000001"), "{}", explained.out);
    shop.holds();
}

#[test]
fn late_questions_are_billed_with_the_next_invoice_where_the_setting_says_so() {
    let shop = Shop::new("months-debit", "late_logs = \"credit-and-debit\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.log("2018-08-06-late", &["q9 inbound 2018-08-06T09:00:00Z 99", "q8 inbound 2018-08-06T09:30:00Z 98"]);
    let night = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(night.out.contains("debit     2018-08") && night.out.contains("bills USD 0.10 more"), "{}", night.out);
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let invoice = content(&shop.state(), &text(&bodies(&shop.state(), "invoice")[1], "document_sha256"));
    assert_eq!(invoice["earlier"][0]["cause"], "late_logs");
    assert_eq!((text(&invoice, "net"), text(&invoice["earlier"][0], "amount")), ("USD 0.15".into(), "USD 0.10".into()));
    // All five were answered after all: the invoice that billed last gives back first, each no more than it billed.
    let answers: Vec<String> = [("81", 1), ("82", 2), ("83", 3), ("99", 4)]
        .map(|(customer, n)| format!("a{n} outbound 2018-08-06T09:40:00Z {customer}"))
        .to_vec();
    shop.log("2018-08-06-late2", &answers.iter().map(String::as_str).collect::<Vec<_>>());
    shop.run("2018-10-06T00:00:00Z").expect(0);
    assert_eq!(
        shop.documents(),
        [
            triple("LR-2018-000001", "", "USD 0.15"),
            triple("LR-2018-000002", "", "USD 0.15"),
            triple("LRC-2018-000001", "LR-2018-000002", "USD 0.10"),
            triple("LRC-2018-000002", "LR-2018-000001", "USD 0.10"),
        ]
    );
    shop.stands("2018-08", "2018-10-06T00:00:00Z", "closed", "USD 0.05");
    shop.holds();
}

#[test]
fn a_small_credit_waits_until_it_is_worth_a_document() {
    let shop = Shop::new("months-threshold", "smallest_correction = \"0.10\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    let night = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.05 is less than the smallest correction"), "{}", night.out);
    shop.log("2018-08-06-late2", &["a2 outbound 2018-08-06T09:00:00Z 82"]);
    let night = shop.run("2018-09-07T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.10 given back by LRC-2018-000001"), "{}", night.out);
    // A lower threshold brings up what was left.
    shop.log("2018-08-06-late3", &["a3 outbound 2018-08-06T09:00:00Z 83"]);
    shop.run("2018-09-08T00:00:00Z").expect(0);
    shop.setting("smallest_correction = \"0.10\"", "smallest_correction = \"0.01\"");
    let night = shop.run("2018-09-09T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.05 given back by LRC-2018-000002"), "{}", night.out);
    shop.stands("2018-08", "2018-09-09T00:00:00Z", "closed", "USD 0.00");
    shop.holds();
}

#[test]
fn what_the_logs_no_longer_prove_waits_for_a_decision() {
    let shop = Shop::new("months-undecided", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    // Two exports disagree about when the question was asked.
    shop.log("2018-08-05-late", &["2018-08-05-1 inbound 2018-08-05T11:00:00Z 81"]);
    let night = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(night.out.contains("late      2018-08  bologna-bakery: not compared yet: "), "{}", night.out);
    assert!(shop.run("2018-09-07T00:00:00Z").expect(0).out.contains("not compared yet"), "it is said every night");
    assert_eq!(shop.documents().len(), 1);
    shop.holds();
}

#[test]
fn wrong_words_are_given_back_and_issued_again() {
    let shop = Shop::new("months-reissue", "smallest = \"0.18\"");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    assert_eq!(shop.documents(), [triple("LR-2018-000001", "", "USD 0.20")]);
    edit(&shop.folder, "businesses.toml", "Via degli Esempi 12", "Via Nuova 1");
    let now = "2018-10-06T00:00:00Z";
    shop.ritardo(&["reissue", "LR-2018-000001", "--reason", "the address was the old one", "--as-of", now]).expect(0);
    let html = |number: &str| {
        let folder = shop.state().join("issued").join(number);
        let page = files(&folder).into_iter().find(|name| name.ends_with(".html")).unwrap();
        fs::read_to_string(folder.join(page)).unwrap()
    };
    assert!(html("LR-2018-000002").contains("Via Nuova 1") && html("LR-2018-000001").contains("Via degli Esempi 12"));
    assert!(html("LRC-2018-000001").contains("the address was the old one"));
    assert_eq!(
        shop.documents(),
        [
            triple("LR-2018-000001", "", "USD 0.20"),
            triple("LR-2018-000002", "LR-2018-000001", "USD 0.20"),
            triple("LRC-2018-000001", "LR-2018-000001", "USD 0.20"),
        ]
    );
    for (number, why) in
        [("LR-2018-000001", "given back whole"), ("LRC-2018-000001", "credit note"), ("LR-2018-000009", "no document")]
    {
        let refused = shop.ritardo(&["reissue", number, "--reason", "again", "--as-of", now]).expect(2);
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    // What comes late is given back from the invoice that stands.
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.log("2018-09-10-late", &["a2 outbound 2018-09-10T12:00:00Z 91"]);
    shop.run("2018-10-07T00:00:00Z").expect(0);
    let credits = shop.documents().into_iter().filter(|(number, ..)| number.starts_with("LRC")).skip(1);
    assert_eq!(
        credits.collect::<Vec<_>>(),
        [
            triple("LRC-2018-000002", "LR-2018-000002", "USD 0.05"),
            triple("LRC-2018-000003", "LR-2018-000002", "USD 0.05"),
        ]
    );
    let reissue = ["reissue", "LR-2018-000002", "--reason", "and the house", "--as-of", "2018-10-08T00:00:00Z"];
    let refused = shop.ritardo(&reissue).expect(2);
    assert!(refused.err.contains("LR-2018-000002 has the words of today already"), "{}", refused.err);
    edit(&shop.folder, "businesses.toml", "Via Nuova 1", "Via Nuova 11");
    shop.ritardo(&reissue).expect(0);
    assert_eq!(shop.documents()[2], triple("LR-2018-000003", "LR-2018-000002", "USD 0.10"));
    shop.run("2018-10-09T00:00:00Z").expect(0);
    shop.holds();
}

#[test]
fn a_dispute_gives_back_exactly_the_accepted_messages() {
    let shop = Shop::new("months-dispute", "late_logs = \"credit-only\"\nsmallest_correction = \"1.00\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    // Known since, and too small to be given back by itself.
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    let claims = "message_id,reason,decision\n2018-08-05-1,it was answered,\n2018-08-05-2,it was answered,\n\
                  2018-08-05-3,a test message,accept\nunknown,why not,\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    let now = "2018-09-07T00:00:00Z";
    let opened = shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", now]).expect(0).out;
    for line in [
        "dispute 1  2018-08  bologna-bakery: 2 of 3 messages accepted",
        "accepted  2018-08-05-1: answered at 2018-08-06T09:00:00.000Z, in time, by the logs known now",
        "rejected  2018-08-05-2: no answer by 2018-08-06T10:00:00.000Z is in the logs",
        "accepted  2018-08-05-3: accepted by the operator",
        "rejected  unknown: no closed month charges it as things stand",
    ] {
        assert!(opened.contains(line), "{line}\n{opened}");
    }
    let draft = shop.ritardo(&["dispute", "settle", "1", "--as-of", now]).expect(0).out;
    assert!(draft.contains("draft     USD 0.10 for LR-2018-000001"), "{draft}");
    assert!(bodies(&shop.state(), "credit_note").is_empty());
    let preview = shop.state().join("previews/dispute-1");
    assert!(files(&preview).iter().any(|name| name.ends_with(".pdf")));
    // It has the details of the credit note that it is the preview of.
    let page = fs::read_to_string(preview.join("preview_bologna-bakery_2018-08_LR-2018-000001.html")).unwrap();
    for said in ["NOT A CREDIT NOTE", "Details of August 2018", "By change", "2018-08-05"] {
        assert!(page.contains(said), "{said}");
    }
    let settled = shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", now]).expect(0).out;
    assert!(settled.contains("credited  LRC-2018-000001  USD 0.10 for LR-2018-000001"), "{settled}");
    assert!(!preview.exists());
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", now]).expect(2);
    let again = shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", now]).expect(0).out;
    assert!(again.contains("rejected  2018-08-05-1: no closed month charges it as things stand"), "{again}");
    let changes = fs::read(shop.state().join("issued/LRC-2018-000001/LRC-2018-000001_2018-08.csv")).unwrap();
    let named: Vec<String> = rows(&changes).iter().map(|row| row["message_id"].clone()).collect();
    assert_eq!(named, ["2018-08-05-1", "2018-08-05-3"]);
    // Settled messages stay so when the month is rated again.
    shop.setting("smallest_correction = \"1.00\"", "smallest_correction = \"0.01\"");
    shop.log("2018-08-06-late2", &["a2 outbound 2018-08-06T09:00:00Z 82"]);
    shop.run("2018-09-08T00:00:00Z").expect(0);
    shop.stands("2018-08", "2018-09-08T00:00:00Z", "closed", "USD 0.00");
    assert_eq!(shop.documents().last().unwrap(), &triple("LRC-2018-000002", "LR-2018-000001", "USD 0.05"));
    shop.holds();
}

#[test]
fn numbers_are_of_their_issuer_and_begin_again_with_the_year() {
    let shop = Shop::new("months-issuers", "");
    let second = "[[business]]\nid = \"tram-depot\"\nlegal_name = \"Deposito Esempio S.r.l.\"\naddress = [\"Via Esempio 9\"]\n\
                  country = \"IT\"\nvat_id = \"IT99999990379\"\nemails = [\"accounts@depot.example\"]\nlanguage = \"it\"\n\
                  zone = \"UTC\"\nfirst_month = \"2018-08\"\nvat = { treatment = \"reverse-charge\" }\nissuer = \"roma\"\n\n\
                  [[business.channel]]\nid = \"+390510000418\"\n";
    let book = fs::read_to_string(shop.folder.join("businesses.toml")).unwrap();
    let refused = |shop: &Shop| shop.ritardo(&["check"]).expect(78).err;
    fs::write(shop.folder.join("businesses.toml"), format!("{book}\n{second}")).unwrap();
    assert!(refused(&shop).contains("names the issuer `roma`, which there is not"));
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    let (head, rest) = config.split_once("[issuer]").unwrap();
    let (own, rest) = rest.split_once("[invoice]").unwrap();
    let other = own.replace("Europe/Dublin", "Pacific/Kiritimati");
    let with = |series: &str| {
        format!(
            "{head}[[issuer]]\nid = \"dublin\"{own}[[issuer]]\nid = \"roma\"\nseries = \"{series}\"{other}[invoice]{rest}"
        )
    };
    fs::write(shop.folder.join("ritardo.toml"), with("LRC")).unwrap();
    assert!(refused(&shop).contains("the series LRC is that of other documents already"));
    fs::write(shop.folder.join("ritardo.toml"), with("RM")).unwrap();
    assert!(refused(&shop).contains("there are several issuers, and the business `bologna-bakery` names none"));
    let book = book.replace("first_month", "issuer = \"dublin\"\nfirst_month");
    fs::write(shop.folder.join("businesses.toml"), format!("{book}\n{second}")).unwrap();
    shop.setting("channels = [\"+390510000417\"]", "channels = [\"+390510000417\", \"+390510000418\"]");
    let q = |day: &str| format!("{HEADER}d-{day},tram-depot,+390510000418,+390000000055,inbound,{day}T10:00:00Z\n");
    for day in ["2018-08-20", "2018-09-20", "2018-10-20"] {
        fs::write(shop.folder.join(format!("inbox/desk/{day}-depot.csv")), q(day)).unwrap();
    }
    shop.run("2018-09-05T00:00:00Z").expect(0);
    shop.run("2018-10-05T00:00:00Z").expect(0);
    // New Year has come on Kiritimati, and not in Dublin.
    shop.run("2018-12-31T23:00:00Z").expect(0);
    let numbers: Vec<String> = shop.documents().into_iter().map(|(number, ..)| number).collect();
    assert_eq!(
        numbers,
        ["LR-2018-000001", "LR-2018-000002", "LR-2018-000003", "RM-2018-000001", "RM-2018-000002", "RM-2019-000001"]
    );
    shop.holds();
}

#[test]
fn what_late_logs_gave_back_is_not_given_back_by_a_dispute_again() {
    let shop = Shop::new("months-dispute-late", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let claims = "message_id,reason,decision\n2018-08-05-1,a test,accept\n2018-08-05-2,a test,accept\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-05T01:00:00Z"]).expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    let settle = ["dispute", "settle", "1", "--issue", "--as-of", "2018-09-07T00:00:00Z"];
    shop.ritardo(&settle).expect(0);
    assert_eq!(
        shop.documents(),
        [
            triple("LR-2018-000001", "", "USD 0.15"),
            triple("LRC-2018-000001", "LR-2018-000001", "USD 0.05"),
            triple("LRC-2018-000002", "LR-2018-000001", "USD 0.05"),
        ]
    );
    // Of a second dispute everything is given back by the time that it is settled.
    fs::write(shop.folder.join("claims.csv"), "message_id,reason,decision\n2018-08-05-3,a test,accept\n").unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-07T01:00:00Z"]).expect(0);
    shop.log("2018-08-06-late3", &["a3 outbound 2018-08-06T09:00:00Z 83"]);
    shop.run("2018-09-08T00:00:00Z").expect(0);
    let settled = shop.ritardo(&["dispute", "settle", "2", "--issue", "--as-of", "2018-09-08T01:00:00Z"]).expect(0);
    assert!(settled.out.contains("late logs have done so since"), "{}", settled.out);
    shop.stands("2018-08", "2018-09-08T02:00:00Z", "closed", "USD 0.00");
    shop.holds();
}

#[test]
fn a_dispute_over_what_no_document_bills_yet_lessens_what_will_be_billed() {
    let shop = Shop::new("months-dispute-carried", "smallest = \"1.00\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason,decision\n2018-08-05-1,a test,accept\n").unwrap();
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", "2018-09-05T01:00:00Z"]).expect(0);
    let settled = shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    assert!(settled.out.contains("no document bills it yet: USD 0.05 less is to be billed"), "{}", settled.out);
    shop.setting("smallest = \"1.00\"", "smallest = \"0.15\"");
    shop.run("2018-10-05T00:00:00Z").expect(0);
    assert_eq!(shop.documents(), [triple("LR-2018-000001", "", "USD 0.15")], "USD 0.10 of August, 0.05 of September");
    shop.holds();
}
