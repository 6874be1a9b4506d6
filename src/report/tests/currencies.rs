//! Tariffs and documents in several currencies, and charges after corrections.

use super::super::{Closed, State, business_page, month_page};
use super::{AUGUST, business, credit, facts, id, invoice, issued, waits};
use crate::domain::CorrectionCause;

#[test]
fn charges_of_two_currencies_are_never_added() {
    let (waits, ids) = (waits(AUGUST), [id("a"), id("b")]);
    let mut euro = business(&ids[1], issued("EUR", 20, 4), &waits);
    euro.currency = "EUR".parse().unwrap();
    let facts = facts(vec![business(&ids[0], issued("USD", 20, 4), &waits), euro]);
    let page = month_page(&facts);
    // Each has charges of 0.195.
    let cells: Vec<&str> = page.businesses.iter().map(|row| row.counts.amount.as_str()).collect();
    assert_eq!(cells, ["0.195", "EUR\u{a0}0.195"]);
    assert_eq!((page.total.counts.amount.as_str(), page.total.plain.amount.as_str()), ("0.195", "0.195"));
    assert_eq!(page.total.counts.waits, "14");
    let charges = page.figures.iter().filter(|figure| figure.label == "Charges, exact");
    assert_eq!(charges.map(|figure| figure.value.as_str()).collect::<Vec<_>>(), ["USD\u{a0}0.195", "EUR\u{a0}0.195"]);
    assert_eq!(page.stacks.stack_total.amount, "0.195");
    let own = business_page(&facts, &facts.businesses[1], Vec::new(), "");
    assert_eq!((own.currency.as_str(), own.total.counts.amount.as_str()), ("EUR", "0.195"));
}

#[test]
fn a_business_with_documents_in_two_currencies_has_two_sums() {
    let id = id("a");
    let documents = vec![invoice("EUR", 1000, 0), invoice("USD", 300, 0), credit(100, 0, CorrectionCause::LateLogs)];
    let state =
        State::Closed(Closed { word: "closed", said: Vec::new(), charged_now: None, documents, after: Vec::new() });
    let page = month_page(&facts(vec![business(&id, state, &[])]));
    let sums = &page.businesses[0].sums;
    let said = [sums.issued.as_str(), &sums.credited, &sums.standing];
    assert_eq!(said, ["EUR\u{a0}10.00 and 3.00", "EUR\u{a0}0.00 and 1.00", "EUR\u{a0}10.00 and 2.00"]);
}

#[test]
fn what_is_charged_after_corrections_stands_beside_the_closing() {
    let (waits, id) = (waits(AUGUST), id("a"));
    let documents = vec![invoice("USD", 20, 4)];
    let state =
        State::Closed(Closed { word: "closed", said: Vec::new(), charged_now: Some(2), documents, after: Vec::new() });
    let page = month_page(&facts(vec![business(&id, state, &waits)]));
    assert_eq!(page.total.counts.charged, "3");
    assert_eq!(page.businesses[0].said, ["2 charged after corrections"]);
    let charged = page.figures.iter().find(|figure| figure.label == "Charged waits").unwrap();
    assert_eq!(charged.note, "2 late, 1 unanswered; 2 after corrections");
}
