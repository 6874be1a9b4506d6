//! A chart of columns as SVG: the same text in the page and in the PDF, the same bytes for the same numbers.
//!
//! Colours are attributes, so that the PDF has them, and classes, so that a dark page can have others.

use std::fmt::Write as _;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// Below it; where it is long, on two lines.
    pub label: String,
    pub count: u64,
    /// The count as the language prints it, above the column.
    pub number: String,
    /// In the colour of what never came.
    pub is_never: bool,
}

const WIDTH: u64 = 360;
const HEIGHT: u64 = 158;
const TOP: u64 = 20;
const BASE: u64 = 122;
/// Longer labels are parted at a blank.
const LABEL_CHARS: usize = 9;

/// The columns, side by side. `title` and `alt` are what a reader hears.
pub(super) fn columns(title: &str, alt: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or_default().max(1);
    let slots = u64::try_from(bars.len()).unwrap_or(u64::MAX).max(1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"waits-title waits-desc\"><title id=\"waits-title\">{}</title><desc id=\"waits-desc\">{}</desc>\
         <line class=\"axis\" x1=\"0\" y1=\"{BASE}\" x2=\"{WIDTH}\" y2=\"{BASE}\" stroke=\"#a9b4bf\"/>",
        escaped(title),
        escaped(alt),
    );
    for (place, bar) in (0_u64..).zip(bars) {
        let (left, middle) = (WIDTH * (50 * place + 9) / (50 * slots), WIDTH * (2 * place + 1) / (2 * slots));
        let width = WIDTH * 32 / (50 * slots);
        // What is there is seen, however little it is beside the others.
        let height = (u128::from(bar.count) * u128::from(BASE - TOP)).div_ceil(u128::from(most));
        let height = u64::try_from(height).unwrap_or(BASE - TOP);
        let top = BASE - height;
        let (class, fill) = if bar.is_never { ("never", "#8f2d14") } else { ("late", "#0b5e55") };
        if height > 0 {
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
            );
        }
        text(&mut svg, ("number", "#16212e", "10.5"), (middle, top - 5), &bar.number);
        let (first, second) = parted(&bar.label);
        text(&mut svg, ("label", "#56616f", "9"), (middle, BASE + 14), first);
        if let Some(second) = second {
            text(&mut svg, ("label", "#56616f", "9"), (middle, BASE + 25), second);
        }
    }
    svg.push_str("</svg>");
    svg
}

fn text(svg: &mut String, (class, fill, size): (&str, &str, &str), (x, y): (u64, u64), said: &str) {
    let said = escaped(said);
    // Writing to a text cannot fail.
    let _ = write!(
        svg,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-family=\"Inter, Arial, sans-serif\" \
         font-size=\"{size}\" fill=\"{fill}\">{said}</text>"
    );
}

fn parted(label: &str) -> (&str, Option<&str>) {
    let is_long = label.chars().count() > LABEL_CHARS;
    match label.split_once(' ').filter(|_| is_long) {
        Some((first, second)) => (first, Some(second)),
        None => (label, None),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, count: u64) -> Bar {
        Bar { label: label.to_owned(), count, number: count.to_string(), is_never: label == "no answer yet" }
    }

    #[test]
    fn every_number_is_told_and_every_count_is_seen() {
        let svg = columns("A & B", "x <y>", &[bar("24–36 h", 1_000_000), bar("36–48 h", 1), bar("no answer yet", 0)]);
        assert!(svg.contains("<title id=\"waits-title\">A &amp; B</title>") && svg.contains("x &lt;y&gt;"));
        for told in [">24–36 h<", ">1000000<", ">1<", ">0<", ">no<", ">answer yet<", "height=\"102\"", "height=\"1\""]
        {
            assert!(svg.contains(told), "{told}: {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 2, "of nothing there is no column");
    }

    #[test]
    fn no_count_is_too_large() {
        for bars in [vec![], vec![bar("a", 0)], vec![bar("a", u64::MAX), bar("b", u64::MAX - 1)]] {
            assert!(columns("", "", &bars).ends_with("</svg>"));
        }
    }
}
