//! Invoices for the tests of this stage.

use crate::domain::business::{Language, Party};
use crate::domain::correction::DocumentKind;
use crate::domain::invoice::{Adjustment, AdjustmentKind, Chain, Computation, Counts, Format, Line, Payment, Vat};
use crate::domain::{Decimal, EntryPoint, Invoice, Market, Money};

/// An invoice over `USD 1,342.75` out of scope of VAT, with four lines.
pub(crate) fn invoice(language: Language) -> Invoice {
    let net: Money = "USD 1342.75".parse().unwrap();
    Invoice {
        format: Format,
        kind: DocumentKind::Invoice,
        corrects: None,
        number: "LR-2026-000123".parse().unwrap(),
        business: "bologna-bakery".parse().unwrap(),
        month: "2026-10".parse().unwrap(),
        issue_date: "2026-11-01".parse().unwrap(),
        due_date: "2026-12-01".parse().unwrap(),
        language,
        currency: net.currency(),
        seller: party("Late Replies Inc.", &["1 Market Street", "San Francisco, CA 94105"], "US", None),
        seller_email: "billing@late-replies.example".to_owned(),
        buyer: party(
            "Forno Città & Figli S.r.l.",
            &["Via dell’Indipendenza 1", "40121 Bologna"],
            "IT",
            Some("IT12345670017"),
        ),
        reference: Some("PO-7781".to_owned()),
        lines: vec![
            line("39", EntryPoint::ClickToChat, None, 20_005, "0.05", "1000.25"),
            line("39", EntryPoint::LiveSupport, Some("48h"), 3_000, "0.09", "270.00"),
            line("1809", EntryPoint::Unknown, None, 1_000, "0.0475", "47.50"),
            line("other", EntryPoint::InformationRequest, Some("24h"), 760, "0.032895", "25.00"),
        ],
        adjustments: Vec::new(),
        earlier: Vec::new(),
        credited: Vec::new(),
        net,
        vat: vec![vat(net, "O", "0", Money::zero(net.currency()))],
        tax: Money::zero(net.currency()),
        total: net,
        payment: Payment {
            iban: Some("IT60X0542811101000000123456".to_owned()),
            bic: Some("BLOPIT22XXX".to_owned()),
            days: 30,
        },
        computation: computation(),
        chain: Chain { previous: "b".repeat(64) },
    }
}

/// The same with another treatment of VAT.
pub(crate) fn taxed(language: Language, category: &str, rate: &str, tax: &str) -> Invoice {
    let mut invoice = invoice(language);
    let tax: Money = format!("USD {tax}").parse().unwrap();
    invoice.vat = vec![vat(invoice.net, category, rate, tax)];
    invoice.tax = tax;
    invoice.total = invoice.net.checked_add(tax).unwrap();
    invoice
}

/// Free units, graduated tiers with steps, and a cap of `USD 250.00`; under a reading of late replies.
pub(crate) fn capped(language: Language) -> Invoice {
    let mut invoice = invoice(language);
    let of_tier = |above: u64, line: Line| Line { tier: Some(above), ..line };
    invoice.lines = vec![
        Line { free: true, ..line("39", EntryPoint::ClickToChat, None, 80, "0.00", "0.00") },
        of_tier(0, line("39", EntryPoint::ClickToChat, None, 100, "0.05", "5.00")),
        of_tier(100, line("39", EntryPoint::ClickToChat, None, 1_400, "0.04", "56.00")),
        Line { free: true, ..line("other", EntryPoint::Unknown, None, 20, "0.00", "0.00") },
        of_tier(0, line("other", EntryPoint::Unknown, Some("24h"), 1_000, "0.06", "60.00")),
        of_tier(1_000, line("other", EntryPoint::Unknown, Some("48h"), 1_700, "0.09", "153.00")),
    ];
    let reading = "charge_for = late_reply, give_up = 168h".to_owned();
    let tiers = "graduated".to_owned();
    invoice.computation = Computation { reading, tiers, free: 100, ..invoice.computation };
    adjusted(invoice, AdjustmentKind::Cap, "USD 250.00", "USD -24.00")
}

/// Tiers of all units and a minimum of `USD 5.00`.
pub(crate) fn lifted(language: Language) -> Invoice {
    let mut invoice = invoice(language);
    let first = line("39", EntryPoint::Unknown, None, 40, "0.05", "2.00");
    let second = line("44", EntryPoint::Unknown, None, 30, "0.04", "1.20");
    invoice.lines = vec![Line { tier: Some(0), ..first }, Line { tier: Some(25), ..second }];
    invoice.computation.tiers = "all_units".to_owned();
    adjusted(invoice, AdjustmentKind::Minimum, "USD 5.00", "USD 1.80")
}

fn adjusted(mut invoice: Invoice, kind: AdjustmentKind, limit: &str, amount: &str) -> Invoice {
    let limit: Money = limit.parse().unwrap();
    invoice.adjustments = vec![Adjustment { kind, limit, amount: amount.parse().unwrap() }];
    (invoice.net, invoice.total) = (limit, limit);
    invoice.vat = vec![vat(limit, "O", "0", Money::zero(limit.currency()))];
    invoice
}

/// The same with `count` lines.
pub(crate) fn long(language: Language, count: usize) -> Invoice {
    let mut invoice = invoice(language);
    let first = invoice.lines[0].clone();
    invoice.lines = (0..count).map(|index| Line { market: code(index), ..first.clone() }).collect();
    invoice
}

fn code(index: usize) -> Market {
    const CODES: [&str; 5] = ["39", "44", "1809", "971", "other"];
    CODES[index % CODES.len()].parse().unwrap()
}

fn party(name: &str, address: &[&str], country: &str, vat_id: Option<&str>) -> Party {
    Party {
        legal_name: name.to_owned(),
        address: address.iter().map(|&line| line.to_owned()).collect(),
        country: country.to_owned(),
        vat_id: vat_id.map(str::to_owned),
        registration: vat_id.is_none().then(|| "US-CA 4410021".to_owned()),
    }
}

fn line(market: &str, entry_point: EntryPoint, step: Option<&str>, quantity: u64, price: &str, amount: &str) -> Line {
    let unit_price: Decimal = price.parse().unwrap();
    Line {
        market: market.parse().unwrap(),
        entry_point,
        free: false,
        tier: None,
        step: step.map(|step| step.parse().unwrap()),
        quantity,
        unit_price,
        exact: unit_price.times(quantity).unwrap(),
        amount: format!("USD {amount}").parse().unwrap(),
    }
}

fn vat(net: Money, category: &str, rate: &str, tax: Money) -> Vat {
    Vat { category: category.to_owned(), rate: rate.parse().unwrap(), reason: None, net, tax }
}

fn computation() -> Computation {
    Computation {
        window: "24h".parse().unwrap(),
        reading: String::new(),
        tiers: String::new(),
        free: 0,
        zone: "Europe/Rome".parse().unwrap(),
        tariff_id: "late-reply".to_owned(),
        tariff_version: "2018-08".to_owned(),
        tariff_sha256: "cb5b2d0f8a41e6739c0d".repeat(4)[..64].to_owned(),
        tariff_source: "press report of August 2018; rates are examples".to_owned(),
        cut: "2026-11-02T23:00:00Z".parse().unwrap(),
        counts: Counts { waits: 41_206, on_time: 16_441, late: 24_005, unanswered: 760, pending: 0, held: 0 },
        data_sha256: "4a0e19f7736b25c8d0aa".repeat(4)[..64].to_owned(),
    }
}
