//! Since when mails wait.

use super::entry::{DigestMade, Reminder};
use super::{History, MailEvent, Outgoing};
use crate::domain::Instant;

impl History {
    /// Since when a mail waits that is still to be sent: since a person had it tried again, else since it was decided that
    /// there is such a mail.
    pub fn waits_since(&self, mail: &Outgoing) -> Option<Instant> {
        let retried = self.events_of(mail.message_id).iter().rev().find_map(|event| match event {
            MailEvent::Retried(at) => Some(*at),
            _ => None,
        });
        retried.or_else(|| self.decided_on(mail))
    }

    /// When the document of a mail was issued, a copy was asked for, or a digest or a reminder was made.
    fn decided_on(&self, mail: &Outgoing) -> Option<Instant> {
        let Some(number) = mail.number else {
            let digest = |made: &&DigestMade| made.mail.as_ref().is_some_and(|own| own.message_id == mail.message_id);
            let reminder = |sent: &&Reminder| sent.mails.iter().any(|own| own.message_id == mail.message_id);
            let reminded = || self.reminders.iter().find(reminder).map(|sent| sent.at);
            return self.digests.iter().find(digest).map(|made| made.at).or_else(reminded);
        };
        let mut mails = self.mails_of(number);
        let copy = mails.find(|known| known.message_id == mail.message_id).and_then(|known| known.copy.as_ref());
        let issued = self.document(number);
        let closed_at = || {
            let issued = issued?;
            self.closed.get(&(issued.business.clone(), issued.month)).map(|closed| closed.closed_at)
        };
        copy.map(|copy| copy.at).or(issued.and_then(|issued| issued.issued_at)).or_else(closed_at)
    }
}
