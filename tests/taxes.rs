//! VAT and currency from the book to the documents: two rates in a month, another currency, and what holds an invoice.
#![cfg(test)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

#[path = "taxes/again.rs"]
mod again;
#[path = "taxes/carried.rs"]
mod carried;

use common::{bodies, content, copy, give_key, night, ritardo, root, scratch, text};
use serde_json::Value;

const TARIFF: &str = "id = \"late-reply\"\nversion = \"2018-08\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"by hand\"\n\
    bounds = [\"0.01\", \"1.00\"]\n[[rate]]\nmarket = \"other\"\nprice = \"1.00\"\n";

/// One message on the 14th and two on the 15th, in Rome, without an answer; and what proves the whole of August.
const LOG: &str = "message_id,business,channel,customer,direction,sent_at,kind\n\
    z-first,bologna-bakery,+390510000417,nobody,outbound,2018-07-31T10:00:00Z,text\n\
    a,bologna-bakery,+390510000417,+393330000001,inbound,2018-08-14T21:59:59Z,text\n\
    b,bologna-bakery,+390510000417,+393330000002,inbound,2018-08-14T22:00:00Z,text\n\
    c,bologna-bakery,+390510000417,+393330000003,inbound,2018-08-15T12:00:00Z,text\n\
    z-last,bologna-bakery,+390510000417,nobody,outbound,2018-09-04T10:00:00Z,text\n";

const RATES: &str =
    "Date,USD,GBP,\n2018-09-03,1.1604,0.90135,\n2018-08-31,1.1651,0.89745,\n2018-08-30,1.1692,0.89668,\n";

const VAT: &str = "vat = { treatment = \"reverse-charge\" }";

/// A bakery with these words of its book in place of its VAT.
fn bakery(name: &str, vat: &str) -> PathBuf {
    let folder = scratch(&format!("taxes-{name}"));
    copy(&root().join("tests/refusals/base"), &folder);
    give_key(&folder.join("state"), '7');
    fs::write(folder.join("tariff.toml"), TARIFF).unwrap();
    fs::write(folder.join("inbox/desk/2018-08.csv"), LOG).unwrap();
    replace(&folder.join("businesses.toml"), VAT, vat);
    folder
}

#[track_caller]
fn replace(path: &Path, was: &str, is: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(was), "{}", path.display());
    fs::write(path, text.replacen(was, is, 1)).unwrap();
}

fn invoice(folder: &Path) -> Value {
    let state = folder.join("state");
    let issued = bodies(&state, "invoice");
    assert_eq!(issued.len(), 1);
    content(&state, &text(&issued[0], "document_sha256"))
}

/// Category, rate, net amount and tax of each group of VAT.
fn groups(invoice: &Value) -> Vec<String> {
    let said = |vat: &Value| {
        format!("{} {} {} {}", text(vat, "category"), text(vat, "rate"), text(vat, "net"), text(vat, "tax"))
    };
    invoice["vat"].as_array().unwrap().iter().map(said).collect()
}

/// What is recorded is verified, and comes to the same again.
#[track_caller]
fn holds(folder: &Path) {
    let verified = ritardo(folder, &["verify"]).expect(0);
    assert!(verified.out.contains("verified"), "{}", verified.out);
    let audited = ritardo(folder, &["audit", "2018-08"]).expect(0).out;
    assert!(audited.contains("1 of 1 business month identical: 3 waits, 3 charges"), "{audited}");
    assert!(!audited.contains("would look otherwise"), "{audited}");
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("state/issued/LR-2018-000001/LR-2018-000001_2018-08.html")).unwrap()
}

#[test]
fn a_rate_that_changes_within_a_month_parts_its_invoice() {
    let dated = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"22\", to = 2018-08-15 }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";
    let folder = bakery("parted", dated);
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    assert_eq!(invoice["format"], "ritardo-invoice/2");
    assert_eq!(groups(&invoice), ["S 22.00 USD 1.00 USD 0.22", "S 24.00 USD 2.00 USD 0.48"]);
    assert_eq!(text(&invoice, "total"), "USD 3.70");
    let lines = invoice["lines"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| text(&line["vat"], "rate")).collect::<Vec<_>>(), ["22.00", "24.00"]);
    holds(&folder);
    let page = page(&folder);
    for said in ["VAT 22% of USD 1.00 (S)", "VAT 24% of USD 2.00 (S)", "S 22%", "S 24%"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn an_export_has_its_reason_and_no_tax() {
    let folder = bakery("exported", "vat = { treatment = \"export\" }");
    let book = folder.join("businesses.toml");
    replace(&book, "vat_id = \"IT99999990379\"\n", "");
    replace(&book, "country = \"IT\"", "country = \"CH\"");
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    let vat = &invoice["vat"][0];
    assert_eq!([text(vat, "category"), text(vat, "reason")], ["G", "Export outside the EU"]);
    assert_eq!([text(vat, "tax"), text(&invoice, "total")], ["USD 0.00", "USD 3.00"]);
    assert_eq!(text(&invoice, "format"), "ritardo-invoice/1");
    holds(&folder);
    assert!(page(&folder).contains("G: Export outside the EU"));
}

#[test]
fn by_the_end_of_the_month_there_is_one_rate() {
    let dated = "tax_point = \"month-end\"\nvat = [{ treatment = \"standard\", rate = \"22\" }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";
    let folder = bakery("month-end", dated);
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    assert_eq!((invoice["format"].as_str(), invoice["vat"].as_array().unwrap().len()), (Some("ritardo-invoice/1"), 1));
    assert_eq!(text(&invoice, "tax"), "USD 0.72");
    holds(&folder);
}

/// A bakery that is billed in a currency, with a table of rates.
fn exchanged(name: &str, currency: &str, rates: &str) -> PathBuf {
    let folder = bakery(name, &format!("{VAT}\ncurrency = \"{currency}\""));
    fs::write(folder.join("rates.csv"), rates).unwrap();
    replace(&folder.join("ritardo.toml"), "[invoice]", "[exchange]\ntable = \"rates.csv\"\n\n[invoice]");
    folder
}

#[test]
fn an_invoice_in_another_currency_freezes_its_rate() {
    let folder = exchanged("euro", "EUR", RATES);
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    let exchange = &invoice["exchange"];
    assert_eq!([text(&invoice, "net"), text(&invoice, "currency")], ["USD 3.00", "USD"]);
    // 3.00 / 1.1651 = 2.5749…
    assert_eq!([text(exchange, "net"), text(exchange, "total")], ["EUR 2.57", "EUR 2.57"]);
    assert_eq!([text(exchange, "rate_date"), text(exchange, "tariff_per_euro")], ["2018-08-31", "1.1651"]);
    assert_eq!(exchange["table_sha256"], bodies(&folder.join("state"), "month_closed")[0]["exchange_sha256"]);
    // The rate that was frozen is what it is audited by, whatever becomes of the table.
    fs::write(folder.join("rates.csv"), RATES.replace("1.1651", "1.9999")).unwrap();
    holds(&folder);
    fs::remove_file(folder.join("rates.csv")).unwrap();
    holds(&folder);
    let page = page(&folder);
    for said in
        ["EUR 2.57", "1 EUR = 1.1651 USD, published on 2018-08-31", "net USD 3.00, total USD 3.00", "<svg", "RF"]
    {
        assert!(page.contains(said), "{said}");
    }
    let journal = ritardo(&folder, &["journal", "2018-08"]).expect(0).out;
    assert!(journal.contains("2.57") && !journal.contains("3.00"), "{journal}");
    let listed = ritardo(&folder, &["invoice", "list", "--currency", "EUR", "--format", "json"]).expect(0).json();
    let row = &listed["invoices"][0];
    assert_eq!([text(row, "net"), text(row, "rest"), text(row, "currency")], ["EUR 2.57", "EUR 2.57", "EUR"]);
    let shown = ritardo(&folder, &["invoice", "show", "LR-2018-000001"]).expect(0).out;
    assert!(shown.contains("EUR 2.57") && shown.contains("Amount (EUR)"), "{shown}");
}

/// A bakery that is billed with VAT in the currency of the tariff, by an issuer whose VAT return is in euro.
fn returned(name: &str, rates: &str) -> PathBuf {
    let folder = bakery(name, "vat = { treatment = \"standard\", rate = \"22\" }");
    fs::write(folder.join("rates.csv"), rates).unwrap();
    let config = folder.join("ritardo.toml");
    replace(&config, "[invoice]", "[exchange]\ntable = \"rates.csv\"\n\n[invoice]");
    replace(&config, "payment_days = 30", "payment_days = 30\nvat_currency = \"EUR\"");
    folder
}

#[test]
fn tax_is_said_in_the_currency_of_the_vat_return() {
    let folder = returned("returned", RATES);
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    let accounting = &invoice["vat_accounting"];
    // 22% of 3.00 is 0.66; 0.66 / 1.1651 = 0.5664…
    assert_eq!([text(&invoice, "tax"), text(&invoice, "total")], ["USD 0.66", "USD 3.66"]);
    assert_eq!([text(accounting, "currency"), text(accounting, "tax")], ["EUR", "EUR 0.57"]);
    assert_eq!((invoice["format"].as_str(), invoice.get("exchange")), (Some("ritardo-invoice/2"), None));
    assert_eq!(accounting["table_sha256"], bodies(&folder.join("state"), "month_closed")[0]["exchange_sha256"]);
    fs::write(folder.join("rates.csv"), RATES.replace("1.1651", "1.9999")).unwrap();
    holds(&folder);
    let page = page(&folder);
    for said in ["VAT in EUR", "EUR 0.57", "Exchange rate for VAT", "USD 3.66 due"] {
        assert!(page.contains(said), "{said}");
    }
    let shown = ritardo(&folder, &["invoice", "show", "LR-2018-000001"]).expect(0).out;
    assert!(shown.contains("VAT in EUR") && shown.contains("EUR 0.57"), "{shown}");
    // The document is listed in the currency that it is paid in.
    let listed = ritardo(&folder, &["invoice", "list", "--format", "json"]).expect(0).json();
    assert_eq!(text(&listed["invoices"][0], "total"), "USD 3.66");
    ritardo(&folder, &["export-month", "2018-08", "month.tar.zst"]).expect(0);
    let elsewhere = scratch("taxes-returned-elsewhere");
    copy(&folder.join("month.tar.zst"), &elsewhere.join("month.tar.zst"));
    let audited = ritardo(&elsewhere, &["audit", "month.tar.zst"]).expect(0).out;
    assert!(audited.contains("1 of 1 business month identical"), "{audited}");
}

#[test]
fn without_tax_a_vat_return_changes_nothing() {
    let folder = returned("returned-nothing", "Date,USD,\n2018-08-30,1.1692,\n");
    replace(
        &folder.join("businesses.toml"),
        "treatment = \"standard\", rate = \"22\"",
        "treatment = \"reverse-charge\"",
    );
    night(&folder).expect(0);
    let invoice = invoice(&folder);
    assert_eq!((invoice["format"].as_str(), invoice.get("vat_accounting")), (Some("ritardo-invoice/1"), None));
    assert_eq!(bodies(&folder.join("state"), "month_closed")[0].get("exchange_sha256"), None);
    holds(&folder);
}

#[test]
fn a_bundle_carries_the_rate() {
    let folder = exchanged("bundle", "GBP", RATES);
    night(&folder).expect(0);
    // 3.00 * 0.89745 / 1.1651 = 2.3108…
    assert_eq!(text(&invoice(&folder)["exchange"], "net"), "GBP 2.31");
    ritardo(&folder, &["export-month", "2018-08", "month.tar.zst"]).expect(0);
    let elsewhere = scratch("taxes-bundle-elsewhere");
    copy(&folder.join("month.tar.zst"), &elsewhere.join("month.tar.zst"));
    let audited = ritardo(&elsewhere, &["audit", "month.tar.zst"]).expect(0).out;
    assert!(audited.contains("1 of 1 business month identical"), "{audited}");
}

#[test]
fn a_month_without_an_invoice_needs_no_rate() {
    let folder = exchanged("no-invoice", "EUR", "Date,USD,\n2018-08-30,1.1692,\n");
    let answer = "b2,bologna-bakery,+390510000417,+393330000001,outbound,2018-08-14T22:30:00Z,text\n";
    let answered: Vec<&str> = LOG.lines().filter(|line| !line.starts_with("b,") && !line.starts_with("c,")).collect();
    fs::write(folder.join("inbox/desk/2018-08.csv"), answered.join("\n") + "\n" + answer).unwrap();
    let night = night(&folder).expect(0).out;
    assert!(night.contains("closed    2018-08") && !night.contains("parked"), "{night}");
    assert_eq!(bodies(&folder.join("state"), "invoice").len(), 0);
}

#[test]
fn a_minimum_over_charges_that_round_to_nothing_is_shared_by_their_exact_sums() {
    let dated = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"10\", to = 2018-08-15 }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";
    let folder = bakery("tiny", dated);
    let cheap = TARIFF.replace("\"0.01\"", "\"0.001\"").replace("price = \"1.00\"", "price = \"0.004\"");
    fs::write(folder.join("tariff.toml"), cheap.replace("[[rate]]", "minimum = \"5.00\"\n[[rate]]")).unwrap();
    let two: Vec<&str> = LOG.lines().filter(|line| !line.starts_with("c,")).collect();
    fs::write(folder.join("inbox/desk/2018-08.csv"), two.join("\n") + "\n").unwrap();
    night(&folder).expect(0);
    assert_eq!(groups(&invoice(&folder)), ["S 10.00 USD 2.50 USD 0.25", "S 24.00 USD 2.50 USD 0.60"]);
}

#[test]
fn what_an_invoice_says_makes_a_new_one_and_how_it_looks_does_not() {
    let folder = exchanged("reissue", "EUR", RATES);
    night(&folder).expect(0);
    let reissue = |number: u32, code: i32| {
        let number = format!("LR-2018-{number:06}");
        let arguments = ["reissue", &number, "--reason", "it was wrong", "--as-of", "2018-09-06T00:00:00Z"];
        ritardo(&folder, &arguments).expect(code)
    };
    let looks = "payment_days = 30\ncolour = \"#102a43\"\npaper = \"letter\"\nfields = [\"Share capital: EUR 10,000\"]";
    for (file, was, is) in [
        ("ritardo.toml", "payment_days = 30", looks),
        ("businesses.toml", "language = \"en\"", "language = \"en\"\nlines = [\"xlsx\", \"csv\"]"),
        ("businesses.toml", "accounts@forno.example", "office@forno.example"),
    ] {
        replace(&folder.join(file), was, is);
        let refused = reissue(1, 2).err;
        assert!(refused.contains("LR-2018-000001 has the words of today already"), "{is}: {refused}");
    }
    let endpoint = "language = \"it\"\nendpoint = \"0211:IT12345678903\"\nreference = \"PO 4711\"";
    let addressed = "payment_days = 14\nendpoint = \"0088:9520000004170\"";
    for (number, (file, was, is)) in (1..).zip([
        ("businesses.toml", "language = \"en\"", "language = \"it\""),
        ("businesses.toml", "currency = \"EUR\"", "currency = \"GBP\""),
        ("ritardo.toml", "payment_days = 30", "payment_days = 14"),
        ("ritardo.toml", "payment_days = 14", addressed),
        ("businesses.toml", "language = \"it\"", endpoint),
        ("businesses.toml", "endpoint = ", "e_invoice = \"ubl\"\nendpoint = "),
        ("businesses.toml", VAT, "vat = { treatment = \"standard\", rate = \"22\" }"),
        ("ritardo.toml", "payment_days = 14", "payment_days = 14\nvat_currency = \"EUR\""),
    ]) {
        replace(&folder.join(file), was, is);
        reissue(number, 0);
        let refused = reissue(number + 1, 2).err;
        assert!(refused.contains("has the words of today already"), "{is}: {refused}");
    }
    let state = folder.join("state");
    let replacements = bodies(&state, "replacement");
    assert_eq!(replacements.len(), 8);
    let last = content(&state, &text(&replacements[7], "document_sha256"));
    // 3.00 * 0.89745 / 1.1651 is 2.31; 22% of that is 0.51, and 0.51 / 0.89745 is 0.57.
    assert_eq!([text(&last["exchange"], "net"), text(&last["exchange"], "tax")], ["GBP 2.31", "GBP 0.51"]);
    assert_eq!(text(&last["vat_accounting"], "tax"), "EUR 0.57");
    // Each table of rates is where the currency was new.
    let tables: Vec<bool> = replacements.iter().map(|body| body.get("exchange_sha256").is_some()).collect();
    assert_eq!(tables, [false, true, false, false, false, false, false, true]);
    let listed = ritardo(&folder, &["invoice", "list", "--currency", "GBP", "--format", "json"]).expect(0).json();
    assert_eq!(text(listed["invoices"].as_array().unwrap().last().unwrap(), "total"), "GBP 2.82");
    ritardo(&folder, &["export-month", "2018-08", "month.tar.zst"]).expect(0);
    fs::remove_file(folder.join("rates.csv")).unwrap();
    ritardo(&folder, &["verify"]).expect(0);
    ritardo(&folder, &["audit", "2018-08"]).expect(0);
    let elsewhere = scratch("taxes-reissue-elsewhere");
    copy(&folder.join("month.tar.zst"), &elsewhere.join("month.tar.zst"));
    ritardo(&elsewhere, &["audit", "month.tar.zst"]).expect(0);
}

/// The month is parked with these words, and is closed once the file says something else.
#[track_caller]
fn is_held(folder: &Path, says: &str, file: &str, was: &str, is: &str) {
    let held = night(folder).expect(65);
    assert!(held.out.contains("parked    2018-08") && held.out.contains(says), "{}", held.out);
    assert_eq!(bodies(&folder.join("state"), "invoice").len(), 0);
    replace(&folder.join(file), was, is);
    night(folder).expect(0);
    assert_eq!(bodies(&folder.join("state"), "invoice").len(), 1);
    holds(folder);
}

#[test]
fn what_would_have_to_be_guessed_holds_the_invoice() {
    let without = bakery("without-id", VAT);
    replace(&without.join("businesses.toml"), "vat_id = \"IT99999990379\"\n", "");
    let says = "vat: reverse charge needs the VAT id of `bologna-bakery`, and the book has none";
    is_held(&without, says, "businesses.toml", VAT, &format!("{VAT}\nvat_id = \"IT99999990379\""));

    let foreign = bakery("foreign-id", VAT);
    replace(&foreign.join("businesses.toml"), "IT99999990379", "GB285557950");
    let says = "vat: reverse charge needs a VAT id of the EU, which `GB285557950` of `bologna-bakery` is not";
    is_held(&foreign, says, "businesses.toml", "GB285557950", "IT99999990379");

    let goods = bakery("goods-id", VAT);
    replace(&goods.join("businesses.toml"), "IT99999990379", "XI285557950");
    let says = "vat: reverse charge needs a VAT id that counts for services, which `XI285557950` of `bologna-bakery` does \
                not";
    is_held(&goods, says, "businesses.toml", "XI285557950", "IT99999990379");

    let own = bakery("own-id", VAT);
    replace(&own.join("businesses.toml"), "IT99999990379", "IE9999990AH");
    let says = "vat: reverse charge needs the VAT id of the buyer, and `IE9999990AH` of `bologna-bakery` is that of the \
                issuer";
    is_held(&own, says, "businesses.toml", "IE9999990AH", "IT99999990379");

    let within = bakery("export", "vat = { treatment = \"export\" }");
    let says = "vat: an export goes outside the EU, and `bologna-bakery` is in IT: correct its country in the book";
    is_held(&within, says, "businesses.toml", "\"export\"", "\"reverse-charge\"");

    let ended = bakery("ended", "vat = { treatment = \"standard\", rate = \"22\", to = 2018-08-01 }");
    let says = "vat: the book names no VAT treatment for 2018-08-31";
    is_held(&ended, says, "businesses.toml", ", to = 2018-08-01", "");

    let unreturned = returned("unreturned", "Date,USD,\n2018-08-30,1.1692,\n");
    let says = "exchange: there is no rate of USD in EUR for 2018-08-31: the table of rates ends before 2018-08-31";
    is_held(&unreturned, says, "rates.csv", "Date,USD,\n", "Date,USD,\n2018-08-31,1.1651,\n");

    let short = exchanged("short", "EUR", "Date,USD,\n2018-08-30,1.1692,\n");
    let says = "exchange: there is no rate of USD in EUR for 2018-08-31: the table of rates ends before 2018-08-31";
    is_held(&short, says, "rates.csv", "Date,USD,\n", "Date,USD,\n2018-08-31,1.1651,\n");
}
