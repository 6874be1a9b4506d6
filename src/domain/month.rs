//! Billing months.

use std::fmt;
use std::str::FromStr;

use super::{Date, Instant, Span, Zone};

/// A month of the calendar; with a zone it is a half-open span of instants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u8,
}

impl Month {
    /// The first one that a log can be of.
    pub const MIN: Month = Month { year: 2009, month: 1 };

    pub fn new(year: i32, month: u8) -> Option<Self> {
        Date::new(year, month, 1).map(|_| Self { year, month })
    }

    /// The month to which `instant` belongs in `zone`.
    pub fn of(instant: Instant, zone: Zone) -> Self {
        let date = zone.date_of(instant);
        Self { year: date.year(), month: date.month() }
    }

    pub fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    pub const fn year(self) -> i32 {
        self.year
    }

    /// 1 is January.
    pub const fn number(self) -> u8 {
        self.month
    }

    pub fn first_day(self) -> Date {
        // Invariant: a `Month` is only made of a year and month that have a first day.
        Date::new(self.year, self.month, 1).unwrap_or_else(|| unreachable!("{self} has a first day"))
    }

    pub fn last_day(self) -> Date {
        self.next().first_day().previous()
    }

    pub fn days(self) -> impl Iterator<Item = Date> {
        let days = std::iter::successors(Some(self.first_day()), |day| Some(day.plus_days(1)));
        days.take_while(move |day| *day <= self.last_day())
    }

    /// From the first instant of the month in `zone` to the first instant of the next.
    pub fn span(self, zone: Zone) -> Span {
        Span { from: self.first_day().start(zone), to: self.next().first_day().start(zone) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is not a month like 2018-08");
        let first: Date = format!("{text}-01").parse().map_err(wrong)?;
        // Four digits of year: the calendar library would go on beyond them, an invoice number does not.
        if !(2009..=9998).contains(&first.year()) {
            return Err(format!("`{text}` lies outside the years 2009 to 9998"));
        }
        Ok(Self { year: first.year(), month: first.month() })
    }
}

crate::written_as_text!(Month);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(month: &str, zone: &str, from: &str, to: &str) {
        let span = month.parse::<Month>().unwrap().span(zone.parse().unwrap());
        assert_eq!((span.from.to_string().as_str(), span.to.to_string().as_str()), (from, to));
    }

    #[test]
    fn a_month_is_half_open_in_its_zone() {
        check("2018-08", "UTC", "2018-08-01T00:00:00.000Z", "2018-09-01T00:00:00.000Z");
        check("2018-08", "Europe/Rome", "2018-07-31T22:00:00.000Z", "2018-08-31T22:00:00.000Z");
        check("2018-10", "Europe/Lisbon", "2018-09-30T23:00:00.000Z", "2018-11-01T00:00:00.000Z");
        check("2018-12", "America/Sao_Paulo", "2018-12-01T02:00:00.000Z", "2019-01-01T02:00:00.000Z");
    }

    #[test]
    fn the_last_day_of_february_is_of_february() {
        let zone: Zone = "Europe/Rome".parse().unwrap();
        let leap_day: Instant = "2020-02-29T22:59:59.999Z".parse().unwrap();
        assert_eq!(Month::of(leap_day, zone).to_string(), "2020-02");
        assert_eq!(Month::new(2020, 2).unwrap().last_day().to_string(), "2020-02-29");
        assert!("2018-13".parse::<Month>().is_err());
        assert!("2018-8".parse::<Month>().is_err());
    }
}
