//! The terms as UBL 2.1: Peppol BIS Billing 3.

use super::terms::{LineTerms, PartyTerms, PaymentTerms, Terms, VatTerms, amount, rate};
use super::tree::{Element, Elements, document, group, maybe, text, text_with};
use super::{UNIT, VAT};
use crate::domain::{Currency, Date, Decimal, DocumentKind, Money};

const CUSTOMIZATION: &str = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0";
const PROFILE: &str = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0";

/// The names that differ between an invoice and a credit note.
struct Names {
    root: &'static str,
    namespace: &'static str,
    type_code: &'static str,
    line: &'static str,
    quantity: &'static str,
}

const INVOICE: Names = Names {
    root: "Invoice",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    type_code: "cbc:InvoiceTypeCode",
    line: "cac:InvoiceLine",
    quantity: "cbc:InvoicedQuantity",
};

const CREDIT_NOTE: Names = Names {
    root: "CreditNote",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    type_code: "cbc:CreditNoteTypeCode",
    line: "cac:CreditNoteLine",
    quantity: "cbc:CreditedQuantity",
};

/// The document as XML.
pub(super) fn written(terms: &Terms) -> Vec<u8> {
    let names = match terms.kind {
        DocumentKind::Invoice => &INVOICE,
        DocumentKind::CreditNote => &CREDIT_NOTE,
    };
    let namespaces = [
        ("xmlns", names.namespace),
        ("xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"),
        ("xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"),
    ];
    let mut children = heading(terms, names);
    children.extend(parties(terms));
    children.extend(settlement(terms));
    children.extend(terms.lines.iter().zip(1..).map(|(line, number)| item(terms, names, line, number)));
    document(names.root, &namespaces, children)
}

fn dated(name: &'static str, date: Date) -> Option<Element> {
    text(name, date.to_string())
}

fn money(name: &'static str, money: Money) -> Option<Element> {
    text_with(name, ("currencyID", money.currency().code()), amount(money))
}

fn scheme() -> Option<Element> {
    group("cac:TaxScheme", [text("cbc:ID", VAT)])
}

fn heading(terms: &Terms, names: &Names) -> Elements {
    let period = [dated("cbc:StartDate", terms.period_from), dated("cbc:EndDate", terms.period_to)];
    let preceding = terms.preceding.as_ref().and_then(|(number, date)| {
        let children = [text("cbc:ID", number.to_string()), dated("cbc:IssueDate", *date)];
        group("cac:BillingReference", [group("cac:InvoiceDocumentReference", children)])
    });
    let returned = terms.tax_returned.map(Money::currency);
    vec![
        text("cbc:CustomizationID", CUSTOMIZATION),
        text("cbc:ProfileID", PROFILE),
        text("cbc:ID", &terms.number),
        dated("cbc:IssueDate", terms.issued),
        terms.due.and_then(|due| dated("cbc:DueDate", due)),
        text(names.type_code, terms.type_code()),
        // Peppol takes one note (PEPPOL-EN16931-R002).
        text("cbc:Note", terms.notes.join("; ")),
        text("cbc:DocumentCurrencyCode", terms.currency.code()),
        maybe("cbc:TaxCurrencyCode", returned.as_ref().map(Currency::code)),
        maybe("cbc:BuyerReference", terms.buyer_reference.as_deref()),
        group("cac:InvoicePeriod", period),
        preceding,
    ]
}

fn parties(terms: &Terms) -> Elements {
    vec![
        group("cac:AccountingSupplierParty", [party(&terms.seller)]),
        group("cac:AccountingCustomerParty", [party(&terms.buyer)]),
        group("cac:Delivery", [dated("cbc:ActualDeliveryDate", terms.period_to)]),
    ]
}

fn party(party: &PartyTerms) -> Option<Element> {
    let endpoint = party.endpoint.as_ref();
    let endpoint = endpoint.and_then(|(scheme, id)| text_with("cbc:EndpointID", ("schemeID", scheme), id));
    let mut lines = party.address.iter().map(String::as_str);
    let address = [
        maybe("cbc:StreetName", lines.next()),
        maybe("cbc:AdditionalStreetName", lines.next()),
        maybe("cbc:CityName", party.city.as_deref()),
        maybe("cbc:PostalZone", party.post_code.as_deref()),
        group("cac:AddressLine", [maybe("cbc:Line", lines.next())]),
        group("cac:Country", [text("cbc:IdentificationCode", &party.country)]),
    ];
    let tax_id = |id: Option<&str>, scheme: Option<Element>| {
        id.and_then(|id| group("cac:PartyTaxScheme", [text("cbc:CompanyID", id), scheme]))
    };
    // Any scheme but that of VAT says that it is no VAT id.
    let other = group("cac:TaxScheme", [text("cbc:ID", "TAX")]);
    let entity = [text("cbc:RegistrationName", &party.name), maybe("cbc:CompanyID", party.registration.as_deref())];
    let children = [
        endpoint,
        group("cac:PartyIdentification", [maybe("cbc:ID", party.identifier.as_deref())]),
        group("cac:PostalAddress", address),
        tax_id(party.vat_id.as_deref(), scheme()),
        tax_id(party.tax_number.as_deref(), other),
        group("cac:PartyLegalEntity", entity),
        group("cac:Contact", [maybe("cbc:ElectronicMail", party.email.as_deref())]),
    ];
    group("cac:Party", children)
}

fn settlement(terms: &Terms) -> Elements {
    let mut total = vec![money("cbc:TaxAmount", terms.tax)];
    total.extend(terms.vat.iter().map(subtotal));
    let sums = [
        money("cbc:LineExtensionAmount", terms.net),
        money("cbc:TaxExclusiveAmount", terms.net),
        money("cbc:TaxInclusiveAmount", terms.gross),
        terms.prepaid.and_then(|prepaid| money("cbc:PrepaidAmount", prepaid)),
        money("cbc:PayableAmount", terms.payable),
    ];
    vec![
        terms.payment.as_ref().and_then(|payment| means(terms, payment)),
        group("cac:PaymentTerms", [text("cbc:Note", &terms.payment_terms)]),
        group("cac:TaxTotal", total),
        // In another currency it has no parts (PEPPOL-EN16931-R054).
        terms.tax_returned.and_then(|tax| group("cac:TaxTotal", [money("cbc:TaxAmount", tax)])),
        group("cac:LegalMonetaryTotal", sums),
    ]
}

fn means(terms: &Terms, payment: &PaymentTerms) -> Option<Element> {
    let account = payment.account.as_ref().and_then(|account| {
        let bank = group("cac:FinancialInstitutionBranch", [maybe("cbc:ID", account.bic.as_deref())]);
        let children = [text("cbc:ID", &account.iban), text("cbc:Name", &account.name), bank];
        group("cac:PayeeFinancialAccount", children)
    });
    let children =
        [text("cbc:PaymentMeansCode", terms.means_code()), text("cbc:PaymentID", &payment.remittance), account];
    group("cac:PaymentMeans", children)
}

fn subtotal(vat: &VatTerms) -> Option<Element> {
    let category = [
        text("cbc:ID", &vat.category),
        percent(vat.rate),
        maybe("cbc:TaxExemptionReasonCode", vat.reason_code.as_deref()),
        maybe("cbc:TaxExemptionReason", vat.reason.as_deref()),
        scheme(),
    ];
    let children =
        [money("cbc:TaxableAmount", vat.net), money("cbc:TaxAmount", vat.tax), group("cac:TaxCategory", category)];
    group("cac:TaxSubtotal", children)
}

fn percent(of: Option<Decimal>) -> Option<Element> {
    maybe("cbc:Percent", rate(of).as_deref())
}

fn item(terms: &Terms, names: &Names, line: &LineTerms, number: u32) -> Option<Element> {
    let category = [text("cbc:ID", &line.category), percent(line.rate), scheme()];
    let product = [
        text("cbc:Description", &line.description),
        text("cbc:Name", &line.name),
        group("cac:ClassifiedTaxCategory", category),
    ];
    let priced_units = line.priced_units.map(|units| units.to_string()).unwrap_or_default();
    let price = [
        text_with("cbc:PriceAmount", ("currencyID", terms.currency.code()), line.price.to_string()),
        text_with("cbc:BaseQuantity", ("unitCode", UNIT), priced_units),
    ];
    let children = [
        text("cbc:ID", number.to_string()),
        text_with(names.quantity, ("unitCode", UNIT), line.quantity.to_string()),
        money("cbc:LineExtensionAmount", line.net),
        group("cac:Item", product),
        group("cac:Price", price),
    ];
    group(names.line, children)
}
