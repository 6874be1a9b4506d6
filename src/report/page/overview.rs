//! Pages beside those of the months: further rows, several months, the last run.

use serde::Serialize;

use super::{BusinessRow, DocumentsPart, LegendEntry, Link, TariffUsed};

/// Rows that did not fit on the page of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowsPage {
    pub title: String,
    pub lang: &'static str,
    /// Never: these pages are of several businesses.
    pub for_business: bool,
    pub issuer: String,
    pub nav: Vec<Link>,
    pub currency: String,
    /// `Rows 201 to 400 of 5,000 …`
    pub part: String,
    pub businesses: Vec<BusinessRow>,
    pub documents: DocumentsPart,
}

/// A page over several months.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverviewPage {
    pub title: String,
    pub lang: &'static str,
    pub issuer: String,
    pub nav: Vec<Link>,
    pub summary: String,
    pub legend: Vec<LegendEntry>,
    /// An SVG element, to be printed as it is.
    pub trend_chart: String,
    /// The same of net amounts; empty where no month has one.
    pub net_chart: String,
    /// The last first.
    pub months: Vec<MonthLine>,
    /// None on the page of one business.
    pub businesses: Vec<SubjectRow>,
    /// `Rows 1 to 200 of 5,000 …`, where the table is parted.
    pub part: String,
    pub more_businesses: Vec<Link>,
    /// Empty where it is not told.
    pub chain_head: String,
}

/// A month of the page over several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthLine {
    /// `2018-08`
    pub month: String,
    /// `August 2018`
    pub name: String,
    pub href: String,
    pub businesses: String,
    /// Businesses whose month is not closed.
    pub open_months: String,
    pub waits: String,
    pub on_time: String,
    pub late: String,
    pub unanswered: String,
    pub open: String,
    /// Answered within the window.
    pub share: String,
    pub charged: String,
    /// `97 after corrections`, or empty.
    pub charged_now: String,
    pub net: String,
    /// The net amount in the currency of the tariff, for a program that compares.
    pub plain: String,
    pub documents: String,
}

/// A business on the page over several months.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectRow {
    pub id: String,
    pub name: String,
    pub href: String,
    pub months: String,
    pub waits: String,
    pub share: String,
    pub charged: String,
    /// `97 after corrections`, or empty.
    pub charged_now: String,
    pub net: String,
}

/// What the last run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunPage {
    pub title: String,
    pub lang: &'static str,
    pub issuer: String,
    pub nav: Vec<Link>,
    pub summary: String,
    pub rows: Vec<RunRow>,
    pub tariff: TariffUsed,
    pub chain_head: String,
}

/// A fact of the run, in the words of its summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunRow {
    pub what: String,
    pub text: String,
}
