//! `ritardo mail show`: one mail, with its headers and all that happened to it.

use super::super::outbox::{path_of, stored};
use super::super::{Outcome, World, say};
use super::{Shelf, named, rows};
use crate::cli::MailShow;
use crate::error::{Failure, Kind};
use crate::ledger::MailEvent;
use crate::ledger::entry::MailOutcome;

pub fn show(args: &MailShow, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    let mail = named(&shelf.history, &args.name)?;
    if args.eml {
        let eml = stored(&shelf.state, &mail)?;
        let failed = |error| Failure::new(Kind::InputOutput, "cannot write the output").because(error);
        world.out.write_all(&eml).map_err(failed)?;
        return Ok(Outcome::Done);
    }
    let as_of = args.as_of.unwrap_or(world.now);
    let all = rows(&shelf.history, &shelf.rules, as_of);
    let Some(row) = all.iter().find(|row| row.name == mail.name) else { return Ok(Outcome::Done) };
    let doubt = row.doubt().map(|doubt| format!(", {doubt}")).unwrap_or_default();
    let until = row.until().map(|until| format!(", until {until}")).unwrap_or_default();
    say(world.out, &format!("mail      {} to {}: {}{until}{doubt}", mail.name, mail.to, row.state))?;
    say(world.out, &format!("file      {}", path_of(&shelf.state, &mail).display()))?;
    say(world.out, &format!("sha256    {}", mail.sha256))?;
    if let Some(size) = row.too_big() {
        say(world.out, &format!("too big   {size} bytes with its documents, so that it goes without them"))?;
    }
    if row.state == "destroyed" {
        say(world.out, "          it named a customer who is forgotten, and is destroyed")?;
    } else {
        let eml = stored(&shelf.state, &mail)?;
        headers(&eml).iter().try_for_each(|line| say(world.out, &format!("          {line}")))?;
    }
    let events = shelf.history.events_of(mail.message_id);
    if events.is_empty() {
        return say(world.out, "attempts  none").map(|()| Outcome::Done);
    }
    events.iter().try_for_each(|event| say(world.out, &told(event)))?;
    Ok(Outcome::Done)
}

/// The lines before the first empty one: made by this program, so that they are short and ASCII.
fn headers(eml: &[u8]) -> Vec<String> {
    let lines = eml.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.take_while(|line| !line.is_empty()).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn told(event: &MailEvent) -> String {
    match event {
        MailEvent::Begun(at) => format!("begun     {at}"),
        MailEvent::Ended(attempt) => {
            let outcome = match attempt.outcome {
                MailOutcome::Sent => "sent",
                MailOutcome::Deferred => "deferred",
                MailOutcome::Refused => "refused",
                MailOutcome::Unknown => "unknown",
                MailOutcome::Untried => "untried",
            };
            format!("{outcome:<9} {}  {}", attempt.at, attempt.detail)
        }
        MailEvent::Retried(at) => format!("retried   {at}"),
        MailEvent::Cancelled(cancelled) => format!("cancelled {}  {}", cancelled.at, cancelled.reason),
        MailEvent::Bounced(bounced) => {
            let (at, action) = (bounced.at, &bounced.action);
            format!("report    {at}  {action}: {} {}", bounced.status, bounced.diagnostic)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line() {
        assert_eq!(headers(b"A: b\r\n c\r\n\r\nD: e\r\n"), ["A: b", " c"]);
        assert_eq!(headers(b""), Vec::<String>::new());
    }
}
