//! What a person says of a payment: for which invoices it is, and that it was returned. Both are entries of their own.

use super::super::held::Held;
use super::super::setup::Setup;
use super::super::state::{State, ledger_failure};
use super::super::{Outcome, World, say};
use super::{briefs, day, items};
use crate::cli::{MatchAdvance, MatchPart, PaymentsMatch, PaymentsReverse};
use crate::domain::receivable::{AdvancePaid, PaidPart};
use crate::domain::{Date, Instant, Money, Rounding};
use crate::error::{Failure, Kind};
use crate::ledger::entry::{Entry, Issued, PaymentMatched, PaymentReceived, PaymentReversed};
use crate::ledger::{Additions, History, LedgerError, Payment};
use crate::read::sha256;
use crate::report::receivables::Items;

pub fn match_by_hand(args: &PaymentsMatch, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let mut held = Held::of(&setup, &state, at)?;
    let payment = usable(&held.history, args.payment)?;
    if let Some(advance) = &payment.received.advance {
        let what = format!("payment {} is the payment in advance `{}`", args.payment, advance.reference);
        let failure = Failure::new(Kind::CommandLine, what);
        return Err(failure.hint("the next invoices take it by themselves"));
    }
    if let Some(wanted) = &args.advance {
        let on = said_on(args.on, payment, day(&setup, Some(&wanted.business), at))?;
        let entries = as_advance(&setup, &held.history, payment, wanted, (at, on, &args.reason))?;
        let next = held.history.next_payment();
        add(&mut held, &state, entries)?;
        let what =
            format!("payment {} is the payment in advance `{}` of {}", args.payment, wanted.reference, wanted.business);
        say(world.out, &format!("{:<9} {what}: it is payment {next} now", "matched"))?;
        return Ok(Outcome::Done);
    }
    let items =
        items(&briefs(&held.ledger, held.history.issued.iter(), &held.history.payments)?, &held.history.payments)?;
    let parts = parts(args, payment, &items)?;
    let business = parts.first().and_then(|part| items.get(&part.number)).map(|item| item.business.clone());
    let on = said_on(args.on, payment, day(&setup, business.as_ref(), at))?;
    let reason = args.reason.clone();
    let matched = PaymentMatched { payment: args.payment, at, on, parts: parts.clone(), reason };
    add(&mut held, &state, vec![Entry::PaymentMatched(matched)])?;
    for PaidPart { number, amount } in &parts {
        say(world.out, &format!("{:<9} {amount} of payment {} for {number}", "matched", args.payment))?;
    }
    Ok(Outcome::Done)
}

/// When, for which day and why something is said.
type Said<'s> = (Instant, Date, &'s str);

/// A payment that is one in advance of the book, all of it: it is taken back, and recorded again as that.
fn as_advance(
    setup: &Setup,
    history: &History,
    payment: &Payment,
    wanted: &MatchAdvance,
    said: Said,
) -> Result<Vec<Entry>, Failure> {
    let (number, received) = (payment.received.payment, &payment.received);
    let MatchAdvance { business, reference } = wanted;
    let refused = |message: String, hint: &str| Err(Failure::new(Kind::CommandLine, message).hint(hint));
    let of_book = setup.business(business.as_str()).map(|business| business.prepaid.as_slice()).unwrap_or_default();
    let Some(advance) = of_book.iter().find(|advance| advance.reference == *reference) else {
        let message = format!("the book has no payment in advance `{reference}` of `{business}`");
        return refused(message, "those are [[business.prepaid]] of businesses.toml, with their references");
    };
    if advance.amount != received.amount {
        let message = format!("`{reference}` is of {}, payment {number} of {}", advance.amount, received.amount);
        return refused(message, "a payment in advance is one payment, whole");
    }
    if !payment.parts.is_empty() {
        let hint = "`ritardo payments reverse --keep` takes back what invoices took of it";
        return refused(format!("invoices take something of payment {number} already"), hint);
    }
    let paid = AdvancePaid { business: business.clone(), reference: reference.clone() };
    let is_told = |other: &&Payment| !other.is_reversed && other.received.advance.as_ref() == Some(&paid);
    if let Some(other) = history.payments.iter().find(is_told) {
        let message = format!("`{reference}` of `{business}` is payment {} already", other.received.payment);
        return refused(message, "`ritardo payments list --state advance` shows which are told");
    }
    let (at, on, reason) = said;
    let reversed = PaymentReversed { payment: number, at, on, keeps: false, reason: reason.to_owned() };
    let again = PaymentReceived { advance: Some(paid), ..again(history, received, said) };
    Ok(vec![Entry::PaymentReversed(reversed), Entry::Payment(again)])
}

/// The money of a payment that was taken back, as another payment: nothing is of it yet.
fn again(history: &History, received: &PaymentReceived, (at, on, reason): Said) -> PaymentReceived {
    let payment = history.next_payment();
    let key = sha256(format!("{}\nagain {payment}", received.key).as_bytes());
    let (parts, advance, restores) = (Vec::new(), None, Some(received.payment));
    let reason = reason.to_owned();
    PaymentReceived { payment, key, at, booked: on, parts, advance, restores, reason, ..received.clone() }
}

pub fn reverse(args: &PaymentsReverse, world: &mut World) -> Result<Outcome, Failure> {
    let setup = Setup::load(&args.configured.config)?;
    let (state, at) = (State::new(&setup.config), args.as_of.unwrap_or(world.now));
    let mut held = Held::of(&setup, &state, at)?;
    if args.undo {
        return undo(args, &setup, &mut held, &state, world);
    }
    let payment = usable(&held.history, args.payment)?;
    if args.keep && payment.parts.is_empty() {
        let failure = Failure::new(Kind::CommandLine, format!("no invoice takes anything of payment {}", args.payment));
        return Err(failure.hint("without --keep the payment itself is taken back"));
    }
    let amount = payment.received.amount;
    let mut numbers: Vec<String> = payment.parts.iter().map(|part| part.number.to_string()).collect();
    numbers.extend(taken(&held.history, payment));
    let business = payment.parts.first().and_then(|part| held.history.document(&part.number));
    let on = said_on(args.on, payment, day(&setup, business.map(|issued| &issued.business), at))?;
    let is_advance = payment.received.advance.is_some();
    let (payment, reason, keeps) = (args.payment, args.reason.clone(), args.keep);
    add(&mut held, &state, vec![Entry::PaymentReversed(PaymentReversed { payment, at, on, keeps, reason })])?;
    let what = if keeps { "its money stays, and is left over" } else { "taken back whole" };
    let open = if numbers.is_empty() { String::new() } else { format!("; open again: {}", numbers.join(", ")) };
    say(world.out, &format!("{:<9} payment {payment} of {amount}: {what}{open}", "reversed"))?;
    if is_advance {
        say(
            world.out,
            "          the book still has it: until it is taken out there, the months of the business are parked",
        )?;
        return Ok(Outcome::SetAside);
    }
    Ok(Outcome::Done)
}

/// The invoices that took something of a payment in advance.
fn taken(history: &History, payment: &Payment) -> Vec<String> {
    let Some(AdvancePaid { business, reference }) = &payment.received.advance else { return Vec::new() };
    let took = |issued: &&Issued| issued.prepaid.iter().any(|taken| taken.reference == *reference);
    history.issued_to(business).filter(took).map(|issued| issued.number.to_string()).collect()
}

/// A payment that was taken back by mistake: its money is recorded again, and nothing is of it yet.
fn undo(
    args: &PaymentsReverse,
    setup: &Setup,
    held: &mut Held,
    state: &State,
    world: &mut World,
) -> Result<Outcome, Failure> {
    let (number, at) = (args.payment, args.as_of.unwrap_or(world.now));
    let refused = |message: String| {
        Failure::new(Kind::CommandLine, message).hint("`ritardo payments list` shows all payments with their numbers")
    };
    let payment = held.history.payment(number).ok_or_else(|| refused(format!("the ledger has no payment {number}")))?;
    if !payment.is_reversed {
        return Err(refused(format!("payment {number} was not taken back")));
    }
    if let Some(other) = payment.restored_by {
        return Err(refused(format!("the money of payment {number} is payment {other} already")));
    }
    let on = said_on(args.on, payment, day(setup, None, at))?;
    let again = again(&held.history, &payment.received, (at, on, &args.reason));
    let (next, amount) = (again.payment, again.amount);
    add(held, state, vec![Entry::Payment(again)])?;
    say(world.out, &format!("{:<9} {amount} of payment {number} as payment {next}: nothing is of it yet", "recorded"))?;
    Ok(Outcome::Done)
}

/// The day on which something is booked that a person says of a payment: not before the payment, and not after today.
fn said_on(said: Option<Date>, payment: &Payment, today: Date) -> Result<Date, Failure> {
    let Some(on) = said else { return Ok(today) };
    let booked = payment.received.booked;
    if on < booked || on > today {
        let message = format!("payment {} cannot have it on {on}", payment.received.payment);
        return Err(
            Failure::new(Kind::CommandLine, message).hint(format!("it was booked on {booked}, and today is {today}"))
        );
    }
    Ok(on)
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

fn add(held: &mut Held, state: &State, entries: Vec<Entry>) -> Result<(), Failure> {
    let additions = Additions { entries, contents: Vec::new() };
    let added = held.ledger.append(|_| Ok::<_, LedgerError>(additions));
    added.map_err(|error| ledger_failure(error, &state.ledger()))
}
