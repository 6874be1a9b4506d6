//! `ritardo payments statement`: the account of a business in its language.

use super::super::files::{self, Access};
use super::super::run::renderer;
use super::super::{Outcome, World, say};
use super::Books;
use crate::cli::PaymentsStatement;
use crate::domain::receivable::{Account, AccountWhat, Brief, OpenItem, PaidPart};
use crate::domain::{Business, BusinessId, Date, InvoiceNumber, Money};
use crate::error::{Failure, Kind};
use crate::ledger::{Payment, PaymentEvent};
use crate::render::{RenderError, StatementView};
use crate::report::receivables::{Movement, accounts};

pub fn statement(args: &PaymentsStatement, world: &mut World) -> Result<Outcome, Failure> {
    let books = Books::open(&args.configured.config)?;
    let id = &args.business;
    let business = books.setup.business(id.as_str()).ok_or_else(|| {
        let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
        failure.hint("ids are those of businesses.toml")
    })?;
    let today = books.day(id, args.as_of.unwrap_or(world.now));
    let view = view(&books, business, today)?;
    let Some(folder) = &args.out else {
        say(world.out, view.text().trim_end())?;
        return Ok(Outcome::Done);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("create the folder", folder, error))?;
    let renderer = renderer()?;
    let html = renderer.statement_html(&view).map_err(undrawn)?;
    let pdf = renderer.statement_pdf(&view).map_err(undrawn)?;
    for (ending, bytes) in [("txt", view.text().into_bytes()), ("html", html.into_bytes()), ("pdf", pdf)] {
        let path = folder.join(format!("statement_{id}_{today}.{ending}"));
        files::write(&path, &bytes, Access::Usual)?;
        say(world.out, &format!("wrote     {}", path.display()))?;
    }
    Ok(Outcome::Done)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn undrawn(error: RenderError) -> Failure {
    Failure::new(Kind::SelfCheck, format!("the statement cannot be drawn: {error}"))
}

fn view(books: &Books, business: &Business, today: Date) -> Result<StatementView, Failure> {
    let accounts = of_business(books, &business.id, today)?;
    let seller = &books.setup.config.issuer_of(business).party;
    Ok(StatementView::of(business.language, seller, &business.party, &accounts, today))
}

/// The accounts of a business on a day.
fn of_business(books: &Books, business: &BusinessId, today: Date) -> Result<Vec<Account>, Failure> {
    let unsummed = || Failure::new(Kind::SelfCheck, format!("the account of {business} does not add up"));
    let mut movements = documents(books, business);
    for payment in &books.history.payments {
        movements.extend(payment_movements(books, business, payment).ok_or_else(unsummed)?);
    }
    movements.retain(|movement| movement.date <= today);
    let items: Vec<&OpenItem> = books.items.iter().filter(|item| item.business == *business).collect();
    accounts(movements, &items, today).ok_or_else(unsummed)
}

/// Invoices, what they took of payments in advance, and credit notes.
fn documents(books: &Books, business: &BusinessId) -> Vec<Movement> {
    let mut movements = Vec::new();
    for brief in books.briefs.iter().filter(|brief| brief.business == *business) {
        let (date, number) = (brief.issued, brief.number.clone());
        if !brief.kind.is_invoice() {
            let what = AccountWhat::CreditNote(number);
            movements.push(Movement { date, what, amount: brief.total.negated() });
            continue;
        }
        movements.push(Movement { date, what: AccountWhat::Invoice(number.clone()), amount: brief.total });
        let prepaid = books.items.get(&brief.number).map(|item| item.prepaid).filter(|prepaid| !prepaid.is_zero());
        if let Some(prepaid) = prepaid {
            let taken =
                books.history.document(&brief.number).map(|issued| issued.prepaid.as_slice()).unwrap_or_default();
            let references: Vec<&str> = taken.iter().map(|taken| taken.reference.as_str()).collect();
            let what = AccountWhat::Prepaid(number, references.join(", "));
            movements.push(Movement { date, what, amount: prepaid.negated() });
        }
        movements.extend(released(books, brief));
    }
    movements
}

/// What an invoice in place of another left of payments in advance to later ones.
fn released(books: &Books, brief: &Brief) -> Option<Movement> {
    let base = books.items.get(brief.corrects.as_ref()?).filter(|base| !base.released.is_zero())?;
    let references: Vec<&str> = brief.released.iter().map(|released| released.reference.as_str()).collect();
    let what = AccountWhat::Released(brief.number.clone(), references.join(", "));
    Some(Movement { date: brief.issued, what, amount: base.released })
}

/// What a payment does to the account of a business. What is left of one is of the business whose invoices it names, where
/// they are of one alone. `None` when a sum does not fit.
fn payment_movements(books: &Books, business: &BusinessId, payment: &Payment) -> Option<Vec<Movement>> {
    let received = &payment.received;
    let currency = received.amount.currency();
    let owner = |number: &InvoiceNumber| books.history.document(number).map(|issued| &issued.business);
    let is_own = |parts: &[PaidPart]| parts.iter().all(|part| owner(&part.number) == Some(business));
    let is_event_own = |event: &PaymentEvent| match event {
        PaymentEvent::Matched(matched) => is_own(&matched.parts),
        PaymentEvent::Reversed(_) => true,
    };
    let is_whole = !received.parts.is_empty() && is_own(&received.parts) && payment.events.iter().all(is_event_own);
    let own = |parts: &[PaidPart]| {
        let own = parts.iter().filter(|part| owner(&part.number) == Some(business)).map(|part| part.amount);
        Money::sum(currency, own)
    };
    let first = if is_whole { received.amount } else { own(&received.parts)? };
    let text = if received.reference.is_empty() { received.payer.clone() } else { received.reference.clone() };
    let what = || AccountWhat::Payment(received.payment, text.clone());
    let mut movements = vec![Movement { date: received.booked, what: what(), amount: first.negated() }];
    let mut standing = first;
    for event in &payment.events {
        match event {
            // What a payment that is all of this business is matched with is on the account already.
            PaymentEvent::Matched(matched) if !is_whole => {
                let amount = own(&matched.parts)?;
                standing = standing.checked_add(amount)?;
                movements.push(Movement { date: matched.on, what: what(), amount: amount.negated() });
            }
            PaymentEvent::Reversed(reversed) if !reversed.keeps || !is_whole => {
                let what = AccountWhat::Reversed(received.payment);
                movements.push(Movement { date: reversed.on, what, amount: standing });
                standing = Money::zero(currency);
            }
            PaymentEvent::Matched(_) | PaymentEvent::Reversed(_) => {}
        }
    }
    movements.retain(|movement| !movement.amount.is_zero());
    Some(movements)
}
