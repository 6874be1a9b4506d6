//! `ritardo approve`, `ritardo parked`, `ritardo unpark`: what a person looks at before a month is issued.

use serde::Serialize;

use super::cases::Desk;
use super::closing::{Parked, Step, texts};
use super::correct::{self, Bench};
use super::intake::Writing;
use super::review::review;
use super::state::ledger_failure;
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Approve, Format, ParkedList, Unpark};
use crate::domain::{BusinessId, Instant, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Approved, Entry, Unparked};
use crate::ledger::{Additions, Ledger, LedgerError};

pub fn approve(args: &Approve, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let _lock = desk.state.lock()?;
    let archive = desk.archive()?;
    let is_wanted = |business: &BusinessId| args.business.as_ref().is_none_or(|wanted| wanted == business);
    let mut approved = Vec::new();
    for open in review(&desk, &archive)?.iter().filter(|open| open.month == args.month && is_wanted(&open.business.id))
    {
        let Step::Approve(closed) = &open.step else { continue };
        let (business, month, at) = (open.business.id.clone(), open.month, desk.as_of);
        approved.push(Approved { business, month, at, data_sha256: closed.data_sha256.clone(), net: closed.net });
    }
    approved.extend(corrections(&desk, &archive, args.month, &is_wanted)?);
    if approved.is_empty() {
        let failure = Failure::new(Kind::CommandLine, format!("nothing of {} waits for approval", args.month));
        return Err(failure.hint("`ritardo status` shows where every month stands; see issue in [invoice], too"));
    }
    let entries = approved.iter().cloned().map(Entry::Approved).collect();
    add(&desk, entries)?;
    for Approved { business, month, net, .. } in &approved {
        say(world.out, &format!("approved  {month}  {business}: {net} without tax; the next `ritardo run` issues it"))?;
    }
    Ok(Outcome::Done)
}

/// Corrections of closed months that wait for approval.
fn corrections(
    desk: &Desk,
    archive: &super::archived::Archive,
    month: Month,
    is_wanted: &dyn Fn(&BusinessId) -> bool,
) -> Result<Vec<Approved>, Failure> {
    let bench = Bench { setup: &desk.setup, state: &desk.state, history: &desk.history, archive, run_at: desk.as_of };
    let mut ledger = desk.state.read_ledger()?;
    let late = correct::correct_late(&bench, &mut ledger, Writing::No)?;
    let of_month = late.into_iter().filter(|late| late.month == month && is_wanted(&late.business));
    let waiting = of_month.filter(|late| matches!(late.outcome, correct::Outcome::ToApprove { .. }));
    Ok(waiting
        .map(|late| Approved {
            business: late.business,
            month,
            at: desk.as_of,
            data_sha256: late.data_sha256,
            net: late.net,
        })
        .collect())
}

fn add(desk: &Desk, entries: Vec<Entry>) -> Result<(), Failure> {
    let path = desk.state.ledger();
    let mut ledger = Ledger::open(&path).map_err(|error| ledger_failure(error, &path))?;
    let added = ledger.append(|_| Ok::<_, LedgerError>(Additions { entries, contents: Vec::new() }));
    added.map_err(|error| ledger_failure(error, &path))
}

/// A parked month; what `--format json` writes of each.
#[derive(Serialize)]
struct Told {
    month: Month,
    business: BusinessId,
    net: Option<Money>,
    found: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    guard: &'static str,
    text: String,
    may_be_released: bool,
}

pub fn parked(args: &ParkedList, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let archive = desk.archive()?;
    let open = review(&desk, &archive)?;
    let parked = open.iter().filter_map(|open| match &open.step {
        Step::Park(parked) => Some((open, parked)),
        _ => None,
    });
    let finding = |found: &crate::close::guards::Found| Finding {
        guard: found.guard.name(),
        text: found.text.clone(),
        may_be_released: found.guard.may_be_released(),
    };
    let told: Vec<Told> = parked
        .map(|(open, parked)| Told {
            month: open.month,
            business: open.business.id.clone(),
            net: parked.closed.as_ref().map(|closed| closed.net),
            found: parked.found.iter().map(finding).collect(),
        })
        .collect();
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&told);
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        Format::Text if told.is_empty() => say(world.out, "nothing   is parked")?,
        Format::Text => told.iter().try_for_each(|told| print(told, world))?,
    }
    Ok(Outcome::Done)
}

fn print(told: &Told, world: &mut World) -> Result<(), Failure> {
    let Told { month, business, net, found } = told;
    let net = net.map(|net| format!("  {net} without tax")).unwrap_or_default();
    say(world.out, &format!("parked    {month}  {business}{net}"))?;
    found.iter().try_for_each(|found| say(world.out, &format!("          {}: {}", found.guard, found.text)))?;
    let advice = advice(*month, business, found.iter().all(|found| found.may_be_released));
    say(world.out, &format!("          {advice}"))
}

/// How it goes on with a parked month.
pub fn advice(month: Month, business: &BusinessId, may_be_released: bool) -> String {
    if may_be_released {
        format!("if it is right: `ritardo unpark {month} --business {business} --reason TEXT`")
    } else {
        "it cannot be released: what is wrong is to be corrected".to_owned()
    }
}

pub fn unpark(args: &Unpark, world: &mut World) -> Result<Outcome, Failure> {
    let Unpark { month, business, reason, .. } = args;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        let failure = Failure::new(Kind::CommandLine, "the reason is empty, or has more than one line");
        return Err(failure.hint("say why the month is right as it is; it is recorded for good"));
    }
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let _lock = desk.state.lock()?;
    let archive = desk.archive()?;
    let open = review(&desk, &archive)?;
    let open = open.iter().find(|open| (open.month, &open.business.id) == (*month, business));
    let Some(Step::Park(parked)) = open.map(|open| &open.step) else {
        let failure = Failure::new(Kind::CommandLine, format!("{month} of {business} is not parked"));
        return Err(failure.hint("`ritardo parked` lists what is"));
    };
    let unparked = released(parked, business, *month, reason, desk.as_of)?;
    let guards = unparked.guards.join(", ");
    add(&desk, vec![Entry::Unparked(unparked)])?;
    let findings = counted(parked.found.len() as u64, "finding");
    say(world.out, &format!("unparked  {month}  {business}: {findings} of {guards}; the next `ritardo run` goes on"))?;
    Ok(Outcome::Done)
}

/// What is recorded, unless something was found that nobody can let pass.
fn released(
    parked: &Parked,
    business: &BusinessId,
    month: Month,
    reason: &str,
    at: Instant,
) -> Result<Unparked, Failure> {
    let hard = parked.found.iter().find(|found| !found.guard.may_be_released());
    let (None, Some(closed)) = (hard, &parked.closed) else {
        let what = hard.map(ToString::to_string).unwrap_or_default();
        let failure = Failure::new(Kind::CommandLine, format!("{month} of {business} cannot be released: {what}"));
        return Err(failure.hint("a contradiction is corrected, not overruled; see the README on guards"));
    };
    let mut guards: Vec<String> = parked.found.iter().map(|found| found.guard.name().to_owned()).collect();
    guards.dedup();
    Ok(Unparked {
        business: business.clone(),
        month,
        at,
        data_sha256: closed.data_sha256.clone(),
        guards,
        findings: texts(&parked.found),
        reason: reason.to_owned(),
    })
}
