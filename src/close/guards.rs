//! What keeps a month that could be closed from being closed until a person has looked at it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::domain::charge::RatedWait;
use crate::domain::settings::GuardLimits;
use crate::domain::{Date, Money, Zone};

/// Closed months of a business without which there is no median to compare with.
const MONTHS_MIN: usize = 3;
/// The latest of them that count.
const MONTHS_MAX: usize = 12;

/// Who found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// Every charge has a rate.
    Rates,
    /// The totals by another road.
    Sums,
    /// Verdicts and prices of a sample, by plain loops.
    SecondOpinion,
    /// No message is billed twice, ever.
    BilledBefore,
    /// No instant lies in two months of a business.
    Overlap,
    /// What the documents show is what the invoice says.
    Documents,
    /// Each day has a treatment of VAT, and who accounts for the tax has a VAT id.
    Vat,
    /// What is billed in another currency has a rate.
    Exchange,
    /// The book says of payments in advance what the invoices say that took them.
    Prepaid,
    /// Many times what the business usually pays.
    Jump,
    /// More charges on a day than the business can have.
    ChargesPerDay,
    /// More than any month may come to.
    Largest,
}

impl Guard {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Sums => "sums",
            Self::SecondOpinion => "second-opinion",
            Self::BilledBefore => "billed-before",
            Self::Overlap => "overlap",
            Self::Documents => "documents",
            Self::Vat => "vat",
            Self::Exchange => "exchange",
            Self::Prepaid => "prepaid",
            Self::Jump => "jump",
            Self::ChargesPerDay => "charges-per-day",
            Self::Largest => "largest",
        }
    }

    /// Whether a person may let the month be closed all the same: what is improbable may be true, what contradicts
    /// itself may not.
    pub const fn may_be_released(self) -> bool {
        matches!(self, Self::Jump | Self::ChargesPerDay | Self::Largest)
    }

    /// What a page says in place of findings that may name a message, another business, or a place of the state: these
    /// are for who works with the program.
    const fn in_place(self) -> Option<&'static str> {
        match self {
            Self::BilledBefore => {
                Some("whether each of its messages is billed once is in doubt; `ritardo parked` says which, and why")
            }
            Self::SecondOpinion => {
                Some("plain loops judge some of its messages otherwise; `ritardo parked` names them")
            }
            Self::Sums => Some("its totals by another road are others; `ritardo parked` says which"),
            Self::Documents => Some("a document does not show what the invoice says; `ritardo parked` says which"),
            Self::Rates
            | Self::Overlap
            | Self::Vat
            | Self::Exchange
            | Self::Prepaid
            | Self::Jump
            | Self::ChargesPerDay
            | Self::Largest => None,
        }
    }
}

/// What a guard found, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    pub guard: Guard,
    pub text: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.guard.name(), self.text)
    }
}

/// Findings as a page may tell them: without messages, other businesses and folders. Each sentence once.
pub fn on_page(found: &[Found]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for found in found {
        let text = match found.guard.in_place() {
            Some(text) => format!("{}: {text}", found.guard.name()),
            None => found.to_string(),
        };
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

/// What is improbable about a month that `net` would be billed for, by its waits, each with how many of its like there
/// are. `before` are the net amounts of the business's closed months, in their order.
pub fn improbable<'w>(
    net: Money,
    rated: impl Iterator<Item = (&'w RatedWait, u64)>,
    zone: Zone,
    before: &[Money],
    limits: &GuardLimits,
) -> Vec<Found> {
    let found = |guard, text: Option<String>| text.map(|text| Found { guard, text });
    let all = [
        found(Guard::Jump, jump(net, before, limits)),
        found(Guard::ChargesPerDay, charges_per_day(rated, zone, limits)),
        found(Guard::Largest, largest(net, limits)),
    ];
    all.into_iter().flatten().collect()
}

fn jump(net: Money, before: &[Money], limits: &GuardLimits) -> Option<String> {
    let mut latest: Vec<i64> = before.iter().rev().take(MONTHS_MAX).map(|net| net.minor()).collect();
    if limits.jump == 0 || latest.len() < MONTHS_MIN || net.exact() < limits.jump_from {
        return None;
    }
    latest.sort_unstable();
    // Of an even number the lower of the two in the middle: the stricter reading.
    let median = latest[(latest.len() - 1) / 2];
    let is_jump = i128::from(net.minor()) > i128::from(median) * i128::from(limits.jump);
    is_jump.then(|| {
        let (median, months) = (Money::new(median, net.currency()), latest.len());
        format!("{net} is more than {} times {median}, the median of the last {months} closed months", limits.jump)
    })
}

fn charges_per_day<'w>(
    rated: impl Iterator<Item = (&'w RatedWait, u64)>,
    zone: Zone,
    limits: &GuardLimits,
) -> Option<String> {
    let mut days: BTreeMap<Date, u64> = BTreeMap::new();
    for (rated, times) in rated.filter(|(rated, _)| rated.charge.is_some()) {
        let charges = days.entry(zone.date_of(rated.wait.received_at)).or_default();
        *charges = charges.saturating_add(times);
    }
    let (day, charges) = days.into_iter().max_by_key(|(day, charges)| (*charges, std::cmp::Reverse(*day)))?;
    let limit = u64::from(limits.charges_per_day);
    (limit > 0 && charges > limit).then(|| format!("{charges} charges of {day}, more than {limit}"))
}

fn largest(net: Money, limits: &GuardLimits) -> Option<String> {
    let limit = limits.largest.filter(|limit| net.exact() > *limit)?;
    Some(format!("{net} is more than {limit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    fn usd(minor: i64) -> Money {
        Money::new(minor, "USD".parse().unwrap())
    }

    #[track_caller]
    fn check(net: i64, before: &[i64], finds: bool) {
        let before: Vec<Money> = before.iter().map(|minor| usd(*minor)).collect();
        assert_eq!(jump(usd(net), &before, &GuardLimits::default()).is_some(), finds, "{net} after {before:?}");
    }

    #[test]
    fn a_jump_is_many_times_the_median() {
        check(100_000, &[10_000, 9_000, 11_000], false);
        check(100_001, &[10_000, 9_000, 11_000], true);
        check(100_001, &[9_000, 10_000, 10_000, 11_000], true);
        // Two months are no habit, and small amounts never jump.
        check(100_001, &[10, 10], false);
        check(9_999, &[1, 1, 1], false);
        check(10_000, &[0, 0, 0], true);
        // Only the last year counts.
        let mut before = vec![1; 9];
        before.extend([20_000; 12]);
        check(100_000, &before, false);
        let never = GuardLimits { jump: 0, ..GuardLimits::default() };
        assert_eq!(jump(usd(i64::MAX), &[usd(1); 5], &never), None);
        assert!(jump(usd(i64::MAX), &[usd(i64::MAX); 5], &GuardLimits::default()).is_none());
    }

    #[test]
    fn a_page_names_no_message_and_no_other_business() {
        let found = |guard, text: &str| Found { guard, text: text.to_owned() };
        let secret = "message wamid-1 is billed with 2018-08 of other-shop already: /var/state";
        for guard in [Guard::BilledBefore, Guard::SecondOpinion, Guard::Sums, Guard::Documents] {
            let said = on_page(&[found(guard, secret), found(guard, "wamid-2")]);
            assert_eq!(said.len(), 1, "{said:?}");
            let is_silent = ["wamid", "other-shop", "/var"].iter().all(|secret| !said[0].contains(secret));
            assert!(is_silent && said[0].starts_with(guard.name()) && said[0].contains("ritardo parked"), "{said:?}");
        }
        assert_eq!(on_page(&[found(Guard::Jump, "USD 9.00 is more")]), ["jump: USD 9.00 is more"]);
    }

    #[test]
    fn an_amount_is_the_largest_by_setting_only() {
        let limits = |largest: Option<u32>| GuardLimits { largest: largest.map(Decimal::whole), ..Default::default() };
        assert_eq!(largest(usd(i64::MAX), &limits(None)), None);
        assert_eq!(largest(usd(500), &limits(Some(5))), None);
        assert_eq!(largest(usd(501), &limits(Some(5))).unwrap(), "USD 5.01 is more than 5.00");
    }
}
