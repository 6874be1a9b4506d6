//! One round of sending: mail after mail, each with its beginning and its end in the ledger. The end of one attempt and the
//! beginning of the next are one transaction, so that a mail costs one commit: it is on disk before the next mail goes out.

use std::time::Duration;

use super::super::issue::add;
use super::super::{World, progress};
use super::{Outbox, Sent, stored, unsent};
use crate::deliver::{Carried, Carrier, Outcome, Parcel, Road};
use crate::domain::settings::Transport;
use crate::error::Failure;
use crate::ledger::entry::{Entry, MailAttempt, MailBegun, MailOutcome};
use crate::ledger::{Ledger, Outgoing};

/// Longer words are cut.
const LONGEST_DETAIL: usize = 200;

/// So many mails are put into a folder before the ledger is told.
const PUT_AT_ONCE: usize = 64;

/// From so many mails to a server on, a series of commits costs less than as many of their own.
const SERIES_LEAST: usize = 4;

/// A round that has begun.
pub(super) struct Round<'r, 'h> {
    outbox: &'r Outbox<'r>,
    ledger: &'r mut Ledger,
    carrier: Carrier,
    /// A folder takes a mail once, however often it is put there, and whether it has it can always be seen: it needs no
    /// beginning, and its ends may be told later.
    has_server: bool,
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
        Self { outbox, ledger, carrier, has_server, is_series: false, ended: Vec::new() }
    }

    /// Sends these mails, as many as go within the time.
    ///
    /// # Errors
    /// The ledger cannot be read or written. What else goes wrong is told in `sent`.
    pub(super) fn go(mut self, due: &[Outgoing<'h>], sent: &mut Sent, world: &World) -> Result<(), Failure> {
        self.is_series = self.has_server && due.len() >= SERIES_LEAST;
        let gone = self.each(due, sent, world);
        // However it ended: what happened is to be known.
        let recorded = self.record(None, sent);
        if self.is_series {
            self.ledger.end_series();
        }
        self.carrier.close();
        gone.and(recorded)
    }

    fn each(&mut self, due: &[Outgoing<'h>], sent: &mut Sent, world: &World) -> Result<(), Failure> {
        let within = Duration::from_micros(self.outbox.rules().within.micros().unsigned_abs());
        let begun = (world.clock)();
        let bar = progress::bar(world.watched, "mail", due.len());
        for (place, mail) in due.iter().enumerate() {
            if (world.clock)().saturating_sub(begun) >= within {
                sent.leave(due.len() - place, "the time for sending (`within` of [mail]) is over");
                break;
            }
            let eml = match stored(self.outbox.state, mail) {
                Ok(eml) => eml,
                // The others go on.
                Err(failure) => {
                    sent.stopped.get_or_insert(failure);
                    continue;
                }
            };
            if self.carrier.is_paced() {
                // It may take long, and the attempt begins after it.
                self.record(None, sent)?;
                self.carrier.wait();
            }
            let next = self.attempt(mail, &eml, (sent, world))?;
            bar.inc(1);
            match next {
                Next::Mail => {}
                Next::Pause(reason) => {
                    sent.leave(due.len() - place - 1, &reason);
                    break;
                }
                // A wrong password or outbox: the mails stay where they are.
                Next::Stop(failure) => {
                    sent.stopped = Some(failure);
                    break;
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn attempt(
        &mut self,
        mail: &Outgoing<'h>,
        eml: &[u8],
        (sent, world): (&mut Sent, &World),
    ) -> Result<Next, Failure> {
        let message_id = mail.message_id.to_owned();
        if self.has_server {
            let at = self.outbox.instant(world);
            self.record(Some(MailBegun { message_id: message_id.clone(), at }), sent)?;
        } else if self.ended.len() >= PUT_AT_ONCE {
            self.record(None, sent)?;
        }
        let parcel = Parcel { id: mail.message_id, name: mail.name, from: mail.from, to: mail.to, eml };
        let (outcome, detail, next) = match self.carrier.carry(&parcel) {
            Ok(Carried { outcome, road }) => {
                let (outcome, detail) = recorded(outcome);
                let next = match road {
                    Road::Open => Next::Mail,
                    Road::Busy { reason } => Next::Pause(reason),
                };
                (outcome, detail, next)
            }
            // It will not go this way, whenever it is tried; the others do.
            Err(error) if error.is_of_one_mail() => (MailOutcome::Refused, error.to_string(), Next::Mail),
            Err(error) => {
                let failure = unsent(error);
                (MailOutcome::Untried, failure.in_a_line(), Next::Stop(failure))
            }
        };
        if self.has_server || outcome != MailOutcome::Untried {
            let detail = detail.chars().filter(|c| !c.is_control()).take(LONGEST_DETAIL).collect();
            let at = self.outbox.instant(world);
            self.ended.push((*mail, MailAttempt { message_id, at, outcome, detail }));
        }
        Ok(next)
    }

    /// Writes what has ended, and what begins, in one transaction.
    fn record(&mut self, begun: Option<MailBegun>, sent: &mut Sent) -> Result<(), Failure> {
        let ended = self.ended.iter().map(|(_, attempt)| Entry::MailAttempt(attempt.clone()));
        let entries: Vec<Entry> = ended.chain(begun.map(Entry::MailBegun)).collect();
        if entries.is_empty() {
            return Ok(());
        }
        add(self.ledger, entries)?;
        if self.is_series {
            self.ledger.begin_series();
        }
        let history = Outbox::read(self.ledger)?;
        for (mail, attempt) in std::mem::take(&mut self.ended) {
            if attempt.outcome != MailOutcome::Untried {
                sent.note(&history, &mail, self.outbox.rules(), self.outbox.now);
            }
        }
        Ok(())
    }
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
