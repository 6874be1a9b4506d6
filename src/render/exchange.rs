//! What a document in another currency than the tariff's says of the rate, and of the amounts before it.

use super::numbers;
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
}

const ENGLISH: Words = Words {
    rate: "Exchange rate",
    published: "published on",
    before: "In the currency of the tariff",
    net: "net",
    total: "total",
};

fn words(language: Language) -> Words {
    let of = |rate, published, before, net, total| Words { rate, published, before, net, total };
    match language.code() {
        "it" => of("Tasso di cambio", "pubblicato il", "Nella valuta della tariffa", "imponibile", "totale"),
        "de" => of("Wechselkurs", "veröffentlicht am", "In der Währung des Tarifs", "netto", "gesamt"),
        "fr" => of("Taux de change", "publié le", "Dans la monnaie du tarif", "hors taxe", "total"),
        "es" => of("Tipo de cambio", "publicado el", "En la moneda de la tarifa", "base", "total"),
        "pt" => of("Taxa de câmbio", "publicada em", "Na moeda do tarifário", "base", "total"),
        _ => ENGLISH,
    }
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
