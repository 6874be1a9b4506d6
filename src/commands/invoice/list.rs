//! `ritardo invoice list`: issued invoices and credit notes, with what stands of them and what became of their mails.

use serde::Serialize;

use super::super::closing::stored_invoice;
use super::super::summary::counted;
use super::super::table::Table;
use super::super::{Outcome, World, say};
use super::Shelf;
use crate::cli::{InvoiceList, InvoiceState, TableForm};
use crate::domain::{BusinessId, CorrectionCause, Currency, Date, DocumentKind, Exchange, InvoiceNumber, Money, Month};
use crate::error::{Failure, Kind};
use crate::ledger::MailState;
use crate::ledger::entry::Issued;

/// What `--format json` writes.
#[derive(Serialize)]
struct Told<'h> {
    format: &'static str,
    invoices: Vec<Row<'h>>,
}

/// One document.
#[derive(Serialize)]
struct Row<'h> {
    number: &'h InvoiceNumber,
    kind: DocumentKind,
    state: InvoiceState,
    business: &'h BusinessId,
    /// The month that it bills or corrects.
    month: Month,
    issue_date: Date,
    /// What it is billed and paid in, as all amounts are.
    currency: Currency,
    net: Money,
    tax: Money,
    total: Money,
    /// Net amount that no credit note gave back; of a credit note its own.
    rest: Money,
    /// The invoice that it corrects, or in whose place it stands.
    corrects: Option<&'h InvoiceNumber>,
    cause: Option<CorrectionCause>,
    mails: Vec<MailRow<'h>>,
    /// Names of the files beside it, in the state folder below `issued/NUMBER`; none before they are written.
    files: Vec<&'h str>,
    /// SHA-256 of the canonical invoice.
    document_sha256: &'h str,
}

#[derive(Serialize)]
struct MailRow<'h> {
    to: &'h str,
    state: &'static str,
}

pub fn list(args: &InvoiceList, world: &mut World) -> Result<Outcome, Failure> {
    let shelf = Shelf::open(&args.configured.config)?;
    let history = &shelf.history;
    refuse_unknown(args, &shelf)?;
    let rows: Vec<Row> = history
        .issued
        .iter()
        .map(|issued| row(&shelf, issued))
        .collect::<Result<Vec<Row>, Failure>>()?
        .into_iter()
        .filter(|row| is_wanted(args, row))
        .collect();
    match args.format {
        TableForm::Json => {
            let text = serde_json::to_string_pretty(&Told { format: "ritardo-invoices/1", invoices: rows });
            let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
            say(world.out, &text.map_err(failed)?)?;
        }
        TableForm::Csv => say(world.out, table(&rows).csv()?.trim_end())?,
        TableForm::Text if rows.is_empty() => say(world.out, "no document is like that")?,
        TableForm::Text => {
            table(&rows).lines().iter().try_for_each(|line| say(world.out, line))?;
            say(world.out, &counted(rows.len() as u64, "document"))?;
        }
    }
    Ok(Outcome::Done)
}

/// A business that has no document at all is a slip of the pen.
fn refuse_unknown(args: &InvoiceList, shelf: &Shelf) -> Result<(), Failure> {
    match &args.business {
        Some(id) if shelf.history.issued_to(id).next().is_none() => {
            let failure = Failure::new(Kind::CommandLine, format!("the ledger has no document of business `{id}`"));
            Err(failure.at(shelf.ledger.path()).hint("`ritardo invoice list` shows all that it has"))
        }
        _ => Ok(()),
    }
}

fn is_wanted(args: &InvoiceList, row: &Row) -> bool {
    args.month.is_none_or(|months| months.contains(row.month))
        && args.business.as_ref().is_none_or(|business| business == row.business)
        && args.number.as_ref().is_none_or(|number| row.number.to_string().starts_with(number.as_str()))
        && args.state.is_none_or(|state| state == row.state)
        && args.currency.is_none_or(|currency| currency == row.currency)
}

/// The amounts of a document in the currency that it is billed in.
struct Owed {
    net: Money,
    tax: Money,
    total: Money,
    rest: Money,
}

/// The ledger row has the amounts in the currency of the tariff. `left`: what of its net amount stands there.
fn owed(shelf: &Shelf, issued: &Issued, left: Money) -> Result<Owed, Failure> {
    let Some(exchange) = exchange(shelf, issued)? else {
        return Ok(Owed { net: issued.net, tax: issued.tax, total: issued.total, rest: left });
    };
    let mut rest = exchange.net;
    for note in shelf.history.credits_of(&issued.number) {
        let given_back = stored_invoice(&shelf.ledger, note)?.as_billed().net;
        rest = rest.checked_sub(given_back).ok_or_else(|| too_large(issued))?;
    }
    Ok(Owed { net: exchange.net, tax: exchange.tax, total: exchange.total, rest })
}

/// The amounts in another currency than the tariff's, where the document is billed in one. Only the documents of months that
/// have a rate, and those that were issued in place of others, are read.
fn exchange(shelf: &Shelf, issued: &Issued) -> Result<Option<Exchange>, Failure> {
    let closed = shelf.history.closed.get(&(issued.business.clone(), issued.month));
    let has_rate = closed.is_some_and(|closed| closed.exchange_sha256.is_some());
    // A credit note is in the currency of what it corrects.
    let corrected = issued.corrects.as_ref().and_then(|number| shelf.history.document(number));
    let brought = [Some(issued), corrected].into_iter().flatten().any(is_replacement);
    if !has_rate && !brought {
        return Ok(None);
    }
    Ok(stored_invoice(&shelf.ledger, issued)?.exchange)
}

fn is_replacement(issued: &Issued) -> bool {
    issued.kind.is_invoice() && issued.corrects.is_some()
}

fn too_large(issued: &Issued) -> Failure {
    Failure::new(Kind::SelfCheck, format!("what is left of {} does not fit", issued.number))
}

fn row<'h>(shelf: &'h Shelf, issued: &'h Issued) -> Result<Row<'h>, Failure> {
    let history = &shelf.history;
    let is_invoice = issued.kind.is_invoice();
    let left = if is_invoice { history.rest(issued).ok_or_else(|| too_large(issued))? } else { issued.net };
    let state = match left {
        left if left == issued.net => InvoiceState::Issued,
        left if left.minor() > 0 => InvoiceState::PartlyCredited,
        _ => InvoiceState::Credited,
    };
    let Owed { net, tax, total, rest } = owed(shelf, issued, left)?;
    let mails = history.mails_of(&issued.number).map(|mail| {
        let state = match history.mail_state(mail) {
            _ if history.is_destroyed(mail) => "destroyed",
            MailState::Queued => "queued",
            MailState::Sent => "sent",
            MailState::Refused => "refused",
            MailState::Unknown => "unknown",
        };
        MailRow { to: &mail.to, state }
    });
    let files = history.documents.get(&issued.number).into_iter().flat_map(|documents| &documents.files);
    Ok(Row {
        number: &issued.number,
        kind: issued.kind,
        state,
        business: &issued.business,
        month: issued.month,
        issue_date: issued.issue_date,
        currency: net.currency(),
        net,
        tax,
        total,
        rest,
        corrects: issued.corrects.as_ref(),
        cause: issued.cause,
        mails: mails.collect(),
        files: files.map(|file| file.name.as_str()).collect(),
        document_sha256: &issued.document_sha256,
    })
}

fn table(rows: &[Row]) -> Table {
    let head =
        ["number", "issued", "month", "business", ">net", ">tax", ">total", "currency", "state", "corrects", "mail"];
    let mut table = Table::new(&head);
    for row in rows {
        // Alike states of mails are said once.
        let mut mails: Vec<&str> = row.mails.iter().map(|mail| mail.state).collect();
        mails.sort_unstable();
        mails.dedup();
        table.add(vec![
            row.number.to_string(),
            row.issue_date.to_string(),
            row.month.to_string(),
            row.business.to_string(),
            row.net.digits(),
            row.tax.digits(),
            row.total.digits(),
            row.currency.to_string(),
            row.state.name().to_owned(),
            row.corrects.map(ToString::to_string).unwrap_or_default(),
            mails.join(", "),
        ]);
    }
    table
}
