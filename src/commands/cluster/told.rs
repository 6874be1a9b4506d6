//! What a cluster has told of some businesses: what is counted of them, and the messages that may still matter.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::ask::{OfBusiness, Question};
use super::claims::Claims;
use super::files::Exchange;
use super::here::{Strays, Wanted, of_owners};
use crate::commands::alarms::owned_until;
use crate::commands::coverage::looked_at;
use crate::commands::evidence::broken;
use crate::commands::loaded::owners;
use crate::commands::settled::{DaysOf, Group, Settled, weighed};
use crate::domain::charge::{Market, Weighed};
use crate::domain::{Business, EntryPoint, Instant, Month, Span, Verdict};
use crate::engine::spark::sieve::{Place, Segment, Sieved, Written};
use crate::error::{Failure, Kind};
use crate::read::sieved::{self, Count, Messages};
use crate::read::{ReadError, frame};
use crate::report::alarms::{Past, Silence};

/// An answered question.
pub struct Sieve<'s> {
    pub(super) question: &'s Question<'s>,
    pub(super) exchange: Exchange,
    pub(super) places: Vec<Place>,
    /// The place of each channel among them.
    pub(super) numbers: BTreeMap<String, i64>,
    pub(super) segments: Vec<Segment>,
    pub(super) written: Sieved,
    /// What stands under a name that is not the owner's, and is judged here.
    pub strays: Option<Strays>,
}

/// What was told of a business.
pub struct Told<'s> {
    pub business: &'s Business,
    pub settled: Settled,
    pub carried: DataFrame,
    /// What the cluster says of them.
    pub claims: Claims,
}

/// By channel: stretches of silence, from, to and how many asked.
type Stretches = BTreeMap<i64, Vec<[Option<i64>; 3]>>;

/// By channel and segment: inbound and outbound messages.
type Traffic = BTreeMap<(i64, i64), [u64; 2]>;

impl<'s> Sieve<'s> {
    pub(super) fn new(
        question: &'s Question<'s>,
        exchange: Exchange,
        (places, segments): (Vec<Place>, Vec<Segment>),
        written: Sieved,
    ) -> Self {
        let numbers = (0..).zip(&places).map(|(number, place)| (place.channel.clone(), number)).collect();
        Self { question, exchange, places, numbers, segments, written, strays: None }
    }

    /// What was told of the businesses of a portion.
    ///
    /// # Errors
    /// When what the cluster wrote cannot be read, or is not what it counted.
    pub fn portion(&self, portion: u32) -> Result<Vec<Told<'s>>, Failure> {
        let messages = sieved::messages(&self.files(portion, Written::Needed)?).map_err(unfit)?;
        self.compare(portion, Written::Needed, messages.height())?;
        let counts = sieved::counts(&self.files(portion, Written::Counts)?).map_err(unfit)?;
        self.compare(portion, Written::Counts, counts.len())?;
        let (days, silences) = match self.question.is_of_a_night {
            true => (self.traffic(portion)?, self.silences(portion)?),
            false => (Traffic::new(), Stretches::new()),
        };
        let (mut carried, mut claims) = (self.carried(&messages)?, self.claims(&messages)?);
        let none = frame::empty().and_then(|none| frame::with_file(none, 0)).map_err(broken)?;
        let asked = self.question.businesses.iter().filter(|asked| asked.portion == portion);
        let mut of_businesses: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
        for count in &counts {
            let place = self.channel(count.channel).filter(|place| place.portion == Some(portion)).ok_or_else(odd)?;
            of_businesses.entry(&place.business).or_default().push(count);
        }
        let told = asked.map(|asked| {
            let counts = of_businesses.remove(asked.business.id.as_str()).unwrap_or_default();
            let settled = Settled {
                before: self.question.as_of,
                ids: Vec::new(),
                months: self.months(asked, &counts)?,
                past: self.past(asked.business, &silences),
                days: self.days(asked, &days),
                is_of_tonight: true,
            };
            let id = asked.business.id.as_str();
            let mut carried = carried.remove(id).unwrap_or_else(|| none.clone());
            if let Some(strays) = self.strays.as_ref().and_then(|strays| strays.by_business.get(id)) {
                carried.vstack_mut(strays).map_err(broken)?;
            }
            let claims = claims.remove(asked.business.id.as_str()).unwrap_or_default();
            Ok(Told { business: asked.business, settled, carried, claims })
        });
        let told = told.collect::<Result<_, Failure>>()?;
        // Everything is of somebody who was asked about.
        if carried.is_empty() && of_businesses.is_empty() { Ok(told) } else { Err(odd()) }
    }

    /// By business, what the cluster says of messages that are judged here all the same.
    fn claims(&self, messages: &Messages) -> Result<BTreeMap<String, Claims>, Failure> {
        let mut claims: BTreeMap<String, Claims> = BTreeMap::new();
        for ((row, claim), number) in messages.claims.iter().enumerate().zip(&messages.channels) {
            let Place { business, channel, .. } = self.channel(*number).ok_or_else(odd)?;
            match claims.get_mut(business) {
                Some(of_business) => of_business.add(channel, messages, row, claim),
                None => claims.entry(business.clone()).or_default().add(channel, messages, row, claim),
            }
        }
        Ok(claims)
    }

    fn files(&self, portion: u32, kind: Written) -> Result<Vec<Vec<u8>>, Failure> {
        self.exchange.read(&kind.folder(portion))
    }

    /// Rows that are there against those that the cluster has counted.
    fn compare(&self, portion: u32, kind: Written, found: usize) -> Result<(), Failure> {
        let counted = self.written.rows.get(&kind).and_then(|portions| portions.get(&portion)).copied();
        self.exchange.compare(counted.unwrap_or_default(), found)
    }

    /// The messages of each business. Those of which copies contradict each other are taken from the archive here, so that
    /// what is told of them names their files.
    fn carried(&self, messages: &Messages) -> Result<BTreeMap<String, DataFrame>, Failure> {
        let names = |number: i64| {
            let place = usize::try_from(number).ok().and_then(|number| self.places.get(number));
            place.map_or(("", ""), |place| (place.business.as_str(), place.channel.as_str()))
        };
        let disputed = |row: &usize| messages.disputed.get(*row).copied().unwrap_or(false);
        let (twice, once): (Vec<usize>, Vec<usize>) = (0..messages.height()).partition(disputed);
        let mut all = frame::with_file(messages.frame(once, &names).map_err(broken)?, 0).map_err(broken)?;
        if !twice.is_empty() {
            let channel = |row: &usize| names(messages.channels.get(*row).copied().unwrap_or(-1)).1;
            let mut wanted = Wanted::default();
            for row in &twice {
                let at = messages.sent_at(*row);
                wanted.add(channel(row), messages.id(*row), (at, at));
            }
            let found = of_owners(&wanted.read(self.question)?, &owners(self.question.setup), true)?;
            if found.height() != twice.len() {
                return Err(odd());
            }
            all.vstack_mut(&found).map_err(broken)?;
        }
        frame::by_business(all).map_err(broken)
    }

    fn channel(&self, number: i64) -> Option<&Place> {
        usize::try_from(number).ok().and_then(|number| self.places.get(number))
    }

    fn span(&self, segment: i64) -> Option<Span> {
        usize::try_from(segment).ok().and_then(|segment| self.segments.get(segment)).map(|segment| segment.span)
    }

    /// By month, what was answered in time.
    fn months(&self, asked: &OfBusiness, counts: &[&Count]) -> Result<BTreeMap<Month, Vec<Weighed>>, Failure> {
        let (business, tariff) = (asked.business, &self.question.setup.tariff);
        let spans: Vec<(Month, Span)> =
            asked.months.iter().map(|(month, _)| (*month, month.span(business.zone))).collect();
        let mut months: BTreeMap<Month, Vec<Weighed>> = BTreeMap::new();
        for count in counts {
            let received_at = Instant::from_micros(count.received_at);
            let within = self.span(count.segment).ok_or_else(odd)?;
            // A closed month between open ones is asked about by nobody.
            let Some((month, _)) = spans.iter().find(|(_, span)| span.contains(within.from)) else { continue };
            let entry_point = usize::try_from(count.entry_point).ok().and_then(|place| EntryPoint::ALL.get(place));
            let group =
                entry_point.copied().zip(count.market.parse::<Market>().ok()).map(|(entry_point, market)| Group {
                    received_at,
                    answered_at: Some(Instant::from_micros(count.received_at.saturating_add(count.length))),
                    entry_point,
                    market,
                    verdict: Verdict::OnTime,
                    times: count.times,
                });
            let weighed = group.and_then(|group| group.weighed(business, self.question.as_of, tariff));
            months.entry(*month).or_default().push(weighed.ok_or_else(odd)?);
        }
        for waits in months.values_mut() {
            *waits = weighed(waits.iter().map(|weighed| (&weighed.rated, weighed.times)), business.zone);
        }
        Ok(months)
    }

    fn traffic(&self, portion: u32) -> Result<Traffic, Failure> {
        let files = self.files(portion, Written::Days)?;
        let rows = sieved::rows(&files, ["number", "segment", "inbound", "outbound"]).map_err(unfit)?;
        self.compare(portion, Written::Days, rows.len())?;
        let mut traffic = Traffic::new();
        for row in rows {
            let [Some(channel), Some(segment), Some(inbound), Some(outbound)] = row else { return Err(odd()) };
            let [Ok(inbound), Ok(outbound)] = [inbound, outbound].map(u64::try_from) else { return Err(odd()) };
            if traffic.insert((channel, segment), [inbound, outbound]).is_some() {
                return Err(odd());
            }
        }
        Ok(traffic)
    }

    /// Messages a day, as a night that lets go of them counts them.
    fn days(&self, asked: &OfBusiness, traffic: &Traffic) -> DaysOf {
        let (business, mut all) = (asked.business, DaysOf::new());
        if !self.question.is_of_a_night {
            return all;
        }
        for (month, cut) in &asked.months {
            let span = month.span(business.zone);
            for owned in business.channels_in(span) {
                let looked_at = looked_at(owned, span, *cut);
                let looked_at = Span { to: looked_at.to.min(self.question.as_of), ..looked_at };
                let days = all.entry((*month, owned.channel.to_string(), owned.span.from)).or_default();
                let Some(number) = self.numbers.get(owned.channel.as_str()) else { continue };
                for ((_, segment), counts) in traffic.range((*number, 0)..=(*number, i64::MAX)) {
                    let Some(within) = self.span(*segment).filter(|within| looked_at.contains(within.from)) else {
                        continue;
                    };
                    let day = business.zone.date_of(within.from);
                    for (days, count) in days.iter_mut().zip(counts).filter(|(_, count)| **count > 0) {
                        *days.entry(day).or_default() += count;
                    }
                }
            }
        }
        all
    }

    /// By channel: from, to and how many asked.
    fn silences(&self, portion: u32) -> Result<Stretches, Failure> {
        let files = self.files(portion, Written::Silences)?;
        let rows = sieved::rows(&files, ["number", "from_at", "to_at", "asked"]).map_err(unfit)?;
        self.compare(portion, Written::Silences, rows.len())?;
        let mut silences: Stretches = BTreeMap::new();
        for [channel, from, to, asked] in rows {
            let is_count = asked.is_some_and(|asked| asked >= 0);
            if !is_count {
                return Err(odd());
            }
            silences.entry(channel.ok_or_else(odd)?).or_default().push([from, to, asked]);
        }
        Ok(silences)
    }

    fn past(&self, business: &Business, silences: &Stretches) -> BTreeMap<String, Past> {
        let messages = self.question.setup.config.alarms.silence_messages;
        let mut all = BTreeMap::new();
        for channel in owned_until(business).into_keys() {
            let number = self.numbers.get(channel);
            let (mut stretches, mut rest) = (Vec::new(), (None, None, 0));
            for row in number.and_then(|number| silences.get(number)).into_iter().flatten() {
                let at = Instant::from_micros;
                let asked = row[2].and_then(|asked| u64::try_from(asked).ok()).unwrap_or_default();
                match [row[0], row[1]] {
                    [Some(from), Some(to)] => {
                        stretches.push(Silence { span: Span { from: at(from), to: at(to) }, inbound: asked });
                    }
                    [last, first_asked] => rest = (last.map(at), first_asked.map(at), asked),
                }
            }
            all.insert(channel.to_owned(), Past::told(stretches, rest, messages));
        }
        all
    }
}

pub(super) fn odd() -> Failure {
    let failure = Failure::new(Kind::SelfCheck, "the answer of the cluster is not understood");
    failure.hint("leave the cluster out with --engine local: this machine judges it")
}

pub(super) fn unfit(error: ReadError) -> Failure {
    Failure::new(Kind::InputOutput, "what the cluster wrote cannot be read").because(error)
}
