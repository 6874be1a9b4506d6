//! `ritardo payments list`: every payment, what it is for, and what is left of it.

use serde::Serialize;

use super::super::summary::counted;
use super::super::table::Table;
use super::super::{Outcome, World, say};
use super::Books;
use crate::cli::{PaymentState, PaymentsList, TableForm};
use crate::domain::receivable::{AdvancePaid, PaidPart};
use crate::domain::{BusinessId, Date, Money};
use crate::error::{Failure, Kind};
use crate::ledger::Payment;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told<'h> {
    format: &'static str,
    payments: Vec<Row<'h>>,
}

#[derive(Serialize)]
struct Row<'h> {
    payment: u32,
    state: PaymentState,
    booked: Date,
    amount: Money,
    /// What no invoice takes.
    left: Money,
    account: &'h str,
    reference: &'h str,
    payer: &'h str,
    text: &'h str,
    parts: &'h [PaidPart],
    advance: Option<&'h AdvancePaid>,
    /// Of its invoices.
    businesses: Vec<&'h BusinessId>,
}

pub fn list(args: &PaymentsList, world: &mut World) -> Result<Outcome, Failure> {
    let books = Books::open(&args.configured.config)?;
    books.refuse_unknown(args.business.as_ref())?;
    let rows =
        books.history.payments.iter().map(|payment| row(&books, payment)).collect::<Result<Vec<Row>, Failure>>()?;
    let is_wanted = |row: &Row| {
        args.state.is_none_or(|state| state == row.state)
            && args.business.as_ref().is_none_or(|business| row.businesses.contains(&business))
    };
    let rows: Vec<Row> = rows.into_iter().filter(is_wanted).collect();
    match args.format {
        TableForm::Json => {
            let text = serde_json::to_string_pretty(&Told { format: "ritardo-payments/1", payments: rows });
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        TableForm::Csv => say(world.out, table(&rows).csv()?.trim_end())?,
        TableForm::Text if rows.is_empty() => say(world.out, "no payment is like that")?,
        TableForm::Text => {
            table(&rows).lines().iter().try_for_each(|line| say(world.out, line))?;
            say(world.out, &counted(rows.len() as u64, "payment"))?;
        }
    }
    Ok(Outcome::Done)
}

fn row<'h>(books: &'h Books, payment: &'h Payment) -> Result<Row<'h>, Failure> {
    let received = &payment.received;
    let unsummed =
        || Failure::new(Kind::SelfCheck, format!("what is left of payment {} does not fit", received.payment));
    let left = payment.left().ok_or_else(unsummed)?;
    let state = match (&received.advance, left.is_zero()) {
        _ if payment.is_reversed => PaymentState::Reversed,
        (Some(_), _) => PaymentState::Advance,
        (None, true) => PaymentState::Matched,
        (None, false) => PaymentState::Left,
    };
    let of_parts = payment.parts.iter().filter_map(|part| books.history.document(&part.number)).map(|of| &of.business);
    let mut businesses: Vec<&BusinessId> = of_parts.chain(received.advance.as_ref().map(|of| &of.business)).collect();
    businesses.sort_unstable();
    businesses.dedup();
    Ok(Row {
        payment: received.payment,
        state,
        booked: received.booked,
        amount: received.amount,
        left,
        account: &received.account,
        reference: &received.reference,
        payer: &received.payer,
        text: &received.text,
        parts: &payment.parts,
        advance: received.advance.as_ref(),
        businesses,
    })
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&[">payment", "booked", ">amount", ">left", "currency", "state", "payer", "invoices"]);
    for row in rows {
        let parts = row.parts.iter().map(|part| format!("{}={}", part.number, part.amount.digits()));
        let advance = row.advance.map(|advance| format!("{}: {}", advance.business, advance.reference));
        table.add(vec![
            row.payment.to_string(),
            row.booked.to_string(),
            row.amount.digits(),
            row.left.digits(),
            row.amount.currency().to_string(),
            row.state.name().to_owned(),
            row.payer.to_owned(),
            parts.chain(advance).collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}
