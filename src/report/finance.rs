//! What finance adds up of a month or a year: documents, businesses, markets, VAT by rate and treatment, the VAT return, credit
//! notes, year to date. Amounts are those that documents are billed in, a group for each currency; what credit notes give back is
//! below zero.

mod taxes;

use std::collections::BTreeMap;

use crate::domain::correction::{CreditOf, DocumentKind};
use crate::domain::exchange::{Rate, VatAccounting};
use crate::domain::grid::{Column, Grid};
use crate::domain::invoice::{AdjustmentKind, Vat};
use crate::domain::prepaid::Released;
use crate::domain::{BusinessId, CorrectionCause, Date, Invoice, InvoiceNumber, Money, Month};

/// Of rows that are of no market.
const MINIMUM: &str = "(minimum)";
const CAP: &str = "(cap)";
const EARLIER: &str = "(earlier months)";

/// A document as far as finance adds it up. Amounts have the sign of what they do to revenue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: InvoiceNumber,
    pub month: Month,
    pub issued: Date,
    kind: DocumentKind,
    due: Date,
    business: BusinessId,
    name: String,
    country: String,
    net: Money,
    tax: Money,
    total: Money,
    /// What it takes of payments in advance, less what it leaves of them again.
    prepaid: Money,
    /// What it does to what the business owes: the total less `prepaid`.
    receivable: Money,
    vat: Vec<Vat>,
    /// All tax in the currency of the seller's VAT return, where that is another, and the rate of the rest.
    accounted: Option<(Money, Rate)>,
    /// By market: charges, and what they come to.
    markets: BTreeMap<String, (i64, Money)>,
    corrects: Option<(InvoiceNumber, CorrectionCause, String)>,
    /// SHA-256 of the canonical document.
    sha256: String,
}

impl Entry {
    /// Of a document in the currency that it is billed in, with the digest of its canonical bytes, and with what it needs less of
    /// payments in advance than the invoice in whose place it stands. `None` when a sum does not fit.
    pub fn of(billed: &Invoice, sha256: &str, released: &[Released]) -> Option<Self> {
        let is_credit = billed.is_credit_note();
        let signed = |amount: Money| if is_credit { amount.negated() } else { amount };
        let vat = billed.vat.iter().map(|vat| Vat { net: signed(vat.net), tax: signed(vat.tax), ..vat.clone() });
        let prepaid = prepaid(billed, released)?;
        let accounted = |accounting: &VatAccounting| (signed(accounting.tax), accounting.rate(billed.net.currency()));
        let corrects = billed
            .corrects
            .as_ref()
            .map(|corrects| (corrects.number.clone(), corrects.cause, corrects.reason.clone().unwrap_or_default()));
        Some(Self {
            number: billed.number.clone(),
            month: billed.month,
            issued: billed.issue_date,
            kind: billed.kind,
            due: billed.due_date,
            business: billed.business.clone(),
            name: billed.buyer.legal_name.clone(),
            country: billed.seller.country.clone(),
            net: signed(billed.net),
            tax: signed(billed.tax),
            total: signed(billed.total),
            prepaid,
            receivable: signed(billed.total).checked_sub(prepaid)?,
            vat: vat.collect(),
            accounted: billed.vat_accounting.as_ref().map(accounted),
            markets: markets(billed)?,
            corrects,
            sha256: sha256.to_owned(),
        })
    }

    fn currency(&self) -> String {
        self.net.currency().to_string()
    }
}

/// What a document takes of payments in advance. One in place of another says again what that one took, which is not counted
/// again; what it needs less is there for later ones.
fn prepaid(billed: &Invoice, released: &[Released]) -> Option<Money> {
    let nothing = Money::zero(billed.net.currency());
    let takes = !billed.is_credit_note() && billed.corrects.is_none();
    let taken = billed.prepaid.as_ref().filter(|_| takes).map_or(nothing, |prepaid| prepaid.paid);
    let released = released.iter().filter(|released| released.amount.currency() == taken.currency());
    released.map(|released| released.amount).try_fold(taken, Money::checked_sub)
}

/// Charges and amounts by market, which come to the net amount.
fn markets(billed: &Invoice) -> Option<BTreeMap<String, (i64, Money)>> {
    let mut markets: BTreeMap<String, (i64, Money)> = BTreeMap::new();
    let nothing = Money::zero(billed.net.currency());
    let mut add = |market: String, charges: i64, amount: Money| {
        let of = markets.entry(market).or_insert((0, nothing));
        *of = (of.0.checked_add(charges)?, of.1.checked_add(amount)?);
        Some(())
    };
    for line in &billed.lines {
        add(line.market.to_string(), i64::try_from(line.quantity).ok()?, line.amount)?;
    }
    for adjustment in &billed.adjustments {
        let name = if adjustment.kind == AdjustmentKind::Minimum { MINIMUM } else { CAP };
        add(name.to_owned(), 0, adjustment.amount)?;
    }
    for earlier in &billed.earlier {
        add(EARLIER.to_owned(), 0, earlier.amount)?;
    }
    for line in &billed.credited {
        let (was, now) = (i64::try_from(line.billed.quantity).ok()?, i64::try_from(line.now.quantity).ok()?);
        let name = match (line.of, &line.market) {
            (CreditOf::Charges, Some(market)) => market.to_string(),
            (CreditOf::Minimum, _) => MINIMUM.to_owned(),
            (CreditOf::Cap, _) => CAP.to_owned(),
            (CreditOf::EarlierMonth | CreditOf::Charges, _) => EARLIER.to_owned(),
        };
        let charges = if line.of == CreditOf::EarlierMonth { 0 } else { now.checked_sub(was)? };
        add(name, charges, line.credit.negated())?;
    }
    Some(markets)
}

/// What the tables are of.
pub struct Scope<'e> {
    /// Such as `2018-08`.
    pub period: String,
    /// What puts a document into the period, in words.
    pub basis: &'static str,
    /// The documents of the period, in the order of issue.
    pub own: Vec<&'e Entry>,
    /// All documents of the year up to the end of the period.
    pub year: Vec<&'e Entry>,
}

/// The tables of some documents. `None` when a sum does not fit.
pub fn tables(scope: &Scope) -> Option<Vec<Grid>> {
    let own = scope.own.as_slice();
    Some(vec![
        documents(own)?,
        businesses(own)?,
        by_market(own)?,
        taxes::vat(own)?,
        taxes::returned(own)?,
        credits(own)?,
        to_date(&scope.year)?,
        about(scope)?,
    ])
}

/// What the tables were made of, and of nothing else.
fn about(scope: &Scope) -> Option<Grid> {
    let last = scope.own.last();
    let rows = [
        ("period", scope.period.clone()),
        ("documents of", scope.basis.to_owned()),
        ("documents", scope.own.len().to_string()),
        ("last document", last.map(|last| last.number.to_string()).unwrap_or_default()),
        ("its SHA-256", last.map(|last| last.sha256.clone()).unwrap_or_default()),
    ];
    let rows = Vec::from(rows.map(|(what, said)| vec![what.to_owned(), said]));
    Grid::plain("About", vec![Column::text("what"), Column::text("said")], rows)
}

/// A table whose groups are currencies, which stand in the first column; rows are sorted.
fn grid(name: &'static str, columns: Vec<Column>, mut rows: Vec<Vec<String>>) -> Option<Grid> {
    rows.sort();
    Grid::of(name, columns, rows, 0)
}

fn documents(entries: &[&Entry]) -> Option<Grid> {
    let texts = ["currency", "number", "kind", "month", "issued", "due", "business", "name", "corrects"];
    let columns = texts.map(Column::text).into_iter();
    let columns = columns.chain(["net", "tax", "total", "prepaid", "receivable"].map(Column::amount));
    let columns = columns.chain([Column::text("sha256")]).collect();
    let row = |of: &&Entry| {
        vec![
            of.currency(),
            of.number.to_string(),
            of.kind.name().to_owned(),
            of.month.to_string(),
            of.issued.to_string(),
            of.due.to_string(),
            of.business.to_string(),
            of.name.clone(),
            of.corrects.as_ref().map(|(number, ..)| number.to_string()).unwrap_or_default(),
            of.net.digits(),
            of.tax.digits(),
            of.total.digits(),
            of.prepaid.digits(),
            of.receivable.digits(),
            of.sha256.clone(),
        ]
    };
    grid("Documents", columns, entries.iter().map(row).collect())
}

/// Documents, and what they come to.
#[derive(Clone, Copy)]
struct Sums {
    documents: u64,
    net: Money,
    tax: Money,
}

impl Sums {
    fn add(self, net: Money, tax: Money) -> Option<Self> {
        let documents = self.documents.checked_add(1)?;
        Some(Self { documents, net: self.net.checked_add(net)?, tax: self.tax.checked_add(tax)? })
    }

    /// Number of documents, net, tax and both together.
    fn cells(&self) -> Option<[String; 4]> {
        let total = self.net.checked_add(self.tax)?;
        Some([self.documents.to_string(), self.net.digits(), self.tax.digits(), total.digits()])
    }
}

/// The sums of amounts by key, each key as the first cells of its row.
fn summed(parts: impl Iterator<Item = (Vec<String>, Money, Money)>) -> Option<Vec<Vec<String>>> {
    let mut sums: BTreeMap<Vec<String>, Sums> = BTreeMap::new();
    for (key, net, tax) in parts {
        let nothing = Money::zero(net.currency());
        let of = sums.entry(key).or_insert(Sums { documents: 0, net: nothing, tax: nothing });
        *of = of.add(net, tax)?;
    }
    sums.into_iter().map(|(key, of)| Some(key.into_iter().chain(of.cells()?).collect())).collect()
}

fn with_sums(texts: &[&'static str]) -> Vec<Column> {
    let texts = texts.iter().copied().map(Column::text);
    texts.chain([Column::count("documents")]).chain(["net", "tax", "total"].map(Column::amount)).collect()
}

fn businesses(entries: &[&Entry]) -> Option<Grid> {
    let parts = entries.iter().map(|of| (vec![of.currency(), of.business.to_string()], of.net, of.tax));
    // A business may have changed its name: the last one stands.
    let names: BTreeMap<String, &str> = entries.iter().map(|of| (of.business.to_string(), of.name.as_str())).collect();
    let mut rows = summed(parts)?;
    for row in &mut rows {
        let name = row.get(1).and_then(|id| names.get(id)).copied().unwrap_or_default().to_owned();
        row.insert(2, name);
    }
    grid("Businesses", with_sums(&["currency", "business", "name"]), rows)
}

fn by_market(entries: &[&Entry]) -> Option<Grid> {
    let mut sums: BTreeMap<(String, &str), (i64, Money)> = BTreeMap::new();
    for of in entries {
        for (market, (charges, amount)) in &of.markets {
            let sum = sums.entry((of.currency(), market.as_str())).or_insert((0, Money::zero(amount.currency())));
            *sum = (sum.0.checked_add(*charges)?, sum.1.checked_add(*amount)?);
        }
    }
    let row = |((currency, market), (charges, net)): ((String, &str), (i64, Money))| {
        vec![currency, market.to_owned(), charges.to_string(), net.digits()]
    };
    let columns =
        vec![Column::text("currency"), Column::text("market"), Column::count("charges"), Column::amount("net")];
    grid("Markets", columns, sums.into_iter().map(row).collect())
}

fn credits(entries: &[&Entry]) -> Option<Grid> {
    let texts = ["currency", "number", "issued", "month", "business", "name", "corrects", "cause", "reason"];
    let columns = texts.map(Column::text).into_iter();
    let columns = columns.chain(["net", "tax", "total"].map(Column::amount)).collect();
    let row = |of: &&Entry| -> Vec<String> {
        let (corrects, cause, reason) = of.corrects.clone().map_or_else(
            || (String::new(), String::new(), String::new()),
            |(number, cause, reason)| (number.to_string(), cause.name().to_owned(), reason),
        );
        let texts = [of.currency(), of.number.to_string(), of.issued.to_string(), of.month.to_string()];
        let texts = texts.into_iter().chain([of.business.to_string(), of.name.clone(), corrects, cause, reason]);
        texts.chain([of.net.digits(), of.tax.digits(), of.total.digits()]).collect()
    };
    let notes = entries.iter().filter(|of| !of.kind.is_invoice());
    grid("Credit notes", columns, notes.map(row).collect())
}

fn to_date(year: &[&Entry]) -> Option<Grid> {
    let parts = year.iter().map(|of| (vec![of.currency(), of.month.to_string()], of.net, of.tax));
    grid("Year to date", with_sums(&["currency", "month"]), summed(parts)?)
}

#[cfg(test)]
mod tests;
