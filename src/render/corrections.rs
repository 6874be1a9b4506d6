//! Words for what corrects an issued document, for amounts of earlier months, and for previews.
//!
//! Like the terms of tariffs they are not among the texts that templates see: an invoice without any of these keeps
//! its bytes.

use serde::Serialize;

use super::languages::{french, german, portuguese, spanish};
use crate::domain::business::Language;
use crate::domain::correction::CorrectionCause;

/// Labels and sentences of one language, with places as in [`super::texts::Texts`].
#[derive(Debug, Serialize)]
pub struct Words {
    pub credit_note: &'static str,
    pub credit_number: &'static str,
    pub credit_to: &'static str,
    pub corrects: &'static str,
    pub replaces: &'static str,
    pub number_of_date: &'static str,
    pub reason: &'static str,
    pub late_logs: &'static str,
    pub dispute: &'static str,
    pub reissue: &'static str,
    pub why_corrected: &'static str,
    pub why_late_logs: &'static str,
    pub why_dispute: &'static str,
    pub why_reissue: &'static str,
    pub why_replaced: &'static str,
    pub in_own_words: &'static str,
    pub headline: &'static str,
    pub billed: &'static str,
    pub now: &'static str,
    pub credit: &'static str,
    pub each: &'static str,
    pub minimum: &'static str,
    pub cap: &'static str,
    pub earlier_month: &'static str,
    pub below_zero: &'static str,
    pub net: &'static str,
    pub total: &'static str,
    pub settling: &'static str,
    pub settled: &'static str,
    pub settled_reissue: &'static str,
    pub questions: &'static str,
    pub changed: &'static str,
    pub changed_file: &'static str,
    pub counted: &'static str,
    pub counted_runs: &'static str,
    pub was_sha256: &'static str,
    pub now_sha256: &'static str,
    pub earlier_sha256: &'static str,
    pub subject: &'static str,
    pub subject_replaced: &'static str,
    pub intro: &'static str,
    pub intro_replaced: &'static str,
    pub attached: &'static str,
    pub attached_alone: &'static str,
    pub attached_invoice: &'static str,
    pub copy: &'static str,
    pub too_big: &'static str,
    pub carried_over: &'static str,
    pub carried_over_one: &'static str,
    pub carried_over_why: &'static str,
    pub known_later: &'static str,
    pub charges_of: &'static str,
    pub earlier_months: &'static str,
    pub preview: &'static str,
    pub no_invoice: &'static str,
    pub no_credit_note: &'static str,
    pub preview_title: &'static str,
    pub preview_title_credit: &'static str,
    pub preview_headline: &'static str,
    pub preview_headline_credit: &'static str,
    pub preview_settling: &'static str,
    pub preview_settled: &'static str,
    pub preview_questions: &'static str,
    pub preview_attached: &'static str,
}

/// The words of a language.
pub const fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Italian => &ITALIAN,
        Language::Portuguese => &portuguese::WORDS,
        Language::Spanish => &spanish::WORDS,
        Language::German => &german::WORDS,
        Language::French => &french::WORDS,
    }
}

impl Words {
    /// The cause in two or three words, and in a sentence.
    pub const fn cause(&self, cause: CorrectionCause) -> (&'static str, &'static str) {
        match cause {
            CorrectionCause::LateLogs => (self.late_logs, self.why_late_logs),
            CorrectionCause::Dispute => (self.dispute, self.why_dispute),
            CorrectionCause::Reissue => (self.reissue, self.why_reissue),
        }
    }
}

const ENGLISH: Words = Words {
    credit_note: "Credit note",
    credit_number: "Credit note number",
    credit_to: "Credit to",
    corrects: "Corrects invoice",
    replaces: "Replaces invoice",
    number_of_date: "{number} of {date}",
    reason: "Reason",
    late_logs: "Known later",
    dispute: "Dispute",
    reissue: "Wrong details",
    why_corrected: "This credit note corrects invoice {number} of {date}.",
    why_late_logs: "After it was issued, further logs arrived or gaps in the logs were accepted, and some of its charges \
                    no longer stand.",
    why_dispute: "You disputed some of its charges, and you were right: they are credited here.",
    why_reissue: "It had wrong details, such as an address; its charges were right. It is credited here, and an invoice \
                  with the right details stands in its place.",
    why_replaced: "This invoice stands in place of invoice {number} of {date}, which had wrong details and has been \
                   credited. What you have paid for that one counts for this one.",
    in_own_words: "Reason: {reason}",
    headline: "{amount} credited to you",
    billed: "Billed",
    now: "Now",
    credit: "Credit",
    each: "{price} each",
    minimum: "Minimum of the month",
    cap: "Cap of the month",
    earlier_month: "Charges of {month}, as a whole",
    below_zero: "A credit below zero means that more stands now than was billed.",
    net: "Net credited",
    total: "Total credited",
    settling: "What happens with this amount",
    settled: "You have nothing to pay. {amount} is set off against invoice {number} where that is not paid yet. What is \
              paid already is paid back, or set against your next invoice.",
    settled_reissue: "You have nothing to pay for invoice {number}: {amount} is set off against it. What you have paid \
                      for it already counts for the invoice that stands in its place.",
    questions: "Questions about this credit note: {email}",
    changed: "Messages corrected",
    changed_file: "File with each of them",
    counted: "Messages counted now",
    counted_runs: "Runs of messages counted now",
    was_sha256: "SHA-256 of data billed",
    now_sha256: "SHA-256 of data now",
    earlier_sha256: "SHA-256 of earlier data",
    subject: "{number} Credit note for {month}: {amount}, corrects {corrected}",
    subject_replaced: "{number} Invoice for {month} in place of {corrected}: {amount} due {due}",
    intro: "Here is our credit note {number} for {month}. It corrects invoice {corrected} of {date}. {why}",
    intro_replaced: "Here is our invoice {number} for {month}. {why}",
    attached: "Attached: {pdf} (the credit note) and {lines} (every message that it corrects).",
    attached_alone: "Attached: {pdf} (the credit note).",
    attached_invoice: "Attached: {pdf} (the invoice).",
    copy: "Copy",
    too_big: "The documents of {number} are too large for a mail and are not attached. \
              Please ask for them by replying to this mail.",
    carried_over: "Charges of {month}, carried over ({count} charges)",
    carried_over_one: "Charges of {month}, carried over ({count} charge)",
    carried_over_why: "not billed before: alone they were less than the smallest invoice",
    known_later: "Charges of {month} known later (logs that arrived after the closing)",
    charges_of: "Charges of {month}",
    earlier_months: "Charges of earlier months",
    preview: "PREVIEW",
    no_invoice: "NOT AN INVOICE",
    no_credit_note: "NOT A CREDIT NOTE",
    preview_title: "Preview of the invoice for {month}",
    preview_title_credit: "Preview of the credit note for {month}",
    preview_headline: "{amount} would be due",
    preview_headline_credit: "{amount} would be credited to you",
    preview_settling: "Not issued yet",
    preview_settled: "This is a preview. It has no number, asks for no payment, and may differ from what is issued.",
    preview_questions: "Questions about this preview: {email}",
    preview_attached: "Attached: {pdf} (the preview).",
};

const ITALIAN: Words = Words {
    credit_note: "Nota di credito",
    credit_number: "Numero nota di credito",
    credit_to: "A credito di",
    corrects: "Rettifica la fattura",
    replaces: "Sostituisce la fattura",
    number_of_date: "{number} del {date}",
    reason: "Motivo",
    late_logs: "Dati successivi",
    dispute: "Contestazione",
    reissue: "Dati errati",
    why_corrected: "Questa nota di credito rettifica la fattura {number}, emessa in data {date}.",
    why_late_logs: "Dopo la sua emissione sono arrivati altri registri, o sono state accettate lacune nei registri, e \
                    alcuni addebiti non valgono più.",
    why_dispute: "Ne avete contestato alcuni addebiti, e avevate ragione: vi sono accreditati qui.",
    why_reissue: "Conteneva dati errati, come un indirizzo; gli addebiti erano giusti. Viene accreditata qui, e al suo \
                  posto vale una fattura con i dati corretti.",
    why_replaced: "Questa fattura sostituisce la fattura {number}, emessa in data {date}, che conteneva dati errati ed è \
                   stata accreditata. Quanto avete pagato per quella vale per questa.",
    in_own_words: "Motivo: {reason}",
    headline: "{amount} a vostro credito",
    billed: "Fatturato",
    now: "Ora",
    credit: "Credito",
    each: "{price} l’uno",
    minimum: "Minimo del mese",
    cap: "Tetto del mese",
    earlier_month: "Addebiti di {month}, nel complesso",
    below_zero: "Un credito sotto zero significa che ora vale più di quanto era stato fatturato.",
    net: "Imponibile a credito",
    total: "Totale a credito",
    settling: "Che cosa ne è di questo importo",
    settled: "Non avete nulla da pagare. {amount} è portato in compensazione della fattura {number}, se non è ancora \
              pagata. Quanto è già pagato viene rimborsato, o detratto dalla prossima fattura.",
    settled_reissue: "Per la fattura {number} non avete nulla da pagare: {amount} è portato in sua compensazione. Quanto \
                      avete già pagato vale per la fattura che la sostituisce.",
    questions: "Per domande su questa nota di credito: {email}",
    changed: "Messaggi rettificati",
    changed_file: "File con ciascuno di essi",
    counted: "Messaggi contati ora",
    counted_runs: "Serie di messaggi contate ora",
    was_sha256: "SHA-256 dati fatturati",
    now_sha256: "SHA-256 dati ora",
    earlier_sha256: "SHA-256 dati precedenti",
    subject: "{number} Nota di credito di {month}: {amount}, rettifica {corrected}",
    subject_replaced: "{number} Fattura di {month} in sostituzione di {corrected}: {amount}, scadenza {due}",
    intro: "Ecco la nostra nota di credito {number} di {month}. Rettifica la fattura {corrected}, emessa in data {date}. \
            {why}",
    intro_replaced: "Ecco la nostra fattura {number} di {month}. {why}",
    attached: "Allegati: {pdf} (la nota di credito) e {lines} (ogni messaggio rettificato).",
    attached_alone: "Allegato: {pdf} (la nota di credito).",
    attached_invoice: "Allegato: {pdf} (la fattura).",
    copy: "Copia",
    too_big: "I documenti di {number} sono troppo grandi per un’e-mail e non sono allegati. \
              Per riceverli basta rispondere a questa e-mail.",
    carried_over: "Addebiti di {month}, riportati ({count} addebiti)",
    carried_over_one: "Addebiti di {month}, riportati ({count} addebito)",
    carried_over_why: "non ancora fatturati: da soli erano meno della fattura più piccola",
    known_later: "Addebiti di {month} noti in seguito (registri arrivati dopo la chiusura)",
    charges_of: "Addebiti di {month}",
    earlier_months: "Addebiti di mesi precedenti",
    preview: "ANTEPRIMA",
    no_invoice: "NON È UNA FATTURA",
    no_credit_note: "NON È UNA NOTA DI CREDITO",
    preview_title: "Anteprima della fattura di {month}",
    preview_title_credit: "Anteprima della nota di credito di {month}",
    preview_headline: "{amount} sarebbe da pagare",
    preview_headline_credit: "{amount} sarebbe a vostro credito",
    preview_settling: "Non ancora emessa",
    preview_settled: "Questa è un’anteprima. Non ha numero, non chiede alcun pagamento e può differire da ciò che sarà \
                      emesso.",
    preview_questions: "Per domande su questa anteprima: {email}",
    preview_attached: "Allegato: {pdf} (l’anteprima).",
};

#[cfg(test)]
mod tests {
    use super::super::texts::whole;
    use super::*;

    #[test]
    fn every_language_has_every_word_with_the_same_places() {
        let all = Language::ALL.map(|language| (language, serde_json::to_value(of(language)).unwrap()));
        whole(&all, &[]);
    }
}
