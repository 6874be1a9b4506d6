//! The statements of the sieve with their parameters filled in, and the small tables that go along.

use std::collections::{BTreeMap, BTreeSet};

use super::super::statement::{DIGITS, kinds, parts, quoted, replaced};
use super::super::tables::{micros, table};
use super::{Place, Segment, Task};
use crate::domain::message::Counts;
use crate::domain::reading::Boundary;
use crate::domain::{Elapsed, Instant, Span};

/// Compares the bytes of the archive with their names.
pub(super) const INTACT: &str = include_str!("intact.sql");
/// The archive with the owners of its channels.
pub(super) const ARCHIVED: &str = include_str!("archived.sql");
/// What stands in it.
pub(super) const SEEN: &str = include_str!("seen.sql");
/// Finds what stands under the name of somebody else.
pub(super) const STRAYS: &str = include_str!("strays.sql");
/// Finds what is still needed.
pub(super) const SIEVED: &str = include_str!("sieved.sql");
/// Count the rest.
pub(super) const COUNTS: &str = include_str!("counts.sql");
pub(super) const DAYS: &str = include_str!("days.sql");
pub(super) const SILENCES: &str = include_str!("silences.sql");

/// A statement that has no parameters, without its comments.
pub(super) fn plain(statement: &str) -> String {
    replaced(statement, &BTreeMap::new())
}

/// A statement, without its comments.
pub(super) fn filled(statement: &str, task: &Task) -> String {
    let reading = &task.tariff.reading;
    let parameters: BTreeMap<&'static str, String> = [
        ("as_of", micros(task.as_of)),
        ("window", reading.window.micros().to_string()),
        ("exclusive", i64::from(reading.boundary == Boundary::Exclusive).to_string()),
        ("kinds_that_count", kinds(|kind| kind.counts() == Counts::Yes)),
        ("kinds_that_do_not", kinds(|kind| kind.counts() == Counts::No)),
        ("digits", DIGITS.to_owned()),
        ("length_range", length_range(&task.length_ends)),
        ("sample", sample(task.as_of)),
    ]
    .into_iter()
    .chain(parts(kinds(|_| true)))
    .collect();
    replaced(statement, &parameters)
}

/// Two hexadecimal digits, other ones each day: one conversation of 256 ends with them.
fn sample(as_of: Instant) -> String {
    let day = as_of.micros().div_euclid(Elapsed::DAY.micros());
    format!("'{:02x}'", day.rem_euclid(256))
}

/// The number of the first end that a length does not pass.
fn length_range(ends: &[Elapsed]) -> String {
    let cases = ends.iter().enumerate().map(|(number, end)| format!("when length <= {} then {number} ", end.micros()));
    // Behind the ends there may be none.
    format!("case {}when length is null then -1 else {} end", cases.collect::<String>(), ends.len())
}

/// The channels of the book with their owners.
pub(super) fn owners(owners: &[(String, String, Span)]) -> String {
    let row = |(channel, business, owned): &(String, String, Span)| {
        format!("({}, {}, {}, {})", quoted(channel), quoted(business), micros(owned.from), micros(owned.to))
    };
    let rows: Vec<String> = owners.iter().map(row).collect();
    table(&rows, "('', '', 0L, 0L)", "channel, business, owned_from, owned_until")
}

/// The channels. Those in `named` have conversations that are not their customers: what these have to do with others is not
/// told by one of them.
pub(super) fn places(places: &[Place], named: &BTreeSet<String>) -> String {
    let row = |(number, place): (usize, &Place)| {
        let Place { channel, portion, calendar, is_plain, through, judged, heard_until, .. } = place;
        let is_plain = *is_plain && !named.contains(channel);
        let portion = portion.map_or(-1, i64::from);
        let instants = [*through, judged.from, judged.to, *heard_until].map(micros).join(", ");
        format!("({}, {number}, {portion}, {calendar}, {is_plain}, {instants})", quoted(channel))
    };
    let rows: Vec<String> = places.iter().enumerate().map(row).collect();
    let columns = "channel, number, portion, calendar, is_plain, through, judged_from, judged_until, heard_until";
    table(&rows, "('', -1, 0, 0, false, 0L, 0L, 0L, 0L)", columns)
}

/// The calendars, each segment once for every quarter of an hour that it touches: a message finds its segment by its quarter.
pub(super) fn segments(segments: &[Segment]) -> String {
    let row = |(number, segment): (usize, &Segment)| {
        format!("({}, {number}, {}, {})", segment.calendar, micros(segment.span.from), micros(segment.span.to))
    };
    let rows: Vec<String> = segments.iter().enumerate().map(row).collect();
    let pieces = table(&rows, "(-1, -1, 0L, 1L)", "calendar, segment, begins, ends");
    format!(
        "select calendar, segment, begins, ends, \
         explode(sequence(begins div 900000000, (ends - 1) div 900000000)) as quarter from ({pieces}) as pieces"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Tariff;

    fn task(length_ends: Vec<Elapsed>) -> Task {
        let text = "id = \"t\"\nversion = \"1\"\ncurrency = \"USD\"\nzone = \"UTC\"\nsource = \"a test\"\n\
                    rate = [{ market = \"other\", price = \"0.01\" }]\n";
        Task {
            tariff: Tariff::parse(std::path::Path::new("t.toml"), text).unwrap(),
            as_of: Instant::from_micros(7),
            places: Vec::new(),
            segments: Vec::new(),
            is_of_a_night: true,
            length_ends,
        }
    }

    #[test]
    fn no_parameter_is_left() {
        let task = task(vec![Elapsed::from_seconds(60)]);
        for statement in [ARCHIVED, INTACT, SEEN, STRAYS] {
            let plain = plain(statement);
            assert!(!plain.contains(':') && !plain.contains("--"), "{plain}");
        }
        for statement in [SIEVED, COUNTS, DAYS, SILENCES] {
            let filled = filled(statement, &task);
            assert!(!filled.contains(':') && !filled.contains("--"), "{filled}");
        }
        let counts = filled(COUNTS, &task);
        assert!(
            counts.contains("case when length <= 60000000 then 0 when length is null then -1 else 1 end"),
            "{counts}"
        );
        assert_eq!(sample(Instant::from_micros(7)), "'00'");
        assert_eq!(sample(Instant::from_micros(-1)), "'ff'");
        assert!(filled(DAYS, &task).contains("at < 7L"));
    }

    #[test]
    fn a_segment_stands_once_for_every_quarter_that_it_touches() {
        let span = Span { from: Instant::from_micros(0), to: Instant::from_micros(900_000_001) };
        let made = super::segments(&[Segment { calendar: 2, span }]);
        assert!(made.contains("(2, 0, 0L, 900000001L)"), "{made}");
        assert!(made.contains("explode(sequence(begins div 900000000, (ends - 1) div 900000000))"), "{made}");
        assert!(super::segments(&[]).contains("(-1, -1, 0L, 1L)"), "a table without rows is none");
    }

    #[test]
    fn an_owner_has_a_channel_for_a_time() {
        let owned = Span { from: Instant::from_micros(1), to: Instant::from_micros(2) };
        let made = super::owners(&[("c".to_owned(), "it's".to_owned(), owned)]);
        assert!(made.contains(r"('c', 'it\'s', 1L, 2L)"), "{made}");
        assert!(super::owners(&[]).contains("('', '', 0L, 0L)"), "a table without rows is none");
    }

    #[test]
    fn a_named_channel_is_not_plain() {
        let all = Span { from: Instant::from_micros(1), to: Instant::from_micros(2) };
        let place = Place {
            channel: "it's".to_owned(),
            business: "b".to_owned(),
            portion: Some(3),
            calendar: 4,
            is_plain: true,
            through: Instant::from_micros(5),
            judged: all,
            heard_until: Instant::from_micros(6),
        };
        let places = [place];
        assert!(super::places(&places, &BTreeSet::new()).contains(r"('it\'s', 0, 3, 4, true, 5L, 1L, 2L, 6L)"));
        let named = BTreeSet::from(["it's".to_owned()]);
        assert!(super::places(&places, &named).contains("0, 3, 4, false, "));
    }
}
