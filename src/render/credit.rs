//! What a document says about the one that it corrects: credit notes, and invoices in place of others.

use serde::Serialize;

use super::texts::{self, fill};
use super::view::{Fact, InvoiceView, clean, fact};
use super::{TotalView, corrections, lines, numbers, prepaid};
use crate::domain::business::Language;
use crate::domain::correction::{Amounts, Correction, CorrectionCause, CreditLine, CreditOf};
use crate::domain::{EntryPoint, Invoice, Market};

/// The table of a credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditView {
    /// Heading over quantity and amount as they were billed.
    pub billed: &'static str,
    /// Heading over quantity and amount as they stand now.
    pub now: &'static str,
    /// Heading of the difference.
    pub credit: &'static str,
    pub rows: Vec<CreditRow>,
    /// What an amount below zero means, where there is one; empty otherwise.
    pub note: &'static str,
}

/// One row. Amounts are in the currency that the heading of their column names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditRow {
    pub description: String,
    /// The price; empty where the row has none.
    pub detail: String,
    /// Empty for what has no quantity: a minimum, a cap.
    pub billed_quantity: String,
    pub billed_amount: String,
    pub now_quantity: String,
    pub now_amount: String,
    /// Below zero where more stands now than was billed.
    pub credit: String,
    pub vat: String,
}

/// Makes the view of a credit note of what is alike in all documents.
pub(super) fn credited(invoice: &Invoice, view: InvoiceView) -> InvoiceView {
    let ours = corrections::of(invoice.language);
    let mut totals = view.totals;
    if let Some(net) = totals.first_mut() {
        ours.net.clone_into(&mut net.label);
    }
    let amount = numbers::money(invoice.total, invoice.language);
    InvoiceView {
        title: clean(&format!("{} {}", ours.credit_note, invoice.number)),
        buyer: super::PartyView { role: ours.credit_to, ..view.buyer },
        headline: fill(ours.headline, &[("amount", &amount)]),
        credit: Some(table(invoice)),
        totals,
        total: TotalView { label: ours.total.to_owned(), ..view.total },
        settling: Some(ours.settling),
        please_pay: [Some(settled(invoice, &amount)), prepaid::kept(invoice)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        payment: Vec::new(),
        questions: clean(&fill(ours.questions, &[("email", &invoice.seller_email)])),
        ..view
    }
}

/// What becomes of the amount.
fn settled(invoice: &Invoice, amount: &str) -> String {
    let words = corrections::of(invoice.language);
    let Some(correction) = &invoice.corrects else { return String::new() };
    let sentence = match correction.cause {
        CorrectionCause::LateLogs | CorrectionCause::Dispute => words.settled,
        CorrectionCause::Reissue => words.settled_reissue,
    };
    clean(&fill(sentence, &[("amount", amount), ("number", &correction.number.to_string())]))
}

fn table(invoice: &Invoice) -> CreditView {
    let words = corrections::of(invoice.language);
    let is_below = |line: &CreditLine| line.credit.minor() < 0;
    CreditView {
        billed: words.billed,
        now: words.now,
        credit: words.credit,
        rows: invoice.credited.iter().map(|line| row(line, invoice)).collect(),
        note: if invoice.credited.iter().any(is_below) { words.below_zero } else { "" },
    }
}

fn row(line: &CreditLine, invoice: &Invoice) -> CreditRow {
    let language = invoice.language;
    let quantity = |amounts: &Amounts| match line.of {
        CreditOf::Charges | CreditOf::EarlierMonth => numbers::count(amounts.quantity, language),
        CreditOf::Minimum | CreditOf::Cap => String::new(),
    };
    CreditRow {
        description: described(line, language),
        detail: detail(line, invoice),
        billed_quantity: quantity(&line.billed),
        billed_amount: numbers::amount_digits(line.billed.amount, language),
        now_quantity: quantity(&line.now),
        now_amount: numbers::amount_digits(line.now.amount, language),
        credit: numbers::amount_digits(line.credit, language),
        vat: lines::vat_of_shares(&line.shares, invoice),
    }
}

fn described(line: &CreditLine, language: Language) -> String {
    let words = corrections::of(language);
    match line.of {
        CreditOf::Charges => {
            let market = line.market.clone().unwrap_or_else(Market::other);
            lines::described(&market, line.entry_point.unwrap_or(EntryPoint::Unknown), line.free, language)
        }
        CreditOf::Minimum => words.minimum.to_owned(),
        CreditOf::Cap => words.cap.to_owned(),
        CreditOf::EarlierMonth => {
            let month = line.month.map(|month| texts::written_month(month, language)).unwrap_or_default();
            fill(words.earlier_month, &[("month", &month)])
        }
    }
}

fn detail(line: &CreditLine, invoice: &Invoice) -> String {
    let language = invoice.language;
    let price = line.unit_price.filter(|_| !line.free).map(|price| {
        let price = numbers::with_currency(invoice.currency, &numbers::decimal(price, language), language);
        fill(corrections::of(language).each, &[("price", &price)])
    });
    price.unwrap_or_default()
}

/// The cause of a credit note in two words; it has no due date.
pub(super) fn cause(invoice: &Invoice) -> Option<Fact> {
    let words = corrections::of(invoice.language);
    let correction = invoice.corrects.as_ref().filter(|_| invoice.is_credit_note())?;
    Some(fact(words.reason, words.cause(correction.cause).0))
}

/// What the document corrects or replaces.
pub(super) fn corrected(invoice: &Invoice) -> Option<Fact> {
    let words = corrections::of(invoice.language);
    let correction = invoice.corrects.as_ref()?;
    let label = if invoice.is_credit_note() { words.corrects } else { words.replaces };
    let (number, date) = (correction.number.to_string(), correction.issue_date.to_string());
    Some(fact(label, fill(words.number_of_date, &[("number", &number), ("date", &date)])))
}

/// What the document corrects, why, and the operator's own words for it.
pub(super) fn why(invoice: &Invoice) -> Vec<String> {
    let words = corrections::of(invoice.language);
    let Some(correction) = &invoice.corrects else { return Vec::new() };
    let first = if invoice.is_credit_note() {
        let cause = words.cause(correction.cause).1;
        format!("{} {cause}", of_document(words.why_corrected, correction, invoice.language))
    } else {
        of_document(words.why_replaced, correction, invoice.language)
    };
    [first].into_iter().chain(own_words(correction, words)).collect()
}

/// The same for a mail, whose introduction names already what a credit note corrects.
pub(super) fn in_mail(invoice: &Invoice) -> Vec<String> {
    let words = corrections::of(invoice.language);
    match &invoice.corrects {
        Some(correction) if invoice.is_credit_note() => {
            let cause = words.cause(correction.cause).1.to_owned();
            [cause].into_iter().chain(own_words(correction, words)).collect()
        }
        _ => why(invoice),
    }
}

fn of_document(sentence: &str, correction: &Correction, language: Language) -> String {
    let date = texts::written_date(correction.issue_date, language);
    clean(&fill(sentence, &[("number", &correction.number.to_string()), ("date", &date)]))
}

fn own_words(correction: &Correction, words: &corrections::Words) -> Option<String> {
    let reason = clean(correction.reason.as_deref()?);
    (!reason.is_empty()).then(|| fill(words.in_own_words, &[("reason", &reason)]))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[track_caller]
    fn check(invoice: &Invoice, expected: &[&str]) {
        let view = InvoiceView::of(invoice, "c");
        let cells = |row: CreditRow| {
            let now = [row.now_quantity, row.now_amount, row.credit, row.vat];
            [row.description, row.detail, row.billed_quantity, row.billed_amount].into_iter().chain(now)
        };
        let rows = view.credit.unwrap().rows.into_iter();
        let rows: Vec<_> = rows.map(|row| cells(row).collect::<Vec<_>>().join(" | ")).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_row_has_what_was_billed_and_what_stands_now() {
        let charges = [
            "Late replies: Italy (+39), click to chat | USD 0.05 each | 20,005 | 1,000.25 | 17,805 | 890.25 | 110.00 | S",
            "Late replies: Dominican Republic (+1\u{a0}809), live support | USD 0.09 each | 100 | 9.00 | 200 | 18.00 | -9.00 | S",
            "Free units: other countries |  | 100 | 0.00 | 80 | 0.00 | 0.00 | S",
            "Late replies: other countries | USD 0.05 each | 1,760 | 88.00 | 1,580 | 79.00 | 9.00 | S",
        ];
        let limits = [
            "Minimum of the month |  |  | 0.00 |  | 1.80 | -1.80 | S",
            "Cap of the month |  |  | -24.00 |  | 0.00 | -24.00 | S",
            "Charges of September 2026, as a whole |  | 64 | 3.20 | 44 | 2.20 | 1.00 | S",
        ];
        check(&sample::credit_note(Language::English, CorrectionCause::LateLogs), &charges);
        check(&sample::credit_of_limits(Language::English), &[&charges[..], &limits].concat());
    }

    #[test]
    fn only_a_credit_below_zero_is_explained() {
        let mut note = sample::credit_note(Language::English, CorrectionCause::Dispute);
        assert_eq!(table(&note).note, corrections::of(Language::English).below_zero);
        note.credited.remove(1);
        assert_eq!(table(&note).note, "");
    }

    #[test]
    fn both_digests_and_the_file_of_messages_are_named() {
        for (cause, file) in
            [(CorrectionCause::LateLogs, Some("LRC-2026-000001_2026-10.csv")), (CorrectionCause::Reissue, None)]
        {
            let view = InvoiceView::of(&sample::credit_note(Language::English, cause), "c");
            let value =
                |facts: &[Fact], label| facts.iter().find(|fact| fact.label == label).map(|fact| fact.value.clone());
            assert_eq!(value(&view.computation, "File with each of them").as_deref(), file);
            assert_eq!(value(&view.computation, "File with every charge"), None);
            assert_eq!(value(&view.digests, "SHA-256 of data billed"), Some("19f7736b".repeat(8)));
            assert!(value(&view.digests, "SHA-256 of data now").is_some_and(|digest| digest.starts_with("4a0e19f7")));
        }
    }
}
