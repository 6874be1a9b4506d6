//! The alarms of a night: what the pure rules of `report::alarms` are given.

use std::collections::{BTreeMap, BTreeSet};

use super::closing::OpenMonth;
use super::evidence::Evidence;
use super::setup::Setup;
use crate::domain::settings::Source;
use crate::domain::{Business, BusinessId, Date, Direction, Instant, Month, Span, Zone};
use crate::error::Failure;
use crate::read::coverage::Known;
use crate::report::alarms::{Alarm, Expected, Past, Traffic, held_long, missing_files, silent};

/// All alarms, those of sources first, then by business. Months that are not among the open ones give none.
pub fn alarms(setup: &Setup, evidence: &Evidence, open: &[OpenMonth], as_of: Instant) -> Result<Vec<Alarm>, Failure> {
    let limits = setup.config.alarms;
    let mut alarms = files(setup, evidence, open, as_of);
    let mut by_business: BTreeMap<&BusinessId, Vec<&OpenMonth>> = BTreeMap::new();
    for open in open {
        by_business.entry(&open.business.id).or_default().push(open);
    }
    for business in &setup.businesses {
        let of_business = || by_business.get(&business.id).into_iter().flatten().copied();
        let is_open = |month: Month| of_business().any(|open| open.month == month);
        if limits.silence_messages > 0 {
            alarms.extend(silences(business, evidence, as_of, limits.silence_messages, &is_open)?);
        }
        let waits = of_business().flat_map(|open| open.waits.iter().map(|rated| (open.month, rated)));
        alarms.extend(held_long((&business.id, business.zone), waits, as_of, limits.held_days));
    }
    Ok(alarms)
}

fn files(setup: &Setup, evidence: &Evidence, open: &[OpenMonth], as_of: Instant) -> Vec<Alarm> {
    let mut of_channel: BTreeMap<&str, Vec<&OpenMonth>> = BTreeMap::new();
    for open in open {
        for owned in &open.business.channels {
            of_channel.entry(owned.channel.as_str()).or_default().push(open);
        }
    }
    let months: BTreeSet<Month> = open.iter().map(|open| open.month).collect();
    let is_open = |channel: &str, day: Date| {
        let Some(month) = Month::new(day.year(), day.month()) else { return false };
        let mut owned = of_channel.get(channel).into_iter().flatten();
        (channel == ANY && months.contains(&month))
            || owned.any(|open| open.month == month && owns(open.business, channel, day))
    };
    let first_open = open.iter().map(|open| open.month.first_day()).min();
    let nothing = BTreeMap::new();
    let mut alarms = Vec::new();
    for source in &setup.config.sources {
        let Some(by) = source.expected_by else { continue };
        let zone = source.zone.unwrap_or(Zone::UTC);
        let channels = evidence.by_source.get(&source.name).unwrap_or(&nothing);
        let mut lanes: Vec<(&str, &[Span])> =
            channels.iter().flat_map(|(channel, known)| of(channel, known, source)).collect();
        if lanes.is_empty() {
            // No file has ever come: the source may carry whatever it declares.
            let declared = source.channels.iter().flatten().map(|channel| (channel.as_str(), NEVER));
            lanes.extend(declared.chain(source.channels.is_none().then_some((ANY, NEVER))));
        }
        let since = source.from.map(|from| zone.date_of(from)).or(first_open);
        let Some(since) = since.max(first_open) else { continue };
        let expected = Expected { source: &source.name, zone, by, lanes, since };
        alarms.extend(missing_files(&expected, as_of, &is_open));
    }
    alarms
}

/// Any channel of the book.
const ANY: &str = "";
const NEVER: &[Span] = &[];

fn of<'k>(channel: &'k str, known: &'k Known, source: &Source) -> Vec<(&'k str, &'k [Span])> {
    let lane = |direction: &Direction| match direction {
        Direction::Inbound => (channel, known.inbound.as_slice()),
        Direction::Outbound => (channel, known.outbound.as_slice()),
    };
    source.directions.iter().map(lane).collect()
}

fn owns(business: &Business, channel: &str, day: Date) -> bool {
    let day = Span { from: day.start(business.zone), to: day.plus_days(1).start(business.zone) };
    business.channels_in(day).any(|owned| owned.channel.as_str() == channel)
}

fn silences(
    business: &Business,
    evidence: &Evidence,
    as_of: Instant,
    messages: u32,
    is_open: &dyn Fn(Month) -> bool,
) -> Result<Vec<Alarm>, Failure> {
    let traffic = evidence.traffic(&business.id, Span::ALWAYS)?;
    let settled = evidence.settled.get(business.id.as_str());
    let nothing = (Past::default(), Traffic::default());
    let alarms = owned_until(business).into_iter().filter_map(|(channel, until)| {
        let watermark = evidence.of_channel(channel, as_of)?.watermark.min(until);
        let past = settled.and_then(|settled| settled.past.get(channel)).unwrap_or(&nothing.0);
        let silence = past.silence(traffic.get(channel).unwrap_or(&nothing.1), watermark, messages)?;
        silent((&business.id, channel, business.zone), silence, is_open)
    });
    Ok(alarms.collect())
}

/// The channels that the business ever owned, with the end of its last ownership of each.
pub fn owned_until(business: &Business) -> BTreeMap<&str, Instant> {
    let mut owned_until: BTreeMap<&str, Instant> = BTreeMap::new();
    for owned in &business.channels {
        let until = owned_until.entry(owned.channel.as_str()).or_insert(owned.span.to);
        *until = owned.span.to.max(*until);
    }
    owned_until
}
