//! How a vendor writes its times: forms that a mapping declares, so that no text is ever guessed at.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

use super::Instant;
use super::settings::Stamps;

/// One way in which a column writes times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// As a canonical log may write them.
    Stamps(Stamps),
    Pattern(Pattern),
}

/// A form such as `%d/%m/%Y %H:%M`, in the letters of `strftime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    has_offset: bool,
}

/// What a text says in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternTime {
    Instant(Instant),
    /// The microseconds since 1970 that the same digits would be in UTC.
    Local(i64),
}

/// A day that is no month, in a zone that is not UTC: a pattern that gives it back tells the whole time.
const SAMPLE: &str = "2018-10-21T13:45:00+02:00";

impl Pattern {
    /// What a text says; `None` where it has another form.
    pub fn read(&self, text: &str) -> Option<PatternTime> {
        if self.has_offset {
            let at = DateTime::parse_from_str(text, &self.text).ok()?;
            return micros(at.to_utc()).map(Instant::from_micros).map(PatternTime::Instant);
        }
        let local = NaiveDateTime::parse_from_str(text, &self.text).ok()?;
        micros(local.and_utc()).map(PatternTime::Local)
    }
}

/// A leap second `:60` is read as `:59`, as everywhere.
fn micros(at: DateTime<Utc>) -> Option<i64> {
    let nanos = at.nanosecond();
    let fraction = if nanos >= 1_000_000_000 { 0 } else { i64::from(nanos / 1000) };
    at.timestamp().checked_mul(1_000_000)?.checked_add(fraction)
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` is not a form of times: {why}"));
        for item in StrftimeItems::new(text) {
            match item {
                Item::Error => return wrong("a % in it means nothing"),
                Item::Numeric(Numeric::Nanosecond, _) => return wrong("write fractions of a second as %.f"),
                Item::Numeric(Numeric::Timestamp, _) => return wrong("write `seconds` for seconds since 1970"),
                Item::Fixed(Fixed::TimezoneName) => {
                    return wrong("names of zones are not read; write the name as it stands, and declare `zone`");
                }
                _ => {}
            }
        }
        let sample = DateTime::parse_from_rfc3339(SAMPLE).map_err(|error| error.to_string())?;
        let mut written = String::new();
        if write!(written, "{}", sample.format(text)).is_err() {
            return wrong("it cannot be written");
        }
        let has_offset = DateTime::parse_from_str(&written, text).is_ok();
        let pattern = Self { text: text.to_owned(), has_offset };
        let told = pattern.read(&written);
        let instant = micros(sample.to_utc()).map(Instant::from_micros).map(PatternTime::Instant);
        let local = micros(sample.naive_local().and_utc()).map(PatternTime::Local);
        if told.is_some() && (told == instant || told == local) {
            return Ok(pattern);
        }
        wrong("it must tell day, month, year, hour and minute")
    }
}

impl FromStr for TimeForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(stamps) = Stamps::ALL.into_iter().find(|stamps| stamps.name() == text) {
            return Ok(Self::Stamps(stamps));
        }
        if text.contains('%') {
            return text.parse().map(Self::Pattern);
        }
        Err(format!("`{text}` is not a form of times: text, seconds, milliseconds, microseconds, or one with %"))
    }
}

impl fmt::Display for TimeForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stamps(stamps) => f.pad(stamps.name()),
            Self::Pattern(pattern) => f.pad(&pattern.text),
        }
    }
}

crate::written_as_text!(TimeForm);

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text says in a pattern: an instant, `local` and the digits, or nothing.
    fn told(pattern: &str, text: &str) -> String {
        match pattern.parse::<Pattern>().unwrap().read(text) {
            Some(PatternTime::Instant(at)) => at.to_string(),
            Some(PatternTime::Local(micros)) => format!("local {}", Instant::from_micros(micros)),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_pattern_tells_one_time_or_none() {
        for (pattern, text, expected) in [
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2018-08-01T10:00:00.440+0000", "2018-08-01T10:00:00.440Z"),
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2018-08-01T10:00:00+0200", "2018-08-01T08:00:00.000Z"),
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2018-08-01T10:00:00", "nothing"),
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2018-08-01T10:00:00+9999", "nothing"),
            ("%Y-%m-%d %H:%M:%S%.f UTC", "2018-08-01 10:00:00.768000 UTC", "local 2018-08-01T10:00:00.768Z"),
            ("%d/%m/%Y %H:%M", "01/08/2018 10:00", "local 2018-08-01T10:00:00.000Z"),
            ("%m/%d/%Y %H:%M", "08/31/2018 10:00", "local 2018-08-31T10:00:00.000Z"),
            ("%d/%m/%Y %H:%M", "08/31/2018 10:00", "nothing"),
            ("%m/%d/%Y %I:%M %p", "08/31/2018 01:30 PM", "local 2018-08-31T13:30:00.000Z"),
            ("%a, %d %b %Y %H:%M:%S %z", "Wed, 01 Aug 2018 10:00:00 +0000", "2018-08-01T10:00:00.000Z"),
            ("%a, %d %b %Y %H:%M:%S %z", "Tue, 01 Aug 2018 10:00:00 +0000", "nothing"),
        ] {
            assert_eq!(told(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_leaves_something_open_is_none() {
        for wrong in [
            "%Y-%m-%d",
            "%H:%M",
            "%d/%m %H:%M",
            "%Y-%m-%d %I:%M",
            "%Y-%m-%d %H:%M %Z",
            "%s",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%Q %",
            "noon",
        ] {
            assert!(wrong.parse::<TimeForm>().is_err(), "{wrong}");
        }
        for form in ["text", "seconds", "%d/%m/%Y %H:%M"] {
            assert_eq!(form.parse::<TimeForm>().unwrap().to_string(), form);
        }
    }
}
