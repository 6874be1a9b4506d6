use super::*;
use crate::domain::mapping::{Condition, Field};
use crate::domain::receivable::{MoneySide, TextEncoding};

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
    assert_eq!(read(&second(&entry("1234.50", details)).replace("001.02", "001.04")), statement);
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
    // What does not come to the amount of the entry is not told apart, and is nobody's.
    let odd = [one("1.00", "t1", "A", "LR-2018-000001"), one("2.50", "t2", "B", "LR-2018-000002")].concat();
    let odd = read(&text(&odd));
    assert_eq!(told(&odd), [row("EUR 3.00", "", "")]);
    let why = |statement: &Statement| statement.entries[0].batch.clone().unwrap();
    assert!(why(&odd).contains("come to EUR 3.50: EUR 0.50 more than the entry, perhaps charges"), "{}", why(&odd));
    let bare = [one("1.00", "t1", "A", ""), one("2.00", "t2", "B", "").replace("<n:Amt Ccy=\"EUR\">2.00</n:Amt>", "")];
    assert_eq!(why(&read(&text(&bare.concat()))), "2 payments in one, whose amounts are not all told");
    let mixed = [one("1.00", "t1", "A", ""), one("2.00", "t2", "B", "").replace("CRDT", "DBIT")];
    assert!(why(&read(&text(&mixed.concat()))).contains("not all of which came in"));
    // Two payments that say the very same are two.
    let same = [one("1.50", "", "A", ""), one("1.50", "", "A", "")].concat();
    let statement = read(&text(&same));
    assert_eq!(statement.entries.iter().map(|entry| entry.like).collect::<Vec<_>>(), [0, 1]);
    assert_ne!(statement.entries[0].identity(), statement.entries[1].identity());
}

/// What a bank writes where it has no name for an entry is no name, and a name that stands twice is that of two payments.
#[test]
fn equal_payments_of_a_statement_are_several() {
    for reference in ["B-77", "NOTPROVIDED", "NONREF"] {
        let twice = entry("100.00", "").replace("B-77", reference).repeat(2);
        let statement = read(&second(&twice));
        let [one, other] = statement.entries.as_slice() else { panic!("{statement:?}") };
        assert_eq!((one.like, other.like), (0, 1), "{reference}");
        assert_ne!(one.identity(), other.identity(), "{reference}");
        assert_eq!(one.reference.is_empty(), reference != "B-77");
    }
    let instructed = "<NtryDtls><TxDtls><Refs><InstrId>NOTPROVIDED</InstrId></Refs></TxDtls></NtryDtls>";
    let unnamed = entry("100.00", instructed).replace("<AcctSvcrRef>B-77</AcctSvcrRef>", "");
    assert_eq!(read(&second(&unnamed)).entries[0].reference, "");
    // Words are no part of what the bank calls by a name.
    let more = entry("100.00", "<AddtlNtryInf>CREDIT TRANSFER</AddtlNtryInf>");
    let identity = |text: &str| read(&second(text)).entries[0].identity();
    assert_eq!(identity(&more), identity(&entry("100.00", "")));
    let named = StatementTable { reference: Some(Field::Columns(vec!["Note".to_owned()])), skip_lines: 0, ..table() };
    let row = "a;10.09.2018;5,00;A;;credit\n";
    let text = format!("Account;Booked;Amount;Name;Purpose;Note\n{row}{row}");
    let likes: Vec<u32> =
        read_statement(text.as_bytes(), Some(&named)).unwrap().entries.iter().map(|entry| entry.like).collect();
    assert_eq!(likes, [0, 1]);
}

/// Most banks book the return of a payment as an outgoing entry with a reason, and without the mark of a reversal.
#[test]
fn a_return_is_known_by_its_mark_its_reason_or_its_code() {
    let reason = "<NtryDtls><TxDtls><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls>";
    let code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>";
    for (rest, is_reversal) in [("", false), ("<RvslInd>1</RvslInd>", true), (reason, true), (code, true)] {
        let statement = read(&second(&entry("2.00", rest).replace("CRDT", "DBIT")));
        assert_eq!(statement.entries[0].is_reversal, is_reversal, "{rest}");
    }
}

#[test]
fn days_and_amounts_that_no_bank_books_are_rejected() {
    for (text, part) in [
        (entry("1.00", "").replace("2018-09-10", "0018-09-10"), "before 2009"),
        (entry("100000000000.01", ""), "more than any payment"),
    ] {
        let statement = read(&second(&text));
        assert!(statement.entries.is_empty() && statement.rejected[0].1.contains(part), "{statement:?}");
    }
    let text = "Account;Booked;Amount;Name;Purpose;Note\na;10.09.18;5,00;;;\n";
    let table = StatementTable { skip_lines: 0, ..table() };
    let statement = read_statement(text.as_bytes(), Some(&table)).unwrap();
    assert!(statement.rejected[0].1.contains("before 2009"), "{statement:?}");
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
        encoding: TextEncoding::Utf8,
        separator: b';',
        skip_lines: 2,
        account: column("Account"),
        currency: Field::Value("EUR".to_owned()),
        booked: "Booked".to_owned(),
        days: "%d.%m.%Y".parse().unwrap(),
        amount: "Amount".to_owned(),
        amount_out: None,
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
    // With a sign beside it: money that went out never came in, and what came in below zero was taken back.
    let rows = ["5,00;;;CR", "5,00;;;DR", "-5,00;;;DR", "-5,00;;;CR"].map(|rest| format!("a;10.09.2018;{rest}\n"));
    let text = format!("Account;Booked;Amount;Name;Purpose;Note\n{}", rows.concat());
    let statement = read_statement(text.as_bytes(), Some(&credit)).unwrap();
    let sides: Vec<(MoneySide, bool)> = statement.entries.iter().map(|entry| (entry.side, entry.is_reversal)).collect();
    let debit = (MoneySide::Debit, false);
    assert_eq!(sides, [(MoneySide::Credit, false), debit, debit, (MoneySide::Debit, true)]);
    let lacking = read_statement(b"x\n\nAccount;Booked;Amount\n", Some(&table())).unwrap_err().to_string();
    assert!(lacking.contains("`bank`: Name, Note, Purpose; it has Account, Booked, Amount"), "{lacking}");
}

#[test]
fn a_quote_that_is_never_closed_loses_no_row() {
    let head = "Account;Booked;Amount;Name;Purpose;Note\n";
    let row = "a;10.09.2018;5,00;A;LR-2018-000001;x\n";
    let table = StatementTable { skip_lines: 0, ..table() };
    let read = |rows: &str| read_statement(format!("{head}{rows}").as_bytes(), Some(&table));
    let open = row.replace(";x", ";\"x");
    assert_eq!(read(&format!("{row}{open}{row}")).unwrap_err(), StatementError::OpenQuote(3));
    assert_eq!(read(&open[..open.len() - 1]).unwrap_err(), StatementError::OpenQuote(2));
    // A quote further down closes it: the rows between are told, not lost.
    let statement = read(&format!("{open}{row}a;10.09.2018;5,00;A;y;\"\n{row}")).unwrap();
    assert_eq!(statement.entries.len(), 1, "{statement:?}");
    assert!(!statement.rejected.is_empty(), "{statement:?}");
    let fine = row.replace(";x", ";5\" pipe").replace("LR-2018-000001", "\"a \"\"b\"\"; c\"");
    assert_eq!(read(&fine).unwrap().entries[0].texts, ["a \"b\"; c", "5\" pipe"]);
}

#[test]
fn a_number_is_read_only_where_it_can_mean_one_amount() {
    let head = "Account;Booked;Amount;Name;Purpose;Note\n";
    for (text, decimal, amount) in [
        ("1 234,50", ',', Some("EUR 1234.50")),
        ("+5,00", ',', Some("EUR 5.00")),
        ("1'234.50", '.', Some("EUR 1234.50")),
        ("0,150", '.', None),
        ("12345,678", '.', None),
        ("--5", '.', None),
        ("-5-", '.', None),
        ("+5-", '.', None),
        ("1,23", '.', None),
    ] {
        let table = StatementTable { skip_lines: 0, decimal, ..table() };
        let row = format!("{head}a;10.09.2018;{text};;;\n");
        let statement = read_statement(row.as_bytes(), Some(&table)).unwrap();
        let read = statement.entries.first().map(|entry| entry.amount.to_string());
        assert_eq!(read.as_deref(), amount, "{text}");
    }
}

/// Many banks have a column for each side, and end each row with a separator.
#[test]
fn a_bank_may_have_a_column_for_each_side() {
    let table = StatementTable { skip_lines: 0, amount_out: Some("Note".to_owned()), ..table() };
    let read = |rows: &str| {
        let text = format!("Account;Booked;Amount;Name;Purpose;Note\n{rows}");
        read_statement(text.as_bytes(), Some(&table)).unwrap()
    };
    let statement = read("a;10.09.2018;5,00;A;x;\na;10.09.2018;;A;x;7,00;\na;10.09.2018;;A;x;-8,00\n");
    let told: Vec<(String, MoneySide)> =
        statement.entries.iter().map(|entry| (entry.amount.to_string(), entry.side)).collect();
    let out = |amount: &str| (amount.to_owned(), MoneySide::Debit);
    assert_eq!(told, [("EUR 5.00".to_owned(), MoneySide::Credit), out("EUR 7.00"), out("EUR 8.00")]);
    // Neither, both, or more cells than the header has.
    let statement = read("a;10.09.2018;;A;x;\na;10.09.2018;5,00;A;x;7,00\na;10.09.2018;5,00;A;x;;y\n");
    assert_eq!((statement.entries.len(), statement.rejected.len()), (0, 3), "{statement:?}");
}

#[test]
fn a_table_may_be_written_as_older_programs_do() {
    let text = b"Account;Booked;Amount;Name;Purpose;Note\na;10.09.2018;5,00;M\xfcller \x80;\x84x\x93;\x81\n";
    let table = StatementTable { skip_lines: 0, ..table() };
    assert_eq!(read_statement(text, Some(&table)).unwrap_err(), StatementError::NotUtf8);
    let western = StatementTable { encoding: TextEncoding::Windows1252, ..table };
    let entry = read_statement(text, Some(&western)).unwrap().entries.remove(0);
    assert_eq!((entry.payer.as_str(), entry.texts[0].as_str()), ("M\u{fc}ller \u{20ac}", "\u{201e}x\u{201c}"));
}
