//! Every word of the documents, in every language. Nothing else in this stage has prose.

use serde::Serialize;

use super::languages::{french, german, portuguese, spanish};
use crate::domain::business::Language;
use crate::domain::{Date, EntryPoint, Month};

/// Labels and sentences of one language. `{name}` in a sentence is a place for [`fill`].
#[derive(Debug, Serialize)]
pub struct Texts {
    pub invoice: &'static str,
    pub number: &'static str,
    pub issue_date: &'static str,
    pub due_date: &'static str,
    pub service_period: &'static str,
    pub currency: &'static str,
    pub customer_number: &'static str,
    pub reference: &'static str,
    pub seller: &'static str,
    pub bill_to: &'static str,
    pub vat_id: &'static str,
    pub registration: &'static str,
    pub headline: &'static str,
    pub nothing_due: &'static str,
    pub description: &'static str,
    pub quantity: &'static str,
    pub unit_price: &'static str,
    pub amount: &'static str,
    pub vat_code: &'static str,
    pub line: &'static str,
    pub line_elsewhere: &'static str,
    pub step: &'static str,
    pub information_request: &'static str,
    pub click_to_chat: &'static str,
    pub live_support: &'static str,
    pub net: &'static str,
    pub total: &'static str,
    pub vat_standard: &'static str,
    pub vat_reverse: &'static str,
    pub vat_outside: &'static str,
    pub vat_exempt: &'static str,
    pub vat_any: &'static str,
    pub note_reverse: &'static str,
    pub note_outside: &'static str,
    pub note_exempt: &'static str,
    pub how_to_pay: &'static str,
    pub please_pay: &'static str,
    pub nothing_to_pay: &'static str,
    pub account_holder: &'static str,
    pub payment_reference: &'static str,
    pub payment_term: &'static str,
    pub days: &'static str,
    pub questions: &'static str,
    pub how_computed: &'static str,
    pub rule: &'static str,
    pub rule_text: &'static str,
    pub window: &'static str,
    pub tariff: &'static str,
    pub tariff_version: &'static str,
    pub tariff_sha256: &'static str,
    pub tariff_source: &'static str,
    pub zone: &'static str,
    pub counted: &'static str,
    pub counts: &'static str,
    pub counts_open: &'static str,
    pub cut: &'static str,
    pub line_file: &'static str,
    pub data_sha256: &'static str,
    pub chain_head: &'static str,
    pub page: &'static str,
    pub of: &'static str,
    pub subject: &'static str,
    pub subject_nothing_due: &'static str,
    pub mail_intro: &'static str,
    pub mail_attached: &'static str,
    pub months: [&'static str; 12],
}

/// The texts of a language.
pub const fn of(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Italian => &ITALIAN,
        Language::Portuguese => &portuguese::TEXTS,
        Language::Spanish => &spanish::TEXTS,
        Language::German => &german::TEXTS,
        Language::French => &french::TEXTS,
    }
}

/// A sentence with its places filled. One pass: a value that looks like a place stays what it is.
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(values.iter().find(|(place, _)| *place == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// `1 December 2026`, `1 dicembre 2026`, `1. Dezember 2026`, `1er décembre 2026`.
pub fn written_date(date: Date, language: Language) -> String {
    let (day, month, year) = (date.day(), month_name(date.month(), language), date.year());
    match (language, day) {
        (Language::English | Language::Italian, _) => format!("{day} {month} {year}"),
        (Language::Portuguese | Language::Spanish, _) => format!("{day} de {month} de {year}"),
        (Language::German, _) => format!("{day}. {month} {year}"),
        (Language::French, 1) => format!("1er {month} {year}"),
        (Language::French, _) => format!("{day} {month} {year}"),
    }
}

/// `by 1 December 2026`, `entro il 1º dicembre 2026`: Italian elides before 8 and 11.
pub fn until(date: Date, language: Language) -> String {
    let written = written_date(date, language);
    match (language, date.day()) {
        (Language::English, _) => format!("by {written}"),
        (Language::Italian, 1) => format!("entro il 1º{}", written.trim_start_matches('1')),
        (Language::Italian, 8 | 11) => format!("entro l’{written}"),
        (Language::Italian, _) => format!("entro il {written}"),
        (Language::Portuguese, _) => format!("até {written}"),
        (Language::Spanish, _) => format!("hasta el {written}"),
        (Language::German, _) => format!("bis zum {written}"),
        (Language::French, _) => format!("au plus tard le {written}"),
    }
}

/// `August 2018`, `agosto 2018`, `agosto de 2018`.
pub fn written_month(month: Month, language: Language) -> String {
    let (name, year) = (month_name(month.number(), language), month.year());
    match language {
        Language::Portuguese | Language::Spanish => format!("{name} de {year}"),
        Language::English | Language::Italian | Language::German | Language::French => format!("{name} {year}"),
    }
}

fn month_name(number: u8, language: Language) -> &'static str {
    of(language).months.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or_default()
}

impl Texts {
    /// How the customer came to write; `None` when the logs do not say.
    pub const fn entry_point(&self, entry_point: EntryPoint) -> Option<&'static str> {
        match entry_point {
            EntryPoint::InformationRequest => Some(self.information_request),
            EntryPoint::ClickToChat => Some(self.click_to_chat),
            EntryPoint::LiveSupport => Some(self.live_support),
            EntryPoint::Unknown => None,
        }
    }
}

const ENGLISH: Texts = Texts {
    invoice: "Invoice",
    number: "Invoice number",
    issue_date: "Issue date",
    due_date: "Due date",
    service_period: "Service period",
    currency: "Currency",
    customer_number: "Customer number",
    reference: "Your reference",
    seller: "Seller",
    bill_to: "Bill to",
    vat_id: "VAT id",
    registration: "Registration",
    headline: "{amount} due {date}",
    nothing_due: "{amount}: nothing to pay",
    description: "Description",
    quantity: "Quantity",
    unit_price: "Unit price",
    amount: "Amount",
    vat_code: "VAT",
    line: "Late replies: {market}",
    line_elsewhere: "Late replies: other countries",
    step: "waited more than {length}",
    information_request: "information request",
    click_to_chat: "click to chat",
    live_support: "live support",
    net: "Net amount",
    total: "Total due",
    vat_standard: "VAT {rate} of {net} (S)",
    vat_reverse: "VAT, reverse charge (AE)",
    vat_outside: "VAT, out of scope (O)",
    vat_exempt: "VAT, exempt (E)",
    vat_any: "VAT {rate} ({category})",
    note_reverse: "Reverse charge / Inversione contabile",
    note_outside: "Not subject to VAT",
    note_exempt: "Exempt from VAT",
    how_to_pay: "How to pay",
    please_pay: "Please pay {amount} {until} and give the reference {number}.",
    nothing_to_pay: "No payment is needed.",
    account_holder: "Account holder",
    payment_reference: "Reference",
    payment_term: "Payment term",
    days: "{days} days from the issue date",
    questions: "Questions about this invoice: {email}",
    how_computed: "How this was computed",
    rule: "Rule",
    rule_text: "A customer’s message is charged once when no answer was sent within {window} of its receipt, \
                whether the answer came later or never. It belongs to the month in which it was received.",
    window: "Window",
    tariff: "Tariff",
    tariff_version: "{id}, version {version}",
    tariff_sha256: "SHA-256 of the tariff",
    tariff_source: "Source of the rates",
    zone: "Time zone of the month",
    counted: "Messages counted",
    counts: "{waits} in all: {on_time} answered in time, {late} answered late, {unanswered} never answered",
    counts_open: "; not charged: {pending} pending, {held} held",
    cut: "Evidence ends",
    line_file: "File with every charge",
    data_sha256: "SHA-256 of its data",
    chain_head: "Chain head",
    page: "Page",
    of: "of",
    subject: "{number} Invoice for {month}: {amount} due {due}",
    subject_nothing_due: "{number} Invoice for {month}: nothing to pay",
    mail_intro: "Here is our invoice {number} for {month}, for messages of your customers that had no answer in time.",
    mail_attached: "Attached: {pdf} (the invoice) and {lines} (every charge).",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

const ITALIAN: Texts = Texts {
    invoice: "Fattura",
    number: "Numero fattura",
    issue_date: "Data di emissione",
    due_date: "Scadenza",
    service_period: "Periodo",
    currency: "Valuta",
    customer_number: "Codice cliente",
    reference: "Vostro riferimento",
    seller: "Fornitore",
    bill_to: "Cliente",
    vat_id: "Partita IVA",
    registration: "Registro imprese",
    headline: "{amount} da pagare {until}",
    nothing_due: "{amount}: nulla da pagare",
    description: "Descrizione",
    quantity: "Quantità",
    unit_price: "Prezzo unitario",
    amount: "Importo",
    vat_code: "IVA",
    line: "Risposte in ritardo: {market}",
    line_elsewhere: "Risposte in ritardo: altri Paesi",
    step: "attesa oltre {length}",
    information_request: "richiesta di informazioni",
    click_to_chat: "click to chat",
    live_support: "assistenza in diretta",
    net: "Imponibile",
    total: "Totale da pagare",
    vat_standard: "IVA {rate} su {net} (S)",
    vat_reverse: "IVA, inversione contabile (AE)",
    vat_outside: "IVA, fuori campo (O)",
    vat_exempt: "IVA, esente (E)",
    vat_any: "IVA {rate} ({category})",
    note_reverse: "Reverse charge / Inversione contabile",
    note_outside: "Operazione fuori campo IVA",
    note_exempt: "Operazione esente da IVA",
    how_to_pay: "Come pagare",
    please_pay: "Si prega di pagare {amount} {until} indicando il riferimento {number}.",
    nothing_to_pay: "Nessun pagamento richiesto.",
    account_holder: "Intestatario",
    payment_reference: "Riferimento",
    payment_term: "Termine",
    days: "{days} giorni dalla data di emissione",
    questions: "Per domande su questa fattura: {email}",
    how_computed: "Come è stata calcolata",
    rule: "Regola",
    rule_text: "Il messaggio di un cliente si addebita una volta se nessuna risposta è stata inviata entro {window} \
                dalla ricezione, che la risposta sia arrivata più tardi o mai. Appartiene al mese in cui è stato \
                ricevuto.",
    window: "Finestra",
    tariff: "Tariffa",
    tariff_version: "{id}, versione {version}",
    tariff_sha256: "SHA-256 della tariffa",
    tariff_source: "Fonte dei prezzi",
    zone: "Fuso orario del mese",
    counted: "Messaggi contati",
    counts: "{waits} in tutto: {on_time} con risposta in tempo, {late} con risposta in ritardo, {unanswered} senza \
             risposta",
    counts_open: "; non addebitati: {pending} in attesa, {held} sospesi",
    cut: "Fine dei dati",
    line_file: "File con ogni addebito",
    data_sha256: "SHA-256 dei suoi dati",
    chain_head: "Testa della catena",
    page: "Pagina",
    of: "di",
    subject: "{number} Fattura di {month}: {amount}, scadenza {due}",
    subject_nothing_due: "{number} Fattura di {month}: nulla da pagare",
    mail_intro: "Ecco la nostra fattura {number} di {month}, per i messaggi dei vostri clienti rimasti senza risposta \
                 in tempo.",
    mail_attached: "Allegati: {pdf} (la fattura) e {lines} (ogni addebito).",
    months: [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
};

/// For the tests of all tables of texts: every language has every text, none is empty, and the places are the same;
/// `but` names those that are tested otherwise.
#[cfg(test)]
pub(super) fn whole(tables: &[(Language, serde_json::Value)], but: &[&str]) {
    fn places(text: &str) -> std::collections::BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }
    let (_, first) = &tables[0];
    for (name, text) in first.as_object().unwrap().iter().filter(|(name, _)| !but.contains(&name.as_str())) {
        for (language, table) in tables {
            let other = table[name].as_str().unwrap_or_default();
            assert!(!other.trim().is_empty(), "{language} has no {name}");
            assert_eq!(places(text.as_str().unwrap()), places(other), "{name} in {language}");
        }
    }
}

#[cfg(test)]
mod tests;
