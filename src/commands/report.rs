//! `ritardo report`: draws the pages from what the ledger and the archive hold, without a run.

use super::archived::Archive;
use super::cases::Desk;
use super::pages::site::{self, Site};
use super::pages::{ClosedTonight, Seen, write_pages};
use super::portions::{MEMORY, rows_in};
use super::review::{Reviewed, reviewed};
use super::settled::Drawn;
use super::setup::Setup;
use super::state::State;
use super::summary::counted;
use super::{Outcome, World, alarms, say};
use crate::cli::Report;
use crate::error::{Failure, Kind};

pub fn report(args: &Report, world: &mut World) -> Result<Outcome, Failure> {
    // No run may draw the same pages meanwhile.
    let _lock = match args.out {
        None => {
            let state = State::new(&Setup::load(&args.configured.config)?.config);
            state.read_ledger()?;
            Some(state.lock()?)
        }
        Some(_) => None,
    };
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    refuse_unknown(args, &desk)?;
    let Desk { setup, state, ledger, as_of, .. } = &desk;
    let archive: Archive = desk.archive()?;
    let Reviewed { open, evidence, late } = reviewed(&desk, &archive)?;
    let alarms = alarms::alarms(setup, &evidence, &open, *as_of)?;
    let mut site = match &args.out {
        Some(folder) => Site::apart(setup, folder)?,
        None => Site::of_state(setup, state, state.reports().join(site::RUN).exists())?,
    };
    (site.only, site.months) = (args.business.clone(), args.months);
    let seen = Seen {
        open: &open,
        evidence: &evidence,
        as_of: *as_of,
        alarms: &alarms,
        late: &late,
        drawn: &Drawn::new(),
        closed: &ClosedTonight::new(),
        rows_at_once: rows_in(MEMORY),
    };
    let written = write_pages(setup, state, ledger, &seen, &site)?;
    let folder = args.out.clone().unwrap_or_else(|| state.reports());
    say(world.out, &format!("{} drawn anew in {}", counted(written.len() as u64, "month"), folder.display()))?;
    Ok(Outcome::Done)
}

/// A business or months without a page are a mistake.
fn refuse_unknown(args: &Report, desk: &Desk) -> Result<(), Failure> {
    let is_known = |id: &crate::domain::BusinessId| {
        desk.setup.businesses.iter().any(|business| business.id == *id)
            || desk.history.closed.keys().any(|(closed, _)| closed == id)
    };
    if let Some(id) = args.business.as_ref().filter(|id| !is_known(id)) {
        let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
        return Err(failure.hint("ids are those of businesses.toml"));
    }
    let first = desk.setup.businesses.iter().map(|business| business.first_month).min();
    let Some(months) = args.months else { return Ok(()) };
    let is_billed = first.is_some_and(|first| months.ends_at_or_after(first));
    if !is_billed && !desk.history.months().into_iter().any(|month| months.contains(month)) {
        let failure = Failure::new(Kind::CommandLine, format!("no business is billed for {months}"));
        return Err(failure.hint("`first_month` in businesses.toml says from when on each one is"));
    }
    Ok(())
}
