//! Pages over several months: of all businesses, and of one. They are told by the ledger, but for months that are open.

use std::collections::BTreeMap;

use super::bars;
use super::facts::Link;
use super::number::Amounts;
use super::page::{MonthLine, OverviewPage, SubjectRow};
use super::paged::{self, ROWS};
use super::tally::Tally;
use super::trend;
use crate::domain::invoice::Counts;
use crate::domain::{BusinessId, Currency, Money, Month, Tongue};

/// What is known of one business in one month.
#[derive(Clone, Debug)]
pub struct Stand {
    pub month: Month,
    pub business: BusinessId,
    pub is_closed: bool,
    pub counts: Counts,
    /// Waits with a charge; of a closed month, at its closing, as the page of the month has them.
    pub charged: u64,
    /// The same after the last correction; `None` without any.
    pub charged_now: Option<u64>,
    /// What stands of a closed month, without tax.
    pub net: Option<Money>,
    pub invoices: u64,
    pub notes: u64,
}

/// What a page over several months is made of.
#[derive(Clone, Debug)]
pub struct OverviewFacts<'o> {
    pub tongue: Tongue,
    /// Of the page.
    pub title: String,
    pub issuer: &'o str,
    pub nav: Vec<Link>,
    /// The currency of the tariff.
    pub currency: Currency,
    pub stands: Vec<&'o Stand>,
    /// Addresses of the pages of the months, where there are any.
    pub months: BTreeMap<Month, String>,
    /// Names of the businesses, with the addresses of their pages; empty on the page of one.
    pub businesses: BTreeMap<&'o BusinessId, Link>,
    /// Of the last document; empty on the page of a business.
    pub chain_head: &'o str,
}

/// Some months or businesses together.
#[derive(Clone, Debug, Default)]
struct Sum {
    tally: Tally,
    /// Charged waits after corrections, and whether there was one.
    charged_now: u64,
    is_corrected: bool,
    /// Months of businesses.
    months: u64,
    open: u64,
    nets: BTreeMap<Currency, Option<Money>>,
    invoices: u64,
    notes: u64,
}

impl Sum {
    fn add(&mut self, stand: &Stand) {
        let of = Tally { counts: stand.counts, charged: stand.charged, ..Tally::default() };
        self.tally.plus(&of);
        self.charged_now += stand.charged_now.unwrap_or(stand.charged);
        self.is_corrected |= stand.charged_now.is_some();
        self.months += 1;
        self.open += u64::from(!stand.is_closed);
        self.invoices += stand.invoices;
        self.notes += stand.notes;
        if let Some(net) = stand.net {
            let sum = self.nets.entry(net.currency()).or_insert(Some(Money::zero(net.currency())));
            *sum = sum.and_then(|sum| sum.checked_add(net));
        }
    }

    /// `USD 12.00 and EUR 3.00`, without the code where it is that of the page alone.
    fn net(&self, amounts: Amounts) -> String {
        let nets: Vec<String> = self.nets.values().map(|net| amounts.money(*net)).collect();
        if nets.is_empty() { super::number::NONE.to_owned() } else { nets.join(&amounts.and()) }
    }

    /// The same in the currency of the page, for a program that compares.
    fn plain(&self, amounts: Amounts) -> String {
        self.nets.get(&amounts.currency).copied().flatten().map(Money::digits).unwrap_or_default()
    }

    fn share(&self, amounts: Amounts) -> String {
        amounts.share(self.tally.counts.on_time, self.tally.decided())
    }

    /// `97 after corrections`, or nothing.
    fn charged_now(&self, amounts: Amounts) -> String {
        let now = amounts.count(self.charged_now);
        let said = || amounts.tongue.fill("{count} after corrections", &[("count", &now)]);
        if self.is_corrected { said() } else { String::new() }
    }

    fn documents(&self, amounts: Amounts) -> String {
        let said = amounts.counted(self.invoices, "invoice", "invoices");
        let notes = amounts.counted(self.notes, "credit note", "credit notes");
        if self.notes == 0 { said } else { format!("{said}, {notes}") }
    }
}

/// The page, with the rows of the businesses that are on further ones.
pub fn overview(facts: &OverviewFacts) -> (OverviewPage, Vec<Vec<SubjectRow>>) {
    let amounts = Amounts::fitting(facts.currency, std::iter::empty()).spoken(facts.tongue);
    let mut months: BTreeMap<Month, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    for stand in &facts.stands {
        months.entry(stand.month).or_default().add(stand);
        all.add(stand);
    }
    let (businesses, more) = subjects(amounts, facts);
    let shown = trend::months(
        months.first_key_value().map(|(month, _)| *month),
        months.last_key_value().map(|(month, _)| *month),
    );
    let tally = |month: &Month| months.get(month).map(|sum| sum.tally).unwrap_or_default();
    let waits: Vec<_> = shown.iter().map(|month| bars::of_month(amounts, *month, tally(month))).collect();
    let net = |month: &Month| months.get(month).and_then(|sum| sum.nets.get(&facts.currency).copied().flatten());
    let nets: Vec<_> = shown.iter().map(|month| (*month, net(month))).collect();
    let page = OverviewPage {
        title: facts.title.clone(),
        lang: facts.tongue.code(),
        issuer: facts.issuer.to_owned(),
        nav: facts.nav.clone(),
        summary: summary(amounts, months.len() as u64, &all),
        legend: bars::legend(amounts),
        trend_chart: bars::trend_chart(amounts, &waits),
        net_chart: trend::net_chart(amounts, &nets),
        months: months.iter().rev().map(|(month, sum)| line(amounts, facts, *month, sum)).collect(),
        businesses,
        part: if more.is_empty() { String::new() } else { paged::part(amounts, 1, facts.businesses.len()) },
        more_businesses: Vec::new(),
        chain_head: facts.chain_head.to_owned(),
    };
    (page, more)
}

fn summary(amounts: Amounts, months: u64, all: &Sum) -> String {
    let months = amounts.counted(months, "month", "months");
    let (waits, share) = (amounts.counted(all.tally.counts.waits, "wait", "waits"), all.share(amounts));
    let net = all.nets.values().map(|net| amounts.coded(*net)).collect::<Vec<_>>().join(&amounts.and());
    let values =
        [("months", months.as_str()), ("waits", waits.as_str()), ("share", share.as_str()), ("net", net.as_str())];
    let words = if all.nets.is_empty() {
        "{months}, {waits}; {share} of those that are decided ended within the window."
    } else {
        "{months}, {waits}; {share} of those that are decided ended within the window; {net} stands without tax."
    };
    amounts.tongue.fill(words, &values)
}

fn line(amounts: Amounts, facts: &OverviewFacts, month: Month, sum: &Sum) -> MonthLine {
    let counts = &sum.tally.counts;
    MonthLine {
        month: month.to_string(),
        name: amounts.month(month),
        href: facts.months.get(&month).cloned().unwrap_or_default(),
        businesses: amounts.count(sum.months),
        open_months: amounts.count(sum.open),
        waits: amounts.count(counts.waits),
        on_time: amounts.count(counts.on_time),
        late: amounts.count(counts.late),
        unanswered: amounts.count(counts.unanswered),
        open: amounts.count(sum.tally.open()),
        share: sum.share(amounts),
        charged: amounts.count(sum.tally.charged),
        charged_now: sum.charged_now(amounts),
        net: sum.net(amounts),
        plain: sum.plain(amounts),
        documents: sum.documents(amounts),
    }
}

/// The businesses, those of the first page and then those of the others.
fn subjects(amounts: Amounts, facts: &OverviewFacts) -> (Vec<SubjectRow>, Vec<Vec<SubjectRow>>) {
    let mut sums: BTreeMap<&BusinessId, Sum> = BTreeMap::new();
    for stand in facts.stands.iter().filter(|stand| facts.businesses.contains_key(&stand.business)) {
        sums.entry(&stand.business).or_default().add(stand);
    }
    let row = |(id, sum): (&&BusinessId, &Sum)| {
        let link = facts.businesses.get(*id);
        SubjectRow {
            id: id.to_string(),
            name: link.map(|link| link.text.clone()).unwrap_or_default(),
            href: link.map(|link| link.href.clone()).unwrap_or_default(),
            months: amounts.count(sum.months),
            waits: amounts.count(sum.tally.counts.waits),
            share: sum.share(amounts),
            charged: amounts.count(sum.tally.charged),
            charged_now: sum.charged_now(amounts),
            net: sum.net(amounts),
        }
    };
    let rows: Vec<SubjectRow> = sums.iter().map(row).collect();
    let mut parts = rows.chunks(ROWS).map(<[SubjectRow]>::to_vec);
    let first = parts.next().unwrap_or_default();
    (first, parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(month: &str, business: &str, net: Option<i64>) -> Stand {
        let counts = Counts { waits: 10, on_time: 7, late: 2, unanswered: 1, ..Counts::default() };
        Stand {
            month: month.parse().unwrap(),
            business: business.parse().unwrap(),
            is_closed: net.is_some(),
            counts,
            charged: 3,
            charged_now: (business == "b").then_some(1),
            net: net.map(|minor| Money::new(minor, "USD".parse().unwrap())),
            invoices: u64::from(net.is_some()),
            notes: 0,
        }
    }

    #[test]
    fn months_and_businesses_come_to_the_same() {
        let stands = [stand("2018-08", "a", Some(150)), stand("2018-08", "b", Some(50)), stand("2018-09", "a", None)];
        let names = stands.iter().map(|stand| (&stand.business, Link { text: "A".into(), href: "x.html".into() }));
        let facts = OverviewFacts {
            tongue: Tongue::English,
            title: "All months".into(),
            issuer: "I",
            nav: Vec::new(),
            currency: "USD".parse().unwrap(),
            stands: stands.iter().collect(),
            months: BTreeMap::new(),
            businesses: names.collect(),
            chain_head: "",
        };
        let (page, more) = overview(&facts);
        assert!(more.is_empty());
        let lines: Vec<_> =
            page.months.iter().map(|line| [&*line.month, &line.waits, &line.net, &line.open_months]).collect();
        assert_eq!(lines, [["2018-09", "10", "–", "1"], ["2018-08", "20", "2.00", "0"]]);
        assert_eq!(page.months[1].plain, "2.00");
        // The closing's, as on the page of the month; what became of it stands beside it.
        assert_eq!([&*page.months[1].charged, &page.months[1].charged_now], ["6", "4 after corrections"]);
        assert_eq!([&*page.businesses[0].charged_now, &page.businesses[1].charged_now], ["", "1 after corrections"]);
        let rows: Vec<_> = page.businesses.iter().map(|row| [&*row.id, &row.waits, &row.net, &row.months]).collect();
        assert_eq!(rows, [["a", "20", "1.50", "2"], ["b", "10", "0.50", "1"]]);
        assert_eq!(
            page.summary.replace('\u{a0}', " "),
            "2 months, 30 waits; 70.0 % of those that are decided ended within the window; USD 2.00 stands without tax."
        );
        assert!(page.trend_chart.contains("August 2018: 20 waits"), "{}", page.trend_chart);
        assert!(page.net_chart.contains("August 2018: 2.00") && page.net_chart.contains("September 2018: –"));
    }

    #[test]
    fn without_months_there_is_a_page() {
        let facts = OverviewFacts {
            tongue: Tongue::Italian,
            title: String::new(),
            issuer: "",
            nav: Vec::new(),
            currency: "EUR".parse().unwrap(),
            stands: Vec::new(),
            months: BTreeMap::new(),
            businesses: BTreeMap::new(),
            chain_head: "",
        };
        let (page, _) = overview(&facts);
        assert!(page.trend_chart.is_empty() && page.net_chart.is_empty() && page.months.is_empty());
    }
}
