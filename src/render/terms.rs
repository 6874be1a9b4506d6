//! Words for what a tariff may have beyond rates and the default reading: free units, tiers, minimum, cap; and for a category
//! of VAT that came later than the others.
//!
//! They are not among the texts that templates see: those go into the identity of a PDF, and an invoice of a plain
//! tariff keeps its bytes.

use serde::Serialize;

use super::languages::{french, german, portuguese, spanish};
use crate::domain::business::Language;

/// How an invoice calls tiers in which the number of charges gives the price of all.
pub const ALL_UNITS: &str = "all_units";

/// Labels and sentences of one language, with places as in [`super::texts::Texts`].
#[derive(Debug, Serialize)]
pub struct Terms {
    pub line_free: &'static str,
    pub line_free_elsewhere: &'static str,
    pub tier_from: &'static str,
    pub tier_above: &'static str,
    pub tier_first: &'static str,
    pub charges: &'static str,
    pub minimum: &'static str,
    pub cap: &'static str,
    pub reading: &'static str,
    pub free: &'static str,
    pub free_text: &'static str,
    pub tiers: &'static str,
    pub tiers_graduated: &'static str,
    pub tiers_all_units: &'static str,
    pub counted_runs: &'static str,
    pub counts_outbound: &'static str,
    pub mail_intro_outbound: &'static str,
    pub vat_export: &'static str,
    pub note_export: &'static str,
}

/// The terms of a language.
pub const fn of(language: Language) -> &'static Terms {
    match language {
        Language::English => &ENGLISH,
        Language::Italian => &ITALIAN,
        Language::Portuguese => &portuguese::TERMS,
        Language::Spanish => &spanish::TERMS,
        Language::German => &german::TERMS,
        Language::French => &french::TERMS,
    }
}

const ENGLISH: Terms = Terms {
    line_free: "Free units: {market}",
    line_free_elsewhere: "Free units: other countries",
    tier_from: "from the {nth} charge",
    tier_above: "tier above {count} charges",
    tier_first: "first tier",
    charges: "Charges",
    minimum: "Minimum of the month ({limit})",
    cap: "Cap of the month ({limit})",
    reading: "Reading of the rule",
    free: "Free units",
    free_text: "the first {count} charges of the month",
    tiers: "Tiers",
    tiers_graduated: "graduated: each charge has the price of its place among those of its market in the month",
    tiers_all_units: "all units: the number of charges of a market in the month gives the price of all of them",
    counted_runs: "Runs of messages counted",
    counts_outbound: "{waits} in all: {on_time} sent in time, {late} sent late",
    mail_intro_outbound: "Here is our invoice {number} for {month}, for messages that you sent to customers too late.",
    vat_export: "VAT, export (G)",
    note_export: "Export outside the EU",
};

const ITALIAN: Terms = Terms {
    line_free: "Unità gratuite: {market}",
    line_free_elsewhere: "Unità gratuite: altri Paesi",
    tier_from: "dall’addebito n. {nth}",
    tier_above: "fascia oltre {count} addebiti",
    tier_first: "prima fascia",
    charges: "Addebiti",
    minimum: "Minimo del mese ({limit})",
    cap: "Tetto del mese ({limit})",
    reading: "Lettura della regola",
    free: "Unità gratuite",
    free_text: "i primi {count} addebiti del mese",
    tiers: "Fasce",
    tiers_graduated: "progressive: ogni addebito ha il prezzo del suo posto tra quelli del suo mercato nel mese",
    tiers_all_units: "per quantità: il numero di addebiti di un mercato nel mese dà il prezzo di tutti",
    counted_runs: "Serie di messaggi contate",
    counts_outbound: "{waits} in tutto: {on_time} inviati in tempo, {late} inviati in ritardo",
    mail_intro_outbound: "Ecco la nostra fattura {number} di {month}, per i messaggi inviati in ritardo ai clienti.",
    vat_export: "IVA, esportazione (G)",
    note_export: "Esportazione fuori dall’UE, non imponibile",
};

#[cfg(test)]
mod tests {
    use super::super::texts::whole;
    use super::*;

    #[test]
    fn every_language_has_every_term_with_the_same_places() {
        let all = Language::ALL.map(|language| (language, serde_json::to_value(of(language)).unwrap()));
        whole(&all, &[]);
    }
}
