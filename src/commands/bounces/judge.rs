//! Whose mail a report is about. Only what is certain is said of a mail; everything else is told with its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::Recorded;
use crate::ledger::entry::{DigestMade, DigestMail, Entry, Mail, MailOutcome};
use crate::read::dsn::{Recipient, Report, is_address, line};

/// The mails that reports may be about.
#[derive(Default)]
pub struct Sent<'h> {
    by_message_id: BTreeMap<&'h str, &'h Mail>,
    by_number: BTreeMap<String, Vec<&'h Mail>>,
    digests: BTreeMap<&'h str, &'h DigestMail>,
    /// Message-IDs of mails that a server has taken, or may have.
    taken: BTreeSet<&'h str>,
    /// In small letters.
    addresses: BTreeSet<String>,
}

/// Why a report says nothing of a mail of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOurs {
    /// It is about another mail.
    Foreign(String),
    /// It may be about one of ours: somebody should look at it.
    Doubtful(String),
}

impl<'h> Sent<'h> {
    pub fn of(recorded: &'h [Recorded]) -> Self {
        let (mut sent, mut open) = (Self::default(), BTreeSet::new());
        for Recorded { entry, .. } in recorded {
            match entry {
                Entry::Mail(mail) => {
                    sent.by_message_id.insert(&mail.message_id, mail);
                    sent.by_number.entry(mail.number.to_string()).or_default().push(mail);
                    sent.addresses.insert(mail.to.to_ascii_lowercase());
                }
                Entry::Digest(DigestMade { mail: Some(mail), .. }) => {
                    sent.digests.insert(&mail.message_id, mail);
                }
                // An attempt that was begun twice was interrupted the first time: nobody knows how far it came.
                Entry::MailBegun(begun) => {
                    if !open.insert(begun.message_id.as_str()) {
                        sent.taken.insert(&begun.message_id);
                    }
                }
                Entry::MailAttempt(attempt) => {
                    open.remove(attempt.message_id.as_str());
                    if may_have_arrived(attempt.outcome) {
                        sent.taken.insert(&attempt.message_id);
                    }
                }
                _ => {}
            }
        }
        sent.taken.extend(open);
        sent
    }

    /// The mail of which a report says what became of it for `recipient`.
    pub fn mail(&self, report: &Report, recipient: &Recipient) -> Result<&'h Mail, NotOurs> {
        let mut named = [&report.original.message_id, &report.envelope_id].into_iter().flatten();
        if let Some(digest) = named.clone().find_map(|id| self.digests.get(id.as_str())) {
            let (name, to) = (&digest.name, &digest.to);
            return Err(NotOurs::Doubtful(format!("it is about the digest {name}, which went to {to}: see [digest]")));
        }
        let named = named.find_map(|id| self.by_message_id.get(id.as_str()).copied());
        let mail = match named {
            Some(mail) => mail,
            None => self.by_its_headers(report, recipient)?,
        };
        if !self.taken.contains(mail.message_id.as_str()) {
            return Err(NotOurs::Doubtful(format!("{} was never sent to {}", mail.number, mail.to)));
        }
        // A mailbox may send mails on; what it keeps is not known here.
        if !recipient.is(&mail.to) {
            let (number, to, other) = (&mail.number, &mail.to, &recipient.address);
            let why = format!("{number} went to {to}, and from there to {other}, of which alone the report speaks");
            return Err(NotOurs::Doubtful(why));
        }
        Ok(mail)
    }

    /// Some services give mails a Message-ID of their own (Amazon SES): the number in the subject, sender and recipient name
    /// one mail, or none.
    fn by_its_headers(&self, report: &Report, recipient: &Recipient) -> Result<&'h Mail, NotOurs> {
        let original = &report.original;
        let subject = original.subject.as_deref().unwrap_or_default();
        let mut words = subject.split([' ', ':']).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        // The subject of a copy has one word before the number, in the language of the business.
        let (number, is_copy) = match words.next() {
            Some(second) if !self.by_number.contains_key(first) && self.by_number.contains_key(second) => {
                (second, true)
            }
            _ => (first, false),
        };
        let is =
            |named: &Option<String>, address: &str| named.as_deref().is_some_and(|named| is_address(named, address));
        let of_number = self.by_number.get(number).into_iter().flatten().copied();
        let fits = |mail: &&Mail| {
            mail.copy.is_some() == is_copy
                && is(&original.from, &mail.from)
                && original.to.iter().any(|named| is_address(named, &mail.to))
                && recipient.is(&mail.to)
        };
        let found: Vec<&'h Mail> = of_number.filter(fits).collect();
        let doubtful = |why: String| Err(NotOurs::Doubtful(why));
        match (found.as_slice(), &original.message_id) {
            ([mail], _) => Ok(*mail),
            ([_, _, ..], _) => {
                let to = &recipient.address;
                doubtful(format!(
                    "{number} was sent to {to} several times, and the report does not say which it is about"
                ))
            }
            ([], _) if self.by_number.contains_key(number) => doubtful(format!(
                "it names {number}, but neither its Message-ID nor its addresses are of a mail of ours"
            )),
            ([], Some(id)) => Err(NotOurs::Foreign(format!("it is about the mail <{}>", line(id.as_bytes())))),
            ([], None) if self.knows(recipient) => {
                doubtful(format!("it does not say which mail to {} it is about", recipient.address))
            }
            ([], None) => Err(NotOurs::Foreign("it does not say which mail it is about".to_owned())),
        }
    }

    /// Whether any mail went to an address of the report.
    fn knows(&self, recipient: &Recipient) -> bool {
        let mut named = recipient.original.iter().chain([&recipient.address]);
        named.any(|address| self.addresses.contains(&address.to_ascii_lowercase()))
    }
}

const fn may_have_arrived(outcome: MailOutcome) -> bool {
    matches!(outcome, MailOutcome::Sent | MailOutcome::Unknown)
}
