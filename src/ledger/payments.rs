//! Payments as the entries about them tell: what each has left, and whether it was taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::History;
use super::entry::{Entry, PaymentMatched, PaymentReceived, PaymentReversed};
use crate::domain::receivable::PaidPart;
use crate::domain::{InvoiceNumber, Money};

/// A payment with everything that was said of it since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub received: PaymentReceived,
    /// In order.
    pub matched: Vec<PaymentMatched>,
    pub reversed: Option<PaymentReversed>,
}

impl Payment {
    /// What invoices take of it; nothing of one that was taken back.
    pub fn parts(&self) -> impl Iterator<Item = &PaidPart> {
        let all = self.received.parts.iter().chain(self.matched.iter().flat_map(|matched| &matched.parts));
        all.filter(move |_| self.reversed.is_none())
    }

    /// What no invoice takes yet. Nothing is left of one that was taken back, nor of a payment in advance, which invoices
    /// take by themselves. `None` when a sum does not fit.
    pub fn left(&self) -> Option<Money> {
        let amount = self.received.amount;
        if self.reversed.is_some() || self.received.advance.is_some() {
            return Some(Money::zero(amount.currency()));
        }
        self.parts().try_fold(amount, |left, part| left.checked_sub(part.amount))
    }
}

impl History {
    /// What an entry about payments adds. One about a payment that there is not says nothing; `verify` tells of it.
    pub(super) fn add_payment(&mut self, entry: Entry) {
        match entry {
            Entry::Payment(received) => {
                self.payment_keys.insert(received.key.clone());
                self.payments.push(Payment { received, matched: Vec::new(), reversed: None });
            }
            Entry::PaymentMatched(matched) => {
                if let Some(payment) = self.payment_mut(matched.payment) {
                    payment.matched.push(matched);
                }
            }
            Entry::PaymentReversed(reversed) => {
                if let Some(payment) = self.payment_mut(reversed.payment) {
                    payment.reversed.get_or_insert(reversed);
                }
            }
            Entry::Reminder(reminder) => {
                let mails = reminder.mails.iter().map(|mail| (mail.name.clone(), mail.message_id.clone()));
                self.mail_ids.extend(mails);
                self.reminders.push(reminder);
            }
            _ => {}
        }
    }

    fn payment_mut(&mut self, number: u32) -> Option<&mut Payment> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.payments.get_mut(place).filter(|payment| payment.received.payment == number)
    }

    /// A payment by its number.
    pub fn payment(&self, number: u32) -> Option<&Payment> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.payments.get(place).filter(|payment| payment.received.payment == number)
    }

    /// Whether an entry of a bank's statement was recorded before.
    pub fn knows_payment(&self, key: &str) -> bool {
        self.payment_keys.contains(key)
    }

    /// The number of the next payment.
    pub fn next_payment(&self) -> u32 {
        self.payments.last().map_or(0, |payment| payment.received.payment).saturating_add(1)
    }

    /// What was received for each invoice, in the order in which it was recorded.
    pub fn paid_parts(&self) -> impl Iterator<Item = &PaidPart> {
        self.payments.iter().flat_map(Payment::parts)
    }

    /// What contradicts itself about payments, or names an invoice that was never issued: a sentence each, in order.
    pub fn payment_contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut keys: BTreeMap<&str, u32> = BTreeMap::new();
        for (payment, due) in self.payments.iter().zip(1_u32..) {
            let received = &payment.received;
            let number = received.payment;
            if number != due {
                found.push(format!("payment {number} stands where {due} was due"));
            }
            if let Some(first) = keys.insert(&received.key, number) {
                found.push(format!("payment {number} is the same entry of the same bank as payment {first}"));
            }
            if received.amount.minor() <= 0 {
                found.push(format!("payment {number} is of {}", received.amount));
            }
            let all = received.parts.iter().chain(payment.matched.iter().flat_map(|matched| &matched.parts));
            let taken = all.clone().try_fold(received.amount, |left, part| left.checked_sub(part.amount));
            if taken.is_none_or(|left| left.minor() < 0) {
                found.push(format!("invoices take more of payment {number} than its {}", received.amount));
            }
            let unknown: BTreeSet<&InvoiceNumber> =
                all.map(|part| &part.number).filter(|number| self.document(number).is_none()).collect();
            found.extend(unknown.iter().map(|of| format!("payment {number} is for {of}, which was never issued")));
        }
        found
    }
}
