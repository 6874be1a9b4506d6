//! `ritardo report`: the same pages as a run leaves, months and businesses by themselves, in both languages; the letter that
//! goes with the invoice.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::shop::{HEADER, SHOP, Shop, edit};
use common::{files, tree};

const NIGHT: &str = "2018-10-05T00:00:00Z";

fn page(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a cell of sums says to a program.
#[track_caller]
fn sum(page: &str, key: &str) -> String {
    let rest = page.split_once(&format!("data-sum=\"{key}\"")).unwrap_or_else(|| panic!("no {key}")).1;
    rest.split_once("data-value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

#[test]
fn a_report_draws_what_the_run_has_drawn() {
    let shop = Shop::new("report-same", "");
    shop.run(NIGHT).expect(0);
    let reports = shop.state().join("reports");
    let before = tree(&reports);
    let told = shop.ritardo(&["report", "--as-of", NIGHT]).expect(0);
    assert!(told.out.starts_with("0 months drawn anew in "), "{}", told.out);
    assert!(tree(&reports) == before, "drawn again, the pages differ");
    // What is lost or damaged is drawn again.
    fs::remove_dir_all(&reports).unwrap();
    shop.ritardo(&["report", "--as-of", NIGHT]).expect(0);
    let mut without_run: BTreeMap<String, Vec<u8>> = before;
    without_run.remove("run.html");
    assert_eq!(files(&reports), without_run.keys().cloned().collect::<Vec<_>>());
    shop.holds();
}

#[test]
fn months_that_were_closed_night_by_night_are_drawn_again_as_they_were() {
    let shop = Shop::new("report-nights", "");
    for night in ["2018-09-05T00:00:00Z", NIGHT, "2018-11-05T00:00:00Z"] {
        shop.run(night).expect(0);
    }
    let reports = shop.state().join("reports");
    let before = tree(&reports);
    fs::remove_dir_all(&reports).unwrap();
    // What the last run did is told by its page alone, to which the others lead where it is there.
    fs::create_dir(&reports).unwrap();
    fs::write(reports.join("run.html"), &before["run.html"]).unwrap();
    let told = shop.ritardo(&["report", "--as-of", "2018-11-05T00:00:00Z"]).expect(0);
    assert!(told.out.contains("months drawn anew in "), "{}", told.out);
    let after = tree(&reports);
    for name in ["2018-08.html", "2018-09.html", "2018-10.html"] {
        assert!(before[name] == after[name], "drawn again, {name} differs");
        assert!(!page(&reports, name).contains("judged again"), "{name} is not what the ledger recorded");
    }
}

#[test]
fn the_sums_of_the_pages_are_those_of_the_ledger() {
    let shop = Shop::new("report-sums", "");
    shop.run(NIGHT).expect(0);
    let reports = shop.state().join("reports");
    let august = page(&reports, "2018-08.html");
    let wanted = [("waits", "3"), ("unanswered", "3"), ("charged", "3"), ("amount", "0.15"), ("issued", "0.15")];
    for (key, value) in wanted.into_iter().chain([("standing", "0.15"), ("credited", "0.00"), ("open", "0")]) {
        assert_eq!(sum(&august, key), value, "{key}");
    }
    let index = page(&reports, "index.html");
    for (month, net) in [("2018-08", "0.15"), ("2018-09", "0.05")] {
        assert!(index.contains(&format!("data-sum=\"net\" data-month=\"{month}\" data-value=\"{net}\"")), "{index}");
    }
    // Three messages, at ten by the clocks, on a Sunday.
    let own = page(&reports, &format!("2018-08/{SHOP}.html"));
    assert!(own.contains("data-sum=\"missed\">3<"), "{own}");
    assert!(page(&reports, &format!("business/{SHOP}.html")).contains("0.15"));
}

#[test]
fn months_and_businesses_can_be_given_away() {
    let shop = Shop::new("report-apart", "");
    shop.run(NIGHT).expect(0);
    shop.ritardo(&["report", "2018-08..2018-09", "--as-of", NIGHT, "--out", "apart"]).expect(0);
    let apart = shop.folder.join("apart");
    let own = |month: &str| format!("{month}/{SHOP}.html");
    let mut wanted = vec!["2018-08.html".to_owned(), own("2018-08"), "2018-09.html".to_owned(), own("2018-09")];
    wanted.extend([own("business"), "index.html".to_owned(), "pages.list".to_owned()]);
    assert_eq!(files(&apart), wanted);
    assert!(!page(&apart, "2018-08.html").contains("issued&#x2F;"), "it leads to no document");
    shop.ritardo(&["report", "2018-08", "--business", SHOP, "--as-of", NIGHT, "--out", "alone"]).expect(0);
    let again = shop.ritardo(&["report", "2018-08", "--business", SHOP, "--as-of", NIGHT, "--out", "alone"]).expect(0);
    assert!(again.out.starts_with("0 months drawn anew in "), "{}", again.out);
    let alone = shop.folder.join("alone");
    assert_eq!(files(&alone), [own("2018-08"), own("business")]);
    for name in files(&alone) {
        let page = page(&alone, &name);
        assert!(!page.contains("index.html") && !page.contains("run.html"), "{name} leads to what is not there");
    }
}

#[test]
fn pages_are_in_the_language_of_their_readers() {
    let shop = Shop::new("report-italian", "");
    fs::write(shop.folder.join("ritardo.toml"), page(&shop.folder, "ritardo.toml") + "\n[report]\nlanguage = \"it\"\n")
        .unwrap();
    shop.run(NIGHT).expect(0);
    let reports = shop.state().join("reports");
    let august = page(&reports, "2018-08.html");
    assert!(august.contains("<html lang=\"it\">") && august.contains("Risposte in ritardo, agosto 2018"), "{august}");
    assert_eq!(sum(&august, "amount"), "0.15");
    assert!(august.contains(">0,15<"), "{august}");
    let own = page(&reports, &format!("2018-08/{SHOP}.html"));
    let language = page(&shop.folder, "businesses.toml").contains("language = \"it\"");
    assert!(own.contains(if language { "<html lang=\"it\">" } else { "<html lang=\"en\">" }));
}

#[test]
fn a_letter_goes_with_the_invoice_where_the_business_asks_for_it() {
    let shop = Shop::new("report-letter", "");
    let book = page(&shop.folder, "businesses.toml");
    let language = book.lines().find(|line| line.starts_with("language = ")).unwrap();
    edit(&shop.folder, "businesses.toml", language, &format!("{language}\nattach = [\"pdf\", \"letter\"]"));
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let issued = shop.state().join("issued/LR-2018-000001");
    let names = files(&issued);
    for end in ["_letter.html", "_letter.pdf"] {
        assert_eq!(names.iter().filter(|name| name.ends_with(end)).count(), 1, "{names:?}");
    }
    let mail = names.iter().find(|name| name.ends_with(".eml")).unwrap();
    assert!(page(&issued, mail).contains("LR-2018-000001_2018-08_letter.pdf"));
    let letter = page(&issued, "LR-2018-000001_2018-08_letter.html");
    for secret in ["39000000", "2018-08-05-1"] {
        assert!(!letter.contains(secret), "{secret}");
    }
    // Without it the mail has none.
    let plain = Shop::new("report-no-letter", "");
    plain.run("2018-09-05T00:00:00Z").expect(0);
    assert!(!files(&plain.state().join("issued")).iter().any(|name| name.contains("letter")));
    shop.holds();
}

/// A second business, which has the channel of the first from the middle of August on.
const OTHER: &str = r#"
[[business]]
id = "other-shop"
legal_name = "Other Shop Ltd"
address = ["1 Example Street", "Dublin"]
country = "IE"
emails = ["other@shops.example"]
language = "it"
zone = "UTC"
first_month = "2018-08"
vat = { treatment = "out-of-scope" }

[[business.channel]]
id = "+390510000417"
from = "2018-08-15T00:00:00Z"
"#;

#[test]
fn no_page_names_a_message_and_none_of_a_business_names_another() {
    let shop = Shop::new("report-silent", "");
    let channel = "id = \"+390510000417\"";
    edit(&shop.folder, "businesses.toml", channel, &format!("{channel}\nto = \"2018-08-15T00:00:00Z\""));
    let book = page(&shop.folder, "businesses.toml") + OTHER;
    fs::write(shop.folder.join("businesses.toml"), book).unwrap();
    // The same message in the logs of both, so that the second is not billed.
    let (id, row) = ("2018-08-05-1", "other-shop,+390510000417,+390000000052,inbound,2018-08-20T10:00:00Z");
    fs::write(shop.folder.join("inbox/desk/2018-08-20-other.csv"), format!("{HEADER}{id},{row}\n")).unwrap();
    let night = shop.run("2018-09-05T00:00:00Z").expect(65);
    let found = format!("billed-before: message {id} is billed with 2018-08 of {SHOP} already");
    assert!(night.out.contains(&found), "{}", night.out);
    shop.ritardo(&["report", "--business", "other-shop", "--as-of", "2018-09-05T00:00:00Z", "--out", "alone"])
        .expect(0);
    let (reports, alone) = (shop.state().join("reports"), shop.folder.join("alone"));
    assert!(page(&reports, "2018-08.html").contains("billed-before: "));
    assert!(page(&reports, "run.html").contains("billed-before: "));
    for folder in [&reports, &alone] {
        for name in files(folder) {
            let said = page(folder, &name);
            assert!(!said.contains(id), "{name} names a message");
            if name.contains("other-shop") {
                for secret in [SHOP, "Forno", "billed-before", "`ritardo"] {
                    assert!(!said.contains(secret), "{name}: {secret}");
                }
            }
        }
    }
    assert_eq!(files(&alone).len(), 2, "a month, and the business over all");
}

#[test]
fn pages_that_nothing_draws_any_more_are_removed_and_no_others() {
    let shop = Shop::new("report-stale", "");
    shop.run(NIGHT).expect(0);
    let reports = shop.state().join("reports");
    let own = reports.join(format!("business/{SHOP}.html"));
    assert!(own.exists());
    // A page by hand, beside those of the program.
    fs::write(reports.join("2018-08/notes.html"), "by hand").unwrap();
    let config = page(&shop.folder, "ritardo.toml");
    fs::write(shop.folder.join("ritardo.toml"), format!("{config}\n[report]\neach_business = false\n")).unwrap();
    shop.ritardo(&["report", "--as-of", NIGHT]).expect(0);
    let left = ["2018-08.html", "2018-08/notes.html", "2018-09.html", "index.html", "pages.list", "run.html"];
    assert_eq!(files(&reports), left);
    assert!(!page(&reports, "pages.list").contains("notes"));
    fs::write(shop.folder.join("ritardo.toml"), config).unwrap();
    shop.ritardo(&["report", "--as-of", NIGHT]).expect(0);
    assert!(own.exists());
}
