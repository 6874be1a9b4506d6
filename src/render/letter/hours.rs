//! When the late messages of a month came: a picture of weekdays by hours, and its numbers by parts of the day.

use std::fmt::Write as _;

use super::tally::Told;
use super::{LetterTable, Print};
use crate::domain::Tongue;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Where the parts of a day begin, by the clocks of the business.
const PARTS: [usize; 4] = [0, 6, 12, 18];

const LEFT: usize = 70;
const CELL: usize = 18;
const ROW: usize = 15;
const WIDTH: usize = LEFT + 24 * CELL;
const HEIGHT: usize = 7 * ROW + 16;

/// The picture in a colour like `#0b5e55`: the same text in the page and in the PDF.
pub(super) fn chart(told: &Told, tongue: Tongue, accent: &str) -> String {
    let title = tongue.say("Late messages by weekday and hour");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"hours-title\"><title id=\"hours-title\">{title}</title>"
    );
    let most = told.heat.iter().flatten().copied().max().unwrap_or_default().max(1);
    for (day, (name, hours)) in WEEKDAYS.into_iter().zip(&told.heat).enumerate() {
        let y = day * ROW;
        text(&mut svg, ("end", "#56616f"), (LEFT - 6, y + 11), tongue.say(name));
        for (hour, count) in hours.iter().enumerate() {
            let x = LEFT + hour * CELL;
            // From a fifth of the colour for something to all of it for the most; nothing is the ground.
            let fifths = (u128::from(*count) * 5).div_ceil(u128::from(most));
            let (fill, opacity) = if *count == 0 { ("#8a94a0", "0.13") } else { (accent, opacity(fifths)) };
            let _ = write!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>",
                x + 1,
                y + 1,
                CELL - 2,
                ROW - 2
            );
        }
    }
    for hour in (0..24).step_by(3) {
        text(&mut svg, ("middle", "#56616f"), (LEFT + hour * CELL + CELL / 2, HEIGHT - 4), &format!("{hour:02}"));
    }
    svg.push_str("</svg>");
    svg
}

/// Of so many fifths of the most.
const fn opacity(fifths: u128) -> &'static str {
    match fifths {
        0 | 1 => "0.28",
        2 => "0.46",
        3 => "0.64",
        4 => "0.82",
        _ => "1",
    }
}

fn text(svg: &mut String, (anchor, fill): (&str, &str), (x, y): (usize, usize), said: &str) {
    // Writing to a text cannot fail.
    let _ = write!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-family=\"Inter, Arial, sans-serif\" font-size=\"9\" \
         fill=\"{fill}\">{said}</text>"
    );
}

/// The picture in a sentence: when the most of them came, the first of several such times.
pub(super) fn alt(told: &Told, print: &Print) -> String {
    let mut most = (0_u64, 0_usize, 0_usize);
    for (day, hours) in told.heat.iter().enumerate() {
        for (part, count) in parts(hours).into_iter().enumerate() {
            if count > most.0 {
                most = (count, day, part);
            }
        }
    }
    let (count, day, part) = most;
    let name = WEEKDAYS.get(day).copied().unwrap_or_default();
    let (count, all) = (print.count(count), print.count(told.all.count));
    print.tongue.fill(
        "At no time came more late messages than on {day}, {part}: {count} of {all}.",
        &[("day", print.tongue.say(name)), ("part", &named(part)), ("count", &count), ("all", &all)],
    )
}

pub(super) fn table(told: &Told, print: &Print) -> LetterTable {
    let names = (0..PARTS.len()).map(named);
    let row = |name: &str, hours: &[u64; 24]| {
        let of_parts = parts(hours).into_iter().chain([hours.iter().sum()]).map(|count| print.count(count));
        std::iter::once(print.say(name)).chain(of_parts).collect::<Vec<String>>()
    };
    let mut all = [0; 24];
    for hours in &told.heat {
        all.iter_mut().zip(hours).for_each(|(sum, count)| *sum += count);
    }
    LetterTable {
        head: std::iter::once(print.say("Day")).chain(names).chain([print.say("Total")]).collect(),
        rows: WEEKDAYS.into_iter().zip(&told.heat).map(|(name, hours)| row(name, hours)).collect(),
        total: row("Total", &all),
    }
}

/// `06–12 h`
fn named(part: usize) -> String {
    let from = PARTS.get(part).copied().unwrap_or_default();
    let to = PARTS.get(part + 1).copied().unwrap_or(24);
    format!("{from:02}–{to:02}\u{a0}h")
}

fn parts(hours: &[u64; 24]) -> [u64; 4] {
    PARTS.map(|from| hours.iter().skip(from).take(6).sum())
}
