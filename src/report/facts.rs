//! What is known of a month when its page is made.

use super::coverage::ChannelCoverage;
pub use super::stage::{After, Closed, Document, Link, Open, State, Told};
use crate::domain::charge::{RatedWait, Weighed};
use crate::domain::{BusinessId, Currency, Month, Tongue, Zone};

/// Everything that the page of a month tells.
#[derive(Clone, Debug)]
pub struct MonthFacts<'a> {
    pub month: Month,
    /// Legal names of all issuers.
    pub issuer: &'a str,
    /// What the page is written in.
    pub tongue: Tongue,
    /// Addresses beside the page.
    pub nav: Vec<Link>,
    /// Sorted by id.
    pub businesses: Vec<BusinessMonth<'a>>,
    /// Of closed months those that they were closed by.
    pub tariffs: Vec<TariffUsed>,
    /// Head of the chain of issued documents after the last entry that closed, billed or corrected the month; of a
    /// month of which nothing is closed, the head of now.
    pub chain_head: &'a str,
    /// Of the files that the month was judged by and that reach into it, by file and reason.
    pub rejected: Vec<RejectedRows>,
    /// Name and reason of each file that was set aside, in the order of the list.
    pub quarantined_files: Vec<(String, String)>,
    /// The currency in which the charges of the page are added; those of businesses with another one stand in their rows
    /// alone.
    pub currency: Currency,
    /// What should be looked into, in sentences that name no customer and no message.
    pub alarms: Vec<String>,
    /// In the order of business and channel.
    pub coverage: Vec<ChannelCoverage>,
}

/// Rows of a file that could not be read, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRows {
    pub file: String,
    /// It quotes nothing of a row.
    pub reason: String,
    pub rows: u64,
}

/// A tariff by which a business of the page was judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct TariffUsed {
    /// `late-reply@2018-08`
    pub name: String,
    pub sha256: String,
    /// What differs from the default reading; empty for the default.
    pub reading: String,
}

/// What is known of one business in the month.
#[derive(Clone, Debug)]
pub struct BusinessMonth<'a> {
    pub id: &'a BusinessId,
    pub legal_name: &'a str,
    /// Legal name of who bills it.
    pub issuer: &'a str,
    /// Address of its own page, seen from that of the month; empty where it has none.
    pub page: String,
    /// What its own page is written in.
    pub tongue: Tongue,
    /// Cuts the days.
    pub zone: Zone,
    /// That it was judged by.
    pub tariff: TariffUsed,
    /// That tariff's: that of the charges. An invoice may have another.
    pub currency: Currency,
    pub state: State,
    /// Told one by one.
    pub waits: &'a [RatedWait],
    /// Decided waits beside them, of which only their numbers are known.
    pub settled: &'a [Weighed],
}

impl<'a> BusinessMonth<'a> {
    /// All waits, each with how many of its like there are.
    pub fn weighed(&self) -> impl Iterator<Item = (&'a RatedWait, u64)> + use<'a> {
        let settled = self.settled.iter().map(|weighed| (&weighed.rated, weighed.times));
        self.waits.iter().map(|rated| (rated, 1)).chain(settled)
    }
}
