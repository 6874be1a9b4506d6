//! Words of the pages of details, of the legal notes, and of what a document has since its second edition.
//!
//! They are not among the texts of the first edition: those go into the identity of a PDF, and its documents keep their
//! bytes.

use serde::Serialize;

use super::languages::{french, german, portuguese, spanish};
use crate::domain::business::Language;

/// Labels and sentences of one language, with places as in [`super::texts::Texts`].
#[derive(Debug, Serialize)]
pub struct Labels {
    pub legal: &'static str,
    /// Of an invoice with several rates.
    pub vat_total: &'static str,
    /// When to pay, where that is not in several days.
    pub one_day: &'static str,
    pub on_receipt: &'static str,
    pub e_invoice_attached: &'static str,
    /// Of a row that stands for so many lines.
    pub lines_together: &'static str,
    /// Below a table with such rows.
    pub together: &'static str,
    pub details: &'static str,
    pub details_intro: &'static str,
    pub details_intro_credit: &'static str,
    pub by_day: &'static str,
    pub by_market: &'static str,
    pub by_entry_point: &'static str,
    pub by_change: &'static str,
    pub day: &'static str,
    pub market: &'static str,
    pub entry_point: &'static str,
    pub change: &'static str,
    pub wait: &'static str,
    pub received: &'static str,
    pub customer: &'static str,
    pub waited: &'static str,
    pub charges: &'static str,
    pub messages: &'static str,
    pub share: &'static str,
    pub total: &'static str,
    pub other_markets: &'static str,
    pub elsewhere: &'static str,
    pub entry_unknown: &'static str,
    pub waits: &'static str,
    pub waits_outbound: &'static str,
    pub over: &'static str,
    pub no_answer: &'static str,
    pub chart: &'static str,
    pub longest: &'static str,
    pub masked: &'static str,
    pub masked_alone: &'static str,
    pub exact: &'static str,
    pub late: &'static str,
    pub unanswered: &'static str,
    pub not_charged: &'static str,
    /// In place of a character that the fonts of the PDF lack stands `□`, and this sentence among the notes.
    pub missing: &'static str,
}

/// The labels of a language.
pub const fn of(language: Language) -> &'static Labels {
    match language {
        Language::English => &ENGLISH,
        Language::Italian => &ITALIAN,
        Language::Portuguese => &portuguese::LABELS,
        Language::Spanish => &spanish::LABELS,
        Language::German => &german::LABELS,
        Language::French => &french::LABELS,
    }
}

const ENGLISH: Labels = Labels {
    legal: "Legal notes",
    vat_total: "Total VAT",
    one_day: "1 day from the issue date",
    on_receipt: "on receipt",
    e_invoice_attached: "Also attached: {xml} (e-invoice, UBL).",
    lines_together: "{count} lines together",
    together: "This invoice has {count} lines. Here those of a market stand together; the file with every charge has all that they \
               are made of.",
    details: "Details of {month}",
    details_intro: "What the charges of this invoice are made of. Each of them stands in {file}.",
    details_intro_credit: "The messages that this credit note corrects. Each of them stands in {file}.",
    by_day: "By day",
    by_market: "By market",
    by_entry_point: "By entry point",
    by_change: "By change",
    day: "Day",
    market: "Market",
    entry_point: "Entry point",
    change: "Change",
    wait: "Wait",
    received: "Received",
    customer: "Customer",
    waited: "Waited",
    charges: "Charges",
    messages: "Messages",
    share: "Share",
    total: "Total",
    other_markets: "{count} other markets",
    elsewhere: "Other countries",
    entry_unknown: "not known",
    waits: "How long customers waited",
    waits_outbound: "How late the messages were sent",
    over: "over {length}",
    no_answer: "no answer",
    chart: "Columns: charges by length of the wait. The table has the same numbers: {numbers}.",
    longest: "The longest waits",
    masked: "Times are those of {zone}. Customers’ numbers are masked; the file with every charge names each message.",
    masked_alone: "Days are those of {zone}.",
    exact: "Sums on these pages are exact. On the first page each line is rounded once, and minimum, cap and earlier \
            months stand there.",
    late: "late",
    unanswered: "never answered",
    not_charged: "not charged",
    missing: "□ stands for a character that the fonts of this file do not have. The name is whole in the data file.",
};

const ITALIAN: Labels = Labels {
    legal: "Note legali",
    vat_total: "Totale IVA",
    one_day: "1 giorno dalla data di emissione",
    on_receipt: "alla ricezione",
    e_invoice_attached: "Allegato anche: {xml} (fattura elettronica, UBL).",
    lines_together: "{count} righe insieme",
    together: "Questa fattura ha {count} righe. Qui quelle di uno stesso mercato sono riunite; il file con ogni addebito contiene \
               tutto ciò che le compone.",
    details: "Dettaglio di {month}",
    details_intro: "Di che cosa si compongono gli addebiti di questa fattura. Ciascuno si trova in {file}.",
    details_intro_credit: "I messaggi rettificati da questa nota di credito. Ciascuno si trova in {file}.",
    by_day: "Per giorno",
    by_market: "Per mercato",
    by_entry_point: "Per punto di ingresso",
    by_change: "Per variazione",
    day: "Giorno",
    market: "Mercato",
    entry_point: "Punto di ingresso",
    change: "Variazione",
    wait: "Attesa",
    received: "Ricezione",
    customer: "Cliente",
    waited: "Durata",
    charges: "Addebiti",
    messages: "Messaggi",
    share: "Quota",
    total: "Totale",
    other_markets: "Altri {count} mercati",
    elsewhere: "Altri Paesi",
    entry_unknown: "non noto",
    waits: "Quanto hanno atteso i clienti",
    waits_outbound: "Con quanto ritardo sono stati inviati i messaggi",
    over: "oltre {length}",
    no_answer: "senza risposta",
    chart: "Colonne: addebiti per durata dell’attesa. La tabella ha gli stessi numeri: {numbers}.",
    longest: "Le attese più lunghe",
    masked: "Orari di {zone}. I numeri dei clienti sono mascherati; il file con ogni addebito identifica ogni messaggio.",
    masked_alone: "Giorni di {zone}.",
    exact: "Le somme di queste pagine sono esatte. Nella prima pagina ogni riga è arrotondata una volta sola; vi si trovano \
            anche minimo, tetto e mesi precedenti.",
    late: "in ritardo",
    unanswered: "senza risposta",
    not_charged: "non addebitato",
    missing: "□ sta per un carattere che i font di questo file non hanno. Il nome è completo nel file dei dati.",
};

#[cfg(test)]
mod tests {
    use super::super::texts::whole;
    use super::*;

    #[test]
    fn every_language_has_every_label_with_the_same_places() {
        let all = Language::ALL.map(|language| (language, serde_json::to_value(of(language)).unwrap()));
        whole(&all, &[]);
    }
}
