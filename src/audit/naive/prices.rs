//! The prices of a month, once more, from the text of its tariff.

use std::collections::BTreeMap;

use super::tariff_text::{self, RateRow, Text};
use super::{Key, said};
use crate::domain::charge::{Charge, RatedWait};
use crate::domain::reading::{Boundary, ChargeFor, DateOf};
use crate::domain::text::leading_digits;
use crate::domain::{Instant, Place, Reading, Verdict, Wait};

/// Prices every charge a second time, at the place that it has in its month. `judged` are all waits of the month.
pub fn price_findings(tariff_text: &str, judged: &[RatedWait], reading: &Reading) -> Vec<String> {
    let text = match tariff_text::read(tariff_text) {
        Ok(text) => text,
        Err(why) => return vec![format!("the tariff could not be read a second time: {why}")],
    };
    let mut findings = reading_findings(&text, reading);
    findings.extend(place_findings(&text, judged, reading));
    let mut in_market: BTreeMap<&str, u64> = BTreeMap::new();
    for rated in judged {
        if matches!(rated.charge.as_ref().map(|charge| charge.place), Some(Place::InMarket(_))) {
            *in_market.entry(rated.market.name()).or_default() += 1;
        }
    }
    for rated in judged {
        let all = in_market.get(rated.market.name()).copied().unwrap_or_default();
        let found = match (&rated.charge, is_charged(rated.wait.verdict, reading)) {
            (Some(charge), true) => charge_finding(&text, rated, charge, all, reading),
            (None, false) => None,
            (Some(_), false) => Some(format!("is {}, and charged", rated.wait.verdict)),
            (None, true) => Some(format!("is {}, and not charged", rated.wait.verdict)),
        };
        findings.extend(found.map(|found| said(key(&rated.wait), &found)));
    }
    findings
}

/// Whether the reading charges for a verdict.
fn is_charged(verdict: Verdict, reading: &Reading) -> bool {
    match verdict {
        Verdict::Late => true,
        Verdict::Unanswered => reading.charge_for == ChargeFor::UnansweredInbound,
        Verdict::OnTime | Verdict::Pending | Verdict::Held => false,
    }
}

fn key(wait: &Wait) -> Key<'_> {
    (&wait.channel, &wait.message_id)
}

/// Fields of the reading that the text states otherwise.
fn reading_findings(text: &Text, reading: &Reading) -> Vec<String> {
    let is_outbound = reading.charge_for == ChargeFor::LateOutbound;
    let date = if is_outbound { "answered" } else { "received" };
    let words = [
        ("charge_for", "unanswered_inbound", reading.charge_for.name()),
        ("charge_per", "message", reading.charge_per.name()),
        ("clock", "each_inbound", reading.clock.name()),
        ("boundary", "inclusive", reading.boundary.name()),
        ("price_date", date, reading.price_date.name()),
        ("month_of", date, reading.month_of.name()),
        ("answered_by", "any", reading.answered_by.name()),
    ];
    let mut findings = Vec::new();
    for (name, default, used) in words {
        let written = tariff_text::word(&text.reading, name);
        let written = if written.is_empty() { default } else { &written };
        if written != used {
            findings.push(format!("the tariff has {name} = {written}, and the month was judged by {used}"));
        }
    }
    let lengths = [("window", Some("24h"), Some(reading.window)), ("give_up", None, reading.give_up)];
    for (name, default, used) in lengths {
        let written = tariff_text::word(&text.reading, name);
        let written = if written.is_empty() { default.map(str::to_owned) } else { Some(written) };
        let length = written.as_ref().and_then(|written| tariff_text::length(written).ok());
        if length != used.map(|used| used.micros()) {
            let shown = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
            let (written, used) = (shown(written), shown(used.map(|used| used.to_string())));
            findings.push(format!("the tariff has {name} = {written}, and the month was judged by {used}"));
        }
    }
    findings
}

/// Places that are not counted from 1, each once, in the order of time: free units over all markets, and before all
/// others; the others within their market.
fn place_findings(text: &Text, judged: &[RatedWait], reading: &Reading) -> Vec<String> {
    let is_counted = text.free > 0 || text.all_units.is_some();
    let mut places: Vec<(&str, u64, Instant, Key)> = Vec::new();
    let mut findings = Vec::new();
    for rated in judged {
        let wait = &rated.wait;
        let (market, number) = match rated.charge.as_ref().map(|charge| charge.place) {
            None => continue,
            Some(Place::Uncounted) if !is_counted => continue,
            Some(Place::Free(number)) => ("", number),
            Some(Place::InMarket(number)) if is_counted => (rated.market.name(), number),
            Some(Place::Uncounted | Place::InMarket(_)) => {
                findings.push(said(key(wait), "is counted otherwise than the tariff says"));
                continue;
            }
        };
        let sent_at = wait.answered_at.filter(|_| reading.charge_for == ChargeFor::LateOutbound);
        places.push((market, number, sent_at.unwrap_or(wait.received_at), key(wait)));
    }
    places.sort_unstable();
    let mut before: Option<(&str, u64, Instant)> = None;
    let mut wrong = None;
    for (market, number, at, key) in &places {
        let (last, then) = match before {
            Some((same, last, then)) if same == *market => (last, then),
            _ => (0, Instant::MIN),
        };
        if (*number != last + 1 || *at < then) && wrong != Some(*market) {
            findings.push(said(*key, &format!("has place {number} of its month, out of order")));
            // One is enough: all others of the market follow from it.
            wrong = Some(*market);
        }
        before = Some((market, *number, *at));
    }
    let free = places.iter().filter(|(market, ..)| market.is_empty());
    let due = u64::try_from(places.len()).unwrap_or(u64::MAX).min(text.free);
    let last_free = free.clone().map(|(_, _, at, _)| *at).max();
    let first_paid = places.iter().filter(|(market, ..)| !market.is_empty()).map(|(_, _, at, _)| *at).min();
    if free.count() as u64 != due || last_free.zip(first_paid).is_some_and(|(free, paid)| paid < free) {
        findings.push(format!("the {due} earliest charges of the month are free, and others were taken"));
    }
    findings
}

/// What is wrong with the price of one charge; `all` charges of its market are paid.
fn charge_finding(text: &Text, rated: &RatedWait, charge: &Charge, all: u64, reading: &Reading) -> Option<String> {
    let wait = &rated.wait;
    let market = market(text, &wait.customer);
    let priced_at = match reading.price_date {
        DateOf::Received => wait.received_at,
        DateOf::Deadline => wait.deadline,
        DateOf::Answered => wait.answered_at.unwrap_or(wait.received_at),
    };
    let Some(row) = row(text, market, wait.entry_point.name(), priced_at) else {
        return Some(format!("is charged, and market {market} has no rate at {priced_at}"));
    };
    let reached = match charge.place {
        Place::Free(_) => 0,
        Place::InMarket(number) => {
            if text.all_units == Some(true) {
                all
            } else {
                number
            }
        }
        Place::Uncounted => 1,
    };
    let found = if reached == 0 { Some((None, None, 0)) } else { price(row, wait, reached, reading) };
    let Some((tier, step, price)) = found else { return Some("is charged, and comes to no price".to_owned()) };
    let tier = tier.filter(|_| row.tiers.len() > 1);
    let shown = |market: &str, tier: Option<u64>, step: Option<i64>, price: i128| {
        let tier = tier.map(|above| format!(" above {above}")).unwrap_or_default();
        let step = step.map(|after| format!(" after {} s", after / 1_000_000)).unwrap_or_default();
        format!("{price} billionths in market {market}{tier}{step}")
    };
    let expected = shown(market, tier, step, price);
    let rate = &charge.rate;
    let billed = shown(rated.market.name(), rate.tier, rate.step.map(|step| step.micros()), rate.price.units());
    (expected != billed || charge.amount.units() != price).then(|| {
        let amount = if charge.amount == rate.price { String::new() } else { format!(" as {}", charge.amount) };
        format!("costs {billed}{amount}, by the second opinion {expected}")
    })
}

/// The longest calling code of the table that begins the customer's number.
fn market<'t>(text: &'t Text, customer: &str) -> &'t str {
    let digits = leading_digits(customer);
    let mut longest = "other";
    for row in &text.rows {
        let is_longer = longest == "other" || row.market.len() > longest.len();
        if row.market != "other" && digits.starts_with(&row.market) && is_longer {
            longest = &row.market;
        }
    }
    longest
}

/// The row in force: the one of the entry point goes before the general one.
fn row<'t>(text: &'t Text, market: &str, entry_point: &str, at: Instant) -> Option<&'t RateRow> {
    for wanted in [entry_point, ""] {
        for row in &text.rows {
            if row.market == market && row.entry_point == wanted && row.from <= at && at < row.to {
                return Some(row);
            }
        }
    }
    None
}

/// Tier, step and price of the charge that reaches a number.
fn price(row: &RateRow, wait: &Wait, reached: u64, reading: &Reading) -> Option<(Option<u64>, Option<i64>, i128)> {
    let mut found = None;
    for (above, prices) in row.tiers.iter().filter(|(above, _)| *above < reached) {
        for (after, price) in prices {
            let waited = match (after, wait.answered_at) {
                (None, _) | (_, None) => true,
                (Some(after), Some(at)) => {
                    let length = (at.micros() - wait.received_at.micros()).max(0);
                    let limit = after.saturating_add(wait.tolerance.micros());
                    if reading.boundary == Boundary::Exclusive { length >= limit } else { length > limit }
                }
            };
            if waited {
                found = Some((Some(*above), *after, *price));
            }
        }
    }
    found
}
