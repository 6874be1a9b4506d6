use super::*;
use crate::domain::mapping::{Condition, Field};
use crate::domain::receivable::MoneySide;

/// A statement of version 02 with these entries.
fn second(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">\
         <BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2018-09-11T06:00:00</CreDtTm></GrpHdr>\
         <Stmt><Id>S1</Id><CreDtTm>2018-09-11T06:00:00</CreDtTm><Acct><Id><IBAN>IE89RTRD99900012345678</IBAN></Id>\
         <Ccy>EUR</Ccy></Acct><Bal><Amt Ccy=\"EUR\">7.00</Amt></Bal>{entries}</Stmt></BkToCstmrStmt></Document>\n"
    )
}

fn entry(amount: &str, rest: &str) -> String {
    format!(
        "<Ntry><NtryRef>1</NtryRef><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
         <BookgDt><Dt>2018-09-10</Dt></BookgDt><ValDt><Dt>2018-09-11</Dt></ValDt><AcctSvcrRef>B-77</AcctSvcrRef>{rest}</Ntry>"
    )
}

fn read(text: &str) -> Statement {
    read_statement(text.as_bytes(), None).unwrap()
}

#[test]
fn a_payment_of_version_02_is_read() {
    let details = "<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><Dbtr><Nm>Forno &amp; Figli \
        S.n.c.</Nm></Dbtr></RltdPties><RmtInf><Ustrd>Fattura LR-2018-</Ustrd><Ustrd>000001 grazie</Ustrd><Strd><CdtrRefInf>\
        <Ref>RF48LR2018000001</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>";
    let statement = read(&second(&entry("1234.50", details)));
    let [payment] = statement.entries.as_slice() else { panic!("{statement:?}") };
    assert_eq!(payment.place, "statement 1, entry 1");
    assert_eq!((payment.account.as_str(), payment.reference.as_str()), ("IE89RTRD99900012345678", "B-77"));
    assert_eq!((payment.booked.to_string(), payment.amount.to_string()), ("2018-09-10".into(), "EUR 1234.50".into()));
    assert_eq!((payment.payer.as_str(), payment.side), ("Forno & Figli S.n.c.", MoneySide::Credit));
    assert_eq!(payment.references, ["RF48LR2018000001"]);
    assert_eq!(payment.texts, ["Fattura LR-2018- 000001 grazie"]);
}

#[test]
fn a_batch_of_version_08_is_told_payment_by_payment() {
    let one = |amount: &str, id: &str, name: &str, text: &str| {
        format!(
            "<n:TxDtls><n:Refs><n:TxId>{id}</n:TxId></n:Refs><n:Amt Ccy=\"EUR\">{amount}</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd>\
             <n:RltdPties><n:Dbtr><n:Pty><n:Nm>{name}</n:Nm></n:Pty></n:Dbtr></n:RltdPties>\
             <n:RmtInf><n:Ustrd>{text}</n:Ustrd></n:RmtInf></n:TxDtls>"
        )
    };
    let text = |details: &str| {
        format!(
            "<n:Document xmlns:n=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><n:BkToCstmrStmt><n:Stmt><n:Id>S</n:Id>\
             <n:Acct><n:Id><n:Othr><n:Id>4711</n:Id></n:Othr></n:Id></n:Acct><n:Ntry><n:Amt Ccy=\"EUR\">3.00</n:Amt>\
             <n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Sts><n:Cd>BOOK</n:Cd></n:Sts><n:BookgDt><n:DtTm>2018-09-10T11:12:13</n:DtTm>\
             </n:BookgDt><n:NtryDtls>{details}</n:NtryDtls></n:Ntry></n:Stmt></n:BkToCstmrStmt></n:Document>"
        )
    };
    let told = |statement: &Statement| -> Vec<(String, String, String)> {
        let of = |entry: &StatementEntry| (entry.amount.to_string(), entry.reference.clone(), entry.payer.clone());
        statement.entries.iter().map(of).collect()
    };
    let both = [one("1.00", "t1", "A", "LR-2018-000001"), one("2.00", "t2", "B", "LR-2018-000002")].concat();
    let row = |amount: &str, id: &str, payer: &str| (amount.to_owned(), id.to_owned(), payer.to_owned());
    assert_eq!(told(&read(&text(&both))), [row("EUR 1.00", "t1", "A"), row("EUR 2.00", "t2", "B")]);
    // What does not come to the amount of the entry is not told apart.
    let odd = [one("1.00", "t1", "A", "LR-2018-000001"), one("2.50", "t2", "B", "LR-2018-000002")].concat();
    assert_eq!(told(&read(&text(&odd))), [row("EUR 3.00", "", "A")]);
    // Two payments that say the very same are two.
    let same = [one("1.50", "", "A", ""), one("1.50", "", "A", "")].concat();
    let statement = read(&text(&same));
    assert_eq!(statement.entries.iter().map(|entry| entry.like).collect::<Vec<_>>(), [0, 1]);
    assert_ne!(statement.entries[0].identity(), statement.entries[1].identity());
}

#[test]
fn what_is_not_booked_or_cannot_be_read_is_told() {
    let pending = entry("1.00", "").replace("BOOK", "PDNG");
    let debit = entry("2.00", "<RvslInd>true</RvslInd>").replace("CRDT", "DBIT");
    let unknown = entry("3.00", "").replace("EUR", "XAU");
    let fine = entry("4.005", "");
    let undated = entry("5.00", "").replace("<Dt>2018-09-10</Dt>", "").replace("<Dt>2018-09-11</Dt>", "");
    let statement = read(&second(&[pending, debit, unknown, fine, undated].concat()));
    assert_eq!((statement.pending, statement.entries.len(), statement.rejected.len()), (1, 1, 3));
    assert!(statement.entries[0].is_reversal && statement.entries[0].side == MoneySide::Debit);
    let reasons: Vec<&str> = statement.rejected.iter().map(|(_, reason)| reason.as_str()).collect();
    for (reason, part) in reasons.iter().zip(["XAU", "finer than the minor unit", "no day of booking"]) {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn hostile_xml_is_refused() {
    let refused = |text: &str| read_statement(text.as_bytes(), None).unwrap_err();
    let bomb = second("").replace("<Document", "<!DOCTYPE Document [<!ENTITY a \"aaaa\">]><Document");
    assert_eq!(refused(&bomb), StatementError::DocumentType);
    assert!(matches!(refused(&second("<Ntry>&own;</Ntry>")), StatementError::Damaged(_)));
    assert!(matches!(refused(&second(&"<a>".repeat(100))), StatementError::Deep(_)));
    assert!(matches!(refused(&second(&format!("<a>{}</a>", "x".repeat(70_000)))), StatementError::TooMuch(_)));
    let cut = second(&entry("1.00", ""));
    for at in [1, 10, 60, 200, 500, cut.len() - 20] {
        let error = refused(&cut[..at]);
        assert!(matches!(error, StatementError::Damaged(_) | StatementError::Version(_)), "{at}: {error}");
    }
    for (other, part) in [
        ("<html><body/></html>", "its first element is `html`"),
        ("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"/>", "it is camt.054.001.08"),
        ("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.13\"/>", "it is camt.053.001.13"),
    ] {
        assert!(refused(other).to_string().contains(part), "{}", refused(other));
    }
    assert_eq!(read_statement(b"<a>\xff</a>", None).unwrap_err(), StatementError::NotUtf8);
    assert_eq!(read_statement(b"a;b\n", None).unwrap_err(), StatementError::NoTable);
}

fn table() -> StatementTable {
    let column = |name: &str| Field::Columns(vec![name.to_owned()]);
    StatementTable {
        name: "bank".to_owned(),
        separator: b';',
        skip_lines: 2,
        account: column("Account"),
        currency: Field::Value("EUR".to_owned()),
        booked: "Booked".to_owned(),
        days: "%d.%m.%Y".parse().unwrap(),
        amount: "Amount".to_owned(),
        decimal: ',',
        credit: Vec::new(),
        reference: None,
        payer: Some(column("Name")),
        text: vec!["Purpose".to_owned(), "Note".to_owned()],
    }
}

#[test]
fn a_table_is_read_by_its_mapping() {
    let text = "Bank of Examples\r\n\r\nAccount;Booked;Amount;Name;Purpose;Note\r\n\
        IE89 RTRD;10.09.2018;1.234,50;\"Forno; Figli\";LR-2018-000001;\r\n\
        IE89 RTRD;10.09.2018;-5,00;Rent;;\r\n\
        IE89 RTRD;11.09.2018;7,00;A;;x\r\nIE89 RTRD;11.09.2018;7,00;A;;x\r\n\
        IE89 RTRD;2018-09-11;7,00;A;;x\r\nIE89 RTRD;11.09.2018;7.00;A;;x\r\nIE89 RTRD;11.09.2018\r\n;;;;;\r\n";
    let statement = read_statement(text.as_bytes(), Some(&table())).unwrap();
    let told: Vec<(String, MoneySide, u32)> =
        statement.entries.iter().map(|entry| (entry.amount.to_string(), entry.side, entry.like)).collect();
    let expected = [("EUR 1234.50", MoneySide::Credit, 0), ("EUR 5.00", MoneySide::Debit, 0)];
    let expected = expected.into_iter().chain([("EUR 7.00", MoneySide::Credit, 0), ("EUR 7.00", MoneySide::Credit, 1)]);
    assert_eq!(told, expected.map(|(amount, side, like)| (amount.to_owned(), side, like)).collect::<Vec<_>>());
    let first = &statement.entries[0];
    assert_eq!(
        (first.place.as_str(), first.account.as_str(), first.payer.as_str()),
        ("line 4", "IE89RTRD", "Forno; Figli")
    );
    let reasons: Vec<&str> = statement.rejected.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "`2018-09-11` is no day like %d.%m.%Y",
            "`7.00` is no amount with a decimal `,`",
            "it has 2 cells, and the header 6"
        ]
    );
    // A column may tell the side.
    let told = Condition { column: "Note".to_owned(), texts: vec!["CR".to_owned()] };
    let credit = StatementTable { credit: vec![told], skip_lines: 0, ..table() };
    let text = "Account;Booked;Amount;Name;Purpose;Note\na;10.09.2018;5,00;;;CR\na;10.09.2018;5,00;;;DR\n";
    let sides: Vec<MoneySide> =
        read_statement(text.as_bytes(), Some(&credit)).unwrap().entries.iter().map(|entry| entry.side).collect();
    assert_eq!(sides, [MoneySide::Credit, MoneySide::Debit]);
    let lacking = read_statement(b"x\n\nAccount;Booked;Amount\n", Some(&table())).unwrap_err().to_string();
    assert!(lacking.contains("`bank`: Name, Note, Purpose; it has Account, Booked, Amount"), "{lacking}");
}
