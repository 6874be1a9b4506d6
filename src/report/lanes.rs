//! Coverage as SVG: two lanes a channel over the days of a month. Integers only; colours are classes, and the
//! hatches differ in form, so that they can be told apart without colour. They are drawn line by line: a pattern
//! would have to be referred to, and a page refers to nothing.

use super::chart::escaped;
use super::coverage::{ChannelCoverage, Days, Lane, within};
use super::number::{counted, day_name, month_name};
use super::page::LegendEntry;
use super::strip;
use crate::domain::{Direction, Instant, Span};

/// Channels in one picture of the page, so that it fits a printed sheet.
const CHANNELS_EACH: usize = 6;

const WIDTH: usize = 960;
const LEFT: usize = 34;
const RIGHT: usize = 24;
const TOP: usize = 24;
const HEADING: usize = 24;
const LANE: usize = 18;
const BETWEEN: usize = 4;
const ROW: usize = HEADING + LANE + BETWEEN + LANE + 14;
const FOOT: usize = 22;
const LEGEND: usize = 34;

/// What is drawn is at least this wide: a gap of a minute must be seen.
const LEAST: usize = 3;

/// Parts of a lane that lie closer than this are drawn as one: many short gaps would be a picture of megabytes, in which
/// they could not be told apart.
const APART: usize = 2;

/// From one line of a hatch to the next.
const HATCH: usize = 7;

/// The look of the classes that only these pictures have.
const STYLE: &str = include_str!("../../templates/coverage.css");

/// What the page gives every picture, for one that stands alone.
const STYLE_ALONE: &str = include_str!("../../templates/coverage_alone.css");

/// Whether a picture brings its own look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    OfPage,
    Own,
}

pub fn legend() -> Vec<LegendEntry> {
    let entries = [
        ("proven", "proven"),
        ("volume", "messages of the day"),
        ("gap", "gap: logs are missing"),
        ("accepted", "gap that was accepted"),
        ("early", "after the watermark"),
        ("track", "not known yet"),
    ];
    entries.map(|(class, name)| LegendEntry { class, name }).into()
}

/// Pictures of a page; none without channels.
pub fn pictures(channels: &[ChannelCoverage], days: &Days) -> Vec<String> {
    let parts = channels.chunks(CHANNELS_EACH).enumerate();
    parts.map(|(index, part)| Picture { channels: part, days, index, look: Look::OfPage }.svg()).collect()
}

/// All channels in one picture.
pub fn picture(channels: &[ChannelCoverage], days: &Days) -> String {
    Picture { channels, days, index: 0, look: Look::Own }.svg()
}

struct Picture<'p> {
    channels: &'p [ChannelCoverage],
    days: &'p Days,
    /// Of the pictures of a page.
    index: usize,
    look: Look,
}

impl Picture<'_> {
    fn svg(&self) -> String {
        let id = format!("coverage-{}", self.index + 1);
        let height = self.foot() + FOOT + if self.look == Look::Own { LEGEND } else { 0 };
        let title = format!("What the logs prove, {}", month_name(self.days.month));
        // Its words are those of `ritardo coverage`: on a page in another language they are said as English.
        let mut lines = vec![
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" lang="en" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-desc">"#
            ),
            format!(r#"<title id="{id}-title">{}</title>"#, escaped(&title)),
            format!(r#"<desc id="{id}-desc">{}</desc>"#, escaped(&self.desc())),
        ];
        if self.look == Look::Own {
            lines.push(format!("<style>\n{STYLE_ALONE}{STYLE}</style>"));
            lines.push(format!(r#"<rect class="paper" width="{WIDTH}" height="{height}"/>"#));
        }
        lines.extend(self.axis());
        for (index, channel) in self.channels.iter().enumerate() {
            let row = Row { channel, days: self.days.spans(channel.zone), top: TOP + index * ROW, slot: self.slot() };
            lines.extend(row.svg(self.days));
        }
        lines.extend(self.mark());
        if self.look == Look::Own {
            lines.extend(drawn_legend(self.foot() + FOOT + 8));
        }
        lines.push("</svg>".to_owned());
        lines.join("\n")
    }

    fn desc(&self) -> String {
        let with_gaps: Vec<String> = (self.channels.iter().filter(|channel| channel.gaps() > 0))
            .map(|channel| format!("channel {} of {}", channel.channel, channel.business))
            .collect();
        let gaps = if with_gaps.is_empty() { "no channel has a gap".to_owned() } else { with_gaps.join(", ") };
        let gaps = if with_gaps.is_empty() { gaps } else { format!("gaps: {gaps}") };
        format!(
            "{}; for each one lane of inbound logs and below it one of outbound logs, over the days of the month and \
             of the time in which its last waits can still change. {gaps}. The table has the same facts.",
            counted(self.channels.len() as u64, "channel", "channels")
        )
    }

    fn foot(&self) -> usize {
        TOP + self.channels.len() * ROW
    }

    fn slot(&self) -> usize {
        (WIDTH - LEFT - RIGHT) / self.days.dates.len().max(1)
    }

    /// Weekends, the numbers of the days, the end of the month.
    fn axis(&self) -> Vec<String> {
        let (slot, foot) = (self.slot(), self.foot());
        let mut lines = Vec::new();
        for (index, day) in self.days.dates.iter().enumerate() {
            let x = LEFT + index * slot;
            if day.weekday() >= 5 {
                let height = foot - TOP;
                lines.push(format!(r#"<rect class="shade" x="{x}" y="{TOP}" width="{slot}" height="{height}"/>"#));
            }
            // Two digits need room: narrow days are numbered in fives.
            if slot >= 18 || day.day() == 1 || day.day() % 5 == 0 {
                let (middle, y) = (x + slot / 2, foot + 15);
                lines.push(format!(r#"<text x="{middle}" y="{y}">{}</text>"#, day.day()));
            }
            if index > 0 && index != self.days.in_month {
                lines.push(format!(r#"<path class="tick" d="M{x} {}V{foot}"/>"#, foot - 5));
            }
        }
        lines.push(format!(r#"<path class="foot" d="M{LEFT} {foot}H{}"/>"#, LEFT + self.days.dates.len() * slot));
        lines
    }

    /// Where the month ends and its horizon begins.
    fn mark(&self) -> Option<String> {
        let (x, foot) = (LEFT + self.days.in_month * self.slot(), self.foot());
        let line = format!(r#"<path class="mark" d="M{x} {}V{foot}"/>"#, TOP - 4);
        let label = format!(r#"<text class="mark" x="{x}" y="{}">month ends</text>"#, TOP - 8);
        (self.days.dates.len() > self.days.in_month).then(|| line + &label)
    }
}

/// The legend of a picture that stands alone, in one line.
fn drawn_legend(top: usize) -> Vec<String> {
    let mut x = LEFT;
    let mut lines = Vec::new();
    for LegendEntry { class, name } in legend() {
        let hatch = match class {
            "gap" => format!(r#"<path class="hatch-gap" d="{}"/>"#, diagonals(x, top, LANE)),
            "accepted" => format!(r#"<path class="hatch-accepted" d="{}"/>"#, horizontals(x, top, LANE)),
            _ => String::new(),
        };
        let rect = format!(r#"<rect class="{class}" x="{x}" y="{top}" width="{LANE}" height="{LANE}"/>"#);
        let text = format!(r#"<text class="legend" x="{}" y="{}">{name}</text>"#, x + LANE + 6, top + 13);
        lines.push(rect + &hatch + &text);
        x += LANE + 24 + name.len() * 6;
    }
    lines
}

/// A part of a lane that is drawn as one, and how many spans it has.
#[derive(Clone, Copy)]
struct Part {
    span: Span,
    spans: usize,
}

struct Row<'p> {
    channel: &'p ChannelCoverage,
    days: Vec<Span>,
    top: usize,
    slot: usize,
}

impl Row<'_> {
    fn svg(&self, days: &Days) -> Vec<String> {
        let channel = self.channel;
        let y = self.top + 16;
        let gaps = match channel.gaps() {
            0 => String::new(),
            gaps => format!(", {}", counted(gaps as u64, "gap", "gaps")),
        };
        let known = if channel.watermark.is_some() { "known " } else { "" };
        let name = escaped(&format!("{}\u{a0}\u{a0}{}", channel.business, channel.channel));
        let state = escaped(&format!("{known}{}{gaps}", strip::known(channel)));
        let mut lines =
            vec![format!(r#"<text class="row" x="{LEFT}" y="{y}">{name}<tspan dx="14">{state}</tspan></text>"#)];
        let most = channel.lanes().iter().flat_map(|(_, lane)| lane.messages.values()).copied().max();
        for (index, (direction, lane)) in channel.lanes().into_iter().enumerate() {
            let top = self.top + HEADING + index * (LANE + BETWEEN);
            let (x, y, label) = (LEFT - 7, top + 13, strip::short(direction));
            lines.push(format!(r#"<text class="end" x="{x}" y="{y}">{label}</text>"#));
            lines.extend(self.lane(direction, lane, top));
            lines.extend(self.volumes(direction, lane, days, top, most.unwrap_or(1)));
        }
        lines.extend(self.watermark());
        lines
    }

    fn lane(&self, direction: Direction, lane: &Lane, top: usize) -> Vec<String> {
        let all = self.channel.looked_at;
        let watermark = self.channel.watermark.unwrap_or(Instant::MIN);
        let (before, after) = (Span { to: watermark, ..all }, Span { from: watermark.max(all.from), ..all });
        let rect = |class: &str, span: &Span| {
            let (x, width) = self.extent(span);
            (width > 0).then(|| format!(r#"<rect class="{class}" x="{x}" y="{top}" width="{width}" height="{LANE}"/>"#))
        };
        let mut lines: Vec<String> = rect("track", &all).into_iter().collect();
        lines.extend(self.parts(&within(&lane.proven, before)).iter().filter_map(|part| rect("proven", &part.span)));
        lines.extend(self.parts(&within(&lane.proven, after)).iter().filter_map(|part| rect("early", &part.span)));
        for (class, spans, what) in
            [("accepted", &lane.accepted, "missing and accepted"), ("gap", &lane.gaps, "missing")]
        {
            for Part { span, spans } in &self.parts(spans) {
                let times = if *spans == 1 { String::new() } else { format!(" in {spans} parts") };
                let hint = format!("{direction} logs are {what}{times}: {}", self.channel.from_to(span));
                let ((x, width), drawn) = (self.extent(span), rect(class, span).unwrap_or_default());
                let hatch = if class == "gap" { diagonals(x, top, width) } else { horizontals(x, top, width) };
                let hatch = format!(r#"<path class="hatch-{class}" d="{hatch}"/>"#);
                lines.push(format!("<g><title>{}</title>{drawn}{hatch}</g>", escaped(&hint)));
            }
        }
        lines
    }

    /// Sorted spans, those together that are drawn together.
    fn parts(&self, spans: &[Span]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for span in spans {
            let x = self.extent(span).0;
            let last = parts.last_mut().filter(|last| {
                let (from, width) = self.extent(&last.span);
                x <= from + width + APART
            });
            match last {
                Some(last) => *last = Part { span: Span { to: span.to, ..last.span }, spans: last.spans + 1 },
                None => parts.push(Part { span: *span, spans: 1 }),
            }
        }
        parts
    }

    /// A bar for each day with messages, on the scale of the channel.
    fn volumes(&self, direction: Direction, lane: &Lane, days: &Days, top: usize, most: u64) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, day) in days.dates.iter().enumerate() {
            let Some(messages) = lane.messages.get(day).copied().filter(|messages| *messages > 0) else { continue };
            let full = u128::from(messages) * (LANE as u128 - 4) / u128::from(most.max(1));
            let height = usize::try_from(full).unwrap_or(LANE).clamp(1, LANE - 4);
            let width = (self.slot * 3 / 10).max(2);
            let (x, y) = (LEFT + index * self.slot + (self.slot - width) / 2, top + LANE - height);
            let hint = format!("{}: {} {direction}", day_name(*day), counted(messages, "message", "messages"));
            lines.push(format!(
                r#"<g><title>{hint}</title><rect class="volume" x="{x}" y="{y}" width="{width}" height="{height}"/></g>"#
            ));
        }
        lines
    }

    /// A line through both lanes, where it lies in the picture.
    fn watermark(&self) -> Option<String> {
        let watermark = self.channel.watermark?;
        let inside = self.channel.looked_at.from < watermark && watermark < self.channel.looked_at.to;
        let (x, top) = (self.place(watermark), self.top + HEADING - 4);
        let bottom = self.top + HEADING + 2 * LANE + BETWEEN + 4;
        inside.then(|| format!(r#"<path class="watermark" d="M{x} {top}V{bottom}"/>"#))
    }

    /// Where the span begins, and how wide it is.
    fn extent(&self, span: &Span) -> (usize, usize) {
        let (from, to) = (self.place(span.from), self.place(span.to));
        let end = LEFT + self.days.len() * self.slot;
        let width = if span.from < span.to { to.saturating_sub(from).max(LEAST) } else { 0 };
        (from.min(end.saturating_sub(width)), width)
    }

    /// Each civil day is as wide as every other, however long it is.
    fn place(&self, at: Instant) -> usize {
        let day = self.days.partition_point(|day| day.from <= at);
        let Some((index, span)) = day.checked_sub(1).and_then(|index| Some((index, self.days.get(index)?))) else {
            return LEFT;
        };
        let length = span.to.since(span.from).micros().max(1);
        let gone = at.since(span.from).micros().clamp(0, length);
        let within = i128::from(gone) * self.slot as i128 / i128::from(length);
        LEFT + index * self.slot + usize::try_from(within).unwrap_or_default()
    }
}

/// Lines that rise to the right through a part of a lane, from edge to edge.
fn diagonals(x: usize, top: usize, width: usize) -> String {
    let foot = top + LANE;
    // Each line begins somewhere on the left edge or on the foot.
    let lines = (0..(width + LANE) / HATCH).map(|index| {
        let along = (index + 1) * HATCH;
        let (from_x, from_y) = if along <= LANE { (x, top + along) } else { (x + along - LANE, foot) };
        let (to_x, to_y) = if along <= width { (x + along, top) } else { (x + width, top + along - width) };
        format!("M{from_x} {from_y}L{to_x} {to_y}")
    });
    lines.collect()
}

fn horizontals(x: usize, top: usize, width: usize) -> String {
    let lines = (3..LANE).step_by(4).map(|down| format!("M{x} {}h{width}", top + down));
    lines.collect()
}

#[cfg(test)]
mod tests;
