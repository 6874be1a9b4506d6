//! The stamp of a message: how a log writes it, and which stamps its source may have.

use super::options::{Latest, Options};
use super::project::stamp::micros as rfc3339;
use crate::domain::clock::Readings;
use crate::domain::settings::Stamps;
use crate::domain::time_form::{PatternTime, TimeForm};
use crate::domain::{Direction, Elapsed, Instant, LocalTime, Zone};

/// A stamp that the file stores as a number of microseconds of known meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Instant(Instant),
    /// The digits of a local time.
    Local(i64),
}

/// When a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub at: Instant,
    /// How far the other reading of an ambiguous local time lies away; zero where there is one reading.
    pub fold: Elapsed,
}

impl Stamp {
    const fn sure(at: Instant) -> Self {
        Self { at, fold: Elapsed::ZERO }
    }
}

/// What the source declares about its times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    zone: Option<Zone>,
    pub stamps: Stamps,
    from: Instant,
    to: Instant,
    latest: Instant,
    latest_is: Latest,
}

impl Clock {
    pub fn of(options: &Options) -> Self {
        let Options { zone, stamps, from, to, latest, latest_is, .. } = *options;
        let (from, to) = (from.unwrap_or(Instant::MIN), to.unwrap_or(Instant::MAX));
        let zone = options.mapping.as_ref().and_then(|mapping| mapping.zone).or(zone);
        Self { zone, stamps, from, to, latest, latest_is }
    }

    pub fn has_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// The stamp that a row has, or why it has none. No reason quotes it: a shifted row may have a number there.
    pub fn stamp(&self, given: Option<Given>, text: &str, direction: Direction) -> Result<Stamp, &'static str> {
        let stamp = match given {
            Some(Given::Instant(at)) => Stamp::sure(at),
            Some(Given::Local(micros)) => {
                self.local(LocalTime::from_micros(micros).ok_or("sent_at is out of range")?, direction)?
            }
            None if text.is_empty() => return Err("sent_at is empty"),
            None if self.stamps == Stamps::Text => self.text(text, direction)?,
            None => Stamp::sure(number(text, self.stamps)?),
        };
        // What an older version archived stays readable.
        let is_beyond = stamp.at >= Instant::STAMPS_END;
        match stamp.at {
            at if at < Instant::EARLIEST_STAMP => Err("sent_at lies before 2009"),
            _ if is_beyond => Err("sent_at lies after 2099"),
            _ => Ok(stamp),
        }
    }

    /// Whether the text is a stamp, or would be one if the source had a zone.
    pub fn knows(&self, text: &str) -> bool {
        self.stamp(None, text, Direction::Outbound).is_ok() || text.parse::<LocalTime>().is_ok()
    }

    fn text(&self, text: &str, direction: Direction) -> Result<Stamp, &'static str> {
        if let Some(micros) = rfc3339(text.as_bytes()) {
            return Ok(Stamp::sure(Instant::from_micros(micros)));
        }
        if let Ok(local) = text.parse() {
            return self.local(local, direction);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("sent_at is a bare number: declare its unit as `stamps` of the source");
        }
        Err("sent_at is not an instant in RFC 3339 with an offset")
    }

    /// Of two readings the one that is kinder to the payer: a question came late, its answer early.
    fn local(&self, local: LocalTime, direction: Direction) -> Result<Stamp, &'static str> {
        let zone = self.zone.ok_or("sent_at is a local time without an offset: declare the `zone` of the source")?;
        match (zone.readings(local), direction) {
            (Readings::Never, _) => Err("sent_at does not exist: the clocks of the zone were put forward over it"),
            (Readings::Once(at), _) => Ok(Stamp::sure(at)),
            (Readings::Twice { earlier, later }, Direction::Inbound) => {
                Ok(Stamp { at: later, fold: later.since(earlier) })
            }
            (Readings::Twice { earlier, later }, Direction::Outbound) => {
                Ok(Stamp { at: earlier, fold: later.since(earlier) })
            }
        }
    }

    /// Whether a message of that instant may be one of this source.
    pub fn admit(&self, at: Instant) -> Result<(), &'static str> {
        match at {
            _ if at > self.latest => Err(self.latest_is.passed()),
            _ if at < self.from => Err("sent_at lies before the start of its source"),
            _ if at >= self.to => Err("sent_at lies at or after the end of its source"),
            _ => Ok(()),
        }
    }
}

/// The stamp that a text is in one of the forms that a mapping declares, or why it is none. A text that two forms read
/// differently is one that nobody can tell.
pub(super) fn given(text: &str, forms: &[TimeForm]) -> Result<Given, &'static str> {
    let mut told = forms.iter().filter_map(|form| in_form(text, form));
    let first = told.next().ok_or("is not written in a form that the mapping declares as `time`")?;
    if told.all(|other| other == first) {
        Ok(first)
    } else {
        Err("is one time in one form of `time`, and another in another")
    }
}

fn in_form(text: &str, form: &TimeForm) -> Option<Given> {
    match form {
        TimeForm::Stamps(Stamps::Text) => match rfc3339(text.as_bytes()) {
            Some(micros) => Some(Given::Instant(Instant::from_micros(micros))),
            None => text.parse().ok().map(|local: LocalTime| Given::Local(local.micros())),
        },
        TimeForm::Stamps(unit) => number(text, *unit).ok().map(Given::Instant),
        TimeForm::Pattern(pattern) => pattern.read(text).map(|told| match told {
            PatternTime::Instant(at) => Given::Instant(at),
            PatternTime::Local(micros) => Given::Local(micros),
        }),
    }
}

const fn micros_each(unit: Stamps) -> i128 {
    match unit {
        Stamps::Seconds => 1_000_000,
        Stamps::Milliseconds => 1_000,
        Stamps::Text | Stamps::Microseconds => 1,
    }
}

/// A number of units since 1970. One that is out of range names the unit in which it would not be.
fn number(text: &str, unit: Stamps) -> Result<Instant, &'static str> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("sent_at is not a whole number, as `stamps` of the source declares it");
    }
    let count: i128 = text.parse().unwrap_or(i128::MAX);
    let in_range = |unit: Stamps| {
        let micros = i64::try_from(count.saturating_mul(micros_each(unit))).unwrap_or(i64::MAX);
        let at = Instant::from_micros(micros);
        if at < Instant::EARLIEST_STAMP || at >= Instant::STAMPS_END { Err(at) } else { Ok(at) }
    };
    let before = match in_range(unit) {
        Ok(at) => return Ok(at),
        Err(at) => at < Instant::EARLIEST_STAMP,
    };
    let units = [Stamps::Seconds, Stamps::Milliseconds, Stamps::Microseconds];
    Err(match (before, units.into_iter().find(|unit| in_range(*unit).is_ok())) {
        (true, Some(Stamps::Seconds)) => "sent_at lies before 2009: is the log in seconds?",
        (true, Some(Stamps::Milliseconds)) => "sent_at lies before 2009: is the log in milliseconds?",
        (false, Some(Stamps::Milliseconds)) => "sent_at lies after 2099: is the log in milliseconds?",
        (false, Some(Stamps::Microseconds)) => "sent_at lies after 2099: is the log in microseconds?",
        (true, _) => "sent_at lies before 2009",
        (false, _) => "sent_at lies after 2099",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text is read as in each direction: the stamps with their folds, or the reason.
    fn read(options: &Options, text: &str) -> String {
        let one = |direction| match Clock::of(options).stamp(None, text, direction) {
            Ok(Stamp { at, fold: Elapsed::ZERO }) => at.to_string(),
            Ok(Stamp { at, fold }) => format!("{at} fold {fold}"),
            Err(reason) => reason.to_owned(),
        };
        let (inbound, outbound) = (one(Direction::Inbound), one(Direction::Outbound));
        if inbound == outbound { inbound } else { format!("in {inbound}, out {outbound}") }
    }

    #[test]
    fn the_unit_of_a_number_is_declared_and_never_guessed() {
        let not_a_number = "sent_at is not a whole number, as `stamps` of the source declares it";
        for (stamps, text, expected) in [
            (Stamps::Text, "1533081600", "sent_at is a bare number: declare its unit as `stamps` of the source"),
            (Stamps::Text, "0", "sent_at is a bare number: declare its unit as `stamps` of the source"),
            (Stamps::Text, "2018-08-01T00:00:00Z", "2018-08-01T00:00:00.000Z"),
            (Stamps::Text, "2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999Z"),
            (Stamps::Text, "2100-01-01T00:00:00Z", "sent_at lies after 2099"),
            (Stamps::Text, "9999-12-31T23:59:59Z", "sent_at lies after 2099"),
            (Stamps::Text, "2009-01-01T00:00:00Z", "2009-01-01T00:00:00.000Z"),
            (Stamps::Text, "2008-12-31T23:59:59.999999Z", "sent_at lies before 2009"),
            (Stamps::Text, "1970-01-01T00:00:00Z", "sent_at lies before 2009"),
            (Stamps::Seconds, "1533081600", "2018-08-01T00:00:00.000Z"),
            (Stamps::Seconds, "1230768000", "2009-01-01T00:00:00.000Z"),
            (Stamps::Seconds, "1230767999", "sent_at lies before 2009"),
            (Stamps::Seconds, "4102444799", "2099-12-31T23:59:59.000Z"),
            (Stamps::Seconds, "4102444800", "sent_at lies after 2099"),
            (Stamps::Seconds, "1533081600000", "sent_at lies after 2099: is the log in milliseconds?"),
            (Stamps::Seconds, "1533081600000000", "sent_at lies after 2099: is the log in microseconds?"),
            (Stamps::Seconds, "0", "sent_at lies before 2009"),
            (Stamps::Seconds, "2018-08-01T00:00:00Z", not_a_number),
            (Stamps::Seconds, "1533081600.5", not_a_number),
            (Stamps::Seconds, "-1533081600", not_a_number),
            (Stamps::Seconds, "+1533081600", not_a_number),
            (Stamps::Seconds, " 1533081600", not_a_number),
            (Stamps::Seconds, "", "sent_at is empty"),
            (Stamps::Milliseconds, "1533081600123", "2018-08-01T00:00:00.123Z"),
            (Stamps::Milliseconds, "1533081600", "sent_at lies before 2009: is the log in seconds?"),
            (Stamps::Milliseconds, "1533081600000000", "sent_at lies after 2099: is the log in microseconds?"),
            (Stamps::Milliseconds, "2018-08-01T00:00:00+02:00", not_a_number),
            (Stamps::Microseconds, "1533081600123456", "2018-08-01T00:00:00.123456Z"),
            (Stamps::Microseconds, "1533081600123", "sent_at lies before 2009: is the log in milliseconds?"),
            (Stamps::Microseconds, "1533081600", "sent_at lies before 2009: is the log in seconds?"),
            (Stamps::Microseconds, "1533081600123456789", "sent_at lies after 2099"),
            (Stamps::Microseconds, &"9".repeat(60), "sent_at lies after 2099"),
        ] {
            let options = Options { stamps, ..Options::default() };
            assert_eq!(read(&options, text), expected, "{stamps:?} {text}");
        }
    }

    #[test]
    fn a_local_time_needs_a_zone_and_is_read_kindly() {
        let none = "sent_at is a local time without an offset: declare the `zone` of the source";
        let skipped = "sent_at does not exist: the clocks of the zone were put forward over it";
        for (zone, text, expected) in [
            (None, "2018-08-01T00:00:00", none),
            (None, "2018-08-01 00:00:00.5", none),
            (None, "2018-10-28T02:30:00+01:00", "2018-10-28T01:30:00.000Z"),
            (Some("Europe/Rome"), "2018-08-01 00:00:00.5", "2018-07-31T22:00:00.500Z"),
            (Some("Europe/Rome"), "2018-08-01T00:00:00Z", "2018-08-01T00:00:00.000Z"),
            (Some("Europe/Rome"), "2018-03-25T02:30:00", skipped),
            (
                Some("Europe/Rome"),
                "2018-10-28T02:30:00",
                "in 2018-10-28T01:30:00.000Z fold 1h, out 2018-10-28T00:30:00.000Z fold 1h",
            ),
            (
                Some("America/New_York"),
                "2018-11-04T01:30:00",
                "in 2018-11-04T06:30:00.000Z fold 1h, out 2018-11-04T05:30:00.000Z fold 1h",
            ),
            (
                Some("Australia/Lord_Howe"),
                "2018-04-01T01:45:00",
                "in 2018-03-31T15:15:00.000Z fold 30m, out 2018-03-31T14:45:00.000Z fold 30m",
            ),
            (
                Some("Africa/Casablanca"),
                "2018-05-13T02:30:00",
                "in 2018-05-13T02:30:00.000Z fold 1h, out 2018-05-13T01:30:00.000Z fold 1h",
            ),
            (Some("Pacific/Apia"), "2011-12-30T12:00:00", skipped),
            (Some("Europe/Rome"), "2018-02-29T12:00:00", "sent_at is not an instant in RFC 3339 with an offset"),
            (Some("Europe/Rome"), "2016-12-31T23:59:60", "2016-12-31T22:59:59.000Z"),
            (Some("Europe/Rome"), "2008-12-31T23:59:59", "sent_at lies before 2009"),
        ] {
            let options = Options { zone: zone.map(|zone| zone.parse().unwrap()), ..Options::default() };
            assert_eq!(read(&options, text), expected, "{zone:?} {text}");
        }
    }

    #[test]
    fn a_source_has_a_start_and_an_end() {
        let (from, to) = ("2018-08-01T00:00:00Z".parse().unwrap(), "2018-09-01T00:00:00Z".parse().unwrap());
        let latest = "2018-08-15T00:00:00Z".parse().unwrap();
        let clock = Clock::of(&Options { from: Some(from), to: Some(to), ..Options::default() });
        let until = Clock::of(&Options { latest, ..Options::default() });
        let declared = Clock::of(&Options { latest, latest_is: Latest::Declared, ..Options::default() });
        let undeclared = Clock::of(&Options { latest, latest_is: Latest::YearAhead, ..Options::default() });
        for (clock, text, reason) in [
            (clock, "2018-07-31T23:59:59.999999Z", Some("sent_at lies before the start of its source")),
            (clock, "2018-08-01T00:00:00Z", None),
            (clock, "2018-08-31T23:59:59.999999Z", None),
            (clock, "2018-09-01T00:00:00Z", Some("sent_at lies at or after the end of its source")),
            (until, "2018-08-15T00:00:00Z", None),
            (until, "2018-08-15T00:00:00.000001Z", Some("sent_at lies after the instant of judgement")),
            (
                declared,
                "2018-08-16T00:00:00Z",
                Some("sent_at lies more than a day after the time that its file declares"),
            ),
            (undeclared, "2018-08-16T00:00:00Z", Some("sent_at lies more than a year after the instant of the run")),
        ] {
            assert_eq!(clock.admit(text.parse().unwrap()).err(), reason, "{text}");
        }
    }
}
