//! How the statement of a partner is read, which is to be reconciled with what is billed: which of its columns says what,
//! and in which words. In CSV a column is named as the header names it, in JSON as the path to it: `pricing.country`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use chrono::format::{Item, StrftimeItems};
use chrono::{NaiveDate, NaiveTime};

use super::mapping::{Condition, Field, Words};
use super::settings::Stamps;
use super::{Date, Decimal, Instant, Zone};

/// How a column writes days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayForm {
    /// `2018-08-31`.
    Date,
    /// Instants, as a canonical log may write them: the day is that of the zone.
    Instants(Stamps),
    /// A form such as `%d/%m/%Y`, in the letters of `strftime`.
    Pattern(String),
}

/// What a text says in a [`DayForm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    Day(Date),
    At(Instant),
}

impl Stated {
    /// Its day; that of an instant in `zone`.
    pub fn day(self, zone: Zone) -> Date {
        match self {
            Self::Day(day) => day,
            Self::At(instant) => zone.date_of(instant),
        }
    }
}

/// A day of a month, by which a pattern shows that it tells days.
const SAMPLE: (i32, u32, u32) = (2018, 10, 21);

impl DayForm {
    /// What a text says; `None` where it has another form.
    pub fn read(&self, text: &str) -> Option<Stated> {
        match self {
            Self::Date => text.parse().ok().map(Stated::Day),
            Self::Instants(stamps) => {
                let micros = match stamps {
                    Stamps::Text => return text.parse().ok().map(Stated::At),
                    Stamps::Seconds => text.parse::<i64>().ok()?.checked_mul(1_000_000)?,
                    Stamps::Milliseconds => text.parse::<i64>().ok()?.checked_mul(1000)?,
                    Stamps::Microseconds => text.parse::<i64>().ok()?,
                };
                let at = Instant::from_micros(micros);
                (Instant::EARLIEST_STAMP..Instant::STAMPS_END).contains(&at).then_some(Stated::At(at))
            }
            Self::Pattern(pattern) => NaiveDate::parse_from_str(text, pattern).ok().map(Date).map(Stated::Day),
        }
    }

    /// Whether the day hangs on a zone.
    pub const fn needs_zone(&self) -> bool {
        matches!(self, Self::Instants(_))
    }
}

impl FromStr for DayForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "date" {
            return Ok(Self::Date);
        }
        if let Some(stamps) = Stamps::ALL.into_iter().find(|stamps| stamps.name() == text) {
            return Ok(Self::Instants(stamps));
        }
        let wrong = |why: &str| Err(format!("`{text}` is not a form of days: {why}"));
        if !text.contains('%') {
            return wrong("date, text, seconds, milliseconds, microseconds, or one with %");
        }
        if StrftimeItems::new(text).any(|item| matches!(item, Item::Error)) {
            return wrong("a % in it means nothing");
        }
        let (year, month, day) = SAMPLE;
        let sample = NaiveDate::from_ymd_opt(year, month, day);
        let mut written = String::new();
        let is_written =
            sample.is_some_and(|sample| write!(written, "{}", sample.and_time(NaiveTime::MIN).format(text)).is_ok());
        if is_written && NaiveDate::parse_from_str(&written, text).ok() == sample {
            return Ok(Self::Pattern(text.to_owned()));
        }
        wrong("it must tell day, month and year, and no zone")
    }
}

impl fmt::Display for DayForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date => f.pad("date"),
            Self::Instants(stamps) => f.pad(stamps.name()),
            Self::Pattern(pattern) => f.pad(pattern),
        }
    }
}

/// By how much a row of two statements may differ without being told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// Charges.
    pub count: u64,
    /// In the currency of the tariff; not negative.
    pub amount: Decimal,
    /// The same of all rows together that differ by no more than that: many small differences are a large one.
    pub in_all_count: u64,
    pub in_all: Decimal,
}

/// How the statement of a partner is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementMapping {
    /// Unique, `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Path of the list whose elements are the rows, in JSON; without it every object is one.
    pub rows: Option<String>,
    /// Between the fields of CSV.
    pub separator: u8,
    /// Whether amounts have a comma before their decimals, and dots between their thousands.
    pub decimal_comma: bool,
    /// The first of these columns that is not empty has the day.
    pub day: Vec<String>,
    pub day_form: DayForm,
    /// In which the partner cuts its days; without it, those of the businesses' own zones.
    ///
    /// Invariant: a value is the name of a zone.
    pub zone: Option<Field>,
    /// Without it nothing is compared by market.
    pub market: Option<Field>,
    pub markets: Vec<Words>,
    /// The entry point, in the partner's words; without it nothing is compared by it.
    pub category: Option<Field>,
    pub categories: Vec<Words>,
    /// Charges. It or `amount` is there.
    pub count: Option<Vec<String>>,
    pub amount: Option<Vec<String>>,
    /// Without it amounts are in the currency of the tariff.
    pub currency: Option<Field>,
    /// All of them hold for a row; others are passed over.
    pub only: Vec<Condition>,
    pub tolerance: Tolerance,
}

impl StatementMapping {
    /// Every column that it names, sorted.
    pub fn columns(&self) -> Vec<&str> {
        let fields = [&self.zone, &self.market, &self.category, &self.currency];
        let named = fields.into_iter().flatten().flat_map(Field::columns);
        let lists = [Some(&self.day), self.count.as_ref(), self.amount.as_ref()];
        let listed = lists.into_iter().flatten().flatten();
        let conditions = self.only.iter().map(|condition| &condition.column);
        let mut columns: Vec<&str> = named.chain(listed).chain(conditions).map(String::as_str).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(form: &str, text: &str) -> Option<String> {
        let zone: Zone = "America/Los_Angeles".parse().unwrap();
        form.parse::<DayForm>().unwrap().read(text).map(|stated| stated.day(zone).to_string())
    }

    #[test]
    fn days_are_read_as_they_are_declared() {
        for (form, text, expected) in [
            ("date", "2018-08-31", Some("2018-08-31")),
            ("date", "31/08/2018", None),
            ("%d/%m/%Y", "31/08/2018", Some("2018-08-31")),
            ("%m/%d/%Y", "31/08/2018", None),
            ("%Y%m%d", "20180831", Some("2018-08-31")),
            ("text", "2018-08-31T03:00:00Z", Some("2018-08-30")),
            ("seconds", "1535698800", Some("2018-08-31")),
            ("milliseconds", "1535698800", None),
            ("seconds", "9223372036854775807", None),
        ] {
            assert_eq!(day(form, text).as_deref(), expected, "{form} {text}");
        }
    }

    #[test]
    fn a_form_that_tells_no_day_is_refused() {
        for form in ["days", "%", "%d/%m", "%H:%M", "%Q", "%Y-%m-%d %z"] {
            assert!(form.parse::<DayForm>().is_err(), "{form}");
        }
    }
}
