//! `ritardo dispute`: messages whose charges a business disputes, judged by the evidence.

mod open;
mod settle;

use serde::Serialize;

use super::audit::state_of;
use super::state::ledger_failure;
use super::summary::counted;
use super::{Outcome, World, say};
use crate::cli::{Dispute as Args, DisputeAction, DisputeList, Format};
use crate::domain::{BusinessId, Instant, Month};
use crate::error::{Failure, Kind};
use crate::ledger::History;
use crate::ledger::entry::{Claim, Dispute};

pub fn dispute(args: &Args, world: &mut World) -> Result<Outcome, Failure> {
    match &args.action {
        DisputeAction::Open(args) => open::open(args, world),
        DisputeAction::Settle(args) => settle::settle(args, world),
        DisputeAction::List(args) => list(args, world),
    }
}

/// A dispute; what `--format json` writes of each. Messages are named as the archive names them.
#[derive(Serialize)]
struct Told<'d> {
    dispute: u32,
    month: Month,
    business: &'d BusinessId,
    opened_at: Instant,
    settled_at: Option<Instant>,
    claims: &'d [Claim],
}

fn list(args: &DisputeList, world: &mut World) -> Result<Outcome, Failure> {
    let ledger = state_of(&args.configured.config)?.read_ledger()?;
    let history = ledger.history().map_err(|error| ledger_failure(error, ledger.path()))?;
    if args.format == Format::Json {
        let told: Vec<Told> = history.disputes.iter().map(|dispute| told(&history, dispute)).collect();
        let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
        say(world.out, &serde_json::to_string_pretty(&told).map_err(failed)?)?;
        return Ok(Outcome::Done);
    }
    if history.disputes.is_empty() {
        say(world.out, "nothing   is disputed")?;
    }
    for dispute in &history.disputes {
        let settled = history.settled.get(&dispute.dispute);
        let state = settled.map_or("open".to_owned(), |(_, settled)| format!("settled at {}", settled.at));
        say(world.out, &format!("{}, {state}", head(dispute)))?;
        dispute.claims.iter().try_for_each(|claim| say(world.out, &line(claim, short(&claim.message_id))))?;
    }
    Ok(Outcome::Done)
}

fn told<'d>(history: &History, dispute: &'d Dispute) -> Told<'d> {
    Told {
        dispute: dispute.dispute,
        month: dispute.month,
        business: &dispute.business,
        opened_at: dispute.at,
        settled_at: history.settled.get(&dispute.dispute).map(|(_, settled)| settled.at),
        claims: &dispute.claims,
    }
}

/// `dispute 1  2018-08  bologna-bakery: 2 of 3 messages accepted`.
fn head(dispute: &Dispute) -> String {
    format!("dispute {}  {}  {}: {}", dispute.dispute, dispute.month, dispute.business, accepted(dispute))
}

/// `2 of 3 messages accepted`.
pub fn accepted(dispute: &Dispute) -> String {
    let accepted = dispute.claims.iter().filter(|claim| claim.accepted).count();
    format!("{accepted} of {} accepted", counted(dispute.claims.len() as u64, "message"))
}

/// How it goes on with an open dispute of which a message was accepted.
pub fn next(dispute: &Dispute) -> String {
    format!("`ritardo dispute settle {} --issue` issues it", dispute.dispute)
}

fn line(claim: &Claim, name: &str) -> String {
    let verdict = if claim.accepted { "accepted" } else { "rejected" };
    format!("  {verdict}  {name}: {}", claim.ruling)
}

/// The beginning of a keyed name: enough to tell it from others.
fn short(keyed: &str) -> &str {
    keyed.get(..16).unwrap_or(keyed)
}
