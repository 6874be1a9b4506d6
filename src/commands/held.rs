//! The ledger as a command holds it that adds to it: locked, of the newest state, and not behind what was decided.

use std::sync::Arc;
use std::time::Duration;

use super::World;
use super::forget;
use super::setup::Setup;
use super::state::{Lock, State, ledger_failure};
use crate::cli::Run;
use crate::domain::{Elapsed, Instant};
use crate::error::{Failure, Kind};
use crate::ledger::entry::TariffKnown;
use crate::ledger::{History, Ledger};

/// The ledger, held until this is dropped.
pub struct Held {
    pub _lock: Lock,
    pub ledger: Ledger,
    pub history: Arc<History>,
}

impl Held {
    /// The ledger of earlier runs, for something that is done at `at`.
    pub fn of(setup: &Setup, state: &State, at: Instant) -> Result<Self, Failure> {
        state.read_ledger()?;
        Self::or_new(setup, state, at)
    }

    /// The same; the first run makes it.
    pub fn or_new(setup: &Setup, state: &State, at: Instant) -> Result<Self, Failure> {
        Self::with(state.lock()?, setup, state, at)
    }

    /// The same for who has the lock already.
    pub fn with(lock: Lock, setup: &Setup, state: &State, at: Instant) -> Result<Self, Failure> {
        let path = state.ledger();
        let failed = |error| ledger_failure(error, &path);
        let mut ledger = Ledger::open(&path).map_err(failed)?;
        forget::finish(setup, state, &mut ledger)?;
        let history = ledger.shared().map_err(failed)?;
        check_clock(&history, at)?;
        check_tariff(&history, setup)?;
        check_age(&history, state)?;
        Ok(Self { _lock: lock, ledger, history })
    }

    /// The ledger, and the instant of a run that holds it: what was decided while it waited does not lie ahead of it.
    pub fn in_turn(setup: &Setup, state: &State, args: &Run, world: &mut World) -> Result<(Instant, Self), Failure> {
        let (lock, waited) = state.lock_in_turn(Duration::from_secs(60 * u64::from(args.wait)), world)?;
        let late = if waited.is_zero() { waited } else { (world.clock)() };
        let late = Elapsed::from_micros(i64::try_from(late.as_micros()).unwrap_or(i64::MAX));
        let as_of = args.as_of.unwrap_or_else(|| world.now.plus(late));
        Ok((as_of, Self::with(lock, setup, state, as_of)?))
    }
}

/// Nothing is decided behind what was already decided: a document dated before the one that it corrects, or a number
/// of a year whose series has ended, would be the result.
pub fn check_clock(history: &History, as_of: Instant) -> Result<(), Failure> {
    match history.decided_at() {
        Some(last) if as_of < last => {
            let message = format!("the instant of the run, {as_of}, lies before the last decision, {last}");
            Err(Failure::new(Kind::Configuration, message).hint("see --as-of, and the clock of this machine"))
        }
        _ => Ok(()),
    }
}

/// Documents of an invoice that the ledger does not know were made from a newer ledger: to go on would give
/// their numbers a second time.
fn check_age(history: &History, state: &State) -> Result<(), Failure> {
    match state.unknown_documents(history)?.first() {
        Some(folder) => {
            let failure =
                Failure::new(Kind::Differences, "the ledger is older than the documents beside it").at(folder);
            Err(failure.hint("nothing was written; put the newest copy of the ledger back"))
        }
        None => Ok(()),
    }
}

/// A tariff in use is frozen: the same name with other bytes is another tariff.
pub fn check_tariff(history: &History, setup: &Setup) -> Result<(), Failure> {
    let name = setup.tariff.name();
    let other = history
        .closed
        .values()
        .find(|closed| closed.tariff == name && closed.tariff_sha256 != setup.tariff_text.sha256);
    match other {
        Some(closed) => {
            let message = format!(
                "the tariff {name} was changed after {} of {} was closed with it",
                closed.month, closed.business
            );
            let failure = Failure::new(Kind::Configuration, message).at(&setup.tariff_text.path);
            Err(failure.hint("give the changed tariff a new version, or put the old text back"))
        }
        None => Ok(()),
    }
}

/// The tariff, where the ledger does not know it as the last one: from now on it does. An audit asks for it.
pub fn new_tariff(history: &History, setup: &Setup, at: Instant) -> Option<TariffKnown> {
    let closed = history.closed.values().max_by_key(|closed| closed.closed_at).map(|closed| &closed.tariff_sha256);
    let last = history.tariffs.last().map(|known| &known.sha256).or(closed);
    let (tariff, sha256) = (setup.tariff.name(), setup.tariff_text.sha256.clone());
    (last != Some(&sha256)).then_some(TariffKnown { at, tariff, sha256 })
}
