//! What clocks on a wall show: local times, the instants that they may mean, and times of day.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDateTime, NaiveTime, TimeZone};

use super::{Date, Instant, Zone};

/// A local time as logs write it, without an offset: `2018-10-28T02:30:00`, with a fraction or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(NaiveDateTime);

impl LocalTime {
    /// From the microseconds since 1970 that the same digits would be in UTC, as Parquet stores them.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(|utc| Self(utc.naive_utc()))
    }

    /// The microseconds since 1970 that the same digits would be in UTC.
    pub const fn micros(self) -> i64 {
        self.0.and_utc().timestamp_micros()
    }
}

/// The number of two digits.
fn two_digits(text: &str) -> Option<u32> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A fraction of a second as microseconds; what is below them is dropped.
fn micros_of(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<6}").get(..6)?.parse().ok()
}

fn time_of(clock: &str) -> Option<NaiveTime> {
    let (whole, micros) = match clock.split_once('.') {
        Some((whole, fraction)) => (whole, micros_of(fraction)?),
        None => (clock, 0),
    };
    let mut parts = whole.split(':').map(two_digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    // A leap second is read as the second before it, as in instants.
    let (second, micros) = if second == 60 { (59, 0) } else { (second, micros) };
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

impl FromStr for LocalTime {
    type Err = String;

    /// A date, `T` or a blank, and a time. A leap second `:60` is read as `:59`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a local time like 2018-10-28T02:30:00");
        let (date, rest) = text.split_at_checked(10).ok_or_else(wrong)?;
        let date: Date = date.parse().map_err(|_| wrong())?;
        let clock = rest.strip_prefix(['T', 't', ' ']).ok_or_else(wrong)?;
        Ok(Self(date.0.and_time(time_of(clock).ok_or_else(wrong)?)))
    }
}

/// The instants at which the clocks of a zone showed a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readings {
    /// They were put forward over it.
    Never,
    Once(Instant),
    /// They were put back over it.
    Twice {
        earlier: Instant,
        later: Instant,
    },
}

impl Zone {
    pub fn readings(self, local: LocalTime) -> Readings {
        let instant = |t: DateTime<chrono_tz::Tz>| Instant::from_micros(t.timestamp_micros());
        match self.0.from_local_datetime(&local.0) {
            LocalResult::None => Readings::Never,
            LocalResult::Single(t) => Readings::Once(instant(t)),
            LocalResult::Ambiguous(one, other) => {
                let (one, other) = (instant(one), instant(other));
                Readings::Twice { earlier: one.min(other), later: one.max(other) }
            }
        }
    }

    /// The first instant of `date` at which the clocks here show `time` or more.
    pub fn at(self, date: Date, time: TimeOfDay) -> Instant {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(time.0) * 60, 0);
        self.first_instant(date.0.and_time(time.unwrap_or(NaiveTime::MIN)))
    }
}

/// A time of day to the minute, without a zone: `06:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(hour, minute)| two_digits(hour).zip(two_digits(minute)));
        let minutes =
            parts.filter(|(hour, minute)| *hour < 24 && *minute < 60).map(|(hour, minute)| hour * 60 + minute);
        let minutes = minutes.and_then(|minutes| u16::try_from(minutes).ok());
        minutes.map(Self).ok_or_else(|| format!("`{text}` is not a time of day such as 06:00"))
    }
}

crate::written_as_text!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    /// The instants that `local` means in `zone`: none, one, or two.
    #[track_caller]
    fn check(zone: &str, local: &str, expected: &[&str]) {
        let zone: Zone = zone.parse().unwrap();
        let found = match zone.readings(local.parse().unwrap()) {
            Readings::Never => vec![],
            Readings::Once(instant) => vec![instant],
            Readings::Twice { earlier, later } => vec![earlier, later],
        };
        assert_eq!(found.iter().map(Instant::to_string).collect::<Vec<_>>(), expected, "{zone} {local}");
    }

    #[test]
    fn clocks_are_put_forward_and_back() {
        // Spring: the last second before, the first and last that do not exist, the first after.
        check("Europe/Rome", "2018-03-25T01:59:59.999999", &["2018-03-25T00:59:59.999999Z"]);
        check("Europe/Rome", "2018-03-25T02:00:00", &[]);
        check("Europe/Rome", "2018-03-25T02:59:59.999999", &[]);
        check("Europe/Rome", "2018-03-25T03:00:00", &["2018-03-25T01:00:00.000Z"]);
        // Autumn: an hour that is shown twice.
        check("Europe/Rome", "2018-10-28T01:59:59", &["2018-10-27T23:59:59.000Z"]);
        check("Europe/Rome", "2018-10-28T02:00:00", &["2018-10-28T00:00:00.000Z", "2018-10-28T01:00:00.000Z"]);
        check("Europe/Rome", "2018-10-28 02:59:59.5", &["2018-10-28T00:59:59.500Z", "2018-10-28T01:59:59.500Z"]);
        check("Europe/Rome", "2018-10-28T03:00:00", &["2018-10-28T02:00:00.000Z"]);
        check("America/New_York", "2018-03-11T02:30:00", &[]);
        check("America/New_York", "2018-11-04T01:30:00", &["2018-11-04T05:30:00.000Z", "2018-11-04T06:30:00.000Z"]);
        // Half an hour.
        check("Australia/Lord_Howe", "2018-04-01T01:29:59", &["2018-03-31T14:29:59.000Z"]);
        check("Australia/Lord_Howe", "2018-04-01T01:45:00", &["2018-03-31T14:45:00.000Z", "2018-03-31T15:15:00.000Z"]);
        check("Australia/Lord_Howe", "2018-10-07T02:15:00", &[]);
        check("Australia/Lord_Howe", "2018-10-07T02:30:00", &["2018-10-06T15:30:00.000Z"]);
        // Morocco: back for the month of Ramadan, forward after it; later in 2018 the rule itself changed.
        check("Africa/Casablanca", "2018-05-13T02:30:00", &["2018-05-13T01:30:00.000Z", "2018-05-13T02:30:00.000Z"]);
        check("Africa/Casablanca", "2018-06-17T02:30:00", &[]);
        check("Africa/Casablanca", "2018-10-28T02:30:00", &["2018-10-28T01:30:00.000Z"]);
        // Samoa crossed the date line: a day is missing.
        check("Pacific/Apia", "2011-12-29T23:59:59", &["2011-12-30T09:59:59.000Z"]);
        check("Pacific/Apia", "2011-12-30T00:00:00", &[]);
        check("Pacific/Apia", "2011-12-30T23:59:59", &[]);
        check("Pacific/Apia", "2011-12-31T00:00:00", &["2011-12-30T10:00:00.000Z"]);
    }

    #[test]
    fn leap_seconds_leap_days_and_ends_of_months() {
        check("UTC", "2016-12-31T23:59:60", &["2016-12-31T23:59:59.000Z"]);
        check("UTC", "2016-12-31T23:59:60.999", &["2016-12-31T23:59:59.000Z"]);
        check("UTC", "2016-02-29T00:00:00", &["2016-02-29T00:00:00.000Z"]);
        check("Europe/Rome", "2018-08-31T23:59:59.999", &["2018-08-31T21:59:59.999Z"]);
        check("Europe/Rome", "2019-01-01T00:00:00", &["2018-12-31T23:00:00.000Z"]);
        check("Europe/Rome", "2018-03-31T23:59:59.9999999", &["2018-03-31T21:59:59.999999Z"]);
    }

    #[test]
    fn a_local_time_has_few_spellings() {
        for wrong in [
            "",
            "2018-08-01",
            "2018-08-01T00:00",
            "2018-08-01T00:00:00Z",
            "2018-08-01T00:00:00+02:00",
            "2018-08-01T24:00:00",
            "2018-08-01T23:60:00",
            "2018-08-01T23:59:61",
            "2018-08-01T0:00:00",
            "2018-08-01T00:00:00.",
            "2018-08-01T00:00:00.5.5",
            "2018-08-01T+1:00:00",
            "2018-08-01/00:00:00",
            "2018-02-29T00:00:00",
            "2018-08-32T00:00:00",
            "18-08-2018 00:00:00",
            "2018-08-0\u{e8}T00:00:00",
        ] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_is_two_numbers() {
        for (text, minutes) in [("00:00", 0), ("06:30", 390), ("23:59", 1439)] {
            let time: TimeOfDay = text.parse().unwrap();
            assert_eq!((time.minutes(), time.to_string().as_str()), (minutes, text));
        }
        for wrong in ["", "6:00", "06:0", "24:00", "06:60", "06:00:00", "0600", "+6:00", "06.00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
        let rome: Zone = "Europe/Rome".parse().unwrap();
        for (date, time, instant) in [
            ("2018-08-01", "06:00", "2018-08-01T04:00:00.000Z"),
            ("2018-03-25", "02:30", "2018-03-25T01:00:00.000Z"), // the end of the jump
            ("2018-10-28", "02:30", "2018-10-28T00:30:00.000Z"), // the first of two
        ] {
            assert_eq!(rome.at(date.parse().unwrap(), time.parse().unwrap()).to_string(), instant);
        }
    }
}
