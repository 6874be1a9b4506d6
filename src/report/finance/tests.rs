use serde_json::json;

use super::*;

/// A document over so many cents at 22%, of two markets.
fn document(number: &str, kind: &str, currency: &str, month: &str) -> Entry {
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
    Entry::of(&serde_json::from_value(invoice).unwrap()).unwrap()
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
    let grids = tables(&of_month, &year).unwrap();
    let names: Vec<&str> = grids.iter().map(|grid| grid.name).collect();
    assert_eq!(names, ["Documents", "Businesses", "Markets", "VAT", "Credit notes", "Year to date"]);
    let [documents, businesses, markets, vat, credits, to_date] = grids.as_slice() else { panic!("{names:?}") };
    assert_eq!(
        totals(documents),
        [("EUR", vec!["1.00", "0.22", "1.22", "0.00"]), ("USD", vec!["1.00", "0.22", "1.22", "0.00"])]
    );
    assert_eq!(
        totals(businesses),
        [("EUR", vec!["1", "1.00", "0.22", "1.22"]), ("USD", vec!["3", "1.00", "0.22", "1.22"])]
    );
    assert_eq!(totals(markets), [("EUR", vec!["20", "1.00"]), ("USD", vec!["20", "1.00"])]);
    assert_eq!(totals(vat), totals(businesses));
    assert_eq!(totals(credits), [("USD", vec!["-1.00", "-0.22", "-1.22"])]);
    assert_eq!(
        totals(to_date),
        [("EUR", vec!["1", "1.00", "0.22", "1.22"]), ("USD", vec!["4", "2.00", "0.44", "2.44"])]
    );
    let rate: Vec<&str> = vat.rows[1].iter().map(String::as_str).collect();
    assert_eq!(rate, ["USD", "IE", "S", "standard", "22.00", "3", "1.00", "0.22", "1.22"]);
}
