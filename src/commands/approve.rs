//! `ritardo approve`, `ritardo parked`, `ritardo unpark`: what a person looks at before a month is issued.

use serde::Serialize;

use super::archived::Archive;
use super::cases::Desk;
use super::closing::{Parked, Step, texts};
use super::correct::{self, Bench, Late};
use super::held::check_clock;
use super::intake::Writing;
use super::previews;
use super::review::review;
use super::state::ledger_failure;
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Approve, Format, ParkedList, Unpark};
use crate::close::guards::Found;
use crate::domain::{BusinessId, Instant, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Approved, Entry, Unparked};
use crate::ledger::{Additions, Ledger, LedgerError};

pub fn approve(args: &Approve, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    let _lock = desk.state.lock()?;
    check_clock(&desk.history, desk.as_of)?;
    let archive = desk.archive()?;
    let late = late(&desk, &archive)?;
    let withheld = correct::withheld(&late);
    let is_wanted = |business: &BusinessId| args.business.as_ref().is_none_or(|wanted| wanted == business);
    let mut approved = Vec::new();
    for open in review(&desk, &archive)?.iter().filter(|open| open.month == args.month && is_wanted(&open.business.id))
    {
        let Step::Approve(closed) = &open.step else { continue };
        let draft =
            previews::invoice(&desk.setup, &desk.history, open, closed, &withheld, desk.as_of).map_err(|why| {
                Failure::new(Kind::SelfCheck, format!("the invoice of {} cannot be made: {why}", open.month))
            })?;
        approved.push(Approved {
            business: open.business.id.clone(),
            month: open.month,
            at: desk.as_of,
            data_sha256: closed.data_sha256.clone(),
            draft_sha256: Some(previews::draft_sha256(&draft, open.business)),
            net: draft.net,
        });
    }
    let of_month = late.into_iter().filter(|late| late.month == args.month && is_wanted(&late.business));
    let waiting = of_month.filter(|late| matches!(late.outcome, correct::Outcome::ToApprove { .. }));
    approved.extend(waiting.map(|late| Approved {
        business: late.business,
        month: late.month,
        at: desk.as_of,
        data_sha256: late.data_sha256,
        draft_sha256: None,
        net: late.net,
    }));
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

/// What came late to closed months, as a run would judge it.
fn late(desk: &Desk, archive: &Archive) -> Result<Vec<Late>, Failure> {
    let bench = Bench { setup: &desk.setup, state: &desk.state, history: &desk.history, archive, run_at: desk.as_of };
    correct::correct_late(&bench, &mut desk.state.read_ledger()?, Writing::No)
}

/// A closed month of which a guard keeps what late logs add from being billed, as one that is parked.
fn parked_late(late: &Late) -> Option<Parked> {
    match &late.outcome {
        correct::Outcome::Parked { found, .. } => Some(Parked { found: found.clone(), closed: None }),
        _ => None,
    }
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
    let finding = |found: &Found| Finding {
        guard: found.guard.name(),
        text: found.text.clone(),
        may_be_released: found.guard.may_be_released(),
    };
    let mut told: Vec<Told> = parked
        .map(|(open, parked)| Told {
            month: open.month,
            business: open.business.id.clone(),
            net: parked.closed.as_ref().map(|closed| closed.net),
            found: parked.found.iter().map(finding).collect(),
        })
        .collect();
    told.extend(late(&desk, &archive)?.iter().filter_map(|late| {
        let found = parked_late(late)?.found.iter().map(finding).collect();
        Some(Told { month: late.month, business: late.business.clone(), net: Some(late.net), found })
    }));
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
    check_clock(&desk.history, desk.as_of)?;
    let archive = desk.archive()?;
    let open = review(&desk, &archive)?;
    let open = open.iter().find(|open| (open.month, &open.business.id) == (*month, business));
    let is_it = |late: &&Late| (late.month, &late.business) == (*month, business);
    let (found, data_sha256) = match open.map(|open| &open.step) {
        Some(Step::Park(Parked { found, closed })) => {
            (found.clone(), closed.as_ref().map(|closed| closed.data_sha256.clone()))
        }
        _ => match late(&desk, &archive)?.iter().find(is_it).and_then(|late| Some((parked_late(late)?, late))) {
            Some((parked, late)) => (parked.found, Some(late.data_sha256.clone())),
            None => {
                let failure = Failure::new(Kind::CommandLine, format!("{month} of {business} is not parked"));
                return Err(failure.hint("`ritardo parked` lists what is"));
            }
        },
    };
    let unparked = released(&found, data_sha256, business, *month, (reason, desk.as_of))?;
    let guards = unparked.guards.join(", ");
    add(&desk, vec![Entry::Unparked(unparked)])?;
    let findings = counted(found.len() as u64, "finding");
    say(world.out, &format!("unparked  {month}  {business}: {findings} of {guards}; the next `ritardo run` goes on"))?;
    Ok(Outcome::Done)
}

/// What is recorded, unless something was found that nobody can let pass.
fn released(
    found: &[Found],
    data_sha256: Option<String>,
    business: &BusinessId,
    month: Month,
    (reason, at): (&str, Instant),
) -> Result<Unparked, Failure> {
    let hard = found.iter().find(|found| !found.guard.may_be_released());
    let (None, Some(data_sha256)) = (hard, data_sha256) else {
        let what = hard.map(ToString::to_string).unwrap_or_default();
        let failure = Failure::new(Kind::CommandLine, format!("{month} of {business} cannot be released: {what}"));
        return Err(failure.hint("a contradiction is corrected, not overruled; see the README on guards"));
    };
    let mut guards: Vec<String> = found.iter().map(|found| found.guard.name().to_owned()).collect();
    guards.dedup();
    Ok(Unparked {
        business: business.clone(),
        month,
        at,
        data_sha256,
        guards,
        findings: texts(found),
        reason: reason.to_owned(),
    })
}
