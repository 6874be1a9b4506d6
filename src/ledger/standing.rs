//! What stands of a closed month, and which documents billed it.

use std::collections::BTreeMap;

use super::History;
use super::entry::{Dispute, DisputeSettled, Issued, MonthClosed, MonthCorrected};
use crate::domain::correction::{Earlier, EarlierCause};
use crate::domain::prepaid::Taken;
use crate::domain::vat::{VatShare, apportioned};
use crate::domain::{Advance, BusinessId, Currency, InvoiceNumber, Money, Month, VatKey};

/// The charges of a closed month as they stand: those of its closing, or of its last correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'h> {
    pub closed: &'h MonthClosed,
    pub corrected: Option<&'h MonthCorrected>,
}

impl<'h> Standing<'h> {
    pub fn data_sha256(&self) -> &'h str {
        self.corrected.map_or(&self.closed.data_sha256, |corrected| &corrected.data_sha256)
    }

    pub fn charges(&self) -> u64 {
        self.corrected.map_or(self.closed.charges, |corrected| corrected.charges)
    }

    /// Files and accepted holds recorded up to this entry are its evidence.
    pub fn evidence_through(&self) -> u64 {
        self.corrected.map_or(self.closed.evidence_through, |corrected| corrected.evidence_through)
    }

    /// Disputes that were settled up to this entry are taken out.
    pub fn disputes_through(&self) -> u64 {
        self.corrected.map_or(0, |corrected| corrected.disputes_through)
    }

    /// How many corrections there were.
    pub fn correction(&self) -> u32 {
        self.corrected.map_or(0, |corrected| corrected.correction)
    }
}

/// A document with what it still bills of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billed<'h> {
    pub issued: &'h Issued,
    /// Net, less what credit notes gave back.
    pub rest: Money,
    /// SHA-256 of the charges up to which the document, with its credit notes, bills the month.
    pub data_sha256: &'h str,
}

impl Issued {
    /// The part of the net amount that is of a month; `None` when it is of others only.
    pub fn part_of(&self, month: Month) -> Option<Money> {
        let mut earlier = self.earlier.iter().map(|earlier| (earlier.month, earlier.amount));
        if month == self.month {
            return earlier.try_fold(self.net, |own, (_, amount)| own.checked_sub(amount));
        }
        earlier.find(|(of, _)| *of == month).map(|(_, amount)| amount)
    }
}

/// Parts without those of nothing.
fn something(vat: &[VatShare]) -> Vec<VatShare> {
    vat.iter().filter(|share| !share.amount.is_zero()).cloned().collect()
}

impl History {
    /// The net amount that stands of a closed month, whether or not a document bills it.
    pub fn standing_net(&self, standing: &Standing, currency: Currency) -> Option<Money> {
        let closed = standing.closed;
        let billed = || self.invoice_of(&closed.business, closed.month)?.part_of(closed.month);
        let corrected = standing.corrected.map(|corrected| corrected.net);
        corrected.or(closed.carried).or_else(billed).or_else(|| Some(Money::zero(currency)))
    }

    /// What stands of a month; `None` while it is not closed.
    pub fn standing(&self, business: &BusinessId, month: Month) -> Option<Standing<'_>> {
        let key = (business.clone(), month);
        let corrected = self.corrected.get(&key).and_then(|all| all.last()).map(|(_, corrected)| corrected);
        Some(Standing { closed: self.closed.get(&key)?, corrected })
    }

    /// The corrections of a month, in order.
    pub fn corrections(&self, business: &BusinessId, month: Month) -> impl Iterator<Item = &MonthCorrected> {
        self.corrected.get(&(business.clone(), month)).into_iter().flatten().map(|(_, corrected)| corrected)
    }

    /// The first invoice of a closed month, where it has one.
    pub fn invoice_of(&self, business: &BusinessId, month: Month) -> Option<&Issued> {
        let is_first = |issued: &&Issued| issued.kind.is_invoice() && issued.corrects.is_none();
        self.issued_to(business).filter(is_first).find(|issued| issued.month == month)
    }

    pub fn document(&self, number: &InvoiceNumber) -> Option<&Issued> {
        self.place_of.get(number).and_then(|place| self.issued.get(*place))
    }

    /// Credit notes that correct an invoice, in order.
    pub fn credits_of<'h>(&'h self, number: &'h InvoiceNumber) -> impl Iterator<Item = &'h Issued> {
        let business = self.document(number).map(|issued| &issued.business);
        let corrects = move |issued: &&Issued| !issued.kind.is_invoice() && issued.corrects.as_ref() == Some(number);
        business.into_iter().flat_map(|business| self.issued_to(business)).filter(corrects)
    }

    /// The invoices that bill a month of a business and were not given back whole, in the order of issue; one in place
    /// of another stands where that one stood.
    pub fn billed(&self, business: &BusinessId, month: Month) -> Vec<Billed<'_>> {
        let invoices = self.issued_to(business).filter(|issued| issued.kind.is_invoice());
        let billed = invoices.filter_map(|issued| self.billed_by(issued, month));
        let mut billed: Vec<Billed> = billed.filter(|billed| billed.rest.minor() > 0).collect();
        billed.sort_by_key(|billed| self.first_of(billed.issued));
        billed
    }

    /// The place, among the documents of its business, of the invoice that a chain of replacements began with.
    fn first_of(&self, issued: &Issued) -> usize {
        let base = issued.corrects.as_ref().and_then(|number| self.document(number));
        match base {
            Some(base) => self.first_of(base),
            None => {
                self.issued_to(&issued.business).position(|other| other.number == issued.number).unwrap_or_default()
            }
        }
    }

    /// What an invoice bills of a month, and what is left of that; `None` when it never billed it.
    pub fn billed_by<'h>(&'h self, issued: &'h Issued, month: Month) -> Option<Billed<'h>> {
        let credits = || self.credits_of(&issued.number).filter(|credit| credit.part_of(month).is_some());
        let mut given_back = credits().filter_map(|credit| credit.part_of(month));
        let rest = given_back.try_fold(issued.part_of(month)?, Money::checked_sub)?;
        let own = issued.earlier.iter().find(|earlier| earlier.month == month);
        let own = own.map_or(&issued.data_sha256, |earlier| &earlier.data_sha256);
        // A credit note is of one month, or gives an invoice back whole.
        let last = credits().last().filter(|credit| credit.month == month);
        Some(Billed { issued, rest, data_sha256: last.map_or(own.as_str(), |credit| &credit.data_sha256) })
    }

    /// What no document bills of the closed months of a business, and a later invoice is to bill; in order. Amounts of
    /// other currencies are left where they are.
    pub fn unbilled(&self, business: &BusinessId, currency: Currency) -> Vec<Earlier> {
        let months = self.closed.range((business.clone(), Month::MIN)..).take_while(|((of, _), _)| of == business);
        let earlier = months.filter_map(|((_, month), closed)| {
            let standing = self.standing(business, *month)?;
            if closed.carried.is_none() && standing.corrected.is_none() {
                return None;
            }
            let net = self.standing_net(&standing, currency)?;
            let billed = self.billed(business, *month);
            let amount = billed.iter().try_fold(net, |rest, billed| rest.checked_sub(billed.rest))?;
            let is_new = billed.is_empty() && closed.carried.is_some();
            let cause = if is_new { EarlierCause::CarriedOver } else { EarlierCause::LateLogs };
            let (charges, data_sha256) = (standing.charges(), standing.data_sha256().to_owned());
            let is_due = amount.minor() > 0 && amount.currency() == currency;
            let shares = self.unbilled_vat(&standing, billed.last(), amount);
            let row = Earlier { month: *month, cause, charges, amount, data_sha256, vat: None, shares: Vec::new() };
            is_due.then(|| row.with_shares(shares))
        });
        earlier.collect()
    }

    /// What of the charges of a closed month with this digest falls under which category and rate of VAT; nothing where
    /// that was not decided by the day of each charge.
    pub fn vat_of(&self, business: &BusinessId, month: Month, data_sha256: &str) -> &[VatShare] {
        let corrected = self.corrections(business, month).find(|corrected| corrected.data_sha256 == data_sha256);
        let closed = || self.closed.get(&(business.clone(), month)).map(|closed| closed.vat.as_slice());
        corrected.map(|corrected| corrected.vat.as_slice()).or_else(closed).unwrap_or_default()
    }

    /// What of an amount that no document bills yet falls under which category and rate: what stands less what was billed.
    fn unbilled_vat(&self, standing: &Standing, billed: Option<&Billed>, amount: Money) -> Vec<VatShare> {
        let MonthClosed { business, month, .. } = standing.closed;
        let of = |sha256: &str| self.vat_of(business, *month, sha256);
        let now = of(standing.data_sha256());
        let before = billed.map(|billed| of(billed.data_sha256)).unwrap_or_default();
        let mut parts: BTreeMap<&VatKey, i64> = BTreeMap::new();
        for (share, sign) in now.iter().map(|share| (share, 1)).chain(before.iter().map(|share| (share, -1))) {
            let part = parts.entry(&share.vat).or_default();
            *part = part.saturating_add(share.amount.minor().saturating_mul(sign));
        }
        // What became less under one rate lessens what is more under the others.
        parts.retain(|_, part| *part > 0);
        let weights: Vec<Money> = parts.values().map(|part| Money::new(*part, amount.currency())).collect();
        let amounts = apportioned(amount, &weights).unwrap_or_default();
        let shares = parts.into_keys().zip(amounts).filter(|(_, amount)| !amount.is_zero());
        shares.map(|(key, amount)| VatShare { vat: key.clone(), amount }).collect()
    }

    /// A row of an issued invoice as it was before the book of that invoice decided its VAT.
    pub fn undecided(&self, business: &BusinessId, row: &Earlier) -> Earlier {
        let vat = self.vat_of(business, row.month, &row.data_sha256);
        match row.cause {
            _ if vat.is_empty() => Earlier { vat: None, shares: Vec::new(), ..row.clone() },
            // It bills the whole month.
            EarlierCause::CarriedOver => row.clone().with_shares(something(vat)),
            EarlierCause::LateLogs => row.clone(),
        }
    }

    /// What is left of an invoice: its net amount less what credit notes gave back.
    pub fn rest(&self, issued: &Issued) -> Option<Money> {
        self.credits_of(&issued.number).try_fold(issued.net, |rest, credit| rest.checked_sub(credit.net))
    }

    /// What is left of a payment in advance before the invoice `until`, or now: each invoice of a closing says what it took,
    /// and each in place of another what it needs less. `None` where that is not in the currency of the payment.
    pub fn left_of(&self, business: &BusinessId, advance: &Advance, until: Option<&InvoiceNumber>) -> Option<Money> {
        let before = self.issued_to(business).take_while(|issued| Some(&issued.number) != until);
        let mut left = advance.amount;
        for issued in before {
            for taken in issued.prepaid.iter().filter(|taken| taken.reference == advance.reference) {
                left = left.checked_sub(taken.taken)?;
            }
            for released in issued.released.iter().filter(|released| released.reference == advance.reference) {
                left = left.checked_add(released.amount)?;
            }
        }
        Some(left)
    }

    /// What invoices of closings took of payments in advance: by reference, the last that took something and what it says.
    pub fn taken_from(&self, business: &BusinessId) -> BTreeMap<&str, (&InvoiceNumber, &Taken)> {
        let mut last: BTreeMap<&str, (&InvoiceNumber, &Taken)> = BTreeMap::new();
        for issued in self.issued_to(business) {
            for taken in &issued.prepaid {
                last.insert(taken.reference.as_str(), (&issued.number, taken));
            }
        }
        last
    }

    /// The history as it would be with a dispute settled.
    pub fn with_settled(&self, settled: DisputeSettled) -> Self {
        let mut history = self.clone();
        history.last += 1;
        history.settled.insert(settled.dispute, (history.last, settled));
        history
    }

    /// Adds a month to those that are closed.
    pub fn close(&mut self, closed: MonthClosed) {
        self.closed.insert((closed.business.clone(), closed.month), closed);
    }

    /// Adds a document to those that were issued.
    pub fn issue(&mut self, issued: Issued) {
        self.issued_of.entry(issued.business.clone()).or_default().push(self.issued.len());
        self.place_of.entry(issued.number.clone()).or_insert(self.issued.len());
        self.numbers.give(&issued.number);
        self.issued.push(issued);
    }

    /// The documents issued to a business, in order.
    pub fn issued_to(&self, business: &BusinessId) -> impl Iterator<Item = &Issued> {
        self.issued_of.get(business).into_iter().flatten().map(|place| &self.issued[*place])
    }

    /// Disputes that were settled up to an entry, in order.
    pub fn settled_through(&self, seq: u64) -> impl Iterator<Item = &Dispute> {
        let is_settled =
            move |dispute: &&Dispute| self.settled.get(&dispute.dispute).is_some_and(|(place, _)| *place <= seq);
        self.disputes.iter().filter(is_settled)
    }
}
