//! What else may explain a difference: rows that could not be read, prices of the tariffs, and zones.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::cases::Desk;
use super::super::state::ledger_failure;
use crate::audit::reconcile::{Prices, Unread};
use crate::domain::{BusinessId, Elapsed, Instant, Month, Zone};
use crate::error::Failure;
use crate::ledger::entry::LogRead;
use crate::rate::Tariff;
use crate::rate::tariff::{Price, RateOf};

/// Rejected rows of logs that may be of the month, each file with the days that it speaks of.
pub(super) fn unread(desk: &Desk, month: Month, business: Option<&BusinessId>) -> Vec<Unread> {
    let business = business.and_then(|id| desk.setup.business(id.as_str()));
    let may_carry = |file: &LogRead| {
        let owns = |channel: &String| {
            business.is_none_or(|business| business.channels.iter().any(|owned| owned.channel.as_str() == channel))
        };
        file.channels.is_empty() || file.channels.iter().any(owns)
    };
    let of_file = |file: &LogRead| {
        let zone = desk.setup.source(&file.source).and_then(|source| source.zone).unwrap_or(Zone::UTC);
        let read = file.first.zip(file.last);
        let declared = file.declared.map(|span| (span.from, span.to.minus(Elapsed::from_micros(1))));
        let (first, last) = match declared.or(read) {
            Some((first, last)) => (zone.date_of(first), zone.date_of(last)),
            // Nothing says of which days it is.
            None => (month.first_day(), month.last_day()),
        };
        Unread { first, last, rows: file.rejected }
    };
    let files = desk.history.files.iter().map(|(_, file)| file);
    let files = files.filter(|file| file.rejected > 0 && may_carry(file));
    let of_month = |unread: &Unread| unread.first <= month.last_day() && month.first_day() <= unread.last;
    files.map(of_file).filter(of_month).collect()
}

/// The prices of today's tariff, and of all that the ledger knows.
pub(super) fn prices(desk: &Desk) -> Result<Prices, Failure> {
    let mut prices = Prices::default();
    add(&mut prices, &desk.setup.tariff);
    let known = desk.history.tariffs.iter().rev().map(|known| &known.sha256);
    let closed = desk.history.closed.values().map(|closed| &closed.tariff_sha256);
    let mut seen: BTreeSet<&String> = BTreeSet::from([&desk.setup.tariff_text.sha256]);
    for sha256 in known.chain(closed) {
        if !seen.insert(sha256) {
            continue;
        }
        let bytes = desk.ledger.content(sha256).map_err(|error| ledger_failure(error, desk.ledger.path()))?;
        let text = String::from_utf8_lossy(&bytes);
        // One that an older version took and this one does not explains nothing.
        if let Ok(tariff) = Tariff::parse(Path::new("recorded/tariff.toml"), &text) {
            add(&mut prices, &tariff);
        }
    }
    Ok(prices)
}

fn add(prices: &mut Prices, tariff: &Tariff) {
    for row in tariff.rows() {
        for tier in &row.rate.tiers {
            match &tier.price {
                Price::Flat(price) => prices.add(*price, || words(&row, tariff)),
                Price::Steps(steps) => {
                    for step in steps {
                        prices.add(step.price, || format!("{}, after {}", words(&row, tariff), step.after));
                    }
                }
            }
        }
    }
}

/// `the price of market 39, live_support, from 2018-09-01, in late-reply@2018-08`.
fn words(row: &RateOf, tariff: &Tariff) -> String {
    let entry_point = row.entry_point.map(|entry_point| format!(", {entry_point}")).unwrap_or_default();
    let from = row.rate.span.from;
    let from = if from == Instant::MIN { String::new() } else { format!(", from {}", tariff.zone.date_of(from)) };
    format!("the price of market {}{entry_point}{from}, in {}", row.market, tariff.name())
}

/// Where analytics are often cut, beside UTC.
const USUAL: [&str; 2] = ["America/Los_Angeles", "America/New_York"];

/// Zones in which days may be cut: UTC, those that are named here, usual ones, and every whole hour.
pub(super) fn zones(desk: &Desk) -> Vec<Zone> {
    let setup = &desk.setup;
    let own = setup.businesses.iter().map(|business| business.zone);
    let issuers = setup.config.issuers.iter().map(|issuer| issuer.zone);
    let named = std::iter::once(Zone::UTC).chain(own).chain(issuers).chain([setup.tariff.zone]);
    // The database writes them with the sign turned round: `Etc/GMT+8` is eight hours behind UTC.
    let behind = (1..=12).map(|hours| format!("Etc/GMT+{hours}"));
    let ahead = (1..=14).map(|hours| format!("Etc/GMT-{hours}"));
    let others = USUAL.into_iter().map(str::to_owned).chain(behind).chain(ahead);
    let mut zones: Vec<Zone> = Vec::new();
    for zone in named.chain(others.filter_map(|name| name.parse().ok())) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    zones
}
