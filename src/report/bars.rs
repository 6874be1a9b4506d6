//! The charts of bars of the pages, with the columns that their tables repeat.

use super::chart::{Backdrop, Bar, Chart, Mark, SERIES, Sums};
use super::number::{Amounts, NONE};
use super::page::{LegendEntry, StackRow};
use super::portrait::Portrait;
use super::tally::{Day, LENGTHS, LENGTHS_WITHIN_24_HOURS, Tally};
use crate::domain::{Market, Month};

/// Names of the ranges of time after the deadline, in the order of [`Portrait::lateness`].
const LATENESS: [&str; 5] = ["≤ 1 h", "1–2 h", "2–6 h", "> 6 h", "no answer"];

/// So many markets have a bar of their own.
const MARKETS: usize = 10;

/// A bar, and the waits that it shows.
#[derive(Clone, Debug)]
pub struct Column {
    pub bar: Bar,
    pub tally: Tally,
}

/// The colours of all charts of bars.
pub fn legend(amounts: Amounts) -> Vec<LegendEntry> {
    SERIES.map(|(class, name)| LegendEntry { class, name: amounts.say(name) }).into()
}

/// The numbers of a chart, bar by bar.
pub fn rows(amounts: Amounts, columns: &[Column]) -> Vec<StackRow> {
    columns.iter().map(|column| row(amounts, &column.bar.name, &column.tally)).collect()
}

pub fn row(amounts: Amounts, name: &str, tally: &Tally) -> StackRow {
    StackRow {
        name: name.to_owned(),
        waits: amounts.count(tally.parts().iter().sum()),
        parts: tally.parts().map(|part| amounts.count(part)).into(),
        amount: amounts.exact(tally.amount),
    }
}

fn column(label: &str, name: &str, tally: Tally) -> Column {
    let bar = Bar { label: label.to_owned(), name: name.to_owned(), parts: tally.parts(), backdrop: Backdrop::Plain };
    Column { bar, tally }
}

/// One bar per day of the month, quiet days too; none when there is no wait.
///
/// Waits that a tariff bills in this month though they began in another have a bar at either end.
pub fn days(amounts: Amounts, month: Month, portrait: &Portrait) -> Vec<Column> {
    let tallies = &portrait.days;
    if tallies.is_empty() {
        return Vec::new();
    }
    let last = month.last_day().day();
    let outside = |day: &Day| tallies.contains_key(day);
    let before = Some(Day::Before).filter(outside);
    let after = Some(Day::After).filter(outside);
    let days = before.into_iter().chain((1..=last).map(Day::On)).chain(after);
    days.map(|day| of_day(amounts, month, day, tallies.get(&day).copied().unwrap_or_default())).collect()
}

fn of_day(amounts: Amounts, month: Month, day: Day, tally: Tally) -> Column {
    match day {
        Day::Before => column("<1", amounts.say("before the month"), tally),
        Day::After => column(&format!(">{}", month.last_day().day()), amounts.say("after the month"), tally),
        Day::On(day) => {
            let date = month.first_day().plus_days(u32::from(day).saturating_sub(1));
            let mut of_day = column(&day.to_string(), &amounts.day(date), tally);
            of_day.bar.backdrop = if date.weekday() >= 5 { Backdrop::Shaded } else { Backdrop::Plain };
            of_day
        }
    }
}

/// One bar per range of lengths; none when there is no wait.
pub fn lengths(amounts: Amounts, portrait: &Portrait) -> Vec<Column> {
    if portrait.tally.counts.waits == 0 {
        return Vec::new();
    }
    let named = LENGTHS.into_iter().zip(portrait.coarse);
    named.map(|(name, tally)| column(amounts.say(name), amounts.say(name), tally)).collect()
}

/// One bar per range of time after the deadline; none when no wait was late or unanswered.
pub fn lateness(amounts: Amounts, portrait: &Portrait) -> Vec<Column> {
    if portrait.missed() == 0 {
        return Vec::new();
    }
    let named = LATENESS.into_iter().zip(portrait.lateness);
    named.map(|(name, tally)| column(amounts.say(name), amounts.say(name), tally)).collect()
}

/// One bar for each of the markets with most waits, and one for all others; in the order of their waits, then of their
/// names.
pub fn markets(amounts: Amounts, portrait: &Portrait) -> Vec<Column> {
    let mut markets: Vec<(&Market, &Tally)> = portrait.markets.iter().collect();
    markets.sort_by_key(|(market, tally)| (std::cmp::Reverse(tally.counts.waits), *market));
    let (shown, others) = markets.split_at(markets.len().min(MARKETS));
    let mut columns: Vec<Column> = shown
        .iter()
        .map(|(market, tally)| {
            let name = market_name(amounts, market);
            column(&name, &name, **tally)
        })
        .collect();
    if !others.is_empty() {
        let mut rest = Tally::default();
        others.iter().for_each(|(_, tally)| rest.plus(tally));
        columns.push(column(amounts.say("others"), amounts.say("all other markets"), rest));
    }
    columns
}

/// `+39`, or that it is no market of the tariff.
pub fn market_name(amounts: Amounts, market: &Market) -> String {
    market.calling_code().map_or_else(|| amounts.say("other").to_owned(), |code| format!("+{code}"))
}

/// Empty when there is no bar, as of all charts.
pub fn days_chart(amounts: Amounts, month: &str, columns: &[Column]) -> String {
    // Of equal days the first: `max_by_key` takes the last it sees.
    let busiest = columns.iter().rev().max_by_key(|column| column.bar.sum());
    let (name, most) = busiest.map_or((NONE, 0), |column| (column.bar.name.as_str(), column.bar.sum()));
    let desc = amounts.tongue.fill(
        "One bar for each day on which customers wrote, split by what became of their waits. The busiest is {day}, with {count}.",
        &[("day", name), ("count", &amounts.count(most))],
    );
    let title = amounts.tongue.fill("Waits by day, {month}", &[("month", month)]);
    svg_of(amounts, columns, Shape { id: "days", title, desc, width: 960, sums: Sums::InTable, mark: None })
}

pub fn lengths_chart(amounts: Amounts, month: &str, columns: &[Column]) -> String {
    let within: u64 = columns.iter().take(LENGTHS_WITHIN_24_HOURS).map(|column| column.bar.sum()).sum();
    let all: u64 = columns.iter().map(|column| column.bar.sum()).sum();
    let desc = amounts.tongue.fill(
        "One bar for each range of time from question to answer; a line marks 24 hours. {within} of {all} waits have an answer within 24 hours.",
        &[("within", &amounts.count(within)), ("all", &amounts.count(all))],
    );
    let title = amounts.tongue.fill("Waits by length, {month}", &[("month", month)]);
    let mark = Some(Mark { after: LENGTHS_WITHIN_24_HOURS, label: "24 h" });
    svg_of(amounts, columns, Shape { id: "lengths", title, desc, width: 520, sums: Sums::Printed, mark })
}

pub fn lateness_chart(amounts: Amounts, month: &str, columns: &[Column]) -> String {
    let desc = amounts
        .say("One bar for each range of time from the deadline to the answer, of the messages that were not answered in time.");
    let title = amounts.tongue.fill("Time from the deadline to the answer, {month}", &[("month", month)]);
    let shape = Shape { id: "lateness", title, desc: desc.to_owned(), width: 520, sums: Sums::Printed, mark: None };
    svg_of(amounts, columns, shape)
}

pub fn markets_chart(amounts: Amounts, month: &str, columns: &[Column]) -> String {
    let desc = amounts.say("One bar for each market, split by what became of its waits.");
    let title = amounts.tongue.fill("Waits by market, {month}", &[("month", month)]);
    let shape = Shape { id: "markets", title, desc: desc.to_owned(), width: 960, sums: Sums::Printed, mark: None };
    svg_of(amounts, columns, shape)
}

/// One bar for each of the last months. The numbers are those of `columns`.
pub fn trend_chart(amounts: Amounts, columns: &[Column]) -> String {
    let desc = amounts.say("One bar for each month, split by what became of its waits.");
    let title = amounts.say("Waits by month").to_owned();
    let shape = Shape { id: "trend", title, desc: desc.to_owned(), width: 960, sums: Sums::Printed, mark: None };
    svg_of(amounts, columns, shape)
}

/// A month of the trend.
pub fn of_month(amounts: Amounts, month: Month, tally: Tally) -> Column {
    column(&month.to_string(), &amounts.month(month), tally)
}

/// All of a chart but its bars.
struct Shape {
    id: &'static str,
    title: String,
    desc: String,
    width: usize,
    sums: Sums,
    mark: Option<Mark>,
}

fn svg_of(amounts: Amounts, columns: &[Column], shape: Shape) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let Shape { id, title, desc, width, sums, mark } = shape;
    let bars = columns.iter().map(|column| column.bar.clone()).collect();
    Chart { id, tongue: amounts.tongue, title, desc, width, sums, mark, bars }.svg()
}
