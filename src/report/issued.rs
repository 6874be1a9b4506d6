//! The documents of the month as rows, and what came to closed months after their closing.

use super::facts::{BusinessMonth, Document, Link, MonthFacts, State};
use super::number::{Amounts, NONE};
use super::page::{AfterRow, DocumentRow, DocumentsPart};
use super::sums::{CurrencyTotal, Totals};
use crate::domain::correction::{Earlier, EarlierCause};
use crate::domain::{Money, Month};

/// Every document that bills or corrects the month, business by business.
pub fn part(amounts: Amounts, facts: &MonthFacts, totals: &Totals) -> DocumentsPart {
    let of = |business: &BusinessMonth| {
        let documents = business.state.documents().iter();
        documents.map(|document| row(amounts, facts.month, business, document)).collect::<Vec<_>>()
    };
    DocumentsPart {
        rows: facts.businesses.iter().flat_map(of).collect(),
        total: totals.own.asked_cells(amounts),
        others: totals.others().map(|sums| sums.asked_cells(amounts)).collect(),
    }
}

pub fn link(document: &Document) -> Link {
    Link { text: document.number.to_string(), href: document.href.clone() }
}

fn row(amounts: Amounts, month: Month, business: &BusinessMonth, document: &Document) -> DocumentRow {
    let signed = |amount: Money| if document.kind.is_invoice() { amount } else { amount.negated() };
    let cell = |amount: Money| amounts.money(Some(signed(amount)));
    let is_own = document.month == month;
    let whole = |amount: Money| if is_own { cell(amount) } else { NONE.to_owned() };
    DocumentRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        link: link(document),
        date: document.date.to_string(),
        what: what(amounts, document),
        lines: lines(amounts, month, document),
        part: cell(document.part),
        net: whole(document.net),
        tax: whole(document.tax),
        total: whole(document.total),
        sent: mails(amounts, &document.mails),
    }
}

/// `1 of 2 mails sent, 1 bounced: …`
fn mails(amounts: Amounts, mails: &[(&'static str, u64)]) -> String {
    let count = |wanted: &str| mails.iter().filter(|(state, _)| *state == wanted).map(|(_, count)| count).sum::<u64>();
    let all: u64 = mails.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return amounts.say("no mail").to_owned();
    }
    let words = if all == 1 { "{some} of {all} mail sent" } else { "{some} of {all} mails sent" };
    let (some, all) = (amounts.count(count("sent")), amounts.count(all));
    let mut said = amounts.tongue.fill(words, &[("some", &some), ("all", &all)]);
    for (state, count) in mails.iter().filter(|(state, _)| *state != "sent") {
        said = format!("{said}, {} {}", amounts.count(*count), amounts.say(state));
    }
    // These wait for a person, or may have arrived.
    let is_odd = ["refused", "unknown", "failed", "bounced"].iter().any(|state| count(state) > 0);
    if is_odd { format!("{said}: {}", amounts.say("`ritardo mail list` says why")) } else { said }
}

/// `credit note for LR-2018-000001`
fn what(amounts: Amounts, document: &Document) -> String {
    let name = amounts.tongue.say(document.kind.name());
    match &document.corrects {
        None => name.to_owned(),
        Some(number) if document.kind.is_invoice() => format!("{name} {} {number}", amounts.say("in place of")),
        Some(number) => format!("{name} {} {number}", amounts.say("for")),
    }
}

/// Why it was issued, and whichever other months it is of.
fn lines(amounts: Amounts, month: Month, document: &Document) -> Vec<String> {
    let reason = document.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let cause = document.cause.map(|cause| format!("{}{reason}", amounts.tongue.say(cause.name())));
    let elsewhere =
        (document.month != month).then(|| format!("{} {}", amounts.say("with"), amounts.month(document.month)));
    let own = (document.month == month).then_some(&document.earlier).into_iter().flatten();
    cause.into_iter().chain(elsewhere).chain(own.map(|part| earlier(amounts, part))).collect()
}

/// `USD 0.15 of August 2018, carried over`
fn earlier(amounts: Amounts, earlier: &Earlier) -> String {
    let cause = match earlier.cause {
        EarlierCause::CarriedOver => "carried over",
        EarlierCause::LateLogs => "late logs",
    };
    let (amount, month) = (amounts.coded(Some(earlier.amount)), amounts.month(earlier.month));
    let values = [("amount", amount.as_str()), ("month", month.as_str()), ("cause", amounts.say(cause))];
    amounts.tongue.fill("{amount} of {month}, {cause}", &values)
}

/// What came to the closed month of a business afterwards.
pub fn after(business: &BusinessMonth) -> Vec<AfterRow> {
    let State::Closed(closed) = &business.state else { return Vec::new() };
    let row = |after: &super::After| AfterRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        what: after.what.clone(),
        text: after.text.clone(),
        links: after.links.clone(),
    };
    closed.after.iter().map(row).collect()
}

/// `1 invoice; USD 0.20 of earlier months; USD 0.10 more with later months`
pub fn note(amounts: Amounts, sums: &CurrencyTotal) -> String {
    let part = |amount: Option<Money>, text: &'static str| {
        let amount = amount.filter(|amount| !amount.is_zero())?;
        Some(format!("; {}", amounts.tongue.fill(text, &[("amount", &amounts.coded(Some(amount)))])))
    };
    let earlier = part(sums.earlier, "{amount} of it of earlier months").unwrap_or_default();
    let later = part(sums.elsewhere, "{amount} more with other months").unwrap_or_default();
    format!("{}{earlier}{later}", amounts.counted(sums.invoices, "invoice", "invoices"))
}
