use serde_json::{Value, json};

use super::*;
use crate::domain::receivable::PaidPart;

/// An Italian invoice of `2018-08`: net, tax and total in minor units of a currency.
fn invoice(net: &str, tax: &str, total: &str) -> Value {
    let currency = &net[..3];
    json!({
        "format": "ritardo-invoice/1", "number": "LR-2018-000001", "business": "bologna-bakery", "month": "2018-08",
        "issue_date": "2018-09-05", "due_date": "2018-10-05", "language": "it", "currency": currency,
        "seller": { "legal_name": "Late Reply", "address": [], "country": "IE", "vat_id": null, "registration": null },
        "seller_email": "billing@late-reply.example",
        "buyer": { "legal_name": "Forno", "address": [], "country": "IT", "vat_id": null, "registration": null },
        "reference": null, "lines": [], "net": net,
        "vat": [{ "category": "S", "rate": "22", "reason": null, "net": net, "tax": tax }],
        "tax": tax, "total": total, "payment": { "iban": null, "bic": null, "days": 30 },
        "computation": {
            "window": "24h", "zone": "UTC", "tariff_id": "t", "tariff_version": "1", "tariff_sha256": "",
            "tariff_source": "", "cut": "2018-09-02T00:00:00Z", "data_sha256": "",
            "counts": { "waits": 0, "on_time": 0, "late": 0, "unanswered": 0, "pending": 0, "held": 0 },
        },
        "chain": { "previous": "" },
    })
}

/// A credit note over the same amounts.
fn credit(net: &str, tax: &str, total: &str) -> Value {
    let mut credit = invoice(net, tax, total);
    credit["kind"] = json!("credit_note");
    credit["number"] = json!("LR-2018-000002");
    credit["issue_date"] = json!("2018-10-05");
    credit["corrects"] = json!({
        "number": "LR-2018-000001", "issue_date": "2018-09-05", "cause": "reissue", "messages": 0, "was_sha256": "",
    });
    credit
}

fn journal(invoices: &[Value]) -> Journal {
    let document = |value: &Value| Document {
        invoice: serde_json::from_value(value.clone()).unwrap(),
        sha256: "ab".repeat(32),
        released: Vec::new(),
    };
    Journal::of("Late replies".to_owned(), invoices.iter().map(document).collect()).unwrap()
}

/// The sum of each account over a journal.
fn sums(journal: &Journal) -> BTreeMap<String, Money> {
    let mut sums: BTreeMap<String, Money> = BTreeMap::new();
    for posting in journal.transactions.iter().flat_map(|transaction| &transaction.postings) {
        let sum = sums.entry(posting.account.clone()).or_insert(Money::zero(posting.amount.currency()));
        *sum = sum.checked_add(posting.amount).unwrap();
    }
    sums
}

/// Account, amount and month of each posting.
#[track_caller]
fn check(document: &Value, expected: &[(&str, &str, &str)]) {
    let journal = journal(std::slice::from_ref(document));
    let postings = journal.transactions[0].postings.iter();
    let found: Vec<_> = postings.map(|p| (p.account.clone(), p.amount.to_string(), p.month.to_string())).collect();
    let found: Vec<_> = found.iter().map(|(account, amount, month)| (&**account, &**amount, &**month)).collect();
    assert_eq!(found, expected);
}

const OWED: &str = "Assets:Receivable:Bologna-bakery";

#[test]
fn an_invoice_is_owed_and_a_credit_note_gives_it_back() {
    let amounts = ("USD 1.00", "USD 0.22", "USD 1.22");
    let (invoice, credit) = (invoice(amounts.0, amounts.1, amounts.2), credit(amounts.0, amounts.1, amounts.2));
    let tax = "Liabilities:VAT:IE:22";
    check(&invoice, &[(OWED, "USD 1.22", "2018-08"), (INCOME, "USD -1.00", "2018-08"), (tax, "USD -0.22", "2018-08")]);
    check(&credit, &[(OWED, "USD -1.22", "2018-08"), (INCOME, "USD 1.00", "2018-08"), (tax, "USD 0.22", "2018-08")]);
    let both = journal(&[invoice, credit]);
    assert!(sums(&both).values().all(|sum| sum.is_zero()), "{:?}", sums(&both));
}

#[test]
fn earlier_months_are_revenue_of_their_own() {
    let mut with_earlier = invoice("USD 3.00", "USD 0.00", "USD 3.00");
    let earlier = |month: &str, cause: &str, amount: &str| json!({ "month": month, "cause": cause, "charges": 1, "amount": amount, "data_sha256": "" });
    with_earlier["earlier"] = json!([
        earlier("2018-06", "carried_over", "USD 0.50"),
        earlier("2018-07", "carried_over", "USD 0.25"),
        earlier("2018-07", "late_logs", "USD 0.05"),
    ]);
    let income = [("USD -2.20", "2018-08"), ("USD -0.50", "2018-06"), ("USD -0.30", "2018-07")];
    let [own, june, july] = income.map(|(amount, month)| (INCOME, amount, month));
    check(&with_earlier, &[(OWED, "USD 3.00", "2018-08"), own, june, july]);

    let mut given_back = credit("USD 3.00", "USD 0.00", "USD 3.00");
    let line = |of: &str, month: Option<&str>, amount: &str| {
        let (billed, now) =
            (json!({ "quantity": 1, "amount": amount }), json!({ "quantity": 0, "amount": "USD 0.00" }));
        json!({ "of": of, "month": month, "billed": billed, "now": now, "credit": amount })
    };
    given_back["credited"] = json!([
        line("charges", None, "USD 2.20"),
        line("earlier_month", Some("2018-06"), "USD 0.50"),
        line("earlier_month", Some("2018-07"), "USD 0.30"),
    ]);
    let both = journal(&[with_earlier.clone(), given_back]);
    assert!(sums(&both).values().all(|sum| sum.is_zero()), "{:?}", sums(&both));
    let of_july = both.transactions.iter().flat_map(|of| &of.postings).filter(|p| p.month.to_string() == "2018-07");
    assert_eq!(of_july.map(|posting| posting.amount.minor()).sum::<i64>(), 0);

    with_earlier["net"] = json!("USD 0.80");
    with_earlier["total"] = json!("USD 0.80");
    check(&with_earlier, &[(OWED, "USD 0.80", "2018-08"), june, july]);
}

#[test]
fn amounts_that_contradict_are_refused() {
    let document = |value: Value| Document {
        invoice: serde_json::from_value(value).unwrap(),
        sha256: String::new(),
        released: Vec::new(),
    };
    let refused = Journal::of(String::new(), vec![document(invoice("USD 1.00", "USD 0.22", "USD 1.23"))]).unwrap_err();
    assert_eq!(refused.to_string(), "the amounts of LR-2018-000001 do not add up");
}

#[test]
fn accounts_differ_as_ids_do() {
    for (id, account) in
        [("bologna-bakery", "Bologna-bakery"), ("a", "A"), ("0a", "0a"), ("a-", "A-"), ("z9-x", "Z9-x")]
    {
        let found = receivable(&id.parse().unwrap());
        assert_eq!(found, format!("{RECEIVABLE}:{account}"));
        assert_eq!(found.trim_start_matches("Assets:Receivable:").to_ascii_lowercase(), id, "the id can be told again");
    }
    for (rate, part) in [("22", "22"), ("20", "20"), ("5.5", "5-5"), ("0.25", "0-25"), ("100", "100")] {
        assert_eq!(tax_account("FR", rate.parse().unwrap()), format!("Liabilities:VAT:FR:{part}"));
    }
}

#[test]
fn a_name_cannot_leave_its_place() {
    let mut hostile = invoice("JPY 1000", "JPY 0", "JPY 1000");
    let name = "a\n2018-01-01 open X\r\n  Income:Y  1 USD\u{2028}; b | c \\ \"d\"\u{202e}";
    hostile["buyer"]["legal_name"] = json!(name);
    let journal = journal(&[hostile]);
    let text = |form| journal.text(form, Scope::Transactions);
    let line =
        "2018-09-05 * (LR-2018-000001) a 2018-01-01 open X    Income:Y  1 USD , b / c \\ \"d\" | invoice of 2018-08";
    assert_eq!(text(Form::Hledger).lines().filter(|text| *text == line).count(), 1, "{}", text(Form::Hledger));
    let line = "2018-09-05 * \"a 2018-01-01 open X    Income:Y  1 USD ; b | c \\\\ \\\"d\\\"\" \"invoice of 2018-08\" ^LR-2018-000001";
    assert_eq!(text(Form::Beancount).lines().filter(|text| *text == line).count(), 1, "{}", text(Form::Beancount));
    for form in [Form::Hledger, Form::Beancount] {
        let begins = |start: &str| text(form).lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((begins("2018"), begins("  Income") + begins("    Income")), (1, 1));
    }
}

#[test]
fn the_table_has_a_row_a_posting() {
    let mut credit = credit("USD 1.00", "USD 0.22", "USD 1.22");
    credit["buyer"]["legal_name"] = json!("=1+1, \"x\"");
    let text = journal(&[credit]).text(Form::Csv, Scope::Whole);
    let row = |account: &str, debit: &str, credit: &str, vat: &str| {
        let sha256 = "ab".repeat(32);
        let head = "LR-2018-000002,credit note,LR-2018-000001,2018-10-05,bologna-bakery,\"'=1+1, \"\"x\"\"\"";
        format!("{head},{account},{debit},{credit},USD,2018-08,2018-10-05,{vat},{sha256}\r\n")
    };
    let rows = [
        row(OWED, "", "1.22", ","),
        row(INCOME, "1.00", "", "S,22.00"),
        row("Liabilities:VAT:IE:22", "0.22", "", "S,22.00"),
    ];
    assert_eq!(text.split_once("\r\n").unwrap().1, rows.concat());
}

/// A payment of USD 2.00, of which an invoice takes 1.22.
fn receipt(happened: Happened, day: &str) -> Receipt {
    let part = PaidPart { number: "LR-2018-000001".parse().unwrap(), amount: "USD 1.22".parse().unwrap() };
    Receipt {
        payment: 7,
        happened,
        date: day.parse().unwrap(),
        amount: "USD 2.00".parse().unwrap(),
        payer: "Forno; x".to_owned(),
        reference: "B-77".to_owned(),
        parts: vec![(part, "bologna-bakery".parse().unwrap())],
        advance: None,
    }
}

#[test]
fn payments_are_booked_and_taken_back() {
    let invoice = invoice("USD 1.00", "USD 0.22", "USD 1.22");
    let booked = |receipts: Vec<Receipt>| journal(std::slice::from_ref(&invoice)).with_receipts(receipts).unwrap();
    let minor = |journal: &Journal| {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for (_, postings) in &journal.receipts {
            for posting in postings {
                *sums.entry(posting.account.clone()).or_default() += posting.amount.minor();
            }
        }
        sums
    };
    let paid = booked(vec![receipt(Happened::Received, "2018-09-20")]);
    assert_eq!(sums(&paid)[OWED].minor(), 122, "of the documents alone");
    let unassigned = "Liabilities:Payments:Unassigned".to_owned();
    let expected = BTreeMap::from([("Assets:Bank".to_owned(), 200), (OWED.to_owned(), -122), (unassigned, -78)]);
    assert_eq!(minor(&paid), expected);
    let returned = booked(vec![receipt(Happened::Returned, "2018-09-21"), receipt(Happened::Received, "2018-09-20")]);
    assert!(minor(&returned).values().all(|sum| *sum == 0), "{:?}", minor(&returned));
    let hledger = paid.text(Form::Hledger, Scope::Whole);
    for line in ["2018-09-20 * (P-000007) Forno, x | payment 7", "    ; for: LR-2018-000001", "account Assets:Bank"] {
        assert!(hledger.lines().any(|found| found == line), "{line}\n{hledger}");
    }
    let beancount = paid.text(Form::Beancount, Scope::Whole);
    assert!(beancount.contains("2018-09-20 * \"Forno; x\" \"payment 7\" ^P-000007 ^LR-2018-000001"), "{beancount}");
    let table = paid.text(Form::Csv, Scope::Whole);
    assert!(table.contains("P-000007,payment,LR-2018-000001,2018-09-20,bologna-bakery,Forno; x,"), "{table}");
}

#[test]
fn the_journal_of_one_business_has_no_money_of_another() {
    let (bakery, hotel) = ("bologna-bakery".parse().unwrap(), "lisbon-hotel".parse().unwrap());
    let mut both = receipt(Happened::Received, "2018-09-20");
    let part = PaidPart { number: "LR-2018-000002".parse().unwrap(), amount: "USD 0.50".parse().unwrap() };
    both.parts.push((part, "lisbon-hotel".parse().unwrap()));
    let accounts = |receipt: Receipt| -> Vec<(String, i64)> {
        let postings = receipt.postings().unwrap().into_iter();
        postings.map(|posting| (posting.account, posting.amount.minor())).collect()
    };
    let owed = |name: &str, amount: i64| (format!("{RECEIVABLE}:{name}"), amount);
    let bank = |amount: i64| ("Assets:Bank".to_owned(), amount);
    assert_eq!(accounts(both.clone().only(&bakery).unwrap()), [bank(122), owed("Bologna-bakery", -122)]);
    assert_eq!(accounts(both.clone().only(&hotel).unwrap()), [bank(50), owed("Lisbon-hotel", -50)]);
    // What was paid in advance is all of its business.
    (both.parts, both.advance) = (Vec::new(), Some(hotel.clone()));
    assert_eq!(both.clone().only(&hotel).unwrap(), both);
}

#[test]
fn what_an_invoice_takes_of_a_payment_in_advance_is_not_owed() {
    let mut paid = invoice("USD 1.00", "USD 0.22", "USD 1.22");
    let payment = json!({ "received": "2018-08-03", "reference": "TRX", "amount": "USD 5.00", "taken": "USD 1.00", "left": "USD 4.00" });
    paid["prepaid"] = json!({ "payments": [payment], "paid": "USD 1.00", "due": "USD 0.22" });
    let owed = sums(&journal(std::slice::from_ref(&paid)));
    assert_eq!((owed[OWED].minor(), owed["Liabilities:Prepaid:Bologna-bakery"].minor()), (22, 100));
}
