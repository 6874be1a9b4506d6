//! One round of sending: mail after mail, each with its beginning and its end in the ledger. The end of one attempt and the
//! beginning of the next are one transaction, so that a mail costs one commit: it is on disk before the next mail goes out.
//! Mails to a folder begin and end many at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::issue::add;
use super::super::{World, keyfile, progress};
use super::{Outbox, Sent, stopped, stored_again, unsent};
use crate::deliver::{Carried, Carrier, Outcome, Parcel, Road};
use crate::domain::settings::Transport;
use crate::error::Failure;
use crate::ledger::entry::{Entry, MailAttempt, MailBegun, MailOutcome};
use crate::ledger::{History, Ledger, MailEvent, Outgoing};
use crate::read::identity::IdKey;

/// Longer words are cut.
const LONGEST_DETAIL: usize = 200;

/// The longest name of an envelope, in characters (RFC 3461, 4.4).
const LONGEST_NAME: usize = 100;

/// So many mails are put into a folder between two commits.
const PUT_AT_ONCE: usize = 64;

/// From so many mails to a server on, a series of commits costs less than as many of their own.
const SERIES_LEAST: usize = 4;

/// A round that has begun.
pub(super) struct Round<'r, 'h> {
    outbox: &'r Outbox<'r>,
    ledger: &'r mut Ledger,
    carrier: Carrier,
    has_server: bool,
    /// Names envelopes so that a report about one proves itself.
    key: Option<IdKey>,
    /// Mails to a folder whose beginnings are in the ledger, and that were not tried yet. Somebody may take mails out of the
    /// folder at any time: what a run was stopped at need not be there any more.
    begun: BTreeMap<&'h str, Outgoing<'h>>,
    /// Whether there are so many mails that their commits are a series.
    is_series: bool,
    /// Attempts that have ended, and whose ends are not in the ledger yet: of mails to a server at most one.
    ended: Vec<(Outgoing<'h>, MailAttempt)>,
}

/// What follows an attempt.
enum Next {
    Mail,
    /// The server takes no more now.
    Pause(String),
    /// What is wrong lies on this side, and concerns every mail.
    Stop(Failure),
}

impl<'r, 'h> Round<'r, 'h> {
    pub(super) fn new(outbox: &'r Outbox<'r>, ledger: &'r mut Ledger, carrier: Carrier) -> Self {
        let has_server = matches!(outbox.setup.config.transport, Transport::Smtp(_));
        let key = Outbox::read(ledger).ok().and_then(|history| keyfile::known(outbox.state, &history));
        Self { outbox, ledger, carrier, has_server, key, begun: BTreeMap::new(), is_series: false, ended: Vec::new() }
    }

    /// The name of the envelope of a mail: the Message-ID alone where there is no key, or no room.
    fn envelope(&self, message_id: &str) -> String {
        let proved = self.key.as_ref().map(|key| key.envelope(message_id));
        // As it is written there, where these are three characters.
        let length = |name: &str| name.len() + 2 * name.matches(['+', '=']).count();
        proved.filter(|name| length(name) <= LONGEST_NAME).unwrap_or_else(|| message_id.to_owned())
    }

    /// Sends these mails, as many as go within the time.
    ///
    /// # Errors
    /// The ledger cannot be read or written. What else goes wrong is told in `sent`.
    pub(super) fn go(mut self, due: &[Outgoing<'h>], sent: &mut Sent, world: &World) -> Result<(), Failure> {
        self.is_series = self.has_server && due.len() >= SERIES_LEAST;
        (world.hold_signals)(true);
        let gone = self.each(due, sent, world);
        // What was begun and not tried stands as it did.
        for mail in std::mem::take(&mut self.begun).into_values() {
            self.end(mail, MailOutcome::Untried, "it was not its turn yet", world);
        }
        // However it ended: what happened is to be known.
        let recorded = self.record(Vec::new(), sent);
        if self.is_series {
            self.ledger.end_series();
        }
        self.carrier.close();
        (world.hold_signals)(false);
        gone.and(recorded)
    }

    fn each(&mut self, due: &[Outgoing<'h>], sent: &mut Sent, world: &World) -> Result<(), Failure> {
        let within = Duration::from_micros(self.outbox.rules().within.micros().unsigned_abs());
        let begun = (world.clock)();
        let bar = progress::bar(world.watched, "mail", due.len());
        let history = Outbox::read(self.ledger)?;
        for (place, mail) in due.iter().enumerate() {
            if (world.clock)().saturating_sub(begun) >= within {
                sent.leave(due.len() - place, "the time for sending (`within` of [mail]) is over");
                break;
            }
            let eml = match stored_again(self.ledger, self.outbox.state, mail) {
                Ok(eml) => eml,
                // The others go on.
                Err(failure) => {
                    sent.stopped.get_or_insert(failure);
                    continue;
                }
            };
            if self.carrier.is_paced() {
                // It may take long, and the attempt begins after it.
                self.record(Vec::new(), sent)?;
                self.carrier.wait();
            }
            if (world.is_stopped)() {
                sent.leave(due.len() - place, "a signal stopped the sending");
                sent.halt(stopped());
                break;
            }
            let rest = due.get(place..).unwrap_or_default();
            if !self.has_server && self.was_put(rest, &eml, &history, (&mut *sent, world))? {
                bar.inc(1);
                continue;
            }
            let next = self.attempt(mail, &eml, (&mut *sent, world))?;
            bar.inc(1);
            match next {
                Next::Mail => {}
                Next::Pause(reason) => {
                    sent.leave(due.len() - place - 1, &reason);
                    sent.busy = Some(reason);
                    break;
                }
                // A wrong password or outbox: the mails stay where they are.
                Next::Stop(failure) => {
                    sent.halt(failure);
                    break;
                }
            }
        }
        bar.finish_and_clear();
        // A signal that came while the last mail was in hand.
        if (world.is_stopped)() && !sent.halted {
            sent.halt(stopped());
        }
        Ok(())
    }

    fn attempt(
        &mut self,
        mail: &Outgoing<'h>,
        eml: &[u8],
        (sent, world): (&mut Sent, &World),
    ) -> Result<Next, Failure> {
        if self.has_server {
            let (message_id, at) = (mail.message_id.to_owned(), self.outbox.instant(world));
            self.record(vec![MailBegun { message_id, at, tried_by: self.outbox.tried_by() }], sent)?;
        }
        let envelope = self.envelope(mail.message_id);
        let (outcome, detail, next) = match self.carrier.carry(&parcel(mail, &envelope, eml)) {
            Ok(Carried { outcome, road }) => {
                let (outcome, detail) = recorded(outcome);
                let next = match road {
                    Road::Open => Next::Mail,
                    Road::Busy { reason } => Next::Pause(reason),
                    Road::Broken { reason } => {
                        sent.broken.get_or_insert_with(|| reason.clone());
                        Next::Pause(reason)
                    }
                };
                (outcome, detail, next)
            }
            // It will not go this way, whenever it is tried; the others do.
            Err(error) if error.is_of_one_mail() => (MailOutcome::Refused, error.to_string(), Next::Mail),
            Err(error) => {
                sent.turned_away |= error.is_of_the_server();
                let failure = unsent(error);
                (MailOutcome::Untried, failure.in_a_line(), Next::Stop(failure))
            }
        };
        self.end(*mail, outcome, &detail, world);
        Ok(next)
    }

    /// Begins mails to a folder, so many that the first of `next` is among them. Says whether that one was put there by a run
    /// that was stopped: then it ends by that.
    fn was_put(
        &mut self,
        next: &[Outgoing<'h>],
        eml: &[u8],
        history: &History,
        (sent, world): (&mut Sent, &World),
    ) -> Result<bool, Failure> {
        let Some(first) = next.first() else { return Ok(false) };
        let was_stopped =
            |mail: &Outgoing| matches!(history.events_of(mail.message_id).last(), Some(MailEvent::Begun(_)));
        if was_stopped(first) && self.carrier.holds(&parcel(first, first.message_id, eml)) {
            self.end(*first, MailOutcome::Sent, "was in the outbox", world);
            return Ok(true);
        }
        if self.begun.contains_key(&first.message_id) {
            return Ok(false);
        }
        let rest = next.iter().skip(1);
        // What a run was stopped at is looked for first, and begins on its own.
        let rest = rest.filter(|mail| !was_stopped(mail) && !self.begun.contains_key(&mail.message_id));
        let batch: Vec<Outgoing<'h>> = std::iter::once(first).chain(rest).take(PUT_AT_ONCE).copied().collect();
        let (at, tried_by) = (self.outbox.instant(world), self.outbox.tried_by());
        let begun = |mail: &Outgoing| MailBegun { message_id: mail.message_id.to_owned(), at, tried_by };
        let begun = batch.iter().map(begun).collect();
        self.record(begun, sent)?;
        self.begun.extend(batch.into_iter().map(|mail| (mail.message_id, mail)));
        Ok(false)
    }

    /// Notes how an attempt ended, for the next commit.
    fn end(&mut self, mail: Outgoing<'h>, outcome: MailOutcome, detail: &str, world: &World) {
        self.begun.remove(&mail.message_id);
        let (message_id, at) = (mail.message_id.to_owned(), self.outbox.instant(world));
        let detail = detail.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect();
        let tried_by = self.outbox.tried_by();
        self.ended.push((mail, MailAttempt { message_id, at, outcome, detail, tried_by }));
    }

    /// Writes what has ended, and what begins, in one transaction.
    fn record(&mut self, begun: Vec<MailBegun>, sent: &mut Sent) -> Result<(), Failure> {
        let ended = self.ended.iter().map(|(_, attempt)| Entry::MailAttempt(attempt.clone()));
        let entries: Vec<Entry> = ended.chain(begun.into_iter().map(Entry::MailBegun)).collect();
        if entries.is_empty() {
            return Ok(());
        }
        add(self.ledger, entries)?;
        // From now on they are in the ledger, whatever becomes of the rest.
        let ended = std::mem::take(&mut self.ended);
        if self.is_series {
            self.ledger.begin_series();
        }
        let history = Outbox::read(self.ledger)?;
        for (mail, attempt) in ended {
            if attempt.outcome != MailOutcome::Untried {
                sent.note(&history, &mail, self.outbox.rules(), attempt.at);
            }
        }
        Ok(())
    }
}

fn parcel<'a>(mail: &Outgoing<'a>, id: &'a str, eml: &'a [u8]) -> Parcel<'a> {
    Parcel { id, name: mail.name, from: mail.from, to: mail.to, eml }
}

/// An outcome as the ledger has it. What is too big for a server is refused by it, before it is offered.
fn recorded(outcome: Outcome) -> (MailOutcome, String) {
    match outcome {
        Outcome::Sent { reply } => (MailOutcome::Sent, reply),
        Outcome::Deferred { reason } => (MailOutcome::Deferred, reason),
        Outcome::Refused { reason } => (MailOutcome::Refused, reason),
        Outcome::TooBig { reason } => (MailOutcome::Refused, format!("too big: {reason}")),
        Outcome::Unknown { reason } => (MailOutcome::Unknown, reason),
    }
}
