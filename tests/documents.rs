//! Every document of an invoice, read back: the page, the PDF, the text, the mail, the workbook, the CSV, the Parquet file
//! and the XML where there is one hold the numbers of the canonical invoice, whatever its business is called.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::shop::{Shop, edit};
use common::{BUSINESSES, night, ritardo, sample, text};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use serde_json::Value;

const ALL_FORMS: &str = "lines = [\"xlsx\", \"csv\", \"parquet\"]\n";

/// The sample month with all forms of line files for everybody.
fn month(name: &str) -> PathBuf {
    let folder = sample(name);
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    fs::write(folder.join("businesses.toml"), book.replace("first_month", &format!("{ALL_FORMS}first_month"))).unwrap();
    folder
}

/// A shop with this name whose August costs three messages.
fn shop(case: &str, name: &str) -> Shop {
    let shop = Shop::new(case, "");
    let name = serde_json::to_string(name).unwrap();
    edit(&shop.folder, "businesses.toml", "legal_name = \"Forno Esempio S.n.c.\"", &format!("legal_name = {name}"));
    edit(&shop.folder, "businesses.toml", "first_month", &format!("{ALL_FORMS}first_month"));
    shop
}

/// The folder of the documents of an invoice, and the beginning of the names of its files.
fn documents(state: &Path, number: &str) -> (PathBuf, String) {
    (state.join("issued").join(number), format!("{number}_2018-08"))
}

/// The digits of every number in a text, whatever parts its thousands and its cents.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}');
    text.split(|c: char| !is_part(c)).map(digits).filter(|digits| !digits.is_empty()).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What a page says without its markup.
fn without_markup(page: &str) -> String {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    for part in body.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    for (entity, sign) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2F;", "/"), ("&amp;", "&")]
    {
        text = text.replace(entity, sign);
    }
    text
}

/// Net amount, tax and total of a canonical invoice stand in a text; of its lines every amount does.
#[track_caller]
fn check_amounts(what: &str, text: &str, invoice: &Value, with_lines: bool) {
    let found = numbers(text);
    let amounts = ["net", "tax", "total"].map(|key| common::text(invoice, key));
    let lines = invoice["lines"].as_array().unwrap().iter().filter(|_| with_lines);
    for amount in amounts.into_iter().chain(lines.map(|line| common::text(line, "amount"))) {
        assert!(found.contains(&digits(&amount)), "{what} does not show {amount}:\n{text}");
    }
}

/// The members of a zip by name.
fn members(zip: &[u8]) -> BTreeMap<String, String> {
    let archive = rawzip::ZipArchive::from_slice(zip).unwrap();
    let (mut found, mut entries) = (BTreeMap::new(), archive.entries());
    while let Some(record) = entries.next_entry().unwrap() {
        let name = String::from_utf8(record.file_path().as_bytes().to_vec()).unwrap();
        let entry = archive.get_entry(record.wayfinder()).unwrap();
        let decoder = flate2::read::DeflateDecoder::new(entry.data());
        let mut text = String::new();
        entry.verifying_reader(decoder).read_to_string(&mut text).unwrap();
        found.insert(name, text);
    }
    found
}

/// The cells of a sheet, row by row, each by its column. A formula is what it was last computed to.
fn cells(sheet: &str) -> Vec<BTreeMap<char, String>> {
    let between = |text: &str, open: &str, close: &str| {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map(|(inside, _)| inside.to_owned())
    };
    let plain = |text: String| {
        let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
        signs.into_iter().fold(text, |text, (entity, sign)| text.replace(entity, sign))
    };
    let row = |row: &str| {
        let cell = |cell: &str| {
            let said = between(cell, "<v>", "</v>").or_else(|| between(cell, "xml:space=\"preserve\">", "</t>"));
            (cell.chars().next().unwrap(), plain(said.unwrap_or_default()))
        };
        row.split("<c r=\"").skip(1).map(cell).collect()
    };
    sheet.split("<row r=\"").skip(1).map(row).collect()
}

/// The rows of a CSV without the apostrophes that guard its texts.
fn plain_rows(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    let plain = |cell: &str| {
        cell.strip_prefix('\'').filter(|rest| rest.starts_with(['+', '=', '-', '@'])).unwrap_or(cell).to_owned()
    };
    reader.records().map(|row| row.unwrap().iter().map(plain).collect()).collect()
}

/// Exact decimals as a count of 10⁻⁹.
fn units(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * (whole.parse::<i128>().unwrap() * 1_000_000_000 + format!("{fraction:0<9}").parse::<i128>().unwrap())
}

/// The workbook has the rows of the CSV in their order, and sums that are those of the invoice.
fn check_workbook(bytes: &[u8], csv: &[u8], invoice: &Value) {
    let parts = members(bytes);
    let rows = plain_rows(csv);
    let found = cells(&parts["xl/worksheets/sheet1.xml"]);
    assert_eq!(found.len(), rows.len());
    for (found, row) in found.iter().zip(&rows) {
        let expected: BTreeMap<char, String> =
            ('A'..).zip(row.iter().cloned()).filter(|(_, cell)| !cell.is_empty()).collect();
        assert_eq!(found, &expected);
    }
    let summary = cells(&parts["xl/worksheets/sheet2.xml"]);
    let total = summary.last().unwrap();
    let net = text(invoice, "net");
    assert_eq!(format!("{} {}", total[&'G'], total[&'F']), net, "{summary:?}");
    let charges: u64 = invoice["lines"].as_array().unwrap().iter().map(|line| line["quantity"].as_u64().unwrap()).sum();
    assert_eq!(total[&'E'], charges.to_string());
    for part in parts.values() {
        assert!(!part.contains("<f>=") && !part.contains("<f>HYPERLINK"), "{part}");
    }
}

fn check_parquet(bytes: Vec<u8>, csv: &[u8]) {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = plain_rows(csv);
    let found: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), rows.len() - 1);
    for (found, row) in found.iter().zip(rows.iter().skip(1)) {
        let amount = i128::from_be_bytes(found.get_decimal(12).unwrap().data().try_into().unwrap());
        assert_eq!(amount, units(&row[12]));
        let id = found.get_string(0).map(|id| id.to_owned()).unwrap_or_default();
        assert_eq!((id, found.get_string(13).unwrap()), (row[0].clone(), &row[13]));
    }
}

/// What a PDF shows; `None` where nobody here can read one.
fn pdf_text(path: &Path) -> Option<String> {
    let done = Command::new("pdftotext").arg("-layout").arg(path).arg("-").output();
    let Ok(done) = done else {
        eprintln!("skipped: no pdftotext reads {}", path.display());
        return None;
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8(done.stdout).unwrap())
}

/// Looks at every document of an invoice, and gives the canonical one.
fn check(folder: &Path, number: &str) -> Value {
    let (issued, stem) = documents(&folder.join("state"), number);
    let bytes = |ending: &str| fs::read(issued.join(format!("{stem}.{ending}"))).unwrap();
    let invoice: Value = serde_json::from_slice(&bytes("json")).unwrap();
    let page = String::from_utf8(bytes("html")).unwrap();
    check_amounts("the page", &without_markup(&page), &invoice, true);
    if let Some(shown) = pdf_text(&issued.join(format!("{stem}.pdf"))) {
        check_amounts("the PDF", &shown, &invoice, true);
    }
    if issued.join(format!("{stem}.xml")).exists() {
        check_amounts("the XML", &String::from_utf8(bytes("xml")).unwrap(), &invoice, true);
    }
    let shown = ritardo(folder, &["invoice", "show", number]).expect(0);
    check_amounts("the text", &shown.out, &invoice, true);
    assert!(!shown.out.contains('\u{1b}'), "nothing is bold where there is no terminal");
    let csv = bytes("csv");
    let amounts: i128 = plain_rows(&csv).iter().skip(1).map(|row| units(&row[12])).sum();
    assert_eq!(amounts, units(text(&invoice, "net").split_once(' ').unwrap().1));
    check_workbook(&bytes("xlsx"), &csv, &invoice);
    check_parquet(bytes("parquet"), &csv);
    check_mail(&issued.join(format!("{number}_1.eml")), &stem, &invoice);
    invoice
}

/// The mail says what is to be paid, and carries the PDF and one line file: the form that its business named first.
fn check_mail(path: &Path, stem: &str, invoice: &Value) {
    let mail = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let said = mail.replace("=\n", "").replace("=C2=A0", "\u{a0}");
    let total = text(invoice, "total");
    assert!(numbers(&said).contains(&digits(&total)), "{said}");
    let attached: Vec<&str> = mail
        .lines()
        .filter_map(|line| line.split_once("filename=\""))
        .filter_map(|(_, rest)| rest.strip_suffix('"'))
        .collect();
    assert_eq!(attached, [format!("{stem}.pdf"), format!("{stem}.xlsx")]);
    assert!(said.contains(&format!("{stem}.xlsx")) && !said.contains(&format!("{stem}.csv")), "{said}");
}

#[test]
fn all_documents_hold_the_same_numbers() {
    let folder = month("documents-month");
    night(&folder).expect(0);
    for (place, business) in (1..).zip(BUSINESSES) {
        let invoice = check(&folder, &format!("LR-2018-{place:06}"));
        assert_eq!(text(&invoice, "business"), business);
    }
    ritardo(&folder, &["verify"]).expect(0);
    let audited = ritardo(&folder, &["audit", "2018-08", "--format", "json"]).expect(0).json();
    assert!(audited.as_array().unwrap().iter().all(|month| month["looks"] == Value::Array(Vec::new())), "{audited}");
}

#[test]
fn an_invoice_with_two_rates_says_all_of_its_vat_everywhere() {
    let shop = shop("documents-two-rates", "Forno");
    let dated = "tax_point = \"charge\"\nvat = [{ treatment = \"standard\", rate = \"10\", to = 2018-08-15 }, \
                 { treatment = \"standard\", rate = \"24\", from = 2018-08-15 }]";
    edit(&shop.folder, "businesses.toml", "vat = { treatment = \"reverse-charge\" }", dated);
    let asked: Vec<String> = (1..=30).map(|n| format!("late-{n} inbound 2018-08-20T10:00:00Z {n}")).collect();
    shop.log("2018-08-20", &asked.iter().map(String::as_str).collect::<Vec<_>>());
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let invoice = check(&shop.folder, "LR-2018-000001");
    // 10 % of 0.15 and 24 % of 1.50.
    assert_eq!([text(&invoice, "net"), text(&invoice, "tax")], ["USD 1.65", "USD 0.38"]);
    shop.holds();
}

#[test]
fn names_from_hell_change_no_number() {
    let long: String = "Università degli Esempi ".repeat(9).chars().take(200).collect();
    let names = [
        "🥐 Boulangerie 👩‍🍳",
        "مطعم السلام والمحبة",
        "בית הקפה של רות",
        "株式会社パン屋",
        &long,
        "<b>Forno</b> & \"Figli\"",
        "#$*_@ \\ `~^ {{ number }}",
        "=1+1",
    ];
    for (place, name) in names.into_iter().enumerate() {
        let shop = shop(&format!("documents-name-{place}"), name.trim());
        let ran = shop.run("2018-09-05T00:00:00Z");
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let invoice = check(&shop.folder, "LR-2018-000001");
        assert_eq!(text(&invoice["buyer"], "legal_name"), name.trim());
        let shown = shop.ritardo(&["invoice", "show", "LR-2018-000001"]).expect(0);
        let unbroken = |text: &str| text.split_whitespace().collect::<String>();
        assert!(unbroken(&shown.out).contains(&unbroken(name)), "{name}: {}", shown.out);
    }
}

#[test]
fn invoices_are_listed_by_what_they_are() {
    let folder = month("documents-list");
    night(&folder).expect(0);
    let list = |arguments: &[&str]| -> Vec<String> {
        let told =
            ritardo(&folder, &[&["invoice", "list", "--format", "json"][..], arguments].concat()).expect(0).json();
        assert_eq!(told["format"], "ritardo-invoices/1");
        told["invoices"].as_array().unwrap().iter().map(|row| text(row, "number")).collect()
    };
    let all = ["LR-2018-000001", "LR-2018-000002", "LR-2018-000003"];
    assert_eq!(list(&[]), all);
    assert_eq!(list(&["--month", "2018-07..2018-08", "--currency", "USD", "--state", "issued"]), all);
    assert_eq!(list(&["--business", "lisbon-hotel"]), all[1..2]);
    assert_eq!(list(&["--number", "LR-2018-000003"]), all[2..]);
    assert!(list(&["--month", "2018-09"]).is_empty() && list(&["--currency", "EUR"]).is_empty());
    edit(&folder, "businesses.toml", "Rua do Exemplo 7", "Rua do Exemplo 9");
    let night = "2018-09-06T00:00:00Z";
    ritardo(&folder, &["reissue", all[1], "--reason", "the house number", "--as-of", night]).expect(0);
    assert_eq!(list(&["--state", "credited"]), all[1..2]);
    assert_eq!(list(&["--number", "LRC"]), ["LRC-2018-000001"]);
    let told = ritardo(&folder, &["invoice", "list"]).expect(0);
    assert!(told.out.ends_with("5 documents\n"), "{}", told.out);
    let csv = ritardo(&folder, &["invoice", "list", "--format", "csv", "--number", all[1]]).expect(0);
    let row = common::rows(csv.out.as_bytes()).remove(0);
    assert_eq!((row["net"].as_str(), row["currency"].as_str(), row["state"].as_str()), ("3.20", "USD", "credited"));
    let note = ritardo(&folder, &["invoice", "show", "LRC-2018-000001"]).expect(0);
    assert!(note.out.contains("LR-2018-000002"), "{}", note.out);
}

#[test]
fn a_document_is_written_again_as_it_was_issued() {
    let folder = month("documents-render");
    night(&folder).expect(0);
    let number = "LR-2018-000002";
    let (issued, stem) = documents(&folder.join("state"), number);
    let before = common::tree(&folder.join("state/issued"));
    let path = ritardo(&folder, &["invoice", "open", number]).expect(0);
    assert_eq!(fs::read(folder.join(path.out.trim())).unwrap(), fs::read(issued.join(format!("{stem}.pdf"))).unwrap());
    for _ in 0..2 {
        ritardo(&folder, &["invoice", "render", number, "--out", "out/all"]).expect(0);
    }
    let written = common::tree(&folder.join("out/all"));
    let endings: Vec<&str> = written.keys().map(|name| name.rsplit('.').next().unwrap()).collect();
    for ending in ["csv", "html", "json", "parquet", "pdf", "txt", "xlsx", "xml"] {
        assert!(endings.contains(&ending), "{endings:?}");
    }
    let is_drawn = |name: &str| name.ends_with(".txt") || name.ends_with("_factur-x.xml");
    for (name, bytes) in written.iter().filter(|(name, _)| !is_drawn(name)) {
        assert!(*bytes == fs::read(issued.join(name)).unwrap(), "{name} is as it was issued");
    }
    ritardo(&folder, &["invoice", "render", number, "--out", "out/two", "--only", "pdf,txt"]).expect(0);
    assert_eq!(common::files(&folder.join("out/two")), [format!("{stem}.pdf"), format!("{stem}.txt")]);
    ritardo(&folder, &["invoice", "render", number, "--out", "out/xml", "--only", "xml"]).expect(0);
    let invoice: Value = serde_json::from_slice(&fs::read(issued.join(format!("{stem}.json"))).unwrap()).unwrap();
    let xml = fs::read_to_string(folder.join(format!("out/xml/{stem}_factur-x.xml"))).unwrap();
    check_amounts("the e-invoice", &xml, &invoice, true);
    assert_eq!(common::tree(&folder.join("state/issued")), before, "what was issued stays as it is");
}

#[test]
fn forms_that_were_not_issued_are_drawn_from_the_same_rows() {
    let (with, without) = (month("documents-with"), sample("documents-without"));
    night(&with).expect(0);
    night(&without).expect(0);
    let number = "LR-2018-000001";
    ritardo(&without, &["invoice", "render", number, "--out", "out", "--only", "xlsx,parquet"]).expect(0);
    let (issued, stem) = documents(&with.join("state"), number);
    for ending in ["xlsx", "parquet"] {
        let name = format!("{stem}.{ending}");
        assert!(fs::read(without.join("out").join(&name)).unwrap() == fs::read(issued.join(&name)).unwrap(), "{name}");
    }
}

#[test]
fn a_customer_who_is_forgotten_goes_out_of_every_form() {
    let shop = shop("documents-forget", "Forno");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let said = |ending: &str| {
        let (issued, stem) = documents(&shop.state(), "LR-2018-000001");
        let bytes = fs::read(issued.join(format!("{stem}.{ending}"))).unwrap();
        match ending {
            "xlsx" => members(&bytes)["xl/worksheets/sheet1.xml"].clone(),
            "parquet" => {
                let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
                reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
            }
            _ => String::from_utf8(bytes).unwrap(),
        }
    };
    let forms = ["csv", "xlsx", "parquet"];
    assert!(forms.iter().all(|form| said(form).contains("2018-08-05-1")));
    shop.ritardo(&["forget", "+390000000081", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    for form in forms {
        assert!(!said(form).contains("2018-08-05-1") && said(form).contains("2018-08-05-2"), "{form}: {}", said(form));
    }
    shop.holds();
}

#[test]
fn a_credit_note_has_what_it_changes_in_every_form() {
    let shop = shop("documents-credit", "Forno");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let claims = "message_id,reason,decision\n2018-08-05-1,the shop was flooded,accept\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    let night = "2018-09-06T00:00:00Z";
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", night]).expect(0);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", night]).expect(0);
    let (issued, stem) = documents(&shop.state(), "LRC-2018-000001");
    let parts = members(&fs::read(issued.join(format!("{stem}.xlsx"))).unwrap());
    let total = cells(&parts["xl/worksheets/sheet2.xml"]).pop().unwrap();
    assert_eq!((total[&'E'].as_str(), total[&'F'].as_str()), ("1", "0.05"), "{total:?}");
    let bytes = bytes::Bytes::from(fs::read(issued.join(format!("{stem}.parquet"))).unwrap());
    assert_eq!(SerializedFileReader::new(bytes).unwrap().get_row_iter(None).unwrap().count(), 1);
    let told = shop.ritardo(&["invoice", "list", "--state", "partly-credited", "--format", "json"]).expect(0).json();
    let row = &told["invoices"][0];
    assert_eq!((text(row, "number").as_str(), text(row, "rest").as_str()), ("LR-2018-000001", "USD 0.10"));
    shop.run("2018-09-07T00:00:00Z").expect(0);
    shop.holds();
}

/// The cells of the sheet of sums of a workbook.
fn summary(path: &Path) -> Vec<BTreeMap<char, String>> {
    cells(&members(&fs::read(path).unwrap())["xl/worksheets/sheet2.xml"])
}

#[test]
fn a_credit_note_of_a_capped_month_comes_to_its_net_amount_in_every_form() {
    let shop = shop("documents-credit-capped", "Forno");
    edit(&shop.folder, "tariff.toml", "zone = \"UTC\"", "zone = \"UTC\"\ncap = \"0.10\"");
    shop.run("2018-09-05T00:00:00Z").expect(0);
    // Two of three messages go: ten cents, of which the cap had taken five.
    let claims = "message_id,reason,decision\n2018-08-05-1,a flood,accept\n2018-08-05-2,a flood,accept\n";
    fs::write(shop.folder.join("claims.csv"), claims).unwrap();
    let night = "2018-09-06T00:00:00Z";
    shop.ritardo(&["dispute", "open", "claims.csv", "--as-of", night]).expect(0);
    shop.ritardo(&["dispute", "settle", "1", "--issue", "--as-of", night]).expect(0);
    let (issued, stem) = documents(&shop.state(), "LRC-2018-000001");
    let file = |ending: &str| issued.join(format!("{stem}.{ending}"));
    let note: Value = serde_json::from_slice(&fs::read(file("json")).unwrap()).unwrap();
    assert_eq!(text(&note, "net"), "USD 0.05");
    let rows = plain_rows(&fs::read(file("csv")).unwrap());
    assert_eq!(rows.last().unwrap()[5..].join(","), "cap,cap,,,-0.05,0.00,-0.05,USD");
    assert_eq!(rows.iter().skip(1).map(|row| units(&row[11])).sum::<i128>(), units("0.05"), "{rows:?}");
    let summary = summary(&file("xlsx"));
    let total = summary.last().unwrap();
    assert_eq!((total[&'E'].as_str(), total[&'F'].as_str()), ("2", "0.05"), "{summary:?}");
    assert!(summary.iter().any(|row| row.get(&'A').is_some_and(|what| what == "cap")), "{summary:?}");
    let reader = SerializedFileReader::new(bytes::Bytes::from(fs::read(file("parquet")).unwrap())).unwrap();
    let credit =
        |row: parquet::record::Row| i128::from_be_bytes(row.get_decimal(11).unwrap().data().try_into().unwrap());
    assert_eq!(reader.get_row_iter(None).unwrap().map(|row| credit(row.unwrap())).sum::<i128>(), units("0.05"));
    // The details end in the ten cents of the messages, and say why the first page has another sum.
    let page = without_markup(&fs::read_to_string(file("html")).unwrap());
    assert!(page.contains("Sums on these pages are exact"), "{page}");
    shop.ritardo(&["forget", "+390000000081", "--as-of", "2018-09-07T00:00:00Z"]).expect(75);
    shop.run("2018-09-07T00:00:00Z").expect(0);
    shop.ritardo(&["forget", "+390000000081", "--as-of", "2018-09-07T00:00:00Z"]).expect(0);
    let redacted = plain_rows(&fs::read(file("csv")).unwrap());
    assert_eq!(redacted.last(), rows.last(), "what is no message stays behind the messages");
    shop.holds();
}

#[test]
fn the_files_of_an_invoice_in_euro_say_what_they_come_to_in_euro() {
    let shop = shop("documents-euro", "Forno");
    edit(&shop.folder, "businesses.toml", "first_month", "currency = \"EUR\"\nfirst_month");
    edit(&shop.folder, "ritardo.toml", "[invoice]", "[exchange]\ntable = \"rates.csv\"\n\n[invoice]");
    fs::write(shop.folder.join("rates.csv"), "Date,USD,\n2018-09-03,1.1604,\n2018-08-31,1.1651,\n").unwrap();
    shop.run("2018-09-05T00:00:00Z").expect(0);
    let (issued, stem) = documents(&shop.state(), "LR-2018-000001");
    let file = |ending: &str| issued.join(format!("{stem}.{ending}"));
    let invoice: Value = serde_json::from_slice(&fs::read(file("json")).unwrap()).unwrap();
    let rate = "1 EUR = 1.1651 USD, published on 2018-08-31";
    assert_eq!((text(&invoice, "net"), text(&invoice["exchange"], "net")), ("USD 0.15".into(), "EUR 0.13".into()));
    let summary = summary(&file("xlsx"));
    let said = |label: &str| {
        let row = summary.iter().find(|row| row.get(&'A').is_some_and(|what| what == label));
        row.map(|row| row.iter().skip(1).map(|(_, cell)| cell.clone()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(said("net").as_deref(), Some("0.15 USD"), "{summary:?}");
    assert_eq!(said("net as billed").as_deref(), Some("0.13 EUR"), "{summary:?}");
    assert_eq!(said("exchange rate").as_deref(), Some(rate), "{summary:?}");
    let reader = SerializedFileReader::new(bytes::Bytes::from(fs::read(file("parquet")).unwrap())).unwrap();
    let facts = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let fact = |key: &str| facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.clone());
    assert_eq!(fact("ritardo.net_billed").as_deref(), Some("EUR 0.13"));
    assert_eq!(fact("ritardo.exchange_rate").as_deref(), Some(rate));
    let page = without_markup(&fs::read_to_string(file("html")).unwrap());
    assert!(page.contains("These pages are in USD, the currency of the tariff"), "{page}");
    shop.ritardo(&["forget", "+390000000081", "--as-of", "2018-09-06T00:00:00Z"]).expect(0);
    shop.holds();
}

/// Gives a shop a template of its own of the PDF, which draws every sample and does this besides.
fn give_template(folder: &Path, besides: &str) {
    fs::create_dir(folder.join("looks")).unwrap();
    edit(folder, "ritardo.toml", "state = \"state\"", "state = \"state\"\ntemplates = \"looks\"");
    let template = format!(
        "#let d = json(\"data.json\")\n\
         #set document(title: d.title, date: datetime(year: 2018, month: 9, day: 5))\n\
         #set text(font: \"Inter\", lang: d.language)\n\
         = #d.title\n#d.total.amount #d.buyer.name\n#if \"preview\" in d [#d.preview.mark]\n{besides}\n"
    );
    fs::write(folder.join("looks/invoice.typ"), template).unwrap();
    ritardo(folder, &["check"]).expect(0);
}

#[test]
fn a_template_that_only_real_invoices_keep_busy_parks_their_months() {
    let hangs = "#if d.number.starts-with(\"PREVIEW\") { for i in range(100000) { for j in range(100000) {} } }";
    let shop = shop("documents-template-hangs", "Forno");
    give_template(&shop.folder, hangs);
    let ran = shop.run("2018-09-05T00:00:00Z").expect(65);
    assert!(ran.out.contains("(invoice.typ) within 20 seconds: they compute too much"), "{}", ran.out);
    let (issued, stem) = documents(&shop.state(), "LR-2018-000001");
    assert!(!issued.exists());
    // A template that can draw it lets the month be closed.
    fs::remove_file(shop.folder.join("looks/invoice.typ")).unwrap();
    shop.run("2018-09-06T00:00:00Z").expect(0);
    assert!(issued.join(format!("{stem}.pdf")).exists());
    shop.holds();
}

#[test]
fn a_document_that_its_template_cannot_draw_stops_no_other() {
    let breaks = "#if d.number == \"LR-2018-000002\" { panic(\"it is the second\") }";
    let folder = sample("documents-template-breaks");
    give_template(&folder, breaks);
    for _ in 0..2 {
        let ran = night(&folder).expect(78);
        let says = "the documents of LR-2018-000002 cannot be drawn with templates of its own (invoice.typ)";
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    let is_drawn = |number: &str| documents(&folder.join("state"), number).0.join(format!("{number}_1.eml")).exists();
    assert_eq!(["LR-2018-000001", "LR-2018-000002", "LR-2018-000003"].map(is_drawn), [true, false, true]);
    // The first night mailed what it could.
    let sent = common::bodies(&folder.join("state"), "mail_attempt").len();
    assert_eq!(sent, common::bodies(&folder.join("state"), "mail").len());
    let verified = ritardo(&folder, &["verify"]).expect(1).out;
    assert_eq!(verified.matches("DIFFERS").count(), 1, "{verified}");
    assert!(verified.contains("LR-2018-000002 has no documents yet"), "{verified}");
}

/// The workbook in a spreadsheet that is no friend of this program.
#[test]
fn a_spreadsheet_reads_the_workbook() {
    let office =
        ["soffice", "libreoffice"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(office) = office else {
        eprintln!("skipped: there is no LibreOffice");
        return;
    };
    let folder = month("documents-office");
    night(&folder).expect(0);
    let (issued, stem) = documents(&folder.join("state"), "LR-2018-000002");
    let out = folder.join("out");
    // A copy without what the sums were computed to: the spreadsheet has to do it again.
    let mut parts = members(&fs::read(issued.join(format!("{stem}.xlsx"))).unwrap());
    let summary = parts.get_mut("xl/worksheets/sheet2.xml").unwrap();
    while let Some((before, (_, after))) =
        summary.split_once("</f><v>").and_then(|(before, rest)| Some((before, rest.split_once("</v>")?)))
    {
        *summary = format!("{before}</f>{after}");
    }
    let parts: Vec<(String, Vec<u8>)> = parts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    fs::write(folder.join("sums.xlsx"), common::zip(&parts)).unwrap();
    // Every sheet, in UTF-8.
    let filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let mut command = Command::new(office);
    let command = command.args([profile.as_str(), "--headless", "--convert-to", filter, "--outdir"]).arg(&out);
    let command = command.arg(issued.join(format!("{stem}.xlsx"))).arg(folder.join("sums.xlsx"));
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| plain_rows(&fs::read(out.join(format!("{name}.csv"))).unwrap());
    assert_eq!(read(&format!("{stem}-Lines")), plain_rows(&fs::read(issued.join(format!("{stem}.csv"))).unwrap()));
    let invoice: Value = serde_json::from_slice(&fs::read(issued.join(format!("{stem}.json"))).unwrap()).unwrap();
    for name in [stem.as_str(), "sums"] {
        let total = read(&format!("{name}-Summary")).pop().unwrap();
        // The spreadsheet gives the number, not how the cell shows it.
        let (whole, cents) = total[5].split_once('.').unwrap_or((&total[5], ""));
        assert_eq!(format!("{} {whole}.{cents:0<2}", total[6]), text(&invoice, "net"), "{name}: {total:?}");
    }
}
