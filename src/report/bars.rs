//! The two charts of the month page, with the bars that their tables repeat.

use super::chart::{Backdrop, Bar, Chart, Mark, SERIES, Sums};
use super::facts::MonthFacts;
use super::number::{count, day_name};
use super::page::LegendEntry;
use super::tally::{Day, LENGTHS, LENGTHS_WITHIN_24_HOURS, by, length_range};
use crate::domain::Month;

/// The colours of both charts.
pub fn legend() -> Vec<LegendEntry> {
    SERIES.map(|(class, name)| LegendEntry { class, name }).into()
}

/// One bar per day of the month, quiet days too; none when there is no wait.
///
/// Waits that a tariff bills in this month though they began in another have a bar at either end.
pub fn days(facts: &MonthFacts) -> Vec<Bar> {
    let tallies = by(facts, |business, rated| Day::of(facts.month, business.zone, rated.wait.received_at));
    if tallies.is_empty() {
        return Vec::new();
    }
    let last = facts.month.last_day().day();
    let outside = |day: &Day| tallies.contains_key(day);
    let before = Some(Day::Before).filter(outside);
    let after = Some(Day::After).filter(outside);
    let days = before.into_iter().chain((1..=last).map(Day::On)).chain(after);
    days.map(|day| day_bar(facts.month, day, tallies.get(&day).map(|tally| tally.parts()).unwrap_or_default()))
        .collect()
}

fn day_bar(month: Month, day: Day, parts: [u64; 4]) -> Bar {
    let (label, name, backdrop) = match day {
        Day::Before => ("<1".to_owned(), "before the month".to_owned(), Backdrop::Plain),
        Day::After => (format!(">{}", month.last_day().day()), "after the month".to_owned(), Backdrop::Plain),
        Day::On(day) => {
            let date = month.first_day().plus_days(u32::from(day).saturating_sub(1));
            let backdrop = if date.weekday() >= 5 { Backdrop::Shaded } else { Backdrop::Plain };
            (day.to_string(), day_name(date), backdrop)
        }
    };
    Bar { label, name, parts, backdrop }
}

/// One bar per range of lengths; none when there is no wait.
pub fn lengths(facts: &MonthFacts) -> Vec<Bar> {
    let tallies = by(facts, |_, rated| length_range(rated.wait.length()));
    let bar = |(index, name): (usize, &str)| {
        let parts = tallies.get(&index).map(|tally| tally.parts()).unwrap_or_default();
        Bar { label: name.to_owned(), name: name.to_owned(), parts, backdrop: Backdrop::Plain }
    };
    if tallies.is_empty() { Vec::new() } else { LENGTHS.into_iter().enumerate().map(bar).collect() }
}

/// Empty when there is no bar.
pub fn days_chart(month: &str, bars: &[Bar]) -> String {
    let title = format!("Waits by day, {month}");
    // Of equal days the first: `max_by_key` takes the last it sees.
    let busiest = bars.iter().rev().max_by_key(|bar| bar.sum());
    let busiest = busiest.map(|bar| format!(" The busiest is {}, with {}.", bar.name, count(bar.sum())));
    let desc = format!(
        "One bar for each day on which customers wrote, split by what became of their waits.{}",
        busiest.unwrap_or_default()
    );
    svg_of(&Chart { id: "days", title, desc, width: 960, sums: Sums::InTable, mark: None, bars: bars.to_vec() })
}

/// Empty when there is no bar.
pub fn lengths_chart(month: &str, bars: &[Bar]) -> String {
    let within: u64 = bars.iter().take(LENGTHS_WITHIN_24_HOURS).map(Bar::sum).sum();
    let all: u64 = bars.iter().map(Bar::sum).sum();
    let title = format!("Waits by length, {month}");
    let desc = format!(
        "One bar for each range of time from question to answer; a line marks 24 hours. {} of {} waits have an \
         answer within 24 hours.",
        count(within),
        count(all)
    );
    let mark = Some(Mark { after: LENGTHS_WITHIN_24_HOURS, label: "24 h" });
    svg_of(&Chart { id: "lengths", title, desc, width: 520, sums: Sums::Printed, mark, bars: bars.to_vec() })
}

fn svg_of(chart: &Chart) -> String {
    if chart.bars.is_empty() { String::new() } else { chart.svg() }
}
