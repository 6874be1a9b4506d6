//! Civil dates and the zones that cut them.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};

use super::{Elapsed, Instant};

/// A day of the calendar, without a time and without a zone: `2018-08-31`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub(super) NaiveDate);

impl Date {
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day)).map(Self)
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }

    #[expect(clippy::cast_possible_truncation, reason = "a month is at most 12")]
    pub fn month(self) -> u8 {
        self.0.month() as u8
    }

    #[expect(clippy::cast_possible_truncation, reason = "a day is at most 31")]
    pub fn day(self) -> u8 {
        self.0.day() as u8
    }

    /// Monday is 0.
    #[expect(clippy::cast_possible_truncation, reason = "a weekday is at most 6")]
    pub fn weekday(self) -> u8 {
        self.0.weekday().num_days_from_monday() as u8
    }

    /// Held at the end of the calendar.
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX))
    }

    /// How many days later another day is; 0 where it is not later.
    pub fn days_until(self, later: Self) -> u32 {
        u32::try_from(later.0.signed_duration_since(self.0).num_days()).unwrap_or_default()
    }

    pub fn previous(self) -> Self {
        Self(self.0.pred_opt().unwrap_or(NaiveDate::MIN))
    }

    /// The first instant of the day in `zone`.
    pub fn start(self, zone: Zone) -> Instant {
        zone.first_instant(self.0.and_time(NaiveTime::MIN))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a date like 2018-08-31");
        // The calendar library would also take signs, blanks and single digits.
        let fits =
            |(place, byte): (usize, u8)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(fits) {
            return Err(wrong());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self).map_err(|_| wrong())
    }
}

/// A time zone of the tz database, compiled in: the same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(pub(super) chrono_tz::Tz);

impl Zone {
    pub const UTC: Zone = Zone(chrono_tz::Tz::UTC);

    /// Version of the tz database in this binary, such as `2026a`; part of every run record.
    pub const DATA_VERSION: &str = chrono_tz::IANA_TZDB_VERSION;

    /// The calendar day at `instant` here.
    pub fn date_of(self, instant: Instant) -> Date {
        Date(instant.to_utc().with_timezone(&self.0).date_naive())
    }

    /// Hour and minute at `instant` here.
    #[expect(clippy::cast_possible_truncation, reason = "an hour is at most 23, a minute at most 59")]
    pub fn clock_of(self, instant: Instant) -> (u8, u8) {
        use chrono::Timelike as _;
        let local = instant.to_utc().with_timezone(&self.0);
        (local.hour() as u8, local.minute() as u8)
    }

    /// `2018-08-31 23:59:59.999 +02:00`: a moment as people here would write it, with its offset.
    pub fn print(self, instant: Instant) -> String {
        let local = instant.to_utc().with_timezone(&self.0);
        let offset = local.offset().fix();
        format!("{} {}", local.naive_local().format("%Y-%m-%d %H:%M:%S%.3f"), offset)
    }

    /// The first instant at or after a local time: a time that the clocks repeat is taken at its first
    /// pass, one that they skip at the end of the jump.
    pub(super) fn first_instant(self, local: NaiveDateTime) -> Instant {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Instant::from_micros(t.timestamp_micros()),
            LocalResult::None => self.end_of_jump(local),
        }
    }

    fn end_of_jump(self, local: NaiveDateTime) -> Instant {
        // A jump is a whole number of minutes and no longer than a day and a half (Apia 2011).
        let minutes = (1..=36 * 60).map(chrono::Duration::minutes);
        let after = minutes.filter_map(|ahead| self.0.from_local_datetime(&(local + ahead)).earliest()).next();
        after.map_or(Instant::from_micros(local.and_utc().timestamp_micros()), |t| {
            Instant::from_micros(t.timestamp_micros())
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is not a time zone of the tz database, such as Europe/Rome");
        text.parse().map(Self).map_err(wrong)
    }
}

crate::written_as_text!(Date, Zone);

/// `26 h 05 min`, `2 d 03 h`, `45 s`: a length as a person says it. Parts below the smaller unit are dropped.
pub fn spoken(length: Elapsed) -> String {
    let seconds = length.micros() / 1_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..172_800 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {:02} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_where_the_clocks_allow() {
        for (date, zone, start) in [
            ("2018-09-01", "Europe/Rome", "2018-08-31T22:00:00.000Z"),
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"), // midnight was skipped
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),      // the whole day was skipped
        ] {
            let (date, zone): (Date, Zone) = (date.parse().unwrap(), zone.parse().unwrap());
            assert_eq!(date.start(zone).to_string(), start, "{date} {zone}");
        }
    }

    #[test]
    fn a_date_has_one_spelling() {
        for wrong in [" 2018-08-2", "-2018-08-2", "+2018-08-1", "2018- 8- 1", "2018-08-3", "2018-08-31 ", "2018-02-30"]
        {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_are_said_in_two_units() {
        for (seconds, text) in [(45, "45 s"), (3599, "59 min"), (93_900, "26 h 05 min"), (183_600, "2 d 03 h")] {
            assert_eq!(spoken(Elapsed::from_seconds(seconds)), text);
        }
    }
}
