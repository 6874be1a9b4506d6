//! Days of three calendars as days since 1970, by whole numbers.

/// Days of 1970-01-01 since 1 Farvardin of the year 1, in the rule of 33 years.
const SOLAR_HIJRI_1970: i64 = 492_268;

/// The day of the Gregorian calendar; `None` where there is none.
pub(super) fn gregorian(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that leaps.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The day of the Thai calendar: the Gregorian one with other years.
pub(super) fn buddhist(year: i64, month: i64, day: i64) -> Option<i64> {
    gregorian(year - 543, month, day)
}

/// The day of the calendar of Iran and Afghanistan. Its rule of 33 years is that of the sky in all years that a log
/// may have.
pub(super) fn solar_hijri(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = matches!(year.rem_euclid(33), 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30);
    let length = match month {
        1..=6 => 31,
        7..=11 => 30,
        12 => 29 + i64::from(is_leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let before = if month <= 7 { (month - 1) * 31 } else { 186 + (month - 7) * 30 };
    Some(365 * (year - 1) + (8 * year + 21).div_euclid(33) + before + day - 1 - SOLAR_HIJRI_1970)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Date, Zone};

    fn of(iso: &str) -> i64 {
        let date: Date = iso.parse().unwrap();
        date.start(Zone::UTC).micros() / 86_400_000_000
    }

    #[test]
    fn every_day_of_a_century_has_its_number() {
        let mut expected = of("2000-01-01");
        for (year, month, day) in
            (2000..2100).flat_map(|y| (1..=12).flat_map(move |m| (1..=31).map(move |d| (y, m, d))))
        {
            let small = |number: i64| u8::try_from(number).unwrap();
            let is_day = Date::new(i32::try_from(year).unwrap(), small(month), small(day)).is_some();
            let found = gregorian(year, month, day);
            assert_eq!(found, is_day.then_some(expected), "{year}-{month}-{day}");
            assert_eq!(buddhist(year + 543, month, day), found);
            expected += i64::from(is_day);
        }
        assert_eq!([gregorian(2018, 0, 1), gregorian(2018, 13, 1), gregorian(2018, 1, 0)], [None; 3]);
    }

    #[test]
    fn the_years_of_iran_begin_in_spring() {
        for (year, month, day, iso) in [
            (1388, 1, 1, "2009-03-21"),
            (1391, 1, 1, "2012-03-20"),
            (1395, 12, 30, "2017-03-20"),
            (1396, 1, 1, "2017-03-21"),
            (1397, 5, 21, "2018-08-12"),
            (1397, 6, 31, "2018-09-22"),
            (1397, 7, 1, "2018-09-23"),
            (1399, 12, 30, "2021-03-20"),
            (1403, 1, 1, "2024-03-20"),
            (1408, 1, 1, "2029-03-20"),
        ] {
            assert_eq!(solar_hijri(year, month, day), Some(of(iso)), "{year}/{month}/{day}");
        }
        let none = [(1397, 12, 30), (1397, 7, 31), (1397, 13, 1), (1397, 1, 0), (1397, 0, 1)];
        assert!(none.iter().all(|(year, month, day)| solar_hijri(*year, *month, *day).is_none()));
    }

    #[test]
    fn a_year_of_iran_is_as_long_as_its_months() {
        for year in 1388..1478 {
            let length = solar_hijri(year + 1, 1, 1).unwrap() - solar_hijri(year, 1, 1).unwrap();
            let leaps = solar_hijri(year, 12, 30).is_some();
            assert_eq!(length, 365 + i64::from(leaps), "{year}");
        }
    }
}
