//! `ritardo payments open`: what is left to pay, what is overdue by how long, what businesses have to their credit, and what of
//! payments no invoice took.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::table::Table;
use super::super::{Outcome, World, say};
use super::Books;
use crate::cli::{PaymentsOpen, TableForm};
use crate::domain::receivable::{AdvancePaid, OpenItem};
use crate::domain::{Currency, Date, Instant, InvoiceNumber, Money};
use crate::error::{Failure, Kind};

/// What `--format json` writes.
#[derive(Serialize)]
struct Told<'b> {
    format: &'static str,
    as_of: Instant,
    items: Vec<Row<'b>>,
    /// Payments that invoices did not take whole.
    left: Vec<Left<'b>>,
    /// By currency.
    sums: Vec<Sum>,
}

#[derive(Serialize)]
struct Row<'b> {
    #[serde(flatten)]
    item: &'b OpenItem,
    /// Days; `null` of what is not overdue.
    overdue_by: Option<u32>,
}

#[derive(Serialize)]
struct Left<'b> {
    payment: u32,
    left: Money,
    payer: &'b str,
    /// Payments in advance of the book that have its amount, and that no payment is yet: business and reference.
    advances: Vec<AdvancePaid>,
}

#[derive(Serialize)]
struct Sum {
    /// To be paid.
    open: Money,
    overdue: Money,
    /// What businesses have to their credit.
    credit: Money,
    /// Of payments.
    left: Money,
}

pub fn open(args: &PaymentsOpen, world: &mut World) -> Result<Outcome, Failure> {
    let as_of = args.as_of.unwrap_or(world.now);
    let books = Books::as_of(&args.configured.config, as_of)?;
    books.refuse_unknown(args.business.as_ref())?;
    let of_business = |item: &&OpenItem| args.business.as_ref().is_none_or(|business| *business == item.business);
    let open = books.items.iter().filter(of_business).filter(|item| !item.balance.is_zero());
    let rows = open.map(|item| Row { item, overdue_by: item.overdue_by(books.day(&item.business, as_of)) });
    let mut items: Vec<Row> = rows.filter(|row| !args.overdue || row.overdue_by.is_some()).collect();
    items.sort_by(|one, other| order(one).cmp(&order(other)));
    // Whose a payment is that names no invoice cannot be told.
    let left = if args.business.is_some() || args.overdue { Vec::new() } else { left(&books)? };
    let unsummed = || Failure::new(Kind::SelfCheck, "a sum of what is open does not fit");
    let sums = sums(&items, &left).ok_or_else(unsummed)?;
    Told { format: "ritardo-open-items/1", as_of, items, left, sums }.print(args.format, world)?;
    Ok(Outcome::Done)
}

/// What is due first comes first.
fn order<'b>(row: &Row<'b>) -> (Date, &'b InvoiceNumber) {
    (row.item.due, &row.item.number)
}

fn left(books: &Books) -> Result<Vec<Left<'_>>, Failure> {
    let (untold, mut found) = (untold(books), Vec::new());
    for payment in &books.payments {
        let (number, amount) = (payment.received.payment, payment.received.amount);
        let unsummed = || Failure::new(Kind::SelfCheck, format!("what is left of payment {number} does not fit"));
        let left = payment.left().ok_or_else(unsummed)?;
        if !left.is_zero() {
            let advances = untold.get(&left).filter(|_| left == amount).cloned().unwrap_or_default();
            found.push(Left { payment: number, left, payer: &payment.received.payer, advances });
        }
    }
    Ok(found)
}

/// Payments in advance of the book that no payment is yet, by amount: the money of one would be there twice.
fn untold(books: &Books) -> BTreeMap<Money, Vec<AdvancePaid>> {
    let standing = books.payments.iter().filter(|payment| !payment.is_reversed);
    let told: BTreeSet<&AdvancePaid> = standing.filter_map(|payment| payment.received.advance.as_ref()).collect();
    let mut untold: BTreeMap<Money, Vec<AdvancePaid>> = BTreeMap::new();
    for business in &books.setup.businesses {
        for advance in &business.prepaid {
            let paid = AdvancePaid { business: business.id.clone(), reference: advance.reference.clone() };
            if !told.contains(&paid) {
                untold.entry(advance.amount).or_default().push(paid);
            }
        }
    }
    untold
}

/// `None` when a sum does not fit.
fn sums(items: &[Row], left: &[Left]) -> Option<Vec<Sum>> {
    let mut sums: BTreeMap<Currency, Sum> = BTreeMap::new();
    let nothing = |currency| {
        let nothing = Money::zero(currency);
        Sum { open: nothing, overdue: nothing, credit: nothing, left: nothing }
    };
    for row in items {
        let balance = row.item.balance;
        let sum = sums.entry(balance.currency()).or_insert_with(|| nothing(balance.currency()));
        if row.item.is_open() {
            sum.open = sum.open.checked_add(balance)?;
        } else {
            sum.credit = sum.credit.checked_sub(balance)?;
        }
        if row.overdue_by.is_some() {
            sum.overdue = sum.overdue.checked_add(balance)?;
        }
    }
    for of in left {
        let sum = sums.entry(of.left.currency()).or_insert_with(|| nothing(of.left.currency()));
        sum.left = sum.left.checked_add(of.left)?;
    }
    Some(sums.into_values().collect())
}

impl Told<'_> {
    fn print(&self, form: TableForm, world: &mut World) -> Result<(), Failure> {
        match form {
            TableForm::Json => {
                let failed = |error| Failure::new(Kind::SelfCheck, "the list cannot be written").because(error);
                say(world.out, &serde_json::to_string_pretty(self).map_err(failed)?)
            }
            TableForm::Csv => say(world.out, self.table().csv()?.trim_end()),
            TableForm::Text => {
                if self.items.is_empty() && self.left.is_empty() {
                    return say(world.out, "nothing is open");
                }
                if !self.items.is_empty() {
                    self.table().lines().iter().try_for_each(|line| say(world.out, line))?;
                }
                for Left { payment, left, payer, advances } in &self.left {
                    say(world.out, format!("{left} of payment {payment} is left  {payer}").trim_end())?;
                    for AdvancePaid { business, reference } in advances {
                        let what = format!("payments match {payment} --advance \"{business}:{reference}\"");
                        say(
                            world.out,
                            &format!("          it may be a payment in advance of the book: `ritardo {what}`"),
                        )?;
                    }
                }
                self.sums.iter().try_for_each(|sum| say(world.out, &sum.sentence()))
            }
        }
    }

    fn table(&self) -> Table {
        let head = ["number", "business", "month", "issued", "due", ">days overdue", ">total", ">prepaid", ">credited"];
        let rest = [">taken over", ">paid", ">open", "currency"];
        let mut table = Table::new(&[&head[..], &rest[..]].concat());
        for Row { item, overdue_by } in &self.items {
            table.add(vec![
                item.number.to_string(),
                item.business.to_string(),
                item.month.to_string(),
                item.issued.to_string(),
                item.due.to_string(),
                overdue_by.map(|days| days.to_string()).unwrap_or_default(),
                item.total.digits(),
                // What is left of it for later invoices pays nothing here.
                item.prepaid.checked_sub(item.released).unwrap_or(item.prepaid).digits(),
                item.credited.digits(),
                item.taken_over.digits(),
                item.paid.digits(),
                item.balance.digits(),
                item.balance.currency().to_string(),
            ]);
        }
        table
    }
}

impl Sum {
    fn sentence(&self) -> String {
        let mut words = vec![format!("{} open", self.open), format!("{} of it overdue", self.overdue.digits())];
        let others = [(self.credit, "to the credit of businesses"), (self.left, "left of payments")];
        words.extend(
            others
                .into_iter()
                .filter(|(amount, _)| !amount.is_zero())
                .map(|(of, what)| format!("{} {what}", of.digits())),
        );
        words.join(", ")
    }
}
