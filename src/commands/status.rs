//! `ritardo status`: where every month of every business stands, and what is missing. Nothing is written.

use serde::Serialize;

use super::cases::Desk;
use super::closing::{OpenMonth, Step, texts};
use super::review::review;
use super::summary::counted;
use super::table::Table;
use super::{Outcome, World, mail, say};
use crate::cli::{MonthState, Status, TableForm};
use crate::close::readiness::Missing;
use crate::domain::{BusinessId, Instant, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::entry::MonthClosed;
use crate::ledger::{History, Standing};

/// What `--format json` writes.
#[derive(Serialize)]
struct Told<'d> {
    format: &'static str,
    as_of: Instant,
    months: Vec<Row>,
    /// Mails of these months that wait, or that nothing more happens to unless a person acts; those of digests too where no
    /// month and no business is asked for.
    mails: Vec<mail::Row<'d>>,
}

/// Where one month of one business stands.
#[derive(Serialize)]
pub struct Row {
    pub month: Month,
    pub business: BusinessId,
    pub state: MonthState,
    /// What is missing, or what the guards found.
    pub missing: Vec<String>,
    /// Net amount: of what stands of a closed month, of what a closable one would come to.
    pub net: Option<Money>,
    /// Documents that bill or correct it, in the order of issue.
    pub documents: Vec<String>,
    /// Part of `net` that a later invoice is to bill.
    pub carried: Option<Money>,
    /// What late logs would make of it, where that is not billed or credited.
    pub would_be: Option<Money>,
}

pub fn status(args: &Status, world: &mut World) -> Result<Outcome, Failure> {
    let desk = Desk::open(&args.configured.config, args.as_of.unwrap_or(world.now))?;
    if let Some(id) = args.business.as_ref().filter(|id| !desk.setup.businesses.iter().any(|known| known.id == **id)) {
        let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
        return Err(failure.hint("ids are those of businesses.toml"));
    }
    let archive = desk.archive()?;
    let open = review(&desk, &archive)?;
    let mut rows: Vec<Row> = open.iter().map(|open| of_open(open, desk.as_of)).collect();
    rows.extend(
        desk.history.closed.values().map(|closed| of_closed(&desk.history, closed, desk.setup.tariff.currency)),
    );
    rows.retain(|row| {
        args.month.is_none_or(|month| month == row.month)
            && args.business.as_ref().is_none_or(|business| *business == row.business)
            && args.state.is_none_or(|state| state == row.state)
    });
    let mut mails = mail::rows(&desk.history, &desk.setup.config.mail, desk.as_of);
    mails.retain(|mail| {
        mail.is_open
            && args.month.is_none_or(|month| mail.month == Some(month))
            && args.business.as_ref().is_none_or(|business| mail.business == Some(business))
            && args.state.is_none_or(|state| state == MonthState::Closed)
    });
    rows.sort_by(|a, b| (a.month, &a.business).cmp(&(b.month, &b.business)));
    match args.format {
        TableForm::Json => {
            let told = Told { format: "ritardo-status/1", as_of: desk.as_of, months: rows, mails };
            let text = serde_json::to_string_pretty(&told);
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        TableForm::Csv => say(world.out, table(&rows).csv()?.trim_end())?,
        TableForm::Text => {
            print(&rows, world)?;
            if !mails.is_empty() {
                let lines = mail::table(&mails).lines().into_iter().chain([mail::counts(&mails, desk.as_of)]);
                std::iter::once(String::new()).chain(lines).try_for_each(|line| say(world.out, &line))?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn print(rows: &[Row], world: &mut World) -> Result<(), Failure> {
    if rows.is_empty() {
        return say(world.out, "no month is in that state");
    }
    table(rows).lines().iter().try_for_each(|line| say(world.out, line))?;
    let states = [
        MonthState::Open,
        MonthState::Waiting,
        MonthState::Closable,
        MonthState::ToApprove,
        MonthState::Parked,
        MonthState::Closed,
    ];
    let of = |state: MonthState| rows.iter().filter(|row| row.state == state).count();
    let counts: Vec<String> = states
        .into_iter()
        .filter(|state| of(*state) > 0)
        .map(|state| format!("{} {}", of(state), state.name()))
        .collect();
    say(world.out, &format!("{}: {}", counted(rows.len() as u64, "business month"), counts.join(", ")))
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["month", "business", "state", ">net", "what is missing, or what was issued"]);
    for row in rows {
        let net = row.net.map(|net| net.to_string()).unwrap_or_default();
        let (carried, would_be) = (row.carried.map(billed_later), row.would_be.map(would_be));
        let said = row.documents.iter().chain(&row.missing).cloned().chain(carried).chain(would_be);
        let said = said.collect::<Vec<_>>().join("; ");
        table.add(vec![row.month.to_string(), row.business.to_string(), row.state.name().to_owned(), net, said]);
    }
    table
}

/// What becomes of an amount that no document bills yet.
pub fn billed_later(amount: Money) -> String {
    format!("{amount} is billed with a later month")
}

/// What a closed month would come to, where nothing was issued for the difference.
pub fn would_be(net: Money) -> String {
    format!("with what came late it would be {net}")
}

/// A month that is not closed.
pub fn of_open(open: &OpenMonth, as_of: Instant) -> Row {
    let is_over = open.month.span(open.business.zone).to <= as_of;
    let (state, missing, net) = match &open.step {
        Step::Close(closed) => (MonthState::Closable, Vec::new(), Some(closed.net)),
        Step::Approve(closed) => (MonthState::ToApprove, vec![approval(open.month)], Some(closed.net)),
        Step::Park(parked) => {
            (MonthState::Parked, texts(&parked.found), parked.closed.as_ref().map(|closed| closed.net))
        }
        Step::Wait(missing) if !is_over && matches!(missing[..], [Missing::Horizon(_), ..]) => {
            let end = open.month.span(open.business.zone).to;
            (MonthState::Open, vec![format!("it is over at {end}")], None)
        }
        Step::Wait(missing) => (MonthState::Waiting, texts(missing), None),
    };
    let (business, month) = (open.business.id.clone(), open.month);
    Row { month, business, state, missing, net, documents: Vec::new(), carried: None, would_be: None }
}

fn approval(month: Month) -> String {
    format!("`ritardo approve {month}` lets it be issued")
}

/// A closed month.
pub fn of_closed(history: &History, closed: &MonthClosed, currency: crate::domain::Currency) -> Row {
    let (business, month) = (closed.business.clone(), closed.month);
    let standing = history.standing(&business, month);
    let net = standing.as_ref().and_then(|standing| history.standing_net(standing, currency));
    let documents = history.issued_to(&business).filter(|issued| issued.part_of(month).is_some());
    let document = |issued: &crate::ledger::entry::Issued| match issued.part_of(month) {
        Some(part) if issued.kind.is_invoice() => format!("{} {part}", issued.number),
        Some(part) => format!("{} {}", issued.number, part.negated()),
        None => issued.number.to_string(),
    };
    let unbilled = history.unbilled(&business, net.map_or(currency, Money::currency));
    let carried = unbilled.into_iter().find(|earlier| earlier.month == month).map(|earlier| earlier.amount);
    let compared = history.compared.get(&(business.clone(), month));
    // What a correction came after was compared with what does not stand any more.
    let corrected_at = standing.as_ref().map_or(0, Standing::disputes_through);
    let compared = compared.filter(|compared| compared.known_through > corrected_at);
    let would_be = compared.filter(|compared| Some(compared.net) != net).map(|compared| compared.net);
    let documents: Vec<String> = documents.map(document).collect();
    let is_free = documents.is_empty() && carried.is_none();
    let missing = if is_free { vec!["nothing to bill".to_owned()] } else { Vec::new() };
    Row { month, business, state: MonthState::Closed, missing, net, documents, carried, would_be }
}
