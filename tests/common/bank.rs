//! A shop with invoices, and statements of its bank.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::shop::Shop;
use super::{Ran, bodies, text};

/// The first invoice was due on 5 October, the second on 4 November.
pub const LATER: &str = "2018-11-10T00:00:00Z";

/// A shop with three invoices: USD 0.15, USD 0.05 and USD 0.10, each due 30 days after its issue.
pub fn shop(name: &str, payments: &str) -> Shop {
    let shop = Shop::new(name, "");
    let config = shop.folder.join("ritardo.toml");
    let words = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{words}\n{payments}")).unwrap();
    for at in ["2018-09-05T00:00:00Z", "2018-10-05T00:00:00Z", "2018-11-05T00:00:00Z"] {
        shop.run(at).expect(0);
    }
    assert_eq!(bodies(&shop.state(), "invoice").len(), 3);
    shop
}

/// An entry of a statement.
pub fn entry(reference: &str, amount: &str, day: &str, words: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"USD\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt>\
         <AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Forno Esempio</Nm></Dbtr></RltdPties>\
         <RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
}

pub fn statement(folder: &Path, name: &str, entries: &[String]) {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">\
         <BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2018-10-10T06:00:00</CreDtTm></GrpHdr><Stmt><Id>{name}</Id>\
         <CreDtTm>2018-10-10T06:00:00</CreDtTm><Acct><Id><IBAN>IE89RTRD99900012345678</IBAN></Id></Acct>{}</Stmt>\
         </BkToCstmrStmt></Document>\n",
        entries.concat()
    );
    fs::write(folder.join(name), text).unwrap();
}

pub fn import(shop: &Shop, file: &str, as_of: &str) -> Ran {
    shop.ritardo(&["payments", "import", file, "--as-of", as_of, "--format", "json"])
}

/// Number, balance and days overdue of each open item.
pub fn open(shop: &Shop, as_of: &str) -> Vec<(String, String, Option<u64>)> {
    let told = shop.ritardo(&["payments", "open", "--as-of", as_of, "--format", "json"]).expect(0).json();
    assert_eq!(told["format"], "ritardo-open-items/1");
    let of = |item: &Value| (text(item, "number"), text(item, "balance"), item["overdue_by"].as_u64());
    told["items"].as_array().unwrap().iter().map(of).collect()
}

pub fn item(number: &str, balance: &str, days: Option<u64>) -> (String, String, Option<u64>) {
    (number.to_owned(), balance.to_owned(), days)
}

/// The verdict of each row of an import; a payment that was returned has none.
pub fn verdicts(told: &Value) -> Vec<String> {
    let verdict = |row: &Value| row["verdict"].as_str().unwrap_or("returned").to_owned();
    told["rows"].as_array().unwrap().iter().map(verdict).collect()
}
