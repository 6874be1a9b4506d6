//! Documents of every case that an e-invoice can be of. The parties are invented.

use super::super::sample;
use super::fill::plain;
use super::terms::{LineTerms, Terms, VatTerms};
use crate::domain::business::{Language, Party};
use crate::domain::correction::CorrectionCause;
use crate::domain::invoice::Payment;
use crate::domain::{Electronic, Invoice, Money, Rounding};
use crate::render::InvoiceView;

/// Every case by its name.
pub(super) fn documents() -> Vec<(&'static str, Invoice)> {
    let english = Language::English;
    let out_of_scope = sample::invoice(english);
    vec![
        ("standard", from_dublin(sample::taxed(english, "S", "22", "295.41"))),
        ("standard-italian", from_dublin(sample::taxed(Language::Italian, "S", "22", "295.41"))),
        ("reverse-charge", reasoned("AE", "Reverse charge / Inversione contabile")),
        ("exempt", reasoned("E", "Exempt under Article 132 of Directive 2006/112/EC")),
        ("export", reasoned("G", "Not subject to VAT: Article 146 of Directive 2006/112/EC")),
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

/// What one treatment of VAT a business, whole payment and one currency do not come to yet: written from the terms.
pub(super) fn terms() -> Vec<(&'static str, Terms)> {
    vec![("two-rates", two_rates()), ("prepaid", prepaid()), ("priced-together", priced_together())]
}

/// The terms of a document, as they are inside its PDF.
pub(super) fn terms_of(invoice: &Invoice) -> Terms {
    Terms::of(invoice, &InvoiceView::of(invoice, &head())).unwrap()
}

pub(super) fn head() -> String {
    "c4".repeat(32)
}

fn electronic(invoice: Invoice) -> Invoice {
    let endpoint = |text: &str| Some(text.parse().unwrap());
    let (seller, buyer) = (endpoint("0088:9520000004170"), endpoint("0211:IT12345670017"));
    Invoice { electronic: Some(Electronic { seller, buyer, ubl: true }), ..invoice }
}

fn from_dublin(invoice: Invoice) -> Invoice {
    let seller = Party {
        legal_name: "Late Reply Billing Limited".to_owned(),
        address: vec!["1 Sample Quay".to_owned(), "Dublin 2".to_owned()],
        country: "IE".to_owned(),
        vat_id: Some("IE9999990AH".to_owned()),
        registration: Some("IE 000417".to_owned()),
    };
    let payment = Payment {
        iban: Some("IE89RTRD99900012345678".to_owned()),
        bic: Some("RTRDIE2D".to_owned()),
        ..invoice.payment.clone()
    };
    Invoice { seller, payment, ..electronic(invoice) }
}

fn reasoned(category: &str, reason: &str) -> Invoice {
    let mut invoice = from_dublin(sample::taxed(Language::English, category, "0", "0"));
    invoice.vat[0].reason = Some(reason.to_owned());
    invoice
}

/// Nothing but what an invoice must have.
fn bare(mut invoice: Invoice) -> Invoice {
    invoice.electronic = Some(Electronic::default());
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

fn standard() -> Terms {
    terms_of(&from_dublin(sample::taxed(Language::English, "S", "22", "295.41")))
}

fn two_rates() -> Terms {
    let mut terms = standard();
    terms.lines[1].rate = Some("10".parse().unwrap());
    taxed(terms)
}

/// The terms with VAT by category and rate of their lines.
fn taxed(mut terms: Terms) -> Terms {
    let mut groups: Vec<LineTerms> = Vec::new();
    for line in &terms.lines {
        match groups.iter_mut().find(|group| group.category == line.category && group.rate == line.rate) {
            Some(group) => group.net = group.net.checked_add(line.net).unwrap(),
            None => groups.push(line.clone()),
        }
    }
    let vat = |group: LineTerms| VatTerms {
        net: group.net,
        tax: group.net.percent(group.rate.unwrap_or_default(), Rounding::HalfAwayFromZero).unwrap(),
        category: group.category,
        rate: group.rate,
        reason: None,
        reason_code: None,
    };
    terms.vat = groups.into_iter().map(vat).collect();
    terms.tax = Money::sum(terms.currency, terms.vat.iter().map(|vat| vat.tax)).unwrap();
    terms.gross = terms.net.checked_add(terms.tax).unwrap();
    terms.payable = terms.gross;
    terms
}

fn prepaid() -> Terms {
    let mut terms = standard();
    let prepaid: Money = "USD 500.00".parse().unwrap();
    terms.payable = terms.gross.checked_sub(prepaid).unwrap();
    terms.prepaid = Some(prepaid);
    terms.notes.push(plain("USD 500.00 was paid before"));
    terms
}

/// A line whose amount has no price for one unit, such as one that was brought to another currency.
fn priced_together() -> Terms {
    let mut terms = standard();
    let line = &mut terms.lines[0];
    line.price = line.net.exact();
    line.priced_units = u64::try_from(line.quantity).ok();
    terms
}
