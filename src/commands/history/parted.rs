//! The entries of a ledger, parted by the run or command that added them: what one adds has one instant.

use crate::domain::Instant;
use crate::ledger::entry::{TriedBy, Trying};
use crate::ledger::{Entry, Recorded};

/// Who adds entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run,
    Approve,
    Unpark,
    Gap,
    Dispute,
    Reissue,
    Mail,
    Bounces,
    Forget,
    Payments,
    Purge,
    Reconcile,
}

impl Command {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Approve => "approve",
            Self::Unpark => "unpark",
            Self::Gap => "gap accept",
            Self::Dispute => "dispute",
            Self::Reissue => "reissue",
            Self::Mail => "mail",
            Self::Bounces => "bounces",
            Self::Forget => "forget",
            Self::Payments => "payments",
            Self::Purge => "purge",
            Self::Reconcile => "reconcile",
        }
    }
}

/// What one of them added.
pub(super) struct Doing<'r> {
    pub at: Option<Instant>,
    pub command: Command,
    pub entries: Vec<&'r Recorded>,
}

/// The same on its way: nobody may have told its instant or its command yet.
type Part<'r> = (Option<Instant>, Option<Command>, Vec<&'r Recorded>);

/// In the order of the ledger.
pub(super) fn parted<'r>(recorded: &'r [Recorded]) -> Vec<Doing<'r>> {
    let mut parted: Vec<Part<'r>> = Vec::new();
    for one in recorded {
        let (at, command) = (at(&one.entry), command(&one.entry));
        let goes_on = |last: &&mut Part| {
            let is_same = |known: Option<Instant>| known.is_none() || at.is_none() || known == at;
            is_same(last.0) && (last.1.is_none() || command.is_none() || last.1 == command)
        };
        match parted.last_mut().filter(goes_on) {
            Some(last) => {
                last.0 = last.0.or(at);
                last.1 = last.1.or(command);
                last.2.push(one);
            }
            None => parted.push((at, command, vec![one])),
        }
    }
    let whole = |(at, command, entries): Part<'r>| {
        let command = command.unwrap_or_else(|| alone(&entries));
        Doing { at, command, entries }
    };
    parted.into_iter().map(whole).collect()
}

/// Whose entries they are that several commands add: attempts of mails without anything else are of `mail send`.
fn alone(entries: &[&Recorded]) -> Command {
    let is_mail = |entry: &Entry| matches!(entry, Entry::MailBegun(_) | Entry::MailAttempt(_));
    if entries.iter().all(|recorded| is_mail(&recorded.entry)) { Command::Mail } else { Command::Run }
}

/// When it was added; `None` where the entry does not tell.
fn at(entry: &Entry) -> Option<Instant> {
    match entry {
        Entry::File(file) => file.read_at,
        Entry::SetAside(file) => file.at,
        Entry::MonthClosed(closed) => Some(closed.closed_at),
        Entry::Invoice(issued) | Entry::CreditNote(issued) | Entry::Replacement(issued) => issued.issued_at,
        Entry::Mail(mail) => mail.copy.as_ref().map(|copy| copy.at),
        Entry::MailBegun(begun) => Some(begun.tried_by.map_or(begun.at, |by| by.at)),
        Entry::MailAttempt(attempt) => Some(attempt.tried_by.map_or(attempt.at, |by| by.at)),
        Entry::MailRetried(retried) => Some(retried.at),
        Entry::MailCancelled(cancelled) => Some(cancelled.at),
        Entry::MailBounced(bounced) => Some(bounced.at),
        Entry::Digest(digest) => Some(digest.at),
        Entry::Forgotten(forgotten) => Some(forgotten.at),
        Entry::Erased(erased) => Some(erased.at),
        Entry::Purged(purged) => Some(purged.at),
        Entry::HoldAccepted(hold) => Some(hold.at),
        Entry::Tariff(known) => Some(known.at),
        Entry::Approved(approved) => Some(approved.at),
        Entry::Unparked(unparked) => Some(unparked.at),
        Entry::Compared(compared) => Some(compared.at),
        Entry::Corrected(corrected) => Some(corrected.at),
        Entry::Dispute(dispute) => Some(dispute.at),
        Entry::DisputeSettled(settled) => Some(settled.at),
        Entry::Payment(received) => Some(received.at),
        Entry::PaymentMatched(matched) => Some(matched.at),
        Entry::PaymentReversed(reversed) => Some(reversed.at),
        Entry::Reminder(reminder) => Some(reminder.at),
        Entry::Reconciled(reconciled) => Some(reconciled.at),
        Entry::Parked(parked) => Some(parked.at),
        Entry::Documents(_) | Entry::Key(_) => None,
    }
}

/// Which command alone adds such an entry; `None` where several do.
fn command(entry: &Entry) -> Option<Command> {
    match entry {
        Entry::File(_)
        | Entry::SetAside(_)
        | Entry::MonthClosed(_)
        | Entry::Compared(_)
        | Entry::Tariff(_)
        | Entry::Key(_)
        | Entry::Parked(_)
        | Entry::Digest(_) => Some(Command::Run),
        Entry::Approved(_) => Some(Command::Approve),
        Entry::Unparked(_) => Some(Command::Unpark),
        Entry::HoldAccepted(_) => Some(Command::Gap),
        Entry::Dispute(_) | Entry::DisputeSettled(_) => Some(Command::Dispute),
        Entry::Replacement(_) => Some(Command::Reissue),
        Entry::Mail(mail) => mail.copy.as_ref().map(|_| Command::Mail),
        Entry::MailRetried(_) | Entry::MailCancelled(_) => Some(Command::Mail),
        Entry::MailBounced(_) => Some(Command::Bounces),
        Entry::Forgotten(_) => Some(Command::Forget),
        Entry::Purged(_) => Some(Command::Purge),
        Entry::Payment(_) | Entry::PaymentMatched(_) | Entry::PaymentReversed(_) | Entry::Reminder(_) => {
            Some(Command::Payments)
        }
        Entry::Reconciled(_) => Some(Command::Reconcile),
        Entry::MailBegun(begun) => begun.tried_by.map(sending),
        Entry::MailAttempt(attempt) => attempt.tried_by.map(sending),
        Entry::Invoice(_) | Entry::CreditNote(_) | Entry::Corrected(_) | Entry::Documents(_) | Entry::Erased(_) => None,
    }
}

const fn sending(by: TriedBy) -> Command {
    match by.command {
        Trying::Run => Command::Run,
        Trying::Mail => Command::Mail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::{Key, MailAttempt, MailOutcome, Purged, SetAside, TariffKnown};

    fn at_second(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    fn aside(second: i64) -> Entry {
        let (name, sha256, reason) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
        let at = Some(at_second(second));
        Entry::SetAside(SetAside { name, sha256, reason, at, declared: None, tried_with: None })
    }

    fn attempt(second: i64) -> Entry {
        tried(second, 0, None)
    }

    /// So many microseconds after a second, by a run or command that began at it.
    fn tried(second: i64, later: i64, command: Option<Trying>) -> Entry {
        let (message_id, detail, outcome) = ("m".to_owned(), String::new(), MailOutcome::Sent);
        let at = Instant::from_micros(second * 1_000_000 + later);
        let tried_by = command.map(|command| TriedBy { at: at_second(second), command });
        Entry::MailAttempt(MailAttempt { message_id, at, outcome, detail, tried_by })
    }

    fn told(entries: Vec<Entry>) -> Vec<(&'static str, usize)> {
        let recorded: Vec<Recorded> =
            (1..).zip(entries).map(|(seq, entry)| Recorded { seq, hash: String::new(), entry }).collect();
        parted(&recorded).iter().map(|doing| (doing.command.name(), doing.entries.len())).collect()
    }

    #[test]
    fn what_was_added_at_one_instant_by_one_command_is_together() {
        let key = Entry::Key(Key { fingerprint: "k".to_owned() });
        let tariff = |second: i64| {
            let (tariff, sha256) = ("t".to_owned(), "s".to_owned());
            Entry::Tariff(TariffKnown { at: at_second(second), tariff, sha256 })
        };
        let purged = Entry::Purged(Purged { at: at_second(2), raw: Vec::new() });
        let entries = vec![key, aside(1), tariff(1), attempt(1), aside(2), attempt(2), purged, attempt(3), attempt(3)];
        assert_eq!(told(entries), [("run", 4), ("run", 2), ("purge", 1), ("mail", 2)]);
        assert!(told(Vec::new()).is_empty());
    }

    #[test]
    fn mails_are_of_the_run_that_tried_them_whenever_that_was() {
        let (run, mail) = (Some(Trying::Run), Some(Trying::Mail));
        let entries = vec![
            aside(1),
            tried(1, 7, run),
            tried(1, 912, run),
            tried(601, 5, mail),
            tried(601, 6, mail),
            tried(1201, 3, run),
            tried(1201, 4, run),
        ];
        assert_eq!(told(entries), [("run", 3), ("mail", 2), ("run", 2)]);
    }
}
