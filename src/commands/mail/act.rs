//! `ritardo mail send`, `retry` and `cancel`.

use std::collections::BTreeSet;

use super::super::ending::warn_of_mails;
use super::super::held::Held;
use super::super::issue::add;
use super::super::outbox::{Outbox, Sent};
use super::super::setup::Setup;
use super::super::state::State;
use super::super::summary::{counted, mail_lines};
use super::super::{Outcome, World, say};
use super::list::refuse_unknown;
use super::{named, reason, rows};
use crate::cli::{MailCancel, MailRetry, MailSend, MailStateName};
use crate::domain::{Instant, MailRules};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, MailCancelled, MailRetried, Trying};
use crate::ledger::{History, Ledger, MailStanding, MailState, Outgoing};

const NOTHING: &str = "nothing   to do: no mail to send";

pub fn send(args: &MailSend, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let now = args.as_of.unwrap_or(world.now);
    if args.names.is_empty() && ![state.ledger(), state.root().join("issued")].iter().any(|path| path.exists()) {
        // Before the first night there is none; who sends every few minutes need not hear of it.
        say(world.out, NOTHING)?;
        return Ok(Outcome::Done);
    }
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, now)?;
    let mut names = BTreeSet::new();
    for name in &args.names {
        let (mail, standing) = standing(&history, name, &setup.config.mail, now)?;
        if !standing.is_due(now) {
            return Err(not_due(&mail, &standing));
        }
        names.insert(mail.name.to_owned());
    }
    let only = Some(&names).filter(|names| !names.is_empty());
    let outbox = Outbox { setup: &setup, state: &state, now, by: Trying::Mail };
    match outbox.rests(world).filter(|_| only.is_none()) {
        Some(until) => Err(turned_away(until)),
        None => carry(&outbox, &mut ledger, only, world),
    }
}

fn turned_away(until: Instant) -> Failure {
    let message = format!("the mail server turned this side away, and is left alone until {until}");
    let hint =
        "a run tries again, and so does this command with the name of a mail, or once login or server are other ones";
    Failure::new(Kind::Configuration, message).hint(hint)
}

fn not_due(mail: &Outgoing, standing: &MailStanding) -> Failure {
    let (name, state) = (mail.name, standing.state.name());
    let (message, hint) = match standing.until() {
        Some(until) => (
            format!("{name} is {state}: it waits until {until}"),
            format!("`ritardo mail retry {name}` tries it at once"),
        ),
        None => (
            format!("{name} is {state}: it does not wait to be sent"),
            "`ritardo mail retry` tries one again that was not taken, `ritardo mail resend` makes a copy".to_owned(),
        ),
    };
    Failure::new(Kind::CommandLine, message).hint(hint)
}

pub fn retry(args: &MailRetry, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let now = args.as_of.unwrap_or(world.now);
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, now)?;
    let chosen = chosen(args, &history, &setup.config.mail, now)?;
    let again = |mail: &Outgoing| Entry::MailRetried(MailRetried { message_id: mail.message_id.to_owned(), at: now });
    add(&mut ledger, chosen.iter().map(again).collect())?;
    say(world.out, &format!("retried   {}", counted(chosen.len() as u64, "mail")))?;
    let names: BTreeSet<String> = chosen.iter().map(|mail| mail.name.to_owned()).collect();
    carry(&Outbox { setup: &setup, state: &state, now, by: Trying::Mail }, &mut ledger, Some(&names), world)
}

/// The mails that are to be tried again.
fn chosen<'h>(
    args: &MailRetry,
    history: &'h History,
    rules: &MailRules,
    now: Instant,
) -> Result<Vec<Outgoing<'h>>, Failure> {
    refuse_unknown(&args.filter, history)?;
    let mut chosen = Vec::new();
    for name in &args.names {
        let (mail, standing) = standing(history, name, rules, now)?;
        if !may_retry(&standing) {
            let message = format!("{} is {}: there is nothing to try again", mail.name, standing.state.name());
            let hint = "refused, failed, deferred, unknown, bounced and cancelled mails are; `ritardo mail resend` makes a copy of a sent one";
            return Err(Failure::new(Kind::CommandLine, message).hint(hint));
        }
        chosen.push(mail);
    }
    if args.names.is_empty() {
        for row in
            rows(history, rules, now).iter().filter(|row| row.is_wanted(&args.filter) && row.state != "destroyed")
        {
            let (mail, standing) = standing(history, row.name, rules, now)?;
            // Many at once only where they are meant: to the same address they will come back again.
            let is_meant = standing.state != MailState::Bounced || args.filter.state == Some(MailStateName::Bounced);
            chosen.extend((is_meant && may_retry(&standing)).then_some(mail));
        }
    }
    if chosen.is_empty() {
        let failure = Failure::new(Kind::CommandLine, "no mail that could be tried again is like that");
        return Err(failure.hint("`ritardo mail list` shows all of them with their states"));
    }
    // A mail that is named twice is tried once.
    let mut seen = BTreeSet::new();
    chosen.retain(|mail| seen.insert(mail.message_id));
    Ok(chosen)
}

const fn may_retry(standing: &MailStanding) -> bool {
    matches!(
        standing.state,
        MailState::Refused
            | MailState::Failed
            | MailState::Deferred
            | MailState::Unknown
            | MailState::Cancelled
            | MailState::Bounced
    )
}

pub fn cancel(args: &MailCancel, world: &mut World) -> Result<Outcome, Failure> {
    let reason = reason(&args.reason)?;
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let now = args.as_of.unwrap_or(world.now);
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, now)?;
    let (mail, standing) = standing(&history, &args.name, &setup.config.mail, now)?;
    let name = mail.name;
    if matches!(standing.state, MailState::Sent | MailState::Bounced | MailState::Cancelled) {
        let message = format!("{name} is {}: it cannot be taken back", standing.state.name());
        return Err(Failure::new(Kind::CommandLine, message).hint("only mails that were not sent can be"));
    }
    let (message_id, reason) = (mail.message_id.to_owned(), reason.to_owned());
    add(&mut ledger, vec![Entry::MailCancelled(MailCancelled { message_id, at: now, reason })])?;
    let doubt = standing.doubt().map(|doubt| format!("; {doubt}")).unwrap_or_default();
    say(world.out, &format!("cancelled {name} to {}{doubt}", mail.to))?;
    Ok(Outcome::Done)
}

/// A mail that is kept, with where it stands.
pub(super) fn standing<'h>(
    history: &'h History,
    name: &str,
    rules: &MailRules,
    now: Instant,
) -> Result<(Outgoing<'h>, MailStanding), Failure> {
    let mail = named(history, name)?;
    if !history.outgoing().contains(&mail) {
        let failure = Failure::new(Kind::CommandLine, format!("{} is destroyed", mail.name));
        return Err(failure.hint("it named a customer who is forgotten; `ritardo mail resend` of another makes a copy"));
    }
    Ok((mail, history.mail_standing(mail.message_id, rules, now)))
}

/// Sends, says what became of it, and how the command ends.
pub(super) fn carry(
    outbox: &Outbox,
    ledger: &mut Ledger,
    only: Option<&BTreeSet<String>>,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let sent: Sent = outbox.send(ledger, only, world)?;
    let lines = mail_lines(&sent);
    lines.iter().try_for_each(|line| say(world.out, line))?;
    if lines.is_empty() && sent.stopped.is_none() {
        say(world.out, NOTHING)?;
    }
    warn_of_mails(&sent, world)?;
    if let Some(also) = &sent.also {
        say(world.err, &format!("warning: {}", also.in_a_line()))?;
    }
    let outcome = match () {
        () if sent.lost_one() => Outcome::SetAside,
        // Who sends some by their names is not told of others.
        () if sent.overdue > 0 && only.is_none() => Outcome::Waits,
        () => Outcome::Done,
    };
    sent.stopped.map_or(Ok(outcome), Err)
}
