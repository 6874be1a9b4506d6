//! Invoices for the tests of this stage.

use crate::domain::business::{Language, Party};
use crate::domain::correction::{
    Amounts, Correction, CorrectionCause, CreditLine, CreditOf, DocumentKind, Earlier, EarlierCause,
};
use crate::domain::invoice::{Adjustment, AdjustmentKind, Chain, Computation, Counts, Format, Line, Payment, Vat};
use crate::domain::{Decimal, EntryPoint, Invoice, Market, Money};

/// An invoice over `USD 1,342.75` out of scope of VAT, with four lines.
pub(crate) fn invoice(language: Language) -> Invoice {
    let net: Money = "USD 1342.75".parse().unwrap();
    Invoice {
        format: Format::First,
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
        e_invoice: None,
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
        exchange: None,
        vat_accounting: None,
        prepaid: None,
        payment: Payment {
            iban: Some("IT60X0542811101000000123456".to_owned()),
            bic: Some("BLOPIT22XXX".to_owned()),
            days: 30,
        },
        electronic: false,
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
    invoice.adjustments = vec![Adjustment { kind, limit, amount: amount.parse().unwrap(), shares: Vec::new() }];
    (invoice.net, invoice.total) = (limit, limit);
    invoice.vat = vec![vat(limit, "O", "0", Money::zero(limit.currency()))];
    invoice
}

/// A credit note over the invoice of [`invoice`], with VAT: a market whose charges fell, one whose charges rose, and free
/// units that took the place of others.
pub(crate) fn credit_note(language: Language, cause: CorrectionCause) -> Invoice {
    let mut note = taxed(language, "S", "22", "24.20");
    note.kind = DocumentKind::CreditNote;
    note.number = "LRC-2026-000001".parse().unwrap();
    note.issue_date = "2026-11-20".parse().unwrap();
    note.corrects = Some(correction(cause));
    note.lines = Vec::new();
    note.credited = vec![
        credit("39", EntryPoint::ClickToChat, (20_005, "1000.25"), (17_805, "890.25"), "110.00"),
        CreditLine {
            unit_price: Some("0.09".parse().unwrap()),
            ..credit("1809", EntryPoint::LiveSupport, (100, "9.00"), (200, "18.00"), "-9.00")
        },
        CreditLine { free: true, ..credit("other", EntryPoint::Unknown, (100, "0.00"), (80, "0.00"), "0.00") },
        credit("other", EntryPoint::Unknown, (1_760, "88.00"), (1_580, "79.00"), "9.00"),
    ];
    summed(note, "USD 110.00", "USD 24.20")
}

/// A credit note over an invoice with a minimum, a cap and an earlier month.
pub(crate) fn credit_of_limits(language: Language) -> Invoice {
    let mut note = credit_note(language, CorrectionCause::LateLogs);
    let bare = CreditLine { market: None, entry_point: None, unit_price: None, ..note.credited[0].clone() };
    let of = |of, billed: &str, now: &str, credit: &str| CreditLine {
        of,
        billed: amounts((0, billed)),
        now: amounts((0, now)),
        credit: usd(credit),
        ..bare.clone()
    };
    let earlier = of(CreditOf::EarlierMonth, "3.20", "2.20", "1.00");
    note.credited.push(of(CreditOf::Minimum, "0.00", "1.80", "-1.80"));
    note.credited.push(of(CreditOf::Cap, "-24.00", "0.00", "-24.00"));
    note.credited.push(CreditLine {
        month: Some("2026-09".parse().unwrap()),
        billed: amounts((64, "3.20")),
        now: amounts((44, "2.20")),
        ..earlier
    });
    summed(note, "USD 85.20", "USD 18.74")
}

/// An invoice in place of another, after wrong words on that one.
pub(crate) fn replacement(language: Language) -> Invoice {
    let reason = Some("the VAT id of the buyer was that of another company".to_owned());
    Invoice {
        number: "LR-2026-000124".parse().unwrap(),
        corrects: Some(Correction { reason, ..correction(CorrectionCause::Reissue) }),
        ..invoice(language)
    }
}

/// With amounts of two earlier months beside charges and a minimum of its own.
pub(crate) fn with_earlier(language: Language) -> Invoice {
    let mut invoice = lifted(language);
    let of = |month: &str, cause, charges, amount: &str| Earlier {
        month: month.parse().unwrap(),
        cause,
        charges,
        amount: usd(amount),
        data_sha256: "77aa0915".repeat(8),
        vat: None,
        shares: Vec::new(),
    };
    invoice.earlier = vec![
        of("2026-08", EarlierCause::CarriedOver, 1, "0.09"),
        of("2026-09", EarlierCause::CarriedOver, 1_240, "62.00"),
        of("2026-09", EarlierCause::LateLogs, 1_300, "3.00"),
    ];
    summed(invoice, "USD 70.09", "USD 0.00")
}

fn summed(mut invoice: Invoice, net: &str, tax: &str) -> Invoice {
    (invoice.net, invoice.tax) = (net.parse().unwrap(), tax.parse().unwrap());
    invoice.total = invoice.net.checked_add(invoice.tax).unwrap();
    let known = invoice.vat[0].clone();
    invoice.vat = vec![Vat { net: invoice.net, tax: invoice.tax, ..known }];
    invoice
}

fn correction(cause: CorrectionCause) -> Correction {
    Correction {
        number: "LR-2026-000123".parse().unwrap(),
        issue_date: "2026-11-01".parse().unwrap(),
        cause,
        reason: match cause {
            CorrectionCause::LateLogs => None,
            CorrectionCause::Dispute => Some("these were answered by telephone, as the call log shows".to_owned()),
            CorrectionCause::Reissue => Some("the VAT id of the buyer was that of another company".to_owned()),
        },
        messages: if cause == CorrectionCause::Reissue { 0 } else { 2_480 },
        was_sha256: "19f7736b".repeat(8),
    }
}

fn credit(market: &str, from: EntryPoint, billed: (u64, &str), now: (u64, &str), credit: &str) -> CreditLine {
    CreditLine {
        of: CreditOf::Charges,
        market: Some(market.parse().unwrap()),
        entry_point: Some(from),
        free: false,
        unit_price: Some("0.05".parse().unwrap()),
        month: None,
        billed: amounts(billed),
        now: amounts(now),
        credit: usd(credit),
        shares: Vec::new(),
    }
}

fn amounts((quantity, amount): (u64, &str)) -> Amounts {
    Amounts { quantity, amount: usd(amount) }
}

fn usd(amount: &str) -> Money {
    format!("USD {amount}").parse().unwrap()
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
        post_code: None,
        city: None,
        endpoint: None,
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
        vat: None,
    }
}

fn vat(net: Money, category: &str, rate: &str, tax: Money) -> Vat {
    Vat { category: category.to_owned(), rate: rate.parse().unwrap(), reason: None, code: None, net, tax }
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
