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
    let all = page.businesses.len();
    let businesses = page.businesses.split_off(all.min(ROWS));
    let count = businesses.len().div_ceil(ROWS) + 1;
    for (number, rows) in (2_usize..).zip(businesses.chunks(ROWS)) {
        // No id of a business has such a sign: its page has another name.
        let name = part_name("businesses", number);
        page.more_businesses.push(link(month, &name, rows.first().map(|row| row.id.as_str()), number));
        let mut rows: Vec<BusinessRow> = rows.to_vec();
        rows.iter_mut().for_each(seen_from_folder);
        let nav = with_neighbours(nav, "businesses", number, count, amounts);
        let part = part(amounts, number, all);
        further.push((name, RowsPage { part, ..rows_page(&page, nav, number, rows, Vec::new(), amounts) }));
    }
    page.part_of_businesses = if count > 1 { part(amounts, 1, all) } else { String::new() };
    let all = page.documents.rows.len();
    let documents = page.documents.rows.split_off(all.min(ROWS));
    let count = documents.len().div_ceil(ROWS) + 1;
    for (number, rows) in (2_usize..).zip(documents.chunks(ROWS)) {
        let name = part_name("documents", number);
        page.more_documents.push(link(month, &name, rows.first().map(|row| row.link.text.as_str()), number));
        let mut rows: Vec<DocumentRow> = rows.to_vec();
        rows.iter_mut().for_each(|row| up(&mut row.link));
        let nav = with_neighbours(nav, "documents", number, count, amounts);
        let part = part(amounts, number, all);
        further.push((name, RowsPage { part, ..rows_page(&page, nav, number, Vec::new(), rows, amounts) }));
    }
    page.part_of_documents = if count > 1 { part(amounts, 1, all) } else { String::new() };
    page.more_alarms = cut(amounts, &mut page.alarms, "{count} more; the summary of the run tells them all.");
    page.more_after = cut(amounts, &mut page.after, "{count} more; the summary of the run tells them all.");
    page.more_open = cut(amounts, &mut page.open, "{count} more; `ritardo status` lists them all.");
    let adjustments = &mut page.pricing.adjustments;
    page.more_adjustments = cut(amounts, adjustments, "{count} more; each stands on its invoice.");
    page.more_rejected = cut(amounts, &mut page.rejected, "{count} more; `ritardo rejects` lists them all.");
    let files = &mut page.quarantined_files;
    page.more_files = cut(amounts, files, "{count} more; `ritardo quarantine list` lists them all.");
    (page, further)
}

fn part_name(table: &str, number: usize) -> String {
    format!("{table}_{number}.html")
}

/// Which rows of a parted table stand on a part of it, and what that means for sorting and downloading.
pub fn part(amounts: Amounts, number: usize, all: usize) -> String {
    let (from, to) = ((number - 1) * ROWS + 1, (number * ROWS).min(all));
    let [from, to, all] = [from, to, all].map(|count| amounts.count(count as u64));
    amounts.tongue.fill(
        "Rows {from} to {to} of {all}, in the order of ids: sorting, filter and download are of these rows.",
        &[("from", &from), ("to", &to), ("all", &all)],
    )
}

/// With the parts before and after this one; the first is the page of the month, which is there already.
fn with_neighbours(nav: &[Link], table: &str, number: usize, count: usize, amounts: Amounts) -> Vec<Link> {
    let link = |text: &'static str, number: usize| Link {
        text: format!("{} ({number})", amounts.say(text)),
        href: part_name(table, number),
    };
    let before = (number > 2).then(|| link("Part before", number - 1));
    let after = (number < count).then(|| link("Next part", number + 1));
    nav.iter().cloned().chain(before).chain(after).collect()
}

/// Leaves the first rows, and says how many others there are.
fn cut<T>(amounts: Amounts, rows: &mut Vec<T>, words: &'static str) -> String {
    let rest = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    if rest == 0 { String::new() } else { amounts.tongue.fill(words, &[("count", &amounts.count(rest as u64))]) }
}

/// `2: forno-felice …`: in the order of ids, by which the tables are parted.
fn link(month: &str, name: &str, first: Option<&str>, number: usize) -> Link {
    Link { text: format!("{number}: {} …", first.unwrap_or_default()), href: format!("{month}/{name}") }
}

fn rows_page(
    page: &MonthPage,
    nav: Vec<Link>,
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
        nav,
        currency: page.currency.clone(),
        part: String::new(),
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
