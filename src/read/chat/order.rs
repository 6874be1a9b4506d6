//! In which order a chat writes its dates: proved from all of them, or not at all. A wrong order would put messages
//! into other months and bill them there.

use std::ops::RangeInclusive;

use super::date::Written;
use crate::domain::Instant;
use crate::domain::chat::DateOrder;

const MICROS_A_DAY: i64 = 86_400_000_000;
/// Messages of phones without a net are exported where they arrived: a day back is no other order.
const STEP_BACK: i64 = 1;

/// Why no order is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unproved {
    /// Each order has a date that does not exist, or lies where no message can.
    Nowhere,
    /// The dates can be read in several ways.
    Several,
}

/// The last day that a message may have, as days since 1970: a zone may be ahead of UTC.
pub(super) fn last_day(latest: Instant) -> i64 {
    latest.micros().min(Instant::STAMPS_END.micros()).div_euclid(MICROS_A_DAY) + 1
}

/// The only order in which all dates exist, lie where messages can, and go forward: one line that somebody pasted may
/// alone rule out the true order. Dates that mean no day in any order prove nothing: their rows are rejected.
pub(super) fn proved(dates: &[Written], last_day: i64) -> Result<DateOrder, Unproved> {
    let possible = Instant::EARLIEST_STAMP.micros().div_euclid(MICROS_A_DAY) - 1..=last_day;
    let is_any = |date: &&Written| DateOrder::ALL.iter().any(|order| day(date, *order, &possible).is_some());
    let dates: Vec<&Written> = dates.iter().filter(is_any).collect();
    let days =
        |order: DateOrder| -> Option<Vec<i64>> { dates.iter().map(|date| day(date, order, &possible)).collect() };
    let fitting: Vec<(DateOrder, Vec<i64>)> =
        DateOrder::ALL.into_iter().filter_map(|order| Some((order, days(order)?))).collect();
    let Some((first, rest)) = fitting.split_first() else { return Err(Unproved::Nowhere) };
    // The days are the same in each: nothing hangs on the order.
    if !rest.is_empty() && rest.iter().all(|(_, days)| *days == first.1) {
        return Ok(first.0);
    }
    let mut forward = fitting.iter().filter(|(_, days)| goes_forward(days));
    match (forward.next(), forward.next()) {
        (Some((order, _)), None) => Ok(*order),
        _ => Err(Unproved::Several),
    }
}

/// The day of a date, where a message can have it.
fn day(date: &Written, order: DateOrder, possible: &RangeInclusive<i64>) -> Option<i64> {
    date.day(order).ok().filter(|day| possible.contains(day))
}

fn goes_forward(days: &[i64]) -> bool {
    days.iter().zip(days.iter().skip(1)).all(|(before, after)| *after >= *before - STEP_BACK)
}

#[cfg(test)]
mod tests {
    use super::super::date::Era;
    use super::super::token::Number;
    use super::*;

    /// Dates of three numbers, judged in September 2019.
    #[track_caller]
    fn check(dates: &str, expected: Result<DateOrder, Unproved>) {
        let number = |text: &str| Number { value: text.parse().unwrap(), digits: text.len() };
        let written = |text: &str| {
            let parts: Vec<Number> = text.split('/').map(number).collect();
            Written::Numbers([parts[0], parts[1], parts[2]], Era::None)
        };
        let dates: Vec<Written> = dates.split_whitespace().map(written).collect();
        let latest: Instant = "2019-09-05T00:00:00Z".parse().unwrap();
        assert_eq!(proved(&dates, last_day(latest)), expected, "{dates:?}");
    }

    #[test]
    fn an_order_is_proved_by_the_whole_file() {
        check("", Ok(DateOrder::DayFirst));
        check("31/07/18 01/08/18", Ok(DateOrder::DayFirst));
        check("7/31/18 8/1/18", Ok(DateOrder::MonthFirst));
        check("18/07/31 18/08/01", Ok(DateOrder::YearFirst));
        check("2018/07/08 2018/08/09", Ok(DateOrder::DayFirst)); // four digits leave nothing open
        check("13/08/2018", Ok(DateOrder::DayFirst));
        // The same day in each order.
        check("08/08/2018 08/08/2018", Ok(DateOrder::DayFirst));
        // All three days exist in both orders, and only one goes forward.
        check("01/02/2018 10/02/2018 05/03/2018", Ok(DateOrder::DayFirst));
        check("02/01/2018 02/10/2018 03/05/2018", Ok(DateOrder::MonthFirst));
        // Day first would lie in the future of the file.
        check("01/09/2019 02/10/2019", Ok(DateOrder::MonthFirst));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_proved() {
        check("01/08/2018 02/08/2018 03/08/2018", Err(Unproved::Several));
        check("12/08/18 13/08/18 14/08/18", Err(Unproved::Several)); // or the years 2012 to 2014
        check("01/08/2018", Err(Unproved::Several));
        check("13/08/2018 08/13/2018", Err(Unproved::Nowhere));
        // What exists in no order says nothing of it.
        check("45/45/2018 13/08/2018", Ok(DateOrder::DayFirst));
        // A line of another export rules out the true order, and the other one would go back.
        check("05/08/2018 06/08/2018 8/14/2018 08/08/2018 10/08/2018", Err(Unproved::Several));
    }

    #[test]
    fn a_day_back_is_no_other_order() {
        check("01/03/2018 03/03/2018 02/03/2018 01/04/2018", Ok(DateOrder::DayFirst));
    }
}
