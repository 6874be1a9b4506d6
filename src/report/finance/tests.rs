use serde_json::json;

use super::*;

/// A document over 1.00 at 22%, of two markets.
fn document(number: &str, kind: &str, currency: &str, month: &str) -> Entry {
    Entry::of(&serde_json::from_value(canonical(number, kind, currency, month)).unwrap(), "00", &[]).unwrap()
}

fn canonical(number: &str, kind: &str, currency: &str, month: &str) -> serde_json::Value {
    let amount = |digits: &str| format!("{currency} {digits}");
    let line = |market: &str, quantity: u64, digits: &str| {
        json!({
            "market": market, "entry_point": "unknown", "quantity": quantity, "unit_price": "0.05", "exact": digits,
            "amount": amount(digits),
        })
    };
    let mut invoice = json!({
        "format": "ritardo-invoice/1", "number": number, "business": "bologna-bakery", "month": month,
        "issue_date": "2018-09-05", "due_date": "2018-10-05", "language": "it", "currency": currency,
        "seller": { "legal_name": "Late Reply", "address": [], "country": "IE", "vat_id": null, "registration": null },
        "seller_email": "billing@late-reply.example",
        "buyer": { "legal_name": "=Forno", "address": [], "country": "IT", "vat_id": null, "registration": null },
        "reference": null, "lines": [line("39", 16, "0.80"), line("other", 4, "0.20")], "net": amount("1.00"),
        "vat": [{ "category": "S", "rate": "22", "reason": null, "net": amount("1.00"), "tax": amount("0.22") }],
        "tax": amount("0.22"), "total": amount("1.22"), "payment": { "iban": null, "bic": null, "days": 30 },
        "computation": {
            "window": "24h", "zone": "UTC", "tariff_id": "t", "tariff_version": "1", "tariff_sha256": "",
            "tariff_source": "", "cut": "2018-09-02T00:00:00Z", "data_sha256": "",
            "counts": { "waits": 0, "on_time": 0, "late": 0, "unanswered": 0, "pending": 0, "held": 0 },
        },
        "chain": { "previous": "" },
    });
    if kind == "credit_note" {
        invoice["kind"] = json!("credit_note");
        invoice["lines"] = json!([]);
        invoice["corrects"] = json!({
            "number": "LR-2018-000001", "issue_date": "2018-09-05", "cause": "late_logs", "messages": 1, "was_sha256": "",
        });
        let side = |quantity: u64, digits: &str| json!({ "quantity": quantity, "amount": amount(digits) });
        invoice["credited"] = json!([
            { "of": "charges", "market": "39", "billed": side(16, "0.80"), "now": side(0, "0.00"), "credit": amount("0.80") },
            { "of": "charges", "market": "other", "billed": side(4, "0.20"), "now": side(0, "0.00"), "credit": amount("0.20") },
        ]);
    }
    invoice
}

fn scope<'e>(own: Vec<&'e Entry>, year: Vec<&'e Entry>) -> Scope<'e> {
    Scope { period: "2018-08".to_owned(), basis: "the month that is billed", own, year }
}

fn texts(row: &[String]) -> Vec<&str> {
    row.iter().map(String::as_str).collect()
}

fn totals(grid: &Grid) -> Vec<(&str, Vec<&str>)> {
    grid.totals
        .iter()
        .map(|total| {
            let said = total.sums.iter().map(String::as_str).filter(|sum| !sum.is_empty()).collect();
            (total.label.as_str(), said)
        })
        .collect()
}

#[test]
fn every_table_adds_up_to_the_same() {
    let all = [
        document("LR-2018-000001", "invoice", "USD", "2018-08"),
        document("LR-2018-000002", "invoice", "USD", "2018-08"),
        document("LRC-2018-000001", "credit_note", "USD", "2018-08"),
        document("LR-2018-000003", "invoice", "EUR", "2018-08"),
        document("LR-2018-000004", "invoice", "USD", "2018-07"),
    ];
    let of_month: Vec<&Entry> = all.iter().filter(|entry| entry.month.to_string() == "2018-08").collect();
    let year: Vec<&Entry> = all.iter().collect();
    let grids = tables(&scope(of_month, year)).unwrap();
    let names: Vec<&str> = grids.iter().map(|grid| grid.name).collect();
    let expected = ["Documents", "Businesses", "Markets", "VAT", "VAT return", "Credit notes", "Year to date", "About"];
    assert_eq!(names, expected);
    let [documents, businesses, markets, vat, returned, credits, to_date, about] = grids.as_slice() else {
        panic!("{names:?}")
    };
    let sums = vec!["1.00", "0.22", "1.22", "0.00", "1.22"];
    assert_eq!(totals(documents), [("EUR", sums.clone()), ("USD", sums)]);
    assert_eq!(
        totals(businesses),
        [("EUR", vec!["1", "1.00", "0.22", "1.22"]), ("USD", vec!["3", "1.00", "0.22", "1.22"])]
    );
    assert_eq!(totals(markets), [("EUR", vec!["20", "1.00"]), ("USD", vec!["20", "1.00"])]);
    // A document of two rates stands in two rows: documents are not added up.
    let taxed = vec!["1.00", "0.22", "1.22"];
    assert_eq!(totals(vat), [("EUR", taxed.clone()), ("USD", taxed)]);
    assert_eq!(totals(returned), totals(vat));
    assert_eq!(totals(credits), [("USD", vec!["-1.00", "-0.22", "-1.22"])]);
    assert_eq!(
        totals(to_date),
        [("EUR", vec!["1", "1.00", "0.22", "1.22"]), ("USD", vec!["4", "2.00", "0.44", "2.44"])]
    );
    assert_eq!(texts(&vat.rows[1]), ["USD", "IE", "S", "standard", "22.00", "3", "1.00", "0.22", "1.22"]);
    let said: Vec<&str> = about.rows.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(said, ["2018-08", "the month that is billed", "4", "LR-2018-000003", "00"]);
    assert!(about.totals.is_empty());
}

#[test]
fn an_invoice_in_place_of_another_takes_no_payment_in_advance_again() {
    let usd = |digits: &str| format!("USD {digits}");
    let taken = |paid: &str, due: &str| json!({ "payments": [], "paid": usd(paid), "due": usd(due) });
    let entry = |value: &serde_json::Value, released: &[Released]| {
        Entry::of(&serde_json::from_value(value.clone()).unwrap(), "00", released).unwrap()
    };
    let mut first = canonical("LR-2018-000001", "invoice", "USD", "2018-08");
    first["prepaid"] = taken("1.22", "0.00");
    let note = canonical("LRC-2018-000001", "credit_note", "USD", "2018-08");
    let mut anew = canonical("LR-2018-000002", "invoice", "USD", "2018-08");
    (anew["tax"], anew["total"]) = (json!("USD 0.00"), json!("USD 1.00"));
    anew["vat"] = json!([{ "category": "AE", "rate": "0", "reason": null, "net": "USD 1.00", "tax": "USD 0.00" }]);
    (anew["prepaid"], anew["corrects"]) = (taken("1.00", "0.00"), note["corrects"].clone());
    let released = [Released { reference: "p1".to_owned(), amount: "USD 0.22".parse().unwrap() }];
    let all = [entry(&first, &[]), entry(&note, &[]), entry(&anew, &released)];
    let own: Vec<&Entry> = all.iter().collect();
    let documents = &tables(&scope(own.clone(), own)).unwrap()[0];
    // 1.22 was taken and 0.22 of it is there again; of 1.00 nothing is left to pay.
    assert_eq!(totals(documents), [("USD", vec!["1.00", "0.00", "1.00", "1.00", "0.00"])]);
}

#[test]
fn the_vat_return_has_every_document_in_its_currency() {
    let mut dollars = canonical("LR-2018-000001", "invoice", "USD", "2018-08");
    // Two rates: each rounded by itself would come to a cent more than all tax does.
    let group = |rate: &str, net: &str| json!({ "category": "S", "rate": rate, "reason": null, "net": format!("USD {net}"), "tax": "USD 0.03" });
    dollars["vat"] = json!([group("22", "0.14"), group("10", "0.30")]);
    (dollars["tax"], dollars["total"]) = (json!("USD 0.06"), json!("USD 1.06"));
    dollars["vat_accounting"] = json!({
        "currency": "EUR", "rate_date": "2018-08-31", "billed_per_euro": "1.1", "accounted_per_euro": "1",
        "table_sha256": "", "tax": "EUR 0.05",
    });
    let dollars = Entry::of(&serde_json::from_value(dollars).unwrap(), "00", &[]).unwrap();
    let euros = document("LR-2018-000002", "invoice", "EUR", "2018-08");
    let own = vec![&dollars, &euros];
    let grids = tables(&scope(own.clone(), own)).unwrap();
    let returned = &grids[4];
    assert_eq!(texts(&returned.rows[0]), ["EUR", "IE", "S", "standard", "10.00", "1", "0.27", "0.02", "0.29"]);
    assert_eq!(texts(&returned.rows[1]), ["EUR", "IE", "S", "standard", "22.00", "2", "1.13", "0.25", "1.38"]);
    // 0.05 of the one document and 0.22 of the other.
    assert_eq!(totals(returned), [("EUR", vec!["1.40", "0.27", "1.67"])]);
}
