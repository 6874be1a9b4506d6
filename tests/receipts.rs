//! Money that comes in where it is not plain: payments that may have been recorded before, returns, batches, days that have passed,
//! what was said by mistake, and letters that must be true.
#![cfg(test)]

mod common;

use std::fs;

use common::bank::{LATER, entry, import, item, open, shop, statement, verdicts};
use common::shop::{SHOP, Shop};
use common::{bodies, files, rows, text, tree};
use serde_json::Value;

const MAPPING: &str = "[[payments.statement]]\nname = \"house-bank\"\nseparator = \";\"\naccount = { value = \"IE89 RTRD 9990 0012 3456 78\" }\n\
    currency = { value = \"USD\" }\nbooked = \"Day\"\ndays = \"%d.%m.%Y\"\namount = \"Amount\"\npayer = \"Name\"\ntext = [\"Purpose\"]\n";

fn act(shop: &Shop, arguments: &[&str]) -> common::Ran {
    shop.ritardo(&[&["payments"][..], arguments, &["--as-of", LATER]].concat())
}

/// An entry that takes money away, with more in it.
fn debit(reference: &str, amount: &str, day: &str, words: &str, more: &str) -> String {
    let entry = entry(reference, amount, day, words).replace("CRDT", "DBIT");
    entry.replace("</TxDtls>", &format!("{more}</TxDtls>"))
}

const RETURN: &str = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>";

fn said(told: &Value, row: usize) -> String {
    told["rows"][row]["said"].to_string()
}

fn csv(shop: &Shop, name: &str, rows: &[&str]) {
    fs::write(shop.folder.join(name), format!("Day;Amount;Name;Purpose\n{}\n", rows.join("\n"))).unwrap();
}

#[test]
fn what_may_have_been_recorded_in_another_form_waits_for_a_person() {
    let shop = shop("receipts-doubtful", MAPPING);
    statement(&shop.folder, "one.xml", &[entry("B1", "0.15", "2018-10-10", "LR-2018-000001")]);
    import(&shop, "one.xml", LATER).expect(0);
    let recorded = tree(&shop.state());
    csv(&shop, "bank.csv", &["10.10.2018;0.15;Forno Esempio;LR-2018-000001 thanks", "10.10.2018;-3.00;Rent;"]);
    let told = import(&shop, "bank.csv", LATER).expect(65).json();
    assert_eq!((verdicts(&told).len(), told["doubtful"][0]["payment"].as_u64()), (0, Some(1)), "{told}");
    assert!(tree(&shop.state()) == recorded, "nothing is recorded of it");
    // A person says that it is another payment; said twice, it is still one.
    let new = ["import", "bank.csv", "--new", "line 2", "--format", "json"];
    assert_eq!(verdicts(&act(&shop, &new).expect(65).json()), ["unknown"]);
    let told = act(&shop, &new).expect(0).json();
    assert_eq!((told["known"].as_u64(), told["known_rows"][0]["payment"].as_u64()), (Some(1), Some(2)));
    assert_eq!(bodies(&shop.state(), "payment").len(), 2);
    let told = act(&shop, &["import", "bank.csv", "--new", "line 9"]).expect(2);
    assert!(told.err.contains("no payment of the statements stands at `line 9`"), "{}", told.err);
    shop.holds();
}

/// The words of an entry are no part of what the bank calls by a name: a fuller statement of the same day adds nothing.
#[test]
fn more_words_make_no_other_payment() {
    let shop = shop("receipts-words", "");
    let first = entry("B1", "0.15", "2018-10-10", "LR-2018-000001");
    statement(&shop.folder, "one.xml", &[first.replace("Forno Esempio", "")]);
    import(&shop, "one.xml", LATER).expect(0);
    statement(&shop.folder, "two.xml", &[first.replace("</Ntry>", "<AddtlNtryInf>TRANSFER</AddtlNtryInf></Ntry>")]);
    assert_eq!(import(&shop, "two.xml", LATER).expect(0).json()["known"], 1);
    statement(&shop.folder, "three.xml", &[first]);
    assert_eq!(import(&shop, "three.xml", LATER).expect(0).json()["known"], 1);
    // The same name for the money of somebody else is told.
    statement(&shop.folder, "four.xml", &[entry("B2", "0.01", "2018-10-11", "thank you")]);
    import(&shop, "four.xml", LATER).expect(65);
    let other = entry("B2", "0.01", "2018-10-11", "thank you").replace("Forno Esempio", "Hotel");
    statement(&shop.folder, "five.xml", &[other]);
    let told = import(&shop, "five.xml", LATER).expect(65).json();
    assert!(text(&told["doubtful"][0], "said").contains("was paid by Forno Esempio"), "{told}");
}

/// A bank that names no entry, and two statements of parts of one day: the second payment is not lost without a word.
#[test]
fn two_equal_payments_of_two_parts_of_a_day_are_told() {
    let shop = shop("receipts-parts", MAPPING);
    csv(&shop, "morning.csv", &["10.10.2018;0.02;A;thanks", "10.10.2018;0.03;B;thanks"]);
    import(&shop, "morning.csv", LATER).expect(65);
    csv(&shop, "evening.csv", &["10.10.2018;0.02;A;thanks", "10.10.2018;0.04;C;thanks"]);
    let told = import(&shop, "evening.csv", LATER).expect(65).json();
    assert_eq!((verdicts(&told).len(), told["doubtful"][0]["payment"].as_u64()), (1, Some(1)), "{told}");
    let new = ["import", "evening.csv", "--new", "line 2", "--format", "json"];
    assert_eq!(verdicts(&act(&shop, &new).expect(65).json()), ["unknown"]);
    assert_eq!(act(&shop, &new).expect(0).json()["known"], 2);
    // Where nothing is new, nothing is asked.
    let all = ["10.10.2018;0.02;A;thanks", "10.10.2018;0.03;B;thanks", "10.10.2018;0.04;C;thanks"];
    csv(&shop, "day.csv", &all);
    assert_eq!(import(&shop, "day.csv", LATER).expect(0).json()["known"], 3);
}

#[test]
fn a_return_is_told_however_the_bank_books_it() {
    let shop = shop("receipts-returned", "");
    let paid = entry("B1", "0.15", "2018-10-09", "LR-2018-000001");
    // In the same file, netted by a fee, and without the mark of a reversal.
    let returned = debit("R1", "0.13", "2018-10-10", "RETURN LR-2018-000001", RETURN);
    statement(&shop.folder, "one.xml", &[paid.clone(), returned.clone()]);
    let told = import(&shop, "one.xml", LATER).expect(65).json();
    assert!(said(&told, 1).contains("the bank took a payment back") && said(&told, 1).contains("payment 1"), "{told}");
    // It is told until it is done here, and no longer.
    import(&shop, "one.xml", LATER).expect(65);
    act(&shop, &["reverse", "1", "--on", "2018-10-10", "--reason", "returned"]).expect(0);
    assert_eq!(verdicts(&import(&shop, "one.xml", LATER).expect(0).json()).len(), 0);
    // By the bank's own name for it, without a mark; one that nothing here may be; money that went out and came back.
    let plain = debit("R2", "0.05", "2018-10-12", "CHARGEBACK B-20", "");
    let stranger = debit("R3", "7.00", "2018-10-12", "x", RETURN);
    let back = entry("R4", "9.00", "2018-10-12", "x").replace("<Sts>", "<RvslInd>true</RvslInd><Sts>");
    let rent = debit("R5", "8.00", "2018-10-12", "rent", "");
    let paid = entry("B-20", "0.05", "2018-10-11", "LR-2018-000002");
    statement(&shop.folder, "two.xml", &[paid, plain, stranger, back, rent]);
    let told = import(&shop, "two.xml", LATER).expect(65).json();
    assert_eq!((verdicts(&told).len(), told["debits"].as_u64()), (4, Some(4)), "{told}");
    for (row, part) in [(1, "names payment 2"), (2, "the ledger has none"), (3, "nothing is recorded")] {
        assert!(said(&told, row).contains(part), "{told}");
    }
    shop.holds();
}

#[test]
fn a_batch_that_cannot_be_parted_pays_nothing() {
    let shop = shop("receipts-batch", "");
    let one = "<TxDtls><Amt Ccy=\"USD\">0.15</Amt><RmtInf><Ustrd>LR-2018-000001</Ustrd></RmtInf></TxDtls>";
    let other = "<TxDtls><Amt Ccy=\"USD\">0.05</Amt><RmtInf><Ustrd>thanks</Ustrd></RmtInf></TxDtls>";
    let whole = entry("B1", "0.19", "2018-10-10", "x");
    let (head, _) = whole.split_once("<NtryDtls>").unwrap();
    let batch = format!("{head}<NtryDtls>{one}{other}</NtryDtls></Ntry>");
    statement(&shop.folder, "s.xml", &[batch]);
    let told = import(&shop, "s.xml", LATER).expect(65).json();
    assert_eq!(verdicts(&told), ["batch"]);
    assert!(
        said(&told, 0).contains("USD 0.01 more than the entry") && said(&told, 0).contains("LR-2018-000001"),
        "{told}"
    );
    assert_eq!(open(&shop, LATER).len(), 3, "no invoice is paid by it");
    act(&shop, &["match", "1", "LR-2018-000001=0.14", "--reason", "the bank's own list"]).expect(0);
    shop.holds();
}

#[test]
fn a_day_that_has_passed_is_seen_as_it_was() {
    let shop = shop("receipts-as-of", "");
    statement(&shop.folder, "s.xml", &[entry("B1", "0.15", "2018-10-20", "LR-2018-000001")]);
    import(&shop, "s.xml", LATER).expect(0);
    // Before the second invoice, and before the bank had booked the payment of the first.
    let before = "2018-09-30T00:00:00Z";
    assert_eq!(open(&shop, before), [item("LR-2018-000001", "USD 0.15", None)]);
    assert_eq!(open(&shop, "2018-10-19T12:00:00Z").len(), 2);
    assert_eq!(open(&shop, "2018-10-20T12:00:00Z"), [item("LR-2018-000002", "USD 0.05", None)]);
    let told = shop.ritardo(&["payments", "statement", SHOP, "--as-of", before]).expect(0).out;
    assert!(told.contains("To be paid: USD 0.15") && !told.contains("LR-2018-000002"), "{told}");
    assert_eq!(told.matches("LR-2018-000001").count(), 2, "as a row, and open: {told}");
}

/// The money of a stranger, taken for an invoice by a typo of theirs.
#[test]
fn an_account_comes_to_its_open_items_and_to_the_books() {
    let shop = shop("receipts-account", "");
    let entries =
        [entry("B1", "0.15", "2018-10-10", "LR-2018-000001"), entry("B2", "0.07", "2018-10-10", "LR-2018-000002")];
    statement(&shop.folder, "s.xml", &entries);
    import(&shop, "s.xml", LATER).expect(65);
    act(&shop, &["reverse", "1", "--keep", "--reason", "not theirs"]).expect(0);
    let told = shop.ritardo(&["payments", "statement", SHOP, "--as-of", LATER]).expect(0).out;
    assert!(told.contains("To be paid: USD 0.25") && told.contains("Payment no longer assigned"), "{told}");
    assert!(told.contains("Received and not assigned to an invoice yet: USD 0.02"), "{told}");
    let journal = shop.ritardo(&["journal", "2018-08..2018-12", "--format", "csv"]).expect(0).out;
    let minor = |amount: &str| amount.replace('.', "").parse::<i64>().unwrap_or_default();
    let booked = rows(journal.as_bytes());
    let owed = booked.iter().filter(|row| row["account"].starts_with("Assets:Receivable"));
    let owed: Vec<i64> = owed.map(|row| minor(&row["debit"]) - minor(&row["credit"])).collect();
    assert_eq!(owed.into_iter().sum::<i64>(), 25);
    shop.holds();
}

#[test]
fn what_was_taken_back_by_mistake_is_there_again() {
    let shop = shop("receipts-undone", "");
    statement(&shop.folder, "s.xml", &[entry("B1", "0.15", "2018-10-10", "LR-2018-000001")]);
    import(&shop, "s.xml", LATER).expect(0);
    act(&shop, &["reverse", "1", "--undo", "--reason", "x"]).expect(2);
    act(&shop, &["reverse", "1", "--on", "2018-10-09", "--reason", "x"]).expect(2);
    act(&shop, &["reverse", "1", "--reason", "meant the other"]).expect(0);
    act(&shop, &["reverse", "1", "--undo", "--reason", "meant the other"]).expect(0);
    act(&shop, &["reverse", "1", "--undo", "--reason", "again"]).expect(2);
    act(&shop, &["match", "2", "LR-2018-000001", "--reason", "theirs"]).expect(0);
    assert_eq!(open(&shop, LATER).len(), 2);
    assert_eq!(import(&shop, "s.xml", LATER).expect(0).json()["known"], 1);
    let journal = shop.ritardo(&["journal", "2018-08..2018-12", "--format", "csv"]).expect(0).out;
    let minor = |amount: &str| amount.replace('.', "").parse::<i64>().unwrap_or_default();
    let bank = rows(journal.as_bytes())
        .iter()
        .filter(|row| row["account"] == "Assets:Bank")
        .fold(0, |sum, row| sum + minor(&row["debit"]) - minor(&row["credit"]));
    assert_eq!(bank, 15);
    shop.holds();
}

/// The statement shows the money first, the book is told later: it is used once.
#[test]
fn a_payment_in_advance_may_be_told_after_its_money_came() {
    let shop = Shop::new("receipts-advance", "");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    statement(&shop.folder, "s.xml", &[entry("B0", "0.18", "2018-09-10", "transfer")]);
    import(&shop, "s.xml", "2018-09-11T00:00:00Z").expect(65);
    let book = shop.folder.join("businesses.toml");
    let before = fs::read_to_string(&book).unwrap();
    let advance = "\n[[business.prepaid]]\nreceived = \"2018-09-09\"\namount = \"0.18\"\ncurrency = \"USD\"\nreference = \"their transfer\"\n";
    fs::write(&book, format!("{before}{advance}")).unwrap();
    let told = shop.ritardo(&["payments", "open", "--as-of", "2018-09-12T00:00:00Z"]).expect(0).out;
    let command = format!("payments match 1 --advance \"{SHOP}:their transfer\"");
    assert!(told.contains(&command), "{told}");
    let of = format!("{SHOP}:their transfer");
    let say = |arguments: &[&str], at: &str| {
        shop.ritardo(&[&["payments"][..], arguments, &["--reason", "they said so", "--as-of", at]].concat())
    };
    say(&["match", "1", "--advance", &format!("{SHOP}:other")], "2018-09-12T00:00:00Z").expect(2);
    say(&["match", "1", "--advance", &of], "2018-09-12T00:00:00Z").expect(0);
    say(&["match", "2", "LR-2018-000001"], "2018-09-12T00:00:00Z").expect(2);
    let list = shop.ritardo(&["payments", "list", "--format", "json"]).expect(0).json();
    let states: Vec<String> = list["payments"].as_array().unwrap().iter().map(|row| text(row, "state")).collect();
    assert_eq!(states, ["reversed", "advance"]);
    // An invoice takes it. Then the bank takes it back: the invoice is open, and the book is to say so.
    shop.run("2018-10-05T00:00:00Z").expect(0);
    let night = "2018-10-06T00:00:00Z";
    assert_eq!(open(&shop, night), [item("LR-2018-000001", "USD 0.15", Some(1))]);
    let told = say(&["reverse", "2"], night).expect(65);
    assert!(told.out.contains("open again: LR-2018-000002"), "{}", told.out);
    assert_eq!(open(&shop, night)[1], item("LR-2018-000002", "USD 0.05", None));
    let told = shop.run("2018-11-05T00:00:00Z").expect(65);
    assert!(told.out.contains("was taken back: take it out of the book"), "{}", told.out);
    fs::write(&book, before).unwrap();
    shop.run("2018-11-05T01:00:00Z").expect(0);
    shop.holds();
}

#[test]
fn a_letter_says_what_is_true() {
    let levels = "[[payments.reminder]]\ndays = 7\n\n[[payments.reminder]]\ndays = 30\n";
    let shop = shop("receipts-letters", levels);
    let remind = |arguments: &[&str], as_of: &str| {
        shop.ritardo(&[&["payments", "remind"][..], arguments, &["--as-of", as_of]].concat())
    };
    // 38 and 8 days: a letter each, of which only the first says that there was one before.
    let told = remind(&["--out", "drafts"], "2018-11-12T00:00:00Z").expect(0).out;
    assert!(
        told.contains("level 2: USD 0.15  LR-2018-000001") && told.contains("level 1: USD 0.05  LR-2018-000002"),
        "{told}"
    );
    let names = files(&shop.folder.join("drafts"));
    assert_eq!(names.len(), 2, "{names:?}");
    // Before the second was due, whatever came later.
    let told = remind(&["--out", "then"], "2018-10-13T00:00:00Z").expect(0).out;
    assert!(told.contains("level 1: USD 0.15  LR-2018-000001") && !told.contains("LR-2018-000002"), "{told}");
    // What a payment has left is taken off; where it covers all, there is no letter.
    statement(&shop.folder, "s.xml", &[entry("B1", "0.17", "2018-11-11", "LR-2018-000001")]);
    let night = "2018-11-12T00:00:00Z";
    import(&shop, "s.xml", night).expect(65);
    let told = remind(&["--out", "net"], night).expect(0).out;
    assert!(told.contains("level 1: USD 0.03  LR-2018-000002"), "{told}");
    let draft = fs::read_to_string(shop.folder.join("net").join(&files(&shop.folder.join("net"))[0])).unwrap();
    assert!(draft.contains("We have taken off USD 0.02"), "{draft}");
    remind(&["--send"], night).expect(0);
    // Money that comes before the mail is sent is told.
    statement(&shop.folder, "t.xml", &[entry("B2", "0.05", "2018-11-12", "LR-2018-000002")]);
    let told = import(&shop, "t.xml", "2018-11-12T01:00:00Z").expect(65).json();
    assert_eq!(told["waiting"][0]["numbers"][0], "LR-2018-000002", "{told}");
    assert_eq!(remind(&["--out", "none"], "2018-11-20T00:00:00Z").expect(0).out, "nobody is to be reminded\n");
    shop.holds();
}

#[test]
fn who_has_left_the_book_is_told_of() {
    let shop = shop("receipts-strangers", "[[payments.reminder]]\ndays = 7\n");
    let book = shop.folder.join("businesses.toml");
    let words = fs::read_to_string(&book).unwrap();
    fs::write(&book, words.replace(&format!("id = \"{SHOP}\""), "id = \"another-bakery\"")).unwrap();
    let told = shop.ritardo(&["payments", "remind", "--out", "drafts", "--as-of", LATER]).expect(65).out;
    assert!(told.contains(&format!("{SHOP} is no longer in the book, and has no address: LR-2018-000001")), "{told}");
}

#[test]
fn a_statement_of_an_account_of_nobody_is_refused() {
    let shop = shop("receipts-account-of-nobody", "");
    statement(&shop.folder, "s.xml", &[entry("B1", "0.15", "2018-10-10", "LR-2018-000001")]);
    let file = shop.folder.join("s.xml");
    let words = fs::read_to_string(&file).unwrap();
    fs::write(&file, words.replace("IE89RTRD99900012345678", "DE02120300000000202051")).unwrap();
    let told = import(&shop, "s.xml", LATER).expect(65);
    assert!(told.err.contains("the account DE02120300000000202051 is that of no issuer"), "{}", told.err);
    assert!(bodies(&shop.state(), "payment").is_empty());
    act(&shop, &["import", "s.xml", "--any-account"]).expect(0);
    // Days that have not come are no days of a statement.
    statement(&shop.folder, "t.xml", &[entry("B2", "0.05", "2028-10-10", "LR-2018-000002")]);
    let told = import(&shop, "t.xml", LATER).expect(65).json();
    assert!(told["rejected"][0][1].as_str().unwrap().contains("after the day of the import"), "{told}");
}
