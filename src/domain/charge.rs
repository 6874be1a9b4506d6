//! Charges: late or unanswered waits with their rate.

use std::fmt;
use std::sync::Arc;

use super::text::MARKET_DIGITS;
use super::{Decimal, Wait};

/// A market: a calling code (with network prefix where the tariff has one), or `other`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Market(Arc<str>);

impl Market {
    pub fn other() -> Self {
        Self("other".into())
    }

    /// `None` when the text is not `other` and has anything but digits, begins with a zero, as no calling code
    /// does, or is longer than the part of a number that is kept.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let is_code = (1..=MARKET_DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let is_code = is_code && !digits.starts_with('0');
        (text == "other" || is_code).then(|| Self(digits.into()))
    }

    pub fn is_other(&self) -> bool {
        &*self.0 == "other"
    }

    /// The digits of the calling code; `None` for `other`.
    pub fn calling_code(&self) -> Option<&str> {
        (!self.is_other()).then_some(&*self.0)
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Market {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("`{text}` is not a market: digits of a calling code, or other"))
    }
}

crate::written_as_text!(Market);

/// The row of the tariff that gave a price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateRow {
    /// Line of the row in the tariff file (or in the table of rates that it names), counted from 1.
    pub line: u32,
    /// The tier: how many charges of the market lie below it, where the row has tiers.
    pub tier: Option<u64>,
    /// The lateness step: length of the wait after which it began, where the row has steps.
    pub step: Option<super::Elapsed>,
    /// Zero for a free unit.
    pub price: Decimal,
}

/// Place of a charge among those of its billing month, counted from 1 in the order of pricing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The tariff counts nothing.
    Uncounted,
    /// This free unit of the business.
    Free(u64),
    /// This charge of the business in the market, free units left out.
    InMarket(u64),
}

/// A wait with what it costs. `charge` is `None` where nothing is charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedWait {
    pub wait: Wait,
    pub market: Market,
    pub charge: Option<Charge>,
}

/// Waits that agree in all that a page tells of them: one of them, and how many they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub rated: RatedWait,
    pub times: u64,
}

/// What one wait costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub rate: RateRow,
    pub place: Place,
    pub amount: Decimal,
}

impl Charge {
    pub const fn is_free(&self) -> bool {
        matches!(self.place, Place::Free(_))
    }
}
