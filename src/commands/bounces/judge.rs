//! Whose mail a report is about. Only what is certain is said of a mail; everything else is told with its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::Recorded;
use crate::ledger::entry::{DigestMade, DigestMail, Entry, Mail, MailOutcome};
use crate::read::dsn::{Recipient, Report, is_address, line};
use crate::read::identity::IdKey;
use crate::render::begins_copy;

/// Shorter words of a server's reply are no names of mails.
const SHORTEST_NAME: usize = 10;

/// The mails that reports may be about.
#[derive(Default)]
pub struct Sent<'h> {
    by_message_id: BTreeMap<&'h str, &'h Mail>,
    by_number: BTreeMap<String, Vec<&'h Mail>>,
    digests: BTreeMap<&'h str, &'h DigestMail>,
    /// Message-IDs of mails that a server has taken, or may have.
    taken: BTreeSet<&'h str>,
    /// By the words with which a server took a mail that could be its name there; `None` where several were taken so.
    by_reply: BTreeMap<&'h str, Option<&'h Mail>>,
    /// In small letters.
    addresses: BTreeSet<String>,
    /// Names envelopes.
    key: Option<IdKey>,
}

/// The mail that a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'h> {
    pub mail: &'h Mail,
    /// It gives back the name of the envelope, which nobody but the server was told.
    pub is_proved: bool,
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
    pub fn of(recorded: &'h [Recorded], key: Option<IdKey>) -> Self {
        let (mut sent, mut open) = (Self { key, ..Self::default() }, BTreeSet::new());
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
                    let was_open = !open.insert(begun.message_id.as_str());
                    if was_open {
                        sent.taken.insert(&begun.message_id);
                    }
                }
                Entry::MailAttempt(attempt) => {
                    open.remove(attempt.message_id.as_str());
                    if may_have_arrived(attempt.outcome) {
                        sent.taken.insert(&attempt.message_id);
                    }
                    if attempt.outcome == MailOutcome::Sent {
                        sent.replied(&attempt.message_id, &attempt.detail);
                    }
                }
                _ => {}
            }
        }
        sent.taken.extend(open);
        sent
    }

    /// Notes the words with which a server took a mail.
    fn replied(&mut self, message_id: &str, reply: &'h str) {
        let Some(mail) = self.by_message_id.get(message_id).copied() else { return };
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.@+=".contains(c);
        let words = reply.split(|c: char| !is_of_name(c)).map(|word| word.trim_matches('.'));
        let is_name = |word: &&str| word.len() >= SHORTEST_NAME && word.contains(|c: char| c.is_ascii_digit());
        for word in words.filter(is_name) {
            let known = self.by_reply.entry(word).or_insert(Some(mail));
            *known = known.filter(|known| known.message_id == mail.message_id);
        }
    }

    /// The mail of which a report says what became of it for `recipient`.
    pub fn mail(&self, report: &Report, recipient: &Recipient) -> Result<Named<'h>, NotOurs> {
        let (message_id, envelope) = (report.original.message_id.as_deref(), report.envelope_id.as_deref());
        let proved = envelope.and_then(|name| self.key.as_ref()?.of_envelope(name));
        let mut named = [proved, message_id, envelope].into_iter().flatten();
        if let Some(digest) = named.clone().find_map(|id| self.digests.get(id)) {
            let (name, to) = (&digest.name, &digest.to);
            return Err(NotOurs::Doubtful(format!("it is about the digest {name}, which went to {to}: see [digest]")));
        }
        let mail = match (named.find_map(|id| self.by_message_id.get(id).copied()), message_id) {
            (Some(mail), _) => mail,
            (None, Some(id)) => self.by_its_name(id, report)?,
            (None, None) => self.by_its_headers(report, recipient)?,
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
        Ok(Named { mail, is_proved: proved == Some(mail.message_id.as_str()) })
    }

    /// Some services give mails a Message-ID of their own, and name it when they take one (Amazon SES). Any other Message-ID is
    /// of another mail, whatever its headers say: people answer, and pass on, under the same subject.
    fn by_its_name(&self, id: &str, report: &Report) -> Result<&'h Mail, NotOurs> {
        let local = id.split_once('@').map_or(id, |(local, _)| local);
        if let Some(mail) = [id, local].into_iter().find_map(|name| self.by_reply.get(name).copied().flatten()) {
            return Ok(mail);
        }
        let id = line(id.as_bytes());
        let subject = report.original.subject.as_deref().unwrap_or_default();
        let number = subject.split([' ', ':']).find(|word| self.by_number.contains_key(*word));
        Err(match number {
            Some(number) => NotOurs::Doubtful(format!(
                "it names {number}, but is about the mail <{id}>, which is no mail of ours: an answer to it, perhaps"
            )),
            None => NotOurs::Foreign(format!("it is about the mail <{id}>")),
        })
    }

    /// Where a report gives no Message-ID back, the number in the subject, sender and recipient name one mail, or none.
    fn by_its_headers(&self, report: &Report, recipient: &Recipient) -> Result<&'h Mail, NotOurs> {
        let original = &report.original;
        let subject = original.subject.as_deref().unwrap_or_default();
        let mut words = subject.split([' ', ':']).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        // The subject of a copy has one word before the number, in the language of the business.
        let (number, is_copy) = match words.next() {
            Some(second) if begins_copy(first) && self.by_number.contains_key(second) => (second, true),
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
        match found.as_slice() {
            [mail] => Ok(*mail),
            [_, _, ..] => {
                let to = &recipient.address;
                doubtful(format!(
                    "{number} was sent to {to} several times, and the report does not say which it is about"
                ))
            }
            [] if self.by_number.contains_key(number) => {
                doubtful(format!("it names {number}, but no Message-ID, and its addresses are of no mail of ours"))
            }
            [] if self.knows(recipient) => {
                doubtful(format!("it does not say which mail to {} it is about", recipient.address))
            }
            [] => Err(NotOurs::Foreign("it does not say which mail it is about".to_owned())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;
    use crate::ledger::entry::{MailAttempt, MailBegun, MailCopy};
    use crate::read::dsn::{Action, Original};

    const ID: &str = "LR-2018-000001.1@late-reply.example";
    const TO: &str = "accounts@forno.example";

    fn recorded(entries: Vec<Entry>) -> Vec<Recorded> {
        let of = |(seq, entry)| Recorded { seq, entry, hash: String::new() };
        (1..).zip(entries).map(of).collect()
    }

    fn mail(message_id: &str, copy: Option<MailCopy>) -> Entry {
        Entry::Mail(Mail {
            number: "LR-2018-000001".parse().unwrap(),
            message_id: message_id.to_owned(),
            from: "billing@late-reply.example".to_owned(),
            to: TO.to_owned(),
            name: format!("{message_id}.eml"),
            sha256: String::new(),
            copy,
            dkim: String::new(),
            date: None,
            too_big: None,
        })
    }

    fn begun() -> Entry {
        Entry::MailBegun(MailBegun { message_id: ID.to_owned(), at: Instant::MIN, tried_by: None })
    }

    fn ended(message_id: &str, outcome: MailOutcome, detail: &str) -> Entry {
        let (message_id, detail) = (message_id.to_owned(), detail.to_owned());
        Entry::MailAttempt(MailAttempt { message_id, at: Instant::MIN, outcome, detail, tried_by: None })
    }

    fn report(message_id: Option<&str>, envelope_id: Option<&str>, subject: &str) -> Report {
        let original = Original {
            message_id: message_id.map(str::to_owned),
            from: Some("billing@late-reply.example".to_owned()),
            to: vec![TO.to_owned()],
            subject: Some(subject.to_owned()),
        };
        let envelope_id = envelope_id.map(str::to_owned);
        Report { sha256: String::new(), envelope_id, original, recipients: Vec::new() }
    }

    fn recipient() -> Recipient {
        let (address, status) = (TO.to_owned(), "5.1.1".to_owned());
        Recipient { action: Action::Failed, address, original: None, status, diagnostic: String::new() }
    }

    /// The Message-ID of the mail, and whether that is proved; or why it is none.
    fn judged(entries: Vec<Entry>, report: &Report) -> Result<(String, bool), NotOurs> {
        let recorded = recorded(entries);
        let sent = Sent::of(&recorded, Some(IdKey::of([5; 32])));
        sent.mail(report, &recipient()).map(|named| (named.mail.message_id.clone(), named.is_proved))
    }

    #[test]
    fn an_attempt_that_only_began_may_have_arrived() {
        let about = report(Some(ID), None, "x");
        let found = Ok((ID.to_owned(), false));
        assert_eq!(judged(vec![mail(ID, None), begun()], &about), found);
        let begun_twice = vec![mail(ID, None), begun(), begun(), ended(ID, MailOutcome::Deferred, "451")];
        assert_eq!(judged(begun_twice, &about), found, "the first was interrupted");
        for never in [vec![], vec![begun(), ended(ID, MailOutcome::Deferred, "451")]] {
            let never: Vec<Entry> = std::iter::once(mail(ID, None)).chain(never).collect();
            assert!(matches!(judged(never, &about), Err(NotOurs::Doubtful(_))));
        }
    }

    #[test]
    fn the_name_of_the_envelope_proves_a_report() {
        let sent = || vec![mail(ID, None), ended(ID, MailOutcome::Sent, "250 ok")];
        let name = IdKey::of([5; 32]).envelope(ID);
        assert_eq!(judged(sent(), &report(None, Some(&name), "x")), Ok((ID.to_owned(), true)));
        assert_eq!(judged(sent(), &report(Some("1@else.example"), Some(&name), "x")), Ok((ID.to_owned(), true)));
        // Names of older versions, which anybody can guess.
        assert_eq!(judged(sent(), &report(None, Some(ID), "x")), Ok((ID.to_owned(), false)));
        let forged = IdKey::of([6; 32]).envelope(ID);
        assert_eq!(judged(sent(), &report(Some(ID), Some(&forged), "x")), Ok((ID.to_owned(), false)));
        assert!(judged(sent(), &report(None, Some(&forged), "x")).is_err());
    }

    #[test]
    fn another_message_id_is_ours_where_the_server_named_it() {
        const SES: &str = "0102016580000000-1a2b-000000";
        let other = format!("{SES}@eu-west-1.amazonses.com");
        let sent = |words: &str| vec![mail(ID, None), ended(ID, MailOutcome::Sent, words)];
        let about = report(Some(&other), None, "LR-2018-000001: invoice");
        assert_eq!(judged(sent(&format!("250 Ok {SES}")), &about), Ok((ID.to_owned(), false)));
        assert_eq!(judged(sent(&format!("250 queued as <{other}>.")), &about), Ok((ID.to_owned(), false)));
        assert!(matches!(judged(sent("250 Ok 0102016589999999-1a2b-000000"), &about), Err(NotOurs::Doubtful(_))));
        let (second, words) = ("LR-2018-000001.2@late-reply.example", format!("250 Ok {SES}"));
        let again = vec![mail(second, None), ended(second, MailOutcome::Sent, &words)];
        let twice: Vec<Entry> = sent(&words).into_iter().chain(again).collect();
        assert!(matches!(judged(twice, &about), Err(NotOurs::Doubtful(_))), "it names two of them");
    }

    #[test]
    fn headers_count_where_there_is_no_message_id() {
        let copy_id = "LR-2018-000001.1.copy-1@late-reply.example";
        let of = "LR-2018-000001_1.eml".to_owned();
        let copy = MailCopy { of, copy: 1, at: Instant::MIN, reason: "lost".to_owned() };
        let sent = || -> Vec<Entry> {
            let ended = [ID, copy_id].map(|id| ended(id, MailOutcome::Sent, "250 ok"));
            [mail(ID, None), mail(copy_id, Some(copy.clone()))].into_iter().chain(ended).collect()
        };
        for (subject, found) in [
            ("LR-2018-000001: invoice", Some(ID)),
            ("Copy: LR-2018-000001: invoice", Some(copy_id)),
            ("Kopie: LR-2018-000001: Rechnung", Some(copy_id)),
            ("Re: LR-2018-000001: invoice", None),
            ("Fwd: LR-2018-000001: invoice", None),
            ("AW: LR-2018-000001: Rechnung", None),
        ] {
            let by_headers = judged(sent(), &report(None, None, subject));
            assert_eq!(by_headers.ok().map(|(id, _)| id).as_deref(), found, "{subject}");
            let another = judged(sent(), &report(Some("1@late-reply.example"), None, subject));
            assert!(matches!(another, Err(NotOurs::Doubtful(_))), "{subject}");
        }
    }
}
