//! Long tables, parted over several pages, so that each opens quickly.

use super::facts::Link;
use super::number::Amounts;
use super::page::{BusinessRow, DocumentRow, DocumentSums, DocumentsPart, MonthPage, RowsPage};
use crate::domain::Tongue;

/// So many rows of a table stand on one page.
pub const ROWS: usize = 200;

/// A page of further rows, with the name of its file.
pub type Further = (String, RowsPage);

/// Leaves the first rows on the page of the month, and gives the pages of the others. `month` is the folder of the month,
/// seen from its page; `nav` are the addresses that the others have, seen from that folder.
pub fn paged(mut page: MonthPage, month: &str, nav: &[Link], amounts: Amounts) -> (MonthPage, Vec<Further>) {
    let mut further = Vec::new();
    let businesses = page.businesses.split_off(page.businesses.len().min(ROWS));
    for (number, rows) in (2_usize..).zip(businesses.chunks(ROWS)) {
        // No id of a business has such a sign: its page has another name.
        let name = format!("businesses_{number}.html");
        page.more_businesses.push(link(month, &name, rows.first().map(|row| row.name.as_str()), number));
        let mut rows: Vec<BusinessRow> = rows.to_vec();
        rows.iter_mut().for_each(seen_from_folder);
        further.push((name, rows_page(&page, nav, number, rows, Vec::new(), amounts)));
    }
    let documents = page.documents.rows.split_off(page.documents.rows.len().min(ROWS));
    for (number, rows) in (2_usize..).zip(documents.chunks(ROWS)) {
        let name = format!("documents_{number}.html");
        page.more_documents.push(link(month, &name, rows.first().map(|row| row.link.text.as_str()), number));
        let mut rows: Vec<DocumentRow> = rows.to_vec();
        rows.iter_mut().for_each(|row| up(&mut row.link));
        further.push((name, rows_page(&page, nav, number, Vec::new(), rows, amounts)));
    }
    page.more_open = cut(amounts, &mut page.open, "{count} more; `ritardo status` lists them all.");
    let adjustments = &mut page.pricing.adjustments;
    page.more_adjustments = cut(amounts, adjustments, "{count} more; each stands on its invoice.");
    let files = &mut page.quarantined_files;
    page.more_files = cut(amounts, files, "{count} more; `ritardo quarantine list` lists them all.");
    (page, further)
}

/// Leaves the first rows, and says how many others there are.
fn cut<T>(amounts: Amounts, rows: &mut Vec<T>, words: &'static str) -> String {
    let rest = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    if rest == 0 { String::new() } else { amounts.tongue.fill(words, &[("count", &amounts.count(rest as u64))]) }
}

/// `2: Forno Felice`
fn link(month: &str, name: &str, first: Option<&str>, number: usize) -> Link {
    Link { text: format!("{number}: {} …", first.unwrap_or_default()), href: format!("{month}/{name}") }
}

fn rows_page(
    page: &MonthPage,
    nav: &[Link],
    number: usize,
    businesses: Vec<BusinessRow>,
    documents: Vec<DocumentRow>,
    amounts: Amounts,
) -> RowsPage {
    let none = || DocumentSums {
        documents: String::new(),
        part: String::new(),
        net: String::new(),
        tax: String::new(),
        total: String::new(),
    };
    RowsPage {
        title: format!("{} · {} {number}", page.title, amounts.say("part")),
        lang: page.lang,
        for_business: false,
        issuer: page.issuer.clone(),
        nav: nav.to_vec(),
        currency: page.currency.clone(),
        businesses,
        documents: DocumentsPart { rows: documents, total: none(), others: Vec::new() },
    }
}

/// Addresses on the page of a month, as a page in the folder of that month has them.
fn seen_from_folder(row: &mut BusinessRow) {
    row.documents.iter_mut().for_each(up);
    if let Some((_, name)) = row.href.split_once('/') {
        row.href = name.to_owned();
    }
}

/// An address seen from one folder further down.
pub fn up(link: &mut Link) {
    if !link.href.is_empty() {
        link.href.insert_str(0, "../");
    }
}

/// The addresses beside every page of a site; `up` leads from the page to the first folder of the site. With the page of
/// the last run, where there is one.
pub fn nav(tongue: Tongue, up: &str, has_run: bool, more: Vec<Link>) -> Vec<Link> {
    let link = |text: &str, name: &str| Link { text: tongue.say(text).to_owned(), href: format!("{up}{name}") };
    let run = has_run.then(|| link("The last run", "run.html"));
    std::iter::once(link("All months", "index.html")).chain(run).chain(more).collect()
}
