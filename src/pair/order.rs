//! Waits in the order of all lists of waits. What is moved while it is sorted are small keys, not waits.

use std::cmp::Ordering;

use crate::domain::{Instant, Wait};

/// What decides between nearly all waits.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// Of the business.
    pub rank: u32,
    pub at: Instant,
    /// The place of the wait in its part.
    pub number: usize,
}

/// What one worker has found: waits as they were made, each with its key.
///
/// Invariant: all waits of a conversation are in one part. Between two of one order, which can only be versions of
/// one message, the one made first stands first.
#[derive(Default)]
pub(super) struct Part {
    pub waits: Vec<Wait>,
    pub keys: Vec<Key>,
}

/// A part whose waits are taken one by one.
struct Open {
    waits: Vec<Option<Wait>>,
    keys: std::iter::Peekable<std::vec::IntoIter<Key>>,
}

impl Part {
    /// The same with sorted keys.
    pub fn sorted(mut self) -> Self {
        let order = |key: &Key| self.waits.get(key.number).map(Wait::order);
        self.keys.sort_unstable_by(|a, b| {
            let by_key = (a.rank, a.at).cmp(&(b.rank, b.at));
            by_key.then_with(|| order(a).cmp(&order(b))).then_with(|| a.number.cmp(&b.number))
        });
        self
    }

    /// All waits of parts that are [`Part::sorted`], sorted by [`Wait::order`].
    pub fn merged(parts: Vec<Self>) -> Vec<Wait> {
        let mut all = Vec::with_capacity(parts.iter().map(|part| part.waits.len()).sum());
        let open = |part: Self| Open {
            waits: part.waits.into_iter().map(Some).collect(),
            keys: part.keys.into_iter().peekable(),
        };
        let mut parts: Vec<Open> = parts.into_iter().map(open).collect();
        while let Some(number) = first(&mut parts) {
            let part = &mut parts[number];
            let Some(key) = part.keys.next() else { break };
            all.extend(part.waits.get_mut(key.number).and_then(Option::take));
        }
        all
    }
}

/// The part whose next wait is the first of all.
fn first(parts: &mut [Open]) -> Option<usize> {
    if let [only] = parts {
        return only.keys.peek().map(|_| 0);
    }
    let mut first: Option<(usize, Key)> = None;
    for number in 0..parts.len() {
        let Some(key) = parts[number].keys.peek().copied() else { continue };
        let is_before = |(other, before): (usize, Key)| {
            let by_key = (key.rank, key.at).cmp(&(before.rank, before.at));
            let by_order = || parts[number].order(key).cmp(&parts[other].order(before));
            by_key.then_with(by_order) == Ordering::Less
        };
        if first.is_none_or(is_before) {
            first = Some((number, key));
        }
    }
    first.map(|(number, _)| number)
}

impl Open {
    /// The order of a wait that was not taken yet.
    fn order(&self, key: Key) -> Option<(&str, Instant, &str, &str, &str, &str)> {
        self.waits.get(key.number).and_then(Option::as_ref).map(Wait::order)
    }
}
