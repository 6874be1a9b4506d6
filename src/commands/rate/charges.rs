//! The price of late questions that the kernel found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::quick::Task;
use crate::domain::charge::{Market, RatedWait};
use crate::domain::reading::DateOf;
use crate::domain::{Decimal, Elapsed, EntryPoint, Instant, Verdict, Wait};
use crate::engine::kernel::{self, Late};
use crate::rate::rate_one;
use crate::read::project::Unusual;

/// A charge, in forty bytes; its tables are in [`Tables`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Charged {
    pub conversation: u64,
    pub received_at: Instant,
    /// Microseconds since 1970; 0: never.
    pub answered: i64,
    /// Of the message: its row among those of its worker; once ids are known, where in the worker's texts its id begins.
    pub at: u32,
    pub market: u16,
    pub price: u16,
    /// The length of its id.
    pub length: u8,
    pub worker: u8,
    pub entry_point: EntryPoint,
    pub verdict: Verdict,
}

impl Charged {
    pub fn answered_at(&self) -> Option<Instant> {
        (self.answered > 0).then(|| Instant::from_micros(self.answered))
    }
}

/// What charges have in common, by place. In which order they come to lie here is chance, and no output tells it.
#[derive(Default)]
pub(super) struct Tables {
    markets: Mutex<Vec<Market>>,
    /// The price of the rate, and the amount of the charge.
    prices: Mutex<Vec<(Decimal, Decimal)>>,
}

impl Tables {
    pub fn market(&self, market: &Market) -> Result<u16, Unusual> {
        place(&self.markets, market)
    }

    pub fn price(&self, price: (Decimal, Decimal)) -> Result<u16, Unusual> {
        place(&self.prices, &price)
    }

    pub fn into_parts(self) -> (Vec<Market>, Vec<(Decimal, Decimal)>) {
        (self.markets.into_inner().unwrap_or_default(), self.prices.into_inner().unwrap_or_default())
    }
}

fn place<T: Clone + PartialEq>(table: &Mutex<Vec<T>>, wanted: &T) -> Result<u16, Unusual> {
    let mut table = table.lock().map_err(|_| Unusual)?;
    let place = table.iter().position(|known| known == wanted).unwrap_or_else(|| {
        table.push(wanted.clone());
        table.len() - 1
    });
    u16::try_from(place).map_err(|_| Unusual)
}

/// Prices late questions one by one, and remembers the markets of numbers that begin alike.
pub(super) struct Charges<'t> {
    task: &'t Task<'t>,
    tables: &'t Tables,
    /// By the digits that give a market, and how many those are.
    markets: BTreeMap<(u64, u32), (Market, u16)>,
    /// The last price, and its place.
    price: Option<((Decimal, Decimal), u16)>,
    nobody: Arc<str>,
}

impl<'t> Charges<'t> {
    pub fn new(task: &'t Task<'t>, tables: &'t Tables) -> Self {
        Self { task, tables, markets: BTreeMap::new(), price: None, nobody: "".into() }
    }

    /// The verdict and, where the question is charged, the amount and the charge.
    ///
    /// # Errors
    /// When the tariff has no rate for it: the long way names the message.
    pub fn judge(&mut self, late: &Late) -> Result<(Verdict, Option<(Decimal, Charged)>), Unusual> {
        let tariff = self.task.tariff;
        let (market, of_market) = self.market(late)?;
        if late.answered_at.is_some()
            && tariff.reading.price_date == DateOf::Received
            && let Some(price) = tariff.flat_price(&market, late.entry_point, late.received_at)
        {
            let charged = self.charged(late, Verdict::Late, of_market, (price, price))?;
            return Ok((Verdict::Late, Some((price, charged))));
        }
        let rated = self.rated(late, market)?;
        let verdict = rated.wait.verdict;
        let charge = rated.charge.map(|charge| (charge.rate.price, charge.amount));
        let charged = charge.map(|(price, amount)| {
            self.charged(late, verdict, of_market, (price, amount)).map(|charged| (amount, charged))
        });
        Ok((verdict, charged.transpose()?))
    }

    fn charged(
        &mut self,
        late: &Late,
        verdict: Verdict,
        market: u16,
        amounts: (Decimal, Decimal),
    ) -> Result<Charged, Unusual> {
        let price = match self.price {
            Some((known, place)) if known == amounts => place,
            _ => {
                let place = self.tables.price(amounts)?;
                self.price = Some((amounts, place));
                place
            }
        };
        Ok(Charged {
            conversation: late.conversation,
            received_at: late.received_at,
            answered: late.answered_at.map_or(0, Instant::micros),
            at: 0,
            market,
            price,
            length: 0,
            worker: 0,
            entry_point: late.entry_point,
            verdict,
        })
    }

    fn market(&mut self, late: &Late) -> Result<(Market, u16), Unusual> {
        let (_, customer) = kernel::parties(late.conversation);
        let leading = leading(customer);
        if let Some(known) = self.markets.get(&leading) {
            return Ok(known.clone());
        }
        let market = self.task.tariff.market_of(&format!("+{customer}"));
        let place = self.tables.market(&market)?;
        self.markets.insert(leading, (market.clone(), place));
        Ok((market, place))
    }

    /// The wait without its names, and its charge.
    fn rated(&self, late: &Late, market: Market) -> Result<RatedWait, Unusual> {
        let Task { tariff, complete_through, .. } = *self.task;
        let nobody = || Arc::clone(&self.nobody);
        let verdict = match late.answered_at {
            Some(_) => Verdict::Late,
            None if kernel::is_settled(late, complete_through, &tariff.reading) => Verdict::Unanswered,
            None => Verdict::Pending,
        };
        let wait = Wait {
            business: nobody(),
            channel: nobody(),
            conversation: nobody(),
            customer: nobody(),
            message_id: Box::default(),
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

    #[test]
    fn a_charge_is_small() {
        assert_eq!(size_of::<Charged>(), 40);
    }
}
