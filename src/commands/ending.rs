//! How a night ends: what stands on standard error, so that cron mails it even where the summary goes to a file, and by
//! which code a program is told.

use super::closing::Step;
use super::correct::Late;
use super::outbox::{Sent, Trouble};
use super::run::{Night, renderer};
use super::summary::counted;
use super::{Outcome, World, looks, patience, say};
use crate::error::Failure;
use crate::render::InvoiceView;

/// Says what is to be heard of, and how the night ended.
///
/// # Errors
/// What stopped all mail, or else why the issuer could not be told, or the first document or page that could not be drawn;
/// the others are warned of.
pub fn end(night: Night, world: &mut World) -> Result<Outcome, Failure> {
    night.alarms.iter().try_for_each(|alarm| say(world.err, &format!("alarm: {}", alarm.text)))?;
    warn_of_names(&night, world)?;
    if let Some(strange) = night.setup.config.strange_signature().filter(|_| night.written.documents > 0) {
        say(world.err, &format!("warning: {strange}"))?;
    }
    if let Some(failure) = &night.derived.unsettled {
        say(world.err, &format!("warning: the next night begins from the archive: {}", failure.in_a_line()))?;
    }
    if let Some(failure) = &night.derived.unbooked {
        say(world.err, &format!("warning: the workbooks for finance were not all written: {}", failure.in_a_line()))?;
    }
    for (name, to, size) in &night.written.too_big {
        say(world.err, &patience::too_big(name, to, *size))?;
    }
    warn_of_mails(&night.mail, world)?;
    let outcome = outcome(&night);
    let mut failures = night
        .mail
        .stopped
        .into_iter()
        .chain(night.mail.also)
        .chain(night.mail.untold)
        .chain(night.written.undrawn)
        .chain(night.derived.unpaged);
    let Some(first) = failures.next() else { return Ok(outcome) };
    failures.try_for_each(|other| say(world.err, &format!("warning: {}", other.in_a_line())))?;
    Err(first)
}

/// How a night ended that did not fail. A mail that waits for its time is no reason for anybody to get up, until it has
/// waited for too long.
fn outcome(night: &Night) -> Outcome {
    let parked = !night.closings.failed.is_empty()
        || night.open.iter().any(|open| matches!(open.step, Step::Park(_)))
        || night.late.iter().any(Late::is_set_aside);
    let set_aside = night.intake.newly_set_aside().next().is_some();
    match () {
        () if parked || set_aside || night.mail.lost_one() || !night.written.too_big.is_empty() => Outcome::SetAside,
        () if night.mail.overdue > 0 => Outcome::Waits,
        () => Outcome::Done,
    }
}

/// Says how a server failed, which mails nothing more happens to, and which wait because their road is closed, or for too long.
pub fn warn_of_mails(sent: &Sent, world: &mut World) -> Result<(), Failure> {
    for Trouble { name, to, state, reason, .. } in sent.troubles.iter().filter(|trouble| trouble.is_final) {
        let state = state.name();
        say(world.err, &format!("warning: the mail {name} to {to} is {state}: {reason}; see `ritardo mail list`"))?;
    }
    let wait =
        |mails: u64| if mails == 1 { "1 mail waits".to_owned() } else { format!("{} wait", counted(mails, "mail")) };
    let since = sent.since.map(|since| format!(", the first since {since}")).unwrap_or_default();
    match (&sent.broken, &sent.busy) {
        (Some(broken), _) => {
            let told = format!("no more mail was sent: {broken}; {}{since}", wait(sent.unsent));
            say(world.err, &format!("warning: {told}"))?;
        }
        (None, Some(reason)) if sent.unsent > 0 => {
            say(world.err, &format!("warning: {}{since}: {reason}", wait(sent.unsent)))?;
        }
        _ if sent.overdue > 0 => {
            let told = format!("{} for about a day{since}; see `ritardo mail list`", wait(sent.overdue));
            say(world.err, &format!("warning: {told}"))?;
        }
        _ => {}
    }
    if sent.ahead > 0 {
        let mails = counted(sent.ahead, "mail");
        let told = format!("what happened to {mails} that waited lies ahead of now: a clock is wrong, or was");
        say(world.err, &format!("warning: {told}"))?;
    }
    Ok(())
}

/// Warns of what stands on the invoices of the night and their PDFs cannot show.
fn warn_of_names(night: &Night, world: &mut World) -> Result<(), Failure> {
    let invoices: Vec<_> = night.closings.months.iter().filter_map(|(_, invoice)| invoice.as_ref()).collect();
    if invoices.is_empty() {
        return Ok(());
    }
    let renderer = renderer()?;
    invoices.into_iter().try_for_each(|invoice| {
        let view = night.setup.dressed(InvoiceView::of(invoice, ""), invoice, None);
        looks::warn(&invoice.number.to_string(), &renderer.unprintable(&view), world)
    })
}
