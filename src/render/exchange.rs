//! What a document in another currency than the tariff's says of the rate, and of the amounts before it.

use super::numbers;
use super::texts::fill;
use super::view::{Fact, TotalView, fact};
use crate::domain::business::Language;
use crate::domain::{Currency, Decimal, Invoice, Rate};

/// Labels of the two facts, and the words within them.
struct Words {
    rate: &'static str,
    published: &'static str,
    before: &'static str,
    net: &'static str,
    total: &'static str,
    /// Label of the rate by which VAT is accounted for.
    vat_rate: &'static str,
    /// Before the currency that it is accounted for in.
    vat: &'static str,
    /// Why the pages of details are in another currency.
    details: &'static str,
}

const ENGLISH: Words = Words {
    rate: "Exchange rate",
    published: "published on",
    before: "In the currency of the tariff",
    net: "net",
    total: "total",
    vat_rate: "Exchange rate for VAT",
    vat: "VAT in",
    details: "These pages are in {currency}, the currency of the tariff: {net} net are {billed} on this document.",
};

fn words(language: Language) -> Words {
    let of = |rate, published, before, net, total| Words { rate, published, before, net, total, ..ENGLISH };
    match language.code() {
        "it" => Words {
            vat_rate: "Tasso di cambio per l’IVA",
            vat: "IVA in",
            details: "Queste pagine sono in {currency}, la valuta della tariffa: {net} di imponibile sono {billed} in questo \
                      documento.",
            ..of("Tasso di cambio", "pubblicato il", "Nella valuta della tariffa", "imponibile", "totale")
        },
        "de" => Words {
            vat_rate: "Wechselkurs für die USt",
            vat: "USt in",
            details: "Diese Seiten sind in {currency}, der Währung des Tarifs: {net} netto sind {billed} in diesem Dokument.",
            ..of("Wechselkurs", "veröffentlicht am", "In der Währung des Tarifs", "netto", "gesamt")
        },
        "fr" => Words {
            vat_rate: "Taux de change de la TVA",
            vat: "TVA en",
            details: "Ces pages sont en {currency}, la monnaie du tarif\u{a0}: {net} hors taxe font {billed} sur ce document.",
            ..of("Taux de change", "publié le", "Dans la monnaie du tarif", "hors taxe", "total")
        },
        "es" => Words {
            vat_rate: "Tipo de cambio del IVA",
            vat: "IVA en",
            details: "Estas páginas están en {currency}, la moneda de la tarifa: {net} de base son {billed} en este \
                      documento.",
            ..of("Tipo de cambio", "publicado el", "En la moneda de la tarifa", "base", "total")
        },
        "pt" => Words {
            vat_rate: "Taxa de câmbio do IVA",
            vat: "IVA em",
            details: "Estas páginas estão em {currency}, a moeda do tarifário: {net} de base são {billed} neste documento.",
            ..of("Taxa de câmbio", "publicada em", "Na moeda do tarifário", "base", "total")
        },
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

/// The rates as they were published, and the amounts before them; nothing where there is none.
pub(super) fn facts(invoice: &Invoice) -> Vec<Fact> {
    let (words, language) = (words(invoice.language), invoice.language);
    let money = |amount| numbers::money(amount, language);
    let mut facts = Vec::new();
    if let Some(exchange) = &invoice.exchange {
        let before = format!("{} {}, {} {}", words.net, money(invoice.net), words.total, money(invoice.total));
        let rate = published(&exchange.rate(invoice.currency), &words, language);
        facts.extend([fact(words.rate, rate), fact(words.before, before)]);
    }
    if let Some(accounting) = &invoice.vat_accounting {
        let billed = invoice.exchange.as_ref().map_or(invoice.currency, |exchange| exchange.currency);
        facts.push(fact(words.vat_rate, published(&accounting.rate(billed), &words, language)));
    }
    facts
}

/// `1 EUR = 1.1651 USD, published on 2026-10-30`.
fn published(rate: &Rate, words: &Words, language: Language) -> String {
    let leg = |currency: Currency, per_euro: Decimal| format!("{} {currency}", numbers::decimal(per_euro, language));
    let legs = [(rate.from, rate.from_per_euro), (rate.to, rate.to_per_euro)];
    let legs = legs.into_iter().filter(|(currency, _)| currency.code() != "EUR");
    let legs: Vec<String> = legs.map(|(currency, per_euro)| leg(currency, per_euro)).collect();
    format!("1 EUR = {}, {} {}", legs.join(" = "), words.published, rate.date)
}

/// All tax of a document in the currency of its seller's VAT return, where that is another.
pub(super) fn returned(invoice: &Invoice) -> Option<TotalView> {
    let accounting = invoice.vat_accounting.as_ref()?;
    let label = format!("{} {}", words(invoice.language).vat, accounting.currency);
    Some(TotalView { label, amount: numbers::money(accounting.tax, invoice.language) })
}

#[cfg(test)]
mod tests {
    use super::super::{InvoiceView, sample};
    use super::*;
    use crate::domain::invoice::Vat;
    use crate::domain::{Exchange, Money, VatAccounting};

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
        let references =
            |view: &InvoiceView| view.payment.iter().filter(|fact| fact.value.starts_with("RF92 ")).count();
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

    #[test]
    fn tax_is_said_in_the_currency_of_the_vat_return_in_every_language() {
        for language in Language::ALL {
            let mut invoice = sample::taxed(language, "S", "22", "295.41");
            let before = InvoiceView::of(&invoice, "c");
            invoice.vat_accounting = Some(VatAccounting {
                currency: "EUR".parse().unwrap(),
                rate_date: "2026-10-30".parse().unwrap(),
                billed_per_euro: "1.1651".parse().unwrap(),
                accounted_per_euro: Decimal::whole(1),
                table_sha256: "4a0e19f7".repeat(8),
                tax: eur(25_355),
            });
            let view = InvoiceView::of(&invoice, "c");
            let last = view.totals.last().unwrap();
            assert!(last.label.ends_with(" EUR"), "{language}: {}", last.label);
            assert_eq!(last.amount, numbers::money(eur(25_355), language));
            let rate = view.computation.last().unwrap();
            assert!(rate.value.starts_with("1 EUR = 1") && rate.value.contains("USD"), "{language}: {}", rate.value);
            // What is due is as before.
            assert_eq!((view.totals.len(), view.headline), (before.totals.len() + 1, before.headline));
        }
    }
}
