//! Instants, lengths of elapsed time, and half-open spans.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Timelike, Utc};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A moment in UTC, whole microseconds since 1970-01-01.
///
/// Printed as `2018-08-01T00:00:00.000Z`; a moment finer than a millisecond is printed with six decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Stamps before this day are refused in logs: WhatsApp was founded in 2009.
    pub const EARLIEST_STAMP: Instant = Instant(1_230_768_000 * MICROS_PER_SECOND);
    /// Stamps from this day on are refused in logs: they are in another unit, or nonsense.
    pub const STAMPS_END: Instant = Instant(4_102_444_800 * MICROS_PER_SECOND);
    /// Before every other instant; the start of an ownership without a start.
    pub const MIN: Instant = Instant(i64::MIN);
    /// After every other instant; the end of an ownership without an end.
    pub const MAX: Instant = Instant(i64::MAX);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// `None` when the count of seconds is outside the range of microseconds.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(MICROS_PER_SECOND).map(Self)
    }

    /// Later by `length`, held at the ends of time: `MIN` and `MAX` mean "always" and stay what they are.
    pub fn plus(self, length: Elapsed) -> Self {
        if self == Self::MIN { self } else { Self(self.0.saturating_add(length.0)) }
    }

    /// Earlier by `length`, held at the ends of time.
    pub fn minus(self, length: Elapsed) -> Self {
        if self == Self::MAX { self } else { Self(self.0.saturating_sub(length.0)) }
    }

    /// Elapsed time from `earlier` to here; negative when `earlier` is later.
    pub fn since(self, earlier: Instant) -> Elapsed {
        Elapsed(self.0.saturating_sub(earlier.0))
    }

    /// The same moment as a chrono value; outside chrono's range the nearest end of it.
    pub fn to_utc(self) -> DateTime<Utc> {
        let end = if self.0 < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_micros(self.0).unwrap_or(end)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.to_utc().naive_utc();
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        if let (Ok(year @ 0..=9999), Ok(micros)) = (u32::try_from(t.year()), u32::try_from(micros)) {
            // Line files have millions of these: each digit is put where it stands.
            let mut text = *b"0000-00-00T00:00:00.000000Z";
            let date = [(0, 4, year), (5, 2, t.month()), (8, 2, t.day())];
            let time = [(11, 2, t.hour()), (14, 2, t.minute()), (17, 2, t.second()), (20, 6, micros)];
            for (begin, length, number) in date.into_iter().chain(time) {
                put(text.get_mut(begin..begin + length).unwrap_or_default(), number);
            }
            let length = if micros % 1000 == 0 { 23 } else { 26 };
            let told = text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).ok_or(fmt::Error)?;
            f.write_str(told)?;
            return f.write_str("Z");
        }
        write!(f, "{:04}-{:02}-{:02}T", t.year(), t.month(), t.day())?;
        write!(f, "{:02}:{:02}:{:02}.", t.hour(), t.minute(), t.second())?;
        if micros % 1000 == 0 { write!(f, "{:03}Z", micros / 1000) } else { write!(f, "{micros:06}Z") }
    }
}

/// Fills `digits` with a number, zeros first.
fn put(digits: &mut [u8], number: u32) {
    let mut left = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
        left /= 10;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = String;

    /// RFC 3339 with an offset. A leap second `:60` is read as `:59`; anything below a microsecond is dropped.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = DateTime::parse_from_rfc3339(text)
            .map_err(|_| format!("`{text}` is not an instant like 2018-08-31T22:00:00Z (RFC 3339, with offset)"))?;
        let leap = parsed.nanosecond() >= 1_000_000_000;
        let micros = parsed.timestamp().checked_mul(MICROS_PER_SECOND).ok_or("the year is out of range")?;
        let fraction = i64::from(parsed.nanosecond() % 1_000_000_000) / 1000;
        Ok(Self(micros + if leap { 0 } else { fraction }))
    }
}

/// A length of elapsed time, whole microseconds: never wall-clock time.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elapsed(i64);

impl Elapsed {
    pub const ZERO: Elapsed = Elapsed(0);
    pub const DAY: Elapsed = Elapsed(86_400 * MICROS_PER_SECOND);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * MICROS_PER_SECOND)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, the part below dropped.
    pub const fn millis(self) -> i64 {
        self.0 / 1000
    }

    pub fn plus(self, other: Elapsed) -> Elapsed {
        Elapsed(self.0.saturating_add(other.0))
    }
}

const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("ms", 1000), ("m", 60_000_000), ("s", MICROS_PER_SECOND)];

impl FromStr for Elapsed {
    type Err = String;

    /// A whole number and a unit: `24h`, `2d`, `90m`, `60s`, `500ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time such as 24h, 2d, 90m, 60s or 500ms");
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let (_, micros) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: i64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(micros).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Days only where they say more than hours do: the rule speaks of 24 and 48 hours.
        let (name, micros) = ["h", "m", "s", "ms"]
            .into_iter()
            .filter_map(|wanted| UNITS.into_iter().find(|(name, _)| *name == wanted))
            .find(|(name, micros)| self.0 % micros == 0 && (self.0 != 0 || *name == "s"))
            .unwrap_or(("µs", 1));
        write!(f, "{}{name}", self.0 / micros)
    }
}

impl fmt::Debug for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

crate::written_as_text!(Instant, Elapsed);

/// From `from` (included) to `to` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    pub from: Instant,
    pub to: Instant,
}

impl Span {
    pub const ALWAYS: Span = Span { from: Instant::MIN, to: Instant::MAX };

    pub fn contains(&self, instant: Instant) -> bool {
        self.from <= instant && instant < self.to
    }

    pub fn overlaps(&self, other: &Span) -> bool {
        self.from < other.to && other.from < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, printed: &str) {
        assert_eq!(text.parse::<Instant>().unwrap().to_string(), printed);
    }

    #[test]
    fn an_instant_is_printed_in_utc_with_milliseconds_or_finer() {
        check("2018-08-31T23:59:59.999+02:00", "2018-08-31T21:59:59.999Z");
        check("2018-08-31T21:59:59.999001Z", "2018-08-31T21:59:59.999001Z");
        check("0001-02-03T04:05:06.000007Z", "0001-02-03T04:05:06.000007Z");
        check("1969-12-31T23:59:59.990Z", "1969-12-31T23:59:59.990Z");
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z");
        check("2016-12-31T23:59:60.500Z", "2016-12-31T23:59:59.000Z");
        assert!("2018-08-31T21:59:59".parse::<Instant>().is_err(), "no offset");
        assert!("2018-02-29T00:00:00Z".parse::<Instant>().is_err(), "no such day");
    }

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        assert_eq!("24h".parse::<Elapsed>().unwrap(), Elapsed::DAY);
        assert_eq!("1d".parse::<Elapsed>().unwrap().to_string(), "24h");
        assert_eq!("90m".parse::<Elapsed>().unwrap().to_string(), "90m");
        for wrong in ["", "24", "h", "-1h", "1.5h", "24 h", "99999999999999999h"] {
            assert!(wrong.parse::<Elapsed>().is_err(), "{wrong}");
        }
    }
}
