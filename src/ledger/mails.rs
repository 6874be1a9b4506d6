//! How far a mail has come: told by the entries about it, the rules of sending, and the time.

use super::entry::{DigestMail, Entry, Mail, MailAttempt, MailBounced, MailCancelled, MailOutcome};
use super::history::History;
use crate::domain::{Elapsed, Instant, InvoiceNumber, MailRules};

/// No attempt takes longer, with every stage as slow as its limit lets it be: one without an outcome since then was
/// interrupted. The lock of the state folder would tell it sooner, but who only reads cannot ask for it without being in
/// the way of a run that begins.
const LONGEST_ATTEMPT: Elapsed = Elapsed::from_seconds(2 * 3600);

/// No mail waits longer for its next attempt: one that does was put off by a clock that was wrong.
const LONGEST_DELAY: Elapsed = Elapsed::from_seconds(3600);

/// Something that happened to a mail after it was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailEvent {
    Begun(Instant),
    Ended(MailAttempt),
    Retried(Instant),
    Cancelled(MailCancelled),
    Bounced(MailBounced),
}

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailState {
    /// To be sent for the first time, or again because a person said so.
    Queued,
    /// An attempt was begun and did not end yet.
    Sending,
    Sent,
    /// Not taken, and to be tried again.
    Deferred,
    /// The server will not take it.
    Refused,
    /// Nobody knows what became of the last attempt.
    Unknown,
    /// Tried for days, and never taken.
    Failed,
    Cancelled,
    /// It came back.
    Bounced,
}

impl MailState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Bounced => "bounced",
        }
    }
}

/// Where a mail stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailStanding {
    pub state: MailState,
    /// How often it was tried.
    pub attempts: u32,
    /// From when it may be tried again; `None`: it is not tried again unless a person says so.
    pub next: Option<Instant>,
    /// Attempts of which nobody knows whether the mail arrived by them.
    pub doubts: u32,
    /// The last words about it: of the server, of the operator, of a report.
    pub detail: String,
    /// When the last thing happened to it.
    pub since: Option<Instant>,
}

impl MailStanding {
    /// Whether a run sends it now. What waits for longer than any mail does is due, too: the clock was wrong then, or is now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| next <= now || next > now.plus(LONGEST_DELAY))
    }

    /// Whether something is said to have happened to it that lies too far ahead for clocks that are right.
    pub fn is_ahead(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| since > now.plus(LONGEST_DELAY))
    }

    /// When it may be tried again, where that is not at once.
    pub fn until(&self) -> Option<Instant> {
        self.next.filter(|next| *next > Instant::MIN)
    }

    /// Whether it waits for a run.
    pub const fn waits(&self) -> bool {
        self.next.is_some()
    }

    /// Whether nothing more happens unless a person acts: it did not arrive, or may not have.
    pub const fn needs_a_person(&self) -> bool {
        match self.state {
            MailState::Refused | MailState::Failed | MailState::Bounced => true,
            MailState::Unknown => self.next.is_none(),
            _ => false,
        }
    }

    /// What nobody can know about it.
    pub const fn doubt(&self) -> Option<&'static str> {
        match (self.doubts, self.state) {
            (0, _) => None,
            (_, MailState::Sent | MailState::Bounced) if self.attempts > 1 => Some("possibly twice"),
            (2.., _) => Some("possibly twice"),
            // What came back had arrived.
            (_, MailState::Bounced) => None,
            _ => Some("possibly arrived"),
        }
    }
}

/// The events of a mail, followed in their order.
#[derive(Clone)]
struct Course {
    standing: MailStanding,
    /// Since the mail was frozen, or a person had it tried again.
    tried: u32,
    first: Option<Instant>,
    unknown: u32,
    /// Begun and not ended: since when, and how everything stood before.
    open: Option<(Instant, Box<Course>)>,
}

impl Course {
    fn new() -> Self {
        let standing = MailStanding {
            state: MailState::Queued,
            attempts: 0,
            next: Some(Instant::MIN),
            doubts: 0,
            detail: String::new(),
            since: None,
        };
        Self { standing, tried: 0, first: None, unknown: 0, open: None }
    }

    fn follow(&mut self, event: &MailEvent, rules: &MailRules) {
        match event {
            MailEvent::Begun(at) => {
                self.interrupted(rules);
                let before = Box::new(self.clone());
                self.begin(*at);
                self.open = Some((*at, before));
            }
            MailEvent::Ended(attempt) => self.end(attempt, rules),
            MailEvent::Retried(at) => {
                self.interrupted(rules);
                (self.tried, self.first, self.unknown) = (0, None, 0);
                self.stand(MailState::Queued, Some(*at), "tried again because a person said so", *at);
            }
            MailEvent::Cancelled(cancelled) => {
                self.interrupted(rules);
                self.stand(MailState::Cancelled, None, &cancelled.reason, cancelled.at);
            }
            MailEvent::Bounced(bounced) if bounced.is_final() => {
                self.interrupted(rules);
                let said = format!("{} {}", bounced.status, bounced.diagnostic);
                match self.standing.next {
                    None => self.stand(MailState::Bounced, None, said.trim(), bounced.at),
                    // Anybody can write a report: none keeps a mail from being sent that waits for it.
                    next => {
                        let detail = format!("it is tried again all the same; a report says: {}", said.trim());
                        self.stand(self.standing.state, next, &detail, bounced.at);
                    }
                }
            }
            MailEvent::Bounced(_) => {}
        }
    }

    fn begin(&mut self, at: Instant) {
        self.standing.attempts = self.standing.attempts.saturating_add(1);
        self.tried = self.tried.saturating_add(1);
        // An earlier one comes after a later one where the clock was wrong: the five days are not counted from there.
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
    }

    fn end(&mut self, attempt: &MailAttempt, rules: &MailRules) {
        let MailAttempt { at, outcome, detail, .. } = attempt;
        // Older versions recorded no beginning.
        let before = self.open.take().map(|(_, before)| before);
        if *outcome == MailOutcome::Untried {
            if let Some(before) = before {
                *self = *before;
            }
            self.standing.detail.clone_from(detail);
            self.standing.since = Some(*at);
            return;
        }
        if before.is_none() {
            self.begin(*at);
        }
        let later = self.later(*at);
        match outcome {
            MailOutcome::Sent => self.stand(MailState::Sent, None, detail, *at),
            MailOutcome::Refused => self.stand(MailState::Refused, None, detail, *at),
            MailOutcome::Deferred if later.is_none() => self.stand(MailState::Failed, None, detail, *at),
            MailOutcome::Deferred => self.stand(MailState::Deferred, later, detail, *at),
            MailOutcome::Unknown => {
                let again = self.doubts_one_more(rules);
                self.stand(MailState::Unknown, later.filter(|_| again), detail, *at);
            }
            MailOutcome::Untried => {}
        }
    }

    /// When the next attempt may be; `None` when that is too late. A mail that was due and met no run is still tried once.
    fn later(&self, at: Instant) -> Option<Instant> {
        let next = at.plus(MailRules::delay(self.tried));
        let end = self.first.unwrap_or(at).plus(MailRules::GIVE_UP);
        (next <= end).then_some(next)
    }

    /// Whether the mail may be sent once more after an attempt of unknown fate.
    fn doubts_one_more(&mut self, rules: &MailRules) -> bool {
        self.unknown = self.unknown.saturating_add(1);
        self.standing.doubts = self.standing.doubts.saturating_add(1);
        self.unknown <= rules.copies
    }

    /// An attempt without an outcome is one of unknown fate. The server is not to blame for it: it need not wait.
    fn interrupted(&mut self, rules: &MailRules) {
        let Some((at, _)) = self.open.take() else { return };
        let again = self.doubts_one_more(rules);
        self.stand(MailState::Unknown, again.then_some(at), "the program was stopped in the middle of the attempt", at);
    }

    fn stand(&mut self, state: MailState, next: Option<Instant>, detail: &str, at: Instant) {
        let standing = &mut self.standing;
        (standing.state, standing.next, standing.since) = (state, next, Some(at));
        detail.clone_into(&mut standing.detail);
    }
}

/// Where a mail stands after these events. Pure.
pub fn standing(events: &[MailEvent], rules: &MailRules, now: Instant) -> MailStanding {
    let mut course = Course::new();
    events.iter().for_each(|event| course.follow(event, rules));
    let begun = course.open.as_ref().map(|(at, _)| *at);
    course.interrupted(rules);
    let mut standing = course.standing;
    let is_at_it = |at: &Instant| now.since(*at) < LONGEST_ATTEMPT && *at <= now.plus(LONGEST_DELAY);
    if let Some(at) = begun.filter(is_at_it) {
        // Whoever holds the ledger knows that nobody else is at it, and goes on with it.
        (standing.state, standing.detail) = (MailState::Sending, format!("begun at {at}"));
    }
    if standing.state == MailState::Failed && standing.is_ahead(now) {
        // By a clock that was wrong the five days were over: they are not.
        (standing.state, standing.next) = (MailState::Deferred, standing.since);
    }
    standing
}

/// A frozen mail, of a document or a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'h> {
    /// Of the document; `None` of a digest.
    pub number: Option<&'h InvoiceNumber>,
    pub message_id: &'h str,
    pub from: &'h str,
    pub to: &'h str,
    pub name: &'h str,
    pub sha256: &'h str,
}

impl<'h> From<&'h Mail> for Outgoing<'h> {
    fn from(mail: &'h Mail) -> Self {
        let Mail { number, message_id, from, to, name, sha256, .. } = mail;
        Self { number: Some(number), message_id, from, to, name, sha256 }
    }
}

impl<'h> From<&'h DigestMail> for Outgoing<'h> {
    fn from(mail: &'h DigestMail) -> Self {
        let DigestMail { message_id, from, to, name, sha256 } = mail;
        Self { number: None, message_id, from, to, name, sha256 }
    }
}

impl History {
    /// What an entry about mails adds.
    pub(super) fn add_mail(&mut self, entry: Entry) {
        match entry {
            Entry::Mail(mail) => {
                self.mailed.entry(mail.number.clone()).or_default().push(self.mails.len());
                self.mail_ids.insert(mail.name.clone(), mail.message_id.clone());
                self.mails.push(mail);
            }
            Entry::MailBegun(begun) => self.happened(begun.message_id, MailEvent::Begun(begun.at)),
            Entry::MailAttempt(attempt) => self.happened(attempt.message_id.clone(), MailEvent::Ended(attempt)),
            Entry::MailRetried(retried) => self.happened(retried.message_id, MailEvent::Retried(retried.at)),
            Entry::MailCancelled(cancelled) => {
                self.happened(cancelled.message_id.clone(), MailEvent::Cancelled(cancelled));
            }
            Entry::MailBounced(bounced) => {
                // A name that no mail has was refused before it was recorded.
                if let Some(message_id) = self.mail_ids.get(&bounced.mail).cloned() {
                    self.happened(message_id, MailEvent::Bounced(bounced));
                }
            }
            Entry::Digest(digest) => {
                if let Some(mail) = &digest.mail {
                    self.mail_ids.insert(mail.name.clone(), mail.message_id.clone());
                }
                self.digests.push(digest);
            }
            _ => {}
        }
    }

    fn happened(&mut self, message_id: String, event: MailEvent) {
        self.mail_events.entry(message_id).or_default().push(event);
    }

    /// What happened to a mail, in order.
    pub fn events_of(&self, message_id: &str) -> &[MailEvent] {
        self.mail_events.get(message_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where a mail stands.
    pub fn mail_standing(&self, message_id: &str, rules: &MailRules, now: Instant) -> MailStanding {
        standing(self.events_of(message_id), rules, now)
    }

    /// Where a mail stands by what is recorded of it, at whichever instant it is asked for.
    pub fn mail_state(&self, mail: &Mail) -> MailState {
        self.mail_standing(&mail.message_id, &MailRules::default(), Instant::MAX).state
    }

    /// Whether a server has taken a mail, and it did not come back.
    pub fn is_sent(&self, mail: &Mail) -> bool {
        self.mail_state(mail) == MailState::Sent
    }

    /// Every mail whose bytes are kept, in the order in which they are sent: as they were frozen, digests last.
    pub fn outgoing(&self) -> Vec<Outgoing<'_>> {
        let kept = self.mails.iter().filter(|mail| !self.is_destroyed(mail)).map(Outgoing::from);
        kept.chain(self.undocumented()).collect()
    }

    /// The mail of a name, also of one that was destroyed.
    pub fn mail_named(&self, name: &str) -> Option<Outgoing<'_>> {
        self.mails.iter().map(Outgoing::from).chain(self.undocumented()).find(|mail| mail.name == name)
    }

    /// Mails that are of no document: reminders, then digests.
    fn undocumented(&self) -> impl Iterator<Item = Outgoing<'_>> {
        let reminders = self.reminders.iter().flat_map(|reminder| &reminder.mails);
        reminders.chain(self.digests.iter().filter_map(|digest| digest.mail.as_ref())).map(Outgoing::from)
    }
}

#[cfg(test)]
mod tests;
