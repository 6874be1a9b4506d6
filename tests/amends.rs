//! What corrections must never do: bill what is in doubt, give a number twice, go behind a decision, or pass a guard.
#![cfg(test)]

mod common;

use std::fs;

use common::shop::{HEADER, SHOP, Shop, edit};
use common::{bodies, content, rows, text};
use ritardo::domain::{Decimal, Money};
use ritardo::ledger::{Entry, Ledger, contradictions};

const CLOSED: &str = "2018-09-05T00:00:00Z";

fn of_ledger(shop: &Shop) -> Vec<Entry> {
    let ledger = Ledger::open_read_only(&shop.state().join("ledger.db")).unwrap();
    ledger.entries().unwrap().into_iter().map(|recorded| recorded.entry).collect()
}

#[test]
fn an_older_ledger_gives_no_number_twice() {
    let shop = Shop::new("amends-older", "");
    shop.run(CLOSED).expect(0);
    let kept = ["ledger.db", "ledger.sum"].map(|name| (name, fs::read(shop.state().join(name)).unwrap()));
    let reissue = ["reissue", "LR-2018-000001", "--reason", "the street was wrong", "--as-of", "2018-09-06T00:00:00Z"];
    edit(&shop.folder, "businesses.toml", "Via ", "Viale ");
    shop.ritardo(&reissue).expect(0);
    let issued = shop.state().join("issued/LR-2018-000002/LR-2018-000002_2018-08.html");
    let was = fs::read(&issued).unwrap();
    kept.iter().for_each(|(name, bytes)| fs::write(shop.state().join(name), bytes).unwrap());
    edit(&shop.folder, "businesses.toml", "Viale ", "Vicolo ");
    fs::write(shop.folder.join("claims.csv"), "message_id,reason\n2018-08-05-1,we did answer\n").unwrap();
    for arguments in [&reissue[..], &["run", "--as-of", "2018-09-07T00:00:00Z"]] {
        let refused = shop.ritardo(arguments).expect(1);
        assert!(refused.err.contains("the ledger is older than the documents beside it"), "{}", refused.err);
    }
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", CLOSED]).expect(0);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", "2018-09-07T00:00:00Z"]).expect(1);
    assert_eq!(fs::read(&issued).unwrap(), was);
}

#[test]
fn nothing_is_decided_behind_a_decision() {
    let shop = Shop::new("amends-clock", "");
    shop.run(CLOSED).expect(0);
    edit(&shop.folder, "businesses.toml", "Via ", "Viale ");
    shop.ritardo(&["reissue", "LR-2018-000001", "--reason", "address", "--as-of", "2019-01-06T00:00:00Z"]).expect(0);
    fs::write(shop.folder.join("claims.csv"), "message_id,reason\n2018-08-05-1,we did answer\n").unwrap();
    let behind = "2018-10-05T00:00:00Z";
    for arguments in
        [&["run"][..], &["dispute", "open", "claims.csv"], &["unpark", "2018-09", "--business", SHOP, "--reason", "r"]]
    {
        let refused = shop.ritardo(&[arguments, &["--as-of", behind]].concat()).expect(78);
        assert!(refused.err.contains("lies before the last decision, 2019-01-06"), "{}", refused.err);
    }
    shop.run("2019-01-07T00:00:00Z").expect(0);
    shop.holds();
}

#[test]
fn the_books_are_kept_by_another_road() {
    let shop = Shop::new("amends-books", "smallest = \"0.25\"\nlate_logs = \"credit-and-debit\"");
    for night in ["2018-09-05T00:00:00Z", "2018-10-05T00:00:00Z", "2018-11-05T00:00:00Z"] {
        shop.run(night).expect(0);
    }
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-11-06T00:00:00Z").expect(0);
    edit(&shop.folder, "businesses.toml", "Via ", "Viale ");
    shop.ritardo(&["reissue", "LR-2018-000001", "--reason", "address", "--as-of", "2018-11-07T00:00:00Z"]).expect(0);
    let entries = of_ledger(&shop);
    let found =
        |entries: &[Entry]| contradictions(entries.iter()).into_iter().map(|found| found.text).collect::<Vec<_>>();
    assert_eq!(found(&entries), Vec::<String>::new());
    let more = |money: Money| money.checked_add(Money::new(1, money.currency())).unwrap();
    // Each amount that an entry says of another is changed alone, and found.
    let mut spoiled = 0;
    for place in 0..entries.len() {
        let mut all = Vec::new();
        match &entries[place] {
            Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => {
                let mut with = |issued| {
                    let mut other = entries.clone();
                    other[place] = match &entries[place] {
                        Entry::Invoice(_) => Entry::Invoice(issued),
                        Entry::CreditNote(_) => Entry::CreditNote(issued),
                        _ => Entry::Replacement(issued),
                    };
                    all.push(other);
                };
                if !matches!(entries[place], Entry::Invoice(_)) {
                    let mut other = issued.clone();
                    other.net = more(other.net);
                    with(other);
                }
                for earlier in 0..issued.earlier.len() {
                    let mut other = issued.clone();
                    other.earlier[earlier].amount = more(other.earlier[earlier].amount);
                    other.net = more(other.net);
                    with(other);
                }
            }
            Entry::Corrected(corrected) => {
                let mut other = entries.clone();
                let net = corrected.net.checked_sub(Money::new(1, corrected.net.currency())).unwrap();
                other[place] = Entry::Corrected(ritardo::ledger::entry::MonthCorrected { net, ..corrected.clone() });
                all.push(other);
            }
            Entry::MonthClosed(closed) if closed.carried.is_some() => {
                let mut other = entries.clone();
                let carried = closed.carried.map(more);
                other[place] = Entry::MonthClosed(ritardo::ledger::entry::MonthClosed { carried, ..closed.clone() });
                all.push(other);
            }
            _ => {}
        }
        for other in all {
            spoiled += 1;
            assert!(!found(&other).is_empty(), "entry {place} was changed, and nothing found: {:?}", other[place]);
        }
    }
    assert!(spoiled >= 8, "{spoiled}");
    shop.holds();
}

#[test]
fn what_is_in_doubt_is_not_billed_with_a_later_month() {
    let shop = Shop::new("amends-doubt", "smallest = \"0.20\"");
    shop.run(CLOSED).expect(0);
    // Two exports disagree about when one of the carried questions was asked.
    shop.log("2018-08-05-late", &["2018-08-05-1 inbound 2018-08-05T11:00:00Z 81"]);
    shop.setting("smallest = \"0.20\"", "smallest = \"0.01\"");
    let night = shop.run("2018-10-05T00:00:00Z").expect(0);
    assert!(night.out.contains("late      2018-08  bologna-bakery: not compared yet: "), "{}", night.out);
    let issued = &bodies(&shop.state(), "invoice")[0];
    assert_eq!((text(issued, "month"), text(issued, "net")), ("2018-09".into(), "USD 0.05".into()));
    assert_eq!(issued["earlier"], serde_json::Value::Null);
    shop.holds();
}

#[test]
fn what_no_document_bills_yet_is_lessened_without_a_threshold_or_an_approval() {
    let settings = "smallest = \"0.20\"\nsmallest_correction = \"1.00\"\nissue = \"after-approval\"";
    let shop = Shop::new("amends-unbilled", settings);
    shop.run(CLOSED).expect(0);
    shop.ritardo(&["approve", "2018-08", "--as-of", CLOSED]).expect(0);
    shop.run(CLOSED).expect(0);
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    let night = shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(night.out.contains("USD 0.05 less is to be billed"), "{}", night.out);
    shop.stands("2018-08", "2018-09-06T00:00:00Z", "closed", "USD 0.10");
    shop.holds();
}

#[test]
fn guards_look_at_what_late_logs_add() {
    let shop = Shop::new("amends-guards", "late_logs = \"credit-and-debit\"");
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    fs::write(shop.folder.join("ritardo.toml"), config + "\n[guards]\nlargest = \"0.30\"\n").unwrap();
    shop.run(CLOSED).expect(0);
    let more: Vec<String> = (0..10).map(|n| format!("q{n} inbound 2018-08-06T09:00:0{n}Z 7{n}")).collect();
    shop.log("2018-08-06-late", &more.iter().map(String::as_str).collect::<Vec<_>>());
    let night = shop.run("2018-09-06T00:00:00Z").expect(65);
    assert!(night.out.contains("parked    2018-08") && night.out.contains("largest: USD 0.65"), "{}", night.out);
    let parked = shop.ritardo(&["parked", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    assert!(parked.out.contains("ritardo unpark 2018-08"), "{}", parked.out);
    // The month before is billed alone meanwhile, and nothing of the doubtful one with it.
    shop.run("2018-10-05T00:00:00Z").expect(65);
    assert_eq!(text(&bodies(&shop.state(), "invoice")[1], "net"), "USD 0.05");
    let unpark = ["unpark", "2018-08", "--business", SHOP, "--reason", "a campaign", "--as-of", "2018-10-05T00:00:00Z"];
    shop.ritardo(&unpark).expect(0);
    let night = shop.run("2018-10-06T00:00:00Z").expect(0);
    assert!(night.out.contains("the next invoice bills USD 0.50 more"), "{}", night.out);
    // With what it bills of another month, the next invoice is more than the largest again.
    let night = shop.run("2018-11-05T00:00:00Z").expect(65);
    assert!(night.out.contains("parked    2018-10") && night.out.contains("largest: USD 0.60"), "{}", night.out);
    shop.holds();
}

#[test]
fn an_approval_is_of_the_whole_invoice() {
    let shop = Shop::new("amends-approval", "issue = \"after-approval\"");
    shop.run(CLOSED).expect(0);
    shop.ritardo(&["approve", "2018-08", "--as-of", CLOSED]).expect(0);
    let book = fs::read_to_string(shop.folder.join("businesses.toml")).unwrap();
    for (old, new) in [("Via ", "Viale "), ("@", "+accounts@")] {
        edit(&shop.folder, "businesses.toml", old, new);
        let night = shop.run(CLOSED).expect(0);
        assert!(night.out.contains("approve   2018-08"), "{new}: {}", night.out);
        fs::write(shop.folder.join("businesses.toml"), &book).unwrap();
    }
    let night = shop.run(CLOSED).expect(0);
    assert!(night.out.contains("LR-2018-000001"), "{}", night.out);
    shop.holds();
}

#[test]
fn a_jump_is_seen_before_the_first_invoice() {
    let shop = Shop::new("amends-jump", "");
    let many: Vec<String> = (0..40).map(|n| format!("m{n} inbound 2018-11-06T09:00:{n:02}Z {n}")).collect();
    shop.log("2018-11-06", &many.iter().map(String::as_str).collect::<Vec<_>>());
    for day in ["08-05", "09-10", "10-15"] {
        shop.log(&format!("2018-{day}"), &[]);
    }
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    fs::write(shop.folder.join("ritardo.toml"), config + "\n[guards]\njump_from = \"1.00\"\n").unwrap();
    // All months in one night, as they would be night by night.
    let night = shop.run("2018-12-03T00:00:00Z").expect(65);
    assert!(night.out.contains("parked    2018-11  bologna-bakery: jump: USD 2.00"), "{}", night.out);
}

#[test]
fn a_credit_note_is_of_the_issuer_of_its_invoice_and_reaches_who_left_the_book() {
    let shop = Shop::new("amends-issuer", "");
    let config = fs::read_to_string(shop.folder.join("ritardo.toml")).unwrap();
    let (before, after) = config.split_once("[issuer]").unwrap();
    let end = after.find("\n[").unwrap();
    let issuer = |id: &str| {
        format!(
            "[[issuer]]\nid = \"{id}\"\nseries = \"{0}\"\ncredit_series = \"{0}C\"{1}\n",
            id.to_uppercase(),
            &after[..end]
        )
    };
    fs::write(shop.folder.join("ritardo.toml"), format!("{before}{}{}{}", issuer("one"), issuer("two"), &after[end..]))
        .unwrap();
    edit(&shop.folder, "businesses.toml", "legal_name", "issuer = \"two\"\nlegal_name");
    shop.run(CLOSED).expect(0);
    edit(&shop.folder, "businesses.toml", "issuer = \"two\"", "issuer = \"one\"");
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    let refused =
        shop.ritardo(&["reissue", "TWO-2018-000001", "--reason", "name", "--as-of", "2018-09-06T00:00:00Z"]).expect(2);
    assert!(refused.err.contains("is of issuer `two`"), "{}", refused.err);
    let book = fs::read_to_string(shop.folder.join("businesses.toml")).unwrap();
    fs::write(
        shop.folder.join("businesses.toml"),
        book.replace(SHOP, "another-shop").replace("+390510000417", "+390510000999"),
    )
    .unwrap();
    shop.log("2018-08-06-later", &["a2 outbound 2018-08-06T09:30:00Z 82"]);
    shop.run("2018-09-07T00:00:00Z").expect(0);
    let notes: Vec<String> = bodies(&shop.state(), "credit_note").iter().map(|note| text(note, "number")).collect();
    assert_eq!(notes, ["TWOC-2018-000001", "TWOC-2018-000002"]);
    for note in &notes {
        assert!(shop.state().join(format!("issued/{note}/{note}_1.eml")).exists(), "{note}");
    }
    shop.holds();
}

#[test]
fn an_invoice_is_reissued_after_a_debit_and_what_is_given_back_is_what_the_files_say() {
    let shop = Shop::new("amends-debit", "late_logs = \"credit-and-debit\"");
    shop.run(CLOSED).expect(0);
    shop.log("2018-08-06-late", &["q9 inbound 2018-08-06T09:00:00Z 99", "q8 inbound 2018-08-06T09:30:00Z 98"]);
    shop.run("2018-09-06T00:00:00Z").expect(0);
    shop.run("2018-10-05T00:00:00Z").expect(0);
    edit(&shop.folder, "businesses.toml", "Via ", "Viale ");
    shop.ritardo(&["reissue", "LR-2018-000001", "--reason", "address", "--as-of", "2018-10-06T00:00:00Z"]).expect(0);
    // Three of the five were answered: the debit gives back first, then what stands in place of the invoice.
    let answers = [
        "a1 outbound 2018-08-06T09:40:00Z 81",
        "a2 outbound 2018-08-06T09:40:00Z 98",
        "a3 outbound 2018-08-06T09:40:00Z 99",
    ];
    shop.log("2018-08-06-late2", &answers);
    shop.run("2018-10-07T00:00:00Z").expect(0);
    let notes = bodies(&shop.state(), "credit_note");
    let told: Vec<_> = notes[1..].iter().map(|note| (text(note, "corrects"), text(note, "net"))).collect();
    assert_eq!(told, [("LR-2018-000002".into(), "USD 0.10".into()), ("LR-2018-000003".into(), "USD 0.05".into())]);
    for note in &notes[1..] {
        let number = text(note, "number");
        let file = shop.state().join(format!("issued/{number}/{number}_2018-08.csv"));
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        let credit = Decimal::sum(rows(&fs::read(file).unwrap()).iter().map(|row| decimal(&row["credit"])));
        assert_eq!(credit, Some(decimal(&text(note, "net")[4..])), "the file of {number}");
        let changed = content(&shop.state(), &text(note, "document_sha256"))["corrects"]["messages"].clone();
        assert_eq!(changed, if credit == Some(decimal("0.10")) { 2 } else { 1 });
    }
    shop.ritardo(&["reissue", "LR-2018-000003", "--reason", "again", "--as-of", "2018-10-08T00:00:00Z"]).expect(2);
    edit(&shop.folder, "businesses.toml", "Viale ", "Vicolo ");
    shop.ritardo(&["reissue", "LR-2018-000003", "--reason", "again", "--as-of", "2018-10-08T00:00:00Z"]).expect(0);
    shop.run("2018-10-09T00:00:00Z").expect(0);
    shop.holds();
}

#[test]
fn one_id_on_two_channels_is_two_claims() {
    let shop = Shop::new("amends-channels", "");
    edit(
        &shop.folder,
        "ritardo.toml",
        "channels = [\"+390510000417\"]",
        "channels = [\"+390510000417\", \"+390510000418\"]",
    );
    edit(
        &shop.folder,
        "businesses.toml",
        "[[business.channel]]",
        "[[business.channel]]\nid = \"+390510000418\"\n\n[[business.channel]]",
    );
    let row = |channel: &str| format!("same,{SHOP},{channel},+390000000042,inbound,2018-08-09T10:00:00Z\n");
    let text = format!("{HEADER}{}{}", row("+390510000417"), row("+390510000418"));
    fs::write(shop.folder.join("inbox/desk/2018-08-09.csv"), text).unwrap();
    shop.run(CLOSED).expect(0);
    let claims = "message_id,channel,reason,decision\nsame,+390510000417,r,accept\nsame,+390510000418,r,accept\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    let opened = shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", CLOSED]).expect(0);
    assert!(opened.out.contains("2 of 2 messages accepted"), "{}", opened.out);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", CLOSED]).expect(0);
    shop.stands("2018-08", CLOSED, "closed", "USD 0.15");
    shop.holds();
}

#[test]
fn a_changed_file_of_charges_sets_its_business_aside() {
    let shop = Shop::new("amends-damage", "");
    shop.run(CLOSED).expect(0);
    let path = shop.state().join("charges/2018-08/bologna-bakery.csv");
    let was = fs::read_to_string(&path).unwrap();
    fs::write(&path, was.replace("0.05", "0.06")).unwrap();
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    let night = shop.run("2018-10-05T00:00:00Z").expect(65);
    assert!(night.out.contains("parked    2018-08") && night.out.contains("parked    2018-09"), "{}", night.out);
    assert_eq!(shop.documents().len(), 1);
    fs::write(&path, was).unwrap();
    shop.run("2018-10-05T00:00:00Z").expect(0);
    assert_eq!(shop.documents().len(), 3);
    shop.holds();
}

#[test]
fn what_became_known_at_an_instant_was_known_at_it() {
    let shop = Shop::new("amends-instant", "");
    shop.run(CLOSED).expect(0);
    let told = shop.ritardo(&["audit", "2018-08", "--as-known", CLOSED]).expect(0).out;
    assert!(told.contains("as known at 2018-09-05T00:00:00.000Z") && told.contains("changed: 0 messages"), "{told}");
}

#[test]
fn a_month_may_come_back_to_what_it_was() {
    let shop = Shop::new("amends-back", "late_logs = \"credit-and-debit\"");
    shop.run(CLOSED).expect(0);
    let late = [
        "a1 outbound 2018-08-05T12:00:00Z 81",
        "q9 inbound 2018-08-05T12:00:00Z 99",
        "a9 outbound 2018-08-05T13:00:00Z 99",
    ];
    for (night, row) in (6..).zip(late) {
        shop.log(&format!("2018-08-05-late{night}"), &[row]);
        shop.run(&format!("2018-09-{night:02}T00:00:00Z")).expect(0);
    }
    let digests: Vec<String> =
        bodies(&shop.state(), "corrected").iter().map(|body| text(body, "data_sha256")).collect();
    assert!(digests.len() == 3 && digests[0] == digests[2] && digests[0] != digests[1], "{digests:?}");
    shop.holds();
}
