//! What the line file of a month says of hours and deadlines.

use crate::domain::{Decimal, Elapsed, Instant, Invoice};
use crate::render::annex::each_row;

/// How many, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub count: u64,
    pub amount: Decimal,
}

impl Sum {
    /// A sum that does not fit stays as it is: the totals of the document itself are checked elsewhere.
    fn add(&mut self, amount: Decimal) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.checked_add(amount).unwrap_or(self.amount);
    }
}

/// The hours after the deadline that are told, cumulated.
const HOURS: [i64; 3] = [1, 2, 6];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub all: Sum,
    /// Answered up to so many [`HOURS`] after the deadline.
    pub within: [Sum; HOURS.len()],
    pub never: Sum,
    /// By weekday (0: Monday) and hour, in the zone of the month.
    pub heat: [[u64; 24]; 7],
}

impl Told {
    /// `None` when the file is no line file.
    pub fn read(invoice: &Invoice, file: &[u8]) -> Option<Self> {
        let zone = invoice.computation.zone;
        let none = Sum::default();
        let mut told = Self { all: none, within: [none; HOURS.len()], never: none, heat: [[0; 24]; 7] };
        let columns = ["received_at", "answered_at", "deadline", "verdict", "amount"];
        each_row(file, columns, |[received_at, answered_at, deadline, verdict, amount]| {
            // Rounding, minimum and cap are no messages.
            if received_at.is_empty() {
                return Some(());
            }
            let received_at: Instant = received_at.parse().ok()?;
            let amount: Decimal = amount.parse().ok()?;
            told.all.add(amount);
            let hours = told.heat.get_mut(usize::from(zone.date_of(received_at).weekday()))?;
            *hours.get_mut(usize::from(zone.clock_of(received_at).0))? += 1;
            if verdict == "unanswered" || answered_at.is_empty() {
                told.never.add(amount);
                return Some(());
            }
            let late = answered_at.parse::<Instant>().ok()?.since(deadline.parse().ok()?);
            for (sum, hours) in told.within.iter_mut().zip(HOURS) {
                if late <= Elapsed::from_seconds(hours * 3600) {
                    sum.add(amount);
                }
            }
            Some(())
        })?;
        Some(told)
    }
}
