//! Payments as the entries about them tell: what each has left, and whether it was taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::History;
use super::entry::{Entry, PaymentMatched, PaymentReceived, PaymentReversed};
use crate::domain::receivable::PaidPart;
use crate::domain::{BusinessId, Date, InvoiceNumber, Money};

/// Something that was said of a payment after it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    Matched(PaymentMatched),
    Reversed(PaymentReversed),
}

impl PaymentEvent {
    /// The day on which it is booked.
    pub const fn on(&self) -> Date {
        match self {
            Self::Matched(matched) => matched.on,
            Self::Reversed(reversed) => reversed.on,
        }
    }
}

/// A payment with everything that was said of it since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub received: PaymentReceived,
    /// In order.
    pub events: Vec<PaymentEvent>,
    /// What invoices take of it now.
    pub parts: Vec<PaidPart>,
    /// Whether it was returned.
    pub is_reversed: bool,
    /// The payment that has its money again, after it was taken back.
    pub restored_by: Option<u32>,
    /// Whether invoices once took more than there was.
    overdrawn: bool,
}

impl Payment {
    fn new(received: PaymentReceived) -> Self {
        let parts = received.parts.clone();
        let mut payment =
            Self { received, events: Vec::new(), parts, is_reversed: false, restored_by: None, overdrawn: false };
        payment.overdrawn = payment.is_overdrawn();
        payment
    }

    /// What no invoice takes yet. Nothing is left of one that was returned, nor of a payment in advance, which invoices take by
    /// themselves. `None` when a sum does not fit.
    pub fn left(&self) -> Option<Money> {
        let amount = self.received.amount;
        if self.is_reversed || self.received.advance.is_some() {
            return Some(Money::zero(amount.currency()));
        }
        self.parts.iter().try_fold(amount, |left, part| left.checked_sub(part.amount))
    }

    /// The payment as it stood at the end of a day: `None` where the bank had not booked it yet.
    pub fn on(&self, day: Date) -> Option<Self> {
        let mut payment = (self.received.booked <= day).then(|| Self::new(self.received.clone()))?;
        let said = self.events.iter().filter(|event| event.on() <= day);
        said.cloned().for_each(|event| payment.add(event));
        Some(payment)
    }

    fn is_overdrawn(&self) -> bool {
        let left = self.parts.iter().try_fold(self.received.amount, |left, part| left.checked_sub(part.amount));
        left.is_none_or(|left| left.minor() < 0)
    }

    fn add(&mut self, event: PaymentEvent) {
        match &event {
            PaymentEvent::Matched(matched) => self.parts.extend(matched.parts.iter().cloned()),
            PaymentEvent::Reversed(reversed) => {
                self.parts.clear();
                self.is_reversed |= !reversed.keeps;
            }
        }
        self.overdrawn |= self.is_overdrawn();
        self.events.push(event);
    }
}

impl History {
    /// What an entry about payments adds. One about a payment that there is not says nothing; `verify` tells of it.
    pub(super) fn add_payment(&mut self, entry: Entry) {
        match entry {
            Entry::Payment(received) => {
                self.payment_keys.insert(received.key.clone());
                if let Some(payment) = received.restores.and_then(|number| self.payment_mut(number)) {
                    payment.restored_by = Some(received.payment);
                }
                self.payments.push(Payment::new(received));
            }
            Entry::PaymentMatched(matched) => {
                if let Some(payment) = self.payment_mut(matched.payment) {
                    payment.add(PaymentEvent::Matched(matched));
                }
            }
            Entry::PaymentReversed(reversed) => {
                if let Some(payment) = self.payment_mut(reversed.payment) {
                    payment.add(PaymentEvent::Reversed(reversed));
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

    /// The payments as they stood at the end of a day.
    pub fn payments_on(&self, day: Date) -> Vec<Payment> {
        self.payments.iter().filter_map(|payment| payment.on(day)).collect()
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
            if payment.overdrawn {
                found.push(format!("invoices take more of payment {number} than its {}", received.amount));
            }
            if let Some(before) = received.restores
                && self.payment(before).is_none_or(|of| !of.is_reversed || of.restored_by != Some(number))
            {
                found.push(format!(
                    "payment {number} has the money of payment {before} again, which was not taken back"
                ));
            }
            let matched = payment.events.iter().flat_map(|event| match event {
                PaymentEvent::Matched(matched) => matched.parts.as_slice(),
                PaymentEvent::Reversed(_) => &[],
            });
            let all = received.parts.iter().chain(matched);
            let unknown: BTreeSet<&InvoiceNumber> =
                all.map(|part| &part.number).filter(|number| self.document(number).is_none()).collect();
            found.extend(unknown.iter().map(|of| format!("payment {number} is for {of}, which was never issued")));
        }
        found
    }
}

/// Payments in advance, by business and reference, that were taken back and are nowhere again.
pub fn returned_advances(payments: &[Payment]) -> BTreeSet<(&BusinessId, &str)> {
    let of = |is_reversed: bool| {
        let all = payments.iter().filter(move |payment| payment.is_reversed == is_reversed);
        let advances = all.filter_map(|payment| payment.received.advance.as_ref());
        advances.map(|advance| (&advance.business, advance.reference.as_str())).collect::<BTreeSet<_>>()
    };
    let standing = of(false);
    of(true).into_iter().filter(|advance| !standing.contains(advance)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Recorded;

    fn usd(minor: i64) -> Money {
        Money::new(minor, "USD".parse().unwrap())
    }

    fn part(amount: i64) -> Vec<PaidPart> {
        vec![PaidPart { number: "LR-2018-000001".parse().unwrap(), amount: usd(amount) }]
    }

    fn received(payment: u32, key: &str, parts: Vec<PaidPart>) -> Entry {
        Entry::Payment(PaymentReceived {
            payment,
            key: key.to_owned(),
            file_sha256: String::new(),
            at: "2018-10-10T00:00:00Z".parse().unwrap(),
            account: "X".to_owned(),
            reference: String::new(),
            booked: "2018-10-09".parse().unwrap(),
            amount: usd(100),
            payer: String::new(),
            text: String::new(),
            parts,
            advance: None,
            restores: None,
            reason: String::new(),
        })
    }

    fn matched(payment: u32, amount: i64) -> Entry {
        let (at, on) = ("2018-10-11T00:00:00Z".parse().unwrap(), "2018-10-11".parse().unwrap());
        Entry::PaymentMatched(PaymentMatched { payment, at, on, parts: part(amount), reason: "said".to_owned() })
    }

    fn reversed(payment: u32, keeps: bool) -> Entry {
        let (at, on) = ("2018-10-12T00:00:00Z".parse().unwrap(), "2018-10-12".parse().unwrap());
        Entry::PaymentReversed(PaymentReversed { payment, at, on, keeps, reason: "said".to_owned() })
    }

    fn history(entries: Vec<Entry>) -> History {
        let recorded = (1..).zip(entries).map(|(seq, entry)| Recorded { seq, hash: String::new(), entry });
        History::of(recorded.collect())
    }

    fn left(entries: Vec<Entry>) -> i64 {
        history(entries).payments[0].left().unwrap().minor()
    }

    #[test]
    fn what_a_payment_has_left_follows_from_its_entries() {
        let first = || received(1, "a", part(60));
        assert_eq!(left(vec![first()]), 40);
        assert_eq!(left(vec![first(), matched(1, 30)]), 10);
        assert_eq!(left(vec![first(), matched(1, 30), reversed(1, true)]), 100);
        assert_eq!(left(vec![first(), reversed(1, true), matched(1, 100)]), 0);
        let returned = history(vec![first(), matched(1, 30), reversed(1, false)]);
        assert_eq!((returned.payments[0].left(), returned.payments[0].parts.len()), (Some(usd(0)), 0));
        assert!(returned.knows_payment("a") && !returned.knows_payment("b"));
        assert_eq!((returned.next_payment(), returned.payment(2)), (2, None));
    }

    /// Received on the 9th, matched on the 11th, taken back on the 12th.
    #[test]
    fn a_payment_stands_as_it_stood_on_a_day() {
        let all = history(vec![received(1, "a", part(60)), matched(1, 30), reversed(1, false)]);
        let left = |day: &str| {
            let payments = all.payments_on(day.parse().unwrap());
            payments.first().map(|payment| (payment.left().unwrap().minor(), payment.is_reversed))
        };
        assert_eq!(left("2018-10-08"), None);
        assert_eq!(left("2018-10-10"), Some((40, false)));
        assert_eq!(left("2018-10-11"), Some((10, false)));
        assert_eq!(left("2018-10-12"), Some((0, true)));
        assert_eq!(all.payments_on("2018-10-12".parse().unwrap()), all.payments);
    }

    #[test]
    fn money_that_was_taken_back_by_mistake_is_there_again() {
        let again = |restores: u32| match received(2, "b", Vec::new()) {
            Entry::Payment(received) => Entry::Payment(PaymentReceived { restores: Some(restores), ..received }),
            other => other,
        };
        let all = history(vec![received(1, "a", Vec::new()), reversed(1, false), again(1)]);
        assert_eq!((all.payments[0].restored_by, all.payments[1].left()), (Some(2), Some(usd(100))));
        assert!(all.payment_contradictions().is_empty());
        for entries in [vec![received(1, "a", Vec::new()), again(1)], vec![received(1, "a", Vec::new()), again(7)]] {
            let told = history(entries).payment_contradictions();
            assert!(told.iter().any(|sentence| sentence.contains("was not taken back")), "{told:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        for (entries, said) in [
            (
                vec![received(1, "a", Vec::new()), received(2, "a", Vec::new())],
                "the same entry of the same bank as payment 1",
            ),
            (vec![received(2, "a", Vec::new())], "payment 2 stands where 1 was due"),
            (vec![received(1, "a", part(60)), matched(1, 60)], "more of payment 1 than its USD 1.00"),
            (
                vec![received(1, "a", part(60)), matched(1, 60), reversed(1, true)],
                "more of payment 1 than its USD 1.00",
            ),
            (vec![received(1, "a", part(60))], "is for LR-2018-000001, which was never issued"),
        ] {
            let told = history(entries).payment_contradictions();
            assert!(told.iter().any(|sentence| sentence.contains(said)), "{said}: {told:?}");
        }
        assert!(
            history(vec![received(1, "a", Vec::new()), received(2, "b", Vec::new())])
                .payment_contradictions()
                .is_empty()
        );
    }

    #[test]
    fn entries_are_written_and_read_again() {
        for entry in [received(1, "a", part(60)), matched(1, 1), reversed(1, false), reversed(1, true)] {
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry, "{text}");
            assert!(text.contains(&format!("\"entry\":\"{}\"", entry.kind())), "{text}");
        }
    }
}
