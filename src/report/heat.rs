//! When the messages that were not answered in time were written: weekdays by hours, as a picture and as a table.
//! Integers only, colours are classes; a cell has its number, so that it can be read without colour.

use super::chart::escaped;
use super::number::Amounts;
use super::page::{HeatPart, HeatRow};
use super::portrait::Portrait;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// How many strengths of colour there are.
const LEVELS: u64 = 5;

const LEFT: usize = 92;
const TOP: usize = 8;
const CELL: usize = 36;
const ROW: usize = 26;
const WIDTH: usize = LEFT + 24 * CELL + 4;
const HEIGHT: usize = TOP + 7 * ROW + 24;

/// Picture and table; both empty where every message was answered in time.
pub fn part(amounts: Amounts, month: &str, portrait: &Portrait) -> HeatPart {
    if portrait.missed() == 0 {
        return HeatPart { chart: String::new(), rows: Vec::new(), hours: Vec::new(), total: String::new() };
    }
    let rows = WEEKDAYS.into_iter().zip(&portrait.heat).map(|(name, hours)| HeatRow {
        name: amounts.say(name),
        hours: hours.iter().map(|count| amounts.count(*count)).collect(),
        total: amounts.count(hours.iter().sum()),
    });
    HeatPart {
        chart: svg(amounts, month, portrait),
        rows: rows.collect(),
        hours: (0..24).map(|hour| format!("{hour:02}")).collect(),
        total: amounts.count(portrait.missed()),
    }
}

fn svg(amounts: Amounts, month: &str, portrait: &Portrait) -> String {
    let title = amounts.tongue.fill("Late messages by weekday and hour, {month}", &[("month", month)]);
    let mut lines = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="heat-title heat-desc">"#
        ),
        format!(r#"<title id="heat-title">{}</title>"#, escaped(&title)),
        format!(r#"<desc id="heat-desc">{}</desc>"#, escaped(&desc(amounts, portrait))),
        format!(r#"<rect class="ground" x="{LEFT}" y="{TOP}" width="{}" height="{}"/>"#, 24 * CELL, 7 * ROW),
    ];
    let most = portrait.heat.iter().flatten().copied().max().unwrap_or_default();
    for (day, (name, hours)) in WEEKDAYS.into_iter().zip(&portrait.heat).enumerate() {
        let y = TOP + day * ROW;
        lines.push(format!(r#"<text class="end" x="{}" y="{}">{}</text>"#, LEFT - 8, y + 17, amounts.say(name)));
        for (hour, count) in hours.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, level) = (LEFT + hour * CELL, level(*count, most));
            lines.push(format!(
                r#"<rect class="h{level}" x="{}" y="{}" width="{}" height="{}"/><text class="cell l{level}" x="{}" y="{}">{}</text>"#,
                x + 1,
                y + 1,
                CELL - 2,
                ROW - 2,
                x + CELL / 2,
                y + 17,
                amounts.count(*count)
            ));
        }
    }
    for hour in (0..=24).step_by(3) {
        lines.push(format!(
            r#"<text x="{}" y="{}">{hour:02}:00</text>"#,
            (LEFT + hour * CELL).min(WIDTH - 18),
            HEIGHT - 8
        ));
    }
    lines.push("</svg>".to_owned());
    lines.join("\n")
}

fn desc(amounts: Amounts, portrait: &Portrait) -> String {
    let cells = portrait.heat.iter().zip(WEEKDAYS).flat_map(|(hours, name)| {
        let hours = hours.iter().enumerate();
        hours.map(move |(hour, count)| (*count, name, hour))
    });
    // Of equal cells the first: `max_by_key` takes the last it sees.
    let (count, name, hour) =
        cells.collect::<Vec<_>>().into_iter().rev().max_by_key(|cell| cell.0).unwrap_or((0, "", 0));
    let (from, count, all) = (format!("{hour:02}:00"), amounts.count(count), amounts.count(portrait.missed()));
    amounts.tongue.fill(
        "Seven rows of weekdays and 24 columns of hours; a cell has the number of messages that came in that hour and were not answered in time. Most came on {day} in the hour from {from}: {count} of {all}.",
        &[("day", amounts.say(name)), ("from", &from), ("count", &count), ("all", &all)],
    )
}

/// From 1 for something to [`LEVELS`] for the most.
fn level(count: u64, most: u64) -> u64 {
    let level = (u128::from(count) * u128::from(LEVELS)).div_ceil(u128::from(most.max(1)));
    u64::try_from(level).unwrap_or(LEVELS).clamp(1, LEVELS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tongue;

    #[test]
    fn something_is_seen_and_the_most_is_strongest() {
        assert_eq!(
            [(1, 1000), (200, 1000), (201, 1000), (1000, 1000)].map(|(count, most)| level(count, most)),
            [1, 1, 2, 5]
        );
        assert_eq!((level(u64::MAX, u64::MAX), level(1, 0)), (5, 5));
    }

    #[test]
    fn the_picture_and_the_table_say_the_same() {
        let amounts = Amounts { currency: "USD".parse().unwrap(), places: 2, tongue: Tongue::Italian };
        let mut portrait = Portrait::default();
        assert!(part(amounts, "agosto 2018", &portrait).chart.is_empty());
        portrait.heat[5][9] = 1200;
        portrait.heat[6][23] = 1;
        let part = part(amounts, "agosto 2018", &portrait);
        assert_eq!((part.rows[5].hours[9].as_str(), part.rows[6].total.as_str()), ("1.200", "1"));
        assert_eq!((part.total.as_str(), part.hours.len()), ("1.201", 24));
        assert!(part.chart.contains(">1.200</text>") && part.chart.contains("class=\"h1\""), "{}", part.chart);
        assert!(part.chart.contains("sabato") && !part.chart.contains("Saturday"), "{}", part.chart);
    }
}
