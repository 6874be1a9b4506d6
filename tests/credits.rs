//! Credit notes of invoices with several rates of VAT, or in another currency, through the program: each group and each currency
//! gives back what it billed, and no more.
#![cfg(test)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::{bodies, content, copy, give_key, ritardo, root, scratch, text};
use serde_json::Value;

const DATED: &str = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"10\", to = 2018-08-15 }, \
                     { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";

/// What a bakery is billed by.
struct Shop<'s> {
    name: &'s str,
    /// In place of its VAT in the book.
    vat: &'s str,
    /// Further lines of the tariff, which has the price for all markets.
    tariff: String,
    price: &'s str,
    rates: Option<&'s str>,
    /// The smallest invoice.
    smallest: &'s str,
    /// The last day that the logs prove.
    last: &'s str,
    /// Day, and customer, of each message.
    messages: Vec<(String, String)>,
}

impl Shop<'_> {
    fn open(&self) -> PathBuf {
        let folder = scratch(&format!("credits-{}", self.name));
        copy(&root().join("tests/refusals/base"), &folder);
        give_key(&folder.join("state"), '7');
        let head = "id = \"late-reply\"\nversion = \"2018-08\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"by hand\"\n\
                    bounds = [\"0.001\", \"50.00\"]\n";
        let rate = format!("[[rate]]\nmarket = \"other\"\nprice = \"{}\"\n", self.price);
        fs::write(folder.join("tariff.toml"), format!("{head}{}{rate}", self.tariff)).unwrap();
        fs::write(folder.join("inbox/desk/2018-08.csv"), self.log()).unwrap();
        replace(&folder.join("businesses.toml"), "vat = { treatment = \"reverse-charge\" }", self.vat);
        let smallest = format!("first_number = 1\nsmallest = \"{}\"", self.smallest);
        replace(&folder.join("ritardo.toml"), "first_number = 1", &smallest);
        if let Some(rates) = self.rates {
            fs::write(folder.join("rates.csv"), rates).unwrap();
            replace(&folder.join("ritardo.toml"), "[invoice]", "[exchange]\ntable = \"rates.csv\"\n\n[invoice]");
        }
        folder
    }

    fn log(&self) -> String {
        let mut log = "message_id,business,channel,customer,direction,sent_at,kind\n".to_owned();
        let mut row = |id: &str, customer: &str, direction: &str, at: &str| {
            writeln!(log, "{id},bologna-bakery,+390510000417,{customer},{direction},{at},text").unwrap();
        };
        row("z-first", "nobody", "outbound", "2018-07-31T10:00:00Z");
        for (place, (day, customer)) in self.messages.iter().enumerate() {
            row(&format!("m{place}"), customer, "inbound", &format!("{day}T12:00:00Z"));
        }
        row("z-last", "nobody", "outbound", &format!("{}T10:00:00Z", self.last));
        log
    }
}

#[track_caller]
fn replace(path: &Path, was: &str, is: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(was), "{}", path.display());
    fs::write(path, text.replacen(was, is, 1)).unwrap();
}

/// So many messages on these days, each of another customer.
fn on(days: &[u32], month: &str) -> Vec<(String, String)> {
    let of = month.replace('-', "");
    days.iter().map(|day| (format!("{month}-{day:02}"), format!("+39333{of}{day:02}"))).collect()
}

const SEPTEMBER: &str = "2018-09-04";
const OCTOBER: &str = "2018-10-20";

/// The night after the last day.
fn run(folder: &Path, last: &str) -> String {
    ritardo(folder, &["run", "--as-of", &format!("{last}T23:00:00Z")]).expect(0).out
}

/// Settles dispute `number` over these messages, and says what the command said.
fn settle(folder: &Path, number: usize, messages: &[&str]) -> String {
    let rows: String = messages.iter().map(|id| format!("{id},was answered,accept\n")).collect();
    fs::write(folder.join("claims.csv"), format!("message_id,reason,decision\n{rows}")).unwrap();
    let as_of = "2018-10-23T00:00:00Z";
    ritardo(folder, &["dispute", "open", "claims.csv", "--as-of", as_of]).expect(0);
    ritardo(folder, &["dispute", "settle", &number.to_string(), "--issue", "--as-of", as_of]).expect(0).out
}

fn documents(folder: &Path, kind: &str) -> Vec<Value> {
    let state = folder.join("state");
    bodies(&state, kind).iter().map(|issued| content(&state, &text(issued, "document_sha256"))).collect()
}

/// Category, rate, net and tax of each group.
fn groups(document: &Value) -> Vec<String> {
    let of = |vat: &Value| ["category", "rate", "net", "tax"].map(|key| text(vat, key)).join(" ");
    document["vat"].as_array().unwrap().iter().map(of).collect()
}

#[track_caller]
fn holds(folder: &Path) {
    ritardo(folder, &["verify"]).expect(0);
    ritardo(folder, &["audit", "--all"]).expect(0);
}

#[test]
fn a_dispute_gives_back_the_rate_of_its_message() {
    let messages = on(&[10, 20, 21], "2018-08");
    let shop = Shop {
        name: "rate",
        vat: DATED,
        tariff: String::new(),
        price: "10.00",
        rates: None,
        smallest: "0.00",
        last: SEPTEMBER,
        messages,
    };
    let folder = shop.open();
    run(&folder, shop.last);
    assert_eq!(groups(&documents(&folder, "invoice")[0]), ["S 10.00 USD 10.00 USD 1.00", "S 24.00 USD 20.00 USD 4.80"]);
    let said = settle(&folder, 1, &["m0"]);
    assert!(said.contains("USD 11.00 for LR-2018-000001"), "{said}");
    let notes = documents(&folder, "credit_note");
    assert_eq!(groups(&notes[0]), ["S 10.00 USD 10.00 USD 1.00"]);
    let page = folder.join("state/issued/LRC-2018-000001/LRC-2018-000001_2018-08.html");
    assert!(fs::read_to_string(page).unwrap().contains("S 10%"));
    holds(&folder);
}

#[test]
fn an_earlier_month_is_given_back_by_its_own_treatment() {
    let vat =
        "vat = [{ treatment = \"reverse-charge\" }, { treatment = \"standard\", rate = \"22\", from = 2018-09-01 }]";
    let september: Vec<u32> = (10..20).collect();
    let messages = [on(&[14], "2018-08"), on(&september, "2018-09")].concat();
    let shop = Shop {
        name: "earlier",
        vat,
        tariff: String::new(),
        price: "1.00",
        rates: None,
        smallest: "5.00",
        last: OCTOBER,
        messages,
    };
    let folder = shop.open();
    run(&folder, shop.last);
    assert_eq!(groups(&documents(&folder, "invoice")[0]), ["AE 0.00 USD 1.00 USD 0.00", "S 22.00 USD 10.00 USD 2.20"]);
    let said = settle(&folder, 1, &["m0"]);
    assert!(said.contains("USD 1.00 for LR-2018-000001"), "{said}");
    assert_eq!(groups(&documents(&folder, "credit_note")[0]), ["AE 0.00 USD 1.00 USD 0.00"]);
    holds(&folder);
}

#[test]
fn ten_disputes_give_back_what_was_billed_in_each_group() {
    let messages = on(&[10, 20, 21, 22, 23, 24, 25, 26, 27, 28], "2018-08");
    let vat = format!("{DATED}\ncurrency = \"GBP\"");
    let rates = Some("Date,USD,GBP,\n2018-08-31,1.1651,0.89745,\n");
    let shop = Shop {
        name: "ten",
        vat: &vat,
        tariff: String::new(),
        price: "0.07",
        rates,
        smallest: "0.00",
        last: SEPTEMBER,
        messages,
    };
    let folder = shop.open();
    let said = run(&folder, shop.last);
    assert!(said.contains("LR-2018-000001  GBP 0.67 (USD 0.86)"), "{said}");
    let invoice = &documents(&folder, "invoice")[0]["exchange"];
    assert_eq!(groups(invoice), ["S 10.00 GBP 0.05 GBP 0.01", "S 24.00 GBP 0.49 GBP 0.12"]);
    for place in 0..10 {
        let said = settle(&folder, place + 1, &[&format!("m{place}")]);
        assert!(said.contains("GBP 0.0") && said.contains("(USD 0.0"), "{said}");
    }
    let mut sums: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    let cents = |vat: &Value, key: &str| text(vat, key).replace("GBP 0.", "").parse::<i64>().unwrap();
    for note in documents(&folder, "credit_note") {
        for vat in note["exchange"]["vat"].as_array().unwrap() {
            let sum = sums.entry(text(vat, "rate")).or_default();
            sum[0] += cents(vat, "net");
            sum[1] += cents(vat, "tax");
        }
    }
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), [("10.00".to_owned(), [5, 1]), ("24.00".to_owned(), [49, 12])]);
    holds(&folder);
    let audited = ritardo(&folder, &["audit", "2018-08"]).expect(0).out;
    assert!(audited.contains("LR-2018-000001  GBP 0.67 (USD 0.86)"), "{audited}");
}

/// Thirty markets beside Italy, with calling codes of their own.
const MARKETS: [&str; 30] = [
    "44", "33", "34", "49", "55", "351", "353", "32", "31", "41", "43", "45", "46", "47", "48", "30", "36", "40",
    "420", "421", "385", "386", "358", "370", "371", "372", "357", "356", "354", "380",
];

fn priced(markets: &[&str]) -> String {
    markets.iter().map(|code| format!("[[rate]]\nmarket = \"{code}\"\nprice = \"0.015\"\n")).collect()
}

#[test]
fn a_credit_in_another_currency_is_of_what_the_lines_said() {
    let abroad = MARKETS.iter().map(|code| ("2018-08-14".to_owned(), format!("+{code}3330000001")));
    let italian = (10..20).map(|day| (format!("2018-08-{day}"), format!("+3933300000{day}")));
    let messages = abroad.chain(italian).collect();
    let vat = "vat = { treatment = \"reverse-charge\" }\ncurrency = \"EUR\"";
    let rates = Some("Date,USD,\n2018-08-31,1.2,\n");
    let tariff = priced(&MARKETS);
    let shop = Shop { name: "lines", vat, tariff, price: "10.00", rates, smallest: "0.00", last: SEPTEMBER, messages };
    let folder = shop.open();
    run(&folder, shop.last);
    let invoice = &documents(&folder, "invoice")[0];
    // Thirty lines of 0.015, which are 0.0125 each, and one of 100.00.
    assert_eq!([text(invoice, "net"), text(&invoice["exchange"], "net")], ["USD 100.60", "EUR 83.63"]);
    let disputed: Vec<String> = (0..30).map(|place| format!("m{place}")).collect();
    let said = settle(&folder, 1, &disputed.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.contains("EUR 0.30 (USD 0.60) for LR-2018-000001"), "{said}");
    let note = &documents(&folder, "credit_note")[0];
    assert_eq!(text(&note["exchange"], "net"), "EUR 0.30");
    for row in note["exchange"]["credited"].as_array().unwrap() {
        assert_eq!(["billed", "now", "credit"].map(|key| text(row, key)), ["EUR 0.01", "EUR 0.00", "EUR 0.01"]);
    }
    holds(&folder);
}

#[test]
fn a_cap_in_another_currency_takes_no_more_than_there_is() {
    let codes = &MARKETS[..10];
    let messages = codes.iter().map(|code| ("2018-08-14".to_owned(), format!("+{code}3330000001"))).collect();
    let vat = "vat = { treatment = \"reverse-charge\" }\ncurrency = \"EUR\"";
    let rates = Some("Date,USD,\n2018-08-31,1.2,\n");
    let tariff = format!("cap = \"0.05\"\n{}", priced(codes));
    let shop = Shop { name: "cap", vat, tariff, price: "0.015", rates, smallest: "0.00", last: SEPTEMBER, messages };
    let folder = shop.open();
    run(&folder, shop.last);
    let invoice = &documents(&folder, "invoice")[0];
    assert_eq!([text(invoice, "net"), text(&invoice["exchange"], "net")], ["USD 0.05", "EUR 0.04"]);
    assert_eq!(text(&invoice["exchange"]["adjustments"][0], "amount"), "EUR -0.06");
    holds(&folder);
}

#[test]
fn an_invoice_in_place_of_another_has_its_rate() {
    let messages = on(&[14, 15], "2018-08");
    let vat = "vat = { treatment = \"reverse-charge\" }\ncurrency = \"EUR\"";
    let rates = Some("Date,USD,\n2018-08-31,1.2,\n");
    let shop = Shop {
        name: "place",
        vat,
        tariff: String::new(),
        price: "0.60",
        rates,
        smallest: "0.00",
        last: SEPTEMBER,
        messages,
    };
    let folder = shop.open();
    run(&folder, shop.last);
    settle(&folder, 1, &["m0"]);
    replace(&folder.join("businesses.toml"), "Via degli Esempi 12", "Via Nuova 1");
    let reissue = ["reissue", "LR-2018-000001", "--reason", "moved", "--as-of", "2018-10-23T00:00:00Z"];
    let said = ritardo(&folder, &reissue).expect(0).out;
    assert!(said.contains("credited  LRC-2018-000002  EUR 0.50 (USD 0.60) for LR-2018-000001"), "{said}");
    assert!(said.contains("issued    LR-2018-000002  EUR 0.50 (USD 0.60) in its place"), "{said}");
    // The same rate once more, and what is left of that one can be given back.
    let said = settle(&folder, 2, &["m1"]);
    assert!(said.contains("EUR 0.50 (USD 0.60) for LR-2018-000002"), "{said}");
    holds(&folder);
}

/// What one night gives back of two months is as much as the invoice of both billed.
#[test]
fn two_months_of_one_invoice_are_given_back_in_one_night() {
    let messages = [on(&[14], "2018-08"), on(&[14], "2018-09")].concat();
    let shop = Shop {
        name: "one-night",
        vat: "vat = { treatment = \"standard\", rate = \"4\" }",
        tariff: String::new(),
        price: "0.33",
        rates: None,
        smallest: "0.50",
        last: "2018-10-04",
        messages,
    };
    let folder = shop.open();
    run(&folder, shop.last);
    assert_eq!(groups(&documents(&folder, "invoice")[0]), ["S 4.00 USD 0.66 USD 0.03"]);
    let mut late = "message_id,business,channel,customer,direction,sent_at,kind\n".to_owned();
    for (place, (day, customer)) in shop.messages.iter().enumerate() {
        writeln!(late, "a{place},bologna-bakery,+390510000417,{customer},outbound,{day}T13:00:00Z,text").unwrap();
    }
    fs::write(folder.join("inbox/desk/late.csv"), late).unwrap();
    run(&folder, "2018-10-06");
    let notes: Vec<_> = documents(&folder, "credit_note").iter().flat_map(groups).collect();
    // 4 % of 0.66 is 0.03, of the 0.33 that are left 0.01.
    assert_eq!(notes, ["S 4.00 USD 0.33 USD 0.02", "S 4.00 USD 0.33 USD 0.01"]);
    holds(&folder);
}
