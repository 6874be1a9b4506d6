//! Documents of every case that an e-invoice can be of. The parties are invented.

use super::super::sample;
use super::terms::Terms;
use crate::domain::business::{EInvoice, Language, Party};
use crate::domain::correction::CorrectionCause;
use crate::domain::exchange::{Exchange, Rate};
use crate::domain::invoice::{Payment, Vat};
use crate::domain::vat::VatKey;
use crate::domain::{Advance, Available, Invoice, Money, Prepaid, Rounding, VatAccounting};
use crate::render::InvoiceView;

/// Every case by its name.
pub(super) fn documents() -> Vec<(&'static str, Invoice)> {
    let english = Language::English;
    let out_of_scope = sample::invoice(english);
    let standard = || from_dublin(sample::taxed(english, "S", "22", "295.41"));
    vec![
        ("standard", standard()),
        ("standard-italian", from_dublin(sample::taxed(Language::Italian, "S", "22", "295.41"))),
        ("two-rates", two_rates(standard())),
        ("in-euro", in_euro(standard())),
        ("prepaid", prepaid(standard())),
        ("prepaid-in-euro", prepaid(in_euro(standard()))),
        ("prepaid-whole", prepaid(electronic(sample::lifted(english)))),
        ("prepaid-credit-note", prepaid(from_dublin(sample::credit_note(english, CorrectionCause::LateLogs)))),
        ("vat-return", vat_return(standard())),
        ("vat-return-in-pounds", vat_return(in_pounds(standard()))),
        ("vat-return-credit-note", vat_return(from_dublin(sample::credit_note(english, CorrectionCause::LateLogs)))),
        ("zero", from_dublin(sample::taxed(english, "Z", "0", "0"))),
        ("reverse-charge", reasoned("AE", "Reverse charge / Inversione contabile", None)),
        ("reverse-charge-abroad", abroad(reasoned("AE", "Reverse charge / Inversione contabile", None))),
        ("exempt", reasoned("E", "Exempt under Article 132 of Directive 2006/112/EC", Some("VATEX-EU-132"))),
        ("export", exported()),
        ("out-of-scope", electronic(out_of_scope.clone())),
        ("capped", electronic(sample::capped(english))),
        ("minimum", electronic(sample::lifted(english))),
        ("earlier-months", electronic(sample::with_earlier(english))),
        ("replacement", electronic(sample::replacement(english))),
        ("credit-note", from_dublin(sample::credit_note(english, CorrectionCause::LateLogs))),
        ("credit-of-limits", from_dublin(sample::credit_of_limits(english))),
        ("bare", bare(out_of_scope.clone())),
        ("hostile", hostile(electronic(out_of_scope))),
    ]
}

/// The terms of a document, as they are inside its PDF.
pub(super) fn terms_of(invoice: &Invoice) -> Terms {
    Terms::of(invoice, &InvoiceView::of(invoice, &head())).unwrap()
}

pub(super) fn head() -> String {
    "c4".repeat(32)
}

fn electronic(invoice: Invoice) -> Invoice {
    let seller = Party { endpoint: Some("0088:9520000004170".to_owned()), ..invoice.seller };
    let buyer = Party { endpoint: Some("0211:IT12345670017".to_owned()), ..invoice.buyer };
    Invoice { seller, buyer, e_invoice: Some(EInvoice::Ubl), electronic: true, ..invoice }
}

pub(super) fn from_dublin(invoice: Invoice) -> Invoice {
    let invoice = electronic(invoice);
    let seller = Party {
        legal_name: "Late Reply Billing Limited".to_owned(),
        address: vec!["1 Sample Quay".to_owned(), "Dublin 2, D02 X285".to_owned()],
        country: "IE".to_owned(),
        vat_id: Some("IE9999990AH".to_owned()),
        registration: Some("IE 000417".to_owned()),
        post_code: Some("D02 X285".to_owned()),
        city: Some("Dublin 2".to_owned()),
        ..invoice.seller
    };
    let payment = Payment {
        iban: Some("IE89RTRD99900012345678".to_owned()),
        bic: Some("RTRDIE2D".to_owned()),
        ..invoice.payment
    };
    Invoice { seller, payment, ..invoice }
}

fn reasoned(category: &str, reason: &str, code: Option<&str>) -> Invoice {
    let mut invoice = from_dublin(sample::taxed(Language::English, category, "0", "0"));
    (invoice.vat[0].reason, invoice.vat[0].code) = (Some(reason.to_owned()), code.map(str::to_owned));
    invoice
}

/// To a buyer outside the EU.
fn exported() -> Invoice {
    let mut invoice = reasoned("G", "Export outside the EU", None);
    invoice.buyer = Party {
        legal_name: "Backstube Muster AG".to_owned(),
        address: vec!["Musterstrasse 1".to_owned(), "8001 Zürich".to_owned()],
        country: "CH".to_owned(),
        vat_id: None,
        endpoint: Some("0088:9520000004170".to_owned()),
        ..invoice.buyer
    };
    invoice
}

/// Between parties outside the EU, whose tax numbers name no country.
fn abroad(mut invoice: Invoice) -> Invoice {
    let (seller, buyer) = (&mut invoice.seller, &mut invoice.buyer);
    (seller.country, seller.vat_id, seller.registration) = ("AU".to_owned(), Some("51824753556".to_owned()), None);
    (seller.post_code, seller.city) = (Some("2000".to_owned()), Some("Sydney".to_owned()));
    seller.address = vec!["1 Sample Street".to_owned(), "2000".to_owned(), "Sydney".to_owned()];
    seller.endpoint = Some("0151:51824753556".to_owned());
    (buyer.country, buyer.vat_id) = ("US".to_owned(), Some("EIN12-3456789".to_owned()));
    buyer.address = vec!["1 Sample Street".to_owned(), "Springfield, IL 62701".to_owned()];
    buyer.endpoint = Some("0088:9520000004170".to_owned());
    invoice
}

/// Two of the lines at another rate.
fn two_rates(mut invoice: Invoice) -> Invoice {
    let key = |rate: &str| VatKey { category: "S".to_owned(), rate: rate.parse().unwrap() };
    let keys = [key("10"), key("22")];
    for (index, line) in invoice.lines.iter_mut().enumerate() {
        line.vat = Some(keys[index % 2].clone());
    }
    let of = |key: &VatKey| {
        let lines = invoice.lines.iter().filter(|line| line.vat.as_ref() == Some(key));
        taxed(key, Money::sum(invoice.currency, lines.map(|line| line.amount)).unwrap())
    };
    invoice.vat = keys.iter().map(of).collect();
    invoice.tax = Money::sum(invoice.currency, invoice.vat.iter().map(|vat| vat.tax)).unwrap();
    invoice.total = invoice.net.checked_add(invoice.tax).unwrap();
    invoice.format = invoice.fitting_format();
    invoice
}

fn taxed(key: &VatKey, net: Money) -> Vat {
    let tax = net.percent(key.rate, Rounding::HalfAwayFromZero).unwrap();
    Vat { category: key.category.clone(), rate: key.rate, reason: None, code: None, net, tax }
}

/// With its tax in euro, which the seller accounts for.
fn vat_return(mut invoice: Invoice) -> Invoice {
    let billed = invoice.as_billed().into_owned();
    let per_euro = if billed.currency.code() == "GBP" { "0.89745" } else { "1.1651" };
    let mut accounting = VatAccounting {
        currency: "EUR".parse().unwrap(),
        rate_date: "2026-10-30".parse().unwrap(),
        billed_per_euro: per_euro.parse().unwrap(),
        accounted_per_euro: "1".parse().unwrap(),
        table_sha256: "5d".repeat(32),
        tax: billed.tax,
    };
    accounting.tax = accounting.rate(billed.currency).convert(billed.tax.exact()).unwrap();
    invoice.vat_accounting = Some(accounting);
    invoice.format = invoice.fitting_format();
    invoice
}

fn in_pounds(invoice: Invoice) -> Invoice {
    exchanged(invoice, "GBP", "0.89745")
}

fn in_euro(invoice: Invoice) -> Invoice {
    exchanged(invoice, "EUR", "1")
}

/// Billed in another currency than that of the tariff.
fn exchanged(mut invoice: Invoice, currency: &str, per_euro: &str) -> Invoice {
    let rate = Rate {
        from: invoice.currency,
        to: currency.parse().unwrap(),
        date: "2026-10-30".parse().unwrap(),
        from_per_euro: "1.1651".parse().unwrap(),
        to_per_euro: per_euro.parse().unwrap(),
    };
    let lines: Vec<Money> = invoice.lines.iter().map(|line| rate.convert(line.exact).unwrap()).collect();
    let net = Money::sum(rate.to, lines.iter().copied()).unwrap();
    let vat = taxed(&invoice.vat[0].key(), net);
    let (tax, total) = (vat.tax, net.checked_add(vat.tax).unwrap());
    invoice.exchange = Some(Exchange {
        currency: rate.to,
        rate_date: rate.date,
        tariff_per_euro: rate.from_per_euro,
        billed_per_euro: rate.to_per_euro,
        table_sha256: "5d".repeat(32),
        lines,
        adjustments: Vec::new(),
        earlier: Vec::new(),
        credited: Vec::new(),
        net,
        vat: vec![vat],
        tax,
        total,
    });
    invoice.format = invoice.fitting_format();
    invoice
}

/// Nothing but what an invoice must have.
fn bare(mut invoice: Invoice) -> Invoice {
    invoice.electronic = true;
    (invoice.seller.registration, invoice.buyer.vat_id, invoice.reference) = (None, None, None);
    (invoice.payment.iban, invoice.payment.bic) = (None, None);
    (invoice.seller.address, invoice.buyer.address) = (Vec::new(), Vec::new());
    invoice
}

fn hostile(mut invoice: Invoice) -> Invoice {
    let name = "=1+1 <b>&\"'</b> ]]> #$*_@ Bar 株式会社 🥖 \u{202e}مقهى\u{0} Ωμέγα \u{ffff}";
    invoice.buyer.legal_name = name.to_owned();
    invoice.buyer.address =
        vec!["é".repeat(200), "<!-- -->".to_owned(), "&amp;".to_owned(), "%PDF /Metadata".to_owned()];
    invoice.seller.legal_name = "/Metadata 9 0 R trailer <<>> startxref 0 %%EOF".to_owned();
    invoice.reference = Some("PO \u{2028}\u{feff}\u{85}1".to_owned());
    invoice
}

/// Paid in advance by two payments, of which the second leaves something.
fn prepaid(mut invoice: Invoice) -> Invoice {
    let payment = |received: &str, reference: &str, amount: &str| {
        let left: Money = amount.parse().unwrap();
        let advance = Advance { received: received.parse().unwrap(), reference: reference.to_owned(), amount: left };
        Available { advance, left }
    };
    let total = invoice.as_billed().total;
    let code = total.currency();
    let payments = [
        payment("2026-09-03", "TRX 88", &format!("{code} 400.00")),
        payment("2026-10-01", "TRX 91", &format!("{code} 100.00")),
    ];
    invoice.prepaid = Prepaid::of(total, &payments);
    invoice.format = invoice.fitting_format();
    invoice
}
