//! How a document asks to be paid: how much until when, with one reference, to which account.

use super::texts::{self, Texts, fill};
use super::view::{Fact, clean, fact, is_payable};
use super::{labels, numbers};
use crate::domain::Invoice;
use crate::domain::payment::creditor_reference;

/// The sentence that asks for the amount, with when and what to name.
pub(super) fn please_pay(invoice: &Invoice, words: &Texts) -> String {
    let sentence = if is_payable(invoice) { words.please_pay } else { words.nothing_to_pay };
    let amount = numbers::money(invoice.due(), invoice.language);
    let until = texts::until(invoice.due_date, invoice.language);
    clean(&fill(sentence, &[("amount", &amount), ("until", &until), ("number", &printed_reference(invoice))]))
}

/// Bank account, reference, term; nothing where there is nothing to pay.
pub(super) fn facts(invoice: &Invoice, words: &'static Texts) -> Vec<Fact> {
    if !is_payable(invoice) {
        return Vec::new();
    }
    let payment = &invoice.payment;
    let mut facts = Vec::new();
    if let Some(iban) = &payment.iban {
        facts.push(fact(words.account_holder, &invoice.seller.legal_name));
        facts.push(fact("IBAN", in_fours(iban)));
    }
    facts.extend(payment.bic.as_deref().map(|bic| fact("BIC", bic)));
    facts.push(fact(words.payment_reference, printed_reference(invoice)));
    facts.push(fact(words.payment_term, payment_term(invoice)));
    facts
}

/// The reference that a bank can check, where a payment names it: in euro, to an account, with a number that is not too long.
/// Documents of before there were e-invoices ask for their number.
fn checked_reference(invoice: &Invoice) -> Option<String> {
    let is_asked = invoice.electronic && invoice.payment.iban.is_some() && invoice.currency.code() == "EUR";
    is_asked.then(|| creditor_reference(&invoice.number)).flatten()
}

/// What a payment is to name, as banks and programs take it: the reference of ISO 11649, or the number.
pub(super) fn payment_reference(invoice: &Invoice) -> String {
    checked_reference(invoice).unwrap_or_else(|| invoice.number.to_string())
}

/// The same as people read it.
fn printed_reference(invoice: &Invoice) -> String {
    checked_reference(invoice).map_or_else(|| invoice.number.to_string(), |reference| in_fours(&reference))
}

/// In how many days to pay. Documents of before there were e-invoices have one sentence for every number.
pub(super) fn payment_term(invoice: &Invoice) -> String {
    let (words, labels) = (texts::of(invoice.language), labels::of(invoice.language));
    let days = numbers::count(invoice.payment.days.into(), invoice.language);
    match (invoice.electronic, invoice.payment.days) {
        (true, 0) => labels.on_receipt.to_owned(),
        (true, 1) => labels.one_day.to_owned(),
        _ => fill(words.days, &[("days", &days)]),
    }
}

/// An IBAN, or a reference, in groups of four, as its standard prints it.
fn in_fours(iban: &str) -> String {
    let mut text = String::new();
    for (index, sign) in iban.chars().filter(|c| !c.is_whitespace()).enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(' ');
        }
        text.push(sign);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{InvoiceView, sample};
    use super::*;
    use crate::domain::Money;
    use crate::domain::business::Language;
    use crate::domain::invoice::Payment;

    fn value<'a>(facts: &'a [Fact], label: &str) -> &'a str {
        facts.iter().find(|fact| fact.label == label).map_or("absent", |fact| fact.value.as_str())
    }

    #[test]
    fn one_reference_is_asked_for_in_every_language() {
        for language in Language::ALL {
            let mut invoice = sample::invoice(language);
            invoice.currency = "EUR".parse().unwrap();
            invoice.total = Money::new(134_275, invoice.currency);
            for (electronic, iban, reference) in
                [(true, true, "RF92 LR20 2600 0123"), (true, false, "LR-2026-000123"), (false, true, "LR-2026-000123")]
            {
                let account = invoice.payment.iban.clone().filter(|_| iban);
                let payment = Payment { iban: account, ..invoice.payment.clone() };
                let invoice = Invoice { electronic, payment, ..invoice.clone() };
                let view = InvoiceView::of(&invoice, "c");
                assert_eq!(value(&view.payment, view.words.payment_reference), reference, "{language}");
                assert!(view.please_pay.contains(reference), "{language}: {}", view.please_pay);
                let numbers = ["RF", "LR-"].map(|begin| view.please_pay.matches(begin).count());
                assert_eq!(numbers.iter().sum::<usize>(), 1, "{language}: {}", view.please_pay);
                let squeezed: String = reference.split(' ').collect();
                assert_eq!(payment_reference(&invoice), squeezed);
            }
        }
    }

    #[test]
    fn a_term_is_told_as_people_say_it() {
        let said = |days: u32, electronic: bool, language: Language| {
            let mut invoice = Invoice { electronic, ..sample::invoice(language) };
            invoice.payment.days = days;
            let view = InvoiceView::of(&invoice, "c");
            value(&view.payment, view.words.payment_term).to_owned()
        };
        assert_eq!(said(0, true, Language::English), "on receipt");
        assert_eq!(said(1, true, Language::German), "1 Tag ab Rechnungsdatum");
        assert_eq!(said(30, true, Language::German), "30 Tage ab Rechnungsdatum");
        assert_eq!(said(1, false, Language::English), "1 days from the issue date", "it keeps its bytes");
    }
}
