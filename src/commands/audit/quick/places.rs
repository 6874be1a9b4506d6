//! The channels of the book with what their messages are judged by, and how far numbers can be trusted there.

use std::collections::BTreeMap;

use super::Task;
use crate::commands::loaded;
use crate::domain::message::{Facts, Role};
use crate::domain::reading::DateOf;
use crate::domain::{Business, ChannelEvidence, Elapsed, Instant, Span};
use crate::engine::kernel::Use;
use crate::read::project::Unusual;

/// What numbers can say of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nobody asks for its business, or nothing is proven of it.
    Unasked,
    /// Nothing: all of its rows go row by row.
    Nothing,
    /// That a question was answered in time. What the others are hangs on what is missing, or was accepted.
    OnTime,
    /// Everything.
    All,
}

/// A channel with its only owner.
pub(super) struct Place<'t> {
    pub business: &'t Business,
    pub channel: &'t str,
    spans: Vec<Span>,
    /// The billing month.
    month: Span,
    /// From a question to the instant that puts it in its month.
    ahead: Elapsed,
    /// No earlier question is asked about.
    first: Instant,
    pub watermark: Instant,
    pub trust: Trust,
}

/// All channels that have one owner, by their places.
pub(super) struct Places<'t> {
    pub all: Vec<Place<'t>>,
    by_channel: BTreeMap<&'t str, u32>,
}

impl<'t> Places<'t> {
    pub fn of(task: &Task<'t>) -> Result<Self, Unusual> {
        let mut places = Self { all: Vec::new(), by_channel: BTreeMap::new() };
        for (channel, owners) in loaded::owners(task.setup) {
            let Some((business, _)) = owners.first().copied() else { continue };
            // What stands on a channel that several own may stray: that is told row by row.
            if owners.iter().any(|(owner, _)| owner.id != business.id) {
                continue;
            }
            let place = u32::try_from(places.all.len()).map_err(|_| Unusual)?;
            places.by_channel.insert(channel, place);
            let spans = owners.into_iter().map(|(_, span)| span).collect();
            places.all.push(Place::of(task, business, channel, spans));
        }
        Ok(places)
    }

    pub fn get(&self, place: u32) -> Result<&Place<'t>, Unusual> {
        usize::try_from(place).ok().and_then(|place| self.all.get(place)).ok_or(Unusual)
    }

    /// The place of a row's business and channel, and whether it is that only while the channel is owned.
    ///
    /// # Errors
    /// When the row may stray: it is of another business than the owner of its channel, or of a channel without one.
    pub fn find(&self, business: &str, channel: &str, is_webhook: bool) -> Result<(u32, bool), Unusual> {
        let place = *self.by_channel.get(channel).ok_or(Unusual)?;
        let is_owner = self.get(place)?.business.id.as_str() == business;
        if is_owner || is_webhook { Ok((place, !is_owner)) } else { Err(Unusual) }
    }
}

impl<'t> Place<'t> {
    fn of(task: &Task<'t>, business: &'t Business, channel: &'t str, spans: Vec<Span>) -> Self {
        let reading = &task.setup.tariff.reading;
        let month = task.month.span(business.zone);
        let ahead = if reading.month_of == DateOf::Deadline { reading.window } else { Elapsed::ZERO };
        let first = month.from.minus(ahead);
        let known = task.cuts.get(&business.id).and_then(|cut| task.evidence.of_business(&business.id, channel, *cut));
        let trust = known.as_ref().map_or(Trust::Unasked, |known| trust(known, first));
        let watermark = known.map_or(Instant::MIN, |known| known.watermark);
        Self { business, channel, spans, month, ahead, first, watermark, trust }
    }

    pub fn is_owned(&self, at: Instant) -> bool {
        self.spans.iter().any(|span| span.contains(at))
    }

    /// What a message is taken for. Whatever lies before the first question that is asked about answers none.
    pub fn use_of(&self, at: Instant, facts: Facts) -> Use {
        let is_judged_here = matches!(self.trust, Trust::OnTime | Trust::All);
        if !is_judged_here || at >= self.watermark {
            return Use::TooLate;
        }
        let is_of_use = match facts.role() {
            // As `close::is_of_month` tells it.
            Role::Asks(_) => self.month.contains(at.plus(self.ahead)) && self.is_owned(at),
            Role::Answers => at >= self.first,
            Role::Neither | Role::Unclear => true,
        };
        if is_of_use { Use::Evidence } else { Use::Aside }
    }
}

/// What is open before the first question that is asked about concerns none.
fn trust(known: &ChannelEvidence, first: Instant) -> Trust {
    let ChannelEvidence { gaps, doubts, accepted, tolerance, .. } = known;
    if *tolerance != Elapsed::ZERO || !accepted.questions.is_empty() || !accepted.disputes.is_empty() {
        return Trust::Nothing;
    }
    let by_conversation = doubts.values().chain(accepted.conversations.values()).flatten();
    let mut open = gaps.iter().chain(&accepted.spans).chain(by_conversation);
    if open.any(|span| span.to > first) { Trust::OnTime } else { Trust::All }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_from_the_first_question_on_counts() {
        let at = Instant::from_micros;
        let span = |from, to| Span { from: at(from), to: at(to) };
        let plain = ChannelEvidence::complete_through(at(100));
        let with_gap = |from, to| ChannelEvidence { gaps: vec![span(from, to)], ..plain.clone() };
        assert_eq!(trust(&plain, at(50)), Trust::All);
        assert_eq!(trust(&with_gap(1, 50), at(50)), Trust::All);
        assert_eq!(trust(&with_gap(1, 51), at(50)), Trust::OnTime);
        let doubts = [("v".to_owned(), vec![span(60, 61)])].into();
        assert_eq!(trust(&ChannelEvidence { doubts, ..plain.clone() }, at(50)), Trust::OnTime);
        let tolerance = Elapsed::from_seconds(1);
        assert_eq!(trust(&ChannelEvidence { tolerance, ..plain.clone() }, at(50)), Trust::Nothing);
        let mut accepted = plain.clone();
        accepted.accepted.questions.insert("m".to_owned());
        assert_eq!(trust(&accepted, at(50)), Trust::Nothing);
    }
}
