//! What a person says of a payment: for which invoices it is, and that it was returned. Both are entries of their own.

use super::super::held::Held;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::super::{Outcome, World, say};
use super::{briefs, day, items};
use crate::cli::{MatchPart, PaymentsMatch, PaymentsReverse};
use crate::domain::receivable::PaidPart;
use crate::domain::{Money, Rounding};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, PaymentMatched, PaymentReversed};
use crate::ledger::{Additions, History, LedgerError, Payment};
use crate::report::receivables::Items;

pub fn match_by_hand(args: &PaymentsMatch, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let mut held = Held::of(&setup, &state, at)?;
    let items = items(&briefs(&held.ledger, &held.history)?, &held.history)?;
    let payment = usable(&held.history, args.payment)?;
    if let Some(advance) = &payment.received.advance {
        let what = format!("payment {} is the payment in advance `{}`", args.payment, advance.reference);
        let failure = Failure::new(Kind::CommandLine, what);
        return Err(failure.hint("the next invoices take it by themselves"));
    }
    let parts = parts(args, payment, &items)?;
    let business = parts.first().and_then(|part| items.get(&part.number)).map(|item| item.business.clone());
    let on = day(&setup, business.as_ref(), at);
    let reason = args.reason.clone();
    add(
        &mut held,
        &state,
        Entry::PaymentMatched(PaymentMatched { payment: args.payment, at, on, parts: parts.clone(), reason }),
    )?;
    for PaidPart { number, amount } in &parts {
        say(world.out, &format!("{:<9} {amount} of payment {} for {number}", "matched", args.payment))?;
    }
    Ok(Outcome::Done)
}

pub fn reverse(args: &PaymentsReverse, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let mut held = Held::of(&setup, &state, at)?;
    let payment = usable(&held.history, args.payment)?;
    if args.keep && payment.parts.is_empty() {
        let failure = Failure::new(Kind::CommandLine, format!("no invoice takes anything of payment {}", args.payment));
        return Err(failure.hint("without --keep the payment itself is taken back"));
    }
    let amount = payment.received.amount;
    let numbers: Vec<String> = payment.parts.iter().map(|part| part.number.to_string()).collect();
    let business = payment.parts.first().and_then(|part| held.history.document(&part.number));
    let on = day(&setup, business.map(|issued| &issued.business), at);
    let (payment, reason, keeps) = (args.payment, args.reason.clone(), args.keep);
    add(&mut held, &state, Entry::PaymentReversed(PaymentReversed { payment, at, on, keeps, reason }))?;
    let what = if keeps { "its money stays, and is left over" } else { "taken back whole" };
    let open = if numbers.is_empty() { String::new() } else { format!("; open again: {}", numbers.join(", ")) };
    say(world.out, &format!("{:<9} payment {payment} of {amount}: {what}{open}", "reversed"))?;
    Ok(Outcome::Done)
}

/// A payment that was not taken back.
fn usable(history: &History, number: u32) -> Result<&Payment, Failure> {
    let refused = |message: String| {
        Failure::new(Kind::CommandLine, message).hint("`ritardo payments list` shows all payments with their numbers")
    };
    match history.payment(number) {
        None => Err(refused(format!("the ledger has no payment {number}"))),
        Some(payment) if payment.is_reversed => Err(refused(format!("payment {number} was taken back"))),
        Some(payment) => Ok(payment),
    }
}

/// What each invoice takes, in the order in which they are named.
fn parts(args: &PaymentsMatch, payment: &Payment, items: &Items) -> Result<Vec<PaidPart>, Failure> {
    let number = args.payment;
    let refused = |message: String, hint: &str| Failure::new(Kind::CommandLine, message).hint(hint);
    let unsummed = || Failure::new(Kind::SelfCheck, format!("what is left of payment {number} does not fit"));
    let (mut left, mut parts) = (payment.left().ok_or_else(unsummed)?, Vec::<PaidPart>::new());
    for wanted in &args.parts {
        let hint = "`ritardo payments open` shows what is open";
        let Some(item) = items.standing(&wanted.number) else {
            return Err(refused(format!("the ledger has no invoice {}", wanted.number), hint));
        };
        if parts.iter().any(|part| part.number == item.number) {
            return Err(refused(format!("{} is named twice", item.number), hint));
        }
        let (billed, received) = (item.total.currency(), left.currency());
        if billed != received {
            let message = format!("{} is billed in {billed}, payment {number} is in {received}", item.number);
            return Err(refused(message, "nothing says at which rate it would be taken"));
        }
        if !item.is_open() {
            return Err(refused(format!("nothing is open of {}", item.number), hint));
        }
        if left.minor() <= 0 {
            let hint = "`ritardo payments reverse --keep` takes back what invoices took of it";
            return Err(refused(format!("nothing is left of payment {number} for {}", item.number), hint));
        }
        let amount = amount(wanted, left, item.balance)?;
        left = left.checked_sub(amount).ok_or_else(unsummed)?;
        parts.push(PaidPart { number: item.number.clone(), amount });
    }
    Ok(parts)
}

/// How much an invoice takes: what was said, or as much as there is.
fn amount(wanted: &MatchPart, left: Money, open: Money) -> Result<Money, Failure> {
    let most = if left.minor() < open.minor() { left } else { open };
    let Some(said) = wanted.amount else { return Ok(most) };
    let exact = said.rounded(left.currency(), Rounding::HalfAwayFromZero).filter(|money| money.exact() == said);
    match exact.filter(|money| money.minor() > 0 && money.minor() <= most.minor()) {
        Some(amount) => Ok(amount),
        None => {
            let message = format!("{} cannot take {said} of the payment", wanted.number);
            Err(Failure::new(Kind::CommandLine, message)
                .hint(format!("{open} is open of it, {left} is left of the payment")))
        }
    }
}

fn add(held: &mut Held, state: &State, entry: Entry) -> Result<(), Failure> {
    let additions = Additions { entries: vec![entry], contents: Vec::new() };
    let added = held.ledger.append(|_| Ok::<_, LedgerError>(additions));
    added.map_err(|error| ledger_failure(error, &state.ledger()))
}
