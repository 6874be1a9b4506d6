//! What a night parked, as the ledger tells it: once, however many nights it stands. `history` tells it, and nothing hangs on it.

use std::collections::BTreeSet;

use super::closing::{OpenMonth, Step};
use super::decide::Closings;
use super::issue::add;
use super::state::ledger_failure;
use crate::close::guards::Found;
use crate::domain::Instant;
use crate::error::Failure;
use crate::ledger::Ledger;
use crate::ledger::entry::{Entry, MonthParked, MonthsParked};

/// Of what a self-check found when a month was closed.
const SELF_CHECK: &str = "self-check";

/// Records what is parked, unless the last such entry says the same.
pub fn record(ledger: &mut Ledger, open: &[OpenMonth], closings: &Closings, at: Instant) -> Result<(), Failure> {
    let mut months: Vec<MonthParked> = open.iter().filter_map(parked).collect();
    for (business, month, _) in &closings.failed {
        let Ok(business) = business.parse() else { continue };
        months.push(MonthParked { month: *month, business, guards: vec![SELF_CHECK.to_owned()] });
    }
    months.sort();
    let history = ledger.shared().map_err(|error| ledger_failure(error, ledger.path()))?;
    if history.parked == months {
        return Ok(());
    }
    add(ledger, vec![Entry::Parked(MonthsParked { at, months })])
}

fn parked(open: &OpenMonth) -> Option<MonthParked> {
    let Step::Park(parked) = &open.step else { return None };
    // Names alone: what a guard says may name a channel or a message.
    let names: BTreeSet<&str> = parked.found.iter().map(|found: &Found| found.guard.name()).collect();
    let guards = names.into_iter().map(str::to_owned).collect();
    Some(MonthParked { month: open.month, business: open.business.id.clone(), guards })
}
