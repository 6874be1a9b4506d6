//! What a document says of payments in advance.

use super::texts::fill;
use super::view::clean;
use super::{TotalView, numbers};
use crate::domain::Invoice;
use crate::domain::business::Language;
use crate::domain::correction::CorrectionCause;

/// Labels of the total, of a payment and of what is left to pay, and a sentence for credit notes; with places.
struct Words {
    total: &'static str,
    paid: &'static str,
    due: &'static str,
    kept: &'static str,
}

const fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            total: "Total",
            paid: "Paid in advance on {date} ({reference})",
            due: "Amount due",
            kept: "Invoice {number} took {amount} of payments in advance, and keeps them.",
        },
        Language::Italian => Words {
            total: "Totale",
            paid: "Pagato in anticipo il {date} ({reference})",
            due: "Importo da pagare",
            kept: "La fattura {number} ha utilizzato {amount} di pagamenti anticipati, che le restano imputati.",
        },
        Language::Portuguese => Words {
            total: "Total",
            paid: "Pago antecipadamente em {date} ({reference})",
            due: "Montante a pagar",
            kept: "A fatura {number} utilizou {amount} de pagamentos antecipados, que lhe continuam imputados.",
        },
        Language::Spanish => Words {
            total: "Total",
            paid: "Pagado por adelantado el {date} ({reference})",
            due: "Importe a pagar",
            kept: "La factura {number} utilizó {amount} de pagos por adelantado, que siguen imputados a ella.",
        },
        Language::German => Words {
            total: "Gesamtbetrag",
            paid: "Im Voraus bezahlt am {date} ({reference})",
            due: "Zahlbetrag",
            kept: "Rechnung {number} hat {amount} an Vorauszahlungen verbraucht, die ihr zugeordnet bleiben.",
        },
        Language::French => Words {
            total: "Total",
            paid: "Payé d’avance le {date} ({reference})",
            due: "Montant à payer",
            kept: "La facture {number} a utilisé {amount} de paiements d’avance, qui lui restent imputés.",
        },
    }
}

/// Of an invoice that was paid in advance, in part or whole: its total, then each payment below zero; nothing for others.
pub(super) fn rows(invoice: &Invoice) -> Vec<TotalView> {
    let Some(prepaid) = invoice.prepaid.as_ref().filter(|_| !invoice.is_credit_note()) else { return Vec::new() };
    let (words, language) = (words(invoice.language), invoice.language);
    let payments = prepaid.payments.iter().map(|payment| TotalView {
        label: clean(&fill(words.paid, &[("date", &payment.received.to_string()), ("reference", &payment.reference)])),
        amount: numbers::money(payment.taken.negated(), language),
    });
    let total = TotalView { label: words.total.to_owned(), amount: numbers::money(invoice.total, language) };
    std::iter::once(total).chain(payments).collect()
}

/// What is left to pay of such an invoice.
pub(super) fn due(invoice: &Invoice) -> Option<TotalView> {
    let prepaid = invoice.prepaid.as_ref().filter(|_| !invoice.is_credit_note())?;
    let label = words(invoice.language).due.to_owned();
    Some(TotalView { label, amount: numbers::money(prepaid.due, invoice.language) })
}

/// Of a credit note for an invoice that was paid in advance: that it leaves this alone. What stands in place of an invoice
/// takes the payments over, so there is nothing to say then.
pub(super) fn kept(note: &Invoice) -> Option<String> {
    let prepaid = note.prepaid.as_ref().filter(|_| note.is_credit_note())?;
    let correction = note.corrects.as_ref().filter(|correction| correction.cause != CorrectionCause::Reissue)?;
    let (number, amount) = (correction.number.to_string(), numbers::money(prepaid.paid, note.language));
    Some(fill(words(note.language).kept, &[("number", &number), ("amount", &amount)]))
}

#[cfg(test)]
mod tests {
    use super::super::{InvoiceView, sample};
    use super::*;
    use crate::domain::prepaid::{Advance, Available, Prepaid};

    /// Paid in advance with so many dollars.
    fn paid(mut invoice: Invoice, dollars: i64) -> Invoice {
        let amount = crate::domain::Money::new(dollars * 100, invoice.currency);
        let advance = Advance { received: "2026-09-30".parse().unwrap(), reference: "TRX 88".to_owned(), amount };
        invoice.prepaid = Prepaid::of(invoice.total, &[Available { advance, left: amount }]);
        invoice
    }

    #[test]
    fn an_invoice_asks_for_what_is_left_to_pay() {
        let view = InvoiceView::of(&paid(sample::invoice(Language::English), 500), "c");
        assert_eq!(view.headline, "USD 842.75 due 1 December 2026");
        let said: Vec<(&str, &str)> =
            view.totals.iter().map(|sum| (sum.label.as_str(), sum.amount.as_str())).skip(2).collect();
        assert_eq!(said, [("Total", "USD 1,342.75"), ("Paid in advance on 2026-09-30 (TRX 88)", "USD -500.00")]);
        assert_eq!((view.total.label.as_str(), view.total.amount.as_str()), ("Amount due", "USD 842.75"));
        assert!(view.please_pay.contains("USD 842.75"), "{}", view.please_pay);
        assert!(view.mail.subject.contains("USD 842.75"), "{}", view.mail.subject);
        let whole = InvoiceView::of(&paid(sample::invoice(Language::English), 5_000), "c");
        assert_eq!((whole.headline.as_str(), whole.payment.len()), ("USD 0.00: nothing to pay", 0));
    }

    #[test]
    fn a_credit_note_leaves_payments_in_advance_alone_and_says_so() {
        for language in Language::ALL {
            let note = sample::credit_note(language, CorrectionCause::LateLogs);
            let before = InvoiceView::of(&note, "c");
            let view = InvoiceView::of(&paid(note, 100), "c");
            assert_eq!((&view.headline, &view.total), (&before.headline, &before.total));
            assert!(view.please_pay.starts_with(&before.please_pay) && view.please_pay.contains("LR-2026-000123"));
            assert!(view.please_pay.len() > before.please_pay.len(), "{language}");
            let reissued = paid(sample::credit_note(language, CorrectionCause::Reissue), 100);
            assert_eq!(kept(&reissued), None);
        }
    }
}
