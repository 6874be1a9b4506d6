//! What a credit note gives back in one currency: by row, by category and rate of VAT, and in all.

use std::collections::BTreeSet;

use super::rest::{RowId, Side, Stands};
use crate::domain::invoice::Vat;
use crate::domain::vat::VatShare;
use crate::domain::{Invoice, Money, Rounding, VatKey};

/// What is known of the categories and rates that a credit note may name.
pub(super) struct Known {
    /// Those of the invoice, then those of what stands, with their reasons.
    groups: Vec<Vat>,
    /// Whether there are several, so that every row says its own.
    is_parted: bool,
}

impl Known {
    pub fn of(invoice: &Invoice, stands: &Stands, sides: &[&Side]) -> Self {
        let mut groups = invoice.vat.clone();
        if let Stands::Charges { closed, .. } = stands {
            groups.extend(closed.vat.iter().cloned());
        }
        let of_rows = sides.iter().flat_map(|side| side.keys());
        let keys: BTreeSet<VatKey> = invoice.vat.iter().map(Vat::key).chain(of_rows).collect();
        Self { groups, is_parted: keys.len() > 1 }
    }

    fn group(&self, key: &VatKey, net: Money, tax: Money) -> Vat {
        let known = self.groups.iter().find(|vat| vat.key() == *key);
        let (reason, code) = known.map(|vat| (vat.reason.clone(), vat.code.clone())).unwrap_or_default();
        Vat { category: key.category.clone(), rate: key.rate, reason, code, net, tax }
    }
}

/// A row: what was left of it, what stands, the difference, and its parts.
pub(super) struct GivenRow {
    pub billed: Money,
    pub now: Money,
    pub credit: Money,
    pub shares: Vec<VatShare>,
}

/// What is given back.
pub(super) struct Given {
    pub rows: Vec<GivenRow>,
    pub net: Money,
    pub vat: Vec<Vat>,
    pub tax: Money,
    pub total: Money,
}

impl Given {
    /// The difference of two rests, told by these rows. `None` where they are not all of it, or an amount does not fit.
    pub fn of(before: &Side, after: &Side, rows: &[RowId], known: &Known) -> Option<Self> {
        let shares = rows.iter().map(|row| before.less(after, row)).collect::<Option<Vec<Vec<VatShare>>>>()?;
        let named: BTreeSet<&VatKey> =
            shares.iter().flatten().filter(|share| !share.amount.is_zero()).map(|share| &share.vat).collect();
        let told: Vec<Vec<VatShare>> = shares.iter().map(|of| something(of, &named)).collect();
        let mut told = of_none(told, before, known);
        let keys: BTreeSet<VatKey> = told.iter().flatten().map(|share| share.vat.clone()).collect();
        let vat = keys.iter().map(|key| group(before, after, &told, key, known)).collect::<Option<Vec<Vat>>>()?;
        let net = Money::sum(before.currency, vat.iter().map(|vat| vat.net))?;
        let tax = Money::sum(before.currency, vat.iter().map(|vat| vat.tax))?;
        let lost = (before.net()?.checked_sub(after.net()?)?, before.tax()?.checked_sub(after.tax()?)?);
        if lost != (net, tax) {
            return None;
        }
        if !known.is_parted {
            told.iter_mut().for_each(Vec::clear);
        }
        let row = |(row, shares): (&RowId, Vec<VatShare>)| {
            let (billed, now) = (before.row(row)?, after.row(row)?);
            Some(GivenRow { billed, now, credit: billed.checked_sub(now)?, shares })
        };
        let rows = rows.iter().zip(told).map(row).collect::<Option<Vec<GivenRow>>>()?;
        Some(Self { rows, net, vat, tax, total: net.checked_add(tax)? })
    }
}

/// The parts of a row that are something; of one that comes to nothing, one of the groups that are `named` anyway, if it has
/// one: a row of an e-invoice falls under something.
fn something(shares: &[VatShare], named: &BTreeSet<&VatKey>) -> Vec<VatShare> {
    let parts: Vec<VatShare> = shares.iter().filter(|share| !share.amount.is_zero()).cloned().collect();
    if !parts.is_empty() {
        return parts;
    }
    let nothing = shares.iter().find(|share| named.contains(&share.vat)).or(shares.first());
    nothing.cloned().into_iter().collect()
}

/// Rows that the invoice knows nothing of, such as free units of a month closed again, fall under what another row does.
fn of_none(mut told: Vec<Vec<VatShare>>, side: &Side, known: &Known) -> Vec<Vec<VatShare>> {
    let other = told.iter().flatten().next().map(|share| share.vat.clone());
    let Some(vat) = other.or_else(|| known.groups.first().map(Vat::key)) else { return told };
    for row in told.iter_mut().filter(|row| row.is_empty()) {
        row.push(VatShare { vat: vat.clone(), amount: Money::zero(side.currency) });
    }
    told
}

/// A group with what its rows come to, which must be what it has less, and with what its tax becomes less.
fn group(before: &Side, after: &Side, told: &[Vec<VatShare>], key: &VatKey, known: &Known) -> Option<Vat> {
    let of_key = told.iter().flatten().filter(|share| share.vat == *key);
    let net = Money::sum(before.currency, of_key.map(|share| share.amount))?;
    let (was, is) = (before.group(key)?, after.group(key)?);
    let tax = |net: Money| net.percent(key.rate, Rounding::HalfAwayFromZero);
    let lost = tax(was)?.checked_sub(tax(is)?)?;
    (was.checked_sub(is)? == net).then(|| known.group(key, net, lost))
}
