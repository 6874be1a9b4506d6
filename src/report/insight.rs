//! What the waits of a page say beside their verdicts: how soon, when, at what price, from where.

use super::bars;
use super::bars::Column;
use super::heat;
use super::number::{Amounts, NONE};
use super::page::{InsightPart, PercentileRow, SoonerRow, StackPart};
use super::portrait::{PERCENTILES, Portrait, Within};
use super::rows;
use super::tally::Tally;
use crate::domain::Month;

/// How much sooner the answers might have come, in ranges of the time after the deadline, in the words of the table.
const SOONER: [(usize, &str); 3] =
    [(1, "answered up to 1 h sooner"), (2, "answered up to 2 h sooner"), (3, "answered up to 6 h sooner")];

/// Where it is not told what sooner answers would have saved.
const COUNTED: &str =
    "No amount is told: under free units, tiers, steps of lateness, a minimum or a cap it depends on the whole month.";

/// The charts of days and lengths with their numbers.
pub fn stacks(amounts: Amounts, month: Month, portrait: &Portrait) -> StackPart {
    let (days, lengths) = (bars::days(amounts, month, portrait), bars::lengths(amounts, portrait));
    let named = amounts.month(month);
    StackPart {
        legend: bars::legend(amounts),
        days_chart: bars::days_chart(amounts, &named, &days),
        days: bars::rows(amounts, &days),
        lengths_chart: bars::lengths_chart(amounts, &named, &lengths),
        lengths: bars::rows(amounts, &lengths),
        stack_total: bars::row(amounts, amounts.say("Total"), &portrait.tally),
    }
}

/// Everything else. What sooner answers would have saved has amounts where each wait has its price whatever the others are.
pub fn part(amounts: Amounts, month: Month, portrait: &Portrait, is_one_by_one: bool) -> InsightPart {
    let named = amounts.month(month);
    let (lateness, markets) = (bars::lateness(amounts, portrait), bars::markets(amounts, portrait));
    let all = &portrait.tally;
    InsightPart {
        answered: amounts.share(all.counts.on_time, all.decided()),
        percentiles: PERCENTILES.into_iter().map(|percent| percentile(amounts, portrait, percent)).collect(),
        heat: heat::part(amounts, &named, portrait),
        lateness_chart: bars::lateness_chart(amounts, &named, &lateness),
        lateness: bars::rows(amounts, &lateness),
        missed_total: bars::row(amounts, amounts.say("Total"), &missed(&lateness)),
        sooner: sooner(amounts, portrait, is_one_by_one),
        sooner_note: if is_one_by_one { String::new() } else { amounts.say(COUNTED).to_owned() },
        markets_chart: if markets.len() > 1 { bars::markets_chart(amounts, &named, &markets) } else { String::new() },
        markets: rows::markets(amounts, portrait),
        markets_total: rows::market_row(amounts, amounts.say("Total").to_owned(), all),
    }
}

fn percentile(amounts: Amounts, portrait: &Portrait, percent: u64) -> PercentileRow {
    let text = match portrait.percentile(percent) {
        Within::Nothing => NONE.to_owned(),
        Within::Minutes(minutes) => format!("≤ {}", length(amounts, minutes)),
        Within::Longer => format!("> {}", amounts.say("7 days")),
        Within::Never => amounts.say("no answer").to_owned(),
    };
    PercentileRow { name: format!("P{percent}"), text }
}

/// `45 min`, `2 h`, `1 h 30 min`, `3 d`.
fn length(amounts: Amounts, minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours @ ..=48, 0) => format!("{hours} h"),
        (hours, 0) if hours % 24 == 0 => format!("{} {}", hours / 24, amounts.say("d")),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn missed(lateness: &[Column]) -> Tally {
    let mut all = Tally::default();
    lateness.iter().for_each(|column| all.plus(&column.tally));
    all
}

/// What would not have been charged, and what share of all charges that is; nothing where no wait was late.
fn sooner(amounts: Amounts, portrait: &Portrait, is_one_by_one: bool) -> Vec<SoonerRow> {
    if portrait.missed() == 0 {
        return Vec::new();
    }
    let row = |name: &'static str, tally: &Tally| SoonerRow {
        name: amounts.say(name),
        waits: amounts.count(tally.charged),
        share: amounts.share(tally.charged, portrait.tally.charged),
        amount: if is_one_by_one { amounts.exact(tally.amount) } else { NONE.to_owned() },
    };
    let mut rows: Vec<SoonerRow> =
        SOONER.into_iter().map(|(ranges, name)| row(name, &portrait.answered_within(ranges))).collect();
    rows.push(row("every charge of the month", &portrait.tally));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tongue;

    #[test]
    fn lengths_are_written_in_their_units() {
        let amounts = Amounts { currency: "USD".parse().unwrap(), places: 2, tongue: Tongue::English };
        let found = [5, 45, 60, 90, 1500, 2880, 4320, 10_080].map(|minutes| length(amounts, minutes));
        assert_eq!(found, ["5 min", "45 min", "1 h", "1 h 30 min", "25 h", "48 h", "3 d", "7 d"]);
    }
}
