//! What is known of a month when its page is made.

use super::coverage::ChannelCoverage;
use crate::domain::charge::RatedWait;
use crate::domain::invoice::Adjustment;
use crate::domain::{BusinessId, Currency, InvoiceNumber, Money, Month, Zone};

/// Everything that the page of a month tells.
#[derive(Clone, Debug)]
pub struct MonthFacts<'a> {
    pub month: Month,
    /// Legal name of the issuer.
    pub issuer: &'a str,
    /// Sorted by id.
    pub businesses: Vec<BusinessMonth<'a>>,
    pub tariff_id: &'a str,
    pub tariff_version: &'a str,
    pub tariff_sha256: &'a str,
    /// What differs from the default reading; empty for the default.
    pub reading: &'a str,
    /// Head of the chain of issued documents after the month's last.
    pub chain_head: &'a str,
    pub rejected_rows: u64,
    /// Name and reason of each file that was set aside, in the order of the list.
    pub quarantined_files: Vec<(String, String)>,
    /// The tariff's currency: that of the charges. An invoice may have another.
    pub currency: Currency,
    /// What should be looked into, in sentences that name no customer and no message.
    pub alarms: Vec<String>,
    /// In the order of business and channel.
    pub coverage: Vec<ChannelCoverage>,
}

/// What is known of one business in the month.
#[derive(Clone, Debug)]
pub struct BusinessMonth<'a> {
    pub id: &'a BusinessId,
    pub legal_name: &'a str,
    /// Cuts the days.
    pub zone: Zone,
    pub state: State,
    pub waits: &'a [RatedWait],
}

/// How far the month of a business has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Closed, with an invoice.
    Issued {
        number: InvoiceNumber,
        net: Money,
        tax: Money,
        total: Money,
        /// Of a minimum or a cap.
        adjustments: Vec<Adjustment>,
        /// `2 of 2 mails sent`
        sent: String,
    },
    /// Closed; there was nothing to bill.
    ClosedWithoutCharges,
    /// Evidence is missing. The reasons are printed as they are and must name no customer and no message.
    Waiting { reasons: Vec<String> },
    /// Set aside until somebody acts. The reason is printed as it is.
    Parked { reason: String },
}

impl State {
    /// Whether nothing of the month can change any more.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Issued { .. } | Self::ClosedWithoutCharges)
    }
}
