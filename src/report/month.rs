//! The page of a month: who is invoiced, what is late, what is missing.

use std::collections::BTreeSet;

use super::coverage::Days;
use super::facts::{BusinessMonth, MonthFacts};
use super::number::{Amounts, count, counted, money, month_name, share};
use super::page::{CoveragePart, Figure, MonthPage};
use super::sums::{Asked, CurrencyTotal, Totals};
use super::tally::Tally;
use super::{bars, issued, lanes, pricing, rows};
use crate::domain::Decimal;

/// The page of the month. The same facts give the same page.
pub fn month_page(facts: &MonthFacts) -> MonthPage {
    let all = Tally::of(facts.businesses.iter().flat_map(BusinessMonth::weighed));
    let totals = Totals::of(facts);
    let amounts = Amounts::fitting(facts.currency, charges(facts));
    let (days, lengths) = (bars::days(facts), bars::lengths(facts));
    let month = month_name(facts.month);
    MonthPage {
        title: format!("Late replies, {month}"),
        summary: summary(facts, &all, &totals),
        figures: figures(amounts, facts, &all, &totals),
        businesses: facts.businesses.iter().map(|business| rows::business(amounts, business)).collect(),
        total: rows::total(amounts, facts, &all, &totals),
        other_totals: totals.others().map(|sums| sums.cells(amounts)).collect(),
        documents: issued::part(amounts, facts, &totals),
        after: facts.businesses.iter().flat_map(issued::after).collect(),
        verdicts: rows::verdicts(amounts, facts, &all),
        entry_points: rows::entry_points(amounts, facts),
        entry_points_total: rows::entry_point(amounts, "Total", &all),
        pricing: pricing::part(amounts, facts),
        legend: bars::legend(),
        days_chart: bars::days_chart(&month, &days),
        days: rows::stacks(&days),
        lengths_chart: bars::lengths_chart(&month, &lengths),
        lengths: rows::stacks(&lengths),
        stack_total: rows::stack("Total", all.parts()),
        open: facts.businesses.iter().filter_map(|business| rows::open(amounts, business)).collect(),
        alarms: facts.alarms.clone(),
        coverage: coverage(facts),
        rejected_rows: count(facts.rejected_rows),
        quarantined_files: facts.quarantined_files.iter().map(rows::file).collect(),
        tariffs: facts.tariffs.clone(),
        chain_head: facts.chain_head.to_owned(),
        zones: zones(facts),
        issuer: facts.issuer.to_owned(),
        currency: facts.currency.to_string(),
        month,
    }
}

fn coverage(facts: &MonthFacts) -> CoveragePart {
    let days = Days::of(facts.month, &facts.coverage);
    CoveragePart {
        pictures: lanes::pictures(&facts.coverage, &days),
        style: lanes::STYLE,
        legend: lanes::legend(),
        rows: facts.coverage.iter().map(rows::channel).collect(),
    }
}

/// `3 of 5 businesses are invoiced for USD 1,234.56 in all; 97.3 % of 10,512 decided waits …; 2 businesses …`
fn summary(facts: &MonthFacts, all: &Tally, totals: &Totals) -> String {
    let businesses = counted(facts.businesses.len() as u64, "business", "businesses");
    let has_invoice = |business: &&BusinessMonth| {
        let documents = business.state.documents().iter();
        documents.filter(|document| document.kind.is_invoice()).any(|document| document.month == facts.month)
    };
    let back = totals.given_back();
    let back = if back.is_empty() { back } else { format!(", of which {back} is given back") };
    let payable = totals.payable();
    let invoiced = match facts.businesses.iter().filter(has_invoice).count() as u64 {
        _ if facts.businesses.is_empty() => "No business is billed in this month".to_owned(),
        0 => format!("None of {businesses} is invoiced"),
        1 => format!("1 of {businesses} is invoiced for {payable} in all{back}"),
        more => format!("{} of {businesses} are invoiced for {payable} in all{back}", count(more)),
    };
    let answered = match (all.counts.waits, all.decided()) {
        (0, _) => "no customer waited for an answer".to_owned(),
        (waits, 0) => format!("{} not decided yet", are(waits, "wait", "waits")),
        (_, decided) => {
            let decided = counted(decided, "decided wait", "decided waits");
            format!("{} of {decided} ended within the window", share(all.counts.on_time, all.decided()))
        }
    };
    let open = facts.businesses.iter().filter(|business| !business.state.is_closed()).count() as u64;
    let open = if open == 0 { String::new() } else { format!("; {} still open", are(open, "business", "businesses")) };
    format!("{invoiced}; {answered}{open}.")
}

fn are(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", counted(number, one, many), if number == 1 { "is" } else { "are" })
}

fn figures(amounts: Amounts, facts: &MonthFacts, all: &Tally, totals: &Totals) -> Vec<Figure> {
    let businesses = counted(facts.businesses.len() as u64, "business", "businesses");
    let answered = format!("{} of {} decided", count(all.counts.on_time), count(all.decided()));
    let missed = format!("{} late, {} unanswered", count(all.counts.late), count(all.counts.unanswered));
    let missed = if all.free == 0 { missed } else { format!("{missed}; {} free", count(all.free)) };
    let mut figures = vec![
        figure("Waits", count(all.counts.waits), format!("{businesses}, {} not decided", count(all.open()))),
        figure("Answered within the window", share(all.counts.on_time, all.decided()), answered),
        figure("Charged waits", count(all.charged), missed),
        figure(
            "Charges, exact",
            format!("{}\u{a0}{}", facts.currency, amounts.exact(all.amount)),
            still_open(amounts, facts),
        ),
    ];
    figures.extend(totals.all().flat_map(asked));
    figures
}

fn figure(label: &str, value: String, note: String) -> Figure {
    Figure { label: label.to_owned(), value, note }
}

/// What the documents in one currency ask for, and what stands where something was given back.
fn asked(sums: &CurrencyTotal) -> Vec<Figure> {
    let Asked { net, tax, total } = sums.billed;
    let mut figures = vec![figure("Net invoiced", money(net), issued::note(sums))];
    if !sums.has_credit() {
        figures.push(figure("VAT", money(tax), "as stated on the invoices".to_owned()));
        figures.push(figure("Total invoiced", money(total), "net and VAT".to_owned()));
        return figures;
    }
    let notes = counted(sums.notes, "credit note", "credit notes");
    figures.push(figure("Total invoiced", money(total), format!("with VAT of {}", money(tax))));
    figures.push(figure("Total given back", money(sums.back.total), format!("{notes}; net {}", money(sums.back.net))));
    let standing = format!("{} issued, {} given back", money(sums.issued), money(sums.credited));
    figures.push(figure("Net that stands of the month", money(sums.standing()), standing));
    figures
}

/// How much of the charges stands in months that are not closed.
fn still_open(amounts: Amounts, facts: &MonthFacts) -> String {
    let open = facts.businesses.iter().filter(|business| !business.state.is_closed());
    let amount = Tally::of(open.flat_map(BusinessMonth::weighed)).amount;
    match amount {
        Some(Decimal::ZERO) => "all of closed months".to_owned(),
        _ => format!("{} of it in open months", amounts.exact(amount)),
    }
}

/// Every charge of the page.
fn charges(facts: &MonthFacts) -> impl Iterator<Item = Decimal> {
    let waits = facts.businesses.iter().flat_map(BusinessMonth::weighed);
    waits.filter_map(|(rated, _)| rated.charge.as_ref().map(|charge| charge.amount))
}

fn zones(facts: &MonthFacts) -> String {
    let zones: BTreeSet<String> = facts.businesses.iter().map(|business| business.zone.to_string()).collect();
    zones.into_iter().collect::<Vec<_>>().join(", ")
}
