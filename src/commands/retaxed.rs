//! VAT of an invoice that is issued again: what the book of today says of its days.
//!
//! Which charge fell on which day is that of the closing. Where the days of a month fall under different treatments, then or
//! today, and the book of today says something else of them than that of then, nothing is issued.

use std::collections::{BTreeMap, BTreeSet};

use super::recorded;
use super::setup::Setup;
use crate::close::ClosedMonth;
use crate::domain::billed::shares;
use crate::domain::correction::Earlier;
use crate::domain::invoice::Vat;
use crate::domain::vat::{TaxPoint, VatShare};
use crate::domain::{Business, Date, Invoice, Money, Month, VatBook, VatKey};
use crate::error::Failure;
use crate::ledger::entry::Issued;
use crate::ledger::{Billed, History, Ledger};

/// What the book of today says of the days of a month.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The same as that of then.
    Same,
    /// Another treatment, and the same one of all days.
    Other,
    /// It parts them, or that of then did: of which day an amount is decides.
    Parted,
}

fn said(then: Option<&VatBook>, today: &VatBook, month: Month, days: &BTreeSet<Date>) -> Said {
    let keys = |book: &VatBook| days.iter().map(|day| book.key_of(*day, month)).collect::<Vec<_>>();
    let (then, today) = (then.map(keys), keys(today));
    let is_parted = |keys: &Vec<Option<VatKey>>| keys.windows(2).any(|pair| pair[0] != pair[1]);
    match then {
        Some(then) if then == today => Said::Same,
        then if is_parted(&today) || then.as_ref().is_some_and(is_parted) => Said::Parted,
        _ => Said::Other,
    }
}

/// The days whose treatments decide about a month: those of its charges where they are known, which is where they decided when
/// it was closed; else all of its own.
pub fn days(closed: &ClosedMonth) -> BTreeSet<Date> {
    if closed.vat_days.is_empty() { closed.month.days().collect() } else { closed.vat_days.clone() }
}

/// Puts the month under the treatment of today. `recorded` is its book of then. Whether that can be told.
pub fn own(recorded: &Setup, business: &Business, closed: &mut ClosedMonth) -> bool {
    let then = recorded.business(business.id.as_str()).map(|then| &then.vat);
    let days = days(closed);
    let said = said(then, &business.vat, closed.month, &days);
    if said == Said::Other {
        // All these days fall under one treatment: so does whatever they are of.
        closed.vat_main = days.first().and_then(|day| business.vat.key_of(*day, closed.month));
    }
    if business.vat.tax_point == TaxPoint::MonthEnd {
        closed.vat_days.clear();
    }
    said != Said::Parted
}

/// What is left of the amounts of earlier months, under the treatments of today. `None` where that cannot be told.
pub fn earlier(
    ledger: &Ledger,
    history: &History,
    business: &Business,
    left: &[Earlier],
) -> Result<Option<Vec<Earlier>>, Failure> {
    let mut again = Vec::new();
    for row in left {
        let closed = history.closed.get(&(business.id.clone(), row.month));
        let then = closed.map(|closed| recorded::setup(ledger, closed)).transpose()?;
        let then = then.as_ref().and_then(|then| then.business(business.id.as_str())).map(|then| &then.vat);
        let is_frozen = !history.vat_of(&business.id, row.month, &row.data_sha256).is_empty();
        again.push(match said(then, &business.vat, row.month, &row.month.days().collect()) {
            Said::Same if is_frozen => row.clone(),
            Said::Parted => return Ok(None),
            // Charges of other days than those of the month may have parted it.
            Said::Other if row.shares.len() > 1 => return Ok(None),
            Said::Same | Said::Other => Earlier { vat: None, shares: Vec::new(), ..row.clone() },
        });
    }
    Ok(Some(again))
}

/// What is left of an amount of an earlier month: by the charges that stand, where these decided its VAT.
pub fn left(history: &History, issued: &Issued, row: &Earlier, own: &Billed) -> Earlier {
    let now: Vec<VatShare> = history.vat_of(&issued.business, row.month, own.data_sha256).to_vec();
    let is_whole = Money::sum(own.rest.currency(), now.iter().map(|share| share.amount)) == Some(own.rest);
    let (amount, data_sha256) = (own.rest, own.data_sha256.to_owned());
    let parts = shares(&row.shares, amount);
    let row = Earlier { amount, data_sha256, shares: parts, ..row.clone() };
    if now.is_empty() || !is_whole {
        return row;
    }
    row.with_shares(now.into_iter().filter(|share| !share.amount.is_zero()).collect())
}

/// Whether an invoice says the same of VAT as one before it: of each row, and of each exemption why.
pub fn says_the_same(invoice: &Invoice, before: &Invoice) -> bool {
    let is_worded = |vat: &Vat| ["E", "G"].contains(&vat.category.as_str());
    let is_said = |vat: &Vat| {
        let mut of_key = before.vat.iter().filter(|was| was.key() == vat.key());
        of_key.any(|was| !is_worded(vat) || (&was.reason, &was.code) == (&vat.reason, &vat.code))
    };
    let was = by_month(before);
    let is_of_row = |(month, keys): (&Month, &BTreeSet<VatKey>)| was.get(month).is_some_and(|was| keys.is_subset(was));
    invoice.vat.iter().all(is_said) && by_month(invoice).iter().all(is_of_row)
}

/// The categories and rates that an invoice has of each month.
fn by_month(invoice: &Invoice) -> BTreeMap<Month, BTreeSet<VatKey>> {
    let only = invoice.vat.first().filter(|_| invoice.vat.len() == 1).map(Vat::key);
    let mut keys: BTreeMap<Month, BTreeSet<VatKey>> = BTreeMap::new();
    let lines = invoice.lines.iter().map(|line| (invoice.month, line.vat.as_ref()));
    let earlier = invoice.earlier.iter();
    let earlier = earlier.flat_map(|row| row.by_key().into_iter().map(move |(key, _)| (row.month, key)));
    for (month, key) in lines.chain(earlier) {
        keys.entry(month).or_default().extend(key.cloned().or_else(|| only.clone()));
    }
    keys
}
