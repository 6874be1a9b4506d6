//! What the logs prove about the channels of a month, as plain values: for the picture, the strip and the tables.

use std::collections::BTreeMap;

use serde::Serialize;

use super::number::count;
use crate::domain::settings::{Coverage, Source};
use crate::domain::{BusinessId, Date, Direction, Elapsed, Instant, Month, Span, Zone};

/// The picture ends here, however long the horizon of a tariff is.
const DAYS_MAX: usize = 62;

/// Gaps of a lane that are written out. The picture has all, those that lie close together as one; the JSON form has all.
pub const GAPS_NAMED: usize = 10;

/// A lane of a picture has no more parts than about these: what lies closer is drawn as one.
const PARTS_MAX: usize = 400;

/// `and 21 more` of so many gaps; empty when all are written out.
pub fn more_gaps(gaps: usize) -> String {
    match gaps.saturating_sub(GAPS_NAMED) {
        0 => String::new(),
        more => format!("and {} more", count(more as u64)),
    }
}

/// One channel of one business in one month.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelCoverage {
    pub business: BusinessId,
    pub channel: String,
    /// Cuts the days.
    pub zone: Zone,
    /// The time that is looked at: from the start of the month, or of the ownership, to the end of the
    /// horizon after it.
    pub looked_at: Span,
    /// `None` when one direction was never covered.
    pub watermark: Option<Instant>,
    pub inbound: Lane,
    pub outbound: Lane,
    /// Sorted by name.
    pub sources: Vec<SourceKind>,
    /// Waits of the month that the logs cannot prove.
    pub held: u64,
}

/// One direction of a channel. Its spans are sorted and disjoint, and lie in the time that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Start of the first proof, which may lie before the time that is looked at.
    pub first_proven: Option<Instant>,
    /// End of the last proof.
    pub proven_through: Option<Instant>,
    pub proven: Vec<Span>,
    /// Not proven before the watermark.
    pub gaps: Vec<Span>,
    /// Gaps that a person accepted: nothing is charged across them.
    pub accepted: Vec<Span>,
    /// Messages by civil day.
    pub messages: BTreeMap<Date, u64>,
}

/// A source that speaks for a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceKind {
    pub name: String,
    pub coverage: &'static str,
    pub tolerance: Elapsed,
}

impl From<&Source> for SourceKind {
    fn from(source: &Source) -> Self {
        Self { name: source.name.clone(), coverage: source.coverage.name(), tolerance: source.tolerance }
    }
}

impl SourceKind {
    /// Only a manifest says what a file must be: without one, a byte that turned on the way is not noticed.
    pub fn checked(&self) -> &'static str {
        if self.coverage == Coverage::Manifest.name() { ", verified by manifests" } else { ", unverified" }
    }
}

/// How much of a day a lane proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayState {
    /// Not in the time that is looked at.
    Outside,
    Full,
    Part,
    Missing,
    Accepted,
    /// After the watermark.
    NotYet,
}

impl Lane {
    /// A lane of everything that is proven and missing; what lies outside `looked_at` is cut off.
    pub fn of(proven: &[Span], gaps: &[Span], accepted: &[Span], looked_at: Span) -> Self {
        Self {
            first_proven: proven.first().map(|span| span.from),
            proven_through: proven.last().map(|span| span.to),
            proven: within(proven, looked_at),
            gaps: within(gaps, looked_at),
            accepted: within(accepted, looked_at),
            messages: BTreeMap::new(),
        }
    }

    pub fn messages(&self) -> u64 {
        self.messages.values().sum()
    }

    /// How much of `day`, a part of the time that is looked at, is proven.
    pub fn state(&self, day: Span) -> DayState {
        let proven = within(&self.proven, day);
        let micros: i64 = proven.iter().map(|span| span.to.since(span.from).micros()).sum();
        let touches = |spans: &[Span]| spans.iter().any(|span| span.overlaps(&day));
        match micros {
            _ if day.from >= day.to => DayState::Outside,
            micros if micros == day.to.since(day.from).micros() => DayState::Full,
            1.. => DayState::Part,
            _ if touches(&self.gaps) => DayState::Missing,
            _ if touches(&self.accepted) => DayState::Accepted,
            _ => DayState::NotYet,
        }
    }
}

impl ChannelCoverage {
    pub fn lanes(&self) -> [(Direction, &Lane); 2] {
        [(Direction::Inbound, &self.inbound), (Direction::Outbound, &self.outbound)]
    }

    pub fn gaps(&self) -> usize {
        self.inbound.gaps.len() + self.outbound.gaps.len()
    }

    /// About how many parts its picture has.
    pub fn parts(&self) -> usize {
        let of = |lane: &Lane| (lane.proven.len() + lane.gaps.len() + lane.accepted.len()).min(PARTS_MAX);
        of(&self.inbound) + of(&self.outbound)
    }

    /// The part of a day that is looked at; it is empty where none is.
    pub fn looked_at(&self, day: Span) -> Span {
        let from = day.from.max(self.looked_at.from);
        Span { from, to: day.to.min(self.looked_at.to).max(from) }
    }

    /// `2018-08-14 00:00`, by the clocks of the business; seconds are dropped.
    pub fn local(&self, at: Instant) -> String {
        local(self.zone, at)
    }

    /// `2018-08-14 00:00 to 2018-08-15 00:00`
    pub fn from_to(&self, span: &Span) -> String {
        format!("{} to {}", self.local(span.from), self.local(span.to))
    }
}

/// `2018-08-14 00:00`; seconds are dropped.
pub fn local(zone: Zone, at: Instant) -> String {
    let (hour, minute) = zone.clock_of(at);
    format!("{} {hour:02}:{minute:02}", zone.date_of(at))
}

/// The days of the month and of the horizon after it, in the zone of each channel: as many for all, so that
/// they stand under each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    pub month: Month,
    pub dates: Vec<Date>,
    pub in_month: usize,
}

impl Days {
    pub fn of(month: Month, channels: &[ChannelCoverage]) -> Self {
        let last_of = |channel: &ChannelCoverage| {
            channel.zone.date_of(channel.looked_at.to.minus(Elapsed::from_micros(1))).max(month.last_day())
        };
        let last = channels.iter().map(last_of).max().unwrap_or(month.last_day());
        let days = std::iter::successors(Some(month.first_day()), |day| Some(day.plus_days(1)));
        let dates: Vec<Date> = days.take_while(|day| *day <= last).take(DAYS_MAX).collect();
        let in_month = dates.iter().filter(|day| **day <= month.last_day()).count();
        Self { month, dates, in_month }
    }

    /// The days as instants.
    pub fn spans(&self, zone: Zone) -> Vec<Span> {
        self.dates.iter().map(|day| Span { from: day.start(zone), to: day.plus_days(1).start(zone) }).collect()
    }
}

/// The parts of `spans` inside `window`.
pub fn within(spans: &[Span], window: Span) -> Vec<Span> {
    let cut = |span: &Span| Span { from: span.from.max(window.from), to: span.to.min(window.to) };
    spans.iter().map(cut).filter(|span| span.from < span.to).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// `08-14T00 08-15T00`, in UTC.
    pub fn spans(text: &str) -> Vec<Span> {
        let instants: Vec<Instant> = text.split_whitespace().map(|word| at(&format!("2018-{word}:00:00Z"))).collect();
        instants.chunks(2).map(|pair| Span { from: pair[0], to: pair[1] }).collect()
    }

    /// A month with a missing day, a half one, an accepted one, and nothing after 25 August.
    pub fn channel() -> ChannelCoverage {
        let looked_at = spans("08-01T00 09-02T00")[0];
        let inbound = Lane::of(&spans("07-30T00 08-28T00"), &[], &[], looked_at);
        let mut outbound = Lane::of(
            &spans("08-01T00 08-05T00 08-06T00 08-10T12 08-11T00 08-20T00 08-21T00 08-25T00"),
            &spans("07-01T00 08-01T00 08-05T00 08-06T00 08-10T12 08-11T00"),
            &spans("08-20T00 08-21T00"),
            looked_at,
        );
        outbound.messages.insert("2018-08-04".parse().unwrap(), 7);
        let source = SourceKind { name: "till".into(), coverage: "daily", tolerance: Elapsed::ZERO };
        ChannelCoverage {
            business: "bakery".parse().unwrap(),
            channel: "+39<0510".into(),
            zone: Zone::UTC,
            looked_at,
            watermark: Some(at("2018-08-25T00:00:00Z")),
            inbound,
            outbound,
            sources: vec![source],
            held: 3,
        }
    }

    #[test]
    fn a_day_is_proven_whole_in_part_or_not() {
        let channel = channel();
        for (day, inbound, outbound) in [
            ("08-01T00 08-02T00", DayState::Full, DayState::Full),
            ("08-05T00 08-06T00", DayState::Full, DayState::Missing),
            ("08-10T00 08-11T00", DayState::Full, DayState::Part),
            ("08-20T00 08-21T00", DayState::Full, DayState::Accepted),
            ("08-25T00 08-26T00", DayState::Full, DayState::NotYet),
            ("08-28T00 08-29T00", DayState::NotYet, DayState::NotYet),
            ("07-31T00 08-01T00", DayState::Outside, DayState::Outside),
            ("09-02T00 09-03T00", DayState::Outside, DayState::Outside),
        ] {
            let day = channel.looked_at(spans(day)[0]);
            assert_eq!((channel.inbound.state(day), channel.outbound.state(day)), (inbound, outbound), "{day:?}");
        }
        assert_eq!(channel.gaps(), 2, "what lies before the month is cut off");
        assert_eq!(channel.inbound.first_proven, Some(at("2018-07-30T00:00:00Z")));
    }

    #[test]
    fn the_days_are_those_of_the_month_and_its_horizon() {
        let days = Days::of("2018-08".parse().unwrap(), &[channel()]);
        assert_eq!((days.in_month, days.dates.len()), (31, 32));
        let rome: Zone = "Europe/Rome".parse().unwrap();
        let october = Days::of("2018-10".parse().unwrap(), &[]);
        let long = october.spans(rome)[27];
        assert_eq!(long.to.since(long.from).to_string(), "25h");
        let mut endless = channel();
        endless.looked_at.to = Instant::MAX;
        assert_eq!(Days::of("2018-08".parse().unwrap(), &[endless]).dates.len(), DAYS_MAX);
    }
}
