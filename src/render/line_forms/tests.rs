//! Line files in their other forms, read back.

use std::collections::BTreeMap;
use std::io::Read;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::RowAccessor;
use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};

use super::super::sample;
use super::{LineTable, line_file_as, xlsx};
use crate::domain::business::Language;
use crate::domain::exchange::ExchangedRow;
use crate::domain::{Decimal, Exchange, Invoice, LineForm, Money};

const NAME: &str = "LR-2018-000001_2018-08.csv";

/// A line file with a row for each id, the last of them rounded.
fn lines(ids: &[&str]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let head = "message_id,channel,customer,received_at,answered_at,deadline,verdict,wait_ms,market,entry_point,tariff,rate,amount,currency";
    writer.write_record(head.split(',')).unwrap();
    for id in ids {
        let cell = crate::close::guarded(id);
        let rest = "'+390510000417,'+39 ••• ••• 0001,2018-08-01T00:00:00.000500Z,,2018-08-02T00:00:00.000Z,late,86400001,39,live_support,t@1,0.045,0.045,USD";
        writer.write_record(std::iter::once(cell.as_str()).chain(rest.split(','))).unwrap();
    }
    let rounding = ",,,,,,rounding,,39,live_support,t@1,0.045,-0.005,USD";
    writer.write_record(rounding.split(',')).unwrap();
    writer.into_inner().unwrap()
}

/// The file in another form, of a document in the currency of the tariff.
fn made(form: LineForm, csv: &[u8]) -> Vec<u8> {
    line_file_as(form, NAME, csv, &sample::invoice(Language::English)).unwrap()
}

/// The members of a zip, by name; each is checked against its sum.
pub(super) fn members(zip: &[u8]) -> BTreeMap<String, String> {
    let archive = ZipArchive::from_slice(zip).unwrap();
    let (mut found, mut entries) = (BTreeMap::new(), archive.entries());
    while let Some(record) = entries.next_entry().unwrap() {
        let name = String::from_utf8(record.file_path().as_bytes().to_vec()).unwrap();
        assert!(record.compression_method() == CompressionMethod::DEFLATE, "{name}");
        let entry = archive.get_entry(record.wayfinder()).unwrap();
        let mut text = String::new();
        entry.verifying_reader(DeflateDecoder::new(entry.data())).read_to_string(&mut text).unwrap();
        found.insert(name, text);
    }
    found
}

fn workbook(csv: &[u8], sheet_rows: u64) -> BTreeMap<String, String> {
    members(&xlsx::workbook(&LineTable::of(NAME, csv).unwrap(), sheet_rows).unwrap())
}

#[test]
fn a_workbook_has_the_rows_and_their_sum() {
    let parts = workbook(&lines(&["=1+1", "<b>&\"🥐\"", "c"]), 1000);
    let (sheet, summary) = (&parts["xl/worksheets/sheet1.xml"], &parts["xl/worksheets/sheet2.xml"]);
    assert!(sheet.contains("<c r=\"A2\" s=\"2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">=1+1</t>"), "{sheet}");
    assert!(sheet.contains("&lt;b&gt;&amp;&quot;🥐&quot;"), "{sheet}");
    assert!(sheet.contains("<c r=\"H2\" s=\"3\"><v>86400001</v></c>"), "{sheet}");
    assert!(sheet.contains("<c r=\"M2\" s=\"6\"><v>0.045</v></c>"), "{sheet}");
    assert!(sheet.contains("<c r=\"M5\" s=\"6\"><v>-0.005</v></c>"), "{sheet}");
    assert!(sheet.contains("state=\"frozen\"") && sheet.contains("<autoFilter ref=\"A1:N5\"/>"), "{sheet}");
    assert!(!sheet.contains("<f>"), "no row is computed");
    assert!(summary.contains("<f>SUM('Lines'!M2:M5)</f><v>0.13</v>"), "{summary}");
    assert!(summary.contains("<f>SUM(E6:E6)</f><v>3</v>"), "a rounding is no charge: {summary}");
    assert!(parts["xl/workbook.xml"].contains("'Lines'!$A$1:$N$5"), "{}", parts["xl/workbook.xml"]);
    assert!(parts["docProps/core.xml"].contains("2018-08-01T00:00:00Z"));
}

#[test]
fn what_does_not_fit_on_a_sheet_stands_on_the_next() {
    let parts = workbook(&lines(&["a", "b", "c", "d"]), 2);
    let place = |sheet: &str, id: &str| parts[sheet].contains(&format!("preserve\">{id}</t>"));
    for (sheet, ids) in [("xl/worksheets/sheet1.xml", ["a", "b"]), ("xl/worksheets/sheet2.xml", ["c", "d"])] {
        assert!(ids.iter().all(|id| place(sheet, id)), "{}", parts[sheet]);
    }
    assert!(parts["xl/worksheets/sheet3.xml"].contains("<autoFilter ref=\"A1:N2\"/>"));
    let summary = &parts["xl/worksheets/sheet4.xml"];
    let sum = "<f>SUM('Lines'!M2:M3)+SUM('Lines 2'!M2:M3)+SUM('Lines 3'!M2:M2)</f><v>0.175</v>";
    assert!(summary.contains(sum), "{summary}");
    assert!(parts["xl/workbook.xml"].contains("<sheet name=\"Summary\" sheetId=\"4\" r:id=\"rId4\"/>"));
}

#[test]
fn a_number_that_a_spreadsheet_cannot_hold_is_a_text_and_in_no_formula() {
    let csv = String::from_utf8(lines(&["a"])).unwrap().replace(",0.045,0.045,", ",0.045,123456789012345.675,");
    let parts = workbook(csv.as_bytes(), 1000);
    let text = "t=\"inlineStr\"><is><t xml:space=\"preserve\">123456789012345.67</t>";
    assert!(parts["xl/worksheets/sheet2.xml"].contains(text), "{}", parts["xl/worksheets/sheet2.xml"]);
    assert!(!parts["xl/worksheets/sheet2.xml"].contains("SUM('Lines'"));
}

#[test]
fn changed_charges_have_a_workbook_of_their_own() {
    let csv = "message_id,channel,customer,received_at,answered_at,verdict_billed,verdict_now,rate_billed,rate_now,billed,now,credit,currency\r\n\
        a,c,'+39 ••• ••• 0001,2018-08-01T00:00:00.000Z,,unanswered,on_time,0.05,,0.05,0.00,0.05,USD\r\n\
        b,c,'+39 ••• ••• 0001,2018-08-01T00:00:00.000Z,,late,late,0.05,0.09,0.05,0.09,-0.04,USD\r\n";
    let parts = workbook(csv.as_bytes(), 1000);
    assert!(parts["xl/worksheets/sheet2.xml"].contains("<f>SUM('Lines'!L2:L3)</f><v>0.01</v>"));
    assert!(parts["xl/worksheets/sheet2.xml"].contains("changed charges"));
    // What is no message is no change, and part of the sum.
    let more = ",,,,,cap,cap,,,-0.05,-0.04,-0.01,USD\r\n,,,,,elsewhere,elsewhere,,,0.03,0.00,0.03,USD\r\n";
    let summary = &workbook(format!("{csv}{more}").as_bytes(), 1000)["xl/worksheets/sheet2.xml"];
    assert!(summary.contains("<f>SUM('Lines'!L2:L5)</f><v>0.03</v>"), "{summary}");
    assert!(summary.contains("<f>SUM(E6:E8)</f><v>2</v>"), "{summary}");
    assert!(summary.contains(">cap</t>") && summary.contains(">billed elsewhere</t>"), "{summary}");
}

/// An invoice in euro that bills two earlier months, too: one of them by two amounts.
fn in_euro() -> Invoice {
    let mut invoice = sample::with_earlier(Language::English);
    let eur = |minor| Money::new(minor, "EUR".parse().unwrap());
    invoice.exchange = Some(Exchange {
        currency: eur(0).currency(),
        rate_date: "2026-10-30".parse().unwrap(),
        tariff_per_euro: "1.1651".parse().unwrap(),
        billed_per_euro: Decimal::whole(1),
        table_sha256: "4a0e19f7".repeat(8),
        lines: Vec::new(),
        adjustments: Vec::new(),
        earlier: [8, 5_321, 257].map(|cents| ExchangedRow { amount: eur(cents), shares: Vec::new() }).to_vec(),
        credited: Vec::new(),
        net: eur(120_834),
        vat: Vec::new(),
        tax: eur(0),
        total: eur(120_834),
    });
    invoice
}

#[test]
fn a_document_in_another_currency_says_what_its_files_come_to() {
    let (csv, invoice) = (lines(&["a"]), in_euro());
    let of_earlier = format!("{}_{}.csv", invoice.number, invoice.earlier[1].month);
    for (name, billed) in [(super::super::view::line_file(&invoice), "1152.48"), (of_earlier, "55.78")] {
        let summary =
            &members(&line_file_as(LineForm::Xlsx, &name, &csv, &invoice).unwrap())["xl/worksheets/sheet2.xml"];
        assert!(summary.contains(&format!("<v>{billed}</v>")) && summary.contains(">EUR</t>"), "{summary}");
        assert!(summary.contains("1 EUR = 1.1651 USD, published on 2026-10-30"), "{summary}");
        let bytes = bytes::Bytes::from(line_file_as(LineForm::Parquet, &name, &csv, &invoice).unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        let told = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let fact = |key: &str| told.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.clone());
        assert_eq!(fact("ritardo.net_billed"), Some(format!("EUR {billed}")));
        assert_eq!(fact("ritardo.exchange_rate").as_deref(), Some("1 EUR = 1.1651 USD, published on 2026-10-30"));
        assert!(fact("ritardo.net").is_some_and(|net| net.starts_with("USD ")));
    }
    assert!(!workbook(&csv, 1000)["xl/worksheets/sheet2.xml"].contains("exchange rate"));
}

#[test]
fn the_same_line_file_always_gives_the_same_bytes() {
    let csv = lines(&["a", "b"]);
    for form in LineForm::ALL {
        assert!(made(form, &csv) == made(form, &csv), "{form}");
    }
    assert_eq!(made(LineForm::Csv, &csv), csv);
}

#[test]
fn parquet_has_the_same_rows_with_exact_amounts() {
    let csv = lines(&["=1+1", "株式会社"]);
    let bytes = bytes::Bytes::from(made(LineForm::Parquet, &csv));
    let reader = SerializedFileReader::new(bytes).unwrap();
    let told = reader.metadata().file_metadata();
    assert_eq!(told.created_by(), Some("ritardo lines 1"));
    let facts: BTreeMap<_, _> = told.key_value_metadata().unwrap().iter().map(|f| (f.key.as_str(), &f.value)).collect();
    assert_eq!(facts["ritardo.csv"].as_deref(), Some(NAME));
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].get_string(0).unwrap(), "=1+1", "what the CSV guards is plain here");
    assert_eq!(rows[1].get_string(0).unwrap(), "株式会社");
    assert_eq!(rows[0].get_timestamp_micros(3).unwrap(), 1_533_081_600_000_500);
    let units = |row: usize| {
        let amount = rows[row].get_decimal(12).unwrap();
        let bytes: [u8; 16] = amount.data().try_into().unwrap();
        (i128::from_be_bytes(bytes), amount.precision(), amount.scale())
    };
    assert_eq!(units(0), (45_000_000, 38, 9));
    assert_eq!(units(2), (-5_000_000, 38, 9));
}

#[test]
fn what_is_no_line_file_is_refused() {
    let invoice = sample::invoice(Language::English);
    for csv in ["", "a,b\r\n1,2\r\n", "amount\r\nmuch\r\n", "amount,currency\r\n0.05\r\n"] {
        assert!(line_file_as(LineForm::Xlsx, NAME, csv.as_bytes(), &invoice).is_err(), "{csv:?}");
    }
    assert!(line_file_as(LineForm::Parquet, NAME, b"wait_ms\r\nlong\r\n", &invoice).is_err());
}
