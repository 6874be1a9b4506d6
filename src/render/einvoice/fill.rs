//! From the canonical invoice and its view to the terms of EN 16931. What people read is of the view, so that both say
//! the same; what is counted is of the invoice, in the currency that it is billed in.

use super::lines;
use super::terms::{AccountTerms, PartyTerms, PaymentTerms, Terms, VatTerms};
use crate::domain::Invoice;
use crate::domain::business::{Language, Party};
use crate::domain::invoice::Vat;
use crate::domain::vat::is_of_the_union;
use crate::render::lines::reason;
use crate::render::payment::{payment_reference, payment_term};
use crate::render::view::{Fact, InvoiceView, clean, is_payable};
use crate::render::{exchange, prepaid, texts};

pub(super) const OUT_OF_SCOPE: &str = "O";

impl Terms {
    /// The terms of a document; `None` where it has no line, where its lines have several treatments of VAT and it does not
    /// say which line has which, or where its seller lacks the VAT id that its treatment asks for.
    pub fn of(invoice: &Invoice, view: &InvoiceView) -> Option<Self> {
        let rates = exchange::facts(invoice);
        let invoice: &Invoice = &invoice.as_billed();
        let lines = lines::of(invoice, view)?;
        let is_due = is_payable(invoice) && !invoice.is_credit_note();
        let is_named = is_out_of_scope(invoice) || invoice.seller.vat_id.is_some();
        (is_named && !lines.is_empty()).then(|| Self {
            number: plain(&invoice.number.to_string()),
            issued: invoice.issue_date,
            kind: invoice.kind,
            currency: invoice.currency,
            tax_returned: invoice.vat_accounting.as_ref().map(|accounting| accounting.tax),
            due: is_due.then_some(invoice.due_date),
            buyer_reference: some(invoice.reference.as_deref()),
            payment_terms: payment_terms(invoice, view, is_due),
            notes: notes(invoice, view, &rates),
            preceding: invoice.corrects.as_ref().map(|corrects| (corrects.number.clone(), corrects.issue_date)),
            seller: seller(invoice),
            buyer: buyer(invoice),
            period_from: invoice.month.first_day(),
            period_to: invoice.month.last_day(),
            payment: is_due.then(|| payment(invoice)),
            lines,
            vat: invoice.vat.iter().map(|vat| vat_terms(vat, invoice.language)).collect(),
            net: invoice.net,
            tax: invoice.tax,
            gross: invoice.total,
            prepaid: invoice.prepaid.as_ref().filter(|_| !invoice.is_credit_note()).map(|prepaid| prepaid.paid),
            payable: invoice.due(),
        })
    }
}

/// A text on one line that XML can hold.
pub(super) fn plain(text: &str) -> String {
    let held: String = text.chars().filter(|sign| !matches!(sign, '\u{fffe}' | '\u{ffff}')).collect();
    clean(&held)
}

fn some(text: Option<&str>) -> Option<String> {
    text.map(plain).filter(|text| !text.is_empty())
}

fn is_out_of_scope(invoice: &Invoice) -> bool {
    invoice.vat.iter().any(|vat| vat.category == OUT_OF_SCOPE)
}

/// Outside the scope of VAT neither party is named by a VAT id (BR-O-02 to BR-O-04), but the seller is by something else
/// (BR-CO-26).
fn seller(invoice: &Invoice) -> PartyTerms {
    let named = party(invoice, &invoice.seller);
    let known_as = invoice.seller.vat_id.as_deref().unwrap_or(&invoice.seller_email);
    let is_named = named.registration.is_some() || named.vat_id.is_some();
    PartyTerms {
        identifier: if is_named { None } else { some(Some(known_as)) },
        email: some(Some(&invoice.seller_email)),
        ..named
    }
}

fn buyer(invoice: &Invoice) -> PartyTerms {
    let identifier = some(Some(invoice.business.as_str()));
    let named = party(invoice, &invoice.buyer);
    // A buyer has no other place for a tax number; under reverse charge this one will do (BR-AE-02).
    let registration = named.registration.or(named.tax_number);
    PartyTerms { identifier, registration, tax_number: None, ..named }
}

fn party(invoice: &Invoice, party: &Party) -> PartyTerms {
    let endpoint = party.endpoint.as_deref().and_then(|endpoint| endpoint.split_once(':'));
    let tax_id = some(party.vat_id.as_deref()).filter(|_| !is_out_of_scope(invoice));
    let names_a_country = |id: &str| is_of_the_union(id) || id.starts_with(party.country.as_str());
    let (vat_id, tax_number) =
        if tax_id.as_deref().is_some_and(names_a_country) { (tax_id, None) } else { (None, tax_id) };
    PartyTerms {
        name: plain(&party.legal_name),
        identifier: None,
        registration: some(party.registration.as_deref()),
        vat_id,
        tax_number,
        endpoint: endpoint.map(|(scheme, id)| (scheme.to_owned(), id.to_owned())),
        address: address(party),
        city: some(party.city.as_deref()),
        post_code: some(party.post_code.as_deref()),
        country: party.country.clone(),
        email: None,
    }
}

/// The printed lines but for those that say post code and city, where they are told by themselves: together or each alone.
/// There is room for three: what is longer goes on in the third.
fn address(party: &Party) -> Vec<String> {
    let (post_code, city) = (party.post_code.as_deref(), party.city.as_deref());
    let is_told = |line: &str| match (post_code, city) {
        (Some(post_code), Some(city)) => {
            line == post_code || line == city || (line.contains(post_code) && line.contains(city))
        }
        (Some(told), None) | (None, Some(told)) => line == told,
        (None, None) => false,
    };
    let lines = party.address.iter().map(|line| plain(line));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty() && !is_told(line)).collect();
    match lines.split_at_checked(2) {
        Some((front, rest)) if rest.len() > 1 => front.iter().cloned().chain([rest.join(", ")]).collect(),
        _ => lines,
    }
}

/// When to pay; of what is not to be paid, what becomes of it.
fn payment_terms(invoice: &Invoice, view: &InvoiceView, is_due: bool) -> String {
    if !is_due {
        return plain(&view.please_pay);
    }
    plain(&payment_term(invoice))
}

/// Why it was issued, why there is no VAT, what was paid in advance, the rate of exchange, and the digests that bind it to its data.
fn notes(invoice: &Invoice, view: &InvoiceView, rates: &[Fact]) -> Vec<String> {
    let facts = rates.iter().chain(&view.digests).filter(|fact| !fact.value.is_empty());
    let facts = facts.map(|fact| format!("{}: {}", fact.label, fact.value));
    // The total, and what was paid of it in advance.
    let payments = prepaid::rows(invoice).into_iter().skip(1).map(|row| format!("{}: {}", row.label, row.amount));
    let notes = view.why.iter().chain(&view.notes).cloned().chain(payments).chain(facts);
    notes.map(|note| plain(&note)).filter(|note| !note.is_empty()).collect()
}

fn payment(invoice: &Invoice) -> PaymentTerms {
    let account = invoice.payment.iban.as_deref().map(|iban| AccountTerms {
        iban: iban.chars().filter(|sign| !sign.is_whitespace()).collect(),
        name: plain(&invoice.seller.legal_name),
        bic: some(invoice.payment.bic.as_deref()),
    });
    PaymentTerms { remittance: plain(&payment_reference(invoice)), account }
}

fn vat_terms(vat: &Vat, language: Language) -> VatTerms {
    let reason = some(reason(vat, language).as_deref());
    let exempt = || Some(texts::of(language).note_exempt.to_owned());
    VatTerms {
        net: vat.net,
        tax: vat.tax,
        category: vat.category.clone(),
        rate: (vat.category != OUT_OF_SCOPE).then_some(vat.rate),
        // There must be one (BR-E-10), and of taxed amounts none (BR-S-10, BR-Z-10).
        reason: if vat.category == "E" { reason.or_else(exempt) } else { reason },
        reason_code: vat.code.clone().or_else(|| reason_code(&vat.category).map(str::to_owned)),
    }
}

/// Of the list VATEX. An exemption has one of many, which only its accountant knows.
fn reason_code(category: &str) -> Option<&'static str> {
    match category {
        "AE" => Some("VATEX-EU-AE"),
        "G" => Some("VATEX-EU-G"),
        OUT_OF_SCOPE => Some("VATEX-EU-O"),
        _ => None,
    }
}
