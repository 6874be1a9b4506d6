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
/// Longer labels are parted at a blank, and where that is not enough behind a dash.
const LABEL_CHARS: usize = 9;

/// The columns, side by side, in a colour like `#0b5e55`. `title` and `alt` are what a reader hears.
pub(super) fn columns(title: &str, alt: &str, bars: &[Bar], accent: &str) -> String {
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
        let (class, fill) = if bar.is_never { ("never", "#8f2d14") } else { ("late", accent) };
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
    let is_long = |text: &str| text.chars().count() > LABEL_CHARS;
    if !is_long(label) {
        return (label, None);
    }
    // A number may have a blank that does not break within it: only the last parts it from its unit.
    let parted = label.split_once(' ').or_else(|| label.rsplit_once('\u{a0}'));
    let dashed = || label.find('–').map(|at| label.split_at(at + '–'.len_utf8()));
    match parted.filter(|(first, _)| !is_long(first)).or_else(dashed).or(parted) {
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
        let svg = columns(
            "A & B",
            "x <y>",
            &[bar("24–36 h", 1_000_000), bar("36–48 h", 1), bar("no answer yet", 0)],
            "#123456",
        );
        assert!(svg.contains("<title id=\"waits-title\">A &amp; B</title>") && svg.contains("x &lt;y&gt;"));
        for told in [">24–36 h<", ">1000000<", ">1<", ">0<", ">no<", ">answer yet<", "height=\"102\"", "height=\"1\""]
        {
            assert!(svg.contains(told), "{told}: {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 2, "of nothing there is no column");
        assert_eq!(svg.matches("fill=\"#123456\"").count(), 2, "columns have the colour of the issuer");
    }

    #[test]
    fn a_label_is_as_narrow_as_its_column() {
        for (label, lines) in [
            ("24–36\u{a0}h", ("24–36\u{a0}h", None)),
            ("37.5–50\u{a0}h", ("37.5–50\u{a0}h", None)),
            ("112.5–150\u{a0}h", ("112.5–150", Some("h"))),
            ("2\u{a0}700–3\u{a0}600\u{a0}h", ("2\u{a0}700–", Some("3\u{a0}600\u{a0}h"))),
            ("keine Antwort", ("keine", Some("Antwort"))),
            ("unbeantwortet", ("unbeantwortet", None)),
        ] {
            assert_eq!(parted(label), lines);
        }
    }

    #[test]
    fn no_count_is_too_large() {
        for bars in [vec![], vec![bar("a", 0)], vec![bar("a", u64::MAX), bar("b", u64::MAX - 1)]] {
            assert!(columns("", "", &bars, "#0b5e55").ends_with("</svg>"));
        }
    }
}
