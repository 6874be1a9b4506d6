//! The rows of the tables of the month page.

use super::chart::Bar;
use super::facts::{BusinessMonth, MonthFacts, State};
use super::number::{Amounts, NONE, count, counted, share};
use super::page::{
    BusinessRow, CountCells, EntryPointRow, FileRow, InvoiceSums, OpenRow, StackRow, TotalRow, VerdictRow,
};
use super::sums::InvoiceTotals;
use super::tally::{Tally, by};
use crate::domain::{EntryPoint, Verdict};

/// The row of a business.
pub fn business(amounts: Amounts, business: &BusinessMonth) -> BusinessRow {
    let (state, class) = state_words(&business.state);
    let (number, sent) = match &business.state {
        State::Issued { number, sent, .. } => (number.to_string(), sent.clone()),
        _ => (String::new(), NONE.to_owned()),
    };
    BusinessRow {
        id: business.id.to_string(),
        name: business.legal_name.to_owned(),
        state,
        class,
        number,
        counts: counts(amounts, &Tally::of(business.waits)),
        invoice: invoice(amounts, &business.state),
        sent,
    }
}

/// The last row of the table of businesses.
pub fn total(amounts: Amounts, facts: &MonthFacts, all: &Tally, invoices: &InvoiceTotals) -> TotalRow {
    TotalRow {
        label: counted(facts.businesses.len() as u64, "business", "businesses"),
        invoices: counted(invoices.count(), "invoice", "invoices"),
        counts: counts(amounts, all),
        invoice: invoices.own.cells(amounts),
    }
}

fn invoice(amounts: Amounts, state: &State) -> InvoiceSums {
    let none = || NONE.to_owned();
    match state {
        State::Issued { net, tax, total, .. } => InvoiceSums {
            net: amounts.money(Some(*net)),
            tax: amounts.money(Some(*tax)),
            total: amounts.money(Some(*total)),
        },
        _ => InvoiceSums { net: none(), tax: none(), total: none() },
    }
}

/// The state in words, and its class.
const fn state_words(state: &State) -> (&'static str, &'static str) {
    match state {
        State::Issued { .. } => ("invoiced", "issued"),
        State::ClosedWithoutCharges => ("no charges", "closed"),
        State::Waiting { .. } => ("waiting", "waiting"),
        State::Parked { .. } => ("set aside", "parked"),
    }
}

fn counts(amounts: Amounts, tally: &Tally) -> CountCells {
    CountCells {
        waits: count(tally.counts.waits),
        on_time: count(tally.counts.on_time),
        late: count(tally.counts.late),
        unanswered: count(tally.counts.unanswered),
        open: count(tally.open()),
        charged: count(tally.charged),
        amount: amounts.exact(tally.amount),
    }
}

/// One row per verdict; none when there is no wait.
pub fn verdicts(amounts: Amounts, facts: &MonthFacts, all: &Tally) -> Vec<VerdictRow> {
    let tallies = by(facts, |_, rated| rated.wait.verdict);
    let row = |verdict: Verdict| {
        let tally = tallies.get(&verdict).copied().unwrap_or_default();
        let (class, name, meaning) = verdict_words(verdict);
        VerdictRow {
            class,
            name,
            meaning,
            waits: count(tally.counts.waits),
            share: share(tally.counts.waits, all.counts.waits),
            charged: count(tally.charged),
            amount: amounts.exact(tally.amount),
        }
    };
    if tallies.is_empty() { Vec::new() } else { Verdict::ALL.into_iter().map(row).collect() }
}

/// Class, name and meaning.
const fn verdict_words(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::OnTime => ("on-time", "On time", "answered within the window"),
        Verdict::Late => ("late", "Late", "answered after it"),
        Verdict::Unanswered => ("unanswered", "Unanswered", "the window is over, no answer"),
        Verdict::Pending => ("open", "Pending", "the logs do not reach far enough yet"),
        Verdict::Held => ("open", "Held", "the logs cannot prove it; not billed"),
    }
}

/// One row per entry point that occurs.
pub fn entry_points(amounts: Amounts, facts: &MonthFacts) -> Vec<EntryPointRow> {
    let tallies = by(facts, |_, rated| rated.wait.entry_point);
    tallies.iter().map(|(point, tally)| entry_point(amounts, entry_point_name(*point), tally)).collect()
}

pub fn entry_point(amounts: Amounts, name: &'static str, tally: &Tally) -> EntryPointRow {
    EntryPointRow { name, counts: counts(amounts, tally), share_missed: share(tally.missed(), tally.decided()) }
}

const fn entry_point_name(point: EntryPoint) -> &'static str {
    match point {
        EntryPoint::InformationRequest => "Information request",
        EntryPoint::ClickToChat => "Click to chat",
        EntryPoint::LiveSupport => "Live support",
        EntryPoint::Unknown => "Not stated",
    }
}

/// The numbers of a chart, bar by bar.
pub fn stacks(bars: &[Bar]) -> Vec<StackRow> {
    bars.iter().map(|bar| stack(&bar.name, bar.parts)).collect()
}

pub fn stack(name: &str, parts: [u64; 4]) -> StackRow {
    StackRow { name: name.to_owned(), waits: count(parts.iter().sum()), parts: parts.map(count).into() }
}

/// A business that is not closed, with its reasons.
pub fn open(business: &BusinessMonth) -> Option<OpenRow> {
    let reasons = match &business.state {
        State::Waiting { reasons } => reasons.clone(),
        State::Parked { reason } => vec![reason.clone()],
        State::Issued { .. } | State::ClosedWithoutCharges => return None,
    };
    let (state, class) = state_words(&business.state);
    Some(OpenRow { id: business.id.to_string(), name: business.legal_name.to_owned(), state, class, reasons })
}

pub fn file((name, reason): &(String, String)) -> FileRow {
    FileRow { name: name.clone(), reason: reason.clone() }
}
