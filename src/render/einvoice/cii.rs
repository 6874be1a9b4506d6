//! The terms as a Cross Industry Invoice: Factur-X 1.09 and ZUGFeRD 2.5, profile EN 16931.

use super::terms::{LineTerms, PartyTerms, PaymentTerms, Terms, VatTerms, amount, rate};
use super::tree::{Element, Elements, document, group, maybe, text, text_with};
use super::{UNIT, VAT};
use crate::domain::{Currency, Date, Money};

const GUIDELINE: &str = "urn:cen.eu:en16931:2017";

const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    ("xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("xmlns:ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"),
    ("xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];

/// The document as XML.
pub(super) fn written(terms: &Terms) -> Vec<u8> {
    let guideline = group("ram:GuidelineSpecifiedDocumentContextParameter", [text("ram:ID", GUIDELINE)]);
    let mut transaction: Elements = terms.lines.iter().zip(1..).map(|(line, number)| item(line, number)).collect();
    transaction.extend([agreement(terms), delivery(terms), settlement(terms)]);
    let children = [
        group("rsm:ExchangedDocumentContext", [guideline]),
        heading(terms),
        group("rsm:SupplyChainTradeTransaction", transaction),
    ];
    document("rsm:CrossIndustryInvoice", &NAMESPACES, children)
}

/// A day as CII writes it: form 102, `20181231`.
fn day(name: &'static str, inner: &'static str, date: Date) -> Option<Element> {
    let digits: String = date.to_string().chars().filter(char::is_ascii_digit).collect();
    group(name, [text_with(inner, ("format", "102"), digits)])
}

fn dated(name: &'static str, date: Date) -> Option<Element> {
    day(name, "udt:DateTimeString", date)
}

fn heading(terms: &Terms) -> Option<Element> {
    let notes = terms.notes.iter().map(|note| group("ram:IncludedNote", [text("ram:Content", note)]));
    let first = [
        text("ram:ID", &terms.number),
        text("ram:TypeCode", terms.type_code()),
        dated("ram:IssueDateTime", terms.issued),
    ];
    group("rsm:ExchangedDocument", first.into_iter().chain(notes))
}

fn item(line: &LineTerms, number: u32) -> Option<Element> {
    let priced_units = line.priced_units.map(|units| units.to_string()).unwrap_or_default();
    let price = [
        text("ram:ChargeAmount", line.price.to_string()),
        text_with("ram:BasisQuantity", ("unitCode", UNIT), priced_units),
    ];
    let quantity = text_with("ram:BilledQuantity", ("unitCode", UNIT), line.quantity.to_string());
    let tax = [
        text("ram:TypeCode", VAT),
        text("ram:CategoryCode", &line.category),
        maybe("ram:RateApplicablePercent", rate(line.rate).as_deref()),
    ];
    let sum = [text("ram:LineTotalAmount", amount(line.net))];
    let children = [
        group("ram:AssociatedDocumentLineDocument", [text("ram:LineID", number.to_string())]),
        group("ram:SpecifiedTradeProduct", [text("ram:Name", &line.name), text("ram:Description", &line.description)]),
        group("ram:SpecifiedLineTradeAgreement", [group("ram:NetPriceProductTradePrice", price)]),
        group("ram:SpecifiedLineTradeDelivery", [quantity]),
        group(
            "ram:SpecifiedLineTradeSettlement",
            [group("ram:ApplicableTradeTax", tax), group("ram:SpecifiedTradeSettlementLineMonetarySummation", sum)],
        ),
    ];
    group("ram:IncludedSupplyChainTradeLineItem", children)
}

fn agreement(terms: &Terms) -> Option<Element> {
    let children = [
        maybe("ram:BuyerReference", terms.buyer_reference.as_deref()),
        party("ram:SellerTradeParty", &terms.seller),
        party("ram:BuyerTradeParty", &terms.buyer),
    ];
    group("ram:ApplicableHeaderTradeAgreement", children)
}

fn party(name: &'static str, party: &PartyTerms) -> Option<Element> {
    const LINES: [&str; 3] = ["ram:LineOne", "ram:LineTwo", "ram:LineThree"];
    let lines = LINES.into_iter().zip(&party.address).map(|(name, line)| text(name, line));
    let post_code = maybe("ram:PostcodeCode", party.post_code.as_deref());
    let end = [maybe("ram:CityName", party.city.as_deref()), text("ram:CountryID", &party.country)];
    let address = std::iter::once(post_code).chain(lines).chain(end);
    let email = group("ram:EmailURIUniversalCommunication", [maybe("ram:URIID", party.email.as_deref())]);
    let endpoint = party.endpoint.as_ref();
    let endpoint = endpoint.and_then(|(scheme, id)| text_with("ram:URIID", ("schemeID", scheme), id));
    let tax_id = |scheme: &str, id: Option<&str>| {
        let id = text_with("ram:ID", ("schemeID", scheme), id.unwrap_or_default());
        group("ram:SpecifiedTaxRegistration", [id])
    };
    let children = [
        maybe("ram:ID", party.identifier.as_deref()),
        text("ram:Name", &party.name),
        group("ram:SpecifiedLegalOrganization", [maybe("ram:ID", party.registration.as_deref())]),
        group("ram:DefinedTradeContact", [email]),
        group("ram:PostalTradeAddress", address),
        group("ram:URIUniversalCommunication", [endpoint]),
        tax_id("VA", party.vat_id.as_deref()),
        tax_id("FC", party.tax_number.as_deref()),
    ];
    group(name, children)
}

fn delivery(terms: &Terms) -> Option<Element> {
    let event = group("ram:ActualDeliverySupplyChainEvent", [dated("ram:OccurrenceDateTime", terms.period_to)]);
    group("ram:ApplicableHeaderTradeDelivery", [event])
}

fn settlement(terms: &Terms) -> Option<Element> {
    let payment = terms.payment.as_ref();
    let returned = terms.tax_returned.map(Money::currency);
    let mut children: Elements = vec![
        maybe("ram:PaymentReference", payment.map(|payment| payment.remittance.as_str())),
        maybe("ram:TaxCurrencyCode", returned.as_ref().map(Currency::code)),
        text("ram:InvoiceCurrencyCode", terms.currency.code()),
        payment.and_then(|payment| means(terms, payment)),
    ];
    children.extend(terms.vat.iter().map(tax));
    let period = [dated("ram:StartDateTime", terms.period_from), dated("ram:EndDateTime", terms.period_to)];
    let due = terms.due.and_then(|due| dated("ram:DueDateDateTime", due));
    children.extend([
        group("ram:BillingSpecifiedPeriod", period),
        group("ram:SpecifiedTradePaymentTerms", [text("ram:Description", &terms.payment_terms), due]),
        totals(terms),
        preceding(terms),
    ]);
    group("ram:ApplicableHeaderTradeSettlement", children)
}

fn means(terms: &Terms, payment: &PaymentTerms) -> Option<Element> {
    let account = payment.account.as_ref()?;
    let bank = group("ram:PayeeSpecifiedCreditorFinancialInstitution", [maybe("ram:BICID", account.bic.as_deref())]);
    let account = [text("ram:IBANID", &account.iban), text("ram:AccountName", &account.name)];
    let children =
        [text("ram:TypeCode", terms.means_code()), group("ram:PayeePartyCreditorFinancialAccount", account), bank];
    group("ram:SpecifiedTradeSettlementPaymentMeans", children)
}

fn tax(vat: &VatTerms) -> Option<Element> {
    let children = [
        text("ram:CalculatedAmount", amount(vat.tax)),
        text("ram:TypeCode", VAT),
        maybe("ram:ExemptionReason", vat.reason.as_deref()),
        text("ram:BasisAmount", amount(vat.net)),
        text("ram:CategoryCode", &vat.category),
        maybe("ram:ExemptionReasonCode", vat.reason_code.as_deref()),
        maybe("ram:RateApplicablePercent", rate(vat.rate).as_deref()),
    ];
    group("ram:ApplicableTradeTax", children)
}

fn totals(terms: &Terms) -> Option<Element> {
    let prepaid = terms.prepaid.map(amount);
    let tax = |tax: Money| text_with("ram:TaxTotalAmount", ("currencyID", tax.currency().code()), amount(tax));
    let children = [
        text("ram:LineTotalAmount", amount(terms.net)),
        text("ram:TaxBasisTotalAmount", amount(terms.net)),
        tax(terms.tax),
        terms.tax_returned.and_then(tax),
        text("ram:GrandTotalAmount", amount(terms.gross)),
        maybe("ram:TotalPrepaidAmount", prepaid.as_deref()),
        text("ram:DuePayableAmount", amount(terms.payable)),
    ];
    group("ram:SpecifiedTradeSettlementHeaderMonetarySummation", children)
}

fn preceding(terms: &Terms) -> Option<Element> {
    let (number, date) = terms.preceding.as_ref()?;
    let children = [
        text("ram:IssuerAssignedID", number.to_string()),
        day("ram:FormattedIssueDateTime", "qdt:DateTimeString", *date),
    ];
    group("ram:InvoiceReferencedDocument", children)
}
