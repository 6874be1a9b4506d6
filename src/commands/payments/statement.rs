//! `ritardo payments statement`: the account of a business in its language.

use super::super::files::{self, Access};
use super::super::run::renderer;
use super::super::{Outcome, World, say};
use super::Books;
use crate::cli::PaymentsStatement;
use crate::domain::receivable::{Account, AccountWhat, Brief, OpenItem, PaidPart};
use crate::domain::{Business, BusinessId, Date, InvoiceNumber, Money};
use crate::error::{Failure, Kind};
use crate::ledger::{Payment, PaymentEvent, returned_advances};
use crate::render::{RenderError, StatementView};
use crate::report::receivables::{Movement, accounts};

pub fn statement(args: &PaymentsStatement, world: &mut World) -> Result<Outcome, Failure> {
    let as_of = args.as_of.unwrap_or(world.now);
    let books = Books::as_of(&args.configured.config, as_of)?;
    let id = &args.business;
    let business = books.setup.business(id.as_str()).ok_or_else(|| {
        let failure = Failure::new(Kind::CommandLine, format!("the book has no business `{id}`"));
        failure.hint("ids are those of businesses.toml")
    })?;
    let today = books.day(id, as_of);
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
    let owner = |number: &InvoiceNumber| books.history.document(number).map(|issued| &issued.business);
    let (mut movements, mut left) = (documents(books, business), Vec::new());
    for payment in &books.payments {
        movements.extend(payment_movements(&owner, business, payment).ok_or_else(unsummed)?);
        let is_own =
            !payment.parts.is_empty() && payment.parts.iter().all(|part| owner(&part.number) == Some(business));
        if is_own {
            left.push(payment.left().ok_or_else(unsummed)?);
        }
    }
    movements.retain(|movement| movement.date <= today);
    let items: Vec<&OpenItem> = books.items.iter().filter(|item| item.business == *business).collect();
    accounts(movements, &items, &left, today).ok_or_else(unsummed)
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
            let returned = returned_advances(&books.payments);
            let references: Vec<&str> = taken
                .iter()
                .map(|taken| taken.reference.as_str())
                .filter(|reference| !returned.contains(&(business, *reference)))
                .collect();
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

/// Whose an invoice is.
type Owner<'o, 'b> = &'o dyn Fn(&InvoiceNumber) -> Option<&'b BusinessId>;

/// What a payment does to the account of a business: what its invoices take of it, and give back, each on its day. `None` when a
/// sum does not fit.
fn payment_movements(owner: Owner, business: &BusinessId, payment: &Payment) -> Option<Vec<Movement>> {
    let received = &payment.received;
    let currency = received.amount.currency();
    let own = |parts: &[PaidPart]| {
        let own = parts.iter().filter(|part| owner(&part.number) == Some(business)).map(|part| part.amount);
        Money::sum(currency, own)
    };
    let text = if received.reference.is_empty() { received.payer.clone() } else { received.reference.clone() };
    let what = || AccountWhat::Payment(received.payment, text.clone());
    let mut standing = own(&received.parts)?;
    let mut movements = vec![Movement { date: received.booked, what: what(), amount: standing.negated() }];
    for event in &payment.events {
        match event {
            PaymentEvent::Matched(matched) => {
                let amount = own(&matched.parts)?;
                standing = standing.checked_add(amount)?;
                movements.push(Movement { date: matched.on, what: what(), amount: amount.negated() });
            }
            PaymentEvent::Reversed(reversed) => {
                let (number, amount) = (received.payment, std::mem::replace(&mut standing, Money::zero(currency)));
                let what = if reversed.keeps { AccountWhat::Unmatched(number) } else { AccountWhat::Reversed(number) };
                movements.push(Movement { date: reversed.on, what, amount });
            }
        }
    }
    movements.retain(|movement| !movement.amount.is_zero());
    Some(movements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::{PaymentMatched, PaymentReceived, PaymentReversed};
    use crate::ledger::{History, Recorded};

    fn usd(minor: i64) -> Money {
        Money::new(minor, "USD".parse().unwrap())
    }

    /// Parts of an invoice of the bakery, and of one of somebody else.
    fn parts(own: i64, other: i64) -> Vec<PaidPart> {
        let part = |number: &str, amount: i64| PaidPart { number: number.parse().unwrap(), amount: usd(amount) };
        [part("LR-2018-000001", own), part("LR-2018-000002", other)]
            .into_iter()
            .filter(|part| !part.amount.is_zero())
            .collect()
    }

    /// What may be said of a payment, by its number.
    fn event(kind: usize) -> crate::ledger::entry::Entry {
        use crate::ledger::entry::Entry;
        let (at, on) = ("2018-10-11T00:00:00Z".parse().unwrap(), "2018-10-11".parse().unwrap());
        let matched = |parts| PaymentMatched { payment: 1, at, on, parts, reason: "said".to_owned() };
        let reversed = |keeps| PaymentReversed { payment: 1, at, on, keeps, reason: "said".to_owned() };
        match kind {
            0 => Entry::PaymentMatched(matched(parts(10, 0))),
            1 => Entry::PaymentMatched(matched(parts(0, 10))),
            2 => Entry::PaymentMatched(matched(parts(7, 3))),
            3 => Entry::PaymentReversed(reversed(true)),
            _ => Entry::PaymentReversed(reversed(false)),
        }
    }

    fn payment(first: Vec<PaidPart>, kinds: &[usize]) -> Payment {
        let received = PaymentReceived {
            payment: 1,
            key: "a".to_owned(),
            file_sha256: String::new(),
            at: "2018-10-10T00:00:00Z".parse().unwrap(),
            account: "X".to_owned(),
            reference: "B1".to_owned(),
            booked: "2018-10-09".parse().unwrap(),
            amount: usd(100),
            payer: String::new(),
            text: String::new(),
            parts: first,
            advance: None,
            restores: None,
            reason: String::new(),
        };
        let first = std::iter::once(crate::ledger::entry::Entry::Payment(received));
        let entries = first.chain(kinds.iter().map(|kind| event(*kind)));
        let recorded = (1..).zip(entries).map(|(seq, entry)| Recorded { seq, hash: String::new(), entry });
        History::of(recorded.collect()).payments.remove(0)
    }

    /// Whatever is said of a payment, and in whatever order: the account comes to what the open items do.
    #[test]
    fn the_account_comes_to_what_invoices_take() {
        let (own, other): (BusinessId, BusinessId) = ("bakery".parse().unwrap(), "hotel".parse().unwrap());
        let first: InvoiceNumber = "LR-2018-000001".parse().unwrap();
        let owner = |number: &InvoiceNumber| Some(if *number == first { &own } else { &other });
        for code in 0..5_usize.pow(4) {
            let kinds: Vec<usize> = (0..4).map(|place| code / 5_usize.pow(place) % 5).collect();
            for received in [parts(0, 0), parts(20, 0), parts(0, 20), parts(12, 8)] {
                let payment = payment(received, &kinds);
                let movements = payment_movements(&owner, &own, &payment).unwrap();
                let sum: i64 = movements.iter().map(|movement| movement.amount.minor()).sum();
                let taken = payment.parts.iter().filter(|part| part.number == first).map(|part| part.amount.minor());
                assert_eq!(-sum, taken.sum::<i64>(), "{kinds:?}: {movements:?}");
            }
        }
    }

    /// The money of a payment that was no business's after all is to the credit of nobody.
    #[test]
    fn what_is_taken_back_is_no_credit() {
        let own: BusinessId = "bakery".parse().unwrap();
        let owner = |_: &InvoiceNumber| Some(&own);
        let movements = payment_movements(&owner, &own, &payment(parts(100, 0), &[3])).unwrap();
        let told: Vec<(AccountWhat, i64)> =
            movements.into_iter().map(|movement| (movement.what, movement.amount.minor())).collect();
        let received = AccountWhat::Payment(1, "B1".to_owned());
        assert_eq!(told, [(received, -100), (AccountWhat::Unmatched(1), 100)]);
    }
}
