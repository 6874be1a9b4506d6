//! Opening hours: when a business answers, by the clocks of its zone.

use std::fmt;
use std::str::FromStr;

use super::{Date, Instant, TimeOfDay, Zone};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The hours of a week: `mon-fri 09:00-18:00, sat 10:00-13:00`.
///
/// Invariant: at least one day has hours; those of a day are sorted and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// From Monday on.
    days: [Vec<Open>; 7],
}

/// From a minute of the day (included) to another (excluded); `None` is midnight at the day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    from: TimeOfDay,
    to: Option<TimeOfDay>,
}

impl OpeningHours {
    /// The first instant at or after `at` at which the business is open.
    pub fn next_open(&self, at: Instant, zone: Zone) -> Instant {
        let today = zone.date_of(at);
        // A day may have no hours left, or lose them where the clocks jump: the same day of the next week has some.
        let days = (0..=14).map(|ahead| today.plus_days(ahead));
        let spans = days.flat_map(|day| self.of(day).iter().map(move |open| open.span(day, zone)));
        let next = spans.filter(|(from, to)| from < to && at < *to).map(|(from, _)| from.max(at)).min();
        next.unwrap_or(at)
    }

    fn of(&self, day: Date) -> &[Open] {
        self.days.get(usize::from(day.weekday())).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Open {
    fn span(self, day: Date, zone: Zone) -> (Instant, Instant) {
        let to = self.to.map_or_else(|| day.plus_days(1).start(zone), |to| zone.at(day, to));
        (zone.at(day, self.from), to)
    }
}

impl FromStr for OpeningHours {
    type Err = String;

    /// Groups of days and hours with commas between: `mon-sat 09:00-20:00, sun 10:00-13:00`. A day may stand in
    /// several groups; `24:00` is the end of the day, and a group that ends before it begins runs into the next one.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut hours = Self { days: Default::default() };
        for group in text.split(',').map(str::trim) {
            hours.add(group)?;
        }
        for (day, open) in hours.days.iter_mut().enumerate() {
            open.sort();
            let overlaps = |pair: &[Open]| pair[0].to.is_none_or(|to| to > pair[1].from);
            if open.windows(2).any(overlaps) {
                return Err(format!("the hours of {} overlap in `{text}`", DAYS[day]));
            }
        }
        Ok(hours)
    }
}

impl OpeningHours {
    fn add(&mut self, group: &str) -> Result<(), String> {
        let wrong = || format!("`{group}` are not opening hours such as `mon-sat 09:00-20:00`");
        let (days, hours) = group.split_once(' ').ok_or_else(wrong)?;
        let (from, to) = hours.trim().split_once('-').ok_or_else(wrong)?;
        let from: TimeOfDay = from.parse().map_err(|_| wrong())?;
        let to: Option<TimeOfDay> = if to == "24:00" { None } else { Some(to.parse().map_err(|_| wrong())?) };
        if to == Some(from) {
            return Err(wrong());
        }
        let number = |name: &str| DAYS.iter().position(|day| *day == name.to_ascii_lowercase()).ok_or_else(wrong);
        let (first, last) = match days.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(days)?, number(days)?),
        };
        let midnight: TimeOfDay = "00:00".parse()?;
        let count = (last + 7 - first) % 7;
        for day in (first..=first + count).map(|day| day % 7) {
            match to.filter(|to| *to < from) {
                // Over midnight.
                Some(to) => {
                    self.days[day].push(Open { from, to: None });
                    if to > midnight {
                        self.days[(day + 1) % 7].push(Open { from: midnight, to: Some(to) });
                    }
                }
                None => self.days[day].push(Open { from, to }),
            }
        }
        Ok(())
    }
}

impl fmt::Display for OpeningHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |(day, open): (&str, &Open)| {
            let to = open.to.map_or("24:00".to_owned(), |to| to.to_string());
            format!("{day} {}-{to}", open.from)
        };
        let days = DAYS.iter().zip(&self.days);
        let groups = days.flat_map(|(day, hours)| hours.iter().map(move |open| (*day, open))).map(said);
        f.pad(&groups.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hours: &str, at: &str, zone: &str, next: &str) {
        let hours: OpeningHours = hours.parse().unwrap();
        let zone: Zone = zone.parse().unwrap();
        assert_eq!(zone.print(hours.next_open(at.parse().unwrap(), zone)), next, "{hours} at {at}");
    }

    #[test]
    fn the_next_open_instant_is_found_by_the_clocks_of_the_zone() {
        let (rome, shop) = ("Europe/Rome", "mon-sat 09:00-20:00");
        // 2018-08-31 is a Friday.
        check(shop, "2018-08-31T05:00:00Z", rome, "2018-08-31 09:00:00.000 +02:00");
        check(shop, "2018-08-31T12:00:00.001Z", rome, "2018-08-31 14:00:00.001 +02:00");
        check(shop, "2018-08-31T17:59:59.999Z", rome, "2018-08-31 19:59:59.999 +02:00");
        check(shop, "2018-08-31T18:00:00Z", rome, "2018-09-01 09:00:00.000 +02:00");
        check(shop, "2018-09-01T18:00:00Z", rome, "2018-09-03 09:00:00.000 +02:00");
        check("sun 10:00-13:00", "2018-09-02T11:00:00Z", rome, "2018-09-09 10:00:00.000 +02:00");
        check("fri-mon 22:00-02:00", "2018-09-03T23:30:00Z", rome, "2018-09-04 01:30:00.000 +02:00");
        check("fri-mon 22:00-02:00", "2018-09-04T00:00:00Z", rome, "2018-09-07 22:00:00.000 +02:00");
        check("mon-sun 00:00-24:00", "2018-09-04T00:00:00Z", rome, "2018-09-04 02:00:00.000 +02:00");
        // The clocks are put forward over 02:00 to 03:00.
        check("sun 02:00-03:00", "2019-03-31T00:30:00Z", rome, "2019-04-07 02:00:00.000 +02:00");
        check("sun 02:30-05:00", "2019-03-31T00:30:00Z", rome, "2019-03-31 03:00:00.000 +02:00");
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for wrong in ["", "mon", "mon 9-17", "mon 09:00", "day 09:00-10:00", "mon 09:00-09:00", "mon 09:00-25:00"] {
            assert!(wrong.parse::<OpeningHours>().is_err(), "{wrong}");
        }
        let overlap = "mon-fri 09:00-13:00, wed 12:00-14:00".parse::<OpeningHours>().unwrap_err();
        assert!(overlap.contains("the hours of wed overlap"), "{overlap}");
        let twice: OpeningHours = "mon 14:00-18:00, Mon 09:00-13:00".parse().unwrap();
        assert_eq!(twice.to_string(), "mon 09:00-13:00, mon 14:00-18:00");
    }
}
