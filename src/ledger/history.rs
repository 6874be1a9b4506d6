//! The history that the entries of a ledger tell.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{
    Approved, Compared, DigestMade, Dispute, DisputeSettled, Documents, Entry, Forgotten, HoldAccepted, Issued,
    LogRead, Mail, MonthClosed, MonthCorrected, MonthParked, MonthReconciled, Reminder, SetAside, TariffKnown,
    Unparked,
};
use super::mails::MailEvent;
use super::payments::Payment;
use super::{Numbers, Recorded};
use crate::domain::{BusinessId, Instant, InvoiceNumber, Month};

/// What was recorded so far, by what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// With the place of the entry.
    pub files: Vec<(u64, LogRead)>,
    /// With the place of the entry.
    pub set_aside: Vec<(u64, SetAside)>,
    pub closed: BTreeMap<(BusinessId, Month), MonthClosed>,
    /// Invoices and credit notes in the order of issue.
    pub issued: Vec<Issued>,
    /// By business: places among `issued`.
    pub(super) issued_of: BTreeMap<BusinessId, Vec<usize>>,
    /// By number: the place among `issued`.
    pub(super) place_of: BTreeMap<InvoiceNumber, usize>,
    /// The numbers of all that was issued.
    pub numbers: Numbers,
    /// With the place of the entry, in order.
    pub corrected: BTreeMap<(BusinessId, Month), Vec<(u64, MonthCorrected)>>,
    /// The last comparison of each closed month.
    pub compared: BTreeMap<(BusinessId, Month), Compared>,
    /// The last approval of each month.
    pub approved: BTreeMap<(BusinessId, Month), Approved>,
    /// In order.
    pub unparked: Vec<Unparked>,
    /// In order.
    pub disputes: Vec<Dispute>,
    /// By the number of the dispute, with the place of the entry.
    pub settled: BTreeMap<u32, (u64, DisputeSettled)>,
    /// In order, with the place of the entry.
    pub reconciled: Vec<(u64, MonthReconciled)>,
    /// What the last night parked that parked others than the one before.
    pub parked: Vec<MonthParked>,
    /// In order.
    pub tariffs: Vec<TariffKnown>,
    pub documents: BTreeMap<InvoiceNumber, Documents>,
    /// In the order in which they were made.
    pub mails: Vec<Mail>,
    /// By number of the invoice: places among `mails`.
    pub(super) mailed: BTreeMap<InvoiceNumber, Vec<usize>>,
    /// Message-IDs by the names of mails, those of digests too.
    pub(super) mail_ids: BTreeMap<String, String>,
    /// By Message-ID, in order.
    pub(super) mail_events: BTreeMap<String, Vec<MailEvent>>,
    /// In order.
    pub digests: Vec<DigestMade>,
    /// In order: the payment of number `n` is the one at `n - 1`.
    pub payments: Vec<Payment>,
    /// Of all of them.
    pub(super) payment_keys: BTreeSet<String>,
    /// In order.
    pub reminders: Vec<Reminder>,
    /// Fingerprint of the key of names; `None` before the first file was archived under one.
    pub key: Option<String>,
    /// In order.
    pub forgotten: Vec<Forgotten>,
    /// How many of them, from the first on, were carried out.
    pub erased: usize,
    /// SHA-256 of raw files that were kept and are gone.
    pub purged: BTreeSet<String>,
    /// Accepted holds in order, with the place of the entry.
    pub accepted: Vec<(u64, HoldAccepted)>,
    /// By month, the head of the chain of documents after the last entry that closed, billed or corrected it.
    pub heads: BTreeMap<Month, String>,
    /// Place of the last entry.
    pub last: u64,
    /// Hash of the last entry; empty for an empty ledger.
    pub head: String,
}

/// The months of which an entry decides what they cost, or which document bills it.
fn billed_months(entry: &Entry) -> Vec<Month> {
    match entry {
        Entry::MonthClosed(closed) => vec![closed.month],
        Entry::Corrected(corrected) => vec![corrected.month],
        Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => {
            std::iter::once(issued.month).chain(issued.earlier.iter().map(|earlier| earlier.month)).collect()
        }
        _ => Vec::new(),
    }
}

/// The months of one business.
fn of<T: Clone>(all: &BTreeMap<(BusinessId, Month), T>, business: &BusinessId) -> BTreeMap<(BusinessId, Month), T> {
    let months = all.range((business.clone(), Month::MIN)..).take_while(|((of, _), _)| of == business);
    months.map(|(key, of_month)| (key.clone(), of_month.clone())).collect()
}

impl History {
    pub fn of(recorded: Vec<Recorded>) -> Self {
        let mut history = Self::default();
        recorded.into_iter().for_each(|recorded| history.add(recorded));
        history
    }

    /// The history one entry later.
    pub(super) fn add(&mut self, recorded: Recorded) {
        let Recorded { seq, hash, entry } = recorded;
        self.last = seq;
        self.head = hash;
        let billed = billed_months(&entry);
        match entry {
            Entry::File(file) => self.files.push((seq, file)),
            Entry::SetAside(file) => self.set_aside.push((seq, file)),
            Entry::MonthClosed(closed) => self.close(closed),
            Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => self.issue(issued),
            Entry::Corrected(corrected) => {
                let key = (corrected.business.clone(), corrected.month);
                self.corrected.entry(key).or_default().push((seq, corrected));
            }
            Entry::Compared(compared) => {
                self.compared.insert((compared.business.clone(), compared.month), compared);
            }
            Entry::Approved(approved) => {
                self.approved.insert((approved.business.clone(), approved.month), approved);
            }
            Entry::Unparked(unparked) => self.unparked.push(unparked),
            Entry::Dispute(dispute) => self.disputes.push(dispute),
            Entry::DisputeSettled(settled) => {
                self.settled.insert(settled.dispute, (seq, settled));
            }
            Entry::Reconciled(reconciled) => self.reconciled.push((seq, reconciled)),
            Entry::Parked(parked) => self.parked = parked.months,
            Entry::Tariff(known) => self.tariffs.push(known),
            Entry::Documents(documents) => {
                self.documents.insert(documents.number.clone(), documents);
            }
            Entry::HoldAccepted(hold) => self.accepted.push((seq, hold)),
            mail @ (Entry::Mail(_)
            | Entry::MailBegun(_)
            | Entry::MailAttempt(_)
            | Entry::MailRetried(_)
            | Entry::MailCancelled(_)
            | Entry::MailBounced(_)
            | Entry::Digest(_)) => self.add_mail(mail),
            payment @ (Entry::Payment(_)
            | Entry::PaymentMatched(_)
            | Entry::PaymentReversed(_)
            | Entry::Reminder(_)) => self.add_payment(payment),
            Entry::Key(key) => self.key = Some(key.fingerprint),
            Entry::Forgotten(forgotten) => self.forgotten.push(forgotten),
            Entry::Erased(_) => self.erased += 1,
            Entry::Purged(purged) => self.purged.extend(purged.raw),
        }
        for month in billed {
            self.heads.insert(month, self.document_head());
        }
    }

    /// What is decided about the months of one business from: its closings, corrections, approvals and documents. It
    /// knows no files and no mails, so that it is small however old the ledger is.
    pub fn of_business(&self, business: &BusinessId) -> Self {
        let mut history = Self {
            closed: of(&self.closed, business),
            corrected: of(&self.corrected, business),
            approved: of(&self.approved, business),
            payments: self.advances_of(business).cloned().collect(),
            ..Self::default()
        };
        self.issued_to(business).cloned().for_each(|issued| history.issue(issued));
        history
    }

    /// Payments in advance of a business that a statement of a bank showed.
    fn advances_of(&self, business: &BusinessId) -> impl Iterator<Item = &Payment> {
        let is_of =
            |payment: &&Payment| payment.received.advance.as_ref().is_some_and(|advance| advance.business == *business);
        self.payments.iter().filter(is_of)
    }

    /// The history as it would be with more files.
    pub fn with_files<'f>(&self, files: impl Iterator<Item = &'f LogRead>) -> Self {
        let mut history = self.clone();
        for file in files {
            history.last += 1;
            history.files.push((history.last, file.clone()));
        }
        history
    }

    /// When something was last decided: a month closed, corrected or compared, a document issued, a dispute settled.
    pub fn decided_at(&self) -> Option<Instant> {
        let closed = self.closed.values().map(|closed| closed.closed_at);
        let corrected = self.corrected.values().flatten().map(|(_, corrected)| corrected.at);
        let issued = self.issued.iter().filter_map(|issued| issued.issued_at);
        let settled = self.settled.values().map(|(_, settled)| settled.at);
        closed.chain(corrected).chain(issued).chain(settled).max()
    }

    /// Head of the chain of issued documents: SHA-256 of the last canonical invoice, or of nothing.
    pub fn document_head(&self) -> String {
        let first = || crate::close::check::sha256(b"");
        self.issued.last().map_or_else(first, |last| last.document_sha256.clone())
    }

    /// The number after the last of its series and year. The first year of a series begins at `first`,
    /// later years at 1.
    pub fn next_number(&self, series: &str, year: i32, first: u32) -> InvoiceNumber {
        self.numbers.next(series, year, first)
    }

    /// The files that were known when the ledger ended at `seq`.
    pub fn files_through(&self, seq: u64) -> impl Iterator<Item = &LogRead> {
        self.files.iter().filter(move |(place, _)| *place <= seq).map(|(_, file)| file)
    }

    /// The holds that were accepted when the ledger ended at `seq`.
    pub fn accepted_through(&self, seq: u64) -> impl Iterator<Item = &HoldAccepted> {
        self.accepted.iter().filter(move |(place, _)| *place <= seq).map(|(_, hold)| hold)
    }

    /// Of each name the file that was set aside last, unless the name was read since: by name.
    pub fn last_set_aside(&self) -> BTreeMap<&str, &SetAside> {
        let mut last: BTreeMap<&str, (u64, &SetAside)> = BTreeMap::new();
        last.extend(self.set_aside.iter().map(|(place, aside)| (aside.name.as_str(), (*place, aside))));
        for (place, file) in &self.files {
            if last.get(file.name.as_str()).is_some_and(|(aside, _)| aside < place) {
                last.remove(file.name.as_str());
            }
        }
        last.into_iter().map(|(name, (_, aside))| (name, aside)).collect()
    }

    /// The digest that a file of charges, or a document made from one, has now: another than `was` only where a
    /// customer in it was forgotten since.
    pub fn sha256_now<'h>(&'h self, was: &'h str) -> &'h str {
        let redacted = self.forgotten.iter().flat_map(|forgotten| &forgotten.line_files);
        redacted.fold(was, |now, file| if file.was_sha256 == now { &file.sha256 } else { now })
    }

    /// Whether a mail was destroyed because it named somebody who is forgotten.
    pub fn is_destroyed(&self, mail: &Mail) -> bool {
        self.forgotten.iter().any(|forgotten| forgotten.mails.contains(&mail.message_id))
    }

    /// Whether nothing plain is kept of a customer (keyed) at an instant.
    pub fn forgets(&self, person: &str, at: Instant) -> bool {
        self.forgotten.iter().any(|forgotten| forgotten.person == person && at < forgotten.at)
    }

    /// Mails of an invoice, in order.
    pub fn mails_of<'h>(&'h self, number: &'h InvoiceNumber) -> impl Iterator<Item = &'h Mail> {
        self.mailed.get(number).into_iter().flatten().filter_map(|place| self.mails.get(*place))
    }

    /// Months with a closing, sorted.
    pub fn months(&self) -> BTreeSet<Month> {
        self.closed.keys().map(|(_, month)| *month).collect()
    }
}
