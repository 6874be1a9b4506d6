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

    /// The same payments for an invoice in place of this one: no more of each than this one took, and as much as its total
    /// needs. What is left of them for others is as it was.
    #[must_use]
    pub fn again(&self, total: Money) -> Option<Self> {
        let offers = self.payments.iter().map(|payment| (payment, payment.taken));
        Self::filled(total, offers, |payment, taken| Some(Taken { taken, ..payment.clone() }))
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
        // In place of it: what it took and no more; what others have is as it was.
        let part = part.unwrap();
        check(part.again(usd(80)).as_ref(), &[("a", 30, 0), ("b", 40, 10)], 10);
        check(part.again(usd(45)).as_ref(), &[("a", 30, 0), ("b", 15, 10)], 0);
    }
}
