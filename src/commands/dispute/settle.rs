//! `ritardo dispute settle`: the credit note with exactly the accepted messages, as a draft or for good.

use std::collections::BTreeSet;

use super::super::archived::{Archive, forgotten_id};
use super::super::correct::{self, Bench, Corrected, Noted};
use super::super::held::Held;
use super::super::letters::signer;
use super::super::pages::Replays;
use super::super::run::renderer;
use super::super::setup::Setup;
use super::super::state::State;
use super::super::summary::{both, told};
use super::super::{Outcome, World, issue, previews, say};
use super::{head, next};
use crate::cli::DisputeSettle;
use crate::domain::CorrectionCause;
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Dispute, DisputeSettled, Entry, MonthCorrected};
use crate::ledger::{Additions, History, Ledger};

pub fn settle(args: &DisputeSettle, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let state = State::new(&setup.config);
    let run_at = args.as_of.unwrap_or(world.now);
    let Held { _lock, mut ledger, history } = Held::of(&setup, &state, run_at)?;
    let dispute = open_dispute(&history, args.dispute)?.clone();
    // As if it were settled: the next entry is the one that says so.
    let settled = DisputeSettled { dispute: dispute.dispute, at: run_at };
    let history = history.with_settled(settled.clone());
    let archive = Archive::open(&state, &history)?;
    let bench = Bench { setup: &setup, state: &state, history: &history, archive: &archive, run_at };
    let corrected = corrected(&bench, &ledger, &dispute)?;
    let reason = reason(&dispute);
    say(world.out, &head(&dispute))?;
    if args.issue {
        // Before anything is written.
        let signer = signer(&setup.config)?;
        let settled = Entry::DisputeSettled(settled);
        let notes = match &corrected {
            Some(corrected) => correct::issue(&bench, &mut ledger, corrected, Some(&reason), vec![settled])?,
            None => {
                let additions = Additions { entries: vec![settled], contents: Vec::new() };
                correct::append(&mut ledger, |_| Ok(additions))?;
                Vec::new()
            }
        };
        let drawn = issue::write_documents(&state, &mut ledger, &renderer()?, signer.as_ref(), world)?;
        previews::remove_dispute(&state, dispute.dispute)?;
        notes.iter().try_for_each(|note| {
            let corrects = note.corrects.as_ref().map(|correction| correction.number.to_string()).unwrap_or_default();
            say(
                world.out,
                &format!("credited  {}  {} for {corrects}; the next `ritardo run` mails it", note.number, told(note)),
            )
        })?;
        if notes.is_empty() {
            say(world.out, &format!("settled   {}", without_note(&history, corrected.as_ref())))?;
        }
        drawn.whole()?;
        return Ok(Outcome::Done);
    }
    let drafts = match &corrected {
        Some(corrected) => correct::drafts(&bench, &ledger, corrected, Some(&reason))?,
        None => Vec::new(),
    };
    if drafts.is_empty() {
        say(world.out, &format!("draft     {}", without_note(&history, corrected.as_ref())))?;
    }
    draft(&setup, &state, &dispute, &drafts, world)?;
    Ok(Outcome::Done)
}

/// Why there is no credit note.
fn without_note(history: &History, corrected: Option<&Corrected>) -> String {
    let Some(corrected) = corrected else {
        return "nothing is to be given back: late logs have done so since the dispute was opened".to_owned();
    };
    let MonthCorrected { business, month, net, .. } = &corrected.entry;
    let standing = history.standing(business, *month);
    let stood = standing.and_then(|standing| history.standing_net(&standing, net.currency()));
    match stood.and_then(|stood| stood.checked_sub(*net)) {
        Some(less) if less.minor() > 0 => format!("no document bills it yet: {less} less is to be billed"),
        _ => "nothing is to be given back: the month comes to the same".to_owned(),
    }
}

fn draft(setup: &Setup, state: &State, dispute: &Dispute, drafts: &[Noted], world: &mut World) -> Result<(), Failure> {
    let folder = previews::of_dispute(state, dispute.dispute);
    for Noted { note, changes } in drafts {
        let corrects = note.corrects.as_ref().map(|correction| correction.number.to_string()).unwrap_or_default();
        previews::write_one(&folder, setup, &renderer()?, note, changes.as_deref())?;
        let net = both(note.exchange.as_ref().map(|exchange| exchange.net), &note.net);
        say(world.out, &format!("draft     {} for {corrects}, {net} without tax", told(note)))?;
    }
    if !drafts.is_empty() {
        say(world.out, &format!("preview   {}", folder.display()))?;
    }
    say(world.out, &format!("next      {}", next(dispute)))
}

fn open_dispute(history: &History, number: u32) -> Result<&Dispute, Failure> {
    let refused = |why: String| Failure::new(Kind::CommandLine, why).hint("`ritardo dispute list` shows all of them");
    let dispute = history.disputes.iter().find(|dispute| dispute.dispute == number);
    let dispute = dispute.ok_or_else(|| refused(format!("there is no dispute {number}")))?;
    if history.settled.contains_key(&number) {
        return Err(refused(format!("dispute {number} is settled already")));
    }
    if !dispute.claims.iter().any(|claim| claim.accepted) {
        return Err(refused(format!("no message of dispute {number} was accepted")));
    }
    Ok(dispute)
}

/// What is printed on the credit note.
fn reason(dispute: &Dispute) -> String {
    let reasons: BTreeSet<&str> =
        dispute.claims.iter().filter(|claim| claim.accepted).map(|claim| claim.reason.as_str()).collect();
    let said: Vec<&str> = reasons.iter().copied().take(3).collect();
    let more = if reasons.len() > said.len() { " …" } else { "" };
    format!("{}{more}", said.join("; "))
}

/// The month without the accepted messages, every other charge as it stood; `None` where late logs have given all of
/// them back since the dispute was opened.
fn corrected(bench: &Bench, ledger: &Ledger, dispute: &Dispute) -> Result<Option<Corrected>, Failure> {
    let history = bench.history;
    let missing =
        || Failure::new(Kind::Differences, format!("{} of {} is not closed", dispute.month, dispute.business));
    let standing = history.standing(&dispute.business, dispute.month).ok_or_else(missing)?;
    let mut replays = Replays::with(history.clone());
    let through = standing.evidence_through();
    let again = correct::rated_again(bench, ledger, &mut replays, &standing, through, history.last)?;
    let refused = |why: String| {
        let failure = Failure::new(Kind::SelfCheck, format!("dispute {} cannot be settled: {why}", dispute.dispute));
        failure.at(ledger.path()).hint("see `ritardo audit`; nothing was written")
    };
    let closed = again.closed.map_err(|reasons| refused(reasons.join("; ")))?;
    let was = correct::standing_charges(bench, &standing)?;
    let (before, after) = (correct::read(&was)?, correct::read(&closed.line_file)?);
    let mut wanted: BTreeSet<(String, String)> = (dispute.claims.iter().filter(|claim| claim.accepted))
        .map(|claim| (claim.channel.to_string(), claim.message_id.clone()))
        .collect();
    let accepted = wanted.clone();
    let keyed = |(channel, cell): &(String, String)| {
        let bare = |text: &str| text.strip_prefix('\'').unwrap_or(text).to_owned();
        let id = bare(cell);
        let known = accepted.iter().find(|(_, keyed)| forgotten_id(keyed) == id).map(|(_, keyed)| keyed.clone());
        (bare(channel), known.unwrap_or_else(|| bench.archive.key.message(&id)))
    };
    // What late logs have given back since the dispute was opened is charged no more.
    let charged: BTreeSet<(String, String)> = before.messages().map(keyed).collect();
    wanted.retain(|message| charged.contains(message));
    let changed: BTreeSet<(String, String)> = before.differing(&after).iter().map(keyed).collect();
    if changed != wanted {
        return Err(refused(format!("{} messages would change, {} were accepted", changed.len(), wanted.len())));
    }
    let messages = wanted.len() as u64;
    let corrected = || correct::corrected(bench, &standing, CorrectionCause::Dispute, closed);
    Ok((messages > 0).then(corrected))
}
