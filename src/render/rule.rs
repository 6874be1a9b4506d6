//! The rule of an invoice in sentences: what its reading charges, when, and in which month.

use std::collections::BTreeMap;

use super::languages::{french, german, portuguese, spanish};
use super::texts::fill;
use super::view::length;
use crate::domain::business::Language;
use crate::domain::{Elapsed, Invoice};

/// Sentences of one language. `{window}` and `{give_up}` are places.
pub(super) struct Words {
    pub late_or_never: &'static str,
    pub late_reply: &'static str,
    pub late_outbound: &'static str,
    pub month_received: &'static str,
    pub month_deadline: &'static str,
    pub month_answered: &'static str,
    pub month_sent: &'static str,
    pub once_by_first: &'static str,
    pub once_by_last: &'static str,
    pub each_by_first: &'static str,
    pub each_by_last: &'static str,
    pub exclusive: &'static str,
    pub human: &'static str,
    pub delivered: &'static str,
    pub never_is_free: &'static str,
    pub give_up: &'static str,
    pub price_deadline: &'static str,
    pub price_answered: &'static str,
}

/// The sentences of an invoice.
pub(super) fn rule(invoice: &Invoice) -> String {
    let words = match invoice.language {
        Language::English => &ENGLISH,
        Language::Italian => &ITALIAN,
        Language::Portuguese => &portuguese::RULE,
        Language::Spanish => &spanish::RULE,
        Language::German => &german::RULE,
        Language::French => &french::RULE,
    };
    let computation = &invoice.computation;
    let stated = stated(&computation.reading);
    let (window, give_up) = (length(computation.window, invoice), give_up(&stated, invoice));
    let sentences: Vec<String> = sentences(words, &stated)
        .into_iter()
        .map(|sentence| fill(sentence, &[("window", &window), ("give_up", &give_up)]))
        .collect();
    sentences.join(" ")
}

/// Whether the messages of the business are charged, each that comes late.
pub(super) fn is_outbound(invoice: &Invoice) -> bool {
    stated(&invoice.computation.reading).get("charge_for") == Some(&"late_outbound")
}

/// Whether messages in a row are charged once.
pub(super) fn is_by_run(invoice: &Invoice) -> bool {
    stated(&invoice.computation.reading).get("charge_per") == Some(&"wait_run")
}

/// The fields of a reading: `charge_for = late_reply, give_up = 168h`.
fn stated(reading: &str) -> BTreeMap<&str, &str> {
    reading.split(", ").filter_map(|field| field.split_once(" = ")).collect()
}

fn give_up(stated: &BTreeMap<&str, &str>, invoice: &Invoice) -> String {
    let told = |elapsed: Elapsed| length(elapsed, invoice);
    stated.get("give_up").and_then(|text| text.parse().ok()).map(told).unwrap_or_default()
}

fn sentences(words: &Words, stated: &BTreeMap<&str, &str>) -> Vec<&'static str> {
    let field = |name: &str| stated.get(name).copied().unwrap_or_default();
    let charge_for = field("charge_for");
    let (charged, month) = match (charge_for, field("month_of")) {
        ("late_outbound", _) => (words.late_outbound, words.month_sent),
        ("late_reply", "deadline") => (words.late_reply, words.month_deadline),
        ("late_reply", "answered") => (words.late_reply, words.month_answered),
        ("late_reply", _) => (words.late_reply, words.month_received),
        (_, "deadline") => (words.late_or_never, words.month_deadline),
        _ => (words.late_or_never, words.month_received),
    };
    let run = match (field("charge_per"), field("clock")) {
        ("wait_run", "last_inbound") => words.once_by_last,
        ("wait_run", _) => words.once_by_first,
        (_, "first_unanswered") => words.each_by_first,
        (_, "last_inbound") => words.each_by_last,
        _ => "",
    };
    let answers = match field("answered_by") {
        "human" => words.human,
        "delivered" => words.delivered,
        _ => "",
    };
    let end = match (field("give_up"), charge_for) {
        ("", _) => "",
        (_, "late_reply") => words.never_is_free,
        _ => words.give_up,
    };
    let price = match field("price_date") {
        "deadline" => words.price_deadline,
        "answered" => words.price_answered,
        _ => "",
    };
    let boundary = if field("boundary").is_empty() { "" } else { words.exclusive };
    let all = [charged, month, run, boundary, answers, end, price];
    all.into_iter().filter(|sentence| !sentence.is_empty()).collect()
}

const ENGLISH: Words = Words {
    late_or_never: "A customer’s message is charged once when no answer was sent within {window} of its receipt, \
                    whether the answer came later or never.",
    late_reply: "A customer’s message is charged once when its answer was sent later than {window} after its receipt.",
    late_outbound: "A message to a customer is charged when it was sent later than {window} after the customer’s last \
                    message before it.",
    month_received: "It belongs to the month in which it was received.",
    month_deadline: "It belongs to the month in which its window ended.",
    month_answered: "It belongs to the month of its answer.",
    month_sent: "It belongs to the month in which it was sent.",
    once_by_first: "Messages in a row with no answer between them are charged once together, by the time of the first.",
    once_by_last: "Messages in a row with no answer between them are charged once together, by the time of the last.",
    each_by_first: "Of messages in a row with no answer between them, the first gives the time of all.",
    each_by_last: "Of messages in a row with no answer between them, the last gives the time of all.",
    exclusive: "Exactly {window} is late.",
    human: "Automatic answers do not count.",
    delivered: "Only answers that were delivered count.",
    never_is_free: "One that has no answer within {give_up} is free.",
    give_up: "An answer later than {give_up} does not count.",
    price_deadline: "The price is the one in force at the end of the window.",
    price_answered: "The price is the one in force at the time of the answer.",
};

const ITALIAN: Words = Words {
    late_or_never: "Il messaggio di un cliente si addebita una volta se nessuna risposta è stata inviata entro \
                    {window} dalla ricezione, che la risposta sia arrivata più tardi o mai.",
    late_reply: "Il messaggio di un cliente si addebita una volta se la risposta è stata inviata oltre {window} dalla \
                 ricezione.",
    late_outbound: "Un messaggio a un cliente si addebita se è stato inviato oltre {window} dopo l’ultimo messaggio \
                    del cliente che lo precede.",
    month_received: "Appartiene al mese in cui è stato ricevuto.",
    month_deadline: "Appartiene al mese in cui è terminata la sua finestra.",
    month_answered: "Appartiene al mese della sua risposta.",
    month_sent: "Appartiene al mese in cui è stato inviato.",
    once_by_first: "Più messaggi di seguito senza una risposta in mezzo si addebitano una volta sola; vale l’ora del \
                    primo.",
    once_by_last: "Più messaggi di seguito senza una risposta in mezzo si addebitano una volta sola; vale l’ora \
                   dell’ultimo.",
    each_by_first: "Per più messaggi di seguito senza una risposta in mezzo vale l’ora del primo.",
    each_by_last: "Per più messaggi di seguito senza una risposta in mezzo vale l’ora dell’ultimo.",
    exclusive: "Esattamente {window} è in ritardo.",
    human: "Le risposte automatiche non contano.",
    delivered: "Contano solo le risposte consegnate.",
    never_is_free: "Senza una risposta entro {give_up} è gratuito.",
    give_up: "Una risposta oltre {give_up} non conta.",
    price_deadline: "Vale il prezzo in vigore alla fine della finestra.",
    price_answered: "Vale il prezzo in vigore al momento della risposta.",
};

#[cfg(test)]
mod tests {
    use super::super::{sample, texts};
    use super::*;

    #[track_caller]
    fn check(reading: &str, english: &str) {
        let mut invoice = sample::invoice(Language::English);
        invoice.computation.reading = reading.to_owned();
        assert_eq!(rule(&invoice), english, "{reading}");
        for language in Language::ALL {
            invoice.language = language;
            let other = rule(&invoice);
            assert_eq!(other.matches('.').count(), english.matches('.').count(), "{other}");
            assert!(!other.contains(['{', '}']), "{other}");
        }
    }

    #[test]
    fn the_default_reading_has_the_sentences_of_the_announcement() {
        for language in Language::ALL {
            let plain = fill(texts::of(language).rule_text, &[("window", "24 h")]);
            assert_eq!(rule(&sample::invoice(language)), plain);
        }
    }

    #[test]
    fn a_reading_is_told_in_sentences() {
        check(
            "",
            "A customer’s message is charged once when no answer was sent within 24 h of its receipt, whether the \
             answer came later or never. It belongs to the month in which it was received.",
        );
        check(
            "charge_for = late_reply, month_of = answered, give_up = 168h",
            "A customer’s message is charged once when its answer was sent later than 24 h after its receipt. It \
             belongs to the month of its answer. One that has no answer within 168 h is free.",
        );
        check(
            "charge_for = late_outbound, boundary = exclusive",
            "A message to a customer is charged when it was sent later than 24 h after the customer’s last message \
             before it. It belongs to the month in which it was sent. Exactly 24 h is late.",
        );
        check(
            "charge_per = wait_run, clock = last_inbound, price_date = deadline, month_of = deadline, \
             answered_by = human, give_up = 72h",
            "A customer’s message is charged once when no answer was sent within 24 h of its receipt, whether the \
             answer came later or never. It belongs to the month in which its window ended. Messages in a row with \
             no answer between them are charged once together, by the time of the last. Automatic answers do not \
             count. An answer later than 72 h does not count. The price is the one in force at the end of the window.",
        );
    }
}
