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
    refuse_folder(args, &desk)?;
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

/// A folder that is given away is neither in the state folder, nor has pages of others in it.
fn refuse_folder(args: &Report, desk: &Desk) -> Result<(), Failure> {
    let Some(out) = &args.out else { return Ok(()) };
    let whole = std::path::absolute(out).map_err(|error| Failure::io("find the folder", out, error))?;
    // The folder itself need not be there yet.
    let there = whole.ancestors().find_map(|folder| folder.canonicalize().ok());
    let state = desk.state.root().canonicalize().ok();
    if there.zip(state).is_some_and(|(there, state)| there.starts_with(state)) {
        let failure = Failure::new(Kind::CommandLine, "the folder lies in the state folder").at(out);
        return Err(failure.hint("without --out the pages are drawn there; name a folder elsewhere to give them away"));
    }
    let Some(business) = &args.business else { return Ok(()) };
    let own = format!("{business}.html");
    let pages = std::fs::read_dir(out.join("business")).into_iter().flatten().flatten();
    let has_others = pages.map(|page| page.file_name()).any(|name| name != *own);
    if has_others || out.join("index.html").exists() {
        let failure = Failure::new(Kind::CommandLine, "the folder has pages of others").at(out);
        return Err(failure.hint("name an empty folder: what is given to a business is to be its own"));
    }
    Ok(())
}
