//! Words that several lines of a summary share.

use std::fmt::Display;

use super::{Mails, Trouble, facts};
use crate::commands::outbox::Sent;
use crate::domain::{Invoice, Money, Month};

/// Objects that are not fetched which the text shows one by one.
const UNFIT_SHOWN: usize = 5;

/// Links and devices that the text names.
const LINKS_SHOWN: usize = 3;

pub(super) fn to_approve(month: Month, net: Money) -> String {
    format!("{net} without tax; `ritardo approve {month}` lets it be issued")
}

/// What a document comes to, as it is billed.
pub fn told(invoice: &Invoice) -> String {
    both(billed_total(invoice), &invoice.total)
}

/// What a document comes to in the currency that it is billed in, where that is not the tariff's.
pub fn billed_total(invoice: &Invoice) -> Option<Money> {
    invoice.exchange.as_ref().map(|exchange| exchange.total)
}

/// An amount in the currency of the tariff, behind what is billed for it where that is another one.
pub fn both(billed: Option<Money>, of_tariff: &dyn Display) -> String {
    billed.map_or_else(|| of_tariff.to_string(), |billed| format!("{billed} ({of_tariff})"))
}

/// How many links and devices there are, and the names of some.
pub fn links(names: &[String]) -> (String, String) {
    let links = match names.len() {
        1 => "1 link or device".to_owned(),
        count => counted(count as u64, "link").replace("links", "links or devices"),
    };
    let named: Vec<&str> = names.iter().take(LINKS_SHOWN).map(String::as_str).collect();
    let more = match names.len().saturating_sub(LINKS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (links, format!("{}{more}", named.join(", ")))
}

/// `1 file`, `1,234 files`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

/// `1,234`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    (digits.char_indices())
        .flat_map(|(index, digit)| {
            let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
            comma.then_some(',').into_iter().chain(std::iter::once(digit))
        })
        .collect()
}

/// Objects of the store that no file can be made of.
pub fn unfit(names: &[String], line: &mut dyn FnMut(&str, String)) {
    for name in names.iter().take(UNFIT_SHOWN) {
        let told = format!("the object {name} is not fetched: its name cannot be that of a file, or is a folder's");
        line("warning", told);
    }
    if let Some(more) = names.len().checked_sub(UNFIT_SHOWN).filter(|more| *more > 0) {
        let objects = counted(more as u64, "more object");
        line("warning", format!("and {objects} whose names cannot be those of files"));
    }
}

/// What became of the mails, and what waits.
pub(super) fn mails(mails: &Mails, line: &mut dyn FnMut(&str, String)) {
    let Mails { sent, deferred, refused, unknown, failed, left, left_because, waiting, next, troubles } = mails;
    if sent + deferred + refused + unknown + failed > 0 {
        let others = [
            (deferred, "deferred"),
            (refused, "refused"),
            (unknown, "of unknown fate, possibly arrived"),
            (failed, "failed for good"),
        ];
        let others = others.into_iter().filter(|(count, _)| **count > 0);
        let others: String = others.map(|(count, what)| format!(", {count} {what}")).collect();
        line("mail", format!("{sent} sent{others}"));
    }
    for Trouble { to, number, outcome, reason, .. } in troubles {
        line(outcome, format!("{number} to {to}: {reason}"));
    }
    if *left > 0 {
        let why = left_because.as_deref().unwrap_or("a later run sends them");
        line("mail", format!("{} left: {why}", counted(*left, "mail")));
    }
    match (waiting, next) {
        (1, Some(next)) => line("mail", format!("1 mail waits until {next}")),
        (2.., Some(next)) => line("mail", format!("{} wait, the first until {next}", counted(*waiting, "mail"))),
        _ => {}
    }
}

/// The same as lines, for a command that does nothing else.
pub fn mail_lines(sent: &Sent) -> Vec<String> {
    let mut lines = Vec::new();
    mails(&facts::mails(sent), &mut |label: &str, rest: String| lines.push(format!("{label:<9} {rest}")));
    lines
}
