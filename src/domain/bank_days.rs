//! The days on which the European Central Bank publishes rates: those of TARGET, the system of payments in euro.

use super::Date;

/// The day that begins a weekend; Monday is 0.
const SATURDAY: u8 = 5;
/// New Year, 1 May, Christmas and the day after it: month and day.
const HOLIDAYS: [(u8, u8); 4] = [(1, 1), (5, 1), (12, 25), (12, 26)];

/// Whether rates are published on a day: from Monday to Friday, but for the six holidays of TARGET (since 2002).
pub(super) fn is_bank_day(day: Date) -> bool {
    day.weekday() < SATURDAY && !HOLIDAYS.contains(&(day.month(), day.day())) && !is_at_easter(day)
}

/// Good Friday and Easter Monday.
fn is_at_easter(day: Date) -> bool {
    easter(day.year()).is_some_and(|sunday| day.plus_days(2) == sunday || day == sunday.plus_days(1))
}

/// Easter Sunday: the rule of the Gregorian calendar, in the form of Meeus.
fn easter(year: i32) -> Option<Date> {
    let (golden, century, of_century) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let moved = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - moved + 15).rem_euclid(30);
    let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4).rem_euclid(7);
    let back = (golden + 11 * moon + 22 * sunday) / 451;
    let place = moon + sunday - 7 * back + 114;
    Date::new(year, u8::try_from(place / 31).ok()?, u8::try_from(place % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        for expected in ["1961-04-02", "2008-03-23", "2018-04-01", "2024-03-31", "2026-04-05", "2038-04-25"] {
            let expected: Date = expected.parse().unwrap();
            assert_eq!(easter(expected.year()), Some(expected));
        }
    }

    #[test]
    fn rates_are_published_on_working_days() {
        for (day, is_one) in [
            ("2018-08-31", true),
            ("2018-09-01", false),
            ("2018-03-30", false),
            ("2018-04-02", false),
            ("2018-04-03", true),
            ("2018-05-01", false),
            ("2018-12-24", true),
            ("2018-12-26", false),
        ] {
            assert_eq!(is_bank_day(day.parse().unwrap()), is_one, "{day}");
        }
    }
}
