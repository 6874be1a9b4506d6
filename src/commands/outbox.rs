//! The outbox: every frozen mail that is due goes to the transport, one after the other: what was never tried first, in the
//! order in which it was frozen, and then what was tried longest ago, so that no mail keeps the others back. What is about to
//! happen is in the ledger before it happens, and what happened as soon as it did, so that a mail is never lost, and never
//! sent twice without saying so.

mod rest;
mod round;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::round::Round;
use super::World;
use super::setup::Setup;
use super::state::{State, keep, ledger_failure};
use crate::deliver::{self, Carrier, DeliverError};
use crate::domain::{Elapsed, Instant, MailRules};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{MailAttempt, MailOutcome, TriedBy, Trying};
use crate::ledger::{History, Ledger, LedgerError, MailEvent, MailState, Outgoing};
use crate::read::sha256;

/// What a run sends with.
pub struct Outbox<'o> {
    pub setup: &'o Setup,
    pub state: &'o State,
    /// The instant of the run; what is done later in it is recorded with the time since.
    pub now: Instant,
    /// Who sends.
    pub by: Trying,
}

/// What became of mails.
#[derive(Debug, Default)]
pub struct Sent {
    pub sent: u64,
    /// Not taken, and tried again later.
    pub deferred: u64,
    pub refused: u64,
    pub unknown: u64,
    /// Deferred for the last time.
    pub failed: u64,
    /// Due, and not touched; and why.
    pub left: u64,
    pub left_because: Option<String>,
    /// Mails that wait for their time, and when the first of them is due.
    pub waiting: u64,
    pub next: Option<Instant>,
    /// How a server failed one mail after the other, so that it was left alone.
    pub broken: Option<String>,
    /// Why the server takes no more now.
    pub busy: Option<String>,
    /// Mails that are still to be sent, due or not, and since when the first of them waits.
    pub unsent: u64,
    pub since: Option<Instant>,
    /// Those of them that have waited for so long that somebody is to hear of it.
    pub overdue: u64,
    /// Mails that waited because of something that is said to have happened, and lies ahead.
    pub ahead: u64,
    /// What stopped all mail, or kept one from being sent that is not as it was.
    pub stopped: Option<Failure>,
    /// Whether that concerns every mail, so that none is to be tried any more.
    pub halted: bool,
    /// What was wrong with one mail before all were stopped.
    pub also: Option<Failure>,
    /// Whether the server said that it takes none from here, or not with this login.
    pub turned_away: bool,
    /// Why the issuer could not be told.
    pub untold: Option<Failure>,
    /// Mails that were tried and not sent.
    pub troubles: Vec<Trouble>,
}

/// A mail that was tried and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Of its document, or the name of the mail.
    pub number: String,
    pub name: String,
    pub to: String,
    pub state: MailState,
    pub reason: String,
    /// Whether nothing more happens to it unless a person acts.
    pub is_final: bool,
}

impl Sent {
    /// Mails that were given to the transport.
    pub const fn attempts(&self) -> u64 {
        self.sent + self.deferred + self.refused + self.unknown + self.failed
    }

    /// Whether a mail was tried for the last time, and may not have arrived: somebody is to be told.
    pub fn lost_one(&self) -> bool {
        self.troubles.iter().any(|trouble| trouble.is_final)
    }

    /// The same with what another call did.
    pub fn and(mut self, other: Sent) -> Self {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.failed += other.failed;
        self.left += other.left;
        self.left_because = self.left_because.or(other.left_because);
        (self.waiting, self.next) = (other.waiting, other.next);
        self.broken = self.broken.or(other.broken);
        self.busy = self.busy.or(other.busy);
        (self.unsent, self.since, self.overdue) = (other.unsent, other.since, other.overdue);
        self.ahead = self.ahead.max(other.ahead);
        self.stopped = self.stopped.or(other.stopped);
        self.halted |= other.halted;
        self.also = self.also.or(other.also);
        self.turned_away |= other.turned_away;
        self.untold = self.untold.or(other.untold);
        self.troubles.extend(other.troubles);
        self
    }

    fn leave(&mut self, mails: usize, why: &str) {
        self.left += mails as u64;
        self.left_because.get_or_insert(why.to_owned());
    }

    /// Notes what stops all mail.
    fn halt(&mut self, failure: Failure) {
        self.halted = true;
        if let Some(before) = self.stopped.replace(failure) {
            self.also.get_or_insert(before);
        }
    }

    /// Notes how an attempt ended, as the ledger tells it now.
    fn note(&mut self, history: &History, mail: &Outgoing, rules: &MailRules, now: Instant) {
        let standing = history.mail_standing(mail.message_id, rules, now);
        *match standing.state {
            MailState::Sent => &mut self.sent,
            MailState::Refused => &mut self.refused,
            MailState::Failed => &mut self.failed,
            MailState::Unknown => &mut self.unknown,
            _ => &mut self.deferred,
        } += 1;
        if standing.state != MailState::Sent {
            self.troubles.push(Trouble {
                number: mail.number.map_or_else(|| mail.name.to_owned(), ToString::to_string),
                name: mail.name.to_owned(),
                to: mail.to.to_owned(),
                state: standing.state,
                is_final: standing.needs_a_person(),
                reason: standing.detail,
            });
        }
    }
}

impl Outbox<'_> {
    fn rules(&self) -> &MailRules {
        &self.setup.config.mail
    }

    /// The instant of what happens now.
    pub fn instant(&self, world: &World) -> Instant {
        instant(self.now, world.now, (world.clock)())
    }

    /// Who sends, as the ledger has it.
    fn tried_by(&self) -> Option<TriedBy> {
        Some(TriedBy { at: self.now, command: self.by })
    }

    fn read(ledger: &Ledger) -> Result<Arc<History>, Failure> {
        ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))
    }

    /// What is due, in the order in which it is sent.
    fn due<'h>(&self, history: &'h History, now: Instant) -> Vec<Outgoing<'h>> {
        let standing = |mail: &Outgoing| history.mail_standing(mail.message_id, self.rules(), now);
        let mails = history.outgoing().into_iter().map(|mail| (standing(&mail), mail));
        let mut due: Vec<_> = mails.filter(|(standing, _)| standing.is_due(now)).collect();
        // Stable: of mails that were tried at one time, the one that was frozen first.
        due.sort_by_key(|(standing, _)| standing.since);
        due.into_iter().map(|(_, mail)| mail).collect()
    }

    /// What a run does: sends, unless a person is to.
    pub fn run(&self, ledger: &mut Ledger, world: &World) -> Result<Sent, Failure> {
        if !self.rules().by_hand {
            return self.send(ledger, None, world);
        }
        let history = Self::read(ledger)?;
        let mut sent = Sent::default();
        let now = self.instant(world);
        let due = self.due(&history, now).len();
        if due > 0 {
            sent.leave(due, "send = \"by hand\": `ritardo mail send` sends them");
        }
        self.count_waiting(&history, now, &mut sent);
        // They wait for a person, who knows.
        sent.overdue = 0;
        Ok(sent)
    }

    /// Sends what is due, or of it the mails of these names.
    ///
    /// # Errors
    /// The ledger cannot be read or written. What else goes wrong is told with the result.
    pub fn send(&self, ledger: &mut Ledger, only: Option<&BTreeSet<String>>, world: &World) -> Result<Sent, Failure> {
        let history = Self::read(ledger)?;
        // Not that of the run: a long one has done things since that would lie ahead.
        let now = self.instant(world);
        let mut due = self.due(&history, now);
        let is_ahead = |mail: &&Outgoing| history.mail_standing(mail.message_id, self.rules(), now).is_ahead(now);
        let ahead = due.iter().filter(is_ahead).count() as u64;
        due.retain(|mail| only.is_none_or(|only| only.contains(mail.name)));
        let mut sent = Sent { ahead, ..Sent::default() };
        if !due.is_empty() {
            match Carrier::new(&self.setup.config.transport, &deliver::password) {
                Ok(mut carrier) => {
                    carrier.trust(self.state.root());
                    carrier.was_stopped(last_stop(&history));
                    Round::new(self, ledger, carrier).go(&due, &mut sent, world)?;
                    if sent.turned_away || sent.attempts() > 0 {
                        self.turned_away(sent.turned_away, world);
                    }
                }
                Err(error) => sent.halt(unsent(error)),
            }
        }
        let history = Self::read(ledger)?;
        self.count_waiting(&history, self.instant(world), &mut sent);
        Ok(sent)
    }

    fn count_waiting(&self, history: &History, now: Instant, sent: &mut Sent) {
        for mail in history.outgoing() {
            let standing = history.mail_standing(mail.message_id, self.rules(), now);
            if standing.waits() {
                let since = history.waits_since(&mail);
                sent.unsent += 1;
                sent.since = [sent.since, since].into_iter().flatten().min();
                sent.overdue += u64::from(since.is_some_and(|since| now.since(since) > MailRules::ALARM));
            }
            if let Some(next) = standing.next.filter(|next| *next > now) {
                sent.waiting += 1;
                sent.next = Some(sent.next.map_or(next, |first| first.min(next)));
            }
        }
    }
}

/// The name of a reminder's mail begins so.
pub const REMINDER: &str = "reminder-";
/// The instant of what happens so long after the program began, in a run of the instant `run`.
///
/// A server's log is to agree with it. A run of an instant that was given is told in whole minutes, so that the same run
/// comes to the same ledger.
fn instant(run: Instant, program: Instant, since: Duration) -> Instant {
    const MINUTE: i64 = 60_000_000;
    let since = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let kept = if run == program { since } else { since - since % MINUTE };
    run.plus(Elapsed::from_micros(kept))
}

/// Where a frozen mail lies.
pub fn path_of(state: &State, mail: &Outgoing) -> PathBuf {
    let folder = match mail.number {
        Some(number) => state.documents(number),
        None if mail.name.starts_with(REMINDER) => state.reminders(),
        None => state.digests(),
    };
    folder.join(mail.name)
}

/// The frozen bytes of a mail, compared with what the ledger says.
pub fn stored(state: &State, mail: &Outgoing) -> Result<Vec<u8>, Failure> {
    let path = path_of(state, mail);
    let bytes = std::fs::read(&path).map_err(|error| Failure::io("read the mail", &path, error))?;
    if sha256(&bytes) == mail.sha256 {
        Ok(bytes)
    } else {
        let failure = Failure::new(Kind::Differences, "a finished mail was changed; it is not sent").at(&path);
        Err(failure.hint("restore it from a backup"))
    }
}

/// The same; the file of a digest that was lost is written again, of the bytes that the ledger has.
fn stored_again(ledger: &Ledger, state: &State, mail: &Outgoing) -> Result<Vec<u8>, Failure> {
    let path = path_of(state, mail);
    if mail.number.is_none() && !path.exists() {
        match ledger.content(mail.sha256) {
            Ok(bytes) => {
                keep(&path, &bytes)?;
            }
            // An earlier version made it, which kept no bytes.
            Err(LedgerError::Missing(_)) => {}
            Err(error) => return Err(ledger_failure(error, ledger.path())),
        }
    }
    stored(state, mail)
}

fn stopped() -> Failure {
    let failure = Failure::new(Kind::Stopped, "a signal stopped the sending of mails");
    failure.hint("nothing is lost: the mails wait in the state folder, and the next run goes on")
}

/// What was said of the last attempts where they were stopped by what is wrong on this side.
fn last_stop(history: &History) -> Vec<String> {
    let outgoing = history.outgoing();
    let events = outgoing.iter().flat_map(|mail| history.events_of(mail.message_id));
    let attempts: Vec<&MailAttempt> =
        events.filter_map(|event| if let MailEvent::Ended(attempt) = event { Some(attempt) } else { None }).collect();
    let Some(last) = attempts.iter().map(|attempt| attempt.at).max() else { return Vec::new() };
    let stopped = attempts.iter().filter(|attempt| attempt.at == last && attempt.outcome == MailOutcome::Untried);
    stopped.map(|attempt| attempt.detail.clone()).collect()
}

fn unsent(error: DeliverError) -> Failure {
    let hint = match &error {
        DeliverError::RefusedAlike { .. } => {
            "the others wait in the state folder; correct server, login or sender, then `ritardo mail retry` the refused ones"
        }
        _ => "nothing is lost: the mails wait in the state folder",
    };
    Failure::new(Kind::Configuration, "the mail was not sent").because(error).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_later_in_a_run_is_recorded_with_the_time_since() {
        let (run, other): (Instant, Instant) =
            ("2018-09-05T04:10:20.5Z".parse().unwrap(), "2018-09-06T00:00:00Z".parse().unwrap());
        let since = Duration::from_millis(3 * 3_600_000 + 59_100);
        assert_eq!(instant(run, run, since).to_string(), "2018-09-05T07:11:19.600Z");
        assert_eq!(instant(run, other, since).to_string(), "2018-09-05T07:10:20.500Z");
        assert_eq!(instant(run, other, Duration::from_secs(59)), run);
    }
}
