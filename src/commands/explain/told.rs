//! One wait in rows of text: its instants, its verdict, its price and where it was billed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fate, Found};
use crate::close::Filed;
use crate::commands::archived::Archive;
use crate::commands::correct;
use crate::commands::evidence::Evidence;
use crate::domain::business::Language;
use crate::domain::charge::{Charge, Place};
use crate::domain::date::spoken;
use crate::domain::invoice::{AdjustmentKind, Line};
use crate::domain::reading::{ChargeFor, DateOf, RunClock};
use crate::domain::text::masked;
use crate::domain::{Elapsed, Instant, Invoice, Money, Month, Span, Verdict, Wait};
use crate::error::Failure;
use crate::rate::tariff::TierMode;
use crate::read::archive::{Named, OfMessage};
use crate::render::ordinal;

/// A label with its text.
pub(super) type Row = (&'static str, String);

/// Everything that is to be said of a wait; `asked` is the id that was asked for.
pub(super) fn rows(found: &Found, asked: &str, archive: &Archive, evidence: &Evidence) -> Result<Vec<Row>, Failure> {
    let Found { rated, business, tariff, .. } = found;
    let (wait, reading) = (&rated.wait, &tariff.tariff.reading);
    let names = names(found, archive, evidence)?;
    let customer = names.get(&*wait.message_id).map_or("", |(_, customer)| customer.as_str());
    let customer = masked(customer, rated.market.calling_code());
    let is_outbound = reading.charge_for == ChargeFor::LateOutbound;
    let window = reading.window;
    let mut rows = vec![
        ("message", asked.to_owned()),
        ("business", format!("{} ({})", wait.business, business.party.legal_name)),
        ("channel", wait.channel.to_string()),
        ("customer", format!("{customer}, market {}", rated.market)),
        ("entry", wait.entry_point.to_string()),
    ];
    rows.extend((!reading.stated().is_empty()).then(|| ("reading", reading.to_string())));
    rows.extend(run(found, asked, &names).map(|text| ("run", text)));
    rows.push(("received", format!("{}{}", time(found, wait.received_at), of_clock(found))));
    rows.push(("deadline", format!("{}   {window} later", time(found, wait.deadline))));
    rows.push((if is_outbound { "sent" } else { "answered" }, answered(found)));
    rows.extend(dated(found));
    rows.push(("verdict", format!("{}: {}", wait.verdict, why(found))));
    rows.push(("rate", rate(found)));
    rows.extend(place(found).map(|text| ("place", text)));
    rows.push(("charged", charged(found)));
    if let Fate::Closed(Some(invoice)) = &found.fate {
        rows.extend(adjustments(invoice));
    }
    let id = names.get(&*wait.message_id).map_or(asked, |(id, _)| id.as_str());
    rows.extend(found.corrected.iter().filter_map(|step| corrected(found, step, id)));
    Ok(rows)
}

fn time(found: &Found, instant: Instant) -> String {
    format!("{instant}   {}", found.business.zone.print(instant))
}

/// Plain ids and customers of the wait's messages, by keyed id.
fn names(found: &Found, archive: &Archive, evidence: &Evidence) -> Result<BTreeMap<String, Named>, Failure> {
    let (wait, reading) = (&found.rated.wait, &found.tariff.tariff.reading);
    let wanted: BTreeSet<&str> = wait.run.iter().chain([&wait.message_id]).map(|id| &**id).collect();
    let is_own = reading.clock == RunClock::EachInbound && reading.charge_for != ChargeFor::LateOutbound;
    let end = if is_own { wait.received_at } else { wait.answered_at.unwrap_or(wait.watermark).max(wait.received_at) };
    let from = if reading.clock == RunClock::LastInbound { Instant::MIN } else { wait.received_at };
    let within = Span { from, to: end.plus(Elapsed::from_micros(1)) };
    let names = archive.find(evidence.files.iter(), &wanted, within)?;
    let own = |(_, id, customer): &OfMessage| *id != *wait.message_id || *customer == *wait.customer;
    let of_channel = names.into_iter().filter(|((channel, ..), _)| *channel == *wait.channel);
    let (own, others): (Vec<_>, Vec<_>) = of_channel.partition(|(key, _)| own(key));
    Ok(others.into_iter().chain(own).map(|((_, id, _), named)| (id, named)).collect())
}

/// The messages that are charged together, and which of them is charged.
fn run(found: &Found, asked: &str, names: &BTreeMap<String, Named>) -> Option<String> {
    let wait = &found.rated.wait;
    if wait.run.is_empty() {
        return None;
    }
    let plain = |id: &str| names.get(id).map_or(id, |(plain, _)| plain.as_str()).to_owned();
    let (clock, ids) = (plain(&wait.message_id), wait.run.iter().map(|id| plain(id)).collect::<Vec<_>>());
    Some(match ids.as_slice() {
        [_] => "this message alone".to_owned(),
        ids if clock == asked || *wait.message_id == *asked => {
            format!("{} messages charged once; this one gives the clock: {}", ids.len(), ids.join(", "))
        }
        ids => {
            format!("{} messages charged once, through {clock}, which gives the clock: {}", ids.len(), ids.join(", "))
        }
    })
}

/// Whose instant `received` is, where it is not that of the message itself.
fn of_clock(found: &Found) -> &'static str {
    let reading = &found.tariff.tariff.reading;
    match (reading.charge_for, reading.clock) {
        (ChargeFor::LateOutbound, _) => "   the customer's last message before it",
        (_, RunClock::EachInbound) => "",
        (_, RunClock::FirstUnanswered) => "   the first message of its run",
        (_, RunClock::LastInbound) => "   the last message of its run",
    }
}

fn answered(found: &Found) -> String {
    let wait = &found.rated.wait;
    match (wait.answered_at, wait.length()) {
        (Some(at), Some(length)) => {
            format!("{}   after {} ({} ms)", time(found, at), spoken(length), length.millis())
        }
        _ => format!("no answer seen; the evidence ends at {}", wait.watermark),
    }
}

/// The instants that find the rate and the month, where they are not `received`.
fn dated(found: &Found) -> Vec<Row> {
    let (rated, reading, zone) = (&found.rated, &found.tariff.tariff.reading, found.business.zone);
    let of = |date: DateOf| rated.wait.dated(date).filter(|_| date != DateOf::Received);
    let is_outbound = reading.charge_for == ChargeFor::LateOutbound;
    let by = |date: DateOf| if is_outbound { "its sending" } else { by(date) };
    let priced = of(reading.price_date).filter(|_| rated.charge.is_some());
    let priced = priced.map(|at| ("priced", format!("{}   by {}", time(found, at), by(reading.price_date))));
    let month = of(reading.month_of).map(|at| {
        let month = Month::of(at, zone);
        ("month", format!("{month}, by {} at {}", by(reading.month_of), zone.print(at)))
    });
    priced.into_iter().chain(month).collect()
}

const fn by(date: DateOf) -> &'static str {
    match date {
        DateOf::Received => "its receipt",
        DateOf::Deadline => "its deadline",
        DateOf::Answered => "its answer",
    }
}

fn why(found: &Found) -> String {
    let (wait, reading) = (&found.rated.wait, &found.tariff.tariff.reading);
    let window = reading.window;
    let tolerance =
        if wait.tolerance.micros() > 0 { format!(" and the tolerance of {}", wait.tolerance) } else { String::new() };
    let what = if reading.charge_for == ChargeFor::LateOutbound { "sent" } else { "answered" };
    match wait.verdict {
        Verdict::OnTime => format!("{what} within the window of {window}{tolerance}"),
        Verdict::Late => format!("{what} after the window of {window}{tolerance}"),
        Verdict::Unanswered => {
            let given_up = reading.give_up.map(|give_up| format!(" (an answer is waited for {give_up})"));
            let given_up = given_up.unwrap_or_default();
            format!("no answer within the window of {window}{tolerance}{given_up}, and the logs are known beyond it")
        }
        Verdict::Pending => "the logs are not known beyond the deadline yet".to_owned(),
        Verdict::Held => held(wait),
    }
}

fn held(wait: &Wait) -> String {
    let why = wait.held_for.map(|why| why.to_string()).unwrap_or_default();
    if wait.excluded { format!("{why}; the operator accepted this, and the wait is never billed") } else { why }
}

fn rate(found: &Found) -> String {
    let (rated, tariff) = (&found.rated, &found.tariff);
    let Some(charge) = &rated.charge else {
        let charge_for = tariff.tariff.reading.charge_for;
        return match (charge_for, rated.wait.verdict) {
            (ChargeFor::LateReply, Verdict::Unanswered) => "none: under late_reply a message never answered is free",
            (ChargeFor::LateReply, _) => "none: only late waits are charged",
            (ChargeFor::LateOutbound, _) => "none: only messages sent late are charged",
            (ChargeFor::UnansweredInbound, _) => "none: only late and unanswered waits are charged",
        }
        .to_owned();
    };
    let rate = &charge.rate;
    let tier = rate.tier.map(|above| format!(", tier above {above}")).unwrap_or_default();
    let step = rate.step.map(|step| format!(", step after {step}")).unwrap_or_default();
    let table = tariff.table.as_deref().map(|table| format!(" of {table}")).unwrap_or_default();
    let (currency, name, market, sha256) =
        (tariff.tariff.currency, tariff.tariff.name(), &rated.market, &tariff.sha256);
    let (price, line) = (rate.price, rate.line);
    format!("{currency} {price}: {name} line {line}{table}, market {market}{tier}{step}   sha256:{sha256}")
}

/// The place of a charge among those that the tariff counts.
fn place(found: &Found) -> Option<String> {
    let (rated, tariff) = (&found.rated, &found.tariff.tariff);
    let charge = rated.charge.as_ref()?;
    let so_far = if matches!(found.fate, Fate::Open(_)) { " so far" } else { "" };
    match charge.place {
        Place::Uncounted => None,
        Place::Free(number) => Some(format!("free unit {number} of {}{so_far}", tariff.free)),
        Place::InMarket(number) => {
            let nth = ordinal(number, Language::English);
            let free = if tariff.free > 0 { ", free units left out" } else { "" };
            let tier = match (charge.rate.tier, tariff.tiers) {
                (None, _) => String::new(),
                (Some(above), Some(TierMode::AllUnits)) => format!("; the number of all gives the tier above {above}"),
                (Some(above), _) => format!(", tier above {above}"),
            };
            Some(format!("the {nth} charge of market {} in the month{so_far}{free}{tier}", rated.market))
        }
    }
}

fn charged(found: &Found) -> String {
    match (&found.fate, &found.rated.charge) {
        _ if found.rated.wait.excluded => "no, and never: see `ritardo gap list` for the recorded reason".to_owned(),
        (Fate::Carried, Some(charge)) => {
            format!("{} {}, carried over to a later invoice", found.tariff.tariff.currency, charge.amount)
        }
        (Fate::Open(why), _) => format!("not yet: {why}"),
        (Fate::Closed(None), Some(charge)) if charge.is_free() => {
            "no: it is a free unit, and the month had no others".to_owned()
        }
        (Fate::Closed(None), _) | (_, None) => "no".to_owned(),
        (Fate::Closed(Some(invoice)), Some(charge)) if invoice.month != found.month => {
            format!("{} {} on {}, with {}", found.tariff.tariff.currency, charge.amount, invoice.number, found.month)
        }
        (Fate::Closed(Some(invoice)), Some(charge)) => {
            let line = line(found, invoice, charge).unwrap_or_default();
            format!("{} {} on {}{line}", found.tariff.tariff.currency, charge.amount, invoice.number)
        }
    }
}

/// What a correction of the month made of the charge.
fn corrected(found: &Found, step: &correct::Step, id: &str) -> Option<Row> {
    let charge = |filed: &Filed| filed.charge_of(&found.rated.wait.channel, id);
    let (was, now) = (charge(&step.was), charge(&step.now));
    let currency = found.tariff.tariff.currency;
    let said = now.map_or("no charge".to_owned(), |amount| format!("{currency} {amount}"));
    let notes = if step.notes.is_empty() { String::new() } else { format!(" by {}", step.notes.join(", ")) };
    (was != now)
        .then(|| ("corrected", format!("{said} since {}, after a correction for {}{notes}", step.at, step.cause)))
}

fn line(found: &Found, invoice: &Invoice, charge: &Charge) -> Option<String> {
    let (rated, rate) = (&found.rated, &charge.rate);
    let fits = |line: &&Line| {
        (&line.market, line.entry_point, line.free, line.tier, line.step, line.unit_price)
            == (&rated.market, rated.wait.entry_point, charge.is_free(), rate.tier, rate.step, rate.price)
    };
    let (number, line) = (1..).zip(&invoice.lines).find(|(_, line)| fits(line))?;
    Some(format!(", line {number}: {} × {} = {}", line.quantity, line.unit_price, line.amount))
}

/// What a minimum or a cap made of the month.
fn adjustments(invoice: &Invoice) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut sum = Money::sum(invoice.currency, invoice.lines.iter().map(|line| line.amount));
    for adjustment in &invoice.adjustments {
        let (label, does) = match adjustment.kind {
            AdjustmentKind::Minimum => ("minimum", "adds"),
            AdjustmentKind::Cap => ("cap", "takes"),
        };
        let (limit, amount) = (adjustment.limit, adjustment.amount);
        let amount = if amount.minor() < 0 { amount.negated() } else { amount };
        let charges = sum.map(|sum| format!("the charges of the month come to {sum}; ")).unwrap_or_default();
        rows.push((label, format!("{charges}the {label} of {limit} {does} {amount}")));
        sum = sum.and_then(|sum| sum.checked_add(adjustment.amount));
    }
    rows
}
