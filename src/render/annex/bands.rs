//! Lengths of waits as bands: where each ends, and how it is called. All bands of a document have one unit, and what is
//! printed is where they end.

use super::tally::BANDS;
use crate::domain::Elapsed;
use crate::domain::business::Language;
use crate::render::numbers;

/// Units from the largest, with their microseconds. Below the second there is one.
const UNITS: [(&str, i64); 4] = [("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];

/// Bands end at hundredths of their unit.
const PARTS: i64 = 100;

/// The bands of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bands {
    window: Elapsed,
    limits: [i64; BANDS],
    unit: (&'static str, i64),
}

impl Bands {
    /// From the window on to one and a half, two, three, four and seven times as long, to the nearest hundredth of the
    /// largest unit that is not longer than the window.
    pub fn of(window: Elapsed) -> Self {
        let micros = window.micros();
        let [.., smallest] = UNITS;
        let unit = UNITS.into_iter().find(|(_, length)| *length <= micros).unwrap_or(smallest);
        let part = unit.1 / PARTS;
        let nearest = |halves: i64| (micros / 2).saturating_mul(halves).saturating_add(part / 2) / part;
        Self { window, limits: [3, 4, 6, 8, 14].map(nearest), unit }
    }

    /// The longest wait of each band.
    pub fn limits(&self) -> [Elapsed; BANDS] {
        self.limits.map(|parts| Elapsed::from_micros(parts.saturating_mul(self.unit.1 / PARTS)))
    }

    /// `24–36 h`; the first is `≤ 36 h` where the window is no such number.
    pub fn names(&self, language: Language) -> [String; BANDS] {
        let part = self.unit.1 / PARTS;
        let window = self.window.micros();
        let begins = (window % part == 0).then_some(window / part);
        let mut from = begins.map(|parts| digits(parts, language));
        self.limits.map(|parts| {
            let to = digits(parts, language);
            let name = match &from {
                Some(from) => format!("{from}–{to}\u{a0}{}", self.unit.0),
                None => format!("≤\u{a0}{to}\u{a0}{}", self.unit.0),
            };
            from = Some(to);
            name
        })
    }

    /// The end of the longest: `168 h`.
    pub fn longest(&self, language: Language) -> String {
        let [.., last] = self.limits;
        format!("{}\u{a0}{}", digits(last, language), self.unit.0)
    }
}

/// Hundredths without needless places: `37.5`.
fn digits(hundredths: i64, language: Language) -> String {
    let digits = format!("{}.{:02}", hundredths / PARTS, hundredths % PARTS);
    numbers::grouped(digits.trim_end_matches('0').trim_end_matches('.'), language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(window: &str, names: [&str; BANDS]) {
        let window: Elapsed = window.parse().unwrap();
        let bands = Bands::of(window);
        assert_eq!(bands.names(Language::English).map(|name| name.replace('\u{a0}', " ")), names);
        let limits = bands.limits();
        assert!(limits.is_sorted() && limits.iter().all(|limit| *limit > window));
    }

    #[test]
    fn all_bands_of_a_window_have_one_unit() {
        check("24h", ["24–36 h", "36–48 h", "48–72 h", "72–96 h", "96–168 h"]);
        check("25h", ["25–37.5 h", "37.5–50 h", "50–75 h", "75–100 h", "100–175 h"]);
        check("90m", ["1.5–2.25 h", "2.25–3 h", "3–4.5 h", "4.5–6 h", "6–10.5 h"]);
        check("45m", ["45–67.5 min", "67.5–90 min", "90–135 min", "135–180 min", "180–315 min"]);
        check("86399s", ["≤ 36 h", "36–48 h", "48–72 h", "72–96 h", "96–168 h"]);
        check("5ms", ["5–7.5 ms", "7.5–10 ms", "10–15 ms", "15–20 ms", "20–35 ms"]);
        let bands = Bands::of("600h".parse().unwrap());
        assert_eq!(bands.longest(Language::German), "4.200\u{a0}h");
    }

    #[test]
    fn no_window_is_too_short_or_too_long() {
        for micros in [0, 1, 999, i64::MAX] {
            let bands = Bands::of(Elapsed::from_micros(micros));
            assert!(bands.limits().is_sorted() && !bands.longest(Language::French).is_empty());
        }
    }
}
