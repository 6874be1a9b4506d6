//! The price of late questions that the kernel found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::quick::Task;
use crate::domain::charge::{Market, RatedWait};
use crate::domain::reading::DateOf;
use crate::domain::{Decimal, Elapsed, Verdict, Wait};
use crate::engine::kernel::{self, Late};
use crate::rate::rate_one;
use crate::read::project::Unusual;

/// Prices late questions one by one, and remembers the markets of numbers that begin alike.
pub(super) struct Charges<'t> {
    task: &'t Task<'t>,
    /// By the digits that give a market, and how many those are.
    markets: BTreeMap<(u64, u32), Market>,
    nobody: Arc<str>,
}

/// Who asked.
pub(super) struct Asked {
    pub business: Arc<str>,
    pub channel: Arc<str>,
    pub message_id: Box<str>,
}

impl<'t> Charges<'t> {
    pub fn new(task: &'t Task<'t>) -> Self {
        Self { task, markets: BTreeMap::new(), nobody: "".into() }
    }

    /// The verdict, and what the question costs where it is charged.
    ///
    /// # Errors
    /// When the tariff has no rate for it: the long way names the message.
    pub fn judge(&mut self, late: &Late) -> Result<(Verdict, Option<Decimal>), Unusual> {
        let tariff = self.task.tariff;
        if late.answered_at.is_some() && tariff.reading.price_date == DateOf::Received {
            let market = self.market(late);
            if let Some(price) = tariff.flat_price(&market, late.entry_point, late.received_at) {
                return Ok((Verdict::Late, Some(price)));
            }
        }
        let nobody = || Arc::clone(&self.nobody);
        let asked = Asked { business: nobody(), channel: nobody(), message_id: Box::default() };
        let rated = self.rated(late, asked)?;
        Ok((rated.wait.verdict, rated.charge.map(|charge| charge.amount)))
    }

    fn market(&mut self, late: &Late) -> Market {
        let (_, customer) = kernel::parties(late.conversation);
        let tariff = self.task.tariff;
        self.markets.entry(leading(customer)).or_insert_with(|| tariff.market_of(&format!("+{customer}"))).clone()
    }

    /// The whole wait, with its charge.
    pub fn rated(&mut self, late: &Late, asked: Asked) -> Result<RatedWait, Unusual> {
        let Task { tariff, complete_through, .. } = *self.task;
        let (_, customer) = kernel::parties(late.conversation);
        let market = self.market(late);
        let is_named = !asked.message_id.is_empty();
        let customer: Arc<str> = if is_named { format!("+{customer}").into() } else { Arc::clone(&self.nobody) };
        let verdict = match late.answered_at {
            Some(_) => Verdict::Late,
            None if kernel::is_settled(late, complete_through, &tariff.reading) => Verdict::Unanswered,
            None => Verdict::Pending,
        };
        let wait = Wait {
            business: asked.business,
            channel: asked.channel,
            conversation: Arc::clone(&customer),
            customer,
            message_id: asked.message_id,
            run: Vec::new(),
            entry_point: late.entry_point,
            received_at: late.received_at,
            answered_at: late.answered_at,
            deadline: late.received_at.plus(tariff.reading.window),
            verdict,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: complete_through,
            tolerance: Elapsed::ZERO,
        };
        rate_one(wait, market, tariff).map_err(|_| Unusual)
    }
}

/// The digits of a number that can give its market, as [`crate::domain::text::leading_digits`] takes them.
fn leading(customer: u64) -> (u64, u32) {
    let digits = customer.checked_ilog10().unwrap_or(0) + 1;
    let shown = digits.saturating_sub(5).max(digits.min(3)).min(7);
    (customer / 10_u64.pow(digits - shown), shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::leading_digits;

    #[test]
    fn the_leading_digits_are_those_of_the_text() {
        for customer in [7, 39, 393, 3_933, 39_333, 393_331, 3_933_312, 393_331_234_567, 999_999_999_999_999] {
            let (digits, shown) = leading(customer);
            let told = format!("{digits:0width$}", width = usize::try_from(shown).unwrap());
            assert_eq!(told, leading_digits(&format!("+{customer}")), "{customer}");
        }
    }
}
