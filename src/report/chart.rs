//! Stacked bars as SVG: coordinates are integers, so the same numbers give the same bytes.
//!
//! A chart holds no text that comes from outside, and repeats the numbers of a table beside it. Colours are
//! classes, set by the page for light and dark.

use super::number::{count, counted};
use crate::domain::Tongue;

/// Class and name of each part of a bar, from the foot upwards.
pub const SERIES: [(&str, &str); 4] =
    [("on-time", "on time"), ("late", "late"), ("unanswered", "unanswered"), ("open", "pending or held")];

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Printed under the bar.
    pub label: String,
    /// The bar in words, beginning with its full name.
    pub name: String,
    /// Counts in the order of [`SERIES`].
    pub parts: [u64; 4],
    pub backdrop: Backdrop,
}

/// What lies behind a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backdrop {
    Plain,
    /// Saturdays and Sundays.
    Shaded,
}

/// Whether the sum of a bar stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    Printed,
    /// Too many bars: the sums are in the table alone.
    InTable,
}

/// A line between two bars.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// How many bars stand left of it.
    pub after: usize,
    pub label: &'static str,
}

/// A chart of bars.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Unique in the page.
    pub id: &'static str,
    /// Of its numbers and of the words that are its own.
    pub tongue: Tongue,
    pub title: String,
    pub desc: String,
    pub width: usize,
    pub sums: Sums,
    pub mark: Option<Mark>,
    pub bars: Vec<Bar>,
}

const LEFT: usize = 52;
const RIGHT: usize = 6;
const TOP: usize = 26;
const PLOT: usize = 190;
const FOOT: usize = TOP + PLOT;
const HEIGHT: usize = FOOT + 26;

/// Few bars do not fill the width: they would be walls.
const WIDEST: usize = 90;

/// A part that is not zero is at least this high: one late wait among thousands must be seen.
const LEAST: usize = 2;

impl Chart {
    /// The chart as an `<svg>` element. Its texts are escaped.
    pub fn svg(&self) -> String {
        let (id, title, desc) = (self.id, escaped(&self.title), escaped(&self.desc));
        let mut lines = vec![
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {HEIGHT}" role="img" aria-labelledby="{id}-title {id}-desc">"#,
                self.width
            ),
            format!(r#"<title id="{id}-title">{title}</title>"#),
            format!(r#"<desc id="{id}-desc">{desc}</desc>"#),
        ];
        let top = scale_top(self.bars.iter().map(Bar::sum).max().unwrap_or_default());
        lines.extend(self.bars.iter().enumerate().filter_map(|(index, bar)| self.backdrop(index, bar)));
        lines.extend(self.grid(top));
        lines.extend(self.bars.iter().enumerate().map(|(index, bar)| self.column(index, bar, top)));
        lines.extend(self.mark.map(|mark| self.mark_line(mark)));
        lines.push("</svg>".to_owned());
        lines.join("\n")
    }

    fn slot(&self) -> usize {
        (self.width.saturating_sub(LEFT + RIGHT) / self.bars.len().max(1)).min(WIDEST)
    }

    fn slot_start(&self, index: usize) -> usize {
        LEFT + index * self.slot()
    }

    fn backdrop(&self, index: usize, bar: &Bar) -> Option<String> {
        let (x, width) = (self.slot_start(index), self.slot());
        (bar.backdrop == Backdrop::Shaded)
            .then(|| format!(r#"<rect class="shade" x="{x}" y="{TOP}" width="{width}" height="{PLOT}"/>"#))
    }

    fn grid(&self, top: u64) -> Vec<String> {
        let end = self.slot_start(self.bars.len());
        let line = |value: u64| {
            let (y, class) = (FOOT - height(value, top), if value == 0 { "foot" } else { "grid" });
            let label = self.tongue.number(&count(value));
            format!(
                r#"<path class="{class}" d="M{LEFT} {y}H{end}"/><text class="end" x="{}" y="{}">{label}</text>"#,
                LEFT - 8,
                y + 4
            )
        };
        (0..=top / step(top)).map(|tick| line(tick * step(top))).collect()
    }

    fn column(&self, index: usize, bar: &Bar, top: u64) -> String {
        let (start, slot) = (self.slot_start(index), self.slot());
        let (width, middle) = (slot * 7 / 10, start + slot / 2);
        let x = middle - width / 2;
        let mut y = FOOT;
        let mut rects = String::new();
        for ((class, _), high) in SERIES.into_iter().zip(heights(bar.parts, top)).filter(|(_, high)| *high > 0) {
            y = y.saturating_sub(high);
            rects += &format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{high}"/>"#);
        }
        let (hint, label) = (escaped(&bar.hint(self.tongue)), escaped(&bar.label));
        let label_y = FOOT + 18;
        if self.sums == Sums::Printed {
            rects += &format!(
                r#"<text class="value" x="{middle}" y="{}">{}</text>"#,
                y.saturating_sub(6),
                self.tongue.number(&count(bar.sum()))
            );
        }
        format!(r#"<g><title>{hint}</title>{rects}<text x="{middle}" y="{label_y}">{label}</text></g>"#)
    }

    fn mark_line(&self, mark: Mark) -> String {
        let (x, label) = (self.slot_start(mark.after), mark.label);
        let text_y = TOP - 10;
        format!(
            r#"<path class="mark" d="M{x} {}V{FOOT}"/><text class="mark" x="{x}" y="{text_y}">{label}</text>"#,
            TOP - 4
        )
    }
}

impl Bar {
    /// How many waits the bar shows.
    pub fn sum(&self) -> u64 {
        self.parts.iter().sum()
    }

    /// `1 August: 12 waits, 10 on time, 2 late`
    fn hint(&self, tongue: Tongue) -> String {
        let parts = SERIES.into_iter().zip(self.parts).filter(|(_, part)| *part > 0);
        let parts = parts.map(|((_, name), part)| format!(", {} {}", tongue.number(&count(part)), tongue.say(name)));
        let (one, many) = (tongue.say("wait"), tongue.say("waits"));
        let sum = tongue.number(&counted(self.sum(), one, many));
        format!("{}: {sum}{}", self.name, parts.collect::<String>())
    }
}

/// Pixels of a count, rounded half up.
fn height(part: u64, top: u64) -> usize {
    let (part, top) = (u128::from(part), u128::from(top.max(1)));
    usize::try_from((part * 2 * PLOT as u128 + top) / (top * 2)).unwrap_or(PLOT)
}

/// Heights of the parts of a bar: in proportion, but never nothing for something.
fn heights(parts: [u64; 4], top: u64) -> [usize; 4] {
    parts.map(|part| if part == 0 { 0 } else { height(part, top).max(LEAST) })
}

/// The distance of the lines of the grid: 1, 2 or 5 times a power of ten, so that at most five reach `max`.
fn step(max: u64) -> u64 {
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|factor| 10_u64.pow(power).saturating_mul(factor)));
    steps.into_iter().find(|step| max.div_ceil(*step) <= 5).unwrap_or(u64::MAX)
}

/// The value at the head of the scale: the first line of the grid that no bar passes.
fn scale_top(max: u64) -> u64 {
    let step = step(max);
    max.div_ceil(step).max(1).saturating_mul(step)
}

/// A text inside an element.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number_above_every_bar() {
        for (max, top, distance) in [
            (0, 1, 1),
            (1, 1, 1),
            (5, 5, 1),
            (6, 6, 2),
            (11, 15, 5),
            (50, 50, 10),
            (51, 60, 20),
            (12_345, 15_000, 5000),
        ] {
            assert_eq!((scale_top(max), step(scale_top(max))), (top, distance), "{max}");
        }
    }

    #[test]
    fn the_parts_of_a_bar_sum_to_its_height() {
        for parts in [[0, 0, 0, 0], [100, 0, 0, 0], [97, 2, 1, 0], [9_999, 1, 0, 0], [25, 25, 25, 25], [1, 1, 1, 1]] {
            let sum: u64 = parts.iter().sum();
            let (top, high) = (scale_top(sum), heights(parts, scale_top(sum)));
            let all: usize = high.iter().sum();
            assert!(all.abs_diff(height(sum, top)) <= 2 * 3, "{parts:?}: {high:?}");
            assert!(parts.iter().zip(high).all(|(part, high)| (*part == 0) == (high == 0)), "{parts:?}: {high:?}");
        }
    }

    #[test]
    fn a_chart_is_made_of_integers_and_is_always_the_same() {
        let bar = Bar { label: "<1".into(), name: "1 August".into(), parts: [3, 1, 0, 0], backdrop: Backdrop::Shaded };
        let mark = Some(Mark { after: 1, label: "24 h" });
        let title = "a & b".to_owned();
        let (tongue, sums) = (Tongue::English, Sums::Printed);
        let chart = Chart { id: "c", tongue, title, desc: "d".into(), width: 100, sums, mark, bars: vec![bar] };
        let svg = chart.svg();
        assert_eq!(svg, chart.clone().svg());
        assert!(svg.contains("<title>1 August: 4 waits, 3 on time, 1 late</title>"), "{svg}");
        assert!(svg.contains("<title id=\"c-title\">a &amp; b</title>") && svg.contains(">&lt;1</text>"), "{svg}");
        let numbers = svg.split(['"', ' ']).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        assert!(numbers.into_iter().all(|word| !word.contains('.')), "{svg}");
    }

    #[test]
    fn a_chart_without_bars_is_still_a_chart() {
        let chart = Chart {
            id: "c",
            tongue: Tongue::Italian,
            title: String::new(),
            desc: String::new(),
            width: 10,
            sums: Sums::InTable,
            mark: None,
            bars: vec![],
        };
        assert!(chart.svg().ends_with("</svg>"));
    }
}
