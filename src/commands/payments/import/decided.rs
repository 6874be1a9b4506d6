//! What each entry of a statement is: a payment, one that was recorded before, or one that may have been, under another name.
//!
//! An entry that cannot be told from a recorded payment is held back for a person: recorded twice, an invoice would be paid by
//! money that never came; left out, by money that did.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::setup::Setup;
use super::Read;
use super::returned::Outgoing;
use super::told::{Doubt, Known, Row, Told};
use crate::domain::receivable::{AdvancePaid, MoneySide, PaidPart, StatementEntry};
use crate::domain::{Advance, BusinessId, Date, Instant, Money, Zone};
use crate::ledger::History;
use crate::ledger::entry::PaymentReceived;
use crate::read::sha256;
use crate::report::receivables::{Items, Matcher};

/// Characters of what a payer wrote that the ledger keeps.
const TEXT_CHARS: usize = 300;
/// So many days after the import a bank may have booked an entry already: where it is tomorrow, or over a weekend.
const DAYS_AHEAD: u32 = 5;
/// Recorded payments of one day and amount that an entry is compared with.
const LOOKED_AT: usize = 1_000;

/// Account, day and amount: what the same payment has in every form of statement.
type Alike = (String, Date, Money);

/// A recorded payment, as far as another entry may be the same.
struct Seen {
    number: u32,
    reference: String,
    payer: String,
}

impl Seen {
    fn of(received: &PaymentReceived) -> Self {
        let PaymentReceived { payment, reference, payer, .. } = received;
        Self { number: *payment, reference: reference.clone(), payer: payer.clone() }
    }

    /// Whether name and payer are both told, and both others.
    fn differs(&self, entry: &StatementEntry) -> bool {
        let is_other = !self.reference.is_empty() && !entry.reference.is_empty() && self.reference != entry.reference;
        is_other && self.has_other_payer(entry)
    }

    fn has_other_payer(&self, entry: &StatementEntry) -> bool {
        let (one, other) = (self.payer.to_lowercase(), entry.payer.to_lowercase());
        !one.is_empty() && !other.is_empty() && one != other
    }
}

/// The file that is decided about.
struct File {
    name: String,
    sha256: String,
    /// Payments of it were recorded before.
    is_known: bool,
    /// Recorded payments that it has, or that an entry of it was held back for.
    own: BTreeSet<u32>,
    /// Recorded payments whose key an entry of it has, as far as it was looked at.
    met: BTreeSet<u32>,
    /// Payments of it that are recorded now.
    recorded: Vec<(Alike, Seen)>,
    /// Accounts and days of which it has new entries, but not all payments that were recorded: it tells of a part of the day.
    parts: BTreeSet<(String, Date)>,
}

/// What is decided, file by file.
pub(super) struct Decided<'h> {
    history: &'h History,
    matcher: Matcher,
    at: Instant,
    /// Places of entries that a person says are payments of their own.
    new: BTreeSet<String>,
    keys: BTreeMap<String, u32>,
    alike: BTreeMap<Alike, Vec<Seen>>,
    days: BTreeMap<(String, Date), BTreeSet<u32>>,
    outgoing: Outgoing,
    pub told: Told,
    pub received: Vec<PaymentReceived>,
}

impl<'h> Decided<'h> {
    pub fn new(setup: &Setup, history: &'h History, items: Items, new: &[String], told: Told, at: Instant) -> Self {
        let matcher = Matcher::new(items, advances(setup, history));
        let (new, outgoing) = (new.iter().cloned().collect(), Outgoing::default());
        let (keys, alike, days) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let received = Vec::new();
        let mut decided = Self { history, matcher, at, new, keys, alike, days, outgoing, told, received };
        for payment in &history.payments {
            let received = &payment.received;
            let seen = Seen::of(received);
            decided.keys.insert(received.key.clone(), seen.number);
            // What a person had recorded again stands in no statement.
            if received.restores.is_none() {
                decided.see((received.account.clone(), received.booked, received.amount), seen);
            }
        }
        decided
    }

    fn see(&mut self, alike: Alike, seen: Seen) {
        self.days.entry((alike.0.clone(), alike.1)).or_default().insert(seen.number);
        self.alike.entry(alike).or_default().push(seen);
    }

    fn next(&self) -> u32 {
        let last = self.received.last().map(|received| received.payment);
        last.map_or_else(|| self.history.next_payment(), |last| last.saturating_add(1))
    }

    /// Decides about a file.
    pub fn file(&mut self, read: Read) {
        let Read { name, sha256: of_file, statement, .. } = read;
        self.told.pending = self.told.pending.saturating_add(statement.pending);
        self.told
            .rejected
            .extend(statement.rejected.into_iter().map(|(place, reason)| (format!("{name}: {place}"), reason)));
        let latest = Zone::UTC.date_of(self.at).plus_days(DAYS_AHEAD);
        let mut credits = Vec::new();
        for entry in statement.entries {
            if entry.booked > latest {
                let reason = format!("it is booked on {}, after the day of the import", entry.booked);
                self.told.rejected.push((format!("{name}: {}", entry.place), reason));
            } else if entry.side == MoneySide::Credit && !entry.is_reversal {
                credits.push((sha256(entry.identity().as_bytes()), entry));
            } else {
                self.told.debits = self.told.debits.saturating_add(1);
                self.outgoing.add(format!("{name}: {}", entry.place), entry);
            }
        }
        let mut file = self.begun(name, of_file, &credits);
        for (key, entry) in credits {
            self.credit(&mut file, key, entry);
        }
        for (alike, seen) in file.recorded {
            self.see(alike, seen);
        }
    }

    fn begun(&self, name: String, sha256: String, credits: &[(String, StatementEntry)]) -> File {
        let own: BTreeSet<u32> = credits.iter().filter_map(|(key, _)| self.keys.get(key)).copied().collect();
        let new = credits.iter().filter(|(key, _)| !self.keys.contains_key(key));
        let mut parts: BTreeSet<(String, Date)> = new.map(|(_, entry)| (entry.account.clone(), entry.booked)).collect();
        parts.retain(|day| self.days.get(day).is_some_and(|recorded| !recorded.is_subset(&own)));
        let is_known = self.history.payments.iter().any(|payment| payment.received.file_sha256 == sha256);
        File { name, sha256, is_known, own, met: BTreeSet::new(), recorded: Vec::new(), parts }
    }

    /// An entry by which money came in.
    fn credit(&mut self, file: &mut File, key: String, entry: StatementEntry) {
        let place = format!("{}: {}", file.name, entry.place);
        let (is_said, is_said_whole) = (self.new.remove(&entry.place), self.new.remove(&place));
        let is_said = is_said || is_said_whole;
        // A key of its own, for what a person says is another payment: the same one when it is said again.
        let own = sha256(format!("{key}\n{}\n{}", file.sha256, entry.place).as_bytes());
        if let Some(payment) = self.keys.get(&own).copied() {
            self.told.known_rows.push(Known { place, payment });
            return;
        }
        let known = self.keys.get(&key).copied();
        let is_again = known.is_some_and(|number| !file.met.insert(number));
        let doubt = match known {
            Some(number) => self.contradicted(file, number, is_again, &entry).map(|why| (number, why)),
            None => self.alike(file, &entry),
        };
        match (known, doubt) {
            (Some(_), Some(_)) if is_said => self.record(file, own, place, entry),
            (Some(number), None) if is_said && !self.is_of(file, number) => self.record(file, own, place, entry),
            (None, Some(_)) if is_said => self.record(file, key, place, entry),
            (_, Some((payment, why))) => {
                file.own.insert(payment);
                self.told.doubtful.push(Doubt::of(payment, &entry, place, why));
            }
            (Some(payment), None) => self.told.known_rows.push(Known { place, payment }),
            (None, None) => self.record(file, key, place, entry),
        }
    }

    /// Whether a payment was recorded from a file.
    fn is_of(&self, file: &File, number: u32) -> bool {
        self.history.payment(number).is_none_or(|payment| payment.received.file_sha256 == file.sha256)
    }

    /// Why an entry may be another one than the recorded payment of its key, which an entry before it in the file may have
    /// (`is_again`).
    fn contradicted(&self, file: &File, number: u32, is_again: bool, entry: &StatementEntry) -> Option<String> {
        let is_unnamed = entry.reference.is_empty();
        if is_again {
            let why = format!("another statement of the file has the very same, which is recorded as payment {number}");
            return is_unnamed.then_some(why);
        }
        if file.is_known {
            return None;
        }
        if is_unnamed {
            let is_part = file.parts.contains(&(entry.account.clone(), entry.booked));
            return is_part.then(|| {
                format!("payment {number} says the very same, and the statement lacks other payments of its day")
            });
        }
        let seen = self.history.payment(number).map(|payment| Seen::of(&payment.received))?;
        let other = || format!("payment {number} has the same reference, and was paid by {}", seen.payer);
        seen.has_other_payer(entry).then(other)
    }

    /// A recorded payment that the file does not have, of the same account, day and amount.
    fn alike(&self, file: &File, entry: &StatementEntry) -> Option<(u32, String)> {
        let seen = self.alike.get(&entry.like_others())?.iter().take(LOOKED_AT);
        let number =
            seen.filter(|seen| !file.own.contains(&seen.number) && !seen.differs(entry)).map(|seen| seen.number);
        let number = number.min()?;
        let why = format!(
            "payment {number} has its account, day and amount, and stands in this statement under no other name: it may be the \
             same, by another mapping or form"
        );
        Some((number, why))
    }

    fn record(&mut self, file: &mut File, key: String, place: String, entry: StatementEntry) {
        let (next, alike) = (self.next(), entry.like_others());
        let matched = self.matcher.decide(&entry);
        let (parts, advance) = (matched.parts.clone(), matched.advance.clone());
        self.told.rows.push(Row::of(next, &entry, place, matched));
        let received = received(next, &key, &file.sha256, self.at, entry, (parts, advance));
        self.keys.insert(key, next);
        file.own.insert(next);
        file.met.insert(next);
        file.recorded.push((alike, Seen::of(&received)));
        self.received.push(received);
    }

    /// What is told of outgoing entries, once all payments are known; and places that no entry has.
    pub fn ended(mut self) -> (Told, Vec<PaymentReceived>, BTreeSet<String>) {
        let rows = std::mem::take(&mut self.outgoing).rows(&self.history.payments, &self.received, &self.matcher);
        self.told.rows.extend(rows);
        self.told.known = self.told.known_rows.len() as u64;
        (self.told, self.received, self.new)
    }
}

/// What a payment is for.
type For = (Vec<PaidPart>, Option<AdvancePaid>);

fn received(
    payment: u32,
    key: &str,
    file_sha256: &str,
    at: Instant,
    entry: StatementEntry,
    (parts, advance): For,
) -> PaymentReceived {
    let text = entry.said().collect::<Vec<_>>().join(" | ").chars().take(TEXT_CHARS).collect();
    let StatementEntry { account, reference, booked, amount, payer, .. } = entry;
    PaymentReceived {
        payment,
        key: key.to_owned(),
        file_sha256: file_sha256.to_owned(),
        at,
        account,
        reference,
        booked,
        amount,
        payer,
        text,
        parts,
        advance,
        restores: None,
        reason: String::new(),
    }
}

/// The payments in advance of the book that no statement has told of yet, or whose money went back.
fn advances(setup: &Setup, history: &History) -> Vec<(BusinessId, Advance)> {
    let told: BTreeSet<(&BusinessId, &str)> = history
        .payments
        .iter()
        .filter(|payment| !payment.is_reversed)
        .filter_map(|payment| payment.received.advance.as_ref())
        .map(|advance| (&advance.business, advance.reference.as_str()))
        .collect();
    let all = setup
        .businesses
        .iter()
        .flat_map(|business| business.prepaid.iter().map(move |advance| (&business.id, advance)));
    let new = all.filter(|(business, advance)| !told.contains(&(*business, advance.reference.as_str())));
    new.map(|(business, advance)| (business.clone(), advance.clone())).collect()
}
