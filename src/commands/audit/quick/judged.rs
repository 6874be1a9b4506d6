//! What was found of every business, without the texts of its waits: these are made for one business while it is asked
//! about, so that a month of millions of charges is never held with all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Question;
use super::prices::{Channel, Prices};
use crate::domain::charge::RatedWait;
use crate::domain::{Elapsed, Instant, Month, Span, Wait};
use crate::rate::{self, Tariff};
use crate::read::project::Unusual;

/// The month of every business that was asked about.
pub struct Judged {
    /// By their places.
    pub(super) channels: Vec<Channel>,
    /// By the names of the businesses.
    pub(super) all: BTreeMap<String, OfBusiness>,
}

/// The month of a business.
#[derive(Default)]
pub(super) struct OfBusiness {
    /// By worker and channel; without most of those that were answered in time.
    pub found: Vec<Named>,
    /// What went row by row, with plain names.
    pub by_rows: Vec<RatedWait>,
    /// How many were answered in time and are left out.
    pub on_time: u64,
}

/// Questions that were not answered in time, with their names.
#[derive(Default)]
pub(super) struct Named {
    questions: Vec<(Question, Lengths)>,
    /// Id and customer of each, one behind the other.
    names: String,
    /// Of the charged ones.
    pub within: Within,
}

/// Bytes of an id and a customer.
#[derive(Clone, Copy)]
struct Lengths {
    id: u16,
    customer: u16,
}

impl Judged {
    /// The waits of a business with plain names, counted, sorted, without most of those that were answered in time; and how
    /// many these are. `None` where it is to be judged the long way.
    pub fn waits(&self, business: &str, tariff: &Tariff, month: Month) -> Option<(Vec<RatedWait>, u64)> {
        let of = self.all.get(business)?;
        let mut prices = Prices::new(&self.channels, tariff);
        let found: usize = of.found.iter().map(|named| named.questions.len()).sum();
        let mut rated = Vec::with_capacity(found + of.by_rows.len());
        of.found.iter().try_for_each(|named| named.tell(&mut prices, &mut rated))?;
        rated.extend_from_slice(&of.by_rows);
        rated.sort_by(|a, b| a.wait.compare(&b.wait));
        rate::count(&mut rated, tariff, &|_, _| month);
        Some((rated, of.on_time))
    }
}

impl OfBusiness {
    /// Of what was found; what went row by row is not counted.
    pub fn within(&self) -> Within {
        self.found.iter().fold(Within::default(), |all, named| all.and(named.within))
    }
}

impl Named {
    /// `customer` is that of a charged question; the others keep their keyed one.
    ///
    /// # Errors
    /// When a name is longer than any that a log may have.
    pub fn push(&mut self, question: Question, id: &str, customer: &str) -> Result<(), Unusual> {
        let length = |text: &str| u16::try_from(text.len()).map_err(|_| Unusual);
        self.questions.push((question, Lengths { id: length(id)?, customer: length(customer)? }));
        self.names.push_str(id);
        self.names.push_str(customer);
        Ok(())
    }

    fn tell(&self, prices: &mut Prices, rated: &mut Vec<RatedWait>) -> Option<()> {
        let mut rest = self.names.as_str();
        for (question, lengths) in &self.questions {
            let (id, after) = rest.split_at_checked(usize::from(lengths.id))?;
            let (customer, after) = after.split_at_checked(usize::from(lengths.customer))?;
            rest = after;
            // That it has a price was seen when it was named.
            let name: Arc<str> = question.party().text().into();
            let mut told = prices.rated(question, &name).ok()?;
            told.wait.message_id = id.into();
            if told.charge.is_some() {
                told.wait.customer = customer.into();
            }
            rated.push(told);
        }
        Some(())
    }
}

/// When messages of charged waits can have been sent, as `Archive::with_names` tells it where each question has its own
/// clock.
#[derive(Clone, Copy)]
pub(super) struct Within {
    from: Instant,
    last: Instant,
}

/// Of no wait.
impl Default for Within {
    fn default() -> Self {
        Self { from: Instant::MAX, last: Instant::MIN }
    }
}

impl Within {
    /// Of the charged ones among `rated`.
    pub fn of<'r>(rated: impl Iterator<Item = &'r RatedWait>) -> Self {
        let mut within = Self::default();
        rated.filter(|rated| rated.charge.is_some()).for_each(|rated| within.add(&rated.wait));
        within
    }

    /// Adds a charged wait.
    pub fn add(&mut self, wait: &Wait) {
        let last = wait.answered_at.unwrap_or(wait.watermark).max(wait.received_at);
        *self = self.and(Self { from: wait.received_at, last });
    }

    /// Of the waits of both.
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), last: self.last.max(other.last) }
    }

    pub fn span(self) -> Span {
        Span { from: self.from, to: self.last.plus(Elapsed::from_micros(1)) }
    }
}
