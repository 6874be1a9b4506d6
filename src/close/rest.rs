//! What is left of an invoice after each of its credit notes: by group of VAT, and in the currency that it was billed in.
//!
//! Everything that a credit note says is the rest before it less the rest after it, each rounded in one way from what the
//! invoice says. So all credit notes of an invoice together give back exactly what it billed, and never more.

use std::collections::BTreeMap;

use crate::domain::billed::shares;
use crate::domain::correction::CreditLine;
use crate::domain::invoice::Vat;
use crate::domain::vat::{VatShare, apportioned};
use crate::domain::{Exchange, Invoice, Money, Rounding, VatAccounting, VatKey};

/// The groups of an invoice.
#[derive(Clone, Copy)]
pub(super) struct Rest<'i> {
    pub vat: &'i [Vat],
}

impl Rest<'_> {
    /// What each group has of a rest: in the proportion of the groups, since a file of charges does not say which of them a
    /// charge is in.
    fn parts(&self, rest: Money) -> Option<Vec<Money>> {
        let nets: Vec<Money> = self.vat.iter().map(|vat| vat.net).collect();
        apportioned(rest, &nets)
    }

    /// The tax of a rest. `None` when it does not fit.
    fn tax(&self, rest: Money) -> Option<Money> {
        let parts = self.parts(rest)?.into_iter().zip(self.vat);
        let taxes = parts.map(|(net, vat)| net.percent(vat.rate, Rounding::HalfAwayFromZero));
        taxes.into_iter().try_fold(Money::zero(rest.currency()), |sum, tax| sum.checked_add(tax?))
    }

    /// What each group gives back between two rests; groups that give nothing back are left out.
    pub fn groups(&self, before: Money, after: Money) -> Option<Vec<Vat>> {
        self.all_groups(before, after).map(something)
    }

    fn all_groups(&self, before: Money, after: Money) -> Option<Vec<Vat>> {
        let parts = self.parts(before)?.into_iter().zip(self.parts(after)?);
        let groups = self.vat.iter().zip(parts).map(|(vat, (before, after))| {
            let tax = |net: Money| net.percent(vat.rate, Rounding::HalfAwayFromZero);
            Some(Vat { net: before.checked_sub(after)?, tax: tax(before)?.checked_sub(tax(after)?)?, ..vat.clone() })
        });
        groups.collect()
    }

    /// The rows of a credit note, each with its parts where the invoice has several groups. Together the parts of all rows
    /// are what [`Rest::groups`] gives back.
    pub fn shared(&self, mut lines: Vec<CreditLine>, mut rest: Money) -> Option<Vec<CreditLine>> {
        for line in lines.iter_mut().filter(|_| self.vat.len() > 1) {
            let after = rest.checked_sub(line.credit)?;
            let parts = self.parts(rest)?.into_iter().zip(self.parts(after)?);
            let parts = parts.map(|(before, after)| before.checked_sub(after)).collect::<Option<Vec<Money>>>()?;
            let keyed = self.vat.iter().zip(parts).filter(|(_, amount)| !amount.is_zero());
            line.shares = keyed.map(|(vat, amount)| VatShare { vat: vat.key(), amount }).collect();
            rest = after;
        }
        Some(lines)
    }
}

/// Without the groups that come to nothing, but never without any: a few cents of the tariff may be nothing in another
/// currency, and a document says under what it stands all the same.
fn something(mut groups: Vec<Vat>) -> Vec<Vat> {
    let comes_to_nothing = |vat: &Vat| vat.net.is_zero() && vat.tax.is_zero();
    if groups.iter().all(comes_to_nothing) {
        groups.truncate(1);
    } else {
        groups.retain(|vat| !comes_to_nothing(vat));
    }
    groups
}

/// The rows of a credit note in the currency of the invoice that it corrects, by the rate of that invoice. `net` is what the
/// invoice came to in the currency of the tariff, `before` what was left of that. `None` when an amount does not fit.
pub(super) fn exchange(invoice: &Exchange, net: Money, before: Money, credited: &[CreditLine]) -> Option<Exchange> {
    let left = |rest: Money| invoice.net.share(rest, net);
    let (mut rest, mut rows) = (before, Vec::new());
    for line in credited {
        let after = rest.checked_sub(line.credit)?;
        rows.push(left(rest)?.checked_sub(left(after)?)?);
        rest = after;
    }
    let (first, last) = (left(before)?, left(rest)?);
    let groups = Rest { vat: &invoice.vat }.all_groups(first, last)?;
    let vat = something(of_rows(groups, credited, &rows)?);
    let tax = Money::sum(invoice.currency, vat.iter().map(|vat| vat.tax))?;
    let net = first.checked_sub(last)?;
    Some(Exchange {
        lines: Vec::new(),
        adjustments: Vec::new(),
        earlier: Vec::new(),
        credited: rows,
        net,
        vat,
        tax,
        total: net.checked_add(tax)?,
        ..invoice.clone()
    })
}

/// The tax of a credit note in the currency of a VAT return: what that of the rest becomes less, by the rate of the invoice.
/// `before` and `after` are the rests in the currency of the tariff. `None` when an amount does not fit.
pub(super) fn accounted(
    accounting: &VatAccounting,
    invoice: &Invoice,
    before: Money,
    after: Money,
) -> Option<VatAccounting> {
    let billed = invoice.as_billed();
    let rest = Rest { vat: &billed.vat };
    let rate = accounting.rate(billed.currency);
    let left = |of: Money| {
        let billed = if invoice.exchange.is_some() { billed.net.share(of, invoice.net)? } else { of };
        rate.convert(rest.tax(billed)?.exact())
    };
    Some(VatAccounting { tax: left(before)?.checked_sub(left(after)?)?, ..accounting.clone() })
}

/// The groups with the net amounts that the rows come to: with several of them a row is apportioned by itself, which may be a
/// cent away from the groups as a whole.
fn of_rows(groups: Vec<Vat>, credited: &[CreditLine], rows: &[Money]) -> Option<Vec<Vat>> {
    let mut nets: BTreeMap<VatKey, Money> = BTreeMap::new();
    for (line, amount) in credited.iter().zip(rows) {
        for share in shares(&line.shares, *amount) {
            let net = nets.entry(share.vat).or_insert(Money::zero(amount.currency()));
            *net = net.checked_add(share.amount)?;
        }
    }
    if nets.is_empty() {
        return Some(groups);
    }
    // A group of which no row has a part may still give back a cent of tax.
    let net = |vat: &Vat| nets.get(&vat.key()).copied().unwrap_or(Money::zero(vat.net.currency()));
    Some(groups.into_iter().map(|vat| Vat { net: net(&vat), ..vat }).collect())
}
