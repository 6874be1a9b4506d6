//! Two clocks: every fact has when it was true and when it was known. What late logs changed, and what a tariff
//! correction changed, each told by itself.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::summary::counted;
use super::replay::{Basis, Known, Replayed, Replays};
use crate::audit::changes::{Changed, Side, changes};
use crate::cli::When;
use crate::close::{Pricing, sums};
use crate::domain::charge::RatedWait;
use crate::domain::{Currency, Instant, Money, Zone};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Ledger};
use crate::rate::{self, Tariff};

/// So many messages are named as text; JSON names all.
const NAMED_MAX: usize = 20;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Clocks {
    pub as_known: Option<When>,
    pub tariff_as_of: Option<When>,
}

/// A closed month with what it would have come to.
#[derive(Serialize)]
pub struct Clocked {
    pub charges: u64,
    pub net: Money,
    pub as_known: Option<AsKnown>,
    pub tariff_as_of: Option<TariffAsOf>,
    /// Of all that was asked, together, less what the closing came to.
    pub difference: Money,
    #[serde(skip)]
    closed_at: Instant,
}

#[derive(Serialize)]
pub struct AsKnown {
    #[serde(skip)]
    said: String,
    /// What was known before this instant.
    pub before: Instant,
    pub files: u64,
    #[serde(flatten)]
    pub step: Step,
}

#[derive(Serialize)]
pub struct TariffAsOf {
    #[serde(skip)]
    said: String,
    /// The tariff that was known before this instant.
    pub before: Instant,
    pub tariff: String,
    pub tariff_sha256: String,
    /// Why it is not the last one that was known.
    pub note: Option<&'static str>,
    #[serde(flatten)]
    pub step: Step,
}

/// What the month comes to with one fact changed, against the step before.
#[derive(Serialize)]
pub struct Step {
    pub charges: u64,
    pub net: Money,
    pub undecided: u64,
    pub difference: Money,
    pub messages: Vec<Changed>,
}

/// The month as it was known then; `None` when nothing is asked.
pub fn clocked(
    clocks: &Clocks,
    replays: &Replays,
    ledger: &Ledger,
    closed: &MonthClosed,
    as_closed: &Replayed,
) -> Result<Option<Clocked>, Failure> {
    if clocks.as_known.is_none() && clocks.tariff_as_of.is_none() {
        return Ok(None);
    }
    let issuer = as_closed.business(closed).map(|business| as_closed.setup.config.issuer_of(business));
    let zone = issuer.map_or(Zone::UTC, |issuer| issuer.zone);
    let was = side(closed, &as_closed.setup.tariff, &as_closed.rated)?;
    let (mut basis, mut last) = (Basis::of_closing(closed), was.clone());
    let as_known = match clocks.as_known {
        None => None,
        Some(when) => {
            let before = when.before(zone);
            basis.known = Known::Before(before);
            let files = replays.files(basis.known).len() as u64;
            let replayed = replays.replay(ledger, &basis)?.map_err(|why| broken(closed, &why))?;
            let now = side(closed, &replayed.setup.tariff, &replayed.rated)?;
            let step = step(closed, &last, &now)?;
            last = now;
            Some(AsKnown { said: when.said(zone), before, files, step })
        }
    };
    let tariff_as_of = match clocks.tariff_as_of {
        None => None,
        Some(when) => {
            let (told, now) = under_tariff(replays, ledger, &basis, when.before(zone), &last)?;
            last = now;
            Some(TariffAsOf { said: when.said(zone), ..told })
        }
    };
    let difference = last.net.checked_sub(was.net).ok_or_else(|| too_large(closed))?;
    let (charges, net, closed_at) = (was.charges(), was.net, closed.closed_at);
    Ok(Some(Clocked { charges, net, as_known, tariff_as_of, difference, closed_at }))
}

fn broken(closed: &MonthClosed, why: &str) -> Failure {
    Failure::new(Kind::Differences, format!("{} of {} cannot be judged again: {why}", closed.month, closed.business))
}

fn too_large(closed: &MonthClosed) -> Failure {
    Failure::new(Kind::SelfCheck, format!("{} of {} cannot be summed", closed.month, closed.business))
}

fn side(closed: &MonthClosed, tariff: &Tariff, rated: &[RatedWait]) -> Result<Side, Failure> {
    let adjustments = |net, has_paid_charge| rate::adjustments(net, has_paid_charge, tariff);
    let pricing = Pricing { tariff: &tariff.name(), currency: tariff.currency, adjustments: &adjustments };
    let sums = sums(rated, &pricing).ok_or_else(|| too_large(closed))?;
    Ok(Side::of(rated, sums.net))
}

fn step(closed: &MonthClosed, was: &Side, now: &Side) -> Result<Step, Failure> {
    let changed = changes(was, now).ok_or_else(|| too_large(closed))?;
    Ok(Step {
        charges: now.charges(),
        net: now.net,
        undecided: now.undecided,
        difference: changed.net,
        messages: changed.messages,
    })
}

/// The month under the last tariff that was known and prices it, in its currency; else under its own.
fn under_tariff(
    replays: &Replays,
    ledger: &Ledger,
    basis: &Basis,
    before: Instant,
    was: &Side,
) -> Result<(TariffAsOf, Side), Failure> {
    let closed = basis.closed;
    let known = tariffs_known(replays.history, before);
    let own = (closed.tariff_sha256.as_str(), Some("no tariff that was known then prices the month; it keeps its own"));
    let none = known.is_empty().then_some("no tariff was known then; the month keeps its own");
    let candidates = known.iter().enumerate().map(|(place, sha256)| {
        (*sha256, (place > 0).then_some("a later one that was known then does not price the month"))
    });
    for (sha256, note) in candidates.chain([own]) {
        let Ok(replayed) = replays.replay(ledger, &Basis { tariff: sha256, ..*basis })? else { continue };
        let tariff = &replayed.setup.tariff;
        if tariff.currency != was.net.currency() {
            continue;
        }
        let now = side(closed, tariff, &replayed.rated)?;
        let (tariff, tariff_sha256, note) = (tariff.name(), sha256.to_owned(), none.or(note));
        let said = String::new();
        return Ok((TariffAsOf { said, before, tariff, tariff_sha256, note, step: step(closed, was, &now)? }, now));
    }
    Err(broken(closed, "its own tariff does not price it"))
}

/// Texts of the tariffs that were known before an instant, the last one first, each once. A ledger that does not record
/// when a tariff became known tells it by the closings.
fn tariffs_known(history: &History, before: Instant) -> Vec<&str> {
    let recorded = history.tariffs.iter().map(|known| (known.at, known.sha256.as_str()));
    let closings = history.closed.values().map(|closed| (closed.closed_at, closed.tariff_sha256.as_str()));
    let recorded_from = history.tariffs.iter().map(|known| known.at).min().unwrap_or(Instant::MAX);
    let mut known: Vec<(Instant, &str)> = closings.filter(|(at, _)| *at < recorded_from).chain(recorded).collect();
    known.retain(|(at, _)| *at < before);
    // Stable: what was recorded of one instant stays in its order.
    known.sort_by_key(|(at, _)| *at);
    let mut last_first: Vec<&str> = Vec::new();
    for (_, sha256) in known.into_iter().rev() {
        if !last_first.contains(&sha256) {
            last_first.push(sha256);
        }
    }
    last_first
}

impl Clocked {
    pub fn lines(&self) -> Vec<String> {
        let mut lines =
            vec![format!("as closed at {}: {}, {}", self.closed_at, counted(self.charges, "charge"), self.net)];
        if let Some(AsKnown { said, before, files, step }) = &self.as_known {
            let known = if *files == 0 { "no log was known".to_owned() } else { counted(*files, "log") };
            lines.push(format!("as known {said}, {known}: {}", step.told()));
            let what = if *before < self.closed_at { "what was not known yet" } else { "late logs changed" };
            step.say(what, &mut lines);
        }
        if let Some(TariffAsOf { said, before, tariff, note, step, .. }) = &self.tariff_as_of {
            let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
            lines.push(format!("tariff known {said}: {tariff}{note}: {}", step.told()));
            let is_earlier = *before < self.closed_at;
            step.say(
                if is_earlier { "the tariff known then changes" } else { "a tariff correction changed" },
                &mut lines,
            );
        }
        if self.as_known.is_some() && self.tariff_as_of.is_some() {
            lines.push(format!("together: {}", self.difference));
        }
        lines
    }
}

impl Step {
    fn told(&self) -> String {
        let undecided = match self.undecided {
            0 => String::new(),
            count => format!(", {} undecided", counted(count, "wait")),
        };
        format!("{}, {}{undecided}", counted(self.charges, "charge"), self.net)
    }

    fn say(&self, what: &str, lines: &mut Vec<String>) {
        let count = self.messages.len();
        lines.push(format!("{what}: {}, {}", counted(count as u64, "message"), self.difference));
        for Changed { channel, message_id, was, now } in self.messages.iter().take(NAMED_MAX) {
            let said = |amount: &Option<_>| amount.map_or("nothing".to_owned(), |amount| format!("{amount}"));
            lines.push(format!("  {message_id} on {channel}: {}, then {}", said(was), said(now)));
        }
        if count > NAMED_MAX {
            lines.push(format!("  and {} more: --format json names all", count - NAMED_MAX));
        }
    }
}

/// The sums over all months, one line a question.
pub fn totals(clocked: &[&Clocked]) -> Vec<String> {
    let sum = |what: &str, steps: Vec<(u64, Money)>| {
        let mut by_currency: BTreeMap<Currency, Option<Money>> = BTreeMap::new();
        let messages = steps.iter().map(|(messages, _)| messages).sum();
        for (_, amount) in &steps {
            let sum = by_currency.entry(amount.currency()).or_insert(Some(Money::zero(amount.currency())));
            *sum = sum.and_then(|sum| sum.checked_add(*amount));
        }
        let sums = by_currency.values().map(|sum| sum.map_or("too much".to_owned(), |sum| sum.to_string()));
        let sums: Vec<String> = sums.collect();
        (!steps.is_empty()).then(|| format!("{what}: {}, {}", counted(messages, "message"), sums.join(", ")))
    };
    let of = |step: &Step| (step.messages.len() as u64, step.difference);
    let known = clocked.iter().filter_map(|clocked| clocked.as_known.as_ref()).map(|known| of(&known.step)).collect();
    let tariffs = clocked.iter().filter_map(|clocked| clocked.tariff_as_of.as_ref()).map(|tariff| of(&tariff.step));
    sum("as known then", known).into_iter().chain(sum("under the tariff known then", tariffs.collect())).collect()
}
