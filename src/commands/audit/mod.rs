//! `ritardo audit`: closed months again, from the archive and the recorded texts.

mod documents;
mod month;
mod replay;
mod select;
mod told;
mod two_clocks;
mod work;

use std::num::NonZeroUsize;
use std::path::Path;

use super::run::renderer;
use super::state::{State, ledger_failure};
use super::{Outcome, World, files, progress, say};
use crate::cli::{Audit, Format};
use crate::config::parse_config;
use crate::error::{Failure, Kind};
use crate::ledger::Ledger;
use crate::ledger::entry::{Issued, MonthClosed};
use crate::render::Renderer;
use month::audited;
use replay::Replays;
use told::{Audited, print};
use two_clocks::Clocks;

pub use documents::{stated_otherwise, sums_of_correction};
pub use select::closed_months;

/// What the audit of every month uses.
struct Auditing<'a> {
    replays: Replays<'a>,
    renderer: Renderer,
    clocks: Clocks,
}

pub fn audit(args: &Audit, world: &mut World) -> Result<Outcome, Failure> {
    let state = state_of(&args.configured.config)?;
    let ledger = state.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    let months = select::months(args, &history, ledger.path())?;
    select::refuse_unknown_rules(&months, &history, ledger.path())?;
    let clocks = Clocks { as_known: args.as_known, tariff_as_of: args.tariff_as_of };
    let auditing = Auditing { replays: Replays::new(&state, &history)?, renderer: renderer()?, clocks };
    let bar = progress::bar(world.watched, "audit", months.len());
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let one = |ledger: &Ledger, closed: &&MonthClosed| audited(&auditing, ledger, closed);
    let audited: Vec<Audited> = work::all(jobs, &months, || state.read_ledger(), one, || bar.inc(1))?;
    bar.finish_and_clear();
    match args.format {
        Format::Text => print(&audited, world)?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&audited);
            let broken = |error| Failure::new(Kind::SelfCheck, "the result cannot be written").because(error);
            say(world.out, &text.map_err(broken)?)?;
        }
    }
    Ok(if audited.iter().all(|audited| audited.identical) { Outcome::Done } else { Outcome::Differences })
}

/// The state folder; businesses and tariff of today are of no concern to an audit.
pub fn state_of(config: &Path) -> Result<State, Failure> {
    let text = files::text(config)
        .map_err(|failure| failure.hint("--config names the configuration file, whose state folder is read"))?;
    let config = parse_config(config, &text).map_err(Failure::of_mistakes)?;
    Ok(State::new(&config))
}

/// Name of the line file beside the documents of an invoice.
pub fn line_file_of(issued: &Issued) -> String {
    format!("{}_{}.csv", issued.number, issued.month)
}
