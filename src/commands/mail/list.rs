//! `ritardo mail list`: every mail, and where it stands.

use serde::Serialize;

use super::super::summary::counted;
use super::super::{Outcome, World, say};
use super::{Row, Shelf, rows, table};
use crate::cli::{MailFilter, MailList, TableForm};
use crate::domain::Instant;
use crate::error::{Failure, Kind};
use crate::ledger::History;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told<'h> {
    format: &'static str,
    as_of: Instant,
    mails: Vec<Row<'h>>,
}

pub fn list(args: &MailList, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    refuse_unknown(&args.filter, &shelf.history)?;
    let as_of = args.as_of.unwrap_or(world.now);
    let mut mails = rows(&shelf.history, &shelf.rules, as_of);
    mails.retain(|row| row.is_wanted(&args.filter));
    match args.format {
        TableForm::Json => {
            let text = serde_json::to_string_pretty(&Told { format: "ritardo-mails/1", as_of, mails });
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        TableForm::Csv => say(world.out, table(&mails).csv()?.trim_end())?,
        TableForm::Text if mails.is_empty() => say(world.out, "no mail is like that")?,
        TableForm::Text => {
            table(&mails).lines().iter().try_for_each(|line| say(world.out, line))?;
            say(world.out, &counted(mails.len() as u64, "mail"))?;
        }
    }
    Ok(Outcome::Done)
}

/// A business that has no document at all is a slip of the pen.
pub(super) fn refuse_unknown(filter: &MailFilter, history: &History) -> Result<(), Failure> {
    match &filter.business {
        Some(id) if history.issued_to(id).next().is_none() => {
            let failure = Failure::new(Kind::CommandLine, format!("the ledger has no document of business `{id}`"));
            Err(failure.hint("`ritardo mail list` shows all mails"))
        }
        _ => Ok(()),
    }
}
