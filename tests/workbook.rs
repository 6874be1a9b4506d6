//! The workbook for finance: by its own tables, by the XML of the invoices, and as LibreOffice reads it where it is installed.
#![cfg(test)]
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::shop::Shop;
use common::{bodies, content, files, night, ritardo, rows, sample, text, tree};

/// An amount in hundredths.
fn minor(amount: &str) -> i64 {
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{cents:0<2}").parse().unwrap_or_else(|_| panic!("{amount}"))
}

/// A table of the workbook, as its CSV says it.
fn table(folder: &Path, period: &str, name: &str) -> Vec<BTreeMap<String, String>> {
    rows(&fs::read(folder.join(format!("finance_{period}_{name}.csv"))).unwrap())
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> i64 {
    rows.iter().map(|row| minor(&row[column])).sum()
}

/// The sample with domestic tax, and e-invoices as files.
fn taxed(name: &str) -> PathBuf {
    let folder = sample(name);
    let book = fs::read_to_string(folder.join("businesses.toml")).unwrap();
    let rates = ["22", "5.5", "10"];
    let mut rates = rates.iter();
    let lines: Vec<String> = book
        .lines()
        .map(|line| match line.strip_prefix("vat = ") {
            Some(_) => {
                let rate = rates.next().unwrap();
                let vat = format!("vat = {{ treatment = \"standard\", rate = \"{rate}\" }}");
                format!("{vat}\ne_invoice = \"ubl\"\nendpoint = \"0088:9520000004170\"\nreference = \"PO 1\"")
            }
            None => line.to_owned(),
        })
        .filter(|line| !line.starts_with("reference = ") && !line.starts_with("endpoint = "))
        .collect();
    fs::write(folder.join("businesses.toml"), lines.join("\n") + "\n").unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    let config = config.replacen("[issuer]\n", "[issuer]\nendpoint = \"0088:9520000004170\"\n", 1);
    fs::write(folder.join("ritardo.toml"), config).unwrap();
    folder
}

/// The texts between two marks, in order.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split_once(end)).map(|(inside, _)| inside).collect()
}

#[test]
fn vat_is_the_sum_of_the_xml_of_the_invoices() {
    let folder = taxed("workbook-vat");
    night(&folder).expect(0);
    let state = folder.join("state");
    let mut expected: BTreeMap<(String, i64), (i64, i64)> = BTreeMap::new();
    for name in files(&state.join("issued")).iter().filter(|name| name.ends_with(".xml")) {
        let xml = fs::read_to_string(state.join("issued").join(name)).unwrap();
        for group in between(&xml, "<cac:TaxSubtotal>", "</cac:TaxSubtotal>") {
            let of = |tag: &str| {
                let found = between(group, &format!("<cbc:{tag}"), "</cbc:");
                found.first().and_then(|inside| inside.split_once('>')).map(|(_, said)| said.to_owned()).unwrap()
            };
            let key = (of("ID"), minor(&of("Percent")));
            let sums = expected.entry(key).or_default();
            *sums = (sums.0 + minor(&of("TaxableAmount")), sums.1 + minor(&of("TaxAmount")));
        }
    }
    assert_eq!(expected.len(), 3, "{expected:?}");
    let kept = state.join("workbooks/2018-08");
    let found: BTreeMap<(String, i64), (i64, i64)> = table(&kept, "2018-08", "vat")
        .iter()
        .map(|row| ((row["category"].clone(), minor(&row["rate"])), (minor(&row["net"]), minor(&row["tax"]))))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_table_comes_to_what_was_issued() {
    let shop = Shop::new("workbook-credits", "");
    for at in ["2018-09-05T00:00:00Z", "2018-10-05T00:00:00Z"] {
        shop.run(at).expect(0);
    }
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-10-06T00:00:00Z").expect(0);
    let kept = shop.state().join("workbooks/2018-08");
    let net = |kind: &str| -> i64 {
        let of_month = bodies(&shop.state(), kind).into_iter().filter(|body| body["month"] == "2018-08");
        of_month.map(|body| minor(text(&body, "net").strip_prefix("USD ").unwrap())).sum()
    };
    let (billed, given_back) = (net("invoice"), net("credit_note"));
    assert_eq!((billed, given_back), (15, 5));
    for name in ["documents", "businesses", "markets", "vat", "vat-return", "year-to-date"] {
        assert_eq!(sum(&table(&kept, "2018-08", name), "net"), billed - given_back, "{name}");
    }
    assert_eq!(sum(&table(&kept, "2018-08", "credit-notes"), "net"), -given_back);
    let september = shop.state().join("workbooks/2018-09");
    assert_eq!(sum(&table(&september, "2018-09", "year-to-date"), "net"), 15, "both months: 0.10 and 0.05");
    // The command writes what the run keeps; the same night again writes nothing.
    shop.ritardo(&["workbook", "2018-08", "--out", "out"]).expect(0);
    assert!(tree(&shop.folder.join("out")) == tree(&kept));
    shop.ritardo(&["workbook", "2018", "--out", "year"]).expect(0);
    assert_eq!(sum(&table(&shop.folder.join("year"), "2018", "documents"), "net"), 15);
    let before = tree(&shop.state().join("workbooks"));
    shop.run("2018-10-06T01:00:00Z").expect(0);
    assert!(tree(&shop.state().join("workbooks")) == before);
    // What was lost is made again.
    fs::remove_dir_all(shop.state().join("workbooks")).unwrap();
    shop.run("2018-10-06T02:00:00Z").expect(0);
    assert!(tree(&shop.state().join("workbooks")) == before);
}

#[test]
fn by_the_date_of_issue_is_a_workbook_of_its_own() {
    let shop = Shop::new("workbook-issued", "");
    for at in ["2018-09-05T00:00:00Z", "2018-10-05T00:00:00Z"] {
        shop.run(at).expect(0);
    }
    let kept = shop.state().join("workbooks");
    let (billed, issued) = (tree(&kept.join("2018-08")), tree(&kept.join("2018-09_issued")));
    assert_eq!(sum(&table(&kept.join("2018-09_issued"), "2018-09_issued", "documents"), "net"), 15);
    let about = table(&kept.join("2018-09_issued"), "2018-09_issued", "about");
    let said: Vec<&str> = about.iter().map(|row| row["said"].as_str()).collect();
    let digest = text(&bodies(&shop.state(), "invoice")[0], "document_sha256");
    assert_eq!(said, ["2018-09", "the date of issue", "1", "LR-2018-000001", digest.as_str()]);
    // A credit note of October for August: August is another one, September as it was reported is not.
    shop.log("2018-08-06-late", &["a1 outbound 2018-08-06T09:00:00Z 81"]);
    shop.run("2018-10-06T00:00:00Z").expect(0);
    assert!(tree(&kept.join("2018-08")) != billed);
    assert!(tree(&kept.join("2018-09_issued")) == issued);
    assert_eq!(sum(&table(&kept.join("2018-10_issued"), "2018-10_issued", "documents"), "net"), 5 - 5);
    // What the command writes lies beside the other, as a night keeps it.
    let before = tree(&kept);
    let ran = shop.ritardo(&["workbook", "2018-09", "--by", "issue-date"]).expect(0);
    assert!(ran.out.contains("2018-09_issued/finance_2018-09_issued.xlsx"), "{}", ran.out);
    assert!(tree(&kept) == before);
    shop.ritardo(&["workbook", "2018-09..2018-10", "--out", "fiscal"]).expect(0);
    let documents = table(&shop.folder.join("fiscal"), "2018-09_2018-10", "documents");
    assert_eq!((documents.len(), sum(&documents, "net")), (1, 5), "September is billed in October");
    // A file that was edited, and one that is gone, are made again.
    fs::write(kept.join("2018-08/finance_2018-08_vat.csv"), "nothing").unwrap();
    fs::remove_file(kept.join("2018/finance_2018.xlsx")).unwrap();
    shop.run("2018-10-06T01:00:00Z").expect(0);
    assert!(tree(&kept) == before);
}

#[test]
fn a_workbook_that_cannot_be_written_ends_no_night() {
    let shop = Shop::new("workbook-unwritten", "");
    fs::create_dir_all(shop.state()).unwrap();
    fs::write(shop.state().join("workbooks"), "in the way").unwrap();
    let ran = shop.run("2018-09-05T00:00:00Z").expect(0);
    assert!(ran.err.contains("warning: the workbooks for finance were not all written: "), "{}", ran.err);
    assert_eq!(bodies(&shop.state(), "mail_attempt").len(), 1);
    fs::remove_file(shop.state().join("workbooks")).unwrap();
    shop.run("2018-09-05T01:00:00Z").expect(0);
    assert!(shop.state().join("workbooks/2018-08/finance_2018-08.xlsx").exists());
}

#[test]
fn parquet_has_the_same_rows() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = sample("workbook-parquet");
    night(&folder).expect(0);
    let kept = folder.join("state/workbooks/2018-08");
    for name in files(&kept).iter().filter_map(|name| name.strip_suffix(".parquet")) {
        let file = fs::File::open(kept.join(format!("{name}.parquet"))).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let count = reader.get_row_iter(None).unwrap().count();
        assert_eq!(count, rows(&fs::read(kept.join(format!("{name}.csv"))).unwrap()).len(), "{name}");
    }
    assert_eq!(
        bodies(&folder.join("state"), "invoice")
            .iter()
            .filter(|body| content(&folder.join("state"), &text(body, "document_sha256")).is_object())
            .count(),
        3
    );
}

/// A spreadsheet that is no friend of this program opens it and shows the totals.
#[test]
fn a_spreadsheet_shows_the_totals() {
    let office =
        ["soffice", "libreoffice"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(office) = office else {
        eprintln!("skipped: there is no LibreOffice");
        return;
    };
    let folder = taxed("workbook-office");
    night(&folder).expect(0);
    ritardo(&folder, &["workbook", "2018-08", "--out", "book"]).expect(0);
    // Every sheet, in UTF-8.
    let filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let mut command = Command::new(office);
    let command = command.args([profile.as_str(), "--headless", "--convert-to", filter, "--outdir"]);
    let command = command.arg(folder.join("shown")).arg(folder.join("book/finance_2018-08.xlsx"));
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for (sheet, name, column) in [
        ("Documents", "documents", 9),
        ("Businesses", "businesses", 4),
        ("VAT", "vat", 6),
        ("Year to date", "year-to-date", 3),
    ] {
        let shown = fs::read_to_string(folder.join(format!("shown/finance_2018-08-{sheet}.csv"))).unwrap();
        let last = shown.lines().rfind(|line| line.starts_with("total USD")).unwrap_or_else(|| panic!("{shown}"));
        let cells: Vec<&str> = last.split(',').collect();
        assert_eq!(minor(cells[column]), sum(&table(&folder.join("book"), "2018-08", name), "net"), "{sheet}: {last}");
    }
}
