//! What stands of a closed month, and which documents billed it.

use super::History;
use super::entry::{Dispute, Issued, MonthClosed, MonthCorrected};
use crate::domain::{BusinessId, Currency, InvoiceNumber, Money, Month};

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
        self.issued.iter().filter(is_first).find(|issued| issued.business == *business && issued.month == month)
    }

    pub fn document(&self, number: &InvoiceNumber) -> Option<&Issued> {
        self.issued.iter().find(|issued| issued.number == *number)
    }

    /// Credit notes that correct an invoice, in order.
    pub fn credits_of<'h>(&'h self, number: &'h InvoiceNumber) -> impl Iterator<Item = &'h Issued> {
        let corrects = move |issued: &&Issued| !issued.kind.is_invoice() && issued.corrects.as_ref() == Some(number);
        self.issued.iter().filter(corrects)
    }

    /// The invoices that bill a month of a business and were not given back whole, in the order of issue.
    pub fn billed(&self, business: &BusinessId, month: Month) -> Vec<Billed<'_>> {
        let invoices = self.issued.iter().filter(|issued| issued.kind.is_invoice() && issued.business == *business);
        let billed = invoices.filter_map(|issued| {
            let credits = || self.credits_of(&issued.number).filter(|credit| credit.part_of(month).is_some());
            let mut given_back = credits().filter_map(|credit| credit.part_of(month));
            let rest = given_back.try_fold(issued.part_of(month)?, Money::checked_sub)?;
            let own = issued.earlier.iter().find(|earlier| earlier.month == month);
            let own = own.map_or(&issued.data_sha256, |earlier| &earlier.data_sha256);
            // A credit note is of one month, or gives an invoice back whole.
            let data_sha256 = credits().last().filter(|credit| credit.month == month);
            let data_sha256 = data_sha256.map_or(own.as_str(), |credit| &credit.data_sha256);
            Some(Billed { issued, rest, data_sha256 })
        });
        billed.filter(|billed| billed.rest.minor() > 0).collect()
    }

    /// Disputes that were settled up to an entry, in order.
    pub fn settled_through(&self, seq: u64) -> impl Iterator<Item = &Dispute> {
        let is_settled =
            move |dispute: &&Dispute| self.settled.get(&dispute.dispute).is_some_and(|(place, _)| *place <= seq);
        self.disputes.iter().filter(is_settled)
    }
}
