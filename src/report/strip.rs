//! The coverage of a month as lines of text: one character a day.

use super::coverage::{ChannelCoverage, DayState, Days, GAPS_NAMED, Lane, more_gaps};
use super::number::counted;
use crate::domain::Direction;

/// What the characters of a strip mean.
pub const LEGEND: &str = "█ proven  ▒ in part  · missing  ~ missing and accepted  - not yet known";

/// The facts and the strips of one channel, without a line break at the end.
pub fn channel(coverage: &ChannelCoverage, days: &Days) -> Vec<String> {
    let mut lines = vec![format!("{}  channel {}  times of {}", coverage.business, coverage.channel, coverage.zone)];
    let mut line = |label: &str, rest: String| lines.push(format!("  {label:<9} {rest}").trim_end().to_owned());
    line("known", known(coverage));
    for (direction, lane) in coverage.lanes() {
        line(direction.name(), proven(coverage, lane));
    }
    for (direction, lane) in coverage.lanes() {
        for (label, gaps) in [("gap", &lane.gaps), ("accepted", &lane.accepted)] {
            let named = gaps.iter().take(GAPS_NAMED).map(|gap| coverage.from_to(gap));
            let more = Some(more_gaps(gaps.len())).filter(|more| !more.is_empty());
            named.chain(more).for_each(|gap| line(label, format!("{direction} {gap}")));
        }
    }
    for source in &coverage.sources {
        line(
            "source",
            format!("{}: {}{}, tolerance {}", source.name, source.coverage, source.checked(), source.tolerance),
        );
    }
    if coverage.held > 0 {
        line("held", counted(coverage.held, "wait", "waits"));
    }
    line("", ruler(days));
    for (direction, lane) in coverage.lanes() {
        line(short(direction), strip(coverage, lane, days));
    }
    lines
}

/// `in`, `out`
pub const fn short(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    }
}

/// Up to where both directions are known.
pub fn known(coverage: &ChannelCoverage) -> String {
    let never = |lane: &Lane| lane.first_proven.is_none();
    match coverage.watermark {
        Some(watermark) => format!("through {}", coverage.local(watermark)),
        None if never(&coverage.inbound) && never(&coverage.outbound) => "no logs of this channel".to_owned(),
        None if never(&coverage.inbound) => "no inbound logs of this channel".to_owned(),
        None => "no outbound logs of this channel".to_owned(),
    }
}

fn proven(coverage: &ChannelCoverage, lane: &Lane) -> String {
    let (Some(from), Some(to)) = (lane.first_proven, lane.proven_through) else { return "never proven".to_owned() };
    let gaps = match lane.gaps.len() {
        0 => "no gap".to_owned(),
        gaps => counted(gaps as u64, "gap", "gaps"),
    };
    let messages = counted(lane.messages(), "message", "messages");
    format!("proven from {} through {}; in these days {gaps}, {messages}", coverage.local(from), coverage.local(to))
}

/// The last digit of 1, 5, 10, 15, … stands over its day.
fn ruler(days: &Days) -> String {
    let mut line = String::new();
    for (index, date) in days.dates.iter().enumerate() {
        let column = index + usize::from(index >= days.in_month);
        let label = date.day().to_string();
        let wanted = date.day() == 1 || date.day() % 5 == 0;
        // A column is one character; a label of two digits begins one to the left.
        if wanted && line.len() + label.len() <= column + 1 {
            line += &format!("{label:>0$}", column + 1 - line.len());
        }
    }
    line
}

fn strip(coverage: &ChannelCoverage, lane: &Lane, days: &Days) -> String {
    let sign = |state| match state {
        DayState::Outside => ' ',
        DayState::Full => '█',
        DayState::Part => '▒',
        DayState::Missing => '·',
        DayState::Accepted => '~',
        DayState::NotYet => '-',
    };
    let signs = days.spans(coverage.zone).into_iter().map(|day| sign(lane.state(coverage.looked_at(day))));
    let mut strip: Vec<char> = signs.collect();
    if strip.len() > days.in_month {
        strip.insert(days.in_month, ' ');
    }
    strip.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::coverage::tests;
    use super::*;

    #[test]
    fn a_strip_has_one_character_a_day() {
        let coverage = tests::channel();
        let days = Days::of("2018-08".parse().unwrap(), std::slice::from_ref(&coverage));
        let wanted = "\
bakery  channel +39<0510  times of UTC
  known     through 2018-08-25 00:00
  inbound   proven from 2018-07-30 00:00 through 2018-08-28 00:00; in these days no gap, 0 messages
  outbound  proven from 2018-08-01 00:00 through 2018-08-25 00:00; in these days 2 gaps, 7 messages
  gap       outbound 2018-08-05 00:00 to 2018-08-06 00:00
  gap       outbound 2018-08-10 12:00 to 2018-08-11 00:00
  accepted  outbound 2018-08-20 00:00 to 2018-08-21 00:00
  source    till: daily, unverified, tolerance 0s
  held      3 waits
            1   5   10   15   20   25   30  1
  in        ███████████████████████████---- -
  out       ████·████▒█████████~████------- -";
        assert_eq!(channel(&coverage, &days).join("\n"), wanted);
    }

    #[test]
    fn a_channel_without_logs_says_so() {
        let mut coverage = tests::channel();
        (coverage.watermark, coverage.outbound) = (None, Lane::default());
        assert_eq!(known(&coverage), "no outbound logs of this channel");
        coverage.inbound = Lane::default();
        assert_eq!(known(&coverage), "no logs of this channel");
        assert_eq!(proven(&coverage, &coverage.inbound), "never proven");
    }
}
