//! Which messages cost something else on one side than on another, and what the month comes to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::charge::RatedWait;
use crate::domain::{Decimal, Money};

/// A month as it comes out under one set of facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// By channel and message.
    charges: BTreeMap<(String, String), Decimal>,
    /// Waits that are not decided by these facts; nothing is charged for them.
    pub undecided: u64,
    /// Rounded, with minimum and cap.
    pub net: Money,
}

/// A message whose charge is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub channel: String,
    pub message_id: String,
    /// `None`: it was not charged.
    pub was: Option<Decimal>,
    pub now: Option<Decimal>,
}

/// What changed from one side to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Sorted by channel and message.
    pub messages: Vec<Changed>,
    pub net: Money,
}

impl Side {
    pub fn of(rated: &[RatedWait], net: Money) -> Self {
        let charge = |rated: &RatedWait| {
            let key = (rated.wait.channel.to_string(), rated.wait.message_id.to_string());
            Some((key, rated.charge.as_ref()?.amount))
        };
        let undecided = rated.iter().filter(|rated| rated.wait.is_open()).count() as u64;
        Self { charges: rated.iter().filter_map(charge).collect(), undecided, net }
    }

    pub fn charges(&self) -> u64 {
        self.charges.len() as u64
    }
}

/// `None` when the sides are in two currencies, or a difference does not fit.
pub fn changes(was: &Side, now: &Side) -> Option<Changes> {
    let net = now.net.checked_sub(was.net)?;
    let keys: BTreeSet<_> = was.charges.keys().chain(now.charges.keys()).collect();
    let messages = keys.into_iter().filter_map(|key| {
        let (was, now) = (was.charges.get(key).copied(), now.charges.get(key).copied());
        let (channel, message_id) = key.clone();
        (was != now).then_some(Changed { channel, message_id, was, now })
    });
    Some(Changes { messages: messages.collect(), net })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(charges: &[(&str, &str)], cents: i64) -> Side {
        let charge = |(id, amount): &(&str, &str)| (("+39".to_owned(), (*id).to_owned()), amount.parse().unwrap());
        let net = Money::new(cents, "USD".parse().unwrap());
        Side { charges: charges.iter().map(charge).collect(), undecided: 0, net }
    }

    #[test]
    fn messages_are_told_that_cost_something_else() {
        let was = side(&[("a", "0.05"), ("b", "0.05"), ("c", "0.05")], 15);
        let now = side(&[("a", "0.05"), ("b", "0.04"), ("d", "0.09")], 18);
        let found = changes(&was, &now).unwrap();
        let told: Vec<_> =
            found.messages.iter().map(|message| (message.message_id.as_str(), message.was, message.now)).collect();
        let amount = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            told,
            [("b", amount("0.05"), amount("0.04")), ("c", amount("0.05"), None), ("d", None, amount("0.09"))]
        );
        assert_eq!(found.net.to_string(), "USD 0.03");
        assert_eq!(changes(&now, &was).unwrap().net.to_string(), "USD -0.03");
    }
}
