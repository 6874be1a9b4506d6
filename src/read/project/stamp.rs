//! Stamps as texts to microseconds, and between which of them a message is taken.

use std::ops::RangeInclusive;

use crate::domain::Instant;

/// Days before each month of a common year, and in it.
const MONTHS: [(i64, i64); 12] = [
    (0, 31),
    (31, 28),
    (59, 31),
    (90, 30),
    (120, 31),
    (151, 30),
    (181, 31),
    (212, 31),
    (243, 30),
    (273, 31),
    (304, 30),
    (334, 31),
];

/// The microseconds of the messages that are taken, when those after `latest` are not.
pub(super) fn taken(latest: Instant) -> RangeInclusive<i64> {
    Instant::EARLIEST_STAMP.micros()..=latest.micros().min(Instant::STAMPS_END.micros() - 1)
}

/// Microseconds since 1970 of a stamp in RFC 3339.
pub(in crate::read) fn micros(bytes: &[u8]) -> Option<i64> {
    usual(bytes).or_else(|| std::str::from_utf8(bytes).ok()?.parse::<Instant>().ok().map(Instant::micros))
}

/// Those of `2018-08-01T00:00:00Z`, with three decimals, six or none, in a year that a log may have.
fn usual(bytes: &[u8]) -> Option<i64> {
    let (whole, rest) = bytes.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] = *whole else {
        return None;
    };
    let fraction = match *rest {
        [b'Z'] => 0,
        [b'.', a, b, c, b'Z'] => number(&[a, b, c])? * 1000,
        [b'.', a, b, c, d, e, f, b'Z'] => number(&[a, b, c, d, e, f])?,
        _ => return None,
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    // Of these years every fourth is a leap year.
    if !(2009..=2099).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (before, length) = *MONTHS.get(usize::try_from(month - 1).ok()?)?;
    let is_leap = year % 4 == 0;
    if !(1..=length + i64::from(is_leap && month == 2)).contains(&day) {
        return None;
    }
    let of_year = before + i64::from(is_leap && month > 2) + day - 1;
    let days = (year - 1970) * 365 + (year - 1969) / 4 + of_year;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

fn number(digits: &[u8]) -> Option<i64> {
    let digit = |number: i64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<i64> {
        text.parse::<Instant>().ok().map(Instant::micros)
    }

    #[test]
    fn every_day_is_that_of_the_long_way() {
        for year in 2008..=2100 {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let text = format!("{year}-{month:02}-{day:02}T07:08:09.012Z");
                let expected = parsed(&text);
                assert_eq!(micros(text.as_bytes()), expected, "{text}");
                let is_usual = (2009..=2099).contains(&year) && expected.is_some();
                assert_eq!(usual(text.as_bytes()).is_some(), is_usual, "{text}");
            }
        }
    }

    #[test]
    fn a_stamp_is_read_as_the_long_way_reads_it() {
        for (text, is_usual) in [
            ("2018-08-01T00:00:00Z", true),
            ("2018-08-01T23:59:59.999Z", true),
            ("2018-08-01T23:59:59.999999Z", true),
            ("2018-08-01T23:59:59.9Z", false),
            ("2018-08-01T23:59:59.999999999Z", false),
            ("2018-08-01T23:59:59.9999999999999Z", false),
            ("2016-12-31T23:59:60Z", false),
            ("2018-08-01T24:00:00Z", false),
            ("2018-08-01T00:60:00Z", false),
            ("2018-08-01T00:00:61Z", false),
            ("2018-08-01T00:00:00z", false),
            ("2018-08-01t00:00:00Z", false),
            ("2018-08-01 00:00:00Z", false),
            ("2018-08-01T00:00:00+02:00", false),
            ("2018-08-01T00:00:00.5-03:30", false),
            ("2018-08-01T00:00:00", false),
            ("2018-08-01T00:00:00.Z", false),
            ("2018-08-01T00:00:00.0a0Z", false),
            ("2018-08-01T00:00:00ZZ", false),
            ("2018-8-01T00:00:00.0Z", false),
            ("+018-08-01T00:00:00Z", false),
            ("2018/08/01T00:00:00Z", false),
            ("1970-01-01T00:00:00Z", false),
            ("9999-12-31T23:59:59Z", false),
            ("", false),
        ] {
            assert_eq!(micros(text.as_bytes()), parsed(text), "{text}");
            assert_eq!(usual(text.as_bytes()).is_some(), is_usual, "{text}");
        }
        assert_eq!(micros(b"2018-08-01T00:00:00\xff"), None);
    }

    #[test]
    fn messages_are_taken_from_2009_to_2099_and_not_after_the_judgement() {
        let [first, last, later] = ["2009-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z", "2100-06-01T00:00:00Z"]
            .map(|text| parsed(text).unwrap());
        for latest in [Instant::MAX, Instant::from_micros(later)] {
            assert_eq!(taken(latest), first..=last);
        }
        assert_eq!(taken(Instant::from_micros(last - 1)), first..=last - 1);
    }
}
