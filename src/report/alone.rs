//! The page of one business in a month: what the page of the month tells of it, in its own language, and without what is for
//! who works with the program: findings, commands, sources, mails, reasons in free words.

use super::facts::{BusinessMonth, Link, MonthFacts, State};
use super::month::month_page;
use super::page::{AfterRow, MonthPage};
use super::paged::up;

/// The page, which lies in the folder of the month. `own` is the address of the page of the business over all months,
/// empty where there is none.
pub fn business_page(facts: &MonthFacts, business: &BusinessMonth, nav: Vec<Link>, own: &str) -> MonthPage {
    let from = facts.coverage.partition_point(|channel| channel.business < *business.id);
    let channels = facts.coverage.iter().skip(from).take_while(|channel| channel.business == *business.id);
    let alone = MonthFacts {
        month: facts.month,
        issuer: business.issuer,
        tongue: business.tongue,
        nav,
        businesses: vec![BusinessMonth { page: own.to_owned(), state: plain(&business.state), ..business.clone() }],
        tariffs: vec![business.tariff.clone()],
        chain_head: facts.chain_head,
        rejected: Vec::new(),
        quarantined_files: Vec::new(),
        currency: business.currency,
        alarms: Vec::new(),
        coverage: channels.cloned().collect(),
    };
    let mut page = month_page(&alone);
    page.for_business = true;
    page.title = format!("{}, {}", business.legal_name, page.month);
    page.after = after(business);
    page.open.iter_mut().for_each(|row| row.reasons = reason(business).into_iter().collect());
    page.coverage.rows.iter_mut().for_each(|row| row.sources.clear());
    page.held.iter_mut().for_each(|row| row.next = "");
    // Documents are addressed from the page of the month, which lies a folder above.
    page.businesses.iter_mut().flat_map(|row| &mut row.documents).for_each(up);
    page.documents.rows.iter_mut().for_each(|row| up(&mut row.link));
    page.after.iter_mut().flat_map(|row| &mut row.links).for_each(up);
    page
}

/// The state without what is found, advised and said in free words.
fn plain(state: &State) -> State {
    let mut state = state.clone();
    match &mut state {
        State::Open(open) => {
            open.reasons.clear();
            (open.next, open.preview) = (None, None);
        }
        State::Closed(closed) => {
            for document in &mut closed.documents {
                document.reason = None;
                document.mails.clear();
            }
        }
    }
    state
}

/// How far an open month has come, in a sentence for the business.
fn reason(business: &BusinessMonth) -> Option<String> {
    let State::Open(open) = &business.state else { return None };
    let words = match open.word {
        "open" => "The month is not over yet.",
        "waiting" => "The logs of the month are not complete yet. What they do not prove is not charged.",
        "parked" => "The month is looked at once more before it is invoiced.",
        _ => "The month is complete, and is about to be invoiced.",
    };
    Some(business.tongue.say(words).to_owned())
}

/// What came to the closed month, as the business is told.
fn after(business: &BusinessMonth) -> Vec<AfterRow> {
    let State::Closed(closed) = &business.state else { return Vec::new() };
    let told = closed.after.iter().filter_map(|after| Some((after.told.as_ref()?, &after.links)));
    let row = |(told, links): (&super::Told, &Vec<Link>)| AfterRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        what: told.what.clone(),
        text: told.text.clone(),
        links: links.clone(),
    };
    told.map(row).collect()
}
