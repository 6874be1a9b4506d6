//! Commands that prove: what the ledger holds, and what a closed month comes to again.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{BUNDLE_SUFFIX, Configured, ConfiguredEngine, Format};
use crate::domain::{BusinessId, Date, Elapsed, Instant, Month, Zone};

#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    pub configured: Configured,
    /// Prove that the ledger still holds what this SHA-256 pins: the chain head that an invoice prints, or the head of
    /// the ledger in an earlier output; at least its first 12 digits
    #[arg(long, value_name = "SHA256")]
    pub head: Option<Digest>,
}

#[derive(Args, Debug)]
pub struct Audit {
    /// Closed month, such as 2018-08, a range of them, such as 2018-08..2018-10, or a bundle of `export-month`
    #[arg(value_name = "MONTH|RANGE|BUNDLE", required_unless_present = "all", conflicts_with = "all")]
    pub what: Option<Replayable>,
    /// Every closed month
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub configured: Configured,
    /// Only this business
    #[arg(long, value_name = "ID")]
    pub business: Option<BusinessId>,
    /// So many business months at once [default: the number of processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Also say what late logs changed: the month as its logs were known at this instant, or at the end of this day
    #[arg(long, value_name = "WHEN")]
    pub as_known: Option<When>,
    /// Also say what a tariff correction changed: the month under the tariff that was known at this instant, or at the
    /// end of this day
    #[arg(long, value_name = "WHEN")]
    pub tariff_as_of: Option<When>,
    /// The bundle must be signed by this key (Ed25519, public, in PEM)
    #[arg(long, value_name = "KEY.pub.pem")]
    pub signed_by: Option<PathBuf>,
    /// Form of the result on standard output
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// Judge row by row, also where the archive could be judged as columns: slower, with the same result
    #[arg(long)]
    pub by_rows: bool,
    #[command(flatten)]
    pub engine: ConfiguredEngine,
    /// Say on standard error how long each stage took, and how much memory
    #[arg(long)]
    pub timings: bool,
}

/// What can be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayable {
    Months(Months),
    /// A file that `export-month` wrote.
    Bundle(PathBuf),
}

impl FromStr for Replayable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.ends_with(BUNDLE_SUFFIX) { Ok(Self::Bundle(text.into())) } else { text.parse().map(Self::Months) }
    }
}

/// A month, or a range of months with both of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Months {
    One(Month),
    Range(Month, Month),
}

impl Months {
    /// Whether a month is among them, or lies before the last of them.
    pub fn ends_at_or_after(self, month: Month) -> bool {
        match self {
            Self::One(last) | Self::Range(_, last) => month <= last,
        }
    }

    pub fn contains(self, month: Month) -> bool {
        match self {
            Self::One(one) => month == one,
            Self::Range(first, last) => first <= month && month <= last,
        }
    }
}

impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(month) => write!(f, "{month}"),
            Self::Range(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl FromStr for Months {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((first, last)) = text.split_once("..") else { return text.parse().map(Self::One) };
        let (first, last): (Month, Month) = (first.parse()?, last.parse()?);
        if last < first {
            return Err(format!("{last} lies before {first}: the earlier month comes first"));
        }
        Ok(Self::Range(first, last))
    }
}

/// A moment up to which something was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Its end.
    Day(Date),
    Instant(Instant),
}

impl When {
    /// What was known before this instant was known then. What became known at an instant was known at it.
    pub fn before(self, zone: Zone) -> Instant {
        match self {
            Self::Day(day) => day.plus_days(1).start(zone),
            Self::Instant(instant) => instant.plus(Elapsed::from_micros(1)),
        }
    }
}

impl When {
    /// The same in words.
    pub fn said(self, zone: Zone) -> String {
        match self {
            Self::Day(_) => format!("before {}", self.before(zone)),
            Self::Instant(instant) => format!("at {instant}"),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is neither a day like 2018-10-05 nor an instant like 2018-10-05T22:00:00Z");
        text.parse().map(Self::Day).or_else(|_| text.parse().map(Self::Instant)).map_err(wrong)
    }
}

/// A SHA-256, or how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(String);

/// Fewer digits could fit by chance.
const DIGITS_MIN: usize = 12;

impl Digest {
    pub fn begins(&self, sha256: &str) -> bool {
        sha256.starts_with(&self.0)
    }

    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        if (DIGITS_MIN..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(digits));
        }
        Err(format!("a SHA-256 has 64 hexadecimal digits, of which the first {DIGITS_MIN} will do"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_one_or_a_range_with_both_ends() {
        let months = |text: &str| text.parse::<Months>();
        assert_eq!(months("2018-08").unwrap().to_string(), "2018-08");
        let range = months("2018-08..2018-10").unwrap();
        let inside = ["2018-07", "2018-08", "2018-10", "2018-11"].map(|month| range.contains(month.parse().unwrap()));
        assert_eq!((range.to_string().as_str(), inside), ("2018-08..2018-10", [false, true, true, false]));
        for wrong in ["2018-8", "2018-08..", "..2018-08", "2018-10..2018-08", "2018-08-01", "2018-08..2018-09..2018-10"]
        {
            assert!(months(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_known_to_its_end() {
        let before = |text: &str| text.parse::<When>().unwrap().before("Europe/Dublin".parse().unwrap()).to_string();
        assert_eq!(before("2018-10-05"), "2018-10-05T23:00:00.000Z");
        assert_eq!(before("2018-10-05T12:00:00+02:00"), "2018-10-05T10:00:00.000001Z", "what became known then, too");
        assert_eq!("2018-10-05T10:00:00Z".parse::<When>().unwrap().said(Zone::UTC), "at 2018-10-05T10:00:00.000Z");
        assert!("5 October".parse::<When>().is_err());
    }

    #[test]
    fn a_digest_may_be_cut_but_not_short() {
        let sha256 = "ab".repeat(32);
        for text in [sha256.as_str(), "ABABABABABAB", "sha256:abababababab"] {
            assert!(text.parse::<Digest>().unwrap().begins(&sha256), "{text}");
        }
        let too_long = "ab".repeat(33);
        for wrong in ["", "ababababab", "abababababax", too_long.as_str()] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
