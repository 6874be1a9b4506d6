//! What a document in another currency than the tariff's says of the rate, and of the amounts before it.

use super::numbers;
use super::texts::fill;
use super::view::{Fact, fact};
use crate::domain::business::Language;
use crate::domain::{Currency, Decimal, Invoice};

/// Labels of the two facts, and the words within them.
struct Words {
    rate: &'static str,
    published: &'static str,
    before: &'static str,
    net: &'static str,
    total: &'static str,
    /// Why the pages of details are in another currency.
    details: &'static str,
}

const ENGLISH: Words = Words {
    rate: "Exchange rate",
    published: "published on",
    before: "In the currency of the tariff",
    net: "net",
    total: "total",
    details: "These pages are in {currency}, the currency of the tariff: {net} net are {billed} on this document.",
};

fn words(language: Language) -> Words {
    let of = |rate, published, before, net, total, details| Words { rate, published, before, net, total, details };
    match language.code() {
        "it" => of(
            "Tasso di cambio",
            "pubblicato il",
            "Nella valuta della tariffa",
            "imponibile",
            "totale",
            "Queste pagine sono in {currency}, la valuta della tariffa: {net} di imponibile sono {billed} in questo \
             documento.",
        ),
        "de" => of(
            "Wechselkurs",
            "veröffentlicht am",
            "In der Währung des Tarifs",
            "netto",
            "gesamt",
            "Diese Seiten sind in {currency}, der Währung des Tarifs: {net} netto sind {billed} in diesem Dokument.",
        ),
        "fr" => of(
            "Taux de change",
            "publié le",
            "Dans la monnaie du tarif",
            "hors taxe",
            "total",
            "Ces pages sont en {currency}, la monnaie du tarif\u{a0}: {net} hors taxe font {billed} sur ce document.",
        ),
        "es" => of(
            "Tipo de cambio",
            "publicado el",
            "En la moneda de la tarifa",
            "base",
            "total",
            "Estas páginas están en {currency}, la moneda de la tarifa: {net} de base son {billed} en este documento.",
        ),
        "pt" => of(
            "Taxa de câmbio",
            "publicada em",
            "Na moeda do tarifário",
            "base",
            "total",
            "Estas páginas estão em {currency}, a moeda do tarifário: {net} de base são {billed} neste documento.",
        ),
        _ => ENGLISH,
    }
}

/// Why the pages of details are in another currency than the document, and what they come to in its own; `None` where both
/// are in one.
pub(super) fn in_details(invoice: &Invoice) -> Option<String> {
    let (exchange, language) = (invoice.exchange.as_ref()?, invoice.language);
    let [net, billed] = [invoice.net, exchange.net].map(|amount| numbers::money(amount, language));
    let values = [("currency", invoice.currency.code()), ("net", net.as_str()), ("billed", billed.as_str())];
    Some(fill(words(language).details, &values))
}

/// The rate as it was published, and the amounts that it was applied to; nothing where there is none.
pub(super) fn facts(invoice: &Invoice) -> Vec<Fact> {
    let Some(exchange) = &invoice.exchange else { return Vec::new() };
    let (words, language) = (words(invoice.language), invoice.language);
    let leg = |currency: Currency, per_euro: Decimal| format!("{} {currency}", numbers::decimal(per_euro, language));
    let legs = [(invoice.currency, exchange.tariff_per_euro), (exchange.currency, exchange.billed_per_euro)];
    let legs = legs.into_iter().filter(|(currency, _)| currency.code() != "EUR");
    let legs: Vec<String> = legs.map(|(currency, per_euro)| leg(currency, per_euro)).collect();
    let rate = format!("1 EUR = {}, {} {}", legs.join(" = "), words.published, exchange.rate_date);
    let money = |amount| numbers::money(amount, language);
    let before = format!("{} {}, {} {}", words.net, money(invoice.net), words.total, money(invoice.total));
    vec![fact(words.rate, rate), fact(words.before, before)]
}

#[cfg(test)]
mod tests {
    use super::super::{InvoiceView, sample};
    use super::*;
    use crate::domain::invoice::Vat;
    use crate::domain::{Exchange, Money};

    fn eur(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    #[test]
    fn a_document_shows_both_amounts_and_the_rate() {
        let mut invoice = sample::invoice(Language::English);
        invoice.electronic = true;
        let net = eur(115_248);
        invoice.exchange = Some(Exchange {
            currency: net.currency(),
            rate_date: "2026-10-30".parse().unwrap(),
            tariff_per_euro: "1.1651".parse().unwrap(),
            billed_per_euro: Decimal::whole(1),
            table_sha256: "4a0e19f7".repeat(8),
            lines: [85_851, 23_174, 4_077, 2_146].map(eur).to_vec(),
            adjustments: Vec::new(),
            earlier: Vec::new(),
            credited: Vec::new(),
            net,
            vat: vec![Vat { net, tax: eur(0), ..invoice.vat[0].clone() }],
            tax: eur(0),
            total: net,
        });
        let view = InvoiceView::of(&invoice, "c");
        assert_eq!(view.headline, "EUR 1,152.48 due 1 December 2026");
        assert_eq!((view.currency.as_str(), view.lines[0].amount.as_str()), ("EUR", "858.51"));
        assert_eq!(view.lines[0].unit_price, "0.042914771");
        let said: Vec<&str> = view.computation.iter().rev().take(2).map(|fact| fact.value.as_str()).collect();
        let rate = "1 EUR = 1.1651 USD, published on 2026-10-30";
        assert_eq!(said, ["net USD 1,342.75, total USD 1,342.75", rate]);
        assert!(view.qr.is_some() && InvoiceView::preview(&invoice).qr.is_none());
        assert_eq!(InvoiceView::preview(&invoice).headline.matches("1,152.48").count(), 1);
        let references = |view: &InvoiceView| view.payment.iter().filter(|fact| fact.label == "ISO 11649").count();
        invoice.electronic = false;
        let before = InvoiceView::of(&invoice, "c");
        assert_eq!((references(&view), references(&before)), (1, 0));
        assert!(before.qr.is_none(), "a document of before there were e-invoices keeps its bytes");
        assert!(facts(&sample::invoice(Language::English)).is_empty());
        for language in Language::ALL {
            let said = in_details(&Invoice { language, ..invoice.clone() }).unwrap();
            let amounts = [invoice.net, net].map(|amount| numbers::money(amount, language));
            let is_told = amounts.iter().all(|amount| said.contains(amount.as_str())) && said.contains("USD");
            assert!(is_told && !said.contains('{'), "{said}");
            let is_own = language == Language::English || !said.starts_with("These");
            assert!(is_own, "{said}");
        }
        assert_eq!(in_details(&sample::invoice(Language::English)), None);
    }
}
