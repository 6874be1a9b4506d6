//! Payments in advance: what the book says was received, and what an invoice takes of it.
//!
//! What is left of a payment is told by the issued invoices and by nothing else: each says what it took.

use serde::{Deserialize, Serialize};

use super::{Date, Money};

/// A payment in advance, as the book states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    pub received: Date,
    /// Unique within its business: invoices name the payment by it.
    pub reference: String,
    /// Above zero; in the currency that the business is billed in.
    pub amount: Money,
}

/// A payment in advance with what earlier invoices left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    pub advance: Advance,
    pub left: Money,
}

/// What an invoice takes of a payment in advance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    pub received: Date,
    pub reference: String,
    /// All of the payment.
    pub amount: Money,
    /// What this invoice takes of it; above zero.
    pub taken: Money,
    /// What this invoice leaves of it for later ones.
    pub left: Money,
}

/// What an invoice in place of another needs less of a payment in advance than the other did: it is there for later invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    pub reference: String,
    /// Above zero.
    pub amount: Money,
}

/// How much of an invoice was paid in advance. Amounts are in the currency that it is billed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepaid {
    /// At least one, in the order in which they were received.
    pub payments: Vec<Taken>,
    /// What is taken of all of them (BT-113).
    pub paid: Money,
    /// What is left to pay (BT-115): the total less `paid`.
    pub due: Money,
}

impl Prepaid {
    /// Takes as much of the payments, in their order, as a total needs. `None` where nothing is taken; payments in another
    /// currency are left alone.
    pub fn of(total: Money, available: &[Available]) -> Option<Self> {
        let taken = |available: &Available, taken: Money| {
            let Advance { received, reference, amount } = available.advance.clone();
            Some(Taken { received, reference, amount, taken, left: available.left.checked_sub(taken)? })
        };
        let offers = available.iter().map(|available| (available, available.left));
        Self::filled(total, offers, taken)
    }

    /// The same payments for an invoice in place of this one: no more of each than this one took, and as much as its `total`
    /// needs; and what it needs less of each. `rest` is what notes left of the total of this one: what they gave back of it
    /// before is paid back, or not, outside of all invoices.
    #[must_use]
    pub fn again(&self, total: Money, rest: Money) -> (Option<Self>, Vec<Released>) {
        let taken_for = |total: Money| {
            let offers = self.payments.iter().map(|payment| (payment, payment.taken));
            Self::filled(total, offers, |payment, taken| Some(Taken { taken, ..payment.clone() }))
        };
        let (before, mut again) = (taken_for(rest), taken_for(total));
        let mut released = Vec::new();
        for Taken { reference, taken, .. } in before.into_iter().flat_map(|before| before.payments) {
            let mut payments = again.iter_mut().flat_map(|again| again.payments.iter_mut());
            let anew = payments.find(|anew| anew.reference == reference);
            let less = anew.as_ref().map_or(Some(taken), |anew| taken.checked_sub(anew.taken));
            let Some(amount) = less.filter(|less| less.minor() > 0) else { continue };
            if let Some(anew) = anew {
                // No more than the payment is.
                anew.left = anew.left.checked_add(amount).unwrap_or(anew.left);
            }
            released.push(Released { reference, amount });
        }
        (again, released)
    }

    fn filled<P>(
        total: Money,
        offers: impl Iterator<Item = (P, Money)>,
        take: impl Fn(P, Money) -> Option<Taken>,
    ) -> Option<Self> {
        let (mut due, mut payments) = (total, Vec::new());
        for (payment, offered) in offers.filter(|(_, offered)| offered.currency() == total.currency()) {
            let taken = if offered.minor() < due.minor() { offered } else { due };
            if taken.minor() > 0 {
                due = due.checked_sub(taken)?;
                payments.push(take(payment, taken)?);
            }
        }
        (!payments.is_empty()).then_some(Self { payments, paid: total.checked_sub(due)?, due })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, "USD".parse().unwrap())
    }

    fn available(reference: &str, amount: Money, left: i64) -> Available {
        let advance = Advance { received: "2018-08-03".parse().unwrap(), reference: reference.to_owned(), amount };
        Available { advance, left: Money::new(left, amount.currency()) }
    }

    #[track_caller]
    fn check(prepaid: Option<&Prepaid>, taken: &[(&str, i64, i64)], due: i64) {
        let prepaid = prepaid.unwrap();
        let found: Vec<_> =
            prepaid.payments.iter().map(|p| (p.reference.as_str(), p.taken.minor(), p.left.minor())).collect();
        assert_eq!((found.as_slice(), prepaid.due.minor()), (taken, due));
        assert_eq!(prepaid.paid.minor(), taken.iter().map(|(_, taken, _)| taken).sum::<i64>());
    }

    #[test]
    fn payments_are_taken_in_their_order_as_far_as_the_total_needs() {
        let payments = [available("a", usd(100), 30), available("b", usd(50), 50), available("c", usd(9), 9)];
        check(Prepaid::of(usd(200), &payments).as_ref(), &[("a", 30, 0), ("b", 50, 0), ("c", 9, 0)], 111);
        let part = Prepaid::of(usd(70), &payments);
        check(part.as_ref(), &[("a", 30, 0), ("b", 40, 10)], 0);
        assert_eq!(Prepaid::of(usd(0), &payments), None);
        assert_eq!(Prepaid::of(usd(-5), &payments), None);
        assert_eq!(Prepaid::of(usd(5), &[]), None);
        let euro = Money::new(100, "EUR".parse().unwrap());
        assert_eq!(Prepaid::of(usd(5), &[available("e", euro, 100)]), None);
        // In place of it: what it took and no more; what it needs less is free.
        let part = part.unwrap();
        check_again(&part, (80, 70), (&[("a", 30, 0), ("b", 40, 10)], 10), &[]);
        check_again(&part, (45, 70), (&[("a", 30, 0), ("b", 15, 35)], 0), &[("b", 25)]);
        check_again(&part, (20, 70), (&[("a", 20, 10)], 0), &[("a", 10), ("b", 40)]);
        // What notes gave back before is not.
        check_again(&part, (45, 45), (&[("a", 30, 0), ("b", 15, 10)], 0), &[]);
        check_again(&part, (20, 45), (&[("a", 20, 10)], 0), &[("a", 10), ("b", 15)]);
    }

    #[track_caller]
    fn check_again(part: &Prepaid, (total, rest): (i64, i64), again: (&[(&str, i64, i64)], i64), free: &[(&str, i64)]) {
        let (prepaid, released) = part.again(usd(total), usd(rest));
        check(prepaid.as_ref(), again.0, again.1);
        let released: Vec<_> = released.iter().map(|of| (of.reference.as_str(), of.amount.minor())).collect();
        assert_eq!(released, free);
    }
}
