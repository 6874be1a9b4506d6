//! What every month should come to, from the messages that are known and by the words of the rule alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::town::{BUSINESSES, Log, MONTHS, Message, Rules, end_of, is_of_italy, month_of};

const DAY: i64 = 1440;

/// A month of a business, by the places of both.
pub type Key = (usize, usize);

/// A message that is charged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    pub customer: usize,
    pub received: i64,
    pub answered: Option<i64>,
}

/// By message id.
pub type Charges = BTreeMap<String, Charge>;

/// A closed month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    pub charges: Charges,
    /// In cents: what documents bill of it.
    pub billed: i64,
}

/// Where a dispute stands.
#[derive(Clone, Debug)]
pub struct Dispute {
    pub number: u64,
    pub key: Key,
    pub accepted: BTreeSet<String>,
    pub is_settled: bool,
}

#[derive(Debug, Default)]
pub struct Model {
    pub closed: BTreeMap<Key, Closed>,
    pub disputes: Vec<Dispute>,
    /// What a person saw and approved: the charges, and what of earlier months would be billed with them.
    pub approved: BTreeMap<Key, (Charges, Vec<(Key, i64)>)>,
    /// What a person released in spite of a guard.
    pub unparked: BTreeMap<Key, Charges>,
    /// Conversations of which logs disagree, by business and customer: nobody but the program knows what they cost.
    pub doubted: BTreeSet<(usize, usize)>,
    /// Messages of logs that were read.
    known: BTreeSet<Message>,
    proven: BTreeSet<i64>,
}

/// What the logs say of a month.
pub struct Told {
    pub charges: Charges,
    /// Whether they prove every wait.
    pub is_proven: bool,
}

impl Model {
    pub fn read(&mut self, log: &Log) {
        self.proven.insert(log.day);
        self.known.extend(log.rows.iter().cloned());
    }

    pub fn keys(rules: &Rules) -> impl Iterator<Item = Key> + use<> {
        (0..rules.businesses).flat_map(|business| (0..MONTHS.len()).map(move |month| (business, month)))
    }

    /// Whether a conversation of which logs disagree has a question in the month.
    pub fn is_doubted(&self, (business, month): Key) -> bool {
        let is_of = |m: &&Message| m.business == business && m.inbound && month_of(m.day()) == Some(month);
        self.known.iter().filter(is_of).any(|message| self.doubted.contains(&(business, message.customer)))
    }

    /// The rule: a question costs, unless somebody answers within 24 hours. What a dispute took out costs nothing.
    pub fn told(&self, key @ (business, month): Key) -> Told {
        let mut told = Told { charges: Charges::new(), is_proven: !self.is_doubted(key) };
        let cut = (end_of(month) + 1) * DAY;
        let settled: BTreeSet<&String> =
            self.disputes.iter().filter(|dispute| dispute.is_settled).flat_map(|dispute| &dispute.accepted).collect();
        let of_business: Vec<&Message> = self.known.iter().filter(|message| message.business == business).collect();
        for asked in of_business.iter().filter(|m| m.inbound && month_of(m.day()) == Some(month)) {
            let answers = of_business.iter().filter(|m| !m.inbound && m.customer == asked.customer);
            let answered = answers.map(|answer| answer.at).filter(|at| *at >= asked.at && *at < cut).min();
            if answered.is_some_and(|at| at - asked.at <= DAY) {
                continue;
            }
            // An answer may be in a log that is missing.
            told.is_proven &= self.proven.contains(&asked.day()) && self.proven.contains(&(asked.day() + 1));
            if !settled.contains(&asked.id) {
                let charge = Charge { customer: asked.customer, received: asked.at, answered };
                told.charges.insert(asked.id.clone(), charge);
            }
        }
        told
    }

    /// Whether the logs prove that a message was not answered in time.
    pub fn proves(&self, key: Key, id: &str) -> bool {
        let day = |charge: &Charge| charge.received.div_euclid(DAY);
        let proven = |charge: &Charge| [day(charge), day(charge) + 1].iter().all(|day| self.proven.contains(day));
        self.told(key).charges.get(id).is_some_and(proven)
    }

    /// Whether the logs reach far enough to close a month.
    pub fn reaches(&self, month: usize) -> bool {
        self.proven.last().is_some_and(|last| *last >= end_of(month))
    }

    /// Whether everything is known that closes a month, but for what a person has to say.
    pub fn is_closable(&self, key: Key) -> bool {
        !self.closed.contains_key(&key) && self.reaches(key.1) && self.told(key).is_proven
    }

    /// Whether a guard keeps a month from being closed, or what late logs add to it from being billed.
    pub fn is_parked(&self, rules: &Rules, key: Key) -> bool {
        let adds = self.differing(rules, key).is_some_and(|(difference, _)| difference > 0);
        let Some(limit) = rules.charges_per_day.filter(|_| adds || self.is_closable(key)) else { return false };
        let told = self.told(key).charges;
        busiest(&told) > limit && self.unparked.get(&key) != Some(&told)
    }

    /// What no document bills of earlier months, and the next invoice of the business is to bill.
    fn earlier(&self, rules: &Rules, business: usize) -> Vec<(Key, i64)> {
        let of_business = self.closed.iter().filter(|((of, _), _)| *of == business);
        let open = of_business.map(|(key, closed)| (*key, net(rules, &closed.charges) - closed.billed));
        open.filter(|(key, open)| *open > 0 && !self.is_withheld(rules, *key)).collect()
    }

    /// Whether it is not decided what a closed month comes to.
    fn is_withheld(&self, rules: &Rules, key: Key) -> bool {
        let waits = || self.correction(rules, key).is_some_and(|charges| !self.may_correct(rules, key, &charges));
        self.closed.contains_key(&key) && (!self.told(key).is_proven || self.is_parked(rules, key) || waits())
    }

    /// Whether a correction needs nobody's word, or has it.
    pub fn may_correct(&self, rules: &Rules, key: Key, charges: &Charges) -> bool {
        let is_less = self.differing(rules, key).is_some_and(|(difference, _)| difference < 0);
        let is_free = is_less && self.closed.get(&key).is_some_and(|closed| closed.billed == 0);
        !rules.approval || is_free || self.approved.get(&key).is_some_and(|(seen, _)| seen == charges)
    }

    /// What a person is to approve: the charges of a month, at its closing or from now on.
    pub fn to_approve(&self, rules: &Rules, key: Key) -> Option<(Charges, Vec<(Key, i64)>)> {
        if self.is_closable(key) {
            let seen = (self.told(key).charges, self.earlier(rules, key.0));
            let is_seen = !rules.approval || self.is_parked(rules, key) || self.approved.get(&key) == Some(&seen);
            return (!is_seen).then_some(seen);
        }
        let charges = self.correction(rules, key)?;
        (!self.may_correct(rules, key, &charges)).then(|| (charges, Vec::new()))
    }

    /// What the correction of a closed month is, if there is one: its charges from now on.
    pub fn correction(&self, rules: &Rules, key: Key) -> Option<Charges> {
        let (_, charges) = self.differing(rules, key)?;
        (!self.is_parked(rules, key)).then_some(charges)
    }

    /// The difference of a closed month that is to be settled, with its charges from now on.
    fn differing(&self, rules: &Rules, key: Key) -> Option<(i64, Charges)> {
        let (told, closed) = (self.told(key), self.closed.get(&key)?);
        let difference = net(rules, &told.charges) - net(rules, &closed.charges);
        // Of what no document bills yet, less is taken over however little it is.
        let is_free = difference < 0 && closed.billed == 0;
        let is_large = difference.abs() >= rules.smallest_correction.max(1);
        let is_worth = is_free || (is_large && (difference < 0 || rules.debit));
        (told.is_proven && is_worth).then_some((difference, told.charges))
    }

    /// What stands of a month is this from now on; what is billed beyond it is given back.
    pub fn correct(&mut self, rules: &Rules, key: Key, charges: Charges) {
        let closed = self.closed.get_mut(&key).expect("a closed month");
        closed.billed = closed.billed.min(net(rules, &charges));
        closed.charges = charges;
    }

    /// Closes a month, and bills it with all that is left of others, or carries it over.
    pub fn close(&mut self, rules: &Rules, key: Key, charges: Charges) -> bool {
        let earlier = self.earlier(rules, key.0);
        let due = net(rules, &charges) + earlier.iter().map(|(_, amount)| amount).sum::<i64>();
        let is_invoice = (!charges.is_empty() || due > 0) && due >= rules.smallest;
        self.closed.insert(key, Closed { charges, billed: 0 });
        if is_invoice {
            for key in earlier.into_iter().map(|(key, _)| key).chain([key]) {
                let closed = self.closed.get_mut(&key).expect("a closed month");
                closed.billed = net(rules, &closed.charges);
            }
        }
        is_invoice
    }
}

/// In cents: a line for each market, each rounded by itself.
pub fn net(rules: &Rules, charges: &Charges) -> i64 {
    let line = |italy: bool| {
        let count = charges.values().filter(|charge| is_of_italy(charge.customer) == italy).count() as i64;
        (count * rules.prices[usize::from(!italy)] + 5) / 10
    };
    line(true) + line(false)
}

/// The greatest number of charges of a day.
pub fn busiest(charges: &Charges) -> usize {
    let mut days: BTreeMap<i64, usize> = BTreeMap::new();
    charges.values().for_each(|charge| *days.entry(charge.received.div_euclid(DAY)).or_default() += 1);
    days.into_values().max().unwrap_or(0)
}

pub fn place(business: &str, month: &str) -> Option<Key> {
    let business = BUSINESSES.iter().position(|(id, ..)| *id == business)?;
    Some((business, MONTHS.iter().position(|of| *of == month)?))
}
