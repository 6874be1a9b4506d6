//! Questions that were not answered in time, priced one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Question;
use super::places::Places;
use crate::domain::charge::{Market, RatedWait};
use crate::domain::{Elapsed, Instant, Verdict, Wait};
use crate::engine::kernel::Conversation;
use crate::rate::{Tariff, rate_one};
use crate::read::project::Unusual;

/// What all questions of a channel have in common.
pub(super) struct Channel {
    business: Arc<str>,
    name: Arc<str>,
    watermark: Instant,
}

/// The channels by their places.
pub(super) fn channels(places: &Places) -> Vec<Channel> {
    // Waits of one business are compared without a look at its name.
    let mut businesses: BTreeMap<&str, Arc<str>> = BTreeMap::new();
    let mut all = Vec::with_capacity(places.all.len());
    for place in &places.all {
        let id = place.business.id.as_str();
        let business = Arc::clone(businesses.entry(id).or_insert_with(|| Arc::from(id)));
        all.push(Channel { business, name: Arc::from(place.channel), watermark: place.watermark });
    }
    all
}

/// Prices waits one by one.
pub(super) struct Prices<'p> {
    channels: &'p [Channel],
    tariff: &'p Tariff,
    /// By what the name of a customer begins with.
    markets: BTreeMap<u32, Market>,
}

impl<'p> Prices<'p> {
    pub fn new(channels: &'p [Channel], tariff: &'p Tariff) -> Self {
        Self { channels, tariff, markets: BTreeMap::new() }
    }

    /// The wait of a customer whose keyed name is `name`, without its id. No price hangs on the name: whoever asks for
    /// nothing else gives any.
    ///
    /// # Errors
    /// When the tariff has no rate for it: the long way names the message.
    pub fn rated(&mut self, question: &Question, name: &Arc<str>) -> Result<RatedWait, Unusual> {
        let Question { conversation, received_at, answered_at, entry_point } = *question;
        let (channels, tariff) = (self.channels, self.tariff);
        let channel = channels.get(conversation.channel()).ok_or(Unusual)?;
        let party = question.party();
        let market = self.markets.entry(party.begins).or_insert_with(|| tariff.market_of(&party.text())).clone();
        let deadline = received_at.plus(tariff.reading.window);
        // As `pair` judges where nothing is missing and no clock may be wrong.
        let verdict = match answered_at {
            Some(_) => Verdict::Late,
            None if channel.watermark > deadline => Verdict::Unanswered,
            None => Verdict::Pending,
        };
        let wait = Wait {
            business: Arc::clone(&channel.business),
            channel: Arc::clone(&channel.name),
            conversation: Arc::clone(name),
            customer: Arc::clone(name),
            message_id: Box::default(),
            run: Vec::new(),
            entry_point,
            received_at,
            answered_at,
            deadline,
            verdict,
            held_for: None,
            doubt_at: None,
            accepted_at: None,
            excluded: false,
            watermark: channel.watermark,
            tolerance: Elapsed::ZERO,
        };
        rate_one(wait, market, tariff).map_err(|_| Unusual)
    }
}
