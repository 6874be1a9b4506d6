//! The page of one business in a month: what the page of the month tells of it, in its own language.

use super::facts::{BusinessMonth, Link, MonthFacts};
use super::month::month_page;
use super::page::MonthPage;
use super::paged::up;

/// The page, which lies in the folder of the month. `own` is the address of the page of the business over all months,
/// empty where there is none.
pub fn business_page(facts: &MonthFacts, business: &BusinessMonth, nav: Vec<Link>, own: &str) -> MonthPage {
    let from = facts.coverage.partition_point(|channel| channel.business < *business.id);
    let channels = facts.coverage.iter().skip(from).take_while(|channel| channel.business == *business.id);
    let alone = MonthFacts {
        month: facts.month,
        issuer: facts.issuer,
        tongue: business.tongue,
        nav,
        businesses: vec![BusinessMonth { page: own.to_owned(), ..business.clone() }],
        tariffs: vec![business.tariff.clone()],
        chain_head: facts.chain_head,
        rejected_rows: 0,
        quarantined_files: Vec::new(),
        currency: facts.currency,
        alarms: Vec::new(),
        coverage: channels.cloned().collect(),
    };
    let mut page = month_page(&alone);
    page.title = format!("{}, {}", business.legal_name, page.month);
    // Documents are addressed from the page of the month, which lies a folder above.
    page.businesses.iter_mut().flat_map(|row| &mut row.documents).for_each(up);
    page.documents.rows.iter_mut().for_each(|row| up(&mut row.link));
    page.after.iter_mut().flat_map(|row| &mut row.links).for_each(up);
    page.open.iter_mut().filter_map(|row| row.preview.as_mut()).for_each(up);
    page
}
