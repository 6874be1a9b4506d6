//! Outgoing entries, as far as they may take a payment back: the bank marks only some of them, and few name what they return.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Row;
use crate::domain::receivable::{MoneySide, PaidPart, StatementEntry};
use crate::domain::{Date, InvoiceNumber, Money};
use crate::ledger::entry::PaymentReceived;
use crate::ledger::{Payment, PaymentEvent};
use crate::report::receivables::Matcher;

/// Payments that are named to a person.
const NAMED: usize = 3;
/// Payments of one reference or amount that an entry is compared with.
const LOOKED_AT: usize = 1_000;
/// A shorter reference may stand in any text.
const REFERENCE_MIN: usize = 4;

/// Entries by which money went out, or that take one back by which it did.
#[derive(Default)]
pub(super) struct Outgoing(Vec<(String, StatementEntry)>);

/// A payment that may have been taken back.
struct Candidate<'p> {
    received: &'p PaymentReceived,
    /// Invoices that it was for, when it was recorded or now.
    numbers: BTreeSet<&'p InvoiceNumber>,
    /// The day on which it was taken back here.
    reversed: Option<Date>,
}

impl<'p> Candidate<'p> {
    fn of(payment: &'p Payment) -> Self {
        let events = payment.events.iter();
        let reversed =
            events.filter(|event| matches!(event, PaymentEvent::Reversed(of) if !of.keeps)).map(PaymentEvent::on);
        Self { reversed: reversed.min(), ..Self::new(&payment.received, &payment.parts) }
    }

    fn new(received: &'p PaymentReceived, parts: &'p [PaidPart]) -> Self {
        let numbers = received.parts.iter().chain(parts).map(|part| &part.number).collect();
        Self { received, numbers, reversed: None }
    }

    fn is_done(&self, entry: &StatementEntry) -> bool {
        self.reversed.is_some_and(|on| on >= entry.booked)
    }

    /// Whether the entry has payer or words of it.
    fn is_told(&self, entry: &StatementEntry) -> bool {
        let payer = &self.received.payer;
        let has_payer =
            !payer.is_empty() && (entry.payer == *payer || entry.said().any(|text| text.contains(&**payer)));
        has_payer
            || self.received.text.split(" | ").any(|text| !text.is_empty() && entry.said().any(|said| said == text))
    }
}

/// All payments, by what an entry may name them by.
struct Candidates<'p> {
    all: Vec<Candidate<'p>>,
    by_reference: BTreeMap<&'p str, Vec<usize>>,
    by_number: BTreeMap<&'p InvoiceNumber, Vec<usize>>,
    by_amount: BTreeMap<(&'p str, Money), Vec<usize>>,
}

impl<'p> Candidates<'p> {
    fn of(payments: &'p [Payment], received: &'p [PaymentReceived]) -> Self {
        let new = received.iter().map(|received| Candidate::new(received, &[]));
        let all: Vec<Candidate> = payments.iter().map(Candidate::of).chain(new).collect();
        let mut by_reference: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_number: BTreeMap<&InvoiceNumber, Vec<usize>> = BTreeMap::new();
        let mut by_amount: BTreeMap<(&str, Money), Vec<usize>> = BTreeMap::new();
        for (place, candidate) in all.iter().enumerate() {
            let PaymentReceived { reference, account, amount, .. } = candidate.received;
            // Of a batch, the part after the last stroke is the name of the payment in it.
            let names = [reference.as_str(), reference.rsplit('/').next().unwrap_or_default()];
            let names: BTreeSet<&str> = names.into_iter().filter(|name| name.len() >= REFERENCE_MIN).collect();
            for name in names {
                by_reference.entry(name).or_default().push(place);
            }
            for number in &candidate.numbers {
                by_number.entry(*number).or_default().push(place);
            }
            by_amount.entry((account.as_str(), *amount)).or_default().push(place);
        }
        Self { all, by_reference, by_number, by_amount }
    }

    fn at(&self, places: Option<&Vec<usize>>) -> Vec<&Candidate<'p>> {
        places.into_iter().flatten().take(LOOKED_AT).filter_map(|place| self.all.get(*place)).collect()
    }

    /// The payments that an entry names: by a reference of the bank, else by an invoice.
    fn named(&self, entry: &StatementEntry, matcher: &Matcher) -> Vec<&Candidate<'p>> {
        let words = entry.said().chain([entry.reference.as_str()]);
        let words = words.flat_map(|text| std::iter::once(text).chain(text.split_whitespace()));
        let found: Vec<&Candidate> = words.flat_map(|word| self.at(self.by_reference.get(word))).collect();
        if !found.is_empty() {
            return found;
        }
        matcher.named(entry).iter().flat_map(|number| self.at(self.by_number.get(number))).collect()
    }

    /// Those of its account and amount; only those of the same payer or words, where there are any.
    fn alike(&self, entry: &StatementEntry) -> Vec<&Candidate<'p>> {
        let all = self.at(self.by_amount.get(&(entry.account.as_str(), entry.amount)));
        let told: Vec<&Candidate> = all.iter().copied().filter(|candidate| candidate.is_told(entry)).collect();
        if told.is_empty() { all } else { told }
    }
}

impl Outgoing {
    pub fn add(&mut self, place: String, entry: StatementEntry) {
        self.0.push((place, entry));
    }

    /// A row for each entry that a person should look at: what is taken back already is of no interest.
    pub fn rows(self, payments: &[Payment], received: &[PaymentReceived], matcher: &Matcher) -> Vec<Row> {
        let (candidates, mut carried_out) = (Candidates::of(payments, received), BTreeSet::new());
        let row = |(place, entry): (String, StatementEntry)| {
            let said = said(&candidates, &entry, matcher, &mut carried_out)?;
            Some(Row::returned(&entry, place, said))
        };
        self.0.into_iter().filter_map(row).collect()
    }
}

/// What a person is told of an entry. `carried_out` are the payments whose taking back here other entries account for.
fn said(
    candidates: &Candidates,
    entry: &StatementEntry,
    matcher: &Matcher,
    carried_out: &mut BTreeSet<u32>,
) -> Option<String> {
    if entry.side == MoneySide::Credit {
        return Some(
            "an outgoing payment came back: it is no payment of a business, and nothing is recorded".to_owned(),
        );
    }
    let named = candidates.named(entry, matcher);
    let found = match (named.is_empty(), entry.is_reversal) {
        (false, _) => named,
        (true, true) => candidates.alike(entry),
        (true, false) => return None,
    };
    let done = found.iter().filter(|candidate| candidate.is_done(entry)).map(|candidate| candidate.received.payment);
    if done.into_iter().any(|payment| carried_out.insert(payment)) {
        return None;
    }
    let open = found.iter().filter(|candidate| candidate.reversed.is_none());
    let open: BTreeSet<u32> = open.map(|candidate| candidate.received.payment).collect();
    let numbers: Vec<String> = open.iter().take(NAMED).map(ToString::to_string).collect();
    let all = if open.len() > NAMED { format!(" (and {} more)", open.len() - NAMED) } else { String::new() };
    let numbers = numbers.join(" or ");
    Some(match (numbers.is_empty(), entry.is_reversal) {
        (true, false) => return None,
        (true, true) => "the bank took a payment back, and the ledger has none that it may be".to_owned(),
        (false, true) => {
            format!("the bank took a payment back; `ritardo payments reverse` does it here: payment {numbers}{all}")
        }
        (false, false) => format!(
            "money went out that names payment {numbers}{all}, or an invoice of it; where the bank took it back, `ritardo \
             payments reverse` does it here"
        ),
    })
}
