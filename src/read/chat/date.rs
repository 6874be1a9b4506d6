//! A date as a chat writes it, and the day that it means in an order of its parts.

use super::calendar::{buddhist, gregorian, solar_hijri};
use super::token::Number;
use super::words::Half;
use crate::domain::chat::DateOrder;

/// What stands beside a year that is not counted from the birth of Christ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    None,
    Buddhist,
    /// Japan: its first year is the one after this.
    Japan(i64),
}

/// The parts of a date as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Three numbers in their order; the era is that of the last.
    Numbers([Number; 3], Era),
    /// The parts are named: by a month in letters, or by units.
    Named { year: Number, month: u32, day: u32 },
    /// Copied out of the app, and not exported: which year it was is not said.
    Yearless,
}

/// Why a date means no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    NoDay,
    /// The months of the lunar calendar follow the sky, or a table that the phone does not name.
    Lunar,
}

impl Wrong {
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoDay => "sent_at has a date that does not exist, in the order in which the chat writes its dates",
            Self::Lunar => "sent_at is a date of the lunar Hijri calendar, which is not converted",
        }
    }
}

impl Written {
    /// The day, as days since 1970, where the parts stand in `order`. A year of four digits that comes first, and a
    /// named month, leave nothing to the order.
    pub fn day(&self, order: DateOrder) -> Result<i64, Wrong> {
        match *self {
            Self::Yearless => Err(Wrong::NoDay),
            Self::Named { year, month, day } => day_of(year, Era::None, month, day),
            Self::Numbers([year, month, day], _) if year.digits == 4 => day_of(year, Era::None, month.value, day.value),
            Self::Numbers([day, month, year], era) if order == DateOrder::DayFirst => {
                day_of(year, era, month.value, day.value)
            }
            Self::Numbers([month, day, year], era) if order == DateOrder::MonthFirst => {
                day_of(year, era, month.value, day.value)
            }
            // A year of two digits is never written with one.
            Self::Numbers([year, month, day], Era::None) if year.digits == 2 && day.digits < 4 => {
                day_of(year, Era::None, month.value, day.value)
            }
            Self::Numbers(..) => Err(Wrong::NoDay),
        }
    }
}

/// The day of a year as it is written. No year of one calendar can be that of another: the log has messages from 2009
/// to 2099.
fn day_of(year: Number, era: Era, month: u32, day: u32) -> Result<i64, Wrong> {
    let (written, month, day) = (i64::from(year.value), i64::from(month), i64::from(day));
    let found = match (era, year.digits, written) {
        (Era::Buddhist, ..=2, _) => buddhist(2500 + written, month, day),
        (Era::Buddhist, ..) => buddhist(written, month, day),
        (Era::Japan(before), ..) => gregorian(before + written, month, day),
        (Era::None, ..=2, _) => gregorian(2000 + written, month, day),
        (Era::None, _, 1388..=1429) => solar_hijri(written, month, day),
        (Era::None, _, 1430..=1524) => return Err(Wrong::Lunar),
        (Era::None, _, 2552..=2642) => buddhist(written, month, day),
        (Era::None, _, 1900..=2199) => gregorian(written, month, day),
        (Era::None, ..) => None,
    };
    found.ok_or(Wrong::NoDay)
}

/// The second of the day of a time as it is written; `None` where there is none.
pub(super) fn second_of_day(hour: u32, minute: u32, second: u32, half: Option<Half>) -> Option<u32> {
    let hour = match half {
        None => hour,
        Some(Half::Before) => match hour {
            12 => 0,
            ..12 => hour,
            _ => return None,
        },
        // Some phones begin the afternoon at 0:00, and some write 24 hours with their half.
        Some(Half::After) if hour < 12 => hour + 12,
        Some(Half::Noon) if hour < 10 => hour + 12,
        Some(Half::Night) => match hour {
            12 => 0,
            ..6 => hour,
            6..12 => hour + 12,
            _ => return None,
        },
        Some(Half::After | Half::Noon) => hour,
    };
    let is_time = hour < 24 && minute < 60 && second < 60;
    is_time.then(|| hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    fn number(text: &str) -> Number {
        Number { value: text.parse().unwrap(), digits: text.len() }
    }

    /// The days that three numbers mean, day first, month first and year first; `-` where they mean none.
    #[track_caller]
    fn check(text: &str, era: Era, expected: [&str; 3]) {
        let parts: Vec<Number> = text.split('/').map(number).collect();
        let written = Written::Numbers([parts[0], parts[1], parts[2]], era);
        let told = DateOrder::ALL.map(|order| match written.day(order) {
            Ok(day) => Instant::from_micros(day * 86_400_000_000).to_string()[..10].to_owned(),
            Err(Wrong::NoDay) => "-".to_owned(),
            Err(Wrong::Lunar) => "lunar".to_owned(),
        });
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn three_numbers_are_a_day_in_each_order_or_in_none() {
        check("31/08/18", Era::None, ["2018-08-31", "-", "2031-08-18"]);
        check("8/31/18", Era::None, ["-", "2018-08-31", "-"]);
        check("12/08/2018", Era::None, ["2018-08-12", "2018-12-08", "-"]);
        check("2018/08/12", Era::None, ["2018-08-12"; 3]);
        check("29/02/18", Era::None, ["-", "-", "2029-02-18"]);
        check("12/08/2561", Era::None, ["2018-08-12", "2018-12-08", "-"]);
        check("12/08/2561", Era::Buddhist, ["2018-08-12", "2018-12-08", "-"]);
        check("12/08/1", Era::Japan(2018), ["2019-08-12", "2019-12-08", "-"]);
        check("1397/05/21", Era::None, ["2018-08-12"; 3]);
        check("1440/05/21", Era::None, ["lunar"; 3]);
        check("12/08/0018", Era::None, ["-"; 3]);
    }

    #[test]
    fn twelve_hours_are_told_by_their_half() {
        for (hour, half, expected) in [
            (12, Some(Half::Before), Some(0)),
            (0, Some(Half::Before), Some(0)),
            (11, Some(Half::Before), Some(11)),
            (13, Some(Half::Before), None),
            (12, Some(Half::After), Some(12)),
            (0, Some(Half::After), Some(12)),
            (9, Some(Half::After), Some(21)),
            (21, Some(Half::After), Some(21)),
            (12, Some(Half::Noon), Some(12)),
            (1, Some(Half::Noon), Some(13)),
            (11, Some(Half::Noon), Some(11)),
            (11, Some(Half::Night), Some(23)),
            (12, Some(Half::Night), Some(0)),
            (2, Some(Half::Night), Some(2)),
            (13, Some(Half::Night), None),
            (23, None, Some(23)),
            (24, None, None),
        ] {
            assert_eq!(second_of_day(hour, 0, 0, half), expected.map(|hour| hour * 3600), "{hour} {half:?}");
        }
        assert_eq!([second_of_day(0, 60, 0, None), second_of_day(0, 0, 60, None)], [None; 2]);
    }
}
